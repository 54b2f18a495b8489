"""The pictures of notebook 05 that answer."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib import array, scalar, widgets
from course_lib.data.moons import two_moons
from course_lib.lessons.mlp import init_deep_mlp, mlp_loss
from course_lib.widgets import InteractiveFigure
from tests.widgets.checks import check_figure, drag

POINTS, LABELS = two_moons(np.random.default_rng(0), 100)


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """Let a bias be added to every row."""
    with jax.numpy_rank_promotion("allow"):
        yield


def choose(figure: InteractiveFigure, **wanted: object) -> str:
    """Choose the stops or the options that stand for these values; return the words."""
    for name, value in wanted.items():
        control = figure._controls[name]
        options = getattr(control, "stops", None)
        if options is None:
            options = list(control.options.values())  # type: ignore[attr-defined]
        figure.select(**{name: list(options).index(value)})
    assert figure.problem == ""
    return figure.summary


def test_one_neuron() -> None:
    figure = widgets.neuron()
    check_figure(figure)
    said = choose(figure, w=-4.0, b=2.0, activation="sigmoid")
    assert "x = −b/w = 0.50" in said
    assert "The sigmoid falls, by at most 1.00" in said
    assert "The ReLU rises, by at most 4.00" in choose(figure, w=4.0, activation="relu")
    assert "the output is 0.88" in choose(figure, w=0.0, b=2.0, activation="sigmoid")


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_its_output_is_that_of_the_neuron_taught(activation: str) -> None:
    figure = widgets.neuron()
    choose(figure, w=1.5, b=-0.5, activation=activation)
    lines = figure._renderer.axes[1].lines
    x, a = max((line.get_data() for line in lines), key=lambda data: len(data[0]))
    unit = scalar.Neuron(1, random.Random(0), activation)
    unit.weights[0].data, unit.bias.data = 1.5, -0.5
    for i in (0, 100, 150):
        if -1 <= a[i] <= 8:
            assert a[i] == pytest.approx(unit([float(x[i])]).data)


def test_the_line_of_a_neuron_counts_the_points_on_the_wrong_side() -> None:
    figure = widgets.neuron_line()
    check_figure(figure)
    said = choose(figure, w1=1.1, w2=-2.6, b=0.3)
    wrong = (POINTS @ [1.1, -2.6] + 0.3 > 0) != LABELS
    assert said.startswith(f"{wrong.sum()} of 100 points")
    circles = figure._renderer.figure.axes[0].lines[2].get_xydata()
    np.testing.assert_array_equal(circles, POINTS[wrong])
    sure = choose(figure, w1=0.0, w2=0.0, b=1.0)
    assert sure.startswith("50 of 100")
    assert "Outputs: 0.73 to 0.73" in sure


def test_the_gradients_are_those_of_jax() -> None:
    figure = widgets.vanishing_gradient()
    check_figure(figure)
    said = choose(figure, depth=7, gain=2**0.5, activation="tanh")
    with jax.enable_x64(True):
        start = init_deep_mlp(np.random.default_rng(0), 7, 2**0.5)
        precise = {name: jnp.asarray(numbers, float) for name, numbers in start.items()}
        grads = jax.grad(mlp_loss)(precise, POINTS, LABELS, "tanh")
    norms = [np.linalg.norm(grads[f"layer{i}.weights"]) for i in range(7)]
    tanh = next(ln for ln in figure._renderer.axes[1].lines if ln.get_label() == "tanh")
    np.testing.assert_allclose(tanh.get_ydata(), norms, rtol=1e-4)
    first, last = (float(n) for n in re.findall(r"\d\.\de.\d+", said.replace("−", "-")))
    assert (first, last) == pytest.approx((norms[0], norms[-1]), rel=0.05)


def test_the_replay_is_the_training_of_the_page() -> None:
    figure = widgets.decision_boundary()
    check_figure(figure)
    model = scalar.MLP(2, [16, 16, 2], random.Random(2))
    state = scalar.adam_init(model.parameters())
    pairs = list(zip(POINTS.tolist(), LABELS.tolist(), strict=True))
    for step in range(6):
        costs = [scalar.cross_entropy(model(x), y) for x, y in pairs]
        loss = sum(costs[1:], costs[0]) / len(costs)
        if step in (0, 5):
            shares = jax.nn.softmax(
                array.mlp(array.mlp_from_scalar(model), jnp.asarray(POINTS))
            )
            right = np.sum((shares[:, 1] > 0.5) == LABELS)
            said = choose(figure, step=step, size=16)
            assert f"loss {loss.data:.4f}, {right} of 100 points right" in said
        loss.backward()
        state = scalar.adam_update(model.parameters(), state, 0.03)


def test_a_small_network_gets_less_far() -> None:
    figure = widgets.decision_boundary()
    ends = [choose(figure, step=160, size=size) for size in (16, 4, 2)]
    shares = [int(re.findall(r"(\d+) of 100", said)[0]) for said in ends]
    assert shares[0] == 100
    assert shares == sorted(shares, reverse=True)
    assert shares[2] < 95


def test_a_neuron_is_fitted_by_its_rings() -> None:
    figure = widgets.neuron()
    assert "4 of 10" in figure.summary
    sums, _ = figure._renderer.axes
    drag(figure, "move the border", sums, (1.0, 0.0))
    assert "0 of 10 points" in figure.summary
    assert "x = −b/w = 1.00" in figure.summary
    drag(figure, "pull it steeper, or across the border", sums, (0.0, 2.0))
    assert "10 of 10 points" in figure.summary, "the curve turned round"
    assert figure.values["w"] == pytest.approx(-2.0)
    assert "x = −b/w = 1.00" in figure.summary, "about its border"


def test_a_flat_neuron_can_be_turned() -> None:
    figure = widgets.neuron()
    choose(figure, w=0.0, b=1.0)
    drag(figure, "turn the line", figure._renderer.axes[0], (3.0, 4.0))
    assert figure.values["w"] == pytest.approx(1.0)
    assert figure.values["b"] == 1.0


def test_a_line_is_moved_and_turned() -> None:
    figure = widgets.neuron_line()
    ax = figure._renderer.axes
    choose(figure, w1=2.0, w2=1.0, b=-3.0)
    drag(figure, "move the line", ax, (0.2, 1.0))
    assert figure.values | {"activation": ""} == {
        "w1": 2.0,
        "w2": 1.0,
        "b": pytest.approx(-1.4),
        "activation": "",
    }
    foot = np.array([0.5, 0.25]) + 0.15 / 5 * np.array([2.0, 1.0])
    tip = foot + 0.2 * np.array([3.0, -1.0])
    drag(figure, "turn the line, and make it surer", ax, tuple(tip))
    w1, w2, b = (figure.values[k] for k in ("w1", "w2", "b"))
    assert (w1, w2) == (pytest.approx(3.0), pytest.approx(-1.0))
    assert foot @ [w1, w2] + b == pytest.approx(0, abs=0.06), "turned about its foot"


def test_a_gradient_is_lifted_with_tanh_and_not_with_the_sigmoid() -> None:
    figure = widgets.vanishing_gradient()
    lifted = {}
    for activation in ("sigmoid", "tanh"):
        choose(figure, depth=30, gain=0.5, activation=activation)
        gradients = figure._renderer.axes[1]
        drag(figure, "lift the gradient of layer 1", gradients, (1.0, 1.0))
        first = re.findall(r"layer 1 gets (\d\.\de.\d+)", figure.summary)[0]
        lifted[activation] = float(first.replace("−", "-"))
    assert lifted["sigmoid"] < 1e-10
    assert 0.1 < lifted["tanh"] < 10


def test_the_loss_curve_leads_to_its_step() -> None:
    figure = widgets.decision_boundary()
    drag(figure, "go to a step", figure._renderer.axes[1], (80.2, 0.5))
    assert "step 80:" in figure.summary
