"""The sizes of a GPT: counted right, and refused where they cannot work."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import array, scalar
from course_lib.config import GPTConfig


def test_the_reference_sizes() -> None:
    config = GPTConfig(27)
    assert dataclasses.astuple(config) == (27, 16, 1, 4, 16)
    assert config.head_dim == 4
    assert config.n_params == 4_192


def test_both_engines_know_the_same_config() -> None:
    assert array.GPTConfig is scalar.GPTConfig is GPTConfig


def test_shapes_in_drawing_order() -> None:
    config = GPTConfig(5, block_size=3, n_layer=2, n_head=1, n_embd=2)
    layer = ["attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2"]
    assert list(config.shapes()) == [
        *("wte", "wpe", "lm_head"),
        *(f"layer0.{name}" for name in layer),
        *(f"layer1.{name}" for name in layer),
    ]
    assert config.shapes()["wte"] == (5, 2)
    assert config.shapes()["wpe"] == (3, 2)
    assert config.shapes()["lm_head"] == (5, 2)
    assert config.shapes()["layer1.attn_wo"] == (2, 2)
    assert config.shapes()["layer1.mlp_fc1"] == (8, 2)
    assert config.shapes()["layer1.mlp_fc2"] == (2, 8)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(*[st.integers(1, 40)] * 5)
def test_the_number_of_parameters(
    vocab: int, block: int, layers: int, heads: int, width: int
) -> None:
    n = heads * width
    config = GPTConfig(vocab, block, layers, heads, n)
    assert config.head_dim == width
    assert config.n_params == (2 * vocab + block) * n + layers * 12 * n * n


def test_it_cannot_be_changed_and_can_be_a_key() -> None:
    config = GPTConfig(27)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.n_layer = 2  # type: ignore[misc]
    assert {config: 1}[GPTConfig(27)] == 1


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(GPTConfig)])
@pytest.mark.parametrize("size", [0, -4, 2.0, "8", None, True, np.int64(4)], ids=repr)
def test_a_size_that_cannot_work_is_refused_by_name(field: str, size: Any) -> None:
    sizes = {"vocab_size": 27, field: size}
    with pytest.raises(ValueError, match=f"^{field} must be a whole number of 1") as e:
        GPTConfig(**sizes)
    assert "\n" not in str(e.value)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match="16 cannot be split into 3 heads"):
        GPTConfig(27, n_head=3)
