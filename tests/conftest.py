"""Strict settings for every test below this folder (notebooks run without them)."""

from __future__ import annotations

import sys

import pytest


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
