"""Resetting a notebook: restore it as the course gives it.

That is the page of the installed package, or, in a checkout, what the git history or
the page's text source holds.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from course_lib.app import pages
from course_lib.app.notebook_source import read_source
from course_lib.bounds import BOUNDS, read_regular
from course_lib.exercises.atomic_write import permissions, replace_file, write_copy

COURSE = pages.source_folder() / pages.PAGES


class Page(NamedTuple):
    """A notebook, and what it is made from: a text source, or the package's page."""

    path: Path
    source: Path


def find(name: str) -> Page:
    """Return the notebook given by path, or by a name such as 04_autograd.

    A path means the file there and no other; a name, the first notebook of that name
    here, in ``notebooks/`` or in the course. Raises ValueError if there is none.
    """
    file = Path(name if name.endswith(".ipynb") else f"{name}.ipynb")
    shipped = _shipped(file.name)
    named = file.exists() or os.path.dirname(name)  # that very file, and no other
    folders = [file.parent] if named else [Path(), Path(pages.PAGES)]
    for folder in folders if named else [*folders, COURSE]:
        source = (folder / "source" / file.name).with_suffix(".py")
        if source.is_file():
            return Page(folder / file.name, source)
    if shipped.is_file():
        for folder in folders:  # laid out by `course start`, or moved
            if (folder / file.name).exists():
                return Page(folder / file.name, shipped)
        raise ValueError(f"there is no file {file}")
    known = ", ".join(sorted(_names()))
    raise ValueError(
        f"no notebook of the course is called {name}; there are: {known or 'none here'}"
    )


def find_all() -> list[Page]:
    """Return every notebook of the course: here, in ``notebooks/``, or the course's.

    Raises ValueError if there is none.
    """
    for folder in (Path(), Path(pages.PAGES), COURSE):
        if found := _pages(folder):
            return found
    raise ValueError("there are no notebooks of the course here")


def _pages(folder: Path) -> list[Page]:
    sources = sorted((folder / "source").glob("[0-9][0-9]_*.py"))
    if sources:
        return [Page(folder / f"{source.stem}.ipynb", source) for source in sources]
    if folder == COURSE:  # the package's own pages are nobody's to reset
        return []
    files = (folder / f"{name}.ipynb" for name in sorted(_names()))
    return [Page(file, _shipped(file.name)) for file in files if file.exists()]


def _shipped(name: str) -> Path:
    """What a page is made from: its text source, where the course has one."""
    source = (COURSE / "source" / name).with_suffix(".py")
    is_page = pages.is_page(f"{pages.PAGES}/{name}")
    return COURSE / name if is_page and not source.is_file() else source


def _names() -> set[str]:
    """The names of all pages that the course has."""
    sources, built = COURSE.glob("source/[0-9][0-9]_*.py"), COURSE.glob("*.ipynb")
    return {path.stem for path in sources} or {
        path.stem for path in built if pages.is_page(f"{pages.PAGES}/{path.name}")
    }


def original_text(page: Page) -> str:
    """Return the notebook as the course gives it, as JSON.

    With the outputs that the git history holds, if its cells are those of the source;
    otherwise not yet run. Raises OSError if the source cannot be read.
    """
    if page.source.suffix == ".ipynb":
        return page.source.read_text(encoding="utf-8")
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
