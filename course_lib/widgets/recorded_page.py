"""Interactive figures on pages of HTML: as a still, and answering from a recording.

A still is a PNG with a caption; it is what a page shows where no scripts run. On the
web site and in what nbconvert writes, scripts put in its place the figure itself, as in
JupyterLab, which answers from its recording. Standard library only: the site is built
without the packages of the course.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from course_lib.widgets.scripts import FIGURE_SCRIPTS, joined

__all__ = ["STILL", "answering", "data_script", "find", "script", "still", "style"]

SCRIPTS = (*FIGURE_SCRIPTS, "recorded.js")
STYLES = ("figure.css", "recorded.css")
STILL = re.compile(
    r'<figure class="course-still" data-name="(?P<name>[a-z_]+)">'
    r'(?:<img [^>]*src="data:image/png;base64,(?P<png>[^"]*)"[^>]*>)?.*?</figure>',
    re.DOTALL,
)


def still(
    name: str, title: str, summary: str, png: bytes, width: int, labels: Sequence[str]
) -> str:
    """Return a figure as HTML that any page shows: a picture, and what it would do.

    labels: of the controls that it has in JupyterLab.
    """
    alt, source = f"{title}. {summary}", base64.b64encode(png).decode()
    return (
        f'<figure class="course-still" data-name="{name}"><img alt="{escape(alt)}" '
        f'src="data:image/png;base64,{source}" width="{width}" '
        'style="max-width: 100%; height: auto">'
        f"<figcaption>{escape(title)}: an interactive figure. Run this cell in "
        f"JupyterLab and change: {escape(', '.join(labels))}.</figcaption></figure>"
    )


def answering(still: str, name: str, data_address: str = "") -> str:
    """Return a place where scripts put a figure that answers; without, a still.

    data_address: where the page finds ``data_script``, "" if it holds it itself.
    """
    source = f' data-recording="{escape(data_address)}"' if data_address else ""
    return f'<div class="course-recorded" data-name="{name}"{source}>{still}</div>'


def script() -> str:
    """Return the script of a page with recordings, for an element of its own."""
    code = joined(SCRIPTS).replace("export default { render };\n", "")
    return f"(() => {{\n{code}}})();\n"


def data_script(name: str, recording: bytes) -> str:
    """Return a recording as a script: a page that is opened as a file may load it."""
    data = base64.b64encode(recording).decode()
    return f"(globalThis.courseRecordings ??= {{}})[{json.dumps(name)}] = '{data}';\n"


def style() -> str:
    """Return the style sheet of a page with recordings."""
    return joined(STYLES)


def find(name: str) -> bytes | None:
    """Return the recording of a figure, as the course comes with it; None if none."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "pages"  # of an installed package; a checkout has none
    root = inside if inside.is_dir() else package.parent
    path = root / "notebooks" / "recordings" / f"{name}.strokes"
    return path.read_bytes() if path.is_file() else None
