"""The progress panel: how far you are, and buttons that take your answers along.

For machines that forget, such as Binder: download before you leave, upload when you
come back. What is uploaded is added by the code of ``course progress import``.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from course_lib.bounds import escaped
from course_lib.exercises import journal
from course_lib.exercises.core import all_exercises
from course_lib.exercises.progress import Card, card

FALLBACK = (
    "<p><em>Run this cell in JupyterLab: then two buttons download your answers and "
    "upload them.</em></p>"
)
MAX_NAME = 200  # characters of a file's name that are shown

__all__ = ["ProgressPanel", "all_progress", "progress_panel"]


def all_progress() -> Card:
    """Return your progress in all notebooks, ready for the page."""
    return card(all_exercises())


def progress_panel() -> ProgressPanel:
    """See how far you are; download your answers, or upload those of another machine.

    There is one panel in a kernel, and every cell that asks for it shows the same:
    running a cell again leaves none behind that nobody sees.
    """
    shown = _open_panel()
    shown.refresh()
    return shown


class ProgressPanel(anywidget.AnyWidget):
    """Your progress, refreshed after every change of the journal until it is closed."""

    _esm = Path(__file__).parent / "progress.js"
    card = traitlets.Unicode().tag(sync=True)  # HTML
    message = traitlets.Unicode().tag(sync=True)
    most_bytes = traitlets.Int(journal.MAX_BYTES, read_only=True).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.on_msg(self._hear)
        self._unsubscribe = journal.subscribe(self.refresh)

    def refresh(self) -> None:
        """Read the journal again."""
        self.card = all_progress().html()

    def close(self) -> None:
        """Close the panel, and end its subscription to the journal."""
        if self.comm is None:  # closed before
            return
        self._unsubscribe()
        super().close()
        _open_panel.cache_clear()

    def _hear(self, _: object, content: Any, buffers: Sequence[Any]) -> None:
        """Do what a button of the page asks for."""
        if not isinstance(content, dict):
            return
        if isinstance(name := content.get("upload"), str):
            self._say(_import_message(name, bytes(buffers[0]) if buffers else None))
        elif content.get("download"):
            self._say(self._download())

    def _say(self, text: str) -> None:
        """Show a line; one that stands there already is shown anew."""
        self.message = ""
        self.message = text

    def _download(self) -> str:
        """Send the journal to the browser, as a file; return what to say."""
        try:
            data = journal.export_bytes()
        except OSError as error:
            return f"The journal cannot be read: {_reason(error)}."
        if not data:
            return "There is nothing to save: no answer has been checked yet."
        name = f"course-progress-{datetime.now().astimezone():%Y-%m-%d}.jsonl"
        self.send({"name": name}, [data])
        answers = _answers(data.count(b"\n"))
        return f"{answers} sent to your browser, to be saved as {name}."

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add the card as HTML, for a page without a widget front end."""
        bundle: Any = super()._repr_mimebundle_(**options)
        data, metadata = bundle
        data["text/plain"] = repr(all_progress())
        data["text/html"] = f"{self.card}{FALLBACK}"
        return data, metadata


@functools.cache
def _open_panel() -> ProgressPanel:
    return ProgressPanel()


def _import_message(name: str, data: bytes | None) -> str:
    """Import a progress file, and say in one line what came of it.

    data: None of a file that is larger than a progress file may be.
    """
    name = escaped(name)[:MAX_NAME]
    try:
        if data is None:
            raise journal.too_large(name)
        imported = journal.import_bytes(data, name)
    except ValueError as error:
        return f"{str(error).rstrip('.')}."
    except OSError as error:
        return f"Nothing was added: {_reason(error)}."
    lines = [f"{_answers(imported.added)} added from {name}."]
    if not imported.added:
        lines = [f"All answers of {name} were here already."]
    elif imported.correct:
        lines.append(imported.what_runs())
    return " ".join([*lines, *imported.damaged])


def _reason(error: OSError) -> str:
    return escaped(error.strerror or str(error))


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count:,} answers"
