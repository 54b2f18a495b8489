"""The network with arrays; test_twins.py compares it with the scalar one."""

from __future__ import annotations

import random
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib.array import init_mlp, mlp, mlp_from_scalar
from course_lib.scalar import MLP


@pytest.fixture(autouse=True)
def rank_promotion() -> Iterator[None]:
    """Allow what a bias means: the same vector is added to every row."""
    with jax.numpy_rank_promotion("allow"):
        yield


def test_weights_are_drawn_layer_by_layer() -> None:
    params = init_mlp(np.random.default_rng(0), 3, [400, 2])
    rng = np.random.default_rng(0)
    assert list(params) == [
        *("layer0.weights", "layer0.bias", "layer1.weights", "layer1.bias")
    ]
    for i, shape in enumerate([(400, 3), (2, 400)]):
        drawn = rng.normal(0, shape[1] ** -0.5, shape)
        np.testing.assert_allclose(params[f"layer{i}.weights"], drawn, rtol=1e-6)
        np.testing.assert_array_equal(params[f"layer{i}.bias"], np.zeros(shape[0]))


def test_activations_stand_between_layers_and_not_after_the_last() -> None:
    params = {
        "layer0.weights": jnp.array([[1.0], [-1.0]]),
        "layer0.bias": jnp.array([0.5, 0.0]),
        "layer1.weights": jnp.array([[-2.0, -3.0]]),
        "layer1.bias": jnp.array([0.25]),
    }
    x = np.array([[2.0], [-1.0]])
    hidden = np.array([[2.5, -2.0], [-0.5, 1.0]])
    for activation, function in [
        ("linear", lambda z: z),
        ("relu", lambda z: np.maximum(z, 0)),
        ("tanh", np.tanh),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    ]:
        want = function(hidden) @ [[-2.0], [-3.0]] + 0.25
        np.testing.assert_allclose(mlp(params, x, activation), want, rtol=1e-6)


def test_a_scalar_network_comes_over_number_for_number() -> None:
    model = MLP(3, [4, 2], random.Random(0))
    for p in model.parameters():
        p.data += 0.125
    params = mlp_from_scalar(model)
    assert {name: w.shape for name, w in params.items()} == {
        "layer0.weights": (4, 3),
        "layer0.bias": (4,),
        "layer1.weights": (2, 4),
        "layer1.bias": (2,),
    }
    x = np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 0.0]])
    want = [[logit.data for logit in model(row)] for row in x.tolist()]
    np.testing.assert_allclose(mlp(params, x), want, rtol=1e-5)
