"""A page with a learner's answers, and a newer page of the course: both in one.

Three versions go in: the page as the course gave it (the base, if that is known), the
learner's, and the new one. Cells are told apart by their ids. Nothing is read or
written here: a notebook is a dict, as in its JSON (nbformat 4.5).

- A cell that the learner wrote or edited always stays, with its outputs.
- A cell that the learner left alone becomes the course's new one, or goes with it.
- A new cell comes in its place. A cell that the learner deleted stays away, unless the
  course has changed it.
- Where both changed a cell, the learner's stays, and the new text is quoted below it in
  a Markdown cell. So is a stub that would stand below an answer: running it would undo
  the answer.

The id of a cell of the course is a digest of its text, so an edited cell is known as
such even without a base.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from course_lib.app.notebook_source import cell_id

__all__ = ["Merged", "Report", "merge", "quoted", "source_of", "with_unique_ids"]

Cell = dict[str, Any]
Notebook = dict[str, Any]

ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
CHECK = re.compile(r"\bexercise\.(\w+)\.check\(\s*(\w*)")
BINDING = re.compile(
    r"^(?:async +)?def +(\w+)|^class +(\w+)|^(\w+) *(?::[^=\n]*)?=(?!=)", re.MULTILINE
)
ALIKE = 0.5  # so many words in common: the same cell, reworded
EQUAL_CELLS = 10  # of one page, that are looked for
QUOTED = """\
**The course has a new text for this place.** What you wrote is kept above. Running \
the new text could replace it, so it is only shown:

{fence}{language}
{text}
{fence}"""
LEFT = "**The course no longer has the cell above.** You had changed it, so it stays."


@dataclass
class Report:
    """How many cells of a page were treated in which way."""

    arrived: int = 0  # new, in their place
    renewed: int = 0  # not edited by the learner, now with the new text
    removed: int = 0  # not edited by the learner, and no longer in the course
    beside: int = 0  # new texts that are quoted below what the learner wrote
    left: int = 0  # no longer in the course, kept because the learner edited them

    def __str__(self) -> str:
        """In words: "2 new cells, 1 renewed"."""
        words = {
            "new": self.arrived,
            "renewed": self.renewed,
            "removed": self.removed,
            "quoted below yours": self.beside,
            "of yours that the course no longer has": self.left,
        }
        told = [f"{number} {what}" for what, number in words.items() if number]
        if not told:
            return "ids or tags renewed"
        count, _, what = told[0].partition(" ")
        noun = "cell" if count == "1" else "cells"
        first = f"{count} {noun} {what}" if what != "new" else f"{count} new {noun}"
        return ", ".join([first, *told[1:]])


class Merged(NamedTuple):
    """The page for the learner, and what was done for it."""

    notebook: Notebook
    report: Report


def merge(base: Notebook | None, mine: Notebook, new: Notebook) -> Merged:
    """Return the learner's page with what is new in the course.

    base: the page as the course gave it, or None if that is not known. The arguments
    stay as they are; cells of the result may be those of the arguments.
    """
    pages = _Pages(base, mine, new)
    cells = [item.cell for item in _guarded(pages, _in_order(pages))]
    notebook = {**mine, "cells": cells, "nbformat": 4, "nbformat_minor": 5}
    return Merged(notebook, pages.report)


def source_of(cell: Cell) -> str:
    """Return the text of a cell, which may be stored as a list of lines."""
    return "".join(cell["source"])


def quoted(cell: Cell) -> str:
    """Return the text of a Markdown cell that shows a cell and does not run it."""
    text = source_of(cell)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    language = "python" if cell["cell_type"] == "code" else "markdown"
    fence = "`" * max(3, longest + 1)
    return QUOTED.format(fence=fence, language=language, text=text)


def with_unique_ids(cells: Iterable[Cell], known: Iterable[str] = ()) -> list[Cell]:
    """Return cells with ids that are valid and differ.

    A cell of the course that has lost its id gets it back: it is one of those known,
    and the digest of the cell's text.
    """
    cells, known = list(cells), set(known)
    taken = {cell["id"] for cell in cells if _has_id(cell)}
    seen: set[str] = set()
    found = []
    for cell in cells:
        name = cell.get("id") if _has_id(cell) else None
        if name not in known or name in seen:
            lost = {name for name in _digests(cell) if name in known - taken}
            name = min(lost, default=None if name in seen else name)
        name = name or _free("own", taken | known)
        taken.add(name)
        seen.add(name)
        found.append(cell if cell.get("id") == name else {**cell, "id": name})
    return found


def _has_id(cell: Cell) -> bool:
    name = cell.get("id")
    return isinstance(name, str) and ID.fullmatch(name) is not None


def _digests(cell: Cell) -> list[str]:
    """The ids that the course gives to a cell of this text, first to last repeat."""
    text = source_of(cell)
    return [cell_id(cell["cell_type"], text, i) for i in range(EQUAL_CELLS)]


def _free(name: str, taken: Iterable[str]) -> str:
    """An id that nobody has: the name itself, or with a number."""
    name, taken = name[:56], set(taken)
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(n for n in numbered if n not in taken)


def _content(cell: Cell) -> tuple[str, str]:
    return cell["cell_type"], source_of(cell)


def _by_id(notebook: Notebook | None) -> dict[str, Cell]:
    return {cell["id"]: cell for cell in notebook["cells"]} if notebook else {}


# --- whose a cell is, and what it has become ------------------------------------------


class _Item(NamedTuple):
    """A cell of the merged page, and its kind.

    mine: the learner wrote or edited it; kept: the course's, as it was; fresh: the
    course's, from the new page; note: a quote or a mark.
    """

    cell: Cell
    kind: str
    was: str = ""  # the id that it had on the learner's page


@dataclass
class _Group:
    """A cell of the course, or None for the page's head, and what follows of mine."""

    name: str | None  # the id of the cell on the new page
    items: list[_Item] = field(default_factory=list)


class _Pages:
    """The three versions of a page, and what each cell of the learner's page was."""

    def __init__(self, base: Notebook | None, mine: Notebook, new: Notebook) -> None:
        self.base, self.new = _by_id(base), _by_id(new)
        self.has_base = base is not None
        self.mine = with_unique_ids(mine["cells"], [*self.base, *self.new])
        self.ids = {cell["id"] for cell in self.mine}
        self.shown = {
            source_of(cell) for cell in self.mine if cell["id"].startswith("beside-")
        }
        self.originals = {cell["id"]: self._original(cell) for cell in self.mine}
        self.next = {name: self.new[name] for name in self.ids if name in self.new}
        self.next |= _reworded(self)
        self.report = Report()

    def _original(self, cell: Cell) -> Cell | None:
        """The cell as the course gave it, or None for one of the learner's own."""
        name = cell["id"]
        if name in self.base:
            return self.base[name]
        new = self.new.get(name)
        if new and (_content(cell) == _content(new) or name in _digests(new)):
            return new
        return cell if name in _digests(cell) else None  # of yet another version

    def is_touched(self, cell: Cell) -> bool:
        """Whether the learner wrote or edited a cell."""
        original = self.originals[cell["id"]]
        return original is None or _content(cell) != _content(original)

    def answers(self, cell: Cell) -> set[str]:
        """What running a stub below this cell of the learner's would undo."""
        if cell["cell_type"] != "code":
            return set()
        original = self.originals[cell["id"]]
        before = source_of(original) if original else ""
        bound = _bound(source_of(cell)) - _bound(before)
        return bound | _asked(source_of(cell)) | _asked(before)

    def is_quoted(self, cell: Cell) -> bool:
        """Whether the learner's page already shows a text of the new page."""
        return quoted(cell) in self.shown

    def quote(self, cell: Cell) -> list[_Item]:
        """A Markdown cell that shows a cell, unless the page has it already."""
        if self.is_quoted(cell):
            return []
        name = _free(f"beside-{cell['id']}", self.ids)
        self.report.beside += 1
        return [self._note(name, quoted(cell))]

    def mark(self, cell: Cell) -> list[_Item]:
        """A Markdown cell below one that the course no longer has."""
        name = f"left-{cell['id']}"[:64]
        if name in self.ids:
            return []
        self.report.left += 1
        return [self._note(name, LEFT)]

    def _note(self, name: str, text: str) -> _Item:
        self.ids.add(name)
        cell = {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}
        return _Item(cell, "note")


def _asked(source: str) -> set[str]:
    """The exercises that a cell checks, and the names that they check."""
    found = CHECK.findall(source)
    return {f"exercise.{name}" for name, _ in found} | {to for _, to in found if to}


def _bound(source: str) -> set[str]:
    """The names that a cell defines or assigns at its top level, roughly."""
    return {name for names in BINDING.findall(source) for name in names if name}


def _reworded(pages: _Pages) -> dict[str, Cell]:
    """The new page's cell for each that it has in other words, by the old id."""
    gone = {
        cell["id"]: pages.originals[cell["id"]] or cell
        for cell in pages.mine
        if cell["id"] not in pages.new
        and (pages.originals[cell["id"]] or not pages.has_base)
        and not cell["id"].startswith(("beside-", "left-"))
    }
    fresh = {
        name: cell
        for name, cell in pages.new.items()
        if name not in pages.ids | pages.base.keys() and not pages.is_quoted(cell)
    }
    pairs = dict(_same_exercise(gone, fresh))
    for name, cell in pairs.items():
        del gone[name], fresh[cell["id"]]
    ids = [cell["id"] for cell in pages.mine]
    return pairs | dict(_same_place(ids, [*pages.new], gone, fresh))


def _same_exercise(
    gone: dict[str, Cell], fresh: dict[str, Cell]
) -> Iterator[tuple[str, Cell]]:
    """Pairs of a cell that is gone and a new one, which check the same exercise."""
    checks: dict[str, str] = {}
    for name, cell in gone.items():
        for exercise, _ in CHECK.findall(source_of(cell)):
            checks.setdefault(exercise, name)
    for cell in fresh.values():
        exercise = CHECK.search(source_of(cell))
        name = checks.pop(exercise[1], "") if exercise else ""
        if name and gone[name]["cell_type"] == cell["cell_type"]:
            yield name, cell


def _same_place(
    before: list[str], after: list[str], gone: dict[str, Cell], fresh: dict[str, Cell]
) -> Iterator[tuple[str, Cell]]:
    """Pairs of a cell that is gone and a new one there, in much the same words."""
    words = {name: Counter(source_of(gone[name]).split()) for name in gone}
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for _, start, end, first, last in matcher.get_opcodes():
        open_ = [name for name in before[start:end] if name in gone]
        for cell in (fresh[name] for name in after[first:last] if name in fresh):
            wanted = Counter(source_of(cell).split())
            alike = {
                name: _likeness(words[name], wanted)
                for name in open_
                if gone[name]["cell_type"] == cell["cell_type"]
            }
            name = max(alike, key=alike.__getitem__, default="")
            if name and alike[name] >= ALIKE:
                open_.remove(name)
                yield name, cell


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The share of words that two texts have in common, from 0 to 1."""
    return 2 * (one & other).total() / max(1, one.total() + other.total())


# --- the merged page ------------------------------------------------------------------


def _in_order(pages: _Pages) -> list[_Item]:
    """All cells: the course's in its order, or the learner's if they moved them."""
    groups = _groups(pages)
    places = {name: place for place, name in enumerate(pages.new)}
    if not _is_moved(pages):
        groups[1:] = sorted(groups[1:], key=lambda group: places[group.name or ""])
    present = {group.name for group in groups}
    previous: str | None = None
    for name, cell in pages.new.items():
        if name not in present and _arrives(pages, cell):
            at = [group.name for group in groups].index(previous)
            # before what the learner wrote at the head, below it anywhere else
            groups.insert(at + (previous is not None), _Group(name, _fresh(cell)))
            present.add(name)
        previous = name if name in present else previous
    return [item for group in groups for item in group.items]


def _groups(pages: _Pages) -> list[_Group]:
    """The learner's cells, in their order, each below the cell of the course before."""
    groups = [_Group(None)]
    stale = _stale_quotes(pages)
    for cell in pages.mine:
        if cell["id"] in stale:
            continue
        new = pages.next.get(cell["id"])
        if new is not None:
            groups.append(_Group(new["id"]))
            groups[-1].items += _continued(pages, cell, new)
        else:
            groups[-1].items += _without_new(pages, cell)
    return groups


def _continued(pages: _Pages, cell: Cell, new: Cell) -> list[_Item]:
    """What becomes of a cell that the new page has, in the same or in other words."""
    was = cell["id"]
    same = _content(cell) == _content(new)
    if not same and not pages.is_touched(cell):
        return [_Item(new, "fresh", was)]
    kept = _with_tags(pages, cell, new)
    if not pages.is_touched(cell):
        return [_Item(kept, "kept", was)]
    original = pages.originals[was]
    is_new = original is None or _content(original) != _content(new)
    quote = pages.quote(new) if is_new and not same else []
    return [_Item(kept, "mine", was), *quote]


def _with_tags(pages: _Pages, cell: Cell, new: Cell) -> Cell:
    """The learner's cell as the successor of the new one: with its id, and its tags.

    Tags that the learner changed stay.
    """
    metadata, base = cell.get("metadata", {}), pages.base.get(cell["id"])
    tags = metadata.get("tags")
    if base is not None and tags == base.get("metadata", {}).get("tags"):
        tags = new.get("metadata", {}).get("tags")
    rest = {key: value for key, value in metadata.items() if key != "tags"}
    metadata = rest if tags is None else {**rest, "tags": tags}
    return {**cell, "id": new["id"], "metadata": metadata}


def _without_new(pages: _Pages, cell: Cell) -> list[_Item]:
    """What becomes of a cell that the new page has not."""
    if pages.originals[cell["id"]] is None:
        note = cell["id"].startswith(("beside-", "left-"))
        return [_Item(cell, "note" if note else "mine", cell["id"])]
    if pages.is_touched(cell):
        return [_Item(cell, "mine", cell["id"]), *pages.mark(cell)]
    pages.report.removed += 1
    return []


def _stale_quotes(pages: _Pages) -> set[str]:
    """Quotes, as the course wrote them, of a text that has been replaced since."""
    texts = {
        quoted(pages.base[name])
        for name, new in pages.next.items()
        if name in pages.base and _content(pages.base[name]) != _content(new)
    }
    return {
        cell["id"]
        for cell in pages.mine
        if cell["id"].startswith("beside-") and source_of(cell) in texts
    }


def _is_moved(pages: _Pages) -> bool:
    """Whether the learner has put cells of the course into another order.

    Where some are known from the new page alone, its order tells, too.
    """
    known = [cell["id"] for cell in pages.mine if cell["id"] in pages.next]
    before = {name: place for place, name in enumerate(pages.base)}
    after = {name: place for place, name in enumerate(pages.new)}
    places = [before[name] for name in known if name in before]
    if len(places) == len(known):
        return places != sorted(places)
    now = [after[pages.next[name]["id"]] for name in known]
    return places != sorted(places) or now != sorted(now)


def _arrives(pages: _Pages, cell: Cell) -> bool:
    """Whether a cell that the learner has not got is one that they did not delete."""
    base = pages.base.get(cell["id"])
    is_new = base is None or _content(base) != _content(cell)
    return is_new and not pages.is_quoted(cell)


def _fresh(cell: Cell) -> list[_Item]:
    return [_Item(cell, "fresh")]


def _guarded(pages: _Pages, items: list[_Item]) -> Iterator[_Item]:
    """The cells, with a quote for each stub that has come below an answer to it."""
    stood_below = _stubs_below_answers(pages)
    answered: set[str] = set()
    for item in items:
        if item.kind == "mine":
            answered |= pages.answers(item.cell | {"id": item.was})
        stood = item.kind == "kept" and item.was in stood_below
        if _would_undo(item, answered) and not stood:
            yield from pages.quote(item.cell)
            continue
        if item.kind == "fresh":
            pages.report.renewed += bool(item.was)
            pages.report.arrived += not item.was
        yield item


def _would_undo(item: _Item, answered: set[str]) -> bool:
    """Whether a cell of the course is a stub of what has been answered above it."""
    is_course = item.kind in ("kept", "fresh") and item.cell["cell_type"] == "code"
    return is_course and bool(_asked(source_of(item.cell)) & answered)


def _stubs_below_answers(pages: _Pages) -> set[str]:
    """The untouched stubs that stood below an answer already, on the learner's page."""
    answered: set[str] = set()
    found = set()
    for cell in pages.mine:
        if pages.is_touched(cell):
            answered |= pages.answers(cell)
        elif _asked(source_of(cell)) & answered:
            found.add(cell["id"])
    return found
