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
    """Draw every weight from a normal distribution: mean 0, deviation 0.08.

    Each matrix is (n_out, n_in), float32.
    """
    return {
        name: jnp.asarray(rng.normal(0, 0.08, shape).astype(np.float32))
        for name, shape in config.shapes().items()
    }


def gpt(params: Params, tokens: ArrayLike, config: GPTConfig) -> Array:
    """Return, for each position, a score (logit) for every possible next token."""
    x = embed(params, jnp.asarray(tokens))  # (..., T, n_embd)
    for i in range(config.n_layer):
        layer = layer_params(params, i)
        x = x + attention(layer, rms_norm(x), config.n_head)  # (..., T, n_embd)
        x = x + mlp(layer, rms_norm(x))  # (..., T, n_embd)
    return linear(params["lm_head"], x)  # (..., T, vocab_size)


def loss_fn(params: Params, documents: ArrayLike, config: GPTConfig) -> Array:
    """Return the mean cross-entropy, in nats, of each next token.

    documents: (..., T + 1) tokens: the first T are read, the last T are predicted.
    A negative token is padding: it is neither predicted nor counted.
    """
    documents = jnp.asarray(documents)
    tokens, targets = documents[..., :-1], documents[..., 1:]  # (..., T)
    logits = gpt(params, jnp.maximum(tokens, 0), config)  # (..., T, vocab_size)
    real = targets >= 0  # (..., T)
    log_probs = jax.nn.log_softmax(logits)
    chosen = jnp.take_along_axis(log_probs, jnp.maximum(targets, 0)[..., None], -1)
    return -jnp.sum(chosen[..., 0], where=real) / jnp.sum(real)


def layer_params(params: Params, i: int) -> Params:
    """Return the weights of layer i, under their short names."""
    prefix = f"layer{i}."
    return {
        name.removeprefix(prefix): weights
        for name, weights in params.items()
        if name.startswith(prefix)
    }


def embed(params: Params, tokens: Array) -> Array:
    """Return what the token is plus where it stands, a vector for each token."""
    x = params["wte"][tokens]  # (..., T, n_embd)
    return rms_norm(x + params["wpe"][: tokens.shape[-1]])  # (..., T, n_embd)


def attention(layer: Params, x: Array, n_head: int) -> Array:
    """Let each position take what it needs from itself and those before it."""
    # One multiplication for the three: a quarter of a small model's time is saved.
    weights = jnp.concatenate([layer["attn_wq"], layer["attn_wk"], layer["attn_wv"]])
    qkv = jnp.split(linear(weights, x), 3, axis=-1)  # three of (..., T, n_embd)
    q, k, v = (split_heads(part, n_head) for part in qkv)  # (..., n_head, T, head_dim)
    mixed = attention_weights(q, k) @ v  # (..., n_head, T, head_dim)
    mixed = jnp.swapaxes(mixed, -3, -2).reshape(x.shape)  # (..., T, n_embd)
    return linear(layer["attn_wo"], mixed)  # (..., T, n_embd)


def attention_weights(queries: Array, keys: Array) -> Array:
    """Return how much each query looks at each key: shares that sum to 1."""
    scale = queries.shape[-1] ** -0.5
    scores = queries @ jnp.swapaxes(keys, -2, -1) * scale  # (..., T, T)
    past = jnp.tri(scores.shape[-1], dtype=bool)  # (T, T): itself and those before
    return softmax(jnp.where(past, scores, -jnp.inf))


def split_heads(x: Array, n_head: int) -> Array:
    """Cut every vector into n_head pieces: (..., T, n_embd) to (..., n_head, T, _)."""
    return jnp.swapaxes(x.reshape(*x.shape[:-1], n_head, -1), -3, -2)


def mlp(layer: Params, x: Array) -> Array:
    """Let each position think on its own: widen, keep the positive, narrow again."""
    hidden = linear(layer["mlp_fc1"], x)  # (..., T, 4 * n_embd)
    return linear(layer["mlp_fc2"], jax.nn.relu(hidden))  # (..., T, n_embd)


def linear(weights: Array, x: Array) -> Array:
    """Multiply every vector by a matrix (n_out, n_in): one dot product per output."""
    return x @ weights.T


def rms_norm(x: Array) -> Array:
    """Scale every vector to a mean square of 1 (Zhang & Sennrich, 2019)."""
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


def generate(
    rng: np.random.Generator,
    params: Params,
    config: GPTConfig,
    prompt: Sequence[int],
    temperature: float = 1.0,
) -> list[int]:
    """Continue a prompt, token by token, until the model says stop.

    ``prompt`` starts with the beginning-of-sequence token, the last of the
    vocabulary, which is also the one that ends a document. Below 1 the temperature
    makes likely tokens likelier; at 0 the likeliest is always taken. Returns the
    prompt and its continuation, at most block_size tokens after the first.

    Raises ValueError if the temperature is negative or the prompt empty or too long.
    """
    if temperature < 0:
        raise ValueError(f"temperature must be 0 or more: {temperature}")
    if not 1 <= len(prompt) <= config.block_size:
        raise ValueError(
            f"the prompt must have 1 to {config.block_size} tokens, the first one "
            f"included: it has {len(prompt)}"
        )
    tokens = list(prompt)
    while len(tokens) <= config.block_size:
        token = _choose(rng, next_logits(params, tokens, config), temperature)
        if token == config.vocab_size - 1:
            break
        tokens.append(token)
    return tokens


def next_logits(params: Params, tokens: Sequence[int], config: GPTConfig) -> np.ndarray:
    """Return the logits (vocab_size,) of the token after the last.

    The tokens are padded to block_size, so that one compiled program serves every
    length; what comes later cannot change what came before.
    """
    padded = np.zeros(config.block_size, np.int32)
    padded[: len(tokens)] = tokens
    return np.asarray(_jitted_gpt(params, padded, config))[len(tokens) - 1]


_jitted_gpt = jax.jit(gpt, static_argnames="config")


def _choose(rng: np.random.Generator, logits: np.ndarray, temperature: float) -> int:
    if temperature == 0:
        return int(np.argmax(logits))
    return int(rng.choice(len(logits), p=probabilities(logits, temperature)))


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the probability (vocab_size,) of each next token, from its logits.

    softmax(logits / temperature); at temperature 0 the likeliest gets everything.
    """
    if temperature == 0:
        return (np.arange(len(logits)) == np.argmax(logits)).astype(np.float64)
    scores = (logits - logits.max()).astype(np.float64) / temperature
    weights = np.exp(scores)
    return np.asarray(weights / weights.sum())


def attention_maps(params: Params, tokens: ArrayLike, config: GPTConfig) -> np.ndarray:
    """Return what every head looks at: (..., n_layer, n_head, T, T), rows sum to 1.

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
        layer, seen = layer_params(params, i), rms_norm(x)
        q, k = (linear(layer[name], seen) for name in ("attn_wq", "attn_wk"))
        heads = [split_heads(part, config.n_head) for part in (q, k)]
        maps.append(attention_weights(*heads))  # (..., n_head, T, T)
        x += attention(layer, seen, config.n_head)
        x += mlp(layer, rms_norm(x))
    return jnp.stack(maps, axis=-4)
