"""Neurons, layers and networks, one number at a time."""

from __future__ import annotations

import math
import random

import pytest

from course_lib.scalar import (
    MLP,
    Layer,
    Neuron,
    Value,
    adam_init,
    adam_update,
    cross_entropy,
)


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("linear", -1.0),
        ("relu", 0.0),
        ("tanh", math.tanh(-1.0)),
        ("sigmoid", 1 / (1 + math.e)),
    ],
)
def test_a_neuron_is_a_weighted_sum_a_bias_and_an_activation(
    activation: str, expected: float
) -> None:
    neuron = Neuron(2, random.Random(0), activation)
    for p, number in zip(neuron.parameters(), (2.0, -1.0, 0.5), strict=True):
        p.data = number
    assert math.isclose(neuron([0.25, 2.0]).data, expected)
    assert math.isclose(neuron([Value(0.25), 2]).data, expected)


def test_a_neuron_of_one_input() -> None:
    neuron = Neuron(1, random.Random(0), "linear")
    neuron.bias.data = 1.0
    out = neuron([3.0])
    out.backward()
    assert out.data == neuron.weights[0].data * 3.0 + 1.0
    assert (neuron.weights[0].grad, neuron.bias.grad) == (3.0, 1.0)


def test_weights_are_drawn_in_order_and_biases_start_at_zero() -> None:
    model = MLP(3, [4, 2], random.Random(9))
    rng = random.Random(9)
    for layer, n_in in zip(model.layers, (3, 4), strict=True):
        for neuron in layer.neurons:
            drawn = [rng.gauss(0, n_in**-0.5) for _ in range(n_in)]
            assert [w.data for w in neuron.weights] == drawn
            assert neuron.bias.data == 0.0


def test_parameters_come_layer_by_layer_each_once() -> None:
    model = MLP(3, [4, 2], random.Random(0))
    params = model.parameters()
    assert len(params) == len(set(params)) == (3 + 1) * 4 + (4 + 1) * 2
    first = model.layers[0].neurons[0]
    assert params[:4] == [*first.weights, first.bias]
    assert params[-1] is model.layers[1].neurons[1].bias


def test_the_last_layer_is_linear() -> None:
    model = MLP(1, [2, 1], random.Random(0), "relu")
    for neuron in model.layers[0].neurons:
        neuron.weights[0].data = 1.0
    out = model.layers[1].neurons[0]
    for p, number in zip(out.parameters(), (-2.0, -3.0, 0.5), strict=True):
        p.data = number
    assert [logit.data for logit in model([2.0])] == [-2.0 * 2 - 3.0 * 2 + 0.5]
    assert [logit.data for logit in model([-2.0])] == [0.5]  # both relus are shut


def test_a_layer_returns_one_number_per_neuron() -> None:
    layer = Layer(2, 3, random.Random(0))
    outputs = layer([1.0, -1.0])
    assert [a.op for a in outputs] == ["tanh"] * 3
    assert [a.data for a in outputs] == [n([1.0, -1.0]).data for n in layer.neurons]


def test_an_unknown_activation_is_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match="one of linear, relu, tanh, sigmoid: 'softplus'"
    ):
        MLP(2, [2, 1], random.Random(0), "softplus")


def test_the_wrong_number_of_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match=r"of one length, 1 or more: got .*2.*3"):
        MLP(2, [1], random.Random(0))([1.0, 2.0, 3.0])


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_a_small_network_learns_exclusive_or(activation: str) -> None:
    model = MLP(2, [8, 2], random.Random(1), activation)
    points = [((0.0, 0.0), 0), ((0.0, 1.0), 1), ((1.0, 0.0), 1), ((1.0, 1.0), 0)]
    params = model.parameters()
    state = adam_init(params)
    for _ in range(150):
        losses = [cross_entropy(model(x), y) for x, y in points]
        loss = sum(losses[1:], losses[0]) / 4
        loss.backward()
        state = adam_update(params, state, 0.1)
    assert loss.data < 0.05
    for x, y in points:
        logits = [logit.data for logit in model(x)]
        assert logits.index(max(logits)) == y
