"""The pictures of notebook 06, held by a pointer, and driven alike by keyboard."""

from __future__ import annotations

from tests.browser.pointing import Pair

CODE = """import random
from course_lib import array, widgets
from course_lib.training import ArrayEngine
engine = ArrayEngine.start(random.Random(42), array.GPTConfig(27))"""
FIGURES = ("widgets.next_token(engine)", "widgets.attention(engine)")


def test_a_bar_appends_its_token(shown: dict[str, Pair]) -> None:
    tokens = shown["next_token"]
    field = tokens.control("text").locator("input")
    for letter, text in (("i", "mari"), ("a", "maria")):
        tokens.point(*tokens.place(0, ord(letter) - ord("a")))
        assert field.input_value() == text
        assert tokens.summary.startswith(f"After {text}, ")
    clicked = tokens.summary, tokens.root.locator("pre").inner_text()
    tokens.point(*tokens.place(0, 26))  # the name ends
    assert field.input_value() == ""
    field.fill("maria")
    field.press("Tab")
    tokens.page.wait_for_timeout(400)
    tokens.wait_for_response()
    assert (tokens.summary, tokens.root.locator("pre").inner_text()) == clicked


def test_six_other_names_come_again_for_the_same_seed(shown: dict[str, Pair]) -> None:
    tokens = shown["next_token"]
    names = tokens.root.locator("pre")
    first = names.inner_text()
    tokens.slide("seed", "ArrowRight")
    assert names.inner_text() != first
    tokens.slide("seed", "Home")
    assert names.inner_text() == first


def test_a_letter_is_read_under_the_mouse_and_by_arrow_keys(
    shown: dict[str, Pair],
) -> None:
    arcs = shown["attention"]
    left, top, width, height = arcs.handles()[0]["area"]

    def over(letter: int, y: float, *, press: bool) -> str:
        arcs.point(left + (letter + 0.5) / 6 * width, y, press=press)
        return str(arcs.summary)

    by_mouse = over(3, top + 9, press=False)
    assert by_mouse.startswith("Head 1: letter 3, a, looks at ")
    assert over(1, top + height - 9, press=False).startswith("Head 1: letter 1, c, ")
    rows = arcs.handles()[1]["area"]
    row = top + height + 3.5 / 6 * (rows[3] - height)
    assert over(0, row, press=True) == by_mouse
    assert arcs.focused() == "read"
    arcs.press("ArrowLeft", "ArrowLeft")
    assert arcs.shows("read") == "letter 1"
    arcs.press("ArrowRight", "ArrowRight")
    assert (arcs.summary, arcs.shows("read")) == (by_mouse, "letter 3")
    arcs.press("End")
    assert arcs.shows("read") == "letter 5"


def test_a_shorter_name_ends_the_slider(shown: dict[str, Pair]) -> None:
    arcs = shown["attention"]
    arcs.slide("read", "End")
    word = arcs.control("word").locator("input")
    word.fill("yu")
    word.press("Tab")
    arcs.page.wait_for_timeout(400)
    arcs.wait_for_response()
    assert arcs.summary.startswith("Head 1: letter 2, u, ")
    assert arcs.shows("read") == "letter 2"
    arcs.slide("read", "ArrowLeft")
    assert arcs.shows("read") == "letter 1"
    assert arcs.summary.startswith("Head 1: letter 1, y, ")
