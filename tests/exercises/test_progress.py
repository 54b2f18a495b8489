"""Progress: the table and the card."""

from __future__ import annotations

import subprocess
import sys

import pytest

from course_lib.exercises import journal, progress
from course_lib.exercises.core import all_exercises

pytestmark = pytest.mark.usefixtures("home")


def test_an_empty_card_says_so() -> None:
    for shown in (progress.card([])._repr_mimebundle_(), progress.Card({}).html()):
        assert "No exercise has been checked yet." in str(shown)


def test_the_card_shows_marks_and_words() -> None:
    journal.save_answer("autograd.own_value", "correct", "x", "x")
    shown = progress.card()._repr_mimebundle_()
    assert "own_value" in shown["text/plain"]
    assert "solved" in shown["text/html"]
    assert "✓" in shown["text/html"]


def test_exercises_stand_in_the_order_of_the_notebooks_and_unknown_ones_last() -> None:
    for name, outcome in (
        ("later.unknown", "correct"), ("loss.mse", "error"), ("loss.mse", "correct"),
    ):  # fmt: skip
        assert journal.save_answer(name, outcome, "x", "x") is None
    entries, _ = journal.entries()
    chapters = progress.progress_by_chapter(all_exercises(), entries)
    assert list(chapters)[:2] == ["start_here", "loss"]
    assert list(chapters)[-1] == "later"
    [unknown] = chapters["later"]
    assert (unknown.title, unknown.state) == ("", "solved")
    [mse] = [row for row in chapters["loss"] if row.exercise == "loss.mse"]
    assert (mse.state, mse.checks, mse.solved) == ("solved", 2, entries[-1].day)


def test_the_card_lists_only_the_chapters_that_were_imported() -> None:
    code = (
        "from course_lib.exercises import progress, start_here; print(progress.card())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "00_start_here: 0 of 1 solved\n  ○ mean                         open\n"
    )
