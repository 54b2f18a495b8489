"""Figures of notebook 09: from a model that continues to an assistant that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import FancyBboxPatch, Patch
from numpy.typing import ArrayLike

from course_lib.lessons.retrieval import Found
from course_lib.plots import parts
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure, panels

__all__ = [
    "answer_shares",
    "chat_product",
    "exam_bars",
    "found_sentences",
    "gamed_reward",
    "loss_mask",
    "prompt_and_answer",
    "reward_against_drift",
]

PALE = {"loss": "#F9DDC8", "data": "#C7E6F7", "value": "#D3EDE4"}
GREY = "#EEEEEE"  # of what is read, and not learned
MIDDLE: dict[str, Any] = {"ha": "center", "va": "center"}
NOTE: dict[str, Any] = {"color": COLOURS["quiet"], "size": 10}

# --- which characters are learned -----------------------------------------------------

SMALLEST = 0.21  # inches: boxes would be narrower than this on one line of an exchange
BARS, BOXES, WORDS = 1.0, 0.5, 0.45  # heights on a line, from the top down


def loss_mask(
    characters: Sequence[str],
    counted: Sequence[bool],
    losses: ArrayLike | None = None,
    *,
    highest: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the targets of one exchange: those in colour count in its loss, no others.

    characters: those to predict, ``<what is a fox?>a mammal`` one by one, and the token
    that ends them, "bos". counted: whether each is in the loss. losses: of each, in
    nats, as a bar over it; ``highest`` is the loss at the top of the picture. Where the
    question ends is told by the last ">". Long exchanges take two lines.
    """
    heights = None if losses is None else np.asarray(losses, float)
    n = len(characters)
    if len(counted) != n or not (heights is None or heights.shape == (n,)):
        raise ValueError("each character must have one mark, and one loss if any has")
    mark = max((i for i, c in enumerate(characters) if c == ">"), default=-1) + 1
    turns = [("question", range(mark)), ("answer", range(mark, n))]
    if ax is None:
        n_lines = 2 if _is_long(characters, 8) and 0 < mark < n else 1
        line = 1.2 if heights is None else 2.2
        ax = panels(width=8, height=n_lines * line)
    turns = [turn for turn in turns if len(turn[1])]
    return _mask(characters, [*counted], heights, turns, highest, ax=ax)


def _is_long(characters: Sequence[str], room: float) -> bool:
    """Whether the characters have too little room, in inches, on one line."""
    return sum(map(_cells, characters)) > room / SMALLEST


def _cells(character: str) -> float:
    """Return the width of a box; a name such as bos has a wider one."""
    return 1.0 if len(character) == 1 else 0.35 * len(character) + 0.6


@figure()
def _mask(
    characters: Sequence[str],
    counted: Sequence[bool],
    losses: np.ndarray | None,
    turns: Sequence[tuple[str, range]],
    highest: float | None,
    *,
    ax: Axes,
) -> Axes:
    room = _width(ax)
    lines = [turns]
    if _is_long(characters, room):
        lines = [[turn] for turn in turns]
    cells = max(
        sum(_cells(characters[i]) for _, turn in line for i in turn) for line in lines
    )
    margin = 0.0 if losses is None else 0.4 * cells / room  # of the scale
    bars = 0.0 if losses is None else BARS
    top = highest or max(1.0, 0.0 if losses is None else float(losses.max()))
    size = min(13.0, 72 * room * 0.58 / (cells + margin))
    squares, heights, faces, strong = [], [], [], []
    for row, line in enumerate(lines):
        x, y = 0.0, -row * (bars + BOXES + WORDS + 0.2)
        for name, turn in line:
            start = x
            for i in turn:
                right = x + _cells(characters[i])
                squares.append(_rectangle(x + 0.04, right - 0.04, y - BOXES, y - 0.04))
                faces.append(PALE["loss"] if counted[i] else GREY)
                if losses is not None:
                    high = y + bars * min(losses[i] / top, 1.0)
                    heights.append(_rectangle(x + 0.14, right - 0.14, y, high))
                    strong.append(COLOURS["loss"] if counted[i] else "#AAAAAA")
                shown = size if len(characters[i]) == 1 else 0.75 * size
                middle = (x + right) / 2, y - BOXES / 2 - 0.02
                ax.text(*middle, characters[i], size=shown, **MIDDLE)
                x = right
            _turn(ax, (start, x), y - BOXES - 0.07, name, any(counted[i] for i in turn))
        if losses is not None:
            _loss_scale(ax, (-margin, cells), y, top)
    ax.add_collection(PolyCollection(squares, fc=faces, lw=0), autolim=False)
    ax.add_collection(PolyCollection(heights, fc=strong, lw=0), autolim=False)
    low = y - BOXES - WORDS
    ax.set(xlim=(-margin, cells), ylim=(low, bars + 0.22 if bars else 0.05))
    ax.axis("off")
    return ax


def _turn(
    ax: Axes, ends: tuple[float, float], y: float, name: str, learned: bool
) -> None:
    """Draw a line under the turn of one speaker, and say whether it is learned."""
    colour = COLOURS["loss" if learned else "quiet"]
    ax.plot([ends[0] + 0.06, ends[1] - 0.06], [y, y], color=colour, lw=2.5)
    does = "learned" if learned else "read, not learned"
    look = {"color": COLOURS["ink"], "size": 10.5, "va": "top"}
    ax.text(ends[0] + 0.06, y - 0.09, f"{name}: {does}", **look)


def _loss_scale(ax: Axes, ends: tuple[float, float], y: float, top: float) -> None:
    """Draw level lines behind the bars, with their heights in nats at the left."""
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50) if s * 4 >= top or s == 50)
    for level in np.arange(0, top + 1e-9, step):
        height = y + BARS * level / top
        ax.plot([0, ends[1]], [height, height], color=COLOURS["faint"], lw=1, zorder=0)
        look = {"ha": "right", "va": "center", "size": 9, "color": COLOURS["quiet"]}
        ax.text(0.2 * ends[0], height, f"{level:g}", **look)
    if y == 0:
        words = "loss of each character, nats"
        ax.text(0, BARS + 0.1, words, va="bottom", **NOTE)


def _rectangle(
    left: float, right: float, low: float, high: float
) -> list[tuple[float, float]]:
    return [(left, low), (right, low), (right, high), (left, high)]


# --- answers, right and wrong ---------------------------------------------------------

OUTCOMES = {"right": COLOURS["value"], "wrong": COLOURS["ink"]}
OUTCOMES["“i do not know”"] = COLOURS["faint"]
INKS = (COLOURS["ink"], "white", COLOURS["ink"])  # of the shares written on them


def exam_bars(
    table: Mapping[str, tuple[float, float, float]],
    what: str = "",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how each of several models did in an exam, as bars of three parts.

    table: shares (right, wrong, abstained) by the name of a model; ``what`` says what
    the names are.
    """
    if ax is None:
        ax = panels(width=8, height=1.1 + 0.42 * len(table))
    return _exams(table, what, ax=ax)


@figure()
def _exams(
    table: Mapping[str, tuple[float, float, float]], what: str, *, ax: Axes
) -> Axes:
    room = _width(ax)
    for row, shares in enumerate(table.values()):
        start = 0.0
        for share, colour, ink in zip(shares, OUTCOMES.values(), INKS, strict=True):
            look: dict[str, Any] = {"color": colour, "ec": "white", "lw": 1}
            ax.barh(row, share, left=start, height=0.66, **look)
            words = parts.percent(share)
            if share * room > 0.12 * len(words):  # inches: it has room for them
                ax.text(start + share / 2, row, words, color=ink, size=10, **MIDDLE)
            start += share
    ax.set_yticks(range(len(table)), list(table))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.spines["left"].set_visible(False)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    ax.set(xlabel="share of the answers", ylabel=what)
    _key(ax, OUTCOMES, ncols=3, columnspacing=1.4, handlelength=1.4)
    return ax


@figure(8, 3)
def answer_shares(
    answers: Sequence[str],
    shares: ArrayLike,
    right: str = "",
    *,
    most: int = 5,
    ax: Axes,
) -> Axes:
    """Draw the likeliest answers to one question, and all others as the last bar.

    shares: the probability of each answer (n,). The bar of the right one has a colour.
    """
    chances = np.asarray(shares, float)
    order = [i for i in np.argsort(-chances, kind="stable")[:most] if chances[i] > 0]
    rest = max(0.0, 1 - float(chances[order].sum()))
    rows = [(answers[i] or "(nothing)", float(chances[i])) for i in order]
    faces = [COLOURS["value"] if answers[i] == right else "#AAAAAA" for i in order] + [
        GREY
    ]
    rows.append(("all other answers together", rest))
    _words_over_bars(ax, rows, faces, [_percent(p) for _, p in rows], most + 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    ax.set_xlabel("probability of the whole answer")
    return ax


@figure(8, 2.8)
def found_sentences(
    question: str, found: Sequence[Found], *, most: int | None = None, ax: Axes
) -> Axes:
    """Draw how near sentences are to a question: the cosine of each, the best in blue.

    found: the nearest first, as ``search`` returns them. ``most`` keeps room for so
    many.
    """
    best = [row for row, one in enumerate(found) if row == 0 and one.similarity > 0]
    faces = [COLOURS["data"] if row in best else "#CCCCCC" for row in range(len(found))]
    said = [f"{one.similarity:.2f}" for one in found]
    _words_over_bars(ax, list(found), faces, said, most or len(found))
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    ax.set_xlabel("cosine of the angle between the counts of words")
    ax.set_title(f"Nearest to “{_cut(question, _letters(ax, 7.5))}”", size=11)
    return ax


def _words_over_bars(
    ax: Axes,
    rows: Sequence[tuple[str, float]],
    faces: Sequence[str],
    said: Sequence[str],
    most: int,
) -> None:
    """Draw shares from 0 to 1 as bars, each under its words and before its number.

    So long words take no room from the bars.
    """
    for row, ((words, share), face, number) in enumerate(
        zip(rows, faces, said, strict=True)
    ):
        ax.barh(row + 0.2, share, height=0.34, color=face)
        ax.text(share + 0.01, row + 0.2, number, va="center", size=9.5)
        ax.text(0, row - 0.03, _cut(words, _letters(ax, 6.3)), va="bottom", size=10)
    ax.set(xlim=(0, 1.1), ylim=(most - 0.4, -0.55), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(0, 1)
    ax.xaxis.label.set_x(0.5 / 1.1)


@figure(8, 1.9)
def prompt_and_answer(
    prompt: str, answer: str, probability: float, *, ax: Axes
) -> Axes:
    """Draw what a model is given, what it answers, and how sure it is of that."""
    n = _letters(ax, 7.6)
    lines = [prompt[i : i + n] for i in range(0, len(prompt), n)][:3]
    for top, height, face, edge, words in (
        (2.0, 0.62, PALE["data"], COLOURS["data"], "\n".join(lines)),
        (0.95, 0.45, PALE["value"], COLOURS["value"], _cut(answer or "(nothing)", n)),
    ):
        _round_box(ax, (0.004, top - height), (0.992, height), face, edge)
        look: dict[str, Any] = {"family": "monospace", "size": 10, "va": "center"}
        ax.text(0.02, top - height / 2, words, **look)
    ax.text(0.004, 2.05, "the model reads", va="bottom", **NOTE)
    words = f"and answers, with a probability of {_percent(probability)}"
    ax.text(0.004, 1.0, words, va="bottom", **NOTE)
    ax.set(xlim=(0, 1), ylim=(0.45, 2.4))
    ax.axis("off")
    return ax


# --- reward and what it costs ---------------------------------------------------------


@figure(8, 3.6)
def reward_against_drift(
    curves: Mapping[float, ArrayLike],
    beta: float | None = None,
    step: int | None = None,
    what: str = "answers in the manner asked for",
    *,
    furthest: float | None = None,
    ax: Axes,
) -> Axes:
    """Draw what preferences bring against how far they move a model, for each beta.

    curves: by beta, a table (steps, 2): the drift from the reference, the KL divergence
    in nats per answer, and the share of ``what``. The curve of ``beta``, if given, has
    the colour, and a dot at row ``step`` of its table. ``furthest``: the drift at the
    right end of the picture.
    """
    tables = {key: np.asarray(table, float) for key, table in curves.items()}
    end = furthest or max(float(table[:, 0].max()) for table in tables.values())
    ends = {}
    looks = ("value", "o-"), ("ink", "s--"), ("quiet", "^:"), ("other", "D-.")
    for (key, table), (meaning, mark) in zip(tables.items(), cycle(looks)):
        if beta is not None:
            meaning, mark = ("value" if key == beta else "quiet"), "o-"
        first = key == beta
        look: dict[str, Any] = {
            "lw": 2.8 if first else 1.5,
            "zorder": 3 if first else 2,
        }
        ax.plot(*table.T, mark, ms=4.5, color=COLOURS[meaning], **look)
        weight = "bold" if first else "normal"
        ends[key] = (*table[-1], COLOURS[meaning], weight)
    if beta is not None and step is not None:
        dot = {"ms": 12, "color": COLOURS["value"], "mec": "white", "mew": 1.8}
        ax.plot(*tables[beta][step], "o", zorder=4, **dot)
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    ax.set_xlim(-0.08, 1.1 * max(end, 1))
    _end_labels(ax, ends)
    ticks = [t for t in (0, 1, 3, 10, 30, 100, 300) if t <= 1.1 * max(end, 1)]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    ax.set_ylim(-0.04, 1.08)
    ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    ax.spines["left"].set_bounds(0, 1)
    ax.set(xlabel="drift: KL divergence, nats per answer", ylabel=what)
    return ax


def _end_labels(ax: Axes, ends: Mapping[float, tuple[float, float, str, str]]) -> None:
    """Name each curve at its end; names that would cover each other move apart."""
    to_share = ax.transData + ax.transAxes.inverted()
    placed: list[tuple[float, float]] = []
    for key in sorted(ends, key=lambda key: ends[key][1]):
        *point, colour, weight = ends[key]
        x, y = to_share.transform(point)
        y = max([y, *(up + 0.1 for right, up in placed if abs(right - x) < 0.2)])
        placed.append((x, y))
        look = {"va": "center", "color": colour, "weight": weight, "size": 10.5}
        look |= {"path_effects": parts.HALO, "zorder": 5}
        ax.text(x + 0.015, y, f"β = {key:g}", transform=ax.transAxes, **look)


class Lane(NamedTuple):
    """One quantity of a game, on a scale of its own."""

    name: str
    values: np.ndarray  # (steps,)
    low: float  # at the bottom of the lane
    high: float  # at its top
    colour: str
    said: str  # format of a value


@figure(8, 4.2)
def gamed_reward(
    steps: Sequence[float],
    reward: ArrayLike,
    right: ArrayLike,
    length: ArrayLike | None = None,
    *,
    ax: Axes,
) -> Axes:
    """Draw a reward that climbs, and what becomes of the answers, over the steps.

    reward: mean score of the reward model, a number without a unit; right: share of
    right answers, from 0 to 1; length: mean characters of an answer. Each has a lane of
    its own, with its first and its last value: heights of two lanes do not compare.
    """
    score = np.asarray(reward, float)
    pad = 0.1 * (float(np.ptp(score)) or 1.0)
    low, high = score.min() - pad, score.max() + pad
    lanes = [
        Lane(
            "score of the reward model", score, low, high, COLOURS["other"], "{:+.1f}"
        ),
        Lane(
            "answers that are right",
            100 * np.asarray(right, float),
            0,
            100,
            COLOURS["value"],
            "{:.0f} %",
        ),
    ]
    if length is not None:
        long = np.asarray(length, float)
        name, top = "length of an answer, characters", 1.1 * float(long.max())
        lanes.append(Lane(name, long, 0, top, COLOURS["ink"], "{:.0f}"))
    last = max(steps)
    for row, lane in enumerate(lanes):
        _lane(ax, -1.35 * row, steps, lane)
    ax.set(xlim=(-0.1 * last, 1.1 * last), ylim=(-1.35 * (len(lanes) - 1) - 0.08, 1.3))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(0, last)
    ax.locator_params(axis="x", integer=True, nbins=6)
    ax.set_xlabel("step of the game")
    return ax


def _lane(ax: Axes, base: float, steps: Sequence[float], lane: Lane) -> None:
    """Draw one curve between base and base + 1, with its name and both its ends."""
    heights = base + (lane.values - lane.low) / (lane.high - lane.low)
    ax.plot(steps, heights, color=lane.colour, lw=2.5)
    ax.plot([0, max(steps)], [base, base], color=COLOURS["faint"], lw=1, zorder=0)
    ax.text(steps[0], base + 1.06, lane.name, weight="bold", size=10.5, va="bottom")
    gap = 0.015 * max(steps)
    look: dict[str, Any] = {"va": "center", "size": 10}
    for i, side, away in ((0, "right", -gap), (-1, "left", gap)):
        words = lane.said.format(lane.values[i]).replace("-", "−")
        ax.text(steps[i] + away, heights[i], words, ha=side, **look)


# --- a product ------------------------------------------------------------------------


class Part(NamedTuple):
    """One part of a chat product: whether it learns, when, and from whom."""

    name: str
    look: str  # a key of LOOKS
    learns: str
    source: str


PARTS = (  # in the order in which a message passes them
    Part(
        "system prompt",
        "does not learn",
        "does not learn: read at every message",
        "written by those who make the product",
    ),
    Part(
        "retrieval",
        "does not learn",
        "does not learn: searched at every message",
        "facts, edited at any time by their keepers",
    ),
    Part("tokenizer", "counted", "counted once, before training", "from text"),
    Part("base model", "learns", "learns before release", "from texts people wrote"),
    Part(
        "fine-tune", "learns", "learns before release", "from examples written for it"
    ),
    Part("preferences", "learns", "learns before release", "from what raters chose"),
    Part(
        "tools",
        "does not learn",
        "do not learn: called while it answers",
        "programs that people wrote",
    ),
    Part(
        "filters",
        "learns",
        "often models of their own: learn before release",
        "from examples that people labelled",
    ),
)
LOOKS = {  # the face and the edge of a box
    "learns": (COLOURS["parameter"], COLOURS["parameter"]),
    "counted": ("#FBEBC8", COLOURS["parameter"]),
    "does not learn": ("white", COLOURS["quiet"]),
}
LEFT, WIDE, HIGH, BESIDE = 0.35, 2.9, 0.7, 3.65  # boxes of parts, and words beside them


@figure(6.4, 7.6)
def chat_product(*, ax: Axes) -> Axes:
    """Draw what stands behind a chat product: eight parts, and which of them learn."""
    names = [part.name for part in PARTS]
    first, last = names.index("base model"), names.index("preferences")
    frame = {"boxstyle": "round,pad=0,rounding_size=0.12", "fc": "none", "lw": 1.2}
    corner, high = (0.1, -last - 0.47), last - first + 0.94
    dashes = {"ls": (0, (4, 3)), "ec": COLOURS["quiet"], "zorder": 0}
    ax.add_patch(FancyBboxPatch(corner, 9.8, high, **frame, **dashes))
    ax.text(
        9.62,
        -(first + last) / 2,
        "the model: one set of weights",
        rotation=270,
        size=9.5,
        color=COLOURS["quiet"],
        **MIDDLE,
    )
    centre = LEFT + WIDE / 2
    for row, part in enumerate(PARTS):
        corner = LEFT, -row - HIGH / 2
        _round_box(ax, corner, (WIDE, HIGH), *LOOKS[part.look], rounding=0.12)
        ax.text(centre, -row, part.name, size=12, weight="bold", **MIDDLE)
        ax.text(BESIDE, -row + 0.03, part.learns, size=10.5, va="bottom")
        note = {"size": 10.5, "color": COLOURS["quiet"], "va": "top"}
        ax.text(BESIDE, -row - 0.05, part.source, **note)
        style = "<|-|>" if part.name == "tools" else "-|>"  # they are asked, and answer
        ends = (centre, -row + 1 - HIGH / 2), (centre, -row + HIGH / 2)
        parts.arrow(ax, *ends, COLOURS["quiet"], lw=1.5, style=style)
    end = -len(PARTS)
    ends = (centre, end + 1 - HIGH / 2), (centre, end + HIGH / 2)
    parts.arrow(ax, *ends, COLOURS["quiet"], lw=1.5)
    for y, words, meaning in (
        (1, "your message", "data"),
        (end, "its answer", "value"),
    ):
        look = PALE[meaning], COLOURS[meaning]
        _round_box(ax, (LEFT, y - HIGH / 2), (WIDE, HIGH), *look, rounding=0.34)
        ax.text(centre, y, words, size=12, style="italic", **MIDDLE)
    for up, name in ((1.27, "learns"), (1.0, "counted"), (0.73, "does not learn")):
        _round_box(ax, (BESIDE, up - 0.09), (0.42, 0.18), *LOOKS[name], rounding=0.05)
        ax.text(BESIDE + 0.6, up, name, size=10, va="center")
    ax.text(
        BESIDE,
        end,
        "While it answers, no weight changes.",
        size=10.5,
        weight="bold",
        va="center",
    )
    ax.set(xlim=(0, 10), ylim=(end - 0.5, 1.5))
    ax.axis("off")
    return ax


# --- what several of them use ---------------------------------------------------------


def _width(ax: Axes) -> float:
    """Return the width in inches of the part of the figure that the Axes have."""
    width = float(ax.get_figure(root=True).get_figwidth())
    place = ax.get_subplotspec()
    if place is None:
        return width * float(ax.get_position().width)
    across = place.get_gridspec().get_width_ratios()
    columns = place.colspan
    return width * sum(across[columns.start : columns.stop]) / sum(across)


def _letters(ax: Axes, width: float) -> int:
    """Return how many letters of this mean width, in points, have room on one line."""
    return int(72 * 0.94 * _width(ax) / width)


def _percent(share: float) -> str:
    """Return a share in percent, with a decimal where it is near nothing or all."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return parts.percent(share, 0 if 0.1 <= share <= 0.99 or share in (0, 1) else 1)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


@static_artists
def _key(ax: Axes, colours: Mapping[str, str], **options: Any) -> None:
    """Draw a key of colours above the Axes, where it covers nothing."""
    patches = [Patch(color=colour, label=name) for name, colour in colours.items()]
    above = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.3}
    ax.legend(handles=patches, **above, **options)


def _round_box(
    ax: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    face: str,
    edge: str,
    rounding: float = 0.0,
) -> None:
    """Draw a box; its lower left corner and its size are given."""
    style = f"round,pad=0,rounding_size={rounding}"
    look = {"boxstyle": style, "facecolor": face, "edgecolor": edge, "linewidth": 1.5}
    ax.add_patch(FancyBboxPatch(corner, *size, **look))
