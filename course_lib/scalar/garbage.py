"""Python's garbage collector, put off for a while, by one thread or by several."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["gc_disabled"]

_lock = threading.Lock()
_pauses = 0  # how many are going on
_was_on = False  # as the first of them found it


@contextmanager
def gc_disabled() -> Iterator[None]:
    """Let no collection happen until the end of the block, then leave it as it was.

    Blocks may overlap, in one thread or in several: the last to end switches it on.
    """
    global _pauses, _was_on
    with _lock:
        if not _pauses:
            _was_on = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if not _pauses and _was_on:
                gc.enable()
