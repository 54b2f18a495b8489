"""A scalar engine without fused operations, and the micro-GPT on it: the peer.

The design is the one of Karpathy's microgpt (2026): a node keeps its children and the
local derivatives; every product and every sum is a node of its own; the graph is
ordered by recursion; the model reads one token at a time and keeps the keys and values
of those before. Written for this comparison; same sizes, same weights, same optimizer
as ``course_lib.scalar``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from course_lib.config import GPTConfig


class Node:
    """A number, its gradient, what it was made from and the slope for each of those."""

    __slots__ = ("children", "data", "grad", "slopes")

    def __init__(self, data, children=(), slopes=()):
        self.data = data
        self.grad = 0
        self.children = children
        self.slopes = slopes

    def __add__(self, other):
        other = other if isinstance(other, Node) else Node(other)
        return Node(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Node) else Node(other)
        return Node(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, power):
        slope = power * self.data ** (power - 1)
        return Node(self.data**power, (self,), (slope,))

    def exp(self):
        out = math.exp(self.data)
        return Node(out, (self,), (out,))

    def log(self):
        return Node(math.log(self.data), (self,), (1 / self.data,))

    def relu(self):
        return Node(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1
        for node in reversed(order):
            for child, slope in zip(node.children, node.slopes):  # noqa: B905 as there
                child.grad += slope * node.grad


def linear(x, weights):
    return [sum(w * a for w, a in zip(row, x)) for row in weights]  # noqa: B905


def softmax(logits):
    top = max(logit.data for logit in logits)
    exps = [(logit - top).exp() for logit in logits]
    total = sum(exps)
    return [e / total for e in exps]


def rms_norm(x):
    mean_square = sum(a * a for a in x) / len(x)
    scale = (mean_square + 1e-5) ** -0.5
    return [a * scale for a in x]


def read_token(params, config: GPTConfig, token, position, keys, values):
    """Return the logits after one more token; its keys and values are appended."""
    x = [
        a + b
        for a, b in zip(params["wte"][token], params["wpe"][position], strict=True)
    ]
    x = rms_norm(x)
    width = config.head_dim
    for i in range(config.n_layer):
        residual, x = x, rms_norm(x)
        q = linear(x, params[f"layer{i}.attn_wq"])
        keys[i].append(linear(x, params[f"layer{i}.attn_wk"]))
        values[i].append(linear(x, params[f"layer{i}.attn_wv"]))
        mixed = []
        for start in range(0, config.n_embd, width):
            query = q[start : start + width]
            head_keys = [row[start : start + width] for row in keys[i]]
            head_values = [row[start : start + width] for row in values[i]]
            scores = [
                sum(query[j] * key[j] for j in range(width)) / width**0.5
                for key in head_keys
            ]
            weights = softmax(scores)
            for j in range(width):
                mixed.append(
                    sum(weights[t] * head_values[t][j] for t in range(len(weights)))
                )
        x = linear(mixed, params[f"layer{i}.attn_wo"])
        x = [a + b for a, b in zip(x, residual, strict=True)]
        residual, x = x, rms_norm(x)
        x = [a.relu() for a in linear(x, params[f"layer{i}.mlp_fc1"])]
        x = linear(x, params[f"layer{i}.mlp_fc2"])
        x = [a + b for a, b in zip(x, residual, strict=True)]
    return linear(x, params["lm_head"])


class PlainGPT:
    """The micro-GPT on plain nodes, and its Adam: ``train_step`` returns the loss."""

    def __init__(self, weights, config: GPTConfig, b1=0.85, b2=0.99, eps=1e-8):
        """Take ``weights``, a dict of matrices of numbers or of scalar Values."""
        self.config = config
        self.params = {
            name: [[Node(getattr(w, "data", w)) for w in row] for row in matrix]
            for name, matrix in weights.items()
        }
        self.flat = [
            node for matrix in self.params.values() for row in matrix for node in row
        ]
        self.mu, self.nu = [0.0] * len(self.flat), [0.0] * len(self.flat)
        self.step, self.b1, self.b2, self.eps = 0, b1, b2, eps

    def loss(self, document: Sequence[int]) -> Node:
        keys = [[] for _ in range(self.config.n_layer)]
        values = [[] for _ in range(self.config.n_layer)]
        losses = []
        for position, (token, target) in enumerate(pairwise(document)):
            logits = read_token(self.params, self.config, token, position, keys, values)
            losses.append(-softmax(logits)[target].log())
        return (1 / len(losses)) * sum(losses)

    def train_step(self, document: Sequence[int], learning_rate: float) -> float:
        loss = self.loss(document)
        loss.backward()
        self.update(learning_rate)
        return loss.data

    def update(self, learning_rate: float) -> None:
        self.step += 1
        b1, b2, mu, nu = self.b1, self.b2, self.mu, self.nu
        for i, param in enumerate(self.flat):
            mu[i] = b1 * mu[i] + (1 - b1) * param.grad
            nu[i] = b2 * nu[i] + (1 - b2) * param.grad**2
            mu_hat = mu[i] / (1 - b1**self.step)
            nu_hat = nu[i] / (1 - b2**self.step)
            param.data -= learning_rate * mu_hat / (nu_hat**0.5 + self.eps)
            param.grad = 0


def make_trainer(weights, config: GPTConfig, documents, learning_rates):
    """Return train(stop), which takes the steps up to ``stop`` and returns the losses.

    The loop is a script's, as in microgpt: ``loss`` holds one graph until the next is
    built. (Were each graph dropped first, this engine would take about half as long.)
    It takes plain numbers and imports nothing, so that its process stays as small as
    microgpt's own: Python's garbage collector, which this engine keeps busy, walks
    through everything that is loaded.
    """
    model = PlainGPT(weights, config)

    def train(stop: int) -> list[float]:
        losses = []
        for i in range(model.step, stop):
            loss = model.loss(documents[i])
            loss.backward()
            model.update(learning_rates[i])
            losses.append(loss.data)
        return losses

    return train
