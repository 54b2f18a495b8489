"""Draw one figure again and again, as fast as its unchanged parts allow.

A picture that answers a slider has about 50 milliseconds. Half of what Matplotlib
needs for it goes into axes: ticks, labels, frames. A stage draws those once, keeps the
pixels, and draws them anew only when they change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import Bbox

from course_lib.plots.style import styled

__all__ = ["GROUND", "MAP", "Stage", "standing"]

GROUND = "ground"  # begins the gid of an artist that stays while its gid does
MAP = f"{GROUND} map"  # the same, and it is kept: draw it if it is not ``standing``


class Stage:
    """A figure, and the function that draws its Axes for given values.

    ``draw(axes, **values)`` gets cleared Axes (one, or the array given), draws on them,
    and returns the picture in words. It adds no Axes to the figure, only insets: the
    arrangement is fixed by the first drawing. Nor does it change an axis for good in
    one drawing and not in the next (a scale, a formatter): those stay.
    """

    def __init__(self, axes: Axes | np.ndarray, draw: Callable[..., Any]) -> None:
        self.axes, self.draw = axes, draw
        self._own: list[Axes] = [axes] if isinstance(axes, Axes) else list(axes.flat)
        self.figure = self._own[0].get_figure(root=True)
        self.canvas = FigureCanvasAgg(self.figure)
        self._dpi = self.figure.dpi
        self._arranged = False
        self._key: Hashable = None
        self._ground: Any = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height on the page, in pixels."""
        width, height = self.figure.get_size_inches() * self._dpi
        return round(width), round(height)

    def frame(self, values: Mapping[str, Any], sharpness: float = 1.0) -> Any:
        """Return the picture for these values, and what ``draw`` said.

        The picture is (height, width, 4) bytes, red to opaque. ``sharpness`` is the
        number of pixels drawn per pixel of the page.
        """
        with styled():
            self.figure.set_dpi(self._dpi * sharpness)
            self._clear()
            said = self.draw(self.axes, **values)
            if not self._arranged:
                self.figure.draw_without_rendering()
                self.figure.set_layout_engine("none")
                self._arranged = True
            self._render()
        return np.array(self.canvas.buffer_rgba()), said

    def _clear(self) -> None:
        for ax in self._own:
            _sweep(ax)
        for artist in self._loose():
            artist.remove()

    def _loose(self) -> list[Artist]:
        """What stands on the figure itself, outside all Axes."""
        kept = {self.figure.patch, *self.figure.axes}
        return [a for a in self.figure.get_children() if a not in kept]

    def _render(self) -> None:
        renderer = self.canvas.get_renderer()
        for ax in self._own:
            place = ax.get_axes_locator()
            ax.apply_aspect(place(ax, renderer) if place else None)
        key = tuple(_furniture_key(ax) for ax in self._own), self.figure.dpi
        if key != self._key:
            renderer.clear()
            self.figure.patch.draw(renderer)
            for ax in self._own:
                for artist in _furniture(ax):
                    artist.draw(renderer)
            self._key, self._ground = key, self.canvas.copy_from_bbox(self.figure.bbox)
        self.canvas.restore_region(self._ground)
        for ax in self._own:
            still = set(_furniture(ax))
            for artist in _visible(ax):
                if artist not in still and artist not in _frame(ax):
                    artist.draw(renderer)
        for artist in self._loose():
            artist.draw(renderer)


def standing(ax: Axes, gid: str) -> bool:
    """Whether a map still stands from the drawing before; another one is removed.

    A function that draws a map asks this first, at every drawing.
    """
    found = [a for a in ax.get_children() if str(a.get_gid()).startswith(MAP)]
    for artist in found:
        if artist.get_gid() != gid:
            artist.remove()
    return any(artist.get_gid() == gid for artist in found)


def _sweep(ax: Axes) -> None:
    """Do what ``ax.clear()`` does, but keep the ticks, which take long to make."""
    for artist in set(ax.get_children()) - {*_frame(ax), *_titles(ax)}:
        if not str(artist.get_gid()).startswith(MAP):
            artist.remove()
    for title in _titles(ax):
        title.set_text("")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_inverted(False)
        axis.set_label_text("")
        axis.set_visible(True)
    ax.dataLim.set(Bbox.null())
    ax.margins(mpl.rcParams["axes.xmargin"], mpl.rcParams["axes.ymargin"])
    for axis, limit in ((ax.xaxis, ax.set_xlim), (ax.yaxis, ax.set_ylim)):
        low_high = (0, 1) if axis.get_scale() == "linear" else axis.get_view_interval()
        limit(*low_high, auto=True)
    ax.set_aspect("auto")
    ax.set_axis_on()
    ax.set_prop_cycle(None)


def _titles(ax: Axes) -> list[Artist]:
    return [ax.title, ax._left_title, ax._right_title]


def _frame(ax: Axes) -> list[Artist]:
    return [ax.patch, *ax.spines.values(), ax.xaxis, ax.yaxis]


def _visible(ax: Axes) -> Iterator[Artist]:
    """The artists of one Axes in the order they are drawn: its background first."""
    shown = (a for a in ax.get_children() if a.get_visible())
    order: dict[Artist, float] = {ax.patch: -math.inf}
    return iter(sorted(shown, key=lambda a: order.get(a, a.get_zorder())))


def _furniture(ax: Axes) -> Iterator[Artist]:
    """What is drawn once: the frame of one Axes, and all that calls itself ground."""
    frame = _frame(ax) if ax.axison else []
    for artist in _visible(ax):
        if artist in frame or str(artist.get_gid()).startswith(GROUND):
            yield artist


def _furniture_key(ax: Axes) -> Hashable:
    """Two drawings with equal keys have the same furniture."""
    axes: list[Hashable] = []
    for axis in (ax.xaxis, ax.yaxis):
        axes += [axis.get_view_interval().tobytes(), axis.get_scale()]
        if ax.axison and axis.get_visible():
            places = axis.get_majorticklocs()
            axes += (
                axis.get_label_text(),
                *axis.get_major_formatter().format_ticks(places),
            )
    ground = [str(a.get_gid()) for a in _furniture(ax) if a.get_gid()]
    return (*axes, *ground, ax.axison, ax.get_position().bounds)
