"""What several tests of the command share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

SOME_NAMES = "ada alan bea clara grace hedy ida jean kurt lise radia tim"


@pytest.fixture
def some_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> Iterator[None]:
    """Work in a folder that holds some names; batches meet the table of positions."""
    import jax

    monkeypatch.delenv("JAX_NUMPY_RANK_PROMOTION")
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("\n".join(SOME_NAMES.split()))
    with jax.numpy_rank_promotion("allow"):
        yield
