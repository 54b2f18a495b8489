"""The interactive figures of notebook 05: neurons, gradients by layer, a boundary.

JAX is imported where a figure is made: those of other notebooks do without.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course_lib import plots
from course_lib.data.moons import two_moons
from course_lib.plots.neural_network import ARROW
from course_lib.plots.parts import GRIP, percent
from course_lib.plots.style import COLOURS
from course_lib.widgets.controls import Choice, Replay, Slider
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.handles import add_handle

__all__ = ["decision_boundary", "neuron", "neuron_line", "vanishing_gradient"]

ACTIVATIONS = {"sigmoid": "sigmoid", "tanh": "tanh", "ReLU": "relu"}
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (-8.0, 8.0)}
LABELS = {"w": "weight w", "w1": "weight w₁", "w2": "weight w₂", "b": "bias b"}
LOWEST, HIGHEST = 1e-25, 1e5  # gradients in view
GAINS = {3**-0.5: "0.58 (of old)", 1.0: "1.00 (Glorot)", 2**0.5: "1.41 (He)"}
ACROSS, UP = np.linspace(-2, 3, 51), np.linspace(-1.5, 2, 36)
PLACES = np.stack(np.meshgrid(ACROSS, UP), axis=-1)  # (36, 51, 2)
DIAL = [i / 10 for i in range(-60, 61)]  # stops of a weight and of a bias
X_MAX = 4.0  # of a neuron's one input
SHARP = 2.0  # the sum at the grip that sets how sharp a neuron is
EXAMPLES = np.array([-3.4, -2.6, -1.7, -1.1, 0.2, 0.6, 1.5, 2.0, 2.9, 3.5])
IS_SMALL = (EXAMPLES < 1).astype(int)  # their labels


def neuron() -> InteractiveFigure:
    """Fit the border and the sharpness of a neuron with one input to ten points."""
    curves = _curves()
    x = np.linspace(-X_MAX, X_MAX, 201)

    def draw(axes: np.ndarray, w: float, b: float, activation: str) -> str:
        activate = curves[activation]
        z = w * x + b
        sums: dict[str, Any] = {"level": 0.0, "limits": (-8.0, 8.0), "ylabel": "sum z"}
        outputs = {"level": activate(0.0), "limits": RANGES[activation]}
        one: dict[str, Any] = {"border": (w, b), "key": False}
        title = f"{_equation(w, b)} (shaded: z > 0)"
        plots.neuron_curves(x, {"z": z}, title, **sums, **one, ax=axes[0])
        title = f"a = {_name(activation)}(z)"
        one |= {"examples": (EXAMPLES, IS_SMALL)}
        plots.neuron_curves(x, {"a": activate(z)}, title, **outputs, **one, ax=axes[1])
        _add_border_handles(axes, w, b, activate)
        right = np.sum((w * EXAMPLES + b > 0) == IS_SMALL)
        fit = f"{right} of {len(EXAMPLES)} points are on their side."
        if not w:
            output = _text(activate(b), 2)
            return f"{fit} The weight is 0: whatever x, the output is {output}."
        way = "rises" if w > 0 else "falls"
        steepest = abs(w) * (0.25 if activation == "sigmoid" else 1)
        return (
            f"{fit} z = 0 at x = −b/w = {_text(-b / w, 2)}. The {_name(activation)} "
            f"{way}, by at most {steepest:.2f} for each unit of x."
        )

    title = "One neuron, one input: its sum, and what the activation makes of it"
    axes = plots.panels(1, 2, width=8, height=3.3)
    return InteractiveFigure(
        "neuron", title, draw, [*_dials(w=1, b=2), _kind("sigmoid")], axes
    )


def _add_border_handles(
    axes: np.ndarray, w: float, b: float, activate: Callable[..., Any]
) -> None:
    """Let a pointer move the border, and pull the curve steeper round it."""
    border = -b / w if w else np.inf
    sides = [z for z in (SHARP, -SHARP) if w and abs(border + z / w) <= X_MAX]
    if not sides and abs(3 * w + b) <= 8:  # nearly flat: no grip on the curve in view
        at = 3.0, 3 * w + b
        turn = add_handle(axes[0], "turn the line", at, grip="parameter")
        turn.up("w", DIAL, lambda w: 3 * w + b)
    for ax, height in zip(axes, (float, activate), strict=True):
        for z in sides[:1]:
            at = border + z / w, height(z)
            words = "pull it steeper, or across the border"
            pull = add_handle(ax, words, at, grip="parameter")
            pull.across("w", DIAL, partial(_where, border, z, 1.0))
            if abs(border) > 0.04:  # the bias follows, so that the border stays
                pull.across("b", DIAL, partial(_where, border, z, -border))
        if abs(border) <= X_MAX:
            at = border, height(0.0)
            move = add_handle(ax, "move the border", at, grip="value")
            move.across("b", DIAL, lambda b: -b / w)


def _where(border: float, z: float, share: float, stop: float) -> float:
    """Return where the sum is z, if the weight is a stop divided by a share."""
    return border + z * share / (stop or 0.02)


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
        if weights.any():
            _add_line_handles(ax, weights, b)
        return (
            f"{wrong.sum()} of {len(labels)} points are on the wrong side (circled). "
            f"Outputs: {_text(outputs.min(), 2)} to {_text(outputs.max(), 2)}."
        )

    title = "One neuron, two inputs: its line, and the points on each side"
    axes = plots.panels(1, 1, width=6.4, height=4.7)
    dials = _dials(w1=1, w2=-2, b=0.3)
    return InteractiveFigure(
        "neuron_line",
        title,
        draw,
        [*dials, _kind("sigmoid")],
        axes,
        replay=lambda: Replay(dials),
    )


def _add_line_handles(ax: Axes, weights: np.ndarray, b: float) -> None:
    """Let a pointer move the line of a neuron, and turn it by its arrow.

    The arrow starts at the line's foot, the point nearest to the middle of the map.
    """
    middle = np.array([ACROSS[[0, -1]].mean(), UP[[0, -1]].mean()])
    square = weights @ weights
    foot = middle - (middle @ weights + b) * weights / square
    along = np.array([-weights[1], weights[0]]) / square**0.5
    x, y = (float(part) for part in foot + ARROW * weights)
    if _in_map(x, y):
        turn = add_handle(ax, "turn the line, and make it surer", (x, y))
        turn.across("w1", DIAL, lambda w: foot[0] + ARROW * w)
        turn.up("w2", DIAL, lambda w: foot[1] + ARROW * w)
        if (far := foot @ foot) > 0.01:  # the bias follows, so that the foot stays
            turn.slide("b", DIAL, lambda b: foot - ARROW * b * foot / far)
        ring = {"ms": 17, "mew": 1.5, "mfc": "none", "mec": COLOURS["parameter"]}
        ax.plot(x, y, **GRIP | ring)  # around the tip, which stays in sight
    if _in_map(*foot):
        ends = tuple(foot - 6 * along), tuple(foot + 6 * along)
        shift = add_handle(ax, "move the line", ends)
        nearest = middle @ weights
        shift.slide("b", DIAL, lambda b: middle - (nearest + b) * weights / square)


def _in_map(x: float, y: float) -> bool:
    return bool(ACROSS[0] <= x <= ACROSS[-1] and UP[0] <= y <= UP[-1])


def vanishing_gradient() -> InteractiveFigure:
    """Set depth, gain and activation; see signal, blame and gradient of each layer."""
    from course_lib.lessons import mlp

    data = points, labels = two_moons(np.random.default_rng(0), 100)

    @lru_cache(maxsize=4)
    def drawn(depth: int) -> dict[str, np.ndarray]:
        return mlp.init_deep_mlp(np.random.default_rng(0), depth, 1.0)

    def start(depth: int, gain: float) -> dict[str, np.ndarray]:
        return {name: gain * numbers for name, numbers in drawn(depth).items()}

    @cache
    def of_first_layer(depth: int, activation: str) -> list[float]:
        """Return the gradient of layer 1 for each gain, from some of them."""
        some = gains[::7]
        starts = (start(depth, gain) for gain in some)
        norms = [mlp.gradient_norms(s, *data, activation)[0] for s in starts]
        logs = np.log10(np.clip(norms, LOWEST, HIGHEST))
        return (10 ** np.interp(np.log(gains), np.log(some), logs)).tolist()

    def draw(axes: np.ndarray, depth: int, gain: float, activation: str) -> str:
        params = start(depth, gain)
        norms = {
            name: mlp.gradient_norms(params, *data, ACTIVATIONS[name])[:depth]
            for name in ("tanh", "ReLU", "sigmoid")  # as in the figure of the page
        }
        name = _name(activation)
        sizes: dict[str, Any] = {"lowest": LOWEST, "highest": HIGHEST, "x_max": 30}
        pairs = mlp.signals_and_blame(params, points, labels, activation)
        signals, blame = ([np.sqrt(np.mean(v**2)) for v in vs[:depth]] for vs in pairs)
        title = f"{name}, {depth} layers, gain {gain:.2f}"
        plots.signal_and_blame(signals, blame, title, **sizes, ax=axes[0])
        look: dict[str, Any] = {"highlighted": name, "key": "below"} | sizes
        title = "gradient: signal times blame"
        layers = np.arange(1, depth + 1)
        look["xlabel"] = "hidden layer"
        plots.gradient_norms(layers, norms, title, **look, ax=axes[1])
        first, last = norms[name][[0, -1]]
        height = float(np.clip(first, LOWEST, HIGHEST))
        words = "lift the gradient of layer 1"
        lift = add_handle(axes[1], words, (1, height), grip="gradient")
        lifted = dict(zip(gains, of_first_layer(depth, activation), strict=True))
        lift.up("gain", gains, lifted.__getitem__)
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
    axes = plots.panels(1, 2, width=9.4, height=3.9)
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
        add_handle(axes[1], "go to a step").across("step", range(n_steps))
        return (
            f"Two hidden layers of {size} neurons, step {step}: loss "
            f"{losses[step]:.4f}, {right[step] * len(labels):.0f} of {len(labels)} "
            "points right."
        )

    options = {f"{n} + {n} neurons": n for n in sizes}
    step = Slider("step", "step of the training", range(n_steps), 0, play=True)
    hidden = Choice("size", "hidden layers", options, "16 + 16 neurons")
    title = "A border that bends: the training of a network, step by step"
    axes = plots.panels(1, 2, width=9, height=3.4)
    axes[1].set_box_aspect(0.7)  # as high as the map
    return InteractiveFigure(
        "decision_boundary",
        title,
        draw,
        [step, hidden],
        axes,
        replay=lambda: Replay([step.thinned(41), hidden]),
    )


# --- pieces ---------------------------------------------------------------------------


def _curves() -> dict[str, Callable[..., Any]]:
    from course_lib.lessons import mlp

    return {kind: f for kind, (f, _) in mlp.ACTIVATIONS.items()}


def _dials(**starts: float) -> list[Slider]:
    """Return a slider from -6 to 6 for each number of a neuron."""
    return [Slider(k, LABELS[k], DIAL, start, _text) for k, start in starts.items()]


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
