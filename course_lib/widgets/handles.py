"""What a pointer can take hold of in an interactive figure.

A drawing function says, at each drawing, where its handles are: a handle gives each
state of a control a place. The browser sets the control to the state whose place is
nearest to the pointer. So it needs nothing but a list of places: a handle works without
a kernel, and what a pointer does, the control does by keyboard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

__all__ = ["Handle", "add_handle", "handles_of"]

ANY, ACROSS, UP = "", "x", "y"  # which distance counts: both, or one


@dataclass
class Places:
    """The place of each state of one control, in data coordinates of the Axes."""

    control: str
    places: np.ndarray  # (n, 2)
    states: list[Any] | None = None  # of the control; None: 0 to n - 1, as of a slider
    along: str = ANY


class Handle:
    """A spot of some Axes, or all of their area, where a pointer sets controls.

    at: where the handle is, (x, y); None: everywhere in the Axes. hover: a mouse sets
    the controls without a button pressed. label: what the pointer does here, in a few
    words.
    """

    def __init__(
        self,
        ax: Axes,
        label: str,
        at: tuple[float, float] | None = None,
        *,
        hover: bool = False,
    ) -> None:
        self.ax, self.label, self.at, self.hover = ax, label, at, hover
        self.sets: list[Places] = []

    def slide(
        self, control: str, stops: Sequence[Any], place: Callable[[Any], Any]
    ) -> Handle:
        """Let the handle set a slider: each of its stops has a place."""
        self.sets.append(Places(control, np.array([place(s) for s in stops], float)))
        return self

    def across(self, control: str, stops: Sequence[Any]) -> Handle:
        """Let the pointer's x set a slider whose stops are on the x axis."""
        places = np.array([(stop, np.nan) for stop in stops], float)
        self.sets.append(Places(control, places, along=ACROSS))
        return self

    def up(self, control: str, stops: Sequence[Any]) -> Handle:
        """Let the pointer's y set a slider whose stops are on the y axis."""
        places = np.array([(np.nan, stop) for stop in stops], float)
        self.sets.append(Places(control, places, along=UP))
        return self

    def pick(
        self, control: str, states: Sequence[Any], places: Sequence[Any]
    ) -> Handle:
        """Let the pointer set a control to the state whose place is nearest."""
        self.sets.append(Places(control, np.array(places, float), list(states)))
        return self

    def packed(self, height: float) -> bytes:
        """Return the handle as JSON, in CSS pixels of a figure of this height."""
        sets = []
        for given in self.sets:
            filled = np.where(np.isnan(given.places), self._middle(), given.places)
            pixels = self.ax.transData.transform(filled) * [1, -1] + [0, height]
            shown = {ANY: pixels, ACROSS: pixels[:, 0], UP: pixels[:, 1]}[given.along]
            one: dict[str, Any] = {"control": given.control, "along": given.along}
            one["places"] = np.round(shown, 1).ravel().tolist()
            sets.append(one | ({"states": given.states} if given.states else {}))
        packed: dict[str, Any] = {"label": self.label, "sets": sets}
        if self.at is None:
            left, bottom, width, up = self.ax.bbox.bounds
            packed["area"] = [left, height - bottom - up, width, up]
        else:
            x, y = self.ax.transData.transform(self.at)
            packed["at"] = [round(x, 1), round(height - y, 1)]
        if self.hover:
            packed["hover"] = True
        return json.dumps(packed, separators=(",", ":")).encode()

    def _middle(self) -> list[float]:
        """Return a place in the Axes: of a coordinate that does not count."""
        return [np.mean(self.ax.get_xlim()), np.mean(self.ax.get_ylim())]


def add_handle(
    ax: Axes, label: str, at: tuple[float, float] | None = None, *, hover: bool = False
) -> Handle:
    """Add a handle to the drawing of these Axes; the next drawing has its own."""
    handle = Handle(ax, label, at, hover=hover)
    handles_of(ax.get_figure(root=True)).append(handle)
    return handle


def handles_of(figure: Any) -> list[Handle]:
    """Return the handles of a figure's drawing, for the renderer to pack and clear."""
    found: list[Handle] = vars(figure).setdefault("course_handles", [])
    return found
