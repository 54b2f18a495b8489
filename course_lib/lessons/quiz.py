"""A self-test of prerequisites: five questions, each with a refresher."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["QUESTIONS", "Question", "advice", "questions"]


class Question(NamedTuple):
    """A multiple-choice question, and a refresher for those who are unsure."""

    topic: str
    text: str
    options: tuple[str, ...]  # named a, b, c
    right: str
    refresher: str


QUESTIONS: dict[int, Question] = {
    1: Question(
        "functions",
        "f(x) = x * x. What is f(3)?",
        ("6", "9", "33"),
        "b",
        "A function is a rule: put a number in, get a number out. f(x) = x * x says "
        "'take the number twice and multiply', so f(3) is 3 * 3.",
    ),
    2: Question(
        "slopes",
        "A road climbs 2 m on every 10 m forward. What is its slope?",
        ("0.2", "5", "20"),
        "a",
        "Slope is rise over run: how much higher you get for each metre forward. 2 m "
        "over 10 m is 2 / 10. Downhill, the slope is negative. Notebook 02 is about "
        "slopes.",
    ),
    3: Question(
        "logarithms",
        "Which is larger: -log(0.01) or -log(0.9)?",
        ("-log(0.01)", "-log(0.9)", "they are equal"),
        "a",
        "log(p) asks: e to which power gives p? Here e is Euler's number, about 2.718. "
        "For p between 0 and 1 the answer is negative, and the smaller p, the further "
        "below 0. So -log(p) is small for what was likely and large for what was not. "
        "Notebook 01 uses it to measure surprise.",
    ),
    4: Question(
        "vectors",
        "What is the dot product of [1, 2] and [3, 4]?",
        ("[3, 8]", "10", "11"),
        "c",
        "A vector is a list of numbers. The dot product multiplies them pair by pair "
        "and adds: 1 * 3 + 2 * 4. It is positive where two vectors point roughly the "
        "same way, and 0 where they stand at a right angle.",
    ),
    5: Question(
        "Python lists",
        "What is [2 * x for x in [1, 2, 3]]?",
        ("[1, 2, 3, 1, 2, 3]", "[2, 4, 6]", "12"),
        "b",
        "A list comprehension makes a new list: it computes the expression in front "
        "for each x of the old one. Here each number is doubled.",
    ),
}


def questions() -> str:
    """Return the five questions as text."""
    lines = []
    for number, question in QUESTIONS.items():
        options = "   ".join(
            f"{letter}) {option}"
            for letter, option in zip("abc", question.options, strict=True)
        )
        lines += [f"{number}. {question.text}", f"   {options}", ""]
    return "\n".join(lines).rstrip()


def advice(answers: Mapping[int, str | None]) -> str:
    """Return, for answers such as ``{1: "b", 2: None}``, which refreshers to read.

    A question may be left out, or answered by None or "?". Raises ValueError, in one
    line, for an answer that is none of a, b, c.
    """
    unsure = []
    for number, question in QUESTIONS.items():
        answer = answers.get(number)
        letter = str(answer).strip().lower() if answer is not None else "?"
        if letter not in ("a", "b", "c", "?"):
            raise ValueError(
                f"answer {number} must be 'a', 'b' or 'c', or '?' if unsure: {answer!r}"
            )
        if letter != question.right:
            unsure.append(question)
    if not unsure:
        return "All five are right. Go on to notebook 01."
    known = len(QUESTIONS) - len(unsure)
    lines = [f"{known} of {len(QUESTIONS)} known. Spend a minute on each of these:"]
    for question in unsure:  # wrapped here: a notebook would break within words
        lines += ["", *textwrap.wrap(f"{question.topic}: {question.refresher}", 79)]
    return "\n".join(lines)
