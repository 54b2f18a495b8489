"""Text to tokens and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.data.tokenizer import CharTokenizer

quick = settings(max_examples=200, deadline=None, derandomize=True)


def test_characters_are_sorted_and_bos_comes_last() -> None:
    tokenizer = CharTokenizer(["anna", "bob", "Zoé"])
    assert tokenizer.chars == ["Z", "a", "b", "n", "o", "é"]
    assert tokenizer.bos == 6
    assert tokenizer.vocab_size == 7
    assert tokenizer.encode("anna") == [1, 3, 3, 1]
    assert tokenizer.document("bob") == [6, 2, 4, 2, 6]
    assert tokenizer.decode([6, 2, 4, 2, 6]) == "bob"


def test_texts_may_come_from_any_iterable_once() -> None:
    assert CharTokenizer(name for name in ("ab", "c")).chars == ["a", "b", "c"]
    assert CharTokenizer("cab").chars == ["a", "b", "c"]


@quick
@given(st.lists(st.text(), min_size=1).filter(any))
def test_any_text_comes_back(texts: list[str]) -> None:
    tokenizer = CharTokenizer(texts)
    assert tokenizer.vocab_size == len(set("".join(texts))) + 1
    for text in texts:
        tokens = tokenizer.encode(text)
        assert len(tokens) == len(text)
        assert all(0 <= token < tokenizer.bos for token in tokens)
        assert tokenizer.decode(tokens) == text
        document = tokenizer.document(text)
        assert document == [tokenizer.bos, *tokens, tokenizer.bos]
        assert tokenizer.decode(document) == text


@quick
@given(st.text(min_size=1))
def test_tokens_keep_the_order_of_characters(text: str) -> None:
    tokenizer = CharTokenizer([text])
    assert tokenizer.encode("".join(sorted(set(text)))) == list(range(tokenizer.bos))


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_no_character_at_all_is_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one character"):
        CharTokenizer(texts)


def test_unknown_characters_are_named_in_one_line() -> None:
    tokenizer = CharTokenizer(["abc"])
    with pytest.raises(ValueError, match=r"unknown character 'x', 'ü': .* 'abc'$"):
        tokenizer.encode("axübx")
    with pytest.raises(ValueError, match="unknown character") as error:
        tokenizer.encode("\n\t\0" + "xyz" * 1000)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200
    large = CharTokenizer([chr(i) for i in range(0x4E00, 0x4E00 + 3000)])
    with pytest.raises(ValueError, match=r"…$") as error:
        large.encode("x")
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("token", [-1, 4, 10**20])
def test_unknown_tokens_are_refused(token: int) -> None:
    tokenizer = CharTokenizer(["abc"])
    with pytest.raises(ValueError, match=f"unknown token {token}: .* 0 to 3"):
        tokenizer.decode([0, token])
