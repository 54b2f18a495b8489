"""The commands ``course progress`` and ``course reset``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from course_lib.app.console import FilePath, Text, counted, print_text, reason, refuse


def with_journal(command: Callable[..., int]) -> Callable[..., int]:
    """Report in one line that the journal cannot be read or written (decorator)."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> int:
        from course_lib.exercises import journal

        try:
            return command(*arguments, **options)
        except OSError as error:
            place = journal.journal_path()
            return refuse(f"cannot use {place}: {reason(error)}", error)

    return run


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
@click.argument("file", type=FilePath())
def export(file: Path) -> int:
    """Write all checked answers to FILE.

    A file that holds answers which you have not got here is left as it is.
    """
    from course_lib.exercises import journal

    try:
        count = journal.export_to(file)
    except OSError as error:
        return refuse(f"cannot write {file}: {reason(error)}", error)
    except ValueError as error:
        return refuse(str(error))
    print_text(f"{counted(count, 'checked answer')} written to {file}.")
    return 0


@progress.command("import")
@click.argument("file", type=FilePath())
@with_journal
def import_(file: Path) -> int:
    """Add the checked answers of FILE, each of them once.

    The answers are code, and notebooks run those that pass their checks: import only
    files of your own.
    """
    from course_lib.bounds import read_regular
    from course_lib.exercises import journal

    try:
        data = read_regular(file, journal.MAX_BYTES)
    except OSError as error:
        return refuse(f"cannot read {file}: {reason(error)}", error)
    except ValueError as error:
        return refuse(str(error))
    try:
        imported = journal.import_bytes(data, file.name)
    except ValueError as error:
        return refuse(str(error))
    for line in imported.damaged:
        print_text(line)
    print_text(f"{counted(imported.added, 'checked answer')} added from {file}.")
    if imported.correct:
        print_text(imported.what_runs())
    return 0


@progress.command()
@with_journal
def repair() -> int:
    """Drop the damaged lines of your journal; it is kept as it was, beside."""
    from course_lib.exercises import journal

    damaged, copy = journal.repair(datetime.now().astimezone())
    for line in damaged:
        print_text(line)
    if copy is None:
        print_text("Nothing to repair: no line of your journal is damaged.")
    else:
        print_text(f"Your journal is whole again. As it was, it is kept in {copy}")
    return 0


@progress.command("reset")
@with_journal
def reset_progress() -> int:
    """Start everything over; your checked answers are kept in a file beside."""
    from course_lib.exercises import journal

    count, copy = journal.reset(datetime.now().astimezone())
    if copy is None:
        print_text("Nothing to reset: no answer has been checked yet.")
    else:
        print_text(
            f"Your progress starts anew. {counted(count, 'checked answer')} kept in "
            f"{copy}\n`course progress import` takes them back from there; "
            "`course reset all` makes every notebook fresh."
        )
    return 0


@click.command()
@click.argument("notebook", type=Text())
def reset(notebook: str) -> int:
    """Give a fresh copy of NOTEBOOK; yours is kept beside it.

    NOTEBOOK is a path, a name such as 04_autograd, or "all" for every notebook. Your
    checked answers stay.
    """
    from course_lib.app import reset

    try:
        pages = reset.find_all() if notebook == "all" else [reset.find(notebook)]
        for page in pages:
            copy = reset.reset(page, datetime.now().astimezone())
            print_text(f"{page.path} is fresh.")
            if copy is not None:
                print_text(f"Yours is kept as {copy}.")
    except ValueError as error:
        return refuse(str(error))
    except OSError as error:
        file = error.filename or notebook
        return refuse(f"cannot reset {file}: {reason(error)}", error)
    return 0


@with_journal
def show_table() -> int:
    """Print the progress in every exercise, and where the journal is."""
    from course_lib.exercises import journal
    from course_lib.exercises.core import all_exercises
    from course_lib.exercises.progress import Card, progress_by_chapter

    entries, damaged = journal.entries()
    print_text(Card(progress_by_chapter(all_exercises(), entries), damaged))
    if damaged:
        print_text("`course progress repair` drops damaged lines, and keeps a copy.")
    print_text(f"\nKept in {journal.journal_path()}")
    return 0
