"""Catching up: a page that is started cold has all it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course_lib.exercises import journal
from course_lib.exercises.core import all_exercises
from tools import notebooks

PAGES = sorted(path.stem for path in notebooks.SOURCES.glob("[0-9][0-9]_*.py"))
COLD = ["04_autograd", "06_micro_gpt", "08_scale"]
ASKED = re.compile(r"^\w+ = exercise(\d\d)?\.(\w+)\.yours_or_ours\(\)", re.M)


def asked_for(page: str) -> list[str]:
    """The exercises whose answers a page goes on with, by id."""
    source = (notebooks.SOURCES / f"{page}.py").read_text(encoding="utf-8")
    chapters = {name[:2]: name[3:] for name in PAGES}
    found = ASKED.findall(source)
    assert len(found) == source.count(".yours_or_ours()")
    return [f"{chapters[number or page[:2]]}.{name}" for number, name in found]


def test_some_pages_go_on_with_an_answer() -> None:
    own = ["autograd.topological_order", "autograd.own_value"]
    assert asked_for("04_autograd") == own
    assert "autograd.own_value" in asked_for("06_micro_gpt")
    assert len(asked_for("08_scale")) == 3


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_goes_on_with_is_provided(
    page: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = {one.id: one for one in all_exercises()}
    assert journal.entries() == ([], [])
    for name in asked_for(page):
        exercise = known[name]
        passed, exercise._passed = exercise._passed, []
        try:
            assert callable(exercise.yours_or_ours())
        finally:
            exercise._passed = passed
        assert "not solved yet, so the course's own is used" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("page", COLD)
def test_a_page_started_cold_runs_to_its_end(
    page: str, tmp_path: Path, home: Path, as_learners_run_it: None
) -> None:
    """Alone in a folder, with an empty journal: no other page has run before it."""
    nb = notebooks.read_source(notebooks.SOURCES / f"{page}.py")
    notebooks.execute(nb, tmp_path)  # raises if a cell does
    outputs = [o for cell in nb.cells for o in cell.get("outputs", [])]
    said = " ".join("".join(o.get("text", "")) for o in outputs)
    told = said.count("not solved yet, so the course's own is used")
    assert told == len(asked_for(page))
    assert journal.entries() == ([], [])
