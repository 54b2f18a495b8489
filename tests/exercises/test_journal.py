"""The journal: whatever happens while it is written, no earlier answer is lost."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.bounds import has_control
from course_lib.exercises import journal, progress
from tests.exercises.saved_answers import SOLVED, fill, smuggle

pytestmark = pytest.mark.usefixtures("home")


def test_a_journal_that_is_not_there_is_empty() -> None:
    assert journal.entries() == ([], [])
    assert journal.correct_answers("loss.mse") == []


def test_entries_come_back_as_they_were_written() -> None:
    known = fill(3)
    assert [e.outcome for e in known] == ["incorrect", "correct", "incorrect"]
    assert known[1].source == "def f(x):\n    return 1  # «ü»\n"
    assert known[1].time.endswith("Z")
    assert journal.correct_answers("loss.mse1") == [known[1]]
    assert journal.correct_answers("loss.mse0") == []


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
        b'{"format": 3, "exercise": "a", "outcome": "correct"}', b"x" * 10**6,
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
    assert journal.correct_answers("loss.mse") == []
    assert "cannot be read" in repr(progress.card()) or journal.entries()[0] == []


def test_a_very_long_answer_is_not_kept_and_that_is_said() -> None:
    said = journal.save_answer("loss.mse", "correct", "x" * 10**6, "x")
    assert said is not None
    assert (
        said == "Your answer was not saved: its text is longer than 200,000 characters."
    )


# --- what no journal may hold --------------------------------------------------------

SPOILED = ("\x1b[2J", "\x00", "\x9b", "\ud800", "\u202e")


@pytest.mark.parametrize("spoiled", [*SPOILED, "x" * 201])
@pytest.mark.parametrize("field", ["exercise", "name", "time", "course", "outcome"])
def test_spoiled_names_are_refused_at_the_door_and_skipped_behind_it(
    field: str, spoiled: str
) -> None:
    fill(1)
    data = replace(SOLVED, **{field: spoiled}).line().encode()
    with pytest.raises(ValueError, match="holds no entry that can be used") as refused:
        journal.import_bytes(data, "given")
    assert not has_control(str(refused.value))
    if field in ("exercise", "name"):
        given = {"exercise": "loss.mse", "name": "f", field: spoiled}
        said = journal.save_answer(outcome="correct", source="x", **given)
        assert said is not None
        assert said.startswith("Your answer was not saved: its ")
        assert not has_control(said)
    assert len(journal.entries()[0]) == 1
    smuggle(**{field: spoiled})
    known, damaged = journal.entries()
    assert (len(known), len(damaged)) == (1, 1)
    card = progress.card()
    for shown in (repr(card), card.html()):
        assert not has_control(shown)
        assert f"its {field}" in shown


@pytest.mark.parametrize("spoiled", ["\x1b", "\x00", "\ud800"])
def test_a_text_that_cannot_be_shown_is_no_answer(spoiled: str) -> None:
    said = journal.save_answer("loss.mse", "correct", f"x = '{spoiled}'", "x")
    assert "its text holds" in str(said)
    assert not journal.journal_path().exists()


def test_a_comment_from_right_to_left_is_part_of_an_answer() -> None:
    source = "x = 1  # \u200fשלום\r\n\f"
    assert journal.save_answer("loss.mse", "correct", source, "x") is None
    assert journal.entries()[0][0].source == source


def test_bounds_of_an_entry_hold_on_both_sides() -> None:
    assert journal.save_answer("loss.mse", "error", "x" * 200_000, "n" * 200) is None
    assert journal.save_answer("loss.mse", "error", "x" * 200_001, "n") is not None
    assert journal.save_answer("loss.mse", "error", "x", "n" * 201) is not None
    assert len(journal.entries()[0]) == 1


def many(count: int) -> bytes:
    """Return so many entries, each of another exercise that nobody knows."""
    made = (replace(SOLVED, exercise=f"x{n}.y{n}") for n in range(count))
    return "".join(entry.line() + "\n" for entry in made).encode()


def test_as_many_entries_as_allowed_and_not_one_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "MAX_ENTRIES", 50)
    with pytest.raises(ValueError, match="and 50 lines"):
        journal.import_bytes(many(51), "given")
    assert journal.import_bytes(many(50), "given").added == 50
    with pytest.raises(OSError, match="the journal is full"):
        journal.import_bytes(replace(SOLVED, name="g").line().encode(), "given")
    said = journal.save_answer("loss.mse", "correct", "x", "x")
    assert "the journal is full: `course progress reset` keeps it" in str(said)
    assert len(journal.entries()[0]) == 50


def test_as_many_bytes_as_allowed_and_not_one_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = many(3)
    monkeypatch.setattr(journal, "MAX_BYTES", len(data) - 1)
    with pytest.raises(ValueError, match=r"expected at most .* bytes"):
        journal.import_bytes(data, "given")
    monkeypatch.setattr(journal, "MAX_BYTES", len(data))
    assert journal.import_bytes(data, "given").added == 3
    assert "full" in str(journal.save_answer("loss.mse", "correct", "x", "x"))


def test_many_entries_take_one_pass_and_not_one_each() -> None:
    """Counted by the entries that are looked at, as no test measures time."""
    looked = [0]
    entries = journal.parse(many(400), "given")[0]

    class Counted(list):
        def __iter__(self) -> Iterator[journal.Entry]:
            looked[0] += len(self)
            return super().__iter__()

    progress.progress_by_chapter([], Counted(entries))
    assert looked[0] <= 2 * len(entries)


def test_unknown_exercises_are_listed_up_to_a_bound() -> None:
    journal.import_bytes(many(progress.MAX_UNKNOWN + 1), "given")
    shown = repr(progress.card([]))
    assert shown.count("✓") == progress.MAX_UNKNOWN


def test_of_many_damaged_lines_the_first_are_named_and_the_others_counted() -> None:
    for count in (journal.MAX_TOLD, journal.MAX_TOLD + 1, 30_000):
        _, damaged = journal.parse(b"x\n" * count, "j")
        assert len(damaged) == min(count, journal.MAX_TOLD + 1)
    assert damaged[-1] == f"j: {30_000 - journal.MAX_TOLD:,} more skipped."


def test_a_newer_format_and_a_byte_order_mark_are_known() -> None:
    data = b"\xef\xbb\xbf" + SOLVED.line().encode()
    assert journal.parse(data, "j") == ([SOLVED], [])
    newer = b'{"format": 3, "anything": [1]}'
    with pytest.raises(ValueError, match="given was made by a newer course: update"):
        journal.import_bytes(newer, "given")
    assert "newer course: update" in journal.parse(newer, "j")[1][0]


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_a_journal_that_is_no_file_is_said_and_never_waited_for(kind: str) -> None:
    path = journal.journal_path()
    path.parent.mkdir()
    make = {"pipe": os.mkfifo, "folder": os.mkdir}
    make.get(kind, lambda path: os.symlink("/dev/zero", path))(path)
    assert "is not being saved" in str(journal.save_answer("a.b", "error", "x", "x"))
    assert "cannot be read" in repr(progress.card([]))
    assert journal.correct_answers("a.b") == []
    with pytest.raises(OSError, match=r"not a regular file|Is a directory"):
        journal.entries()


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
