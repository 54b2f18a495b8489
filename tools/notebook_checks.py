"""What every page of the course keeps to: its form, its outputs, its source.

Each function takes a notebook and returns problems, one line each, that name the
notebook and the cell (counted from 1, Markdown cells included). The form is
described for authors in CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import re
import socket
import statistics
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from nbformat import NotebookNode

OBJECTIVES = "What you will be able to do"
RECAP = "Three sentences to remember"
NEXT = "Where next"
SETUP, CLAIM, CHECKED, RAISES = (
    "setup",
    "claim",
    "nbval-check-output",
    "raises-exception",
)
TIME = re.compile(r"^\*\*Time:\*\* \d+ minutes\b", re.MULTILINE)

EXERCISE = re.compile(r"^[^#\n]*\bexercise\w*\.\w+\.\w+\(", re.MULTILINE)
CODE_CELLS = (25, 40)  # besides those of the exercises
CODE_CELLS_OF_START = (8, 40)  # 00 is short
WORDS_PER_CODE_CELL = (50, 100)
MEDIAN_LINES, MOST_LINES_OF_90_PERCENT, MOST_LINES, MOST_COLUMNS = 7, 15, 25, 88


def form_problems(nb: NotebookNode, name: str) -> list[str]:
    """Return where a notebook leaves the form of a page."""
    return [
        f"{name}, {problem}"
        for check in (_headings, _landmarks, _code, _prose)
        for problem in check(nb, name)
    ]


def headings(nb: NotebookNode) -> list[tuple[int, int, str]]:
    """Return (cell number, level, text) of every heading outside fenced code."""
    found = []
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type == "markdown":
            for mark, text in re.findall(
                r"^(#{1,6}) +(.+?) *$", without_fences(cell.source), re.MULTILINE
            ):
                found.append((number, len(mark), text))
    return found


def without_fences(markdown: str) -> str:
    """Drop fenced code, in which # is not a heading."""
    return re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", markdown, flags=re.M | re.S)


def _headings(nb: NotebookNode, name: str) -> Iterator[str]:
    found = headings(nb)
    titles = [(number, text) for number, level, text in found if level == 1]
    if len(titles) != 1 or titles[0][0] != 1:
        where = ", ".join(str(number) for number, _ in titles) or "none"
        yield f"cell 1: one H1 must open the page; H1 in cells: {where}."
    second = [(number, text) for number, level, text in found if level == 2]
    names = [text for _, text in second]
    if names[:1] != [OBJECTIVES]:
        yield f"cell {second[0][0] if second else 1}: first H2 must be '{OBJECTIVES}'."
    if names[-2:] != [RECAP, NEXT]:
        yield f"cell {len(nb.cells)}: last two H2 must be '{RECAP}' and '{NEXT}'."
    sections = [pair for pair in second if pair[1] not in (OBJECTIVES, RECAP, NEXT)]
    if not 5 <= len(sections) <= 8:
        yield f"whole page: {len(sections)} sections; 5 to 8 expected."
    for number, text in sections:
        if len(text.split()) < 3:
            yield f"cell {number}: '{text}' must state a claim or ask a question."


def _landmarks(nb: NotebookNode, name: str) -> Iterator[str]:
    goals, remember = section(nb, OBJECTIVES), section(nb, RECAP)
    if not 3 <= len(items(goals)) <= 5:
        yield f"'{OBJECTIVES}': {len(items(goals))} list items; 3 to 5 expected."
    if not TIME.search(goals):
        yield f"'{OBJECTIVES}': no line '**Time:** N minutes …' after the list."
    if len(items(remember)) != 3:
        yield f"'{RECAP}': {len(items(remember))} list items; 3 expected."
    code = [(n, c) for n, c in enumerate(nb.cells, 1) if c.cell_type == "code"]
    if not code:
        yield "whole page: no code cell."
        return
    number, first = code[0]
    before = [text for n, level, text in headings(nb) if level == 2 and n < number]
    if SETUP not in tags(first) or before != [OBJECTIVES]:
        yield (
            f"cell {number}: the first code cell must be tagged '{SETUP}' and stand "
            f"between '{OBJECTIVES}' and the first section."
        )
    number, last = code[-1]
    if CLAIM not in tags(last) or "assert" not in last.source:
        yield f"cell {number}: the last code cell must be tagged '{CLAIM}' and assert."
    if any(n < number for n, _, text in headings(nb) if text in (RECAP, NEXT)):
        yield f"cell {number}: no code after '{RECAP}'."


def _code(nb: NotebookNode, name: str) -> Iterator[str]:
    sizes, run = [], 0
    for number, cell in enumerate(nb.cells, 1):
        run = run + 1 if cell.cell_type == "code" else 0
        if run == 3:
            yield f"cell {number}: a third code cell in a row; at most two."
        if cell.cell_type != "code":
            continue
        for shown in _not_shown(cell.source):
            yield f"cell {number}: {shown} must come last, or what it draws is lost."
        lines = [line for line in cell.source.splitlines() if line.strip()]
        sizes.append(len(lines))
        if len(lines) > MOST_LINES:
            yield f"cell {number}: {len(lines)} lines of code; at most {MOST_LINES}."
        for line in lines:
            if len(line) > MOST_COLUMNS:
                yield f"cell {number}: {len(line)} columns; at most {MOST_COLUMNS}."
    least, most = CODE_CELLS_OF_START if name.startswith("00") else CODE_CELLS
    told = sum(
        c.cell_type == "code" and not EXERCISE.search(c.source) for c in nb.cells
    )
    if not least <= told <= most:
        yield (
            f"whole page: {told} code cells besides the exercises; "
            f"{least} to {most} expected."
        )
    if sizes and statistics.median(sizes) > MEDIAN_LINES:
        median = statistics.median(sizes)
        yield f"whole page: median of {median} lines a cell; at most {MEDIAN_LINES}."
    long = sum(size > MOST_LINES_OF_90_PERCENT for size in sizes)
    if long > len(sizes) / 10:
        yield (
            f"whole page: {long} of {len(sizes)} code cells exceed "
            f"{MOST_LINES_OF_90_PERCENT} lines; at most one in ten may."
        )


def _not_shown(source: str) -> Iterator[str]:
    """Yield the calls whose picture IPython would show if they were the last line."""
    for statement in ast.parse(source).body[:-1]:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            called = ast.unparse(statement.value.func)
            if called == "plots.show" or called.startswith("widgets."):
                yield called


def _prose(nb: NotebookNode, name: str) -> Iterator[str]:
    prose = [c.source for c in nb.cells if c.cell_type == "markdown"]
    code = sum(cell.cell_type == "code" for cell in nb.cells)
    words = sum(count_words(text) for text in prose)
    least, most = WORDS_PER_CODE_CELL
    if code and not least <= words / code <= most:
        yield (
            f"whole page: {words / code:.0f} words of prose per code cell "
            f"({words} words, {code} cells); {least} to {most} expected."
        )


def count_words(markdown: str) -> int:
    """Count the words a reader reads: no code blocks, formulas or addresses."""
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", " ", without_fences(markdown), flags=re.S)
    text = re.sub(r"\]\([^)]*\)|<[^>]*>", " ", text)
    return sum(bool(re.search(r"\w", word)) for word in text.split())


def section(nb: NotebookNode, title: str) -> str:
    """Return the Markdown from the H2 `title` to the next H2, across cells."""
    prose = [c.source for c in nb.cells if c.cell_type == "markdown"]
    parts = re.split(r"^## +(.+?) *$", "\n\n".join(prose), flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return found.get(title, "")


def items(markdown: str) -> list[str]:
    """Return the entries of the lists in a piece of Markdown, top level only."""
    return re.findall(r"^(?:[-*+]|\d+\.) +\S.*$", markdown, re.MULTILINE)


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    found: list[str] = cell.metadata.get("tags", [])
    return found


# --- outputs --------------------------------------------------------------------


def output_problems(nb: NotebookNode, name: str) -> list[str]:
    """Return what must not stand in the outputs of a built notebook."""
    problems = [f"{name}: widget state is stored."] if "widgets" in nb.metadata else []
    cells = enumerate(nb.cells, 1)
    for number, cell in cells:
        check = _code_output if cell.cell_type == "code" else _markdown_pictures
        problems += [f"{name}, cell {number}: {problem}" for problem in check(cell)]
    counts = [c.execution_count for c in nb.cells if c.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        problems.append(f"{name}: execution counts are not 1, 2, 3 …")
    if not any(CHECKED in tags(cell) for cell in nb.cells):
        problems.append(f"{name}: no cell is tagged '{CHECKED}'.")
    return problems


def _code_output(cell: NotebookNode) -> Iterator[str]:
    pictures = False
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            yield f"writes to stderr: {output.text.strip()[:80]!r}."
        if output.output_type == "error" and RAISES not in tags(cell):
            yield f"raises {output.ename}."
        data = output.get("data", {})
        if any("widget" in kind for kind in data):
            yield "a widget view is stored."
        page = "".join(data.get("text/html", ""))
        found = images(page)
        pictures = pictures or bool(found) or any(k.startswith("image/") for k in data)
        if not all(alt.strip() for alt in found):
            yield "a picture has no alt text."
        if any(kind.startswith("image/") for kind in data) and not found:
            yield "a bare picture, which JupyterLab shows without alt text."
        texts = [output.get("text", ""), *output.get("traceback", [])]
        texts += ["".join(v) for k, v in data.items() if not k.startswith("image/")]
        for text in texts:
            yield from _text(text)
    if CHECKED in tags(cell):
        if pictures:
            yield f"tagged '{CHECKED}' but shows a picture, which differs by machine."
        if not cell.outputs:
            yield f"tagged '{CHECKED}' but shows nothing."


def _text(text: str) -> Iterator[str]:
    text = re.sub(r"data:[\w/+.-]+;base64,[\w+/=]+", "", text)
    for what, pattern in machine_traces():
        if trace := re.search(pattern, text):
            yield f"{what}: {trace.group()[:80]!r}."


def machine_traces() -> list[tuple[str, str]]:
    """Return (what, pattern) of what only one machine or one run would print."""
    places = "home|Users|root|tmp|var|private|usr|opt|mnt|etc|content|srv|workspace"
    here = [str(p) for p in (Path.cwd(), Path.home()) if len(p.parts) > 1]
    here.append(tempfile.gettempdir())
    traces = [
        ("an absolute path", rf"(?<![\w.:/-])/(?:{places})/[\w./-]+"),
        ("an absolute path", r"\b[A-Z]:\\\w[\w.\\]*"),
        ("a folder of this machine", "|".join(re.escape(p) + r"\b" for p in here)),
        ("the address of an object", r"\b0x[0-9a-f]{8,}"),
        ("a warning", r"\b\w*Warning:.*"),
    ]
    host = socket.gethostname()
    if re.search(r"[\d.-]", host):  # a plain word may be meant as a word
        traces.append(("this machine's name", rf"\b{re.escape(host)}\b"))
    return traces


def _markdown_pictures(cell: NotebookNode) -> Iterator[str]:
    alts = re.findall(r"!\[([^\]]*)\]\(", without_fences(cell.source))
    if not all(alt.strip() for alt in alts + images(cell.source)):
        yield "a picture has no alt text."


def images(html: str) -> list[str]:
    """Return the alt text of every <img>, empty where there is none."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(
            self, tag: str, attrs: list[tuple[str, str | None]]
        ) -> None:
            if tag == "img":
                found.append(dict(attrs).get("alt") or "")

    Reader().feed(html)
    return found


# --- source ---------------------------------------------------------------------


def source_problems(source: NotebookNode, built: NotebookNode, name: str) -> list[str]:
    """Return where a built notebook differs from its text source."""
    if len(source.cells) != len(built.cells):
        wanted, found = len(source.cells), len(built.cells)
        return [f"{name}: {wanted} cells in the source, {found} built: make notebooks."]
    return [
        f"{name}, cell {number}: differs from the source: make notebooks."
        for number, (a, b) in enumerate(zip(source.cells, built.cells, strict=True), 1)
        if (a.cell_type, a.source, tags(a), a.id)
        != (b.cell_type, b.source, tags(b), b.id)
    ]
