"""A picture with controls: what it draws, keeps and refuses, without a browser."""

from __future__ import annotations

import gc
import threading
from itertools import pairwise

import nbformat
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.plots import panels
from course_lib.plots.static import static_artists
from course_lib.widgets import figure as figure_module
from course_lib.widgets.controls import (
    Button,
    Choice,
    Field,
    Pad,
    Preset,
    Slider,
    Toggle,
)
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.renderer import FigureRenderer, _keep_strokes
from tests.widgets.checks import Browser, check_figure, outside, same_as_full_redraw
from tools import notebooks


def line(ax: Axes, slope: float) -> str:
    ax.plot([0, 1], [0, slope])
    ax.set(xlim=(0, 1), ylim=(-3, 3))
    return f"The slope is {slope}."


def line_figure(**options: object) -> InteractiveFigure:
    slope = Slider("slope", "slope of the line", [-2, -1, 0, 1, 2], 1)
    return InteractiveFigure("line", "A line", line, [slope], **options)  # type: ignore[arg-type]


def test_a_figure_draws_at_once_and_answers_each_choice() -> None:
    figure = line_figure()
    check_figure(figure)
    assert figure.values == {"slope": 1}
    before = figure.strokes
    figure.select(slope=4)
    assert figure.summary == "The slope is 2."
    assert figure.strokes != before
    assert figure.max_width == 768


def test_the_browser_gets_its_answer_with_its_picture() -> None:
    figure = line_figure()
    figure.set_state({"selected": {"slope": 0}, "request_id": 7})
    assert (figure.response_id, figure.summary) == (7, "The slope is -2.")


@pytest.fixture
def in_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_module, "_cell_id", lambda: "abc")


@pytest.mark.usefixtures("in_a_cell")
def test_running_the_cell_again_keeps_what_was_chosen() -> None:
    line_figure().select(slope=0)
    assert line_figure().summary == "The slope is -2."


def test_figures_of_no_known_cell_share_no_choice() -> None:
    line_figure().select(slope=0)
    assert line_figure().summary == "The slope is 1."


@pytest.mark.usefixtures("in_a_cell")
def test_a_kept_choice_that_no_longer_fits_is_forgotten() -> None:
    line_figure().select(slope=4)
    fewer = InteractiveFigure(
        "line", "A line", line, [Slider("slope", "slope", [0, 1], 1)]
    )
    assert (fewer.summary, fewer.problem) == ("The slope is 1.", "")
    other = InteractiveFigure(
        "line", "A line", lambda ax, b: "b", [Toggle("b", "bold")]
    )
    assert (other.summary, other.problem) == ("b", "")


def test_what_a_learner_typed_wrong_gets_one_line_and_the_picture_stays() -> None:
    def draw(ax: Axes, number: str) -> str:
        if not number.isdigit():
            raise ValueError(f"{number!r} is no whole number: type one, such as 12")
        return number

    figure = InteractiveFigure(
        "n", "A number", draw, [Field("number", "a whole number", "3")]
    )
    before = figure.picture
    figure.select(number="x")
    assert figure.problem == "'x' is no whole number: type one, such as 12."
    assert (figure.picture, figure.summary) == (before, "3")
    figure.select(number="4")
    assert (figure.problem, figure.summary) == ("", "4")
    figure.select(number="9" * 81)
    assert figure.problem == "a whole number: at most 80 characters."


def test_a_fault_of_ours_is_one_line_and_no_traceback() -> None:
    figure = InteractiveFigure(
        "bad", "Bad", lambda ax, on: str(1 / (1 - on)), [Toggle("on", "on")]
    )
    figure.select(on=True)
    assert "could not be drawn (ZeroDivisionError: division by zero)" in figure.problem
    assert "\n" not in figure.problem


@pytest.mark.parametrize("selected", [-1, 5, 1.5, "a", None])
def test_a_choice_that_is_not_offered_is_refused(selected: object) -> None:
    figure = line_figure()
    figure.select(slope=selected)
    assert "none of 0 to 4" in figure.problem


def test_every_kind_of_control_has_a_value_and_a_spec() -> None:
    heard = []
    controls = [
        Choice("which", "which one", {"one": 1, "two": 2}, "two"),
        Toggle("on", "is it on"),
        Field("typed", "a text", "abc", examples=("d",)),
        Pad("walk", "a walk", {"n": ("North", "ArrowUp")}, max_length=3),
        Button("go", "Go", lambda: heard.append(1)),
    ]

    def draw(ax: Axes, **values: object) -> tuple[str, str]:
        ax.text(0, 0.5, "\n".join(f"{k} {v}" for k, v in values.items()))
        return f"{values}, {len(heard)}", "more"

    figure = InteractiveFigure("all", "All", draw, controls)
    check_figure(figure)
    assert figure.values == {"which": 2, "on": False, "typed": "abc", "walk": ""}
    assert [spec["kind"] for spec in figure.controls] == [c.kind for c in controls]
    assert figure.text == "more"
    figure._on_message(figure, {"press": "go"}, [])
    assert heard == [1]
    figure._on_message(figure, {"press": "which"}, [])
    figure._on_message(figure, {"press": "nothing"}, [])
    figure.select(walk="nnnnn")
    assert figure.values["walk"] == "nnn"
    figure.select(walk="x")
    assert "only the letters n" in figure.problem


def test_a_preset_moves_other_controls_and_is_left_when_one_is_moved() -> None:
    presets: dict[str, dict[str, float]]
    presets = {"my own": {}, "steep": {"slope": 2, "flip": -1}, "flat": {"slope": 0.1}}
    controls = [
        Preset("preset", "start from", presets, "my own"),
        Slider("slope", "slope", [-2, -1, 0, 1, 2], 1),
        Choice("flip", "mirror", {"no": 1, "yes": -1}, "no"),
        Toggle("bold", "bold"),
    ]

    def draw(ax: Axes, preset: object, slope: float, flip: int, bold: bool) -> str:
        ax.plot([0, 1], [0, slope * flip], lw=5 if bold else 2)
        ax.set(xlim=(0, 1), ylim=(-3, 3))
        return f"{slope * flip}, {bold}"

    figure = InteractiveFigure("preset", "A preset", draw, controls)
    check_figure(figure)
    figure.select(preset=1)
    assert figure.selected == {"preset": 1, "slope": 4, "flip": 1, "bold": False}
    assert figure.summary == "-2, False"
    figure.select(bold=True)  # not one of those it moves
    assert figure.selected["preset"] == 1
    figure.select(slope=3)
    assert figure.selected == {"preset": 0, "slope": 3, "flip": 1, "bold": True}
    figure.select(preset=2)
    assert (figure.values["slope"], figure.values["flip"]) == (0, -1)
    figure.select(preset=7)
    assert "none of 0 to 2" in figure.problem


def test_another_choice_takes_what_it_resets_back_to_its_start() -> None:
    which = Choice("land", "land", {"a": 1, "b": 2}, "a", resets=("walk", "on"))
    walk = Pad("walk", "a walk", {"n": ("North", "ArrowUp")})
    controls = [which, walk, Toggle("on", "on"), Toggle("bold", "bold")]
    figure = InteractiveFigure(
        "reset", "Reset", lambda ax, **values: str(values), controls
    )
    figure.select(walk="nn", on=True, bold=True)
    assert figure.selected == {"land": 0, "walk": "nn", "on": True, "bold": True}
    figure.select(land=1)
    assert figure.selected == {"land": 1, "walk": "", "on": False, "bold": True}
    figure.select(land=0, walk="n")  # chosen together: what was chosen counts
    assert figure.selected == {"land": 0, "walk": "n", "on": False, "bold": True}


def test_threads_may_redraw_together() -> None:
    figure = line_figure()

    def work(slope: int) -> None:
        for _ in range(5):
            figure.select(slope=slope)

    threads = [threading.Thread(target=work, args=(slope,)) for slope in (0, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figure.problem == ""
    assert figure.summary in ("The slope is -2.", "The slope is 2.")


def test_collection_is_back_after_a_picture() -> None:
    assert gc.isenabled()
    line_figure()
    assert gc.isenabled()


def test_a_page_without_a_front_end_gets_a_picture_and_no_state(tmp_path) -> None:
    code = "from course_lib.widgets import confidence\nconfidence()"
    nb = notebooks.execute(new_notebook(cells=[new_code_cell(code)]), tmp_path)
    [output] = notebooks.normalised(nb).cells[0].outputs
    assert set(output.data) == {"text/html", "text/plain"}
    words = output.data["text/html"]
    assert "Run this cell in JupyterLab and change: your probability" in words
    assert " at 0x" not in nbformat.writes(nb)


# --- what the browser gets ------------------------------------------------------------


def test_what_is_new_is_sent_and_no_more() -> None:
    figure = line_figure()
    browser, whole = Browser(figure), len(figure.picture["data"])
    assert figure.picture["new"][0][0] == 0
    figure.select(slope=4)
    assert 0 < len(figure.picture["data"]) < whole / 20
    figure.redraw()
    assert (figure.picture["new"], figure.picture["data"]) == ([], b"")
    figure.select(slope=3)  # as it was at first: the browser has it
    assert (figure.picture["new"], figure.picture["data"]) == ([], b"")
    browser.look()
    assert browser.shows(figure)


def test_who_missed_a_picture_gets_a_whole_one() -> None:
    figure = line_figure()
    late, always = Browser(figure), Browser(figure)
    for slope in (0, 4, 2):
        figure.select(slope=slope)
        always.look()
    assert always.shows(figure)
    assert not late.shows(figure)
    late.look()
    assert late.shows(figure)
    always.look()
    assert always.shows(figure)


def test_a_state_is_prepared_for_later() -> None:
    figure, sent = line_figure(), []
    figure.send = lambda content, buffers=None: sent.append((content, buffers))
    before = figure.picture, figure.summary, dict(figure.selected)
    figure._on_message(figure, {"prepare": {"slope": 4}, "stacked": False}, [])
    figure._on_message(figure, {"prepare": {"slope": 9}, "stacked": True}, [])
    (first, [data]), (second, _) = sent
    assert first["prepared"]["selected"] == {"slope": 4}
    assert first["prepared"]["summary"] == "The slope is 2."
    assert first["milliseconds"] > 0
    assert len(data) > 4
    assert "none of 0 to 4" in second["prepared"]["problem"]
    assert "strokes" not in second["prepared"]
    assert (figure.picture, figure.summary, figure.selected) == before
    figure.select(slope=4)
    assert figure.picture["data"] == b"", "the browser has it"


def test_a_figure_with_a_button_is_not_prepared() -> None:
    button = Button("go", "Go", lambda: None)
    figure = InteractiveFigure("b", "B", lambda ax: "drawn", [button])
    assert not figure.prepares
    figure.send = lambda *_: pytest.fail("it was")
    figure._on_message(figure, {"prepare": {}}, [])


@pytest.mark.parametrize("room", [10**9, 0])
def test_strokes_are_kept_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    figure = line_figure()
    browser = Browser(figure)
    monkeypatch.setitem(figure_module.BOUNDS, "picture", (room, "bytes"))
    figure.select(slope=0)
    assert (figure.picture["table"] > browser.table) is (room == 0)
    browser.look()
    assert browser.shows(figure)


# --- the renderer ---------------------------------------------------------------------


def recorded(figure: InteractiveFigure, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the kind of each artist that Matplotlib draws."""
    seen: list[str] = []
    for kind in (XAxis, YAxis, AxesImage, Line2D):
        draw = kind.draw

        def noted(self, renderer, draw=draw) -> None:
            seen.append(type(self).__name__)
            draw(self, renderer)

        monkeypatch.setattr(kind, "draw", noted)
    for ax in figure._renderer._axes:  # made before: their drawing is noted too
        for axis in (ax.xaxis, ax.yaxis):
            vars(axis).pop("draw", None)
            _keep_strokes(axis, figure._renderer._key)
    figure._renderer._n_fresh_starts += 1
    figure.redraw()
    seen.clear()
    return seen


def test_axes_are_recorded_anew_only_when_they_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wider(ax: Axes, end: int, height: float) -> str:
        ax.plot([0, end], [0, height])
        ax.set(xlim=(0, end), ylim=(0, 1))
        return f"{end} {height}"

    end, height = Slider("end", "end", [1, 2, 3], 1), Slider("height", "h", [0, 1], 1)
    figure = InteractiveFigure("w", "Wider", wider, [end, height])
    check_figure(figure)
    seen = recorded(figure, monkeypatch)
    figure.select(height=0)
    assert {"XAxis", "YAxis"}.isdisjoint(seen)
    figure.select(end=2)
    assert {"XAxis", "YAxis"} <= set(seen)


def test_a_static_artist_is_kept_until_it_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @static_artists
    def image(ax: Axes, pixels: np.ndarray) -> None:
        ax.imshow(pixels, extent=(0, 3, 0, 3))

    def draw(ax: Axes, field: int, x: int) -> str:
        pixels = np.arange(4.0).reshape(2, 2)
        pixels[1, 1] += 1e-9 * field  # one number of one array
        image(ax, pixels)
        ax.plot(x, 1, "o", color="red", markersize=20)
        ax.set(xlim=(0, 3), ylim=(0, 3), aspect="equal")
        return f"{field} {x}"

    fields = Slider("field", "field", [0, 1], 0), Slider("x", "x", [1, 2], 1)
    figure = InteractiveFigure("s", "Static", draw, fields)
    renderer, seen = figure._renderer, recorded(figure, monkeypatch)
    images, drawn = [renderer.axes.images[0]], []
    for chosen in ({"x": 1}, {"field": 1}, {"x": 0}, {"field": 0}):
        seen.clear()
        figure.select(**chosen)
        assert not figure.problem, figure.problem
        assert len(renderer.axes.images) == 1
        images.append(renderer.axes.images[0])
        drawn.append("AxesImage" in seen)
    assert [a is b for a, b in pairwise(images)] == [True, False, True, False]
    assert drawn == [False, True, False, True]


def test_panels_insets_and_words_on_the_figure_are_drawn_and_cleared() -> None:
    def draw(axes: np.ndarray, n: int) -> str:
        axes[0].plot([0, 1])
        axes[0].inset_axes((0.5, 0.1, 0.4, 0.4)).plot([0, n])
        axes[1].plot([n, 0])
        axes[1].set(ylim=(0, 2))
        axes[0].get_figure(root=True).text(0.5, 0.5, f"n is {n}")
        return f"{n}"

    figure = InteractiveFigure(
        "p", "Panels", draw, [Slider("n", "n", [1, 2], 1)], axes=panels(1, 2)
    )
    check_figure(figure)
    assert len(figure._renderer.figure.axes) == 2
    assert len(figure._renderer.figure.texts) == 1


def test_nothing_of_the_drawing_before_is_left() -> None:
    def draw(ax: Axes, how: str) -> str:
        ax.plot([1, 2, 3], [1, 4, 9])
        if how == "all":
            ax.set(title="squares", xlabel="x", ylabel="y", xlim=(3, 0))
            ax.set_title("right", loc="right")
            ax.invert_yaxis()
            ax.legend(["one"])
            ax.margins(0.4)
        elif how == "square":
            ax.set_aspect("equal")
        elif how == "bare":
            ax.axis("off")
        return how

    hows = {name: name for name in ("all", "none", "bare", "square", "none again")}
    check_figure(
        InteractiveFigure("how", "How", draw, [Choice("how", "how", hows, "all")])
    )


def test_with_little_room_it_is_laid_out_anew() -> None:
    def draw(axes: np.ndarray, n: int) -> str:
        for ax in axes:
            ax.plot([0, n])
        return f"{n}"

    renderer = FigureRenderer(panels(1, 2, width=10, height=4), draw)  # 960 pixels
    first = renderer.frame({"n": 1})
    assert (renderer.width, first.size, first.message) == (960, (960, 384), "1")
    assert renderer.frame({"n": 1}, stacked=True).size == pytest.approx((499.2, 576))
    above, below = (ax.get_position() for ax in renderer.axes)
    assert above.y0 > below.y1
    assert above.x0 < 0.2
    assert renderer.frame({"n": 1}) == first, "and back, as if nothing had been"


def test_a_slim_panel_stays_beside_the_one_before_it() -> None:
    axes = panels(1, 3, width=10, height=4)
    axes[0].get_gridspec().set_width_ratios([5.0, 0.3, 4.0])
    renderer = FigureRenderer(axes, lambda axes: "")
    renderer.frame({}, stacked=True)
    wide, gauge, below = (ax.get_position() for ax in axes)
    assert gauge.x0 > wide.x1
    assert gauge.y0 == pytest.approx(wide.y0)
    assert below.y1 < wide.y0


def test_the_next_figure_knows_the_page_of_the_last() -> None:
    figure = line_figure()
    figure.set_state({"stacked": True, "request_id": 1})
    assert line_figure().picture["stacked"]


def test_words_outside_and_a_stale_picture_are_noticed() -> None:
    def draw(ax: Axes, x: float) -> str:
        ax.text(x, 0.5, "far out", transform=ax.transAxes)
        return f"{x}"

    figure = InteractiveFigure("o", "Out", draw, [Slider("x", "x", [0.5, 1.02], 0.5)])
    assert outside(figure) == []
    figure.select(x=1)
    assert outside(figure) == ["far out"]
    picture = line_figure()
    picture.select(slope=0)
    first = picture._state
    picture.select(slope=4)
    picture._state = first
    with pytest.raises(AssertionError, match="not as drawn from nothing"):
        same_as_full_redraw(picture, "")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"stacked": True}, ("stacked", True)),
        ({"stacked": 1}, ("stacked", False)),
        ({"stacked": "yes"}, ("stacked", False)),
        ({"request_id": 2**53}, ("request_id", 0)),
        ({"request_id": None}, ("request_id", 0)),
        ({"selected": []}, ("selected", {"n": 0})),
        ({"selected": {"other": 1}}, ("selected", {"n": 0})),
        ({"summary": "not yours", "controls": 5}, ("summary", "0")),
    ],
)
def test_a_browser_sets_what_is_its_own_within_bounds(
    sent: dict[str, object], kept: tuple[str, object]
) -> None:
    slider = Slider("n", "n", [0, 1], 0)
    made = InteractiveFigure("bounds", "Bounds", lambda ax, n: f"{n}", [slider])
    made.set_state(sent)
    assert getattr(made, kept[0]) == kept[1]
    assert made.problem == ""


@pytest.mark.parametrize(
    "message", [None, 5, [], "press", {"press": {}}, {"press": 1}, {"prepare": 7}]
)
def test_a_message_that_means_nothing_is_ignored(message: object) -> None:
    made = InteractiveFigure("m", "M", lambda ax, b: f"{b}", [Toggle("b", "b")])
    made._handle_custom_msg(message, [])
    assert (made.summary, made.problem) == ("False", "")
