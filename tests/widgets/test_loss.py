"""The pictures of notebook 01 that answer."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from course_lib import widgets
from course_lib.data import load_houses
from course_lib.losses import mean_squared_error
from tests.widgets.checks import check_figure, drag, outside


def test_line_fit_holds_at_every_end() -> None:
    check_figure(widgets.line_fit())


@pytest.mark.parametrize(("w", "b"), [(1.2, 250), (0.0, 360), (3.7, 220), (2.2, 290)])
def test_line_fit_says_the_loss_that_is_taught(w: float, b: float) -> None:
    figure = widgets.line_fit()
    sizes, prices = np.array(load_houses()[2::5]).T
    figure.select(w=round(20 * w), b=round((b - 220) / 2))
    assert (figure.values["w"], figure.values["b"]) == (pytest.approx(w), b)
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


def test_a_house_that_is_moved_changes_the_loss_the_best_line_and_the_map() -> None:
    figure = widgets.line_fit()
    squares, _, landscape = figure._renderer.axes
    before = figure.summary
    assert len(landscape.lines) == 1, "the best line is not given away"
    drag(figure, "move house 8", squares, (150, 100))
    houses = np.array(load_houses()[2::5], float)
    houses[7] = 150, 100
    np.testing.assert_array_equal(figure.values["houses"], houses)
    (w, b), (rest,) = np.polyfit(houses[:, 0] - 100, houses[:, 1], 1, full=True)[:2]
    loss = mean_squared_error(250 + 1.2 * (houses[:, 0] - 100), houses[:, 1])
    assert figure.summary.startswith(f"Loss {float(loss):,.0f}.")
    said = f"of all lines is {rest / 8:,.0f}, at w {w:.2f} and b {b:.0f}."
    assert figure.summary.endswith(said)
    best = landscape.lines[-1].get_xydata()[0]
    np.testing.assert_allclose(best, (w, b))
    figure.select(houses=figure._controls["houses"].default)
    assert figure.summary == before


def test_the_line_is_turned_and_lifted_and_the_walker_moved_by_pointer() -> None:
    figure = widgets.line_fit()
    squares, _, landscape = figure._renderer.axes
    drag(figure, "turn the line", squares, (200, 500))
    assert figure.values["w"] == pytest.approx(2.5)
    drag(figure, "lift the line", squares, (67, 301 - 33 * 2.5))
    assert figure.values["b"] in (300, 302)
    drag(figure, "move the line", landscape, (0.5, 230))
    assert (figure.values["w"], figure.values["b"]) == (pytest.approx(0.5), 230)


def test_all_houses_of_one_size_have_a_best_line() -> None:
    figure = widgets.line_fit()
    figure.select(houses=[[80, price] for _, price in figure.selected["houses"]])
    assert figure.problem == ""
    mean = figure.values["houses"][:, 1].mean()
    assert f"at w 0.00 and b {mean:.0f}" in figure.summary


@pytest.mark.parametrize(
    "houses",
    [
        [],
        8 * [[0, 0, 0]],
        7 * [[0, 0]],
        8 * [[0, 561]],
        8 * [[-1, 0]],
        8 * ["ab"],
        "no",
    ],
)
def test_houses_off_their_stops_are_refused_in_a_line(houses: object) -> None:
    figure = widgets.line_fit()
    before = figure.summary
    figure.select(houses=houses)
    assert figure.problem
    assert "\n" not in figure.problem
    assert figure.summary == before


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
    figure.select(p=198)
    assert figure.summary == (
        "You say 99.0 % spam. If it is spam, that costs 0.010 nats; if it is wanted, "
        "4.605 nats. A coin costs 0.693 either way."
    )
    figure.select(p=200)
    assert "if it is wanted, more than any number." in figure.summary


def test_both_outcomes_cost_what_they_say_at_every_stop() -> None:
    figure = widgets.confidence()
    forecast, bars = figure._renderer.axes
    for i in range(0, 201, 5):
        drag(figure, "how sure you are", forecast, (i / 200, 0))
        assert figure.selected["p"] == i
        assert outside(figure) == [], figure.summary
        with np.errstate(divide="ignore"):
            costs = abs(np.log([i / 200, 1 - i / 200]))
        lengths = [bar.get_width() for bar in bars.patches]
        np.testing.assert_allclose(lengths, np.minimum(costs, 6))
        words = ["no limit" if cost > 6 else f"{cost:.3f}" for cost in costs]
        assert [text.get_text() for text in bars.texts[:2]] == words
