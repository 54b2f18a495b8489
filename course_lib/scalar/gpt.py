"""A GPT, one number at a time. Its twin with arrays is ``course_lib.array.gpt``.

The architecture is the one of Karpathy's microgpt (2026), after Radford et al. (2019):
no biases, RMS norm without weights, ReLU. A matrix is a list of rows, a row a list of
Values; a vector is a list of Values.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from course_lib.config import GPTConfig
from course_lib.scalar.fused import cross_entropy, dot, dots, softmax
from course_lib.scalar.value import Value

Vector = list[Value]
Matrix = list[Vector]
Params = dict[str, Matrix]


def init_gpt(
    rng: random.Random, config: GPTConfig, number: type[Value] = Value
) -> Params:
    """Initialize every weight from a normal distribution: mean 0, deviation 0.08.

    Each matrix is (n_out, n_in), drawn row by row. ``number`` is the class of the
    weights: any class with Value's constructor and operations will do.
    """
    return {
        name: [[number(rng.gauss(0, 0.08)) for _ in range(n_in)] for _ in range(n_out)]
        for name, (n_out, n_in) in config.shapes().items()
    }


def gpt(params: Params, tokens: Sequence[int], config: GPTConfig) -> list[Vector]:
    """Return, for each position, the logits of every possible next token."""
    x = embed(params, tokens)  # (T, n_embd)
    for i in range(config.n_layer):
        x = block(layer_params(params, i), x, config.n_head)  # (T, n_embd)
    return linear(params["lm_head"], x)  # (T, vocab_size)


def loss_fn(params: Params, document: Sequence[int], config: GPTConfig) -> Value:
    """Return the mean cross-entropy, in nats, over all tokens of a document.

    ``document`` is T + 1 tokens, as in ``token_losses``.
    """
    losses = token_losses(params, document, config)
    return sum(losses[1:], losses[0]) / len(losses)


def token_losses(
    params: Params, document: Sequence[int], config: GPTConfig
) -> list[Value]:
    """Return the cross-entropy, in nats, of each next token of a document.

    ``document`` is T + 1 tokens: the first T are read, the last T are predicted.
    """
    logits = gpt(params, document[:-1], config)  # (T, vocab_size)
    return [
        cross_entropy(row, target)
        for row, target in zip(logits, document[1:], strict=True)
    ]


def layer_params(params: Params, i: int) -> Params:
    """Return the weights of layer i, under their short names."""
    prefix = f"layer{i}."
    return {
        name.removeprefix(prefix): weights
        for name, weights in params.items()
        if name.startswith(prefix)
    }


def embed(params: Params, tokens: Sequence[int]) -> Matrix:
    """Return the normed sum of token embedding and position embedding."""
    x = [params["wte"][token] for token in tokens]  # (T, n_embd)
    return rms_norm(add(x, params["wpe"][: len(tokens)]))  # (T, n_embd)


def block(layer: Params, x: Matrix, n_head: int) -> Matrix:
    """Apply one transformer block: attention and feed-forward, each a residual."""
    x = add(x, attention(layer, rms_norm(x), n_head))  # (T, n_embd)
    return add(x, feed_forward(layer, rms_norm(x)))  # (T, n_embd)


def attention(layer: Params, x: Matrix, n_head: int) -> Matrix:
    """Apply causal multi-head self-attention (Vaswani et al., 2017)."""
    q = linear(layer["attn_wq"], x)  # (T, n_embd)
    k = linear(layer["attn_wk"], x)
    v = linear(layer["attn_wv"], x)
    head_dim = len(x[0]) // n_head
    heads = [slice(h * head_dim, (h + 1) * head_dim) for h in range(n_head)]
    mixed: Matrix = [[] for _ in x]
    for head in heads:
        keys, values = [row[head] for row in k], [row[head] for row in v]
        for t, row in enumerate(q):
            weights = attention_weights(row[head], keys[: t + 1])  # (t + 1,)
            columns = list(zip(*values[: t + 1], strict=True))  # (head_dim, t + 1)
            mixed[t] += dots(columns, [weights])[0]
    return linear(layer["attn_wo"], mixed)  # (T, n_embd)


def attention_weights(query: Vector, keys: Matrix) -> Vector:
    """Return softmax(q . k / sqrt(head_dim)), a weight for each key: they sum to 1."""
    scale = len(query) ** -0.5
    return softmax(dots(keys, [query])[0], scale)


def feed_forward(layer: Params, x: Matrix) -> Matrix:
    """Apply the position-wise feed-forward network: fc2 . relu(fc1 . x)."""
    hidden = linear(layer["mlp_fc1"], x)  # (T, 4 * n_embd)
    return linear(layer["mlp_fc2"], [[h.relu() for h in row] for row in hidden])


def linear(weights: Matrix, x: Matrix) -> Matrix:
    """Apply a linear map without bias: every vector times a matrix (n_out, n_in)."""
    return dots(weights, x)


def add(x: Matrix, y: Matrix) -> Matrix:
    """Add two matrices element by element."""
    return [
        [a + b for a, b in zip(*rows, strict=True)] for rows in zip(x, y, strict=True)
    ]


def rms_norm(x: Matrix) -> Matrix:
    """Apply RMS normalization: x / sqrt(mean(x^2) + 1e-5) (Zhang & Sennrich, 2019)."""
    return [_rms_norm(vector) for vector in x]


def _rms_norm(vector: Vector) -> Vector:
    mean_square = dot(vector, vector) / len(vector)
    scale = (mean_square + 1e-5) ** -0.5
    return [a * scale for a in vector]


def parameters(params: Params) -> list[Value]:
    """Return every weight in one list, in drawing order."""
    return [weight for matrix in params.values() for row in matrix for weight in row]


def generate(
    rng: random.Random,
    params: Params,
    config: GPTConfig,
    prompt: Sequence[int],
    temperature: float = 1.0,
    length: int | None = None,
) -> list[int]:
    """Sample a continuation of a prompt, token by token (autoregressive sampling).

    ``prompt`` starts with the beginning-of-sequence token, the last of the
    vocabulary, which is also the one that ends a document. Below 1 the temperature
    makes likely tokens likelier; at 0 decoding is greedy. Returns the prompt and its
    continuation: at most ``length`` tokens, by default as many as ``config.room``
    says. Of a text longer than the block, the model reads ``config.context``.

    Raises ValueError if the temperature is negative or the prompt empty.
    """
    if temperature < 0:
        raise ValueError(f"temperature must be 0 or more: {temperature}")
    if not prompt:
        raise ValueError("the prompt must have 1 token or more, the first one included")
    tokens = list(prompt)
    for _ in range(config.room(prompt) if length is None else length):
        context = config.context(tokens)
        logits = [logit.data for logit in gpt(params, context, config)[-1]]
        token = _sample_token(rng, logits, temperature)
        if token == config.vocab_size - 1:
            break
        tokens.append(token)
    return tokens


def _sample_token(
    rng: random.Random, logits: Sequence[float], temperature: float
) -> int:
    top = max(logits)
    if temperature == 0:
        return logits.index(top)
    weights = [math.exp((logit - top) / temperature) for logit in logits]
    return rng.choices(range(len(logits)), weights)[0]
