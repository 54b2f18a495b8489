"""Scripts and styles for the browser: files that stand apart, and are sent as one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["FIGURE_SCRIPTS", "joined"]

HERE = Path(__file__).parent
FIGURE_SCRIPTS = ("strokes.js", "handles.js", "controls.js", "figure.js")


def joined(names: Iterable[str]) -> str:
    """Return the text of some files of this folder, one after the other."""
    return "\n".join((HERE / name).read_text("utf-8") for name in names)
