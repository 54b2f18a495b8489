"""How long ``import course_lib`` takes in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import Claim, Spread

PROBE = """
import time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def seconds(module: str) -> float:
    """Return the seconds of one import, in a Python of its own."""
    command = [sys.executable, "-c", PROBE.format(module=module)]
    return float(subprocess.check_output(command, text=True))


def run(turns: int = 15) -> list[Claim]:
    measured = {
        module: Spread.of([seconds(module) for _ in range(turns)])
        for module in ("course_lib", "course_lib.scalar", "course_lib.array")
    }
    alone, scalar, array = measured.values()
    detail = (
        f"{turns} fresh interpreters. course_lib.scalar takes "
        f"{scalar.text(scale=1e3)} ms, course_lib.array, which loads JAX, "
        f"{array.text(scale=1e3)} ms."
    )
    return [
        Claim(
            "import course_lib",
            "",
            "under 50 ms",
            alone.text(" ms", scale=1e3),
            alone.median < 0.05,
            detail,
        )
    ]
