"""Sampling with a cache: the tokens of the model that reads everything again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from course_lib.array import generate, init_gpt, next_logits, probabilities, stream
from course_lib.array.decoding import FEW, MOST
from course_lib.config import GPTConfig

SMALL = GPTConfig(vocab_size=11, block_size=6, n_layer=2, n_head=2, n_embd=8)
TINY = GPTConfig(vocab_size=5, block_size=1, n_layer=1, n_head=1, n_embd=4)
ODD = GPTConfig(vocab_size=27, block_size=13, n_layer=1, n_head=3, n_embd=12)
LONG = GPTConfig(vocab_size=40, block_size=150, n_layer=1, n_head=1, n_embd=4)


def uncached(
    rng: np.random.Generator,
    params: Any,
    config: GPTConfig,
    prompt: Sequence[int],
    temperature: float,
    length: int,
) -> list[int]:
    """Sample as a reader expects it: the whole context is read for each token."""
    tokens = list(prompt)
    for _ in range(length):
        logits = next_logits(params, config.context(tokens), config)
        shares = probabilities(logits, temperature)
        token = int(np.argmax(shares))
        if temperature:
            token = int(rng.choice(len(shares), p=shares))
        if token == config.vocab_size - 1:
            break
        tokens.append(token)
    return tokens


def weights(config: GPTConfig) -> Any:
    """Random weights, so large that each layer matters; seldom bos."""
    params = init_gpt(np.random.default_rng(3), config)
    params = {name: 4 * matrix for name, matrix in params.items()}
    params["lm_head"] = params["lm_head"].at[-1].set(0.0)
    return params


@pytest.mark.parametrize("temperature", [0, 0.5, 3.0])
@pytest.mark.parametrize(
    "config", [SMALL, TINY, ODD, LONG], ids=["6", "1", "13", "150"]
)
def test_tokens_and_random_stream_are_those_of_the_model_without_a_cache(
    config: GPTConfig, temperature: float
) -> None:
    params, block, bos = weights(config), config.block_size, config.vocab_size - 1
    any_tokens = np.random.default_rng(0).integers(0, bos, 2 * block).tolist()
    longest, ended = 2 * block + 5, set()
    for prompt in ([bos], any_tokens[:block], [bos, *any_tokens]):
        for seed, length in [(0, 0), (1, 1), (2, FEW), (3, longest), (4, longest)]:
            ours, theirs = (np.random.default_rng(seed) for _ in range(2))
            request = params, config, prompt, temperature, length
            tokens = generate(ours, *request)
            assert tokens == uncached(theirs, *request)
            assert ours.bit_generator.state == theirs.bit_generator.state
            ended.add(len(tokens) < len(prompt) + length)
    assert ended == {True, False} or temperature < 1


def test_a_prompt_is_read_whole_though_the_model_would_end_within_it() -> None:
    config = GPTConfig(vocab_size=3, block_size=16, n_layer=1, n_head=1, n_embd=4)
    params = weights(config)
    params["lm_head"] = params["lm_head"].at[-1].set(-params["lm_head"][0])
    for seed in range(20):
        prompt = np.random.default_rng(seed).integers(0, 3, 9).tolist()
        rngs = [np.random.default_rng(seed) for _ in range(2)]
        request = params, config, prompt, 1.0, 5
        assert generate(rngs[0], *request) == uncached(rngs[1], *request)


def test_many_samples_come_from_one_stream() -> None:
    params, rngs = weights(SMALL), [np.random.default_rng(9) for _ in range(2)]
    request = params, SMALL, [10], 1.0, 6
    ours = [generate(rngs[0], *request) for _ in range(200)]
    assert ours == [uncached(rngs[1], *request) for _ in range(200)]
    assert len({len(tokens) for tokens in ours}) > 4


@pytest.mark.parametrize("kind", [np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_every_kind_of_generator_is_put_back(kind: type) -> None:
    params, rngs = weights(SMALL), [np.random.Generator(kind(5)) for _ in range(2)]
    request = params, SMALL, [10], 2.0, 20
    assert generate(rngs[0], *request) == uncached(rngs[1], *request)
    assert rngs[0].random(3).tolist() == rngs[1].random(3).tolist()


def test_a_long_text_is_read_on_as_if_the_model_had_written_it() -> None:
    params, rng = weights(LONG), np.random.default_rng(0)
    request = params, LONG, [39, 7], 0, 400
    whole = generate(rng, *request)
    assert len(whole) == 402
    for n in (2, 149, 150, 151, 226, 227, 301, 401):
        assert generate(rng, params, LONG, whole[:n], 0, 402 - n) == whole


def test_without_a_length_the_context_is_filled_once() -> None:
    params, rng = weights(LONG), np.random.default_rng(0)
    for n, total in [(1, 151), (150, 151), (151, 227), (226, 227), (227, 303)]:
        assert len(generate(rng, params, LONG, [7] * n, 0)) == total


def test_pieces_are_small_and_the_first_smaller() -> None:
    request = weights(LONG), LONG, [39, 7], 0, 400
    pieces = [*stream(np.random.default_rng(0), *request)]
    assert 0 < len(pieces[0]) <= FEW
    assert 0 < max(len(piece) for piece in pieces) <= MOST
    told = [token for piece in pieces for token in piece]
    assert generate(np.random.default_rng(0), *request)[2:] == told


def test_logits_that_are_not_finite_are_refused() -> None:
    params = weights(SMALL)
    for number in (np.nan, np.inf):
        broken = {**params, "wpe": params["wpe"].at[3, 0].set(number)}
        assert len(generate(np.random.default_rng(0), broken, SMALL, [1], 0, 3)) == 4
        for temperature in (0, 1.0):
            with pytest.raises(ValueError, match=r"^the logits hold nan or inf: the"):
                generate(np.random.default_rng(0), broken, SMALL, [1], temperature, 9)
    one = {**params, "lm_head": params["lm_head"].at[2, 0].set(np.nan)}
    with pytest.raises(ValueError, match="nan or inf"):  # a single one of 11 logits
        generate(np.random.default_rng(0), one, SMALL, [1], 1.0, 3)
