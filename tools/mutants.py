"""Plant mistakes in the engine, one at a time, and see that the tests catch each.

    python -m tools.mutants                every mutant
    python -m tools.mutants scalar/value   those of one file

A mutant is a piece of text and what to put in its place. It is planted in a copy of
the package in a temporary folder, never in the package itself. Exit status: 0 if all
are killed, 1 if any survives, 2 if a mutant no longer fits the code.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("course_lib", "tests", "benchmarks", "pyproject.toml")
PATIENCE = 60.0  # seconds beyond ten times what the tests take without a mutant

# Which tests to run for a file, the most telling first, and which of them (-k).
TESTS = {
    "scalar/value.py": ("scalar/test_value scalar/test_value_edges", ""),
    "scalar/fused.py": ("scalar/test_value scalar/test_value_edges", ""),
    "scalar/refusals.py": ("scalar/test_refusals scalar/test_value", ""),
    "scalar/ieee.py": ("scalar/test_value_edges scalar/test_value", ""),
    "scalar/gpt.py": ("scalar/test_gpt", ""),
    "scalar/nn.py": ("scalar/test_nn", ""),
    "scalar/adam.py": ("test_optimizers", "scalar or twins"),
    "array/gpt.py": (
        "training/test_twins array/test_gpt",
        "not mlp and not losses_stay",
    ),
    "array/decoding.py": ("array/test_decoding", ""),
    "array/nn.py": ("array/test_nn", ""),
    "optimizers.py": ("test_optimizers", "not cosine and not rosenbrock"),
    "losses.py": ("test_losses", ""),
    "gradients.py": ("test_gradients", ""),
    "data/tokenizer.py": ("data/test_tokenizer", ""),
    "config.py": ("test_config scalar/test_gpt", ""),
}


@dataclass(frozen=True)
class Mutant:
    """One mistake: in which file, what stands there, what is put in its place."""

    file: str  # below course_lib
    right: str
    wrong: str

    def plant(self, package: Path) -> None:
        """Put the mistake into the copy of the file below package.

        Raises ValueError, in one line, if the text does not occur exactly once.
        """
        path = package / self.file
        text = path.read_text(encoding="utf-8")
        if (times := text.count(self.right)) != 1:
            raise ValueError(
                f"tools/mutants.py: {self.right!r} occurs {times} times in "
                f"course_lib/{self.file}, not once: bring this mutant up to date"
            )
        path.write_text(text.replace(self.right, self.wrong), encoding="utf-8")

    def __str__(self) -> str:
        right, wrong = (re.sub(r"\s+", " ", t) for t in (self.right, self.wrong))
        return f"{self.file}: {right.strip()}  ->  {wrong.strip() or '(nothing)'}"


def read_mutants(path: Path = ROOT / "tools" / "mutants.txt") -> list[Mutant]:
    """Return every mutant of the list; its form is told in its first lines."""
    mutants, file = [], ""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines and lines[0].startswith("file "):
            file = lines[0].removeprefix("file ")
        elif lines:
            right, wrong = (
                "\n".join(line[2:] for line in lines if line[0] == sign)
                for sign in "-+"
            )
            mutants.append(Mutant(file, right, wrong))
    return mutants


@contextmanager
def workspace() -> Iterator[Path]:
    """Give a temporary folder with a copy of the package and its tests."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for name in COPIED:
            source, target = ROOT / name, Path(folder) / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, target, ignore=ignored)
            elif source.exists():
                shutil.copy(source, target)
        yield Path(folder)


def run_tests(
    folder: Path, tests: Sequence[str], patience: float | None = None
) -> tuple[int, str]:
    """Run pytest in a workspace; return its exit status (-1: hung) and its words."""
    variables = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # none is needed, and each takes time
        "PYTHONDONTWRITEBYTECODE": "1",  # a stale .pyc would hide the next mutant
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, *tests],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"still running after {patience:.0f} s"
    return done.returncode, done.stdout + done.stderr


def tests_of(file: str) -> list[str]:
    """Return pytest's arguments for the tests of a file."""
    names, only = TESTS[file]
    return [*(f"tests/{name}.py" for name in names.split()), "-k", only]


def seconds_of(file: str, folder: Path) -> float:
    """Return how long the tests of a file take as it is.

    Raises RuntimeError if they fail: then they can tell nothing about mutants.
    """
    started = time.monotonic()
    status, words = run_tests(folder, tests_of(file))
    if status != 0:
        raise RuntimeError(f"the tests of {file} fail without a mutant:\n{words}")
    return time.monotonic() - started


def verdict(
    mutant: Mutant, folder: Path, patience: float | None = None
) -> tuple[bool, str]:
    """Plant a mutant in a workspace, run its tests, mend the file again.

    Returns whether it was killed, and by what.
    """
    path = folder / "course_lib" / mutant.file
    before = path.read_bytes()
    mutant.plant(folder / "course_lib")
    try:
        status, words = run_tests(folder, tests_of(mutant.file), patience)
    finally:
        path.write_bytes(before)
    if status == 1:
        failed = re.search(r"^(?:FAILED|ERROR) \S*::(\S+)", words, re.MULTILINE)
        return True, failed[1] if failed else "a test"
    if status == -1:
        return True, words
    if status == 0:
        return False, "every test passed"
    return False, f"pytest ended with status {status}: {words.strip()[-300:]}"


def judge(mutants: Sequence[Mutant], workers: int) -> Iterator[tuple[bool, str]]:
    """Yield the verdict on each mutant, in order, several running at a time."""
    files = list(dict.fromkeys(mutant.file for mutant in mutants))
    with ExitStack() as stack:
        cache = stack.enter_context(tempfile.TemporaryDirectory(prefix="mutants-jax-"))
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", cache)  # compile once
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
        free: queue.Queue[Path] = queue.Queue()
        for _ in range(workers):
            free.put(stack.enter_context(workspace()))
        folder = free.get()
        for mutant in mutants:  # all must fit before the first one runs
            path = folder / "course_lib" / mutant.file
            before = path.read_bytes()
            mutant.plant(folder / "course_lib")
            path.write_bytes(before)
        free.put(folder)

        def in_a_workspace(work: Callable[..., Any], *arguments: Any) -> Any:
            folder = free.get()
            try:
                return work(*arguments, folder=folder)
            finally:
                free.put(folder)

        with ThreadPoolExecutor(workers) as pool:
            times = pool.map(lambda file: in_a_workspace(seconds_of, file), files)
            seconds = dict(zip(files, times, strict=True))
            yield from pool.map(
                lambda mutant: in_a_workspace(
                    partial(verdict, patience=PATIENCE + 10 * seconds[mutant.file]),
                    mutant,
                ),
                mutants,
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutants and print what became of them; see the head of this file."""
    parser = argparse.ArgumentParser(
        prog="mutants", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("only", nargs="?", default="", help="part of a file's name")
    parser.add_argument("--workers", type=int, default=2, help="how many at a time")
    options = parser.parse_args(arguments)
    mutants = [m for m in read_mutants() if options.only in m.file]
    if not mutants:
        print(f"no mutant of a file like {options.only!r}: {', '.join(TESTS)}")
        return 2
    started, survivors = time.monotonic(), 0
    print(f"{len(mutants)} mutants; first the tests as they are", flush=True)
    try:
        verdicts = judge(mutants, options.workers)
        for mutant, (killed, why) in zip(mutants, verdicts, strict=True):
            print(f"{'killed' if killed else 'SURVIVED':8}  {mutant}  [{why}]")
            sys.stdout.flush()
            survivors += not killed
    except (ValueError, RuntimeError) as error:
        print(error)
        return 2
    print(
        f"\n{len(mutants) - survivors} of {len(mutants)} mutants killed "
        f"in {time.monotonic() - started:.0f} s"
    )
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
