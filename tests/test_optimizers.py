"""sgd, momentum and Adam against optax, and down to known minima."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from course_lib import optimizers, scalar
from course_lib.lessons.landscapes import MINIMA, bowl, rosenbrock
from course_lib.optimizers import adam, apply_updates, momentum, sgd

SCHEDULES: dict[str, Any] = {
    "constant": 0.01,
    "linear": lambda step: 0.01 * (1 - step / 100),
    "cosine": optax.cosine_decay_schedule(0.01, 100),
    "warm-up": optax.warmup_cosine_decay_schedule(0.0, 0.02, 20, 100),
}
PAIRS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sgd": (sgd, optax.sgd),
    "momentum": (momentum, lambda lr: optax.sgd(lr, momentum=0.9)),
    "momentum 0.5": (
        lambda lr: momentum(lr, decay=0.5),
        lambda lr: optax.sgd(lr, momentum=0.5),
    ),
    "adam": (adam, optax.adam),
    "adam as the GPT's": (
        lambda lr: adam(lr, b1=0.85, b2=0.99),
        lambda lr: optax.adam(lr, b1=0.85, b2=0.99),
    ),
    "adam with a large eps": (
        lambda lr: adam(lr, eps=0.1),
        lambda lr: optax.adam(lr, eps=0.1),
    ),
}


def start(dtype: Any) -> Any:
    """A tree of every kind: dict, list, tuple, a vector, a matrix, one number."""
    rng = np.random.default_rng(11)
    return {
        "a": jnp.array(rng.normal(size=3), dtype),
        "b": [jnp.array(rng.normal(size=(2, 3)), dtype), jnp.array(0.7, dtype)],
        "c": (jnp.array(rng.normal(size=(1, 2, 2)), dtype),),
    }


def loss_fn(params: Any, step: Any) -> Any:
    """A loss that is neither quadratic nor the same twice."""
    a, (b, number), (c,) = params["a"], params["b"], params["c"]
    wave = jnp.sin(0.3 * step)
    return (
        jnp.sum(jnp.cos(3 * a) * 2 + a**2)
        + jnp.sum((b @ a) ** 4) * number**2
        + jnp.sum(jnp.tanh(c) * wave)
        + (number - 2) ** 2
    )


def paths(*optimizers: Any, dtype: Any, steps: int = 100) -> list[Any]:
    """Return where each optimizer was after each step: leaves have a leading axis."""

    def train_step(carry: Any, step: Any) -> Any:
        after = []
        for optimizer, (params, state) in zip(optimizers, carry, strict=True):
            updates, state = optimizer.update(jax.grad(loss_fn)(params, step), state)
            after.append((apply_updates(params, updates), state))
        return after, [params for params, _ in after]

    carry = [(start(dtype), optimizer.init(start(dtype))) for optimizer in optimizers]
    return jax.lax.scan(train_step, carry, jnp.arange(float(steps)))[1]


@pytest.mark.parametrize(
    ("schedule", "dtype"),
    [(schedule, "float64") for schedule in SCHEDULES] + [("linear", "float32")],
)
@pytest.mark.parametrize("name", PAIRS)
def test_a_hundred_steps_are_those_of_optax(
    name: str, schedule: str, dtype: str
) -> None:
    with jax.enable_x64(dtype == "float64"):
        both = [make(SCHEDULES[schedule]) for make in PAIRS[name]]
        ours, theirs = paths(*both, dtype=dtype)
        assert jax.tree.structure(ours) == jax.tree.structure(theirs)
        for got, want in zip(
            jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True
        ):
            assert got.dtype == dtype
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
            assert np.abs(got[-1] - got[0]).max() > 1e-3  # it went somewhere


def test_step_by_step_is_the_same_as_compiled() -> None:
    """Without jit the step is a Python number; the path must not differ."""
    with jax.enable_x64(True):
        optimizers = [make(SCHEDULES["linear"]) for make in (sgd, momentum, adam)]
        compiled = paths(*optimizers, dtype="float64", steps=3)
        slope = jax.jit(jax.grad(loss_fn))
        for optimizer, path in zip(optimizers, compiled, strict=True):
            params = start("float64")
            state = optimizer.init(params)
            for step in range(3):
                updates, state = optimizer.update(slope(params, step), state)
                params = apply_updates(params, updates)
            assert state.step == 3
            for got, want in zip(
                jax.tree.leaves(params), jax.tree.leaves(path), strict=True
            ):
                np.testing.assert_allclose(got, want[-1], rtol=1e-9)


def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    """Bias correction: mu_hat = g and nu_hat = g^2 at first, whatever b1 and b2."""
    optimizer = adam(0.5)
    grads = {"w": jnp.array([1e-3, -2.0, 4e3])}
    updates, state = optimizer.update(grads, optimizer.init(grads))
    np.testing.assert_allclose(updates["w"], [-0.5, 0.5, -0.5], rtol=1e-4)
    np.testing.assert_allclose(state.mu["w"], 0.1 * grads["w"], rtol=1e-6)
    np.testing.assert_allclose(state.nu["w"], 0.001 * grads["w"] ** 2, rtol=1e-4)


def test_one_number_is_a_tree_too() -> None:
    for make, expected in [(sgd, 0.8), (momentum, 0.8), (adam, 0.9)]:
        optimizer = make(0.1)
        updates, _ = optimizer.update(2.0, optimizer.init(1.0))
        assert math.isclose(apply_updates(1.0, updates), expected, rel_tol=1e-6)


def test_optimizers_change_nothing_in_place() -> None:
    params = {"w": np.array([1.0, 2.0], np.float32)}
    grads = {"w": np.array([3.0, 4.0], np.float32)}
    for make, _ in PAIRS.values():
        optimizer = make(0.1)
        state = optimizer.init(params)
        before = jax.tree.map(np.array, state)
        updates, _ = optimizer.update(grads, state)
        apply_updates(params, updates)
        jax.tree.map(np.testing.assert_array_equal, state, before)
    np.testing.assert_array_equal(params["w"], [1.0, 2.0])
    np.testing.assert_array_equal(grads["w"], [3.0, 4.0])


def test_the_parameters_may_be_given_as_to_optax() -> None:
    params = {"w": jnp.array([1.0])}
    for make, _ in PAIRS.values():
        optimizer = make(0.1)
        state = optimizer.init(params)
        with_params, _ = optimizer.update(params, state, params)
        without, _ = optimizer.update(params, state)
        np.testing.assert_array_equal(with_params["w"], without["w"])


def descend(
    landscape: Any, optimizer: Any, at: tuple[float, float], steps: int
) -> np.ndarray:
    def step(carry: Any, _: Any) -> Any:
        point, state = carry
        grads = jax.grad(lambda p: landscape(*p))(point)
        updates, state = optimizer.update(grads, state)
        return (apply_updates(point, updates), state), None

    with jax.enable_x64(True):
        point = tuple(map(jnp.array, at))
        (point, _), _ = jax.lax.scan(step, (point, optimizer.init(point)), length=steps)
        return np.array(point)


@pytest.mark.parametrize(
    ("optimizer", "steps"), [(sgd(0.5), 100), (momentum(0.1), 400), (adam(0.05), 2_000)]
)
def test_down_the_bowl(optimizer: Any, steps: int) -> None:
    end = descend(bowl, optimizer, (-3.0, 2.0), steps)
    np.testing.assert_allclose(end, MINIMA["bowl"], atol=1e-6)


# Adam at a constant rate never comes to rest in so narrow a valley.
SHRINKING = optax.cosine_decay_schedule(0.02, 8_000)


@pytest.mark.parametrize(
    ("optimizer", "steps"),
    [(sgd(1e-3), 60_000), (momentum(1e-3), 8_000), (adam(SHRINKING), 8_000)],
)
def test_down_rosenbrocks_valley(optimizer: Any, steps: int) -> None:
    end = descend(rosenbrock, optimizer, (-1.2, 1.0), steps)
    np.testing.assert_allclose(end, MINIMA["rosenbrock"], atol=1e-6)


def test_the_largest_stable_rate_on_a_bowl_is_two() -> None:
    assert np.abs(descend(bowl, sgd(1.99), (1.0, 1.0), 2_000)).max() < 1e-3
    assert np.abs(descend(bowl, sgd(2.01), (1.0, 1.0), 2_000)).max() > 1e3


def test_scalar_adam_is_its_twin() -> None:
    rng = random.Random(3)
    numbers = [rng.gauss(0, 1) for _ in range(7)]
    params = [scalar.Value(x) for x in numbers]
    state = scalar.adam_init(params)
    with jax.enable_x64(True):
        twin = jnp.array(numbers)
        optimizer = adam(0.03, b1=0.8, b2=0.95, eps=1e-3)
        twin_state = optimizer.init(twin)
        for step in range(30):
            grads = [rng.gauss(0, 10 ** rng.uniform(-4, 2)) for _ in params]
            grads[step % 7] = 0.0
            updates, twin_state = optimizer.update(jnp.array(grads), twin_state)
            twin = apply_updates(twin, updates)
            for param, grad in zip(params, grads, strict=True):
                param.grad = grad
            state = scalar.adam_update(params, state, 0.03, b1=0.8, b2=0.95, eps=1e-3)
            assert [p.grad for p in params] == [0.0] * 7
            np.testing.assert_allclose([p.data for p in params], twin, rtol=1e-11)
        assert state.step == twin_state.step == 30
        np.testing.assert_allclose(state.mu, twin_state.mu, rtol=1e-12)
        np.testing.assert_allclose(state.nu, twin_state.nu, rtol=1e-12)


def test_the_twins_have_the_same_defaults() -> None:
    param = scalar.Value(1.0)
    state = scalar.adam_init([param])
    optimizer, twin = optimizers.adam(0.1), 1.0
    with jax.enable_x64(True):
        twin_state = optimizer.init(twin)
        for grad in (1e-7, -3e-7, 5e-8):  # small enough to feel eps
            param.grad = grad
            state = scalar.adam_update([param], state, 0.1)
            updates, twin_state = optimizer.update(grad, twin_state)
            twin = apply_updates(twin, updates)
            assert math.isclose(param.data, twin, rel_tol=1e-12)
