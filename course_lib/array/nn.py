"""A multilayer perceptron with arrays: the twin of ``course_lib.scalar.nn``.

A layer is a matrix (n_out, n_in) and a vector (n_out,); a whole batch of inputs goes
through it in one multiplication.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

Params = dict[str, Array]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
}


def init_mlp(rng: np.random.Generator, n_in: int, n_outs: Sequence[int]) -> Params:
    """Initialize weights with deviation 1 / sqrt(n_in), and biases of 0."""
    params = {}
    for i, n_out in enumerate(n_outs):
        weights = rng.normal(0, n_in**-0.5, (n_out, n_in))
        params[f"layer{i}.weights"] = jnp.asarray(weights)
        params[f"layer{i}.bias"] = jnp.asarray(np.zeros(n_out))
        n_in = n_out
    return params


def mlp(params: Params, x: Array, activation: str = "tanh") -> Array:
    """Return the logits (batch, n_out) for inputs (batch, n_in)."""
    last = len(params) // 2 - 1
    for i in range(last + 1):
        z = x @ params[f"layer{i}.weights"].T + params[f"layer{i}.bias"]
        x = ACTIVATIONS["linear" if i == last else activation](z)  # (batch, n_out)
    return x


def mlp_from_scalar(model: Any) -> Params:
    """Return the weights of a ``course_lib.scalar.MLP`` as arrays."""
    params = {}
    for i, layer in enumerate(model.layers):
        rows = [[w.data for w in neuron.weights] for neuron in layer.neurons]
        params[f"layer{i}.weights"] = jnp.asarray(np.array(rows))
        biases = [neuron.bias.data for neuron in layer.neurons]
        params[f"layer{i}.bias"] = jnp.asarray(np.array(biases))
    return params
