"""The manners of ``Value``: what it accepts, what it refuses, what backward does."""

from __future__ import annotations

import contextlib
import gc
import math
import operator
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from course_lib.scalar import Value, backward_order, cross_entropy, dot
from course_lib.scalar.fused import dots, softmax
from course_lib.scalar.value import read, write

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}


@pytest.fixture(params=OPERATORS.values(), ids=OPERATORS.keys())
def op(request: pytest.FixtureRequest) -> Callable[[Any, Any], Any]:
    return request.param


def test_by_hand() -> None:
    x, y = Value(3.0), Value(-4.0)
    out = (x * y + y) * (x - y)  # xy(x - y) + y(x - y)
    out.backward()
    assert out.data == (3 * -4 + -4) * 7
    assert x.grad == -4 * 7 + (-12 - 4)
    assert y.grad == (3 + 1) * 7 - (-12 - 4)


E = math.e


@pytest.mark.parametrize(
    ("compute", "data", "slopes"),
    [
        (lambda a, b: a + b, 2.5, (1, 1)),
        (lambda a, b: a - b, 1.5, (1, -1)),
        (lambda a, b: a * b, 1.0, (0.5, 2)),
        (lambda a, b: a / b, 4.0, (2, -8)),
        (lambda a, b: a**b, 2**0.5, (0.5 * 2**-0.5, 2**0.5 * math.log(2))),
        (lambda a, b: a**3, 8.0, (12, 0)),
        (lambda a, b: 3**b, 3**0.5, (0, 3**0.5 * math.log(3))),
        (lambda a, b: 3 - a, 1.0, (-1, 0)),
        (lambda a, b: 3 / a, 1.5, (-0.75, 0)),
        (lambda a, b: -a, -2.0, (-1, 0)),
        (lambda a, b: a.exp(), E**2, (E**2, 0)),
        (lambda a, b: a.log(), math.log(2), (0.5, 0)),
        (lambda a, b: b.tanh(), (E - 1) / (E + 1), (0, 4 * E / (E + 1) ** 2)),
        (lambda a, b: a.sigmoid(), 1 / (1 + E**-2), (E**-2 / (1 + E**-2) ** 2, 0)),
        (lambda a, b: a.relu() + (-a).relu(), 2.0, (1, 0)),
        (lambda a, b: b.relu() + (-b).relu(), 0.5, (0, 1)),
        (lambda a, b: dot([a, b], [b, b]), 1.25, (0.5, 3)),
    ],
)
def test_each_operation_by_hand(
    compute: Callable[[Value, Value], Value], data: float, slopes: tuple[float, float]
) -> None:
    a, b = Value(2.0), Value(0.5)
    out = compute(a, b)
    out.backward()
    assert math.isclose(out.data, data)
    assert math.isclose(a.grad, slopes[0])
    assert math.isclose(b.grad, slopes[1])


def test_a_value_used_twice_is_to_blame_twice() -> None:
    x = Value(3.0)
    y = x * x
    z = y + y + x
    z.backward()
    assert x.grad == 2 * 2 * 3.0 + 1
    assert y.grad == 2.0


def test_a_node_made_by_hand_needs_a_slope_for_each_child() -> None:
    a, b = Value(2.0), Value(5.0)
    assert Value(10.0, (a, b), (5.0, 2.0), "times").children == (a, b)
    for slopes in ((5.0,), (5.0, 2.0, 1.0)):
        with pytest.raises(
            ValueError, match=f"'times' got 2 children and {len(slopes)}"
        ):
            Value(10.0, (a, b), slopes, "times")


def test_nodes_hold_their_number_children_slopes_and_operation() -> None:
    a, b = Value(2.0), Value(5.0)
    c = a * b
    assert (c.data, c.children, c.local_grads, c.op) == (10.0, (a, b), (5.0, 2.0), "*")
    assert (a.children, a.local_grads, a.op, a.grad) == ((), (), "", 0.0)
    ops = [a + b, a - b, a / b, a**b, a**3, a**0.5, -a, a.exp(), a.log(), a.tanh()]
    assert [node.op for node in ops] == [
        *("+", "-", "/", "**", "**3", "**0.5", "neg", "exp", "log", "tanh")
    ]
    assert [node.op for node in (a.sigmoid(), a.relu())] == ["sigmoid", "relu"]
    assert dot([a], [b]).op == "dot"
    assert cross_entropy([a, b], 0).op == "cross_entropy"


def test_repr_shows_data_and_grad() -> None:
    x = Value(2)
    (x * 3).backward()
    assert repr(x) == "Value(data=2.0, grad=3.0)"


# --- numbers of every kind, on both sides

KINDS = [int, float, Fraction, np.float64, np.float32, np.float16, np.int64, np.uint8]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_numbers_of_every_kind_on_both_sides(
    op: Callable[[Any, Any], Any], kind: type
) -> None:
    x, number = Value(1.25), kind(3)
    for left, right, a, b in [(x, number, 1.25, 3.0), (number, x, 3.0, 1.25)]:
        out = op(left, right)
        assert type(out) is Value
        assert type(out.data) is float
        x.grad = 0.0
        out.backward()
        twin_left, twin_right = Value(a), Value(b)
        twin = op(twin_left, twin_right)
        twin.backward()
        assert out.data == twin.data == op(a, b)
        assert x.grad == (twin_left.grad if left is x else twin_right.grad)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_constructor_takes_every_kind_of_number(kind: type) -> None:
    x = Value(kind(3))
    assert type(x.data) is float
    x.data = kind(4)
    assert x.data == 4.0
    assert type(x.data) is float


def test_two_to_the_power_of_a_value() -> None:
    x = Value(3.0)
    y = 2**x
    y.backward()
    assert y.data == 8.0
    assert x.grad == 8.0 * math.log(2)


def test_a_value_to_the_power_of_a_value() -> None:
    x, y = Value(2.0), Value(3.0)
    z = x**y
    z.backward()
    assert z.data == 8.0
    assert x.grad == 3 * 4.0
    assert y.grad == 8.0 * math.log(2)


STRANGERS = [
    True,
    np.True_,
    1j,
    np.complex128(1),
    "2",
    b"2",
    None,
    [1.0],
    (1.0,),
    {"a": 1},
    Decimal(2),
    np.array([1.0, 2.0]),
    np.array(1.0),
    np.array([Value(1.0), Value(2.0)]),
]


def refuses(use: Callable[[], Any], stranger: Any) -> None:
    with pytest.raises(TypeError) as error:
        use()
    (line,) = str(error.value).splitlines()
    assert line.startswith("a Value works on one real number at a time")
    assert line.endswith(f"got {type(stranger).__name__}")


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda s: type(s).__name__)
def test_strangers_are_refused_by_name(stranger: Any) -> None:
    leaf = Value(2.0)
    for op in OPERATORS.values():
        refuses(lambda op=op: op(leaf, stranger), stranger)
        refuses(lambda op=op: op(stranger, leaf), stranger)
    refuses(lambda: Value(stranger), stranger)
    refuses(lambda: setattr(leaf, "data", stranger), stranger)
    assert leaf.data == 2.0


@pytest.mark.parametrize("number", [10**400, -(10**400), Fraction(10**400, 3)])
def test_a_number_too_large_for_a_float_is_refused_by_name(
    number: Any, op: Callable[[Any, Any], Any]
) -> None:
    named = f"a Value holds a float.* the {type(number).__name__} given is too large"
    with pytest.raises(OverflowError, match=named):
        Value(number)
    with pytest.raises(OverflowError, match=named):
        op(Value(1.0), number)
    if op is not operator.pow:  # a fraction's own ** comes first and says it itself
        with pytest.raises(OverflowError, match=named):
            op(number, Value(1.0))


# --- backward


def test_leaves_accumulate_and_inner_nodes_start_anew() -> None:
    x, w = Value(2.0), Value(3.0)
    inner = x * w
    out = inner * inner
    for times in (1, 2, 3):
        out.backward()
        assert x.grad == times * 2 * 6.0 * 3.0
        assert w.grad == times * 2 * 6.0 * 2.0
        assert inner.grad == 2 * 6.0
        assert out.grad == 1.0


def test_two_roots_share_a_graph() -> None:
    x = Value(2.0)
    shared = x * x
    first, second = shared * 3, shared.exp()
    first.backward()
    second.backward()
    assert shared.grad == math.exp(4.0)  # of the last root alone
    assert x.grad == 3 * 4.0 + math.exp(4.0) * 4.0


def test_grads_set_to_zero_start_over() -> None:
    x = Value(2.0)
    out = x**3
    out.backward()
    x.grad = 0.0
    out.backward()
    assert x.grad == 12.0


def test_backward_from_a_leaf() -> None:
    x = Value(2.0)
    x.backward()
    assert x.grad == 1.0
    x.backward()
    assert x.grad == 2.0  # a leaf accumulates, be it the root itself


def test_backward_from_an_inner_node_leaves_the_rest_alone() -> None:
    x = Value(2.0)
    inner = x * 3
    out = inner * 5
    inner.backward()
    assert (x.grad, inner.grad, out.grad) == (3.0, 1.0, 0.0)


def test_every_node_comes_before_what_it_was_made_from() -> None:
    x = Value(0.5)
    a = x * x
    b = a + x
    c = a * b
    d = (c - a) / b
    order = backward_order(d)
    assert order[0] is d
    assert set(order) == {d, c, b, a, *d.children} - {x}
    place = {node: i for i, node in enumerate(order)}
    for node in order:
        assert all(place[node] < place.get(c, len(order)) for c in node.children)


# --- data written between forward and backward


def test_a_stale_graph_is_refused() -> None:
    x, w = Value(2.0), Value(3.0)
    out = (x * w).tanh()
    w.data = 4.0
    with pytest.raises(RuntimeError, match=r"set to 4 after '\*' had used it"):
        out.backward()
    assert (x.grad, w.grad) == (0.0, 0.0)
    again = (x * w).tanh()
    again.backward()
    assert x.grad == (1 - math.tanh(8.0) ** 2) * 4.0


@pytest.mark.parametrize("fused", [False, True])
def test_a_stale_graph_is_refused_however_deep(fused: bool) -> None:
    x = Value(0.1)
    y = x
    for _ in range(100):
        y = dot([y, x], [x, y]) if fused else y * x + x
    x.data = 0.1  # even the same number: it was written
    y = y + 1
    with pytest.raises(RuntimeError, match="compute the loss again"):
        y.backward()


def test_an_inner_node_of_an_older_graph_is_stale_too() -> None:
    x = Value(2.0)
    kept = x * 3
    x.data = 5.0
    out = kept + x  # kept was made with the 2
    with pytest.raises(RuntimeError, match=r"set to 5 after '\*'"):
        out.backward()


def test_a_second_backward_after_a_step_is_refused() -> None:
    x = Value(2.0)
    loss = x * x
    loss.backward()
    x.data -= 0.1 * x.grad
    with pytest.raises(RuntimeError):
        loss.backward()
    assert x.grad == 4.0


def test_data_written_before_it_is_used_is_no_false_alarm() -> None:
    x, w = Value(2.0), Value(3.0)
    for number in (5.0, 6.0):
        x.data = number
        w.data = number + 1
        x.grad = w.grad = 0.0
        (x * w).backward()
        assert (x.grad, w.grad) == (number + 1, number)


def test_leaves_of_other_graphs_are_no_false_alarm() -> None:
    x, other = Value(2.0), Value(3.0)
    loss = x * x
    elsewhere = other * other
    other.data = 7.0
    loss.backward()
    assert x.grad == 4.0
    with pytest.raises(RuntimeError):
        elsewhere.backward()
    loss.backward()
    assert x.grad == 8.0


def test_a_leaf_created_late_is_no_false_alarm() -> None:
    x = Value(2.0)
    y = x * x
    late = Value(1.0)
    late.data = 3.0
    (y * late).backward()
    assert (x.grad, late.grad) == (12.0, 4.0)


def test_training_is_no_false_alarm() -> None:
    w = Value(0.0)
    for _ in range(100):
        loss = (w - 3) ** 2
        loss.backward()
        w.data -= 0.1 * w.grad
        w.grad = 0.0
    assert math.isclose(w.data, 3.0, abs_tol=1e-8)


def test_an_inner_nodes_data_cannot_be_set() -> None:
    out = Value(2.0) * 3
    with pytest.raises(AttributeError, match=r"the result of '\*': set .* a leaf"):
        out.data = 1.0
    assert out.data == 6.0


def test_many_leaves_are_read_and_written_at_once() -> None:
    leaves = [Value(1.0), Value(2.0)]
    out = leaves[0] * leaves[1]
    write(leaves, [3, np.float32(4.0)])
    assert read(leaves) == (3.0, 4.0)
    assert all(type(number) is float for number in read(leaves))
    with pytest.raises(RuntimeError, match=r"set to 3 after '\*'"):
        out.backward()
    fresh = leaves[0] * leaves[1]
    fresh.backward()
    assert leaves[0].grad == 4.0
    with pytest.raises(AttributeError, match=r"the result of '\*'"):
        write([leaves[0], fresh], [1.0, 1.0])
    with pytest.raises(TypeError, match="got str"):
        write(leaves, ["1", "2"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="zip"):
        write(leaves, [1.0])
    assert (read([]), write([], [])) == ((), None)


def test_a_class_of_ones_own_is_read_and_written_too() -> None:
    class Own:
        def __init__(self, data: float) -> None:
            self.data = data

    own: list[Any] = [Own(1.0), Own(2.0)]
    assert read(own) == (1.0, 2.0)
    write(own, [3.0, 4.0])
    assert [number.data for number in own] == [3.0, 4.0]


def test_a_slip_in_a_name_is_not_silent() -> None:
    with pytest.raises(AttributeError):
        Value(2.0).gard = 1.0  # type: ignore[attr-defined]


# --- fused operations


def test_dot_is_the_sum_of_products() -> None:
    w = [Value(x) for x in (1.0, -2.0, 0.5)]
    x = [Value(x) for x in (3.0, 4.0, -1.0)]
    out = dot(w, x)
    out.backward()
    assert out.data == 3.0 - 8.0 - 0.5
    assert [a.grad for a in w] == [3.0, 4.0, -1.0]
    assert [a.grad for a in x] == [1.0, -2.0, 0.5]


@pytest.mark.parametrize("stranger", [1.0, 2, None])
def test_fused_operations_refuse_plain_numbers_by_name(stranger: Any) -> None:
    for mixed in ([Value(1.0), stranger], [stranger, Value(1.0)]):
        names = ", ".join(sorted([type(stranger).__name__, "Value"]))
        for use in (
            lambda mixed=mixed: dot([Value(1.0)] * 2, mixed),
            lambda mixed=mixed: dots([mixed], [[Value(1.0)] * 2]),
            lambda mixed=mixed: softmax(mixed),
            lambda mixed=mixed: cross_entropy(mixed, 0),
        ):
            with pytest.raises(TypeError, match=f"expected Values, got {names}: wrap"):
                use()


def test_dot_of_a_vector_with_itself() -> None:
    x = [Value(3.0), Value(4.0)]
    out = dot(x, x)
    out.backward()
    assert out.data == 25.0
    assert [a.grad for a in x] == [6.0, 8.0]


@pytest.mark.parametrize(("n", "m"), [(2, 3), (3, 2), (0, 1), (0, 0)])
def test_dot_refuses_lists_that_do_not_fit(n: int, m: int) -> None:
    with pytest.raises(ValueError, match=f"got {n} weights and {m} inputs"):
        dot([Value(1.0)] * n, [Value(1.0)] * m)


def test_dots_are_the_same_nodes_as_dot() -> None:
    rows = [[Value(x) for x in row] for row in ((1.0, 2.0), (-3.0, 0.5), (0.0, 4.0))]
    vectors = [[Value(x) for x in vector] for vector in ((5.0, -1.0), (2.0, 2.0))]
    outputs = dots(rows, vectors)
    assert [len(row) for row in outputs] == [3, 3]
    for vector, row in zip(vectors, outputs, strict=True):
        for weights, out in zip(rows, row, strict=True):
            twin = dot(weights, vector)
            assert (out.data, out.children) == (twin.data, twin.children)
            assert (out.local_grads, out.op) == (twin.local_grads, "dot")


@pytest.mark.parametrize(("n", "m"), [(2, 3), (3, 2), (0, 1), (0, 0)])
def test_dots_refuses_lists_that_do_not_fit(n: int, m: int) -> None:
    with pytest.raises(ValueError, match=f"got {n} weights and {m} inputs$"):
        dots([[Value(1.0)] * n], [[Value(1.0)] * m])


def test_dots_refuses_lists_of_many_lengths() -> None:
    one, two = [Value(1.0)], [Value(1.0)] * 2
    for rows, vectors, told in [
        ([one, two], [one, two], "1, 2 weights and 1, 2 inputs"),
        ([], [one], "no weights and 1 inputs"),
        ([], [], "no weights and no inputs"),
    ]:
        with pytest.raises(ValueError, match=f"1 or more: got {told}$"):
            dots(rows, vectors)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_softmax_is_one_node_for_many(scale: float) -> None:
    numbers = (0.5, -1.0, 2.0)
    for i in range(3):
        logits = [Value(x) for x in numbers]
        shares = softmax(logits, scale)
        shares[i].backward()
        plain = [Value(x) for x in numbers]
        exps = [(a * scale).exp() for a in plain]
        unfused = exps[i] / sum(exps[1:], exps[0])
        unfused.backward()
        assert math.isclose(sum(share.data for share in shares), 1.0)
        assert math.isclose(shares[i].data, unfused.data, rel_tol=1e-14)
        for a, b in zip(logits, plain, strict=True):
            assert math.isclose(a.grad, b.grad, rel_tol=1e-13)


def test_cross_entropy_is_one_node_for_many() -> None:
    numbers, target = (0.5, -1.0, 2.0), 1
    logits = [Value(x) for x in numbers]
    fused = cross_entropy(logits, target)
    fused.backward()
    plain = [Value(x) for x in numbers]
    exps = [a.exp() for a in plain]
    unfused = -(exps[target] / sum(exps[1:], exps[0])).log()
    unfused.backward()
    assert math.isclose(fused.data, unfused.data, rel_tol=1e-14)
    for a, b in zip(logits, plain, strict=True):
        assert math.isclose(a.grad, b.grad, rel_tol=1e-13)


@pytest.mark.parametrize("target", [-1, 3, 100])
def test_cross_entropy_refuses_a_target_that_is_no_logit(target: int) -> None:
    with pytest.raises(ValueError, match=f"target {target} is none of the 3 logits"):
        cross_entropy([Value(1.0)] * 3, target)


def test_cross_entropy_keeps_its_digits_on_large_logits() -> None:
    out = cross_entropy([Value(1e15), Value(1e15)], 0)
    assert out.data == math.log(2)


# --- depth and width

MANY = 100_000


def values_alive() -> int:
    return sum(type(thing) is Value for thing in gc.get_objects())


@contextlib.contextmanager
def little_stack() -> Iterator[None]:
    """Allow only 60 calls deep from here: recursion over a graph would not fit."""
    limit, depth, frame = sys.getrecursionlimit(), 0, sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        depth += 1
    sys.setrecursionlimit(depth + 60)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def chain_of_sums(x: Value) -> Value:
    y = x
    for _ in range(MANY):
        y = y + 1.0
    return y


def chain_of_dots(x: Value) -> Value:
    one, y = Value(1.0), x
    for _ in range(MANY):
        y = dot([one], [y])
    return y


def fan_in_by_sums(x: Value) -> Value:
    y = x
    for _ in range(MANY - 1):
        y = y + x
    return y


def fan_in_by_dot(x: Value) -> Value:
    return dot([x] * MANY, [Value(1.0)] * MANY)


@pytest.mark.parametrize(
    ("build", "slope"),
    [
        (chain_of_sums, 1.0),
        (chain_of_dots, 1.0),
        (fan_in_by_sums, float(MANY)),
        (fan_in_by_dot, float(MANY)),
    ],
    ids=lambda thing: getattr(thing, "__name__", ""),
)
def test_a_hundred_thousand_deep_or_wide(
    build: Callable[[Value], Value], slope: float
) -> None:
    x = Value(0.5)
    gc.collect()
    before = values_alive()
    gc.disable()  # a graph has no cycles: it goes when the last name for it goes
    try:
        with little_stack():
            root = build(x)
            root.backward()
            assert x.grad == slope
            root.backward()
            assert x.grad == 2 * slope
            repr(root)
            del root
        assert values_alive() == before
    finally:
        gc.enable()


def test_a_deep_stale_graph_is_refused_without_recursion() -> None:
    x = Value(0.5)
    y = chain_of_sums(x)
    x.data = 1.0
    with little_stack(), pytest.raises(RuntimeError, match="compute the loss again"):
        y.backward()


def test_a_diamond_chain_is_linear_in_nodes() -> None:
    """2^100 paths through 100 nodes: each node is visited once."""
    x = Value(1.0)
    y = x
    for _ in range(100):
        y = y + y
    assert len(backward_order(y)) == 100
    y.backward()
    assert x.grad == 2.0**100


# --- the same expressions as on micrograd


def long_expression(a: Any, b: Any, relu: Callable[[Any], Any]) -> Any:
    c = a * b - 3 + b**2
    d = c / 4 + relu(a + 2) * c
    d += 1 + relu(-d) + (5 - a) * b
    e = (d - c) ** 3 / 10.0
    e = 2 / (e + 7) + e * 0.5 - (-b) / a
    return relu(e) + e * d**-1 + 3**0.5


def test_a_long_expression_has_the_slopes_of_jax() -> None:
    import jax

    a, b = Value(-1.5), Value(2.25)
    out = long_expression(a, b, Value.relu)
    out.backward()
    with jax.enable_x64(True):
        value, slopes = jax.value_and_grad(long_expression, (0, 1))(
            -1.5, 2.25, jax.nn.relu
        )
    assert math.isclose(out.data, value, rel_tol=1e-14)
    assert math.isclose(a.grad, slopes[0], rel_tol=1e-12)
    assert math.isclose(b.grad, slopes[1], rel_tol=1e-12)


def test_jax_arrays_are_strangers_too() -> None:
    import jax.numpy as jnp

    for stranger in (jnp.ones(2), jnp.ones((2, 2)), jnp.float32(2), jnp.int32(2)):
        test_strangers_are_refused_by_name(stranger)
