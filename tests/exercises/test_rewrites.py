"""Each check accepts what means the same, and rejects what does not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.exercises.core import Exercise, all_exercises
from course_lib.exercises.core.supervisor import reusable_worker
from tools.answer_rewrites import REWRITES, accepted_mutants, mutants, rewritten

CODE = [exercise for exercise in all_exercises() if exercise.kind != "value"]
EQUAL = {  # changes of a solution that leave it right, and why
    "learning_rate.fix_a_diverging_run": {
        "if loss(new) <= loss(x):": "an equal loss is as good a place",
        "learning_rate / 3": "any smaller rate will do",
        "learning_rate / 4": "any smaller rate will do",
        "learning_rate / -2": "a step uphill is tried and not taken",
    },
    "autograd.own_value": {
        "return self / -1": "x / -1 is -x",
        "(lambda same: same)(self.data > 0)": "True is 1",
        "float(self.data >= 0)": "the slope at 0 itself is a convention",
    },
    "neural_network.sigmoid_derivative": {"np.exp(+z)": "a (1 - a) is the same for -z"},
    "micro_gpt.causal_mask": {"np.tri(len(scores))": "1 and 0 are True and False"},
    "micro_gpt.attention_head": {
        "np.tri(T), scores": "1 and 0 are True and False",
        "axis=-1": "the last axis of two is axis 1",
        "scores + scores.max": "a softmax stays the same, until it overflows",
    },
    "limits.find_the_memorised_sample": {
        "(lambda same: same)(training_texts)": "slower, and the same",
    },
}


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


@pytest.mark.parametrize("exercise", CODE, ids=lambda e: e.id)
def test_a_changed_solution_is_rejected_or_means_the_same(exercise: Exercise) -> None:
    assert len([*mutants(exercise.answer_source())]) >= 4
    equal = EQUAL.get(exercise.id, {})
    wrong = [
        mutant.change
        for mutant in accepted_mutants(exercise)
        if not any(part in mutant.change for part in equal)
    ]
    assert wrong == []
