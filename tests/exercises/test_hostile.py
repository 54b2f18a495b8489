"""Answers that misbehave: a verdict, never "correct", and nothing harmed."""

from __future__ import annotations

import pytest

from course_lib.exercises.core import Exercise, all_exercises, supervisor
from tools.hostile_answers import DESTRUCTIVE, MISBEHAVING, Trial, objects, trials

pytestmark = pytest.mark.usefixtures("home")
PATIENT = 30.0  # seconds: a busy machine starts processes slowly; the tool says 5


@pytest.mark.parametrize("one", all_exercises(), ids=lambda e: e.id)
def test_hostile_answers(one: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole matrix; `make test` leaves it out while nothing it uses has changed."""
    each_gets_a_verdict(one, monkeypatch)


@pytest.mark.parametrize("kind", ["function", "class", "value"])
def test_hostile_answers_to_one_of_each_kind(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(one for one in all_exercises() if one.kind == kind)
    each_gets_a_verdict(first, monkeypatch)


def each_gets_a_verdict(one: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "TIME_LIMIT", 0.5)
    monkeypatch.setattr(supervisor, "MEMORY_LIMIT", 100)
    found = trials(one)
    count = len(list(objects()))
    if one.kind != "value":
        count += len(DESTRUCTIVE) + len(MISBEHAVING)
        assert one.check_source(one.answer_source()), "the next check is harmed"
    else:
        assert one.check(one.answer), "the next check is harmed"
    print(f"{one.id}: {len(found)} hostile answers")
    assert len(found) == count
    said = [trial.problem(PATIENT) for trial in found]
    assert [line for line in said if line] == []


def test_a_bad_verdict_is_noticed() -> None:
    assert "accepted" in str(Trial("a", "b", "correct", 0.0, 0).problem())
    assert "6.0 s" in str(Trial("a", "b", "error", 6.0, 0).problem())
    assert "characters" in str(Trial("a", "b", "error", 0.0, 10_001).problem())
    assert Trial("a", "b", "error", 4.9, 10_000).problem() is None
