"""Slides for a class: ``make slides`` writes them to build/slides.

One deck for each plan of workshop/plans.md and one for each notebook, cut from the
pages as they are stored, with their figures and outputs: nothing is run. The notes are
those of the guides and, on the other slides, the page's own words.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from course_lib.exercises.core import Exercise, all_exercises
from tools.deck_text import Lead, comment, lead, plain, question, sentences, word_count
from tools.minutes import WIDGET
from tools.notebooks import CHECK, FOLDER, ROOT
from tools.slides_page import Slide, page

KIT = ROOT / "workshop"
OUT = ROOT / "build" / "slides"
PAGES = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
LINES = 12  # of code on a slide, less with what it prints
OUTPUT_LINE = 1.2  # the height of a line of output, in lines of code
COLUMNS = 88
ENOUGH = 5  # figures and questions of a section, to leave out its code
TASK = 45  # words of an exercise
ASK = "Predict first"
UNSOLVED = re.compile(r"^\w+: not solved yet, .*\n", re.MULTILINE)  # of who runs a page
TABLE_ROWS = 5
LAST = "Three sentences to remember"
COURSE = "How a neural network learns"
KEYS = (
    "Arrows, space, Home and End turn the slides. N shows these notes, Shift and N "
    "opens them in a window of their own, for a second screen."
)


@dataclass
class Block:
    """A code cell with what is written before and after it, as paragraphs."""

    before: list[str] = field(default_factory=list)
    code: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    heading: str = ""  # of the part of the section in which it stands


@dataclass
class Section:
    """A section of a page: its blocks of code, and the prose around them."""

    title: str
    on_path: bool
    blocks: list[Block]

    @property
    def optional(self) -> bool:
        return "(optional)" in self.title


# --- a page, as sections of blocks ----------------------------------------------------


def read_sections(file: Path) -> list[Section]:
    """Return the sections of a stored notebook, from its first H2 on."""
    found: list[Section] = []
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            if found:
                _add_code(found[-1], source, cell["outputs"])
            continue
        for text in re.split(r"\n\s*\n", source.strip()):
            if text.startswith("## "):
                on_path = "path" in cell["metadata"].get("tags", [])
                found.append(Section(text[3:].strip(), on_path, [Block()]))
            elif found:
                _add_paragraph(found[-1], text)
    return found


def _add_code(section: Section, code: str, outputs: list[dict[str, Any]]) -> None:
    block = section.blocks[-1]
    block.code, block.outputs = code, outputs
    section.blocks.append(Block(heading=block.heading))


def _add_paragraph(section: Section, text: str) -> None:
    """Add a paragraph: it follows the last code, and leads to the next."""
    block = section.blocks[-1]
    if text.startswith("###"):
        section.blocks.append(Block(heading=text.lstrip("# ")))
        return
    block.before.append(text)
    if len(section.blocks) > 1 and block.heading == section.blocks[-2].heading:
        section.blocks[-2].after.append(text)


def text_of(block: Block) -> str:
    """Return what a block printed, without what is said of a figure."""
    shown = ["".join(o["text"]) for o in block.outputs if o["output_type"] == "stream"]
    return UNSOLVED.sub("", "".join(shown)).rstrip()


def html_of(block: Block) -> str:
    """Return the HTML that a block shows: a figure, or what stands for a widget."""
    return "".join(
        "".join(o.get("data", {}).get("text/html", "")) for o in block.outputs
    )


def is_interactive(block: Block) -> bool:
    """Return whether a block shows a figure that answers controls."""
    shown = ("".join(o.get("data", {}).get("text/plain", "")) for o in block.outputs)
    return any(WIDGET in text for text in shown)


def has_picture(block: Block) -> bool:
    """Return whether a block shows a figure that does not answer controls."""
    return "<img" in html_of(block) and not is_interactive(block)


# --- slides of a section --------------------------------------------------------------


def section_slides(
    section: Section, exercises: dict[str, Exercise], code: bool, guide: Guide
) -> Iterator[Slide]:
    """Yield the slides of a section: its claim, questions, figures, exercises."""
    yield (last := opener(section))
    more = not is_rich(section)
    for block in section.blocks:
        if "(optional)" in block.heading:
            continue
        title = section.title
        if block.heading and not block.heading.startswith("Exercise"):
            title = block.heading
        yield from tables(title, block.before)
        if check := CHECK.search(block.code):
            if check[1] in exercises:
                yield exercise_slide(exercises[check[1]], guide)
            continue
        if asked := question(block.before, last.text):
            label = f"{ASK}, then try it live: " if is_interactive(block) else ASK
            told = notes(block.before)
            label += name_of(block) if is_interactive(block) else ""
            yield Slide("question", title, asked, label=label, notes=told)
        for slide in answer(title, block, bool(asked), code and more, more):
            if slide.text == last.text and slide.figure + slide.output:
                slide.text = ""
            yield (last := slide)


def opener(section: Section) -> Slide:
    """Return the first slide of a section: its title, a claim or a question."""
    first = section.blocks[0].before
    title = section.title.replace(" (optional)", "")
    said = lead(first)
    if said.text and said.text in question(first):
        said = Lead("")
    return Slide("opener", title, said.text, said.formula, notes=notes(first))


def answer(
    title: str, block: Block, asked: bool, code: bool, more: bool
) -> Iterator[Slide]:
    """Yield the slide of what a block shows, if it shows what a slide can.

    Of what is printed without a question only what the page comments, and if `more`.
    """
    said, told = comment(block.after), notes(block.after)
    html, printed = html_of(block), text_of(block)
    lines = re.sub(r"\n{3,}", "\n\n", block.code)
    short = lines if code and fits(printed, lines) else ""
    if is_interactive(block):
        yield answer_to_live(title, block, said, asked)
    elif has_picture(block):
        text = said.text or lead([alt_of(html)]).text
        yield Slide("figure", title, text, figure=image(html), notes=told)
    elif printed and fits(printed) and (asked or (more and said.text)):
        slide = Slide("printed", title, said.text, output=printed, notes=told)
        slide.code, slide.formula = short, "" if short else said.formula
        yield slide
    elif short and "def " in short and not printed and lead(block.before).text:
        text = lead(block.before).text
        yield Slide("printed", title, text, code=short, notes=notes(block.before))


def answer_to_live(title: str, block: Block, said: Lead, asked: bool) -> Slide:
    """Return what was found in an interactive figure or, unasked, what to try in it."""
    if asked:
        text, label = said.text, f"Found with: {name_of(block)}"
        return Slide("answer", title, text, said.formula, "", label=label)
    controls = caption(block).partition("change: ")[2].strip(". ")
    text = f"Change: {controls}." if controls else ""
    return Slide("live", name_of(block), text, label="Live, in the notebook")


def is_rich(section: Section) -> bool:
    """Return whether a section has so many figures and questions that code can go."""
    shown = [b for b in section.blocks if question(b.before) or has_picture(b)]
    return len(shown) >= ENOUGH


def fits(printed: str, code: str = "") -> bool:
    """Return whether a slide has room for what is printed, and the code before it."""
    rows, lines = printed.splitlines(), code.splitlines()
    narrow = all(len(line) <= COLUMNS for line in rows + lines)
    height = len(lines) + OUTPUT_LINE * len(rows)
    return narrow and height <= LINES


def notes(paragraphs: Iterable[str]) -> str:
    """Return the page's words as notes."""
    return "\n\n".join(paragraphs)


def alt_of(html: str) -> str:
    """Return what a figure shows, in words."""
    found = re.search(r'<img alt="([^"]*)"', html)
    return unescape(found[1]) if found else ""


def image(html: str) -> str:
    """Return the figure of a page as an element without a size of its own."""
    found = re.search(r'<img alt="[^"]*" src="data:[^"]*"', html)
    if not found:
        raise ValueError(f"no figure as plots.show writes them: {html[:80]}")
    return found[0] + ">"


def name_of(block: Block) -> str:
    """Return the name of an interactive figure."""
    return unescape(caption(block).partition(": an interactive figure.")[0].strip())


def caption(block: Block) -> str:
    """Return what stands under the still of an interactive figure."""
    return re.sub(r"<[^>]+>", "", html_of(block))


def tables(title: str, paragraphs: Iterable[str]) -> Iterator[Slide]:
    """Yield each table, a few rows on a slide."""
    for text in paragraphs:
        if text.startswith("|"):
            head, rule, *rows = text.splitlines()
            for i in range(0, len(rows), TABLE_ROWS):
                part = "\n".join([head, rule, *rows[i : i + TABLE_ROWS]])
                yield Slide("rows", title, table=part)


def exercise_slide(exercise: Exercise, guide: Guide) -> Slide:
    """Return the slide of an exercise: its task, and in the notes who gets stuck."""
    label, name = "Exercise", f"\n\n`{exercise.name}`"
    first, *more = sentences(exercise.task)
    text = first
    for sentence in more:
        if word_count(f"{text} {sentence}") > TASK:
            break
        text = f"{text} {sentence}"
    stuck = guide.stuck(exercise.name)
    return Slide("exercise", exercise.title, text + name, label=label, notes=stuck)


# --- the guides -----------------------------------------------------------------------


@dataclass
class Guide:
    """A guide of workshop/guides, by its sections."""

    question: str
    parts: dict[str, str]

    @classmethod
    def of(cls, name: str) -> Guide:
        """Return the guide to a notebook."""
        text = (KIT / "guides" / f"{name}.md").read_text(encoding="utf-8")
        first, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
        asked = re.search(r"\*\*The question:\*\* ([^|]+?)\n\n", first)
        parts = (part.partition("\n") for part in rest)
        return cls(
            " ".join(asked[1].split()) if asked else "",
            {title.strip(): body.strip() for title, _, body in parts},
        )

    def stuck(self, exercise: str) -> str:
        """Return where people get stuck in an exercise."""
        entries = re.split(r"\n(?=- )", self.parts["Where people get stuck"])
        return "\n".join(e for e in entries if e.startswith(f"- `{exercise}`"))


# --- decks ----------------------------------------------------------------------------


@dataclass
class Part:
    """What a deck shows of one notebook."""

    notebook: str
    sections: str | list[str] = "core"
    exercises: list[str] | None = None  # these; None: all of the sections
    code: bool = True


def part_slides(part: Part) -> Iterator[Slide]:
    """Yield the slides of one notebook: its question, its sections, three sentences."""
    guide = Guide.of(part.notebook)
    chapter = part.notebook.partition("_")[2]
    mine = {e.name: e for e in all_exercises() if e.chapter == chapter}
    if part.exercises is not None:
        mine = {name: mine[name] for name in part.exercises}
    sections = read_sections(FOLDER / f"{part.notebook}.ipynb")
    told = "\n\n".join(guide.parts[t] for t in ("What to say", "How to run it"))
    label = part.notebook.replace("_", " ")
    yield Slide("part", guide.question, label=label, notes=told)
    own = settings()["say"].get(part.notebook, {})
    for section in chosen(sections, part.sections):
        for slide in section_slides(section, mine, part.code, guide):
            yield from in_own_words(slide, own)
    yield three_sentences(sections, guide)


def in_own_words(slide: Slide, own: dict[str, str]) -> list[Slide]:
    """Return a slide with the line that slides.toml has for it, if it has one.

    An empty line leaves the slide out.
    """
    for beginning, text in own.items():
        if slide.key.startswith(beginning):
            return [replace(slide, text=text)] if text else []
    return [slide]


@cache
def settings() -> dict[str, Any]:
    """Return workshop/slides.toml."""
    return tomllib.loads((KIT / "slides.toml").read_text(encoding="utf-8"))


def chosen(sections: list[Section], which: str | list[str]) -> list[Section]:
    """Return sections by their titles' beginnings, or the core, or the path.

    Raises ValueError for a beginning that no title has, or more than one.
    """
    last = [s.title for s in sections].index(LAST)
    taught = sections[1:last]
    if which == "core":
        return [s for s in taught if not s.optional]
    if which == "path":
        return [s for s in taught if s.on_path]
    found = []
    for beginning in which:
        fitting = [s for s in taught if s.title.startswith(beginning)]
        if len(fitting) != 1:
            raise ValueError(f"{len(fitting)} sections begin with {beginning!r}")
        found += fitting
    return found


def three_sentences(sections: list[Section], guide: Guide) -> Slide:
    """Return the last slide of a notebook."""
    (section,) = (s for s in sections if s.title == LAST)
    told = guide.parts["Questions people ask"]
    return Slide("three", LAST, entries=plain(section.blocks[0].before), notes=told)


def plans() -> dict[str, list[list[str]]]:
    """Return the rows of each plan by its name: from, minutes, notebook, what."""
    text = (KIT / "plans.md").read_text(encoding="utf-8")
    found = {}
    for part in re.split(r"^##+ ", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in part.splitlines() if line.startswith("| ")]
        rows = [[c.strip() for c in line.strip("|").split("|")] for line in lines[1:]]
        if rows:
            found[part.splitlines()[0]] = rows
    return found


def plan_slides(name: str, rows: Sequence[Sequence[str]]) -> list[Slide]:
    """Return the deck of one plan of workshop/plans.md."""
    own = settings().get(short_name(name), {})
    slides = [Slide("deck", COURSE, label=name, notes=KEYS)]
    for part in parts_of(rows, own):
        if isinstance(part, Part):
            slides += part_slides(part)
        else:
            slides.append(Slide("pause", part))
    return slides


def parts_of(
    rows: Sequence[Sequence[str]], own: dict[str, Any]
) -> Iterator[Part | str]:
    """Yield what a plan shows: of each notebook a part, and the pauses between."""
    done = set()
    for _, minutes, notebook, what in rows:
        if not notebook:
            yield f"{what[0].upper()}{what[1:].replace('`', '')} ({minutes} minutes)"
        elif notebook not in done:
            done.add(notebook)
            whats = [row[3] for row in rows if row[2] == notebook]
            yield Part(
                notebook,
                own.get(notebook) or kind_of(notebook, whats),
                exercises_of(whats),
                own.get("code", True),
            )


def kind_of(notebook: str, whats: Sequence[str]) -> str:
    """Return core or path, as the rows of a plan say; ValueError where none does."""
    for what in whats:
        if found := re.match(r"(core|path)\b", what):
            return found[1]
    raise ValueError(f"workshop/slides.toml has to say which sections of {notebook}")


def exercises_of(whats: Sequence[str]) -> list[str] | None:
    """Return the exercises that the rows of a plan name; None: all."""
    if any(re.match(r"(the )?exercises\b(?! `)", what) for what in whats):
        return None
    named = [what for what in whats if "exercise" in what]
    return [name for what in named for name in re.findall(r"`(\w+)`", what)]


def decks() -> dict[str, list[Slide]]:
    """Return every deck by the name of its file."""
    found = {slug(name): plan_slides(name, rows) for name, rows in plans().items()}
    for file in PAGES:
        found[file.stem] = [*part_slides(Part(file.stem, "core"))]
    return found


def short_name(plan: str) -> str:
    """Return the name of a plan without what follows a colon."""
    return plan.partition(":")[0]


def slug(name: str) -> str:
    """Return the name of a plan as that of a file: talk_for_deciders."""
    words = re.findall(r"\w+", short_name(name).lower())
    return "_".join(word for word in words if word != "a" or len(words) < 3)


def title_of(name: str) -> str:
    """Return the title of a deck."""
    return f"{COURSE}: {name.replace('_', ' ')}"


def main(folder: Path = OUT) -> int:
    """Write every deck, and say how many slides it has."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, slides in decks().items():
        file = folder / f"{name}.html"
        file.write_text(page(title_of(name), slides), encoding="utf-8")
        size = file.stat().st_size / 1e6
        print(f"{file}: {len(slides)} slides, {size:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
