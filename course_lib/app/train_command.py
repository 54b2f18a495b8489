"""The command ``course train``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from course_lib.app.console import counted, print_note, print_text
from course_lib.app.requests import (
    CommandError,
    given_options,
    option,
    reported_errors,
)
from course_lib.app.train_progress import new_length_line, train_with_progress
from course_lib.app.train_text import (
    check_memory,
    in_words,
    read_text,
    sizes_to_fit,
    what_is_not_read,
)

if TYPE_CHECKING:  # loaded by the command when it needs them: --help answers at once
    from course_lib.training.checkpoints import Checkpoint
    from course_lib.training.processes import Team
    from course_lib.training.settings import Settings

__all__ = ["train"]


@click.command()
@option("--data", str, "FILE", "Your text; names, things, play, an address  [names]")
@option("--split", str, "HOW", "Parted by lines, blank lines or not: none  [detected]")
@option("--field", str, "NAME", "The text in JSON lines or CSV  [the only text]")
@option("--sha256", str, "HEX", "Fingerprint that the data file must have")
@option("--engine", str, "NAME", "jax or scalar  [jax]")
@option("--steps", int, "N", "Steps of the whole run, also of a resumed one  [1000]")
@option("--seed", int, "S", "Decides the order of documents and the weights  [42]")
@option("--n-layer", int, "N", "Layers of the model  [1]")
@option("--n-head", int, "N", "Attention heads of each layer  [4]")
@option("--n-embd", int, "N", "Width: numbers per token  [16]")
@option("--block-size", int, "N", "Tokens it can read; more for longer texts  [16]")
@option("--batch-size", int, "N", "Documents per step; more for longer texts  [1]")
@option("--learning-rate", float, "X", "The highest learning rate  [0.01]")
@option("--schedule", str, "NAME", "linear, cosine, constant or warmup  [linear]")
@option("--val-fraction", float, "X", "Share of documents kept for validation  [0]")
@option("--val-every", int, "N", "Steps between validations  [a tenth of --steps]")
@option("--patience", int, "N", "Stop after N validations without a lower loss")
@option("--precision", str, "NAME", "float32 or bfloat16, for jax  [float32]")
@option("--fsdp", int, "N", "Cut the weights into parts on N devices, for jax  [1]")
@option("--coordinator", str, "HOST:PORT", "Where process 0 is, of several")
@option("--num-processes", int, "N", "How many processes train together")
@option("--process-id", int, "I", "Which one this is, from 0")
@click.option("--cluster", is_flag=True, help="Take these three from the cluster")
@click.option("--worker", is_flag=True, hidden=True)
@option("--stop-after", int, "N", "Stop early, after step N, on the same schedule")
@option("--checkpoint", str, "DIR", "Save in this folder, at times and at the end")
@option("--save-every", float, "SECONDS", "Time between checkpoints  [10]")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint")
@option("--log", str, "FILE", "Write step,loss rows to this CSV file")
@click.pass_context
def train(
    context: click.Context,
    coordinator: str | None,
    num_processes: int | None,
    process_id: int | None,
    cluster: bool,
    worker: bool,
    **options: Any,
) -> int | None:
    """Train a micro-GPT on a text: a list, prose, a play, code, a chat, records.

    A list has a document on each line. Any other text is read whole, in windows of
    --block-size characters, whatever its lines. What it is taken for is said, and
    --split tells better.

    With --resume, what you do not give again is taken from the checkpoint. Other
    --steps make the run longer or shorter: from the step reached, the learning rate is
    that of a run of so many, so after a finished linear run it rises again. Give --log,
    --val-every and --patience again.

    With --val-fraction, the validation loss is measured on the way, and the checkpoint
    of the lowest is kept beside the newest: course sample --best.

    Several processes, on as many machines, can train together: give each the same
    options, and its own --process-id. Process 0 writes the log and the checkpoints,
    into a folder that all can read.

    With --cluster these three come from the environment, as JAX reads it: under Slurm
    (srun) and Open MPI 4 (mpirun), under other MPI with the package mpi4py, on slices
    of Google's TPUs, and under Kubernetes with the package kubernetes. Under Slurm and
    MPI each process sees one GPU of its machine, that of its number there
    (SLURM_LOCALID): start as many on a machine as it has GPUs.
    """
    from course_lib.app.train_processes import team_of, watch_worker, work

    with reported_errors():
        team = team_of(coordinator, num_processes, process_id, cluster)
    if team is None:
        train_here(None, **options)
        return None
    if worker:
        work(partial(train_here, team, **options))
    return watch_worker([*context.obj, "--worker"], team)


def train_here(
    team: Team | None,
    data: str | None,
    sha256: str | None,
    checkpoint: str | None,
    resume: bool,
    log: str | None,
    save_every: float | None,
    stop_after: int | None,
    val_every: int | None,
    patience: int | None,
    **chosen: Any,
) -> None:
    """Train in this process, as one of a team if there is one."""
    from course_lib.app.train_processes import announce
    from course_lib.training.logs import LossLog
    from course_lib.training.processes import agree, check_alike, join
    from course_lib.training.run import Run, Session

    with reported_errors():
        saved = checkpoint_to_resume(checkpoint, resume)
        options = given_options(chosen)
        settings = merged_settings(options, saved)  # refuses what cannot be, at once
        if stop_after is not None and stop_after < 1:
            raise ValueError(f"--stop-after must be 1 or more: {stop_after}")
        save_every = 10.0 if save_every is None else save_every
        if not 0 <= save_every < float("inf"):
            raise ValueError(f"--save-every must be 0 seconds or more: {save_every}")
        source = data or (saved.data if saved else "") or "names"
        if saved:
            settings.refuse_another_run(saved.settings)
            field = settings.field or None
            options |= {"split": None if field else settings.split, "field": field}
        text = read_text(source, sha256, options.get("split"), options.get("field"))
        settings = replace(settings, split=text.split, field=text.field)
        sizes = {} if saved else sizes_to_fit(text, settings, options)
        settings = replace(settings, **sizes)
        last = min(stop_after or settings.steps, settings.steps)
        check_memory(settings, text.documents)
        step = saved.step if saved else 0
        if team:
            if settings.engine == "scalar":
                name = "coordinator" if team.coordinator else "cluster"
                raise ValueError(f"{name} is for the jax engine: leave it out")
            team = join(team, print_note)
            announce(team)
            check_alike(settings, text.documents.sha256(), step, last)
        writes = team is None or team.process_id == 0
        losses = LossLog(log, step, checkpoint) if log and writes else None
        run = Run(text.documents, settings, saved)
        session = Session(
            run,
            checkpoint,
            losses,
            source,
            save_every,
            locked=True,
            val_every=val_every,
            patience=patience,
            on_message=print_note,
        )
        if checkpoint is not None and writes:
            lock_folder(checkpoint)
            now = checkpoint_to_resume(checkpoint, resume, str)
            if now and now.step != step:
                raise CommandError(
                    f"another run has just trained on in {checkpoint}: start again"
                )
    if run.engine.step >= last:
        print_text(f"Nothing to do: the checkpoint is at step {run.engine.step:,}.")
        return
    if team:
        session.writes, session.agree = writes, agree
    for note in (*text.notes, *what_is_not_read(text.documents, run)):
        print_note(note)
    n_devices = run.engine.n_devices
    on_devices = f" on {n_devices} devices" if n_devices > 1 else ""
    print_text(
        f"{counted(run.config.n_params, 'parameter')}, "
        f"{counted(run.config.vocab_size, 'token')}, "
        f"{in_words(text, run)}, {settings.engine} engine{on_devices}"
    )
    if saved and settings.steps != saved.settings.steps:
        print_text(new_length_line(saved, settings))
    train_with_progress(session, last)


def checkpoint_to_resume(
    folder: str | None, resume: bool, on_message: Callable[[str], object] = print_note
) -> Checkpoint | None:
    """Return the checkpoint to resume from, or None for a new run."""
    from course_lib.training.checkpoints import (
        has_best,
        has_checkpoint,
        load_checkpoint,
    )

    if resume:
        if folder is None:
            raise CommandError(
                "--resume needs --checkpoint DIR, the folder to go on from"
            )
        return load_checkpoint(folder, on_message)
    if folder is not None and (has_checkpoint(folder) or has_best(folder)):
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
        chosen = {"precision": None, "fsdp": 1, **chosen}  # both are for jax alone
    return replace(saved.settings, **chosen)
