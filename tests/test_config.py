"""The sizes of a GPT: counted right, and refused where they cannot work."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import array, scalar
from course_lib.bounds import BOUNDS
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


def test_a_full_context_starts_anew_with_its_newest_half() -> None:
    config, text = GPTConfig(27, block_size=4), list(range(20))
    read = [config.context(text[:n]) for n in range(1, 12)]
    assert read[:4] == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]
    assert read[4:7] == [[3, 4], [3, 4, 5], [3, 4, 5, 6]]
    assert read[7:] == [[6, 7], [6, 7, 8], [6, 7, 8, 9], [9, 10]]
    assert [config.room(text[:n]) for n in range(1, 8)] == [4, 3, 2, 1, 3, 2, 1]
    odd = GPTConfig(27, block_size=5)
    assert odd.context(text[:6]) == [4, 5]
    assert GPTConfig(27, block_size=1).context(text[:9]) == [8]


@pytest.mark.parametrize("block_size", [1, 2, 3, 4, 7, 16])
def test_a_context_grows_by_a_token_or_is_halved(block_size: int) -> None:
    config, context = GPTConfig(27, block_size), []
    for n in range(1, 5 * block_size):
        context = [*context, n]
        if len(context) > block_size:
            context = context[-max(block_size // 2, 1) :]
        assert config.context(range(1, n + 1)) == context


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
    with pytest.raises(
        ValueError, match=f"^{field} must be a whole number from 1"
    ) as e:
        GPTConfig(**sizes)
    assert "\n" not in str(e.value)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match="16 cannot be split into 3 heads"):
        GPTConfig(27, n_head=3)


@pytest.mark.parametrize(
    ("field", "bound"),
    [
        ("vocab_size", "vocabulary"),
        ("block_size", "context"),
        ("n_layer", "layers"),
        ("n_head", "width"),
        ("n_embd", "width"),
    ],
)
def test_each_size_has_a_bound_and_its_both_sides(field: str, bound: str) -> None:
    most = int(BOUNDS[bound][0])
    sizes = {"vocab_size": 1, "block_size": 1, "n_layer": 1, "n_head": 1, "n_embd": 1}
    wide = {"n_embd": most} if field == "n_head" else {}
    if bound == "width":  # so wide, it has too many parameters: the next test
        with pytest.raises(ValueError, match="too large together"):
            GPTConfig(**{**sizes, **wide, field: most})
    else:
        assert GPTConfig(**{**sizes, field: most}).n_params > most
    for size in (most + 1, 10**9, 10**30, 10**5000):
        with pytest.raises(ValueError, match=f"^{field} must be .* to {most:,}") as e:
            GPTConfig(**{**sizes, field: size})
        assert len(str(e.value)) < 200


def test_a_model_of_too_many_parameters_is_refused_before_anything_is_made() -> None:
    most = int(BOUNDS["model"][0])
    fits = (most // 1024 - 12 * 1024 - 1) // 2
    sizes = {"n_head": 1, "n_embd": 1024, "block_size": 1}
    assert most - 2 * 1024 < GPTConfig(fits, **sizes).n_params <= most
    with pytest.raises(ValueError, match=r"1,000,000,512 parameters.*the most"):
        GPTConfig(fits + 1, **sizes)


@pytest.mark.parametrize(
    "sizes",
    [
        {"vocab_size": 27},
        {"vocab_size": 50_257, "block_size": 1024, "n_layer": 12, "n_embd": 768},
        {"vocab_size": 100, "block_size": 10_000, "n_layer": 96, "n_embd": 512},
    ],
)
def test_sizes_that_people_train_are_within_the_bounds(sizes: dict[str, int]) -> None:
    config = GPTConfig(**sizes)
    count = sum(n_out * n_in for n_out, n_in in config.shapes().values())
    assert config.n_params == count
