"""Every exercise of the course, in the order of the notebooks."""

from __future__ import annotations

import importlib
import pkgutil

from course_lib import exercises
from course_lib.exercises.core.exercise import Exercise
from course_lib.exercises.journal import CHAPTERS


def all_exercises() -> list[Exercise]:
    """Return the exercises of every chapter that has some."""
    there = {found.name for found in pkgutil.iter_modules(exercises.__path__)}
    return [
        exercise
        for chapter in CHAPTERS
        if chapter in there
        for exercise in chapter_exercises(chapter)
    ]


def chapter_exercises(chapter: str) -> list[Exercise]:
    """Return the exercises of one chapter, such as autograd."""
    module = importlib.import_module(f"course_lib.exercises.{chapter}")
    return [
        thing
        for thing in vars(module).values()
        if isinstance(thing, Exercise) and thing.module == module.__name__
    ]
