"""What sharding costs: a training step on 1, 2, 4 and 8 simulated devices.

The global batch is the same. Simulated devices share the cores of this processor, so
more of them cannot be faster; what is seen is the cost of parting the work, of the
messages, and of waiting for one another. The losses must agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import numpy as np

from benchmarks.timing import Claim, Contender, Spread, check_same, race, ratios
from course_lib.config import GPTConfig

DEVICES = (1, 2, 4, 8)
KINDS = {False: "rows", True: "rows and weights"}  # of the batch, of the model
BATCH, BLOCK, STEPS = 16, 64, 16
CONFIG = GPTConfig(27, BLOCK, n_layer=2, n_head=4, n_embd=64)
Layout = tuple[int, bool]  # devices, and whether the weights are cut into parts
LAYOUTS: tuple[Layout, ...] = (
    (1, False),
    *((n, cut) for cut in KINDS for n in DEVICES[1:]),
)


def make_engine(n_devices: int, cut: bool):
    import jax

    jax.config.update("jax_num_cpu_devices", n_devices)
    from course_lib.training import ArrayEngine

    rng = np.random.default_rng(0)
    shapes = CONFIG.shapes().items()
    params = {n: rng.normal(0, 0.08, s).astype(np.float32) for n, s in shapes}
    size = (STEPS, BATCH, BLOCK + 1)
    batches = rng.integers(0, CONFIG.vocab_size, size).astype(np.int32)

    def run() -> list[float]:
        engine = ArrayEngine(params, CONFIG, fsdp=n_devices if cut else 1)
        return [loss for loss, _ in engine.train_steps(batches, [0.001] * STEPS)]

    run()  # compiles
    return run


def run(turns: int = 5) -> list[Claim]:
    with ExitStack() as stack:
        contenders = [
            stack.enter_context(Contender(make_engine, *layout)) for layout in LAYOUTS
        ]
        answers = race(contenders, [()] * (turns + 1))
    losses = [turn[0][1] for turn in answers]
    apart = max(check_same(losses[0], other, 1e-4, "a loss") for other in losses[1:])
    seconds = {
        layout: [s / STEPS for s, _ in turn[1:]]
        for layout, turn in zip(LAYOUTS, answers, strict=True)
    }
    return [claim(seconds, cut, apart) for cut in KINDS]


def claim(seconds: Mapping[Layout, Sequence[float]], cut: bool, apart: float) -> Claim:
    """Return the claim on one kind of sharding, from the seconds of a step."""
    one = seconds[1, False]
    rows = [f"1 device {Spread.of(one).text(scale=1e3)}"]
    for n in DEVICES[1:]:
        ours = seconds[n, cut]
        times = ratios(ours, one).median
        rows.append(
            f"{n} devices {Spread.of(ours).text(scale=1e3)}, {times:.2f}x the time"
        )
    most = DEVICES[-1]
    return Claim(
        f"JAX twin: a step on {most} simulated devices, {KINDS[cut]} sharded",
        "one device, the same batch",
        "a table",
        f"{ratios(seconds[most, cut], one).text('x')} the time",
        True,
        f"Milliseconds a step, 2 layers of width {CONFIG.n_embd}, {BATCH} x {BLOCK} "
        f"tokens, {len(one)} turns of {STEPS} steps: {'; '.join(rows)}. The losses "
        f"differ by {apart:.0e} at most.",
    )
