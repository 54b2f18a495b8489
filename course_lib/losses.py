"""Loss functions: mean squared error, cross-entropy, and the softmax before it.

Each function takes NumPy or JAX arrays (or lists) and returns a JAX array.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.nn import log_softmax
from jax.typing import ArrayLike

__all__ = ["binary_cross_entropy", "cross_entropy", "mean_squared_error", "softmax"]


def mean_squared_error(predictions: ArrayLike, targets: ArrayLike) -> Array:
    """Return the mean of (prediction - target)^2, in the target's unit squared.

    Raises ValueError if the shapes differ.
    """
    predictions, targets = jnp.asarray(predictions), jnp.asarray(targets)
    _same_shape(predictions, targets)
    return jnp.mean((predictions - targets) ** 2)


def binary_cross_entropy(probabilities: ArrayLike, labels: ArrayLike) -> Array:
    """Return the mean of -log p(label), in nats, from probabilities of label 1.

    A probability of 0 for a label that occurs costs inf. Raises ValueError if the
    shapes differ.
    """
    probabilities, labels = jnp.asarray(probabilities), jnp.asarray(labels)
    _same_shape(probabilities, labels)
    of_label = jnp.where(labels == 1, probabilities, 1 - probabilities)
    return jnp.mean(-jnp.log(of_label))


def softmax(logits: ArrayLike) -> Array:
    """Return the softmax of logits (..., n): e^logit, divided by the sum of them all.

    The largest logit is subtracted first: e^1000 is too large for a float, and the
    probabilities are the same.
    """
    logits = jnp.asarray(logits)
    exps = jnp.exp(logits - jnp.max(logits, axis=-1, keepdims=True))  # (..., n)
    return exps / jnp.sum(exps, axis=-1, keepdims=True)


def cross_entropy(logits: ArrayLike, targets: ArrayLike) -> Array:
    """Return the mean of -log softmax(logits)[target], in nats.

    logits: (..., n); targets: (...) whole numbers from 0 to n - 1. Any other
    number costs nan, since compiled code cannot raise.
    Raises ValueError if the shapes do not fit.
    """
    logits, targets = jnp.asarray(logits), jnp.asarray(targets)
    if logits.shape[:-1] != targets.shape:
        raise ValueError(
            "cross_entropy needs one target per row of logits: logits "
            f"{logits.shape} want targets {logits.shape[:-1]}, got {targets.shape}"
        )
    log_probs = log_softmax(logits, axis=-1)  # (..., n)
    chosen = jnp.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
    return -jnp.mean(jnp.where(targets < 0, jnp.nan, chosen))


def _same_shape(predictions: Array, targets: Array) -> None:
    if predictions.shape != targets.shape:
        raise ValueError(
            "predictions and targets must have one shape: "
            f"{predictions.shape} and {targets.shape}"
        )
