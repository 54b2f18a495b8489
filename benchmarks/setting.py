"""What every contender starts from: the same names in the same order, the sizes."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from course_lib.config import GPTConfig
from course_lib.data import load_names
from course_lib.data.tokenizer import CharTokenizer
from course_lib.scalar import init_gpt
from course_lib.training import linear, pack

STEPS = 1000  # of the reference run
schedule = linear(0.01, STEPS)  # its learning rate, a function of the step


@dataclass(frozen=True)
class Reference:
    """The reference run: 1,000 names, and a generator ready to draw the weights."""

    rng: random.Random
    config: GPTConfig
    names: list[str]
    tokenizer: CharTokenizer

    def rows(self) -> np.ndarray:
        """Return the documents as the training loop reads them, (1000, T + 1)."""
        return pack(self.names, self.tokenizer, self.config.block_size)

    def documents(self) -> list[list[int]]:
        """Return the documents as lists of at most T + 1 tokens."""
        longest = self.config.block_size + 1
        return [self.tokenizer.document(name)[:longest] for name in self.names]


def reference() -> Reference:
    """Shuffle the course's names with seed 42; the weights are drawn next."""
    rng = random.Random(42)
    names = load_names()
    rng.shuffle(names)
    tokenizer = CharTokenizer(names)
    return Reference(rng, GPTConfig(tokenizer.vocab_size), names[:STEPS], tokenizer)


def plain_run() -> tuple:
    """Return what plain_engine.make_trainer takes, as plain numbers."""
    run = reference()
    params = init_gpt(run.rng, run.config)
    weights = {
        name: [[weight.data for weight in row] for row in matrix]
        for name, matrix in params.items()
    }
    rates = [schedule(step) for step in range(STEPS)]
    return weights, run.config, run.documents(), rates
