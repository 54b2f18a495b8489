"""The journal: whatever happens while it is written, no earlier answer is lost."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_lib.exercises import journal, progress
from tests.exercises.saved_answers import fill

pytestmark = pytest.mark.usefixtures("home")


def test_a_journal_that_is_not_there_is_empty() -> None:
    assert journal.entries() == ([], [])
    assert journal.latest_correct("loss.mse") is None


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
    assert journal.journal_path().parent == Path(os.environ["COURSE_LIB_HOME"])
    monkeypatch.delenv("COURSE_LIB_HOME")
    assert "course_lib" in str(journal.data_folder())


def test_every_cut_and_every_flipped_bit_is_named_and_loses_one_entry() -> None:
    fill(2)
    whole = journal.journal_path().read_bytes()
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
    with open(journal.journal_path(), "ab") as file:
        file.write(line + b"\n")
    fill(1)
    known, damaged = journal.entries()
    assert len(known) == 3
    assert len(damaged) == 1
    assert damaged[0].startswith("progress.jsonl, line 3: skipped, ")


def test_a_line_torn_by_a_crash_costs_only_itself() -> None:
    fill(2)
    path = journal.journal_path()
    path.write_bytes(path.read_bytes()[:-20])
    fill(1)
    known, damaged = journal.entries()
    assert len(known) == 2
    assert len(damaged) == 1


WRITER = """
import sys
from course_lib.exercises import journal
for number in range(int(sys.argv[2])):
    name = f"loss.w{sys.argv[1]}"
    problem = journal.save_answer(name, "correct", f"x = {number}", "x")
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
        said = journal.save_answer("loss.mse", "correct", "x", "x")
        assert said is not None
        assert said.startswith("Progress is not being saved (")
        assert "\n" not in said
    monkeypatch.setattr(os, "write", write)
    fill(1)
    assert len(journal.entries()[0]) == 2


def test_a_folder_that_cannot_be_made_is_said(home: Path) -> None:
    home.write_text("a file where the folder should be")
    said = journal.save_answer("loss.mse", "correct", "x", "x")
    assert said is not None
    assert "not being saved" in said
    assert journal.latest_correct("loss.mse") is None
    assert "cannot be read" in repr(progress.card()) or journal.entries()[0] == []


def test_a_very_long_answer_is_not_kept_and_that_is_said() -> None:
    said = journal.save_answer("loss.mse", "correct", "x" * 10**6, "x")
    assert said is not None
    assert "longer than" in said


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


def test_a_subscriber_is_called_after_every_change_until_it_unsubscribes() -> None:
    calls: list[int] = []
    unsubscribe = journal.subscribe(lambda: calls.append(len(journal.entries()[0])))
    broken = journal.subscribe(lambda: 1 / 0)
    fill(2)
    assert calls == [1, 2]
    unsubscribe()
    broken()
    fill(1)
    assert calls == [1, 2]
