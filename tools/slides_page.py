"""A deck as one HTML file, complete in itself: it asks no host for anything."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from pathlib import Path

import mistune
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath, TextToPath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'"
)
CLOSE = 79
PEN = {
    1: "M",
    2: "L",
    3: "Q",
    4: "C",
    CLOSE: "Z",
}  # matplotlib's codes, SVG's
SIZE = 100  # of a formula's letters, in its own units
WIDE = 78  # columns of output: more are set smaller,
NARROW, FEW = 55, 8  # and so many columns and lines larger
TALL = 0.7  # height to width


@dataclass
class Slide:
    """What one slide shows; texts are Markdown."""

    kind: str  # deck, part, opener, question, figure, output, live, exercise, …
    title: str
    text: str = ""
    formula: str = ""
    figure: str = ""  # an img element of the page
    code: str = ""
    output: str = ""
    label: str = ""  # a word or two above the text
    entries: Sequence[str] = ()
    table: str = ""
    notes: str = ""

    @property
    def key(self) -> str:
        """What a line of slides.toml names a slide by: alt text, title, text, label."""
        if self.figure:
            return unescape(self.figure.partition('alt="')[2].partition('"')[0])
        return (
            self.title if self.kind in ("opener", "live") else self.text or self.label
        )


@cache
def formula(latex: str) -> str:
    """Return a formula as SVG, drawn by matplotlib, in the colour of the text."""
    drawn = "$" + re.sub(r"\\mathrel\{(.+?)\}", r"\1", " ".join(latex.split())) + "$"
    font = FontProperties(size=SIZE)
    path = TextPath((0, 0), drawn, prop=font)
    width, height, depth = TextToPath().get_text_width_height_descent(
        drawn, font, ismath=True
    )
    pen = "".join(
        PEN[code] + (" ".join(f"{n:.1f}" for n in points) if code != CLOSE else "")
        for points, code in path.iter_segments(simplify=False)
    )
    size = f"width:{width / SIZE:.2f}em;height:{height / SIZE:.2f}em"
    return (
        f'<svg class="math" role="img" aria-label="{escape(latex)}" '
        f'viewBox="0 {depth - height:.1f} {width:.1f} {height:.1f}" '
        f'style="{size};vertical-align:{-depth / SIZE:.2f}em">'
        f'<path transform="scale(1 -1)" d="{pen}"/></svg>'
    )


class Inline(mistune.HTMLRenderer):
    """Markdown for slides: formulas are drawn, links are their text."""

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return text

    def inline_math(self, text: str) -> str:
        return formula(text)

    def block_math(self, text: str) -> str:
        return formula(text)


_markdown = mistune.create_markdown(renderer=Inline(), plugins=["math", "table"])


def markdown(text: str) -> str:
    """Return a text as HTML."""
    return str(_markdown(text))


def inline(text: str) -> str:
    """Return a text as HTML without a paragraph around it."""
    return markdown(text).strip().removeprefix("<p>").removesuffix("</p>")


def body(slide: Slide) -> str:
    """Return what stands below a slide's title."""
    parts = []
    if slide.label:
        parts.append(f'<p class="label">{escape(slide.label)}</p>')
    if slide.text:
        parts.append(f'<div class="text">{markdown(slide.text)}</div>')
    if slide.formula:
        parts.append(f'<p class="formula">{formula(slide.formula)}</p>')
    if slide.code:
        parts.append(f'<pre class="code" tabindex="0">{coloured(slide.code)}</pre>')
    if slide.output:
        size = size_of(slide)
        shown = escape(slide.output)
        parts.append(f'<pre class="output{size}" tabindex="0">{shown}</pre>')
    if slide.figure:
        parts.append(f"<figure>{slide.figure}</figure>")
    if slide.table:
        parts.append(f'<div class="table">{markdown(slide.table)}</div>')
    if slide.entries:
        entries = "".join(f"<li>{inline(entry)}</li>" for entry in slide.entries)
        parts.append(f"<ol>{entries}</ol>")
    return "\n".join(parts)


def size_of(slide: Slide) -> str:
    """Return a class for the size of a slide's output: large where there is room."""
    rows = slide.output.splitlines()
    widest = max(map(len, rows))
    if widest > WIDE:
        return " wide"
    return " large" if widest <= NARROW and len(rows) <= FEW and not slide.code else ""


def is_tall(figure: str) -> bool:
    """Return whether a figure is so tall that the text stands better beside it."""
    head = figure.partition("base64,")[2][:32]  # 24 bytes: a PNG's width and height
    width, height = struct.unpack(">II", base64.b64decode(head)[16:24])
    return bool(height > TALL * width)


def coloured(code: str) -> str:
    """Return Python code as HTML, its parts marked by classes."""
    return str(highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)))


def section(slide: Slide, number: int) -> str:
    """Return one slide."""
    kind = slide.kind + " tall" * bool(slide.figure and is_tall(slide.figure))
    level = "h1" if number == 1 else "h2"
    notes = f'<aside class="notes" hidden>{markdown(slide.notes)}</aside>'
    return (
        f'<section class="slide {kind}" id="s{number}">\n'
        f"<{level}>{inline(slide.title)}</{level}>\n{body(slide)}\n"
        f"{notes if slide.notes else ''}</section>"
    )


def page(title: str, slides: Sequence[Slide]) -> str:
    """Return a whole deck."""
    style, script = (
        (HERE / f"slides.{kind}").read_text("utf-8") for kind in ("css", "js")
    )
    sections = "\n".join(section(slide, i) for i, slide in enumerate(slides, 1))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body><main>
{sections}
</main>
<script>
{script}</script>
</body></html>
"""
