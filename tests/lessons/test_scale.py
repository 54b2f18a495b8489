"""The arithmetic of training: against XLA's own count, a simulation, and the papers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import jax
import numpy as np
import pytest

from course_lib.array import init_gpt, loss_fn
from course_lib.config import GPTConfig
from course_lib.lessons.scale import (
    LINKS,
    MODELS,
    activation_bytes,
    all_reduce_seconds,
    bubble,
    flops_per_token,
    pipeline_schedule,
    state_bytes,
    step_seconds,
)


@pytest.mark.parametrize(("n_layer", "n_embd", "n_read"), [(1, 96, 16), (3, 64, 48)])
def test_operations_are_those_that_xla_counts(
    n_layer: int, n_embd: int, n_read: int
) -> None:
    config = GPTConfig(70, n_read, n_layer, 4, n_embd)
    params = init_gpt(np.random.default_rng(0), config)
    batch = np.zeros((8, n_read + 1), np.int32)
    step = jax.jit(jax.value_and_grad(loss_fn), static_argnames="config")
    with jax.numpy_rank_promotion("allow"):
        compiled = step.lower(params, batch, config).compile()
    counted = compiled.cost_analysis()["flops"]
    ours = flops_per_token(config, n_read) * 8 * n_read
    assert ours == pytest.approx(counted, rel=0.06)  # it counts sums and norms as well
    assert ours < counted


def test_the_rule_of_six_is_met_from_below_by_large_models() -> None:
    shares = [
        flops_per_token(config, config.block_size) / (6 * config.n_params)
        for config in MODELS.values()
    ]
    assert shares == sorted(shares, reverse=True)
    assert 1 < shares[-1] < 1.05


def test_models_have_the_parameters_of_their_names() -> None:
    for name, config in MODELS.items():
        said = float(name.split()[1][:-1]) * {"M": 1e6, "B": 1e9}[name[-1]]
        assert config.n_params == pytest.approx(said, rel=0.04), name


def test_a_parameter_takes_sixteen_bytes_and_shards_add_up() -> None:
    assert sum(state_bytes(1000).values()) == 16_000
    assert state_bytes(1000, 8) == state_bytes(1000)
    parts = state_bytes(1000, 8, sharded=True)
    assert {part: 8 * n for part, n in parts.items()} == state_bytes(1000)


def test_activations_are_those_of_the_paper() -> None:
    # Korthikanti et al., 2022, section 4.1: 5 a s / h is 80 for GPT-3 175B.
    config = MODELS["GPT-3 175B"]
    numbers = config.block_size * config.n_embd * config.n_layer
    assert activation_bytes(config, 1) == (34 + 80) * numbers
    assert activation_bytes(config, 3) == 3 * activation_bytes(config, 1)
    again = activation_bytes(config, 1, again=True)
    assert again == 2 * numbers + (34 + 80) * numbers / config.n_layer


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_a_ring_sums_in_the_time_that_is_said(n: int) -> None:
    parts = np.random.default_rng(n).normal(size=(n, n))  # [device, part]
    total, sent = parts.sum(axis=0), 0
    for step in range(2 * (n - 1)):  # first sums go round, then what they came to
        before = parts.copy()
        for device in range(n):
            part = (device - step) % n
            after = (device + 1) % n
            if step < n - 1:
                parts[after, part] += before[device, part]
            else:
                parts[after, part] = before[device, part]
        sent += 1
    np.testing.assert_allclose(parts, np.tile(total, (n, 1)))
    assert all_reduce_seconds(n * 10.0, n, 5.0) == pytest.approx(sent * 10.0 / 5.0)


def test_more_devices_compute_less_and_wait_for_each_other_more() -> None:
    config, link = MODELS["GPT-2 124M"], LINKS["Ethernet, 10 Gbit/s"]
    times = [step_seconds(config, 5e5, n, 4e14, link) for n in (1, 2, 4, 256)]
    computing, messages = (np.array(column) for column in zip(*times, strict=True))
    np.testing.assert_allclose(computing[0] / computing, [1, 2, 4, 256])
    assert messages[0] == 0
    assert (np.diff(messages) > 0).all()
    assert messages[-1] < 2 * 2 * config.n_params / link
    bigger = replace(config, n_layer=24)
    assert step_seconds(bigger, 5e5, 2, 4e14, link) > times[1]


@pytest.mark.parametrize(
    ("n_devices", "n_microbatches"), [(1, 1), (1, 5), (4, 1), (4, 8)]
)
def test_a_pipeline_does_every_task_once_in_order(
    n_devices: int, n_microbatches: int
) -> None:
    tasks = pipeline_schedule(n_devices, n_microbatches)
    when = {(t.device, t.microbatch, t.forward): t for t in tasks}
    assert len(when) == len(tasks) == 2 * n_devices * n_microbatches
    for device in range(n_devices):
        ours = sorted((t for t in tasks if t.device == device), key=lambda t: t.start)
        for a, b in pairwise(ours):
            assert a.end <= b.start  # one at a time
    for (device, m, forward), task in when.items():
        if forward and device:
            assert when[device - 1, m, True].end <= task.start
        if not forward:
            needed = when[device, m, True]
            if device + 1 < n_devices:
                needed = when[device + 1, m, False]
            assert needed.end <= task.start
    length = max(t.end for t in tasks)
    busy = sum(t.end - t.start for t in tasks) / n_devices
    assert 1 - busy / length == pytest.approx(bubble(n_devices, n_microbatches))
