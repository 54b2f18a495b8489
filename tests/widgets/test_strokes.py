"""Strokes: what Matplotlib draws, recorded once each, small, and the same each time."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_lib.plots import panels
from course_lib.plots.parts import HALO, smooth_image
from course_lib.plots.style import styled
from course_lib.widgets.handles import add_handle
from course_lib.widgets.renderer import FigureRenderer
from course_lib.widgets.strokes import (
    HANDLE,
    IMAGE,
    MARKERS,
    PATH,
    SHAPE,
    TEXT,
    StrokeCanvas,
    StrokeTable,
)


def recorded(draw: Any, width: float = 4, height: float = 3) -> list[bytes]:
    """Return the strokes of Axes without a frame, on which a function has drawn."""
    ax = panels(width=width, height=height)
    ax.axis("off")
    ax.set(xlim=(0, 10), ylim=(0, 10))
    draw(ax)
    table = StrokeTable()
    with styled():
        renderer = StrokeCanvas(ax.figure, table).get_renderer()
        ax.figure.draw(renderer)
    return [table.strokes[k] for k in renderer.frame][1:]  # but the figure's ground


def kinds(strokes: list[bytes]) -> list[int]:
    return [stroke[0] for stroke in strokes]


def test_each_artist_becomes_strokes_of_its_kind() -> None:
    def draw(ax: Axes) -> None:
        ax.plot([1, 2], [1, 2], zorder=1)
        ax.plot([1, 2], [1, 2], "o", zorder=2)
        ax.imshow(np.eye(3), interpolation="none", zorder=3)
        ax.text(1, 1, "words", zorder=4)

    assert kinds(recorded(draw)) == [PATH, MARKERS, IMAGE, TEXT]


def test_equal_strokes_have_one_number() -> None:
    table = StrokeTable()
    first, other = table.add(b"\1a"), table.add(b"\1b", (0,))
    assert table.add(b"\1a") == first
    assert (first, other, table.n_bytes) == (0, 1, 4)
    assert table.needed([other]) == [0, 1]


def test_points_in_one_look_are_one_stroke() -> None:
    xs = np.linspace(1, 9, 50)
    assert len(recorded(lambda ax: ax.scatter(xs, xs, s=40, color="red"))) == 1
    two = np.where(np.arange(50) < 25, "red", "blue")
    assert len(recorded(lambda ax: ax.scatter(xs, xs, s=40, color=two))) == 2


def test_a_text_with_a_halo_is_glyphs_too() -> None:
    def draw(ax: Axes) -> None:
        ax.text(1, 5, "haloed words", path_effects=HALO)

    strokes = recorded(draw)
    assert kinds(strokes) == [TEXT, TEXT]
    assert sum(map(len, strokes)) < 600


def test_an_image_is_as_large_as_its_data() -> None:
    pixels = np.zeros((8, 6, 4), np.uint8)
    pixels[..., 3], pixels[:4, :, 0] = 255, 200
    sharp, smooth = (
        recorded(lambda ax: ax.imshow(pixels, interpolation="none")),
        recorded(lambda ax: smooth_image(ax, pixels)),
    )
    for strokes, blends in ((sharp, False), (smooth, True)):
        [image] = strokes
        at = 1 + 1 + 8 + 24 if image[1] & 1 else 1 + 1 + 24
        smoothed, width, height, n_colours = struct.unpack_from("<B3H", image, at)
        assert (bool(smoothed), width, height, n_colours) == (blends, 6, 8, 2)
        assert len(image) == at + 7 + 4 * 2 + 48


@pytest.mark.parametrize(("side", "limit"), [(16, 1400), (17, 1500)])
def test_an_image_of_many_colours_keeps_each(side: int, limit: int) -> None:
    values = np.arange(side * side)
    pixels = np.full((side, side, 4), 255, np.uint8)
    pixels[..., 0], pixels[..., 1] = (values % 256).reshape(side, -1), side
    pixels[..., 2] = (values // 256).reshape(side, -1)
    [image] = recorded(lambda ax: ax.imshow(pixels, interpolation="none"))
    assert len(image) < limit  # 256 colours and their numbers, or 4 bytes a pixel


def test_what_is_far_outside_is_no_wrong_number() -> None:
    def draw(ax: Axes) -> None:
        ax.plot([-1e9, 1e9], [5, 5])
        ax.add_patch(Rectangle((-1e4, -1e4), 2e4, 2e4))

    patch, line = recorded(draw)  # from back to front
    assert len(line) < 40  # cut to the figure
    assert len(patch) > 40  # in i32


def test_nothing_to_draw_is_no_stroke() -> None:
    def draw(ax: Axes) -> None:
        ax.plot([], [], "o-")
        ax.plot([np.nan, 1], [1, np.nan], "o")
        ax.text(1, 1, " ")
        ax.scatter([], [])

    assert recorded(draw) == []


def test_a_drawing_gives_the_same_strokes_each_time() -> None:
    def draw(ax: Axes) -> None:
        ax.plot([1, 2, 3], [3, 1, 2], "--")
        ax.fill_between([1, 2], [1, 2], hatch="//", alpha=0.4)
        ax.text(1, 1, r"$\frac{a}{b}$")

    assert recorded(draw) == recorded(draw)


def test_a_dashed_line_moved_by_a_pixel_is_another_stroke() -> None:
    one, other = (
        recorded(lambda ax, x=x: ax.plot([1, x], [1, 2], "--")) for x in (5, 5.1)
    )
    assert one != other
    assert len(one[0]) == len(other[0])


def test_a_static_figure_of_the_same_axes_is_drawn_by_matplotlib_itself() -> None:
    def draw(ax: Axes) -> str:
        ax.plot([0, 1], [0, 1])
        return "a line"

    ax = panels(width=3, height=2)
    renderer = FigureRenderer(ax, draw)
    first = renderer.frame({})
    with styled():
        figure = ax.get_figure(root=True)
        figure.savefig(file := io.BytesIO(), format="png", dpi=50)
    assert file.getvalue().startswith(b"\x89PNG")
    assert renderer.frame({}).strokes == first.strokes


def test_a_handle_stands_in_pixels_of_the_figure() -> None:
    def draw(ax: Axes, n: int) -> str:
        ax.set(xlim=(0, 4), ylim=(1, 1000), yscale="log")
        add_handle(ax, "pull", (n, 10)).slide("n", [1, 2, 3], lambda x: (x, 10))
        add_handle(ax, "anywhere").across("n", [1, 2, 3])
        return "handles"

    ax = panels(width=5, height=4)
    renderer = FigureRenderer(ax, draw)
    for n in (1, 2):
        frame = renderer.frame({"n": n})
        found = [renderer.table.strokes[k] for k in frame.strokes]
        assert sum(stroke[0] == HANDLE for stroke in found) == 2
        x, y = ax.transData.transform((n, 10))
        spot = next(s for s in found if b"pull" in s)
        assert f'"at":[{round(x, 1)},{round(384 - y, 1)}]'.encode() in spot
    assert all(stroke[0] != SHAPE for stroke in found), "shapes are referred to"
