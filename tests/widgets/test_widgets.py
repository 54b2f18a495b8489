"""Every picture that answers stands in a notebook, and how soon is written down."""

from __future__ import annotations

import re

import pytest

from benchmarks.results import RESULTS
from course_lib import widgets
from tools import notebooks

NAMES = sorted(set(widgets.__all__) - {"InteractiveFigure"})
NO_SLIDER = {"training_console", "editable_store", "progress_panel"}
SOURCES = "\n".join(
    path.read_text(encoding="utf-8") for path in notebooks.SOURCES.glob("*.py")
)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_stands_in_a_notebook(name: str) -> None:
    assert re.search(rf"\bwidgets\.{name}\(", SOURCES)


@pytest.mark.parametrize("name", sorted({*NAMES} - NO_SLIDER))
def test_how_soon_it_answers_stands_in_the_results(name: str) -> None:
    results = RESULTS.read_text(encoding="utf-8")
    [row] = re.findall(rf"^\| `{name}` .*$", results, re.MULTILINE)
    strokes = r"at hand (\d+ ms|-) ?, drawn \d+ ms, [\d.]+ kB"
    pixels = r"\d+ ms \(half under \d+\)"
    assert re.search(rf"\| ({strokes}|{pixels}) \|", row), row


def test_no_place_for_a_picture_is_left_empty() -> None:
    assert "<!-- widget" not in SOURCES
