"""You against autograd in a real browser: a mouse, a finger, keys; then autograd.

What the picture says is compared with that of a twin in this process, whose handles say
where the pointer has to go.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from course_lib import widgets
from course_lib.lessons import robot
from tests.browser.scratch import opened
from tests.widgets import checks
from tools.browser import Figure, Page

CELL = "from course_lib import widgets\nwidgets.you_against_autograd()"
JOINTS = list(robot.JOINTS)
TURN = math.tau / 180  # from stop to stop


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened(chromium, tmp_path_factory.mktemp("game"), CELL) as page:
        yield page


class Game:
    """The figure on the page, with nothing turned, and its twin here."""

    def __init__(self, page: Page) -> None:
        (self.seen,) = page.figures()
        self.twin = widgets.you_against_autograd()
        reset = self.seen.root.get_by_text("Start again")
        if reset.is_enabled():
            reset.click()
            self.seen.wait_for_response()
        self.seen.canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
        self.seen.page.wait_for_timeout(400)
        assert "at the start" in self.seen.summary

    def way(self, joint: str, stops: int) -> list[tuple[float, float]]:
        """Return where the end of a limb goes, on the page, while it is turned."""
        handle = next(
            one for one in checks.handles(self.twin) if one["label"].endswith(joint)
        )
        (x, y), (x0, y0) = handle["at"], handle["sets"][0]["around"]
        far, at = math.hypot(x - x0, y - y0), math.atan2(y - y0, x - x0)
        box: Any = self.seen.canvas.bounding_box()
        scale = box["width"] / self.twin.picture["size"][0]
        ways = [at + stops * TURN * k / 12 for k in range(13)]  # clockwise on the page
        return [
            (
                box["x"] + scale * (x0 + far * math.cos(way)),
                box["y"] + scale * (y0 + far * math.sin(way)),
            )
            for way in ways
        ]

    def turned(self, *turns: tuple[str, int]) -> None:
        """Wait for the page, and compare its words with those after these turns."""
        starts = self.twin.controls[0]["starts"]
        given = [
            [JOINTS.index(joint), (starts[JOINTS.index(joint)] + stops) % 180, 0.0]
            for joint, stops in turns
        ]
        self.twin.select(turns={"part": given[-1][0], "turns": given})
        self.seen.wait_for_response()
        self.seen.page.wait_for_timeout(100)
        assert words(self.seen.summary) == words(self.twin.summary)


def words(summary: str) -> str:
    """Return a summary without the time."""
    before, _, after = summary.partition(" in ")
    return before + after.partition(".")[2]


def loss(summary: str) -> float:
    return float(summary.split("oss ")[1].split(" dm")[0])


@pytest.fixture
def game(page: Page) -> Game:
    return Game(page)


def test_a_limb_is_dragged_around_its_joint_and_the_loss_falls(game: Game) -> None:
    before = loss(game.seen.summary)
    mouse, (first, *rest) = game.seen.page.mouse, game.way("spine", -20)
    mouse.move(first[0] + 4, first[1] - 3)  # beside its middle: it does not jump
    mouse.down()
    game.seen.page.wait_for_timeout(200)
    assert loss(game.seen.summary) == before
    for x, y in rest:
        mouse.move(x + 4, y - 3)
        game.seen.page.wait_for_timeout(30)
    mouse.up()
    game.turned(("spine", -20))
    assert "after 1 turn " in game.seen.summary
    assert loss(game.seen.summary) < before - 10


def test_keys_turn_a_joint_and_take_it_back(game: Game) -> None:
    turns = game.seen.control("turns")
    turns.locator("select").select_option("right hip")
    for _ in range(3):
        turns.locator("input").press("ArrowRight")
    game.turned(("right hip", 3))
    turns.locator("select").select_option("spine")
    turns.locator("input").press("ArrowLeft")
    game.turned(("right hip", 3), ("spine", -1))
    assert "after 2 turns " in game.seen.summary
    turns.get_by_text("Undo").click()
    game.turned(("right hip", 3))


def test_a_finger_turns_a_joint_too(game: Game) -> None:
    client = game.seen.page.context.new_cdp_session(game.seen.page)
    client.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    first, *rest = game.way("left knee", 30)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        game.seen.page.wait_for_timeout(30)

    touch("touchStart", first)
    for place in rest:
        touch("touchMove", place)
    touch("touchEnd")
    client.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    game.turned(("left knee", 30))


def at_the_end(figure: Figure) -> None:
    figure.page.wait_for_function(
        "figure => figure.querySelector('.summary').textContent.startsWith('Autograd')",
        arg=figure.root.element_handle(),
        timeout=90_000,
    )
    figure.wait_for_response()


def test_autograd_takes_over_and_finishes_and_a_turn_takes_it_back(game: Game) -> None:
    turns = game.seen.control("turns")
    turns.locator("input").press("ArrowRight")
    game.turned(("spine", 1))
    game.seen.root.get_by_role("button", name="Let autograd try").click()
    at_the_end(game.seen)
    assert game.seen.summary.startswith(
        "Autograd stands: loss below 0.01 dm² after 150"
    )
    table = game.seen.root.locator("pre.text").inner_text().splitlines()
    assert "1 × 1 joint" in table[1]
    assert "150 × 14 joints" in table[2]
    turns.locator("input").press("ArrowRight")
    game.turned(("spine", 2))


def test_who_wants_no_motion_gets_jumps(game: Game) -> None:
    page = game.seen.page
    page.emulate_media(reduced_motion="reduce")
    button = game.seen.root.get_by_role("button", name="Let autograd try")
    for step in (15, 31, 47):
        button.click()
        game.seen.wait_for_response()
        page.wait_for_timeout(600)
        assert game.seen.summary.startswith(f"Step {step} of 150 by autograd")
    page.emulate_media(reduced_motion="no-preference")
    game.seen.control("turns").locator("input").press("ArrowRight")
    game.seen.wait_for_response()
