"""Blitting: redraw a figure, and only the artists that can have changed.

An interactive figure has about 50 milliseconds. Half of what Matplotlib needs for a
figure goes into ticks, labels and frames. The renderer keeps the pixels of those, and
of the static artists, as its background, and draws the background anew only when it
changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec, GridSpecFromSubplotSpec, SubplotSpec
from matplotlib.transforms import Bbox

from course_lib.plots.static import ArtistCache
from course_lib.plots.style import styled
from course_lib.widgets.quick_text import QuickTextCanvas

__all__ = ["NARROW", "BlittingRenderer"]

BREAKPOINT = 0.6  # of the figure's width: on a page with less it is stacked
NARROW = 5.2  # inches: the width of a stacked figure
SLIM = 0.1  # of the figure's width: narrower Axes stay beside those before them
STACKED_HEIGHT = 0.75  # of a panel's height: its height in a stacked figure


class BlittingRenderer:
    """A figure, and the function that draws its Axes for given values.

    ``draw(axes, **values)`` gets cleared Axes (one, or the array given), draws on them,
    and returns the figure in words. It adds no Axes to the figure, only insets: the
    layout is fixed by the first drawing. Nor does it change an axis for good in one
    drawing and not in the next (a scale, a formatter): those stay. On a narrow page the
    Axes stand one below the other, ``narrow`` inches wide.
    """

    def __init__(
        self,
        axes: Axes | np.ndarray,
        draw: Callable[..., Any],
        narrow: float = NARROW,
    ) -> None:
        self.axes, self.draw = axes, draw
        self._axes: list[Axes] = [axes] if isinstance(axes, Axes) else list(axes.flat)
        self._caches = {ax: ArtistCache(ax) for ax in self._axes}
        self.figure = self._axes[0].get_figure(root=True)
        self.canvas = QuickTextCanvas(self.figure)
        self._dpi = self.figure.dpi
        width, height = map(float, self.figure.get_size_inches())
        subplots = [ax.get_subplotspec() for ax in self._axes]
        self._wide = Layout(subplots, width, height)
        self._stacked = _stacked(self._wide, narrow)
        self._engine = self.figure.get_layout_engine()
        self._layout: Layout | None = None  # none yet
        self._background_key: Hashable = None
        self._background: Any = None  # pixels

    @property
    def width(self) -> int:
        """The width of the figure on a page that is wide enough, in CSS pixels."""
        return round(self._wide.width * self._dpi)

    def frame(
        self,
        values: Mapping[str, Any],
        width: float = math.inf,
        pixel_ratio: float = 1.0,
    ) -> Any:
        """Return the pixels of the figure for these values, and what ``draw`` returned.

        The pixels are (height, width, 4) bytes, RGBA. ``width`` is what the page has
        for the figure, in CSS pixels, and ``pixel_ratio`` the pixels drawn for each.
        """
        layout = self._stacked if width < BREAKPOINT * self.width else self._wide
        scale = min(1.0, width / (layout.width * self._dpi))
        with styled():
            self.figure.set_dpi(self._dpi * scale * pixel_ratio)
            if layout is not self._layout:
                self._set_layout(layout)
                self._draw(values)
                self.figure.draw_without_rendering()  # settles the margins
                self.figure.set_layout_engine("none")
                for cache in self._caches.values():  # may depend on the margins
                    cache.clear()
                self._layout = layout
            message = self._draw(values)
            self._render()
        return np.array(self.canvas.buffer_rgba()), message

    def _set_layout(self, layout: Layout) -> None:
        """Put every Axes in its subplot, with margins that the engine has to settle."""
        self.figure.set_size_inches(layout.width, layout.height)
        for ax, subplot in zip(self._axes, layout.subplots, strict=True):
            ax.set_subplotspec(subplot)
            self._caches[ax].clear()
        self.figure.set_layout_engine(self._engine)
        self._layout = self._background_key = None

    def _draw(self, values: Mapping[str, Any]) -> Any:
        self._clear()
        message = self.draw(self.axes, **values)
        for cache in self._caches.values():
            cache.end()
        return message

    def _clear(self) -> None:
        for ax, cache in self._caches.items():
            cache.begin()
            _clear_axes(ax, cache.artists)
        for artist in self._figure_artists():
            artist.remove()

    def _figure_artists(self) -> list[Artist]:
        """Return what stands on the figure itself, outside all Axes."""
        axes = {self.figure.patch, *self.figure.axes}
        return [a for a in self.figure.get_children() if a not in axes]

    def _render(self) -> None:
        renderer = self.canvas.get_renderer()
        for ax in self._axes:
            locator = ax.get_axes_locator()
            ax.apply_aspect(locator(ax, renderer) if locator else None)
        static = {ax: self._static(ax) for ax in self._axes}
        key = *(_axes_key(ax, static[ax]) for ax in self._axes), self.figure.dpi
        if key != self._background_key:
            renderer.clear()
            self.figure.patch.draw(renderer)
            for artists in static.values():
                for artist in artists:
                    artist.draw(renderer)
            self._background = self.canvas.copy_from_bbox(self.figure.bbox)
            self._background_key = key
        self.canvas.restore_region(self._background)
        for ax in self._axes:
            drawn = {*static[ax], *_frame(ax)}
            for artist in _in_drawing_order(ax.get_children()):
                if artist not in drawn:
                    artist.draw(renderer)
        for artist in self._figure_artists():
            artist.draw(renderer)

    def _static(self, ax: Axes) -> list[Artist]:
        """Return the frame of one Axes and its static artists, in drawing order."""
        artists = self._caches[ax].artists
        frame = _frame(ax) if ax.axison else []
        return [
            *(a for a in frame[:1] if a.get_visible()),  # the background of the Axes
            *_in_drawing_order([*artists, *frame[1:]]),
        ]


class Layout(NamedTuple):
    """Where the Axes of a figure stand, and its size in inches."""

    subplots: list[SubplotSpec]
    width: float
    height: float


def _stacked(wide: Layout, narrow: float) -> Layout:
    """Return the same Axes one below the other, but for slim ones such as a gauge."""
    rows: list[list[SubplotSpec]] = []
    for subplot in wide.subplots:
        if rows and _share(subplot)[0] < SLIM:
            rows[-1].append(subplot)
        else:
            rows.append([subplot])
    width = min(narrow, wide.width)
    if len(rows) == 1:
        ratio = max(STACKED_HEIGHT, width / wide.width)
        return Layout(wide.subplots, width, ratio * wide.height)
    heights = [STACKED_HEIGHT * wide.height * _share(row[0])[1] for row in rows]
    figure = wide.subplots[0].get_gridspec().figure
    grid = GridSpec(len(rows), 1, figure, height_ratios=heights)
    subplots: list[SubplotSpec] = []
    for i, row in enumerate(rows):
        ratios = [_share(subplot)[0] for subplot in row]
        beside = GridSpecFromSubplotSpec(1, len(row), grid[i], width_ratios=ratios)
        subplots += [beside[k] for k in range(len(row))] if len(row) > 1 else [grid[i]]
    return Layout(subplots, width, sum(heights))


def _share(subplot: SubplotSpec) -> tuple[float, float]:
    """Return which part of the figure's width and of its height a subplot takes."""
    grid = subplot.get_gridspec()
    across, down = np.array(grid.get_width_ratios()), np.array(grid.get_height_ratios())
    columns, rows = subplot.colspan, subplot.rowspan
    width = across[columns.start : columns.stop].sum() / across.sum()
    height = down[rows.start : rows.stop].sum() / down.sum()
    return float(width), float(height)


def _clear_axes(ax: Axes, static: Iterable[Artist]) -> None:
    """Do what ``ax.clear()`` does, but keep static artists, and ticks: slow to make."""
    for artist in {*ax.get_children()} - {*_frame(ax), *_titles(ax), *static}:
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
    """Return the background of one Axes, its spines, and its axes."""
    return [ax.patch, *ax.spines.values(), ax.xaxis, ax.yaxis]


def _in_drawing_order(artists: Iterable[Artist]) -> list[Artist]:
    """Return the visible ones, from back to front; those of one zorder as given."""
    return sorted((a for a in artists if a.get_visible()), key=Artist.get_zorder)


def _axes_key(ax: Axes, static: Iterable[Artist]) -> Hashable:
    """Return what equals another drawing's key if their backgrounds are the same."""
    key: list[Hashable] = []
    for axis in (ax.xaxis, ax.yaxis):
        key += [axis.get_view_interval().tobytes(), axis.get_scale()]
        if ax.axison and axis.get_visible():
            ticks = axis.get_majorticklocs()
            labels = axis.get_major_formatter().format_ticks(ticks)
            key += [axis.get_label_text(), *labels]
    return *key, *static, ax.axison, ax.get_position().bounds
