"""The folder of a class: one small file for each learner, written and read here.

Whoever can write into the folder can write anything: every file that is not what
``course progress share`` writes is named and left out.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course_lib.bounds import BOUNDS, read_regular
from course_lib.exercises import shared
from course_lib.exercises.atomic_write import refuse_special, replace_file
from course_lib.exercises.core import Exercise
from course_lib.exercises.journal import data_folder
from course_lib.exercises.shared import MAX_BYTES, Shared, same_name

__all__ = ["ClassFiles", "read_class", "read_roster", "share_into", "share_key"]

MAX_LEARNERS = int(BOUNDS["class"][0])
MAX_FILES = int(BOUNDS["class folder"][0])
MAX_TOLD = 20  # files left out that are named one by one
PREFIX, SUFFIX = "progress_", ".json"


@dataclass(frozen=True)
class ClassFiles:
    """What the folder of a class holds."""

    shared: list[Shared]  # each nickname once
    left_out: list[str]  # a line for each file that is not used


def file_name(nickname: str) -> str:
    """Return the name of a learner's file: of Ada L., progress_ada_l..json."""
    return f"{PREFIX}{same_name(nickname).replace(' ', '_')}{SUFFIX}"


def share_key() -> str:
    """Return the random number of this learner, made when it is first asked for.

    It stands in every file that the learner shares. Raises OSError.
    """
    path = data_folder() / "share_key"
    try:
        key = read_regular(path, 100).decode("ascii", "replace").strip()
    except FileNotFoundError:
        key = ""
    if len(key) == 32 and not set(key) - set("0123456789abcdef"):
        return key
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, (key := secrets.token_hex(16)).encode("ascii"), 0o600)
    return key


def share_into(folder: Path, mine: Shared) -> Path:
    """Write what a learner shares into a folder; return the file.

    It replaces an earlier file of this learner, whatever its nickname, and no other:
    raises ValueError, in one line, if somebody else has the nickname; OSError.
    """
    path = folder / file_name(mine.nickname)
    refuse_special(path)
    if path.exists() and _key(path) != mine.key:
        raise ValueError(
            f"{path} is not yours, or comes from another machine: choose another "
            "nickname, or remove that file"
        )
    replace_file(path, mine.data(), 0o644)
    for other in itertools.islice(folder.glob(f"{PREFIX}*{SUFFIX}"), MAX_FILES):
        if other.name != path.name and _key(other) == mine.key:
            other.unlink(missing_ok=True)  # under an earlier nickname
    return path


def _key(path: Path) -> str | None:
    """Return the key in a learner's file, None if there is none."""
    try:
        if path.is_symlink():
            return None
        content = json.loads(read_regular(path, MAX_BYTES).decode("utf-8"))
        key = content["key"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return key if isinstance(key, str) else None


def read_class(
    folder: Path, exercises: Iterable[Exercise], now: datetime
) -> ClassFiles:
    """Read what learners shared; files that cannot be used are named, one line each.

    Hidden files and pages (.html) are passed over. Raises OSError if the folder cannot
    be read, and ValueError, in one line, if it holds more than a class's folder may.
    """
    known = {exercise.id: exercise for exercise in exercises}
    found: dict[str, Shared] = {}
    left_out: dict[str, str] = {}
    for path in _files(folder):
        try:
            if len(found) >= MAX_LEARNERS:
                raise ValueError(f"a class has at most {MAX_LEARNERS:,} learners")
            found[path.name] = _read(path, known, now)
        except ValueError as reason:
            left_out[path.name] = str(reason)
        except OSError as error:
            left_out[path.name] = f"it cannot be read: {error.strerror or error}"
    left_out |= _doubles(found)
    kept = [one for name, one in found.items() if name not in left_out]
    return ClassFiles(kept, _told(left_out))


def _files(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in itertools.islice(entries, MAX_FILES + 1)]
    if len(names) > MAX_FILES:
        raise ValueError(
            f"{folder} holds more than {MAX_FILES:,} files: give the folder of a class"
        )
    passed_over = (name.startswith(".") or name.endswith(".html") for name in names)
    pairs = zip(names, passed_over, strict=True)
    return [folder / name for name, passed in sorted(pairs) if not passed]


def _read(path: Path, known: Mapping[str, Exercise], now: datetime) -> Shared:
    if path.is_symlink():
        raise ValueError("it is a symbolic link")
    if not path.is_file():
        raise ValueError("it is no regular file")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES:,} bytes")
    return shared.parse(read_regular(path, MAX_BYTES), known, now)


def _doubles(found: Mapping[str, Shared]) -> dict[str, str]:
    """Return which files share a nickname with another, and why they are left out.

    Of one learner's files the newest is used, of two learners' none.
    """
    by_name: dict[str, list[str]] = {}
    for file, one in found.items():
        by_name.setdefault(same_name(one.nickname), []).append(file)
    left_out: dict[str, str] = {}
    for files in by_name.values():
        *older, newest = sorted(files, key=lambda file: found[file].written)
        if len({found[file].key for file in files}) > 1:
            reason = "two learners, or two machines of one, have the same nickname"
            left_out |= dict.fromkeys(files, reason)
        else:
            left_out |= dict.fromkeys(older, f"{newest} is newer, by the same learner")
    return left_out


def _told(left_out: Mapping[str, str]) -> list[str]:
    """Return a line for each file that is left out; of many, the first and a count."""
    lines = [f"{name}: left out, {reason}." for name, reason in left_out.items()]
    more = len(lines) - MAX_TOLD
    return [*lines[:MAX_TOLD], *([f"{more:,} more files left out."] * (more > 0))]


def read_roster(path: Path) -> list[str]:
    """Return the nicknames in a file, one a line, each once.

    Raises OSError, and ValueError, in one line, for what is no list of nicknames.
    """
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8") from None
    names: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                name = shared.check_nickname(line.strip())
            except ValueError as error:
                raise ValueError(f"{path}, line {number:,}: {error}") from None
            names.setdefault(same_name(name), name)
    if not 0 < len(names) <= MAX_LEARNERS:
        raise ValueError(
            f"{path} must hold 1 to {MAX_LEARNERS:,} nicknames, one a line"
        )
    return list(names.values())
