"""Figures of notebook 02: finite differences, gradients on a map, a descent in fog.

The functions draw numbers that were computed elsewhere. A map is drawn from a
``lessons.descent.LossGrid``, a walk from a list of ``lessons.descent.Iterate``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from course_lib.lessons.descent import Iterate, LossGrid
from course_lib.plots import parts
from course_lib.plots.parts import HALO, PALE_ALTITUDES
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure, panels, styled

__all__ = [
    "Nudge",
    "altitude_by_step",
    "directions",
    "fitted_lines",
    "gradient_arrows",
    "magnified_nudge",
    "nudge",
    "nudge_errors",
    "passes_needed",
    "product_rectangle",
    "walk_map",
]

FOG = "#C9CDD2"
DARK_ORANGE = "#9A6700"  # the parameter's orange, dark enough for words on white
WIDTH = 6.6  # of a new map, inches
EAST_NORTH = ("x, to the east", "y, to the north")
TRUE_SLOPE: dict[str, Any] = {"color": COLOURS["ink"], "lw": 1.3, "ls": (0, (4, 3))}
FOOTPRINT: dict[str, Any] = {"marker": "o", "ms": 3.6, "color": COLOURS["ink"]}
WHITE_RIM = [withStroke(linewidth=5, foreground="white")]  # of an arrow on a map


class Nudge(NamedTuple):
    """A parameter before and after a nudge, and the loss at both."""

    before: float
    after: float
    loss_before: float
    loss_after: float

    @property
    def slope(self) -> float:
        """How far the loss moved, for each unit of the nudge."""
        return (self.loss_after - self.loss_before) / (self.after - self.before)


@figure(7.2, 4.2)
def nudge(
    parameter: ArrayLike,
    losses: ArrayLike,
    nudged: Nudge,
    *,
    tangent: float | None = None,
    beside: bool = True,
    names: tuple[str, str] = ("parameter w", "loss"),
    title: str = "",
    ax: Axes,
) -> Axes:
    """Draw a loss over one parameter, a finite difference of it, and its slope.

    Orange is the nudge, vermilion the change in the loss, and the line through both
    points has their ratio as its slope. ``tangent`` is the slope at the first point,
    drawn dashed. The numbers stand ``beside`` their strokes and in the legend, or else
    the title should tell them.
    """
    parameter, losses = np.asarray(parameter), np.asarray(losses)
    x0, x1, y0, y1 = nudged
    ax.plot(parameter, losses, color=COLOURS["loss"], zorder=2)
    reach = np.array([parameter.min(), parameter.max()])
    entries: dict[str, dict[str, Any]] = {}
    if tangent is not None:
        ax.plot(reach, y0 + tangent * (reach - x0), zorder=3, **TRUE_SLOPE)
        entries[f"true slope {_signed(tangent)}"] = TRUE_SLOPE
    look: dict[str, Any] = {"color": COLOURS["gradient"], "lw": 1.6}
    ax.plot(reach, y0 + nudged.slope * (reach - x0), zorder=3, **look)
    if beside:
        entries[f"change in loss ÷ nudge = {_signed(nudged.slope)}"] = look
    words = (f"nudge {_signed(x1 - x0)}", f"change in loss {_signed(y1 - y0)}")
    looks = [{"color": COLOURS[meaning], "lw": 4} for meaning in ("parameter", "loss")]
    ax.plot([x0, x1], [y0] * 2, zorder=4, **looks[0])
    ax.plot([x1] * 2, [y0, y1], zorder=4, **looks[1])
    ax.plot([x0, x1], [y0, y1], "o", ms=7, color=COLOURS["ink"], zorder=5)
    low, high = losses.min(), losses.max()
    span = high - low
    ax.set_xlim(*reach)
    ax.set_ylim(low - 0.08 * span, high + 0.05 * span)
    if beside:
        _label_nudge(ax, nudged, words)
    ax.set(xlabel=names[0], ylabel=names[1], title=title)
    parts.legend(ax, entries, loc="upper right")
    return ax


@figure(5.2, 4.4)
def magnified_nudge(
    offsets: ArrayLike,
    curve: ArrayLike,
    ends: tuple[tuple[float, float], tuple[float, float]],
    slope: float,
    *,
    title: str = "",
    legend: str = "upper left",
    ax: Axes,
) -> Axes:
    """Draw a nudge through a magnifier, which makes every nudge equally large.

    Measured from the place that is nudged: ``offsets`` in nudges, and ``curve``, how
    far the function moves, as a multiple of the nudge times its true slope there. So
    the tangent always climbs from corner to corner. ``ends`` are the two points that
    were compared, and ``slope`` is what they gave, as a multiple of the true one.
    """
    offsets = np.asarray(offsets, dtype=float)
    _tangent_of_one(ax, float(offsets.min()), float(offsets.max()))
    ax.plot(offsets, curve, color=COLOURS["loss"], zorder=2)
    (x0, y0), (x1, y1) = ends
    reach = offsets[[0, -1]]
    look: dict[str, Any] = {"color": COLOURS["gradient"], "lw": 1.8, "zorder": 3}
    ax.plot(reach, y0 + slope * (reach - x0), **look)
    ax.plot([x0, x1], [y0, y1], "o", ms=7, color=COLOURS["ink"], zorder=5)
    entries: dict[str, dict[str, Any]] = {
        "the curve, as the computer has it": {"color": COLOURS["loss"]},
        "slope found by the nudge": {"color": COLOURS["gradient"], "lw": 1.8},
        "true slope": TRUE_SLOPE,
    }
    ax.set_xlim(*reach)
    ax.set_ylim(1.3 * reach[0], 2.4 * reach[1])
    ax.set(xlabel="distance from the place, in nudges", title=title)
    ax.set_ylabel("change, in nudges times true slope")
    parts.legend(ax, entries, loc=legend)
    return ax


@static_artists
def _tangent_of_one(ax: Axes, low: float, high: float) -> None:
    ax.plot([low, high], [low, high], zorder=4, **TRUE_SLOPE)


@figure(8.0, 4.6)
def nudge_errors(
    nudges: ArrayLike,
    errors: Mapping[str, ArrayLike],
    *,
    here: tuple[float, float] | None = None,
    rules: str = "",
    title: str = "The error makes a V: a nudge can be too small",
    ax: Axes,
) -> Axes:
    """Draw the error of a finite difference against its step, both axes log.

    ``errors`` has one series for each way to nudge; the best of each is ringed.
    ``here`` marks one nudge and its error, and of the two enemies, 'round-off' and
    'curve', the one that ``rules`` there is named; without it both are.
    """
    nudges = np.asarray(nudges, dtype=float)
    series: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for label, error in errors.items():
        error = np.asarray(error, dtype=float)
        seen = error > 0  # an error of exactly 0 has no place on a log axis
        series[label] = nudges[seen], error[seen]
    _error_curves(ax, series)
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel="size of the nudge (log axis)", ylabel="error of the slope")
    sizes, heights = (
        np.concatenate(part) for part in zip(*series.values(), strict=True)
    )
    ax.set_xlim(*_log_limits(sizes))
    low, high = _log_limits(heights)
    low = low / 1000
    ax.set_ylim(low, high * 20)
    ax.grid(alpha=0.6)
    for x, ha, enemy, words in (
        (0.01, "left", "round-off", "◂ too small: the digits run out"),
        (0.99, "right", "curve", "too large: the curve bends away ▸"),
    ):
        if rules and enemy != rules:
            continue
        ax.text(
            x,
            0.97,
            words,
            ha=ha,
            va="top",
            transform=ax.transAxes,
            color=COLOURS["ink" if rules else "quiet"],
            weight="bold" if rules else "normal",
        )
    if here is not None:
        looks: dict[str, Any] = {"mec": COLOURS["ink"], "mew": 1.5, "zorder": 5}
        place = here[0], max(here[1], 3 * low)
        ax.plot(*place, "D", ms=10, color=COLOURS["parameter"], **looks)
    ax.set_title(title)
    return ax


@static_artists
def _error_curves(
    ax: Axes, series: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    """Draw each series (nudges, errors), its best nudge ringed, and the legend."""
    lines = []
    for (label, (nudges, errors)), colour, mark in zip(
        series.items(), ("ink", "other"), ("s", "o"), strict=False
    ):
        look: dict[str, Any] = {"color": COLOURS[colour], "ms": 4.5, "lw": 1.3}
        lines += ax.plot(nudges, errors, f"{mark}-", label=label, **look)
        best = nudges[np.argmin(errors)], errors.min()
        ring: dict[str, Any] = {"ms": 15, "mfc": "none", "mec": COLOURS["ink"]}
        ax.plot(*best, "o", **ring)
        above = mark == "s"  # the first V has room inside it, the second below it
        ax.annotate(
            f"best: {_power_of_ten(best[0])}",
            best,
            xytext=(0, 80 if above else -24),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            color=COLOURS["ink"],
            arrowprops={"arrowstyle": "-", "color": COLOURS["quiet"], "shrinkB": 8},
            path_effects=HALO,
        )
    ax.legend(handles=lines, loc="lower left")


def _log_limits(numbers: np.ndarray, margin: float = 0.05) -> tuple[float, float]:
    """Return the limits of a log axis with a margin, as matplotlib's autoscale does."""
    low, high = np.log10([numbers.min(), numbers.max()])
    ends = [low - margin * (high - low), high + margin * (high - low)]
    return tuple(np.power(10.0, ends).tolist())


@figure(6.4, 3.2)
def product_rectangle(u: float, v: float, du: float, dv: float, *, ax: Axes) -> Axes:
    """Draw the product rule: u times v as an area, and the strips it gains."""
    parts = (
        ((0, 0), u, v, "value", "$u\\,v$"),
        ((u, 0), du, v, "gradient", "$v \\cdot du$"),
        ((0, v), u, dv, "gradient", "$u \\cdot dv$"),
        ((u, v), du, dv, "faint", ""),
    )
    for (x, y), width, height, colour, words in parts:
        ax.add_patch(
            Rectangle(
                (x, y),
                width,
                height,
                facecolor=to_rgba(COLOURS[colour], 1.0 if colour == "faint" else 0.3),
                edgecolor="white",
                lw=2,
            )
        )
        ax.text(
            x + width / 2,
            y + height / 2,
            words,
            ha="center",
            va="center",
            size=13,
            color=COLOURS["ink"],
        )
    ax.annotate(
        "$du \\cdot dv$:\ntiny times tiny",
        (u + du / 2, v + dv / 2),
        xytext=(u + 1.3 * du, v + dv / 2),
        va="center",
        color=COLOURS["quiet"],
        arrowprops={"arrowstyle": "-", "color": COLOURS["quiet"]},
    )
    for at, width, words in ((0, u, "$u$"), (u, du, "$du$")):
        ax.text(at + width / 2, -0.03 * v, words, ha="center", va="top", size=13)
    for at, height, words in ((0, v, "$v$"), (v, dv, "$dv$")):
        ax.text(-0.02 * u, at + height / 2, words, ha="right", va="center", size=13)
    ax.set_xlim(-0.1 * u, u + 3.4 * du)
    ax.set_ylim(-0.12 * v, 1.02 * (v + dv))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


@figure(8.0, 4.0)
def directions(
    degrees: ArrayLike, rises: ArrayLike, gradient: float, *, ax: Axes
) -> Axes:
    """Draw the directional derivative: the change of altitude by direction.

    ``degrees`` counts from east, turning north; ``gradient`` is the direction of the
    gradient. Marked are that direction, its opposite, and the two at right angles.
    """
    degrees, rises = np.asarray(degrees, dtype=float), np.asarray(rises, dtype=float)
    ax.axhline(0, color=COLOURS["quiet"], lw=1)
    ax.plot(degrees, rises, color=COLOURS["loss"])
    top = np.abs(rises).max()
    marks = (
        (0, "steepest up, along\nthe gradient:", "center", (0, 10)),
        (180, "steepest down,\nagainst it:", "center", (0, -10)),
        (90, "level\nat", "left", (9, 4)),
        (-90, "level\nat", "right", (-9, 4)),
    )
    for turn, words, ha, shift in marks:
        at = (gradient + turn) % 360
        height = float(np.interp(at, degrees, rises, period=360))
        ax.plot(at, height, "o", ms=8, color=COLOURS["gradient"], zorder=4)
        ax.annotate(
            f"{words} {at:.0f}°",
            (at, height),
            xytext=shift,
            textcoords="offset points",
            ha=ha,
            va="top" if shift[1] < 0 else "bottom",
            color=COLOURS["gradient"],
            path_effects=HALO,
        )
    ax.set_xlim(0, 360)
    ax.set_ylim(-1.6 * top, 1.6 * top)
    ticks = np.arange(0, 361, 45)
    names = ["east", "", "north", "", "west", "", "south", "", "east"]
    ax.set_xticks(
        ticks, [f"{t}°\n{name}" for t, name in zip(ticks, names, strict=True)]
    )
    ax.set(xlabel="direction of the step, degrees", ylabel="change of altitude")
    ax.set_title("One short step in every direction")
    return ax


def gradient_arrows(
    terrain: LossGrid,
    places: ArrayLike,
    slopes: ArrayLike,
    *,
    levels: ArrayLike | None = None,
    downhill: bool = False,
    title: str = "",
    names: tuple[str, str] = EAST_NORTH,
    ax: Axes | None = None,
) -> Axes:
    """Draw a contour map, and at each place (n, 2) its gradient (n, 2) as an arrow.

    The longest arrow has a fixed length, the others are in proportion; a small square
    at the foot has the corner of a right angle. ``levels`` are the altitudes whose
    contours are drawn. With ``downhill`` the arrows are turned around: steps, in the
    colour of the parameters.
    """
    places, slopes = np.asarray(places, dtype=float), np.asarray(slopes, dtype=float)
    ax = _new_map(terrain, 1.1) if ax is None else ax
    with styled():
        _map(ax, terrain, names, levels=levels)
        width = terrain.xs[-1] - terrain.xs[0]
        longest = np.hypot(*slopes.T).max() or 1.0
        steps = (-1 if downhill else 1) * slopes * 0.11 * width / longest
        for place, step in zip(places, steps, strict=True):
            _square_arrow(
                ax, place, step, width, "parameter" if downhill else "gradient"
            )
        ax.set_title(title)
    return ax


def walk_map(
    terrain: LossGrid,
    walk: Sequence[Iterate] = (),
    *,
    fog: float = 0.0,
    sight: float = 0.25,
    arrow: float = 0.0,
    uphill: bool = False,
    marks: Mapping[str, tuple[float, float]] | None = None,
    compass: bool = False,
    title: str = "",
    names: tuple[str, str] = EAST_NORTH,
    equal: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a descent on a contour map: its steps, and the walker at the end.

    A ring marks the start, a disc with a white rim the walker. ``fog`` runs from 0, a
    clear day, to 1, where only a disc of radius ``sight`` around the walker is seen.
    ``arrow`` is the length of the orange arrow downhill at the walker (0: none), less
    where the ground is gentler than 1 in 1; with ``uphill`` the gradient is drawn too,
    in blue. ``marks`` writes words at places; ``compass`` adds a rose.
    """
    ax = _new_map(terrain) if ax is None else ax
    with styled():
        _map(ax, terrain, names, equal)
        if fog > 0 and walk:
            _fog(ax, terrain, walk[-1].position, fog, sight)
        for words, (x, y) in (marks or {}).items():
            ax.plot(x, y, "+", ms=11, mew=2, color=COLOURS["ink"], zorder=4)
            ax.annotate(
                words,
                (x, y),
                xytext=(0, -9),
                textcoords="offset points",
                ha="center",
                va="top",
                path_effects=HALO,
                zorder=7,
            )
        if walk:
            path = np.array([walker.position for walker in walk])
            ax.plot(*path.T, color=COLOURS["ink"], lw=1.2, zorder=4)
            ax.plot(*path[1:-1].T, ls="", zorder=5, **FOOTPRINT)
            if len(path) > 1:
                ax.plot(*path[0], zorder=5, **parts.START)
            ax.plot(*path[-1], zorder=6, **parts.WALKER)
            if arrow > 0 and 0.05 < walk[-1].gradient_norm < np.inf:
                if uphill:
                    _arrow_from(ax, walk[-1], arrow, "gradient")
                _arrow_from(ax, walk[-1], -arrow, "parameter")
        if compass:
            _compass(ax)
        ax.set_title(title)
    return ax


@figure(6.4, 2.6)
def altitude_by_step(
    altitudes: ArrayLike,
    *,
    lowest: float | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
    ax: Axes,
) -> Axes:
    """Draw the loss, as altitude, at every step of a descent, and its minimum.

    ``limits`` are the ends of the axis of altitudes; they fit if not given.
    """
    altitudes = np.asarray(altitudes, dtype=float)
    ax.plot(altitudes, color=COLOURS["loss"])
    ax.plot(altitudes, "o", ms=2.5, color=COLOURS["loss"])
    floor = float(altitudes.min())
    if lowest is not None:
        floor = min(floor, lowest)
        ax.axhline(lowest, color=COLOURS["quiet"], lw=1.2, ls=(0, (4, 3)))
        ax.annotate(
            "lowest on the map",
            (0, lowest),
            xytext=(6, -3),
            textcoords="offset points",
            va="top",
            color=COLOURS["quiet"],
            path_effects=HALO,
        )
    span = max(float(altitudes.max()) - floor, 1e-9)
    ax.set_xlim(0, max(len(altitudes) - 1, 1))
    ax.set_ylim(*(limits or (floor - 0.22 * span, floor + 1.1 * span)))
    ax.set(xlabel="step", ylabel="altitude (loss)", title=title)
    return ax


@figure(7.2, 4.4)
def fitted_lines(
    x: ArrayLike,
    y: ArrayLike,
    lines: Mapping[str, tuple[float, float]],
    best: tuple[float, float],
    *,
    names: tuple[str, str] = ("floor area, 100 m²", "price, 100,000 €"),
    title: str = "",
    ax: Axes,
) -> Axes:
    """Draw data, some lines (w, b) of a descent, each named, and the best line."""
    x, y = np.asarray(x), np.asarray(y)
    ax.plot(x, y, "o", ms=5, color=COLOURS["data"], label="houses")
    reach = np.array([0.0, x.max() * 1.04])
    for i, (words, (w, b)) in enumerate(lines.items()):
        share = (i + 1) / len(lines)
        ax.plot(
            reach,
            w * reach + b,
            color=COLOURS["value"],
            alpha=0.25 + 0.75 * share,
            lw=1 + 1.5 * share,
        )
        ax.annotate(
            words,
            (reach[1], w * reach[1] + b),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=COLOURS["value"],
            annotation_clip=False,
        )
    w, b = best
    dots = (0, (1, 1.6))
    label = "least squares, solved exactly"
    ax.plot(reach, w * reach + b, color=COLOURS["ink"], ls=dots, lw=1.6, label=label)
    ax.set_xlim(*reach)
    ax.set_ylim(min(-0.05 * y.max(), y.min()), y.max() * 1.1)
    ax.set(xlabel=names[0], ylabel=names[1], title=title)
    ax.legend(loc="upper left")
    return ax


@figure(8.0, 4.4)
def passes_needed(
    counted: Mapping[str, tuple[float, float]],
    models: Mapping[str, float],
    *,
    ax: Axes,
) -> Axes:
    """Draw forward passes per finite-difference gradient by parameters, log-log.

    ``counted`` has a name for each pair (parameters, passes), drawn as filled dots.
    ``models`` has a number of parameters for each name; its passes, one more, are
    drawn as open dots.
    """
    done = np.array(list(counted.values()), dtype=float)
    sizes = np.array(list(models.values()), dtype=float)
    every = np.geomspace(done[:, 0].min(), max(done[:, 0].max(), sizes.max()), 200)
    pink = COLOURS["other"]
    ax.plot(every, every + 1, color=pink, lw=1.5, zorder=1)
    ax.plot(*done.T, "o", ms=8, color=pink, label="counted on this page")
    looks: dict[str, Any] = {"ms": 9, "mec": pink, "mfc": "white", "mew": 2}
    ax.plot(sizes, sizes + 1, "o", label="by the same rule", **looks)
    for words, (size, passes) in counted.items():
        ax.annotate(
            words,
            (size, passes),
            xytext=(12, -4),
            textcoords="offset points",
            va="top",
        )
    before = 0.0
    for words, size in sorted(models.items(), key=lambda model: model[1]):
        raised = 14 if size < 10 * before else 0  # clear of the words before
        ax.annotate(
            words,
            (size, size + 1),
            xytext=(-12 + raised / 2, 2 + raised),
            textcoords="offset points",
            ha="right",
            va="bottom",
        )
        before = size
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel="parameters", ylabel="forward passes\nfor one gradient")
    ax.set_ylim(0.1, 300 * every.max())
    ax.grid(alpha=0.6)
    ax.set_title("Nudging: one forward pass for each parameter, and one more")
    ax.legend(loc="upper left")
    return ax


def _label_nudge(ax: Axes, nudged: Nudge, words: tuple[str, str]) -> None:
    """Write the changes of the parameter and of the loss beside their strokes."""
    x0, x1, y0, y1 = nudged
    above, right = y1 < y0, x1 > x0
    looks: dict[str, Any] = {"textcoords": "offset points", "path_effects": HALO}
    ax.annotate(
        words[0],
        (x0, y0),
        xytext=(8 if right else -8, 6 if above else -6),
        ha="left" if right else "right",
        va="bottom" if above else "top",
        color=DARK_ORANGE,
        zorder=6,
        **looks,
    )
    ax.annotate(
        words[1],
        (x1, y0 + 0.4 * (y1 - y0)),
        xytext=(8 if right else -8, 0),
        ha="left" if right else "right",
        va="center",
        color=COLOURS["loss"],
        zorder=6,
        **looks,
    )


def _new_map(terrain: LossGrid, larger: float = 1.0) -> Any:
    """Return new Axes, as high as a map of this shape needs."""
    wide = terrain.xs[-1] - terrain.xs[0]
    high = terrain.ys[-1] - terrain.ys[0]
    height = min(max((WIDTH - 0.75) * high / wide, 1.6), WIDTH)
    return panels(width=WIDTH * larger, height=(height + 0.75) * larger)


def _square_arrow(
    ax: Axes, place: np.ndarray, step: np.ndarray, width: float, meaning: str
) -> None:
    """Draw an arrow, and at its foot a small square in the corner of a right angle."""
    length = float(np.hypot(*step))
    if length < 0.01 * width:  # too short for a head
        ax.plot(*place, "o", ms=4, color=COLOURS[meaning], zorder=4)
        return
    along = step / length * min(0.014 * width, length)
    across = np.array([-along[1], along[0]])
    corner = place + np.array([across, across + along, along])
    ax.plot(*corner.T, color=COLOURS["ink"], lw=1, zorder=3)
    tip = tuple(place + step)
    parts.map_arrow(ax, tuple(place), tip, COLOURS[meaning], lw=2.2)


# --- parts of a map -----------------------------------------------------------------


def _map(
    ax: Axes,
    terrain: LossGrid,
    names: tuple[str, str],
    equal: bool = True,
    levels: ArrayLike | None = None,
) -> None:
    """Draw altitudes as shades and contour lines, closer together near the minimum."""
    low, high = float(terrain.losses.min()), float(terrain.losses.max())
    high = high if high > low else low + 1.0
    shades = low + (high - low) * np.linspace(0, 1, 15) ** 1.6
    if levels is None:
        levels = shades[1:-1]
    else:
        shades = low + (high - low) * np.linspace(0, 1, 60) ** 1.6
    grid = (terrain.xs, terrain.ys, terrain.losses)
    _contours(ax, grid, np.asarray(levels, dtype=float), shades)
    ax.set_xlim(terrain.xs[0], terrain.xs[-1])
    ax.set_ylim(terrain.ys[0], terrain.ys[-1])
    ax.set(xlabel=names[0], ylabel=names[1])
    if equal:
        ax.set_aspect("equal")


@static_artists
def _contours(
    ax: Axes,
    grid: tuple[np.ndarray, np.ndarray, np.ndarray],
    levels: np.ndarray,
    shades: np.ndarray,
) -> None:
    look: dict[str, Any] = {"colors": COLOURS["loss"], "linewidths": 0.8}
    look |= {"linestyles": "solid", "alpha": 0.7}
    parts.contour_map(ax, grid, levels, shades, cmap=PALE_ALTITUDES, **look)


def _fog(
    ax: Axes, terrain: LossGrid, position: tuple[float, float], fog: float, sight: float
) -> None:
    """Cover the map with fog, but for a soft disc around a position.

    Only the square around the disc is an image, for an image of the whole takes long;
    the fog beyond is one area with a hole, over which the image reaches a little.
    """
    sides = terrain.xs[[0, -1]], terrain.ys[[0, -1]]

    def around(reach: float) -> list[Any]:
        """Return the ends of a square around the position, as far as the map goes."""
        ends = zip(position, sides, strict=True)
        return [np.clip([at - reach, at + reach], *side) for at, side in ends]

    near, hole = around(1.35 * sight), around(1.3 * sight)
    x, y = (np.linspace(low, high, 41) for low, high in near)
    away = np.hypot(x - position[0], y[:, None] - position[1]) / sight
    veil = np.empty((*away.shape, 4), dtype=np.uint8)  # bytes: drawn twice as fast
    veil[..., :3] = [int(FOG[i : i + 2], 16) for i in (1, 3, 5)]
    veil[..., 3] = 255 * fog * np.clip((away - 0.75) / 0.5, 0, 1)
    look: dict[str, Any] = {"aspect": ax.get_aspect(), "zorder": 3}
    extent = (*near[0], *near[1])
    parts.smooth_image(ax, veil, extent=extent, origin="lower", **look)
    rim = [[(a, c), (b, c), (b, d), (a, d), (a, c)] for (a, b), (c, d) in (sides, hole)]
    beyond = Path.make_compound_path(Path(rim[0]), Path(rim[1][::-1]))
    ax.add_patch(PathPatch(beyond, facecolor=FOG, alpha=fog, lw=0, zorder=3))


def _arrow_from(ax: Axes, walker: Iterate, length: float, meaning: str) -> None:
    """Draw an arrow along the gradient at the walker; against it if ``length`` < 0."""
    (x, y), (dx, dy) = walker.position, walker.gradient
    scale = length * min(1.0, walker.gradient_norm) / walker.gradient_norm
    end, style = (x + scale * dx, y + scale * dy), "-|>,head_length=0.6,head_width=0.3"
    drawn = parts.arrow(ax, (x, y), end, COLOURS[meaning], 2.6, style, zorder=5)
    drawn.arrow_patch.set_path_effects(WHITE_RIM)


def _compass(ax: Axes) -> None:
    """Draw a rose of eight directions in the upper left corner."""
    rose = ax.inset_axes((0.01, 0.03, 0.2, 0.46))
    rose.set_xlim(-1.7, 1.7)
    rose.set_ylim(-1.7, 1.7)
    rose.set_aspect("equal")
    rose.axis("off")
    rose.add_patch(Circle((0, 0), 1.65, facecolor="white", alpha=0.85, lw=0))
    for i, words in enumerate(("E", "NE", "N", "NW", "W", "SW", "S", "SE")):
        x, y = np.cos(i * np.pi / 4), np.sin(i * np.pi / 4)
        rose.plot([0, x * 0.85], [0, y * 0.85], color=COLOURS["quiet"], lw=1)
        rose.text(x * 1.3, y * 1.3, words, ha="center", va="center", size=9)


def _signed(number: float, digits: int = 3) -> str:
    return f"{number:+.{digits}g}".replace("-", "−")


def _power_of_ten(number: float) -> str:
    digit, exponent = f"{number:.0e}".split("e")
    front = "" if digit == "1" else f"{digit} \\cdot "
    return f"${front}10^{{{int(exponent)}}}$"
