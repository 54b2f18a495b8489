"""The command course progress: show, export, import."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path

import pytest

from course_lib.app import progress_commands
from course_lib.exercises import journal
from tests.app.invoke import run
from tests.exercises.saved_answers import fill, smuggle

pytestmark = pytest.mark.usefixtures("home")
UNIX = pytest.mark.skipif(os.name == "nt", reason="files of Unix")


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
        lines = out.splitlines()
        assert (code, lines[0]) == (0, f"{count} checked answers added from {file}.")
        assert len(lines) == (2 if count else 1)
    assert not list(tmp_path.rglob(".*"))
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
        file.truncate(journal.MAX_BYTES + 1)
    made["line"] = tmp_path / "line"
    made["line"].write_bytes(b"x" * 10**7)
    made["junk"] = tmp_path / "junk"
    made["junk"].write_bytes(b"x\n" * (journal.MAX_ENTRIES + 1))
    made["newer"] = tmp_path / "newer"
    made["newer"].write_bytes(b'{"format": 3, "exercise": "a"}\n')
    if hasattr(os, "mkfifo"):
        made["pipe"] = tmp_path / "pipe"
        os.mkfifo(made["pipe"])
        made["endless"] = Path("/dev/zero")
    return made


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "No such file"),
        ("empty", "no entry found in it"),
        ("binary", "no entry found in it"),
        ("json", "not an entry of a progress journal|no entry found"),
        ("folder", "not a regular file"),
        ("large", "at most 10,000,000 bytes"),
        ("line", "no entry found in it"),
        ("junk", "and 20,000 lines"),
        ("newer", "made by a newer course: update"),
        pytest.param("pipe", "not a regular file", marks=UNIX),
        pytest.param("endless", "not a regular file", marks=UNIX),
    ],
)
def test_a_bad_file_is_refused_in_one_line_and_nothing_changes(
    kind: str, said: str, tmp_path: Path
) -> None:
    fill(2)
    before = journal.journal_path().read_bytes()
    code, out, err = run(progress_commands.progress, "import", files(tmp_path)[kind])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("course: ")
    assert re.search(said, err)
    assert journal.journal_path().read_bytes() == before


def test_export_into_nowhere_is_refused(tmp_path: Path) -> None:
    fill(1)
    for place in (tmp_path / "no" / "folder", tmp_path):
        code, out, err = run(progress_commands.progress, "export", place)
        assert (code, out, err.count("\n")) == (2, "", 1)
    assert not list(tmp_path.rglob(".*"))


def backup(file: Path) -> bytes:
    """Export, and return what was written."""
    code, _, err = run(progress_commands.progress, "export", file)
    assert (code, err) == (0, "")
    return file.read_bytes()


def test_export_never_replaces_what_holds_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(3)
    file = tmp_path / "mine.jsonl"
    before = backup(file)
    monkeypatch.setenv("COURSE_LIB_HOME", str(tmp_path / "elsewhere"))
    for answers, said in ((0, "nothing to write"), (4, "3 answers that are not in")):
        fill(answers)
        code, out, err = run(progress_commands.progress, "export", file)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
        assert file.read_bytes() == before
    assert run(progress_commands.progress, "import", file)[0] == 0
    assert backup(file).count(b"\n") == 7
    fill(1)
    assert backup(file).count(b"\n") == 8


def test_export_writes_no_file_where_nothing_was_checked(tmp_path: Path) -> None:
    assert run(progress_commands.progress, "export", tmp_path / "mine")[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_export_keeps_what_a_newer_course_wrote(tmp_path: Path) -> None:
    fill(1)
    newer = b'{"format": 3, "something": "else"}\n'
    with open(journal.journal_path(), "ab") as file:
        file.write(newer)
    assert backup(tmp_path / "mine").endswith(newer)
    journal.journal_path().write_bytes(b"")
    fill(1)
    code, _, err = run(progress_commands.progress, "export", tmp_path / "mine")
    assert code == 2
    assert "2 answers that are not in your progress" in err


def test_export_replaces_nothing_that_is_no_progress_file(tmp_path: Path) -> None:
    fill(1)
    for content in (b"my own notes\n", b"x" * (journal.MAX_BYTES + 1)):
        (tmp_path / "notes").write_bytes(content)
        code, _, err = run(progress_commands.progress, "export", tmp_path / "notes")
        assert (code, err.count("\n")) == (2, 1)
        assert "exists and is no progress file: give another name" in err
        assert (tmp_path / "notes").read_bytes() == content


@UNIX
def test_export_neither_follows_nor_replaces_links_and_pipes(tmp_path: Path) -> None:
    fill(1)
    (tmp_path / "target").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (
        ("link", "link"),
        ("loop", "link"),
        ("pipe", "device or a pipe"),
    ):
        before = os.lstat(tmp_path / name)
        code, _, err = run(progress_commands.progress, "export", tmp_path / name)
        assert (code, err.count("\n")) == (2, 1)
        assert kind in err
        assert os.lstat(tmp_path / name) == before
    assert (tmp_path / "target").read_bytes() == b""


def test_export_leaves_a_file_called_part_alone(tmp_path: Path) -> None:
    fill(1)
    (tmp_path / "mine.part").write_text("my own")
    backup(tmp_path / "mine")
    assert (tmp_path / "mine.part").read_text() == "my own"


@UNIX
def test_an_export_is_read_by_no_more_people_than_the_journal(tmp_path: Path) -> None:
    fill(1)
    before = os.umask(0)
    try:
        backup(tmp_path / "mine")
    finally:
        os.umask(before)
    mode = stat.S_IMODE(os.stat(tmp_path / "mine").st_mode)
    assert mode & ~stat.S_IMODE(os.stat(journal.journal_path()).st_mode) == 0


@pytest.mark.parametrize(("error", "code"), [(errno.ENOSPC, 1), (errno.EACCES, 2)])
def test_a_disk_that_fails_is_told_from_a_request(
    error: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(1)

    def broken(descriptor: int) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", broken)
    done, out, err = run(progress_commands.progress, "export", tmp_path / "mine")
    assert (done, out, err.count("\n")) == (code, "", 1)
    assert not (tmp_path / "mine").exists()
    assert not list(tmp_path.glob(".*"))


def test_import_says_what_it_will_run(tmp_path: Path) -> None:
    fill(4)
    backup(tmp_path / "mine")
    journal.journal_path().unlink()
    _, out, _ = run(progress_commands.progress, "import", tmp_path / "mine")
    line = out.splitlines()[1]
    assert line.startswith("Marked correct there: loss.mse1. They are code. ")
    assert "checked again in a second Python" in line
    assert "only if it passes" in line


def test_import_takes_a_byte_order_mark(tmp_path: Path) -> None:
    fill(2)
    data = backup(tmp_path / "mine")
    (tmp_path / "mine").write_bytes(b"\xef\xbb\xbf" + data)
    journal.journal_path().unlink()
    _, out, _ = run(progress_commands.progress, "import", tmp_path / "mine")
    assert out.startswith("2 checked answers added")


def damage() -> bytes:
    """Fill a journal with whole, damaged and newer lines; return its bytes."""
    fill(2)
    with open(journal.journal_path(), "ab") as file:
        file.write(b'{"format": 1, "exer\nrubbish\n{"format": 3, "a": 1}\n')
    fill(1)
    return journal.journal_path().read_bytes()


def copies(path: Path) -> list[Path]:
    return [file for file in path.parent.iterdir() if file != path]


def test_repair_drops_damaged_lines_and_keeps_a_copy() -> None:
    before, path = damage(), journal.journal_path()
    assert "`course progress repair`" in run(progress_commands.progress, "show")[1]
    code, out, _ = run(progress_commands.progress, "repair")
    (copy,) = copies(path)
    assert code == 0
    assert out.splitlines() == [
        "progress.jsonl, line 3: skipped, it is not complete.",
        "progress.jsonl, line 4: skipped, it is not an entry of a progress journal.",
        f"Your journal is whole again. As it was, it is kept in {copy}",
    ]
    assert copy.read_bytes() == before
    known, damaged = journal.entries()
    assert len(known) == 3
    assert damaged == [
        "progress.jsonl, line 4: skipped, it was made by a newer course: update this "
        "one."
    ]
    code, out, _ = run(progress_commands.progress, "repair")
    assert out == "Nothing to repair: no line of your journal is damaged.\n"
    assert copies(path) == [copy]
    assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IMODE(path.stat().st_mode)


def test_reset_starts_over_and_says_where_the_answers_are() -> None:
    code, out, _ = run(progress_commands.progress, "reset")
    assert (code, out) == (0, "Nothing to reset: no answer has been checked yet.\n")
    known, path = fill(3), journal.journal_path()
    for number in (1, 2):  # two in one second have two names
        code, out, _ = run(progress_commands.progress, "reset")
        assert code == 0
        assert "3 checked answers kept in " in out
        assert journal.entries() == ([], [])
        assert len(copies(path)) == number
        for copy in copies(path):
            assert journal.parse(copy.read_bytes(), "")[0] == known
        run(progress_commands.progress, "import", copies(path)[0])
        assert journal.entries()[0] == known


@pytest.mark.parametrize(
    ("command", "broken"), [("repair", "fsync"), ("reset", "fsync"), ("reset", "open")]
)
def test_a_full_disk_repairs_and_resets_nothing(
    command: str, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = damage(), getattr(os, broken)

    def full(*arguments: object) -> object:
        if broken == "open" and arguments[0] == journal.journal_path():
            return real(*arguments)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    code, out, err = run(progress_commands.progress, command)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert journal.journal_path().read_bytes() == before
    assert copies(journal.journal_path()) == []


def test_show_escapes_and_skips_what_was_smuggled_in() -> None:
    fill(1)
    smuggle(name="\x1b[2J")
    smuggle(exercise="loss.\ud800")
    code, out, _ = run(progress_commands.progress, "show")
    assert code == 0
    assert "\x1b" not in out
    assert r"line 2: skipped, its name holds '\x1b'" in out
    assert r"line 3: skipped, its exercise holds '\ud800'" in out
    assert "mse0" in out


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
