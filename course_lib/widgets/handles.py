"""What a pointer can take hold of in an interactive figure.

A drawing function says, at each drawing, where its handles are: a handle gives each
state of a control a place. The browser sets the control to the state whose place is
nearest to the pointer. So it needs nothing but a list of places: a handle works without
a kernel, and what a pointer does, the control does by keyboard. A handle that is held
keeps the places that it had when it was taken, if it does not follow. A drawing says,
too, where a slider ends, if it has fewer states than the slider.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path

from course_lib.plots import parts
from course_lib.plots.style import COLOURS

__all__ = ["Box", "Handle", "add_handle", "end_slider", "handles_of"]

ANY, ACROSS, UP = "", "x", "y"  # which distance counts: both, or one

Place = tuple[float, float]
Box = tuple[float, float, float, float]  # left, bottom, width and height


@dataclass
class Places:
    """The place of each state of one control, in data coordinates of the Axes."""

    control: str
    places: np.ndarray  # (n, 2)
    states: list[Any] | None = None  # of the control; None: 0 to n - 1, as of a slider
    along: str = ANY
    names: list[str] | None = None  # of the states


@dataclass
class Brush:
    """A grid of points of a control, which the pointer paints, moves and removes."""

    control: str
    corners: Sequence[Place]  # the first and the last point of the grid


@dataclass
class Plane:
    """Where one of the points of a control can be: on a grid, evenly spaced."""

    control: str
    point: int
    xs: Sequence[float]  # in data coordinates of the Axes, on linear axes
    ys: Sequence[float]


@dataclass
class Around:
    """The direction of each stop of one control, seen from a centre."""

    control: str
    centre: tuple[float, float]  # in data coordinates of the Axes
    first: float  # direction of the first stop, counter-clockwise from the x axis
    step: float  # from each stop to the next
    n: int
    part: int | None  # of a control with parts, the one that is turned


def _kept(
    given: Places | Plane | Brush | Around, states: Mapping[Any, Any]
) -> Places | Around | None:
    """Return it for a recording, where states have other numbers; None if useless."""
    if isinstance(given, Places):
        old = range(len(given.places)) if given.states is None else given.states
        there = [i for i, state in enumerate(old) if state in states]
        if not there:
            return None
        new, names = [states[old[i]] for i in there], given.names
        names = names and [names[i] for i in there]
        return replace(given, places=given.places[there], states=new, names=names)
    if isinstance(given, Around) and all(states.get(i) == i for i in range(given.n)):
        return given
    return None


class Handle:
    """A spot of some Axes, or all of their area, where a pointer sets controls.

    at: where the handle is, (x, y), or the ends of a line; None, or with ``everywhere``
    also: all of the Axes, or a ``box`` of them, where a finger taps, and the page still
    scrolls. Of two areas the one that was added first is taken. hover: a mouse sets the
    controls without a button pressed. follow: while a button is pressed, each new
    picture is taken further towards the pointer. label: what the pointer does, in a few
    words.
    """

    def __init__(
        self,
        ax: Axes,
        label: str,
        at: Place | tuple[Place, Place] | None = None,
        *,
        box: Box | None = None,
        everywhere: bool = False,
        hover: bool = False,
        follow: bool = False,
    ) -> None:
        self.ax, self.label, self.at, self.box = ax, label, at, box
        self.everywhere = everywhere or at is None
        self.hover, self.follow = hover, follow
        self.sets: list[Places | Plane | Brush | Around] = []

    def slide(
        self, control: str, stops: Sequence[Any], place: Callable[[Any], Any]
    ) -> Handle:
        """Let the handle set a slider: each of its stops has a place."""
        self.sets.append(Places(control, np.array([place(s) for s in stops], float)))
        return self

    def across(
        self,
        control: str,
        stops: Sequence[Any],
        place: Callable[[Any], float] = lambda stop: stop,
    ) -> Handle:
        """Let the pointer's x set a slider: its stops, or their places, are on x."""
        places = np.array([(place(stop), np.nan) for stop in stops], float)
        self.sets.append(Places(control, places, along=ACROSS))
        return self

    def up(
        self,
        control: str,
        stops: Sequence[Any],
        place: Callable[[Any], float] = lambda stop: stop,
    ) -> Handle:
        """Let the pointer's y set a slider: its stops, or their places, are on y."""
        places = np.array([(np.nan, place(stop)) for stop in stops], float)
        self.sets.append(Places(control, places, along=UP))
        return self

    def pick(
        self,
        control: str,
        states: Sequence[Any],
        places: Sequence[Any],
        names: Sequence[str] = (),
    ) -> Handle:
        """Let the pointer set a control to the state whose place is nearest.

        names: what is said of each state under the pointer, instead of the label.
        """
        at = np.array(places, float)
        self.sets.append(Places(control, at, list(states), names=list(names)))
        return self

    def move(
        self, control: str, point: int, xs: Sequence[float], ys: Sequence[float]
    ) -> Handle:
        """Let the pointer move one of the points of a control; its stops are even."""
        self.sets.append(Plane(control, point, xs, ys))
        return self

    def paint(self, control: str, corners: Sequence[Place]) -> Handle:
        """Let the pointer set points, on a grid between two corners."""
        self.sets.append(Brush(control, corners))
        return self

    def around(
        self,
        control: str,
        directions: Sequence[float],
        centre: tuple[float, float],
        part: int | None = None,
    ) -> Handle:
        """Let the pointer's direction from a centre set a slider, or turn a part.

        directions: of the stops, in radians counter-clockwise from the x axis, equally
        far apart. The Axes must have equal scales. What is grasped beside its middle
        does not jump there.
        """
        first, step = directions[0], directions[1] - directions[0]
        self.sets.append(Around(control, centre, first, step, len(directions), part))
        return self

    def keep(self, recorded: Mapping[str, Mapping[Any, Any]]) -> bool:
        """Set nothing but what a recording has; return whether that is anything.

        recorded: of each of its controls, the state there of each of its states here.
        """
        kept = [_kept(given, recorded.get(given.control, {})) for given in self.sets]
        self.sets = [given for given in kept if given is not None]
        return bool(self.sets)

    def packed(self, height: float) -> bytes:
        """Return the handle as JSON, in CSS pixels of a figure of this height."""
        sets = [self._set(given, height) for given in self.sets]
        packed: dict[str, Any] = {"label": self.label, "sets": sets}
        if self.everywhere:
            packed["area"] = self._area(height)
        if self.at is not None:
            packed["at"] = _short(self._at_in_view(height))
        for name in ("hover", "follow"):
            if getattr(self, name):
                packed[name] = True
        return json.dumps(packed, separators=(",", ":")).encode()

    def _set(
        self, given: Places | Plane | Brush | Around, height: float
    ) -> dict[str, Any]:
        if isinstance(given, Plane):
            return self._plane(given, height)
        if isinstance(given, Places):
            return self._places(given, height)
        if isinstance(given, Around):
            return self._around(given, height)
        grid = self._pixels(np.array(given.corners, float), height)
        return {"control": given.control, "grid": _short(grid)}

    def _at_in_view(self, height: float) -> np.ndarray:
        """Return the spot, (1, 2), or the ends of the part of a line in the Axes."""
        ends = self.ax.transData.transform(
            np.reshape(np.array(self.at, float), (-1, 2))
        )
        if len(ends) == 2:
            line = Path(ends).cleaned(clip=self.ax.bbox.extents)
            seen = line.vertices[line.codes != Path.STOP]
            ends = seen[[0, -1]] if len(seen) else ends
        return np.asarray(ends * [1, -1] + [0, height])

    def _places(self, given: Places, height: float) -> dict[str, Any]:
        filled = np.where(np.isnan(given.places), self._middle(), given.places)
        pixels = self._pixels(filled, height)
        shown = {ANY: pixels, ACROSS: pixels[:, 0], UP: pixels[:, 1]}[given.along]
        one: dict[str, Any] = {"control": given.control, "along": given.along}
        even = np.linspace(shown[0], shown[-1], len(shown))
        if len(shown) > 3 and np.abs(shown - even).max() < 0.05:  # the ends are enough
            one["evenly"] = len(shown)
            shown = shown[[0, -1]]
        one["places"] = _short(np.clip(shown, -9999, 9999))
        lists = {"states": given.states, "names": given.names}
        return one | {name: some for name, some in lists.items() if some}

    def _area(self, height: float) -> list[float]:
        """Return left, top, width and height in CSS pixels."""
        if self.box is None:
            left, bottom, width, up = self.ax.bbox.bounds
            return [left, height - bottom - up, width, up]
        x, y, wide, high = self.box
        (left, low), (right, top) = self._pixels(
            np.array([(x, y), (x + wide, y + high)]), height
        )
        return _short(np.array([left, top, right - left, low - top]))

    def _plane(self, given: Plane, height: float) -> dict[str, Any]:
        """Return for each coordinate: the first pixel, the pixels a stop, the stops."""
        corners = [(given.xs[0], given.ys[0]), (given.xs[-1], given.ys[-1])]
        first, last = self._pixels(np.array(corners, float), height)
        counts = len(given.xs), len(given.ys)
        spans = [
            [round(float(start), 2), round(float(end - start) / (n - 1), 4), n]
            for start, end, n in zip(first, last, counts, strict=True)
        ]
        return {"control": given.control, "point": given.point, "spans": spans}

    def _pixels(self, places: np.ndarray, height: float) -> np.ndarray:
        """Return places of the Axes in CSS pixels from the upper left corner."""
        pixels: np.ndarray = self.ax.transData.transform(places)
        return pixels * [1, -1] + [0, height]

    def _around(self, given: Around, height: float) -> dict[str, Any]:
        """Return the centre, the direction of the first stop, and how they go on."""
        centre = self._pixels(np.array([given.centre]), height)
        first = round(math.remainder(given.first, math.tau), 4)
        packed = {"control": given.control, "around": _short(centre), "first": first}
        packed |= {"step": round(given.step, 6), "n": given.n}
        return packed | ({} if given.part is None else {"part": given.part})

    def _middle(self) -> list[float]:
        """Return a place in the Axes: of a coordinate that does not count."""
        return [np.mean(self.ax.get_xlim()), np.mean(self.ax.get_ylim())]


def _short(pixels: np.ndarray) -> list[float]:
    """Return pixels as a list, in tenths; where there are many, whole ones."""
    digits = 1 if pixels.size < 64 else 0
    rounded: list[float] = np.round(pixels, digits).ravel().tolist()
    return [int(pixel) if pixel == int(pixel) else pixel for pixel in rounded]


def add_handle(
    ax: Axes,
    label: str,
    at: Place | tuple[Place, Place] | None = None,
    *,
    grip: str = "",
    box: Box | None = None,
    everywhere: bool = False,
    hover: bool = False,
    follow: bool = False,
) -> Handle:
    """Add a handle to the drawing of these Axes; the next drawing has its own.

    grip: the meaning, of ``COLOURS``, whose colour a ring has that is drawn there, to
    say that this can be dragged; none is drawn without it.
    """
    options = {"everywhere": everywhere, "hover": hover, "follow": follow}
    handle = Handle(ax, label, at, box=box, **options)
    handles_of(ax.get_figure(root=True)).append(handle)
    if at is not None and grip:
        ax.plot(*at, mec=COLOURS[grip], **parts.GRIP)
    return handle


@dataclass
class End:
    """The last state of a slider in one drawing."""

    control: str
    last: int

    def keep(self, recorded: Mapping[str, Mapping[Any, Any]]) -> bool:
        """Mean the state in a recording; return whether it has one. As a handle's."""
        states = recorded.get(self.control, {})
        self.last = max((states[i] for i in states if i <= self.last), default=-1)
        return self.last >= 0

    def packed(self, height: float) -> bytes:
        """Return it as JSON."""
        packed = {"end": {self.control: self.last}}
        return json.dumps(packed, separators=(",", ":")).encode()


def end_slider(ax: Axes, control: str, last: int) -> None:
    """Let a slider end at a stop in this drawing, which shows all beyond it alike."""
    handles_of(ax.get_figure(root=True)).append(End(control, last))


def handles_of(figure: Any) -> list[Handle | End]:
    """Return the handles of a figure's drawing, for the renderer to pack and clear."""
    found: list[Handle | End] = vars(figure).setdefault("course_handles", [])
    return found
