"""A Value class on trial: it poses the robot of 04, and its mistakes are named.

The class takes every step by its own ``backward``. Beside it, the course's own engine
gives the slopes as they should be. Where the two differ, the operations of the robot's
loss are tried one by one on the class, with the numbers they have there, each against
a nudge; then ``backward``, on small records made by hand.
"""

from __future__ import annotations

import contextlib
import math
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter, process_time
from typing import Any, NamedTuple

from course_lib.exercises import autograd as known
from course_lib.exercises.core.codec import decode
from course_lib.exercises.core.extract_source import ExtractionError, extract_source
from course_lib.exercises.core.judge import Case, run_alone
from course_lib.exercises.core.supervisor import Report, WorkerError
from course_lib.exercises.core.worker import describe_error
from course_lib.gradients import finite_difference, nudge_operation
from course_lib.lessons import robot
from course_lib.scalar import Value, backward_order

__all__ = ["ARRIVED", "STEPS", "Trial", "pose_the_robot", "try_number"]

STEPS, LEARNING_RATE = 150, 0.4
PATIENCE = 2.0  # seconds of computing, after which a slow class has shown enough
PLACE = f"{__name__}:pose_the_robot"
ARRIVED = 0.05  # dm²: a loss below, and the robot covers the runner
SIGNS = {"-": "−", "*": "×"}  # as they are written between numbers
FIRST = ("+", "*", "neg", "cos", "sin")  # rules that others may be made from
OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "neg": operator.neg,
    "cos": lambda x: robot.cos_sin(x)[0],
    "sin": lambda x: robot.cos_sin(x)[1],
}
NOT_NEEDED = (  # operations that the robot's loss does without, each with its numbers
    ("exp", 0.5),
    ("log", 2.5),
    ("tanh", 0.8),
    ("tanh", -1.2),
    ("relu", 1.5),
    ("relu", -1.5),
    ("neg", 2.0),
    ("**3", -2.0),
    ("/", 3.0, 2.0),
    ("-", 2.0, 5.0),
)

FIRST_CHILD = "only the first child"
BACKWARD = {  # mistakes of backward(), as they are known, each after "I suspect that"
    known.NO_SEED: "the loss begins with no blame, where its own slope is 1",
    known.NOBODY: "backward() hands nothing on",
    known.UNUSED: "nodes made from outside get blame and do not hand it on",
    known.ONE_STEP: "backward() stops after one step",
    known.WIPED_OUT: "the blame of the leaves is wiped out after it has arrived",
    known.LEAVES_FIRST: "the order is turned round (the leaves come first)",
    known.CUT: "backward() hands on slopes without the blame they are multiplied with",
    known.RESTARTED: "every node begins with a blame of 1, not the loss alone",
    known.NO_SLOPES: "backward() hands blame on without the local slope",
    known.OVERWRITTEN: "new blame replaces what was there (= where += belongs)",
    known.CHILD_ONCE: "a child used twice in one operation gets one share",
    FIRST_CHILD: "only the first child of each node gets its blame",
    known.THIRD_CHILD: "a third child gets no blame",
    known.TOO_EARLY: "the order is wrong (a node hands on before its blame is whole)",
    known.AGAIN: "a node hands over once for every path, so blame goes down twice",
    known.SECOND_BACKWARD: "the first backward() leaves a mark that stops the second",
    known.OLD_BLAME: "old blame is passed on again (a list of nodes, or a grad, stays)",
}


class Trial(NamedTuple):
    """What a class made of the robot."""

    walk: list[robot.Step]  # as far as it came, with the slopes by its own backward
    slopes: list[list[float]]  # those that the course's own engine gives there
    seconds: float = 0.0  # that the class computed
    problem: str = ""  # why it came no further, in one line
    suspicion: str = ""  # which rule is wrong, and how that is known, in one line
    aside: str = ""  # a rule that is wrong, and that the robot has no use for

    @property
    def arrived(self) -> bool:
        """Whether the robot stands as the runner does."""
        return bool(self.walk) and self.walk[-1].loss < ARRIVED

    @classmethod
    def read(cls, found: list[Any]) -> Trial:
        """Return the trial that ``pose_the_robot`` found."""
        moments, seconds, problem, suspicion, aside = found
        walk = [robot.Step(angles, loss, slopes) for angles, loss, slopes, _ in moments]
        slopes = [true for *_, true in moments]
        return cls(walk, slopes, seconds, problem, suspicion, aside)


def try_number(number: Any, angles: Sequence[float]) -> Trial:
    """Let a class pose the robot; a class of a learner's, in a process of its own.

    It never raises for what the class does: one that raises, or does not come back, has
    a trial with a problem.
    """
    if number is Value:
        return Trial.read(pose_the_robot(number, list(angles), STEPS))
    if not isinstance(number, type):
        return Trial([], [], problem="Give the class itself, as in number=MyValue.")
    try:
        answer = extract_source(number)
        cases = [Case(list(angles), steps) for steps in (0, STEPS)]
        return _read_report(run_alone(answer, cases, PLACE), number.__name__)
    except (ExtractionError, WorkerError) as reason:
        return Trial([], [], problem=f"{number.__name__} could not be run: {reason}")


def _read_report(report: Report, name: str) -> Trial:
    """Return the trial that a process was asked for: one step, then all of them."""
    problem, found = "", Trial([], [])
    for reply in report.replies:
        if error := reply.get("error") or reply.get("definition"):
            problem = _in_one_line(f"{name} stops with", error)
        elif reply.get("output") is not None:
            found = Trial.read(decode(reply["output"]))
    if report.ended == "time":
        step = len(found.walk)
        problem = (
            f"Step {step} of {name} did not come back within {report.limit:.0f} "
            "seconds: is there a loop that never ends?"
        )
    elif report.ended == "memory":
        problem = f"{name} filled its memory: is there a loop that never ends?"
    elif report.ended != "done":
        problem = f"The process that ran {name} has ended: does it call exit()?"
    return found._replace(problem=problem) if problem else found


def _in_one_line(what: str, error: dict[str, Any]) -> str:
    line, message = (_cut(error["line"]), _cut(error["message"]))
    where = f" in `{line}`" if line else ""
    if re.search(r"'(float|int)'", message):
        message += ". The robot has plain numbers, too: make Values of them"
    return f"{what} {error['type']}{where}: {message.rstrip('. ')}."


def _cut(text: str, most: int = 70) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[:most]}…"


def pose_the_robot(number: type[Any], angles: list[float], steps: int) -> list[Any]:
    """Return what a class makes of the robot, as plain numbers and words.

    That is [moments, seconds, problem, suspicion, aside], as in ``Trial``; a moment is
    [angles, loss, slopes by the class, slopes by the course's own engine].
    """
    name = number.__name__
    moments: list[Any] = []
    problem, seconds, wrong_at = "", 0.0, None
    walk = robot.descend(angles, steps, LEARNING_RATE, number)
    began = process_time()
    for step in range(steps + 1):
        start = perf_counter()
        try:
            joints, root = next(walk)
            here = [float(joint.data) for joint in joints]
            loss, slopes = float(root.data), [float(joint.grad) for joint in joints]
        except Exception as error:  # of the learner's own: one line, never a traceback
            problem = _in_one_line(
                f"{name} stops at step {step} with", describe_error(error)
            )
            break
        seconds += perf_counter() - start
        if problem := _not_finite(step, loss, slopes):
            break
        true_loss, truth = _truth(here)
        moments.append([here, loss, slopes, truth])
        if wrong_at is None and not _agree([loss, *slopes], [true_loss, *truth]):
            wrong_at = step
        if process_time() - began > PATIENCE and step < steps:
            problem = (
                f"{name} is slow: {step} of {steps} steps took {seconds:.1f} seconds. "
                "Does backward() go down the same paths again and again?"
            )
            break
    if not moments:
        return [moments, seconds, problem, _suspicion_at_the_start(number, angles), ""]
    if wrong_at is None:
        return [moments, seconds, problem, "", _aside(number)]
    return [moments, seconds, problem, _suspicion(number, wrong_at, moments), ""]


def _truth(angles: Sequence[float]) -> tuple[float, list[float]]:
    joints = [Value(angle) for angle in angles]
    loss = robot.robot_loss(joints)
    loss.backward()
    return loss.data, [joint.grad for joint in joints]


def _agree(numbers: Sequence[float], truth: Sequence[float]) -> bool:
    largest = max(1.0, *map(abs, truth))
    return all(
        math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-5 * largest)
        for a, b in zip(numbers, truth, strict=True)
    )


def _not_finite(step: int, loss: float, slopes: Sequence[float]) -> str:
    """Return a line on the first number that no step can follow."""
    named = {"loss": loss, **dict(zip(robot.JOINTS, slopes, strict=True))}
    for name, number in named.items():
        if not math.isfinite(number):
            what = "loss" if name == "loss" else f"slope of the {name}"
            return f"At step {step} the {what} is {number}: no step can follow."
    return ""


# --- which rule is wrong --------------------------------------------------------------


def _suspicion(number: type[Any], step: int, moments: list[Any]) -> str:
    """Return which rule is wrong, and how that is known, in one line."""
    angles, _, slopes, truth = moments[step]
    found = _mistake(number, angles)
    if found.endswith("."):
        return found
    found = found or "I suspect backward(), as each operation by itself is right"
    off = max(range(len(truth)), key=lambda k: abs(slopes[k] - truth[k]))
    nudged = finite_difference(lambda *point: robot.robot_loss(point), *angles)[off]
    return (
        f"{found}: at step {step} the {robot.JOINTS[off]}'s blame is "
        f"{_short(slopes[off])}, and a nudge says {_short(nudged)}."
    )


def _suspicion_at_the_start(number: type[Any], angles: Sequence[float]) -> str:
    """Return a rule that is wrong where not even the first step was taken."""
    with contextlib.suppress(Exception):
        if found := _mistake(number, angles):
            return found.rstrip(".") + "."
    return ""


def _mistake(number: type[Any], angles: Sequence[float]) -> str:
    """Return the beginning of a sentence on what is wrong; a whole one for a rule."""
    for look in (known.chain_mistake, _first_child_alone):
        if words := _known(number, look):
            return f"I suspect that {words}"
    if rule := _wrong_rule(number, angles):
        return rule
    for look in (known.sharing_mistake, known.second_call_mistake):
        if words := _known(number, look):
            return f"I suspect that {words}"
    return ""


def _first_child_alone(number: type[Any]) -> str:
    a, b = number(1.0), number(1.0)
    number(1.0, (a, b), (2.0, 3.0), "by hand").backward()
    return FIRST_CHILD if (a.grad, b.grad) == (2, 0) else ""


def _known(number: type[Any], look: Callable[[Any], str]) -> str:
    """Return a mistake of ``backward`` on small records, in words; "" for none."""
    with contextlib.suppress(Exception):  # a class with another constructor
        return BACKWARD.get(look(number), "")
    return ""


def _aside(number: type[Any]) -> str:
    """Return a mistake that the robot does not meet, in one line."""
    for op, *numbers in NOT_NEEDED:
        operands = []
        with contextlib.suppress(Exception):
            operands = [number(x) for x in numbers]
        if operands and (fault := _fault(op, operands, operands, numbers)):
            return f"Elsewhere the rule of `{op}` is wrong: {fault.words}."
    looks = (known.chain_mistake, known.sharing_mistake, known.second_call_mistake)
    for look in looks:
        if words := _known(number, look):
            return f"The robot does not show it, but {words}."
    return ""


class Fault(NamedTuple):
    """What is wrong about one operation."""

    size: float
    words: str


def _wrong_rule(number: type[Any], angles: Sequence[float]) -> str:
    """Try each operation of the robot's loss on a class; return the worst, in words."""
    faults: dict[str, tuple[Fault, str]] = {}
    for op, given, part in _operations(angles):
        operands = [number(x) if varies else x for x, varies in given]
        varying = [x for x, (_, varies) in zip(operands, given, strict=True) if varies]
        fault = _fault(op, operands, varying, [x for x, _ in given])
        if fault and (op not in faults or fault.size > faults[op][0].size):
            faults[op] = fault, part
    if not faults:
        return ""
    first = min(faults, key=lambda op: op not in FIRST)
    fault, part = faults[first]
    others = [f"`{op}`" for op in faults if op != first]
    more = f" (and {', '.join(others)})" if others else ""
    return f"I suspect the rule of `{first}`{more}: {part}, {fault.words}."


def _operations(
    angles: Sequence[float],
) -> Iterator[tuple[str, list[tuple[float, bool]], str]]:
    """Yield every operation of the robot's loss: its sign, its numbers, and where.

    With each number stands whether it varies as the joints turn.
    """
    joints = [Value(angle) for angle in angles]
    order = backward_order(robot.robot_loss(joints))
    turned_by: dict[Value, set[int]] = {joint: {k} for k, joint in enumerate(joints)}
    for node in reversed(order):
        found = [turned_by.get(child, set()) for child in node.children]
        turned_by[node] = set().union(*found)
    for node in order:
        given = [(c.data, bool(turned_by.get(c))) for c in node.children]
        yield node.op, given, _part(turned_by[node])


def _part(joints: set[int]) -> str:
    """Return where something is that so many joints turn: a limb, or the loss."""
    outermost, before = robot.BODY[max(joints)], set()
    segment: robot.Segment | None = outermost
    by_joint = {segment.joint: segment for segment in robot.BODY}
    while segment:
        before.add(robot.JOINTS.index(segment.joint))
        segment = by_joint.get(segment.hangs_on)
    return f"at the {outermost.joint}" if joints <= before else "in the loss"


def _fault(
    op: str, operands: list[Any], varying: list[Any], numbers: Sequence[float]
) -> Fault | None:
    """Apply an operation of a class and go back; compare with a nudge.

    varying: the operands that have a slope. None: it is right, or is not there.
    """
    nudged = nudge_operation(op, *numbers)
    assert nudged is not None
    try:
        out = _apply(op, operands)
        value, kept = float(out.data), [float(x.data) for x in varying]
        out.backward()
        slopes = [float(x.grad) for x in varying]
    except Exception:  # what is missing, the robot has said already
        return None
    where = [i for i, x in enumerate(operands) if any(x is y for y in varying)]
    text = _text(op, numbers)
    right = float(_apply(op, [Value(x) for x in numbers]).data)
    if not _agree([value], [right]):
        off = abs(value - right)
        return Fault(off, f"{text} is {_short(right)}, and yours gives {_short(value)}")
    for i, now in zip(where, kept, strict=True):
        if not _agree([now], [numbers[i]]):
            change = f"{_short(numbers[i])} was changed to {_short(now)} by {text}"
            return Fault(abs(now - numbers[i]), change)
    worst: Fault | None = None
    for i, slope in zip(where, slopes, strict=True):
        off = abs(slope - nudged[i])
        if _agree([slope], [nudged[i]]) or (worst and off <= worst.size):
            continue
        of = ("", " for the first number", " for the second number")
        whose = of[i + 1] if len(numbers) > 1 else ""
        words = f"{text} has the slope {_short(slope)}{whose} by yours"
        worst = Fault(off, f"{words}, and {_short(nudged[i])} by a nudge")
    return worst


def _apply(op: str, operands: Sequence[Any]) -> Any:
    if op in OPERATORS:
        return OPERATORS[op](*operands)
    if op.startswith("**"):
        return operands[0] ** int(op[2:])
    return getattr(operands[0], op)()


def _text(op: str, numbers: Sequence[float]) -> str:
    """Return an operation as it is written: 2 × (−3)."""
    shown = [_short(number) for number in numbers]
    if len(shown) == 1 and not op.startswith("**"):
        return f"{op}({shown[0]})"
    in_brackets = [f"({text})" if text.startswith("−") else text for text in shown]
    if len(shown) == 1:
        return f"{in_brackets[0]}{op}"
    return f"{shown[0]} {SIGNS.get(op, op)} {in_brackets[1]}"


def _short(number: float) -> str:
    return f"{number + 0.0:.4g}".replace("-", "−")
