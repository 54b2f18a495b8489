"""The robot of notebook 04: what its body does while its loss goes down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from course_lib.plots.style import COLOURS, figure

__all__ = ["joint_slopes", "loss_of_the_walk", "robot"]

Point = tuple[float, float]
GROUND = (-3.5, -7.85, math.tan(math.radians(12)))  # a point of it, and its slope
REACH = 11.5


@figure(4.2, 4.2)
def robot(
    points: Mapping[str, tuple[Point, Point]],
    target: Mapping[str, tuple[Point, Point]] | None = None,
    title: str = "",
    highlighted: str = "",
    *,
    ax: Axes,
) -> None:
    """Draw a body on a slope; in grey behind it the posture it should take.

    points: where each segment begins and ends, as ``robot.body_points`` gives it.
    The joint ``highlighted`` is marked in blue.
    """
    x, y, slope = GROUND
    ax.axline((x, y), slope=slope, color=COLOURS["quiet"], lw=1.5, zorder=0)
    for segment in (target or {}).values():
        ax.plot(*zip(*segment, strict=True), color="#C9C9C9", lw=7, zorder=1)
    if target:
        _head(target, ax, "#C9C9C9", 1)
    for joint, segment in points.items():
        ink = COLOURS["quiet"] if joint.startswith("left") else COLOURS["ink"]
        order = 2 if joint.startswith("left") else 3
        ax.plot(*zip(*segment, strict=True), color=ink, lw=5, zorder=order)
    _head(points, ax, COLOURS["ink"], 3)
    for joint, (start, _) in points.items():
        marked = joint == highlighted
        ax.plot(
            *start,
            "o",
            color=COLOURS["gradient" if marked else "parameter"],
            markeredgecolor=COLOURS["ink"],
            markersize=11 if marked else 7,
            zorder=5 if marked else 4,
        )
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), title=title, aspect="equal")
    ax.set_axis_off()


def _head(
    points: Mapping[str, tuple[Point, Point]], ax: Axes, colour: str, order: int
) -> None:
    (x0, y0), (x1, y1) = points["neck"]
    along = 1 + 1.0 / math.dist((x0, y0), (x1, y1))
    centre = x0 + along * (x1 - x0), y0 + along * (y1 - y0)
    ax.plot(*centre, "o", color=colour, markersize=17, zorder=order)


@figure(8.0, 3.4)
def loss_of_the_walk(
    losses: Sequence[float], shown: Mapping[int, str] | None = None, *, ax: Axes
) -> None:
    """Draw the loss of every step on a log axis; ``shown`` names steps in words."""
    ax.plot(range(len(losses)), losses, color=COLOURS["loss"])
    for step, name in (shown or {}).items():
        ax.plot(step, losses[step], "o", color=COLOURS["loss"], markersize=9)
        ax.annotate(
            name,
            (step, losses[step]),
            xytext=(10, 8),
            textcoords="offset points",
            weight="bold",
        )
    ax.set(yscale="log", xlabel="step", ylabel="loss, dm²", xlim=(-5, None))
    ax.margins(y=0.12)
    ax.grid(axis="y")


@figure(8.0, 4.6)
def joint_slopes(
    joints: Sequence[str],
    by_hand: Sequence[float],
    by_jax: Sequence[float],
    *,
    ax: Axes,
) -> None:
    """Draw every joint's slope twice: a bar for one engine, a ring for the other."""
    rows = range(len(joints))
    ax.barh(rows, by_hand, color=COLOURS["gradient"], height=0.6, label="Value")
    ax.plot(
        by_jax,
        rows,
        "o",
        color="none",
        markeredgecolor=COLOURS["loss"],
        markeredgewidth=2,
        markersize=9,
        label="jax.grad",
    )
    ax.axvline(0, color=COLOURS["quiet"], lw=1)
    ax.set_yticks(rows, joints)
    ax.invert_yaxis()
    ax.set_xlabel("slope of the loss for this joint, dm² per radian")
    ax.legend(loc="best")
    ax.margins(x=0.08)
