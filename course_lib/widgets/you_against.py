"""The game of notebook 04: a robot posed by hand, then by the backward of a class."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from course_lib import plots
from course_lib.exercises.robot_trial import STEPS, Trial, try_number
from course_lib.lessons import robot as body
from course_lib.scalar import Value
from course_lib.widgets.controls import Replay, Slider, Toggle, Turn, Turns
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle

__all__ = ["start_of", "you_against_autograd"]

DEGREES = 2  # from one stop of a joint to the next
STOPS = tuple(range(-180, 180, DEGREES))


@functools.cache
def _ours(start: tuple[float, ...]) -> Trial:
    return try_number(Value, start)


def you_against_autograd(number: Any = Value, seed: int = 365) -> InteractiveFigure:
    """Pose the robot by hand; then watch a class do it by its own ``backward``.

    ``number`` is the class: yours, if you have one. It takes the steps in a process of
    its own, once, when the figure is made. A class whose slopes are wrong makes the
    robot stumble, and the rule that is suspected is named.
    """
    starts, start = start_of(seed)
    trial = _ours(start) if number is Value else try_number(number, start)
    who = "autograd" if number is Value else getattr(number, "__name__", "that")
    runner = body.body_points(body.RUNNING)
    last = len(trial.walk) or 1

    def draw(
        axes: np.ndarray, turns: tuple[str, list[Turn]], step: int, blind: bool
    ) -> tuple[str, str]:
        part, turned = turns
        losses = [body.robot_loss(angles) for angles in _by_hand(start, turned)]
        if step == 0:
            view = _view_by_hand(_by_hand(start, turned)[-1], losses[-1], turned)
        else:
            view = _view_of_step(trial, start, who, step)
        text = _table(trial, who, losses[-1], turned) if step == last else ""
        plots.marionette(
            body.body_points(view.angles),
            None if blind else runner,
            dict(zip(body.JOINTS, view.slopes, strict=True)),
            dict(zip(body.JOINTS, view.truth, strict=True)) if view.truth else None,
            view.title,
            part if step == 0 else "",
            ax=axes[0],
        )
        plots.two_descents(
            losses if turned or step == 0 else [],
            [moment.loss for moment in trial.walk[:step]],
            STEPS,
            who,
            "loss, turn by turn",
            ax=axes[1],
        )
        if step == 0:
            _add_handles(axes[0], view.angles)
        return view.said + " The runner is hidden." * blind, text

    turns = Turns(
        "turns",
        "joint to turn",
        dict(zip(body.JOINTS, starts, strict=True)),
        [f"{stop}°".replace("-", "−") for stop in STOPS],
        resets={"step": 0},
    )
    step = Slider(
        "step",
        f"steps by {who}",
        range(last + 1),
        0,
        lambda step: f"step {step - 1}" if step else "your turn",
        play=f"Let {who} try",
    )
    blind = Toggle("blind", "hide the runner")
    axes = plots.panels(1, 2, width=10.2, height=5.4)
    axes[0].get_gridspec().set_width_ratios([1.15, 0.85])
    return InteractiveFigure(
        "you_against_autograd",
        "You against autograd",
        draw,
        [turns, step, blind],
        axes,
        replay=lambda: Replay([step.thinned(61), blind]),
    )


def start_of(seed: int) -> tuple[list[int], tuple[float, ...]]:
    """Return a heap whose angles are stops: their indices, and the angles."""
    heap = body.random_angles(random.Random(seed))
    stops = [_nearest_stop(angle) for angle in heap]
    return stops, tuple(math.radians(STOPS[stop]) for stop in stops)


def _nearest_stop(angle: float) -> int:
    degrees = round(math.degrees(math.remainder(angle, math.tau)) / DEGREES) * DEGREES
    return (degrees + 180) % 360 // DEGREES


class View(NamedTuple):
    """What is shown of the robot, and said."""

    angles: Sequence[float]
    slopes: Sequence[float]
    title: str
    said: str
    truth: Sequence[float] | None = None  # slopes by a second witness, if they differ


def _by_hand(start: Sequence[float], turned: Sequence[Turn]) -> list[list[float]]:
    """Return the angles at the start and after each turn."""
    found = [list(start)]
    for turn in turned:
        angles = list(found[-1])
        angles[body.JOINTS.index(turn.part)] = math.radians(STOPS[turn.stop])
        found.append(angles)
    return found


def _view_by_hand(angles: list[float], loss: float, turned: list[Turn]) -> View:
    slopes = _slopes(tuple(angles))
    said = "at the start"
    if turned:
        said = f"after {len(turned)} turn{'s' * (len(turned) > 1)}"
        said += f" in {_duration(turned[-1].seconds)}"
    said = f"Loss {_loss(loss)} {said}. {_blame(slopes)}"
    return View(angles, slopes, f"by hand: loss {_loss(loss)}", said)


def _view_of_step(trial: Trial, start: Sequence[float], who: str, step: int) -> View:
    """Return the view of a step of a class, counted from 1: the start."""
    if not trial.walk:
        said = f"{trial.problem} {trial.suspicion}".strip()
        return View(start, _slopes(tuple(start)), f"{who} cannot begin", said)
    moment, last = trial.walk[step - 1], len(trial.walk) - 1
    said = f"Step {step - 1} of {last} by {who}: loss {_loss(moment.loss)}."
    said = f"{said} {_blame(moment.slopes)}" if step <= last else _verdict(trial, who)
    title = f"{who}, step {step - 1}: loss {_loss(moment.loss)}"
    truth = trial.slopes[step - 1] if trial.suspicion else None
    return View(moment.angles, moment.slopes, title, said, truth)


@functools.lru_cache(maxsize=64)
def _slopes(angles: tuple[float, ...]) -> list[float]:
    joints = [Value(angle) for angle in angles]
    body.robot_loss(joints).backward()
    return [joint.grad for joint in joints]


def _add_handles(ax: Any, angles: Sequence[float]) -> None:
    """Let the end of each limb be pulled around its joint."""
    points = body.body_points(angles)
    for k, (joint, (hinge, end)) in enumerate(points.items()):
        limb = math.atan2(end[1] - hinge[1], end[0] - hinge[0])
        at_zero = limb + angles[k]  # where it points when the joint's angle is 0
        directions = [at_zero - math.radians(stop) for stop in STOPS]
        add_handle(ax, f"turn the {joint}", end).around("turns", directions, hinge, k)


def _blame(slopes: Sequence[float]) -> str:
    """Say which joint is most to blame, and which way it wants to turn."""
    k = max(range(len(slopes)), key=lambda k: abs(slopes[k]))
    if abs(slopes[k]) < 0.005:
        return "No joint is to blame any more: every slope is nearly 0."
    way = "smaller" if slopes[k] > 0 else "larger"
    slope = f"{slopes[k]:.2f}".replace("-", "−")
    return (
        f"Most to blame: the {body.JOINTS[k]}, slope {slope}; a {way} angle would "
        "lower the loss."
    )


def _verdict(trial: Trial, who: str) -> str:
    """Say how the steps of a class ended, and which rule is suspected."""
    steps, loss = len(trial.walk) - 1, trial.walk[-1].loss
    if trial.arrived and not trial.suspicion:
        said = f"{who} stands: loss {_loss(loss)} after {steps} steps"
        said += (
            f" in {_duration(trial.seconds)}, all {len(body.JOINTS)} joints at once."
        )
        said = said[0].upper() + said[1:]
        return " ".join([said, trial.problem, trial.aside]).strip()
    if trial.arrived:
        return f"{who} stands, and yet its slopes are wrong. {trial.suspicion}"
    if trial.suspicion:
        return f"{who} stumbles: loss {_loss(loss)}. {trial.suspicion}"
    return trial.problem or f"{who} stumbles: loss {_loss(loss)} after {steps} steps."


def _table(trial: Trial, who: str, by_hand: float, turned: list[Turn]) -> str:
    """Return both sides in three numbers each, one line below the other."""
    if not trial.walk:
        return ""
    steps, loss = len(trial.walk) - 1, trial.walk[-1].loss
    sides = [(who, loss, trial.seconds, f"{steps} × {len(body.JOINTS)} joints")]
    if turned:
        moves = f"{len(turned)} × 1 joint"
        sides.insert(0, ("you", by_hand, turned[-1].seconds, moves))
    rows = [("", "loss", "time", "moves")]
    for name, loss, seconds, moves in sides:
        time = "under 1 s" if seconds < 1 else f"{seconds:.0f} s"
        rows.append((name, _loss(loss), time, moves))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _loss(loss: float) -> str:
    return f"{loss:.2f} dm²" if loss >= 0.01 else "below 0.01 dm²"


def _duration(seconds: float) -> str:
    return "less than a second" if seconds < 1 else f"{seconds:.0f} s"
