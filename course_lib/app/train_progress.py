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

if TYPE_CHECKING:
    from course_lib.training.checkpoints import Checkpoint
    from course_lib.training.loop import Record
    from course_lib.training.run import Run, Session
    from course_lib.training.settings import Settings

__all__ = ["Progress", "new_length_line", "train_with_progress"]

LINE_INTERVAL = 30.0  # seconds between lines of progress, at most
MAX_VALIDATED = 200  # documents of a validation loss with the scalar engine


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
    if interrupts.wanted and step < last:
        where = f"stopped at step {step:,} of {steps:,}"
        raise CommandError(f"{where}; {resume_hint(session)}", STOPPED)
    print_text(progress.summary())
    if len(run.val_rows):
        print_text(validation_line(run))
    if step < steps:
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
    """Return the command that resumes this run."""
    if session.folder is None:
        return "nothing was saved; with --checkpoint DIR you could go on from here"
    command = ["course", "train", "--checkpoint", str(session.folder), "--resume"]
    if session.log:
        command += ["--log", str(session.log.path)]
    return f"go on with: {shlex.join(command)}"


def validation_line(run: Run) -> str:
    """Return a line with the validation loss."""
    rows = len(run.val_rows)
    if run.settings.engine == "scalar":
        rows = min(rows, MAX_VALIDATED)
    loss = run.val_loss(rows)
    unseen = counted(rows, "document")
    return f"validation loss: {loss:.4f} (on {unseen} it has not seen)"


class Progress:
    """Training progress: lines on stdout; on a terminal, a bar on stderr as well."""

    def __init__(self, run: Run, last: int) -> None:
        from tqdm import tqdm

        self.steps, self.last = run.settings.steps, last
        self.recent: deque[float] = deque(maxlen=100)
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
        """Count one step, and print it at the steps 1, 2, 5, 10 … and at intervals."""
        now = monotonic()
        self.recent.append(record.loss)
        if not self.started:  # the first step compiles and is not counted
            self.started = self.last_line = now
        else:
            self.tokens += record.tokens
        if not self.bar.disable:
            speed = self.tokens / max(now - self.started, 1e-9)
            self.bar.set_postfix_str(
                f"loss {mean(self.recent):.4f}, {speed:,.0f} tokens/s", refresh=False
            )
            self.bar.update()
        a_while_ago = self.bar.disable and now - self.last_line > LINE_INTERVAL
        if one_two_five(record.step) or record.step == self.last or a_while_ago:
            self.print_line(record)

    def print_line(self, record: Record) -> None:
        """Print one step."""
        self.last_line = monotonic()
        width = len(f"{self.steps:,}")
        line = f"step {record.step:{width},} of {self.steps:,}: loss {record.loss:.4f}"
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


def mean(numbers: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return sum(numbers) / len(numbers)
