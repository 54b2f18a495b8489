"""What every interactive figure must hold, whatever it shows."""

from __future__ import annotations

import random
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text

from course_lib.plots.style import styled
from course_lib.widgets.controls import Button
from course_lib.widgets.figure import InteractiveFigure


def check_figure(figure: InteractiveFigure) -> None:
    """Select every boundary state of every control, one by one.

    Each must draw without a problem, have a summary, keep all text inside the figure,
    on a narrow page too, and equal a full redraw, whatever was selected before. Each
    control must change the pixels and the summary.
    """
    assert not figure.problem, figure.problem
    first = dict(figure.selected)
    screen = Screen(figure)
    for control in figure._controls.values():
        assert control.label.strip()
        if isinstance(control, Button):
            continue
        seen = set()
        for selected in control.boundary_states():
            figure.select(**{**first, control.name: selected})
            where = f"{figure.name}, {control.name} = {selected!r}"
            assert not figure.problem, f"{where}: {figure.problem}"
            assert figure.summary.strip(), where
            assert "\n" not in figure.summary, where
            assert len(figure.summary) <= 200, f"{where}: {figure.summary}"
            assert not (out := outside(figure)), f"{where}: {out}"
            same_as_full_redraw(figure, where)
            screen.look()
            assert screen.shows(figure), f"{where}: not what the tile diffs add up to"
            seen.add((figure.pixels.tobytes(), figure.summary + figure.text))
        assert len({picture for picture, _ in seen}) > 1, control.name
        assert len({said for _, said in seen}) > 1, control.name
    figure.width = 330
    for control in figure._controls.values():
        for selected in (
            [] if isinstance(control, Button) else control.boundary_states()
        ):
            figure.select(**{**first, control.name: selected})
            where = f"{figure.name}, narrow, {control.name} = {selected!r}"
            assert figure.pixels.shape[1] == 330, where
            assert not (out := outside(figure)), f"{where}: {out}"
    assert_no_history(figure, first, n_orders=1)
    figure.width = 0
    assert_no_history(figure, first)
    figure.select(**first)
    again = figure.pixels
    figure.redraw()
    assert (figure.pixels == again).all()


def assert_no_history(
    figure: InteractiveFigure, first: dict[str, Any], n_orders: int = 3
) -> None:
    """Select every state in several orders: each must look as on cleared Axes."""
    controls = [c for c in figure._controls.values() if not isinstance(c, Button)]
    states = [
        {**first, control.name: selected}
        for control in controls
        for selected in control.boundary_states()
    ]
    shuffled = random.Random(0).sample(states, len(states))
    seen: dict[str, set[bytes]] = {}
    for state in chain(*[shuffled, states, reversed(states)][:n_orders]):
        figure._last_selected = state  # no control depends on the state before
        figure.select(**state)
        seen.setdefault(str(state), set()).add(figure.pixels.tobytes())
    for state in states:
        renderer = figure._renderer
        with styled():
            for ax, cache in renderer._caches.items():
                cache.clear()
                ax.clear()
        renderer._background_key = None
        figure._last_selected = state
        figure.select(**state)
        fresh = figure.pixels.tobytes()
        assert seen[str(state)] == {fresh}, f"{figure.name}, {state}: a trace of others"


class Screen:
    """The canvas of a browser: it paints each tile diff over the frame before."""

    def __init__(self, figure: InteractiveFigure) -> None:
        self.figure, self.pixels = figure, np.zeros(0)
        self.number = 0
        self.look()

    def look(self) -> None:
        """Paint the newest tile diff; ask for a full frame if one was missed."""
        diff = self.figure.tile_diff
        if diff["base"] not in (0, self.number):
            self.figure._on_message(self.figure, {"full_frame": True}, [])
            diff = self.figure.tile_diff
        (width, height), side = diff["size"], diff["tile_size"]
        across = -(-width // side)
        if diff["base"] == 0:
            self.pixels = np.zeros((height, width, 4), np.uint8)
        n = len(diff["runs"]) // 6
        colours = np.frombuffer(diff["runs"], "<u4", n)
        lengths = np.frombuffer(diff["runs"], "<u2", n, 4 * n)
        sheet = np.repeat(colours, lengths).view(np.uint8).reshape(-1, side, side, 4)
        for cut, tile in zip(sheet, diff["tiles"], strict=True):
            y, x = (side * k for k in divmod(tile, across))
            there = self.pixels[y : y + side, x : x + side]  # smaller at the rim
            there[:] = cut[: there.shape[0], : there.shape[1]]
        self.number = diff["version"]

    def shows(self, figure: InteractiveFigure) -> bool:
        return np.array_equal(self.pixels, figure.pixels)


def outside(figure: InteractiveFigure) -> list[str]:
    """Return the texts outside the figure, wholly or in part."""
    drawn = figure._renderer.figure
    with styled():
        figure._renderer.canvas.draw()  # puts the labels of the axes in their place
        renderer = figure._renderer.canvas.get_renderer()
        room = drawn.bbox.padded(1.0)
        found = []
        for text in drawn.findobj(Text):
            if not (text.get_text().strip() and shown(text, drawn.findobj(Axes))):
                continue
            box = text.get_window_extent(renderer)
            if (
                box.x0 < room.x0
                or box.x1 > room.x1
                or box.y0 < room.y0
                or box.y1 > room.y1
            ):
                found.append(text.get_text())
    return found


def shown(text: Text, axes: list[Axes]) -> bool:
    """Whether a text is drawn: visible, not a tick beyond the ends of its axis."""
    for ax in axes:
        for axis in (ax.xaxis, ax.yaxis):
            on = ax.axison and axis.get_visible() and ax.get_visible()
            if text in (axis.label, axis.offsetText):
                return on
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                if text in (tick.label1, tick.label2):
                    low, high = sorted(axis.get_view_interval())
                    inside = low <= tick.get_loc() <= high
                    return on and inside and text.get_visible()
    return text.get_visible() and (text.axes is None or text.axes.get_visible())


def same_as_full_redraw(figure: InteractiveFigure, where: str) -> None:
    """Blitting must equal a full redraw, but for artists that cross a spine."""
    fast = figure.pixels[..., :3].astype(int)
    with styled():
        for ax in figure._renderer.figure.axes:
            ax.clear()
        for artist in figure._renderer._figure_artists():
            artist.remove()
        figure._renderer.draw(figure._renderer.axes, **figure.values)
        figure._renderer.canvas.draw()
    slow = np.asarray(figure._renderer.canvas.buffer_rgba())[..., :3].astype(int)
    room = figure.width or figure.max_width
    figure._renderer.frame(
        figure.values, room, figure.pixel_ratio
    )  # draw the quick one again
    assert fast.shape == slow.shape, where
    other = (np.abs(fast - slow).max(axis=2) > 40).mean()
    assert other < 0.004, f"{where}: {other:.2%} of the pixels differ"
