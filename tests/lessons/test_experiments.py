"""The small laboratory: what it teaches, asks and measures."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np
import pytest

from course_lib.array import GPTConfig
from course_lib.bounds import BOUNDS
from course_lib.data.tokenizer import CharTokenizer
from course_lib.lessons.experiments import Experiment
from course_lib.training import ArrayEngine

TEXTS = ["ab", "abab", "ba", "bb"]


@pytest.fixture(autouse=True, scope="module")
def rank_promotion() -> Iterator[None]:
    """The taught model adds its positions to every row of a batch."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(scope="module")
def lab() -> Experiment:
    tokenizer = CharTokenizer(["ab"])
    return Experiment(tokenizer, GPTConfig(3, block_size=6, n_head=1, n_embd=4))


@pytest.fixture(scope="module")
def model(lab: Experiment) -> ArrayEngine:
    return lab.train(TEXTS, 20, seed=1)


def test_teaching_lowers_the_loss_and_the_seed_decides(
    lab: Experiment, model: ArrayEngine
) -> None:
    untrained = lab.train(TEXTS, 0, seed=1)
    assert lab.loss(model, TEXTS) < lab.loss(untrained, TEXTS)
    again, other = lab.train(TEXTS, 20, seed=1), lab.train(TEXTS, 20, seed=2)
    assert lab.loss(again, TEXTS) == pytest.approx(lab.loss(model, TEXTS), rel=1e-5)
    assert lab.loss(other, TEXTS) != lab.loss(model, TEXTS)


def test_the_steps_of_an_experiment_are_bounded(
    lab: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in (10**9, 50_001, -1, 1.5, True):
        with pytest.raises(ValueError, match="steps must be a whole number from 0 to"):
            lab.train(TEXTS, steps)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="steps must be a whole number from 0 to"):
            next(lab.snapshots(TEXTS, [0, steps]))  # type: ignore[list-item]
    monkeypatch.setitem(BOUNDS, "experiment", (3, ""))
    assert lab.train(TEXTS, 3).step == 3
    with pytest.raises(ValueError, match="from 0 to 3: 4"):
        lab.train(TEXTS, 4)


def test_a_start_is_gone_on_from_and_stays_as_it_was(
    lab: Experiment, model: ArrayEngine
) -> None:
    before = {name: np.array(weights) for name, weights in model.params.items()}
    tuned, table = lab.learning_curve(
        ["bb"], 10, {"a": TEXTS, "b": ["bb"]}, 5, start=model
    )
    assert table.shape == (3, 3)
    assert table[:, 0].tolist() == [0, 5, 10]
    assert table[0, 1] == pytest.approx(lab.loss(model, TEXTS))
    assert table[-1, 2] == pytest.approx(lab.loss(tuned, ["bb"]))
    assert table[-1, 2] < table[0, 2]
    for name, weights in before.items():
        np.testing.assert_array_equal(weights, model.params[name])


def test_the_answers_of_every_length_share_out_one(
    lab: Experiment, model: ArrayEngine
) -> None:
    endings = [""]
    for _ in range(5):
        endings += [e + c for e in endings for c in "ab"]
    every = sorted(set(endings), key=len)
    chances = lab.answers(model, ["", "a"], every)
    assert chances.shape == (2, len(every))
    # What a text of block_size characters would go on to is cut off: up to 5 count.
    assert 0.5 < chances[0].sum() <= 1 + 1e-6
    assert (chances >= 0).all()


def test_an_answer_counts_only_what_follows_the_prompt(
    lab: Experiment, model: ArrayEngine
) -> None:
    whole = lab.answers(model, [""], ["ab"])[0, 0]
    (first,) = lab.answers(model, ["a"], ["b"])[0]
    losses = -np.log(whole)
    assert losses == pytest.approx(lab.loss(model, ["ab"]) * 3, rel=1e-4)
    assert whole < first < 1


def test_an_invention_goes_on_from_its_prompt_and_the_seed_decides(
    lab: Experiment, model: ArrayEngine
) -> None:
    texts = lab.sample(model, 5, "ab", seed=3)
    assert all(text.startswith("ab") for text in texts)
    assert texts == lab.sample(model, 5, "ab", seed=3)
    assert len(set(lab.sample(model, 5, "a", temperature=0))) == 1


def test_the_stages_are_those_of_one_training_and_stay_as_they_are(
    lab: Experiment,
) -> None:
    models = list(lab.snapshots(TEXTS, [0, 1, 7, 20], seed=1))
    assert [model.step for model in models] == [0, 1, 7, 20]
    whole, table = lab.learning_curve(TEXTS, 20, {"a": TEXTS}, 7, seed=1)
    assert table[:, 0].tolist() == [0, 7, 14, 20]
    for row, stage in ((0, 0), (1, 2), (3, 3)):
        assert table[row, 1] == pytest.approx(lab.loss(models[stage], TEXTS), rel=1e-5)
    for name, weights in whole.params.items():
        np.testing.assert_allclose(weights, models[-1].params[name], rtol=1e-5)
