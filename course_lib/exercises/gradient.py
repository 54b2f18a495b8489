# mypy: ignore-errors
"""The exercises of 02_gradient. Answers are written as learners write: untyped."""

from __future__ import annotations

import numpy as np

from course_lib.exercises.core import Code, exercise, question

# --- numerical_gradient -------------------------------------------------------------

CUBES = Code("lambda p: p[0] ** 3 + 5 * p[1]")
PRODUCT = Code("lambda p: p[0] * p[1] * p[2]")
BENT = Code("lambda p: p[0] ** 4 - 3 * p[0] * p[1]")
ONE = Code("lambda p: p[0] ** 3 - p[0]")


@exercise(
    title="A gradient from nudges",
    task=(
        "Write a function that takes f, a list of numbers and the size of the nudge. "
        "f takes such a list and returns one number. Return the list of slopes: nudge "
        "each number up and down, the others standing still, and divide the answer by "
        "the whole way, twice the nudge."
    ),
    hints=(
        "One number at a time: for each i, make two copies of the point, one with the "
        "i-th number a nudge higher, one with it a nudge lower.",
        "list(point) makes a copy, so that the point itself stays as it is. Then "
        "up[i] += nudge and down[i] -= nudge.",
        "For each i, append (f(up) - f(down)) / (2 * nudge) to a list, empty at first.",
    ),
    cases=[
        (CUBES, [2.0, -1.0], 0.5),
        (PRODUCT, [2.0, 3.0, 0.5], 0.25),
        (BENT, [1.5, -2.0], 0.125),
        (ONE, [3.0], 0.5),
        (PRODUCT, [1.0, -2.0, 4.0], 1.0),
    ],
    after="It works for every function that you can compute, and knows no rule at all.",
)
def numerical_gradient(f, point, nudge):
    """Return the slope of f for each number of the point, nudged up and down."""
    slopes = []
    for i in range(len(point)):
        up, down = list(point), list(point)
        up[i] += nudge
        down[i] -= nudge
        slopes.append((f(up) - f(down)) / (2 * nudge))
    return slopes


numerical_gradient.wrong_edit(
    "nudged up only",
    "The slope of x ** 2 at 0 is 0. Nudge 0 up by 1 and stop there: what do you get? "
    "The task asks for both sides.",
    ("        down[i] -= nudge\n", ""),
    ("(2 * nudge)", "nudge"),
)
numerical_gradient.wrong_edit(
    "half of the way forgotten",
    "Every slope is twice too large. How far is it from the lower place to the upper?",
    ("(2 * nudge)", "nudge"),
)
numerical_gradient.wrong_edit(
    "the answer not divided by the nudge",
    "This is how far f moved. A slope is that, for each unit of the nudge.",
    (" / (2 * nudge)", ""),
)
numerical_gradient.wrong_edit(
    "multiplied by the nudge",
    "Halve the nudge, and the answer of f halves too. Which operation keeps the slope "
    "as it is?",
    ("/ (2 * nudge)", "* (2 * nudge)"),
)
numerical_gradient.wrong_edit(
    "division before multiplication",
    "Python reads a / 2 * nudge from the left, as (a / 2) * nudge.",
    ("(2 * nudge)", "2 * nudge"),
)
numerical_gradient.wrong_edit(
    "sign flipped",
    "Try f = x. It climbs, so its slope is +1. Which of the two places comes first in "
    "the subtraction?",
    ("f(up) - f(down)", "f(down) - f(up)"),
)
numerical_gradient.wrong_edit(
    "all numbers nudged at once",
    "Nudge them all, and you hear one answer for all of them. Who said what? The "
    "others must stand still.",
    ("up[i] += nudge", "up = [x + nudge for x in point]"),
    ("down[i] -= nudge", "down = [x - nudge for x in point]"),
)
numerical_gradient.wrong_edit(
    "nudges left in place",
    "The first slope is right, the later ones are not: when the second number is "
    "nudged, where is the first?",
    (
        "    for i in range(len(point)):\n"
        "        up, down = list(point), list(point)\n",
        "    up, down = list(point), list(point)\n    for i in range(len(point)):\n",
    ),
)
numerical_gradient.wrong_edit(
    "two names for one list",
    "up and down are not copies. They are two more names for the list that came in, so "
    "a nudge of one is a nudge of all three.",
    ("list(point), list(point)", "point, point"),
)
numerical_gradient.wrong_edit(
    "nudged by a share of the number",
    "A nudge of 0.1 moves 2 to 2.1 and not to 2.2. What happens to your nudge when the "
    "number is 0?",
    ("up[i] += nudge", "up[i] *= 1 + nudge"),
    ("down[i] -= nudge", "down[i] *= 1 - nudge"),
)
numerical_gradient.wrong_edit(
    "only the first slope",
    "The return stands inside the loop, so the loop ends after its first round.",
    ("    return slopes", "        return slopes"),
)


@numerical_gradient.wrong(
    "slopes added up",
    "One number came back. A gradient keeps the slopes apart, one for each parameter.",
)
def _(f, point, nudge):
    total = 0.0
    for i in range(len(point)):
        up, down = list(point), list(point)
        up[i] += nudge
        down[i] -= nudge
        total += (f(up) - f(down)) / (2 * nudge)
    return total


numerical_gradient.right_edit(
    "half of each side",
    (
        "(f(up) - f(down)) / (2 * nudge)",
        "0.5 * ((f(up) - f(point)) / nudge + (f(point) - f(down)) / nudge)",
    ),
)


@numerical_gradient.right("with NumPy, a row of the identity matrix at a time")
def _(f, point, nudge):
    point = np.asarray(point, dtype=float)
    rows = nudge * np.eye(len(point))
    return np.array([(f(point + row) - f(point - row)) / (2 * nudge) for row in rows])


@numerical_gradient.right("in float32")
def _(f, point, nudge):
    point, slopes = np.array(point, dtype=np.float32), np.zeros(len(point), np.float32)
    for i in range(len(point)):
        step = np.zeros_like(point)
        step[i] = nudge
        slopes[i] = (f(point + step) - f(point - step)) / np.float32(2 * nudge)
    return slopes


@numerical_gradient.right("nudged in place, and put back")
def _(f, point, nudge):
    point, slopes = list(point), []
    for i, x in enumerate(point):
        point[i] = x + nudge
        up = f(point)
        point[i] = x - nudge
        down = f(point)
        point[i] = x
        slopes += [(up - down) / nudge / 2]
    return tuple(slopes)


@numerical_gradient.right("slices in a comprehension")
def _(f, point, nudge):
    def at(i, h):
        return f([*point[:i], point[i] + h, *point[i + 1 :]])

    return [(at(i, nudge) - at(i, -nudge)) / (2 * nudge) for i in range(len(point))]


@numerical_gradient.right("by the package's own")
def _(f, point, nudge):
    from course_lib.gradients import finite_difference

    return finite_difference(lambda *p: f(p), *point, nudge=nudge)


# --- predict_the_direction ----------------------------------------------------------

predict_the_direction = question(
    __name__,
    "predict_the_direction",
    "S",
    title="Predict the direction",
    task=(
        "A walker stands at (2, 0.4) on (x ** 2 + 25 * y ** 2) / 2; x counts to the "
        "east, y to the north. In which of the eight directions does gradient descent "
        'step? Answer with one of "N", "NE", "E", "SE", "S", "SW", "W", "NW".'
    ),
    hints=(
        "Compute both slopes with the power rule: one to the east, one to the north. "
        "Which of the two is larger, and by how much?",
        "The slopes are x = 2 and 25 * y = 10. So uphill is 2 to the east and 10 to "
        "the north. Now turn the arrow around, and round it to the nearest direction.",
    ),
    after=(
        "The step is (-2, -10) times the learning rate: almost straight to the other "
        "wall. The gradient knows the steepest way down from here, not the way to the "
        "lowest point."
    ),
    wrong=[
        (
            "W",
            "the shortest way to the lowest point",
            "The walker cannot see the lowest point; it feels two slopes under its "
            "feet. Which of them is larger?",
        ),
        (
            "SW",
            "halfway between two slopes",
            "South-west would be right if both slopes were equal. Compute them: they "
            "are far from it.",
        ),
        (
            "N",
            "the gradient's own direction",
            "That is the steepest way up. Which way does descent go?",
        ),
        (
            "E",
            "along the canyon, and uphill",
            "To the east the ground rises, since x is 2 and its slope is positive. And "
            "it is not the larger slope.",
        ),
        (
            "NE",
            "uphill, and both slopes taken as equal",
            "Both slopes are positive, so this way is up. Then look at their sizes.",
        ),
        (
            "SE",
            "along the contour",
            "Towards the south-east you lose height to the south and win some to the "
            "east. What is the sign of the slope to the east?",
        ),
        (
            "NW",
            "the sign of one slope flipped",
            "To the west it goes down, to the north it goes up, and the northern wall "
            "is the steeper of the two.",
        ),
        (
            "down",
            "the rule instead of the direction",
            "Down is right, and the task asks which way that is on the map: name one "
            "of the eight directions.",
        ),
        (
            "up",
            "uphill",
            "The gradient points up. Descent goes against it: which way is that on the "
            "map?",
        ),
    ],
    right=["s", "South", "south", "SOUTH", "due south", "S."],
)

# --- gradient_descent_step ----------------------------------------------------------


@exercise(
    title="One step of gradient descent",
    task=(
        "Write a function that takes a list of parameters, the list of their slopes "
        "and a learning rate, and returns a new list: each parameter moved against its "
        "slope, by the learning rate times that slope."
    ),
    hints=(
        "Take one parameter, 2.0, with the slope 4.0 and the learning rate 0.1. How "
        "far does it move, and which way?",
        "The new value is p - learning_rate * g. zip(params, grads) gives you the "
        "pairs, one at a time.",
        "A comprehension does it: [p - learning_rate * g for p, g in …].",
    ),
    cases=[
        ([2.0, -1.0], [4.0, 0.5], 0.1),
        ([1.0], [3.0], 0.5),
        ([0.5, -2.0, 3.0], [-1.0, 0.0, 2.0], 0.25),
        ([3.0, 4.0], [-0.2, 0.6], 2.0),
    ],
    after="This line, and a gradient to put into it, is how every network learns.",
)
def gradient_descent_step(params, grads, learning_rate):
    """Return new parameters, one step downhill."""
    return [p - learning_rate * g for p, g in zip(params, grads, strict=True)]


gradient_descent_step.wrong_edit(
    "a step uphill",
    "The gradient points up. With a positive slope, should a parameter go up or down?",
    ("p - learning_rate", "p + learning_rate"),
)
gradient_descent_step.wrong_edit(
    "learning rate not applied",
    "Each parameter moved by its whole slope. What is the third argument for?",
    ("learning_rate * g", "g"),
)
gradient_descent_step.wrong_edit(
    "divided by the learning rate",
    "A smaller learning rate should make a smaller step. Does it here?",
    ("learning_rate * g", "g / learning_rate"),
)
gradient_descent_step.wrong_edit(
    "the step instead of the new place",
    "This is how far to go. Asked for is where the walker stands afterwards.",
    ("p - learning_rate", "-learning_rate"),
)
gradient_descent_step.wrong_edit(
    "the parameter scaled as well",
    "With a slope of 0 a parameter should stay where it is. Does it? Look at what the "
    "learning rate multiplies.",
    ("p - learning_rate * g", "learning_rate * (p - g)"),
)
gradient_descent_step.wrong_edit(
    "a step in proportion to the parameter",
    "A parameter that is 0 would never move again. The step depends on the slope, not "
    "on the parameter.",
    ("learning_rate * g", "learning_rate * g * p"),
)
gradient_descent_step.wrong_edit(
    "only the sign of the slope",
    "Every step has the same length here. A steep slope should move its parameter "
    "further than a gentle one.",
    ("learning_rate * g", "learning_rate * ((g > 0) - (g < 0))"),
)
gradient_descent_step.wrong_edit(
    "the first slope for every parameter",
    "Each parameter has a slope of its own, at the same place in the second list.",
    ("learning_rate * g", "learning_rate * grads[0]"),
)
gradient_descent_step.wrong_edit(
    "the old slope subtracted from the step",
    "Try the parameter 2, slope 4, learning rate 0.1: it should end at 1.6.",
    ("p - learning_rate * g", "learning_rate * g - p"),
)


@gradient_descent_step.wrong(
    "only the first parameter moved",
    "The first parameter is right, the others stayed where they were. All of them move "
    "in the same step.",
)
def _(params, grads, learning_rate):
    return [params[0] - learning_rate * grads[0], *params[1:]]


@gradient_descent_step.wrong(
    "the gradient shortened to length 1",
    "The direction is right, but every step is equally long. Where the ground gets "
    "flat, the steps should get short by themselves.",
)
def _(params, grads, learning_rate):
    length = sum(g**2 for g in grads) ** 0.5
    return [p - learning_rate * g / length for p, g in zip(params, grads, strict=True)]


@gradient_descent_step.wrong(
    "input mutated",
    "The numbers are right, but the list that came in was changed. The caller may "
    "still want to know where the walk began: make a new list.",
)
def _(params, grads, learning_rate):
    for i, g in enumerate(grads):
        params[i] -= learning_rate * g
    return params


@gradient_descent_step.wrong(
    "lists treated as arrays",
    "Python lists do not subtract or scale element by element; NumPy arrays do. Go "
    "through the pairs, or make arrays of both first.",
)
def _(params, grads, learning_rate):
    return params - learning_rate * grads


@gradient_descent_step.right("with NumPy")
def _(params, grads, learning_rate):
    return np.array(params) - learning_rate * np.array(grads)


@gradient_descent_step.right("in float32")
def _(params, grads, learning_rate):
    params, grads = np.float32(params), np.float32(grads)
    return params - np.float32(learning_rate) * grads


@gradient_descent_step.right("a loop over places")
def _(params, grads, learning_rate):
    moved = []
    for i in range(len(params)):
        step = -learning_rate * grads[i]
        moved.append(params[i] + step)
    return moved


@gradient_descent_step.right("a copy changed in place")
def _(params, grads, learning_rate):
    params = list(params)
    for i, g in enumerate(grads):
        params[i] -= learning_rate * g
    return params


@gradient_descent_step.right("map and a lambda, as a tuple")
def _(params, grads, learning_rate):
    return tuple(map(lambda p, g: p - g * learning_rate, params, grads))


@gradient_descent_step.right("by the package's optimizer")
def _(params, grads, learning_rate):
    from course_lib.optimizers import apply_updates, sgd

    optimizer = sgd(learning_rate)
    updates, _ = optimizer.update(grads, optimizer.init(params))
    return apply_updates(params, updates)


# --- mse_gradient -------------------------------------------------------------------


@exercise(
    title="The gradient of a line's loss, by hand",
    task=(
        "Write a function that takes w, b and two lists, sizes and prices, and returns "
        "two slopes: those of the mean of (w * size + b - price) ** 2, first for w, "
        "then for b. No nudges: use the chain rule."
    ),
    hints=(
        "Start with one house. Its error is e = w * size + b - price. How far does e "
        "move when w moves by one unit? When b does? And its square, when e moves?",
        "For one house the slopes are 2 * e * size for w, and 2 * e for b. The loss is "
        "a mean over the houses, so each slope is a mean as well.",
        "Make a list of the errors. Then the slope for w is the sum of 2 * e * x over "
        "all pairs of error and size, divided by len(sizes).",
    ),
    cases=[
        (1.0, 0.5, [2.0], [4.0]),
        (2.0, 1.0, [1.0, 3.0], [2.0, 8.0]),
        (0.0, 0.0, [0.5, 1.0, 1.5], [1.5, 3.0, 4.0]),
        (-1.0, 2.0, [0.4, 0.9, 1.2, 1.7], [1.6, 2.5, 3.3, 4.6]),
        (2.5, 0.25, [1.0, 2.0, 4.0], [2.0, 6.0, 9.0]),
    ],
    after="Two slopes, no nudge: with them the line can walk to its best fit.",
)
def mse_gradient(w, b, sizes, prices):
    """Return the slopes of the mean squared error for w and for b."""
    errors = [w * x + b - y for x, y in zip(sizes, prices, strict=True)]
    slope_w = sum(2 * e * x for e, x in zip(errors, sizes, strict=True)) / len(sizes)
    slope_b = sum(2 * e for e in errors) / len(prices)
    return slope_w, slope_b


mse_gradient.wrong_edit(
    "the 2 of the square forgotten",
    "Power rule: the slope of e ** 2 is not e. What comes down in front?",
    ("2 * e * x", "e * x"),
    ("2 * e for", "e for"),
)
mse_gradient.wrong_edit(
    "sum instead of mean",
    "With twice as many houses your slopes double, for the same line. The loss is a "
    "mean: what does that make of its slope?",
    (" / len(sizes)", ""),
    (" / len(prices)", ""),
)
mse_gradient.wrong_edit(
    "sign flipped",
    "The error is the prediction less the price. A line that lies too high must have "
    "positive slopes, so that descent takes it down.",
    ("w * x + b - y", "y - (w * x + b)"),
)
mse_gradient.wrong_edit(
    "the inner slope for w forgotten",
    "Right for b. For w: when w moves by 1, the guess for a house of size 3 moves by "
    "3. Where does that enter?",
    ("2 * e * x", "2 * e"),
)
mse_gradient.wrong_edit(
    "the size in both slopes",
    "Right for w. For b: when b moves by 1, how far does the guess move, for a small "
    "house and for a large one?",
    (
        "2 * e for e in errors",
        "2 * e * x for e, x in zip(errors, sizes, strict=True)",
    ),
)
mse_gradient.wrong_edit(
    "slopes exchanged",
    "Both numbers are there, in the other order: first the slope for w.",
    ("return slope_w, slope_b", "return slope_b, slope_w"),
)
mse_gradient.wrong_edit(
    "the square kept",
    "Power rule: when the 2 comes down in front, the exponent drops by one.",
    ("2 * e * x", "2 * e**2 * x"),
    ("2 * e for", "2 * e**2 for"),
)
mse_gradient.wrong_edit(
    "the outer slope forgotten",
    "These are the slopes of the errors. The loss is their square, and the chain rule "
    "wants the slope of that as well.",
    ("2 * e * x", "x"),
    ("2 * e for", "1 for"),
)
mse_gradient.wrong_edit(
    "the intercept left out of the guess",
    "Look at the error: the guess of the line is w * size + b.",
    ("w * x + b - y", "w * x - y"),
)
mse_gradient.wrong_edit(
    "absolute error instead of squared",
    "Every house counts the same here, however far off. That is the slope of the "
    "absolute error; with squares, a large error pulls harder.",
    ("2 * e * x", "((e > 0) - (e < 0)) * x"),
    ("2 * e for", "((e > 0) - (e < 0)) for"),
)
mse_gradient.wrong_edit(
    "averaged twice",
    "With one house all is well; with more, the slopes are too small. How often did "
    "you divide by the number of houses?",
    ("/ len(sizes)", "/ len(sizes) ** 2"),
    ("/ len(prices)", "/ len(prices) ** 2"),
)


@mse_gradient.wrong(
    "mean times mean",
    "Right for b. For w: the mean of e * x is not the mean of e times the mean of x. "
    "Multiply house by house, then take the mean.",
)
def _(w, b, sizes, prices):
    x, y = np.array(sizes), np.array(prices)
    error = w * x + b - y
    return 2 * error.mean() * x.mean(), 2 * error.mean()


@mse_gradient.wrong(
    "the loss instead of its slopes",
    "This is how high the line stands. Asked for is how steep it is there, for w and "
    "for b.",
)
def _(w, b, sizes, prices):
    return sum((w * x + b - y) ** 2 for x, y in zip(sizes, prices, strict=True)) / len(
        sizes
    )


@mse_gradient.right("with NumPy")
def _(w, b, sizes, prices):
    sizes, prices = np.array(sizes), np.array(prices)
    errors = w * sizes + b - prices
    return 2 * (errors * sizes).mean(), 2 * errors.mean()


@mse_gradient.right("in float32, as an array")
def _(w, b, sizes, prices):
    x, y = np.float32(sizes), np.float32(prices)
    error = np.float32(w) * x + np.float32(b) - y
    return np.array([np.mean(2 * error * x), np.mean(2 * error)])


@mse_gradient.right("one loop for both")
def _(w, b, sizes, prices):
    slope_w = slope_b = 0.0
    for i in range(len(sizes)):
        pull = 2 * (w * sizes[i] + b - prices[i]) / len(sizes)
        slope_w += pull * sizes[i]
        slope_b += pull
    return [slope_w, slope_b]


@mse_gradient.right("with a matrix")
def _(w, b, sizes, prices):
    columns = np.stack([sizes, np.ones(len(sizes))], axis=1)
    return 2 / len(sizes) * columns.T @ (columns @ [w, b] - prices)


@mse_gradient.right("multiplied out, from means")
def _(w, b, sizes, prices):
    n = len(sizes)
    x, y = sum(sizes) / n, sum(prices) / n
    xx = sum(size**2 for size in sizes) / n
    xy = sum(s * p for s, p in zip(sizes, prices, strict=True)) / n
    return 2 * (w * xx + b * x - xy), 2 * (w * x + b - y)


@mse_gradient.right("with Value from the package")
def _(w, b, sizes, prices):
    from course_lib.scalar import Value

    w, b = Value(w), Value(b)
    losses = [(w * x + b - y) ** 2 for x, y in zip(sizes, prices, strict=True)]
    (sum(losses, Value(0.0)) / len(losses)).backward()
    return w.grad, b.grad
