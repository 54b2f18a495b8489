"""Figures of notebook 06: tokens, architecture, training and attention of the GPT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from numpy.typing import ArrayLike

from course_lib.plots import parts
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure

__all__ = [
    "attention_arcs",
    "attention_map",
    "embedding_map",
    "guessing_game",
    "learning_curves",
    "loss_curve",
    "model_diagram",
    "next_token_bars",
    "number_grid",
    "step_times",
    "text_windows",
    "token_strip",
]

Shapes = Mapping[str, tuple[int, int]]
LETTER_SIZE = 0.036, 0.05  # share of the figure that a letter in its circle takes
MOST_DOTS = 2000  # of a loss curve: more would only cover each other


@figure(8, 1.9)
def token_strip(characters: Sequence[str], tokens: Sequence[int], *, ax: Axes) -> Axes:
    """Draw the characters of a text, and under each its token."""
    for i, (character, token) in enumerate(zip(characters, tokens, strict=True)):
        _box(ax, i, 0.62, character, filled=True)
        _thin_arrow(ax, (i, 0.24), (i, -0.06))
        ax.text(i, -0.28, str(token), ha="center", va="center", size=13)
    ax.text(-0.75, 0.62, "text", ha="right", va="center", color=COLOURS["quiet"])
    ax.text(-0.75, -0.28, "tokens", ha="right", va="center", color=COLOURS["quiet"])
    _hide_axes(ax, (-1.9, len(tokens) - 0.4), (-0.5, 1.05))
    return ax


@figure(8, 3.6)
def guessing_game(characters: Sequence[str], *, ax: Axes) -> Axes:
    """Draw every context of one document, and the next token it has to predict."""
    last = len(characters) - 1
    for row in range(last):
        for i in range(row + 1):
            _box(ax, i, -row, characters[i], size=0.74, filled=True)
        _thin_arrow(ax, (row + 0.5, -row), (last + 0.45, -row))
        _box(ax, last + 1, -row, characters[row + 1], size=0.74)
    ax.text(-0.4, 0.75, "what the model reads", color=COLOURS["quiet"], va="center")
    ax.text(
        last + 1,
        0.75,
        "what comes next",
        color=COLOURS["quiet"],
        va="center",
        ha="center",
    )
    _hide_axes(ax, (-1, last + 2.4), (-last + 0.4, 1.05))
    return ax


@figure(9.5, 1.4)
def text_windows(characters: Sequence[str], block_size: int, *, ax: Axes) -> Axes:
    """Draw the windows in which a long text is read, each where it stands in the text.

    Of each window the filled tokens are read; the hollow one after them is predicted
    last, and it is the first that the next window reads. A line feed is drawn as an
    arrow, a space as an empty box.
    """
    last = len(characters) - 1
    for row, first in enumerate(range(0, last, block_size)):
        end = min(first + block_size, last)
        for i in range(first, end + 1):
            shown = characters[i].replace("\n", "↵")
            _box(ax, i, -row, shown, size=0.84, filled=i < end)
        side = {"ha": "right" if row else "left", "va": "center"}
        x = first - 0.7 if row else end + 0.7
        ax.text(x, -row, f"window {row + 1}", color=COLOURS["quiet"], **side)
    rows = -(-last // block_size)
    _hide_axes(ax, (-0.6, last + 0.6), (0.4 - rows, 0.6))
    return ax


@figure(4, 3)
def number_grid(
    matrix: ArrayLike,
    rows: Sequence[str],
    title: str = "",
    *,
    meaning: str = "value",
    limit: float | None = None,
    ax: Axes,
) -> Axes:
    """Draw a matrix (rows, n) as a heat map: grey below 0, the meaning above.

    ``meaning`` is a key of COLOURS; ``limit`` is the number of the fullest colour.
    """
    matrix = np.asarray(matrix)
    limit = limit or float(np.abs(matrix).max()) or 1.0
    shades = LinearSegmentedColormap.from_list(
        meaning, ["#555555", "white", COLOURS[meaning]]
    )
    look: dict[str, Any] = {"aspect": "auto", "interpolation": "none"}
    image = ax.imshow(matrix, cmap=shades, vmin=-limit, vmax=limit, **look)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_xticks([0, matrix.shape[1] - 1], ["1", str(matrix.shape[1])])
    ax.set_title(title, size=11)
    ax.set(xlabel="place in the vector", ylabel="token")
    ax.tick_params(length=0)
    for gap in np.arange(0.5, matrix.shape[0] - 1):
        ax.axhline(gap, color="white", linewidth=3)
    ax.spines[:].set_visible(False)
    page = ax.get_figure(root=True)
    assert page is not None  # Axes always stand on a figure
    bar = page.colorbar(image, ax=ax, orientation="horizontal", aspect=25, pad=0.03)
    bar.outline.set_visible(False)
    bar.set_ticks([-limit, 0, limit], labels=[f"−{limit:.2g}", "0", f"{limit:.2g}"])
    return ax


@figure(4.6, 4.4)
def attention_map(
    weights: ArrayLike,
    characters: Sequence[str],
    title: str = "",
    *,
    highlighted: int | None = None,
    ax: Axes,
) -> Axes:
    """Draw attention weights: query positions in rows, key positions in columns.

    ``weights`` is (T, T) with rows that sum to 1; what is masked is drawn hatched. The
    ``highlighted`` row, if any, has a frame, and the rows below it are pale.
    """
    weights = np.asarray(weights)
    size = len(weights)
    _draw_weights(ax, weights)
    ax.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal")
    if size > 8 and highlighted is not None:
        _write_weights(ax, weights, highlighted)
    if highlighted is not None:
        frame = Rectangle(
            (-0.5, highlighted - 0.5), highlighted + 1, 1, fill=False, lw=2.5
        )
        frame.set_clip_on(False)
        ax.add_patch(frame)
        below = (-0.5, highlighted + 0.53), size, size - highlighted - 1
        ax.add_patch(Rectangle(*below, color="white", alpha=0.75, lw=0, zorder=3.5))
    ax.set_xticks(range(size), characters)
    ax.set_yticks(range(size), characters)
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set(xlabel="looks at", ylabel="this position")
    ax.set_title(title, size=11)
    ax.spines[:].set_visible(False)
    return ax


@static_artists
def _draw_weights(ax: Axes, weights: np.ndarray) -> None:
    """Draw the weights as shades, and the masked ones hatched; few, as numbers too."""
    size = len(weights)
    shades = LinearSegmentedColormap.from_list("share", ["white", COLOURS["value"]])
    visible = np.ma.masked_where(np.triu(np.ones_like(weights), 1) > 0, weights)
    ax.imshow(visible, cmap=shades, vmin=0, vmax=1, interpolation="none")
    steps = [(i + side, i - 0.5) for i in range(size) for side in (-0.5, 0.5)]
    masked = Polygon(
        [*steps, (size - 0.5, size - 1.5), (size - 0.5, -0.5)],
        facecolor="#F4F4F4",
        edgecolor=COLOURS["faint"],
        hatch="///",
        linewidth=0,
    )
    ax.add_patch(masked)
    for row in range(size if size <= 8 else 0):
        _write_weights(ax, weights, row)


def _write_weights(ax: Axes, weights: np.ndarray, row: int) -> None:
    for column, share in enumerate(weights[row, : row + 1]):
        ax.text(
            column,
            row,
            f"{share:.2f}".removeprefix("0"),
            ha="center",
            va="center",
            size=9 if len(weights) <= 12 else 7.5,
            color="white" if share > 0.6 else COLOURS["ink"],
        )


ROOM = 0.42  # of a map's height: that of the arcs above it


@figure(5.6, 7)
def attention_arcs(
    weights: ArrayLike, characters: Sequence[str], position: int, *, ax: Axes
) -> Axes:
    """Draw an attention map, and above it what one position looks at, as arcs.

    ``weights`` is (T, T), as for ``attention_map``. The arcs take ``ROOM`` of the map's
    height; each is as wide as its weight. Positions after it are pale.
    """
    weights = np.asarray(weights)
    size = len(weights)
    attention_map(weights, characters, highlighted=position, ax=ax)
    ax.set_xticks([])  # the letters under the arcs name the columns
    ax.xaxis.set_label_position("bottom")
    ax.set_ylim(size - 0.5, -0.5 - ROOM * size)
    middle, above = -0.5 - 0.08 * size, -0.5 - 0.15 * size
    for i, character in enumerate(characters):
        look: dict[str, Any] = {"ha": "center", "va": "center"}
        look["color"] = COLOURS["ink" if i <= position else "faint"]
        look["weight"] = "bold" if i == position else "normal"
        ax.text(i, middle, character, size=13 if len(character) == 1 else 10, **look)
    for i, share in enumerate(weights[position, : position + 1]):
        top = above - size * (0.08 + 0.25 * (position - i) / size)
        aside = 0.08 * size if i == position else 0.0  # itself: a loop
        corners = [(i, above), (i - aside, top), (position + aside, top)]
        arc = Path([*corners, (position, above)], [Path.MOVETO] + 3 * [Path.CURVE4])
        look = {"lw": 0.4 + 8 * share, "alpha": 0.3 + 0.7 * share, "fill": False}
        ax.add_patch(PathPatch(arc, ec=COLOURS["value"], **look))
    frame = (position - 0.44, middle - 0.055 * size), 0.88, 0.11 * size
    ax.add_patch(Rectangle(*frame, fill=False, lw=2))
    return ax


@figure(8.6, 4.1)
def model_diagram(shapes: Shapes, *, ax: Axes) -> Axes:
    """Draw the residual stream with its branches, and the parameters of each.

    ``shapes`` gives the (n_out, n_in) of every matrix, as GPTConfig.shapes() does.
    One layer is drawn; more are counted and named.
    """
    size = {name: n_out * n_in for name, (n_out, n_in) in shapes.items()}
    width = shapes["wte"][1]
    n_layer = sum(name.endswith(".mlp_fc1") for name in shapes)
    attn = sum(n for name, n in size.items() if ".attn_" in name)
    mlp = sum(n for name, n in size.items() if ".mlp_" in name)

    parts.arrow(ax, (0.2, 0), (8.6, 0), COLOURS["value"], lw=5)
    ax.text(
        5.45,
        -0.5,
        f"the stream: {width} numbers for each position",
        color=COLOURS["value"],
        ha="center",
        va="center",
    )
    _block(ax, 1.2, 1.75, "which token", "wte", size["wte"])
    _block(ax, 1.2, -1.75, "which place", "wpe", size["wpe"])
    for side in (1, -1):
        _thin_arrow(ax, (1.2, 1.2 * side), (1.2, 0.24 * side))
    _plus(ax, 1.2)
    _norm(ax, 2.25, 0)
    for x, label, name, count in (
        (4.0, "attention", "wq  wk  wv  wo", attn),
        (6.9, "MLP", "fc1  ReLU  fc2", mlp),
    ):
        ax.plot([x - 0.75, x - 0.75], [0, 0.72], color=COLOURS["quiet"], lw=1.5)
        _norm(ax, x - 0.75, 0.62)
        _thin_arrow(ax, (x - 0.75, 0.84), (x - 0.75, 1.2))
        _block(ax, x, 1.75, label, name, count, span=2.3)
        _thin_arrow(ax, (x + 0.75, 1.2), (x + 0.75, 0.24))
        _plus(ax, x + 0.75)
    layers = "one layer" if n_layer == 1 else f"one of {n_layer} layers"
    ax.add_patch(
        FancyBboxPatch(
            (2.65, -0.95),
            5.6,
            3.75,
            boxstyle="round,pad=0,rounding_size=0.15",
            fill=False,
            linestyle=(0, (4, 3)),
            edgecolor=COLOURS["quiet"],
        )
    )
    ax.text(2.85, 2.55, layers, color=COLOURS["quiet"], va="center", size=10)
    _block(ax, 9.45, 0, "scores", "lm_head", size["lm_head"])
    _thin_arrow(ax, (10.3, 0), (10.75, 0))
    ax.text(
        10.85, 0, f"{shapes['lm_head'][0]}\nlogits", va="center", color=COLOURS["value"]
    )
    total = sum(size.values())
    ax.text(
        9.45,
        -1.75,
        f"{total:,} parameters\nin all",
        ha="center",
        va="center",
        weight="bold",
    )
    _hide_axes(ax, (0.1, 11.6), (-2.5, 2.95))
    return ax


@figure(8, 3.6)
def loss_curve(
    losses: ArrayLike,
    levels: Mapping[str, float] | None = None,
    *,
    window: int = 50,
    until: int | None = None,
    heights: tuple[float, float] | None = None,
    title: str = "",
    ax: Axes,
) -> Axes:
    """Draw the loss of every step as a dot, and its moving average as a line.

    ``levels`` are losses to compare with: a name and a height each. While a training
    goes on, ``until`` (its last step) and ``heights`` keep the axes where they are. Of
    very many steps, some are drawn.
    """
    losses = np.asarray(losses, float)
    last = until or len(losses)
    steps = np.arange(1, len(losses) + 1)
    some = slice(None, None, -(-last // MOST_DOTS))
    ax.plot(
        steps[some],
        losses[some],
        ".",
        color=COLOURS["loss"],
        alpha=0.35,
        ms=6,
        mec="none",
        label="one name",
    )
    total = np.concatenate([[0.0], np.cumsum(losses)])
    first = np.maximum(steps - window, 0)
    mean = (total[steps] - total[first]) / (steps - first)
    ax.plot(
        steps[some],
        mean[some],
        color=COLOURS["loss"],
        lw=2.5,
        label=f"mean of the last {window:,} names",
    )
    _reference_lines(ax, levels or {})
    if heights is None:
        low, high = np.percentile(losses, [1, 99])
        marks = [low - 0.1, high + 0.1, *(levels or {}).values()]
        heights = min(marks) - 0.25, max(marks) + 0.15  # the legend stands below
    ax.set(xlim=(0, last * 1.01), ylim=heights)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set(xlabel="step", ylabel="loss, nats per token")
    ax.set_title(title, size=11)
    ax.legend(loc="lower left", ncols=2)
    return ax


@figure(8, 2.7)
def step_times(
    seconds: Mapping[str, float],
    comparison: Sequence[str] = (),
    *,
    ax: Axes,
) -> Axes:
    """Draw the time of one training step, as dots on a logarithmic axis.

    Those named in ``comparison`` get the colour of the second model.
    """
    names = list(seconds)
    for row, (name, value) in enumerate(seconds.items()):
        colour = COLOURS["other" if name in comparison else "value"]
        ax.axhline(row, color=COLOURS["faint"], lw=1, zorder=0)
        ax.plot(value, row, "o", color=colour, ms=10)
        ax.text(value * 1.3, row, parts.duration(value), va="center", size=10)
    ax.set_xscale("log")
    values = list(seconds.values())
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_xlim(min(values) / 4, max(values) * 6)
    ticks = 10.0 ** np.arange(
        np.ceil(np.log10(min(values) / 4)), np.floor(np.log10(max(values) * 6)) + 1
    )
    ax.set_xticks(ticks, [parts.duration(t) for t in ticks])
    ax.minorticks_off()
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("time for one step (each mark is 10 times the one before)")
    return ax


@figure(8, 2.6)
def next_token_bars(
    probabilities: ArrayLike,
    characters: Sequence[str],
    title: str = "",
    *,
    meaning: str = "value",
    before: ArrayLike | None = None,
    ax: Axes,
) -> Axes:
    """Draw the probability of every next token as bars; the top one has its value.

    ``before``, if given, are other probabilities, drawn as hollow bars.
    """
    probabilities = np.asarray(probabilities)
    ax.bar(range(len(probabilities)), probabilities, color=COLOURS[meaning], width=0.75)
    if before is not None:  # one line with gaps: quicker than as many bars
        corners = np.add.outer(np.arange(len(probabilities)), [-0.4, -0.4, 0.4, 0.4, 0])
        heights = np.outer(np.asarray(before), [0, 1, 1, 0, np.nan])
        ax.plot(corners.ravel(), heights.ravel(), color=COLOURS["ink"], lw=1.2)
    top = int(probabilities.argmax())
    high = float(probabilities[top])
    over = high if before is None else max(high, float(np.asarray(before)[top]))
    look: dict[str, Any] = {"ha": "center", "va": "bottom", "weight": "bold"}
    ax.text(top, over, parts.percent(high), size=10, **look)
    ax.set_xticks(range(len(characters)), characters)
    for label in ax.get_xticklabels():
        label.set_ha(
            "center" if len(label.get_text()) == 1 else "left"
        )  # end: beside z
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.8, len(probabilities) - 0.2)
    ax.set_ylim(0, max(high * 1.2, 0.05))
    ax.yaxis.set_major_formatter(lambda share, _: parts.percent(share))
    ax.locator_params(axis="y", nbins=4)
    ax.set(xlabel="next token", ylabel="probability")
    ax.set_title(title, size=11)
    return ax


@figure(6.4, 4.6)
def embedding_map(
    points: ArrayLike,
    characters: Sequence[str],
    groups: Mapping[str, str],
    *,
    ax: Axes,
) -> Axes:
    """Draw each character at its place (n, 2); ``groups`` maps a name to its letters.

    The first group stands on dark discs, the second on pale ones, the third in rings.
    Letters that would cover each other stand a little aside of their point.
    """
    points = np.asarray(points, float)
    shown = dict(zip(characters, _repelled(points, LETTER_SIZE), strict=True))
    faces = (COLOURS["quiet"], "#E4E4E4", "white")
    for (name, members), face in zip(groups.items(), faces, strict=False):
        group = np.array([shown[c] for c in members])
        rim = COLOURS["quiet"] if face == "white" else face
        look: dict[str, Any] = {"facecolors": face, "edgecolors": rim, "label": name}
        ax.scatter(group[:, 0], group[:, 1], s=230, linewidths=1.3, **look)
        ink = "white" if face == COLOURS["quiet"] else COLOURS["ink"]
        for character in members:
            x, y = shown[character]
            ax.text(x, y, character, ha="center", va="center", size=11.5, color=ink)
    ax.set(xlabel="first direction", ylabel="second direction")
    ax.margins(0.08)
    ax.legend(loc="best", markerscale=0.6)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def _repelled(points: np.ndarray, letter_size: tuple[float, float]) -> np.ndarray:
    """Return the points, with those closer than a share of the figure moved apart."""
    unit = np.maximum(np.ptp(points, axis=0), 1e-9) * letter_size
    moved = points / unit  # one unit is the size of a letter
    for _ in range(100):
        steps = np.zeros_like(moved)
        for i in range(len(moved)):
            away = moved[i] - moved
            gap = np.linalg.norm(away, axis=1)
            near = (gap < 1) & (gap > 0)
            steps[i] = (away[near] * (1 / gap[near] - 1)[:, None]).sum(axis=0) / 2
        if not steps.any():
            break
        moved = moved + steps
    settled = np.linalg.norm(moved - points / unit, axis=1) < 1e-9
    return np.where(settled[:, None], points, moved * unit)


@figure(8, 3.6)
def learning_curves(
    steps: Sequence[int],
    train: Sequence[float],
    validation: Sequence[float],
    verdicts: Sequence[str] = (),
    levels: Mapping[str, float] | None = None,
    title: str = "",
    *,
    legend: Mapping[str, Any] | None = None,
    ax: Axes,
) -> Axes:
    """Draw training and validation loss, and over each stretch its diagnosis.

    ``legend`` holds matplotlib's options of its place, by default the lower left.
    """
    looks: dict[str, dict[str, Any]] = {
        "training names": {"ls": "--", "ms": 4, "lw": 1.5},
        "names never trained on": {"ls": "-", "ms": 5, "lw": 2.5},
    }
    for look, losses in zip(looks.values(), (train, validation), strict=True):
        look |= {"marker": "o", "color": COLOURS["loss"]}
        ax.plot(steps, losses, **look)
    _reference_lines(ax, levels or {})
    heights = [*train, *validation, *(levels or {}).values()]
    low, high = min(heights), max(heights)
    span = high - low
    ax.set_ylim(low - 0.08 * span, high + (0.3 if verdicts else 0.1) * span)
    start = row = 0
    for i in range(1, len(verdicts) + 1):
        if i == len(verdicts) or verdicts[i] != verdicts[start]:
            left = _between(steps, start)
            right = steps[-1] if i == len(verdicts) else _between(steps, i)
            if start:
                ends = low - 0.08 * span, high + 0.07 * span  # below the words
                ax.vlines(left, *ends, color=COLOURS["faint"], lw=1.5, zorder=0)
            ax.text(
                (left + right) / 2,
                high + (0.24 - 0.11 * (row % 2)) * span,  # two rows: some are narrow
                verdicts[start],
                ha="center",
                va="center",
                weight="bold",
                size=10,
            )
            start, row = i, row + 1
    ax.set(xlabel="step", ylabel="loss, nats per token")
    ax.set_title(title, size=11)
    parts.legend(ax, looks, **(legend or {"loc": "lower left"}))
    return ax


def _between(steps: Sequence[int], i: int) -> float:
    return (steps[i - 1] + steps[i]) / 2 if i else steps[0]


def _reference_lines(ax: Axes, levels: Mapping[str, float]) -> None:
    beside = ax.get_yaxis_transform()  # the axes: over no curve
    for name, height in levels.items():
        words, place = f"{name}: {height:.2f}", (1.01, height)
        parts.level_line(ax, height, words, place, va="center", transform=beside)


def _box(
    ax: Axes, x: float, y: float, text: str, size: float = 0.72, filled: bool = False
) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x - size / 2, y - size / 2),
            size,
            size,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="#C7E6F7" if filled else "white",
            edgecolor=COLOURS["data"],
            linewidth=0 if filled else 2,
        )
    )
    ax.text(x, y, text, ha="center", va="center", size=13 if len(text) == 1 else 10.5)


def _block(
    ax: Axes,
    x: float,
    y: float,
    label: str,
    name: str,
    count: int,
    span: float = 1.7,
) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x - span / 2, y - 0.55),
            span,
            1.1,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor="white",
            edgecolor=COLOURS["parameter"],
            linewidth=2,
        )
    )
    ax.text(x, y + 0.3, label, ha="center", va="center", weight="bold", size=11)
    ax.text(x, y - 0.02, name, ha="center", va="center", size=9.5)
    ax.text(x, y - 0.34, f"{count:,}", ha="center", va="center", size=9.5)


def _norm(ax: Axes, x: float, y: float) -> None:
    ax.text(
        x,
        y,
        "norm",
        ha="center",
        va="center",
        size=9,
        bbox={"facecolor": "white", "edgecolor": COLOURS["quiet"], "pad": 2.5},
        zorder=4,
    )


def _plus(ax: Axes, x: float) -> None:
    ax.text(
        x,
        0,
        "+",
        ha="center",
        va="center",
        size=13,
        bbox={
            "facecolor": "white",
            "edgecolor": COLOURS["value"],
            "boxstyle": "circle,pad=0.08",
            "linewidth": 2,
        },
        zorder=4,
    )


def _thin_arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    parts.arrow(ax, start, end, COLOURS["quiet"], lw=1.3, size=12, zorder=1)


def _hide_axes(ax: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    ax.set(xlim=x, ylim=y, aspect="equal")
    ax.axis("off")
