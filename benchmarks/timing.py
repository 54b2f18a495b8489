"""Two contenders, each in a process of its own, measured by turns (A B A B).

A process of its own keeps one contender's threads and garbage out of the other's time.
What a contender computes comes back with its seconds, so that a benchmark can check
that both did the same work.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Clock = Callable[[], float]


class Contender:
    """A function that ``make(*args)`` returns, called on demand in its own process.

    Everything ``make`` does (imports, data, warming up) stays outside the time.
    ``clock`` is time.perf_counter, or time.process_time for pure Python on one thread:
    it leaves out the time that other programs take from it.
    """

    def __init__(
        self, make: Callable[..., Any], *args: Any, clock: Clock = time.perf_counter
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(there, make, args, clock), daemon=True
        )
        self._process.start()
        there.close()
        self._receive()

    def __call__(self, *args: Any) -> tuple[float, Any]:
        """Run once; return the seconds it took and what it returned.

        Raises RuntimeError with the traceback if the contender failed.
        """
        self._pipe.send(args)
        return self._receive()

    def _receive(self) -> Any:
        try:
            failure, answer = self._pipe.recv()
        except EOFError:
            self._process.join(10)
            failure = f"its process ended with code {self._process.exitcode}"
            answer = None
        if failure:
            raise RuntimeError(f"a contender failed: {failure}")
        return answer

    def __enter__(self) -> Contender:
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(10)


def _serve(pipe: Any, make: Callable[..., Any], args: tuple, clock: Clock) -> None:
    try:
        run = make(*args)
        pipe.send(("", None))
        while True:
            call = pipe.recv()
            start = clock()
            result = run(*call)
            pipe.send(("", (clock() - start, result)))
    except (EOFError, KeyboardInterrupt):
        return
    except BaseException:
        pipe.send((traceback.format_exc(), None))


def race(contenders: Sequence[Contender], calls: Sequence[tuple]) -> list[list]:
    """Make each call on every contender by turns; return what each answered.

    The answers of a contender are a list of (seconds, result), one for each call.
    """
    turns = [[contender(*call) for contender in contenders] for call in calls]
    return [list(answers) for answers in zip(*turns, strict=True)]


@dataclass(frozen=True)
class Spread:
    """The median of several measurements, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise one measurement or more."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, unit: str = "", scale: float = 1.0) -> str:
        """Write "median (min to max) unit" to three digits."""
        median, low, high = (
            short(x * scale) for x in (self.median, self.low, self.high)
        )
        return f"{median} ({low} to {high}){unit}"


def ratios(peer: Sequence[float], ours: Sequence[float]) -> Spread:
    """How many times longer the peer took, turn by turn."""
    return Spread.of([p / o for p, o in zip(peer, ours, strict=True)])


def short(number: float) -> str:
    """Write a number to three digits: 0.0123, 1.23, 12.3, 12,345."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


@dataclass(frozen=True)
class Claim:
    """One line of the table of results.

    what: what was measured. peer: against what. reach: the aim, in words.
    measured: the ratio, or the figure. reached: whether the median meets the aim.
    detail: one sentence with both sides' own figures.
    """

    what: str
    peer: str
    reach: str
    measured: str
    reached: bool
    detail: str


def at_least(what: str, peer: str, aim: float, ratio: Spread, detail: str) -> Claim:
    """A claim that a ratio is at least ``aim``."""
    measured = ratio.text("x")
    return Claim(what, peer, f"{short(aim)}x", measured, ratio.median >= aim, detail)


def check_same(ours: Any, peer: Any, tolerance: float, what: str) -> float:
    """Return the largest difference of two lists of numbers.

    Raises AssertionError, with both numbers, if it is above the tolerance.
    """
    largest = 0.0
    for a, b in zip(ours, peer, strict=True):
        if not abs(a - b) <= tolerance:  # nan included
            raise AssertionError(
                f"the contenders differ in {what}: {a} and {b}, more than {tolerance}"
            )
        largest = max(largest, abs(a - b))
    return largest
