"""Figures of notebook 00: the walker in the fog, the training loop, a loss curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import (
    Circle,
    Ellipse,
    FancyArrowPatch,
    FancyBboxPatch,
    PathPatch,
    Polygon,
    Rectangle,
)
from matplotlib.path import Path

from course_lib.plots.parts import HALO, PALE_ALTITUDES, WALKER
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure

__all__ = ["LABELS", "learning_loop", "mountain", "mountain_height", "training_curve"]

# --- the mountain -------------------------------------------------------------------

LABELS = ("altitude", "slope", "step", "fog", "valley", "place")  # of the mountain
EAST, TOP = 10.0, 5.0  # the ends of the picture
PLACE = 2.75  # where she stands if nothing else is said
SIGHT = 1.15  # how far she sees in the fog
SKY, FOG, ROCK = "#DDE7EF", "#F7F9FA", "#7A5A45"
Point = tuple[float, float]


def mountain_height(x: Any) -> Any:
    """Return the height of the drawn mountain at x, from 0 in the west to 10.

    From the peak in the west the ground falls to a hollow near 4.8, climbs a little,
    and falls to the valley near 7.8, the lowest place.
    """
    x = np.asarray(x, dtype=float)

    def peak(at: float, width: float, height: float) -> Any:
        return height * np.exp(0.4 - np.hypot(0.4, (x - at) / width))

    ridges = peak(1.3, 1.55, 4.1) + peak(5.75, 0.62, 0.95) + peak(10.9, 1.35, 3.1)
    return 0.25 + ridges + 0.035 * np.sin(3.1 * x + 0.4)


@figure(8.6, 4.4)
def mountain(
    at: float = PLACE,
    *,
    fog: float = 1.0,
    labels: Sequence[str] = LABELS,
    trail: Sequence[float] = (),
    ax: Axes,
) -> Axes:
    """Draw the walker on the mountain, and the fog that hides all but her surroundings.

    She stands at ``at``, from 0 (west) to 10 (east), where ``mountain_height`` says how
    high. ``fog`` is from 0, a clear day, to 1. ``labels`` names what is labelled, any
    of ``LABELS``. ``trail`` holds the places where she has been, her start first.
    """
    height = float(mountain_height(at))
    slope = float(mountain_height(at + 1e-4) - mountain_height(at - 1e-4)) / 2e-4
    _landscape(ax)
    _fog(ax, (at, height + 0.3), fog)
    _instruments(ax, at, height, labels)
    for i, x in enumerate(trail):
        look = {"mfc": "white" if i == 0 else COLOURS["parameter"], "zorder": 6}
        look |= {"mec": COLOURS["ink"] if i == 0 else "white", "mew": 1.3}
        ax.plot(x, mountain_height(x), "o", ms=8 if i == 0 else 6.5, **look)
    if abs(slope) > 0.1:
        _slope_and_step(ax, at, height, slope, labels)
    _walker(ax, at, height, facing=-1 if slope > 0 else 1)
    note: dict[str, Any] = {"color": COLOURS["quiet"], "ha": "center", "size": 13}
    note["zorder"] = 7
    if "fog" in labels:
        where = (7.6, 4.3) if at < 5.5 else (4.6, 4.3)
        words = "fog: she sees only\nthe ground around her"
        ax.text(*where, words, style="italic", **note)
    if "valley" in labels:
        ax.text(7.8, 1.55, "the valley:\na low loss", path_effects=HALO, **note)
    ax.set(xlim=(-0.62, EAST), ylim=(0, TOP), aspect="equal")
    ax.set_axis_off()
    return ax


def _landscape(ax: Axes) -> None:
    """Draw sky, two far ridges, and the mountain in bands that darken with height."""
    x = np.linspace(0, EAST, 400)
    look: dict[str, Any] = {"lw": 0, "zorder": 0}
    ax.fill_between(x, 0, TOP, color=SKY, **look)
    for base, lift, phase, shade in (
        (2.5, 1.1, 0.4, "#CBD9E4"),
        (1.6, 1.2, 2, "#B9CBD9"),
    ):
        far = base + lift * np.abs(np.sin(0.62 * x + phase)) ** 1.4
        ax.fill_between(x, 0, far + 0.06 * np.sin(4 * x + phase), color=shade, **look)
    ridge = mountain_height(x)
    outline = [(0.0, 0.0), *zip(x, ridge, strict=True), (EAST, 0.0), (0.0, 0.0)]
    body = PathPatch(Path(outline), facecolor="none", edgecolor="none")
    ax.add_patch(body)
    bands = np.linspace(0, 4.3, 9)
    for i, low in enumerate(bands):  # as on a map of the loss: darker is higher
        edge = low + 0.05 * np.sin(2.1 * x + 1.7 * i) + 0.03 * np.sin(5.3 * x + i)
        shade = PALE_ALTITUDES(0.15 + 0.85 * i / (len(bands) - 1))
        band = ax.fill_between(
            x, edge if i else 0 * x, TOP, color=shade, lw=0, zorder=1
        )
        band.set_clip_path(body)
    (line,) = ax.plot(x, ridge, color=ROCK, lw=2.2, zorder=2)
    line.set_clip_path(Rectangle((0, 0), EAST, TOP, transform=ax.transData))
    for tree, tall in ((7.35, 0.36), (7.6, 0.5), (8.3, 0.42), (8.5, 0.3)):
        foot = float(mountain_height(tree)) - 0.03
        sides = [(tree - 0.1, foot), (tree + 0.1, foot), (tree, foot + tall)]
        ax.add_patch(Polygon(sides, color="#5E6B62", lw=0, zorder=2))


def _fog(ax: Axes, eye: Point, thickness: float) -> None:
    """Lay veils over everything but a round clearing with a soft edge, and wisps."""
    frame = Path([(0, 0), (0, TOP), (EAST, TOP), (EAST, 0), (0, 0)])
    sky = Rectangle((0, 0), EAST, TOP, transform=ax.transData)
    n_veils = 12
    alpha = 1 - (1 - 0.9 * thickness) ** (1 / n_veils)  # together: 0.9
    for i in range(n_veils):
        hole = Path.circle(eye, SIGHT * (0.8 + 0.8 * i / n_veils))
        veil = PathPatch(Path.make_compound_path(frame, hole), color=FOG, lw=0)
        veil.set(alpha=alpha, zorder=3)
        ax.add_patch(veil)
        veil.set_clip_path(sky)
    rng = np.random.default_rng(5)
    clear = Path.make_compound_path(frame, Path.circle(eye, 1.45 * SIGHT))
    for x, y, long in zip(
        rng.uniform(0, EAST, 18),
        rng.uniform(0.1, TOP, 18),
        rng.uniform(1, 3, 18),
        strict=True,
    ):
        for grow in (1.0, 0.8, 0.6):
            size = (long * grow, 0.2 * long * grow)
            wisp = Ellipse((x, y), *size, color="white", lw=0, zorder=3)
            wisp.set_alpha(0.22 * thickness)
            ax.add_patch(wisp)
            wisp.set_clip_path(clear, ax.transData)


def _instruments(ax: Axes, at: float, height: float, labels: Sequence[str]) -> None:
    """Draw her altimeter at the left, filled up to her height, and her place below."""
    loss, left, width = COLOURS["loss"], -0.5, 0.24
    ax.add_patch(Rectangle((left, 0.05), width, height - 0.05, color=loss, lw=0))
    rim = {"fill": False, "ec": COLOURS["quiet"], "lw": 1.2}
    ax.add_patch(Rectangle((left, 0.05), width, TOP - 0.1, **rim))
    dots: dict[str, Any] = {"ls": (0, (2, 2.5)), "lw": 1.4, "zorder": 4}
    ax.plot([left + width, at], [height, height], color=loss, **dots)
    words: dict[str, Any] = {"weight": "bold", "size": 13, "zorder": 7}
    words |= {"path_effects": HALO}
    if "altitude" in labels:
        where = (0.12, height - 0.14) if at > 1.4 else (at + 1.4, height - 0.5)
        ax.text(*where, "altitude\n= loss", color=loss, va="top", **words)
    if "place" in labels:
        ax.plot([at, at], [0.05, height], color=COLOURS["parameter"], **dots)
        side = 1 if at < 7 else -1
        look = {"ha": "left" if side == 1 else "right", "va": "bottom"}
        ax.text(at + 0.12 * side, 0.1, "her place\n= the parameters", **look, **words)


def _slope_and_step(
    ax: Axes, at: float, height: float, slope: float, labels: Sequence[str]
) -> None:
    """Draw the gradient, an arrow uphill along the ground, and her step downhill."""
    uphill = 1 if slope > 0 else -1
    feet, unit = np.array([at, height]), np.array([1, slope]) / math.hypot(1, slope)
    reach = 0.5 + 0.6 * min(1.0, abs(slope))
    look: dict[str, Any] = {"mutation_scale": 18, "lw": 3.4, "zorder": 6}
    look |= {"arrowstyle": "-|>", "shrinkA": 7, "shrinkB": 0}
    top = feet + uphill * reach * unit
    ax.add_patch(FancyArrowPatch(feet, top, color=COLOURS["gradient"], **look))
    landing = at - uphill * 0.6 * reach
    end = np.array([landing, mountain_height(landing)])
    ax.add_patch(FancyArrowPatch(feet, end, color=COLOURS["parameter"], **look))
    side = 1 if at < 5.5 else -1  # of the words: where there is room
    words: dict[str, Any] = {"weight": "bold", "size": 13, "zorder": 7}
    words |= {"path_effects": HALO}
    words |= {"ha": "left" if side == 1 else "right", "va": "center"}
    if "slope" in labels:
        where = (at + side * 0.72, min(height + 1.28, TOP - 0.4))
        said = "slope = gradient\nthe arrow points uphill"
        ax.text(*where, said, color=COLOURS["gradient"], **words)
    if "step" in labels:
        east = side == 1
        x = max(at, landing) + 0.3 if east else min(at, landing) - 0.3
        where = (x, height - 0.05 if east else height + 0.5)
        said = "her step goes downhill;\nthe learning rate sets how far"
        ax.text(*where, said, **words)


def _walker(ax: Axes, at: float, height: float, facing: int) -> None:
    """Draw her: an orange disc with a white rim at her feet, and a figure over it."""
    size = 0.86  # of the figure, in units of the picture
    ink: dict[str, Any] = {"color": COLOURS["ink"], "solid_capstyle": "round"}
    ink |= {"solid_joinstyle": "round", "zorder": 7}

    def limb(*points: Point, lw: float, **look: Any) -> None:
        x, y = np.array(points).T
        ax.plot(at + facing * size * x, height + size * y, **{**ink, "lw": lw, **look})

    limb((-0.12, 0.06), (-0.06, 0.24), (0.0, 0.42), lw=3.4)  # the legs
    limb((0.12, -0.02), (0.1, 0.2), (0.0, 0.42), lw=3.4)
    limb((0.0, 0.42), (0.05, 0.72), lw=6)  # the back, with a rucksack
    limb((-0.1, 0.5), (-0.06, 0.68), lw=7, color=COLOURS["quiet"])
    limb((0.06, 0.68), (0.17, 0.55), (0.27, 0.56), lw=2.6)  # the arm, and a stick
    limb((0.25, 0.66), (0.33, -0.08), lw=1.5)
    head = (at + facing * size * 0.085, height + size * 0.88)
    ax.add_patch(Circle(head, 0.1 * size, color=COLOURS["ink"], lw=0, zorder=7))
    ax.plot(at, height, zorder=6.5, **WALKER)


# --- the loop -------------------------------------------------------------------------

STEPS = (  # name, what happens, colour; clockwise from the top
    ("1  examples", "take a few\nfrom the data", "data"),
    ("2  forward pass", "the model makes\na prediction", "value"),
    ("3  loss", "how wrong was it?\none number", "loss"),
    ("4  backward pass", "the slope of the loss\nfor every parameter", "gradient"),
    ("5  update", "every parameter takes\na small step downhill", "parameter"),
)
WIDTH, HEIGHT = 2.6, 1.25  # of a box
CENTRE, RADII = np.array([5.0, 2.45]), np.array([3.45, 1.95])  # of the ring


@figure(8.6, 4.7)
def learning_loop(highlighted: int | None = None, *, ax: Axes) -> None:
    """Draw the training loop as a ring of five steps; one, from 1, may be filled."""
    turn = np.linspace(0, 2 * math.pi, 200)
    ring = CENTRE + RADII * np.column_stack([np.sin(turn), np.cos(turn)])
    ax.plot(*ring.T, color=COLOURS["quiet"], lw=2, zorder=1)
    n = len(STEPS)
    for number, (name, what, meaning) in enumerate(STEPS, 1):
        angle = 2 * math.pi * (number - 1) / n
        x, y = CENTRE + RADII * (math.sin(angle), math.cos(angle))
        box = FancyBboxPatch(
            (x - WIDTH / 2, y - HEIGHT / 2),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.15",
            facecolor="#FFF7E0" if number == highlighted else "white",
            edgecolor=COLOURS[meaning],
            linewidth=4 if number == highlighted else 2.5,
            zorder=2,
        )
        ax.add_patch(box)
        ax.text(x, y + 0.34, name, ha="center", va="center", weight="bold", size=13)
        ax.text(x, y - 0.2, what, ha="center", va="center", size=11.5)
        _arrowhead(ax, angle + math.pi / n)
    words = {"ha": "center", "va": "center", "color": COLOURS["quiet"], "size": 12}
    ax.text(*CENTRE, "again and again,\nthousands of times", style="italic", **words)
    ax.set(xlim=(0.2, 9.8), ylim=(-0.05, 5.1), aspect="equal")
    ax.set_axis_off()


def _arrowhead(ax: Axes, angle: float) -> None:
    """Draw an arrowhead on the ring, clockwise; 0 is the top."""
    before, after = (
        CENTRE + RADII * (math.sin(angle + d), math.cos(angle + d))
        for d in (-0.06, 0.06)
    )
    look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 22, "lw": 0}
    look |= {"color": COLOURS["quiet"], "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(before, after, **look))


# --- a loss by step -------------------------------------------------------------------


@figure(8, 2.8)
def training_curve(
    losses: Sequence[float], step: int | None = None, *, ax: Axes
) -> None:
    """Draw the loss by training step; a dot marks one step.

    losses: that of the model after 0, 1, 2, … steps. What comes after the dot is pale.
    """
    steps, last = range(len(losses)), len(losses) - 1
    _whole_curve(ax, list(losses))
    done = last if step is None else step
    ax.plot(steps[: done + 1], losses[: done + 1], color=COLOURS["loss"], lw=1.5)
    if step is not None:
        ax.plot(step, losses[step], **WALKER)
    ax.set(xlim=(-0.02 * last, 1.02 * last), ylim=(0, 1.08 * max(losses)))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set(xlabel="step: turns of the loop", ylabel="loss, nats per letter")


@static_artists
def _whole_curve(ax: Axes, losses: Sequence[float]) -> None:
    ax.plot(losses, color=COLOURS["faint"], lw=1.5)
