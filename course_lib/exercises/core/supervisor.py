"""The supervisor of worker processes: start them ahead, watch, limit and kill them.

A learner's answer runs in a worker of its own, which is killed afterwards. One spare
worker is kept ready, so that a check need not wait for Python to start. The course's
own code (solutions, known wrong answers) may use one worker many times.
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

TIME_LIMIT = 3.0  # seconds an answer may compute or sleep, all its cases together
PATIENCE = 10  # times that limit on the clock, at most: other programs may be busy
MEMORY_LIMIT = 512  # megabytes an answer may add to what Python and its imports take
START_LIMIT = 30.0  # seconds a worker may take to start, or to import packages
STOP_LIMIT = 10.0  # seconds to wait for a killed worker to be gone
POLL_INTERVAL = 0.02  # seconds between looks at the clock and the memory
MAX_BYTES = 8_000_000  # that a worker may send back in one line
BOOT_CODE = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from course_lib.exercises.core.worker import main; main()"
)


@dataclass
class Report:
    """The replies of a worker to one request, and how the run ended.

    ``ended`` is "done", or what cut it off: "time", "memory", "died", "flood"; or
    "garbled", if the replies are not those of the worker.
    """

    replies: list[dict[str, Any]] = field(default_factory=list)
    ended: str = "done"
    exit_code: int | None = None
    limit: float = TIME_LIMIT


class WorkerError(Exception):
    """A worker process could not be started."""


class Worker:
    """A worker process, seen from this side of the pipe."""

    def __init__(self, jax: bool = False) -> None:
        self.jax = jax
        path = json.dumps([os.path.abspath(folder or ".") for folder in sys.path])
        flags: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = {"creationflags": subprocess.CREATE_NO_WINDOW}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", BOOT_CODE, path, *(["--jax"] if jax else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_worker_environment()},
                **flags,
            )
        except OSError as error:
            raise WorkerError(str(error)) from None
        self.lines: queue.Queue[bytes] = queue.Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.ready = False
        self.running = False  # also after a request that was cut off

    def _listen(self) -> None:
        """Queue the reply lines. The pipe is closed here, where it is read."""
        received = 0
        with contextlib.suppress(OSError), self.process.stdout as replies:  # type: ignore[union-attr]
            while line := replies.readline(MAX_BYTES):
                received += len(line)
                if received > MAX_BYTES * 5 or len(line) >= MAX_BYTES:
                    self.lines.put(b"flood")
                    break
                self.lines.put(line)
        self.lines.put(b"")

    def wait_ready(self) -> None:
        """Wait until Python and its imports are loaded; raises WorkerError."""
        if self.ready:
            return
        try:
            line = self.lines.get(timeout=START_LIMIT)
        except queue.Empty:
            raise WorkerError(f"it was not ready after {START_LIMIT:.0f} s") from None
        if b"ready" not in line:
            raise WorkerError(f"it ended with code {self.process.wait()}")
        self.ready = True

    def run(self, request: dict[str, Any], limit: float, memory: int) -> Report:
        """Send one request and collect its replies, to the end or to a limit.

        Raises WorkerError if the process ends before it has begun with the request:
        then nothing is known about the answer.
        """
        self.wait_ready()
        self.running = True
        token = secrets.token_hex(8)
        clock_limit = PATIENCE * limit
        limits = {"limit": limit, "clock_limit": clock_limit, "memory": memory}
        message = {**request, **limits, "token": token}
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
        except OSError:
            raise WorkerError(f"it ended with code {self.process.poll()}") from None
        report = Report(limit=limit)
        watch = _Watch(self.process.pid)
        end = time.monotonic() + START_LIMIT
        begun = False
        while True:
            try:
                line = self.lines.get(timeout=POLL_INTERVAL)
            except queue.Empty:
                line = None
            if line in (b"", b"flood"):
                report.ended = "flood" if line else "died"
                with contextlib.suppress(subprocess.TimeoutExpired):
                    report.exit_code = self.process.wait(0.0 if line else 0.5)
                if not begun:
                    raise WorkerError(f"it ended with code {report.exit_code}")
                return report
            mark, _, text = (line or b"").partition(b" ")
            if mark == token.encode():
                reply = _parsed(text)
                if reply is None:
                    report.ended = "garbled"
                    return report
                if "begin" in reply:
                    begun, end = True, time.monotonic() + clock_limit
                    watch.begin()
                report.replies.append(reply)
                if "end" in reply:
                    self.running = False
                    return report
            if not begun and time.monotonic() > end:
                raise WorkerError(f"it did not begin within {START_LIMIT:.0f} s")
            if begun and (time.monotonic() > end or watch.seconds() > limit):
                report.ended = "time"
                return report
            if begun and watch.grown() > memory:
                report.ended = "memory"
                return report

    def alive(self) -> bool:
        """Whether the process is running."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Kill the process and its children, and reap it: no zombie stays."""
        if sys.platform != "win32" and self.process.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        elif sys.platform == "win32":
            _kill_children(self.process.pid)
        with contextlib.suppress(OSError):
            self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_LIMIT)
        with contextlib.suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]
        self.listener.join(0.5)  # longer only if a child of its own keeps the pipe


def _parsed(text: bytes) -> dict[str, Any] | None:
    """Return a reply, or None if an answer has written among the replies."""
    with contextlib.suppress(ValueError, RecursionError):
        reply = json.loads(text)
        return reply if isinstance(reply, dict) else None
    return None


class _Watch:
    """What a process has used since ``begin``: its time and its memory.

    Its time is what it computes, and what it sleeps or waits of its own will: while
    another program has the processor, no time passes for it. Where psutil cannot see
    the process, time is the clock's and memory 0.
    """

    def __init__(self, pid: int) -> None:
        self.process: Any = None
        with contextlib.suppress(Exception):
            import psutil

            self.process = psutil.Process(pid)

    def begin(self) -> None:
        self.memory = self._memory()
        self.looked, self.computed = time.monotonic(), self._computed()
        self.used = 0.0

    def seconds(self) -> float:
        """The time used, in seconds; from one look to the next it is computed anew."""
        now, computed = time.monotonic(), self._computed()
        passed, self.looked = now - self.looked, now
        worked = passed if computed is None else computed - (self.computed or 0.0)
        self.computed = computed
        self.used += worked or (passed if self._waits() else 0.0)
        return self.used

    def grown(self) -> float:
        """The growth of its memory, in megabytes."""
        return self._memory() - self.memory

    def _computed(self) -> float | None:
        try:
            times = self.process.cpu_times()
        except Exception:  # it has just ended, or psutil is missing
            return None
        return float(times.user + times.system)

    def _waits(self) -> bool:
        try:
            return str(self.process.status()) in ("sleeping", "stopped", "idle")
        except Exception:
            return True

    def _memory(self) -> float:
        try:
            info = self.process.memory_info()
            return float(max(info.rss, getattr(info, "private", 0))) / 2**20
        except Exception:
            return 0.0


def _kill_children(pid: int) -> None:
    """Kill the children of a process, on systems without process groups."""
    with contextlib.suppress(Exception):
        import psutil

        for child in psutil.Process(pid).children(recursive=True):
            child.kill()


def _worker_environment() -> dict[str, str]:
    """Environment variables of a worker: one thread, CPU only, no display."""
    return {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JAX_PLATFORMS": "cpu",
        "MPLBACKEND": "agg",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }


class _SpareWorker:
    """The idle worker that is kept ready."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.worker: Worker | None = None
        self.owner = os.getpid()
        self.closed = False

    def borrow(self, jax: bool) -> Worker:
        """Return a worker for the caller alone: the spare one, or a new one."""
        with self.lock:
            worker, self.worker = self.worker, None
            if self.owner != os.getpid():  # after a fork: it is the parent's
                worker, self.owner = None, os.getpid()
        if worker is not None and worker.alive() and (worker.jax or not jax):
            return worker
        if worker is not None:
            worker.stop()
        return Worker(jax)

    def give_back(self, worker: Worker) -> None:
        """Keep a worker as the spare one; stop it if there is one already."""
        with self.lock:
            kept = self.worker is None and not self.closed
            if kept and worker.alive() and not worker.running:
                self.worker, worker = worker, None  # type: ignore[assignment]
        if worker is not None:
            worker.stop()

    def start(self, jax: bool) -> None:
        """Start a spare worker, if there is none."""
        with self.lock:
            if self.worker is None and not self.closed:
                with contextlib.suppress(WorkerError):
                    self.worker = Worker(jax)

    def close(self) -> None:
        """Stop the spare worker."""
        with self.lock:
            worker, self.worker = self.worker, None
        if worker is not None and self.owner == os.getpid():
            worker.stop()

    def end(self) -> None:
        """Stop the spare worker, and keep none from now on: Python ends."""
        self.closed = True
        self.close()


spare = _SpareWorker()
atexit.register(spare.end)


def start_spare(jax: bool = False) -> None:
    """Start a spare worker in the background."""
    threading.Thread(target=spare.start, args=(jax,), daemon=True).start()


@contextlib.contextmanager
def reusable_worker(jax: bool = False) -> Iterator[Worker]:
    """Lend a worker to the course's own code; afterwards it is the spare one."""
    worker = spare.borrow(jax)
    try:
        worker.wait_ready()
        yield worker
    except BaseException:
        worker.stop()
        raise
    spare.give_back(worker)


@contextlib.contextmanager
def disposable_worker(jax: bool = False) -> Iterator[Worker]:
    """Lend a worker to a learner's answer, then kill it and start the next spare."""
    worker = spare.borrow(jax)
    try:
        worker.wait_ready()
        yield worker
    finally:
        worker.stop()
        start_spare(jax)
