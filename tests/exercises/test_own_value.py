"""A Value written by a learner trains the micro-GPT, with the package's losses."""

from __future__ import annotations

import random
from typing import Any

import pytest

from course_lib.config import GPTConfig
from course_lib.exercises import autograd
from course_lib.exercises.core.extract_source import AnswerSource, run_source
from course_lib.scalar import (
    Value,
    adam_init,
    adam_update,
    init_gpt,
    loss_fn,
    parameters,
)

TUTORIAL = '''
import math

class Value:
    """Written as most tutorials do: a set, and a walk that calls itself."""

    def __init__(self, data, _children=(), _local_grads=(), _op=""):
        self.data = data
        self.grad = 0
        self._children = _children
        self._local_grads = _local_grads
        self._op = _op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1, 1), "+")

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, other):
        slope = other * self.data ** (other - 1)
        return Value(self.data**other, (self,), (slope,))

    def log(self):
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(0, self.data), (self,), (float(self.data > 0),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def __neg__(self): return self * -1
    def __radd__(self, other): return self + other
    def __sub__(self, other): return self + (-other)
    def __rsub__(self, other): return other + (-self)
    def __rmul__(self, other): return self * other
    def __truediv__(self, other): return self * other**-1
    def __rtruediv__(self, other): return other * self**-1

    def backward(self):
        topo, visited = [], set()

        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._children:
                    build_topo(child)
                topo.append(v)

        build_topo(self)
        self.grad = 1
        for v in reversed(topo):
            for child, local_grad in zip(v._children, v._local_grads):
                child.grad += local_grad * v.grad
'''


def losses(number: type[Any], config: GPTConfig, steps: int) -> list[float]:
    """Train on two documents in turn and return every loss."""
    params = init_gpt(random.Random(42), config, number)
    weights = parameters(params)
    state, found = adam_init(weights), []
    documents = [[6, 0, 1, 2, 3, 6], [6, 4, 5, 0, 6]]
    for step in range(steps):
        loss = loss_fn(params, documents[step % 2], config)
        loss.backward()
        found.append(loss.data)
        state = adam_update(weights, state, 0.01)
    return found


def own(label: str) -> type[Any]:
    """Return one of the exercise's right answers, as it runs in a check."""
    if label == "tutorial":
        return run_source(AnswerSource(TUTORIAL, "Value"))
    exercise = autograd.own_value
    if label == "solution":
        return run_source(exercise.answer_source())
    (known,) = (k for k in exercise.right_answers if k.label.startswith(label))
    return run_source(known.source())


SMALL = GPTConfig(vocab_size=7, n_embd=8, n_head=2, block_size=8)


@pytest.mark.parametrize(
    "label", ["solution", "tutorial", "with a recursive walk", "a dataclass"]
)
def test_the_losses_are_the_packages(label: str) -> None:
    assert losses(own(label), SMALL, 4) == pytest.approx(
        losses(Value, SMALL, 4), rel=1e-9
    )


@pytest.mark.parametrize("label", ["solution", "tutorial"])
def test_the_reference_size_does_not_run_out_of_stack(label: str) -> None:
    config = GPTConfig(vocab_size=27)
    document = [26, *range(15), 26]
    params = init_gpt(random.Random(42), config, own(label))
    loss = loss_fn(params, document, config)
    loss.backward()
    theirs = init_gpt(random.Random(42), config)
    expected = loss_fn(theirs, document, config)
    expected.backward()
    assert loss.data == pytest.approx(expected.data, rel=1e-9)
    assert [w.grad for w in parameters(params)] == pytest.approx(
        [w.grad for w in parameters(theirs)], rel=1e-6, abs=1e-12
    )


def test_the_tutorials_value_passes_its_check() -> None:
    assert autograd.own_value.check_source(AnswerSource(TUTORIAL, "Value"))


def test_a_value_with_a_mistake_trains_otherwise() -> None:
    source = autograd.own_value.wrong_answers[0].source()
    wrong, right = losses(run_source(source), SMALL, 4), losses(Value, SMALL, 4)
    assert wrong != pytest.approx(right, rel=1e-6)
