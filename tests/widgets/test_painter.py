"""A still is what Matplotlib itself would have drawn."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.patches import Circle
from PIL import Image

from course_lib.plots import panels
from course_lib.plots.parts import smooth_image
from course_lib.plots.style import styled
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.painter import painted, png


def draw(axes: np.ndarray) -> str:
    left, right = axes
    left.plot([0, 1, 2], [0, 2, 1], "o--", lw=3)
    left.scatter([0, 1, 2], [1, 1, 1], s=[20, 80, 200], c=["red", "blue", "green"])
    left.add_patch(Circle((1, 1.5), 0.3, alpha=0.4, hatch="//"))
    left.set(title="words, and $\\alpha^2$", xlabel="x")
    right.imshow(np.arange(12).reshape(3, 4), aspect="auto", extent=(0, 4, 0, 3))
    right.plot([0, 4], [0, 3], color="white", lw=2)
    return "all kinds of strokes"


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_it_looks_as_matplotlib_draws_it(ratio: float) -> None:
    figure = InteractiveFigure("f", "f", draw, [], panels(1, 2, width=6, height=3))
    state = figure._state
    assert state is not None
    assert state.frame is not None
    table = figure.renderer.table.strokes
    found = painted(table, state.frame.strokes, state.frame.size, ratio)[..., :3]
    whole, plain = io.BytesIO(), figure.renderer.figure
    with styled():
        plain.savefig(whole, format="png", dpi=ratio * plain.dpi)
    expected = np.array(Image.open(whole).convert("RGB"))
    assert found.shape == expected.shape
    away = np.abs(found.astype(int) - expected)
    assert away.mean() < 2.0  # of 255: edges that lie a part of a pixel apart
    assert (away.max(axis=-1) > 64).mean() < 0.02
    assert np.ptp(found, axis=(0, 1)).min() > 200


def test_a_smooth_image_has_tones_between() -> None:
    def draw_smooth(ax: object) -> str:
        smooth_image(ax, np.array([[0.0, 1.0]]), extent=(0, 1, 0, 1))
        return "smooth"

    figure = InteractiveFigure("f", "f", draw_smooth, [], panels(width=3, height=2))
    state = figure._state
    assert state is not None
    assert state.frame is not None
    frame, size = state.frame.strokes, state.frame.size
    found = painted(figure.renderer.table.strokes, frame, size)
    assert len(np.unique(found.reshape(-1, 4), axis=0)) > 50


def test_a_png_is_always_the_same_and_white_stays_white() -> None:
    figure = InteractiveFigure("f", "f", draw, [], panels(1, 2, width=6, height=3))
    state = figure._state
    assert state is not None
    assert state.frame is not None
    frame, size = state.frame.strokes, state.frame.size
    data = png(figure.renderer.table.strokes, frame, size)
    assert data == png(figure.renderer.table.strokes, frame, size)
    pixels = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
    assert pixels.shape[:2] == (round(1.5 * size[1]), round(1.5 * size[0]))
    assert (pixels[0, 0] == 255).all()
