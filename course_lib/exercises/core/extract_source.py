"""The self-contained source text of an answer, with all that it refers to.

An answer goes to the worker process as text, never pickled: the source of a function,
lambda or class of the notebook and, for each global name it uses, an import, a literal
or the source of that name's definition.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import collections
import dataclasses
import decimal
import dis
import fractions
import functools
import inspect
import itertools
import linecache
import math
import re
import sys
import textwrap
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from course_lib.exercises.core.codec import type_name

ANSWER_FILE = "<your answer>"  # what tracebacks call an answer
FLAGS = __future__.annotations.compiler_flag  # annotations are never evaluated
MAX_ITEMS = 2000
LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
NAMED = (type, types.FunctionType, types.BuiltinFunctionType)
STANDARD = (itertools.count, fractions.Fraction, decimal.Decimal)
FACTORIES = (int, float, str, list, tuple, set, dict)
PUBLIC = ("numpy", "jax.numpy", "jax", "jax.nn", "math", "builtins")


class AnswerSource(NamedTuple):
    """Self-contained source text, and which name in it is the answer."""

    text: str
    name: str


class ExtractionError(Exception):
    """The answer refers to an object without source text; the message says which."""


def extract_source(answer: object, inline: bool = False) -> AnswerSource:
    """Return the self-contained source text of a function, class or callable object.

    ``inline``: its definition even where an import would do. Raises ExtractionError,
    with a message of one line.
    """
    builder = _SourceBuilder(answer, inline)
    kinds = (types.FunctionType, types.MethodType, type, functools.partial)
    extractable = issubclass(type(answer), kinds) or importable(answer)
    if not extractable and _wrapped(answer) is None and not _is_callable(answer):
        raise ExtractionError(
            "The check needs a function written with def, not an object of type "
            f"{type_name(type(answer))}."
        )
    named = issubclass(type(answer), kinds) or importable(answer) or _wrapped(answer)
    name = getattr(answer, "__name__", "answer") if named else "answer"
    name = name if isinstance(name, str) and name.isidentifier() else "answer"
    try:
        builder.add(name, answer)
    except RecursionError:
        raise ExtractionError(
            "The answer refers to too many things in a row."
        ) from None
    return AnswerSource("\n\n".join(builder.parts) + "\n", name)


def run_source(
    source: AnswerSource, module_name: str = "your_answer", file: str = ANSWER_FILE
) -> Any:
    """Execute source text in a module of its own and return the answer in it."""
    lines = source.text.splitlines(keepends=True)
    linecache.cache[file] = (len(source.text), None, lines, file)
    module = types.ModuleType(module_name)
    sys.modules[module_name] = module
    exec(compile(source.text, file, "exec", FLAGS, dont_inherit=True), vars(module))
    names = vars(module)
    return (
        names[source.name] if source.name in names else getattr(builtins, source.name)
    )


class _SourceBuilder:
    """Collects definitions in dependency order: what is used before what uses it."""

    def __init__(self, answer: object, inline: bool) -> None:
        self.inlined = answer if inline else None
        self.parts: list[str] = []
        self.meaning: dict[str, object] = {}  # name: what it means in the text
        self.done: set[str] = set()
        self.instances: dict[int, str] = {}  # id of a learner's object: its name

    def add(
        self,
        name: str,
        value: object,
        user: str = "",
        scope: dict[str, Any] | None = None,
    ) -> None:
        """Bind `name` to `value` in the text; `user` is what refers to it.

        scope: the names that the user knows, for a class that does not tell its own.
        """
        if name in self.meaning:
            if self.meaning[name] is value:
                return
            raise ExtractionError(
                f"Two different things are called `{name}` in what your answer uses. "
                "Give one of them another name."
            )
        if name == "get_ipython":
            raise ExtractionError(
                f"`{user}` gives a command to the notebook (with % or !), and a check "
                "cannot run it. Put it into a cell of its own."
            )
        self.meaning[name] = value
        self.parts.append(self._statement(name, value, user, scope or {}))
        self.done.add(name)

    def _statement(
        self, name: str, value: Any, user: str, scope: dict[str, Any]
    ) -> str:
        if issubclass(type(value), types.ModuleType):
            return self._import(name, value, user)
        if value is not self.inlined and (found := importable(value)):
            module, attribute = found
            if "." in attribute:
                return f"import {module}\n{name} = {module}.{attribute}"
            rename = "" if attribute == name else f" as {name}"
            return f"from {module} import {attribute}{rename}"
        if issubclass(type(value), type):
            return self._class(name, value, scope)
        wrapped = _wrapped(value)
        if wrapped is not None:
            node, text = find_function(wrapped, decorated=True)
            plain = type(value) is types.FunctionType
            if getattr(node, "decorator_list", None) or not plain:
                return self._function(name, wrapped, node, text)
        if type(value) is types.FunctionType:
            node, text = find_function(value, decorated=False)
            return self._function(name, value, node, text)
        if type(value) is functools.partial:
            self.add(f"{name}_whole", value.func, user)
            arguments = [self._literal(a, name, user) for a in value.args]
            arguments += [
                f"{key}={self._literal(a, name, user)}"
                for key, a in value.keywords.items()
            ]
            inner = ", ".join([f"{name}_whole", *arguments])
            return f"import functools\n\n{name} = functools.partial({inner})"
        if type(value) is types.MethodType:
            self.add(f"{name}_owner", value.__self__, user or name, scope)
            return f"{name} = {name}_owner.{value.__func__.__name__}"
        if holder := _module_with(name, value):
            return f"from {holder} import {name}"
        if (state := _state(value)) is not None:
            return self._instance(name, value, state, user, scope)
        return f"{name} = {self._literal(value, name, user, scope)}"

    def _import(self, name: str, module: types.ModuleType, user: str) -> str:
        full = module.__name__
        if full == "__main__" or not _can_import(full):
            raise ExtractionError(
                f"`{user}` uses the module `{name}`, which cannot be imported by name."
            )
        return f"import {full}" if name == full else f"import {full} as {name}"

    def _function(self, name: str, function: Any, node: ast.AST, text: str) -> str:
        own_name = getattr(node, "name", None)
        free = dict(
            zip(function.__code__.co_freevars, _cell_contents(function), strict=True)
        )
        scope = {**function.__globals__, **free}
        self._add_used(text, scope, function.__name__, own_name)
        if own_name is None:
            return f"{name} = {text}"
        return text if own_name == name else self._renamed(text, own_name, name)

    def _renamed(self, text: str, own_name: str, name: str) -> str:
        """Bind `name` to what `text` defines, and restore its own name."""
        renamed = f"{text}\n\n\n{name} = {own_name}"
        if own_name not in self.done:
            return renamed
        return f"{name}_before = {own_name}\n\n\n{renamed}\n{own_name} = {name}_before"

    def _instance(
        self,
        name: str,
        value: object,
        state: dict[str, Any],
        user: str,
        scope: dict[str, Any],
    ) -> str:
        """Bind `name` to an object like this one, of a class of the notebook."""
        if id(value) in self.instances:
            return f"{name} = {self.instances[id(value)]}"
        kind, user = type(value), user or name
        self.add(kind.__name__, kind, user, scope)
        parts = [
            f"{attribute!r}: {self._literal(part, f'{name}_{attribute}', user, scope)}"
            for attribute, part in state.items()
        ]
        self.instances[id(value)] = name  # not before: an object that holds itself
        made = f"{name} = object.__new__({kind.__name__})"
        return f"{made}\nvars({name}).update({{{', '.join(parts)}}})"

    def _class(self, name: str, cls: Any, user_scope: dict[str, Any]) -> str:
        node, text = find_class(cls)
        for base in cls.__bases__:
            if base.__name__ == cls.__name__ and not importable(base):
                whole = self._class(base.__name__, base, user_scope)  # class A(A): …
                self.parts.append(whole)
        scope = {**user_scope, **_scope_of(cls)}
        self._add_used(text, scope, cls.__name__, node.name)
        pieces = [text]
        for attribute, member in vars(cls).items():
            function = _underlying_function(member)
            if function is None or _defined_within(function, node):
                continue
            file = function.__code__.co_filename
            if not (file == _file_of(node) or _is_cell(file) or importable(function)):
                continue  # made by dataclass, NamedTuple and the like
            self.add(f"{name}_{attribute}", function, name, scope)
            pieces.append(f"{node.name}.{attribute} = {name}_{attribute}")
        whole = "\n\n".join(pieces)
        return whole if node.name == name else self._renamed(whole, node.name, name)

    def _add_used(
        self, text: str, scope: dict[str, Any], user: str, own_name: str | None
    ) -> None:
        for used in names_used(text):
            if used != own_name and used in scope:
                self.add(used, scope[used], user, scope)

    def _literal(
        self, value: Any, name: str, user: str, scope: dict[str, Any] | None = None
    ) -> str:
        """Return an expression for a value; what needs a definition gets a name."""
        text = literal(value)
        if text is None and type(value) in (list, tuple, set, dict):
            text = self._container(value, name, user, scope or {})
        elif text is None and (
            issubclass(type(value), NAMED) or _state(value) is not None
        ):
            text = self._named(value, name, user, scope or {})
        if text is None:
            where = f"`{user}` uses `{name}`" if user else f"`{name}` is"
            raise ExtractionError(
                f"{where}, an object of type {type_name(type(value))} that a check "
                "cannot take along. Make it inside your code, or use an argument."
            )
        if len(text) > 20 * MAX_ITEMS:
            raise ExtractionError(
                f"`{user}` uses `{name}`, which is too large for a check to take "
                "along. Use the arguments instead."
            )
        return text

    def _container(
        self, value: Any, name: str, user: str, scope: dict[str, Any]
    ) -> str | None:
        """Return an expression for a container that holds functions or objects."""
        if len(value) > MAX_ITEMS:
            return None

        def item(number: int, part: Any) -> str:
            return self._literal(part, f"{name}_{number}", user, scope)

        if type(value) is dict:
            pairs = [
                f"{item(2 * i, key)}: {item(2 * i + 1, part)}"
                for i, (key, part) in enumerate(value.items())
            ]
            return "{" + ", ".join(pairs) + "}"
        items = "".join(f"{item(i, part)}, " for i, part in enumerate(value))
        return f"{type(value).__name__}([{items}])"

    def _named(self, value: Any, name: str, user: str, scope: dict[str, Any]) -> str:
        """Bind a value that needs a definition to a name, and return the name."""
        if id(value) in self.instances:
            return self.instances[id(value)]
        own = getattr(value, "__name__", "") if issubclass(type(value), NAMED) else ""
        if own.isidentifier() and self.meaning.get(own, value) is value:
            name = own
        self.add(name, value, user, scope)
        return name


def _state(value: Any) -> dict[str, Any] | None:
    """Return the attributes of an object of a class of the notebook, or None.

    No attribute of the class is used, as it may run the learner's code. An object with
    slots, or one that is a list or the like as well, is not rebuilt.
    """
    kind = type(value)
    plain = type.__getattribute__(kind, "__new__") is object.__new__
    if not plain or _can_import(_module_of(kind)) or kind is object:
        return None
    try:
        state = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return dict(state) if type(state) is dict else None


def _is_callable(value: object) -> bool:
    """Whether an object of a class of the notebook can be called."""
    lineage = type.__getattribute__(type(value), "__mro__")
    return _state(value) is not None and any("__call__" in vars(c) for c in lineage)


def _module_with(name: str, value: Any) -> str | None:
    """Return a module of an installed package from which `name` imports this object."""
    kind = type(value)
    if kind.__module__ == "builtins" or not _can_import(_module_of(kind)):
        return None
    holders = [
        module
        for module, found in list(sys.modules.items())
        if isinstance(found, types.ModuleType)
        and vars(found).get(name, sys) is value
        and _can_import(module)
    ]
    return min(holders, key=lambda module: ("._" in module, len(module)), default=None)


# --- finding the source text --------------------------------------------------------


def find_function(function: Any, decorated: bool) -> tuple[ast.AST, str]:
    """Return the definition of a function or lambda, and its source text."""
    code = function.__code__
    _find_magic_cell(code)
    for node in ast.walk(_parsed(code.co_filename, function.__name__)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name == code.co_name and _first_line(node) == code.co_firstlineno:
                return node, _text(code.co_filename, node, decorated)
        elif (
            isinstance(node, ast.Lambda)
            and code.co_name == "<lambda>"
            and _is_lambda_of(node, code)
        ):
            source = "".join(linecache.getlines(code.co_filename))
            text = ast.get_source_segment(source, node) or ast.unparse(node)
            return node, f"({text})"
    raise _no_source(function.__name__)


def find_class(cls: Any) -> tuple[ast.ClassDef, str]:
    """Return the definition of a class of the notebook, and its source text."""
    codes = [
        function.__code__
        for function in map(_underlying_function, vars(cls).values())
        if function is not None
    ]
    files = dict.fromkeys(code.co_filename for code in codes)
    for code in codes:
        _find_magic_cell(code)
    cells = [file for file in reversed(linecache.cache) if _is_cell(file)]
    for file in [*files, *cells]:
        for node in reversed(list(ast.walk(_parsed(file)))):
            if isinstance(node, ast.ClassDef) and _is_definition(node, cls, file):
                return node, _text(file, node, decorated=True)
    raise _no_source(cls.__name__)


def _is_definition(node: ast.ClassDef, cls: Any, file: str) -> bool:
    """Whether a class statement made the class: same name, methods and lines."""
    if node.name != cls.__name__:
        return False
    line = vars(cls).get("__firstlineno__")  # Python 3.13 and later
    if line is not None and line != _first_line(node):
        return False
    defined = {
        n.name: n
        for n in node.body
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    if not defined.keys() <= vars(cls).keys():
        return False
    methods_here = [
        name
        for name, function in ((n, _underlying_function(vars(cls)[n])) for n in defined)
        if function is not None
        and function.__code__.co_filename == file
        and function.__code__.co_firstlineno == _first_line(defined[name])
    ]
    return bool(methods_here) if defined else True


def _is_cell(file: str) -> bool:
    return "ipykernel" in file or "<ipython" in file or file.startswith("<your")


def _find_magic_cell(code: types.CodeType) -> None:
    """Let linecache know the cell below %%time or its like that made a function.

    IPython compiles what stands below such a magic under a name like <timed exec> and
    keeps no text for that name. The text is an argument in the cell as it was run.
    """
    if not code.co_filename.startswith("<") or _is_cell(code.co_filename):
        return
    for text in _magic_cells():
        try:
            flags = code.co_flags & FLAGS
            whole = compile(text, code.co_filename, "exec", flags, dont_inherit=True)
        except SyntaxError:
            continue
        if any(made == code for made in _all_code(whole)):
            lines = text.splitlines(keepends=True)
            linecache.cache[code.co_filename] = (len(text), None, lines, "")
            return


def _magic_cells() -> Iterator[str]:
    """Yield the text below each cell magic, of the newest cell first."""
    for file in [file for file in reversed(linecache.cache) if _is_cell(file)]:
        for node in _parsed(file).body:
            match node:
                case ast.Expr(
                    ast.Call(
                        ast.Attribute(attr="run_cell_magic"),
                        [_, _, ast.Constant(str() as text)],
                    )
                ):
                    yield text


def _all_code(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and all within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all_code(constant)


def _underlying_function(member: Any) -> Any:
    """Return the function behind a method, property or decorated method, or None."""
    kind = type(member)
    if kind is property:
        member = member.fget
    elif kind in (staticmethod, classmethod):
        member = member.__func__
    elif kind is functools.cached_property:
        member = member.func
    return member if type(member) is types.FunctionType else _wrapped(member)


def _wrapped(value: Any) -> Any:
    """Return the notebook's function that jax.jit or the like wrapped, or None.

    No attribute is read from an object of a learner's class: reading may run its code.
    """
    module = _module_of(type(value)).split(".")[0]
    if module not in ("jax", "jaxlib", "functools", "builtins"):
        return None
    try:
        inner = inspect.unwrap(value) if hasattr(value, "__wrapped__") else None
    except Exception:
        return None
    return inner if type(inner) is types.FunctionType else None


def _module_of(kind: type) -> str:
    """Return the name of the module that defines a class."""
    module = type.__getattribute__(kind, "__module__")
    return module if type(module) is str else "builtins"


def _defined_within(function: Any, node: ast.ClassDef) -> bool:
    """Whether a method is defined in the class statement, not added later."""
    code = function.__code__
    same = code.co_filename == _file_of(node)
    return same and _first_line(node) <= code.co_firstlineno <= (node.end_lineno or 0)


def _scope_of(cls: Any) -> dict[str, Any]:
    scope = vars(sys.modules.get(cls.__module__, builtins)).copy()
    for function in map(_underlying_function, vars(cls).values()):
        if function is not None and function.__module__ == cls.__module__:
            names = function.__code__.co_freevars
            scope.update(function.__globals__)
            scope.update(zip(names, _cell_contents(function), strict=True))
    scope.pop("__class__", None)
    for base in cls.__bases__:  # a base may have been rebound since
        if base is not object:
            scope[base.__name__] = base
    return scope


def _cell_contents(function: Any) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # still empty: a name that is set later
            yield None


@functools.lru_cache(maxsize=64)
def _parse(source: str, file: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree: Any = compile(source, file, "exec", flags, dont_inherit=True)
    for node in ast.walk(tree):
        vars(node)["file"] = file
    assert isinstance(tree, ast.Module)
    return tree


def _parsed(file: str, name: str = "") -> ast.Module:
    source = "".join(linecache.getlines(file))
    if not source and name:
        raise _no_source(name)
    try:
        return _parse(source, file)
    except SyntaxError:
        return ast.Module([], [])


def _file_of(node: ast.AST) -> str:
    return str(getattr(node, "file", ""))


def _no_source(name: str) -> ExtractionError:
    return ExtractionError(
        f"The source text of `{name}` cannot be found. Write it in a cell of the "
        "notebook, with def or class, and run that cell."
    )


def _first_kept_line(node: Definition) -> int:
    """Return the first line of a definition, an exercise's decorators left out."""
    ours = re.compile(r"exercise\(|\w+\.(wrong|right)\(")
    kept = [d for d in node.decorator_list if not ours.match(ast.unparse(d))]
    return min([node.lineno, *(d.lineno for d in kept)])


def _first_line(node: Definition) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _is_lambda_of(node: ast.Lambda, code: types.CodeType) -> bool:
    """Whether a code object belongs to this lambda: same arguments, same positions."""
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    if list(code.co_varnames[: code.co_argcount]) != names:
        return False
    start = (node.body.lineno, node.body.col_offset)
    end = (node.body.end_lineno, node.body.end_col_offset)
    places = {
        ((line, column), (end_line, end_column))
        for line, end_line, column, end_column in code.co_positions()
        if line is not None and column is not None and end_line and end_column
    }
    if not places:  # a constant, for which Python 3.12 keeps no position
        made = compile(ast.Expression(node), code.co_filename, "eval").co_consts[0]
        return node.lineno == code.co_firstlineno and made.co_consts == code.co_consts
    return all(start <= first <= last <= end for first, last in places)


def _text(file: str, node: Definition, decorated: bool) -> str:
    """Return the dedented lines of a definition."""
    lines = linecache.getlines(file)
    first = _first_kept_line(node) if decorated else node.lineno
    text = textwrap.dedent("".join(lines[first - 1 : node.end_lineno])).rstrip()
    try:
        ast.parse(text)
    except SyntaxError:  # a string whose lines stand left of the code
        if not decorated:
            node.decorator_list = []
        text = ast.unparse(node)
    return text


def names_used(text: str) -> list[str]:
    """Return the global names that a piece of code loads, in order."""
    try:
        code = compile(text, "<answer>", "exec", FLAGS, dont_inherit=True)
    except SyntaxError as error:
        raise ExtractionError(
            f"A check cannot take this code along ({error.msg}). Use arguments and "
            "return values instead of names of an outer function."
        ) from None
    found: dict[str, None] = {}
    _collect(code, found)
    return list(found)


def _collect(code: types.CodeType, found: dict[str, None]) -> None:
    for instruction in dis.get_instructions(code):
        if instruction.opname in LOADS:
            found[str(instruction.argval)] = None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _collect(constant, found)


# --- imports and literals -----------------------------------------------------------


def importable(value: Any) -> tuple[str, str] | None:
    """Return (module, name) from which a new Python imports this object, or None."""
    if not issubclass(type(value), NAMED) and not _module_of(type(value)).startswith(
        ("numpy", "jax")
    ):
        return None
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(name, str) or "<" in name:
        return None
    for module in (*PUBLIC, getattr(value, "__module__", None)):
        if not isinstance(module, str) or module == "__main__":
            continue
        found: Any = sys.modules.get(module)
        try:
            for part in name.split("."):
                found = vars(found)[part]  # getattr could warn: np.object
        except Exception:
            continue
        if found is value and _can_import(module):
            return module, name
    return None


@functools.cache
def _can_import(module: str) -> bool:
    """Whether a new Python with this path finds the module."""
    top = module.split(".")[0]
    if top in sys.builtin_module_names or top in sys.stdlib_module_names:
        return True
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(top, None)
        except Exception:
            continue
        if spec is not None:
            return True
    return False


def literal(value: Any) -> str | None:
    """Return an expression that evaluates to an equal value, or None."""
    kind = type(value)
    if kind in (int, str, bytes, bool, types.NoneType, types.EllipsisType, complex):
        return repr(value)
    if kind is float:
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if kind in (list, tuple, set, frozenset, dict):
        return _container(value, kind)
    if kind is slice or kind is range:
        return repr(value)
    if kind in STANDARD:
        return f'__import__("{kind.__module__}").{value!r}'
    if kind in (collections.Counter, collections.OrderedDict):
        items = _container(value, dict)
        return items and f'__import__("collections").{kind.__name__}({items})'
    if kind is collections.deque:
        items = _container(value, list)
        made = f'__import__("collections").deque({items}, {value.maxlen})'
        return items and made
    if kind is collections.defaultdict and value.default_factory in FACTORIES:
        factory, items = value.default_factory, _container(value, dict)
        made = f'__import__("collections").defaultdict({factory.__name__}, {items})'
        return items and made
    numpy, jax = sys.modules.get("numpy"), sys.modules.get("jax")
    if (
        jax
        and numpy
        and _module_of(kind).startswith("jax")
        and isinstance(value, jax.Array)
    ):
        inner = literal(numpy.asarray(value, dtype=_numpy_dtype(value)))
        dtype = value.dtype.name
        return inner and f'__import__("jax").numpy.asarray({inner}, dtype="{dtype}")'
    if numpy and issubclass(kind, numpy.generic | numpy.ndarray):
        if value.dtype.kind not in "biuf" or value.size > MAX_ITEMS:
            return None
        flat = _container(numpy.ravel(value).tolist(), list)
        make = f'__import__("numpy").array({flat}, dtype="{value.dtype.name}")'
        shaped = f"{make}.reshape({value.shape})"
        return f"{shaped}[()]" if issubclass(kind, numpy.generic) else shaped
    if dataclasses.is_dataclass(kind) and (found := importable(kind)):
        fields = [f for f in dataclasses.fields(value) if f.init]
        parts = {f.name: literal(getattr(value, f.name)) for f in fields}
        if None in parts.values():
            return None
        inside = ", ".join(f"{name}={text}" for name, text in parts.items())
        module, name = found
        return f'__import__("importlib").import_module("{module}").{name}({inside})'
    return None


def _numpy_dtype(value: Any) -> str:
    return "float32" if value.dtype.name == "bfloat16" else str(value.dtype.name)


def _container(value: Any, kind: type) -> str | None:
    if len(value) > MAX_ITEMS:
        return None
    if kind is dict:
        pairs = [(literal(k), literal(v)) for k, v in value.items()]
        if any(None in pair for pair in pairs):
            return None
        return "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"
    items = [literal(item) for item in value]
    if None in items:
        return None
    inside = ", ".join(str(item) for item in items)
    if kind is list:
        return f"[{inside}]"
    if kind is tuple:
        return f"({inside},)" if len(items) == 1 else f"({inside})"
    return f"{kind.__name__}([{inside}])"


# --- untouched stubs ----------------------------------------------------------------


def is_untouched(source: str, name: str, stub: str) -> bool:
    """Whether an answer is still the stub, or a definition without a body."""
    answer = _definition(source, name)
    if answer is None:
        return False
    stub_node = _definition(stub, name) or _single_definition(stub)
    return _is_empty(answer) or (
        stub_node is not None and _normalised(answer) == _normalised(stub_node)
    )


def _is_empty(node: ast.AST) -> bool:
    """Whether a definition has no statements; for a class: none of its methods."""
    rest = _body(node)
    inside = isinstance(node, ast.ClassDef)
    return not rest or (
        inside and all(isinstance(n, Definition) and _is_empty(n) for n in rest)
    )


def _definition(source: str, name: str) -> ast.AST | None:
    for node in ast.parse(source).body:
        if isinstance(node, Definition) and node.name == name:
            return node
    return None


def _single_definition(source: str) -> ast.AST | None:
    nodes = [n for n in ast.parse(source).body if isinstance(n, Definition)]
    return nodes[0] if len(nodes) == 1 else None


def _body(node: Any) -> list[ast.stmt]:
    """Return the body without docstrings, `...` and pass."""
    return [
        statement
        for statement in node.body
        if not isinstance(statement, ast.Pass)
        and not (
            isinstance(statement, ast.Expr | ast.Return)
            and isinstance(statement.value, ast.Constant)
            and (isinstance(statement, ast.Expr) or statement.value.value is ...)
        )
    ]


def _normalised(node: Any) -> str:
    """Dump the syntax tree without its own name, annotations and docstrings."""
    tree: Any = ast.parse(ast.unparse(node))
    for part in ast.walk(tree):
        if isinstance(part, Definition):
            part.body = _body(part) or [ast.Pass()]
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                part.returns = None
        if isinstance(part, ast.arg):
            part.annotation = None
    tree.body[0].name = "answer"
    return ast.dump(tree)
