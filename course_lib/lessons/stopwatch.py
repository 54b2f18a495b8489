"""How long a computation takes on this machine, and what the machine can do at most."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["best_rate", "seconds"]


def seconds(function: Callable[..., Any], *inputs: Any, calls: int = 5) -> float:
    """Return the time of the fastest of some calls, after one that is not timed.

    What other programs do can only make a call slower. JAX is waited for.
    """
    times = []
    for _ in range(calls + 1):
        began = perf_counter()
        jax.block_until_ready(function(*inputs))
        times.append(perf_counter() - began)
    return min(times[1:])


@cache
def best_rate() -> float:
    """Return what products of large matrices reach here, in operations a second.

    float32, with NumPy or with JAX, whichever is faster; measured once.
    """
    rates = []
    for n in (512, 1024):
        x = np.ones((n, n), np.float32)
        rates += [2 * n**3 / seconds(dot, x, x, calls=9) for dot in (np.dot, jnp.dot)]
    return max(rates)
