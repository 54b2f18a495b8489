"""Figures of notebook 04: computation graphs, and the cost of a gradient.

The functions read ``data``, ``grad``, ``children``, ``local_grads`` and ``op`` of any
object that has them, so that they draw a learner's own ``Value`` as well as ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure, panels, styled

__all__ = [
    "computation_graph",
    "gradient_cost",
    "graph_boxes",
    "graph_replay",
    "graph_steps",
    "with_and_without_zeroing",
]

Node = Any  # anything with data, grad, children, local_grads and op

# Sizes in points; a drawing too large for its Axes is scaled down as a whole.
BOX_WIDTH, BOX_HEIGHT = 84.0, 54.0
COLUMN, ROW, THIN_ROW = 146.0, 70.0, 34.0
WIDTH = 8.6  # of a new figure, inches
FILLED = 0.96  # share of a figure that its Axes fill; the rest is padding
SIGNS = {"*": "×", "-": "−", "/": "÷", "neg": "−x"}


def graph_steps(root: Node) -> int:
    """Return the number of the last step of ``computation_graph``, counted from 0.

    With n inner nodes: step 0 knows the leaves, steps 1 to n compute one node each,
    step n + 1 sets the gradient of the root to 1, each of the next n propagates it.
    """
    return 2 * len(_inner(_topological_order(root))) + 1


def computation_graph(
    root: Node,
    names: Mapping[str, Node],
    parameters: Sequence[Node] = (),
    *,
    step: float | None = None,
    gradients: bool = True,
    badges: Mapping[str, str] | None = None,
    movable: Sequence[Node] = (),
    title: str = "",
    key: bool = True,
    largest: float = 1.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw a computation graph: a box for each node, an edge for each operand.

    In a box: its name or operation, its value and its gradient; on an edge: the local
    derivative. Without ``step`` every value is shown, and the gradients stored in the
    nodes unless ``gradients`` is False. With ``step``, from 0 to ``graph_steps(root)``,
    the record is replayed up to there; between two steps, dots run along the edges
    towards what the next one makes known. ``badges`` writes a note at the corner of
    named nodes; those that are ``movable`` have two small arrows. A new figure is as
    high as the map needs; on Axes given, a map is drawn up to ``largest`` times its
    usual size.

    Raises ValueError for a step outside that range.
    """
    nodes = _topological_order(root)
    state = _state_at(nodes, root, step, gradients)
    layout = _layout(nodes)
    if ax is None:
        ax = panels(width=WIDTH, height=_height(layout, title, key))
    with styled():
        scale = _fit(ax, layout, title, key, largest)
        if key:
            _draw_legend(ax, layout, scale, bool(state.grads))
        _draw_graph(ax, nodes, layout, state, scale, names, parameters, badges or {})
        for node in movable:
            if id(node) in layout.positions:
                _draw_arrows(ax, *layout.positions[id(node)], scale)
        if step is not None and step % 1:
            _draw_dots(ax, nodes, layout, scale, step)
    return ax


def graph_boxes(root: Node) -> list[tuple[Node, tuple[float, float, float, float]]]:
    """Return each node with its box in a drawing: left, bottom, width and height."""
    nodes = _topological_order(root)
    places = _layout(nodes).positions
    corner = BOX_WIDTH / 2, BOX_HEIGHT / 2
    return [
        (node, (*np.subtract(places[id(node)], corner), BOX_WIDTH, BOX_HEIGHT))
        for node in nodes
    ]


def _draw_graph(
    ax: Axes,
    nodes: Sequence[Node],
    layout: _Layout,
    state: _State,
    scale: float,
    names: Mapping[str, Node],
    parameters: Sequence[Node],
    badges: Mapping[str, str],
) -> None:
    root = nodes[-1]
    titles = {id(node): name for name, node in names.items()}
    orange = {id(node) for node in parameters}
    for node in nodes:
        for i, _ in enumerate(node.children):
            _draw_edge(ax, layout, state, scale, node, i)
    for node in nodes:
        x, y = layout.positions[id(node)]
        kind = _kind(node, root, id(node) in orange, id(node) in titles)
        name = titles.get(id(node), "")
        _draw_box(ax, x, y, scale, kind, _title(node, name), state.of(node))
        if name in badges:
            _draw_badge(ax, x, y, scale, badges[name])


def graph_replay(
    root: Node,
    names: Mapping[str, Node],
    parameters: Sequence[Node] = (),
    *,
    steps: Mapping[int, str],
    ax: Sequence[Axes] | None = None,
) -> Any:
    """Draw a computation graph at several steps, one below the other.

    ``steps`` gives each step (see ``graph_steps``) its title; ``ax`` is one Axes for
    each. Returns an array of them.
    """
    if ax is None:
        height = _height(_layout(_topological_order(root)), "title", key=True)
        ax = panels(len(steps), 1, width=WIDTH, height=height * len(steps))
    axes = np.atleast_1d(np.asarray(ax, dtype=object))
    last = len(steps) - 1
    for k, (step, title) in enumerate(steps.items()):
        computation_graph(
            root, names, parameters, step=step, title=title, key=k == last, ax=axes[k]
        )
    return axes


@figure(width=8.0, height=3.6)
def with_and_without_zeroing(
    zeroed: Sequence[float], forgotten: Sequence[float], *, ax: Axes
) -> None:
    """Draw the loss by step of two descents: grad zeroed, and accumulating."""
    ax.plot(forgotten, "o-", ms=4, color=COLOURS["other"], label="grad never zeroed")
    ax.plot(zeroed, "o-", ms=4, color=COLOURS["loss"], label="grad zeroed every step")
    ax.set(xlabel="step", ylabel="loss", title="Old blame does not go away by itself")
    ax.set_xlim(0, max(len(zeroed), len(forgotten)) - 1)
    ax.set_ylim(0, 1.3 * max(*zeroed, *forgotten))
    ax.legend(loc="upper right", ncols=2)


@figure(width=8.0, height=4.4)
def gradient_cost(
    n_params: Sequence[int],
    backward: Sequence[float],
    nudged: Sequence[float],
    n_measured: int,
    *,
    ax: Axes,
) -> None:
    """Draw the cost of one gradient, in forward passes, by number of parameters.

    The first ``n_measured`` prices of nudging were measured, the others are computed.
    """
    blue, pink = COLOURS["gradient"], COLOURS["other"]
    done, rest = slice(None, n_measured), slice(n_measured, None)
    ax.plot(n_params, nudged, color=pink, lw=1.5, zorder=1)
    ax.plot(n_params[done], nudged[done], "o", ms=8, color=pink, ls="")
    ax.plot(n_params[rest], nudged[rest], "o", ms=8, mec=pink, mfc="white", mew=2)
    ax.plot(n_params, backward, "s-", ms=7, color=blue)
    ax.set(xscale="log", yscale="log", xlabel="parameters")
    ax.set_xticks(n_params, [f"{n:,}" for n in n_params])
    ax.minorticks_off()
    ax.set_ylabel("cost of one gradient\n(1 = one forward pass)")
    ax.set_title("One gradient: nudge every parameter, or walk back once")
    ax.set_ylim(0.5, max(nudged) * 4)
    ax.grid(alpha=0.6)
    ax.annotate(
        "nudging: one more pass per parameter\n(filled: measured, open: computed)",
        (n_params[-2], nudged[-2]),
        xytext=(-18, 2),
        textcoords="offset points",
        ha="right",
        color=pink,
    )
    ax.annotate(
        "forward, then one backward pass: measured",
        (n_params[-1], backward[-1]),
        xytext=(0, 12),
        textcoords="offset points",
        ha="right",
        color=blue,
    )


# --- what is known at a step ------------------------------------------------------


@dataclass(frozen=True)
class _State:
    """What to show: values and gradients by id, and the node now propagating."""

    values: Mapping[int, float]
    grads: Mapping[int, float]
    computing: int | None = None
    passing: int | None = None
    passed: frozenset[int] = frozenset()

    def of(self, node: Node) -> tuple[str, str, bool]:
        """Return the value and gradient of a node as text, and whether it acts now."""
        value = _text(self.values[id(node)]) if id(node) in self.values else ""
        grad = _text(self.grads[id(node)]) if id(node) in self.grads else ""
        return value, grad, id(node) in (self.computing, self.passing)


def _state_at(
    nodes: Sequence[Node], root: Node, step: float | None, gradients: bool
) -> _State:
    inner = _inner(nodes)
    values = {id(node): node.data for node in nodes}
    if step is None:
        grads = {id(node): node.grad for node in nodes} if gradients else {}
        return _State(
            values, grads, passed=frozenset(map(id, inner if gradients else ()))
        )
    last = 2 * len(inner) + 1
    if not 0 <= step <= last:
        raise ValueError(f"step must be from 0 to {last} for this graph: {step}")
    step = math.floor(step)
    if step <= len(inner):
        for node in inner[step:]:
            del values[id(node)]
        return _State(values, {}, computing=id(inner[step - 1]) if step else None)
    passed = inner[::-1][: step - len(inner) - 1]
    now = id(passed[-1]) if passed else id(root)
    return _State(
        values,
        _accumulated_grads(root, passed),
        passing=now,
        passed=frozenset(map(id, passed)),
    )


def _accumulated_grads(root: Node, passed: Iterable[Node]) -> dict[int, float]:
    """Return the gradients accumulated once the nodes in ``passed`` have propagated."""
    grads = {id(root): 1.0}
    for node in passed:
        for child, slope in zip(node.children, node.local_grads, strict=True):
            grads[id(child)] = grads.get(id(child), 0.0) + slope * grads[id(node)]
    return grads


def _topological_order(root: Node) -> list[Node]:
    """Return every node once, in topological order: after all of its operands."""
    done: set[int] = set()
    order, stack = [], [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in done:
            done.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children))
    return order


def _inner(nodes: Iterable[Node]) -> list[Node]:
    return [node for node in nodes if node.children]


# --- where to put it --------------------------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """Places of the nodes by id; for each edge (parent, i) its points, child first."""

    positions: Mapping[int, tuple[float, float]]
    edges: Mapping[tuple[int, int], list[tuple[float, float]]]

    def limits(self) -> tuple[float, float, float, float]:
        """Return left, right, bottom and top of what is drawn."""
        xs = [x for x, _ in self.positions.values()]
        ys = [y for _, y in self.positions.values()]
        ys += [y for way in self.edges.values() for _, y in way]
        x, y = BOX_WIDTH / 2 + 4, BOX_HEIGHT / 2 + 4
        return min(xs) - x, max(xs) + x, min(ys) - y, max(ys) + y


def _layout(nodes: Sequence[Node]) -> _Layout:
    """Return a layered layout: leaves left, root right, few edges crossing.

    The layered drawing of Sugiyama, Tagawa & Toda (1981), in small: a long edge gets
    a dummy node in every column it passes, each column is sorted by the mean place of
    its neighbours, and every node moves as near to them as its column allows.
    """
    depth = {id(node): 0 for node in nodes}
    for node in reversed(nodes):
        for child in node.children:
            depth[id(child)] = max(depth[id(child)], depth[id(node)] + 1)
    columns: list[list[Any]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in reversed(nodes):
        columns[depth[id(node)]].append(id(node))
    neighbours: dict[Any, list[Any]] = {key: [] for column in columns for key in column}
    ways: dict[tuple[int, int], list[Any]] = {}
    for node in nodes:
        for i, child in enumerate(node.children):
            between = range(depth[id(node)] + 1, depth[id(child)])
            way = [(id(node), i, d) for d in between]
            for d, dummy in zip(between, way, strict=True):
                columns[d].append(dummy)
                neighbours[dummy] = []
            chain = [id(node), *way, id(child)]
            for a, b in pairwise(chain):
                neighbours[a].append(b)
                neighbours[b].append(a)
            ways[id(node), i] = way
    first_use = {id(n): -k for k, n in enumerate(nodes)}
    for column in columns:
        column.sort(key=lambda k: first_use[k[0] if isinstance(k, tuple) else k])
    ys = {key: -ROW * k for column in columns for k, key in enumerate(reversed(column))}
    for sweep in range(25):
        for column in columns if sweep % 2 else reversed(columns):
            wanted = {k: _mean([ys[n] for n in neighbours[k]], ys[k]) for k in column}
            if sweep < 12:
                column.sort(key=lambda k: (wanted[k], ys[k]))
            else:
                column.sort(key=lambda k: ys[k])
            ys.update(_pool_neighbours(column, wanted))
    xs = {key: -COLUMN * d for d, column in enumerate(columns) for key in column}
    positions = {key: (xs[key], ys[key]) for key in xs}
    return _Layout(
        {id(node): positions[id(node)] for node in nodes},
        _edge_points(nodes, positions, ways),
    )


def _edge_points(
    nodes: Sequence[Node],
    positions: Mapping[Any, tuple[float, float]],
    dummies: Mapping[tuple[int, int], Sequence[Any]],
) -> dict[tuple[int, int], list[tuple[float, float]]]:
    """Return the points of every edge; those at one side of a box fan out."""
    middle = {
        (id(node), i): [positions[key] for key in reversed(dummies[id(node), i])]
        for node in nodes
        for i, _ in enumerate(node.children)
    }
    leaving: dict[int, list[Any]] = {id(node): [] for node in nodes}
    arriving: dict[int, list[Any]] = {id(node): [] for node in nodes}
    for node in nodes:
        for i, child in enumerate(node.children):
            edge, way = (id(node), i), middle[id(node), i]
            towards = [*way, positions[id(node)]][0][1]
            origin = [positions[id(child)], *way][-1][1]
            leaving[id(child)].append((towards, i, edge))
            arriving[id(node)].append((origin, i, edge))
    starts = _ports(leaving, positions, BOX_WIDTH / 2)
    ends = _ports(arriving, positions, -BOX_WIDTH / 2)
    return {edge: [starts[edge], *way, ends[edge]] for edge, way in middle.items()}


def _ports(
    edges: Mapping[int, list[Any]],
    positions: Mapping[Any, tuple[float, float]],
    shift: float,
) -> dict[Any, tuple[float, float]]:
    """Return the port of each edge on the side of its box, lower ones below."""
    ports = {}
    for key, found in edges.items():
        x, y = positions[key]
        gap = min(16.0, 36.0 / max(len(found) - 1, 1))
        for k, (_, _, edge) in enumerate(sorted(found)):
            ports[edge] = x + shift, y + gap * (k - (len(found) - 1) / 2)
    return ports


def _mean(numbers: Sequence[float], default: float) -> float:
    return sum(numbers) / len(numbers) if numbers else default


def _pool_neighbours(
    column: Sequence[Any], wanted: Mapping[Any, float]
) -> dict[Any, float]:
    """Return positions near the wanted ones, in order and kept apart.

    Least squares by pooling neighbours that come too close.
    """
    offsets, offset = [], 0.0
    for before, key in zip([None, *column], column, strict=False):
        if before is not None:
            thin = isinstance(before, tuple) or isinstance(key, tuple)
            offset += (THIN_ROW + ROW) / 2 if thin else ROW
        offsets.append(offset)
    pools: list[list[float]] = []  # [sum, count]
    for key, offset in zip(column, offsets, strict=True):
        pools.append([wanted[key] - offset, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > (
            pools[-1][0] / pools[-1][1]
        ):
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    flat = [total / count for total, count in pools for _ in range(int(count))]
    return {k: y + o for k, y, o in zip(column, flat, offsets, strict=True)}


def _limits(
    layout: _Layout, title: str, key: bool
) -> tuple[float, float, float, float]:
    left, right, bottom, top = layout.limits()
    return left, right, bottom - 26 * key, top + 26 * bool(title)


def _height(layout: _Layout, title: str, key: bool) -> float:
    """Return the height in inches of a figure WIDTH wide for this graph."""
    left, right, bottom, top = _limits(layout, title, key)
    scale = min(1.0, 72 * WIDTH * FILLED / (right - left))
    return scale * (top - bottom + 12) / (72 * FILLED)


def _fit(ax: Axes, layout: _Layout, title: str, key: bool, largest: float) -> float:
    """Set the limits of the Axes; return the scale, in points per unit."""
    left, right, bottom, top = _limits(layout, title, key)
    wide, high = _size_in_points(ax)
    scale = min(wide / (right - left), high / (top - bottom), largest)
    x, y = (left + right) / 2, (bottom + top) / 2
    half_x = max(right - left, wide / scale) / 2
    half_y = max(top - bottom, high / scale) / 2
    ax.set(xlim=(x - half_x, x + half_x), ylim=(y - half_y, y + half_y))
    ax.set_aspect("equal")
    ax.set_axis_off()
    if title:
        ax.text(left, top - 14, title, size=12 * scale, weight="bold", va="center")
    return scale


def _size_in_points(ax: Axes) -> tuple[float, float]:
    """Return the width and height, in points, that the Axes have or will have."""
    whole: Any = ax.get_figure(root=True)
    part = ax.get_subplotspec()
    if whole.get_layout_engine() is not None and part is not None:
        grid = part.get_gridspec()
        share = FILLED / grid.ncols, FILLED / grid.nrows
    else:
        share = ax.get_position().width, ax.get_position().height
    return (
        72 * whole.get_figwidth() * share[0],
        72 * whole.get_figheight() * share[1],
    )


# --- drawing ----------------------------------------------------------------------


def _draw_legend(ax: Axes, layout: _Layout, scale: float, gradients: bool) -> None:
    x, _, bottom, _ = layout.limits()
    for words, colour, width in (
        ("value", "value", 46),
        ("on the lines: local derivative", "quiet", 172),
        ("gradient: share of the blame", "gradient", 0),
    ):
        if gradients or colour != "gradient":
            look = {"color": COLOURS[colour], "size": 10 * scale, "va": "center"}
            _static_text(ax, x, bottom - 16, words, look)
            x += width


@static_artists
def _static_text(
    ax: Axes, x: float, y: float, words: str, look: Mapping[str, Any]
) -> None:
    ax.text(x, y, words, **look)


def _kind(node: Node, root: Node, is_parameter: bool, is_named: bool) -> str:
    if node is root:
        return "loss"
    if is_parameter:
        return "parameter"
    return "data" if is_named and not node.children else "quiet"


def _title(node: Node, name: str) -> str:
    op = _operation(node)
    if name and op:
        return f"{name} = {op}"
    return name or op or "constant"


def _operation(node: Node) -> str:
    """Return the sign of a node's operation, as it is written."""
    op = SIGNS.get(node.op, node.op)
    return f"( )$^{{{op[2:]}}}$" if op.startswith("**") and len(op) > 2 else op


def _text(number: float, digits: int = 4) -> str:
    return (
        f"{number:.{digits}g}".replace("-", "−")
        if math.isfinite(number)
        else str(number)
    )


def _draw_box(
    ax: Axes,
    x: float,
    y: float,
    scale: float,
    kind: str,
    title: str,
    shown: tuple[str, str, bool],
) -> None:
    value, grad, acting = shown
    _draw_outline(ax, x, y, scale, kind, acting)
    style: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    size = 10.5 * scale * min(1.0, 12 / len(title.split("$")[0]))
    _static_text(ax, x, y + 16, title, {"size": size, "weight": "bold", **style})
    ax.text(x, y - 1, value or "?", size=10.5 * scale, color=_ink(value), **style)
    if grad:
        blue = COLOURS["gradient"]
        ax.text(x, y - 17, grad, size=10.5 * scale, color=blue, weight="bold", **style)


@static_artists
def _draw_outline(
    ax: Axes, x: float, y: float, scale: float, kind: str, acting: bool
) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2),
            BOX_WIDTH,
            BOX_HEIGHT,
            boxstyle="round,pad=0,rounding_size=8",
            facecolor="#FFF7E0" if acting else "white",
            edgecolor=COLOURS[kind],
            linewidth=(3.2 if acting else 1.6) * scale,
            zorder=3,
        )
    )


@static_artists
def _draw_arrows(ax: Axes, x: float, y: float, scale: float) -> None:
    """Draw an arrow up and one down inside the right side of a box."""
    look = {"color": COLOURS["quiet"], "markersize": 4.5 * scale, "zorder": 4}
    for up, marker in ((5, "^"), (-5, "v")):
        ax.plot(x + BOX_WIDTH / 2 - 9, y + up, marker, **look)


def _ink(value: str) -> str:
    return COLOURS["value" if value else "quiet"]


def _draw_badge(ax: Axes, x: float, y: float, scale: float, text: str) -> None:
    ax.text(
        x - BOX_WIDTH / 2 + 2,
        y + BOX_HEIGHT / 2,
        text,
        size=9.5 * scale,
        color="white",
        weight="bold",
        ha="center",
        va="center",
        zorder=6,
        bbox={"boxstyle": "circle,pad=0.25", "fc": COLOURS["ink"], "ec": "white"},
    )


def _draw_edge(
    ax: Axes, layout: _Layout, state: _State, scale: float, parent: Node, i: int
) -> None:
    points = layout.edges[id(parent), i]
    back = id(parent) in state.passed
    colour = COLOURS["gradient"] if back else COLOURS["quiet"]
    now = id(parent) == (state.passing if back else state.computing)
    _draw_line(ax, points[::-1] if back else points, scale, colour, now)
    if id(parent) not in state.values:
        return  # not computed yet: no derivative either
    in_the_gap = 0.4 if len(points) == 2 else 0.2  # before the next column's boxes
    ax.text(
        *_point_on_curve(points[0], points[1], in_the_gap),
        ("× " if back else "") + _text(parent.local_grads[i], digits=3),
        size=9.5 * scale,
        color=COLOURS["gradient"] if back else COLOURS["ink"],
        ha="center",
        va="center",
        zorder=5,
        bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"},
    )


@static_artists
def _draw_line(
    ax: Axes,
    points: Sequence[tuple[float, float]],
    scale: float,
    colour: str,
    now: bool,
) -> None:
    ax.add_patch(
        FancyArrowPatch(
            path=_curve(points),
            arrowstyle="-|>",
            mutation_scale=11 * scale,
            color=colour,
            linewidth=(2.6 if now else 1.3) * scale,
            zorder=2,
        )
    )


def _draw_dots(
    ax: Axes,
    nodes: Sequence[Node],
    layout: _Layout,
    scale: float,
    step: float,
) -> None:
    """Draw the values or gradients in transit: a dot on each of their edges."""
    inner = _inner(nodes)
    done, share = math.floor(step), step % 1
    if done == len(inner):
        return  # the root takes the blame: nothing travels
    back = done > len(inner)
    node = inner[::-1][done - len(inner) - 1] if back else inner[done]
    at = 1 - share if back else share
    ways = [layout.edges[id(node), i] for i, _ in enumerate(node.children)]
    ax.plot(
        *zip(*[_point_on_edge(way, at) for way in ways], strict=True),
        "o",
        color=COLOURS["gradient" if back else "value"],
        markeredgecolor="white",
        markersize=12 * scale,
        zorder=4.5,
    )


def _point_on_edge(
    way: Sequence[tuple[float, float]], at: float
) -> tuple[float, float]:
    """Return the point of an edge at a share of it; each segment counts alike."""
    piece = min(int(at * (len(way) - 1)), len(way) - 2)
    return _point_on_curve(way[piece], way[piece + 1], at * (len(way) - 1) - piece)


def _curve(points: Sequence[tuple[float, float]]) -> Path:
    """Return a smooth Bézier path through the points, horizontal at each."""
    corners, codes = [points[0]], [Path.MOVETO]
    for (xa, ya), (xb, yb) in pairwise(points):
        middle = (xa + xb) / 2
        corners += [(middle, ya), (middle, yb), (xb, yb)]
        codes += [Path.CURVE4] * 3
    return Path(corners, codes)


def _point_on_curve(
    start: tuple[float, float], end: tuple[float, float], t: float
) -> tuple[float, float]:
    """Return the point of such a segment at t, from 0 (start) to 1 (end)."""
    across = 1.5 * t * (1 - t) + t**3
    up = 3 * t * t * (1 - t) + t**3
    return (
        start[0] + (end[0] - start[0]) * across,
        start[1] + (end[1] - start[1]) * up,
    )
