"""The table of bounds, and the three functions that hold it at a door."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import pytest

from course_lib.bounds import (
    BOUNDS,
    check_whole,
    escaped,
    has_control,
    read_regular,
    refuse_spoiled,
    shown,
)


def kind(value: object) -> str:
    return type(value).__name__


DOCS = Path(__file__).parent.parent / "docs" / "BOUNDS.md"


def test_the_page_for_users_holds_the_same_table() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| ([\d,.]+) \| ([^|]+) \|$", DOCS.read_text(), re.M
    )
    assert rows == [(what, f"{most:,}", unit) for what, (most, unit) in BOUNDS.items()]


@pytest.mark.parametrize("text", ["\x1b[2J", "\x00", "\x9b", "\ud800", "\u202e", "\r"])
def test_what_must_not_be_shown_is_found_refused_and_escaped(text: str) -> None:
    assert has_control(f"a{text}b")
    assert not has_control(escaped(f"a{text}b"))
    assert escaped(f"a{text}b").encode("utf-8").startswith(b"a\\")
    with pytest.raises(ValueError, match=r"the name holds .*: expected text") as error:
        refuse_spoiled(text, "the name")
    assert not has_control(str(error.value))


@pytest.mark.parametrize(
    "text", ["", "emma\n\tava", "zoë", "e\u0301", "中文", "😀 – ’"]
)
def test_text_of_every_language_passes(text: str) -> None:
    assert not has_control(text)
    assert escaped(text) == text
    refuse_spoiled(text, "the name")


@pytest.mark.parametrize(
    "value",
    [10**5000, [10**5000], "\x1b[2J", "a\nb", "x" * 10**6, "\ud800", b"\x00", 1.5],
    ids=kind,
)
def test_any_value_is_shown_on_one_short_line_without_controls(value: object) -> None:
    assert len(shown(value)) <= 80
    assert not has_control(shown(value))
    assert shown(value).splitlines() == [shown(value)]


@pytest.mark.parametrize(
    "number", [-1, 8, 10**5000, True, 1.0, "3", None, math.nan], ids=kind
)
def test_a_whole_number_is_within_its_bounds_or_refused(number: object) -> None:
    check_whole("n", 0, 0, 7)
    check_whole("n", 7, 0, 7)
    with pytest.raises(ValueError, match=r"^n must be a whole number from 0 to 7: "):
        check_whole("n", number, 0, 7)


def test_as_many_bytes_as_allowed_and_not_one_more(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_regular(file, 5) == b"12345"
    with pytest.raises(ValueError, match="at most 4 bytes"):
        read_regular(file, 4)


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
def test_only_regular_files_are_read_and_nothing_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/null"), tmp_path):
        with pytest.raises((ValueError, IsADirectoryError)):
            read_regular(path, 100)
