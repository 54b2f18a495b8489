"""The tasks behind ``make``: each function prepares the environment and runs one.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from course_lib.app.jupyterlab import open_lab
from tools import environment, suite
from tools.environment import ROOT, Environment, SetupError

NOTEBOOKS = ROOT / "notebooks"


def main(task: str, arguments: list[str], *, own_environment: bool) -> int:
    """Run `task`; return its exit status (2 with one line when set-up fails)."""
    if task not in JOBS:
        print(f"There is no task {task!r}; `make help` lists them.", file=sys.stderr)
        return 2
    env = environment.Environment.choose(own=own_environment)
    os.chdir(ROOT)
    try:
        return JOBS[task](env, arguments)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130


def lab(env: Environment, arguments: list[str]) -> int:
    """Open the course in JupyterLab, and say at which address it is."""
    env.prepare("learn")
    first = NOTEBOOKS / "00_start_here.ipynb"
    pages = [first] if first.exists() else sorted(NOTEBOOKS.glob("*.ipynb"))
    page = pages[0].relative_to(ROOT).as_posix() if pages else ""
    return open_lab(env.python, ROOT, page, env.variables(), arguments)


def test(env: Environment, arguments: list[str]) -> int:
    """Style, types, library and notebooks; with arguments, pytest alone."""
    env.prepare("test")
    if arguments:
        return env.run([*pytest(env), *arguments], suite.compile_cache())
    parts = suite.long_parts()
    left_out = suite.unchanged(parts)
    failed = run_parts(env, [*checks(env), ("tests", whole_suite(env, left_out))])
    print(suite.where_the_time_went())
    if left_out:
        print("Unchanged since they passed, so left out (make slow runs them too):")
        print("\n".join(f"  {part}" for part in left_out))
    if not failed:
        suite.remember_passed(parts)
    return failed


def pytest(env: Environment) -> list[str]:
    """Return the command that tests and notebooks are run with."""
    return [env.python, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]


def whole_suite(env: Environment, left_out: list[str]) -> list[str]:
    """Return the command for all tests and notebooks but the parts left out."""
    found = [*(ROOT / "tests").rglob("test_*.py"), *NOTEBOOKS.glob("*.ipynb")]
    files = [*(path.relative_to(ROOT).as_posix() for path in found)]
    files = suite.longest_first({*files, *suite.solved_pages()} - {*left_out})
    workers = ["-n", os.environ.get("WORKERS", "2"), "--dist", "loadfile"]
    workers += ["--no-loadscope-reorder"]  # the longest file begins first
    left_out = [f"--deselect={part}" for part in left_out if "::" in part]
    return [*pytest(env), *workers, *suite.report_to(), *left_out, *files]


def slow(env: Environment, arguments: list[str]) -> int:
    """Run the tests marked slow, and what `make test` leaves out while unchanged."""
    env.prepare("test")
    marked = [env.python, "-m", "pytest", "-m", "slow", *arguments]
    if arguments:
        return env.run(marked, suite.compile_cache())
    long = ("long parts", [*pytest(env), *suite.long_parts()])
    return run_parts(env, [("slow tests", marked), long])


def mutants(env: Environment, arguments: list[str]) -> int:
    """Plant mistakes in the engine; the tests must catch each."""
    env.prepare("test")
    workers = ["--workers", os.environ.get("WORKERS", "2")]
    return env.run([env.python, "-m", "tools.mutants", *workers, *arguments])


def torture(env: Environment, arguments: list[str]) -> int:
    """Throw bad inputs at every door."""
    env.prepare("test")
    command = [env.python, "-m", "tools.torture", *arguments]
    return env.run(command, suite.compile_cache())


def lint(env: Environment, arguments: list[str]) -> int:
    """Style and types."""
    env.prepare("test")
    return run_parts(env, checks(env))


def checks(env: Environment) -> list[tuple[str, list[str]]]:
    """The quick parts: each a name and a command."""
    return [
        ("ruff check", [env.python, "-m", "ruff", "check", "--quiet"]),
        ("ruff format", [env.python, "-m", "ruff", "format", "--check", "--quiet"]),
        ("mypy", [env.python, "-m", "mypy", "--no-error-summary"]),
    ]


def run_parts(env: Environment, parts: list[tuple[str, list[str]]]) -> int:
    """Run every part, whatever fails; end with one line of what did."""
    failed, variables = [], suite.compile_cache()
    for name, command in parts:
        print(f"--- {name}", flush=True)
        if env.run(command, variables) != 0:
            failed.append(name)
    passed = [name for name, _ in parts if name not in failed]
    print(f"\nPassed: {', '.join(passed) or 'nothing'}.", end=" ")
    print(f"Failed: {', '.join(failed)}." if failed else "Nothing failed.", flush=True)
    return 1 if failed else 0


def format_code(env: Environment, arguments: list[str]) -> int:
    """Let ruff rewrite what it can."""
    env.prepare("test")
    fixed = env.run([env.python, "-m", "ruff", "check", "--fix", *arguments])
    return env.run([env.python, "-m", "ruff", "format", *arguments]) or fixed


def notebooks(env: Environment, arguments: list[str]) -> int:
    """Build and run the notebooks from notebooks/source."""
    env.prepare("test")
    force = ["--force"] if os.environ.get("FORCE", "0") not in ("", "0") else []
    return env.run([env.python, "-m", "tools.notebooks", *force, *arguments])


def slides(env: Environment, arguments: list[str]) -> int:
    """Write slides for a class, from the stored notebooks, into build/slides."""
    env.prepare("test")
    return env.run([env.python, "-m", "tools.slides", *arguments])


def book(env: Environment, arguments: list[str]) -> int:
    """Build the web site from the stored notebooks, with packages of its own."""
    env = env.beside("book")
    env.prepare("book")
    return env.run([env.python, "-m", "tools.book", *arguments])


def bench(env: Environment, arguments: list[str]) -> int:
    """Measure against peers."""
    env.prepare("learn")
    env.add_extra("bench")
    return env.run([env.python, "-m", "benchmarks", *arguments])


def bench_gpu(env: Environment, arguments: list[str]) -> int:
    """Measure on a GPU; PyTorch and JAX for it are the user's to install."""
    env.prepare("learn")
    return env.run([env.python, "-m", "benchmarks.gpu", *arguments])


def workshop_demo(env: Environment, arguments: list[str]) -> int:
    """Run a JupyterHub for a class on this machine, for a look."""
    return with_hub(env, ["tools.hub", *arguments])


def workshop_load(env: Environment, arguments: list[str]) -> int:
    """Let a class of made-up learners work on such a hub, and measure it."""
    return with_hub(env, ["benchmarks.hub_load", *arguments])


def with_hub(env: Environment, module: list[str]) -> int:
    """Run a module in an environment that has JupyterHub beside the course."""
    if os.name == "nt":
        raise SetupError("JupyterHub does not run on Windows; use WSL, or Linux.")
    packages = (ROOT / "workshop" / "hub" / "requirements.txt").read_text("utf-8")
    wanted = [line for line in packages.splitlines() if line and line[0] != "#"]
    folder = ROOT / "build" / env.folder.name.replace(".venv", "hub-venv")
    folder.parent.mkdir(exist_ok=True)
    hub = Environment(folder, env.maker)
    hub.prepare("learn")
    hub.add_packages("hub", wanted, "adding JupyterHub")
    return hub.run([hub.python, "-m", *module])


def lock(env: Environment, arguments: list[str]) -> int:
    """Write the lock files from pyproject.toml (``--upgrade``: newest versions)."""
    env.prepare("test")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    compile_ = [env.python, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    compile_ += ["--python-version", "3.11", "--generate-hashes", "--no-annotate"]
    compile_ += ["--no-emit-index-url", "--no-header", *arguments]
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder) / "build.in"
        build.write_text("\n".join(project["build-system"]["requires"]))
        uv = Path(folder) / "uv.in"
        uv.write_text("uv>=0.9\n")
        learn = ["pyproject.toml", str(build)]
        site = ["--group", "book"]
        together = ["--extra", "test", "--constraints", "requirements.lock"]
        return (
            env.run([*compile_, str(uv), "-o", "requirements-uv.lock"])
            or env.run([*compile_, *learn, "-o", "requirements.lock"])
            or env.run([*compile_, *learn, *together, "-o", "requirements-test.lock"])
            or env.run([*compile_, *site, "-o", "requirements-book.lock"])
        )


def clean(env: Environment, arguments: list[str]) -> int:
    """Remove environments and caches."""
    found = [*ROOT.glob(".venv*"), *ROOT.glob(".*_cache"), *ROOT.glob("dist")]
    found += [*ROOT.glob(".hypothesis"), *ROOT.glob("build")]
    for folder in ("course_lib", "tests", "tools", "benchmarks"):
        found += (ROOT / folder).rglob("__pycache__")
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return 0


JOBS: dict[str, Callable[[Environment, list[str]], int]] = {
    "lab": lab,
    "test": test,
    "slow": slow,
    "mutants": mutants,
    "torture": torture,
    "lint": lint,
    "format": format_code,
    "notebooks": notebooks,
    "slides": slides,
    "book": book,
    "bench": bench,
    "bench-gpu": bench_gpu,
    "workshop-demo": workshop_demo,
    "workshop-load": workshop_load,
    "lock": lock,
    "clean": clean,
}
