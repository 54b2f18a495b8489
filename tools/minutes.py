"""How long each page takes to read: ``python -m tools.minutes`` writes docs/TIMES.md.

An estimate from what is on the page, at rates that stand below and in the document. A
test holds the document, the pages' own totals and the README's to it.
"""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.exercises.core import Exercise
from tools.notebooks import CHECK, FOLDER, ROOT, SOURCES, read_source

PAGES = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
DOCUMENT = ROOT / "docs" / "TIMES.md"

WORDS = 180  # of prose a minute: English for adults is read at 240 (Brysbaert, 2019)
LINES = 10  # of code a minute
FIGURE = 1.0  # minutes for a figure
INTERACTIVE = 2.0  # minutes for an interactive figure
EXERCISE = 6.0  # minutes for the task, its hints and its message,
EXERCISE_LINE = 0.6  # and more for each line of the solution
WIDGET = "(an interactive figure)"  # what an interactive figure says in plain text


@dataclass
class Section:
    """A section of a page, in minutes."""

    title: str
    optional: bool
    on_path: bool  # of those who have two hours
    reading: float = 0.0
    exercises: float = 0.0


def sections(page: Path) -> list[Section]:
    """Return the sections of a notebook, each with its minutes.

    The words are those of its source, the figures those of the page built from it.
    """
    built = json.loads(page.read_text(encoding="utf-8"))["cells"]
    outputs = {cell["id"]: cell.get("outputs", []) for cell in built}
    cells = read_source(SOURCES / f"{page.stem}.py").cells
    chapter = f"course_lib.exercises.{page.stem.partition('_')[2]}"
    found = [Section("The beginning", optional=False, on_path=False)]
    in_exercise = False
    for cell in cells:
        source, tags = cell.source, cell.metadata.get("tags", [])
        if heading := re.match(r"(##+) (.+)", source):
            title = heading[2].strip()
            if heading[1] == "##":
                in_exercise = False
                optional = "(optional)" in title
                found.append(Section(title, optional, "path" in tags))
            else:
                in_exercise = title.startswith("Exercise")
        section = found[-1]
        if cell.cell_type == "markdown":
            if not in_exercise:
                section.reading += len(re.findall(r"\w+", source)) / WORDS
            continue
        if check := CHECK.search(source):
            exercise = getattr(importlib.import_module(chapter), check[1])
            section.exercises += exercise_minutes(exercise)
        elif not {"setup", "claim"} & set(tags):
            lines = [line for line in source.splitlines() if line.strip()]
            figures = output_minutes(outputs.get(cell.id, []))
            section.reading += len(lines) / LINES + figures
    return [s for s in found if s.reading + s.exercises > 0]


def exercise_minutes(exercise: Exercise) -> float:
    """Return the minutes that an exercise takes, by the length of its solution."""
    lines = exercise.solution_source().splitlines()
    return EXERCISE + EXERCISE_LINE * len([line for line in lines if line.strip()])


def output_minutes(outputs: list[dict[str, Any]]) -> float:
    """Return the minutes for the figures of a cell."""
    minutes = 0.0
    for data in (output.get("data", {}) for output in outputs):
        if WIDGET in "".join(data.get("text/plain", "")):  # it has an image, too
            minutes += INTERACTIVE
        elif "<img" in "".join(data.get("text/html", "")):
            minutes += FIGURE
    return minutes


def rounded(minutes: float) -> int:
    """Return minutes to the nearest five, for a number that is an estimate."""
    return max(5, 5 * round(minutes / 5))


@dataclass
class Times:
    """The minutes of a page, or of the course."""

    core: float
    optional: float
    exercises: float
    path: float

    @classmethod
    def of(cls, page: Path) -> Times:
        """Return the minutes of a page."""
        parts = sections(page)
        return cls(
            sum(s.reading for s in parts if not s.optional),
            sum(s.reading for s in parts if s.optional),
            sum(s.exercises for s in parts),
            sum(s.reading for s in parts if s.on_path),
        )


def document() -> str:
    """Return docs/TIMES.md as it should be."""
    lines = [
        "# How long it takes",
        "",
        f"Estimated, not timed: {WORDS} words or {LINES} lines of code a minute, "
        f"{FIGURE:g} minute for a figure, {INTERACTIVE:g} for an interactive one; for "
        f"an exercise {EXERCISE:g} minutes and {EXERCISE_LINE:g} more for each line of "
        "its solution. Adults read English prose without formulas at about 240 words a "
        "minute (M. Brysbaert, *How many words do we read per minute?*, Journal of "
        "Memory and Language 109, 2019). A path for those who have two hours is marked "
        "with a dot; optional sections are not in the core.",
        "",
        "| | core | optional | exercises | two-hour path |",
        "|---|---|---|---|---|",
    ]
    whole = Times(0.0, 0.0, 0.0, 0.0)
    for page in PAGES:
        times = Times.of(page)
        for name in ("core", "optional", "exercises", "path"):
            setattr(whole, name, getattr(whole, name) + getattr(times, name))
        lines.append(_row(f"[{page.stem}](../notebooks/{page.name})", times))
    lines += [_row("**the course**", whole), ""]
    for page in PAGES:
        lines += [f"## {page.stem}", "", "| section | reading | exercises | path |"]
        lines += ["|---|---|---|---|"]
        for s in sections(page):
            exercises = f"{s.exercises:.0f}" if s.exercises else ""
            dot = "●" if s.on_path else ""
            lines.append(
                f"| {s.title} | {max(1, round(s.reading))} | {exercises} | {dot} |"
            )
        lines.append("")
    return "\n".join(lines)


def _row(name: str, times: Times) -> str:
    cells = [times.core, times.optional, times.exercises, times.path]
    shown = [f"{rounded(minutes)}" if minutes else "" for minutes in cells]
    return f"| {name} | {' | '.join(shown)} |"


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(DOCUMENT.read_text(encoding="utf-8").split("\n## ")[0])


if __name__ == "__main__":
    main()
