"""Interactive figures and panels.

The computation is the taught code, the drawing a function of ``course_lib.plots``; what
stands here is a list of controls for an ``InteractiveFigure``. ipywidgets is loaded
when one is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from course_lib.widgets.scale import memory_by_part, pipeline, where_the_time_goes
    from course_lib.widgets.start_here import first_words

__all__ = [
    "InteractiveFigure",
    "attention",
    "confidence",
    "cost_calculator",
    "decision_boundary",
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
    "robot",
    "stride_lab",
    "training_console",
    "vanishing_gradient",
    "walk_in_fog",
    "where_the_time_goes",
]

MODULES = (
    "autograd",
    "console",
    "figure",
    "gradient",
    "learning_rate",
    "limits",
    "loss",
    "micro_gpt",
    "neural_network",
    "scale",
    "start_here",
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
