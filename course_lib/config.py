"""The hyperparameters of a GPT's architecture, shared by both twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.bounds import BOUNDS, check_whole

__all__ = ["GPTConfig"]

SIZES = {  # each size, and its row in the table of bounds
    "vocab_size": "vocabulary",
    "block_size": "context",
    "n_layer": "layers",
    "n_head": "width",
    "n_embd": "width",
}


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT.

    vocab_size: number of different tokens, the beginning-of-sequence token included.
    block_size: context length, the longest sequence the model can read, in tokens.
    n_layer: number of transformer blocks, each attention, then feed-forward.
    n_head: attention heads per layer; it must divide n_embd.
    n_embd: embedding dimension, the width of the model.

    Raises ValueError, in one line, for a size that cannot work or is out of bounds.
    """

    vocab_size: int
    block_size: int = 16
    n_layer: int = 1
    n_head: int = 4
    n_embd: int = 16

    def __post_init__(self) -> None:
        for name, bound in SIZES.items():
            check_whole(name, getattr(self, name), 1, BOUNDS[bound][0])
        if self.n_embd % self.n_head:
            raise ValueError(
                f"n_head must divide n_embd: {self.n_embd} cannot be split into "
                f"{self.n_head} heads of equal width"
            )
        most = BOUNDS["model"][0]
        if self.n_params > most:
            raise ValueError(
                f"n_embd, n_layer, block_size and the vocabulary are too large "
                f"together: {self.n_params:,} parameters, and {most:,} are the most"
            )

    @property
    def head_dim(self) -> int:
        """Dimension of each attention head."""
        return self.n_embd // self.n_head

    def context(self, tokens: Sequence[int]) -> list[int]:
        """Return the newest tokens of a text, from which a model samples the next.

        A text grows token by token, and is read whole as long as it fits. When the
        context is full, the model goes on from its newest half, block_size // 2
        tokens, with positions counted from 0 again.
        """
        half = max(self.block_size // 2, 1)
        beyond = len(tokens) - self.block_size
        if beyond > 0:
            tokens = tokens[-half - (beyond - 1) % (self.block_size + 1 - half) :]
        return list(tokens)

    def room(self, prompt: Sequence[int]) -> int:
        """Return how many tokens can be sampled after a prompt in one context.

        The last of them follows a full context.
        """
        return self.block_size + 1 - len(self.context(prompt))

    def shapes(self) -> dict[str, tuple[int, int]]:
        """Return the (n_out, n_in) of every weight matrix, in the order of drawing."""
        width = self.n_embd
        shapes = {
            "wte": (self.vocab_size, width),
            "wpe": (self.block_size, width),
            "lm_head": (self.vocab_size, width),
        }
        for i in range(self.n_layer):
            for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
                shapes[f"layer{i}.{name}"] = (width, width)
            shapes[f"layer{i}.mlp_fc1"] = (4 * width, width)
            shapes[f"layer{i}.mlp_fc2"] = (width, 4 * width)
        return shapes

    @property
    def n_params(self) -> int:
        """Number of parameters: 4,192 at 27 tokens and the default sizes."""
        return self.n_embd * (
            2 * self.vocab_size + self.block_size + 12 * self.n_layer * self.n_embd
        )
