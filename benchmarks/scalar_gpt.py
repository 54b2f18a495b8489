"""The scalar engine against one without fused operations: a training step.

Both train the reference micro-GPT on the same names from the same weights, in the same
loop: forward, backward, Adam. Ours takes its steps as the training loop does, with
Python's search for cyclic garbage paused, since its graphs have no cycles. The other
engine's have (its recursive function holds itself), and it needs the search.
"""

from __future__ import annotations

import time

from benchmarks.plain_engine import make_trainer
from benchmarks.setting import plain_run, reference, schedule
from benchmarks.timing import (
    Claim,
    Contender,
    Spread,
    at_least,
    check_same,
    race,
    ratios,
)

PER_TURN = 10  # steps


def make_ours():
    from course_lib.scalar import adam_init, adam_update, init_gpt, loss_fn, parameters
    from course_lib.scalar.garbage import gc_disabled
    from course_lib.training.loop import B1, B2

    run = reference()
    documents = run.documents()
    params = init_gpt(run.rng, run.config)
    weights = parameters(params)
    opt_state = adam_init(weights)

    def train(stop: int) -> list[float]:
        nonlocal opt_state
        losses = []
        for i in range(opt_state.step, stop):
            with gc_disabled():
                loss = loss_fn(params, documents[i], run.config)
                loss.backward()
                opt_state = adam_update(weights, opt_state, schedule(i), B1, B2)
            losses.append(loss.data)
        return losses

    return train


def run(turns: int = 9) -> list[Claim]:
    clock = time.process_time
    calls = [(PER_TURN * (turn + 1),) for turn in range(turns + 1)]
    with (
        Contender(make_ours, clock=clock) as ours,
        Contender(make_trainer, *plain_run(), clock=clock) as peer,
    ):
        answers = race([ours, peer], calls)
    losses = [[loss for _, some in turn for loss in some] for turn in answers]
    apart = check_same(*losses, 5e-5, "a loss")
    seconds = [[s / PER_TURN for s, _ in turn[1:]] for turn in answers]
    detail = (
        f"{Spread.of(seconds[0]).text(scale=1e3)} ms a step against "
        f"{Spread.of(seconds[1]).text(scale=1e3)} ms, processor time, {turns} turns of "
        f"{PER_TURN} steps; the {len(losses[0])} losses differ by {apart:.0e} at most."
    )
    ratio = ratios(seconds[1], seconds[0])
    what = "scalar engine: one training step of the reference micro-GPT"
    return [at_least(what, "an unfused engine of microgpt's design", 20, ratio, detail)]
