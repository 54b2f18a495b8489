"""The pictures of notebook 05, held by a pointer, and driven alike by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser

from course_lib.app import notebook_source
from tools import browser as driver
from tools.browser import Figure, Page

NAMES = (
    "neuron",
    "neuron_line",
    "vanishing_gradient",
    "decision_boundary",
    "playground",
)
CODE = """from course_lib import widgets
from course_lib.widgets.handles import handles_of

def handles(figure):
    height = figure._renderer.figure.bbox.height
    return [handle.packed(height) for handle in handles_of(figure._renderer.figure)]"""


@pytest.fixture(scope="module")
def figures(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Figure]]:
    folder = tmp_path_factory.mktemp("pointer")
    cells = [CODE, *(f"widgets.{name}()" for name in NAMES)]
    nb = new_notebook(cells=[new_code_cell(code) for code in cells])
    nb.metadata = nbformat.from_dict(notebook_source.METADATA)
    nbformat.write(nb, folder / "pointer.ipynb")
    with driver.jupyterlab(folder) as server:
        page = Page(chromium, server)
        page.open("pointer.ipynb")
        page.run_all()
        assert page.errors() == []
        yield {figure.name: figure for figure in page.figures()}
        assert page.console_errors == []
        page.close()


def drag(
    figure: Figure, start: tuple[float, float], *places: tuple[float, float]
) -> None:
    """Drag from a place to others, in shares of the canvas's width and height."""
    figure.canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    figure.page.wait_for_timeout(500)
    box: Any = figure.canvas.bounding_box()
    mouse = figure.page.mouse
    mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
    mouse.down()
    for x, y in places:
        mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
    mouse.up()
    figure.wait_for_response()


def values(figure: Figure) -> dict[str, str]:
    """Return what each slider shows."""
    shown = figure.root.locator(".control.slider").all()
    return {
        str(box.get_attribute("data-name")): box.locator("output").inner_text()
        for box in shown
    }
