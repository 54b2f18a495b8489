"""Figures of strides, races and noise: they show the numbers they are given."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.quiver import Quiver

from course_lib import plots
from course_lib.lessons import descent, landscapes

PLACES = np.linspace(-1.6, 1.6, 41)
LAND = descent.loss_grid(landscapes.canyon, (-3, 3), (-1, 1), n=31)
PATH = np.array([[2.5, 0.5], [2.0, -0.3], [1.0, 0.1], [0.2, 0.0]])


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    return [text.get_text() for text in found.get_texts()] if found else []


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def png(ax: Axes) -> bytes:
    return plots.show(ax, alt="A figure.").data


def line(ax: Axes, label: str):
    return next(x for x in ax.lines if x.get_label() == label)


# --- strides ------------------------------------------------------------------------


def strides(rate: float, steps: int = 20) -> Axes:
    with np.errstate(all="ignore"):
        path = (1 - 4 * rate) ** np.arange(steps + 1.0)
        return plots.stride_walk(PLACES, 2 * PLACES**2, path, 2 * path**2)


def test_a_mosaic_has_its_axes_in_the_order_of_the_letters() -> None:
    left, right, wide = plots.mosaic("AB;CC", width=6, height=4, height_ratios=[2, 1])
    left.figure.draw_without_rendering()
    a, b, c = (ax.get_position() for ax in (left, right, wide))
    assert a.x1 < b.x0
    assert c.y1 < a.y0
    assert c.width > 1.9 * a.width
    assert a.height > 1.5 * c.height
    assert not wide.spines["top"].get_visible(), "in the style of the course"


def test_a_walk_stands_on_its_valley() -> None:
    ax = strides(0.45)
    seen = next(x for x in ax.lines if len(x.get_xdata()) == 21)
    x, y = seen.get_data()
    assert x == pytest.approx((-0.8) ** np.arange(21.0))
    assert y == pytest.approx(2 * x**2)


def test_a_walk_that_leaves_is_cut_and_an_arrow_says_so() -> None:
    ax = strides(0.52)
    left, right = ax.get_xlim()
    for seen in ax.lines[1:]:
        assert left <= min(seen.get_xdata())
        assert max(seen.get_xdata()) <= right
    assert len(ax.texts) == 1, "one arrow, where it leaves"
    assert ax.texts[0].arrow_patch is not None
    assert len(strides(0.45).texts) == 0


@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.25, 0.5, 0.501, 1.0, 1e6])
def test_every_rate_can_be_drawn(rate: float) -> None:
    assert png(strides(rate, steps=100))


def test_a_picture_with_a_given_top_does_not_move() -> None:
    tall = plots.stride_walk(PLACES, 4 * PLACES**2, [1.2], [5.76], top=6.2)
    flat = plots.stride_walk(PLACES, PLACES**2, [1.2], [1.44], top=6.2)
    assert tall.get_ylim() == flat.get_ylim()
    assert tall.get_ylim()[1] == 6.2
    rates = np.linspace(0, 0.8, 81)
    for bend in (2.5, 8.0):
        factors = abs(1 - bend * rates)
        ax = plots.shrink_factors(rates, factors, 2 / bend, {0.8: factors[-1]}, top=2)
        assert ax.get_ylim() == (0, 2)
        (mark,) = (x for x in ax.lines if list(x.get_xdata()) == [0.8])
        assert mark.get_marker() == ("o" if factors[-1] < 2 else "^")
        assert max(mark.get_ydata()) == min(factors[-1], 2)
        assert png(ax)


@pytest.mark.parametrize(
    ("edge", "seen"),
    [
        (0.8, ["crawls", "arrives", "swings and arrives", ""]),
        (0.5, ["crawls", "arrives", "swings and arrives", "flies off"]),
        (0.25, ["crawls", "arrives", "swings\nand arrives", "flies off"]),
    ],
)
def test_the_names_of_the_regimes_fit(edge: float, seen: list[str]) -> None:
    rates = np.linspace(0, 0.8, 81)
    ax = plots.shrink_factors(rates, abs(1 - 2 / edge * rates), edge, {}, legend="")
    assert words(ax)[:4] == seen
    turned = [bool(text.get_rotation()) for text in ax.texts[:4]]
    assert turned == [edge < 0.6, False, False, False]


def test_the_v_of_factors_crosses_1_at_the_edge() -> None:
    rates = np.linspace(0, 0.65, 131)
    ax = plots.shrink_factors(rates, abs(1 - 4 * rates), 0.5, {0.15: 0.4, 0.52: 1.08})
    x, y = line(ax, "derived: $|1 - \\eta k|$").get_data()
    assert np.interp(0.5, x, y) == pytest.approx(1)
    dots = line(ax, "measured on the walks")
    assert list(zip(*dots.get_data(), strict=True)) == [(0.15, 0.4), (0.52, 1.08)]
    assert any(list(x.get_xdata()) == [0.5, 0.5] for x in ax.lines)
    assert "the edge, $2 / k$ = 0.5" in words(ax)
    assert png(ax)


# --- walks on maps --------------------------------------------------------------------


def five(path: np.ndarray) -> tuple[Axes, Axes, Axes]:
    heights = [landscapes.canyon(*place) for place in path]
    ax = plots.five_point_descent(LAND, path, heights, floor=(0, 0))
    space, flat = ax.child_axes
    return ax, space, flat


def test_five_points_are_numbered_on_the_surface_and_on_the_map() -> None:
    ax, space, flat = five(PATH)
    assert words(flat) == ["1", "2", "3", "4"]
    assert words(space)[:4] == ["1", "2", "3", "4"]
    steps, start, walker = (x for x in flat.lines if x.get_marker() == "o")
    assert steps.get_xydata().tolist() == PATH[1:-1].tolist()
    assert start.get_xydata().tolist() == [PATH[0].tolist()]
    assert start.get_markerfacecolor() == "none", "a ring where the walk began"
    assert walker.get_xydata().tolist() == [PATH[-1].tolist()]
    assert walker.get_markeredgecolor() == "white"
    assert len(flat.patches) == 3, "an arrow for each step"
    x, y, z = space.lines[0].get_data_3d()
    assert np.column_stack([x, y]) == pytest.approx(PATH)
    assert z == pytest.approx([landscapes.canyon(*place) for place in PATH])
    assert png(ax)


def test_a_point_on_the_surface_has_its_number_beside_it() -> None:
    ax, space, _ = five(PATH)
    png(ax)  # places are known once it is drawn
    for place, number in zip(PATH, space.texts, strict=False):
        corner = np.array([*place, landscapes.canyon(*place), 1.0])
        x, y, _, w = space.get_proj() @ corner
        assert number.xy == pytest.approx((x / w, y / w))


@pytest.mark.parametrize("path", [PATH[:1], np.zeros((3, 2)), PATH * 0.01])
def test_points_that_hardly_move_are_drawn(path: np.ndarray) -> None:
    assert png(five(path)[0])


def test_walks_side_by_side_keep_their_places_and_looks() -> None:
    runs = {"plain descent": PATH, "momentum": PATH * 0.9, "Adam": PATH * 0.8}
    ax = plots.paths_map(LAND, runs, marks={"floor": (0, 0)}, title="canyon")
    assert sorted(legend(ax)) == sorted(runs)
    looks = {line(ax, name).get_color() for name in runs}
    marks = {line(ax, name).get_marker() for name in runs}
    assert len(looks) == len(marks) == 3, "told apart by colour and by mark"
    for path in runs.values():
        assert any(np.array_equal(x.get_xydata(), path) for x in ax.lines)
    assert "floor" in words(ax)
    again = plots.paths_map(LAND, {"Adam": PATH})
    assert line(again, "Adam").get_color() == line(ax, "Adam").get_color()


@pytest.mark.parametrize("far", [np.nan, np.inf, 1e300])
def test_a_walk_is_cut_where_it_leaves_the_numbers(far: float) -> None:
    path = np.vstack([PATH, [[far, far]], PATH])
    ax = plots.paths_map(LAND, {"walk": path}, legend="")
    longest = max(len(x.get_xdata()) for x in ax.lines)
    assert longest == len(PATH)
    assert ax.get_xlim() == (-3, 3)
    assert png(ax)


def test_the_last_place_of_each_walk_is_marked() -> None:
    ax = plots.paths_map(LAND, {"momentum": PATH, "Adam": PATH[:2]}, head=True)
    heads = {
        x.get_marker(): x.get_xydata()[0]
        for x in ax.lines[1:]
        if x.get_markersize() == 10
    }
    assert heads["s"] == pytest.approx(PATH[-1])
    assert heads["^"] == pytest.approx(PATH[1])
    ax = plots.paths_map(LAND, {"momentum": np.full((3, 2), np.nan)}, head=True)
    assert png(ax)


def test_no_walks_make_a_map() -> None:
    assert png(plots.paths_map(LAND, {}))


# --- curves over the steps --------------------------------------------------------


def test_curves_are_drawn_as_given_and_named() -> None:
    curves = {"one": [1.0, 0.1, 0.01], "two": [1.0, np.nan, 3.0]}
    ax = plots.curves_by_step(curves, goal={"target": 0.5}, limits=(1e-3, 10))
    assert ax.get_yscale() == "log"
    assert ax.get_ylim() == (1e-3, 10)
    assert list(line(ax, "one").get_ydata()) == curves["one"]
    assert legend(ax) == ["one", "two"]
    assert "target" in words(ax)
    assert png(ax)


def test_ends_are_named_where_the_curves_end_or_leave() -> None:
    steps = np.arange(21.0)
    curves = {"slow": 0.9**steps, "fast": 0.1**steps, "gone": [1.0] + [0.0] * 20}
    ax = plots.curves_by_step(curves, limits=(1e-4, 9), legend="ends")
    at = {text.get_text(): text.xy for text in ax.texts}
    assert at["slow"][0] == 1.0
    assert at["fast"] == pytest.approx((4 / 20, 0.0))
    assert at["gone"][0] < at["fast"][0]
    assert ax.get_legend() is None
    assert png(ax)


def test_names_at_the_ends_keep_apart() -> None:
    curves = {str(i): np.full(5, 1 + i / 1000) for i in range(4)}
    ax = plots.curves_by_step(curves, log=False, limits=(0, 2), legend="ends")
    heights = sorted(text.xy[1] for text in ax.texts)
    assert np.diff(heights).min() > 0.08


def test_every_step_and_the_last_can_be_marked() -> None:
    curves = {
        "plain descent": [8.0, 4.0, 2.0],
        "Adam": [8.0, 0.0],
        "momentum": [np.nan],
    }
    style = {"limits": (1e-3, 10), "length": 100, "legend": "above"}
    ax = plots.curves_by_step(curves, head=True, **style)
    assert ax.get_xlim() == (0, 100)
    heads = {
        x.get_marker(): tuple(x.get_xydata()[0])
        for x in ax.lines
        if x.get_markersize() == 10
    }
    assert heads == {"o": (2, 2.0), "^": (1, 1e-3)}, "what left stands at the edge"
    assert legend(ax) == list(curves), "each named once, with its mark"
    dots = plots.curves_by_step({"a": [4.0, 2.0]}, dots=True)
    assert list(dots.lines[1].get_ydata()) == [4.0, 2.0]
    assert png(ax)
    assert png(dots)


def test_late_steps_can_be_drawn_closer_together() -> None:
    ax = plots.curves_by_step({"a": np.ones(9)}, length=1000, log_steps=True)
    at = ax.transData.transform([(t, 1.0) for t in (0, 10, 100, 1000)])[:, 0]
    assert np.diff(at) == pytest.approx(np.diff(at)[0], rel=0.12)
    shown = [text.get_text() for text in ax.get_xticklabels()]
    assert shown == ["0", "5", "10", "30", "100", "300", "1,000"]
    assert png(ax)


@pytest.mark.parametrize("where", ["best", "above", "ends", ""])
@pytest.mark.parametrize("log", [True, False])
def test_curves_of_any_kind_are_drawn(where: str, log: bool) -> None:
    for curves in (
        {"a": [1.0], "b": [0.5]},
        {"a": [np.inf, np.nan, 1.0], "b": [0.0, -1.0, 2.0]},
        {str(i): np.linspace(1, 2, 1000) + i for i in range(8)},
    ):
        ax = plots.curves_by_step(curves, log=log, legend=where, limits=(1e-3, 10))
        assert png(ax)


# --- the race, rates, noise -----------------------------------------------------------

RESULTS = {
    "bowl": {"plain descent": 1, "momentum": 74, "Adam": 67},
    "Rosenbrock": {"plain descent": None, "momentum": 164, "Adam": 341},
}


def test_steps_needed_stand_at_their_number_or_beyond_the_budget() -> None:
    ax = plots.steps_needed(RESULTS, 1000)
    dots = [x for x in ax.lines if len(x.get_xdata()) == 1]
    seen = sorted(float(x.get_xdata()[0]) for x in dots)
    assert seen[:5] == [1, 67, 74, 164, 341]
    assert seen[5] > 1000
    (hollow,) = [x for x in dots if x.get_markerfacecolor() == "none"]
    assert round(float(hollow.get_ydata()[0])) == 1, "in the row of Rosenbrock"
    assert [t.get_text() for t in ax.get_yticklabels()] == list(RESULTS)
    assert legend(ax) == ["plain descent", "momentum", "Adam"]
    assert png(ax)


@pytest.mark.parametrize("steps", [None, 0, 1, 1000])
def test_any_result_can_be_drawn(steps: int | None) -> None:
    assert png(plots.steps_needed({"bowl": {"Adam": steps}}, 1000))


def test_the_range_test_draws_losses_start_and_edges() -> None:
    rates = 10.0 ** np.arange(-3, 1)
    losses = {"raw": [0.6, 0.5, 9.0, np.inf], "scaled": [0.69, 0.6, 0.4, 0.36]}
    ax = plots.range_test(rates, losses, start=0.693, edges={"raw": 0.03})
    assert ax.get_xscale() == "log"
    assert list(line(ax, "scaled").get_ydata()) == losses["scaled"]
    assert list(line(ax, "raw").get_xdata()) == list(rates)
    assert any(list(x.get_xdata()) == [0.03, 0.03] for x in ax.lines)
    assert "$2/k$ = 0.03" in words(ax)
    assert ax.get_ylim()[1] < 2 * 0.693, "what flies off leaves the picture"
    assert png(ax)


def test_the_cloud_has_an_arrow_for_each_guess_and_a_bold_one() -> None:
    guesses = np.array([[0.1, 0.2], [-0.3, 0.1], [0.0, -0.2]])
    ax = plots.arrow_cloud(guesses, (-0.1, 0.05), reach=0.5, title="batches of 4")
    cloud, bold = (c for c in ax.collections if isinstance(c, Quiver))
    assert np.column_stack([cloud.U, cloud.V]) == pytest.approx(guesses)
    assert (bold.U[0], bold.V[0]) == (-0.1, 0.05)
    assert bold.width > 2 * cloud.width
    assert ax.get_xlim() == ax.get_ylim() == (-0.5, 0.5)
    assert ax.get_aspect() == 1, "a direction must look like itself"


@pytest.mark.parametrize("guesses", [[[0.0, 0.0]], [[3.0, -4.0]] * 200])
def test_clouds_of_any_size_are_drawn(guesses: list[list[float]]) -> None:
    assert png(plots.arrow_cloud(guesses, (0.0, 0.0)))


def test_noise_is_compared_with_a_line_that_falls_with_the_root() -> None:
    sizes, noise = [1, 4, 16], [2.5, 1.3, 0.6]
    ax = plots.noise_by_batch(sizes, noise, 0.61)
    y = line(ax, "falls with the root").get_ydata()
    assert y == pytest.approx([2.5, 1.25, 0.625])
    dots = next(x for x in ax.lines if x.get_marker() == "o")
    assert list(dots.get_ydata()) == noise
    assert legend(ax) == ["falls with the root", "measured"]
    assert png(ax)
    assert png(plots.noise_by_batch([1, 1000], [1e-4, 1e-9], 1e3))
