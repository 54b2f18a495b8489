"""Training runs that are killed, and what was lost: two doors of ``make torture``.

Each run is a real ``course train`` that saves after every few steps. It is killed by
SIGKILL at a seeded moment, most often while it saves, and resumed to the end.
A fault is a checkpoint that cannot be loaded, more than one save interval lost, a file
that stays, a line too many, and a loss other than that of a run that nobody disturbed.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psutil
import safetensors

from course_lib.training.checkpoints import (
    BEST,
    NEWEST,
    has_best,
    has_checkpoint,
    load_best,
    load_checkpoint,
    read_checkpoint,
)
from tools.doors import Fault, Trial
from tools.environment import ROOT

STEPS, EVERY = 240, 10  # steps of a run, and between two saves at most
HALF = STEPS // 2
NEW = ["--data", "names", "--steps", f"{STEPS}", "--batch-size", "4"]
NEW += ["--val-fraction", "0.1"]
ALWAYS = ["--val-every", f"{EVERY}", "--save-every", "0"]
ALWAYS += ["--checkpoint", "run", "--log", "run/loss.csv"]
LAST = STEPS - 3 * EVERY  # a run is killed by then, or it may have ended
SAVING = 0.004  # seconds that a save takes, at least
WITHIN = 30.0  # seconds until the others of a team have ended
HANG = 200.0  # seconds for a run; a busy machine is slow


class Moment(NamedTuple):
    """When a run is killed: so many steps are logged, it saves, and seconds go by."""

    step: int
    in_save: bool
    delay: float

    def __str__(self) -> str:
        save = ", in a save" if self.in_save else ""
        return f"step {self.step}{save}, {1000 * self.delay:.1f} ms later"


class Plan(NamedTuple):
    """A kill: of a run that begins at a step, which process, and when.

    worker: of a team, not the command itself, but the process that trains for it.
    """

    first: int
    moment: Moment
    victim: int
    worker: bool

    def __str__(self) -> str:
        who = f"{'worker' if self.worker else 'command'} {self.victim}"
        return f"{who} of a run begun at step {self.first}: {self.moment}"


class Left(NamedTuple):
    """What a kill left: whether it cut a save short, and how many steps were lost.

    seconds: until the others of a team had ended.
    """

    in_save: bool
    lost: int
    seconds: float = 0.0


@dataclass
class Kills:
    """Kills of runs, of one process or of a team of two, and what they have left."""

    team: bool = False
    left: list[Left] = field(default_factory=list)
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    starting: threading.Lock = field(default_factory=threading.Lock)
    over: bool = False
    whole_seconds: float = 0.0  # of a run that nobody disturbs, from start to end

    def trials(self, rng: random.Random, folder: Path) -> Iterator[Trial]:
        """Kill run after run; while one is awaited, the next one is under way."""
        self.folder, limit = folder, resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (limit[1], limit[1]))
        begun: deque[tuple[str, Future[Left]]] = deque()
        pool = ThreadPoolExecutor(2)
        try:
            self.prepare()
            for number in count(1):
                plan = self.plan(rng)
                begun.append((f"{plan}", pool.submit(self.kill, number, plan)))
                if len(begun) > 2:
                    label, future = begun.popleft()
                    yield label, partial(self.note, future)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self.end_all()
            pool.shutdown()
            resource.setrlimit(resource.RLIMIT_CORE, limit)

    def plan(self, rng: random.Random) -> Plan:
        """Draw whom to kill, and when: in a save, after a step, or at any time."""
        first, victim = rng.choice((0, HALF)), rng.randrange(2) if self.team else 0
        worker, kind = self.team and rng.random() < 0.5, rng.random()
        step = rng.randrange(first, LAST)
        moment = Moment(step, True, rng.uniform(0, SAVING))
        if kind > 0.6:
            moment = Moment(step, False, rng.uniform(0, 0.05))
        if kind > 0.85:
            moment = Moment(first, False, rng.uniform(0, self.whole_seconds))
        if self.team:  # before they have met, they wait for each other
            moment = moment._replace(step=max(moment.step, first + 1))
            worker = worker or moment.in_save  # it is the one that saves
        return Plan(first, moment, victim, worker)

    def note(self, future: Future[Left]) -> None:
        """Wait for a trial, and keep what it found."""
        self.left.append(future.result())

    def sentence(self) -> str:
        """Return the figures of all kills."""
        if not self.left:
            return ""
        whose = "a team of two processes" if self.team else "one process"
        text = (
            f"{len(self.left)} kills of {whose}, {sum(e.in_save for e in self.left)} "
            f"of them inside a save; steps lost: {max(e.lost for e in self.left)} at "
            f"most, of the {EVERY} that lie between two saves"
        )
        if self.team:
            last = max(e.seconds for e in self.left)
            text += f"; the other process had ended after {last:.1f} s at most"
        return f"{text}."

    # --- runs ---------------------------------------------------------------------

    def prepare(self) -> None:
        """Make a run that nobody disturbs, and one that is halfway."""
        for name, more in (("whole", []), ("half", ["--stop-after", f"{HALF}"])):
            began = time.monotonic()
            (self.folder / name).mkdir()
            wait_for_the_end(self.begin(self.folder / name, 1, more))
            self.whole_seconds = time.monotonic() - began  # the first one compiles

    def begin(
        self, place: Path, n: int, more: list[str] | None = None
    ) -> list[subprocess.Popen[str]]:
        """Start the processes of a run: a new one, or resumed if it can be."""
        options = ["--resume"] if has_checkpoint(place / "run") else NEW
        command = [sys.executable, "-m", "course_lib", "train", *options, *ALWAYS]
        team: list[list[str]] = [[]]
        if n > 1:
            together = ["--coordinator", f"127.0.0.1:{free_port()}"]
            together += ["--num-processes", f"{n}", "--process-id"]
            team = [[*together, f"{i}"] for i in range(n)]
        with self.starting:
            if self.over:
                raise Fault("stopped")
            processes = [
                subprocess.Popen(
                    [*command, *(more or []), *of_team],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    cwd=place,
                    env={**os.environ, **self.variables()},
                )
                for of_team in team
            ]
            self.started += processes
        return processes

    def variables(self) -> dict[str, str]:
        """Return those of every run: a kill may spoil what JAX keeps for others."""
        return {
            "JAX_PLATFORMS": "cpu",
            "PYTHONPATH": str(ROOT),
            "JAX_COMPILATION_CACHE_DIR": str(self.folder / "compiled"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }

    def end_all(self) -> None:
        """End every process that still runs; none starts after them."""
        with self.starting:
            self.over = True
            for process in self.started:
                process.kill()

    # --- one trial ----------------------------------------------------------------

    def kill(self, number: int, plan: Plan) -> Left:
        """Kill a run and resume it; raise Fault for what must not be."""
        for attempt in range(3):
            place = self.folder / f"{number}.{attempt}"
            if plan.first:
                shutil.copytree(self.folder / "half", place)
            else:
                place.mkdir()
            seconds = self.killed(place, plan)
            if seconds is not None:
                break
            plan = plan._replace(moment=Moment(plan.first + 1, False, 0))
        else:
            raise Fault("it has ended three times before it could be killed")
        in_save, lost = what_is_left(place / "run")
        wait_for_the_end(self.begin(place, 1 + number % 2 if self.team else 1))
        check_end(place / "run", self.folder / "whole" / "run", exact=not self.team)
        if cores := [*place.glob("core*")]:
            raise Fault(f"a core file: {cores[0].name}")
        shutil.rmtree(place)
        return Left(in_save, lost, seconds)

    def killed(self, place: Path, plan: Plan) -> float | None:
        """Start and kill a run; return the seconds until all of it had ended.

        None if it had ended before.
        """
        processes = self.begin(place, 2 if self.team else 1)
        run, (step, in_save, delay) = place / "run", plan.moment
        ended = partial(any_ended, processes)
        until(lambda: ended() or steps_logged(run) >= step, 0.002)
        workers = [child for process in processes for child in children(process)]
        if self.team and len(workers) < 2:
            end(processes)
            return None
        if in_save:
            until(lambda: ended() or is_saving(run), 0.0003)
        time.sleep(delay)
        began = time.monotonic()
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            (workers if plan.worker else processes)[plan.victim].kill()
        said = [process.communicate(timeout=HANG) for process in processes]
        seconds = time.monotonic() - began
        until(lambda: all(map(is_gone, workers)), 0.01)
        codes = [process.returncode for process in processes]
        if 0 in codes:
            return None
        for i, (code, (out, err)) in enumerate(zip(codes, said, strict=True)):
            if plan.worker or i != plan.victim:
                check_lost(i, code, out, err)
            elif code != -signal.SIGKILL or err:
                raise Fault(f"killed, but exit code {code}, stderr {err[:500]!r}")
        if seconds > WITHIN:
            raise Fault(f"the other process ended after {seconds:.0f} s")
        return seconds


def check_lost(i: int, code: int, out: str, err: str) -> None:
    """Raise Fault unless process i of 2 has ended as one that lost the other."""
    line = f"course: process {i} of 2: another process has ended or cannot be reached"
    if code != 1 or err.count("\n") != 1 or not err.startswith(line):
        raise Fault(f"process {i}: exit code {code}, stderr {err[:500]!r}")
    if "Traceback" in out:
        raise Fault(f"process {i}: {out[-500:]!r}")


def what_is_left(run: Path) -> tuple[bool, int]:
    """Return whether a kill cut a save short, and how many steps are lost."""
    rows, in_save = steps_logged(run), is_saving(run)
    if not has_checkpoint(run):
        if rows:
            raise Fault(f"{rows} steps are logged, and no checkpoint is left")
        return in_save, 0
    if has_best(run):
        load_best(run)
    told: list[str] = []
    step = load_checkpoint(run, told.append).step
    if told:
        raise Fault(told[0])
    if not 0 <= rows - step <= EVERY:
        raise Fault(f"the checkpoint is of step {step}, the log ends at step {rows}")
    return in_save, rows - step


def check_end(run: Path, whole: Path, exact: bool) -> None:
    """Raise Fault unless a resumed run has ended as the one that nobody disturbed.

    exact: to the last bit. Otherwise its losses may differ by 1e-4 of them.
    """
    if other := {*os.listdir(run)} ^ {*os.listdir(whole)}:
        raise Fault(f"left or missing at the end: {sorted(other)}")
    if exact:
        of = {"loss.csv": Path.read_bytes, NEWEST: sum_of, BEST: sum_of}
        for name, content in of.items():
            if content(run / name) != content(whole / name):
                raise Fault(f"{name} is not what it is without a kill")
        return
    ours, theirs = rows_of(run), rows_of(whole)
    if len(ours) != len(theirs):
        raise Fault(f"the log has {len(ours)} rows, not {len(theirs)}")
    for (step, loss), (wanted, expected) in zip(ours, theirs, strict=True):
        if step != wanted or abs(loss - expected) > 1e-4 * expected:
            raise Fault(f"step {step}: loss {loss}; undisturbed, {wanted}: {expected}")


def sum_of(path: Path) -> str:
    """Return the checksum of all that a checkpoint says; it must be right.

    Of the file itself no two are alike: safetensors writes its metadata in any order.
    """
    read_checkpoint(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        return str(file.metadata()["sha256"])


def wait_for_the_end(processes: list[subprocess.Popen[str]]) -> None:
    """Wait for a run; raise Fault unless it ends well, with nothing on stderr."""
    said = [process.communicate(timeout=HANG) for process in processes]
    for process, (_, err) in zip(processes, said, strict=True):
        if process.returncode or err:
            raise Fault(f"exit code {process.returncode}, stderr {err[:500]!r}")


def end(processes: list[subprocess.Popen[str]]) -> None:
    """End a run, and wait until it has ended."""
    for process in processes:
        process.kill()
    for process in processes:
        process.communicate()


def any_ended(processes: list[subprocess.Popen[str]]) -> bool:
    """Whether a process has ended."""
    return any(process.poll() is not None for process in processes)


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the workers of a command, none if it has ended."""
    try:
        return list(psutil.Process(process.pid).children())
    except psutil.NoSuchProcess:
        return []


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended, even if nobody has taken notice of that."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def is_saving(run: Path) -> bool:
    """Whether a save is unfinished."""
    return any((run / f"{name}.part").exists() for name in (NEWEST, BEST))


def steps_logged(run: Path) -> int:
    """Return how many rows a log has, 0 before there is one."""
    try:
        return max((run / "loss.csv").read_bytes().count(b"\n") - 1, 0)
    except FileNotFoundError:
        return 0


def rows_of(run: Path) -> list[tuple[int, float]]:
    """Return the steps and the losses of a log."""
    rows = (run / "loss.csv").read_text().splitlines()[1:]
    return [(int(a), float(b)) for a, b in (row.split(",") for row in rows)]


def until(done: Callable[[], bool], pause: float) -> None:
    """Look again and again, after a pause; raise Fault if it does not come."""
    end = time.monotonic() + HANG
    while not done():
        if time.monotonic() > end:
            raise Fault(f"nothing happened within {HANG:.0f} s")
        time.sleep(pause)


def free_port() -> int:
    """Return a port of this machine that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
