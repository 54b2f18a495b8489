"""Small networks: trained in one program as step by step, blame by hand as by JAX."""

from __future__ import annotations

import random
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib import array, scalar
from course_lib.data.moons import two_moons
from course_lib.lessons.mlp import (
    gradient_norms,
    init_deep_mlp,
    mlp_loss,
    pad_hidden_layers,
    probabilities_by_step,
    record_mlp_training,
    train_mlp,
)
from course_lib.optimizers import adam, apply_updates, sgd

SEEN = two_moons(np.random.default_rng(0), 20)
UNSEEN = two_moons(np.random.default_rng(1), 30)


@pytest.fixture(autouse=True)
def rank_promotion() -> Iterator[None]:
    """Allow what a bias means: the same vector is added to every row."""
    with jax.numpy_rank_promotion("allow"):
        yield


def test_the_walk_of_a_scalar_network_by_adam() -> None:
    model = scalar.MLP(2, [4, 2], random.Random(0))
    start = array.mlp_from_scalar(model)
    params, (seen, _) = train_mlp(start, SEEN, UNSEEN, 0.05, 10)
    state = scalar.adam_init(model.parameters())
    for loss in seen:
        pairs = zip(SEEN[0].tolist(), SEEN[1].tolist(), strict=True)
        costs = [scalar.cross_entropy(model(x), label) for x, label in pairs]
        by_hand = sum(costs[1:], costs[0]) / len(costs)
        assert loss == pytest.approx(by_hand.data, abs=5e-6)
        by_hand.backward()
        state = scalar.adam_update(model.parameters(), state, 0.05)
    for name, numbers in array.mlp_from_scalar(model).items():
        np.testing.assert_allclose(params[name], numbers, atol=2e-5)


@pytest.mark.parametrize("optimizer", [sgd, adam])
def test_losses_are_those_before_each_step_and_unseen_points_teach_nothing(
    optimizer: object,
) -> None:
    start = array.init_mlp(np.random.default_rng(0), 2, [3, 2])
    how = 0.1, 3, "relu", optimizer
    params, (seen, unseen) = train_mlp(start, SEEN, UNSEEN, *how)
    assert seen.shape == unseen.shape == (3,)
    assert seen[0] == pytest.approx(float(mlp_loss(start, *SEEN, "relu")), rel=1e-5)
    assert unseen[0] == pytest.approx(float(mlp_loss(start, *UNSEEN, "relu")), rel=1e-5)
    others, (same, _) = train_mlp(start, SEEN, (UNSEEN[0], 1 - UNSEEN[1]), *how)
    np.testing.assert_array_equal(seen, same)
    assert mlp_loss(params, *SEEN, "relu") < seen[-1]
    init, update = optimizer(0.1)  # type: ignore[operator]
    updates, _ = update(jax.grad(mlp_loss)(start, *SEEN, "relu"), init(start))
    one, _ = train_mlp(start, SEEN, UNSEEN, 0.1, 1, "relu", optimizer)
    for name, numbers in apply_updates(start, updates).items():
        np.testing.assert_allclose(one[name], numbers, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(params[name], others[name])


@pytest.mark.parametrize("optimizer", [sgd, adam])
def test_a_recorded_training_is_the_same_with_every_network(optimizer: object) -> None:
    start = array.init_mlp(np.random.default_rng(0), 2, [3, 2])
    walk, losses = record_mlp_training(start, SEEN, 0.1, 4, "tanh", optimizer)
    how = 0.1, 3, "tanh", optimizer
    end, (seen, _) = train_mlp(start, SEEN, UNSEEN, *how)
    np.testing.assert_allclose(losses[:3], seen, rtol=1e-5)
    said = probabilities_by_step(walk, UNSEEN[0])  # (4, 30)
    for step, params in ((0, start), (3, end)):
        for name, numbers in params.items():
            np.testing.assert_allclose(walk[name][step], numbers, atol=1e-6)
        shares = jax.nn.softmax(array.mlp(params, jnp.asarray(UNSEEN[0])))[:, 1]
        np.testing.assert_allclose(said[step], shares, atol=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_neurons_that_are_not_heard_change_nothing(activation: str) -> None:
    start = array.init_mlp(np.random.default_rng(0), 2, [3, 4, 2])
    wide = pad_hidden_layers(start, 6)
    assert [wide[f"layer{i}.weights"].shape for i in range(3)] == [
        (6, 2),
        (6, 6),
        (2, 6),
    ]
    walk, losses = record_mlp_training(start, SEEN, 0.1, 9, activation)
    wider, same = record_mlp_training(wide, SEEN, 0.1, 9, activation)
    np.testing.assert_allclose(same, losses, rtol=1e-5)
    np.testing.assert_allclose(
        wider["layer1.weights"][-1, :4, :3], walk["layer1.weights"][-1], atol=1e-5
    )
    assert not wider["layer1.weights"][-1, 4:].any()
    assert not wider["layer1.weights"][-1, :, 3:].any()


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("depth", [1, 4])
def test_blame_by_hand_is_the_gradient_of_every_layer(
    activation: str, depth: int
) -> None:
    params = init_deep_mlp(np.random.default_rng(5), depth, gain=1.3, width=6)
    params = {name: numbers + 0.05 for name, numbers in params.items()}
    by_hand = gradient_norms(params, *SEEN, activation)
    assert by_hand.shape == (depth + 1,)
    with jax.enable_x64(True):
        precise = {name: jnp.asarray(numbers) for name, numbers in params.items()}
        grads = jax.grad(mlp_loss)(precise, *SEEN, activation)
    for i, length in enumerate(by_hand):
        expected = np.linalg.norm(grads[f"layer{i}.weights"])
        assert length == pytest.approx(expected, rel=1e-5)


def test_the_gain_is_the_deviation_times_the_root_of_the_inputs() -> None:
    params = init_deep_mlp(np.random.default_rng(0), 3, gain=2.0, width=100)
    assert len(params) == 8
    assert params["layer2.weights"].std() * 10 == pytest.approx(2.0, rel=0.05)
    assert not params["layer2.bias"].any()
