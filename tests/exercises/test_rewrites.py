"""Each check accepts what means the same, and rejects what does not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.exercises.core import Exercise, all_exercises
from course_lib.exercises.core.supervisor import reusable_worker
from tools.answer_rewrites import REWRITES, rewritten

CODE = [exercise for exercise in all_exercises() if exercise.kind != "value"]


@pytest.mark.parametrize("exercise", CODE, ids=lambda e: e.id)
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    kinds=st.lists(st.sampled_from(sorted(REWRITES)), min_size=1, max_size=4),
    seed=st.integers(0, 10**6),
)
def test_a_right_answer_written_differently_is_accepted(
    exercise: Exercise, kinds: list[str], seed: int
) -> None:
    source = rewritten(exercise.answer_source(), kinds, seed)
    with reusable_worker(exercise.jax) as worker:
        result = exercise.check_source(source, worker)
    assert result, f"{result}\n{source.text}"
