"""Where a class stands: counts, groups, and three sentences that follow from them."""

from __future__ import annotations

from datetime import date

import pytest

from course_lib.exercises.class_view import ClassView, class_view, listed
from course_lib.exercises.shared import Shared
from tests.exercises.a_class import NICKNAMES, exercises, shared, standing, thirty

TODAY = date(2026, 11, 30)
SOME = exercises("start_here.mean", "loss.mse", "loss.softmax", "gradient.mse_gradient")
SOLVED = standing("correct")


def view(*found: Shared, roster: tuple[str, ...] = ()) -> ClassView:
    return class_view(found, SOME, TODAY, roster)


def wrong(mistake: str = "") -> dict:
    return {"loss__mse": standing("incorrect", mistake)}


def test_thirty_learners_are_counted_each_once_for_each_exercise() -> None:
    found = thirty()
    whole = class_view(found, exercises(), TODAY)
    assert len(whole.learners) == 30
    assert sorted(whole.learners) == sorted(NICKNAMES)
    for row in whole.rows:
        states = ("correct", "incorrect", "error", "open")
        assert sum(row.count(state) for state in states) == 30
        told = [one.standings.get(row.exercise.id) for one in found]
        for state in states[:-1]:
            assert row.count(state) == sum(
                one is not None and one.outcome == state for one in told
            )
    assert list(whole.chapters()) == ["00_start_here", "01_loss", "02_gradient"]
    assert whole.not_begun()[0] == "03_learning_rate"


def test_a_column_belongs_to_the_learner_above_it() -> None:
    found = view(shared("Bo", loss__mse=SOLVED), shared("ada"), shared("cy", **wrong()))
    assert found.learners == ("ada", "Bo", "cy")
    (row,) = [row for row in found.rows if row.exercise.id == "loss.mse"]
    assert row.states == ["open", "correct", "incorrect"]
    assert "·✓✗" in str(found)


def test_everyone_who_is_stuck_stands_in_one_group() -> None:
    whole = class_view(thirty(), exercises(), TODAY)
    named = [(one.row.exercise.id, who) for one in whole.stuck for who in one.nicknames]
    assert len(named) == len(set(named)) == sum(row.stuck for row in whole.rows)
    sizes = [row.stuck for row, _ in whole.by_exercise()]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == len(named)


def test_the_first_sentence_has_the_hint_for_the_commonest_mistake() -> None:
    found = view(
        shared("a", **wrong("sum instead of mean")),
        shared("b", **wrong("sum instead of mean")),
        shared("c", **wrong("relative error")),
        shared("d", loss__softmax=standing("error"), loss__mse=SOLVED),
    )
    (mse,) = exercises("loss.mse")
    hint = mse.misconceptions()["sum instead of mean"]
    assert found.sentences[0] == (
        "3 of 4 learners are stuck on “Mean squared error” in 01_loss, most often (2) "
        f"with “sum instead of mean”. A hint: {hint}"
    )


def test_a_mistake_without_a_message_gets_the_first_hint() -> None:
    (mse,) = exercises("loss.mse")
    for mistake, how in (("", ""), ("infinity", ", with “infinity”")):
        said = view(shared("a", **wrong(mistake))).sentences[0]
        assert said == (
            f"1 of 1 learner is stuck on “Mean squared error” in 01_loss{how}. "
            f"A hint: {mse.hints[0]}"
        )


def test_the_second_sentence_says_what_everybody_or_most_have() -> None:
    none, some = shared("a"), shared("b", loss__mse=SOLVED)
    both = shared("c", loss__mse=SOLVED, loss__softmax=SOLVED)
    assert view(none).sentences[1] == "Nobody has solved an exercise yet."
    assert view(some, both).sentences[1] == (
        "Everybody has solved “Mean squared error”."
    )
    assert view(none, some, both).sentences[1] == (
        "“Mean squared error” is solved by the most: 2 of 3 learners."
    )


@pytest.mark.parametrize(
    ("day", "silent"), [("2026-11-23", False), ("2026-11-22", True)]
)
def test_the_third_sentence_names_who_is_silent(day: str, silent: bool) -> None:
    found = view(shared("Ada", loss__mse=standing("correct", day=day)), roster=("ADA",))
    assert (f"Ada (last check on {day})" in found.sentences[2]) == silent
    assert "no file" not in found.sentences[2]
    found = view(shared("Ada", loss__mse=SOLVED), shared("Bo"), roster=("ada", "Cy"))
    assert found.sentences[2] == "Not heard from: Cy (no file) and Bo (no check yet)."


def test_when_all_is_well_it_says_so() -> None:
    said = view(shared("Ada", loss__mse=SOLVED)).sentences
    assert said[0] == "Nobody is stuck on an exercise."
    assert said[2] == "Everybody has been heard from in the last 7 days."


def test_a_large_class_is_listed_shortly() -> None:
    many = [f"l{n}" for n in range(100)]
    assert listed(many).endswith("l11 and 88 more")
    found = view(*(shared(name, **wrong()) for name in many))
    assert max(map(len, str(found).splitlines())) < 250
    assert "✗✗" not in str(found)
