"""Disable Python's garbage collection for a block, in one thread or in several."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["gc_disabled"]

_lock = threading.Lock()
_blocks = 0  # entered and not yet left
_was_enabled = False  # as the first of them found it


@contextmanager
def gc_disabled() -> Iterator[None]:
    """Disable garbage collection within the block, then restore it as it was.

    Blocks may overlap, in one thread or in several: the last to end enables it.
    """
    global _blocks, _was_enabled
    with _lock:
        if not _blocks:
            _was_enabled = gc.isenabled()
            gc.disable()
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks and _was_enabled:
                gc.enable()
