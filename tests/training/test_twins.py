"""Scalar and array twins: the same loss, the same slopes, the same steps of Adam."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib import array, scalar
from course_lib.data import load_names
from course_lib.optimizers import adam, apply_updates
from tests.reference import Reference, reference

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def float64(params: scalar.gpt.Params) -> dict[str, Any]:
    """Return the scalar weights as float64 arrays (from_scalar gives float32)."""
    return {
        name: jnp.array([[w.data for w in row] for row in matrix])
        for name, matrix in params.items()
    }


def grads_of(params: scalar.gpt.Params) -> dict[str, np.ndarray]:
    return {
        name: np.array([[w.grad for w in row] for row in matrix])
        for name, matrix in params.items()
    }


def padded(document: list[int], config: array.GPTConfig) -> np.ndarray:
    """Return a document as an array of one length for all, filled up with -1."""
    return np.array(document + [-1] * (config.block_size + 1 - len(document)))


@pytest.mark.parametrize(
    "sizes",
    [
        {"block_size": 4, "n_layer": 1, "n_head": 2, "n_embd": 4},
        {"block_size": 9, "n_layer": 2, "n_head": 2, "n_embd": 8},
        {},
    ],
    ids=str,
)
def test_gpt_loss_and_every_gradient(sizes: dict[str, int]) -> None:
    run = reference(42, ["maximiliana", LETTERS], **sizes)
    slope = jax.jit(jax.value_and_grad(array.loss_fn), static_argnums=2)
    for document in run.documents:
        for weight in scalar.parameters(run.params):
            weight.grad = 0.0
        loss = scalar.loss_fn(run.params, document, run.config)
        loss.backward()
        with jax.enable_x64(True):
            twin, slopes = slope(
                float64(run.params), padded(document, run.config), run.config
            )
            assert twin.dtype == jnp.float64
        assert math.isclose(loss.data, twin, rel_tol=1e-12)
        count = 0
        for name, grads in grads_of(run.params).items():
            np.testing.assert_allclose(slopes[name], grads, rtol=1e-9, atol=1e-12)
            count += grads.size
        assert count == run.config.n_params
        if not sizes:
            assert count == 4_192


def test_gpt_ten_steps_of_adam() -> None:
    run = reference()
    flat = scalar.parameters(run.params)
    state = scalar.adam_init(flat)
    with jax.enable_x64(True):
        twin = float64(run.params)
        optimizer = adam(lambda step: 0.01 * (1 - step / 10), b1=0.85, b2=0.99)
        twin_state = optimizer.init(twin)
        slope = jax.jit(jax.value_and_grad(array.loss_fn), static_argnums=2)
        for step in range(10):
            document = padded(run.documents[step], run.config)
            twin_loss, grads = slope(twin, document, run.config)
            updates, twin_state = optimizer.update(grads, twin_state)
            twin = apply_updates(twin, updates)

            loss = scalar.loss_fn(run.params, run.documents[step], run.config)
            loss.backward()
            lr = 0.01 * (1 - step / 10)
            state = scalar.adam_update(flat, state, lr, b1=0.85, b2=0.99)
            assert math.isclose(loss.data, twin_loss, rel_tol=1e-9)
        for name, weights in float64(run.params).items():
            np.testing.assert_allclose(twin[name], weights, rtol=0, atol=1e-8)


def scalar_losses(run: Reference, steps: int) -> list[float]:
    flat = scalar.parameters(run.params)
    state, losses = scalar.adam_init(flat), []
    for step in range(steps):
        document = run.documents[step % len(run.documents)]
        loss = scalar.loss_fn(run.params, document, run.config)
        loss.backward()
        lr = 0.01 * (1 - step / steps)
        state = scalar.adam_update(flat, state, lr, b1=0.85, b2=0.99)
        losses.append(loss.data)
    return losses


def array_losses(run: Reference, params: Any, steps: int) -> np.ndarray:
    """Return the losses: one compiled scan over all the documents."""
    documents = [
        padded(run.documents[step % len(run.documents)], run.config)
        for step in range(steps)
    ]
    optimizer = adam(lambda step: 0.01 * (1 - step / steps), b1=0.85, b2=0.99)

    def train_step(carry: Any, document: Any) -> Any:
        params, state = carry
        loss, grads = jax.value_and_grad(array.loss_fn)(params, document, run.config)
        updates, state = optimizer.update(grads, state)
        return (apply_updates(params, updates), state), loss

    _, losses = jax.lax.scan(
        train_step, (params, optimizer.init(params)), np.array(documents)
    )
    return np.asarray(losses)


@pytest.mark.parametrize(
    ("dtype", "seed", "steps"),
    [
        ("float32", 42, 100),
        ("float64", 42, 100),
        pytest.param("float32", 2, 1_000, marks=pytest.mark.slow),
        # Not with seed 42 in float32: at step 268 a number lies so near to ReLU's kink
        # (5e-7) that it falls on the other side, and from there two runs go their ways.
        pytest.param("float64", 42, 1_000, marks=pytest.mark.slow),
    ],
)
def test_losses_stay_equal(
    dtype: str, seed: int, steps: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = reference(seed, load_names())
    assert len(run.documents) >= steps  # each name once
    with jax.enable_x64(dtype == "float64"):
        convert = float64 if dtype == "float64" else array.from_scalar
        by_array = array_losses(run, convert(run.params), steps)
    by_scalar = np.array(scalar_losses(run, steps))
    worst = np.abs(by_array - by_scalar).max()
    with capsys.disabled():
        print(
            f"\n{steps} steps, {dtype}, seed {seed}: the losses of the twins differ "
            f"by at most {worst:.1e}",
            file=sys.stderr,
        )
    assert worst < (1e-9 if dtype == "float64" else 5e-5)  # four decimals
    assert by_scalar[-10:].mean() < by_scalar[:10].mean() - 0.3


def test_generate_takes_the_same_likeliest_tokens() -> None:
    run = reference(42, ["sakura", "sven"], n_embd=8, n_head=2)
    scalar_losses(run, 40)
    bos = run.tokenizer.bos
    told = scalar.generate(random.Random(0), run.params, run.config, [bos], 0)
    params = array.from_scalar(run.params)
    rng = np.random.default_rng(0)
    assert array.generate(rng, params, run.config, [bos], 0) == told
    assert len(told) > 2


# --- MLP


@pytest.fixture
def rank_promotion() -> Iterator[None]:
    """Allow what a bias means: the same vector is added to every row."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
@pytest.mark.usefixtures("rank_promotion")
def test_mlp_loss_gradients_and_ten_steps_of_adam(activation: str) -> None:
    rng = random.Random(5)
    model = scalar.MLP(2, [5, 4, 3], rng, activation)
    points = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(8)]
    targets = [rng.randrange(3) for _ in points]
    flat = model.parameters()
    for p in flat:
        p.data += rng.gauss(0, 0.1)  # biases, too, away from 0
    state = scalar.adam_init(flat)

    with jax.enable_x64(True):
        twin = array.mlp_from_scalar(model)
        assert all(w.dtype == jnp.float64 for w in twin.values())

        def loss_fn(params: Any) -> Any:
            log_probs = jax.nn.log_softmax(
                array.mlp(params, jnp.array(points), activation)
            )
            return -jnp.mean(log_probs[np.arange(8), np.array(targets)])

        optimizer = adam(0.05)
        twin_state = optimizer.init(twin)
        slope = jax.jit(jax.value_and_grad(loss_fn))
        for _ in range(10):
            twin_loss, grads = slope(twin)
            updates, twin_state = optimizer.update(grads, twin_state)

            losses = [
                scalar.cross_entropy(model(point), target)
                for point, target in zip(points, targets, strict=True)
            ]
            loss = sum(losses[1:], losses[0]) / len(losses)
            loss.backward()
            assert math.isclose(loss.data, twin_loss, rel_tol=1e-9)
            for i, layer in enumerate(model.layers):
                for j, neuron in enumerate(layer.neurons):
                    np.testing.assert_allclose(
                        grads[f"layer{i}.weights"][j],
                        [w.grad for w in neuron.weights],
                        rtol=1e-9,
                        atol=1e-12,
                    )
                    assert math.isclose(
                        grads[f"layer{i}.bias"][j], neuron.bias.grad, abs_tol=1e-9
                    )
            state = scalar.adam_update(flat, state, 0.05)
            twin = apply_updates(twin, updates)
        for name, weights in array.mlp_from_scalar(model).items():
            np.testing.assert_allclose(twin[name], weights, rtol=0, atol=1e-8)
