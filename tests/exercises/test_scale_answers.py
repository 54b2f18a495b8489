"""Answers to the exercises of 08, written apart from those listed there.

Each names the misconception that it must earn; "" is a right answer, and "-" any
verdict but "correct". What the solutions count is compared with the course's model.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from course_lib import array
from course_lib.config import GPTConfig
from course_lib.exercises import scale
from course_lib.exercises.core.extract_source import AnswerSource
from course_lib.exercises.core.supervisor import Worker
from tests.exercises.verdicts import check_name, error_types

PARAMETERS = (
    ("", "return n*(2*v + b) + sum(12 * n * n for _ in range(layers))"),
    ("one table of the vocabulary", "return v*n + b*n + layers*12*n**2"),
    ("one table of the vocabulary, and no positions", "return v*n + 12*layers*n**2"),
    ("feed-forward of one layer only", "return (2*v + b)*n + layers*4*n**2 + 8*n**2"),
    ("the width of the feed-forward network not squared",
     "return (2*v + b)*n + 4*n**2*layers + 8*n*layers"),
    ("biases and norms counted",
     "return (2*v + b)*n + layers*(12*n**2 + 13*n) + 2*n"),
    ("a float where a whole number was needed",
     "return (2*v + b)*n + layers*12*n**2.0"),
    ("-", "return (2*v + 2*b)*n + layers*12*n**2"),
    ("-", "return (2*v + b)*n + (12*n**2)**layers"),
)  # fmt: skip
WEIGHTS = "w = 12*layers*n**2 + v*n\n    "
OPERATIONS = (
    ("", WEIGHTS + "return 6*w + 12*layers*n*t"),
    ("", WEIGHTS + "f = 2*w + 4*layers*n*t\n    return np.float64(f + 2 * f)"),
    ("attention forgotten", WEIGHTS + "return 6*w"),
    ("half of attention", WEIGHTS + "return 6*w + 6*layers*n*t"),
    ("attention without its way back", WEIGHTS + "return 6*w + 4*layers*n*t"),
    ("attention in one layer only", WEIGHTS + "return 6*w + 12*n*t"),
    ("attention of the whole text", WEIGHTS + "return 6*w + 12*layers*n*t*t"),
    ("backward forgotten", WEIGHTS + "return 2*w + 4*layers*n*t"),
    ("twice the forward way", WEIGHTS + "return 4*w + 8*layers*n*t"),
    ("the whole text in place of one token", WEIGHTS + "return 6*t*(w + 2*layers*n*t)"),
    ("lm_head in every layer", "return 6*layers*(12*n**2 + v*n + 2*n*t)"),
    ("lm_head without the sums of its products",
     "return 3*(2*12*layers*n**2 + v*n + 4*layers*n*t)"),
    ("token embedding counted", WEIGHTS + "return 6*(w + v*n) + 12*layers*n*t"),
    ("-", WEIGHTS + "return 6*w*t + 12*layers*n*t"),
)  # fmt: skip
MEANS = (
    ("", "return sum(l * c for l, c in zip(ls, cs) if c) / sum(cs)"),
    ("", "d = {i: c for i, c in enumerate(cs) if c}\n"
     "    return sum(ls[i] * c for i, c in d.items()) / sum(d.values())"),
    ("nan from a device without targets", "return (ls * cs).sum() / cs.sum()"),
    ("nan from a device without targets", "return np.average(ls, weights=cs)"),
    ("mean of means, with nan in it", "return sum(ls) / len(ls)"),
    ("mean of means", "return np.nanmean(ls)"),
    ("mean over the devices with targets", "return ls[cs > 0].mean()"),
    ("weighted, then divided by the number of devices",
     "return np.nansum(ls * cs) / len(cs)"),
    ("sum over all targets", "return np.nansum(ls * cs)"),
    ("rounded down", "return np.nansum(ls * cs) // cs.sum()"),
    ("a loss of 0 taken for a device without targets",
     "m = ls > 0\n    return (ls[m] * cs[m]).sum() / cs[m].sum()"),
    ("a loss of 0 left out, and nan not",
     "m = ls != 0\n    return (ls[m] * cs[m]).sum() / cs[m].sum()"),
    ("losses without their weights, divided by all targets",
     "return np.nansum(ls) / cs.sum()"),
    ("stopped at a device without targets",
     "s = n = 0\n    for l, c in zip(ls, cs):\n        if c == 0: break\n"
     "        s += l * c\n        n += c\n    return s / n"),
)  # fmt: skip
BYTES = (
    ("", "return b * 4 * (1 + (n - 1) // d if s else n)"),
    ("", "return sum(b * len(range(0, n, d if s else 1)) for _ in 'pgmv')"),
    ("rounded down", "return 4 * b * (n // d if s else n)"),
    ("divided without rounding, by 1 as well", "return 4 * n * b / (d if s else 1)"),
    ("a float where a whole number was needed",
     "return 4 * b * (np.ceil(n / d) if s else n)"),
    ("one parameter too many where nothing is left over",
     "return 4 * b * (int(n / d) + 1 if s else n)"),
    ("sharded the wrong way round", "return 4 * b * (n if s else -(-n // d))"),
    ("rounded up to bytes, not to parameters",
     "return -(-4 * n * b // d) if s else 4 * n * b"),
    ("bytes shared out, and rounded down", "return 4 * n * b // (d if s else 1)"),
    ("bits in place of bytes", "return 32 * b * (-(-n // d) if s else n)"),
    ("one number for each parameter", "return b * (-(-n // d) if s else n)"),
    ("-", "return 3 * b * (n // d if s else n)"),
)  # fmt: skip
LAST = "p, n = None, 0\n    for s in shapes:\n        n += s != p\n        p = s\n"
COMPILATIONS = (
    ("", "return len({repr(s) for s in shapes})"),
    ("", "return len([*dict(zip(shapes, shapes))])"),
    ("every call counted", "return len(shapes)"),
    ("every change of shape counted", LAST + "    return n"),
    ("sizes in place of shapes", "return len({int(np.prod(s)) for s in shapes})"),
    ("the order of the axes ignored", "return len({tuple(sorted(s)) for s in shapes})"),
    ("lengths of the axes added up", "return len({sum(s) for s in shapes})"),
    ("numbers of axes in place of shapes", "return len(set(map(len, shapes)))"),
    ("the first axis alone, where there may be none",
     "return len({s[0] for s in shapes})"),
    ("compiled once and for all", "return 1 if shapes else 0"),
    ("the first shape not counted", "return len(set(shapes)) - 1"),
    ("changes of shape, and one more",
     "return 1 + sum(a != b for a, b in zip(shapes, shapes[1:]))"),
    ("wrong type", "return set(shapes)"),
    ("-", "return 1"),
)  # fmt: skip
ANSWERS = {
    "count_parameters": ("v, b, layers, n", PARAMETERS),
    "count_flops": ("v, layers, n, t", OPERATIONS),
    "mean_over_devices": ("ls, cs", MEANS),
    "bytes_per_device": ("n, d, b, s", BYTES),
    "count_compilations": ("shapes", COMPILATIONS),
}
SIZES = [(27, 16, 1, 16), (60, 9, 3, 8)]  # vocab_size, block_size, n_layer, n_embd


@pytest.mark.parametrize(
    ("name", "given", "expected", "body"),
    [(name, given, *one) for name, (given, all_) in ANSWERS.items() for one in all_],
)
def test_every_answer_earns_its_name(
    name: str, given: str, expected: str, body: str, worker: Worker
) -> None:
    code = f"import numpy as np\ndef f({given}):\n    {body}\n"
    result = getattr(scale, name).check_source(AnswerSource(code, "f"), worker)
    check_name(result, expected)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_known_wrong_answer_runs_unless_its_mistake_is_an_error(
    name: str, worker: Worker
) -> None:
    one = getattr(scale, name)
    assert error_types(one, worker) <= {None, "ZeroDivisionError", "IndexError"}


@pytest.mark.parametrize("sizes", SIZES)
def test_parameters_are_those_of_the_model(sizes: tuple[int, int, int, int]) -> None:
    vocab_size, block_size, n_layer, n_embd = sizes
    config = GPTConfig(vocab_size, block_size, n_layer, n_head=2, n_embd=n_embd)
    n_weights = sum(weights.size for weights in _params(config).values())
    assert scale.count_parameters.answer(*sizes) == n_weights


@pytest.mark.parametrize("sizes", SIZES)
def test_operations_are_those_of_the_model(sizes: tuple[int, int, int, int]) -> None:
    vocab_size, n_read, n_layer, n_embd = sizes
    config = GPTConfig(vocab_size, n_read, n_layer, n_head=2, n_embd=n_embd)
    text = np.zeros(n_read + 1, int)

    def loss(params: dict[str, Any]) -> Any:
        return array.loss_fn(params, text, config)

    counted = [
        _operations(jax.make_jaxpr(f)(_params(config)).jaxpr) / n_read
        for f in (loss, jax.grad(loss))
    ]
    both_ways = scale.count_flops.answer(vocab_size, n_layer, n_embd, n_read)
    assert counted == [both_ways / 3, both_ways]


def test_the_mean_over_devices_is_the_loss_of_the_whole_batch() -> None:
    config = GPTConfig(5, 4, n_layer=1, n_head=2, n_embd=4)
    documents = np.array(
        [[0, 1, 2, 3, 4], [0, 4, -1, -1, -1], [0, -1, -1, -1, -1], [0, 2, 2, -1, -1]]
    )
    params = _params(config)
    losses = [float(array.loss_fn(params, row, config)) for row in documents]
    with jax.numpy_rank_promotion("allow"):
        whole = float(array.loss_fn(params, documents, config))
    counts = (documents[:, 1:] >= 0).sum(axis=1)
    assert np.isnan(losses[2])
    assert counts[2] == 0
    mean = scale.mean_over_devices.answer(np.array(losses), counts)
    assert mean == pytest.approx(whole, rel=1e-6)
    assert abs(np.nanmean(losses) - whole) > 1e-3


def _params(config: GPTConfig) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = config.shapes().items()
    return {name: rng.normal(size=shape, scale=0.5) for name, shape in shapes}


def _operations(jaxpr: Any) -> float:
    """Return the operations of all matrix products, a product and a sum each."""
    found = 0.0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            left, out = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
            (summed, _), _ = equation.params["dimension_numbers"]
            found += 2 * np.prod([left[axis] for axis in summed]) * np.prod(out)
        for inner in equation.params.values():
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                found += _operations(inner)
    return found
