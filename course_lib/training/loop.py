"""The training loop, one for both engines, and what it needs of an engine.

``train`` is a generator. It works only when it is asked for the next record, so a
progress bar, a pause button and a test all drive the same few lines.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from course_lib.bounds import BOUNDS, check_whole
from course_lib.config import GPTConfig
from course_lib.training.batches import Rows, count_targets, take
from course_lib.training.schedules import Schedule

__all__ = [
    "B1",
    "B2",
    "Arrays",
    "DivergedError",
    "Engine",
    "Record",
    "TrainState",
    "mean_loss",
    "train",
]

B1, B2 = 0.85, 0.99  # Adam's decay rates of both moments, the same in both engines
FLOAT32_MAX = 3.4e38  # what either engine saves, the other must be able to read
Arrays = dict[str, np.ndarray]  # one matrix (n_out, n_in) for each name


class Record(NamedTuple):
    """What was measured at one training step."""

    step: int  # counted from 1
    loss: float  # nats per token, before the update
    learning_rate: float
    grad_norm: float  # Euclidean norm of the gradient
    tokens: int  # how many were predicted
    val_loss: float | None = None  # where a session measured it, after the update

    def has_diverged(self) -> bool:
        """Whether loss or gradient norm are nan or inf, or the loss out of bounds."""
        return not (self.loss <= BOUNDS["loss"][0] and math.isfinite(self.grad_norm))


class TrainState(NamedTuple):
    """The state of a training run, in plain arrays: what a checkpoint keeps."""

    step: int  # steps taken so far
    params: Arrays
    mu: Arrays  # Adam's running mean of the gradient
    nu: Arrays  # Adam's running mean of its square

    def tensors(self) -> Arrays:
        """Return every matrix in one dict: its name, after params, mu or nu."""
        return {
            f"{part}.{name}": matrix
            for part in ("params", "mu", "nu")
            for name, matrix in getattr(self, part).items()
        }

    def fault(self) -> str:
        """Return what makes its weights unfit to go on from, or "" if nothing does."""
        if not self.is_finite():
            return "hold nan or inf, or numbers too large for float32"
        most = BOUNDS["weight"][0]
        if any(max(m.max(), -m.min()) > most for m in self.params.values()):
            return f"are larger than {most:,} in size"
        return ""

    def is_finite(self) -> bool:
        """Whether every number is finite, also in float32: neither nan nor inf."""
        return all(
            bool(np.all(np.abs(matrix) <= FLOAT32_MAX))
            for matrix in self.tensors().values()
        )


class Engine(Protocol):
    """A GPT with its optimizer: it can be trained, measured, sampled and saved."""

    @property
    def config(self) -> GPTConfig:
        """The sizes of the model."""

    @property
    def step(self) -> int:
        """Steps taken so far."""

    @property
    def chunk_size(self) -> int:
        """The number of steps that it takes best in one call."""

    @property
    def n_devices(self) -> int:
        """The number of devices that it computes on."""

    def train_steps(
        self, batches: np.ndarray, learning_rates: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Take a step for each batch; return each one's loss and gradient norm.

        batches: (n_steps, batch_size, T + 1) tokens; a negative one is padding.
        """

    def share(self, batch_size: int) -> np.ndarray | None:
        """Return which rows of each batch this process takes; None for all."""

    def total(self, counts: np.ndarray) -> np.ndarray:
        """Return the sum of what all processes counted."""

    def loss(self, batch: np.ndarray) -> float:
        """Return the mean loss per token of a batch (batch_size, T + 1)."""

    def generate(
        self,
        prompt: Sequence[int],
        temperature: float,
        count: int,
        seed: int,
        length: int | None = None,
    ) -> Iterator[Iterator[list[int]]]:
        """Yield ``count`` continuations of a prompt, from one random stream.

        Each comes in pieces of a few tokens, at most ``length`` of them in all. Take
        all pieces of one before those of the next.
        """

    def state(self) -> TrainState:
        """Return the state of the run."""


class DivergedError(ArithmeticError):
    """The loss, its gradient or the weights have grown beyond their bounds.

    ``record`` says where; ``fault`` what the weights are after it, if it is they.
    """

    def __init__(
        self, record: Record, before: Record | None = None, fault: str = ""
    ) -> None:
        past = ""
        if before:
            past = f" (before: loss {before.loss:.4g}, norm {before.grad_norm:.4g})"
        if fault:
            grown = f"weights {fault}, after the update"
        elif record.loss <= BOUNDS["loss"][0]:
            grown = f"gradient became {record.grad_norm:.4g}"
        else:
            grown = f"loss became {record.loss:.4g}"
        super().__init__(
            f"the {grown} at step {record.step}: learning rate "
            f"{record.learning_rate:.4g}, gradient norm {record.grad_norm:.4g}{past}; "
            "try a learning rate ten times smaller, or the warmup schedule"
        )
        self.record = record


def train(
    engine: Engine,
    rows: np.ndarray | Rows,
    learning_rate: Schedule,
    stop: int,
    batch_size: int = 1,
    every: int | None = None,
) -> Iterator[Record]:
    """Train until step ``stop``, and yield the record of every step.

    An engine takes steps in chunks, so it may be ahead of the record you hold; at
    multiples of ``every``, and at the end, it is exactly there.

    Raises DivergedError when the loss or the gradient is nan or inf, or the loss out
    of bounds.
    """
    before = None
    while engine.step < stop:
        chunk = next_chunk(engine, stop, every)
        share = engine.share(batch_size)
        batches = take(rows, chunk, batch_size, share)  # (n_steps, batch_size, T + 1)
        tokens = engine.total(count_targets(batches).sum(axis=-1))  # (n_steps,)
        rates = [learning_rate(step) for step in chunk]
        results = engine.train_steps(batches, rates)
        for record in records_of(chunk, tokens, rates, results):
            if record.has_diverged():
                raise DivergedError(record, before)
            yield record
            before = record


def next_chunk(engine: Engine, stop: int, every: int | None) -> range:
    """Return the steps of the next chunk: no more than fit before a stop."""
    first = engine.step
    pause = (first // every + 1) * every if every else stop
    return range(first, min(first + engine.chunk_size, pause, stop))


def records_of(
    chunk: Sequence[int],
    tokens: np.ndarray,
    rates: Sequence[float],
    results: Sequence[tuple[float, float]],
) -> Iterator[Record]:
    """Yield the record of each step of a chunk."""
    steps = zip(chunk, tokens.tolist(), rates, results, strict=True)
    for step, n, rate, (loss, norm) in steps:
        yield Record(step + 1, loss, rate, norm, n)


def mean_loss(engine: Engine, rows: np.ndarray | Rows, batch_size: int = 32) -> float:
    """Return the mean loss per token over all rows, without training on them."""
    check_whole("batch_size", batch_size, 1, BOUNDS["batch"][0])
    if not len(rows):
        raise ValueError("there are no documents to measure the loss on")
    total, tokens = 0.0, 0
    for first in range(0, len(rows), batch_size):
        batch = rows[first : first + batch_size]
        count = int(count_targets(batch).sum())
        total, tokens = total + engine.loss(batch) * count, tokens + count
    return total / tokens
