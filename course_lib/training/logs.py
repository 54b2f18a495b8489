"""A loss log: one row per step, in a CSV file that survives a crash."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from course_lib.bounds import BOUNDS, check_whole
from course_lib.training.loop import Record

__all__ = ["LogError", "LossLog"]

HEADER = b"step,loss\n"
ROW = re.compile(rb"(\d{1,18}),[^,\n]{1,40}\n")


class LogError(Exception):
    """A log cannot be used; the message says why, in one line."""


class LossLog:
    """A CSV file of ``step,loss`` rows, each step once and in order.

    ``step`` is the last step that the run has kept: rows after it belong to steps that
    were lost in a crash, and are cut off when the file is opened; the next row is that
    of step + 1. At step 0, an earlier log is replaced.

    Raises LogError for a file that is no such log, or that ends before ``step``.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        step: int = 0,
        new_folder: str | os.PathLike[str] | None = None,
    ) -> None:
        """Check that the file can be used; it is written to only inside ``with``.

        The folder of the file must exist, unless it is ``new_folder``, which someone
        else makes in the meantime.
        """
        check_whole("step", step, 0, BOUNDS["steps"][0])
        self.path = Path(path)
        folder = self.path.parent
        made_later = new_folder is not None and Path(new_folder) == folder
        if not folder.is_dir() and not made_later:
            raise LogError(f"cannot write {path}: there is no folder {folder}")
        self.keep = _bytes_to_keep(self.path, step)
        self.rows: list[bytes] = []
        self.file: BinaryIO | None = None

    def __enter__(self) -> LossLog:
        try:
            self.file = open(self.path, "r+b" if self.path.exists() else "xb")
            self.file.truncate(self.keep)
            self.file.seek(self.keep)
        except OSError as error:
            raise LogError(_cannot("write", self.path, error)) from error
        if not self.keep:
            self.rows.insert(0, HEADER)
        self.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.flush()
        except LogError:
            if error is None:
                raise
        finally:
            if self.file is not None:
                with contextlib.suppress(OSError):  # the same refusal once more
                    self.file.close()

    def write(self, record: Record) -> None:
        """Add one row to the buffer."""
        self.rows.append(b"%d,%.9f\n" % (record.step, record.loss))

    def flush(self, to_disk: bool = False) -> None:
        """Write the buffer to the file; ``to_disk`` waits until the disk has it."""
        if self.file is None:
            return
        rows, self.rows = b"".join(self.rows), []
        try:
            self.file.write(rows)
            self.file.flush()
            if to_disk:
                os.fsync(self.file.fileno())
        except OSError as error:
            raise LogError(_cannot("write", self.path, error)) from error


def _bytes_to_keep(path: Path, step: int) -> int:
    """Return how many bytes of a log are the header and the rows up to ``step``."""
    if not path.exists():
        if path.parent.is_dir() and not os.access(path.parent, os.W_OK):
            raise LogError(f"cannot write {path}: its folder is read-only for you")
        return 0
    if not path.is_file():
        raise LogError(f"cannot write {path}: it is not a file")
    if not os.access(path, os.W_OK):
        raise LogError(f"cannot write {path}: it is read-only for you")
    try:
        with open(path, "rb") as file:
            start = file.read(len(HEADER))
            if HEADER.startswith(start) and start != HEADER:
                return 0  # empty, or cut short in its first line
            if start != HEADER:
                raise LogError(
                    f"{path} exists and is no loss log (its first line is not "
                    "step,loss): give another name"
                )
            return len(HEADER) + _kept_rows(path, file, step)
    except OSError as error:
        raise LogError(_cannot("read", path, error)) from error


def _kept_rows(path: Path, file: BinaryIO, step: int) -> int:
    """Return the size of the rows up to ``step``; the file stands after its header."""
    size, last = 0, None
    for line in file:
        row = ROW.fullmatch(line)
        if last == step or not row or (last is None and int(row[1]) > step):
            break
        if last is not None and int(row[1]) != last + 1:
            raise LogError(
                f"{path} is no loss log: step {int(row[1])} follows step {last}; "
                "give another name"
            )
        size, last = size + len(line), int(row[1])
    if last is not None and last < step:
        raise LogError(
            f"{path} ends at step {last} and the checkpoint is at step {step}: rows "
            "would be missing; give another name"
        )
    return size


def _cannot(do: str, path: Path, error: OSError) -> str:
    return f"cannot {do} {path}: {(error.strerror or str(error)).lower()}"
