"""Writing a file atomically: whole or not at all, and never over what is not ours.

The data go to a temporary file beside the target, under a name that nobody has, and
replace the target only when the disk holds all of them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

__all__ = [
    "permissions",
    "refuse_special",
    "replace_file",
    "write_copy",
]

MAX_COPIES = 1000  # of one file, made within the same second


def refuse_special(path: Path) -> None:
    """Raise ValueError, in one line, for a path that is there and is no regular file.

    A symbolic link is refused as well: what it leads to may belong to someone else.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISREG(mode):
        return
    what = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symbolic link"}.get(
        stat.S_IFMT(mode), "a device or a pipe"
    )
    raise ValueError(f"{path} is {what}: give the name of a file")


def replace_file(path: Path, data: bytes, mode: int) -> None:
    """Write a file atomically; what was there stays whole until then.

    ``mode``: its permissions, less what the umask takes away. Raises OSError.
    """
    unfinished = path.with_name(f".course-{secrets.token_hex(8)}")
    _write_new(unfinished, data, mode)
    try:
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def write_copy(path: Path, data: bytes, mark: str, now: datetime) -> Path:
    """Write data beside a file, under a name that nobody has; return the name.

    Of 01_loss.ipynb and the mark "_mine": 01_loss_mine_2026-11-29_103000.ipynb.
    Raises OSError, and then leaves nothing behind.
    """
    for copy in _names_beside(path, mark, now):
        try:
            _write_new(copy, data, permissions(path, 0o600))
        except FileExistsError:
            continue
        return copy
    raise OSError(f"too many copies of {path.name} already")


def permissions(path: Path, otherwise: int) -> int:
    """Return the permissions of a file, or ``otherwise`` if there is none."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return otherwise


def _names_beside(path: Path, mark: str, now: datetime) -> Iterator[Path]:
    stem = f"{path.stem}{mark}_{now:%Y-%m-%d_%H%M%S}"
    for number in range(MAX_COPIES):
        yield path.with_name(f"{stem}{f'_{number}' if number else ''}{path.suffix}")


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a file that must not exist yet, to the disk; else leave nothing behind."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
