"""The content of a file in blocks, and its SHA-256 digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import IO

_BLOCK = 64 * 1024  # bytes per read: a file of any size costs this much memory


def sha256_of(file: IO[bytes]) -> str:
    """SHA-256 of the rest of a binary file, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for block in blocks(file):
        digest.update(block)
    return digest.hexdigest()


def blocks(
    file: IO[bytes], on_read: Callable[[int], object] = lambda size: None
) -> Iterator[bytes]:
    """Read a binary file to its end in blocks; on_read gets the size of each."""
    while block := file.read(_BLOCK):
        on_read(len(block))
        yield block
