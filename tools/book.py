"""The web site of the course, built from the executed notebooks as they are stored.

``make book`` lays out what the site shows in build/book/source, under the paths that
it has in the repository, so that every link between pages holds; has Sphinx build
build/book/html from it, with every warning an error; and looks at each link of the
result. Nothing is executed, and the site asks no other host for anything. Interactive
figures answer from recordings that were made when the pages were built.

``COURSE_REPOSITORY`` names the repository's address on the web. With it, each page has
buttons that open it on Binder and Colab; without it, none. ``COURSE_BRANCH`` is the
branch they open (main).
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from course_lib.widgets import recorded_page

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "book"
SOURCE, HTML = BUILD / "source", BUILD / "html"
EXTRA = BUILD / "extra"  # what goes into the site as it is
STATIC = BUILD / "static"  # scripts and styles of figures
RECORDED = "recordings"  # the folder of the site that has recordings, and stills
SETTINGS = ROOT / "book"
DOCUMENTS = (
    *("docs/TIMES.md", "docs/cluster/README.md", "workshop/**/*.md"),
    "benchmarks/RESULTS.md",
)
FILES = (
    *("docs/*.png", "benchmarks/*.png", "docs/cluster/*"),
    *("workshop/hub/*", "workshop/slides.toml"),
)
CODE = re.compile(r"(```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$)", re.DOTALL)
FIGURE = re.compile(
    r'^<img alt="([^"]*)" src="data:image/png;base64,([^"]+)" width="(\d+)"'
)
ENTRY = re.compile(
    r"^- \*\*(.+?)\*\*(.*?)(?=^- \*\*|^## |\Z)", re.DOTALL | re.MULTILINE
)

Cell = dict[str, Any]


# --- what is laid out ---------------------------------------------------------------


def sources() -> dict[str, str | bytes]:
    """Return the content of every file that Sphinx reads, by its path."""
    glossary = (ROOT / "docs/GLOSSARY.md").read_text(encoding="utf-8")
    terms = headwords(glossary)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found: dict[str, str | bytes] = {
        "docs/GLOSSARY.md": glossary_page(glossary),
        "index.md": (SETTINGS / "index.md")
        .read_text(encoding="utf-8")
        .replace("(README)\n", readme[: readme.index("## The command")]),
        "docs/command.md": section(readme, "The command").replace("](docs/", "]("),
        "workshop/guides.md": (SETTINGS / "guides.md").read_text(encoding="utf-8"),
    }
    for page in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        notebook = json.loads(page.read_text(encoding="utf-8"))
        found[f"notebooks/{page.name}"] = json.dumps(as_page(notebook, terms))
    for name in files(*DOCUMENTS):
        found[name] = document(name, (ROOT / name).read_text(encoding="utf-8"))
    for name in files(*FILES):
        found.setdefault(name, (ROOT / name).read_bytes())
    return found


def files(*patterns: str) -> Iterator[str]:
    """Return the paths, below the repository, of all files that a pattern names."""
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                yield path.relative_to(ROOT).as_posix()


def section(text: str, title: str) -> str:
    """Return one section of a document as a document of its own."""
    body = text.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return f"# {title}\n{body.rstrip()}\n"


def document(name: str, text: str) -> str:
    """Return a document that links to pages of the site where it links to others."""
    up = "../" * name.count("/")
    text = text.replace(f"]({up}README.md)", f"]({up}index.md)")
    text = text.replace("](guides)", "](guides.md)")
    return re.sub(r"\[([^\]]*)\]\(([\w./]+\.html)\)", r'<a href="\2">\1</a>', text)


def lay_out(wanted: dict[str, str | bytes], folder: Path) -> bool:
    """Write files; return whether any came or went.

    One that stays the same keeps its date, so that Sphinx skips it.
    """
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    for name in there - set(wanted):
        (folder / name).unlink()
    for name, content in wanted.items():
        path = folder / name
        data = content.encode() if isinstance(content, str) else content
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return there != set(wanted)


# --- a notebook as a page of the site -----------------------------------------------


def as_page(notebook: dict[str, Any], terms: dict[str, str]) -> dict[str, Any]:
    """Return a stored notebook as the site shows it."""
    cells = [on_site(cell, terms) for cell in notebook["cells"]]
    return {**notebook, "cells": cells}


def on_site(cell: Cell, terms: dict[str, str]) -> Cell:
    """Return one cell as the site shows it."""
    text = "".join(cell["source"])
    tags = [*cell["metadata"].get("tags", [])]
    if cell["cell_type"] == "markdown":
        return {**cell, "source": with_terms(with_note(text, tags), terms)}
    if "setup" in tags:
        tags.append("hide-input")
    if re.search(r"^exercise\.\w+\.check\(", text, re.MULTILINE):
        tags.append("exercise")
    cell = {**cell, "metadata": {"tags": tags}}
    cell["outputs"] = [shown(output, cell) for output in cell["outputs"]]
    return cell


def shown(output: Cell, cell: Cell) -> Cell:
    """Return an output as the site shows it, and note in its cell what a picture is."""
    html = "".join(output.get("data", {}).get("text/html", ""))
    if picture := FIGURE.match(html):
        alt, data, width = picture.groups()
        image = {"alt": unescape(alt), "width": f"{width}px"}
        cell["metadata"] = {**cell["metadata"], "mystnb": {"image": image}}
        return {**output, "data": {"image/png": data}}
    if still := recorded_page.STILL.fullmatch(html):
        return interactive(output, still)
    if "exercise" in cell["metadata"]["tags"] and html:
        return note(output, "Run this cell in JupyterLab, and your answer is checked.")
    return output


def interactive(output: Cell, still: re.Match[str]) -> Cell:
    """Return what stands in place of an interactive figure: here, and nowhere else.

    Its still, and the address of its recording, which scripts put in its place.
    """
    name, address = still["name"], f"../{RECORDED}/{still['name']}"
    data = f"data:image/png;base64,{still['png']}"
    html = still[0].replace(data, f"{address}.png")
    if recorded_page.find(name):
        html = recorded_page.answering(html, name, f"{address}.js")
    return {**output, "data": {"text/html": html}}


def recordings() -> dict[str, str | bytes]:
    """Return the files that interactive figures need, by their paths on the site."""
    found: dict[str, str | bytes] = {}
    for page in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        notebook = json.loads(page.read_text(encoding="utf-8"))
        outputs = chain(*(cell.get("outputs", []) for cell in notebook["cells"]))
        for output in outputs:
            html = "".join(output.get("data", {}).get("text/html", ""))
            if still := recorded_page.STILL.fullmatch(html):
                name = still["name"]
                found[f"{RECORDED}/{name}.png"] = base64.b64decode(still["png"])
                if recording := recorded_page.find(name):
                    script = recorded_page.data_script(name, recording)
                    found[f"{RECORDED}/{name}.js"] = script
    return found


def note(output: Cell, html: str) -> Cell:
    """Return an output that is one line of text, which may hold HTML."""
    return {**output, "data": {"text/html": f'<p class="course-note">{html}</p>'}}


def with_note(text: str, tags: list[str]) -> str:
    """Return Markdown with a line under its title that says who may skip it."""
    title, _, rest = text.partition("\n")
    if not title.startswith("## "):
        return text
    if title.endswith("(optional)"):
        return f"{title}\n\n{{.course-path}}\nYou may skip this section.\n{rest}"
    if "path" in tags:
        return f"{title}\n\n{{.course-path}}\nOn the two-hour path.\n{rest}"
    return text


# --- terms --------------------------------------------------------------------------


def plain(term: str) -> str:
    """Return a term in lower case, singular, with spaces for hyphens."""
    words = re.sub(r"[-\s]+", " ", term).lower().strip(" .:?,").split()
    return " ".join(w if w.endswith("ss") else w.removesuffix("s") for w in words)


def headwords(glossary: str) -> dict[str, str]:
    """Return how the glossary spells each of its terms, by its plain form."""
    entries = ENTRY.findall(glossary.split("\n## ")[0])
    return {plain(word): word for name, _ in entries for word in name.split(", ")}


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return Markdown with a change made everywhere but in its code and formulas."""
    parts = CODE.split(text)
    return "".join(part if i % 2 else change(part) for i, part in enumerate(parts))


def with_terms(text: str, terms: dict[str, str]) -> str:
    """Return Markdown whose bold terms lead to the glossary."""

    def link(found: re.Match[str]) -> str:
        word = " ".join(found[1].split())
        term = terms.get(plain(word))
        return f"{{term}}`{word} <{term}>`" if term else found[0]

    return outside_code(text, lambda part: re.sub(r"\*\*([^*]+)\*\*", link, part))


def glossary_page(text: str) -> str:
    """Return the glossary with its list of terms as one that can be linked to."""
    head, rest = text.split("\n## ", 1)
    entries = "\n".join(entry(*found) for found in ENTRY.findall(head))
    first = head.index("- **")
    return f"{head[:first]}:::::{{glossary}}\n{entries}\n:::::\n\n## {rest}"


def entry(name: str, text: str) -> str:
    """Return one term, all its names, and what it means."""
    where, meaning = text.removeprefix(" (").split("): ", 1)
    lines = [line.strip() for line in meaning.strip().splitlines()]
    lines[0] = lines[0][0].upper() + lines[0][1:]
    pages = re.sub(
        r"\b\d\d\b", lambda number: f"[{number[0]}]({page(number[0])})", where
    )
    return "\n    ".join(["\n".join(name.split(", ")), *lines, f"({pages})"]) + "\n"


def page(number: str) -> str:
    """Return the address of a notebook, by its number, as seen from the glossary."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    return f"../notebooks/{path.name}"


# --- links of the result ------------------------------------------------------------


class Links(HTMLParser):
    """The places of a page that can be linked to, and what it links to or loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places, self.targets, self.loaded = {""}, set[str](), set[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of one element."""
        values = {name: value or "" for name, value in attrs}
        self.places |= {values.get("id", ""), values.get("name", "")}
        if tag == "a":
            self.targets.add(values.get("href", ""))
        elif tag in ("img", "script", "iframe"):
            self.loaded.add(values.get("src", ""))
        elif tag == "link" and values.get("rel") not in (
            "canonical",
            "index",
            "search",
        ):
            self.loaded.add(values.get("href", ""))


def broken_links(folder: Path = HTML) -> list[str]:
    """Return what pages link to that the site lacks, or load from elsewhere."""
    paths = [p for p in sorted(folder.rglob("*.html")) if "_static" not in p.parts]
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in paths}
    found = []
    for path, page in pages.items():
        for target in sorted(page.targets | page.loaded):
            url = urlsplit(target)
            if url.scheme or url.netloc:
                wrong = target in page.loaded and url.scheme != "data"
            else:
                to = (path.parent / unquote(url.path)).resolve() if url.path else path
                place = unquote(url.fragment)
                known = to not in pages or place in pages[to].places
                wrong = not (known and to.exists())
            if wrong:
                found.append(f"{path.relative_to(folder)}: {target} leads nowhere")
    return found


def main(arguments: list[str]) -> int:
    """Build the site; return 1 if anything is wrong with it."""
    if lay_out(sources(), SOURCE):  # a link to a file depends on whether it is there
        shutil.rmtree(BUILD / "doctrees", ignore_errors=True)
    cards = "workshop/cards.html"
    lay_out({cards: (ROOT / cards).read_bytes(), **recordings()}, EXTRA)
    script, style = recorded_page.script(), recorded_page.style()
    lay_out({"figures.js": script, "figures.css": style}, STATIC)
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going"]
    command += ["--nitpicky", "--quiet", "--conf-dir", str(SETTINGS)]
    command += ["--doctree-dir", str(BUILD / "doctrees"), *arguments]
    if subprocess.call([*command, str(SOURCE), str(HTML)]) != 0:
        return 1
    shutil.rmtree(HTML / "_sources", ignore_errors=True)
    problems = broken_links()
    print("\n".join(problems) or f"The site is in {HTML.relative_to(ROOT)}.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
