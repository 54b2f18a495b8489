"""The laboratory of answers: what it teaches, writes and measures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.resources import files

import jax
import numpy as np
import pytest

from course_lib.array import GPTConfig, chat, generate
from course_lib.data import Exchange, Preference, load_questions, load_things
from course_lib.data.tokenizer import CharTokenizer
from course_lib.lessons.assistant import (
    UNKNOWN,
    Chat,
    Exam,
    exchanges,
    facts,
    fingerprint,
    grade,
    load_base,
    pairs,
    prompt,
)
from course_lib.training import ArrayEngine

CHOSEN = ["<a>bb", "<b>aa", "<ab>b"]
REJECTED = ["<a>a", "<b>b", "<ab>aaa"]


@pytest.fixture(autouse=True, scope="module")
def rank_promotion() -> Iterator[None]:
    """The taught model adds its positions to every row of a batch."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(scope="module")
def lab() -> Chat:
    tokenizer = CharTokenizer(["ab<>[]"])
    return Chat(tokenizer, GPTConfig(7, block_size=10, n_head=2, n_embd=8))


@pytest.fixture(scope="module")
def base(lab: Chat) -> ArrayEngine:
    return lab.train(["ab", "abab", "ba", "[]<>"], 30, seed=1)


@pytest.fixture(scope="module")
def tuned(lab: Chat, base: ArrayEngine) -> ArrayEngine:
    return lab.fine_tune(base, CHOSEN, 60, seed=1, learning_rate=0.02)


def test_prompts_have_their_marks() -> None:
    assert prompt("what is a wheel?") == "<what is a wheel?>"
    assert prompt("what?", "a b") == "[a b]<what?>"


def test_rows_become_texts() -> None:
    wheel = Exchange("taught", "what is a wheel?", "a machine part")
    assert wheel.thing == "a wheel"
    assert exchanges([wheel]) == ["<what is a wheel?>a machine part"]
    assert facts([wheel]) == ["a wheel is a machine part"]
    choice = Preference("taught", "truth", "what is a wheel?", "a part", "a bird")
    better, worse = pairs([choice])
    assert better == ["<what is a wheel?>a part"]
    assert worse == ["<what is a wheel?>a bird"]


def test_grades_by_hand() -> None:
    said = ["a bird", "a robin is a bird", "a bird is", UNKNOWN, "a tree", UNKNOWN]
    truth = ["a bird"] * 5 + [UNKNOWN]
    assert grade(said, truth) == pytest.approx(Exam(2 / 6, 2 / 6, 2 / 6))
    assert grade(["a bird is a bird is a bird"], ["a bird"]).wrong == 1
    with pytest.raises(ValueError, match="zip"):
        grade(["a"], [])


def test_fine_tuning_lowers_the_loss_on_answers(
    lab: Chat, base: ArrayEngine, tuned: ArrayEngine
) -> None:
    def loss(model: ArrayEngine) -> float:
        rows = lab.rows(CHOSEN)
        return float(chat.answer_loss(model.params, rows, lab.mark, lab.config))

    assert loss(tuned) < 0.3 * loss(base)
    assert [answer.text for answer in lab.answer(tuned, ["<a>", "<b>"])] == ["bb", "aa"]


def test_the_seed_decides_and_the_start_stays(
    lab: Chat, base: ArrayEngine, tuned: ArrayEngine
) -> None:
    before = fingerprint(base.params)
    again = lab.fine_tune(base, CHOSEN, 60, seed=1, learning_rate=0.02)
    other = lab.fine_tune(base, CHOSEN, 60, seed=2, learning_rate=0.02)
    assert fingerprint(again.params) == fingerprint(tuned.params)
    assert fingerprint(other.params) != fingerprint(tuned.params)
    for model in (
        lab.prefer(base, CHOSEN, REJECTED, 0.1, 2),
        lab.reward_model(base, CHOSEN, REJECTED, 2),
    ):
        assert fingerprint(model.params) != before
    assert fingerprint(base.params) == before


def test_a_fingerprint_sees_one_bit(base: ArrayEngine) -> None:
    params = {name: np.array(weights) for name, weights in base.params.items()}
    assert fingerprint(params) == fingerprint(base.params)
    params["wpe"].view(np.uint32)[3, 2] ^= 1
    assert fingerprint(params) != fingerprint(base.params)


def test_at_temperature_0_it_writes_what_generate_writes(
    lab: Chat, base: ArrayEngine, tuned: ArrayEngine
) -> None:
    rng = np.random.default_rng(0)
    for model in (base, tuned):
        prompts = ["<a>", "<ab>", "b", "[a]<b>", ""]
        for given, answer in zip(prompts, lab.answer(model, prompts), strict=True):
            tokens = [lab.tokenizer.bos, *lab.tokenizer.encode(given)]
            whole = generate(rng, model.params, lab.config, tokens, 0.0)
            assert given + answer.text == lab.tokenizer.decode(whole)


def test_probability_is_that_of_the_whole_answer(lab: Chat, tuned: ArrayEngine) -> None:
    prompts = ["<a>", "<b>", "<ab>", "<ba>"]
    for temperature in (0.0, 1.0):
        answers = lab.answer(tuned, prompts, temperature, seed=3)
        texts = [p + a.text for p, a in zip(prompts, answers, strict=True)]
        sure = [answer.probability for answer in answers]
        assert np.exp(lab.log_probs(tuned, texts)) == pytest.approx(sure, rel=1e-3)


def test_targets_say_what_counts_and_what_it_costs(
    lab: Chat, tuned: ArrayEngine
) -> None:
    characters, counted, losses = lab.targets(tuned, "<a>bb")
    assert characters == [*"<a>bb", "bos"]
    assert counted.tolist() == [False] * 3 + [True] * 3
    assert losses.shape == (6,)
    (log_prob,) = lab.log_probs(tuned, ["<a>bb"])
    assert -losses[counted].sum() == pytest.approx(log_prob, rel=1e-5)


def test_fine_tuning_on_every_token_learns_the_questions(
    lab: Chat, base: ArrayEngine
) -> None:
    masked, whole = (lab.fine_tune(base, CHOSEN, 60, 1, 0.02, after) for after in "><")
    for model, less in ((masked, False), (whole, True)):
        _, counted, losses = lab.targets(model, "<ab>b")
        assert losses[counted].max() < 0.5
        of_question = losses[~counted][1:]  # without its mark
        assert (of_question.mean() < 0.5) == less


def test_samples_have_the_probabilities_of_the_model(
    lab: Chat, base: ArrayEngine
) -> None:
    answers = [a.text for a in lab.answer(base, ["a"] * 1024, 1.0, seed=5)]
    expected = lab.answers(base, ["a"], ["", "b"])[0]
    for text, p in zip(["", "b"], expected, strict=True):
        deviation = math.sqrt(p * (1 - p) / 1024)
        assert answers.count(text) / 1024 == pytest.approx(p, abs=4 * deviation)
    assert answers == [a.text for a in lab.answer(base, ["a"] * 1024, 1.0, seed=5)]
    assert answers != [a.text for a in lab.answer(base, ["a"] * 1024, 1.0, seed=6)]


def test_a_prompt_without_room_is_refused(lab: Chat, base: ArrayEngine) -> None:
    assert len(lab.answer(base, ["a" * 9])[0].text) <= 2
    with pytest.raises(ValueError, match="shorter than 10 characters, and has 10"):
        lab.answer(base, ["a" * 10])


def test_preferences_move_the_model_and_beta_holds_it(
    lab: Chat, tuned: ArrayEngine
) -> None:
    def margin(model: ArrayEngine) -> float:
        gaps = lab.log_probs(model, CHOSEN) - lab.log_probs(model, REJECTED)
        return float(gaps.mean())

    start = lab.fine_tune(tuned, REJECTED, 10, seed=1, learning_rate=0.01)
    loose = lab.prefer(start, CHOSEN, REJECTED, 0.05, 40, 1, 0.01)
    tight = lab.prefer(start, CHOSEN, REJECTED, 5.0, 40, 1, 0.01)
    assert margin(start) < margin(tight) < margin(loose)
    prompts = ["<a>", "<b>", "<ab>"] * 100
    drifts = [lab.drift(model, start, prompts, 1) for model in (start, tight, loose)]
    assert drifts[0] == pytest.approx(0, abs=1e-6)
    assert 0 < drifts[1] < drifts[2]


def test_preferences_can_be_watched(lab: Chat, tuned: ArrayEngine) -> None:
    path = lab.preferring(tuned, CHOSEN, REJECTED, 0.1, (0, 2, 5), 1)
    first, middle, last = (fingerprint(model.params) for model in path)
    whole = lab.prefer(tuned, CHOSEN, REJECTED, 0.1, 5, 1)
    assert first == fingerprint(tuned.params)
    assert last == fingerprint(whole.params)
    assert len({first, middle, last}) == 3


def test_a_reward_model_learns_what_raters_choose(
    lab: Chat, tuned: ArrayEngine
) -> None:
    model = lab.reward_model(tuned, CHOSEN, REJECTED, 40, 1, 0.01)
    assert (lab.rewards(model, CHOSEN) > lab.rewards(model, REJECTED)).all()
    untrained = lab.reward_model(tuned, CHOSEN, REJECTED, 0)
    assert not lab.rewards(untrained, CHOSEN).any()


def test_pairs_must_be_pairs(lab: Chat, base: ArrayEngine) -> None:
    with pytest.raises(ValueError, match="each pair has two texts: 3 chosen, 2 not"):
        lab.prefer(base, CHOSEN, REJECTED[:2], 0.1, 1)
    with pytest.raises(ValueError, match="no sentences"):
        lab.fine_tune(base, [], 1)


def test_the_shipped_base_knows_its_things_and_answers_no_question() -> None:
    path = files("course_lib.data") / "assistant.safetensors"
    assert len(path.read_bytes()) < 1_000_000
    lab, model = load_base()
    asked = load_questions("held out")
    assert lab.knowledge(model, asked) > 0.95
    assert lab.examine(model, asked).right < 0.15
    for sentence in load_things():  # with its question it fits into the context
        thing, kind = sentence.split(" is a", 1)
        text = prompt(f"what is {thing}?", sentence) + f"a{kind}"
        assert len(text) < lab.config.block_size
