"""A kinematic chain of fourteen joints, posed by gradient descent: a robot.

Every segment turns with the one it hangs on, so a joint moves all that lies beyond it.
The loss says how far the robot is from running. The arithmetic is plain: the same
functions run on floats, on ``Value`` and on JAX arrays.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from course_lib.scalar import Value

__all__ = [
    "BODY",
    "RUNNING",
    "Segment",
    "Step",
    "body_points",
    "centre_of_mass",
    "descend",
    "learn_the_pose",
    "pose_error",
    "random_angles",
    "robot_loss",
]

Point = tuple[Any, Any]


class Segment(NamedTuple):
    """A rigid piece of the body, turned by the joint at its beginning."""

    joint: str  # the name of that joint
    hangs_on: str  # the joint of the segment at whose end this one begins
    length: float  # in decimetres
    mass: float  # in kilograms
    running: float  # the joint's angle in the running posture, in radians


BODY = (
    Segment("spine", "", 5.0, 30.0, 0.155),
    Segment("neck", "spine", 2.2, 5.0, -0.10),
    Segment("right shoulder", "spine", 2.8, 2.0, 2.32),
    Segment("right elbow", "right shoulder", 2.5, 1.2, -1.64),
    Segment("right wrist", "right elbow", 0.8, 0.4, -0.20),
    Segment("left shoulder", "spine", 2.8, 2.0, -2.46),
    Segment("left elbow", "left shoulder", 2.5, 1.2, -1.30),
    Segment("left wrist", "left elbow", 0.8, 0.4, -0.20),
    Segment("left hip", "", 4.2, 8.0, 1.95),
    Segment("left knee", "left hip", 4.0, 3.5, 1.40),
    Segment("left ankle", "left knee", 1.4, 0.8, -1.75),
    Segment("right hip", "", 4.2, 8.0, 3.55),
    Segment("right knee", "right hip", 4.0, 3.5, 0.35),
    Segment("right ankle", "right knee", 1.4, 0.8, -1.50),
)
JOINTS = tuple(segment.joint for segment in BODY)
RUNNING = tuple(segment.running for segment in BODY)
BALANCE = 0.2  # how much losing balance weighs against a wrong posture


def cos_sin(angle: Any) -> Point:
    """Return the cosine and the sine of an angle of any kind.

    ``Value`` has neither. An operation is whatever you know the derivative of: that of
    the cosine is minus the sine, and that of the sine is the cosine. A class like
    ``Value`` that has methods ``cos`` and ``sin`` is asked for them.
    """
    if isinstance(angle, int | float):
        return math.cos(angle), math.sin(angle)
    if not hasattr(angle, "backward"):
        import jax.numpy as jnp

        return jnp.cos(angle), jnp.sin(angle)
    number = type(angle)
    if hasattr(number, "cos") and hasattr(number, "sin"):
        return angle.cos(), angle.sin()
    c, s = math.cos(angle.data), math.sin(angle.data)
    return number(c, (angle,), (-s,), "cos"), number(s, (angle,), (c,), "sin")


def body_points(angles: Sequence[Any]) -> dict[str, tuple[Point, Point]]:
    """Return where each segment begins and ends: (x, y), in decimetres from the hip.

    angles: one per joint, in the order of ``BODY``, in radians. A segment points
    straight up at 0 and to the right at pi / 2, measured from the one it hangs on.
    """
    points: dict[str, tuple[Point, Point]] = {}
    directions: dict[str, Any] = {}
    for segment, angle in zip(BODY, angles, strict=True):
        direction = angle + directions.get(segment.hangs_on, 0.0)
        x, y = points[segment.hangs_on][1] if segment.hangs_on else (0.0, 0.0)
        c, s = cos_sin(direction)
        end = x + s * segment.length, y + c * segment.length
        directions[segment.joint] = direction
        points[segment.joint] = (x, y), end
    return points


def centre_of_mass(points: dict[str, tuple[Point, Point]]) -> Any:
    """Return how far the centre of mass lies to the right of the hip."""
    total = sum(segment.mass for segment in BODY)
    weighted = [
        (points[segment.joint][0][0] + points[segment.joint][1][0])
        * (segment.mass / (2 * total))
        for segment in BODY
    ]
    return sum(weighted[1:], weighted[0])


def robot_loss(angles: Sequence[Any], weight: float = BALANCE) -> Any:
    """Return the loss: squared distance from the running posture, and imbalance.

    The first part is the mean squared distance of all segment ends from those of the
    running posture, in square decimetres. The second is the squared distance of the
    centre of mass from the middle between the toes, sideways.
    """
    points, target = body_points(angles), body_points(RUNNING)
    squares = [
        (points[joint][1][axis] - target[joint][1][axis]) ** 2
        for joint in JOINTS
        for axis in (0, 1)
    ]
    toes = points["left ankle"][1][0] + points["right ankle"][1][0]
    lean = centre_of_mass(points) - toes / 2
    return sum(squares[1:], squares[0]) / len(JOINTS) + lean**2 * weight


def pose_error(angles: Sequence[float]) -> float:
    """Return the mean distance of the segment ends from running, in decimetres."""
    points, target = body_points(angles), body_points(RUNNING)
    return sum(math.dist(points[j][1], target[j][1]) for j in JOINTS) / len(JOINTS)


def random_angles(rng: random.Random) -> list[float]:
    """Draw an angle for every joint, uniform from -pi to pi: a heap."""
    return [rng.uniform(-math.pi, math.pi) for _ in BODY]


class Step(NamedTuple):
    """One iterate of the descent."""

    angles: list[float]
    loss: float
    slopes: list[float]  # the gradient: one for each joint


def descend(
    angles: Sequence[float],
    steps: int = 300,
    learning_rate: float = 0.2,
    number: type[Any] = Value,
) -> Iterator[tuple[list[Any], Any]]:
    """Minimize the loss by Adam from these angles, with gradients by ``number``.

    Yields the joints and the loss after each backward pass, steps + 1 times: first at
    the start. The learning rate decays to 0.
    """
    from course_lib.scalar import adam_init, adam_update

    joints = [number(angle) for angle in angles]
    state = adam_init(joints)
    for step in range(steps + 1):
        loss = robot_loss(joints)
        loss.backward()
        yield joints, loss
        rate = learning_rate * (1 - step / steps) if steps else 0.0
        state = adam_update(joints, state, rate, b1=0.9, b2=0.99)


def learn_the_pose(
    angles: Sequence[float], steps: int = 300, learning_rate: float = 0.2
) -> list[Step]:
    """Return the steps + 1 iterates of ``descend``, the start included."""
    return [
        Step([j.data for j in joints], loss.data, [j.grad for j in joints])
        for joints, loss in descend(angles, steps, learning_rate)
    ]
