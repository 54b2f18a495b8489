"""The engine with arrays: many steps in one compiled program."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course_lib.array import loss_fn
from course_lib.config import GPTConfig
from course_lib.optimizers import AdamState, adam, apply_updates
from course_lib.training.loop import B1, B2
from course_lib.training.state import TrainState

__all__ = ["ArrayEngine", "draw_params", "train_step", "train_steps"]

Params = dict[str, Array]
LONGEST = 256  # steps in one go, at most
MOST_TOKENS = 2**18  # in the batches of one go: 1 MB
EVALUATED = 32  # rows in one go


def train_step(
    params: Params,
    opt_state: AdamState,
    batch: Array,
    learning_rate: Any,
    config: GPTConfig,
    precision: str = "float32",
) -> tuple[Params, AdamState, Array, Array]:
    """Take one step: forward, backward, update.

    batch: (batch_size, T + 1) tokens. Returns the new params and opt_state, the loss
    before the step, and the length of the gradient.
    """

    def loss_of(params: Params) -> Array:
        return loss_fn(cast(params, precision), batch, config)

    loss, grads = jax.value_and_grad(loss_of)(params)
    updates, opt_state = adam(learning_rate, B1, B2).update(grads, opt_state)
    return apply_updates(params, updates), opt_state, loss, norm(grads)


@partial(jax.jit, static_argnames=("config", "precision"))
def train_steps(
    params: Params,
    opt_state: AdamState,
    batches: Array,
    learning_rates: Array,
    n_steps: int,
    config: GPTConfig,
    precision: str = "float32",
) -> tuple[Params, AdamState, Array, Array]:
    """Take the first n_steps of the given steps, in one compiled program.

    batches: (at least n_steps, batch_size, T + 1). As n_steps is a number like any
    other to the compiler, one program serves every n_steps, bit for bit the same.
    """

    def one_more(i: Array, so_far: Any) -> Any:
        params, opt_state, losses, norms = so_far
        params, opt_state, loss, length = train_step(
            params, opt_state, batches[i], learning_rates[i], config, precision
        )
        return params, opt_state, losses.at[i].set(loss), norms.at[i].set(length)

    nothing = jnp.zeros_like(learning_rates)  # (steps,)
    start = (params, opt_state, nothing, nothing)
    return jax.lax.fori_loop(0, n_steps, one_more, start)


def cast(params: Params, precision: str) -> Params:
    """Return the weights to compute with, in float32 or bfloat16.

    Those that are kept, and the last layer, stay float32: a small step would be lost
    in bfloat16's three digits, and the loss needs more of them.
    """
    if precision == "float32":
        return params
    half = {name: w.astype(precision) for name, w in params.items()}
    return {**half, "lm_head": params["lm_head"]}


def norm(grads: Params) -> Array:
    """Return the length of the gradient: the root of the sum of all squares."""
    return jnp.sqrt(sum(jnp.sum(grad * grad) for grad in grads.values()))


def draw_params(rng: random.Random, config: GPTConfig) -> Params:
    """Draw the same weights as ``scalar.init_gpt``, number for number, in float32."""
    params = {}
    for name, (n_out, n_in) in config.shapes().items():
        numbers = [rng.gauss(0, 0.08) for _ in range(n_out * n_in)]
        matrix = np.array(numbers, np.float32).reshape(n_out, n_in)
        params[name] = jax.device_put(matrix)
    return params


class ArrayEngine:
    """A micro-GPT of arrays, and its Adam."""

    def __init__(
        self,
        params: Params,
        config: GPTConfig,
        opt_state: AdamState | None = None,
        precision: str = "float32",
    ) -> None:
        """Start from params; opt_state, if given, goes on from an earlier run."""
        self.params, self.config, self.precision = params, config, precision
        zeros = {name: np.zeros(w.shape, np.float32) for name, w in params.items()}
        state = opt_state or AdamState(0, zeros, zeros)
        self.step = int(state.step)
        self.opt_state = state._replace(step=np.int32(self.step))
        self.chunk = 1

    def learn(
        self, batches: np.ndarray, learning_rates: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Take a step for each batch; return each one's loss and gradient length."""
        started, n_steps = perf_counter(), len(batches)
        most = max(1, min(LONGEST, MOST_TOKENS // batches[0].size))
        length = max(n_steps, most)
        self.params, self.opt_state, losses, norms = train_steps(
            self.params,
            self.opt_state,
            _lengthen(batches, length),
            _lengthen(np.array(learning_rates, np.float32), length),
            n_steps,
            config=self.config,
            precision=self.precision,
        )
        results = zip(
            np.asarray(losses)[:n_steps].tolist(),
            np.asarray(norms)[:n_steps].tolist(),
            strict=True,
        )
        self.step += n_steps
        self._choose_chunk(perf_counter() - started, most)
        return list(results)

    def _choose_chunk(self, seconds: float, most: int) -> None:
        """Aim at 0.1 to 0.4 seconds in one go: fast, and yet soon back to answer."""
        if seconds < 0.1:
            self.chunk = min(2 * self.chunk, most)
        elif seconds > 0.4:
            self.chunk = max(self.chunk // 2, 1)

    def loss(self, batch: np.ndarray) -> float:
        """Return the mean loss per token of a batch (batch_size, T + 1)."""
        full = _lengthen(batch, -(-len(batch) // EVALUATED) * EVALUATED, -1)
        return float(_loss(self.params, full, self.config, self.precision))

    @classmethod
    def start(
        cls, rng: random.Random, config: GPTConfig, precision: str = "float32"
    ) -> ArrayEngine:
        """Begin with weights drawn by rng, the same as the scalar engine's."""
        return cls(draw_params(rng, config), config, precision=precision)

    @classmethod
    def restore(
        cls, state: TrainState, config: GPTConfig, precision: str = "float32"
    ) -> ArrayEngine:
        """Go on from where a run stood, whichever engine ran it."""
        params, mu, nu = (
            {name: jax.device_put(np.float32(m)) for name, m in part.items()}
            for part in (state.params, state.mu, state.nu)
        )
        return cls(params, config, AdamState(state.step, mu, nu), precision)

    def state(self) -> TrainState:
        """Return where the run stands, in float32."""
        return TrainState(
            self.step,
            *(
                {name: np.asarray(part[name]) for name in self.config.shapes()}
                for part in (self.params, self.opt_state.mu, self.opt_state.nu)
            ),
        )


@partial(jax.jit, static_argnames=("config", "precision"))
def _loss(params: Params, batch: Array, config: GPTConfig, precision: str) -> Array:
    return loss_fn(cast(params, precision), batch, config)


def _lengthen(array: np.ndarray, length: int, fill: int = 0) -> np.ndarray:
    """Add rows at the end until there are `length` of them."""
    longer = np.full((length, *array.shape[1:]), fill, array.dtype)
    longer[: len(array)] = array
    return longer
