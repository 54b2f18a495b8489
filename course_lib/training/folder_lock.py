"""A lock on a checkpoint folder: one run at a time, and none left by a crash."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from course_lib.training.checkpoints import CheckpointError, cannot_save

__all__ = ["folder_lock", "lock_file", "try_lock"]

NAME = "checkpoint.lock"


@contextmanager
def folder_lock(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of a checkpoint folder, which is made if it is missing.

    The system gives the lock back when its holder ends, however it ends. Raises
    CheckpointError if another run holds it, or if the folder cannot be written to.
    """
    path = Path(folder) / NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = lock_file(path)
    except OSError as error:
        raise cannot_save(folder, error) from error
    if descriptor is None:
        raise CheckpointError(
            f"another run is training in {folder}: wait for its end, or give another "
            "folder"
        )
    try:
        yield
    finally:
        if os.name == "nt":  # which removes no file that is open
            os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        if os.name != "nt":
            os.close(descriptor)


def lock_file(path: Path) -> int | None:
    """Return a file of this name, open and locked; None if another holds the lock.

    The file is made if it is missing. Raises OSError.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if not try_lock(descriptor):
            os.close(descriptor)
            return None
        # Its last holder may have removed the file between the two calls.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False if it is locked already.

    Always True where the file system has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network drives know no locks: go on without one.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True
