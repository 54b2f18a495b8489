"""What the web site is built from: cells, terms, documents; and its settings."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from course_lib.widgets import recorded_page
from tools import book

BUILT = [book.SETTINGS / "../build/book/static"]
SOURCES = book.sources()
PAGES = sorted(name for name in SOURCES if name.endswith(".ipynb"))
TERMS = {"loss": "Loss", "mini batch": "mini-batch"}


def cells(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(SOURCES[name])["cells"]
    return found


def html_of(cell: dict[str, Any]) -> str:
    outputs = (output.get("data", {}) for output in cell.get("outputs", []))
    return "".join(str(data.get("text/html", "")) for data in outputs)


# --- cells --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_every_cell_stays_and_figures_are_files(name: str) -> None:
    stored = json.loads((book.ROOT / name).read_text(encoding="utf-8"))["cells"]
    assert len(cells(name)) == len(stored)
    for cell, was in zip(cells(name), stored, strict=True):
        shown, html = html_of(cell), html_of(was)
        assert "data:image" not in shown
        if "an interactive figure" in html:
            assert re.search(r'data-recording="../recordings/\w+.js"', shown)
            assert re.search(r'src="../recordings/\w+.png"', shown)
        elif "data:image" in html:
            assert cell["metadata"]["mystnb"]["image"]["alt"]
        if was["cell_type"] == "code":
            assert cell["source"] == was["source"]


def test_what_pages_name_of_a_recording_is_on_the_site() -> None:
    pages = "".join(html_of(cell) for name in PAGES for cell in cells(name))
    named = {*re.findall(r'"../(recordings/\w+\.\w+)"', pages)}
    assert named == {*book.recordings()}
    assert len(named) > 40, "a picture and a recording of each figure"


def test_a_figure_without_a_recording_is_a_picture() -> None:
    html = recorded_page.still("no_such", "A", "a.", b"png", 9, ["b"])
    data = {"text/html": html, "text/plain": "A (an interactive figure). a."}
    shown = book.shown({"data": data}, {"metadata": {"tags": []}})
    still = html.replace("data:image/png;base64,cG5n", "../recordings/no_such.png")
    assert shown["data"] == {"text/html": still}


def test_a_figure_is_a_file_with_its_words_and_its_width() -> None:
    html = '<img alt="A &amp; b" src="data:image/png;base64,QQ==" width="826" style="">'
    output = {"data": {"text/html": html}}
    cell: dict[str, Any] = {"metadata": {"tags": []}}
    assert book.shown(output, cell)["data"] == {"image/png": "QQ=="}
    image = {"alt": "A & b", "width": "826px"}
    assert cell["metadata"]["mystnb"] == {"image": image}


def test_setup_is_folded_and_exercises_are_marked() -> None:
    tags = [cell["metadata"].get("tags", []) for cell in cells(PAGES[4])]
    assert [one for one in tags if "hide-input" in one] == [["setup", "hide-input"]]
    assert sum("exercise" in one for one in tags) == 5


@pytest.mark.parametrize(
    ("title", "tags", "line"),
    [
        ("## Why (optional)", [], "You may skip this section."),
        ("## Why", ["path"], "On the two-hour path."),
        ("## Why", [], None),
        ("Why (optional)", ["path"], None),
    ],
)
def test_a_section_says_who_may_skip_it(
    title: str, tags: list[str], line: str | None
) -> None:
    text = book.with_note(f"{title}\n\nText.", tags)
    added = f"\n\n{{.course-path}}\n{line}\n" if line else "\n"
    assert text == f"{title}{added}\nText."


# --- terms --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("The **loss** is 9.", "The {term}`loss <Loss>` is 9."),
        ("**Losses** and **mini\nbatches**", "**Losses** and **mini\nbatches**"),
        ("**mini-batch**", "{term}`mini-batch <mini-batch>`"),
        ("`a **loss** b`, $2**loss**3$", "`a **loss** b`, $2**loss**3$"),
        ("**Predict first.**", "**Predict first.**"),
    ],
)
def test_a_bold_term_leads_to_the_glossary(text: str, linked: str) -> None:
    assert book.with_terms(text, TERMS) == linked


def test_the_glossary_keeps_every_term() -> None:
    text = (book.ROOT / "docs/GLOSSARY.md").read_text(encoding="utf-8")
    page = str(SOURCES["docs/GLOSSARY.md"])
    for name in re.findall(r"^- \*\*(.+?)\*\*", text, re.MULTILINE):
        assert "\n" + "\n".join(name.split(", ")) + "\n    " in page
    assert "- **" not in page
    assert "](../notebooks/04_autograd.ipynb)" in page


# --- documents ----------------------------------------------------------------------


def test_a_document_links_to_what_the_site_has() -> None:
    text = "[a](../README.md), [b](guides), [c](README.md), [d](../cards.html)"
    cards = '<a href="../cards.html">d</a>'
    linked = f"[a](../index.md), [b](guides.md), [c](README.md), {cards}"
    assert book.document("workshop/a.md", text) == linked
    deeper = linked.replace("index", "README")
    assert book.document("workshop/guides/a.md", text) == deeper


def test_the_first_page_lists_all_others() -> None:
    index = str(SOURCES["index.md"])
    assert index.startswith("# How a neural network learns\n")
    for name in PAGES:
        assert f"<{name.removesuffix('.ipynb')}>" in index
    assert "## The command" not in index


@pytest.mark.parametrize("name", [name for name in SOURCES if name.endswith(".md")])
def test_what_a_document_links_to_is_on_the_site(name: str) -> None:
    text = re.sub(r"`[^`\n]*`", "", str(SOURCES[name]))
    for link in re.findall(r"\]\((?!\w+:)([^)#\s]+)", text):
        target = os.path.normpath(os.path.join(os.path.dirname(name), link))
        assert target in SOURCES, f"name {link} in tools/book.py, or its folder"


def test_what_stays_the_same_keeps_its_date(tmp_path: Path) -> None:
    assert book.lay_out({"a/b.md": "one", "c.md": "two"}, tmp_path)
    before = (tmp_path / "a/b.md").stat().st_mtime_ns
    assert book.lay_out({"a/b.md": "one"}, tmp_path)
    assert not book.lay_out({"a/b.md": "one"}, tmp_path)
    assert (tmp_path / "a/b.md").stat().st_mtime_ns == before
    assert not (tmp_path / "c.md").exists()


# --- links and settings -------------------------------------------------------------


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="#here">1</a><a href="b.html#x">2</a><a href="c.html">3'
        '</a><a href="https://example.org">4</a><img src="https://example.org/a.png">'
    )
    (tmp_path / "b.html").write_text('<a name="y" href="a.html#here">1</a>')
    assert [line.split()[1] for line in book.broken_links(tmp_path)] == [
        "b.html#x",
        "c.html",
        "https://example.org/a.png",
    ]


@pytest.mark.parametrize("repository", ["", "https://example.org/a/course/"])
def test_buttons_are_there_only_with_a_repository(
    repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_REPOSITORY", repository)
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec = importlib.util.spec_from_file_location("conf", book.SETTINGS / "conf.py")
    assert spec
    assert spec.loader
    conf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conf)
    assert ("launch_buttons" in conf.html_theme_options) == bool(repository)
    assert ("repository_url" in conf.html_theme_options) == bool(repository)
    for name in [*conf.html_static_path, *conf.templates_path, conf.html_favicon]:
        assert (book.SETTINGS / name).exists() or (book.SETTINGS / name) in BUILT
