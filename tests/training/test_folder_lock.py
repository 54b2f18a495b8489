"""One run at a time in a checkpoint folder, and no lock that a crash leaves behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from course_lib.app import train_command
from course_lib.app.cli import main
from course_lib.training import CheckpointError, Run, Session, Settings, load_checkpoint
from course_lib.training.folder_lock import folder_lock

HOLDER = """
import sys
from course_lib.training.folder_lock import folder_lock
with folder_lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
TRAIN = ["train", "--data", "names.txt", "--engine", "scalar", "--steps", "2"]
TRAIN += ["--n-embd", "4", "--n-head", "1", "--block-size", "4"]


@contextmanager
def held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its stdin is closed."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process


def small_session(folder: Path) -> Session:
    settings = Settings(steps=2, engine="scalar", n_embd=4, n_head=1, block_size=4)
    return Session(Run(["emma", "ava"], settings), folder)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("emma\nava\n")


def test_a_second_run_in_a_folder_is_refused_until_the_first_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    with held_elsewhere(folder):
        assert main([*TRAIN, "--checkpoint", "run"]) == 2
        said = capsys.readouterr().err
        assert said.startswith("course: another run is training in run: wait")
        assert said.count("\n") == 1
        with pytest.raises(CheckpointError, match="another run is training"):
            list(small_session(folder).records())
    assert not list(folder.iterdir())
    assert main([*TRAIN, "--checkpoint", "run"]) == 0
    assert "checkpoint.lock" not in os.listdir(folder)


def test_a_second_resume_is_refused_and_reading_needs_no_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    assert main([*TRAIN, "--stop-after", "1", "--checkpoint", "run"]) == 0
    with held_elsewhere(folder):
        assert main(["train", "--resume", "--checkpoint", "run"]) == 2
        assert "another run is training in run" in capsys.readouterr().err
        assert load_checkpoint(folder).step == 1
        assert main(["sample", "--checkpoint", "run", "--count", "1"]) == 0
    assert main(["train", "--resume", "--checkpoint", "run"]) == 0
    assert load_checkpoint(folder).step == 2


def test_a_run_that_ends_between_reading_and_locking_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TRAIN, "--stop-after", "1", "--checkpoint", "run"]) == 0
    resume = ["train", "--resume", "--checkpoint", "run"]
    lock_folder = train_command.lock_folder

    def after_another_run(folder: str) -> None:
        monkeypatch.setattr(train_command, "lock_folder", lock_folder)
        assert main(resume) == 0
        lock_folder(folder)

    monkeypatch.setattr(train_command, "lock_folder", after_another_run)
    assert main(resume) == 2
    said = capsys.readouterr().err
    assert said == "course: another run has just trained on in run: start again\n"
    assert load_checkpoint("run").step == 2
    assert not Path("run", "checkpoint.lock").exists()


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of Unix")
def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / "run") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / "run" / "checkpoint.lock").exists()  # a file, and no lock
    assert len(list(small_session(tmp_path / "run").records())) == 2


def test_a_session_gives_the_lock_back_however_it_ends(tmp_path: Path) -> None:
    records = small_session(tmp_path).records()
    next(records)
    with pytest.raises(CheckpointError, match="another run is training"):
        next(small_session(tmp_path).records())
    records.close()  # type: ignore[attr-defined]
    with folder_lock(tmp_path):
        pass


@pytest.mark.skipif(os.name == "nt", reason="flock is Unix's")
def test_a_drive_without_locks_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    assert len(list(small_session(tmp_path).records())) == 2
