"""A fresh copy of a notebook, from its text source or from the project's history."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import course_lib

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
CELL = re.compile(r"^# %%( \[markdown\])?(?: tags=(\[.*\]))?\s*$")


def find(name: str) -> Path:
    """Return the path of the notebook meant: a path, or a name such as 04_autograd.

    Raises ValueError if no notebook of the course has that name.
    """
    given = Path(name)
    file = given.name if given.suffix == ".ipynb" else given.name + ".ipynb"
    ours = Path(course_lib.__file__).resolve().parent.parent / "notebooks"
    folders = [given.parent, Path("notebooks"), ours]
    for folder in folders:
        if (folder / "source" / file).with_suffix(".py").is_file():
            return folder / file
    known = sorted(path.stem for path in (ours / "source").glob("[0-9][0-9]_*.py"))
    raise ValueError(
        f"no notebook of the course is called {name}; "
        f"there are: {', '.join(known) or 'none here'}"
    )


def fresh_text(notebook: Path) -> str:
    """Return the notebook as the course gives it, whole.

    With the outputs that its history holds, if its cells are those of the source;
    otherwise not yet run. Raises OSError if the source cannot be read.
    """
    source = notebook.parent / "source" / f"{notebook.stem}.py"
    new = from_source(source.read_text(encoding="utf-8"))
    for version in ("@{upstream}", "HEAD"):
        stored = _from_history(notebook, version)
        if stored is not None and _cells(stored) == _cells(new):
            return json.dumps(stored, ensure_ascii=False, indent=1) + "\n"
    return json.dumps(new, ensure_ascii=False, indent=1) + "\n"


def from_source(text: str) -> dict[str, Any]:
    """Return the notebook that a text source (py:percent) describes, not yet run."""
    cells: list[dict[str, Any]] = []
    lines: list[str] = []
    for line in text.splitlines():
        start = CELL.match(line)
        if start is None:
            lines.append(line)
            continue
        if cells:
            _finish(cells[-1], lines)
        lines = []
        tags = json.loads(start[2]) if start[2] else []
        cells.append(
            {
                "cell_type": "markdown" if start[1] else "code",
                "metadata": {"tags": tags} if tags else {},
            }
        )
    if cells:
        _finish(cells[-1], lines)
    seen: set[str] = set()
    for cell in cells:
        cell["id"] = _identity(cell, seen)
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def _finish(cell: dict[str, Any], lines: list[str]) -> None:
    while lines and not lines[-1].strip():
        lines.pop()
    if cell["cell_type"] == "markdown":
        lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
    else:
        cell |= {"execution_count": None, "outputs": []}
    cell["source"] = "\n".join(lines)


def _identity(cell: dict[str, Any], seen: set[str]) -> str:
    """Return an id made from the cell's text, as tools/notebooks.py does."""
    for repeat in range(1000):
        text = f"{cell['cell_type']}\n{repeat}\n{cell['source']}"
        name = hashlib.sha256(text.encode()).hexdigest()[:8]
        if name not in seen:
            seen.add(name)
            return name
    raise ValueError("more than a thousand equal cells in one notebook")


def _from_history(notebook: Path, version: str) -> dict[str, Any] | None:
    """Return the notebook as git holds it, or None where there is no git."""
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
    """Put a fresh copy in the notebook's place; return where the learner's was kept.

    None if there was nothing to keep: no file, or the same as the fresh one. What is
    kept never replaces another file. Raises OSError; then the notebook is as it was.
    """
    text = fresh_text(notebook).encode("utf-8")
    kept = None
    if notebook.exists():
        mine = notebook.read_bytes()
        if mine == text:
            return None
        kept = _keep(notebook, mine, now)
    unfinished = notebook.with_suffix(".part")
    try:
        _write(unfinished, text, "wb")
        os.replace(unfinished, notebook)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    return kept


def _keep(notebook: Path, mine: bytes, now: datetime) -> Path:
    """Write the learner's copy beside the notebook, under a name that is free."""
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
