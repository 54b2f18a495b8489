"""Helper processes: started ahead, watched while they run, ended for certain.

A learner's answer gets a process of its own, which is killed afterwards. One more is
kept ready, so that a check need not wait for Python to start. The course's own code
(solutions, known wrong answers) may run in one process many times.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LIMIT = 3.0  # seconds an answer may run, all its cases together
VERDICT = 4.5  # seconds until there is a verdict, starting a process included
LEAST = 1.0  # seconds an answer may run even if its process was slow to start
MEMORY = 512  # megabytes an answer may take on top of what Python and its imports do
START = 30.0  # seconds the helper may take to start
WAIT = 0.02  # seconds between looks at the clock and the memory
MOST_BYTES = 8_000_000  # that a helper may send back
BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from course_lib.exercises.core.child import main; main()"
)


@dataclass
class Report:
    """What a helper said about one answer, and how it ended.

    ``ended`` is "done", or why there is no end: "time", "memory", "died", "flood".
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    ended: str = "done"
    exit_code: int | None = None
    limit: float = LIMIT


class HelperFailed(Exception):
    """The helper process could not be started."""


class Helper:
    """One process that runs code for us."""

    def __init__(self, jax: bool = False) -> None:
        self.jax = jax
        path = json.dumps([os.path.abspath(folder or ".") for folder in sys.path])
        flags: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = {"creationflags": subprocess.CREATE_NO_WINDOW}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", BOOT, path, *(["--jax"] if jax else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_quiet_environment()},
                **flags,
            )
        except OSError as error:
            raise HelperFailed(str(error)) from None
        self.lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.ready = False
        self.running = False  # also after a request that was cut off

    def _listen(self) -> None:
        received = 0
        with contextlib.suppress(OSError, ValueError):
            while line := self.process.stdout.readline(MOST_BYTES):  # type: ignore[union-attr]
                received += len(line)
                if received > MOST_BYTES * 5 or len(line) >= MOST_BYTES:
                    self.lines.put(b"flood")
                    break
                self.lines.put(line)
        self.lines.put(b"")

    def wait_ready(self) -> None:
        """Wait until Python and its imports are there; raises HelperFailed."""
        if self.ready:
            return
        try:
            line = self.lines.get(timeout=START)
        except queue.Empty:
            raise HelperFailed(f"it was not ready after {START:.0f} s") from None
        if b"ready" not in line:
            raise HelperFailed(f"it ended with code {self.process.wait()}")
        self.ready = True

    def run(self, request: dict[str, Any], limit: float, memory: int) -> Report:
        """Run one request to its end, or to where a limit cuts it off."""
        self.wait_ready()
        self.running = True
        word = secrets.token_hex(8)
        message = {**request, "word": word, "limit": limit, "memory": memory}
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
        except OSError:
            return Report(ended="died", exit_code=self.process.poll())
        report = Report(limit=limit)
        watch = _Memory(self.process.pid)
        end = time.monotonic() + START
        begun = False
        while True:
            try:
                line = self.lines.get(timeout=WAIT)
            except queue.Empty:
                line = None
            if line in (b"", b"flood"):
                report.ended = "flood" if line else "died"
                with contextlib.suppress(subprocess.TimeoutExpired):
                    report.exit_code = self.process.wait(0.0 if line else 0.5)
                return report
            mark, _, text = (line or b"").partition(b" ")
            if mark == word.encode():
                said = json.loads(text)
                if "begin" in said:
                    begun, end = True, time.monotonic() + limit
                    watch.begin()
                report.lines.append(said)
                if "end" in said:
                    self.running = False
                    return report
            if time.monotonic() > end:
                report.ended = "time" if begun else "died"
                return report
            if begun and watch.grown() > memory:
                report.ended = "memory"
                return report

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the process, and what it started, and leave no zombie."""
        if sys.platform != "win32" and self.process.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        elif sys.platform == "win32":
            _end_children(self.process.pid)
        with contextlib.suppress(OSError):
            self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe:
                    pipe.close()


class _Memory:
    """How much a process has grown, in megabytes; 0 where this cannot be seen."""

    def __init__(self, pid: int) -> None:
        try:
            import psutil

            self.process: Any = psutil.Process(pid)
        except Exception:
            self.process = None
        self.start = 0.0

    def begin(self) -> None:
        self.start = self._now()

    def grown(self) -> float:
        return self._now() - self.start

    def _now(self) -> float:
        try:
            info = self.process.memory_info()
            return float(max(info.rss, getattr(info, "private", 0))) / 2**20
        except Exception:  # it has just ended, or psutil is missing
            return self.start if self.process is None else 0.0


def _end_children(pid: int) -> None:
    """End what a process started, where there are no process groups."""
    with contextlib.suppress(Exception):
        import psutil

        for child in psutil.Process(pid).children(recursive=True):
            child.kill()


def _quiet_environment() -> dict[str, str]:
    """One thread, no accelerator, no windows: small and quick to start."""
    return {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JAX_PLATFORMS": "cpu",
        "MPLBACKEND": "agg",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }


class _Spare:
    """The helper that is kept ready."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.helper: Helper | None = None
        self.owner = os.getpid()

    def take(self, jax: bool) -> Helper:
        """Return a helper for the caller alone."""
        with self.lock:
            helper, self.helper = self.helper, None
            if self.owner != os.getpid():  # we are a fork: that helper is not ours
                helper, self.owner = None, os.getpid()
        if helper is not None and helper.alive() and (helper.jax or not jax):
            return helper
        if helper is not None:
            helper.stop()
        return Helper(jax)

    def give(self, helper: Helper) -> None:
        """Keep a helper for the next caller; end it if one is there already."""
        with self.lock:
            if self.helper is None and helper.alive() and not helper.running:
                self.helper, helper = helper, None  # type: ignore[assignment]
        if helper is not None:
            helper.stop()

    def prepare(self, jax: bool) -> None:
        """Start a helper for the next caller, if there is none."""
        with self.lock:
            if self.helper is None:
                with contextlib.suppress(HelperFailed):
                    self.helper = Helper(jax)

    def close(self) -> None:
        """End the helper that waits."""
        with self.lock:
            helper, self.helper = self.helper, None
        if helper is not None and self.owner == os.getpid():
            helper.stop()


spare = _Spare()
atexit.register(spare.close)


def prepare(jax: bool = False) -> None:
    """Have a helper ready soon, without making anyone wait for it."""
    threading.Thread(target=spare.prepare, args=(jax,), daemon=True).start()


@contextlib.contextmanager
def trusted_helper(jax: bool = False) -> Iterator[Helper]:
    """Lend a helper for the course's own code; it goes on being used."""
    helper = spare.take(jax)
    try:
        helper.wait_ready()
        yield helper
    except BaseException:
        helper.stop()
        raise
    spare.give(helper)


@contextlib.contextmanager
def fresh_helper(jax: bool = False) -> Iterator[Helper]:
    """Lend a helper for a learner's code, end it after, and prepare the next."""
    helper = spare.take(jax)
    try:
        helper.wait_ready()
        yield helper
    finally:
        helper.stop()
        prepare(jax)
