"""A character-level tokenizer: text to tokens and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["CharTokenizer"]


class CharTokenizer:
    """A vocabulary with one token per character, in sorted order, and ``bos`` last.

    ``bos``, beginning of sequence, marks the beginning of a document, and its end.
    ``vocab_size`` counts it.

    Raises ValueError if there is no character at all.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.chars = sorted({char for text in texts for char in text})
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
        unknown = sorted(set(text) - set(self.chars))
        if unknown:
            shown = ", ".join(repr(char) for char in unknown[:5])
            known = "".join(self.chars)
            raise ValueError(
                f"unknown character {shown}: this vocabulary has "
                f"{known[:60]!r}{'…' if len(known) > 60 else ''}"
            )
        return [self._ids[char] for char in text]

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; ``bos`` is left out.

        Raises ValueError for a token that is not in the vocabulary.
        """
        for token in tokens:
            if not 0 <= token < self.vocab_size:
                raise ValueError(
                    f"unknown token {token}: the vocabulary has 0 to {self.bos}"
                )
        return "".join(self.chars[token] for token in tokens if token != self.bos)

    def document(self, text: str) -> list[int]:
        """Return ``[bos, *characters, bos]``, the form a model is trained on."""
        return [self.bos, *self.encode(text), self.bos]
