"""Times and rates: of the calls that count, and of what was really computed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course_lib.lessons import stopwatch


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Let the clock say what stands in this list, one entry at each look."""
    said: list[float] = []
    monkeypatch.setattr(stopwatch, "perf_counter", lambda: said.pop(0))
    stopwatch.best_rate.cache_clear()
    yield said
    stopwatch.best_rate.cache_clear()


def test_the_fastest_call_counts_and_the_first_does_not(ticks: list[float]) -> None:
    ticks += [0, 1, 10, 13, 20, 22, 30, 35]
    calls: list[int] = []
    assert stopwatch.seconds(calls.append, 7, calls=3) == 2
    assert calls == [7] * 4
    assert not ticks


def test_the_best_rate_is_the_highest_of_all_and_measured_once(
    ticks: list[float],
) -> None:
    ticks += [0, 1] * 20  # 512 rows, in a second
    ticks += [0, 4] * 10 + [0, 1] * 10  # 1,024 rows
    assert stopwatch.best_rate() == 2 * 1024**3
    assert stopwatch.best_rate() == 2 * 1024**3
    assert not ticks
