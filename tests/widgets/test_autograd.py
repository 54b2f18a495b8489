"""The pictures of notebook 04 that answer."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import widgets
from course_lib.gradients import FLOAT_FUNCTIONS, evaluate, finite_difference
from course_lib.lessons import robot as body
from course_lib.widgets.autograd import FRAMES, MOST_STEPS
from course_lib.widgets.figure import InteractiveFigure
from tests.widgets.checks import check_figure, click, ends, handles, places_of

EXPRESSION = "(tanh(a*b + c) - 1)**2 + a/b"


def test_graph_stepper() -> None:
    figure = widgets.graph_stepper()
    check_figure(figure)
    figure.select(step=0)
    assert figure.summary.startswith("Step 0 of 7: ")
    figure.select(step=3 * FRAMES + 2)  # tanh is known, nothing is to blame yet
    assert figure.summary.startswith("Step 3 of 7, forward: tanh of 0.7 is 0.6044.")
    assert ends(figure) == {"step": 7 * FRAMES}


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
    for step in range(ends(stepper)["step"] // FRAMES + 1):
        stepper.select(step=step * FRAMES)
        _, backward, handed = stepper.summary.partition("backward: ")
        for share in handed.rstrip(".").split(" = ")[1:] if backward else []:
            number, _, name = share.split(", and ")[0].partition(" to ")
            if name in told:
                told[name] += float(number.replace("−", "-"))
    nudged = finite_difference(by_floats, *point)
    assert list(told.values()) == pytest.approx(nudged, rel=2e-3)


def test_both_ends_work_for_every_expression() -> None:
    figure = widgets.graph_stepper()
    expressions = figure._controls["expression"].boundary_states()
    for text in (*expressions, "a", "-c", "2**a", "a - a"):
        for step in (0, FRAMES // 2, MOST_STEPS * FRAMES):
            figure.select(expression=text, step=step)
            assert figure.problem == "", text
            assert len(figure.summary) <= 200
    figure.select(expression="a", step=MOST_STEPS * FRAMES)
    assert figure.summary.endswith("backward: the result starts with all the blame, 1.")


def test_steps_beyond_the_end_show_the_end() -> None:
    figure = widgets.graph_stepper()
    assert figure.selected["step"] == MOST_STEPS * FRAMES
    at_the_end = figure.strokes
    for step in (7 * FRAMES, 7 * FRAMES + 1, 20 * FRAMES):
        figure.select(step=step)
        assert figure.strokes == at_the_end
    figure.select(step=7 * FRAMES - 1)
    assert figure.strokes != at_the_end


def test_no_expression_has_more_steps_than_the_slider() -> None:
    figure = widgets.graph_stepper()
    pair = "(tanh(a*a) + tanh(a*a))"
    figure.select(expression=f"{pair}*{pair} + a*a")  # as many nodes as there may be
    assert figure.problem == "", figure.problem
    assert ends(figure)["step"] == MOST_STEPS * FRAMES
    figure.select(expression=f"{pair}*{pair} + tanh(a*a)")
    assert figure.problem.startswith("this makes 15 nodes")


def test_a_click_on_a_node_leads_to_its_steps(stepper: InteractiveFigure) -> None:
    nodes = [handle for handle in handles(stepper) if "area" in handle]
    assert len(nodes) == len([s for s in EXPRESSION if s in "*+-/"])  # ** is one
    names = []
    for node in nodes:
        left, top, width, height = node["area"]
        click(stepper, left + width / 2, top + 0.2 * height)
        computed = stepper.summary.split(", forward: ")[1].split(" of ")[0]
        click(stepper, left + width / 2, top + 0.9 * height)
        assert (
            computed == stepper.summary.split(", backward: ")[1].split(" hands on")[0]
        )
        names.append(computed)
    assert len({*names}) == 6  # two of them are sums


def test_an_input_is_dragged_up_for_more(stepper: InteractiveFigure) -> None:
    drags = [handle for handle in handles(stepper) if "at" in handle]
    assert [drag["sets"][0]["control"] for drag in drags] == ["a", "b", "c"]
    for drag in drags:
        (given,) = drag["sets"]
        left, y, right, same = drag["at"]
        assert left < right
        assert same == y
        places = places_of(given)[:, 0]
        assert places[stepper.selected[given["control"]]] == pytest.approx(y, abs=0.2)
        assert (np.diff(places) < -2).all()  # from above, in CSS pixels
    stepper.select(expression="a*a")
    (drag,) = [handle for handle in handles(stepper) if "at" in handle]
    assert drag["sets"][0]["control"] == "a"


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
    figure.select(expression="a*a + a", step=50, a=45, b=60, c=37)
    strokes, summary = figure.strokes, figure.summary
    figure.select(expression=text)
    assert REFUSED[text] in figure.problem
    assert "\n" not in figure.problem
    assert figure.strokes == strokes
    assert figure.summary == summary
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


def test_a_joint_is_chosen_on_the_body_and_by_its_bar() -> None:
    figure = widgets.robot()
    for step in (0, 100):
        figure.select(step=step)
        limbs, rows, _ = handles(figure)
        for handle in (limbs, rows):
            (given,) = handle["sets"]
            assert given["names"] == list(body.JOINTS)
            for k in (12, 3, 7):
                click(figure, *places_of(given)[k])
                assert figure.values["joint"] == body.JOINTS[k]
    left, top, _, height = rows["area"]
    click(figure, left + 1, top + 0.5 * height / 14)  # the name, left of the bars
    assert figure.values["joint"] == "spine"


def test_every_step_has_its_place_on_the_curve() -> None:
    figure = widgets.robot()
    curve = handles(figure)[-1]
    (given,) = curve["sets"]
    assert given["control"] == "step"
    assert given["along"] == "x"
    places = places_of(given)[:, 0]
    assert (np.diff(places) > 0).all()
    stops = figure._controls["step"].stops  # type: ignore[attr-defined]
    share = (places - places[0]) / (places[-1] - places[0])
    assert share == pytest.approx(np.array(stops) / 300, abs=1e-3)


def test_the_robot_starts_in_a_heap_and_ends_running() -> None:
    figure = widgets.robot()
    first, last = figure._controls["step"].boundary_states()[1:]
    figure.select(step=first)
    assert figure.summary.startswith(
        "Step 0 of 300: loss 74.05 dm². The spine is at −82°"
    )
    figure.select(step=last)
    assert figure.summary.startswith("Step 300 of 300: loss below 0.01 dm².")
