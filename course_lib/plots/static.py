"""Static artists: kept from one drawing of an Axes to the next while nothing changes.

Axes that are drawn again and again have an ``ArtistCache``. There, a call of a function
decorated with ``static_artists`` that equals one of the drawing before, in all of its
arguments, keeps the artists made then. On other Axes the function just draws.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

__all__ = ["ArtistCache", "static_artists"]

Draw = TypeVar("Draw", bound=Callable[..., None])


def static_artists(draw: Draw) -> Draw:
    """Decorate a drawing function: with equal arguments, its artists are kept.

    All that it draws must follow from its arguments: numbers, strings, arrays, and
    tuples, lists and mappings of these. It neither reads nor sets what belongs to the
    Axes (limits, scales, aspect); its caller does, at every drawing. Raises TypeError
    for a function that sees variables of another, and for other arguments.
    """
    if draw.__code__.co_freevars:
        names = ", ".join(draw.__code__.co_freevars)
        raise TypeError(f"{draw.__name__}: {names} must be an argument to be compared")

    @functools.wraps(draw)
    def drawn(ax: Axes, *args: Any, **options: Any) -> None:
        cache = ArtistCache.of(ax)
        if cache is None:
            draw(ax, *args, **options)
        else:
            cache.draw(draw, args, options)

    return cast(Draw, drawn)


class ArtistCache:
    """The static artists of one Axes, by the calls that made them.

    The Axes are drawn between ``begin`` and ``end``; what is not called for in between
    is removed. A drawing that raised has no end: the next one continues from there.
    """

    def __init__(self, ax: Axes) -> None:
        self._ax = ax
        self._before: dict[Hashable, list[Artist]] = {}
        self._now: dict[Hashable, list[Artist]] = {}  # in the order of the calls
        ax.artist_cache = self  # it goes with the Axes

    @staticmethod
    def of(ax: Axes) -> ArtistCache | None:
        """Return the cache of these Axes, None if they have none."""
        return getattr(ax, "artist_cache", None)

    @property
    def artists(self) -> list[Artist]:
        """Every static artist, in the order of the calls."""
        calls = (*self._before.values(), *self._now.values())
        return [artist for artists in calls for artist in artists]

    def begin(self) -> None:
        """Begin a drawing, in which nothing has been called for yet."""
        self._before, self._now = self._before | self._now, {}

    def end(self) -> None:
        """End a drawing: remove what it did not call for."""
        for artists in self._before.values():
            self._remove(artists)
        self._before = {}

    def clear(self) -> None:
        """Remove all: the next drawing makes every artist anew."""
        self.begin()
        self.end()

    def is_cached(self, artists: list[Artist]) -> bool:
        """Whether all of these still stand on the Axes."""
        return set(artists) <= set(self._ax.get_children())

    def draw(
        self, function: Callable[..., None], args: Any, options: Mapping[str, Any]
    ) -> None:
        """Keep the artists of an equal call of the drawing before, or call anew."""
        call, nth = (function, _frozen(args), _frozen(options)), 0
        while (*call, nth) in self._now:  # called twice in one drawing: drawn twice
            nth += 1
        key = (*call, nth)
        artists = self._before.pop(key, None)
        if artists is None or not self.is_cached(artists):
            self._remove(artists or [])
            others = set(self._ax.get_children())
            function(self._ax, *args, **options)
            artists = [a for a in self._ax.get_children() if a not in others]
        else:  # drawn now, after what was drawn before it
            children = self._ax._children
            kept = [a for a in children if a in artists]
            children[:] = [a for a in children if a not in artists] + kept
        self._now[key] = artists

    def _remove(self, artists: list[Artist]) -> None:
        for artist in {*artists} & {*self._ax.get_children()}:
            artist.remove()


def _frozen(value: Any) -> Hashable:
    """Return what equals only the frozen form of the same value of the same type."""
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.hasobject:
            raise TypeError("an array of objects cannot be compared")
        return type(value), value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, Mapping):
        return type(value), *((_frozen(k), _frozen(v)) for k, v in value.items())
    if isinstance(value, list | tuple | range):
        return type(value), *map(_frozen, value)
    if value is None or isinstance(value, str | bool | int):
        return type(value), value
    if isinstance(value, float):
        return type(value), value.hex()  # tells -0.0 from 0.0, and nan equals nan
    raise TypeError(f"{value!r} cannot be compared with that of the drawing before")
