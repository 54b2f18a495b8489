"""Words drawn as quickly as they change: a canvas that keeps the shape of each.

Letters would take more than half of the time of a picture that answers: matplotlib
3.11 draws them one by one, 0.1 ms each. Here a line of text is drawn as one piece, and
its shape is kept for the next time. Formulas and turned words are drawn as ever.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import (
    FigureCanvasAgg,
    RendererAgg,
    get_hinting_flag,
)
from matplotlib.font_manager import FontProperties, findfont, get_font

__all__ = ["QuickTextCanvas"]


class QuickTextCanvas(FigureCanvasAgg):
    """A canvas whose renderer draws words quickly."""

    def get_renderer(self) -> RendererAgg:
        wanted = (*self.figure.bbox.size, self.figure.dpi)
        if getattr(self, "_made_for", None) != wanted:
            self._made_for = wanted
            self.renderer = QuickTextRenderer(*wanted)
        return self.renderer


class QuickTextRenderer(RendererAgg):
    """Draws a line of words in one piece."""

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool | str = False,
        mtext: Any = None,
    ) -> None:
        if ismath or angle or not gc.get_antialiased():
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        shape, right, up = _shape(s, prop, self.dpi)
        words = np.empty((*shape.shape, 4), np.uint8)
        words[..., :3] = np.round(255 * np.array(gc.get_rgb()[:3]))
        words[..., 3] = np.round(shape * gc.get_alpha())
        self.draw_image(gc, round(x) + right, round(self.height - y) + up, words[::-1])
        return None


@lru_cache(maxsize=512)
def _shape(s: str, prop: FontProperties, dpi: float) -> tuple[np.ndarray, int, int]:
    """Return how far each pixel is covered, and its lower left corner.

    The corner is counted in pixels, to the right and up from where the line begins.
    """
    font = get_font(findfont(prop))
    font.set_size(prop.get_size_in_points(), dpi)
    font.set_text(s, 0.0, flags=get_hinting_flag())
    font.draw_glyphs_to_bitmap(antialiased=True)
    right, down = font.get_bitmap_offset()
    up = -math.ceil((font.get_descent() + down) / 64) - 1  # a row below it is empty
    return np.array(font.get_image()), right // 64, up
