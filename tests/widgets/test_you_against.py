"""The game of notebook 04: a robot posed by hand, then by a class."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from course_lib import widgets
from course_lib.exercises import autograd
from course_lib.exercises.core.extract_source import AnswerSource, run_source
from course_lib.exercises.robot_trial import STEPS, try_number
from course_lib.gradients import finite_difference
from course_lib.lessons import robot
from course_lib.scalar import Value
from course_lib.widgets.controls import Turn, Turns
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import handles_of
from course_lib.widgets.recording import record
from course_lib.widgets.you_against import STOPS, start_of
from tests.widgets.checks import check_figure

STARTS, START = start_of(365)
JOINTS = list(robot.JOINTS)


@pytest.fixture
def figure() -> InteractiveFigure:
    return widgets.you_against_autograd()


def turned(*turns: tuple[str, int, float]) -> dict[str, Any]:
    """Return a state of the hands: (joint, degrees, seconds) for each turn."""
    given = [[JOINTS.index(j), STOPS.index(d), s] for j, d, s in turns]
    return {"part": given[-1][0] if given else 0, "turns": given}


def angles_after(*turns: tuple[str, int, float]) -> list[float]:
    angles = list(START)
    for joint, degrees, _ in turns:
        angles[JOINTS.index(joint)] = math.radians(degrees)
    return angles


def test_you_against_autograd(figure: InteractiveFigure) -> None:
    check_figure(figure)


TURNS = (("spine", 8, 0.0), ("right hip", -156, 4.2), ("left knee", 80, 61.0))


def test_hands_turn_joints_and_see_the_loss_and_the_blame(
    figure: InteractiveFigure,
) -> None:
    assert figure.summary.startswith("Loss 79.13 dm² at the start. Most to blame: the")
    for n in range(1, 4):
        figure.select(turns=turned(*TURNS[:n]))
        angles = angles_after(*TURNS[:n])
        loss = robot.robot_loss(angles)
        assert f"Loss {loss:.2f} dm² after {n} turn" in figure.summary
        nudged = finite_difference(lambda *point: robot.robot_loss(point), *angles)
        most = max(range(14), key=lambda k: abs(nudged[k]))
        words = figure.summary.split("Most to blame: the ")[1]
        assert words.startswith(f"{JOINTS[most]}, slope ")
        said = words.split("slope ")[1].split(";")[0].replace("−", "-")
        assert float(said) == pytest.approx(nudged[most], abs=0.006)
        assert ("a smaller angle" in words) == (nudged[most] > 0)
    assert "after 3 turns in 61 s." in figure.summary


def test_the_start_is_on_the_stops_and_looks_the_same_to_both() -> None:
    heap = start_of(365)
    assert [math.radians(STOPS[stop]) for stop in heap[0]] == list(heap[1])
    assert try_number(Value, START).walk[0].angles == list(START)


def test_a_pointer_turns_each_limb_around_its_joint(figure: InteractiveFigure) -> None:
    figure.select(turns=turned(*TURNS))
    handles = handles_of(figure._renderer.figure)
    assert [handle.label for handle in handles] == [f"turn the {j}" for j in JOINTS]
    points = robot.body_points(angles_after(*TURNS))
    for k, handle in enumerate(handles):
        assert handle.at == points[JOINTS[k]][1]
        (packed,) = json.loads(handle.packed(400.0))["sets"]
        assert (packed["control"], packed["part"], packed["n"]) == ("turns", k, 180)
        for stop in (0, 60, 179):  # the limb there points where the stop does
            angles = angles_after(*TURNS)
            angles[k] = math.radians(STOPS[stop])
            (x0, y0), (x1, y1) = robot.body_points(angles)[JOINTS[k]]
            way = math.atan2(y1 - y0, x1 - x0)
            at = packed["first"] + stop * packed["step"]
            assert math.remainder(way - at, math.tau) == pytest.approx(0, abs=1e-3)


def test_a_turn_gives_the_robot_back_to_the_hands(figure: InteractiveFigure) -> None:
    figure.select(step=40)
    assert figure.summary.startswith("Step 39 of 150 by autograd: loss ")
    assert handles_of(figure._renderer.figure) == []
    figure.select(turns=turned(*TURNS))
    assert figure.selected["step"] == 0
    assert len(handles_of(figure._renderer.figure)) == 14


def test_autograd_takes_over_from_the_same_start(figure: InteractiveFigure) -> None:
    figure.select(turns=turned(*TURNS))
    walk = try_number(Value, START).walk
    figure.select(step=1)
    assert figure.summary.startswith("Step 0 of 150 by autograd: loss 79.13 dm².")
    figure.select(step=21)
    assert f"loss {walk[20].loss:.2f} dm². Most to blame: the " in figure.summary
    assert figure.text == ""
    figure.select(step=STEPS + 1)
    assert figure.summary == (
        "Autograd stands: loss below 0.01 dm² after 150 steps in less than a second, "
        "all 14 joints at once."
    )
    you, engine = figure.text.splitlines()[1:]
    loss = robot.robot_loss(angles_after(*TURNS))
    assert you.split("  ")[0] == "you"
    assert f"{loss:.2f} dm²" in you
    assert you.endswith("  61 s       3 × 1 joint")
    assert engine.endswith("  under 1 s  150 × 14 joints")


def test_it_is_the_same_after_another_cell_and_without_the_runner(
    figure: InteractiveFigure,
) -> None:
    figure.select(turns=turned(*TURNS))
    strokes, said = figure.strokes, figure.summary
    figure.select(blind=True)
    assert figure.summary == f"{said} The runner is hidden."
    assert len(figure.strokes) < len(strokes)
    figure.select(blind=False)
    assert figure.strokes == strokes


def of_text(name: str, *edits: tuple[str, str]) -> Any:
    """Return the class of the solution, with pieces of its text replaced."""
    text = autograd.own_value.answer_source().text
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    source = AnswerSource(text.replace("MyValue", name), name)
    return run_source(source, f"your_{name}", f"<your {name}>")


def test_a_wrong_class_stumbles_and_the_rule_is_named() -> None:
    wrong = of_text("Swapped", ("(other.data, self.data)", "(self.data, other.data)"))
    figure = widgets.you_against_autograd(wrong)
    for step in (0, 1, 30, STEPS + 1):
        figure.select(step=step)
        assert figure.problem == ""
    assert figure.summary.startswith("Swapped stumbles: loss ")
    assert "I suspect the rule of `*` (and `/`, `-`): at the " in figure.summary
    assert "150 × 14 joints" in figure.text


def test_a_class_that_cannot_begin_leaves_the_hands_their_turn() -> None:
    lacks = of_text(
        "Lacks", ("    def __radd__(self, other):\n        return self + other\n\n", "")
    )
    figure = widgets.you_against_autograd(lacks)
    figure.select(turns=turned(*TURNS))
    assert "after 3 turns" in figure.summary
    figure.select(step=1)
    assert figure.problem == ""
    assert figure.summary == (
        "Lacks stops at step 0 with TypeError: unsupported operand type(s) for +: "
        "'float' and 'Lacks'. The robot has plain numbers, too: make Values of them."
    )


# --- the control ----------------------------------------------------------------------

CONTROL = Turns("turns", "what to turn", {"a": 1, "b": 0}, ["0°", "90°", "180°"])


def test_turns_are_a_part_and_a_list_of_turns() -> None:
    assert CONTROL.value(CONTROL.default) == ("a", [])
    state = {"part": 1, "turns": [[0, 2, 0], [1, 1, 3.5]]}
    assert CONTROL.value(state) == ("b", [Turn("a", 2, 0.0), Turn("b", 1, 3.5)])
    for state in CONTROL.boundary_states():
        CONTROL.value(state)
    assert CONTROL.spec()["starts"] == [1, 0]


REFUSED = {
    "a part and turns": [None, [], {"part": 0}, {"part": 0, "turns": [], "more": 1}],
    "at most 300 turns": [
        {"part": 0, "turns": None},
        {"part": 0, "turns": [[0, 0, 0]] * 301},
    ],
    "is no turn": [{"part": 0, "turns": [3]}, {"part": 0, "turns": [[0, 0]]}],
    "is no time": [
        {"part": 0, "turns": [[0, 0, seconds]]} for seconds in (-1, "3", math.nan, 1e12)
    ],
    "is none of 0 to 1": [{"part": 2, "turns": []}, {"part": 0, "turns": [[2, 0, 0]]}],
    "is none of 0 to 2": [{"part": 0, "turns": [[0, 3, 0]]}],
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_a_browser_makes_up_is_refused_in_one_line(words: str) -> None:
    for state in REFUSED[words]:
        with pytest.raises(ValueError, match=words) as refusal:
            CONTROL.value(state)
        assert "\n" not in str(refusal.value)


def test_a_recording_shows_autograd_from_the_start_to_the_end(
    figure: InteractiveFigure,
) -> None:
    header = record(figure).header
    assert header["order"] == ["step", "blind"]
    first, *_, last, _ = header["words"]  # the last one of all hides the runner
    assert first[0].startswith("Loss 79.13 dm² at the start.")
    assert last[0].startswith("Autograd stands: loss below 0.01 dm² after 150 steps")
    assert "you" not in last[1]  # nobody has turned anything
    assert "joint to turn" in header["note"]
