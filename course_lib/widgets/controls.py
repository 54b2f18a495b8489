"""The controls of a lab: what each offers, and how the browser says what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Button",
    "Choice",
    "Control",
    "Field",
    "Pad",
    "Preset",
    "Slider",
    "Toggle",
]


@dataclass(frozen=True)
class Control:
    """One control. ``label`` is what a reader sees, and a screen reader says."""

    name: str
    label: str

    kind = "control"

    @property
    def first(self) -> Any:
        """What is chosen at the start, as the browser says it."""
        raise NotImplementedError

    def spec(self) -> dict[str, Any]:
        """Return what the browser needs to know, in plain JSON."""
        return {"kind": self.kind, "name": self.name, "label": self.label}

    def value(self, chosen: Any) -> Any:
        """Return what ``draw`` gets. Raises ValueError for what cannot be chosen."""
        return chosen

    def chosen_for(self, value: Any) -> Any:
        """Return what the browser says for a value: the other way round."""
        return value

    def ends(self) -> list[Any]:
        """Everything a test should choose once: the start and both ends."""
        return [self.first]


def _index(chosen: Any, n: int, label: str) -> int:
    if not isinstance(chosen, int) or not 0 <= chosen < n:
        raise ValueError(f"{label}: choice {chosen!r} is none of 0 to {n - 1}")
    return chosen


@dataclass(frozen=True)
class Slider(Control):
    """A slider over given stops, on whatever scale they have; ``start`` is a stop.

    ``shown`` says a stop in words. With ``play`` it has a button that runs through.
    """

    stops: Sequence[Any]
    start: Any
    shown: Callable[[Any], str] = "{:g}".format
    play: bool = False

    kind = "slider"

    @property
    def first(self) -> int:
        return self.chosen_for(self.start)

    def chosen_for(self, value: Any) -> int:
        """Return the number of the nearest stop."""
        return min(range(len(self.stops)), key=lambda i: abs(self.stops[i] - value))

    def spec(self) -> dict[str, Any]:
        texts = [self.shown(stop) for stop in self.stops]
        return {**super().spec(), "texts": texts, "play": self.play}

    def value(self, chosen: Any) -> Any:
        return self.stops[_index(chosen, len(self.stops), self.label)]

    def ends(self) -> list[int]:
        return [self.first, 0, len(self.stops) - 1]


@dataclass(frozen=True)
class Choice(Control):
    """One of several, by its name. ``draw`` gets what the name stands for.

    Another choice takes the controls named in ``resets`` back to their start.
    """

    options: Mapping[str, Any]
    start: str
    resets: tuple[str, ...] = ()

    kind = "choice"

    @property
    def first(self) -> int:
        return list(self.options).index(self.start)

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "texts": list(self.options)}

    def value(self, chosen: Any) -> Any:
        i = _index(chosen, len(self.options), self.label)
        return list(self.options.values())[i]

    def chosen_for(self, value: Any) -> int:
        return list(self.options.values()).index(value)

    def ends(self) -> list[int]:
        return list(range(len(self.options)))


@dataclass(frozen=True)
class Preset(Choice):
    """A choice whose options move other controls: each is a value for each of them.

    An option without any, the start, is shown as soon as one of them is moved by hand.
    """

    options: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Toggle(Control):
    """On or off."""

    start: bool = False

    kind = "toggle"

    @property
    def first(self) -> bool:
        return self.start

    def value(self, chosen: Any) -> bool:
        return bool(chosen)

    def ends(self) -> list[bool]:
        return [self.start, not self.start]


@dataclass(frozen=True)
class Field(Control):
    """A line of text. ``draw`` refuses what it cannot use with a ValueError."""

    start: str
    longest: int = 80
    examples: tuple[str, ...] = ()  # for tests, and offered to the learner

    kind = "field"

    @property
    def first(self) -> str:
        return self.start

    def spec(self) -> dict[str, Any]:
        more = {"longest": self.longest, "examples": list(self.examples)}
        return {**super().spec(), **more}

    def value(self, chosen: Any) -> str:
        if not isinstance(chosen, str) or len(chosen) > self.longest:
            raise ValueError(f"{self.label}: at most {self.longest} characters")
        return chosen

    def ends(self) -> list[str]:
        return [self.start, *self.examples]


@dataclass(frozen=True)
class Pad(Control):
    """Buttons whose presses add up to a word, one letter each; undo and start again.

    ``keys`` maps a letter to (label, key of the keyboard), as in
    ``{"n": ("North", "ArrowUp")}``. ``draw`` gets the word, so a walk can be replayed.
    """

    keys: Mapping[str, tuple[str, str]]
    start: str = ""
    longest: int = 500
    examples: tuple[str, ...] = ()

    kind = "pad"

    @property
    def first(self) -> str:
        return self.start

    def spec(self) -> dict[str, Any]:
        keys = [[letter, *rest] for letter, rest in self.keys.items()]
        return {**super().spec(), "keys": keys, "longest": self.longest}

    def value(self, chosen: Any) -> str:
        if not isinstance(chosen, str) or set(chosen) - set(self.keys):
            raise ValueError(f"{self.label}: only the letters {' '.join(self.keys)}")
        return chosen[: self.longest]

    def ends(self) -> list[str]:
        return [self.start, *self.keys, *self.examples]


@dataclass(frozen=True)
class Button(Control):
    """Calls a function. What it changes, ``draw`` finds where the function put it."""

    press: Callable[[], object]

    kind = "button"

    @property
    def first(self) -> None:
        return None
