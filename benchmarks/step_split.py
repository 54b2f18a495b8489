"""Where a training step of the wide micro-GPT spends its time: each part, on one core.

The step is the one raced in ``jax_against_torch``. On one core JAX computes one thing
after the other, so that the parts add up; on two it does not. The trace tells of each
operation how long it took; its median counts, so that what other programs took from it
does not.
"""

from __future__ import annotations

import itertools
import os
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.jax_against_torch import make_matmul, start_and_steps, wide_task
from benchmarks.timing import Claim, Contender, short

WHERE = ("forward", "backward", "optimizer")
WHAT = ("matrix products", "attention's products", "the rest")
Part = tuple[str, str]  # what, where
RUNS, STEPS = 3, 32


def parts_of(program: str) -> dict[str, Part]:
    """Return what each operation of a compiled program, in XLA's text, belongs to."""
    bodies: dict[str, list[str]] = defaultdict(list)
    inside = ""
    for line in program.splitlines():
        if begins := re.match(r"(?:ENTRY )?%(\S+) .*\{$", line):
            inside = begins[1]
        bodies[inside].append(line)
    fused = set(re.findall(r"calls=%([\w.-]+)", program))
    parts = {}
    for line in itertools.chain(*(bodies[name] for name in bodies.keys() - fused)):
        if operation := re.match(r"\s+(?:ROOT )?%(\S+) = ", line):
            called = re.search(r"calls=%([\w.-]+)", line)
            body = "\n".join(bodies[called[1]]) if called else line
            parts[operation[1]] = part_of(body, line)
    return parts


def part_of(body: str, line: str) -> Part:
    """Return the part of an operation; JAX's names tell the direction."""
    product = re.search(r" dot\(.*", body)
    rest = "attention's products" if product and "batch_dims" in product[0] else ""
    what = rest or ("matrix products" if product else "the rest")
    where = "backward" if "transpose(" in line else "forward"
    return what, where if "jvp(" in line else "optimizer"


def medians(
    events: Iterable[tuple[str, float]], parts: Mapping[str, Part], steps: int
) -> dict[Part, float]:
    """Return the time of each part of a step: an operation's median, times its calls.

    events: the name and the time of each call, in all the steps of a trace.
    """
    calls = defaultdict(list)
    for name, taken in events:
        calls[name].append(taken)
    total: dict[Part, float] = defaultdict(float)
    for name, times in calls.items():
        if name in parts:
            total[parts[name]] += statistics.median(times) * len(times) / steps
    return dict(total)


def make_split():
    """Return a function that traces some steps on one core; seconds of each part."""
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import jax

    start, steps = start_and_steps(wide_task(STEPS))
    compiled = steps.lower(*start).compile()
    parts = parts_of(compiled.as_text())
    compiled(*start).block_until_ready()
    matmul = make_matmul(clock=time.process_time)  # on one core

    def run() -> tuple[dict[Part, float], float, float]:
        """Return the seconds of each part and of a step, and the matmul rate."""
        began = time.process_time()
        compiled(*start).block_until_ready()
        whole = (time.process_time() - began) / STEPS
        with tempfile.TemporaryDirectory() as folder:
            with jax.profiler.trace(folder):
                for _ in range(RUNS):
                    compiled(*start).block_until_ready()
            (file,) = Path(folder).rglob("*.xplane.pb")
            trace = jax.profiler.ProfileData.from_file(str(file))
            events = [
                (event.name, event.duration_ns / 1e9)
                for plane in trace.planes
                for line in plane.lines
                for event in line.events
                if any(name == "hlo_op" for name, _ in event.stats)
                and not event.name.startswith("while")  # the loop of steps
            ]
        return medians(events, parts, RUNS * STEPS), whole, matmul()

    return run


def run(turns: int = 3) -> list[Claim]:
    with Contender(make_split) as split:
        answers = [split()[1] for _ in range(turns)]
    seconds = {
        part: statistics.median(times.get(part, 0.0) for times, _, _ in answers)
        for part in answers[0][0]
    }
    whole = statistics.median(seconds for _, seconds, _ in answers)
    rate = max(rate for _, _, rate in answers)
    return [claim(seconds, whole, wide_task().flops(), rate)]


def claim(
    seconds: Mapping[Part, float], whole: float, flops: float, rate: float
) -> Claim:
    """Return the table of parts as a claim.

    seconds: of each part. whole: of a step that is not traced. rate: of a large
    product alone, in operations a second.
    """
    parts = [
        f"{what}: "
        + ", ".join(
            f"{where} {short(1e3 * seconds[what, where])}"
            for where in WHERE
            if (what, where) in seconds
        )
        for what in WHAT
    ]
    products = sum(s for (what, _), s in seconds.items() if what != "the rest")
    return Claim(
        "JAX twin: where the same step's time goes, on one core",
        "-",
        "a table",
        f"products {100 * products / sum(seconds.values()):.0f} %",
        True,
        f"Milliseconds a step. {'; '.join(parts)}. Together "
        f"{short(1e3 * sum(seconds.values()))}; untraced {short(1e3 * whole)} of the "
        f"processor's time. The products alone at the rate of a large one, "
        f"{rate / 1e9:.0f} thousand million a second: {short(1e3 * flops / rate)}.",
    )
