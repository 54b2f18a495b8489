"""The interactive figures of notebook 04: a graph stepped through, a robot."""

from __future__ import annotations

import contextlib
import functools
import math
import random
from collections.abc import Mapping
from itertools import chain

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.gradients import evaluate, value_functions
from course_lib.lessons import robot as body
from course_lib.plots.parts import percent
from course_lib.scalar import Value, backward_order
from course_lib.widgets.controls import Button, Choice, Field, Replay, Slider
from course_lib.widgets.figure import InteractiveFigure

__all__ = ["graph_stepper", "robot"]

MOST_NODES, MOST_IN_A_ROW = 14, 7  # more would be too small to read
FRAMES = 120  # of the way through the steps, so that playing it takes some seconds
EXAMPLES = ("a*a + a", "(a*b + c - 10)**2", "tanh(a*b) + a**2", "sigmoid(a/b) - exp(c)")
NAMES = {
    "+": "the sum",
    "-": "the difference",
    "*": "the product",
    "/": "the quotient",
    "neg": "the minus",
}


def graph_stepper() -> InteractiveFigure:
    """Type an expression; step through its graph, forward and backward."""

    def draw(
        ax: Axes, expression: str, way: float, frames: int = FRAMES, **numbers: float
    ) -> str:
        root, names = _graph(expression, numbers)
        last = plots.graph_steps(root)
        step = way * last
        if abs(step - round(step)) <= last / (2 * frames):  # the stop nearest to a step
            step = round(step)
        letters = [names[letter] for letter in numbers]
        plots.computation_graph(root, names, letters, step=step, largest=1.3, ax=ax)
        return _step_in_words(root, names, math.floor(step))

    def move(by: int) -> None:
        """Go to the next whole step, or to the one before."""
        with contextlib.suppress(ValueError):  # an expression that cannot be drawn
            values = figure.values
            numbers = {letter: values[letter] for letter in "abc"}
            last = plots.graph_steps(_graph(values["expression"], numbers)[0])
            stops = [round(k * FRAMES / last) for k in range(last + 1)]
            here = figure.selected["way"]
            ahead = [stop for stop in stops[::by] if (stop - here) * by > 0]
            way = ahead[0] if ahead else here
            figure.selected = {**figure.selected, "way": way}

    stops = [i / 10 for i in range(-40, 41)]
    numbers = {"a": 0.5, "b": 2.0, "c": -0.3}
    text = Field("expression", "expression of a, b, c", "tanh(a*b + c)", 60, EXAMPLES)
    way = Slider(
        "way",
        "forward and backward, step by step",
        [i / FRAMES for i in range(FRAMES + 1)],
        1.0,
        percent,
        play=True,
    )

    def draw_recorded(ax: Axes, expression: str, way: float) -> str:
        return draw(ax, expression, way, FRAMES // 2, **numbers)

    figure = InteractiveFigure(
        "graph_stepper",
        "A computation, forward and backward",
        draw,
        [
            text,
            *(Slider(name, name, stops, at, _short) for name, at in numbers.items()),
            way,
            Button("back", "One step back", lambda: move(-1)),
            Button("on", "One step on", lambda: move(1)),
        ],
        plots.panels(width=9.4, height=4.3),
        narrow=9.4,  # it fits itself to its width
        replay=lambda: Replay([text, way.thinned(FRAMES // 2 + 1)], draw_recorded),
    )
    return figure


def _graph(
    expression: str, numbers: Mapping[str, float]
) -> tuple[Value, dict[str, Value]]:
    """Return the root of an expression, after its backward pass, and nodes by name.

    Raises ValueError, in one line, for what cannot be read, drawn or computed.
    """
    names = {letter: Value(number) for letter, number in numbers.items()}
    root = evaluate(expression, names, value_functions())
    if not isinstance(root, Value):
        raise ValueError(
            f"{expression[:40]!r} uses none of {', '.join(numbers)}: there is nobody "
            "to share the blame"
        )
    order = backward_order(root)
    _refuse_large(order)
    _refuse_undefined(order)
    root.backward()
    return root, names | ({"result": root} if root.children else {})


def _refuse_large(order: list[Value]) -> None:
    n_nodes = len({*order, *chain(*(node.children for node in order))})
    depth: dict[Value, int] = {}
    for node in reversed(order):
        depth[node] = 1 + max(depth.get(child, 0) for child in node.children)
    deepest = max(depth.values(), default=0)
    if n_nodes > MOST_NODES or deepest > MOST_IN_A_ROW:
        raise ValueError(
            f"this makes {n_nodes} nodes, up to {deepest} operations in a row: the "
            f"picture has room for {MOST_NODES} and {MOST_IN_A_ROW}, so leave some out"
        )


def _refuse_undefined(order: list[Value]) -> None:
    """Raise for the first operation whose result or slope is no finite number."""
    for node in reversed(order):
        given = [child.data for child in node.children]
        if all(map(math.isfinite, (*given, node.data, *node.local_grads))):
            continue
        shown = " and ".join(map(_short, given))
        if node.op == "/" and given[1] == 0:
            what = f"{_short(given[0])} is divided by zero"
        elif node.op == "log" and given[0] <= 0:
            what = f"log of {shown} does not exist, only numbers above 0 have one"
        elif math.isfinite(node.data):
            what = f"'{node.op}' of {shown} has no finite slope"
        else:
            what = f"'{node.op}' of {shown} is not a finite real number"
        raise ValueError(f"{what}: move a slider, or change the expression")


def _step_in_words(root: Value, names: Mapping[str, Value], step: int) -> str:
    """Return what a step did, as a sentence."""
    order = backward_order(root)
    n, last = len(order), plots.graph_steps(root)
    letters = {value: name for name, value in names.items() if not value.children}
    where = f"Step {step} of {last}"

    def called(node: Value) -> str:
        if node.children:
            return NAMES.get(node.op, node.op.replace("**", "the power "))
        return letters.get(node, f"the constant {_short(node.data)}")

    if step == 0:
        used = {*chain(*(node.children for node in order)), root} & set(letters)
        given = [
            f"{name} = {_short(x.data)}" for x, name in letters.items() if x in used
        ]
        return f"{where}: the leaves are given, {', '.join(given)}."
    if step <= n:
        node = order[n - step]
        parts = " and ".join(_short(child.data) for child in node.children)
        slopes = [
            f"{_short(slope)} for {called(child)}"
            for child, slope in zip(node.children, node.local_grads, strict=True)
        ]
        return (
            f"{where}, forward: {called(node)} of {parts} is {_short(node.data)}. "
            f"Local derivatives: {', '.join(slopes)}."
        )
    if step == n + 1:
        return f"{where}, backward: the result starts with all the blame, 1."
    node = order[step - n - 2]
    shares = [
        f"{_short(slope)} × {_short(node.grad)} = {_short(slope * node.grad)} "
        f"to {called(child)}"
        for child, slope in zip(node.children, node.local_grads, strict=True)
    ]
    return f"{where}, backward: {called(node)} hands on {', and '.join(shares)}."


def _short(number: float) -> str:
    return f"{number + 0.0:.4g}".replace("-", "−")


# --- the robot --------------------------------------------------------------------


@functools.cache
def _descent(seed: int) -> list[body.Step]:
    return body.learn_the_pose(body.random_angles(random.Random(seed)))


def robot(seed: int = 45) -> InteractiveFigure:
    """Step through the robot's gradient descent; see a joint's angle and slope."""
    walk = _descent(seed)
    runner = body.body_points(body.RUNNING)
    steepest = max(abs(slope) for moment in walk for slope in moment.slopes)
    room = max(plots.robot_room(body.body_points(moment.angles)) for moment in walk)

    def draw(axes: np.ndarray, step: int, joint: str) -> str:
        moment, (posture, bars) = walk[step], axes
        points = body.body_points(moment.angles)
        loss = f"{moment.loss:.2f}" if moment.loss >= 0.01 else "below 0.01"
        title = f"step {step}: loss {loss} dm²"
        plots.robot(points, runner, title, joint, room, ax=posture)
        plots.joint_slopes(
            body.JOINTS, moment.slopes, highlighted=joint, reach=steepest, ax=bars
        )
        k = body.JOINTS.index(joint)
        degrees = math.degrees(math.remainder(moment.angles[k], math.tau))
        slope = moment.slopes[k]
        way = "smaller" if slope > 0 else "larger"
        steep = f"{slope:.2f} dm² per radian: a {way} angle would lower the loss"
        if abs(slope) < 0.005:
            steep = "nearly 0: no turn of it would lower the loss"
        return (
            f"Step {step} of {len(walk) - 1}: loss {loss} dm². The {joint} is at "
            f"{degrees:.0f}°, its slope is {steep}."
        ).replace("-", "−")

    stops = [*range(60), *range(60, 120, 2), *range(120, len(walk), 4)]
    axes = plots.panels(1, 2, width=9.4, height=4.6)
    axes[0].get_gridspec().set_width_ratios([1.0, 0.85])
    return InteractiveFigure(
        "robot",
        "Fourteen joints find a running pose",
        draw,
        [
            Slider("step", "step of the descent", stops, 0, "{:d}".format, play=True),
            Choice("joint", "joint", {name: name for name in body.JOINTS}, "spine"),
        ],
        axes,
    )
