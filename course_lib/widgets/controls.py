"""The controls of a figure: what each offers, and its state as the browser sends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Button",
    "Choice",
    "Control",
    "Draggables",
    "Field",
    "Pad",
    "Points",
    "Preset",
    "Replay",
    "Slider",
    "Toggle",
    "Turn",
    "Turns",
    "sets_of",
]


@dataclass(frozen=True)
class Control:
    """One control. ``label`` is what a reader sees, and a screen reader says."""

    name: str
    label: str

    kind = "control"

    @property
    def default(self) -> Any:
        """The state at the start, as the browser sends it."""
        raise NotImplementedError

    def spec(self) -> dict[str, Any]:
        """Return what the browser needs to make the control, as plain JSON."""
        return {"kind": self.kind, "name": self.name, "label": self.label}

    def value(self, selected: Any) -> Any:
        """Return what ``draw`` gets for a state. Raises ValueError if invalid."""
        return selected

    def selected_for(self, value: Any) -> Any:
        """Return the state for a value: the inverse of ``value``."""
        return value

    def boundary_states(self) -> list[Any]:
        """Return the states to test: the default, and both ends or every option."""
        return [self.default]

    def recorded(self) -> Control | None:
        """Return what a recording offers in its place; None where nothing can be."""
        return None

    def states(self) -> list[Any]:
        """Return every state of a control that a recording offers."""
        return self.boundary_states()


def _index(selected: Any, n: int, label: str) -> int:
    """Return an index below n. Raises ValueError for anything else."""
    if not isinstance(selected, int) or not 0 <= selected < n:
        raise ValueError(f"{label}: choice {selected!r:.60} is none of 0 to {n - 1}")
    return selected


@dataclass(frozen=True)
class Slider(Control):
    """A slider over given stops, on whatever scale they have; ``start`` is a stop.

    ``format`` returns a stop as text. With ``play`` it has a button that runs through.
    Arrow keys, + and - go to the next of every ``stride`` stops.
    """

    stops: Sequence[Any]
    start: Any
    format: Callable[[Any], str] = "{:g}".format
    play: bool | str = False  # or what its button says
    stride: int = 1

    kind = "slider"

    @property
    def default(self) -> int:
        """The index of ``start``."""
        return self.selected_for(self.start)

    def selected_for(self, value: Any) -> int:
        """Return the index of the nearest stop."""
        return min(range(len(self.stops)), key=lambda i: abs(self.stops[i] - value))

    def spec(self) -> dict[str, Any]:
        """Add the text of each stop, whether it plays, and the stride of a key."""
        texts = [self.format(stop) for stop in self.stops]
        more = {"texts": texts, "play": self.play, "stride": self.stride}
        return {**super().spec(), **more}

    def value(self, selected: Any) -> Any:
        """Return the stop at an index."""
        return self.stops[_index(selected, len(self.stops), self.label)]

    def boundary_states(self) -> list[int]:
        """Return the indices of the start, and of the first and the last stop."""
        return [self.default, 0, len(self.stops) - 1]

    def recorded(self) -> Control:
        """Return it as it is."""
        return self

    def states(self) -> list[int]:
        """Return the index of every stop."""
        return list(range(len(self.stops)))

    def thinned(self, most: int) -> Slider:
        """Return it with at most so many stops (3 or more), about evenly spaced.

        The start and both ends are among them.
        """
        last = len(self.stops) - 1
        if last < most:
            return self
        kept: set[int] = set()
        for n in (most, most - 1):  # the start may be one of them, or one more
            kept = {self.default, *(round(i * last / (n - 1)) for i in range(n))}
            if len(kept) <= most:
                break
        return replace(self, stops=[self.stops[i] for i in sorted(kept)], stride=1)


@dataclass(frozen=True)
class Choice(Control):
    """One of several, by its name. ``draw`` gets what the name stands for.

    Another choice resets the controls named in ``resets`` to their defaults.
    """

    options: Mapping[str, Any]
    start: str
    resets: tuple[str, ...] = ()

    kind = "choice"

    @property
    def default(self) -> int:
        """The index of ``start``."""
        return list(self.options).index(self.start)

    def recorded(self) -> Control:
        """Return it as it is."""
        return self

    def spec(self) -> dict[str, Any]:
        """Add the name of each option."""
        return {**super().spec(), "texts": list(self.options)}

    def value(self, selected: Any) -> Any:
        """Return what the option at an index stands for."""
        i = _index(selected, len(self.options), self.label)
        return list(self.options.values())[i]

    def selected_for(self, value: Any) -> int:
        """Return the index of the option that stands for a value."""
        return list(self.options.values()).index(value)

    def boundary_states(self) -> list[int]:
        """Return the index of every option."""
        return list(range(len(self.options)))


@dataclass(frozen=True)
class Preset(Choice):
    """A choice whose options set other controls: each maps their names to values.

    As soon as one of these is set by hand, the option ``by_hand`` is selected, which
    sets none: the default, if nothing else is given.
    """

    options: Mapping[str, Mapping[str, Any]]
    by_hand: str = ""

    def spec(self) -> dict[str, Any]:
        """Add that it is a preset, and the option that sets none."""
        index = list(self.options).index(self.by_hand or self.start)
        return {**super().spec(), "preset": True, "start": index}


@dataclass(frozen=True)
class Toggle(Control):
    """A checkbox: on or off."""

    start: bool = False

    kind = "toggle"

    @property
    def default(self) -> bool:
        """Whether it is on at the start."""
        return self.start

    def value(self, selected: Any) -> bool:
        """Return whether it is on."""
        return bool(selected)

    def boundary_states(self) -> list[bool]:
        """Return both states, the default first."""
        return [self.start, not self.start]

    def recorded(self) -> Control:
        """Return it as it is."""
        return self

    def states(self) -> list[bool]:
        """Return both states, by the number that each is."""
        return [False, True]


@dataclass(frozen=True)
class Field(Control):
    """A text field. ``draw`` refuses what it cannot use with a ValueError."""

    start: str
    max_length: int = 80
    examples: tuple[str, ...] = ()  # for tests, and offered to the learner

    kind = "field"

    @property
    def default(self) -> str:
        """The text at the start."""
        return self.start

    def spec(self) -> dict[str, Any]:
        """Add the maximal length and the examples."""
        more = {"max_length": self.max_length, "examples": list(self.examples)}
        return {**super().spec(), **more}

    def value(self, selected: Any) -> str:
        """Return the text. Raises ValueError if it is too long."""
        if not isinstance(selected, str) or len(selected) > self.max_length:
            raise ValueError(f"{self.label}: at most {self.max_length} characters")
        return selected

    def boundary_states(self) -> list[str]:
        """Return the default and the examples."""
        return [self.start, *self.examples]

    def recorded(self) -> Control:
        """Return a choice of the default and the examples."""
        return _examples(f"try: {self.label}", self)


@dataclass(frozen=True)
class Pad(Control):
    """A keypad: each press appends a letter to a word; with undo and reset.

    ``keys`` maps a letter to (label, ``KeyboardEvent.key``), as in
    ``{"n": ("North", "ArrowUp")}``. ``draw`` gets the word, so a walk can be replayed.
    """

    keys: Mapping[str, tuple[str, str]]
    start: str = ""
    max_length: int = 500
    examples: tuple[str, ...] = ()

    kind = "pad"

    @property
    def default(self) -> str:
        """The word at the start."""
        return self.start

    def spec(self) -> dict[str, Any]:
        """Add the keys and the maximal length."""
        keys = [[letter, *rest] for letter, rest in self.keys.items()]
        return {**super().spec(), "keys": keys, "max_length": self.max_length}

    def value(self, selected: Any) -> str:
        """Return the word, cut to its length. Raises ValueError for other letters."""
        if not isinstance(selected, str) or set(selected) - set(self.keys):
            raise ValueError(f"{self.label}: only the letters {' '.join(self.keys)}")
        return selected[: self.max_length]

    def boundary_states(self) -> list[str]:
        """Return the default, each key pressed once, and the examples."""
        return [self.start, *self.keys, *self.examples]

    def recorded(self) -> Control:
        """Return a choice of the default and the examples."""
        return _examples(self.label, self)


class Turn(NamedTuple):
    """A part that was turned."""

    part: str
    stop: int  # where to: the index of a stop
    seconds: float  # since the first turn began


@dataclass(frozen=True)
class Turns(Control):
    """Parts that are turned, one at a time, and what was turned so far, in order.

    parts: where each begins, by its name, as the index of a stop. stops: the text of
    each stop; past the last one comes the first. Turns of one part in a row are one.
    Each turn gives other controls the states in ``resets``. ``draw`` gets the chosen
    part and a list of ``Turn``.
    """

    parts: Mapping[str, int]
    stops: Sequence[str]
    resets: Mapping[str, Any] = field(default_factory=dict)
    max_length: int = 300

    kind = "turns"

    @property
    def default(self) -> dict[str, Any]:
        """The first part is chosen, and nothing was turned."""
        return {"part": 0, "turns": []}

    def spec(self) -> dict[str, Any]:
        """Add the parts, where they begin, the stops and the greatest length."""
        more = {"parts": list(self.parts), "starts": list(self.parts.values())}
        more |= {"texts": list(self.stops), "resets": dict(self.resets)}
        more |= {"max_length": self.max_length}
        return {**super().spec(), **more}

    def value(self, selected: Any) -> tuple[str, list[Turn]]:
        """Return the chosen part and the turns. Raises ValueError if invalid."""
        names = list(self.parts)
        if not isinstance(selected, dict) or set(selected) != {"part", "turns"}:
            raise ValueError(f"{self.label}: expected a part and turns")
        part, given = selected["part"], selected["turns"]
        if not isinstance(given, list) or len(given) > self.max_length:
            raise ValueError(f"{self.label}: at most {self.max_length} turns")
        turns = []
        for one in given:
            if not isinstance(one, list | tuple) or len(one) != 3:
                raise ValueError(f"{self.label}: {one!r:.60} is no turn")
            where, stop, seconds = one
            if not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
                raise ValueError(f"{self.label}: {seconds!r:.60} is no time")
            name = names[_index(where, len(names), self.label)]
            turns.append(
                Turn(name, _index(stop, len(self.stops), self.label), float(seconds))
            )
        return names[_index(part, len(names), self.label)], turns

    def boundary_states(self) -> list[dict[str, Any]]:
        """Return the default, another part, and states with a turn and with two."""
        last, end = len(self.parts) - 1, len(self.stops) - 1
        turns = [[0, 0, 0], [last, end, 1.5]]
        return [
            self.default,
            {"part": last, "turns": []},
            {"part": 0, "turns": turns[:1]},
            {"part": last, "turns": turns},
        ]


@dataclass(frozen=True)
class Draggables(Control):
    """Points that a learner moves: with their handles, or one chosen, with sliders.

    ``start`` maps the name of each point to its place, ``x`` and ``y`` are the sliders
    of its coordinates, ``back`` the words of a button that puts all back. ``draw`` gets
    the places, (n, 2). The state is a pair of stops for each point, by index.
    """

    start: Mapping[str, tuple[float, float]]
    x: Slider
    y: Slider
    back: str = "Put them back"

    kind = "draggables"

    @property
    def default(self) -> list[list[int]]:
        """The stops of the points at the start."""
        return [
            [slider.selected_for(value) for slider, value in self._pair(place)]
            for place in self.start.values()
        ]

    def _pair(self, place: Sequence[Any]) -> zip[tuple[Slider, Any]]:
        return zip((self.x, self.y), place, strict=True)

    def spec(self) -> dict[str, Any]:
        """Add the points' names, the sliders, and where all points start."""
        sliders = [self.x.spec(), self.y.spec()]
        more = {"names": list(self.start), "sliders": sliders, "back": self.back}
        return {**super().spec(), **more, "start": self.default}

    def value(self, selected: Any) -> np.ndarray:
        """Return the places, (n, 2). Raises ValueError if they are not on the stops."""
        n = len(self.start)
        pairs = isinstance(selected, list) and len(selected) == n
        if not pairs or not all(isinstance(p, list) and len(p) == 2 for p in selected):
            raise ValueError(f"{self.label}: a pair of stops for each of {n} points")
        places = [[s.value(i) for s, i in self._pair(pair)] for pair in selected]
        return np.array(places, float)

    def boundary_states(self) -> list[list[list[int]]]:
        """Return the start, and it with the first point in each far corner."""
        rest = self.default[1:]
        last = [len(self.x.stops) - 1, len(self.y.stops) - 1]
        return [self.default, [[0, 0], *rest], [last, *rest]]


@dataclass(frozen=True)
class Points(Control):
    """Points on a plane, each of one of some classes: painted, moved and removed.

    The browser sends a list of [column, row, class], as whole numbers on a grid of
    ``columns`` by ``rows`` steps between the corners (x, y). ``draw`` gets the same as
    arrays: places (n, 2) and classes (n,). A handle lets the pointer paint; by keyboard
    the arrow keys move a cursor.
    """

    classes: Sequence[str]
    start: Sequence[tuple[int, int, int]]
    corners: tuple[tuple[float, float], tuple[float, float]]
    columns: int = 100
    rows: int = 70
    most: int = 200

    kind = "points"

    @property
    def default(self) -> list[list[int]]:
        """The points at the start."""
        return self.selected_for(self.start)

    def spec(self) -> dict[str, Any]:
        """Add the names of the classes, the grid, and how many points there may be."""
        more = {"texts": list(self.classes), "size": [self.columns, self.rows]}
        return {**super().spec(), **more, "corners": self.corners, "most": self.most}

    def value(self, selected: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return places and classes. Raises ValueError for what are no such points."""
        if not isinstance(selected, list) or len(selected) > self.most:
            raise ValueError(f"{self.label}: at most {self.most} points")
        ends = self.columns, self.rows, len(self.classes) - 1
        for point in selected:
            whole = isinstance(point, list) and [*map(type, point)] == [int] * 3
            if not whole or not all(
                0 <= number <= end for number, end in zip(point, ends, strict=True)
            ):
                raise ValueError(
                    f"{self.label}: {point!r:.60} is no [column, row, class] of whole "
                    f"numbers up to {[*ends]}"
                )
        columns, rows, classes = np.reshape(selected, (-1, 3)).astype(int).T
        low, high = np.array(self.corners)
        shares = np.stack([columns / self.columns, rows / self.rows], axis=1)
        return low + shares * (high - low), classes

    def selected_for(self, value: Any) -> list[list[int]]:
        """Return the list of points."""
        return [list(point) for point in value]

    def boundary_states(self) -> list[Any]:
        """Return the default, no point, and the corners."""
        last = len(self.classes) - 1
        return [self.default, [], [[0, 0, 0], [self.columns, self.rows, last]]]


@dataclass(frozen=True)
class Button(Control):
    """A button that calls a function; ``draw`` finds what it changed by itself."""

    press: Callable[[], object]

    kind = "button"

    @property
    def default(self) -> None:
        """None: a button has no state."""
        return None


class Replay(NamedTuple):
    """What a recording of a figure offers, where its own controls would be too many.

    A control left out stays as it is at the start. ``draw`` is called in place of the
    figure's own, with the values of these controls alone.
    """

    controls: Sequence[Control]
    draw: Callable[..., str | tuple[str, str]] | None = None


def sets_of(control: Control, controls: Mapping[str, Control]) -> list[dict[str, Any]]:
    """Return, for each option of a choice, the states it gives to other controls.

    Of these only the ones that are there. A preset is left, for its default, when one
    of them is set by hand.
    """
    if isinstance(control, Preset):
        return [
            {k: controls[k].selected_for(v) for k, v in sets.items() if k in controls}
            for sets in control.options.values()
        ]
    if isinstance(control, Choice) and control.resets:
        there = [name for name in control.resets if name in controls]
        return [{name: controls[name].default for name in there}] * len(control.options)
    return []


def _examples(label: str, control: Field | Pad) -> Choice:
    texts = dict.fromkeys([control.start, *control.examples])
    options = {text or "(nothing)": text for text in texts}
    return Choice(control.name, label, options, control.start or "(nothing)")
