"""Two moons: a synthetic data set of two classes that no line separates."""

from __future__ import annotations

import numpy as np

from course_lib.bounds import check_number, check_whole, shown

Points = tuple[np.ndarray, np.ndarray]  # (n, 2) places and (n,) labels, 0 or 1


def two_moons(rng: np.random.Generator, n: int, noise: float = 0.15) -> Points:
    """Return n points on two interleaving half circles, with noise, and their labels.

    Label 0 is the arch above, around (0, 0), label 1 the one below, around (1, 0.5);
    both have radius 1. Each coordinate has normal noise, deviation ``noise``.
    Raises ValueError if n is below 1 or the noise is negative.
    """
    try:
        check_whole("n", n, 1, 10**9)
        check_number("noise", noise, 0, 1e9)
    except ValueError:
        raise ValueError(
            f"two_moons needs n of 1 or more and noise of 0 or more: got {shown(n)}, "
            f"{shown(noise)}"
        ) from None
    labels = np.arange(n) % 2
    angles = rng.uniform(0, np.pi, n)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (n, 2)
    points[labels == 1] = [1.0, 0.5] - points[labels == 1]
    return points + rng.normal(0, noise, (n, 2)), labels
