"""Batches of tokens: documents packed into rows of one width.

The tokens of a document are bos, its characters, bos. A row holds block_size + 1 of
them, padded with -1. Of a longer document it holds the beginning, and the rest is cut;
or the document is read in windows, a row each. Window k begins at token k * block_size,
the last one of the window before: so every token but the first is predicted once in a
pass over the rows. At the start of a window the model knows little of what came before;
these tokens count in the loss like all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import numpy as np

from course_lib.bounds import BOUNDS, check_number, check_whole, shown
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training.documents import Documents, code_points

__all__ = [
    "PADDING",
    "Rows",
    "count_targets",
    "evenly",
    "pack",
    "split",
    "take",
    "unpad",
    "windows",
]

PADDING = -1
Parts = TypeVar("Parts", bound=Sequence[Any] | np.ndarray)


def split(
    documents: Parts, val_fraction: float, noun: str = "document"
) -> tuple[Parts, Parts]:
    """Split documents into a training set and, from the end, a validation set.

    noun: what they are, in an error line. Raises ValueError if a part that was asked
    for would be empty.
    """
    check_number("val_fraction", val_fraction, 0, 1)
    if not isinstance(documents, Sequence | np.ndarray):
        raise ValueError(f"documents must be a list: {shown(documents)}")
    n_val = round(len(documents) * val_fraction)
    if n_val == len(documents):
        raise ValueError(
            f"val_fraction {val_fraction:g} leaves no {noun} to train on: "
            f"there {_are(documents)}; use a smaller one"
        )
    if val_fraction and not n_val:
        raise ValueError(
            f"val_fraction {val_fraction:g} leaves no {noun} for validation: "
            f"there {_are(documents)}; use a larger one, or 0"
        )
    first = len(documents) - n_val
    return cast(Parts, documents[:first]), cast(Parts, documents[first:])


def _are(documents: Any) -> str:
    return f"{'is' if len(documents) == 1 else 'are'} only {len(documents)}"


class Rows(Sequence[np.ndarray]):
    """Documents as rows of tokens, packed when they are asked for.

    order: which document each row is of. window: which of its windows; the first one
    if left out. An index, or an array of them, gives rows (..., block_size + 1), int32.
    """

    def __init__(
        self,
        documents: Documents,
        order: np.ndarray,
        tokenizer: CharTokenizer,
        block_size: int,
        window: np.ndarray | None = None,
    ) -> None:
        check_whole("block_size", block_size, 1, BOUNDS["context"][0])
        self.documents, self.order, self.window = documents, order, window
        self.tokenizer, self.block_size = tokenizer, block_size
        self.known = code_points("".join(tokenizer.chars))  # in order: a token's place

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, index: Any) -> Any:
        """Return the rows of an index, a slice or an array of indices."""
        chosen = np.asarray(self.order[index], int)
        window = np.zeros_like(chosen)
        if self.window is not None:
            window = np.asarray(self.window[index], int)
        rows = self._packed(chosen.ravel(), window.ravel())
        return rows.reshape(*chosen.shape, self.block_size + 1)

    def _packed(self, chosen: np.ndarray, window: np.ndarray) -> np.ndarray:
        """Return the window of each chosen document: (n, block_size + 1)."""
        width = self.block_size + 1
        start = np.where(window, 0, 1)  # the place of the first character: after bos
        firsts = np.where(window, window * self.block_size - 1, 0)
        texts = self.documents.characters(chosen, firsts, width - start)
        text, lengths = "".join(texts), np.array([*map(len, texts)], int)
        codes = code_points(text)
        tokens = np.searchsorted(self.known, codes)
        if len(codes) and (self.known.take(tokens, mode="clip") != codes).any():
            self.tokenizer.encode(text)  # raises, and names the characters
        rows = np.full((len(texts), width), PADDING, np.int32)
        rows[window == 0, 0] = self.tokenizer.bos
        ends, places = start + lengths, np.arange(width)
        rows[(places >= start[:, None]) & (places < ends[:, None])] = tokens
        ended = ends < width
        rows[ended, ends[ended]] = self.tokenizer.bos
        return rows


def windows(
    documents: Documents, order: np.ndarray, block_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows of documents: of each the document, and which one it is.

    order: the documents, which keep their order. Both results are (n_windows,), with
    the windows of a document one after the other.
    """
    check_whole("block_size", block_size, 1, BOUNDS["context"][0])
    count = documents.lengths()[order].astype(int) // block_size + 1
    first = np.cumsum(count) - count
    window = np.arange(count.sum()) - np.repeat(first, count)
    return np.repeat(order, count), window.astype(np.uint32)


def pack(
    documents: Sequence[str], tokenizer: CharTokenizer, block_size: int
) -> np.ndarray:
    """Pack each document into one row of tokens: (n, block_size + 1), int32.

    A longer document is cut, a shorter one padded.
    """
    held = Documents.of(documents)
    rows: np.ndarray = Rows(held, np.arange(len(held)), tokenizer, block_size)[:]
    return rows


def take(
    rows: np.ndarray | Rows,
    steps: Sequence[int],
    batch_size: int = 1,
    share: np.ndarray | None = None,
) -> np.ndarray:
    """Return the batch of each step: (n_steps, batch_size, block_size + 1).

    Step 0 takes the first batch_size rows, step 1 the next, and so on; after the last
    row comes the first one again. share: the rows of each batch to return, if not all;
    one beyond the batch is padding.
    """
    check_whole("batch_size", batch_size, 1, BOUNDS["batch"][0])
    if not len(rows):
        raise ValueError("there are no rows to take batches from")
    first = np.array(steps, int)[:, None] * batch_size  # (n_steps, 1)
    places = np.arange(batch_size) if share is None else share
    batches: np.ndarray = rows[(first + places) % len(rows)]
    batches[:, places >= batch_size] = PADDING
    return batches


def evenly(n: int, at_most: int) -> np.ndarray:
    """Return at most so many of the numbers below n, evenly spread, in order."""
    count = min(n, at_most)
    return np.arange(count) * n // max(count, 1)


def count_targets(rows: np.ndarray) -> np.ndarray:
    """Return how many tokens are to be predicted in each row: (..., T + 1) to (...)."""
    return np.sum(rows[..., 1:] != PADDING, axis=-1)


def unpad(row: np.ndarray) -> list[int]:
    """Return the tokens of one row without padding."""
    tokens: list[int] = row[row != PADDING].tolist()
    return tokens
