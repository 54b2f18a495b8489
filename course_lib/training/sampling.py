"""Let a trained model speak."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.training.checkpoints import Checkpoint

__all__ = ["samples"]


def samples(
    checkpoint: Checkpoint,
    prompt: str = "",
    temperature: float = 0.5,
    count: int = 20,
    seed: int = 42,
) -> Iterator[str]:
    """Continue a prompt ``count`` times, each one by chance anew.

    Raises ValueError, at once and in one line, for a prompt that is too long or has
    unknown characters, and for a temperature, count or seed that cannot work.
    """
    longest = checkpoint.config.block_size - 1
    if len(prompt) > longest:
        raise ValueError(
            f"the prompt has {len(prompt)} characters: this model reads {longest} "
            "at most, and the beginning"
        )
    if not (temperature == 0 or 0.01 <= temperature <= 100):
        raise ValueError(f"temperature must be 0, or from 0.01 to 100: {temperature}")
    if count < 1:
        raise ValueError(f"count must be 1 or more: {count}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more: {seed}")
    tokenizer = checkpoint.tokenizer
    tokens = [tokenizer.bos, *tokenizer.encode(prompt)]
    return _samples(checkpoint, tokens, temperature, count, seed)


def _samples(
    checkpoint: Checkpoint, tokens: list[int], temperature: float, count: int, seed: int
) -> Iterator[str]:
    import jax
    import numpy as np

    from course_lib.array import generate

    rng = np.random.default_rng(seed)
    params = {
        name: jax.device_put(np.float32(matrix))
        for name, matrix in checkpoint.state.params.items()
    }
    for _ in range(count):
        drawn = generate(rng, params, checkpoint.config, tokens, temperature)
        yield checkpoint.tokenizer.decode(drawn)
