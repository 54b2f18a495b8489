"""Resetting a notebook: restore it from the git history or from its text source."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import course_lib
from course_lib.app.notebook_source import read_source


def find(name: str) -> Path:
    """Return the path of a notebook, given by path or by a name such as 04_autograd.

    Raises ValueError if no notebook of the course has that name.
    """
    path = Path(name)
    file = path.name if path.suffix == ".ipynb" else path.name + ".ipynb"
    course = Path(course_lib.__file__).resolve().parent.parent / "notebooks"
    folders = [path.parent, Path("notebooks"), course]
    for folder in folders:
        if (folder / "source" / file).with_suffix(".py").is_file():
            return folder / file
    known = sorted(path.stem for path in (course / "source").glob("[0-9][0-9]_*.py"))
    raise ValueError(
        f"no notebook of the course is called {name}; "
        f"there are: {', '.join(known) or 'none here'}"
    )


def original_text(notebook: Path) -> str:
    """Return the notebook as the course gives it, as JSON.

    With the outputs that the git history holds, if its cells are those of the source;
    otherwise not yet run. Raises OSError if the source cannot be read.
    """
    source = notebook.parent / "source" / f"{notebook.stem}.py"
    new = read_source(source.read_text(encoding="utf-8"))
    for version in ("@{upstream}", "HEAD"):
        stored = _from_history(notebook, version)
        if stored is not None and _cells(stored) == _cells(new):
            return json.dumps(stored, ensure_ascii=False, indent=1) + "\n"
    return json.dumps(new, ensure_ascii=False, indent=1) + "\n"


def _from_history(notebook: Path, version: str) -> dict[str, Any] | None:
    """Return the notebook at a git revision, or None if there is none."""
    try:
        done = subprocess.run(
            ["git", "show", f"{version}:./{notebook.name}"],
            cwd=notebook.parent,
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


def reset(notebook: Path, now: datetime) -> Path | None:
    """Restore a notebook; return the path of the learner's copy, or None.

    None if there was nothing to keep: no file, or no difference. The copy never
    replaces another file. Raises OSError; then the notebook is as it was.
    """
    text = original_text(notebook).encode("utf-8")
    copy = None
    if notebook.exists():
        mine = notebook.read_bytes()
        if mine == text:
            return None
        copy = _keep_copy(notebook, mine, now)
    unfinished = notebook.with_suffix(".part")
    try:
        _write(unfinished, text, "wb")
        os.replace(unfinished, notebook)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    return copy


def _keep_copy(notebook: Path, mine: bytes, now: datetime) -> Path:
    """Write the learner's version beside the notebook, under an unused name."""
    stem = f"{notebook.stem}_mine_{now:%Y-%m-%d_%H%M%S}"
    for number in range(1000):
        name = f"{stem}_{number}.ipynb" if number else f"{stem}.ipynb"
        path = notebook.with_name(name)
        try:
            _write(path, mine, "xb")
        except FileExistsError:
            continue
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        return path
    raise OSError(f"too many copies of {notebook.name} already")


def _write(path: Path, data: bytes, mode: str) -> None:
    with open(path, mode) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
