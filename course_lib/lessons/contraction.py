"""One parameter in a bowl: where a learning rate leads, and what to call it."""

from __future__ import annotations

from typing import Any

__all__ = ["REGIMES", "bowl_walk", "regime", "stride_factor"]

REGIMES = (
    "crawls",
    "arrives",
    "lands in one step",
    "swings and arrives",
    "swings for ever",
    "flies off",
)
CRAWL = 0.8  # of the distance left after each step: 20 steps leave more than 1 %


def bowl_walk(rate: float, curvature: float, start: float, steps: int) -> list[float]:
    """Return the places of a descent in the bowl curvature * x^2 / 2, with the start.

    Its slope at x is curvature * x.
    """
    path = [start]
    for _ in range(steps):
        x = path[-1]
        path.append(x - rate * (curvature * x))
    return path


def stride_factor(rate: Any, curvature: Any) -> Any:
    """Return by what each step multiplies the place: 1 - rate * curvature."""
    return 1 - rate * curvature


def regime(factor: float, tolerance: float = 1e-9) -> str:
    """Return what a walk does whose steps multiply its place by ``factor``."""
    if abs(factor) <= tolerance:
        return "lands in one step"
    if abs(factor + 1) <= tolerance:
        return "swings for ever"
    if factor < -1:
        return "flies off"
    if factor < 0:
        return "swings and arrives"
    return "crawls" if factor > CRAWL else "arrives"
