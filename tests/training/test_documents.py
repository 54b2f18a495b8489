"""Documents in one text: the same as a list of strings, in a fraction of the memory."""

from __future__ import annotations

import hashlib
import random
import tracemalloc
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from course_lib.data.tokenizer import CharTokenizer
from course_lib.training import Run, Settings, pack
from course_lib.training.batches import PADDING, Rows, windows
from course_lib.training.documents import Documents, shuffled
from course_lib.training.proposals import proposed_sizes

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


def windows_by_hand(tokenizer: CharTokenizer, text: str, size: int) -> list[list[int]]:
    tokens = tokenizer.document(text)
    rows = [tokens[first : first + size + 1] for first in range(0, len(tokens), size)]
    return [
        row + [PADDING] * (size + 1 - len(row)) for row in rows if len(row) > 1
    ]  # a row of one token has nothing to predict


@pytest.mark.parametrize("block_size", [1, 2, 3, 5, 8, 100])
def test_windows_are_cut_as_by_hand(block_size: int) -> None:
    texts = ["", "a", "ab", "abc\n\n d", "zoë 李四" * 3, "x" * 8, "y" * 9, "z" * 7]
    tokenizer, held = CharTokenizer(texts), Documents.of(texts)
    order = np.array([3, 0, 4, 1, 2, 7, 6, 5])
    order_of_rows, window = windows(held, order, block_size)
    rows = Rows(held, order_of_rows, tokenizer, block_size, window)
    expected = [
        row for i in order for row in windows_by_hand(tokenizer, texts[i], block_size)
    ]
    assert rows[:].tolist() == expected
    assert rows[-1].tolist() == expected[-1]
    assert rows[np.array([[0, 2], [1, 1]])].shape == (2, 2, block_size + 1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("split", ["blank", "none"])
def test_every_token_is_predicted_once_in_a_pass(seed: int, split: str) -> None:
    rng = random.Random(seed)
    texts = ["".join(rng.choices("ab c\n", k=rng.randrange(1, 90))) for _ in range(9)]
    texts = texts if split == "blank" else ["\n\n".join(texts)]
    run = Run(texts, Settings(split=split, block_size=7, val_fraction=0.2, seed=seed))
    targets = Counter(
        token
        for rows in (run.rows, run.val_rows)
        for token in rows[:][:, 1:].ravel().tolist()
        if token != PADDING
    )
    expected = Counter(t for text in texts for t in run.tokenizer.document(text)[1:])
    assert targets == expected
    assert abs(len(run.val_rows) - 0.2 * (len(run.rows) + len(run.val_rows))) <= 0.5


def test_the_end_of_one_text_is_for_validation_and_the_rest_is_mixed() -> None:
    text = "".join(chr(ord("a") + i) for i in range(26)) * 10
    run = Run([text], Settings(split="none", block_size=8, val_fraction=0.1))
    last = windows_by_hand(run.tokenizer, text, 8)[-len(run.val_rows) :]
    assert run.val_rows[:].tolist() == last
    before = windows_by_hand(run.tokenizer, text, 8)[: -len(run.val_rows)]
    assert sorted(run.rows[:].tolist()) == sorted(before)
    assert run.rows[:].tolist() != before


@pytest.mark.parametrize("chosen", [{"split": "blank"}, {"field": "text"}])
def test_short_documents_are_read_as_lines_are(chosen: dict[str, Any]) -> None:
    names = [f"name{i}" for i in range(30)]
    settings = Settings(steps=3, engine="scalar", n_embd=4, n_head=1, val_fraction=0.1)
    as_lines = Run(names, settings)
    run = Run(names, replace(settings, **chosen))
    assert np.array_equal(run.rows[:], as_lines.rows[:])
    assert np.array_equal(run.val_rows[:], as_lines.val_rows[:])
    assert list(run.records()) == list(as_lines.records())


def test_a_field_is_of_records_and_is_not_split() -> None:
    assert Settings(field="text").in_windows
    assert Settings(split="blank").in_windows
    assert not Settings().in_windows
    for split in ("blank", "none"):
        with pytest.raises(ValueError, match="field and split exclude each other"):
            Settings(split=split, field="text")
    with pytest.raises(ValueError, match="split must be one of lines, blank, none"):
        Settings(split="words")
    with pytest.raises(ValueError, match="field must be a short text"):
        Settings(field="x" * 201)


def test_too_little_text_for_a_validation_is_named() -> None:
    with pytest.raises(ValueError, match="no window for validation: there is only 1"):
        Run(["abc"], Settings(split="none", val_fraction=0.1))


@pytest.mark.parametrize("longest", [*range(1, 20), 63, 64, 255, 256, 5000])
@pytest.mark.parametrize("split", ["lines", "none"])
def test_sizes_hold_the_longest_line_or_a_window(longest: int, split: str) -> None:
    documents = Documents.of(["ab", "x" * longest])
    sizes = proposed_sizes(documents, Settings(split=split))
    if longest <= 16:
        assert sizes == {}
        return
    assert sizes["batch_size"] == 16
    most = 64 if split == "none" else 256
    assert sizes["block_size"] <= most
    assert longest < sizes["block_size"] or longest >= most


def test_sizes_fit_the_memory() -> None:
    documents = Documents.of(["x" * 5000])
    settings = Settings(split="none", n_embd=512, n_layer=8)
    sizes = [
        proposed_sizes(documents, settings, memory)
        for memory in (float("inf"), 1.6e9, 1e6)
    ]
    assert sizes[0] == {"block_size": 64, "batch_size": 16}
    assert sizes[1]["block_size"] == 64
    assert 1 <= sizes[1]["batch_size"] < 16
    assert sizes[2] == {"block_size": 16, "batch_size": 1}
    scalar = Settings(engine="scalar", split="none")
    assert proposed_sizes(documents, scalar) == {}
    lines = Settings(engine="scalar")
    assert proposed_sizes(Documents.of(["x" * 20]), lines) == {"block_size": 24}
