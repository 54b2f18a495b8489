"""Updates of a page that a learner has changed: each case, many at once, and a judge.

``test_notebook_merge.py`` holds the merge to them; ``benchmarks/updates.py`` counts
what is lost, and gives the same pages to nbgitpuller.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import strategies as st

from course_lib.app.notebook_merge import _asked, quoted, source_of
from course_lib.app.notebook_source import METADATA, cell_id

Cell = dict[str, Any]
Page = dict[str, Any]


def text(source: str, name: str = "") -> Cell:
    name = name or cell_id("markdown", source)
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def code(source: str, name: str = "", printed: str = "") -> Cell:
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed}]
    return {
        "cell_type": "code",
        "id": name or cell_id("code", source),
        "metadata": {},
        "source": source,
        "outputs": outputs if printed else [],
        "execution_count": None,
    }


def stub(name: str, words: str, own_id: str = "") -> Cell:
    check = f"exercise.{name}.check({name})"
    return code(f'def {name}(x):\n    """{words}"""\n    ...\n\n\n{check}', own_id)


def answered(cell: Cell) -> Cell:
    source = cell["source"].replace("    ...", "    return 7 * x")
    return cell | {"source": source, "execution_count": 3}


def page(*cells: Cell) -> Page:
    return {
        "cells": [*cells],
        "metadata": METADATA,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


# --- one case each --------------------------------------------------------------------


def built(cells: list[Cell]) -> list[Cell]:
    """The cells as the build stores them: those of code are numbered."""
    numbers = iter(range(1, len(cells) + 1))
    return [
        cell | {"execution_count": next(numbers)}
        if cell["cell_type"] == "code"
        else cell
        for cell in cells
    ]


TITLE, DEMO, MSE, END = PLAIN = built(
    [
        text("# Loss"),
        code("rate = 0.1\nprint(rate)"),
        stub("mse", "The mean of the squares."),
        text("The end."),
    ]
)
NEW_MSE = stub("mse", "The mean of all squared differences.")
NEW_END, NEW_DEMO = text("The very end."), code("rate = 0.2\nprint(rate)")
OWN = code("my_own = 1\nprint(my_own)", "mine-1", "1")
OWN_MSE = code(
    "def mse(a):\n    return 7\n\n\nexercise.mse.check(mse)", "mine-1", "yes"
)


def ran(cell: Cell) -> Cell:
    outputs = code("", printed="0.1")["outputs"]
    return cell | {"outputs": outputs, "execution_count": 7}


LEARNERS: dict[str, list[Cell]] = {  # what a learner has made of the page
    "changed nothing": PLAIN,
    "run the page": [TITLE, ran(DEMO), ran(MSE), END],
    "edited a text": [TITLE | {"source": "# Loss, my notes"}, DEMO, MSE, END],
    "edited code": [TITLE, ran(DEMO | {"source": "rate = 0.5\nprint(rate)"}), MSE, END],
    "answered an exercise": [TITLE, ran(DEMO), ran(answered(MSE)), END],
    "answered it in a cell above": [TITLE, DEMO, OWN_MSE, MSE, END],
    "answered it and lost the ids": [
        {key: value for key, value in cell.items() if key != "id"}
        for cell in (TITLE, ran(DEMO), ran(answered(MSE)), END)
    ],
    "added a cell": [TITLE, DEMO, OWN, MSE, END],
    "added a cell to the end": [*PLAIN, OWN],
    "moved cells": [ran(answered(MSE)), DEMO, TITLE, END],
    "deleted cells": [TITLE, ran(answered(MSE))],
}


def lasting(new: Cell, old: Cell) -> Cell:
    """The new cell under the id of the old one, as an editor keeps it."""
    return new | {"id": old["id"]}


COURSES: dict[str, list[Cell]] = {  # what has become of the page since
    "no change": PLAIN,
    "a new text": [TITLE, text("Read this first."), DEMO, MSE, END],
    "new code above the exercise": [TITLE, DEMO, code("more = 1"), MSE, END],
    "new code below the exercise": [TITLE, DEMO, MSE, code("more = 1"), END],
    "a reworded text": [TITLE, DEMO, MSE, NEW_END],
    "changed code": [TITLE, NEW_DEMO, MSE, END],
    "a reworded exercise": [TITLE, DEMO, NEW_MSE, END],
    "a reworded exercise, ids kept": [TITLE, DEMO, lasting(NEW_MSE, MSE), END],
    "all reworded": [text("# The loss"), NEW_DEMO, NEW_MSE, NEW_END],
    "cells removed": [TITLE, MSE],
    "the exercise removed": [TITLE, DEMO, END],
    "the exercise moved down": [TITLE, DEMO, END, MSE],
    "the exercise moved up, reworded": [TITLE, NEW_MSE, DEMO, END],
}


# --- many at once ---------------------------------------------------------------------

WORDS = ("gradient", "loss", "layer", "token", "weight", "batch", "mean", "slope")
NAMES = ("mse", "adam", "mask")


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[Cell], list[Cell]]:
    """A page of the course and a later version of it.

    Its ids come from the text, as the course makes them, or stay when the text changes.
    """
    lasting = draw(st.booleans())
    kinds = draw(st.lists(st.integers(0, 2), min_size=1, max_size=7))
    named = iter(NAMES)
    cells = [_drawn(draw, kind, number, named) for number, kind in enumerate(kinds)]
    new = []
    for number, cell in enumerate(cells):
        match draw(st.sampled_from(["keep", "keep", "reword", "rewrite", "remove"])):
            case "keep":
                new.append(cell)
            case "reword":
                new.append(_reworded(cell, lasting))
            case "rewrite":
                again = _drawn(draw, kinds[number], number + 20, iter(["new"]))
                new.append(again)
    for place in draw(st.lists(st.integers(0, 7), max_size=3, unique=True)):
        number = 50 + place
        more = _drawn(draw, draw(st.integers(0, 2)), number, iter([f"more{place}"]))
        new.insert(place, more)
    return cells, draw(st.permutations(new)) if draw(st.booleans()) else new


def _drawn(draw: st.DrawFn, kind: int, number: int, names: Any) -> Cell:
    words = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=5)))
    if kind == 2 and (name := next(names, "")):
        return stub(name, f"{words} {number}")
    if kind == 1:
        return code(f"# {words}\nvalue{number} = {number}")
    return text(f"{words} of {number} things")


def _reworded(cell: Cell, lasting: bool) -> Cell:
    source = cell["source"].replace("value", "other_value")
    source = source.replace('"""', '"""In other words: ', 1).replace("things", "items")
    name = cell["id"] if lasting else cell_id(cell["cell_type"], source)
    return cell | {"source": source, "id": name}


@st.composite
def learners(draw: st.DrawFn, cells: list[Cell]) -> list[Cell]:
    """What a learner makes of a page."""
    mine = []
    for cell in cells:
        match draw(st.sampled_from(["keep", "run", "edit", "answer", "delete"])):
            case "keep":
                mine.append(cell)
            case "run" if cell["cell_type"] == "code":
                mine.append(cell | {"execution_count": 9, "outputs": []})
            case "answer":
                mine.append(answered(cell) if "..." in cell["source"] else cell)
            case "edit" | "run":
                mine.append(cell | {"source": cell["source"] + "\nmine = 1"})
    for place in draw(st.lists(st.integers(0, 7), max_size=3, unique=True)):
        own = f"own_{place} = {place}"
        if draw(st.booleans()):
            name = draw(st.sampled_from([*NAMES, "new", "more3"]))
            own = (
                f"def {name}(x):\n    return {place}\n\n\nexercise.{name}.check({name})"
            )
        mine.insert(place, code(own, f"mine-{place}", "printed"))
    return draw(st.permutations(mine)) if draw(st.booleans()) else mine


@st.composite
def updates(draw: st.DrawFn) -> tuple[Page, Page, Page]:
    old, new = draw(courses())
    return page(*old), page(*draw(learners(old))), page(*new)


# --- what was lost ------------------------------------------------------------------


def content(cell: Cell) -> str:
    kept = {key: cell.get(key) for key in ("cell_type", "source", "outputs")}
    return json.dumps(kept, sort_keys=True)


def written_by(mine: Page, base: Page) -> list[Cell]:
    """The learner's cells; one that has lost its id is known by its text."""
    given = {cell["id"]: cell["source"] for cell in base["cells"]}
    given_texts = {*given.values()}
    return [
        cell
        for cell in mine["cells"]
        if cell["source"]
        not in ({given.get(cell["id"])} if "id" in cell else given_texts)
    ]


def stubs_below_answers(cells: list[Cell], own: set[str]) -> set[str]:
    """The exercises of which a stub stands below an answer."""
    answers: set[str] = set()
    found = set()
    for cell in cells:
        if cell["cell_type"] == "code":
            asked = {name for name in _asked(cell["source"]) if "." in name}
            if cell["source"] in own:
                answers |= asked
            elif "..." in cell["source"]:
                found |= asked & answers
    return found


def lost_answers(old: Page, mine: Page, cells: list[Cell]) -> list[str]:
    """What the learner wrote, with its outputs, that is not there any more."""
    wrote = Counter(map(content, written_by(mine, old)))
    return [*(wrote - Counter(map(content, cells))).elements()]


def lost_texts(old: Page, new: Page, cells: list[Cell]) -> list[str]:
    """New texts of the course that are not there, nor shown below the learner's."""
    known = {cell["id"]: cell["source"] for cell in old["cells"]}
    shown = {source_of(cell) for cell in cells}
    return [
        cell["source"]
        for cell in new["cells"]
        if known.get(cell["id"]) != cell["source"]
        and cell["source"] not in shown
        and quoted(cell) not in shown
    ]


def new_stubs_below(old: Page, mine: Page, cells: list[Cell]) -> set[str]:
    """The exercises of which a stub has come below an answer."""
    own = {source_of(cell) for cell in written_by(mine, old)}
    return stubs_below_answers(cells, own) - stubs_below_answers(mine["cells"], own)
