"""A door of torture.py: where something comes in from outside, and what is a fault."""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

DEADLINE = 20.0  # seconds for one input; a busy machine is slow, a hang is for ever
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
Trial = tuple[str, Callable[[], object]]  # what is given, and the call


class Hang(BaseException):
    """Raised by the alarm when an input takes too long."""


class Fault(Exception):
    """Raised by a trial that finds something lost, run or changed."""


@dataclass
class Door:
    """One place where input comes in, and the exceptions that it promises."""

    name: str
    trials: Callable[[random.Random, Path], Iterator[Trial]]
    count: int
    promised: tuple[type[BaseException], ...] = ()
    deadline: float = DEADLINE  # seconds for one input
    figures: Callable[[], str] = str  # what was measured, in a sentence
    faults: list[str] = field(default_factory=list)
    tried: int = 0
    seconds: float = 0.0


def judge(door: Door, label: str, call: Callable[[], object]) -> str | None:
    """Make the call; return what is wrong with what it did, or None."""
    signal.setitimer(signal.ITIMER_REAL, door.deadline)
    try:
        call()
    except Hang:
        return f"no answer within {door.deadline:.0f} s"
    except Fault as fault:
        return str(fault)
    except door.promised as error:
        return spoiled(str(error))
    except KeyboardInterrupt:  # of whoever runs this
        raise
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]!r}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    return None


def spoiled(message: str) -> str | None:
    """Return what is wrong with a message for a person, or None."""
    if not message.strip():
        return "an error without a word"
    if "\n" in message.strip():
        return f"more than one line: {message[:200]!r}"
    if CONTROL.search(message):
        return f"control characters: {message[:200]!r}"
    if len(message) > 1000:
        return f"{len(message):,} characters in one line"
    return None
