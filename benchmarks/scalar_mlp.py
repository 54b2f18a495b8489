"""The scalar engine against micrograd: an MLP on 50 points, forward and backward.

The same MLP 2-16-16-1 with ReLU and the same weights on the same points; the loss is
the mean squared error. Gradients are set to 0 before each pass.
"""

from __future__ import annotations

import random
import time

from benchmarks.timing import (
    Claim,
    Contender,
    Spread,
    at_least,
    check_same,
    race,
    ratios,
)

POINTS = 50


def points() -> tuple[list[list[float]], list[float]]:
    """Return points in a square, and 1 for those in a ring, else -1."""
    rng = random.Random(7)
    inputs = [[rng.uniform(-2, 2), rng.uniform(-2, 2)] for _ in range(POINTS)]
    return inputs, [1.0 if 1 < x * x + y * y < 3 else -1.0 for x, y in inputs]


def draw_mlp():
    from course_lib.scalar import MLP

    return MLP(2, [16, 16, 1], random.Random(42), activation="relu")


def make_ours():
    model = draw_mlp()
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    weights = [w for neuron in neurons for w in neuron.weights]
    return both_ways(model, weights, [n.bias for n in neurons], lambda out: out[0])


def make_peer():
    from micrograd import nn

    model, twin = nn.MLP(2, [16, 16, 1]), draw_mlp()
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    twins = [neuron for layer in twin.layers for neuron in layer.neurons]
    for neuron, ours in zip(neurons, twins, strict=True):
        neuron.b.data = ours.bias.data
        for w, ours_w in zip(neuron.w, ours.weights, strict=True):
            w.data = ours_w.data
    weights = [w for neuron in neurons for w in neuron.w]
    return both_ways(model, weights, [n.b for n in neurons], lambda out: out)


def both_ways(model, weights, biases, only):
    inputs, targets = points()

    def run() -> tuple[list[float], list[float]]:
        for parameter in (*weights, *biases):
            parameter.grad = 0.0
        errors = [
            (only(model(x)) - y) ** 2 for x, y in zip(inputs, targets, strict=True)
        ]
        loss = sum(errors[1:], errors[0]) / POINTS
        loss.backward()
        return [loss.data], [p.grad for p in (*weights, *biases)]

    return run


def run(turns: int = 15) -> list[Claim]:
    clock = time.process_time
    with (
        Contender(make_ours, clock=clock) as ours,
        Contender(make_peer, clock=clock) as peer,
    ):
        answers = race([ours, peer], [()] * (turns + 1))
    (our_loss, our_grads), (loss, grads) = (turn[0][1] for turn in answers)
    check_same(our_loss, loss, 1e-12, "the loss")
    apart = check_same(our_grads, grads, 1e-12, "a gradient")
    seconds = [[s for s, _ in turn[1:]] for turn in answers]
    detail = (
        f"{Spread.of(seconds[0]).text(scale=1e3)} ms against "
        f"{Spread.of(seconds[1]).text(scale=1e3)} ms, processor time, {turns} turns; "
        f"the {len(grads)} gradients differ by {apart:.0e} at most."
    )
    ratio = ratios(seconds[1], seconds[0])
    what = f"scalar engine: MLP 2-16-16-1 on {POINTS} points, forward and backward"
    return [at_least(what, "micrograd", 40, ratio, detail)]
