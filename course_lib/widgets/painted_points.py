"""The playground of notebook 05: paint points, and watch a small network learn them.

A picture follows from its controls alone: the network is trained anew, from its first
weights to the step shown, which takes milliseconds. So a border answers at once when a
point is moved, playing shows the training as it goes, and every run can be repeated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib import plots
from course_lib.data.moons import two_moons
from course_lib.widgets.controls import Choice, Points, Preset, Replay, Slider
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle
from course_lib.widgets.neural_network import ACROSS, PLACES, UP

__all__ = ["playground"]

CORNERS = (-2.0, -1.5), (3.0, 2.0)  # as the maps of the page
COLUMNS, ROWS = 100, 70  # of the grid that points lie on
MOST = 200  # points
STEPS = [*range(30), *range(30, 100, 2), *range(100, 405, 5)]
RATE = 0.05  # Adam's learning rate
WIDEST = 8  # neurons of a hidden layer
NETWORKS = {
    **{f"{n} neuron{'s' * (n > 1)}": [n] for n in range(1, WIDEST + 1)},
    "two layers: 4 + 4": [4, 4],
    "two layers: 8 + 8": [8, 8],
}
ACTIVATIONS = {"tanh": "tanh", "ReLU": "relu", "none": "linear"}
FIRST, YOURS = "two moons", "your own"
RECORDED_STEPS = 28  # of each training: as many as find room
SMALL = 12, 17  # rows and columns of a small map: means of three by three places

Painted = list[tuple[int, int, int]]


def playground() -> InteractiveFigure:
    """Paint points of two classes, and train a small network on them, step by step."""
    sets = {"two moons": _moons(), "circles": _circles(), "XOR": _xor()}
    options = {name: {"points": points} for name, points in sets.items()}
    step = Slider("step", "step of the training", STEPS, 0, play=True)
    network = Choice("network", "hidden neurons", NETWORKS, "4 neurons")
    kinds = "circles", "triangles"
    painted = Points(
        "points", "paint in the map", kinds, sets[FIRST], CORNERS, COLUMNS, ROWS, MOST
    )
    controls = [
        step,
        Preset("data", "points", options | {YOURS: {}}, FIRST, by_hand=YOURS),
        network,
        Choice("activation", "activation", ACTIVATIONS, "tanh"),
        painted,
    ]

    def draw_recorded(
        axes: np.ndarray, data: dict[str, Painted], network: list[int], step: int
    ) -> str:
        points = painted.value(painted.selected_for(data["points"]))
        return _draw(axes, step, data, network, "tanh", points)

    few = dict(list(NETWORKS.items())[:4])
    recorded = [
        step.thinned(RECORDED_STEPS),
        Choice("data", "points", options, FIRST),
        Choice("network", "hidden neurons", few, "4 neurons"),
    ]
    axes = plots.panels(1, 2, width=9.4, height=3.9)
    axes[0].get_gridspec().set_width_ratios([5, 4])
    title = "A network learns the points that you paint"
    return InteractiveFigure(
        "playground",
        title,
        _draw,
        controls,
        axes,
        replay=lambda: Replay(recorded, draw_recorded),
        prepares_at_once=False,
    )


def _draw(
    axes: np.ndarray,
    step: int,
    data: Any,
    network: list[int],
    activation: str,
    points: tuple[np.ndarray, np.ndarray],
) -> str:
    """Draw the border, and what each hidden neuron adds to it, after so many steps."""
    from course_lib.lessons import mlp

    border, small = axes
    places, labels = points
    params = _trained(network, activation, places, labels, step)
    *_, last, logits = values = mlp.forward(params, PLACES, activation)
    margins = mlp.forward(params, places, activation)[-1] @ [-1, 1] * (2 * labels - 1)
    right, loss = np.sum(margins > 0), np.logaddexp(0, -margins).sum()
    loss /= max(len(labels), 1)
    title = f"step {step}: loss {loss:.2f}, {right} of {len(labels)} right"
    said = mlp.sigmoid(logits @ [-1, 1])
    plots.decision_map(ACROSS, UP, said, places, labels, title, ax=border)
    n_first, n_last = network[0], network[-1]
    lines = params["layer0.weights"][:n_first], params["layer0.bias"][:n_first]
    plots.neuron_lines(*lines, ax=border)
    add_handle(border, "add a point, or drag one").paint("points", CORNERS)

    votes = last * ([-1, 1] @ params[f"layer{len(network)}.weights"])
    shown: Any = {"title": "what each hidden neuron adds"}
    if len(network) > 1:
        outputs = _small(values[1][..., :n_first])
        lowest, span = outputs.min(axis=(0, 1)), np.ptp(outputs, axis=(0, 1))
        shown = {"title": "first layer: its outputs; second: what it adds"}
        shown["outputs"] = (outputs - lowest) / np.where(span, span, 1)
    plots.neuron_maps(_small(mlp.sigmoid(votes[..., :n_last])), **shown, ax=small)
    if not len(labels):
        return "There are no points to learn. Paint some of each kind."
    return (
        f"Step {step} with {_named(network)}: loss {loss:.3f}, "
        f"{right} of {len(labels)} points right."
    )


def _small(maps: np.ndarray) -> np.ndarray:
    """Return maps (36, 51, n) with a third of the rows and of the columns."""
    rows, columns = SMALL
    blocks = maps.reshape(rows, 3, columns, 3, -1)
    means: np.ndarray = blocks.mean(axis=(1, 3))
    return means


def _named(network: list[int]) -> str:
    return next(name for name, sizes in NETWORKS.items() if sizes == network)


def _trained(
    network: list[int],
    activation: str,
    places: np.ndarray,
    labels: np.ndarray,
    steps: int,
) -> dict[str, np.ndarray]:
    """Return the parameters of a network after so many steps on these points.

    Hidden layers are padded to one width and points to one number, so that one compiled
    program serves all of a depth and an activation.
    """
    from course_lib import array
    from course_lib.lessons import mlp

    start = array.init_mlp(np.random.default_rng(0), 2, [*network, 2])
    params = mlp.pad_hidden_layers(start, WIDEST)
    if steps and len(labels):
        more = MOST - len(labels)
        padded = np.pad(places, ((0, more), (0, 0))), np.pad(labels, (0, more))
        shares = np.pad(np.full(len(labels), 1 / len(labels)), (0, more))
        params = mlp.train_on_weighted(params, padded, shares, RATE, steps, activation)
    return {name: np.asarray(numbers) for name, numbers in params.items()}


# --- data sets, on the grid -----------------------------------------------------------


def _moons() -> Painted:
    return _on_grid(*two_moons(np.random.default_rng(0), 60))


def _circles() -> Painted:
    """Return a disc of points, and a ring of others around it."""
    rng, labels = np.random.default_rng(0), np.arange(60) % 2
    angles, radii = rng.uniform(0, 2 * np.pi, 60), np.where(labels == 1, 0.4, 1.25)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None]
    noise = rng.normal([0.5, 0.25], 0.1, (60, 2))
    return _on_grid(circle + noise, labels)


def _xor() -> Painted:
    """Return four heaps: those across from each other have one label."""
    rng, heap = np.random.default_rng(0), np.arange(60) % 4
    corners = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])[heap]
    noise = rng.normal([0.5, 0.25], 0.25, (60, 2))
    return _on_grid(corners * [1.0, 0.85] + noise, heap % 2)


def _on_grid(places: np.ndarray, labels: np.ndarray) -> Painted:
    """Return points as [column, row, class] on the grid of the map."""
    low, high = np.array(CORNERS)
    cells = np.rint((places - low) / (high - low) * [COLUMNS, ROWS]).astype(int)
    inside = cells.clip(0, [COLUMNS, ROWS])
    return [(int(x), int(y), int(k)) for (x, y), k in zip(inside, labels, strict=True)]
