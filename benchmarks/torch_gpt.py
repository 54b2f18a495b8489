"""The micro-GPT in PyTorch, eager: the peer of ``course_lib.array``.

The same weights under the same names, whole batches at once. Two choices that PyTorch
leaves open (``attention``: its fused operation or plain matrix products; ``adam``:
fused or foreach) are arguments, so that the faster one can be raced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.nn import functional

from course_lib.config import GPTConfig

Params = dict[str, torch.Tensor]


def attend(q, k, v, attention: str):
    """Return (B, n_head, T, head_dim): each position looks back, never ahead."""
    if attention == "fused":
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5  # (B, n_head, T, T)
    future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1) @ v


def gpt(params: Params, tokens, config: GPTConfig, attention: str):
    """Return logits (B, T, vocab_size) for tokens (B, T)."""
    batch, length = tokens.shape
    shape, width = (batch, length, config.n_head, config.head_dim), (config.n_embd,)
    x = functional.embedding(tokens, params["wte"]) + params["wpe"][:length]
    x = functional.rms_norm(x, width, eps=1e-5)
    for i in range(config.n_layer):
        h = functional.rms_norm(x, width, eps=1e-5)
        q, k, v = (
            functional.linear(h, params[f"layer{i}.attn_w{letter}"])
            .view(shape)
            .transpose(1, 2)
            for letter in "qkv"
        )
        mixed = attend(q, k, v, attention).transpose(1, 2).reshape(x.shape)
        x = x + functional.linear(mixed, params[f"layer{i}.attn_wo"])
        h = functional.rms_norm(x, width, eps=1e-5)
        h = functional.relu(functional.linear(h, params[f"layer{i}.mlp_fc1"]))
        x = x + functional.linear(h, params[f"layer{i}.mlp_fc2"])
    return functional.linear(x, params["lm_head"])


class TorchGPT:
    """A model, its Adam and its documents; ``train`` returns the losses."""

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        config: GPTConfig,
        attention: str = "fused",
        adam: str = "fused",
    ) -> None:
        self.config, self.attention = config, attention
        self.params = {
            name: torch.tensor(np.asarray(w), requires_grad=True)
            for name, w in weights.items()
        }
        self.optimizer = torch.optim.Adam(
            self.params.values(), betas=(0.85, 0.99), eps=1e-8, **{adam: True}
        )

    def train(self, batches: Sequence, learning_rates: Sequence[float]) -> list[float]:
        """Take a step for each batch, a tensor (B, T + 1) of whole numbers."""
        losses = []
        for batch, learning_rate in zip(batches, learning_rates, strict=True):
            logits = gpt(self.params, batch[:, :-1], self.config, self.attention)
            loss = functional.cross_entropy(
                logits.flatten(0, 1), batch[:, 1:].flatten()
            )
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.param_groups[0]["lr"] = learning_rate
            self.optimizer.step()
            losses.append(loss.detach())
        return [float(loss) for loss in losses]
