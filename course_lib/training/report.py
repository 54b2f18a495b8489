"""A report on a run in one word, judged by what mere counting achieves."""

from __future__ import annotations

import numpy as np

from course_lib.training.batches import PADDING, Rows, evenly

__all__ = ["SLACK", "counting_losses", "verdict"]

SLACK = 0.05  # nats per token: so far above the lowest loss is not yet overfitting
MAX_COUNTED = 2**18  # tokens that are counted: more change little


def verdict(val_loss: float, lowest: float, characters: float, pairs: float) -> str:
    """Return how a run stands: random, learning, good or overfitting.

    val_loss: its validation loss now; lowest: the lowest that it has had. characters
    and pairs: the losses of counting characters, and pairs of them. All in nats per
    token.
    """
    if val_loss > lowest + SLACK:
        return "overfitting"  # it has been better before
    if not val_loss <= characters:
        return "random"
    return "good" if val_loss < pairs else "learning"


def counting_losses(
    rows: Rows | np.ndarray, measured: Rows | np.ndarray, vocab_size: int
) -> tuple[float, float]:
    """Return the losses of two models that count tokens in rows, in nats per token.

    The first predicts each token by its frequency, the second by how often it followed
    the token before it. Every count starts at 1. They are measured on other rows.
    """
    width = rows[:1].shape[-1]
    counted = rows[evenly(len(rows), max(1, MAX_COUNTED // width))]
    before, token = _pairs(counted)
    now, after = _pairs(measured[:])
    frequency = np.bincount(token, minlength=vocab_size) + 1
    of_token = frequency[after] / frequency.sum()
    pairs, counts = np.unique(before * vocab_size + token, return_counts=True)
    wanted = now * vocab_size + after
    place = np.searchsorted(pairs, wanted).clip(max=len(pairs) - 1)
    of_pair = np.where(pairs[place] == wanted, counts[place], 0) + 1
    followed = np.bincount(before, minlength=vocab_size)[now] + vocab_size
    return float(-np.log(of_token).mean()), float(-np.log(of_pair / followed).mean())


def _pairs(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each token that is predicted, after the one before it: (n,) and (n,)."""
    before, token = rows[:, :-1].astype(int), rows[:, 1:].astype(int)
    real = token != PADDING
    return before[real], token[real]
