"""Edge cases: every operation of ``Value`` on 0, -0, inf, nan, huge and tiny numbers.

The rule is IEEE 754's, as in NumPy. Each cell is judged by what can judge it:

- the number itself by NumPy;
- the slope by exact arithmetic (50 digits, no overflow) wherever the inputs are finite
  and the function is smooth, and by the documented formula in NumPy elsewhere;
- the slope by ``jax.grad`` too, unless JAX itself has nan (0 * inf on its way);
- and by a nudge to either side, wherever both say the same.
"""

from __future__ import annotations

import decimal
import itertools
import math
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib.gradients import finite_difference
from course_lib.scalar import Value, cross_entropy, dot, ieee
from course_lib.scalar.fused import dots, softmax

INF, NAN = math.inf, math.nan
# 1e-308 is subnormal (it has fewer digits, and JAX on a CPU takes it for 0).
GRID = [
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1000.0, -1000.0),
    *(1e308, -1e308, 1e-308, -1e-308, 3e-308, -3e-308, INF, -INF, NAN),
]
SMALLEST_NORMAL = 2.2250738585072014e-308
PAIRS = list(itertools.product(GRID, repeat=2))

UNARY: dict[str, tuple[Callable[[Any], Any], ...]] = {  # on Value, NumPy and JAX
    "neg": (Value.__neg__, np.negative, operator.neg),
    "exp": (Value.exp, np.exp, jnp.exp),
    "log": (Value.log, np.log, jnp.log),
    "tanh": (Value.tanh, np.tanh, jnp.tanh),
    "sigmoid": (Value.sigmoid, lambda x: 1 / (1 + np.exp(-x)), jax.nn.sigmoid),
    "relu": (Value.relu, lambda x: np.maximum(x, 0.0), jax.nn.relu),
}
BINARY: dict[str, tuple[Callable[[Any, Any], Any], ...]] = {
    "+": (operator.add, np.add),
    "-": (operator.sub, np.subtract),
    "*": (operator.mul, np.multiply),
    "/": (operator.truediv, np.divide),
    "**": (operator.pow, np.power),
}

EXACT = decimal.Context(
    prec=50,
    Emax=decimal.MAX_EMAX,
    Emin=decimal.MIN_EMIN,
    traps=[decimal.DivisionByZero],
)


def same(a: float, b: float, rel: float = 1e-12) -> bool:
    """Whether two numbers are equal to ``rel``, or both nan, or the same infinity."""
    return (a != a and b != b) or math.isclose(a, b, rel_tol=rel, abs_tol=1e-322)


def exact_slopes(op: str, a: float, b: float = 0.0) -> tuple[float, ...] | None:
    """Return the slopes of a op b in 50 digits, or None where they are not defined."""
    with decimal.localcontext(EXACT):
        try:
            slopes = _exact(op, Decimal(a), Decimal(b))
            return None if slopes is None else tuple(map(float, slopes))
        except decimal.DivisionByZero:
            return None


def _exact(op: str, x: Decimal, y: Decimal) -> tuple[Decimal, ...] | None:
    one = Decimal(1)
    match op:
        case "+":
            return one, one
        case "-":
            return one, -one
        case "*":
            return y, x
        case "/":
            return one / y, -x / y / y
        case "**" if x > 0:
            power = _exp(y * x.ln())
            return y * power / x, power * x.ln()
        case "neg":
            return (-one,)
        case "exp":
            return (_exp(x),)
        case "log":
            return (one / x,)
        case "tanh":
            return (4 / (_exp(x) + _exp(-x)) ** 2,)
        case "sigmoid":
            return (1 / (_exp(x / 2) + _exp(-x / 2)) ** 2,)
        case "relu" if x != 0:
            return (one if x > 0 else 0 * one,)
    return None


def _exp(x: Decimal) -> Decimal:
    """Return e to the power x, cut off far beyond any float."""
    return max(min(x, Decimal(10**6)), Decimal(-(10**6))).exp()


def jax_slopes(function: Callable[..., Any], *grids: list[float]) -> np.ndarray:
    """Return the slope for each argument, at every cell: (arguments, cells)."""
    with jax.enable_x64(True):
        arguments = tuple(jnp.array(grid) for grid in grids)
        total = lambda *args: jnp.sum(function(*args))  # noqa: E731
        return np.asarray(jax.grad(total, tuple(range(len(grids))))(*arguments))


def jax_can_judge(*numbers: float) -> bool:
    """JAX on a CPU flushes subnormal numbers to 0, before and after every step."""
    return not any(0.0 < abs(x) < SMALLEST_NORMAL * 2 for x in numbers)


def is_sound(out: Value) -> bool:
    return all(type(x) is float for x in (out.data, *out.local_grads))


@pytest.mark.parametrize("op", UNARY)
def test_unary_numbers_are_numpys(op: str) -> None:
    on_value, on_numpy, _ = UNARY[op]
    with np.errstate(all="ignore"):
        for x in GRID:
            out = on_value(Value(x))
            assert is_sound(out), x
            assert same(out.data, float(on_numpy(np.float64(x)))), x


@pytest.mark.parametrize("op", UNARY)
def test_unary_slopes(op: str) -> None:
    on_value, _, on_jax = UNARY[op]
    (by_jax,) = jax_slopes(on_jax, GRID)
    for x, jax_slope in zip(GRID, by_jax, strict=True):
        out = on_value(Value(x))
        (slope,) = out.local_grads
        exact = exact_slopes(op, x) if math.isfinite(x) else None
        if exact is not None:
            assert same(slope, exact[0]), (x, slope, exact)
        else:
            assert same(slope, float(jax_slope)), (x, slope, jax_slope)


@pytest.mark.parametrize("op", BINARY)
def test_binary_numbers_are_numpys(op: str) -> None:
    on_value, on_numpy = BINARY[op]
    with np.errstate(all="ignore"):
        for a, b in PAIRS:
            out = on_value(Value(a), Value(b))
            assert is_sound(out), (a, b)
            if (op, a, b) == ("**", -INF, 0.5):
                # IEEE 754 and C's pow; NumPy takes a square root there, which is nan.
                assert out.data == INF
            else:
                want = float(on_numpy(np.float64(a), np.float64(b)))
                assert same(out.data, want), (a, b, out.data, want)


# What each operation documents as its slopes, in NumPy's arithmetic.
FORMULAS: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "+": lambda a, b: (1.0, 1.0),
    "-": lambda a, b: (1.0, -1.0),
    "*": lambda a, b: (b, a),
    "/": lambda a, b: (1.0 / b, -(a / b) * (1.0 / b)),
    "**": lambda a, b: (
        b * a ** (b - 1.0) if b != 0.0 else 0.0,  # a constant, whatever a is
        a**b * (np.log(a) if a != 0.0 else 0.0),
    ),
}


@pytest.mark.parametrize("op", BINARY)
def test_binary_slopes(op: str) -> None:
    on_value, _ = BINARY[op]
    by_jax = jax_slopes(on_value, *map(list, zip(*PAIRS, strict=True)))
    judged = {"exact": 0, "formula": 0, "jax": 0}
    for i, (a, b) in enumerate(PAIRS):
        exact = (
            exact_slopes(op, a, b) if math.isfinite(a) and math.isfinite(b) else None
        )
        with np.errstate(all="ignore"):
            formula = FORMULAS[op](np.float64(a), np.float64(b))
        out = on_value(Value(a), Value(b))
        for which, slope in enumerate(out.local_grads):
            cell = f"slope for {'ab'[which]} of {a} {op} {b}: {slope}"
            jax_slope = float(by_jax[which, i])
            if exact is not None:
                judged["exact"] += 1
                assert same(slope, exact[which]), f"{cell}, not {exact[which]}"
            else:
                judged["formula"] += 1
                assert same(slope, formula[which]), f"{cell}, not {formula[which]}"
            if jax_can_judge(a, b, out.data, slope) and not math.isnan(jax_slope):
                judged["jax"] += 1
                assert same(slope, jax_slope), f"{cell}, jax says {jax_slope}"
    assert judged["exact"] >= (288 if op == "**" else 576)
    assert judged["exact"] + judged["formula"] == 2 * len(PAIRS)
    assert judged["jax"] > 300


@pytest.mark.parametrize("op", BINARY)
def test_numbers_on_either_side_are_as_good_as_values(op: str) -> None:
    """A plain number in place of a Value changes neither the result nor the slope."""
    on_value, _ = BINARY[op]
    for a, b in PAIRS:
        both, left, right = (
            on_value(Value(a), Value(b)),
            on_value(Value(a), b),
            on_value(a, Value(b)),
        )
        assert is_sound(left)
        assert is_sound(right)
        assert same(left.data, both.data, rel=0.0), (a, b)
        assert same(right.data, both.data, rel=0.0), (a, b)
        assert same(left.local_grads[0], both.local_grads[0], rel=0.0), (a, b)
        assert same(right.local_grads[-1], both.local_grads[1], rel=0.0), (a, b)


MODERATE = [x for x in GRID if x == 0.0 or 0.5 <= abs(x) <= 1000.0]


@pytest.mark.parametrize("op", [*UNARY, *BINARY])
def test_slopes_are_what_a_nudge_says(op: str) -> None:
    """Where a nudge up and one down agree: elsewhere is a pole, a kink or no number."""
    function = UNARY[op][0] if op in UNARY else BINARY[op][0]
    cells = list(itertools.product(MODERATE, repeat=1 if op in UNARY else 2))
    told = 0
    for point, i in itertools.product(cells, range(len(cells[0]))):
        slope = function(*map(Value, point)).local_grads[i]

        def f(x: float, point: tuple[float, ...] = point, i: int = i) -> float:
            return function(*map(Value, [*point[:i], x, *point[i + 1 :]])).data

        x, nudge = point[i], 1e-6 * max(1.0, abs(point[i]))
        up, down = (f(x + nudge) - f(x)) / nudge, (f(x) - f(x - nudge)) / nudge
        if math.isfinite(up - down) and math.isclose(
            up, down, rel_tol=2e-3, abs_tol=0.01
        ):
            told += 1
            (nudged,) = finite_difference(f, x, nudge=nudge)
            assert math.isclose(slope, nudged, rel_tol=1e-5, abs_tol=1e-5), (
                f"{op} at {point}: {slope}, a nudge says {nudged}"
            )
    assert told >= 0.4 * len(cells)


# --- the cells worth knowing by heart


@pytest.mark.parametrize(
    ("compute", "data", "slope"),
    [
        (lambda x: 1 / x, INF, -INF),
        (lambda x: x / x, NAN, NAN),
        (lambda x: x**-1, INF, -INF),
        (lambda x: x**0, 1.0, 0.0),
        (lambda x: x**0.5, 0.0, INF),
        (lambda x: x**1, 0.0, 1.0),
        (lambda x: 0**x, 1.0, 0.0),
        (lambda x: x.log(), -INF, INF),
        (lambda x: x.relu(), 0.0, 0.0),
        (lambda x: (x * 1000 + 1000).exp(), INF, INF),
        (lambda x: (x - 8) ** 0.5, NAN, NAN),
        (lambda x: (x - 8) ** 3, -512.0, 192.0),
        (lambda x: (x + 1000).tanh(), 1.0, 0.0),
        (lambda x: (x - 1000).sigmoid(), 0.0, 0.0),
    ],
)
def test_at_zero(compute: Callable[[Value], Value], data: float, slope: float) -> None:
    x = Value(0.0)
    out = compute(x)
    out.backward()
    assert same(out.data, data)
    assert same(x.grad, slope)


def test_minus_zero_keeps_its_sign() -> None:
    assert (1 / Value(-0.0)).data == -INF
    assert (Value(-0.0) ** -1).data == -INF
    assert (Value(-0.0) ** -2).data == INF
    assert math.copysign(1, (-Value(0.0)).data) == -1
    assert math.copysign(1, (Value(-0.0) ** 3).data) == -1
    assert math.copysign(1, (Value(0.0) / -5).data) == -1


@pytest.mark.parametrize("base", [-8.0, -1.5, -1e308])
@pytest.mark.parametrize("exponent", [0.5, 1 / 3, -0.5, 1e-300])
def test_no_power_is_complex(base: float, exponent: float) -> None:
    for out in (
        Value(base) ** exponent,
        Value(base) ** Value(exponent),
        base ** Value(exponent),
    ):
        assert type(out.data) is float
        assert math.isnan(out.data)


def test_nan_passes_through_everything() -> None:
    for op, (on_value, *_) in UNARY.items():
        assert math.isnan(on_value(Value(NAN)).data), op
    for op, (on_value, _) in BINARY.items():
        if op != "**":  # x ** 0 and 1 ** x are 1 for every x, nan included
            assert math.isnan(on_value(Value(NAN), Value(1.0)).data), op
    assert math.isnan(dot([Value(NAN)], [Value(0.0)]).data)
    assert math.isnan(cross_entropy([Value(1.0), Value(NAN)], 0).data)


def test_a_node_without_blame_passes_none_on() -> None:
    """0 * inf would be nan; a number that the result does not depend on has slope 0."""
    x = Value(0.0)
    out = 0.0 * x.log().relu()  # relu is flat at -inf, the slope of log is inf
    out.backward()
    assert x.grad == 0.0


def test_nan_blame_is_passed_on() -> None:
    x = Value(2.0)
    (x * NAN).backward()
    assert math.isnan(x.grad)


# --- fused operations

LOGITS = [0.0, -0.0, 1.0, -1000.0, 1000.0, 1e308, -1e308, 1e-308, INF, -INF, NAN]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_cross_entropy_is_that_of_jax(n: int) -> None:
    """inf and nan among the logits give nan, or inf where the target's is -inf."""
    rows = list(itertools.product(LOGITS, repeat=n))
    for target in range(n):
        with jax.enable_x64(True):
            loss = lambda z, t=target: -jax.nn.log_softmax(z, -1)[:, t]  # noqa: E731
            z = jnp.array(rows)
            losses = np.asarray(loss(z))
            slopes = np.asarray(jax.grad(lambda z, f=loss: jnp.sum(f(z)))(z))
        for row, jax_loss, jax_slopes in zip(rows, losses, slopes, strict=True):
            out = cross_entropy([Value(x) for x in row], target)
            assert is_sound(out), row
            assert same(out.data, float(jax_loss)), (row, target)
            for slope, jax_slope in zip(out.local_grads, jax_slopes, strict=True):
                assert same(slope, float(jax_slope)), (row, target)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_softmax_is_that_of_jax(n: int) -> None:
    """inf and nan among the scores give nan; -inf gets a share of 0."""
    rows = list(itertools.product(LOGITS, repeat=n))
    for share in range(n):
        with jax.enable_x64(True):
            of = lambda z, i=share: jax.nn.softmax(0.5 * z, -1)[:, i]  # noqa: E731
            z = jnp.array(rows)
            shares = np.asarray(of(z))
            slopes = np.asarray(jax.grad(lambda z, f=of: jnp.sum(f(z)))(z))
        for row, jax_share, jax_slopes in zip(rows, shares, slopes, strict=True):
            out = softmax([Value(x) for x in row], 0.5)[share]
            assert is_sound(out), row
            assert same(out.data, float(jax_share)), (row, share)
            for slope, jax_slope in zip(out.local_grads, jax_slopes, strict=True):
                assert same(slope, float(jax_slope)), (row, share)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_dot_is_numpys(a: float, b: float) -> None:
    w, x = [Value(a), Value(2.0)], [Value(b), Value(a)]
    out = dot(w, x)
    with np.errstate(all="ignore"):
        want = np.float64(a) * np.float64(b) + 2.0 * np.float64(a)
    assert is_sound(out)
    assert same(out.data, float(want))
    assert all(map(same, out.local_grads, (b, a, a, 2.0)))
    ((twin,),) = dots([w], [x])
    assert same(twin.data, out.data, rel=0.0)
    assert all(map(same, twin.local_grads, out.local_grads))


def test_helpers_follow_the_same_rule() -> None:
    with np.errstate(all="ignore"):
        for a, b in PAIRS:
            x, y = np.float64(a), np.float64(b)
            assert same(ieee.divide(a, b), float(x / y)), (a, b)
            if (a, b) != (-INF, 0.5):
                assert same(ieee.power(a, b), float(x**y)), (a, b)
