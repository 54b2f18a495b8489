"""Validation during a run: when it is measured, the lowest loss, and early stopping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from course_lib.bounds import BOUNDS, check_whole
from course_lib.training.settings import Settings

__all__ = ["Best", "Validation"]

# Rows that the loss is measured on: the time of ten measurements in a run of the usual
# length is small beside that of the training. The scalar engine is slow.
N_ROWS = {"jax": 200, "scalar": 40}


class Best(NamedTuple):
    """The lowest validation loss of a run so far."""

    step: int
    loss: float  # nats per token


@dataclass
class Validation:
    """When a run measures its validation loss, the best so far, and when to stop.

    every: steps between two measurements; there is one more at the end of the run.
    n_rows: how many rows it is measured on, the same ones each time.
    patience: stop early after so many measurements in a row without a lower loss
    (Prechelt, 1998, Early Stopping, but when?); None: never.
    """

    every: int
    n_rows: int
    patience: int | None = None
    best: Best | None = None

    @classmethod
    def of(
        cls, settings: Settings, n_kept: int, every: int | None, patience: int | None
    ) -> Validation | None:
        """Return when to validate a run; None if no rows are kept aside for that.

        every: by default a tenth of the run. Raises ValueError, in one line, for every
        or patience that cannot work, and if they are given and no rows are kept.
        """
        for name, number in (("val_every", every), ("patience", patience)):
            if number is None:
                continue
            check_whole(name, number, 1, BOUNDS["steps"][0])
            if not n_kept:
                raise ValueError(
                    f"{name} needs a val_fraction above 0, such as 0.1: the share of "
                    "the text that the validation loss is measured on"
                )
        every = every or max(1, settings.steps // 10)
        return cls(every, N_ROWS[settings.engine], patience) if n_kept else None

    def is_due(self, step: int, last: int) -> bool:
        """Whether the loss is measured at a step of a run of ``last`` steps."""
        return step % self.every == 0 or step == last

    def improves(self, step: int, loss: float) -> bool:
        """Note a measurement; return whether its loss is the lowest so far."""
        lowest = self.best.loss if self.best else BOUNDS["loss"][0]
        if not loss < lowest:  # nan is not
            return False
        self.best = Best(step, loss)
        return True

    def has_stalled(self, step: int) -> bool:
        """Whether the patience is used up: no lower loss at so many measurements."""
        best_step = self.best.step if self.best else 0
        measurements = step // self.every - best_step // self.every
        return self.patience is not None and measurements >= self.patience
