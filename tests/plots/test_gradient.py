"""Figures of slopes and walks: they show the numbers they are given."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch, Rectangle

from course_lib import plots
from course_lib.lessons import descent, landscapes
from course_lib.plots.parts import PALE_ALTITUDES

NUDGED = plots.Nudge(1.0, 1.5, 4.0, 3.0)
WS = np.linspace(0, 4, 50)
LAND = descent.loss_grid(landscapes.two_valleys, (-1.8, 1.8), (-1.2, 1.2), n=41)
WALK = descent.gradient_descent(landscapes.two_valleys, (1.45, 0.9), 0.06, 12)


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    return [text.get_text() for text in found.get_texts()] if found else []


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def arrows(ax: Axes) -> list[FancyArrowPatch]:
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


def png(ax: Axes) -> bytes:
    return plots.show(ax, alt="A figure.").data


# --- nudges -----------------------------------------------------------------------


def test_a_nudge_shows_its_size_the_answer_and_their_ratio() -> None:
    assert NUDGED.slope == -2.0
    ax = plots.nudge(WS, (WS - 3) ** 2, NUDGED, tangent=-4.0)
    assert words(ax) == ["nudge +0.5", "change in loss −1"]
    assert legend(ax) == ["true slope −4", "change in loss ÷ nudge = −2"]
    secant = ax.lines[2]
    (x0, x1), (y0, y1) = secant.get_xdata(), secant.get_ydata()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(-2)
    assert float(np.interp(1.5, [x0, x1], [y0, y1])) == pytest.approx(3.0)
    bare = plots.nudge(WS, (WS - 3) ** 2, NUDGED, tangent=-4.0, beside=False)
    assert words(bare) == []
    assert legend(bare) == ["true slope −4"]


def test_a_magnifier_shows_every_nudge_at_one_size() -> None:
    offsets = np.linspace(-2, 2, 9)
    ends = ((0.0, 0.0), (1.0, 1.5))
    ax = plots.magnified_nudge(offsets, offsets + 0.5 * offsets**2, ends, 1.5)
    true, curve, found, points = ax.lines
    assert list(true.get_ydata()) == list(true.get_xdata()) == [-2, 2]
    assert list(curve.get_ydata()) == list(offsets + 0.5 * offsets**2)
    assert list(found.get_ydata()) == [-3, 3], "the line through both points"
    assert points.get_xydata().tolist() == [[0, 0], [1, 1.5]]
    limits = ax.get_xlim(), ax.get_ylim()
    again = plots.magnified_nudge(offsets, 9 * offsets, ends, 9.0)
    assert (again.get_xlim(), again.get_ylim()) == limits
    assert png(ax)


@pytest.mark.parametrize("size", [1e-12, -0.5, 2.9, 3.0])
def test_nudges_of_any_size_and_side_are_drawn(size: float) -> None:
    nudged = plots.Nudge(1.0, 1.0 + size, 4.0, (1.0 + size - 3) ** 2)
    assert png(plots.nudge(WS, (WS - 3) ** 2, nudged))


def test_the_v_of_errors_rings_the_best_of_each() -> None:
    nudges = np.array([1e-9, 1e-6, 1e-3])
    errors = {"up": [1e-2, 1e-5, 1e-1], "both": [1e-2, 0.0, 1e-7]}
    ax = plots.nudge_errors(nudges, errors)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    rings = [x for x in ax.lines if x.get_markerfacecolor() == "none"]
    where = [(float(r.get_xdata()[0]), float(r.get_ydata()[0])) for r in rings]
    assert where == [(1e-6, 1e-5), (1e-3, 1e-7)]  # an error of 0 is not on the axis
    assert {"best: $10^{-6}$", "best: $10^{-3}$"} <= set(words(ax))
    assert png(ax)


@pytest.mark.parametrize(
    ("rules", "said"),
    [("", "◂▸"), ("round-off", "◂"), ("curve", "▸")],
)
def test_a_mark_on_the_v_and_the_enemy_that_rules_there(rules: str, said: str) -> None:
    nudges, errors = np.array([1e-9, 1e-6, 1e-3]), {"up": [1e-2, 1e-5, 1e-1]}
    ax = plots.nudge_errors(nudges, errors, here=(1e-9, 1e-2), rules=rules)
    mark = ax.lines[-1]
    assert tuple(mark.get_xydata()[0]) == (1e-9, 1e-2)
    assert "".join(c for text in words(ax) for c in text if c in "◂▸") == said
    exact = plots.nudge_errors(nudges, errors, here=(1e-6, 0.0)).lines[-1]
    assert exact.get_ydata()[0] > 0, "an error of 0 stands at the foot"


def test_the_rectangle_gains_two_strips_and_a_corner() -> None:
    ax = plots.product_rectangle(3.0, 2.0, 0.5, 0.25)
    areas = sorted(
        p.get_width() * p.get_height() for p in ax.patches if isinstance(p, Rectangle)
    )
    assert areas == [0.125, 0.75, 1.0, 6.0]  # du dv, u dv, v du, u v


def test_directions_mark_the_gradient_and_what_is_square_to_it() -> None:
    degrees = np.arange(360.0)
    rises = np.cos(np.radians(degrees - 300))
    ax = plots.directions(degrees, rises, 300.0)
    marked = {float(x.get_xdata()[0]) for x in ax.lines if x.get_marker() == "o"}
    assert marked == {300.0, 120.0, 30.0, 210.0}
    heights = {
        float(x.get_xdata()[0]): float(x.get_ydata()[0])
        for x in ax.lines
        if x.get_marker() == "o"
    }
    assert heights[300.0] == pytest.approx(1)
    assert heights[120.0] == pytest.approx(-1)
    assert heights[30.0] == pytest.approx(0, abs=1e-9)


# --- maps -------------------------------------------------------------------------


def test_arrows_keep_direction_and_proportion() -> None:
    places, slopes = [(0.0, 0.0), (1.0, 0.5)], [(3.0, 4.0), (0.0, -2.5)]
    ax = plots.gradient_arrows(LAND, places, slopes)
    ends = []
    for arrow in arrows(ax):
        start, end = arrow._posA_posB
        ends.append(np.subtract(end, start))
    assert len(ends) == 2
    assert np.hypot(*ends[0]) == pytest.approx(2 * np.hypot(*ends[1]))
    assert ends[0][1] / ends[0][0] == pytest.approx(4 / 3)
    assert ends[1] == pytest.approx([0, -np.hypot(*ends[1])])
    turned = arrows(plots.gradient_arrows(LAND, places, slopes, downhill=True))
    start, end = turned[0]._posA_posB
    assert np.subtract(end, start) == pytest.approx(-ends[0])


def test_level_ground_gets_a_dot_and_no_arrow() -> None:
    for slopes in ([(0.0, 0.0)], [(1.0, 0.0), (1e-9, 0.0)]):
        places = [(0.1 * i, 0.0) for i in range(len(slopes))]
        ax = plots.gradient_arrows(LAND, places, slopes, levels=[0.0, 1.0])
        assert len(arrows(ax)) == len(slopes) - 1
        assert png(ax)


def test_squares_at_the_feet_have_a_right_angle() -> None:
    ax = plots.gradient_arrows(LAND, [(0.5, 0.8)], [(-1.2, 1.6)])
    (square,) = ax.lines
    corner = np.array(square.get_xydata())
    assert len(corner) == 3
    across, along = corner[0] - (0.5, 0.8), corner[2] - (0.5, 0.8)
    assert across @ along == pytest.approx(0)
    assert along @ (-1.2, 1.6) > 0
    assert ax.get_aspect() == 1, "a right angle must look like one"


def fog_over(ax: Axes, x: float, y: float) -> float:
    """How dense the fog is at a place, from 0 to 1."""
    if not ax.images:
        return 0.0
    veil = ax.images[0]
    left, right, bottom, top = veil.get_extent()
    data = veil.get_array()
    row = round((y - bottom) / (top - bottom) * (data.shape[0] - 1))
    column = round((x - left) / (right - left) * (data.shape[1] - 1))
    return float(data[row, column, 3]) / 255


def test_fog_hides_all_but_the_ground_around_the_walker() -> None:
    x, y = WALK[-1].position
    ax = plots.walk_map(LAND, WALK, fog=1.0, sight=0.25)
    assert fog_over(ax, x, y) == 0
    assert fog_over(ax, x - 0.33, y) == 1
    half = plots.walk_map(LAND, WALK, fog=0.5, sight=0.25)
    assert fog_over(half, x - 0.33, y) == 127 / 255
    assert not plots.walk_map(LAND, WALK).images
    assert not plots.walk_map(LAND, fog=1.0).images  # no walker, nothing to hide from


def test_a_walk_shows_every_footprint_and_which_way_is_down() -> None:
    ax = plots.walk_map(LAND, WALK, arrow=0.3)
    path, prints, start, walker = ax.lines
    assert np.array(path.get_xydata()).tolist() == [list(w.position) for w in WALK]
    assert len(prints.get_xdata()) == 11
    assert tuple(start.get_xydata()[0]) == WALK[0].position
    assert start.get_markerfacecolor() == "none"
    assert tuple(walker.get_xydata()[0]) == WALK[-1].position
    assert walker.get_color() == plots.COLOURS["parameter"]
    assert walker.get_markeredgecolor() == "white"
    (arrow,) = ax.texts
    step = np.subtract(arrow.xy, arrow.xyann)  # from the walker to the tip
    steepness = WALK[-1].gradient_norm
    assert 0.05 < steepness < 1
    assert np.hypot(*step) == pytest.approx(0.3 * steepness), "gentle, so shorter"
    against = -np.hypot(*step) * steepness
    assert step @ np.array(WALK[-1].gradient) == pytest.approx(against)
    steep = plots.walk_map(LAND, WALK[:1], arrow=0.3).texts[0]
    assert np.hypot(*np.subtract(steep.xy, steep.xyann)) == pytest.approx(0.3)
    up, down = plots.walk_map(LAND, WALK, arrow=0.3, uphill=True).texts
    ends = [np.subtract(arrow.xy, arrow.xyann) for arrow in (up, down)]
    assert ends[0] == pytest.approx(-ends[1])
    assert ends[0] @ np.array(WALK[-1].gradient) > 0
    looks = [arrow.arrow_patch.get_edgecolor() for arrow in (up, down)]
    meanings = [plots.COLOURS[name] for name in ("gradient", "parameter")]
    assert looks == [to_rgba(colour) for colour in meanings]
    level = descent.iterate_at(landscapes.two_valleys, (0.96015, 0))
    assert not plots.walk_map(LAND, [level], arrow=0.3).texts


def test_maps_with_marks_a_rose_or_level_land_are_drawn() -> None:
    flat = descent.LossGrid(np.arange(4.0), np.arange(3.0), np.ones((3, 4)))
    assert png(plots.walk_map(flat, title="Level"))
    ax = plots.walk_map(LAND, marks={"here": (0, 0)}, compass=True)
    assert "here" in words(ax)
    assert words(ax.child_axes[0]) == ["E", "NE", "N", "NW", "W", "SW", "S", "SE"]
    lost = descent.iterate_at(landscapes.two_valleys, (1e200, 0))
    assert png(plots.walk_map(LAND, [WALK[0], lost], fog=1.0, arrow=0.3))


def test_new_maps_are_as_high_as_the_land() -> None:
    canyon = descent.loss_grid(landscapes.canyon, (-3, 3), (-1, 1), n=21)
    heights = [
        plots.walk_map(land).get_figure(root=True).get_figheight()
        for land in (canyon, LAND)
    ]
    assert heights[0] < heights[1]
    given = plots.panels(1, 2)
    assert plots.walk_map(LAND, ax=given[1]) is given[1]
    assert plots.gradient_arrows(LAND, [(0, 0)], [(1, 0)], ax=given[0]) is given[0]


def test_heights_on_a_map_grow_darker() -> None:
    light = [sum(PALE_ALTITUDES(share)[:3]) for share in np.linspace(0, 1, 9)]
    assert light == sorted(light, reverse=True)


# --- descents and their price -----------------------------------------------------


def test_altitudes_stand_above_the_lowest_of_the_map() -> None:
    ax = plots.altitude_by_step([3.0, 1.0, 1.0], lowest=-1.0)
    assert list(ax.lines[0].get_ydata()) == [3.0, 1.0, 1.0]
    low, high = ax.get_ylim()
    assert low < -1.0 < 3.0 < high
    assert words(ax) == ["lowest on the map"]
    assert png(plots.altitude_by_step([1.0])), "a walk of no steps"


def test_lines_on_the_way_and_the_best_one() -> None:
    x, y = np.array([0.5, 1.0, 2.0]), np.array([1.0, 2.0, 3.5])
    ax = plots.fitted_lines(x, y, {"step 0": (0, 0), "step 9": (2, -1)}, (1.5, 0.5))
    points, first, last, best = ax.lines
    assert list(points.get_ydata()) == list(y)
    for line, (w, b) in ((first, (0, 0)), (last, (2, -1)), (best, (1.5, 0.5))):
        assert list(line.get_ydata()) == pytest.approx(
            [w * at + b for at in line.get_xdata()]
        )
    assert words(ax) == ["step 0", "step 9"]


def test_the_price_of_nudging_is_counted_or_one_more() -> None:
    ax = plots.passes_needed({"line": (2, 3)}, {"large": 1e9, "larger": 2e9})
    rule, done, models = ax.lines
    assert list(done.get_ydata()) == [3]
    assert list(models.get_ydata()) == [1e9 + 1, 2e9 + 1]
    assert np.allclose(rule.get_ydata(), np.add(rule.get_xdata(), 1))
    assert words(ax) == ["line", "large", "larger"]
    shifts = [text.xyann[1] for text in ax.texts[1:]]
    assert shifts[1] - shifts[0] >= 14, "neighbours must not overlap"


def test_nothing_global_is_touched() -> None:
    before = dict(mpl.rcParams)
    plots.walk_map(LAND, WALK, fog=1.0)
    plots.gradient_arrows(LAND, [(0, 0)], [(1, 1)])
    plots.nudge(WS, WS**2, NUDGED)
    assert dict(mpl.rcParams) == before
    assert math.isclose(before["font.size"], mpl.rcParamsDefault["font.size"])
