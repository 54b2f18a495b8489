"""The progress panel: a link that holds all answers, a button that takes them back."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course_lib.exercises import journal
from course_lib.widgets import progress
from tests.exercises.saved_answers import smuggle


@pytest.fixture(autouse=True)
def _closed_at_the_end(home: Path) -> Iterator[None]:
    yield
    progress.panel().close()


def upload(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "type": "", "size": len(data), "content": memoryview(data),
            "last_modified": datetime.now(UTC)}  # fmt: skip


def test_what_is_downloaded_can_be_uploaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = progress.panel()
    card, row, message = panel.children
    link, button = row.children
    assert "(0 answers)" in link.value
    journal.save_answer("autograd.own_value", "correct", "x = 1", "x")
    assert "(1 answer)" in link.value
    assert "1 of " in card.value
    data = base64.b64decode(re.search(r'base64,([^"]*)"', link.value)[1])  # type: ignore[index]
    monkeypatch.setenv("COURSE_LIB_HOME", str(tmp_path / "elsewhere"))
    used = "Marked correct there: autograd.own_value. They are code. Where a notebook "
    for text in (
        f"1 answer added from mine.jsonl. {used}",
        "All answers of mine.jsonl were here already.",
    ):
        button.value = (upload("mine.jsonl", data),)
        assert message.value.startswith(text)
        assert button.value == ()
    assert len(journal.entries()[0]) == 1


def test_a_file_that_is_none_is_refused_in_one_line() -> None:
    panel = progress.panel()
    button, message = panel.children[1].children[1], panel.children[2]
    button.value = (upload("photo.jsonl", b"\x89PNG"),)
    assert message.value == "photo.jsonl is not a progress file: no entry found in it."
    button.value = (upload("\x1b[2J\ud800" + "x" * 9000, b"x\n" * 10**6),)
    assert message.value.startswith(r"\x1b[2J\ud800xxx")
    assert "too large for a progress file" in message.value
    assert len(message.value) < 400
    assert journal.entries() == ([], [])


def test_the_panel_shows_a_journal_that_holds_what_cannot_be_shown() -> None:
    journal.save_answer("loss.mse", "correct", "x = 1", "x")
    smuggle(exercise="loss.\ud800")
    panel = progress.panel()
    panel.card.value.encode("utf-8")
    assert "1 of " in panel.card.value
    assert r"skipped, its exercise holds &#x27;\ud800" in panel.card.value


def test_the_card_lists_every_exercise() -> None:
    assert "local_derivatives" in repr(progress.all_progress())


def test_running_the_cell_again_leaves_no_subscriber_behind() -> None:
    before = len(journal._subscribers)
    panels = {progress.panel() for _ in range(50)}
    assert len(journal._subscribers) - before == len(panels) == 1


def test_a_closed_panel_is_called_no_more_and_the_next_one_is_new() -> None:
    before = len(journal._subscribers)
    first = progress.panel()
    first.close()
    first.close()
    assert len(journal._subscribers) == before
    parts = (first, *first.children, *first.children[1].children)
    assert [part.comm for part in parts] == [None] * 6
    second = progress.panel()
    assert second is not first
    journal.save_answer("autograd.own_value", "correct", "x = 1", "x")
    assert "(1 answer)" in second.download.value
    assert "(0 answers)" in first.download.value
