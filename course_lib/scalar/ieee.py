"""Arithmetic that follows IEEE 754 where Python's own would raise.

``Value`` is for learning, and a learner meets division by zero, the exponential of
1,000 and the logarithm of 0. Python raises three different errors there; NumPy and
JAX return inf or nan and let the loss show it. These functions do as NumPy does.
"""

from __future__ import annotations

import math
import numbers

__all__ = ["as_float", "divide", "exp", "log", "power", "sigmoid"]


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
    raise TypeError(
        "a Value works on one real number at a time: expected an int, a float or "
        f"a Value, got {type(number).__name__}"
    )


def divide(numerator: float, denominator: float) -> float:
    """Divide; by zero gives inf with the right sign, 0 / 0 gives nan."""
    if denominator != 0.0:
        return numerator / denominator
    if numerator == 0.0 or math.isnan(numerator):
        return math.nan
    return math.copysign(math.inf, numerator) * math.copysign(1.0, denominator)


def exp(x: float) -> float:
    """Return e to the power x; inf above about 709.78."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """Return the natural logarithm; -inf at 0, nan below 0."""
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


def power(base: float, exponent: float) -> float:
    """Return base ** exponent; never complex, inf on overflow and at 0 ** negative."""
    odd = exponent % 2.0 == 1.0 if math.isfinite(exponent) else False
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0.0 and odd else math.inf
    except ValueError:
        if base == 0.0:
            return math.copysign(math.inf, base) if odd else math.inf
        return math.nan


def sigmoid(x: float) -> float:
    """Return 1 / (1 + e^-x) without overflow on either side."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))
