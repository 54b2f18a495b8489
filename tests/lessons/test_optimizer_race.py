"""The race: walks are those of the optimizer, and the best rate is the best."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from course_lib.lessons import descent, landscapes
from course_lib.lessons import optimizer_race as race
from course_lib.optimizers import adam, apply_updates, momentum, sgd

RATES = 10.0 ** np.arange(-3, 1.1, 0.5)


@pytest.fixture(autouse=True)
def exact():
    with jax.enable_x64(True):
        yield


def test_plain_walks_are_those_of_the_walker() -> None:
    paths = race.trajectories(
        sgd, landscapes.two_valleys, (1.45, 0.9), [0.02, 0.06], 30
    )
    assert paths.shape == (2, 31, 2)
    for rate, path in zip((0.02, 0.06), paths, strict=True):
        walked = descent.gradient_descent(landscapes.two_valleys, (1.45, 0.9), rate, 30)
        felt = [walker.position for walker in walked]
        np.testing.assert_allclose(path, felt, atol=1e-6)


@pytest.mark.parametrize("make", [sgd, momentum, adam])
def test_a_walk_is_a_loop_of_updates(make) -> None:
    start = np.array([-1.2, 1.0])
    (path,) = race.trajectories(make, landscapes.rosenbrock, tuple(start), 0.001, 5)
    optimizer, position = make(0.001), start
    state = optimizer.init(position)
    slope = jax.grad(lambda p: landscapes.rosenbrock(*p))
    for expected in path[1:]:
        updates, state = optimizer.update(slope(position), state)
        position = apply_updates(position, updates)
        np.testing.assert_allclose(position, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("heights", "steps"),
    [
        ([5, 4, 1, 1], 2),
        ([5, 1, 4, 1], 3),  # came by, and left again
        ([1, 0, 0], 0),
        ([5, 4, 3], None),
        ([1, 0, np.nan], None),
        ([1, np.inf, 0], 2),
    ],
)
def test_the_target_counts_from_where_a_walk_stays(heights, steps) -> None:
    assert race.steps_to_target(heights, 1.0) == steps


def test_the_best_rate_of_a_bowl_is_one_over_its_curvature() -> None:
    entry = race.best_run(sgd, landscapes.bowl, (2.5, 1.5), 0.0, RATES)
    assert (entry.learning_rate, entry.steps) == (1.0, 1)
    assert entry.trajectory.shape == (1001, 2)
    assert entry.losses[0] == landscapes.bowl(2.5, 1.5)
    assert entry.n_good == 5  # 0.01 to 1: slower ones run out of steps, 3 flies off


def test_without_an_arrival_the_lowest_end_is_the_best() -> None:
    entry = race.best_run(sgd, landscapes.rosenbrock, (-1.2, 1.0), 0.0, RATES, steps=50)
    assert entry.steps is None
    assert entry.n_good == 0
    ends = race.trajectories(sgd, landscapes.rosenbrock, (-1.2, 1.0), RATES, 50)[:, -1]
    with np.errstate(all="ignore"):
        heights = landscapes.rosenbrock(*ends.T)
    assert entry.losses[-1] == np.nanmin(heights)
    assert np.isfinite(entry.losses[-1])
