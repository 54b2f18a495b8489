"""Experiments with tiny GPTs: train one on some sentences, test it on others."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from course_lib.array import GPTConfig, token_losses
from course_lib.bounds import BOUNDS, check_whole
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training.array_engine import ArrayEngine
from course_lib.training.batches import pack
from course_lib.training.loop import mean_loss, train
from course_lib.training.sampling import sample_texts
from course_lib.training.schedules import linear

__all__ = ["Experiment"]

BATCH_SIZE = 16
ANSWER_BATCH = 256  # sentences at a time: one compiled program, and little memory


@dataclass(frozen=True)
class Experiment:
    """Models of one size, with one tokenizer, trained on sentences.

    Sentences longer than block_size are truncated. What is random in a method is
    decided by its ``seed``.
    """

    tokenizer: CharTokenizer
    config: GPTConfig

    def rows(self, sentences: Sequence[str]) -> np.ndarray:
        """Pack each sentence into one row of tokens: (n, block_size + 1)."""
        return pack(sentences, self.tokenizer, self.config.block_size)

    def train(
        self,
        sentences: Sequence[str],
        steps: int,
        seed: int = 0,
        start: ArrayEngine | None = None,
        learning_rate: float = 0.01,
    ) -> ArrayEngine:
        """Return a model trained on sentences, from new weights or fine-tuned."""
        return self.learning_curve(
            sentences, steps, {}, steps, seed, start, learning_rate
        )[0]

    def learning_curve(
        self,
        sentences: Sequence[str],
        steps: int,
        watched: Mapping[str, Sequence[str]],
        every: int,
        seed: int = 0,
        start: ArrayEngine | None = None,
        learning_rate: float = 0.01,
    ) -> tuple[ArrayEngine, np.ndarray]:
        """Train, and every so many steps measure the loss on each watched list.

        ``start`` itself stays as it is. Returns the model and the table
        (measurements, 1 + watched): the step, then one loss for each list, in nats
        per token.
        """
        check_whole("steps", steps, 0, BOUNDS["experiment"][0])
        watched_rows = [self.rows(texts) for texts in watched.values()]
        if type(every) is not int or not 0 <= every <= 10**9:
            raise ValueError("every must be a whole number of 0 or more, not too large")
        linear(learning_rate, steps or 1)  # raises for what cannot be
        pauses = [*range(0, steps, every or 1), steps] if watched else [steps]
        table = []
        for model in self.snapshots(sentences, pauses, seed, start, learning_rate):
            table.append(
                [model.step, *(mean_loss(model, rows) for rows in watched_rows)]
            )
        return model, np.array(table)

    def snapshots(
        self,
        sentences: Sequence[str],
        pauses: Sequence[int],
        seed: int = 0,
        start: ArrayEngine | None = None,
        learning_rate: float = 0.01,
    ) -> Iterator[ArrayEngine]:
        """Train up to the last of the pauses, and yield a snapshot at each.

        pauses: steps in ascending order.
        """
        check_whole("steps", pauses[-1], 0, BOUNDS["experiment"][0])
        rate = linear(learning_rate, pauses[-1] or 1)  # raises for what cannot be
        rng = random.Random(seed)
        engine = ArrayEngine.start(rng, self.config)
        if start is not None:
            engine = ArrayEngine(start.params, self.config)
        batches = self._shuffled(sentences, pauses[-1] * BATCH_SIZE, rng)
        for pause in pauses:
            list(train(engine, batches, rate, pause, BATCH_SIZE))
            yield copy.copy(engine)  # its arrays never change

    def loss(self, model: ArrayEngine, sentences: Sequence[str]) -> float:
        """Return the mean loss, in nats per token."""
        return mean_loss(model, self.rows(sentences))

    def answers(
        self, model: ArrayEngine, prompts: Sequence[str], endings: Sequence[str]
    ) -> np.ndarray:
        """Return the probability of each ending after each prompt, to the full stop.

        The product of the probabilities of its characters, and of stopping after
        them: (prompts, endings). What is missing to 1 are all other endings.
        """
        sentences = [prompt + ending for prompt in prompts for ending in endings]
        rows = self.rows([*sentences, *[""] * (-len(sentences) % ANSWER_BATCH)])
        losses = np.concatenate(
            [
                _token_losses(model.params, rows[i : i + ANSWER_BATCH], self.config)
                for i in range(0, len(rows), ANSWER_BATCH)
            ],
            dtype=float,
        )[: len(sentences)]  # (sentences, block_size)
        lengths = np.repeat([len(prompt) for prompt in prompts], len(endings))
        of_ending = np.arange(self.config.block_size) >= lengths[:, None]
        probabilities = np.exp(-(losses * of_ending).sum(axis=1))
        return np.asarray(probabilities.reshape(len(prompts), len(endings)))

    def sample(
        self,
        model: ArrayEngine,
        count: int,
        prompt: str = "",
        temperature: float = 1.0,
        seed: int = 0,
    ) -> list[str]:
        """Return ``count`` texts that the model samples, each from the same prompt."""
        return [*sample_texts(model, self.tokenizer, prompt, temperature, count, seed)]

    def _shuffled(
        self, sentences: Sequence[str], count: int, rng: random.Random
    ) -> np.ndarray:
        """Return ``count`` rows: every epoch all sentences, shuffled anew."""
        rows = self.rows(sentences)
        if not len(rows):
            raise ValueError("there are no sentences to train on")
        order: list[int] = []
        while len(order) < count:
            order += rng.sample(range(len(sentences)), len(sentences))
        return rows[order[:count]]


_token_losses = jax.jit(token_losses, static_argnames="config")
