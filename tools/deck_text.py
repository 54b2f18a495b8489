"""A page's prose, cut for a slide: whole sentences, the first ones that fit.

Nothing is written anew here: what a slide says is what its page says, so that the two
cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

WORDS = 40  # on a slide
END = re.compile(r"[.?!…:;][)\"”*_]*(?=\s+[A-Z“\"(*`$0-9~]|$)")
PREDICT = "**Predict first.**"
ASIDE = re.compile(  # what speaks of the page around it, and not of what is shown
    r"(Below|Now|Let us|Next|Begin|Back to|Try|Run|Finally|So (is|how|why)|Then|"
    r"Here is|Here are|Look also|Test|In it,|One warning|Change|Write|\()\b|\("
)
ABOUT_THE_PAGE = re.compile(r"\b(the cell|this cell|next cell|the next line|below)\b")


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
        if closed and part.rstrip(")\"”*_")[-1] not in ":;":
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


def lead(paragraphs: Iterable[str], words: int = WORDS) -> str:
    """Return the first sentences that fit, without those about the page itself."""
    taken: list[str] = []
    for sentence in (s for p in paragraphs for s in sentences(p)):
        if sentence.endswith(":") or is_aside(sentence, first=not taken):
            continue
        left = words - word_count(" ".join(taken))
        if word_count(sentence) > left:
            if not taken:
                taken.append(shortened(sentence, left))
            if taken[0]:
                break
            taken = []
            continue
        taken.append(sentence)
    return " ".join(taken)


def is_aside(sentence: str, first: bool) -> bool:
    """Return whether a sentence points at the page, or needs what is left out."""
    if ASIDE.match(sentence) or ABOUT_THE_PAGE.search(sentence):
        return True
    return first and sentence.startswith(("Why?", "But ", "And "))


def question(paragraphs: Sequence[str], words: int = WORDS) -> str:
    """Return the question to be answered first, with what leads to it if that fits."""
    text = next((p for p in paragraphs if PREDICT in p), "")
    if not text:
        return ""
    place = list(paragraphs).index(text)
    before, _, after = text.partition(PREDICT)
    asked = sentences(after)
    while word_count(" ".join(asked)) > words and len(asked) > 1:
        asked.pop(-1 if "?" in "".join(asked[:-1]) else 0)
    context = sentences(" ".join([*plain(paragraphs[:place]), before]))
    for sentence in reversed(context):
        if sentence.endswith(":") or word_count(" ".join([sentence, *asked])) > words:
            break
        asked.insert(0, sentence)
    return " ".join(asked)


def plain(paragraphs: Iterable[str]) -> list[str]:
    """Return the paragraphs of running text, and the entries of lists."""
    found: list[str] = []
    for text in paragraphs:
        if text.startswith("- "):
            found += [" ".join(entry.split()) for entry in text[2:].split("\n- ")]
        elif not text.startswith(("$$", "|", "![", "```", "1. ", "#")):
            found.append(text)
    return [text for text in found if PREDICT not in text]
