"""Search a small store of sentences: the words are counted, the angles compared."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Found", "cosine", "count_words", "search"]


class Found(NamedTuple):
    """A sentence of the store, and how near it is to the question."""

    sentence: str
    similarity: float  # cosine of the angle between the counts, from 0 to 1


def count_words(text: str) -> Counter[str]:
    """Return how often each word stands in a text, whatever its capitals.

    A word is a run of letters, digits and apostrophes.
    """
    return Counter(re.findall(r"[\w']+", text.lower()))


def cosine(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Return the cosine of the angle between two counts: a . b / (|a| |b|).

    From 0 (no word in common, or no word at all) to 1 (the same words, in the same
    proportions). Salton, Wong and Yang (1975).
    """
    dot = sum(count * b[word] for word, count in a.items() if word in b)
    return dot / math.sqrt(_square(a) * _square(b)) if dot else 0.0


def search(question: str, sentences: Sequence[str], k: int = 1) -> list[Found]:
    """Return the k sentences nearest to a question, the nearest first.

    Of sentences that are equally near, the first of the store comes first. Raises
    ValueError if k is below 1.
    """
    if k < 1:
        raise ValueError(f"k must be 1 or more: {k}")
    asked = count_words(question)
    found = [Found(s, cosine(asked, _counts(s))) for s in sentences]
    return sorted(found, key=lambda one: -one.similarity)[:k]


@lru_cache(4096)
def _counts(sentence: str) -> Counter[str]:
    """Count the words of a sentence once: the store is searched again and again."""
    return count_words(sentence)


def _square(counts: Mapping[str, float]) -> float:
    return sum(count * count for count in counts.values())
