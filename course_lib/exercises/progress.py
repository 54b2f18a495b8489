"""Progress: how far each exercise has come, as a table in text and as a card."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from course_lib.bounds import escaped
from course_lib.exercises import journal
from course_lib.exercises.core import CHAPTERS, Exercise, imported_exercises
from course_lib.exercises.journal import Entry

MARK = {"solved": "✓", "tried": "◐", "open": "○"}
NONE_YET = "No exercise has been checked yet."
MAX_UNKNOWN = 100  # exercises of another course that are listed


@dataclass(frozen=True)
class ExerciseProgress:
    """How far one exercise has come."""

    exercise: str
    title: str
    checks: int  # how many answers were checked
    solved: str  # the day it was first solved, or nothing

    @property
    def state(self) -> str:
        """One word: solved, tried or open."""
        return "solved" if self.solved else "tried" if self.checks else "open"


def progress_by_chapter(
    exercises: Iterable[Exercise], entries: list[Entry]
) -> dict[str, list[ExerciseProgress]]:
    """Return, for each chapter, how far each exercise has come.

    Entries may name exercises that are not given: of other chapters, of a newer course;
    of those the first MAX_UNKNOWN are listed.
    """
    answers: dict[str, list[Entry]] = {}
    for entry in entries:
        answers.setdefault(entry.exercise, []).append(entry)
    titles = {exercise.id: exercise.title for exercise in exercises}
    unknown = [name for name in answers if name not in titles]
    chapters: dict[str, list[ExerciseProgress]] = {}
    for name in (*titles, *unknown[:MAX_UNKNOWN]):
        row = _progress(name, titles.get(name, ""), answers.get(name, []))
        chapters.setdefault(name.partition(".")[0], []).append(row)
    return chapters


def _progress(name: str, title: str, own: list[Entry]) -> ExerciseProgress:
    solved = [entry.day for entry in own if entry.outcome == "correct"]
    return ExerciseProgress(name, title, len(own), solved[0] if solved else "")


def notebook(chapter: str) -> str:
    """Return the name of a chapter's notebook, such as 04_autograd."""
    if chapter not in CHAPTERS:
        return chapter
    return f"{CHAPTERS.index(chapter):02}_{chapter}"


def _count(rows: list[ExerciseProgress]) -> str:
    """Return the counts of a chapter in words: 2 of 5 solved, 1 tried."""
    states = [row.state for row in rows]
    tried = f", {states.count('tried')} tried" if "tried" in states else ""
    return f"{states.count('solved')} of {len(rows)} solved{tried}"


class Card:
    """The progress in every chapter, compact: HTML in a notebook, else text."""

    def __init__(
        self,
        chapters: dict[str, list[ExerciseProgress]],
        notes: Iterable[str] = (),
    ) -> None:
        self.chapters, self.notes = chapters, list(notes)

    def table(self) -> str:
        """Return a table in text: a line for each exercise, under its chapter."""
        lines = []
        for chapter, rows in self.chapters.items():
            lines.append(f"{notebook(chapter)}: {_count(rows)}")
            for row in rows:
                short = row.exercise.partition(".")[2]
                when = f" on {row.solved}" if row.solved else ""
                checks = f", {row.checks} checked" if row.checks else ""
                mark = MARK[row.state]
                lines.append(f"  {mark} {short:<28} {row.state}{when}{checks}")
        return "\n".join(lines) if lines else NONE_YET

    def __repr__(self) -> str:
        return "\n".join([self.table(), *self.notes])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}

    def html(self) -> str:
        """Return a row of marks for each chapter."""
        rows = "".join(_html_row(name, rows) for name, rows in self.chapters.items())
        notes = "".join(f"<div>{escape(line)}</div>" for line in self.notes)
        return (
            '<div style="border-left: 5px solid var(--jp-info-color1, #4c8fd6); '
            'padding: 4px 0 6px 12px; line-height: 1.45">'
            '<div style="font-weight: 700">Your progress</div>'
            + (
                f'<table style="margin: 4px 0; border: none">{rows}</table>'
                if rows
                else NONE_YET
            )
            + notes
            + "</div>"
        )


def _html_row(chapter: str, rows: list[ExerciseProgress]) -> str:
    marks = " ".join(
        f'<span title="{escape(row.title or row.exercise)}: {row.state}">'
        f"{MARK[row.state]}</span>"
        for row in rows
    )
    return (
        '<tr style="background: none"><th scope="row" style="text-align: left; '
        f'padding: 1px 1.5em 1px 0">{escape(notebook(chapter))}</th>'
        f'<td style="text-align: left; padding: 1px 1.5em 1px 0">{marks}</td>'
        f'<td style="text-align: left; padding: 1px 0">{_count(rows)}'
        "</td></tr>"
    )


def card(exercises: Iterable[Exercise] | None = None) -> Card:
    """Return your progress, ready for the page.

    Listed are the exercises given (those of the imported chapters, if none are), and
    whatever else the journal holds.
    """
    exercises = imported_exercises() if exercises is None else exercises
    try:
        entries, damaged = journal.entries()
    except OSError as error:
        reason = escaped(error.strerror or str(error))
        problem = f"The journal cannot be read: {reason}."
        return Card(progress_by_chapter(exercises, []), [problem])
    return Card(progress_by_chapter(exercises, entries), damaged)
