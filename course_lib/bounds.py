"""The bounds at every door: how much may come in, and in what form.

One table. Each bound is checked on what arrives, not on what was announced, and before
anything is made from it. ``docs/BOUNDS.md`` is this table for users; a test compares.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import BinaryIO

__all__ = [
    "BOUNDS",
    "MB",
    "check_number",
    "check_texts",
    "check_whole",
    "escaped",
    "has_control",
    "open_regular",
    "read_regular",
    "refuse_spoiled",
    "shown",
]

MB = 10**6
BOUNDS: dict[str, tuple[int | float, str]] = {  # what: the most, and of what unit
    "text file": (100 * MB, "bytes"),
    "line of a text": (10_000, "characters"),
    "download": (100 * MB, "bytes"),
    "download, redirects": (10, "redirects"),
    "download, silence": (20.0, "seconds"),
    "download, whole": (600.0, "seconds"),
    "compiled programs": (100 * MB, "bytes kept; the oldest go first"),
    "checkpoint": (2_000 * MB, "bytes"),
    "checkpoint, description": (1 * MB, "characters"),
    "model": (10**9, "parameters"),
    "layers": (1_000, "layers"),
    "width": (65_536, "numbers per token"),
    "vocabulary": (1_114_113, "tokens"),  # all of Unicode, and bos
    "context": (65_536, "tokens"),
    "weight": (10**6, "the largest weight in a checkpoint"),
    "steps": (10**9, "steps"),
    "devices": (65_536, "devices"),
    "experiment": (50_000, "training steps in an experiment of notebook 07"),
    "batch": (10**6, "documents"),
    "seed": (2**63 - 1, "the largest seed"),
    "samples": (10**6, "samples"),
    "sample": (10**6, "characters after the prompt"),
    "loss": (1_000.0, "nats per token; a loss above is a diverged run"),
    "progress file": (10 * MB, "bytes"),
    "progress entries": (20_000, "entries of one file"),
    "answer": (200_000, "characters"),
    "name": (200, "characters of a name in a progress file"),
    "shared progress": (100_000, "bytes of what one learner shares with a class"),
    "nickname": (40, "characters"),
    "class": (1_000, "learners"),
    "class folder": (10_000, "files in the folder of a class"),
    "notebook": (100 * MB, "bytes"),
    "cells": (5_000, "cells of a notebook"),
    "picture": (2**22, "bytes of its strokes, after which it begins again with none"),
}

# C0 and C1 controls but tab and line feed, lone surrogates, and marks that turn the
# direction of writing around: a terminal obeys some, and a reader is misled by others.
_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
CONTROL = re.compile(rf"[{_CONTROL}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
CONTROL_BUT_MARKS = re.compile(f"[{_CONTROL}]")  # texts of some languages have marks


def has_control(text: str) -> bool:
    """Whether a text holds what must not be shown as it is."""
    return CONTROL.search(text) is not None


def escaped(text: str) -> str:
    r"""Return the text with everything that must not be shown as it is as \x1b."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def refuse_spoiled(text: str, what: str, marks: bool = False) -> None:
    """Raise ValueError, in one line, for a text that must not be shown as it is.

    marks: let marks of direction pass, as they are part of many a text.
    """
    if found := (CONTROL_BUT_MARKS if marks else CONTROL).search(text):
        name = unicodedata.name(found[0], "a control character")
        raise ValueError(
            f"{what} holds {found[0]!a} ({name.lower()}): expected text that can "
            "be shown; leave it out"
        )


def shown(value: object) -> str:
    """Return a value for an error line: on one line, without controls, never long."""
    if (
        isinstance(value, int) and value.bit_length() > 200
    ):  # slow, or refused, to print
        return "a number of more than 60 digits"
    try:
        text = repr(value)
    except Exception:  # a class of a learner's own, or a list with such a number in it
        text = f"a {type(value).__name__}"
    text = escaped(" ".join(text.split()))
    return text if len(text) <= 80 else f"{text[:60]}…"


def check_whole(name: str, number: object, least: int, most: float) -> None:
    """Raise ValueError, in one line, unless an int is within its bounds."""
    if type(number) is not int or not least <= number <= most:
        raise ValueError(
            f"{name} must be a whole number from {least:,} to {most:,}: {shown(number)}"
        )


def check_number(name: str, number: object, least: float, most: float) -> None:
    """Raise ValueError, in one line, unless a number is within its bounds."""
    if isinstance(number, bool) or not isinstance(number, int | float | Real):
        raise ValueError(f"{name} must be a number: {shown(number)}")
    if not least <= number <= most:  # type: ignore[operator] # nan is not
        raise ValueError(
            f"{name} must be a number from {least:g} to {most:g}: {shown(number)}"
        )


def check_texts(name: str, texts: object) -> None:
    """Raise ValueError, in one line, for what is no list of texts."""
    if isinstance(texts, str | bytes) or not isinstance(texts, Sequence):
        raise ValueError(f"{name} must be a list of texts: {shown(texts)}")
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(f"{name} must hold texts alone: {shown(text)}")


def open_regular(path: Path, most: int) -> BinaryIO:
    """Open a regular file to read, which is said to have at most so many bytes.

    What arrives may be more: bound that as well. Raises OSError if it cannot be opened,
    and ValueError, in one line, for a folder, a device or a pipe, and for a larger one.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} is not a regular file: give the path of a file")
        if status.st_size > most:
            raise _too_large(path, most)
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file, at most so many.

    Raises OSError if it cannot be opened, and ValueError, in one line, for a folder, a
    device or a pipe, and for more bytes than that, whatever its size was said to be.
    """
    with open_regular(path, most) as file:
        data = file.read(most + 1) or b""  # None: a file of the system that waits
    if len(data) > most:
        raise _too_large(path, most)
    return data


def _too_large(path: Path, most: int) -> ValueError:
    return ValueError(
        f"{path} is too large: expected at most {most:,} bytes; give a smaller file"
    )
