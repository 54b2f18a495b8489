"""Figures as cell outputs: PNG with alternative text."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from course_lib.plots.style import styled

__all__ = ["Picture", "png", "show"]

PIXEL_RATIO = 2  # pixels drawn per CSS pixel, for screens that have them


class Picture:
    """A figure as the output of a cell: a PNG, and its alternative text."""

    def __init__(self, data: bytes, width: int, alt: str) -> None:
        self.data, self.width, self.alt = data, width, alt

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # As HTML, because Jupyter has no alternative text for a bare image output.
        source = f"data:image/png;base64,{base64.b64encode(self.data).decode()}"
        tag = (
            f'<img alt="{html.escape(self.alt)}" src="{source}" '
            f'width="{self.width}" style="max-width: 100%; height: auto">'
        )
        return {"text/html": tag, "text/plain": repr(self)}


def show(drawn: Figure | Axes | np.ndarray, alt: str) -> Picture:
    """Return a figure (or that of the given Axes) as the output of a cell.

    ``alt`` says in a sentence or two what the figure shows, for a reader who cannot
    see it. Raises ValueError if it is empty.
    """
    if not alt.strip():
        raise ValueError("every figure needs alt text: say in a sentence what it shows")
    first = drawn.flat[0] if isinstance(drawn, np.ndarray) else drawn
    figure = first if isinstance(first, Figure) else first.get_figure(root=True)
    width = round(figure.get_figwidth() * figure.dpi)
    return Picture(png(figure), width, alt)


def png(figure: Figure) -> bytes:
    """Return the figure as PNG bytes, deterministic for the same drawing.

    A palette of 256 colours takes a third of the bytes.
    """
    full, small = io.BytesIO(), io.BytesIO()
    with styled():
        figure.savefig(full, format="png", dpi=figure.dpi * PIXEL_RATIO)
    with Image.open(full) as drawn:
        plain = drawn.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        plain.save(small, format="png", optimize=True)
    return small.getvalue()
