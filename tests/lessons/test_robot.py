import math
import random

import jax
import numpy as np
import pytest

from course_lib.gradients import finite_difference
from course_lib.lessons import robot
from course_lib.scalar import Value


def test_the_chain_keeps_its_lengths_and_hangs_together() -> None:
    points = robot.body_points(robot.random_angles(random.Random(0)))
    assert len(robot.BODY) >= 12
    for segment in robot.BODY:
        start, end = points[segment.joint]
        assert math.dist(start, end) == pytest.approx(segment.length)
        if segment.hangs_on:
            assert start == points[segment.hangs_on][1]
        else:
            assert start == (0.0, 0.0)


def test_an_angle_is_measured_from_the_segment_before() -> None:
    points = robot.body_points([math.pi / 2, math.pi / 2] + [0.0] * 12)
    assert points["spine"][1] == pytest.approx((5.0, 0.0))  # to the right
    assert points["neck"][1] == pytest.approx((5.0, -2.2))  # then down


def test_the_loss_is_almost_nothing_when_running_and_large_in_a_heap() -> None:
    assert robot.robot_loss(robot.RUNNING) < 1e-3
    heap = robot.random_angles(random.Random(3))
    assert robot.robot_loss(heap) > 10
    assert robot.robot_loss(heap) > robot.robot_loss(heap, weight=0.0)


@pytest.mark.parametrize("seed", range(5))
def test_both_engines_and_a_nudge_give_every_joint_one_slope(seed: int) -> None:
    angles = robot.random_angles(random.Random(seed))
    joints = [Value(angle) for angle in angles]
    loss = robot.robot_loss(joints)
    loss.backward()
    by_hand = [joint.grad for joint in joints]
    with jax.enable_x64(True):
        exact = jax.grad(robot.robot_loss)([np.float64(angle) for angle in angles])
        np.testing.assert_allclose(by_hand, np.array(exact), rtol=1e-10, atol=1e-12)
    nudged = finite_difference(lambda *point: robot.robot_loss(point), *angles)
    np.testing.assert_allclose(by_hand, nudged, rtol=1e-6, atol=1e-6)
    assert loss.data == robot.robot_loss(angles)


@pytest.mark.parametrize("seed", range(5))
def test_from_any_heap_it_learns_to_run(seed: int) -> None:
    walk = robot.learn_the_pose(robot.random_angles(random.Random(seed)))
    assert len(walk) == 301
    assert walk[0].loss == robot.robot_loss(walk[0].angles)
    assert walk[-1].loss < 0.01 < 10 < walk[0].loss
    assert robot.pose_error(walk[-1].angles) < 0.1  # a centimetre
