"""The command ``course``: doctor, train, sample, progress, reset.

Every error is reported in one line on stderr. Exit codes, of every command:

0    done
1    the training or the machine failed: a loss that is no number, a full disk, a bad
     sector, too little memory, a package that is missing
2    what was asked for cannot be: an option or a file that does not fit, a name too
     long, a folder that is read-only
130  stopped by Ctrl-C
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import floor
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from course_lib import __version__
from course_lib.app.console import (
    FAILED,
    REFUSED,
    STOPPED,
    Text,
    counted,
    exit_code,
    print_note,
    print_text,
)
from course_lib.app.packages import import_problem
from course_lib.app.progress_commands import progress, reset
from course_lib.bounds import escaped

if TYPE_CHECKING:  # loaded by the commands that need them: --help answers at once
    from course_lib.training.checkpoints import Checkpoint
    from course_lib.training.documents import Documents
    from course_lib.training.loop import Record
    from course_lib.training.run import Run, Session
    from course_lib.training.settings import Settings

__all__ = ["main"]

LINE_INTERVAL = 30.0  # seconds between lines of progress, at most
MAX_VALIDATED = 200  # documents of a validation loss with the scalar engine


class CommandError(Exception):
    """An error that ends the command with one line and an exit code."""

    def __init__(self, line: str, code: int = REFUSED) -> None:
        super().__init__(line)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Raises KeyboardInterrupt, with the line to say: who called may have to stop as well.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # escape what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        code = course(arguments, prog_name="course", standalone_mode=False)
        sys.stdout.flush()
    except CommandError as error:
        if error.code == STOPPED:
            raise KeyboardInterrupt(escaped(str(error))) from None
        return fail(str(error), error.code)
    except click.ClickException as error:
        return fail(f"{error.format_message()} (see course --help)", REFUSED)
    except click.Abort:  # click's word for Ctrl-C
        raise KeyboardInterrupt("stopped") from None
    except BrokenPipeError:  # stdout was closed: course sample | head -1
        redirect_stdout_to_devnull()
        return FAILED
    except MemoryError:
        return fail("out of memory: use smaller sizes or less data", FAILED)
    except OSError as error:
        return fail(str(error), exit_code(error, FAILED))
    except Exception as error:
        if os.environ.get("COURSE_TRACEBACK"):
            raise
        ours = f"a mistake of ours: {type(error).__name__}: {error}"
        return fail(
            import_problem(error) or f"{ours} (COURSE_TRACEBACK=1 shows where)", FAILED
        )
    return code if isinstance(code, int) else 0


def fail(line: str, code: int) -> int:
    """Print one line about an error on stderr; return the exit code."""
    try:
        print_note(line)
    except OSError:  # stderr is closed
        redirect_stdout_to_devnull()
    return code


def redirect_stdout_to_devnull() -> None:
    """Point stdout to os.devnull, so that the flush at exit raises nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
@click.version_option(__version__, message="course %(version)s")
@click.pass_context
def course(context: click.Context) -> None:
    """Train a small GPT, let it speak, and keep your progress through the course."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


course.add_command(progress)
course.add_command(reset)


@course.command()
def doctor() -> int:
    """Say what works here, what does not, and how to mend it."""
    from course_lib.app.doctor import BROKEN, examine, summary

    checks = []
    for check in examine():
        checks.append(check)
        print_text(check)
    print_text(summary(checks))
    return FAILED if any(check.status == BROKEN for check in checks) else 0


def option(name: str, kind: Any, metavar: str, text: str) -> Callable[..., Any]:
    """Return an option of click whose default is None: not given; never empty."""
    kind = Text() if kind is str else kind
    return click.option(name, type=kind, default=None, metavar=metavar, help=text)


@course.command()
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


@course.command()
@click.option(
    "--checkpoint", type=Text(), required=True, metavar="DIR", help="Where it was saved"
)
@click.option("--prompt", default="", metavar="TEXT", help="How each sample begins")
@option("--temperature", float, "T", "0: the likeliest; 1: as learned  [0.5]")
@option("--count", int, "N", "How many  [20]")
@option("--seed", int, "S", "Another seed, other samples  [42]")
def sample(checkpoint: str, prompt: str, **chosen: Any) -> None:
    """Let a trained model speak, one sample per line."""
    from course_lib.training.checkpoints import load_checkpoint
    from course_lib.training.sampling import samples

    with reported_errors():
        saved = load_checkpoint(checkpoint, on_message=print_note)
        for text in samples(saved, prompt, **given_options(chosen)):
            print_text(text)


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}


@contextmanager
def reported_errors() -> Iterator[None]:
    """Raise the errors of an invalid request as CommandError, with exit code 2."""
    from course_lib.data import DataError
    from course_lib.training.checkpoints import CheckpointError
    from course_lib.training.logs import LogError

    try:
        yield
    except (CheckpointError, DataError, LogError, ValueError) as error:
        raise CommandError(option_names(str(error)), exit_code(error)) from error


def option_names(line: str) -> str:
    """Replace the names of settings in a message by options: n_layer by --n-layer."""
    from course_lib.training.settings import Settings

    names = [*Settings.__dataclass_fields__, "temperature", "count"]
    plain = "|".join(names)  # elsewhere than at the start it may be an English word
    snake = "|".join(name for name in names if "_" in name)
    pattern = rf"^({plain})\b|\b({snake})\b"
    return re.sub(pattern, lambda name: f"--{name[0].replace('_', '-')}", line)


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
