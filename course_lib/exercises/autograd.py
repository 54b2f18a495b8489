# mypy: ignore-errors
# ruff: noqa: N801
"""The exercises of 04_autograd. Answers are written as learners write: untyped."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from course_lib.exercises.core import Case, Exercise, Misfit, exercise


@exercise(
    title="The local derivatives of four operations",
    task=(
        "Write a function that takes two numbers a and b and returns four slopes with "
        "respect to a: of a * b, of a ** b, of exp(a) and of tanh(a)."
    ),
    hints=(
        "Nudge a by a little: by how much does a * b move? That is the first slope. "
        "Ask the same of the other three, one at a time.",
        "Power rule: the exponent comes down in front, and one is taken from it. exp "
        "is its own slope. For tanh, write t = math.tanh(a); the slope needs only t.",
        "Return b, then b * a ** (b - 1), then math.exp(a), then 1 minus t squared.",
    ),
    cases=[(2.0, 3.0), (0.5, -2.0), (1.5, 0.5), (3.0, 2.0), (0.25, 4.0)],
    after="Local derivatives like these are all that autograd ever needs to know.",
)
def local_derivatives(a, b):
    """Return d(a * b)/da, d(a ** b)/da, d(exp a)/da and d(tanh a)/da."""
    t = math.tanh(a)
    return b, b * a ** (b - 1), math.exp(a), 1 - t**2


LOOK_AT_TANH = "The first three slopes are right. Look at the fourth again: "

local_derivatives.slip(
    "the slope with respect to the other number",
    "Look at the product. Hold b still and nudge a: what decides how far a * b moves?",
    ("return b, b *", "return a, b *"),
)
local_derivatives.slip(
    "the power rule without its exponent in front",
    "Look at the power. The slope of a ** 2 at a = 3 is 6, not 3: what came down?",
    ("b * a ** (b - 1)", "a ** (b - 1)"),
)
local_derivatives.slip(
    "the power rule with the old exponent",
    "Look at the power. One factor of a is used up when the exponent comes down.",
    ("b * a ** (b - 1)", "b * a**b"),
)
local_derivatives.slip(
    "the derivative with respect to the exponent",
    "Look at the power. You let b vary; here a varies and b stands still.",
    ("b * a ** (b - 1)", "a**b * math.log(a)"),
)
local_derivatives.slip(
    "exp treated as a power",
    "Look at exp(a). Here the variable is the exponent, so the power rule is not for "
    "it. Nudge a and compare the slope with exp(a) itself.",
    ("math.exp(a)", "a * math.exp(a - 1)"),
)
local_derivatives.slip(
    "derivative of tanh taken at the wrong place",
    LOOK_AT_TANH + "it is 1 minus a square, but the square of which number?",
    ("1 - t**2", "1 - a**2"),
)
local_derivatives.slip(
    "the square forgotten in the slope of tanh",
    LOOK_AT_TANH + "at a = 0 it is 1, and it is the same for a and for -a. Is yours?",
    ("1 - t**2", "1 - t"),
)
local_derivatives.slip(
    "the slope of the sigmoid instead of that of tanh",
    LOOK_AT_TANH + "t * (1 - t) belongs to a squashing curve that runs from 0 to 1; "
    "tanh runs from -1 to 1.",
    ("1 - t**2", "t * (1 - t)"),
)
local_derivatives.slip(
    "sign flipped in the slope of tanh",
    LOOK_AT_TANH + "tanh climbs everywhere, so its slope is never negative.",
    ("1 - t**2", "t**2 - 1"),
)
local_derivatives.slip(
    "the value instead of the slope",
    LOOK_AT_TANH + "this is tanh(a), how high the curve is. How steep is it there?",
    ("1 - t**2", "t"),
)


@local_derivatives.wrong(
    "the values instead of the slopes",
    "These are the four results. Asked for is how much each of them moves when a is "
    "nudged.",
)
def _(a, b):
    return a * b, a**b, math.exp(a), math.tanh(a)


@local_derivatives.right("with NumPy, as an array")
def _(a, b):
    import numpy as np

    return np.array([b, b * a ** (b - 1), np.exp(a), 1 - np.tanh(a) ** 2])


@local_derivatives.right("in float32")
def _(a, b):
    import numpy as np

    a, b = np.float32(a), np.float32(b)
    return [b, b * a ** (b - 1), np.exp(a), 1 / np.cosh(a) ** 2]


@local_derivatives.right("by nudging from both sides")
def _(a, b):
    functions = [lambda x: x * b, lambda x: x**b, math.exp, math.tanh]
    h = 1e-6
    return [(f(a + h) - f(a - h)) / (2 * h) for f in functions]


@local_derivatives.right("the power as a quotient")
def _(a, b):
    e = math.exp(2 * a)
    return b, b * a**b / a, math.e**a, 4 * e / (e + 1) ** 2


@local_derivatives.right("in a loop over names, from autograd itself")
def _(a, b):
    from course_lib.scalar import Value

    slopes = []
    for name in ("mul", "pow", "exp", "tanh"):
        x = Value(a)
        root = {"mul": x * b, "pow": x**b, "exp": x.exp(), "tanh": x.tanh()}[name]
        root.backward()
        slopes.append(x.grad)
    return slopes


class Value:
    """A number that remembers how it was made."""

    def __init__(self, data, children=(), local_grads=(), op=""):
        self.data = data
        self.grad = 0.0
        self.children = children
        self.local_grads = local_grads
        self.op = op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        slopes = (other.data, self.data)
        return Value(self.data * other.data, (self, other), slopes, "*")

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),), f"**{n}")

    def exp(self):
        e = math.exp(self.data)
        return Value(e, (self,), (e,), "exp")

    def log(self):
        return Value(math.log(self.data), (self,), (1 / self.data,), "log")

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,), "tanh")

    def relu(self):
        return Value(max(0.0, self.data), (self,), (float(self.data > 0),), "relu")

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return self**-1 * other

    def backward(self):
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            node, children_done = waiting.pop()
            if children_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                waiting.append((node, True))
                waiting.extend((child, False) for child in node.children)
        self.grad = 1.0
        for node in reversed(order):
            for child, slope in zip(node.children, node.local_grads, strict=True):
                child.grad += slope * node.grad


own_value = Exercise(
    Value,
    module=__name__,
    name="own_value",
    title="A Value of your own",
    task=(
        "Write the class Value: a number that remembers how it was made. "
        "Value(data, children=(), local_grads=(), op='') keeps these four and a grad "
        "that starts at 0. It needs +, *, ** with a number, negation, - and /, exp, "
        "log, tanh and relu, each also with plain numbers on either side, and "
        "backward(). Once it passes, it can train the micro-GPT."
    ),
    hints=(
        "Each operation makes a new Value from three things: the result, the Values it "
        "came from, and the slope with respect to each of them. For a * b these are "
        "a.data * b.data, (a, b) and (b.data, a.data).",
        "Not everything needs a rule of its own: a - b is a + (-b), and a / b is "
        "a * b ** -1. A plain number becomes a Value first. __radd__ and __rmul__ "
        "serve 2 + a and 2 * a.",
        "backward: list the nodes so that each stands after all it was made from, give "
        "the last one the grad 1, then go through the list from its end and add local "
        "slope times grad to the grad of each child.",
    ),
    stub='''
        class Value:
            """A number that remembers how it was made."""

            def __init__(self, data, children=(), local_grads=(), op=""):
                ...

            def __add__(self, other):
                ...

            def __mul__(self, other):
                ...

            def __pow__(self, other):
                ...

            def exp(self):
                ...

            def log(self):
                ...

            def tanh(self):
                ...

            def relu(self):
                ...

            def backward(self):
                ...
    ''',
    cases=[
        Case(text, numbers, shown=f"{text} for {', '.join(shown)}")
        for text, numbers in (
            ("a + b", (2.0, -3.0)),
            ("a * b", (2.0, -3.0)),
            ("a + a", (3.0,)),
            ("a * a * a", (1.5,)),
            ("a ** 3", (2.0,)),
            ("a ** -0.5", (4.0,)),
            ("-a", (2.0,)),
            ("a - b", (2.0, 5.0)),
            ("a / b", (3.0, 2.0)),
            ("a + 1", (2.0,)),
            ("1 + a", (2.0,)),
            ("2 * a * 3", (2.0,)),
            ("1 - a", (2.0,)),
            ("1 / a", (4.0,)),
            ("a.exp()", (0.5,)),
            ("a.log()", (2.5,)),
            ("a.tanh()", (0.8,)),
            ("a.relu()", (1.5,)),
            ("a.relu()", (-1.5,)),
            ("a * b + b", (2.0, 3.0)),
            ("(a * b) * (a + b)", (2.0, 3.0)),
            ("b * (c + b) + c", (0.5, 1.5, -2.0)),
            ("(s := a + b) * (s * a + s.exp())", (0.5, 0.3)),
            ("((a * b + c).tanh() - 1) ** 2", (0.5, -1.5, 2.0)),
        )
        for shown in [
            [f"{n} = {x:g}" for n, x in zip("abc", numbers, strict=False)],
        ]
    ],
    provided="course_lib.scalar:Value",
    after="Its .data and .grad agree everywhere. It can train the micro-GPT.",
)


@own_value.probe
def _value_and_slopes(cls, expression, numbers):
    """Return the data of an expression and the grad of each of its leaves."""
    try:
        cls(0.0, (), (), "leaf")
    except TypeError:
        raise Misfit(
            "Value takes data, children, local_grads and op, in this order; the last "
            "three may be left out."
        ) from None
    leaves = {name: cls(x) for name, x in zip("abc", numbers, strict=False)}
    root = eval(expression, dict(leaves))
    for node in (root, *leaves.values()):
        for attribute in ("data", "grad"):
            if not hasattr(node, attribute):
                kind = type(node).__name__
                raise Misfit(f"A {kind} came out, and it has no .{attribute}.")
    root.backward()
    return {"data": root.data} | {f"{n}.grad": x.grad for n, x in leaves.items()}


own_value.slip(
    "= where += was needed",
    "The data is right, and so is every grad of a number that is used once. a + a uses "
    "a twice: what happens to the first share of the blame when the second arrives?",
    ("child.grad += slope", "child.grad = slope"),
)
own_value.slip(
    "wrong topological order",
    "A node passed its blame on before all of its own had arrived. Which nodes must be "
    "done before it is its turn?",
    ("for node in reversed(order):", "for node in order:"),
)
own_value.slip(
    "visited in the order of discovery",
    "Where paths of different lengths meet again, a node passes its blame on too "
    "early. A node may come only after everything that was made from it.",
    ("waiting.append((node, True))", "order.insert(0, node)"),
)
own_value.slip(
    "the slopes of a product exchanged",
    "Look at the product. When a moves by a little, what decides how far a * b moves?",
    ("slopes = (other.data, self.data)", "slopes = (self.data, other.data)"),
)
own_value.slip(
    "the root's slope with respect to itself is missing",
    "Every grad is 0: the blame is passed on from the root, but the root has none. How "
    "far does the root move when the root moves?",
    ("self.grad = 1.0", "self.grad = 0.0"),
)
own_value.slip(
    "the power rule without its exponent in front",
    "Look at **. The slope of a ** 3 at a = 2 is 12, not 4: what came down?",
    ("(n * self.data ** (n - 1),)", "(self.data ** (n - 1),)"),
)
own_value.slip(
    "exp treated as a power",
    "Look at exp. It is the one function that is its own slope.",
    ('(e,), "exp"', '(self.data * math.exp(self.data - 1),), "exp"'),
)
own_value.slip(
    "derivative of tanh taken at the wrong place",
    "Look at tanh. Its slope is 1 minus the square of a number: of the input, or of "
    "what came out?",
    ("1 - t**2", "1 - self.data**2"),
)
own_value.slip(
    "the slope of log is not that of exp",
    "Look at log. It climbs fast near 0 and ever more slowly after: which simple "
    "function of the data does that?",
    ("(1 / self.data,)", "(math.log(self.data),)"),
)
own_value.slip(
    "relu lets the blame through where it is off",
    "Look at relu. Below 0 its output does not move when the input is nudged.",
    ("(float(self.data > 0),)", "(1.0,)"),
)
own_value.slip(
    "a plain number on the left",
    "Value + 1 works and 1 + Value does not: Python then asks the Value on the right, "
    "by the names __radd__, __rmul__, __rsub__ and __rtruediv__.",
    ("    def __radd__(self, other):\n        return self + other\n\n", ""),
)
own_value.slip(
    "subtraction the wrong way round",
    "Look at 1 - a and a - 1. Which of the two numbers is taken away?",
    ("return -self + other", "return self + -other"),
)
own_value.variant(
    "a stored list of pairs in place of zip",
    (
        "for child, slope in zip(node.children, node.local_grads, strict=True):\n"
        "                child.grad",
        "for i in range(len(node.children)):\n"
        "                child, slope = node.children[i], node.local_grads[i]\n"
        "                child.grad",
    ),
)
own_value.variant(
    "division with a rule of its own",
    (
        "return self * other**-1",
        "b = other if isinstance(other, Value) else Value(other)\n"
        "        slopes = (1 / b.data, -self.data / b.data**2)\n"
        "        return Value(self.data / b.data, (self, b), slopes, '/')",
    ),
)
own_value.variant(
    "grads set to zero first",
    (
        "self.grad = 1.0\n",
        "for node in order:\n            node.grad = 0\n        self.grad = 1\n",
    ),
)


@own_value.right("with a recursive walk and a closure for each operation")
class _:
    def __init__(self, data, children=(), local_grads=(), op=""):
        self.data, self.grad, self.op = data, 0, op
        self.children, self.local_grads = list(children), list(local_grads)

    def lift(self, other):
        return other if isinstance(other, type(self)) else type(self)(other)

    def apply(self, number, *pairs):
        return type(self)(number, [p[0] for p in pairs], [p[1] for p in pairs])

    def __add__(self, other):
        other = self.lift(other)
        return self.apply(self.data + other.data, (self, 1), (other, 1))

    def __mul__(self, other):
        other = self.lift(other)
        number = self.data * other.data
        return self.apply(number, (self, other.data), (other, self.data))

    def __pow__(self, n):
        return self.apply(self.data**n, (self, n * self.data ** (n - 1)))

    def exp(self):
        return self.apply(math.exp(self.data), (self, math.exp(self.data)))

    def log(self):
        return self.apply(math.log(self.data), (self, self.data**-1))

    def tanh(self):
        return self.apply(math.tanh(self.data), (self, math.cosh(self.data) ** -2))

    def relu(self):
        on = self.data > 0
        return self.apply(self.data if on else 0, (self, 1 if on else 0))

    def __neg__(self):
        return self.apply(-self.data, (self, -1))

    def __sub__(self, other):
        return self + -self.lift(other)

    def __truediv__(self, other):
        return self * self.lift(other) ** -1

    def __rsub__(self, other):
        return self.lift(other) - self

    def __rtruediv__(self, other):
        return self.lift(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order = []

        def visit(node):
            if node not in order:
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1
        while order:
            node = order.pop()
            for child, slope in zip(node.children, node.local_grads, strict=True):
                child.grad = child.grad + slope * node.grad


@own_value.right("a dataclass, sorted by the time of birth")
@dataclass(eq=False)
class _:
    data: float
    children: tuple = ()
    local_grads: tuple = ()
    op: str = ""
    grad: float = 0.0
    born: int = field(default_factory=itertools.count().__next__)

    def __add__(self, other):
        if not hasattr(other, "born"):
            other = type(self)(other)
        return type(self)(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        if not hasattr(other, "born"):
            other = type(self)(other)
        number, slopes = self.data * other.data, (other.data, self.data)
        return type(self)(number, (self, other), slopes)

    def __pow__(self, n):
        slope = n * self.data ** (n - 1)
        return type(self)(self.data**n, (self,), (slope,))

    def exp(self):
        number = math.e**self.data
        return type(self)(number, (self,), (number,))

    def log(self):
        return type(self)(math.log(self.data), (self,), (1 / self.data,))

    def tanh(self):
        up, down = math.exp(self.data), math.exp(-self.data)
        number = (up - down) / (up + down)
        return type(self)(number, (self,), (1 - number * number,))

    def relu(self):
        return self * (self.data > 0)

    __radd__, __rmul__ = __add__, __mul__
    __neg__ = lambda self: self * -1  # noqa: E731
    __sub__ = lambda self, other: self + other * -1  # noqa: E731
    __rsub__ = lambda self, other: self * -1 + other  # noqa: E731
    __truediv__ = lambda self, other: self * other**-1  # noqa: E731
    __rtruediv__ = lambda self, other: self**-1 * other  # noqa: E731

    def backward(self):
        nodes, found = {id(self): self}, [self]
        for node in found:
            found += [c for c in node.children if id(c) not in nodes]
            nodes.update((id(c), c) for c in node.children)
        self.grad = 1.0
        for node in sorted(nodes.values(), key=lambda n: n.born, reverse=True):
            for i, child in enumerate(node.children):
                child.grad += node.local_grads[i] * node.grad
