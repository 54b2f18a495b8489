"""Run All of 05, 06 and 07, the pages that compile, against those of the earlier build.

By turns, each page in a fresh kernel: a first start, where no program has been compiled
before; a second start, which finds what the first one compiled; and the earlier build,
to which every start is the first.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from benchmarks.earlier import ROOT, earlier_build, python_of
from benchmarks.timing import Claim, Spread

PAGES = ("05_neural_network", "06_micro_gpt", "07_limits")
SECONDS_PER_CELL = 600
PEAK = """\
try:  # of this program alone; resource would count what started it as well
    with open("/proc/self/status") as file:
        print(*(line.split()[1] for line in file if line.startswith("VmHWM:")))
except OSError:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
AIMS = (  # of a start: what is measured, which, at most so much of the earlier build's
    ("second start: Run All", "second", "whole", 0.5),
    ("second start: setup cell", "second", "setup", 0.4),
    ("first start: Run All", "first", "whole", 0.7),
    ("second start: peak memory of the kernel", "second", "peak", 1.0),
)


@dataclass(frozen=True)
class Start:
    """One Run All: seconds of all cells and of the setup cell, peak memory in MB."""

    whole: float
    setup: float
    peak: float


Turn = dict[str, dict[str, Start]]  # of each page: its first, second, earlier start


def run(turns: int = 3, pages: Sequence[str] = PAGES) -> Iterator[Claim]:
    with earlier_build() as earlier:
        if not earlier:
            print("The history lacks the earlier build, so run_all is left out.")
            return
        yield from claims(
            [{page: starts(earlier, page) for page in pages} for _ in range(turns)]
        )


def starts(earlier: Path, page: str) -> dict[str, Start]:
    """Start a page three times; return each start by its name."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            "first": start(ROOT, page, Path(folder, "now")),
            "second": start(ROOT, page, Path(folder, "now")),
            "earlier": start(earlier, page, Path(folder, "earlier")),
        }


def start(build: Path, page: str, home: Path, **more: str) -> Start:
    """Run a page of a build in a fresh kernel, whose progress and cache are in home.

    ``more``: more variables for the kernel.
    """
    path = build / "notebooks" / f"{page}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.create_kernel_manager().transport_encryption = "auto"  # else it warns
    began, seconds = {}, {}

    def note(cell_index: int, **_: Any) -> None:
        began[cell_index] = time.perf_counter()

    def measure(cell_index: int, **_: Any) -> None:
        seconds[cell_index] = time.perf_counter() - began[cell_index]

    client.on_cell_execute, client.on_cell_executed = note, measure
    _, variables = python_of(build)
    own = {"COURSE_LIB_HOME": str(home), "COURSE_LIB_CACHE": str(home)}
    own |= {"JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": ""}
    client.execute(env={**os.environ, **variables, **own, **more})
    tags = {i: cell.metadata.get("tags", []) for i, cell in enumerate(notebook.cells)}
    [setup] = [i for i in tags if "setup" in tags[i]]
    last = notebook.cells[-1].outputs[0].text
    seconds.pop(len(notebook.cells) - 1)  # the one that was added
    return Start(sum(seconds.values()), seconds[setup], int(last) * 1024 / 1e6)


def claims(turns: Sequence[Turn]) -> Iterator[Claim]:
    """Return a claim for each aim: of all pages together, and each in the detail."""
    for what, name, part, most in AIMS:
        shares = [
            amount(turn, name, part) / amount(turn, "earlier", part) for turn in turns
        ]
        pages = [
            f"{page[:2]} {seconds_or_mb(turns, page, name, part)} against "
            f"{seconds_or_mb(turns, page, 'earlier', part)}"
            for page in turns[0]
        ]
        yield Claim(
            f"{what}, notebooks {', '.join(page[:2] for page in turns[0])}",
            "the build of 26 November",
            f"{most:g} of it at most",
            Spread.of(shares).text(),
            Spread.of(shares).median <= most,
            f"{'; '.join(pages)}; turns: {len(turns)}.",
        )


def amount(turn: Turn, name: str, part: str) -> float:
    """Return what one start of every page takes: of seconds all, of memory the most."""
    each = [getattr(starts[name], part) for starts in turn.values()]
    return max(each) if part == "peak" else sum(each)


def seconds_or_mb(turns: Sequence[Turn], page: str, name: str, part: str) -> str:
    """Write what one start of one page took in all turns."""
    values = [getattr(turn[page][name], part) for turn in turns]
    return Spread.of(values).text(" MB" if part == "peak" else " s")
