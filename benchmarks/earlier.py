"""The earlier builds that speed is measured against; by default that of 26 November."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

COMMIT = "1693bb6"
PIXELS = "34db78a"  # 30 November: the last build whose pictures were sent as pixels
ROOT = Path(__file__).parents[1]


@contextmanager
def earlier_build(commit: str = COMMIT) -> Iterator[Path | None]:
    """Yield a folder with the earlier library and its pages, None without its history.

    The environment is that of today; only ``course_lib`` and ``notebooks`` are those of
    then.
    """
    command = ["git", "archive", commit, "course_lib", "notebooks"]
    archive = subprocess.run(command, cwd=ROOT, capture_output=True)
    if archive.returncode:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def python_of(build: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command and the variables that run Python with a build's library."""
    return [sys.executable], {**os.environ, "PYTHONPATH": str(build)}
