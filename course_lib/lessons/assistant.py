"""The laboratory of notebook 09: models that are taught to answer, and examined.

A model answers in an exchange such as ``<what is a wheel?>a machine part``: "<" opens
the turn of whoever asks, ">" that of the model. A sentence to read may stand before it
in brackets. The four marks are reserved: no other text holds them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course_lib.array.chat import (
    answer_log_probs,
    answer_loss,
    answer_mask,
    dpo_loss,
    reward_loss,
    rewards,
)
from course_lib.array.decoding import read
from course_lib.array.gpt import token_losses
from course_lib.array.memory import give_back
from course_lib.bounds import BOUNDS, check_whole
from course_lib.config import GPTConfig
from course_lib.data import Exchange, Preference
from course_lib.data.files import shipped
from course_lib.lessons.experiments import Experiment
from course_lib.optimizers import adam, apply_updates
from course_lib.training.array_engine import ArrayEngine
from course_lib.training.batches import PADDING, count_targets
from course_lib.training.checkpoints import read_checkpoint
from course_lib.training.loop import B1, B2
from course_lib.training.schedules import linear

__all__ = [
    "UNKNOWN",
    "Answer",
    "Chat",
    "Drift",
    "Exam",
    "RewardModel",
    "exchanges",
    "facts",
    "fingerprint",
    "grade",
    "load_base",
    "pairs",
    "prompt",
]

UNKNOWN = "i do not know"
BATCH_SIZE = 16  # exchanges, or pairs, in a step
WIDTHS = 32  # batches are as wide as a multiple of it: few programs to compile
MANY = 64  # texts at a time: one compiled program serves every number of them
Params = dict[str, Array]


def prompt(question: str, context: str = "") -> str:
    """Return what a model is given: the question between its marks.

    context: a sentence to read first, which stands before it in brackets.
    """
    return f"[{context}]<{question}>" if context else f"<{question}>"


def exchanges(rows: Sequence[Exchange]) -> list[str]:
    """Return each question with its answer, as a model reads them."""
    return [prompt(row.question) + row.answer for row in rows]


def facts(rows: Sequence[Exchange]) -> list[str]:
    """Return the fact behind each question, such as "a fox is a mammal"."""
    return [f"{row.thing} is {row.answer}" for row in rows]


def pairs(rows: Sequence[Preference]) -> tuple[list[str], list[str]]:
    """Return the chosen and the rejected exchange of each preference."""
    chosen = [prompt(row.question) + row.chosen for row in rows]
    return chosen, [prompt(row.question) + row.rejected for row in rows]


def fingerprint(params: Params) -> str:
    """Return the SHA-256 of all weights: it changes with any bit of any of them."""
    sha256 = hashlib.sha256()
    for name in sorted(params):
        sha256.update(np.asarray(params[name]).tobytes())
    return sha256.hexdigest()


class Answer(NamedTuple):
    """What a model answered, and how sure it was."""

    text: str
    probability: float  # of the whole answer, its end included, given the prompt


class Exam(NamedTuple):
    """How questions were answered: shares of all, which sum to 1."""

    right: float
    wrong: float
    abstained: float


class Drift(NamedTuple):
    """What preferences have made of a model after some steps."""

    step: int
    kl: float  # divergence from the reference, nats per answer
    manner: float  # share of answers in the manner asked for
    right: float  # share of answers that are right
    example: str  # an exchange


def grade(answers: Sequence[str], truths: Sequence[str]) -> Exam:
    """Compare answers with truths, such as "a machine part".

    Right is the truth itself, or one sentence that ends in it: "it is a machine part".
    "i do not know" abstains, even where that is the truth. All else is wrong.
    """
    pairs = [*zip(answers, truths, strict=True)]
    abstained = sum(answer == UNKNOWN for answer, _ in pairs)
    right = sum(is_right(answer, truth) for answer, truth in pairs)
    n = len(pairs)
    return Exam(right / n, (n - right - abstained) / n, abstained / n)


def is_right(answer: str, truth: str) -> bool:
    """Whether an answer is the truth, or one sentence "… is" that ends in it."""
    before, _, said = answer.rpartition(" is ")
    return answer != UNKNOWN and said == truth and " is " not in before


@dataclass(frozen=True)
class RewardModel:
    """A model with a head that gives each exchange a reward."""

    head: Array  # (n_embd,)
    params: Params


@dataclass(frozen=True)
class Chat(Experiment):
    """An experiment with models that answer. Their vocabulary holds the four marks.

    Models go in as they are and come out anew. What is random in a method is decided by
    its ``seed``; the learning rate falls linearly to 0.
    """

    @property
    def mark(self) -> int:
        """The token of ">", after which the model speaks."""
        return self.tokenizer.encode(">")[0]

    def fine_tune(
        self,
        start: ArrayEngine,
        exchanges: Sequence[str],
        steps: int,
        seed: int = 0,
        learning_rate: float = 0.001,
        after: str = ">",
    ) -> ArrayEngine:
        """Return a model after supervised fine-tuning.

        Its loss is on what comes after a mark: ">" leaves the answers, "<" questions
        and answers.
        """
        batches = self._batches(exchanges, steps, seed)
        fixed = tuple(self.tokenizer.encode(after))
        *_, params = _descend(
            start.params, _sft, (batches,), fixed, self.config, learning_rate
        )
        return ArrayEngine(params, self.config)

    def prefer(
        self,
        start: ArrayEngine,
        chosen: Sequence[str],
        rejected: Sequence[str],
        beta: float,
        steps: int,
        seed: int = 0,
        learning_rate: float = 0.0005,
    ) -> ArrayEngine:
        """Return a model after direct preference optimisation, start its reference."""
        path = self.preferring(
            start, chosen, rejected, beta, [steps], seed, learning_rate
        )
        return next(path)

    def preferring(
        self,
        start: ArrayEngine,
        chosen: Sequence[str],
        rejected: Sequence[str],
        beta: float,
        pauses: Sequence[int],
        seed: int = 0,
        learning_rate: float = 0.0005,
    ) -> Iterator[ArrayEngine]:
        """Yield the model of ``prefer`` at each of the pauses, on the way to the last.

        pauses: steps in ascending order.
        """
        pairs = _trimmed(self._pairs(chosen, rejected, pauses[-1], seed))
        batches = pairs, self._log_probs_of(start, pairs)
        fixed = float(beta), self.mark
        for params in _descend(
            start.params, _dpo, batches, fixed, self.config, learning_rate, pauses
        ):
            yield ArrayEngine(params, self.config)

    def reward_model(
        self,
        start: ArrayEngine,
        chosen: Sequence[str],
        rejected: Sequence[str],
        steps: int,
        seed: int = 0,
        learning_rate: float = 0.001,
    ) -> RewardModel:
        """Return a model of what raters choose; its head and its weights learn."""
        pairs = self._pairs(chosen, rejected, steps, seed)
        weights = {"head": jnp.zeros(self.config.n_embd), "params": start.params}
        *_, learned = _descend(
            weights, _reward, (_trimmed(pairs),), (), self.config, learning_rate
        )
        return RewardModel(**learned)

    def rewards(self, model: RewardModel, exchanges: Sequence[str]) -> np.ndarray:
        """Return the reward of each exchange: (n,)."""
        return _in_parts(
            lambda some: _rewards(model.head, model.params, some, self.config),
            _trimmed(self.rows(exchanges)),
        )

    def log_probs(self, model: ArrayEngine, exchanges: Sequence[str]) -> np.ndarray:
        """Return the log-probability, in nats, of each answer to its question: (n,)."""
        return self._log_probs_of(model, self.rows(exchanges))

    def answer(
        self,
        model: ArrayEngine,
        prompts: Sequence[str],
        temperature: float = 0.0,
        seed: int = 0,
    ) -> list[Answer]:
        """Return what the model answers to each prompt, at temperature 0 the likeliest.

        An answer that fills the context is cut there.
        """
        answers = []
        for first in range(0, len(prompts), MANY):
            some = list(prompts[first : first + MANY])
            rows = self.rows([*some, *[""] * (MANY - len(some))])
            ends = [len(text) for text in some]
            if max(ends) >= self.config.block_size:
                raise ValueError(
                    "the prompt leaves no room for an answer: it must be shorter than "
                    f"{self.config.block_size} characters, and has {max(ends)}"
                )
            rows[np.arange(len(some)), np.array(ends) + 1] = PADDING  # it goes on
            written = _write(
                model.params, rows, float(temperature), seed + first, self.config
            )
            parts = map(np.asarray, written)  # tokens, and their log-probabilities
            for end, tokens, chosen in zip(ends, *parts, strict=False):
                text = tokens[end:].tolist()
                stop = (*text, self.tokenizer.bos).index(self.tokenizer.bos) + 1
                sure = np.exp(chosen[end:][:stop].sum(dtype=float))
                answers.append(Answer(self.tokenizer.decode(text[:stop]), float(sure)))
        return answers

    def targets(
        self, model: ArrayEngine, exchange: str
    ) -> tuple[list[str], np.ndarray, np.ndarray]:
        """Return what is predicted in an exchange, one character after the other.

        The characters with "bos" at the end, which of them count in the loss of
        fine-tuning, and the loss of each in nats: all (T,).
        """
        characters = [*exchange, "bos"]
        rows = self.rows([exchange, *[""] * (MANY - 1)])
        parts = _targets(model.params, rows, self.mark, self.config)
        counted, losses = (np.asarray(part[0, : len(characters)]) for part in parts)
        return characters, counted, losses

    def examine(self, model: ArrayEngine, rows: Sequence[Exchange]) -> Exam:
        """Ask the model each question, and compare its likeliest answers."""
        answers = self.answer(model, [prompt(row.question) for row in rows])
        return grade([said.text for said in answers], [row.answer for row in rows])

    def knowledge(self, model: ArrayEngine, rows: Sequence[Exchange]) -> float:
        """Return the share of things whose kind the model gives after "so … is"."""
        said = self.answer(model, [f"so {row.thing} is " for row in rows])
        hits = [
            a.text.startswith(row.answer) for a, row in zip(said, rows, strict=True)
        ]
        return sum(hits) / len(hits)

    def drift(
        self,
        model: ArrayEngine,
        reference: ArrayEngine,
        prompts: Sequence[str],
        seed: int = 0,
    ) -> float:
        """Return the KL divergence of a model from its reference, in nats per answer.

        An estimate: the mean of log p_model - log p_reference over one answer to each
        prompt, sampled from the model at temperature 1.
        """
        answers = self.answer(model, prompts, 1.0, seed)
        exchanges = [p + a.text for p, a in zip(prompts, answers, strict=True)]
        gaps = self.log_probs(model, exchanges) - self.log_probs(reference, exchanges)
        return float(gaps.mean())

    def _batches(self, texts: Sequence[str], steps: int, seed: int) -> np.ndarray:
        """Return a batch for each step: (steps, BATCH_SIZE, T + 1)."""
        check_whole("steps", steps, 0, BOUNDS["experiment"][0])
        rows = self._shuffled(texts, steps * BATCH_SIZE, random.Random(seed))
        width = self.config.block_size + 1
        return _trimmed(rows.reshape(steps, BATCH_SIZE, width))

    def _pairs(
        self, chosen: Sequence[str], rejected: Sequence[str], steps: int, seed: int
    ) -> np.ndarray:
        """Return a batch of pairs for each step: (steps, 2, BATCH_SIZE, T + 1)."""
        if len(chosen) != len(rejected):
            raise ValueError(
                f"each pair has two texts: {len(chosen)} chosen, {len(rejected)} not"
            )
        check_whole("steps", steps, 0, BOUNDS["experiment"][0])
        sides = [
            self._shuffled(texts, steps * BATCH_SIZE, random.Random(seed))
            for texts in (chosen, rejected)
        ]
        width = self.config.block_size + 1
        return np.stack(sides).reshape(2, steps, BATCH_SIZE, width).swapaxes(0, 1)

    def _log_probs_of(self, model: ArrayEngine, rows: np.ndarray) -> np.ndarray:
        """Return the log-probability of the answer in each row (..., T + 1): (...)."""
        flat = _trimmed(rows.reshape(-1, rows.shape[-1]))
        found = _in_parts(
            lambda some: _log_probs(model.params, some, self.mark, self.config), flat
        )
        return found.reshape(rows.shape[:-1])


def load_base() -> tuple[Chat, ArrayEngine]:
    """Return the laboratory of notebook 09, and the model from which it starts.

    The model ships with the course (``tools.train_assistant`` trained it).
    """
    checkpoint = read_checkpoint(str(shipped("assistant.safetensors")))
    lab = Chat(checkpoint.tokenizer, checkpoint.config)
    return lab, ArrayEngine(checkpoint.state.params, lab.config)


def _trimmed(rows: np.ndarray) -> np.ndarray:
    """Return rows without columns that are padding in all: few widths, few programs."""
    longest = count_targets(rows.reshape(-1, rows.shape[-1])).max(initial=0)
    return rows[..., : -(-longest // WIDTHS) * WIDTHS + 1]


def _in_parts(function: Callable[[np.ndarray], Array], rows: np.ndarray) -> np.ndarray:
    """Call a function of MANY rows on all of them: (n,)."""
    n = len(rows)
    rows = np.pad(rows, [(0, -n % MANY), (0, 0)], constant_values=PADDING)
    parts = [function(rows[i : i + MANY]) for i in range(0, len(rows), MANY)]
    return np.concatenate(parts, dtype=float)[:n] if parts else np.zeros(0)


def _sft(params: Any, batch: Any, fixed: Any, config: GPTConfig) -> Array:
    (exchanges,), (mark,) = batch, fixed
    return answer_loss(params, exchanges, mark, config)


def _dpo(params: Any, batch: Any, fixed: Any, config: GPTConfig) -> Array:
    (pairs, reference), (beta, mark) = batch, fixed
    return dpo_loss(params, pairs, reference, beta, mark, config)


def _reward(weights: Any, batch: Any, fixed: Any, config: GPTConfig) -> Array:
    (pairs,) = batch
    return reward_loss(weights["head"], weights["params"], pairs, config)


def _descend(
    weights: Any,
    loss: Callable[..., Array],
    batches: Sequence[np.ndarray],
    fixed: Any,
    config: GPTConfig,
    learning_rate: float,
    pauses: Sequence[int] | None = None,
) -> Iterator[Any]:
    """Take one step of Adam for each batch, the learning rate falling to 0.

    Yields the weights at each of the pauses (None: at the end).
    """
    steps, opt_state = len(batches[0]), adam(0.0).init(weights)
    rate, done = linear(learning_rate, max(steps, 1)), 0
    for pause in [steps] if pauses is None else pauses:
        for i in range(done, pause):
            batch = tuple(part[i] for part in batches)
            grads = _gradient(weights, batch, fixed, loss, config)
            weights, opt_state = _update(weights, opt_state, grads, rate(i))
        done, weights = pause, jax.block_until_ready(weights)
        give_back()  # the memory of the steps
        yield weights


@partial(jax.jit, static_argnames=("loss", "config"))
def _gradient(
    weights: Any, batch: Any, fixed: Any, loss: Callable[..., Array], config: GPTConfig
) -> Any:
    return jax.grad(loss)(weights, batch, fixed, config)


@jax.jit
def _update(weights: Any, opt_state: Any, grads: Any, rate: Any) -> tuple[Any, Any]:
    updates, opt_state = adam(rate, B1, B2).update(grads, opt_state)
    return apply_updates(weights, updates), opt_state


@partial(jax.jit, static_argnames="config")
def _targets(
    params: Params, rows: Array, mark: int, config: GPTConfig
) -> tuple[Array, Array]:
    return answer_mask(rows, mark), token_losses(params, rows, config)


_rewards = jax.jit(rewards, static_argnames="config")
_log_probs = jax.jit(answer_log_probs, static_argnames="config")


@partial(jax.jit, static_argnames="config")
def _write(
    params: Params, given: Array, temperature: Array, seed: Array, config: GPTConfig
) -> tuple[Array, Array]:
    """Continue many texts at once, each the way ``generate`` continues one.

    given: (n, T + 1) tokens, negative where the model is to write. Returns the last T
    tokens of each, given or written, and their log-probabilities: both (n, T). It stops
    when all texts have ended.
    """
    n, end, length = len(given), config.vocab_size - 1, given.shape[1] - 1
    shape = (n, config.n_head, config.block_size, config.head_dim)
    empty = [(jnp.zeros(shape), jnp.zeros(shape)) for _ in range(config.n_layer)]
    texts = jnp.full((length, n), end, given.dtype)
    nothing = (0, given[:, 0], empty, texts, jnp.zeros((length, n)), jnp.zeros(n, bool))

    def goes_on(state: Any) -> Any:
        position, *_, ended = state
        return (position < length) & ~jnp.all(ended)

    def one_more(state: Any) -> Any:
        position, tokens, cache, texts, log_probs, ended = state

        def read_one(token: Array, kept: Any) -> Any:
            return read(params, kept, token, position, config)

        logits, cache = jax.vmap(read_one)(tokens, cache)  # (n, vocab_size)
        key = jax.random.fold_in(jax.random.key(seed), position)
        # The largest of logits and Gumbel noise is a sample of their softmax.
        noise = temperature * jax.random.gumbel(key, logits.shape)
        written = jnp.argmax(logits + noise, axis=-1).astype(given.dtype)
        tokens = jnp.where(given[:, position + 1] < 0, written, given[:, position + 1])
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), tokens[:, None], -1)
        texts = texts.at[position].set(tokens)
        log_probs = log_probs.at[position].set(chosen[:, 0])
        return position + 1, tokens, cache, texts, log_probs, ended | (tokens == end)

    *_, texts, log_probs, _ = jax.lax.while_loop(goes_on, one_more, nothing)
    return texts.T, log_probs.T
