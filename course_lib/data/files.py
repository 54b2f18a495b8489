"""Lines of a shipped set, of a file of one's own, or of an address."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from course_lib.bounds import BOUNDS, open_regular
from course_lib.data.digest import blocks, sha256_of
from course_lib.data.lines import DataError, show, text_lines, too_large

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

TEXT_SETS = ("names", "things", "play")


def load_lines(
    source: str | os.PathLike[str] | None = None, sha256: str | None = None
) -> list[str]:
    """Non-empty stripped lines of ``source``, in its order.

    source: "names" (the default), "things" or "play", a path, or an https address.
        A file of one's own that is called names is written "./names".
    sha256: 64 hexadecimal digits that the content must have; an address needs
        it. The download goes to the user's cache folder, or to the folder in
        the environment variable COURSE_LIB_CACHE; later calls read it there.
    Raises DataError, one line, for whatever cannot be read.
    """
    with opened_source(source, sha256) as file:
        return text_lines(blocks(file), "names" if source is None else source)


@contextmanager
def opened_source(
    source: str | os.PathLike[str] | None = None, sha256: str | None = None
) -> Iterator[IO[bytes]]:
    """Open what ``load_lines`` reads, as a binary file at its beginning.

    Raises DataError, one line, for whatever cannot be read, also while it is read.
    """
    expected = None if sha256 is None else _digits(sha256)
    source = "names" if source is None else source
    if isinstance(source, str) and source in TEXT_SETS:
        path: Traversable = shipped(f"{source}.txt")
    elif isinstance(source, str) and "://" in source:
        from course_lib.data.download import cached  # slow to import, seldom needed

        path, expected = cached(source, expected), None
    else:
        path = _own_file(source)
    with _readable(source), _opened(path) as file:
        if expected is not None:
            if (found := sha256_of(file)) != expected:
                raise DataError(
                    f"{show(source)} has sha256 {found}: expected {expected}. The file "
                    "is damaged or another one; get it again, or correct the sha256."
                )
            file.seek(0)
        yield file


def shipped(file: str) -> Traversable:
    """A file of this package, also when the package is a wheel or a zip."""
    from importlib import resources  # takes as long to import as all the rest

    return resources.files("course_lib.data") / file


def _opened(path: Traversable) -> IO[bytes]:
    """Open a file: regular also at this moment, if it is one of the user's own."""
    if isinstance(path, Path):
        return open_regular(path, int(BOUNDS["text file"][0]))
    return path.open("rb")


def _own_file(source: object) -> Path:
    """The path of a regular file; raises DataError for anything else."""
    if not isinstance(source, (str, os.PathLike)) or not str(source).strip():
        raise DataError(
            f"{source!r:.80} is no source of lines: expected 'names', 'things', "
            "'play', the path of a text file, or an https address."
        )
    if str(source) in ("spam", "houses"):
        raise DataError(
            f"{show(source)} is a table, not a text: expected 'names', 'things' "
            f"or 'play'. Use load_{source}(), or write './{source}' for a file."
        )
    path = Path(os.path.expanduser(source))
    with _readable(source):
        status = path.stat()
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        raise DataError(
            f"{show(source)} is a folder: expected a text file. "
            "Give the path of one file in it."
        )
    if not stat.S_ISREG(mode):
        raise DataError(
            f"{show(source)} is not a regular file: expected a text file. "
            "Save what it yields to a file and give that path."
        )
    if status.st_size > BOUNDS["text file"][0]:
        raise too_large(source)
    return path


@contextmanager
def _readable(source: object) -> Iterator[None]:
    """Turn an error of reading ``source`` into a DataError of one line."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(
            f"{show(source)} does not exist: expected 'names', 'things', 'play', a "
            "text file or an https address. Check the spelling and the folder."
        ) from None
    except DataError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"{show(source)} cannot be read ({reason}): expected a readable text "
            "file. Check the path and its permissions."
        ) from None


def _digits(sha256: str) -> str:
    digits = str(sha256).strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise DataError(
            f"sha256 {show(sha256)} is malformed: expected 64 hexadecimal digits. "
            "Copy it whole; `sha256sum FILE` prints it."
        )
    return digits
