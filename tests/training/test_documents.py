"""Documents in one text: the same as a list of strings, in a fraction of the memory."""

from __future__ import annotations

import hashlib
import random
import tracemalloc
from typing import Any

import numpy as np
import pytest

from course_lib.data.tokenizer import CharTokenizer
from course_lib.training import Run, Settings, pack
from course_lib.training.batches import PADDING, Rows
from course_lib.training.documents import Documents, shuffled

LISTS = [
    ["emma", "ava", "olivia"],
    ["", "a", ""],
    ["zoë", "李四", "🙂 ok", "e\u0301"],
    ["two\nlines", "one", "\n", ""],
    [""],
    ["\n"],
    ["\n", "a"],
    ["a", "\u2028", "\xff"],
]


@pytest.mark.parametrize("documents", LISTS)
def test_documents_are_those_of_the_list(documents: list[str]) -> None:
    held = Documents.of(documents)
    assert len(held) == len(documents)
    assert list(held) == documents
    assert held[1:] == documents[1:]
    assert held[-1] == documents[-1]
    assert held.chars == "".join(sorted(set("".join(documents))))
    expected = hashlib.sha256("\n".join(documents).encode()).hexdigest()
    assert held.sha256() == expected
    with pytest.raises(IndexError):
        held[len(documents)]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
def test_lines_of_a_text_are_found_across_chunks(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("course_lib.training.documents.CHUNK", chunk)
    lines = ["emma", "zoë", "李四🙂", "a"]
    held, of_list = Documents.of_lines("\n".join(lines)), Documents.of(lines)
    assert list(held) == lines
    assert (held.chars, held.sha256()) == (of_list.chars, of_list.sha256())


def packed_by_hand(
    documents: list[str], tokenizer: CharTokenizer, block_size: int
) -> np.ndarray:
    rows = np.full((len(documents), block_size + 1), PADDING, np.int32)
    for row, document in zip(rows, documents, strict=True):
        tokens = tokenizer.document(document[:block_size])[: block_size + 1]
        row[: len(tokens)] = tokens
    return rows


@pytest.mark.parametrize("documents", LISTS[:4] + LISTS[5:])
@pytest.mark.parametrize("block_size", [1, 2, 4, 9])
def test_rows_are_packed_as_by_hand(documents: list[str], block_size: int) -> None:
    tokenizer = CharTokenizer(documents)
    expected = packed_by_hand(documents, tokenizer, block_size)
    found = pack(documents, tokenizer, block_size)
    assert found.dtype == np.int32
    assert np.array_equal(found, expected)
    order = np.arange(len(documents))[::-1]
    rows = Rows(Documents.of(documents), order, tokenizer, block_size)
    assert np.array_equal(rows[:], expected[::-1])
    assert np.array_equal(rows[0], expected[-1])
    some = np.array([[0, len(rows) - 1], [0, 0]])
    assert np.array_equal(rows[some], expected[::-1][some])
    assert pack([], tokenizer, block_size).shape == (0, block_size + 1)


def test_unknown_characters_are_named() -> None:
    with pytest.raises(ValueError, match="unknown character 'x'"):
        pack(["ab", "ax"], CharTokenizer(["abz"]), 4)
    with pytest.raises(ValueError, match="unknown character 'é'"):
        pack(["é"], CharTokenizer(["abz"]), 4)


@pytest.mark.parametrize("n", [*range(20), 63, 64, 65, 1000, 70_000, 140_000])
def test_the_order_and_what_is_drawn_after_it_are_pythons_own(n: int) -> None:
    ours, pythons = random.Random(n), random.Random(n)
    expected = list(range(n))
    pythons.shuffle(expected)
    assert shuffled(ours, n).tolist() == expected
    assert ours.getstate() == pythons.getstate()


def test_a_run_on_lines_is_the_run_on_their_list() -> None:
    lines = [f"name{i}" for i in range(50)]
    settings = Settings(steps=3, engine="scalar", n_embd=4, n_head=1, val_fraction=0.1)
    runs = [Run(lines, settings), Run(Documents.of_lines("\n".join(lines)), settings)]
    rng = random.Random(42)
    expected = list(lines)
    rng.shuffle(expected)
    for run in runs:
        by_hand = packed_by_hand(expected, run.tokenizer, 16)
        assert np.array_equal(run.rows[:], by_hand[:45])
        assert np.array_equal(run.val_rows[:], by_hand[45:])
        assert run.tokenizer.chars == CharTokenizer(lines).chars
    assert list(runs[0].records()) == list(runs[1].records())


def test_the_share_that_is_read() -> None:
    held = Documents.of_lines("abcdef\nab\nabcd")
    shares = [held.share_within(most) for most in (1, 2, 4, 5, 6, 7)]
    assert shares == [3 / 12, 6 / 12, 10 / 12, 11 / 12, 1, 1]


@pytest.mark.parametrize("most", [255, 256, 1000, 65_536])
def test_the_share_of_a_short_text_for_any_context(most: int) -> None:
    """Its ends are numbers of one byte; the context may be larger."""
    assert Documents.of_lines("emma\nava").share_within(most) == 1
    assert Documents.of(["emma", "ava"]).share_within(most) == 1


def test_many_lines_cost_little_memory() -> None:
    text = "\n".join(["emma", "ava", "olivia", "mia"] * 50_000)
    settings = Settings(engine="scalar", n_embd=4, n_head=1, block_size=1000)
    tracemalloc.start()
    run = Run(Documents.of_lines(text), settings)
    next(run.records())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(run.rows) == 200_000
    assert peak < 15 * 10**6, f"{peak:,} bytes for a text of {len(text):,}"


@pytest.mark.parametrize(
    "documents", [None, 5, "emma", b"emma", [None], ["a", 5], [b"a"], {"a": 1}, [["a"]]]
)
def test_what_is_no_list_of_texts_is_named(documents: Any) -> None:
    for use in (
        lambda: Run(documents, Settings(engine="scalar")),
        lambda: pack(documents, CharTokenizer(["ab"]), 4),
    ):
        with pytest.raises(
            ValueError, match=r"must (be a list of texts|hold texts alone): "
        ) as e:
            use()
        assert len(str(e.value).splitlines()) == 1
