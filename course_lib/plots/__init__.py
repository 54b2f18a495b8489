"""Every figure of the course: pure drawing, matplotlib only.

Each function takes ``ax=None`` and returns the Axes it drew on. matplotlib is loaded
when a figure is first asked for. No module here may have the name of a figure, which it
would hide.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        text_windows,
        token_strip,
    )
    from course_lib.plots.gradient import (
        Nudge,
        altitude_by_step,
        directions,
        fitted_lines,
        gradient_arrows,
        magnified_nudge,
        nudge,
        nudge_errors,
        passes_needed,
        product_rectangle,
        walk_map,
    )
    from course_lib.plots.learning_rate import (
        arrow_cloud,
        curves_by_step,
        five_point_descent,
        noise_by_batch,
        paths_map,
        range_test,
        shrink_factors,
        steps_needed,
        stride_walk,
    )
    from course_lib.plots.limits import (
        answer_bars,
        bill_ranges,
        calibration,
        copies_by_size,
        copies_by_step,
        cost_ladder,
        cutoff,
        forgetting,
        loss_by_size,
        share_in_and_out,
        sure_and_right,
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
    from course_lib.plots.neural_network import (
        activation_and_slope,
        decision_map,
        fitting_curves,
        gradient_norms,
        layer_diagram,
        loss_so_far,
        losses_compared,
        neuron_anatomy,
        neuron_curves,
        neuron_lines,
        shares_of_right,
        unit_activity,
    )
    from course_lib.plots.picture import Picture, show
    from course_lib.plots.posture import (
        joint_slopes,
        loss_of_the_walk,
        robot,
        robot_room,
    )
    from course_lib.plots.scale import (
        device_grid,
        memory_parts,
        pipeline,
        rates,
        step_parts,
        time_by_batch,
    )
    from course_lib.plots.start_here import (
        learning_loop,
        mountain,
        mountain_height,
        training_curve,
    )
    from course_lib.plots.style import COLOURS, mosaic, panels

__all__ = [
    "COLOURS",
    "Nudge",
    "Picture",
    "activation_and_slope",
    "altitude_by_step",
    "answer_bars",
    "arrow_cloud",
    "attention_map",
    "bill_ranges",
    "calibration",
    "computation_graph",
    "copies_by_size",
    "copies_by_step",
    "cost_ladder",
    "cost_of_confidence",
    "curves_by_step",
    "cutoff",
    "decision_map",
    "device_grid",
    "directions",
    "embedding_map",
    "fitted_lines",
    "fitting_curves",
    "five_point_descent",
    "forgetting",
    "gradient_arrows",
    "gradient_cost",
    "gradient_norms",
    "graph_replay",
    "graph_steps",
    "guessing_game",
    "joint_slopes",
    "landscape_map",
    "landscape_surface",
    "layer_diagram",
    "learning_curves",
    "learning_loop",
    "loss_by_size",
    "loss_curve",
    "loss_of_the_walk",
    "loss_so_far",
    "losses_compared",
    "magnified_nudge",
    "memory_parts",
    "model_diagram",
    "mosaic",
    "mountain",
    "mountain_height",
    "naive_and_safe",
    "neuron_anatomy",
    "neuron_curves",
    "neuron_lines",
    "next_token_bars",
    "noise_by_batch",
    "nudge",
    "nudge_errors",
    "number_grid",
    "numbered_lines",
    "panels",
    "passes_needed",
    "paths_map",
    "pipeline",
    "product_rectangle",
    "range_test",
    "rates",
    "residual_squares",
    "robot",
    "robot_room",
    "share_bars",
    "share_in_and_out",
    "shares_of_right",
    "show",
    "shrink_factors",
    "slope_underfoot",
    "step_parts",
    "step_times",
    "steps_needed",
    "stride_walk",
    "sure_and_right",
    "text_windows",
    "time_by_batch",
    "token_strip",
    "training_curve",
    "unit_activity",
    "walk_map",
    "with_and_without_zeroing",
]

MODULES = (
    "autograd",
    "gpt",
    "gradient",
    "learning_rate",
    "limits",
    "loss",
    "neural_network",
    "posture",
    "scale",
    "picture",
    "start_here",
    "style",
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in MODULES:
            found = import_module(f"{__name__}.{module}")
            if name in found.__all__:
                return getattr(found, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
