import random

import pytest

from course_lib import plots
from course_lib import robot as body


@pytest.mark.parametrize("angles", [body.RUNNING, [0.0] * 14, [3.1] * 14, [-3.1] * 14])
def test_the_whole_body_stays_in_the_picture(angles: list[float]) -> None:
    points = body.body_points(angles)
    ax = plots.robot(points, body.body_points(body.RUNNING), "title", "spine")
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    for x, y in (point for segment in points.values() for point in segment):
        assert left < x < right
        assert low < y < high
    assert plots.show(ax, "a robot").data


def test_the_marked_joint_alone_is_blue() -> None:
    points = body.body_points(body.RUNNING)
    ax = plots.robot(points, highlighted="left knee")
    blue = [
        line
        for line in ax.lines
        if line.get_marker() == "o" and line.get_color() == plots.COLOURS["gradient"]
    ]
    assert [line.get_xydata()[0].tolist() for line in blue] == [
        list(points["left knee"][0])
    ]


def test_every_joint_has_a_bar_and_a_ring_at_its_slope() -> None:
    slopes = body.learn_to_run(body.random_angles(random.Random(0)), 1)[0].slopes
    ax = plots.joint_slopes(body.JOINTS, slopes, slopes)
    assert [bar.get_width() for bar in ax.patches] == slopes
    assert ax.lines[0].get_xdata().tolist() == slopes
    assert [label.get_text() for label in ax.get_yticklabels()] == list(body.JOINTS)


def test_the_walk_is_drawn_with_its_moments() -> None:
    ax = plots.loss_of_the_walk([100.0, 1.0, 0.01], {0: "a heap", 2: "running"})
    assert ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.texts] == ["a heap", "running"]
