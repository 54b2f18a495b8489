"""Gradient-based optimizers: SGD, momentum and Adam, with optax's signatures.

An optimizer is two functions. ``init(params)`` returns its state, ``opt_state``;
``update(grads, opt_state)`` returns what to add to the parameters, and the new state.
Parameters are any tree of arrays or numbers (a dict, a list, one number).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.tree import map as tree_map

__all__ = ["AdamState", "Optimizer", "adam", "apply_updates", "momentum", "sgd"]

Params = Any
LearningRate = float | Callable[[Any], Any]


class Optimizer(NamedTuple):
    """A pair of pure functions: ``init`` and ``update``."""

    init: Callable[[Params], Any]
    update: Callable[..., tuple[Params, Any]]


class StepState(NamedTuple):
    """The state of SGD."""

    step: Any  # steps taken


class MomentumState(NamedTuple):
    """The state of momentum."""

    step: Any  # steps taken
    velocity: Params


class AdamState(NamedTuple):
    """The state of Adam: running estimates of the first and second moment."""

    step: Any  # steps taken
    mu: Params  # running mean of the gradient
    nu: Params  # running mean of its square


def apply_updates(params: Params, updates: Params) -> Params:
    """Return params + updates, elementwise."""
    return tree_map(lambda p, u: p + u, params, updates)


def sgd(learning_rate: LearningRate) -> Optimizer:
    """Stochastic gradient descent: update = -learning_rate * g.

    ``learning_rate`` is a number, or a function of the step (counted from 0).
    """

    def init(params: Params) -> StepState:
        return StepState(0)

    def update(
        grads: Params, state: StepState, params: Params = None
    ) -> tuple[Params, StepState]:
        lr = _rate(learning_rate, state.step)
        return tree_map(lambda g: -lr * g, grads), StepState(state.step + 1)

    return Optimizer(init, update)


def momentum(learning_rate: LearningRate, decay: float = 0.9) -> Optimizer:
    """Momentum: v = decay * v + g, update = -learning_rate * v (Polyak, 1964).

    ``learning_rate`` is a number, or a function of the step (counted from 0).
    """

    def init(params: Params) -> MomentumState:
        return MomentumState(0, tree_map(jnp.zeros_like, params))

    def update(
        grads: Params, state: MomentumState, params: Params = None
    ) -> tuple[Params, MomentumState]:
        lr = _rate(learning_rate, state.step)
        velocity = tree_map(lambda v, g: decay * v + g, state.velocity, grads)
        updates = tree_map(lambda v: -lr * v, velocity)
        return updates, MomentumState(state.step + 1, velocity)

    return Optimizer(init, update)


def adam(
    learning_rate: LearningRate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Optimizer:
    """Adam, with bias correction (Kingma & Ba, 2014, arXiv 1412.6980, algorithm 1).

    mu = b1 mu + (1 - b1) g and nu = b2 nu + (1 - b2) g^2 start at 0, so they are
    divided by 1 - b^step; update = -learning_rate * mu_hat / (sqrt(nu_hat) + eps).
    ``learning_rate`` is a number, or a function of the step (counted from 0).
    """

    def init(params: Params) -> AdamState:
        zeros = tree_map(jnp.zeros_like, params)
        return AdamState(0, zeros, zeros)

    def update(
        grads: Params, state: AdamState, params: Params = None
    ) -> tuple[Params, AdamState]:
        lr, step = _rate(learning_rate, state.step), state.step + 1
        mu = tree_map(lambda m, g: b1 * m + (1 - b1) * g, state.mu, grads)
        nu = tree_map(lambda n, g: b2 * n + (1 - b2) * g * g, state.nu, grads)
        correct1, correct2 = 1 - b1**step, 1 - b2**step
        updates = tree_map(
            lambda m, n: -lr * (m / correct1) / (jnp.sqrt(n / correct2) + eps), mu, nu
        )
        return updates, AdamState(step, mu, nu)

    return Optimizer(init, update)


def _rate(learning_rate: LearningRate, step: Any) -> Any:
    return learning_rate(step) if callable(learning_rate) else learning_rate
