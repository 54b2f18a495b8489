"""The exercises of the course, in the order of the notebooks."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from course_lib import exercises
from course_lib.exercises.core.exercise import Exercise

CHAPTERS = (  # the notebooks, by number
    "start_here",
    "loss",
    "gradient",
    "learning_rate",
    "autograd",
    "neural_network",
    "micro_gpt",
    "limits",
    "scale",
    "assistant",
)


def all_exercises() -> list[Exercise]:
    """Import every chapter that has exercises, and return them."""
    for found in pkgutil.iter_modules(exercises.__path__):
        if found.name in CHAPTERS:
            importlib.import_module(f"{exercises.__name__}.{found.name}")
    return imported_exercises()


def imported_exercises() -> list[Exercise]:
    """Return the exercises of the chapters that have been imported so far."""
    names = [f"{exercises.__name__}.{chapter}" for chapter in CHAPTERS]
    return [
        value
        for name in names
        if name in sys.modules
        for value in vars(sys.modules[name]).values()
        if isinstance(value, Exercise) and value.module == name
    ]
