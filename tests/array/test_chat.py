"""Fine-tuning and preferences, against hand calculations and finite differences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib import array
from course_lib.array import chat, init_gpt, token_losses
from course_lib.array.chat import answer_mask, preference_loss
from course_lib.array.gpt import hidden_vectors
from course_lib.config import GPTConfig

SMALL = GPTConfig(vocab_size=11, block_size=8, n_layer=1, n_head=2, n_embd=8)
# compiled: quicker than step by step
answer_log_probs = jax.jit(chat.answer_log_probs, static_argnums=(2, 3))
answer_loss = jax.jit(chat.answer_loss, static_argnums=(2, 3))
rewards = jax.jit(chat.rewards, static_argnums=3)
reward_loss = jax.jit(chat.reward_loss, static_argnums=3)
MARK, END, PAD = 9, 10, -1
QUESTION = [END, 3, 1, MARK]  # and then the answer
CHOSEN = np.array([[*QUESTION, 4, 1, 5, END, PAD], [END, 7, MARK, 2, END, *[PAD] * 4]])
REJECTED = np.array([[*QUESTION, 6, END, PAD, PAD, PAD], [END, 7, MARK, *[8] * 6]])
PAIRS = np.stack([CHOSEN, REJECTED])


@partial(jax.jit, static_argnames=("mark", "config"))
def dpo_loss(
    params: Any, reference: Any, beta: float, mark: int = MARK, config: Any = SMALL
) -> Any:
    """The loss on the two pairs, from the weights of the reference."""
    before = chat.answer_log_probs(reference, PAIRS, mark, config)
    return chat.dpo_loss(params, PAIRS, before, beta, mark, config)


gradient = jax.jit(jax.grad(dpo_loss))


@pytest.fixture(autouse=True, scope="module")
def rank_promotion() -> Iterator[None]:
    """Allow what a batch means: the same positions are added to every document."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(scope="module")
def params() -> Any:
    """Weights large enough for answers to differ."""
    drawn = init_gpt(np.random.default_rng(0), SMALL)
    return {name: 4 * weights for name, weights in drawn.items()}


@pytest.fixture(scope="module")
def reference() -> Any:
    drawn = init_gpt(np.random.default_rng(1), SMALL)
    return {name: 4 * weights for name, weights in drawn.items()}


# --- the mask -------------------------------------------------------------------


def test_the_mask_is_the_answer_and_its_end() -> None:
    mask = answer_mask(CHOSEN, MARK)
    assert mask.shape == (2, 8)
    assert mask.astype(int).tolist() == [
        [0, 0, 0, 1, 1, 1, 1, 0],
        [0, 0, 1, 1, 0, 0, 0, 0],
    ]
    assert answer_mask(REJECTED[1], MARK).astype(int).tolist() == [0, 0, *[1] * 6]


def test_only_the_answer_after_the_last_mark_counts() -> None:
    twice = [END, 1, MARK, 2, 3, MARK, 4, END, PAD]
    assert answer_mask(twice, MARK).astype(int).tolist() == [0, 0, 0, 0, 0, 1, 1, 0]


def test_without_a_mark_there_is_no_answer() -> None:
    assert not answer_mask([END, 1, 2, END, PAD], MARK).any()


# --- log-probabilities and the loss ---------------------------------------------------


def test_log_probs_are_the_token_losses_of_the_answer(params: Any) -> None:
    losses = token_losses(params, CHOSEN, SMALL)
    by_hand = [-float(losses[0, 3:7].sum()), -float(losses[1, 2:4].sum())]
    assert answer_log_probs(params, CHOSEN, MARK, SMALL) == pytest.approx(by_hand)
    mean = -sum(by_hand) / 6
    assert answer_loss(params, CHOSEN, MARK, SMALL) == pytest.approx(mean)


def test_log_probs_multiply_the_probabilities_one_by_one(params: Any) -> None:
    text, total = [*QUESTION], 0.0
    for token in (4, 1, 5, END):
        logits = np.asarray(array.gpt(params, np.array(text), SMALL)[-1], np.float64)
        total += logits[token] - np.log(np.exp(logits).sum())
        text.append(token)
    assert answer_log_probs(params, CHOSEN[0], MARK, SMALL) == pytest.approx(
        total, rel=1e-4
    )


def test_all_answers_to_a_question_share_one_probability(params: Any) -> None:
    """Of one token and no end: with that of the mark they sum to 1."""
    others = [token for token in range(11) if token != MARK]
    documents = np.array([[*QUESTION, token] for token in others])
    log_probs = answer_log_probs(params, documents, MARK, SMALL)
    logits = array.gpt(params, np.array(QUESTION), SMALL)[-1]
    of_mark = float(jax.nn.softmax(logits)[MARK])
    assert float(jnp.exp(log_probs).sum()) == pytest.approx(1 - of_mark, rel=1e-5)


def test_padding_and_batches_change_nothing(params: Any) -> None:
    alone = answer_log_probs(params, CHOSEN[0, :8], MARK, SMALL)
    batch = answer_log_probs(params, np.stack([CHOSEN, REJECTED]), MARK, SMALL)
    assert batch.shape == (2, 2)
    assert batch[0, 0] == pytest.approx(float(alone), rel=1e-5)


def test_what_is_masked_has_no_gradient() -> None:
    """A logit moves the loss only where the mask is true."""
    nudges = jnp.zeros((2, 8, 11))
    params = init_gpt(np.random.default_rng(0), SMALL)

    def nudged_loss(nudges: Any) -> Any:
        logits = array.gpt(params, jnp.maximum(CHOSEN[:, :-1], 0), SMALL) + nudges
        log_probs = jax.nn.log_softmax(logits)
        targets = jnp.maximum(CHOSEN[:, 1:], 0)[..., None]
        losses = -jnp.take_along_axis(log_probs, targets, -1)[..., 0]
        mask = answer_mask(CHOSEN, MARK)
        return jnp.sum(jnp.where(mask, losses, 0)) / mask.sum()

    assert nudged_loss(nudges) == pytest.approx(
        float(answer_loss(params, CHOSEN, MARK, SMALL)), rel=1e-5
    )
    moved = jnp.any(jax.grad(nudged_loss)(nudges) != 0, axis=-1)
    assert (moved == answer_mask(CHOSEN, MARK)).all()


def test_a_question_is_read_but_not_learned(params: Any) -> None:
    """Another last target of the question: the loss stays what it was."""
    documents = np.array([END, 3, 1, MARK, 4, END, PAD, PAD, PAD])
    no_answer = np.array([END, 3, 1, MARK, PAD, PAD, PAD, PAD, PAD])
    both = np.stack([documents, no_answer])
    gradient = jax.grad(answer_loss)(params, both, MARK, SMALL)
    alone = jax.grad(answer_loss)(params, documents, MARK, SMALL)
    for name in gradient:
        np.testing.assert_allclose(gradient[name], alone[name], atol=1e-6)
    # no token after the answer is in wpe's rows that were used
    assert not np.asarray(gradient["wpe"])[6:].any()


# --- preferences ----------------------------------------------------------------------


def test_equal_log_probs_cost_log_2() -> None:
    loss = preference_loss([-3.0, -1.0], [-2.0, -5.0], [-3.0, -1.0], [-2.0, -5.0], 0.7)
    assert loss.shape == (2,)
    assert loss == pytest.approx([math.log(2)] * 2)


def test_preference_loss_by_hand() -> None:
    # chosen is 2 nats likelier than before, rejected 1 nat less likely: 0.5 * 3 = 1.5
    loss = preference_loss(-4.0, -6.0, -6.0, -5.0, 0.5)
    assert float(loss) == pytest.approx(-math.log(1 / (1 + math.exp(-1.5))))
    turned = preference_loss(-6.0, -4.0, -5.0, -6.0, 0.5)
    assert float(turned) == pytest.approx(-math.log(1 / (1 + math.exp(1.5))))


def test_a_very_wrong_preference_stays_finite() -> None:
    assert float(preference_loss(-1e4, 0.0, 0.0, 0.0, 1.0)) == pytest.approx(1e4)


def test_dpo_at_the_reference_costs_log_2(params: Any) -> None:
    loss = dpo_loss(params, params, 0.3)
    assert float(loss) == pytest.approx(math.log(2))


def test_dpo_gradient_is_its_closed_form(params: Any, reference: Any) -> None:
    """-beta * mean of sigmoid(-margin) * (grad log p(c) - grad log p(r)).

    Rafailov et al. (2023), the gradient under equation 7.
    """
    beta = 0.4

    def log_probs(params: Any, documents: Any) -> Any:
        return answer_log_probs(params, documents, MARK, SMALL)

    gained = log_probs(params, CHOSEN) - log_probs(reference, CHOSEN)
    lost = log_probs(params, REJECTED) - log_probs(reference, REJECTED)
    weight = jax.nn.sigmoid(-beta * (gained - lost))  # (2,)
    per_chosen = jax.jacobian(log_probs)(params, CHOSEN)
    per_rejected = jax.jacobian(log_probs)(params, REJECTED)
    grads = gradient(params, reference, beta)
    for name, grad in grads.items():
        slopes = per_chosen[name] - per_rejected[name]  # (2, n_out, n_in)
        expected = -beta * jnp.mean(weight[:, None, None] * slopes, axis=0)
        np.testing.assert_allclose(grad, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["wte", "wpe", "lm_head", "layer0.attn_wq"])
def test_dpo_gradient_is_the_finite_difference(
    params: Any, reference: Any, name: str
) -> None:
    with jax.enable_x64(True):
        policy, ref = (
            {n: jnp.asarray(np.asarray(w, np.float64)) for n, w in some.items()}
            for some in (params, reference)
        )
        loss = jax.jit(lambda p: dpo_loss(p, ref, 0.4))
        grad = np.asarray(jax.grad(loss)(policy)[name])
        rng, h = np.random.default_rng(2), 1e-6
        for _ in range(6):
            place = tuple(rng.integers(n) for n in grad.shape)
            higher, lower = (
                float(loss({**policy, name: policy[name].at[place].add(step)}))
                for step in (h, -h)
            )
            slope = (higher - lower) / (2 * h)
            assert grad[place] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_the_reference_never_moves(params: Any, reference: Any) -> None:
    """A step on the policy leaves the reference, and its log-probabilities, as is."""
    before = {name: np.array(weights) for name, weights in reference.items()}
    policy = dict(reference)
    for _ in range(3):
        grads = gradient(policy, reference, 1.0)
        policy = {name: policy[name] - 0.1 * grads[name] for name in policy}
    assert any((policy[name] != before[name]).any() for name in policy)
    assert all((reference[name] == before[name]).all() for name in reference)


def test_dpo_makes_the_chosen_likelier_than_the_rejected(reference: Any) -> None:
    policy = dict(reference)
    for _ in range(20):
        grads = gradient(policy, reference, 0.5)
        policy = {name: policy[name] - 0.05 * grads[name] for name in policy}
    assert dpo_loss(policy, reference, 0.5) < 0.9 * math.log(2)


# --- rewards --------------------------------------------------------------------------


def test_a_reward_is_head_times_the_last_vector(params: Any) -> None:
    head = jnp.arange(8.0)
    found = rewards(head, params, CHOSEN, SMALL)
    x = hidden_vectors(params, np.maximum(CHOSEN[:, :-1], 0), SMALL)
    # the last of eight tokens that are read is the end; in the second it is the fifth
    assert found == pytest.approx([float(x[0, 7] @ head), float(x[1, 4] @ head)])
    alone = rewards(head, params, CHOSEN[1, :6], SMALL)
    assert found[1] == pytest.approx(float(alone), rel=1e-5)


def test_reward_loss_by_hand(params: Any) -> None:
    head = jnp.arange(8.0) / 8
    gaps = rewards(head, params, CHOSEN, SMALL) - rewards(head, params, REJECTED, SMALL)
    by_hand = np.mean([math.log(1 + math.exp(-float(gap))) for gap in gaps])
    loss = reward_loss(head, params, PAIRS, SMALL)
    assert float(loss) == pytest.approx(by_hand, rel=1e-5)
    nothing = reward_loss(jnp.zeros(8), params, PAIRS, SMALL)
    assert float(nothing) == pytest.approx(math.log(2))


def test_the_gradient_of_the_head_is_its_closed_form(params: Any) -> None:
    head = jnp.arange(8.0) / 8
    x = hidden_vectors(params, np.maximum(CHOSEN[:, :-1], 0), SMALL)
    y = hidden_vectors(params, np.maximum(REJECTED[:, :-1], 0), SMALL)
    apart = np.stack([x[0, 7] - y[0, 5], x[1, 4] - y[1, 7]])  # (2, n_embd)
    surprise = 1 / (1 + np.exp(apart @ np.asarray(head)))  # (2,)
    grad = jax.grad(reward_loss)(head, params, PAIRS, SMALL)
    by_hand = -np.mean(surprise[:, None] * apart, axis=0)
    np.testing.assert_allclose(grad, by_hand, rtol=1e-4, atol=1e-6)
