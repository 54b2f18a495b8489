"""Figures recorded: every picture of a bounded set of states, to answer with no kernel.

``record`` plays a figure through its states. Choices and toggles have all of theirs,
sliders as many stops as leave at most MOST_STATES in all; a text is a choice of its
examples. A figure with better to show says so (``InteractiveFigure.replay``).

A recording as bytes is one zlib stream, which ``recorded.js`` reads::

    recording = length:u32 header:json{length} n:u32 length:u32{n} stroke{n}

in little-endian order, with the strokes of ``strokes.py``. The header has: version;
name, title, max_width, breakpoint, controls, as the figure gives them to the browser;
selected, the state at the start; order, the names of the controls that number the
states, the last one the fastest; layouts, side by side and, if there was room, stacked:
size, and of each state the numbers of its strokes in ranges (first, how many, ...),
null if there is no picture; words, [summary, text, problem] of each state; note, what
JupyterLab has besides.
"""

from __future__ import annotations

import json
import math
import struct
import sys
import zlib
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain, product
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from course_lib.widgets.controls import Button, Control, Preset, Replay, Slider, sets_of

if TYPE_CHECKING:
    from course_lib.widgets.renderer import FigureRenderer

__all__ = [
    "MOST_BYTES",
    "MOST_STATES",
    "RECORDINGS",
    "SUFFIX",
    "Recording",
    "ranges",
    "record",
]

VERSION = 1
RECORDINGS = "COURSE_RECORDINGS"  # a variable: the folder for those of figures shown
SUFFIX = ".strokes"  # of a recording's file
MOST_STATES = 512  # of one recording
MOST_BYTES = 400_000  # of one recording, compressed


class Recordable(Protocol):
    """What a recording needs of a figure."""

    name: Any
    title: Any
    max_width: Any
    breakpoint: Any

    @property
    def own_controls(self) -> Mapping[str, Control]:
        """Its controls, by name."""

    @property
    def renderer(self) -> FigureRenderer:
        """What draws it."""

    def replay(self) -> Replay:
        """Return what a recording offers."""


class Recording(NamedTuple):
    """The pictures of a figure: a header as described above, and strokes."""

    header: dict[str, Any]
    strokes: Sequence[bytes]

    def to_bytes(self) -> bytes:
        """Return the recording as the bytes of a file, always the same ones."""
        header = json.dumps(self.header, ensure_ascii=False, separators=(",", ":"))
        text = header.encode()
        lengths = array("I", map(len, self.strokes))
        if sys.byteorder == "big":
            lengths.byteswap()
        parts = [struct.pack("<I", len(text)), text, struct.pack("<I", len(lengths))]
        return zlib.compress(b"".join([*parts, lengths.tobytes(), *self.strokes]), 9)

    @classmethod
    def from_bytes(cls, data: bytes) -> Recording:
        """Read a recording. Raises ValueError for one of another version."""
        raw = zlib.decompress(data)
        (n_text,) = struct.unpack_from("<I", raw)
        header = json.loads(raw[4 : 4 + n_text])
        if (version := header.get("version")) != VERSION:
            raise ValueError(
                f"this recording has version {version}, and {VERSION} was expected: "
                "make notebooks"
            )
        at = 4 + n_text
        (n,) = struct.unpack_from("<I", raw, at)
        lengths = struct.unpack_from(f"<{n}I", raw, at + 4)
        at += 4 + 4 * n
        strokes = []
        for length in lengths:
            strokes.append(raw[at : at + length])
            at += length
        return cls(header, strokes)


def record(figure: Recordable) -> Recording:
    """Draw a figure for each state of its recorded controls, and keep the strokes.

    The stacked layout is left out where both would take more than MOST_BYTES. Raises
    ValueError if one alone does, or if there are more than MOST_STATES. The figure has
    to be redrawn afterwards.
    """
    from course_lib.widgets.handles import handles_of  # loads Matplotlib

    replay, own = figure.replay(), figure.own_controls
    controls = _thinned(replay.controls, figure.name)
    by_name = {control.name: control for control in controls}
    numbering = [control for control in controls if not isinstance(control, Preset)]
    renderer, draw = figure.renderer, figure.renderer.draw
    at_start = {
        name: control.value(control.default)
        for name, control in own.items()
        if not isinstance(control, Button)
    }
    draw_recorded = replay.draw or (lambda axes, **some: draw(axes, **at_start | some))
    recorded_states = {
        name: {own[name].selected_for(c.value(state)): state for state in c.states()}
        for name, c in by_name.items()
        if name in own
    }

    def play(axes: Any, **values: Any) -> Any:
        message = draw_recorded(axes, **values)
        handles = handles_of(renderer.figure)
        handles[:] = [handle for handle in handles if handle.keep(recorded_states)]
        return message

    selected = [*product(*(control.states() for control in numbering))]
    start = selected.index(tuple(control.default for control in numbering))
    states = [
        {
            control.name: control.value(state)
            for control, state in zip(numbering, one, strict=True)
        }
        for one in selected
    ]
    renderer.forget()
    renderer.draw = play
    try:
        words: list[list[str]] = []
        layouts, ends = [], []
        for stacked in (False, True):
            layout, words = _layout(renderer, states, stacked)
            if layout["frames"][start] is None:
                raise ValueError(
                    f"{figure.name}: what a recording starts with cannot be drawn: "
                    f"{words[start][2]}"
                )
            layouts.append(layout)
            ends.append(len(renderer.table.strokes))
        strokes = renderer.table.strokes
    finally:
        renderer.draw = draw
        renderer.forget()
    header = {
        "version": VERSION,
        "name": figure.name,
        "title": figure.title,
        "max_width": figure.max_width,
        "breakpoint": figure.breakpoint,
        "controls": [c.spec() | {"sets": sets_of(c, by_name)} for c in controls],
        "selected": {control.name: control.default for control in controls},
        "order": [control.name for control in numbering],
        "words": words,
        "note": _note(own, by_name),
    }
    both = Recording(header | {"layouts": layouts}, strokes)
    if len(both.to_bytes()) <= MOST_BYTES:
        return both
    wide = Recording(header | {"layouts": layouts[:1]}, strokes[: ends[0]])
    if (size := len(wide.to_bytes())) > MOST_BYTES:
        raise ValueError(
            f"{figure.name}: the recording takes {size:,} bytes, and {MOST_BYTES:,} "
            "are the most: let its replay have fewer states"
        )
    return wide


def ranges(numbers: Sequence[int]) -> list[list[int]]:
    """Return numbers as ranges: the first of each, and how many follow one by one."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == sum(found[-1]):
            found[-1][1] += 1
        else:
            found.append([number, 1])
    return found


def _thinned(controls: Sequence[Control], name: str) -> list[Control]:
    """Return controls of at most MOST_STATES states, with sliders as fine as that is.

    Raises ValueError if there are more even so.
    """
    controls = [there for c in controls if (there := c.recorded())]
    most = max((len(c.stops) for c in controls if isinstance(c, Slider)), default=3)
    for n_stops in range(max(most, 3), 2, -1):
        found = [c.thinned(n_stops) if isinstance(c, Slider) else c for c in controls]
        numbering = [c for c in found if not isinstance(c, Preset)]
        n_states = math.prod(len(control.states()) for control in numbering)
        if n_states <= MOST_STATES:
            return found
    raise ValueError(
        f"{name}: a recording would have {n_states:,} states, and {MOST_STATES} are "
        "the most: let its replay have fewer controls"
    )


def _layout(
    renderer: FigureRenderer, states: Sequence[Mapping[str, Any]], stacked: bool
) -> tuple[dict[str, Any], list[list[str]]]:
    """Draw every state; return one layout of the header, and the words."""
    frames: list[list[int] | None] = []
    words: list[list[str]] = []
    size: tuple[float, float] = (0.0, 0.0)
    for values in states:
        try:
            frame = renderer.frame(values, stacked=stacked)
        except ValueError as error:  # as in a live figure: the picture stays
            frames.append(None)
            words.append(["", "", f"{error}."])
            continue
        size = frame.size
        frames.append([*chain(*ranges(frame.strokes))])
        words.append([*frame.words, ""])
    return {"size": list(size), "frames": frames}, words


def _note(own: Mapping[str, Control], recorded: Mapping[str, Control]) -> str:
    """Return in a line what the figure has besides; "" if that is nothing."""
    changed = [c for c in own.values() if recorded.get(c.name) is not c]
    finer = [c for c in changed if c.kind == "slider" and c.name in recorded]
    more = [c.label for c in changed if c not in finer]
    parts = ["its sliders have more stops"] if finer else []
    parts += [f"you can also change: {'; '.join(more)}"] if more else []
    where = "This is a recording. In JupyterLab"
    return f"{where} {', and '.join(parts)}." if parts else ""
