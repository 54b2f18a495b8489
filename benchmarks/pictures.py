"""Latency of interactive figures: from a moved control to the new frame in Chromium.

Every page is run in JupyterLab, by turns with the build whose pictures were pixels.
Each slider of each figure is moved to places far apart, which the kernel draws, and
then step by step, where the browser has what was prepared; each pad is pressed. The
browser's own clock counts, from the event to the animation frame after the canvas was
painted. The bytes are those of every message with a picture, as they arrived.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.earlier import PIXELS, ROOT, earlier_build
from benchmarks.timing import Claim
from tools import browser

AT_HAND, DRAWN = 16.0, 50.0  # milliseconds: 95 of 100 answers within
MESSAGE = 5_000  # bytes: half of the messages at most
PRESSES = 20  # on each control


class Answers(NamedTuple):
    """What one figure answered: ms from what was prepared, ms drawn, bytes."""

    at_hand: list[float]
    drawn: list[float]
    messages: list[int]


def run(presses: int = PRESSES, pages: Sequence[str] | None = None) -> Iterator[Claim]:
    """Measure the pages named (01, 02, ...), or all."""
    if browser.find_chromium() is None:
        print("No Chromium found, so pictures are left out: name it in CHROMIUM.")
        return
    names = [path.name for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*"))]
    names = [name for name in names if pages is None or name[:2] in pages]
    with earlier_build(PIXELS) as earlier:
        for name in names:
            before = measure(name, earlier, presses) if earlier else {}
            for figure, answers in measure(name, ROOT, presses).items():
                yield claim(name, figure, answers, before.get(figure))


def measure(name: str, build: Path, presses: int) -> dict[str, Answers]:
    """Return the answers of each figure of a page, as a build runs it."""
    with tempfile.TemporaryDirectory() as folder, _kernels_of(build):
        shutil.copyfile(build / "notebooks" / name, Path(folder) / name)
        with browser.jupyterlab(Path(folder)) as server, browser.chromium() as chromium:
            page = browser.Page(chromium, server)
            page.open(name)
            page.run_all()
            found = {}
            for figure in page.figures():
                page.picture_bytes.clear()
                times = figure.latencies(presses)
                at_hand = [ms for ms, source in times if source == "browser"]
                drawn = [ms for ms, source in times if source != "browser"]
                if times:
                    messages = list(page.picture_bytes)
                    found[figure.name] = Answers(at_hand, drawn, messages)
            page.close()
    return found


@contextlib.contextmanager
def _kernels_of(build: Path) -> Iterator[None]:
    """Let kernels that start now import the library of a build."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(build)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def claim(
    notebook: str, figure: str, answers: Answers, before: Answers | None
) -> Claim:
    """Return how soon one figure answers, and with how many bytes."""
    parts, reached = [], True
    for words, times, aim in (
        ("at hand", answers.at_hand, AT_HAND),
        ("drawn", answers.drawn, DRAWN),
    ):
        if times:
            most = float(np.percentile(times, 95))
            parts.append(f"{words} {most:.0f} ms")
            reached &= most <= aim
    size = statistics.median(answers.messages or [0])
    parts.append(f"{size / 1000:.1f} kB")
    peer = "no such figure"
    if before:
        most = float(np.percentile(before.drawn, 95))
        bytes_before = statistics.median(before.messages or [0])
        peer = f"pixels: {most:.0f} ms, {bytes_before / 1000:.1f} kB"
    return Claim(
        what=f"`{figure}` ({notebook[:2]}): from a moved control to the new picture",
        peer=peer,
        reach=f"{AT_HAND:.0f} ms, {DRAWN:.0f} ms, {MESSAGE / 1000:.0f} kB",
        measured=", ".join(parts),
        reached=reached and size <= MESSAGE,
        detail=(
            f"95 of 100 answers, half of the messages; {len(answers.at_hand)} answers "
            f"at hand, {len(answers.drawn)} drawn by the kernel."
        ),
    )
