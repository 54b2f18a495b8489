"""The interactive figures of notebook 01: a line and its loss, cross-entropy."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.data import load_houses, load_spam
from course_lib.losses import mean_squared_error
from course_lib.plots.parts import percent
from course_lib.plots.style import COLOURS
from course_lib.widgets.controls import Draggables, Slider
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle

__all__ = ["confidence", "line_fit"]

ENDS = np.array([20, 200])  # m²: of the line, and of the houses


def line_fit() -> InteractiveFigure:
    """Set a line, or move the houses; see its mean squared error on a map."""
    slopes, heights = [i / 20 for i in range(75)], range(220, 361, 2)
    names = {f"house {i}": house for i, house in enumerate(load_houses()[2::5], 1)}
    start = np.array([*names.values()], float)  # (8, 2): m², thousand €
    size = Slider("size", "its size, m²", range(ENDS[0], ENDS[1] + 1), 100)
    price = Slider("price", "its price, thousand €", range(80, 641), 300)
    ws, bs = np.linspace(-0.2, 4.0, 22), np.linspace(210, 370, 21)

    def loss(w: Any, b: Any, beyond: Any, prices: Any) -> Any:
        return mean_squared_error(b + w * beyond, prices)

    row = jax.vmap(loss, (0, None, None, None))  # every w of the map
    every_line = jax.jit(jax.vmap(row, (None, 0, None, None)))  # (b, w)

    def draw(axes: np.ndarray, w: float, b: float, houses: np.ndarray) -> str:
        squares, gauge, landscape = axes
        sizes, prices = houses.T
        beyond = sizes - 100
        altitude = float(loss(w, b, beyond, prices))
        plots.residual_squares(
            sizes,
            prices,
            b + w * beyond,
            altitude,
            highest=21_000,
            size_range=(0.0, 224.0),  # so wide that every square of every line fits
            price_range=(0.0, 745.0),  # with the grip of the steepest
            gauge=gauge,
            ax=squares,
        )
        squares.plot(ENDS, b + w * (ENDS - 100), color=COLOURS["value"], lw=2.5)
        plots.landscape_map(
            ws,
            bs,
            np.asarray(every_line(ws, bs, beyond, prices)),
            title="the altitude of every line",
            here=(w, b),
            xlabel="w: price of a further m², thousand €",
            ylabel="b: price of 100 m², thousand €",
            ax=landscape,
        )
        best_w, best_b = best = _best_line(beyond, prices)
        floor = float(loss(*best, beyond, prices))
        side = math.sqrt(altitude)
        words = (
            f"Loss {altitude:,.0f}. Its root, {side:,.0f} thousand €, is a typical "
            f"error. The lowest loss of all lines is {floor:,.0f}"
        )
        if not np.array_equal(houses, start):
            _show_best_line(squares, landscape, best_w, best_b)
            words += f", at w {best_w:.2f} and b {best_b:.0f}".replace("-", "−")
        for i, house in enumerate(houses.tolist()):
            handle = add_handle(squares, f"move house {i + 1}", tuple(house))
            handle.move("houses", i, size.stops, price.stops)
        for x, name, label, stops, place in (
            (ENDS[1], "w", "turn the line", slopes, lambda w: (ENDS[1], b + w * 100)),
            (67, "b", "lift the line", heights, lambda b: (67, b - 33 * w)),
        ):
            grip = add_handle(squares, label, (x, b + w * (x - 100)), grip="value")
            grip.slide(name, stops, place)
        walker = add_handle(landscape, "move the line", (w, b), everywhere=True)
        walker.across("w", slopes).up("b", heights)
        return f"{words}."

    axes = plots.panels(1, 3, width=10.4, height=4.3)
    axes[0].get_gridspec().set_width_ratios([5.0, 0.3, 4.0])
    axes[0].get_figure().get_layout_engine().set(wspace=0.05)
    controls = [
        Slider("w", "w, the slope: price of a further m², thousand €", slopes, 1.2),
        Slider("b", "b, the height: price of 100 m², thousand €", heights, 250),
        Draggables(
            "houses", "a house to move", names, size, price, "Put the houses back"
        ),
    ]
    return InteractiveFigure("line_fit", "A line and its loss", draw, controls, axes)


def _best_line(beyond: np.ndarray, prices: np.ndarray) -> tuple[float, float]:
    """Return w and b of the lowest mean squared error; of several, small ones."""
    inputs = np.column_stack([beyond, np.ones_like(beyond)])
    w, b = np.linalg.lstsq(inputs, prices)[0].tolist()
    return w, b


def _show_best_line(squares: Axes, landscape: Axes, w: float, b: float) -> None:
    """Draw the best line, dashed, and its place on the map."""
    look: dict[str, Any] = {"color": COLOURS["ink"], "zorder": 3}
    sizes = np.array(squares.get_xlim())
    squares.plot(sizes, b + w * (sizes - 100), ls=(0, (4, 3)), lw=1.3, **look)
    landscape.plot(w, b, "+", ms=11, mew=2, **look)


MESSAGE = 44  # of the spam set


def confidence() -> InteractiveFigure:
    """Forecast whether a message is spam; see what either outcome would cost."""
    stops = [i / 200 for i in range(201)]
    coin = math.log(2)
    title = f"Spam or wanted? “{load_spam()[MESSAGE].text}”"

    def draw(axes: np.ndarray, p: float) -> str:
        forecast, bars = axes
        costs = {"spam": _cost(p), "wanted": _cost(1 - p)}
        plots.forecast_costs(p, costs, coin, forecast=forecast, ax=bars)
        border = add_handle(
            forecast, "how sure you are", (p, 0.0), grip="value", everywhere=True
        )
        border.across("p", stops)
        spam, wanted = (
            f"{cost:.3f} nats" if cost < math.inf else "more than any number"
            for cost in costs.values()
        )
        return (
            f"You say {percent(p, 1)} spam. If it is spam, that costs {spam}; if it is "
            f"wanted, {wanted}. A coin costs {coin:.3f} either way."
        )

    label = "your probability that it is spam"
    p = Slider("p", label, stops, 0.9, partial(percent, digits=1))
    axes = plots.mosaic("A;B", 8, 4.0, height_ratios=[1, 1.8])
    return InteractiveFigure("confidence", title, draw, [p], axes)


def _cost(p: float) -> float:
    """Return -ln p: 0 rather than -0, and infinite at 0."""
    return abs(math.log(p)) if p else math.inf
