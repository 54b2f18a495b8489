"""Interactive figures of notebook 06: the next token, attention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.data.tokenizer import CharTokenizer
from course_lib.plots.parts import percent
from course_lib.training import Engine, sample_texts
from course_lib.widgets.console import (
    Console,
    array_engine,
    tokenizer_of_names,
)
from course_lib.widgets.controls import Button, Choice, Field, Slider
from course_lib.widgets.figure import InteractiveFigure

__all__ = ["attention", "next_token"]


def next_token(model: Engine | Console) -> InteractiveFigure:
    """Type a prompt, choose a temperature; see the probabilities of the next token.

    ``model`` is an engine that was trained on the course's names, or a console.
    """
    from course_lib.array import next_logits, probabilities

    engine, config, tokenizer = array_engine(model), model.config, tokenizer_of_names()
    labels, seed = [*tokenizer.chars, "end"], [0]

    @lru_cache(256)
    def logits_after(text: str) -> np.ndarray:
        tokens = _encode(tokenizer, text, config.block_size - 1)
        return next_logits(engine.params, tokens, config)

    @lru_cache(256)
    def sampled(text: str, temperature: float, seed: int) -> list[str]:
        texts = sample_texts(engine, tokenizer, text, temperature, 6, seed)
        return [name or "(empty)" for name in texts]

    def draw(ax: Axes, text: str, temperature: float) -> tuple[str, str]:
        logits = logits_after(text)
        shares, plain = probabilities(logits, temperature), probabilities(logits)
        after = f"after {text or 'bos, the beginning'}"
        plots.next_token_bars(shares, labels, after, before=plain, ax=ax)
        ax.set_xlabel(f"next token: at temperature {temperature:g} (hollow: at 1)")
        ax.set(ylim=(0, 1.12), yticks=(0, 0.25, 0.5, 0.75, 1))
        first, second = np.argsort(-shares, kind="stable")[:2]
        where = f"{after.capitalize()}, at temperature {temperature:g},"
        message = (
            f"{where} {_named(labels[first])} is likeliest "
            f"({percent(shares[first])}), then {_named(labels[second])} "
            f"({percent(shares[second])})"
        )
        if temperature == 0:
            message = f"{where} always {_named(labels[first])}"
        unsure = math.exp(-np.sum(shares * np.log(np.maximum(shares, 1e-300))))
        names = sampled(text, temperature, seed[0])
        pairs = zip(names[:3], names[3:], strict=True)
        rows = "\n".join(f"{one:<18}{other}" for one, other in pairs)
        return f"{message}. As unsure as among {unsure:.1f} equal tokens.", rows

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


def attention(model: Engine | Console) -> InteractiveFigure:
    """Type a name, choose a head; see the attention weights of each position.

    ``model`` is an engine that was trained on the course's names, or a console.
    """
    from course_lib.array import attention_maps

    params, config = array_engine(model).params, model.config
    tokenizer = tokenizer_of_names()

    @lru_cache(256)
    def maps(word: str) -> np.ndarray:
        if not word:
            raise ValueError("there is nothing to read: type a name, such as clara")
        tokens = _encode(tokenizer, word, config.block_size - 1)
        return attention_maps(params, np.array(tokens), config)

    def draw(ax: Axes, word: str, head: tuple[int, int], read: float) -> str:
        weights, pieces = maps(word)[head], ["bos", *word]
        row = round(read * len(word))
        plots.attention_map(weights, pieces, highlighted=row, ax=ax)
        at = {"transform": ax.transAxes, "ha": "right", "va": "top", "weight": "bold"}
        box = {"facecolor": "white", "edgecolor": "none", "pad": 4}
        ax.text(0.97, 0.97, heads[head], size=14, bbox=box, **at)
        order = np.argsort(-weights[row, : row + 1], kind="stable")[:2]
        places = [
            f"{_place(pieces, i, row)} ({percent(weights[row, i])})" for i in order
        ]
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
        Slider("read", "how far it has read", stops, 1, percent, play=True),
    ]
    axes = plots.panels(width=5.6, height=5.4)
    return InteractiveFigure("attention", "What a head looks at", draw, controls, axes)


def _place(pieces: Sequence[str], i: int, row: int) -> str:
    if i == 0:
        return "bos"
    return "itself" if i == row else f"letter {i}, {pieces[i]}"


def _encode(tokenizer: CharTokenizer, text: str, longest: int) -> list[int]:
    if len(text) > longest:
        raise ValueError(
            f"{text!r} has {len(text)} letters: this model reads {longest} at most"
        )
    return [tokenizer.bos, *tokenizer.encode(text)]
