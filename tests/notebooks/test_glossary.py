"""The glossary has every term, every reference and every published figure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course_lib.lessons import costs

ROOT = Path(__file__).resolve().parent.parent.parent
GLOSSARY = (ROOT / "docs/GLOSSARY.md").read_text(encoding="utf-8")
TERMS, FIGURES, REFERENCES = re.split(r"\n## .*\n", GLOSSARY)
PAGES = sorted((ROOT / "notebooks/source").glob("[0-9][0-9]_*.py"))
NOT_TERMS = {  # set in bold for stress, as a label or as a picture
    *("time", "two-hour path", "sum", "product", "predict first", "exercise"),
    *("yours", "one", "find out"),
    *"ABCDEFGHI".lower(),  # the claims of 07
    *("arrow", "by hand", "memory", "square root", "stride", "swapped"),
    *("more data", "a smaller network", "slope of the activation", "what happened"),
    *("trains the gpt of notebook 06", "whatever is", "`code`"),
    "move against the sign of the slope",
}
NO_SOURCE = {  # years that name no work: the cup of 07, and a turn in history
    *(("07", year) for year in ("1960", "2019", "2020", "2039")),
    ("05", "2010"),
}


def prose(page: Path) -> str:
    """Return the Markdown cells of a page, without formulas; `code` for any code."""
    cells = re.split(r"^# %%", page.read_text(encoding="utf-8"), flags=re.M)
    text = "\n".join(cell for cell in cells if cell.startswith(" [markdown]"))
    text = re.sub(r"^# ?", "", text, flags=re.M)
    text = re.sub(r"```.*?```|`[^`]*`", "`code`", text, flags=re.S)
    text = re.sub(r"\$[^$]*\$", "", text)
    return " ".join(text.split())


def plain(term: str) -> str:
    """Return a term in lower case, singular, with spaces for hyphens."""
    words = re.sub(r"[-\s]+", " ", term).lower().strip(" .:?,").split()
    return " ".join(w if w.endswith("ss") else w.removesuffix("s") for w in words)


def known_terms() -> set[str]:
    """Return the headwords, their parts, their first words, and what is in italics."""
    names = re.findall(r"^- \*\*(.+?)\*\*", TERMS, re.M)
    names += [part for name in names for part in name.split(", ")]
    names += re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", TERMS)
    words = [plain(name).split() for name in names]
    return {" ".join(w[:n]) for w in words for n in range(1, len(w) + 1)}


def missing_terms(text: str) -> list[str]:
    """Return what is set in bold and is neither a sentence nor in the glossary."""
    known = known_terms() | {plain(name) for name in NOT_TERMS}
    bold = [b for b in re.findall(r"\*\*(.+?)\*\*", text) if not is_sentence(b)]
    return [b for b in bold if plain(b) not in known]


def is_sentence(bold: str) -> bool:
    return len(bold.split()) > 2 and bold[-1] in ".?:"


def references() -> list[tuple[str, str, str]]:
    """Return text, years and notebooks of each reference."""
    found = []
    for entry in re.split(r"\n- ", REFERENCES)[1:]:
        text = " ".join(entry.split())
        years = re.search(r"^[^(]*\(([\d and]+)\)", text)
        pages = re.search(r"\(((?:\d\d(?:, )?)+|all)\)$", text)
        assert years, text
        assert pages, text
        found.append((text, years[1], pages[1]))
    return found


def authors(said: str) -> set[str]:
    """Return the names that a reference may be cited by, and the GPTs it tells of."""
    names = re.findall(r"\w+", said.split("(")[0]) + re.findall(r"GPT-\d", said)
    return {*names, *re.findall(r"also cited as (\w+)", said)}


def unsourced(text: str, number: str) -> list[str]:
    """Return each year near which no name of a reference of this page stands."""
    problems = []
    sources = [(authors(said), years, pages) for said, years, pages in references()]
    for match in re.finditer(r"(?<![\d,.])(?:19|20)\d\d(?![\d.])", text):
        year, near = match[0], text[max(0, match.start() - 60) : match.end() + 30]
        names = set(re.findall(r"\b[A-Z][A-Za-z]+(?:-\d)?", near))
        if (number, year) in NO_SOURCE:
            continue
        if not any(
            year in years and number in pages and names & makers
            for makers, years, pages in sources
        ):
            problems.append(f"{number}: {near}")
    return problems


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_term_in_bold_stands_in_the_glossary(page: Path) -> None:
    assert missing_terms(prose(page)) == []


def test_a_new_term_is_noticed() -> None:
    assert missing_terms("a **fine-tune** of **heads**, **warms up**") == []
    assert missing_terms("the **kernel trick**") == ["kernel trick"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_work_cited_stands_among_the_references(page: Path) -> None:
    text = prose(page)
    assert unsourced(text, page.name[:2]) == []
    for number in re.findall(r"arXiv (\d{4}\.\d{4,5})", text):
        assert f"arXiv {number}" in " ".join(REFERENCES.split()), number


def test_a_work_without_a_reference_is_noticed() -> None:
    assert unsourced("a ball rolls (Polyak, 1964)", "03") == []
    assert len(unsourced("a ball rolls (Polyak, 1965)", "03")) == 1
    assert len(unsourced("a ball rolls (Nesterov, 1964)", "03")) == 1


def test_every_paper_that_the_code_names_stands_among_the_references() -> None:
    said = " ".join(REFERENCES.split())
    for file in sorted((ROOT / "course_lib").rglob("*.py")):
        for number in re.findall(
            r"arXiv\s+(\d{4}\.\d{4,5})", file.read_text(encoding="utf-8")
        ):
            assert f"arXiv {number}" in said, f"{file.name}: {number}"


def test_words_and_references_are_in_alphabetical_order() -> None:
    words = re.findall(r"^- \*\*(.+?)\*\*", TERMS, re.M)
    assert words == sorted(words, key=lambda w: w.lower().replace("-", " "))
    names = [re.split(r"[(:,]", text)[0] for text, _, _ in references()]
    assert names == sorted(names, key=str.casefold)


def test_every_published_run_says_where_its_figures_stand() -> None:
    rows = [row for row in FIGURES.splitlines() if row.startswith("| ")]
    for run in costs.PUBLISHED:
        mine = " ".join(row for row in rows if row.startswith(f"| {run.name}"))
        if run.name == "GPT-3 175B":
            mine = " ".join(row for row in rows if row.startswith("| GPT-3: 175"))
        assert mine, run.name
        for amount in (run.n_params, run.n_tokens, run.device_hours, run.dollars):
            assert amount is None or any(
                re.search(rf"(?<![\d.,]){re.escape(form)}(?!\d|[.,]\d)", mine)
                for form in forms(amount)
            ), f"{run.name}: {amount:,}"
    (peaks,) = [row for row in rows if row.startswith("| A100")]
    for device, peak in costs.PEAK_FLOPS.items():
        assert f"{device}: {peak / 1e12:g}" in peaks


def forms(amount: float) -> list[str]:
    """Return how an amount may be written: "1.4 trillion", "65B", "1,022,362"."""
    units = {"trillion": 1e12, "billion": 1e9, "million": 1e6}
    written = [f"{amount / size:.10g} {unit}" for unit, size in units.items()]
    written += [f"{amount / 1e9:.10g}B", f"{amount / 1e6:.10g}M", f"{amount:,.0f}"]
    if amount == 8 * 1.5:
        written.append("8 A100 for 90 minutes")
    return written


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_page_leads_to_the_glossary(page: Path) -> None:
    assert "[glossary](../docs/GLOSSARY.md)" in prose(page)
