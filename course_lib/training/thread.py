"""A training run in a background thread, so that the notebook stays responsive."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter, sleep

from course_lib.bounds import BOUNDS, check_number, check_whole
from course_lib.training.loop import DivergedError, Record, TrainState
from course_lib.training.run import Run

__all__ = ["TrainingThread"]

YIELD_TIME = 2e-4  # seconds after each chunk, in which other threads may run
MAX_REASON = 300  # characters of an error


class TrainingThread:
    """A thread that trains a run, and can be paused, resumed and stopped.

    make_run: returns the run; called in the thread, since it takes a moment.
    sample: yields texts that the model samples; called at multiples of ``every``.
    on_change: called by the thread about every ``interval`` seconds, and whenever
    ``state`` changes.

    ``state`` is starting, running, paused, stopping, or how it ended: finished,
    stopped, failed; after failed, ``problem`` is one line that says why.
    """

    def __init__(
        self,
        make_run: Callable[[], Run],
        sample: Callable[[Run], Iterable[str]] = lambda run: (),
        on_change: Callable[[], object] = lambda: None,
        every: int = 100,
        interval: float = 0.5,
    ) -> None:
        check_whole("every", every, 1, BOUNDS["steps"][0])
        check_number("interval", interval, 0, 3600)
        self.make_run, self.sample, self.on_change = make_run, sample, on_change
        self.every, self.interval = every, interval
        self.run: Run | None = None
        self.losses: list[float] = []  # of each step
        self.samples: list[tuple[int, list[str]]] = []  # (step, sampled texts)
        self.problem = ""
        self.tokens = self.steps_timed = 0  # without the first chunk, which compiles
        self.train_seconds = self.elapsed = 0.0  # of these: in steps alone, in all
        self._ended = ""
        self._resumed, self._stopped = threading.Event(), threading.Event()
        self._resumed.set()
        self._weights_lock = threading.Lock()  # held while the weights change
        self._thread = threading.Thread(
            target=self._run_to_end, name="training", daemon=True
        )

    # --- called by other threads: each of these returns at once --------------------

    @property
    def state(self) -> str:
        """The state of the training, in one word."""
        if self._ended:
            return self._ended
        if self._stopped.is_set():
            return "stopping"
        if not self._resumed.is_set():
            return "paused"
        return "running" if self.losses else "starting"

    @property
    def active(self) -> bool:
        """Whether it may still take a step."""
        return not self._ended

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return len(self.losses)

    def start(self) -> None:
        """Start the thread. Raises RuntimeError the second time."""
        self._thread.start()
        atexit.register(self.stop, 2.0)  # no step while Python exits

    def pause(self) -> None:
        """Pause after the step under way, until ``resume``."""
        self._resumed.clear()

    def resume(self) -> None:
        """Resume after ``pause``."""
        self._resumed.set()

    def stop(self, wait: float = 0.0) -> None:
        """Stop after the step under way; wait for it at most so many seconds."""
        self._stopped.set()
        self._resumed.set()
        if wait and self._thread.ident:
            self._thread.join(wait)

    def train_state(self) -> TrainState | None:
        """Return the state of the run between two steps; None before there is one."""
        if self.run is None:
            return None
        with self._weights_lock:
            return self.run.engine.state()

    def tokens_per_second(self) -> float:
        """Return the throughput of the training alone; 0 before it is known."""
        return self.tokens / self.train_seconds if self.train_seconds else 0.0

    def seconds_left(self, steps: int) -> float | None:
        """Return the estimated time until step ``steps``; None if unknown."""
        if not self.steps_timed:
            return None
        return (steps - self.step) * self.elapsed / self.steps_timed

    # --- the thread ---------------------------------------------------------------

    def _run_to_end(self) -> None:
        ended = "failed"
        try:
            ended = self._train()
        except DivergedError as error:
            self.problem = _one_line(f"{error}")
        except BaseException as error:  # whatever a Value of a learner's own may raise
            what = _one_line(f"{type(error).__name__}: {error}")
            self.problem = f"the training ended at step {self.step} with {what}"
        finally:
            self._ended = ended
            atexit.unregister(self.stop)
            self._notify()

    def _train(self) -> str:
        self.run = run = self.make_run()
        records, notified_at = run.records(every=self.every), perf_counter()
        while not self._stopped.is_set():
            began, timed = perf_counter(), self.step > 0  # the first chunk compiles
            n_steps = self._train_chunk(run, records, timed)
            if not n_steps:
                return "finished"
            if self.step % self.every == 0 or self.step == run.settings.steps:
                self._sample(run)
            if perf_counter() - notified_at >= self.interval:
                self._notify()
                notified_at = perf_counter()
            sleep(YIELD_TIME)
            if timed:
                self.elapsed += perf_counter() - began
                self.steps_timed += n_steps
            if not self._resumed.is_set():
                self._notify()
                self._resumed.wait()
        return "stopped"

    def _train_chunk(self, run: Run, records: Iterator[Record], timed: bool) -> int:
        """Take the steps of one chunk; return how many."""
        began, before = perf_counter(), self.step
        with self._weights_lock:
            for record in records:
                self.losses.append(record.loss)
                self.tokens += record.tokens * timed
                if record.step == run.engine.step:
                    break
        self.train_seconds += (perf_counter() - began) * timed
        return self.step - before

    def _sample(self, run: Run) -> None:
        texts: list[str] = []
        for text in self.sample(run):
            texts.append(text)
            if self._stopped.is_set():
                break
        self.samples.append((self.step, texts))

    def _notify(self) -> None:
        with contextlib.suppress(Exception):  # a picture that fails ends no training
            self.on_change()


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"
