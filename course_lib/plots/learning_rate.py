"""Figures of notebook 03: learning rates, trajectories, gradient noise, range tests.

The functions draw numbers that were computed elsewhere. A map is drawn from a
``lessons.descent.LossGrid``; a walk is an array of positions (steps + 1, 2).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.ticker import EngFormatter, MaxNLocator
from numpy.typing import ArrayLike

from course_lib.plots import parts
from course_lib.plots.gradient import (
    EAST_NORTH,
    FOOTPRINT,
    WHITE_RIM,
    walk_map,
)
from course_lib.plots.parts import HALO, PALE_ALTITUDES
from course_lib.plots.style import COLOURS, figure, panels, styled

__all__ = [
    "arrow_cloud",
    "curves_by_step",
    "five_point_descent",
    "noise_by_batch",
    "paths_map",
    "range_test",
    "shrink_factors",
    "steps_needed",
    "stride_walk",
]

PINK = "#B0478F"  # of comparisons, dark enough for a map and for words
# Who walks keeps colour, mark and dash through the notebook.
LOOKS: dict[str, tuple[str, str, Any]] = {
    "plain descent": (COLOURS["ink"], "o", (0, (4, 1.5))),
    "momentum": (COLOURS["quiet"], "s", "solid"),
    "Adam": (PINK, "^", "solid"),
}
OTHERS = [  # categories have no meaning of their own: no colour that has one
    (COLOURS["ink"], "o", "solid"),
    (PINK, "s", (0, (5, 1.5))),
    (COLOURS["quiet"], "^", "solid"),
    (COLOURS["ink"], "D", (0, (1, 1.2))),
    (PINK, "v", "solid"),
    (COLOURS["quiet"], "P", (0, (3, 1))),
]
Point = tuple[float, float]


@figure(4.6, 3.6)
def stride_walk(
    xs: ArrayLike,
    altitudes: ArrayLike,
    path: ArrayLike,
    heights: ArrayLike,
    *,
    title: str = "",
    name: str = "x, distance from the floor",
    top: float | None = None,
    ax: Axes,
) -> Axes:
    """Draw a loss over one parameter and the steps of a descent on it.

    ``path`` holds the positions and ``heights`` the altitude at each. A walk that
    leaves the picture is cut where it leaves; an arrow says so. ``top`` is the upper
    end of the picture (the highest of the valley if not given).
    """
    xs, altitudes = np.asarray(xs, dtype=float), np.asarray(altitudes, dtype=float)
    path, heights = np.asarray(path, dtype=float), np.asarray(heights, dtype=float)
    ax.plot(xs, altitudes, color=COLOURS["loss"], zorder=2)
    low = float(altitudes.min())
    top = float(altitudes.max()) if top is None else top
    inside = (path >= xs.min()) & (path <= xs.max()) & (heights <= top)
    left = int(np.argmin(inside)) if not inside.all() else len(path)
    seen = slice(0, left)
    ax.plot(path[seen], heights[seen], color=COLOURS["ink"], lw=0.9, zorder=3)
    ax.plot(path[seen][1:], heights[seen][1:], ls="", zorder=4, **FOOTPRINT)
    if left:
        end = left - 1
        ax.plot(path[0], heights[0], zorder=4, **parts.START)
        if left == len(path):
            ax.plot(path[end], heights[end], zorder=5, clip_on=False, **parts.WALKER)
        else:
            _exit_arrow(ax, (path[end], heights[end]), path[left] > path[end], xs, top)
    ax.set_xlim(xs.min(), xs.max())
    ax.set_ylim(low - 0.06 * (top - low), top)
    ax.set(xlabel=name, ylabel="altitude (loss)", title=title)
    return ax


@figure(8.0, 4.2)
def shrink_factors(
    rates: ArrayLike,
    factors: ArrayLike,
    edge: float,
    measured: Mapping[float, float],
    *,
    top: float | None = None,
    legend: str = "lower left",
    ax: Axes,
) -> Axes:
    """Draw the contraction factor of each step against the learning rate.

    ``factors`` is the derived curve, ``measured`` has the factor seen at some rates;
    ``edge`` is the rate from which on walks no longer arrive. ``top`` is the upper end
    of the picture; a measured factor above it stands there as an arrowhead.
    """
    rates, factors = np.asarray(rates, dtype=float), np.asarray(factors, dtype=float)
    top = float(factors.max()) * 1.06 if top is None else top
    last = float(rates.max())
    shades = ["#E4E4E4", "white", "#F0F0F0", "#D2D2D2"]
    regimes = ("crawls", "arrives", "swings and arrives", "flies off")
    ends = np.minimum([0.0, 0.1 * edge, 0.5 * edge, edge, max(edge, last)], last)
    spans = np.column_stack([ends[:-1], np.diff(ends)])
    ax.broken_barh(spans, (0, top), facecolors=shades, lw=0)
    inches = float(ax.get_figure(root=True).get_size_inches()[0])
    for name, low, high in zip(regimes, ends, ends[1:], strict=False):
        words, turned = _fit_words(name, (high - low) / last * inches)
        beyond = name == "flies off" and not turned  # clear of the rising curve
        ax.text(
            edge + 0.01 * last if beyond else (low + high) / 2,
            top * 0.97,
            words,
            ha="left" if beyond else "center",
            va="top",
            size=10,
            rotation=90 if turned else 0,
        )
    ax.axhline(1, color=COLOURS["quiet"], lw=1, ls=(0, (4, 3)))
    ax.plot(rates, factors, color=COLOURS["quiet"], label="derived: $|1 - \\eta k|$")
    look: dict[str, Any] = {"color": COLOURS["ink"], "mec": "white", "mew": 1.2}
    seen = {rate: factor for rate, factor in measured.items() if factor <= top}
    ax.plot(
        list(seen),
        list(seen.values()),
        "o",
        ms=9,
        label="measured on the walks",
        zorder=4,
        clip_on=False,
        **look,
    )
    for rate in set(measured) - set(seen):
        ax.plot(rate, top, "^", ms=11, zorder=4, clip_on=False, **look)
    ax.axvline(edge, color=COLOURS["ink"], lw=1.6)
    left = edge > 0.7 * last
    ax.annotate(
        f"the edge, $2 / k$ = {edge:.3g}",
        (edge, 0.1),
        xytext=(-8 if left else 8, 0),
        textcoords="offset points",
        color=COLOURS["ink"],
        ha="right" if left else "left",
        va="center",
    )
    ax.set_xlim(0, 1.015 * last)  # room for a mark at the end
    ax.set_ylim(0, top)
    ax.set_xlabel("learning rate $\\eta$")
    ax.set_ylabel("each step multiplies\nthe distance by")
    if legend:
        ax.legend(loc=legend)
    return ax


@figure(10.0, 4.9)
def five_point_descent(
    terrain: Any,
    path: ArrayLike,
    altitudes: ArrayLike,
    *,
    floor: Point | None = None,
    names: tuple[str, str] = ("x", "y"),
    view: Point = (34.0, -65.0),
    ax: Axes,
) -> Axes:
    """Draw the numbered points of a descent twice: on a surface and on a map.

    ``path`` (n, 2) are the places and ``altitudes`` (n,) the loss at each; the step
    from a point to the next is an arrow. ``floor`` marks the lowest place. The surface
    is seen from the south, so that both pictures run the same way.
    """
    path, heights = np.asarray(path, dtype=float), np.asarray(altitudes, dtype=float)
    ax.set_axis_off()
    space: Any = ax.inset_axes(
        (-0.06, -0.08, 0.57, 1.12), projection="3d", computed_zorder=False
    )
    _surface(space, terrain, names, view)
    look: dict[str, Any] = {"color": COLOURS["parameter"], "path_effects": WHITE_RIM}
    space.plot(*path.T, heights, lw=2.4, zorder=7, **look)
    _places(space, np.column_stack([path, heights]), 8)
    points = np.column_stack([path, heights, np.ones(len(path))]) @ space.get_proj().T
    seen = points[:, :2] / points[:, 3:]  # where they are on the page
    for i in range(len(path)):
        _number_beside(space, seen, i, below=i % 2 == 1)
    space.text2D(
        0.12,
        0.915,
        "on the surface",
        size=12,
        weight="bold",
        **_in_axes(space),
    )

    flat = ax.inset_axes((0.6, 0.1, 0.4, 0.82))
    grid = (terrain.xs, terrain.ys, terrain.losses)
    parts.contour_map(flat, grid, _square_levels(grid[2]), 60, **_contour_look(grid[2]))
    if floor is not None:
        flat.plot(*floor, "+", ms=13, mew=2, color=COLOURS["ink"], zorder=3)
    for here, there in itertools.pairwise(path):
        colour = COLOURS["parameter"]
        parts.map_arrow(flat, tuple(here), tuple(there), colour, lw=2.4, gap=4.5)
    for arrow in flat.patches:
        arrow.set_path_effects(WHITE_RIM)
    _places(flat, path, 5)
    for i in range(len(path)):
        _number_beside(flat, path, i)
    flat.set_xlim(terrain.xs[0], terrain.xs[-1])
    flat.set_ylim(terrain.ys[0], terrain.ys[-1])
    flat.set(xlabel=names[0], ylabel=names[1])
    flat.set_title("on the map, from above", size=12)
    return ax


@figure(6.6, 3.4)
def curves_by_step(
    curves: Mapping[str, ArrayLike],
    *,
    ylabel: str = "altitude above the floor",
    xlabel: str = "step",
    log: bool = True,
    goal: Mapping[str, float] | None = None,
    limits: Point | None = None,
    length: int | None = None,
    log_steps: bool = False,
    dots: bool = False,
    head: bool = False,
    legend: str = "best",
    title: str = "",
    ax: Axes,
) -> Axes:
    """Draw several series by step, each with a name; ``goal`` names level lines.

    What is not a number is left out; what is not above 0 falls off a log axis.
    ``limits`` are the lower and upper end of the axis, ``length`` the last step on
    theirs, which with ``log_steps`` is logarithmic from step 10 on. ``dots`` marks
    every step, ``head`` the last. ``legend`` is its place: one that matplotlib knows,
    "above" the Axes, at the "ends" of the curves, or "" for none.
    """
    longest = max((np.size(series) for series in curves.values()), default=2)
    width = 2.0 if max(longest, length or 0) <= 300 else 1.4
    entries: dict[str, dict[str, Any]] = {}  # of the legend
    margin = 0.0  # for dots at the ends
    for i, (name, series) in enumerate(curves.items()):
        numbers = np.array(series, dtype=float)
        numbers[~np.isfinite(numbers)] = np.nan
        if log:
            numbers = np.clip(numbers, 1e-100, 1e100)
        colour, mark, dash = LOOKS.get(name, OTHERS[i % len(OTHERS)])
        look: dict[str, Any] = {"color": colour, "ls": dash, "lw": width}
        ax.plot(numbers, label="" if head else name, **look)
        entries[name] = look
        if dots:
            ax.plot(numbers, "o", ms=4, color=colour)
            margin = 0.02
        if head:
            look |= {"marker": mark, "ms": 6}
            ax.plot([], [], label=name, **look)
            seen = np.flatnonzero(np.isfinite(numbers))
            if len(seen):
                height = np.clip(numbers[seen[-1]], *(limits or (None, None)))
                _end_marker(ax, (seen[-1], height), mark, colour, clip=False)
    for words, height in (goal or {}).items():
        ax.axhline(height, color=COLOURS["quiet"], lw=1.1, ls=(0, (1, 1.5)))
        ax.annotate(
            words,
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=COLOURS["quiet"],
            annotation_clip=False,
        )
    if log:
        ax.set_yscale("log")
    if limits is not None:
        ax.set_ylim(*limits)
    last_step = length or max(longest - 1, 1)
    ax.set_xlim(-margin * last_step, (1 + margin) * last_step)
    ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    if log_steps:
        last = length or longest
        ticks = [t for t in (0, 5, 10, 30, 100, 300, 1000) if t <= last]
        ax.set_xscale("symlog", linthresh=10)
        ax.set_xticks(ticks, [f"{t:,}" for t in ticks])
        ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if legend == "above":
        parts.legend(
            ax,
            entries,
            loc="lower left",
            bbox_to_anchor=(0, 1.0),
            ncols=len(curves),
            columnspacing=1.4,
            borderaxespad=0.2,
        )
    elif legend == "ends":
        _label_ends(ax)
    elif legend:
        ax.legend(loc=legend, handlelength=2.6)
    return ax


def paths_map(
    terrain: Any,
    paths: Mapping[str, ArrayLike],
    *,
    marks: Mapping[str, Point] | None = None,
    title: str = "",
    legend: str = "best",
    equal: bool = True,
    head: bool = False,
    names: tuple[str, str] = EAST_NORTH,
    ax: Axes | None = None,
) -> Axes:
    """Draw several named trajectories on one contour map; each is (n, 2).

    ``marks`` writes words at places, as in ``walk_map``; ``legend`` is its place, ""
    for none. Steps outside the map are cut off at its edge. A ring marks the start;
    ``head`` marks the last place of each walk.
    """
    wide, high = np.ptp(terrain.xs), np.ptp(terrain.ys)
    if ax is None:
        tall = 6.6 * high / wide if equal else 3.4
        ax = panels(width=6.6, height=min(max(tall, 1.6), 6.6) + 0.6)
    with styled():
        walk_map(terrain, marks=marks, title=title, names=names, equal=equal, ax=ax)
        for i, (name, path) in enumerate(paths.items()):
            path = _truncated(np.asarray(path, dtype=float), terrain)
            colour, mark, _ = LOOKS.get(name, OTHERS[i % len(OTHERS)])
            over = 4 + len(paths) - i  # the first on top
            ax.plot(*path.T, color=colour, lw=1, zorder=over)
            ax.plot(*path[1:].T, mark, color=colour, ms=2.8, zorder=over)
            ax.plot([], [], f"{mark}-", color=colour, ms=5, lw=1.5, label=name)
            if head and len(path):
                _end_marker(ax, path[-1], mark, colour)
        starts = [np.asarray(path)[0] for path in paths.values()]
        if starts:
            ax.plot(*starts[0], zorder=12, **parts.START)
        if legend and paths:
            ax.legend(
                loc=legend,
                frameon=True,
                framealpha=0.85,
                edgecolor="none",
                handlelength=1.6,
                borderpad=0.3,
            ).set_zorder(20)
    return ax


@figure(8.0, 3.4)
def steps_needed(
    results: Mapping[str, Mapping[str, int | None]],
    budget: int,
    *,
    title: str = "",
    ax: Axes,
) -> Axes:
    """Draw the steps that each optimizer needed on each loss, on a log axis.

    ``results[landscape][runner]``; None is drawn beyond the budget.
    """
    beyond = budget * 6.0
    ax.axvspan(budget * 2, budget * 18, color=COLOURS["faint"], alpha=0.6, lw=0)
    for row, entries in enumerate(results.values()):
        ax.axhline(row, color=COLOURS["faint"], lw=1, zorder=1)
        for i, (name, steps) in enumerate(entries.items()):
            colour, mark, _ = LOOKS.get(name, OTHERS[i % len(OTHERS)])
            lift = 0.16 * (i - (len(entries) - 1) / 2)
            ax.plot(
                beyond if steps is None else max(steps, 1),
                row + lift,
                mark,
                ms=7,
                color=colour,
                mfc="none" if steps is None else colour,
                mew=1.4,
                zorder=3,
                label=name if row == 0 else None,
            )
    ax.set_xscale("log")
    ax.set_xlim(0.7, budget * 18)
    ticks = [10.0**n for n in range(int(np.log10(budget)) + 1)]
    ax.set_xticks([*ticks, beyond], [*(f"{t:,.0f}" for t in ticks), "not\nyet"])
    ax.minorticks_off()
    ax.set_yticks(range(len(results)), list(results))
    ax.set_ylim(len(results) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="steps to the target (log axis)", title=title)
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.02, 1.0),
        ncols=3,
        fontsize=9,
        handletextpad=0.1,
        columnspacing=0.6,
        borderaxespad=0.1,
        borderpad=0.1,
    )
    return ax


@figure(8.0, 4.2)
def range_test(
    rates: ArrayLike,
    losses: Mapping[str, ArrayLike],
    *,
    start: float,
    edges: Mapping[str, float] | None = None,
    xlabel: str = "learning rate (log axis)",
    ylabel: str = "loss after the run, nats",
    ax: Axes,
) -> Axes:
    """Draw a learning-rate range test: the loss after a short run, by rate.

    ``start`` is the loss before the first step, ``edges`` the rate up to which a model
    must be stable at its start. Losses far above the start leave the picture.
    """
    rates = np.asarray(rates, dtype=float)
    top = 1.55 * start
    ax.axhline(start, color=COLOURS["quiet"], lw=1.1, ls=(0, (4, 3)))
    ax.annotate(
        "before the first step",
        (0.76, start),
        xycoords=("axes fraction", "data"),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        color=COLOURS["quiet"],
    )
    for (name, loss), look in zip(losses.items(), (OTHERS[0], OTHERS[1]), strict=False):
        heights = np.asarray(loss, dtype=float)
        ax.plot(rates, heights, f"{look[1]}-", ms=5, color=look[0], label=name)
        if name in (edges or {}):
            edge = (edges or {})[name]
            ax.plot([edge, edge], [0, top], color=look[0], lw=1.3, ls=(0, (1, 1.5)))
            ax.annotate(
                f"$2/k$ = {edge:.2g}",
                (edge, 0),
                xytext=(4, 5),
                textcoords="offset points",
                color=look[0],
            )
    ax.set_xscale("log")
    ax.set_xlim(rates[0], rates[-1])
    ax.set_ylim(0, top)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="lower left")
    return ax


@figure(3.2, 3.2)
def arrow_cloud(
    guesses: ArrayLike,
    full: Point,
    *,
    reach: float | None = None,
    names: tuple[str, str] = ("x", "y"),
    title: str = "",
    ax: Axes,
) -> Axes:
    """Draw mini-batch gradients (n, 2) as thin arrows, the full one in bold.

    All start at the same place. ``reach`` is half the width of the picture.
    """
    guesses = np.asarray(guesses, dtype=float).reshape(-1, 2)
    if reach is None:
        reach = 1.15 * float(np.abs([*guesses, full]).max() or 1.0)
    ax.axhline(0, color=COLOURS["faint"], lw=1)
    ax.axvline(0, color=COLOURS["faint"], lw=1)
    ax.quiver(
        *np.zeros_like(guesses).T,
        *guesses.T,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.007,
        headwidth=5,
        color=COLOURS["gradient"],
        alpha=0.3,
        zorder=3,
    )
    ax.quiver(
        0,
        0,
        *full,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.024,
        headwidth=2.6,
        headlength=2.2,
        headaxislength=2,
        color=COLOURS["gradient"],
        edgecolor="white",
        linewidth=1,
        zorder=4,
    )
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    ax.set(xlabel=names[0], ylabel=names[1], title=title)
    return ax


@figure(6.4, 4.0)
def noise_by_batch(
    sizes: ArrayLike, noise: ArrayLike, signal: float, *, ax: Axes
) -> Axes:
    """Draw the error of mini-batch gradients against the batch size, log-log.

    ``noise`` is the typical length of the error and ``signal`` the length of the full
    slope. Drawn too is the line that falls with the square root, from the first point.
    """
    sizes, noise = np.asarray(sizes, dtype=float), np.asarray(noise, dtype=float)
    line = noise[0] * np.sqrt(sizes[0] / sizes)
    look: dict[str, Any] = {"ls": (0, (4, 3)), "lw": 1.4}
    ax.plot(sizes, line, color=COLOURS["quiet"], label="falls with the root", **look)
    ax.plot(sizes, noise, "o", ms=8, color=COLOURS["ink"], label="measured")
    ax.axhline(signal, color=COLOURS["gradient"], lw=2)
    ax.annotate(
        "length of the exact slope",
        (sizes[0], signal),
        xytext=(0, -5),
        textcoords="offset points",
        va="top",
        color=COLOURS["gradient"],
    )
    ax.set(xscale="log", yscale="log")
    ax.set_xticks(sizes, [f"{n:,.0f}" for n in sizes])
    low, high = min(noise.min(), signal) * 0.7, max(noise.max(), signal) * 1.4
    ticks = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
    shown = [t for t in ticks if low <= t <= high]
    if shown:
        ax.set_yticks(shown, [f"{t:g}" for t in shown])
    ax.minorticks_off()
    ax.set_ylim(low, high)
    ax.grid(alpha=0.6)
    ax.set(xlabel="examples in the batch (log axis)")
    ax.set_ylabel("typical error of the slope\n(log axis)")
    ax.legend(loc="upper right")
    return ax


# --- parts ------------------------------------------------------------------------


def _end_marker(ax: Axes, at: Any, mark: str, colour: str, clip: bool = True) -> None:
    look: dict[str, Any] = {"color": colour, "mec": "white", "mew": 1.2}
    ax.plot(*at, mark, ms=10, zorder=14, clip_on=clip, **look)


def _fit_words(words: str, inches: float) -> tuple[str, bool]:
    """Return words that fit between two places, and whether to rotate them."""
    for fit in (words, words.replace(" and ", "\nand ")):
        if 0.1 * max(map(len, fit.split("\n"))) <= inches:
            return fit, False
    return (words, True) if inches > 0.176 else ("", False)


def _in_axes(ax: Any) -> dict[str, Any]:
    return {"transform": ax.transAxes}


def _places(ax: Any, places: np.ndarray, zorder: float) -> None:
    """Draw the places of a walk (n, 2 or 3): its start, its steps, and the walker."""
    ax.plot(*places[1:-1].T, ls="", zorder=zorder, **FOOTPRINT | {"ms": 6})
    ax.plot(*places[:1].T, zorder=zorder, **parts.START)
    ax.plot(*places[-1:].T, zorder=zorder + 1, **parts.WALKER)


def _exit_arrow(
    ax: Axes, at: Point, to_the_right: bool, xs: np.ndarray, top: float
) -> None:
    """Draw an arrow from the last point in view to where the path leaves the Axes."""
    x = xs.max() if to_the_right else xs.min()
    ax.annotate(
        "",
        (x, top),
        xytext=at,
        arrowprops={"arrowstyle": "-|>", "color": COLOURS["ink"], "lw": 1.2},
        zorder=5,
    )


def _label_ends(ax: Axes) -> None:
    """Label each curve at its end, or where it leaves through the lower limit."""
    bottom, last = -1.0, ax.get_xlim()[1]
    ends = []
    for line in ax.lines:
        if line.get_label().startswith("_"):
            continue
        points = ax.transData.transform(np.column_stack(line.get_data()))
        x, y = ax.transAxes.inverted().transform(points).T
        below = np.flatnonzero(y < 0)
        if len(below):
            i = int(below[0])
            share = y[i - 1] / (y[i - 1] - y[i]) if i else 0.0
            ends.append((0.0, x[max(i - 1, 0)] + share * (x[i] - x[i - 1]), line))
        else:
            ends.append((float(y[np.isfinite(y)][-1]), 1.0, line))
    for height, x, line in sorted(ends, key=lambda end: end[:2]):
        inside = x < 1 or height == 0.0
        if not inside:
            height = bottom = max(height, bottom + 0.09)
        ax.annotate(
            line.get_label(),
            (x, height),
            xycoords="axes fraction",
            xytext=(4, 7 if inside else 0),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
            size=10,
            annotation_clip=False,
            path_effects=HALO,
        )
    ax.set_xlim(right=last)


def _truncated(path: np.ndarray, terrain: Any) -> np.ndarray:
    """Truncate a path where it is not finite or far off the map."""
    wide, high = np.ptp(terrain.xs), np.ptp(terrain.ys)
    with np.errstate(invalid="ignore"):
        fine = (
            np.isfinite(path).all(axis=1)
            & (np.abs(path[:, 0] - terrain.xs.mean()) < 20 * wide)
            & (np.abs(path[:, 1] - terrain.ys.mean()) < 20 * high)
        )
    return path if fine.all() else path[: int(np.argmin(fine))]


def _number_beside(ax: Axes, path: np.ndarray, i: int, below: bool = False) -> None:
    """Write the number i + 1 beside a point, perpendicular to the path."""
    ahead = path[-1] - path[0]
    length = float(np.hypot(*ahead)) or 1.0
    x, y = -14 * ahead[1] / length, 14 * ahead[0] / length
    side = 1 if (y > 0) != below else -1
    ax.annotate(
        str(i + 1),
        tuple(path[i]),
        xytext=(side * x, side * y),
        textcoords="offset points",
        ha="center",
        va="center",
        weight="bold",
        size=13,
        path_effects=HALO,
        zorder=7,
    )


def _surface(space: Any, terrain: Any, names: tuple[str, str], view: Point) -> None:
    grid = (terrain.xs, terrain.ys, terrain.losses)
    levels, look = _square_levels(terrain.losses), _contour_look(terrain.losses)
    parts.surface(space, grid, levels, 0.95, **look)
    space.view_init(*view)
    space.set_xlabel(names[0], labelpad=6)
    space.set_ylabel(names[1], labelpad=6)
    space.set_zlabel("loss = altitude", labelpad=14)
    space.locator_params(nbins=4)
    space.set_box_aspect((1, 1, 0.66), zoom=0.92)
    space.zaxis.set_major_formatter(EngFormatter(sep="\N{THIN SPACE}"))  # 100 k
    space.tick_params(axis="z", pad=8)


def _contour_look(altitudes: np.ndarray) -> dict[str, Any]:
    """Return the keywords of a contour map or a surface: shades and lines."""
    norm = PowerNorm(0.5, *_low_and_high(altitudes))
    lines = {"colors": COLOURS["loss"], "linewidths": 0.7, "alpha": 0.7}
    return {"cmap": PALE_ALTITUDES, "norm": norm, **lines}


def _low_and_high(altitudes: np.ndarray) -> tuple[float, float]:
    low, high = float(np.min(altitudes)), float(np.max(altitudes))
    return low, high if high > low else low + 1.0


def _square_levels(altitudes: np.ndarray) -> np.ndarray:
    """Return altitudes for contours, evenly far apart on a bowl."""
    low, high = _low_and_high(altitudes)
    return low + (high - low) * np.linspace(0.06, 0.98, 13) ** 2
