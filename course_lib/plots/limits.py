"""Figures of notebook 07: limits of trained models, measured, and costs of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_lib.plots import parts
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure

__all__ = [
    "answer_bars",
    "bill_ranges",
    "calibration",
    "copies_by_size",
    "copies_by_step",
    "cost_ladder",
    "cutoff",
    "forgetting",
    "loss_by_size",
    "share_in_and_out",
    "sure_and_right",
]


@figure(8, 2.8)
def answer_bars(
    answers: Sequence[str],
    probabilities: ArrayLike,
    title: str = "",
    *,
    most: int = 8,
    ax: Axes,
) -> Axes:
    """Draw the most probable answers to one question, the top one first."""
    chances = np.asarray(probabilities, float)
    order = np.argsort(-chances, kind="stable")[:most]
    places = np.arange(len(order))
    ax.barh(places, chances[order], color=COLOURS["value"], height=0.68)
    for place, i in zip(places, order, strict=True):
        ax.text(chances[i] + 0.01, place, _percent(chances[i]), va="center", size=10)
    ax.set_yticks(places, [answers[i] for i in order])
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    ax.set_xlim(0, min(1.1, 1.15 * float(chances.max()) + 0.02))
    ax.xaxis.set_major_formatter(lambda share, _: _percent(share) if share else "0 %")
    ax.locator_params(axis="x", nbins=5)
    ax.set(xlabel="probability that the model gives", ylabel="its ending")
    ax.set_title(title, size=11)
    return ax


@figure(8, 3.4)
def cutoff(
    years: Sequence[int],
    sureness: ArrayLike,
    right: ArrayLike,
    last_year: int,
    *,
    ax: Axes,
) -> Axes:
    """Draw confidence by year, before and after the data ends, right or wrong."""
    years_, sure = np.asarray(years), np.asarray(sureness, float)
    is_right = np.asarray(right, bool)
    edge = last_year + 0.5
    ax.axvspan(edge, max(years_.max(), last_year) + 1, color="#F2F2F2", zorder=0)
    ax.axvline(edge, color=COLOURS["quiet"], lw=1.2, ls=(0, (5, 4)), zorder=1)
    ax.plot(
        years_[is_right],
        sure[is_right],
        "o",
        color=COLOURS["value"],
        ms=6,
        label="right",
    )
    ax.plot(
        years_[~is_right],
        sure[~is_right],
        "x",
        color=COLOURS["ink"],
        ms=7,
        mew=2.2,
        label="wrong",
    )
    ax.set_xlim(years_.min() - 1, max(years_.max(), last_year) + 1)
    ax.set_ylim(0, 1.22)
    ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    ax.spines["left"].set_bounds(0, 1)
    ax.text(edge - 0.5, 1.14, "in the data", ha="right", va="center", size=10.5)
    ax.text(edge + 0.5, 1.14, "after it", ha="left", va="center", size=10.5)
    ax.set(xlabel="year asked about", ylabel="how sure it was")
    ax.legend(loc="lower left", title="its answer was", title_fontsize=10, ncols=2)
    return ax


@figure(6.2, 4.6)
def share_in_and_out(
    given: ArrayLike, generated: Mapping[str, ArrayLike], what: str = "she", *, ax: Axes
) -> Axes:
    """Draw the share of a word in the samples against its share in the data."""
    given_ = np.asarray(given, float)
    ax.plot([0, 1], [0, 1], color=COLOURS["quiet"], lw=1, ls=(0, (5, 4)), zorder=0)
    ax.text(
        0.04,
        0.075,
        "as in the data",
        rotation=45,
        rotation_mode="anchor",
        transform_rotates_text=True,
        color=COLOURS["quiet"],
        size=9.5,
    )
    looks = [("value", "o-"), ("ink", "s--"), ("quiet", "^:"), ("other", "D-.")]
    order = np.argsort(given_)
    for (name, shares), (colour, look) in zip(generated.items(), looks, strict=False):
        heights = np.asarray(shares, float)[order]
        ax.plot(given_[order], heights, look, color=COLOURS[colour], label=name)
    ticks = [0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"]
    ax.set_xticks(*ticks)
    ax.set_yticks(*ticks)
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.04, 1.04))
    ax.set(xlabel=f"share of {what} in the data", ylabel=f"share of {what} it says")
    ax.legend(loc="upper left")
    return ax


@figure(7.4, 3.2)
def sure_and_right(groups: Mapping[str, tuple[float, float]], *, ax: Axes) -> Axes:
    """Draw the mean confidence and the accuracy of each group of questions."""
    places = np.arange(len(groups))
    pairs = np.array(list(groups.values()))  # (groups, 2)
    for column, (label, colour) in enumerate(
        (("how sure it was", "value"), ("how often it was right", "ink"))
    ):
        x = places + (column - 0.5) * 0.36
        ax.bar(x, pairs[:, column], width=0.34, color=COLOURS[colour], label=label)
        for at, height in zip(x, pairs[:, column], strict=True):
            ax.text(at, height + 0.02, _percent(height), ha="center", size=10.5)
    ax.set_xticks(places, list(groups))
    ax.tick_params(axis="x", length=0)
    ax.set_ylim(0, 1.3)
    ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    ax.spines["left"].set_bounds(0, 1)
    ax.set_xlim(-0.6, len(groups) - 0.4)
    ax.set(xlabel="things asked about", ylabel="mean of the answers")
    ax.legend(loc="upper right", ncols=2)
    return ax


@figure(6.2, 4.6)
def calibration(
    answers: Mapping[str, tuple[ArrayLike, ArrayLike]],
    n_bins: int = 5,
    ece: float | Mapping[str, float] | None = None,
    *,
    ax: Axes,
) -> Axes:
    """Draw accuracy against confidence (a reliability diagram; Guo et al., 2017).

    answers: by the name of a model, how sure it was of each answer (n,), and whether
    the answer was right (n,). Answers that are about as sure are drawn as one point,
    the larger the more there are. ece: the expected calibration error, from 0 to 1, to
    write beside the name of each model; one number for the only model, or by name.
    """
    errors = ece if isinstance(ece, Mapping) else dict.fromkeys(answers, ece)
    ax.plot([0, 1], [0, 1], color=COLOURS["quiet"], lw=1, ls=(0, (5, 4)), zorder=0)
    ax.text(
        0.5,
        0.53,
        "as sure as right",
        rotation=45,
        rotation_mode="anchor",
        transform_rotates_text=True,
        color=COLOURS["quiet"],
        size=9.5,
    )
    looks = [("value", "o", "-"), ("ink", "s", "--"), ("quiet", "^", ":")]
    for (name, pair), look in zip(answers.items(), looks, strict=False):
        sure, right = (np.asarray(part, float) for part in pair)
        bins = np.minimum((sure * n_bins).astype(int), n_bins - 1)
        groups = [bins == i for i in np.unique(bins)]
        x = [sure[group].mean() for group in groups]
        y = [right[group].mean() for group in groups]
        sizes = [20 + 400 * group.mean() for group in groups]
        colour, mark, line = look
        ax.plot(x, y, line, color=COLOURS[colour], lw=1.5)
        ax.scatter(x, y, s=sizes, color=COLOURS[colour], marker=mark, zorder=3)
        error = errors.get(name)
        label = name if error is None else f"{name}: ECE {error:.2f}"
        ax.plot([], [], mark + line, color=COLOURS[colour], ms=7, label=label)
    ticks = [0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"]
    ax.set_xticks(*ticks)
    ax.set_yticks(*ticks)
    ax.set(xlim=(-0.03, 1.06), ylim=(-0.04, 1.06))
    ax.set(xlabel="how sure it was", ylabel="how often it was right")
    ax.legend(loc="upper left")
    return ax


@figure(7.4, 3.4)
def copies_by_size(sizes: Sequence[int], copied: ArrayLike, *, ax: Axes) -> Axes:
    """Draw the share of memorised samples by the size of the training set.

    copied: (seeds, sizes), a dot for each seed, a line through their means.
    """
    shares = np.atleast_2d(np.asarray(copied, float))
    for row in shares:
        ax.plot(sizes, row, "o", color=COLOURS["data"], ms=7, mew=0)
    means = shares.mean(axis=0)
    ax.plot(sizes, means, color=COLOURS["data"])
    for size, mean, top in zip(sizes, means, shares.max(axis=0), strict=True):
        ax.text(1.06 * size, top + 0.05, _percent(mean), va="bottom", size=10.5)
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlim(min(sizes) / 1.5, max(sizes) * 1.9)
    ax.set_ylim(-0.04, 1.25)
    ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    ax.spines["left"].set_bounds(-0.04, 1)
    ax.set(xlabel="names in the training set", ylabel="copies among what it writes")
    return ax


@figure(4, 3.6)
def copies_by_step(
    steps: Sequence[float], copied: Sequence[int], of: int, *, ax: Axes
) -> Axes:
    """Draw the number of memorised samples by training step."""
    ax.plot(steps, copied, "o-", color=COLOURS["data"], ms=5, lw=2.5)
    ax.set_ylim(-0.04 * of, 1.08 * of)
    ax.set_yticks([0, of / 2, of], ["0", f"{of / 2:g}", f"{of}"])
    ax.set(xlabel="step", ylabel=f"copies among {of} that it writes")
    return ax


@figure(8, 3.8)
def loss_by_size(
    n_params: Sequence[int],
    losses: ArrayLike,
    floor: float,
    marks: Mapping[str, float] | None = None,
    *,
    ax: Axes,
) -> Axes:
    """Draw the loss of models of several sizes, and the entropy of the source."""
    heights = np.asarray(losses, float)
    every = [floor, *heights, *(marks or {}).values()]
    span = max(every) - floor
    left, right = min(n_params) / 1.6, max(n_params) * 1.6
    low = floor - 0.22 * span
    ax.axhspan(low, floor, color="#F2F2F2", zorder=0)
    ax.axhline(floor, color=COLOURS["ink"], lw=1.6)
    ax.text(
        left * 1.1,
        floor - 0.04 * span,
        f"the source's own surprise: {floor:.3f}; no model gets below",
        va="top",
        size=10,
    )
    for name, height in (marks or {}).items():
        words, place = f"{name}: {height:.2f}", (right / 1.05, height + 0.015 * span)
        parts.level_line(ax, height, words, place, ha="right", va="bottom")
    ax.plot(n_params, heights, "o-", color=COLOURS["loss"], ms=7)
    ax.set_xscale("log")
    ax.set_xticks(n_params, [f"{n:,}" for n in n_params])
    ax.minorticks_off()
    ax.set(xlim=(left, right), ylim=(low, max(every) + 0.14 * span))
    ax.set(xlabel="parameters", ylabel="loss, nats per token")
    return ax


@figure(8, 3.8)
def forgetting(
    steps: Sequence[float],
    losses: Mapping[str, ArrayLike],
    levels: Mapping[str, float] | None = None,
    *,
    ax: Axes,
) -> Axes:
    """Draw losses on several kinds of text while fine-tuning on one of them.

    ``levels`` are losses to compare with: a name and a height each.
    """
    looks = [("loss", "o-"), ("ink", "s-"), ("quiet", "^--"), ("other", "D:")]
    curves = {name: np.asarray(curve, float) for name, curve in losses.items()}
    high = max(curve.max() for curve in curves.values())
    for (name, curve), (colour, look) in zip(curves.items(), looks, strict=False):
        ax.plot(steps, curve, look, color=COLOURS[colour], ms=5, label=name)
    for name, height in (levels or {}).items():
        words, place = f"{name}: {height:.2f}", (steps[-1], height - 0.01 * high)
        parts.level_line(ax, height, words, place, ha="right", va="top")
    ax.set_ylim(0, high * 1.35)
    ax.set(xlabel="step of the fine-tune", ylabel="loss, nats per token")
    ax.legend(loc="upper left", ncols=1)
    return ax


@figure(8.4, 4.4)
def cost_ladder(
    flops: Mapping[str, float],
    ours: Sequence[str] = (),
    prices: Mapping[str, float] | None = None,
    span: tuple[float, float] | None = None,
    *,
    ax: Axes,
) -> Axes:
    """Draw training runs on one logarithmic axis of floating-point operations.

    They are sorted, and the axis fits them; with ``span``, its ends, they stand in the
    order given, the first at the bottom. ``prices`` are euros, written beside each;
    beside those, on a wide figure, stand the operations.
    """
    wide = ax.get_figure(root=True).get_figwidth() > 7
    names = list(flops) if span else sorted(flops, key=lambda name: flops[name])
    values = np.array([flops[name] for name in names], float)
    low = 10.0 ** (np.floor(np.log10(values.min())) - 1)
    low, high = span or (low, values.max() * (1 if prices else 10**4))
    for row, (name, value) in enumerate(zip(names, values, strict=True)):
        if name in ours:  # they may move
            rung, column, colour = _rung, _column, COLOURS["value"]
        else:
            rung, column, colour = _static_rung, _static_column, COLOURS["data"]
        rung(ax, row, low, float(value), colour)
        if prices is None:
            ax.text(value * 3.5, row, _power(value), va="center", size=10)
        else:
            if wide:
                column(ax, 0.85, row, _power(value))
            _column(ax, 1, row, _euros(prices[name]))
    ax.set_xscale("log")
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(low, high)
    last = high if span else values.max() * 10
    powers = np.arange(np.ceil(np.log10(low)), np.log10(last), 3 if wide else 6)
    ax.set_xticks(10.0**powers, [f"$10^{{{p:.0f}}}$" for p in powers])
    ax.minorticks_off()
    steps = " (each mark is 1,000 times the one before)" if wide else ""
    ax.set_xlabel(f"operations of the training{steps}")
    if prices is not None:
        top = len(names) - 0.3
        if wide:
            _static_column(ax, 0.85, top, "operations")
        _static_column(ax, 1, top, "computing")
        ax.set_ylim(-0.6, top + 0.2)
        ax.set_xlim(low, low * (high / low) ** (1 / 0.7))  # the rest is for the words
        ax.spines["bottom"].set_bounds(low, high)
        ax.xaxis.label.set_x(0.35)
    return ax


def _rung(ax: Axes, row: int, low: float, value: float, colour: str) -> None:
    """Draw a row: a line from the left end to a value, and a dot there."""
    look: dict[str, Any] = {"color": colour, "lw": 1.5, "ms": 10}
    ax.plot([low, value], [row, row], "o-", markevery=[1], **look)


def _column(ax: Axes, x: float, row: float, text: str) -> None:
    """Write a text that ends at x, of the width of the Axes, beside a row."""
    beside = ax.get_yaxis_transform()
    ax.text(x, row, text, transform=beside, ha="right", va="center", size=10)


_static_rung, _static_column = static_artists(_rung), static_artists(_column)


@figure(8, 3)
def bill_ranges(costs: Mapping[str, tuple[float, float, float]], *, ax: Axes) -> Axes:
    """Draw the cost of each option in euros, from low to high, on a log axis.

    costs: (low, middle, high) by name. The middle is marked by a dot.
    """
    ends = [euros for case in costs.values() for euros in case]
    for row, (low, middle, high) in enumerate(costs.values()):
        ax.axhline(row, color=COLOURS["faint"], lw=1, zorder=0)
        ax.plot([low, high], [row, row], "|-", color=COLOURS["quiet"], ms=12, lw=2)
        ax.plot(middle, row, "o", color=COLOURS["ink"], ms=9)
        for euros, side in ((low, "right"), (middle, "center"), (high, "left")):
            ax.text(euros, row - 0.22, _euros(euros), ha=side, va="bottom", size=10)
    ax.set_xscale("log")
    left, right = min(ends) / 5, max(ends) * 5
    ax.set_xlim(left, right)
    powers = np.arange(np.ceil(np.log10(left)), np.floor(np.log10(right)) + 1)
    ax.set_xticks(10.0**powers, [_euros(10.0**p) for p in powers])
    ax.minorticks_off()
    ax.set_yticks(range(len(costs)), list(costs))
    ax.set_ylim(len(costs) - 0.6, -0.75)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("cost in euros (each mark is 10 times the one before)")
    return ax


def _percent(share: float) -> str:
    return "< 1 %" if 0 < share < 0.005 else parts.percent(share)


def _power(value: float) -> str:
    digits, power = f"{value:.1e}".split("e")
    return f"{digits} × $10^{{{int(power)}}}$"


def _euros(euros: float) -> str:
    """Return an amount in euros, to two figures."""
    for size, unit in ((1e9, " bn"), (1e6, " m")):
        if euros >= size * 0.9995:
            return f"€{float(f'{euros / size:.2g}'):g}{unit}"
    if euros < 0.0001:
        return "< 1 cent"
    if euros < 1:
        return f"€{float(f'{euros:.1g}'):g}"
    return f"€{float(f'{euros:.2g}'):,.0f}"
