"""A page's prose, cut for a slide: whole sentences, the first ones that fit.

Nothing is written anew here: what a slide says is what its page says, so that the two
cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

WORDS = 40  # on a slide
END = re.compile(r"[.?!…:;][)\"”*_]*(?=\s+[A-Z“\"(*`$0-9~]|$)")
PREDICT = re.compile(r"\*\*Predict\s+first[.:]\*\*")
ASIDE = re.compile(  # what speaks of the page around it, or leads on from it
    r"(Below|Run|Test|Change|Write|Put|Drag|Press|In it,|Four words|One warning|Watch|"
    r"Look up|Read on|Two things are new|Exercise)\b|\(|\*\*Exercise"
)
LEADS_ON = re.compile(
    r"(Now|Let us|Next|Begin|Back to|Try|Finally|Then|Here is|Here are|Look also|So|"
    r"But something|But so far|Two more|Two things (can|differ)|They can be had|Cures)"
    r"\b"
)
TO_DO = re.compile(r"(Then )?(drag|press|run|put|find|use|commit|do it)\b", re.I)
ABOUT_THE_PAGE = re.compile(
    r"\b(the cell|this cell|next cell|next line|below|interactive figure|"
    r"line above|cells? above|setup cell)\b",
    re.IGNORECASE,
)


def word_count(text: str) -> int:
    """Return the number of words; a formula or a piece of code counts as one."""
    text = re.sub(r"\$[^$]+\$|`[^`]+`", "x", text)
    return len(re.findall(r"[^\W_][\w’'.,-]*", text))


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph."""
    text = " ".join(text.split())
    found, start = [], 0
    for end in END.finditer(text):
        part = text[start : end.end()]
        closed = part.count("$") % 2 == 0 and part.count("`") % 2 == 0
        if closed and part.rstrip(')"”*_')[-1] not in ":;":
            found.append(part.strip())
            start = end.end()
    return [*found, text[start:].strip()] if text[start:].strip() else found


def shortened(sentence: str, words: int) -> str:
    """Return the longest beginning of a sentence that stands alone, or nothing."""
    for end in reversed([*re.finditer(r"[:;] ", sentence)]):
        part = sentence[: end.start()]
        if word_count(part) <= words and part.count("$") % 2 == 0:
            return part + "."
    return ""


class Lead(NamedTuple):
    """The first words of some paragraphs, and the formula that they end with."""

    text: str
    formula: str = ""


def lead(paragraphs: Sequence[str], words: int = WORDS) -> Lead:
    """Return the first sentences that fit, of an introduction."""
    return _taken(paragraphs, words, stops=lambda sentence: False)


def comment(paragraphs: Sequence[str], words: int = WORDS) -> Lead:
    """Return the first sentences that fit, up to where the text leads on."""
    return _taken(paragraphs, words, stops=leads_on)


def _taken(
    paragraphs: Sequence[str], words: int, stops: Callable[[str], object]
) -> Lead:
    taken: list[str] = []
    for text, after in zip(paragraphs, [*paragraphs[1:], ""], strict=False):
        formula = after.strip("$ \n") if after.startswith("$$") else ""
        said = [s for part in plain([text]) for s in sentences(part)]
        for sentence in said:
            last = bool(formula) and sentence is said[-1]
            if is_aside(sentence) or (sentence.endswith(":") and not last):
                if taken or stops(sentence):
                    return Lead(" ".join(taken))
                continue
            if stops(sentence):
                return Lead(" ".join(taken))
            left = words - word_count(" ".join(taken))
            if word_count(sentence) > left:
                part = "" if taken else shortened(sentence, left)
                return Lead(" ".join(taken) or part)
            taken.append(sentence)
            if last:
                return Lead(" ".join(taken), formula)
    return Lead(" ".join(taken))


def is_aside(sentence: str) -> bool:
    """Return whether a sentence speaks of the page, which a slide is not."""
    return bool(ASIDE.match(sentence) or ABOUT_THE_PAGE.search(sentence))


def leads_on(sentence: str) -> bool:
    """Return whether a sentence leads on to what comes next on the page."""
    goes_on = LEADS_ON.match(sentence) or sentence.endswith(("?", ":"))
    if sentence.startswith("**") and sentence.endswith(".**"):  # as a heading is
        return True
    return bool(goes_on) or is_aside(sentence)


def question(paragraphs: Sequence[str], shown: str = "", words: int = WORDS) -> str:
    """Return the question to be answered first, with what leads to it if that fits.

    ``shown``: what the slide before says, which need not be said again.
    """
    text = next((p for p in paragraphs if PREDICT.search(p)), "")
    if not text:
        return ""
    before, after = PREDICT.split(text, maxsplit=1)
    after = after.strip()
    asked = [s for s in sentences(after[:1].upper() + after[1:]) if not TO_DO.match(s)]
    while any("?" in s for s in asked) and not asks(asked[-1]):
        asked.pop()  # what to do on the page
    while word_count(" ".join(asked)) > words and len(asked) > 1:
        asked.pop(0)
    earlier = paragraphs[: list(paragraphs).index(text)]
    for sentence in reversed(sentences(" ".join([*plain(earlier), before]))):
        crowded = word_count(" ".join([sentence, *asked])) > words
        if crowded or sentence.endswith((":", "?")) or is_aside(sentence):
            break
        if sentence in shown:
            break
        asked.insert(0, sentence)
    return " ".join(asked)


def asks(sentence: str) -> bool:
    """Return whether a sentence ends with a question mark, quoted or not."""
    return sentence.rstrip(')*_"”').endswith("?")


def plain(paragraphs: Iterable[str]) -> list[str]:
    """Return the paragraphs of running text, and the entries of lists."""
    found: list[str] = []
    for text in paragraphs:
        if text.startswith("- "):
            found += [" ".join(entry.split()) for entry in text[2:].split("\n- ")]
        elif not text.startswith(("$$", "|", "![", "```", "1. ", "#")):
            found.append(text)
    return [text for text in found if not PREDICT.search(text)]
