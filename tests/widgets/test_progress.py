"""The progress panel: a link that holds all answers, a button that takes them back."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course_lib.exercises import journal
from course_lib.widgets import progress as widgets


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COURSE_LIB_HOME", str(tmp_path / "home"))
    yield
    journal.WATCHERS.clear()


def upload(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "type": "", "size": len(data), "content": memoryview(data),
            "last_modified": datetime.now(UTC)}  # fmt: skip


def test_what_is_downloaded_can_be_uploaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = widgets.panel()
    shown, row, said = panel.children
    link, button = row.children
    assert "(0 answers)" in link.value
    journal.record("autograd.own_value", "correct", "x = 1", "x")
    assert "(1 answer)" in link.value
    assert "1 of " in shown.value
    data = base64.b64decode(re.search(r'base64,([^"]*)"', link.value)[1])  # type: ignore[index]
    monkeypatch.setenv("COURSE_LIB_HOME", str(tmp_path / "elsewhere"))
    for text in (
        "1 answer added from mine.jsonl.",
        "All answers of mine.jsonl were here already.",
    ):
        button.value = (upload("mine.jsonl", data),)
        assert said.value == text
        assert button.value == ()
    assert len(journal.entries()[0]) == 1


def test_a_file_that_is_none_is_refused_in_one_line() -> None:
    panel = widgets.panel()
    button, said = panel.children[1].children[1], panel.children[2]
    button.value = (upload("photo.jsonl", b"\x89PNG"),)
    assert said.value == "photo.jsonl is not a progress file: no entry found in it."
    assert journal.entries() == ([], [])


def test_the_card_lists_every_exercise() -> None:
    assert "local_derivatives" in repr(widgets.card())
