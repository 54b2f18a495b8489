"""A walker in fog: where it stands, how high, how steep, and where a step leads.

A landscape is any function of two numbers that returns an altitude: those of
``landscapes``, or the loss of a model with two parameters. A walker never
changes; each step returns a new one, so that a walk is a list and can be replayed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_lib.gradients import finite_difference

__all__ = [
    "COMPASS",
    "Terrain",
    "Walker",
    "descend",
    "follow",
    "look_around",
    "move",
    "slope_in_words",
    "stand",
    "step_down",
    "survey",
    "within",
]

Landscape = Callable[[float, float], float]
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


class Walker(NamedTuple):
    """All that a walker in fog knows at one moment."""

    position: Point  # the two parameters
    altitude: float  # the loss there
    slope: Point  # the gradient there, felt by nudging
    steps: int  # taken so far

    @property
    def steepness(self) -> float:
        """The length of the gradient: 0 on level ground."""
        return math.hypot(*self.slope)


def stand(landscape: Landscape, position: Point, steps: int = 0) -> Walker:
    """Return a walker at a position; it feels the slope with four small nudges.

    Where the altitude is too large for a float, it is inf and the slope is nan.
    """

    def altitude(x: float, y: float) -> float:
        try:
            return float(landscape(x, y))
        except OverflowError:
            return math.inf

    x, y = float(position[0]), float(position[1])
    here = altitude(x, y)
    if not math.isfinite(here):
        return Walker((x, y), here, (math.nan, math.nan), steps)
    nudge = 1e-5 * max(1.0, abs(x), abs(y))  # far out, less is lost in round-off
    east, north = finite_difference(altitude, x, y, nudge=nudge)
    return Walker((x, y), here, (east, north), steps)


def move(landscape: Landscape, walker: Walker, by: Point) -> Walker:
    """Return the walker one step on, wherever it chose to go."""
    (x, y), (dx, dy) = walker.position, by
    return stand(landscape, (x + dx, y + dy), walker.steps + 1)


def step_down(landscape: Landscape, walker: Walker, learning_rate: float) -> Walker:
    """Return the walker one step of gradient descent on: -learning_rate * slope."""
    dx, dy = walker.slope
    return move(landscape, walker, (-learning_rate * dx, -learning_rate * dy))


def descend(
    landscape: Landscape, start: Point, learning_rate: float, steps: int
) -> list[Walker]:
    """Return every moment of a gradient descent: the start and ``steps`` more."""
    walk = [stand(landscape, start)]
    for _ in range(steps):
        walk.append(step_down(landscape, walk[-1], learning_rate))
    return walk


def follow(
    landscape: Landscape, start: Point, keys: str, stride: float
) -> list[Walker]:
    """Return every moment of a walk by keys: n, e, s, w, one stride each.

    Raises ValueError for any other letter; capitals and spaces are welcome.
    """
    walk = [stand(landscape, start)]
    for key in keys.lower().replace(" ", ""):
        if key not in COMPASS:
            raise ValueError(f"a walk is made of n, e, s and w, it cannot have {key!r}")
        dx, dy = COMPASS[key]
        walk.append(move(landscape, walk[-1], (stride * dx, stride * dy)))
    return walk


def within(
    start: Point, keys: str, stride: float, x_range: Point, y_range: Point
) -> str:
    """Return the keys without the steps that would lead off a map."""
    (x, y), kept = start, ""
    for key in keys:
        east, north = COMPASS[key]
        there = (x + stride * east, y + stride * north)
        if all(
            low <= at <= high
            for at, (low, high) in zip(there, (x_range, y_range), strict=True)
        ):
            (x, y), kept = there, kept + key
    return kept


def slope_in_words(walker: Walker) -> str:
    """Say how steep the ground is under the feet, and to which side it falls."""
    steep = walker.steepness
    if not steep >= 0.001:
        return "too high up to feel" if math.isnan(steep) else "level"
    words = "almost level" if steep < 0.1 else "gentle" if steep < 1 else "steep"
    east, north = walker.slope
    eighth = round(math.atan2(-north, -east) / (math.pi / 4)) % 8
    return f"{words}, falling to the {SIDES[eighth]}"


def look_around(landscape: Landscape, position: Point, radius: float = 0.1) -> str:
    """Return what kind of place this is, from the altitude of a small ring around it.

    'plateau' if the ring is level to one part in a hundred of its radius; otherwise by
    how often it crosses the altitude of its middle: never is a 'valley floor' or a
    'peak', twice is a 'slope', four times or more a 'saddle'.
    """
    x, y = position
    here = float(landscape(x, y))
    ring = []
    for angle in np.arange(0, 2 * math.pi, math.pi / 16):
        there = landscape(x + radius * math.cos(angle), y + radius * math.sin(angle))
        ring.append(float(there) - here)
    if max(map(abs, ring)) < 0.01 * radius:
        return "plateau"
    crossings = sum(
        (a > 0) != (b > 0) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
    )
    if crossings == 0:
        return "valley floor" if ring[0] > 0 else "peak"
    return "slope" if crossings == 2 else "saddle"


class Terrain(NamedTuple):
    """The altitudes of a landscape on a grid: what a map is drawn from."""

    xs: np.ndarray  # (n,)
    ys: np.ndarray  # (n,)
    altitudes: np.ndarray  # (n, n): altitudes[i, j] at (xs[j], ys[i])


def survey(
    landscape: Landscape, x_range: Point, y_range: Point, n: int = 101
) -> Terrain:
    """Return the altitudes on an n by n grid over two ranges (low, high)."""
    xs, ys = np.linspace(*x_range, n), np.linspace(*y_range, n)
    altitudes = np.array([[landscape(x, y) for x in xs] for y in ys], dtype=float)
    return Terrain(xs, ys, altitudes)
