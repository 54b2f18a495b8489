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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("course_lib", "tests", "benchmarks", "pyproject.toml")
PATIENCE = 180  # seconds; a mutant that makes the tests hang is caught, too

# Which tests to run for a file, the most telling first, and which of them (-k).
TESTS = {
    "scalar/value.py": ("test_value test_value_edges", ""),
    "scalar/fused.py": ("test_value test_value_edges", ""),
    "scalar/ieee.py": ("test_value_edges test_value", ""),
    "scalar/gpt.py": ("test_scalar_gpt", ""),
    "scalar/nn.py": ("test_scalar_nn", ""),
    "scalar/adam.py": ("test_optimizers", "scalar or twins"),
    "array/gpt.py": ("test_twins test_array_gpt", "not mlp and not decimals"),
    "array/nn.py": ("test_array_nn", ""),
    "optimizers.py": ("test_optimizers", "not cosine and not rosenbrock"),
    "losses.py": ("test_losses", ""),
    "gradients.py": ("test_gradients", ""),
    "tokenizer.py": ("test_tokenizer", ""),
    "config.py": ("test_config", ""),
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


def run_tests(folder: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run pytest in a workspace; return its exit status (-1: hung) and its words."""
    cache = Path(tempfile.gettempdir()) / "mutants-jax-cache"  # compiled once for all
    variables = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # none is needed, and each takes time
        "PYTHONDONTWRITEBYTECODE": "1",  # a stale .pyc would hide the next mutant
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, *tests],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"still running after {PATIENCE} s"
    return done.returncode, done.stdout + done.stderr


def tests_of(file: str) -> list[str]:
    """Return pytest's arguments for the tests of a file."""
    names, only = TESTS[file]
    return [*(f"tests/{name}.py" for name in names.split()), "-k", only]


def verdict(mutant: Mutant, folder: Path) -> tuple[bool, str]:
    """Plant a mutant in a workspace, run its tests, mend the file again.

    Returns whether it was killed, and by what.
    """
    path = folder / "course_lib" / mutant.file
    before = path.read_bytes()
    mutant.plant(folder / "course_lib")
    try:
        status, words = run_tests(folder, tests_of(mutant.file))
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutants and print what became of them; see the head of this file."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="part of a file's name")
    parser.add_argument("--workers", type=int, default=2, help="how many at a time")
    options = parser.parse_args(arguments)
    mutants = [m for m in read_mutants() if options.only in m.file]
    if not mutants:
        print(f"no mutant of a file like {options.only!r}: {', '.join(TESTS)}")
        return 2
    started = time.monotonic()
    try:
        with workspace() as folder:
            for mutant in mutants:  # all must fit before the first one runs
                path = folder / "course_lib" / mutant.file
                before = path.read_bytes()
                mutant.plant(folder / "course_lib")
                path.write_bytes(before)
            for file in dict.fromkeys(mutant.file for mutant in mutants):
                status, words = run_tests(folder, tests_of(file))
                if status != 0:
                    print(f"the tests of {file} fail without a mutant:\n{words}")
                    return 2
    except ValueError as error:
        print(error)
        return 2
    survivors = []
    for mutant, (killed, why) in run_all(mutants, options.workers):
        print(f"{'killed  ' if killed else 'SURVIVED'}  {mutant}  [{why}]", flush=True)
        if not killed:
            survivors.append(mutant)
    print(
        f"\n{len(mutants) - len(survivors)} of {len(mutants)} mutants killed "
        f"in {time.monotonic() - started:.0f} s"
    )
    return 1 if survivors else 0


def run_all(
    mutants: Sequence[Mutant], workers: int
) -> Iterator[tuple[Mutant, tuple[bool, str]]]:
    """Yield each mutant with its verdict, in order, several running at a time."""
    folders: queue.Queue[Path] = queue.Queue()

    def one(mutant: Mutant) -> tuple[bool, str]:
        folder = folders.get()
        try:
            return verdict(mutant, folder)
        finally:
            folders.put(folder)

    with ThreadPoolExecutor(workers) as pool:
        spaces = [workspace() for _ in range(workers)]
        try:
            for space in spaces:
                folders.put(space.__enter__())
            yield from zip(mutants, pool.map(one, mutants), strict=True)
        finally:
            for space in spaces:
                space.__exit__(None, None, None)


if __name__ == "__main__":
    sys.exit(main())
