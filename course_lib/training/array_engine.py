"""The array engine: a chunk of training steps in one compiled program.

Where JAX sees several devices all of them take part, as ``array.sharding`` says. Each
has the same number of rows, so a batch is filled up with rows of padding. They have no
targets, and the loss is a mean over targets: it is the same on every number of devices,
but for the order of sums.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh
from jax.typing import ArrayLike

from course_lib.array import loss_fn, stream
from course_lib.array.sharding import (
    collect,
    device_mesh,
    gather,
    rows_here,
    shard,
    shard_batches,
    shard_params,
)
from course_lib.config import GPTConfig
from course_lib.optimizers import AdamState, adam, apply_updates
from course_lib.training.batches import PADDING
from course_lib.training.loop import B1, B2, Arrays, TrainState
from course_lib.training.processes import each_says, peers

__all__ = ["ArrayEngine", "draw_params", "train_chunk", "train_step"]

Params = dict[str, Array]
MAX_CHUNK_SIZE = 256  # steps
MAX_CHUNK_TOKENS = 2**18  # in the batches of a chunk: 1 MB
EVAL_ROWS = 32  # batches to evaluate are padded to multiples: few programs to compile


def train_step(
    params: Params,
    opt_state: AdamState,
    batch: Array,
    learning_rate: Any,
    config: GPTConfig,
    precision: str = "float32",
    mesh: Mesh | None = None,
) -> tuple[Params, AdamState, Array, Array]:
    """Take one training step: forward, backward, update.

    batch: (batch_size, T + 1) tokens. Returns the new params and opt_state, the loss
    before the step, and the gradient norm.
    """

    def batch_loss(params: Params) -> Array:
        return loss_fn(gather(cast(params, precision), mesh), batch, config)

    loss, grads = jax.value_and_grad(batch_loss)(params)
    updates, opt_state = adam(learning_rate, B1, B2).update(grads, opt_state)
    return apply_updates(params, updates), opt_state, loss, global_norm(grads)


@partial(jax.jit, static_argnames=("config", "precision", "mesh"))
def train_chunk(
    params: Params,
    opt_state: AdamState,
    batches: Array,
    learning_rates: Array,
    n_steps: int,
    config: GPTConfig,
    precision: str = "float32",
    mesh: Mesh | None = None,
) -> tuple[Params, AdamState, Array, Array]:
    """Take the first n_steps of a chunk of steps, in one compiled program.

    batches: (at least n_steps, batch_size, T + 1). As n_steps is a number like any
    other to the compiler, one program serves every n_steps, bit for bit the same.
    """

    def body(i: Array, carry: Any) -> Any:
        params, opt_state, losses, norms = carry
        params, opt_state, loss, norm = train_step(
            params, opt_state, batches[i], learning_rates[i], config, precision, mesh
        )
        return params, opt_state, losses.at[i].set(loss), norms.at[i].set(norm)

    zeros = jnp.zeros_like(learning_rates)  # (steps,)
    return jax.lax.fori_loop(0, n_steps, body, (params, opt_state, zeros, zeros))


def cast(params: Params, precision: str) -> Params:
    """Return the weights to compute with, in float32 or bfloat16 (mixed precision).

    The master weights, and the last layer, stay float32: a small step would be lost
    in bfloat16's three digits, and the loss needs more of them.
    """
    if precision == "float32":
        return params
    half = {name: w.astype(precision) for name, w in params.items()}
    return {**half, "lm_head": params["lm_head"]}


def global_norm(grads: Params) -> Array:
    """Return the gradient norm: the root of the sum of all squares."""
    return jnp.sqrt(sum(jnp.sum(grad * grad) for grad in grads.values()))


def draw_params(rng: random.Random, config: GPTConfig) -> Arrays:
    """Draw the same weights as ``scalar.init_gpt``, number for number, in float32."""
    params = {}
    for name, (n_out, n_in) in config.shapes().items():
        numbers = [rng.gauss(0, 0.08) for _ in range(n_out * n_in)]
        params[name] = np.array(numbers, np.float32).reshape(n_out, n_in)
    return params


class ArrayEngine:
    """A micro-GPT of arrays with its Adam optimizer."""

    def __init__(
        self,
        params: Mapping[str, ArrayLike],
        config: GPTConfig,
        opt_state: AdamState | None = None,
        precision: str = "float32",
        fsdp: int = 1,
    ) -> None:
        """Start from params; opt_state, if given, resumes an earlier run.

        fsdp: how many parts the weights and Adam's moments are cut into. Raises
        ValueError unless it divides the number of devices.
        """
        self.config, self.precision = config, precision
        self.mesh = mesh = device_mesh(fsdp)
        self.n_devices = mesh.size if mesh else 1
        self.together = jax.process_count() > 1  # with other processes
        self.n_devices_here = jax.local_device_count()
        zeros = {n: np.zeros(np.shape(w), np.float32) for n, w in params.items()}
        state = opt_state or AdamState(0, zeros, zeros)
        self.step, self.chunk_size = int(state.step), 1
        self.params = shard_params(params, mesh)
        mu, nu = (shard_params(moment, mesh) for moment in (state.mu, state.nu))
        self.opt_state = AdamState(shard(np.int32(self.step), mesh), mu, nu)

    def train_steps(
        self, batches: np.ndarray, learning_rates: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Take a step for each batch; return each one's loss and gradient norm."""
        started, n_steps = perf_counter(), len(batches)
        most = max(1, min(MAX_CHUNK_SIZE, MAX_CHUNK_TOKENS // batches[0].size))
        length = max(n_steps, most)
        batches = _pad(self._pad_rows(batches, self.n_devices_here), length)
        self.params, self.opt_state, losses, norms = train_chunk(
            self.params,
            self.opt_state,
            shard_batches(batches, self.mesh),
            _pad(np.array(learning_rates, np.float32), length),
            n_steps,
            config=self.config,
            precision=self.precision,
            mesh=self.mesh,
        )
        with peers():
            results = zip(
                np.asarray(losses)[:n_steps].tolist(),
                np.asarray(norms)[:n_steps].tolist(),
                strict=True,
            )
        self.step += n_steps
        seconds = perf_counter() - started
        if self.together:
            seconds = float(each_says(np.array(seconds, np.float32)).max())
        self._adapt_chunk_size(seconds, most)
        return list(results)

    def share(self, batch_size: int) -> np.ndarray | None:
        """Return which rows of each batch this process takes; None for all."""
        return rows_here(batch_size, self.mesh) if self.mesh and self.together else None

    def total(self, counts: np.ndarray) -> np.ndarray:
        """Return the sum of what all processes counted."""
        return (
            each_says(counts.astype(np.int32)).sum(axis=0) if self.together else counts
        )

    def _adapt_chunk_size(self, seconds: float, most: int) -> None:
        """Aim at 0.1 to 0.4 seconds for a chunk: fast, and yet soon back to answer."""
        if seconds < 0.1:
            self.chunk_size = min(2 * self.chunk_size, most)
        elif seconds > 0.4:
            self.chunk_size = max(self.chunk_size // 2, 1)

    def loss(self, batch: np.ndarray) -> float:
        """Return the mean loss per token of a batch (batch_size, T + 1)."""
        padded = self._pad_rows(batch, math.lcm(EVAL_ROWS, self.n_devices))
        mine = self.share(len(padded))
        rows = shard_batches(padded if mine is None else padded[mine], self.mesh)
        with peers():
            loss = _loss(self.params, rows, self.config, self.precision, self.mesh)
            return float(loss)

    def _pad_rows(self, batches: np.ndarray, multiple: int) -> np.ndarray:
        """Pad each batch to a multiple of rows, as many for every device."""
        n_rows = -(-batches.shape[-2] // multiple) * multiple
        return _pad(batches, n_rows, PADDING, axis=-2)

    def generate(
        self,
        prompt: Sequence[int],
        temperature: float,
        count: int,
        seed: int,
        length: int | None = None,
    ) -> Iterator[Iterator[list[int]]]:
        """Yield ``count`` continuations of a prompt, from one random stream."""
        rng = np.random.default_rng(seed)
        for _ in range(count):
            yield stream(rng, self.params, self.config, prompt, temperature, length)

    @classmethod
    def start(
        cls,
        rng: random.Random,
        config: GPTConfig,
        precision: str = "float32",
        fsdp: int = 1,
    ) -> ArrayEngine:
        """Initialize the weights with rng, to those of the scalar engine."""
        return cls(draw_params(rng, config), config, None, precision, fsdp)

    @classmethod
    def restore(
        cls,
        state: TrainState,
        config: GPTConfig,
        precision: str = "float32",
        fsdp: int = 1,
    ) -> ArrayEngine:
        """Restore the state of a run, whichever engine ran it, on whatever devices."""
        params, mu, nu = (
            {name: np.float32(m) for name, m in part.items()}
            for part in (state.params, state.mu, state.nu)
        )
        return cls(params, config, AdamState(state.step, mu, nu), precision, fsdp)

    def state(self) -> TrainState:
        """Return the state of the run, in float32."""
        return TrainState(
            self.step,
            *(
                {name: whole[name] for name in self.config.shapes()}
                for whole in map(
                    collect, (self.params, self.opt_state.mu, self.opt_state.nu)
                )
            ),
        )


@partial(jax.jit, static_argnames=("config", "precision", "mesh"))
def _loss(
    params: Params, batch: Array, config: GPTConfig, precision: str, mesh: Mesh | None
) -> Array:
    return loss_fn(gather(cast(params, precision), mesh), batch, config)


def _pad(array: np.ndarray, length: int, fill: int = 0, axis: int = 0) -> np.ndarray:
    """Pad an array at the end of an axis, to this length."""
    missing = [(0, 0)] * array.ndim
    missing[axis] = (0, length - array.shape[axis])
    return np.pad(array, missing, constant_values=fill)
