"""Decoding of UTF-8 bytes into lines of text, with errors that name the byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

MAX_LINE = 10_000  # characters in one line; a longer one is no list of documents
_MAX_LINE_BYTES = 4 * MAX_LINE + 2  # UTF-8 needs at most 4 bytes, then \r\n
_BOM = b"\xef\xbb\xbf"


class DataError(ValueError):
    """Data that cannot be used. One line: what was wrong, expected, and to do."""


def show(source: object) -> str:
    """A source for use in an error message: quoted, on one line, never long."""
    text = repr(str(source))
    return text if len(text) <= 200 else f"{text[:120]}...{text[-60:]}"


def text_lines(blocks: Iterable[bytes], source: object) -> list[str]:
    r"""Non-empty stripped lines of UTF-8 text that arrives in blocks.

    Accepts \n, \r\n and \r, and a byte order mark. Holds one block and one line
    beside the result, so a single endless line is refused after a block.
    Raises DataError for bytes that are not text, a long line, or no line at all.
    """
    lines = []
    for number, (offset, raw) in enumerate(_split(blocks, source), start=1):
        line = _decode(raw, offset, source)
        if len(line.rstrip("\r\n")) > MAX_LINE:
            raise _too_long(number, source)
        if line := line.strip():
            lines.append(line)
    if not lines:
        raise DataError(
            f"{show(source)} holds no text: expected at least one line that is "
            "not blank. Check that it is the file you meant."
        )
    return lines


def _split(blocks: Iterable[bytes], source: object) -> Iterator[tuple[int, bytes]]:
    """Each line with its end, and the offset of its first byte."""
    rest, offset, number = b"", 0, 0
    for block in blocks:
        pieces = (rest + block).splitlines(keepends=True)
        # An open line goes into the next round, as does \r: \n may follow it.
        rest = b"" if block.endswith(b"\n") else pieces.pop()
        for piece in pieces:
            number += 1
            yield offset, piece
            offset += len(piece)
        if len(rest) > _MAX_LINE_BYTES:
            _decode(rest, offset, source, whole=False)  # bytes that are no text first
            raise _too_long(number + 1, source)
    if rest:
        yield offset, rest


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
            "expected UTF-8 text, one document per line. Save it as UTF-8 text."
        )
    return text


def _too_long(number: int, source: object) -> DataError:
    return DataError(
        f"{show(source)}, line {number:,}, is longer than {MAX_LINE:,} characters: "
        "expected one short document per line. Break long lines into several."
    )
