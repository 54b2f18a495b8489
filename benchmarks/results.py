"""RESULTS.md: one page, of which each command writes its own part."""

from __future__ import annotations

from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
FIRST = "How fast it is"  # the part of `make bench`, which has the heading of the page


def record(title: str, body: str) -> None:
    """Write one part of the page, and leave the others as they are.

    A part is all that stands from ``## title`` to the next one's title; it may have
    headings of its own, ``###``.
    """
    parts = _parts(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    parts[title] = body.strip("\n")
    ordered = sorted(parts, key=lambda name: name != FIRST)
    text = [
        f"{'#' if name == FIRST else '##'} {name}\n\n{parts[name]}\n"
        for name in ordered
    ]
    RESULTS.write_text("\n".join(text), encoding="utf-8")


def _parts(text: str) -> dict[str, str]:
    """Return the body of each part of a page, by its title."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        mark, _, title = line.partition(" ")
        if mark in ("#", "##"):
            found[title] = []
        elif found:
            found[[*found][-1]].append(line)
    return {title: "\n".join(lines).strip("\n") for title, lines in found.items()}
