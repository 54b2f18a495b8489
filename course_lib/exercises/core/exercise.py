"""One exercise: its task, its answers, and the verdict on a learner's answer.

Checks are feedback for someone who wants to learn. They are no grading, and no
sandbox: code that means harm can do harm.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import linecache
import sys
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from course_lib.exercises import journal
from course_lib.exercises.core import process
from course_lib.exercises.core.codec import Wire, encode
from course_lib.exercises.core.compare import (
    Finding,
    Tolerance,
    agrees,
    diagnose,
    kind_in_words,
    lengths,
    numbers,
    same,
    text,
)
from course_lib.exercises.core.extract_source import (
    CannotCarry,
    Carried,
    carry,
    find_class,
    find_function,
    is_untouched,
    literal,
)
from course_lib.exercises.core.process import Helper, Report
from course_lib.exercises.core.result import Hint, Result, Shown, Solution, Task

PATIENCE = 60.0  # seconds for the course's own answers, all cases of one together
AHEAD = 0.5  # seconds that the known wrong answers may take before they are needed


class Case:
    """One set of arguments; ``shown`` says it in words where the call would not."""

    def __init__(self, *arguments: Any, shown: str = "") -> None:
        self.arguments, self.shown = arguments, shown


@dataclass(frozen=True)
class Known:
    """An answer that the course knows: a right one, or a wrong one with its message."""

    label: str
    message: str
    carried: Callable[[], Carried]


class Observed(NamedTuple):
    """What an answer did with one case."""

    output: Wire
    error: dict[str, str] | None
    misfit: str | None
    changed: list[list[Any]]  # [index of the argument, what it became]
    printed: str


class Exercise(Shown):
    """A task, and four verbs: check, hint, solution, yours_or_ours.

    Made by the decorator ``exercise``, which stands over the solution.
    """

    def __init__(
        self,
        answer: Any,
        *,
        module: str,
        name: str,
        title: str,
        task: str,
        hints: Sequence[str],
        cases: Sequence[Case | tuple[Any, ...]] = (),
        stub: str = "",
        after: str = "",
        tolerance: Tolerance = Tolerance(),  # noqa: B008  immutable
        array_needed: bool = False,
        may_change: bool = False,
        jax: bool = False,
        provided: str = "",
    ) -> None:
        self.answer = answer
        self.module, self.name, self.title, self.task = module, name, title, task
        self.hints, self.after, self.provided = tuple(hints), after, provided
        self.cases = [c if isinstance(c, Case) else Case(*c) for c in cases]
        self.tolerance, self.array_needed = tolerance, array_needed
        self.may_change, self.jax = may_change, jax
        self.kind = (
            "class"
            if isinstance(answer, type)
            else "function"
            if isinstance(answer, types.FunctionType)
            else "value"
        )
        self.given_stub = stub
        self.wrong_answers: list[Known] = []
        self.right_answers: list[Known] = []
        self.probe_function: Callable[..., Any] | None = None
        self._hints_given = 0
        self._passed: list[Any] = []
        self._expected: list[Wire] | None = None
        self._known: list[list[Observed]] | None = None
        if module in sys.modules:  # the text as it is now, should the file change
            linecache.getlines(getattr(sys.modules[module], "__file__", None) or "")
        journal.CATALOGUE.setdefault(self.chapter, {})[self.id] = title

    @property
    def chapter(self) -> str:
        """The notebook the exercise belongs to, such as autograd."""
        return self.module.rpartition(".")[2]

    @property
    def id(self) -> str:
        """The name under which progress remembers the exercise."""
        return f"{self.chapter}.{self.name}"

    @property
    def answer_name(self) -> str:
        """What the learner's own function, class or value is called in the stub."""
        return self.name if self.kind == "value" else str(self.answer.__name__)

    def __dir__(self) -> list[str]:
        return ["check", "hint", "solution", "yours_or_ours"]  # what a learner needs

    def __str__(self) -> str:
        return str(Task(self.answer_name, self.title, self.task))

    def html(self) -> str:
        """Return the task, ready for the page."""
        return Task(self.answer_name, self.title, self.task).html()

    # --- the verbs ----------------------------------------------------------------

    def check(self, answer: Any = ...) -> Result:
        """Say whether the answer is right, and if not, what to look at."""
        try:
            result, carried = self._check(answer)
        except KeyboardInterrupt:
            return self._result("error", "You stopped the check: there is no verdict.")
        except process.HelperFailed as failed:
            return self._result(
                "error",
                f"The check could not start a second Python to run your code: {failed}."
                " Restart the kernel; if that does not help, run `course doctor`.",
            )
        except Exception as error:
            return self._result(
                "error",
                f"The check itself failed, which is our mistake and not yours "
                f"({type(error).__name__}: {str(error)[:200]}). Restart the kernel and "
                "run the check again.",
            )
        if result:
            self._passed = [answer]
        if carried is None or result.outcome == "not attempted":
            return result
        problem = journal.record(self.id, result.outcome, carried.source, carried.name)
        return result if problem is None else _with_note(result, problem)

    def hint(self) -> Hint:
        """Return the next hint; each says a little more than the one before."""
        self._hints_given = min(self._hints_given + 1, len(self.hints))
        number = self._hints_given
        return Hint(self.hints[number - 1], number, len(self.hints))

    def solution(self) -> Solution:
        """Return the source text of one right answer."""
        return Solution(self.solution_source(), self.after)

    def yours_or_ours(self) -> Any:
        """Return your answer if it was correct, otherwise the course's own.

        One printed line says which. An answer of an earlier session is checked anew.
        """
        if self._passed:
            print(f"{self.name}: your own answer is used.")
            return self._passed[0]
        entry = journal.latest_correct(self.id)
        if entry is not None:
            carried = Carried(entry.source, entry.name)
            try:
                saved = self._restore(carried)
            except Exception:
                saved = None
            if saved:
                print(f"{self.name}: your own answer is used, saved on {entry.day}.")
                self._passed = saved
                return saved[0]
            print(f"{self.name}: your saved answer no longer passes; ours is used.")
            return self._ours()
        print(f"{self.name}: not solved yet, so the course's own is used.")
        return self._ours()

    def _restore(self, carried: Carried) -> list[Any]:
        """Run a saved answer in this process, if it still passes its check."""
        if self.kind == "value":
            value = ast.literal_eval(carried.source.partition("=")[2].strip())
            return [value] if self._check(value)[0] else []
        if not self.judge(carried):
            return []
        file = f"<your answer to {self.id}>"
        lines = carried.source.splitlines(keepends=True)
        linecache.cache[file] = (len(carried.source), None, lines, file)
        module = types.ModuleType(f"your_{self.name}")
        sys.modules[module.__name__] = module
        code = compile(carried.source, file, "exec", 0x1000000, dont_inherit=True)
        exec(code, vars(module))
        return [vars(module)[carried.name]]

    def _ours(self) -> Any:
        if not self.provided:
            return self.answer
        module, name = self.provided.split(":")
        return getattr(importlib.import_module(module), name)

    # --- from an answer to a verdict ------------------------------------------------

    def _check(self, answer: Any) -> tuple[Result, Carried | None]:
        if answer is ... or answer is None:
            return self._not_attempted(), None
        if self.kind == "value":
            result = self.judge_value(answer)
            source = literal(answer)
            if source is None:
                return result, None
            return result, Carried(f"{self.name} = {source}", self.name)
        if problem := self._unfit(answer):
            return self._result("incorrect", problem, "wrong type"), None
        try:
            carried = carry(answer)
        except CannotCarry as reason:
            return self._result("error", str(reason)), None
        if is_untouched(carried.source, carried.name, self.stub()):
            return self._not_attempted(), carried
        return self.judge(carried), carried

    def _unfit(self, answer: Any) -> str | None:
        """Say why this cannot be an answer: not a function, or not a class."""
        kind = type(answer)
        is_class = issubclass(kind, type)
        if self.kind == "class" and not is_class:
            return (
                f"This exercise asks for a class, and got {_what(answer)}. Give the "
                f"class itself: `.check({self.answer_name})`, without brackets."
            )
        if self.kind == "function" and is_class:
            return "This exercise asks for a function, and got a class."
        if self.kind == "function" and kind in _PLAIN_DATA:
            return (
                f"The check needs the function itself, and got {_what(answer)}. Write "
                f"`.check({self.answer_name})`, without brackets after its name."
            )
        return None

    def judge(
        self,
        carried: Carried,
        helper: Helper | None = None,
        patience: float = PATIENCE,
    ) -> Result:
        """Run an answer given as source text and return the verdict.

        With ``helper``, an answer of the course's own runs in that process, for
        ``patience`` seconds at most; otherwise it gets a process of its own.
        """
        begin = time.monotonic()
        expected = self.expected()
        if helper is not None:
            report = self._run(carried, helper, patience)
        else:
            with process.fresh_helper(self.jax) as fresh:
                left = process.VERDICT - (time.monotonic() - begin)
                limit = min(process.LIMIT, max(process.LEAST, left))
                report = self._run(carried, fresh, limit)
        return self._verdict(report, expected)

    def _run(self, carried: Carried, helper: Helper, limit: float) -> Report:
        probe = f"{self.module}:{self.name}" if self.probe_function else None
        request = {
            "source": carried.source,
            "name": carried.name,
            "cases": self._encoded_cases(),
            "probe": probe,
            "imports": ["jax.numpy"] if self.jax else [],
        }
        return helper.run(request, limit, process.MEMORY)

    def _encoded_cases(self) -> list[list[Wire]]:
        return [[encode(a) for a in case.arguments] for case in self.cases]

    def expected(self) -> list[Wire]:
        """Return the outputs of the solution, encoded, one for each case."""
        if self.kind == "value":
            return [encode(self.answer)]
        if self._expected is None:
            with process.trusted_helper(self.jax) as helper:
                begin = time.monotonic()
                report = self._run(self.solution_carried(), helper, PATIENCE)
                seconds = time.monotonic() - begin
                if seconds * len(self.wrong_answers) < AHEAD:
                    self._known = self._run_known(helper)
            seen = _observed(report)
            bad = [s for s in seen if s.error or s.misfit]
            if report.ended != "done" or bad or len(seen) != len(self.cases):
                raise RuntimeError(f"the solution of {self.id} does not run: {report}")
            self._expected = [s.output for s in seen]
        return self._expected

    def _known_outputs(self) -> list[list[Observed]]:
        """Return what each known wrong answer does with the cases."""
        if self._known is None or len(self._known) != len(self.wrong_answers):
            with process.trusted_helper(self.jax) as helper:
                self._known = self._run_known(helper)
        return self._known

    def _run_known(self, helper: Helper) -> list[list[Observed]]:
        return [
            _observed(self._run(wrong.carried(), helper, PATIENCE))
            for wrong in self.wrong_answers
        ]

    def _recognise(self, seen: list[Observed]) -> Finding | None:
        """Return the finding of the known wrong answer that behaves the same."""
        for wrong, outputs in zip(
            self.wrong_answers, self._known_outputs(), strict=True
        ):
            if len(outputs) == len(seen) and all(
                self._alike(one, two) for one, two in zip(outputs, seen, strict=True)
            ):
                return Finding(wrong.label, wrong.message)
        return None

    def _alike(self, one: Observed, two: Observed) -> bool:
        if [c[0] for c in one.changed] != [c[0] for c in two.changed]:
            return False
        if one.misfit is not None or two.misfit is not None:
            return one.misfit == two.misfit
        if one.error is not None or two.error is not None:
            return (
                one.error is not None
                and two.error is not None
                and one.error["type"] == two.error["type"]
            )
        return same(one.output, two.output, self.tolerance)

    def _verdict(self, report: Report, expected: list[Wire]) -> Result:
        seen = _observed(report)
        if report.ended != "done":
            return self._cut_off(report, len(seen))
        for line in report.lines:
            if "definition" in line:
                return self._error(line["definition"], [], _printed(line))
        for i, one in enumerate(seen):
            if one.error is not None:
                facts = self._input(i)
                finding = self._recognise(seen)
                return self._error(one.error, facts, one.printed, finding)
        for i, one in enumerate(seen):
            if one.misfit is not None:
                finding = self._recognise(seen) or Finding("", one.misfit)
                return self._incorrect(finding, self._input(i), one.printed)
        wrong = [
            i
            for i, one in enumerate(seen)
            if not agrees(expected[i], one.output, self.tolerance, self.array_needed)
        ]
        changed = (
            [] if self.may_change else [i for i, one in enumerate(seen) if one.changed]
        )
        if not wrong and changed:
            return self._changed(seen, changed[0])
        if not wrong:
            return self._correct(seen)
        first, got = wrong[0], [one.output for one in seen]
        finding = self._recognise(seen) or diagnose(
            expected,
            got,
            [lengths(case) for case in self._encoded_cases()],
            self.tolerance,
            self.array_needed,
        )
        if finding is None:
            finding = Finding("", self._how_many(len(wrong)))
        facts = [*self._input(first), *_compared(expected[first], got[first])]
        return self._incorrect(finding, facts, seen[first].printed)

    def judge_value(self, answer: Any) -> Result:
        """Judge a number, a string or the like; the right one is not given away."""
        expected, got = self.expected()[0], encode(answer)
        facts = [("Got", text(got))]
        for known in self.right_answers:
            if same(encode(_value_of(known)), got, self.tolerance):
                return self._correct([])
        if same(expected, got, self.tolerance):
            return self._correct([])
        for known in self.wrong_answers:
            if same(encode(_value_of(known)), got, self.tolerance):
                return self._incorrect(Finding(known.label, known.message), facts)
        if _sort(expected) != _sort(got):
            message = f"Expected {_sort(expected)}, got {kind_in_words(got)}."
            return self._incorrect(Finding("wrong type", message), facts)
        message = "This is not it. Read the task once more, or ask for a `.hint()`."
        return self._incorrect(Finding("", message), facts)

    # --- verdicts in words ----------------------------------------------------------

    def _result(
        self, outcome: Any, message: str, name: str = "", **more: Any
    ) -> Result:
        return Result(self.id, outcome, message, name, **more)

    def _not_attempted(self) -> Result:
        what = "your answer" if self.kind == "value" else "your code"
        todo = f"Replace the `...` in `{self.answer_name}` by {what}"
        if "..." not in self.stub():
            todo = f"`{self.answer_name}` is as it was. Change it"
        return self._result(
            "not attempted",
            f"{todo} and run the cell again. For a first step, call `.hint()`.",
        )

    def _correct(self, seen: list[Observed]) -> Result:
        count = f"All {len(seen)} inputs come out right. " if len(seen) > 1 else ""
        return self._result("correct", (count + self.after).strip())

    def _incorrect(
        self, finding: Finding, facts: list[tuple[str, str]], printed: str = ""
    ) -> Result:
        return self._result(
            "incorrect",
            finding.message,
            finding.name,
            facts=tuple(facts),
            printed=printed,
        )

    def _changed(self, seen: list[Observed], i: int) -> Result:
        index, after = seen[i].changed[0]
        before = encode(self.cases[i].arguments[index])
        facts = [
            *self._input(i),
            ("Before", text(before)),
            ("After", text(after)),
        ]
        finding = self._recognise(seen) or Finding(
            "input changed",
            f"The numbers are right, but your code changed its "
            f"{_ordinal(index)} argument. Whoever called it may still need it: work "
            "on a copy, or make a new object.",
        )
        return self._incorrect(finding, facts, seen[i].printed)

    def _error(
        self,
        error: dict[str, str],
        facts: list[tuple[str, str]],
        printed: str,
        finding: Finding | None = None,
    ) -> Result:
        said = f"{error['type']}: {error['message']}".rstrip(": ")
        if error["type"] == "MemoryError":
            said = "MemoryError: more memory than a check may use"
        facts = [*facts, ("Error", said)]
        if error["line"]:
            where = f" (in {error['function']})" if error["function"] else ""
            facts.append(("Your line", error["line"] + where))
        message = finding.message if finding else "Your code stopped with an error."
        name = finding.name if finding else ""
        return self._result("error", message, name, facts=tuple(facts), printed=printed)

    def _cut_off(self, report: Report, finished: int) -> Result:
        """Say why there is no end: too slow, too large, or gone."""
        said = {
            "time": f"Your code was still running after {report.limit:.2g} seconds, so "
            "it was stopped. Look for a loop that never ends, or far too much work.",
            "memory": f"Your code used more than {process.MEMORY} MB of memory, so it "
            "was stopped. Look for something that grows without end.",
            "flood": "Your code gave back far too much, so it was stopped.",
            "died": "Your code ended the Python process it ran in"
            f"{_exit_code(report)}. Look for an exit, or a recursion without end.",
        }[report.ended]
        return self._result("error", said, facts=tuple(self._input(finished)))

    def _input(self, i: int) -> list[tuple[str, str]]:
        if i >= len(self.cases):
            return []
        case = self.cases[i]
        if case.shown:
            return [("Input", case.shown)]
        arguments = ", ".join(text(encode(a), most=160) for a in case.arguments)
        return [("Input", f"{self.name}({arguments})")]

    def _how_many(self, wrong: int) -> str:
        right = len(self.cases) - wrong
        if right:
            return (
                f"{right} of {len(self.cases)} inputs come out right. "
                "This is the first that does not."
            )
        return "Something else came out than expected."

    # --- what the course knows ------------------------------------------------------

    def wrong(self, label: str, message: str) -> Callable[[Any], None]:
        """Add a known wrong answer (decorator): its misconception and the message."""

        def add(answer: Any) -> None:
            self.wrong_answers.append(Known(label, message, lambda: _own(answer)))

        return add

    def right(self, label: str) -> Callable[[Any], None]:
        """Add a right answer written in another way (decorator)."""

        def add(answer: Any) -> None:
            self.right_answers.append(Known(label, "", lambda: _own(answer)))

        return add

    def slip(self, label: str, message: str, *edits: tuple[str, str]) -> None:
        """Add a known wrong answer: the solution with pieces of text exchanged."""
        known = Known(label, message, lambda: self._edited(label, edits))
        self.wrong_answers.append(known)

    def variant(self, label: str, *edits: tuple[str, str]) -> None:
        """Add a right answer: the solution with pieces of text exchanged."""
        known = Known(label, "", lambda: self._edited(label, edits))
        self.right_answers.append(known)

    def probe(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Let `function(answer, *arguments)` say what an answer does (decorator).

        It runs beside the answer and returns plain numbers, lists and the like. It
        may raise Misfit with a message if the answer cannot be used at all.
        """
        self.probe_function = function
        return function

    def _edited(self, label: str, edits: Sequence[tuple[str, str]]) -> Carried:
        carried = self.solution_carried()
        source = carried.source
        for old, new in edits:
            if source.count(old) != 1:
                raise ValueError(
                    f"{self.id}, {label}: {old!r} stands {source.count(old)} times in "
                    "the solution; once expected"
                )
            source = source.replace(old, new)
        return Carried(source, carried.name)

    def solution_carried(self) -> Carried:
        """Return the solution as text, whole in itself."""
        if self.kind == "value":
            return Carried(repr(self.answer), self.name)
        return _own(self.answer)

    def solution_source(self) -> str:
        """Return the solution as a learner would write it."""
        if self.kind == "value":
            return f"{self.name} = {literal(self.answer)}"
        if self.kind == "class":
            return find_class(self.answer)[1]
        return find_function(self.answer, decorated=False)[1]

    def stub(self) -> str:
        """Return what a learner starts from."""
        if self.given_stub:
            return inspect.cleandoc(self.given_stub)
        if self.kind == "value":
            return f"{self.name} = ..."
        source = self.solution_source()
        node: Any = ast.parse(source).body[0]
        head, first = source.splitlines(), node.body[0]
        documented = isinstance(first, ast.Expr) and isinstance(
            first.value, ast.Constant
        )
        end = first.end_lineno if documented else first.lineno - 1
        return "\n".join([*head[:end], "    ..."])


_PLAIN_DATA = (int, float, complex, str, bytes, bool, list, tuple, dict, set)


def _own(answer: Any) -> Carried:
    return carry(answer, own=True)


def _value_of(known: Known) -> Any:
    return ast.literal_eval(known.carried().source)


def _what(answer: Any) -> str:
    return kind_in_words(encode(answer))


def _sort(wire: Wire) -> str:
    """Return the kind of an answer without its size."""
    known = numbers(wire)
    if known is not None:
        number = "a bool" if known.kind == "bool" else "a number"
        return number if not known.shape else "a list of numbers"
    return kind_in_words(wire).partition(" of ")[0]


def _exit_code(report: Report) -> str:
    return "" if report.exit_code is None else f" (exit code {report.exit_code})"


def _ordinal(index: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth")
    return words[index] if index < len(words) else f"{index + 1}th"


def _printed(line: dict[str, Any]) -> str:
    shown, characters = line.get("printed", ["", 0])
    more = characters - len(shown)
    return shown + (f"\n… and {more:,} characters more" if more > 0 else "")


def _observed(report: Report) -> list[Observed]:
    return [
        Observed(
            line.get("output"),
            line.get("error"),
            line.get("misfit"),
            line["changed"],
            _printed(line),
        )
        for line in report.lines
        if "changed" in line
    ]


def _compared(expected: Wire, got: Wire) -> list[tuple[str, str]]:
    """Return both values, with as many digits as it takes to tell them apart."""
    for digits in (6, 9, 17):
        pair = [("Expected", text(expected, digits)), ("Got", text(got, digits))]
        if pair[0][1] != pair[1][1]:
            break
    else:
        pair[1] = ("Got", f"{pair[1][1]}, {kind_in_words(got)}")
    want, have = numbers(expected), numbers(got)
    if want and have and want.shape == have.shape and len(want.flat) > 8:
        for i, (a, b) in enumerate(zip(want.flat, have.flat, strict=True)):
            if a != b:
                place = ", ".join(map(str, _place(i, want.shape)))
                values = f"expected {text(a)}, got {text(b)}"
                return [*pair, ("Look at", f"[{place}]: {values}")]
    return pair


def _place(i: int, shape: tuple[int, ...]) -> list[int]:
    place: list[int] = []
    for size in reversed(shape):
        i, here = divmod(i, size)
        place.insert(0, here)
    return place


def _with_note(result: Result, note: str) -> Result:
    return Result(
        result.exercise,
        result.outcome,
        result.message,
        result.misconception,
        result.facts,
        result.printed,
        (*result.notes, note),
    )


def exercise(**options: Any) -> Callable[[Any], Exercise]:
    """Turn a solution (a function or a class) into an exercise (decorator).

    The options are those of Exercise: title, task, hints, cases, and more.
    """

    def make(answer: Any) -> Exercise:
        return Exercise(
            answer, module=answer.__module__, name=answer.__name__, **options
        )

    return make


def question(
    module: str,
    name: str,
    answer: Any,
    *,
    wrong: Sequence[tuple[Any, str, str]] = (),
    right: Sequence[Any] = (),
    **options: Any,
) -> Exercise:
    """Make an exercise whose answer is a value: a number, a string, a list.

    ``wrong`` holds (value, misconception, message), ``right`` other values that pass.
    """
    made = Exercise(answer, module=module, name=name, **options)

    def known(value: Any, label: str, message: str) -> Known:
        return Known(label, message, lambda: Carried(repr(value), name))

    made.wrong_answers += [known(*one) for one in wrong]
    made.right_answers += [known(value, repr(value), "") for value in right]
    return made
