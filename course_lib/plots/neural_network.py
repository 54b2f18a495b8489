"""Figures of notebook 05: neurons, decision boundaries, gradient norms, fitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.patches import Circle, FancyBboxPatch, Patch, PathPatch
from matplotlib.path import Path
from numpy.typing import ArrayLike

from course_lib.plots import parts
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure

__all__ = [
    "activation_and_slope",
    "decision_map",
    "fitting_curves",
    "gradient_norms",
    "layer_diagram",
    "loss_so_far",
    "losses_compared",
    "neuron_anatomy",
    "neuron_curves",
    "neuron_lines",
    "neuron_maps",
    "shares_of_right",
    "signal_and_blame",
    "unit_activity",
]

QUIET, INK = COLOURS["quiet"], COLOURS["ink"]
SIDES = (COLOURS["data"], COLOURS["other"])  # the two classes: label 0, label 1
MARKS = ("o", "^")
SHADES = LinearSegmentedColormap.from_list("sides", [SIDES[0], "#FFFFFF", SIDES[1]])
OUTPUTS = LinearSegmentedColormap.from_list("outputs", ["#FFFFFF", COLOURS["value"]])
STYLES: tuple[tuple[Any, str], ...] = (  # (line, marker): told apart in grey, too
    ("solid", "o"),
    ((0, (5, 2)), "s"),
    ((0, (1, 1.2)), "^"),
    ((0, (6, 2, 1, 2)), "D"),
)
RUNS: tuple[dict[str, Any], ...] = (  # wide and pale first: runs may lie on each other
    {"color": QUIET, "lw": 7, "alpha": 0.4},
    {"color": INK, "lw": 2, "ls": (0, (4, 2))},
    {"color": COLOURS["other"], "lw": 1.8},
    {"color": INK, "lw": 2.5, "ls": (0, (1, 1))},
)
ARROW = 0.2  # of the plane: the length of an arrow for weights of length 1
UNITS = {"silent": "#E9E9E9", "active": COLOURS["value"], "dead": QUIET}  # of a layer


# --- one neuron ---------------------------------------------------------------------


@figure(8.6, 3.9)
def neuron_anatomy(
    inputs: Sequence[float],
    weights: Sequence[float],
    bias: float,
    z: float,
    output: float,
    *,
    names: Sequence[str] = (),
    ax: Axes,
) -> Axes:
    """Draw a neuron with its numbers: inputs, weights, sum, activation, output.

    ``z`` is the sum of inputs times weights, and the bias; ``output`` is what the
    activation makes of it. Up to six inputs; ``names`` say what they are. The arrow of
    a larger weight is wider, that of a negative one is dashed.
    """
    n = len(inputs)
    rows = np.linspace(1.1, -1.1, n) if n > 1 else np.array([0.0])
    rows = rows * min(1.0, 0.55 + 0.15 * n) + 0.35
    middle = 0.35
    for i, (x, w, y) in enumerate(zip(inputs, weights, rows, strict=True)):
        _number_box(ax, 0.0, y, _text(x), COLOURS["data"])
        name = names[i] if i < len(names) else f"$x_{i + 1}$"
        ax.text(-0.62, y, name, ha="right", va="center")
        width = 1.0 + 1.6 * min(abs(w), 3.0)
        end = 2.92, middle + 0.12 * (y - middle)
        arrow = parts.arrow(ax, (0.52, y), end, COLOURS["parameter"], width)
        assert arrow.arrow_patch is not None
        arrow.arrow_patch.set_linestyle("-" if w >= 0 else (0, (2, 1)))
        at = 0.46
        _edge_label(
            ax,
            0.52 + at * 2.4,
            y + at * (middle + 0.12 * (y - middle) - y),
            f"× {_text(w)}",
        )
    _sum_disc(ax, 3.45, middle, _text(z))
    low = middle - 1.75
    _number_box(ax, 3.45, low, _text(bias), COLOURS["parameter"], light=True)
    ax.text(2.84, low, "bias", ha="right", va="center")
    parts.arrow(ax, (3.45, low + 0.27), (3.45, middle - 0.56), COLOURS["parameter"])
    parts.arrow(ax, (4.0, middle), (5.02, middle), COLOURS["value"])
    _activation(ax, 5.75, middle, z, output)
    parts.arrow(ax, (6.48, middle), (7.38, middle), COLOURS["value"])
    _number_box(ax, 7.95, middle, _text(output), COLOURS["value"], light=True)
    top = max(float(rows.max()) + 0.62, middle + 1.3)
    for x, word in (
        (0.0, "inputs"),
        (1.6, "weights"),
        (3.45, "sum"),
        (5.75, "activation"),
        (7.95, "output"),
    ):
        ax.text(x, top, word, ha="center", va="bottom", weight="bold")
    ax.set(xlim=(-1.75, 8.6), ylim=(min(low - 0.4, rows.min() - 0.4), top + 0.4))
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


@figure(4.4, 3.2)
def neuron_curves(
    x: ArrayLike,
    outputs: Mapping[str, ArrayLike],
    title: str = "",
    *,
    level: float = 0.5,
    limits: tuple[float, float] = (0.0, 1.0),
    ylabel: str = "output a",
    border: tuple[float, float] | None = None,
    examples: tuple[ArrayLike, ArrayLike] | None = None,
    key: bool = True,
    ax: Axes,
) -> Axes:
    """Draw the output of a neuron with one input, for up to four settings.

    A dot marks where each curve passes ``level``, one half for a sigmoid. Or give the
    weight and the bias: the ``border`` w x + b = 0 is drawn through the picture, and
    the side where the sum is positive is shaded. ``limits`` are the least and the
    greatest output inside the Axes. ``examples``, inputs and labels, stand at the
    greatest output for the label 1, at the least for 0; with a border, those on its
    wrong side are circled.
    """
    x = np.asarray(x)
    low, high = limits
    if examples is not None:
        inputs, labels = map(np.asarray, examples)
        _examples(ax, inputs, labels, border, limits)
    ax.axhline(level, color=COLOURS["faint"], lw=1.2, zorder=0)
    line_at = None if border is None else _positive_side(ax, x, *border)
    for (name, curve), (dash, _) in zip(outputs.items(), STYLES, strict=False):
        curve = np.asarray(curve)
        inside = np.where((curve >= low) & (curve <= high), curve, np.nan)
        (line,) = ax.plot(x, inside, color=COLOURS["value"], ls=dash, label=name)
        at = _crossing(x, curve - level) if border is None else line_at
        if at is not None:
            ax.plot(at, level, "o", color=line.get_color(), mec="white", ms=7, zorder=4)
    span = high - low
    above = 0.4 * key + 0.07 * (examples is not None)
    ax.set(xlim=(x[0], x[-1]), ylim=(low - 0.04 * span, high + above * span))
    ax.set_yticks([low, (low + high) / 2, high])
    ax.spines["left"].set_bounds(low, high)
    ax.set(xlabel="input x", ylabel=ylabel)
    ax.set_title(title, size=11)
    if key:
        ax.legend(loc="upper left", ncols=2, handlelength=2.8, borderaxespad=0.1)
    return ax


# --- decisions ------------------------------------------------------------------------


@figure(4.4, 3.8)
def decision_map(
    x: ArrayLike,
    y: ArrayLike,
    probabilities: ArrayLike,
    points: ArrayLike,
    labels: ArrayLike,
    title: str = "",
    *,
    weights: Sequence[float] | None = None,
    bias: float = 0.0,
    wrong: ArrayLike = (),
    small: bool = False,
    ax: Axes,
) -> Axes:
    """Draw predicted probabilities, the decision boundary, and data points.

    ``probabilities`` (len(y), len(x)) are those of label 1. With the ``weights`` of a
    single neuron, an arrow from its line shows which way its output rises. ``wrong``
    (one bool for each point) circles those that lie on the other label's side.
    ``small`` leaves the axes' numbers out, for one panel of many.
    """
    x, y, shares = np.asarray(x), np.asarray(y), np.asarray(probabilities, float)
    points, labels = np.asarray(points), np.asarray(labels)
    dx, dy = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2  # a place is the middle of its cell
    shades = SHADES((shares + 0.25) / 1.5, bytes=True)
    extent = (x[0] - dx, x[-1] + dx, y[0] - dy, y[-1] + dy)
    parts.smooth_image(ax, shades, extent=extent, origin="lower", zorder=0)
    if weights is not None:
        _line_and_normal(ax, x, y, np.asarray(weights, dtype=float), bias)
    elif shares.min() < 0.5 < shares.max():
        sure = shares.clip(1e-9, 1 - 1e-9)
        heights = np.log(sure / (1 - sure))  # between two places nearly straight
        look: dict[str, Any] = {"linewidths": 2.5, "zorder": 4}
        ax.contour(x, y, heights, [0.0], colors=COLOURS["value"], **look)
    crowd = len(points) > 300
    for label in (0, 1):
        ax.plot(
            *points[labels == label].T,
            MARKS[label],
            color=SIDES[label],
            mec=INK,
            mew=0.3 if crowd else 0.7,
            ms=3 if crowd else 4.5 if small else 6,
            zorder=3,
        )
    if np.any(wrong):
        ax.plot(
            *points[np.asarray(wrong, dtype=bool)].T,
            "o",
            color="none",
            mec=INK,
            mew=1.3,
            ms=8 if small else 11,
            zorder=3,
        )
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    ax.set_aspect("equal")
    if small:
        ax.set(xticks=[], yticks=[])
    else:
        ax.set(xlabel="$x_1$", ylabel="$x_2$")
    ax.set_title(title, size=10 if small else 11)
    return ax


@figure(4.4, 3.8)
def neuron_lines(weights: ArrayLike, biases: ArrayLike, *, ax: Axes) -> Axes:
    """Draw the line w . x + b = 0 of each neuron, through the limits that Axes have.

    weights: (neurons, 2); biases: (neurons,).
    """
    x, y = ax.get_xlim(), ax.get_ylim()
    middle = np.array([sum(x), sum(y)]) / 2
    lines = [
        _line(np.asarray(w, dtype=float), float(b), middle, np.ptp(x) + np.ptp(y))
        for w, b in zip(np.asarray(weights), np.asarray(biases), strict=True)
        if np.any(w)
    ]
    look = {"colors": COLOURS["parameter"], "linewidths": 1.2, "alpha": 0.7}
    ax.add_collection(LineCollection(lines, **look), autolim=False)
    return ax


@figure(8.2, 4.0)
def layer_diagram(
    values: Sequence[ArrayLike],
    weights: Sequence[ArrayLike],
    names: Sequence[str],
    *,
    ax: Axes,
) -> Axes:
    """Draw a small network with the activation of each neuron.

    ``values`` holds the numbers of each layer, inputs first; ``weights[i]``
    (n_out, n_in) lead from layer i to the next: wider lines for larger weights, dashed
    for negative ones. Up to six neurons a layer.
    """
    step = 2.3
    layers = [np.asarray(v, dtype=float).ravel() for v in values]
    places = [
        [(step * i, (len(layer) - 1) / 2 - k) for k in range(len(layer))]
        for i, layer in enumerate(layers)
    ]
    for i, matrix in enumerate(map(np.asarray, weights)):
        most = float(np.abs(matrix).max()) or 1.0
        for (k, j), w in np.ndenumerate(matrix):
            start, end = places[i][j], places[i + 1][k]
            ax.plot(
                [start[0], end[0]],
                [start[1], end[1]],
                color=COLOURS["parameter"],
                lw=0.5 + 3.0 * abs(w) / most,
                ls="solid" if w >= 0 else (0, (2, 1.4)),
                zorder=1,
            )
    highest = max(len(layer) for layer in layers) / 2
    for i, (layer, column) in enumerate(zip(layers, places, strict=True)):
        face = COLOURS["data" if i == 0 else "value"]
        for value, (px, py) in zip(layer, column, strict=True):
            ax.add_patch(
                Circle((px, py), 0.38, facecolor="white", edgecolor=face, lw=2.5)
            )
            text = f"{value:.2f}".replace("-", "−")
            ax.text(px, py, text, ha="center", va="center", size=9.5)
        ax.text(
            column[0][0], highest + 0.1, names[i], ha="center", va="bottom", size=10.5
        )
    ax.set(
        xlim=(-0.9, step * (len(layers) - 1) + 0.9),
        ylim=(-highest - 0.1, highest + 0.7),
    )
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


@figure(4.4, 3.8)
def neuron_maps(
    votes: ArrayLike,
    outputs: ArrayLike | None = None,
    title: str = "",
    *,
    ax: Axes,
) -> Axes:
    """Draw a small map for each hidden neuron, the first at the upper left.

    ``votes`` (rows, columns, neurons) says how much each neuron of the last hidden
    layer speaks for label 1, as a probability; ``outputs``, from 0 to 1, is what each
    of the layer before puts out, drawn above in green. Up to eight neurons a layer.
    """
    layers = [_shaded(votes, SHADES, beyond=0.25)]
    if outputs is not None:
        layers.insert(0, _shaded(outputs, OUTPUTS))
    n = max(len(maps) for maps in layers)
    n_across = 4 if len(layers) > 1 else max(2, int(np.ceil(n**0.5)))
    high, wide = layers[0].shape[1:3]  # with a rim of one pixel, for a frame
    n_down = [int(np.ceil(len(maps) / n_across)) for maps in layers]
    gap = high // 4 * (len(layers) - 1)
    sheet = np.full((sum(n_down) * high + gap, n_across * wide, 4), 255, np.uint8)
    corners, top = [], 0
    for maps, down in zip(layers, n_down, strict=True):
        for k, cells in enumerate(maps):
            y, x = top + k // n_across * high, k % n_across * wide
            sheet[y : y + high, x : x + wide] = cells
            corners.append((x, y))
        top += down * high + gap
    extent = (0, sheet.shape[1], sheet.shape[0], 0)
    parts.smooth_image(ax, sheet, extent=extent)
    _frames(ax, corners, wide, high)
    ax.set(xlim=extent[:2], ylim=extent[2:])
    ax.set_aspect("equal", anchor="N")
    ax.set_axis_off()
    ax.set_title(title, size=11)
    return ax


def _shaded(shares: ArrayLike, colours: Any, beyond: float = 0.0) -> np.ndarray:
    """Return maps (rows, columns, n) of shares as n images, upside up, with a rim.

    ``beyond`` is how far the colours go on below 0 and above 1. Few levels make few
    colours, and a small stroke.
    """
    levels = np.round(24 * np.moveaxis(np.asarray(shares), -1, 0)[:, ::-1]) / 24
    rimmed = np.pad(levels, ((0, 0), (1, 1), (1, 1)), mode="edge")
    shades: np.ndarray = colours((rimmed + beyond) / (1 + 2 * beyond), bytes=True)
    return shades


@static_artists
def _frames(ax: Axes, corners: Sequence[tuple[int, int]], wide: int, high: int) -> None:
    """Cover the rims of images in white, and frame what is inside."""
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    outer, inner = (
        [
            Path(
                corner + edge + square * [wide - 2 * edge, high - 2 * edge], closed=True
            )
            for corner in np.array(corners)
        ]
        for edge in (0, 1)
    )
    holes = [Path(path.vertices[::-1], closed=True) for path in inner]
    rims = Path.make_compound_path(*outer, *holes)
    frames = Path.make_compound_path(*inner)
    ax.add_patch(PathPatch(rims, facecolor="white", edgecolor="white", lw=0.5))
    ax.add_patch(PathPatch(frames, facecolor="none", edgecolor=QUIET, lw=0.8))


@figure(7.6, 2.9)
def shares_of_right(shares: ArrayLike, *, ax: Axes) -> Axes:
    """Draw a histogram of accuracies, and their mean."""
    shares = np.asarray(shares, dtype=float)
    ax.hist(
        shares,
        bins=np.linspace(0, 1, 21).tolist(),
        color=COLOURS["value"],
        edgecolor="white",
        alpha=0.75,
    )
    mean = float(shares.mean())
    ax.axvline(mean, color=INK, lw=1.5, ls=(0, (4, 3)))
    ax.annotate(
        f"mean {parts.percent(mean)}",
        (mean, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(6, 2),
        textcoords="offset points",
        va="bottom",
        weight="bold",
        annotation_clip=False,
    )
    ax.set(xlim=(0, 1), xlabel="share of points answered right", ylabel="networks")
    ax.xaxis.set_major_formatter(lambda share, _: parts.percent(share))
    return ax


# --- depth ----------------------------------------------------------------------------


@figure(3.2, 3.2)
def activation_and_slope(
    z: ArrayLike,
    outputs: ArrayLike,
    slopes: ArrayLike,
    title: str = "",
    *,
    key: bool = False,
    ax: Axes,
) -> Axes:
    """Draw an activation in green and its derivative in blue, with its maximum."""
    z, outputs, slopes = map(np.asarray, (z, outputs, slopes))
    ax.axhline(0, color=COLOURS["faint"], lw=1.2, zorder=0)
    ax.plot(z, outputs, color=COLOURS["value"], label="output")
    ax.fill_between(z, slopes, color=COLOURS["gradient"], alpha=0.12, lw=0)
    ax.plot(z, slopes, color=COLOURS["gradient"], ls=(0, (5, 2)), label="slope")
    peak = float(slopes.max())
    ax.annotate(
        f"steepest: {peak:.3g}",
        (0.97, 0.03),
        xycoords="axes fraction",
        ha="right",
        va="bottom",
        color=COLOURS["gradient"],
        weight="bold",
        size=10,
    )
    ax.set(xlim=(z[0], z[-1]), ylim=(-1.25, 1.6))
    ax.set_yticks([-1, 0, 1])
    ax.set_xlabel("weighted sum z")
    ax.set_title(title, size=11)
    if key:
        ax.set_ylabel("output, and its slope")
        ax.legend(loc="upper left", borderaxespad=0.1)
    return ax


@figure(8, 4)
def gradient_norms(
    x: ArrayLike,
    norms: Mapping[str, ArrayLike],
    title: str = "",
    *,
    xlabel: str = "layer",
    lowest: float = 1e-22,
    highest: float = 1e3,
    x_max: float | None = None,
    highlighted: str | None = None,
    key: bool | str = True,
    ax: Axes,
) -> Axes:
    """Draw gradient norms on a logarithmic axis, up to four labelled lines.

    What lies below ``lowest`` is no point of a line: for 32-bit numbers it is gone. An
    arrow on the floor says that a line goes on down there, one at the ceiling likewise.
    All lines but the ``highlighted`` one are pale; ``x_max`` is the end of the axis.
    ``key`` may be "below": under the Axes.
    """
    x = np.asarray(x)
    lines = {k: np.asarray(v, dtype=float) for k, v in norms.items()}
    entries: dict[str, dict[str, Any]] = {}
    for (name, line), (dash, mark) in zip(lines.items(), STYLES, strict=False):
        look: dict[str, Any] = {"color": COLOURS["gradient"], "ls": dash}
        look |= {"marker": mark, "ms": 5 if (x_max or len(x)) <= 12 else 3}
        look |= {"lw": 2.8 if name == highlighted else 1.8}
        look |= {"alpha": 1 if highlighted in (None, name) else 0.35}
        over = 3 if name == highlighted else 2
        inside = np.where((line >= lowest) & (line <= highest), line, np.nan)
        ax.plot(x, inside, label=name, clip_on=False, zorder=over, **look)
        entries[name] = look
    for line in lines.values():
        for out, edge, mark in (
            (line < lowest, lowest, "v"),
            (line > highest, highest, "^"),
        ):
            if out.any():
                gone: dict[str, Any] = {"color": QUIET, "mfc": "white", "ms": 5}
                ax.plot(x[out], [edge] * out.sum(), mark, clip_on=False, **gone)
    ax.set_yscale("log")
    ax.set_ylim(lowest, highest)
    decades = int(np.log10(highest / lowest))
    step = max(1, round(decades / 6))
    exponents = range(int(np.log10(lowest)), int(np.log10(highest)) + 1, step)
    ax.set_yticks([10.0**e for e in exponents])
    ax.minorticks_off()
    ax.grid(axis="y", color=COLOURS["faint"], lw=0.8)
    ax.set_xlim(x[0], x_max or x[-1])
    if x_max:
        ax.set_xticks([x[0], *range(5, int(x_max) + 1, 5)])
    ax.set(xlabel=xlabel, ylabel="length of the gradient")
    ax.set_title(title, size=11)
    if key == "below":
        below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2)}
        parts.legend(ax, entries, handlelength=3, ncols=len(entries), **below)
    elif key:
        ax.legend(loc="lower left", borderaxespad=0.3, handlelength=3)
    return ax


@figure(4.4, 3.9)
def signal_and_blame(
    signals: ArrayLike,
    blame: ArrayLike,
    title: str = "",
    *,
    lowest: float = 1e-22,
    highest: float = 1e3,
    x_max: float | None = None,
    ax: Axes,
) -> Axes:
    """Draw two bars for each layer on a logarithmic axis: what it reads, and its blame.

    What lies below ``lowest`` has no bar. ``x_max`` is the end of the axis.
    """
    n = len(np.asarray(signals))
    end = x_max or n
    room = 300 / end  # points for a layer, about, in Axes of this size
    for sizes, name, colour, share, alpha in (
        (signals, "signal, forward →", COLOURS["value"], 0.7, 0.4),
        (blame, "← blame, backward", COLOURS["gradient"], 0.3, 1.0),
    ):
        heights = np.clip(np.asarray(sizes, dtype=float), lowest, highest)
        x = np.repeat(np.arange(1.0, n + 1), 3)  # up, down, and a gap: one path of all
        y = np.column_stack([np.full(n, lowest), heights, np.full(n, np.nan)]).ravel()
        look: dict[str, Any] = {"color": colour, "alpha": alpha}
        ax.plot(x, y, lw=share * min(room, 20), solid_capstyle="butt", **look)
        ax.plot([], [], label=name, lw=10 * share, **look)
    ax.set_yscale("log")
    ax.set_ylim(lowest, highest)
    step = max(1, round(np.log10(highest / lowest) / 6))
    exponents = range(int(np.log10(lowest)), int(np.log10(highest)) + 1, step)
    ax.set_yticks([10.0**e for e in exponents])
    ax.minorticks_off()
    ax.set_xlim(0.3, end + 0.7)
    ax.set_xticks([1, *range(5, int(end) + 1, 5)])
    ax.set(xlabel="hidden layer", ylabel="typical size")
    ax.set_title(title, size=11)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    return ax


@figure(8, 3.6)
def losses_compared(
    losses: Mapping[str, ArrayLike],
    level: tuple[str, float] | None = None,
    *,
    ax: Axes,
) -> Axes:
    """Draw the losses of up to four runs, each named; ``level`` is one to compare."""
    longest = max(len(np.asarray(run)) for run in losses.values())
    for (name, run), look in zip(losses.items(), RUNS, strict=False):
        run = np.asarray(run)
        ax.plot(np.arange(len(run)), run, label=name, **look)
    if level is not None:
        name, height = level
        ax.axhline(height, color=QUIET, lw=1, zorder=0)
        ax.annotate(
            name,
            (0, height),
            xytext=(6, 6),
            textcoords="offset points",
            size=9.5,
            color=QUIET,
        )
    ax.set(xlim=(0, longest), ylim=(0, None), xlabel="step", ylabel="loss, nats")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=3)
    return ax


@figure(4.4, 3.4)
def loss_so_far(
    losses: ArrayLike,
    step: int,
    title: str = "",
    *,
    highest: float = 1.0,
    level: tuple[str, float] | None = None,
    ax: Axes,
) -> Axes:
    """Draw the losses up to a step, with a dot there, and in grey those still to come.

    ``losses`` are those of the whole run. ``level`` is one to compare with.
    """
    losses = np.asarray(losses)
    ax.plot(losses[: step + 1], color=COLOURS["loss"], lw=2.2, clip_on=False)
    ax.plot(
        step,
        losses[step],
        "o",
        color=COLOURS["loss"],
        mec="white",
        ms=10,
        zorder=4,
        clip_on=False,
    )
    ax.plot(losses, color=COLOURS["faint"], lw=2.2, clip_on=False, zorder=1)
    if level is not None:
        name, height = level
        ax.axhline(height, color=QUIET, lw=1, ls=(0, (4, 3)), zorder=0)
        ax.annotate(
            name,
            (len(losses) - 1, height),
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            size=9.5,
            color=QUIET,
        )
    ax.set(xlim=(0, len(losses) - 1), ylim=(0, highest))
    ax.set(xlabel="step", ylabel="loss, nats")
    ax.set_title(title, size=11)
    return ax


@figure(8, 3.6)
def unit_activity(
    active: ArrayLike, title: str = "", *, key: bool = True, ax: Axes
) -> Axes:
    """Draw which units (rows) are active for which examples; count the dead.

    ``active`` (units, examples) is True where a unit's output is above 0. A unit that
    is silent for every example is dead: its row is drawn in dark grey.
    """
    active = np.asarray(active, dtype=bool)
    dead: np.ndarray = np.asarray(~active.any(axis=1))
    cells = active.astype(float)  # 0 silent, 1 speaks, 2 dead
    cells[dead] = 2
    palette = ListedColormap(list(UNITS.values()))
    ax.imshow(cells, cmap=palette, vmin=0, vmax=2, aspect="auto", interpolation="none")
    for gap in np.arange(0.5, len(active) - 1):
        ax.axhline(gap, color="white", lw=1.2)
    text = f"{parts.percent(active.mean())} active, {dead.sum()} of {len(dead)} dead"
    ax.set_title(f"{title}\n{text}" if title else text, size=11)
    ax.set(xlabel="points, by their place from left to right", ylabel="neurons")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    if key:
        names = {"active": "output above 0", "silent": "output 0", "dead": "dead"}
        patches = [
            Patch(facecolor=UNITS[k], edgecolor=QUIET, lw=0.5, label=name)
            for k, name in names.items()
        ]
        look = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.1), "ncols": 3}
        ax.legend(handles=patches, handlelength=1.2, columnspacing=1.2, **look)
    return ax


# --- memorise or generalise -----------------------------------------------------------


@figure(4.4, 3.2)
def fitting_curves(
    seen: ArrayLike,
    unseen: ArrayLike,
    title: str = "",
    *,
    highest: float = 1.5,
    best: bool = True,
    key: bool = True,
    ax: Axes,
) -> Axes:
    """Draw training and validation loss; mark the lowest validation loss.

    What lies above ``highest`` is outside the picture.
    """
    seen, unseen = np.asarray(seen), np.asarray(unseen)
    steps = np.arange(len(seen))
    ax.plot(
        steps, seen, color=COLOURS["loss"], lw=1.6, ls=(0, (4, 1.5)), label="training"
    )
    ax.plot(steps, unseen, color=COLOURS["loss"], lw=2.6, label="validation")
    if best:
        at = int(unseen.argmin())
        ax.plot(
            at,
            unseen[at],
            "o",
            color="white",
            mec=INK,
            mew=2,
            ms=8,
            zorder=4,
            label=f"lowest: {unseen[at]:.2f}, step {at}",
        )
    ax.set(xlim=(0, len(steps)), ylim=(0, highest), xlabel="step", ylabel="loss, nats")
    ax.set_title(title, size=11)
    if key:
        ax.legend(loc="best", handlelength=2.6, borderaxespad=0.1)
    return ax


# --- pieces ---------------------------------------------------------------------------


def _crossing(x: np.ndarray, heights: np.ndarray) -> float | None:
    """Return where the heights first cross 0, by linear interpolation."""
    for i in np.flatnonzero(np.diff(heights >= 0))[:1]:
        share = -heights[i] / (heights[i + 1] - heights[i])
        return float(x[i] + share * (x[i + 1] - x[i]))
    return None


def _examples(
    ax: Axes,
    inputs: np.ndarray,
    labels: np.ndarray,
    border: tuple[float, float] | None,
    limits: tuple[float, float],
) -> None:
    """Draw inputs at the height of their label; circle those on the wrong side."""
    heights = np.array(limits)[labels]
    above: dict[str, Any] = {"zorder": 4, "clip_on": False, "ls": "none"}
    for label in (0, 1):
        look = {"marker": MARKS[label], "color": SIDES[label], "mec": INK, "mew": 0.7}
        mine = labels == label
        ax.plot(inputs[mine], heights[mine], ms=7, **look, **above)
    if border is not None:
        wrong = (border[0] * inputs + border[1] > 0) != labels
        look = {"marker": "o", "color": "none", "mec": INK, "mew": 1.3}
        ax.plot(inputs[wrong], heights[wrong], ms=12, **look, **above)


def _positive_side(ax: Axes, x: np.ndarray, weight: float, bias: float) -> float | None:
    """Shade where weight x + bias > 0; return its zero, if it is in view."""
    left, right = float(x[0]), float(x[-1])
    at = -bias / weight if weight else np.inf
    inside = bool(left < at < right)
    if weight * right + bias > 0:  # the right end is on the positive side
        left = max(left, at) if inside else left
    elif weight * left + bias > 0:
        right = min(right, at) if inside else right
    else:
        return None
    ax.axvspan(left, right, color=COLOURS["value"], alpha=0.1, lw=0, zorder=-1)
    if not inside:
        return None
    ax.axvline(at, color=QUIET, lw=1.2, ls=(0, (1, 2)), zorder=1)
    # Where sums are positive the curve runs above, elsewhere below: corners stay free.
    roomy = right - left > 0.25 * (x[-1] - x[0])
    rightward = roomy == (weight > 0)
    ax.annotate(
        f"x = {at + 0.0:.2f}".replace("-", "−"),
        (at, 0.0 if roomy else 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(5 if rightward else -5, 4 if roomy else -4),
        textcoords="offset points",
        ha="left" if rightward else "right",
        va="bottom" if roomy else "top",
        size=10,
        weight="bold",
    )
    return float(at)


def _text(number: float) -> str:
    return f"{float(number):.3g}".replace("-", "−")


def _number_box(
    ax: Axes, x: float, y: float, text: str, colour: str, light: bool = False
) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x - 0.46, y - 0.23),
            0.92,
            0.46,
            boxstyle="round,pad=0.02,rounding_size=0.1",
            facecolor="white",
            edgecolor=colour,
            linewidth=2.5,
            zorder=2,
        )
    )
    ax.text(x, y, text, ha="center", va="center", weight="bold" if light else "normal")


def _edge_label(ax: Axes, x: float, y: float, text: str) -> None:
    ax.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        size=10.5,
        bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"},
        zorder=3,
    )


def _sum_disc(ax: Axes, x: float, y: float, text: str) -> None:
    ax.add_patch(
        Circle((x, y), 0.54, facecolor="white", edgecolor=COLOURS["value"], lw=2.5)
    )
    ax.text(x, y + 0.17, "Σ", ha="center", va="center", size=14)
    ax.text(x, y - 0.2, text, ha="center", va="center", weight="bold")


def _activation(ax: Axes, x: float, y: float, z: float, output: float) -> None:
    """Draw a framed sigmoid, and where on it this sum lies."""
    half = 0.72
    ax.add_patch(
        FancyBboxPatch(
            (x - half, y - half),
            2 * half,
            2 * half,
            boxstyle="round,pad=0.0,rounding_size=0.1",
            facecolor="white",
            edgecolor=COLOURS["value"],
            linewidth=2.5,
            zorder=2,
        )
    )
    t = np.linspace(-6, 6, 61)
    wide, high = 0.58 / 6, 1.0
    curve = 1 / (1 + np.exp(-t))  # the frame's own ornament, not the model's number
    ax.plot(x + wide * t, y + high * (curve - 0.5), color=INK, lw=1.5, zorder=3)
    ax.plot([x, x], [y - 0.6, y + 0.6], ":", color=QUIET, lw=1.2, zorder=3)
    at = x + wide * float(np.clip(z, -6, 6))
    ax.plot(
        at,
        y + high * (output - 0.5),
        "o",
        color=COLOURS["value"],
        mec="white",
        ms=9,
        zorder=4,
    )
    ax.text(x, y - half - 0.08, "0", ha="center", va="top", color=QUIET, size=9.5)


def _line_and_normal(
    ax: Axes, x: np.ndarray, y: np.ndarray, w: np.ndarray, bias: float
) -> None:
    """Draw the line w . x + b = 0, and the weights as an arrow normal to it."""
    if not np.any(w):
        return
    middle = np.array([x[0] + x[-1], y[0] + y[-1]]) / 2
    line = _line(w, bias, middle, x[-1] - x[0] + y[-1] - y[0])
    look = {"colors": COLOURS["value"], "linewidths": 2.5, "zorder": 4}
    ax.add_collection(LineCollection([line], **look), autolim=False)
    foot = line.mean(axis=0)
    tip = foot + ARROW * w
    ends = (float(foot[0]), float(foot[1])), (float(tip[0]), float(tip[1]))
    above: dict[str, Any] = {"annotation_clip": False, "zorder": 5}
    arrow = parts.arrow(ax, *ends, COLOURS["parameter"], 3, **above)
    assert arrow.arrow_patch is not None
    arrow.arrow_patch.set_clip_path(ax.patch)


def _line(w: np.ndarray, bias: float, middle: np.ndarray, reach: float) -> np.ndarray:
    """Return two points of w . x + b = 0, each as far from its nearest to middle."""
    foot = middle - (middle @ w + bias) * w / (w @ w)
    along = np.array([-w[1], w[0]]) / np.linalg.norm(w)
    return np.array([foot - reach * along, foot + reach * along])
