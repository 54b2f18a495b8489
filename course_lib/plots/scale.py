"""Figures of notebook 08: rates of a machine, and work divided among devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from numpy.typing import ArrayLike

from course_lib.lessons.scale import Task
from course_lib.plots import parts as shared
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure

__all__ = [
    "device_grid",
    "memory_parts",
    "pipeline",
    "rates",
    "step_parts",
    "time_by_batch",
]

GROUND = "#EEEEEE"  # of a lane in which nothing happens
PARTS = {  # of a device's memory
    "weights": COLOURS["parameter"],
    "gradients": COLOURS["gradient"],
    "Adam's moments": "#F7D489",  # they move the weights: their colour, paler
    "activations": COLOURS["value"],
}
MIDDLE: dict[str, Any] = {"ha": "center", "va": "center"}
MOST_TICKS = 8
NUMBER_SIZE = 9.5  # points
MOST_COLUMNS = 4  # of devices: more have no room for words


@figure(6.4, 4.2)
def rates(
    sizes: Sequence[int],
    rates: Mapping[str, ArrayLike],
    limit: float | None = None,
    *,
    ax: Axes,
) -> Axes:
    """Draw how many operations a second matrix products of several sizes reach.

    sizes: rows of the square matrices; rates: operations a second at each size, by the
    way of multiplying, nan where it was not measured; limit: what the machine can do.
    """
    looks = [("quiet", "^:"), ("ink", "s--"), ("value", "o-"), ("other", "D-.")]
    curves = {name: np.asarray(curve, float) for name, curve in rates.items()}
    drawn = []
    for (name, curve), (colour, look) in zip(curves.items(), looks, strict=False):
        drawn += ax.plot(sizes, curve, look, color=COLOURS[colour], ms=6, label=name)
    every = np.concatenate([*curves.values(), [limit or np.nan]])
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    if limit is not None:
        place = min(sizes), limit * 1.15  # where the rates are low
        words = "the best rate measured"
        shared.level_line(ax, limit, words, place, ha="left", va="bottom")
    _log_stops(ax, sizes)
    ax.set_yscale("log")
    ax.set_ylim(low / 2.5, high * (5 if limit else 2.5))
    ax.minorticks_off()
    ax.set(
        xlabel="n, the rows and columns of each matrix", ylabel="operations a second"
    )
    drawn.sort(key=lambda line: -np.nanmax(line.get_ydata()))  # the highest on top
    ax.legend(handles=drawn, **_above(1))
    return ax


@figure(6.4, 3.6)
def time_by_batch(batch_sizes: Sequence[int], seconds: ArrayLike, *, ax: Axes) -> Axes:
    """Draw the time of one step by batch size, and times in proportion to the batch.

    seconds: of a step at each batch size. The line of proportion goes through the last.
    """
    sizes, times = np.asarray(batch_sizes, float), np.asarray(seconds, float)
    in_proportion = times[-1] * sizes / sizes[-1]
    grey: dict[str, Any] = {"color": COLOURS["quiet"], "lw": 1.3, "ls": (0, (5, 4))}
    ax.plot(sizes, in_proportion, label="in proportion to the batch", **grey)
    ax.plot(sizes, times, "o-", color=COLOURS["value"], ms=6, label="measured")
    _log_stops(ax, batch_sizes)
    _log_seconds(ax)
    ax.set_ylim(min(times.min(), in_proportion.min()) / 1.6, times.max() * 1.6)
    ax.set(xlabel="examples in a batch", ylabel="time of a step")
    ax.legend(loc="upper left")
    return ax


@figure(5.6, 2.9)
def device_grid(
    n_devices: int, rows: Sequence[Sequence[int]], parts: int, *, ax: Axes
) -> Axes:
    """Draw devices as boxes: the rows of the batch and the part of the weights in each.

    rows: the numbers of the rows that each device has; parts: into how many the weights
    are cut, of which device i holds part i % parts.
    """
    columns = min(n_devices, MOST_COLUMNS)
    for i, its_rows in zip(range(n_devices), rows, strict=True):
        x, y = i % columns, -(i // columns)
        _box(ax, (x + 0.04, y + 0.05), (0.92, 0.9), "white", COLOURS["quiet"])
        ax.text(x + 0.5, y + 0.8, f"device {i}", weight="bold", size=11, **MIDDLE)
        _box(ax, (x + 0.1, y + 0.47), (0.8, 0.2), "#C7E6F7")
        ax.text(x + 0.5, y + 0.57, _rows(its_rows), size=10, **MIDDLE)
        share = "all weights" if parts == 1 else f"1/{parts} of weights"
        ax.text(x + 0.5, y + 0.36, share, size=10, **MIDDLE)
        for part in range(parts):
            face = COLOURS["parameter"] if part == i % parts else "white"
            corner = x + 0.1 + 0.8 * part / parts, y + 0.12
            look = {"fc": face, "ec": COLOURS["parameter"], "lw": 1.2}
            ax.add_patch(Rectangle(corner, 0.8 / parts, 0.13, **look))
    ax.set(xlim=(0, columns), ylim=(-((n_devices - 1) // columns), 1))
    ax.axis("off")
    return ax


@figure(6.4, 2.8)
def memory_parts(
    parts: Mapping[str, Mapping[str, float]],
    limit: float | None = None,
    device: str = "an H100",
    *,
    ax: Axes,
) -> Axes:
    """Draw what lies in a memory as stacked bars, each with its sum beside it.

    parts: bytes of each part, by the name of the bar; limit: bytes of the device.
    A key stands above, unless each part has a bar of its own.
    """
    totals = [sum(bar.values()) for bar in parts.values()]
    most = max([*totals, limit or 0])
    high = _round_up(1.25 * most)
    unit, size = next(
        (unit, size)
        for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("", 1))
        if high >= 2 * size or size == 1
    )
    room = 0.9 / _width(ax) * high  # of the words, on the axis
    colours: dict[str, str] = {}
    for row, (bar, total) in enumerate(zip(parts.values(), totals, strict=True)):
        start = 0.0
        for part, n_bytes in bar.items():
            colours[part] = PARTS.get(part, COLOURS["quiet"])
            ax.barh(row, n_bytes, left=start, height=0.62, color=colours[part])
            start += n_bytes
        place = total
        if limit is not None and total <= limit < total + room:
            place = limit  # the words begin behind the line
        words = shared.byte_size(total)
        ax.text(place + 0.012 * high, row, words, va="center", size=10)
    if limit is not None:
        ax.axvline(limit, color=COLOURS["ink"], lw=1.3, ls=(0, (5, 4)), zorder=3)
        words = f"{shared.byte_size(limit)} of {device}"
        side = "left" if limit < 0.5 * high else "right"
        away = (0.012 if side == "left" else -0.012) * high
        ax.text(limit + away, -0.72, words, ha=side, va="center", size=10)
    ax.set_yticks(range(len(parts)), list(parts))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(parts) - 0.5, -0.5 if limit is None else -1.0)
    ax.set_xlim(0, high)
    ticks = np.arange(5) / 4 * high
    ax.set_xticks(ticks, [f"{tick / size:,.10g}" for tick in ticks])
    ax.set_xlabel(f"memory, {unit or 'bytes'}")
    if set(colours) - set(parts):
        _key(ax, colours, **_above(2 if len(colours) == 4 else 3))
    return ax


@figure(6.4, 3.2)
def pipeline(tasks: Sequence[Task], *, ax: Axes) -> Axes:
    """Draw what each device of a pipeline does when: a Gantt chart of its tasks.

    A lane for each device, a box for each task, with the number of its microbatch where
    there is room for it. Where the ground of a lane shows, the device waits.
    """
    n_devices = 1 + max(task.device for task in tasks)
    end = max(task.end for task in tasks)
    lanes = max(n_devices, 4)  # of which fewer devices leave some empty
    ground = [_corners(0, end, device) for device in range(n_devices)]
    boxes = [_corners(task.start, task.end, task.device) for task in tasks]
    faces = [COLOURS["value" if task.forward else "gradient"] for task in tasks]
    look: dict[str, Any] = {"fc": [GROUND] * n_devices + faces, "ec": "white"}
    ax.add_collection(PolyCollection(ground + boxes, lw=0.8, **look), autolim=False)
    _numbers(ax, tasks, end)
    ax.set_yticks(range(n_devices), [f"device {i}" for i in range(n_devices)])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(0, end)
    ax.set(xlim=(0, 1.03 * end), ylim=(lanes - 0.5, -0.5))
    ax.locator_params(axis="x", integer=True, nbins=7)
    ax.set_xlabel("time (1 is a microbatch forward, on one device)")
    meanings = {"forward": COLOURS["value"], "backward": COLOURS["gradient"]}
    _key(ax, meanings | {"waits": GROUND}, **_above(3))
    return ax


def _corners(start: float, end: float, device: int) -> list[tuple[float, float]]:
    """Return the corners of a box in the lane of a device."""
    low, high = device - 0.42, device + 0.42
    return [(start, low), (end, low), (end, high), (start, high)]


def _numbers(ax: Axes, tasks: Sequence[Task], end: float) -> None:
    """Write the number of its microbatch into each box that has the room for any.

    As one collection of outlines: a text for each would take five times as long.
    """
    unit = 0.8 * 72 * _width(ax) / end  # of time, in points
    widest = NUMBER_SIZE * len(str(max(task.microbatch for task in tasks)))
    ours = [task for task in tasks if unit * task.length > 0.7 * widest + 2]
    paths = [_outline(task.microbatch) for task in ours]
    places = [(task.start + task.length / 2, task.device) for task in ours]
    inks = [COLOURS["ink"] if task.forward else "white" for task in ours]
    numbers = PathCollection(
        paths, offsets=places, offset_transform=ax.transData, fc=inks, ec="none"
    )
    inches = ax.get_figure(root=True).dpi_scale_trans
    numbers.set_transform(Affine2D().scale(1 / 72) + inches)
    ax.add_collection(numbers, autolim=False)


@lru_cache
def _outline(number: int) -> Path:
    """Return the outline of a number, in points around its middle."""
    path = TextPath((0, 0), str(number), size=NUMBER_SIZE)
    box = path.get_extents()
    middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return Path(path.vertices - middle, path.codes)


@figure(6.4, 3.8)
def step_parts(
    devices: Sequence[int], computing: ArrayLike, messages: ArrayLike, *, ax: Axes
) -> Axes:
    """Draw the time of a step by the number of devices, and the parts of it.

    computing, messages: seconds of each, one after the other. No messages (0 seconds)
    have no place on the logarithmic axis.
    """
    compute, sent = np.asarray(computing, float), np.asarray(messages, float)
    curves: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
        "the step": (compute + sent, {"color": COLOURS["ink"], "lw": 3}),
        "computing": (compute, {"color": COLOURS["value"], "ls": "--"}),
        "messages": (
            np.where(sent > 0, sent, np.nan),
            {"color": COLOURS["gradient"], "ls": "-."},
        ),
    }
    for curve, look in curves.values():
        ax.plot(devices, curve, **look)
    _log_stops(ax, devices)
    _log_seconds(ax)
    seen = np.concatenate([curve[curve > 0] for curve, _ in curves.values()])
    ax.set_ylim(float(seen.min()) / 2, float(seen.max()) * 2)
    ax.set(xlabel="devices", ylabel="time of a step")
    shared.legend(ax, {name: look for name, (_, look) in curves.items()}, **_above(3))
    return ax


def _width(ax: Axes) -> float:
    """Return the width of the figure in inches."""
    return float(ax.get_figure(root=True).get_figwidth())


def _above(columns: int) -> dict[str, Any]:
    """Return the place of a key above the Axes, where it covers nothing."""
    look = {"ncols": columns, "borderaxespad": 0.3, "handlelength": 1.8}
    return {"loc": "lower left", "bbox_to_anchor": (0, 1), "columnspacing": 1.4} | look


@static_artists
def _key(ax: Axes, colours: Mapping[str, str], **options: Any) -> None:
    patches = [Patch(color=colour, label=name) for name, colour in colours.items()]
    ax.legend(handles=patches, **options)


def _log_stops(ax: Axes, stops: Sequence[int]) -> None:
    """Give a horizontal log axis a tick at the stops, or at some of them."""
    some = stops[:: -(-len(stops) // MOST_TICKS)]
    ax.set_xscale("log")
    ax.set_xticks(some, [f"{stop:,}" for stop in some])
    ax.minorticks_off()
    room = (max(stops) / min(stops)) ** 0.04
    ax.set_xlim(min(stops) / room, max(stops) * room)


def _log_seconds(ax: Axes) -> None:
    """Make the vertical axis one of seconds on a log scale."""
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(lambda seconds, _: shared.duration(seconds))
    ax.minorticks_off()


def _round_up(n: float) -> float:
    """Return the next of 1, 2, 4 and 8 with a power of ten: it has round quarters."""
    power = 10.0 ** np.floor(np.log10(n))
    return float(next(m * power for m in (1, 2, 4, 8, 10) if m * power >= n))


def _rows(rows: Sequence[int]) -> str:
    if len(rows) == 1:
        return f"row {rows[0]}"
    if all(b == a + 1 for a, b in pairwise(rows)):
        return f"rows {rows[0]} to {rows[-1]}"
    return f"rows {', '.join(map(str, rows))}"


def _box(
    ax: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    face: str,
    edge: str = "none",
) -> None:
    """Draw a box with round corners; its lower left corner and its size are given."""
    style = "round,pad=0,rounding_size=0.05"
    look = {"boxstyle": style, "facecolor": face, "edgecolor": edge, "linewidth": 1.3}
    ax.add_patch(FancyBboxPatch(corner, *size, **look))
