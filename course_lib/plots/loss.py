"""Figures of notebook 01: residuals, cross-entropy, softmax, the loss landscape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from course_lib.plots import parts
from course_lib.plots.parts import ALTITUDES, HALO
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure

__all__ = [
    "cost_of_confidence",
    "forecast_costs",
    "landscape_map",
    "landscape_surface",
    "naive_and_safe",
    "numbered_lines",
    "residual_squares",
    "share_bars",
    "slope_underfoot",
]

NUMBERED = (  # (colour, line style) of what is compared: mere categories
    (COLOURS["other"], (0, (5, 2))),
    (COLOURS["ink"], (0, (1, 1.2))),
    (COLOURS["quiet"], "solid"),
)
INK = COLOURS["ink"]
Point = tuple[float, float]


@figure(8.4, 4.6)
def residual_squares(
    sizes: ArrayLike,
    prices: ArrayLike,
    guesses: ArrayLike,
    loss: float,
    *,
    highest: float = 10_000.0,
    size_range: Point = (30.0, 190.0),
    price_range: Point = (60.0, 620.0),
    gauge: Axes | None = None,
    ax: Axes,
) -> Axes:
    """Draw data, a line, each residual as a true square, and the mean squared error.

    ``loss`` is the mean area of the squares, in (1,000 €)^2; ``highest`` is the top of
    the altitude's scale. A loss above it is drawn at the top and said in numbers. The
    altitude stands in Axes of its own, ``gauge``, or else at the right of ``ax``.
    """
    sizes, prices, guesses = map(np.asarray, (sizes, prices, guesses))
    left, right = size_range
    share = 0.74 if gauge is None else 1.0  # the rest is kept for the altitude
    wide = (right - left) / share
    ratio = 0.56 / 0.74 * (right - left) / (price_range[1] - price_range[0])
    ax.set_aspect(ratio, adjustable="box")  # 1,000 € high is as long as `ratio` m² wide
    ax.set(xlim=(left, left + wide), ylim=price_range)

    for size, price, guess in zip(sizes, prices, guesses, strict=True):
        error = price - guess
        side = abs(error) * ratio
        # Above the line a square goes left and below it right: away from the line.
        x = size - side if error > 0 else size
        ax.add_patch(
            Rectangle(
                (x, min(price, guess)),
                side,
                abs(error),
                facecolor=COLOURS["loss"],
                edgecolor=COLOURS["loss"],
                alpha=0.3,
                linewidth=1,
            )
        )
        ax.plot([size, size], [guess, price], color=COLOURS["loss"], lw=2)
    order = np.argsort(sizes)
    line: dict[str, Any] = {"color": COLOURS["value"], "lw": 2.5}
    house: dict[str, Any] = {"marker": "o", "ls": "", "color": COLOURS["data"], "ms": 8}
    house |= {"mec": COLOURS["ink"], "mew": 0.8}
    square = {"marker": "s", "ls": "", "color": COLOURS["loss"], "alpha": 0.4, "ms": 10}
    ax.plot(sizes[order], guesses[order], **line)
    ax.plot(sizes, prices, zorder=4, **house)
    entries = {"the line": line, "a house": house, "squared error": square}
    place: dict[str, Any] = {"loc": "upper left", "borderaxespad": 0.2}
    parts.legend(ax, entries, zorder=0.5, handletextpad=0.5, **place)
    side = abs(loss) ** 0.5
    corner = (right - side * ratio, price_range[0] + 12)
    ax.add_patch(
        Rectangle(
            corner,
            side * ratio,
            side,
            facecolor="none",
            edgecolor=COLOURS["loss"],
            linewidth=2,
            clip_on=False,
        )
    )
    ax.annotate(
        "the average square",
        (corner[0], corner[1] + side / 2),
        xytext=(-6, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        color=COLOURS["loss"],
        size=10,
        path_effects=HALO,
    )
    ticks = np.arange(np.ceil(left / 40) * 40, right + 1, 40)
    ax.set_xticks(ticks, [f"{t:.0f}" for t in ticks])
    ax.spines["bottom"].set_bounds(left, right)
    ax.set_ylabel("price, thousand €")
    ax.set_xlabel("size, m²", x=share / 2)
    if gauge is None:
        _gauge(ax.inset_axes((0.86, 0.06, 0.05, 0.8)), loss, highest)
    else:
        _gauge(gauge, loss, highest, fixed=True)
    return ax


def _gauge(gauge: Axes, loss: float, highest: float, fixed: bool = False) -> None:
    """Draw a gauge that is filled up to the loss; a fixed one suits any loss."""
    top = min(loss, highest)
    gauge.add_patch(Rectangle((-0.5, 0), 1, top, color=COLOURS["loss"], lw=0))
    gauge.set(xlim=(-0.5, 0.5), ylim=(0, highest), xticks=[])
    gauge.spines[:].set_visible(True)
    gauge.locator_params(axis="y", nbins=5)
    gauge.yaxis.set_major_formatter("{x:,.0f}")
    words = "altitude, (1,000 €)²:\nthe average square"
    gauge.set_title(words, size=10.5, loc="center", weight="normal", pad=12)
    look: dict[str, Any] = {"color": COLOURS["loss"], "weight": "bold", "size": 12}
    look |= {"textcoords": "offset points", "annotation_clip": False}
    if fixed:
        _reserve_width(gauge, f"{highest:,.0f} ↑", look)
    text = f"{loss:,.0f}" + (" ↑" if loss > highest else "")
    va = "center" if top < 0.93 * highest else "top"
    gauge.annotate(text, (0.5, top), (5, 0), va=va, **look)


@static_artists
def _reserve_width(gauge: Axes, longest: str, look: Mapping[str, Any]) -> None:
    """Write the longest number invisibly, so that the layout has room for it."""
    gauge.annotate(longest, (0.5, 0), (5, 0), alpha=0, **look)


@figure(8, 4.2)
def cost_of_confidence(
    probabilities: ArrayLike,
    costs: ArrayLike,
    marks: Mapping[float, float],
    *,
    ax: Axes,
) -> Axes:
    """Draw the cross-entropy of each probability of the true class, some marked.

    ``probabilities`` of what happened, from low to high, and their ``costs`` in nats;
    ``marks`` maps a probability to its cost.
    """
    probabilities, costs = np.asarray(probabilities), np.asarray(costs)
    ax.fill_between(probabilities, costs, color=COLOURS["loss"], alpha=0.08, lw=0)
    ax.plot(probabilities, costs, color=COLOURS["loss"], lw=3)
    top = float(costs[np.isfinite(costs)].max())
    for p, cost in marks.items():
        height = min(cost, top)
        ax.plot([p, p, 0], [0, height, height], ":", color=COLOURS["quiet"], lw=1.3)
        ax.plot(
            p,
            height,
            "o",
            color=COLOURS["loss"],
            ms=9,
            mec="white",
            zorder=4,
            clip_on=False,
        )
        whole = p >= 0.01 and abs(100 * p - round(100 * p)) < 1e-6
        share = parts.percent(p, 0 if whole else 1)
        where = (14.0, -8.0)
        if height <= 0.9 * top:  # beside the mark; to its left near the right end
            where = (12 - 350 * max(0.0, p - 0.6), 14 + 20 * max(0.0, p - 0.6))
        ax.annotate(
            f"{share} costs {cost:.{2 if cost >= 1 else 3}f}",
            (p, height),
            xytext=where,
            textcoords="offset points",
            weight="bold",
        )
    ax.text(
        0.26,
        top * 0.88,
        "confident and wrong:\nthe cost has no upper limit",
        va="center",
        color=COLOURS["quiet"],
    )
    ax.text(
        0.995,
        top * 0.36,
        "confident and right:\nnext to nothing",
        ha="right",
        va="center",
        color=COLOURS["quiet"],
    )
    ax.set(xlim=(0, 1.0), ylim=(0, top * 1.03))
    ax.set_xticks(np.linspace(0, 1, 6))
    ax.xaxis.set_major_formatter(lambda x, _: parts.percent(x))
    ax.set_xlabel("probability given to what happened")
    ax.set_ylabel("cost, nats")
    return ax


@figure(8, 3)
def forecast_costs(
    probability: float,
    costs: Mapping[str, float],
    coin: float,
    *,
    top: float = 6.0,
    forecast: Axes,
    ax: Axes,
) -> Axes:
    """Draw a forecast as a bar in two parts, and what either outcome would cost.

    ``costs`` in nats, of two outcomes by name: the first was given the ``probability``,
    the second the rest. ``coin`` is what both cost who tosses one. A cost beyond
    ``top``, even without limit, ends in an arrow. The forecast stands in Axes of its
    own.
    """
    shares = probability, 1 - probability
    for share, left, name, colour in zip(
        shares, (0.0, probability), costs, ("value", "quiet"), strict=True
    ):
        forecast.barh(0, share, left=left, height=1, color=COLOURS[colour], alpha=0.3)
        first = left == 0.0
        words = f"{name} {parts.percent(share, 1)}"
        look: dict[str, Any] = {"ha": "left" if first else "right", "va": "bottom"}
        forecast.text(0.0 if first else 1.0, 0.62, words, weight="bold", **look)
    forecast.set(xlim=(0, 1), ylim=(-0.6, 1.5), yticks=[])
    forecast.set_xticks(np.linspace(0, 1, 5))
    forecast.xaxis.set_major_formatter(lambda x, _: parts.percent(x))
    forecast.spines["left"].set_visible(False)
    for row, cost in enumerate(costs.values()):
        length = min(cost, top)
        ax.barh(row, length, height=0.62, color=COLOURS["loss"])
        if cost > top:
            ax.plot(top, row, ">", ms=16, color=COLOURS["loss"], clip_on=False)
        inside = length > 0.75 * top
        ax.annotate(
            f"{cost:.3f}" if cost <= top else "no limit",
            (max(length, coin), row),
            xytext=(-10 if inside else 7, 0),
            textcoords="offset points",
            ha="right" if inside else "left",
            va="center",
            color="white" if inside else INK,
            weight="bold",
            path_effects=None if inside else HALO,
            zorder=5,
        )
    ax.axvline(coin, color=COLOURS["quiet"], lw=1.2, ls=(0, (5, 4)), zorder=3)
    words = f"a coin: {coin:.3f}"
    ax.text(1.1 * coin, -0.62, words, va="center", size=9.5, color=COLOURS["quiet"])
    ax.set_yticks(range(2), [f"if it is {name}" for name in costs])
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, top), ylim=(1.5, -0.85))
    ax.set_xlabel("cost, nats")
    return ax


@figure(4.6, 3.8)
def slope_underfoot(
    values: ArrayLike,
    heights: ArrayLike,
    at: float,
    slope: float,
    title: str = "",
    *,
    meaning: str = "loss",
    xlabel: str = "w",
    ylabel: str = "loss, nats",
    percent: bool = False,
    ax: Axes,
) -> Axes:
    """Draw a curve, a point on it (the walker), and the tangent there.

    The walker stands on the curve at the value ``at``; the ``slope`` there is given,
    and drawn as a short blue line.
    """
    values, heights = np.asarray(values), np.asarray(heights)
    ax.plot(values, heights, color=COLOURS[meaning], lw=2.5, solid_joinstyle="miter")
    x, y = at, float(np.interp(at, values, heights))
    reach = 0.07 * float(np.ptp(values))
    ax.plot(
        [x - reach, x + reach],
        [y - slope * reach, y + slope * reach],
        color=COLOURS["gradient"],
        lw=4.5,
        solid_capstyle="round",
        zorder=4,
    )
    ax.plot(x, y, zorder=5, **parts.WALKER)
    low, high = float(heights.min()), float(heights.max())
    span = (high - low) or 1.0
    ax.set_ylim(low - 0.12 * span, high + 0.2 * span)
    text = "slope 0: no direction" if slope == 0 else f"slope {slope:.2f}: go "
    if slope:
        text += "right" if slope < 0 else "left"
    ahead = float(heights[values >= x].mean())  # the words go where the curve is not
    ax.annotate(
        text.replace("-", "−"),
        (x, y),
        xytext=(x + 2 * reach, y - 0.3 * span if ahead > y else high + 0.1 * span),
        color=COLOURS["gradient"],
        weight="bold",
        va="center",
        arrowprops={
            "arrowstyle": "-",
            "color": COLOURS["gradient"],
            "lw": 1,
            "shrinkB": 7,
        },
    )
    if percent:
        ax.yaxis.set_major_formatter(lambda h, _: parts.percent(h))
    ax.margins(x=0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_title(title, size=11)
    return ax


@figure(2.9, 3.2)
def share_bars(
    labels: Sequence[str],
    heights: ArrayLike,
    title: str = "",
    *,
    meaning: str = "value",
    target: int | None = None,
    percent: bool = False,
    top: float | None = None,
    xlabel: str = "token",
    ax: Axes,
) -> Axes:
    """Draw scores or probabilities as bars; the target is filled, the others pale.

    Without a target all are filled. With up to 8 bars each says its number, otherwise
    only the target's and the tallest. ``top`` fixes the upper end of the scale. The
    title says what the heights are.
    """
    heights = np.asarray(heights, dtype=float)
    places = np.arange(len(heights))
    colour = COLOURS[meaning]
    strength = [1.0 if target in (None, i) else 0.45 for i in places]
    bars = ax.bar(places, heights, color=colour, width=0.72)
    for bar, alpha in zip(bars, strength, strict=True):
        bar.set_alpha(alpha)
    low, high = min(0.0, heights.min()), max(0.0, heights.max())
    high = high if top is None else top
    span = (high - low) or 1.0
    for i, height in enumerate(heights):
        if len(heights) > 8 and i not in (target, int(heights.argmax())):
            continue
        text = parts.percent(height, 1) if percent else f"{height:.3g}"
        ax.annotate(
            text.replace("-", "−"),
            (i, height),
            xytext=(0, 3 if height >= 0 else -3),
            textcoords="offset points",
            ha="center",
            va="bottom" if height >= 0 else "top",
            size=10,
            weight="bold" if target in (None, i) else "normal",
        )
    ax.axhline(0, color=COLOURS["quiet"], lw=0.8)
    ax.set_ylim(low - (0.14 * span if low < 0 else 0), high + 0.14 * span)
    shown = labels if len(labels) <= 8 else [""] * len(labels)
    if target is not None and len(labels) > 8:
        named = (target, int(heights.argmax()))
        shown = [label if i in named else "" for i, label in enumerate(labels)]
    ax.set_xticks(places, shown)
    ax.tick_params(axis="x", length=0)
    ax.set_yticks([])
    ax.set_xlabel(xlabel)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_title(title, size=11)
    return ax


@figure(8, 3.9)
def naive_and_safe(
    gaps: ArrayLike,
    safe: ArrayLike,
    naive: Mapping[str, ArrayLike],
    *,
    ax: Axes,
) -> Axes:
    """Draw a numerically stable loss, and naive ones up to where they overflow.

    ``gaps`` is how far the right answer's score lies behind; ``naive`` maps a name to
    losses that turn to inf or nan somewhere: there a cross marks the end.
    """
    gaps, safe = np.asarray(gaps), np.asarray(safe)
    ax.plot(gaps, safe, color=COLOURS["quiet"], lw=8, alpha=0.35, solid_capstyle="butt")
    ax.annotate(
        "with log-sum-exp: right at every score",
        (gaps[-1], safe[-1]),
        xytext=(-150, -3),
        textcoords="offset points",
        ha="right",
        va="center",
        color=COLOURS["quiet"],
        weight="bold",
    )
    for name, numbers in naive.items():
        losses = np.asarray(numbers)
        fine = np.isfinite(losses)
        end = int(np.argmin(fine)) - 1 if not fine.all() else len(losses) - 1
        ax.plot(gaps[: end + 1], losses[: end + 1], color=COLOURS["loss"], lw=2)
        if not fine.all():
            x, y = gaps[end], losses[end]
            ax.plot(x, y, "X", color=COLOURS["loss"], ms=13, mec="white", zorder=4)
            ax.annotate(
                f"{name}\nends at {x:,.0f}",
                (x, y),
                xytext=(46, -3),
                textcoords="offset points",
                va="center",
                color=COLOURS["loss"],
            )
    ax.set(xlim=(0, gaps[-1]), ylim=(0, None))
    ax.set_xlabel("gap: how far the right answer's score lies behind the other")
    ax.set_ylabel("cost, nats")
    return ax


@figure(4.8, 4.4)
def numbered_lines(
    sizes: ArrayLike,
    prices: ArrayLike,
    lines: Sequence[ArrayLike],
    title: str = "",
    *,
    ax: Axes,
) -> Axes:
    """Draw data and up to three fitted lines, numbered from 1.

    Each entry of ``lines`` holds the guesses at the sizes. Number and colour are those
    of the points of ``landscape_map`` and ``landscape_surface``.
    """
    sizes, prices = np.asarray(sizes), np.asarray(prices)
    ax.plot(sizes, prices, "o", color=COLOURS["data"], ms=5, mec="none")
    order = np.argsort(sizes)
    last = order[-1]
    for i, guesses in enumerate(map(np.asarray, lines)):
        colour, dash = NUMBERED[i]
        ax.plot(sizes[order], guesses[order], color=colour, ls=dash, lw=2.8)
        _number_disc(ax, i, (float(sizes[last]), float(guesses[last])), (14, 0))
    ax.margins(x=0.08)
    ax.set(xlabel="size, m²", ylabel="price, thousand €")
    ax.set_title(title, size=11)
    return ax


@figure(4.8, 4.4)
def landscape_map(
    x: ArrayLike,
    y: ArrayLike,
    altitudes: ArrayLike,
    points: Sequence[Point] = (),
    title: str = "",
    *,
    here: Point | None = None,
    xlabel: str = "w",
    ylabel: str = "b",
    ax: Axes,
) -> Axes:
    """Draw a loss of two parameters as a contour map, with numbered points.

    ``altitudes`` (len(y), len(x)) are the losses on the grid. The lines of equal
    altitude stand closer together near the valley floor, where it is flat. ``here`` is
    where the walker stands.
    """
    x, y, altitudes = np.asarray(x), np.asarray(y), np.asarray(altitudes)
    _labelled_contours(ax, x, y, altitudes)
    for i, point in enumerate(points):
        _number_disc(ax, i, point, (0, 0))
    if here is not None:
        ax.plot(
            *here,
            "o",
            ms=12,
            color=COLOURS["parameter"],
            mec="white",
            mew=1.8,
            zorder=6,
            clip_on=False,
        )
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.set_title(title, size=11)
    return ax


@static_artists
def _labelled_contours(
    ax: Axes, x: np.ndarray, y: np.ndarray, altitudes: np.ndarray
) -> None:
    """Draw filled contours and contour lines with their values."""
    levels = _round_levels(altitudes)
    look: dict[str, Any] = {"cmap": ALTITUDES, "norm": _norm_from_zero(altitudes)}
    look |= {"colors": COLOURS["quiet"], "linewidths": 0.7}
    drawn = parts.contour_map(ax, (x, y, altitudes), levels, levels, **look)
    # The numbers stand in one row, to the right of the lowest point.
    row, column = np.unravel_index(np.argmin(altitudes), altitudes.shape)
    to_the_right = altitudes[row, column:]
    passed = [int(np.argmax(to_the_right > level)) for level in levels[1:]]
    places = [(x[column + i], y[row]) for i in passed if 0 < i < len(to_the_right) - 3]
    ax.clabel(drawn, fmt="{:,.0f}".format, fontsize=9, colors=INK, manual=places)
    drawn.labelTexts.clear()  # they belong to the Axes, as every other text


@figure(6.4, 5.0)
def landscape_surface(
    x: ArrayLike,
    y: ArrayLike,
    altitudes: ArrayLike,
    points: Sequence[tuple[float, float, float]] = (),
    title: str = "",
    *,
    xlabel: str = "w",
    ylabel: str = "b",
    view: Point = (38.0, -68.0),
    ax: Axes,
) -> Axes:
    """Draw the same loss as a surface; points are (x, y, altitude), numbered.

    ``view`` is the height and the direction of the eye, in degrees: from the south, so
    that east is right, as on the map. The surface stands in Axes of its own, laid over
    ``ax``.
    """
    x, y, altitudes = np.asarray(x), np.asarray(y), np.asarray(altitudes)
    ax.set_axis_off()
    ax.set_title(title, size=11)
    space: Any = ax.inset_axes(
        (-0.06, -0.06, 1.12, 1.12), projection="3d", computed_zorder=False
    )
    look: dict[str, Any] = {"cmap": ALTITUDES, "norm": _norm_from_zero(altitudes)}
    look |= {"colors": COLOURS["quiet"], "linewidths": 0.8}
    parts.surface(space, (x, y, altitudes), _round_levels(altitudes), **look)
    for i, (px, py, altitude) in enumerate(points):
        space.plot(
            px, py, altitude, "o", color=NUMBERED[i][0], ms=17, mec="white", zorder=8
        )
        space.text(
            px,
            py,
            altitude,
            str(i + 1),
            color="white",
            weight="bold",
            ha="center",
            va="center",
            zorder=9,
        )
    space.view_init(*view)
    space.set_xlabel(xlabel, labelpad=10)
    space.set_ylabel(ylabel, labelpad=10)
    space.set_zlabel("loss = altitude, (1,000 €)²", labelpad=20)
    space.locator_params(nbins=5)
    space.set_box_aspect((1, 1, 0.62), zoom=0.93)
    space.zaxis.set_major_formatter("{x:,.0f}")
    space.tick_params(axis="z", pad=9)
    return ax


def _round_levels(altitudes: np.ndarray) -> np.ndarray:
    """Return round altitudes for contours, evenly far apart on a bowl."""
    high = float(altitudes.max())
    least = min(0.0, float(altitudes.min()))
    raw = (high - least) / 144 or 1.0
    power = 10.0 ** np.floor(np.log10(raw))
    unit = next(power * step for step in (1, 2, 5, 10) if power * step >= raw)
    n = max(2, int(np.ceil(((high - least) / unit) ** 0.5)) + 1)
    return least + unit * np.arange(float(n)) ** 2


def _norm_from_zero(altitudes: np.ndarray) -> PowerNorm:
    """Return a square-root colour norm from 0, or from a lower minimum."""
    least = min(0.0, float(altitudes.min()))
    return PowerNorm(0.5, vmin=least, vmax=float(altitudes.max()))


def _number_disc(ax: Axes, i: int, at: Point, shift: Point) -> None:
    """Set the number i + 1 in a disc of its colour at a place."""
    ax.annotate(
        str(i + 1),
        at,
        xytext=shift,
        textcoords="offset points",
        ha="center",
        va="center",
        color="white",
        weight="bold",
        size=11,
        zorder=6,
        annotation_clip=False,
        bbox={
            "boxstyle": "circle,pad=0.28",
            "facecolor": NUMBERED[i][0],
            "edgecolor": "white",
            "linewidth": 1.2,
        },
    )
