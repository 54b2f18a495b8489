"""Figures of notebook 00: the training loop in six steps, and a loss curve."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure

__all__ = ["learning_loop", "training_curve"]

STEPS = (  # name, what happens, colour, place
    ("1  example", "take one from the data", "data", (1.6, 3.4)),
    ("2  forward pass", "the model makes\na prediction", "value", (5.0, 3.4)),
    ("3  loss", "how wrong was it?\none number", "loss", (8.4, 3.4)),
    (
        "4  backward pass",
        "the slope of the loss\nfor every parameter",
        "gradient",
        (8.4, 0.9),
    ),
    (
        "5  update",
        "every parameter takes\na small step downhill",
        "parameter",
        (5.0, 0.9),
    ),
    ("6  next example", "and once more", "data", (1.6, 0.9)),
)
WIDTH, HEIGHT = 2.5, 1.35


@figure(8.6, 3.9)
def learning_loop(highlighted: int | None = None, *, ax: Axes) -> None:
    """Draw the six steps of the training loop; one of them (1 to 6) may be filled."""
    for number, (name, what, meaning, (x, y)) in enumerate(STEPS, 1):
        colour = COLOURS[meaning]
        box = FancyBboxPatch(
            (x - WIDTH / 2, y - HEIGHT / 2),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.15",
            facecolor="#FFF7E0" if number == highlighted else "white",
            edgecolor=colour,
            linewidth=4 if number == highlighted else 2.5,
        )
        ax.add_patch(box)
        ax.text(x, y + 0.36, name, ha="center", va="center", weight="bold", size=13)
        ax.text(x, y - 0.2, what, ha="center", va="center", size=11.5)
    for start, end in zip(STEPS, (*STEPS[1:], STEPS[0]), strict=True):
        ax.add_patch(_connector(start[3], end[3]))
    ax.text(
        1.8,
        2.15,
        "again and again",
        ha="left",
        va="center",
        color=COLOURS["quiet"],
        style="italic",
        size=12,
    )
    ax.set(xlim=(0.2, 9.8), ylim=(0.05, 4.25), aspect="equal")
    ax.set_axis_off()


def _connector(start: tuple[float, float], end: tuple[float, float]) -> FancyArrowPatch:
    """Return an arrow from the side of one box to the facing side of another."""
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        side = WIDTH / 2 if x1 > x0 else -WIDTH / 2
        ends = (x0 + side, y0), (x1 - side, y1)
    else:
        side = HEIGHT / 2 if y1 > y0 else -HEIGHT / 2
        ends = (x0, y0 + side), (x1, y1 - side)
    return FancyArrowPatch(
        *ends, arrowstyle="-|>", mutation_scale=18, color=COLOURS["quiet"], linewidth=2
    )


@figure(8, 2.8)
def training_curve(
    losses: Sequence[float], step: int | None = None, *, ax: Axes
) -> None:
    """Draw the loss by training step; a dot marks one step.

    losses: that of the model after 0, 1, 2, … steps. What comes after the dot is pale.
    """
    steps, last = range(len(losses)), len(losses) - 1
    _whole_curve(ax, list(losses))
    done = last if step is None else step
    ax.plot(steps[: done + 1], losses[: done + 1], color=COLOURS["loss"], lw=1.5)
    if step is not None:
        ax.plot(step, losses[step], "o", color=COLOURS["loss"], ms=10, mec="white")
    ax.set(xlim=(-0.02 * last, 1.02 * last), ylim=(0, 1.08 * max(losses)))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set(xlabel="step: turns of the loop", ylabel="loss: how wrong it is")


@static_artists
def _whole_curve(ax: Axes, losses: Sequence[float]) -> None:
    ax.plot(losses, color=COLOURS["faint"], lw=1.5)
