"""What a Value refuses: one line each that says what to write, and nothing silent."""

from __future__ import annotations

import copy
import math
import pickle
import random
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from course_lib.scalar import Value
from course_lib.scalar.nn import MLP

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "== number": lambda v: v == 2.0,
    "number ==": lambda v: 2.0 == v,  # noqa: SIM300
    "!= number": lambda v: v != 2,
    "== bool": lambda v: v == True,  # noqa: E712
    "== numpy": lambda v: v == np.float64(2.0),
    "numpy ==": lambda v: np.float32(2.0) == v,
    "in numbers": lambda v: v in [1.0, 2.0],
    "bool": bool,
    "if": lambda v: 1 if v else 0,
    "not": lambda v: not v,
    "and": lambda v: v and 1,
    "float": float,
    "int": int,
    "complex": complex,
    "abs": abs,
    "round": round,
    "round to digits": lambda v: round(v, 2),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "max": lambda v: max(0, v),
    "min": lambda v: min(v, 1.0),
    "sorted": lambda v: sorted([v, Value(1.0)]),
    "<": lambda v: v < 1,
    "<=": lambda v: v <= 1,
    ">": lambda v: v > 1,
    ">=": lambda v: v >= 1,
    "%": lambda v: v % 2,
    "r%": lambda v: 7 % v,
    "//": lambda v: v // 2,
    "r//": lambda v: 7 // v,
    "@": lambda v: v @ v,
    "divmod": lambda v: divmod(v, 2),
    "math.exp": math.exp,
    "math.log": math.log,
    "math.tanh": math.tanh,
    "math.sqrt": math.sqrt,
    "math.pow": lambda v: math.pow(v, 2),
    "math.isclose": lambda v: math.isclose(v, 2.0),
    "math.fsum": lambda v: math.fsum([v, v]),
    "fmean": lambda v: statistics.fmean([v, v]),
    "np.maximum": lambda v: np.maximum(0, v),
    "np.exp": np.exp,
    "np.sqrt": np.sqrt,
    "np.abs": np.abs,
    "np.isnan": np.isnan,
    "np.add.reduce": lambda v: np.add.accumulate(v),
    "np.add into": lambda v: np.add(1.0, v, out=np.zeros(1)),
    "np.float64": np.float64,
    "array of floats": lambda v: np.array([v, v], dtype=float),
    "format": lambda v: f"{v:.2f}",
    "percent": lambda v: "%.2f" % v,  # noqa: UP031
}


@pytest.mark.parametrize("use", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_what_would_lose_the_derivative_is_refused_in_one_line(
    use: Callable[[Any], Any],
) -> None:
    for v in (Value(2.0), Value(1.0) + 1.0):
        with pytest.raises(TypeError) as error:
            use(v)
        (line,) = str(error.value).splitlines()
        assert "write" in line
        assert "v.data" in line
        assert "Value" in line


@pytest.mark.parametrize(
    ("use", "hint"),
    [
        (lambda v: max(0, v), ".relu() for max(0, v)"),
        (lambda v: np.maximum(0, v), ".relu() for max(0, v)"),
        (abs, "v.relu() + (-v).relu()"),
        (np.abs, "v.relu() + (-v).relu()"),
        (np.sqrt, "v ** 0.5"),
        (np.exp, ".exp()"),
        (np.log, ".log()"),
        (np.tanh, ".tanh()"),
        (np.square, "v ** 2"),
        (math.exp, ".exp()"),
        (lambda v: f"{v:.3g}", "{v.data:.3g}"),
    ],
)
def test_the_line_names_the_operation_that_keeps_the_derivative(
    use: Callable[[Any], Any], hint: str
) -> None:
    with pytest.raises(TypeError) as error:
        use(Value(2.0))
    assert hint in str(error.value)


def test_the_hints_are_true() -> None:
    for number in (-3.0, 2.0):
        v = Value(number)
        out = v.relu() + (-v).relu()
        out.backward()
        assert (out.data, v.grad) == (abs(number), math.copysign(1.0, number))
    v = Value(4.0)
    out = v**0.5
    out.backward()
    assert (out.data, v.grad) == (2.0, 0.25)
    assert f"{v.data:.2f}" == "4.00"


def test_equality_of_values_is_identity() -> None:
    a, b = Value(2.0), Value(2.0)
    assert a == a
    assert a != b
    assert a in [b, a]
    assert [b, a].index(a) == 1
    assert b not in (a,)
    assert len({a, b, a}) == 2
    assert {a: 1, b: 2}[b] == 2
    assert a != "2"
    assert a is not None
    assert a != None  # noqa: E711
    assert hash(a) == object.__hash__(a)


def test_an_operator_takes_the_numbers_of_numpy_on_both_sides() -> None:
    for kind in (np.float64, np.float32, np.int64):
        v, number = Value(2.0), kind(3)
        outs = [
            number + v,
            number - v,
            number * v,
            number / v,
            number**v,
            np.add(v, number),
            v * number,
        ]
        assert [out.data for out in outs] == [5, 1, 6, 1.5, 9, 5, 6]
        for out in outs:
            v.grad = 0.0
            out.backward()
            assert v.grad


def test_a_value_is_not_made_of_a_value() -> None:
    leaf = Value(2.0)
    for v in (leaf, leaf * 3):
        with pytest.raises(TypeError, match="made from a number, got a Value: use"):
            Value(v)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="made from a number, got a Value: use"):
            leaf.data = v  # type: ignore[assignment]
    assert leaf.data == 2.0


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {p}": lambda v, p=p: pickle.loads(pickle.dumps(v, p))  # noqa: S301
        for p in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


class Named(Value):
    """A subclass with an attribute of its own."""

    def __init__(self, data: float, name: str = "w") -> None:
        super().__init__(data)
        self.name = name


@pytest.mark.parametrize("copied", COPIES.values(), ids=list(COPIES))
def test_a_copied_leaf_is_a_new_leaf(copied: Callable[[Any], Any]) -> None:
    old = Named(3.0, "slope")
    old.grad = 5.0
    new = copied(old)
    assert type(new) is Named
    assert (new.data, new.grad, new.name, new.children) == (3.0, 5.0, "slope", ())
    assert new != old
    assert new.time > old.time
    new.grad = 0.0
    loss = new**3 + old
    loss.backward()
    assert (new.grad, old.grad) == (27.0, 6.0)
    new.data = 1.0
    assert old.data == 3.0


@pytest.mark.parametrize("copied", COPIES.values(), ids=list(COPIES))
def test_any_other_node_is_not_copied(copied: Callable[[Any], Any]) -> None:
    out = Value(2.0)
    for _ in range(3_000):
        out = out * 1.0
    for thing in (out, Value(1.0).exp()):
        with pytest.raises(TypeError, match="only leaves can be copied or pickled"):
            copied(thing)


def test_a_copied_model_learns_on_its_own() -> None:
    model = MLP(2, [3, 1], random.Random(0))
    twin = copy.deepcopy(model)
    assert len({*model.parameters(), *twin.parameters()}) == 2 * len(model.parameters())
    twin([1.0, 2.0])[0].backward()
    assert any(p.grad for p in twin.parameters())
    assert not any(p.grad for p in model.parameters())
