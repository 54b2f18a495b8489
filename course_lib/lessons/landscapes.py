"""Test functions of two parameters with known minima: small loss landscapes.

Plain arithmetic, so that each runs on floats, on ``Value`` and on arrays alike.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "MINIMA",
    "bowl",
    "canyon",
    "gorge",
    "plateau",
    "rosenbrock",
    "two_valleys",
]


def bowl(x: Any, y: Any) -> Any:
    """Return (x^2 + y^2) / 2: curvature 1 everywhere, minimum 0 at (0, 0)."""
    return (x * x + y * y) / 2


def canyon(x: Any, y: Any) -> Any:
    """Return (x^2 + 25 y^2) / 2: 25 times steeper across than along."""
    return (x * x + 25 * y * y) / 2


def gorge(x: Any, y: Any) -> Any:
    """Return (x^2 + 100 y^2) / 2: 100 times more curved across than along."""
    return (x * x + 100 * y * y) / 2


def plateau(x: Any, y: Any) -> Any:
    """Return r^2 / (1 + r^2): a hole in a plain that is flatter the further out."""
    r2 = x * x + y * y
    return r2 / (1 + r2)


def two_valleys(x: Any, y: Any) -> Any:
    """Return (x^2 - 1)^2 + 0.3 x + y^2: a deep valley on the left, a shallow one right.

    The lower minimum is at x = -1.0356, the higher one at x = 0.9601; between them, at
    x = 0.0754, lies a saddle. All three have y = 0.
    """
    return (x * x - 1) ** 2 + 0.3 * x + y * y


def rosenbrock(x: Any, y: Any) -> Any:
    """Return (1 - x)^2 + 100 (y - x^2)^2 (Rosenbrock, 1960): a curved, flat valley."""
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


MINIMA: dict[str, tuple[float, float]] = {
    "bowl": (0.0, 0.0),
    "canyon": (0.0, 0.0),
    "gorge": (0.0, 0.0),
    "plateau": (0.0, 0.0),
    "two_valleys": (-1.0355787, 0.0),
    "rosenbrock": (1.0, 1.0),
}
