"""Figures of notebook 00: the loop, and how a loss comes down."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex

from course_lib import plots
from course_lib.plots.show import png
from course_lib.plots.style import COLOURS

LOSSES = [3.0, 2.0, 1.0, 0.5]


@pytest.mark.parametrize("draw", [plots.learning_loop, plots.training_curve])
def test_each_figure_draws_on_a_new_or_a_given_axes(draw) -> None:  # type: ignore[no-untyped-def]
    given = [LOSSES] if draw is plots.training_curve else []
    assert len(png(draw(*given).get_figure(root=True))) > 2_000
    left, right = plots.panels(1, 2)
    assert draw(*given, ax=left) is left
    assert left.get_children() != right.get_children()
    assert not right.has_data()


def test_the_loop_has_six_steps_and_one_may_be_marked() -> None:
    names = [text.get_text() for text in plots.learning_loop().texts]
    starts = [name for name in names if name[0].isdigit()]
    assert [name[0] for name in starts] == list("123456")
    widths = [box.get_linewidth() for box in plots.learning_loop(3).patches[:6]]
    assert [i for i, width in enumerate(widths, 1) if width == max(widths)] == [3]


def test_a_curve_has_come_as_far_as_its_dot() -> None:
    ax = plots.training_curve(LOSSES, 2)
    pale, done, dot = ax.lines
    assert list(pale.get_ydata()) == LOSSES
    assert list(done.get_ydata()) == LOSSES[:3]
    assert list(dot.get_xdata()) == [2]
    assert to_hex(dot.get_color()).upper() == COLOURS["loss"]
    whole = plots.training_curve(LOSSES)
    assert list(whole.lines[1].get_ydata()) == LOSSES
    assert len(whole.lines) == 2
    assert ax.get_ylim() == whole.get_ylim()
    assert ax.get_ylim()[0] == 0
