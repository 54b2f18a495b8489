"""Random expression graphs: the slopes of ``Value`` against those of ``jax.grad``.

A program is a list of steps, each an operation on numbers made before; it runs on
``Value``, on JAX arrays (float64, many points at once) and on plain floats alike. Every
number in it stays where floating-point arithmetic is well conditioned, which interval
arithmetic makes sure of, so that an error of 1 part in 10^10 is an error of the engine.
"""

from __future__ import annotations

import itertools
import math
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course_lib.scalar import Value, fused, ieee, value

TOLERANCE = 1e-10  # of the sum of the absolute contributions of all paths
NEARLY_CANCELLED = 1e-4  # a sum this much smaller than its terms is not judged

Interval = tuple[float, float]

# The same operations three times. The taught functions are looked up at every call, so
# that a test can plant a wrong one.
ON_VALUES = SimpleNamespace(
    exp=lambda a: a.exp(),
    log=lambda a: a.log(),
    tanh=lambda a: a.tanh(),
    sigmoid=lambda a: a.sigmoid(),
    relu=lambda a: a.relu(),
    dot=lambda w, x: fused.dot(w, x),
    dots=lambda rows, vectors: fused.dots(rows, vectors),
    softmax=lambda z, scale: fused.softmax(z, scale),
    cross_entropy=lambda z, target: fused.cross_entropy(z, target),
)
ON_ARRAYS = SimpleNamespace(
    exp=jnp.exp,
    log=jnp.log,
    tanh=jnp.tanh,
    sigmoid=jax.nn.sigmoid,
    relu=jax.nn.relu,
    dot=lambda w, x: _dot(w, x),
    dots=lambda rows, vectors: [[_dot(row, x) for row in rows] for x in vectors],
    softmax=lambda z, scale: list(jax.nn.softmax(scale * jnp.stack(z), 0)),
    cross_entropy=lambda z, target: -jax.nn.log_softmax(jnp.stack(z), 0)[target],
)
ON_FLOATS = SimpleNamespace(
    exp=math.exp,
    log=math.log,
    tanh=math.tanh,
    sigmoid=ieee.sigmoid,
    relu=lambda a: max(a, 0.0),
)


def _dot(w: Sequence[Any], x: Sequence[Any]) -> Any:
    return sum(a * b for a, b in zip(w, x, strict=True))


@dataclass(frozen=True)
class Step:
    """One operation: what it is called, how to do it, and on which numbers."""

    name: str
    run: Callable[..., Any]
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Intervals to draw the leaves from, then steps; the last number is the root."""

    leaves: tuple[Interval, ...]
    steps: tuple[Step, ...]

    def run(self, functions: SimpleNamespace, leaves: Sequence[Any]) -> list[Any]:
        numbers = list(leaves)
        for step in self.steps:
            numbers.append(step.run(functions, *[numbers[i] for i in step.inputs]))
        return numbers

    def __str__(self) -> str:
        lines = [f"n{i} in {interval}" for i, interval in enumerate(self.leaves)]
        for i, step in enumerate(self.steps, len(self.leaves)):
            lines.append(f"n{i} = {step.name} of {', '.join(map(str, step.inputs))}")
        return "\n".join(lines)


@dataclass
class Report:
    graphs: int = 0
    judged: int = 0
    worst: float = 0.0


class Builder:
    """Draws programs; every number keeps an interval that is known to hold it."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def program(self) -> Program:
        positive, both = (0.5, 2.0), (-2.0, 2.0)
        leaves = [
            self.rng.choice([positive, both]) for _ in range(self.rng.randint(2, 5))
        ]
        self.bounds: list[Interval] = list(leaves)
        self.steps: list[Step] = []
        for _ in range(self.rng.randint(3, 20)):
            self.one_more(self.rng.choice(self.KINDS))
        self.join_loose_ends(len(leaves))
        return Program(tuple(leaves), tuple(self.steps))

    def one_more(self, kind: Callable[[Builder], None]) -> None:
        """Try a kind of step on a few random choices of inputs."""
        for _ in range(8):
            before = len(self.steps)
            kind(self)
            if len(self.steps) > before:
                return

    def join_loose_ends(self, n_leaves: int) -> None:
        """Add up all that nothing was made from, so that every step matters."""
        used = {i for step in self.steps for i in step.inputs}
        loose = [i for i in range(len(self.bounds)) if i not in used]
        while len(loose) > 1:
            a, b = loose.pop(0), loose.pop(0)
            self.add("+", lambda _, a, b: a + b, a, b, bounds=(-math.inf, math.inf))
            loose.append(len(self.bounds) - 1)

    def pick(self, low: float = -math.inf, high: float = math.inf) -> int | None:
        """Return a number whose interval lies within bounds, late ones rather."""
        fits = [i for i, (a, b) in enumerate(self.bounds) if low <= a and b <= high]
        if not fits:
            return None
        return max(self.rng.choice(fits), self.rng.choice(fits))

    def add(
        self,
        name: str,
        run: Callable[..., Any],
        *inputs: int | None,
        bounds: Interval | None = None,
    ) -> None:
        """Append a step, unless an input is missing or the result may be too large."""
        if None in inputs:
            return
        known = [i for i in inputs if i is not None]
        if bounds is None:
            corners = [
                (low, high, 0.0) if low < 0.0 < high else (low, high)
                for low, high in (self.bounds[i] for i in known)
            ]
            ends = [run(ON_FLOATS, *corner) for corner in itertools.product(*corners)]
            bounds = (float(min(ends)), float(max(ends)))
            if max(map(abs, bounds)) > 1e3:
                return
        self.steps.append(Step(name, run, tuple(known)))
        self.bounds.append(bounds)

    def number(self, *choices: float) -> Any:
        """Return a number of any kind that Value takes on either side."""
        number = self.rng.choice(choices)
        whole = [int, np.int64] if number == int(number) else []
        return self.rng.choice([float, np.float64, np.float32, *whole])(number)

    def add_sub_mul(self) -> None:
        name, run = self.rng.choice(
            [
                ("+", lambda _, a, b: a + b),
                ("-", lambda _, a, b: a - b),
                ("*", lambda _, a, b: a * b),
            ]
        )
        self.add(name, run, self.pick(), self.pick())

    def with_number(self) -> None:
        c = self.number(-3, -1, -0.5, 0, 0.25, 1, 2, 7)
        name, run = self.rng.choice(
            [
                (f"+ {c!r}", lambda _, a: a + c),
                (f"{c!r} +", lambda _, a: c + a),
                (f"- {c!r}", lambda _, a: a - c),
                (f"{c!r} -", lambda _, a: c - a),
                (f"* {c!r}", lambda _, a: a * c),
                (f"{c!r} *", lambda _, a: c * a),
                (f"/ {c!r}", lambda _, a: a / (c or 2)),
            ]
        )
        self.add(name, run, self.pick())

    def divide(self) -> None:
        below = self.pick(low=0.1)
        if self.rng.random() < 0.3:
            c = self.number(-2, 1, 3)
            self.add(f"{c!r} /", lambda _, b: c / b, below)
        else:
            self.add("/", lambda _, a, b: a / b, self.pick(), below)

    def power(self) -> None:
        match self.rng.randrange(4):
            case 0:
                n = self.rng.choice([0, 1, 2, 3, np.int64(2)])
                self.add(f"** {n!r}", lambda _, a: a**n, self.pick(-6, 6))
            case 1:
                c = self.number(-2, -1, -0.5, 0.5, 1.5, 2)
                self.add(f"** {c!r}", lambda _, a: a**c, self.pick(0.1, 10))
            case 2:
                c = self.number(0.5, 1, 2, 3)
                self.add(f"{c!r} **", lambda _, b: c**b, self.pick(-5, 5))
            case 3:
                run = lambda _, a, b: a**b  # noqa: E731 - as the others
                self.add("**", run, self.pick(0.1, 10), self.pick(-4, 4))

    def function(self) -> None:
        name, low, high = self.rng.choice(
            [
                ("exp", -6.0, 6.0),
                ("log", 0.05, 1e3),
                ("tanh", -4.5, 4.5),  # beyond, 1 - tanh^2 loses its digits
                ("sigmoid", -8.0, 8.0),
                ("relu", -1e3, 1e3),
            ]
        )
        self.add(name, lambda F, a: getattr(F, name)(a), self.pick(low, high))

    def negate(self) -> None:
        self.add("neg", lambda _, a: -a, self.pick())

    def dot(self) -> None:
        n = self.rng.randint(1, 4)
        inputs = [self.pick(-15, 15) for _ in range(2 * n)]
        self.add(
            "dot",
            lambda F, *both: F.dot(both[:n], both[n:]),
            *inputs,
            bounds=(-n * 225.0, n * 225.0),
        )

    def cross_entropy(self) -> None:
        n = self.rng.randint(2, 5)
        target = self.rng.randrange(n)
        self.add(
            "cross_entropy",
            lambda F, *logits: F.cross_entropy(logits, target),
            *[self.pick(-4, 4) for _ in range(n)],
            bounds=(0.0, 8.0 + math.log(n)),
        )

    def softmax(self) -> None:
        n = self.rng.randint(1, 4)
        scale, share = self.rng.choice([1.0, 0.5]), self.rng.randrange(n)
        self.add(
            "softmax",
            lambda F, *logits: F.softmax(logits, scale)[share],
            *[self.pick(-4, 4) for _ in range(n)],
            bounds=(math.exp(-8) / n, 1.0),
        )

    def attention(self) -> None:
        """A query of width 2 looks at n keys and mixes n numbers."""
        n = self.rng.randint(1, 3)

        def run(F: Any, *both: Any) -> Any:
            query, keys, values = both[:2], both[2 : 2 + 2 * n], both[2 + 2 * n :]
            rows = [keys[2 * i : 2 * i + 2] for i in range(n)]
            shares = F.softmax(F.dots(rows, [query])[0], 2**-0.5)
            return F.dots([values, shares], [shares])[0][0]

        small = [self.pick(-1.5, 1.5) for _ in range(2 + 2 * n)]
        values = [self.pick(-15, 15) for _ in range(n)]
        self.add("attention", run, *small, *values, bounds=(-15.0, 15.0))

    KINDS = (
        add_sub_mul,
        add_sub_mul,
        with_number,
        divide,
        power,
        power,
        function,
        function,
        negate,
        dot,
        softmax,
        attention,
        cross_entropy,
    )


def draw(rng: random.Random, interval: Interval) -> float:
    """Draw a number from an interval; now and then one that is easy to get wrong."""
    low, high = interval
    special = [x for x in (0.0, -0.0, 1.0, -1.0) if low <= x <= high]
    return rng.choice(special) if rng.random() < 0.03 else rng.uniform(low, high)


def reference(program: Program, points: list[list[float]]) -> tuple[Any, Any]:
    """Return the root (B,) and the slopes (leaves, B) at B points, from jax.grad."""

    def total(leaves: list[Any]) -> tuple[Any, Any]:
        root = program.run(ON_ARRAYS, leaves)[-1]  # (B,)
        return jnp.sum(root), root

    with jax.enable_x64(True):
        columns = [jnp.array(column) for column in zip(*points, strict=True)]
        slopes, roots = jax.grad(total, has_aux=True)(columns)
        return np.asarray(roots), np.asarray(slopes)


def in_order(root: Value) -> list[Value]:
    """Return all nodes, each before what it was made from (depth first)."""
    done, stack, seen = [], [(root, iter(root.children))], {root}
    while stack:
        node, children = stack[-1]
        child = next((c for c in children if c not in seen), None)
        if child is None:
            done.append(node)
            stack.pop()
        else:
            seen.add(child)
            stack.append((child, iter(child.children)))
    return done[::-1]


def path_contributions(nodes: list[Value]) -> dict[Value, float]:
    """Return the sum of |product of slopes| over all paths, from the first node."""
    blame = dict.fromkeys(nodes, 0.0)
    blame[nodes[0]] = 1.0
    for node in nodes:
        for child, slope in zip(node.children, node.local_grads, strict=True):
            blame[child] += abs(slope) * blame[node]
    return blame


def well_conditioned(nodes: list[Value]) -> bool:
    """Whether no sum has almost cancelled: rounding is then all that is left of it."""
    for node in nodes:
        if node.op in ("+", "-", "dot"):
            terms = sum(
                abs(slope * child.data)
                for child, slope in zip(node.children, node.local_grads, strict=True)
            )
            if 0.0 < abs(node.data) < NEARLY_CANCELLED * terms:
                return False
    return True


def compare(n_programs: int, n_points: int, seed: int) -> Report:
    """Judge n_programs * n_points graphs; AssertionError with the first wrong one."""
    rng = random.Random(seed)
    report = Report()
    for _ in range(n_programs):
        program = Builder(rng).program()
        points = [[draw(rng, i) for i in program.leaves] for _ in range(n_points)]
        roots, exact = reference(program, points)
        for at, point in enumerate(points):
            report.graphs += 1
            leaves = [Value(x) for x in point]
            numbers = program.run(ON_VALUES, leaves)
            numbers[-1].backward()
            story = f"graph {report.graphs} of seed {seed} at {point}:\n{program}\n"
            assert math.isfinite(numbers[-1].data), story
            assert np.isfinite(exact[:, at]).all(), story
            nodes = in_order(numbers[-1])
            if not well_conditioned(nodes):
                continue
            report.judged += 1
            assert math.isclose(
                numbers[-1].data, roots[at], rel_tol=1e-9, abs_tol=1e-9
            ), f"{story}root {numbers[-1].data}, jax says {roots[at]}"
            scales = path_contributions(nodes)
            for i, leaf in enumerate(leaves):
                scale = scales.get(leaf, 0.0)
                assert math.isfinite(leaf.grad), story
                off = abs(leaf.grad - exact[i, at])
                report.worst = max(report.worst, off / scale if off else 0.0)
                assert off <= TOLERANCE * scale, (
                    f"{story}slope for n{i}: {leaf.grad}, jax.grad says {exact[i, at]}"
                )
    return report


def say(report: Report, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():  # on stderr, which pytest-xdist's workers do not swallow
        print(
            f"\n{report.graphs:,} random graphs, seed {seed}: worst relative error "
            f"{report.worst:.1e} ({report.judged:,} judged, in the others a sum "
            "almost cancelled)",
            file=sys.stderr,
        )


def test_ten_thousand_graphs(capsys: pytest.CaptureFixture[str]) -> None:
    report = compare(n_programs=625, n_points=16, seed=2026)
    say(report, 2026, capsys)
    assert report.graphs == 10_000
    assert report.judged > 9_500


@pytest.mark.slow
def test_a_million_graphs(capsys: pytest.CaptureFixture[str]) -> None:
    report = compare(n_programs=10_000, n_points=100, seed=1_000_000)
    say(report, 1_000_000, capsys)
    assert report.graphs == 1_000_000
    assert report.judged > 950_000


def test_the_graphs_hold_every_operation_and_shared_numbers() -> None:
    rng = random.Random(1)
    programs = [Builder(rng).program() for _ in range(300)]
    names = {step.name.strip("0123456789.- ") for p in programs for step in p.steps}
    ops = {"exp", "log", "tanh", "sigmoid", "relu", "neg", "dot", "cross_entropy", "+"}
    ops |= {"softmax", "attention"}
    assert ops <= names
    texts = "\n".join(step.name for p in programs for step in p.steps)
    for form in ("\n-\n", "\n*\n", "\n/\n", "\n**\n", "** 2", " **\n", " /\n", " -\n"):
        assert form in texts
    assert "np.int64" in texts
    assert "np.float32" in texts
    uses = [i for p in programs for step in p.steps for i in step.inputs]
    assert len(uses) > len(texts.splitlines())  # more edges than nodes: shared


def _planted(op: str, slopes: Callable[..., tuple[float, ...]]) -> Callable[..., Value]:
    """Return an operation with a wrong derivative, made from the right one."""
    right = getattr(Value, op)

    def wrong(self: Value, *others: Any) -> Value:
        out = right(self, *others)
        numbers = [child.data for child in out.children]
        return Value(out.data, out.children, slopes(out.data, *numbers), out.op)

    return wrong


@pytest.mark.parametrize(
    ("op", "slopes"),
    [
        ("__add__", lambda out, a, b: (1.0, 1.0 + 1e-8)),
        ("__sub__", lambda out, a, b: (1.0, 1.0)),
        ("__mul__", lambda out, a, b: (a, b)),
        ("__truediv__", lambda out, a, b: (1 / b, out / b)),
        ("__neg__", lambda out, a: (1.0,)),
        ("exp", lambda out, a: (a,)),
        ("log", lambda out, a: (out,)),
        ("tanh", lambda out, a: (1.0 - out,)),
        ("sigmoid", lambda out, a: (out * (1.0 - a),)),
        ("relu", lambda out, a: (1.0,)),
    ],
)
def test_a_planted_wrong_derivative_is_caught(
    op: str, slopes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Value, op, _planted(op, slopes))
    with pytest.raises(AssertionError, match=r"jax\.grad says"):
        compare(n_programs=200, n_points=2, seed=7)


@pytest.mark.parametrize("op", ["dot", "cross_entropy", "softmax", "dots"])
def test_a_planted_wrong_fused_derivative_is_caught(
    op: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(fused, op)

    def wrong(*arguments: Any) -> Any:
        return turned(right(*arguments))

    def turned(out: Any) -> Any:
        if isinstance(out, list):
            return [turned(each) for each in out]
        return Value(out.data, out.children, out.local_grads[::-1], out.op)

    monkeypatch.setattr(fused, op, wrong)
    with pytest.raises(AssertionError, match=r"jax\.grad says"):
        compare(n_programs=200, n_points=2, seed=7)


def test_a_planted_wrong_power_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value, "_power_slope", lambda a, b: b * ieee.power(a, b))
    with pytest.raises(AssertionError, match=r"jax\.grad says"):
        compare(n_programs=200, n_points=2, seed=7)


@pytest.mark.parametrize("largest", [1e10, 1e100, 1e300])
def test_wild_numbers_never_raise(largest: float) -> None:
    """inf and nan may come out, at any depth; an error or a complex number never."""
    rng = random.Random(3)
    for _ in range(2_000):
        program = Builder(rng).program()
        leaves = [
            Value(rng.choice([-1, 1]) * largest ** rng.uniform(-1, 1))
            for _ in program.leaves
        ]
        numbers = program.run(ON_VALUES, leaves)
        numbers[-1].backward()
        assert all(type(n.data) is float and type(n.grad) is float for n in numbers)
