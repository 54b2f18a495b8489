"""Strides in a bowl: the factor is the one measured, and the word fits the walk."""

from __future__ import annotations

import math

import pytest

from course_lib.lessons import contraction


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.15, 0.45, 0.52])
def test_each_step_multiplies_by_the_factor(rate: float) -> None:
    path = contraction.quadratic_descent(rate, 4.0, 1.5, 20)
    factor = contraction.contraction_factor(rate, 4.0)
    assert path == pytest.approx([1.5 * factor**n for n in range(21)])


@pytest.mark.parametrize(
    ("rate", "word"),
    [
        (0.01, "crawls"),
        (0.049, "crawls"),
        (0.051, "arrives"),
        (0.249, "arrives"),
        (0.25, "lands in one step"),
        (0.251, "swings and arrives"),
        (0.499, "swings and arrives"),
        (0.5, "swings for ever"),
        (0.501, "flies off"),
    ],
)
def test_the_word_fits_the_walk(rate: float, word: str) -> None:
    assert contraction.regime(contraction.contraction_factor(rate, 4.0)) == word
    assert word in contraction.REGIMES
    far = [abs(x) for x in contraction.quadratic_descent(rate, 4.0, 1.0, 5000)]
    arrives = word in ("crawls", "arrives", "lands in one step", "swings and arrives")
    assert (far[-1] < 0.001) == arrives
    assert (far[20] > 0.0115) == (word == "crawls" or rate > 0.44)
    assert math.isclose(far[-1], 1.0) == (word == "swings for ever")


def test_hundredths_and_tenths_meet_the_edge_and_the_single_step() -> None:
    rates, curvatures = range(1, 81), range(25, 81)
    words = {
        (i, j): contraction.regime(contraction.contraction_factor(i / 100, j / 10))
        for i in rates
        for j in curvatures
    }
    ones = {pair for pair, word in words.items() if word == "lands in one step"}
    edges = {pair for pair, word in words.items() if word == "swings for ever"}
    assert ones == {(i, j) for i in rates for j in curvatures if i * j == 1000}
    assert edges == {(i, j) for i in rates for j in curvatures if i * j == 2000}
