"""Sampling with a cache of keys and values: every token is read once.

``gpt`` reads a whole text at once, as training does; to sample with it would be to read
the whole text again for each new token. But the keys and values of a token do not
depend on what comes after it. Here they are kept (the key-value cache; Shazeer, 2019),
and one token at a time goes through the same layers, as a vector.

One compiled program reads and draws several tokens. Random numbers are drawn ahead for
it, and the generator is put back to the first one that was not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course_lib.array.gpt import Params, layer_params, rms_norm
from course_lib.config import GPTConfig

__all__ = ["generate", "stream"]

FEW, MOST = 8, 64  # tokens that one call draws: the first one, and any
SOON = 0.05  # seconds; a call that takes less is followed by one of twice the tokens
NOT_FINITE = -1  # stands for a token that no logits were there to draw from

Cache = list[tuple[Array, Array]]  # keys, values of each layer: (n_head, T, head_dim)


def generate(
    rng: np.random.Generator,
    params: Params,
    config: GPTConfig,
    prompt: Sequence[int],
    temperature: float = 1.0,
    length: int | None = None,
) -> list[int]:
    """Sample a continuation of a prompt, token by token (autoregressive sampling).

    ``prompt`` starts with the beginning-of-sequence token, the last of the
    vocabulary, which is also the one that ends a document. Below 1 the temperature
    makes likely tokens likelier; at 0 decoding is greedy. Returns the prompt and its
    continuation, at most ``length`` tokens: by default as many as ``config.room``
    says. Of a text longer than the block, the model reads ``config.context``.

    Raises ValueError if the temperature is negative or the prompt empty, or if the
    logits are not finite.
    """
    pieces = stream(rng, params, config, prompt, temperature, length)
    return [*prompt, *(token for piece in pieces for token in piece)]


def stream(
    rng: np.random.Generator,
    params: Params,
    config: GPTConfig,
    prompt: Sequence[int],
    temperature: float = 1.0,
    length: int | None = None,
) -> Iterator[list[int]]:
    """Yield the continuation that ``generate`` returns, a few tokens at a time."""
    if temperature < 0:
        raise ValueError(f"temperature must be 0 or more: {temperature}")
    if not prompt:
        raise ValueError("the prompt must have 1 token or more, the first one included")
    left = config.room(prompt) if length is None else length
    context, position = config.context(prompt), 0  # position: of the next to read
    bos, n, cache = config.vocab_size - 1, FEW, _empty_cache(config)
    while left > 0:
        started = perf_counter()
        given = context[position : position + n + 1]
        n_draws = min(n, left, config.block_size + 1 - len(context))
        if position + len(given) < len(context):
            n_draws = 0  # there is more to read first; the last one given is kept
        before = rng.bit_generator.state
        uniforms = rng.random(n_draws if temperature else 0)
        with jax.enable_x64(True):
            tokens, cache = _read_and_draw(
                params,
                cache,
                _padded(given, MOST + 1, np.int32),
                _padded(uniforms, MOST, np.float64),
                np.array([len(given), n_draws, position], np.int32),
                temperature,
                config,
            )
        drawn = np.asarray(tokens)[:n_draws].tolist()
        n = min(2 * n, MOST) if perf_counter() - started < SOON else max(n // 2, 1)
        if NOT_FINITE in drawn:
            raise ValueError("the logits hold nan or inf: the weights are too large")
        ended = bos in drawn
        if ended:
            drawn = drawn[: drawn.index(bos)]
            if temperature:
                rng.bit_generator.state = before
                rng.random(len(drawn) + 1)  # those that were used, bos with them
        if drawn:
            yield drawn
        if ended:
            return
        left -= n_draws
        position += len(given) + n_draws - 1
        context += drawn
        if len(context) > config.block_size:
            context, position = config.context(context), 0


@partial(jax.jit, static_argnames="config", donate_argnames="cache")
def _read_and_draw(
    params: Params,
    cache: Cache,
    given: Array,
    uniforms: Array,
    numbers: Array,
    temperature: Array,
    config: GPTConfig,
) -> tuple[Array, Cache]:
    """Read the given tokens, then draw tokens and read all of them but the last.

    given: (MOST + 1,) tokens, uniforms: (MOST,) numbers from 0 to 1, float64. numbers:
    how many are given, how many to draw, the position of the first. Returns the drawn
    tokens (MOST,), with bos for those that were not, as the text had ended; and the
    cache with the keys and values of all that was read.
    """
    n_given, n_draws, position = numbers
    last, bos = n_given - 1, config.vocab_size - 1

    def goes_on(state: tuple) -> Array:
        i, token, _, _ = state
        return (i < last + n_draws) & ((i < n_given) | (token != bos))

    def read_and_draw(state: tuple) -> tuple:
        i, token, drawn, cache = state
        token = jnp.where(i < n_given, given[i], token)
        logits, cache = read(params, cache, token, position + i, config)
        at = jnp.maximum(i - last, 0)  # before the last given one: drawn for nothing
        token = draw(logits, uniforms[at], temperature)
        return i + 1, token, drawn.at[at].set(token), cache

    drawn = jnp.full(MOST, bos, jnp.int32)
    start = (jnp.int32(0), jnp.int32(0), drawn, cache)
    _, _, drawn, cache = jax.lax.while_loop(goes_on, read_and_draw, start)
    return drawn, cache


def read(
    params: Params, cache: Cache, token: Array, position: Array, config: GPTConfig
) -> tuple[Array, Cache]:
    """Return the logits (vocab_size,) of the token after one, and the cache with it."""
    kept = []
    x = rms_norm(params["wte"][token] + params["wpe"][position])  # (n_embd,)
    for i, (keys, values) in enumerate(cache):
        layer, one = layer_params(params, i), (config.n_head, 1, config.head_dim)
        normed = rms_norm(x)
        q = (layer["attn_wq"] @ normed).reshape(one)
        k = (layer["attn_wk"] @ normed).reshape(one)
        v = (layer["attn_wv"] @ normed).reshape(one)
        keys = jax.lax.dynamic_update_slice_in_dim(keys, k, position, axis=1)
        values = jax.lax.dynamic_update_slice_in_dim(values, v, position, axis=1)
        kept.append((keys, values))
        mixed = attend(q, keys, values, position).ravel()  # (n_embd,)
        x = x + layer["attn_wo"] @ mixed
        hidden = jax.nn.relu(layer["mlp_fc1"] @ rms_norm(x))  # (4 * n_embd,)
        x = x + layer["mlp_fc2"] @ hidden
    return params["lm_head"] @ x, kept


def attend(query: Array, keys: Array, values: Array, position: Array) -> Array:
    """Return what the token at a position mixes of the values: (n_head, 1, head_dim).

    query: (n_head, 1, head_dim); keys and values: (n_head, T, head_dim), of which those
    after the position do not count. softmax(q . k / sqrt(head_dim)) . v, divided last.
    """
    scores = query @ jnp.swapaxes(keys, 1, 2) * keys.shape[-1] ** -0.5  # (n_head, 1, T)
    past = jnp.arange(keys.shape[1])[None, None] <= position
    scores = jnp.where(past, scores, -jnp.inf)
    weights = jnp.exp(scores - jnp.max(scores, axis=-1, keepdims=True))
    return weights @ values / jnp.sum(weights, axis=-1, keepdims=True)


def draw(logits: Array, uniform: Array, temperature: Array) -> Array:
    """Return the token that a number from 0 to 1 draws: the same as numpy's choice.

    It is the first whose cumulative probability is above the number, in float64; at
    temperature 0 the likeliest. NOT_FINITE if the logits hold nan or inf.
    """
    logits = logits.astype(jnp.float64)
    scores = (logits - jnp.max(logits)) / jnp.where(temperature == 0, 1.0, temperature)
    sums = jnp.cumsum(jnp.exp(scores))
    token = jnp.sum(sums / sums[-1] <= uniform)
    token = jnp.where(temperature == 0, jnp.argmax(logits), token)
    return jnp.where(jnp.isfinite(logits).all(), token, NOT_FINITE).astype(jnp.int32)


@partial(jax.jit, static_argnums=0)
def _empty_cache(config: GPTConfig) -> Cache:
    shape = (config.n_head, config.block_size, config.head_dim)
    zeros = partial(jnp.zeros, shape, jnp.float32)
    return [(zeros(), zeros()) for _ in range(config.n_layer)]


def _padded(
    numbers: Sequence[int] | np.ndarray, length: int, dtype: type[np.generic]
) -> np.ndarray:
    padded: np.ndarray = np.zeros(length, dtype)
    padded[: len(numbers)] = numbers
    return padded
