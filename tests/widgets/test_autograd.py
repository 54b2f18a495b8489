"""The pictures of notebook 04 that answer."""

from __future__ import annotations

import pytest

from course_lib import widgets
from course_lib.gradients import FLOAT_FUNCTIONS, evaluate, finite_difference
from course_lib.lessons import robot as body
from course_lib.widgets.figure import InteractiveFigure
from tests.widgets.checks import check_figure

EXPRESSION = "(tanh(a*b + c) - 1)**2 + a/b"


def test_graph_stepper() -> None:
    figure = widgets.graph_stepper()
    check_figure(figure)
    figure.select(way=0)
    assert figure.summary.startswith("Step 0 of 7: ")
    figure.select(way=60)  # half way: tanh is known, nothing is to blame yet
    assert figure.summary.startswith("Step 3 of 7, forward: tanh of 0.7 is 0.6044.")


@pytest.fixture
def stepper() -> InteractiveFigure:
    figure = widgets.graph_stepper()
    figure.select(expression=EXPRESSION, a=45, b=65, c=30)
    assert figure.problem == ""
    return figure


def test_the_shares_it_tells_are_what_a_nudge_says(stepper: InteractiveFigure) -> None:
    point = [stepper.values[name] for name in "abc"]

    def by_floats(*numbers: float) -> float:
        named = dict(zip("abc", numbers, strict=True))
        return float(evaluate(EXPRESSION, named, FLOAT_FUNCTIONS))

    told = dict.fromkeys("abc", 0.0)
    for way in stops_of_steps(stepper):
        stepper.select(way=way)
        _, backward, handed = stepper.summary.partition("backward: ")
        for share in handed.rstrip(".").split(" = ")[1:] if backward else []:
            number, _, name = share.split(", and ")[0].partition(" to ")
            if name in told:
                told[name] += float(number.replace("−", "-"))
    nudged = finite_difference(by_floats, *point)
    assert list(told.values()) == pytest.approx(nudged, rel=2e-3)


def stops_of_steps(figure: InteractiveFigure) -> list[int]:
    """Go to the start, then on, one press at a time; return every stop on the way."""
    figure.select(way=0)
    stops = [0]
    while figure.selected["way"] < 120:
        figure.press("on")
        stops.append(figure.selected["way"])
        assert figure.summary.startswith(f"Step {len(stops) - 1} of ")
    return stops


def test_one_step_on_and_one_step_back_stop_at_every_step(
    stepper: InteractiveFigure,
) -> None:
    stepper.select(expression="tanh(a*b + c)")  # whose 7 steps do not divide 120
    there = stops_of_steps(stepper)
    last = int(stepper.summary.split(" of ")[1].split(",")[0])
    assert len(there) == last + 1
    stepper.press("on")
    assert stepper.selected["way"] == 120
    back = [120]
    while back[-1] > 0:
        stepper.press("back")
        back.append(stepper.selected["way"])
    assert back == there[::-1]
    stepper.press("back")
    assert stepper.selected["way"] == 0
    stepper.select(way=1)
    stepper.press("back")
    assert stepper.selected["way"] == 0


def test_both_ends_of_the_way_work_for_every_expression() -> None:
    figure = widgets.graph_stepper()
    for text in (
        *figure._controls["expression"].boundary_states(),
        "a",
        "-c",
        "2**a",
        "a - a",
    ):
        for way in (0, 61, 120):
            figure.select(expression=text, way=way)
            assert figure.problem == "", text
            assert len(figure.summary) <= 200
    figure.select(expression="a", way=120)
    assert figure.summary.endswith("backward: the result starts with all the blame, 1.")


REFUSED = {
    "a +": "cannot read the expression 'a +'",
    "": "cannot read the expression ''",
    "a*d": "cannot use 'd' here",
    "a.real": "cannot use 'a.real' here",
    "__import__('os')": "cannot use",
    "2 + 2": "'2 + 2' uses none of a, b, c",
    "a*b*c*a*b*c*a*b*c": "this makes 11 nodes, up to 8 operations in a row",
    "(a+1)*(b+2)*(c+3)*(a+4) + b": "this makes 15 nodes",
    "a / (b - 2)": "0.5 is divided by zero",
    "b / (2 - 2)": "2 is divided by zero",
    "log(c)": "log of −0.3 does not exist",
    "c ** 0.5": "'**0.5' of −0.3 is not a finite real number",
    "(b - 2) ** 0.5": "'**0.5' of 0 has no finite slope",
    "exp(exp(exp(9 * b)))": "is not a finite real number",
    "a * 1e400": "'*' of 0.5 and inf is not a finite real number",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_drawn_is_said_in_one_line(text: str) -> None:
    figure = widgets.graph_stepper()
    figure.select(expression="a*a + a", way=50, a=45, b=60, c=37)
    strokes, summary = figure.strokes, figure.summary
    figure.select(expression=text)
    assert REFUSED[text] in figure.problem
    assert "\n" not in figure.problem
    assert figure.strokes == strokes
    assert figure.summary == summary
    figure.press("on")  # has nowhere to go, and says so
    assert figure.strokes == strokes
    assert REFUSED[text] in figure.problem
    figure.select(expression="a*a + a")
    assert figure.problem == ""


def test_robot() -> None:
    figure = widgets.robot()
    check_figure(figure)
    figure.select(step=20, joint=1)
    assert figure.values == {"step": 20, "joint": "neck"}
    nudged = slopes_by_nudging(20)
    said = figure.summary.split("its slope is ")[1].split(" ")[0].replace("−", "-")
    assert float(said) == pytest.approx(nudged[1], abs=0.006)


def slopes_by_nudging(step: int) -> tuple[float, ...]:
    from course_lib.widgets.autograd import _descent

    angles = _descent(45)[step].angles
    return finite_difference(lambda *point: body.robot_loss(point), *angles)


def test_the_robot_starts_in_a_heap_and_ends_running() -> None:
    figure = widgets.robot()
    first, last = figure._controls["step"].boundary_states()[1:]
    figure.select(step=first)
    assert figure.summary.startswith(
        "Step 0 of 300: loss 74.05 dm². The spine is at −82°"
    )
    figure.select(step=last)
    assert figure.summary.startswith("Step 300 of 300: loss below 0.01 dm².")
