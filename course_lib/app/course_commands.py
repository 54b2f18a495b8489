"""The commands ``course start`` and ``course update``."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import click

from course_lib.app.console import (
    FAILED,
    FilePath,
    exit_code,
    print_note,
    print_text,
    reason,
    refuse,
)
from course_lib.app.pages import FIRST_PAGE

FOLDER = "neural-network-course"


@click.command()
@click.argument("folder", type=FilePath(), default=FOLDER)
@click.option("--no-browser", is_flag=True, help="Say the address; open no window.")
@click.option("--no-lab", is_flag=True, help="Only put the course there.")
def start(folder: Path, no_browser: bool, no_lab: bool) -> int:
    """Put the course into FOLDER, and open it in JupyterLab.

    FOLDER is a new folder (neural-network-course, unless you name another). One that
    has the course already is opened as it is.
    """
    from course_lib.app import course_folder

    try:
        is_there = course_folder.holds_course(folder)
        if not is_there:
            course_folder.lay_out(folder)
    except ValueError as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(f"cannot write {folder}: {reason(error)}", error)
    if is_there:
        print_text(f"{folder} has the course already; nothing in it was changed.")
        print_text("`course update` brings the newest pages and keeps your answers.")
    else:
        print_text(f"The course is in {folder}")
    return 0 if no_lab else open_lab(folder, ["--no-browser"] * no_browser)


def open_lab(folder: Path, arguments: list[str]) -> int:
    """Run JupyterLab on a folder of the course until it ends; return an exit code."""
    from course_lib.app import jupyterlab

    if find_spec("jupyterlab") is None:
        raise ModuleNotFoundError("No module named 'jupyterlab'", name="jupyterlab")
    scripts = str(Path(sys.executable).parent)  # a page's terminal finds `course` there
    variables = os.environ | {
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")])
    }
    page = FIRST_PAGE if (folder / FIRST_PAGE).is_file() else ""
    status = jupyterlab.open_lab(
        sys.executable, folder.resolve(), page, variables, arguments
    )
    return FAILED if status else 0


@click.command()
@click.argument("folder", type=FilePath(), required=False)
def update(folder: Path | None) -> int:
    """Bring the newest pages into FOLDER; your answers stay.

    FOLDER is the one that `course start` made: unless you name it, this folder, or
    neural-network-course in it. A page that changes is kept beside as it was.
    """
    from course_lib.app import course_folder

    folder = folder or found_folder()
    code = count = 0
    try:
        for done in course_folder.update(folder, datetime.now().astimezone()):
            if done.error is None:
                print_text(done.line)
                count += 1
            else:
                print_note(done.line)
                code = code or exit_code(done.error)
    except ValueError as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(f"cannot update {folder}: {reason(error)}", error)
    print_text(summary(folder, count))
    return code


def found_folder() -> Path:
    """Return the course's folder: this one, the one around it, or the usual one."""
    from course_lib.app.course_folder import holds_course

    around = [Path("..")] if Path.cwd().name == "notebooks" else []
    places = [Path(), *around, Path(FOLDER)]
    return next((place for place in places if holds_course(place)), Path())


def summary(folder: Path, count: int) -> str:
    """Return what an update has done, in a sentence."""
    place = folder.resolve()
    if not count:
        return f"Nothing to update in {place}"
    return f"{place} is up to date. If a page is open, close it and open it again."
