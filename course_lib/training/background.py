"""A training run that goes on in a thread of its own, while the page stays free."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter, sleep

from course_lib.training.loop import DivergedError, Record
from course_lib.training.run import Run
from course_lib.training.state import TrainState

__all__ = ["TrainingThread"]

BREATH = 2e-4  # seconds between two goes, in which other threads have the processor
LONGEST_REASON = 300  # characters of an error


class TrainingThread:
    """A run, trained in a thread, which can be paused, resumed and stopped.

    make: returns the run; called in the thread, since it takes a moment.
    say: yields what the model has to say; asked at multiples of ``every``.
    changed: called by the thread about every ``pulse`` seconds, and at each new state.

    ``state`` is starting, running, paused, stopping, or how it ended: finished,
    stopped, failed; after failed, ``problem`` is one line that says why.
    """

    def __init__(
        self,
        make: Callable[[], Run],
        say: Callable[[Run], Iterable[str]] = lambda run: (),
        changed: Callable[[], object] = lambda: None,
        every: int = 100,
        pulse: float = 0.5,
    ) -> None:
        self.make, self.say, self.changed = make, say, changed
        self.every, self.pulse = every, pulse
        self.run: Run | None = None
        self.losses: list[float] = []  # of each step
        self.said: list[tuple[int, list[str]]] = []  # (step, what the model said)
        self.problem = ""
        self.tokens = self.steps_timed = 0  # but for the first go, which compiles
        self.learning = self.elapsed = 0.0  # their seconds: in steps alone, in all
        self._ended = ""
        self._may_go, self._to_stop = threading.Event(), threading.Event()
        self._may_go.set()
        self._at_rest = threading.Lock()  # held by the thread while weights change
        self._thread = threading.Thread(target=self._work, name="training", daemon=True)

    # --- for the page: each of these answers at once ------------------------------

    @property
    def state(self) -> str:
        """One word that says how it stands."""
        if self._ended:
            return self._ended
        if self._to_stop.is_set():
            return "stopping"
        if not self._may_go.is_set():
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
        """Begin. Raises RuntimeError the second time."""
        self._thread.start()
        atexit.register(self.stop, 2.0)  # no step while Python takes itself down

    def pause(self) -> None:
        """Take no further step, once the one under way is done, until ``resume``."""
        self._may_go.clear()

    def resume(self) -> None:
        """Go on."""
        self._may_go.set()

    def stop(self, wait: float = 0.0) -> None:
        """End after the step under way; wait for it at most so many seconds."""
        self._to_stop.set()
        self._may_go.set()
        if wait and self._thread.ident:
            self._thread.join(wait)

    def weights(self) -> TrainState | None:
        """Return the model between two steps; None before there is one."""
        if self.run is None:
            return None
        with self._at_rest:
            return self.run.engine.state()

    def tokens_per_second(self) -> float:
        """Return the speed of the training alone; 0 before it is known."""
        return self.tokens / self.learning if self.learning else 0.0

    def seconds_left(self, steps: int) -> float | None:
        """Return how long it will take to have ``steps`` steps; None if unknown."""
        if not self.steps_timed:
            return None
        return (steps - self.step) * self.elapsed / self.steps_timed

    # --- the thread ---------------------------------------------------------------

    def _work(self) -> None:
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
            self._show()

    def _train(self) -> str:
        self.run = run = self.make()
        records, shown = run.records(every=self.every), perf_counter()
        while not self._to_stop.is_set():
            began, timed = perf_counter(), self.step > 0  # the first go compiles
            taken = self._go(run, records, timed)
            if not taken:
                return "finished"
            if self.step % self.every == 0 or self.step == run.settings.steps:
                self._listen(run)
            if perf_counter() - shown >= self.pulse:
                self._show()
                shown = perf_counter()
            sleep(BREATH)
            if timed:
                self.elapsed += perf_counter() - began
                self.steps_timed += taken
            if not self._may_go.is_set():
                self._show()
                self._may_go.wait()
        return "stopped"

    def _go(self, run: Run, records: Iterator[Record], timed: bool) -> int:
        """Take steps until the weights are at rest; return how many."""
        began, before = perf_counter(), self.step
        with self._at_rest:
            for record in records:
                self.losses.append(record.loss)
                self.tokens += record.tokens * timed
                if record.step == run.engine.step:
                    break
        self.learning += (perf_counter() - began) * timed
        return self.step - before

    def _listen(self, run: Run) -> None:
        words: list[str] = []
        for word in self.say(run):
            words.append(word)
            if self._to_stop.is_set():
                break
        self.said.append((self.step, words))

    def _show(self) -> None:
        with contextlib.suppress(Exception):  # no picture: no reason not to train
            self.changed()


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"
