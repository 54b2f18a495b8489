"""The command ``course``: the course, a training, progress, a class.

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
import sys
from collections.abc import Sequence

import click

from course_lib import __version__
from course_lib.app.class_command import class_
from course_lib.app.console import (
    FAILED,
    REFUSED,
    STOPPED,
    exit_code,
    print_note,
    print_text,
)
from course_lib.app.course_commands import start, update
from course_lib.app.links_command import links
from course_lib.app.packages import import_problem
from course_lib.app.progress_commands import progress, reset
from course_lib.app.requests import CommandError
from course_lib.app.sample_command import sample
from course_lib.app.train_command import train
from course_lib.bounds import escaped

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Raises KeyboardInterrupt, with the line to say: who called may have to stop as well.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # escape what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = sys.argv[1:] if arguments is None else [*arguments]
        code = course(
            arguments, prog_name="course", standalone_mode=False, obj=arguments
        )
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
    """Take the course, train a small GPT, let it speak, and keep your progress."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (start, update, train, sample, progress, reset, class_, links):
    course.add_command(command)


@course.command()
def doctor() -> int:
    """Say what works here, what does not, and how to mend it."""
    from course_lib.app.doctor import BROKEN, code_to_send, examine, summary

    checks = []
    for check in examine():
        checks.append(check)
        print_text(check)
    print_text(summary(checks))
    print_text(code_to_send(checks))
    return FAILED if any(check.status == BROKEN for check in checks) else 0
