"""A training with its progress on the terminal, and what to do after it."""

from __future__ import annotations

import re
import shlex
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from course_lib.app.console import FAILED, STOPPED, counted, print_text
from course_lib.app.requests import CommandError, reported_errors
from course_lib.app.train_report import best_line, report_lines, validation_line

if TYPE_CHECKING:
    from course_lib.training.checkpoints import Checkpoint
    from course_lib.training.loop import Record
    from course_lib.training.run import Run, Session
    from course_lib.training.settings import Settings

__all__ = ["Progress", "new_length_line", "train_with_progress"]

LINE_INTERVAL = 30.0  # seconds between lines of progress, at most


def train_with_progress(session: Session, last: int) -> None:
    """Train up to step ``last``, with progress on the terminal and a summary."""
    from course_lib.app.interrupts import noted_interrupts
    from course_lib.training.loop import DivergedError

    run = session.run
    progress = Progress(run, last)

    def asked_to_stop() -> bool:
        return interrupts.wanted or progress.stdout_closed

    try:
        with reported_errors(), progress, noted_interrupts() as interrupts:
            for record in session.records(last, asked_to_stop):
                progress.update(record)
    except DivergedError as error:
        kept = f"; the checkpoint of step {session.saved_step} is kept"
        raise CommandError(
            f"{error}{kept if session.folder else ''}", FAILED
        ) from error
    if progress.stdout_closed:
        raise BrokenPipeError
    step, steps = run.engine.step, run.settings.steps
    if session.stopped and step < last:
        where = f"stopped at step {step:,} of {steps:,}"
        raise CommandError(f"{where}; {resume_hint(session)}", STOPPED)
    print_text(progress.summary())
    if len(run.val_rows):
        print_text(validation_line(run))
    if session.validation and (best := session.validation.best):
        print_text(best_line(session, best))
    for line in report_lines(session, progress.first_loss, mean(progress.recent)):
        print_text(line)
    if session.stopped_early and session.patience:
        times = counted(session.patience, "measurement")
        print_text(
            f"Stopped early at step {step:,} of {steps:,}: no lower validation loss at "
            f"{times} in a row; {resume_hint(session)}"
        )
    elif step < steps:
        print_text(f"Step {step:,} of {steps:,}; {resume_hint(session)}")


def new_length_line(saved: Checkpoint, settings: Settings) -> str:
    """Return a line that says how a resumed run of another length goes on."""
    steps, step = settings.steps, saved.step
    rate, before = (of.learning_rates()(step) for of in (settings, saved.settings))
    line = f"{steps:,} steps now, not {saved.settings.steps:,}"
    if rate == before:
        return f"{line}: the learning rate stays at {rate:.3g}"
    return (
        f"{line}: from step {step:,} on, the learning rate is that of a "
        f"{settings.schedule} run of {steps:,}, {rate:.3g} here instead of {before:.3g}"
    )


def resume_hint(session: Session) -> str:
    """Return the command that resumes this run, to its end if it stopped early."""
    if session.folder is None:
        return "nothing was saved; with --checkpoint DIR you could go on from here"
    command = ["course", "train", "--checkpoint", str(session.folder), "--resume"]
    if session.log:
        command += ["--log", str(session.log.path)]
    if session.val_every:
        command += ["--val-every", str(session.val_every)]
    if session.patience and not session.stopped_early:
        command += ["--patience", str(session.patience)]
    return f"go on with: {shlex.join(command)}"


class Progress:
    """Training progress: lines on stdout; on a terminal, a bar on stderr as well."""

    def __init__(self, run: Run, last: int) -> None:
        from tqdm import tqdm

        self.steps, self.last = run.settings.steps, last
        self.recent: deque[float] = deque(maxlen=100)
        self.first_loss: float | None = None
        self.val_loss: float | None = None
        self.tokens, self.started, self.last_line = 0, 0.0, 0.0
        self.stdout_closed = False
        self.bar = tqdm(
            total=last,
            initial=run.engine.step,
            disable=None,  # unless stderr is a terminal
            dynamic_ncols=True,
            bar_format="{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} steps, "
            "{remaining} left{postfix}",
        )

    def update(self, record: Record) -> None:
        """Count one step, and print it at the steps 1, 2, 5, 10 … and at intervals.

        A step whose validation loss was measured is always printed.
        """
        now = monotonic()
        self.recent.append(record.loss)
        if record.step == 1:
            self.first_loss = record.loss
        if record.val_loss is not None:
            self.val_loss = record.val_loss
        if not self.started:  # the first step compiles and is not counted
            self.started = self.last_line = now
        else:
            self.tokens += record.tokens
        if not self.bar.disable:
            speed = self.tokens / max(now - self.started, 1e-9)
            losses = losses_in_words(mean(self.recent), self.val_loss)
            self.bar.set_postfix_str(f"{losses}, {speed:,.0f} tokens/s", refresh=False)
            self.bar.update()
        a_while_ago = self.bar.disable and now - self.last_line > LINE_INTERVAL
        now_and_then = one_two_five(record.step) or record.step == self.last
        if now_and_then or record.val_loss is not None or a_while_ago:
            self.print_line(record)

    def print_line(self, record: Record) -> None:
        """Print one step."""
        self.last_line = monotonic()
        width = len(f"{self.steps:,}")
        losses = losses_in_words(record.loss, record.val_loss)
        line = f"step {record.step:{width},} of {self.steps:,}: {losses}"
        try:
            with self.bar.external_write_mode():
                print_text(line)
        except BrokenPipeError:
            self.stdout_closed = True

    def summary(self) -> str:
        """Return a line with the mean loss of the last steps."""
        count = len(self.recent)
        last = "last step" if count == 1 else f"last {count} steps"
        return f"mean loss of the {last}: {mean(self.recent):.4f}"

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.close()


def one_two_five(step: int) -> bool:
    """Whether a step is 1, 2, 5, 10, 20, 50, 100 and so on."""
    return re.fullmatch("[125]0*", str(step)) is not None


def losses_in_words(loss: float, val_loss: float | None) -> str:
    """Return the training loss and, if there is one, the validation loss."""
    validation = "" if val_loss is None else f", validation {val_loss:.4f}"
    return f"loss {loss:.4f}{validation}"


def mean(numbers: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return sum(numbers) / len(numbers)
