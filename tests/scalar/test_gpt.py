"""The scalar GPT: against an engine without fused operations, and by its properties."""

from __future__ import annotations

import collections
import math
import random
import sys
from typing import Any

import pytest

from benchmarks.plain_engine import PlainGPT
from course_lib.config import GPTConfig
from course_lib.scalar import (
    Value,
    adam_init,
    adam_update,
    generate,
    gpt,
    init_gpt,
    loss_fn,
    parameters,
)
from course_lib.scalar.fused import softmax
from course_lib.scalar.gpt import attention_weights, rms_norm
from tests.reference import Reference, reference

TINY = {"block_size": 5, "n_layer": 1, "n_head": 2, "n_embd": 4}


@pytest.fixture
def deep_recursion() -> object:
    """Give the plain engine, which recurses, the room it needs."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(limit)


def train(run: Reference, steps: int, learning_rate: float = 0.01) -> list[float]:
    """Return the losses of the reference recipe; the rate falls in a line to 0."""
    flat = parameters(run.params)
    state, losses = adam_init(flat), []
    for step in range(steps):
        loss = loss_fn(run.params, run.documents[step % len(run.documents)], run.config)
        loss.backward()
        lr = learning_rate * (1 - step / steps)
        state = adam_update(flat, state, lr, b1=0.85, b2=0.99)
        losses.append(loss.data)
    return losses


def test_weights_are_drawn_row_by_row_in_the_documented_order() -> None:
    config = GPTConfig(vocab_size=7, block_size=5, n_layer=2, n_head=2, n_embd=4)
    params = init_gpt(random.Random(42), config)
    rng = random.Random(42)
    shapes = [("wte", 7, 4), ("wpe", 5, 4), ("lm_head", 7, 4)]
    for i in range(2):
        for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
            shapes.append((f"layer{i}.{name}", 4, 4))
        shapes += [(f"layer{i}.mlp_fc1", 16, 4), (f"layer{i}.mlp_fc2", 4, 16)]
    assert list(params) == [name for name, _, _ in shapes]
    for name, n_out, n_in in shapes:
        drawn = [[rng.gauss(0, 0.08) for _ in range(n_in)] for _ in range(n_out)]
        assert [[w.data for w in row] for row in params[name]] == drawn
    flat = parameters(params)
    assert len(flat) == config.n_params
    assert flat[0] is params["wte"][0][0]
    assert flat[-1] is params["layer1.mlp_fc2"][-1][-1]


def test_another_class_of_number_can_be_trained() -> None:
    class Counted(Value):
        pass

    config = GPTConfig(vocab_size=5, **TINY)
    params = init_gpt(random.Random(0), config, number=Counted)
    assert all(type(w) is Counted for w in parameters(params))
    loss_fn(params, [4, 0, 1, 4], config).backward()
    assert params["wte"][0][0].grad != 0.0


class Own:
    """A class such as a learner writes: Value's manners, none of its code."""

    def __init__(self, data: float, children: Any = (), slopes: Any = (), op: str = ""):
        self.data, self.grad = data, 0.0
        self.children, self.local_grads = children, slopes

    def __add__(self, other: Any) -> Own:
        other = other if isinstance(other, Own) else Own(other)
        return Own(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> Own:
        other = other if isinstance(other, Own) else Own(other)
        return Own(self.data * other.data, (self, other), (other.data, self.data))

    def __truediv__(self, number: float) -> Own:
        return self * (1 / number)

    def __pow__(self, n: float) -> Own:
        return Own(self.data**n, (self,), (n * self.data ** (n - 1),))

    def relu(self) -> Own:
        return Own(max(0.0, self.data), (self,), (float(self.data > 0),))

    def backward(self) -> None:
        order, seen = [], set()

        def visit(node: Own) -> None:
            if node not in seen:
                seen.add(node)
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for child, slope in zip(node.children, node.local_grads, strict=True):
                child.grad += slope * node.grad


def test_a_class_of_ones_own_trains_the_same_model() -> None:
    run, own = reference(1, **TINY), reference(1, **TINY)
    for name, matrix in own.params.items():
        own.params[name] = [[Own(w.data) for w in row] for row in matrix]
    losses, own_losses = train(run, 4), train(own, 4)
    assert own_losses == pytest.approx(losses, rel=1e-9)


@pytest.mark.usefixtures("deep_recursion")
@pytest.mark.parametrize(
    "sizes",
    [TINY, {**TINY, "n_layer": 2}, {**TINY, "n_head": 1}, {**TINY, "n_head": 4}],
    ids=str,
)
def test_gradients_are_those_of_an_unfused_engine(sizes: dict[str, int]) -> None:
    run = reference(7, **sizes)
    document = run.documents[0]
    plain = PlainGPT(run.params, run.config)
    by_plain = plain.loss(document)
    by_plain.backward()
    loss = loss_fn(run.params, document, run.config)
    loss.backward()
    assert math.isclose(loss.data, by_plain.data, rel_tol=1e-12)
    for weight, twin in zip(parameters(run.params), plain.flat, strict=True):
        assert math.isclose(weight.grad, twin.grad, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.usefixtures("deep_recursion")
def test_reference_losses_are_those_of_an_unfused_engine() -> None:
    run = reference()
    plain = PlainGPT(run.params, run.config)
    losses = train(run, 5)
    for step, (loss, document) in enumerate(zip(losses, run.documents, strict=False)):
        assert math.isclose(
            loss, plain.train_step(document, 0.01 * (1 - step / 5)), abs_tol=1e-9
        )
    for weight, twin in zip(parameters(run.params), plain.flat, strict=True):
        assert math.isclose(weight.data, twin.data, abs_tol=1e-7)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_first_loss_is_near_that_of_knowing_nothing(seed: int) -> None:
    run = reference(seed)
    losses = [loss_fn(run.params, d, run.config).data for d in run.documents[:12]]
    mean = sum(losses) / len(losses)
    assert abs(mean - math.log(run.config.vocab_size)) < 0.15


def test_one_name_can_be_learned_by_heart() -> None:
    run = reference(3, ["sakura"], n_embd=8, n_head=2)
    losses = train(run, 80, learning_rate=0.05)
    assert losses[-1] < 0.01 < 1.5 < losses[0]
    told = generate(random.Random(0), run.params, run.config, [run.tokenizer.bos])
    assert run.tokenizer.decode(told) == "sakura"


def test_training_learns() -> None:
    losses = train(reference(5, n_embd=8, n_head=2), 60)
    assert sum(losses[-10:]) / 10 < sum(losses[:10]) / 10 - 0.3


def test_later_tokens_change_nothing_before_them() -> None:
    run = reference(1, n_layer=2, n_embd=8)
    a = gpt(run.params, [3, 1, 4, 1, 5], run.config)
    b = gpt(run.params, [3, 1, 4, 2, 0], run.config)
    for t in range(3):
        assert [z.data for z in a[t]] == [z.data for z in b[t]]
    for t in (3, 4):
        assert [z.data for z in a[t]] != [z.data for z in b[t]]


def test_no_gradient_comes_from_a_later_position() -> None:
    run = reference(1, n_layer=2, n_embd=8)
    tokens = [3, 1, 4, 1, 5]
    for t in range(5):
        for weight in parameters(run.params):
            weight.grad = 0.0
        row = gpt(run.params, tokens, run.config)[t]
        sum(row[1:], row[0]).backward()
        felt = [any(w.grad for w in position) for position in run.params["wpe"][:5]]
        assert felt == [True] * (t + 1) + [False] * (4 - t)


def test_a_document_longer_than_the_block_is_refused() -> None:
    run = reference(1, **TINY)
    with pytest.raises(ValueError, match="zip"):
        loss_fn(run.params, [0] * 7, run.config)


def test_attention_shares_sum_to_one_and_are_scaled() -> None:
    rng = random.Random(4)
    query = [Value(rng.gauss(0, 1)) for _ in range(4)]
    keys = [[Value(rng.gauss(0, 1)) for _ in range(4)] for _ in range(3)]
    shares = [w.data for w in attention_weights(query, keys)]
    assert math.isclose(sum(shares), 1.0)
    products = [
        sum(q.data * k.data for q, k in zip(query, key, strict=True)) for key in keys
    ]
    assert math.isclose(
        shares[0] / shares[1], math.exp((products[0] - products[1]) / 2)
    )


def test_softmax_survives_large_scores() -> None:
    shares = softmax([Value(1000.0), Value(1000.0 + math.log(3)), Value(-1000.0)])
    assert [share.data for share in shares] == pytest.approx([0.25, 0.75, 0.0])


def test_rms_norm_has_a_mean_square_of_one() -> None:
    (row,) = rms_norm([[Value(3.0), Value(-4.0)]])
    scale = (12.5 + 1e-5) ** -0.5
    assert [a.data for a in row] == pytest.approx([3 * scale, -4 * scale], rel=1e-14)
    (zeros,) = rms_norm([[Value(0.0), Value(0.0)]])
    assert [a.data for a in zeros] == [0.0, 0.0]


# --- generate


@pytest.fixture(scope="module")
def biased() -> Reference:
    """A model that gives token 0 the odds 3 : 1 : 1 … whatever it reads."""
    run = reference(1, ["abc"], block_size=6, n_head=1, n_embd=2)
    for weight in parameters(run.params):
        weight.data = 0.0
    for weights in (run.params["wte"], run.params["wpe"]):
        for row in weights:
            row[0].data = 1.0  # every vector is then (2 ** 0.5, 0)
    run.params["lm_head"][0][0].data = math.log(3) / 2**0.5
    return run


def test_generate_is_the_same_for_the_same_rng(biased: Reference) -> None:
    bos = biased.tokenizer.bos

    def told(seed: int) -> list[list[int]]:
        rng = random.Random(seed)
        return [generate(rng, biased.params, biased.config, [bos]) for _ in range(20)]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_generate_keeps_the_prompt_and_stops_in_time(biased: Reference) -> None:
    rng, bos = random.Random(0), biased.tokenizer.bos
    lengths = set()
    for _ in range(200):
        tokens = generate(rng, biased.params, biased.config, [bos, 2, 1])
        assert tokens[:3] == [bos, 2, 1]
        assert bos not in tokens[1:]
        lengths.add(len(tokens))
    assert min(lengths) == 3
    assert max(lengths) == biased.config.block_size + 1


@pytest.mark.parametrize(
    ("temperature", "odds"), [(1.0, 3.0), (0.5, 9.0), (2.0, 3**0.5)]
)
def test_temperature_sharpens_and_flattens(
    biased: Reference, temperature: float, odds: float
) -> None:
    rng, bos, n = random.Random(0), biased.tokenizer.bos, 2_000
    config = GPTConfig(biased.config.vocab_size, block_size=1, n_head=1, n_embd=2)
    params = {**biased.params, "wpe": biased.params["wpe"][:1]}
    counts = collections.Counter(
        tuple(generate(rng, params, config, [bos], temperature)[1:]) for _ in range(n)
    )
    share = counts[(0,)] / n
    assert abs(share - odds / (odds + 3)) < 0.04
    assert min(counts.values()) > n / 40


def test_a_text_longer_than_the_block_is_sampled_from_its_context() -> None:
    run = reference(2, ["abcde"], block_size=4, n_head=1, n_embd=4)
    bos = run.tokenizer.bos
    for token, row in enumerate(run.params["lm_head"]):
        for weight in row:  # a model that tells tokens apart, and seldom ends
            weight.data *= 0 if token == bos else 20
    rng, request = random.Random(0), (run.params, run.config)
    whole = generate(rng, *request, [bos, 1], 0, length=12)
    for n in range(2, len(whole)):
        context = run.config.context(whole[:n])
        logits = [logit.data for logit in gpt(run.params, context, run.config)[-1]]
        assert whole[n] == logits.index(max(logits))
        assert generate(rng, *request, whole[:n], 0, length=14 - n) == whole
    assert len(whole) == 14


def test_temperature_zero_takes_the_likeliest(biased: Reference) -> None:
    bos = biased.tokenizer.bos
    told = generate(random.Random(0), biased.params, biased.config, [bos], 0)
    assert told == [bos] + [0] * 6


def test_generate_refuses_in_one_line(biased: Reference) -> None:
    for arguments, message in [
        (([3], -0.1), "temperature must be 0 or more: -0.1"),
        (([], 1.0), "the prompt must have 1 token or more, the first one included"),
    ]:
        with pytest.raises(ValueError, match=message):
            generate(random.Random(0), biased.params, biased.config, *arguments)
