"""The array GPT by its properties; test_twins.py compares it with the scalar one."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib import array, scalar
from course_lib.array import (
    from_scalar,
    generate,
    init_gpt,
    next_logits,
)
from course_lib.array.gpt import (
    attention,
    attention_weights,
    embed,
    feed_forward,
    layer_params,
    rms_norm,
    split_heads,
)
from course_lib.config import GPTConfig
from course_lib.losses import cross_entropy
from course_lib.optimizers import adam, apply_updates
from tests.reference import reference

SMALL = GPTConfig(vocab_size=11, block_size=6, n_layer=2, n_head=2, n_embd=8)
gpt = jax.jit(array.gpt, static_argnums=2)  # compiled: quicker than step by step
loss_fn = jax.jit(array.loss_fn, static_argnums=2)
TOKENS = np.array([3, 1, 4, 1, 5])


@pytest.fixture
def rank_promotion() -> Iterator[None]:
    """Allow what a batch means: the same positions are added to every document."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(scope="module")
def params() -> Any:
    return init_gpt(np.random.default_rng(0), SMALL)


def test_weights_are_drawn_as_documented() -> None:
    params = init_gpt(np.random.default_rng(1), GPTConfig(27))
    rng = np.random.default_rng(1)
    assert list(params) == list(GPTConfig(27).shapes())
    for name, shape in GPTConfig(27).shapes().items():
        assert params[name].dtype == jnp.float32
        drawn = rng.normal(0, 0.08, shape).astype(np.float32)
        np.testing.assert_array_equal(params[name], drawn)
    assert sum(w.size for w in params.values()) == 4_192
    flat = np.concatenate([np.ravel(w) for w in params.values()])
    assert abs(flat.mean()) < 0.005
    assert abs(flat.std() - 0.08) < 0.003


def test_scalar_weights_come_over_number_for_number() -> None:
    run = reference(1, ["abc"], block_size=3, n_head=1, n_embd=2)
    arrays = from_scalar(run.params)
    assert list(arrays) == list(run.params)
    for name, matrix in run.params.items():
        assert arrays[name].dtype == jnp.float32
        numbers = np.array([[w.data for w in row] for row in matrix], np.float32)
        np.testing.assert_array_equal(arrays[name], numbers)


@pytest.mark.usefixtures("rank_promotion")
def test_every_leading_dimension_is_a_batch(params: Any) -> None:
    rng = np.random.default_rng(2)
    batch = rng.integers(0, 11, (2, 3, 5))
    logits = gpt(params, batch, SMALL)
    assert logits.shape == (2, 3, 5, 11)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_allclose(
            logits[i, j], gpt(params, batch[i, j], SMALL), rtol=1e-4, atol=1e-6
        )


def test_later_tokens_change_nothing_before_them(params: Any) -> None:
    a = gpt(params, TOKENS, SMALL)
    b = gpt(params, np.array([3, 1, 4, 2, 0]), SMALL)
    np.testing.assert_array_equal(a[:3], b[:3])
    assert not np.any(np.all(a[3:] == b[3:], axis=-1))


def test_no_gradient_comes_from_a_later_position(params: Any) -> None:
    def logits(wpe: Any) -> Any:
        return gpt({**params, "wpe": wpe}, TOKENS, SMALL)

    slopes = jax.jit(jax.jacobian(logits))(params["wpe"])
    assert slopes.shape == (5, 11, 6, 8)  # (T, vocab_size, block_size, n_embd)
    felt = np.any(np.asarray(slopes) != 0.0, axis=(1, 3))  # (T, block_size)
    np.testing.assert_array_equal(felt, np.tri(5, 6, dtype=bool))


def test_loss_is_the_mean_cross_entropy_of_the_next_token(params: Any) -> None:
    document = np.array([10, 3, 1, 4, 10])
    logits = gpt(params, document[:-1], SMALL)
    want = cross_entropy(logits, document[1:])
    np.testing.assert_allclose(loss_fn(params, document, SMALL), want, rtol=1e-6)


@pytest.mark.usefixtures("rank_promotion")
def test_padding_is_neither_read_nor_predicted_nor_counted(params: Any) -> None:
    documents = [[10, 3, 1, 4, 10], [10, 7, 10]]
    padded = np.full((2, 7), -1)
    for row, document in zip(padded, documents, strict=True):
        row[: len(document)] = document
    losses = [loss_fn(params, np.array(d), SMALL) for d in documents]
    np.testing.assert_allclose(loss_fn(params, padded[0], SMALL), losses[0], rtol=1e-5)
    mean = (4 * losses[0] + 2 * losses[1]) / 6  # over positions, not documents
    np.testing.assert_allclose(loss_fn(params, padded, SMALL), mean, rtol=1e-5)
    grads = jax.jit(jax.grad(loss_fn), static_argnums=2)(params, padded[1], SMALL)
    assert not np.any(grads["wpe"][2:])


@pytest.mark.usefixtures("rank_promotion")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_first_loss_is_near_that_of_knowing_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    config = GPTConfig(27)
    documents = rng.integers(0, 27, (32, 17))
    loss = loss_fn(init_gpt(rng, config), documents, config)
    assert abs(loss - math.log(27)) < 0.15


def test_one_document_can_be_learned_by_heart(params: Any) -> None:
    document = jnp.array([10, 3, 1, 4, 1, 5, 10])
    optimizer = adam(0.02)

    def step(carry: Any, _: Any) -> Any:
        params, state = carry
        loss, grads = jax.value_and_grad(loss_fn)(params, document, SMALL)
        updates, state = optimizer.update(grads, state)
        return (apply_updates(params, updates), state), loss

    start = (params, optimizer.init(params))
    (learned, _), losses = jax.lax.scan(step, start, length=150)
    assert losses[-1] < 0.01 < 2 < losses[0]
    told = generate(np.random.default_rng(0), learned, SMALL, [10], temperature=0)
    assert told == [10, 3, 1, 4, 1, 5]


def test_more_tokens_than_the_block_has_are_refused(params: Any) -> None:
    with pytest.raises(TypeError, match="incompatible shapes"):
        gpt(params, np.zeros(7, int), SMALL)


def test_attention_looks_back_only_and_shares_sum_to_one() -> None:
    rng = np.random.default_rng(3)
    q, k = jnp.array(rng.normal(size=(2, 5, 4))), jnp.array(rng.normal(size=(2, 5, 4)))
    shares = np.asarray(attention_weights(q, k))
    np.testing.assert_allclose(shares.sum(-1), np.ones((2, 5)), rtol=1e-6)
    np.testing.assert_array_equal(shares > 0, np.broadcast_to(np.tri(5) > 0, (2, 5, 5)))
    products = np.asarray(q[0] @ k[0].T)
    np.testing.assert_allclose(  # scaled by 1 / sqrt(4)
        shares[0, 4, 1] / shares[0, 4, 2],
        math.exp((products[4, 1] - products[4, 2]) / 2),
        rtol=1e-4,
    )


def test_heads_are_neighbouring_pieces() -> None:
    x = jnp.arange(12).reshape(2, 6)  # T = 2, width 6
    heads = split_heads(x, 3)
    assert heads.shape == (3, 2, 2)
    np.testing.assert_array_equal(heads[1], [[2, 3], [8, 9]])


def test_rms_norm_has_a_mean_square_of_one() -> None:
    x = jnp.array([[3.0, -4.0], [0.0, 0.0]])
    scale = (12.5 + 1e-5) ** -0.5
    np.testing.assert_allclose(
        rms_norm(x), [[3 * scale, -4 * scale], [0, 0]], rtol=1e-6
    )


def test_embed_adds_what_and_where(params: Any) -> None:
    x = embed(params, jnp.array([5, 5]))
    wte, wpe = np.asarray(params["wte"]), np.asarray(params["wpe"])
    np.testing.assert_allclose(x, rms_norm(jnp.array(wte[5] + wpe[:2])), rtol=1e-6)
    assert not np.allclose(x[0], x[1])


# --- generate


def test_next_logits_are_those_of_the_last_position(params: Any) -> None:
    for n in (1, 4, 6):
        tokens = [10, 3, 1, 4, 1, 5][:n]
        np.testing.assert_allclose(
            next_logits(params, tokens, SMALL),
            gpt(params, np.array(tokens), SMALL)[-1],
            rtol=1e-4,
            atol=1e-6,
        )


def biased(config: GPTConfig) -> Any:
    """Weights that give token 0 three times the odds of each other one."""
    params = {name: jnp.zeros(shape) for name, shape in config.shapes().items()}
    for name in ("wte", "wpe"):
        params[name] = params[name].at[:, 0].set(1.0)
    scale = config.n_embd**0.5  # of the only number that is not 0, once normed
    params["lm_head"] = params["lm_head"].at[0, 0].set(math.log(3) / scale)
    return params


@pytest.mark.parametrize(
    ("temperature", "odds"), [(1.0, 3.0), (0.5, 9.0), (2.0, 3**0.5)]
)
def test_temperature_sharpens_and_flattens(temperature: float, odds: float) -> None:
    config = GPTConfig(4, block_size=1, n_head=1, n_embd=2)
    params, rng, n = biased(config), np.random.default_rng(0), 1_000
    counts = collections.Counter(
        tuple(generate(rng, params, config, [3], temperature)[1:]) for _ in range(n)
    )
    assert abs(counts[(0,)] / n - odds / (odds + 3)) < 0.05
    assert min(counts.values()) > n / 40


def test_generate_keeps_the_prompt_and_stops_in_time() -> None:
    config = GPTConfig(4, block_size=6, n_head=1, n_embd=2)
    params, rng, lengths = biased(config), np.random.default_rng(0), set()
    for _ in range(100):
        tokens = generate(rng, params, config, [3, 2, 1])
        assert tokens[:3] == [3, 2, 1]
        assert 3 not in tokens[1:]
        assert all(type(token) is int for token in tokens)
        lengths.add(len(tokens))
    assert min(lengths) == 3
    assert max(lengths) == 7
    assert generate(rng, params, config, [3], 0) == [3] + [0] * 6


def test_generate_is_the_same_for_the_same_rng(params: Any) -> None:
    def told(seed: int) -> list[list[int]]:
        rng = np.random.default_rng(seed)
        return [generate(rng, params, SMALL, [10]) for _ in range(10)]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_generate_refuses_in_one_line(params: Any) -> None:
    rng = np.random.default_rng(0)
    for arguments, message in [
        (([10], -0.1), "temperature must be 0 or more: -0.1"),
        (([], 1.0), "the prompt must have 1 token or more, the first one included"),
    ]:
        with pytest.raises(ValueError, match=message):
            generate(rng, params, SMALL, *arguments)


def test_the_temperature_trades_the_likely_for_the_rare() -> None:
    logits = np.array([1.0, 3.0, 2.0], np.float32)
    shares = array.probabilities(logits)
    np.testing.assert_allclose(shares, jax.nn.softmax(logits), rtol=1e-6)
    assert array.probabilities(logits, 0).tolist() == [0.0, 1.0, 0.0]
    bold, calm = array.probabilities(logits, 2), array.probabilities(logits, 0.01)
    np.testing.assert_allclose(bold, jax.nn.softmax(logits / 2), rtol=1e-6)
    assert bold[1] < shares[1] < calm[1] == 1.0
    assert array.probabilities(logits + 1e4, 0.01).sum() == 1.0


@pytest.mark.usefixtures("rank_promotion")
def test_token_losses_are_those_of_the_twin_and_padding_has_none() -> None:
    run = reference(names=["ada", "sven"], n_embd=8, n_head=2, block_size=6)
    params = from_scalar(run.params)
    rows = np.full((2, 7), -1)
    for row, document in zip(rows, run.documents, strict=True):
        row[: len(document)] = document
    losses = array.token_losses(params, rows, run.config)  # (2, 6)
    for row, document in zip(losses, run.documents, strict=True):
        twins = scalar.token_losses(run.params, document, run.config)
        expected = [loss.data for loss in twins]
        np.testing.assert_allclose(row[: len(expected)], expected, rtol=1e-5)
        assert not row[len(expected) :].any()
    n_targets = sum(len(document) - 1 for document in run.documents)
    mean = losses.sum() / n_targets
    np.testing.assert_allclose(loss_fn(params, rows, run.config), mean, rtol=1e-6)


@pytest.mark.usefixtures("rank_promotion")
def test_attention_maps_are_what_the_model_mixes_its_values_by(params: Any) -> None:
    maps = array.attention_maps(params, TOKENS.tolist(), SMALL)
    assert maps.shape == (2, 2, 5, 5)  # layers, heads, positions
    np.testing.assert_allclose(maps.sum(axis=-1), 1, rtol=1e-6)
    assert not np.triu(maps, 1).any()
    x = embed(params, jnp.asarray(TOKENS))
    for i in range(SMALL.n_layer):
        layer = layer_params(params, i)
        v = split_heads(rms_norm(x) @ layer["attn_wv"].T, SMALL.n_head)
        mixed = jnp.swapaxes(maps[i] @ v, -3, -2).reshape(x.shape)
        expected = attention(layer, rms_norm(x), SMALL.n_head)
        np.testing.assert_allclose(mixed @ layer["attn_wo"].T, expected, atol=1e-5)
        x = x + expected
        x = x + feed_forward(layer, rms_norm(x))
    short = array.attention_maps(params, TOKENS[:3].tolist(), SMALL)
    np.testing.assert_allclose(short, maps[..., :3, :3], atol=1e-6)
    both = array.attention_maps(params, [TOKENS, TOKENS[::-1]], SMALL)
    assert both.shape == (2, *maps.shape)
    np.testing.assert_allclose(both[0], maps, atol=1e-6)
