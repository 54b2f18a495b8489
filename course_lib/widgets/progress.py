"""The progress panel: how far you are, a download link and an upload button.

For machines that forget, such as Binder: download before you leave, upload when you
come back. ``progress.panel()`` shows all of it.
"""

from __future__ import annotations

import base64
import functools
from datetime import datetime
from html import escape
from typing import Any

import ipywidgets

from course_lib.bounds import escaped
from course_lib.exercises import journal
from course_lib.exercises.core import all_exercises
from course_lib.exercises.progress import Card, card

MAX_NAME = 200  # characters of a file's name that are shown

__all__ = ["ProgressPanel", "all_progress", "panel"]


def all_progress() -> Card:
    """Return your progress in all notebooks, ready for the page."""
    return card(all_exercises())


def panel() -> ProgressPanel:
    """Return the progress panel, as it is now.

    There is one in a kernel, and every cell that asks for it shows the same: running
    a cell again leaves none behind that nobody sees.
    """
    shown = _open_panel()
    shown.refresh()
    return shown


class ProgressPanel(ipywidgets.VBox):
    """Your progress, refreshed after every change of the journal until it is closed."""

    def __init__(self) -> None:
        self.card, self.download = ipywidgets.HTML(), ipywidgets.HTML()
        self.message = ipywidgets.Label()
        self.upload = ipywidgets.FileUpload(
            accept=".jsonl",
            multiple=False,
            description="Upload progress",
            layout=ipywidgets.Layout(width="auto"),
        )
        self.upload.observe(self._import, names="value")
        self._row = ipywidgets.HBox(
            [self.download, self.upload],
            layout=ipywidgets.Layout(align_items="center", grid_gap="1.5em"),
        )
        super().__init__([self.card, self._row, self.message])
        self._unsubscribe = journal.subscribe(self.refresh)

    def refresh(self) -> None:
        """Read the journal again."""
        self.card.value = all_progress().html()
        self.download.value = _download_link()

    def close(self) -> None:
        """Close the panel and its parts, and end its subscription to the journal."""
        if self.comm is None:  # closed before
            return
        self._unsubscribe()
        for part in (self.card, self.download, self.upload, self._row, self.message):
            part.close()
        super().close()
        _open_panel.cache_clear()

    def _import(self, change: dict[str, Any]) -> None:
        for file in change["new"]:
            self.message.value = _import_message(file["name"], bytes(file["content"]))
        if change["new"]:
            self.upload.value = ()  # so that the same file can be uploaded again


@functools.cache
def _open_panel() -> ProgressPanel:
    return ProgressPanel()


def _download_link() -> str:
    """Return a link that holds the journal, as HTML."""
    try:
        data = journal.export_bytes()
    except OSError as error:
        return f"The journal cannot be read: {escape(error.strerror or str(error))}."
    count = data.count(b"\n")
    name = f"course-progress-{datetime.now().astimezone():%Y-%m-%d}.jsonl"
    address = f"data:application/json;base64,{base64.b64encode(data).decode()}"
    return (
        f'<a download="{name}" href="{address}" class="jupyter-button" '
        'style="text-decoration: underline; width: auto">'
        f"Download progress ({_answers(count)})</a>"
    )


def _import_message(name: str, data: bytes) -> str:
    """Import a progress file, and say in one line what came of it."""
    name = escaped(name)[:MAX_NAME]
    try:
        imported = journal.import_bytes(data, name)
    except ValueError as error:
        return f"{str(error).rstrip('.')}."
    except OSError as error:
        return f"Nothing was added: {escaped(error.strerror or str(error))}."
    lines = [f"{_answers(imported.added)} added from {name}."]
    if not imported.added:
        lines = [f"All answers of {name} were here already."]
    elif imported.correct:
        lines.append(imported.what_runs())
    return " ".join([*lines, *imported.damaged])


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"
