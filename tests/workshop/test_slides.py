"""Slides say what the pages say, no more than a slide can hold, and never go stale."""

from __future__ import annotations

import json
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from course_lib.exercises.core import all_exercises
from tools import deck_text, slides
from tools.deck_text import WORDS, comment, lead, question, word_count
from tools.slides import FOLDER, KIT, LINES, PAGES, Part, Section, part_slides
from tools.slides_page import Slide, formula, inline, is_tall, page

DECKS = slides.decks()
PLANS = slides.plans()
NAMES = [file.stem for file in PAGES]
SETTINGS = slides.settings()
SAID = {text for own in SETTINGS["say"].values() for text in own.values()}
FIGURE = re.compile(r"(?<![\w.,/])\d+(?:,\d{3})*(?:\.\d+)?(?: %)?")


def prose(name: str) -> str:
    """All that a page says: its text, and the alt texts of its figures."""
    cells = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    for cell in cells:
        for output in cell.get("outputs", []):
            text += "".join(output.get("data", {}).get("text/html", ""))
            text += "".join(output.get("text", ""))
    return " ".join(unescape(re.sub(r"\n- ", "\n", text)).split())


def test_there_is_a_deck_for_every_plan_and_every_notebook() -> None:
    assert [*DECKS] == [*map(slides.slug, PLANS), *NAMES]
    assert [*DECKS][:3] == ["talk_for_deciders", "half_day", "one_day"]
    assert len(PLANS) == 8


@pytest.mark.parametrize("name", DECKS)
def test_a_slide_holds_what_can_be_read(name: str) -> None:
    for slide in DECKS[name]:
        most = WORDS + 10 * (slide.kind == "exercise")  # a task from its beginning
        assert word_count(slide.text) <= most, slide.text
        assert len(slide.code.splitlines()) <= LINES, slide.code
        assert not slide.figure or slides.alt_of(slide.figure)
        assert slide.title


@pytest.mark.parametrize("name", NAMES)
def test_a_slide_says_what_its_page_says(name: str) -> None:
    page_says = prose(name)
    tasks = {" ".join(e.task.split()) for e in all_exercises()}
    for slide in DECKS[name]:
        if slide.text in SAID or slide.kind in ("live", "exercise"):
            continue
        for sentence in deck_text.sentences(slide.text):
            told = sentence.removesuffix(".")[1:]  # a question may begin otherwise
            assert told in page_says or any(told in task for task in tasks), sentence


@pytest.mark.parametrize("name", DECKS)
def test_a_question_has_a_slide_of_its_own_and_its_answer_comes_next(name: str) -> None:
    deck = DECKS[name]
    for slide, after in pairwise(deck):
        if slide.kind == "question":
            assert slide.figure + slide.output + slide.code == ""
            assert after.kind in ("printed", "figure", "answer"), slide.text
            assert after.text or after.figure or after.output, slide.text


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_ends_with_the_three_sentences_of_its_page(name: str) -> None:
    last = DECKS[name][-1]
    assert (last.kind, len(last.entries)) == ("three", 3)
    for entry in last.entries:
        assert entry in prose(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_notes_are_those_of_the_guide(name: str) -> None:
    guide = " ".join((KIT / "guides" / f"{name}.md").read_text("utf-8").split())
    deck = DECKS[name]
    assert deck[0].notes
    assert " ".join(deck[0].notes.split())[:99] in guide
    assert any(s.kind == "exercise" for s in deck)
    for slide in deck:
        if slide.kind == "exercise":
            for line in slide.notes.splitlines():
                assert " ".join(line.split()) in guide


# --- workshop/slides.toml -------------------------------------------------------------


def everything(name: str) -> list[Slide]:
    """Every slide that a notebook can give, in the words of the page."""
    sections = slides.read_sections(FOLDER / f"{name}.ipynb")
    guide = slides.Guide.of(name)
    taught: list[Section] = sections[1 : [s.title for s in sections].index(slides.LAST)]
    return [s for one in taught for s in slides.section_slides(one, {}, True, guide)]


@pytest.mark.parametrize("name", SETTINGS["say"])
def test_a_line_of_ours_is_for_one_slide_and_says_what_its_page_measured(
    name: str,
) -> None:
    found = everything(name)
    page_says = re.sub(r"(\d)%", r"\1 %", prose(name))
    for beginning, text in SETTINGS["say"][name].items():
        fitting = [s for s in found if s.key.startswith(beginning)]
        assert len(fitting) == 1, beginning
        assert word_count(text) <= WORDS, text
        for number in FIGURE.findall(text):
            assert number in page_says, number
        for term in re.findall(r"\*\*(.+?)\*\*", text):
            assert term in page_says


def test_what_slides_toml_chooses_is_of_a_notebook_of_the_plan() -> None:
    names = {slides.short_name(plan): rows for plan, rows in PLANS.items()}
    for plan in set(SETTINGS) - {"say"}:
        chosen = set(SETTINGS[plan]) - {"code"}
        assert chosen <= {row[2] for row in names[plan]}
        for notebook in chosen:
            whats = [row[3] for row in names[plan] if row[2] == notebook]
            assert not {"core", "path"} & {*whats}, "plans.md says it already"


def test_an_empty_line_leaves_a_slide_out() -> None:
    one = Slide("opener", "Learning is a walk")
    assert slides.in_own_words(one, {"Learning": ""}) == []
    assert slides.in_own_words(one, {"Other": ""}) == [one]
    for deck in DECKS.values():
        for slide in deck:
            assert slide.kind != "opener" or slide.text or slide.formula, slide.title


def test_what_nobody_chooses_is_asked_for() -> None:
    with pytest.raises(ValueError, match="has to say which sections of 01"):
        slides.kind_of("01_loss", ["the first half"])


def test_a_section_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="0 sections begin with 'No such'"):
        [*part_slides(Part("01_loss", ["No such"]))]


def test_an_exercise_begins_as_its_task_does_and_no_slide_is_bare() -> None:
    tasks = {e.title: e.task for e in all_exercises()}
    for deck in DECKS.values():
        for slide in deck:
            if slide.kind == "exercise":
                told = " ".join(tasks[slide.title].split())
                assert told.startswith(slide.text.partition("\n\n")[0]), slide.title
            assert slide.text or slide.output or slide.kind != "printed", slide.title
            assert "not solved yet" not in slide.output


def test_a_plan_shows_its_own_exercises() -> None:
    half = [s for s in DECKS["half_day"] if s.kind == "exercise"]
    named = re.findall(r"exercise `(\w+)`", " ".join(r[3] for r in PLANS["Half a day"]))
    assert [re.findall(r"`(\w+)`$", s.text)[0] for s in half] == named
    assert not any(s.kind == "exercise" for s in DECKS["talk_for_deciders"])
    assert not any(s.code for s in DECKS["talk_for_deciders"])


# --- cutting --------------------------------------------------------------------------


def test_whole_sentences_are_taken_up_to_what_leads_on() -> None:
    text = "One is 2.5 here. Two costs `a. B`. Now the next thing. Three."
    assert comment([text]).text == "One is 2.5 here. Two costs `a. B`."
    assert comment(["Now the next thing. Three."]).text == ""
    assert comment(["**Mistake two.** It is."]).text == ""
    assert comment(["It is.", "**Mistake two.** It is."]).text == "It is."
    assert lead(["It is so. (An aside.) More."], words=3).text == "It is so."


def test_a_formula_comes_along_with_the_sentence_before_it() -> None:
    told = ["It is the mean:", "$$m = 1$$", "More."]
    assert lead(told) == ("It is the mean:", "m = 1")
    assert lead(["It is the mean:", "More."]) == ("More.", "")


@pytest.mark.parametrize("ask", ["**Predict first.** H", "**Predict\nfirst:** h"])
def test_a_question_is_asked_with_what_leads_to_it(ask: str) -> None:
    told = ["A coin falls.", f"It is fair. {ask}eads? Then drag the slider."]
    assert question(told) == "A coin falls. It is fair. Heads?"
    assert question(told, shown="A coin falls. It is fair.") == "Heads?"
    assert question(["No question."]) == ""


# --- the file -------------------------------------------------------------------------


def test_a_deck_asks_no_host_for_anything() -> None:
    html = page("A deck", DECKS["01_loss"])
    assert "default-src 'none'" in html
    assert not re.search(r'<(link|iframe|object)\b|@import|url\(|src="(?!data:)', html)
    assert not re.search(r"href=|<script src", html)


def test_the_text_stands_beside_a_tall_figure_and_above_a_wide_one() -> None:
    figures = {
        slide.key: slide.figure for slide in DECKS["04_autograd"] if slide.figure
    }
    tall = [alt for alt, figure in figures.items() if is_tall(figure)]
    assert any(alt.startswith("Three states of the same map") for alt in tall)
    assert not any(alt.startswith("The robot on a slope") for alt in tall)


def test_formulas_are_drawn_and_links_are_their_text() -> None:
    assert formula(r"\frac{1}{n}").startswith('<svg class="math" role="img"')
    assert inline("See [the page](01_loss.ipynb).") == "See the page."


def test_the_decks_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {"01_loss": DECKS["01_loss"][:2]}
    monkeypatch.setattr(slides, "decks", lambda: few)
    assert slides.main(tmp_path / "slides") == 0
    written = tmp_path / "slides" / "01_loss.html"
    assert written.read_text(encoding="utf-8").count("<section") == 2
    assert capsys.readouterr().out == f"{written}: 2 slides, 0.0 MB\n"
