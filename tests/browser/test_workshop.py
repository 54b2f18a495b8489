"""The page of a class and the cards, in a real browser: narrow, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from course_lib.app.class_page import page
from course_lib.exercises.class_view import class_view
from tests.exercises.a_class import NOW, exercises, thirty
from tools.notebooks import ROOT


@pytest.fixture(scope="module")
def class_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("class") / "class.html"
    text = page(class_view(thirty(), exercises(), NOW.date()), ["a.json: left out."])
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [320, 430, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["class", "cards"])
def test_a_page_is_legible_and_asks_for_nothing(
    which: str, scheme: str, width: int, chromium: Browser, class_page: Path
) -> None:
    file = class_page if which == "class" else ROOT / "workshop" / "cards.html"
    context = chromium.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
        bypass_csp=True,  # axe is a script, and the page allows none
    )
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(file.as_uri())
    try:
        assert asked == [file.as_uri()]
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        problems = Axe().run(opened).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:99]) for one in problems] == []
    finally:
        context.close()


def test_the_cards_are_two_sheets_of_paper(chromium: Browser, tmp_path: Path) -> None:
    opened = chromium.new_page()
    opened.goto((ROOT / "workshop" / "cards.html").as_uri())
    data = opened.pdf(path=tmp_path / "cards.pdf", prefer_css_page_size=True)
    opened.close()
    assert data.count(b"/Type /Page\n") == 2
