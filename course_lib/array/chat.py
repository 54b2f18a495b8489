"""From a model that continues to one that answers: fine-tuning and preferences.

A document is one exchange, such as ``<what is a wheel?>a machine part``, as tokens
(..., T + 1): the first T are read, the last T are predicted, a negative token is
padding. The mark is the token after which the model speaks: here that of ">".
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.nn import log_sigmoid
from jax.typing import ArrayLike

from course_lib.array.gpt import Params, hidden_vectors, token_losses
from course_lib.config import GPTConfig

__all__ = [
    "answer_log_probs",
    "answer_loss",
    "answer_mask",
    "dpo_loss",
    "preference_loss",
    "reward_loss",
    "rewards",
]


def answer_mask(documents: ArrayLike, mark: int) -> Array:
    """Return which targets belong to the answer: (..., T), true or false.

    They are all tokens after the last mark, with the one that ends the document. The
    mark itself belongs to the question, and padding to neither.
    """
    documents = jnp.asarray(documents)
    marks = jnp.cumsum(documents == mark, axis=-1)  # (..., T + 1): marks up to here
    after_last = (marks > 0) & (marks == marks[..., -1:])  # (..., T + 1)
    return after_last[..., :-1] & (documents[..., 1:] >= 0)


def answer_log_probs(
    params: Params, documents: ArrayLike, mark: int, config: GPTConfig
) -> Array:
    """Return the log-probability of each whole answer, given its question: (...).

    The sum over the tokens of the answer, in nats: log p(answer | question).
    """
    losses = token_losses(params, documents, config)  # (..., T)
    return -jnp.sum(jnp.where(answer_mask(documents, mark), losses, 0.0), axis=-1)


def answer_loss(
    params: Params, documents: ArrayLike, mark: int, config: GPTConfig
) -> Array:
    """Return the mean cross-entropy, in nats, over the tokens of the answers.

    The loss of supervised fine-tuning: questions are read, and not learned.
    """
    n_targets = jnp.sum(answer_mask(documents, mark))
    return -jnp.sum(answer_log_probs(params, documents, mark, config)) / n_targets


def rewards(
    head: Array, params: Params, documents: ArrayLike, config: GPTConfig
) -> Array:
    """Return the reward of each document: (...), a number without a unit.

    r = head . x, where x is the vector of the last token that is read, after the last
    block. head: (n_embd,).
    """
    tokens = jnp.asarray(documents)[..., :-1]  # (..., T)
    last = jnp.sum(tokens >= 0, axis=-1) - 1  # (...)
    x = hidden_vectors(params, jnp.maximum(tokens, 0), config)  # (..., T, n_embd)
    x = jnp.take_along_axis(x, last[..., None, None], axis=-2)[..., 0, :]
    return x @ head


def reward_loss(
    head: Array, params: Params, pairs: ArrayLike, config: GPTConfig
) -> Array:
    """Return the mean of -log sigmoid(r_chosen - r_rejected), in nats.

    pairs: (2, ..., T + 1), chosen and rejected answers. sigmoid(r_chosen - r_rejected)
    is the probability that a rater chooses the chosen one (Bradley & Terry, 1952),
    learned from people's choices as in Christiano et al. (2017, arXiv 1706.03741).
    """
    r_chosen, r_rejected = rewards(head, params, pairs, config)
    return jnp.mean(-log_sigmoid(r_chosen - r_rejected))


def preference_loss(
    policy_chosen: ArrayLike,
    policy_rejected: ArrayLike,
    reference_chosen: ArrayLike,
    reference_rejected: ArrayLike,
    beta: float,
) -> Array:
    """Return the loss of each pair of answers, in nats, from four log-probabilities.

    -log sigmoid(beta * (log pi(c) / ref(c) - log pi(r) / ref(r))) (Rafailov et al.,
    2023, arXiv 2305.18290, equation 7): beta times the log of how much likelier an
    answer has become since the reference is its reward.
    """
    chosen = jnp.asarray(policy_chosen) - jnp.asarray(reference_chosen)
    rejected = jnp.asarray(policy_rejected) - jnp.asarray(reference_rejected)
    return -log_sigmoid(beta * (chosen - rejected))


def dpo_loss(
    params: Params,
    pairs: ArrayLike,
    reference: ArrayLike,
    beta: float,
    mark: int,
    config: GPTConfig,
) -> Array:
    """Return the loss of direct preference optimisation: the mean over all pairs.

    pairs: (2, ..., T + 1), chosen and rejected answers to the same questions.
    reference: (2, ...), the log-probability of each, in nats, by the frozen model. A
    large beta holds the model near the reference.
    """
    policy = answer_log_probs(params, pairs, mark, config)  # (2, ...)
    before = jnp.asarray(reference)
    losses = preference_loss(policy[0], policy[1], before[0], before[1], beta)
    return jnp.mean(losses)
