"""The anywidget of every interactive figure: a canvas, a live region, and controls.

Three parts of a widget stay apart: the computation is the taught code, the drawing a
function of ``course_lib.plots``, and the wiring a list of controls for this class. The
controls are native elements of the browser (a native slider has an accessible name;
those of ipywidgets 8 have none). The figure goes to a canvas, which does not flicker:
after the first frame, only the tiles that changed. The browser has one request in
flight at a time, so a drag never builds up a queue.

By keyboard: Tab moves from the cell into the figure and from control to control, and
from the last one to the next cell; Escape focuses the cell; Shift+Enter runs it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from matplotlib.axes import Axes

from course_lib.bounds import BOUNDS
from course_lib.plots import panels
from course_lib.scalar.garbage import gc_disabled
from course_lib.widgets.controls import Button, Choice, Control, Preset
from course_lib.widgets.renderer import NARROW, BlittingRenderer
from course_lib.widgets.tile_diff import (
    TILE_SIZE,
    changed_tiles,
    n_tiles,
    run_length_encode,
)

__all__ = ["MEMORY", "InteractiveFigure", "KernelMemory"]

HERE = Path(__file__).parent


@dataclass
class KernelMemory:
    """What outlives a cell: running it again makes a new figure, which continues here.

    ``selected`` holds the last state of the controls, by name of the figure and cell.
    ``viewport`` holds width and pixel ratio of the last page that was seen: a new
    figure is drawn for them at once, not a second time when the browser has measured.
    """

    selected: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    viewport: dict[str, Any] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget all, as a restarted kernel does."""
        self.selected.clear()
        self.viewport.clear()


MEMORY = KernelMemory()  # of this kernel


class InteractiveFigure(anywidget.AnyWidget):
    """A figure, a summary of what it shows, and controls.

    ``draw(axes, **values)`` draws on cleared Axes for the values of the controls, and
    returns the summary (one line), or the summary and a longer text below it. A
    ValueError it raises is shown to the learner, and the figure stays as it was.
    Running the cell again keeps the state of the controls. On a narrow page the Axes
    stand one below the other, ``narrow`` inches wide.
    """

    _esm = HERE / "figure.js"
    _css = HERE / "figure.css"

    title = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    controls: Any = traitlets.List().tag(sync=True)
    selected = traitlets.Dict().tag(sync=True)  # the state of the browser's controls
    request_id = traitlets.Int().tag(sync=True)  # the browser's requests, counted
    width = traitlets.Int().tag(sync=True)  # of the page, CSS pixels; 0: not known yet
    pixel_ratio = traitlets.Float(1.0).tag(sync=True)  # pixels drawn for each of them

    response_id = traitlets.Int().tag(sync=True)  # the last request that was answered
    tile_diff: Any = traitlets.Dict().tag(sync=True)  # the tiles that changed
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
    ) -> None:
        self._controls = {control.name: control for control in controls}
        self._renderer = BlittingRenderer(
            panels() if axes is None else axes, draw, narrow
        )
        self._pixels: np.ndarray | None = None
        self._lock = threading.RLock()
        self._key = (name, _cell_id())  # without a cell, nothing is remembered
        default = {c.name: c.default for c in controls if not isinstance(c, Button)}
        cached = MEMORY.selected.get(self._key, {})
        selected = default | {k: v for k, v in cached.items() if k in default}
        super().__init__(
            name=name,
            title=title,
            controls=[control.spec() for control in controls],
            selected=selected,
            max_width=self._renderer.width,
            **MEMORY.viewport,
        )
        self._last_selected = self.selected
        self.on_msg(self._on_message)
        self.redraw()
        if self.problem and selected != default:  # the cell's code has changed since
            self.selected = self._last_selected = default
            self.redraw()
        self.observe(self._on_request, names="request_id")

    @property
    def values(self) -> dict[str, Any]:
        """The arguments of ``draw``: the value of each control, by its name."""
        return {k: self._controls[k].value(v) for k, v in self.selected.items()}

    def select(self, **selected: Any) -> None:
        """Set controls as the browser does (a slider: index of a stop), and redraw."""
        self.selected = {**self.selected, **selected}
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
            try:
                self._apply_dependencies()
                values, width = self.values, self.width or self.max_width
                frame = self._renderer.frame(values, width, self.pixel_ratio)
            except ValueError as error:
                self.problem = f"{error}."
                return
            except Exception as error:  # a fault of ours: one line, never a traceback
                self.problem = (
                    f"This picture could not be drawn ({type(error).__name__}: "
                    f"{error}). Move a control, or run the cell again."
                )
                return
            pixels, message = frame
            summary, text = message if isinstance(message, tuple) else (message, "")
            if self._key[1]:
                MEMORY.selected[self._key] = dict(self.selected)
            with self.hold_sync():
                self._send_frame(pixels)
                self.summary, self.text, self.problem = summary, text, ""

    @property
    def pixels(self) -> np.ndarray:
        """The last frame: (height, width, 4) bytes, RGBA."""
        assert self._pixels is not None, self.problem
        return self._pixels

    def _send_frame(self, pixels: np.ndarray, *, full: bool = False) -> None:
        """Send the tiles that changed, as a new version; ``full``: all of them.

        A browser that does not have the version before asks for a full frame.
        """
        tiles = changed_tiles(pixels, None if full else self._pixels)
        height, width, _ = pixels.shape
        version = self.tile_diff.get("version", 0)
        self.tile_diff = {
            "version": version + 1,
            "base": 0 if len(tiles) == n_tiles(pixels) else version,  # 0: a full frame
            "size": [width, height],
            "tile_size": TILE_SIZE,
            "tiles": tiles,
            "runs": run_length_encode(pixels, tiles),
        }
        self._pixels = pixels

    def _apply_dependencies(self) -> None:
        """Set the controls that depend on a choice just made.

        A preset sets its own; setting one of those by hand deselects the preset.
        """
        before, selected = self._last_selected, self.selected
        for name, control in self._controls.items():
            if not isinstance(control, Choice):
                continue
            if selected[name] != before[name]:
                for other in control.resets:
                    if selected[other] == before[other]:
                        selected = {**selected, other: self._controls[other].default}
            if not isinstance(control, Preset):
                continue
            if selected[name] != before[name]:
                for other, value in control.value(selected[name]).items():
                    state = self._controls[other].selected_for(value)
                    selected = {**selected, other: state}
            elif any(
                selected[k] != before[k] for p in control.options.values() for k in p
            ):
                selected = {**selected, name: control.default}
        self.selected = self._last_selected = selected

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take the browser's state; a frame of another thread is sent before it."""
        with self._lock:
            super().set_state(self._acceptable(sync_data))

    def _acceptable(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return what a browser may set, within BOUNDS; anything else is ignored."""
        accepted = {k: v for k, v in state.items() if k == "_view_count"}
        if isinstance(selected := state.get("selected"), dict):
            known = {k: v for k, v in selected.items() if k in self.selected}
            accepted["selected"] = {**self.selected, **known}
        if type(width := state.get("width")) is int:
            accepted["width"] = min(max(0, width), int(BOUNDS["picture"][0]))
        ratio = state.get("pixel_ratio")
        if isinstance(ratio, int | float) and ratio >= 1:  # not nan
            accepted["pixel_ratio"] = float(min(ratio, BOUNDS["pixel ratio"][0]))
        if type(request := state.get("request_id")) is int and 0 <= request < 2**53:
            accepted["request_id"] = request  # as far as the browser counts
        return accepted

    def _on_request(self, change: dict[str, Any]) -> None:
        MEMORY.viewport.update(width=self.width, pixel_ratio=self.pixel_ratio)
        with self._lock, self.hold_sync():
            self.redraw()
            self.response_id = change["new"]

    def _on_message(self, _: Any, message: Any, buffers: Any) -> None:
        if not isinstance(message, dict):
            return
        name = message.get("press")
        if isinstance(name, str) and isinstance(self._controls.get(name), Button):
            self.press(name)
        elif message.get("full_frame") and self._pixels is not None:
            with self._lock:
                self._send_frame(self._pixels, full=True)

    def __repr__(self) -> str:
        return f"{self.title} (an interactive figure). {self.summary}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add a line of HTML, for a page without a widget front end."""
        bundle: Any = super()._repr_mimebundle_(**options)
        data, metadata = bundle
        labels = [str(c["label"]) for c in self.controls]
        data["text/html"] = (
            f"<em>{escape(self.title)}: an interactive figure. Run this cell in "
            f"JupyterLab and change: {escape(', '.join(labels))}.</em>"
        )
        return data, metadata


def _cell_id() -> str:
    """Return the id of the running cell; "" where the front end sends none."""
    try:
        from IPython import get_ipython

        shell: Any = get_ipython()
        return str(shell.get_parent()["metadata"].get("cellId", ""))
    except (AttributeError, KeyError, TypeError):  # no notebook
        return ""
