"""What keeps `make test` quick: nothing is compiled, run or waited for twice.

Three things are remembered between runs, in one folder that may be deleted at any time
(``.suite_cache``, or the one that the variable COURSE_SUITE_CACHE names):

- programs that JAX compiled, for every test and every kernel;
- what the long parts (the solved pages, the whole matrix of hostile answers) depended
  on when they last passed: unchanged, they are left out, and `make slow` runs them;
- how long each file took: the longest begins first, so that no process idles at the
  end.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from course_lib.cache import mend
from tools.environment import ROOT

MOST_BYTES = 400_000_000  # of compiled programs
REPORT = "tests.xml"
HOSTILE = "tests/exercises/test_hostile.py::test_hostile_answers"
CODE = ("course_lib", "pyproject.toml", "requirements-test.lock")
CHECKS = (
    *("course_lib/exercises", "course_lib/scalar", "course_lib/optimizers.py"),
    *("tools/hostile_answers.py", "tests/exercises", "requirements-test.lock"),
)


def folder() -> Path:
    """Return where things are remembered; made if it is not there."""
    path = Path(os.environ.get("COURSE_SUITE_CACHE") or ROOT / ".suite_cache")
    path.mkdir(parents=True, exist_ok=True)
    return path


# --- compiled programs ------------------------------------------------------------


def compile_cache() -> dict[str, str]:
    """Return the variables that let JAX keep what it compiles, in a mended folder."""
    path = folder() / "jax"
    path.mkdir(exist_ok=True)
    mend(path, MOST_BYTES)
    return {
        "JAX_COMPILATION_CACHE_DIR": str(path),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


# --- what has passed and has not changed since ----------------------------------------


def solved_pages() -> list[str]:
    """Return the solved notebooks, as pytest is given them."""
    found = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
    return [path.relative_to(ROOT).as_posix() for path in found]


def long_parts() -> dict[str, str]:
    """Return the fingerprint of each part that need not run while it is unchanged."""
    parts = {page: fingerprint((page, *CODE)) for page in solved_pages()}
    return parts | {HOSTILE: fingerprint(CHECKS)}


def fingerprint(places: Iterable[str]) -> str:
    """Return one sum over files and folders below the root, and over this Python."""
    digest = hashlib.sha256(sys.version.encode())
    for place in places:
        path = ROOT / place
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.relative_to(ROOT).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def unchanged(parts: Mapping[str, str]) -> list[str]:
    """Return the names of the parts that have passed just as they are."""
    passed = _read("passed.json")
    return [part for part, now in parts.items() if passed.get(part) == now]


def remember_passed(parts: Mapping[str, str]) -> None:
    """Note that parts have passed, but for those that changed while they ran."""
    same = dict(parts.items() & long_parts().items())
    _write("passed.json", _read("passed.json") | same)


# --- how long it takes ----------------------------------------------------------------


def longest_first(files: Iterable[str]) -> list[str]:
    """Return the files by how long they took the last time; new ones come first."""
    seconds = _read("seconds.json")
    return sorted(files, key=lambda file: (-seconds.get(file, 1e9), file))


def report_to() -> list[str]:
    """Return the options with which pytest writes how long each test took.

    The report of an earlier run goes: it must not pass for that of the next.
    """
    (folder() / REPORT).unlink(missing_ok=True)
    return [f"--junitxml={folder() / REPORT}", "--override-ini=junit_family=xunit1"]


def where_the_time_went(most: int = 15) -> str:
    """Return a table of the longest files of the last run, which orders the next."""
    seconds: dict[str, float] = defaultdict(float)
    try:
        report = ET.parse(folder() / REPORT)
    except (OSError, ET.ParseError):  # pytest ended before it wrote one
        return "No report of where the time went."
    for case in report.iter("testcase"):
        seconds[case.get("file", "?")] += float(case.get("time", 0.0))
    _write("seconds.json", _read("seconds.json") | seconds)
    files = sorted(seconds, key=lambda file: -seconds[file])
    total, rest = (sum(seconds[f] for f in part) for part in (files, files[most:]))
    lines = [f"Where {total:,.0f} seconds of tests went (all processes together):"]
    lines += [f"{seconds[file]:8.1f}  {file}" for file in files[:most]]
    return "\n".join([*lines, f"{rest:8.1f}  {len(files[most:])} others"])


def _read(name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder() / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # nothing is remembered
        return {}
    return found if isinstance(found, dict) else {}


def _write(name: str, content: Mapping[str, Any]) -> None:
    unfinished = folder() / f"{name}.{os.getpid()}.part"
    unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(unfinished, folder() / name)
