"""Train a small network on points, and note how it does on points it never sees."""

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
Curve = Callable[[np.ndarray], np.ndarray]


def mlp_loss(
    params: Params, inputs: ArrayLike, labels: ArrayLike, activation: str = "tanh"
) -> Array:
    """Return the mean cross-entropy of the network's scores, in nats."""
    return cross_entropy(mlp(params, inputs, activation), labels)  # type: ignore[arg-type]


@partial(jax.jit, static_argnames=("steps", "activation", "optimizer"))
def train_mlp(
    params: Params,
    seen: Points,
    unseen: Points,
    learning_rate: float,
    steps: int,
    activation: str = "tanh",
    optimizer: Any = adam,
) -> tuple[Params, tuple[Array, Array]]:
    """Take steps on all the seen points at once, compiled as one program.

    Returns the new parameters, and the losses (steps,) on the seen and on the unseen
    points, each measured before its step. ``optimizer`` is sgd, momentum or adam.
    """
    init, update = optimizer(learning_rate)

    def step(state: Any, _: None) -> Any:
        params, opt_state = state
        loss, grads = jax.value_and_grad(mlp_loss)(params, *seen, activation)
        updates, opt_state = update(grads, opt_state)
        moved = apply_updates(params, updates)
        return (moved, opt_state), (loss, mlp_loss(params, *unseen, activation))

    state = params, init(params)
    (params, _), losses = jax.lax.scan(step, state, length=steps)
    return params, losses


@partial(jax.jit, static_argnames=("steps", "activation", "optimizer"))
def replay_mlp(
    params: Params,
    seen: Points,
    learning_rate: float,
    steps: int,
    activation: str = "tanh",
    optimizer: Any = adam,
) -> tuple[Params, Array]:
    """Take the steps of ``train_mlp``, and keep every network on the way.

    Returns the parameters before each step, each with a first axis (steps,), and the
    losses (steps,) that go with them.
    """
    init, update = optimizer(learning_rate)

    def step(state: Any, _: None) -> Any:
        params, opt_state = state
        loss, grads = jax.value_and_grad(mlp_loss)(params, *seen, activation)
        updates, opt_state = update(grads, opt_state)
        return (apply_updates(params, updates), opt_state), (params, loss)

    return jax.lax.scan(step, (params, init(params)), length=steps)[1]


@jax.jit
def chances(walk: Params, inputs: ArrayLike) -> Array:
    """Return what every network of ``replay_mlp`` says: (steps, ...), for label 1.

    ``inputs`` are (..., 2), the networks' activation is tanh.
    """

    def chance(params: Params) -> Array:
        return jax.nn.softmax(mlp(params, jnp.asarray(inputs)))[..., 1]

    return jax.vmap(chance)(walk)


def widened(params: Mapping[str, ArrayLike], width: int) -> Params:
    """Add neurons to every hidden layer that hear nothing and are not heard.

    With tanh or ReLU, 0 for 0, they change neither answers nor training: networks of
    several sizes fit one compiled program.
    """
    last, wide = len(params) // 2 - 1, {}
    for i in range(last + 1):
        weights = np.asarray(params[f"layer{i}.weights"])
        more_in = width - weights.shape[1] if i else 0
        more_out = width - weights.shape[0] if i < last else 0
        bias = np.pad(np.asarray(params[f"layer{i}.bias"]), (0, more_out))
        weights = np.pad(weights, ((0, more_out), (0, more_in)))
        wide[f"layer{i}.weights"] = jnp.asarray(weights)
        wide[f"layer{i}.bias"] = jnp.asarray(bias)
    return wide


def deep_start(
    rng: np.random.Generator, depth: int, gain: float, width: int = 32
) -> dict[str, np.ndarray]:
    """Draw a network of 2 inputs, ``depth`` hidden layers and 2 scores.

    Weights have the deviation gain / sqrt(n_in): a gain of 1 is Glorot & Bengio's
    (2010) where layers are of one width, sqrt(2) is He et al.'s (2015).
    """
    params = init_mlp(rng, 2, [width] * depth + [2])
    return {name: gain * np.asarray(numbers) for name, numbers in params.items()}


CURVES: dict[str, tuple[Curve, Curve]] = {  # activation; its slope, from its output
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0),
}


def slopes_by_layer(
    params: Mapping[str, ArrayLike],
    inputs: np.ndarray,
    labels: np.ndarray,
    activation: str,
) -> np.ndarray:
    """Return the length of the loss's gradient for each layer's weights, in order."""
    activate, slope = CURVES[activation]
    depth = len(params) // 2
    weights = [np.asarray(params[f"layer{i}.weights"], float) for i in range(depth)]
    biases = [np.asarray(params[f"layer{i}.bias"], float) for i in range(depth)]

    signals = [inputs]  # what each layer reads
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        signals.append(activate(signals[-1] @ w.T + b))
    shares = softmax(signals[-1] @ weights[-1].T + biases[-1])
    blame = (np.asarray(shares) - np.eye(2)[labels]) / len(labels)

    lengths = []
    for w, signal in zip(weights[::-1], signals[::-1], strict=True):
        lengths.append(np.linalg.norm(blame.T @ signal))
        blame = (blame @ w) * slope(signal)  # what the layer below is to blame for
    return np.array(lengths[::-1])
