"""The pages as the package brings them: `course start` lays them out, `update` merges.

In an installed package they are beside its code (pyproject.toml puts them there); in a
checkout they are where they are edited and built.
"""

from __future__ import annotations

import re
from pathlib import Path

import course_lib

__all__ = ["FIRST_PAGE", "PAGES", "files", "is_page", "source_folder"]

PACKAGE = Path(course_lib.__file__).resolve().parent
PAGES = "notebooks"  # the folder of the pages that a learner answers
FIRST_PAGE = f"{PAGES}/00_start_here.ipynb"
FILES = (
    *(f"{PAGES}/*.ipynb", f"{PAGES}/solutions/*.ipynb"),
    *("docs/GLOSSARY.md", "docs/cluster/*"),
)
PAGE = re.compile(rf"{PAGES}/\d\d_[a-z_]+\.ipynb")


def source_folder() -> Path:
    """Return the folder that has the pages, in the package or around it."""
    inside = PACKAGE / "pages"
    return inside if inside.is_dir() else PACKAGE.parent


def files() -> list[str]:
    """Return the files of the course, each by its path in the course's folder.

    Copies of a learner's (04_autograd_mine_2026-11-29_103000.ipynb) are left out.
    Raises ValueError, in one line, if this installation has no pages.
    """
    folder = source_folder()
    found = [
        path.relative_to(folder).as_posix()
        for pattern in FILES
        for path in sorted(folder.glob(pattern))
        if path.is_file() and "_mine_" not in path.name
    ]
    if not any(is_page(name) for name in found):
        raise ValueError("this installation has no pages: install course-lib again")
    return found


def is_page(name: str) -> bool:
    """Whether a file of the course is a page that a learner answers."""
    return PAGE.fullmatch(name) is not None
