"""Where a class stands: a heat map of its exercises, and what to say to it.

``class_view`` computes everything from what learners shared; it reads no file and no
clock. ``ClassView`` shows itself as text, ``app.class_page`` shows it as a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from course_lib.exercises.core import Exercise
from course_lib.exercises.progress import notebook
from course_lib.exercises.shared import Shared, Standing, same_name

__all__ = ["MARK", "WORD", "ClassView", "Row", "Stuck", "class_view"]

QUIET = timedelta(days=7)  # who has checked nothing for longer is not heard from
MAX_NAMED = 12  # nicknames in one sentence
MAX_COLUMNS = 60  # learners whose marks stand in a line of text
STATES = ("correct", "incorrect", "error", "open")
MARK = {"correct": "✓", "incorrect": "✗", "error": "!", "open": "·"}
WORD = {"correct": "solved", "incorrect": "wrong", "error": "error", "open": "open"}


@dataclass(frozen=True)
class Row:
    """One exercise, and how it stands with each learner."""

    exercise: Exercise
    cells: tuple[
        Standing | None, ...
    ]  # in the order of the learners; None: not checked

    @property
    def states(self) -> list[str]:
        """A state for each learner: correct, incorrect, error or open."""
        return [cell.outcome if cell else "open" for cell in self.cells]

    def count(self, *states: str) -> int:
        """Return how many learners are in one of these states."""
        return sum(state in states for state in self.states)

    @property
    def stuck(self) -> int:
        """How many have tried, and not solved it."""
        return self.count("incorrect", "error")


@dataclass(frozen=True)
class Stuck:
    """Those who are stuck on one exercise in the same way."""

    row: Row
    misconception: str  # or nothing: no known one
    nicknames: tuple[str, ...]

    @property
    def how(self) -> str:
        """The misconception, or that there is none with a name."""
        return self.misconception or "no known mistake"


@dataclass(frozen=True)
class ClassView:
    """Where a class stands."""

    day: date
    learners: tuple[str, ...]
    rows: tuple[Row, ...]  # of every exercise, in the order of the course
    stuck: tuple[Stuck, ...]  # those of one exercise together, the most first
    sentences: tuple[str, str, str]

    def chapters(self) -> dict[str, list[Row]]:
        """Return the rows of each notebook in which anybody has checked an answer."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(notebook(row.exercise.chapter), []).append(row)
        return {name: rows for name, rows in found.items() if _begun(rows)}

    def by_exercise(self) -> list[tuple[Row, list[Stuck]]]:
        """Return who is stuck, exercise by exercise, the most first."""
        groups = groupby(self.stuck, key=lambda one: one.row.exercise.id)
        together = [list(group) for _, group in groups]
        return [(group[0].row, group) for group in together]

    def not_begun(self) -> list[str]:
        """Return the notebooks in which nobody has checked an answer."""
        names = dict.fromkeys(notebook(row.exercise.chapter) for row in self.rows)
        return [name for name in names if name not in self.chapters()]

    def __str__(self) -> str:
        parts = [self._head(), self._table(), self._who(), self._to_say()]
        return "\n\n".join(part for part in parts if part)

    def _head(self) -> str:
        return f"Where the class stands on {self.day}: {people(len(self.learners))}"

    def _table(self) -> str:
        lines = [f"{'':28}" + "".join(f"{WORD[state]:>8}" for state in STATES)]
        for name, rows in self.chapters().items():
            lines.append(name)
            lines += map(self._line, rows)
        if names := self.not_begun():
            lines.append(f"Nobody has begun {listed(names)}.")
        if 1 < len(self.learners) <= MAX_COLUMNS:
            marks = ", ".join(f"{MARK[state]} {WORD[state]}" for state in STATES)
            lines.append(f"A mark for each learner ({marks}), in this order:")
            lines.append("  " + ", ".join(self.learners))
        return "\n".join(lines)

    def _line(self, row: Row) -> str:
        counts = "".join(f"{row.count(state) or '':>8}" for state in STATES)
        marks = "".join(MARK[state] for state in row.states)
        return f"  {row.exercise.name:26}{counts}" + (
            f"  {marks}" if 1 < len(marks) <= MAX_COLUMNS else ""
        )

    def _who(self) -> str:
        lines = []
        for row, groups in self.by_exercise():
            lines.append(f"  {row.exercise.id}: {row.stuck}")
            lines += [f"    {one.how}: {listed(one.nicknames)}" for one in groups]
        return "\n".join(["Stuck:", *lines]) if lines else ""

    def _to_say(self) -> str:
        return "\n".join(["To say:", *(f"  {one}" for one in self.sentences)])


def class_view(
    shared: Iterable[Shared],
    exercises: Sequence[Exercise],
    day: date,
    roster: Iterable[str] = (),
) -> ClassView:
    """Return where a class stands on a day.

    ``shared``: what each learner shared, each nickname once. ``roster``: nicknames from
    whom something is expected; without it nobody is known to be missing.
    """
    known = sorted(shared, key=lambda one: same_name(one.nickname))
    rows = tuple(
        Row(exercise, tuple(one.standings.get(exercise.id) for one in known))
        for exercise in exercises
    )
    learners = tuple(one.nickname for one in known)
    stuck = tuple(_groups(rows, learners))
    sentences = (
        _on_the_hardest(rows, stuck),
        _on_what_is_known(rows),
        _on_the_silent(known, day, roster),
    )
    return ClassView(day, learners, rows, stuck, sentences)


def _begun(rows: Iterable[Row]) -> bool:
    return any(row.count("open") < len(row.cells) for row in rows)


def _groups(rows: Iterable[Row], learners: Sequence[str]) -> list[Stuck]:
    """Return who is stuck where and how: exercise by exercise, the most first."""
    groups: list[Stuck] = []
    for row in rows:
        found: dict[str, list[str]] = {}
        for nickname, cell in zip(learners, row.cells, strict=True):
            if cell and cell.outcome != "correct":
                found.setdefault(cell.misconception, []).append(nickname)
        own = [Stuck(row, name, tuple(who)) for name, who in found.items()]
        groups += sorted(
            own, key=lambda one: (not one.misconception, -len(one.nicknames))
        )
    return sorted(groups, key=lambda one: -one.row.stuck)  # stable


def _on_the_hardest(rows: Sequence[Row], stuck: Sequence[Stuck]) -> str:
    """Say which exercise most are stuck on, why, and the hint that helps."""
    hardest = max(rows, key=lambda row: row.stuck, default=None)
    if hardest is None or not hardest.stuck:
        return "Nobody is stuck on an exercise."
    exercise, total = hardest.exercise, len(hardest.cells)
    where = f"{quoted(exercise.title)} in {notebook(exercise.chapter)}"
    be = "is" if hardest.stuck == 1 else "are"
    said = f"{hardest.stuck} of {people(total)} {be} stuck on {where}"
    named = [one for one in stuck if one.row is hardest and one.misconception]
    if not named:
        return f"{said}. A hint: {exercise.hints[0]}"
    often = named[0]
    hint = exercise.misconceptions().get(often.misconception) or exercise.hints[0]
    count = len(often.nicknames)
    how = "with" if count == hardest.stuck else f"most often ({count}) with"
    return f"{said}, {how} {quoted(often.misconception)}. A hint: {hint}"


def _on_what_is_known(rows: Sequence[Row]) -> str:
    """Say what everybody has solved, or what most have."""
    most = max((row.count("correct") for row in rows), default=0)
    if not most:
        return "Nobody has solved an exercise yet."
    best = [row for row in rows if row.count("correct") == most]
    titles = [quoted(row.exercise.title) for row in best]
    total = len(best[0].cells)
    if most == total:
        return f"Everybody has solved {listed(titles)}."
    return f"{titles[0]} is solved by the most: {most} of {people(total)}."


def _on_the_silent(shared: Sequence[Shared], day: date, roster: Iterable[str]) -> str:
    """Say from whom nothing has come: no file, no check, or none for a week."""
    there = {same_name(one.nickname) for one in shared}
    silent = [f"{name} (no file)" for name in roster if same_name(name) not in there]
    for one in shared:
        if not one.last_day:
            silent.append(f"{one.nickname} (no check yet)")
        elif day - date.fromisoformat(one.last_day) > QUIET:
            silent.append(f"{one.nickname} (last check on {one.last_day})")
    if silent:
        return f"Not heard from: {listed(silent)}."
    return f"Everybody has been heard from in the last {QUIET.days} days."


def people(number: int) -> str:
    """Return a number of learners in words: 1 learner, 30 learners."""
    return f"{number:,} learner{'' if number == 1 else 's'}"


def quoted(text: str) -> str:
    """Return a title or a name in quotation marks."""
    return f"“{text}”"


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence; of many, the first and how many more."""
    if len(names) > MAX_NAMED:
        more = len(names) - MAX_NAMED
        return f"{', '.join(names[:MAX_NAMED])} and {more:,} more"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
