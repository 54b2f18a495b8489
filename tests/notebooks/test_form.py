"""The form of a page: the course keeps to it, and leaving it is noticed."""

from __future__ import annotations

import copy
from collections.abc import Callable

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import notebooks
from tools.notebook_checks import count_words, form_problems

PAGES = sorted(notebooks.FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_page_has_the_form(page: notebooks.Path) -> None:
    nb = nbformat.read(page, as_version=nbformat.NO_CONVERT)
    assert form_problems(nb, page.stem) == []


# --- a page that keeps to the form, and ways to leave it ----------------------------

SAID = "The walker feels the slope under the feet and takes a step against it. " * 5


def good_page() -> NotebookNode:
    cells = [
        new_markdown_cell("# Which way is down?"),
        new_markdown_cell(
            "## What you will be able to do\n\n- feel\n- step\n- stop\n\n"
            "**Time:** 40 minutes, and 10 more for the optional parts."
        ),
        new_code_cell("import math", metadata={"tags": ["setup"]}),
    ]
    for number in range(5):
        cells.append(new_markdown_cell(f"## Slope {number} points up"))
        for _ in range(5):
            cells += [new_markdown_cell(SAID), new_code_cell("x = 1\nx")]
    cells += [
        new_markdown_cell(SAID),
        new_code_cell("assert x == 1", metadata={"tags": ["claim"]}),
        new_markdown_cell("## Three sentences to remember\n\n1. A.\n2. B.\n3. C."),
        new_markdown_cell("## Where next\n\nTo the stride."),
    ]
    return new_notebook(cells=cells)


def without(text: str) -> Callable[[NotebookNode], None]:
    """Take `text` out of whatever cell holds it."""

    def change(nb: NotebookNode) -> None:
        assert any(text in cell.source for cell in nb.cells)
        for cell in nb.cells:
            cell.source = cell.source.replace(text, "")

    return change


def at(number: int, source: str) -> Callable[[NotebookNode], None]:
    """Put `source` into the cell with this number."""

    def change(nb: NotebookNode) -> None:
        nb.cells[number - 1].source = source

    return change


def swap(a: int, b: int) -> Callable[[NotebookNode], None]:
    def change(nb: NotebookNode) -> None:
        nb.cells[a], nb.cells[b] = nb.cells[b], nb.cells[a]

    return change


def untagged(nb: NotebookNode) -> None:
    for cell in nb.cells:
        cell.metadata.pop("tags", None)


def all_code(lines: int) -> Callable[[NotebookNode], None]:
    def change(nb: NotebookNode) -> None:
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.source += "\nx" * (lines - len(cell.source.splitlines()))

    return change


def three_in_a_row(nb: NotebookNode) -> None:
    nb.cells[6:6] = [new_code_cell("x"), new_code_cell("x")]


def fewer_sections(nb: NotebookNode) -> None:
    del nb.cells[3:14]


def code_after_recap(nb: NotebookNode) -> None:
    nb.cells.append(new_code_cell("assert True", metadata={"tags": ["claim"]}))


def all_code_checks(nb: NotebookNode) -> None:
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.source += "\nexercise.mse.check(mse)"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("# Which way is down?"), "H1 in cells: none"),
        (at(4, "# Another title"), "H1 in cells: 1, 4"),
        (without("## What you will be able to do"), "cell 4: first H2 must be"),
        (without("- stop"), "2 list items; 3 to 5"),
        (without("**Time:** 40 minutes"), "**Time:**"),
        (without("3. C."), "2 list items; 3 expected"),
        (without("## Where next"), "last two H2"),
        (swap(-1, -2), "last two H2"),
        (at(4, "## Slope"), "cell 4: 'Slope' must state a claim"),
        (fewer_sections, "4 sections; 5 to 8"),
        (untagged, "tagged 'setup'"),
        (untagged, "tagged 'claim'"),
        (swap(2, 3), "tagged 'setup'"),
        (without("assert "), "tagged 'claim' and assert"),
        (code_after_recap, "no code after"),
        (three_in_a_row, "cell 8: a third code cell in a row"),
        (at(6, "x\n" * 26), "cell 6: 26 lines of code"),
        (at(6, "x" * 89), "cell 6: 89 columns"),
        (at(6, "plots.show(x, alt='a')\nx"), "cell 6: plots.show must come last"),
        (at(6, "widgets.nudge(x)\nx"), "cell 6: widgets.nudge must come last"),
        (all_code(8), "median of 8"),
        (all_code(16), "27 of 27 code cells exceed 15 lines"),
        (without(SAID), "words of prose per code cell"),
        (fewer_sections, "22 code cells besides the exercises; 25 to 40"),
        (all_code_checks, "0 code cells besides the exercises"),
        (lambda nb: nb.cells.clear(), "no code cell"),
    ],
)
def test_leaving_the_form_is_noticed(
    change: Callable[[NotebookNode], None], said: str
) -> None:
    nb = copy.deepcopy(good_page())
    change(nb)
    problems = form_problems(nb, "02_gradient")
    assert any(said in line and line.startswith("02_gradient, ") for line in problems)


def test_a_good_page_passes_and_may_hold_headings_in_fenced_code() -> None:
    nb = good_page()
    nb.cells[4].source += "\n```python\n# not a title\n```\n"
    assert form_problems(nb, "02_gradient") == []


def test_the_start_may_be_shorter() -> None:
    nb = good_page()
    for first in range(48, 3, -11):  # leave two of the five in each section
        del nb.cells[first : first + 6]
    assert form_problems(nb, "00_start_here") == []
    assert "12 code cells" in form_problems(nb, "02_gradient")[0]


def test_words_are_what_a_reader_reads() -> None:
    text = (
        "One **two** [three](a/b/c) $x = y z$ four.\n```\nno no\n```\n- five\n\n$$a b$$"
    )
    assert count_words(text) == 5
