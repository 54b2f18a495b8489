"""The interactive figures of notebook 01: a line and its loss, cross-entropy."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import numpy as np

from course_lib import plots
from course_lib.data import load_houses
from course_lib.losses import mean_squared_error
from course_lib.plots.parts import percent
from course_lib.widgets.controls import Slider
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle

__all__ = ["confidence", "line_fit"]


def line_fit() -> InteractiveFigure:
    """Set slope and intercept of a line; see its mean squared error on a map."""
    sizes, prices = np.array(load_houses()[2::5], dtype=float).T  # m², thousand €
    beyond = sizes - 100

    def loss(w: Any, b: Any) -> Any:
        return mean_squared_error(b + w * beyond, prices)

    ws, bs = np.linspace(-0.2, 4.0, 43), np.linspace(210, 370, 41)
    row = jax.vmap(loss, (0, None))  # every w of the map
    altitudes = np.asarray(jax.vmap(row, (None, 0))(ws, bs))  # (b, w)
    best_w, best_b = np.polyfit(beyond, prices, 1)
    floor = float(loss(best_w, best_b))

    slopes, heights = [i / 20 for i in range(75)], range(220, 361, 2)

    def draw(axes: np.ndarray, w: float, b: float) -> str:
        squares, gauge, landscape = axes
        altitude = float(loss(w, b))
        plots.residual_squares(
            sizes,
            prices,
            b + w * beyond,
            altitude,
            highest=21_000,
            size_range=(0.0, 224.0),  # so wide that every square of every line fits
            price_range=(0.0, 670.0),
            gauge=gauge,
            ax=squares,
        )
        plots.landscape_map(
            ws,
            bs,
            altitudes,
            title="the altitude of every line",
            here=(w, b),
            xlabel="w: price of a further m², thousand €",
            ylabel="b: price of 100 m², thousand €",
            ax=landscape,
        )
        on_map = add_handle(landscape, "any line: its slope and its height")
        on_map.across("w", slopes).up("b", heights)
        for reach in (-60, 75):  # m² from 100, where the line is turned
            turn = add_handle(squares, "turn the line", (100 + reach, b + w * reach))
            turn.slide("w", slopes, partial(_point, b, reach))
        lift = add_handle(squares, "lift the line", (100, b))
        lift.slide("b", heights, lambda height: (100, height))
        side = math.sqrt(altitude)
        return (
            f"Loss {altitude:,.0f}. Its root, {side:,.0f} thousand €, is a typical "
            f"error. The lowest loss of all lines is {floor:,.0f}."
        )

    axes = plots.panels(1, 3, width=10.4, height=4.3)
    axes[0].get_gridspec().set_width_ratios([5.0, 0.3, 4.0])
    axes[0].get_figure().get_layout_engine().set(wspace=0.05)
    w = Slider("w", "w, the slope: price of a further m², thousand €", slopes, 1.2)
    b = Slider("b", "b, the height: price of 100 m², thousand €", heights, 250)
    return InteractiveFigure("line_fit", "A line and its loss", draw, [w, b], axes)


def _point(b: float, reach: float, w: float) -> tuple[float, float]:
    """Return a point of a line, so many m² from 100."""
    return 100 + reach, b + w * reach


def confidence() -> InteractiveFigure:
    """Drag the probability given to what happened; read its cross-entropy."""
    grid = np.linspace(0.005, 1, 400)

    stops = [i / 200 for i in range(1, 201)]

    def draw(ax: Any, p: float) -> str:
        cost = abs(math.log(p))  # -ln p, and 0 rather than -0
        plots.cost_of_confidence(grid, -np.log(grid), {p: cost}, ax=ax)
        add_handle(ax, "another probability").across("p", stops)
        return f"What happened was given {percent(p, 1)}. That costs {cost:.3f} nats."

    p = Slider(
        "p",
        "probability given to what happened",
        stops,
        0.3,
        partial(percent, digits=1),
    )
    return InteractiveFigure("confidence", "The cost of confidence", draw, [p])
