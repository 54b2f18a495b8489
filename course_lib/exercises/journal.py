"""The journal: an append-only file of checked answers, safe against crashes.

One line of JSON for each checked answer, in the learner's data folder. A crash at any
point loses at most the line being written; a damaged line is skipped and named.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

import course_lib
from course_lib.bounds import BOUNDS, escaped, read_regular, refuse_spoiled
from course_lib.exercises.atomic_write import (
    permissions,
    refuse_special,
    replace_file,
    write_copy,
)

FOLDER_VARIABLE = "COURSE_LIB_HOME"  # names another folder than the usual one
FORMAT = 2  # of a line that names a misconception; format 1 is a line without one
MAX_BYTES = int(BOUNDS["progress file"][0])
MAX_ENTRIES = int(BOUNDS["progress entries"][0])
MAX_SOURCE = int(BOUNDS["answer"][0])
MAX_NAME = int(BOUNDS["name"][0])
MAX_TOLD = 10  # damaged lines that are named one by one
OUTCOMES = ("correct", "incorrect", "error")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
IN_SOURCE = str.maketrans("", "", "\r\f")  # a source text may hold them, a name not
NEWER = "it was made by a newer course: update this one"
BOM = b"\xef\xbb\xbf"

_subscribers: list[Callable[[], object]] = []


class NewerFormat(ValueError):
    """A line was written by a newer course; it may be whole."""


SHORT_FIELDS = ("exercise", "outcome", "time", "course", "name", "misconception")
NO_ENTRY = "it is not an entry of a progress journal"
NOT_COMPLETE = "it is not complete"


@dataclass(frozen=True)
class Entry:
    """One checked answer."""

    exercise: str  # such as autograd.own_value
    outcome: str  # correct, incorrect or error
    time: str  # UTC, ISO 8601
    course: str  # version of the course that judged
    name: str  # which name in the source text is the answer
    source: str
    misconception: str = ""  # the name of a known mistake, of an answer with one

    @property
    def day(self) -> str:
        """The date, such as 2026-11-20."""
        return self.time[:10]

    @property
    def chapter(self) -> str:
        """The notebook it belongs to, such as autograd."""
        return self.exercise.partition(".")[0]

    def refuse_unfit(self) -> None:
        """Raise ValueError for an entry that no journal may hold; see BOUNDS."""
        for field in SHORT_FIELDS:
            text = getattr(self, field)
            if len(text) > MAX_NAME:
                raise ValueError(f"its {field} is longer than {MAX_NAME:,} characters")
            refuse_spoiled(text, f"its {field}")
        if len(self.source) > MAX_SOURCE:
            raise ValueError(f"its text is longer than {MAX_SOURCE:,} characters")
        refuse_spoiled(self.source.translate(IN_SOURCE), "its text", marks=True)
        if self.outcome not in OUTCOMES:
            raise ValueError(f"its outcome is none of {', '.join(OUTCOMES)}")
        if not TIME.fullmatch(self.time):
            raise ValueError("its time is not a time in UTC")

    def line(self) -> str:
        """Return the entry as one line of the journal, with a checksum."""
        content = dataclasses.asdict(self)
        number = FORMAT
        if not self.misconception:  # then an older course can read it as well
            number = 1
            del content["misconception"]
        return json.dumps({"format": number, **content, "sum": _checksum(content)})


def data_folder() -> Path:
    """Return the learner's data folder: COURSE_LIB_HOME, or the system's usual one."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_data_dir("course_lib", appauthor=False))


def journal_path() -> Path:
    """Return the journal's path; the file need not exist yet."""
    return data_folder() / "progress.jsonl"


def save_answer(
    exercise: str, outcome: str, source: str, name: str, misconception: str = ""
) -> str | None:
    """Append one checked answer to the journal.

    Returns None, or one line that says why it could not be saved; never raises.
    """
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    now = now.replace("+00:00", "Z")
    version = course_lib.__version__
    entry = Entry(exercise, outcome, now, version, name, source, misconception)
    try:
        entry.refuse_unfit()
    except ValueError as error:
        return f"Your answer was not saved: {error}."
    try:
        append([entry])
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        place = escaped(str(journal_path()))
        return f"Progress is not being saved ({reason}: {place})."
    return None


def append(entries: Iterable[Entry]) -> None:
    """Append entries to the journal in one write; raises OSError."""
    text = "".join(entry.line() + "\n" for entry in entries).encode("utf-8")
    with _opened() as descriptor:
        if _is_torn(descriptor):
            text = b"\n" + text  # a torn line stays on its own
        _refuse_overflow(descriptor, text)
        written = os.write(descriptor, text)
        if written < len(text):
            raise OSError(errno.ENOSPC, "no space left on device")
        os.fsync(descriptor)
    _notify()


@contextlib.contextmanager
def _opened() -> Iterator[int]:
    """Open the journal for reading and appending, locked; made if there is none."""
    path = journal_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "the journal is not a regular file")
        with _locked(descriptor):
            yield descriptor
    finally:
        os.close(descriptor)


def _refuse_overflow(descriptor: int, text: bytes) -> None:
    """Raise OSError if the journal would outgrow what a progress file may hold."""
    size = os.fstat(descriptor).st_size + len(text)
    if size <= MAX_BYTES:
        lines = _read_all(descriptor).count(b"\n") + text.count(b"\n")
        if lines <= MAX_ENTRIES:
            return
    advice = "`course progress reset` keeps it and begins a new one"
    raise OSError(errno.EFBIG, f"the journal is full: {advice}")


def _read_all(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(os.dup(descriptor), "rb") as file:
        return file.read()


def _notify() -> None:
    """Call every subscriber; a widget must not stop a check."""
    for callback in list(_subscribers):
        with contextlib.suppress(Exception):
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


def entries() -> tuple[list[Entry], list[str]]:
    """Return all entries of the journal, oldest first, and a line for what is damaged.

    A journal that does not exist is empty. Raises OSError if it cannot be read.
    """
    return parse(_journal_bytes(), journal_path().name)


def _journal_bytes() -> bytes:
    """Return the journal as it is; raises OSError if it cannot be read."""
    try:
        # an older course let it grow past today's bound: still the learner's own
        return read_regular(journal_path(), 10 * MAX_BYTES)
    except FileNotFoundError:
        return b""
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from None


def parse(data: bytes, name: str) -> tuple[list[Entry], list[str]]:
    """Return the entries in the bytes of a journal, and a line for each damaged one.

    Of many damaged lines the first ones are named, and the others counted.
    """
    found: dict[Entry, None] = {}
    damage = _Damage(name)
    for number, _, entry in _lines(data):
        if isinstance(entry, Entry):
            found[entry] = None
        else:
            damage.add(number, entry)
    return sorted(found, key=lambda entry: entry.time), damage.told()


class _Damage:
    """Damaged lines in words: the first ones named, the others counted."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0
        self.lines: list[str] = []

    def add(self, number: int, reason: ValueError) -> None:
        self.count += 1
        if self.count <= MAX_TOLD:
            self.lines.append(f"{self.name}, line {number:,}: skipped, {reason}.")

    def told(self) -> list[str]:
        more = self.count - len(self.lines)
        return [*self.lines, *([f"{self.name}: {more:,} more skipped."] * (more > 0))]


def _lines(data: bytes) -> Iterator[tuple[int, bytes, Entry | ValueError]]:
    """Yield each line that is not blank: its number, its bytes, and its entry.

    In place of the entry of a damaged line stands the reason.
    """
    for number, line in enumerate(data.removeprefix(BOM).split(b"\n"), 1):
        line = line.strip()
        if not line:
            continue
        if not line.startswith(b"{"):  # seen before it is decoded: there may be many
            yield number, line, ValueError(NO_ENTRY)
        elif not line.endswith(b"}"):
            yield number, line, ValueError(NOT_COMPLETE)
        else:
            try:
                yield number, line, _entry(line)
            except ValueError as reason:
                yield number, line, reason


def _entry(line: bytes) -> Entry:
    """Return the entry in a line; raises ValueError with the reason."""
    try:
        content = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError(NOT_COMPLETE) from None
    if type(content.get("format")) is int and content["format"] > FORMAT:
        raise NewerFormat(NEWER)
    if content.get("format") not in (1, FORMAT):
        raise ValueError(NO_ENTRY)
    fields = [field.name for field in dataclasses.fields(Entry)]
    if content["format"] == 1:
        fields.remove("misconception")
    values: dict[str, Any] = {name: content.get(name) for name in fields}
    if not all(isinstance(value, str) for value in values.values()):
        raise ValueError("a field is missing or of the wrong type")
    if content.get("sum") != _checksum(values):
        raise ValueError("its content was changed or damaged")
    entry = Entry(**values)
    entry.refuse_unfit()
    return entry


def _checksum(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def correct_answers(exercise: str) -> list[Entry]:
    """Return the correct answers to an exercise, newest first, each text once."""
    try:
        known, _ = entries()
    except OSError:
        return []
    right: dict[tuple[str, str], Entry] = {}
    for entry in reversed(known):
        if entry.exercise == exercise and entry.outcome == "correct":
            right.setdefault((entry.source, entry.name), entry)
    return list(right.values())


# --- export and import --------------------------------------------------------------


def export_bytes() -> bytes:
    """Return the whole journal without its damaged lines; raises OSError."""
    return _without_damage(_journal_bytes())


def _without_damage(data: bytes) -> bytes:
    """Return the entries, oldest first, and the lines of a newer course, each once."""
    entries: dict[Entry, None] = {}
    newer: dict[bytes, None] = {}
    for _, line, entry in _lines(data):
        if isinstance(entry, Entry):
            entries[entry] = None
        elif isinstance(entry, NewerFormat):  # not ours to drop
            newer[line] = None
    known = sorted(entries, key=lambda entry: entry.time)
    lines = [*(entry.line().encode("utf-8") for entry in known), *newer]
    return b"".join(line + b"\n" for line in lines)


def export_to(path: Path) -> int:
    """Write the journal to a file atomically; return the number of answers.

    Raises ValueError, in one line, if there is nothing to write, or if the file is
    none of ours or holds answers that are not here; OSError if it cannot be written.
    """
    data = export_bytes()
    if not data:
        raise ValueError("there is nothing to write: no answer has been checked yet")
    refuse_special(path)
    if path.exists():
        _refuse_loss(path, data)
    replace_file(path, data, 0o600 & permissions(journal_path(), 0o600))
    return data.count(b"\n")


def _refuse_loss(path: Path, data: bytes) -> None:
    """Raise ValueError if a file holds what the data that replace it do not."""
    try:
        before = read_regular(path, MAX_BYTES)
    except ValueError:
        before = b"more than a progress file holds"
    there = _without_damage(before)
    if before.strip() and not there:
        raise ValueError(f"{path} exists and is no progress file: give another name")
    if missing := len(set(there.splitlines()) - set(data.splitlines())):
        lacks = "1 answer that is" if missing == 1 else f"{missing:,} answers that are"
        raise ValueError(
            f"{path} holds {lacks} not in your progress: import it first, or give "
            "another name"
        )


@dataclass(frozen=True)
class Imported:
    """What an import added."""

    added: int
    damaged: list[str]  # a line for each that was skipped
    correct: list[str]  # exercises with a new answer that was marked correct

    def what_runs(self) -> str:
        """Return what the answers that were marked correct will be used for."""
        some = ", ".join(self.correct[:MAX_TOLD])
        more = len(self.correct) - MAX_TOLD
        return (
            f"Marked correct there: {some}{f' and {more:,} more' if more > 0 else ''}. "
            "They are code. Where a notebook asks for your own answer, such a one is "
            "checked again in a second Python, and runs in the notebook only if it "
            "passes."
        )


def too_large(name: str) -> ValueError:
    """Return what to raise for more than a progress file may hold."""
    return ValueError(
        f"{name} is too large for a progress file: expected at most "
        f"{MAX_BYTES:,} bytes and {MAX_ENTRIES:,} lines"
    )


def import_bytes(data: bytes, name: str) -> Imported:
    """Add the entries that are new here.

    Raises ValueError, in one line, and changes nothing, if there is no entry in it at
    all or too much in it; OSError if the journal cannot be read or written.
    """
    if len(data) > MAX_BYTES or data.count(b"\n") > MAX_ENTRIES:
        raise too_large(name)
    found, damaged = parse(data, name)
    if not found:
        if _without_damage(data):
            raise ValueError(f"{name} was made by a newer course: update this one")
        if damaged and NO_ENTRY not in damaged[0]:
            raise ValueError(f"{name} holds no entry that can be used: {damaged[0]}")
        raise ValueError(f"{name} is not a progress file: no entry found in it")
    here = set(entries()[0])
    new = [entry for entry in found if entry not in here]
    if new:
        append(new)
    correct = {entry.exercise: None for entry in new if entry.outcome == "correct"}
    return Imported(len(new), damaged, list(correct))


# --- starting over -------------------------------------------------------------------


def repair(now: datetime) -> tuple[list[str], Path | None]:
    """Drop the damaged lines of the journal; a copy of it stays beside.

    Returns a line for each dropped one, and the path of the copy: None if nothing was
    damaged. Lines of a newer course stay. Raises OSError.
    """
    path = journal_path()
    if not path.exists():
        return [], None
    with _opened() as descriptor:
        data = _read_all(descriptor)
        damage = _Damage(path.name)
        for number, _, entry in _lines(data):
            if isinstance(entry, ValueError) and not isinstance(entry, NewerFormat):
                damage.add(number, entry)
        if not damage.count:
            return [], None
        copy = write_copy(path, data, "_before_repair", now)
        _rewrite(descriptor, _without_damage(data), copy)
    _notify()
    return damage.told(), copy


def reset(now: datetime) -> tuple[int, Path | None]:
    """Empty the journal; what it held is kept beside.

    Returns how many answers that were, and the path of the copy: None if there was
    nothing to keep. Raises OSError.
    """
    path = journal_path()
    if not path.exists():
        return 0, None
    with _opened() as descriptor:
        data = _read_all(descriptor)
        if not data:
            return 0, None
        copy = write_copy(path, data, "", now)
        _rewrite(descriptor, b"", copy)
    _notify()
    return len(parse(data, "")[0]), copy


def _rewrite(descriptor: int, data: bytes, copy: Path) -> None:
    """Replace what the journal holds, when the disk has a copy of it.

    In place, so that kernels that wait for the lock write into this file and no other.
    """
    try:
        os.ftruncate(descriptor, 0)
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, "no space left on device")
        os.fsync(descriptor)
    except OSError as error:
        reason = f"{error.strerror or error}; all of it is kept in {copy}"
        raise OSError(error.errno, reason) from error
