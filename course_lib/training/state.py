"""Where a training run stands, in plain arrays: what a checkpoint keeps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Arrays", "TrainState"]

Arrays = dict[str, np.ndarray]  # one matrix (n_out, n_in) for each name


class TrainState(NamedTuple):
    """The model, and what Adam remembers of its gradients."""

    step: int  # steps taken so far
    params: Arrays
    mu: Arrays  # running mean of the gradient
    nu: Arrays  # running mean of its square

    def tensors(self) -> Arrays:
        """Return every matrix in one dict: its name, after params, mu or nu."""
        return {
            f"{part}.{name}": matrix
            for part in ("params", "mu", "nu")
            for name, matrix in getattr(self, part).items()
        }

    def is_finite(self) -> bool:
        """Whether every number is one: neither nan nor inf."""
        return all(np.isfinite(matrix).all() for matrix in self.tensors().values())
