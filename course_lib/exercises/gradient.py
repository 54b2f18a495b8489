# mypy: ignore-errors
"""The exercises of 02_gradient. Answers are written as learners write: untyped."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

import numpy as np

from course_lib.exercises.core import Case, Code, exercise, question
from course_lib.exercises.core.diagnose import Finding
from course_lib.exercises.core.judge import ValueJudge, Verdict

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
        "each number up and down while the others stay where they are, and divide the "
        "change of f by the whole way, twice the nudge."
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
        (BENT, [2.0, 2.0], 0.5),
        (CUBES, [2, -1], 0.5),
        (CUBES, [0.0, 0.0], 0.25),
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


@numerical_gradient.probe
def _slopes(function, f, point, nudge):
    """Return the slopes; a point that was nudged and put back counts as unchanged."""
    copy = list(point)
    slopes = function(f, copy, nudge)
    if copy != point:  # 2 and 2.0 are equal
        point[:] = copy
    return slopes


numerical_gradient.wrong_edit(
    "nudged up only",
    "The slope of x ** 2 at 0 is 0. Nudge 0 up by 1 and stop there: what do you get? "
    "The task asks for both sides.",
    ("        down[i] -= nudge\n", ""),
    ("(2 * nudge)", "nudge"),
)
numerical_gradient.wrong_edit(
    "nudged down only",
    "The slope of x ** 2 at 0 is 0. Nudge 0 down by 1 and stop there: what do you get? "
    "The task asks for both sides.",
    ("        up[i] += nudge\n", ""),
    ("(2 * nudge)", "nudge"),
)
numerical_gradient.wrong_edit(
    "half of the way forgotten",
    "Every slope is twice too large. How far is it from the lower place to the upper?",
    ("(2 * nudge)", "nudge"),
)
numerical_gradient.wrong_edit(
    "a nudge of its own size",
    "These are the slopes of the curve itself, or nearly. Asked for is what a nudge of "
    "the given size finds: use the third argument.",
    ("up[i] += nudge", "up[i] += 1e-6"),
    ("down[i] -= nudge", "down[i] -= 1e-6"),
    ("(2 * nudge)", "2e-6"),
)
numerical_gradient.wrong_edit(
    "half of the nudge on each side",
    "The whole way is one nudge here. Asked for is a whole nudge up and a whole nudge "
    "down.",
    ("up[i] += nudge", "up[i] += nudge / 2"),
    ("down[i] -= nudge", "down[i] -= nudge / 2"),
    ("(2 * nudge)", "nudge"),
)
numerical_gradient.wrong_edit(
    "the change not divided by the nudge",
    "This is how far f moved. A slope is that, for each unit of the nudge.",
    (" / (2 * nudge)", ""),
)
numerical_gradient.wrong_edit(
    "multiplied by the nudge",
    "Halve the nudge, and the change of f halves too. Which operation keeps the slope "
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
    "Nudge them all, and f shows one change for all of them together. Nudge one "
    "number, and leave the others where they are.",
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


numerical_gradient.wrong_edit(
    "the slopes in reverse order",
    "The slopes are right, and come in the wrong order: the first belongs to the first "
    "number of the point.",
    ("return slopes", "return slopes[::-1]"),
)


@numerical_gradient.wrong(
    "places found by value",
    "At the point [2.0, 2.0] both slopes belong to the first number. Equal numbers "
    "cannot be told apart by their value: count the places, with range or enumerate.",
)
def _(f, point, nudge):
    slopes = []
    for x in point:
        i = point.index(x)
        up, down = list(point), list(point)
        up[i] += nudge
        down[i] -= nudge
        slopes.append((f(up) - f(down)) / (2 * nudge))
    return slopes


@numerical_gradient.wrong(
    "every equal number nudged",
    "At the point [2.0, 2.0] both numbers moved at once: they are equal, and you asked "
    "for the value. Nudge by place, with range or enumerate.",
)
def _(f, point, nudge):
    slopes = []
    for p in point:
        up = [x + nudge if x == p else x for x in point]
        down = [x - nudge if x == p else x for x in point]
        slopes.append((f(up) - f(down)) / (2 * nudge))
    return slopes


@numerical_gradient.wrong(
    "a list kept from one call to the next",
    "The first call is right. At the next, the slopes of the first are still in the "
    "list: make it inside the function.",
)
def _(f, point, nudge, slopes=[]):  # noqa: B006
    for i in range(len(point)):
        up, down = list(point), list(point)
        up[i] += nudge
        down[i] -= nudge
        slopes.append((f(up) - f(down)) / (2 * nudge))
    return slopes


@numerical_gradient.wrong(
    "slopes cut off in an array of whole numbers",
    "An array made like the point holds whole numbers where the point does, so 12.25 "
    "becomes 12. Collect the slopes in a list, or use np.zeros(len(point)).",
)
def _(f, point, nudge):
    slopes = np.zeros_like(point)
    for i in range(len(point)):
        up, down = list(point), list(point)
        up[i] += nudge
        down[i] -= nudge
        slopes[i] = (f(up) - f(down)) / (2 * nudge)
    return slopes


@numerical_gradient.wrong(
    "f called with a single number",
    "f takes the whole list, not one number of it. Make a copy of the list, and nudge "
    "one number in it.",
)
def _(f, point, nudge):
    return [(f(x + nudge) - f(x - nudge)) / (2 * nudge) for x in point]


numerical_gradient.wrong_edit(
    "the sign of the slopes lost",
    "A function that falls has a negative slope. Where does the sign get lost?",
    ("(f(up) - f(down))", "abs(f(up) - f(down))"),
)
numerical_gradient.wrong_edit(
    "slopes sorted",
    "The slopes are right, but sorted: the first belongs to the first number of the "
    "point.",
    ("return slopes", "return sorted(slopes)"),
)


@numerical_gradient.wrong(
    "slopes kept under their number",
    "At the point [2.0, 2.0] one slope got lost: equal numbers are one and the same "
    "key. Count the places instead.",
)
def _(f, point, nudge):
    slopes = {}
    for i, x in enumerate(point):
        up, down = list(point), list(point)
        up[i] += nudge
        down[i] -= nudge
        slopes[x] = (f(up) - f(down)) / (2 * nudge)
    return list(slopes.values())


@numerical_gradient.wrong(
    "a nudge lost in an array of whole numbers",
    "An array made from [2, -1] holds whole numbers only, so 2 + 0.5 becomes 2 again. "
    "Make it with dtype=float, or use lists.",
)
def _(f, point, nudge):
    slopes = []
    for i in range(len(point)):
        up, down = np.array(point), np.array(point)
        up[i] += nudge
        down[i] -= nudge
        slopes.append((f(up) - f(down)) / (2 * nudge))
    return slopes


@numerical_gradient.wrong(
    "a nudge forced into an array of whole numbers",
    "An array made from [2, -1] holds whole numbers only, and cannot take in 2.5. Make "
    "it with dtype=float, or use lists.",
)
def _(f, point, nudge):
    slopes = []
    for i in range(len(point)):
        up, down, step = np.array(point), np.array(point), np.zeros(len(point))
        step[i] = nudge
        up += step
        down -= step
        slopes.append((f(up) - f(down)) / (2 * nudge))
    return slopes


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


@numerical_gradient.right("the point itself walks there and back")
def _(f, point, nudge):
    slopes = []
    for i in range(len(point)):
        point[i] += nudge
        rise = f(point)
        point[i] -= 2 * nudge
        rise -= f(point)
        point[i] += nudge
        slopes.append(rise / (2.0 * nudge))
    return slopes


@numerical_gradient.right("by the package's own")
def _(f, point, nudge):
    from course_lib.gradients import finite_difference

    return finite_difference(lambda *p: f(p), *point, nudge=nudge)


# --- predict_the_direction ----------------------------------------------------------

DIRECTIONS = {
    "n": "N",
    "ne": "NE",
    "e": "E",
    "se": "SE",
    "s": "S",
    "sw": "SW",
    "w": "W",
    "nw": "NW",
    "north": "N",
    "northeast": "NE",
    "east": "E",
    "southeast": "SE",
    "south": "S",
    "southwest": "SW",
    "west": "W",
    "northwest": "NW",
    "down": "down",
    "downhill": "down",
    "up": "up",
    "uphill": "up",
}
NONE_OF_THEM = (
    'Answer with one of these words: "N", "NE", "E", "SE", "S", "SW", "W", "NW".'
)


class DirectionJudge(ValueJudge):
    """Takes a direction however it is written: "W", " w ", "West", "to the west"."""

    def verdict(self, answer: Any) -> Verdict:
        """Judge a direction; a word that is none is told which words there are."""
        if type(answer) is str:
            letters = re.sub(r"\b(due|to|the)\b|[^a-z]", "", answer.lower())
            answer = DIRECTIONS.get(letters, answer)
        verdict = super().verdict(answer)
        if verdict.kind == "correct" or verdict.finding is not None:
            return verdict
        return replace(verdict, finding=Finding("no direction", NONE_OF_THEM))


predict_the_direction = question(
    __name__,
    "predict_the_direction",
    "S",
    title="Predict the direction",
    task=(
        "A walker stands at (2, 0.4) on (x ** 2 + 25 * y ** 2) / 2; x counts to the "
        "east, y to the north. Which of the eight directions is nearest to the step of "
        'gradient descent? Answer with one of "N", "NE", "E", "SE", "S", "SW", "W", '
        '"NW".'
    ),
    hints=(
        "Compute both slopes with the power rule: one to the east, one to the north. "
        "Which of the two is larger, and by how much?",
        "The slopes are x = 2 and 25 * y = 10. So uphill is 2 to the east and 10 to "
        "the north. Now turn the arrow around, and round it to the nearest direction.",
    ),
    after=(
        "The step is (-2, -10) times the learning rate: 11 degrees off due south, "
        "almost straight to the other wall. The gradient knows the steepest way down "
        "from here, not the way to the lowest point."
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
            "That is nearest to the steepest way up. Which way does descent go?",
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
            "the sign of the slope to the east flipped",
            "To the south it goes down, that is right. But to the east it goes up: x "
            "is 2, and its slope is positive.",
        ),
        (
            "NW",
            "the sign of the slope to the north flipped",
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
            "map? Name one of the eight directions.",
        ),
    ],
    right=["s", "South", "south", "SOUTH", "due south", "S.", " S ", "to the south"],
)
predict_the_direction.value_judge = DirectionJudge(
    **{
        field.name: getattr(predict_the_direction.value_judge, field.name)
        for field in fields(ValueJudge)
    }
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
        ([1.0, 1.0, -3.0], [2.0, -4.0, 2.0], 0.5),
        ([3, -2], [1, 5], 0.25),
        ([0.0, 0.0625], [0.3, 0.125], 0.01),
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
    "the parameter subtracted from the step",
    "Try the parameter 2, slope 4, learning rate 0.1: it should end at 1.6. What is "
    "taken away from what?",
    ("p - learning_rate * g", "learning_rate * g - p"),
)
gradient_descent_step.wrong_edit(
    "the sign of the slope lost",
    "Every parameter went down. Where the slope is negative, downhill is the other "
    "way.",
    ("learning_rate * g", "learning_rate * abs(g)"),
)
gradient_descent_step.wrong_edit(
    "a learning rate of its own",
    "The step has the same length whatever rate is given. The third argument says how "
    "long it should be.",
    ("learning_rate * g", "0.1 * g"),
)
gradient_descent_step.wrong_edit(
    "the slope squared",
    "Try the slope -1: downhill is up. A square has lost the sign, and makes steep "
    "slopes far too steep.",
    ("learning_rate * g", "learning_rate * g**2"),
)
gradient_descent_step.wrong_edit(
    "parameter and slope exchanged",
    "Which of the two is the place, and which says where to go from there?",
    ("p - learning_rate * g", "g - learning_rate * p"),
)
gradient_descent_step.wrong_edit(
    "slopes in reverse order",
    "Each parameter has a slope of its own, at the same place in the second list. "
    "Yours come from the other end.",
    ("zip(params, grads,", "zip(params, grads[::-1],"),
)
gradient_descent_step.wrong_edit(
    "rounded",
    "The step is right, and then it is rounded. In a long walk that adds up.",
    ("p - learning_rate * g", "round(p - learning_rate * g, 2)"),
)
gradient_descent_step.wrong_edit(
    "all slopes added up",
    "Every parameter moved by the sum of all slopes. Each has a slope of its own, at "
    "the same place in the second list.",
    ("learning_rate * g", "learning_rate * sum(grads)"),
)


@gradient_descent_step.wrong(
    "places found by value",
    "With the parameters [1.0, 1.0] both got the slope of the first. Equal numbers "
    "cannot be told apart by their value: pair the lists with zip.",
)
def _(params, grads, learning_rate):
    return [p - learning_rate * grads[params.index(p)] for p in params]


@gradient_descent_step.wrong(
    "slopes kept under their parameter",
    "With the parameters [1.0, 1.0] one slope was overwritten: equal numbers are one "
    "and the same key. Pair the lists with zip.",
)
def _(params, grads, learning_rate):
    slope_of = dict(zip(params, grads, strict=True))
    return [p - learning_rate * slope_of[p] for p in params]


@gradient_descent_step.wrong(
    "decimals cut off in an array of whole numbers",
    "An array made from [3, -2] holds whole numbers only, so 2.75 becomes 2. Make it "
    "with dtype=float, or make a new list.",
)
def _(params, grads, learning_rate):
    moved = np.array(params)
    for i, g in enumerate(grads):
        moved[i] -= learning_rate * g
    return moved


@gradient_descent_step.wrong(
    "a step forced into an array of whole numbers",
    "An array made from [3, -2] holds whole numbers only, and cannot take in 2.75. "
    "Make it with dtype=float, or write moved = moved - …",
)
def _(params, grads, learning_rate):
    moved = np.array(params)
    moved -= learning_rate * np.array(grads)
    return moved


@gradient_descent_step.wrong(
    "the params that came in",
    "The params came back as they were: p = … in a loop gives p a new value and leaves "
    "the list alone. Collect the new values in a new list.",
)
def _(params, grads, learning_rate):
    for p, g in zip(params, grads, strict=True):
        p = p - learning_rate * g
    return params


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
        "Write a function that takes w, b and two NumPy arrays, sizes and prices, and "
        "returns two slopes: those of the mean of (w * size + b - price) ** 2, first "
        "for w, then for b. No nudges: use the chain rule."
    ),
    hints=(
        "Start with one house. Its error is w * size + b - price. How far does the "
        "error move when w moves by one unit? When b does? And its square, when the "
        "error moves?",
        "For one house the slopes are 2 * error * size for w, and 2 * error for b. The "
        "loss is a mean over the houses, so each slope is a mean as well.",
        "error = w * sizes + b - prices has an entry for each house. The slope for w "
        "is the mean of 2 * error * sizes.",
    ),
    cases=[
        (1.0, 0.5, np.array([2.0]), np.array([4.0])),
        (2.0, 1.0, np.array([1.0, 3.0]), np.array([2.0, 8.0])),
        (0.0, 0.0, np.array([0.5, 1.0, 1.5]), np.array([1.5, 3.0, 4.0])),
        (-1.0, 2.0, np.array([0.4, 0.9, 1.2, 1.7]), np.array([1.6, 2.5, 3.3, 4.6])),
        (2.5, 0.25, np.array([1.0, 2.0, 2.0]), np.array([2.0, 6.0, 9.0])),
        (0.5, 0.25, np.array([1, 4, 3]), np.array([2, 7, 7])),
        Case(
            1.0,
            0.5,
            np.array([1.0, 2.0]),
            np.array([1e20, 3e20]),
            shown="two houses of size 1 and 2 at a price of 1e20 and 3e20, "
            "with w = 1 and b = 0.5",
        ),
    ],
    after="Two slopes, no nudge: with them the line can walk to its best fit.",
)
def mse_gradient(w, b, sizes, prices):
    """Return the slopes of the mean squared error for w and for b."""
    error = w * sizes + b - prices
    slope_w = (2 * error * sizes).mean()
    slope_b = (2 * error).mean()
    return slope_w, slope_b


W, B = "(2 * error * sizes).mean()", "(2 * error).mean()"  # pieces of the solution

mse_gradient.wrong_edit(
    "the 2 of the square forgotten",
    "Power rule: the slope of error ** 2 is not error. What comes down in front?",
    (W, "(error * sizes).mean()"),
    (B, "error.mean()"),
)
mse_gradient.wrong_edit(
    "sum instead of mean",
    "With twice as many houses your slopes double, for the same line. The loss is a "
    "mean: what does that make of its slope?",
    (W, "(2 * error * sizes).sum()"),
    (B, "(2 * error).sum()"),
)
mse_gradient.wrong_edit(
    "the mean not taken",
    "There is one number for each house here. The loss is a mean over the houses, so "
    "each of the two slopes is a mean as well.",
    (W, "2 * error * sizes"),
    (B, "2 * error"),
)
mse_gradient.wrong_edit(
    "sign flipped",
    "The error is the prediction less the price. A line that lies too high must have "
    "positive slopes, so that descent takes it down.",
    ("w * sizes + b - prices", "prices - (w * sizes + b)"),
)
mse_gradient.wrong_edit(
    "the inner slope for w forgotten",
    "Right for b. For w: when w moves by 1, the guess for a house of size 3 moves by "
    "3. Where does that enter?",
    (W, B),
)
mse_gradient.wrong_edit(
    "the size in both slopes",
    "Right for w. For b: when b moves by 1, how far does the guess move, for a small "
    "house and for a large one?",
    (B, W),
)
mse_gradient.wrong_edit(
    "slopes exchanged",
    "Both numbers are there, in the other order: first the slope for w.",
    ("return slope_w, slope_b", "return slope_b, slope_w"),
)
mse_gradient.wrong_edit(
    "the square kept",
    "Power rule: when the 2 comes down in front, the exponent drops by one.",
    (W, "(2 * error**2 * sizes).mean()"),
    (B, "(2 * error**2).mean()"),
)
mse_gradient.wrong_edit(
    "the outer slope forgotten",
    "These are the slopes of the errors. The loss is their square, and the chain rule "
    "wants the slope of that as well.",
    (W, "sizes.mean()"),
    (B, "1.0"),
)
mse_gradient.wrong_edit(
    "b left out of the guess",
    "Look at the error: the guess of the line is w * size + b.",
    ("w * sizes + b - prices", "w * sizes - prices"),
)
mse_gradient.wrong_edit(
    "the price left out of the error",
    "Look at the error: it is the guess of the line less the price.",
    ("w * sizes + b - prices", "w * sizes + b"),
)
mse_gradient.wrong_edit(
    "absolute error instead of squared",
    "Every house counts the same here, however far off. That is the slope of the "
    "absolute error; with squares, a large error pulls harder.",
    (W, "(np.sign(error) * sizes).mean()"),
    (B, "np.sign(error).mean()"),
)
mse_gradient.wrong_edit(
    "errors without their sign",
    "A line that lies too low must have negative slopes. Keep the sign of the error.",
    ("w * sizes + b - prices", "abs(w * sizes + b - prices)"),
)
mse_gradient.wrong_edit(
    "w in place of the size",
    "Right for b. For w: when w moves by 1, how far does the guess move? Ask it for a "
    "house of size 3.",
    (W, "(2 * error * w).mean()"),
)
mse_gradient.wrong_edit(
    "the price in place of the size",
    "Right for b. For w: when w moves by 1, how far does the guess move? Ask it for a "
    "house of size 3.",
    (W, "(2 * error * prices).mean()"),
)
mse_gradient.wrong_edit(
    "b multiplied in",
    "Right for w. For b: when b moves by 1, the guess moves by 1, whatever b is.",
    (B, "(2 * error * b).mean()"),
)
mse_gradient.wrong_edit(
    "the slope for w multiplied by w",
    "Right for b. For w: when w moves by 1, the guess moves by the size, whatever w "
    "is.",
    (W, "(2 * error * w * sizes).mean()"),
)
mse_gradient.wrong_edit(
    "the size squared",
    "Right for b. For w: the inner slope is the size, and it enters once.",
    (W, "(2 * error * sizes**2).mean()"),
)
mse_gradient.wrong_edit(
    "the 2 in one slope only",
    "Right for w. For b the outer slope is the same: the 2 comes down there, too.",
    (B, "error.mean()"),
)
mse_gradient.wrong_edit(
    "the 2 missing from the slope for w",
    "Right for b. For w the outer slope is the same: the 2 comes down there, too.",
    (W, "(error * sizes).mean()"),
)
mse_gradient.wrong_edit(
    "averaged twice",
    "With one house all is well; with more, the slopes are too small. How often did "
    "you divide by the number of houses?",
    (W, "(2 * error * sizes).mean() / len(sizes)"),
    (B, "(2 * error).mean() / len(sizes)"),
)
mse_gradient.wrong_edit(
    "only the slope for w",
    "One slope came back. The line has two parameters: return the slope for b as well.",
    ("return slope_w, slope_b", "return slope_w"),
)


@mse_gradient.wrong(
    "mean times mean",
    "Right for b. For w: the mean of error * size is not the mean of the errors times "
    "the mean of the sizes. Multiply house by house, then take the mean.",
)
def _(w, b, sizes, prices):
    error = w * sizes + b - prices
    return 2 * error.mean() * sizes.mean(), 2 * error.mean()


@mse_gradient.wrong(
    "a nudge in place of the rules",
    "The task asks for the chain rule. The last case has prices so large that "
    "round-off swallows any nudge, and a slope of 0 comes out.",
)
def _(w, b, sizes, prices):
    def loss(w, b):
        return ((w * sizes + b - prices) ** 2).mean()

    return (
        (loss(w + 1e-5, b) - loss(w - 1e-5, b)) / 2e-5,
        (loss(w, b + 1e-5) - loss(w, b - 1e-5)) / 2e-5,
    )


@mse_gradient.wrong(
    "decimals cut off in an array of whole numbers",
    "An array made like sizes holds whole numbers where sizes does, so an error of "
    "-1.25 becomes -1. Compute the errors in one line, as a new array.",
)
def _(w, b, sizes, prices):
    error = np.zeros_like(sizes)
    for i in range(len(sizes)):
        error[i] = w * sizes[i] + b - prices[i]
    return (2 * error * sizes).mean(), (2 * error).mean()


@mse_gradient.wrong(
    "the loss instead of its slopes",
    "This is how high the line stands. Asked for is how steep it is there, for w and "
    "for b.",
)
def _(w, b, sizes, prices):
    return ((w * sizes + b - prices) ** 2).mean()


@mse_gradient.right("with lists and a loop over pairs")
def _(w, b, sizes, prices):
    errors = [w * x + b - y for x, y in zip(sizes, prices, strict=True)]
    slope_w = sum(2 * e * x for e, x in zip(errors, sizes, strict=True)) / len(sizes)
    slope_b = sum(2 * e for e in errors) / len(prices)
    return slope_w, slope_b


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
    sizes, prices = sizes.tolist(), prices.tolist()
    losses = [(w * x + b - y) ** 2 for x, y in zip(sizes, prices, strict=True)]
    (sum(losses, Value(0.0)) / len(losses)).backward()
    return w.grad, b.grad


@mse_gradient.right("by jax.grad, which follows the rules")
def _(w, b, sizes, prices):
    import jax

    def loss(w, b):
        return ((w * sizes + b - prices) ** 2).mean()

    return jax.grad(loss, argnums=(0, 1))(w, b)
