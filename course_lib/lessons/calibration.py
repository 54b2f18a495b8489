"""Calibration: whether a model that is 90 % sure is right nine times in ten."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Bin", "expected_calibration_error", "reliability"]


class Bin(NamedTuple):
    """The answers whose confidence lies between two bounds."""

    lower: float
    upper: float  # belongs to the bin; so does a confidence of 0 to the first one
    answers: int  # how many they are
    confidence: float  # mean; nan where there is no answer
    accuracy: float  # share that is right; nan where there is no answer


def reliability(
    confidences: ArrayLike, correct: ArrayLike, n_bins: int = 10
) -> list[Bin]:
    """Return the table of a reliability diagram: bins of equal width, from 0 to 1.

    confidences: (n,) probabilities. correct: (n,) true or false. Raises ValueError if
    they do not go together, are empty or lie outside 0 to 1.
    """
    sure, right = np.asarray(confidences, float), np.asarray(correct, bool)
    if sure.ndim != 1 or sure.shape != right.shape or not len(sure):
        raise ValueError(
            "there must be one confidence for each answer, and one answer or more: "
            f"{sure.shape} and {right.shape}"
        )
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError("a confidence must lie between 0 and 1")
    if n_bins < 1:
        raise ValueError(f"there must be 1 bin or more: {n_bins}")
    edges = np.linspace(0, 1, n_bins + 1)
    places = np.maximum(np.searchsorted(edges, sure), 1) - 1  # (n,)
    table = []
    for i in range(n_bins):
        inside = places == i
        means = (sure[inside].mean(), right[inside].mean()) if inside.any() else None
        confidence, accuracy = map(float, means or (np.nan, np.nan))
        lower, upper = map(float, edges[i : i + 2])
        table.append(Bin(lower, upper, int(inside.sum()), confidence, accuracy))
    return table


def expected_calibration_error(
    confidences: ArrayLike, correct: ArrayLike, n_bins: int = 10
) -> float:
    """Return the mean gap between confidence and accuracy, from 0 to 1.

    The sum over the bins of answers / n * |accuracy - confidence| (Guo et al., 2017,
    arXiv 1706.04599, equation 3). Raises ValueError as ``reliability``.
    """
    table = [row for row in reliability(confidences, correct, n_bins) if row.answers]
    gaps = sum(row.answers * abs(row.accuracy - row.confidence) for row in table)
    return gaps / sum(row.answers for row in table)
