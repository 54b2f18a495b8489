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
from course_lib.widgets.controls import Choice, Field, Replay, Slider
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle, end_slider

__all__ = ["attention", "next_token"]

SEEDS = 20  # so many times six names


def next_token(model: Engine | Console) -> InteractiveFigure:
    """Type a prompt, choose a temperature; see the probabilities of the next token.

    ``model`` is an engine that was trained on the course's names, or a console.
    """
    from course_lib.array import next_logits, probabilities

    engine, config, tokenizer = array_engine(model), model.config, tokenizer_of_names()
    labels = [*tokenizer.chars, "end"]

    @lru_cache(256)
    def logits_after(text: str) -> np.ndarray:
        tokens = _encode(tokenizer, text, config.block_size - 1)
        return next_logits(engine.params, tokens, config)

    @lru_cache(256)
    def sampled(text: str, temperature: float, seed: int) -> list[str]:
        texts = sample_texts(engine, tokenizer, text, temperature, 6, seed)
        return [name or "(empty)" for name in texts]

    def draw(ax: Axes, text: str, temperature: float, seed: int) -> tuple[str, str]:
        logits = logits_after(text)
        shares, plain = probabilities(logits, temperature), probabilities(logits)
        after = f"after {text or 'bos, the beginning'}"
        plots.next_token_bars(shares, labels, after, before=plain, ax=ax)
        ax.set_xlabel(f"next token: at temperature {temperature:g} (hollow: at 1)")
        ax.set(ylim=(0, 1.12), yticks=(0, 0.25, 0.5, 0.75, 1))
        _lead_to_texts(ax, text, labels, config.block_size - 1)
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
        names = sampled(text, temperature, seed)
        pairs = zip(names[:3], names[3:], strict=True)
        rows = "\n".join(f"{one:<18}{other}" for one, other in pairs)
        return f"{message}. As unsure as among {unsure:.1f} equal tokens.", rows

    stops = [round(0.05 * i, 2) for i in range(51)]
    begun = Field("text", "beginning of a name", "mar", 40, ("q", "chr", "", "sve"))
    temperature = Slider("temperature", "temperature", stops, 0.7, _temperature)
    seed = Slider("seed", "six other names", range(SEEDS), 0, _seed)
    title = "What comes next, and what it would write"
    return InteractiveFigure(
        "next_token",
        title,
        draw,
        [begun, temperature, seed],
        plots.panels(height=3.2),
        replay=lambda: Replay([begun, temperature.thinned(26), seed.thinned(3)]),
    )


def _lead_to_texts(ax: Axes, text: str, labels: Sequence[str], longest: int) -> None:
    """Let a click on a bar, or on its letter, append the token; the end begins anew."""
    *letters, _ = labels if len(text) < longest else labels[-1:]
    texts = [*(text + letter for letter in letters), ""]
    columns = [*range(len(letters)), len(labels) - 1]
    names = [*(f"append {letter}" for letter in letters), "the name ends: begin anew"]
    below = 0.12  # of the height: the letters under the bars
    box = (-0.8, -below, len(labels) + 0.6, 1.12 + below)
    click = add_handle(ax, "append a token", box=box)
    click.pick("text", texts, [(column, 0.5) for column in columns], names)


def _seed(seed: int) -> str:
    return f"seed {seed}"


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

    def draw(ax: Axes, word: str, head: tuple[int, int], read: int) -> str:
        weights, pieces = maps(word)[head], ["bos", *word]
        row, size = min(read, len(word)), len(pieces)
        end_slider(ax, "read", len(word))
        plots.attention_arcs(weights, pieces, row, ax=ax)
        top = ax.get_ylim()[1]
        above = (-0.5, -0.5, size, top + 0.5)
        letters = add_handle(ax, "what this letter looks at", box=above, hover=True)
        letters.across("read", range(size))
        add_handle(ax, "read up to this row").up("read", range(size))
        at = {"ha": "right", "va": "top", "weight": "bold", "size": 14}
        box = {"facecolor": "white", "edgecolor": "none", "pad": 4}
        ax.text(size - 0.6, -0.4, heads[head], bbox=box, **at)
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
    stops = range(config.block_size)
    controls = [
        Field("word", "a name", "clara", 40, ("christina", "yu")),
        Choice("head", "head", options, next(iter(options))),
        Slider("read", "how far it has read", stops, stops[-1], _letter, play=True),
    ]
    axes = plots.panels(width=5.6, height=7)
    return InteractiveFigure("attention", "What a head looks at", draw, controls, axes)


def _letter(position: int) -> str:
    return f"letter {position}" if position else "bos"


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
