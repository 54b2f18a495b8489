"""Each test of a figure begins as in a new kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course_lib.widgets.figure import MEMORY


@pytest.fixture(autouse=True)
def _new_kernel() -> Iterator[None]:
    MEMORY.clear()
    yield
    MEMORY.clear()
