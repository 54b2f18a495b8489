"""The training console of notebook 06: train the micro-GPT and watch it."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots, scalar
from course_lib.config import GPTConfig
from course_lib.data import load_names
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training import (
    Engine,
    Run,
    ScalarEngine,
    Settings,
    TrainingThread,
    TrainState,
    sample_texts,
)
from course_lib.widgets.controls import Button, Choice, Replay, Slider
from course_lib.widgets.figure import InteractiveFigure

if TYPE_CHECKING:  # it loads JAX
    from course_lib.training import ArrayEngine

__all__ = ["Console", "TrainingRegistry", "array_engine", "training_console"]

SEED = 42  # of the order of the names, and again of the weights, as on the page
LEVELS = {"knows nothing": math.log(27), "letters": 2.90, "letter pairs": 2.59}
HEIGHTS = (1.25, 4.05)  # nearly all losses of single names, and room for a legend
STEPS = {f"{steps:,} steps": steps for steps in (500, 2_000, 10_000, 100_000)}
ENGINES = {"scalar: one number at a time": "scalar", "JAX: whole matrices": "jax"}
CALLED = {"scalar": "scalar engine", "jax": "JAX engine"}
RECORDED = Settings(2_000, SEED, val_fraction=0.1, engine="jax")  # in a recording
MOMENTS = 61  # of it
LINES = 7  # of text: always as many, so that the buttons below stay in place


class Training(NamedTuple):
    """A training in its thread, and the settings chosen for it."""

    thread: TrainingThread
    settings: Settings


class TrainingRegistry:
    """The last training of each notebook cell.

    It outlives the cell's picture: a cell that is run again shows the same training.
    """

    def __init__(self) -> None:
        self.by_cell: dict[tuple[str, str], Training] = {}
        self._lock = threading.Lock()

    def get(self, cell: tuple[str, str]) -> Training | None:
        """Return the last training of a cell."""
        return self.by_cell.get(cell)

    def start(self, cell: tuple[str, str], training: Training) -> None:
        """Start a training in a cell, unless one is active there."""
        with self._lock:
            last = self.by_cell.get(cell)
            if last and last.thread.active:
                return
            self.by_cell[cell] = training
            training.thread.start()


TRAININGS = TrainingRegistry()  # of all cells of this kernel


def training_console(number: type[Any] = scalar.Value) -> Console:
    """Train the micro-GPT on the course's names, by hand or with JAX, and watch it.

    ``number`` is the class of the scalar engine's weights: yours, if you have one. The
    page stays free meanwhile, and running the cell again shows the same training.
    ``params`` of what is returned are the weights as they stand.
    """
    return Console(number, TRAININGS)


class Console(InteractiveFigure):
    """The loss curve of a training, with buttons to start, pause and stop it."""

    def __init__(self, number: type[Any], trainings: TrainingRegistry) -> None:
        self._number, self._trainings = number, trainings
        super().__init__(
            "training_console",
            "Train the micro-GPT",
            self._draw,
            [
                Choice("engine", "engine", ENGINES, next(iter(ENGINES))),
                Choice("steps", "how long", STEPS, next(iter(STEPS))),
                Button("start", "Start", self._start),
                Button("pause", "Pause / Resume", self._pause),
                Button("stop", "Stop", self._stop),
            ],
            plots.panels(height=3.9),
        )
        if training := self.training:
            training.thread.on_change = self.redraw
            self.redraw()  # it may have ended in between

    @property
    def training(self) -> Training | None:
        """The last training of this cell."""
        return self._trainings.get(self._key)

    @property
    def config(self) -> GPTConfig:
        """The sizes of the model."""
        return GPTConfig(tokenizer_of_names().vocab_size)

    @property
    def params(self) -> dict[str, Any]:
        """The weights as they stand, arrays for ``array.gpt``; untrained at first.

        Waits until the step under way is done.
        """
        return array_engine(self).params

    def state(self) -> TrainState:
        """Return the state of the training, as an engine does."""
        training = self.training
        state = training.thread.train_state() if training else None
        return state or _new_engine(self.config, "jax").state()

    def redraw(self) -> None:
        """Draw how the training stands; any thread may call."""
        with self._lock, self.hold_sync():
            training = self.training
            state = training.thread.state if training else ""  # the picture: newer
            super().redraw()
            active = state in ("starting", "running", "paused", "stopping")
            self.aria_live = "off" if active and state != "paused" else "polite"
            resting = ["engine", "steps", "start"] if active else ["pause", "stop"]
            self.disabled = resting
            if training and training.thread.problem and not self.problem:
                why = training.thread.problem
                self.problem = f"{why[0].upper()}{why[1:]}. Start begins anew."

    def _start(self) -> None:
        engine, steps = self.values["engine"], self.values["steps"]
        settings = Settings(steps, SEED, val_fraction=0.1, engine=engine)
        thread = TrainingThread(
            partial(_new_run, settings, self._number),
            _sample_names,
            self.redraw,
            _sample_interval(steps),
        )
        self._trainings.start(self._key, Training(thread, settings))

    def _pause(self) -> None:
        if training := self.training:
            thread = training.thread
            (thread.resume if thread.state == "paused" else thread.pause)()

    def _stop(self) -> None:
        if training := self.training:
            training.thread.stop()

    def _draw(self, ax: Axes, engine: str, steps: int) -> tuple[str, str]:
        training = self.training
        at = training.settings if training else Settings(steps, engine=engine)
        losses = np.array(training.thread.losses if training else [])
        title = f"{CALLED[at.engine]}, {at.steps:,} steps"
        _draw_losses(losses, at, title, ax)
        soon = _soon(at.steps)
        if not training:
            what = f"{steps:,} steps with the {CALLED[engine]}, a name at each"
            return f"Nothing is trained yet. Start takes {what}.", _pad_lines(soon)
        summary = _summary(training, losses[-_window(at) :])
        if not training.thread.active and (at.engine, at.steps) != (engine, steps):
            summary += f" Start now takes {steps:,} steps with the {CALLED[engine]}."
        interval = _sample_interval(at.steps)
        table = _table_of_names(training.thread.samples, losses, interval)
        return summary, _pad_lines(table or soon)

    def replay(self) -> Replay:
        """Train a model, from the start to the end; return its moments."""
        at, run = RECORDED, _new_run(RECORDED, self._number)
        interval, losses, samples = _sample_interval(at.steps), [], []
        for record in run.records(every=interval):
            losses.append(record.loss)
            if record.step % interval == 0:
                samples.append((record.step, [*_sample_names(run)]))

        def draw(ax: Axes, step: int) -> tuple[str, str]:
            so_far = np.array(losses[:step])
            title = f"{CALLED[at.engine]}, {at.steps:,} steps"
            _draw_losses(so_far, at, title, ax)
            table = [one for one in samples if one[0] <= step]
            words = f"Step {step:,} of {at.steps:,}"
            if step:
                words += f", loss {so_far[-_window(at) :].mean():.2f}"
            text = _table_of_names(table, so_far, interval)
            return f"{words}.", _pad_lines(text or _soon(at.steps))

        moments = [round(at.steps * i / (MOMENTS - 1)) for i in range(MOMENTS)]
        step = Slider(
            "step", "step of a training", moments, 0, "{:,}".format, play=True
        )
        return Replay([step], draw)


def _draw_losses(losses: np.ndarray, at: Settings, title: str, ax: Axes) -> None:
    fixed: Any = {"window": _window(at), "until": at.steps, "heights": HEIGHTS}
    plots.loss_curve(losses, LEVELS, **fixed, title=title, ax=ax)


def _window(at: Settings) -> int:
    """Return over how many steps losses are averaged."""
    return max(50, at.steps // 40)


def _soon(steps: int) -> list[str]:
    return [f"Every {_sample_interval(steps):,} steps, new names stand here."]


def _new_run(settings: Settings, number: type[Any]) -> Run:
    """Return the run of the page: its names in its order, its initial weights."""
    new_engine = partial(_new_engine, kind=settings.engine, number=number)
    return Run(load_names(), settings, new_engine=new_engine)


def _new_engine(
    config: GPTConfig, kind: str, number: type[Any] = scalar.Value
) -> Engine:
    rng = random.Random(SEED)
    if kind == "scalar":
        return ScalarEngine.start(rng, config, number)
    from course_lib.training import ArrayEngine  # loads JAX

    return ArrayEngine.start(rng, config)


def _sample_names(run: Run) -> Iterator[str]:
    """Sample four names, by the engine that trains, other ones after each step."""
    return sample_texts(run.engine, run.tokenizer, "", 0.5, 4, seed=run.engine.step)


def _sample_interval(steps: int) -> int:
    """Return after how many steps names are sampled."""
    return max(100, steps // 20)


def _summary(training: Training, newest: np.ndarray) -> str:
    """Return the state of a training in a sentence; newest: the latest losses."""
    thread, settings = training.thread, training.settings
    steps, engine = settings.steps, settings.engine
    if thread.state == "starting":
        wait = "Its step is compiled first: a second or two." if engine == "jax" else ""
        return f"The {CALLED[engine]} starts. {wait}".strip()
    message = f"{thread.state}, step {thread.step:,} of {steps:,}".capitalize()
    if thread.state == "finished":
        message = f"Finished: {steps:,} steps in {_duration(thread.elapsed)}"
    if len(newest):
        message += f", loss {newest.mean():.2f}"
    if speed := thread.tokens_per_second():
        message += f", {float(f'{speed:.2g}'):,.0f} tokens per second"
    left = thread.seconds_left(steps)
    if thread.state == "running" and left is not None:
        message += f", {_duration(left)} left"
    return f"{message}."


def _duration(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.0f} minutes"
    return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"


def _table_of_names(
    samples: Sequence[tuple[int, list[str]]], losses: np.ndarray, interval: int
) -> list[str]:
    """Return a line for each sampling: step, mean loss since the last, names."""
    lines = []
    for step, names in list(samples):
        loss = losses[max(0, step - interval) : step].mean()
        row = ", ".join(name or "(empty)" for name in names)
        lines.append(f"{step:>7,}  {loss:.2f}  {row}")
    if len(lines) >= LINES:
        lines = [lines[0], *lines[2 - LINES :]]
    return ["   step  loss  names", *lines] if lines else []


def _pad_lines(lines: Sequence[str]) -> str:
    """Return the lines as one text of always LINES lines."""
    return "\n".join([*lines, *[" "] * (LINES - len(lines))])


@cache
def tokenizer_of_names() -> CharTokenizer:
    """Return the vocabulary of the course's names."""
    return CharTokenizer(load_names())


def array_engine(model: Engine | Console) -> ArrayEngine:
    """Return a model as an array engine, whichever engine trained it."""
    from course_lib.training import ArrayEngine  # loads JAX

    return ArrayEngine.restore(model.state(), model.config)
