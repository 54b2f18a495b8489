"""A recorded frame as PNG, for pages that run no scripts.

The strokes are read as ``strokes.js`` reads them, and painted by Agg, the renderer that
Matplotlib draws static figures with. That takes a tenth of drawing the figure again.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox, TransformedPath
from PIL import Image

from course_lib.widgets import strokes

__all__ = ["painted", "png"]

PIXEL_RATIO = 1.5  # pixels of a PNG per CSS pixel
NEARLY_WHITE = 252  # what the palette makes of 255
CAPS = {number: name for name, number in strokes.CAPS.items()}
JOINS = {number: name for name, number in strokes.JOINS.items()}


def png(
    table: Sequence[bytes], frame: Sequence[int], size: tuple[float, float]
) -> bytes:
    """Return a frame as the bytes of a PNG with a palette, always the same ones."""
    packed = io.BytesIO()
    image = Image.fromarray(painted(table, frame, size, PIXEL_RATIO)).convert("RGB")
    method = Image.Quantize.FASTOCTREE  # a tenth of the default's time
    image = image.quantize(256, method=method, dither=Image.Dither.NONE)
    palette = np.array(image.getpalette(), "u1")
    palette[palette >= NEARLY_WHITE] = 255
    image.putpalette(palette.tolist())
    image.save(packed, format="png")
    return packed.getvalue()


def painted(
    table: Sequence[bytes],
    frame: Sequence[int],
    size: tuple[float, float],
    ratio: float = 1.0,
) -> np.ndarray:
    """Return the pixels of a frame: (height, width, 4) bytes RGBA.

    table: strokes by number. frame: those to paint, in this order. size: of the figure
    in CSS pixels. ratio: pixels for each of them.
    """
    painter = _Painter(table, size, ratio)
    for number in frame:
        painter.paint(number)
    return np.array(painter.agg.buffer_rgba())


class _Painter:
    def __init__(
        self, table: Sequence[bytes], size: tuple[float, float], ratio: float
    ) -> None:
        width, height = (round(side * ratio) for side in size)
        self.agg: Any = RendererAgg(width, height, 72)  # so that points are pixels
        self.table, self.ratio, self.height = table, ratio, height
        self.place = Affine2D().scale(ratio, -ratio).translate(0, height)
        self.shapes: dict[int, Path] = {}

    def paint(self, number: int) -> None:
        reader = _Reader(self.table[number])
        kind = reader.take("B")
        if kind == strokes.PATH:
            gc, face = self.style(reader)
            path = reader.outline()
            self.agg.draw_path(gc, path, self.place, face)
        elif kind == strokes.MARKERS:
            gc, face = self.style(reader)
            shape, n = self.shape(reader.take("I")), reader.take("I")
            at = Path(reader.numbers("<i4", 2 * n).reshape(n, 2) * strokes.UNIT)
            own = Affine2D().scale(self.ratio, -self.ratio)
            self.agg.draw_markers(gc, shape, own, at, self.place, face)
        elif kind == strokes.IMAGE:
            self.image(reader)
        elif kind == strokes.TEXT:
            gc, face = self.style(reader)
            place = Affine2D(reader.matrix()) + self.place
            items = reader.numbers("<u4,<f4,<f4,<f4", reader.take("H"))
            parts = [
                self.shape(int(shape)).transformed(Affine2D().scale(s).translate(x, y))
                for shape, x, y, s in items
            ]
            self.agg.draw_path(gc, Path.make_compound_path(*parts), place, face)

    def shape(self, number: int) -> Path:
        if number not in self.shapes:
            reader = _Reader(self.table[number])
            assert reader.take("B") == strokes.SHAPE
            self.shapes[number] = reader.outline()
        return self.shapes[number]

    def style(self, reader: _Reader) -> tuple[GraphicsContextBase, Any]:
        """Return what a stroke is drawn with: a context, and the colour of its face."""
        gc = self.agg.new_gc()
        flags = reader.take("B")
        face = reader.colour() if flags & strokes.FILLED else None
        gc.set_snap(bool(flags & strokes.SNAPPED))
        gc.set_linewidth(0)
        if flags & strokes.EDGED:
            gc.set_foreground(reader.colour(), isRGBA=True)
            gc.set_linewidth(reader.take("f") * self.ratio)
            cap, join = divmod(reader.take("B"), 3)
            gc.set_capstyle(CAPS[cap])
            gc.set_joinstyle(JOINS[join])
        if flags & strokes.DASHED:
            n, offset = reader.take("B"), reader.take("f")
            spans = reader.numbers("<f4", n) * self.ratio
            gc.set_dashes(offset * self.ratio, spans.tolist())
        self.clip(gc, reader)
        return gc, face

    def clip(self, gc: GraphicsContextBase, reader: _Reader) -> None:
        flags = reader.take("B")
        if flags & strokes.BOX:
            left, top, width, height = (
                reader.numbers("<i2", 4) * strokes.CLIP_UNIT * self.ratio
            )
            bottom = self.height - top - height
            gc.set_clip_rectangle(Bbox.from_bounds(left, bottom, width, height))
        if flags & strokes.OUTLINE:
            shape = self.shape(reader.take("I"))
            gc.set_clip_path(TransformedPath(shape, self.place))

    def image(self, reader: _Reader) -> None:
        gc = self.agg.new_gc()
        self.clip(gc, reader)
        matrix = reader.matrix()
        smooth, width, height, n_colours = (reader.take(form) for form in "BHHH")
        colours = reader.numbers("<u4", n_colours or width * height)
        if n_colours:
            colours = colours[reader.numbers("u1", width * height)]
        whole = Image.fromarray(colours.view("u1").reshape(height, width, 4))
        place = Bbox([matrix[:2, 2], matrix[:2, :2].sum(axis=1) + matrix[:2, 2]])
        left, top, right, bottom = (np.array(place.extents) * self.ratio).round()
        method = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
        sides = max(1, int(right - left)), max(1, int(bottom - top))
        if matrix[0, 0] < 0:
            whole = whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if matrix[1, 1] < 0:
            whole = whole.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        pixels = np.array(whole.resize(sides, method))[::-1]
        self.agg.draw_image(gc, left, self.height - bottom, pixels)


class _Reader:
    """Reads one stroke from its start; the grammar stands in ``strokes.py``."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> Any:
        (value,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def numbers(self, kind: str, n: int) -> np.ndarray:
        found = np.frombuffer(self.data, kind, n, self.at)
        self.at += found.nbytes
        return found

    def colour(self) -> tuple[float, ...]:
        return tuple(self.numbers("u1", 4) / 255)

    def matrix(self) -> np.ndarray:
        return np.vstack([self.numbers("<f4", 6).reshape(3, 2).T, [0, 0, 1]])

    def outline(self) -> Path:
        form, n = self.take("B"), self.take("I")
        codes = None
        if form & strokes.CODED:
            codes = self.numbers("u1", n)
        unit = strokes.GLYPH_UNIT if form & strokes.GLYPH else strokes.UNIT
        wide = form & strokes.WIDE
        points = self.numbers("<i4" if wide else "<i2", 2 * n).reshape(n, 2) * unit
        if form & strokes.CLOSED:
            if codes is None:
                codes = np.full(n, Path.LINETO, "u1")
                codes[:1] = Path.MOVETO
            codes = np.append(codes, Path.CLOSEPOLY)
            points = np.vstack([points, points[:1]])
        return Path(points, codes)
