"""A GPT with arrays: the twin of ``course_lib.scalar.gpt``.

The architecture is the one of Karpathy's microgpt (2026), after Radford et al. (2019):
no biases, RMS norm without weights, ReLU. Every function takes any number of leading
(batch) dimensions, written as dots. T is the number of tokens read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from course_lib.config import GPTConfig
from course_lib.losses import softmax

Params = dict[str, Array]


def init_gpt(rng: np.random.Generator, config: GPTConfig) -> Params:
    """Initialize every weight from a normal distribution: mean 0, deviation 0.08.

    Each matrix is (n_out, n_in), float32.
    """
    return {
        name: jnp.asarray(rng.normal(0, 0.08, shape).astype(np.float32))
        for name, shape in config.shapes().items()
    }


def gpt(params: Params, tokens: ArrayLike, config: GPTConfig) -> Array:
    """Return, for each position, the logits of every possible next token."""
    x = hidden_vectors(params, tokens, config)  # (..., T, n_embd)
    return linear(params["lm_head"], x)  # (..., T, vocab_size)


def hidden_vectors(params: Params, tokens: ArrayLike, config: GPTConfig) -> Array:
    """Return the vector of each position after the last block: (..., T, n_embd)."""
    x = embed(params, jnp.asarray(tokens))  # (..., T, n_embd)
    for i in range(config.n_layer):
        x = block(layer_params(params, i), x, config.n_head)  # (..., T, n_embd)
    return x


def loss_fn(params: Params, documents: ArrayLike, config: GPTConfig) -> Array:
    """Return the mean cross-entropy, in nats, over all tokens that are not padding.

    documents: (..., T + 1) tokens, as in ``token_losses``.
    """
    documents = jnp.asarray(documents)
    n_targets = jnp.sum(documents[..., 1:] >= 0)
    return jnp.sum(token_losses(params, documents, config)) / n_targets


def token_losses(params: Params, documents: ArrayLike, config: GPTConfig) -> Array:
    """Return the cross-entropy, in nats, of each next token: (..., T).

    documents: (..., T + 1) tokens: the first T are read, the last T are predicted.
    A negative token is padding: its loss is 0.
    """
    documents = jnp.asarray(documents)
    tokens, targets = documents[..., :-1], documents[..., 1:]  # (..., T)
    logits = gpt(params, jnp.maximum(tokens, 0), config)  # (..., T, vocab_size)
    log_probs = jax.nn.log_softmax(logits)
    chosen = jnp.take_along_axis(log_probs, jnp.maximum(targets, 0)[..., None], -1)
    return jnp.where(targets >= 0, -chosen[..., 0], 0.0)


def layer_params(params: Params, i: int) -> Params:
    """Return the weights of layer i, under their short names."""
    prefix = f"layer{i}."
    return {
        name.removeprefix(prefix): weights
        for name, weights in params.items()
        if name.startswith(prefix)
    }


def embed(params: Params, tokens: Array) -> Array:
    """Return the normed sum of token embedding and position embedding."""
    x = params["wte"][tokens]  # (..., T, n_embd)
    return rms_norm(x + params["wpe"][: tokens.shape[-1]])  # (..., T, n_embd)


def block(layer: Params, x: Array, n_head: int) -> Array:
    """Apply one transformer block: attention and feed-forward, each a residual."""
    x = x + attention(layer, rms_norm(x), n_head)  # (..., T, n_embd)
    return x + feed_forward(layer, rms_norm(x))  # (..., T, n_embd)


def attention(layer: Params, x: Array, n_head: int) -> Array:
    """Apply causal multi-head self-attention (Vaswani et al., 2017)."""
    q, k, v = queries_keys_values(layer, x, n_head)  # (..., n_head, T, head_dim)
    mixed = attention_weights(q, k) @ v  # (..., n_head, T, head_dim)
    mixed = jnp.swapaxes(mixed, -3, -2).reshape(x.shape)  # (..., T, n_embd)
    return linear(layer["attn_wo"], mixed)  # (..., T, n_embd)


def queries_keys_values(layer: Params, x: Array, n_head: int) -> list[Array]:
    """Return the queries, keys and values: each (..., n_head, T, head_dim)."""
    # One multiplication for the three: a quarter of a small model's time is saved.
    weights = jnp.concatenate([layer["attn_wq"], layer["attn_wk"], layer["attn_wv"]])
    qkv = jnp.split(linear(weights, x), 3, axis=-1)  # three of (..., T, n_embd)
    return [split_heads(part, n_head) for part in qkv]


def attention_weights(queries: Array, keys: Array) -> Array:
    """Return softmax(q . k / sqrt(head_dim)) over the past: (..., T, T), rows of 1."""
    scale = queries.shape[-1] ** -0.5
    scores = queries @ jnp.swapaxes(keys, -2, -1) * scale  # (..., T, T)
    past = jnp.tri(scores.shape[-1], dtype=bool)  # (T, T): itself and those before
    return softmax(jnp.where(past, scores, -jnp.inf))


def split_heads(x: Array, n_head: int) -> Array:
    """Split every vector among the heads: (..., T, n_embd) to (..., n_head, T, _)."""
    return jnp.swapaxes(x.reshape(*x.shape[:-1], n_head, -1), -3, -2)


def feed_forward(layer: Params, x: Array) -> Array:
    """Apply the position-wise feed-forward network: fc2 . relu(fc1 . x)."""
    hidden = linear(layer["mlp_fc1"], x)  # (..., T, 4 * n_embd)
    return linear(layer["mlp_fc2"], jax.nn.relu(hidden))  # (..., T, n_embd)


def linear(weights: Array, x: Array) -> Array:
    """Apply a linear map without bias: every vector times a matrix (n_out, n_in)."""
    return x @ weights.T


def rms_norm(x: Array) -> Array:
    """Apply RMS normalization: x / sqrt(mean(x^2) + 1e-5) (Zhang & Sennrich, 2019)."""
    mean_square = jnp.mean(x * x, axis=-1, keepdims=True)  # (..., 1)
    return x * (mean_square + 1e-5) ** -0.5


def from_scalar(params: Mapping[str, Sequence[Sequence[Any]]]) -> Params:
    """Return the weights of the scalar twin as float32 arrays, number for number."""
    return {
        name: jnp.asarray(
            np.array([[w.data for w in row] for row in matrix], np.float32)
        )
        for name, matrix in params.items()
    }


def next_logits(params: Params, tokens: Sequence[int], config: GPTConfig) -> np.ndarray:
    """Return the logits (vocab_size,) of the token after the last.

    The tokens are padded to block_size, so that one compiled program serves every
    length; what comes later cannot change what came before.
    """
    padded = np.zeros(config.block_size, np.int32)
    padded[: len(tokens)] = tokens
    return np.asarray(_jitted_gpt(params, padded, config))[len(tokens) - 1]


_jitted_gpt = jax.jit(gpt, static_argnames="config")


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the probability (vocab_size,) of each next token, from its logits.

    softmax(logits / temperature); at temperature 0 the likeliest token has 1.
    """
    if temperature == 0:
        return (np.arange(len(logits)) == np.argmax(logits)).astype(np.float64)
    scores = (logits - logits.max()).astype(np.float64) / temperature
    weights = np.exp(scores)
    return np.asarray(weights / weights.sum())


def attention_maps(params: Params, tokens: ArrayLike, config: GPTConfig) -> np.ndarray:
    """Return every head's attention weights: (..., n_layer, n_head, T, T).

    The tokens (..., T) are padded to block_size, as in ``next_logits``.
    """
    tokens = np.asarray(tokens)
    length = tokens.shape[-1]
    padded = np.zeros((*tokens.shape[:-1], config.block_size), np.int32)
    padded[..., :length] = tokens
    return np.asarray(_jitted_maps(params, padded, config))[..., :length, :length]


@partial(jax.jit, static_argnames="config")
def _jitted_maps(params: Params, tokens: Array, config: GPTConfig) -> Array:
    x, maps = embed(params, tokens), []
    for i in range(config.n_layer):
        layer = layer_params(params, i)
        q, k, _ = queries_keys_values(layer, rms_norm(x), config.n_head)
        maps.append(attention_weights(q, k))  # (..., n_head, T, T)
        x = block(layer, x, config.n_head)
    return jnp.stack(maps, axis=-4)
