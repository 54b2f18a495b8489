"""The commands ``course class`` and ``course progress share``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from course_lib.app.console import print_note, print_text, reason, refuse
from course_lib.app.progress_commands import FilePath, progress, with_journal
from course_lib.app.requests import option

__all__ = ["class_"]


@progress.command()
@click.argument("folder", type=FilePath())
@click.option("--name", required=True, metavar="NICK", help="Your nickname.")
@with_journal
def share(folder: Path, name: str) -> int:
    """Write into FOLDER how far you are, for a class.

    One file, with your nickname, and for each exercise that you checked: how often, on
    which day the last time, the outcome, and the name of the mistake. None of your code
    is in it, and nothing is sent anywhere. It replaces your own earlier file in FOLDER.
    """
    from course_lib.app.class_folder import share_into, share_key
    from course_lib.exercises import journal, shared
    from course_lib.exercises.core import all_exercises

    entries, _ = journal.entries()
    found = shared.standings(entries, all_exercises())
    now = datetime.now().astimezone()
    try:
        nickname = shared.check_nickname(name)
        mine = shared.share(nickname, share_key(), found, now)
    except ValueError as error:
        return refuse(str(error))
    try:
        path = share_into(folder, mine)
    except ValueError as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(f"cannot write into {folder}: {reason(error)}", error)
    count = "1 exercise" if len(found) == 1 else f"{len(found)} exercises"
    print_text(f"{path}: your nickname, and how you stand with {count}. No code.")
    return 0


@click.command("class")
@click.argument("folder", type=FilePath())
@option("--html", FilePath(), "FILE", "Write it as one page as well.")
@option("--roster", FilePath(), "FILE", "Nicknames you expect, one a line.")
def class_(folder: Path, html: Path | None, roster: Path | None) -> int:
    """Show where a class stands, from the files that learners shared in FOLDER.

    A table of the exercises, who is stuck where and on which mistake, and three
    sentences to say to the class. Learners write their files with `course progress
    share`; nothing else is read, and nothing is sent anywhere.
    """
    from course_lib.app.class_folder import read_class, read_roster
    from course_lib.app.class_page import write_page
    from course_lib.exercises.class_view import class_view
    from course_lib.exercises.core import all_exercises

    exercises, now = all_exercises(), datetime.now().astimezone()
    try:
        files = read_class(folder, exercises, now)
        expected = [] if roster is None else read_roster(roster)
    except ValueError as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(f"cannot read {error.filename or folder}: {reason(error)}", error)
    for line in files.left_out:
        print_note(line)
    if not files.shared:
        return refuse(
            f"{folder} holds nothing that a learner shared: they write it with "
            "`course progress share`"
        )
    view = class_view(files.shared, exercises, now.date(), expected)
    print_text(view)
    if html is None:
        return 0
    try:
        write_page(html, view, files.left_out)
    except ValueError as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(f"cannot write {html}: {reason(error)}", error)
    print_text(f"\nWritten to {html}.")
    return 0
