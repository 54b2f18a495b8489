"""What becomes of interactive figures when nbconvert writes HTML."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter, MarkdownExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_lib.widgets import html_export, recorded_page

NAME = "course_lib.widgets.html_export.RecordedFigures"
ROOT = Path(__file__).parents[2]
RECORDED = {"line": b"one", "bend": b"two"}


@pytest.fixture(autouse=True)
def recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_page, "find", RECORDED.get)


def page(*names: str, **more: Any) -> NotebookNode:
    """A page with figures, as a learner's is, and the state of its widgets."""
    outputs = []
    for name in names:
        html = recorded_page.still(name, name, "a.", b"png", 9, ["b"])
        data = {"text/html": html, "text/plain": name, html_export.VIEW: {"a": 1}}
        outputs.append(new_output("execute_result", data))
    outputs += [new_output("display_data", data) for data in more.values()]
    cells = [new_code_cell("x", outputs=[output]) for output in outputs]
    return new_notebook(cells=cells, metadata={"widgets": {"state": {}}})


def converted(nb: NotebookNode, extension: str = ".html") -> NotebookNode:
    resources = {"output_extension": extension}
    return html_export.RecordedFigures().preprocess(nb, resources)[0]


def html(nb: NotebookNode) -> list[str]:
    return [cell.outputs[0].data.get("text/html", "") for cell in nb.cells]


def test_scripts_and_each_recording_come_once() -> None:
    found = html(converted(page("line", "bend", "line")))
    whole = "".join(found)
    assert [one.count('<div class="course-recorded"') for one in found] == [1, 1, 1]
    assert whole.count(recorded_page.script()) == 1
    assert whole.count(recorded_page.style()) == 1
    for name, data in RECORDED.items():
        assert whole.count(recorded_page.data_script(name, data)) == 1
    assert "http:" not in whole.replace("http://www.w3.org", "")
    assert "https:" not in whole


def test_a_figure_without_a_recording_stays_a_still() -> None:
    before = page("line", "unknown")
    still = html(before)[1]
    after = converted(before)
    assert html(after)[1] == still
    assert html_export.VIEW not in after.cells[1].outputs[0].data


def test_the_state_of_widgets_goes_with_the_last_view() -> None:
    assert "widgets" not in converted(page("line")).metadata
    panel = {html_export.VIEW: {"model": 1}, "text/plain": "a panel"}
    kept = converted(page("line", panel=panel))
    assert "widgets" in kept.metadata
    assert html_export.VIEW in kept.cells[1].outputs[0].data


def test_what_is_no_html_stays_as_it_is() -> None:
    nb = page("line")
    assert converted(copy.deepcopy(nb), ".md") == nb
    text = MarkdownExporter(preprocessors=[NAME]).from_notebook_node(page("line"))[0]
    assert "course-recorded" not in text


def test_a_page_of_others_stays_as_it_is() -> None:
    nb = page(table={"text/html": "<table></table>", "text/plain": "a table"})
    del nb.metadata["widgets"]
    assert converted(copy.deepcopy(nb)) == nb


def test_nbconvert_is_told_and_keeps_what_it_was_told_before(tmp_path: Path) -> None:
    ours = ROOT / "tools/jupyter/etc/jupyter/jupyter_nbconvert_config.py"
    code = f"""\
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config, PyFileConfigLoader
own = "nbconvert.preprocessors.ClearOutputPreprocessor"
for user in (Config(), Config(Exporter=Config(preprocessors=[own]))):
    config = PyFileConfigLoader({str(ours)!r}).load_config()
    config.merge(user)
    print(*HTMLExporter(config=config).preprocessors)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    own = "nbconvert.preprocessors.ClearOutputPreprocessor"
    assert done.stdout.split("\n")[:2] == [NAME, f"{own} {NAME}"]


def test_the_exporter_takes_it() -> None:
    text = HTMLExporter(preprocessors=[NAME]).from_notebook_node(page("line"))[0]
    assert recorded_page.data_script("line", b"one") in text
    assert recorded_page.script() in text
