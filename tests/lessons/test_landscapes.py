"""Landscapes: known minima, and the same altitude for every kind of number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib.lessons import landscapes
from course_lib.lessons.landscapes import MINIMA, two_valleys
from course_lib.scalar import Value

POINTS = [(-1.2, 1.0), (0.3, -0.7), (2.0, 0.5)]


@pytest.fixture(params=MINIMA)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def landscape(name: str) -> Callable[[Any, Any], Any]:
    return getattr(landscapes, name)


def test_every_landscape_has_its_minimum_listed() -> None:
    functions = {name for name in landscapes.__all__ if name != "MINIMA"}
    assert functions == set(MINIMA)


def test_the_minimum_is_flat_and_everything_around_is_higher(
    name: str, landscape: Callable[[Any, Any], Any]
) -> None:
    x, y = MINIMA[name]
    with jax.enable_x64(True):
        slopes = jax.grad(landscape, (0, 1))(x, y)
        np.testing.assert_allclose(slopes, [0.0, 0.0], atol=1e-5)
        curvature = jax.hessian(lambda p: landscape(p[0], p[1]))(jnp.array([x, y]))
        assert (np.linalg.eigvalsh(curvature) > 0).all()
    grid = np.linspace(-3, 3, 121)
    X, Y = np.meshgrid(grid, grid)
    assert (landscape(X, Y) >= landscape(x, y) - 1e-12).all()


def test_the_altitude_of_the_minimum() -> None:
    for name in ("bowl", "canyon", "gorge", "plateau", "rosenbrock"):
        assert getattr(landscapes, name)(*MINIMA[name]) == 0.0
    assert two_valleys(*MINIMA["two_valleys"]) == pytest.approx(-0.3054, abs=1e-4)


def test_floats_values_and_arrays_agree(landscape: Callable[[Any, Any], Any]) -> None:
    with jax.enable_x64(True):
        xs, ys = (jnp.array(column) for column in zip(*POINTS, strict=True))
        altitudes = landscape(xs, ys)
        slopes = jax.vmap(jax.grad(landscape, (0, 1)))(xs, ys)
    for i, (a, b) in enumerate(POINTS):
        x, y = Value(a), Value(b)
        altitude = landscape(x, y)
        altitude.backward()
        assert type(landscape(a, b)) is float
        assert math.isclose(altitude.data, landscape(a, b), rel_tol=1e-14)
        assert math.isclose(altitude.data, altitudes[i], rel_tol=1e-14)
        assert math.isclose(x.grad, slopes[0][i], rel_tol=1e-12)
        assert math.isclose(y.grad, slopes[1][i], rel_tol=1e-12)


def test_known_altitudes() -> None:
    at = (1.0, 2.0)
    altitudes = {name: getattr(landscapes, name)(*at) for name in MINIMA}
    assert altitudes == {
        "bowl": 2.5,
        "canyon": 50.5,
        "gorge": 200.5,
        "plateau": 5 / 6,
        "two_valleys": 4.3,
        "rosenbrock": 100.0,
    }


def test_two_valleys_has_a_second_minimum_and_a_saddle() -> None:
    for x, slope_sign in [(0.9601, 1.0), (0.0754, -1.0)]:
        with jax.enable_x64(True):
            slope, bend = (
                jax.grad(lambda x: two_valleys(x, 0.0))(x),
                jax.grad(jax.grad(lambda x: two_valleys(x, 0.0)))(x),
            )
            assert abs(slope) < 1e-3
            assert math.copysign(1, bend) == slope_sign
    assert two_valleys(0.9601, 0.0) > two_valleys(*MINIMA["two_valleys"])
