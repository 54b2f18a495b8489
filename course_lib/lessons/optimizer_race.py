"""Optimizers compared on test functions: one start, many learning rates at a time.

A loss is a function of two numbers that runs on JAX arrays, such as those of
``landscapes``. An optimizer is given by the function that makes it from a learning
rate, such as ``sgd``, ``momentum`` and ``adam``. On the page this is a race: optimizers
are runners, test functions mountains.
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
    "LEARNING_RATES",
    "OPTIMIZERS",
    "TEST_FUNCTIONS",
    "BestRun",
    "Objective",
    "best_run",
    "steps_to_target",
    "trajectories",
    "trajectory",
]

LossFunction = Callable[[Any, Any], Any]
Point = tuple[float, float]
MakeOptimizer = Callable[[Any], Optimizer]


class Objective(NamedTuple):
    """A loss to minimize, from where, and the part of it that a map shows."""

    loss: LossFunction
    start: Point
    minimum: float  # its lowest value
    x_range: Point
    y_range: Point


TEST_FUNCTIONS = {
    "bowl": Objective(landscapes.bowl, (2.5, 1.5), 0.0, (-3, 3), (-2.6, 2.6)),
    "gorge": Objective(landscapes.gorge, (2.5, 0.5), 0.0, (-3, 3), (-0.8, 0.8)),
    "plateau": Objective(landscapes.plateau, (5.5, 4.0), 0.0, (-7, 7), (-6, 6)),
    "two valleys": Objective(
        landscapes.two_valleys, (1.45, 0.9), -0.3054, (-1.8, 1.8), (-1.2, 1.2)
    ),
    "Rosenbrock": Objective(landscapes.rosenbrock, (-1.2, 1.0), 0.0, (-2, 2), (-1, 3)),
}
OPTIMIZERS: dict[str, MakeOptimizer] = {
    "plain descent": optimizers.sgd,
    "momentum": optimizers.momentum,
    "Adam": optimizers.adam,
}
LEARNING_RATES = 10.0 ** np.arange(-4, 1.01, 0.25)  # 0.0001 to 10, 4 in a factor of 10


def trajectory(
    optimizer: Optimizer, loss: LossFunction, start: jax.Array, steps: int
) -> jax.Array:
    """Return every position of one run, the start included: (steps + 1, 2)."""
    gradient = jax.grad(lambda position: loss(*position))

    def step(carry: Any, _: None) -> Any:
        position, opt_state = carry
        updates, opt_state = optimizer.update(gradient(position), opt_state)
        position = apply_updates(position, updates)
        return (position, opt_state), position

    carry = (start, optimizer.init(start))
    _, positions = jax.lax.scan(step, carry, length=steps)
    return jnp.concatenate([start[None], positions])


def trajectories(
    make: MakeOptimizer,
    loss: LossFunction,
    start: Point,
    learning_rates: ArrayLike,
    steps: int,
) -> np.ndarray:
    """Return one trajectory for each learning rate: (rates, steps + 1, 2).

    One that overflows goes on as inf or nan.
    """
    rates = jnp.atleast_1d(jnp.asarray(learning_rates, dtype=float))
    position = jnp.asarray(start, dtype=float)
    return np.asarray(_compiled(make, loss, steps)(rates, position))


@functools.lru_cache(maxsize=32)
def _compiled(make: MakeOptimizer, loss: LossFunction, steps: int) -> Any:
    """Compile once for all rates and starts, so that a moved slider need not wait."""

    def all_rates(rates: jax.Array, start: jax.Array) -> jax.Array:
        return jax.vmap(lambda rate: trajectory(make(rate), loss, start, steps))(rates)

    return jax.jit(all_rates)


def steps_to_target(losses: ArrayLike, target: float) -> int | None:
    """Return the first step from which on the loss stays at or below a target.

    None if it is above the target at its end, or nan there.
    """
    above = np.flatnonzero(~(np.asarray(losses) <= target))
    first = int(above[-1]) + 1 if len(above) else 0
    return first if first < np.size(losses) else None


class BestRun(NamedTuple):
    """One optimizer's run with the best of the learning rates it tried."""

    learning_rate: float  # the best: soonest at the target, or lowest at the end
    trajectory: np.ndarray  # (steps + 1, 2), with that rate
    losses: np.ndarray  # (steps + 1,) above the minimum, with that rate
    steps: int | None  # to the target; None: not within the budget
    n_good: int  # how many of the rates reach the target


def best_run(
    make: MakeOptimizer,
    loss: LossFunction,
    start: Point,
    minimum: float,
    learning_rates: ArrayLike,
    *,
    steps: int = 1000,
    target: float = 1e-3,
) -> BestRun:
    """Run an optimizer with each learning rate, and return its best run.

    ``minimum`` is the lowest loss; the target is reached within ``target`` of it.
    """
    rates = np.atleast_1d(np.asarray(learning_rates, dtype=float))
    paths = trajectories(make, loss, start, rates, steps)
    with np.errstate(all="ignore"):  # a run that diverged
        losses = np.asarray(loss(paths[..., 0], paths[..., 1])) - minimum
    needed = [steps_to_target(row, target) for row in losses]
    last = np.nan_to_num(losses[:, -1], nan=np.inf)
    order = [
        (steps + 1 if n is None else n, final)
        for n, final in zip(needed, last, strict=True)
    ]
    best = min(range(len(rates)), key=order.__getitem__)
    n_good = sum(n is not None for n in needed)
    return BestRun(float(rates[best]), paths[best], losses[best], needed[best], n_good)
