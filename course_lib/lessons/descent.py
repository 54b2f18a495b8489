"""Gradient descent on a function of two parameters, one iterate at a time.

A loss is any function of two numbers that returns one: those of ``landscapes``, or the
loss of a model with two parameters. An iterate never changes; each step returns a new
one, so that a descent is a list and can be replayed. On the page, an iterate is a
walker in fog: it knows the loss and the gradient where it stands, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_lib.gradients import finite_difference

__all__ = [
    "COMPASS",
    "Iterate",
    "LossFunction",
    "LossGrid",
    "classify_point",
    "compass_steps",
    "describe_gradient",
    "gradient_descent",
    "gradient_step",
    "iterate_at",
    "keys_within",
    "loss_grid",
    "take_step",
]

LossFunction = Callable[[float, float], float]
Point = tuple[float, float]

COMPASS: dict[str, Point] = {
    "n": (0.0, 1.0),
    "e": (1.0, 0.0),
    "s": (0.0, -1.0),
    "w": (-1.0, 0.0),
}
SIDES = (  # from the east, turning north
    *("east", "north-east", "north", "north-west"),
    *("west", "south-west", "south", "south-east"),
)


class Iterate(NamedTuple):
    """One point of a descent, with the loss and the gradient there."""

    position: Point  # the two parameters
    loss: float
    gradient: Point  # by finite differences
    step: int  # steps taken so far

    @property
    def gradient_norm(self) -> float:
        """The Euclidean norm of the gradient: 0 on level ground."""
        return math.hypot(*self.gradient)


def iterate_at(loss: LossFunction, position: Point, step: int = 0) -> Iterate:
    """Evaluate loss and gradient at a position, by central differences.

    Where the loss is too large for a float, it is inf and the gradient is nan.
    """

    def evaluate(x: float, y: float) -> float:
        try:
            return float(loss(x, y))
        except OverflowError:
            return math.inf

    x, y = float(position[0]), float(position[1])
    here = evaluate(x, y)
    if not math.isfinite(here):
        return Iterate((x, y), here, (math.nan, math.nan), step)
    nudge = 1e-5 * max(1.0, abs(x), abs(y))  # far out, less is lost in round-off
    dx, dy = finite_difference(evaluate, x, y, nudge=nudge)
    return Iterate((x, y), here, (dx, dy), step)


def take_step(loss: LossFunction, iterate: Iterate, update: Point) -> Iterate:
    """Return the next iterate: position + update, whoever chose the update."""
    (x, y), (dx, dy) = iterate.position, update
    return iterate_at(loss, (x + dx, y + dy), iterate.step + 1)


def gradient_step(
    loss: LossFunction, iterate: Iterate, learning_rate: float
) -> Iterate:
    """Take one step of gradient descent: update = -learning_rate * gradient."""
    dx, dy = iterate.gradient
    return take_step(loss, iterate, (-learning_rate * dx, -learning_rate * dy))


def gradient_descent(
    loss: LossFunction, start: Point, learning_rate: float, steps: int
) -> list[Iterate]:
    """Return every iterate of a gradient descent: the start and ``steps`` more."""
    iterates = [iterate_at(loss, start)]
    for _ in range(steps):
        iterates.append(gradient_step(loss, iterates[-1], learning_rate))
    return iterates


def compass_steps(
    loss: LossFunction, start: Point, keys: str, step_size: float
) -> list[Iterate]:
    """Return every iterate of steps chosen by hand: n, e, s or w, each of one size.

    Raises ValueError for any other letter; capitals and spaces are welcome.
    """
    iterates = [iterate_at(loss, start)]
    for key in keys.lower().replace(" ", ""):
        if key not in COMPASS:
            raise ValueError(f"a walk is made of n, e, s and w, it cannot have {key!r}")
        dx, dy = COMPASS[key]
        iterates.append(take_step(loss, iterates[-1], (step_size * dx, step_size * dy)))
    return iterates


def keys_within(
    start: Point, keys: str, step_size: float, x_range: Point, y_range: Point
) -> str:
    """Return the keys without those whose step would leave the two ranges."""
    (x, y), inside = start, ""
    for key in keys:
        dx, dy = COMPASS[key]
        there = (x + step_size * dx, y + step_size * dy)
        if all(
            low <= at <= high
            for at, (low, high) in zip(there, (x_range, y_range), strict=True)
        ):
            (x, y), inside = there, inside + key
    return inside


def describe_gradient(iterate: Iterate) -> str:
    """Return the gradient in words: how steep the ground is, and where it falls."""
    norm = iterate.gradient_norm
    if not norm >= 0.001:
        return "too high up to feel" if math.isnan(norm) else "level"
    words = "almost level" if norm < 0.1 else "gentle" if norm < 1 else "steep"
    dx, dy = iterate.gradient
    eighth = round(math.atan2(-dy, -dx) / (math.pi / 4)) % 8
    return f"{words}, falling to the {SIDES[eighth]}"


def classify_point(loss: LossFunction, position: Point, radius: float = 0.1) -> str:
    """Classify a point by the loss on a small ring around it: minimum, saddle, ….

    'plateau' if the ring is level to one part in a hundred of its radius; otherwise by
    how often it crosses the loss of its centre: never is a 'valley floor' (a minimum)
    or a 'peak', twice is a 'slope', four times or more a 'saddle'.
    """
    x, y = position
    here = float(loss(x, y))
    ring = []
    for angle in np.arange(0, 2 * math.pi, math.pi / 16):
        there = loss(x + radius * math.cos(angle), y + radius * math.sin(angle))
        ring.append(float(there) - here)
    if max(map(abs, ring)) < 0.01 * radius:
        return "plateau"
    crossings = sum(
        (a > 0) != (b > 0) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
    )
    if crossings == 0:
        return "valley floor" if ring[0] > 0 else "peak"
    return "slope" if crossings == 2 else "saddle"


class LossGrid(NamedTuple):
    """The loss on a grid of positions: what a map is drawn from."""

    xs: np.ndarray  # (n,)
    ys: np.ndarray  # (n,)
    losses: np.ndarray  # (n, n): losses[i, j] at (xs[j], ys[i])


def loss_grid(
    loss: LossFunction, x_range: Point, y_range: Point, n: int = 101
) -> LossGrid:
    """Evaluate a loss on an n by n grid over two ranges (low, high)."""
    xs, ys = np.linspace(*x_range, n), np.linspace(*y_range, n)
    losses = np.array([[loss(x, y) for x in xs] for y in ys], dtype=float)
    return LossGrid(xs, ys, losses)
