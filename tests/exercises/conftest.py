"""A process for checks. A Ctrl-C in one ends the tests; in a kernel it is a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from course_lib.exercises.core.feedback import Feedback
from course_lib.exercises.core.supervisor import Worker, reusable_worker


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A process in which many answers are checked."""
    with reusable_worker() as one:
        yield one


class Pressed(KeyboardInterrupt):
    """The interrupt that a test raises itself, to see what becomes of it."""


@pytest.fixture(autouse=True)
def _interrupts_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Feedback.failed

    def let_through(self: Feedback, reason: str | BaseException) -> Any:
        if isinstance(reason, KeyboardInterrupt) and not isinstance(reason, Pressed):
            raise reason
        return failed(self, reason)

    monkeypatch.setattr(Feedback, "failed", let_through)
