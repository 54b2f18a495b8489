"""The scalar engine: one number, and one training step, at a time."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.config import GPTConfig
from course_lib.scalar import (
    AdamState,
    Value,
    adam_init,
    adam_update,
    generate,
    init_gpt,
    loss_fn,
    parameters,
)
from course_lib.scalar.garbage import gc_disabled
from course_lib.training.batches import unpad
from course_lib.training.loop import B1, B2, Arrays, TrainState

__all__ = ["ScalarEngine", "batch_loss"]

Params = dict[str, list[list[Value]]]


class ScalarEngine:
    """A micro-GPT of Values with its Adam optimizer."""

    chunk_size = n_devices = 1

    def __init__(
        self, params: Params, config: GPTConfig, opt_state: AdamState | None = None
    ) -> None:
        self.params, self.config = params, config
        self.weights = parameters(params)
        self.opt_state = opt_state or adam_init(self.weights)

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return self.opt_state.step

    def train_steps(
        self, batches: np.ndarray, learning_rates: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Take a step for each batch; return each one's loss and gradient norm."""
        steps = zip(batches, learning_rates, strict=True)
        return [self.train_step(batch, lr) for batch, lr in steps]

    def share(self, batch_size: int) -> np.ndarray | None:
        """Return which rows of each batch this process takes; None for all."""
        return None

    def total(self, counts: np.ndarray) -> np.ndarray:
        """Return the sum of what all processes counted."""
        return counts

    def train_step(
        self, batch: np.ndarray, learning_rate: float
    ) -> tuple[float, float]:
        """Take one training step: forward, backward, update."""
        with gc_disabled():  # a graph has no cycles; it would search in vain
            loss = batch_loss(self.params, batch, self.config)
            loss.backward()
            norm = math.hypot(*[weight.grad for weight in self.weights])
            self.opt_state = adam_update(
                self.weights, self.opt_state, learning_rate, B1, B2
            )
            return loss.data, norm

    def loss(self, batch: np.ndarray) -> float:
        """Return the mean loss per token of a batch (batch_size, T + 1)."""
        with gc_disabled():
            return batch_loss(self.params, batch, self.config).data

    def generate(
        self,
        prompt: Sequence[int],
        temperature: float,
        count: int,
        seed: int,
        length: int | None = None,
    ) -> Iterator[Iterator[list[int]]]:
        """Yield ``count`` continuations of a prompt, from one random stream."""
        rng = random.Random(seed)
        for _ in range(count):
            tokens = generate(
                rng, self.params, self.config, prompt, temperature, length
            )
            yield iter([tokens[len(prompt) :]])

    @classmethod
    def start(
        cls, rng: random.Random, config: GPTConfig, number: type[Any] = Value
    ) -> ScalarEngine:
        """Initialize the weights with rng; ``number`` is their class."""
        return cls(init_gpt(rng, config, number), config)

    @classmethod
    def restore(cls, state: TrainState, config: GPTConfig) -> ScalarEngine:
        """Restore the state of a run, whichever engine ran it."""
        params = {
            name: [[Value(w) for w in row] for row in state.params[name].tolist()]
            for name in config.shapes()
        }
        mu, nu = (_flatten(moment, config) for moment in (state.mu, state.nu))
        return cls(params, config, AdamState(state.step, mu, nu))

    def state(self) -> TrainState:
        """Return the state of the run, in float64."""
        return TrainState(
            self.step,
            _unflatten([weight.data for weight in self.weights], self.config),
            _unflatten(self.opt_state.mu, self.config),
            _unflatten(self.opt_state.nu, self.config),
        )


def batch_loss(params: Params, batch: np.ndarray, config: GPTConfig) -> Value:
    """Return the mean cross-entropy, in nats, over all tokens of a batch.

    batch: (batch_size, T + 1) tokens; a negative one is padding. Each document counts
    by the number of its tokens.
    """
    documents = [unpad(row) for row in batch]
    total = sum(len(document) - 1 for document in documents)
    losses = [
        loss_fn(params, document, config) * ((len(document) - 1) / total)
        for document in documents
    ]
    return sum(losses[1:], losses[0])


def _flatten(matrices: Arrays, config: GPTConfig) -> list[float]:
    return [x for name in config.shapes() for x in matrices[name].ravel().tolist()]


def _unflatten(numbers: Sequence[float], config: GPTConfig) -> Arrays:
    shapes, matrices, first = config.shapes(), {}, 0
    for name, (n_out, n_in) in shapes.items():
        last = first + n_out * n_in
        matrices[name] = np.array(numbers[first:last]).reshape(n_out, n_in)
        first = last
    return matrices
