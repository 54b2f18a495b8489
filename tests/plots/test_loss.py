"""Figures of 01: the squares are square, the numbers said are those drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from course_lib.plots import (
    COLOURS,
    cost_of_confidence,
    forecast_costs,
    landscape_map,
    landscape_surface,
    naive_and_safe,
    numbered_lines,
    panels,
    residual_squares,
    share_bars,
    show,
    slope_underfoot,
)

SIZES = np.array([44.0, 82.0, 117.0, 178.0])
PRICES = np.array([183.0, 219.0, 324.0, 470.0])
WS, BS = np.linspace(-1.5, 5.5, 21), np.linspace(100, 480, 25)


def words(ax: Axes) -> list[str]:
    return [t.get_text() for t in ax.texts]


def drawn(ax: Axes) -> Axes:
    show(ax, alt="drawn, so that places are known")
    return ax


def squares(ax: Axes) -> list[Rectangle]:
    return [p for p in ax.patches if isinstance(p, Rectangle)]


def altitudes(ws: np.ndarray = WS, bs: np.ndarray = BS) -> np.ndarray:
    lines = bs[:, None, None] + ws[:, None] * (SIZES - 100)  # (b, w, house)
    return ((lines - PRICES) ** 2).mean(axis=-1)


# --- squares ----------------------------------------------------------------------


@pytest.mark.parametrize("w", [-3.0, 0.0, 1.2, 2.2, 8.0])
def test_errors_are_true_squares_on_the_page_and_their_mean_is_one_more(
    w: float,
) -> None:
    guesses = 290 + w * (SIZES - 100)
    loss = float(np.mean((guesses - PRICES) ** 2))
    ax = drawn(residual_squares(SIZES, PRICES, guesses, loss))
    boxes = [p.get_window_extent() for p in squares(ax)]
    assert len(boxes) == len(SIZES) + 1
    for box in boxes:
        assert box.width == pytest.approx(box.height, rel=1e-6)
    *areas, average = [box.width * box.height for box in boxes]
    assert np.mean(areas) == pytest.approx(average)
    heights = [p.get_height() for p in squares(ax)[:-1]]
    assert heights == pytest.approx(np.abs(guesses - PRICES))


def test_the_gauge_shows_the_loss_and_says_when_it_is_higher_than_it() -> None:
    for loss, height, said in ((5418.0, 5418, "5,418"), (24_937.0, 10_000, "24,937 ↑")):
        (gauge,) = residual_squares(SIZES, PRICES, PRICES + 50, loss).child_axes
        assert squares(gauge)[0].get_height() == height
        assert words(gauge) == [said]


@pytest.mark.parametrize("count", [0, 1])
def test_no_house_and_a_perfect_line_can_be_drawn(count: int) -> None:
    drawn(residual_squares(SIZES[:count], PRICES[:count], PRICES[:count], 0.0))


# --- costs and slopes ---------------------------------------------------------------


def test_marked_probabilities_say_their_cost_and_lie_on_the_curve() -> None:
    p = np.linspace(0.005, 1, 400)
    marks = {q: float(-np.log(q)) for q in (0.3, 0.92)}
    ax = drawn(cost_of_confidence(p, -np.log(p), marks))
    assert {"30 % costs 1.20", "92 % costs 0.083"} <= set(words(ax))
    curve = ax.lines[0].get_xydata()
    for line in ax.lines:
        if line.get_marker() == "o":
            x, y = line.get_xydata()[0]
            assert np.interp(x, curve[:, 0], curve[:, 1]) == pytest.approx(y, abs=1e-3)


def test_a_forecast_is_a_bar_in_two_parts_and_its_costs_two_bars() -> None:
    forecast, ax = panels(2, 1)
    costs = {"rain": float(-np.log(0.9)), "sun": float(np.inf)}
    forecast_costs(0.9, costs, 0.693, forecast=forecast, ax=ax)
    assert [p.get_width() for p in forecast.patches] == pytest.approx([0.9, 0.1])
    assert [t.get_text() for t in forecast.texts] == ["rain 90.0 %", "sun 10.0 %"]
    assert [p.get_width() for p in ax.patches] == pytest.approx([costs["rain"], 6.0])
    assert {"0.105", "no limit", "a coin: 0.693"} <= set(words(ax))
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "if it is rain",
        "if it is sun",
    ]


@pytest.mark.parametrize("q", [1e-9, 0.001, 0.5, 1.0])
def test_the_mark_stays_on_the_page_at_both_ends(q: float) -> None:
    p = np.linspace(0, 1, 101)
    with np.errstate(divide="ignore"):
        costs = -np.log(p)
    ax = drawn(cost_of_confidence(p, costs, {q: float(-np.log(q))}))
    (mark,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert mark.get_ydata()[0] <= ax.get_ylim()[1]


@pytest.mark.parametrize(
    ("slope", "said"),
    [
        (0.0, "slope 0: no direction"),
        (-0.21, "slope −0.21: go right"),
        (3.0, "slope 3.00: go left"),
    ],
)
def test_the_walker_feels_the_slope_and_goes_down(slope: float, said: str) -> None:
    x = np.linspace(0, 3, 31)
    ax = drawn(slope_underfoot(x, 2 + slope * x, 1.5, slope))
    assert words(ax) == [said]
    (felt,) = [ln for ln in ax.lines if ln.get_color() == COLOURS["gradient"]]
    (x0, y0), (x1, y1) = felt.get_xydata()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(slope)
    (walker,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert walker.get_xydata()[0] == pytest.approx([1.5, 2 + slope * 1.5])


def test_the_words_stand_clear_of_the_curve() -> None:
    x = np.linspace(0, 3, 301)
    for heights in (np.floor(2 * x) / 6, (x - 1.8) ** 2):
        ax = drawn(slope_underfoot(x, heights, 0.7, 0.0))
        box = Text.get_window_extent(ax.texts[0])  # without the thin line to it
        points = ax.transData.transform(np.column_stack([x, heights]))
        assert not box.count_contains(points)


# --- shares -------------------------------------------------------------------------


def test_bars_say_their_numbers_and_many_bars_only_those_that_matter() -> None:
    ax = drawn(share_bars("aeo", [2.0, 1.0, -1.0]))
    assert words(ax) == ["2", "1", "−1"]
    assert [p.get_height() for p in squares(ax)] == [2, 1, -1]
    shares = np.full(27, 0.01)
    shares[4] = 0.74
    labels = [chr(97 + i) for i in range(27)]
    ax = drawn(share_bars(labels, shares, target=0, percent=True))
    assert words(ax) == ["1.0 %", "74.0 %"]
    assert [t.get_text() for t in ax.get_xticklabels() if t.get_text()] == ["a", "e"]
    strong = [i for i, p in enumerate(squares(ax)) if p.get_alpha() == 1]
    assert strong == [0]


def test_bars_of_nothing_but_zero_can_be_drawn() -> None:
    drawn(share_bars("ab", [0.0, 0.0]))
    drawn(share_bars("a", [1.0], target=0, percent=True, top=1))


# --- where numbers end --------------------------------------------------------------


def test_a_cross_marks_the_last_number_before_the_end() -> None:
    gaps = np.arange(0.0, 1001.0)
    with np.errstate(all="ignore"):
        broken = -np.log(1 / (1 + np.exp(gaps)))
    ax = drawn(naive_and_safe(gaps, gaps, {"naive": broken, "whole": gaps}))
    (cross,) = [line for line in ax.lines if line.get_marker() == "X"]
    assert cross.get_xdata()[0] == 709
    assert "naive\nends at 709" in words(ax)


# --- landscape ----------------------------------------------------------------------


def test_a_line_and_its_point_share_number_and_colour() -> None:
    settings = [(-0.5, 400.0), (1.0, 200.0), (2.2, 290.0)]
    lines = [b + w * (SIZES - 100) for w, b in settings]
    left = drawn(numbered_lines(SIZES, PRICES, lines))
    right = drawn(landscape_map(WS, BS, altitudes(), settings))

    def discs(ax: Axes) -> dict[str, str]:
        boxed = [t for t in ax.texts if t.get_bbox_patch() is not None]
        return {t.get_text(): to_hex(t.get_bbox_patch().get_facecolor()) for t in boxed}

    assert discs(left) == discs(right)
    assert sorted(discs(left)) == ["1", "2", "3"]
    assert len(set(discs(left).values())) == 3
    colours = [to_hex(line.get_color()) for line in left.lines[1:]]
    assert colours == list(discs(left).values())
    places = [t.xy for t in right.texts if t.get_bbox_patch() is not None]
    assert places == settings


def test_the_surface_carries_its_points_at_their_altitude() -> None:
    ax = landscape_surface(WS, BS, altitudes(), [(1.0, 200.0, 15_000.0)])
    (space,) = drawn(ax).child_axes
    (point,) = space.lines
    assert [float(v[0]) for v in point.get_data_3d()] == [1.0, 200.0, 15_000.0]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
@pytest.mark.parametrize("shift", [0.0, -50.0])
def test_a_landscape_of_any_height_can_be_drawn(scale: float, shift: float) -> None:
    z = (altitudes() / 1e4 + shift) * scale
    drawn(landscape_map(WS, BS, z, [(9.0, 9.0)]))
    drawn(landscape_surface(WS, BS, z))


def test_a_flat_landscape_can_be_drawn() -> None:
    z = np.zeros((len(BS), len(WS)))
    drawn(landscape_map(WS, BS, z))
    drawn(landscape_surface(WS, BS, z))


def test_each_figure_draws_on_the_axes_it_is_given() -> None:
    p = np.linspace(0.01, 1, 9)
    for draw in (
        lambda ax: residual_squares(SIZES, PRICES, PRICES + 9, 81.0, ax=ax),
        lambda ax: cost_of_confidence(p, -np.log(p), {}, ax=ax),
        lambda ax: slope_underfoot(p, p, 0.5, 1.0, ax=ax),
        lambda ax: share_bars("ab", [1, 2], ax=ax),
        lambda ax: naive_and_safe(p, p, {}, ax=ax),
        lambda ax: numbered_lines(SIZES, PRICES, [PRICES], ax=ax),
        lambda ax: landscape_map(WS, BS, altitudes(), ax=ax),
        lambda ax: landscape_surface(WS, BS, altitudes(), ax=ax),
    ):
        ax = panels()
        assert draw(ax) is ax
