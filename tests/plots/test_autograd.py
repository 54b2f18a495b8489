"""Maps of computations: what they say, where they put it, and on whose objects."""

from __future__ import annotations

import random

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course_lib.plots import (
    COLOURS,
    computation_graph,
    gradient_cost,
    graph_boxes,
    graph_replay,
    graph_steps,
    panels,
    show,
    with_and_without_zeroing,
)
from course_lib.plots.autograd import BOX_WIDTH, _layout, _topological_order
from course_lib.scalar import Value, dot

SEED = 20


class Plain:
    """The least a learner's own class may be."""

    def __init__(self, data, children=(), local_grads=(), op=""):
        self.data, self.grad = data, 0.0
        self.children, self.local_grads, self.op = children, local_grads, op


def line(number=Value):
    """Return the map of (w * x + b - y) ** 2: 4 leaves and 4 inner nodes."""
    w, x, b, y = (number(n) for n in (2.0, 3.0, 1.0, 10.0))
    product = number(6.0, (w, x), (3.0, 2.0), "*")
    guess = number(7.0, (product, b), (1.0, 1.0), "+")
    error = number(-3.0, (guess, y), (1.0, -1.0), "-")
    loss = number(9.0, (error,), (-6.0,), "**2")
    return loss, {"w": w, "x": x, "b": b, "y": y, "guess": guess, "loss": loss}


def words(ax: Axes, colour: str | None = None) -> list[str]:
    wanted = None if colour is None else COLOURS[colour]
    return [t.get_text() for t in ax.texts if wanted in (None, t.get_color())]


def boxes(ax: Axes) -> list[FancyBboxPatch]:
    return [p for p in ax.patches if isinstance(p, FancyBboxPatch)]


def arrows(ax: Axes) -> list[FancyArrowPatch]:
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


def random_graph(rng: random.Random, size: int) -> Value:
    nodes = [Value(rng.uniform(-2, 2)) for _ in range(4)]
    for _ in range(size):
        a, b = rng.choice(nodes), rng.choice(nodes)
        nodes.append(rng.choice([a * b, a + b, a.tanh(), a - b]))
    return nodes[-1] + nodes[-2]


# --- what it says -----------------------------------------------------------------


@pytest.mark.parametrize("number", [Value, Plain])
def test_every_node_and_line_is_drawn_and_named(number: type) -> None:
    loss, names = line(number)
    ax = computation_graph(loss, names, [names["w"], names["b"]], key=False)
    assert (len(boxes(ax)), len(arrows(ax))) == (8, 7)
    assert {"w", "x", "b", "y", "×", "guess = +", "−", "loss = ( )$^{2}$"} <= set(
        words(ax)
    )
    assert sorted(words(ax, "value")) == sorted(
        ["2", "3", "1", "10", "6", "7", "−3", "9"]
    )
    edges = [mpl.colors.to_hex(box.get_edgecolor()).upper() for box in boxes(ax)]
    kinds = ("parameter", "data", "loss", "quiet")
    assert [edges.count(COLOURS[kind]) for kind in kinds] == [2, 2, 1, 3]


def test_local_derivatives_stand_on_the_lines() -> None:
    loss, names = line()
    ax = computation_graph(loss, names, gradients=False, key=False)
    numbers = [t for t in words(ax, "ink") if t.strip("−").isdigit()]
    assert sorted(numbers) == ["1", "1", "1", "2", "3", "−1", "−6"]
    assert words(ax, "gradient") == []


def test_the_gradients_shown_are_those_stored_in_the_nodes() -> None:
    loss, names = line()
    names["w"].grad = 123.0  # wrong on purpose: the picture shows what is there
    ax = computation_graph(loss, names, key=False)
    assert "123" in words(ax, "gradient")
    assert "−18" not in words(ax, "gradient")


def test_steps_forward_make_one_more_value_known_each_time() -> None:
    loss, names = line()
    known = [
        len(
            [
                t
                for t in words(computation_graph(loss, names, step=s, key=False))
                if t == "?"
            ]
        )
        for s in range(5)
    ]
    assert known == [4, 3, 2, 1, 0]


def test_steps_backward_hand_the_blame_on() -> None:
    loss, names = line()
    assert graph_steps(loss) == 9

    def blame(step: int) -> list[str]:
        ax = computation_graph(loss, names, step=step, key=False)
        return sorted(t for t in words(ax, "gradient") if not t.startswith("×"))

    assert blame(4) == []
    assert blame(5) == ["1"]
    assert blame(6) == ["1", "−6"]
    assert blame(7) == sorted(["1", "6", "−6", "−6"])
    assert blame(9) == sorted(["1", "6", "−6", "−6", "−6", "−6", "−12", "−18"])


def test_the_last_step_shows_what_backward_computes() -> None:
    rng = random.Random(SEED)
    for size in (1, 3, 8, 15):
        root = random_graph(rng, size)
        replayed = computation_graph(root, {}, step=graph_steps(root), key=False)
        root.backward()
        stored = computation_graph(root, {}, key=False)
        assert words(replayed, "gradient") == words(stored, "gradient")


def test_between_two_steps_dots_run_along_the_edges_that_come_next() -> None:
    loss, names = line()
    nodes = _topological_order(loss)
    places = _layout(nodes).positions

    def dots(step: float) -> tuple[set[str], list[tuple[float, float]]]:
        ax = computation_graph(loss, names, step=step, key=False)
        colours = {str(x.get_color()) for x in ax.lines}
        return colours, [(x, y) for d in ax.lines for x, y in d.get_xydata()]

    assert dots(3)[1] == dots(4.5)[1] == dots(9)[1] == []
    colours, forward = dots(0.25)  # towards the product, from w and x
    assert (colours, len(forward)) == ({COLOURS["value"]}, 2)
    colours, back = dots(8.999)  # the product's two shares, nearly there
    assert (colours, len(back)) == ({COLOURS["gradient"]}, 2)
    for x, y in back:
        to = [places[id(names[name])] for name in "wx"]
        assert min(abs(x - a - BOX_WIDTH / 2) + abs(y - b) for a, b in to) < 1


def test_a_map_may_fill_more_of_its_axes() -> None:
    sizes = []
    for largest in (1.0, 1.3):
        ax = computation_graph(*line(), largest=largest, ax=panels(width=16, height=6))
        sizes.append(max(text.get_fontsize() for text in ax.texts))
    assert sizes[1] == pytest.approx(1.3 * sizes[0])


@pytest.mark.parametrize("step", [-1, 9.5, 10])
def test_a_step_that_does_not_exist_is_refused(step: int) -> None:
    loss, names = line()
    with pytest.raises(ValueError, match=f"step must be from 0 to 9.*: {step}"):
        computation_graph(loss, names, step=step)


def test_a_number_used_twice_gets_two_lines() -> None:
    a = Value(3.0)
    ax = computation_graph(a * a + a, {"a": a}, key=False)
    assert (len(boxes(ax)), len(arrows(ax))) == (3, 4)
    paths = {tuple(map(tuple, arrow.get_path().vertices)) for arrow in arrows(ax)}
    assert len(paths) == 4, "two lines lie on each other"


def test_a_leaf_alone_and_numbers_that_are_not_finite_are_drawn() -> None:
    assert len(boxes(computation_graph(Value(1.0), {}))) == 1
    ax = computation_graph(Value(0.0).log(), {}, key=False)
    assert "-inf" in words(ax, "value")


def test_notes_are_written_where_asked() -> None:
    loss, names = line()
    ax = computation_graph(loss, names, badges={"w": "third", "loss": "first"})
    assert {"third", "first"} <= set(words(ax))
    assert "third" not in words(computation_graph(loss, names))


# --- where it puts it -------------------------------------------------------------


def test_a_node_that_can_be_moved_has_arrows_inside_its_box() -> None:
    a, b = Value(2.0), Value(3.0)
    root = a * b
    ax = computation_graph(root, {"a": a, "b": b}, movable=[a, Value(1.0)])
    marks = [line.get_xydata()[0] for line in ax.lines]
    boxes = dict(graph_boxes(root))
    assert len(marks) == 2
    left, bottom, width, height = boxes[a]
    for x, y in marks:
        assert left < x < left + width
        assert bottom < y < bottom + height
    assert computation_graph(root, {"a": a, "b": b}).lines[:] == []


def test_every_box_is_where_its_node_is_drawn() -> None:
    a = Value(2.0)
    root = (a * a + 1) ** 2
    ax = computation_graph(root, {"a": a})
    drawn = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
    at = [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in drawn]
    assert at == [box for _, box in graph_boxes(root)]
    assert graph_boxes(root)[-1][0] is root


def test_boxes_never_overlap_and_results_stand_right_of_what_they_use() -> None:
    rng = random.Random(SEED)
    a = Value(1.0)
    short_way_first = a.tanh() + a.exp().exp().exp()
    graphs = [random_graph(rng, rng.randrange(1, 25)) for _ in range(40)]
    for root in [short_way_first, *graphs]:
        ax = computation_graph(root, {}, key=False)
        places = [
            (p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in boxes(ax)
        ]
        for i, (x, y, w, h) in enumerate(places):
            for x2, y2, _, _ in places[:i]:
                assert abs(x - x2) >= w or abs(y - y2) >= h
        nodes = _topological_order(root)
        at = _layout(nodes).positions
        for node in nodes:
            for child in node.children:
                assert at[id(child)][0] + BOX_WIDTH < at[id(node)][0]


def test_the_same_map_is_drawn_the_same_way() -> None:
    pictures = {show(computation_graph(*line()), alt="A map.").data for _ in range(2)}
    assert len(pictures) == 1


def test_wide_graphs_shrink_to_their_figure() -> None:
    weights, inputs = ([Value(i) for i in range(12)] for _ in range(2))
    small = computation_graph(dot(weights, inputs), {}, ax=panels(width=4, height=3))
    large = computation_graph(dot(weights, inputs), {})
    sizes = [min(t.get_fontsize() for t in ax.texts) for ax in (small, large)]
    assert sizes[0] < sizes[1]


# --- on the page ------------------------------------------------------------------


def test_replay_draws_one_map_per_step_on_axes_given_or_new() -> None:
    loss, names = line()
    steps = {5: "First", 9: "Last"}
    axes = graph_replay(loss, names, [names["w"]], steps=steps)
    assert ["First" in words(axes[0]), "Last" in words(axes[1])] == [True, True]
    assert "−18" not in words(axes[0])
    assert "−18" in words(axes[1])
    given = panels(2, 1)
    assert list(graph_replay(loss, names, steps=steps, ax=given)) == list(given)
    assert show(graph_replay(loss, names, steps={5: "One"}), alt="One map.").data


def test_nothing_global_is_touched() -> None:
    before, loss = dict(mpl.rcParams), line()
    computation_graph(*loss)
    gradient_cost([10, 100], [2.0, 2.0], [11.0, 101.0], 1)
    assert dict(mpl.rcParams) == before


def test_cost_marks_measured_and_computed_points() -> None:
    counts, nudged = [10, 100, 1_000], [11.0, 101.0, 1_001.0]
    ax = gradient_cost(counts, [2.0, 1.9, 2.1], nudged, 1)
    line_, measured, computed, backward = (list(x.get_ydata()) for x in ax.lines)
    assert (line_, measured, computed) == (nudged, [11.0], [101.0, 1_001.0])
    assert backward == [2.0, 1.9, 2.1]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["10", "100", "1,000"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_zeroing_shows_both_descents() -> None:
    ax = with_and_without_zeroing([9.0, 4.0, 1.0], [9.0, 4.0, 8.0])
    shown = {x.get_label(): list(x.get_ydata()) for x in ax.lines}
    assert shown["grad zeroed every step"] == [9.0, 4.0, 1.0]
    assert shown["grad never zeroed"] == [9.0, 4.0, 8.0]
