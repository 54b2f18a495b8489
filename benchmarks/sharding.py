"""What sharding costs: a step on 1, 2, 4 and 8 devices, and in 1, 2 and 4 processes.

The global batch is the same. Simulated devices, and processes on one machine, share the
cores of its processor, so more of them cannot be faster; what is seen is the cost of
parting the work, of the messages, and of waiting for one another. The losses must
agree.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Claim, Contender, Spread, check_same, race, ratios
from course_lib.config import GPTConfig

PLOT = Path(__file__).with_suffix(".png")
COUNTS = {  # of devices or processes, by what is done with them
    "devices, rows sharded": (1, 2, 4, 8),
    "devices, rows and weights sharded": (1, 2, 4, 8),
    "processes, rows sharded": (1, 2, 4),
}
BATCH, BLOCK, STEPS = 16, 64, 16
CONFIG = GPTConfig(27, BLOCK, n_layer=2, n_head=4, n_embd=64)


def make_engine(n_devices: int, fsdp: int, team: tuple[str, int, int] | None = None):
    """Return a function that trains for some steps; team: as ``processes.Team``."""
    import jax

    jax.config.update("jax_num_cpu_devices", n_devices)
    from course_lib.training import ArrayEngine
    from course_lib.training.processes import Team, join

    if team:
        join(Team(*team))
    rng = np.random.default_rng(0)
    shapes = CONFIG.shapes().items()
    params = {n: rng.normal(0, 0.08, s).astype(np.float32) for n, s in shapes}
    size = (STEPS, BATCH, BLOCK + 1)
    batches = rng.integers(0, CONFIG.vocab_size, size).astype(np.int32)

    def run() -> list[float]:
        engine = ArrayEngine(params, CONFIG, fsdp=fsdp)
        mine = engine.share(BATCH)
        ours = batches if mine is None else batches[:, mine]
        return [loss for loss, _ in engine.train_steps(ours, [0.001] * STEPS)]

    run()  # compiles
    return run


class ProcessTeam:
    """Contenders that train together: called as one, and as slow as the slowest."""

    def __init__(self, n: int) -> None:
        self._pool = ThreadPoolExecutor(n)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self._members = list(
            self._pool.map(
                lambda i: Contender(make_engine, 1, 1, (address, n, i)), range(n)
            )
        )

    def __call__(self) -> tuple[float, Any]:
        """Run once; return the seconds of the slowest, and what the first returned."""
        answers = list(self._pool.map(lambda member: member(), self._members))
        return max(seconds for seconds, _ in answers), answers[0][1]

    def __enter__(self) -> ProcessTeam:
        return self

    def __exit__(self, *error: object) -> None:
        """End the processes, all at once: at the end they wait for each other."""
        list(self._pool.map(lambda member: member.__exit__(), self._members))
        self._pool.shutdown()


def run(turns: int = 5) -> list[Claim]:
    layouts = [(kind, n) for kind, counts in COUNTS.items() for n in counts[1:]]
    with ExitStack() as stack:
        contenders = [stack.enter_context(Contender(make_engine, 1, 1))]
        for kind, n in layouts:
            together: Any = ProcessTeam(n) if "processes" in kind else None
            alone = (n, n if "weights" in kind else 1)
            contenders.append(
                stack.enter_context(together or Contender(make_engine, *alone))
            )
        answers = race(contenders, [()] * (turns + 1))
    losses = [turn[0][1] for turn in answers]
    apart = max(check_same(losses[0], other, 1e-4, "a loss") for other in losses[1:])
    one, *others = [[s / STEPS for s, _ in turn[1:]] for turn in answers]
    seconds = {kind: {1: one} for kind in COUNTS}
    for (kind, n), times in zip(layouts, others, strict=True):
        seconds[kind][n] = times
    draw(seconds)
    return [claim(kind, times, apart) for kind, times in seconds.items()]


def claim(kind: str, seconds: Mapping[int, Sequence[float]], apart: float) -> Claim:
    """Return the claim on one kind of sharding, from the seconds of a step."""
    unit, _, sharded = kind.partition(", ")
    rows = [
        f"{n} {unit} {Spread.of(ours).text(scale=1e3)}, "
        f"{ratios(ours, seconds[1]).median:.2f}x the time"
        for n, ours in seconds.items()
        if n > 1
    ]
    most, one = max(seconds), seconds[1]
    rows.insert(0, f"one device {Spread.of(one).text(scale=1e3)}")
    return Claim(
        f"JAX twin: a step on {most} {unit} of one machine, {sharded}",
        "one device, the same batch",
        "a table",
        f"{ratios(seconds[most], one).text('x')} the time",
        True,
        f"Milliseconds a step, 2 layers of width {CONFIG.n_embd}, {BATCH} x {BLOCK} "
        f"tokens, {len(one)} turns of {STEPS} steps: {'; '.join(rows)}. The losses "
        f"differ by {apart:.0e} at most. Drawn in benchmarks/{PLOT.name}.",
    )


def draw(seconds: Mapping[str, Mapping[int, Sequence[float]]]) -> None:
    """Draw the time of a step against the number of devices or processes."""
    from matplotlib.figure import Figure

    figure = Figure((7, 4), layout="constrained")
    ax = figure.subplots()
    for (kind, times), look in zip(seconds.items(), ("o-", "s--", "^:"), strict=True):
        spreads = [Spread.of(ours) for ours in times.values()]
        ax.plot(list(times), [1e3 * s.median for s in spreads], look, label=kind)
    ax.set_xscale("log", base=2)
    ax.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])
    ax.set_ylim(bottom=0)
    ax.set(xlabel="devices or processes, on one machine", ylabel="ms a step")
    ax.set_title("The same batch on more devices, which share the cores", size=11)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    figure.savefig(PLOT, dpi=120)
