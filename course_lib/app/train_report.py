"""What is said of a training at its end: its losses, and a verdict in a word."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from course_lib.app.console import counted

if TYPE_CHECKING:
    from course_lib.training.run import Run, Session
    from course_lib.training.validation import Best

__all__ = ["best_line", "report_lines", "validation_line"]

MAX_VALIDATED = 200  # documents of a validation loss with the scalar engine
COUNTING = {
    "random": "no better than counting characters",
    "learning": "better than counting characters, not than counting pairs of them",
    "good": "better than counting pairs of characters",
    "overfitting": "its validation loss has been lower before",
}


def validation_line(run: Run) -> str:
    """Return a line with the validation loss."""
    rows = len(run.val_rows)
    if run.settings.engine == "scalar":
        rows = min(rows, MAX_VALIDATED)
    loss = run.val_loss(rows)
    unseen = counted(rows, "window" if run.settings.in_windows else "document")
    return f"validation loss: {loss:.4f} (on {unseen} it has not seen)"


def best_line(session: Session, best: Best) -> str:
    """Return a line with the lowest validation loss, and how to use its weights."""
    line = f"lowest validation loss on the way: {best.loss:.4f} at step {best.step:,}"
    if session.folder is None:
        return f"{line}; with --checkpoint DIR its weights would be kept"
    command = ["course", "sample", "--checkpoint", str(session.folder), "--best"]
    return f"{line}; sample from it with: {shlex.join(command)}"


def report_lines(session: Session, first_loss: float | None, loss: float) -> list[str]:
    """Return the report in words: the verdict, and the figures that it was judged by.

    first_loss: the training loss of step 1, if this is the run that took it; loss: that
    of the last steps. Without validation, it is judged by the training loss alone.
    """
    from course_lib.training.batches import evenly
    from course_lib.training.report import counting_losses, verdict
    from course_lib.training.validation import N_ROWS

    run, validation = session.run, session.validation
    vocab_size, figures = run.config.vocab_size, []
    n_rows = validation.n_rows if validation else N_ROWS[run.settings.engine]
    kept = run.val_rows if validation else run.rows
    measured = kept[evenly(len(kept), n_rows)]
    characters, pairs = counting_losses(run.rows, measured, vocab_size)
    if first_loss is not None:
        nothing = f"knowing nothing scores ln {vocab_size} = {math.log(vocab_size):.4f}"
        figures.append(f"loss {first_loss:.4f} at step 1, where {nothing}")
    figures.append(f"training loss {loss:.4f} at the end")
    if validation:
        val_loss = run.val_loss(n_rows)
        lowest = min(val_loss, validation.best.loss if validation.best else val_loss)
        word = verdict(val_loss, lowest, characters, pairs)
        why = COUNTING[word]
        rows = counted(len(measured), "row")
        figures.append(
            f"validation loss {val_loss:.4f} on {rows}, at best {lowest:.4f}"
        )
    else:
        word = verdict(loss, loss, characters, pairs)
        word = "learning" if word == "good" else word
        why = "by its training loss; with --val-fraction 0.1 more could be said"
    figures.append(f"counting characters {characters:.4f}, pairs of them {pairs:.4f}")
    return [f"in a word: {word} ({why})", f"judged by: {'; '.join(figures)}"]
