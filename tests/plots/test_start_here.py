"""Figures of notebook 00: the loop, and how a loss comes down."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from PIL import Image

from course_lib import plots
from course_lib.plots.picture import png
from course_lib.plots.style import COLOURS

LOSS = COLOURS["loss"].lower()
LOSSES = [3.0, 2.0, 1.0, 0.5]


@pytest.mark.parametrize("draw", [plots.learning_loop, plots.training_curve])
def test_each_figure_draws_on_a_new_or_a_given_axes(draw) -> None:  # type: ignore[no-untyped-def]
    given = [LOSSES] if draw is plots.training_curve else []
    assert len(png(draw(*given).get_figure(root=True))) > 2_000
    left, right = plots.panels(1, 2)
    assert draw(*given, ax=left) is left
    assert left.get_children() != right.get_children()
    assert not right.has_data()


def test_the_loop_has_five_steps_and_one_may_be_marked() -> None:
    names = [text.get_text() for text in plots.learning_loop().texts]
    starts = [name for name in names if name[0].isdigit()]
    assert [name[0] for name in starts] == list("12345")
    boxes = [p for p in plots.learning_loop(3).patches if isinstance(p, FancyBboxPatch)]
    widths = [box.get_linewidth() for box in boxes]
    assert [i for i, width in enumerate(widths, 1) if width == max(widths)] == [3]


@pytest.mark.parametrize("at", [0.3, 2.75, 4.8, 5.4, 9.7])
def test_the_walker_stands_on_the_mountain_and_her_altimeter_says_how_high(
    at: float,
) -> None:
    ax = plots.mountain(at)
    disc = [ln for ln in ax.lines if ln.get_color() == COLOURS["parameter"]][-1]
    height = float(plots.mountain_height(at))
    assert disc.get_marker() == "o"
    assert disc.get_xydata()[0] == pytest.approx([at, height])
    (gauge,) = [
        p
        for p in ax.patches
        if isinstance(p, Rectangle)
        and to_hex(p.get_facecolor()) == LOSS
        and p.get_fill()
    ]
    assert gauge.get_y() + gauge.get_height() == pytest.approx(height)


@pytest.mark.parametrize("at", [2.0, 3.5, 5.2, 6.5, 9.0])
def test_the_gradient_points_uphill_and_the_step_down(at: float) -> None:
    arrows = {
        to_hex(p.get_facecolor()).upper(): p
        for p in plots.mountain(at).patches
        if isinstance(p, FancyArrowPatch)
    }
    ends = {
        colour: [plots.mountain_height(x) for x in arrow.get_path().vertices[[0, 2], 0]]
        for colour, arrow in arrows.items()
    }
    (foot, top), (start, landing) = (
        ends[COLOURS[meaning]] for meaning in ("gradient", "parameter")
    )
    assert top > foot
    assert landing < start


def test_the_mountain_says_what_it_is_asked_to_say() -> None:
    assert not plots.mountain(labels=()).texts
    said = " ".join(text.get_text() for text in plots.mountain().texts)
    for word in (
        "altitude",
        "gradient",
        "learning rate",
        "fog",
        "valley",
        "parameters",
    ):
        assert word in said
    assert (
        len(plots.mountain(trail=(1.5, 2.0)).lines) == len(plots.mountain().lines) + 2
    )


def test_fog_hides_what_is_far_from_her_and_not_what_is_near() -> None:
    def looks(x: float, y: float, fog: float) -> np.ndarray:
        ax = plots.mountain(labels=(), fog=fog)
        drawing = ax.get_figure(root=True)
        image = np.asarray(Image.open(io.BytesIO(png(drawing))).convert("RGB"), int)
        scale = image.shape[1] / drawing.bbox.width
        column, row = ax.transData.transform((x, y)) * scale
        return image[len(image) - 1 - int(row), int(column)]

    def change(x: float, y: float, fog: float) -> float:
        return float(np.abs(looks(x, y, fog) - looks(x, y, 0.0)).max())

    near = 2.75, float(plots.mountain_height(2.75)) - 0.35
    far = 1.3, 3.4  # high on the western peak
    assert change(*near, 1.0) < 8
    assert change(*far, 1.0) > change(*far, 0.5) > 15


def test_a_curve_has_come_as_far_as_its_dot() -> None:
    ax = plots.training_curve(LOSSES, 2)
    pale, done, dot = ax.lines
    assert list(pale.get_ydata()) == LOSSES
    assert list(done.get_ydata()) == LOSSES[:3]
    assert list(dot.get_xdata()) == [2]
    assert to_hex(dot.get_color()).upper() == COLOURS["parameter"]
    whole = plots.training_curve(LOSSES)
    assert list(whole.lines[1].get_ydata()) == LOSSES
    assert len(whole.lines) == 2
    assert ax.get_ylim() == whole.get_ylim()
    assert ax.get_ylim()[0] == 0
