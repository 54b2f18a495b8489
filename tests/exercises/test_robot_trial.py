"""A robot posed by a learner's Value: what is wrong about it is named."""

from __future__ import annotations

import math
from typing import Any

import pytest

from course_lib.exercises import autograd
from course_lib.exercises.core.extract_source import AnswerSource, run_source
from course_lib.exercises.core.judge import KnownAnswer
from course_lib.exercises.robot_trial import (
    ARRIVED,
    STEPS,
    Trial,
    pose_the_robot,
    try_number,
)
from course_lib.gradients import finite_difference
from course_lib.lessons import robot
from course_lib.scalar import Value
from course_lib.widgets.you_against import start_of

START = list(start_of(365)[1])

STUMBLES = {  # each mistake of own_value that the robot meets, and what is said of it
    "= where += was needed": "new blame replaces what was there (= where += belongs)",
    "grads set to 0 on the way": "the blame of the leaves is wiped out",
    "wrong topological order": "the order is turned round (the leaves come first)",
    "blame passed on too early": "the order is wrong",
    "blame passed on again for every path": "a node hands over once for every path",
    "blame stops after one step": "backward() stops after one step",
    "blame that goes nowhere": "backward() hands nothing on",
    "the chain is cut": "hands on slopes without the blame",
    "every node starts with a blame of 1": "every node begins with a blame of 1",
    "blame collected, slopes forgotten": "hands blame on without the local slope",
    "old blame passed on again": "old blame is passed on again",
    "the root's slope with respect to itself is missing": "the loss begins with no",
    "a number changed by an operation": "was changed to",
    "the slopes of a product exchanged": "the rule of `*` (and `/`, `-`): at the",
    "a difference with the slopes of a sum": "the rule of `-`: in the loss",
    "a minus sign without its slope": "the rule of `-`: in the loss",
    "the order of computation in the power": "the rule of `**2`: at the",
    "the power rule with the old exponent": "the rule of `**2`: at the",
    "the sign of the base lost": "the rule of `**2`: at the",
}
YET = {"the power rule without its exponent in front": "the rule of `**2`: at the"}
ELSEWHERE = {  # it poses the robot, which has no use for what is wrong
    "children kept once each": "a child used twice in one operation gets one share",
    "at most two children": "a third child gets no blame",
    "a memory that outlives the call": "leaves a mark that stops the second",
    "the given local_grads are not used": "made from outside get blame and do not",
    "exp treated as a power": "the rule of `exp` is wrong: exp(0.5)",
    "derivative of tanh taken at the wrong place": "the rule of `tanh` is wrong",
    "the square forgotten in the slope of tanh": "the rule of `tanh` is wrong",
    "the slope of the sigmoid instead of that of tanh": "the rule of `tanh` is wrong",
    "the slope of log is not that of exp": "the rule of `log` is wrong",
    "the slope of log differentiated once more": "the rule of `log` is wrong",
    "a logarithm with another base": "log(2.5) is 0.9163, and yours gives 0.3979",
    "relu lets the blame through where it is off": "relu(−1.5) has the slope 1",
    "relu with its output as its slope": "relu(1.5) has the slope 1.5",
    "relu that forgets its input": "relu(1.5) has the slope 0",
    "a quotient with the sign of one slope lost": "the rule of `/` is wrong: 3 / 2",
}
CANNOT_BEGIN = {
    "a plain number on the left": "+: 'float' and 'MyValue'",
    "no difference yet": "-: 'MyValue' and 'float'",
    "no quotient yet": "/: 'MyValue' and 'int'",
    "a plain number in a sum": "'float' object has no attribute 'data'",
    "a plain number in a product": "'float' object has no attribute 'data'",
}
EQUAL = {
    "a walk down every path",
    "the operation is not kept",
    "a slope found by a nudge",
    "a plain number on the left of a product",
    "a plain number on the left of a difference",
    "a plain number on the left of a quotient",
    "no minus sign yet",
    "the power divided by the number",
    "subtraction the wrong way round",
}


def tried(answer: KnownAnswer, steps: int = STEPS) -> Trial:
    number = run_source(answer.source())
    return Trial.read(pose_the_robot(number, START, steps))


def one_line(*texts: str) -> None:
    assert not any("\n" in text or len(text) > 240 for text in texts), texts


@pytest.mark.parametrize(
    "answer", autograd.own_value.wrong_answers, ids=lambda a: a.label
)
def test_every_known_mistake_ends_in_its_sentence(answer: KnownAnswer) -> None:
    label = answer.label
    trial = tried(answer, 25 if label in STUMBLES else STEPS)
    one_line(trial.problem, trial.suspicion, trial.aside)
    if label in STUMBLES:
        assert not trial.arrived
        assert trial.suspicion.startswith("I suspect ")
        assert STUMBLES[label] in trial.suspicion
    elif label in CANNOT_BEGIN:
        assert (trial.walk, trial.aside) == ([], "")
        assert trial.problem.startswith("MyValue stops at step 0 with ")
        assert CANNOT_BEGIN[label] in trial.problem
    else:
        assert trial.arrived
        assert YET.get(label, "") in trial.suspicion
        assert bool(trial.suspicion) == (label in YET)
        assert ELSEWHERE.get(label, "") in trial.aside
        assert bool(trial.aside) == (label in ELSEWHERE)
        assert label in {*YET, *ELSEWHERE, *EQUAL}


@pytest.mark.parametrize(
    "answer", autograd.find_the_bug.wrong_answers, ids=lambda a: a.label
)
def test_a_suspect_that_takes_no_plain_numbers_is_told_so(answer: KnownAnswer) -> None:
    trial = tried(answer)
    one_line(trial.problem, trial.suspicion, trial.aside)
    assert trial.walk == []
    assert "The robot has plain numbers, too: make Values of them." in trial.problem
    if "power" in answer.label and answer.label != "the power divided by the number":
        assert "the rule of `**2`" in trial.suspicion


@pytest.mark.parametrize(
    "answer", autograd.own_value.right_answers, ids=lambda a: a.label
)
def test_every_right_answer_poses_the_robot(answer: KnownAnswer) -> None:
    trial = tried(answer)
    assert trial.arrived
    assert (trial.problem, trial.suspicion, trial.aside) == ("", "", "")


def test_the_courses_own_engine_takes_the_steps_that_are_taught() -> None:
    trial = try_number(Value, START)
    assert trial.walk == robot.learn_the_pose(START, STEPS, 0.4)
    assert trial.walk[-1].loss < 0.001 < ARRIVED
    assert trial.slopes == [moment.slopes for moment in trial.walk]
    assert (trial.problem, trial.suspicion, trial.aside) == ("", "", "")


class Turned(Value):
    """A Value with a cosine and a sine of its own, the sign of one slope lost."""

    def __add__(self, other: Any) -> Any:
        return _turned(super().__add__(other))

    def __radd__(self, other: Any) -> Any:
        return _turned(super().__radd__(other))

    def cos(self) -> Any:
        x = self.data
        return Turned(math.cos(x), (self,), (math.sin(x),), "cos")

    def sin(self) -> Any:
        x = self.data
        return Turned(math.sin(x), (self,), (math.cos(x),), "sin")


def _turned(number: Any) -> Any:
    return Turned(number.data, number.children, number.local_grads, number.op)


def test_a_cosine_of_the_learners_own_is_asked_and_found_wrong() -> None:
    trial = Trial.read(pose_the_robot(Turned, START, 25))
    assert not trial.arrived
    assert "I suspect the rule of `cos`: at the " in trial.suspicion
    # cos(x) has the slope sin(x) by theirs, and -sin(x) by a nudge
    x, given, nudged = (
        float(trial.suspicion.split(before)[1].split(after)[0].replace("−", "-"))
        for before, after in (
            ("cos(", ")"),
            ("the slope ", " by"),
            ("yours, and ", " by"),
        )
    )
    assert given == pytest.approx(math.sin(x), abs=2e-3)
    assert nudged == -given


def edited(*edits: tuple[str, str], name: str = "MyValue") -> Any:
    """Return the class of the solution, with pieces of its text replaced."""
    text = autograd.own_value.answer_source().text
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    text = text.replace("MyValue", name)
    return run_source(AnswerSource(text, name), f"your_{name}", f"<your {name}>")


KEEPS = """        self.blame = 0.0

    @property
    def grad(self):
        return self.blame

    @grad.setter
    def grad(self, number):
        self.blame = number or self.blame

    def keep(self, children, local_grads, op):
"""


def test_grads_that_are_not_zeroed_are_told_from_a_wrong_rule() -> None:
    keeps = edited(
        (
            "        self.grad = 0.0\n",
            "        self.keep(children, local_grads, op)\n" + KEEPS,
        ),
    )
    trial = Trial.read(pose_the_robot(keeps, START, 25))
    assert not trial.arrived
    assert "I suspect that old blame is passed on again" in trial.suspicion
    assert "at step 1 the " in trial.suspicion  # the first step was right
    said = float(trial.suspicion.split("a nudge says ")[1][:-1].replace("−", "-"))
    joint = trial.suspicion.split("at step 1 the ")[1].split("'s blame")[0]
    nudged = finite_difference(
        lambda *point: robot.robot_loss(point), *trial.walk[1].angles
    )
    assert said == pytest.approx(nudged[robot.JOINTS.index(joint)], rel=1e-3)


# --- in a process of its own ----------------------------------------------------------


BACKWARD = "        self.grad = 1.0\n"
AT_ONCE = {
    "Endless": (
        "while True:\n            pass",
        "Step 0 of Endless did not come back within 3 seconds: is there a loop that "
        "never ends?",
    ),
    "Quits": (
        "__import__('os')._exit(3)",
        "The process that ran Quits has ended: does it call exit()?",
    ),
    "Raises": (
        "raise NotImplementedError('backward comes\\ntomorrow')",
        "Raises stops at step 0 with NotImplementedError in `raise "
        "NotImplementedError('backward comes\\ntomorrow')`: backward comes tomorrow.",
    ),
    "Infinite": (
        "self.grad = math.inf",
        "At step 0 the slope of the spine is nan: no step can follow.",
    ),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_class_that_hangs_or_raises_is_told_in_one_line(name: str) -> None:
    code, problem = AT_ONCE[name]
    number = edited((BACKWARD, f"        {code}\n"), name=name)
    trial = try_number(number, START)
    assert (trial.problem, trial.walk) == (problem, [])


def test_what_is_no_class_is_refused_in_one_line() -> None:
    for number in (Value(1.0), None, "MyValue"):
        trial = try_number(number, START)
        assert trial.problem == "Give the class itself, as in number=MyValue."


def test_a_right_class_in_a_process_of_its_own_takes_the_same_steps() -> None:
    trial, ours = try_number(edited(name="Same"), START), try_number(Value, START)
    assert (trial.problem, trial.suspicion, trial.aside) == ("", "", "")
    assert [m.loss for m in trial.walk] == pytest.approx([m.loss for m in ours.walk])
