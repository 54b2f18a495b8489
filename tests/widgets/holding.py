"""What every picture with controls must hold, whatever it shows."""

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


def hold(lab: InteractiveFigure, *, still: tuple[str, ...] = ()) -> None:
    """Choose both ends (all options, all examples) of every control, one by one.

    Each must draw without a problem, say something, keep every word inside the
    picture, on a narrow page too, and draw what a figure without a cache draws. Each
    control must change the picture and the words; those named in ``still``, the
    picture alone or nothing.
    """
    assert not lab.problem, lab.problem
    first = dict(lab.selected)
    screen = Screen(lab)
    for control in lab._controls.values():
        assert control.label.strip()
        if isinstance(control, Button):
            continue
        seen = set()
        for chosen in control.boundary_states():
            lab.select(**{**first, control.name: chosen})
            where = f"{lab.name}, {control.name} = {chosen!r}"
            assert not lab.problem, f"{where}: {lab.problem}"
            assert lab.summary.strip(), where
            assert "\n" not in lab.summary, where
            assert len(lab.summary) <= 200, f"{where}: {lab.summary}"
            assert not (out := outside(lab)), f"{where}: {out}"
            same_as_drawn_whole(lab, where)
            screen.look()
            assert screen.shows(lab), f"{where}: not what the patches add up to"
            seen.add((lab.pixels.tobytes(), lab.summary + lab.text))
        if control.name not in still:
            assert len({picture for picture, _ in seen}) > 1, control.name
            assert len({said for _, said in seen}) > 1, control.name
    lab.width = 330
    for control in lab._controls.values():
        for chosen in [] if isinstance(control, Button) else control.boundary_states():
            lab.select(**{**first, control.name: chosen})
            where = f"{lab.name}, narrow, {control.name} = {chosen!r}"
            assert lab.pixels.shape[1] == 330, where
            assert not (out := outside(lab)), f"{where}: {out}"
    assert_no_history(lab, first, n_orders=1)
    lab.width = 0
    assert_no_history(lab, first)
    lab.select(**first)
    again = lab.pixels
    lab.redraw()
    assert (lab.pixels == again).all()


def assert_no_history(
    lab: InteractiveFigure, first: dict[str, Any], n_orders: int = 3
) -> None:
    """Select every state in several orders: each must look as on cleared Axes."""
    controls = [c for c in lab._controls.values() if not isinstance(c, Button)]
    states = [
        {**first, control.name: selected}
        for control in controls
        for selected in control.boundary_states()
    ]
    shuffled = random.Random(0).sample(states, len(states))
    seen: dict[str, set[bytes]] = {}
    for state in chain(*[shuffled, states, reversed(states)][:n_orders]):
        lab._last_selected = state  # no control depends on the state before
        lab.select(**state)
        seen.setdefault(str(state), set()).add(lab.pixels.tobytes())
    for state in states:
        renderer = lab._renderer
        with styled():
            for ax, cache in renderer._caches.items():
                cache.clear()
                ax.clear()
        renderer._background_key = None
        lab._last_selected = state
        lab.select(**state)
        fresh = lab.pixels.tobytes()
        assert seen[str(state)] == {fresh}, f"{lab.name}, {state}: a trace of others"


class Screen:
    """What a browser shows of a lab: it lays each patch over what stands there."""

    def __init__(self, lab: InteractiveFigure) -> None:
        self.lab, self.pixels = lab, np.zeros(0)
        self.number = 0
        self.look()

    def look(self) -> None:
        """Lay the newest patch, or ask for the whole if one was missed."""
        patch = self.lab.tile_diff
        if patch["base"] not in (0, self.number):
            self.lab._on_message(self.lab, {"full_frame": True}, [])
            patch = self.lab.tile_diff
        (width, height), side = patch["size"], patch["tile_size"]
        across = -(-width // side)
        if patch["base"] == 0:
            self.pixels = np.zeros((height, width, 4), np.uint8)
        n = len(patch["runs"]) // 6
        colours = np.frombuffer(patch["runs"], "<u4", n)
        lengths = np.frombuffer(patch["runs"], "<u2", n, 4 * n)
        sheet = np.repeat(colours, lengths).view(np.uint8).reshape(-1, side, side, 4)
        for cut, tile in zip(sheet, patch["tiles"], strict=True):
            y, x = (side * k for k in divmod(tile, across))
            there = self.pixels[y : y + side, x : x + side]  # smaller at the rim
            there[:] = cut[: there.shape[0], : there.shape[1]]
        self.number = patch["version"]

    def shows(self, lab: InteractiveFigure) -> bool:
        return np.array_equal(self.pixels, lab.pixels)


def outside(lab: InteractiveFigure) -> list[str]:
    """Return the words that stand outside the picture, wholly or in part."""
    figure = lab._renderer.figure
    with styled():
        lab._renderer.canvas.draw()  # puts the labels of the axes in their place
        renderer = lab._renderer.canvas.get_renderer()
        room = figure.bbox.padded(1.0)
        found = []
        for text in figure.findobj(Text):
            if not (text.get_text().strip() and shown(text, figure.findobj(Axes))):
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


def same_as_drawn_whole(lab: InteractiveFigure, where: str) -> None:
    """The quick drawing must be the slow one, but for what crosses a frame's line."""
    fast = lab.pixels[..., :3].astype(int)
    with styled():
        for ax in lab._renderer.figure.axes:
            ax.clear()
        for artist in lab._renderer._figure_artists():
            artist.remove()
        lab._renderer.draw(lab._renderer.axes, **lab.values)
        lab._renderer.canvas.draw()
    slow = np.asarray(lab._renderer.canvas.buffer_rgba())[..., :3].astype(int)
    room = lab.width or lab.max_width
    lab._renderer.frame(lab.values, room, lab.pixel_ratio)  # draw the quick one again
    assert fast.shape == slow.shape, where
    other = (np.abs(fast - slow).max(axis=2) > 40).mean()
    assert other < 0.004, f"{where}: {other:.2%} of the pixels differ"
