"""The micro-GPT in PyTorch: the peer of ``course_lib.array``.

The same weights under the same names, whole batches at once. What PyTorch leaves open
(``attention``: its fused operation or plain matrix products; ``adam``: fused or
foreach; ``compiled``: by torch.compile, or eager) are arguments, so that the fastest
can be raced.
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
        compiled: bool = False,
        device: str = "cpu",
        half: bool = False,
    ) -> None:
        """half: products in bfloat16, by autocast; the weights stay in float32."""
        self.weights, self.adam = weights, adam
        self.params = {
            name: torch.tensor(np.asarray(w), requires_grad=True, device=device)
            for name, w in weights.items()
        }
        self.restart()

        def loss_fn(params: Params, batch):
            with torch.autocast(device, torch.bfloat16, enabled=half):
                logits = gpt(params, batch[:, :-1], config, attention)
            targets = batch[:, 1:].flatten()
            return functional.cross_entropy(logits.flatten(0, 1).float(), targets)

        self.loss_fn = torch.compile(loss_fn) if compiled else loss_fn

    def restart(self) -> None:
        """Go back to the first weights, with a new optimizer; keep what is compiled."""
        with torch.no_grad():
            for name, weights in self.weights.items():
                self.params[name].copy_(torch.tensor(np.asarray(weights)))
        self.optimizer = torch.optim.Adam(
            self.params.values(), betas=(0.85, 0.99), eps=1e-8, **{self.adam: True}
        )

    def train(self, batches: Sequence, learning_rates: Sequence[float]) -> list[float]:
        """Take a step for each batch, a tensor (B, T + 1) of whole numbers."""
        losses = []
        for batch, learning_rate in zip(batches, learning_rates, strict=True):
            loss = self.loss_fn(self.params, batch)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.param_groups[0]["lr"] = learning_rate
            self.optimizer.step()
            losses.append(loss.detach())
        return [float(loss) for loss in losses]
