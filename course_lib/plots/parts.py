"""Parts that several figures share: arrows, contours, colour maps, legends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation

from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS

__all__ = [
    "ALTITUDES",
    "GRIP",
    "HALO",
    "PALE_ALTITUDES",
    "SMOOTH",
    "START",
    "WALKER",
    "arrow",
    "byte_size",
    "contour_map",
    "duration",
    "legend",
    "level_line",
    "map_arrow",
    "percent",
    "smooth_image",
    "surface",
]

Point = tuple[float, float]

SMOOTH = "smooth"  # the gid of an image whose pixels blend into each other

HALO = [withStroke(linewidth=3, foreground="white")]  # path effects of text on lines

# Where the walker is now, and where a walk began.
WALKER: dict[str, Any] = {
    "marker": "o",
    "ms": 11,
    "color": COLOURS["parameter"],
    "mec": "white",
    "mew": 1.8,
}
START: dict[str, Any] = {
    "marker": "o",
    "ms": 8,
    "mfc": "none",
    "mec": COLOURS["ink"],
    "mew": 1.5,
}

GRIP: dict[
    str, Any
] = {  # what a pointer can drag, with an edge of its meaning's colour
    "marker": "o",
    "ms": 11,
    "mfc": "white",
    "mew": 2.6,
    "zorder": 8,
    "clip_on": False,
}

# Colour maps of a loss, from valley to height; a path is drawn on the pale one.
ALTITUDES = LinearSegmentedColormap.from_list(
    "altitudes", ["#FFFFFF", "#FBE3D3", "#F0A878", COLOURS["loss"], "#8A3D00"]
)
PALE_ALTITUDES = LinearSegmentedColormap.from_list(
    "pale altitudes", ["#FFFFFF", "#FBE3D2", "#F4BE99", "#EBA071"]
)


def arrow(
    ax: Axes,
    start: Point,
    end: Point,
    colour: str,
    lw: float = 2,
    style: str = "-|>",
    **options: Any,
) -> Annotation:
    """Draw an arrow from point to point, not clipped to the Axes."""
    look = {"arrowstyle": style, "color": colour, "lw": lw, "shrinkA": 0, "shrinkB": 0}
    return ax.annotate("", end, xytext=start, arrowprops=look, **options)


def map_arrow(
    ax: Axes, start: Point, end: Point, colour: str, lw: float, gap: float = 0
) -> None:
    """Draw an arrow on a map, clipped to the Axes; ``gap`` points before its end."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_length=5,head_width=2.6",
            shrinkA=0,
            shrinkB=gap,
            lw=lw,
            color=colour,
            zorder=4,
        )
    )


def contour_map(
    ax: Axes,
    grid: tuple[np.ndarray, np.ndarray, np.ndarray],
    levels: np.ndarray,
    shades: np.ndarray | int,
    *,
    cmap: LinearSegmentedColormap,
    norm: Any = None,
    **lines: Any,
) -> QuadContourSet:
    """Draw a function of two parameters as shades and contour lines; return the lines.

    grid: (x, y, altitudes), of shapes (n,), (m,) and (m, n). ``shades`` and ``levels``
    are the altitudes at which the shade changes, and those of the lines.
    """
    ax.contourf(*grid, levels=shades, cmap=cmap, norm=norm)
    return ax.contour(*grid, levels=levels, **lines)


def surface(
    ax: Any,
    grid: tuple[np.ndarray, np.ndarray, np.ndarray],
    levels: np.ndarray,
    opacity: float | None = None,
    *,
    cmap: LinearSegmentedColormap,
    norm: Any,
    **lines: Any,
) -> None:
    """Draw the same as a surface with contour lines, on Axes in three dimensions."""
    x, y = np.meshgrid(*grid[:2])
    ax.plot_surface(
        x,
        y,
        grid[2],
        cmap=cmap,
        norm=norm,
        rcount=40,
        ccount=40,
        linewidth=0,
        antialiased=True,
        alpha=opacity,
    )
    ax.contour(x, y, grid[2], levels, **lines)


def smooth_image(ax: Axes, rgba: np.ndarray, **options: Any) -> None:
    """Draw an image, (h, w, 4) bytes, whose pixels blend into each other.

    A renderer that scales images itself gets it as it is, with SMOOTH as its gid.
    """
    image = ax.imshow(rgba, interpolation="bilinear", gid=SMOOTH, **options)
    vars(image)["_check_unsampled_image"] = lambda: True


def level_line(ax: Axes, height: float, words: str, place: Point, **look: Any) -> None:
    """Draw a dashed level line to compare with, and its name at a place."""
    ax.axhline(height, color=COLOURS["quiet"], lw=1, ls=(0, (5, 4)), zorder=0)
    ax.text(*place, words, size=9.5, color=COLOURS["quiet"], **look)


@static_artists
def legend(
    ax: Axes,
    entries: Mapping[str, Mapping[str, Any]],
    zorder: float = 5,
    **options: Any,
) -> None:
    """Draw a legend of lines: for each name the properties of its ``Line2D``."""
    lines = [Line2D([], [], label=name, **look) for name, look in entries.items()]
    ax.legend(handles=lines, **options).set_zorder(zorder)


def percent(share: float, digits: int = 0) -> str:
    """Return a share as the course writes it: 0.5 is 50 %."""
    return f"{100 * share:.{digits}f} %"


def fine_percent(share: float) -> str:
    """Return a share in percent, with a decimal where it is near nothing or all."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return percent(share, 0 if 0.1 <= share <= 0.99 or share in (0, 1) else 1)


def cut(text: str, longest: int) -> str:
    """Return a text of at most so many characters, an ellipsis where it is cut."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def duration(seconds: float) -> str:
    """Return a time with its unit, to two figures: 12 ms, 75 µs, 2,200 s."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size * 0.9995:
            return f"{float(f'{seconds / size:.2g}'):,.10g} {unit}"
    return f"{float(f'{seconds * 1e6:.2g}'):g} µs"


def byte_size(n_bytes: float) -> str:
    """Return a number of bytes with its unit, to three figures: 2.8 TB, 496 MB."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size * 0.9995:
            return f"{float(f'{n_bytes / size:.3g}'):,.10g} {unit}"
    return f"{n_bytes:.0f} bytes"
