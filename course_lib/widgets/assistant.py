"""Interactive figures of notebook 09: a fine-tune, preferences, a store of facts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.data.sets import MARKS, Exchange
from course_lib.lessons.retrieval import search
from course_lib.plots.parts import cut, fine_percent, percent
from course_lib.widgets.controls import Choice, Field, Replay, Slider, Toggle
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle, end_slider

if TYPE_CHECKING:  # they load JAX
    from course_lib.lessons.assistant import Chat, Drift
    from course_lib.training import ArrayEngine

__all__ = ["editable_store", "fine_tune_mask", "reward_against_drift"]

MASKS = {  # which targets of an exchange counted: of its question, of its answer
    "base model": (False, False),
    "loss on everything": (True, True),
    "loss on the answer": (False, True),
}
HIGHEST = 8.0  # nats: a loss in the picture; that of a mark never seen is higher
ROWS = 64  # texts at a time: one compiled program
WRITTEN_AT = (0.5, 1.5)  # temperatures at which answers are collected
TEMPERATURES = [round(0.1 * i, 1) for i in range(21)]
RECORDED = 5  # things that a store may say, in a recording, or some more
SENTENCES = 5  # of the store, in the picture
LONGEST = 40  # characters of an answer in the line under a picture
ASKED = 40  # characters of a question


# --- what a fine-tune learned from ----------------------------------------------------


class Candidates(NamedTuple):
    """Answers that a model may give to one question, and its logits along each."""

    answers: list[str]
    logits: np.ndarray  # (answers, T, vocab_size)
    targets: np.ndarray  # (answers, T): tokens, negative where there is none
    start: int  # where the answers begin: the targets before are the question
    greedy: str  # the answer at temperature 0


def fine_tune_mask(
    lab: Chat, models: Mapping[str, ArrayEngine], exchanges: Sequence[Exchange]
) -> InteractiveFigure:
    """Choose which characters taught a model, and a question; see what it answers.

    models: by name, which is "base model", "loss on everything" or "loss on the
    answer". exchanges: questions to choose from, with the right answers. The answers
    shown are collected here, by letting each model write; their probabilities at a
    temperature are exact. Raises ValueError for a model of another name.
    """
    if unknown := sorted({*models} - {*MASKS}):
        known = ", ".join(map(repr, MASKS))
        raise ValueError(f"there is no mask for {unknown[0]!r}: expected {known}")
    found = {name: _candidates(lab, model, exchanges) for name, model in models.items()}
    losses = {
        name: [_right_losses(one) for one in candidates]
        for name, candidates in found.items()
    }

    def draw(
        axes: np.ndarray, model: str, question: int, temperature: float, token: int
    ) -> tuple[str, str]:
        exchange, some = exchanges[question], found[model][question]
        targets = [*_exchange(exchange), "bos"]
        masks = MASKS[model]
        counted = [masks[i >= some.start] for i in range(len(targets))]
        each = losses[model][question]
        here = min(token, len(targets) - 1)
        end_slider(axes[0], "token", len(targets) - 1)
        plots.loss_mask(
            targets, counted, each, highest=HIGHEST, highlighted=here, ax=axes[0]
        )
        boxes = [
            (left + width / 2, bottom + height / 2)
            for left, bottom, width, height in plots.mask_boxes(targets, axes[0])
        ]
        look = add_handle(axes[0], "what the model expected here", hover=True)
        look.pick("token", range(len(targets)), boxes)
        shares = _shares(some, temperature)
        right = shares[some.answers.index(exchange.answer)]
        plots.answer_shares(some.answers, shares, exchange.answer, ax=axes[1])
        best = int(np.argmax(shares))
        is_right = some.answers[best] == exchange.answer
        verdict = (
            "which is right" if is_right else f"the right one has {fine_percent(right)}"
        )
        mean = float(each[some.start :].mean())
        summary = (
            f"{model.capitalize()}, at temperature {temperature:g}: “"
            f"{cut(some.answers[best], LONGEST)}” is likeliest "
            f"({fine_percent(shares[best])}), {verdict}. Loss of the right answer: "
            f"{mean:.2f} nats per character."
        )
        return summary, _expected(lab, targets, here, some.logits[0, here])

    longest = max(len(_exchange(exchange)) for exchange in exchanges)
    first = found[next(iter(models))][0].start  # token of an answer
    questions = {row.question: i for i, row in enumerate(exchanges)}
    controls = [
        Choice("model", "model", {name: name for name in models}, [*models][-1]),
        Choice("question", "question", questions, exchanges[0].question),
        Slider("temperature", "temperature", TEMPERATURES, 1.0, _temperature),
        Slider("token", "look at token", range(longest + 1), first, _number),
    ]
    axes = plots.mosaic("A;B", 8, 6.4, height_ratios=[2.9, 3.5])
    title = "Which characters taught it, and what it answers"
    return InteractiveFigure("fine_tune_mask", title, draw, controls, axes)


def _number(token: int) -> str:
    return f"{token + 1}"


def _expected(lab: Chat, targets: Sequence[str], here: int, logits: np.ndarray) -> str:
    """Return what a model expects at one target, and what that one costs it."""
    names, log_probs = [*lab.tokenizer.chars, "bos"], _log_softmax(logits)
    shares = {
        name: fine_percent(math.exp(p))
        for name, p in zip(names, log_probs, strict=True)
    }
    order = np.argsort(-log_probs, kind="stable")[:3]
    likely = ", ".join(f"{_said(names[i])} {shares[names[i]]}" for i in order)
    before = "".join(targets[:here])
    target = targets[here]
    loss = -log_probs[names.index(target)] + 0.0
    return (
        f"after       {f'“{cut(before, LONGEST)}”' if before else 'nothing'}\n"
        f"it expects  {likely}\n"
        f"it gives    {_said(target)} {shares[target]}: {loss:.2f} nats"
    )


def _said(name: str) -> str:
    return {" ": "the space", "bos": "the end"}.get(name, name)


def _exchange(exchange: Exchange) -> str:
    from course_lib.lessons.assistant import prompt

    return prompt(exchange.question) + exchange.answer


def _candidates(
    lab: Chat, model: ArrayEngine, exchanges: Sequence[Exchange]
) -> list[Candidates]:
    """Let a model answer each question, often; return what it said, and its logits.

    The first answer to each question is the right one. The right answers to the other
    questions are among them, too.
    """
    from course_lib.lessons.assistant import prompt

    prompts = [prompt(row.question) for row in exchanges]
    greedy = [answer.text for answer in lab.answer(model, prompts)]
    said = [[row.answer, best] for row, best in zip(exchanges, greedy, strict=True)]
    many = [given for given in prompts for _ in range(max(1, ROWS // len(prompts)))]
    for temperature in WRITTEN_AT:
        for given, answer in zip(
            many, lab.answer(model, many, temperature, seed=0), strict=True
        ):
            said[prompts.index(given)].append(answer.text)
    others = [row.answer for row in exchanges]
    answers = [[*dict.fromkeys(some + others)] for some in said]
    texts = [p + a for p, some in zip(prompts, answers, strict=True) for a in some]
    rows = lab.rows(texts)
    logits = _logits(lab, model, rows)
    found, first = [], 0
    for given, some, best in zip(prompts, answers, greedy, strict=True):
        part = slice(first, first := first + len(some))
        found.append(Candidates(some, logits[part], rows[part, 1:], len(given), best))
    return found


def _right_losses(some: Candidates) -> np.ndarray:
    """Return the loss of each target of the right exchange: (characters + 1,), nats."""
    end = int((some.targets[0] >= 0).sum())
    return -_log_probs(some.logits[0], some.targets[0], 1.0)[:end]


def _shares(some: Candidates, temperature: float) -> np.ndarray:
    """Return the probability of each whole answer, its end included: (answers,)."""
    if temperature == 0:
        return np.array([float(answer == some.greedy) for answer in some.answers])
    of_answer = slice(some.start, None)
    log_probs = _log_probs(
        some.logits[:, of_answer], some.targets[:, of_answer], temperature
    )
    return np.asarray(np.exp(log_probs.sum(axis=-1)))


def _log_probs(
    logits: np.ndarray, targets: np.ndarray, temperature: float
) -> np.ndarray:
    """Return the log-probability of each target: (..., T), 0 where there is none."""
    every = _log_softmax(logits / temperature)  # (..., T, vocab_size)
    chosen = np.take_along_axis(every, np.maximum(targets, 0)[..., None], -1)[..., 0]
    return np.where(targets >= 0, chosen, 0.0)


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    """Return the log-probability of every token: (..., vocab_size)."""
    scores = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True)))


def _logits(lab: Chat, model: ArrayEngine, rows: np.ndarray) -> np.ndarray:
    """Return the logits at each position of rows of tokens: (n, T, vocab_size)."""
    n = len(rows)
    rows = np.concatenate([rows, np.zeros((-n % ROWS, rows.shape[1]), rows.dtype)])
    parts = [
        np.asarray(_gpt()(model.params, rows[i : i + ROWS, :-1], lab.config))
        for i in range(0, len(rows), ROWS)
    ]
    return np.concatenate(parts)[:n].astype(float)


@cache
def _gpt() -> Callable[..., Any]:
    """Return the compiled ``gpt``, which reads padding as token 0."""
    import jax
    import jax.numpy as jnp

    from course_lib.array import GPTConfig, gpt

    def logits(params: Any, tokens: Any, config: GPTConfig) -> Any:
        return gpt(params, jnp.maximum(tokens, 0), config)

    return jax.jit(logits, static_argnames="config")


def _temperature(temperature: float) -> str:
    return f"{temperature:.1f}" if temperature else "0: greedy"


# --- preferences ----------------------------------------------------------------------


def reward_against_drift(
    runs: Mapping[float, Sequence[Drift]],
) -> InteractiveFigure:
    """Choose beta and a step; see how far the model has moved, and what that brought.

    runs: by beta, the model at some steps, the same ones in each run. Raises ValueError
    if they are not.
    """
    steps = [[at.step for at in run] for run in runs.values()]
    if not steps or any(one != steps[0] for one in steps):
        raise ValueError("every run must be measured at the same steps")
    panels = {
        "answers in the manner asked for": {b: _table(runs[b], "manner") for b in runs},
        "answers that are right": {b: _table(runs[b], "right") for b in runs},
    }

    betas = sorted(runs)

    def draw(axes: np.ndarray, beta: float, step: int) -> str:
        row = steps[0].index(step)
        for ax, (what, curves) in zip(axes, panels.items(), strict=True):
            plots.reward_against_drift(curves, beta, row, what, ax=ax)
            ordered = sorted(betas, key=lambda one: one != beta)  # its points first
            points = [point for one in ordered for point in curves[one]]
            numbers = [betas.index(one) for one in ordered for _ in steps[0]]
            go = add_handle(ax, "to a point of a run")
            go.pick("beta", numbers, points)
            go.pick("step", [*range(len(steps[0]))] * len(betas), points)
        at = runs[beta][row]
        return (
            f"β = {beta:g}, step {step:,}: drift {at.kl:.1f} nats per answer, "
            f"{percent(at.manner)} in the manner asked for, {percent(at.right)} right. "
            f"It answers: “{cut(at.example, 70)}”."
        )

    options = {f"{beta:g}": beta for beta in betas}
    controls = [
        Choice("beta", "β", options, f"{betas[len(betas) // 2]:g}"),
        Slider("step", "step", steps[0], steps[0][0], "{:,}".format, play=True),
    ]
    axes = plots.panels(1, 2, 8.4, 3.6)
    title = "What preferences bring, and how far the model moves"
    return InteractiveFigure("reward_against_drift", title, draw, controls, axes)


def _table(run: Sequence[Drift], what: str) -> np.ndarray:
    return np.array([[at.kl, getattr(at, what)] for at in run])


# --- a store of facts -----------------------------------------------------------------


def editable_store(
    lab: Chat, reader: ArrayEngine, store: Sequence[str], question: str
) -> InteractiveFigure:
    """Ask a question, change what a store says; see what is found, and the answer.

    reader: a model that has learned to read a sentence in brackets. store: sentences
    such as "a fox is a mammal"; the one that is nearest to the question can be changed.
    A fact that is added stands first in the store.
    """
    from course_lib.array import generate
    from course_lib.lessons.assistant import fingerprint, prompt

    at_first, longest = fingerprint(reader.params), lab.config.block_size
    as_it_is = "as it stands"
    kinds = sorted({sentence.rpartition(" is ")[2] for sentence in store})

    @lru_cache(256)
    def answer_to(given: str) -> tuple[str, float]:
        if len(given) >= longest:
            raise ValueError(
                f"this prompt has {len(given)} characters and leaves no room for an "
                f"answer: it must be shorter than {longest}"
            )
        tokens = [lab.tokenizer.bos, *lab.tokenizer.encode(given)]
        rng = np.random.default_rng(0)
        text = lab.tokenizer.decode(
            generate(rng, reader.params, lab.config, tokens, 0.0)
        )
        rows = lab.rows([text])
        logits = np.asarray(_gpt()(reader.params, rows[:, :-1], lab.config), float)
        log_probs = _log_probs(logits, rows[:, 1:], 1.0)[0, len(given) :]
        return text[len(given) :], math.exp(log_probs.sum())

    def draw(
        axes: np.ndarray,
        question: str,
        kind: str,
        added: str,
        searching: bool,
    ) -> tuple[str, str]:
        for text in (question, added):
            if marks := sorted({*text} & {*MARKS}):
                raise ValueError(
                    f"{marks[0]!r} marks the turns of an exchange: write without it"
                )
            lab.tokenizer.encode(text)  # raises for characters that it does not know
        fact = changed = search(question, store)[0].sentence
        if kind != as_it_is:
            changed = f"{fact.rpartition(' is ')[0]} is {kind}"
        facts = [changed if one == fact else one for one in store]
        found = search(question, [added, *facts] if added else facts, SENTENCES)
        context = found[0].sentence if searching and found[0].similarity else ""
        given = prompt(question, context)
        answer, probability = answer_to(given)
        plots.found_sentences(
            question, found if searching else [], most=SENTENCES, ax=axes[0]
        )
        if searching:
            _ask_for(axes[0], [one.sentence for one in found])
        else:
            words = "nothing is searched: it answers from its weights"
            axes[0].text(0.5, 2, words, ha="center", color=plots.COLOURS["quiet"])
            axes[0].set_title("")
            axes[0].axis("off")
        plots.prompt_and_answer(given, answer, probability, ax=axes[1])
        now = fingerprint(reader.params)
        moved = "have not moved" if now == at_first else "have moved"
        reads = f"reads “{context}”" if context else "reads no fact"
        summary = (
            f"It {reads} and answers “{cut(answer, LONGEST)}” "
            f"({fine_percent(probability)}). The weights {moved}: their fingerprint is "
            f"{now[:8]}."
        )
        lines = [f"the store says   {changed}"]
        if changed != fact:
            lines.append(f"it said before   {fact}")
        if added:
            lines.append(f"it says as well  {added}")
        return summary, "\n".join(lines)

    others = [f"what is {s.rpartition(' is ')[0]}?" for s in store[:4]]
    asked = tuple(q for q in (*others, "what is a snunk?") if q != question)
    says = {k: k for k in (as_it_is, *kinds)}
    kind = Choice("kind", "the store says", says, as_it_is)
    some = {k: k for k in (as_it_is, *kinds[:: max(1, len(kinds) // RECORDED)])}
    text = Field("question", "question", question, ASKED, asked)
    added = Field("added", "add a fact", "", 42, ("a snunk is a tool",))
    searching = Toggle("searching", "search the store", True)
    axes = plots.mosaic("A;B", 8, 5, height_ratios=[3, 2])
    title = "A fact is changed, and no weight"
    return InteractiveFigure(
        "editable_store",
        title,
        draw,
        [text, kind, added, searching],
        axes,
        replay=lambda: Replay([text, replace(kind, options=some), added, searching]),
    )


def _ask_for(ax: Axes, sentences: Sequence[str]) -> None:
    """Let a click on a sentence ask what it is about."""
    subjects = [sentence.rpartition(" is ")[0] for sentence in sentences]
    asked = {f"what is {s}?": row for row, s in enumerate(subjects) if s}
    asked = {question: row for question, row in asked.items() if len(question) <= ASKED}
    if asked:
        places = [(0.5, row + 0.1) for row in asked.values()]
        ask = add_handle(ax, "ask about this sentence")
        ask.pick("question", [*asked], places, [*asked])
