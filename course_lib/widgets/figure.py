"""A picture with controls that answers at once: the one frame around every widget.

The three parts of a widget stay apart. *Compute* is the taught code. *Draw* is a
function of ``course_lib.plots``. *Wire* is a list of controls and this class. The
controls are the browser's own (a native slider has a name that a screen reader can
say; those of ipywidgets 8 have none), and a picture goes to a canvas, which does not
blink: after the first one, only the squares of it that changed. The browser asks for
one picture at a time, so a drag never builds up a queue.

By keyboard: Tab leads from the cell into the lab and from control to control, and from
the last one to the next cell; Escape leads back to the cell; Shift+Enter runs it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from matplotlib.axes import Axes

from course_lib.plots import panels
from course_lib.scalar.garbage import gc_disabled
from course_lib.widgets.controls import Button, Choice, Control, Preset
from course_lib.widgets.renderer import NARROW, BlittingRenderer
from course_lib.widgets.tile_diff import TILE, changed_tiles, n_tiles, pack

__all__ = ["InteractiveFigure"]

HERE = Path(__file__).parent

_kept: dict[tuple[str, str], dict[str, Any]] = {}  # what was chosen, by name and cell
_page: dict[str, Any] = {}  # room and sharpness of the last picture: the next has them


class InteractiveFigure(anywidget.AnyWidget):
    """A picture, a line that says what it shows, and controls.

    ``draw(axes, **values)`` draws on cleared Axes for the values of the controls, and
    returns the line, or the line and a longer text below it. A ValueError it raises is
    shown to the learner in place of the line, and the picture stays as it was.
    Running the cell again keeps what was chosen. On a page with little room the Axes
    stand one below the other, ``narrow`` inches wide.
    """

    _esm = HERE / "figure.js"
    _css = HERE / "figure.css"

    title = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    controls: Any = traitlets.List().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)  # what the browser's controls say
    asked = traitlets.Int().tag(sync=True)  # the browser's requests, counted
    room = traitlets.Int().tag(sync=True)  # pixels of the page; 0: not known yet
    sharpness = traitlets.Float(1.0).tag(sync=True)  # pixels drawn for each of them

    answered = traitlets.Int().tag(sync=True)  # the last request that has its picture
    patch: Any = traitlets.Dict().tag(sync=True)  # what has changed in the picture
    widest = traitlets.Int().tag(sync=True)  # more room than this is not used
    summary = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)  # why the picture did not follow
    disabled: Any = traitlets.List().tag(sync=True)  # names of controls that rest
    live = traitlets.Bool(False).tag(sync=True)  # renews itself: say nothing aloud

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
        self._key = (name, _cell())
        first = {c.name: c.first for c in controls if not isinstance(c, Button)}
        kept = _kept.setdefault(self._key, {})
        chosen = first | {k: v for k, v in kept.items() if k in first}
        super().__init__(
            name=name,
            title=title,
            controls=[control.spec() for control in controls],
            chosen=chosen,
            widest=self._renderer.width,
            **_page,
        )
        self._before = self.chosen
        self.on_msg(self._told)
        self.redraw()
        if self.problem and chosen != first:  # the cell's code has changed since
            self.chosen = self._before = first
            self.redraw()
        self.observe(self._answer, names="asked")

    @property
    def values(self) -> dict[str, Any]:
        """What ``draw`` gets: the value of each control, by its name."""
        return {k: self._controls[k].value(v) for k, v in self.chosen.items()}

    def choose(self, **chosen: Any) -> None:
        """Choose as the browser does (a slider: the number of its stop), and redraw."""
        self.chosen = {**self.chosen, **chosen}
        self.redraw()

    def press(self, name: str) -> None:
        """Press a button, and redraw."""
        button = self._controls[name]
        assert isinstance(button, Button)
        button.press()
        self.redraw()

    def redraw(self) -> None:
        """Draw the picture for what is chosen, and send it; any thread may call."""
        with self._lock, gc_disabled():
            try:
                self._follow_choices()
                values = self.values
                room = self.room or self.widest
                pixels, said = self._renderer.frame(values, room, self.sharpness)
            except ValueError as error:
                self.problem = f"{error}."
                return
            except Exception as error:  # a fault of ours: one line, never a traceback
                self.problem = (
                    f"This picture could not be drawn ({type(error).__name__}: "
                    f"{error}). Move a control, or run the cell again."
                )
                return
            summary, text = said if isinstance(said, tuple) else (said, "")
            _kept[self._key] = dict(self.chosen)
            with self.hold_sync():
                self._paint(pixels)
                self.summary, self.text, self.problem = summary, text, ""

    @property
    def pixels(self) -> np.ndarray:
        """The picture as it stands: (height, width, 4) bytes, red to opaque."""
        assert self._pixels is not None, self.problem
        return self._pixels

    def _paint(self, pixels: np.ndarray, *, whole: bool = False) -> None:
        """Send what changed, numbered: whoever missed one asks for the whole."""
        before = None if whole else self._pixels
        tiles = changed_tiles(pixels, before)
        height, width, _ = pixels.shape
        number = self.patch.get("number", 0)
        self.patch = {
            "number": number + 1,
            "over": 0 if len(tiles) == n_tiles(pixels) else number,  # 0: over nothing
            "size": [width, height],
            "tile": TILE,
            "tiles": tiles,
            "runs": pack(pixels, tiles),
        }
        self._pixels = pixels

    def _follow_choices(self) -> None:
        """Let a choice just made move the controls that follow it.

        A preset moves its own; one of those moved by hand leaves the preset.
        """
        before, chosen = self._before, self.chosen
        for name, control in self._controls.items():
            if not isinstance(control, Choice):
                continue
            if chosen[name] != before[name]:
                for other in control.resets:
                    if chosen[other] == before[other]:
                        chosen = {**chosen, other: self._controls[other].first}
            if not isinstance(control, Preset):
                continue
            if chosen[name] != before[name]:
                for moved, value in control.value(chosen[name]).items():
                    stop = self._controls[moved].chosen_for(value)
                    chosen = {**chosen, moved: stop}
            elif any(
                chosen[k] != before[k] for p in control.options.values() for k in p
            ):
                chosen = {**chosen, name: control.first}
        self.chosen = self._before = chosen

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser says; another thread's picture is sent before it."""
        with self._lock:
            super().set_state(sync_data)

    def _answer(self, change: dict[str, Any]) -> None:
        _page.update(room=self.room, sharpness=self.sharpness)
        with self._lock, self.hold_sync():
            self.redraw()
            self.answered = change["new"]

    def _told(self, _: Any, message: dict[str, Any], buffers: Any) -> None:
        if isinstance(self._controls.get(message.get("press", "")), Button):
            self.press(message["press"])
        elif message.get("whole") and self._pixels is not None:
            with self._lock:
                self._paint(self._pixels, whole=True)

    def __repr__(self) -> str:
        return f"{self.title} (a picture with controls). {self.summary}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add, for a page without a widget front end, a line that says what is here."""
        bundle: Any = super()._repr_mimebundle_(**options)
        data, metadata = bundle
        named = [str(c["label"]) for c in self.controls]
        data["text/html"] = (
            f"<em>{escape(self.title)}: run this cell in JupyterLab, and the picture "
            f"answers to {escape(', '.join(named))}.</em>"
        )
        return data, metadata


def _cell() -> str:
    """Return which cell is being run, where the front end says so."""
    try:
        from IPython import get_ipython

        shell: Any = get_ipython()
        return str(shell.get_parent()["metadata"].get("cellId", ""))
    except (AttributeError, KeyError, TypeError):  # no notebook
        return ""
