"""A small laboratory: teach a tiny GPT some sentences, and ask it about others."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course_lib.array import GPTConfig, generate, gpt
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training.array_engine import ArrayEngine
from course_lib.training.batches import pack
from course_lib.training.loop import mean_loss, train
from course_lib.training.schedules import linear

__all__ = ["Experiment", "log_probs"]

BATCH = 16
ASKED = 256  # rows in one go: one program, and little memory


@dataclass(frozen=True)
class Experiment:
    """Models of one size that read and write with one tokenizer.

    Sentences longer than block_size are cut. Every method says by ``seed`` what
    chance decides; the same seed gives the same result.
    """

    tokenizer: CharTokenizer
    config: GPTConfig

    def rows(self, sentences: Sequence[str]) -> np.ndarray:
        """Return one row of tokens for each sentence: (n, block_size + 1)."""
        return pack(sentences, self.tokenizer, self.config.block_size)

    def teach(
        self,
        sentences: Sequence[str],
        steps: int,
        seed: int = 0,
        start: ArrayEngine | None = None,
        learning_rate: float = 0.01,
    ) -> ArrayEngine:
        """Return a model trained on sentences, from new weights or those of start."""
        return self.follow(sentences, steps, {}, steps, seed, start, learning_rate)[0]

    def follow(
        self,
        sentences: Sequence[str],
        steps: int,
        watched: Mapping[str, Sequence[str]],
        every: int,
        seed: int = 0,
        start: ArrayEngine | None = None,
        learning_rate: float = 0.01,
    ) -> tuple[ArrayEngine, np.ndarray]:
        """Teach, and every so many steps measure the loss on each watched list.

        ``start`` itself stays as it is. Returns the model and the table
        (measurements, 1 + watched): the step, then one loss for each list, in nats
        per token.
        """
        kept = [self.rows(texts) for texts in watched.values()]
        pauses = [*range(0, steps, every or 1), steps] if watched else [steps]
        table = []
        for model in self.stages(sentences, pauses, seed, start, learning_rate):
            table.append([model.step, *(mean_loss(model, rows) for rows in kept)])
        return model, np.array(table)

    def stages(
        self,
        sentences: Sequence[str],
        pauses: Sequence[int],
        seed: int = 0,
        start: ArrayEngine | None = None,
        learning_rate: float = 0.01,
    ) -> Iterator[ArrayEngine]:
        """Teach up to the last of the pauses, and yield the model as it is at each.

        pauses: steps in ascending order. A model yielded stays as it is.
        """
        rng = random.Random(seed)
        engine = ArrayEngine.start(rng, self.config)
        if start is not None:
            engine = ArrayEngine(start.params, self.config)
        batches = self._shuffled(sentences, pauses[-1] * BATCH, rng)
        rate = linear(learning_rate, pauses[-1])
        for pause in pauses:
            list(train(engine, batches, rate, pause, BATCH))
            model = ArrayEngine(engine.params, self.config)
            model.step = engine.step
            yield model

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
        rows = self.rows([*sentences, *[""] * (-len(sentences) % ASKED)])
        scores = np.concatenate(
            [
                log_probs(model.params, rows[i : i + ASKED], self.config)
                for i in range(0, len(rows), ASKED)
            ],
            dtype=float,
        )[: len(sentences)]
        lengths = np.repeat([len(prompt) for prompt in prompts], len(endings))
        asked = np.arange(self.config.block_size) >= lengths[:, None]
        chances = np.exp((scores * asked).sum(axis=1))
        return np.asarray(chances.reshape(len(prompts), len(endings)))

    def invent(
        self,
        model: ArrayEngine,
        count: int,
        prompt: str = "",
        temperature: float = 1.0,
        seed: int = 0,
    ) -> list[str]:
        """Return texts that the model writes, each from the same beginning."""
        rng = np.random.default_rng(seed)
        tokens = [self.tokenizer.bos, *self.tokenizer.encode(prompt)]
        asked = model.params, self.config, tokens, temperature
        return [self.tokenizer.decode(generate(rng, *asked)) for _ in range(count)]

    def _shuffled(
        self, sentences: Sequence[str], count: int, rng: random.Random
    ) -> np.ndarray:
        """Return so many rows: all sentences, shuffled, then all of them again."""
        order: list[int] = []
        while len(order) < count:
            order += rng.sample(range(len(sentences)), len(sentences))
        return self.rows(sentences)[order[:count]]


@partial(jax.jit, static_argnames="config")
def log_probs(params: dict[str, Array], rows: Array, config: GPTConfig) -> Array:
    """Return the log-probability of each token after the first, 0 where padding is.

    rows: (n, T + 1) tokens; returns (n, T), in nats.
    """
    targets = rows[:, 1:]  # (n, T)
    logits = gpt(params, jnp.maximum(rows[:, :-1], 0), config)  # (n, T, vocab_size)
    chosen = jnp.maximum(targets, 0)[..., None]
    scores = jnp.take_along_axis(jax.nn.log_softmax(logits), chosen, -1)[..., 0]
    return jnp.where(targets >= 0, scores, 0.0)
