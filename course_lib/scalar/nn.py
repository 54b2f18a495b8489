"""A multilayer perceptron of Values. Its twin is ``course_lib.array.nn``."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from course_lib.scalar.fused import dot, dots
from course_lib.scalar.value import Value, as_value

ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "linear": lambda z: z,
    "relu": Value.relu,
    "tanh": Value.tanh,
    "sigmoid": Value.sigmoid,
}


class Neuron:
    """A weighted sum of the inputs plus a bias, then an activation."""

    def __init__(self, n_in: int, rng: random.Random, activation: str = "tanh") -> None:
        """Initialize n_in weights with deviation 1 / sqrt(n_in), and a bias of 0."""
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {', '.join(ACTIVATIONS)}: {activation!r}"
            )
        self.weights = [Value(rng.gauss(0, n_in**-0.5)) for _ in range(n_in)]
        self.bias = Value(0.0)
        self.activation = activation

    def __call__(self, inputs: Sequence[Value | float]) -> Value:
        """Return activation(w . x + b)."""
        return self.activate(dot(self.weights, [as_value(x) for x in inputs]))

    def activate(self, weighted_sum: Value) -> Value:
        """Return activation(w . x + b) for a weighted sum w . x."""
        return ACTIVATIONS[self.activation](weighted_sum + self.bias)

    def parameters(self) -> list[Value]:
        """Return the weights, then the bias."""
        return [*self.weights, self.bias]


class Layer:
    """A fully connected layer: every neuron reads all the inputs."""

    def __init__(
        self, n_in: int, n_out: int, rng: random.Random, activation: str = "tanh"
    ) -> None:
        self.neurons = [Neuron(n_in, rng, activation) for _ in range(n_out)]

    def __call__(self, inputs: Sequence[Value | float]) -> list[Value]:
        """Return the output of each neuron."""
        values = [as_value(x) for x in inputs]
        sums = dots([neuron.weights for neuron in self.neurons], [values])[0]
        pairs = zip(self.neurons, sums, strict=True)
        return [neuron.activate(z) for neuron, z in pairs]

    def parameters(self) -> list[Value]:
        """Return the parameters of every neuron, in order."""
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    """A multilayer perceptron: fully connected layers, the last one linear."""

    def __init__(
        self,
        n_in: int,
        n_outs: Sequence[int],
        rng: random.Random,
        activation: str = "tanh",
    ) -> None:
        """Initialize layers of the sizes n_in, *n_outs, in that order."""
        sizes = [n_in, *n_outs]
        kinds = [activation] * (len(n_outs) - 1) + ["linear"]
        self.layers = [
            Layer(n_in, n_out, rng, kind)
            for n_in, n_out, kind in zip(sizes, n_outs, kinds, strict=False)
        ]

    def __call__(self, inputs: Sequence[Value | float]) -> list[Value]:
        """Return the logits: the outputs of the last layer."""
        outputs: Sequence[Value | float] = inputs
        for layer in self.layers:
            outputs = layer(outputs)
        return outputs  # type: ignore[return-value]

    def parameters(self) -> list[Value]:
        """Return every parameter, layer by layer."""
        return [p for layer in self.layers for p in layer.parameters()]
