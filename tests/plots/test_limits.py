"""Figures of the limits: they draw what they are given, where they are told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from course_lib import plots
from course_lib.plots.picture import png
from course_lib.plots.static import ArtistCache
from course_lib.plots.style import COLOURS

YEARS = range(2000, 2006)
FIGURES: dict[str, Callable[..., Axes]] = {
    "answer_bars": lambda **k: plots.answer_bars(["a", "b"], [0.2, 0.7], "x", **k),
    "bill_ranges": lambda **k: plots.bill_ranges({"a": (40, 2800, 9e4)}, **k),
    "calibration": lambda **k: plots.calibration(
        {"early": ([0.1, 0.3], [0, 1]), "late": ([0.9, 0.95], [1, 0])}, **k
    ),
    "copies_by_size": lambda **k: plots.copies_by_size([20, 200], [[1, 0.1]], **k),
    "copies_by_step": lambda **k: plots.copies_by_step([0, 5, 10], [0, 3, 16], 16, **k),
    "cost_ladder": lambda **k: plots.cost_ladder({"a": 1e9, "b": 3e25}, ["a"], **k),
    "cutoff": lambda **k: plots.cutoff(
        YEARS, [1, 1, 1, 0.9, 0.4, 0.8], [1, 1, 1, 1, 0, 0], 2003, **k
    ),
    "forgetting": lambda **k: plots.forgetting(
        [0, 10], {"new": [5, 1], "old": [2, 4]}, **k
    ),
    "loss_by_size": lambda **k: plots.loss_by_size(
        [100, 1000], [1.5, 1.21], 1.2, {"pairs": 1.7}, **k
    ),
    "share_in_and_out": lambda **k: plots.share_in_and_out(
        [0.9, 0.1], {"t = 1": [0.88, 0.12], "t = 0.2": [1, 0]}, **k
    ),
    "sure_and_right": lambda **k: plots.sure_and_right({"seen": (0.9, 0.8)}, **k),
}


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_draws_on_a_new_or_a_given_axes(name: str) -> None:
    alone = FIGURES[name]()
    assert len(png(alone.get_figure(root=True))) > 2_000
    left, right = plots.panels(1, 2)
    assert FIGURES[name](ax=left) is left
    assert left.has_data()
    assert not right.has_data()


def test_every_figure_of_the_module_is_tested_here() -> None:
    from course_lib.plots import limits

    assert set(limits.__all__) == set(FIGURES)


def test_the_likeliest_answer_stands_on_top_and_the_rest_is_cut() -> None:
    ax = plots.answer_bars(["a", "b", "c"], [0.2, 0.7, 0.1], most=2)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["b", "a"]
    assert [bar.get_width() for bar in ax.patches] == [0.7, 0.2]
    assert words(ax) == ["70 %", "20 %"]
    assert ax.yaxis_inverted()
    assert 0.7 < ax.get_xlim()[1] < 1


def test_short_bars_are_not_drawn_on_an_axis_for_long_ones() -> None:
    assert plots.answer_bars(["a", "b"], [0.19, 0.05]).get_xlim()[1] < 0.3


def test_right_and_wrong_answers_differ_in_mark_and_colour() -> None:
    ax = FIGURES["cutoff"]()
    drawn = {line.get_label(): line for line in ax.lines}
    assert list(drawn["right"].get_xdata()) == [2000, 2001, 2002, 2003]
    assert list(drawn["wrong"].get_xdata()) == [2004, 2005]
    assert drawn["right"].get_marker() != drawn["wrong"].get_marker()
    assert to_hex(drawn["right"].get_color()).upper() == COLOURS["value"]
    assert to_hex(drawn["wrong"].get_color()).upper() == COLOURS["ink"]


@pytest.mark.parametrize("right", [[True] * 6, [False] * 6])
def test_a_cutoff_without_right_or_wrong_answers_is_drawn(right: list[bool]) -> None:
    ax = plots.cutoff(YEARS, np.full(6, 0.5), right, last_year=2005)
    assert png(ax.get_figure(root=True))


def test_shares_are_drawn_from_left_to_right() -> None:
    ax = FIGURES["share_in_and_out"]()
    curve = next(line for line in ax.lines if line.get_label() == "t = 1")
    assert list(curve.get_xdata()) == [0.1, 0.9]
    assert list(curve.get_ydata()) == [0.12, 0.88]


def test_copies_show_each_seed_and_the_mean() -> None:
    ax = plots.copies_by_size([20, 2000], [[1.0, 0.0], [0.9, 0.1]])
    assert len(ax.lines) == 3
    assert words(ax) == ["95 %", "5 %"]
    assert ax.get_xscale() == "log"


def test_the_floor_is_shaded_and_no_loss_is_drawn_below_the_picture() -> None:
    ax = FIGURES["loss_by_size"]()
    low, high = ax.get_ylim()
    assert low < 1.2 < 1.7 < high
    assert any("1.200" in word for word in words(ax))
    assert "pairs: 1.70" in words(ax)


def test_forgetting_starts_at_zero_so_that_heights_compare() -> None:
    ax = FIGURES["forgetting"]()
    assert ax.get_ylim()[0] == 0
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["new", "old"]


def test_the_ladder_is_sorted_and_marks_ours() -> None:
    ax = plots.cost_ladder({"big": 3e25, "mine": 1.1e10, "mid": 2e18}, ["mine"])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["mine", "mid", "big"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [to_hex(dot.get_color()).upper() for dot in dots] == [
        COLOURS["value"],
        COLOURS["data"],
        COLOURS["data"],
    ]
    assert words(ax)[0] == "1.1 × $10^{10}$"


def test_a_ladder_with_prices_stands_as_given_and_keeps_its_axis() -> None:
    def drawn(yours: float) -> Axes:
        runs = {"yours": yours, "big": 3e25, "small": 1e10}
        return plots.cost_ladder(runs, ["yours"], dict.fromkeys(runs, 2e6), (1e7, 1e28))

    ax, other = drawn(1e9), drawn(5e27)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["yours", "big", "small"]
    assert ax.get_xlim() == other.get_xlim()
    assert words(ax).count("€2 m") == 3


def test_the_rungs_of_others_are_kept_while_yours_moves() -> None:
    ax = plots.panels()
    cache, dots = ArtistCache(ax), []
    for yours in (1e9, 5e27):
        cache.begin()
        runs = {"yours": yours, "big": 3e25, "small": 1e10}
        prices = dict.fromkeys(runs, 2e6)
        plots.cost_ladder(runs, ["yours"], prices, (1e7, 1e28), ax=ax)
        cache.end()
        dots.append([artist for artist in cache.artists if isinstance(artist, Line2D)])
    assert [line.get_xdata()[1] for line in dots[0]] == [3e25, 1e10]
    assert dots[0] == dots[1]


def test_copies_are_counted_up_to_all_that_is_written() -> None:
    ax = plots.copies_by_step([0, 5], [0, 16], 16)
    assert list(ax.lines[0].get_ydata()) == [0, 16]
    assert ax.get_ylim()[1] > 16
    assert "among 16" in ax.get_ylabel()


def test_a_bill_is_written_at_both_ends_and_in_the_middle() -> None:
    ax = plots.bill_ranges({"a": (5_600, 28_014, 117_056), "b": (2e5, 1.2e6, 2e9)})
    amounts = ["€5,600", "€28,000", "€120,000", "€200,000", "€1.2 m", "€2 bn"]
    assert words(ax) == amounts
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_xscale() == "log"


def test_amounts_too_small_for_a_coin_say_so() -> None:
    assert "< 1 cent" in words(plots.bill_ranges({"a": (2e-8, 5, 6)}))


def test_answers_about_as_sure_are_one_point_of_the_calibration() -> None:
    ax = plots.calibration({"m": ([0.05, 0.15, 0.9, 1.0], [0, 1, 1, 1])})
    (points,) = ax.collections
    assert np.round(points.get_offsets(), 3).tolist() == [[0.1, 0.5], [0.95, 1.0]]
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_kinds_of_text_are_told_apart_without_the_colours_of_meanings() -> None:
    ax = plots.forgetting([0, 1], {"a": [5, 1], "b": [2, 4], "c": [2, 3]})
    marks = [line.get_marker() for line in ax.lines]
    assert len(set(marks)) == 3
    colours = {to_hex(line.get_color()).upper() for line in ax.lines}
    assert not colours & {COLOURS[c] for c in ("value", "gradient", "parameter")}


def test_both_bars_of_a_group_are_named_by_their_height() -> None:
    ax = plots.sure_and_right({"seen": (0.9, 0.8), "unseen": (0.4, 0.1)})
    assert [round(bar.get_height(), 2) for bar in ax.patches] == [0.9, 0.4, 0.8, 0.1]
    assert words(ax) == ["90 %", "40 %", "80 %", "10 %"]


@pytest.mark.parametrize(
    ("ece", "said"),
    [
        (None, ["early", "late"]),
        (0.056, ["early: ECE 0.06", "late: ECE 0.06"]),
        ({"late": 0.2}, ["early", "late: ECE 0.20"]),
    ],
)
def test_the_error_of_calibration_stands_beside_the_name(
    ece: float | dict[str, float] | None, said: list[str]
) -> None:
    legend = FIGURES["calibration"](ece=ece).get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == said
