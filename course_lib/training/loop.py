"""The training loop: one for both engines, told step by step.

``train`` is a generator. It works only when it is asked for the next record, so a
progress bar, a pause button and a test all drive the same few lines.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from course_lib.config import GPTConfig
from course_lib.training.batches import count_targets, take
from course_lib.training.schedules import Schedule

__all__ = ["B1", "B2", "DivergedError", "Engine", "Record", "mean_loss", "train"]

B1, B2 = 0.85, 0.99  # Adam's two memories, the same in both engines


class Record(NamedTuple):
    """What happened at one step."""

    step: int  # counted from 1
    loss: float  # nats per token, before the update
    learning_rate: float
    grad_norm: float  # the length of the gradient
    tokens: int  # how many were predicted

    def is_finite(self) -> bool:
        """Whether loss and gradient are numbers: neither nan nor inf."""
        return math.isfinite(self.loss) and math.isfinite(self.grad_norm)


class Engine(Protocol):
    """A model that can learn, and how far it has come."""

    config: GPTConfig
    chunk: int  # steps it likes to take in one go

    @property
    def step(self) -> int:
        """Steps taken so far."""

    def learn(
        self, batches: np.ndarray, learning_rates: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Take a step for each batch; return each one's loss and gradient length.

        batches: (n_steps, batch_size, T + 1) tokens; a negative one is padding.
        """

    def loss(self, batch: np.ndarray) -> float:
        """Return the mean loss per token of a batch (batch_size, T + 1)."""


class DivergedError(ArithmeticError):
    """The loss or its gradient is no longer a number; ``record`` says where."""

    def __init__(self, record: Record, before: Record | None) -> None:
        past = ""
        if before:
            past = f" (before: loss {before.loss:.4g}, norm {before.grad_norm:.4g})"
        what = "gradient" if math.isfinite(record.loss) else "loss"
        super().__init__(
            f"the {what} became {record.loss if what == 'loss' else record.grad_norm} "
            f"at step {record.step}: learning rate "
            f"{record.learning_rate:.4g}, gradient norm {record.grad_norm:.4g}{past}; "
            "try a learning rate ten times smaller, or the warmup schedule"
        )
        self.record = record


def train(
    engine: Engine,
    rows: np.ndarray,
    learning_rate: Schedule,
    stop: int,
    batch_size: int = 1,
    every: int | None = None,
) -> Iterator[Record]:
    """Train until step ``stop``, and report every step.

    An engine may be ahead of the record you hold, since it takes several steps in one
    go; at multiples of ``every``, and at the end, it is exactly there.

    Raises DivergedError when the loss or the gradient is nan or inf.
    """
    before = None
    while engine.step < stop:
        steps = next_steps(engine, stop, every)
        batches = take(rows, steps, batch_size)  # (n, batch_size, block_size + 1)
        rates = [learning_rate(step) for step in steps]
        results = engine.learn(batches, rates)
        for record in records_of(steps, batches, rates, results):
            if not record.is_finite():
                raise DivergedError(record, before)
            yield record
            before = record


def next_steps(engine: Engine, stop: int, every: int | None) -> range:
    """Return the steps of the next go: as many as the engine likes, not past a stop."""
    first = engine.step
    pause = (first // every + 1) * every if every else stop
    return range(first, min(first + engine.chunk, pause, stop))


def records_of(
    steps: Sequence[int],
    batches: np.ndarray,
    rates: Sequence[float],
    results: Sequence[tuple[float, float]],
) -> Iterator[Record]:
    """Return what happened at each step of one go."""
    tokens = count_targets(batches).sum(axis=-1).tolist()  # (n,)
    for step, n, rate, (loss, norm) in zip(steps, tokens, rates, results, strict=True):
        yield Record(step + 1, loss, rate, norm, n)


def mean_loss(engine: Engine, rows: np.ndarray, batch_size: int = 32) -> float:
    """Return the mean loss per token over all rows, without learning from them."""
    total = 0.0
    for first in range(0, len(rows), batch_size):
        batch = rows[first : first + batch_size]
        total += engine.loss(batch) * count_targets(batch).sum()
    return float(total / count_targets(rows).sum())
