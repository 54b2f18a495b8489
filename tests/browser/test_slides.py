"""Slides in a real browser: no slide overflows, keys turn them, paper and phone too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tools import slides

PROJECTOR = {"width": 1280, "height": 720}
OVERFLOWING = """() => [...document.querySelectorAll('.slide')].flatMap((slide, i) => {
  const parts = [slide, ...slide.querySelectorAll('pre')];
  const over = parts.some(e => e.scrollHeight > e.clientHeight + 1
    || e.scrollWidth > e.clientWidth + 1);
  const figure = slide.querySelector('figure img');
  const small = figure && figure.getBoundingClientRect().height < 300;
  return over || small ? [`${i + 1}: ${slide.innerText.slice(0, 80)}`] : [];
})"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    slides.main(folder)
    return folder


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport=PROJECTOR,  # type: ignore[arg-type]
    )
    yield context.new_page()
    context.close()


def test_no_slide_of_any_deck_overflows_on_a_projector(
    opened: Page, folder: Path
) -> None:
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    files = sorted(folder.glob("*.html"))
    assert len(files) == 18
    for file in files:
        opened.goto(file.as_uri())
        assert opened.evaluate(OVERFLOWING) == [], file.stem
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_letters_can_be_read_from_the_last_row(opened: Page, folder: Path) -> None:
    opened.goto((folder / "01_loss.html").as_uri())
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    for part, pixels in {".text": 30, "pre.code": 18, "pre.output": 18}.items():
        sizes = opened.locator(part).evaluate_all(f"all => all.map({size})")
        assert min(sizes) >= pixels, part


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 430, 1280])
def test_a_deck_is_legible_and_as_wide_as_the_screen(
    scheme: str, width: int, chromium: Browser, folder: Path
) -> None:
    context = chromium.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 720},
        bypass_csp=True,  # axe is a script of ours
    )
    opened = context.new_page()
    opened.goto((folder / "01_loss.html").as_uri())
    try:
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        problems = Axe().run(opened).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:99]) for one in problems] == []
    finally:
        context.close()


def test_keys_turn_the_slides_and_show_the_notes(opened: Page, folder: Path) -> None:
    opened.goto((folder / "01_loss.html").as_uri())
    last = opened.locator(".slide").count()

    def after(key: str) -> int:
        opened.keyboard.press(key)
        return int(opened.evaluate("location.hash.slice(2)"))

    turned = [after(key) for key in ("ArrowRight", " ", "PageDown", "ArrowLeft")]
    assert turned == [2, 3, 4, 3]
    assert [after(key) for key in ("End", "ArrowRight", "Home")] == [last, last, 1]
    assert opened.evaluate("Math.round(scrollY)") == 0
    notes = opened.locator("#s1 .notes")
    assert not notes.is_visible()
    opened.keyboard.press("n")
    assert notes.is_visible()
    opened.keyboard.press("n")
    assert not notes.is_visible()


def test_notes_follow_in_a_window_of_their_own(opened: Page, folder: Path) -> None:
    opened.goto((folder / "01_loss.html").as_uri())
    with opened.expect_popup() as found:
        opened.keyboard.press("Shift+N")
    popup = found.value
    assert "altimeter" in popup.locator("body").inner_text()
    opened.keyboard.press("ArrowRight")
    assert popup.locator("h1").inner_text().startswith("2 of ")


def test_each_slide_is_a_sheet_of_paper(opened: Page, folder: Path) -> None:
    opened.goto((folder / "01_loss.html").as_uri())
    data = opened.pdf(prefer_css_page_size=True, print_background=True)
    assert data.count(b"/Type /Page\n") == opened.locator(".slide").count()
