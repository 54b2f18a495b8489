"""Figures of notebook 09: from a model that continues to an assistant that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle
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
    "mask_boxes",
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
    highlighted: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the targets of one exchange: those in colour count in its loss, no others.

    characters: those to predict, ``<what is a fox?>a mammal`` one by one, and the token
    that ends them, "bos". counted: whether each is in the loss. losses: of each, in
    nats, as a bar over it; ``highest`` is the loss at the top of the picture. The
    ``highlighted`` one has a frame. Where the question ends is told by the last ">".
    Long exchanges take two lines.
    """
    heights = None if losses is None else np.asarray(losses, float)
    n = len(characters)
    if len(counted) != n or not (heights is None or heights.shape == (n,)):
        raise ValueError("each character must have one mark, and one loss if any has")
    turns = _turns(characters)
    if ax is None:
        n_lines = len(turns) if _is_long(characters, 8) else 1
        line = 1.2 if heights is None else 2.2
        ax = panels(width=8, height=n_lines * line)
    return _mask(characters, [*counted], heights, highest, highlighted, ax=ax)


def mask_boxes(
    characters: Sequence[str], ax: Axes
) -> list[tuple[float, float, float, float]]:
    """Return the box of each character in a drawing with losses, its bar included.

    Each is (left, bottom, width, height).
    """
    unknown = np.full(len(characters), np.nan)
    targets, _ = _placed(characters, [False] * len(characters), unknown, BARS, ax)
    return [
        (one.left, one.base - BOXES, one.right - one.left, BOXES + BARS)
        for one in targets
    ]


def _turns(characters: Sequence[str]) -> list[tuple[str, range]]:
    """Return the question and the answer, with the places of their characters."""
    n = len(characters)
    mark = max((i for i, c in enumerate(characters) if c == ">"), default=-1) + 1
    turns = [("question", range(mark)), ("answer", range(mark, n))]
    return [turn for turn in turns if len(turn[1])]


def _is_long(characters: Sequence[str], room: float) -> bool:
    """Whether the characters have too little room, in inches, on one line."""
    return sum(map(_cells, characters)) > room / SMALLEST


def _cells(character: str) -> float:
    """Return the width of a box; a name such as bos has a wider one."""
    return 1.0 if len(character) == 1 else 0.35 * len(character) + 0.6


class Target(NamedTuple):
    """One box of the strip, and the bar over it."""

    character: str
    left: float
    right: float
    base: float  # where the bar stands, and under which the box hangs
    counted: bool
    loss: float  # nats; nan where none is drawn


class Turn(NamedTuple):
    """The boxes of one speaker, with a line under them."""

    name: str
    left: float
    right: float
    base: float
    learned: bool


def _placed(
    characters: Sequence[str],
    counted: Sequence[bool],
    losses: np.ndarray,
    bars: float,
    ax: Axes,
) -> tuple[list[Target], list[Turn]]:
    """Return every target and every turn in its place; ``bars`` is their height."""
    split = _is_long(characters, _width(ax))
    targets: list[Target] = []
    spans: list[Turn] = []
    x = base = 0.0
    for name, places in _turns(characters):
        if split and targets:
            x, base = 0.0, base - (bars + BOXES + WORDS + 0.2)
        start = x
        for i in places:
            right = x + _cells(characters[i])
            is_counted, loss = bool(counted[i]), float(losses[i])
            targets.append(Target(characters[i], x, right, base, is_counted, loss))
            x = right
        learned = any(counted[i] for i in places)
        spans.append(Turn(name, start, x, base, learned))
    return targets, spans


@figure()
def _mask(
    characters: Sequence[str],
    counted: Sequence[bool],
    losses: np.ndarray | None,
    highest: float | None,
    highlighted: int | None,
    *,
    ax: Axes,
) -> Axes:
    room = _width(ax)
    bars = 0.0 if losses is None else BARS
    each = np.full(len(characters), np.nan) if losses is None else losses
    targets, spans = _placed(characters, counted, each, bars, ax)
    base = spans[-1].base
    cells = max(target.right for target in targets)
    margin = 0.4 * cells / room if bars else 0.0  # of the scale
    size = min(13.0, 72 * room * 0.58 / (cells + margin))
    _strip(ax, targets, spans, size)
    if bars:
        top = float(highest or max(1.0, each.max()))
        _loss_bars(ax, targets, top, size)
        _loss_scale(ax, (-margin, cells), base, top)
    if highlighted is not None:
        one = targets[highlighted]
        corner = one.left, one.base - BOXES - 0.02
        size_of = one.right - one.left, BOXES + bars + 0.02
        frame = Rectangle(corner, *size_of, fill=False, lw=1.8, zorder=5)
        frame.set_clip_on(False)
        ax.add_patch(frame)
    low = base - BOXES - WORDS
    ax.set(xlim=(-margin, cells), ylim=(low, bars + 0.22 if bars else 0.05))
    ax.axis("off")
    return ax


@static_artists
def _strip(
    ax: Axes, targets: Sequence[Target], turns: Sequence[Turn], size: float
) -> None:
    """Draw a box for each character, and say of each turn whether it is learned."""
    boxes = [
        _rectangle(one.left + 0.04, one.right - 0.04, one.base - BOXES, one.base - 0.04)
        for one in targets
    ]
    faces = [PALE["loss"] if one.counted else GREY for one in targets]
    ax.add_collection(PolyCollection(boxes, fc=faces, lw=0), autolim=False)
    for one in targets:
        shown = size if len(one.character) == 1 else 0.75 * size
        middle = (one.left + one.right) / 2, one.base - BOXES / 2 - 0.02
        ax.text(*middle, one.character, size=shown, **MIDDLE)
    for turn in turns:
        colour = COLOURS["loss" if turn.learned else "quiet"]
        left, y = turn.left + 0.06, turn.base - BOXES - 0.07
        ax.plot([left, turn.right - 0.06], [y, y], color=colour, lw=2.5)
        does = "learned" if turn.learned else "read, not learned"
        ax.text(left, y - 0.09, f"{turn.name}: {does}", size=10.5, va="top")


@static_artists
def _loss_bars(ax: Axes, targets: Sequence[Target], top: float, size: float) -> None:
    """Draw the loss of each character; one above the top has its number in the bar."""
    bars = [
        _rectangle(
            one.left + 0.14,
            one.right - 0.14,
            one.base,
            one.base + BARS * min(one.loss / top, 1.0),
        )
        for one in targets
    ]
    faces = [COLOURS["loss"] if one.counted else "#AAAAAA" for one in targets]
    ax.add_collection(PolyCollection(bars, fc=faces, lw=0), autolim=False)
    for one in targets:
        if one.loss > 1.005 * top:
            at = (one.left + one.right) / 2, one.base + BARS - 0.04
            look = {"ha": "center", "va": "top", "size": max(7.0, 0.65 * size)}
            ax.text(*at, f"{one.loss:.0f}", **look)


@static_artists
def _loss_scale(ax: Axes, ends: tuple[float, float], base: float, top: float) -> None:
    """Draw level lines behind the bars, with their heights in nats at the left."""
    lines = (0.0, base) if base else (0.0,)
    most = 4 // len(lines)  # levels above 0
    steps = 0.5, 1, 2, 3, 5, 10, 20, 50
    step = next((s for s in steps if s * most >= top), top / most)
    for y in lines:
        for level in np.arange(0, top + 1e-9, step):
            height = y + BARS * level / top
            look = {"color": COLOURS["faint"], "lw": 1, "zorder": 0}
            ax.plot([0, ends[1]], [height, height], **look)
            words = {"ha": "right", "va": "center", "color": COLOURS["quiet"]}
            ax.text(0.2 * ends[0], height, f"{level:g}", size=9, **words)
    ax.text(0, BARS + 0.1, "loss of each character, nats", va="bottom", **NOTE)


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
    met = np.sum([*table.values()], axis=0) > 0
    key = {
        name: OUTCOMES[name] for name, any_ in zip(OUTCOMES, met, strict=True) if any_
    }
    _key(ax, key, ncols=3, columnspacing=1.4, handlelength=1.4)
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
    _words_over_bars(
        ax, rows, faces, [parts.fine_percent(p) for _, p in rows], most + 1
    )
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
    ax.set_title(f"Nearest to “{parts.cut(question, _letters(ax, 7.5))}”", size=11)
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
    bars = [
        _rectangle(0, share, row + 0.03, row + 0.37)
        for row, (_, share) in enumerate(rows)
    ]  # one collection: quicker than as many bars
    ax.add_collection(PolyCollection(bars, fc=faces, lw=0), autolim=False)
    longest = _letters(ax, 6.3)
    for row, ((words, share), number) in enumerate(zip(rows, said, strict=True)):
        ax.text(share + 0.01, row + 0.2, number, va="center", size=9.5)
        ax.text(0, row - 0.03, parts.cut(words, longest), va="bottom", size=10)
    ax.set(xlim=(0, 1.1), ylim=(most - 0.4, -0.55), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(0, 1)
    ax.xaxis.label.set_x(0.5 / 1.1)


@figure(8, 1.9)
def prompt_and_answer(
    prompt: str, answer: str, probability: float, *, ax: Axes
) -> Axes:
    """Draw what a model is given, what it answers, and how sure it is of that."""
    n = _letters(ax, 6.4)
    turns = prompt.replace("]<", "]\n<").split("\n") if len(prompt) > n else [prompt]
    lines = [turn[i : i + n] for turn in turns for i in range(0, len(turn), n)]
    for top, height, face, edge, words in (
        (2.0, 0.62, PALE["data"], COLOURS["data"], "\n".join(lines)),
        (
            0.95,
            0.45,
            PALE["value"],
            COLOURS["value"],
            parts.cut(answer or "(nothing)", n),
        ),
    ):
        _round_box(ax, (0.004, top - height), (0.992, height), face, edge)
        look: dict[str, Any] = {"family": "monospace", "size": 10, "va": "center"}
        ax.text(0.02, top - height / 2, words, **look)
    ax.text(0.004, 2.05, "the model reads", va="bottom", **NOTE)
    words = f"and answers, with a probability of {parts.fine_percent(probability)}"
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
    ax: Axes,
) -> Axes:
    """Draw what preferences bring against how far they move a model, for each beta.

    curves: by beta, a table (steps, 2): the drift from the reference, the KL divergence
    in nats per answer, and the share of ``what``. The curve of ``beta``, if given, has
    the colour, and a dot at row ``step`` of its table.
    """
    tables = {key: np.asarray(table, float) for key, table in curves.items()}
    end = max(1.0, *(float(table[:, 0].max()) for table in tables.values()))
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    scale = ax.xaxis.get_transform()
    low, high = scale.transform(np.array([-0.05, end]))
    words = 0.95 / (_width(ax) - 0.6)  # of the width, for the names of the curves
    right = scale.inverted().transform(np.array([low + (high - low) / (1 - words)]))
    ax.set_xlim(-0.05, float(right[0]))
    ax.spines["bottom"].set_bounds(-0.05, end)
    ax.xaxis.label.set_x((1 - words) / 2)
    ticks = [t for t in (0, 1, 3, 10, 30, 100, 300) if t <= end]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    ax.set_ylim(-0.04, 1.2)
    ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    ax.spines["left"].set_bounds(0, 1)
    ax.set_xlabel("drift: KL, nats per answer (log from 1)")
    ax.set_title(what, size=11)
    to_share = ax.transData + ax.transAxes.inverted()
    shares = {key: to_share.transform(table) for key, table in tables.items()}
    _curves(ax, tables, _name_places(shares, 0.75 / (_width(ax) - 0.6)), beta)
    if beta is not None and step is not None:
        dot = {"ms": 12, "color": COLOURS["value"], "mec": "white", "mew": 1.8}
        dot["clip_on"] = False
        ax.plot(*tables[beta][step], "o", zorder=4, **dot)
    return ax


@static_artists
def _curves(
    ax: Axes,
    tables: Mapping[float, np.ndarray],
    names: Mapping[float, tuple[float, float]],
    beta: float | None,
) -> None:
    """Draw the curves, each with its name at a place in shares of the Axes."""
    looks = ("value", "o-"), ("ink", "s--"), ("quiet", "^:"), ("other", "D-.")
    for (key, table), (meaning, mark) in zip(tables.items(), cycle(looks)):
        if beta is not None:
            meaning, mark = ("value" if key == beta else "quiet"), "o-"
        first = key == beta
        colour = COLOURS[meaning]
        look: dict[str, Any] = {"lw": 2.8 if first else 1.5, "color": colour, "ms": 4.5}
        ax.plot(*table.T, mark, zorder=3 if first else 2, **look)
        words: dict[str, Any] = {"va": "center", "size": 10.5, "color": colour}
        words |= {"weight": "bold" if first else "normal", "zorder": 5}
        words |= {"transform": ax.transAxes, "path_effects": parts.HALO}
        ax.text(*names[key], f"β = {key:g}", **words)


def _name_places(
    tables: Mapping[float, np.ndarray], wide: float
) -> dict[float, tuple[float, float]]:
    """Return where to name each curve: beside its end, below or above, if it is free.

    All is in shares of the Axes; a name is so ``wide``. The place is that of its left
    end, at half its height.
    """
    curves = {key: _dense(table) for key, table in tables.items()}
    taken = np.concatenate([*curves.values()])
    high, names = 0.09, {}
    for key, curve in curves.items():
        x, y = map(float, curve[-1])
        places = [(x + 0.03, y), (x - 0.02, y - 0.1), (x - 0.02, y + 0.1)]
        places = [place for place in places if 0 < place[1] < 1]
        covered = [
            _within(taken, (left, middle - high / 2), (wide, high))
            for left, middle in places
        ]
        left, middle = names[key] = places[int(np.argmin(covered))]
        along = left + wide * np.linspace(0, 1, 40)
        taken = np.concatenate([taken, np.column_stack([along, np.full(40, middle)])])
    return names


def _dense(points: np.ndarray) -> np.ndarray:
    """Return points along the lines through the given ones: (n, 2)."""
    at = np.linspace(0, len(points) - 1, 30 * len(points))
    return np.column_stack([np.interp(at, range(len(points)), c) for c in points.T])


def _within(
    points: np.ndarray, corner: tuple[float, float], size: tuple[float, float]
) -> int:
    """Return how many points are in a box."""
    inside = (points >= corner) & (points <= np.add(corner, size))
    return int(inside.all(axis=1).sum())


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
    ax.set_xlabel("round")
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
        "its facts are not learned: edited at any time",
        "the search may be a model, trained before",
    ),
    Part("tokenizer", "counted", "counted once, before training", "from text"),
    Part("base model", "learns", "learns before release", "from texts people wrote"),
    Part(
        "fine-tune", "learns", "learns before release", "from examples written for it"
    ),
    Part(
        "preferences",
        "learns",
        "learns before release",
        "from choices, or a model of them",
    ),
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
        "from labelled questions and answers",
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
    """Draw what stands behind a chat product: eight parts, and which of them learn.

    A message passes them from above to below; three steps of training make one model.
    """
    names = [part.name for part in PARTS]
    first, last = names.index("base model"), names.index("preferences")
    frame = {"boxstyle": "round,pad=0,rounding_size=0.12", "fc": "none", "lw": 1.2}
    corner, high = (0.1, -last - 0.47), last - first + 0.94
    dashes = {"ls": (0, (4, 3)), "ec": COLOURS["quiet"], "zorder": 0}
    ax.add_patch(FancyBboxPatch(corner, 9.8, high, **frame, **dashes))
    ax.text(
        9.62,
        -(first + last) / 2,
        "one model, three trainings",
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
        if first < row <= last:  # a step of training, where no message goes
            ax.text(
                centre, -row + 0.5, "then", size=9, color=COLOURS["quiet"], **MIDDLE
            )
            continue
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
