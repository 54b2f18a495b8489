"""On a GPU: a GPT of 124 million parameters in bfloat16, against torch.compile.

    make bench-gpu

Both sides keep float32 weights and multiply in bfloat16. JAX and PyTorch must both see
the GPU: install jax[cuda13], and a torch that is made for CUDA. The share of the
peak counts the operations of the matrix products alone (``Task.flops``).
"""

from __future__ import annotations

import os
import sys
from functools import partial

import numpy as np

from benchmarks.jax_against_torch import Task
from benchmarks.timing import (
    Claim,
    Contender,
    Spread,
    at_least,
    check_same,
    race,
    ratios,
)
from course_lib.config import GPTConfig
from course_lib.lessons.costs import PEAK_FLOPS
from course_lib.training import constant

GPT_2 = GPTConfig(50_257, 1024, n_layer=12, n_head=12, n_embd=768)
SAME_PEAK = {"H200": "H100", "GH200": "H100"}  # the same chip with other memory


def make_task(config: GPTConfig = GPT_2, batch_size: int = 16, steps: int = 16) -> Task:
    """Return a task of random tokens; rows (steps * batch_size, block_size + 1)."""
    rng = np.random.default_rng(0)
    shape = steps * batch_size, config.block_size + 1
    rows = rng.integers(0, config.vocab_size, shape).astype(np.int32)
    weights = {
        name: rng.normal(0, 0.02, shape).astype(np.float32)
        for name, shape in config.shapes().items()
    }
    rate = constant(0.0003, steps)
    return Task(config, rows, weights, batch_size, steps, rate, 4, 0.05)


def make_ours(make=make_task):
    """Return a function that takes all steps from the first weights: its losses."""
    import jax
    import jax.numpy as jnp

    from course_lib.optimizers import AdamState
    from course_lib.training.array_engine import train_step

    task = make()
    batches = np.split(task.rows, task.steps)
    step = jax.jit(
        partial(train_step, config=task.config, precision="bfloat16"),
        donate_argnums=(0, 1),
    )

    def run() -> list[float]:
        params = {name: jnp.array(weights) for name, weights in task.weights.items()}
        zeros = [jax.tree.map(jnp.zeros_like, params) for _ in range(2)]
        state, losses = (params, AdamState(jnp.int32(0), *zeros)), []
        for i, batch in enumerate(batches):
            *state, loss, _ = step(*state, batch, task.learning_rate(i))
            losses.append(loss)
        return [float(loss) for loss in losses]

    run()  # compiles
    return run


def make_peer(make=make_task, device: str = "cuda", compiled: bool = True):
    """Return the same in PyTorch."""
    import torch

    from benchmarks.torch_gpt import TorchGPT

    task = make()
    rates = [task.learning_rate(i) for i in range(task.steps)]
    batches = [
        torch.tensor(rows, device=device).long()
        for rows in np.split(task.rows, task.steps)
    ]
    model = TorchGPT(
        task.weights, task.config, compiled=compiled, device=device, half=True
    )

    def run() -> list[float]:
        model.restart()
        return model.train(batches, rates)

    run()  # compiles
    return run


def missing() -> str:
    """Return in one line why nothing can be measured here; empty if it can."""
    try:
        import torch
    except ImportError:
        return "PyTorch is not installed: install a torch that is made for CUDA"
    if not torch.cuda.is_available():
        return "PyTorch sees no GPU here: nothing was measured"
    import jax

    if jax.default_backend() != "gpu":
        return "JAX sees no GPU here: install jax[cuda13] (`course doctor` says more)"
    return ""


def peak_of(name: str) -> float | None:
    """Return the operations a second of a GPU, by its name; None if not known."""
    for part in name.replace("-", " ").split():
        if peak := PEAK_FLOPS.get(SAME_PEAK.get(part, part)):
            return peak
    return None


def claims(
    task: Task, ours: list[float], peer: list[float], apart: float, gpu: str
) -> list[Claim]:
    """Return the claims, from the seconds of each turn of all steps."""
    seconds, theirs = ([s / task.steps for s in turn] for turn in (ours, peer))
    millions = task.config.n_params / 1e6
    what = f"on a GPU: a step of {millions:.0f} million parameters, bfloat16"
    detail = (
        f"{gpu}: {Spread.of(seconds).text(scale=1e3)} ms a step against "
        f"{Spread.of(theirs).text(scale=1e3)} ms, {len(ours)} turns of {task.steps} "
        f"steps of {task.batch_size} x {task.config.block_size} tokens. The first "
        f"{task.agree} losses differ by {apart:.0e} at most."
    )
    peer_name = "PyTorch, torch.compile"
    found = [at_least(what, peer_name, 1, ratios(theirs, seconds), detail)]
    if peak := peak_of(gpu):
        shares = Spread.of([task.flops() / s / peak for s in seconds])
        measured, best = shares.text(" %", scale=100), f"{peak:.3g} operations a second"
        found.append(
            Claim("the same step: utilisation", best, "a figure", measured, True, gpu)
        )
    return found


def main() -> int:
    """Measure and print; return 0 if the aim was reached, 1 if not, 2 without a GPU."""
    if why := missing():
        print(why, file=sys.stderr)
        return 2
    import torch

    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # the peer needs memory too
    with Contender(make_ours) as ours, Contender(make_peer) as peer:
        answers = race([ours, peer], [()] * 6)
    task = make_task()
    first = [turn[0][1][: task.agree] for turn in answers]
    apart = check_same(*first, task.tolerance, "a loss")
    times = [[s for s, _ in turn[1:]] for turn in answers]
    from benchmarks.__main__ import line

    found = claims(task, *times, apart, torch.cuda.get_device_name())
    print(*map(line, found), sep="\n")
    return 0 if all(claim.reached for claim in found) else 1


if __name__ == "__main__":
    sys.exit(main())
