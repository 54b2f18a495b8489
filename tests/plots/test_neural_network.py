"""Figures of 05: what they say are the numbers given, and extremes can be drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from course_lib.plots import (
    COLOURS,
    activation_and_slope,
    decision_map,
    fitting_curves,
    gradient_norms,
    layer_diagram,
    loss_so_far,
    losses_compared,
    neuron_anatomy,
    neuron_curves,
    neuron_lines,
    neuron_maps,
    panels,
    shares_of_right,
    show,
    signal_and_blame,
    unit_activity,
)

ACROSS, UP = np.linspace(-2, 2, 21), np.linspace(-1, 1, 11)
PLACES = np.stack(np.meshgrid(ACROSS, UP), axis=-1)  # (11, 21, 2)
POINTS, LABELS = np.array([[-1.0, 0.5], [1.0, -0.5], [0.5, 0.0]]), np.array([0, 1, 1])


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def words(ax: Axes) -> list[str]:
    return [t.get_text() for t in ax.texts]


def drawn(ax: Axes) -> Axes:
    show(ax, alt="drawn, so that places are known")
    return ax


def legend(ax: Axes) -> list[str]:
    box = ax.get_legend()
    return [] if box is None else [t.get_text() for t in box.get_texts()]


# --- one neuron -------------------------------------------------------------------


def test_the_anatomy_says_every_number_and_a_minus_is_a_minus() -> None:
    ax = drawn(
        neuron_anatomy([0.9, 0.4], [2.0, -1.5], -1.0, 0.2, 0.55, names=["a", "b"])
    )
    said = set(words(ax))
    assert {"0.9", "0.4", "× 2", "× −1.5", "−1", "0.2", "0.55", "a", "b"} <= said
    parts = {"inputs", "weights", "sum", "activation", "output"}
    assert parts <= said


@pytest.mark.parametrize("n", [1, 2, 6])
@pytest.mark.parametrize("size", [0.0, 1e6])
def test_the_parts_of_a_neuron_stay_in_the_picture(n: int, size: float) -> None:
    z = size * size * n
    ax = drawn(neuron_anatomy([size] * n, [size] * n, -size, z, 1.0))
    frame = ax.get_window_extent()
    for text in ax.texts:
        box = text.get_window_extent()
        assert frame.y0 - 1 <= box.y0
        assert box.y1 <= frame.y1 + 1


def test_the_dot_on_the_activation_stands_at_the_sum_and_the_output() -> None:
    low, high = (
        neuron_anatomy([1.0], [1.0], 0.0, z, float(sigmoid(np.array(z))))
        for z in (-3.0, 3.0)
    )
    places = [
        next(ln.get_xydata()[0] for ln in ax.lines if ln.get_marker() == "o")
        for ax in (low, high)
    ]
    assert np.all(places[0] < places[1])


@pytest.mark.parametrize(("w", "b", "at"), [(4, 8, -2), (4, -8, 2), (-1, 0.5, 0.5)])
def test_a_dot_marks_where_the_output_passes_one_half(
    w: float, b: float, at: float
) -> None:
    x = np.linspace(-4, 4, 401)
    ax = drawn(neuron_curves(x, {"one": sigmoid(w * x + b)}))
    (dot,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert dot.get_xydata()[0] == pytest.approx([at, 0.5], abs=0.01)
    assert legend(ax) == ["one"]


def test_a_neuron_that_never_reaches_one_half_has_no_dot() -> None:
    x = np.linspace(-4, 4, 41)
    ax = drawn(neuron_curves(x, {"deaf": np.zeros(41)}))
    assert not [line for line in ax.lines if line.get_marker() == "o"]


@pytest.mark.parametrize(
    ("w", "b", "shaded"),
    [
        (2, 2, (-1, 4)),
        (-2, 2, (-4, 1)),
        (1, -3.9, (3.9, 4)),
        (-1, -3.9, (-4, -3.9)),
        (1, 9, (-4, 4)),
        (1, -9, None),
        (0, 1, (-4, 4)),
        (0, 0, None),
    ],
)
def test_the_side_where_the_sum_is_positive_is_shaded(
    w: float, b: float, shaded: tuple[float, float] | None
) -> None:
    x = np.linspace(-4, 4, 41)
    z = w * x + b
    ax = drawn(neuron_curves(x, {"z": z}, level=0, limits=(-8, 8), border=(w, b)))
    sides = [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]
    assert sides == ([] if shaded is None else [pytest.approx(shaded)])
    at = -b / w if w else 9
    assert words(ax) == ([f"x = {at:.2f}".replace("-", "−")] if abs(at) < 4 else [])
    frame = ax.get_window_extent()
    for text in ax.texts:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1


# --- decisions --------------------------------------------------------------------


def border(ax: Axes) -> np.ndarray:
    lines = [
        path.vertices
        for drawing in ax.collections
        if len(drawing.get_edgecolor())
        and to_hex(drawing.get_edgecolor()[0]).upper() == COLOURS["value"]
        for path in drawing.get_paths()
    ]
    return np.concatenate(lines) if lines else np.zeros((0, 2))


@pytest.mark.parametrize("scale", [0.3, 1.0, 5.0])
def test_the_border_lies_where_a_neuron_wavers_however_sure_it_is(scale: float) -> None:
    w, b = np.array([1.0, -2.0]) * scale, 0.3 * scale
    ax = decision_map(
        ACROSS, UP, sigmoid(PLACES @ w + b), POINTS, LABELS, weights=w, bias=b
    )
    found = border(drawn(ax))
    assert len(found) > 1
    assert np.abs(found @ w + b).max() < 0.15 * scale
    tip, foot = (np.array(place) for place in (ax.texts[0].xy, ax.texts[0].xyann))
    assert foot @ w + b == pytest.approx(0, abs=1e-9)  # the arrow stands on the line
    assert (tip - foot)[0] * w[1] == pytest.approx((tip - foot)[1] * w[0])
    assert (tip - foot) @ w > 0


def test_points_of_each_label_have_a_mark_and_a_colour_of_their_own() -> None:
    ax = drawn(decision_map(ACROSS, UP, np.full((11, 21), 0.5), POINTS, LABELS))
    zero, one = ax.lines
    assert (zero.get_marker(), len(zero.get_xdata())) == ("o", 1)
    assert (one.get_marker(), len(one.get_xdata())) == ("^", 2)
    assert zero.get_color() != one.get_color()
    assert not len(border(ax))  # it says one half everywhere: there is no line


def test_points_on_the_wrong_side_are_circled() -> None:
    said = np.full((11, 21), 0.5)
    ax = drawn(
        decision_map(ACROSS, UP, said, POINTS, LABELS, wrong=[True, False, True])
    )
    np.testing.assert_array_equal(ax.lines[-1].get_xydata(), POINTS[[0, 2]])
    assert len(drawn(decision_map(ACROSS, UP, said, POINTS, LABELS)).lines) == 2


def test_the_arrow_of_a_line_out_of_sight_stays_in_the_picture() -> None:
    said = np.full((11, 21), 0.5)
    far = {"weights": (0.1, 0.0), "bias": 0.25}  # its line is x = -2.5
    ax = drawn(decision_map(ACROSS, UP, said, POINTS, LABELS, **far))
    patch = ax.texts[0].arrow_patch
    assert patch.get_clip_box().bounds == pytest.approx(ax.get_window_extent().bounds)


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("n", [0, 3, 1000])
def test_a_model_that_is_sure_everywhere_can_be_drawn(share: float, n: int) -> None:
    points = np.zeros((n, 2))
    labels = np.arange(n) % 2
    sure = np.full((11, 21), share)
    drawn(decision_map(ACROSS, UP, sure, points, labels, weights=(0, 0), small=True))


def test_each_neuron_of_a_layer_draws_the_line_where_its_sum_is_zero() -> None:
    border = decision_map(ACROSS, UP, np.full((11, 21), 0.2), POINTS, LABELS)
    n_before = len(border.collections)
    ax = drawn(neuron_lines([(2, 0), (0, 0), (1, -1)], [-1, 1, 0.5], ax=border))
    (lines,) = ax.collections[n_before:]
    upright, slanted = (path.vertices for path in lines.get_paths())  # no weight: none
    assert upright[:, 0] == pytest.approx(0.5)
    assert slanted @ [1, -1] + 0.5 == pytest.approx(0, abs=1e-9)
    for ends in (upright, slanted):  # from edge to edge, and beyond
        assert np.ptp(ends, axis=0).max() > np.ptp(ax.get_xlim())


def test_each_hidden_neuron_has_a_small_map_in_its_place() -> None:
    votes = np.zeros((4, 6, 3))
    votes[0, :, 1] = 1.0  # the second: for label 1 in the lowest row alone
    ax = drawn(neuron_maps(votes))
    (image,) = ax.images
    sheet = np.asarray(image.get_array())
    assert sheet.shape[:2] == (2 * 6, 2 * 8)  # each with a rim: two rows of two
    white = (sheet[..., :3] == 255).all(axis=-1)
    assert white[6:, 8:].all(), "no fourth neuron"
    second = sheet[1:5, 9:15, :3].astype(int)
    assert (second[-1] == second[-1, 0]).all()
    assert not (second[-1] == second[0]).all(), "the lowest row is below"
    first_layer = neuron_maps(votes, outputs=np.ones((4, 6, 4)))
    assert np.asarray(drawn(first_layer).images[0].get_array()).shape[1] == 4 * 8


def test_what_a_layer_reads_and_its_blame_stand_as_bars() -> None:
    ax = drawn(signal_and_blame([1, 0.1, 0.01], [1e-30, 1e-9, 1], lowest=1e-25))
    signal, blame = (line for line in ax.lines if len(line.get_xdata()) > 1)
    np.testing.assert_allclose(signal.get_ydata()[1::3], [1, 0.1, 0.01])
    np.testing.assert_allclose(blame.get_ydata()[1::3], [1e-25, 1e-9, 1])
    assert signal.get_linewidth() > blame.get_linewidth(), "one shows before the other"


def test_examples_stand_at_the_output_of_their_label() -> None:
    x = np.linspace(-4, 4, 9)
    inputs, labels = np.array([-2.0, -1.0, 3.0]), np.array([1, 0, 0])
    look: dict[str, Any] = {"border": (-1.0, 0.0), "limits": (-1.0, 1.0), "key": False}
    ax = drawn(neuron_curves(x, {"a": -x}, examples=(inputs, labels), **look))
    seen = [line.get_xydata() for line in ax.lines]
    zeros, ones, circled = seen[:3]
    np.testing.assert_array_equal(ones, [(-2, 1)])
    np.testing.assert_array_equal(zeros, [(-1, -1), (3, -1)])
    np.testing.assert_array_equal(circled, [(-1, -1)])


def test_every_neuron_of_a_layer_is_joined_to_all_before_it() -> None:
    matrices = [np.ones((4, 2)), -np.ones((1, 4))]
    ax = drawn(layer_diagram([[1, 2], [0] * 4, [-0.126]], matrices, ["in", "4", "out"]))
    assert len([p for p in ax.patches if isinstance(p, Circle)]) == 7
    assert len(ax.lines) == 8 + 4
    assert [line.get_linestyle() for line in ax.lines].count("-") == 8
    assert {"−0.13", "1.00", "in", "out"} <= set(words(ax))


@pytest.mark.parametrize("shares", [[0.0], [1.0], [0.1, 0.5, 0.9]])
def test_bars_hold_every_network_and_the_mean_is_said(shares: list[float]) -> None:
    ax = drawn(shares_of_right(shares))
    assert sum(bar.get_height() for bar in ax.patches) == len(shares)
    assert words(ax) == [f"mean {100 * np.mean(shares):.0f} %"]


# --- depth ------------------------------------------------------------------------


def test_the_steepest_slope_is_said() -> None:
    z = np.linspace(-5, 5, 101)
    a = sigmoid(z)
    ax = drawn(activation_and_slope(z, a, a * (1 - a), "sigmoid", key=True))
    assert words(ax) == ["steepest: 0.25"]
    assert legend(ax) == ["output", "slope"]


def test_what_leaves_the_logarithmic_axis_is_no_point_of_a_line() -> None:
    ax = gradient_norms([2, 10, 30], {"a": [1e-1, 1e-9, 0.0], "b": [1, 1, 1e9]})
    drawn(ax)
    assert ax.get_yscale() == "log"
    a, b, below, above = ax.lines
    assert a.get_ydata().tolist()[:2] == [1e-1, 1e-9]
    assert np.isnan(a.get_ydata()[2])
    assert b.get_ydata().tolist()[:2] == [1, 1]
    assert np.isnan(b.get_ydata()[2])
    assert below.get_xydata().tolist() == [[30, 1e-22]]
    assert above.get_xydata().tolist() == [[30, 1e3]]
    assert below.get_markerfacecolor() == above.get_markerfacecolor() == "white"
    assert a.get_linestyle() != b.get_linestyle()
    assert legend(ax) == ["a", "b"]


def test_the_chosen_line_stands_out_of_the_others() -> None:
    norms = {"a": [1, 2], "b": [3, 4]}
    ax = drawn(gradient_norms([1, 2], norms, highlighted="b", x_max=30, key="below"))
    a, b = ax.lines
    assert a.get_alpha() < b.get_alpha() == 1
    assert ax.get_xlim() == (1, 30)
    frame, box = ax.get_window_extent(), ax.get_legend().get_window_extent()
    assert box.y1 < frame.y0


@pytest.mark.parametrize("step", [0, 1, 3])
def test_the_losses_so_far_stand_out(step: int) -> None:
    losses = [0.8, 0.5, 0.3, 0.2]
    ax = drawn(loss_so_far(losses, step, level=("nothing", 0.69)))
    line, dot, to_come = ax.lines[:3]
    assert list(to_come.get_ydata()) == losses
    assert to_come.get_color() == COLOURS["faint"]
    assert list(line.get_ydata()) == losses[: step + 1]
    assert dot.get_xydata().tolist() == [[step, losses[step]]]
    assert ax.get_xlim() == (0, 3)
    assert words(ax) == ["nothing"]


def test_runs_that_lie_on_each_other_can_be_told_apart() -> None:
    flat = np.full(50, 0.69)
    ax = drawn(losses_compared({"one": flat, "two": flat}, ("nothing", 0.69)))
    one, two = ax.lines[:2]
    assert one.get_linewidth() > 2 * two.get_linewidth()
    assert legend(ax) == ["one", "two"]
    assert words(ax) == ["nothing"]


def test_a_dead_neuron_is_counted_and_its_row_has_a_colour_of_its_own() -> None:
    active = np.array([[True, False], [False, False], [True, True]])
    ax = drawn(unit_activity(active, "run"))
    assert ax.get_title(loc="left") == "run\n50 % active, 1 of 3 dead"
    assert ax.images[0].get_array().tolist() == [[1, 0], [2, 2], [1, 1]]


@pytest.mark.parametrize("value", [True, False])
def test_all_active_and_all_dead_can_be_drawn(value: bool) -> None:
    drawn(unit_activity(np.full((1, 1), value)))


# --- memorise or generalise -------------------------------------------------------


def test_the_lowest_point_of_the_validation_curve_is_marked_and_said() -> None:
    unseen = [0.7, 0.41, 0.9, 2.0]
    ax = drawn(fitting_curves([0.7, 0.3, 0.1, 0.0], unseen))
    (mark,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert mark.get_xydata()[0] == pytest.approx([1, 0.41])
    assert legend(ax) == ["training", "validation", "lowest: 0.41, step 1"]


def test_an_exercise_does_not_say_where_the_lowest_point_is() -> None:
    ax = drawn(fitting_curves([1.0, np.inf], [1.0, 1e9], "A", best=False, key=False))
    assert legend(ax) == []
    assert len(ax.lines) == 2


def test_each_figure_draws_on_the_axes_it_is_given() -> None:
    x = np.linspace(-1, 1, 9)
    flat = np.full((11, 21), 0.2)
    for draw in (
        lambda ax: neuron_anatomy([1], [1], 0, 1, 0.73, ax=ax),
        lambda ax: neuron_curves(x, {"a": x}, ax=ax),
        lambda ax: decision_map(ACROSS, UP, flat, POINTS, LABELS, ax=ax),
        lambda ax: neuron_lines([(1, 1)], [0], ax=ax),
        lambda ax: neuron_maps(np.zeros((3, 4, 1)), ax=ax),
        lambda ax: signal_and_blame([1], [1], ax=ax),
        lambda ax: layer_diagram([[1], [1]], [[[1]]], ["a", "b"], ax=ax),
        lambda ax: shares_of_right([0.5], ax=ax),
        lambda ax: activation_and_slope(x, x, x, ax=ax),
        lambda ax: gradient_norms([1, 2], {"a": [1, 1]}, ax=ax),
        lambda ax: loss_so_far([1, 0], 1, ax=ax),
        lambda ax: losses_compared({"a": x}, ax=ax),
        lambda ax: unit_activity([[True]], ax=ax),
        lambda ax: fitting_curves(x, x, ax=ax),
    ):
        ax = panels()
        assert draw(ax) is ax
