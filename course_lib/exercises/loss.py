# mypy: ignore-errors
"""The exercises of 01_loss. Answers are written as learners write: untyped."""

from __future__ import annotations

import math

import numpy as np

from course_lib.exercises.core import exercise

# --- mse --------------------------------------------------------------------------


@exercise(
    title="Mean squared error",
    task=(
        "Write a function that takes two NumPy arrays of the same length, what was "
        "predicted and what was right, and returns one number: the mean of the "
        "squared errors."
    ),
    hints=(
        "Three steps, in this order: the error of each example, its square, and the "
        "mean of the squares.",
        "Arrays of one length subtract element by element, and ** 2 squares each "
        "element. A loop over zip(predictions, targets) does just as well.",
        "Add up (p - t) ** 2 over all pairs, then divide by len(targets).",
    ),
    cases=[
        (np.array([250, 320]), np.array([270, 310])),
        (np.array([3.0]), np.array([5.0])),
        (np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])),
        (np.array([-1.0, 2.0, 0.5, 4.0]), np.array([1.0, -2.0, 0.5, 1.0])),
        (np.array([12.0, 17.0, 28.0, 12.0]), np.array([10.0, 20.0, 30.0, 10.0])),
        (np.array([0.03, 0.2, 0.5, 0.9, 0.4]), np.array([0.0, 0.25, 0.5, 1.0, 0.3])),
    ],
    after="One number now says how wrong a whole line is.",
)
def mse(predictions, targets):
    """Return the mean of the squared errors."""
    squares = [(p - t) ** 2 for p, t in zip(predictions, targets, strict=True)]
    return sum(squares) / len(squares)


mse.wrong_edit(
    "sum instead of mean",
    "Ten times as many houses would give ten times the loss, for the same line. What "
    "turns a sum into a mean?",
    (" / len(squares)", ""),
)
mse.wrong_edit(
    "absolute instead of squared",
    "Double one error by hand: an error of 2 should cost four times an error of 1. "
    "Does it here?",
    ("(p - t) ** 2", "abs(p - t)"),
)
mse.wrong_edit(
    "errors not squared",
    "An error of +5 and one of -5 cancel here, and the loss says that all is well. "
    "What makes both count?",
    ("(p - t) ** 2", "(p - t)"),
)
mse.wrong_edit(
    "square of the mean instead of mean of the squares",
    "Here the errors cancel before they are squared. Which comes first, the square or "
    "the mean?",
    ("(p - t) ** 2", "(p - t)"),
    ("sum(squares) / len(squares)", "(sum(squares) / len(squares)) ** 2"),
)
mse.wrong_edit(
    "root of the mean squared error",
    "This is a typical error, in the unit of the prices; useful, but it has another "
    "name. Asked for is the number before the last step.",
    ("sum(squares) / len(squares)", "(sum(squares) / len(squares)) ** 0.5"),
)
mse.wrong_edit(
    "root of the sum of squares",
    "This is the length of the list of errors. Asked for is a mean of squares, with no "
    "root at the end.",
    ("sum(squares) / len(squares)", "sum(squares) ** 0.5"),
)
mse.wrong_edit(
    "the squared sum of the errors",
    "Here the errors cancel before they are squared. Which comes first, the square or "
    "the sum?",
    ("(p - t) ** 2", "(p - t)"),
    ("sum(squares) / len(squares)", "sum(squares) ** 2 / len(squares)"),
)
mse.wrong_edit(
    "half of the mean squared error",
    "Some books put a half in front, to make the slope shorter to write. The plain "
    "mean has none.",
    (" / len(squares)", " / (2 * len(squares))"),
)
mse.wrong_edit(
    "division by one less than the count",
    "That is how a variance is estimated from a sample. With a single example it "
    "divides by 0. How many examples are there?",
    (" / len(squares)", " / (len(squares) - 1)"),
)
mse.wrong_edit(
    "always divided by 2",
    "This is right for two examples. What should change with their number?",
    (" / len(squares)", " / 2"),
)
mse.wrong_edit(
    "divided by the square of the count",
    "The squares are right. By how many examples should their sum be shared?",
    (" / len(squares)", " / len(squares) ** 2"),
)
mse.wrong_edit(
    "the sign ^ for a power",
    "In Python ^ is not a power: it compares the bits of whole numbers. Which operator "
    "does the page use for a square?",
    ("(p - t) ** 2", "(p - t) ^ 2"),
)
mse.wrong_edit(
    "variance of the errors",
    "A line that is too high everywhere by the same amount costs nothing here. Do not "
    "subtract the mean error first.",
    ("squares = [(p - t) ** 2", "errors = [(p - t)"),
    (
        "return sum(squares) / len(squares)",
        "mean = sum(errors) / len(errors)\n"
        "    return sum((e - mean) ** 2 for e in errors) / len(errors)",
    ),
)
mse.wrong_edit(
    "equal squares counted once",
    "Two houses with the same error are two examples. Does each of them count here?",
    ("sum(squares) / len(squares)", "sum(set(squares)) / len(set(squares))"),
)
mse.wrong_edit(
    "examples without an error left out",
    "An example that is right counts, too: it pulls the mean down. Divide by the "
    "number of all examples.",
    (
        "sum(squares) / len(squares)",
        "sum(squares) / max(1, sum(s > 0 for s in squares))",
    ),
)
mse.wrong_edit(
    "third power instead of second",
    "A third power keeps the sign, so that misses cancel again. Which power is a "
    "square?",
    ("(p - t) ** 2", "(p - t) ** 3"),
)
mse.wrong_edit(
    "the errors themselves",
    "These are the errors, one for each example. Two steps are missing: squares, and a "
    "single number for all of them.",
    ("(p - t) ** 2", "(p - t)"),
    ("sum(squares) / len(squares)", "squares"),
)
mse.wrong_edit(
    "the sizes of the errors, not yet averaged",
    "There is one number for each example here, and none is squared. The loss is a "
    "single number: the mean of the squares.",
    ("(p - t) ** 2", "abs(p - t)"),
    ("sum(squares) / len(squares)", "squares"),
)
mse.wrong_edit(
    "the first example alone",
    "The function ends at its first return. Which examples has it seen by then?",
    ("sum(squares) / len(squares)", "squares[0] / len(squares)"),
)
mse.wrong_edit(
    "the first square instead of the mean",
    "Only the first example counts here. Every example should.",
    ("sum(squares) / len(squares)", "squares[0]"),
)
mse.wrong_edit(
    "the last square instead of the mean",
    "Only the last example counts here: the one before it is overwritten. Add them up.",
    ("sum(squares) / len(squares)", "squares[-1]"),
)
mse.wrong_edit(
    "the last example left out",
    "Count how many squares were added. Did the last one get in?",
    ("sum(squares) /", "sum(squares[:-1]) /"),
)
mse.wrong_edit(
    "difference of the squares",
    "Try a prediction of -2 for a target of 2: the error is 4, yet the squares are "
    "equal. What has to be squared?",
    ("(p - t) ** 2", "p**2 - t**2"),
)
mse.wrong_edit(
    "doubled instead of squared",
    "An error of 2 becomes 4 either way. Try an error of 3: times two, or to the power "
    "of two?",
    ("(p - t) ** 2", "(p - t) * 2"),
)
mse.wrong_edit(
    "relative error",
    "You divide each error by its target, so a miss of 10 counts less on an expensive "
    "house. The mean squared error measures all in one unit.",
    ("(p - t) ** 2", "((p - t) / t) ** 2"),
)
mse.wrong_edit(
    "the largest square instead of the mean",
    "Only the worst example counts here. Every example should.",
    ("sum(squares) / len(squares)", "max(squares)"),
)
mse.wrong_edit(
    "median instead of mean",
    "The square in the middle says nothing about the large ones. What is the mean?",
    ("sum(squares) / len(squares)", "sorted(squares)[len(squares) // 2]"),
)
mse.wrong_edit(
    "median of an even number of squares",
    "The squares in the middle say nothing about the large ones. What is the mean?",
    (
        "sum(squares) / len(squares)",
        "(sorted(squares)[(len(squares) - 1) // 2]"
        " + sorted(squares)[len(squares) // 2]) / 2",
    ),
)
mse.wrong_edit(
    "the last square, divided by the count",
    "Each turn of the loop replaces the sum here. Which operator adds to what is "
    "already there?",
    ("sum(squares) /", "squares[-1] /"),
)
mse.wrong_edit(
    "divided at every turn of the loop",
    "The first square is divided many times, the last one once. Divide once, after the "
    "loop.",
    (
        "return sum(squares) / len(squares)",
        "total = 0\n    for square in squares:\n"
        "        total = (total + square) / len(squares)\n    return total",
    ),
)
mse.wrong_edit(
    "only the target squared",
    "A power binds more tightly than a minus. What has to stand in brackets?",
    ("(p - t) ** 2", "p - t**2"),
)
mse.wrong_edit(
    "added instead of subtracted",
    "A guess that is right should cost nothing. How far apart are p and t?",
    ("(p - t) ** 2", "(p + t) ** 2"),
)
mse.wrong_edit(
    "rounded to two decimals",
    "Rounding loses a part of the answer. Return the mean as it comes out.",
    ("sum(squares) / len(squares)", "round(float(sum(squares) / len(squares)), 2)"),
)
mse.wrong_edit(
    "cut down to a whole number",
    "A mean may lie between two whole numbers. Leave it as it comes out.",
    ("sum(squares) / len(squares)", "int(sum(squares) / len(squares))"),
)
mse.wrong_edit(
    "standard deviation of the errors",
    "A line that is too high everywhere by the same amount costs nothing here. Do not "
    "subtract the mean error, and take no root.",
    ("squares = [(p - t) ** 2", "errors = [(p - t)"),
    (
        "return sum(squares) / len(squares)",
        "mean = sum(errors) / len(errors)\n"
        "    return (sum((e - mean) ** 2 for e in errors) / len(errors)) ** 0.5",
    ),
)
mse.wrong_edit(
    "only the guesses that are too high",
    "A guess that is too low is wrong as well. Does its square count here?",
    ("(p - t) ** 2", "max(p - t, 0) ** 2"),
)
mse.wrong_edit(
    "the squares, not yet averaged",
    "There is one square for each example, and they are right. One step is missing: a "
    "single number for all of them.",
    ("sum(squares) / len(squares)", "squares"),
)


@mse.wrong(
    "input mutated",
    "The number is right, but -= wrote the errors into the caller's own array. "
    "Make a new array for them.",
)
def _(predictions, targets):
    predictions -= targets
    return np.mean(predictions**2)


@mse.right("with np.square and a copy")
def _(predictions, targets):
    error = predictions.astype(float)
    error -= targets
    return float(np.square(error).sum() / error.shape[0])


@mse.right("from sums of products")
def _(predictions, targets):
    p, t = predictions, targets
    return (p @ p - 2 * p @ t + t @ t) / len(t)


@mse.right("with NumPy")
def _(predictions, targets):
    return np.mean((predictions - targets) ** 2)


@mse.right("in a loop with an index")
def _(predictions, targets):
    total = 0
    for i in range(len(predictions)):
        error = targets[i] - predictions[i]
        total += error * error
    return total / len(predictions)


@mse.right("in float32")
def _(predictions, targets):
    error = np.asarray(predictions, dtype=np.float32) - np.float32(targets)
    return (error**2).mean()


@mse.right("as a dot product")
def _(predictions, targets):
    error = np.subtract(predictions, targets)
    return error @ error / error.size


@mse.right("from the length of the error vector")
def _(predictions, targets):
    return np.linalg.norm(targets - predictions) ** 2 / len(targets)


@mse.right("with the standard library alone")
def _(predictions, targets):
    from statistics import fmean

    return fmean(math.pow(a - b, 2) for a, b in zip(predictions, targets, strict=True))


# --- binary_cross_entropy ---------------------------------------------------------


@exercise(
    title="Binary cross-entropy",
    task=(
        "Write a function that takes the predicted probabilities of spam and the "
        "labels (1 spam, 0 not), as NumPy arrays of one length. It returns the mean "
        "of -ln of the probability that was given to what happened. No probability "
        "here is exactly 0 or 1."
    ),
    hints=(
        "First find, for each message, the probability given to what happened. For "
        "spam it is p. For a message that is not spam, what is left of 1?",
        "math.log and np.log are the natural logarithm. np.where(labels == 1, a, b) "
        "picks from a or b for each message; an if in a loop does the same.",
        "happened = np.where(labels == 1, probabilities, 1 - probabilities); then the "
        "mean of -np.log(happened).",
    ),
    cases=[
        (np.array([0.30, 0.92]), np.array([0, 1])),
        (np.array([0.30]), np.array([1])),
        (np.array([0.92]), np.array([1])),
        (np.array([0.9, 0.2, 0.7, 0.4]), np.array([1, 0, 0, 1])),
        (np.array([0.01, 0.6, 0.999]), np.array([1, 0, 0])),
        (np.array([0.8, 0.3, 0.8, 0.3, 0.45]), np.array([1, 1, 1, 1, 0])),
        (np.array([0.25, 0.45]), np.array([0, 0])),
    ],
    after="A confident mistake now costs much more than a hesitant one.",
)
def binary_cross_entropy(probabilities, labels):
    """Return the mean of -ln(probability given to what happened)."""
    costs = []
    for p, label in zip(probabilities, labels, strict=True):
        happened = p if label == 1 else 1 - p
        costs.append(-math.log(happened))
    return sum(costs) / len(costs)


binary_cross_entropy.wrong_edit(
    "sum instead of mean",
    "Each message adds to the loss, whether the model is good or bad. Divide, so that "
    "a long list costs no more than a short one.",
    (" / len(costs)", ""),
)
binary_cross_entropy.wrong_edit(
    "sign flipped",
    "The log of a number below 1 is negative, and a cost should be positive. What "
    "stands in front of the log in the formula?",
    ("-math.log", "math.log"),
)
binary_cross_entropy.wrong_edit(
    "log base 2",
    "A coin flip costs 1 here: these are bits. With the natural logarithm it costs "
    "0.693.",
    ("math.log(", "math.log2("),
)
binary_cross_entropy.wrong_edit(
    "log base 10",
    "A probability of 0.1 costs 1 here. Which function is the natural logarithm?",
    ("math.log(", "math.log10("),
)
binary_cross_entropy.wrong_edit(
    "the probability of spam, whatever happened",
    "Look at a message that is not spam and got p = 0.30. What probability did the "
    "model give to what happened?",
    ("p if label == 1 else 1 - p", "p"),
)
binary_cross_entropy.wrong_edit(
    "the probability of no spam, whatever happened",
    "Look at a message that is spam and got p = 0.92. What probability did the model "
    "give to what happened?",
    ("p if label == 1 else 1 - p", "1 - p"),
)
binary_cross_entropy.wrong_edit(
    "labels the wrong way round",
    "Spam predicted with 0.92 should be cheap. Here it is expensive: which label "
    "stands for spam?",
    ("label == 1", "label == 0"),
)
binary_cross_entropy.wrong_edit(
    "messages that are not spam cost nothing",
    "A message that is not spam, predicted as spam with 0.999, should be very "
    "expensive. What does it cost here?",
    ("-math.log(happened)", "-label * math.log(p)"),
)
binary_cross_entropy.wrong_edit(
    "spam costs nothing",
    "Spam predicted with 0.01 should be very expensive. What does it cost here?",
    ("-math.log(happened)", "-(1 - label) * math.log(1 - p)"),
)
binary_cross_entropy.wrong_edit(
    "divided by the number of spam messages",
    "The costs are right. By how many messages should their sum be shared?",
    (" / len(costs)", " / max(int(sum(labels)), 1)"),
)
binary_cross_entropy.wrong_edit(
    "messages that are not spam are left out",
    "Only the spam is averaged here. Try a wanted message that is taken for spam with "
    "0.999: it should raise the loss.",
    ("costs.append", "if label == 1:\n            costs.append"),
)
binary_cross_entropy.wrong_edit(
    "log of the mean instead of mean of the logs",
    "One hopeless message among good ones hardly shows here. Which comes first, the "
    "log or the mean?",
    ("-math.log(happened)", "happened"),
    ("sum(costs) / len(costs)", "-math.log(sum(costs) / len(costs))"),
)
binary_cross_entropy.wrong_edit(
    "squared error of the probability",
    "Certain and wrong costs at most 1 here. With a logarithm, what happens to the "
    "cost as the probability nears 0?",
    ("-math.log(happened)", "(1 - happened) ** 2"),
)
binary_cross_entropy.wrong_edit(
    "missing probability instead of its log",
    "Going from 1 % to 0.1 % hardly costs more here. Where is the logarithm?",
    ("-math.log(happened)", "1 - happened"),
)
binary_cross_entropy.wrong_edit(
    "mistakes counted",
    "This is a share of wrong answers, so 51 % and 99 % count the same. The cost "
    "should know how confident the model was.",
    ("-math.log(happened)", "float(happened <= 0.5)"),
)
binary_cross_entropy.wrong_edit(
    "log of one plus the probability",
    "log1p is the logarithm of 1 + p. A sure and right prediction should cost 0.",
    ("math.log(", "math.log1p("),
)
binary_cross_entropy.wrong_edit(
    "probability instead of its log",
    "A good model should have a low loss; here it has a high one. Where is the "
    "logarithm, and its sign?",
    ("-math.log(happened)", "happened"),
)
binary_cross_entropy.wrong_edit(
    "one over the probability",
    "A sure and right prediction costs 1 here; it should cost 0. Which function makes "
    "0 of 1?",
    ("-math.log(happened)", "1 / happened"),
)
binary_cross_entropy.wrong_edit(
    "log of the product, not yet averaged per message",
    "This is the sum of all costs. Divide, so that a long list costs no more than a "
    "short one.",
    ("costs.append(-math.log(happened))", "costs.append(happened)"),
    ("sum(costs) / len(costs)", "math.log(math.prod(costs))"),
)
binary_cross_entropy.wrong_edit(
    "a minus between the two halves",
    "Messages that are not spam lower the loss here, the more wrong the model is. Both "
    "kinds should cost something.",
    ("-math.log(happened)", "(-1 if label == 1 else 1) * math.log(happened)"),
)
binary_cross_entropy.wrong_edit(
    "always divided by 2",
    "This is right for two messages. What should change with their number?",
    (" / len(costs)", " / 2"),
)
binary_cross_entropy.wrong_edit(
    "e to the power of the loss",
    "This number has a meaning: among how many equally likely outcomes it feels like "
    "choosing. Asked for is the number before the last step.",
    ("sum(costs) / len(costs)", "math.exp(sum(costs) / len(costs))"),
)
binary_cross_entropy.wrong_edit(
    "the cost weighed by the probability",
    "A message that got probability 0.01 for what happened costs next to nothing here. "
    "Each message should count fully.",
    ("-math.log(happened)", "-happened * math.log(happened)"),
)
binary_cross_entropy.wrong_edit(
    "the larger of the two probabilities",
    "Here a model is praised for being sure, even where it is wrong. What does the "
    "label say?",
    ("p if label == 1 else 1 - p", "max(p, 1 - p)"),
)
binary_cross_entropy.wrong_edit(
    "a sigmoid before the log",
    "The sigmoid turns a score into a probability. These numbers are probabilities "
    "already.",
    ("p if label == 1 else 1 - p", "1 / (1 + math.exp(-p if label == 1 else p))"),
)
binary_cross_entropy.wrong_edit(
    "rounded to two decimals",
    "Rounding loses a part of the answer. Return the mean as it comes out.",
    ("sum(costs) / len(costs)", "round(sum(costs) / len(costs), 2)"),
)
binary_cross_entropy.wrong_edit(
    "the first cost instead of the mean",
    "Only the first message counts here. Does a return stand inside the loop?",
    ("sum(costs) / len(costs)", "costs[0]"),
)
binary_cross_entropy.wrong_edit(
    "the last cost, divided by the count",
    "Each turn of the loop replaces the sum here. Which operator adds to what is "
    "already there?",
    ("sum(costs) /", "costs[-1] /"),
)
for _tiny in (0.01, 0.001):
    binary_cross_entropy.wrong_edit(
        f"{_tiny} added inside the log",
        "What is added makes every mistake a little cheaper. No probability here is 0, "
        "so the log needs no help.",
        ("-math.log(happened)", f"-math.log(happened + {_tiny})"),
    )
binary_cross_entropy.wrong_edit(
    "the costs, not yet averaged",
    "There is one cost for each message, and they are right. One step is missing: a "
    "single number for all of them.",
    ("sum(costs) / len(costs)", "costs"),
)
binary_cross_entropy.wrong_edit(
    "equal costs counted once",
    "Two messages with the same cost are two messages. Does each of them count here?",
    ("sum(costs) / len(costs)", "sum(set(costs)) / len(set(costs))"),
)
binary_cross_entropy.wrong_edit(
    "median instead of mean",
    "The cost in the middle says nothing about the one message that was hopeless. What "
    "is the mean?",
    (
        "sum(costs) / len(costs)",
        "(sorted(costs)[(len(costs) - 1) // 2] + sorted(costs)[len(costs) // 2]) / 2",
    ),
)
binary_cross_entropy.wrong_edit(
    "the largest cost instead of the mean",
    "Only the worst message counts here. Every message should.",
    ("sum(costs) / len(costs)", "max(costs)"),
)
binary_cross_entropy.wrong_edit(
    "the first message alone",
    "The function ends at its first return. Which messages has it seen by then?",
    ("sum(costs) / len(costs)", "costs[0] / len(costs)"),
)
binary_cross_entropy.wrong_edit(
    "the last cost instead of the mean",
    "Only the last message counts here: the one before it is overwritten. Add them up.",
    ("sum(costs) / len(costs)", "costs[-1]"),
)
binary_cross_entropy.wrong_edit(
    "rounded to a sure answer",
    "Rounding the probability to 0 or 1 throws away how sure the model was. Keep p as "
    "it is.",
    ("-math.log(happened)", "-math.log(min(max(round(happened), 1e-12), 1))"),
)
for _limit in (0.1, 0.05, 0.01):
    binary_cross_entropy.wrong_edit(
        f"clipping at {_limit}",
        "A probability of 0.001 for what happened costs 6.9. Here it is first raised, "
        "and the mistake gets cheaper. No probability here is 0: nothing need be "
        "clipped.",
        (
            "-math.log(happened)",
            f"-math.log(min(max(happened, {_limit}), 1 - {_limit}))",
        ),
    )
binary_cross_entropy.wrong_edit(
    "a probability squashed twice",
    "The sigmoid turns a score into a probability. These numbers are probabilities "
    "already.",
    ("-math.log(happened)", "math.log(1 + math.exp(-happened))"),
)


@binary_cross_entropy.wrong(
    "a mean for each label, then the mean of both",
    "Here four spam messages weigh as much as one that is not. Every message should "
    "weigh the same.",
)
def _(probabilities, labels):
    happened = np.where(labels == 1, probabilities, 1 - probabilities)
    costs = -np.log(happened)
    return np.mean([costs[labels == label].mean() for label in set(labels.tolist())])


@binary_cross_entropy.wrong(
    "input mutated",
    "The number is right, but 1 - p was written into the caller's own array. Make a "
    "new array for what happened.",
)
def _(probabilities, labels):
    probabilities[labels == 0] = 1 - probabilities[labels == 0]
    return -np.log(probabilities).mean()


@binary_cross_entropy.right("with a column for each label")
def _(probabilities, labels):
    table = np.stack([1 - probabilities, probabilities], axis=1)
    return -np.log(table[np.arange(len(labels)), labels]).mean()


@binary_cross_entropy.right("from the log-odds")
def _(probabilities, labels):
    score = np.log(probabilities / (1 - probabilities))
    return np.mean(np.logaddexp(0, score) - labels * score)


@binary_cross_entropy.right("in two groups")
def _(probabilities, labels):
    spam, wanted = probabilities[labels == 1], probabilities[labels == 0]
    total = np.log(spam).sum() + np.log(1 - wanted).sum()
    return -total / len(labels)


@binary_cross_entropy.right("with np.where")
def _(probabilities, labels):
    happened = np.where(labels == 1, probabilities, 1 - probabilities)
    return -np.log(happened).mean()


@binary_cross_entropy.right("with the formula in one line")
def _(probabilities, labels):
    p, y = probabilities, labels
    return np.mean(-(y * np.log(p) + (1 - y) * np.log(1 - p)))


@binary_cross_entropy.right("in float32")
def _(probabilities, labels):
    p = np.asarray(probabilities, dtype=np.float32)
    return np.mean(-np.log(np.abs(1 - labels.astype(np.float32) - p)))


@binary_cross_entropy.right("as the log of a product")
def _(probabilities, labels):
    product = 1.0
    for i in range(len(labels)):
        product *= probabilities[i] if labels[i] else 1 - probabilities[i]
    return -math.log(product) / len(labels)


@binary_cross_entropy.right("with powers that switch each term on or off")
def _(probabilities, labels):
    happened = probabilities**labels * (1 - probabilities) ** (1 - labels)
    return np.average(-np.log(happened))


@binary_cross_entropy.right("with the probability kept away from 0 and 1")
def _(probabilities, labels):
    p = np.clip(probabilities, 1e-12, 1 - 1e-12)
    total = 0.0
    for one, label in zip(p.tolist(), labels.tolist(), strict=True):
        total -= math.log(one) if label else math.log(1 - one)
    return total / len(p)


# --- softmax ----------------------------------------------------------------------


@exercise(
    title="Softmax that survives large scores",
    task=(
        "Write a function that takes a NumPy array of scores and returns as many "
        "probabilities: e to the power of each score, divided by the sum of these. "
        "It must also give the right shares for scores of 1000 and of -1000, and for "
        "whole numbers."
    ),
    hints=(
        "Shares do not change when every score is lowered by the same amount. Which "
        "amount makes e to the power of the largest score harmless?",
        "Subtract logits.max() from every score. Then the largest is 0, all others "
        "are below it, and no power is above 1.",
        "exps = np.exp(logits - logits.max()); then divide exps by their sum.",
    ),
    cases=[
        (np.array([1.0, 2.0, 3.0]),),
        (np.array([2.0, -1.0]),),
        (np.array([0.0, 0.0, 0.0, 0.0]),),
        (np.array([0.5, 2.5, 2.5, -0.5, 1.0]),),
        (np.array([2, 1, 0, 1]),),
        (np.array([1000.0, 999.0, 1.0]),),
        (np.array([-1000.0, -1001.0, -1002.0]),),
        (np.array([2000.0, 0.0, -5.0]),),
        (np.array([-5.0, 3.0, 2000.0, 1999.0]),),
        (np.array([-2000.0, -1000.0, -1001.0]),),
        (np.array([1.0, -1000.0, 2.0]),),
        (np.array([1500.0, 1490.0, -3000.0]),),
    ],
    after="Scores of any size become shares, and the shares add up to 1.",
)
def softmax(logits):
    """Return one probability for each score."""
    exps = np.exp(logits - logits.max())
    return exps / exps.sum()


softmax.wrong_edit(
    "scores too large for exp",
    "e to the power of 1000 is too large for a float, and infinity over infinity is no "
    "number. What may you subtract from every score without changing the shares?",
    ("logits - logits.max()", "logits"),
)


@softmax.wrong(
    "scores too large for math.exp",
    "math.exp stops where the result is too large for a float. What may you subtract "
    "from every score without changing the shares?",
)
def _(logits):
    exps = [math.exp(score) for score in logits]
    return np.array([e / sum(exps) for e in exps])


softmax.wrong_edit(
    "the first score subtracted",
    "The first is 0 now, but how large can another still be? Try [-5, 2000].",
    ("logits.max()", "logits[0]"),
)
softmax.wrong_edit(
    "the last score subtracted",
    "The last is 0 now, but how large can another still be? Try [2000, -5].",
    ("logits.max()", "logits[-1]"),
)
softmax.wrong_edit(
    "the largest size subtracted",
    "The largest size is not the largest score: try [-1000, -1001]. Which score must "
    "become 0?",
    ("logits.max()", "np.abs(logits).max()"),
)
for _fixed in (700, 1000):
    softmax.wrong_edit(
        f"a fixed number, such as {_fixed}, subtracted",
        "A fixed number helps some scores and ruins others. The amount has to follow "
        "from the scores: which of them must become 0?",
        ("logits.max()", f"{_fixed}"),
    )
softmax.wrong_edit(
    "the median subtracted",
    "The score in the middle is 0 now, but how large can the largest still be? Try "
    "[2000, 0, -5].",
    ("logits.max()", "np.median(logits)"),
)
softmax.wrong_edit(
    "the largest score added",
    "Adding keeps the shares on paper, but it makes large powers larger. Which way do "
    "they become harmless?",
    ("logits - logits.max()", "logits + logits.max()"),
)
softmax.wrong_edit(
    "NaN replaced by 0",
    "The NaN is gone, and so are the shares: they no longer add up to 1. The powers "
    "must not overflow in the first place.",
    (
        "exps = np.exp(logits - logits.max())\n    return exps / exps.sum()",
        "exps = np.exp(logits)\n    return np.nan_to_num(exps / exps.sum())",
    ),
)
softmax.wrong_edit(
    "scores brought down to at most 1",
    "Scores divided by the largest size have smaller differences, and differences are "
    "what counts. Subtract instead.",
    ("logits - logits.max()", "logits / max(np.abs(logits).max(), 1e-12)"),
)
softmax.wrong_edit(
    "scores squeezed between 0 and 1",
    "The differences between the scores have changed, and they are what counts. "
    "Subtract the same amount from each, and divide by nothing.",
    (
        "logits - logits.max()",
        "(logits - logits.min()) / max(logits.max() - logits.min(), 1e-12)",
    ),
)
softmax.wrong_edit(
    "equal powers added once",
    "Equal scores belong to different outcomes. Does each of them count in your sum?",
    ("exps.sum()", "sum(set(exps.tolist()))"),
)
softmax.wrong_edit(
    "shares in the order of their size",
    "Each share belongs to one score: keep the order in which the scores came.",
    ("exps / exps.sum()", "np.sort(exps / exps.sum())"),
)
softmax.wrong_edit(
    "divided by the length instead of the sum",
    "The squares of these add up to 1. What should add up to 1 is the shares "
    "themselves.",
    ("exps.sum()", "np.sqrt((exps**2).sum())"),
)
softmax.wrong_edit(
    "powers of 10 instead of e",
    "The idea is right, with another base: a score higher by 1 should be e, about 2.72 "
    "times as likely.",
    ("np.exp(logits - logits.max())", "10.0 ** (logits - logits.max())"),
)
softmax.wrong_edit(
    "scores shifted, without a power",
    "The scores are shifted, but they are still scores: the largest became 0. What "
    "makes any number positive?",
    ("np.exp(logits - logits.max())", "(logits - logits.max())"),
)
softmax.wrong_edit(
    "divided by the count instead of the sum",
    "These are means of powers. Probabilities add up to 1: what must each power be "
    "divided by?",
    ("exps.sum()", "len(exps)"),
)
softmax.wrong_edit(
    "the distance to the largest score",
    "Here the lowest score gets the largest share. Look at the sign in the exponent: "
    "should any power be above 1?",
    ("np.exp(logits - logits.max())", "np.exp(np.abs(logits - logits.max()))"),
)
softmax.wrong_edit(
    "shifted only where scores are high",
    "Scores of -1000 are no trouble less: all their powers become 0. What may you do "
    "with every list of scores alike?",
    (
        "logits - logits.max()",
        "logits - logits.max() if logits.max() > 700 else logits",
    ),
)
softmax.wrong_edit(
    "rounded to two decimals",
    "Rounding loses a part of the answer. Return the shares as they come out.",
    ("exps / exps.sum()", "np.round(exps / exps.sum(), 2)"),
)
softmax.wrong_edit(
    "scores divided by a fixed number",
    "Divided scores have smaller differences, and differences are what counts. "
    "Subtract instead.",
    ("logits - logits.max()", "logits / 100"),
)
softmax.wrong_edit(
    "scores brought to mean 0 and spread 1",
    "The differences between the scores have changed, and they are what counts. "
    "Subtract the same amount from each, and divide by nothing.",
    (
        "logits - logits.max()",
        "(logits - logits.mean()) / max(logits.std(), 1e-12)",
    ),
)
softmax.wrong_edit(
    "one share instead of all",
    "This is the share of the likeliest alone. One probability for each score is asked "
    "for.",
    ("exps / exps.sum()", "(exps / exps.sum()).max()"),
)
softmax.wrong_edit(
    "the sum of the powers",
    "This is what each power is to be divided by. Return one share for each score.",
    ("exps / exps.sum()", "exps.sum()"),
)
softmax.wrong_edit(
    "the smallest score subtracted",
    "The smallest is 0 now, but how large can the largest still be? Try [2000, 0].",
    ("logits.max()", "logits.min()"),
)
softmax.wrong_edit(
    "the mean subtracted",
    "That halves the danger: with scores of 2000 and 0, one of 1000 is left. Which "
    "score must become 0, so that no other lies above it?",
    ("logits.max()", "logits.mean()"),
)
softmax.wrong_edit(
    "divided by the largest instead of subtracting it",
    "Lowering all scores by one amount keeps the shares; dividing them does not. Try "
    "[1, 2, 3] by hand.",
    ("logits - logits.max()", "logits / logits.max()"),
)
softmax.wrong_edit(
    "shares of the scores themselves",
    "A score may be negative or 0, and a probability must come out. What makes any "
    "number positive?",
    ("np.exp(logits - logits.max())", "logits"),
)
softmax.wrong_edit(
    "powers that are not divided by their sum",
    "The proportions are right. What must probabilities add up to?",
    ("exps / exps.sum()", "exps"),
)
softmax.wrong_edit(
    "shift above the line only",
    "The largest score is subtracted above the line, but the sum below it is of powers "
    "that are not shifted. Both need the same shift.",
    ("exps.sum()", "np.exp(logits).sum()"),
)
softmax.wrong_edit(
    "everything to the largest",
    "That picks a winner. Two scores that are nearly equal should get nearly equal "
    "shares.",
    ("exps / exps.sum()", "(exps == exps.max()) / (exps == exps.max()).sum()"),
)
softmax.wrong_edit(
    "logarithms of the probabilities",
    "These are right before the last step back: they are negative, and e to the power "
    "of each is the probability.",
    ("return exps / exps.sum()", "return logits - logits.max() - np.log(exps.sum())"),
)
softmax.wrong_edit(
    "sign flipped in the exponent",
    "Here the highest score gets the smallest share. Look at the sign in the exponent.",
    ("logits - logits.max()", "logits.min() - logits"),
)
softmax.wrong_edit(
    "powers of 2 instead of e",
    "The idea is right, with another base: a score higher by 1 should be e, about 2.72 "
    "times as likely.",
    ("np.exp(", "np.exp2("),
)
softmax.wrong_edit(
    "scores cut off",
    "Scores of 1000 and 999 become equal when both are cut to one limit, and then "
    "their difference is lost. Shift them instead.",
    ("np.exp(logits - logits.max())", "np.exp(np.clip(logits, -500, 500))"),
)
softmax.wrong_edit(
    "large scores cut off",
    "Scores of 1000 and 999 become equal when both are cut to one limit, and scores of "
    "-1000 are still too small. Shift all of them instead.",
    ("np.exp(logits - logits.max())", "np.exp(np.minimum(logits, 500))"),
)
softmax.wrong_edit(
    "a sigmoid for each score",
    "Each score is squashed on its own here, so the results do not add up to 1. They "
    "must share one cake.",
    ("exps / exps.sum()", "1 / (1 + np.exp(-np.clip(logits, -700, 700)))"),
)
softmax.wrong_edit(
    "mean instead of sum below the line",
    "These add up to the number of scores. What should they add up to?",
    ("exps.sum()", "exps.mean()"),
)


@softmax.wrong(
    "an array that holds whole numbers only",
    "For whole-number scores, an array made like the scores cannot hold 0.4: it keeps "
    "the 0. Make one of floats.",
)
def _(logits):
    shares = np.zeros_like(logits)
    powers = [math.exp(score - max(logits)) for score in logits]
    for i, power in enumerate(powers):
        shares[i] = power / sum(powers)
    return shares


@softmax.wrong(
    "input mutated",
    "The shares are right, but -= changed the caller's own scores. Make a new array.",
)
def _(logits):
    logits -= logits.max()
    return np.exp(logits) / np.exp(logits).sum()


softmax.right_edit(
    "shifted in two lines",
    (
        "exps = np.exp(logits - logits.max())",
        "shifted = logits - np.max(logits)\n    exps = np.e**shifted",
    ),
)


@softmax.right("from the differences of all pairs")
def _(logits):
    with np.errstate(over="ignore"):
        return 1 / np.exp(logits[None, :] - logits[:, None]).sum(axis=1)


@softmax.right("in extended precision")
def _(logits):
    from decimal import Decimal

    powers = [Decimal(float(score)).exp() for score in logits]
    return [float(power / sum(powers)) for power in powers]


@softmax.right("the largest found in a loop")
def _(logits):
    top = logits[0]
    for score in logits:
        if score > top:
            top = score
    exps = np.array([np.exp(score - top) for score in logits])
    return exps / np.sum(exps)


@softmax.right("as a list, with math.exp")
def _(logits):
    top = max(logits)
    exps = [math.exp(score - top) for score in logits]
    total = sum(exps)
    return [e / total for e in exps]


@softmax.right("in float32")
def _(logits):
    scores = np.asarray(logits, dtype=np.float32)
    exps = np.exp(scores - scores.max())
    return exps / exps.sum()


@softmax.right("with log-sum-exp")
def _(logits):
    return np.exp(logits - np.logaddexp.reduce(logits))


@softmax.right("in a loop that fills an array")
def _(logits):
    shares, total = np.zeros(len(logits)), 0.0
    for i in range(len(logits)):
        shares[i] = math.e ** (logits[i] - max(logits))
        total += shares[i]
    for i in range(len(logits)):
        shares[i] /= total
    return shares


@softmax.right("along the last axis, dimensions kept")
def _(logits):
    exps = np.exp(logits - np.amax(logits, axis=-1, keepdims=True))
    return exps / np.sum(exps, axis=-1, keepdims=True)


# --- cross_entropy ----------------------------------------------------------------


@exercise(
    title="Cross-entropy from scores",
    task=(
        "Write a function that takes a NumPy array of scores, one row for each "
        "example, and the targets: for each row, the column of the right answer. It "
        "returns the mean of -ln softmax(row)[target]. It must stay right where that "
        "probability is too small for a float: compute with logarithms."
    ),
    hints=(
        "For one row, the cost is the log of the sum of e to the power of each score, "
        "minus the score of the target. No probability needs to be computed.",
        "The log of the sum must survive scores of 1000: take the largest score out "
        "first, and add it back after the log.",
        "For each row: top = row.max(), and the cost is "
        "top + np.log(np.exp(row - top).sum()) - row[target]. Return the mean.",
    ),
    cases=[
        (np.array([[2.0, 0.0], [0.5, 1.5]]), np.array([0, 0])),
        (np.zeros((1, 3)), np.array([1])),
        (np.array([[2.0, 0.0, 1.0], [0.5, 1.5, -1.0]]), np.array([0, 2])),
        (
            np.array([[2.0, -1.0, 0.5], [0.5, 1.5, -1.0], [1.0, 0.0, 3.0]]),
            np.array([0, 1, 0]),
        ),
        (
            np.array([[1.0, 3.0], [0.5, -0.5], [1.0, 3.0], [2.0, 2.5]]),
            np.array([0, 1, 0, 1]),
        ),
        (np.array([[2, 0, 1, 1], [3, 5, 0, 0]]), np.array([3, 0])),
        (np.array([[1000.0, 0.0]]), np.array([1])),
        (np.array([[0.0, 1000.0], [1000.0, 0.0]]), np.array([1, 0])),
        (np.array([[720.0, 0.0]]), np.array([1])),
        (np.array([[2000.0, 0.0]]), np.array([0])),
        (np.array([[-1000.0, -1002.0]]), np.array([1])),
        (
            np.array(
                [[900.0, 901.0, 899.0], [-900.0, -902.0, -901.0], [1.0, 0.0, 2.0]]
            ),
            np.array([0, 2, 1]),
        ),
    ],
    after="This is the altitude of every language model, from the smallest up.",
)
def cross_entropy(logits, targets):
    """Return the mean of -ln softmax(row)[target] over the rows."""
    costs = []
    for row, target in zip(logits, targets, strict=True):
        top = row.max()
        log_sum = top + np.log(np.exp(row - top).sum())
        costs.append(log_sum - row[target])
    return np.mean(costs)


cross_entropy.wrong_edit(
    "log of a probability that became 0",
    "A small probability is rounded to 0, and the log of 0 is infinite. The true cost "
    "is 1000 there. Can you take the log before anything is rounded?",
    (
        "log_sum - row[target]",
        "-np.log(np.exp(row[target] - top) / np.exp(row - top).sum())",
    ),
)
for _tiny in (
    "1e-6",
    "1e-7",
    "1e-8",
    "1e-9",
    "1e-10",
    "1e-12",
    "1e-15",
    "2.2e-16",
    "1e-300",
):
    cross_entropy.wrong_edit(
        f"a floor of {_tiny} inside the log",
        "The loss is finite now, but it stops growing, however wrong the model is. The "
        "score itself can say how wrong: compute with logarithms.",
        (
            "log_sum - row[target]",
            "-np.log(np.exp(row[target] - top) / np.exp(row - top).sum() + "
            + _tiny
            + ")",
        ),
    )
cross_entropy.wrong_edit(
    "scores too large for exp",
    "e to the power of 1000 is too large for a float. Take the largest score out of "
    "the sum first.",
    ("top = row.max()", "top = 0.0"),
)
cross_entropy.wrong_edit(
    "the first softmax of the page",
    "This softmax overflows at scores of 1000, as you saw. Take the largest score of "
    "each row out first, and take the logarithm on paper.",
    (
        "log_sum - row[target]",
        "-np.log((np.exp(row) / np.exp(row).sum())[target])",
    ),
)


@cross_entropy.wrong(
    "scores too large for math.exp",
    "math.exp stops where the result is too large for a float. Take the largest score "
    "out of the sum first.",
)
def _(logits, targets):
    costs = []
    for row, target in zip(logits, targets, strict=True):
        total = sum(math.exp(score) for score in row)
        costs.append(math.log(total) - row[target])
    return sum(costs) / len(costs)


@cross_entropy.wrong(
    "one largest score for all rows",
    "A row that lies far below the highest one becomes 0 everywhere, and its log is "
    "infinite. Each row needs a largest score of its own.",
)
def _(logits, targets):
    top = logits.max()
    log_sums = top + np.log(np.exp(logits - top).sum(axis=1))
    return np.mean(log_sums - logits[np.arange(len(targets)), targets])


@cross_entropy.wrong(
    "the largest of each column instead of each row",
    "The scores of one example stand in a row. Along which axis do you look for the "
    "largest?",
)
def _(logits, targets):
    shifted = logits - logits.max(axis=0)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return np.mean(log_sums - shifted[np.arange(len(targets)), targets])


@cross_entropy.wrong(
    "one number for each row, set against the columns",
    "There is one number for each row, and NumPy lines it up with the columns. Look at "
    "the shapes: how does it get a second axis, of length 1?",
)
def _(logits, targets):
    shifted = logits - logits.max(axis=1)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return np.mean(log_sums - shifted[np.arange(len(targets)), targets])


@cross_entropy.wrong(
    "the sums of the rows, set against the columns",
    "There is one sum for each row, and NumPy lines the sums up with the columns. Look "
    "at the shapes: how do they get a second axis, of length 1?",
)
def _(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1))
    return -np.mean(log_probs[np.arange(len(targets)), targets])


cross_entropy.wrong_edit(
    "the first score taken out instead of the largest",
    "The first is 0 now, but how large can another still be? Try the row [0, 1000].",
    ("row.max()", "row[0]"),
)
cross_entropy.wrong_edit(
    "the target's score taken out instead of the largest",
    "Where the target's score is low, the others still overflow. Which score must "
    "become 0, so that no power is above 1?",
    ("row.max()", "row[target]"),
)
cross_entropy.wrong_edit(
    "the smallest score taken out instead of the largest",
    "The smallest is 0 now, but how large can the largest still be? Try the row "
    "[0, 1000].",
    ("row.max()", "row.min()"),
)
cross_entropy.wrong_edit(
    "the mean score taken out instead of the largest",
    "That halves the danger. Which score must become 0, so that no power is above 1?",
    ("row.max()", "row.mean()"),
)
cross_entropy.wrong_edit(
    "divided by the number of columns",
    "The costs are right, one for each row. By how many examples should their sum be "
    "shared?",
    ("np.mean(costs)", "np.sum(costs) / logits.shape[1]"),
)
cross_entropy.wrong_edit(
    "the last cost, divided by the count",
    "Each turn of the loop replaces the sum here. Which operator adds to what is "
    "already there?",
    ("np.mean(costs)", "costs[-1] / len(costs)"),
)
cross_entropy.wrong_edit(
    "the largest score instead of the log-sum-exp",
    "Only the highest score counts here. With three equal scores the cost should be ln "
    "3, and yours is 0: the others belong into the sum.",
    ("log_sum - row[target]", "top - row[target]"),
)
cross_entropy.wrong_edit(
    "equal scores added once",
    "Two tokens with the same score are two tokens. Does each of them count in your "
    "sum?",
    ("np.exp(row - top).sum()", "sum(np.exp(z - top) for z in set(row.tolist()))"),
)
cross_entropy.wrong_edit(
    "a binary logarithm beside natural powers",
    "Powers of e go with the natural logarithm. Which one did you take?",
    ("np.log(np.exp", "np.log2(np.exp"),
)
for _limit in (500, 700):
    cross_entropy.wrong_edit(
        f"scores cut off at {_limit}",
        "A score of 1000 and one of 900 become equal when both are cut, and then their "
        "difference is lost. Shift the scores instead.",
        (
            "top = row.max()",
            f"row = np.clip(row, -{_limit}, {_limit})\n        top = 0.0",
        ),
    )
cross_entropy.wrong_edit(
    "averaged over all columns",
    "There is one cost for each row, and no more. You divided by rows times columns: "
    "every other column counts as a 0.",
    ("np.mean(costs)", "np.sum(costs) / logits.size"),
)
cross_entropy.wrong_edit(
    "equal costs counted once",
    "Two rows with the same cost are two examples. Does each of them count here?",
    ("np.mean(costs)", "np.mean(list(set(costs)))"),
)
cross_entropy.wrong_edit(
    "the largest cost instead of the mean",
    "Only the worst row counts here. Every row should.",
    ("np.mean(costs)", "np.max(costs)"),
)
cross_entropy.wrong_edit(
    "median instead of mean",
    "The cost in the middle says nothing about the one row that was hopeless. What is "
    "the mean?",
    ("np.mean(costs)", "np.median(costs)"),
)
cross_entropy.wrong_edit(
    "the first row alone",
    "Only the first row counts here. Every row should; look for a return that comes "
    "too early.",
    ("np.mean(costs)", "costs[0]"),
)
cross_entropy.wrong_edit(
    "the last row alone",
    "Only the last row counts here: the one before it is overwritten. Collect the "
    "costs.",
    ("np.mean(costs)", "costs[-1]"),
)
cross_entropy.wrong_edit(
    "the probabilities instead of the costs",
    "This is the mean probability of what happened. Where is the logarithm, and its "
    "sign?",
    ("log_sum - row[target]", "np.exp(row[target] - log_sum)"),
)
cross_entropy.wrong_edit(
    "log of the mean instead of mean of the logs",
    "One hopeless row among good ones hardly shows here. Which comes first, the log or "
    "the mean?",
    ("log_sum - row[target]", "np.exp(row[target] - log_sum)"),
    ("np.mean(costs)", "-np.log(np.mean(costs))"),
)
cross_entropy.wrong_edit(
    "log base 10",
    "Three equal scores should cost ln 3 = 1.0986. Which function is the natural "
    "logarithm?",
    ("log_sum - row[target]", "(log_sum - row[target]) / np.log(10)"),
)
cross_entropy.wrong_edit(
    "mistakes counted",
    "This is a share of wrong answers, so a narrow miss and a sure one count the same. "
    "The cost should know how sure the model was.",
    ("log_sum - row[target]", "float(row.argmax() != target)"),
)
cross_entropy.wrong_edit(
    "the largest score not added back",
    "Inside the sum you subtracted the largest score. After the log, it has to be "
    "added again.",
    ("top + np.log", "np.log"),
)
cross_entropy.wrong_edit(
    "the score of the target alone",
    "Raise all scores by 5: the probabilities stay, and your loss falls by 5. What "
    "does the sum over all scores have to do with it?",
    ("log_sum - row[target]", "-row[target]"),
)
cross_entropy.wrong_edit(
    "sum instead of mean",
    "Twice as many rows, twice the loss, for the same model. What turns a sum into a "
    "mean?",
    ("np.mean(costs)", "np.sum(costs)"),
)
cross_entropy.wrong_edit(
    "sign flipped",
    "The log of a probability is negative, and a cost should be positive.",
    ("log_sum - row[target]", "row[target] - log_sum"),
)
cross_entropy.wrong_edit(
    "log base 2",
    "Three equal scores should cost ln 3 = 1.0986. Yours are bits.",
    ("log_sum - row[target]", "(log_sum - row[target]) / np.log(2)"),
)
cross_entropy.wrong_edit(
    "the likeliest instead of the target",
    "Here a model is praised for being sure, even where it is wrong. Which column was "
    "the right answer?",
    ("row[target]", "row.max()"),
)
cross_entropy.wrong_edit(
    "every column counted, not only the target's",
    "What happened is one column for each row. Its log probability alone is the cost.",
    ("row[target]", "row.mean()"),
)
cross_entropy.wrong_edit(
    "targets counted from 1",
    "Columns are counted from 0, in the targets as in Python. You look one column too "
    "far to the left.",
    ("row[target]", "row[target - 1]"),
)
cross_entropy.wrong_edit(
    "missing probability instead of its log",
    "A cost that never passes 1 does not say how wrong a sure mistake is. Where is the "
    "logarithm?",
    ("log_sum - row[target]", "1 - np.exp(row[target] - log_sum)"),
)
cross_entropy.wrong_edit(
    "the costs, not yet averaged",
    "There is one cost for each row, and they are right. One step is missing.",
    ("np.mean(costs)", "np.array(costs)"),
)


@cross_entropy.wrong(
    "softmax over the wrong axis",
    "Each column sums to 1 here, each row should: the scores of one example compete "
    "with each other. Which axis is that?",
)
def _(logits, targets):
    log_probs = logits - np.logaddexp.reduce(logits, axis=0, keepdims=True)
    return -np.mean(log_probs[np.arange(len(targets)), targets])


@cross_entropy.wrong(
    "one sum for all rows",
    "Each row has a largest score of its own here, but all rows share one sum. Each "
    "row is an example, with a sum of its own.",
)
def _(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum())
    return -np.mean(log_probs[np.arange(len(targets)), targets])


@cross_entropy.wrong(
    "the sum of each column instead of each row",
    "The scores of one example stand in a row. Along which axis do you add?",
)
def _(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=0))
    return -np.mean(log_probs[np.arange(len(targets)), targets])


@cross_entropy.wrong(
    "one softmax over the whole table",
    "All rows share one sum here. Each row is an example of its own, with a sum of its "
    "own.",
)
def _(logits, targets):
    log_probs = logits - np.logaddexp.reduce(logits, axis=None)
    return -np.mean(log_probs[np.arange(len(targets)), targets])


@cross_entropy.wrong(
    "every target's column in every row",
    "logits[:, targets] takes all of these columns from each row. Asked for is one "
    "number from each row: pair the rows with the targets.",
)
def _(logits, targets):
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -np.mean(log_probs[:, targets])


@cross_entropy.wrong(
    "input mutated",
    "The number is right, but -= changed the caller's own scores. Make a new array.",
)
def _(logits, targets):
    logits -= logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(logits).sum(axis=1))
    return np.mean(log_sums - logits[np.arange(len(targets)), targets])


@cross_entropy.right("with a helper for one row")
def _(logits, targets):
    def cost(row, target):
        top = max(row)
        return top - row[target] + math.log(sum(math.exp(z - top) for z in row))

    return sum(cost(row, t) for row, t in zip(logits, targets, strict=True)) / len(
        logits
    )


@cross_entropy.right("from the gaps to the target's score")
def _(logits, targets):
    own = logits[np.arange(len(targets)), targets][:, None]
    return np.logaddexp.reduce(logits - own, axis=1).mean()


@cross_entropy.right("with SciPy")
def _(logits, targets):
    from scipy.special import log_softmax

    log_probs = log_softmax(logits, axis=1)
    return -np.mean([log_probs[i, t] for i, t in enumerate(targets)])


@cross_entropy.right("with JAX")
def _(logits, targets):
    import jax

    log_probs = jax.nn.log_softmax(logits, axis=-1)
    return -log_probs[np.arange(len(targets)), targets].mean()


@cross_entropy.right("with the course's own loss")
def _(logits, targets):
    from course_lib.losses import cross_entropy as ours

    return float(ours(logits, targets))


@cross_entropy.right("with NumPy and paired indices")
def _(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_probs[np.arange(len(targets)), targets].mean()


@cross_entropy.right("with np.logaddexp")
def _(logits, targets):
    rows = range(len(targets))
    return np.mean(np.logaddexp.reduce(logits, axis=1) - logits[rows, targets])


@cross_entropy.right("on lists, with math")
def _(logits, targets):
    total = 0.0
    for row, target in zip(logits.tolist(), list(targets), strict=True):
        gaps = [score - row[target] for score in row]
        top = max(gaps)
        total += top + math.log(sum(math.exp(gap - top) for gap in gaps))
    return total / len(targets)


@cross_entropy.right("in float32, with take_along_axis")
def _(logits, targets):
    z = np.asarray(logits, dtype=np.float32)
    z = z - z.max(axis=-1, keepdims=True)
    log_probs = z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))
    return -np.take_along_axis(log_probs, targets[:, None], axis=-1).mean()


@cross_entropy.right("with one-hot rows")
def _(logits, targets):
    one_hot = np.eye(logits.shape[1])[targets]
    top = np.max(logits, axis=1)
    log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return np.mean(log_sum - (one_hot * logits).sum(axis=1))


@cross_entropy.right("in a loop with an index")
def _(logits, targets):
    loss = 0
    for i in range(len(targets)):
        shifted = logits[i] - logits[i, targets[i]]
        top = shifted.max()
        loss += (top + np.log(np.sum(np.e ** (shifted - top)))) / len(targets)
    return loss
