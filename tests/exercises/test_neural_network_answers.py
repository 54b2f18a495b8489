"""Answers to the exercises of 05, written apart from those listed there.

Each names the misconception that it must earn; "" is a right answer, and "-" any
verdict but "correct".
"""

from __future__ import annotations

import textwrap

import pytest

from course_lib.exercises import neural_network
from course_lib.exercises.core.extract_source import AnswerSource
from course_lib.exercises.core.supervisor import Worker
from tests.exercises.verdicts import check_name

NEURONS = (
    ("", "import math\ndef f(x, w, b): return 1/(1+math.exp(-sum(map(mul, x, w))-b))"),
    ("", "def f(x, w, b): return 1 / (1 + np.exp(-(np.array(x) @ np.array(w) + b)))"),
    ("", "def f(x, w, b):\n    z = sum(x[i] * w[i] for i in range(len(x))) + b\n"
     "    return np.exp(z) / (1 + np.exp(z))"),
    ("", "def f(x, w, b): return 0.5 * np.tanh((np.dot(x, w) + b) / 2) + 0.5"),
    ("", "def f(x, w, b): return (1 + np.exp(-np.append(x, 1) @ np.append(w, b)))**-1"),
    ("bias forgotten", "def f(x, w, b): return 1 / (1 + np.exp(-np.dot(x, w)))"),
    ("bias subtracted", "def f(x, w, b): return 1/(1 + np.exp(-(np.dot(x, w) - b)))"),
    ("the sum without the activation", "def f(x, w, b): return np.dot(x, w) + b"),
    ("sign flipped in the exponent",
     "def f(x, w, b): return 1 / (1 + np.exp(np.dot(x, w) + b))"),
    ("inputs and weights in a dictionary",
     "def f(x, w, b):\n    d = {p: q for p, q in zip(x, w)}\n"
     "    return 1 / (1 + np.exp(-sum(k * d[k] for k in d) - b))"),
    ("-", "def f(x, w, b): return 1 / (1 + np.exp(-(np.dot(sorted(x), w) + b)))"),
    ("-", "def f(x, w, b): return 1 / (1 + np.exp(-(abs(np.dot(x, w)) + b)))"),
    ("-", "def f(x, w, b): return [1 / (1 + np.exp(-(p * q + b))) "
     "for p, q in zip(x, w)]"),
)  # fmt: skip
FORWARD = "for w, b in layers[:-1]:\n    x = np.tanh(np.dot(w, x) + b)\n"
NETWORKS = (
    ("", FORWARD + "w, b = layers[-1]\nreturn np.dot(w, x) + b"),
    ("", "for k, (w, b) in enumerate(layers, 1):\n"
     "    x = np.array(w) @ np.array(x) + np.array(b)\n"
     "    if k != len(layers): x = np.tanh(x)\nreturn list(x)"),
    ("", "for layer in layers:\n    w, b = layer\n"
     "    x = [sum(p * q for p, q in zip(row, x)) + c for row, c in zip(w, b)]\n"
     "    if layer is not layers[-1]: x = [float(np.tanh(z)) for z in x]\nreturn x"),
    ("", "(w, b), *rest = layers\nz = np.dot(w, x) + b\n"
     "return f(rest, np.tanh(z)) if rest else z"),
    ("", "import copy\nlayers = copy.deepcopy(layers)\n"
     "while layers:\n    w, b = layers.pop(0)\n    x = np.dot(w, x) + b\n"
     "    x = np.tanh(x) if layers else x\nreturn x"),
    ("the last layer squashed too", "for w, b in layers:\n"
     "    x = np.tanh(np.dot(w, x) + b)\nreturn x"),
    ("no activation at all", "for w, b in layers:\n    x = np.dot(w, x) + b\nreturn x"),
    ("the last layer known by its numbers", "for layer in layers:\n    w, b = layer\n"
     "    x = np.dot(w, x) + b\n"
     "    if layer != layers[-1]: x = np.tanh(x)\nreturn x"),
    ("the place of a layer looked up by its numbers", "for layer in layers:\n"
     "    x = np.dot(layer[0], x) + layer[1]\n"
     "    if layers.index(layer) < len(layers) - 1: x = np.tanh(x)\nreturn x"),
    ("the bias forgotten",
     FORWARD.replace(" + b", "") + "return np.dot(layers[-1][0], x)"),
    ("-", FORWARD + "return np.dot(layers[-1][0], x) + 0"),
    ("-", "while layers:\n    w, b = layers.pop(0)\n    x = np.dot(w, x) + b\n"
     "    x = np.tanh(x) if layers else x\nreturn x"),
    ("-", FORWARD + "w, b = layers[-1]\nreturn np.dot(np.transpose(w), x) + b"),
)  # fmt: skip
SLOPES = (
    ("", "import math\ndef f(z): return math.exp(z) / (1 + math.exp(z)) ** 2"),
    ("", "def f(z): return 0.25 / np.cosh(z / 2) ** 2"),
    ("", "def f(z): return (1 - np.tanh(z / 2) ** 2) / 4"),
    ("derivative taken at the wrong place", "def f(z): return z * (1 - z)"),
    ("the derivative of tanh", "def f(z): return 1 - (1 / (1 + np.exp(-z))) ** 2"),
    ("sign flipped", "def f(z): return -np.exp(-z) / (1 + np.exp(-z)) ** 2"),
)
WORDS = (
    ("", ["OVERFITTING", "Stuck", "long  strides", "train longer"]),
    ("", {"A": "overfitting", "B": "stuck", "C": "long strides", "D": "train longer"}),
    ("slow taken for jumps", ["overfitting", "stuck", "long strides", "long strides"]),
    ("-", ["stuck", "overfitting", "train longer", "long strides"]),
    ("-", ["fine", "fine", "overfitting", "stuck"]),
)


HEAD = "import numpy as np\nfrom operator import mul\n"


@pytest.mark.parametrize(
    ("name", "expected", "code"),
    [("neuron", *one) for one in NEURONS]
    + [
        ("mlp_forward", expected, "def f(layers, x):\n" + textwrap.indent(body, "    "))
        for expected, body in NETWORKS
    ]
    + [("sigmoid_derivative", *one) for one in SLOPES],
)
def test_every_answer_earns_its_name(
    name: str, expected: str, code: str, worker: Worker
) -> None:
    exercise = getattr(neural_network, name)
    result = exercise.check_source(AnswerSource(HEAD + code, "f"), worker)
    check_name(result, expected)


@pytest.mark.parametrize(("expected", "value"), WORDS)
def test_words_earn_their_names(expected: str, value: object) -> None:
    result = neural_network.diagnose_curves.check_value(value)
    check_name(result, expected)
