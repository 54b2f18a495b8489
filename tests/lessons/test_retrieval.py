"""Search by counted words, against a matrix of counts in NumPy."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from course_lib.data import load_questions, load_things
from course_lib.lessons.retrieval import Found, cosine, count_words, search


def test_words_are_counted_whatever_their_capitals() -> None:
    assert count_words("A wheel, a WHEEL: isn't it?") == {
        "a": 2,
        "wheel": 2,
        "isn't": 1,
        "it": 1,
    }
    assert count_words(" ?! ") == {}


def test_cosine_by_hand() -> None:
    # (1, 2, 0) and (0, 1, 1): 2 / (sqrt 5 * sqrt 2)
    assert cosine({"a": 1, "b": 2}, {"b": 1, "c": 1}) == pytest.approx(
        2 / math.sqrt(10)
    )
    assert cosine({"a": 3}, {"a": 1}) == pytest.approx(1)
    assert cosine({"a": 1}, {"b": 1}) == 0
    assert cosine({}, {"b": 1}) == 0


def test_search_is_that_of_a_matrix_of_counts() -> None:
    store, rng = load_things(), random.Random(0)
    questions = [row.question for row in rng.sample(load_questions(), 40)]
    words = sorted({word for text in [*store, *questions] for word in text.split()})
    words = sorted({word.strip("?") for word in words})
    places = {word: i for i, word in enumerate(words)}

    def counts(texts: list[str]) -> np.ndarray:
        matrix = np.zeros((len(texts), len(words)))
        for row, text in zip(matrix, texts, strict=True):
            np.add.at(row, [places[word.strip("?")] for word in text.split()], 1)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)

    cosines = counts(questions) @ counts(store).T
    for question, row in zip(questions, cosines, strict=True):
        found = search(question, store, k=5)
        nearest = np.sort(row)[::-1][:5]
        assert [one.similarity for one in found] == pytest.approx(nearest.tolist())
        first = store.index(found[0].sentence)
        assert first == np.flatnonzero(row > row.max() - 1e-12)[0]  # first of equals


def test_of_equals_the_first_comes_first() -> None:
    store = ["b c", "a b", "a c"]
    assert search("a", store, 3) == [
        Found("a b", pytest.approx(1 / math.sqrt(2))),
        Found("a c", pytest.approx(1 / math.sqrt(2))),
        Found("b c", 0.0),
    ]


def test_nothing_in_common_is_found_at_similarity_0() -> None:
    assert search("zorp?", ["a wheel"]) == [Found("a wheel", 0.0)]
    assert search("zorp?", []) == []


def test_k_must_be_1_or_more() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        search("a", ["a"], 0)
