"""One number that remembers how it was made: the whole of autograd."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from itertools import count
from operator import attrgetter, mul

from course_lib.scalar import ieee

if sys.version_info >= (3, 12):
    from math import sumprod
else:

    def sumprod(p: Sequence[float], q: Sequence[float], /) -> float:
        """Return the sum of the products, as math.sumprod of newer Pythons does."""
        return sum(map(mul, p, q))


_clock = count(1)  # every Value has a time of birth, so parents are always younger
_last_write = 0  # when the data of any leaf was last set


class Value:
    """A number, the numbers it was made from, and its slope with respect to each.

    ``data`` is the number and ``grad`` the slope of the root of the last
    ``backward()`` with respect to it. ``children`` are the Values it was computed
    from and ``local_grads[i]`` is the derivative of this number with respect to
    ``children[i]``, both empty for a leaf. Edge cases follow IEEE 754, as in NumPy:
    log(0) is -inf, 1 / 0 is inf, exp(1000) is inf, (-8) ** 0.5 is nan.

    Raises TypeError for anything but one real number (booleans, complex numbers,
    strings and arrays are refused).
    """

    __slots__ = ("_data", "children", "grad", "local_grads", "op", "time")
    __array_ufunc__ = None  # NumPy hands `array * Value` over, and we refuse it by name

    def __init__(
        self,
        data: float,
        children: tuple[Value, ...] = (),
        local_grads: tuple[float, ...] = (),
        op: str = "",
    ) -> None:
        self._data = data if type(data) is float else ieee.as_float(data)
        self.grad = 0.0
        self.children = children
        self.local_grads = local_grads
        self.op = op
        self.time = next(_clock)

    @property
    def data(self) -> float:
        """The number. Only a leaf's can be set; the time of writing is kept."""
        return self._data

    @data.setter
    def data(self, number: float) -> None:
        write([self], [number])

    # Each operation: the result, what it came from, the slope for each of those.

    def __add__(self, other: Value | float) -> Value:
        other = as_value(other)
        return Value(self._data + other._data, (self, other), (1.0, 1.0), "+")

    def __sub__(self, other: Value | float) -> Value:
        other = as_value(other)
        return Value(self._data - other._data, (self, other), (1.0, -1.0), "-")

    def __mul__(self, other: Value | float) -> Value:
        other = as_value(other)
        a, b = self._data, other._data
        return Value(a * b, (self, other), (b, a), "*")

    def __truediv__(self, other: Value | float) -> Value:
        other = as_value(other)
        quotient = ieee.divide(self._data, other._data)
        inverse = ieee.divide(1.0, other._data)
        return Value(quotient, (self, other), (inverse, -quotient * inverse), "/")

    def __pow__(self, other: Value | float) -> Value:
        if isinstance(other, Value):
            a, b = self._data, other._data
            out = ieee.power(a, b)
            slope_b = out * ieee.log(a) if a != 0.0 else out * 0.0
            return Value(out, (self, other), (_power_slope(a, b), slope_b), "**")
        a, b = self._data, ieee.as_float(other)
        return Value(ieee.power(a, b), (self,), (_power_slope(a, b),), f"**{b:.12g}")

    def __neg__(self) -> Value:
        return Value(-self._data, (self,), (-1.0,), "neg")

    def exp(self) -> Value:
        out = ieee.exp(self._data)
        return Value(out, (self,), (out,), "exp")

    def log(self) -> Value:
        slope = ieee.divide(1.0, self._data)
        return Value(ieee.log(self._data), (self,), (slope,), "log")

    def tanh(self) -> Value:
        out = math.tanh(self._data)
        return Value(out, (self,), (1.0 - out * out,), "tanh")

    def sigmoid(self) -> Value:
        out = ieee.sigmoid(self._data)
        return Value(out, (self,), (out * (1.0 - out),), "sigmoid")

    def relu(self) -> Value:
        a = self._data
        return Value(0.0 if a <= 0.0 else a, (self,), (float(a > 0.0),), "relu")

    def __radd__(self, other: float) -> Value:
        return as_value(other) + self

    def __rsub__(self, other: float) -> Value:
        return as_value(other) - self

    def __rmul__(self, other: float) -> Value:
        return as_value(other) * self

    def __rtruediv__(self, other: float) -> Value:
        return as_value(other) / self

    def __rpow__(self, other: float) -> Value:
        return as_value(other) ** self

    def backward(self) -> None:
        """Add to every leaf's ``grad`` the slope of this number with respect to it.

        The chain rule, from the root to the leaves: a node's grad times the local
        derivative goes to each child. It is *added*, since a child used twice is to
        blame twice. Inner nodes start from zero at every call; leaves accumulate
        until their ``grad`` is set to 0.

        Raises RuntimeError if a leaf's data was set after it was used here.
        """
        order = backward_order(self)
        for node in order:
            node.grad = 0.0
        self.grad += 1.0
        for node in order:
            grad = node.grad
            if grad:  # a node without blame has none to pass on
                for child, local_grad in zip(
                    node.children, node.local_grads, strict=True
                ):
                    child.grad += local_grad * grad

    def __repr__(self) -> str:
        return f"Value(data={self._data}, grad={self.grad})"


def as_value(number: Value | float) -> Value:
    """Return a Value as it is and wrap a number."""
    return number if isinstance(number, Value) else Value(number)


def backward_order(root: Value) -> list[Value]:
    """Return every inner node under root, each before all it was made from.

    A Value can only be made from Values that exist already, so from the youngest to
    the oldest is such an order (a topological one). No recursion: any depth works.
    """
    seen, order = {root}, [root] if root.children else []
    for node in order:
        if not seen.issuperset(node.children):
            for child in node.children:
                if child not in seen:
                    seen.add(child)
                    if child.children:
                        order.append(child)
    order.sort(key=attrgetter("time"), reverse=True)
    if order and _last_write > order[-1].time:
        _refuse_stale(order)
    return order


def _refuse_stale(order: list[Value]) -> None:
    """Raise if a leaf is younger than a node made from it: it was written since."""
    for node in order:
        for child in node.children:
            if child.time > node.time:
                raise RuntimeError(
                    f"a leaf's data was set to {child.data:g} after '{node.op}' had "
                    "used it: compute the loss again, then call backward()"
                )


def read(values: Sequence[Value]) -> tuple[float, ...]:
    """Return the data of many Values, or of a class of your own like Value.

    Raises TypeError if a plain number is among them.
    """
    try:
        if values and not isinstance(values[0], Value):
            return tuple([value.data for value in values])
        return tuple([value._data for value in values])
    except AttributeError:
        kinds = ", ".join(sorted({type(value).__name__ for value in values}))
        raise TypeError(
            f"expected Values, got {kinds}: wrap numbers in Value"
        ) from None


def write(leaves: Sequence[Value], numbers: Sequence[float]) -> None:
    """Set the data of many leaves, Values or of a class of your own like Value.

    Raises AttributeError if a Value is the result of an operation.
    """
    global _last_write
    if leaves and not isinstance(leaves[0], Value):
        for leaf, number in zip(leaves, numbers, strict=True):
            leaf.data = number
        return
    _last_write = now = next(_clock)
    for leaf, number in zip(leaves, numbers, strict=True):
        if leaf.children:
            raise AttributeError(
                f"this Value is the result of '{leaf.op}': set the data of a leaf "
                "and compute it again"
            )
        leaf._data = number if type(number) is float else ieee.as_float(number)
        leaf.time = now


def _power_slope(a: float, b: float) -> float:
    """Return the derivative of a ** b with respect to a: b * a ** (b - 1)."""
    return b * ieee.power(a, b - 1.0) if b else 0.0


# An operation is whatever you know the derivative of. Those below do in one node what
# would otherwise take dozens, and most of a GPT's time is spent in them.


def dot(weights: Sequence[Value], inputs: Sequence[Value]) -> Value:
    """Return sum(w * x) as one node; the slope for w is x, and for x it is w.

    Raises ValueError if the two lengths differ or are 0.
    """
    if len(weights) != len(inputs) or not weights:
        raise ValueError(
            "dot needs two lists of one length, 1 or more: "
            f"got {len(weights)} weights and {len(inputs)} inputs"
        )
    w, x = read(weights), read(inputs)
    return type(weights[0])(sumprod(w, x), (*weights, *inputs), x + w, "dot")


def dots(
    rows: Sequence[Sequence[Value]], vectors: Sequence[Sequence[Value]]
) -> list[list[Value]]:
    """Return, for each vector, its dot with every row.

    The nodes are those of ``dot``, made sooner: every number is read only once.

    Raises ValueError if the lengths differ or are 0.
    """
    widths, lengths = {len(row) for row in rows}, {len(v) for v in vectors}
    if widths != lengths or len(widths) != 1 or 0 in widths:
        raise ValueError(
            "dots needs rows and vectors of one length, 1 or more: got "
            f"{_listed(widths)} weights and {_listed(lengths)} inputs"
        )
    kind = type(rows[0][0])
    matrix = [(tuple(row), read(row)) for row in rows]
    outputs = []
    for vector in map(tuple, vectors):
        x = read(vector)
        outputs.append(
            [kind(sumprod(w, x), row + vector, x + w, "dot") for row, w in matrix]
        )
    return outputs


def _listed(lengths: set[int]) -> str:
    return ", ".join(map(str, sorted(lengths))) or "no"


def softmax(logits: Sequence[Value], scale: float = 1.0) -> list[Value]:
    """Return e^(scale * logit), divided by the sum of them all: shares of 1.

    Each share p is one node and answers to every logit: its slope is
    scale * p * (1 - p) for its own and -scale * p * q for that of another share q.
    """
    z = [scale * number for number in read(logits)]
    top = max(z)
    exps = [math.exp(a - top) for a in z]
    total = sum(exps)
    shares = [e / total for e in exps]
    children, outputs = tuple(logits), []
    for i, p in enumerate(shares):
        slopes = [-scale * p * q for q in shares]
        slopes[i] += scale * p
        outputs.append(type(logits[0])(p, children, tuple(slopes), "softmax"))
    return outputs


def cross_entropy(logits: Sequence[Value], target: int) -> Value:
    """Return -log softmax(logits)[target], in nats, as one node.

    Its slope is a subtraction: the probability of each token, less 1 for the target.
    The largest logit is subtracted first, so that no exponential overflows.

    Raises ValueError if the target is not one of 0 to len(logits) - 1.
    """
    if not 0 <= target < len(logits):
        raise ValueError(
            f"target {target} is none of the {len(logits)} logits: they count from 0"
        )
    z = read(logits)
    top = max(z)
    exps = [math.exp(a - top) for a in z]
    total = sum(exps)
    slopes = [e / total for e in exps]
    slopes[target] -= 1.0
    loss = math.log(total) + (top - z[target])
    return type(logits[0])(loss, tuple(logits), tuple(slopes), "cross_entropy")
