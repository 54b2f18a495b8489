"""The pictures of notebook 05, held by a pointer, and driven alike by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.scratch import opened
from tools.browser import Figure

NAMES = (
    "neuron",
    "neuron_line",
    "vanishing_gradient",
    "decision_boundary",
    "playground",
)
CODE = "from course_lib import widgets"


@pytest.fixture(scope="module")
def figures(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Figure]]:
    cells = [CODE, *(f"widgets.{name}()" for name in NAMES)]
    with opened(chromium, tmp_path_factory.mktemp("pointer"), *cells) as page:
        yield {figure.name: figure for figure in page.figures()}


def drag(
    figure: Figure, start: tuple[float, float], *places: tuple[float, float]
) -> None:
    """Drag from a place to others, in shares of the canvas's width and height."""
    figure.canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    figure.page.wait_for_timeout(500)
    box: Any = figure.canvas.bounding_box()
    mouse = figure.page.mouse
    mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
    mouse.down()
    for x, y in places:
        mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
    mouse.up()
    figure.wait_for_response()


def values(figure: Figure) -> dict[str, str]:
    """Return what each slider shows."""
    shown = figure.root.locator(".control.slider").all()
    return {
        str(box.get_attribute("data-name")): box.locator("output").inner_text()
        for box in shown
    }


def press(figure: Figure, name: str, *keys: str) -> None:
    """Press keys on a slider."""
    slider = figure.control(name).locator("input[type=range]")
    slider.focus()
    for key in keys:
        slider.press(key)
    figure.wait_for_response()


def choose(figure: Figure, name: str, text: str) -> None:
    figure.control(name).locator("select").select_option(label=text)
    figure.wait_for_response()


def test_a_neuron_is_fitted_by_dragging_its_rings(figures: dict[str, Figure]) -> None:
    figure = figures["neuron"]
    drag(figure, (0.174, 0.448), (0.33, 0.448))  # the border, to 1
    assert values(figure)["w"] == "1.0"
    assert values(figure)["b"] in ("−1.0", "−0.9", "−1.1")
    drag(figure, (0.43, 0.354), (0.26, 0.354))  # the steepness, across the border
    assert figure.summary.startswith("10 of 10 points")
    by_pointer = values(figure), figure.summary
    for name in ("w", "b"):
        press(figure, name, "Home")
    for name, shown in by_pointer[0].items():
        up = round(10 * float(shown.replace("−", "-"))) + 60
        press(figure, name, *["ArrowRight"] * up)
    assert (values(figure), figure.summary) == by_pointer


def test_a_line_is_moved_and_turned(figures: dict[str, Figure]) -> None:
    figure = figures["neuron_line"]
    first = values(figure)
    drag(figure, (0.3, 0.6), (0.33, 0.68))
    moved = values(figure)
    assert {name: moved[name] == first[name] for name in first} == {
        "w1": True,
        "w2": True,
        "b": False,
    }
    choose(figure, "activation", "tanh")
    press(figure, "b", *["Home"], *["ArrowRight"] * 63)
    assert values(figure) == first
    drag(figure, (0.5725, 0.542), (0.46, 0.63))  # the arrow's tip
    turned = values(figure)
    assert turned["w1"] != first["w1"]
    drag(figure, (0.46, 0.63), (0.5725, 0.542))
    back = {k: float(v.replace("−", "-")) for k, v in values(figure).items()}
    for name, shown in first.items():
        assert back[name] == pytest.approx(float(shown.replace("−", "-")), abs=0.21)


def test_the_gradient_of_the_first_layer_is_lifted(figures: dict[str, Figure]) -> None:
    figure = figures["vanishing_gradient"]
    choose(figure, "activation", "ReLU")
    drag(figure, (0.5743, 0.28), (0.5743, 0.15))
    gain = float(values(figure)["gain"].split()[0])
    assert gain > 1.1
    said = figure.summary
    press(figure, "gain", "ArrowLeft", "ArrowRight")
    assert figure.summary == said


def test_the_loss_curve_leads_to_a_step(figures: dict[str, Figure]) -> None:
    figure = figures["decision_boundary"]
    drag(figure, (0.7, 0.5), (0.75, 0.5))
    step = int(values(figure)["step"])
    assert 30 < step < 80
    said = figure.summary
    press(figure, "step", "Home", *["ArrowRight"] * step)
    assert figure.summary == said


def test_points_are_painted_moved_and_removed(figures: dict[str, Figure]) -> None:
    figure = figures["playground"]
    data = figure.control("data").locator("select")
    points = figure.control("points")
    points.get_by_text("Clear").click()
    figure.wait_for_response()
    assert data.evaluate("select => select.selectedOptions[0].text") == "your own"
    assert "no points" in figure.summary
    drag(figure, (0.15, 0.6))
    points.get_by_label("add triangles").check()
    drag(figure, (0.4, 0.3))
    assert "of 2 points" in figure.summary
    drag(figure, (0.4, 0.6), (0.5, 0.6))  # a trail
    n = int(figure.summary.split(" of ")[1].split()[0])
    assert n in (5, 6, 7)
    painted = figure.fingerprint()
    drag(figure, (0.15, 0.6), (0.2, 0.3))
    assert figure.fingerprint() != painted, "moved"
    assert f"of {n} points" in figure.summary
    points.get_by_label("remove").check()
    drag(figure, (0.4, 0.3))
    assert f"of {n - 1} points" in figure.summary


def test_points_are_painted_by_keyboard(figures: dict[str, Figure]) -> None:
    figure = figures["playground"]
    choose(figure, "data", "XOR")
    points = figure.control("points")
    points.get_by_label("remove").focus()
    figure.page.keyboard.press("Shift+Tab")  # to the control before
    figure.canvas.focus()
    cursor = figure.root.locator(".cursor")
    assert cursor.is_visible()
    before = figure.root.locator(".where").inner_text()
    points.get_by_label("add circles").check()
    figure.canvas.focus()
    for key in ("Shift+ArrowLeft", "ArrowUp", "Enter"):
        figure.page.keyboard.press(key)
    figure.wait_for_response()
    assert figure.root.locator(".where").inner_text() != before
    assert "of 61 points" in figure.summary
    figure.page.keyboard.press("Delete")
    figure.wait_for_response()
    n = int(figure.summary.split(" of ")[1].split()[0])
    assert n <= 60


def test_it_trains_as_it_plays_and_by_steps(figures: dict[str, Figure]) -> None:
    figure = figures["playground"]
    choose(figure, "data", "circles")
    choose(figure, "network", "3 neurons")
    press(figure, "step", "Home", "ArrowRight")
    assert "Step 1 with 3 neurons" in figure.summary
    play = figure.control("step").locator("button")
    play.click()
    figure.page.wait_for_function(
        """figure => Number(figure.querySelector('output').textContent) > 12""",
        arg=figure.root.element_handle(),
    )
    play.click()
    figure.wait_for_response()
    press(figure, "step", "End")
    assert "60 of 60 points" in figure.summary
