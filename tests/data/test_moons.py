"""Two moons: where they lie, and that a straight line cannot part them."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.data.moons import two_moons


def test_without_noise_the_points_lie_on_two_half_circles() -> None:
    points, labels = two_moons(np.random.default_rng(0), 200, noise=0.0)
    upper, lower = points[labels == 0], points[labels == 1]
    assert len(upper) == len(lower) == 100
    np.testing.assert_allclose(np.linalg.norm(upper, axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(lower - [1, 0.5], axis=1), 1)
    assert upper[:, 1].min() >= 0
    assert lower[:, 1].max() <= 0.5


def test_the_noise_has_the_deviation_asked_for_and_the_seed_decides() -> None:
    plain, _ = two_moons(np.random.default_rng(3), 4000, noise=0.0)
    noisy, _ = two_moons(np.random.default_rng(3), 4000, noise=0.2)
    again, _ = two_moons(np.random.default_rng(3), 4000, noise=0.2)
    assert (noisy - plain).std() == pytest.approx(0.2, rel=0.05)
    np.testing.assert_array_equal(noisy, again)


def test_no_straight_line_parts_them() -> None:
    points, labels = two_moons(np.random.default_rng(0), 400, noise=0.0)
    for angle in np.linspace(0, 2 * np.pi, 360):
        along = points @ [np.cos(angle), np.sin(angle)]
        assert along[labels == 0].max() > along[labels == 1].min()


@pytest.mark.parametrize(("n", "noise"), [(0, 0.1), (5, -1.0)])
def test_what_cannot_be_drawn_is_refused_in_one_line(n: int, noise: float) -> None:
    with pytest.raises(ValueError, match="two_moons needs n of 1 or more"):
        two_moons(np.random.default_rng(0), n, noise)
    assert len(two_moons(np.random.default_rng(0), 1)[0]) == 1
