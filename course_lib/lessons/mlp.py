"""Training of small MLPs on labelled points, with a validation loss at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from course_lib.array.nn import Params, init_mlp, mlp
from course_lib.losses import cross_entropy, softmax
from course_lib.optimizers import adam, apply_updates

Points = tuple[ArrayLike, ArrayLike]  # (n, n_in) inputs and (n,) labels
Activation = Callable[[np.ndarray], np.ndarray]


def mlp_loss(
    params: Params, inputs: ArrayLike, labels: ArrayLike, activation: str = "tanh"
) -> Array:
    """Return the mean cross-entropy of the network's logits, in nats."""
    return cross_entropy(mlp(params, inputs, activation), labels)  # type: ignore[arg-type]


@partial(jax.jit, static_argnames=("steps", "activation", "optimizer"))
def train_mlp(
    params: Params,
    train_set: Points,
    validation_set: Points,
    learning_rate: float,
    steps: int,
    activation: str = "tanh",
    optimizer: Any = adam,
) -> tuple[Params, tuple[Array, Array]]:
    """Train on the whole training set at every step, compiled as one program.

    Returns the new parameters, and the losses (steps,) on the training and on the
    validation set, each before its step. ``optimizer`` is sgd, momentum or adam.
    """
    init, update = optimizer(learning_rate)

    def step(state: Any, _: None) -> Any:
        params, opt_state = state
        loss, grads = jax.value_and_grad(mlp_loss)(params, *train_set, activation)
        val_loss = mlp_loss(params, *validation_set, activation)
        updates, opt_state = update(grads, opt_state)
        return (apply_updates(params, updates), opt_state), (loss, val_loss)

    state = params, init(params)
    (params, _), losses = jax.lax.scan(step, state, length=steps)
    return params, losses


@partial(jax.jit, static_argnames=("steps", "activation", "optimizer"))
def record_mlp_training(
    params: Params,
    train_set: Points,
    learning_rate: float,
    steps: int,
    activation: str = "tanh",
    optimizer: Any = adam,
) -> tuple[Params, Array]:
    """Train as ``train_mlp`` does, and return the parameters before every step.

    Each parameter has a first axis (steps,). Returns the losses (steps,) as well.
    """
    init, update = optimizer(learning_rate)

    def step(state: Any, _: None) -> Any:
        params, opt_state = state
        loss, grads = jax.value_and_grad(mlp_loss)(params, *train_set, activation)
        updates, opt_state = update(grads, opt_state)
        return (apply_updates(params, updates), opt_state), (params, loss)

    return jax.lax.scan(step, (params, init(params)), length=steps)[1]


@partial(jax.jit, static_argnames="activation")
def train_on_weighted(
    params: Params,
    train_set: Points,
    weights: ArrayLike,
    learning_rate: float,
    steps: ArrayLike,
    activation: str = "tanh",
) -> Params:
    """Train by Adam, where each point's loss counts by its weight; return parameters.

    A point of weight 0 counts for nothing: sets of several sizes, padded to one, and
    any number of steps fit one compiled program.
    """
    inputs, labels = train_set
    init, update = adam(learning_rate)

    def loss(params: Params) -> Array:
        losses = jax.vmap(cross_entropy)(mlp(params, inputs, activation), labels)  # type: ignore[arg-type]
        return jnp.sum(weights * losses)

    def step(_: int, state: Any) -> Any:
        params, opt_state = state
        updates, opt_state = update(jax.grad(loss)(params), opt_state)
        return apply_updates(params, updates), opt_state

    return jax.lax.fori_loop(0, steps, step, (params, init(params)))[0]


@jax.jit
def probabilities_by_step(recorded: Params, inputs: ArrayLike) -> Array:
    """Return the probability of label 1 before every step: (steps, ...).

    recorded: the parameters of ``record_mlp_training``, with tanh. inputs: (..., 2).
    """

    def probability(params: Params) -> Array:
        return jax.nn.softmax(mlp(params, jnp.asarray(inputs)))[..., 1]

    return jax.lax.map(probability, recorded)  # step by step: vmap would hold them all


def pad_hidden_layers(params: Mapping[str, ArrayLike], width: int) -> Params:
    """Pad every hidden layer to a width with neurons whose weights are all 0.

    With tanh or ReLU, 0 for 0, they change neither outputs nor training: networks of
    several sizes fit one compiled program.
    """
    last, padded = len(params) // 2 - 1, {}
    for i in range(last + 1):
        weights = np.asarray(params[f"layer{i}.weights"])
        more_in = width - weights.shape[1] if i else 0
        more_out = width - weights.shape[0] if i < last else 0
        bias = np.pad(np.asarray(params[f"layer{i}.bias"]), (0, more_out))
        weights = np.pad(weights, ((0, more_out), (0, more_in)))
        padded[f"layer{i}.weights"] = jnp.asarray(weights)
        padded[f"layer{i}.bias"] = jnp.asarray(bias)
    return padded


def init_deep_mlp(
    rng: np.random.Generator, depth: int, gain: float, width: int = 32
) -> dict[str, np.ndarray]:
    """Initialize an MLP of 2 inputs, ``depth`` hidden layers and 2 logits.

    The standard deviation of weights is gain / sqrt(n_in): a gain of 1 is Glorot &
    Bengio's (2010) where layers are of one width, sqrt(2) is He et al.'s (2015).
    """
    params = init_mlp(rng, 2, [width] * depth + [2])
    return {name: gain * np.asarray(numbers) for name, numbers in params.items()}


def sigmoid(z: Any) -> Any:
    """Return 1 / (1 + e^-z), of one number or of each number of an array."""
    return 1 / (1 + np.exp(-z))


# Each activation, and its derivative as a function of its output.
ACTIVATIONS: dict[str, tuple[Activation, Activation]] = {
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0),
    "linear": (lambda z: z, np.ones_like),
}


def forward(
    params: Mapping[str, ArrayLike], inputs: np.ndarray, activation: str
) -> list[np.ndarray]:
    """Return the inputs, the outputs of each hidden layer, and the logits."""
    activate, _ = ACTIVATIONS[activation]
    values, last = [inputs], len(params) // 2 - 1
    for i in range(last + 1):
        weights = np.asarray(params[f"layer{i}.weights"], float)
        z = values[-1] @ weights.T + np.asarray(params[f"layer{i}.bias"], float)
        values.append(z if i == last else activate(z))
    return values


def signals_and_blame(
    params: Mapping[str, ArrayLike],
    inputs: np.ndarray,
    labels: np.ndarray,
    activation: str,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return for each layer what it reads, and the loss's slope for each of its sums.

    Both are (points, ...), and the first layer comes first.
    """
    _, derivative = ACTIVATIONS[activation]
    *signals, logits = forward(params, inputs, activation)
    slopes = np.asarray(softmax(logits)) - np.eye(2)[labels]
    blame = [slopes / len(labels)]  # of the last layer
    for i in range(len(signals) - 1, 0, -1):
        weights = np.asarray(params[f"layer{i}.weights"], float)
        blame.append((blame[-1] @ weights) * derivative(signals[i]))
    return signals, blame[::-1]


def gradient_norms(
    params: Mapping[str, ArrayLike],
    inputs: np.ndarray,
    labels: np.ndarray,
    activation: str,
) -> np.ndarray:
    """Return the norm of the loss's gradient for each layer's weights, in order."""
    pairs = zip(*signals_and_blame(params, inputs, labels, activation), strict=True)
    return np.array([np.linalg.norm(blame.T @ signal) for signal, blame in pairs])
