"""Strict settings for every test below this folder (notebooks run without them)."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# No test writes into the progress or the cache of whoever runs it; kernels of nbval
# inherit this.
HOME = tempfile.mkdtemp(prefix="course_lib_tests_")
os.environ["COURSE_LIB_HOME"] = HOME
os.environ["COURSE_LIB_CACHE"] = str(Path(HOME, "cache"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder for one test, which does not exist yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("COURSE_LIB_HOME", str(folder))
    return folder


@pytest.fixture
def as_learners_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kernels run without the strict settings below, and find this checkout."""
    for name in ("JAX_NUMPY_RANK_PROMOTION", "MPLBACKEND"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))


@pytest.fixture(autouse=True)
def _strict_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse silent broadcasting in JAX, and open no window for a figure.

    Neither library is imported here: a test that does without them stays quick.
    """
    monkeypatch.setenv("JAX_NUMPY_RANK_PROMOTION", "raise")
    monkeypatch.setenv("MPLBACKEND", "agg")
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_numpy_rank_promotion", "raise")
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].use("agg")
