"""How cost grows: the scalar engine with nodes, the JAX step with parameters."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Sequence

import numpy as np

from benchmarks.timing import Claim, Contender, short

NODES = (1_000, 10_000, 100_000, 1_000_000)
WIDTHS = (16, 32, 64, 128, 256)
BATCH, BLOCK = 8, 64


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return p of the best fit cost = c * size^p: the slope on log-log axes."""
    p, _ = np.polyfit(np.log(sizes), np.log(costs), 1)
    return float(p)


def build(n_nodes: int):
    """Return a root over n_nodes operations, of all kinds, on eight shared leaves."""
    from course_lib.scalar import Value

    leaves = [Value(0.1 * i + 0.2) for i in range(8)]
    x = leaves[0]
    for i in range(n_nodes // 4):
        leaf = leaves[i % 8]
        x = (
            ((x * leaf + 0.5).tanh() + leaf)
            if i % 2
            else (x + leaf).relu() * 0.5 + leaf
        )
    return x


def make_time():
    from course_lib.scalar.garbage import gc_disabled

    def run(n_nodes: int) -> None:
        with gc_disabled():  # as in training
            build(n_nodes).backward()

    return run


def make_memory():
    build(NODES[0]).backward()  # imports

    def run(n_nodes: int) -> int:
        """Return the bytes that the graph took at its largest."""
        tracemalloc.start()
        build(n_nodes).backward()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    return run


def make_jax():
    import jax

    from course_lib.array import GPTConfig, init_gpt
    from course_lib.training import ArrayEngine, constant, train

    def run(width: int) -> tuple[int, float]:
        """Return the parameters of a model of two layers, and its seconds per step."""
        rng = np.random.default_rng(0)
        config = GPTConfig(27, BLOCK, n_layer=2, n_head=4, n_embd=width)
        rows = rng.integers(0, 27, (BATCH * 16, BLOCK + 1)).astype(np.int32)
        params = jax.block_until_ready(init_gpt(rng, config))
        seconds = []
        for _ in range(6):
            engine = ArrayEngine(params, config)
            start = time.perf_counter()
            list(train(engine, rows, constant(0.001, 16), 16, BATCH))
            seconds.append((time.perf_counter() - start) / 16)
        return config.n_params, min(seconds[1:])

    return run


def run(turns: int = 5) -> list[Claim]:
    return [*scalar_growth(turns), *jax_growth()]


def scalar_growth(turns: int) -> list[Claim]:
    with Contender(make_time, clock=time.process_time) as scalar:
        times = [min(scalar(n)[0] for _ in range(turns)) for n in NODES]
    with Contender(make_memory) as scalar:
        peaks = [scalar(n)[1] for n in NODES]
    claims = []
    for what, costs, unit, scale in (
        ("time", times, "microseconds", 1e6),
        ("memory", peaks, "bytes", 1.0),
    ):
        p = exponent(NODES, costs)
        each = ", ".join(
            f"{short(cost * scale / n)} at {n:,}"
            for n, cost in zip(NODES, costs, strict=True)
        )
        claims.append(
            Claim(
                f"scalar engine: {what} against nodes, forward and backward",
                "a straight line",
                "exponent 1.0",
                f"nodes^{p:.2f}",
                abs(p - 1) < 0.15,
                f"{unit.capitalize()} per node: {each}.",
            )
        )
    return claims


def jax_growth() -> list[Claim]:
    with Contender(make_jax) as jax:
        sizes, seconds = zip(*(jax(width)[1] for width in WIDTHS), strict=True)
    p = exponent(sizes[2:], seconds[2:])
    rows = "; ".join(
        f"{n:,} parameters (width {width}) {short(s * 1e3)} ms"
        for width, n, s in zip(WIDTHS, sizes, seconds, strict=True)
    )
    return [
        Claim(
            f"JAX twin: a step against parameters, 2 layers, {BATCH} x {BLOCK} tokens",
            "",
            "a table",
            f"parameters^{p:.2f} from width {WIDTHS[2]} on",
            all(math.isfinite(s) for s in seconds),
            f"Best of 5 runs of 16 steps: {rows}.",
        )
    ]
