"""What the tests of answers ask of a verdict."""

from __future__ import annotations

from course_lib.exercises.core import Exercise
from course_lib.exercises.core.feedback import Feedback
from course_lib.exercises.core.supervisor import Worker


def check_name(result: Feedback, expected: str) -> None:
    """Check which misconception an answer earned.

    expected: its name, "" for a right answer, "-" for any verdict but "correct".
    """
    found = "" if result else result.misconception or "-"
    assert found == expected or (expected == "-" and found), result


def error_types(exercise: Exercise, worker: Worker) -> set[str | None]:
    """Return what the known wrong answers raise when they run; None for no error."""
    verdicts = [
        exercise.code_judge.verdict(known.source(), worker)
        for known in exercise.wrong_answers
    ]
    errors = [verdict.observed.error for verdict in verdicts]
    return {error and error["type"] for error in errors}
