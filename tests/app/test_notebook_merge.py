"""A newer page and a learner's page become one: nothing of the learner's is lost."""

from __future__ import annotations

import copy
from collections import Counter

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.app.notebook_merge import merge, quoted, source_of, with_unique_ids
from tests.app import updates as cases
from tests.app.updates import (
    DEMO,
    END,
    MSE,
    NEW_MSE,
    TITLE,
    Cell,
    Page,
    answered,
    code,
    content,
    lost_answers,
    lost_texts,
    new_stubs_below,
    page,
    stub,
    text,
    updates,
    written_by,
)

PLAIN = page(*cases.PLAIN)


def merged(base: Page | None, mine: Page, new: Page) -> list[Cell]:
    before = copy.deepcopy((base, mine, new))
    result = merge(base, mine, new)
    assert (base, mine, new) == before, "the arguments stay as they are"
    nbformat.validate(result.notebook)
    assert result.notebook["metadata"] == mine["metadata"]
    cells: list[Cell] = result.notebook["cells"]
    return cells


def sources(cells: list[Cell]) -> list[str]:
    return [source_of(cell) for cell in cells]


@pytest.fixture(params=["with a base", "without"])
def base(request: pytest.FixtureRequest) -> Page | None:
    return PLAIN if request.param == "with a base" else None


# --- one case each ----------------------------------------------------------------


def test_an_answer_stays_and_the_reworded_stub_is_quoted_below_it(
    base: Page | None,
) -> None:
    answer = answered(MSE) | {"outputs": code("", printed="correct")["outputs"]}
    cells = merged(
        base, page(TITLE, DEMO, answer, END), page(TITLE, DEMO, NEW_MSE, END)
    )
    assert sources(cells) == [
        *sources([TITLE, DEMO, answer]),
        quoted(NEW_MSE),
        END["source"],
    ]
    assert cells[2] == answer | {"id": NEW_MSE["id"]}, "now known as the new one"
    assert cells[3]["cell_type"] == "markdown"


def test_a_stub_that_is_reworded_twice_has_one_quote() -> None:
    mine = page(TITLE, DEMO, answered(MSE), END)
    second = page(TITLE, DEMO, NEW_MSE, END)
    third = page(TITLE, DEMO, stub("mse", "Say it in yet other words."), END)
    cells = merged(second, page(*merged(PLAIN, mine, second)), third)
    answer, quote = cells[2:4]
    assert sources([answer, quote]) == [
        answered(MSE)["source"],
        quoted(third["cells"][2]),
    ]
    assert len(cells) == 5
    edited = page(*merged(PLAIN, mine, second))
    edited["cells"][3]["source"] += "\nMy note."
    cells = merged(second, edited, third)
    assert "My note." in "".join(sources(cells)), "a quote with a note is the learner's"
    assert len(cells) == 6


def test_new_cells_come_in_their_place_and_own_cells_stay_where_they_were(
    base: Page | None,
) -> None:
    own = code("my_own = 1", "mine-1")
    more, first = text("A new paragraph."), text("Read this first.")
    mine = page(TITLE, DEMO, own, MSE, END)
    cells = merged(base, mine, page(first, TITLE, DEMO, more, MSE, END))
    assert cells == [first, TITLE, DEMO, own, more, MSE, END]


def test_what_the_learner_left_alone_follows_the_course(base: Page | None) -> None:
    end = text("The very end.")
    ran = DEMO | {"outputs": code("", printed="0.1")["outputs"], "execution_count": 5}
    cells = merged(base, page(TITLE, ran, MSE, END), page(ran | {"outputs": []}, end))
    assert cells == [ran, end], "an unchanged cell keeps the outputs it had"


def test_a_removed_cell_stays_if_it_was_edited_with_a_mark() -> None:
    mine = page(TITLE, DEMO | {"source": "rate = 0.5"}, MSE, END)
    cells = merged(PLAIN, mine, page(TITLE, MSE, END))
    assert sources(cells)[1] == "rate = 0.5"
    assert "no longer has the cell above" in sources(cells)[2]
    assert merged(page(TITLE, MSE, END), page(*cells), page(TITLE, MSE, END)) == cells


def test_a_deleted_cell_stays_away_until_the_course_changes_it() -> None:
    mine = page(TITLE, MSE, END)
    assert merged(PLAIN, mine, page(TITLE, DEMO, MSE, text("Now.")))[1:] == [
        MSE,
        text("Now."),
    ]
    slow = code("rate = 0.01\nprint(rate)")
    assert merged(PLAIN, mine, page(TITLE, slow, MSE, END)) == [TITLE, slow, MSE, END]


def test_a_stub_never_comes_below_an_answer_that_was_moved(base: Page | None) -> None:
    own = code("def mse(a):\n    return 7\n\n\nexercise.mse.check(mse)", "mine-1")
    mine = page(own, TITLE, DEMO, MSE, END)
    assert merged(base, mine, PLAIN) == mine["cells"], "it stood there before"
    cells = merged(base, mine, page(TITLE, DEMO, NEW_MSE, END))
    assert NEW_MSE not in cells
    assert quoted(NEW_MSE) in sources(cells)


def test_a_stub_that_the_course_moves_does_not_pass_an_answer() -> None:
    own = code("def mse(a):\n    return 7", "mine-1")
    mine = page(TITLE, MSE, DEMO, own, END)
    old, new = page(TITLE, MSE, DEMO, END), page(TITLE, DEMO, MSE, END)
    assert sources(merged(old, mine, new)) == [
        *sources([TITLE, DEMO, own]),
        quoted(MSE),
        END["source"],
    ]


def test_a_number_of_a_demo_that_was_changed_does_not_hold_back_a_stub() -> None:
    demo = code("mse = 3\nprint(mse)")
    mine = page(TITLE, demo | {"source": "mse = 4\nprint(mse)"}, MSE)
    assert merged(page(TITLE, demo, MSE), mine, page(TITLE, demo, NEW_MSE))[2] == (
        NEW_MSE
    )


def test_the_learners_order_stays_and_new_cells_find_their_place() -> None:
    mine = page(END, MSE, DEMO, TITLE)
    more = text("A new paragraph.")
    cells = merged(PLAIN, mine, page(TITLE, DEMO, more, MSE, END))
    assert cells == [END, MSE, DEMO, more, TITLE]


def test_the_courses_new_order_is_taken_where_the_learner_moved_nothing() -> None:
    own = code("my_own = 1", "mine-1")
    mine = page(TITLE, DEMO, own, MSE, END)
    assert merged(PLAIN, mine, page(TITLE, MSE, DEMO, END)) == [
        *(TITLE, MSE, DEMO, own, END)
    ]


def test_tags_follow_the_course_unless_the_learner_changed_them() -> None:
    def tagged(cell: Cell, *tags: str) -> Cell:
        return cell | {"metadata": {"collapsed": True, "tags": [*tags]}}

    old, new = page(tagged(DEMO, "setup")), page(tagged(DEMO, "path"))
    assert merged(old, old, new)[0]["metadata"]["tags"] == ["path"]
    mine = page(tagged(DEMO, "setup", "my-own"))
    assert merged(old, mine, new) == mine["cells"]
    assert merged(None, mine, new) == mine["cells"]


def test_ids_that_an_editor_dropped_are_found_again() -> None:
    own = code("my_own = 1", "mine-1")
    bare = [{k: v for k, v in cell.items() if k != "id"} for cell in (TITLE, own, DEMO)]
    cells = merged(PLAIN, page(*bare, answered(MSE)), page(TITLE, DEMO, NEW_MSE, END))
    assert sources(cells) == [
        *sources([TITLE, own, DEMO, answered(MSE)]),
        quoted(NEW_MSE),
    ], "END was deleted"


def test_ids_of_copies_differ_and_the_first_is_the_courses() -> None:
    cells = with_unique_ids([MSE, answered(MSE), {**DEMO, "id": "no id"}], [DEMO["id"]])
    assert [cell["id"] for cell in cells] == [MSE["id"], "own", DEMO["id"]]
    assert sources(cells) == sources([MSE, answered(MSE), DEMO])


@pytest.mark.parametrize("fence", ["`", "```", "````"])
def test_a_quote_is_one_block_whatever_it_quotes(fence: str) -> None:
    shown = quoted(text(f"{fence}python\nx\n{fence}"))
    marks = [line for line in shown.splitlines() if line.startswith("`" * 3)]
    assert marks[0].removesuffix("markdown") == marks[-1]
    assert len(marks[-1]) > len(fence)


# --- every case and every combination -----------------------------------------------


@pytest.mark.parametrize("course", cases.COURSES)
@pytest.mark.parametrize("learner", cases.LEARNERS)
def test_each_case_against_each_loses_nothing(
    base: Page | None, learner: str, course: str
) -> None:
    mine, new = page(*cases.LEARNERS[learner]), page(*cases.COURSES[course])
    refuse_loss(PLAIN, mine, new, merged(base, mine, new))


def refuse_loss(old: Page, mine: Page, new: Page, cells: list[Cell]) -> None:
    assert lost_answers(old, mine, cells) == []
    assert lost_texts(old, new, cells) == []
    assert new_stubs_below(old, mine, cells) == set()


@settings(max_examples=200, deadline=None)
@given(updates(), st.booleans())
def test_nothing_is_lost_and_no_answer_undone(
    update: tuple[Page, Page, Page], has_base: bool
) -> None:
    old, mine, new = update
    cells = merged(old if has_base else None, mine, new)
    refuse_loss(old, mine, new, cells)
    wrote = set(sources(written_by(mine, old)))
    gone = set(sources(old["cells"])) - set(sources(new["cells"])) - wrote
    assert not gone & set(sources(cells)), "an unedited cell goes with the course"


@settings(max_examples=150, deadline=None)
@given(updates(), st.booleans())
def test_once_more_changes_nothing(
    update: tuple[Page, Page, Page], has_base: bool
) -> None:
    old, mine, new = update
    base = old if has_base else None
    once = page(*merged(base, mine, new))
    assert merged(new, once, new) == once["cells"]
    again = merged(base, once, new)  # the first was killed before it kept the new base
    assert again == once["cells"]


@settings(max_examples=150, deadline=None)
@given(updates())
def test_an_unchanged_course_changes_nothing(update: tuple[Page, Page, Page]) -> None:
    old, mine, _ = update
    assert merged(old, mine, old) == mine["cells"]
    without = sources(merged(None, mine, old))  # what was deleted is taken for new
    kept = sources(mine["cells"])
    assert [source for source in without if source in kept] == kept


@settings(max_examples=100, deadline=None)
@given(updates(), st.data())
def test_copies_and_lost_ids_lose_nothing(
    update: tuple[Page, Page, Page], data: st.DataObject
) -> None:
    old, mine, new = update
    cells = [*mine["cells"]]
    for cell in data.draw(st.lists(st.sampled_from(cells or [TITLE]), max_size=3)):
        cells.insert(data.draw(st.integers(0, len(cells))), cell)
    for number in data.draw(st.sets(st.integers(0, max(0, len(cells) - 1)))):
        if cells:
            cells[number] = {k: v for k, v in cells[number].items() if k != "id"}
    found = merged(data.draw(st.sampled_from([None, old])), page(*cells), new)
    wrote = written_by(mine, old)
    assert not Counter(map(content, wrote)) - Counter(map(content, found))
