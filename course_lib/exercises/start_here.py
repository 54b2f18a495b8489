# mypy: ignore-errors
"""The warm-up of 00_start_here. Answers are written as learners write: untyped."""

from __future__ import annotations

from course_lib.exercises.core import exercise


@exercise(
    title="A warm-up: the mean",
    task=(
        "Write a function that takes a list of numbers and returns their mean: the sum "
        "divided by how many there are."
    ),
    hints=(
        "Python has a function that adds up a list, and one that counts its items.",
        "Divide the sum of the numbers by the length of the list, with /.",
    ),
    cases=[
        ([1.0, 2.0, 9.0],),
        ([2, 3],),
        ([-4.0, 1.0, 1.5, 8.0],),
        ([7.0],),
        ([0.5, -0.5, 6.0, 10.0, -1.0],),
    ],
    after="Nearly every loss in this course ends with a mean.",
)
def mean(numbers):
    """Return the mean of a list of numbers."""
    return sum(numbers) / len(numbers)


mean.wrong_edit(
    "sum instead of mean",
    "These are added up. What is left to do, so that ten numbers do not give ten times "
    "as much as one?",
    (" / len(numbers)", ""),
)
mean.wrong_edit(
    "whole-number division",
    "Try the list [2, 3] by hand. What became of the half?",
    (" / len", " // len"),
)
mean.wrong_edit(
    "divided by one less than the count",
    "A single number is its own mean. What does yours give for a list of one?",
    ("/ len(numbers)", "/ max(len(numbers) - 1, 1)"),
)
mean.wrong_edit(
    "divided by one more than the count",
    "A single number is its own mean. What does yours give for a list of one?",
    ("/ len(numbers)", "/ (len(numbers) + 1)"),
)
mean.wrong_edit(
    "always divided by 2",
    "This is right for two numbers. What should change with the length of the list?",
    ("/ len(numbers)", "/ 2"),
)
mean.wrong_edit(
    "the fraction upside down",
    "Which of the two is being shared out, and among how many?",
    ("sum(numbers) / len(numbers)", "len(numbers) / sum(numbers)"),
)
mean.wrong_edit(
    "negative numbers counted as positive",
    "Look at the list with a negative number: should it pull the mean up or down?",
    ("sum(numbers)", "sum(abs(x) for x in numbers)"),
)


@mean.wrong(
    "the middle instead of the mean",
    "This is the median, the number in the middle. The mean shares the sum out evenly.",
)
def _(numbers):
    return sorted(numbers)[len(numbers) // 2]


@mean.wrong(
    "halfway between smallest and largest",
    "Only the smallest and the largest number have a say here. What of the others?",
)
def _(numbers):
    return (min(numbers) + max(numbers)) / 2


@mean.wrong(
    "the last number left out",
    "Count how many numbers were added. Did the last one get in?",
)
def _(numbers):
    return sum(numbers[:-1]) / len(numbers)


@mean.wrong(
    "returned within the loop",
    "The function ends at its first return. On which turn of the loop is that?",
)
def _(numbers):
    total = 0.0
    for number in numbers:
        total += number
        return total / len(numbers)
    return None


@mean.right("with a loop")
def _(numbers):
    total = 0.0
    for number in numbers:
        total += number
    return total / len(numbers)


@mean.right("with NumPy")
def _(numbers):
    import numpy as np

    return np.mean(numbers)


@mean.right("in float32")
def _(numbers):
    import numpy as np

    return np.float32(np.asarray(numbers, np.float32).mean())


@mean.right("with the standard library")
def _(numbers):
    from statistics import fmean

    return fmean(numbers)


@mean.right("a running mean")
def _(numbers):
    so_far = 0.0
    for i, number in enumerate(numbers, 1):
        so_far += (number - so_far) / i
    return so_far
