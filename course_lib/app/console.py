"""The command's lines, on stdout and on stderr, and its exit codes.

Whatever the command says goes through here, and what a terminal would obey instead of
showing it (control characters in a file's name, a sample, an import) is escaped.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import click

from course_lib.bounds import escaped

FAILED, REFUSED, STOPPED = 1, 2, 130
MAX_LINE = 500  # characters
MACHINE_ERRORS = {  # the machine failed; every other error is about what was asked for
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE", "ENOMEM", "EAGAIN")
    if hasattr(errno, name)
}


def print_text(text: object) -> None:
    """Print text on stdout."""
    click.echo(escaped(str(text)))


def print_part(text: str) -> None:
    """Print on stdout a part of a line, at once."""
    click.echo(escaped(text), nl=False)


def print_note(line: str) -> None:
    """Print one line on stderr."""
    line = escaped(" ".join(line.split()))
    click.echo(f"course: {line[:MAX_LINE]}{'…' * (len(line) > MAX_LINE)}", err=True)


def refuse(line: str, error: BaseException | None = None) -> int:
    """Print one line about what cannot be done; return the exit code for its error."""
    print_note(line)
    return exit_code(error)


def exit_code(error: BaseException | None, otherwise: int = REFUSED) -> int:
    """Return FAILED if the machine is behind an error: a full disk, a bad sector.

    REFUSED if what was asked for cannot be: a name too long, a read-only folder.
    ``otherwise``: for an error that no system call is behind.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return FAILED if error.errno in MACHINE_ERRORS else REFUSED
        error = error.__cause__ or error.__context__
    return otherwise


def reason(error: OSError) -> str:
    """Return why a file cannot be used, in the system's words."""
    return error.strerror or str(error) or type(error).__name__


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 document, 1,234 documents."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Text(click.ParamType):
    """An option or argument that must hold something: a name, a path, an address."""

    name = "text"

    def convert(
        self,
        value: str,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """Return the text; fail for an empty one."""
        if not value.strip():
            self.fail("it is empty; give a value, or leave it out", param, ctx)
        if "\0" in value:
            self.fail("it holds a NUL character", param, ctx)
        return value


class FilePath(Text):
    """The path of a file."""

    name = "file"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Return the path; fail for an empty one."""
        return Path(super().convert(value, param, ctx))
