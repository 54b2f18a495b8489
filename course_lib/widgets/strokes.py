"""Record what Matplotlib draws, as strokes that a browser draws again.

A frame of pixels takes tens of kilobytes and one resolution. What Matplotlib asks its
renderer for takes a tenth, and stays sharp at any zoom: paths, markers, images, and
glyphs as the outlines of the figure's own font. Each is a stroke, a few bytes, kept
once in a ``StrokeTable`` under a number; a frame is a list of these numbers, in drawing
order. Two frames share what they have in common: axes, labels, the points that stay.

A stroke is little-endian, and ``strokes.js`` reads it; both follow this grammar::

    stroke     = 0 outline                          a shape that others refer to
               | 1 style outline                    a path
               | 2 style shape:u32 n:u32 (x y){n}   a shape at several places
               | 3 clip matrix:f32{6} smooth:u8 w:u16 h:u16 n:u16 colour{n} pixels
                                                     an image
               | 4 style matrix:f32{6} n:u16 (shape:u32 x:f32 y:f32 scale:f32){n}  text
               | 5 json               a handle for the pointer, or the end of a slider
    style      = flags:u8 [face:colour] [edge:colour width:f32 ends:u8]
                 [n:u8 offset:f32 dash:f32{n}] clip
    clip       = flags:u8 [left top width height:i16{4}] [shape:u32]
    outline    = form:u8 n:u32 [code:u8{n}] (x y){n}

Coordinates are CSS pixels from the upper left corner, in units of 1/32 (i32; in an
outline i16, or i32 where one is too large; in a clip of 1/16, i16). The outline of a
glyph has its own: 1/64 of a hundredth of the font's size, y upward.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backend_bases import FigureCanvasBase, GraphicsContextBase, RendererBase
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextToPath
from matplotlib.transforms import (
    Affine2D,
    IdentityTransform,
    Transform,
    TransformedPath,
)

from course_lib.plots.parts import SMOOTH

__all__ = ["StrokeCanvas", "StrokeRenderer", "StrokeTable"]

UNIT = 1 / 32  # CSS pixels
CLIP_UNIT = 1 / 16
GLYPH_UNIT = 1 / 64  # of the 100 that the size of a font has in an outline
MOST_POINTS_SNAPPED = 1024  # as Agg: a longer path is no frame and no grid

SHAPE, PATH, MARKERS, IMAGE, TEXT, HANDLE = range(6)
FILLED, EDGED, SNAPPED, DASHED = 1, 2, 4, 8  # flags of a style
BOX, OUTLINE = 1, 2  # flags of a clip
CODED, CLOSED, WIDE, GLYPH = 1, 2, 4, 8  # flags of an outline's form
CAPS = {"butt": 0, "round": 1, "projecting": 2}
JOINS = {"miter": 0, "round": 1, "bevel": 2}


class StrokeTable:
    """Strokes by number: equal ones have one number, given in order of appearance."""

    def __init__(self) -> None:
        self.strokes: list[bytes] = []
        self.uses: list[tuple[int, ...]] = []  # the shapes that each refers to
        self.n_bytes = 0
        self._numbers: dict[bytes, int] = {}

    def add(self, stroke: bytes, uses: tuple[int, ...] = ()) -> int:
        """Return the number of a stroke, a new one if it is new."""
        number = self._numbers.get(stroke)
        if number is None:
            number = self._numbers[stroke] = len(self.strokes)
            self.strokes.append(stroke)
            self.uses.append(uses)
            self.n_bytes += len(stroke)
        return number

    def needed(self, frame: Iterable[int]) -> list[int]:
        """Return the numbers of a frame and of what they refer to, each once."""
        found = dict.fromkeys(frame)
        for number in list(found):
            found.update(dict.fromkeys(self.uses[number]))
        return sorted(found)


class Glyphs(NamedTuple):
    """A text laid out: its glyphs, as the outlines of a font, and its rules."""

    outlines: tuple[bytes, ...]  # of each glyph
    places: np.ndarray  # (n, 3): x, y and scale of each
    rules: tuple[bytes, ...]  # outlines of the lines of a formula


class _GlyphPaths(TextToPath):
    """Text as outlines; those it gave as one path can be told apart again.

    Matplotlib draws a text with path effects (a halo) as one path of all its glyphs.
    """

    def __init__(self) -> None:
        super().__init__()
        self._given: dict[bytes, Glyphs] = {}

    def get_text_path(
        self, prop: Any, s: str, ismath: Any = False, **options: Any
    ) -> Any:
        """Return the vertices and codes of a text; ``glyphs_of`` knows them again."""
        vertices, codes = super().get_text_path(prop, s, ismath, **options)
        if len(self._given) > 512:
            self._given.clear()
        self._given[np.asarray(vertices, float).tobytes()] = glyphs(s, prop, ismath)
        return vertices, codes

    def glyphs_of(self, path: Path) -> Glyphs | None:
        """Return the glyphs of a path that was made of a text."""
        if not self._given or len(path.vertices) < 2:
            return None
        return self._given.get(np.asarray(path.vertices, float).tobytes())


GLYPH_PATHS = _GlyphPaths()


@lru_cache(maxsize=2048)
def glyphs(s: str, prop: FontProperties, ismath: bool | str) -> Glyphs:
    """Lay out a text, at the size that outlines have."""
    if ismath:
        placed, outlines, rects = GLYPH_PATHS.get_glyphs_mathtext(prop, s)
    else:
        font = GLYPH_PATHS._get_font(prop)
        placed, outlines, rects = GLYPH_PATHS.get_glyphs_with_font(font, s)
    found, places = [], []
    for name, x, y, scale in placed:
        vertices, codes = outlines[name]
        if len(vertices):  # not a space
            found.append(_outline(np.asarray(vertices), np.asarray(codes), GLYPH_UNIT))
            places.append((x, y, scale))
    rules = [_outline(np.asarray(v, float), np.asarray(c), UNIT) for v, c in rects]
    return Glyphs(tuple(found), np.reshape(places, (-1, 3)), tuple(rules))


@lru_cache(maxsize=4096)
def text_size(s: str, prop: FontProperties, ismath: bool | str) -> Any:
    """Return width, height and descent of a text, in points."""
    return GLYPH_PATHS.get_text_width_height_descent(s, prop, ismath)


class StrokeRenderer(RendererBase):
    """A Matplotlib renderer whose ``frame`` holds the numbers of what was drawn."""

    def __init__(self, width: float, height: float, dpi: float, table: StrokeTable):
        super().__init__()
        self._text2path = GLYPH_PATHS
        self.width, self.height, self.dpi, self.table = width, height, dpi, table
        self.frame: list[int] = []
        self._flip = Affine2D().scale(1, -1).translate(0, height)

    def draw_path(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Record a path; one made of a text, as its glyphs."""
        if (laid_out := GLYPH_PATHS.glyphs_of(path)) is not None:
            if rgbFace is not None or gc.get_linewidth():
                self._text(gc, laid_out, transform.get_matrix(), rgbFace)
            return
        face = _colour(rgbFace, gc)
        edge = gc.get_linewidth() > 0 and gc.get_rgb()[3] > 0
        style, uses = self._style(gc, face, edge, _is_snapped(gc, path))
        if face or edge:
            cleaned = self._cleaned(path, transform, gc, clipped=face is None)
            if cleaned is not None:
                self._add(bytes([PATH]) + style + cleaned, uses)
        if gc.get_hatch():
            self._hatch(gc, path, transform)

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Record a marker at each vertex of a path."""
        places = [points[-2:] for points, _ in path.iter_segments(simplify=False)]
        if places:
            at = trans.transform(places)
            self._markers(gc, marker_path, marker_trans, at, rgbFace)

    def draw_path_collection(
        self,
        gc: GraphicsContextBase,
        master_transform: Transform,
        paths: Sequence[Path],
        all_transforms: Any,
        offsets: Any,
        offset_trans: Transform,
        facecolors: Any,
        edgecolors: Any,
        linewidths: Any,
        linestyles: Any,
        antialiaseds: Any,
        urls: Any,
        offset_position: Any,
        **options: Any,
    ) -> None:
        """Record a collection; runs of equal paths of one style, as markers."""
        options = {k: [] if v is None else v for k, v in options.items()}
        made = list(
            self._iter_collection_raw_paths(master_transform, paths, all_transforms)
        )
        numbered = list(range(len(made)))
        looks = (facecolors, edgecolors, linewidths, linestyles, antialiaseds, urls)
        pending: list[Any] = []  # (path number, style, colour, places) not yet recorded

        def record() -> None:
            if pending:
                number, old, face, places = pending.pop()
                path, transform = made[number]
                if len(places) == 1 and not (places[0][0] or places[0][1]):
                    self.draw_path(old, path, transform, face)
                elif len(places) == 1:
                    moved = transform.frozen().translate(*places[0])
                    self.draw_path(old, path, moved, face)
                else:
                    self._markers(old, path, transform, np.array(places), face)

        for x, y, number, new, face in self._iter_collection(
            gc, numbered, offsets, offset_trans, *looks, offset_position, **options
        ):
            same = pending and pending[0][0] == number and pending[0][2] is not None
            if same and _same_look(pending[0][1], new, pending[0][2], face):
                pending[0][3].append((x, y))
                continue
            record()
            kept = self.new_gc()
            kept.copy_properties(new)
            pending.append((number, kept, face, [(x, y)]))
        record()

    def draw_image(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        im: np.ndarray,
        transform: Transform | None = None,
    ) -> None:
        """Record an image: (h, w, 4) bytes RGBA, the lowest row first."""
        height, width = im.shape[:2]
        if not (height and width):
            return
        place = Affine2D().scale(1, -1).translate(0, 1)  # a square of 1, y from above
        place += Affine2D().scale(width, height) if transform is None else transform
        matrix = (place + Affine2D().translate(x, y) + self._flip).get_matrix()
        rgba = np.ascontiguousarray(im[::-1])
        if (alpha := gc.get_alpha()) != 1 and gc.get_forced_alpha():
            rgba[..., 3] = np.round(rgba[..., 3] * alpha)
        colours, pixels = np.unique(rgba.view("<u4").ravel(), return_inverse=True)
        clip, uses = self._clip(gc)
        few = len(colours) <= 256
        head = struct.pack("<6f", *matrix[:2].T.ravel())
        smooth = gc.get_gid() == SMOOTH
        head += struct.pack("<B3H", smooth, width, height, len(colours) if few else 0)
        data = colours.tobytes() + pixels.astype("u1").tobytes()
        self._add(
            bytes([IMAGE]) + clip + head + (data if few else rgba.tobytes()), uses
        )

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool | str = False,
        mtext: Any = None,
    ) -> None:
        """Record a line of text."""
        laid_out = glyphs(s, prop, ismath)
        size = self.points_to_pixels(prop.get_size_in_points())
        place = Affine2D().scale(size / GLYPH_PATHS.FONT_SCALE)
        place.rotate_deg(angle).translate(x, self.height - y)
        face = gc.get_rgb()
        plain = self.new_gc()
        plain.copy_properties(gc)
        plain.set_linewidth(0)
        self._text(plain, laid_out, place.get_matrix(), face)

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: bool | str
    ) -> tuple[float, float, float]:
        """Return the size of a text in pixels, as it is drawn."""
        width, height, descent = map(
            self.points_to_pixels, text_size(s, prop, bool(ismath))
        )
        return width, height, descent

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Return the size of the figure in pixels."""
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        """Return points (1/72 inch) in pixels."""
        return points * self.dpi / 72

    def option_image_nocomposite(self) -> bool:
        """Whether each image stays by itself: it does."""
        return True

    def option_scale_image(self) -> bool:
        """Whether images are drawn as they are, and scaled here: they are."""
        return True

    def flipy(self) -> bool:
        """Whether y is given from above: for text it is."""
        return True

    def add_handle(self, packed: bytes) -> None:
        """Record a handle: it is not seen, but belongs to the frame."""
        self._add(bytes([HANDLE]) + packed)

    # --- the parts of a stroke --------------------------------------------------------

    def _add(self, stroke: bytes, uses: tuple[int, ...] = ()) -> None:
        self.frame.append(self.table.add(stroke, uses))

    def _text(self, gc: Any, laid_out: Glyphs, matrix: np.ndarray, face: Any) -> None:
        """Record glyphs under a matrix in Matplotlib's pixels, y from below."""
        matrix = self._flip.get_matrix() @ matrix
        edge = gc.get_linewidth() > 0
        style, uses = self._style(gc, _colour(face, gc), edge, False)
        shapes = tuple(self._shape(outline) for outline in laid_out.outlines)
        rules = tuple(self._shape(outline) for outline in laid_out.rules)
        if not shapes and not rules:
            return
        items = np.zeros(len(shapes) + len(rules), "<u4,<f4,<f4,<f4")
        items["f0"] = shapes + rules
        items["f3"] = 1
        for column, name in enumerate(("f1", "f2", "f3")):
            items[name][: len(shapes)] = laid_out.places[:, column]
        head = struct.pack("<6fH", *matrix[:2].T.ravel(), len(items))
        self._add(bytes([TEXT]) + style + head + items.tobytes(), uses + shapes + rules)

    def _markers(
        self, gc: Any, path: Path, transform: Transform, places: Any, rgb: Any
    ) -> None:
        face = _colour(rgb, gc)
        edge = gc.get_linewidth() > 0 and gc.get_rgb()[3] > 0
        places = places[np.isfinite(places).all(axis=1)]
        if not (face or edge) or not len(places):
            return
        style, uses = self._style(gc, face, edge, False)
        upright = transform.frozen().scale(1, -1)
        shape = self._shape(_outline_of(path.cleaned(upright, curves=True), UNIT))
        at = np.rint(self._flip.transform(places) / UNIT).clip(-(2**31), 2**31 - 1)
        head = struct.pack("<2I", shape, len(at))
        self._add(
            bytes([MARKERS]) + style + head + at.astype("<i4").tobytes(),
            (*uses, shape),
        )

    def _shape(self, outline: bytes) -> int:
        return self.table.add(bytes([SHAPE]) + outline)

    def _cleaned(
        self, path: Path, transform: Transform, gc: Any, *, clipped: bool
    ) -> bytes | None:
        """Return the outline of a path in pixels, cut to the figure if it is a line."""
        room = (-99.0, -99.0, self.width + 99, self.height + 99) if clipped else None
        drawn = path.cleaned(
            transform + self._flip,
            remove_nans=True,
            clip=room,
            simplify=clipped and path.should_simplify,  # as Agg
            stroke_width=gc.get_linewidth(),
            curves=True,
            sketch=gc.get_sketch_params(),
        )
        return _outline_of(drawn, UNIT) if len(drawn.vertices) > 1 else None

    def _style(
        self, gc: Any, face: bytes | None, edge: bool, snapped: bool
    ) -> tuple[bytes, tuple[int, ...]]:
        """Return the style of a stroke, and the shapes that it refers to."""
        offset, dash = gc.get_dashes()
        dashed = edge and dash is not None and len(dash)
        flags = FILLED * (face is not None) + EDGED * edge
        flags += SNAPPED * snapped + DASHED * bool(dashed)
        parts = [bytes([flags]), face or b""]
        if edge:
            width = self.points_to_pixels(gc.get_linewidth())
            ends = CAPS[gc.get_capstyle()] * 3 + JOINS[gc.get_joinstyle()]
            parts += [_bytes(gc.get_rgb()), struct.pack("<fB", width, ends)]
        if dashed:
            spans = [self.points_to_pixels(float(span)) for span in dash]
            start = self.points_to_pixels(float(offset or 0))
            parts.append(struct.pack(f"<Bf{len(spans)}f", len(spans), start, *spans))
        clip, uses = self._clip(gc)
        return b"".join([*parts, clip]), uses

    def _clip(self, gc: Any) -> tuple[bytes, tuple[int, ...]]:
        box, (path, transform) = gc.get_clip_rectangle(), gc.get_clip_path()
        flags, parts = 0, [b""]
        uses: tuple[int, ...] = ()
        if box is not None:
            flags |= BOX
            x, y, width, height = box.bounds
            top = self.height - y - height
            edges = np.rint(np.array([x, top, width, height]) / CLIP_UNIT)
            parts.append(edges.clip(-(2**15), 2**15 - 1).astype("<i2").tobytes())
        if path is not None:
            flags |= OUTLINE
            cleaned = path.cleaned(transform + self._flip, curves=True)
            uses = (self._shape(_outline_of(cleaned, UNIT)),)
            parts.append(struct.pack("<I", *uses))
        return bytes([flags]) + b"".join(parts), uses

    def _hatch(self, gc: Any, path: Path, transform: Transform) -> None:
        """Record the lines of a hatch, in tiles as large as Agg's, cut to the path."""
        area, side = path.transformed(transform), self.dpi
        tile = gc.get_hatch_path()
        xs, ys = (
            np.arange(low - low % side, high, side)
            for low, high in area.get_extents().get_points().T
        )
        lines = [
            tile.transformed(Affine2D().scale(side).translate(x, y))
            for x in xs
            for y in ys
        ]
        if not lines:
            return
        look = self.new_gc()
        look.copy_properties(gc)
        look.set_hatch(None)
        look.set_dashes(0, None)
        look.set_foreground(gc.get_hatch_color(), isRGBA=True)
        look.set_linewidth(gc.get_hatch_linewidth())
        look.set_clip_path(TransformedPath(area, IdentityTransform()))
        self.draw_path(look, Path.make_compound_path(*lines), Affine2D())


class StrokeCanvas(FigureCanvasBase):
    """A canvas whose renderer records strokes in a table."""

    def __init__(self, figure: Any, table: StrokeTable) -> None:
        super().__init__(figure)
        self.table = table

    def get_renderer(self) -> StrokeRenderer:
        """Return a renderer for the figure as it is, with an empty frame."""
        width, height = self.figure.bbox.size
        return StrokeRenderer(width, height, self.figure.dpi, self.table)


def _bytes(rgba: Any) -> bytes:
    return bytes(round(255 * part) for part in rgba)


def _colour(rgb: Any, gc: Any) -> bytes | None:
    """Return the bytes of a face's colour, None if nothing is filled."""
    if rgb is None:
        return None
    alpha = gc.get_alpha() if gc.get_forced_alpha() or len(rgb) == 3 else rgb[3]
    return _bytes((*rgb[:3], alpha)) if alpha > 0 else None


def _same_look(one: Any, other: Any, face: Any, other_face: Any) -> bool:
    """Whether two paths of a collection are drawn alike."""
    faces = tuple(face) == tuple(other_face) if other_face is not None else False
    return (
        faces
        and one.get_rgb() == other.get_rgb()
        and one.get_linewidth() == other.get_linewidth()
        and one.get_dashes() == other.get_dashes()
    )


def _is_snapped(gc: Any, path: Path) -> bool:
    """Whether a path is set on the pixels of the screen, by the rule of Agg."""
    if (wanted := gc.get_snap()) is not None:
        return bool(wanted)
    points = path.vertices
    if len(points) > MOST_POINTS_SNAPPED or path.should_simplify:
        return False
    if path.codes is not None:
        if not np.isin(path.codes, (Path.MOVETO, Path.LINETO, Path.CLOSEPOLY)).all():
            return False
        points = points[path.codes != Path.CLOSEPOLY]
    steps = np.abs(np.diff(points, axis=0)) > 1e-4
    return not steps.all(axis=1).any()


def _outline_of(path: Path, unit: float) -> bytes:
    """Return the outline of a path cleaned by Matplotlib, without its last STOP."""
    codes = path.codes
    assert codes is not None
    kept = codes != Path.STOP
    return _outline(path.vertices[kept], codes[kept], unit)


def _outline(vertices: np.ndarray, codes: np.ndarray, unit: float) -> bytes:
    codes = codes.astype("u1")
    closed = len(codes) > 1 and codes[-1] == Path.CLOSEPOLY
    if closed:
        codes, vertices = codes[:-1], vertices[:-1]
    coded = bool((codes[:1] != Path.MOVETO).any() or (codes[1:] != Path.LINETO).any())
    at = np.rint(vertices / unit).clip(-(2**31), 2**31 - 1)
    wide = bool(len(at)) and bool(np.abs(at).max() > 2**15 - 1)
    form = CODED * coded + CLOSED * closed + WIDE * wide + GLYPH * (unit == GLYPH_UNIT)
    head = struct.pack("<BI", form, len(at))
    kept = codes.tobytes() if coded else b""
    return head + kept + at.astype("<i4" if wide else "<i2").tobytes()
