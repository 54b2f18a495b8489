"""Memory: what compiling leaves behind, and programs that are not needed again."""

from __future__ import annotations

import ctypes
import gc
import sys
import time

PAUSE = 0.3  # seconds from one call to the next, as each takes some milliseconds


def forget_programs() -> None:
    """Forget all that JAX has compiled so far, and give its memory back.

    Each program takes some 10 MB. What is called again is compiled again, or fetched
    from the cache on disk.
    """
    import jax

    jax.clear_caches()
    gc.collect()
    give_back()


def give_back() -> bool:
    """Have the C library give back to the system what is free.

    Returns whether it can: glibc has ``malloc_trim`` for it.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    trim(0)
    return True


def give_back_after_compiling() -> None:
    """From now on, give back what is free after each compilation.

    Compiling a step takes some 100 MB for a second. glibc keeps what was freed for
    later, and the process of a page that compiles often grows by it.
    """
    import jax.monitoring

    last = -PAUSE

    def after(event: str, duration_secs: float, **_: str | int) -> None:
        nonlocal last
        now = time.monotonic()
        if event.endswith("/backend_compile_duration") and now - last > PAUSE:
            give_back()
            last = now

    jax.monitoring.register_event_duration_secs_listener(after)


def give_back_after_cells() -> None:
    """From now on, in a notebook, give back what is free after each cell.

    A training takes some 25 MB for its steps, in each of the threads that run them.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        shell.events.register("post_run_cell", lambda _: give_back())
