"""The pictures of 01, 02, 03 and 07 under a mouse, a finger and the keys.

What a picture says is compared with that of a twin in this process, whose handles say
where the pointer has to go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from playwright.sync_api import Browser

from course_lib import widgets
from course_lib.widgets import InteractiveFigure
from tests.browser.scratch import opened
from tests.widgets import checks
from tools.browser import Page

NAMES = "line_fit", "confidence", "walk_in_fog", "stride_lab", "cost_calculator"


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    cells = ["from course_lib import widgets", *(f"widgets.{name}()" for name in NAMES)]
    with opened(chromium, tmp_path_factory.mktemp("scratch"), *cells) as page:
        yield page


class Pair:
    """A figure on the page, and its twin here."""

    def __init__(self, page: Page, name: str) -> None:
        self.seen = next(figure for figure in page.figures() if figure.name == name)
        self.twin: InteractiveFigure = getattr(widgets, name)()
        self.mouse = self.seen.page.mouse
        self.seen.canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
        self.seen.page.wait_for_timeout(400)

    @property
    def axes(self) -> Any:
        return self.twin._renderer.axes

    def agree(self) -> None:
        """Wait for the page, and compare the words."""
        self.seen.wait_for_response()
        assert self.seen.summary == self.twin.summary

    def spot(self, ax: Axes, place: tuple[float, float]) -> tuple[float, float]:
        """Return where a place of some Axes is on the page."""
        x, y = ax.transData.transform(place)
        return self._on_page(x, self.twin.picture["size"][1] - y)

    def _on_page(self, x: float, y: float) -> tuple[float, float]:
        box: Any = self.seen.canvas.bounding_box()
        scale = box["width"] / self.twin.picture["size"][0]
        return box["x"] + scale * x, box["y"] + scale * y

    def grip(self, label: str) -> tuple[float, float]:
        """Return where on the page a handle is."""
        handles = checks.handles(self.twin)
        return self._on_page(*next(h["at"] for h in handles if h["label"] == label))

    def drag(self, label: str, ax: Axes, *places: tuple[float, float]) -> None:
        """Drag a handle with the mouse, from place to place, and compare the words."""
        self.mouse.move(*self.grip(label))
        self.mouse.down()
        for place in places:
            self.mouse.move(*self.spot(ax, place), steps=6)
        self.mouse.up()
        checks.drag(self.twin, label, ax, places[-1])
        self.agree()

    def click(self, label: str, ax: Axes, place: tuple[float, float]) -> None:
        """Click somewhere in the Axes of a handle, and compare the words."""
        self.mouse.click(*self.spot(ax, place))
        checks.drag(self.twin, label, ax, place)
        self.agree()


def test_houses_line_and_walker_are_dragged(page: Page) -> None:
    pair = Pair(page, "line_fit")
    squares, _, landscape = pair.axes
    before = pair.seen.summary
    pair.drag("turn the line", squares, (200, 500), (200, 560))
    pair.drag("lift the line", squares, (67, 250))
    pair.drag("move the line", landscape, (1.0, 300))
    pair.click("move the line", landscape, (1.2, 250))
    assert pair.seen.summary == before
    pair.drag("move house 8", squares, (150, 500), (150, 100))
    assert "at w " in pair.seen.summary
    pair.mouse.move(*pair.grip("move house 8"))
    assert pair.seen.canvas.get_attribute("title") == "move house 8"
    assert pair.seen.canvas.evaluate("c => c.style.cursor") == "grab"
    moved = pair.seen.summary
    pair.seen.root.get_by_role("button", name="Put the houses back").click()
    pair.seen.wait_for_response()
    assert pair.seen.summary == before

    # the same by keyboard: a house is chosen, and its sliders moved
    box = pair.seen.control("houses")
    box.get_by_label("a house to move").select_option("house 8")
    size, price = box.locator("input[type=range]").all()
    for slider, key, presses in ((size, "ArrowLeft", 28), (price, "Home", 1)):
        for _ in range(presses):
            slider.press(key)
    for _ in range(20):
        price.press("ArrowRight")
    pair.seen.wait_for_response()
    assert pair.seen.summary == moved
    box.get_by_role("button").click()
    pair.seen.wait_for_response()


def test_a_bet_is_dragged(page: Page) -> None:
    pair = Pair(page, "confidence")
    forecast, _ = pair.axes
    pair.drag("how sure you are", forecast, (0.5, 0), (0.99, 0))
    pair.click("how sure you are", forecast, (0.25, 0.1))
    words = pair.seen.summary
    pair.seen.slide("p", "ArrowRight")
    assert pair.seen.slide("p", "ArrowLeft")[1] == words


def test_a_finger_drags_a_grip_and_taps_an_area_but_scrolls_there(page: Page) -> None:
    pair = Pair(page, "confidence")
    forecast, _ = pair.axes
    client = page.page.context.new_cdp_session(page.page)
    pair.seen.slide("p", "Home")  # wherever another test left it
    pair.twin.select(p=0)

    def touch(*places: tuple[float, float]) -> None:
        kinds = ["touchStart", *["touchMove"] * (len(places) - 1), "touchEnd"]
        for kind, at in zip(kinds, [*places, None], strict=True):
            points = [] if at is None else [{"x": at[0], "y": at[1]}]
            client.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
            )
            page.page.wait_for_timeout(50)
        pair.seen.wait_for_response()

    start = pair.grip("how sure you are")
    end = pair.spot(forecast, (0.6, 0))
    touch(*[(float(x), start[1]) for x in np.linspace(start[0], end[0], 6)])
    checks.drag(pair.twin, "how sure you are", forecast, (0.6, 0))
    pair.agree()
    x, y = pair.spot(forecast, (0.1, 0))
    top = pair.seen.canvas.bounding_box()
    touch(*[(x, y - 20 * i) for i in range(8)])
    pair.agree()
    assert pair.seen.canvas.bounding_box() != top, "the page was scrolled"
    touch(pair.spot(forecast, (0.1, 0)))
    checks.drag(pair.twin, "how sure you are", forecast, (0.1, 0))
    pair.agree()


def test_the_walker_is_led_by_clicks_by_holding_and_by_keys(page: Page) -> None:
    pair = Pair(page, "walk_in_fog")
    pair.click("a step towards the pointer", pair.axes, (-1.0, 0.6))
    assert pair.seen.summary.startswith("Step 1:")
    page.page.keyboard.press("ArrowDown")  # the keys work after the click
    pair.twin.select(keys="ws")
    pair.agree()
    pair.mouse.move(*pair.spot(pair.axes, (-1.0, 0.6)))
    pair.mouse.down()
    page.page.wait_for_timeout(400)
    pair.mouse.move(*pair.spot(pair.axes, (0.2, 0.6)))
    pair.seen.root.get_by_text("Step 7:").wait_for()  # five steps more, and no further
    page.page.wait_for_timeout(500)
    pair.mouse.up()
    pair.twin.select(keys="wswwwww")
    pair.agree()
    page.page.keyboard.press("Backspace")
    pair.twin.select(keys="wswwww")
    pair.agree()


def test_start_rate_and_edge_of_the_bowl_are_dragged(page: Page) -> None:
    pair = Pair(page, "stride_lab")
    valley, _, factors = pair.axes
    pair.drag("drop her here", valley, (0.5, 1), (-0.5, 0.5))
    pair.drag("another learning rate", factors, (0.3, 1))
    pair.drag("move the edge: another bowl", factors, (0.4, 1))
    assert "= −0.50" in pair.seen.summary


def test_a_dot_is_dragged_and_a_published_run_clicked(page: Page) -> None:
    pair = Pair(page, "cost_calculator")
    pair.drag("more or fewer training tokens", pair.axes, (1e20, 0), (1e23, 0))
    pair.mouse.click(*pair.grip("start from GPT-3 175B"))
    checks.drag(pair.twin, "start from GPT-3 175B", pair.axes, (1e23, 3))
    pair.agree()
    assert "175 billion" in pair.seen.summary
