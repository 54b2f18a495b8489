"""What nbconvert writes: one file, in which figures answer with no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page

from course_lib.widgets import recorded_page
from tools import browser as driver
from tools import notebooks

RUN = """\
from course_lib import widgets
from course_lib.widgets import InteractiveFigure
from course_lib.widgets.controls import Slider
"""
OWN = """\
def draw(ax, n):
    ax.plot([0, n])
    return f"n is {n}."

InteractiveFigure("my_own", "My own", draw, [Slider("n", "n", range(9), 1)])
"""


def convert(page: Path, folder: Path) -> Path:
    """Convert a page as a learner does, in a folder that has nothing of the course."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--log-level=ERROR"]
    own = {"JUPYTER_CONFIG_DIR": str(folder / "config")}
    done = subprocess.run(
        [*command, f"--output-dir={folder}", str(page)],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / f"{page.stem}.html"


@pytest.fixture
def offline(chromium: Browser) -> Page:
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


def answers(place: Locator) -> str:
    """Move the first slider of a figure; return its summary."""
    place.scroll_into_view_if_needed()
    place.locator("canvas[data-painted]").wait_for()
    before = place.locator(".summary").inner_text()
    place.locator("input[type=range]").first.press("Home")
    place.page.wait_for_function(
        "([root, before]) => root.querySelector('.summary').textContent !== before",
        arg=[place.element_handle(), before],
    )
    return place.locator(".summary").inner_text()


def test_a_stored_page_answers(tmp_path: Path, offline: Page) -> None:
    page = notebooks.FOLDER / "01_loss.ipynb"
    problems: list[str] = []
    offline.on("pageerror", lambda error: problems.append(str(error)))
    offline.goto(convert(page, tmp_path).as_uri())
    figures = offline.locator(".course-recorded")
    assert figures.count() == len(
        notebooks.figures(nbformat.read(page, nbformat.NO_CONVERT))
    )
    for i in range(figures.count()):
        assert answers(figures.nth(i))
        assert not figures.nth(i).locator("figure").is_visible()
    last = figures.last.locator("button, input, select").last
    last.focus()
    last.press("Tab")
    assert not last.evaluate("one => one === document.activeElement"), "a way out"
    assert problems == []
    offline.emulate_media(media="print")
    assert figures.first.locator("figure img").is_visible()
    assert not figures.first.locator("canvas").is_visible()


def test_a_page_that_a_learner_ran_answers(tmp_path: Path, offline: Page) -> None:
    cells = [RUN + "widgets.confidence()", "widgets.confidence()", OWN]
    nb = new_notebook(cells=[new_code_cell(source) for source in cells])
    NotebookClient(nb, kernel_name="python3", store_widget_state=True).execute()
    assert "widgets" in nb.metadata
    page = tmp_path / "mine.ipynb"
    nbformat.write(nb, page)
    html = convert(page, tmp_path)
    text = html.read_text(encoding="utf-8")
    assert "widget-view+json" not in text
    assert "html-manager" not in text, "which is fetched from another host"
    assert text.count("courseRecordings ??=") == 1, "each recording once"
    offline.goto(html.as_uri())
    figures = offline.locator(".course-recorded")
    assert figures.count() == 2
    for i in range(2):
        assert answers(figures.nth(i)).startswith("You say 0.0 % spam.")
    own = offline.locator("figure", has_text="My own: an interactive figure")
    assert own.locator("img[alt='My own. n is 1.']").is_visible(), "a still"


def test_jupyterlab_saves_a_page_that_answers(
    tmp_path: Path, chromium: Browser
) -> None:
    name = "01_loss.ipynb"
    (tmp_path / name).write_bytes((notebooks.FOLDER / name).read_bytes())
    with driver.jupyterlab(tmp_path) as server:
        page = chromium.new_page()
        address = f"{server.url}nbconvert/html/{name}?token={server.token}"
        answer = page.request.get(address)
        assert answer.ok
        assert recorded_page.script()[:200] in answer.text()
