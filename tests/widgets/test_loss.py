"""The pictures of notebook 01 that answer."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from course_lib import widgets
from course_lib.data import load_houses
from course_lib.losses import mean_squared_error
from tests.widgets.checks import check_figure, outside


def test_line_fit_holds_at_every_end() -> None:
    check_figure(widgets.line_fit())


@pytest.mark.parametrize(("w", "b"), [(1.2, 250), (0.0, 360), (3.7, 220), (2.2, 290)])
def test_line_fit_says_the_loss_that_is_taught(w: float, b: float) -> None:
    figure = widgets.line_fit()
    sizes, prices = np.array(load_houses()[2::5]).T
    figure.select(w=round(20 * w), b=round((b - 220) / 2))
    assert figure.values == {"w": pytest.approx(w), "b": b}
    loss = float(mean_squared_error(b + w * (sizes - 100), prices))
    floor = np.polyfit(sizes, prices, 1, full=True)[1][0] / len(sizes)
    said = f"Loss {loss:,.0f}. Its root, {loss**0.5:,.0f} thousand €, is a typical"
    assert figure.summary.startswith(said)
    assert figure.summary.endswith(f"lowest loss of all lines is {floor:,.0f}.")


def test_every_square_of_every_line_is_a_whole_square() -> None:
    figure = widgets.line_fit()
    squares = figure._renderer.axes[0]
    for w, b in ((0, 0), (0, 70), (74, 0), (74, 70), (24, 15)):
        figure.select(w=w, b=b)
        room = squares.get_window_extent()
        for patch in squares.patches:
            if isinstance(patch, Rectangle):
                box = patch.get_window_extent()
                assert box.width == pytest.approx(box.height, rel=1e-6)
                assert room.x0 <= box.x0 <= box.x1 <= room.x1, figure.values
                assert room.y0 <= box.y0 <= box.y1 <= room.y1, figure.values


def test_line_fit_moves_the_walker_and_leaves_the_map_alone() -> None:
    figure = widgets.line_fit()
    landscape = figure._renderer.axes[2]
    seen = []
    for w, b in ((0, 0), (74, 70)):
        figure.select(w=w, b=b)
        (walker,) = landscape.lines
        seen.append((tuple(walker.get_xydata()[0]), landscape.axis()))
    assert [place for place, _ in seen] == [(0.0, 220.0), (3.7, 360.0)]
    assert seen[0][1] == seen[1][1]


def test_confidence() -> None:
    figure = widgets.confidence()
    check_figure(figure)
    figure.select(p=183)
    assert figure.values["p"] == pytest.approx(0.92)
    assert figure.summary == "What happened was given 92.0 %. That costs 0.083 nats."


def test_the_cost_stands_on_the_page_at_every_stop() -> None:
    figure = widgets.confidence()
    for p in range(0, 200, 3):
        figure.select(p=p)
        assert outside(figure) == [], figure.summary
        said = figure._renderer.axes.texts[0].get_text()
        assert float(said.split(" %")[0]) / 100 == pytest.approx(figure.values["p"])
