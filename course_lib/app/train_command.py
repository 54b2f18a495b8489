"""The command ``course train``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import floor
from threading import Timer
from typing import TYPE_CHECKING, Any

import click

from course_lib.app.console import counted, print_note, print_text
from course_lib.app.requests import (
    CommandError,
    given_options,
    option,
    reported_errors,
)
from course_lib.app.train_progress import train_with_progress

if TYPE_CHECKING:  # loaded by the command when it needs them: --help answers at once
    from course_lib.training.checkpoints import Checkpoint
    from course_lib.training.documents import Documents
    from course_lib.training.settings import Settings

__all__ = ["train"]


@click.command()
@option("--data", str, "FILE", "One document per line; names, things or an address too")
@option("--sha256", str, "HEX", "Fingerprint that the data file must have")
@option("--engine", str, "NAME", "jax or scalar  [jax]")
@option("--steps", int, "N", "Steps of the whole run  [1000]")
@option("--seed", int, "S", "Decides the order of documents and the weights  [42]")
@option("--n-layer", int, "N", "Layers of the model  [1]")
@option("--n-head", int, "N", "Attention heads of each layer  [4]")
@option("--n-embd", int, "N", "Width: numbers per token  [16]")
@option("--block-size", int, "N", "Tokens the model can read  [16]")
@option("--batch-size", int, "N", "Documents per step  [1]")
@option("--learning-rate", float, "X", "The highest learning rate  [0.01]")
@option("--schedule", str, "NAME", "linear, cosine, constant or warmup  [linear]")
@option("--val-fraction", float, "X", "Share of documents kept for validation  [0]")
@option("--precision", str, "NAME", "float32 or bfloat16, for jax  [float32]")
@option("--stop-after", int, "N", "Stop early, after step N, on the same schedule")
@option("--checkpoint", str, "DIR", "Save in this folder, at times and at the end")
@option("--save-every", float, "SECONDS", "Time between checkpoints  [10]")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint")
@option("--log", str, "FILE", "Write step,loss rows to this CSV file")
def train(
    data: str | None,
    sha256: str | None,
    checkpoint: str | None,
    resume: bool,
    log: str | None,
    save_every: float | None,
    stop_after: int | None,
    **chosen: Any,
) -> None:
    """Train a micro-GPT on text, one document per line.

    With --resume, what you do not give again is taken from the checkpoint.
    """
    from course_lib.training.logs import LossLog
    from course_lib.training.run import Run, Session

    with reported_errors():
        saved = checkpoint_to_resume(checkpoint, resume)
        settings = merged_settings(given_options(chosen), saved)
        if stop_after is not None and stop_after < 1:
            raise ValueError(f"--stop-after must be 1 or more: {stop_after}")
        last = min(stop_after or settings.steps, settings.steps)
        save_every = 10.0 if save_every is None else save_every
        if not 0 <= save_every < float("inf"):
            raise ValueError(f"--save-every must be 0 seconds or more: {save_every}")
        source = data or (saved.data if saved else "") or "names"
        with said_if_slow("loading the text …"):
            documents = load_documents(source, sha256)
        check_memory(settings, documents)
        losses = LossLog(log, saved.step if saved else 0, checkpoint) if log else None
        run = Run(documents, settings, saved)
        if checkpoint is not None and not resume:
            lock_folder(checkpoint)
            checkpoint_to_resume(checkpoint, resume)  # another run may just have ended
    if run.engine.step >= last:
        print_text(f"Nothing to do: the checkpoint is at step {run.engine.step:,}.")
        return
    session = Session(run, checkpoint, losses, source, save_every, locked=True)
    say_what_is_cut(documents, settings.block_size)
    print_text(
        f"{counted(run.config.n_params, 'parameter')}, "
        f"{counted(run.config.vocab_size, 'token')}, "
        f"{counted(len(documents), 'document')}, {settings.engine} engine"
    )
    train_with_progress(session, last)


def checkpoint_to_resume(folder: str | None, resume: bool) -> Checkpoint | None:
    """Return the checkpoint to resume from, or None for a new run."""
    from course_lib.training.checkpoints import has_checkpoint, load_checkpoint

    if resume:
        if folder is None:
            raise CommandError(
                "--resume needs --checkpoint DIR, the folder to go on from"
            )
        if has_checkpoint(folder):
            lock_folder(folder)
        return load_checkpoint(folder, on_message=print_note)
    if folder is not None and has_checkpoint(folder):
        raise CommandError(
            f"{folder} holds a checkpoint already: add --resume to go on from it, "
            "or give another folder"
        )
    return None


def lock_folder(folder: str) -> None:
    """Hold the lock of a checkpoint folder until the command ends."""
    from course_lib.training.folder_lock import folder_lock

    click.get_current_context().with_resource(folder_lock(folder))


def merged_settings(chosen: dict[str, Any], saved: Checkpoint | None) -> Settings:
    """Return the chosen settings; the rest from the checkpoint, or the defaults."""
    from course_lib.training.settings import Settings

    if saved is None:
        return Settings(**chosen)
    if chosen.get("engine", saved.settings.engine) != saved.settings.engine:
        chosen = {"precision": None, **chosen}  # the default differs by engine
    return replace(saved.settings, **chosen)


def load_documents(source: str, sha256: str | None) -> Documents:
    """Return the documents of a file, a URL or a data set of the course."""
    from course_lib.data import load_text
    from course_lib.data.files import LINE_SETS
    from course_lib.data.sets import SETS
    from course_lib.training.documents import Documents

    if "://" in source and sha256 is None:
        raise CommandError(
            f"--data {source} needs --sha256 as well, the 64 hexadecimal digits that "
            "`sha256sum FILE` prints, so that what arrives is what was meant"
        )
    if source in SETS and source not in LINE_SETS:
        raise CommandError(
            f"--data {source} is a table, not a list of lines: give "
            f"{' or '.join(LINE_SETS)}, or a text file (./{source} for one so called)"
        )
    return Documents.of_lines(load_text(source, sha256))


@contextmanager
def said_if_slow(line: str, seconds: float = 1.0) -> Iterator[None]:
    """Print a line on stderr if what follows takes longer than so many seconds."""
    timer = Timer(seconds, print_note, [line])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def say_what_is_cut(documents: Documents, block_size: int) -> None:
    """Print a line on stderr if a part of the text is not read."""
    share = documents.share_within(block_size)
    if share < 1:
        print_note(
            f"{floor(1000 * share) / 10:g} % of the text is read, the first "
            f"{block_size} characters of each line: a larger --block-size reads more"
        )


def check_memory(settings: Settings, documents: Documents) -> None:
    """Raise ValueError for a run that needs more memory than is available."""
    from course_lib.app.doctor import available_memory
    from course_lib.training.run import memory_needed

    needed = memory_needed(settings, len(documents), len(documents.chars) + 1)
    free = available_memory()
    if free is not None and needed > free:
        raise ValueError(
            f"this run needs {needed / 1e9:,.1f} GB of memory or more, and "
            f"{free / 1e9:,.1f} GB are free: use smaller sizes or a smaller batch"
        )
