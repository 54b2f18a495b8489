"""The interactive figure of notebook 00: a training, replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from course_lib import plots
from course_lib.widgets.controls import Slider
from course_lib.widgets.figure import InteractiveFigure

if TYPE_CHECKING:  # it loads JAX
    from course_lib.training import Checkpoint

__all__ = ["first_words"]


def first_words(
    checkpoints: Mapping[int, Checkpoint], losses: Sequence[float], prompt: str
) -> InteractiveFigure:
    """Step through a training: its loss, and how the model continues a prompt.

    checkpoints: the model after so many steps. losses: one for each step.
    """
    from course_lib.training import samples

    sampled = {
        step: list(samples(checkpoint, prompt, count=4))
        for step, checkpoint in checkpoints.items()
    }

    def draw(ax: Axes, step: int) -> tuple[str, str]:
        at = min(step, len(losses) - 1)  # the last step's own loss is not measured
        plots.training_curve(losses, at, ax=ax)
        first, *_ = texts = sampled[step]
        summary = f"After {step:,} steps the loss is {losses[at]:.2f}: “{first}”."
        return summary, "\n".join(["Four continuations, drawn by chance:", "", *texts])

    stops = sorted(checkpoints)
    step = Slider("step", "steps of training", stops, 0, "{:,}".format, play=True)
    title = "The training above, replayed"
    axes = plots.panels(1, 1, 8, 2.8)
    return InteractiveFigure("first_words", title, draw, [step], axes)
