"""Where you stand, with one click to take it along and one to bring it back.

For machines that forget, such as Binder: download before you leave, upload when you
come back. ``progress.panel()`` shows all of it.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

import ipywidgets

from course_lib.exercises import journal
from course_lib.exercises.core import all_exercises


def card() -> journal.Card:
    """Return where you stand, in all notebooks, ready for the page."""
    all_exercises()
    return journal.card()


def download_link() -> ipywidgets.HTML:
    """Return a link that saves your answers as a file; it stays up to date."""
    link = ipywidgets.HTML()

    def renew() -> None:
        try:
            data = journal.export_bytes()
        except OSError as error:
            link.value = f"The journal cannot be read: {error.strerror}."
            return
        count = data.count(b"\n")
        name = f"course-progress-{datetime.now().astimezone():%Y-%m-%d}.jsonl"
        address = f"data:application/json;base64,{base64.b64encode(data).decode()}"
        answers = "1 answer" if count == 1 else f"{count} answers"
        link.value = (
            f'<a download="{name}" href="{address}" class="jupyter-button" '
            'style="text-decoration: underline; width: auto">'
            f"Download progress ({answers})</a>"
        )

    renew()
    journal.WATCHERS.append(renew)
    return link


def upload_button(said: ipywidgets.Label) -> ipywidgets.FileUpload:
    """Return a button that reads a progress file; ``said`` tells what came of it."""
    button = ipywidgets.FileUpload(
        accept=".jsonl",
        multiple=False,
        description="Upload progress",
        layout=ipywidgets.Layout(width="auto"),
    )

    def read(change: dict[str, Any]) -> None:
        for file in change["new"]:
            try:
                count, damaged = journal.import_bytes(
                    bytes(file["content"]), file["name"]
                )
            except ValueError as error:
                said.value = f"{error}."
            except OSError as error:
                said.value = f"Nothing was added: {error.strerror or error}."
            else:
                lines = " ".join(damaged)
                answers = "1 answer" if count == 1 else f"{count} answers"
                added = f"{answers} added from {file['name']}."
                if not count:
                    added = f"All answers of {file['name']} were here already."
                said.value = f"{added} {lines}".strip()
        if change["new"]:
            button.value = ()  # so that the same file can be given again

    button.observe(read, names="value")
    return button


def panel() -> ipywidgets.VBox:
    """Return your progress with a download link and an upload button."""
    shown, said = ipywidgets.HTML(), ipywidgets.Label()

    def renew() -> None:
        shown.value = card().html()

    renew()
    journal.WATCHERS.append(renew)
    row = ipywidgets.HBox(
        [download_link(), upload_button(said)],
        layout=ipywidgets.Layout(align_items="center", grid_gap="1.5em"),
    )
    return ipywidgets.VBox([shown, row, said])
