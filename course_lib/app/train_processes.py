"""``course train`` as one of several processes: a worker, and the one that watches it.

When another process is gone JAX ends the worker from C++, by a crash that no Python can
catch, and writes pages to stderr. So the command starts itself once more as a worker,
passes on its lines, and says in one line why it ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, NoReturn

import click

from course_lib.app.console import FAILED, REFUSED, STOPPED, print_note
from course_lib.app.requests import CommandError
from course_lib.training.processes import LostPeerError, Team, leave

__all__ = ["announce", "team_of", "watch_worker", "work"]

OURS = "course: "  # how a line on stderr begins that is for people
NOISE = "[Gloo]"  # how those lines on stdout begin that are not
PLACE = "[Place]"  # and how the one does that tells the watcher who its worker is
LOST = 3  # the code of a worker when another one is gone: its watcher says so


def team_of(
    coordinator: str | None,
    num_processes: int | None,
    process_id: int | None,
    cluster: bool,
) -> Team | None:
    """Return the processes that the options name; None for one process alone.

    Raises ValueError for what cannot be.
    """
    if coordinator is None and num_processes is None and process_id is None:
        return Team() if cluster else None
    if cluster:
        raise ValueError(
            "--cluster takes --coordinator, --num-processes and --process-id from the "
            "cluster: leave these three out, or --cluster"
        )
    if coordinator is None or num_processes is None or process_id is None:
        raise ValueError(
            "--coordinator, --num-processes and --process-id go together: give all "
            "three, or none"
        )
    return Team(coordinator, num_processes, process_id)


def watch_worker(arguments: Sequence[str], team: Team) -> int:
    """Run the command in a worker, pass on its lines, and return its exit code."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "course_lib", *arguments],
        stdin=subprocess.PIPE,  # it ends with this process: see ``work``
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    assert worker.stdout is not None
    assert worker.stderr is not None

    def is_wanted(line: str) -> bool:
        nonlocal team
        if line.startswith(PLACE):
            team = Team(None, *map(int, line.split()[1:]))
            return False
        return team.process_id == 0 and not line.startswith(NOISE)  # one for all

    relays = [
        _relay(worker.stdout, sys.stdout, is_wanted),
        _relay(worker.stderr, sys.stderr, lambda s: s.startswith(OURS)),
    ]
    before = [
        (number, signal.signal(number, answer))
        for number, answer in (
            (signal.SIGINT, lambda *_: None),  # the worker has it as well
            (signal.SIGTERM, lambda *_: worker.terminate()),
        )
    ]
    try:
        code = worker.wait()
        for relay in relays:
            relay.join()
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    if code == STOPPED:
        raise KeyboardInterrupt
    if code not in (0, FAILED, REFUSED):
        raise CommandError(team.lost, FAILED)
    return code


def announce(team: Team) -> None:
    """Tell the watcher of this worker which one it is."""
    print(PLACE, team.num_processes, team.process_id, flush=True)


def work(train: Callable[[], object]) -> NoReturn:
    """Train as a worker, and end the process: without the others it cannot wait."""
    threading.Thread(target=_end_with_watcher, daemon=True).start()
    _leave_no_core_file()
    code = 0
    try:
        train()
        leave()
    except CommandError as error:
        print_note(f"{error}")
        code = error.code
    except LostPeerError:
        code = LOST
    except (KeyboardInterrupt, click.Abort):
        print_note("stopped")
        code = STOPPED
    except BaseException as error:
        print_note(f"{type(error).__name__}: {error}")
        code = FAILED
    click.get_current_context().close()  # gives the lock of the folder back
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end_with_watcher() -> None:
    sys.stdin.read()  # ends when the watcher has ended, however that was
    os._exit(FAILED)


def _leave_no_core_file() -> None:
    """Let the crash by which JAX ends this process write no image of its memory."""
    with contextlib.suppress(ImportError):  # Windows, which writes none
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _relay(
    source: IO[str], target: IO[str], wanted: Callable[[str], bool]
) -> threading.Thread:
    """Start to pass on the lines that are wanted, in a thread until there are none."""

    def run() -> None:
        for line in source:
            if wanted(line):
                target.write(line)
                target.flush()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
