"""Decoding of UTF-8 bytes into text, with errors that name the byte."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from itertools import chain

from course_lib.bounds import BOUNDS

MAX_LINE = int(BOUNDS["line of a text"][0])  # a longer one is no list of documents
_MAX_LINE_BYTES = 4 * MAX_LINE + 2  # UTF-8 needs at most 4 bytes, then \r\n
_BOM = b"\xef\xbb\xbf"


class DataError(ValueError):
    """Data that cannot be used. One line: what was wrong, expected, and to do."""


def show(source: object) -> str:
    """A source for use in an error message: quoted, on one line, never long."""
    text = repr(str(source))
    return text if len(text) <= 200 else f"{text[:120]}...{text[-60:]}"


def text_lines(blocks: Iterable[bytes], source: object) -> list[str]:
    """Non-empty stripped lines of UTF-8 text, as ``text_of`` joins them."""
    return text_of(blocks, source).split("\n")


def text_of(blocks: Iterable[bytes], source: object) -> str:
    r"""Non-empty stripped lines of UTF-8 text that arrives in blocks, joined by \n.

    Accepts \n, \r\n and \r, and a byte order mark. Holds one block and one line
    beside the result, so a single endless line is refused after a block.
    Raises DataError for bytes that are not text, a long line, too many bytes, or no
    line at all.
    """
    pieces: list[str] = []
    offset, number, rest = 0, 0, b""  # number: lines that ended before the offset
    for block in blocks:
        data = rest + block
        # An open line goes into the next round, as does \r: \n may follow it.
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        text = _decoded(data[:end], offset, number, source)
        pieces.append(_stripped(text))
        offset, number, rest = offset + end, number + text.count("\n"), data[end:]
        if offset + len(rest) > BOUNDS["text file"][0]:
            raise too_large(source)
        if len(rest) > _MAX_LINE_BYTES:
            _decode(rest, offset, source, whole=False)  # bytes that are no text first
            raise _too_long(number + 1, source)
    pieces.append(_stripped(_decoded(rest, offset, number, source)))
    if text := "\n".join(filter(None, pieces)):
        return text
    raise DataError(
        f"{show(source)} holds no text: expected at least one line that is "
        "not blank. Check that it is the file you meant."
    )


def whole_text(blocks: Iterable[bytes], source: object) -> str:
    r"""UTF-8 text that arrives in blocks, with its blank lines and its indentation.

    Accepts a byte order mark; \r\n, \r and form feeds become \n. Raises DataError for
    bytes that are not text, and for too many.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    pieces: list[str] = []
    offset = 0
    for block in chain(blocks, [b""]):
        rest = decoder.getstate()[0]  # of a letter that was cut in two
        try:
            piece = decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            piece = "\0"
        if "\0" in piece:
            _decode(rest + block, offset - len(rest), source)  # names the byte
        pieces.append(piece)
        offset += len(block)
        if offset > BOUNDS["text file"][0]:
            raise too_large(source)
    text = "".join(pieces).removeprefix("\ufeff")
    for end in ("\r\n", "\r", "\f"):
        text = text.replace(end, "\n")
    return text


def _decoded(raw: bytes, offset: int, number: int, source: object) -> str:
    r"""Whole lines as text, each with \n at its end; the first error is named."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text or has_long_line(text):
        at = offset
        for i, line in enumerate(raw.splitlines(keepends=True), start=number + 1):
            if len(_decode(line, at, source).rstrip("\r\n")) > MAX_LINE:
                raise _too_long(i, source)
            at += len(line)
    return text.removeprefix("\ufeff") if offset == 0 else text


def has_long_line(text: str, most: int = MAX_LINE) -> bool:
    """Whether some line has more than ``most`` characters."""
    start = 0
    while len(text) - start > most:
        end = text.rfind("\n", start, start + most + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _stripped(text: str) -> str:
    return "\n".join(filter(None, map(str.strip, text.split("\n"))))


def _decode(raw: bytes, offset: int, source: object, whole: bool = True) -> str:
    """UTF-8 to text; an error names the offset of the byte in the file."""
    if offset == 0 and raw.startswith(_BOM):
        raw, offset = raw[len(_BOM) :], len(_BOM)
    nul = raw.find(b"\0")
    bad, what = (nul, "a NUL byte") if nul >= 0 else (-1, "")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_off = not whole and error.reason == "unexpected end of data"
        if not cut_off and (bad < 0 or error.start < bad):
            bad, what = error.start, f"0x{raw[error.start]:02x}, not UTF-8"
        text = ""
    if bad >= 0:
        raise DataError(
            f"{show(source)} is not a text file (byte {offset + bad:,} is {what}): "
            "expected UTF-8 text. Save it as UTF-8 text."
        )
    return text


def too_large(source: object) -> DataError:
    """Return the error for more bytes than a text may have."""
    return DataError(
        f"{show(source)} is too large: expected at most "
        f"{BOUNDS['text file'][0]:,} bytes. Give a smaller file."
    )


def _too_long(number: int, source: object) -> DataError:
    return DataError(
        f"{show(source)}, line {number:,}, is longer than {MAX_LINE:,} characters: "
        "expected one short document per line. Break long lines into several."
    )
