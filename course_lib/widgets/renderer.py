"""Draw one figure again and again, as fast as its unchanged parts allow.

A picture that answers a slider has about 50 milliseconds. Half of what Matplotlib
needs for it goes into axes: ticks, labels, frames. A stage draws those once, keeps the
pixels, and draws them anew only when they change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec, GridSpecFromSubplotSpec, SubplotSpec
from matplotlib.transforms import Bbox

from course_lib.plots.static import GROUND, MAP
from course_lib.plots.style import styled
from course_lib.widgets.quick_text import QuickTextCanvas

__all__ = ["BlittingRenderer"]

CRAMPED = 0.6  # of its width: with less room a picture is arranged for a narrow page
NARROW = 5.2  # inches: its width then, and its panels stand one below the other
SLIM = 0.1  # of the figure's width: narrower Axes stay beside those before them
LOWER = 0.75  # of a panel's height: as low as it gets then


class BlittingRenderer:
    """A figure, and the function that draws its Axes for given values.

    ``draw(axes, **values)`` gets cleared Axes (one, or the array given), draws on them,
    and returns the picture in words. It adds no Axes to the figure, only insets: the
    arrangement is fixed by the first drawing. Nor does it change an axis for good in
    one drawing and not in the next (a scale, a formatter): those stay. On a page with
    little room the Axes stand one below the other, ``narrow`` inches wide.
    """

    def __init__(
        self,
        axes: Axes | np.ndarray,
        draw: Callable[..., Any],
        narrow: float = NARROW,
    ) -> None:
        self.axes, self.draw = axes, draw
        self._own: list[Axes] = [axes] if isinstance(axes, Axes) else list(axes.flat)
        self.figure = self._own[0].get_figure(root=True)
        self.canvas = QuickTextCanvas(self.figure)
        self._dpi = self.figure.dpi
        width, height = map(float, self.figure.get_size_inches())
        places = [ax.get_subplotspec() for ax in self._own]
        self._wide = Arrangement(places, width, height)
        self._narrow = _stacked(self._wide, narrow)
        self._layout = self.figure.get_layout_engine()
        self._arrangement: Arrangement | None = None  # none yet
        self._key: Hashable = None
        self._ground: Any = None

    @property
    def width(self) -> int:
        """Its width on a page with room for it, in pixels."""
        return round(self._wide.width * self._dpi)

    def frame(
        self, values: Mapping[str, Any], room: float = math.inf, sharpness: float = 1.0
    ) -> Any:
        """Return the picture for these values, and what ``draw`` said.

        The picture is (height, width, 4) bytes, red to opaque. ``room`` is the width
        that the page has for it, in pixels of the page, and ``sharpness`` how many
        pixels are drawn for each of those.
        """
        arrangement = self._narrow if room < CRAMPED * self.width else self._wide
        scale = min(1.0, room / (arrangement.width * self._dpi))
        with styled():
            self.figure.set_dpi(self._dpi * scale * sharpness)
            self._clear()
            if arrangement is not self._arrangement:
                self._arrange(arrangement)
            said = self.draw(self.axes, **values)
            if self.figure.get_layout_engine() is self._layout:
                self.figure.draw_without_rendering()
                self.figure.set_layout_engine("none")
            self._render()
        return np.array(self.canvas.buffer_rgba()), said

    def _arrange(self, arrangement: Arrangement) -> None:
        """Put every Axes in its place; the next drawing settles the margins."""
        self.figure.set_size_inches(arrangement.width, arrangement.height)
        for ax, place in zip(self._own, arrangement.places, strict=True):
            ax.set_subplotspec(place)
        self.figure.set_layout_engine(self._layout)
        self._arrangement, self._key = arrangement, None

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


class Arrangement(NamedTuple):
    """Where the Axes of a figure stand, and its size in inches."""

    places: list[SubplotSpec]
    width: float
    height: float


def _stacked(wide: Arrangement, narrow: float) -> Arrangement:
    """Return the same Axes one below the other, but for slim ones such as a gauge."""
    rows: list[list[SubplotSpec]] = []
    for place in wide.places:
        if rows and _share(place)[0] < SLIM:
            rows[-1].append(place)
        else:
            rows.append([place])
    width = min(narrow, wide.width)
    if len(rows) == 1:
        lower = max(LOWER, width / wide.width)
        return Arrangement(wide.places, width, lower * wide.height)
    heights = [LOWER * wide.height * _share(row[0])[1] for row in rows]
    figure = wide.places[0].get_gridspec().figure
    grid = GridSpec(len(rows), 1, figure, height_ratios=heights)
    places: list[SubplotSpec] = []
    for i, row in enumerate(rows):
        ratios = [_share(place)[0] for place in row]
        beside = GridSpecFromSubplotSpec(1, len(row), grid[i], width_ratios=ratios)
        places += [beside[k] for k in range(len(row))] if len(row) > 1 else [grid[i]]
    return Arrangement(places, width, sum(heights))


def _share(place: SubplotSpec) -> tuple[float, float]:
    """Return which part of the figure's width and of its height a place takes."""
    grid = place.get_gridspec()
    across, down = np.array(grid.get_width_ratios()), np.array(grid.get_height_ratios())
    width = across[place.colspan.start : place.colspan.stop].sum() / across.sum()
    height = down[place.rowspan.start : place.rowspan.stop].sum() / down.sum()
    return float(width), float(height)


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
