"""Interactive figures and panels.

The computation is the taught code, the drawing a function of ``course_lib.plots``; what
stands here is a list of controls for an ``InteractiveFigure``. ipywidgets is loaded
when one is first asked for.
"""

from typing import TYPE_CHECKING

from course_lib.late import load_late

if TYPE_CHECKING:
    from course_lib.widgets.assistant import (
        editable_store,
        fine_tune_mask,
        reward_against_drift,
    )
    from course_lib.widgets.autograd import graph_stepper, robot
    from course_lib.widgets.console import training_console
    from course_lib.widgets.figure import InteractiveFigure
    from course_lib.widgets.gradient import nudge_size, walk_in_fog
    from course_lib.widgets.learning_rate import optimizer_race, stride_lab
    from course_lib.widgets.limits import cost_calculator, memorise_or_generalise
    from course_lib.widgets.loss import confidence, line_fit
    from course_lib.widgets.micro_gpt import attention, next_token
    from course_lib.widgets.neural_network import (
        decision_boundary,
        neuron,
        neuron_line,
        vanishing_gradient,
    )
    from course_lib.widgets.painted_points import playground
    from course_lib.widgets.progress import progress_panel
    from course_lib.widgets.scale import memory_by_part, pipeline, where_the_time_goes
    from course_lib.widgets.start_here import first_words
    from course_lib.widgets.you_against import you_against_autograd

__all__ = [
    "InteractiveFigure",
    "attention",
    "confidence",
    "cost_calculator",
    "decision_boundary",
    "editable_store",
    "fine_tune_mask",
    "first_words",
    "graph_stepper",
    "line_fit",
    "memorise_or_generalise",
    "memory_by_part",
    "neuron",
    "neuron_line",
    "next_token",
    "nudge_size",
    "optimizer_race",
    "pipeline",
    "playground",
    "progress_panel",
    "reward_against_drift",
    "robot",
    "stride_lab",
    "training_console",
    "vanishing_gradient",
    "walk_in_fog",
    "where_the_time_goes",
    "you_against_autograd",
]

MODULES = (
    "assistant",
    "autograd",
    "console",
    "figure",
    "gradient",
    "learning_rate",
    "limits",
    "loss",
    "micro_gpt",
    "neural_network",
    "progress",
    "painted_points",
    "scale",
    "start_here",
    "you_against",
)

__getattr__, __dir__ = load_late(__name__, __all__, MODULES)
