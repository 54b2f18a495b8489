"""The walker in fog: what it feels is the gradient, and its steps do what they say."""

from __future__ import annotations

import math
import random

import jax
import numpy as np
import pytest

from course_lib.lessons import descent, landscapes

SEED = 2
ALL = [getattr(landscapes, name) for name in landscapes.MINIMA]


@pytest.mark.parametrize("landscape", ALL, ids=lambda land: land.__name__)
def test_the_slope_felt_is_that_of_jax(landscape) -> None:
    rng = random.Random(SEED)
    with jax.enable_x64(True):
        exact = jax.grad(landscape, argnums=(0, 1))
        for _ in range(20):
            place = (rng.uniform(-2, 2), rng.uniform(-2, 2))
            walker = descent.iterate_at(landscape, place)
            np.testing.assert_allclose(walker.gradient, exact(*place), atol=1e-6)
            assert walker.loss == landscape(*place)
            assert walker.gradient_norm == pytest.approx(math.hypot(*walker.gradient))


def test_steps_go_where_they_should_and_are_counted() -> None:
    start = descent.iterate_at(landscapes.bowl, (3, -4))
    assert (start.position, start.loss, start.step) == ((3.0, -4.0), 12.5, 0)
    chosen = descent.take_step(landscapes.bowl, start, (1, 0.5))
    assert (chosen.position, chosen.step) == ((4.0, -3.5), 1)
    down = descent.gradient_step(landscapes.bowl, chosen, 0.5)
    assert down.position == pytest.approx((2.0, -1.75))
    assert down.step == 2
    assert start.position == (3.0, -4.0), "a walker must never change"


@pytest.mark.parametrize("landscape", ALL, ids=lambda land: land.__name__)
def test_a_small_step_down_goes_down(landscape) -> None:
    rng = random.Random(SEED)
    for _ in range(20):
        walker = descent.iterate_at(landscape, (rng.uniform(-2, 2), rng.uniform(-2, 2)))
        assert descent.gradient_step(landscape, walker, 1e-4).loss < walker.loss


def test_descent_keeps_every_moment_and_finds_the_floor() -> None:
    steps = descent.gradient_descent(landscapes.bowl, (3, -4), 0.5, 40)
    assert [walker.step for walker in steps] == list(range(41))
    assert steps[-1].position == pytest.approx(landscapes.MINIMA["bowl"], abs=1e-9)
    assert descent.gradient_descent(landscapes.bowl, (1, 1), 0.5, 0) == [
        descent.iterate_at(landscapes.bowl, (1, 1))
    ]


def test_keys_lead_to_the_four_sides() -> None:
    steps = descent.compass_steps(landscapes.bowl, (0, 0), "n E s w W", 0.5)
    places = [(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 0), (0, 0), (-0.5, 0)]
    assert [walker.position for walker in steps] == places
    with pytest.raises(ValueError, match="n, e, s and w, it cannot have 'x'"):
        descent.compass_steps(landscapes.bowl, (0, 0), "nx", 0.5)


def test_a_walk_that_explodes_says_so_and_ends_nowhere() -> None:
    last = descent.gradient_descent(landscapes.two_valleys, (2, 1), 1.0, 60)[-1]
    assert not math.isfinite(last.loss)
    far = descent.iterate_at(landscapes.two_valleys, (1e200, 0))
    assert far.loss == math.inf
    assert all(map(math.isnan, far.gradient))


@pytest.mark.parametrize(
    ("landscape", "place", "kind"),
    [
        (landscapes.two_valleys, (0.9601, 0.0), "valley floor"),
        (landscapes.two_valleys, (-1.0355787, 0.0), "valley floor"),
        (landscapes.two_valleys, (0.0754, 0.0), "saddle"),
        (landscapes.two_valleys, (0.5, 0.5), "slope"),
        (landscapes.plateau, (5.5, 4.0), "plateau"),
        (landscapes.plateau, (1.0, 0.0), "slope"),
        (landscapes.canyon, (0.0, 0.0), "valley floor"),
        (landscapes.canyon, (2.0, 0.4), "slope"),
        (lambda x, y: -landscapes.bowl(x, y), (0.0, 0.0), "peak"),
        (lambda x, y: x * y, (0.0, 0.0), "saddle"),
        (lambda x, y: 0.5 * (x**3 - 3 * x * y**2), (0.0, 0.0), "plateau"),
        (lambda x, y: 50 * (x**3 - 3 * x * y**2), (0.0, 0.0), "saddle"),
    ],
)
def test_a_ring_tells_what_place_this_is(landscape, place, kind) -> None:
    assert descent.classify_point(landscape, place) == kind


def test_a_survey_has_x_along_and_y_up() -> None:
    grid = descent.loss_grid(lambda x, y: 10 * x + y, (0, 1), (5, 7), n=3)
    assert grid.losses.tolist() == [[5, 10, 15], [6, 11, 16], [7, 12, 17]]
    assert (grid.xs.tolist(), grid.ys.tolist()) == ([0, 0.5, 1], [5, 6, 7])


def test_steps_off_the_map_are_left_out() -> None:
    def within(keys: str) -> str:
        return descent.keys_within((0, 0), keys, 1.0, (-2, 2), (-1, 1))

    assert within("nnnsss") == "nss"
    assert within("eeewwwwww") == "eewwww"
    assert within("") == ""


@pytest.mark.parametrize(
    ("slope", "words"),
    [
        ((2, 0), "steep, falling to the west"),
        ((-2, 0), "steep, falling to the east"),
        ((0.4, 0.4), "gentle, falling to the south-west"),
        ((0, -0.05), "almost level, falling to the north"),
        ((-0.7, 0.7), "gentle, falling to the south-east"),
        ((-0.7, -0.7), "gentle, falling to the north-east"),
        ((0.0, 0.0), "level"),
        ((math.nan, math.nan), "too high up to feel"),
    ],
)
def test_a_slope_is_said_in_words(slope: tuple[float, float], words: str) -> None:
    walker = descent.Iterate((0.0, 0.0), 1.0, slope, 0)
    assert descent.describe_gradient(walker) == words
