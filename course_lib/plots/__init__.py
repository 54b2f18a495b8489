"""Every figure of the course: pure drawing, matplotlib only.

Each function takes ``ax=None`` and returns the Axes it drew on.
"""

from course_lib.plots.autograd import (
    computation_graph,
    gradient_cost,
    graph_replay,
    graph_steps,
    with_and_without_zeroing,
)
from course_lib.plots.gpt import (
    attention_map,
    embedding_map,
    guessing_game,
    learning_curves,
    loss_curve,
    model_diagram,
    next_token_bars,
    number_grid,
    step_times,
    token_strip,
)
from course_lib.plots.gradient import (
    Nudge,
    altitude_by_step,
    directions,
    fitted_lines,
    gradient_arrows,
    nudge,
    nudge_errors,
    passes_needed,
    product_rectangle,
    walk_map,
)
from course_lib.plots.loss import (
    cost_of_confidence,
    landscape_map,
    landscape_surface,
    naive_and_safe,
    numbered_lines,
    residual_squares,
    share_bars,
    slope_underfoot,
)
from course_lib.plots.show import Picture, show
from course_lib.plots.style import COLOURS, panels

__all__ = [
    "COLOURS",
    "Nudge",
    "Picture",
    "altitude_by_step",
    "attention_map",
    "computation_graph",
    "cost_of_confidence",
    "directions",
    "embedding_map",
    "fitted_lines",
    "gradient_arrows",
    "gradient_cost",
    "graph_replay",
    "graph_steps",
    "guessing_game",
    "landscape_map",
    "landscape_surface",
    "learning_curves",
    "loss_curve",
    "model_diagram",
    "naive_and_safe",
    "next_token_bars",
    "nudge",
    "nudge_errors",
    "number_grid",
    "numbered_lines",
    "panels",
    "passes_needed",
    "product_rectangle",
    "residual_squares",
    "share_bars",
    "show",
    "slope_underfoot",
    "step_times",
    "token_strip",
    "walk_map",
    "with_and_without_zeroing",
]
