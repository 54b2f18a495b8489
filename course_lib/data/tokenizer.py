"""A character-level tokenizer: text to tokens and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral

from course_lib.bounds import check_texts, shown

__all__ = ["CharTokenizer"]


class CharTokenizer:
    """A vocabulary with one token per character, in sorted order, and ``bos`` last.

    ``bos``, beginning of sequence, marks the beginning of a document, and its end.
    ``vocab_size`` counts it.

    Raises ValueError if there is no character at all.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        texts = list(texts) if isinstance(texts, Iterable) else texts
        check_texts("texts", texts)
        self.chars = sorted(set().union(*texts))
        if not self.chars:
            raise ValueError(
                "a tokenizer needs at least one character: the texts are empty"
            )
        self.bos = len(self.chars)
        self.vocab_size = len(self.chars) + 1
        self._ids = {char: i for i, char in enumerate(self.chars)}

    def encode(self, text: str) -> list[int]:
        """Return the token of each character.

        Raises ValueError, naming the characters, if some are not in the vocabulary.
        """
        if not isinstance(text, str):
            raise ValueError(f"only text has tokens: {shown(text)}")
        unknown = sorted(set(text) - set(self.chars))
        if unknown:
            listed = ", ".join(repr(char) for char in unknown[:5])
            known = "".join(self.chars)
            raise ValueError(
                f"unknown character {listed}: this vocabulary has "
                f"{known[:60]!r}{'…' if len(known) > 60 else ''}"
            )
        return [self._ids[char] for char in text]

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; ``bos`` is left out.

        Raises ValueError for a token that is not in the vocabulary.
        """
        if not isinstance(tokens, Iterable):
            raise ValueError(f"tokens must be a list of numbers: {shown(tokens)}")
        for token in tokens:
            if not isinstance(token, Integral) or not 0 <= token < self.vocab_size:
                raise ValueError(
                    f"unknown token {shown(token)}: the vocabulary has 0 to {self.bos}"
                )
        return "".join(self.chars[token] for token in tokens if token != self.bos)

    def document(self, text: str) -> list[int]:
        """Return ``[bos, *characters, bos]``, the form a model is trained on."""
        return [self.bos, *self.encode(text), self.bos]
