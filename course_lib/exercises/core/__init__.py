"""The parts that exercises are made of, from authoring to feedback."""

import sys

from course_lib.exercises.core.codec import Code
from course_lib.exercises.core.compare import Tolerance
from course_lib.exercises.core.exercise import Exercise, exercise, question
from course_lib.exercises.core.judge import Case
from course_lib.exercises.core.registry import (
    CHAPTERS,
    all_exercises,
    imported_exercises,
)
from course_lib.exercises.core.result import Hint, Result, Solution
from course_lib.exercises.core.supervisor import start_spare
from course_lib.exercises.core.worker import ProbeError

__all__ = [
    "CHAPTERS",
    "Case",
    "Code",
    "Exercise",
    "Hint",
    "ProbeError",
    "Result",
    "Solution",
    "Tolerance",
    "all_exercises",
    "exercise",
    "imported_exercises",
    "question",
]

if "ipykernel" in sys.modules:  # in a notebook: start ahead, while the learner reads
    start_spare()
