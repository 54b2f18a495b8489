"""Fused operations: one node of the graph in place of dozens.

An operation is whatever you know the derivative of. Most of a GPT's time is spent in
those below.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from operator import mul

from course_lib.scalar.value import Value, read

if sys.version_info >= (3, 12):
    from math import sumprod
else:

    def sumprod(p: Sequence[float], q: Sequence[float], /) -> float:
        """Return the sum of the products, as math.sumprod of newer Pythons does."""
        return sum(map(mul, p, q))


def dot(weights: Sequence[Value], inputs: Sequence[Value]) -> Value:
    """Return the dot product sum(w * x) as one node; its derivative for w is x.

    Raises ValueError if the two lengths differ or are 0.
    """
    if len(weights) != len(inputs) or not weights:
        raise ValueError(
            "dot needs two lists of one length, 1 or more: "
            f"got {len(weights)} weights and {len(inputs)} inputs"
        )
    w, x = read(weights), read(inputs)
    return type(weights[0])(sumprod(w, x), (*weights, *inputs), x + w, "dot")


def dots(
    rows: Sequence[Sequence[Value]], vectors: Sequence[Sequence[Value]]
) -> list[list[Value]]:
    """Return the dot products of every vector with every row of a matrix.

    The nodes are those of ``dot``, made sooner: every number is read only once.

    Raises ValueError if the lengths differ or are 0.
    """
    widths, lengths = {len(row) for row in rows}, {len(v) for v in vectors}
    if widths != lengths or len(widths) != 1 or 0 in widths:
        raise ValueError(
            "dots needs rows and vectors of one length, 1 or more: got "
            f"{_listed(widths)} weights and {_listed(lengths)} inputs"
        )
    kind = type(rows[0][0])
    matrix = [(tuple(row), read(row)) for row in rows]
    outputs = []
    for vector in map(tuple, vectors):
        x = read(vector)
        outputs.append(
            [kind(sumprod(w, x), row + vector, x + w, "dot") for row, w in matrix]
        )
    return outputs


def _listed(lengths: set[int]) -> str:
    return ", ".join(map(str, sorted(lengths))) or "no"


def softmax(logits: Sequence[Value], scale: float = 1.0) -> list[Value]:
    """Return the softmax of scale * logits, each probability as one node.

    The local derivative of a probability p is scale * p * (1 - p) for its own logit,
    and -scale * p * q for that of another probability q.
    """
    z = [scale * number for number in read(logits)]
    top = max(z)
    exps = [math.exp(a - top) for a in z]
    total = sum(exps)
    probabilities = [e / total for e in exps]
    children, outputs = tuple(logits), []
    for i, p in enumerate(probabilities):
        local_grads = [-scale * p * q for q in probabilities]
        local_grads[i] += scale * p
        outputs.append(type(logits[0])(p, children, tuple(local_grads), "softmax"))
    return outputs


def cross_entropy(logits: Sequence[Value], target: int) -> Value:
    """Return -log softmax(logits)[target], in nats, as one node.

    Its local derivative is the probability of each token, less 1 for the target.
    The largest logit is subtracted first, so that no exponential overflows.

    Raises ValueError if the target is not one of 0 to len(logits) - 1.
    """
    if not 0 <= target < len(logits):
        raise ValueError(
            f"target {target} is none of the {len(logits)} logits: they count from 0"
        )
    z = read(logits)
    top = max(z)
    exps = [math.exp(a - top) for a in z]
    total = sum(exps)
    local_grads = [e / total for e in exps]
    local_grads[target] -= 1.0
    loss = math.log(total) + (top - z[target])
    return type(logits[0])(loss, tuple(logits), tuple(local_grads), "cross_entropy")
