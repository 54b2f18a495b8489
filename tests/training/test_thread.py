"""A training in a thread: the same steps, and it obeys."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from course_lib.scalar import Value
from course_lib.training import Run, ScalarEngine, Settings, TrainingThread
from course_lib.training import thread as module

NAMES = ["ada", "bob", "eve", "ana", "otto", "lea"]


def make(**options: Any) -> Run:
    small: dict[str, Any] = {"n_embd": 8, "n_head": 2, "block_size": 8}
    return Run(NAMES, Settings(**{**small, "engine": "scalar", **options}))


def until(met: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait, and fail if it takes too long: a test never hangs."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


@pytest.fixture
def rank_promotion() -> Iterator[None]:
    """Allow what a batch means, in every thread."""
    import jax

    jax.config.update("jax_numpy_rank_promotion", "allow")
    yield
    jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name == "training":
            thread.join(5.0)
            assert not thread.is_alive()


@pytest.mark.usefixtures("rank_promotion")
@pytest.mark.parametrize("engine", ["scalar", "jax"])
def test_the_losses_are_those_of_the_loop_without_a_thread(engine: str) -> None:
    expected = [record.loss for record in make(engine=engine, steps=40).records()]
    heard: list[str] = []
    done = TrainingThread(
        partial(make, engine=engine, steps=40),
        sample=lambda run: iter([f"at {run.engine.step}"]),
        on_change=lambda: heard.append(done.state),
        every=15,
    )
    assert done.state == "starting"
    done.start()
    until(lambda: not done.active)
    assert (done.state, done.problem, done.step) == ("finished", "", 40)
    assert done.losses == expected
    assert done.samples == [(15, ["at 15"]), (30, ["at 30"]), (40, ["at 40"])]
    until(lambda: heard[-1:] == ["finished"])
    assert done.tokens_per_second() > 0
    assert done.seconds_left(40) == 0
    state = done.train_state()
    assert state is not None
    assert state.step == 40


def test_pause_stops_the_steps_and_resume_goes_on() -> None:
    run = TrainingThread(partial(make, steps=10**6))
    run.start()
    until(lambda: run.step > 5)
    run.pause()
    assert run.state == "paused"
    time.sleep(0.1)  # the step under way ends
    at, elapsed = run.step, run.elapsed
    time.sleep(0.3)
    assert (run.step, run.elapsed) == (at, elapsed)
    run.resume()
    until(lambda: run.step > at)
    run.pause()
    run.stop(wait=1.0)  # a paused one ends as well
    assert run.state == "stopped"
    assert run.losses == [r.loss for r in make(steps=10**6).records(run.step)]


def test_stop_ends_the_thread_within_a_second_whatever_it_does() -> None:
    def endless(run: Run) -> Iterator[str]:
        while True:
            yield "word"

    run = TrainingThread(partial(make, steps=10**6), endless, every=3)
    run.start()
    until(lambda: run.step == 3)
    began = time.monotonic()
    run.stop()
    assert run.state in ("stopping", "stopped")
    until(lambda: not run.active, 1.0)
    assert time.monotonic() - began < 1.0
    assert run.samples[0][0] == 3
    with pytest.raises(RuntimeError):
        run.start()


class Faulty(Value):
    """Goes wrong, after a while, in more than one line."""

    used = 0

    def relu(self) -> Value:
        Faulty.used += 1
        if Faulty.used > 3_000:
            raise SystemExit("too\nmuch " + "x" * 1000)
        return super().relu()


def test_an_error_is_one_line_and_the_thread_is_known_to_be_dead() -> None:
    def begin() -> Run:
        settings = Settings(steps=10**6, n_embd=8, n_head=2, block_size=8)
        start = partial(ScalarEngine.start, random.Random(1), number=Faulty)
        return Run(NAMES, settings, new_engine=start)

    Faulty.used = 0
    run = TrainingThread(begin)
    run.start()
    until(lambda: not run.active)
    assert run.state == "failed"
    assert run.step > 3
    start = f"the training ended at step {run.step} with SystemExit: too much xxx"
    assert run.problem.startswith(start)
    assert len(run.problem) < 400
    run._thread.join(1.0)
    assert not run._thread.is_alive()


def test_a_run_that_cannot_begin_says_why() -> None:
    run = TrainingThread(partial(make, steps=0))
    run.start()
    until(lambda: not run.active)
    assert run.problem.startswith("the training ended at step 0 with ValueError: steps")
    assert run.train_state() is None
    assert run.seconds_left(5) is None


def test_a_loss_that_is_no_number_ends_it_in_the_loops_own_words() -> None:
    def spoil(run: Run) -> Iterator[str]:
        assert isinstance(run.engine, ScalarEngine)
        run.engine.weights[0].data = run.engine.weights[-1].data = math.nan
        yield "spoilt"

    run = TrainingThread(partial(make, steps=500), spoil, every=3)
    run.start()
    until(lambda: not run.active)
    assert (run.state, run.step) == ("failed", 3)
    assert run.problem.startswith("the loss became nan at step 4: learning rate 0.00")


def test_a_picture_that_fails_ends_no_training() -> None:
    def fail() -> None:
        raise OSError("no front end")

    run = TrainingThread(partial(make, steps=20), on_change=fail, interval=0.0)
    run.start()
    until(lambda: not run.active)
    assert (run.state, run.step) == ("finished", 20)


def test_python_can_end_while_it_trains(tmp_path: Any) -> None:
    import subprocess
    import sys

    code = (
        "from tests.training.test_thread import *\n"
        "run = TrainingThread(partial(make, steps=10**6)); run.start()\n"
        "until(lambda: run.step > 3); print('bye')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "bye\n", "")


def test_reasons_are_cut() -> None:
    assert module._one_line(" a \n b ") == "a b"
    assert len(module._one_line("x" * 999)) == module.MAX_REASON + 1
