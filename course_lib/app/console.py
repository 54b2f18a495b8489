"""The command's lines on stderr and its exit codes."""

from __future__ import annotations

import click

FAILED, REFUSED, STOPPED = 1, 2, 130
MAX_LINE = 500  # characters


def print_note(line: str) -> None:
    """Print one line on stderr."""
    line = " ".join(line.split())
    click.echo(f"course: {line[:MAX_LINE]}{'…' * (len(line) > MAX_LINE)}", err=True)


def refuse(line: str) -> int:
    """Print one line about an invalid request; return the exit code."""
    print_note(line)
    return REFUSED
