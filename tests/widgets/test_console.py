"""The training console: it trains as the page does, and obeys, without a browser."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest

from course_lib import array, scalar, training, widgets
from course_lib.data import load_names
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training import ArrayEngine, ScalarEngine
from course_lib.widgets import console as module
from course_lib.widgets.figure import MEMORY
from tests.widgets.checks import check_figure

TOKENIZER = CharTokenizer(load_names())
CONFIG = array.GPTConfig(TOKENIZER.vocab_size)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Each test begins anew, and leaves no thread behind."""
    jax.config.update("jax_numpy_rank_promotion", "allow")  # in every thread
    MEMORY.clear()
    trainings = module.TRAININGS.by_cell
    trainings.clear()
    yield
    for last in trainings.values():
        last.thread.stop(5.0)
    assert all(thread.name != "training" for thread in threading.enumerate())
    MEMORY.clear()
    trainings.clear()
    jax.config.update("jax_numpy_rank_promotion", "raise")


def page_rows() -> np.ndarray:
    """The names of the page, in its order."""
    names = load_names()
    random.Random(42).shuffle(names)
    return training.pack(training.split(names, 0.1)[0], TOKENIZER, 16)


def until(met: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait, and fail if it takes too long: a test never hangs."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def test_the_console_before_a_training() -> None:
    console = widgets.training_console()
    check_figure(console)
    assert console.disabled == ["pause", "stop"]
    assert console.aria_live == "polite"
    console.press("pause")
    console.press("stop")
    assert console.summary.startswith("Nothing is trained yet. Start takes 500 steps")
    untrained = array.from_scalar(scalar.init_gpt(random.Random(42), CONFIG))
    for name, weights in console.params.items():
        np.testing.assert_array_equal(weights, untrained[name])


@pytest.mark.parametrize(("kind", "chosen"), [(ScalarEngine, 0), (ArrayEngine, 1)])
def test_it_trains_as_the_page_does(kind: Any, chosen: int) -> None:
    engine = kind.start(random.Random(42), CONFIG)
    records = training.train(engine, page_rows(), training.linear(0.01, 500), 30)
    expected = [record.loss for record in records]
    console = widgets.training_console()
    console.select(engine=chosen)
    blank = console.strokes
    console.press("start")
    until(lambda: console.training.thread.step >= 30)
    if kind is ScalarEngine:
        console.press("pause")
    else:
        until(lambda: not console.training.thread.active)
    assert console.training.thread.losses[:30] == expected
    console.press("stop")
    until(lambda: console.disabled == ["pause", "stop"], 1.0)
    assert console.aria_live == "polite"
    assert console.strokes != blank
    assert console.problem == ""
    first = next(iter(console.params))
    assert not np.array_equal(console.params[first], engine.state().params[first])
    assert array.next_logits(console.params, [26], console.config).shape == (27,)


def test_pause_resume_stop_and_what_rests() -> None:
    console = widgets.training_console()
    console.select(steps=3)
    console.press("start")
    assert console.aria_live == "off"
    assert console.disabled == ["engine", "steps", "start"]
    until(lambda: console.training.thread.step > 3)
    console.press("pause")
    assert console.summary.startswith("Paused, step")
    assert console.aria_live == "polite"
    until(
        lambda: console.summary.startswith(
            f"Paused, step {console.training.thread.step} "
        )
    )
    time.sleep(0.1)
    at = console.training.thread.step
    time.sleep(0.2)
    assert console.training.thread.step == at
    console.press("pause")
    until(lambda: console.training.thread.step > at)
    assert console.training.thread.state == "running"
    console.press("stop")
    until(lambda: console.summary.startswith("Stopped, step"), 1.0)
    assert not console.training.thread.active


def test_a_second_start_starts_no_second_thread_and_a_choice_waits() -> None:
    console = widgets.training_console()
    console.select(steps=3)
    for _ in range(3):
        console.press("start")
        console.select(engine=1)  # the browser cannot: it rests
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("training") == 1
    assert console.training.settings.engine == "scalar"
    console.press("stop")
    until(lambda: not console.training.thread.active, 1.0)
    console.redraw()
    assert console.summary.endswith(
        "Start now takes 100,000 steps with the JAX engine."
    )


def test_running_the_cell_again_shows_the_same_training() -> None:
    first = widgets.training_console()
    first.select(steps=3)
    first.press("start")
    until(lambda: first.training.thread.step > 2)
    again = widgets.training_console()
    assert again.training.thread is first.training.thread
    assert again.aria_live == "off"
    before, old = again.strokes, first.strokes
    until(lambda: again.strokes != before)
    assert first.strokes == old  # no longer on the page
    again.press("stop")
    until(lambda: again.summary.startswith("Stopped, step"), 1.0)


def test_it_trains_the_weights_of_a_class_of_ones_own_and_says_what_went_wrong() -> (
    None
):
    class Faulty(scalar.Value):
        used = 0

        def relu(self) -> scalar.Value:
            Faulty.used += 1
            if Faulty.used > 3_000:
                raise TypeError("no such\nthing")
            return super().relu()

    console = widgets.training_console(Faulty)
    console.press("start")
    until(lambda: not console.training.thread.active)
    until(lambda: console.aria_live == "polite")
    step = console.training.thread.step
    assert console.problem == (
        f"The training ended at step {step} with TypeError: no such thing. "
        "Start begins anew."
    )
    assert console.summary.startswith(f"Failed, step {step} of 500, loss")
    assert console.disabled == ["pause", "stop"]
    Faulty.used = -(10**9)
    console.press("start")
    assert console.problem == ""
    until(lambda: console.training.thread.step > 1)


def test_names_are_sampled_as_on_the_page() -> None:
    engine = ScalarEngine.start(random.Random(42), CONFIG)
    list(training.train(engine, page_rows(), training.linear(0.01, 500), 2))
    settings = training.Settings(500, 42, val_fraction=0.1, engine="scalar")
    run = module._new_run(settings, scalar.Value)
    list(run.records(2))
    rng = random.Random(2)
    drawn = [scalar.generate(rng, engine.params, CONFIG, [26], 0.5) for _ in range(4)]
    assert list(module._sample_names(run)) == [TOKENIZER.decode(name) for name in drawn]


def test_the_table_of_names_has_always_as_many_lines() -> None:
    samples = [(100 * i, ["ada", ""]) for i in range(1, 9)]
    lines = module._table_of_names(samples, np.ones(800), 100)
    steps = [line.split()[0] for line in lines]
    assert steps == ["step", "100", "400", "500", "600", "700", "800"]
    assert lines[:2] == ["   step  loss  names", "    100  1.00  ada, (empty)"]
    assert len(lines) == module.LINES
    assert len(module._pad_lines(lines[:2]).split("\n")) == module.LINES


def test_the_browser_waits_while_another_thread_draws() -> None:
    console, heard = widgets.training_console(), []

    def browser() -> None:
        console.set_state({"stacked": True})
        heard.append(console.stacked)

    with console._lock:
        thread = threading.Thread(target=browser)
        thread.start()
        thread.join(0.2)
        assert heard == []
    thread.join(5.0)
    assert heard == [True]
