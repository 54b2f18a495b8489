"""Updates of pages that a learner has changed: ``python -m benchmarks.updates``.

Every case of a learner's page against every change of the course's page, with and
without the record of what the course gave, then many at once, drawn at random: those
that ``tests/app/test_notebook_merge.py`` holds the merge to. Counted is what was lost.

``--peer PYTHON``, a Python that has nbgitpuller, gives the same pages to it: one
repository, a file for each case, cloned, changed and pulled again. ``--record`` writes
the table into RESULTS.md. Needs the packages of the tests (`make lint` installs them).
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from hypothesis import HealthCheck, Phase, given, seed, settings
from nbformat.v4.rwbase import rejoin_lines

from benchmarks import results
from course_lib.app.notebook_merge import merge
from tests.app.updates import (
    COURSES,
    LEARNERS,
    PLAIN,
    Cell,
    Page,
    built,
    lost_answers,
    lost_texts,
    new_stubs_below,
    page,
    updates,
)

PART = "What an update loses"
RANDOM = "several of these at once"
SEED, MANY = 1, 2000  # of the pages at random
WIDTH = 88
VERSION = "import importlib.metadata as m; print(m.version('nbgitpuller'))"
COLUMNS = ("pages", "answers lost", "new texts lost", "stubs below an answer")


@dataclass(frozen=True)
class Case:
    """A page as the course gave it, what a learner made of it, and its new version."""

    what: str  # the learner has done
    old: Page
    mine: Page
    new: Page

    def losses(self, cells: list[Cell]) -> Counter[str]:
        """Return what an update that ended with these cells has lost."""
        found = (
            lost_answers(self.old, self.mine, cells),
            lost_texts(self.old, self.new, cells),
            new_stubs_below(self.old, self.mine, cells),
        )
        return Counter(dict(zip(COLUMNS, (1, *map(len, found)), strict=True)))


def single() -> Iterator[Case]:
    """Yield each case of a learner's page against each change of the course."""
    old = page(*PLAIN)
    for what, mine in LEARNERS.items():
        for new in COURSES.values():
            yield Case(what, old, page(*mine), page(*built(new)))


def several(count: int) -> list[Case]:
    """Return pages in which learner and course have changed several things."""
    found: list[Case] = []

    @seed(SEED)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(updates())
    def draw(update: tuple[Page, Page, Page]) -> None:
        found.append(Case(RANDOM, *update))

    draw()
    return found[:count]


# --- the two who update -----------------------------------------------------------


def ours(cases: Sequence[Case]) -> list[list[list[Cell]]]:
    """Return the cells of each page after ``course update``, with a base or not."""
    return [
        [merge(b, c.mine, c.new).notebook["cells"] for b in (c.old, None)]
        for c in cases
    ]


def nbgitpuller(python: str, cases: Sequence[Case]) -> list[list[list[Cell]]]:
    """Return the cells of each page after a pull: none of a page that is broken."""
    with tempfile.TemporaryDirectory() as folder:
        theirs, mine = Path(folder, "theirs"), Path(folder, "mine")
        theirs.mkdir()
        git(theirs, "init", "--quiet", "--initial-branch=main")
        write(theirs, [case.old for case in cases])
        commit(theirs)
        pull(python, theirs, mine)
        write(mine, [case.mine for case in cases])
        write(theirs, [case.new for case in cases])
        commit(theirs)
        pull(python, theirs, mine)
        return [[cells_of(path(mine, i))] for i in range(len(cases))]


def path(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.ipynb"


def write(folder: Path, pages: Sequence[Page]) -> None:
    """Write pages as Jupyter does, a line of the file for each line of a cell."""
    for number, one in enumerate(pages):
        notebook = nbformat.from_dict(one)
        path(folder, number).write_text(nbformat.writes(notebook), "utf-8")


def cells_of(file: Path) -> list[Cell]:
    """Return the cells of a page with their texts whole; none if it is broken."""
    try:
        notebook = nbformat.from_dict(json.loads(file.read_text("utf-8")))
        cells: list[Cell] = rejoin_lines(notebook).cells
    except (ValueError, AttributeError, KeyError):
        return []
    return cells


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    who = ["-c", "user.name=course", "-c", "user.email=course@example.org"]
    git(folder, *who, "commit", "--quiet", "--allow-empty", "--message=pages")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def pull(python: str, theirs: Path, mine: Path) -> None:
    command = [python, "-m", "nbgitpuller.pull", theirs.as_uri(), "main", str(mine)]
    subprocess.run(command, check=True, capture_output=True)


# --- the table ----------------------------------------------------------------------


def counted(
    cases: Sequence[Case], after: Sequence[list[list[Cell]]]
) -> dict[str, Counter[str]]:
    """Return the counts for each thing that a learner has done."""
    found: dict[str, Counter[str]] = {}
    for case, pages in zip(cases, after, strict=True):
        for cells in pages:
            row = found.setdefault(case.what, Counter())
            row.update(case.losses(cells))
    return found


def table(
    rows: dict[str, Counter[str]], peer: dict[str, Counter[str]], version: str
) -> str:
    """Return the table: what a learner has done, and what either has lost."""
    names = [*COLUMNS]
    if peer:
        names += [f"nbgitpuller {version}: pages", *COLUMNS[1:]]
    lines = [
        f"| the learner has | {' | '.join(names)} |",
        "|---" * (len(names) + 1) + "|",
    ]
    rows = {**rows, "all": total(rows)}
    peer = {**peer, "all": total(peer)} if peer else {}
    for what, row in rows.items():
        numbers = [row, peer[what]] if peer else [row]
        told = [f"{one[name]:,}" for one in numbers for name in COLUMNS]
        lines.append(f"| {what} | {' | '.join(told)} |")
    return "\n".join(lines)


def total(rows: dict[str, Counter[str]]) -> Counter[str]:
    return sum(rows.values(), Counter())


def report(
    rows: dict[str, Counter[str]], peer: dict[str, Counter[str]], version: str
) -> str:
    """Return the part of RESULTS.md."""
    today = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    head = (
        f"Counted on {today} by `python -m benchmarks.updates --record`. Each row is "
        f"what a learner has made of a page of four cells, against {len(COURSES)} "
        f"changes of the course's page ({'; '.join(COURSES)}), with the record of what "
        f"the course gave and without; the last but one, short pages in which both "
        f"changed several things, drawn at random with seed {SEED}."
    )
    lost = (
        "Lost is a cell that the learner wrote or edited and that is not there as it "
        "was, with its outputs; a new text of the course that neither stands on the "
        "page nor is shown below what the learner wrote there; and a stub has come "
        "below an answer if running the page would now undo the answer."
    )
    parts = [textwrap.fill(head, WIDTH), "", table(rows, peer, version), ""]
    parts.append(textwrap.fill(lost, WIDTH))
    if peer:
        tail = (
            f"nbgitpuller {version} had the same pages, each once, as files of one "
            "repository. Its merge is git's, of lines: where both changed the same, it "
            "keeps the learner's and does not show the course's, which counts here "
            "as a text lost; so does a cell that the learner deleted and the course "
            "changed. An answer that it mixed with another cell counts as lost."
        )
        parts += ["", textwrap.fill(tail, WIDTH)]
    return "\n".join(parts)


def version_of_nbgitpuller(python: str) -> str:
    """Return the version that a Python has; nothing if it has none, or is none."""
    try:
        done = subprocess.run([python, "-c", VERSION], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def main(arguments: list[str]) -> int:
    """Count, print the table; return 1 if an update of ours has lost something."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.updates")
    parser.add_argument("--peer", metavar="PYTHON", help="a Python with nbgitpuller")
    parser.add_argument("--record", action="store_true", help="write RESULTS.md")
    options = parser.parse_args(arguments)
    version = version_of_nbgitpuller(options.peer) if options.peer else ""
    if options.peer and not version:
        parser.error(f"--peer: {options.peer} is no Python that has nbgitpuller")
    cases = [*single(), *several(MANY)]
    rows = counted(cases, ours(cases))
    peer = counted(cases, nbgitpuller(options.peer, cases)) if version else {}
    text = report(rows, peer, version)
    print(text)
    if options.record:
        results.record(PART, text)
    return 1 if any(total(rows)[name] for name in COLUMNS[1:]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
