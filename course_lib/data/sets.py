"""The shipped sets as plain Python values."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from course_lib.data.files import load_lines, shipped
from course_lib.data.lines import DataError, show

SETS = ("names", "things", "play", "spam", "houses", "questions", "preferences")


class Message(NamedTuple):
    """One short message and its label."""

    text: str
    is_spam: int  # 1 spam, 0 not


class House(NamedTuple):
    """One made-up house."""

    size_m2: float  # floor area, square metres
    price_keur: float  # price, thousands of euros


MARKS = "[]<>"  # of an exchange, as a model reads it: no other text holds them


class Exchange(NamedTuple):
    """A question and its answer."""

    part: str  # "taught", "held out", "unknown", "unknown held out" or "near"
    question: str
    answer: str

    @property
    def thing(self) -> str:
        """What is asked about, with its article: "a wheel"."""
        return self.question.removeprefix("what is ").removesuffix("?")


class Preference(NamedTuple):
    """Two answers to one question, of which a rater chose one."""

    part: str  # "taught" or "held out"
    rule: str  # "manner": both are true; "truth": one is
    question: str
    chosen: str
    rejected: str


def load_names() -> list[str]:
    """Given names of many languages, a to z, in alphabetical order."""
    return load_lines("names")


def load_things() -> list[str]:
    """Sentences such as "a wheel is a machine part", sorted by the thing."""
    return load_lines("things")


def load_play() -> str:
    """Shakespeare's A Midsummer Night's Dream: a whole play as one text."""
    return shipped("play.txt").read_text(encoding="utf-8")


def load_spam() -> list[Message]:
    """Short messages, about half of them spam, in mixed order."""
    return [Message(row["text"], int(row["label"] == "spam")) for row in _rows("spam")]


def load_houses() -> list[House]:
    """Houses from small to large."""
    return [
        House(float(row["size_m2"]), float(row["price_keur"]))
        for row in _rows("houses")
    ]


def load_questions(part: str | None = None) -> list[Exchange]:
    """Questions such as "what is a wheel?" with their answers: all, or one part."""
    rows = [Exchange(**row) for row in _rows("questions")]
    return [row for row in rows if part in (None, row.part)]


def load_preferences(part: str | None = None) -> list[Preference]:
    """Pairs of answers, one preferred to the other: all, or one part."""
    rows = [Preference(**row) for row in _rows("preferences")]
    return [row for row in rows if part in (None, row.part)]


def card(name: str) -> str:
    """How a set was made, what it holds and where it is skewed, as Markdown.

    Raises DataError for a name that is not one of the shipped sets.
    """
    if name not in SETS:
        raise DataError(
            f"there is no set called {show(name)}: expected one of {', '.join(SETS)}. "
            "Check the spelling."
        )
    return shipped(f"{name}.md").read_text(encoding="utf-8")


def _rows(name: str) -> list[dict[str, str]]:
    text = shipped(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text), strict=True))
