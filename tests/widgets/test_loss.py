"""The pictures of notebook 01 that answer."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import widgets
from course_lib.data import load_houses
from course_lib.losses import mean_squared_error
from tests.widgets.checks import check_figure, outside


def test_line_fit_holds_at_every_end() -> None:
    check_figure(widgets.line_fit())


@pytest.mark.parametrize(("w", "b"), [(1.2, 250), (0.0, 380), (4.4, 200), (2.2, 290)])
def test_line_fit_says_the_loss_that_is_taught(w: float, b: float) -> None:
    figure = widgets.line_fit()
    sizes, prices = np.array(load_houses()[2::5]).T
    figure.select(w=round(20 * w), b=round((b - 200) / 2))
    assert figure.values == {"w": pytest.approx(w), "b": b}
    loss = float(mean_squared_error(b + w * (sizes - 100), prices))
    floor = np.polyfit(sizes, prices, 1, full=True)[1][0] / len(sizes)
    assert figure.summary.startswith(f"Loss {loss:,.0f}, a square {loss**0.5:,.0f} ")
    above = f": {loss - floor:,.0f} above the lowest of all lines, {floor:,.0f}."
    assert figure.summary.endswith(above)


def test_line_fit_moves_the_walker_and_leaves_the_map_alone() -> None:
    figure = widgets.line_fit()
    landscape = figure._renderer.axes[2]
    seen = []
    for w, b in ((0, 0), (88, 90)):
        figure.select(w=w, b=b)
        (walker,) = landscape.lines
        seen.append((tuple(walker.get_xydata()[0]), landscape.axis()))
    assert [place for place, _ in seen] == [(0.0, 200.0), (4.4, 380.0)]
    assert seen[0][1] == seen[1][1]


def test_confidence() -> None:
    figure = widgets.confidence()
    check_figure(figure)
    figure.select(p=183)
    assert figure.values["p"] == pytest.approx(0.92)
    assert figure.summary == "The truth was given 92.0%. That costs 0.083 nats."


def test_the_cost_stands_on_the_page_at_every_stop() -> None:
    figure = widgets.confidence()
    for p in range(0, 200, 3):
        figure.select(p=p)
        assert outside(figure) == [], figure.summary
        said = figure._renderer.axes.texts[0].get_text()
        assert float(said.split("%")[0]) / 100 == pytest.approx(figure.values["p"])
