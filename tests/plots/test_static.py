"""Static artists: what is drawn anew, what is kept, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from course_lib.plots import panels
from course_lib.plots.static import ArtistCache, static_artists

HEIGHTS = np.arange(6.0).reshape(2, 3)
ARGUMENTS: dict[str, Any] = {
    "number": 1.0,
    "words": "a",
    "array": HEIGHTS,
    "pairs": [(0.0, 1.0), (1.0, 0.0)],
    "look": {"color": "red", "lw": 1},
}
CHANGED: list[tuple[str, Any]] = [
    ("number", 1),
    ("number", True),
    ("number", np.float64(1.0)),
    ("number", np.nextafter(1.0, 2.0).item()),
    ("words", "b"),
    ("array", HEIGHTS + 1e-12 * (HEIGHTS == 4)),
    ("array", HEIGHTS.astype(np.float32)),
    ("array", HEIGHTS.reshape(3, 2)),
    ("array", HEIGHTS.tolist()),
    ("array", np.where(HEIGHTS == 0, -0.0, HEIGHTS)),
    ("pairs", [(0.0, 1.0), (1.0, -0.0)]),
    ("pairs", ((0.0, 1.0), (1.0, 0.0))),
    ("look", {"color": "red", "lw": 2}),
    ("look", {"color": "red"}),
]


@static_artists
def line(ax: Axes, number: float = 0.0, **others: Any) -> None:
    ax.plot([0, 1], [0, float(number)])


def draw(ax: Axes, *calls: dict[str, Any]) -> list[Any]:
    """Draw the Axes with these calls; return the static artists."""
    cache = ArtistCache.of(ax) or ArtistCache(ax)
    cache.begin()
    for call in calls:
        line(ax, **call)
    cache.end()
    assert set(cache.artists) <= set(ax.lines)
    return cache.artists


@pytest.mark.parametrize(("name", "value"), CHANGED)
def test_a_call_with_any_other_argument_is_drawn_anew(name: str, value: object) -> None:
    ax = panels()
    [first] = draw(ax, ARGUMENTS)
    [other] = draw(ax, ARGUMENTS | {name: value})
    assert other is not first
    assert list(ax.lines) == [other]


def test_an_array_changed_in_place_is_noticed() -> None:
    ax, heights = panels(), HEIGHTS.copy()
    [first] = draw(ax, {"array": heights})
    heights[1, 1] += 1
    [other] = draw(ax, {"array": heights})
    assert other is not first


def test_equal_calls_keep_their_artists() -> None:
    ax = panels()
    same = {**ARGUMENTS, "array": HEIGHTS.copy(), "look": dict(ARGUMENTS["look"])}
    assert draw(ax, ARGUMENTS) == draw(ax, same)
    assert draw(ax, {"number": float("nan")}) == draw(ax, {"number": float("nan")})


def test_calls_are_kept_one_by_one_and_stand_in_the_order_of_the_drawing() -> None:
    ax, (a, b, c) = panels(), ({"number": n} for n in (1.0, 2.0, 3.0))
    first = draw(ax, a, b, a)
    assert len(set(first)) == 3, "one call made twice is drawn twice"
    second = draw(ax, c, b, a)
    assert second[1:] == [first[1], first[0]]
    assert second[0] not in first
    assert set(ax.lines) == set(second)
    assert draw(ax) == []
    assert list(ax.lines) == []


def test_artists_that_something_else_removed_are_drawn_anew() -> None:
    ax = panels()
    [first] = draw(ax, ARGUMENTS)
    ax.clear()
    [other] = draw(ax, ARGUMENTS)
    assert other is not first
    assert list(ax.lines) == [other]


def test_a_drawing_that_failed_leaves_nothing_behind() -> None:
    ax = panels()
    [first] = draw(ax, {"number": 1.0})
    cache = ArtistCache.of(ax)
    assert cache is not None
    cache.begin()
    line(ax, number=2.0)  # and here it fails: no end
    assert draw(ax, {"number": 1.0}) == [first]
    assert list(ax.lines) == [first]
    cache.clear()
    assert list(ax.lines) == cache.artists == []


def test_axes_without_a_cache_are_just_drawn() -> None:
    ax = panels()
    line(ax, number=1.0)
    line(ax, number=1.0)
    assert len(ax.lines) == 2


def test_what_could_change_unseen_is_refused() -> None:
    height = 1.0

    def closure(ax: Axes) -> None:
        ax.axhline(height)

    with pytest.raises(TypeError, match="closure: height must be an argument"):
        static_artists(closure)
    for value in (object(), {1, 2}, np.array([object()]), print):
        with pytest.raises(TypeError, match="cannot be compared"):
            draw(panels(), {"array": value})
