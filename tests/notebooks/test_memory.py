"""No page takes more than 500 MB of memory; run by ``make slow``.

The kernel's peak (VmHWM) depends little on what else the machine does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import run_all
from tools import notebooks

MOST = 500.0  # MB: Binder gives 1 to 2 GB, and a class shares a server
PAGES = [page.stem for page in sorted(notebooks.FOLDER.glob("[0-9][0-9]_*.ipynb"))]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is what Linux tells")
@pytest.mark.parametrize("page", PAGES)
def test_a_kernel_stays_below_500_mb(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second start, which finds what the first has compiled.

    Two arenas, as Binder, `make lab` and `course start` have it.
    """
    monkeypatch.delenv("JAX_NUMPY_RANK_PROMOTION")  # of the tests, not of the pages
    first, second = (
        run_all.start(run_all.ROOT, page, tmp_path, MALLOC_ARENA_MAX="2").peak
        for _ in range(2)
    )
    told = f"{page}: {second:.0f} MB, {first:.0f} on the first start"
    print(told)  # `make slow ARGS="tests/notebooks/test_memory.py -rP"` shows it
    assert 50 < second <= MOST, told
