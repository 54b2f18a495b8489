"""Judging: from an answer to a verdict.

``CodeJudge.verdict`` runs an answer on every case in a worker process and compares its
outputs with those of the solution. Where they differ, it looks for the mistake: first
among the known wrong answers, then among the general ones of ``diagnose``.
``ValueJudge.verdict`` does the same for an answer that is a value.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from course_lib.exercises.core import supervisor
from course_lib.exercises.core.codec import Encoded, encode
from course_lib.exercises.core.compare import Tolerance, matches, numbers, same
from course_lib.exercises.core.diagnose import Finding, axis_lengths, diagnose
from course_lib.exercises.core.extract_source import AnswerSource
from course_lib.exercises.core.formatting import describe_kind, describe_type
from course_lib.exercises.core.supervisor import Report, Worker

COURSE_TIME_LIMIT = 60.0  # seconds for the course's own answers, all cases together
PRECOMPUTE_LIMIT = 0.5  # seconds the known wrong answers may take before any is needed
PLAIN_DATA = (int, float, complex, str, bytes, bool, list, tuple, dict, set)

AnswerKind = Literal["class", "function", "value"]
VerdictKind = Literal[
    "correct",
    "wrong output",
    "wrong value",
    "argument changed",
    "probe error",
    "exception",
    "cut off",
]


class Case:
    """One set of arguments; ``shown`` says it in words where the call would not."""

    def __init__(self, *arguments: Any, shown: str = "") -> None:
        self.arguments, self.shown = arguments, shown

    def encoded(self) -> list[Encoded]:
        """Return the arguments as they are sent to a worker."""
        return [encode(argument) for argument in self.arguments]


@dataclass(frozen=True)
class KnownAnswer:
    """A right answer, or a wrong one with the message that it earns."""

    label: str  # of a wrong answer: the name of the misconception
    message: str
    source: Callable[[], AnswerSource]

    def value(self) -> Any:
        """Return the answer to a question: a number, a string, a list."""
        return ast.literal_eval(self.source().text)


class Observation(NamedTuple):
    """What an answer did with one case."""

    output: Encoded = None
    error: dict[str, str] | None = None  # type, message, line and function
    probe_error: str | None = None
    changed: Sequence[Sequence[Any]] = ()  # (index of the argument, its new value)
    printed: Sequence[Any] = ("", 0)  # the first characters, and how many in all


UNOBSERVED = Observation()


@dataclass(frozen=True)
class Verdict:
    """What was found about an answer."""

    kind: VerdictKind
    finding: Finding | None = None  # the mistake, if it is a known one
    case: int | None = None  # index of the first case that shows it
    observed: Observation = UNOBSERVED  # what the answer did there
    expected: Encoded = None  # the solution's output there
    failures: int = 0  # how many cases came out wrong
    also_changed: bool = False  # an argument, beside the wrong output
    report: Report | None = None  # of a run that was cut off

    def __bool__(self) -> bool:
        return self.kind == "correct"


def run_alone(
    answer: AnswerSource, cases: Sequence[Case], probe: str | None, jax: bool = False
) -> Report:
    """Run a learner's answer on cases, in a process of its own, within its limits.

    probe: what is called with the answer and each case's arguments, "module:name".
    Raises WorkerError if no process can be started.
    """
    request = _request(answer, cases, probe)

    def run() -> Report:
        with supervisor.disposable_worker(jax) as worker:
            return worker.run(request, supervisor.TIME_LIMIT, supervisor.MEMORY_LIMIT)

    try:
        return run()
    except supervisor.WorkerError:  # such as a spare worker killed while idle
        return run()


def _request(
    answer: AnswerSource, cases: Sequence[Case], probe: str | None
) -> dict[str, Any]:
    return {
        "source": answer.text,
        "name": answer.name,
        "cases": [case.encoded() for case in cases],
        "probe": probe,
    }


@dataclass
class CodeJudge:
    """Judges answers that are functions or classes."""

    exercise: str
    cases: Sequence[Case]
    solution: Callable[[], AnswerSource]
    wrong_answers: list[KnownAnswer]
    tolerance: Tolerance
    array_needed: bool
    may_change: bool
    jax: bool
    probe: str | None = None  # where a worker finds it: "module:exercise"
    _expected: list[Encoded] | None = None
    _known: list[list[Observation]] | None = None  # for each wrong answer and case

    def verdict(
        self,
        answer: AnswerSource,
        worker: Worker | None = None,
        time_limit: float = COURSE_TIME_LIMIT,
    ) -> Verdict:
        """Run an answer given as source text and judge what it did.

        With ``worker``, an answer of the course's own runs in that process, for
        ``time_limit`` seconds at most; otherwise it gets a process of its own.
        """
        expected = self.expected_outputs()
        if worker is not None:
            report = self._run(answer, worker, time_limit)
        else:
            report = run_alone(answer, self.cases, self.probe, self.jax)
        return self._judge(report, expected)

    def _run(self, answer: AnswerSource, worker: Worker, limit: float) -> Report:
        request = _request(answer, self.cases, self.probe)
        return worker.run(request, limit, supervisor.MEMORY_LIMIT)

    def _judge(self, report: Report, expected: list[Encoded]) -> Verdict:
        observations = _observations(report)
        if report.ended != "done":
            return Verdict("cut off", case=len(observations), report=report)
        for reply in report.replies:
            if "definition" in reply:
                error = Observation(error=reply["definition"])
                return Verdict("exception", observed=error)
        stopped = any(one.error is not None for one in observations)
        if len(observations) != len(expected) and not stopped:
            garbled = replace(report, ended="garbled")
            return Verdict("cut off", case=None, report=garbled)
        for i, one in enumerate(observations):
            if one.error is not None:
                return Verdict("exception", self._recognise(observations), i, one)
        for i, one in enumerate(observations):
            if one.probe_error is not None:
                return Verdict("probe error", self._recognise(observations), i, one)
        wrong = [
            i
            for i, one in enumerate(observations)
            if not matches(expected[i], one.output, self.tolerance, self.array_needed)
        ]
        if wrong:
            finding = self._recognise(observations) or self._diagnose(
                observations, expected
            )
            first = wrong[0]
            return Verdict(
                "wrong output",
                finding,
                first,
                observations[first],
                expected[first],
                len(wrong),
                also_changed=bool(observations[first].changed) and not self.may_change,
            )
        changed = [i for i, one in enumerate(observations) if one.changed]
        if changed and not self.may_change:
            finding, first = self._recognise(observations), changed[0]
            return Verdict("argument changed", finding, first, observations[first])
        return Verdict("correct")

    def expected_outputs(self) -> list[Encoded]:
        """Return the outputs of the solution, encoded, one for each case."""
        if self._expected is None:
            with supervisor.reusable_worker(self.jax) as worker:
                begin = time.monotonic()
                report = self._run(self.solution(), worker, COURSE_TIME_LIMIT)
                seconds = time.monotonic() - begin
                if seconds * len(self.wrong_answers) < PRECOMPUTE_LIMIT:
                    self._known = self._run_wrong_answers(worker)
            observed = _observations(report)
            failed = [one for one in observed if one.error or one.probe_error]
            if report.ended != "done" or failed or len(observed) != len(self.cases):
                raise RuntimeError(
                    f"the solution of {self.exercise} does not run: {report}"
                )
            self._expected = [one.output for one in observed]
        return self._expected

    def _run_wrong_answers(self, worker: Worker) -> list[list[Observation]]:
        return [
            _observations(self._run(wrong.source(), worker, COURSE_TIME_LIMIT))
            for wrong in self.wrong_answers
        ]

    def _recognise(self, observations: list[Observation]) -> Finding | None:
        """Return the finding of the known wrong answer that behaves the same."""
        if self._known is None or len(self._known) != len(self.wrong_answers):
            with supervisor.reusable_worker(self.jax) as worker:
                self._known = self._run_wrong_answers(worker)
        for wrong, known in zip(self.wrong_answers, self._known, strict=True):
            if len(known) == len(observations) and all(
                self._same_behaviour(one, two)
                for one, two in zip(known, observations, strict=True)
            ):
                return Finding(wrong.label, wrong.message)
        return None

    def _same_behaviour(self, one: Observation, two: Observation) -> bool:
        if [c[0] for c in one.changed] != [c[0] for c in two.changed]:
            return False
        if one.probe_error is not None or two.probe_error is not None:
            return one.probe_error == two.probe_error
        if one.error is not None or two.error is not None:
            return (
                one.error is not None
                and two.error is not None
                and one.error["type"] == two.error["type"]
                and one.error["message"] == two.error["message"]
            )
        return same(one.output, two.output, self.tolerance)

    def _diagnose(
        self, observations: list[Observation], expected: list[Encoded]
    ) -> Finding | None:
        return diagnose(
            expected,
            [one.output for one in observations],
            [axis_lengths(case.encoded()) for case in self.cases],
            self.tolerance,
            self.array_needed,
        )


@dataclass
class ValueJudge:
    """Judges answers that are values: a number, a string, a list."""

    solution: Any
    right_answers: list[KnownAnswer]
    wrong_answers: list[KnownAnswer]
    tolerance: Tolerance

    def verdict(self, answer: Any) -> Verdict:
        """Judge a value; no finding gives the right one away."""
        got = encode(answer)
        observed = Observation(got)
        expected = encode(self.solution)
        said = _plain(got)
        right = [expected, *(encode(known.value()) for known in self.right_answers)]
        if any(same(_plain(one), said, self.tolerance) for one in right):
            return Verdict("correct")
        for known in self.wrong_answers:
            if same(_plain(encode(known.value())), said, self.tolerance):
                finding = Finding(known.label, known.message)
                return Verdict("wrong value", finding, observed=observed)
        if describe_kind(expected) != describe_kind(got):
            message = f"Expected {describe_kind(expected)}, got {describe_type(got)}."
            finding = Finding("wrong type", message)
            return Verdict("wrong value", finding, observed=observed)
        return Verdict("wrong value", observed=observed)


def _plain(encoded: Encoded) -> Encoded:
    """Return a value with its words as they are meant: ' Good' is 'good'."""
    if isinstance(encoded, str):
        return " ".join(encoded.split()).casefold()
    if isinstance(encoded, list):
        return [_plain(item) for item in encoded]
    if isinstance(encoded, dict) and encoded["t"] == "tuple":
        return {**encoded, "v": [_plain(item) for item in encoded["v"]]}
    if isinstance(encoded, dict) and encoded["t"] == "dict":
        pairs = [[_plain(key), _plain(item)] for key, item in encoded["v"]]
        return {**encoded, "v": pairs}
    return encoded


def wrong_type(answer: Any, kind: AnswerKind, name: str) -> Finding | None:
    """Return a finding if an answer is no function, or no class, where one is needed.

    ``name`` is what the function or class is called in the stub.
    """
    is_class = issubclass(type(answer), type)
    message = None
    if kind == "class" and not is_class:
        message = (
            f"This exercise asks for a class, and got {describe_type(encode(answer))}. "
            f"Give the class itself: `.check({name})`, without brackets."
        )
    elif kind == "function" and is_class:
        message = "This exercise asks for a function, and got a class."
    elif kind == "function" and (
        type(answer) in PLAIN_DATA or numbers(encode(answer)) is not None
    ):
        message = (
            "The check needs the function itself, and got "
            f"{describe_type(encode(answer))}. Write "
            f"`.check({name})`, without brackets after its name."
        )
    return None if message is None else Finding("wrong type", message)


def _observations(report: Report) -> list[Observation]:
    return [
        Observation(
            reply.get("output"),
            reply.get("error"),
            reply.get("probe_error"),
            reply["changed"],
            reply.get("printed", ("", 0)),
        )
        for reply in report.replies
        if "changed" in reply
    ]
