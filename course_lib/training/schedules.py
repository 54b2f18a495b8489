"""Learning-rate schedules: the learning rate as a function of the step.

Each schedule takes the highest learning rate and the number of steps of the whole run,
and returns a function of the step, counted from 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from course_lib.bounds import BOUNDS, check_number, check_whole

__all__ = ["SCHEDULES", "Schedule", "constant", "cosine", "linear", "warmup"]

MAX_LEARNING_RATE = 1e300  # of the scalar engine, whose numbers end at 1e308
Schedule = Callable[[int], float]


def constant(learning_rate: float, steps: int) -> Schedule:
    """Constant learning rate, from the first step to the last."""
    _check(learning_rate, steps)
    return lambda step: learning_rate


def linear(learning_rate: float, steps: int) -> Schedule:
    """Linear decay to 0: learning_rate * (1 - step / steps)."""
    _check(learning_rate, steps)
    return lambda step: learning_rate * (1 - step / steps)


def cosine(learning_rate: float, steps: int) -> Schedule:
    """Cosine decay to 0: slowly, then fast, then slowly.

    learning_rate * (1 + cos(pi * step / steps)) / 2 (Loshchilov & Hutter, 2016,
    arXiv 1608.03983).
    """
    _check(learning_rate, steps)
    return lambda step: learning_rate * (1 + math.cos(math.pi * step / steps)) / 2


def warmup(learning_rate: float, steps: int) -> Schedule:
    """Linear warm-up over the first tenth of the steps, then cosine decay."""
    _check(learning_rate, steps)
    rising = max(1, steps // 10)
    falling = cosine(learning_rate, max(1, steps - rising))

    def rate(step: int) -> float:
        if step < rising:
            return learning_rate * (step + 1) / rising
        return falling(step - rising)

    return rate


def _check(learning_rate: float, steps: int) -> None:
    check_number("learning_rate", learning_rate, 0, MAX_LEARNING_RATE)
    check_whole("steps", steps, 1, BOUNDS["steps"][0])


SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "linear": linear,
    "cosine": cosine,
    "constant": constant,
    "warmup": warmup,
}
