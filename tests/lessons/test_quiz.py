"""The five questions of notebook 00: they point to refreshers, and fit the page."""

from __future__ import annotations

import pytest

from course_lib.lessons.quiz import QUESTIONS, advice, questions


def test_the_right_answers_need_no_advice() -> None:
    right = {number: question.right for number, question in QUESTIONS.items()}
    assert advice(right) == "All five are right. Go on to notebook 01."


@pytest.mark.parametrize("number", QUESTIONS)
@pytest.mark.parametrize("answer", [None, "?", "wrong"])
def test_each_question_not_known_gets_its_refresher(
    number: int, answer: str | None
) -> None:
    given: dict[int, str | None] = {n: q.right for n, q in QUESTIONS.items()}
    question = QUESTIONS[number]
    wrong = next(letter for letter in "abc" if letter != question.right)
    given[number] = wrong if answer == "wrong" else answer
    said = advice(given)
    assert said.startswith("4 of 5 known.")
    assert f"{question.topic}: {question.refresher}" in " ".join(said.split())
    assert sum(q.topic + ": " in said for q in QUESTIONS.values()) == 1


def test_questions_left_out_count_as_not_known() -> None:
    assert advice({}).startswith("0 of 5 known.")


def test_an_answer_that_is_none_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="answer 2 must be 'a', 'b' or 'c'"):
        advice({2: "d"})


def test_the_lines_fit_a_page() -> None:
    for said in (questions(), advice({})):
        assert max(map(len, said.splitlines())) <= 79
