"""The web site in a real browser, cut off from every other host.

Needs Chromium, and the packages of `make book`, which is run once by hand: the site is
then built again here, which takes seconds as long as little has changed.
"""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route

from tools import book, notebooks
from tools.environment import STAMP, Environment

READY = sorted(book.ROOT.glob(f".venv*-book/{STAMP}"))

pytestmark = pytest.mark.skipif(
    not READY, reason="the web site has packages of its own: `make book` first"
)
PAGES = [
    "index.html",
    "notebooks/00_start_here.html",
    "notebooks/04_autograd.html",
    "notebooks/09_assistant.html",
    "docs/GLOSSARY.html",
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The site, built as it stands now and served on this machine."""
    python = Environment(READY[0].parent, "").python
    built = subprocess.run(
        [python, "-m", "tools.book"], cwd=book.ROOT, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    handler = functools.partial(Quiet, directory=str(book.HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def opened(
    chromium: Browser, site: str, name: str, scheme: str = "light", width: int = 1280
) -> Iterator[Page]:
    """A page of the site; nothing was asked of others, and no error seen."""
    context = chromium.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    problems: list[str] = []

    def only_here(route: Route) -> None:
        if route.request.url.startswith((site, "data:")):
            route.continue_()
        else:
            problems.append(f"asked for {route.request.url}")
            route.abort()

    page.route("**", only_here)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda a: a.ok or problems.append(f"{a.status} {a.url}"))
    page.on("console", lambda m: m.type == "error" and problems.append(m.text))
    try:
        page.goto(site + name)
        yield page
        assert problems == []
        found = Axe().run(page).response["violations"]  # asks for files of its own
        assert [(one["id"], one["nodes"][0]["html"][:99]) for one in found] == []
    finally:
        context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 430), ("dark", 1280)])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_legible_and_asks_no_other_host(
    name: str, scheme: str, width: int, chromium: Browser, site: str
) -> None:
    with opened(chromium, site, name, scheme, width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
        missing = "[...document.images].filter(one => !one.naturalWidth).length"
        assert page.evaluate(missing) == 0


# --- figures that answer from recordings ----------------------------------------------

WITH_FIGURES = {
    path.stem: notebooks.figures(nbformat.read(path, nbformat.NO_CONVERT))
    for path in sorted(notebooks.FOLDER.glob("[0-9][0-9]_*.ipynb"))
}
COLOURS = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


def shown(page: Page, name: str) -> Locator:
    """A figure, once it has been painted."""
    place = page.locator(f".course-recorded[data-name='{name}']")
    place.scroll_into_view_if_needed()
    place.locator("canvas[data-painted]").wait_for()
    return place


def answers(place: Locator) -> None:
    """Use every slider, choice and checkbox; each must change the picture or words."""
    canvas, words = place.locator("canvas"), place.locator(".summary, .problem, .text")
    controls = place.locator("input[type=range], select, input[type=checkbox]")
    assert controls.count()
    for control in controls.all():
        before = canvas.evaluate("one => one.toDataURL()"), words.all_inner_texts()
        kind = control.evaluate("one => one.type")
        if kind == "checkbox":
            control.press("Space")
        elif kind == "range":
            at_end = control.evaluate("one => one.value === one.max")
            control.press("Home" if at_end else "End")
        else:
            now = control.evaluate("one => one.selectedIndex")
            control.select_option(index=0 if now else 1)
        place.page.wait_for_timeout(100)  # a request would be answered by now
        after = canvas.evaluate("one => one.toDataURL()"), words.all_inner_texts()
        assert before != after, control.evaluate(
            "one => one.closest('.control').textContent"
        )
        assert canvas.evaluate(COLOURS) > 8
        assert not place.locator(".waiting").is_visible()
        assert place.locator(".course-figure").get_attribute("aria-busy") is None


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 430)])
@pytest.mark.parametrize("name", WITH_FIGURES)
def test_every_figure_answers(
    name: str, scheme: str, width: int, chromium: Browser, site: str
) -> None:
    names = WITH_FIGURES[name]
    assert names, "no figure on this page: make notebooks"
    with opened(chromium, site, f"notebooks/{name}.html", scheme, width) as page:
        for figure in names:
            answers(shown(page, figure))
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_figures_answer_in_a_page_opened_as_a_file(
    chromium: Browser, site: str
) -> None:
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.goto((book.HTML / "notebooks/01_loss.html").as_uri())
    for figure in WITH_FIGURES["01_loss"]:
        answers(shown(page, figure))
    context.close()


def test_a_recording_is_loaded_when_its_figure_is_near(
    chromium: Browser, site: str
) -> None:
    with opened(chromium, site, "notebooks/01_loss.html") as page:
        page.wait_for_load_state("networkidle")
        assert page.locator("canvas").count() == 0
        first, *others = WITH_FIGURES["01_loss"]
        shown(page, first)
        assert page.evaluate("Object.keys(courseRecordings)") == [first]
        assert others


def test_on_paper_and_without_scripts_a_figure_is_a_picture(
    chromium: Browser, site: str
) -> None:
    with opened(chromium, site, "notebooks/01_loss.html") as page:
        place = shown(page, "line_fit")
        still = place.locator("figure")
        assert not still.is_visible()
        page.emulate_media(media="print")
        assert still.is_visible()
        assert not place.locator("canvas").is_visible()
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "notebooks/01_loss.html")
    still = page.locator("[data-name='line_fit'] figure")
    assert still.is_visible()
    assert "Loss" in str(still.locator("img").get_attribute("alt"))
    context.close()


def test_a_figure_is_used_by_keyboard_and_said_in_words(
    chromium: Browser, site: str
) -> None:
    with opened(chromium, site, "notebooks/01_loss.html") as page:
        place = shown(page, "confidence")
        slider = page.get_by_role("slider", name="your probability that it is spam")
        slider.focus()
        slider.press("ArrowRight")
        said = place.locator(".summary[aria-live='polite']")
        assert said.inner_text().startswith("You say 90.5 % spam.")
        assert slider.get_attribute("aria-valuetext") == "90.5 %"
        image = page.get_by_role("img", name="Spam or wanted?")
        assert image.is_visible()
        last = place.locator("button, input, select").last
        last.focus()
        last.press("Tab")
        assert not last.evaluate("one => one === document.activeElement")


# --- the rest of a page ---------------------------------------------------------------


def test_dark_is_one_press_away_and_stays(chromium: Browser, site: str) -> None:
    with opened(chromium, site, PAGES[2]) as page:
        page.get_by_role("button", name="Color mode").first.click()
        page.get_by_role("button", name="Dark").or_(
            page.get_by_text("Dark")
        ).first.click()
        theme = "document.documentElement.dataset.theme"
        assert page.evaluate(theme) == "dark"
        page.goto(site + PAGES[1])
        assert page.evaluate(theme) == "dark"


def test_search_finds_a_word(chromium: Browser, site: str) -> None:
    with opened(chromium, site, "search.html?q=backpropagation") as page:
        found = page.locator("#search-results li a")
        found.first.wait_for()
        hrefs = [str(link.get_attribute("href")) for link in found.all()]
        assert any("04_autograd" in href for href in hrefs)


def test_formulas_are_drawn(chromium: Browser, site: str) -> None:
    with opened(chromium, site, "notebooks/02_gradient.html") as page:
        sizes = page.locator("math").evaluate_all(
            """all => all.map(one => one.getBoundingClientRect())
                 .map(box => [box.width, box.height])"""
        )
        assert len(sizes) > 30
        assert all(width > 3 and height > 3 for width, height in sizes)
        heights = page.locator("math mfrac").evaluate_all(
            "all => all.map(one => [...one.children].map("
            "part => part.getBoundingClientRect().y))"
        )
        assert heights
        assert all(top < bottom for top, bottom in heights), "one above the other"


def test_a_term_leads_to_its_place_in_the_glossary(
    chromium: Browser, site: str
) -> None:
    with opened(chromium, site, PAGES[2]) as page:
        page.get_by_role("link", name="autograd", exact=True).first.click()
        page.wait_for_url("**/docs/GLOSSARY.html#term-Autograd")
        page.locator("#term-Autograd").wait_for()
