"""A class on one JupyterHub: ``make workshop-load`` (ARGS="--learners 3").

Each learner logs in, starts a server, which lays out the course, runs every cell of
notebook 01 through the socket of its kernel, with a right answer to one exercise, and
sees it judged. All of them begin within some seconds; every server and every kernel is
a real one, and all are ended afterwards. Only 127.0.0.1 is asked.

Memory is proportional set size: what processes share counts once.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import textwrap
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks import results
from benchmarks.__main__ import processor, version
from tools.hub import Hub, HubError, hub
from tools.hub_client import Learner

ROOT = Path(__file__).parents[1]
PAGE = "course/notebooks/01_loss.ipynb"
SOLVED = ROOT / "notebooks" / "solutions" / "01_loss.ipynb"
CHECK = "exercise.mse.check(mse)"
WIDTH = 88
APART = 0.2  # seconds from one learner to the next
PART = "A class on one JupyterHub"
HUB = "hub, proxy and idle culler"
MOST = 60  # learners on a machine that is meant for one


@dataclass
class Lesson:
    """What one learner saw: seconds of each step, and what went wrong."""

    name: str
    login: float = 0.0
    spawn: float = 0.0
    kernel: float = 0.0
    cells: list[float] = field(default_factory=list)
    verdict: str = ""
    failure: str = ""


Sample = dict[tuple[str, str], float]  # MB of (learner, "server" or "kernel")


@dataclass
class Memory:
    """Samples of memory: of each learner and of the hub, all at one moment."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def whole(self) -> float:
        """The most that hub and learners took together, in MB."""
        return max((sum(sample.values()) for sample in self.samples), default=0.0)

    def peak(self, name: str) -> float:
        """The most that one learner took."""
        return max((of(sample, name) for sample in self.samples), default=0.0)


def of(sample: Sample, name: str, part: str = "") -> float:
    """Return the MB of a learner, or of the hub, in all or in one part."""
    return sum(mb for (who, what), mb in sample.items() if who == name and part in what)


def cells_with_an_answer(cells: Sequence[str]) -> list[str]:
    """Put the solution into the cell of the exercise."""
    solved = json.loads(SOLVED.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in solved]
    [answer] = [source for source in sources if CHECK in source]
    return [answer if CHECK in cell else cell for cell in cells]


def lesson(running: Hub, name: str, barrier: threading.Barrier) -> Lesson:
    """Let one learner work through the page."""
    seen = Lesson(name)
    try:
        work(Learner(running.url, name, running.password), seen)
    except Exception as error:  # whatever it is, it is this learner's failure
        seen.failure = f"{type(error).__name__}: {error}"
    barrier.wait(1800)  # all kernels stay until the last has finished
    return seen


def work(learner: Learner, seen: Lesson) -> None:
    """Log in, start, run the page; note what each step took."""
    seen.login = seconds_of(learner.log_in)
    seen.spawn = seconds_of(learner.start_server)
    cells = cells_with_an_answer(learner.cells(PAGE))
    with learner.kernel(PAGE) as kernel:
        seen.kernel = kernel.run("").seconds
        for cell in cells:
            answer = kernel.run(cell)
            seen.cells.append(answer.seconds)
            if answer.error:
                raise RuntimeError(f"cell {len(seen.cells)}: {answer.error}")
            if CHECK in cell:
                seen.verdict = answer.text.strip()


def seconds_of(step) -> float:
    began = time.monotonic()
    step()
    return time.monotonic() - began


def memory_now(hub_process: int) -> Sample:
    """Return the proportional memory of each learner's processes, and of the hub's."""
    taken: Sample = defaultdict(float)
    parent = psutil.Process(hub_process)
    for process in [parent, *parent.children(recursive=True)]:
        try:
            who = process.environ().get("JUPYTERHUB_USER", HUB)
            kernel = any("ipykernel" in word for word in process.cmdline())
            what = "kernel" if kernel else "server"
            taken[who, what] += proportional(process.pid)
        except (OSError, psutil.Error):  # it has just ended
            continue
    return dict(taken)


def proportional(process: int) -> float:
    """Return the proportional set size of a process in MB."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    [line] = [line for line in rollup.splitlines() if line.startswith("Pss:")]
    return int(line.split()[1]) * 1024 / 1e6


@contextmanager
def watched(hub_process: int, every: float = 5.0) -> Iterator[Memory]:
    """Sample the memory of a hub and its servers until the block ends."""
    memory, done = Memory(), threading.Event()

    def watch() -> None:
        while not done.wait(every):
            memory.samples.append(memory_now(hub_process))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        done.set()
        thread.join()


def a_class(learners: int) -> tuple[list[Lesson], Memory]:
    """Run the lesson with so many learners; return what was seen.

    The last sample of memory is of the end, with every kernel still there.
    """
    names = [f"learner{i:02d}" for i in range(1, learners + 1)]
    barrier = threading.Barrier(learners + 1)
    with hub() as running, ThreadPoolExecutor(learners) as pool:
        with watched(running.pid) as memory:
            lessons = []
            for name in names:
                lessons.append(pool.submit(lesson, running, name, barrier))
                time.sleep(APART)
            while barrier.n_waiting < learners:
                time.sleep(0.5)
        memory.samples.append(memory_now(running.pid))
        barrier.wait()
        seen = [one.result() for one in lessons]
        return [with_journal(running, one) for one in seen], memory


def with_journal(running: Hub, seen: Lesson) -> Lesson:
    """Note as a failure that the journal lacks the answer, or the check said no."""
    journal = running.home(seen.name) / ".local/share/course_lib/progress.jsonl"
    kept = journal.read_text("utf-8") if journal.exists() else ""
    if not seen.failure and '"exercise": "loss.mse", "outcome": "correct"' not in kept:
        seen.failure = f"the journal lacks the answer; the check said {seen.verdict!r}"
    return seen


def percentile_95(values: Sequence[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)]


def both(values: Sequence[float], unit: str) -> str:
    """Write the median and the 95th percentile."""
    if not values:
        return "- | -"
    pair = (statistics.median(values), percentile_95(values))
    return " | ".join(f"{number:,.3g} {unit}" for number in pair)


def page(lessons: Sequence[Lesson], memory: Memory, whole: float) -> str:
    """Return the part of RESULTS.md."""
    n, done = len(lessons), [one for one in lessons if not one.failure]
    today = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    head = (
        f'Measured on {today} by `make workshop-load ARGS="--learners {n} --record"`: '
        f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"JupyterHub {version('jupyterhub')}. Each learner has a real server and "
        f"kernel, one beginning {APART:g} s after the other; programs that wanted a "
        "core in the last 15 minutes, these among them: "
        f"{os.getloadavg()[2]:.1f}. Memory is proportional: what processes share "
        "counts once."
    )
    details = [
        f"- **Finished**: {len(done)} of {n}, each with its answer judged correct and "
        f"in its journal; {whole:.0f} s with the hub's start and end.",
        f"- **Memory of all**: {memory.whole / 1e3:.1f} GB at the largest; {HUB} took "
        f"{of(memory.samples[-1], HUB):.0f} MB of it.",
        *[f"- **Failed**: {one.name}: {one.failure}" for one in lessons if one.failure],
    ]
    return "\n".join(
        [
            textwrap.fill(head, WIDTH),
            "",
            f"| {n} learners | median | 95th percentile |",
            "| --- | --- | --- |",
            *[f"| {what} | {text} |" for what, text in figures(done, memory).items()],
            "",
            *[textwrap.fill(one, WIDTH, subsequent_indent="  ") for one in details],
        ]
    )


def figures(done: Sequence[Lesson], memory: Memory) -> dict[str, str]:
    """Return what is told of those who finished, each as two cells of a table."""
    end = memory.samples[-1]
    cells = [seconds for one in done for seconds in one.cells]
    at_end = {
        part: [of(end, one.name, part) for one in done] for part in ("server", "kernel")
    }
    return {
        "log in": both([one.login for one in done], "s"),
        "start a server, and lay out the course": both(
            [one.spawn for one in done], "s"
        ),
        "answer of a new kernel": both([one.kernel for one in done], "s"),
        "a cell of 01": both(cells, "s"),
        "all cells of 01": both([sum(one.cells) for one in done], "s"),
        "memory of a JupyterLab server": both(at_end["server"], "MB"),
        "memory of a kernel after 01": both(at_end["kernel"], "MB"),
        "a learner at the largest": both([memory.peak(one.name) for one in done], "MB"),
    }


def count(text: str) -> int:
    """Read a number of learners."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST}")
    return int(text)


def main(arguments: list[str]) -> int:
    """Run a class, print what was seen; return 1 if a learner failed."""
    parser = argparse.ArgumentParser(prog="make workshop-load")
    parser.add_argument(
        "--learners", type=count, default=30, metavar="N", help=f"1 to {MOST}; else 30"
    )
    parser.add_argument("--record", action="store_true", help="write RESULTS.md")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        lessons, memory = a_class(options.learners)
    except HubError as error:
        print(error, file=sys.stderr)
        return 2
    text = page(lessons, memory, time.monotonic() - began)
    print(text)
    if options.record:
        results.record(PART, text)
    return 1 if any(one.failure for one in lessons) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
