"""Interactive figures of notebook 07: a training replayed, the cost of training."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.lessons import costs
from course_lib.plots.parts import cut, level_line, percent
from course_lib.widgets.controls import Choice, Preset, Replay, Slider
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle

if TYPE_CHECKING:  # it loads JAX
    from course_lib.lessons.experiments import Experiment

__all__ = ["cost_calculator", "memorise_or_generalise"]

WRITTEN = 16  # names at each step
PAUSES = sorted({round(300 * (i / 30) ** 2) for i in range(31)})  # dense at the start


def memorise_or_generalise(
    lab: Experiment | None = None, names: Sequence[str] | None = None
) -> InteractiveFigure:
    """Replay the training on 20, 200 or 2,000 names: losses, samples, copies in them.

    Three models are trained here, which takes two or three seconds.
    """
    lab, names = lab or _experiment(), names or _shuffled_names()
    replays = {f"{n:,}": _replay(lab, names, n) for n in (20, 200, 2000)}
    highest = max(losses.max() for losses, _ in replays.values())
    knows_nothing = float(np.log(lab.config.vocab_size))

    def draw(axes: np.ndarray, size: str, step: int) -> tuple[str, str]:
        losses, written = replays[size]
        now = PAUSES.index(step)
        copies = [sum(copied for _, copied in texts) for texts in written]
        left, right = axes
        so_far = PAUSES[: now + 1]
        key: dict[str, Any] = {"loc": "center right", "bbox_to_anchor": (0.97, 0.62)}
        plots.learning_curves(so_far, *losses[: now + 1].T, legend=key, ax=left)
        left.set_ylim(0, 1.06 * highest)
        plots.copies_by_step(so_far, copies[: now + 1], WRITTEN, ax=right)
        for ax, height, words in (
            (left, knows_nothing, f"knows nothing: {knows_nothing:.2f}"),
            (right, WRITTEN, f"all {WRITTEN}"),
        ):
            look = {"ha": "right", "va": "bottom"}
            level_line(ax, height, words, (PAUSES[-1], height), **look)
        for ax in axes:
            add_handle(ax, "another step of the training").across("step", PAUSES)
            for curve in ax.lines:
                curve.set_markevery([now])  # a dot where the curve has come to
            ax.set_xlim(-0.03 * PAUSES[-1], 1.03 * PAUSES[-1])
        seen, unseen = losses[now]
        summary = (
            f"Step {step} of {PAUSES[-1]}: loss {seen:.2f} on its {size} names, "
            f"{unseen:.2f} on others. Copies: {copies[now]} of {WRITTEN}."
        )
        return summary, _as_table(written[now])

    controls = [
        Choice("size", "names in training", {n: n for n in replays}, "20"),
        Slider("step", "step of the training", PAUSES, 0, "{:d}".format, play=True),
    ]
    axes = plots.panels(1, 2, 8, 3.7)
    title = "Learned by heart, or learned?"
    return InteractiveFigure("memorise_or_generalise", title, draw, controls, axes)


def _replay(
    lab: Experiment, names: Sequence[str], n: int
) -> tuple[np.ndarray, list[list[tuple[str, bool]]]]:
    """Train on n names; return both losses and the sampled texts at each pause.

    The losses are on 64 names at most: (pauses, 2). Each text comes with whether it
    is a copy of a name in training.
    """
    seen, unseen = names[:n], names[-64:]
    losses, written = [], []
    for model in lab.snapshots(seen, PAUSES):
        losses.append([lab.loss(model, seen[:64]), lab.loss(model, unseen)])
        texts = lab.sample(model, WRITTEN)
        written.append([(text, text in seen) for text in texts])
    return np.array(losses), written


def _as_table(texts: Sequence[tuple[str, bool]], columns: int = 4) -> str:
    marked = [f"{'*' if copied else ' '} {cut(text, 14):16}" for text, copied in texts]
    rows = [marked[i : i + columns] for i in range(0, len(marked), columns)]
    lines = ["What it writes now; * stands word for word among the names it reads", ""]
    return "\n".join([*lines, *("".join(row).rstrip() for row in rows)])


def _experiment() -> Experiment:
    from course_lib.array import GPTConfig
    from course_lib.data.tokenizer import CharTokenizer
    from course_lib.lessons.experiments import Experiment  # loads JAX

    tokenizer = CharTokenizer(["abcdefghijklmnopqrstuvwxyz"])
    config = GPTConfig(tokenizer.vocab_size, block_size=32, n_embd=32)
    return Experiment(tokenizer, config)


def _shuffled_names() -> list[str]:
    from course_lib.data import load_names

    names = load_names()
    random.Random(0).shuffle(names)
    return names


OWN, PAGE, YOURS = "as I set it", "this page's model of names", "yours"
MANTISSAS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8)
SPAN = 1e7, 1e28  # operations; the sliders reach from 6e7 to 1.2e27
FACTORS = (0.1, 0.3, 1, 3, 10)  # of a recording: so many times as large


def cost_calculator(
    n_params: float = 15_744, n_tokens: float = 116_000
) -> InteractiveFigure:
    """Set the size of a training run; compare its cost with published runs.

    n_params, n_tokens: those of the page's own model.
    """
    published = {run: run.flops for run in costs.PUBLISHED if run.flops}
    sizes = {PAGE: (n_params, n_tokens), "a fine-tune of an open model": (8e9, 3e7)}
    presets: dict[str, dict[str, Any]] = {OWN: {}}
    usual = {"device": "H100", "share": 0.35}
    for name, (params, tokens) in sizes.items():
        presets[name] = {"n_params": params, "n_tokens": tokens} | usual
    for run in published:
        reached = usual
        if run.device_hours:
            reached = {"device": run.device, "share": costs.utilisation(run)}
        size = {"n_params": run.n_params, "n_tokens": run.n_tokens}
        presets[run.name] = size | reached
    page = costs.training_flops(n_params, n_tokens)
    ladder, rungs = {PAGE: page}, [PAGE]  # and the preset of each
    for run in sorted(published, key=lambda run: published[run]):
        ladder[f"{run.name} ({run.year})"] = published[run]
        rungs.append(run.name)
    values = [*presets.values()]
    token_stops = _stops(4, 14, [p["n_tokens"] for p in values if p])
    sources = _sources()

    def draw(
        ax: Axes,
        preset: dict[str, Any],
        n_params: float,
        n_tokens: float,
        device: str,
        share: float,
        price: float,
    ) -> tuple[str, str]:
        prices = costs.Prices(device, share, price)
        flops = costs.training_flops(n_params, n_tokens)
        rows = {YOURS: flops} | ladder
        euros = {name: costs.bill(f, 0, prices).compute for name, f in rows.items()}
        plots.cost_ladder(rows, [YOURS, PAGE], euros, SPAN, ax=ax)
        ax.axvline(flops, color=plots.COLOURS["value"], lw=1, ls=(0, (5, 4)), zorder=0)
        yours = add_handle(
            ax, "more or fewer training tokens", (flops, 0), grip="value"
        )
        yours.slide("n_tokens", token_stops, lambda d: (6 * n_params * d, 0))
        for row, (name, size) in enumerate(zip(rungs, ladder.values(), strict=True), 1):
            rung = add_handle(ax, f"start from {name}", (size, row))
            rung.pick("preset", [list(presets).index(name)], [(size, row)])
        hours = costs.device_hours(flops, prices)
        summary = (
            f"6 × {_number(n_params)} parameters × {_number(n_tokens)} tokens = "
            f"{_power(flops)} operations: {_hours(hours)} of one {device}, "
            f"{_money(euros[YOURS])} for computing."
        )
        return summary, sources

    shares = [p["share"] for p in values if "share" in p]
    controls = [
        Preset("preset", "start from", presets, OWN),
        Choice(
            "device",
            "chip",
            {
                f"{d}: {f / 1e12:.0f} × 10¹² operations a second": d
                for d, f in costs.PEAK_FLOPS.items()
            },
            f"H100: {costs.PEAK_FLOPS['H100'] / 1e12:.0f} × 10¹² operations a second",
        ),
        Slider(
            "n_params",
            "parameters N",
            _stops(3, 12, [p["n_params"] for p in values if p]),
            8e9,
            _number,
        ),
        Slider(
            "n_tokens",
            "training tokens D",
            token_stops,
            3e7,
            _number,
        ),
        Slider(
            "share",
            "share of the chip's peak reached",
            sorted(
                {round(s, 2): s for s in [*np.arange(1, 101) / 100, *shares]}.values()
            ),
            0.35,
            percent,
        ),
        Slider(
            "price",
            "price of a GPU hour",
            [i / 10 for i in range(2, 40)] + [i / 2 for i in range(8, 31)],
            2.5,
            "€{:.2f}".format,
        ),
    ]
    axes = plots.panels(1, 1, 8.4, 4.4)
    title = "What does a training run cost?"

    def draw_recorded(
        ax: Axes, run: str, params: float, tokens: float
    ) -> tuple[str, str]:
        at = {c.name: c.value(c.default) for c in controls} | presets[run]
        at["n_params"] *= params
        at["n_tokens"] *= tokens
        return draw(ax, **at)

    recorded = [
        Choice("run", "start from", {name: name for name in presets}, OWN),
        Slider("params", "parameters N, times", FACTORS, 1),
        Slider("tokens", "training tokens D, times", FACTORS, 1),
    ]
    return InteractiveFigure(
        "cost_calculator",
        title,
        draw,
        controls,
        axes,
        replay=lambda: Replay(recorded, draw_recorded),
    )


def _stops(low: int, high: int, exact: Sequence[float]) -> list[float]:
    """Return about ten stops for each power of ten, and the exact ones among them."""
    grid = [m * 10.0**power for power in range(low, high) for m in MANTISSAS]
    return sorted({*grid, 10.0**high, *exact})


def _sources() -> str:
    """Return the published runs as a table: when, on what, and who says so."""
    row = "{:17} {:>4} {:>16} {:>8}  {}".format
    lines = [row("published run", "year", "hours of a chip", "of peak", "source")]
    for run in costs.PUBLISHED:
        hours = reached = "-"
        if run.device_hours:
            hours = f"{run.device_hours:,.0f} {run.device}"
            reached = percent(costs.utilisation(run))
        first, *more = textwrap.wrap(run.source, 50)
        lines.append(row(run.name, run.year, hours, reached, first))
        lines += [row("", "", "", "", words) for words in more]
    return "\n".join(lines)


def _number(n: float) -> str:
    """Return a large number in words: 8 billion."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if n >= size:
            return f"{n / size:.4g} {word}"
    return f"{n:,.0f}"


def _power(n: float) -> str:
    """Return a number with its power of ten, as text: 1.4 × 10¹⁸."""
    digits, power = f"{n:.1e}".split("e")
    raised = str(int(power)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits} × 10{raised}"


def _hours(hours: float) -> str:
    """Return a time in the unit that fits it."""
    if hours < 1 / 3600:
        millionths = float(f"{1e6 * 3600 * hours:.2g}")
        return f"{millionths:,.10g} millionths of a second"
    if hours < 1:
        return (
            f"{60 * hours:.2g} minutes" if hours > 1 / 60 else f"{3600 * hours:.2g} s"
        )
    return (
        f"{float(f'{hours:.4g}'):,.0f} hours" if hours >= 10 else f"{hours:.1f} hours"
    )


def _money(euros: float) -> str:
    if euros < 0.01:
        return "less than a cent"
    if euros < 1000:
        return f"{euros:,.2f} euros"
    return f"{_number(float(f'{euros:.2g}'))} euros"
