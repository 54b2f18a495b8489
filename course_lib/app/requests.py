"""What a command was asked for: its options, and one line for what cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from course_lib.app.console import REFUSED, Text, exit_code

__all__ = ["CommandError", "given_options", "option", "reported_errors"]


class CommandError(Exception):
    """An error that ends the command with one line and an exit code."""

    def __init__(self, line: str, code: int = REFUSED) -> None:
        super().__init__(line)
        self.code = code


def option(name: str, kind: Any, metavar: str, text: str) -> Callable[..., Any]:
    """Return an option of click whose default is None: not given; never empty."""
    kind = Text() if kind is str else kind
    return click.option(name, type=kind, default=None, metavar=metavar, help=text)


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

    names = [
        *Settings.__dataclass_fields__,
        "temperature",
        "count",
        "length",
        "val_every",
        "patience",
        "coordinator",
        "num_processes",
        "process_id",
        "cluster",
    ]
    plain = "|".join(names)  # elsewhere than at the start it may be an English word
    snake = "|".join(name for name in names if "_" in name)
    pattern = rf"^({plain})\b|\b({snake})\b"
    return re.sub(pattern, lambda name: f"--{name[0].replace('_', '-')}", line)
