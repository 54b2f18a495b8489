"""The command course progress: show, export, import."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course_lib.app import progress_commands
from course_lib.exercises import journal
from tests.app.invoke import run
from tests.exercises.saved_answers import fill

pytestmark = pytest.mark.usefixtures("home")


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
    journal.journal_path().unlink()
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
        file.truncate(journal.MAX_FILE + 1)
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
    before = journal.journal_path().read_bytes()
    code, out, err = run(progress_commands.progress, "import", files(tmp_path)[kind])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("course: ")
    assert journal.journal_path().read_bytes() == before


def test_export_into_nowhere_is_refused(tmp_path: Path) -> None:
    fill(1)
    for place in (tmp_path / "no" / "folder", tmp_path):
        code, out, err = run(progress_commands.progress, "export", place)
        assert (code, out, err.count("\n")) == (2, "", 1)
    assert not list(tmp_path.rglob("*.part"))


def test_show_lists_every_exercise_and_where_it_is_kept() -> None:
    journal.save_answer("autograd.own_value", "incorrect", "x", "x")
    journal.save_answer("autograd.own_value", "correct", "x", "x")
    journal.save_answer("later.unknown", "error", "x", "x")
    for arguments in ((), ("show",)):
        code, out, _ = run(progress_commands.progress, *arguments)
        assert code == 0
        assert "✓ own_value" in out
        assert "2 checked" in out
        assert "○ local_derivatives" in out
        assert "◐ unknown" in out
        assert str(journal.journal_path()) in out


def test_the_command_has_both(capsys: pytest.CaptureFixture[str]) -> None:
    from course_lib.app.cli import main

    assert main(["progress"]) == 0
    assert "○ own_value" in capsys.readouterr().out
    assert main(["progress", "import", "missing.jsonl"]) == 2
    assert main(["reset", "missing"]) == 2
    assert capsys.readouterr().err.count("course: ") == 2
