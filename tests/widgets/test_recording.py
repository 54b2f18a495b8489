"""Recordings: bounded, the same bytes each time, and what the live figure shows."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from course_lib.plots import panels
from course_lib.widgets import recorded_page, recording
from course_lib.widgets.controls import (
    Button,
    Choice,
    Control,
    Draggables,
    Field,
    Pad,
    Points,
    Preset,
    Replay,
    Slider,
    Toggle,
    Turns,
)
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle, end_slider
from course_lib.widgets.recording import Recording, record
from tests.widgets.checks import Browser


def line(ax: Axes, **values: Any) -> str:
    """Draw a line whose height and words tell the values."""
    ax.set(xlim=(0, 1), ylim=(0, 100))
    ax.axhline(zlib.crc32(repr(values).encode()) % 100)
    return " ".join(f"{name}={value!r}" for name, value in values.items()) + "."


def figure(
    *controls: Control,
    draw: Callable[..., Any] = line,
    replay: Callable[[], Replay] | None = None,
    width: float = 3,
) -> InteractiveFigure:
    axes = panels(width=width, height=2)
    return InteractiveFigure("small", "Small", draw, controls, axes, replay=replay)


def slider(name: str, n: int, start: int = 0) -> Slider:
    return Slider(name, f"slider {name}", range(n), start)


def counts(found: Recording) -> dict[str, int]:
    specs = {spec["name"]: spec for spec in found.header["controls"]}
    return {name: len(specs[name].get("texts", [0, 1])) for name in specs}


# --- the states -----------------------------------------------------------------------


def test_one_slider_keeps_its_whole_range() -> None:
    found = record(figure(slider("a", 30, start=7)))
    assert [words[0] for words in found.header["words"]] == [
        f"a={i}." for i in range(30)
    ]
    assert found.header["selected"] == {"a": 7}
    assert found.header["note"] == ""


@pytest.mark.parametrize(
    ("n", "start", "most", "kept"),
    [
        (10, 0, 10, range(10)),
        (9, 3, 4, [0, 3, 5, 8]),
        (9, 4, 3, [0, 4, 8]),
        (9, 7, 3, [0, 7, 8]),
        (101, 50, 5, [0, 25, 50, 75, 100]),
        (101, 30, 5, [0, 30, 33, 67, 100]),
    ],
)
def test_a_thinned_slider_keeps_its_start_and_both_ends(
    n: int, start: int, most: int, kept: list[int]
) -> None:
    thinned = slider("a", n, start).thinned(most)
    assert [*thinned.stops] == [*kept]
    assert thinned.stops[thinned.default] == start


@pytest.mark.parametrize("n", range(3, 40))
def test_a_thinned_slider_has_never_too_many_stops(n: int) -> None:
    for most, start in product(range(3, n + 1), range(n)):
        stops = slider("a", n, start).thinned(most).stops
        assert {0, start, n - 1} <= {*stops}
        assert len(stops) in (most - 1, most)


def test_several_sliders_are_thinned_to_the_bound() -> None:
    found = record(figure(slider("a", 40), slider("b", 40), Toggle("t", "t")))
    assert counts(found) == {"a": 16, "b": 16, "t": 2}  # 17 * 17 * 2 would be 578
    assert math.prod(counts(found).values()) == recording.MOST_STATES
    assert found.header["note"].endswith("In JupyterLab its sliders have more stops.")


def test_options_count_up_to_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {str(i): i for i in range(6)}
    controls = (Choice("c", "c", names, "2"), Toggle("t", "t"))
    monkeypatch.setattr(recording, "MOST_STATES", 12)
    assert len(record(figure(*controls)).header["words"]) == 12
    monkeypatch.setattr(recording, "MOST_STATES", 11)
    with pytest.raises(ValueError, match="small: a recording would have 12 states"):
        record(figure(*controls))


def test_states_are_numbered_with_the_last_control_the_fastest() -> None:
    names = {"x": 10, "y": 20}
    found = record(
        figure(Choice("c", "c", names, "y"), Toggle("t", "t", True), slider("a", 2))
    )
    assert found.header["order"] == ["c", "t", "a"]
    assert found.header["selected"] == {"c": 1, "t": True, "a": 0}
    assert [words[0] for words in found.header["words"]] == [
        f"c={c} t={t} a={a}." for c, t, a in product((10, 20), (False, True), (0, 1))
    ]


def test_texts_become_choices_and_buttons_go() -> None:
    text = Field("text", "a word", "", 9, ("yes", "no"))
    walk = Pad("walk", "a walk", {"n": ("North", "n")}, "n", examples=("nn",))
    found = record(figure(text, walk, Button("go", "Go", lambda: None)))
    specs = {spec["name"]: spec for spec in found.header["controls"]}
    assert {name: spec["kind"] for name, spec in specs.items()} == {
        "text": "choice",
        "walk": "choice",
    }
    assert specs["text"]["label"] == "try: a word"
    assert specs["text"]["texts"] == ["(nothing)", "yes", "no"]
    assert found.header["words"][2][0] == "text='yes' walk='n'."
    more = "In JupyterLab you can also change: a word; a walk; Go."
    assert found.header["note"].endswith(more)


def test_a_preset_sets_others_and_is_not_counted() -> None:
    preset = Preset("p", "p", {"own": {}, "high": {"a": 4, "b": 3}}, "own")
    found = record(figure(preset, slider("a", 5), slider("b", 4)))
    assert found.header["order"] == ["a", "b"]
    assert len(found.header["words"]) == 20
    (spec,) = (one for one in found.header["controls"] if one["name"] == "p")
    assert spec["sets"] == [{}, {"a": 4, "b": 3}]
    assert spec["preset"]


def test_a_replay_says_what_is_recorded() -> None:
    steps = slider("step", 3)

    def draw(ax: Axes, step: int) -> tuple[str, str]:
        return line(ax, a=step, b=9), f"text {step}"

    mine = figure(
        slider("a", 100), slider("b", 100), replay=lambda: Replay([steps], draw)
    )
    found = record(mine)
    assert found.header["words"] == [[f"a={i} b=9.", f"text {i}", ""] for i in range(3)]
    more = "you can also change: slider a; slider b."
    assert found.header["note"].endswith(more)
    mine.redraw()
    assert mine.summary == "a=0 b=0.", "and the live figure draws what it did"


def test_controls_left_out_stay_at_their_start() -> None:
    a, b = slider("a", 3), slider("b", 9, start=5)
    mine = figure(a, b, replay=lambda: Replay([a]))
    mine.select(b=1)
    words = [one[0] for one in record(mine).header["words"]]
    assert words == ["a=0 b=5.", "a=1 b=5.", "a=2 b=5."]


def test_what_cannot_be_drawn_is_a_problem_of_its_state() -> None:
    def draw(ax: Axes, a: int) -> str:
        if a == 1:
            raise ValueError("one is refused")
        return line(ax, a=a)

    header = record(figure(slider("a", 3), draw=draw)).header
    assert header["words"][1] == ["", "", "one is refused."]
    assert [bool(frame) for frame in header["layouts"][0]["frames"]] == [1, 0, 1]


def test_its_start_must_be_drawn() -> None:
    def draw(ax: Axes, a: int) -> str:
        if a == 1:
            raise ValueError("one is refused")
        return line(ax, a=a)

    live = figure(slider("a", 3, start=1), draw=draw)
    with pytest.raises(ValueError, match=r"small: .* cannot be drawn: one is refused"):
        record(live)


def test_a_fault_of_ours_ends_the_build() -> None:
    def draw(ax: Axes, a: int) -> str:
        return line(ax, a=1 / (2 - a))

    with pytest.raises(ZeroDivisionError):
        record(figure(slider("a", 3), draw=draw))


# --- the pictures ---------------------------------------------------------------------


def frame(found: Recording, number: int, layout: int = 0) -> list[bytes]:
    numbers = found.header["layouts"][layout]["frames"][number]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [found.strokes[first + i] for first, n in pairs for i in range(n)]


@pytest.mark.parametrize("stacked", [False, True])
def test_it_shows_what_the_live_figure_shows(stacked: bool) -> None:
    def draw(axes: np.ndarray, a: int, b: int) -> str:
        for ax, value in zip(axes, (a, b), strict=True):
            ax.plot([0, value], [0, 1], "o-")
            ax.imshow(np.eye(3) * value, extent=(0, 1, 0, 1))
        return f"{a}, {b}"

    controls = slider("a", 5), slider("b", 4)
    both = panels(1, 2, width=9)
    live = InteractiveFigure("small", "Small", draw, controls, both)
    found = record(live)
    assert len(found.header["layouts"]) == 2
    live.redraw()
    table = [stroke[:1] for stroke in live.renderer.table.strokes]
    assert table
    for number, (a, b) in enumerate(product(range(5), range(4))):
        live.select(a=a, b=b)
        shown = live.renderer.frame({"a": a, "b": b}, stacked=stacked)
        new = [live.renderer.table.strokes[k] for k in shown.strokes]
        old = frame(found, number, int(stacked))
        assert [one[:1] for one in old] == [one[:1] for one in new]
        assert [len(one) for one in old] == [len(one) for one in new]
        assert found.header["layouts"][int(stacked)]["size"] == [*shown.size]


def test_the_live_figure_goes_on_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = figure(slider("a", 9))
    browser = Browser(live)
    live._repr_mimebundle_()
    assert [*tmp_path.iterdir()] == []
    monkeypatch.setenv(recording.RECORDINGS, str(tmp_path))
    live._repr_mimebundle_()
    (path,) = tmp_path.iterdir()
    assert path.name == "small.strokes"
    assert Recording.from_bytes(path.read_bytes()).header["name"] == "small"
    for a in (0, 5, 8):
        live.select(a=a)
        browser.look()
        assert browser.shows(live)


def test_a_handle_sets_what_is_recorded() -> None:
    a, b = slider("a", 9), slider("b", 9)

    def draw(ax: Axes, a: int, b: int) -> str:
        ax.set(xlim=(0, 8), ylim=(0, 8))
        add_handle(ax, "both").across("a", range(9)).up("b", range(9))
        add_handle(ax, "b alone").up("b", range(9))
        return f"{a}, {b}"

    kept = a.thinned(3)
    found = record(figure(a, b, draw=draw, replay=lambda: Replay([kept])))
    packed = [one for one in frame(found, 0) if b'"both"' in one]
    assert len(packed) == 1
    assert b'"states":[0,1,2]' in packed[0]
    assert b'"b"' not in packed[0]
    assert not [one for one in found.strokes if b"b alone" in one]


# --- the bytes ------------------------------------------------------------------------


def test_bytes_are_read_again_and_always_the_same() -> None:
    found = record(figure(slider("a", 5), Toggle("t", "é")))
    data = found.to_bytes()
    again = Recording.from_bytes(data)
    assert again.header == found.header
    assert again.strokes == found.strokes
    other = figure(slider("a", 5), Toggle("t", "é"))
    other.select(a=3)
    assert record(other).to_bytes() == data


def test_another_version_is_refused() -> None:
    data = Recording({"version": 2}, []).to_bytes()
    with pytest.raises(ValueError, match="version 2, and 1 was expected"):
        Recording.from_bytes(data)


def test_what_is_too_large_loses_a_layout_and_then_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = record(figure(slider("a", 20), width=8))
    assert len(both.header["layouts"]) == 2
    assert both.header["layouts"][0]["size"] != both.header["layouts"][1]["size"]
    size = len(both.to_bytes())
    monkeypatch.setattr(recording, "MOST_BYTES", size)
    assert len(record(figure(slider("a", 20), width=8)).header["layouts"]) == 2
    monkeypatch.setattr(recording, "MOST_BYTES", size - 1)
    wide = record(figure(slider("a", 20), width=8))
    assert len(wide.header["layouts"]) == 1
    used = max(sum(pair) for pair in zip(*[iter(_numbers(wide))] * 2, strict=True))
    assert used == len(wide.strokes), "and its strokes went with it"
    size = len(wide.to_bytes())
    monkeypatch.setattr(recording, "MOST_BYTES", size)
    assert len(record(figure(slider("a", 20), width=8)).header["layouts"]) == 1
    monkeypatch.setattr(recording, "MOST_BYTES", size - 1)
    with pytest.raises(ValueError, match=f"small: the recording takes {size:,} bytes"):
        record(figure(slider("a", 20), width=8))


def _numbers(found: Recording) -> list[int]:
    return [n for one in found.header["layouts"][0]["frames"] for n in one]


# --- the still ------------------------------------------------------------------------


def test_a_still_is_found_again_with_its_words() -> None:
    data = InteractiveFigure(
        "small", "A & <b>", line, [slider("a", 5)], panels(width=3, height=2)
    )._repr_mimebundle_()[0]
    found = recorded_page.STILL.fullmatch(data["text/html"])
    assert found
    assert found["name"] == "small"
    assert 'alt="A &amp; &lt;b&gt;. a=0."' in found[0]
    assert "A &amp; &lt;b&gt;: an interactive figure." in found[0]
    assert found[0].endswith("change: slider a.</figcaption></figure>")


def test_the_script_of_a_page_is_no_module() -> None:
    code = recorded_page.script()
    assert code.startswith("(() => {")
    assert "export" not in code.replace("// export", "")
    assert "</script" not in code
    assert "http" not in code


def test_a_recording_is_found_by_its_name_alone() -> None:
    assert recorded_page.find("no_such_figure") is None


def test_what_has_no_few_states_is_left_at_its_start() -> None:
    places = {"one": (1.0, 2.0)}
    drags = Draggables("drag", "drag it", places, slider("x", 9), slider("y", 9))
    paint = Points("paint", "paint", ("a", "b"), [(1, 1, 0)], ((0, 0), (1, 1)))
    turns = Turns("turns", "turn it", {"arm": 0}, ["0", "1"])
    found = record(figure(drags, paint, turns, slider("a", 3)))
    assert counts(found) == {"a": 3}
    assert found.header["note"].endswith("also change: drag it; paint; turn it.")
    assert "[[1., 2.]]" in found.header["words"][0][0]


def test_a_handle_that_turns_needs_every_stop() -> None:
    a = slider("a", 8)

    def draw(ax: Axes, a: int) -> str:
        ax.set(xlim=(0, 8), ylim=(0, 8))
        add_handle(ax, "around", (1, 1)).around("a", np.arange(8) / 9, (0, 0))
        return f"{a}"

    assert [one for one in frame(record(figure(a, draw=draw)), 0) if b"around" in one]
    thin = figure(a, draw=draw, replay=lambda: Replay([a.thinned(4)]))
    assert not [one for one in record(thin).strokes if b"around" in one]


def test_a_slider_ends_where_the_recorded_one_does() -> None:
    a, b = slider("a", 9), slider("b", 9)

    def draw(ax: Axes, a: int, b: int) -> str:
        end_slider(ax, "a", 7)
        end_slider(ax, "b", 3)
        return f"{a}, {b}"

    thin = figure(a, b, draw=draw, replay=lambda: Replay([a.thinned(3)]))
    found = record(thin)
    ends = [one for one in frame(found, 0) if b'"end"' in one]
    assert [json.loads(one[1:]) for one in ends] == [{"end": {"a": 1}}]  # 0, 4, 8
