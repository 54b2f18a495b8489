"""Thirty learners who share their progress, for the tests of a class."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from course_lib.exercises.core import Exercise, all_exercises
from course_lib.exercises.shared import Shared, Standing, share

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
SHORT = "Ada Bo Cem Dia Eve Finn Gül Hana Ivo Jón Kai Lea Max Nia Omar Pia Quy Ravi"
MORE = "Søren Tom Uma Vera Wim Xenia Yara Zoë Åsa Ömer Łukasz"
NICKNAMES = [*SHORT.split(), *MORE.split(), "Mary-Ann O'Neil"]
CHAPTERS = "start_here", "loss", "gradient"


def exercises(*names: str) -> list[Exercise]:
    """The exercises with these ids, in the order of the course."""
    found = [one for one in all_exercises() if not names or one.id in names]
    assert len(found) == (len(names) or len(found))
    return found


def standing(outcome: str, mistake: str = "", day: str = "2026-11-30") -> Standing:
    return Standing(outcome, 1, day, mistake)


def shared(nickname: str, number: int = 0, **found: Standing) -> Shared:
    """What a learner shares; loss__mse stands for loss.mse."""
    standings = {name.replace("__", "."): one for name, one in found.items()}
    return share(nickname, f"{number:032x}", standings, NOW)


def thirty(chapters: Sequence[str] = CHAPTERS) -> list[Shared]:
    """Thirty learners: the further an exercise, the fewer have solved it."""
    rng = random.Random(7)
    some = [one for one in all_exercises() if one.chapter in chapters]
    found: list[Shared] = []
    for number, nickname in enumerate(NICKNAMES):
        standings = {}
        for place, one in enumerate(some):
            chance = 1.15 - place / len(some) * 1.1
            if rng.random() < chance:
                standings[one.id] = Standing("correct", rng.randint(1, 4), "2026-11-30")
            elif rng.random() < 0.6:
                label = rng.choice([*list(one.misconceptions())[-3:], ""])
                outcome = rng.choice(("incorrect", "incorrect", "error"))
                standings[one.id] = Standing(outcome, 2, "2026-11-30", label)
        found.append(share(nickname, f"{number:032x}", standings, NOW))
    return found
