"""Derivatives by several methods: finite differences, ``Value`` and ``jax.grad``."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from course_lib.scalar import Value, ieee
from course_lib.scalar.refusals import as_float

__all__ = [
    "FLOAT_FUNCTIONS",
    "NudgeError",
    "Triangulation",
    "evaluate",
    "finite_difference",
    "forward_difference",
    "jax_functions",
    "nudge_operation",
    "split_error",
    "triangulate",
    "value_functions",
]


def finite_difference(
    f: Callable[..., float], *point: float, nudge: float = 1e-5
) -> tuple[float, ...]:
    """Return the gradient of f at a point, by central differences.

    Each number is nudged up and down: (f(x + h) - f(x - h)) / 2h. The error shrinks
    with h^2 until round-off takes over. Costs two calls of f per number.

    Raises ValueError if the nudge is not above 0.
    """
    if not nudge > 0:
        raise ValueError(f"nudge must be above 0: {nudge}")
    slopes = []
    for i, x in enumerate(point):
        up = [*point[:i], x + nudge, *point[i + 1 :]]
        down = [*point[:i], x - nudge, *point[i + 1 :]]
        slopes.append((f(*up) - f(*down)) / (2 * nudge))
    return tuple(slopes)


def forward_difference(
    f: Callable[..., float], *point: float, nudge: float = 1e-8
) -> tuple[float, ...]:
    """Return the gradient of f at a point, by forward differences.

    Each number is nudged up only: (f(x + h) - f(x)) / h. The error shrinks with h,
    the central one's with h^2. Costs one call of f per number, and one for the point.

    Raises ValueError if the nudge is not above 0.
    """
    if not nudge > 0.0:
        raise ValueError(f"nudge must be above 0: {nudge}")
    here = f(*point)
    return tuple(
        (f(*point[:i], x + nudge, *point[i + 1 :]) - here) / nudge
        for i, x in enumerate(point)
    )


class NudgeError(NamedTuple):
    """A finite difference, and the two sources of its error."""

    slope: float  # as the computer finds it
    curve: float  # truncation error: how far it is off without any rounding
    rounding: float  # round-off error: what rounding adds to that, or takes off


def split_error(
    difference: Callable[..., tuple[float, ...]],
    f: Callable[[Any], Any],
    slope: Callable[[Any], Any],
    x: float,
    nudge: float,
) -> NudgeError:
    """Split the error of a finite difference into truncation and round-off.

    The difference is computed in floats and in exact fractions.

    ``difference`` is ``finite_difference`` or ``forward_difference``; ``f`` and its
    true ``slope`` must run on fractions, as + - * / do.
    """
    (found,) = difference(f, x, nudge=nudge)
    at: Any = Fraction(x)
    (exact,) = difference(f, at, nudge=Fraction(nudge))
    return NudgeError(found, float(exact - slope(at)), float(found - exact))


FUNCTIONS = ("exp", "log", "relu", "sigmoid", "tanh")
FLOAT_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": ieee.exp,
    "log": ieee.log,
    "relu": lambda x: 0.0 if x <= 0.0 else x,
    "sigmoid": ieee.sigmoid,
    "tanh": math.tanh,
}


def _plain(a: Any, b: Any) -> bool:
    return isinstance(a, int | float) and isinstance(b, int | float)


def _divide(a: Any, b: Any) -> Any:
    return ieee.divide(a, b) if _plain(a, b) else a / b


def _power(a: Any, b: Any) -> Any:
    return ieee.power(a, b) if _plain(a, b) else a**b


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
    ast.Pow: _power,
}


def value_functions(number: type = Value) -> dict[str, Callable[[Any], Any]]:
    """Return exp, log, relu, sigmoid and tanh as the methods of a Value class."""

    def method(name: str) -> Callable[[Any], Any]:
        return lambda x: getattr(number(x) if isinstance(x, int | float) else x, name)()

    return {name: method(name) for name in FUNCTIONS}


def jax_functions() -> dict[str, Callable[[Any], Any]]:
    """Return exp, log, relu, sigmoid and tanh as JAX has them."""
    import jax

    return {
        name: getattr(jax.nn, name, None) or getattr(jax.numpy, name)
        for name in FUNCTIONS
    }


def evaluate(
    expression: str,
    inputs: Mapping[str, Any],
    functions: Mapping[str, Callable[[Any], Any]],
) -> Any:
    """Evaluate an expression such as ``"tanh(a * b + 1)"`` on numbers of any kind.

    Allowed are the names of the inputs, numbers, + - * / **, parentheses, and the
    functions given: ``value_functions()``, ``jax_functions()`` or ``FLOAT_FUNCTIONS``.
    ``(a * b).tanh()`` is read as ``tanh(a * b)``.

    Raises ValueError, in one line, for anything else, and OverflowError for a number
    too large for a float.
    """

    def walk(node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name) if name in inputs:
                return inputs[name]
            case ast.Constant(value=number) if type(number) in (int, float):
                return as_float(number)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](walk(left), walk(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -walk(operand)
            case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if (
                name in functions
            ):
                return functions[name](walk(inner))
            case ast.Call(
                func=ast.Attribute(value=inner, attr=name), args=[], keywords=[]
            ) if name in functions:
                return functions[name](walk(inner))
        found = ast.get_source_segment(text, node) or ""
        raise ValueError(
            f"cannot use {found[:40]!r} here: an expression has "
            f"{', '.join(inputs)}, numbers, + - * / ** ( ) and {', '.join(functions)}"
        )

    if len(expression) > 500:
        raise ValueError(
            f"the expression has {len(expression)} characters: 500 at most, please"
        )
    text = expression.strip()
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(
            f"cannot read the expression {expression[:60]!r}: write something like "
            "'tanh(a * b + 1)'"
        ) from None
    return walk(tree)


@dataclass(frozen=True)
class Triangulation:
    """The gradient of one expression by several methods, compared.

    ``slopes`` has one column per method, each a dict from input to slope;
    ``disagreement`` says where the methods first part, or is empty.
    """

    expression: str
    value: float
    slopes: dict[str, dict[str, float]]
    disagreement: str

    @property
    def agree(self) -> bool:
        """Whether every method gives the same gradient, to 1 part in 100,000."""
        return not self.disagreement

    def __str__(self) -> str:
        inputs = next(iter(self.slopes.values()))
        head = f"{'':8}" + "".join(f"{method:>20}" for method in self.slopes)
        rows = [
            f"d/d{name:5}"
            + "".join(f"{slope[name]:20.6f}" for slope in self.slopes.values())
            for name in inputs
        ]
        verdict = self.disagreement or "All agree."
        return "\n".join(
            [f"{self.expression} = {self.value:.6f}", head, *rows, verdict]
        )


def triangulate(
    expression: str,
    inputs: Mapping[str, float],
    by_hand: Mapping[str, float] | None = None,
    number: type = Value,
) -> Triangulation:
    """Compare the gradient by hand (if given), by nudging, by Value and by jax.grad.

    ``number`` is the Value class to put to the test. When its slopes are off, the
    node nearest to the result whose slope is wrong is named.

    Raises ValueError for an expression that cannot be read or uses no input, and if
    the slopes by hand are not those of the inputs.
    """
    import jax

    leaves = {name: number(x) for name, x in inputs.items()}
    root = evaluate(expression, leaves, value_functions(number))
    if isinstance(root, float):
        raise ValueError(f"{expression!r} uses none of the inputs: it has no slope")
    if by_hand and set(by_hand) != set(inputs):
        raise ValueError(
            f"by_hand must give a slope for each of {', '.join(inputs)}, "
            f"it has {', '.join(by_hand)}"
        )
    root.backward()
    names, point = list(inputs), [float(x) for x in inputs.values()]

    def on_floats(*numbers: float) -> float:
        named = dict(zip(names, numbers, strict=True))
        return float(evaluate(expression, named, FLOAT_FUNCTIONS))

    def on_jax(named: dict[str, Any]) -> Any:
        return evaluate(expression, named, jax_functions())

    slopes = {"by hand": dict(by_hand)} if by_hand else {}
    slopes["finite difference"] = dict(
        zip(names, finite_difference(on_floats, *point), strict=True)
    )
    slopes["Value"] = {name: leaf.grad for name, leaf in leaves.items()}
    with jax.enable_x64(True):
        exact = jax.grad(on_jax)(dict(zip(names, point, strict=True)))
    slopes["jax.grad"] = {name: float(slope) for name, slope in exact.items()}
    return Triangulation(
        expression, root.data, slopes, _first_disagreement(root, leaves, slopes)
    )


def _close(a: float, b: float) -> bool:
    both_nan = math.isnan(a) and math.isnan(b)
    return both_nan or math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-7)


def _first_disagreement(
    root: Any, leaves: dict[str, Any], slopes: dict[str, dict[str, float]]
) -> str:
    """Return which method differs from jax.grad, and for Value at which node."""
    exact = slopes["jax.grad"]
    off = {
        method: [name for name in exact if not _close(slope[name], exact[name])]
        for method, slope in slopes.items()
    }
    if off["Value"]:
        return _first_wrong_node(root) or (
            f"Value differs for {', '.join(off['Value'])}. Every local derivative is "
            "right, so look at how blame is added up, and in which order."
        )
    for method, wrong in off.items():
        if wrong:
            return f"'{method}' differs from the others for {', '.join(wrong)}."
    return ""


def _first_wrong_node(root: Any) -> str:
    """Return a line on the node nearest to root with a wrong local derivative."""
    seen, queue = {root}, [root]
    for node in queue:
        for child, given in zip(node.children, node.local_grads, strict=True):
            nudged = _nudge_child(node, child)
            if nudged is not None and not _close(given, nudged):
                return (
                    f"First wrong at '{node.op}' (= {node.data:.6g}): a local "
                    f"derivative is given as {given:.6g}, a nudge says {nudged:.6g}."
                )
            if child not in seen:
                seen.add(child)
                queue.append(child)
    return ""


_FORWARD: dict[str, Callable[..., float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": ieee.divide,
    "**": ieee.power,
    "neg": operator.neg,
    "cos": math.cos,
    "sin": math.sin,
    **FLOAT_FUNCTIONS,
}


def nudge_operation(op: str, *numbers: float) -> tuple[float, ...] | None:
    """Return the local derivatives of an operation, by central differences.

    op: as a ``Value`` names it, such as "*" or "**2". None if it is unknown.
    """
    forward = _FORWARD.get(op)
    if forward is None and op.startswith("**"):
        exponent = float(op[2:])
        forward = lambda x: ieee.power(x, exponent)  # noqa: E731 - one line, one use
    return None if forward is None else finite_difference(forward, *numbers)


def _nudge_child(node: Any, child: Any) -> float | None:
    """Return the local derivative of a node for a child, by a central difference.

    None if the operation is unknown.
    """
    if node.children.count(child) > 1:
        return None
    slopes = nudge_operation(getattr(node, "op", ""), *(c.data for c in node.children))
    return None if slopes is None else slopes[node.children.index(child)]
