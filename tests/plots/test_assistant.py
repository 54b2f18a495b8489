"""Figures of an assistant: they draw what they are given, where they are told."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from course_lib import plots
from course_lib.lessons.retrieval import Found
from course_lib.plots import assistant
from course_lib.plots.picture import png
from course_lib.plots.static import ArtistCache
from course_lib.plots.style import COLOURS

EXCHANGE = [*"<what is a fox?>a mammal", "bos"]
ANSWER = [i > EXCHANGE.index(">") for i in range(len(EXCHANGE))]
CURVES = {
    0.02: [(0, 0.0), (5, 0.5), (150, 0.1)],
    0.1: [(0, 0.0), (3, 0.4), (30, 0.97)],
    0.5: [(0, 0.0), (1, 0.0), (5, 0.02)],
}
FIGURES: dict[str, Callable[..., Axes]] = {
    "answer_shares": lambda **k: plots.answer_shares(["a", "b"], [0.2, 0.7], "b", **k),
    "chat_product": lambda **k: plots.chat_product(**k),
    "exam_bars": lambda **k: plots.exam_bars({"10": (0.5, 0.3, 0.2)}, "examples", **k),
    "found_sentences": lambda **k: plots.found_sentences(
        "what is a fox?", [Found("a fox is a mammal", 0.76), Found("a b", 0.5)], **k
    ),
    "gamed_reward": lambda **k: plots.gamed_reward(
        [0, 10, 20], [-1, 3, 5], [0.8, 0.5, 0.1], [9, 20, 60], **k
    ),
    "loss_mask": lambda **k: plots.loss_mask(
        EXCHANGE, ANSWER, np.arange(len(EXCHANGE)) / 9, **k
    ),
    "prompt_and_answer": lambda **k: plots.prompt_and_answer("<a?>", "b", 0.5, **k),
    "reward_against_drift": lambda **k: plots.reward_against_drift(CURVES, 0.1, 1, **k),
}


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def colours(collection: PolyCollection) -> list[str]:
    return [to_hex(face).upper() for face in collection.get_facecolor()]


def polygons(ax: Axes) -> list[PolyCollection]:
    found = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert len(found) == len(ax.collections)
    return found


def widths(collection: PolyCollection) -> list[float]:
    return [path.get_extents().width for path in collection.get_paths()]


def heights(collection: PolyCollection) -> list[float]:
    return [path.get_extents().height for path in collection.get_paths()]


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_draws_on_a_new_or_a_given_axes(name: str) -> None:
    alone = FIGURES[name]()
    assert len(png(alone.get_figure(root=True))) > 2_000
    left, right = plots.panels(1, 2)
    assert FIGURES[name](ax=left) is left
    assert left.texts
    assert not right.has_data()
    assert not right.texts


def test_every_figure_of_the_module_is_tested_here() -> None:
    assert {*assistant.__all__} - {"mask_boxes"} == {*FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_no_words_cover_each_other_or_leave_the_picture(name: str) -> None:
    ax = FIGURES[name]()
    page = ax.get_figure(root=True)
    page.canvas.draw()
    shown = [text for text in ax.texts if text.get_text().strip()]
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in shown]
    assert len(boxes) > 1
    for text, box in boxes:
        assert page.bbox.x0 <= box.x0 < box.x1 <= page.bbox.x1 + 1, text
        assert page.bbox.y0 - 1 <= box.y0 < box.y1 <= page.bbox.y1 + 1, text
    for (one, box), (other, beside) in combinations(boxes, 2):
        assert not box.padded(-1).overlaps(beside.padded(-1)), (one, other)


# --- which characters are learned -----------------------------------------------------


def test_what_counts_has_the_colour_of_the_loss() -> None:
    boxes, bars = polygons(FIGURES["loss_mask"]())
    strong = [COLOURS["loss"] if one else "#AAAAAA" for one in ANSWER]
    assert colours(bars) == strong
    assert len({*colours(boxes)}) == 2
    assert [face == colours(boxes)[-1] for face in colours(boxes)] == ANSWER


def test_a_bar_is_as_high_as_its_loss() -> None:
    losses = np.linspace(0.5, 3, len(EXCHANGE))
    bars = polygons(plots.loss_mask(EXCHANGE, ANSWER, losses))[1]
    assert heights(bars) == pytest.approx(list(losses / 3))
    bars = polygons(plots.loss_mask(EXCHANGE, ANSWER, losses, highest=6.0))[1]
    assert heights(bars) == pytest.approx(list(losses / 6))


def test_a_loss_above_the_top_stands_as_a_number_in_a_full_bar() -> None:
    losses = [30.2, 2.0, 1.0]
    ax = plots.loss_mask(["<", ">", "bos"], [0, 0, 1], losses, highest=4)
    assert heights(polygons(ax)[1]) == pytest.approx([1, 0.5, 0.25])
    assert "30" in words(ax)


def test_each_character_has_a_box_around_it_and_its_bar() -> None:
    for width in (8, 4):  # on one line, and on two
        ax = plots.panels(width=width, height=2.2)
        losses = np.arange(len(EXCHANGE)) / 9
        plots.loss_mask(EXCHANGE, ANSWER, losses, highlighted=3, ax=ax)
        cells, bars = polygons(ax)
        boxes = plots.mask_boxes(EXCHANGE, ax)
        assert len(boxes) == len(EXCHANGE)
        for part in (cells, bars):
            for (left, low, wide, high), path in zip(
                boxes, part.get_paths(), strict=True
            ):
                (x0, y0), (x1, y1) = path.get_extents().get_points()
                assert left <= x0 < x1 <= left + wide
                assert low - 1e-9 <= y0 <= y1 <= low + high + 1e-9
        (frame,) = ax.patches
        assert frame.get_x() == boxes[3][0]
        assert frame.get_width() == boxes[3][2]


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (ANSWER, ["question: read, not learned", "answer: learned"]),
        ([True] * 25, ["question: learned", "answer: learned"]),
        ([False] * 25, ["question: read, not learned", "answer: read, not learned"]),
    ],
)
def test_the_words_say_what_is_learned(counted: list[bool], said: list[str]) -> None:
    ax = plots.loss_mask(EXCHANGE, counted)
    assert [text for text in words(ax) if ": " in text] == said
    assert len(polygons(ax)) == 1  # no bars without losses
    assert "bos" in words(ax)


def test_the_answer_begins_after_the_last_mark() -> None:
    ax = plots.loss_mask([*"a>b>c", "bos"], [0, 0, 0, 0, 1, 1])
    ends = [list(line.get_xdata()) for line in ax.lines]
    assert ends[0] == pytest.approx([0.06, 3.94])
    assert ends[1][0] == pytest.approx(4.06)


def test_an_answer_alone_has_one_line() -> None:
    ax = plots.loss_mask([*"mammal"], [True] * 6)
    assert words(ax)[-1] == "answer: learned"
    assert len(ax.lines) == 1


def test_a_long_exchange_takes_two_lines_and_a_narrow_page_breaks_sooner() -> None:
    def lines(n: int, width: float) -> int:
        characters = [*"<", *"w" * n, ">", *"a mammal", "bos"]
        ax = plots.panels(width=width, height=3)
        plots.loss_mask(characters, [False] * len(characters), ax=ax)
        return len({path.get_extents().y0 for path in polygons(ax)[0].get_paths()})

    assert [lines(n, 8) for n in (15, 40)] == [1, 2]
    assert [lines(n, 5.2) for n in (5, 15)] == [1, 2]


def test_marks_and_losses_must_be_as_many_as_characters() -> None:
    with pytest.raises(ValueError, match="one mark, and one loss"):
        plots.loss_mask("ab", [True])
    with pytest.raises(ValueError, match="one mark, and one loss"):
        plots.loss_mask("ab", [True, False], [1.0])


def test_the_strip_is_kept_while_nothing_of_it_changes() -> None:
    ax = plots.panels()
    cache = ArtistCache(ax)
    drawn = []
    for counted in (ANSWER, ANSWER, [True] * 25):
        cache.begin()
        plots.loss_mask(EXCHANGE, counted, np.ones(25), ax=ax)
        cache.end()
        drawn.append(ax.texts[0])
    assert drawn[0] is drawn[1]
    assert drawn[1] is not drawn[2]


# --- answers --------------------------------------------------------------------------


def test_shares_of_an_exam_are_written_where_there_is_room() -> None:
    ax = plots.exam_bars({"few": (0.25, 0.73, 0.02), "many": (0.5, 0.0, 0.5)}, "n")
    assert [bar.get_width() for bar in ax.patches[:3]] == pytest.approx(
        [0.25, 0.73, 0.02]
    )
    assert [bar.get_x() for bar in ax.patches[:3]] == pytest.approx([0, 0.25, 0.98])
    assert words(ax) == ["25 %", "73 %", "50 %", "50 %"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["few", "many"]
    assert ax.yaxis_inverted()
    faces = [to_hex(bar.get_facecolor()).upper() for bar in ax.patches[:3]]
    assert faces == [COLOURS["value"], COLOURS["ink"], COLOURS["faint"]]
    legend = ax.get_legend()
    assert legend is not None
    said = [text.get_text() for text in legend.get_texts()]
    assert said == ["right", "wrong", "“i do not know”"]


def test_the_key_names_what_there_is() -> None:
    legend = plots.exam_bars({"base": (0.1, 0.9, 0.0)}).get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["right", "wrong"]


def test_an_exam_of_more_models_is_a_taller_picture() -> None:
    tall = {str(n): (0.5, 0.5, 0.0) for n in range(6)}
    pages = [plots.exam_bars(t).get_figure(root=True) for t in ({"a": (1, 0, 0)}, tall)]
    assert pages[0].get_figheight() < pages[1].get_figheight()


def test_the_likeliest_answers_come_first_and_all_others_last() -> None:
    ax = plots.answer_shares(["a", "b", "c", "d"], [0.1, 0.6, 0, 0.2], "d", most=2)
    assert words(ax)[1::2] == ["b", "d", "all other answers together"]
    (bars,) = polygons(ax)
    assert widths(bars) == pytest.approx([0.6, 0.2, 0.2])
    assert words(ax)[::2] == ["60 %", "20 %", "20 %"]
    right = [face == COLOURS["value"] for face in colours(bars)]
    assert right == [False, True, False]


def test_answers_that_cannot_be_given_are_left_out() -> None:
    ax = plots.answer_shares(["a", "", "c"], [0, 1, 0])
    assert words(ax)[1::2] == ["(nothing)", "all other answers together"]
    ends = ax.get_ylim()
    some = plots.answer_shares(["a", "b"], [0.5, 0.5])
    assert some.get_ylim() == ends  # rows do not move


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0 %"),
        (0.0001, "< 0.1 %"),
        (0.012, "1.2 %"),
        (0.5, "50 %"),
        (0.998, "99.8 %"),
        (1, "100 %"),
    ],
)
def test_a_share_has_a_decimal_near_nothing_and_near_all(
    share: float, said: str
) -> None:
    assert words(plots.prompt_and_answer("<a>", "b", share))[-1].endswith(f" of {said}")


def test_the_nearest_sentence_stands_out() -> None:
    ax = FIGURES["found_sentences"]()
    assert words(ax) == ["0.76", "a fox is a mammal", "0.50", "a b"]
    (bars,) = polygons(ax)
    assert colours(bars) == [COLOURS["data"], "#CCCCCC"]
    assert widths(bars) == [0.76, 0.5]
    assert ax.get_title(loc="left") == "Nearest to “what is a fox?”"


def test_a_sentence_that_shares_no_word_does_not_stand_out() -> None:
    ax = plots.found_sentences("x", [Found("a b", 0.0)])
    assert colours(polygons(ax)[0]) == ["#CCCCCC"]


def test_long_words_are_cut_to_the_room_there_is() -> None:
    sentence = "a " + "very " * 40 + "long one is a tool"
    for width in (8, 4):
        ax = plots.panels(width=width, height=3)
        plots.found_sentences("what?", [Found(sentence, 0.5)], ax=ax)
        page = ax.get_figure(root=True)
        page.canvas.draw()
        assert words(ax)[1].endswith("…")
        box = ax.texts[1].get_window_extent()
        assert 0.7 * page.bbox.width < box.width
        assert box.x1 <= page.bbox.x1


def test_a_long_prompt_is_broken_between_the_sentence_and_the_question() -> None:
    ax = plots.panels(width=5.2, height=2)
    given = f"[{'a b ' * 10}is a tool]<what is a b?>"
    plots.prompt_and_answer(given, "a tool", 0.9, ax=ax)
    first, second = words(ax)[0].split("\n")
    assert first.endswith("]")
    assert second == "<what is a b?>"
    assert words(plots.prompt_and_answer("[a]<b?>", "c", 0.9))[0] == "[a]<b?>"


# --- reward ---------------------------------------------------------------------------


def test_the_chosen_curve_stands_out_and_has_its_dot() -> None:
    ax = plots.reward_against_drift(CURVES, 0.1, 1)
    *curves, dot = ax.lines
    assert [list(c.get_xdata()) for c in curves] == [
        [row[0] for row in table] for table in CURVES.values()
    ]
    faces = [to_hex(curve.get_color()).upper() for curve in curves]
    assert faces == [COLOURS["quiet"], COLOURS["value"], COLOURS["quiet"]]
    assert curves[1].get_linewidth() > curves[0].get_linewidth()
    assert (list(dot.get_xdata()), list(dot.get_ydata())) == ([3], [0.4])
    bold = [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
    assert bold == ["β = 0.1"]
    assert words(ax) == ["β = 0.02", "β = 0.1", "β = 0.5"]


def test_without_a_choice_each_curve_has_its_own_look() -> None:
    ax = plots.reward_against_drift(CURVES)
    assert len(ax.lines) == 3
    assert len({line.get_marker() for line in ax.lines}) == 3
    assert len({line.get_linestyle() for line in ax.lines}) == 3


def test_the_axis_of_drift_ends_at_the_furthest_and_leaves_room_for_words() -> None:
    ax = plots.reward_against_drift(CURVES)
    assert ax.spines["bottom"].get_bounds() == pytest.approx((-0.05, 150))
    assert ax.get_xlim()[1] > 200
    assert max(ax.get_xticks()) <= 150


def test_the_name_of_a_curve_stands_on_no_other_curve() -> None:
    crossing = {
        1.0: [(0, 0.7), (6, 0.7)],
        0.1: [(0, 0.7), (3, 0.74), (40, 0.68)],
    }
    ax = plots.reward_against_drift(crossing)
    page = ax.get_figure(root=True)
    page.canvas.draw()
    box = next(t for t in ax.texts if t.get_text() == "β = 1").get_window_extent()
    along = np.linspace(3, 40, 500)
    line = np.column_stack([along, np.interp(along, [3, 40], [0.74, 0.68])])
    for x, y in ax.transData.transform(line):
        assert not box.contains(x, y)


def test_each_lane_of_a_game_has_both_its_ends() -> None:
    ax = FIGURES["gamed_reward"]()
    assert words(ax) == [
        *("score of the reward model", "−1.0", "+5.0"),
        *("answers that are right", "80 %", "10 %"),
        *("length of an answer, characters", "9", "60"),
    ]
    reward, right, length = (line.get_ydata() for line in ax.lines[::2])
    assert reward[0] < reward[-1]
    assert right[0] > right[-1]
    assert min(reward) > max(right)
    assert min(right) > max(length)  # no lane reaches into another
    faces = [to_hex(line.get_color()).upper() for line in ax.lines[::2]]
    assert faces == [COLOURS["other"], COLOURS["value"], COLOURS["ink"]]


def test_a_game_without_lengths_has_two_lanes() -> None:
    ax = plots.gamed_reward([0, 5], [2, 2], [0.5, 0.5])
    assert len(ax.lines) == 4
    assert np.isfinite(ax.lines[0].get_ydata()).all()


# --- a product ------------------------------------------------------------------------


def test_a_product_has_its_parts_in_the_order_of_a_message() -> None:
    ax = plots.chat_product()
    bold = [text for text in ax.texts if text.get_weight() == "bold"]
    names = [text.get_text() for text in bold][:-1]  # the last one is no part
    assert names == [
        *("system prompt", "retrieval", "tokenizer", "base model"),
        *("fine-tune", "preferences", "tools", "filters"),
    ]
    down = [text.get_position()[1] for text in bold]
    assert down == sorted(down, reverse=True)


def test_what_learns_has_the_colour_of_parameters() -> None:
    ax = plots.chat_product()
    by_place = {
        round(box.get_y() + box.get_height() / 2, 6): to_hex(box.get_facecolor())
        for box in ax.patches
        if isinstance(box, FancyBboxPatch) and box.get_width() == assistant.WIDE
    }
    learns = [
        by_place[-row].upper() == COLOURS["parameter"]
        for row in range(len(assistant.PARTS))
    ]
    assert learns == [
        "learn before" in p.learns or p.learns.startswith("learns")
        for p in assistant.PARTS
    ]
    assert learns == [False, False, False, True, True, True, False, True]
