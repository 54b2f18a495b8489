"""The JAX twin against the same model in PyTorch, on this processor.

Two sizes: the reference run, one name a step, and 4 layers of width 128 on batches of
12 windows of 64 tokens. The same weights, the same batches. Ours is one compiled
program of many steps; PyTorch takes the fastest of its forms here: fused or plain
attention, fused or foreach Adam, one thread or two. At the larger size it is raced
twice, eager and by torch.compile.

The first losses must agree. A ReLU whose input is 0 but for rounding may open on one
side and not on the other, and the two runs part a little: in float32 that is chance.
"""

from __future__ import annotations

import itertools
import time
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from benchmarks.setting import STEPS, reference, schedule
from benchmarks.timing import (
    Claim,
    Clock,
    Contender,
    Spread,
    at_least,
    check_same,
    race,
    ratios,
)
from course_lib.config import GPTConfig
from course_lib.lessons.scale import flops_per_token
from course_lib.training import constant
from course_lib.training.schedules import Schedule

BATCH, BLOCK = 12, 64
FORMS = [*itertools.product(("fused", "plain"), ("fused", "foreach"), (1, 2))]
COMPILED_FORMS = [("fused", "fused", 2), ("plain", "fused", 2)]  # each takes a minute


@dataclass(frozen=True)
class Task:
    """A model to train: its sizes, the documents row by row, and the first weights."""

    config: GPTConfig
    rows: np.ndarray
    weights: dict[str, np.ndarray]
    batch_size: int
    steps: int
    learning_rate: Schedule
    agree: int  # this many losses must be the same,
    tolerance: float  # up to this

    def flops(self) -> float:
        """Return the operations of a step's matrix products, forward and backward."""
        n_read = self.rows.shape[1] - 1
        tokens = self.batch_size * n_read
        return float(tokens * flops_per_token(self.config, n_read))


def reference_task(steps: int = STEPS) -> Task:
    from course_lib.training.array_engine import draw_params

    run = reference()
    rows = run.rows()
    weights = draw_params(run.rng, run.config)
    return Task(run.config, rows, as_arrays(weights), 1, steps, schedule, 100, 5e-5)


def wide_task(steps: int = 32) -> Task:
    """Windows of a text that is all names, one after the other."""
    run = reference()
    config = GPTConfig(run.config.vocab_size, BLOCK, n_layer=4, n_head=4, n_embd=128)
    text = np.concatenate([document[1:] for document in run.documents()])
    rng = np.random.default_rng(42)
    starts = rng.integers(0, len(text) - BLOCK, steps * BATCH)
    rows = text[starts[:, None] + np.arange(BLOCK + 1)].astype(np.int32)
    weights = {
        name: rng.normal(0, 0.08, shape).astype(np.float32)
        for name, shape in config.shapes().items()
    }
    rate = constant(0.001, steps)
    return Task(config, rows, weights, BATCH, steps, rate, 10, 1e-3)


def as_arrays(weights) -> dict[str, np.ndarray]:
    return {name: np.asarray(matrix) for name, matrix in weights.items()}


def start_and_steps(task: Task):
    """Return weights, optimizer and batches, and the program that takes all steps."""
    import jax
    import jax.numpy as jnp

    from course_lib.array import loss_fn
    from course_lib.optimizers import adam, apply_updates

    shape = (task.steps, task.batch_size, -1)
    batches = task.rows[: task.steps * task.batch_size].reshape(shape)
    rates = jnp.array([task.learning_rate(step) for step in range(task.steps)])
    optimizer = adam(lambda step: rates[step], 0.85, 0.99)
    params = {name: jax.device_put(w) for name, w in task.weights.items()}

    def step(state, batch):
        params, opt_state = state
        loss, grads = jax.value_and_grad(loss_fn)(params, batch, task.config)
        updates, opt_state = optimizer.update(grads, opt_state)
        return (apply_updates(params, updates), opt_state), loss

    steps = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches)[1])
    return ((params, optimizer.init(params)), batches), steps


def make_ours(make_task):
    start, steps = start_and_steps(make_task())
    steps(*start).block_until_ready()  # compiles
    return lambda: steps(*start).tolist()


def make_peer(make_task, compiled: bool = False):
    import torch

    from benchmarks.torch_gpt import TorchGPT

    task = make_task()
    rates = [task.learning_rate(step) for step in range(task.steps)]
    batches = [
        torch.tensor(rows[:, : int((rows >= 0).sum(axis=1).max())]).long()
        for rows in np.split(task.rows[: task.steps * task.batch_size], task.steps)
    ]

    models: dict[tuple, TorchGPT] = {}

    def run(form, steps: int = task.steps) -> list[float]:
        attention, adam, threads = form
        torch.set_num_threads(threads)
        if form not in models:
            models[form] = TorchGPT(
                task.weights, task.config, attention, adam, compiled
            )
        models[form].restart()
        return models[form].train(batches[:steps], rates[:steps])

    def seconds(form) -> float:
        start = time.perf_counter()
        run(form, max(task.steps // 8, 4))
        return time.perf_counter() - start

    forms = COMPILED_FORMS if compiled else FORMS
    for form in forms[: len(forms) if compiled else 1]:
        run(form, 2)  # warms up, or compiles
    tried = {form: min(seconds(form) for _ in range(3)) for form in forms}
    best = min(tried, key=tried.__getitem__)
    name = f"{best[0]} attention, {best[1]} Adam, {best[2]} thread(s)"
    return lambda: (name, run(best))


def make_matmul(size: int = 1024, times: int = 8, clock: Clock = time.perf_counter):
    """The largest rate at hand: float32 matrices, multiplied by JAX."""
    import jax

    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    multiply, a = jax.jit(lambda a, b: a @ b), jax.device_put(a)
    multiply(a, a).block_until_ready()

    def run() -> float:
        """Return the best rate of several products, in operations per second."""
        seconds = []
        for _ in range(times):
            start = clock()
            multiply(a, a).block_until_ready()
            seconds.append(clock() - start)
        return 2.0 * size**3 / min(seconds)

    return run


def run(turns: int = 9) -> list[Claim]:
    return [*at_reference_size(turns), *at_width_128(turns)]


def at_reference_size(turns: int) -> list[Claim]:
    what = "JAX twin: a training step at reference size, one name"
    return compare(what, reference_task, {"eager": 12}, turns)[0]


def at_width_128(turns: int) -> list[Claim]:
    size = f"4 layers, width 128, 4 heads, context {BLOCK}, batch {BATCH}"
    claims, seconds, rates = compare(
        f"JAX twin: a training step of {size}",
        wide_task,
        {"eager": 1.5, "torch.compile": 1.6},
        turns,
    )
    flops, best = wide_task().flops(), max(rates)
    share = Spread.of([flops / s / best for s in seconds])
    detail = (
        f"{flops / 1e9:.2f} thousand million operations a step, in matrix products "
        f"alone; this machine multiplied float32 matrices at {best / 1e9:.0f} thousand "
        "million a second in the same run."
    )
    return [
        *claims,
        Claim(
            "the same step: share of the machine's measured matmul rate",
            "the limit",
            "50 %",
            share.text(" %", scale=100),
            share.median >= 0.5,
            detail,
        ),
    ]


def compare(what: str, make_task, aims: dict[str, float], turns: int):
    """Race ours against PyTorch; return claims, our seconds a step, matmul rates.

    aims: for each way of running PyTorch, eager or torch.compile, how many times faster
    we want to be.
    """
    with ExitStack() as stack:
        ours, matmul, *peers = (
            stack.enter_context(Contender(*make))
            for make in (
                (make_ours, make_task),
                (make_matmul,),
                *((make_peer, make_task, way != "eager") for way in aims),
            )
        )
        answers = race([ours, matmul, *peers], [()] * (turns + 1))
    task = make_task()
    steps, n = task.steps, task.agree
    seconds = [s / steps for s, _ in answers[0][1:]]
    claims = []
    for (way, aim), turn in zip(aims.items(), answers[2:], strict=True):
        form, losses = turn[0][1]
        apart = check_same(answers[0][0][1][:n], losses[:n], task.tolerance, "a loss")
        theirs = [s / steps for s, _ in turn[1:]]
        detail = (
            f"{Spread.of(seconds).text(scale=1e3)} ms a step against "
            f"{Spread.of(theirs).text(scale=1e3)} ms, {turns} turns of {steps} steps; "
            f"PyTorch at its best here: {form}. The first {n} losses differ by "
            f"{apart:.0e} at most."
        )
        ratio = ratios(theirs, seconds)
        claims.append(at_least(what, f"PyTorch, {way}", aim, ratio, detail))
    return claims, seconds, [rate for _, rate in answers[1]]
