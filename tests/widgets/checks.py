"""What every interactive figure must hold, whatever it shows."""

from __future__ import annotations

import json
import math
import random
import struct
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text

from course_lib.plots.style import styled
from course_lib.widgets.controls import Button
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.strokes import HANDLE


def check_figure(figure: InteractiveFigure) -> None:
    """Select every boundary state of every control, one by one.

    Each must draw without a problem, have a summary, keep all text inside the figure,
    on a narrow page too, and equal a full redraw, whatever was selected before. Each
    control must change what is seen, and what is said.
    """
    assert not figure.problem, figure.problem
    first = dict(figure.selected)
    browser = Browser(figure)
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
            check_handles(figure)
            browser.look()
            assert browser.shows(figure), f"{where}: the browser lacks a stroke"
            seen.add(((figure.strokes, figure.text), figure.summary + figure.text))
        assert len({picture for picture, _ in seen}) > 1, control.name
        assert len({said for _, said in seen}) > 1, control.name
    figure.stacked = True
    for control in figure._controls.values():
        for selected in (
            [] if isinstance(control, Button) else control.boundary_states()
        ):
            figure.select(**{**first, control.name: selected})
            where = f"{figure.name}, narrow, {control.name} = {selected!r}"
            assert figure.picture["stacked"], where
            assert not (out := outside(figure)), f"{where}: {out}"
    assert_no_history(figure, first, n_orders=1)
    figure.stacked = False
    assert_no_history(figure, first)
    figure.select(**first)
    again = figure.strokes
    figure.redraw()
    assert figure.strokes == again


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
    seen: dict[str, set[tuple[bytes, ...]]] = {}
    for state in chain(*[shuffled, states, reversed(states)][:n_orders]):
        figure.selected = state  # whatever follows from a choice
        figure.redraw()
        seen.setdefault(str(state), set()).add(figure.strokes)
    for state in states:
        renderer = figure._renderer
        with styled():
            for ax, cache in renderer._caches.items():
                cache.clear()
                ax.clear()
        renderer._n_fresh_starts += 1  # nothing recorded before is used again
        figure.selected = state
        figure.redraw()
        assert seen[str(state)] == {figure.strokes}, (
            f"{figure.name}, {state}: a trace of others"
        )


class Browser:
    """What a browser has of a figure: the strokes it was sent, by number."""

    def __init__(self, figure: InteractiveFigure) -> None:
        self.figure, self.table = figure, -1
        self.strokes: dict[int, bytes] = {}
        self.look()

    def look(self) -> None:
        """Take the newest picture; ask for a whole one if a stroke is missing."""
        self._take(self.figure.picture)
        if not all(number in self.strokes for number in self.frame):
            self.figure._on_message(self.figure, {"whole": True}, [])
            self._take(self.figure.picture)

    def _take(self, picture: dict[str, Any]) -> None:
        if picture["table"] != self.table:
            self.table, self.strokes = picture["table"], {}
        new, data = numbers(picture["new"]), picture["data"]
        at = 4 * len(new)
        for number, length in zip(
            new, struct.iter_unpack("<I", data[:at]), strict=True
        ):
            self.strokes[number] = data[at : at + length[0]]
            at += length[0]
        assert at == len(data)
        self.frame = numbers(picture["strokes"])

    def shows(self, figure: InteractiveFigure) -> bool:
        """Whether it has every stroke of the figure's frame, as it is."""
        table = figure._renderer.table
        state = figure._state
        assert state is not None
        assert state.frame is not None
        return self.frame == list(state.frame.strokes) and all(
            self.strokes.get(k) == table.strokes[k] for k in table.needed(self.frame)
        )


def numbers(ranges: list[list[int]]) -> list[int]:
    """Return the numbers in ranges (first, how many)."""
    return [first + i for first, n in ranges for i in range(n)]


def handles(figure: InteractiveFigure) -> list[dict[str, Any]]:
    """Return the handles of the last frame, as the browser reads them."""
    return [one for one in _controlled(figure) if "sets" in one]


def ends(figure: InteractiveFigure) -> dict[str, int]:
    """Return the last state of each slider that ends early in the last frame."""
    found = [one["end"] for one in _controlled(figure) if "end" in one]
    return {name: last for end in found for name, last in end.items()}


def _controlled(figure: InteractiveFigure) -> list[dict[str, Any]]:
    return [json.loads(s[1:]) for s in figure.strokes if s[0] == HANDLE]


def click(figure: InteractiveFigure, x: float, y: float) -> None:
    """Set what a click at a place of the figure sets, in CSS pixels."""
    for handle in handles(figure):
        left, top, width, height = handle.get("area", (0, 0, -1, -1))
        if left <= x <= left + width and top <= y <= top + height:
            break
    else:
        raise AssertionError(f"nothing to click at {x}, {y}")
    chosen = {}
    for given in handle["sets"]:
        at = {"x": [x], "y": [y]}.get(given["along"], [x, y])
        nearest = int(np.argmin(np.linalg.norm(places_of(given) - at, axis=1)))
        chosen[given["control"]] = (
            given["states"][nearest] if "states" in given else nearest
        )
    figure.select(**chosen)


def check_handles(figure: InteractiveFigure) -> None:
    """Each handle must lie in the figure, and set a control of it to what it has.

    One that a pointer takes at a spot must be where its controls are now: taken and
    not moved, it changes nothing.
    """
    width, height = figure.picture["size"]
    for name, last in ends(figure).items():
        assert 0 <= last < len(figure._controls[name].spec()["texts"]), name
    for handle in handles(figure):
        assert handle["label"].strip()
        left, top, *_ = handle.get("area") or handle["at"]
        assert -1 <= left <= width + 1, handle
        assert -1 <= top <= height + 1, handle
        for given in handle["sets"]:
            control = figure._controls[given["control"]]
            if "grid" in given:  # its corners
                assert np.isfinite(given["grid"]).all(), control.name
                continue
            if "spans" in given:
                now = figure.selected[control.name][given["point"]]
                for at, stop, (first, step, n) in zip(
                    handle["at"], now, given["spans"], strict=True
                ):
                    assert abs(first + stop * step - at) < 0.2, handle
                    assert 0 <= stop < n, handle
                continue
            if "around" in given:
                check_direction(handle, given, figure.selected[control.name])
                continue
            places = places_of(given)
            states = given.get("states") or list(range(len(places)))
            assert len(states) == len(places), control.name
            assert len(given.get("names", states)) == len(places), control.name
            assert np.isfinite(places).all(), control.name
            for state in states:
                control.value(state)
            spot = len(handle.get("at", [])) == 2
            if spot and "states" not in given and not given["along"]:
                away = np.hypot(*(places - handle["at"]).T)
                now = figure.selected[control.name]
                assert away[now] <= away.min() + 0.2, (handle["label"], now)


def places_of(given: dict[str, Any]) -> np.ndarray:
    """Return the places that a handle gives to states: (n, 2), or along an axis (n, 1).

    Of places that are evenly spaced, it has the first and the last.
    """
    places = np.reshape(given["places"], (-1, 1 if given["along"] else 2))
    if "evenly" in given:
        places = np.linspace(*places, given["evenly"])
    return places


def drag(
    figure: InteractiveFigure, label: str, ax: Axes, place: tuple[float, float]
) -> None:
    """Drag the handle with this label to a place of some Axes, as the browser would."""
    x, y = ax.transData.transform(place)
    at = np.array([x, figure.picture["size"][1] - y])
    found = [handle for handle in handles(figure) if handle["label"] == label]
    around = [handle for handle in found if _is_in(at, handle.get("area"))]
    handle = (around or found)[0]
    chosen: dict[str, Any] = {}
    for given in handle["sets"]:
        now = figure.selected[given["control"]]
        if "spans" in given:
            stops = [
                min(max(round((pixel - first) / step), 0), n - 1)
                for pixel, (first, step, n) in zip(at, given["spans"], strict=True)
            ]
            state = [stops if i == given["point"] else p for i, p in enumerate(now)]
        else:
            spot = {"x": at[:1], "y": at[1:]}.get(given["along"], at)
            away = np.linalg.norm(places_of(given) - spot, axis=1)
            nearest = int(away.argmin())
            state = given["states"][nearest] if "states" in given else nearest
        chosen[given["control"]] = state
    figure.select(**chosen)


def _is_in(at: np.ndarray, area: list[float] | None) -> bool:
    left, top, width, height = area or (0, 0, 0, 0)
    return left <= at[0] <= left + width and top <= at[1] <= top + height


def check_direction(handle: dict[str, Any], given: dict[str, Any], state: Any) -> None:
    """What is turned around a centre must point where its stop does."""
    if (part := given.get("part")) is not None:
        stops = [stop for turned, stop, _ in state["turns"] if turned == part]
        if not stops:
            return  # where it begins, the control knows
        state = stops[-1]
    (x, y), (x0, y0) = handle["at"], given["around"]
    way = given["first"] + state * given["step"] - math.atan2(y0 - y, x - x0)
    assert abs(math.remainder(way, math.tau)) < 0.02, handle


def outside(figure: InteractiveFigure) -> list[str]:
    """Return the texts outside the figure, wholly or in part."""
    drawn = figure._renderer.figure
    with styled():
        renderer = figure._renderer.canvas.get_renderer()
        drawn.draw(renderer)  # puts the labels of the axes in their place
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
    """What is kept from one drawing to the next must equal a drawing of everything."""
    quick, renderer = figure.strokes, figure._renderer
    with styled():
        for ax in renderer.figure.axes:
            ax.clear()
    renderer._n_fresh_starts += 1
    figure.redraw()
    assert figure.strokes == quick, f"{where}: not as drawn from nothing"
