"""The instructor's kit says what is so: minutes, mistakes, figures, codes, cards."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from course_lib.app import doctor
from course_lib.app.cli import course
from course_lib.app.doctor import BROKEN, OK, WARNING, Check, code_to_send
from course_lib.exercises.core import all_exercises
from tools.minutes import PAGES, ROOT, Times, rounded, sections
from tools.notebooks import SOURCES

KIT = ROOT / "workshop"
GUIDES = sorted((KIT / "guides").glob("*.md"))
TEXTS = sorted(KIT.glob("*.md")) + GUIDES
PAGE = {page.stem: page for page in PAGES}
AN_HOUR = 60


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def words(path: Path) -> str:
    """The text on one line, what is quoted as well."""
    return " ".join(re.sub("^> ", "", read(path), flags=re.M).split())


def rows(text: str, cells: int) -> list[list[str]]:
    """The rows of the tables with so many cells, without their heads."""
    found = [
        line.strip("|").split("|") for line in text.splitlines() if line[:1] == "|"
    ]
    split = [[cell.strip() for cell in row] for row in found]
    return [r for r in split if len(r) == cells and not set("".join(r)) <= {"-"}]


# --- the guides -------------------------------------------------------------------


def test_every_notebook_has_a_guide() -> None:
    assert [guide.stem for guide in GUIDES] == list(PAGE)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_guide_has_the_minutes_of_its_page(guide: Path) -> None:
    times = Times.of(PAGE[guide.stem])
    minutes = {
        "core": times.core,
        "optional": times.optional,
        "exercises": times.exercises,
        "two-hour path": times.path,
    }
    told = {name: int(number) for name, number in rows(read(guide), 2) if name}
    assert told == {name: rounded(m) for name, m in minutes.items() if m}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_guide_asks_the_question_of_its_page(guide: Path) -> None:
    row = re.search(
        rf"^\| \[{guide.stem}\]\S+ \| (.+?) \|", read(ROOT / "README.md"), re.M
    )
    assert row
    assert f"**The question:** {row[1]}" in words(guide)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_where_people_get_stuck_is_a_mistake_that_the_checks_know(guide: Path) -> None:
    chapter = guide.stem.partition("_")[2]
    known = {
        (one.name, mistake)
        for one in all_exercises()
        if one.chapter == chapter
        for mistake in one.misconceptions()
    }
    part = read(guide).split("## Where people get stuck")[1].split("\n## ")[0]
    part = re.sub(r"\n  +", " ", part)  # an entry on one line
    told = re.findall(r'^- `(\w+)`, "([^"]+)":', part, re.M)
    assert len(told) == part.count("\n- ") >= 4
    assert set(told) <= known, set(told) - known
    assert {name for name, _ in told} == {name for name, _ in known}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_what_can_be_skipped_is_a_section_with_its_minutes(guide: Path) -> None:
    minutes = {
        section.title: round(section.reading) for section in sections(PAGE[guide.stem])
    }
    part = " ".join(read(guide).split("## Short on time")[1].split())
    told = re.findall(r"\*([^*]+)\*(?: \((\d+) minutes?\))?", part.replace("**", ""))
    assert told
    assert {title: int(number) for title, number in told} == {
        title: minutes.get(title) for title, _ in told
    }


FIGURE = re.compile(r"(?<![\w.,/])\d+(?:,\d{3})*(?:\.\d+)?(?: %)?")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_figure_in_a_guide_stands_on_its_page(guide: Path) -> None:
    """Percentages, decimals and numbers of three digits; the rest is counting."""
    built = json.loads(read(PAGE[guide.stem]))["cells"]
    outputs = [o for cell in built for o in cell.get("outputs", [])]
    page = " ".join("".join(cell["source"]) for cell in built)
    page += " ".join("".join(o.get("text", "")) for o in outputs)
    page = re.sub(r"(\d)%", r"\1 %", page)
    told = FIGURE.findall(" ".join(read(guide).split()))
    checked = [t for t in told if "%" in t or "." in t or len(t.strip(" %")) >= 3]
    missing = [t for t in checked if not re.search(rf"(?<![\d.,]){re.escape(t)}", page)]
    assert missing == []


# --- the plans --------------------------------------------------------------------

PLANS = re.split(r"^##+ ", read(KIT / "plans.md"), flags=re.M)[1:]
TABLES = {plan.splitlines()[0]: plan for plan in PLANS if "| from | minutes |" in plan}


def test_there_is_a_plan_for_every_kind_of_class() -> None:
    assert len(TABLES) == 8
    assert list(TABLES)[:3] == ["A talk for deciders", "Half a day", "One day"]
    assert sum("evening" in name for name in TABLES) == 5


@pytest.mark.parametrize("name", TABLES)
def test_the_minutes_of_a_plan_add_up(name: str) -> None:
    at = 0
    for start, minutes, notebook, what in rows(TABLES[name], 4)[1:]:
        assert start == f"{at // AN_HOUR}:{at % AN_HOUR:02}", what
        at += int(minutes)
        kind = re.match(r"(core|exercises|path)(?:[,:]|$)", what)
        if kind:
            assert int(minutes) == rounded(getattr(Times.of(PAGE[notebook]), kind[1]))
        if notebook:
            times = Times.of(PAGE[notebook])
            assert int(minutes) <= rounded(times.core) + rounded(times.exercises)
    assert f"**In all: {at} minutes.**" in TABLES[name]


def test_the_half_day_of_the_readme_is_that_of_the_plans() -> None:
    told = re.findall(
        r"^\d\. \*\*(\d\d)?.*?\((\d+) minutes\)\.\*\*", read(KIT / "README.md"), re.M
    )
    planned = [(row[2][:2], row[1]) for row in rows(TABLES["Half a day"], 4)[1:]]
    assert told == planned


def test_the_path_of_deciders_takes_what_the_plans_say() -> None:
    paths = {page.stem: Times.of(page).path for page in PAGES}
    whole = sum(rounded(path) for path in paths.values() if path)
    last = rounded(paths["09_assistant"])
    assert f"{whole - last} minutes to read, {whole} with 09" in words(KIT / "plans.md")


# --- the check that is mailed out ---------------------------------------------------


def test_every_code_of_the_doctor_is_in_the_table_and_no_other() -> None:
    codes = {
        Check(name, status, "").code
        for name in doctor.LOOKS
        for status in (WARNING, BROKEN)
    }
    table = [row[0].strip("`") for row in rows(read(KIT / "README.md"), 3)[1:]]
    assert len(table) == len(set(table))
    assert set(table) == codes | {"ready"}


def test_the_code_is_a_word_for_each_finding() -> None:
    found = [
        Check("Disk", WARNING, ""),
        Check("JAX", BROKEN, ""),
        Check("Memory", OK, ""),
    ]
    begin = re.search(r'begins with "([^"]+)"', words(KIT / "README.md"))
    assert begin
    assert (
        code_to_send(found)
        == f"{begin[1]}, if you are asked for one: disk-note jax-fix"
    )
    assert code_to_send(found[2:]).endswith(": ready")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.stem)
def test_every_command_named_is_there(text: Path) -> None:
    blocks = "".join(re.findall(r"^```\n(.*?)^```", read(text), re.M | re.S))
    lines = re.findall(r"`course ([a-z][^`]*)`", words(text))
    lines += re.findall(r"^course ([^#\n]+)", blocks, re.M)
    for line in lines:
        command, *arguments = line.split()
        assert command in course.commands, line
        found = course.commands[command]
        if arguments and hasattr(found, "commands") and arguments[0] in found.commands:
            found = found.commands[arguments[0]]
        options = {name for parameter in found.params for name in parameter.opts}
        assert {a for a in arguments if a.startswith("--")} <= options, line


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.stem)
def test_every_file_linked_to_is_there(text: Path) -> None:
    for link, _, anchor in re.findall(r"\]\((?!\w+:)([^)#]*)(#([^)]+))?\)", read(text)):
        target = text.parent / link if link else text
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.+)$", read(target), re.M)
            assert anchor in [title.lower().replace(" ", "-") for title in titles]


def test_what_is_shared_is_what_the_readme_says() -> None:
    told = (
        words(KIT / "README.md")
        .split("It holds the nickname")[1]
        .split("It holds no")[0]
    )
    for said in (
        "random number",
        "version",
        "when it was written",
        "how often",
        "which day",
    ):
        assert said in told
    assert "no code" in words(KIT / "README.md")


# --- the cards ----------------------------------------------------------------------


def test_the_cards_ask_what_notebook_07_asks() -> None:
    source = re.sub(r"^# ?", "", read(SOURCES / "07_limits.py"), flags=re.M)
    table = source.split("| ask the vendor | because |")[1].split("\n\n")[0]
    asked = [tuple(row) for row in rows(table, 2)]
    cards = unescape(words(KIT / "cards.html"))
    on_cards = re.findall(r'<th scope="row">(.*?) <span>(.*?)</span></th>', cards)
    assert on_cards == asked
    assert len(asked) == 10


def test_the_loop_on_the_card_is_that_of_notebook_00() -> None:
    alt = re.search(
        r"Five boxes in a ring(.*?)\"\s*,?\s*\)",
        read(SOURCES / "00_start_here.py"),
        re.S,
    )
    assert alt
    boxes = re.findall(r"\d, ([a-z ]+):", re.sub(r'"\s+"', "", alt[1]))
    on_card = re.findall(r"<b>\d ([A-Za-z ]+)</b>", read(KIT / "cards.html"))
    assert [name.lower() for name in on_card] == boxes


def test_the_cards_ask_no_host_for_anything() -> None:
    text = read(KIT / "cards.html")
    assert "default-src 'none'" in text
    assert not re.search(
        r"https?:|@import|<(script|img|link|iframe)\b|url\((?!#)", text
    )
