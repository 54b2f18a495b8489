"""The playground of notebook 05: painted points, and the network that learns them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pytest

from course_lib import array, widgets
from course_lib.lessons import mlp
from course_lib.lessons.mlp import train_mlp
from course_lib.widgets import InteractiveFigure
from course_lib.widgets import painted_points as pg
from course_lib.widgets.controls import Points
from course_lib.widgets.handles import handles_of
from course_lib.widgets.recording import MOST_STATES
from tests.widgets.checks import handles, outside

SETS = ("two moons", "circles", "XOR")


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """Let a bias be added to every row."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(scope="module")
def figure() -> InteractiveFigure:
    with jax.numpy_rank_promotion("allow"):
        return widgets.playground()


def choose(figure: InteractiveFigure, **wanted: Any) -> str:
    """Choose stops and options by what the learner reads; return the summary."""
    for name, value in wanted.items():
        texts = next(c["texts"] for c in figure.controls if c["name"] == name)
        figure.select(**{name: texts.index(str(value))})
    assert figure.problem == ""
    return figure.summary


def right(summary: str) -> int:
    return int(re.findall(r"(\d+) of \d+ points right", summary)[0])


def test_nothing_is_trained_before_a_step_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mlp, "train_on_weighted", None)
    fresh = widgets.playground()
    assert fresh.problem == ""
    assert not fresh.prepares_at_once
    assert "Step 0 with 4 neurons" in fresh.summary
    fresh.select(step=1)
    assert "could not be drawn" in fresh.problem


def test_it_trains_as_the_page_does(figure: InteractiveFigure) -> None:
    said = choose(figure, data="circles", network="5 neurons", step=100)
    places, labels = figure.values["points"]
    start = array.init_mlp(np.random.default_rng(0), 2, [5, 2])
    data = places, labels
    _, (losses, _) = train_mlp(start, data, data, pg.RATE, 101)
    assert f"loss {losses[100]:.3f}" in said


def test_points_of_no_weight_count_for_nothing() -> None:
    rng = np.random.default_rng(1)
    places, labels = rng.normal(size=(9, 2)), np.arange(9) % 2
    start = array.init_mlp(rng, 2, [3, 2])
    weights = np.array([0.2] * 5 + [0.0] * 4)
    some = mlp.train_on_weighted(start, (places, labels), weights, 0.05, 20)
    few = mlp.train_on_weighted(start, (places[:5], labels[:5]), weights[:5], 0.05, 20)
    for name, numbers in few.items():
        np.testing.assert_allclose(some[name], numbers, atol=1e-5)


@pytest.mark.parametrize(
    ("data", "enough", "too_few"),
    [("circles", 3, 2), ("two moons", 3, 2), ("XOR", 2, 1)],
)
def test_so_many_neurons_are_enough_and_one_less_is_not(
    figure: InteractiveFigure, data: str, enough: int, too_few: int
) -> None:
    choose(figure, activation="tanh", data=data, step=400)
    plural = "s" * (too_few > 1)
    assert right(choose(figure, network=f"{enough} neurons")) == 60
    assert right(choose(figure, network=f"{too_few} neuron{plural}")) < 60


def test_without_an_activation_the_border_is_straight(
    figure: InteractiveFigure,
) -> None:
    choose(figure, data="circles", network="two layers: 8 + 8", activation="none")
    said = choose(figure, step=400)
    border = figure._renderer.axes[0]
    lines = [p.vertices for c in border.collections for p in c.get_paths()]
    green = next(line for line in lines if len(line) > 2)
    across = green - green.mean(axis=0)
    assert np.linalg.svd(across)[1][1] < 0.02 * len(green) ** 0.5
    assert right(said) < 50
    choose(figure, activation="tanh")


def test_small_maps_add_up_to_the_large_one() -> None:
    params = pg._trained([4], "tanh", *_points("circles"), 150)
    *_, hidden, logits = mlp.forward(params, pg.PLACES, "tanh")
    out, bias = params["layer1.weights"], params["layer1.bias"]
    votes = hidden * (out[1] - out[0])
    total = votes.sum(axis=-1) + bias[1] - bias[0]
    np.testing.assert_allclose(total, logits[..., 1] - logits[..., 0], atol=1e-6)
    assert np.all(params["layer0.weights"][4:] == 0), "the padding has not moved"


def _points(name: str) -> tuple[np.ndarray, np.ndarray]:
    figure = widgets.playground()
    choose(figure, data=name)
    places, labels = figure.values["points"]
    return places, labels


def test_each_set_fills_the_map_and_points_of_ones_own_are_so_called(
    figure: InteractiveFigure,
) -> None:
    (left, bottom), (right_, top) = pg.CORNERS
    for name in SETS:
        choose(figure, data=name, step=0)
        places, labels = figure.values["points"]
        assert np.bincount(labels).tolist() == [30, 30]
        assert ((places > [left, bottom]) & (places < [right_, top])).all(), name
    figure.select(points=[[10, 20, 0], [60, 50, 1]])
    texts = next(c["texts"] for c in figure.controls if c["name"] == "data")
    assert texts[figure.selected["data"]] == "your own"
    np.testing.assert_allclose(figure.values["points"][0], [(-1.5, -0.5), (1.0, 1.0)])
    assert "of 2 points right" in figure.summary


def test_no_points_and_one_kind_alone_are_no_problem(
    figure: InteractiveFigure,
) -> None:
    choose(figure, step=40)
    for points in ([], [[5, 5, 0]], [[5, 5, 1], [5, 5, 0]]):
        figure.select(points=points)
        assert figure.problem == ""
        assert figure.summary
    figure.select(points=[])
    assert "no points" in figure.summary


@pytest.mark.parametrize(
    "points",
    [
        None,
        {},
        [1],
        [[1, 2]],
        [[1, 2, 3, 4]],
        [[1, 2, 2]],
        [[101, 2, 0]],
        [[1, 71, 0]],
        [[-1, 2, 0]],
        [[1.5, 2, 0]],
        [[True, 2, 0]],
        [["1", 2, 0]],
        [[1, 2, 0]] * 201,
        [[10**400, 2, 0]],
    ],
)
def test_what_are_no_points_is_refused_in_one_line(
    figure: InteractiveFigure, points: Any
) -> None:
    figure.select(points=[[5, 5, 0], [70, 60, 1]])
    before = figure.strokes
    figure.select(points=points)
    assert figure.problem.startswith("paint in the map: ")
    assert "\n" not in figure.problem
    assert len(figure.problem) < 200
    assert figure.strokes == before
    figure.select(points=[[5, 5, 0], [70, 60, 1]])
    assert figure.problem == ""


def test_the_pointer_paints_where_the_grid_lies(figure: InteractiveFigure) -> None:
    choose(figure, data="two moons", step=0)
    [given] = [s for h in handles(figure) for s in h["sets"] if "grid" in s]
    axes = figure._renderer.axes[0]
    height = figure.picture["size"][1]
    for corner, pixels in zip(
        pg.CORNERS, np.reshape(given["grid"], (2, 2)), strict=True
    ):
        x, y = axes.transData.transform(corner)
        assert pixels == pytest.approx([x, height - y], abs=0.06)
    control = figure._controls[given["control"]]
    assert isinstance(control, Points)
    assert control.corners == pg.CORNERS


def test_a_step_is_small(figure: InteractiveFigure) -> None:
    choose(figure, data="circles", network="4 neurons", activation="tanh", step=20)
    sizes = []
    for step in range(21, 30):
        choose(figure, step=step)
        sizes.append(len(figure.picture["data"]))
    assert np.median(sizes) < 6_000
    assert len(json.dumps(figure.selected)) < 1_500
    assert len(handles_of(figure._renderer.figure)) == 1


@pytest.mark.parametrize("network", range(len(pg.NETWORKS)))
def test_every_network_fits_in_its_picture(
    figure: InteractiveFigure, network: int
) -> None:
    for stacked in (True, False):
        figure.stacked = stacked
        figure.select(network=network, step=12)
        assert figure.problem == ""
        assert not outside(figure)


def test_a_recording_offers_what_the_page_asks_about(figure: InteractiveFigure) -> None:
    replay = figure.replay()
    step, data, network = replay.controls
    assert set(data.spec()["texts"]) == set(SETS)
    assert network.spec()["texts"][1:3] == ["2 neurons", "3 neurons"]
    n_states = len(step.states()) * len(data.states()) * len(network.states())
    assert n_states <= MOST_STATES
    assert replay.draw is not None
    chosen = {"step": 400, "data": data.value(1), "network": [3]}
    said = replay.draw(figure.renderer.axes, **chosen)
    choose(figure, data="circles", network="3 neurons", activation="tanh")
    assert said == choose(figure, step=400)
