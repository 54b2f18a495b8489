"""A run that is kept: checkpoints by the clock, and every loss in a log."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from time import monotonic

from course_lib.training.checkpoints import save_checkpoint
from course_lib.training.logs import LossLog
from course_lib.training.loop import Record
from course_lib.training.run import Run

__all__ = ["Session"]


class Session:
    """A run, the folder of its checkpoints (or None) and its log (or None).

    source: where the text came from, kept in the checkpoints.
    save_every: seconds between them; at most so much work is lost.
    """

    def __init__(
        self,
        run: Run,
        folder: str | os.PathLike[str] | None = None,
        log: LossLog | None = None,
        source: str = "",
        save_every: float = 10.0,
    ) -> None:
        self.run, self.folder, self.log = run, folder, log
        self.source, self.save_every = source, save_every
        self.saved_step = run.engine.step or None  # None: nothing is saved yet
        self.saved_at = monotonic()

    def records(
        self,
        stop_after: int | None = None,
        asked_to_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Record]:
        """Train and keep; end early, but saved, when ``asked_to_stop`` says so.

        Raises DivergedError, CheckpointError or LogError; the last checkpoint stays.
        """
        if self.saved_step is None:
            self.save()  # if it cannot be done, better to know before the work
        with self.log or nullcontext():
            for record in self.run.records(stop_after):
                if self.log:
                    self.log.write(record)
                yield record
                if record.step < self.run.engine.step:
                    continue  # the weights are already those of a later step
                if self.log:
                    self.log.flush()
                if asked_to_stop():
                    break
                if monotonic() - self.saved_at >= self.save_every:
                    self.save()
            if self.saved_step != self.run.engine.step:
                self.save()

    def save(self) -> None:
        """Save now; the log first, so that it is never behind the checkpoint."""
        if self.log:
            self.log.flush(to_disk=True)
        if self.folder is not None:
            save_checkpoint(self.folder, self.run.checkpoint(self.source))
            self.saved_step = self.run.engine.step
        self.saved_at = monotonic()
