"""The minutes on the pages, in the README and in docs/TIMES.md are those computed."""

from __future__ import annotations

import re

import pytest

from tools import minutes
from tools.minutes import PAGES, Times, rounded


def test_the_document_is_up_to_date() -> None:
    text = minutes.DOCUMENT.read_text(encoding="utf-8")
    assert text == minutes.document(), "run: python -m tools.minutes"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_its_minutes_and_what_is_on_the_short_path(page) -> None:
    source = (page.parent / "source" / f"{page.stem}.py").read_text(encoding="utf-8")
    words = " ".join(re.sub(r"^# ?", "", source, flags=re.M).split())
    times = Times.of(page)
    said = re.search(r"\*\*Time:\*\* (\d+) minutes, and about (\d+) more for", words)
    assert said, page.stem
    assert [*map(int, said.groups())] == [rounded(times.core), rounded(times.exercises)]
    path = re.search(r"\*\*Two-hour path:\*\* ([^.]*)\.", words)
    assert path, page.stem
    titles = [s.title for s in minutes.sections(page) if s.on_path]
    assert re.findall(r"\*([^*]+)\*", path[1]) == titles


def test_the_short_path_takes_a_good_two_hours() -> None:
    assert 105 <= sum(Times.of(page).path for page in PAGES) <= 150


def test_a_section_that_is_on_the_path_is_not_optional() -> None:
    for page in PAGES:
        assert not [s for s in minutes.sections(page) if s.optional and s.on_path]
