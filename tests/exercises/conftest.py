"""A Ctrl-C during a check ends the tests; in a kernel it is a verdict."""

from __future__ import annotations

from typing import Any

import pytest

from course_lib.exercises.core.feedback import Feedback


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
