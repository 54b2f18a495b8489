"""The page of ``course class``: one file, complete in itself, that asks for nothing.

Every text from outside is escaped, and the page forbids itself scripts and requests.
Each colour has a sign and a word beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from course_lib.bounds import read_regular
from course_lib.exercises.atomic_write import refuse_special, replace_file
from course_lib.exercises.class_view import (
    MARK,
    STATES,
    WORD,
    ClassView,
    Row,
    Stuck,
    people,
)
from course_lib.exercises.shared import Standing

__all__ = ["page", "write_page"]

MARKER = '<!doctype html>\n<html lang="en" data-made-by="course class">'
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_page(path: Path, view: ClassView, left_out: Sequence[str] = ()) -> None:
    """Write the page to a file, in place of an earlier page of a class and of no other.

    Raises ValueError, in one line, for a file that is something else; OSError.
    """
    refuse_special(path)
    if path.exists() and not _is_page(path):
        raise ValueError(f"{path} exists and is no page of a class: give another name")
    replace_file(path, page(view, left_out).encode("utf-8"), 0o644)


def _is_page(path: Path) -> bool:
    try:
        data = read_regular(path, 100_000_000)
    except ValueError:
        return False
    return data.startswith(MARKER.encode("ascii"))


def page(view: ClassView, left_out: Sequence[str] = ()) -> str:
    """Return a view as a page, with a line for each file that was left out."""
    style = files("course_lib.app").joinpath("class_page.css").read_text("utf-8")
    return "\n".join(
        [
            MARKER,
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>Where the class stands on {view.day}</title>",
            f"<style>\n{style}</style></head>",
            "<body><main>",
            f"<header><h1>Where the class stands</h1><p>{_head(view)}</p></header>",
            _section("To say to the class", _list(view.sentences, "ol")),
            _section("How many stand where", _legend() + _counts(view)),
            _section("Who stands where", _learners(view)),
            _section("Who is stuck, and on what", _stuck(view)),
            _section("Files left out", _list(left_out)) if left_out else "",
            "<footer><p>Made by <code>course class</code> from what learners chose to "
            "share: verdicts and the names of mistakes, no answers.</p></footer>",
            "</main></body></html>\n",
        ]
    )


def _head(view: ClassView) -> str:
    return f"{view.day.day} {view.day:%B %Y}, {people(len(view.learners))}"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n{content}</section>"


def _list(lines: Iterable[str], tag: str = "ul") -> str:
    return f"<{tag}>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</{tag}>"


def _legend() -> str:
    meaning = {
        "correct": "solved once",
        "incorrect": "tried, and the last check found a mistake",
        "error": "tried, and the last check ended with an error",
        "open": "no check yet",
    }
    items = "".join(
        f'<li><span class="mark {state}" aria-hidden="true">{MARK[state]}</span> '
        f"<b>{WORD[state]}</b> {meaning[state]}</li>"
        for state in STATES
    )
    return f'<ul class="legend">{items}</ul>'


def _table(caption: str, head: str, bodies: str, kind: str) -> str:
    label = escape(caption)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        f'<table class="{kind}"><caption>{label}</caption>'
        f"<thead><tr>{head}</tr></thead>\n{bodies}</table></div>"
    )


def _counts(view: ClassView) -> str:
    head = '<th scope="col">Exercise</th>' + "".join(
        f'<th scope="col"><span aria-hidden="true">{MARK[state]}</span> {WORD[state]}'
        "</th>"
        for state in STATES
    )
    bodies = "".join(
        _body(name, 5, [_exercise(row) + _count_cells(row) for row in rows])
        for name, rows in view.chapters().items()
    )
    caption = "For each exercise, the number of learners in each state"
    return _table(caption, head, bodies, "counts")


def _body(name: str, width: int, rows: Iterable[str]) -> str:
    """Return the rows of one notebook under its name."""
    heading = f'<tr><th colspan="{width}" scope="rowgroup">{escape(name)}</th></tr>'
    lines = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f"<tbody>{heading}\n{lines}</tbody>\n"


def _exercise(row: Row) -> str:
    title, name = escape(row.exercise.title), escape(row.exercise.name)
    return f'<th scope="row">{title} <code>{name}</code></th>'


def _count_cells(row: Row) -> str:
    return "".join(
        f'<td class="{state}" style="--share: {_tint(row.count(state), row):.2f}">'
        f"{row.count(state)}</td>"
        for state in STATES
    )


def _tint(count: int, row: Row) -> float:
    """Return how strong a cell's colour is, from 0 to 1: even one learner shows."""
    return 0.2 + 0.8 * count / len(row.cells) if count else 0.0


def _learners(view: ClassView) -> str:
    head = '<th scope="col">Exercise</th>' + "".join(
        f'<th scope="col"><span>{escape(name)}</span></th>' for name in view.learners
    )
    bodies = "".join(
        _body(
            name,
            1 + len(view.learners),
            [_exercise(row) + "".join(map(_mark_cell, row.cells)) for row in rows],
        )
        for name, rows in view.chapters().items()
    )
    caption = "For each exercise and learner, how it stands"
    return _table(caption, head, bodies, "marks")


def _mark_cell(cell: Standing | None) -> str:
    state = cell.outcome if cell else "open"
    told = WORD[state]
    if cell and cell.misconception:
        told += f": {cell.misconception}"
    return (
        f'<td class="{state}" title="{escape(told)}">'
        f'<span aria-hidden="true">{MARK[state]}</span>'
        f'<span class="read">{escape(told)}</span></td>'
    )


def _stuck(view: ClassView) -> str:
    if not view.stuck:
        return "<p>Nobody.</p>"
    head = '<th scope="col">Mistake</th><th scope="col">Learners</th>'
    bodies = "".join(
        _body(f"{row.exercise.title}: {row.stuck}", 2, map(_group, groups))
        for row, groups in view.by_exercise()
    )
    caption = "The exercises on which most are stuck first"
    return _table(caption, head, bodies, "stuck")


def _group(one: Stuck) -> str:
    names = escape(", ".join(one.nicknames))
    return f'<th scope="row">{escape(one.how)}</th><td>{names}</td>'
