"""A race down a mountain: one optimizer, one start, many learning rates at a time.

A landscape is a function of two numbers that runs on JAX arrays, such as those of
``landscapes``. An optimizer is given by the function that makes it from a
learning rate, such as ``sgd``, ``momentum`` and ``adam``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from course_lib import optimizers
from course_lib.lessons import landscapes
from course_lib.optimizers import Optimizer, apply_updates

__all__ = [
    "MOUNTAINS",
    "RATES",
    "RUNNERS",
    "Entry",
    "Mountain",
    "enter",
    "steps_to_target",
    "walk",
    "walks",
]

Landscape = Callable[[Any, Any], Any]
Point = tuple[float, float]
MakeOptimizer = Callable[[Any], Optimizer]


class Mountain(NamedTuple):
    """Where a race is run."""

    landscape: Landscape
    start: Point
    floor: float  # its lowest altitude
    x_range: Point  # of its map
    y_range: Point


MOUNTAINS = {
    "bowl": Mountain(landscapes.bowl, (2.5, 1.5), 0.0, (-3, 3), (-2.6, 2.6)),
    "gorge": Mountain(landscapes.gorge, (2.5, 0.5), 0.0, (-3, 3), (-0.8, 0.8)),
    "plateau": Mountain(landscapes.plateau, (5.5, 4.0), 0.0, (-7, 7), (-6, 6)),
    "two valleys": Mountain(
        landscapes.two_valleys, (1.45, 0.9), -0.3054, (-1.8, 1.8), (-1.2, 1.2)
    ),
    "Rosenbrock": Mountain(landscapes.rosenbrock, (-1.2, 1.0), 0.0, (-2, 2), (-1, 3)),
}
RUNNERS: dict[str, MakeOptimizer] = {
    "plain descent": optimizers.sgd,
    "momentum": optimizers.momentum,
    "Adam": optimizers.adam,
}
RATES = 10.0 ** np.arange(-4, 1.01, 0.25)  # 0.0001 to 10, four in each factor of ten


def walk(
    optimizer: Optimizer, landscape: Landscape, start: jax.Array, steps: int
) -> jax.Array:
    """Return every position of one walk, the start included: (steps + 1, 2)."""
    slope = jax.grad(lambda position: landscape(*position))

    def step(moment: Any, _: None) -> Any:
        position, state = moment
        updates, state = optimizer.update(slope(position), state)
        position = apply_updates(position, updates)
        return (position, state), position

    moment = (start, optimizer.init(start))
    _, positions = jax.lax.scan(step, moment, length=steps)
    return jnp.concatenate([start[None], positions])


def walks(
    make: MakeOptimizer,
    landscape: Landscape,
    start: Point,
    rates: ArrayLike,
    steps: int,
) -> np.ndarray:
    """Return one walk for each learning rate: (rates, steps + 1, 2).

    A walk that leaves the numbers behind goes on as inf or nan.
    """
    rates = jnp.atleast_1d(jnp.asarray(rates, dtype=float))
    place = jnp.asarray(start, dtype=float)
    return np.asarray(_compiled(make, landscape, steps)(rates, place))


@functools.lru_cache(maxsize=32)
def _compiled(make: MakeOptimizer, landscape: Landscape, steps: int) -> Any:
    """Compile once for all rates and starts, so that a moved slider need not wait."""

    def all_rates(rates: jax.Array, start: jax.Array) -> jax.Array:
        return jax.vmap(lambda rate: walk(make(rate), landscape, start, steps))(rates)

    return jax.jit(all_rates)


def steps_to_target(heights: ArrayLike, target: float) -> int | None:
    """Return the first step from which on a walk stays at or below a height.

    None if it is above the target at its end, or no number there.
    """
    above = np.flatnonzero(~(np.asarray(heights) <= target))
    first = int(above[-1]) + 1 if len(above) else 0
    return first if first < np.size(heights) else None


class Entry(NamedTuple):
    """How one optimizer did on one landscape, with the best of the rates it tried."""

    rate: float  # the best: soonest at the target, or lowest at the end
    path: np.ndarray  # (steps + 1, 2), with that rate
    heights: np.ndarray  # (steps + 1,) above the floor, with that rate
    steps: int | None  # to the target; None: not within the budget
    n_good: int  # how many of the rates reach the target


def enter(
    make: MakeOptimizer,
    landscape: Landscape,
    start: Point,
    floor: float,
    rates: ArrayLike,
    *,
    steps: int = 1000,
    target: float = 1e-3,
) -> Entry:
    """Let an optimizer walk with each rate, and return its best walk.

    ``floor`` is the lowest altitude of the landscape; the target is reached within
    ``target`` of it.
    """
    rates = np.atleast_1d(np.asarray(rates, dtype=float))
    paths = walks(make, landscape, start, rates, steps)
    with np.errstate(all="ignore"):  # a walk that left the numbers behind
        heights = np.asarray(landscape(paths[..., 0], paths[..., 1])) - floor
    needed = [steps_to_target(row, target) for row in heights]
    last = np.nan_to_num(heights[:, -1], nan=np.inf)
    order = [
        (steps + 1 if n is None else n, height)
        for n, height in zip(needed, last, strict=True)
    ]
    best = min(range(len(rates)), key=order.__getitem__)
    n_good = sum(n is not None for n in needed)
    return Entry(float(rates[best]), paths[best], heights[best], needed[best], n_good)
