"""The game of notebook 04: a robot posed by hand, then by the backward of a class."""

from __future__ import annotations

import functools
import math
import random
from typing import Any

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
        hand = _by_hand(start, tuple(turned))
        angles, losses, seconds = hand[-1][0], [loss for _, loss in hand], 0.0
        engine: list[float] = []
        if turned:
            seconds = turned[-1].seconds
        you = f"{_loss(losses[-1])} after {_count(len(turned), 'turn')}"
        you += f" in {_duration(seconds)}"
        if step == 0:
            slopes, truth = _slopes(tuple(angles)), None
            title = f"by hand: loss {_loss(losses[-1])}"
            said = (
                f"Loss {you}." if turned else f"Loss {_loss(losses[0])} at the start."
            )
            said += f" {_blame(slopes)}"
            text = ""
        elif not trial.walk:
            slopes, truth = _slopes(start), None
            title, angles = f"{who} cannot begin", list(start)
            said, text = " ".join([trial.problem, trial.suspicion]).strip(), ""
        else:
            moment = trial.walk[step - 1]
            angles, slopes = moment.angles, moment.slopes
            true = trial.slopes[step - 1]
            truth = true if trial.suspicion else None
            title = f"{who}, step {step - 1}: loss {_loss(moment.loss)}"
            engine = [one.loss for one in trial.walk[:step]]
            said = f"Step {step - 1} of {last - 1} by {who}: loss {_loss(moment.loss)}."
            said, text = f"{said} {_blame(slopes)}", ""
            if step == last:
                said = _verdict(trial, who)
                text = _table(trial, who, losses, len(turned), seconds)
        plots.marionette(
            body.body_points(angles),
            None if blind else runner,
            dict(zip(body.JOINTS, slopes, strict=True)),
            dict(zip(body.JOINTS, truth, strict=True)) if truth else None,
            title,
            part if step == 0 else "",
            ax=axes[0],
        )
        plots.two_descents(losses, engine, STEPS, who, "loss, turn by turn", ax=axes[1])
        if step == 0:
            _add_handles(axes[0], angles)
        return said + " The runner is hidden." * blind, text

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


@functools.lru_cache(maxsize=8)
def _by_hand(
    start: tuple[float, ...], turned: tuple[Turn, ...]
) -> list[tuple[list[float], float]]:
    """Return the angles and the loss at the start and after each turn."""
    angles = list(start)
    found = [(list(angles), float(body.robot_loss(angles)))]
    for turn in turned:
        angles[body.JOINTS.index(turn.part)] = math.radians(STOPS[turn.stop])
        found.append((list(angles), float(body.robot_loss(angles))))
    return found


@functools.lru_cache(maxsize=64)
def _slopes(angles: tuple[float, ...]) -> list[float]:
    joints = [Value(angle) for angle in angles]
    body.robot_loss(joints).backward()
    return [joint.grad for joint in joints]


def _add_handles(ax: Any, angles: list[float]) -> None:
    """Let the end of each limb be pulled around its joint."""
    points = body.body_points(angles)
    for k, (joint, (hinge, end)) in enumerate(points.items()):
        limb = math.atan2(end[1] - hinge[1], end[0] - hinge[0])
        at_zero = limb + angles[k]  # where it points when the joint's angle is 0
        directions = [at_zero - math.radians(stop) for stop in STOPS]
        add_handle(ax, f"turn the {joint}", end).around("turns", directions, hinge, k)


def _blame(slopes: list[float]) -> str:
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


def _table(
    trial: Trial, who: str, losses: list[float], n_turns: int, seconds: float
) -> str:
    """Return both sides in three numbers each, one line below the other."""
    steps = len(trial.walk) - 1
    rows = [
        ("", "loss", "moves", "time"),
        (
            "you",
            _loss(losses[-1]),
            _count(n_turns, "turn of one joint", "turns of one joint"),
            _duration(seconds),
        ),
        (
            who,
            _loss(trial.walk[-1].loss),
            f"{steps} steps of {len(body.JOINTS)} joints",
            _duration(trial.seconds),
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _loss(loss: float) -> str:
    return f"{loss:.2f} dm²" if loss >= 0.01 else "below 0.01 dm²"


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def _duration(seconds: float) -> str:
    return "less than a second" if seconds < 1 else f"{seconds:.0f} s"
