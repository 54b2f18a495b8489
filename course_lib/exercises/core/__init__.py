"""What exercises are made of; the exercises themselves stand one floor up."""

import sys

from course_lib.exercises.core.child import Misfit
from course_lib.exercises.core.codec import Code
from course_lib.exercises.core.compare import Tolerance
from course_lib.exercises.core.exercise import Case, Exercise, exercise, question
from course_lib.exercises.core.process import prepare
from course_lib.exercises.core.registry import all_exercises, chapter_exercises
from course_lib.exercises.core.result import Hint, Result, Solution

__all__ = [
    "Case",
    "Code",
    "Exercise",
    "Hint",
    "Misfit",
    "Result",
    "Solution",
    "Tolerance",
    "all_exercises",
    "chapter_exercises",
    "exercise",
    "question",
]

if "ipykernel" in sys.modules:  # in a notebook: start ahead, while the learner reads
    prepare()
