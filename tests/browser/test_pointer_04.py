"""The pictures of notebook 04, held by a pointer, and driven alike by keyboard."""

from __future__ import annotations

from tests.browser.pointing import Pair

CODE = "from course_lib import widgets"
FIGURES = ("widgets.graph_stepper()", "widgets.robot()")


def test_an_input_is_dragged_and_keys_go_on(shown: dict[str, Pair]) -> None:
    graph = shown["graph_stepper"]
    before, first = graph.summary, graph.shows("a")
    (a,) = [h for h in graph.handles() if h["label"].endswith("another a")]
    left, y, right, _ = a["at"]
    high, low = a["sets"][0]["places"]  # of the first stop, and of the last one
    stop = (low - high) / (a["sets"][0]["evenly"] - 1)
    graph.drag((left + 9, y + 4), (right, y + 4 + 12 * stop))
    assert graph.shows("a") == "1.7"
    assert graph.summary != before
    assert graph.focused() == "a"
    graph.press(*["-"] * 5, *["ArrowLeft"] * 7)
    assert (graph.shows("a"), graph.summary) == (first, before)


def test_a_node_leads_to_its_steps(shown: dict[str, Pair]) -> None:
    graph = shown["graph_stepper"]
    (number, *_) = [i for i, h in enumerate(graph.handles()) if "area" in h]
    graph.point(*graph.place(number, 0))
    assert graph.summary.startswith("Step 1 of 7, forward: the product of 0.5 and 2")
    assert graph.shows("step") == "1"
    graph.point(*graph.place(number, 1))
    said = graph.summary
    assert said.startswith("Step 7 of 7, backward: the product hands on ")
    assert graph.focused() == "step"
    graph.press("ArrowLeft")
    assert graph.shows("step") == "6"
    graph.press("Home")
    assert graph.summary.startswith("Step 0 of 7: ")
    graph.press("PageUp")  # on the way to a step
    graph.press("+")
    assert "→" not in graph.shows("step")
    graph.press("End")
    assert (graph.summary, graph.shows("step")) == (said, "7")


def test_a_joint_and_a_step_are_chosen(shown: dict[str, Pair]) -> None:
    robot = shown["robot"]
    spine = robot.summary
    robot.point(*robot.place(0, 9))  # on the body
    assert "The left knee is at " in robot.summary
    knee = robot.control("joint").locator("select")
    assert knee.evaluate("select => select.selectedOptions[0].text") == "left knee"
    robot.point(*robot.place(1, 0))  # its bar
    assert robot.summary == spine
    left, top, width, height = robot.handles()[2]["area"]
    middle = top + height / 2
    robot.drag((left + 5, middle), (left + width * 25 / 310, middle))
    assert robot.shows("step") == "20"
    dragged = robot.summary
    assert robot.focused() == "step"
    robot.press("ArrowRight", "ArrowLeft")
    assert robot.summary == dragged
    knee.select_option("left knee")
    robot.wait_for_response()
    assert robot.summary.startswith("Step 20 of 300")
    assert "The left knee" in robot.summary
