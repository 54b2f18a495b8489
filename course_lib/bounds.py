"""The bounds at every door: how much may come in, and in what form.

One table. Each bound is checked on what arrives, not on what was announced, and before
anything is made from it. ``docs/BOUNDS.md`` is this table for users; a test compares.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path

__all__ = ["BOUNDS", "MB", "escaped", "has_control", "read_regular", "refuse_spoiled"]

MB = 10**6
BOUNDS: dict[str, tuple[int | float, str]] = {  # what: the most, and of what unit
    "text file": (100 * MB, "bytes"),
    "line of a text": (10_000, "characters"),
    "download": (100 * MB, "bytes"),
    "download, silence": (20.0, "seconds"),
    "download, whole": (600.0, "seconds"),
    "checkpoint": (2_000 * MB, "bytes"),
    "checkpoint, description": (1 * MB, "characters"),
    "model": (10**9, "parameters"),
    "layers": (1_000, "layers"),
    "width": (65_536, "numbers per token"),
    "context": (65_536, "tokens"),
    "steps": (10**9, "steps"),
    "batch": (10**6, "documents"),
    "seed": (2**63 - 1, "the largest seed"),
    "samples": (10**6, "samples"),
    "loss": (1_000.0, "nats per token; a loss above is a diverged run"),
    "progress file": (10 * MB, "bytes"),
    "progress entries": (20_000, "entries of one file"),
    "answer": (200_000, "characters"),
    "name": (200, "characters of a name in a progress file"),
    "typed text": (500, "characters of a field on a page"),
    "pixel ratio": (4.0, "pixels drawn for each pixel of the page"),
    "picture": (4_000, "pixels wide"),
}

# C0 and C1 controls but tab and line feed, lone surrogates, and marks that turn the
# direction of writing around: a terminal obeys some, and a reader is misled by others.
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def has_control(text: str) -> bool:
    """Whether a text holds what must not be shown as it is."""
    return CONTROL.search(text) is not None


def escaped(text: str) -> str:
    r"""Return the text with everything that must not be shown as it is as \x1b."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def refuse_spoiled(text: str, what: str) -> None:
    """Raise ValueError, in one line, for a text that must not be shown as it is."""
    if found := CONTROL.search(text):
        name = unicodedata.name(found[0], "a control character")
        raise ValueError(
            f"{what} holds {found[0]!a} ({name.lower()}): expected text that can "
            "be shown; leave it out"
        )


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file, at most so many.

    Raises OSError if it cannot be opened, and ValueError, in one line, for a folder, a
    device or a pipe, and for more bytes than that, whatever its size was said to be.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"{path} is not a regular file: give the path of a file")
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(
            f"{path} is too large: expected at most {most:,} bytes; give a smaller file"
        )
    return data
