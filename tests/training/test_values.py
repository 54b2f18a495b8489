"""Empty and impossible values are refused in one line by whoever is given them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib import training
from course_lib.bounds import BOUNDS
from course_lib.config import GPTConfig
from course_lib.data import card, load_lines
from course_lib.data.moons import two_moons
from course_lib.data.tokenizer import CharTokenizer
from course_lib.lessons.experiments import Experiment

TOKENIZER = CharTokenizer(["abc"])
RUN = training.Run(
    ["ab", "ba", "c"], training.Settings(engine="scalar", n_embd=4, n_head=1, steps=3)
)
VALIDATED = training.Run(
    ["ab", "ba", "c"],
    training.Settings(engine="scalar", n_embd=4, n_head=1, val_fraction=0.4),
)
CHECKPOINT = RUN.checkpoint()
LAB = Experiment(TOKENIZER, GPTConfig(4, block_size=4, n_head=1, n_embd=4))
NO_TEXT: tuple[Any, ...] = (None, 5, 1.5, b"ab", ["ab"], {}, True)
NO_TEXTS: tuple[Any, ...] = (None, 5, [None], [5], ["a", None], [b"a"], [["a"]])
NO_COUNT: tuple[Any, ...] = (-1, math.nan, math.inf, "2", 1.5, True, [], 10**5000)
NO_NUMBER: tuple[Any, ...] = (math.nan, math.inf, -1, -math.inf, "2", True, [], None)
Call = Callable[[Any], Any]


def sampled(**given: Any) -> str:
    return next(training.sample_texts(RUN.engine, TOKENIZER, **given))


TEXT: dict[str, Call] = {
    "encode": TOKENIZER.encode,
    "document": TOKENIZER.document,
    "prompt": lambda v: training.samples(CHECKPOINT, v),
    "sample_texts": lambda v: sampled(prompt=v),
    "card": card,
}
TEXTS: dict[str, Call] = {
    "CharTokenizer": CharTokenizer,
    "pack": lambda v: training.pack(v, TOKENIZER, 4),
    "Run": training.Run,
    "rows": LAB.rows,
    "train": lambda v: LAB.train(v, 2),
}
COUNT: dict[str, Call] = {  # 0 is refused as well
    "pack": lambda v: training.pack(["ab"], TOKENIZER, v),
    "samples": lambda v: training.samples(CHECKPOINT, count=v),
    "sample_texts": lambda v: sampled(count=v),
    "length": lambda v: training.samples(CHECKPOINT, length=v),
    "stop_after": lambda v: RUN.records(v),
    "every": lambda v: RUN.records(every=v),
    "mean_loss": lambda v: training.mean_loss(RUN.engine, RUN.rows, v),
    "take": lambda v: training.take(RUN.rows[:], [0], v),
    "constant": lambda v: training.constant(0.1, v),
    "linear": lambda v: training.linear(0.1, v),
    "cosine": lambda v: training.cosine(0.1, v),
    "warmup": lambda v: training.warmup(0.1, v),
    "val_loss": lambda v: RUN.val_loss(v),
    "val_every": lambda v: training.Session(VALIDATED, val_every=v),
    "patience": lambda v: training.Session(VALIDATED, patience=v),
    "TrainingThread": lambda v: training.TrainingThread(lambda: RUN, every=v),
    "two_moons": lambda v: two_moons(np.random.default_rng(0), v),
    "Settings": lambda v: training.Settings(steps=v),
}
NUMBER: dict[str, Call] = {
    "temperature": lambda v: training.samples(CHECKPOINT, temperature=v),
    "sample_texts": lambda v: sampled(temperature=v),
    "split": lambda v: training.split(["ab", "c"], v),
    "learning_rate": lambda v: training.linear(v, 10),
    "save_every": lambda v: training.Session(RUN, save_every=v),
    "noise": lambda v: two_moons(np.random.default_rng(0), 5, v),
    "Settings": lambda v: training.Settings(learning_rate=v),
    "lab.train": lambda v: LAB.train(["ab"], 2, learning_rate=v),
}
SEED: dict[str, Call] = {
    "samples": lambda v: training.samples(CHECKPOINT, seed=v),
    "sample_texts": lambda v: sampled(seed=v),
    "Settings": lambda v: training.Settings(seed=v),
    "LossLog": lambda v: training.LossLog("no such folder/log.csv", v),
    "lab.train": lambda v: LAB.train(["ab"], v),
    "every": lambda v: LAB.learning_curve(["ab"], 2, {"a": ["a"]}, v),
}


def refused(call: Call, value: Any) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        call(value)
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert len(message) < 300
    for word in ("cannot convert", "ndarray", "truth value", "shape", "operand"):
        assert word not in message


def pairs(calls: dict[str, Call], values: tuple[Any, ...]) -> Any:
    return pytest.mark.parametrize(
        ("call", "value"),
        [(call, value) for call in calls.values() for value in values],
        ids=[f"{name}-{i}" for name in calls for i in range(len(values))],
    )


@pairs(TEXT, NO_TEXT)
def test_what_is_no_text_is_refused(call: Call, value: Any) -> None:
    refused(call, value)


@pairs(TEXTS, NO_TEXTS)
def test_what_is_no_list_of_texts_is_refused(call: Call, value: Any) -> None:
    refused(call, value)


@pairs(COUNT, (0, *NO_COUNT))
def test_what_is_no_count_is_refused(call: Call, value: Any) -> None:
    refused(call, value)


@pairs(SEED, NO_COUNT)
def test_what_is_no_seed_or_step_is_refused(call: Call, value: Any) -> None:
    refused(call, value)


@pairs(NUMBER, NO_NUMBER)
def test_what_is_no_number_is_refused(call: Call, value: Any) -> None:
    refused(call, value)


@pytest.mark.parametrize(
    "call",
    [
        lambda v: training.split(v, 0.5),
        lambda v: TOKENIZER.decode(v),
        lambda v: TOKENIZER.decode([v]),
        lambda v: training.read_checkpoint(v),
        lambda v: training.load_checkpoint(v),
    ],
)
@pytest.mark.parametrize("value", [None, 5.5, {1: 2}.items])
def test_what_is_nothing_that_is_meant_is_refused(call: Call, value: Any) -> None:
    refused(call, value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: CharTokenizer([]),
        lambda: CharTokenizer([""]),
        lambda: training.Run([]),
        lambda: training.Run([""]),
        lambda: training.split([], 0.5),
        lambda: training.split(["a"], 1),
        lambda: training.take(np.zeros((0, 3), int), [0]),
        lambda: training.mean_loss(RUN.engine, RUN.rows[:0]),
        lambda: RUN.val_loss(),
        lambda: LAB.train([], 2),
        lambda: LAB.loss(
            training.ArrayEngine.restore(RUN.engine.state(), RUN.config), []
        ),
        lambda: load_lines(""),
    ],
)
def test_what_is_empty_is_refused(call: Callable[[], Any]) -> None:
    refused(lambda _: call(), None)


def test_as_many_samples_as_allowed_and_not_one_more() -> None:
    most = int(BOUNDS["samples"][0])
    assert next(training.samples(CHECKPOINT, count=most)) is not None
    with pytest.raises(ValueError, match="count must be a whole number from 1 to 1,0"):
        training.samples(CHECKPOINT, count=most + 1)


def test_one_of_a_thing_is_singular() -> None:
    with pytest.raises(ValueError, match="there is only 1; use a larger"):
        training.split(["a"], 0.1)


def test_what_is_legitimate_stays_so(tmp_path: Path) -> None:
    for temperature in (0, 0.01, 0.5, 100, np.float64(0.7)):
        assert isinstance(sampled(temperature=temperature), str)
    assert TOKENIZER.decode([np.int64(0), 1]) == "ab"
    assert CharTokenizer("abc").chars == ["a", "b", "c"]
    assert CharTokenizer(text for text in ("a", "b")).chars == ["a", "b"]
    assert training.split(["a", "b"], 0) == (["a", "b"], [])
    assert LAB.train(["ab"], 0).step == 0
