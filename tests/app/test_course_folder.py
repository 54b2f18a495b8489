"""The commands course start and course update: nothing half made, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course_lib.app import course_commands, course_folder, jupyterlab, pages
from course_lib.app.notebook_source import cell_id, read_source
from course_lib.training import folder_lock
from tests.app.invoke import run

SOURCE = """\
# %% [markdown]
# # A page

# %% tags=["setup"]
import math

# %%
def mse(predictions, targets):
    ...


exercise.mse.check(mse)

# %% [markdown]
# The end.
"""
NEWER = SOURCE.replace("targets):", 'targets):\n    """The mean."""').replace(
    "# The end.", "# The very end.\n\n# %%\nprint('new')"
)
PAGE, SOLVED = "notebooks/00_page.ipynb", "notebooks/solutions/00_page.ipynb"
WORDS = "docs/GLOSSARY.md"
posix = pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")


def write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(read_source(source)))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of one page, a solution and a glossary."""
    folder = tmp_path / "package"
    write(folder / PAGE, SOURCE)
    write(folder / SOLVED, SOURCE)
    (folder / "docs").mkdir()
    (folder / WORDS).write_text("Words.")
    monkeypatch.setattr(pages, "source_folder", lambda: folder)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def mine(package: Path) -> Path:
    """A course that was laid out, with an answer; the package is newer by now."""
    folder = Path("mine")
    assert start("mine") == (0, "The course is in mine\n", "")
    answer(folder / PAGE)
    write(package / PAGE, NEWER)
    return folder


def answer(path: Path) -> None:
    notebook = json.loads(path.read_text())
    stub = notebook["cells"][2]
    stub["source"] = stub["source"].replace("...", "return 7")
    stub["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "seven"}]
    path.write_text(json.dumps(notebook))


def start(*arguments: object) -> tuple[int, str, str]:
    return run(course_commands.start, *arguments, "--no-lab")


def update(*arguments: object) -> tuple[int, str, str]:
    return run(course_commands.update, *arguments)


def tree(folder: Path) -> dict[str, Any]:
    """All that is in a folder: the bytes of files, and where links lead."""
    return {
        str(path): os.readlink(path)
        if path.is_symlink()
        else (path.read_bytes() if path.is_file() else None)
        for path in sorted(folder.rglob("*"))
    }


def one_line(done: tuple[int, str, str], said: str) -> None:
    code, out, err = done
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("course: ")
    assert said in err


# --- start --------------------------------------------------------------------------


def test_start_puts_the_course_into_a_new_folder_and_into_an_empty_one(
    package: Path,
) -> None:
    assert start()[0] == 0
    Path("empty").mkdir()
    assert start("empty")[0] == 0
    for folder in (Path("neural-network-course"), Path("empty")):
        for name in (PAGE, SOLVED, WORDS):
            assert (folder / name).read_bytes() == (package / name).read_bytes()
        assert sorted(os.listdir(folder)) == [".course", "docs", "notebooks"]
    assert sorted(os.listdir()) == ["empty", "neural-network-course", "package"]


def test_start_leaves_a_course_as_it_is(mine: Path) -> None:
    before = tree(mine)
    code, out, err = start("mine")
    assert (code, err) == (0, "")
    assert "nothing in it was changed" in out
    assert "`course update`" in out
    assert tree(mine) == before


def test_start_refuses_in_one_line_and_writes_nothing(package: Path) -> None:
    Path("full").mkdir()
    Path("full/thesis.txt").write_text("mine")
    Path("file").write_text("mine")
    os.symlink("nowhere", "link")
    before = tree(Path())
    one_line(start("full"), "full holds something else")
    one_line(start("file"), "file is not a folder")
    one_line(start("link"), "link is not a folder")
    one_line(start("no/such/place"), "cannot write no/such/place")
    one_line(start("x" * 300), "cannot write x")
    assert tree(Path()) == before


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("last", range(8))
def test_a_start_that_was_killed_leaves_no_half_course(
    package: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool, last: int
) -> None:
    """Killed at any file and any move: what is there does not look like a course."""
    calls = iter(range(100))

    def until(real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            if next(calls) >= last:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(*arguments)

        return call

    if is_there:
        Path("mine").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", until(os.replace))
        patch.setattr(os, "rename", until(os.rename))
        patch.setattr(course_folder.shutil, "rmtree", lambda *_, **__: None)
        code, out, err = start("mine")
    if last < (7 if is_there else 5):  # three files, what was given, and the moves
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert not course_folder.holds_course(Path("mine"))
        assert is_there or not Path("mine").exists()
    else:
        assert code == 0
        assert start("mine")[0] == 0


def test_a_start_that_fails_takes_away_what_it_made(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = tree(Path())
    monkeypatch.setattr(os, "fsync", full)
    assert start("mine") == (
        *(1, "", "course: cannot write mine: No space left on device\n"),
    )
    assert tree(Path()) == before


KILLED = """
import os, sys, time
from pathlib import Path
from course_lib.app import course_folder, pages
pages.source_folder = lambda: Path(sys.argv[1])
real, calls = course_folder.replace_file, iter(range(100))
def until(*arguments):
    if next(calls) == 2:
        print("within", flush=True)
        time.sleep(60)
    real(*arguments)
course_folder.replace_file = until
course_folder.lay_out(Path(sys.argv[2]))
"""


def hidden_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".course-")]


@pytest.mark.parametrize("is_there", [False, True])
def test_the_next_start_removes_what_a_killed_one_left_and_no_living_one(
    package: Path, is_there: bool
) -> None:
    if is_there:
        Path("mine").mkdir()
    place = Path("mine") if is_there else Path()
    command = [sys.executable, "-c", KILLED, str(package), "mine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "within\n"
            [hidden] = hidden_in(place)
            before = tree(hidden)
            if is_there:
                one_line(start("mine"), "mine holds something else")
            else:
                assert start("other")[0] == 0
            assert tree(hidden) == before, "it lives"
        finally:
            process.kill()
    assert tree(hidden) == before
    assert start("mine")[0] == 0
    assert hidden_in(place) == []
    assert hidden_in(Path("mine")) == []


def test_a_start_removes_nothing_else(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = ".course-0123456789abcde"
    for number, files in enumerate(
        (["thesis.txt"], ["start.lock", "thesis.txt"], ["course/thesis.txt"])
    ):
        for file in files:
            path = Path(f"{name}{number}") / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
    Path(f"{name}7").write_text("of a file that was being written")
    Path(".course-mine").mkdir()
    Path("elsewhere/course").mkdir(parents=True)
    Path("elsewhere/start.lock").write_text("")
    if os.name != "nt":
        Path(f"{name}8").symlink_to("elsewhere")
        Path(f"{name}6").mkdir()
        os.mkfifo(f"{name}6/start.lock")
    before = tree(Path())
    assert start("mine")[0] == 0
    shutil.rmtree("mine")
    assert tree(Path()) == before
    left = Path(f"{name}9/course")
    left.mkdir(parents=True)
    (left.parent / "start.lock").write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(folder_lock, "try_lock", lambda _: True)
        assert start("mine")[0] == 0
        assert left.is_dir(), "this file system has no locks: nobody knows"
    Path(f"{name}5").mkdir()
    assert start("other")[0] == 0
    assert not left.parent.exists()
    assert not Path(f"{name}5").exists(), "empty: killed at once"


def test_start_without_pages_says_so(package: Path) -> None:
    (package / PAGE).unlink()
    one_line(start("mine"), "has no pages")


def test_start_opens_jupyterlab_on_the_first_page(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def open_lab(*arguments: object) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(jupyterlab, "open_lab", open_lab)
    monkeypatch.setattr(course_commands, "FIRST_PAGE", PAGE)
    assert run(course_commands.start, "mine", "--no-browser")[0] == 0
    [(_, root, page, variables, more)] = calls
    assert (root, page, more) == (Path("mine").resolve(), PAGE, ["--no-browser"])
    assert "COURSE_LIB_HOME" in variables


def test_kernels_share_arenas_of_memory_unless_told_otherwise(tmp_path: Path) -> None:
    assert jupyterlab._variables({}, tmp_path)["MALLOC_ARENA_MAX"] == "2"
    told = jupyterlab._variables({"MALLOC_ARENA_MAX": "8"}, tmp_path)
    assert told["MALLOC_ARENA_MAX"] == "8"


# --- update -------------------------------------------------------------------------


def test_update_brings_what_is_new_and_keeps_the_answer(mine: Path) -> None:
    before = (mine / PAGE).read_bytes()
    code, out, err = update("mine")
    assert (code, err) == (0, "")
    assert f"{PAGE}: 1 new cell, 1 renewed, 1 quoted below yours; as it was: " in out
    cells = json.loads((mine / PAGE).read_text())["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    assert "return 7" in texts[2]
    assert "".join(cells[2]["outputs"][0]["text"]) == "seven"
    assert cells[1]["metadata"] == {"tags": ["setup"]}
    assert '"""The mean."""' in texts[3]
    assert cells[3]["cell_type"] == "markdown"
    assert texts[4:] == ["The very end.", "print('new')"]
    [copy] = mine.glob("notebooks/*_before_update_*")
    assert copy.read_bytes() == before
    after = tree(mine)
    assert update("mine") == (0, f"Nothing to update in {mine.resolve()}\n", "")
    assert tree(mine) == after


def test_update_finds_the_folder(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine.rename("neural-network-course")
    for place in (".", "neural-network-course", "notebooks"):
        monkeypatch.chdir(place)
        assert "neural-network-course" in update()[1].splitlines()[-1]


def test_update_without_what_was_given_goes_by_the_ids(mine: Path) -> None:
    """As after a git pull, or with the hidden folder lost or damaged."""
    for damage in ("", "{", "[]", '{"pages": {"a": 1}, "files": {}}', "\x00", '"a"'):
        (mine / course_folder.GIVEN).write_text(damage)
        code, out, _ = update("mine")
        assert code == 0
        texts = (mine / PAGE).read_text()
        assert texts.count("return 7") == 1
        assert texts.count("print('new')") == 1
        assert (PAGE in out) == (damage == ""), "done once is done"


def test_a_page_that_nobody_touched_is_replaced_without_a_copy(
    mine: Path, package: Path
) -> None:
    write(mine / PAGE, SOURCE)
    write(package / SOLVED, NEWER)
    (mine / WORDS).write_text("Words and my notes.")
    (package / WORDS).write_text("More words.")
    code, out, _ = update("mine")
    assert code == 0
    assert f"{PAGE}: renewed\n{SOLVED}: renewed\n{WORDS}: renewed; as it was: " in out
    for name in (PAGE, SOLVED, WORDS):
        assert (mine / name).read_bytes() == (package / name).read_bytes()
    [copy] = mine.rglob("*_before_update_*")
    assert copy.read_text() == "Words and my notes."


def test_a_file_that_is_missing_comes_back(mine: Path) -> None:
    (mine / PAGE).unlink()
    (mine / SOLVED).unlink()
    (mine / "notebooks/01_own.ipynb").write_text("mine")
    assert not course_folder.holds_course(mine), "a course has a page"
    write(mine / PAGE, SOURCE)
    assert f"{SOLVED}: new" in update("mine")[1]
    assert (mine / "notebooks/01_own.ipynb").read_text() == "mine"


def as_format(minor: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        notebook = json.loads(path.read_text()) | {"nbformat_minor": minor}
        for cell in notebook["cells"] if minor < 5 else []:
            del cell["id"]
        path.write_text(json.dumps(notebook))

    return change


def test_a_page_of_nbformat_4_4_is_merged(mine: Path) -> None:
    as_format(4)(mine / PAGE)
    assert update("mine")[0] == 0
    notebook = json.loads((mine / PAGE).read_text())
    texts = ["".join(cell["source"]) for cell in notebook["cells"]]
    assert notebook["nbformat_minor"] == 5
    assert "return 7" in texts[2]
    assert "The very end." in texts
    assert not any("..." in text for text in texts[3:] if "```" not in text)


def test_a_page_with_copied_cells_is_merged(mine: Path) -> None:
    notebook = json.loads((mine / PAGE).read_text())
    notebook["cells"].insert(3, notebook["cells"][2])
    (mine / PAGE).write_text(json.dumps(notebook))
    assert update("mine")[0] == 0
    cells = json.loads((mine / PAGE).read_text())["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert sum("return 7" in "".join(cell["source"]) for cell in cells) == 2


def test_half_a_character_in_an_output_is_kept(mine: Path) -> None:
    text = (mine / PAGE).read_text().replace("seven", "seven \\ud800")
    (mine / PAGE).write_text(text)
    assert update("mine")[0] == 0
    assert "\\ud800" in (mine / PAGE).read_text()


def other(path: Path) -> None:
    write(path, "# %%\nmine = 1\n")


def edited(**changes: object) -> Callable[[Path], None]:
    return lambda path: path.write_text(
        json.dumps(json.loads(path.read_text()) | changes)
    )


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_text('{"cells": ['), "is damaged: it is not JSON"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is damaged: it is not JSON"),
        (lambda path: path.write_text(""), "is damaged: it is not JSON"),
        (lambda path: path.write_text("[" * 10**5), "nested too deeply"),
        (lambda path: path.write_text("[1, 2]"), "is not a notebook"),
        (lambda path: path.write_text("{}"), "is not a notebook"),
        (lambda path: path.write_text("9" * 5000), "left as it was"),
        (edited(nbformat=3), "is of nbformat 3"),
        (edited(nbformat_minor=6), "is of nbformat 4.6"),
        (edited(nbformat_minor="x\n\x1b[2J"), "is of nbformat 4."),
        (edited(cells=7), "its cells are damaged"),
        (edited(cells=[7]), "its cells are damaged"),
        (edited(cells=[{"cell_type": "code", "source": [7]}]), "cells are damaged"),
        (edited(cells=[{"cell_type": "code", "source": ""}]), "not a valid notebook"),
        (edited(metadata=7), "not a valid notebook"),
        (edited(cells=[]), "no cell of it is the course's"),
        (other, "no cell of it is the course's"),
    ],
)
def test_a_page_that_cannot_be_merged_is_named_and_left(
    mine: Path, package: Path, damage: Callable[[Path], None], said: str
) -> None:
    (package / WORDS).write_text("More words.")
    damage(mine / PAGE)
    before = (mine / PAGE).read_bytes()
    code, out, err = update("mine")
    assert (code, err.count("\n")) == (2, 1)
    assert f"{PAGE} is left as it was: " in err
    assert said in err
    assert "\x1b" not in err
    assert (mine / PAGE).read_bytes() == before
    assert not [*mine.glob("notebooks/*_before_update_*")]
    assert f"{WORDS}: renewed" in out, "the rest is brought up to date"
    write(mine / PAGE, SOURCE)
    answer(mine / PAGE)
    assert "quoted below yours" in update("mine")[1], "and the page when it is whole"


def test_a_page_that_is_too_large_is_named_and_left(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(mine)
    (mine / course_folder.GIVEN).unlink()
    most = (mine / PAGE).stat().st_size - 1
    monkeypatch.setattr(course_folder, "MOST_BYTES", most)
    code, _, err = update("mine")
    assert (code, err.count("\n")) == (2, 1)
    assert f"too large: expected at most {most:,} bytes" in err
    assert (mine / PAGE).read_bytes() == before[str(mine / PAGE)]


@posix
def test_links_and_pipes_are_named_and_what_they_lead_to_is_left(
    mine: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs.ipynb"
    (mine / PAGE).rename(theirs)
    before = theirs.read_bytes()
    (mine / PAGE).symlink_to(theirs)
    code, _, err = update("mine")
    assert (code, err.count("\n"), "symbolic link" in err) == (2, 1, True)
    assert theirs.read_bytes() == before
    (mine / PAGE).unlink()
    theirs.rename(mine / PAGE)
    (mine / WORDS).unlink()
    os.mkfifo(mine / WORDS)
    code, _, err = update("mine")
    assert (code, err.count("\n"), "a device or a pipe" in err) == (2, 1, True)


@posix
def test_a_folder_that_leads_elsewhere_is_refused(mine: Path, tmp_path: Path) -> None:
    (mine / "docs").rename(tmp_path / "elsewhere")
    (mine / "docs").symlink_to(tmp_path / "elsewhere")
    before = tree(mine)
    one_line(update("mine"), "docs is not a folder")
    assert tree(mine) == before


def test_update_of_what_is_no_course_of_a_learners(package: Path) -> None:
    Path("other").mkdir()
    one_line(update("other"), "there is no course in other")
    one_line(update("none"), "there is no course in none")
    one_line(update(), "there is no course in .")
    before = tree(package)
    one_line(update("package"), "`git pull`")
    assert tree(package) == before


@pytest.mark.parametrize("last", [0, 1])
def test_an_update_on_a_full_disk_loses_nothing_and_goes_on(
    mine: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    real, calls = os.fsync, iter(range(100))

    def full(descriptor: int) -> None:
        if next(calls) >= last:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    before = (mine / PAGE).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        code, _, err = update("mine")
    assert (code, err.count("\n"), "No space left" in err) == (1, 1, True)
    assert (mine / PAGE).read_bytes() == before
    assert "quoted below yours" in update("mine")[1]


def test_an_update_that_was_killed_before_its_end_goes_on(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(course_folder.Given, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            update("mine")
    page = (mine / PAGE).read_bytes()
    assert b"return 7" in page
    assert update("mine")[0] == 0
    assert (mine / PAGE).read_bytes() == page


def test_ids_are_those_that_the_build_gives(mine: Path) -> None:
    cells = json.loads((mine / PAGE).read_text())["cells"]
    assert [cell["id"] for cell in cells if cell["cell_type"] == "markdown"] == [
        cell_id("markdown", "# A page"),
        cell_id("markdown", "The end."),
    ]
