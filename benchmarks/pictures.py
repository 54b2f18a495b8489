"""Latency of interactive figures: from a moved control to the new frame in Chromium.

Every notebook is run in JupyterLab; then each slider and pad of each of its figures
gets key presses and clicks, one at a time. The browser's own clock counts, from the
event to the animation frame after the canvas was painted.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.timing import Claim
from tools import browser

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
AIM = 100.0  # milliseconds
PRESSES = 40  # on each control


def run(presses: int = PRESSES) -> list[Claim]:
    if browser.find_chromium() is None:
        print("No Chromium found, so pictures are left out: name it in CHROMIUM.")
        return []
    with tempfile.TemporaryDirectory() as folder:
        names = [path.name for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))]
        for name in names:
            shutil.copyfile(NOTEBOOKS / name, Path(folder) / name)
        with browser.jupyterlab(Path(folder)) as server, browser.chromium() as chromium:
            return [
                claim(name, figure, times)
                for name in names
                for figure, times in measure(chromium, server, name, presses)
            ]


def measure(
    chromium: browser.Browser, server: browser.Server, name: str, presses: int
) -> list[tuple[str, list[float]]]:
    """Return every latency in milliseconds, for each figure of a notebook."""
    page = browser.Page(chromium, server)
    page.open(name)
    page.run_all()
    try:
        found = [(one.name, one.latencies(presses)) for one in page.figures()]
    finally:
        page.close()
    return [(figure, times) for figure, times in found if times]


def claim(notebook: str, figure: str, times: list[float]) -> Claim:
    """Return the latency of one figure: median and 95th percentile."""
    half, most = np.percentile(times, [50, 95])
    return Claim(
        what=f"`{figure}` ({notebook[:2]}): from a moved control to the new picture",
        peer="",
        reach=f"95 of 100 under {AIM:.0f} ms",
        measured=f"{most:.0f} ms (half under {half:.0f})",
        reached=bool(most < AIM),
        detail=f"{len(times)} answers, the slowest {max(times):.0f} ms.",
    )
