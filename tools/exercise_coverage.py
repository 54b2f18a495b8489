"""Verify every exercise: ``python -m tools.exercise_coverage [chapter …]``.

For each exercise: the solution and every right answer are accepted, every known wrong
answer is rejected with its own message, the stub is not attempted, and there are
enough of each. One line an exercise; exit code 1 if anything is missing.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field

from course_lib.exercises.core import Exercise, Result, all_exercises
from course_lib.exercises.core.extract_source import is_untouched
from course_lib.exercises.core.judge import KnownAnswer
from course_lib.exercises.core.supervisor import Worker, reusable_worker

WRONG, RIGHT, HINTS = 8, 5, 2
Say = Callable[[str], None]


@dataclass
class Coverage:
    """One exercise: its counts of answers, hints and cases, and its problems."""

    exercise: Exercise
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        e = self.exercise
        return (
            f"{e.id:<36} {len(e.wrong_answers):>5} {len(e.right_answers):>5} "
            f"{len(e.hints):>5} {len(e.cases) or 1:>5}  "
            f"{'ok' if not self.problems else 'see below'}"
        )


def cover(exercise: Exercise) -> Coverage:
    """Check every answer that is registered with an exercise."""
    coverage = Coverage(exercise)
    say = coverage.problems.append
    for name, count, least in (
        ("wrong answers", len(exercise.wrong_answers), WRONG),
        ("right variants", len(exercise.right_answers), RIGHT),
        ("hints", len(exercise.hints), HINTS),
    ):
        if count < least:
            say(f"{count} {name}; at least {least} expected")
    labels = [known.label for known in exercise.wrong_answers]
    if len(set(labels)) < len(labels):
        say("two wrong answers have one label")
    if not exercise.title or not exercise.task:
        say("title or task is missing")
    _stub(exercise, say)
    try:
        with reusable_worker(exercise.jax) as worker:
            _answers(exercise, worker, say)
    except Exception as error:
        say(f"{type(error).__name__}: {error}")
    return coverage


def _stub(exercise: Exercise, say: Say) -> None:
    stub = exercise.stub()
    if exercise.kind == "value":
        return  # the stub is `name = ...`, and `...` is never an attempt
    definitions = ast.FunctionDef | ast.ClassDef
    made = [n.name for n in ast.parse(stub).body if isinstance(n, definitions)]
    if len(made) != 1 or not is_untouched(stub, made[0], stub):
        say("the stub is not reported as not attempted")


def _answers(exercise: Exercise, worker: Worker, say: Say) -> None:
    solution = KnownAnswer("the solution", "", exercise.answer_source)
    for known in [solution, *exercise.right_answers]:
        result = judge(exercise, known, worker)
        if not result:
            say(f"right answer rejected ({known.label}):\n{result}")
    for known in exercise.wrong_answers:
        result = judge(exercise, known, worker)
        if result.outcome not in ("incorrect", "error"):
            say(f"wrong answer accepted ({known.label}): {result.outcome}")
        elif (result.misconception, result.message) != (known.label, known.message):
            say(f"{known.label}: earned the message of another:\n{result}")


def judge(exercise: Exercise, known: KnownAnswer, worker: Worker) -> Result:
    """Check an answer that is registered with the exercise."""
    if exercise.kind == "value":
        return exercise.check_value(known.value())
    return exercise.check_source(known.source(), worker)


def main(arguments: list[str] | None = None) -> int:
    """Print one line for each exercise and what is missing; return 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapters", nargs="*", help="such as autograd; without: all")
    chosen = parser.parse_args(arguments).chapters
    exercises = [e for e in all_exercises() if not chosen or e.chapter in chosen]
    if not exercises:
        print("No exercise found.")
        return 2
    print(f"{'exercise':<36} wrong right hints cases")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_LIB_HOME"] = folder
        for exercise in exercises:
            found.append(cover(exercise))
            print(found[-1], flush=True)
    for coverage in found:
        for problem in coverage.problems:
            print(f"\n{coverage.exercise.id}: {problem}")
    wrong = sum(len(e.wrong_answers) for e in exercises)
    right = sum(len(e.right_answers) for e in exercises)
    print(f"\n{len(exercises)} exercises, {wrong} wrong and {right} right answers.")
    return 1 if any(coverage.problems for coverage in found) else 0


if __name__ == "__main__":
    sys.exit(main())
