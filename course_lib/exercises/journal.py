"""What a learner has done: a journal that only grows, and loses nothing.

One line of JSON for each checked answer, in a folder of the learner's own. A crash at
any point loses at most the line being written; a damaged line is skipped and named.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import platformdirs

import course_lib

FOLDER = "COURSE_LIB_HOME"  # names another folder than the usual one
FORMAT = 1
MOST_SOURCE = 200_000  # characters of an answer that are kept
MOST_FILE = 50_000_000  # bytes of a file that is imported
OUTCOMES = ("correct", "incorrect", "error")

CHAPTERS = (  # the notebooks, by number
    "start_here",
    "loss",
    "gradient",
    "learning_rate",
    "autograd",
    "neural_network",
    "micro_gpt",
    "limits",
    "scale",
)
CATALOGUE: dict[str, dict[str, str]] = {}  # chapter: {exercise: title}, as imported
WATCHERS: list[Callable[[], object]] = []  # called after every change of the journal


@dataclass(frozen=True)
class Entry:
    """One checked answer."""

    exercise: str  # such as autograd.own_value
    outcome: str  # correct, incorrect or error
    time: str  # UTC, ISO 8601
    course: str  # version of the course that judged
    name: str  # which name in the source text is the answer
    source: str

    @property
    def day(self) -> str:
        """The date, such as 2026-11-20."""
        return self.time[:10]

    @property
    def chapter(self) -> str:
        """The notebook it belongs to, such as autograd."""
        return self.exercise.partition(".")[0]

    def line(self) -> str:
        """Return the entry as one line of the journal, with a sum over its content."""
        content = dataclasses.asdict(self)
        return json.dumps({"format": FORMAT, **content, "sum": _sum(content)})


def home() -> Path:
    """Return the learner's folder: COURSE_LIB_HOME, or the system's usual place."""
    given = os.environ.get(FOLDER)
    if given:
        return Path(given).expanduser()
    return Path(platformdirs.user_data_dir("course_lib", appauthor=False))


def journal() -> Path:
    """Return the journal's path; the file need not exist yet."""
    return home() / "progress.jsonl"


def record(exercise: str, outcome: str, source: str, name: str = "") -> str | None:
    """Add one checked answer to the journal.

    Returns None, or one line that says why it could not be saved; never raises.
    """
    if len(source) > MOST_SOURCE:
        return f"Not saved: your answer is longer than {MOST_SOURCE:,} characters."
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    now = now.replace("+00:00", "Z")
    version = course_lib.__version__
    entry = Entry(exercise, outcome, now, version, name, source)
    try:
        append([entry])
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return f"Progress is not being saved ({reason}: {journal()})."
    return None


def append(entries: Iterable[Entry]) -> None:
    """Write entries to the journal's end, in one piece; raises OSError."""
    path = journal()
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(entry.line() + "\n" for entry in entries).encode("utf-8")
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        with _locked(descriptor):
            if _is_torn(descriptor):
                text = b"\n" + text  # what a crash left unfinished stays by itself
            written = os.write(descriptor, text)
            if written < len(text):
                raise OSError(28, "no space left on device")
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for watcher in WATCHERS:
        with contextlib.suppress(Exception):  # a picture must not stop a check
            watcher()


def _is_torn(descriptor: int) -> bool:
    """Whether the file ends within a line."""
    if os.fstat(descriptor).st_size == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Keep other kernels out while we write, where the file system can do that."""
    lock, unlock = _lockers(descriptor)
    held = False
    for _ in range(100):
        try:
            lock()
            held = True
            break
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            break
    try:
        yield
    finally:
        if held:
            with contextlib.suppress(OSError):
                unlock()


def _lockers(descriptor: int) -> tuple[Any, Any]:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        far = 2**30  # a byte that is never written, so that reading stays possible

        def move(mode: str) -> None:
            os.lseek(descriptor, far, os.SEEK_SET)
            msvcrt.locking(descriptor, getattr(msvcrt, mode), 1)  # type: ignore[attr-defined]

        def lock() -> None:
            try:
                move("LK_NBLCK")
            except OSError as error:
                raise BlockingIOError from error

        return lock, lambda: move("LK_UNLCK")
    return (
        lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB),
        lambda: fcntl.flock(descriptor, fcntl.LOCK_UN),
    )


# --- reading ----------------------------------------------------------------------


def entries(path: Path | None = None) -> tuple[list[Entry], list[str]]:
    """Return all entries of a journal, oldest first, and a line for each damaged one.

    A journal that does not exist is empty. Raises OSError if it cannot be read.
    """
    path = path or journal()
    if not path.exists():
        return [], []
    return parse(path.read_bytes(), path.name)


def parse(data: bytes, name: str) -> tuple[list[Entry], list[str]]:
    """Return the entries in the bytes of a journal, and a line for each damaged one."""
    found: dict[str, Entry] = {}
    damaged = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            entry = _entry(line)
        except ValueError as reason:
            damaged.append(f"{name}, line {number}: skipped, {reason}.")
        else:
            found.setdefault(entry.line(), entry)
    return sorted(found.values(), key=lambda entry: entry.time), damaged


def _entry(line: bytes) -> Entry:
    """Return the entry in a line; raises ValueError with the reason."""
    try:
        content = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("it is not complete") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError("it is not an entry of a progress journal")
    fields = [field.name for field in dataclasses.fields(Entry)]
    values: dict[str, Any] = {name: content.get(name) for name in fields}
    if not all(isinstance(value, str) for value in values.values()):
        raise ValueError("a field is missing or of the wrong type")
    if content.get("sum") != _sum(values) or values["outcome"] not in OUTCOMES:
        raise ValueError("its content was changed or damaged")
    return Entry(**values)


def _sum(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def latest_correct(exercise: str) -> Entry | None:
    """Return the newest correct answer to an exercise, None if there is none."""
    try:
        known, _ = entries()
    except OSError:
        return None
    right = [e for e in known if e.exercise == exercise and e.outcome == "correct"]
    return right[-1] if right else None


# --- carrying it elsewhere ----------------------------------------------------------


def export_bytes() -> bytes:
    """Return the whole journal, without damaged lines, ready to be saved elsewhere."""
    known, _ = entries()
    return "".join(entry.line() + "\n" for entry in known).encode("utf-8")


def export_to(path: Path) -> int:
    """Write the journal to a file, whole or not at all; return how many entries.

    Raises OSError.
    """
    data = export_bytes()
    unfinished = path.with_name(path.name + ".part")
    try:
        with open(unfinished, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    return data.count(b"\n")


def import_bytes(data: bytes, name: str) -> tuple[int, list[str]]:
    """Add the entries that are not here yet; return how many, and damaged lines.

    Raises ValueError, and changes nothing, if there is no entry in it at all.
    """
    if len(data) > MOST_FILE:
        raise ValueError(f"{name} is too large for a progress file")
    given, damaged = parse(data, name)
    if not given:
        raise ValueError(f"{name} is not a progress file: no entry found in it")
    here = {entry.line() for entry in entries()[0]}
    new = [entry for entry in given if entry.line() not in here]
    if new:
        append(new)
    return len(new), damaged


def import_from(path: Path) -> tuple[int, list[str]]:
    """Add the entries of a file; see import_bytes. Raises OSError or ValueError."""
    if path.stat().st_size > MOST_FILE:
        raise ValueError(f"{path.name} is too large for a progress file")
    return import_bytes(path.read_bytes(), path.name)


# --- where one stands ---------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How far one exercise has come."""

    exercise: str
    title: str
    tries: int
    solved: str  # the day it was first solved, or nothing

    @property
    def state(self) -> str:
        """One word: solved, tried or open."""
        return "solved" if self.solved else "tried" if self.tries else "open"


def standings(known: list[Entry]) -> dict[str, list[Standing]]:
    """Return, for each chapter, how far each exercise has come."""
    order = sorted(CATALOGUE, key=_place)
    chapters = {chapter: dict(CATALOGUE[chapter]) for chapter in order}
    for entry in known:  # of a chapter that was not imported, or a newer course
        chapters.setdefault(entry.chapter, {}).setdefault(entry.exercise, "")
    found: dict[str, list[Standing]] = {}
    for chapter, titles in chapters.items():
        for name, title in titles.items():
            mine = [entry for entry in known if entry.exercise == name]
            solved = [entry.day for entry in mine if entry.outcome == "correct"]
            standing = Standing(name, title, len(mine), solved[0] if solved else "")
            found.setdefault(chapter, []).append(standing)
    return found


def _place(chapter: str) -> int:
    return CHAPTERS.index(chapter) if chapter in CHAPTERS else len(CHAPTERS)


def _numbered(chapter: str) -> str:
    """Return the name of a notebook: 04_autograd."""
    return f"{_place(chapter):02}_{chapter}" if chapter in CHAPTERS else chapter


def _in_words(rows: list[Standing]) -> str:
    states = [row.state for row in rows]
    tried = f", {states.count('tried')} tried" if "tried" in states else ""
    return f"{states.count('solved')} of {len(rows)} solved{tried}"


def table(known: list[Entry]) -> str:
    """Return a table in text: a line for each exercise, under its chapter."""
    lines = []
    for chapter, rows in standings(known).items():
        lines.append(f"{_numbered(chapter)}: {_in_words(rows)}")
        for row in rows:
            short = row.exercise.partition(".")[2]
            when = f" on {row.solved}" if row.solved else ""
            tries = f", {row.tries} checked" if row.tries else ""
            lines.append(f"  {MARK[row.state]} {short:<28} {row.state}{when}{tries}")
    return "\n".join(lines) if lines else "No exercise has been checked yet."


MARK = {"solved": "✓", "tried": "◐", "open": "○"}


class Card:
    """Where a learner stands, compact: in a notebook and as text."""

    def __init__(self, known: list[Entry], damaged: list[str]) -> None:
        self.known, self.damaged = known, damaged

    def __repr__(self) -> str:
        return "\n".join([table(self.known), *self.damaged])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}

    def html(self) -> str:
        """Return a row of marks for each chapter."""
        rows = "".join(_row(name, rows) for name, rows in standings(self.known).items())
        empty = "No exercise has been checked yet."
        notes = "".join(f"<div>{escape(line)}</div>" for line in self.damaged)
        return (
            '<div style="border-left: 5px solid var(--jp-info-color1, #4c8fd6); '
            'padding: 4px 0 6px 12px; line-height: 1.45">'
            '<div style="font-weight: 700">Your progress</div>'
            + (
                f'<table style="margin: 4px 0; border: none">{rows}</table>'
                if rows
                else empty
            )
            + notes
            + "</div>"
        )


def _row(chapter: str, rows: list[Standing]) -> str:
    marks = " ".join(
        f'<span title="{escape(row.title or row.exercise)}: {row.state}">'
        f"{MARK[row.state]}</span>"
        for row in rows
    )
    return (
        '<tr style="background: none"><th scope="row" style="text-align: left; '
        f'padding: 1px 1.5em 1px 0">{escape(_numbered(chapter))}</th>'
        f'<td style="text-align: left; padding: 1px 1.5em 1px 0">{marks}</td>'
        f'<td style="text-align: left; padding: 1px 0">{_in_words(rows)}'
        "</td></tr>"
    )


def card() -> Card:
    """Return where you stand, ready for the page."""
    try:
        return Card(*entries())
    except OSError as error:
        return Card([], [f"The journal cannot be read: {error}."])
