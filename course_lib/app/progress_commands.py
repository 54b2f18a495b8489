"""The commands ``course progress`` and ``course reset``."""

from __future__ import annotations

from pathlib import Path

import click

from course_lib.app.console import refuse


@click.group(invoke_without_command=True)
@click.pass_context
def progress(context: click.Context) -> int | None:
    """Show what you have solved; carry it to another machine."""
    return show_table() if context.invoked_subcommand is None else None


@progress.command()
def show() -> int:
    """Show a table of all exercises."""
    return show_table()


@progress.command()
@click.argument("file", type=click.Path(path_type=Path))
def export(file: Path) -> int:
    """Write all checked answers to FILE."""
    from course_lib.exercises import journal

    if file.is_dir():
        return refuse(f"{file} is a folder: give the name of a file")
    try:
        count = journal.export_to(file)
    except OSError as error:
        return refuse(f"cannot write {file}: {error.strerror or error}")
    click.echo(f"{answers(count)} written to {file}.")
    return 0


@progress.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> int:
    """Add the checked answers of FILE, each of them once.

    The answers are code, and notebooks may run those that pass their checks: import
    only files of your own.
    """
    from course_lib.exercises import journal

    try:
        count, damaged = journal.import_from(file)
    except OSError as error:
        return refuse(f"cannot read {file}: {error.strerror or error}")
    except ValueError as error:
        return refuse(str(error))
    for line in damaged:
        click.echo(line)
    click.echo(f"{answers(count)} added from {file}.")
    return 0


@click.command()
@click.argument("notebook")
def reset(notebook: str) -> int:
    """Give a fresh copy of NOTEBOOK; yours is kept beside it.

    NOTEBOOK is a path, or a name such as 04_autograd. Your checked answers stay.
    """
    from datetime import datetime

    from course_lib.app import reset

    try:
        path = reset.find(notebook)
        copy = reset.reset(path, datetime.now().astimezone())
    except ValueError as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(f"cannot reset {notebook}: {error.strerror or error}")
    click.echo(f"{path} is fresh.")
    if copy is not None:
        click.echo(f"Yours is kept as {copy}.")
    return 0


def show_table() -> int:
    """Print the progress in every exercise, and where the journal is."""
    from course_lib.exercises import journal
    from course_lib.exercises.core import all_exercises
    from course_lib.exercises.progress import Card, progress_by_chapter

    path = journal.journal_path()
    try:
        entries, damaged = journal.entries()
    except OSError as error:
        return refuse(f"cannot read {path}: {error.strerror or error}")
    click.echo(Card(progress_by_chapter(all_exercises(), entries), damaged))
    click.echo(f"\nKept in {path}")
    return 0


def answers(count: int) -> str:
    """Return a count of answers in words."""
    return f"{count} checked answer{'' if count == 1 else 's'}"
