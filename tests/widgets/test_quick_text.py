"""Words drawn quickly stand where matplotlib puts them, with as much ink."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from course_lib.plots.style import styled
from course_lib.widgets.quick_text import QuickTextCanvas, _bitmap

LOOKS = [{}, {"weight": "bold", "color": "#0072B2"}, {"alpha": 0.5}, {"size": 16}]


def drawn(
    canvas: type[FigureCanvasAgg], words: str, dpi: float, place: float, **look: Any
) -> np.ndarray:
    with styled():
        figure = Figure(figsize=(6, 1.2), dpi=dpi)
        figure.text(place, place, words, **look)
        made = canvas(figure)
        made.draw()
        return np.asarray(made.buffer_rgba())[..., :3].astype(float)


def ink(pixels: np.ndarray) -> tuple[float, float, float]:
    """Return how much ink there is, and its middle: down, and from the left."""
    dark = 255 - pixels.mean(axis=2)
    down, right = (np.arange(n) for n in dark.shape)
    total = dark.sum()
    return total, dark.sum(1) @ down / total, dark.sum(0) @ right / total


@pytest.mark.parametrize("words", ["hello", "gypsy jumps", "ÄÉ 1,234 €", "−2²", "."])
@pytest.mark.parametrize("dpi", [80.8, 96, 192])
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_words_stand_where_they_stood(words: str, dpi: float, look: dict) -> None:
    for place in (0.3, 0.305, 0.313):
        slow = ink(drawn(FigureCanvasAgg, words, dpi, place, **look))
        fast = ink(drawn(QuickTextCanvas, words, dpi, place, **look))
        assert fast[0] == pytest.approx(slow[0], rel=0.02)
        assert fast[1] == pytest.approx(slow[1], abs=0.6)
        assert fast[2] == pytest.approx(slow[2], abs=1.5)  # each letter a whole pixel


@pytest.mark.parametrize("look", [{"rotation": 90}, {"rotation": 20}])
@pytest.mark.parametrize("words", ["turned", "$x^2$"])
def test_formulas_and_turned_words_are_drawn_as_ever(words: str, look: dict) -> None:
    slow = drawn(FigureCanvasAgg, words, 96, 0.4, **look)
    assert np.array_equal(slow, drawn(QuickTextCanvas, words, 96, 0.4, **look))


def test_a_shape_is_made_once() -> None:
    _bitmap.cache_clear()
    for colour in ("red", "blue"):
        drawn(QuickTextCanvas, "one line\nanother", 96, 0.3, color=colour)
    drawn(QuickTextCanvas, "another", 100, 0.3)
    assert (_bitmap.cache_info().misses, _bitmap.cache_info().hits) == (3, 2)
    blue = drawn(QuickTextCanvas, "another", 96, 0.3, color="blue")
    assert blue[..., 2].min() == 255, "the colour is not part of the shape"
