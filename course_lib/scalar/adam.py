"""Adam on a list of Values. Its twin on arrays is ``course_lib.optimizers.adam``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from course_lib.scalar.value import Value, read, write


class AdamState(NamedTuple):
    """The state of Adam: running estimates of the first and second moment."""

    step: int  # steps taken
    mu: list[float]  # running mean of the gradient
    nu: list[float]  # running mean of its square


def adam_init(params: Sequence[Value]) -> AdamState:
    """Return the initial state: both moments are 0."""
    return AdamState(0, [0.0] * len(params), [0.0] * len(params))


def adam_update(
    params: Sequence[Value],
    state: AdamState,
    learning_rate: float,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> AdamState:
    """Take one step of Adam in place, zero every grad and return the new state.

    Algorithm 1 of Kingma & Ba (2014), arXiv 1412.6980:
    mu = b1 mu + (1 - b1) g, nu = b2 nu + (1 - b2) g^2, both divided by
    1 - b^step because they start at 0, then
    param = param - learning_rate * mu_hat / (sqrt(nu_hat) + eps).
    """
    step, mu, nu = state.step + 1, state.mu, state.nu
    correct1, correct2 = 1.0 - b1**step, 1.0 - b2**step
    numbers = []
    for i, (param, number) in enumerate(zip(params, read(params), strict=True)):
        grad = param.grad
        mu[i] = m = b1 * mu[i] + (1.0 - b1) * grad
        nu[i] = n = b2 * nu[i] + (1.0 - b2) * grad * grad
        update = learning_rate * (m / correct1) / (math.sqrt(n / correct2) + eps)
        numbers.append(number - update)
        param.grad = 0.0
    write(params, numbers)
    return AdamState(step, mu, nu)
