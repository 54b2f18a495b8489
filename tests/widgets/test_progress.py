"""The progress panel: a button that sends all answers, and one that takes them back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from course_lib.exercises import journal
from course_lib.widgets import progress, progress_panel
from tests.exercises.saved_answers import smuggle

Sent = list[tuple[dict[str, str], list[bytes]]]


@pytest.fixture(autouse=True)
def sent(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """What the panel has sent to the page."""
    found: Sent = []
    panel = progress.ProgressPanel
    monkeypatch.setattr(panel, "send", lambda _, *message: found.append(message))
    yield found
    progress_panel().close()


def hear(content: Any, *buffers: bytes) -> str:
    """Let the panel hear a message of the page; return what it says."""
    panel = progress_panel()
    panel._handle_custom_msg(content, [memoryview(data) for data in buffers])
    said: str = panel.message
    assert len(said.splitlines()) <= 1
    return said


def test_what_is_downloaded_can_be_uploaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: Sent
) -> None:
    nothing = "There is nothing to save: no answer has been checked yet."
    assert hear({"download": True}) == nothing
    assert sent == []
    journal.save_answer("autograd.own_value", "correct", "x = 1", "x")
    assert "1 of " in progress_panel().card
    assert hear({"download": True}).startswith("1 answer sent to your browser")
    [(content, [data])] = sent
    assert content["name"].startswith("course-progress-20")
    assert data == journal.export_bytes()
    monkeypatch.setenv("COURSE_LIB_HOME", str(tmp_path / "elsewhere"))
    used = "Marked correct there: autograd.own_value. They are code. Where a notebook "
    for text in (
        f"1 answer added from mine.jsonl. {used}",
        "All answers of mine.jsonl were here already.",
    ):
        assert hear({"upload": "mine.jsonl"}, data).startswith(text)
    assert len(journal.entries()[0]) == 1
    assert "1 of " in progress_panel().card


def test_an_upload_adds_and_replaces_nothing(sent: Sent) -> None:
    journal.save_answer("loss.mse", "correct", "x = 1", "x")
    hear({"download": True})
    [(_, [data])] = sent
    journal.save_answer("loss.mse", "incorrect", "x = 2", "x")
    before = journal.export_bytes()
    assert hear({"upload": "mine.jsonl"}, data).startswith("All answers of mine.jsonl")
    assert journal.export_bytes() == before


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("photo.jsonl", [b"\x89PNG"], "photo.jsonl is not a progress file: no "),
        ("empty.jsonl", [b""], "empty.jsonl is not a progress file: no entry found"),
        (
            "cut.jsonl",
            [b'{"format": 1, "exer'],
            "cut.jsonl holds no entry that can",
        ),
        (
            "ada.json",
            [b'{"format": "course progress, shared 1"}'],
            "ada.json is not",
        ),
        ("large", [b"x\n" * 10**6], "large is too large for a progress file: expected"),
        ("larger", [], "larger is too large for a progress file: expected at most 10,"),
        ("\x1b[2J\ud800" + "x" * 9000, [], r"\x1b[2J\ud800xxx"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(
    name: str, data: list[bytes], told: str
) -> None:
    said = hear({"upload": name}, *data)
    assert said.startswith(told)
    assert len(said) < 400
    assert journal.entries() == ([], [])


def test_a_message_of_another_program_does_nothing(sent: Sent) -> None:
    for content in (None, 7, [], {}, {"upload": 7}, {"upload": None}, {"download": 0}):
        assert hear(content) == ""
    assert sent == []
    assert journal.entries() == ([], [])


def test_a_journal_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "progress.jsonl").mkdir()
    monkeypatch.setenv("COURSE_LIB_HOME", str(tmp_path))
    assert hear({"download": True}).startswith("The journal cannot be read: ")
    assert hear({"upload": "a.jsonl"}, b"x").startswith("a.jsonl is not a progress ")


def test_the_panel_shows_a_journal_that_holds_what_cannot_be_shown() -> None:
    journal.save_answer("loss.mse", "correct", "x = 1", "x")
    smuggle(exercise="loss.\ud800")
    panel = progress_panel()
    panel.card.encode("utf-8")
    assert "1 of " in panel.card
    assert r"skipped, its exercise holds &#x27;\ud800" in panel.card


def test_the_card_lists_every_exercise_also_without_a_widget() -> None:
    assert "local_derivatives" in repr(progress.all_progress())
    data, _ = progress_panel()._repr_mimebundle_()
    assert "local_derivatives" in data["text/plain"]
    assert "Your progress" in data["text/html"]
    assert "Run this cell in JupyterLab" in data["text/html"]


def test_running_the_cell_again_leaves_no_subscriber_behind() -> None:
    before = len(journal._subscribers)
    panels = {progress_panel() for _ in range(50)}
    assert len(journal._subscribers) - before == len(panels) == 1


def test_a_closed_panel_is_called_no_more_and_the_next_one_is_new() -> None:
    before = len(journal._subscribers)
    first = progress_panel()
    first.close()
    first.close()
    assert len(journal._subscribers) == before
    assert first.comm is None
    second = progress_panel()
    assert second is not first
    shown = first.card
    journal.save_answer("autograd.own_value", "correct", "x = 1", "x")
    assert "1 of " in second.card
    assert first.card == shown
