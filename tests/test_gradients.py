"""The same slope from several sides: nudges, ``Value`` and ``jax.grad``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradients import (
    FLOAT_FUNCTIONS,
    evaluate,
    finite_difference,
    forward_difference,
    jax_functions,
    nudge_operation,
    split_error,
    triangulate,
    value_functions,
)
from course_lib.lessons.landscapes import rosenbrock
from course_lib.scalar import Value

# --- finite differences


def test_slopes_of_each_number_of_a_point() -> None:
    slopes = finite_difference(rosenbrock, -1.2, 1.0)
    assert slopes == pytest.approx((-215.6, -88.0), rel=1e-8)
    assert finite_difference(math.exp, 0.0) == pytest.approx((1.0,), rel=1e-9)


def test_the_difference_is_central() -> None:
    """Exact for a parabola at any nudge; a one-sided one would be off by the nudge."""
    assert finite_difference(lambda x: x * x, 3.0, nudge=0.5) == (6.0,)
    (slope,) = finite_difference(lambda x: x**3, 2.0, nudge=0.5)
    assert slope == 3 * 4 + 0.5**2


def test_it_costs_two_calls_per_number() -> None:
    calls = []
    finite_difference(lambda *point: calls.append(point) or 0.0, 1.0, 2.0, 3.0)
    assert len(calls) == 6
    assert all(
        sum(a != b for a, b in zip(p, (1, 2, 3), strict=True)) == 1 for p in calls
    )


@pytest.mark.parametrize("nudge", [0.0, -1e-5, math.nan])
def test_a_nudge_must_be_above_zero(nudge: float) -> None:
    with pytest.raises(ValueError, match=f"nudge must be above 0: {nudge}"):
        finite_difference(math.sin, 1.0, nudge=nudge)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(-3, 3), st.floats(-3, 3))
def test_value_agrees_with_nudges(a: float, b: float) -> None:
    def f(x: Any, y: Any) -> Any:
        return (x * y - 2) * x / (y * y + 1) + x**3

    x, y = Value(a), Value(b)
    f(x, y).backward()
    assert finite_difference(f, a, b) == pytest.approx((x.grad, y.grad), abs=1e-6)


# --- expressions

EXPRESSIONS = [
    ("a + b * 2 - 1 / b", lambda a, b: a + b * 2 - 1 / b),
    ("-a ** 2", lambda a, b: -(a**2)),
    ("2 ** -b", lambda a, b: 2**-b),
    ("(a + b) ** b", lambda a, b: (a + b) ** b),
    ("relu(a - b) + relu(b - a)", lambda a, b: abs(a - b)),
    ("exp(log(a) + log(b))", lambda a, b: a * b),
    ("tanh(a) - 2 * sigmoid(2 * a) + 1", lambda a, b: 0.0),
    ("(a * b).tanh() - tanh(a * b) + a.exp()", lambda a, b: math.exp(a)),
    ("  \n a\n ", lambda a, b: a),
]


@pytest.mark.parametrize(("text", "want"), EXPRESSIONS)
def test_one_expression_on_three_kinds_of_numbers(
    text: str, want: Callable[[float, float], float]
) -> None:
    numbers = {"a": 0.7, "b": 1.3}
    values = {name: Value(x) for name, x in numbers.items()}
    results = [
        evaluate(text, numbers, FLOAT_FUNCTIONS),
        evaluate(text, values, value_functions()).data,
        float(evaluate(text, numbers, jax_functions())),
    ]
    for result in results:
        assert result == pytest.approx(want(0.7, 1.3), rel=1e-5, abs=1e-6)


def test_functions_take_plain_numbers_too() -> None:
    out = evaluate("exp(0) * a", {"a": Value(2.0)}, value_functions())
    assert out.data == 2.0


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1 / 0", math.inf),
        ("0 / 0", math.nan),
        ("(-8) ** 0.5", math.nan),
        ("9 ** 9 ** 9", math.inf),
        ("log(0)", -math.inf),
        ("exp(1000)", math.inf),
        ("relu(log(-1))", math.nan),
    ],
)
def test_plain_numbers_follow_the_rule_of_value(text: str, want: float) -> None:
    result = evaluate(text, {}, FLOAT_FUNCTIONS)
    assert type(result) is float
    assert np.array_equal(result, want, equal_nan=True)


REFUSED = [
    "",
    "   ",
    "a +",
    "a b",
    "a\0",
    "c + 1",
    "a.real",
    "a.tanh(1)",
    "a.conjugate()",
    "a.tanh.exp()",
    "a[0]",
    "a if b else 1",
    "a and b",
    "a < b",
    "a // b",
    "a % b",
    "a @ b",
    "~a",
    "+a",
    "[a]",
    "lambda: a",
    "(a := 1)",
    "'a'",
    "True",
    "None",
    "1j",
    "...",
    "sin(a)",
    "exp(a, b)",
    "exp()",
    "exp(x=a)",
    "exp(*a)",
    "(exp)(a)(b)",
    "exp",
    "__import__('os').getcwd()",
    "a; b",
    "x = a",
    "~" + "-" * 400 + "a",
    "(" * 240 + "a" + ")" * 240,
    "a" + " + a" * 200,
]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:20]))
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="expression") as error:
        evaluate(text, {"a": 1.0, "b": 2.0}, FLOAT_FUNCTIONS)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


def test_a_number_too_large_is_refused_by_name() -> None:
    with pytest.raises(OverflowError, match="too large"):
        evaluate("1" + "0" * 400, {}, FLOAT_FUNCTIONS)


def test_long_and_deep_expressions_work() -> None:
    deep = "-" * 400 + "a"
    long = "a" + "+a" * 240
    for functions, a in [(FLOAT_FUNCTIONS, 2.0), (value_functions(), Value(2.0))]:
        for text, want in [(deep, 2.0), (long, 482.0)]:
            result = evaluate(text, {"a": a}, functions)
            assert getattr(result, "data", result) == want


# --- triangulate


def test_all_sides_agree() -> None:
    result = triangulate(
        "tanh(a * b + 1) * exp(a) / b ** 2 - relu(a) + sigmoid(b) + log(a)",
        {"a": 0.7, "b": -1.3},
    )
    assert result.agree
    assert result.disagreement == ""
    assert list(result.slopes) == ["finite difference", "Value", "jax.grad"]
    for slope in result.slopes.values():
        assert slope == pytest.approx(result.slopes["jax.grad"], rel=1e-6)
    assert result.value == evaluate(
        result.expression, {"a": 0.7, "b": -1.3}, FLOAT_FUNCTIONS
    )


def test_slopes_by_hand_come_first() -> None:
    right = triangulate("a * b", {"a": 2, "b": 5}, by_hand={"a": 5, "b": 2})
    assert right.agree
    assert next(iter(right.slopes)) == "by hand"
    wrong = triangulate("a * b", {"a": 2, "b": 5}, by_hand={"a": 5, "b": 5})
    assert not wrong.agree
    assert wrong.disagreement == "'by hand' differs from the others for b."


def test_the_table_reads_as_text() -> None:
    lines = str(triangulate("a * b", {"a": 2.0, "b": -5.0})).splitlines()
    assert lines[0] == "a * b = -10.000000"
    assert lines[1].split() == ["finite", "difference", "Value", "jax.grad"]
    assert lines[2].split() == ["d/da", *["-5.000000"] * 3]
    assert lines[3].split() == ["d/db", *["2.000000"] * 3]
    assert lines[-1] == "All agree."


def with_wrong(op: str, slopes: Callable[..., tuple[float, ...]]) -> type[Value]:
    """Return a Value class in which one operation has wrong slopes."""

    class Wrong(Value):
        pass

    def method(self: Value, *others: Any) -> Value:
        out = getattr(Value, op)(self, *others)
        numbers = [child.data for child in out.children]
        return Wrong(out.data, out.children, slopes(out.data, *numbers), out.op)

    setattr(Wrong, op, method)
    for name in {"__add__", "__mul__", "tanh", "__pow__", "exp"} - {op}:

        def right(self: Value, *others: Any, name: str = name) -> Value:
            out = getattr(Value, name)(self, *others)
            return Wrong(out.data, out.children, out.local_grads, out.op)

        setattr(Wrong, name, right)
    return Wrong


@pytest.mark.parametrize(
    ("op", "slopes", "named", "given", "nudged"),
    [
        ("__mul__", lambda out, a, b: (a, b), r"'\*'", "0.7", "-1.3"),
        ("tanh", lambda out, a: (1 - out,), "'tanh'", None, None),
        ("__pow__", lambda out, a: (3 * a,), r"'\*\*3'", None, None),
        ("exp", lambda out, a: (a,), "'exp'", "0.7", "2.01375"),
    ],
)
def test_the_first_wrong_node_is_named(
    op: str, slopes: Any, named: str, given: str | None, nudged: str | None
) -> None:
    result = triangulate(
        "tanh(a * b + 1) ** 3 + exp(a)",
        {"a": 0.7, "b": -1.3},
        number=with_wrong(op, slopes),
    )
    assert not result.agree
    story = rf"^First wrong at {named} \(= .*\): a local derivative is given as "
    assert re.match(story, result.disagreement), result.disagreement
    if given:
        assert f"given as {given}, a nudge says {nudged}." in result.disagreement


def test_the_result_itself_may_be_the_first_wrong_node() -> None:
    number = with_wrong("tanh", lambda out, a: (1 + out * out,))
    result = triangulate("tanh(a)", {"a": 0.5}, number=number)
    assert result.disagreement.startswith("First wrong at 'tanh' (= 0.462117)")


def test_an_operation_alone_is_nudged_at_its_numbers() -> None:
    at = pytest.approx
    assert nudge_operation("*", 2.0, -3.0) == at((-3.0, 2.0))
    assert nudge_operation("**3", -2.0) == at((12.0,))
    assert nudge_operation("cos", 0.5) == at((-math.sin(0.5),))
    assert nudge_operation("sin", 0.5) == at((math.cos(0.5),))
    assert nudge_operation("by hand", 1.0) is None


def test_wrong_bookkeeping_is_told_from_a_wrong_derivative() -> None:
    class Forgetful(Value):
        """Every local derivative is right, but blame is set, not added up."""

        def __mul__(self, other: Any) -> Value:
            out = Value.__mul__(self, other)
            return Forgetful(out.data, out.children, out.local_grads, out.op)

        def backward(self) -> None:
            self.grad, queue = 1.0, [self]
            for node in queue:
                for child, slope in zip(node.children, node.local_grads, strict=True):
                    child.grad = slope * node.grad
                    queue.append(child)

    result = triangulate("a * a", {"a": 3.0}, number=Forgetful)
    assert result.slopes["Value"] == {"a": 3.0}
    assert "Value differs for a" in result.disagreement
    assert "how blame is added up" in result.disagreement


def test_a_kink_is_where_a_nudge_parts_from_the_others() -> None:
    result = triangulate("relu(a)", {"a": 0.0})
    assert result.disagreement == "'finite difference' differs from the others for a."


def test_nan_on_every_side_is_agreement() -> None:
    assert triangulate("a ** 0.5", {"a": -8.0}).agree


def test_an_input_that_is_not_used_has_slope_zero() -> None:
    result = triangulate("a * 2", {"a": 1.0, "b": 1.0})
    assert result.agree
    assert result.slopes["Value"] == {"a": 2.0, "b": 0.0}


def test_an_expression_without_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'1 \+ 2' uses none of the inputs"):
        triangulate("1 + 2", {"a": 1.0})


@pytest.mark.parametrize("by_hand", [{"a": 5.0}, {"a": 5.0, "b": 2.0, "c": 0.0}])
def test_slopes_by_hand_must_be_those_of_the_inputs(by_hand: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a slope for each of a, b, it has a"):
        triangulate("a * b", {"a": 2.0, "b": 5.0}, by_hand=by_hand)


# --- the size of a nudge --------------------------------------------------------------


def test_a_nudge_up_only_errs_by_its_size() -> None:
    def f(x: float, y: float) -> float:
        return x * x + 3 * x * y

    for nudge in (1e-2, 1e-4):
        dx, dy = forward_difference(f, 1.5, -2.0, nudge=nudge)
        assert dx - (2 * 1.5 + 3 * -2.0) == pytest.approx(nudge, rel=1e-3)
        assert dy == pytest.approx(4.5)
    with pytest.raises(ValueError, match="above 0"):
        forward_difference(f, 1.0, 1.0, nudge=0.0)


@pytest.mark.parametrize("nudge", [0.5, 1e-3, 1e-8, 1e-15])
def test_an_error_is_split_exactly(nudge: float) -> None:
    def cube(x: Any) -> Any:
        return x * x * x

    for way, curve in (
        (forward_difference, 3 * 1.1 * nudge + nudge**2),
        (finite_difference, nudge**2),
    ):
        split = split_error(way, cube, lambda x: 3 * x * x, 1.1, nudge)
        assert split.slope == way(cube, 1.1, nudge=nudge)[0]
        assert split.curve == pytest.approx(curve)
        total = split.curve + split.rounding
        assert split.slope - 3 * 1.1**2 == pytest.approx(total, abs=2e-15)
