"""Interactive figures of notebook 08: a pipeline, the time of a step, a memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.lessons import costs, scale
from course_lib.lessons.scale import Published
from course_lib.plots.parts import byte_size, duration, percent
from course_lib.widgets.controls import Choice, Replay, Slider
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle

__all__ = ["memory_by_part", "pipeline", "where_the_time_goes"]

SHARE = 0.4  # of its peak that a device reaches: an assumption
DEVICES = [2**i for i in range(13)]
TOKENS = [2**i for i in range(15, 24)]


def pipeline() -> InteractiveFigure:
    """Choose how many devices have the layers, and how many parts the batch has."""

    def draw(ax: Axes, devices: int, microbatches: int) -> str:
        plots.pipeline(scale.pipeline_schedule(devices, microbatches), ax=ax)
        if devices == 1:
            return (
                f"One device has all layers: it never waits, and its {microbatches} "
                f"{'microbatches come' if microbatches > 1 else 'microbatch comes'} "
                "one after the other."
            )
        waits = percent(scale.bubble(devices, microbatches))
        more = percent(scale.bubble(devices, 2 * microbatches))
        return (
            f"{devices} devices, {_counted(microbatches, 'microbatch', 'es')}: each "
            f"device waits for {waits} of the step. "
            f"The cure is more microbatches: with {2 * microbatches} it is {more}."
        )

    rows = Slider("devices", "devices", range(1, 9), 4, "{:d}".format)
    parts = Slider("microbatches", "microbatches", range(1, 17), 4, "{:d}".format)
    return InteractiveFigure(
        "pipeline",
        "A pipeline of devices",
        draw,
        [rows, parts],
        plots.panels(1, 1, 8.4, 3.8),
        replay=lambda: Replay([rows, replace(parts, stops=(1, 2, 4, 8, 16))]),
    )


def where_the_time_goes() -> InteractiveFigure:
    """Choose model, batch, link and number of devices; see computing and messages."""
    rate = SHARE * costs.PEAK_FLOPS["H100"]

    def draw(
        ax: Axes, model: Published, tokens: int, link: float, devices: int
    ) -> tuple[str, str]:
        def seconds(n_tokens: int, n_devices: int, link: float) -> tuple[float, float]:
            return scale.step_seconds(model, n_tokens, n_devices, rate, link)

        computing, messages = np.transpose([seconds(tokens, n, link) for n in DEVICES])
        plots.step_parts(DEVICES, computing, messages, ax=ax)
        add_handle(ax, "another number of devices").across("devices", DEVICES)
        now = DEVICES.index(devices)
        for curve, size in zip(ax.lines, (10, 6, 6), strict=True):
            curve.set(marker="o", markersize=size, markevery=[now])
        ax.axvline(devices, color=plots.COLOURS["quiet"], lw=1, zorder=0)
        slowest = min(scale.LINKS.values())
        high = seconds(TOKENS[-1], 1, slowest)[0], seconds(0, DEVICES[-1], slowest)[1]
        low = seconds(TOKENS[0], DEVICES[-1], slowest)[0]
        ax.set_ylim(low / 2, 2 * max(high))  # of every batch and link
        step = computing[now] + messages[now]
        took = f"{duration(step)} for a step of {tokens:,} tokens"
        if devices == 1:
            return f"One device: {took}, and no messages.", ASSUMED
        faster = float(f"{computing[0] / step:.2g}")
        summary = (
            f"{devices:,} devices: {took}, {percent(messages[now] / step)} of it "
            f"messages. That is {faster:,g} times as fast as one device, "
            f"not {devices:,}."
        )
        return summary, ASSUMED

    model = Choice("model", "model", scale.MODELS, "GPT-2 1.5B")
    tokens = Slider("tokens", "tokens in a batch", TOKENS, 2**19, "{:,}".format)
    link = Choice("link", "link", scale.LINKS, "InfiniBand, 400 Gbit/s")
    devices = Slider("devices", "devices", DEVICES, 64, "{:,}".format, play=True)
    axes = plots.panels(1, 1, 8.4, 4.2)
    axes.get_figure().get_layout_engine().set(w_pad=0.15)  # inches: for wider labels
    title = "Where the time of a step goes"
    return InteractiveFigure(
        "where_the_time_goes",
        title,
        draw,
        [model, tokens, link, devices],
        axes,
        replay=lambda: Replay([model, tokens.thinned(3), link, devices]),
    )


ASSUMED = f"""\
Assumed: each device
- reaches {percent(SHARE)} of an H100's peak,
- has the whole model and a share,
  however small, of the batch,
- has memory enough for both,
- sends only when it computes
  nothing, and without delay."""


def memory_by_part() -> InteractiveFigure:
    """Choose a model and how it lies on devices; see what takes one device's memory."""

    def draw(
        ax: Axes, model: Published, devices: int, sharded: bool, texts: int, again: bool
    ) -> str:
        parts = scale.state_bytes(model.n_params, devices, sharded)
        parts["activations"] = scale.activation_bytes(model, texts, again)
        bars = {part: {part: n_bytes} for part, n_bytes in parts.items()}
        plots.memory_parts(bars | {"together": parts}, scale.H100_BYTES, ax=ax)
        total, room = sum(parts.values()), scale.H100_BYTES
        fits = "It fits" if total <= room else "It does not fit"
        has = f"each of {devices:,} devices has" if devices > 1 else "one device has"
        each = ", ".join(f"{part} {byte_size(n)}" for part, n in parts.items())
        return (
            f"{fits}: {has} {byte_size(room)}, and this takes "
            f"{byte_size(total)}: {each}."
        )

    controls = [
        Choice("model", "model", scale.MODELS, "GPT-3 6.7B"),
        Slider("devices", "devices", DEVICES[:11], 8, "{:,}".format),
        Choice(
            "sharded",
            "weights, gradients and moments",
            {"copied to each device": False, "sharded: a share on each": True},
            "sharded: a share on each",
        ),
        Slider("texts", "texts at a time on a device", range(1, 65), 4, "{:d}".format),
        Choice(
            "again",
            "activations",
            {"kept": False, "computed again, from the input of each layer": True},
            "kept",
        ),
    ]
    axes = plots.panels(1, 1, 8.4, 3.6)
    title = "What lies on one device"
    return InteractiveFigure("memory_by_part", title, draw, controls, axes)


def _counted(n: int, thing: str, ending: str = "s") -> str:
    return f"{n:,} {thing}{ending if n > 1 else ''}"
