"""A training run as a whole: text in, records and a model out."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from course_lib.config import GPTConfig
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training.batches import pack, split
from course_lib.training.checkpoints import Checkpoint
from course_lib.training.loop import Record, mean_loss, train
from course_lib.training.settings import Settings
from course_lib.training.state import TrainState

if TYPE_CHECKING:
    from course_lib.training.array_engine import ArrayEngine
    from course_lib.training.scalar_engine import ScalarEngine

__all__ = ["Run", "fingerprint", "make_engine", "memory_needed"]


class Run:
    """A micro-GPT, the text it learns from, and how far it has come.

    One ``random.Random(seed)`` shuffles the documents, then draws the weights. The
    documents for validation come from the end of the shuffled list.

    Raises ValueError, in one line, if the documents do not go together with the
    settings or with the checkpoint.
    """

    def __init__(
        self,
        documents: Sequence[str],
        settings: Settings | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Begin a run; from a checkpoint, go on (settings may change the engine)."""
        saved = checkpoint.settings if checkpoint else Settings()
        self.settings = settings = settings or saved
        self.data_sha256 = fingerprint(documents)
        if checkpoint:
            settings.refuse_another_run(saved)
            if not checkpoint.state.mu:
                raise ValueError("this checkpoint is for sampling: no Adam to go on")
            if checkpoint.data_sha256 != self.data_sha256:
                raise ValueError("the data are not what the checkpoint learned from")
        rng = random.Random(settings.seed)
        shuffled = list(documents)
        rng.shuffle(shuffled)
        self.tokenizer = CharTokenizer(shuffled)
        self.config = settings.config(self.tokenizer.vocab_size)
        learned, kept = split(shuffled, settings.val_fraction)
        self.rows = pack(learned, self.tokenizer, settings.block_size)
        self.val_rows = pack(kept, self.tokenizer, settings.block_size)
        state = checkpoint.state if checkpoint else None
        self.engine = make_engine(settings, self.config, rng, state)

    def records(
        self, stop_after: int | None = None, every: int | None = None
    ) -> Iterator[Record]:
        """Train to the end, or to a step before it, and report every step."""
        return train(
            self.engine,
            self.rows,
            self.settings.learning_rates(),
            min(stop_after or self.settings.steps, self.settings.steps),
            self.settings.batch_size,
            every,
        )

    def val_loss(self, at_most: int | None = None) -> float:
        """Return the mean loss per token on the documents kept for validation."""
        return mean_loss(self.engine, self.val_rows[:at_most])

    def checkpoint(self, data: str = "") -> Checkpoint:
        """Return the run at rest; ``data`` says where the text came from."""
        return Checkpoint(
            self.engine.state(),
            self.settings,
            "".join(self.tokenizer.chars),
            data,
            self.data_sha256,
        )


def make_engine(
    settings: Settings,
    config: GPTConfig,
    rng: random.Random,
    state: TrainState | None = None,
) -> ArrayEngine | ScalarEngine:
    """Return the engine that the settings ask for, at its start or at a state."""
    if settings.engine == "scalar":
        from course_lib.training.scalar_engine import ScalarEngine

        if state is None:
            return ScalarEngine.start(rng, config)
        return ScalarEngine.restore(state, config)
    from course_lib.training.array_engine import ArrayEngine  # loads JAX

    precision = settings.precision or "float32"
    if state is None:
        return ArrayEngine.start(rng, config, precision)
    return ArrayEngine.restore(state, config, precision)


def fingerprint(documents: Sequence[str]) -> str:
    """Return the sha256 of the documents: it tells one text from another."""
    return hashlib.sha256("\n".join(documents).encode()).hexdigest()


def memory_needed(settings: Settings, n_documents: int, vocab_size: int) -> int:
    """Estimate, from below, the bytes that a run needs at its peak."""
    config = settings.config(vocab_size)
    width, tokens = config.n_embd, settings.batch_size * config.block_size
    rows = 4 * n_documents * (config.block_size + 1)
    if settings.engine == "scalar":  # objects of Python, and lists that point to them
        inputs = config.n_layer * (12 * width**2 + width * config.block_size)
        return rows + 250 * config.n_params + 32 * tokens * inputs
    kept = config.n_layer * (12 * width + config.n_head * config.block_size)
    return rows + 28 * config.n_params + 4 * tokens * (kept + 2 * vocab_size)
