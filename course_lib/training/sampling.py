"""Text from a trained model: a prompt in, sampled continuations out."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator

from course_lib.bounds import BOUNDS, check_number, check_whole, shown
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training.checkpoints import Checkpoint
from course_lib.training.loop import Engine

__all__ = [
    "CUT",
    "first_tokens",
    "sample_parts",
    "sample_texts",
    "samples",
    "samples_in_parts",
]

CUT = "…"  # shown after a sample that was cut before the model ended it
LINES = 300  # characters of a sample that may have several lines, unless given
COUNT = 20  # samples of a line each, unless given


def sample_texts(
    engine: Engine,
    tokenizer: CharTokenizer,
    prompt: str = "",
    temperature: float = 1.0,
    count: int = 1,
    seed: int = 0,
    length: int | None = None,
    one_text: bool = False,
) -> Iterator[str]:
    """Return ``count`` texts that the model samples, as ``sample_parts`` in one."""
    args = (prompt, temperature, count, seed, length, one_text)
    return map("".join, sample_parts(engine, tokenizer, *args, cut=""))


def sample_parts(
    engine: Engine,
    tokenizer: CharTokenizer,
    prompt: str = "",
    temperature: float = 1.0,
    count: int = 1,
    seed: int = 0,
    length: int | None = None,
    one_text: bool = False,
    cut: str = CUT,
) -> Iterator[Iterator[str]]:
    """Return ``count`` samples, each in the parts in which the model writes it.

    The prompt comes first, then at most ``length`` characters, a few at a time: by
    default as many as the context has room for (``GPTConfig.room``). If they are as
    many as that, the model has not ended the text itself, and ``cut`` comes last. Take
    all parts of one sample before those of the next. one_text: as in first_tokens.

    Raises ValueError, at once and in one line, for a prompt with unknown characters,
    and for a temperature, count, seed or length that cannot work.
    """
    _check(tokenizer, prompt, temperature, count, seed, length)
    tokens = first_tokens(tokenizer, prompt, one_text)
    most = engine.config.room(tokens) if length is None else length
    drawn = engine.generate(tokens, temperature, count, seed, most)
    return (_parts(pieces, tokenizer, prompt, most, cut) for pieces in drawn)


def samples(
    checkpoint: Checkpoint,
    prompt: str = "",
    temperature: float = 0.5,
    count: int | None = None,
    seed: int = 42,
    length: int | None = None,
) -> Iterator[str]:
    """Return texts sampled from a checkpoint, as ``samples_in_parts`` in one."""
    args = (prompt, temperature, count, seed, length)
    return map("".join, samples_in_parts(checkpoint, *args, cut=""))


def samples_in_parts(
    checkpoint: Checkpoint,
    prompt: str = "",
    temperature: float = 0.5,
    count: int | None = None,
    seed: int = 42,
    length: int | None = None,
    cut: str = CUT,
) -> Iterator[Iterator[str]]:
    """Return samples of a checkpoint by the array engine, as ``sample_parts`` does.

    By default 20 of them. If the vocabulary has a line feed, the texts are long: by
    default one sample, of 300 characters after the prompt.

    Raises ValueError as ``sample_parts``.
    """
    tokenizer, settings = checkpoint.tokenizer, checkpoint.settings
    if isinstance(prompt, str) and not set(prompt) <= set(tokenizer.chars):
        prompt = unicodedata.normalize("NFC", prompt)  # as texts are when they are read
    has_lines = "\n" in tokenizer.chars
    count = (1 if has_lines else COUNT) if count is None else count
    length = LINES if length is None and has_lines else length
    args = (tokenizer, prompt, temperature, count, seed, length)
    _check(*args)  # before JAX is loaded
    from course_lib.training.array_engine import ArrayEngine

    engine = ArrayEngine.restore(checkpoint.state, checkpoint.config)
    return sample_parts(engine, *args, one_text=settings.split == "none", cut=cut)


def first_tokens(
    tokenizer: CharTokenizer, prompt: str, one_text: bool = False
) -> list[int]:
    """Return the tokens from which a sample starts: bos and the prompt.

    one_text: the model was trained on windows of one long text, and has hardly seen
    bos. It starts from the prompt alone, and without one from a line feed, if it has
    that.

    Raises ValueError for unknown characters.
    """
    tokens = tokenizer.encode(prompt)
    if not one_text:
        return [tokenizer.bos, *tokens]
    start = tokenizer.encode("\n") if "\n" in tokenizer.chars else [tokenizer.bos]
    return tokens or start


def _parts(
    pieces: Iterable[list[int]],
    tokenizer: CharTokenizer,
    prompt: str,
    length: int,
    cut: str,
) -> Iterator[str]:
    yield prompt
    for tokens in pieces:
        length -= len(tokens)
        yield tokenizer.decode(tokens)
    if not length:
        yield cut


def _check(
    tokenizer: CharTokenizer,
    prompt: str,
    temperature: float,
    count: int,
    seed: int,
    length: int | None,
) -> None:
    check_number("temperature", temperature, 0, math.inf)
    if not (temperature == 0 or 0.01 <= temperature <= 100):
        raise ValueError(f"temperature must be 0, or from 0.01 to 100: {temperature}")
    check_whole("count", count, 1, BOUNDS["samples"][0])
    check_whole("seed", seed, 0, BOUNDS["seed"][0])
    if length is not None:
        check_whole("length", length, 1, BOUNDS["sample"][0])
    if not isinstance(prompt, str):
        raise ValueError(f"the prompt must be text: {shown(prompt)}")
    tokenizer.encode(prompt)
