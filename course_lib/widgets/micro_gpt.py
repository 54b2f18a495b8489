"""The pictures of notebook 06 that answer: a training, a guess, a look back."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots, scalar
from course_lib.config import GPTConfig
from course_lib.data import load_names
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training import Run, ScalarEngine, Settings, TrainingThread, TrainState
from course_lib.widgets.controls import Button, Choice, Field, Slider
from course_lib.widgets.figure import InteractiveFigure

__all__ = ["attention", "next_token", "training_console"]

SEED = 42  # of the order of the names, and again of the weights, as on the page
LEVELS = {"knows nothing": math.log(27), "letters": 2.90, "letter pairs": 2.59}
HEIGHTS = (1.25, 4.05)  # nearly all losses of single names, and room for a legend
STEPS = {f"{steps:,} steps": steps for steps in (500, 2_000, 10_000, 100_000)}
ENGINES = {"scalar: one number at a time": "scalar", "JAX: whole matrices": "jax"}
CALLED = {"scalar": "scalar engine", "jax": "JAX engine"}
LINES = 7  # of text: always as many, so that the buttons below stay in place


class Model(Protocol):
    """An engine of ``course_lib.training``, or a training console."""

    @property
    def config(self) -> GPTConfig:
        """The sizes."""

    def state(self) -> TrainState:
        """Return where it stands, in plain arrays."""


# --- a training, in the background ---------------------------------------------------


class Going(NamedTuple):
    """A training and what was chosen for it."""

    run: TrainingThread
    settings: Settings


_going: dict[tuple[str, str], Going] = {}  # the last one of each cell
_starting = threading.Lock()


def training_console(number: type[Any] = scalar.Value) -> Console:
    """Train the micro-GPT on the course's names, by hand or with JAX, and watch it.

    ``number`` is the class of the scalar engine's weights: yours, if you have one. The
    page stays free meanwhile, and running the cell again shows the same training.
    ``params`` of what is returned are the weights as they stand.
    """
    return Console(number)


class Console(InteractiveFigure):
    """The picture of a training, with its buttons."""

    def __init__(self, number: type[Any]) -> None:
        self._number = number
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
        if going := _going.get(self._key):
            going.run.changed = self.redraw
            self.redraw()  # it may have ended in between

    @property
    def config(self) -> GPTConfig:
        """The sizes of the model."""
        return GPTConfig(_tokenizer().vocab_size)

    @property
    def params(self) -> dict[str, Any]:
        """The weights as they stand, arrays for ``array.gpt``; untrained at first.

        Waits until the step under way is done.
        """
        return _arrays(self)

    def state(self) -> TrainState:
        """Return where the training stands, as an engine does."""
        going = _going.get(self._key)
        state = going.run.weights() if going else None
        return state or _first_engine("jax", self.config).state()

    def redraw(self) -> None:
        """Draw how the training stands; any thread may call."""
        with self._lock, self.hold_sync():
            going = _going.get(self._key)
            state = going.run.state if going else ""  # the picture may be newer
            super().redraw()
            active = state in ("starting", "running", "paused", "stopping")
            self.live = active and state != "paused"
            resting = ["engine", "steps", "start"] if active else ["pause", "stop"]
            self.disabled = resting
            if going and going.run.problem and not self.problem:
                why = going.run.problem
                self.problem = f"{why[0].upper()}{why[1:]}. Start begins anew."

    def _start(self) -> None:
        with _starting:
            going = _going.get(self._key)
            if going and going.run.active:
                return
            engine, steps = self.values["engine"], self.values["steps"]
            settings = Settings(steps, SEED, val_fraction=0.1, engine=engine)
            make = partial(_begin, settings, self._number)
            run = TrainingThread(make, _speak, self.redraw, _every(steps))
            _going[self._key] = Going(run, settings)
            run.start()

    def _pause(self) -> None:
        if going := _going.get(self._key):
            paused = going.run.state == "paused"
            (going.run.resume if paused else going.run.pause)()

    def _stop(self) -> None:
        if going := _going.get(self._key):
            going.run.stop()

    def _draw(self, ax: Axes, engine: str, steps: int) -> tuple[str, str]:
        going = _going.get(self._key)
        at = going.settings if going else Settings(steps, engine=engine)
        losses = np.array(going.run.losses if going else [])
        window = max(50, at.steps // 40)
        title = f"{CALLED[at.engine]}, {at.steps:,} steps"
        fixed: Any = {"window": window, "until": at.steps, "heights": HEIGHTS}
        plots.loss_curve(losses, LEVELS, **fixed, title=title, ax=ax)
        soon = [f"Every {_every(at.steps):,} steps, new names stand here."]
        if not going:
            what = f"{steps:,} steps with the {CALLED[engine]}, a name at each"
            return f"Nothing is trained yet. Start takes {what}.", _padded(soon)
        words = _in_words(going, losses[-window:])
        if not going.run.active and (at.engine, at.steps) != (engine, steps):
            words += f" Start now takes {steps:,} steps with the {CALLED[engine]}."
        return words, _padded(_samples(going, losses) or soon)


def _begin(settings: Settings, number: type[Any]) -> Run:
    """Return the run of the page: its names in its order, its first weights."""
    run = Run(load_names(), settings)
    run.engine = _first_engine(settings.engine, run.config, number)
    return run


def _first_engine(
    engine: str, config: GPTConfig, number: type[Any] = scalar.Value
) -> Any:
    rng = random.Random(SEED)
    if engine == "scalar":
        return ScalarEngine(scalar.init_gpt(rng, config, number), config)
    from course_lib.training import ArrayEngine  # loads JAX

    return ArrayEngine.start(rng, config)


def _speak(run: Run) -> Iterator[str]:
    """Yield four names that the model makes up, by the twin that trains."""
    engine, start, step = run.engine, [run.tokenizer.bos], run.engine.step
    if isinstance(engine, ScalarEngine):
        by_hand = random.Random(step)
        for _ in range(4):
            drawn = scalar.generate(by_hand, engine.params, run.config, start, 0.5)
            yield run.tokenizer.decode(drawn)
        return
    from course_lib.array import generate

    rng = np.random.default_rng(step)
    for _ in range(4):
        yield run.tokenizer.decode(generate(rng, engine.params, run.config, start, 0.5))


def _every(steps: int) -> int:
    return max(100, steps // 20)


def _in_words(going: Going, newest: np.ndarray) -> str:
    run, (steps, engine) = going.run, (going.settings.steps, going.settings.engine)
    if run.state == "starting":
        wait = "Its step is compiled first: a second or two." if engine == "jax" else ""
        return f"The {CALLED[engine]} starts. {wait}".strip()
    said = f"{run.state}, step {run.step:,} of {steps:,}".capitalize()
    if run.state == "finished":
        said = f"Finished: {steps:,} steps in {_duration(run.elapsed)}"
    if len(newest):
        said += f", loss {newest.mean():.2f}"
    if run.tokens_per_second():
        said += f", {float(f'{run.tokens_per_second():.2g}'):,.0f} tokens per second"
    left = run.seconds_left(steps)
    if run.state == "running" and left is not None:
        said += f", {_duration(left)} left"
    return f"{said}."


def _duration(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.0f} minutes"
    return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"


def _samples(going: Going, losses: np.ndarray) -> list[str]:
    lines, every = [], _every(going.settings.steps)
    for step, names in list(going.run.said):
        loss = losses[max(0, step - every) : step].mean()
        said = ", ".join(name or "(empty)" for name in names)
        lines.append(f"{step:>7,}  {loss:.2f}  {said}")
    if len(lines) >= LINES:
        lines = [lines[0], *lines[2 - LINES :]]
    return ["   step  loss  names", *lines] if lines else []


def _padded(lines: Sequence[str]) -> str:
    return "\n".join([*lines, *[" "] * (LINES - len(lines))])


# --- what comes next ------------------------------------------------------------------


def next_token(model: Model) -> InteractiveFigure:
    """Type a beginning, choose a temperature; see what the model would write next.

    ``model`` is an engine that was trained on the course's names, or a console.
    """
    from course_lib.array import generate, next_logits, probabilities

    params, config, tokenizer = _arrays(model), model.config, _tokenizer()
    labels, seed = [*tokenizer.chars, "end"], [0]

    def encode(text: str) -> list[int]:
        return _encode(tokenizer, text, config.block_size - 1)

    @lru_cache(256)
    def scores(text: str) -> np.ndarray:
        return next_logits(params, encode(text), config)

    @lru_cache(256)
    def written(text: str, temperature: float, seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        drawn = (
            generate(rng, params, config, encode(text), temperature) for _ in range(6)
        )
        return [tokenizer.decode(tokens) or "(empty)" for tokens in drawn]

    def draw(ax: Axes, text: str, temperature: float) -> tuple[str, str]:
        logits = scores(text)
        shares, plain = probabilities(logits, temperature), probabilities(logits)
        after = f"after {text or 'bos, the beginning'}"
        note = f"at temperature {temperature:g} (hollow: at 1)"
        plots.next_token_bars(shares, labels, after, before=plain, note=note, ax=ax)
        ax.set(ylim=(0, 1.12), yticks=(0, 0.25, 0.5, 0.75, 1))
        first, second = np.argsort(-shares, kind="stable")[:2]
        said = (
            f"{after.capitalize()}, {_named(labels[first])} is likeliest "
            f"({shares[first]:.0%}), then {_named(labels[second])} "
            f"({shares[second]:.0%})"
        )
        if temperature == 0:
            said = f"{after.capitalize()}, always {_named(labels[first])}"
        unsure = math.exp(-np.sum(shares * np.log(np.maximum(shares, 1e-300))))
        names = written(text, temperature, seed[0])
        pairs = zip(names[:3], names[3:], strict=True)
        rows = "\n".join(f"{one:<18}{other}" for one, other in pairs)
        return f"{said}. As unsure as among {unsure:.1f} equal tokens.", rows

    def again() -> None:
        seed[0] += 1

    stops = [round(0.05 * i, 2) for i in range(51)]
    controls = [
        Field("text", "beginning of a name", "mar", 40, ("q", "chr", "", "sve")),
        Slider("temperature", "temperature", stops, 0.7, _temperature),
        Button("again", "Write other names", again),
    ]
    title = "What comes next, and what it would write"
    return InteractiveFigure(
        "next_token", title, draw, controls, plots.panels(height=3.2)
    )


def _temperature(temperature: float) -> str:
    return f"{temperature:.2f}" if temperature else "0: greedy"


def _named(label: str) -> str:
    return "the end" if label == "end" else label


# --- what it looks at -----------------------------------------------------------------


def attention(model: Model) -> InteractiveFigure:
    """Type a name, choose a head; see what each position looks at.

    ``model`` is an engine that was trained on the course's names, or a console.
    """
    from course_lib.array import attention_maps

    params, config, tokenizer = _arrays(model), model.config, _tokenizer()

    @lru_cache(256)
    def maps(word: str) -> np.ndarray:
        if not word:
            raise ValueError("there is nothing to read: type a name, such as clara")
        tokens = _encode(tokenizer, word, config.block_size - 1)
        return attention_maps(params, np.array(tokens), config)

    def draw(ax: Axes, word: str, head: tuple[int, int], read: float) -> str:
        weights, pieces = maps(word)[head], ["bos", *word]
        row = round(read * len(word))
        plots.attention_map(weights, pieces, chosen=row, ax=ax)
        at = {"transform": ax.transAxes, "ha": "right", "va": "top", "weight": "bold"}
        box = {"facecolor": "white", "edgecolor": "none", "pad": 4}
        ax.text(0.97, 0.97, heads[head], size=14, bbox=box, **at)
        order = np.argsort(-weights[row, : row + 1], kind="stable")[:2]
        places = [f"{_place(pieces, i, row)} ({weights[row, i]:.0%})" for i in order]
        who = "bos, the beginning," if row == 0 else f"letter {row}, {pieces[row]},"
        return f"{heads[head].capitalize()}: {who} looks at {', then '.join(places)}."

    layers, n_head = range(config.n_layer), range(config.n_head)
    heads = {(i, h): f"head {h + 1}" for i in layers for h in n_head}
    if config.n_layer > 1:
        heads = {key: f"layer {key[0] + 1}, {name}" for key, name in heads.items()}
    options = {name: key for key, name in heads.items()}
    last = config.block_size - 1
    stops = [i / last for i in range(last + 1)]
    controls = [
        Field("word", "a name", "clara", 40, ("christina", "yu")),
        Choice("head", "head", options, next(iter(options))),
        Slider("read", "how far it has read", stops, 1, "{:.0%}".format, play=True),
    ]
    axes = plots.panels(width=5.6, height=5.4)
    return InteractiveFigure("attention", "What a head looks at", draw, controls, axes)


def _place(pieces: Sequence[str], i: int, row: int) -> str:
    if i == 0:
        return "bos"
    return "itself" if i == row else f"letter {i}, {pieces[i]}"


# --- what all of them use -------------------------------------------------------------


@cache
def _tokenizer() -> CharTokenizer:
    return CharTokenizer(load_names())


def _arrays(model: Model) -> dict[str, Any]:
    """Return the weights of a model as JAX arrays, whichever engine it has."""
    import jax

    weights = model.state().params
    return {name: jax.device_put(np.float32(w)) for name, w in weights.items()}


def _encode(tokenizer: CharTokenizer, text: str, longest: int) -> list[int]:
    if len(text) > longest:
        raise ValueError(
            f"{text!r} has {len(text)} letters: this model reads {longest} at most"
        )
    return [tokenizer.bos, *tokenizer.encode(text)]
