"""The interactive figures of notebook 04: a graph stepped through, a robot."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.gradients import evaluate, value_functions
from course_lib.lessons import robot as body
from course_lib.scalar import Value, backward_order
from course_lib.widgets.controls import Choice, Field, Replay, Slider
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import Box, add_handle, end_slider

__all__ = ["graph_stepper", "robot"]

MOST_NODES, MOST_IN_A_ROW = 14, 7  # more would be too small to read
MOST_STEPS = 2 * (MOST_NODES - 1) + 1
FRAMES = 6  # from one step to the next
UP = 25.0  # points of the map: how far to drag an input for 1 more
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
    stops = [i / 10 for i in range(-40, 41)]

    def draw(ax: Axes, expression: str, step: float, **numbers: float) -> str:
        root, names = _graph(expression, numbers)
        last = plots.graph_steps(root)
        end_slider(ax, "step", last * FRAMES)
        step = min(step, last)
        letters = [names[letter] for letter in numbers]
        options: dict[str, Any] = {"movable": letters, "largest": 1.3, "ax": ax}
        plots.computation_graph(root, names, letters, step=step, **options)
        order = backward_order(root)
        letter_of = {node: letter for letter, node in names.items()}
        for node, box in plots.graph_boxes(root):
            if node.children:
                _lead_to_steps(ax, box, len(order) - order.index(node), last)
            elif node in letters:
                _drag_up(ax, box, letter_of[node], stops, node.data)
        return _step_in_words(root, names, math.floor(step))

    numbers = {"a": 0.5, "b": 2.0, "c": -0.3}
    text = Field("expression", "expression of a, b, c", "tanh(a*b + c)", 60, EXAMPLES)
    step = Slider(
        "step",
        "step, forward and backward",
        [i / FRAMES for i in range(MOST_STEPS * FRAMES + 1)],
        MOST_STEPS,
        _step,
        play=True,
        stride=FRAMES,
    )
    whole = replace(step, stops=range(MOST_STEPS + 1), stride=1)

    return InteractiveFigure(
        "graph_stepper",
        "A computation, forward and backward",
        draw,
        [
            text,
            *(Slider(name, name, stops, at, _short) for name, at in numbers.items()),
            step,
        ],
        plots.panels(width=9.4, height=4.3),
        narrow=9.4,  # it fits itself to its width
        replay=lambda: Replay([text, whole]),
    )


def _drag_up(
    ax: Axes, box: Box, letter: str, stops: Sequence[float], now: float
) -> None:
    """Let an input be dragged, up for more, by the middle of its box."""
    left, bottom, width, height = box
    y = bottom + height / 2
    ends = (left + height / 4, y), (left + width - height / 4, y)
    drag = add_handle(ax, f"drag up or down: another {letter}", ends)
    drag.up(letter, stops, lambda stop: y + UP * (stop - now))


def _step(step: float) -> str:
    """Return the name of a step, or of the way from one to the next."""
    whole = math.floor(step)
    return f"{whole}" if step == whole else f"{whole} → {whole + 1}"


def _lead_to_steps(ax: Axes, box: Box, forward: int, last: int) -> None:
    """Let a click on a node go where it is computed; below, where it shares blame."""
    left, bottom, width, height = box
    steps = [forward * FRAMES, (last + 1 - forward) * FRAMES]
    places = [(left + width / 2, bottom + share * height) for share in (0.6, 0.1)]
    names = ["to the step that computes it", "to the step that hands on its blame"]
    click = add_handle(ax, "to a step of this node", box=box)
    click.pick("step", steps, places, names)


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

    losses = [moment.loss for moment in walk]
    stops = [*range(60), *range(60, 120, 2), *range(120, len(walk), 4)]

    def draw(axes: np.ndarray, step: int, joint: str) -> str:
        moment, (posture, bars, curve) = walk[step], axes
        points = body.body_points(moment.angles)
        loss = f"{moment.loss:.2f}" if moment.loss >= 0.01 else "below 0.01"
        title = f"step {step}: loss {loss} dm²"
        plots.robot(points, runner, title, joint, room, ax=posture)
        plots.joint_slopes(
            body.JOINTS, moment.slopes, highlighted=joint, reach=steepest, ax=bars
        )
        plots.loss_of_the_walk(losses, here=step, ax=curve)
        names, numbers = list(body.JOINTS), range(len(body.JOINTS))
        limbs = add_handle(posture, "choose a joint")
        limbs.pick("joint", numbers, [*plots.robot_joints(points).values()], names)
        rows = add_handle(bars, "choose a joint", box=_with_labels(bars))
        rows.pick("joint", numbers, [(0, row) for row in numbers], names)
        add_handle(curve, "any step of the descent").across("step", stops)
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

    ratios = {"width_ratios": [1.0, 0.85], "height_ratios": [4.6, 1.3]}
    axes = plots.mosaic("AB;CC", 9.4, 6.0, **ratios)
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


def _with_labels(ax: Axes) -> Box:
    """Return the box of some Axes with the names left of it, in data coordinates."""
    corners = ax.transAxes + ax.transData.inverted()
    (left, bottom), (right, top) = corners.transform([(-0.3, 0), (1, 1)])
    return left, bottom, right - left, top - bottom
