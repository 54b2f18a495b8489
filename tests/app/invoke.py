"""Run a command of click as a test does."""

from __future__ import annotations

import click
from click.testing import CliRunner


def run(command: click.Command, *arguments: object) -> tuple[int, str, str]:
    """Run a command; return its exit code, stdout and stderr."""
    runner = CliRunner()
    texts = [str(argument) for argument in arguments]
    done = runner.invoke(command, texts, standalone_mode=False)
    if isinstance(done.exception, click.Abort):  # Ctrl-C: it means the whole run
        raise KeyboardInterrupt
    assert done.exception is None, done.exception
    return done.return_value, done.stdout, done.stderr
