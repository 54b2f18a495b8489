"""The journal: an append-only file of checked answers, safe against crashes.

One line of JSON for each checked answer, in the learner's data folder. A crash at any
point loses at most the line being written; a damaged line is skipped and named.
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
from pathlib import Path
from typing import Any

import platformdirs

import course_lib

FOLDER_VARIABLE = "COURSE_LIB_HOME"  # names another folder than the usual one
FORMAT = 1
MAX_SOURCE = 200_000  # characters of an answer that are kept
MAX_FILE = 50_000_000  # bytes of a file that is imported
OUTCOMES = ("correct", "incorrect", "error")

_subscribers: list[Callable[[], object]] = []


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
        """Return the entry as one line of the journal, with a checksum."""
        content = dataclasses.asdict(self)
        return json.dumps({"format": FORMAT, **content, "sum": _checksum(content)})


def data_folder() -> Path:
    """Return the learner's data folder: COURSE_LIB_HOME, or the system's usual one."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_data_dir("course_lib", appauthor=False))


def journal_path() -> Path:
    """Return the journal's path; the file need not exist yet."""
    return data_folder() / "progress.jsonl"


def save_answer(exercise: str, outcome: str, source: str, name: str) -> str | None:
    """Append one checked answer to the journal.

    Returns None, or one line that says why it could not be saved; never raises.
    """
    if len(source) > MAX_SOURCE:
        return f"Not saved: your answer is longer than {MAX_SOURCE:,} characters."
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    now = now.replace("+00:00", "Z")
    version = course_lib.__version__
    entry = Entry(exercise, outcome, now, version, name, source)
    try:
        append([entry])
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return f"Progress is not being saved ({reason}: {journal_path()})."
    return None


def append(entries: Iterable[Entry]) -> None:
    """Append entries to the journal in one write; raises OSError."""
    path = journal_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(entry.line() + "\n" for entry in entries).encode("utf-8")
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        with _locked(descriptor):
            if _is_torn(descriptor):
                text = b"\n" + text  # a torn line stays on its own
            written = os.write(descriptor, text)
            if written < len(text):
                raise OSError(28, "no space left on device")
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for callback in list(_subscribers):
        with contextlib.suppress(Exception):  # a widget must not stop a check
            callback()


def subscribe(callback: Callable[[], object]) -> Callable[[], None]:
    """Call back after every change of the journal; return what ends that.

    The subscriber must call what is returned when it closes.
    """
    _subscribers.append(callback)
    return lambda: _subscribers.remove(callback)


def _is_torn(descriptor: int) -> bool:
    """Whether the file ends within a line."""
    if os.fstat(descriptor).st_size == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Hold a file lock against other kernels, where the file system has locks."""
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
    path = path or journal_path()
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
    if content.get("sum") != _checksum(values) or values["outcome"] not in OUTCOMES:
        raise ValueError("its content was changed or damaged")
    return Entry(**values)


def _checksum(content: dict[str, Any]) -> str:
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


# --- export and import --------------------------------------------------------------


def export_bytes() -> bytes:
    """Return the whole journal without its damaged lines."""
    known, _ = entries()
    return "".join(entry.line() + "\n" for entry in known).encode("utf-8")


def export_to(path: Path) -> int:
    """Write the journal to a file atomically; return the number of entries.

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
    """Add the entries that are new here; return how many, and the damaged lines.

    Raises ValueError, and changes nothing, if there is no entry in it at all.
    """
    if len(data) > MAX_FILE:
        raise ValueError(f"{name} is too large for a progress file")
    found, damaged = parse(data, name)
    if not found:
        raise ValueError(f"{name} is not a progress file: no entry found in it")
    here = {entry.line() for entry in entries()[0]}
    new = [entry for entry in found if entry.line() not in here]
    if new:
        append(new)
    return len(new), damaged


def import_from(path: Path) -> tuple[int, list[str]]:
    """Add the entries of a file; see import_bytes. Raises OSError or ValueError."""
    if path.stat().st_size > MAX_FILE:
        raise ValueError(f"{path.name} is too large for a progress file")
    return import_bytes(path.read_bytes(), path.name)
