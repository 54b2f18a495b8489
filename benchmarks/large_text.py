"""How soon `course train` takes its first step on 50 MB of names, in what memory."""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.earlier import ROOT, earlier_build, python_of
from benchmarks.timing import Claim, Spread

SIZE = 50_000_000  # bytes


def run(turns: int = 3) -> Iterator[Claim]:
    with tempfile.TemporaryDirectory() as folder, earlier_build() as earlier:
        path = Path(folder) / "names.txt"
        path.write_text(names(SIZE))
        first_step(ROOT, path)  # compiles the modules
        ratios, seconds, memory = [], [], []
        for _ in range(turns):
            ours, peak = first_step(ROOT, path)
            seconds.append(ours)
            memory.append(peak / SIZE)
            if earlier:
                ratios.append(first_step(earlier, path)[0] / ours)
    took = Spread.of(seconds)
    detail = (
        "`course train --data FILE --steps 1 --engine scalar`, the whole process: "
        f"{took.text(' s')} now; {turns} turns."
    )
    if ratios:
        sooner = Spread.of(ratios)
        yield Claim(
            "first step on 50 MB of names",
            "the build of 26 November",
            "10x",
            sooner.text("x"),
            sooner.median >= 10,
            detail,
        )
    largest = Spread.of(memory)
    yield Claim(
        "peak memory of that process",
        "the size of the file",
        "5x at most",
        largest.text("x"),
        largest.median <= 5,
        "All of it: Python, its libraries and the text.",
    )


def names(size: int) -> str:
    """Return lines of 1 to 15 letters, together so many characters."""
    rng = random.Random(1)
    lines = [
        "".join(rng.choices("abcdefghij", k=rng.randint(1, 15))) for _ in range(9999)
    ]
    text = "\n".join(lines) + "\n"
    return (text * (size // len(text) + 1))[:size]


def first_step(build: Path, path: Path) -> tuple[float, int]:
    """Return the seconds and the peak memory, in bytes, of a training of one step."""
    python, variables = python_of(build)
    command = [*python, "-m", "course_lib", "train", "--data", str(path)]
    command += ["--steps", "1", "--engine", "scalar"]
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    started = time.perf_counter()
    peak = subprocess.check_output(
        [*python, "-c", code, *command], env=variables, cwd=path.parent, text=True
    )
    return time.perf_counter() - started, int(peak) * 1024
