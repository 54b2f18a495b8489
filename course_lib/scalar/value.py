"""Reverse-mode automatic differentiation of scalars: the whole of autograd."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count
from operator import attrgetter

from course_lib.scalar import ieee
from course_lib.scalar.refusals import Refusals, as_float

_clock = count(1)  # every Value has a time of birth, so parents are always younger
_last_write = 0  # when the data of any leaf was last set


class Value(Refusals):
    """A node of the computation graph: a number, its children, its derivatives.

    ``data`` is the number and ``grad`` the derivative of the root of the last
    ``backward()`` with respect to it. ``children`` are the Values it was computed
    from and ``local_grads[i]`` is the local derivative, of this number with respect
    to ``children[i]``, both empty for a leaf. Edge cases follow IEEE 754, as in NumPy:
    log(0) is -inf, 1 / 0 is inf, exp(1000) is inf, (-8) ** 0.5 is nan. What would
    lose the derivative without a word is refused by ``Refusals``: ``float``, ``==``
    with a number, ``if value:``, the functions of NumPy.

    Raises TypeError for anything but one real number (booleans, complex numbers,
    strings and arrays are refused), ValueError if a child has no derivative.
    """

    __slots__ = ("_data", "children", "grad", "local_grads", "op", "time")

    def __init__(
        self,
        data: float,
        children: tuple[Value, ...] = (),
        local_grads: tuple[float, ...] = (),
        op: str = "",
    ) -> None:
        if len(children) != len(local_grads):
            raise ValueError(
                f"a Value needs one slope for each child: '{op}' got {len(children)} "
                f"children and {len(local_grads)} slopes"
            )
        self._data = data if type(data) is float else as_float(data)
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

    # Each operation: the result, its children, the local derivative for each of them.

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
        a, b = self._data, as_float(other)
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
        """Backpropagate: add d(this number)/d(leaf) to the ``grad`` of every leaf.

        The chain rule, from the root to the leaves: the upstream gradient, a node's
        grad, times the local derivative goes to each child. It is *added*, since a
        child used twice is to blame twice. Inner nodes start from zero at every call;
        leaves accumulate until their ``grad`` is set to 0.

        Raises RuntimeError if a leaf's data was set after it was used here.
        """
        order = backward_order(self)
        for node in order:
            node.grad = 0.0
        self.grad += 1.0
        for node in order:
            grad = node.grad
            if grad:  # a node without blame has none to pass on
                for child, local_grad in zip(node.children, node.local_grads):
                    child.grad += local_grad * grad

    def __repr__(self) -> str:
        return f"Value(data={self._data}, grad={self.grad})"


def as_value(number: Value | float) -> Value:
    """Return a Value as it is and wrap a number."""
    return number if isinstance(number, Value) else Value(number)


def backward_order(root: Value) -> list[Value]:
    """Return every inner node under root in reverse topological order.

    A Value can only be made from Values that exist already, so from the youngest to
    the oldest, each stands before its children. No recursion: any depth works.
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
    """Raise RuntimeError if a leaf was written after it was used."""
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
        leaf._data = number if type(number) is float else as_float(number)
        leaf.time = now


def _power_slope(a: float, b: float) -> float:
    """Return the derivative of a ** b with respect to a: b * a ** (b - 1)."""
    return b * ieee.power(a, b - 1.0) if b else 0.0
