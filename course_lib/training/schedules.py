"""Learning-rate schedules: the learning rate as a function of the step.

Each schedule takes the highest learning rate and the number of steps of the whole run,
and returns a function of the step, counted from 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["SCHEDULES", "Schedule", "constant", "cosine", "linear", "warmup"]

Schedule = Callable[[int], float]


def constant(learning_rate: float, steps: int) -> Schedule:
    """Constant learning rate, from the first step to the last."""
    return lambda step: learning_rate


def linear(learning_rate: float, steps: int) -> Schedule:
    """Linear decay to 0: learning_rate * (1 - step / steps)."""
    return lambda step: learning_rate * (1 - step / steps)


def cosine(learning_rate: float, steps: int) -> Schedule:
    """Cosine decay to 0: slowly, then fast, then slowly.

    learning_rate * (1 + cos(pi * step / steps)) / 2 (Loshchilov & Hutter, 2016,
    arXiv 1608.03983).
    """
    return lambda step: learning_rate * (1 + math.cos(math.pi * step / steps)) / 2


def warmup(learning_rate: float, steps: int) -> Schedule:
    """Linear warm-up over the first tenth of the steps, then cosine decay."""
    rising = max(1, steps // 10)
    falling = cosine(learning_rate, max(1, steps - rising))

    def rate(step: int) -> float:
        if step < rising:
            return learning_rate * (step + 1) / rising
        return falling(step - rising)

    return rate


SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "linear": linear,
    "cosine": cosine,
    "constant": constant,
    "warmup": warmup,
}
