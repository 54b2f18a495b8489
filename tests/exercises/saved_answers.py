"""Answers in a journal, for the tests that need some."""

from __future__ import annotations

from dataclasses import replace

from course_lib.exercises import journal

SOLVED = journal.Entry(
    "loss.mse", "correct", "2026-11-20T10:00:00.000000Z", "0.1.0", "f", "def f(x): 0\n"
)


def fill(count: int = 3) -> list[journal.Entry]:
    """Save answers to two exercises in turn, incorrect and correct; return all."""
    for number in range(count):
        outcome = "correct" if number % 2 else "incorrect"
        source = f"def f(x):\n    return {number}  # «ü»\n"
        name = f"loss.mse{number % 2}"
        assert journal.save_answer(name, outcome, source, "f") is None
    return journal.entries()[0]


def smuggle(**fields: str) -> None:
    """Write an entry with a right checksum into the journal, past the door."""
    with open(journal.journal_path(), "ab") as file:
        file.write(replace(SOLVED, **fields).line().encode() + b"\n")
