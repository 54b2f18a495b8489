"""The documents of a run in one text: a fifth of the memory of a list of strings."""

from __future__ import annotations

import hashlib
import random
from array import array
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np

from course_lib.bounds import check_texts

__all__ = ["Documents", "code_points", "shuffled"]

CHUNK = 2**20  # characters that are looked at together
SHUFFLE_CHUNK = 2**16  # numbers that are drawn together


class Documents(Sequence[str]):
    """A sequence of documents, held as one text.

    text: the documents, joined by line feeds. ends: where in it each one ends.
    chars: the characters of all documents, each once and in order.
    """

    def __init__(self, text: str, ends: np.ndarray, chars: str) -> None:
        self.text, self.ends, self.chars = text, ends, chars

    @classmethod
    def of(cls, documents: Sequence[str]) -> Documents:
        """Return documents as such. Raises ValueError, in one line, if some are none.

        A list's documents may hold line feeds of their own.
        """
        if isinstance(documents, Documents):
            return documents
        check_texts("documents", documents)
        text = "\n".join(documents)
        lengths = np.array([len(document) for document in documents], int)
        chars, ends = _scan(text)
        if len(ends) == max(len(documents), 1):  # none has a line feed of its own
            chars = chars.replace("\n", "")
        return cls(text, np.cumsum(lengths + 1) - 1, chars)

    @classmethod
    def of_lines(cls, text: str) -> Documents:
        """Return the lines of a text, which has no line feed at its end."""
        chars, ends = _scan(text)
        return cls(text, ends, chars.replace("\n", ""))

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        """Return one document, or a list of some."""
        chosen = np.arange(len(self))[index]
        texts = self.characters(np.atleast_1d(chosen), 0, len(self.text))
        return texts if isinstance(index, slice) else texts[0]

    def characters(
        self, indices: np.ndarray, firsts: np.ndarray | int, most: np.ndarray | int
    ) -> list[str]:
        """Return a part of each of some documents.

        indices: which documents (n,); firsts: the place of the first character in each;
        most: so many characters at most.
        """
        starts = self._starts(indices) + firsts
        ends = np.minimum(self.ends[indices], starts + most)
        places = zip(starts.tolist(), ends.tolist(), strict=True)
        return [self.text[start:end] for start, end in places]

    def lengths(self) -> np.ndarray:
        """Return the number of characters of each document: (n,)."""
        lengths = np.diff(self.ends, prepend=self.ends[:1] * 0) - 1
        lengths[:1] = self.ends[:1]
        return lengths

    def _starts(self, indices: np.ndarray) -> np.ndarray:
        return np.where(indices, self.ends[indices - 1].astype(int) + 1, 0)

    def share_within(self, most: int) -> float:
        """Return the share of the text in the first ``most`` characters of each."""
        lengths = self.lengths()
        most = min(most, len(self.text))  # the ends of a short text are small integers
        return float(np.minimum(lengths, most).sum() / max(lengths.sum(), 1))

    def sha256(self) -> str:
        """Return the sha256 of the documents: it tells one text from another."""
        digest = hashlib.sha256()
        for chunk in _chunks(self.text):
            digest.update(chunk.encode())
        return digest.hexdigest()


def code_points(text: str) -> np.ndarray:
    """Return the number of each character in Unicode: (n,) uint32."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def shuffled(rng: random.Random, n: int) -> np.ndarray:
    """Return the numbers below n as ``rng.shuffle`` orders them, and draw as it does.

    Fisher and Yates's shuffle: each place from the last swaps with one that is not
    after it. Python draws each by the fewest bits that suffice, again until it is small
    enough; here, all that need as many bits are drawn at once. (n,) uint32
    """
    order, last = array("I", range(n)), n - 1
    while last > 0:
        bits = (last + 1).bit_length()
        count = min(last + 2 - 2 ** (bits - 1), SHUFFLE_CHUNK)  # at most what is needed
        drawn = rng.getrandbits(32 * count).to_bytes(4 * count, "little")
        for place in (np.frombuffer(drawn, "<u4") >> (32 - bits)).tolist():
            if place <= last:
                order[last], order[place] = order[place], order[last]
                last -= 1
    return np.frombuffer(order, np.uint32)


def _scan(text: str) -> tuple[str, np.ndarray]:
    """Return the characters of a text in order, and where each of its lines ends."""
    seen, ends, first = np.zeros(0x110000, bool), [], 0
    kind = np.min_scalar_type(len(text))
    for chunk in _chunks(text):
        codes = code_points(chunk)
        seen[codes] = True
        ends.append((np.flatnonzero(codes == ord("\n")) + first).astype(kind))
        first += len(chunk)
    chars = "".join(map(chr, np.flatnonzero(seen).tolist()))
    return chars, np.concatenate([*ends, np.array([len(text)], kind)])


def _chunks(text: str) -> Iterator[str]:
    return (text[i : i + CHUNK] for i in range(0, len(text), CHUNK))
