"""Feedback: from a verdict to the result that a learner reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course_lib.exercises.core import supervisor
from course_lib.exercises.core.codec import Encoded, encode
from course_lib.exercises.core.compare import numbers
from course_lib.exercises.core.diagnose import Finding
from course_lib.exercises.core.formatting import describe_type, format_value
from course_lib.exercises.core.judge import Case, Verdict
from course_lib.exercises.core.result import Outcome, Result
from course_lib.exercises.core.supervisor import Report

Fact = tuple[str, str]  # a label and a text: ("Input", "mse([1.0], [2.0])")


@dataclass(frozen=True)
class Feedback:
    """Words the results of one exercise."""

    exercise: str  # its id, such as loss.mse
    name: str  # what its inputs are called with, such as mse
    cases: Sequence[Case]
    after: str  # said with "Correct"

    def result(self, verdict: Verdict) -> Result:
        """Return what the learner reads about a verdict."""
        match verdict.kind:
            case "correct":
                return self._correct()
            case "cut off":
                return self._cut_off(verdict)
            case "exception":
                return self._exception(verdict)
            case "wrong value":
                return self._wrong_value(verdict)
            case "wrong output":
                return self._wrong_output(verdict)
            case "argument changed":
                return self._argument_changed(verdict)
            case "probe error":
                return self._probe_error(verdict)

    def _correct(self) -> Result:
        n = len(self.cases)
        count = f"All {n} inputs come out right. " if n > 1 else ""
        return Result(self.exercise, "correct", (count + self.after).strip())

    def _with_facts(
        self,
        outcome: Outcome,
        verdict: Verdict,
        finding: Finding,
        facts: Sequence[Fact] = (),
        notes: Sequence[str] = (),
    ) -> Result:
        return Result(
            self.exercise,
            outcome,
            finding.message,
            finding.name,
            facts=(*self._input(verdict), *facts),
            printed=_printed(verdict.observed.printed),
            notes=tuple(notes),
        )

    def _wrong_value(self, verdict: Verdict) -> Result:
        message = "This is not it. Read the task once more, or ask for a `.hint()`."
        finding = verdict.finding or Finding("", message)
        facts = [("Got", format_value(verdict.observed.output))]
        return self._with_facts("incorrect", verdict, finding, facts)

    def _wrong_output(self, verdict: Verdict) -> Result:
        right, n = len(self.cases) - verdict.failures, len(self.cases)
        message = "Something else came out than expected."
        if right:
            message = (
                f"{right} of {n} inputs come out right. "
                "This is the first that does not."
            )
        finding = verdict.finding or Finding("", message)
        outputs = _expected_and_got(verdict.expected, verdict.observed.output)
        notes = []
        if verdict.also_changed:
            index, _ = verdict.observed.changed[0]
            notes.append(
                f"Your code also changed its {_ordinal(index)} argument; whoever "
                "called it may still need it."
            )
        return self._with_facts("incorrect", verdict, finding, outputs, notes)

    def _argument_changed(self, verdict: Verdict) -> Result:
        assert verdict.case is not None
        index, after = verdict.observed.changed[0]
        before = encode(self.cases[verdict.case].arguments[index])
        finding = verdict.finding or Finding(
            "input changed",
            f"The numbers are right, but your code changed its "
            f"{_ordinal(index)} argument. Whoever called it may still need it: work "
            "on a copy, or make a new object.",
        )
        values = [("Before", format_value(before)), ("After", format_value(after))]
        return self._with_facts("incorrect", verdict, finding, values)

    def _probe_error(self, verdict: Verdict) -> Result:
        finding = verdict.finding or Finding("", verdict.observed.probe_error or "")
        return self._with_facts("incorrect", verdict, finding)

    def _exception(self, verdict: Verdict) -> Result:
        error = verdict.observed.error
        assert error is not None
        line = f"{error['type']}: {error['message']}".rstrip(": ")
        if error["type"] == "MemoryError":
            line = "MemoryError: more memory than a check may use"
        facts = [("Error", line)]
        if error["line"]:
            where = f" (in {error['function']})" if error["function"] else ""
            facts.append(("Your line", error["line"] + where))
        default = Finding("", "Your code stopped with an error.")
        return self._with_facts("error", verdict, verdict.finding or default, facts)

    def _cut_off(self, verdict: Verdict) -> Result:
        """Say which limit a run went over: time, memory or output; or that it died."""
        report = verdict.report
        assert report is not None
        message = {
            "time": f"Your code was still running after {report.limit:.2g} seconds, so "
            "it was stopped. Look for a loop that never ends, or far too much work.",
            "memory": f"Your code used more than {supervisor.MEMORY_LIMIT} MB of "
            "memory, so it was stopped. Look for something that grows without end.",
            "flood": "Your code gave back far too much, so it was stopped.",
            "garbled": "Something in your code wrote into the pipe that carries the "
            "results, so there is no verdict. Return a value instead.",
            "died": "Your code ended the Python process it ran in"
            f"{_exit_code(report)}. Look for an exit, or a recursion without end.",
        }[report.ended]
        return self._with_facts("error", verdict, Finding("", message))

    def _input(self, verdict: Verdict) -> list[Fact]:
        if verdict.case is None or verdict.case >= len(self.cases):
            return []
        case = self.cases[verdict.case]
        if case.shown:
            return [("Input", case.shown)]
        arguments = ", ".join(format_value(a, most=160) for a in case.encoded())
        return [("Input", f"{self.name}({arguments})")]

    # --- where there is no verdict ---------------------------------------------------

    def not_attempted(self, answer_name: str, answer_is: str, stub: str) -> Result:
        """Say what to do with an untouched stub; its answer is "code" or "answer"."""
        todo = f"Replace the `...` in `{answer_name}` with your {answer_is}"
        if "..." not in stub:
            todo = f"`{answer_name}` is as it was. Change it"
        return Result(
            self.exercise,
            "not attempted",
            f"{todo} and run the cell again. For a first step, call `.hint()`.",
        )

    def refused(self, finding: Finding) -> Result:
        """Say why an object cannot be an answer."""
        return Result(self.exercise, "incorrect", finding.message, finding.name)

    def failed(self, reason: str | BaseException) -> Result:
        """Say why an answer could not be judged."""
        if isinstance(reason, KeyboardInterrupt):
            reason = "You stopped the check: there is no verdict."
        elif isinstance(reason, supervisor.WorkerError):
            reason = (
                f"The check could not start a second Python to run your code: {reason}."
                " Restart the kernel; if that does not help, run `course doctor`."
            )
        elif isinstance(reason, BaseException):
            reason = (
                f"The check itself failed, which is our mistake and not yours "
                f"({type(reason).__name__}: {str(reason)[:200]}). Restart the kernel "
                "and run the check again."
            )
        return Result(self.exercise, "error", reason)


def _expected_and_got(expected: Encoded, got: Encoded) -> list[Fact]:
    """Return both values, with as many digits as it takes to tell them apart."""
    for digits in (6, 9, 17):
        want, have = format_value(expected, digits), format_value(got, digits)
        if want != have:
            break
    else:
        have = f"{have}, {describe_type(got)}"
    facts = [("Expected", want), ("Got", have)]
    one, two = numbers(expected), numbers(got)
    if one and two and one.shape == two.shape and len(one.flat) > 8:
        for i, (a, b) in enumerate(zip(one.flat, two.flat, strict=True)):
            if a != b:
                place = ", ".join(map(str, _index(i, one.shape)))
                values = f"expected {format_value(a)}, got {format_value(b)}"
                return [*facts, ("Look at", f"[{place}]: {values}")]
    return facts


def _index(i: int, shape: tuple[int, ...]) -> list[int]:
    """Return the index of element i of a flattened array."""
    index: list[int] = []
    for size in reversed(shape):
        i, here = divmod(i, size)
        index.insert(0, here)
    return index


def _exit_code(report: Report) -> str:
    return "" if report.exit_code is None else f" (exit code {report.exit_code})"


def _ordinal(index: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth")
    return words[index] if index < len(words) else f"{index + 1}th"


def _printed(printed: Sequence[Any]) -> str:
    """Return what an answer printed; of a long text, how much is left out."""
    text, characters = printed
    more = characters - len(text)
    return str(text) + (f"\n… and {more:,} characters more" if more > 0 else "")
