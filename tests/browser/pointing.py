"""A notebook of some figures in a browser, and the same figures beside it, in Python.

Where a handle is, the figure in Python knows; a hand in the browser goes there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
from playwright.sync_api import Browser

from course_lib.widgets.figure import InteractiveFigure
from tests.browser.scratch import opened
from tests.widgets.checks import handles, places_of
from tools.browser import Figure


class Pair:
    """A figure on a page, and its twin in Python, which has the same handles."""

    def __init__(self, figure: Figure, twin: InteractiveFigure) -> None:
        self.figure, self.twin = figure, twin

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figure, name)

    def handles(self) -> list[dict[str, Any]]:
        return handles(self.twin)

    def point(self, x: float, y: float, *, press: bool = True) -> None:
        """Move the mouse to a place of the figure, in its pixels, and click there."""
        mouse = self.figure.page.mouse
        mouse.move(*self._on_page(x, y), steps=3)
        if press:
            mouse.down()
            mouse.up()
        self.figure.page.wait_for_timeout(100)
        self.figure.wait_for_response()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.figure.page.mouse
        mouse.move(*self._on_page(*start))
        mouse.down()
        mouse.move(*self._on_page(*end), steps=6)
        self.figure.page.wait_for_timeout(100)
        mouse.up()
        self.figure.wait_for_response()

    def _on_page(self, x: float, y: float) -> tuple[float, float]:
        middle = "canvas => canvas.scrollIntoView({ block: 'center' })"
        self.figure.canvas.evaluate(middle)
        box: Any = self.figure.canvas.bounding_box()
        scale = box["width"] / self.twin.picture["size"][0]
        return box["x"] + x * scale, box["y"] + y * scale

    def place(self, number: int, state: int) -> tuple[float, float]:
        """Return the place that a handle gives to a state, by number in its list."""
        x, y = places_of(self.handles()[number]["sets"][0])[state]
        return float(x), float(y)

    def shows(self, control: str) -> str:
        """Return what a slider shows as its value."""
        return str(self.figure.control(control).locator("output").text_content())

    def focused(self) -> str:
        """Return the name of the control that has the focus."""
        name = "document.activeElement.closest('.control')?.dataset.name ?? ''"
        return str(self.figure.page.evaluate(name))

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            self.figure.page.keyboard.press(key)
        self.figure.page.wait_for_timeout(100)
        self.figure.wait_for_response()


@contextlib.contextmanager
def pairs(
    chromium: Browser, folder: Path, code: str, figures: Sequence[str]
) -> Iterator[dict[str, Pair]]:
    """Open a notebook with figures: expressions that use the names of some code."""
    names: dict[str, Any] = {}
    with jax.numpy_rank_promotion("allow"):
        exec(code, names)
        twins = [eval(figure, names) for figure in figures]
    with opened(chromium, folder, code, *figures) as page:
        shown = page.figures()
        yield {
            figure.name: Pair(figure, twin)
            for figure, twin in zip(shown, twins, strict=True)
        }
