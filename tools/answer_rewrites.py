"""Answers made from a solution: rewrites that mean the same, and mutants.

``rewritten`` says the same thing as another learner would; a check must accept it.
``mutants`` change one place; a check must reject each, unless it means the same.

    python -m tools.answer_rewrites [exercise …]

prints for each exercise the mutants that its check accepts: each is a case that is
missing, or a change that changes nothing.
"""

from __future__ import annotations

import ast
import copy
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from course_lib.exercises.core import Exercise, all_exercises
from course_lib.exercises.core.extract_source import AnswerSource
from course_lib.exercises.core.supervisor import reusable_worker

TIME_LIMIT = 2.0  # seconds for a mutant: some never end


# --- rewrites -----------------------------------------------------------------------


def rewritten(source: AnswerSource, kinds: list[str], seed: int) -> AnswerSource:
    """Return an answer that does the same, written differently in these ways."""
    rng = random.Random(seed)
    tree = ast.parse(source.text)
    name = source.name
    for kind in kinds:
        tree, name = REWRITES[kind](tree, name, rng)
        ast.fix_missing_locations(tree)
    return AnswerSource(ast.unparse(tree) + "\n", name)


Rewrite = Callable[[ast.Module, str, random.Random], tuple[ast.Module, str]]


def _functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def _renamed(tree: ast.Module, name: str, rng: random.Random) -> tuple[ast.Module, str]:
    """Give the local variables of each function other names; parameters keep theirs."""
    for function in _functions(tree):
        inner = [f for f in ast.walk(function) if isinstance(f, ast.Lambda)]
        if len(_functions(function)) > 1 or inner:
            continue
        parameters = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
        outer = {
            n
            for node in ast.walk(function)
            if isinstance(node, ast.Global | ast.Nonlocal)
            for n in node.names
        }
        assigned = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        new = {old: f"{old}_{rng.randrange(100)}" for old in sorted(assigned)}
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id not in parameters | outer:
                node.id = new.get(node.id, node.id)
    return tree, name


def _with_result(
    tree: ast.Module, name: str, rng: random.Random
) -> tuple[ast.Module, str]:
    """Bind each returned value to a name first."""

    class Bind(ast.NodeTransformer):
        def visit_Return(self, node: ast.Return) -> Any:
            if node.value is None:
                return node
            stored = ast.Name("the_result", ast.Store())
            loaded = ast.Name("the_result", ast.Load())
            return [ast.Assign([stored], node.value), ast.Return(loaded)]

    return Bind().visit(tree), name


SIDES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}


class _Turned(ast.NodeTransformer):
    """a < b as b > a, x * y as y * x, x ** 2 as x * x, if c as if not c."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        kind = type(node.ops[0])
        if len(node.ops) == 1 and kind in SIDES:
            turned = [SIDES[kind]()]
            return ast.Compare(node.comparators[0], turned, [node.left])
        return node

    def __init__(self) -> None:
        self.in_class = False  # where the operators may be its own

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.in_class = True
        self.generic_visit(node)
        self.in_class = False
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult) and not self.in_class:
            return ast.BinOp(node.right, node.op, node.left)
        square = isinstance(node.right, ast.Constant) and node.right.value == 2
        if isinstance(node.op, ast.Pow) and square and isinstance(node.left, ast.Name):
            return ast.BinOp(node.left, ast.Mult(), copy.deepcopy(node.left))
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        test = ast.UnaryOp(ast.Not(), node.test)
        return ast.IfExp(test, node.orelse, node.body)

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        test = ast.UnaryOp(ast.Not(), node.test)
        return ast.If(test, node.orelse or [ast.Pass()], node.body)


def _turned(tree: ast.Module, name: str, rng: random.Random) -> tuple[ast.Module, str]:
    return _Turned().visit(tree), name


def _helped(tree: ast.Module, name: str, rng: random.Random) -> tuple[ast.Module, str]:
    """Put the work into a helper, which the answer calls."""
    return _wrapped(tree, name, "def {new}(*given):\n    return {old}(*given)\n")


def _called(tree: ast.Module, name: str, rng: random.Random) -> tuple[ast.Module, str]:
    """Make the answer an object that can be called."""
    text = (
        "class Answer:\n    def __call__(self, *given):\n        return {old}(*given)\n"
        "{new} = Answer()\n"
    )
    return _wrapped(tree, name, text)


def _partial(tree: ast.Module, name: str, rng: random.Random) -> tuple[ast.Module, str]:
    text = "import functools\n{new} = functools.partial({old})\n"
    return _wrapped(tree, name, text)


def _wrapped(tree: ast.Module, name: str, text: str) -> tuple[ast.Module, str]:
    made = any(isinstance(n, ast.ClassDef) and n.name == name for n in tree.body)
    if made:  # an answer that is a class stays one
        text = "class {new}({old}):\n    pass\n"
    new = f"{name}_of_mine"
    tree.body += ast.parse(text.format(old=name, new=new)).body
    return tree, new


def _talkative(
    tree: ast.Module, name: str, rng: random.Random
) -> tuple[ast.Module, str]:
    """Add a docstring, an import and a print."""
    for function in _functions(tree):
        said = ast.parse("'Mine.'\nimport math as m\nprint('here')\n").body
        if ast.get_docstring(function):
            said = said[1:]
            function.body[1:1] = said
        else:
            function.body[:0] = said
    return tree, name


def _long_loops(
    tree: ast.Module, name: str, rng: random.Random
) -> tuple[ast.Module, str]:
    """Write range(n) as list(range(n)), and x += y of a plain name as x = x + y."""

    class Long(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            self.generic_visit(node)
            if isinstance(node.func, ast.Name) and node.func.id == "range":
                return ast.Call(ast.Name("list", ast.Load()), [node], [])
            return node

    return Long().visit(tree), name


REWRITES: dict[str, Rewrite] = {
    "renamed": _renamed,
    "with a result": _with_result,
    "turned": _turned,
    "with a helper": _helped,
    "a callable object": _called,
    "a partial": _partial,
    "talkative": _talkative,
    "long loops": _long_loops,
}


# --- mutants ------------------------------------------------------------------------


class Mutant(NamedTuple):
    """A solution with one place changed, and what was changed."""

    change: str
    source: AnswerSource


SWAPS: dict[type[ast.AST], list[type[ast.AST]]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}


def mutants(source: AnswerSource) -> Iterator[Mutant]:
    """Yield the solution with one place changed, for every place and change."""
    tree = ast.parse(source.text)
    whole = ast.unparse(tree)
    seen = {whole}
    strict = {
        id(keyword.value)
        for keyword in ast.walk(tree)
        if isinstance(keyword, ast.keyword) and keyword.arg == "strict"
    }
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in strict:  # zip's check of lengths changes no number
            continue
        for change in _changes(node):
            copied = copy.deepcopy(tree)
            target = list(ast.walk(copied))[number]
            before = ast.unparse(target) if not _is_operator(target) else str(target)
            change(target)
            ast.fix_missing_locations(copied)
            try:
                text = ast.unparse(copied)
                ast.parse(text)
            except (SyntaxError, ValueError, AttributeError):
                continue
            if text not in seen:
                seen.add(text)
                yield Mutant(
                    _difference(whole, text) or before, source._replace(text=text)
                )


def _is_operator(node: ast.AST) -> bool:
    return isinstance(node, ast.operator | ast.cmpop | ast.boolop | ast.unaryop)


def _changes(node: ast.AST) -> Iterator[Callable[[Any], None]]:
    """Yield functions that change a node of this kind in place."""
    match node:
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            for new in SWAPS.get(type(node.op), []):
                yield _setting("op", new())
        case ast.Compare(ops=[op]):
            for new in SWAPS.get(type(op), []):
                yield _setting("ops", [new()])
        case ast.Constant(value=bool() as value):
            yield _setting("value", not value)
        case ast.Constant(value=int() | float() as value):
            for other in (value + 1, -value, 0, 2 * value):
                if other != value:
                    yield _setting("value", other)
        case ast.Call(func=ast.Name(id="zip")):  # strict or not: of equal lengths
            return
        case ast.Call(args=[_, *_], keywords=[_, *_] as keywords):
            for i in range(len(keywords)):
                yield _setting("keywords", keywords[:i] + keywords[i + 1 :])
        case ast.Return(value=ast.expr() as returned):
            yield _setting("value", ast.UnaryOp(ast.USub(), returned))
        case ast.FunctionDef(body=body) | ast.For(body=body) | ast.If(body=body):
            removable = ast.Assign | ast.AugAssign | ast.Expr | ast.If | ast.For
            for i, statement in enumerate(body):
                text = isinstance(statement, ast.Expr) and isinstance(
                    statement.value, ast.Constant
                )
                if isinstance(statement, removable) and not text:
                    yield _setting("body", [*body[:i], ast.Pass(), *body[i + 1 :]])
        case ast.Subscript(slice=ast.Slice(lower=lower, upper=upper)):
            if lower is not None:
                yield _setting("slice", ast.Slice(None, upper))
            if upper is not None:
                yield _setting("slice", ast.Slice(lower, None))
    if isinstance(node, ast.AugAssign):
        yield _assigned
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield _setting("op", ast.UAdd())
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        yield _without_call


def _setting(name: str, value: object) -> Callable[[Any], None]:
    """Return a change that sets one field of a node."""
    return lambda node: setattr(node, name, value)


def _assigned(node: Any) -> None:
    """Let an augmented assignment forget what was there: x += y - x."""
    there = ast.parse(ast.unparse(node.target), mode="eval").body
    node.op, node.value = ast.Add(), ast.BinOp(node.value, ast.Sub(), there)


def _without_call(node: Any) -> None:
    """f(x) becomes (x): the function is forgotten."""
    node.func = ast.parse("(lambda same: same)", mode="eval").body


def _difference(before: str, after: str) -> str:
    """Return the first line that differs, before and after."""
    for old, new in zip(before.splitlines(), after.splitlines(), strict=False):
        if old != new:
            return f"{old.strip()}  ->  {new.strip()}"
    return ""


def accepted_mutants(exercise: Exercise) -> list[Mutant]:
    """Return the mutants of the solution that the check calls correct."""
    found = []
    for mutant in mutants(exercise.answer_source()):
        with reusable_worker(exercise.jax) as worker:
            verdict = exercise.code_judge.verdict(mutant.source, worker, TIME_LIMIT)
        if verdict:
            found.append(mutant)
    return found


def main() -> None:
    """Print the accepted mutants of the exercises named, or of all."""
    wanted = sys.argv[1:]
    for exercise in all_exercises():
        if exercise.kind == "value" or (
            wanted and not any(name in exercise.id for name in wanted)
        ):
            continue
        count = sum(1 for _ in mutants(exercise.answer_source()))
        kept = accepted_mutants(exercise)
        print(f"{exercise.id}: {count} mutants, {len(kept)} accepted", flush=True)
        for mutant in kept:
            print(f"    {mutant.change}", flush=True)


if __name__ == "__main__":
    main()
