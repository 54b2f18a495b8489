"""A folder with the course in it: laid out whole, and updated without a loss.

In the hidden folder ``.course`` stands what the course gave: the cells of each page,
without outputs, and a digest of each file. An update needs it to tell what a learner
wrote from what the course did; where it is missing, it goes by the cells' ids.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from course_lib import __version__
from course_lib.app import pages
from course_lib.app.notebook_files import read_notebook, write_notebook
from course_lib.app.notebook_merge import merge, source_of, with_unique_ids
from course_lib.bounds import BOUNDS, open_regular, read_regular
from course_lib.exercises.atomic_write import (
    permissions,
    refuse_special,
    replace_file,
    write_copy,
)

__all__ = ["Update", "holds_course", "lay_out", "update"]

GIVEN = ".course/given.json"
MOST_BYTES = int(BOUNDS["notebook"][0])
COPY = "_before_update"
HIDDEN = re.compile(r"\.course-[0-9a-f]{16}")  # while the course is laid out
LOCK, UNFINISHED = "start.lock", "course"  # what is in it


def holds_course(folder: Path) -> bool:
    """Whether a folder has pages of the course in it."""
    names = filter(pages.is_page, pages.files())
    return any((folder / name).is_file() for name in names)


# --- start --------------------------------------------------------------------------


def lay_out(folder: Path) -> None:
    """Put the course into a new folder, or an empty one: all of it or nothing.

    What starts that were killed have left there goes. Raises ValueError, in one line,
    for a folder that holds something, and OSError.
    """
    is_there = os.path.lexists(folder)
    if is_there and not folder.is_dir():
        raise ValueError(f"{folder} is not a folder: give the name of a new one")
    beside = folder if is_there else folder.absolute().parent
    _clear_up(beside)
    if is_there and any(folder.iterdir()):
        raise ValueError(f"{folder} holds something else: give the name of a new one")
    names = pages.files()
    with _unfinished(beside) as course:
        _write_course(course, names)
        _move(course, folder, is_there=is_there)


@contextlib.contextmanager
def _unfinished(beside: Path) -> Iterator[Path]:
    """Make a folder in a hidden one, which is locked and goes at the end."""
    from course_lib.training.folder_lock import lock_file  # loads NumPy: not for all

    lock = None
    while lock is None:  # else another start has just cleared it up
        hidden = beside / f".course-{secrets.token_hex(8)}"
        hidden.mkdir()
        with contextlib.suppress(FileNotFoundError):
            lock = lock_file(hidden / LOCK)
    try:
        (hidden / UNFINISHED).mkdir()
        yield hidden / UNFINISHED
    finally:
        os.close(lock)  # first: Windows removes no file that is open
        shutil.rmtree(hidden, ignore_errors=True)


def _clear_up(beside: Path) -> None:
    """Remove the hidden folders of starts that were killed, and nothing else."""
    for hidden in beside.glob(".course-*"):
        if HIDDEN.fullmatch(hidden.name) and not hidden.is_symlink():
            with contextlib.suppress(OSError, ValueError):
                _remove_left(hidden)


def _remove_left(hidden: Path) -> None:
    """Remove a start's folder, unless somebody holds its lock.

    Raises OSError or ValueError for what is no such folder, and leaves it.
    """
    from course_lib.training.folder_lock import try_lock

    names = {part.name for part in hidden.iterdir()}
    if not names:
        hidden.rmdir()  # killed at once; one that lives makes another
    elif names <= {LOCK, UNFINISHED}:
        lock = hidden / LOCK
        with open_regular(lock, 0) as one, open_regular(lock, 0) as two:
            # the second must fail: not all file systems have locks
            if not try_lock(one.fileno()) or try_lock(two.fileno()):
                return
            shutil.rmtree(hidden / UNFINISHED, ignore_errors=True)
            with contextlib.suppress(PermissionError):  # Windows: it is open
                lock.unlink()
        shutil.rmtree(hidden, ignore_errors=True)


def _write_course(folder: Path, names: list[str]) -> None:
    given = Given()
    for name in names:
        data = (pages.source_folder() / name).read_bytes()
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(folder / name, data, 0o666)
        given.note(name, data)
    given.write(folder)


def _move(course: Path, folder: Path, *, is_there: bool) -> None:
    """Give the finished course its name; in an empty folder, its pages come last."""
    if not is_there:
        os.rename(course, folder)
        return
    for part in sorted(course.iterdir(), key=lambda part: part.name == pages.PAGES):
        os.rename(part, folder / part.name)


# --- what the course gave -------------------------------------------------------------


@dataclass
class Given:
    """What the course gave, file by file: the base of the next update."""

    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, data: bytes) -> None:
        """Note a file that the course gives."""
        self.digests[name] = _digest(data)
        if pages.is_page(name):
            cells = [_without_outputs(cell) for cell in json.loads(data)["cells"]]
            self.pages[name] = {"cells": cells}

    def write(self, folder: Path) -> None:
        """Keep it in the folder of the course."""
        content = {"version": __version__, "pages": self.pages, "files": self.digests}
        (folder / GIVEN).parent.mkdir(exist_ok=True)
        data = json.dumps(content, ensure_ascii=False, indent=1).encode()
        replace_file(folder / GIVEN, data, 0o666)

    @classmethod
    def read(cls, folder: Path) -> Given:
        """Return what is kept there: nothing if it is missing, or damaged.

        Raises OSError if it cannot be read.
        """
        try:
            content = json.loads(read_regular(folder / GIVEN, MOST_BYTES))
            given = cls(content["pages"], content["files"])
            ok = all(_is_given(page) for page in given.pages.values())
            ok &= all(isinstance(text, str) for text in given.digests.values())
            return given if ok else cls()
        except FileNotFoundError:
            return cls()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _without_outputs(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {key: cell[key] for key in ("cell_type", "id", "metadata")}
    return {**kept, "source": source_of(cell)}


def _is_given(page: Any) -> bool:
    cells = page["cells"]
    texts = [cell[key] for cell in cells for key in ("cell_type", "id", "source")]
    metadata = [cell["metadata"] for cell in cells]
    return all(isinstance(text, str) for text in texts) and all(
        isinstance(entry, dict) for entry in metadata
    )


# --- update ---------------------------------------------------------------------------


class Update(NamedTuple):
    """What an update did to one file, in a line; or why it left it as it was."""

    line: str
    error: Exception | None = None


def update(folder: Path, now: datetime) -> Iterator[Update]:
    """Bring the newest files into a folder with a learner's answers, one by one.

    Yields one entry for each file that was changed or could not be. Each is whole at
    any time, and a file that a learner changed is kept beside as it was. Raises
    ValueError, in one line, for a folder that is not a learner's course, and OSError.
    """
    _check_folder(folder)
    given = Given.read(folder)
    before = dict(given.digests)
    for name in pages.files():
        data = (pages.source_folder() / name).read_bytes()
        try:
            line = _update_file(folder, name, data, given, now)
        except OSError as error:
            reason = error.strerror or error
            yield Update(f"{name} is left as it was: {reason}", error)
        except ValueError as error:
            yield Update(f"{name} is left as it was: {error}", error)
        else:
            given.note(name, data)
            if line:
                yield Update(f"{name}: {line}")
    if given.digests != before:
        given.write(folder)


def _check_folder(folder: Path) -> None:
    if not holds_course(folder):
        raise ValueError(
            f"there is no course in {folder}: `course start FOLDER` lays out a new one"
        )
    if folder.resolve() == pages.source_folder():
        raise ValueError(
            f"{folder} is where this package takes its pages from: `git pull` brings "
            "newer ones"
        )
    parts = {part for name in (GIVEN, *pages.files()) for part in Path(name).parents}
    for part in sorted(parts - {Path()}):  # the course's own folder may be a link
        path = folder / part
        if os.path.lexists(path) and not stat.S_ISDIR(os.lstat(path).st_mode):
            raise ValueError(f"{path} is not a folder: move it away")


def _update_file(
    folder: Path, name: str, data: bytes, given: Given, now: datetime
) -> str:
    """Bring one file up to date; return what was done, or nothing."""
    path = folder / name
    if not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data, 0o666)
        return "new"
    refuse_special(path)
    mine = read_regular(path, MOST_BYTES)
    before = given.digests.get(name)
    if mine == data or before == _digest(data):  # all of it, or the course's part
        return ""
    if before == _digest(mine):  # as the course gave it: nothing to keep
        replace_file(path, data, permissions(path, 0o666))
        return "renewed"
    if not pages.is_page(name):
        return _replace(path, mine, data, "renewed", now)
    page, merged, report = _merged(given.pages.get(name), mine, data)
    if page == merged:
        return ""
    return _replace(path, mine, write_notebook(merged), report, now)


def _merged(
    base: dict[str, Any] | None, mine: bytes, new: bytes
) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return the learner's page, the merged one, and what was done."""
    page, newest = read_notebook(mine), read_notebook(new)
    known = {cell["id"] for cell in newest["cells"]}
    known |= {cell["id"] for cell in base["cells"]} if base else set()
    if known.isdisjoint(c["id"] for c in with_unique_ids(page["cells"], known)):
        raise ValueError("no cell of it is the course's: give it another name")
    merged = merge(base, page, newest)
    return page, merged.notebook, str(merged.report)


def _replace(path: Path, mine: bytes, data: bytes, what: str, now: datetime) -> str:
    """Replace a file that is a learner's; keep it as it was beside."""
    copy = write_copy(path, mine, COPY, now)
    replace_file(path, data, permissions(path, 0o666))
    return f"{what}; as it was: {copy.name}"
