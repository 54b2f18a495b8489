"""A training run as a whole: text in, records and a model out, saved on the way."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from time import monotonic

import numpy as np

from course_lib.bounds import BOUNDS, check_number, check_whole, escaped, refuse_spoiled
from course_lib.config import GPTConfig
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training.batches import Rows, evenly, split, windows
from course_lib.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    has_best,
    load_best,
    save_best,
    save_checkpoint,
)
from course_lib.training.documents import Documents, shuffled
from course_lib.training.folder_lock import folder_lock
from course_lib.training.logs import LossLog
from course_lib.training.loop import (
    DivergedError,
    Engine,
    Record,
    TrainState,
    mean_loss,
    train,
)
from course_lib.training.settings import Settings
from course_lib.training.validation import Best, Validation

__all__ = ["Run", "Session", "memory_needed"]


class Run:
    """A micro-GPT, its training data, and how far the training has come.

    One ``random.Random(seed)`` shuffles the documents, then draws the weights. The
    documents for validation come from the end of the shuffled list. Where documents are
    read in windows, it is the windows that are parted, and those to train on are
    shuffled once more: of a single text, its end is for validation.

    Raises ValueError, in one line, if the documents do not go together with the
    settings or with the checkpoint.
    """

    def __init__(
        self,
        documents: Sequence[str],
        settings: Settings | None = None,
        checkpoint: Checkpoint | None = None,
        new_engine: Callable[[GPTConfig], Engine] | None = None,
    ) -> None:
        """Begin a run; from a checkpoint, resume it.

        settings: of a resumed run they may change the engine and the steps. Its
        learning rate then goes on as the schedule of so many steps says.
        new_engine: makes the engine of a new run, in place of the run's own weights.
        """
        saved = checkpoint.settings if checkpoint else Settings()
        self.settings = settings = settings or saved
        documents = Documents.of(documents)
        self.tokenizer = CharTokenizer([documents.chars])
        refuse_spoiled(documents.chars, "the text", marks=True)
        self.data_sha256 = documents.sha256()
        if checkpoint:
            settings.refuse_another_run(saved)
            if settings.steps < checkpoint.step:
                raise ValueError(
                    f"steps must be {checkpoint.step} or more, as the checkpoint has "
                    f"taken so many: {settings.steps}"
                )
            if not checkpoint.state.mu:
                raise ValueError("this checkpoint is for sampling: no Adam to go on")
            if checkpoint.data_sha256 != self.data_sha256:
                raise ValueError("the data are not what the checkpoint learned from")
        rng = random.Random(settings.seed)
        self.config = settings.config(self.tokenizer.vocab_size)
        self.rows, self.val_rows = _rows(rng, documents, self.tokenizer, settings)
        state = checkpoint.state if checkpoint else None
        if new_engine and state is None:
            self.engine = new_engine(self.config)
        else:
            self.engine = _engine(settings, self.config, rng, state)

    def records(
        self, stop_after: int | None = None, every: int | None = None
    ) -> Iterator[Record]:
        """Train to the end, or to a step before it, and yield every record."""
        for name, steps in (("stop_after", stop_after), ("every", every)):
            if steps is not None:
                check_whole(name, steps, 1, BOUNDS["steps"][0])
        return train(
            self.engine,
            self.rows,
            self.settings.learning_rates(),
            min(stop_after or self.settings.steps, self.settings.steps),
            self.settings.batch_size,
            every,
        )

    def val_loss(self, at_most: int | None = None) -> float:
        """Return the validation loss: the mean per token on documents kept aside.

        at_most: measure it on so many rows, evenly spread, the same ones each time.
        """
        if at_most is not None:
            check_whole("at_most", at_most, 1, BOUNDS["batch"][0] * 1000)
        n_rows = len(self.val_rows)
        chosen = evenly(n_rows, n_rows if at_most is None else at_most)
        return mean_loss(self.engine, self.val_rows[chosen])

    def checkpoint(self, data: str = "") -> Checkpoint:
        """Return a checkpoint of the run; ``data`` says where the text came from."""
        return Checkpoint(
            self.engine.state(),
            self.settings,
            "".join(self.tokenizer.chars),
            escaped(data),
            self.data_sha256,
        )


class Session:
    """A run with a folder for its checkpoints (or None) and a loss log (or None).

    source: where the text came from, kept in the checkpoints.
    save_every: seconds between them; at most so much work is lost.
    locked: the caller holds the folder's lock; otherwise it is held while training.
    val_every: steps between two measurements of the validation loss, by default a
    tenth of the run; patience: stop early after so many without a lower loss. The
    weights of the lowest are kept in the folder.
    on_message: gets one line if those found in the folder are damaged.

    Raises ValueError for val_every or patience of a run without validation rows.

    Of several processes only one ``writes``; on stopping and saving they ``agree``.
    """

    def __init__(
        self,
        run: Run,
        folder: str | os.PathLike[str] | None = None,
        log: LossLog | None = None,
        source: str = "",
        save_every: float = 10.0,
        locked: bool = False,
        val_every: int | None = None,
        patience: int | None = None,
        on_message: Callable[[str], object] = print,
    ) -> None:
        check_number("save_every", save_every, 0, sys.float_info.max)
        self.run, self.folder, self.log = run, folder, log
        self.source, self.save_every, self.locked = source, save_every, locked
        self.validation = Validation.of(
            run.settings, len(run.val_rows), val_every, patience
        )
        self.val_every, self.patience = val_every, patience
        self.on_message = on_message
        self.writes, self.stopped = True, False
        self.agree: Callable[..., Sequence[bool]] = lambda *wishes: wishes
        self.saved_step = run.engine.step or None  # None: nothing is saved yet
        self.saved_at = monotonic()

    def records(
        self,
        stop_after: int | None = None,
        asked_to_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Record]:
        """Train, log and save; end early, but saved, when ``asked_to_stop`` says so.

        A record has its val_loss where it was measured. Raises DivergedError,
        CheckpointError or LogError; the last checkpoint stays.
        """
        alone = self.folder is None or self.locked or not self.writes
        with nullcontext() if alone else folder_lock(self.folder or ""):
            yield from self._records(stop_after, asked_to_stop)

    def _records(
        self, stop_after: int | None, asked_to_stop: Callable[[], bool]
    ) -> Iterator[Record]:
        self._look_for_best()
        if self.saved_step is None:
            self.save()  # if it cannot be done, better to know before the work
        record, steps = None, self.run.settings.steps
        every = self.validation.every if self.validation else None
        with self.log or nullcontext():
            for record in self.run.records(stop_after, every):
                if self.log:
                    self.log.write(record)
                if self.validation and self.validation.is_due(record.step, steps):
                    record = self._validated(record, self.validation)
                yield record
                if record.step < self.run.engine.step:
                    continue  # the weights are already those of a later step
                if self.log:
                    self.log.flush()
                due = monotonic() - self.saved_at >= self.save_every
                self.stopped, save = self.agree(asked_to_stop(), due)
                if self.stopped or self.stopped_early:
                    break
                if save:
                    self._refuse_spoiled(record)
                    self.save()
            if record:
                self._refuse_spoiled(record)
            if self.saved_step != self.run.engine.step:
                self.save()

    def _refuse_spoiled(self, record: Record) -> None:
        """Raise DivergedError if the update after a record has spoiled the weights."""
        if fault := self.run.engine.state().fault():
            raise DivergedError(record, fault=fault)

    @property
    def stopped_early(self) -> bool:
        """Whether it has used up its patience before the end of the run."""
        step, steps = self.run.engine.step, self.run.settings.steps
        return bool(self.validation and self.validation.has_stalled(step)) and (
            step < steps
        )

    def _look_for_best(self) -> None:
        """Take up the lowest validation loss that the folder knows of this run.

        Raises CheckpointError if it is that of another run.
        """
        if self.folder is None or self.validation is None or not has_best(self.folder):
            return
        try:
            best = load_best(self.folder)
        except CheckpointError as damage:
            self.on_message(f"{damage}; the next one takes its place")
            return
        try:
            self.run.settings.refuse_another_run(best.settings)
            if best.data_sha256 != self.run.data_sha256:
                raise ValueError("it learned from other data; move it elsewhere")
            if best.val_loss is None or best.val_rows is None:
                raise ValueError("it has no val_loss; move it elsewhere")
        except ValueError as error:
            raise CheckpointError(
                f"the best checkpoint in {self.folder} is of another run: {error}"
            ) from error
        self.validation.best = Best(best.step, best.val_loss)
        self.validation.n_rows = best.val_rows

    def _validated(self, record: Record, validation: Validation) -> Record:
        """Return the record with its validation loss; keep the weights of the best."""
        loss = self.run.val_loss(validation.n_rows)
        if validation.improves(record.step, loss) and self.folder is not None:
            best = self.run.checkpoint(self.source).weights_only()
            best = replace(best, val_loss=loss, val_rows=validation.n_rows)
            if self.writes:
                save_best(self.folder, best)
        return record._replace(val_loss=loss)

    def save(self) -> None:
        """Save now; the log first, so that it is never behind the checkpoint."""
        if self.log:
            self.log.flush(to_disk=True)
        if self.folder is not None:
            checkpoint = self.run.checkpoint(self.source)
            if self.writes:
                save_checkpoint(self.folder, checkpoint)
            self.saved_step = self.run.engine.step
        self.saved_at = monotonic()


def _rows(
    rng: random.Random,
    documents: Documents,
    tokenizer: CharTokenizer,
    settings: Settings,
) -> tuple[Rows, Rows]:
    """Return the rows to train on, in their order, and those for validation."""
    order, block_size = shuffled(rng, len(documents)), settings.block_size
    if not settings.in_windows:
        parts = split(order, settings.val_fraction)
        train_rows, val_rows = (
            Rows(documents, part, tokenizer, block_size) for part in parts
        )
        return train_rows, val_rows
    order, window = windows(documents, order, block_size)
    train, val = split(np.arange(len(order)), settings.val_fraction, "window")
    if len(order) > len(documents):  # else each window is a whole document, in order
        train = train[shuffled(rng, len(train))]
    train_rows, val_rows = (
        Rows(documents, order[part], tokenizer, block_size, window[part])
        for part in (train, val)
    )
    return train_rows, val_rows


def _engine(
    settings: Settings, config: GPTConfig, rng: random.Random, state: TrainState | None
) -> Engine:
    """Return the engine that the settings ask for, new or restored from a state."""
    if settings.engine == "scalar":
        from course_lib.training.scalar_engine import ScalarEngine

        if state is None:
            return ScalarEngine.start(rng, config)
        return ScalarEngine.restore(state, config)
    from course_lib.training.array_engine import ArrayEngine  # loads JAX

    how = settings.precision or "float32", settings.fsdp
    if state is None:
        return ArrayEngine.start(rng, config, *how)
    return ArrayEngine.restore(state, config, *how)


def memory_needed(settings: Settings, n_documents: int, vocab_size: int) -> int:
    """Return a lower bound of the memory that a run needs, in bytes at its peak."""
    config = settings.config(vocab_size)
    width, tokens = config.n_embd, settings.batch_size * config.block_size
    rows = 8 * n_documents  # where each one is, and their order
    if settings.engine == "scalar":  # objects of Python, and lists that point to them
        inputs = config.n_layer * (12 * width**2 + width * config.block_size)
        return rows + 250 * config.n_params + 32 * tokens * inputs
    activations = config.n_layer * (12 * width + config.n_head * config.block_size)
    return rows + 28 * config.n_params + 4 * tokens * (activations + 2 * vocab_size)
