"""Draw a figure again and again, and record it as strokes, in milliseconds.

Half of what Matplotlib needs for a figure goes into ticks and their labels, and much of
the rest into what does not change. The renderer keeps the strokes of both, and records
them anew only when the axes or the static artists change.
"""

from __future__ import annotations

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
from course_lib.widgets.handles import handles_of
from course_lib.widgets.strokes import StrokeCanvas, StrokeRenderer, StrokeTable

__all__ = ["BREAKPOINT", "NARROW", "FigureRenderer", "Frame"]

BREAKPOINT = 0.6  # of the figure's width: on a page with less it is stacked
NARROW = 5.2  # inches: the width of a stacked figure
SLIM = 0.1  # of the figure's width: narrower Axes stay beside those before them
STACKED_HEIGHT = 0.75  # of a panel's height: its height in a stacked figure


class Frame(NamedTuple):
    """A figure as it was drawn once."""

    strokes: list[int]  # their numbers in the renderer's table, in drawing order
    size: tuple[float, float]  # of the figure, CSS pixels
    message: Any  # what ``draw`` returned

    @property
    def words(self) -> tuple[str, str]:
        """The summary, and the longer text below it."""
        return self.message if isinstance(self.message, tuple) else (self.message, "")


class FigureRenderer:
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
        self.canvas = StrokeCanvas(self.figure, StrokeTable())
        width, height = map(float, self.figure.get_size_inches())
        subplots = [ax.get_subplotspec() for ax in self._axes]
        self._wide = Layout(subplots, width, height)
        self._stacked = _stacked(self._wide, narrow)
        self._engine = self.figure.get_layout_engine()
        self._layout: Layout | None = None  # none yet
        self.n_fresh_tables = 0  # so many times, numbers were given anew
        self._n_fresh_starts = 0  # strokes kept before the last one are void
        for ax in self._axes:
            for axis in (ax.xaxis, ax.yaxis):
                _keep_strokes(axis, self._key)

    @property
    def table(self) -> StrokeTable:
        """The strokes of all frames since the last ``forget``."""
        return self.canvas.table

    @property
    def width(self) -> int:
        """The width of the figure on a page that is wide enough, in CSS pixels."""
        return round(self._wide.width * self.figure.dpi)

    def forget(self) -> None:
        """Begin a new table: numbers given before mean nothing in it."""
        self.canvas.table = StrokeTable()
        self.n_fresh_tables += 1
        self._n_fresh_starts += 1

    def frame(self, values: Mapping[str, Any], *, stacked: bool = False) -> Frame:
        """Draw the figure for these values, side by side or ``stacked``."""
        layout = self._stacked if stacked else self._wide
        with styled():
            if layout is not self._layout:
                self._set_layout(layout)
                self._draw(values)
                self.figure.draw_without_rendering()  # settles the margins
                self.figure.set_layout_engine("none")
                self._n_fresh_starts += 1
                for cache in self._caches.values():  # may depend on the margins
                    cache.clear()
                self._layout = layout
            message = self._draw(values)
            renderer = self.canvas.get_renderer()
            self.figure.draw(renderer)
            for handle in handles_of(self.figure):
                renderer.add_handle(handle.packed(renderer.height))
        return Frame(renderer.frame, (renderer.width, renderer.height), message)

    def _set_layout(self, layout: Layout) -> None:
        """Put every Axes in its subplot, with margins that the engine has to settle."""
        self.figure.set_size_inches(layout.width, layout.height)
        for ax, subplot in zip(self._axes, layout.subplots, strict=True):
            ax.set_subplotspec(subplot)
            self._caches[ax].clear()
        self.figure.set_layout_engine(self._engine)
        self._layout = None

    def _draw(self, values: Mapping[str, Any]) -> Any:
        for ax, cache in self._caches.items():
            cache.begin()
            _clear_axes(ax, cache.artists)
        for artist in self._figure_artists():
            artist.remove()
        handles_of(self.figure).clear()
        message = self.draw(self.axes, **values)
        for cache in self._caches.values():
            cache.end()
            for artist in cache.artists:
                _keep_strokes(artist, self._key)
        return message

    def _figure_artists(self) -> list[Artist]:
        """Return what stands on the figure itself, outside all Axes."""
        axes = {self.figure.patch, *self.figure.axes}
        return [a for a in self.figure.get_children() if a not in axes]

    def _key(self, artist: Any) -> Hashable:
        """Return what equals another drawing's key if an artist's strokes are equal."""
        ax = artist.axes
        key: list[Hashable] = [self._n_fresh_starts, artist.get_visible()]
        key += [ax.bbox.bounds]
        for axis in (ax.xaxis, ax.yaxis):
            key += [axis.get_view_interval().tobytes(), axis.get_scale()]
        if artist in (ax.xaxis, ax.yaxis):
            ticks = artist.get_majorticklocs()
            labels = artist.get_major_formatter().format_ticks(ticks)
            key += [artist.get_label_text(), artist.zorder, *labels]
        return tuple(key)


def _keep_strokes(artist: Artist, key_of: Callable[[Artist], Hashable]) -> None:
    """Let an artist give the strokes of its last drawing while its key is the same.

    Other renderers, such as that of a static figure, draw it as ever.
    """
    if "draw" in vars(artist):  # it does already
        return
    draw = artist.draw
    last: tuple[Hashable, list[int]] = (None, [])

    def drawn(renderer: Any) -> None:
        nonlocal last
        if not isinstance(renderer, StrokeRenderer):
            draw(renderer)
        elif (key := key_of(artist)) == last[0]:
            renderer.frame += last[1]
        else:
            before = len(renderer.frame)
            draw(renderer)
            last = key, renderer.frame[before:]

    vars(artist)["draw"] = drawn


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
