"""Checks: what travels, what runs apart, what is said, and what cannot be forged."""

from __future__ import annotations

import ast
import functools
import itertools
import json
import linecache
import math
import os
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from course_lib.bounds import has_control
from course_lib.exercises import autograd, journal
from course_lib.exercises.core import (
    Case,
    Code,
    Exercise,
    Tolerance,
    all_exercises,
    exercise,
    question,
    supervisor,
    worker,
)
from course_lib.exercises.core.codec import decode, encode
from course_lib.exercises.core.compare import numbers, same
from course_lib.exercises.core.diagnose import axis_lengths, diagnose
from course_lib.exercises.core.extract_source import (
    AnswerSource,
    ExtractionError,
    extract_source,
    is_untouched,
    run_source,
)
from course_lib.exercises.core.formatting import format_value
from course_lib.exercises.core.result import Result
from tests.exercises.conftest import Pressed
from tools.exercise_coverage import cover
from tools.exercise_coverage import main as coverage_main

LOCAL = autograd.local_derivatives


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def unsolved(monkeypatch: pytest.MonkeyPatch) -> Exercise:
    monkeypatch.setattr(LOCAL, "_passed", [])
    monkeypatch.setattr(LOCAL, "_hints_given", 0)
    return LOCAL


NUMBERS = itertools.count()


class Notebook:
    """Cells that share their names, each with its source text, as in a kernel."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.number = next(NUMBERS)  # id() would be given again to a later notebook
        self.count = 0

    def run(self, source: str) -> Any:
        """Run a cell; return what its last line is, if it is an expression."""
        source = textwrap.dedent(source).strip("\n") + "\n"
        self.count += 1
        file = f"/notebook{self.number}/ipykernel_1/{self.count}.py"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, file, "exec"), self.names)
        if last is None:
            return None
        return eval(compile(ast.Expression(last.value), file, "eval"), self.names)


# --- an answer as text --------------------------------------------------------------

PIECES = {
    "a function": ("def f(x):\n    return x + 1\nf", 2),
    "a lambda": ("f = lambda x: x + 1\nf", 2),
    "the second lambda of a line": ("f, g = lambda x: x, lambda x: x + 5\ng", 6),
    "a lambda over lines": ("f = (lambda x:\n  x +\n  1)\nf", 2),
    "a lambda that gives a lambda": ("f = lambda x: (lambda y: x + y)(2)\nf", 3),
    "a lambda within another": ("f = (lambda n: lambda x: n + x)(5)\nf", 6),
    "a lambda without a variable": ("f = [lambda x: 3, lambda x: 4][1]\nf", 4),
    "lambdas in a list": ("fs = [lambda x: x + 1, lambda x: x + 2]\nfs[1]", 3),
    "a module under another name": (
        "import math as m\ndef f(x): return m.floor(x + 1.5)\nf",
        2,
    ),
    "a module's part": (
        "from os import path as p\ndef f(x): return len(p.join('a', 'b'))\nf",
        3,
    ),
    "a name of a module": (
        "from math import floor as down\ndef f(x): return down(x + 1.5)\nf",
        2,
    ),
    "a ufunc": ("from numpy import square\ndef f(x): return square(x + 1)\nf", 4),
    "a helper": ("def h(x): return x + 1\ndef f(x): return h(h(x))\nf", 3),
    "a helper under two names": (
        "def h(x): return x + 1\nk = h\ndef f(x): return h(k(x))\nf",
        3,
    ),
    "recursion": ("def f(x): return 1 if x > 5 else 2 * f(x + 1)\nf", 32),
    "recursion by turns": (
        "def f(x): return 0 if x > 5 else g(x + 1)\n"
        "def g(x): return 10 if x > 5 else f(x + 1)\nf",
        10,
    ),
    "a closure": ("def make(n):\n    def f(x): return x + n\n    return f\nmake(6)", 7),
    "a closure before a global of that name": (
        "n = 100\ndef make(n):\n    def f(x): return x + n\n    return f\nmake(6)",
        7,
    ),
    "a closure's function": (
        "def make(g):\n    return lambda x: g(x) + 1\nmake(lambda x: x * 10)",
        11,
    ),
    "a partial": (
        "from functools import partial\ndef f(a, b, x): return a + b + x\n"
        "partial(f, 10, 20)",
        31,
    ),
    "a decorator without wraps": (
        "def twice(g):\n    def inner(x): return g(g(x))\n    return inner\n"
        "@twice\ndef f(x): return x + 1\nf",
        3,
    ),
    "a decorator with wraps": (
        "import functools\ndef twice(g):\n    @functools.wraps(g)\n"
        "    def inner(x): return g(g(x))\n    return inner\n"
        "@twice\ndef f(x): return x + 1\nf",
        3,
    ),
    "a cache": ("import functools\n@functools.cache\ndef f(x): return x + 1\nf", 2),
    "a constant": (
        "n, words = 3, ['a', {'b': (1.5, None)}]\ndef f(x): return n + len(words)\nf",
        5,
    ),
    "infinity": ("inf = float('inf')\ndef f(x): return min(inf, x)\nf", 1),
    "an array": (
        "import numpy as np\nw = np.array([[1, 2], [3, 4]], dtype=np.float32)\n"
        "def f(x): return float((w * x).sum())\nf",
        10.0,
    ),
    "a configuration": (
        "from course_lib.config import GPTConfig\nconfig = GPTConfig(vocab_size=5)\n"
        "def f(x): return config.vocab_size\nf",
        5,
    ),
    "a default argument": ("n = 7\ndef f(x, y=n): return x + y\nf", 8),
    "notes about types that mean nothing": (
        "def f(x: int) -> float: return x\nf.__annotations__['x'] = 'Lost'\nf",
        1,
    ),
    "a global that changes": (
        "n = 1\ndef f(x):\n    global n\n    n += 1\n    return n\nf",
        2,
    ),
    "text that stands further left": (
        "if True:\n    def f(x):\n        return len('''\none\n''')\nf",
        5,
    ),
    "a class": (
        "class A:\n    def __init__(self, x): self.x = x\n    "
        "def __eq__(self, o): return self.x == o\n"
        "def f(x): return A(x) == 1\nf",
        True,
    ),
    "a class without methods": (
        "class A:\n    n = 5\ndef f(x): return A.n\nf",
        5,
    ),
    "a class with a base": (
        "class A:\n    def g(self): return 4\nclass B(A):\n    def h(self): return 1\n"
        "def f(x): return B().g()\nf",
        4,
    ),
    "a class reopened": (
        "class A:\n    def g(self): return 4\nclass A(A):\n    def h(self): return 1\n"
        "def f(x): return A().g() + A().h()\nf",
        5,
    ),
    "a method added later": (
        "class A:\n    def g(self): return 4\ndef h(self): return 9\nA.h = h\n"
        "A.k = lambda self: 100\ndef f(x): return A().g() + A().h() + A().k()\nf",
        113,
    ),
    "a dataclass": (
        "from dataclasses import dataclass, field\n@dataclass\nclass A:\n"
        "    x: int = 3\n"
        "    y: list = field(default_factory=list)\ndef f(x): return A().x\nf",
        3,
    ),
    "properties and static methods": (
        "class A:\n    @property\n    def p(self): return q()\n"
        "    @staticmethod\n    def s(): return 1\n    @classmethod\n"
        "    def c(cls): return 2\ndef q(): return 10\n"
        "def f(x): return A().p + A.s() + A.c()\nf",
        13,
    ),
    "an import in the body": (
        "def f(x):\n    import math\n    return math.pi\nf",
        math.pi,
    ),
    "a comprehension": (
        "n = 2\ndef f(x): return [n * i for i in range(3)]\nf",
        [0, 2, 4],
    ),
    "a named tuple": (
        "from typing import NamedTuple\nn = 4\nclass State(NamedTuple):\n"
        "    m: float = n\n    def up(self, x): return self.m + x\n"
        "def f(x): return State().up(x)\nf",
        5,
    ),
    "a named tuple without methods": (
        "from typing import NamedTuple\nclass State(NamedTuple):\n    m: float\n"
        "def f(x): return State(x).m\nf",
        1,
    ),
    "an enumeration": (
        "import enum\nclass Kind(enum.Enum):\n    A = 1\n    B = 2\n"
        "def f(x): return Kind(x).name\nf",
        "A",
    ),
    "a counter of the library": (
        "import itertools\nbirths = itertools.count(7)\n"
        "def f(x): return next(births)\nf",
        7,
    ),
    "containers of the library": (
        "from collections import Counter, OrderedDict, defaultdict, deque\n"
        "c, o = Counter('aab'), OrderedDict(a=1)\n"
        "d, q = defaultdict(int), deque([3], 2)\n"
        "def f(x): return c['a'] + o['a'] + d['b'] + q[0]\nf",
        6,
    ),
    "exact numbers of the library": (
        "from fractions import Fraction\nfrom decimal import Decimal\n"
        "h, d = Fraction(1, 2), Decimal('0.5')\n"
        "def f(x): return float(h) + float(d)\nf",
        1.0,
    ),
    "a dict of functions": (
        "def up(x): return x + 1\n"
        "ops = {'up': up, 'down': lambda x: x - 1, 'l': [abs]}\n"
        "def f(x): return ops['up'](x) * 10 + ops['down'](x) + ops['l'][0](-3)\nf",
        23,
    ),
    "a list of classes": (
        "class A:\n    n = 5\nclass B:\n    n = 6\nkinds = [A, B]\n"
        "def f(x): return kinds[x].n\nf",
        6,
    ),
    "a callable object": (
        "class Scale:\n    def __init__(self, k): self.k = k\n"
        "    def __call__(self, x): return self.k * x\nScale(3)",
        3,
    ),
    "a method of an object": (
        "class Scale:\n    def __init__(self, k): self.k = k\n"
        "    def times(self, x): return self.k * x\nScale(3).times",
        3,
    ),
    "a method of a class": (
        "class Scale:\n    k = 4\n    @classmethod\n"
        "    def times(cls, x): return cls.k * x\nScale.times",
        4,
    ),
    "an object that is used": (
        "class Log:\n    def __init__(self): self.seen = []\n"
        "    def add(self, x):\n        self.seen.append(x)\n        return x\n"
        "log = Log()\nboth = [log, log]\ndef f(x):\n    log.add(x)\n"
        "    return len(both[1].seen)\nf",
        1,
    ),
    "an object that holds objects": (
        "class Leaf:\n    def __init__(self, n): self.n = n\n"
        "class Tree:\n    def __init__(self): self.leaves = (Leaf(2), {'a': Leaf(3)})\n"
        "tree = Tree()\ndef f(x): return tree.leaves[0].n + tree.leaves[1]['a'].n\nf",
        5,
    ),
    "a ufunc of a package": (
        "from scipy.special import expit\ndef f(x): return float(expit(x - 1))\nf",
        0.5,
    ),
    "an object of a package": (
        "from scipy.stats import norm\ndef f(x): return float(norm.cdf(x - 1))\nf",
        0.5,
    ),
    "a built-in function": ("abs", 1),
    "a function of a library": ("import math\nmath.exp", math.e),
    "a function of the course": (
        "from course_lib.scalar.ieee import exp\nexp",
        math.e,
    ),
}


@pytest.mark.parametrize("name", PIECES)
def test_an_answer_travels_as_text(name: str) -> None:
    cells, value = PIECES[name]
    answer = Notebook().run(cells)
    arrived = run_source(extract_source(answer))
    assert arrived(1) == answer(1) == value


def test_jitted_functions_travel() -> None:
    cells = (
        "import jax\nimport jax.numpy as jnp\nw = jnp.arange(3.0)\n"
        "@jax.jit\ndef f(x): return jnp.sum(w * x)\ng = jax.jit(lambda x: jnp.exp(x))\n"
    )
    for last, value in (("f", 6.0), ("g", math.exp(2.0)), ("jnp.tanh", math.tanh(2))):
        arrived = run_source(extract_source(Notebook().run(cells + last)))
        assert float(arrived(2.0)) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("import random\nr = random.Random(0)\ndef f(x): return r.random()\nf",
         "`f` uses `r`, an object of type Random"),
        ("import numpy as np\nw = np.zeros(10**5)\ndef f(x): return w\nf",
         "`f` uses `w`"),
        ("w = list(range(10**5))\ndef f(x): return w\nf", "`f` uses `w`"),
        ("class A(list):\n    def g(self): pass\nA().g", "an object of type A"),
        ("class A:\n    __slots__ = ()\n    def __call__(self, x): pass\nA()",
         "not an object of type A"),
        ("class A: pass\nA()", "not an object of type A"),
        ("class A: pass\na = A()\na.f = open\na.f = a\ndef f(x): return a\nf",
         "too many things in a row"),
        ("class A: pass\na = A()\na.r = (x for x in [1])\ndef f(x): return a\nf",
         "`f` uses `a_r`, an object of type generator"),
        ("def o():\n    n = 0\n    def f(x):\n        nonlocal n\n        n = n + 1\n"
         "    return f\no()", "Use arguments and return values"),
        ("def m(n): return lambda x: x + n\ng, h = m(1), m(2)\n"
         "def f(x): return g(x) + h(x)\nf", "Two different things are called `n`"),
    ],
)  # fmt: skip
def test_what_cannot_travel_is_named_in_one_line(cells: str, said: str) -> None:
    with pytest.raises(ExtractionError, match=r"^[^\n]*$") as caught:
        extract_source(Notebook().run(cells))
    assert said in str(caught.value)


def test_a_function_without_text_is_refused() -> None:
    names: dict[str, Any] = {}
    exec("def f(x): return 1", names)
    with pytest.raises(ExtractionError, match="source text of `f` cannot be found"):
        extract_source(names["f"])


@pytest.mark.parametrize(
    ("source", "untouched"),
    [
        ("def f(a, b):\n    ...", True),
        ('def f(a, b):\n    """Another text."""\n    pass', True),
        ("def f(a: float, b: int) -> float:\n    # nothing yet\n    ...", True),
        ("def f(x):\n    return ...", True),
        ("def f(a, b):\n    return None", False),
        ("def f(a, b):\n    return a", False),
        ("def f(a, b):\n    x = ...\n    return x", False),
    ],
)
def test_an_untouched_stub_is_recognised(source: str, untouched: bool) -> None:
    stub = 'def f(a, b):\n    """Say."""\n    ...'
    assert is_untouched(source, "f", stub) == untouched


def test_a_stub_with_lines_of_its_own_is_recognised() -> None:
    stub = "def f(a):\n    total = ...\n    return total / 2"
    assert is_untouched(stub.replace("def f", "# mine\ndef f"), "f", stub)
    assert not is_untouched(stub.replace("...", "a"), "f", stub)


# --- values -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        1, -0.0, 1.5, float("inf"), True, None, "text", ..., 1 + 2j, 2**100,
        [1, [2.0]], (1, (2,)), {"a": [1], 2: None}, {1, 2},
        np.float32(1.5), np.int64(3), np.bool_(True), np.zeros((0, 3)),
        np.arange(6.0).reshape(2, 3), np.array(2.0),
    ],
)  # fmt: skip
def test_values_survive_the_way(value: Any) -> None:
    wire = json.loads(json.dumps(encode(value)))
    back = decode(wire)
    assert type(back) is type(value)
    assert encode(back) == wire
    assert same(wire, wire, Tolerance())


def test_jax_arrays_and_values_survive_the_way() -> None:
    import jax.numpy as jnp

    from course_lib.scalar import Value

    for dtype in ("float32", "int32", "bfloat16"):
        array = jnp.arange(3).astype(dtype)
        back = decode(json.loads(json.dumps(encode(array))))
        assert (back.dtype, type(back)) == (array.dtype, type(array))
    assert decode(encode(Value(2.0))).data == 2.0
    assert decode(encode(Code("lambda x: x + np.pi")))(0) == math.pi


def test_nan_is_equal_to_nan_alone() -> None:
    nan = encode(float("nan"))
    assert same(nan, json.loads(json.dumps(nan)), Tolerance())
    assert not same(nan, 0.0, Tolerance())
    assert not same(0.0, nan, Tolerance())
    assert not same([math.inf], [-math.inf], Tolerance())


@pytest.mark.parametrize(
    ("expected", "got", "equal"),
    [
        (1.0, 1, True),
        (1.0, np.float64(1.0), True),
        (1.0, np.array(1.0), True),
        (1.0, True, False),
        (1, 1.0, False),
        (True, 1, False),
        (True, np.True_, True),
        (1.0, [1.0], False),
        (1.0, "1.0", False),
        (1.0, 1.00005, True),
        (1.0, 1.001, False),
        (1.0, np.float32(1.0003), True),
        ([1.0, 2.0], (1, 2), True),
        ([1.0, 2.0], np.array([1, 2]), True),
        ((1.0, 2.0), np.array([[1, 2]]), False),
        (np.eye(2), [[1, 0], [0, 1]], True),
        ([1.0, True], [1.0, True], True),
        ([1.0, "a"], (1.0, "a"), True),
        ([1.0, "a"], (1.0, "b"), False),
        ({"a": 1.0}, {"a": 1}, True),
        ({"a": 1.0}, {"b": 1.0}, False),
        ({1, 2}, {2, 1}, True),
        ("a", "a", True),
        ("a", np.array(["a", "b"])[0], True),
        ("", np.str_(""), True),
        ("a", np.str_("b"), False),
        (None, None, True),
        (None, 0, False),
        ([], [], True),
        ([], (), True),
    ],
)
def test_equal_answers(expected: Any, got: Any, equal: bool) -> None:
    assert same(encode(expected), encode(got), Tolerance()) == equal


def test_an_object_of_a_class_of_its_own_is_never_a_number() -> None:
    class Lie(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = float.__hash__

    class Anything(list):
        def __eq__(self, other: object) -> bool:
            return True

    for value in (Lie(1.0), Anything([1.0])):
        assert not same(1.0, encode(value), Tolerance())
        assert not same([1.0], encode([value]), Tolerance())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "1.0"), (1, "1"), (1 / 3, "0.333333"), (1e20, "1e+20"), (-0.0, "-0.0"),
        (float("nan"), "nan"), ([1.0, (2,)], "[1.0, (2,)]"), ({"a": 0.5}, "{'a': 0.5}"),
        (np.eye(2), "array([[1.0, 0.0], [0.0, 1.0]])"), (np.float32(0.5), "0.5"),
        (..., "..."), (object(), "an object of type object"), (set(), "{}"),
    ],
)  # fmt: skip
def test_values_in_words(value: Any, shown: str) -> None:
    assert format_value(encode(value)) == shown


def test_long_values_are_cut() -> None:
    assert len(format_value(encode([0.5] * 10_000))) < 330
    assert encode([0.0] * 10**6)["t"] == "other"
    assert encode(np.zeros(10**6))["t"] == "other"


@pytest.mark.parametrize(
    ("expected", "got", "arguments", "name"),
    [
        ([1.0, 2.0], [None, None], [], "a missing return"),
        ([1.0], [...], [], "unfinished"),
        ([1.0, -2.0], [-1.0, 2.0], [], "sign flipped"),
        ([[1.0, -2.0]], [[-1.0, 2.0]], [], "sign flipped"),
        ([2.0, 3.0], [6.0, 6.0], [[1.0] * 3, [1.0] * 2], "sum instead of mean"),
        ([6.0, 6.0], [2.0, 3.0], [[1.0] * 3, [1.0] * 2], "mean instead of sum"),
        ([1.0, 3.0], [2.0, 6.0], [], "a constant factor"),
        ([np.array([[1.0, 2], [3, 4]])], [np.array([[1.0, 3], [2, 4]])], [],
         "rows and columns exchanged"),
        ([np.zeros((2, 3))], [np.zeros((3, 2))], [], "rows and columns exchanged"),
        ([np.zeros(2)], [np.zeros(3)], [], "wrong shape"),
        ([np.zeros(2)], [0.0], [], "a single number where several were needed"),
        ([1.0], [float("nan")], [], "not a number (NaN)"),
        ([[1.0, 2.0]], [[1.0, math.inf]], [], "infinity"),
        ([1.0], ["1.0"], [], "wrong type"),
        ([1.0], [True], [], "wrong type"),
        ([3], [3.0], [], "a float where a whole number was needed"),
        (["a"], [1.0], [], "wrong type"),
        ([1.0, 2.0], [1.0, 5.0], [], None),
        ([[1.0, 2.0]], [[2.0, 1.0]], [], None),
        (["a"], ["b"], [], None),
    ],
)  # fmt: skip
def test_familiar_ways_to_be_off(
    expected: list[Any], got: list[Any], arguments: list[Any], name: str | None
) -> None:
    sizes = [axis_lengths([encode(a)]) for a in arguments] or [set()] * len(expected)
    found = diagnose(
        [encode(e) for e in expected],
        [encode(g) for g in got],
        sizes,
        Tolerance(),
        array_needed=False,
    )
    assert (found.name if found else None) == name


def test_a_list_is_named_where_an_array_was_needed() -> None:
    for got, name in (([1.0], "a list"), (1.0, "a single number")):
        found = diagnose(
            [encode(np.ones(1))], [encode(got)], [set()], Tolerance(), array_needed=True
        )
        assert found is not None
        assert found.name == f"{name} where an array was needed"


def test_ragged_lists_are_no_block_of_numbers() -> None:
    assert numbers([[1.0], [1.0, 2.0]]) is None
    assert same([[1.0], [1.0, 2.0]], encode([[1.0], (1, 2)]), Tolerance())


# --- what is shown ------------------------------------------------------------------


def test_a_result_escapes_what_came_from_outside() -> None:
    evil = "<script>alert('x')</script>"
    result = Result("a.b", "error", evil, evil, (("Error", evil),), evil, (evil,))
    html = result._repr_mimebundle_()["text/html"]
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 5


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x00", "\ud800", "\u202e", "\r"])
def test_no_control_character_of_an_answer_is_shown(evil: str) -> None:
    result = Result("a.b", "error", evil, evil, (("Error", evil),), evil, (evil,))
    for shown in result.with_note(evil)._repr_mimebundle_().values():
        assert not has_control(shown)
        assert ascii(evil)[1:-1] in shown


@pytest.mark.parametrize("character", ["x", "<", "\n", "€"])
def test_a_result_is_at_most_10_kb(character: str) -> None:
    much = character * 5000
    result = Result("a.b", "error", "Said.", "", (("Got", much[:300]),), much)
    shown = result._repr_mimebundle_()
    assert sum(len(part) for part in shown.values()) <= 10_000
    assert "Said." in shown["text/html"]
    assert "Said." in shown["text/plain"]


def test_a_result_reads_as_text_and_by_more_than_colour() -> None:
    facts = (("Input", "f(1)"), ("Expected", "2"), ("Got", "3"))
    result = Result("a.f", "incorrect", "Look.", "sign flipped", facts)
    assert str(result) == (
        "✗ Incorrect: sign flipped\nLook.\n"
        "  Input:    f(1)\n  Expected: 2\n  Got:      3"
    )
    assert repr(result) == str(result)
    assert "Incorrect: sign flipped" in result.html()
    assert not result
    assert Result("a.f", "correct", "")


def test_code_in_a_message_is_set_as_code() -> None:
    html = Result("a.f", "incorrect", "Look at `a < b` and `f`.").html()
    assert ">a &lt; b</code>" in html
    assert "`" not in html


# --- the verbs ----------------------------------------------------------------------


def test_check_says_correct(unsolved: Exercise) -> None:
    answer = Notebook().run("""
        import math
        def local_derivatives(a, b):
            t = math.tanh(a)
            return [b, b * a ** (b - 1), math.exp(a), 1 - t * t]
        local_derivatives
    """)
    result = unsolved.check(answer)
    assert result.outcome == "correct", str(result)
    assert f"All {len(LOCAL.cases)} inputs" in result.message


def test_check_names_the_misconception_and_gives_the_three_facts() -> None:
    answer = Notebook().run("""
        from math import exp, tanh
        def mine(a, b):
            print("<b>here</b>")
            return b, b * a ** (b - 1), exp(a), 1 - a ** 2
        mine
    """)
    result = LOCAL.check(answer)
    assert result.headline() == (
        "Incorrect: derivative of tanh taken at the wrong place"
    )
    assert [label for label, _ in result.facts] == ["Input", "Expected", "Got"]
    assert result.facts[0][1] == "local_derivatives(2.0, 3.0)"
    assert result.printed.startswith("<b>here</b>")


def test_an_error_shows_type_message_and_the_learners_own_line() -> None:
    answer = Notebook().run("""
        def helper(a):
            return a / 0  # here
        def f(a, b):
            return helper(a)
        f
    """)
    result = LOCAL.check(answer)
    assert result.outcome == "error"
    assert dict(result.facts)["Error"] == "ZeroDivisionError: float division by zero"
    assert dict(result.facts)["Your line"] == "return a / 0  # here (in helper)"
    assert "Traceback" not in str(result)


@pytest.mark.parametrize(
    ("answer", "outcome", "said"),
    [
        (..., "not attempted", ".hint()"),
        (None, "not attempted", "Replace the `...`"),
        ((1.0, 2.0), "incorrect", "without brackets after its name"),
        (int, "incorrect", "asks for a function, and got a class"),
        (max, "incorrect", "Expected a tuple of 4"),
        (np.exp, "error", ""),
        (object(), "error", "not an object of type object"),
        (functools.partial(max, 1.0), "incorrect", ""),
    ],
)
def test_answers_that_are_no_functions(answer: Any, outcome: str, said: str) -> None:
    result = LOCAL.check(answer)
    assert result.outcome == outcome
    assert said in result.message


def test_a_class_is_asked_for_and_its_instance_refused() -> None:
    result = autograd.own_value.check(autograd.own_value.answer(1.0))
    assert result.outcome == "incorrect"
    assert "asks for a class" in result.message


def test_changing_an_input_is_seen_and_the_next_input_unharmed() -> None:
    made = made_exercise()
    answer = Notebook().run(
        "def f(x):\n    total = sum(x)\n    x.append(0.0)\n    return total\nf"
    )
    result = made.check(answer)
    assert result.headline() == "Incorrect: input changed"
    assert dict(result.facts)["After"] == "[1.0, 2.0, 0.0]"
    assert made.check(Notebook().run("def f(x): return sum(x)\nf"))


def total(x: list[float]) -> float:
    """Return the sum."""
    return sum(x)


def made_exercise(**more: Any) -> Exercise:
    options: dict[str, Any] = {
        "title": "Total",
        "task": "Add up.",
        "hints": ("One.", "Two."),
        "cases": [([1.0, 2.0],), Case([3.0, 4.0, 5.0])],
    }
    return exercise(**{**options, **more})(total)


def test_hints_come_one_by_one(unsolved: Exercise) -> None:
    said = [str(unsolved.hint()) for _ in range(5)]
    assert [line[:11] for line in said] == [
        "Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3", "Hint 3 of 3",
    ]  # fmt: skip
    assert "last one" in said[2]
    assert "last one" not in said[1]


def test_solution_and_stub_read_as_a_learner_writes() -> None:
    source = str(LOCAL.solution())
    assert source.startswith("def local_derivatives(a, b):")
    assert "@exercise" not in source
    assert LOCAL.stub().splitlines()[0] == "def local_derivatives(a, b):"
    assert LOCAL.stub().endswith('tanh a)/da."""\n    ...')
    assert str(autograd.own_value.solution()).startswith("class ")
    assert "local_derivatives" in LOCAL.html()
    assert dir(LOCAL) == ["check", "hint", "solution", "yours_or_ours"]


def test_a_question_takes_values_and_gives_nothing_away() -> None:
    asked = question(
        "course_lib.exercises.made", "rate", 0.5, title="Rate", task="?",
        hints=("a", "b"), right=[1 / 2],
        wrong=[(1.0, "the edge itself", "Half of it.")],
        tolerance=Tolerance(1e-2, 0.0),
    )  # fmt: skip
    assert asked.check(0.501).outcome == "correct"
    assert asked.check(np.float32(0.5)).outcome == "correct"
    assert asked.check(1.0).misconception == "the edge itself"
    assert asked.check(...).outcome == "not attempted"
    for wrong in (0.7, "0.5", [0.5], True, math.nan, lambda: 0.5):
        result = asked.check(wrong)
        assert result.outcome == "incorrect"
        assert "0.5" not in str(result).replace("Got: '0.5'", "").replace("[0.5]", "")


def test_our_own_mistakes_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LOCAL.code_judge, "verdict", lambda *arguments: 1 / 0)
    result = LOCAL.check(Notebook().run("def f(a, b): return a\nf"))
    assert result.outcome == "error"
    assert "our mistake" in result.message


def test_a_check_goes_on_where_progress_cannot_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_LIB_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("a file where the folder should be")
    made = made_exercise()
    result = made.check(Notebook().run("def f(x): return sum(x)\nf"))
    assert result.outcome == "correct"
    assert [note[:29] for note in result.notes] == ["Progress is not being saved ("]
    assert "Progress is not being saved" in result.html()


def test_every_answer_is_kept_and_an_untouched_stub_is_not() -> None:
    made = made_exercise()
    for cell in ("return 1", "return sum(x)", "1 / 0", "..."):
        made.check(Notebook().run(f"def f(x): {cell}\nf"))
    kept, damaged = journal.entries()
    assert [entry.outcome for entry in kept] == ["incorrect", "correct", "error"]
    assert kept[1].source == "def f(x): return sum(x)\n"
    assert damaged == []


def test_an_interrupt_is_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object) -> None:
        raise pressed

    monkeypatch.setattr(LOCAL.code_judge, "verdict", stop)
    answer, pressed = Notebook().run("def f(a, b): return a\nf"), Pressed()
    assert "You stopped the check" in LOCAL.check(answer).message
    pressed = KeyboardInterrupt()  # of someone who runs the tests
    with pytest.raises(KeyboardInterrupt):
        LOCAL.check(answer)


def test_a_second_python_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "BOOT_CODE", "raise SystemExit(7)")
    supervisor.spare.close()
    made = made_exercise()
    result = made.check(Notebook().run("def f(x): return 0\nf"))
    supervisor.spare.close()
    assert "could not start a second Python" in result.message
    assert "ended with code 7" in result.message


@pytest.mark.parametrize(
    "returned",
    [
        "np.longdouble(1) / 3",
        "[np.longdouble(2)]",
        "10 ** 309",
        "2 ** 5000",
        "'\\ud800'",
    ],
)
def test_what_no_comparison_can_take_gets_a_verdict(returned: str) -> None:
    made = made_exercise()
    cell = f"import numpy as np\ndef f(x): return {returned}\nf"
    result = made.check(Notebook().run(cell))
    assert result.outcome == "incorrect", result
    assert "our mistake" not in str(result)
    str(result).encode()  # also a lone surrogate can be shown


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_an_answer_that_comes_back_twice_is_judged_once() -> None:
    made = made_exercise()
    cell = "def f(x):\n    import os\n    os.fork()\n    return sum(x)\nf"
    assert made.check(Notebook().run(cell)).outcome == "correct"


def test_replies_that_are_not_the_workers_give_no_verdict() -> None:
    made = made_exercise()
    expected = made.code_judge.expected_outputs()
    one = {"output": expected[0], "changed": []}
    for replies in ([], [one] * (len(expected) + 1)):
        verdict = made.code_judge._judge(supervisor.Report(replies), expected)
        assert not verdict
        assert "wrote into the pipe" in made.feedback.result(verdict).message
    for garbage in (b"{", b"[1]", b"7", b"\xff", b"[" * 10**5):
        assert supervisor._parsed(garbage) is None


def test_results_in_place_of_the_function_are_named() -> None:
    for given in (np.array([1.0]), np.float32(2), np.array(3), (1, 2.0), [[1]]):
        assert "without brackets" in made_exercise().check(given).message


def test_a_wrong_answer_that_changes_its_input_is_told_both() -> None:
    cell = "def f(x):\n    x.append(1)\n    return 0.125\nf"
    result = made_exercise().check(Notebook().run(cell))
    assert result.outcome == "incorrect"
    assert "also changed its first argument" in "".join(result.notes)
    honest = made_exercise().check(Notebook().run("def f(x): return 0.125\nf"))
    assert honest.notes == ()


def test_several_numbers_in_place_of_one_are_named() -> None:
    result = made_exercise().check(Notebook().run("def f(x): return [sum(x)]\nf"))
    assert result.misconception == "several numbers where one was needed"


def test_words_are_meant_and_not_their_spaces_or_case() -> None:
    asked = question(
        "course_lib.exercises.tested", "curves", ["good", "too high"], title="t",
        task="t", hints=("h",), wrong=[(["good", "good"], "twice", "Look again.")],
    )  # fmt: skip
    for right in (["good", "too high"], [" Good", "TOO  HIGH "], ("good", "too high")):
        assert asked.check(right).outcome == "correct", right
    assert asked.check(["Good ", "good"]).misconception == "twice"
    assert asked.check(["good", "toohigh"]).outcome == "incorrect"


def test_the_latest_answer_that_failed_is_mentioned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = made_exercise()
    right = Notebook().run("def f(x): return sum(x)\nf")
    assert (first := made.check(right)), first
    assert not made.check(Notebook().run("def f(x): return 0\nf"))
    capsys.readouterr()
    assert made.yours_or_ours() is right
    assert "the last one that passed" in capsys.readouterr().out
    assert (again := made.check(right)), again
    made.yours_or_ours()
    assert "the last one that passed" not in capsys.readouterr().out


@pytest.mark.parametrize(("lost", "outcome"), [(1, "correct"), (2, "error")])
def test_a_worker_that_ends_before_it_begins_says_nothing_about_the_answer(
    lost: int, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_exercise()
    answer = Notebook().run("def f(x): return sum(x)\nf")
    assert (result := made.check(answer)), result
    ended: list[int] = []
    run = supervisor.Worker.run

    def run_killed(self: supervisor.Worker, *arguments: Any) -> supervisor.Report:
        self.wait_ready()
        if len(ended) < lost:  # it is idle, and has surely not begun
            ended.append(self.process.pid)
            self.process.kill()
        return run(self, *arguments)

    monkeypatch.setattr(supervisor.Worker, "run", run_killed)
    result = made.check(answer)
    assert result.outcome == outcome, result
    assert "ended the Python process" not in str(result)


# --- catching up --------------------------------------------------------------------

RIGHT = """
    import math
    def mine(a, b):
        t = math.tanh(a)
        return b, b * a ** (b - 1), math.exp(a), 1 - t * t
    mine
"""


def test_ours_is_used_until_yours_is_right(
    unsolved: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unsolved.yours_or_ours() is unsolved.answer
    assert "not solved yet" in capsys.readouterr().out
    unsolved.check(Notebook().run("def f(a, b): return a\nf"))
    assert unsolved.yours_or_ours() is unsolved.answer
    answer = Notebook().run(RIGHT)
    assert unsolved.check(answer)
    capsys.readouterr()
    assert unsolved.yours_or_ours() is answer
    assert capsys.readouterr().out == ("local_derivatives: your own answer is used.\n")


def test_yours_comes_back_in_a_new_session(
    unsolved: Exercise,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert unsolved.check(Notebook().run(RIGHT))
    monkeypatch.setattr(unsolved, "_passed", [])  # as after a restart
    answer = unsolved.yours_or_ours()
    assert answer.__name__ == "mine"
    assert answer(0.0, 1.0)[3] == 1.0
    assert "your own answer is used, saved on 20" in capsys.readouterr().out
    assert unsolved.check(answer), "what came back can be checked again"


def test_a_saved_answer_that_fails_today_is_not_used(
    unsolved: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.save_answer(unsolved.id, "correct", "def f(a, b):\n    return 1\n", "f")
    assert unsolved.yours_or_ours() is unsolved.answer
    assert "no longer passes" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [0, 1, 2, 3])
def test_the_newest_three_saved_answers_are_tried(
    unsolved: Exercise, capsys: pytest.CaptureFixture[str], wrong: int
) -> None:
    source = textwrap.dedent(RIGHT).strip().removesuffix("mine")
    journal.save_answer(unsolved.id, "correct", source, "mine")
    for number in range(wrong):  # as an import may bring them
        text = f"def f(a, b):\n    return {number}\n"
        journal.save_answer(unsolved.id, "correct", text, "f")
    answer = unsolved.yours_or_ours()
    said = capsys.readouterr().out
    if wrong < 3:
        assert (answer.__name__, "saved on" in said) == ("mine", True)
    else:
        assert (answer, "no longer passes" in said) == (unsolved.answer, True)


def test_the_packages_value_is_provided(capsys: pytest.CaptureFixture[str]) -> None:
    from course_lib.scalar import Value

    assert autograd.own_value.yours_or_ours() is Value


# --- the second process -------------------------------------------------------------

PRINTS = """
    import os
    def f(a, b):
        line = '{"output": [3.0, 12.0], "changed": []}'
        print(line)
        print('{"end": true}', flush=True)
        os.write(1, b' {"end": true}\\n')
        for fd in range(3, 20):
            try:
                os.write(fd, (line + '\\n {"end": true}\\n').encode())
            except OSError:
                pass
        return 0
    f
"""


def test_printing_cannot_forge_a_verdict() -> None:
    result = LOCAL.check(Notebook().run(PRINTS))
    assert result.outcome == "incorrect"


def test_a_loop_is_stopped_and_the_limit_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "TIME_LIMIT", 0.3)
    result = LOCAL.check(Notebook().run("def f(a, b):\n    while True: pass\nf"))
    assert "still running after 0.3 seconds" in result.message
    assert result.facts == (("Input", "local_derivatives(2.0, 3.0)"),)


def test_the_time_of_an_answer_is_what_it_computes_or_sleeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, process = 0.0, FakeProcess()
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: clock)
    watch = supervisor._Watch(os.getpid())
    watch.process = process
    watch.begin()
    clock += 5.0  # other programs had the processor
    assert watch.seconds() == 0.0
    clock, process.user = clock + 2.0, 0.5
    assert watch.seconds() == 0.5
    clock, process.state = clock + 1.0, "sleeping"
    assert watch.seconds() == 1.5
    clock, process.user = clock + 4.0, 0.75  # its other threads compute
    assert watch.seconds() == 1.75
    watch.process = None  # where psutil does not see it, the clock counts
    watch.begin()
    clock += 1.0
    assert watch.seconds() == 1.0


class FakeProcess:
    user, state = 0.0, "running"

    def cpu_times(self) -> Any:
        return types.SimpleNamespace(user=self.user, system=0.0)

    def status(self) -> str:
        return self.state


def test_a_sleeping_answer_is_stopped_long_before_the_clocks_own_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "TIME_LIMIT", 0.5)
    monkeypatch.setattr(supervisor, "PATIENCE", 1000)
    code = "import time\ndef f(a, b):\n    time.sleep(2)\n    return b, a\nf"
    assert (
        "still running after 0.5 seconds" in LOCAL.check(Notebook().run(code)).message
    )


def test_the_clock_has_a_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "TIME_LIMIT", 0.1)
    monkeypatch.setattr(supervisor._Watch, "seconds", lambda self: 0.0)
    result = LOCAL.check(Notebook().run("def f(a, b):\n    while True: pass\nf"))
    assert "still running after" in result.message


def test_a_busy_machine_takes_no_time_from_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "TIME_LIMIT", 1.0)
    code = f"""
        import time
        def f(a, b):
            begin = time.process_time()
            while time.process_time() < begin + {0.5 / len(LOCAL.cases)}:
                pass
            return b, a
        f
    """
    answer = Notebook().run(code)
    busy = [
        subprocess.Popen(
            [sys.executable, "-c", "while True: pass"], start_new_session=True
        )
        for _ in range(4 * (os.cpu_count() or 1))
    ]
    try:
        assert LOCAL.check(answer).outcome == "incorrect"
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_packages_are_imported_before_the_time_of_an_answer_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow package is not the learner's; a slow module beside the notebook is."""
    (tmp_path / "installed").mkdir()
    for place in (tmp_path / "installed" / "slow_package.py", tmp_path / "slow_own.py"):
        place.write_text("import time\ntime.sleep(1.5)\nvalue = 1\n", encoding="utf-8")
    boot = supervisor.BOOT_CODE.replace(
        "from course_lib",
        f"import sysconfig; get = sysconfig.get_path; sysconfig.get_path = lambda n: "
        f"{str(tmp_path / 'installed')!r} if n == 'purelib' else get(n); "
        "from course_lib",
    )
    monkeypatch.setattr(supervisor, "BOOT_CODE", boot)
    monkeypatch.setattr(supervisor, "TIME_LIMIT", 0.75)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    supervisor.spare.close()
    cell = "def f(a, b):\n    import {0}\n    return {0}.value, b\nf"
    try:
        taken = LOCAL.check(Notebook().run(cell.format("slow_package")))
        own = LOCAL.check(Notebook().run(cell.format("slow_own")))
    finally:
        supervisor.spare.close()
    assert taken.outcome == "incorrect"
    assert "still running after" in own.message


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import numpy as np, jax.numpy\nx = 1", ["numpy", "jax.numpy"]),
        ("def f():\n    import scipy.stats\n", ["scipy.stats"]),
        ("from jax import numpy", ["jax", "jax.numpy"]),
        ("from . import own", []),
        ('x = __import__("jax").numpy.asarray([1])', ["jax"]),
        ("def f(:", []),
        ("x = 1\0", []),
        ("-" * 100_000 + "1", []),
    ],
)
def test_the_modules_that_an_answer_imports(source: str, modules: list[str]) -> None:
    assert worker.imported_modules(source) == modules


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_check_does_not_wait_for_a_process_that_kept_the_pipe(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    cells = f"""
        import os, time
        def f(a, b):
            ready, say = os.pipe()
            child = os.fork()
            if not child:
                os.setsid()  # no kill of the group reaches it
                os.write(say, b"!")
                time.sleep(60)
                os._exit(0)
            os.read(ready, 1)
            open({str(note)!r}, "w").write(str(child))
            return b, a
        f
    """
    answer = Notebook().run(cells)
    assert LOCAL.check(answer).outcome == "incorrect"
    child = psutil.Process(int(note.read_text()))
    assert child.status() != psutil.STATUS_ZOMBIE, "the check waited for it"
    child.kill()


def test_the_real_limit_gives_a_verdict_in_five_seconds() -> None:
    begin = time.monotonic()
    result = LOCAL.check(Notebook().run("def f(a, b):\n    while True: pass\nf"))
    assert "still running after" in result.message
    assert time.monotonic() - begin < 5.0 + 20.0  # a busy machine may start slowly
    assert result.outcome == "error"


def test_memory_is_watched_where_the_system_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "MEMORY_LIMIT", 100)
    monkeypatch.setattr(supervisor, "TIME_LIMIT", 30.0)
    cells = """
        import time
        try:
            import resource
        except ImportError:
            resource = None
        def f(a, b):
            if resource:  # lift the limit, so that the watch has to see it
                most = resource.getrlimit(resource.RLIMIT_DATA)[1]
                resource.setrlimit(resource.RLIMIT_DATA, (most, most))
            held = []
            while True:
                held.append(bytearray(10 ** 7))
                time.sleep(0.01)
        f
    """
    result = LOCAL.check(Notebook().run(cells))
    assert "more than 100 MB of memory" in result.message


def test_children_of_a_stopped_answer_end_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(supervisor, "TIME_LIMIT", 1.0)
    note = tmp_path / "pid"
    cells = f"""
        import subprocess, sys, time
        def f(a, b):
            code = "import time; time.sleep(99)"
            child = subprocess.Popen([sys.executable, "-c", code])
            open({str(note)!r}, "w").write(str(child.pid))
            time.sleep(99)
        f
    """
    LOCAL.check(Notebook().run(cells))
    assert ended(int(note.read_text()))


def ended(pid: int, seconds: float = 10.0) -> bool:
    """Whether the process is gone, or only its entry is left, soon."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


KERNEL = """
import sys
from course_lib.exercises import journal
from course_lib.exercises import autograd
from course_lib.exercises.core import supervisor
import tests_cell
worker = supervisor.spare.borrow(False)
worker.wait_ready()
supervisor.spare.give_back(worker)
print(worker.process.pid, flush=True)
autograd.local_derivatives.code_judge.expected_outputs()
autograd.local_derivatives.check(tests_cell.loops)
"""


def kernel(tmp_path: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a Python that checks an endless loop; return it and its worker's id."""
    (tmp_path / "tests_cell.py").write_text(
        "def loops(a, b):\n    sum(iter(int, 1))\n", encoding="utf-8"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", KERNEL],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert started.stdout is not None
    return started, int(started.stdout.readline())


def test_no_worker_outlives_a_killed_kernel(tmp_path: Path) -> None:
    started, worker = kernel(tmp_path)
    time.sleep(0.5)  # now its answer is in a loop that lets no other thread run
    started.kill()
    started.communicate()
    assert ended(worker, 15.0)


def test_no_spare_worker_outlives_a_killed_kernel() -> None:
    code = (
        "import time\n"
        "from course_lib.exercises.core.supervisor import spare\n"
        "w = spare.borrow(False); w.wait_ready(); spare.give_back(w)\n"
        "print(w.process.pid, flush=True); time.sleep(99)\n"
    )
    command = [sys.executable, "-c", code]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    worker = int(started.stdout.readline())
    assert psutil.pid_exists(worker)
    started.kill()
    started.communicate()
    assert ended(worker)


def test_no_worker_outlives_a_kernel_that_ends() -> None:
    code = (
        "from course_lib.exercises.core.supervisor import spare\n"
        "w = spare.borrow(False); w.wait_ready(); spare.give_back(w)\n"
        "print(w.process.pid)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ended(int(done.stdout))
    assert done.stderr == ""


def test_a_check_leaves_no_zombie_and_keeps_one_worker_ready() -> None:
    LOCAL.check(Notebook().run("def f(a, b):\n    import os\n    os._exit(3)\nf"))
    LOCAL.check(Notebook().run("def f(a, b):\n    return 1\nf"))
    time.sleep(0.2)
    mine = psutil.Process().children()
    assert [c for c in mine if c.status() == psutil.STATUS_ZOMBIE] == []


def test_a_worker_that_was_cut_off_is_not_kept() -> None:
    endless = AnswerSource("def f(a, b):\n    while True: pass\n", "f")
    with supervisor.reusable_worker() as worker:
        assert LOCAL.code_judge.verdict(endless, worker, 0.2).kind == "cut off"
    assert supervisor.spare.worker is not worker
    assert ended(worker.process.pid)


def test_a_worker_that_died_while_waiting_is_replaced() -> None:
    idle = supervisor.Worker()
    idle.wait_ready()
    supervisor.spare.close()
    supervisor.spare.give_back(idle)
    idle.process.kill()
    idle.process.wait()
    assert (
        LOCAL.check(Notebook().run("def f(a, b): return 1\nf")).outcome == "incorrect"
    )


# --- every exercise -----------------------------------------------------------------


@pytest.mark.parametrize("one", all_exercises(), ids=lambda e: e.id)
def test_every_exercise_is_covered(one: Exercise) -> None:
    coverage = cover(one)
    assert coverage.problems == []


def test_the_solution_passes_the_whole_way() -> None:
    for one in (LOCAL, autograd.own_value):
        assert one.check(one.answer).outcome == "correct"


def test_thin_coverage_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    made = made_exercise(hints=("One.",))
    made.wrong_edit("off", "Look.", ("sum(x)", "sum(x) + 1"))
    made.wrong_edit("same as the other", "Look again.", ("sum(x)", "1 + sum(x)"))
    made.wrong_edit("not there", "Look.", ("prod(x)", "0"))
    problems = " ".join(cover(made).problems)
    assert "3 wrong answers; at least 8" in problems
    assert "0 right variants; at least 5" in problems
    assert "1 hints; at least 2" in problems
    assert "stands 0 times" in problems
    made.wrong_answers.pop()
    made.wrong("right after all", "Look.")(total)
    made.right_edit("wrong after all", ("sum(x)", "max(x)"))
    problems = " ".join(cover(made).problems)
    assert "same as the other: earned the message of another" in problems
    assert "wrong answer accepted (right after all)" in problems
    assert "right answer rejected (wrong after all)" in problems
    assert coverage_main(["no_such_chapter"]) == 2
