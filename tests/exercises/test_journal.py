"""Nothing a learner writes is lost: the journal, carrying it, fresh notebooks."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from course_lib.app import progress_commands, reset
from course_lib.exercises import journal
from tools import notebooks


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("COURSE_LIB_HOME", str(folder))
    return folder


def run(command: click.Command, *arguments: object) -> tuple[int, str, str]:
    """Run a command; return its exit code, stdout and stderr."""
    runner = CliRunner()
    texts = [str(argument) for argument in arguments]
    done = runner.invoke(command, texts, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.stdout, done.stderr


def fill(count: int = 3) -> list[journal.Entry]:
    for number in range(count):
        outcome = "correct" if number % 2 else "incorrect"
        source = f"def f(x):\n    return {number}  # «ü»\n"
        assert journal.record(f"loss.mse{number % 2}", outcome, source, "f") is None
    return journal.entries()[0]


# --- the journal --------------------------------------------------------------------


def test_a_journal_that_is_not_there_is_empty() -> None:
    assert journal.entries() == ([], [])
    assert journal.latest_correct("loss.mse") is None
    assert repr(journal.card()) in (
        "No exercise has been checked yet.", journal.table([])
    )  # fmt: skip


def test_entries_come_back_as_they_were_written() -> None:
    known = fill(3)
    assert [e.outcome for e in known] == ["incorrect", "correct", "incorrect"]
    assert known[1].source == "def f(x):\n    return 1  # «ü»\n"
    assert known[1].time.endswith("Z")
    assert journal.latest_correct("loss.mse1") == known[1]
    assert journal.latest_correct("loss.mse0") is None


def test_the_home_folder_is_the_systems_unless_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert journal.journal().parent == Path(os.environ["COURSE_LIB_HOME"])
    monkeypatch.delenv("COURSE_LIB_HOME")
    assert "course_lib" in str(journal.home())


def test_every_cut_and_every_flipped_bit_is_named_and_loses_one_entry() -> None:
    fill(2)
    whole = journal.journal().read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole) - 1, 7):
        known, damaged = journal.parse(whole[:cut], "j")
        assert len(known) == 1
        assert len(damaged) == (cut > first)
        assert all(line.startswith("j, line 2: skipped, ") for line in damaged)
    for place in range(0, first - 1, 3):
        flipped = bytearray(whole)
        flipped[place] ^= 4
        known, damaged = journal.parse(bytes(flipped), "j")
        assert len(known) == 1
        assert damaged


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"[]", b"3", b"null", b"\xff\xfe", b'{"format": 1}', b"[" * 100_000,
        b'{"format": 2, "exercise": "a", "outcome": "correct"}', b"x" * 10**6,
    ],
)  # fmt: skip
def test_damaged_lines_are_skipped_and_named(line: bytes) -> None:
    fill(2)
    with open(journal.journal(), "ab") as file:
        file.write(line + b"\n")
    fill(1)
    known, damaged = journal.entries()
    assert len(known) == 3
    assert len(damaged) == 1
    assert damaged[0].startswith("progress.jsonl, line 3: skipped, ")


def test_a_line_torn_by_a_crash_costs_only_itself() -> None:
    fill(2)
    path = journal.journal()
    path.write_bytes(path.read_bytes()[:-20])
    fill(1)
    known, damaged = journal.entries()
    assert len(known) == 2
    assert len(damaged) == 1


WRITER = """
import sys
from course_lib.exercises import journal
for number in range(int(sys.argv[2])):
    problem = journal.record(f"loss.w{sys.argv[1]}", "correct", f"x = {number}", "x")
    assert problem is None, problem
    print(number, flush=True)
"""


def writer(number: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(number), str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_kernels_that_write_at_once_lose_nothing() -> None:
    writers = [writer(number, 25) for number in range(4)]
    assert [process.wait() for process in writers] == [0] * 4
    for process in writers:
        process.communicate()
    known, damaged = journal.entries()
    assert damaged == []
    assert len(known) == 100
    print("4 kernels, 100 answers, none lost")


def test_a_killed_kernel_loses_no_earlier_answer() -> None:
    kills = 12
    for number in range(kills):
        process = writer(number, 10_000)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.001 * number)
        process.kill()
        said = process.communicate()[0].split()
        last = int(said[-1]) if said else 0
        known, damaged = journal.entries()
        mine = [e for e in known if e.exercise == f"loss.w{number}"]
        assert len(mine) >= last + 1, "an answer that was saved is gone"
        assert len(damaged) <= number + 1
    print(f"{kills} kernels killed, no earlier answer lost")


# --- where nothing can be written ----------------------------------------------------


def test_a_full_disk_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(1)
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[: len(data) // 2])

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for broken in (half, full):
        monkeypatch.setattr(os, "write", broken)
        said = journal.record("loss.mse", "correct", "x", "x")
        assert said is not None
        assert said.startswith("Progress is not being saved (")
        assert "\n" not in said
    monkeypatch.setattr(os, "write", write)
    fill(1)
    assert len(journal.entries()[0]) == 2


def test_a_folder_that_cannot_be_made_is_said(home: Path) -> None:
    home.write_text("a file where the folder should be")
    said = journal.record("loss.mse", "correct", "x", "x")
    assert said is not None
    assert "not being saved" in said
    assert journal.latest_correct("loss.mse") is None
    assert "cannot be read" in repr(journal.card()) or journal.card().known == []


def test_a_very_long_answer_is_not_kept_and_that_is_said() -> None:
    said = journal.record("loss.mse", "correct", "x" * 10**6, "x")
    assert said is not None
    assert "longer than" in said


# --- carrying it elsewhere ------------------------------------------------------------


def test_export_and_import_carry_everything_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = fill(5)
    file = tmp_path / "mine.jsonl"
    code, out, _ = run(progress_commands.progress, "export", file)
    assert (code, out) == (0, f"5 checked answers written to {file}.\n")
    monkeypatch.setenv("COURSE_LIB_HOME", str(tmp_path / "elsewhere"))
    fill(1)
    for count in (5, 0):
        code, out, _ = run(progress_commands.progress, "import", file)
        assert (code, out) == (
            0, f"{count} checked answers added from {file}.\n"
        )  # fmt: skip
    assert {e.line() for e in known} < {e.line() for e in journal.entries()[0]}
    assert len(journal.entries()[0]) == 6


def test_import_names_damaged_lines_and_takes_the_rest(tmp_path: Path) -> None:
    fill(3)
    file = tmp_path / "mine.jsonl"
    lines = journal.export_bytes().splitlines()
    file.write_bytes(b"\n".join([lines[0], lines[1][:-9], lines[2]]))
    journal.journal().unlink()
    code, out, _ = run(progress_commands.progress, "import", file)
    assert code == 0
    assert "mine.jsonl, line 2: skipped, it is not complete." in out
    assert "2 checked answers added" in out


def files(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("missing", "empty", "binary", "json")}
    made["empty"].write_bytes(b"")
    made["binary"].write_bytes(bytes(range(256)) * 100)
    made["json"].write_text(json.dumps({"cells": []}))
    made["folder"] = tmp_path
    made["large"] = tmp_path / "large"
    with open(made["large"], "wb") as file:
        file.truncate(journal.MOST_FILE + 1)
    made["line"] = tmp_path / "line"
    made["line"].write_bytes(b"x" * 10**7)
    return made


@pytest.mark.parametrize(
    "kind", ["missing", "empty", "binary", "json", "folder", "large", "line"]
)
def test_a_bad_file_is_refused_in_one_line_and_nothing_changes(
    kind: str, tmp_path: Path
) -> None:
    fill(2)
    before = journal.journal().read_bytes()
    code, out, err = run(progress_commands.progress, "import", files(tmp_path)[kind])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("course: ")
    assert journal.journal().read_bytes() == before


def test_export_into_nowhere_is_refused(tmp_path: Path) -> None:
    fill(1)
    for place in (tmp_path / "no" / "folder", tmp_path):
        code, out, err = run(progress_commands.progress, "export", place)
        assert (code, out, err.count("\n")) == (2, "", 1)
    assert not list(tmp_path.rglob("*.part"))


def test_show_lists_every_exercise_and_where_it_is_kept() -> None:
    journal.record("autograd.own_value", "incorrect", "x", "x")
    journal.record("autograd.own_value", "correct", "x", "x")
    journal.record("later.unknown", "error", "x", "x")
    for arguments in ((), ("show",)):
        code, out, _ = run(progress_commands.progress, *arguments)
        assert code == 0
        assert "✓ own_value" in out
        assert "2 checked" in out
        assert "○ local_derivatives" in out
        assert "◐ unknown" in out
        assert str(journal.journal()) in out


def test_the_command_has_both(capsys: pytest.CaptureFixture[str]) -> None:
    from course_lib.app.cli import main

    assert main(["progress"]) == 0
    assert "○ own_value" in capsys.readouterr().out
    assert main(["progress", "import", "missing.jsonl"]) == 2
    assert main(["reset", "missing"]) == 2
    assert capsys.readouterr().err.count("course: ") == 2


def test_the_card_shows_marks_and_words() -> None:
    journal.record("autograd.own_value", "correct", "x", "x")
    shown = journal.card()._repr_mimebundle_()
    assert "own_value" in shown["text/plain"]
    assert "solved" in shown["text/html"]
    assert "✓" in shown["text/html"]


# --- a fresh notebook ----------------------------------------------------------------

SOURCES = sorted(notebooks.SOURCES.glob("[0-9][0-9]_*.py"))
NOW = datetime(2026, 11, 20, 10, 30, 0)
PERCENT = '''\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # A page
#
# Text with  two spaces and # signs.

# %% tags=["setup"]
import math


def f(x):
    """Say.

    # not a heading
    """
    return x

# %%
# only a comment

# %%
1 + 1

# %%
1 + 1
'''


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_our_reading_of_a_source_is_jupytexts(source: Path) -> None:
    same_notebook(source)


def test_our_reading_of_an_odd_source_is_jupytexts(tmp_path: Path) -> None:
    (tmp_path / "00_page.py").write_text(PERCENT)
    same_notebook(tmp_path / "00_page.py")


def same_notebook(source: Path) -> None:
    theirs = notebooks.read_source(source)
    ours: Any = reset.from_source(source.read_text(encoding="utf-8"))
    assert ours["metadata"] == theirs.metadata
    assert len(ours["cells"]) == len(theirs.cells)
    for one, two in zip(ours["cells"], theirs.cells, strict=True):
        assert one == {**two, "source": one["source"]}
        assert one["source"] == two.source


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course without git, as from a zip file, with a notebook the learner changed."""
    folder = tmp_path / "course" / "notebooks"
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "00_page.py").write_text(PERCENT)
    (folder / "00_page.ipynb").write_text("mine")
    return folder


def test_reset_keeps_the_learners_copy_and_never_overwrites(course: Path) -> None:
    page = course / "00_page.ipynb"
    first = reset.reset(page, NOW)
    assert first == course / "00_page_mine_2026-11-20_103000.ipynb"
    assert first.read_text() == "mine"
    assert len(json.loads(page.read_text())["cells"]) == 5
    page.write_text("mine again")
    second = reset.reset(page, NOW)
    assert second == course / "00_page_mine_2026-11-20_103000_1.ipynb"
    assert (first.read_text(), second.read_text()) == ("mine", "mine again")
    assert reset.reset(page, NOW) is None, "a fresh page needs no copy"


def test_reset_brings_back_a_deleted_page(course: Path) -> None:
    (course / "00_page.ipynb").unlink()
    assert reset.reset(course / "00_page.ipynb", NOW) is None
    assert (course / "00_page.ipynb").exists()


def test_reset_on_a_full_disk_changes_nothing(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = sorted(course.rglob("*"))
    code, out, err = run(progress_commands.reset, course / "00_page.ipynb")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "No space left" in err
    assert sorted(course.rglob("*")) == before
    assert (course / "00_page.ipynb").read_text() == "mine"


def test_reset_takes_the_outputs_of_the_projects_history(course: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=course, check=True)

    page = course / "00_page.ipynb"
    run_before = reset.from_source(PERCENT)
    run_before["cells"][3] |= {"execution_count": 3, "outputs": [{"text": "2"}]}
    page.write_text(json.dumps(run_before))
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "as given")
    page.write_text("mine")
    assert json.loads(reset.fresh_text(page)) == run_before
    git("commit", "-qam", "a learner's own commit")
    assert json.loads(reset.fresh_text(page)) == reset.from_source(PERCENT)


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


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no signals")
def test_a_kill_during_a_check_loses_no_earlier_answer(tmp_path: Path) -> None:
    fill(3)
    code = (
        "import tests_cell\n"
        "from course_lib.exercises import autograd\n"
        "print('begin', flush=True)\n"
        "autograd.local_derivatives.check(tests_cell.f)\n"
    )
    (tmp_path / "tests_cell.py").write_text("def f(a, b):\n    while True: pass\n")
    started = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert started.stdout is not None
    started.stdout.readline()
    time.sleep(0.5)
    started.kill()
    started.communicate()
    known, damaged = journal.entries()
    assert (len(known), damaged) == (3, [])
