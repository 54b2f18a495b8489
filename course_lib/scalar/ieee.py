"""Arithmetic that follows IEEE 754 where Python's own would raise.

``Value`` is for learning, and a learner meets division by zero, the exponential of
1,000 and the logarithm of 0. Python raises three different errors there; NumPy and
JAX return inf or nan and let the loss show it. These functions do as NumPy does.
"""

from __future__ import annotations

import math

__all__ = ["divide", "exp", "log", "power", "sigmoid"]


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
