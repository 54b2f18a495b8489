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
        (np.array([3.0]), np.array([5.0])),
        (np.array([250.0, 320.0]), np.array([270.0, 310.0])),
        (np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])),
        (np.array([-1.0, 2.0, 0.5, 4.0]), np.array([1.0, -2.0, 0.5, 1.0])),
        (np.array([10.0, 20.0, 30.0]), np.array([12.0, 17.0, 31.0])),
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
    "You divide each error by its target, so a miss of 10 counts less on a dear house. "
    "The mean squared error measures all in one unit.",
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
        (np.array([0.30]), np.array([1])),
        (np.array([0.92]), np.array([1])),
        (np.array([0.30, 0.92]), np.array([0, 1])),
        (np.array([0.9, 0.2, 0.7, 0.4]), np.array([1, 0, 0, 1])),
        (np.array([0.01, 0.6, 0.999]), np.array([1, 0, 0])),
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
    "labels the wrong way round",
    "Spam predicted with 0.92 should be cheap. Here it is dear: which label stands "
    "for spam?",
    ("label == 1", "label == 0"),
)
binary_cross_entropy.wrong_edit(
    "messages that are not spam cost nothing",
    "A message that is not spam, predicted as spam with 0.999, should be very dear. "
    "What does it cost here?",
    ("-math.log(happened)", "-label * math.log(p)"),
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
    "a probability squashed twice",
    "The sigmoid turns a score into a probability. These numbers are probabilities "
    "already.",
    ("-math.log(happened)", "math.log(1 + math.exp(-happened))"),
)


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
        "It must also give the right shares for scores of 1000 and of -1000."
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
        (np.array([1000.0, 999.0, 1.0]),),
        (np.array([-1000.0, -1001.0, -1002.0]),),
        (np.array([2000.0, 0.0, -5.0]),),
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
softmax.right_edit(
    "shifted in two lines",
    (
        "exps = np.exp(logits - logits.max())",
        "shifted = logits - np.max(logits)\n    exps = np.e**shifted",
    ),
)


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
        (np.zeros((1, 3)), np.array([1])),
        (np.array([[2.0, 0.0, 1.0], [0.5, 1.5, -1.0]]), np.array([0, 2])),
        (
            np.array([[2.0, -1.0, 0.5], [0.5, 1.5, -1.0], [1.0, 0.0, 3.0]]),
            np.array([0, 1, 0]),
        ),
        (np.array([[1000.0, 0.0], [0.0, 1000.0]]), np.array([1, 1])),
        (np.array([[-1000.0, -1002.0]]), np.array([1])),
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
cross_entropy.wrong_edit(
    "a small number added inside the log",
    "The loss is finite now, but it stops growing near 20, however wrong the model is. "
    "The score itself can say how wrong: compute with logarithms.",
    (
        "log_sum - row[target]",
        "-np.log(np.exp(row[target] - top) / np.exp(row - top).sum() + 1e-9)",
    ),
)
cross_entropy.wrong_edit(
    "scores too large for exp",
    "e to the power of 1000 is too large for a float. Take the largest score out of "
    "the sum first.",
    ("top = row.max()", "top = 0.0"),
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
