"""The interactive figures of notebook 05: neurons, gradients by layer, a boundary.

JAX is imported where a figure is made: those of other notebooks do without.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.data.moons import two_moons
from course_lib.plots.parts import percent
from course_lib.widgets.controls import Choice, Slider
from course_lib.widgets.figure import InteractiveFigure

__all__ = ["decision_boundary", "neuron", "neuron_line", "vanishing_gradient"]

ACTIVATIONS = {"sigmoid": "sigmoid", "tanh": "tanh", "ReLU": "relu"}
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (-8.0, 8.0)}
LABELS = {"w": "weight w", "w1": "weight w₁", "w2": "weight w₂", "b": "bias b"}
GAINS = {3**-0.5: "0.58 (of old)", 1.0: "1.00 (Glorot)", 2**0.5: "1.41 (He)"}
ACROSS, UP = np.linspace(-2, 3, 64), np.linspace(-1.5, 2, 48)
PLACES = np.stack(np.meshgrid(ACROSS, UP), axis=-1)  # (48, 64, 2)


def neuron() -> InteractiveFigure:
    """Set weight, bias and activation of a neuron with one input."""
    curves = _curves()
    x = np.linspace(-4, 4, 401)

    def draw(axes: np.ndarray, w: float, b: float, activation: str) -> str:
        activate = curves[activation]
        z = w * x + b
        sums: dict[str, Any] = {"level": 0.0, "limits": (-8.0, 8.0), "ylabel": "sum z"}
        outputs = {"level": activate(0.0), "limits": RANGES[activation]}
        one = {"border": (w, b), "key": False}
        title = f"{_equation(w, b)} (shaded: z > 0)"
        plots.neuron_curves(x, {"z": z}, title, **sums, **one, ax=axes[0])
        title = f"a = {_name(activation)}(z)"
        plots.neuron_curves(x, {"a": activate(z)}, title, **outputs, **one, ax=axes[1])
        if not w:
            return (
                f"The weight is 0: whatever x, the output is {_text(activate(b), 2)}."
            )
        way = "rises" if w > 0 else "falls"
        steepest = abs(w) * (0.25 if activation == "sigmoid" else 1)
        return (
            f"z = 0 at x = −b/w = {_text(-b / w, 2)}. The {_name(activation)} {way}, "
            f"by at most {steepest:.2f} for each unit of x."
        )

    title = "One neuron, one input: its sum, and what the activation makes of it"
    axes = plots.panels(1, 2, width=8, height=3.3)
    return InteractiveFigure(
        "neuron", title, draw, [*_dials(w=1, b=2), _kind("sigmoid")], axes
    )


def neuron_line() -> InteractiveFigure:
    """Set the weights of a neuron with two inputs; separate two moons by its line."""
    curves = _curves()
    points, labels = two_moons(np.random.default_rng(0), 100)

    def draw(ax: Axes, w1: float, w2: float, b: float, activation: str) -> str:
        weights = np.array([w1, w2])
        outputs = curves[activation](PLACES @ weights + b)
        wrong = (points @ weights + b > 0) != labels
        # white where z is 0, whatever the activation makes of it
        tones = outputs if activation == "sigmoid" else (np.minimum(outputs, 1) + 1) / 2
        sides = ACROSS, UP, tones, points, labels, _equation(w1, w2, b)
        line = {"weights": (w1, w2), "bias": b, "wrong": wrong}
        plots.decision_map(*sides, **line, ax=ax)
        return (
            f"{wrong.sum()} of {len(labels)} points are on the wrong side (circled). "
            f"Outputs: {_text(outputs.min(), 2)} to {_text(outputs.max(), 2)}."
        )

    title = "One neuron, two inputs: its line, and the points on each side"
    axes = plots.panels(1, 1, width=6.4, height=4.7)
    dials = _dials(w1=1, w2=-2, b=0.3)
    return InteractiveFigure(
        "neuron_line", title, draw, [*dials, _kind("sigmoid")], axes
    )


def vanishing_gradient() -> InteractiveFigure:
    """Set depth, activation and initial gain; see each layer's gradient norm."""
    from course_lib.lessons.mlp import gradient_norms, init_deep_mlp

    data = two_moons(np.random.default_rng(0), 100)

    def draw(ax: Axes, depth: int, gain: float, activation: str) -> str:
        start = init_deep_mlp(np.random.default_rng(0), depth, gain)
        norms = {
            name: gradient_norms(start, *data, ACTIVATIONS[name])[:depth]
            for name in ("tanh", "ReLU", "sigmoid")  # as in the figure of the page
        }
        name = _name(activation)
        layers = np.arange(1, depth + 1)
        title = f"{name}, {depth} hidden layers, gain {gain:.2f}"
        look: dict[str, Any] = {"lowest": 1e-25, "highest": 1e5, "x_max": 30}
        look |= {"xlabel": "hidden layer (blame flows from right to left)"}
        look |= {"highlighted": name, "key": "below"}
        plots.gradient_norms(layers, norms, title, **look, ax=ax)
        first, last = norms[name][[0, -1]]
        ratio = (first / last) ** (1 / (depth - 1))
        return (
            f"{name}: layer 1 gets {_power(first)}, layer {depth} gets {_power(last)}; "
            f"each layer on the way back leaves {percent(ratio)}."
        )

    even = [i / 50 for i in range(15, 101)]  # 0.30 to 2.00
    gains = sorted(
        [g for g in even if min(abs(g - s) for s in GAINS) > 0.01] + [*GAINS]
    )
    controls = [
        Slider("depth", "hidden layers", range(2, 31), 20),
        Slider("gain", "gain of the first weights", gains, 1.0, _gain),
        _kind("sigmoid"),
    ]
    title = "What each layer gets of the gradient"
    axes = plots.panels(1, 1, width=8, height=3.9)
    return InteractiveFigure("vanishing_gradient", title, draw, controls, axes)


def decision_boundary() -> InteractiveFigure:
    """Step through a training on two moons; see the decision boundary bend."""
    from course_lib import array, scalar
    from course_lib.lessons import mlp

    data = points, labels = two_moons(np.random.default_rng(0), 100)
    n_steps, sizes = 161, (16, 4, 2)
    runs = {}
    for size in sizes:
        model = scalar.MLP(2, [size, size, 2], random.Random(2))
        start = mlp.pad_hidden_layers(array.mlp_from_scalar(model), max(sizes))
        recorded, losses = mlp.record_mlp_training(start, data, 0.03, n_steps)
        at_points, maps = (
            np.asarray(mlp.probabilities_by_step(recorded, places))
            for places in (points, PLACES)
        )
        right = ((at_points > 0.5) == labels).mean(axis=1)
        runs[size] = maps, np.asarray(losses), right

    def draw(axes: np.ndarray, step: int, size: int) -> str:
        maps, losses, right = runs[size]
        title = f"step {step}: {percent(right[step])} right"
        plots.decision_map(ACROSS, UP, maps[step], points, labels, title, ax=axes[0])
        look: Any = {"highest": 0.9, "level": ("knows nothing: ln 2 = 0.69", np.log(2))}
        plots.loss_so_far(losses, step, f"loss {losses[step]:.4f}", **look, ax=axes[1])
        return (
            f"Two hidden layers of {size} neurons, step {step}: loss "
            f"{losses[step]:.4f}, {right[step] * len(labels):.0f} of {len(labels)} "
            "points right."
        )

    controls = [
        Slider("step", "step of the training", range(n_steps), 0, play=True),
        Choice(
            "size",
            "hidden layers",
            {f"{n} + {n} neurons": n for n in sizes},
            "16 + 16 neurons",
        ),
    ]
    title = "A border that bends: the training of a network, step by step"
    axes = plots.panels(1, 2, width=9, height=3.4)
    axes[1].set_box_aspect(0.7)  # as high as the map
    return InteractiveFigure("decision_boundary", title, draw, controls, axes)


# --- pieces ---------------------------------------------------------------------------


def _curves() -> dict[str, Callable[..., Any]]:
    from course_lib.lessons import mlp

    return {kind: f for kind, (f, _) in mlp.ACTIVATIONS.items()}


def _dials(**starts: float) -> list[Slider]:
    """Return a slider from -6 to 6 for each number of a neuron."""
    stops = [i / 10 for i in range(-60, 61)]
    return [Slider(k, LABELS[k], stops, start, _text) for k, start in starts.items()]


def _kind(start: str) -> Choice:
    return Choice("activation", "activation", ACTIVATIONS, start)


def _name(activation: str) -> str:
    return "ReLU" if activation == "relu" else activation


def _text(number: float, digits: int = 1) -> str:
    return f"{round(number, digits) + 0.0:.{digits}f}".replace("-", "−")


def _gain(gain: float) -> str:
    return GAINS.get(gain, f"{gain:.2f}")


def _power(number: float) -> str:
    return f"{number:.1e}".replace("e-", "e−")


def _equation(*numbers: float) -> str:
    """Return z as a sum of weights times inputs, and the bias, which comes last."""
    *weights, bias = numbers
    names = ["x"] if len(weights) == 1 else ["x₁", "x₂"]
    first, *rest = [*zip(weights, names, strict=True), (bias, "")]
    terms = [f"{'−' if n < 0 else '+'} {_text(abs(n))} {x}".rstrip() for n, x in rest]
    return f"z = {_text(first[0])} {first[1]} {' '.join(terms)}"
