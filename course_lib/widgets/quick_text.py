"""An Agg canvas that caches text: each line is rasterised once, as one bitmap.

Text would take more than half of the time of a frame: matplotlib 3.11 rasterises glyph
by glyph, 0.1 ms each. Math text and rotated text are drawn by matplotlib itself.
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
    """An Agg canvas with a ``QuickTextRenderer``."""

    def get_renderer(self) -> RendererAgg:
        """Return the renderer for the size and the dpi of the figure."""
        size = (*self.figure.bbox.size, self.figure.dpi)
        if getattr(self, "_renderer_size", None) != size:
            self._renderer_size = size
            self.renderer = QuickTextRenderer(*size)
        return self.renderer


class QuickTextRenderer(RendererAgg):
    """An Agg renderer that draws a line of text as one image, from a cached bitmap."""

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
        """Draw a line of text from its bitmap; math and rotated text as Agg does."""
        if ismath or angle or not gc.get_antialiased():
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        coverage, right, up = _bitmap(s, prop, self.dpi)
        image = np.empty((*coverage.shape, 4), np.uint8)
        image[..., :3] = np.round(255 * np.array(gc.get_rgb()[:3]))
        image[..., 3] = np.round(coverage * gc.get_alpha())
        self.draw_image(gc, round(x) + right, round(self.height - y) + up, image[::-1])
        return None


@lru_cache(maxsize=512)
def _bitmap(s: str, prop: FontProperties, dpi: float) -> tuple[np.ndarray, int, int]:
    """Return the coverage of each pixel (0 to 255), and the lower left corner.

    The corner is in pixels, to the right and up from the origin of the baseline.
    """
    font = get_font(findfont(prop))
    font.set_size(prop.get_size_in_points(), dpi)
    font.set_text(s, 0.0, flags=get_hinting_flag())
    font.draw_glyphs_to_bitmap(antialiased=True)
    right, down = font.get_bitmap_offset()
    up = -math.ceil((font.get_descent() + down) / 64) - 1  # a row below it is empty
    return np.array(font.get_image()), right // 64, up
