"""Resetting a notebook: restore it from the git history or from its text source."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import course_lib
from course_lib.app.notebook_source import read_source
from course_lib.bounds import BOUNDS, read_regular
from course_lib.exercises.atomic_write import permissions, replace_file, write_copy

COURSE = Path(course_lib.__file__).resolve().parent.parent / "notebooks"


class Page(NamedTuple):
    """A notebook, and the text source that it is made from."""

    path: Path
    source: Path


def find(name: str) -> Page:
    """Return the notebook given by path, or by a name such as 04_autograd.

    A path means the file there and no other; a name, the first notebook of that name
    here, in ``notebooks/`` or in the course. Raises ValueError if there is none.
    """
    file = Path(name if name.endswith(".ipynb") else f"{name}.ipynb")
    shipped = (COURSE / "source" / file.name).with_suffix(".py")
    named = file.exists() or os.path.dirname(name)  # that very file, and no other
    for folder in [file.parent] if named else [Path(), Path("notebooks"), COURSE]:
        source = (folder / "source" / file.name).with_suffix(".py")
        if source.is_file():
            return Page(folder / file.name, source)
    if shipped.is_file():
        if file.exists():  # a notebook of the course that was moved
            return Page(file, shipped)
        raise ValueError(f"there is no file {file}")
    known = ", ".join(page.path.stem for page in _pages(COURSE))
    raise ValueError(
        f"no notebook of the course is called {name}; there are: {known or 'none here'}"
    )


def find_all() -> list[Page]:
    """Return every notebook of the course: here, in ``notebooks/``, or the course's.

    Raises ValueError if there is none.
    """
    for folder in (Path(), Path("notebooks"), COURSE):
        if pages := _pages(folder):
            return pages
    raise ValueError("there are no notebooks of the course here")


def _pages(folder: Path) -> list[Page]:
    sources = sorted((folder / "source").glob("[0-9][0-9]_*.py"))
    return [Page(folder / f"{source.stem}.ipynb", source) for source in sources]


def original_text(page: Page) -> str:
    """Return the notebook as the course gives it, as JSON.

    With the outputs that the git history holds, if its cells are those of the source;
    otherwise not yet run. Raises OSError if the source cannot be read.
    """
    new = read_source(page.source.read_text(encoding="utf-8"))
    for version in ("@{upstream}", "HEAD"):
        stored = _from_history(page, version)
        if stored is not None and _cells(stored) == _cells(new):
            return json.dumps(stored, ensure_ascii=False, indent=1) + "\n"
    return json.dumps(new, ensure_ascii=False, indent=1) + "\n"


def _from_history(page: Page, version: str) -> dict[str, Any] | None:
    """Return the notebook at a git revision, or None if there is none."""
    try:
        done = subprocess.run(
            ["git", "show", f"{version}:./{page.path.name}"],
            cwd=page.source.parent.parent,
            capture_output=True,
            timeout=20,
            check=True,
        )
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return found if isinstance(found, dict) and "cells" in found else None


def _cells(notebook: dict[str, Any]) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def reset(page: Page, now: datetime) -> Path | None:
    """Restore a notebook; return the path of the learner's copy, or None.

    None if there was nothing to keep: no file, or no difference. The copy never
    replaces another file. Raises OSError, or ValueError for what is no file; then the
    notebook is as it was.
    """
    text = original_text(page).encode("utf-8")
    copy = None
    if page.path.exists():
        mine = read_regular(page.path, int(BOUNDS["text file"][0]))
        if mine == text:
            return None
        copy = write_copy(page.path, mine, "_mine", now)
    replace_file(page.path, text, permissions(page.path, 0o666))
    return copy
