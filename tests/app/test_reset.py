"""The command course reset: nothing a learner writes is lost."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from course_lib.app import progress_commands, reset
from course_lib.app.notebook_source import read_source
from tests.app.invoke import run

NOW = datetime(2026, 11, 20, 10, 30, 0)
SOURCE = """\
# %% [markdown]
# # A page

# %% tags=["setup"]
import math

# %%
1 + 1
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course without git, as from a zip file, with a notebook the learner changed."""
    folder = tmp_path / "course" / "notebooks"
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "00_page.py").write_text(SOURCE)
    (folder / "00_page.ipynb").write_text("mine")
    return folder


def fresh(page: Path) -> Path | None:
    return reset.reset(reset.find(str(page)), NOW)


def test_reset_keeps_the_learners_copy_and_never_overwrites(course: Path) -> None:
    page = course / "00_page.ipynb"
    first = fresh(page)
    assert first == course / "00_page_mine_2026-11-20_103000.ipynb"
    assert first.read_text() == "mine"
    assert len(json.loads(page.read_text())["cells"]) == 3
    page.write_text("mine again")
    second = fresh(page)
    assert second == course / "00_page_mine_2026-11-20_103000_1.ipynb"
    assert (first.read_text(), second.read_text()) == ("mine", "mine again")
    assert fresh(page) is None, "a fresh page needs no copy"


def test_reset_brings_back_a_deleted_page(course: Path) -> None:
    (course / "00_page.ipynb").unlink()
    assert fresh(course / "00_page.ipynb") is None
    assert (course / "00_page.ipynb").exists()


def test_reset_on_a_full_disk_changes_nothing(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = sorted(course.rglob("*"))
    code, out, err = run(progress_commands.reset, course / "00_page.ipynb")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "No space left" in err
    assert sorted(course.rglob("*")) == before
    assert (course / "00_page.ipynb").read_text() == "mine"


def test_reset_takes_the_outputs_of_the_projects_history(course: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=course, check=True)

    page = course / "00_page.ipynb"
    run_before = read_source(SOURCE)
    run_before["cells"][2] |= {"execution_count": 3, "outputs": [{"text": "2"}]}
    page.write_text(json.dumps(run_before))
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "as given")
    page.write_text("mine")
    assert json.loads(reset.original_text(reset.find(str(page)))) == run_before
    git("commit", "-qam", "a learner's own commit")
    assert json.loads(reset.original_text(reset.find(str(page)))) == read_source(SOURCE)


def test_reset_touches_the_file_that_was_named_and_no_other(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reset, "COURSE", course)
    moved = tmp_path / "elsewhere" / "00_page.ipynb"
    code, out, err = run(progress_commands.reset, moved)
    assert (code, out, err) == (2, "", f"course: there is no file {moved}\n")
    moved.parent.mkdir()
    moved.write_text("moved")
    monkeypatch.chdir(moved.parent)
    for name in (moved, "./00_page.ipynb", "00_page.ipynb", "00_page"):
        moved.write_text(f"moved {name}")
        code, out, _ = run(progress_commands.reset, name)
        assert code == 0
        assert len(json.loads(moved.read_text())["cells"]) == 3
    kept = {path.read_text() for path in moved.parent.glob("*_mine_*")}
    assert len(kept) == 4
    moved.unlink()
    assert run(progress_commands.reset, "./00_page.ipynb")[0] == 2
    assert (course / "00_page.ipynb").read_text() == "mine"


def test_reset_all_makes_every_notebook_fresh_and_keeps_yours(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (course / "source" / "01_other.py").write_text(SOURCE)
    (course / "source" / "notes.py").write_text("not a page")
    (course / "01_other.ipynb").write_text("mine as well")
    monkeypatch.chdir(course.parent)
    code, out, _ = run(progress_commands.reset, "all")
    assert code == 0
    assert out.count("is fresh.") == out.count("Yours is kept as") == 2
    kept = {path.read_text() for path in course.glob("*_mine_*")}
    assert kept == {"mine", "mine as well"}
    for name in ("00_page", "01_other"):
        assert len(json.loads((course / f"{name}.ipynb").read_text())["cells"]) == 3


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
def test_reset_reads_regular_files_alone_and_leaves_a_file_called_part(
    course: Path,
) -> None:
    page, part = course / "00_page.ipynb", course / "00_page.part"
    part.write_text("my own")
    assert run(progress_commands.reset, page)[0] == 0
    assert part.read_text() == "my own"
    page.unlink()
    os.mkfifo(page)
    code, out, err = run(progress_commands.reset, page)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "not a regular file" in err


def test_reset_finds_a_notebook_by_name(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course.parent)
    for name in ("00_page", "00_page.ipynb", "notebooks/00_page.ipynb"):
        (course / "00_page.ipynb").write_text(f"mine {name}")
        code, out, _ = run(progress_commands.reset, name)
        assert code == 0
        assert "is fresh.\nYours is kept as " in out
    code, _, err = run(progress_commands.reset, "99_nothing")
    assert code == 2
    assert "no notebook of the course is called 99_nothing" in err
