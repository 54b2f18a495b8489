"""Gradient descent on a quadratic: the factor by which each step contracts.

With curvature k and learning rate η, every step multiplies the distance to the minimum
by 1 - η k. On the page, the quadratic is a bowl and the steps are strides.
"""

from __future__ import annotations

from typing import Any

__all__ = ["REGIMES", "contraction_factor", "quadratic_descent", "regime"]

REGIMES = (
    "crawls",
    "arrives",
    "lands in one step",
    "swings and arrives",
    "swings for ever",
    "flies off",
)
SLOW = 0.8  # of the distance left after each step: 20 steps leave more than 1 %


def quadratic_descent(
    learning_rate: float, curvature: float, start: float, steps: int
) -> list[float]:
    """Return the iterates of gradient descent on curvature * x^2 / 2, with the start.

    The gradient at x is curvature * x.
    """
    iterates = [start]
    for _ in range(steps):
        x = iterates[-1]
        iterates.append(x - learning_rate * (curvature * x))
    return iterates


def contraction_factor(learning_rate: Any, curvature: Any) -> Any:
    """Return the factor by which each step multiplies x: 1 - learning_rate * k."""
    return 1 - learning_rate * curvature


def regime(factor: float, tolerance: float = 1e-9) -> str:
    """Return how a descent behaves whose contraction factor is ``factor``.

    It converges if the factor is between -1 and 1, oscillates if it is negative.
    """
    if abs(factor) <= tolerance:
        return "lands in one step"
    if abs(factor + 1) <= tolerance:
        return "swings for ever"
    if factor < -1:
        return "flies off"
    if factor < 0:
        return "swings and arrives"
    return "crawls" if factor > SLOW else "arrives"
