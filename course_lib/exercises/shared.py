"""What a learner shares with a class: a nickname and how each exercise stands.

Verdicts and the names of mistakes, never an answer. A share is one small JSON file; it
is written here, and read here as if a stranger had sent it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import course_lib
from course_lib.bounds import BOUNDS, check_whole, shown
from course_lib.exercises.core import Exercise
from course_lib.exercises.journal import MAX_ENTRIES, OUTCOMES, TIME, Entry

__all__ = ["Shared", "Standing", "check_nickname", "parse", "same_name", "standings"]

FORMAT = "course progress, shared 1"
MAX_BYTES = int(BOUNDS["shared progress"][0])
MAX_NICKNAME = int(BOUNDS["nickname"][0])
MARKS = " -_.'"  # what a nickname may hold beside letters and digits
CLOCKS = timedelta(days=1)  # how far the clocks of two machines may differ
JOURNAL = "it is a journal with answers: ask for `course progress share` instead"
NOT_SHARED = "it is not progress that a learner shared"


@dataclass(frozen=True)
class Standing:
    """How one exercise stands with one learner."""

    outcome: str  # correct if it was ever solved, else that of the last check
    checks: int
    day: str  # of the last check, such as 2026-11-30
    misconception: str = ""  # of the last check, if it named one and it is unsolved


@dataclass(frozen=True)
class Shared:
    """What one learner shares."""

    nickname: str
    key: str  # a random number: by it a learner's earlier file is known
    written: str  # UTC, ISO 8601
    course: str  # version of the course
    standings: Mapping[str, Standing]  # of each exercise that was checked

    @property
    def last_day(self) -> str:
        """The day of the last check, or nothing."""
        return max((one.day for one in self.standings.values()), default="")

    def data(self) -> bytes:
        """Return the bytes of the file, with a checksum."""
        content = {
            "format": FORMAT,
            "nickname": self.nickname,
            "key": self.key,
            "written": self.written,
            "course": self.course,
            "exercises": {k: dataclasses.asdict(v) for k, v in self.standings.items()},
        }
        whole = {**content, "sum": checksum(content)}
        return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def check_nickname(text: str) -> str:
    """Return a nickname in its usual form; raise ValueError, in one line, for others.

    Letters of any language, digits, spaces and a few marks: it stands in names of
    files, in terminals and on a page.
    """
    name = " ".join(unicodedata.normalize("NFC", text[: 10 * MAX_NICKNAME]).split())
    if not name or len(name) > MAX_NICKNAME or text != text[: 10 * MAX_NICKNAME]:
        raise ValueError(
            f"a nickname has 1 to {MAX_NICKNAME} characters: {shown(text[:200])}"
        )
    if any(unicodedata.category(c)[0] not in "LMN" and c not in MARKS for c in name):
        raise ValueError(
            f"a nickname holds letters, digits, spaces and {MARKS.strip()} alone: "
            f"{shown(text)}"
        )
    if unicodedata.category(name[0])[0] not in "LN":
        raise ValueError(f"a nickname begins with a letter or digit: {shown(text)}")
    return name


def same_name(nickname: str) -> str:
    """Return what two nicknames have in common that a reader would take for one."""
    return unicodedata.normalize("NFKC", nickname).casefold()


def standings(
    entries: Iterable[Entry], exercises: Iterable[Exercise]
) -> dict[str, Standing]:
    """Return how each exercise stands that was checked, from a learner's journal.

    Entries come oldest first. What this course does not know is left out.
    """
    known = {exercise.id: exercise for exercise in exercises}
    found: dict[str, Standing] = {}
    for entry in entries:
        if entry.exercise in known:
            before = found.get(entry.exercise)
            names = known[entry.exercise].misconceptions()
            found[entry.exercise] = _after(before, entry, entry.misconception in names)
    return {name: found[name] for name in known if name in found}


def _after(before: Standing | None, entry: Entry, named: bool) -> Standing:
    """Return how an exercise stands after one more check."""
    checks = min(before.checks + 1, MAX_ENTRIES) if before else 1
    if before and before.outcome == "correct":
        return Standing("correct", checks, entry.day)
    named = named and entry.outcome != "correct"
    misconception = entry.misconception if named else ""
    return Standing(entry.outcome, checks, entry.day, misconception)


def share(
    nickname: str, key: str, found: Mapping[str, Standing], now: datetime
) -> Shared:
    """Return what is to be shared now, under a nickname that was checked."""
    written = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    past = {  # a clock may have been set back since
        name: dataclasses.replace(one, day=min(one.day, written[:10]))
        for name, one in found.items()
    }
    return Shared(nickname, key, written, course_lib.__version__, past)


# --- reading what somebody sent ----------------------------------------------------


def parse(data: bytes, exercises: Mapping[str, Exercise], now: datetime) -> Shared:
    """Return what a file shares; raise ValueError, with the reason, for any other.

    ``exercises``: those of this course, by id. Nothing in it is believed: verdicts,
    days and names must be ones that a check can give.
    """
    content = _content(data)
    texts = [content.get(name) for name in ("nickname", "key", "written", "course")]
    if not all(
        isinstance(text, str) and len(text) <= 10 * MAX_NICKNAME for text in texts
    ):
        raise ValueError("a field is missing, too long or of the wrong type")
    nickname, key, written, course = map(str, texts)
    if check_nickname(nickname) != nickname:
        raise ValueError(f"its nickname is not written as usual: {shown(nickname)}")
    if len(key) != 32 or set(key) - set("0123456789abcdef"):
        raise ValueError("its key is none")
    last = _day(written, now)
    given = content.get("exercises")
    if not isinstance(given, dict):
        raise ValueError("its exercises are missing")
    found = {}
    for name, fields in given.items():
        if name not in exercises:
            raise ValueError(
                f"{shown(name)} is no exercise of this course{_of(course)}"
            )
        found[name] = _standing(name, fields, exercises[name], last)
    return Shared(nickname, key, written, course, found)


def _of(course: str) -> str:
    """Return which other version of the course a file comes from, if it does."""
    if course == course_lib.__version__:
        return ""
    return f", but perhaps of course {shown(course)}"


def _content(data: bytes) -> dict[str, Any]:
    """Return the fields of a file whose checksum is right."""
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError(JOURNAL if _is_journal(data) else NOT_SHARED) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(JOURNAL if _is_journal(data) else NOT_SHARED)
    try:
        whole = content.pop("sum", None) == checksum(content)
    except RecursionError:
        whole = False
    if not whole:
        raise ValueError("its content was changed or damaged")
    return content


def _is_journal(data: bytes) -> bool:
    return re.match(rb'\s*{"format": \d', data) is not None


def checksum(content: dict[str, Any]) -> str:
    """Return the sum that stands in a file beside its other fields."""
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _day(written: str, now: datetime) -> date:
    """Return the day on which a file was written, if it can have been."""
    try:
        time = datetime.fromisoformat(written if TIME.fullmatch(written) else "")
    except ValueError:
        raise ValueError("the time at which it was written is none in UTC") from None
    if time > now + CLOCKS:
        raise ValueError(f"it was written in the future, on {written[:10]}")
    return time.date()


def _standing(name: str, fields: object, exercise: Exercise, last: date) -> Standing:
    """Return how an exercise stands, if a check can have said so by that day."""
    expected = {field.name for field in dataclasses.fields(Standing)}
    if not isinstance(fields, dict) or set(fields) != expected:
        raise ValueError(f"{name}: a field is missing, or one too many")
    outcome, mistake = fields["outcome"], fields["misconception"]
    if outcome not in OUTCOMES:
        raise ValueError(f"{name}: no check says {shown(outcome)}")
    check_whole(f"{name}: the number of checks", fields["checks"], 1, MAX_ENTRIES)
    names = [""] if outcome == "correct" else ["", *exercise.misconceptions()]
    if mistake not in names:
        raise ValueError(f"{name}: no check that ends {outcome} names {shown(mistake)}")
    try:
        day = date.fromisoformat(fields["day"])
    except (TypeError, ValueError):
        raise ValueError(f"{name}: {shown(fields['day'])} is no day") from None
    if day > last:
        raise ValueError(f"{name}: checked on {day}, after the file was written")
    return Standing(outcome, fields["checks"], day.isoformat(), mistake)
