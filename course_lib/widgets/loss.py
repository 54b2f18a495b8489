"""The pictures of notebook 01 that answer: a line and its loss, a cost."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.widgets.controls import Slider
from course_lib.widgets.lab import Lab

__all__ = ["confidence"]


def confidence() -> Lab:
    """Drag the probability that a model gave to what happened; read what it costs."""
    grid = np.linspace(0.005, 1, 400)

    def draw(ax: Axes, p: float) -> str:
        cost = abs(math.log(p))  # -ln p, and 0 rather than -0
        plots.cost_of_confidence(grid, -np.log(grid), {p: cost}, ax=ax)
        return f"The truth was given {p:.1%}. That costs {cost:.3f} nats."

    stops = [i / 200 for i in range(1, 201)]
    p = Slider("p", "probability given to the truth", stops, 0.3, "{:.1%}".format)
    return Lab("confidence", "The cost of confidence", draw, [p])
