"""The JAX twin against the unfused scalar engine: the reference run of 1,000 steps.

Ours is the training loop with its compiled program warm; compiling is stated apart.
The unfused engine takes some of the same steps, and its time is scaled up.
"""

from __future__ import annotations

from benchmarks.plain_engine import make_trainer
from benchmarks.setting import STEPS, plain_run, reference, schedule
from benchmarks.timing import (
    Claim,
    Contender,
    Spread,
    at_least,
    check_same,
    race,
    ratios,
)

PER_TURN = 10  # steps of the unfused engine


def make_ours():
    from course_lib.training import ArrayEngine, train
    from course_lib.training.array_engine import draw_params

    run = reference()
    rows, params = run.rows(), draw_params(run.rng, run.config)

    def run_all(stop: int) -> list[float]:
        engine = ArrayEngine(params, run.config)
        return [r.loss for r in train(engine, rows, schedule, STEPS)]

    return run_all


def run(turns: int = 5) -> list[Claim]:
    calls = [(PER_TURN * (turn + 1),) for turn in range(turns + 1)]
    with Contender(make_ours) as ours, Contender(make_trainer, *plain_run()) as peer:
        answers = race([ours, peer], calls)
    plain_losses = [loss for _, some in answers[1] for loss in some]
    losses = answers[0][0][1][: len(plain_losses)]
    apart = check_same(losses, plain_losses, 5e-5, "a loss")
    (first, *warm), (_, *plain) = ([s for s, _ in turn] for turn in answers)
    plain = [s / PER_TURN * STEPS for s in plain]
    detail = (
        f"{Spread.of(warm).text(scale=1e3)} ms for {STEPS:,} steps against "
        f"{Spread.of(plain).text()} s, scaled from {PER_TURN} steps, {turns} turns; "
        f"the first {len(losses)} losses differ by {apart:.0e} at most. The first run, "
        f"which compiles, took {first:.1f} s."
    )
    what = f"JAX twin: {STEPS:,} reference steps, compiling excluded"
    peer_name = "the same steps by the unfused engine"
    return [at_least(what, peer_name, 2000, ratios(plain, warm), detail)]
