"""README.md says nothing that has gone stale."""

from __future__ import annotations

import re
from pathlib import Path

from tools.minutes import PAGES, Times, rounded

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_chapters_are_those_there_are_with_their_minutes() -> None:
    told = re.findall(
        r"^\| \[(\w+)\]\(notebooks/\w+\.ipynb\) \|.*\| (\d+) \| (\d+) \| (\d*) \|$",
        README,
        re.M,
    )
    there = []
    for page in PAGES:
        times = Times.of(page)
        path = str(rounded(times.path)) if times.path else ""
        there.append(
            (page.stem, f"{rounded(times.core)}", f"{rounded(times.exercises)}", path)
        )
    assert told == there


def test_every_figure_of_speed_stands_in_the_results() -> None:
    results = (ROOT / "benchmarks/RESULTS.md").read_text(encoding="utf-8")
    section = README.split("## How it compares")[1].split("\n## ")[0]
    figures = re.findall(r"\| ([\d.,]+)x \|", section)
    assert len(figures) >= 5
    for figure in figures:
        assert f"| {figure} (" in results, figure


def test_every_file_linked_to_is_there() -> None:
    names = "README.md", "CONTRIBUTING.md", "docs/GLOSSARY.md", "docs/cluster/README.md"
    for page in map(ROOT.joinpath, names):
        text = re.sub(
            r"`[^`\n]*`", "", page.read_text("utf-8")
        )  # code shows, not links
        for link in re.findall(r"\]\((?!\w+:)([^)#]+)", text):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_target_named_is_one_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^TASKS := (.*)$", makefile, re.M)
    assert targets
    named = re.findall(r"^make (\w+)|`make (\w+)`", README, re.M)
    assert len(named) >= 3
    for pair in named:
        assert "".join(pair) in targets[1].split(), pair
