"""What a person brings, read whole: lists, prose, plays, code, chats and records."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from course_lib.data.digest import blocks
from course_lib.data.files import opened_source
from course_lib.data.lines import DataError, has_long_line, show, text_of, whole_text
from course_lib.data.records import field_texts, kind_of_records

__all__ = ["SPLITS", "Reading", "detect_split", "load_documents", "part"]

SPLITS = ("lines", "blank", "none")
HEAD = 2**20  # bytes that are looked at to tell what a text is
SHORT_LINE = 16  # characters: a file of shorter lines is a list, whatever they say
LONGEST_LINE = 256  # characters: one more, and a text is no list of lines
BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")  # the indentation after them stays
SPEAKER = re.compile(r"\S.{0,40}?: +\S")  # how a line of a chat begins


class Reading(NamedTuple):
    """The documents of a source, and how they were found.

    split: what parts them: "lines", "blank" (lines) or "none" (one text).
    field: of which records they were taken, or "".
    documents: a list of them; for lines, one text with a document on each line, which
    takes a tenth of the memory.
    notes: what a user should know, a line each.
    """

    split: str
    field: str
    documents: str | list[str]
    notes: list[str]


def load_documents(
    source: str | os.PathLike[str] | None = None,
    sha256: str | None = None,
    split: str | None = None,
    field: str | None = None,
    on_read: Callable[[int], object] = lambda size: None,
) -> Reading:
    """Read the documents of ``source``: a file, a shipped set or an address.

    split: "lines": each line, stripped, is a document. "blank": blank lines part
        documents of several lines, whose indentation stays. "none": all is one
        document. Left out, it is detected from the beginning of the text.
    field: the name of the field that holds the text, of JSON lines, of a JSON list or
        of CSV with a header; dots lead into objects ("message.content"). Left out, the
        only field that holds text is taken.
    on_read: called with the size of each block of bytes that was read.

    Letters with accents are composed (Unicode NFC), so that é is one character however
    it was typed. Line ends are line feeds, and so are form feeds.

    Raises DataError, one line, for whatever cannot be read.
    """
    if split is not None and split not in SPLITS:
        raise DataError(f"split must be one of {', '.join(SPLITS)}: {show(split)}")
    if split is not None and field is not None:
        raise DataError(
            "split and field exclude each other: each record's field is a document. "
            "Leave one of them out"
        )
    with opened_source(source, sha256) as file:
        head = file.read(HEAD)
        file.seek(0)
        start, cut = _start(head), len(head) == HEAD
        kind = "" if split else kind_of_records(source, start)
        if field is not None and not kind:
            kind = "csv"
        if not kind and split is None:
            split = detect_split(start, cut)
            if split == "lines":
                text = text_of(blocks(file, on_read), source)
                if not has_long_line(text, LONGEST_LINE):
                    return Reading("lines", "", *_composed(text))
                split = "none"  # a line beyond the head
                file.seek(0)
        elif split == "lines":
            text = text_of(blocks(file, on_read), source)
            return Reading("lines", "", *_composed(text))
        text, notes = _composed(whole_text(blocks(file, on_read), source))
    if kind:
        field, texts, told = field_texts(text, kind, field, source)
        return Reading("lines", field, texts, [*notes, *told])
    documents = part(text, split or "none")
    if not documents:
        raise DataError(
            f"{show(source)} holds no text: expected at least one line that is "
            "not blank. Check that it is the file you meant."
        )
    return Reading(split or "none", "", documents, notes)


def part(text: str, split: str) -> list[str]:
    """Part a text into its documents: the lines, the blocks, or the text itself.

    Blank lines belong to no document, but inside the one text of "none" they stay.
    """
    if split == "lines":
        return [line for line in map(str.strip, text.split("\n")) if line]
    whole = re.sub(r"\A(?:[^\S\n]*\n)+|\s+\Z", "", text)
    texts = BLANK_LINES.split(whole) if split == "blank" else [whole]
    return [document for document in texts if document.strip()]


def detect_split(text: str, cut: bool = False) -> str:
    """Tell a list of lines from blocks of lines and from one running text.

    A list has lines of some length, without indentation, that do not run on in the next
    line. Blocks between blank lines are documents of their own if most of them have the
    same number of lines, two or more: quatrains, questions with answers. All else is
    one text: prose, a play, code, a chat. cut: the text goes on after its last line.
    """
    lines = text.split("\n")[: -1 if cut and "\n" in text else None]
    full = [line for line in lines if line.strip()]
    counts = Counter(b.count("\n") + 1 for b in part("\n".join(lines), "blank"))
    [(size, most)] = counts.most_common(1) or [(0, 0)]  # lines of a block
    if size >= 2 and most >= 3 and most >= 0.8 * counts.total():
        return "blank"
    words = 1000 if counts.total() < 2 else 12 if max(counts) < 2 else 3
    return "lines" if _is_list(full, words) else "none"


def _is_list(lines: list[str], most_words: int) -> bool:
    """Whether each of these lines, none of them blank, is a document of its own.

    most_words: a list has no more to the line, on average. Where blank lines part some
    of the lines, or all of them, more words would be prose.
    """
    count, longest = max(len(lines), 1), max(map(len, lines), default=0)
    if sum(line[0].isspace() for line in lines) > 0.05 * count:
        return False
    if longest <= SHORT_LINE:
        return True
    words = sum(len(line.split()) for line in lines) / count
    spoken = sum(SPEAKER.match(line) is not None for line in lines) / count
    ends = [line.rstrip()[-1] for line in lines]
    going_on = sum(end in ",;:-–—" for end in ends) / count
    ended = sum(end in ".!?…\"'”’)" for end in ends) / count
    runs_on = words >= 4 and (going_on > 0.05 or 0.05 < ended < 0.95)
    return (
        count > 1
        and longest <= LONGEST_LINE
        and spoken < 0.6
        and not runs_on
        and words <= most_words
    )


def _start(head: bytes) -> str:
    """Return the first bytes of a source as text; a letter cut in two is left out."""
    text = head.decode("utf-8", "ignore").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _composed(text: str) -> tuple[str, list[str]]:
    """Return a text with composed letters, and what to say if there were others."""
    if unicodedata.is_normalized("NFC", text):
        return text, []
    composed = unicodedata.normalize("NFC", text)
    return composed, [
        "letters typed in two parts, as an e and its accent, are read as one letter "
        f"(Unicode NFC): {len(text):,} characters became {len(composed):,}"
    ]
