"""The losses: known values, NumPy written out, and properties that always hold."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import scalar
from course_lib.losses import (
    binary_cross_entropy,
    cross_entropy,
    mean_squared_error,
    softmax,
)

quick = settings(max_examples=60, deadline=None, derandomize=True)
logits_of = arrays(np.float32, (3, 5), elements=st.floats(-1e4, 1e4, width=32))


def test_known_values() -> None:
    assert mean_squared_error([1.0, 2.0, 4.0], [1.0, 4.0, 3.0]) == pytest.approx(5 / 3)
    # a message that was spam: predicted 30 %, then 92 %
    assert binary_cross_entropy([0.30], [1]) == pytest.approx(1.204, abs=5e-4)
    assert binary_cross_entropy([0.92], [1]) == pytest.approx(0.083, abs=5e-4)
    assert binary_cross_entropy([0.92, 0.25], [0, 0]) == pytest.approx(
        -(math.log(0.08) + math.log(0.75)) / 2, rel=1e-5
    )
    assert cross_entropy(np.zeros(27), 3) == pytest.approx(math.log(27))
    np.testing.assert_allclose(softmax([0.0, math.log(3)]), [0.25, 0.75], rtol=1e-6)


def test_binary_is_cross_entropy_of_two() -> None:
    z = np.linspace(-4, 4, 9).astype(np.float32)
    labels = np.arange(9) % 2
    logits = np.stack([np.zeros(9, np.float32), z], -1)
    np.testing.assert_allclose(
        binary_cross_entropy(jax.nn.sigmoid(z), labels),
        cross_entropy(logits, labels),
        rtol=1e-5,
    )


def test_certain_and_wrong_costs_inf() -> None:
    assert binary_cross_entropy([0.0], [1]) == math.inf
    assert binary_cross_entropy([1.0], [0]) == math.inf
    assert binary_cross_entropy([1.0, 0.0], [1, 0]) == 0.0
    assert cross_entropy([-math.inf, 0.0], 0) == math.inf


def test_large_logits_are_survived() -> None:
    np.testing.assert_allclose(softmax([1000.0, 0.0, -1000.0]), [1.0, 0.0, 0.0])
    assert cross_entropy([1000.0, 0.0, -1000.0], 2) == 2000.0
    slopes = jax.grad(cross_entropy)(jnp.array([1000.0, 0.0, -1000.0]), 2)
    np.testing.assert_allclose(slopes, [1.0, 0.0, -1.0])


@quick
@given(logits_of)
def test_softmax_gives_shares_that_sum_to_one(logits: np.ndarray) -> None:
    shares = np.asarray(softmax(logits))
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(-1), np.ones(3), rtol=1e-5)
    largest = np.take_along_axis(shares, logits.argmax(-1)[:, None], -1)[:, 0]
    np.testing.assert_array_equal(largest, shares.max(-1))


@quick
@given(
    arrays(np.float32, (3, 5), elements=st.integers(-50, 50)),
    st.integers(-1000, 1000),
)
def test_only_differences_between_logits_count(logits: np.ndarray, shift: int) -> None:
    np.testing.assert_allclose(softmax(logits + shift), softmax(logits), rtol=1e-6)
    targets = np.array([0, 4, 2])
    np.testing.assert_allclose(
        cross_entropy(logits + shift, targets),
        cross_entropy(logits, targets),
        rtol=1e-4,
        atol=1e-4,
    )


@quick
@given(logits_of, arrays(np.int32, 3, elements=st.integers(0, 4)))
def test_cross_entropy_is_never_negative_and_is_minus_log_softmax(
    logits: np.ndarray, targets: np.ndarray
) -> None:
    loss = float(cross_entropy(logits, targets))
    assert loss >= 0.0
    z = logits.astype(np.float64)
    z -= z.max(-1, keepdims=True)
    log_probs = z - np.log(np.exp(z).sum(-1, keepdims=True))
    want = -np.mean(log_probs[np.arange(3), targets])
    assert loss == pytest.approx(want, rel=1e-4, abs=1e-4)


@quick
@given(arrays(np.float32, 5, elements=st.floats(-8, 8, width=32)), st.integers(0, 4))
def test_cross_entropy_is_that_of_the_scalar_twin(
    logits: np.ndarray, target: int
) -> None:
    twin = scalar.cross_entropy([scalar.Value(z) for z in logits], target)
    assert cross_entropy(logits, target) == pytest.approx(twin.data, rel=1e-4, abs=1e-6)
    slopes = jax.grad(cross_entropy)(jnp.array(logits), target)
    np.testing.assert_allclose(slopes, twin.local_grads, atol=1e-5)


@quick
@given(
    arrays(np.float32, 4, elements=st.floats(-100, 100, width=32)),
    arrays(np.float32, 4, elements=st.floats(-100, 100, width=32)),
)
def test_mean_squared_error_is_symmetric_and_zero_only_when_equal(
    a: np.ndarray, b: np.ndarray
) -> None:
    loss = mean_squared_error(a, b)
    assert loss == mean_squared_error(b, a) >= 0.0
    want = np.mean((a.astype(np.float64) - b) ** 2)
    assert loss == pytest.approx(want, rel=1e-5, abs=1e-30)
    assert mean_squared_error(a, a) == 0.0


def test_softmax_and_cross_entropy_work_on_any_leading_dimensions() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    targets = np.array([[0, 1, 2], [3, 0, 1]])
    assert softmax(logits).shape == (2, 3, 4)
    each = [cross_entropy(logits[i, j], targets[i, j]) for i, j in np.ndindex(2, 3)]
    np.testing.assert_allclose(cross_entropy(logits, targets), np.mean(each), rtol=1e-5)


def test_the_gradient_of_mse_is_that_of_the_mean() -> None:
    slopes = jax.grad(mean_squared_error)(jnp.array([1.0, 5.0]), jnp.array([3.0, 3.0]))
    np.testing.assert_allclose(slopes, [-2.0, 2.0])


def test_shapes_that_do_not_fit_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"one shape: \(3,\) and \(2,\)"):
        mean_squared_error(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match=r"one shape: \(3,\) and \(3, 1\)"):
        binary_cross_entropy(np.full(3, 0.5), np.zeros((3, 1)))
    with pytest.raises(ValueError, match=r"\(4, 5\) want targets \(4,\), got \(5,\)"):
        cross_entropy(np.zeros((4, 5)), np.zeros(5, int))


@pytest.mark.parametrize("target", [5, 99, -1])
def test_a_target_that_is_no_logit_costs_nan(target: int) -> None:
    """Compiled code cannot raise; it must not take another row's number either."""
    assert math.isnan(cross_entropy(np.zeros(5), target))
    assert math.isnan(cross_entropy(np.zeros((2, 5)), np.array([1, target])))
    assert math.isnan(jax.jit(cross_entropy)(np.zeros((2, 5)), np.array([1, target])))
