"""Authoring: what an exercise is made of, and the four verbs of a learner.

``Exercise.check`` takes an answer through three files: the source text of the answer
is extracted here, ``judge`` runs it and gives a verdict, ``feedback`` words the result.

Checks are feedback for someone who wants to learn. They are no grading, and no
sandbox: code that means harm can do harm.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

from course_lib.exercises import journal
from course_lib.exercises.core.compare import Tolerance
from course_lib.exercises.core.diagnose import GENERAL
from course_lib.exercises.core.extract_source import (
    AnswerSource,
    ExtractionError,
    extract_source,
    find_class,
    find_function,
    is_untouched,
    literal,
    run_source,
)
from course_lib.exercises.core.feedback import Feedback
from course_lib.exercises.core.judge import (
    COURSE_TIME_LIMIT,
    AnswerKind,
    Case,
    CodeJudge,
    KnownAnswer,
    ValueJudge,
    wrong_type,
)
from course_lib.exercises.core.result import (
    Hint,
    Outcome,
    Result,
    Shown,
    Solution,
    Task,
)
from course_lib.exercises.core.supervisor import Worker

MAX_RESTORED = 3  # saved answers that are tried: an imported one may be wrong


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
        self.jax, self.stub_text = jax, stub
        self.kind: AnswerKind = (
            "class"
            if isinstance(answer, type)
            else "function"
            if isinstance(answer, types.FunctionType)
            else "value"
        )
        self.wrong_answers: list[KnownAnswer] = []
        self.right_answers: list[KnownAnswer] = []
        self.probe_function: Callable[..., Any] | None = None
        self.code_judge = CodeJudge(
            exercise=self.id,
            cases=self.cases,
            solution=self.answer_source,
            wrong_answers=self.wrong_answers,
            tolerance=tolerance,
            array_needed=array_needed,
            may_change=may_change,
            jax=jax,
        )
        self.value_judge = ValueJudge(
            answer, self.right_answers, self.wrong_answers, tolerance
        )
        self.feedback = Feedback(self.id, name, self.cases, after)
        self._hints_given = 0
        self._passed: list[Any] = []
        self._latest: Outcome = "not attempted"
        if module in sys.modules:  # read its source now, as the file may change
            linecache.getlines(getattr(sys.modules[module], "__file__", None) or "")

    @property
    def chapter(self) -> str:
        """The notebook the exercise belongs to, such as autograd."""
        return self.module.rpartition(".")[2]

    @property
    def id(self) -> str:
        """The name under which the journal keeps the answers."""
        return f"{self.chapter}.{self.name}"

    def misconceptions(self) -> dict[str, str]:
        """Return the mistakes that a check can name, each with its message.

        The general ones have none: it depends on the answer.
        """
        known = {wrong.label: wrong.message for wrong in self.wrong_answers}
        return {**dict.fromkeys(GENERAL, ""), **known}

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
            result, source = self._check(answer)
        except (KeyboardInterrupt, Exception) as reason:
            return self.feedback.failed(reason)
        if result:
            self._passed = [answer]
        self._latest = result.outcome
        if source is None or result.outcome == "not attempted":
            return result
        problem = journal.save_answer(
            self.id, result.outcome, *source, misconception=result.misconception
        )
        return result if problem is None else result.with_note(problem)

    def _check(self, answer: Any) -> tuple[Result, AnswerSource | None]:
        """Return the result of an answer, and its source if it has one."""
        if answer is ... or answer is None:
            return self._not_attempted(), None
        if self.kind == "value":
            text = literal(answer)
            assignment = AnswerSource(f"{self.name} = {text}", self.name)
            return self.check_value(answer), None if text is None else assignment
        if finding := wrong_type(answer, self.kind, self.answer_name):
            return self.feedback.refused(finding), None
        try:
            source = extract_source(answer)
        except ExtractionError as reason:
            return self.feedback.failed(str(reason)), None
        if is_untouched(source.text, source.name, self.stub()):
            return self._not_attempted(), source
        return self.check_source(source), source

    def check_source(
        self,
        source: AnswerSource,
        worker: Worker | None = None,
        time_limit: float = COURSE_TIME_LIMIT,
    ) -> Result:
        """Check a function or class given as source text; see CodeJudge.verdict."""
        return self.feedback.result(self.code_judge.verdict(source, worker, time_limit))

    def check_value(self, answer: Any) -> Result:
        """Check the answer to a question: a number, a string, a list."""
        return self.feedback.result(self.value_judge.verdict(answer))

    def _not_attempted(self) -> Result:
        answer_is = "answer" if self.kind == "value" else "code"
        return self.feedback.not_attempted(self.answer_name, answer_is, self.stub())

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
            failed = self._latest in ("incorrect", "error")
            which = ", the last one that passed" if failed else ""
            print(f"{self.name}: your own answer is used{which}.")
            return self._passed[0]
        entries = journal.correct_answers(self.id)
        if not entries:
            print(f"{self.name}: not solved yet, so the course's own is used.")
            return self._ours()
        for entry in entries[:MAX_RESTORED]:
            try:
                saved = self._restore(AnswerSource(entry.source, entry.name))
            except Exception:
                saved = []
            if saved:
                print(f"{self.name}: your own answer is used, saved on {entry.day}.")
                self._passed = saved
                return saved[0]
        print(f"{self.name}: your saved answer no longer passes; ours is used.")
        return self._ours()

    def _restore(self, saved: AnswerSource) -> list[Any]:
        """Run a saved answer in this process, if it passes its check in a worker.

        The journal may say that it is correct: an import says so of a wrong one, too.
        """
        if self.kind == "value":
            value = ast.literal_eval(saved.text.partition("=")[2].strip())
            return [value] if self._check(value)[0] else []
        if not self.check_source(saved):
            return []
        file = f"<your answer to {self.id}>"
        return [run_source(saved, f"your_{self.name}", file)]

    def _ours(self) -> Any:
        if not self.provided:
            return self.answer
        module, name = self.provided.split(":")
        return getattr(importlib.import_module(module), name)

    # --- what an author writes ------------------------------------------------------

    def wrong(self, label: str, message: str) -> Callable[[Any], None]:
        """Add a known wrong answer (decorator): its misconception and the message."""

        def add(answer: Any) -> None:
            known = KnownAnswer(label, message, lambda: _inlined(answer))
            self.wrong_answers.append(known)

        return add

    def right(self, label: str) -> Callable[[Any], None]:
        """Add a right answer written in another way (decorator)."""

        def add(answer: Any) -> None:
            known = KnownAnswer(label, "", lambda: _inlined(answer))
            self.right_answers.append(known)

        return add

    def wrong_edit(self, label: str, message: str, *edits: tuple[str, str]) -> None:
        """Add a known wrong answer: the solution with pieces of text replaced."""
        known = KnownAnswer(label, message, lambda: self._edited(label, edits))
        self.wrong_answers.append(known)

    def right_edit(self, label: str, *edits: tuple[str, str]) -> None:
        """Add a right answer: the solution with pieces of text replaced."""
        known = KnownAnswer(label, "", lambda: self._edited(label, edits))
        self.right_answers.append(known)

    def probe(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Let `function(answer, *arguments)` say what an answer does (decorator).

        It runs in the worker and returns plain numbers, lists and the like. It may
        raise ProbeError with a message if the answer cannot be used at all.
        """
        self.probe_function = function
        self.code_judge.probe = f"{self.module}:{self.name}"
        return function

    def _edited(self, label: str, edits: Sequence[tuple[str, str]]) -> AnswerSource:
        text, name = self.answer_source()
        for old, new in edits:
            if text.count(old) != 1:
                raise ValueError(
                    f"{self.id}, {label}: {old!r} stands {text.count(old)} times in "
                    "the solution; once expected"
                )
            text = text.replace(old, new)
        return AnswerSource(text, name)

    def answer_source(self) -> AnswerSource:
        """Return the solution as the judge runs it: self-contained source text."""
        if self.kind == "value":
            return AnswerSource(repr(self.answer), self.name)
        return _inlined(self.answer)

    def solution_source(self) -> str:
        """Return the solution as a learner would write it."""
        if self.kind == "value":
            return f"{self.name} = {literal(self.answer)}"
        if self.kind == "class":
            return find_class(self.answer)[1]
        return find_function(self.answer, decorated=False)[1]

    def stub(self) -> str:
        """Return what a learner starts from."""
        if self.stub_text:
            return inspect.cleandoc(self.stub_text)
        if self.kind == "value":
            return f"{self.name} = ..."
        source = self.solution_source()
        node: Any = ast.parse(source).body[0]
        lines, first = source.splitlines(), node.body[0]
        documented = isinstance(first, ast.Expr) and isinstance(
            first.value, ast.Constant
        )
        end = first.end_lineno if documented else first.lineno - 1
        return "\n".join([*lines[:end], "    ..."])


def _inlined(answer: Any) -> AnswerSource:
    return extract_source(answer, inline=True)


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

    def known(value: Any, label: str, message: str) -> KnownAnswer:
        return KnownAnswer(label, message, lambda: AnswerSource(repr(value), name))

    made.wrong_answers += [known(*one) for one in wrong]
    made.right_answers += [known(value, repr(value), "") for value in right]
    return made
