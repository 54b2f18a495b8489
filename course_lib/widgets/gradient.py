"""The interactive figures of notebook 02: finite differences, a descent in fog."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.gradients import finite_difference, forward_difference, split_error
from course_lib.lessons import descent, landscapes
from course_lib.widgets.controls import Choice, Pad, Replay, Slider, Toggle
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle

__all__ = ["nudge_size", "walk_in_fog"]

X = 1.1  # where the cube is nudged


def cube(x: Any) -> Any:
    """Return the volume of a cube."""
    return x * x * x


def cube_slope(x: Any) -> Any:
    """Return the slope of the volume: three faces get a thin new layer."""
    return 3 * x * x


def nudge_size() -> InteractiveFigure:
    """Choose the step of a finite difference; see truncation and round-off error."""
    nudges = 10.0 ** (np.arange(-64, 1) / 4)
    ways = {"nudged up": forward_difference, "nudged up and down": finite_difference}
    found = {
        name: [split_error(way, cube, cube_slope, X, h) for h in nudges.tolist()]
        for name, way in ways.items()
    }
    errors = {
        name: np.array([abs(one.slope - cube_slope(X)) for one in series])
        for name, series in found.items()
    }
    offsets = np.linspace(-2, 2, 161)

    def draw(axes: np.ndarray, way: str, h: float) -> str:
        at = int(np.argmin(np.abs(nudges - h)))
        here, error = found[way][at], float(errors[way][at])

        def seen(nudges_away: Any) -> Any:
            """Return how far the volume moves, as the computer has it."""
            return (cube(X + nudges_away * h) - cube(X)) / (cube_slope(X) * h)

        lower = -1.0 if way == "nudged up and down" else 0.0
        plots.magnified_nudge(
            offsets,
            seen(offsets),
            ((lower, seen(lower)), (1.0, seen(1.0))),
            here.slope / cube_slope(X),
            title="through a magnifier",
            ax=axes[0],
        )
        rules = "curve" if abs(here.curve) > abs(here.rounding) else "round-off"
        plots.nudge_errors(
            nudges,
            errors,
            here=(h, error),
            rules=rules,
            title="its error",
            ax=axes[1],
        )
        at_h = (h, max(error, 3 * axes[1].get_ylim()[0]))  # 0 has no place
        label = "another size of the nudge"
        add_handle(axes[1], label, at_h, everywhere=True).across("h", nudges.tolist())
        return (
            f"Nudge {h:.2g}: slope {here.slope:.12g}, off by {error:.2g}. "
            f"The curve's part is {abs(here.curve):.2g}, round-off's "
            f"{abs(here.rounding):.2g}: {'the ' * (rules == 'curve')}{rules} is larger."
        )

    size = Slider("h", "size of the nudge", nudges.tolist(), 1.0, "{:.2g}".format)
    which = Choice("way", "way to nudge", {name: name for name in ways}, "nudged up")
    axes = plots.panels(1, 2, width=10.4, height=4.4)
    return InteractiveFigure(
        "nudge_size", "How small should a nudge be?", draw, [size, which], axes
    )


class Land(NamedTuple):
    """A landscape to walk on: its map, where the walk starts, how long a step is."""

    height: descent.LossFunction
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    start: tuple[float, float]
    stride: float


LANDS = {
    "two valleys": Land(
        landscapes.two_valleys, (-1.8, 1.8), (-1.2, 1.2), (1.4, 0.8), 0.2
    ),
    "a canyon": Land(landscapes.canyon, (-3.0, 3.0), (-2.0, 2.0), (2.6, 1.4), 0.2),
    "a plateau": Land(landscapes.plateau, (-6.0, 6.0), (-4.0, 4.0), (5.0, 3.5), 0.5),
}
AROUND = {
    "valley floor": " All around it is higher: a valley floor.",
    "saddle": " Higher on two sides, lower on two: a saddle.",
    "plateau": " All around it is level: a plateau.",
    "peak": " All around it is lower: a peak.",
    "slope": "",
}
LONGEST = 300  # letters of one walk
RECORDED = 25  # steps downhill in a recording


@cache
def _terrain(name: str) -> descent.LossGrid:
    land = LANDS[name]
    return descent.loss_grid(land.height, land.x_range, land.y_range)


def _steps_inside(land: Land, keys: str) -> str:
    """Return the steps that stay on the map; the walker does not take the others."""
    rim = 0.02 * land.x_range[1]  # so that all of the walker is seen
    (left, right), (bottom, top) = land.x_range, land.y_range
    inside = (left + rim, right - rim), (bottom + rim, top - rim)
    return descent.keys_within(land.start, keys, land.stride, *inside)


def walk_in_fog() -> InteractiveFigure:
    """Descend by keys, seeing only the local gradient; lift the fog to see the map."""

    def draw(ax: Axes, name: str, keys: str, lifted: bool) -> str:
        land, terrain = LANDS[name], _terrain(name)
        inside = _steps_inside(land, keys)
        walked = descent.compass_steps(land.height, land.start, inside, land.stride)
        here = walked[-1]
        row, column = np.unravel_index(terrain.losses.argmin(), terrain.losses.shape)
        lowest = float(terrain.losses[row, column])
        words = f"altitude {lowest:.2f}: lowest".replace("-", "−")
        marks = {words: (float(terrain.xs[column]), float(terrain.ys[row]))}
        wide = land.x_range[1]
        plots.walk_map(
            terrain,
            walked,
            fog=0.0 if lifted else 1.0,
            sight=wide / 7,
            arrow=wide / 6,
            marks=marks if lifted else None,
            title=f"Step {here.step}: altitude {here.loss:.2f}".replace("-", "−"),
            ax=ax,
        )
        _add_steps(ax, land, keys, here.position)
        kind = descent.classify_point(land.height, here.position, land.stride)
        message = (
            f"Step {here.step}: altitude {here.loss:.2f}, the ground is "
            f"{descent.describe_gradient(here)}.{AROUND[kind]}"
        )
        if lifted:
            message += _verdict(kind, here.loss, lowest, float(terrain.losses.max()))
        if len(keys) == LONGEST:
            message += f" {LONGEST} keys are the most: start again."
        elif keys and len(_steps_inside(land, keys[:-1])) == len(inside):
            message += " The map ends here: that step was not taken."
        return message.replace("altitude -", "altitude −")

    pad = Pad(
        "keys",
        "walk (arrow keys)",
        {
            "n": ("North", "ArrowUp"),
            "w": ("West", "ArrowLeft"),
            "e": ("East", "ArrowRight"),
            "s": ("South", "ArrowDown"),
        },
        max_length=LONGEST,
        examples=("ssssww", "ssss" + 12 * "w", 9 * "n", 40 * "s", LONGEST * "e"),
    )
    names = {name: name for name in LANDS}
    which = Choice("name", "landscape", names, "two valleys", resets=("keys", "lifted"))
    fog = Toggle("lifted", "lift the fog")
    step = Slider("step", "step downhill", range(RECORDED + 1), 0, play=True)
    walks = cache(_downhill)

    def draw_recorded(ax: Axes, step: int, name: str, lifted: bool) -> str:
        return draw(ax, name, walks(name)[:step], lifted)

    return InteractiveFigure(
        "walk_in_fog",
        "A walk in fog",
        draw,
        [pad, which, fog],
        plots.panels(width=7.6, height=5.4),
        replay=lambda: Replay([step, which, fog], draw_recorded),
    )


def _add_steps(ax: Axes, land: Land, keys: str, here: tuple[float, float]) -> None:
    """Let a pointer on the ground choose the step that leads towards it."""
    walks, places = [keys], [here]
    inside = _steps_inside(land, keys)
    for letter, (x, y) in descent.COMPASS.items():
        if len(keys) < LONGEST and _steps_inside(land, keys + letter) != inside:
            walks.append(keys + letter)
            places.append((here[0] + x * land.stride, here[1] + y * land.stride))
    step = add_handle(
        ax, "a step towards the pointer", here, everywhere=True, follow=True
    )
    step.pick("keys", walks, places)


def _downhill(name: str) -> str:
    """Return the steps of a walker who always takes the one that descends most."""
    land, keys = LANDS[name], ""
    for _ in range(RECORDED):
        walks = [_steps_inside(land, keys + key) for key in ("", *"nwes")]
        ends = [
            descent.compass_steps(land.height, land.start, walk, land.stride)[-1]
            for walk in walks
        ]
        keys = min(zip(walks, ends, strict=True), key=lambda pair: pair[1].loss)[0]
    return keys


def _verdict(kind: str, altitude: float, lowest: float, highest: float) -> str:
    """Say whether a walk has arrived: on a floor, and none is clearly lower."""
    if altitude - lowest < 0.02 * (highest - lowest) and kind == "valley floor":
        return " You have arrived: no valley is deeper."
    if kind == "valley floor":
        return f" But the deepest valley lies {altitude - lowest:.2f} below you."
    return f" You fall short: the lowest place is {altitude - lowest:.2f} below you."
