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
        ([0, 4, 0, 4, 4, 1],),
        ([-2.5, -0.3, -4.0],),
        ([0.11, 0.0, 0.02, 0.05, 0.02, 0.11, 0.0],),
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
    "cut down to a whole number",
    "Try the list [2, 3] by hand. What became of the half?",
    ("sum(numbers) / len(numbers)", "int(sum(numbers) / len(numbers))"),
)
mean.wrong_edit(
    "rounded to a whole number",
    "A mean may lie between two whole numbers. Leave it as it comes out.",
    ("sum(numbers) / len(numbers)", "round(sum(numbers) / len(numbers))"),
)
mean.wrong_edit(
    "rounded to one decimal",
    "Rounding loses a part of the answer. Return the mean as it comes out.",
    ("sum(numbers) / len(numbers)", "round(sum(numbers) / len(numbers), 1)"),
)
mean.wrong_edit(
    "rounded to two decimals",
    "Rounding loses a part of the answer. Return the mean as it comes out.",
    ("sum(numbers) / len(numbers)", "round(sum(numbers) / len(numbers), 2)"),
)
mean.wrong_edit(
    "repeated numbers counted once",
    "Try [4, 4, 1] by hand: the 4 is there twice. Does it count twice in yours?",
    ("sum(numbers) / len(numbers)", "sum(set(numbers)) / len(set(numbers))"),
)
mean.wrong_edit(
    "repeated numbers added once",
    "Try [4, 4, 1]: how many numbers were added, and by how many did you divide?",
    ("sum(numbers)", "sum(set(numbers))"),
)
mean.wrong_edit(
    "different numbers counted",
    "Try [4, 4, 1]: how many numbers were added, and by how many did you divide?",
    ("len(numbers)", "len(set(numbers))"),
)
mean.wrong_edit(
    "zeros left out of the count",
    "A zero is a number, too: it adds nothing to the sum, but it pulls the mean down. "
    "Try [0, 4].",
    ("len(numbers)", "max(sum(x != 0 for x in numbers), 1)"),
)
mean.wrong_edit(
    "the root of the mean square",
    "Squares lose the sign: with [-1, 1] the mean should be 0.",
    (
        "sum(numbers) / len(numbers)",
        "(sum(x * x for x in numbers) / len(numbers)) ** 0.5",
    ),
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
    "the median instead of the mean",
    "This is the number in the middle of the sorted list. The mean shares the sum out "
    "evenly.",
)
def _(numbers):
    import statistics

    return statistics.median(numbers)


@mean.wrong(
    "only the positive numbers",
    "Look at the list with a negative number: it belongs to the list as well, and "
    "pulls the mean down.",
)
def _(numbers):
    positive = [x for x in numbers if x > 0]
    return sum(positive) / len(positive)


mean.wrong_edit(
    "the sign of the mean lost",
    "Where most numbers are negative, the mean is negative, too.",
    ("sum(numbers) / len(numbers)", "abs(sum(numbers) / len(numbers))"),
)
mean.wrong_edit(
    "negative numbers added as 0",
    "Look at the list with a negative number: it should pull the mean down.",
    ("sum(numbers)", "sum(max(x, 0) for x in numbers)"),
)
mean.wrong_edit(
    "the last number instead of the sum",
    "Each turn of the loop replaces the total here. Which operator adds to what is "
    "already there?",
    ("sum(numbers)", "numbers[-1]"),
)
mean.wrong_edit(
    "the count instead of the mean",
    "This is how many numbers there are. What is to be divided by it?",
    ("sum(numbers) / len(numbers)", "len(numbers)"),
)
mean.wrong_edit(
    "rounded to three decimals",
    "Rounding loses a part of the answer. Return the mean as it comes out.",
    ("sum(numbers) / len(numbers)", "round(sum(numbers) / len(numbers), 3)"),
)


@mean.wrong(
    "the most frequent number",
    "This is the mode, the number that occurs most often. The mean shares the sum out "
    "evenly.",
)
def _(numbers):
    import statistics

    return statistics.mode(numbers)


@mean.wrong(
    "halved at every step",
    "Here the last number weighs half of everything, the first next to nothing. Add "
    "all of them first; divide once.",
)
def _(numbers):
    so_far = numbers[0]
    for number in numbers[1:]:
        so_far = (so_far + number) / 2
    return so_far


@mean.wrong(
    "the first number left out",
    "Count how many numbers were added. Did the first one get in?",
)
def _(numbers):
    return sum(numbers[1:]) / len(numbers)


@mean.wrong(
    "a memory of earlier calls",
    "The first call is right, the second is not: something is kept from one call to "
    "the next. Make the list or the total inside the function.",
)
def _(numbers, seen=[]):  # noqa: B006  the mistake
    seen += numbers
    return sum(seen) / len(seen)


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


@mean.wrong(
    "the input emptied",
    "The number is right, but your code took the numbers out of the caller's list. "
    "Read them, and leave the list as it is.",
)
def _(numbers):
    total, count = 0.0, len(numbers)
    while numbers:
        total += numbers.pop()
    return total / count


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


@mean.right("with statistics.mean")
def _(numbers):
    import statistics

    return statistics.mean(numbers)


@mean.right("with functools.reduce")
def _(numbers):
    from functools import reduce

    return reduce(lambda a, b: a + b, numbers) / len(numbers)


@mean.right("counted in a while loop")
def _(numbers):
    i, total = 0, 0
    while i < len(numbers):
        total = total + numbers[i]
        i += 1
    return total / i


@mean.right("each number's share, added up")
def _(numbers):
    n = len(numbers)
    return sum([x / n for x in numbers])
