"""The interactive figures of notebook 03: learning rates, a race of optimizers."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from course_lib import plots
from course_lib.lessons import contraction, descent, landscapes
from course_lib.lessons import optimizer_race as race
from course_lib.widgets.controls import Button, Choice, Control, Replay, Slider, Toggle
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle

__all__ = ["optimizer_race", "stride_lab"]

STEPS = 20  # of a walk in the bowl
TOP = 6.2  # altitude: the highest start in the narrowest bowl is inside


def stride_lab() -> InteractiveFigure:
    """Drag the learning rate of a quadratic; see where its descent diverges."""
    places = np.linspace(-1.6, 1.6, 161)
    rates = [i / 100 for i in range(1, 81)]
    curvatures = [i / 10 for i in range(25, 81)]
    starts = [i / 20 for i in range(-24, 25) if i]  # on the floor there is no descent

    def draw(axes: np.ndarray, rate: float, curvature: float, start: float) -> str:
        path = np.array(contraction.quadratic_descent(rate, curvature, start, STEPS))
        factor = contraction.contraction_factor(rate, curvature)
        word, edge = contraction.regime(factor), 2 / curvature
        corners = np.array([0, edge / 2, 0.8])  # of the V of all factors
        valley, distance, factors = axes
        plots.stride_walk(
            places,
            curvature / 2 * places**2,
            path,
            curvature / 2 * path**2,
            title=f"rate {rate:.2f}, curvature {curvature:.1f}: {word}",
            top=TOP,
            ax=valley,
        )
        plots.curves_by_step(
            {"distance": np.abs(path)},
            ylabel="distance to the floor",
            limits=(1e-4, 9),
            dots=True,
            legend="",
            title=f"each step: times {_signed(factor)}",
            ax=distance,
        )
        plots.shrink_factors(
            corners,
            np.abs(contraction.contraction_factor(corners, curvature)),
            edge,
            {rate: abs(factor)},
            top=2.2,
            legend="",
            ax=factors,
        )
        look: dict[str, Any] = {"grip": "ink", "everywhere": True}
        at = (start, curvature / 2 * start**2)
        add_handle(valley, "drop her here", at, **look).across("start", starts)
        at = (rate, min(abs(factor), factors.get_ylim()[1]))
        add_handle(factors, "another learning rate", at, **look).across("rate", rates)
        bend = add_handle(factors, "move the edge: another bowl", (edge, 1), grip="ink")
        bend.across("curvature", [2 / k for k in curvatures])
        return (
            f"1 − {rate:.2f} × {curvature:.1f} = {_signed(factor)}: the walker {word}. "
            f"Its distance in {STEPS} steps: from {abs(start):.2f} to "
            f"{_far(abs(path[-1]))}. The edge 2/k is at {edge:.3f}."
        )

    rate = Slider(
        "rate",
        "learning rate",
        rates,
        0.15,
        "{:.2f}".format,
        play=True,
    )
    curvature = Slider(
        "curvature",
        "curvature k of the bowl",
        curvatures,
        4.0,
        "{:.1f}".format,
    )
    start = Slider(
        "start",
        "start, the floor is at 0",
        starts,
        1.0,
        _signed,
    )
    axes = plots.mosaic("AB;CC", width=9.6, height=6.4, height_ratios=[1.3, 1])
    return InteractiveFigure(
        "stride_lab",
        "Strides in a bowl",
        draw,
        [rate, curvature, start],
        axes,
        replay=lambda: Replay([rate, curvature.thinned(6)]),
    )


def _signed(number: float) -> str:
    """Return a factor with two decimals, a true minus, and no minus before 0."""
    return f"{number:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _far(distance: float) -> str:
    """Return a distance, short however large or small it is."""
    if distance < 1e-6:
        return "less than 0.000001" if distance else "0"
    if distance < 10:
        return f"{distance:.{3 if distance >= 1e-3 else 6}f}"
    return f"{distance:,.0f}" if distance < 1e6 else "more than a million"


# --- the race -----------------------------------------------------------------------

STEPS_IN_RACE = 1000
TARGET = 1e-3  # above the lowest altitude
MOMENTS = [*range(60), *range(60, 120, 2), *range(120, 300, 5), *range(300, 1001, 20)]
NAMES = {"plain descent": "descent", "momentum": "momentum", "Adam": "adam"}


class Runner(NamedTuple):
    """One optimizer on one mountain, with each of the 21 rates."""

    paths: np.ndarray  # (21, 1001, 2)
    heights: np.ndarray  # (21, 1001) above the floor
    arrivals: list[int | None]  # (21,) steps to the target
    best: int  # which of the rates the race of the page takes


def optimizer_race() -> InteractiveFigure:
    """Choose a loss and three learning rates; step through the optimizers' descents."""
    runners_on = functools.cache(_run)  # compiled once for each mountain
    first = runners_on("gorge")

    def draw(axes: np.ndarray, mountain: str, step: int, **rates: int) -> str:
        terrain, left, right = _terrain(mountain), *axes
        paths, heights, fates = {}, {}, []
        for who, runner in runners_on(mountain).items():
            which = rates[NAMES[who]]
            arrival = runner.arrivals[which]
            now = step if arrival is None else min(step, arrival)
            paths[who] = runner.paths[which, : now + 1]
            heights[who] = runner.heights[which, : now + 1]
            fates.append(f"{who} {_fate(heights[who], step, arrival)}")
        floor = {
            "floor": landscapes.MINIMA[race.TEST_FUNCTIONS[mountain].loss.__name__]
        }
        style: dict[str, Any] = {"equal": False, "legend": "", "head": True}
        plots.paths_map(terrain, paths, title=mountain, marks=floor, ax=left, **style)
        plots.curves_by_step(
            heights,
            limits=(2e-4, 90),
            length=STEPS_IN_RACE,
            log_steps=True,
            xlabel="step (log axis from 10 on)",
            goal={"target": TARGET},
            legend="above",
            head=True,
            ax=right,
        )
        add_handle(right, "another step").across("step", MOMENTS)
        return f"Step {step:,}: {'; '.join(fates)}."

    def take_the_best() -> None:
        runners = runners_on(figure.values["mountain"])
        best = {NAMES[who]: runner.best for who, runner in runners.items()}
        figure.selected = figure.selected | best

    names = {name: name for name in race.TEST_FUNCTIONS}
    where = Choice("mountain", "mountain", names, "gorge")
    when = Slider("step", "step", MOMENTS, 60, "{:,}".format, play=True)
    controls: list[Control] = [
        where,
        Button("best", "Give each runner its best rate here", take_the_best),
        when,
    ]
    for who, name in NAMES.items():
        stops, best = range(len(race.LEARNING_RATES)), first[who].best
        controls.append(Slider(name, f"learning rate, {who}", stops, best, _rate))

    def draw_recorded(axes: np.ndarray, mountain: str, step: int, best: bool) -> str:
        rated_on = runners_on(mountain if best else "gorge")
        rates = {NAMES[who]: runner.best for who, runner in rated_on.items()}
        return draw(axes, mountain, step, **rates)

    at_best = Toggle("best", "each runner with its best rate here")
    axes = plots.panels(1, 2, width=9.6, height=4.4)
    figure = InteractiveFigure(
        "optimizer_race",
        "A race on five mountains",
        draw,
        controls,
        axes,
        replay=lambda: Replay([where, at_best, when.thinned(50)], draw_recorded),
    )
    return figure


def _run(mountain: str) -> dict[str, Runner]:
    """Let every runner walk with every rate."""
    at = race.TEST_FUNCTIONS[mountain]
    found = {}
    for who, make in race.OPTIMIZERS.items():
        paths = race.trajectories(
            make, at.loss, at.start, race.LEARNING_RATES, STEPS_IN_RACE
        )
        with np.errstate(all="ignore"):  # walks that left the numbers behind
            heights = np.asarray(at.loss(*np.moveaxis(paths, 2, 0))) - at.minimum
        arrivals = [race.steps_to_target(row, TARGET) for row in heights]
        entry = race.best_run(make, *at[:3], race.LEARNING_RATES, target=TARGET)
        best = int(np.argmin(np.abs(race.LEARNING_RATES - entry.learning_rate)))
        found[who] = Runner(paths, heights, arrivals, best)
    return found


@functools.cache
def _terrain(mountain: str) -> descent.LossGrid:
    at = race.TEST_FUNCTIONS[mountain]
    return descent.loss_grid(at.loss, at.x_range, at.y_range, n=71)


def _fate(heights: np.ndarray, step: int, arrival: int | None) -> str:
    """Return in words how a runner fares at a step."""
    if arrival is not None and arrival <= step:
        return f"arrived at step {arrival}"
    if not heights[-1] < 100 * max(heights[0], 1):
        return "flew off"
    return f"{heights[-1]:.{3 if heights[-1] > 0.01 else 4}f} above the floor"


def _rate(i: int) -> str:
    return f"{race.LEARNING_RATES[i]:.2g}"
