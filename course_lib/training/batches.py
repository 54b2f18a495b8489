"""Batches of tokens: documents packed into rows of one width.

A row is one document: bos, its characters, bos, then -1 to fill up to block_size + 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.data.tokenizer import CharTokenizer

__all__ = ["PADDING", "count_targets", "pack", "split", "take", "unpad"]

PADDING = -1


def split(
    documents: Sequence[str], val_fraction: float
) -> tuple[Sequence[str], Sequence[str]]:
    """Split documents into a training set and, from the end, a validation set.

    Raises ValueError if a part that was asked for would be empty.
    """
    n_val = round(len(documents) * val_fraction)
    if n_val == len(documents):
        raise ValueError(
            f"val_fraction {val_fraction:g} leaves no document to train on: "
            f"there are only {len(documents)}; use a smaller one"
        )
    if val_fraction and not n_val:
        raise ValueError(
            f"val_fraction {val_fraction:g} leaves no document for validation: "
            f"there are only {len(documents)}; use a larger one, or 0"
        )
    return documents[: len(documents) - n_val], documents[len(documents) - n_val :]


def pack(
    documents: Sequence[str], tokenizer: CharTokenizer, block_size: int
) -> np.ndarray:
    """Pack each document into one row of tokens: (n, block_size + 1), int32.

    A longer document is truncated, a shorter one padded.
    """
    rows = np.full((len(documents), block_size + 1), PADDING, np.int32)
    for row, document in zip(rows, documents, strict=True):
        tokens = tokenizer.document(document[:block_size])[: block_size + 1]
        row[: len(tokens)] = tokens
    return rows


def take(rows: np.ndarray, steps: Sequence[int], batch_size: int = 1) -> np.ndarray:
    """Return the batch of each step: (n_steps, batch_size, block_size + 1).

    Step 0 takes the first batch_size rows, step 1 the next, and so on; after the last
    row comes the first one again.
    """
    first = np.array(steps)[:, None] * batch_size  # (n_steps, 1)
    return rows[(first + np.arange(batch_size)) % len(rows)]


def count_targets(rows: np.ndarray) -> np.ndarray:
    """Return how many tokens are to be predicted in each row: (..., T + 1) to (...)."""
    return np.sum(rows[..., 1:] != PADDING, axis=-1)


def unpad(row: np.ndarray) -> list[int]:
    """Return the tokens of one row without padding."""
    tokens: list[int] = row[row != PADDING].tolist()
    return tokens
