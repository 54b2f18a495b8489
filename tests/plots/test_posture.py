import math
import random

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.quiver import Quiver

from course_lib import plots
from course_lib.lessons import robot as body
from course_lib.plots.posture import GHOST
from course_lib.scalar import Value

ON_ITS_HEAD = [1.6, 0.0, -1.6, 0.0, 0.0, -1.6, *[0.0] * 8]
POSES = [body.RUNNING, [0.0] * 14, [3.1] * 14, [-3.1] * 14, [1.6] * 14, ON_ITS_HEAD]


def outlines(ax: Axes, whose: str = "") -> np.ndarray:
    """Return the corners of every limb drawn: of the body, or of the grey runner."""
    drawn = [
        c
        for c in ax.collections
        if type(c) is PolyCollection  # not the ground
        if (to_hex(c.get_edgecolor()[0]) == GHOST.lower()) == bool(whose)
    ]
    return np.concatenate([p.vertices for c in drawn for p in c.get_paths()])


@pytest.mark.parametrize("angles", POSES)
def test_the_whole_body_stays_in_the_picture(angles: list[float]) -> None:
    points = body.body_points(angles)
    ax = plots.robot(points, body.body_points(body.RUNNING), "title", "spine")
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    x, y = outlines(ax).T
    assert left < x.min() < x.max() < right
    assert low < y.min() < y.max() < high
    assert right - left == pytest.approx(high - low)
    assert plots.show(ax, "a robot").data


@pytest.mark.parametrize("angles", POSES)
def test_every_body_touches_the_ground_and_none_sinks_in(angles: list[float]) -> None:
    ax = plots.robot(body.body_points(angles))
    (x0, x1), (y0, y1) = ax.lines[0].get_data()
    slope = (y1 - y0) / (x1 - x0)
    x, y = outlines(ax).T
    assert (y - y0 - slope * (x - x0)).min() == pytest.approx(0, abs=0.03)


def test_once_it_runs_it_covers_the_grey_runner() -> None:
    points = body.body_points(body.RUNNING)
    ax = plots.robot(points, points)
    assert sorted(map(tuple, outlines(ax, "runner"))) == sorted(
        map(tuple, outlines(ax))
    )


def test_the_marked_joint_alone_is_blue_and_says_its_angle() -> None:
    points = body.body_points(body.RUNNING)
    ax = plots.robot(points, highlighted="left knee")
    blue = [
        line
        for line in ax.lines
        if line.get_marker() == "o" and line.get_color() == plots.COLOURS["gradient"]
    ]
    (x,), (y,) = blue[0].get_data()
    assert len(blue) == 1
    assert x == points["left knee"][0][0]
    assert y == pytest.approx(points["left knee"][0][1], abs=0.4)
    (knee,) = (segment for segment in body.BODY if segment.joint == "left knee")
    assert [text.get_text() for text in ax.texts] == [
        f"{math.degrees(knee.running):.0f}°"
    ]


def test_a_marked_bar_stands_out_and_the_axis_stays() -> None:
    few, many = [0.001] * 14, [-60.0] * 14
    small = plots.joint_slopes(body.JOINTS, few, highlighted="neck", reach=80.0)
    large = plots.joint_slopes(body.JOINTS, many, highlighted="neck", reach=80.0)
    assert small.get_xlim() == large.get_xlim()
    colours = [bar.get_facecolor() for bar in large.patches]
    assert colours.count(colours[1]) == 1
    assert colours.count(colours[0]) == 13


def test_every_joint_has_a_bar_and_a_ring_at_its_slope() -> None:
    slopes = body.learn_the_pose(body.random_angles(random.Random(0)), 1)[0].slopes
    ax = plots.joint_slopes(body.JOINTS, slopes, slopes)
    assert [bar.get_width() for bar in ax.patches] == slopes
    assert ax.lines[0].get_xdata().tolist() == slopes
    assert [label.get_text() for label in ax.get_yticklabels()] == list(body.JOINTS)


def test_the_joints_are_where_their_dots_are_drawn() -> None:
    points = body.body_points(body.RUNNING)
    ax = plots.robot(points)
    dots = np.concatenate([line.get_xydata() for line in ax.lines[1:]])  # the slope
    joints = plots.robot_joints(points)
    assert list(joints) == list(body.JOINTS)
    for place in joints.values():
        assert np.hypot(*(dots - place).T).min() < 1e-9


def test_the_step_that_is_shown_has_a_dot_on_the_curve() -> None:
    ax = plots.loss_of_the_walk([8.0, 4.0, 1.0], here=1)
    (dot,) = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert dot.get_xydata().tolist() == [[1, 4]]


def test_the_walk_is_drawn_with_its_moments() -> None:
    ax = plots.loss_of_the_walk([100.0, 1.0, 0.01], {0: "a heap", 2: "running"})
    assert ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.texts] == ["a heap", "running"]


# --- held at the hip ------------------------------------------------------------------


def arrows(ax: Axes) -> dict[tuple[float, ...], tuple[float, float]]:
    """Return the arrows of the last quiver, by where they begin."""
    drawn = [c for c in ax.collections if isinstance(c, Quiver)][-1]
    ways = zip(drawn.U.tolist(), drawn.V.tolist(), strict=True)
    return dict(zip(map(tuple, drawn.XY.tolist()), ways, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_each_arrow_points_the_way_that_lowers_the_loss(seed: int) -> None:
    angles = body.random_angles(random.Random(seed))
    joints = [Value(angle) for angle in angles]
    body.robot_loss(joints).backward()
    slopes = [joint.grad for joint in joints]
    points = body.body_points(angles)
    blame = dict(zip(body.JOINTS, slopes, strict=True))
    ax = plots.marionette(points, None, blame, None, "title", "spine")
    drawn = arrows(ax)
    assert len(drawn) > 8
    for k, joint in enumerate(body.JOINTS):
        hinge, end = points[joint]
        if end not in drawn:
            assert abs(slopes[k]) < 0.1
            continue
        (u, v), (x, y) = drawn[end], (end[0] - hinge[0], end[1] - hinge[1])
        assert u * x + v * y == pytest.approx(0, abs=1e-9)  # around the joint
        nudged = list(angles)
        nudged[k] -= math.copysign(1e-4, slopes[k])
        there = body.body_points(nudged)[joint][1]
        assert u * (there[0] - end[0]) + v * (there[1] - end[1]) > 0
        assert body.robot_loss(nudged) < body.robot_loss(angles)


def test_the_steeper_a_slope_the_longer_its_arrow() -> None:
    points = body.body_points(body.RUNNING)
    blame = dict.fromkeys(body.JOINTS, 0.0) | {"neck": 1.0, "spine": -9.0}
    ax = plots.marionette(points, points, blame)
    drawn = arrows(ax)
    assert set(drawn) == {points["neck"][1], points["spine"][1]}
    long, short = drawn[points["spine"][1]], drawn[points["neck"][1]]
    assert math.hypot(*long) == pytest.approx(3 * math.hypot(*short))


def test_slopes_of_a_second_witness_stand_below_in_grey_and_are_explained() -> None:
    points = body.body_points(body.RUNNING)
    blame = dict.fromkeys(body.JOINTS, 1.0)
    ax = plots.marionette(points, None, blame, dict.fromkeys(body.JOINTS, -1.0))
    grey, blue = [c for c in ax.collections if isinstance(c, Quiver)]
    assert to_hex(blue.get_facecolor()[0]) == plots.COLOURS["gradient"].lower()
    assert (grey.U == -blue.U).all()
    assert "grey: those of a nudge" in ax.texts[0].get_text()


def test_two_descents_stand_on_axes_that_stay() -> None:
    few = plots.two_descents([70.0, 30.0], [], 150)
    many = plots.two_descents([70.0, 30.0], [70.0, 1.0, 1e-9], 150, "MyValue")
    assert few.get_xlim() == many.get_xlim()
    assert few.get_ylim() == many.get_ylim()
    assert [text.get_text() for text in few.texts] == ["you"]
    assert [text.get_text() for text in many.texts] == ["MyValue", "you"]
    low, high = many.get_ylim()
    for line in many.lines:
        assert all(low < y < high for y in line.get_ydata())
    longer = plots.two_descents([70.0] * 200, [], 150)
    assert longer.get_xlim()[1] > 199
