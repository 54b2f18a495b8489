"""Deferred interrupts: Ctrl-C and SIGTERM stop a training between two steps."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

__all__ = ["Interrupts", "noted_interrupts"]

REPEAT_AFTER = 1.0  # seconds after which another Ctrl-C means: at once
EXIT_CODE = 130  # of a command stopped by Ctrl-C


@dataclass
class Interrupts:
    """Whether an interrupt was received, and when."""

    wanted: bool = False
    since: float = 0.0

    def note(self, number: int, frame: object) -> None:
        """Record an interrupt; exit at once if one comes again a second later.

        Exiting at once is safe: a checkpoint and a log bear being cut off anywhere.
        """
        if not self.wanted:
            self.wanted, self.since = True, monotonic()
        elif monotonic() - self.since > REPEAT_AFTER:
            os.write(2, b"\ncourse: stopped at once; what was saved is kept\n")
            os._exit(EXIT_CODE)


@contextmanager
def noted_interrupts() -> Iterator[Interrupts]:
    """Record SIGINT (Ctrl-C) and SIGTERM instead of raising KeyboardInterrupt.

    Only the main thread may; in another one, nothing is changed.
    """
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = {
        number: signal.signal(number, interrupts.note)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
