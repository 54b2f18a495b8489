"""Sampling with the cache of keys and values, against reading everything again.

The peers draw the same tokens from the same weights: our own model without the cache,
which reads its whole context for each token; and ``generate`` of the earlier build.
"""

from __future__ import annotations

import os
import sys

from benchmarks.earlier import earlier_build
from benchmarks.timing import Claim, Contender, Spread, at_least, race, ratios

SIZES = {"block_size": 128, "n_layer": 4, "n_head": 4, "n_embd": 128}
SAMPLES, MORE = 2, 30  # in a turn of a peer; ours takes so many times more
AIM = 50


def make_ours():
    from course_lib.array import generate

    return sampler(generate, SAMPLES * MORE)


def make_uncached():
    return sampler(uncached, SAMPLES)


def make_earlier(checkout: str):
    sys.path.insert(0, checkout)
    from course_lib import array

    if not os.path.abspath(array.__file__).startswith(os.path.abspath(checkout)):
        raise RuntimeError(f"this is not the library of {checkout}")
    return sampler(array.generate, SAMPLES)


def sampler(generate, count: int):
    """Return a function that samples ``count`` texts from one stream of a seed."""
    import numpy as np

    from course_lib.array import init_gpt
    from course_lib.config import GPTConfig

    config = GPTConfig(27, **SIZES)
    params, bos = init_gpt(np.random.default_rng(0), config), config.vocab_size - 1

    def run(seed: int) -> list[list[int]]:
        rng = np.random.default_rng(seed)
        return [generate(rng, params, config, [bos]) for _ in range(count)]

    run(0)  # compiles
    return run


def uncached(rng, params, config, prompt: list[int]) -> list[int]:
    """Sample a text as ``generate`` does, but read all of it for each token."""
    from course_lib.array import next_logits, probabilities

    tokens = list(prompt)
    while len(tokens) <= config.block_size:
        shares = probabilities(next_logits(params, tokens, config))
        token = int(rng.choice(len(shares), p=shares))
        if token == config.vocab_size - 1:
            break
        tokens.append(token)
    return tokens


def run(turns: int = 9) -> list[Claim]:
    claims = [claim("the same model without a cache", turns, make_uncached)]
    with earlier_build() as earlier:
        if earlier:
            name = "the build of 26 November"
            claims.append(claim(name, turns, make_earlier, str(earlier)))
    return claims


def claim(peer_name: str, turns: int, make_peer, *args: str) -> Claim:
    """Return how many times more tokens a second ours draws than a peer.

    Raises AssertionError if the tokens differ.
    """
    calls = [(seed,) for seed in range(1, turns + 1)]
    with Contender(make_ours) as ours, Contender(make_peer, *args) as peer:
        answers = race([ours, peer], calls)
    for (_, mine), (_, theirs) in zip(*answers, strict=True):
        if mine[: len(theirs)] != theirs:
            raise AssertionError("the contenders draw different tokens")
    mine, theirs = ([s / drawn(texts) for s, texts in turn] for turn in answers)
    n = sum(drawn(texts) for _, texts in answers[1])
    detail = (
        f"{Spread.of([1 / s for s in mine]).text()} tokens a second against "
        f"{Spread.of([1 / s for s in theirs]).text()}, {turns} turns of {SAMPLES} "
        f"samples, of {SAMPLES * MORE} with the cache; the {n:,} tokens that both drew "
        "are the same."
    )
    what = "sampling, 4 layers, width 128, context 128: tokens a second"
    return at_least(what, peer_name, AIM, ratios(theirs, mine), detail)


def drawn(texts: list[list[int]]) -> int:
    """Return how many tokens were drawn, but for the last of each, which ends it."""
    return sum(len(tokens) - 1 for tokens in texts)
