"""Built notebooks: they agree with their source, are clean, and can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.app import notebook_source
from course_lib.widgets import recorded_page
from course_lib.widgets.recording import MOST_STATES, Recording
from tools import notebooks
from tools.notebook_checks import output_problems, source_problems

PAGES = sorted(notebooks.FOLDER.glob("*.ipynb"))
SOLVED = sorted(notebooks.SOLUTIONS.glob("*.ipynb"))
SOURCES = sorted(notebooks.SOURCES.glob("[0-9][0-9]_*.py"))
PICTURE = '<img alt="{}" src="data:image/png;base64,aGVsbG8gd29ybGQ=">'


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


# --- the pages of the course ------------------------------------------------------


def test_every_source_is_built_and_every_page_has_a_source() -> None:
    assert [p.stem for p in SOURCES] == [p.stem for p in PAGES]
    assert [p.stem for p in SOURCES] == [p.stem for p in SOLVED]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_page_agrees_with_its_source(page: Path) -> None:
    source = notebooks.read_source(notebooks.SOURCES / f"{page.stem}.py")
    assert source_problems(source, read(page), page.stem) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_page_is_executed_and_clean(page: Path) -> None:
    assert output_problems(read(page), page.stem) == []


@pytest.mark.parametrize("page", SOLVED, ids=lambda p: p.stem)
def test_solved_page_agrees_with_its_source_and_solves_everything(page: Path) -> None:
    source = notebooks.read_solved(notebooks.SOURCES / f"{page.stem}.py")
    solved = read(page)
    assert source_problems(source, solved, page.stem) == []
    assert output_problems(solved, page.stem) == []
    assert notebooks.unsolved(solved, page.stem) == []
    assert sum(bool(notebooks.CHECK.search(c.source)) for c in solved.cells) > 0


# --- recordings -------------------------------------------------------------------


@pytest.mark.parametrize("page", SOLVED, ids=lambda p: p.stem)
def test_every_interactive_figure_is_recorded(page: Path) -> None:
    nb = read(page)
    asked = [o for c in nb.cells for o in c.get("outputs", []) if is_interactive(o)]
    assert len(notebooks.figures(nb)) == len(asked), (
        "a still is missing: make notebooks"
    )
    assert notebooks.recording_problems(nb, page.stem) == []


@pytest.mark.parametrize("page", SOLVED, ids=lambda p: p.stem)
def test_a_recording_is_of_the_figure_on_the_page(page: Path) -> None:
    nb = read(page)
    words = notebooks.figures(nb)
    for name, path in notebooks.recordings(nb).items():
        header = Recording.from_bytes(path.read_bytes()).header
        title, _, summary = words[name].partition(" (an interactive figure). ")
        assert (header["name"], header["title"]) == (name, title)
        assert len(header["words"]) <= MOST_STATES
        if name != "training_console":  # its recording is a training, and has begun
            assert summary in [said[0] for said in header["words"]], path.name


def test_every_recording_is_of_a_figure() -> None:
    named = {
        path for page in SOLVED for path in notebooks.recordings(read(page)).values()
    }
    assert {*notebooks.RECORDED.iterdir()} == named


def is_interactive(output: NotebookNode) -> bool:
    return "(an interactive figure)" in output.get("data", {}).get("text/plain", "")


def test_a_recording_that_is_missing_or_too_large_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = recorded_page.still("a_figure", "A", "a.", b"", 9, ["b"])
    data = {"text/html": still, "text/plain": "A (an interactive figure). a."}
    output = new_output("display_data", data)
    nb = new_notebook(cells=[new_code_cell("a", outputs=[output])])
    monkeypatch.setattr(notebooks, "RECORDED", tmp_path)
    (missing,) = notebooks.recording_problems(nb, "00_page")
    assert missing == "00_page: no recording a_figure.strokes"
    (tmp_path / "a_figure.strokes").write_bytes(b"four")
    monkeypatch.setattr(notebooks, "MOST_RECORDED", 4)
    assert notebooks.recording_problems(nb, "00_page") == []
    monkeypatch.setattr(notebooks, "MOST_RECORDED", 3)
    (large,) = notebooks.recording_problems(nb, "00_page")
    assert "take 4 bytes, and 3 are the most" in large


def test_an_unsolved_page_is_noticed() -> None:
    learner = read(PAGES[0])
    assert notebooks.unsolved(learner, PAGES[0].stem) != []


def test_a_stub_of_any_kind_is_exchanged() -> None:
    code = "import math\n\n\ndef f(x):\n    ...\n\n\nexercise.f.check(f)"
    solved = notebooks.with_answer(code, "f", "def f(x):\n    return x")
    assert solved == code.replace("...", "return x")
    solved = notebooks.with_answer("a = ...  # or b\nexercise.a.check(a)", "a", "a = 1")
    assert solved == "a = 1\nexercise.a.check(a)"
    with pytest.raises(ValueError, match="No stub called g"):
        notebooks.with_answer(code, "g", "")


# --- building ---------------------------------------------------------------------

SOURCE = """\
# %% [markdown]
# # A page

# %% tags=["setup"]
import sys
print("one", flush=True)
print("two")
print("gone\\rkept")

# %% tags=["nbval-check-output"]
1 + 1

# %%
1 + 1
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    (folder / "00_page.py").write_text(SOURCE)
    notebooks.build(folder / "00_page.py", folder / "00_page.ipynb")
    return folder / "00_page.ipynb"


def test_build_runs_the_cells_and_keeps_outputs(built: Path) -> None:
    nb = read(built)
    assert [c.cell_type for c in nb.cells] == ["markdown", "code", "code", "code"]
    assert [c.get("execution_count") for c in nb.cells] == [None, 1, 2, 3]
    (printed,) = nb.cells[1].outputs
    assert (printed.name, printed.text) == ("stdout", "one\ntwo\nkept\n")
    assert nb.cells[1].metadata == {"tags": ["setup"]}
    assert nb.cells[2].outputs[0].data == {"text/plain": "2"}
    assert nb.metadata == notebook_source.METADATA
    assert output_problems(nb, "00_page") == []


def test_build_gives_the_same_bytes_again(built: Path) -> None:
    before = built.read_bytes()
    built.write_text("{}")
    notebooks.build(built.with_suffix(".py"), built)
    assert built.read_bytes() == before


def test_equal_cells_have_ids_of_their_own(built: Path) -> None:
    ids = [cell.id for cell in read(built).cells]
    assert len(set(ids)) == len(ids)


def test_a_cell_that_raises_leaves_the_page_as_it_was(tmp_path: Path) -> None:
    source, page = tmp_path / "00_page.py", tmp_path / "00_page.ipynb"
    source.write_text("# %%\n1 / 0\n")
    page.write_text("as it was")
    (problem,) = notebooks.build(source, page)
    assert "ZeroDivisionError" in problem
    assert page.read_text() == "as it was"


def test_views_of_widgets_are_not_kept() -> None:
    view = {"data": {notebooks.WIDGET: {"model_id": "1"}, "text/plain": "IntSlider()"}}
    assert list(notebooks.merged([new_output("display_data", **view)])) == []


# --- the checks can fail ----------------------------------------------------------


def page_with(*outputs: NotebookNode, tags: tuple[str, ...] = ()) -> NotebookNode:
    code = new_code_cell("1", outputs=list(outputs), execution_count=1)
    code.metadata["tags"] = list(tags)
    figure = new_code_cell("2", execution_count=2, outputs=[result("2")])
    figure.metadata["tags"] = ["nbval-check-output"]
    return new_notebook(cells=[code, figure])


def result(text: str = "", **data: str) -> NotebookNode:
    return new_output("display_data", data={"text/plain": text, **data})


def stream(text: str, name: str = "stdout") -> NotebookNode:
    return new_output("stream", text=text, name=name)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (stream("saved in /home/ada/run\n"), "absolute path"),
        (stream("saved in C:\\Users\\ada\n"), "absolute path"),
        (result("/tmp/x/y.npz"), "absolute path"),
        (result("", **{"text/html": "<b>/Users/ada/x</b>"}), "absolute path"),
        (stream(str(Path.home() / "x")), "folder of this machine"),
        (result("<Value object at 0x7f3a5c1d2e30>"), "address of an object"),
        (stream("x.py:1: UserWarning: careful\n"), "a warning"),
        (stream("100%", name="stderr"), "stderr"),
        (new_output("error", ename="KeyError", evalue="", traceback=[]), "KeyError"),
        (result("", **{notebooks.WIDGET: "{}"}), "widget view"),
        (result("", **{"text/html": PICTURE.format("")}), "no alt text"),
        (result("", **{"text/html": "<img src='x.png'>"}), "no alt text"),
        (result("", **{"image/png": "aGVsbG8="}), "bare picture"),
    ],
)
def test_an_unclean_output_is_named(output: NotebookNode, said: str) -> None:
    problems = output_problems(page_with(output), "09_page")
    assert any(said in line and "09_page, cell 1" in line for line in problems)


def test_this_machines_name_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "lab-17")
    problems = output_problems(page_with(stream("run on lab-17\n")), "09_page")
    assert "machine's name" in problems[0]


def test_clean_outputs_pass() -> None:
    outputs = [
        stream("loss 3.366 at step 1/1000, and/or 2 m/s\n"),
        result("x", **{"text/html": PICTURE.format("The loss falls.")}),
    ]
    assert output_problems(page_with(*outputs), "09_page") == []


def test_markdown_pictures_need_alt_text() -> None:
    nb = page_with()
    nb.cells.append(new_markdown_cell("![](loop.png)"))
    assert output_problems(nb, "09_page") == [
        "09_page, cell 3: a picture has no alt text."
    ]


def test_a_compared_cell_shows_text_and_no_picture() -> None:
    picture = result("x", **{"text/html": PICTURE.format("A line.")})
    said = output_problems(page_with(picture, tags=("nbval-check-output",)), "x")
    assert "shows a picture" in said[0]
    said = output_problems(page_with(tags=("nbval-check-output",)), "x")
    assert "shows nothing" in said[0]


def test_unexecuted_cells_stored_state_and_missing_comparison_are_found() -> None:
    nb = new_notebook(cells=[new_code_cell("1")], metadata={"widgets": {}})
    said = " ".join(output_problems(nb, "x"))
    assert "widget state" in said
    assert "execution counts" in said
    assert "no cell is tagged" in said


def test_an_edited_page_differs_from_its_source(built: Path) -> None:
    source = notebooks.read_source(built.with_suffix(".py"))
    assert source_problems(source, read(built), "00_page") == []
    edited = read(built)
    edited.cells[2].source = "1 + 2"
    assert "cell 3" in source_problems(source, edited, "00_page")[0]
    edited.cells.pop()
    assert "3 built" in source_problems(source, edited, "00_page")[0]


# --- nbval compares what we think it compares ---------------------------------------


def nbval(page: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(page.parent), page.name]
    return subprocess.run(command, cwd=page.parent, capture_output=True, text=True)


def test_nbval_passes_the_page_and_fails_a_tampered_figure(built: Path) -> None:
    done = nbval(built)
    assert done.returncode == 0, done.stdout
    tampered = read(built)
    tampered.cells[2].outputs[0].data["text/plain"] = "3"
    page = built.with_name("tampered.ipynb")
    nbformat.write(tampered, page)
    done = nbval(page)
    assert done.returncode == 1
    assert "1 failed, 2 passed" in done.stdout
