"""Text from a trained model: a prompt in, sampled continuations out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from course_lib.bounds import BOUNDS, check_number, check_whole, shown
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training.checkpoints import Checkpoint
from course_lib.training.loop import Engine

__all__ = ["sample_texts", "samples"]


def sample_texts(
    engine: Engine,
    tokenizer: CharTokenizer,
    prompt: str = "",
    temperature: float = 1.0,
    count: int = 1,
    seed: int = 0,
) -> Iterator[str]:
    """Yield ``count`` texts that the model samples, each from the same prompt.

    Raises ValueError for a prompt that is too long or has unknown characters, and for
    a temperature, count or seed that cannot work.
    """
    _check(temperature, count, seed)
    tokens = [tokenizer.bos, *tokenizer.encode(prompt)]
    for drawn in engine.generate(tokens, temperature, count, seed):
        yield tokenizer.decode(drawn)


def samples(
    checkpoint: Checkpoint,
    prompt: str = "",
    temperature: float = 0.5,
    count: int = 20,
    seed: int = 42,
) -> Iterator[str]:
    """Return ``count`` texts sampled from a checkpoint, by the array engine.

    Raises ValueError, at once and in one line, for a prompt that is too long or has
    unknown characters, and for a temperature, count or seed that cannot work.
    """
    _check(temperature, count, seed)
    if not isinstance(prompt, str):
        raise ValueError(f"the prompt must be text: {shown(prompt)}")
    longest = checkpoint.config.block_size - 1
    if len(prompt) > longest:
        raise ValueError(
            f"the prompt has {len(prompt)} character{'s' * (len(prompt) > 1)}: this "
            f"model reads {longest} at most, and the beginning"
        )
    tokenizer = checkpoint.tokenizer
    tokenizer.encode(prompt)  # raises for unknown characters now, not at the first text
    from course_lib.training.array_engine import ArrayEngine  # loads JAX

    engine = ArrayEngine.restore(checkpoint.state, checkpoint.config)
    return sample_texts(engine, tokenizer, prompt, temperature, count, seed)


def _check(temperature: float, count: int, seed: int) -> None:
    check_number("temperature", temperature, 0, math.inf)
    if not (temperature == 0 or 0.01 <= temperature <= 100):
        raise ValueError(f"temperature must be 0, or from 0.01 to 100: {temperature}")
    check_whole("count", count, 1, BOUNDS["samples"][0])
    check_whole("seed", seed, 0, BOUNDS["seed"][0])
