"""Figures of the micro-GPT: they draw what they are given, where they are told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch
from matplotlib.text import Annotation

from course_lib import plots
from course_lib.config import GPTConfig
from course_lib.plots import gpt
from course_lib.plots.picture import png

NAME = ["bos", *"ada", "bos"]
LOWER = np.array([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.5, 0.3, 0.2]])
FIGURES: dict[str, Callable[..., Axes]] = {
    "token_strip": lambda **k: plots.token_strip(NAME, [26, 0, 3, 0, 26], **k),
    "guessing_game": lambda **k: plots.guessing_game(NAME, **k),
    "text_windows": lambda **k: plots.text_windows(["bos", *"a\nplay"], 3, **k),
    "number_grid": lambda **k: plots.number_grid(LOWER - 0.5, NAME[:3], "x", **k),
    "attention_arcs": lambda **k: plots.attention_arcs(LOWER, NAME[:3], 1, **k),
    "attention_map": lambda **k: plots.attention_map(LOWER, NAME[:3], "head", **k),
    "model_diagram": lambda **k: plots.model_diagram(GPTConfig(27).shapes(), **k),
    "loss_curve": lambda **k: plots.loss_curve([3.0, 2.0, 1.0], window=2, **k),
    "step_times": lambda **k: plots.step_times({"a": 0.01, "b": 1e-5}, ["b"], **k),
    "next_token_bars": lambda **k: plots.next_token_bars([0.2, 0.8], "ab", **k),
    "embedding_map": lambda **k: plots.embedding_map(
        [[0, 0], [1, 1]], "ab", {"vowels": "a", "consonants": "b"}, **k
    ),
    "learning_curves": lambda **k: plots.learning_curves([0, 1], [3, 2], [3, 2.5], **k),
}


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def placed(ax: Axes) -> list[tuple[str, float, float]]:
    return [(text.get_text(), *text.get_position()) for text in ax.texts]


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_draws_on_a_new_or_a_given_axes(name: str) -> None:
    alone = FIGURES[name]()
    assert isinstance(alone, Axes)
    assert len(png(alone.get_figure(root=True))) > 2_000
    left, right = plots.panels(1, 2)
    assert FIGURES[name](ax=left) is left
    assert left.has_data()
    assert not right.has_data()


def test_every_figure_of_the_module_is_tested_here() -> None:
    assert set(gpt.__all__) == set(FIGURES)


def test_each_character_stands_over_its_token() -> None:
    ax = plots.token_strip(["bos", "d"], [26, 3])
    places = {text.get_text(): text.get_position()[0] for text in ax.texts}
    assert places["bos"] == places["26"] != places["d"] == places["3"]


def test_a_document_asks_for_one_guess_less_than_it_has_tokens() -> None:
    ax = plots.guessing_game(NAME)
    arrows = [t for t in ax.texts if isinstance(t, Annotation)]
    assert len(arrows) == len(NAME) - 1
    right = max(text.get_position()[0] for text in ax.texts)
    targets = [t.get_text() for t in ax.texts if t.get_position()[0] == right]
    assert [t for t in targets if t != "what comes next"] == NAME[1:]


def test_windows_cover_a_text_and_share_the_token_where_they_meet() -> None:
    text = ["bos", *"a play"]
    ax = plots.text_windows(text, 2)
    heights = sorted({box.get_y() for box in ax.patches}, reverse=True)
    rows = [[box for box in ax.patches if box.get_y() == y] for y in heights]
    places = [[round(b.get_x() + b.get_width() / 2) for b in row] for row in rows]
    assert places == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    hollow = [[box.get_linewidth() > 0 for box in row] for row in rows]
    assert hollow == [[False, False, True]] * 3
    said = {(round(x), -y): w for w, x, y in placed(ax) if not w.startswith("window")}
    assert said == {
        (place, row): text[place] for row in range(3) for place in places[row]
    }
    assert [w for w in words(ax) if w.startswith("window")] == [
        "window 1",
        "window 2",
        "window 3",
    ]


def test_the_last_window_ends_with_the_text_and_a_line_feed_is_seen() -> None:
    ax = plots.text_windows(["bos", *"a\nb"], 2)
    assert [w for w in words(ax) if not w.startswith("window")] == [
        *["bos", "a", "↵"],
        *["↵", "b"],
    ]


def test_attention_to_what_comes_later_is_hatched_and_the_rest_is_written() -> None:
    ax = plots.attention_map(LOWER, NAME[:3])
    [later] = ax.patches
    path = later.get_path()
    cells = [(column, row) for row in range(3) for column in range(3)]
    hatched = [cell for cell in cells if path.contains_point(cell)]
    assert hatched == [(1, 0), (2, 0), (2, 1)]
    assert words(ax) == ["1.00", ".25", ".75", ".50", ".30", ".20"]


def test_the_diagram_accounts_for_every_parameter() -> None:
    said = words(plots.model_diagram(GPTConfig(27).shapes()))
    counts = [int(w.replace(",", "")) for w in said if w.replace(",", "").isdigit()]
    assert sum(counts) == 4192
    assert "4,192 parameters\nin all" in said
    assert "one layer" in said
    deeper = words(plots.model_diagram(GPTConfig(27, n_layer=3).shapes()))
    assert "one of 3 layers" in deeper


def test_the_line_is_the_mean_of_the_window_that_ends_there() -> None:
    ax = plots.loss_curve([4.0, 2.0, 1.0], {"nothing": 3.3}, window=2)
    line = ax.lines[1]
    assert list(line.get_xdata()) == [1, 2, 3]
    assert list(line.get_ydata()) == [4.0, 3.0, 1.5]
    assert words(ax) == ["nothing: 3.30"]
    assert ax.get_ylim()[1] > 3.3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1.5, "1.5 s"),
        (0.0124, "12 ms"),
        (0.001, "1 ms"),
        (7.56e-5, "76 µs"),
        (2e-7, "0.2 µs"),
    ],
)
def test_times_are_said_with_a_fitting_unit(seconds: float, said: str) -> None:
    assert said in words(plots.step_times({"one": seconds, "other": 3.0}))


def test_the_likeliest_token_is_named() -> None:
    ax = plots.next_token_bars([0.1, 0.62, 0.28], "abc")
    (label,) = ax.texts
    assert label.get_text() == "62 %"
    assert label.get_position() == (1, 0.62)


def test_letters_stand_at_their_points_in_their_groups() -> None:
    ax = FIGURES["embedding_map"]()
    assert [(t.get_text(), *t.get_position()) for t in ax.texts] == [
        ("a", 0, 0),
        ("b", 1, 1),
    ]
    vowels, consonants = ax.collections
    faces = {to_hex(group.get_facecolor()[0]) for group in (vowels, consonants)}
    assert len(faces) == 2
    assert (vowels.get_label(), consonants.get_label()) == ("vowels", "consonants")


def test_letters_that_would_cover_each_other_stand_aside_of_their_point() -> None:
    points = [[0, 0], [1, 1], [1, 1.001]]
    ax = plots.embedding_map(points, "abc", {"vowels": "a", "consonants": "bc"})
    a, b, c = (text.get_position() for text in ax.texts)
    assert a == (0, 0)
    assert abs(c[1] - b[1]) > 0.04


def test_each_verdict_stands_over_its_stretch() -> None:
    verdicts = ["random", "learning", "learning", "good"]
    ax = plots.learning_curves([0, 10, 20, 30], [3] * 4, [3, 2, 2, 1], verdicts)
    assert {t.get_text(): t.get_position()[0] for t in ax.texts} == {
        "random": 2.5,
        "learning": 15.0,
        "good": 27.5,
    }
    low, high = ax.get_ylim()
    heights = [text.get_position()[1] for text in ax.texts]
    assert all(max(3, low) < height < high for height in heights)
    assert heights[0] != heights[1]  # neighbours never cover each other


def test_hollow_bars_show_what_was_before_and_the_number_stands_over_both() -> None:
    ax = plots.next_token_bars([0.3, 0.7], "ab", before=[0.1, 0.9])
    [outline] = ax.lines
    assert np.nanmax(outline.get_ydata()) == 0.9
    [label] = ax.texts
    assert (label.get_text(), label.get_position()) == ("70 %", (1, 0.9))


def test_a_loss_curve_can_keep_its_axes_and_draws_no_more_dots_than_needed() -> None:
    for losses in ([], [3.0], np.linspace(3, 2, 30_000)):
        fixed = {"until": 30_000, "heights": (1.0, 4.0)}
        ax = plots.loss_curve(losses, {"level": 2.5}, **fixed)
        assert ax.get_xlim() == (0, 30_300)
        assert ax.get_ylim() == (1.0, 4.0)
        dots, mean = ax.lines[:2]
        assert len(dots.get_xdata()) == len(mean.get_xdata()) <= gpt.MOST_DOTS


def test_an_arc_leads_to_every_position_that_is_looked_at() -> None:
    for position in range(3):
        ax = plots.attention_arcs(LOWER, NAME[:3], position)
        arcs = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
        starts = [arc.get_path().vertices[0, 0] for arc in arcs]
        assert starts == [*range(position + 1)]
        assert {arc.get_path().vertices[-1, 0] for arc in arcs} == {position}
        widths = np.array([arc.get_linewidth() for arc in arcs])
        assert (widths - 0.4) / 8 == pytest.approx(LOWER[position, : position + 1])
        letters = [text for text in ax.texts if text.get_text() in NAME]
        bold = [text.get_text() for text in letters if text.get_weight() == "bold"]
        assert bold == [NAME[position]]
        assert [text.get_position()[0] for text in letters] == [0, 1, 2]


def test_the_chosen_row_of_an_attention_map_has_a_frame_and_its_numbers() -> None:
    weights = np.tril(np.ones((10, 10))) / np.arange(1, 11)[:, None]
    assert words(plots.attention_map(weights, "abcdefghij")) == []
    ax = plots.attention_map(weights, "abcdefghij", highlighted=3)
    assert words(ax) == [".25"] * 4
    frame, unread = ax.patches[-2:]
    assert frame.get_bbox().bounds == (-0.5, 2.5, 4, 1)
    assert unread.get_bbox().ymin > 3.5
    assert unread.get_bbox().ymax >= 9.5


def test_times_on_a_logarithmic_axis_are_dots_and_not_bars() -> None:
    ax = plots.step_times({"slow": 1.0, "fast": 1e-4}, ["fast"])
    assert not ax.patches
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [1.0, 1e-4]
    assert len({dot.get_color() for dot in dots}) == 2


@pytest.mark.parametrize(
    "name", sorted(set(FIGURES) - {"token_strip", "guessing_game", "text_windows"})
)
def test_every_axis_has_a_name(name: str) -> None:
    if name == "model_diagram":
        return
    ax = FIGURES[name]()
    assert ax.get_xlabel()
    assert ax.get_ylabel() or name == "step_times"
