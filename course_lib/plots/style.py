"""The style of every figure: sizes, fonts, and colours that carry a meaning.

The colours are those of Okabe & Ito (2008), safe for colour-blind readers. A meaning
keeps its colour through the whole course, in figures, widgets and text.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["COLOURS", "figure", "mosaic", "panels", "styled"]

COLOURS = {
    "loss": "#D55E00",  # vermilion: altitude, what should go down
    "gradient": "#0072B2",  # blue: slopes, blame, everything that flows backward
    "value": "#009E73",  # green: numbers that flow forward, predictions
    "data": "#56B4E9",  # sky blue: what was given, examples
    "parameter": "#E69F00",  # orange: what learning changes
    "other": "#CC79A7",  # pink: a second model, a comparison
    "ink": "#222222",
    "quiet": "#767676",  # guides and notes, still readable on white
    "faint": "#DDDDDD",  # grids and backgrounds
}

STYLE: dict[str, Any] = {
    "figure.facecolor": "white",
    "figure.dpi": 96,
    "savefig.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "axes.edgecolor": COLOURS["quiet"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.color": COLOURS["faint"],
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["ink"],
    "ytick.color": COLOURS["ink"],
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "lines.linewidth": 2,
    "axes.prop_cycle": mpl.cycler(
        color=[
            COLOURS[name]
            for name in ("gradient", "loss", "value", "parameter", "other")
        ]
    ),
}


class _RcLock:
    """The lock of matplotlib's rcParams, which all threads of a process share.

    One thread at a time draws in the course's style. A drawing function that calls
    others holds the lock already, and they do not set the parameters again: it takes
    longer than many a drawing.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0  # of nested uses by the thread that holds the lock

    @contextlib.contextmanager
    def hold(self, params: dict[str, Any]) -> Iterator[None]:
        """Hold the lock; the outermost use sets rcParams, and restores them."""
        with self._lock:
            outermost = self._depth == 0
            self._depth += 1
            try:
                with mpl.rc_context(params) if outermost else contextlib.nullcontext():
                    yield
            finally:
                self._depth -= 1


_RC_LOCK = _RcLock()


def styled() -> contextlib.AbstractContextManager[None]:
    """Return a context that draws in the course's style; other threads wait."""
    return _RC_LOCK.hold(STYLE)


def panels(
    n_rows: int = 1, n_columns: int = 1, width: float = 8.0, height: float = 4.0
) -> Any:
    """Return a new figure's Axes, one or an array of them; sizes in inches.

    The figure belongs to no window and no global list: it goes when it is unused.
    """
    with styled():
        new = Figure(figsize=(width, height), layout="constrained")
        return new.subplots(n_rows, n_columns)


def mosaic(
    pattern: str, width: float = 8.0, height: float = 4.0, **ratios: Any
) -> np.ndarray:
    """Return a new figure's Axes, arranged as the letters of a pattern are.

    "AB;CC" is two side by side and a wide one below them. ``height_ratios`` and
    ``width_ratios`` are those of matplotlib.
    """
    with styled():
        new = Figure(figsize=(width, height), layout="constrained")
        return np.array([*new.subplot_mosaic(pattern, **ratios).values()])


def figure(width: float = 8.0, height: float = 4.0) -> Callable[..., Any]:
    """Decorate a drawing function: it draws in the style, on a new figure if need be.

    The function decorated takes ``ax``; called without it, or with None, it gets the
    Axes of a new figure of this size, in inches. What it returns is the Axes.
    """

    def decorate(draw: Callable[..., object]) -> Callable[..., Axes]:
        @functools.wraps(draw)
        def drawn(*args: Any, ax: Axes | None = None, **options: Any) -> Axes:
            with styled():
                ax = ax if ax is not None else panels(width=width, height=height)
                draw(*args, ax=ax, **options)
            return ax

        return drawn

    return decorate
