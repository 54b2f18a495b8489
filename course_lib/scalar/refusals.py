"""What a ``Value`` refuses, each with one line that says what to write instead.

A ``Value`` records how its number was computed. Whatever would quietly drop that record
(``float``, ``max``, a NumPy function), or quietly answer another question than the one
asked (``==`` with a number, ``if value:``), is refused here.
"""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable
from typing import Any, NoReturn

__all__ = ["Refusals", "as_float"]

_OPERATORS: dict[str, Callable[..., Any]] = {  # np.float64(2) * value is one of these
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
}
_HINTS = {  # of a function people try: the operation that has a derivative
    "exp": ".exp()",
    "log": ".log()",
    "tanh": ".tanh()",
    "maximum": ".relu() for max(0, v)",
    "sqrt": "v ** 0.5",
    "square": "v ** 2",
    "absolute": "v.relu() + (-v).relu()",
}


def as_float(number: object) -> float:
    """Return one real number as a float.

    Raises TypeError for anything else, booleans, strings and arrays included, and
    OverflowError for an integer or fraction too large for a float.
    """
    if type(number) is int or (
        isinstance(number, numbers.Real) and not isinstance(number, bool)
    ):
        try:
            return float(number)
        except OverflowError:
            raise OverflowError(
                "a Value holds a float, at most about 1.8e308: the "
                f"{type(number).__name__} given is too large"
            ) from None
    if isinstance(number, Refusals):
        raise TypeError("a Value is made from a number, got a Value: use that one")
    raise TypeError(
        "a Value works on one real number at a time: expected an int, a float or "
        f"a Value, got {type(number).__name__}"
    )


def _refuse(what: str, derivative: str = "") -> NoReturn:
    """Raise TypeError: what was tried, and what to write for a Value v."""
    hint = f", or {derivative} to keep its derivative" if derivative else ""
    raise TypeError(f"{what}: write v.data for the number of a Value v{hint}")


def _comparison(sign: str) -> Callable[[Any, object], bool]:
    """Return the method of <, <=, > or >=, which max, min and sorted call too."""

    def compare(self: Any, other: object) -> bool:
        _refuse(
            f"a Value has no '{sign}' (max, min and sorted use it)", _HINTS["maximum"]
        )

    return compare


def _operation(sign: str) -> Callable[[Any, object], NoReturn]:
    """Return the method of an operator that Value has no derivative for."""

    def operation(self: Any, other: object) -> NoReturn:
        _refuse(f"a Value has no '{sign}'")

    return operation


class Refusals:
    """The base of Value: no state, only refusals, all of them a TypeError.

    Two Values are equal if they are the same node, and hash so: a graph is full of
    different nodes that happen to hold the same number.
    """

    __slots__ = ()

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Refusals):
            return self is other
        if isinstance(other, numbers.Number):
            _refuse("'==' and '!=' cannot compare a Value with a number")
        return NotImplemented  # None, a string: not equal

    __lt__, __le__ = _comparison("<"), _comparison("<=")
    __gt__, __ge__ = _comparison(">"), _comparison(">=")

    __mod__ = __rmod__ = _operation("%")
    __floordiv__ = __rfloordiv__ = _operation("//")
    __divmod__ = __rdivmod__ = _operation("divmod")
    __matmul__ = __rmatmul__ = _operation("@")

    def __bool__(self) -> bool:
        _refuse("a Value is neither true nor false")

    def __float__(self) -> float:
        _refuse(
            "a Value is no float, which float() and the functions of math ask for",
            ".exp(), .log(), .tanh(), .relu() or **",
        )

    def __int__(self) -> int:
        _refuse("a Value is not an int")

    def __complex__(self) -> complex:
        _refuse("a Value is not a complex number")

    def __round__(self, ndigits: int | None = None) -> NoReturn:
        _refuse("a Value cannot be rounded")

    def __trunc__(self) -> NoReturn:
        _refuse("a Value cannot be rounded")

    __floor__ = __ceil__ = __trunc__

    def __abs__(self) -> NoReturn:
        _refuse("a Value has no abs", _HINTS["absolute"])

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        raise TypeError(
            f"a Value has no format '{spec}': write {{v.data:{spec}}} for the number "
            "of a Value v"
        )

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: object, **kwargs: object
    ) -> Any:
        """Take an operator with a number of NumPy, refuse every other function."""
        operation = _OPERATORS.get(ufunc.__name__)
        if operation and method == "__call__" and not kwargs:
            return operation(
                *(i if isinstance(i, Refusals) else as_float(i) for i in inputs)
            )
        _refuse(
            f"NumPy has no '{ufunc.__name__}' of a Value",
            _HINTS.get(ufunc.__name__, ""),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy or pickle a leaf, its number and its grad; refuse any other node.

        A node is nothing without its graph, and the order of a graph is the order in
        which this process made it.
        """
        leaf: Any = self
        if leaf.children:
            raise TypeError(
                f"this Value is the result of '{leaf.op}', and only leaves can be "
                "copied or pickled: copy its leaves, then compute it again"
            )
        rest = getattr(self, "__dict__", None)  # of a subclass
        return type(self), (leaf.data,), (rest, {"grad": leaf.grad})
