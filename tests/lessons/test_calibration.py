"""The table behind a reliability diagram, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from course_lib.lessons.calibration import (
    Bin,
    expected_calibration_error,
    reliability,
)


def test_the_error_by_hand() -> None:
    sure = [0.95, 0.85, 0.9, 0.3, 0.25]
    right = [True, False, True, False, True]
    # of three at 0.9 two are right, of two at 0.275 one
    by_hand = 3 / 5 * abs(2 / 3 - 0.9) + 2 / 5 * abs(1 / 2 - 0.275)
    assert expected_calibration_error(sure, right, 2) == pytest.approx(by_hand)


def test_the_table_by_hand() -> None:
    table = reliability([0.2, 0.5, 0.51, 1.0], [1, 0, 1, 1], 2)
    low, high = table
    assert low[:4] == pytest.approx((0, 0.5, 2, 0.35))  # the upper bound is inside
    assert low.accuracy == 0.5
    assert high == Bin(0.5, 1.0, 2, pytest.approx(0.755), 1.0)


def test_every_answer_is_in_one_bin() -> None:
    sure = np.random.default_rng(0).random(1000)
    table = reliability([*sure, 0.0, 1.0], [False] * 1002, 7)
    assert sum(row.answers for row in table) == 1002
    assert all(row.lower <= row.confidence <= row.upper for row in table)


def test_an_empty_bin_has_no_mean_and_costs_nothing() -> None:
    table = reliability([0.9, 0.8], [True, True], 2)
    assert table[0].answers == 0
    assert math.isnan(table[0].confidence)
    assert math.isnan(table[0].accuracy)
    assert expected_calibration_error([0.9, 0.8], [True, True], 2) == pytest.approx(
        0.15
    )


def test_who_is_as_sure_as_right_has_no_error() -> None:
    assert expected_calibration_error([0.75] * 4, [1, 1, 0, 1]) == 0
    assert expected_calibration_error([1.0] * 4, [0, 0, 0, 0]) == 1


@pytest.mark.parametrize(
    ("sure", "right", "said"),
    [
        ([], [], "one answer or more"),
        ([0.5], [True, False], "one confidence for each"),
        ([1.5], [True], "between 0 and 1"),
        ([math.nan], [True], "between 0 and 1"),
    ],
)
def test_what_does_not_go_together_is_refused(
    sure: list[float], right: list[bool], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        reliability(sure, right)
    with pytest.raises(ValueError, match="1 bin or more"):
        reliability([0.5], [True], 0)
