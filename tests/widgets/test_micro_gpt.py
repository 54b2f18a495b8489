"""The pictures of notebook 06 that answer: what they claim, without a browser."""

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
from course_lib.widgets import figure as frame
from course_lib.widgets import micro_gpt as module
from tests.widgets.holding import hold

TOKENIZER = CharTokenizer(load_names())
CONFIG = array.GPTConfig(TOKENIZER.vocab_size)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Each test begins anew, and leaves no thread behind."""
    jax.config.update("jax_numpy_rank_promotion", "allow")  # in every thread
    frame._kept.clear()
    module._going.clear()
    yield
    for going in module._going.values():
        going.run.stop(5.0)
    assert all(thread.name != "training" for thread in threading.enumerate())
    frame._kept.clear()
    module._going.clear()
    jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(scope="module")
def model() -> ArrayEngine:
    """A model that has learned a little."""
    with jax.numpy_rank_promotion("allow"):
        engine = ArrayEngine.start(random.Random(42), CONFIG)
        list(training.train(engine, page_rows(), training.linear(0.01, 500), 500))
    return engine


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


def going(console: Any) -> Any:
    return module._going[console._key].run


# --- the training console ---------------------------------------------------------


def test_the_console_before_a_training() -> None:
    console = widgets.training_console()
    hold(console)
    assert console.disabled == ["pause", "stop"]
    assert not console.live
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
    console.choose(engine=chosen)
    blank = console.pixels
    console.press("start")
    until(lambda: going(console).step >= 30)
    if kind is ScalarEngine:
        console.press("pause")
    else:
        until(lambda: not going(console).active)
    assert going(console).losses[:30] == expected
    console.press("stop")
    until(lambda: not console.live and console.disabled == ["pause", "stop"], 1.0)
    assert not np.array_equal(console.pixels, blank)
    assert console.problem == ""
    first = next(iter(console.params))
    assert not np.array_equal(console.params[first], engine.params[first])
    assert array.next_logits(console.params, [26], console.config).shape == (27,)


def test_pause_resume_stop_and_what_rests() -> None:
    console = widgets.training_console()
    console.choose(steps=3)
    console.press("start")
    assert console.live
    assert console.disabled == ["engine", "steps", "start"]
    until(lambda: going(console).step > 3)
    console.press("pause")
    assert console.summary.startswith("Paused, step")
    assert not console.live
    until(lambda: console.summary.startswith(f"Paused, step {going(console).step} "))
    time.sleep(0.1)
    at = going(console).step
    time.sleep(0.2)
    assert going(console).step == at
    console.press("pause")
    until(lambda: going(console).step > at)
    assert going(console).state == "running"
    console.press("stop")
    until(lambda: console.summary.startswith("Stopped, step"), 1.0)
    assert not going(console).active


def test_a_second_start_starts_no_second_thread_and_a_choice_waits() -> None:
    console = widgets.training_console()
    console.choose(steps=3)
    for _ in range(3):
        console.press("start")
        console.choose(engine=1)  # the browser cannot: it rests
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("training") == 1
    assert module._going[console._key].settings.engine == "scalar"
    console.press("stop")
    until(lambda: not going(console).active, 1.0)
    console.redraw()
    assert console.summary.endswith(
        "Start now takes 100,000 steps with the JAX engine."
    )


def test_running_the_cell_again_shows_the_same_training() -> None:
    first = widgets.training_console()
    first.choose(steps=3)
    first.press("start")
    until(lambda: going(first).step > 2)
    again = widgets.training_console()
    assert going(again) is going(first)
    assert again.live
    before, old = again.pixels, first.pixels
    until(lambda: not np.array_equal(again.pixels, before))
    assert first.pixels is old  # no longer on the page
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
    until(lambda: not going(console).active)
    until(lambda: not console.live)
    step = going(console).step
    assert console.problem == (
        f"The training ended at step {step} with TypeError: no such thing. "
        "Start begins anew."
    )
    assert console.summary.startswith(f"Failed, step {step} of 500, loss")
    assert console.disabled == ["pause", "stop"]
    Faulty.used = -(10**9)
    console.press("start")
    assert console.problem == ""
    until(lambda: going(console).step > 1)


def test_samples_are_those_of_the_page_and_take_always_as_many_lines() -> None:
    engine = ScalarEngine.start(random.Random(42), CONFIG)
    list(training.train(engine, page_rows(), training.linear(0.01, 500), 2))
    run = module._begin(training.Settings(500, 42, val_fraction=0.1), scalar.Value)
    run.engine = engine
    rng = random.Random(2)
    drawn = [scalar.generate(rng, engine.params, CONFIG, [26], 0.5) for _ in range(4)]
    assert list(module._speak(run)) == [TOKENIZER.decode(name) for name in drawn]
    said = [(100 * i, ["ada", ""]) for i in range(1, 9)]
    settings = training.Settings(2_000)
    background = training.TrainingThread(lambda: run)
    background.said = said
    lines = module._samples(module.Going(background, settings), np.ones(800))
    steps = [line.split()[0] for line in lines]
    assert steps == ["step", "100", "400", "500", "600", "700", "800"]
    assert lines[:2] == ["   step  loss  names", "    100  1.00  ada, (empty)"]
    assert len(lines) == module.LINES
    assert len(module._padded(lines[:2]).split("\n")) == module.LINES


def test_the_browser_waits_while_another_thread_draws() -> None:
    console, heard = widgets.training_console(), []

    def browser() -> None:
        console.set_state({"sharpness": 2.0})
        heard.append(console.sharpness)

    with console._lock:
        thread = threading.Thread(target=browser)
        thread.start()
        thread.join(0.2)
        assert heard == []
    thread.join(5.0)
    assert heard == [2.0]


# --- the next token -----------------------------------------------------------------


def test_the_next_token(model: ArrayEngine) -> None:
    lab = widgets.next_token(model)
    hold(lab)
    lab.choose(text="mar", temperature=20)
    assert lab.values["temperature"] == 1.0
    logits = array.next_logits(model.params, [26, 12, 0, 17], CONFIG)
    shares = array.probabilities(logits)
    top = TOKENIZER.chars[shares.argmax()]
    assert lab.summary.startswith(f"After mar, {top} is likeliest ({shares.max():.0%})")
    unsure = np.exp(-(shares * np.log(shares)).sum())
    assert lab.summary.endswith(f"among {unsure:.1f} equal tokens.")
    rng = np.random.default_rng(0)
    drawn = [
        array.generate(rng, model.params, CONFIG, [26, 12, 0, 17]) for _ in range(6)
    ]
    assert sorted(lab.text.split()) == sorted(map(TOKENIZER.decode, drawn))
    before = lab.text
    lab.press("again")
    assert lab.text != before


def test_hollow_bars_stay_those_of_temperature_1(model: ArrayEngine) -> None:
    lab = widgets.next_token(model)
    lab.choose(text="mar", temperature=40)
    logits = array.next_logits(model.params, [26, 12, 0, 17], CONFIG)
    [hollow] = lab._renderer.axes.lines
    heights = np.reshape(hollow.get_ydata(), (-1, 5))[:, 1]
    np.testing.assert_allclose(heights, array.probabilities(logits), rtol=1e-6)


def test_at_temperature_0_it_writes_one_name(model: ArrayEngine) -> None:
    lab = widgets.next_token(model)
    lab.choose(text="mar", temperature=0)
    assert lab.summary.startswith("After mar, always ")
    assert lab.summary.endswith("As unsure as among 1.0 equal tokens.")
    assert len(set(lab.text.split())) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mar", "unknown character 'M': this vocabulary has 'abc"),
        ("x" * 16, f"'{'x' * 16}' has 16 letters: this model reads 15 at most."),
    ],
)
def test_what_cannot_be_read_gets_one_line(
    model: ArrayEngine, text: str, said: str
) -> None:
    lab, look = widgets.next_token(model), widgets.attention(model)
    lab.choose(text=text)
    look.choose(word=text)
    assert lab.problem.startswith(said)
    assert look.problem.startswith(said)
    lab.choose(text="x" * 15)
    look.choose(word="x" * 15)
    assert lab.problem == look.problem == ""


def test_models_of_both_engines_and_a_console_will_do(model: ArrayEngine) -> None:
    by_hand = ScalarEngine.restore(model.state(), CONFIG)
    assert widgets.next_token(by_hand).summary == widgets.next_token(model).summary
    untrained = widgets.next_token(widgets.training_console())
    assert float(untrained.summary.split()[-3]) == pytest.approx(27, abs=3)


# --- attention ----------------------------------------------------------------------


def test_attention(model: ArrayEngine) -> None:
    lab = widgets.attention(model)
    hold(lab)
    tokens = TOKENIZER.document("clara")[:-1]
    lab.choose(word="clara", head=2, read=12)  # 0.8 of 5 letters
    row = array.attention_maps(model.params, tokens, CONFIG)[0, 2, 4, :5]
    assert lab.summary.startswith("Head 3: letter 4, r, looks at ")
    assert f"({row.max():.0%})" in lab.summary
    names = ["bos", "letter 1, c", "letter 2, l", "letter 3, a", "itself"]
    best, next_best = (names[i] for i in np.argsort(-row)[:2])
    assert f"looks at {best} (" in lab.summary
    assert f"then {next_best} (" in lab.summary
    lab.choose(word="")
    assert lab.problem == "there is nothing to read: type a name, such as clara."


def test_attention_of_several_layers() -> None:
    deep = array.GPTConfig(27, n_layer=2, n_head=2, n_embd=8)
    lab = widgets.attention(ArrayEngine.start(random.Random(0), deep))
    hold(lab)
    assert list(lab._controls["head"].options) == [  # type: ignore[attr-defined]
        "layer 1, head 1",
        "layer 1, head 2",
        "layer 2, head 1",
        "layer 2, head 2",
    ]
