"""The anywidget of every interactive figure: a canvas, a live region, and controls.

Three parts of a widget stay apart: the computation is the taught code, the drawing a
function of ``course_lib.plots``, and the wiring a list of controls for this class. The
controls are native elements of the browser (a native slider has an accessible name;
those of ipywidgets 8 have none). The figure goes to the browser as strokes, those that
it does not have yet. States near the one shown are asked for while the kernel is idle,
one at a time, and kept in the browser: a slider finds its picture there. Of what a
learner asks for, one request is in flight, so a drag never builds up a queue.

By keyboard: Tab moves from the cell into the figure and from control to control, and
from the last one to the next cell; Escape focuses the cell; Shift+Enter runs it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import numpy as np
import traitlets
from matplotlib.axes import Axes

from course_lib.bounds import BOUNDS
from course_lib.plots import panels
from course_lib.scalar.garbage import gc_disabled
from course_lib.widgets.controls import Button, Control, Replay, sets_of
from course_lib.widgets.painter import png
from course_lib.widgets.recorded_page import still
from course_lib.widgets.recording import RECORDINGS, SUFFIX, ranges, record
from course_lib.widgets.renderer import BREAKPOINT, NARROW, FigureRenderer, Frame
from course_lib.widgets.scripts import FIGURE_SCRIPTS, joined

__all__ = ["MEMORY", "InteractiveFigure", "KernelMemory"]


@dataclass
class KernelMemory:
    """What outlives a cell: running it again makes a new figure, which continues here.

    ``selected`` holds the last state of the controls, by name of the figure and cell.
    ``stacked`` says whether the last page that was seen was narrow: a new figure is
    drawn for it at once, not a second time when the browser has measured.
    """

    selected: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    stacked: bool = False

    def clear(self) -> None:
        """Forget all, as a restarted kernel does."""
        self.selected.clear()
        self.stacked = False


MEMORY = KernelMemory()  # of this kernel


class State(NamedTuple):
    """A figure for one state of its controls, in strokes and in words."""

    selected: Mapping[str, Any]  # as the browser sends it
    stacked: bool
    frame: Frame | None = None
    problem: str = ""  # why there is no frame

    @property
    def words(self) -> tuple[str, str]:
        """The summary, and the longer text below it."""
        return self.frame.words if self.frame else ("", "")


class InteractiveFigure(anywidget.AnyWidget):
    """A figure, a summary of what it shows, and controls.

    ``draw(axes, **values)`` draws on cleared Axes for the values of the controls, and
    returns the summary (one line), or the summary and a longer text below it. A
    ValueError it raises is shown to the learner, and the figure stays as it was.
    Running the cell again keeps the state of the controls. On a narrow page the Axes
    stand one below the other, ``narrow`` inches wide. ``prepares_at_once``: states are
    prepared before a control was moved, too; not if that compiles a program.
    """

    _esm = joined(FIGURE_SCRIPTS)
    _css = joined(["figure.css"])

    title = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    controls: Any = traitlets.List().tag(sync=True)
    selected = traitlets.Dict().tag(sync=True)  # the state of the browser's controls
    request_id = traitlets.Int().tag(sync=True)  # the browser's requests, counted
    stacked = traitlets.Bool(False).tag(sync=True)  # the page is narrow

    response_id = traitlets.Int().tag(sync=True)  # the last request that was answered
    picture: Any = traitlets.Dict().tag(sync=True)  # see ``_packed``
    prepares = traitlets.Bool(True).tag(sync=True)  # equal states look the same
    prepares_at_once = traitlets.Bool(True).tag(sync=True)  # before a control is moved
    breakpoint = traitlets.Float().tag(sync=True)  # CSS pixels; a narrow page has less
    max_width = traitlets.Int().tag(sync=True)  # of the canvas, CSS pixels
    summary = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)  # why the figure was not redrawn
    disabled: Any = traitlets.List().tag(sync=True)  # names of disabled controls
    aria_live = traitlets.Unicode("polite").tag(sync=True)  # of the summary

    def __init__(
        self,
        name: str,
        title: str,
        draw: Callable[..., str | tuple[str, str]],
        controls: Sequence[Control],
        axes: Axes | np.ndarray | None = None,
        narrow: float = NARROW,
        replay: Callable[[], Replay] | None = None,
        *,
        prepares_at_once: bool = True,
    ) -> None:
        self._replay = replay
        self._controls = {control.name: control for control in controls}
        self._renderer = FigureRenderer(
            panels() if axes is None else axes, draw, narrow
        )
        self._state: State | None = None  # the last one that was drawn
        self._sent: set[int] = set()  # strokes that the browser has
        self._lock = threading.RLock()
        self._key = (name, _cell_id())  # without a cell, nothing is remembered
        default = {c.name: c.default for c in controls if not isinstance(c, Button)}
        cached = MEMORY.selected.get(self._key, {})
        selected = default | {k: v for k, v in cached.items() if k in default}
        super().__init__(
            name=name,
            title=title,
            controls=[
                control.spec() | {"sets": sets_of(control, self._controls)}
                for control in controls
            ],
            selected=selected,
            stacked=MEMORY.stacked,
            max_width=self._renderer.width,
            breakpoint=BREAKPOINT * self._renderer.width,
            prepares=not any(isinstance(control, Button) for control in controls),
            prepares_at_once=prepares_at_once,
        )
        self.on_msg(self._on_message)
        self.redraw()
        if self.problem and selected != default:  # the cell's code has changed since
            self.selected = default
            self.redraw()
        self.observe(self._on_request, names="request_id")

    @property
    def values(self) -> dict[str, Any]:
        """The arguments of ``draw``: the value of each control, by its name."""
        return self._values(self.selected)

    def _values(self, selected: Mapping[str, Any]) -> dict[str, Any]:
        return {k: self._controls[k].value(v) for k, v in selected.items()}

    def select(self, **selected: Any) -> None:
        """Set controls as the browser does (a slider: index of a stop), and redraw."""
        chosen = {k: v for k, v in selected.items() if v != self.selected.get(k)}
        follows: dict[str, Any] = {}
        for spec in self.controls:
            name, sets = spec["name"], spec["sets"]
            if name in chosen:
                follows |= spec.get("resets", {})
            if name in chosen and chosen[name] in range(len(sets)):
                follows |= sets[chosen[name]]
            elif spec.get("preset") and {*chosen} & {*chain(*sets)}:
                follows[name] = spec["start"]
        self.selected = {**self.selected, **follows, **chosen}
        self.redraw()

    def press(self, name: str) -> None:
        """Press a button, and redraw."""
        button = self._controls[name]
        assert isinstance(button, Button)
        button.press()
        self.redraw()

    def redraw(self) -> None:
        """Draw a frame for the controls as they are, and send it; thread-safe."""
        with self._lock, gc_disabled():
            state = self._drawn(self.selected, self.stacked)
            if state.problem:
                self.problem = state.problem
                return
            if self._key[1]:
                MEMORY.selected[self._key] = dict(self.selected)
            self._state = state
            with self.hold_sync():
                self.picture = self._packed(state)
                self.summary, self.text = state.words
                self.problem = ""

    @property
    def strokes(self) -> tuple[bytes, ...]:
        """The last frame: its strokes in drawing order, each with its shapes."""
        assert self._state is not None, self.problem
        assert self._state.frame is not None
        table = self._renderer.table
        return tuple(
            b"".join(table.strokes[k] for k in (i, *table.uses[i]))
            for i in self._state.frame.strokes
        )

    def _drawn(self, selected: Mapping[str, Any], stacked: bool) -> State:
        """Draw a state, or say in a sentence why it cannot be drawn."""
        if self._renderer.table.n_bytes > BOUNDS["picture"][0]:
            self._renderer.forget()
            self._sent.clear()
        try:
            frame = self._renderer.frame(self._values(selected), stacked=stacked)
            return State(dict(selected), stacked, frame)
        except ValueError as error:
            problem = f"{error}."
        except Exception as error:  # a fault of ours: one line, never a traceback
            problem = (
                f"This picture could not be drawn ({type(error).__name__}: "
                f"{error}). Move a control, or run the cell again."
            )
        return State(dict(selected), stacked, problem=problem)

    def _packed(self, state: State, *, whole: bool = False) -> dict[str, Any]:
        """Return a state as the browser takes it, with the strokes it does not have.

        Numbers of strokes are given in ranges (first, how many). A browser that lacks
        one (the page was reloaded, say) asks for a ``whole`` picture.
        """
        summary, text = state.words
        packed = {"selected": state.selected, "stacked": state.stacked}
        packed |= {"summary": summary, "text": text, "problem": state.problem}
        if state.frame is None:
            return packed
        table = self._renderer.table
        new = table.needed(state.frame.strokes)
        if not whole:
            new = [number for number in new if number not in self._sent]
        self._sent.update(new)
        strokes = [table.strokes[number] for number in new]
        lengths = np.array([len(stroke) for stroke in strokes], "<u4")
        return packed | {
            "table": self._renderer.n_fresh_tables,
            "strokes": ranges(state.frame.strokes),
            "size": list(state.frame.size),
            "new": ranges(new),
            "data": lengths.tobytes() + b"".join(strokes),
        }

    def _prepare(self, selected: dict[str, Any], stacked: bool) -> None:
        """Draw a state that may be wanted soon, and send it, to be kept."""
        with self._lock, gc_disabled():
            began = time.perf_counter()
            prepared = self._packed(self._drawn(selected, stacked))
            milliseconds = 1e3 * (time.perf_counter() - began)
            data = prepared.pop("data", b"")
            self.send({"prepared": prepared, "milliseconds": milliseconds}, [data])

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take the browser's state; a frame of another thread is sent before it."""
        with self._lock:
            super().set_state(self._acceptable(sync_data))

    def _acceptable(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return what a browser may set, within BOUNDS; anything else is ignored."""
        accepted = {k: v for k, v in state.items() if k == "_view_count"}
        if isinstance(selected := state.get("selected"), dict):
            accepted["selected"] = self._known(selected)
        if isinstance(stacked := state.get("stacked"), bool):
            accepted["stacked"] = stacked
        if type(request := state.get("request_id")) is int and 0 <= request < 2**53:
            accepted["request_id"] = request  # as far as the browser counts
        return accepted

    def _known(self, selected: dict[str, Any]) -> dict[str, Any]:
        """Return a state of all controls, from one that the browser gives."""
        known = {k: v for k, v in selected.items() if k in self.selected}
        return {**self.selected, **known}

    def _on_request(self, change: dict[str, Any]) -> None:
        MEMORY.stacked = self.stacked
        with self._lock, self.hold_sync():
            self.redraw()
            self.response_id = change["new"]

    def _on_message(self, _: Any, message: Any, buffers: Any) -> None:
        if not isinstance(message, dict):
            return
        name = message.get("press")
        if isinstance(name, str) and isinstance(self._controls.get(name), Button):
            self.press(name)
        elif isinstance(wanted := message.get("prepare"), dict) and self.prepares:
            self._prepare(self._known(wanted), message.get("stacked") is True)
        elif message.get("whole") and self._state is not None:
            with self._lock:
                self.picture = self._packed(self._state, whole=True)

    def __repr__(self) -> str:
        return f"{self.title} (an interactive figure). {self.summary}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add a still as HTML, for a page without a widget front end.

        While a page is built, the figure is recorded, too.
        """
        bundle: Any = super()._repr_mimebundle_(**options)
        data, metadata = bundle
        if folder := os.environ.get(RECORDINGS):
            self._record(Path(folder))
        labels = [str(control.label) for control in self._controls.values()]
        state, table = self._state, self._renderer.table
        if state is not None and state.frame is not None:
            picture = png(table.strokes, state.frame.strokes, state.frame.size)
            width, words = round(state.frame.size[0]), str(self.summary)
            data["text/html"] = still(
                str(self.name), str(self.title), words, picture, width, labels
            )
        return data, metadata

    # --- what a recording needs ---------------------------------------------------

    @property
    def own_controls(self) -> Mapping[str, Control]:
        """Its controls, by name."""
        return self._controls

    @property
    def renderer(self) -> FigureRenderer:
        """What draws it."""
        return self._renderer

    def replay(self) -> Replay:
        """Return what a recording of it offers: by default its own controls."""
        return self._replay() if self._replay else Replay([*self._controls.values()])

    def _record(self, folder: Path) -> None:
        with self._lock, gc_disabled():
            path = folder / f"{self.name}{SUFFIX}"
            path.write_bytes(record(self).to_bytes())
            self._sent.clear()
            self.redraw()


def _cell_id() -> str:
    """Return the id of the running cell; "" where the front end sends none."""
    try:
        from IPython import get_ipython

        shell: Any = get_ipython()
        return str(shell.get_parent()["metadata"].get("cellId", ""))
    except (AttributeError, KeyError, TypeError):  # no notebook
        return ""
