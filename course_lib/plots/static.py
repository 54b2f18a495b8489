"""Which artists of a figure stay the same from one drawing to the next."""

from __future__ import annotations

from matplotlib.axes import Axes

__all__ = ["GROUND", "MAP", "standing"]

GROUND = "ground"  # begins the gid of an artist that stays while its gid does
MAP = f"{GROUND} map"  # the same, and it is kept: draw it if it is not ``standing``


def standing(ax: Axes, gid: str) -> bool:
    """Whether a map still stands from the drawing before; another one is removed.

    A function that draws a map asks this first, at every drawing.
    """
    found = [a for a in ax.get_children() if str(a.get_gid()).startswith(MAP)]
    for artist in found:
        if artist.get_gid() != gid:
            artist.remove()
    return any(artist.get_gid() == gid for artist in found)
