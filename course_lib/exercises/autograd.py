# mypy: ignore-errors
# ruff: noqa: N801
"""The exercises of 04_autograd. Answers are written as learners write: untyped."""

from __future__ import annotations

import functools
import itertools
import math
import struct
import sys
from dataclasses import dataclass, field

from course_lib.exercises.core import Case, Exercise, ProbeError, exercise
from course_lib.scalar import Value, backward_order

NUDGED = (
    "These slopes are close, and not exact: they come from a nudge. A nudge is the "
    "witness, and an engine needs the rule. Which rule gives this number to its last "
    "digit?"
)


def _is_nudged(slopes, exact):
    """Whether slopes are near the exact ones, but not as near as a rule gets.

    A rule computed in float32 is coarser than a good nudge, and gives itself away:
    float32 holds its numbers exactly.
    """
    pairs = list(zip(slopes, exact, strict=True))
    near = all(math.isclose(s, e, rel_tol=1e-3, abs_tol=1e-6) for s, e in pairs)
    return near and any(
        not math.isclose(s, e, rel_tol=1e-12, abs_tol=1e-15)
        and struct.unpack("f", struct.pack("f", s))[0] != s
        for s, e in pairs
    )


@exercise(
    title="The local derivatives of four operations",
    task=(
        "Write a function that takes two numbers a and b and returns four slopes with "
        "respect to a: of a * b, of a ** b, of exp(a) and of tanh(a). Use the rules; a "
        "nudge is too coarse here. a may be 0 or negative."
    ),
    hints=(
        "Nudge a by a little: by how much does a * b move? That is the first slope. "
        "Ask the same of the other three, one at a time.",
        "Power rule: the exponent comes down in front, and one is taken from it. exp "
        "is its own slope. For tanh, write t = math.tanh(a); the slope needs only t.",
        "Return b, then b * a ** (b - 1), then math.exp(a), then 1 minus t squared.",
    ),
    cases=[
        (2.0, 3.0),
        (0.5, -2.0),
        (1.5, 0.5),
        (3.0, 2.0),
        (-2.0, 4.0),
        (-0.5, 2.0),
        (0.0, 2.0),
    ],
    after="Local derivatives like these are all that autograd ever needs to know.",
)
def local_derivatives(a, b):
    """Return d(a * b)/da, d(a ** b)/da, d(exp a)/da and d(tanh a)/da."""
    t = math.tanh(a)
    return b, b * a ** (b - 1), math.exp(a), 1 - t**2


@local_derivatives.probe
def _four_slopes(function, a, b):
    """Return what the function returned; raise for slopes found by a nudge."""
    found = function(a, b)
    try:
        slopes = [float(slope) for slope in found]
    except (TypeError, ValueError):
        return found
    exact = b, b * a ** (b - 1), math.exp(a), 1 / math.cosh(a) ** 2
    if len(slopes) == len(exact) and _is_nudged(slopes, exact):
        raise ProbeError(NUDGED)
    return found


LOOK_AT_TANH = "The first three slopes are right. Look at the fourth again: "

local_derivatives.wrong_edit(
    "the slope with respect to the other number",
    "Look at the product. Hold b still and nudge a: what decides how far a * b moves?",
    ("return b, b *", "return a, b *"),
)
local_derivatives.wrong_edit(
    "the power rule without its exponent in front",
    "Look at the power. The slope of a ** 2 at a = 3 is 6, not 3: what came down?",
    ("b * a ** (b - 1)", "a ** (b - 1)"),
)
local_derivatives.wrong_edit(
    "the power rule with the old exponent",
    "Look at the power. One factor of a is used up when the exponent comes down.",
    ("b * a ** (b - 1)", "b * a**b"),
)
local_derivatives.wrong_edit(
    "the order of computation in the power",
    "Look at the power. Python computes ** first, then *, then -. What is one taken "
    "from here: from the exponent, or from the whole?",
    ("b * a ** (b - 1)", "b * a**b - 1"),
)
local_derivatives.wrong_edit(
    "the derivative with respect to the exponent",
    "Look at the power. You let b vary; here a varies and b stands still.",
    ("b * a ** (b - 1)", "a**b * math.log(a)"),
)
local_derivatives.wrong_edit(
    "exp treated as a power",
    "Look at exp(a). Here the variable is the exponent, so the power rule is not for "
    "it. Nudge a and compare the slope with exp(a) itself.",
    ("math.exp(a)", "a * math.exp(a - 1)"),
)
local_derivatives.wrong_edit(
    "derivative of tanh taken at the wrong place",
    LOOK_AT_TANH + "it is 1 minus a square, but the square of which number?",
    ("1 - t**2", "1 - a**2"),
)
local_derivatives.wrong_edit(
    "the square forgotten in the slope of tanh",
    LOOK_AT_TANH + "at a = 0 it is 1, and it is the same for a and for -a. Is yours?",
    ("1 - t**2", "1 - t"),
)
local_derivatives.wrong_edit(
    "the slope of the sigmoid instead of that of tanh",
    LOOK_AT_TANH + "t * (1 - t) belongs to a squashing curve that runs from 0 to 1; "
    "tanh runs from -1 to 1.",
    ("1 - t**2", "t * (1 - t)"),
)
local_derivatives.wrong_edit(
    "sign flipped in the slope of tanh",
    LOOK_AT_TANH + "tanh climbs everywhere, so its slope is never negative.",
    ("1 - t**2", "t**2 - 1"),
)
local_derivatives.wrong_edit(
    "the value instead of the slope",
    LOOK_AT_TANH + "this is tanh(a), how high the curve is. How steep is it there?",
    ("1 - t**2", "t"),
)


local_derivatives.wrong_edit(
    "the sign of the base lost",
    "Look at the power where a is negative: a ** 4 falls there, so its slope is below "
    "0. What does abs do to it?",
    ("b * a ** (b - 1)", "b * abs(a) ** (b - 1)"),
)
local_derivatives.wrong_edit(
    "the power divided by the number",
    "That works until a is 0. The slope of a ** 2 at 0 is 0: take one from the "
    "exponent, and there is nothing to divide.",
    ("b * a ** (b - 1)", "b * a**b / a"),
)
local_derivatives.wrong_edit(
    "the power taken apart by a logarithm",
    "That works while a is above 0. A negative number has no logarithm, and its "
    "square has a slope all the same.",
    ("b * a ** (b - 1)", "b * math.exp((b - 1) * math.log(a))"),
)


@local_derivatives.wrong("slopes found by a nudge", NUDGED)
def _(a, b):
    functions = [lambda x: x * b, lambda x: x**b, math.exp, math.tanh]
    h = 1e-6
    return [(f(a + h) - f(a - h)) / (2 * h) for f in functions]


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


@local_derivatives.right("with what float32 gives, as plain numbers")
def _(a, b):
    import numpy as np

    x = np.float32(a)
    return b, b * a ** (b - 1), float(np.exp(x)), float(1 - np.tanh(x) ** 2)


@local_derivatives.right("with exp alone")
def _(a, b):
    e = math.exp(2 * a)
    return b, b * math.pow(a, b - 1), math.e**a, 4 * e / (e + 1) ** 2


@local_derivatives.right("with jax.grad")
def _(a, b):
    import jax
    import jax.numpy as jnp

    functions = [lambda x: x * b, lambda x: x**b, jnp.exp, jnp.tanh]
    return [float(jax.grad(f)(a)) for f in functions]


@local_derivatives.right("in a loop over names, from autograd itself")
def _(a, b):
    slopes = []
    for name in ("mul", "pow", "exp", "tanh"):
        x = Value(a)
        root = {"mul": x * b, "pow": x**b, "exp": x.exp(), "tanh": x.tanh()}[name]
        root.backward()
        slopes.append(x.grad)
    return slopes


# --- mul_backward -----------------------------------------------------------------


@exercise(
    title="The way back through a product",
    task=(
        "Two nodes a and b were multiplied, and out is the product. Each has .data and "
        ".grad. The blame of out is complete: pass it on. Write to a.grad and b.grad "
        "and return nothing."
    ),
    hints=(
        "How far does out move when a moves by a little? That is the local "
        "derivative. Which number, of those at hand, is it?",
        "A child's share is the local derivative times the blame of out. And a or b "
        "may have been used elsewhere too: some blame may lie there already.",
        "a.grad += b.data * out.grad, and the same for b with the data of a.",
    ),
    cases=[
        Case(2.0, 3.0, 1.0, 0.0, 0.0, shown="a.data = 2, b.data = 3, out.grad = 1"),
        Case(2.0, -4.0, 0.5, 0.0, 0.0, shown="a.data = 2, b.data = -4, out.grad = 0.5"),
        Case(0.0, 5.0, -2.0, 0.0, 0.0, shown="a.data = 0, b.data = 5, out.grad = -2"),
        Case(
            2.0,
            3.0,
            0.0,
            4.0,
            1.0,
            shown="a.data = 2, b.data = 3, out.grad = 0: nobody blames out; a.grad = 4 "
            "and b.grad = 1 are there already",
        ),
        Case(
            1.5,
            3.0,
            2.0,
            10.0,
            -7.0,
            shown="a.data = 1.5, b.data = 3, out.grad = 2, and some blame is there "
            "already: a.grad = 10, b.grad = -7",
        ),
        Case(
            3.0,
            None,
            2.0,
            1.0,
            0.0,
            shown="a and b are the same node, with data 3 and grad 1; out.grad = 2",
        ),
    ],
    after="Every operation passes blame on in this way; only the slope is its own.",
)
def mul_backward(a, b, out):
    """Add to a.grad and b.grad their shares of out.grad."""
    a.grad += b.data * out.grad
    b.grad += a.data * out.grad


class Node:
    """A node with data and gradient, for the exercises that need no operations."""

    def __init__(self, data, children=(), local_grads=(), op="", grad=0.0):
        self.data, self.children, self.local_grads = data, children, local_grads
        self.op, self.grad = op, grad


@mul_backward.probe
def _shares(function, a_data, b_data, out_grad, a_grad, b_grad):
    """Return the data and gradients of the nodes after one call."""
    a = Node(a_data, grad=a_grad)
    b = a if b_data is None else Node(b_data, grad=b_grad)
    out = Node(a.data * b.data, (a, b), (b.data, a.data), "*", grad=out_grad)
    came_back = function(a, b, out)
    untouched = out_grad and a.grad == a_grad and (b is a or b.grad == b_grad)
    if untouched and came_back is not None:
        raise ProbeError(
            "Something came back, and nothing was written. Whoever goes on from here "
            "looks at a.grad and b.grad."
        )
    if untouched:
        raise ProbeError("Nothing was written to a.grad or b.grad.")
    if b is a:
        return {"a.data": a.data, "a.grad": a.grad, "out.grad": out.grad}
    return {
        "a.data": a.data,
        "a.grad": a.grad,
        "b.data": b.data,
        "b.grad": b.grad,
        "out.grad": out.grad,
    }


mul_backward.wrong_edit(
    "= where += was needed",
    "Look at the input where blame was there already: it is gone. A node that is used "
    "twice is to blame twice.",
    ("a.grad += b", "a.grad = b"),
    ("b.grad += a", "b.grad = a"),
)
mul_backward.wrong_edit(
    "= where += was needed, for a",
    "The share of b is right everywhere. Compare how you write to a.",
    ("a.grad += b", "a.grad = b"),
)
mul_backward.wrong_edit(
    "= where += was needed, for b",
    "The share of a is right everywhere. Compare how you write to b.",
    ("b.grad += a", "b.grad = a"),
)
mul_backward.wrong_edit(
    "local derivatives not swapped",
    "Try 2 * 3 with a nudge: 2.001 * 3 is 6.003. The result moved three times as far "
    "as a did. Which number was the 3?",
    ("b.data *", "a_data *"),
    ("    a.grad +=", "    a_data = a.data\n    a.grad +="),
    ("a.data * out", "b.data * out"),
)
mul_backward.wrong_edit(
    "the chain is cut",
    "These are the local derivatives alone. If nobody blames out, out.grad is 0, and "
    "there is nothing to pass on. Where does out.grad come in?",
    ("b.data * out.grad", "b.data"),
    ("a.data * out.grad", "a.data"),
)
mul_backward.wrong_edit(
    "the value of the product instead of its blame",
    "What flows back is blame, not a value. Which attribute of out holds it?",
    ("b.data * out.grad", "b.data * out.data"),
    ("a.data * out.grad", "a.data * out.data"),
)
mul_backward.wrong_edit(
    "blame of the children instead of their data",
    "A local derivative is made of values, known since the forward pass. Here it is "
    "made of grads.",
    ("b.data * out.grad", "b.grad * out.grad"),
    ("a.data * out.grad", "a.grad * out.grad"),
)
mul_backward.wrong_edit(
    "the rule of a sum",
    "A sum passes its blame on unchanged. A product does not: how far does it move "
    "when a moves by a little?",
    ("b.data * out.grad", "out.grad"),
    ("a.data * out.grad", "out.grad"),
)
mul_backward.wrong_edit(
    "only one child gets its share",
    "Two numbers went into the product, and both are to blame. One got nothing.",
    ("    b.grad += a.data * out.grad\n", ""),
)
mul_backward.wrong_edit(
    "sign flipped",
    "When both numbers are positive and a grows, does the product grow or shrink? A "
    "gradient says just that; stepping against it comes later.",
    ("a.grad += b", "a.grad -= b"),
    ("b.grad += a", "b.grad -= a"),
)
mul_backward.wrong_edit(
    "blame divided between the two",
    "Each share says how far the loss moves when this one number moves and the other "
    "stands still. It is not a cake: shares need not add up to the whole.",
    ("b.data * out.grad", "b.data * out.grad / 2"),
    ("a.data * out.grad", "a.data * out.grad / 2"),
)
mul_backward.wrong_edit(
    "data changed on the way back",
    "On the way back only grads are written. What was computed forward stays as it is.",
    ("a.grad +=", "a.data +="),
    ("b.grad +=", "b.data +="),
)


mul_backward.wrong_edit(
    "a blame of 0 taken for a missing one",
    "Look at the input where out.grad is 0: nobody blames out, so there is nothing to "
    "pass on. In Python, 0.0 or 1.0 is 1.0.",
    ("b.data * out.grad", "b.data * (out.grad or 1.0)"),
    ("a.data * out.grad", "a.data * (out.grad or 1.0)"),
)


@mul_backward.wrong(
    "the product divided by the number",
    "That works until a number is 0. Which number is left when a is taken out of the "
    "product a * b? It is at hand.",
)
def _(a, b, out):
    a.grad += out.data / a.data * out.grad
    b.grad += out.data / b.data * out.grad


@mul_backward.wrong(
    "returned instead of written",
    "The shares come back as a result, and nobody stores them. Write to the grads of a "
    "and b.",
)
def _(a, b, out):
    return b.data * out.grad, a.data * out.grad


@mul_backward.right("with the grads written out")
def _(a, b, out):
    a.grad = a.grad + out.grad * b.data
    b.grad = b.grad + out.grad * a.data


@mul_backward.right("in a loop over children and slopes")
def _(a, b, out):
    for child, slope in ((a, b.data), (b, a.data)):
        child.grad += slope * out.grad


@mul_backward.right("with the record of out")
def _(a, b, out):
    for child, slope in zip(out.children, out.local_grads, strict=True):
        child.grad += slope * out.grad


@mul_backward.right("with NumPy")
def _(a, b, out):
    import numpy as np

    shares = np.array([b.data, a.data]) * out.grad
    a.grad += shares[0]
    b.grad += shares[1]


@mul_backward.right("in float32")
def _(a, b, out):
    import numpy as np

    a.grad += np.float32(b.data) * np.float32(out.grad)
    b.grad += np.float32(a.data) * np.float32(out.grad)


@mul_backward.right("by a helper function, and returning out")
def _(a, b, out):
    def add_share(node, other):
        node.grad += other.data * out.grad

    add_share(a, b)
    add_share(b, a)
    return out


# --- topological_order ------------------------------------------------------------

PLANS = (  # every node with its number and its children
    ("a=1", "a leaf, a"),
    ("a=2; b=3; c=6 a b", "c made from a and b"),
    ("a=3; b=9 a a", "b made from a and a"),
    ("a=1; b=1; c=2 a b; d=2 c a", "c made from a and b; d from c and a"),
    ("a=2; b=4 a; c=16 b; d=20 b c", "b made from a; c from b; d from b and c"),
    ("a=2; b=4 a; c=16 b; d=20 c b", "b made from a; c from b; d from c and b"),
    ("a=1; b=2; c=3; d=6 a b c", "d made from a, b and c"),
    (
        "a=1; b=2; c=4 b; d=7 a b c; e=8 d c b a",
        "c made from b; d from a, b and c; e from d, c, b and a",
    ),
    (
        "a=5; b=0 a; c=1 b; d=5 c; e=9 a d; f=9 d a; g=0 e f",
        "b made from a; c from b; d from c; e from a and d; f from d and a; g from e "
        "and f",
    ),
)
GOOD_ORDER = "every node once, after its children"
OTHER_ORDER, NO_ORDER = "not every node once, after its children", None
MOST_LINES = 100_000  # of code for 35 nodes: a walk along every path takes more
LADDER = "; ".join(  # 16 rungs of two nodes, each made from both nodes below
    [
        *("p0=1", "q0=1"),
        *(f"{x}{i + 1}=1 p{i} q{i}" for i in range(16) for x in "pq"),
        "root=1 p16 q16",
    ]
)


@exercise(
    title="An order in which blame may be passed on",
    task=(
        "Write a function that takes the last node of a computation and returns a list "
        "of all nodes that went into it, itself included. Every node stands in it "
        "once, and after all of its children. Each node has .children, any number of "
        "them; a leaf has none. Leave the nodes as they are."
    ),
    hints=(
        "Start at the root and go to the children, and from there to theirs. A node "
        "goes on the list only when all of its children are on it.",
        "A function visit(node) that calls itself for each child, and only then "
        "appends the node. A set of nodes already visited keeps out doubles.",
        "def visit(node): if node not in seen: add it to seen; visit every child; "
        "order.append(node). Call visit(root) and return order.",
    ),
    cases=[
        Case(
            "all",
            shown="nine small computations, the last one twice, then one of 35 nodes",
        ),
        *(Case(plan, shown=shown) for plan, shown in PLANS),
    ],
    after="Read from its end, this list tells backward() whose turn it is.",
)
def topological_order(root):
    """Return every node below root once, children first; root comes last."""
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for child in node.children:
                visit(child)
            order.append(node)

    visit(root)
    return order


@topological_order.probe
def _order(function, plan):
    """Return the order in words: that it will do, or which nodes came in which order.

    A known mistake is found from all the plans together, however it was written, and
    is then the answer to each of them.
    """
    mistake = _order_mistake(function)
    if mistake in (GOOD_ORDER, NO_ORDER):
        return mistake
    if mistake != OTHER_ORDER:
        raise ProbeError(mistake)
    if plan == "all":
        found = {shown: _order_in_words(function, plan) for plan, shown in PLANS}
        wrong = (f"{k}: {v}" for k, v in found.items() if v != GOOD_ORDER)
        return next(wrong, OTHER_ORDER)
    return _order_in_words(function, plan)


def _order_in_words(function, plan):
    nodes = _nodes_of(plan)
    order = _names_in(function(_root_of(nodes)), nodes)
    if order is None or _is_topological(order, nodes):
        return order and GOOD_ORDER
    return ", ".join(order) or "an empty list"


def _nodes_of(plan):
    """Return the nodes of a plan by name; the root is the last one."""
    nodes = {}
    for part in plan.split("; "):
        name, _, rest = part.partition("=")
        number, *children = rest.split(" ")
        made_from = tuple(nodes[child] for child in children)
        op = "made" if made_from else "leaf"
        nodes[name] = Node(float(number), made_from, (1.0,) * len(made_from), op)
    return nodes


def _names_in(found, nodes):
    """Return the names of the nodes found; raise ProbeError for what is no list."""
    if found is None:
        return None
    try:
        len(found), reversed(found)
        found = list(found)
    except TypeError:
        raise ProbeError(
            "A list of nodes is needed, and something else came back: "
            f"{type(found).__name__}. Whoever uses it reads it from its end, and maybe "
            "twice."
        ) from None
    names = {id(node): name for name, node in nodes.items()}
    for node in found:
        if id(node) not in names and isinstance(node, Node):
            raise ProbeError(FROM_LAST_CALL)
        if id(node) not in names:
            raise ProbeError(
                "The list should hold the nodes themselves. In it stands a "
                f"{type(node).__name__}."
            )
    return [names[id(node)] for node in found]


def _is_topological(order, nodes):
    place = {name: i for i, name in enumerate(order)}
    names = {id(node): name for name, node in nodes.items()}
    return len(place) == len(order) == len(nodes) and all(
        place[names[id(child)]] < place[name]
        for name in order
        for child in nodes[name].children
    )


@functools.lru_cache(maxsize=1)
def _order_mistake(function):
    """Return GOOD_ORDER, or the message of the mistake that explains all orders.

    OTHER_ORDER if none does; NO_ORDER if nothing came back.
    """
    walks = []
    for plan, _ in PLANS:
        nodes = _nodes_of(plan)
        order = _names_in(function(_root_of(nodes)), nodes)
        if order is None:
            return NO_ORDER
        walks.append((order, nodes))
    if not all(_is_topological(*walk) for walk in walks):
        for message, explains in ORDER_MISTAKES.items():
            if all(explains(order, list(nodes), nodes) for order, nodes in walks):
                return message
        return OTHER_ORDER
    _, nodes = walks[-1]
    again = _names_in(function(_root_of(nodes)), nodes)
    if again is None or not _is_topological(again, nodes):
        return SECOND_CALL
    nodes = _nodes_of(LADDER)
    order, few_lines = _count_lines(function, _root_of(nodes))
    if not few_lines:
        return EVERY_PATH
    right = _is_topological(_names_in(order, nodes) or [], nodes)
    return GOOD_ORDER if right else OTHER_ORDER


def _root_of(nodes):
    return list(nodes.values())[-1]


def _count_lines(function, *arguments):
    """Call a function; return its result, and whether it ran few enough lines."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += 1
        if count > MOST_LINES:
            raise ProbeError("too many steps")
        return trace

    result, before = None, sys.gettrace()
    try:
        sys.settrace(trace)
        result = function(*arguments)
    except ProbeError:
        pass
    finally:
        sys.settrace(before)
    return result, count <= MOST_LINES


FROM_LAST_CALL = (
    "In the list stand nodes of an earlier call. A list or set as a default value is "
    "made once, when the function is defined, and shared by all calls. Make a new one "
    "inside."
)
SECOND_CALL = (
    "The first call is right; a second one with the same root is not. What does the "
    "first leave behind: a mark on the nodes, or a set that is made only once?"
)
EVERY_PATH = (
    "The result is right, but the way there is long: a node is walked through again "
    "for every path that leads to it, and paths multiply. With 35 nodes there can be "
    "131,072 of them. What should happen when a node is met again?"
)
PARENTS_FIRST = (
    "The root comes first here, and the leaves at the end. When may a node go on the "
    "list: before its children, or after them?"
)
LISTED_TWICE = (
    "A node that is used twice is met twice, and would pass its blame on twice. How "
    "can you tell that it is on the list already?"
)
NO_LEAVES = (
    "Only computed nodes are on the list. The parameters are leaves, and it is their "
    "blame that we want."
)
NO_ROOT = (
    "All nodes below the root are there. The root itself passes blame on too: it is "
    "the first to do so."
)
ONE_CHILD = (
    "Look at c, made from a and b: one of the two is missing. Does your walk follow "
    "only one child?"
)
TWO_CHILDREN = (
    "Look at d, made from a, b and c: one of the three is missing. Does your walk "
    "count on two children? A node may have any number."
)
ONE_LEVEL = "These are the root and its children. The children have children, too."
BY_NUMBER = (
    "Two nodes may hold the same number and still be two nodes. Ask whether the node "
    "itself was seen, not its data."
)
SORTED = (
    "The size of a number says nothing about when it was made: 1 may be made from 5. "
    "Only .children tells who comes before whom."
)
LEVELS = (
    "You list the root, then its children, then theirs. A node that stands on two "
    "levels comes too early in this way, and children come after what they went into."
)
LEVELS_TURNED = (
    "This holds while all paths are equally long. Try b made from a, c from b, and d "
    "from b and c: which must come first, b or c?"
)
DISCOVERY = (
    "You list a node when you meet it. Its children come later, so they stand behind "
    "it. What has to happen between meeting a node and listing it?"
)
DISCOVERY_TURNED = (
    "Most graphs come out right in this way. Try b made from a, c from b, and d from b "
    "and c: d meets b first, yet c needs it."
)


def _below(nodes, pick):
    """Return the names that a walk from the root meets if it follows some children."""
    names = {id(node): name for name, node in nodes.items()}
    found = [_root_of(nodes)]
    for node in found:
        found += [c for c in pick(node.children) if c not in found]
    return {names[id(node)] for node in found}


def _numbers_met(nodes, way):
    """Return the numbers met by a walk that tells nodes apart by their numbers."""
    found, waiting = {}, [_root_of(nodes)]
    while waiting:
        node = waiting.pop()
        if node.data not in found:
            found[node.data] = node
            waiting.extend(node.children[::way])
    return sorted(found)


def _levels(nodes, way=1):
    """Return the names level by level, from the root, each once."""
    names = {id(node): name for name, node in nodes.items()}
    found = [_root_of(nodes)]
    for node in found:
        for child in node.children[::way]:
            if child not in found:
                found.append(child)
    return [names[id(node)] for node in found]


def _complete(order, everyone):
    return sorted(order) == sorted(everyone)


# For each mistake: whether it explains an order, given all names (the root's last).
ORDER_MISTAKES = {
    LISTED_TWICE: lambda order, everyone, nodes: (
        set(order) == set(everyone)
        and (len(order) > len(everyone) or not _used_twice(nodes))
    ),
    PARENTS_FIRST: lambda order, everyone, nodes: _is_topological(order[::-1], nodes),
    NO_LEAVES: lambda order, everyone, nodes: (
        set(order) == {name for name in everyone if nodes[name].children}
    ),
    NO_ROOT: lambda order, everyone, nodes: set(order) == set(everyone[:-1]),
    ONE_LEVEL: lambda order, everyone, nodes: (
        set(order) == {everyone[-1]} | {*_children_of_root(nodes)}
    ),
    ONE_CHILD: lambda order, everyone, nodes: (
        set(order) in (_below(nodes, lambda c: c[:1]), _below(nodes, lambda c: c[-1:]))
    ),
    TWO_CHILDREN: lambda order, everyone, nodes: (
        set(order)
        in (
            _below(nodes, lambda c: c[:2]),
            _below(nodes, lambda c: c[-2:]),
            _below(nodes, lambda c: (*c[:1], *c[-1:])),
        )
    ),
    BY_NUMBER: lambda order, everyone, nodes: (
        sorted(nodes[name].data for name in order)
        in (_numbers_met(nodes, 1), _numbers_met(nodes, -1))
    ),
    SORTED: lambda order, everyone, nodes: (
        _complete(order, everyone)
        and [nodes[name].data for name in order]
        == sorted(node.data for node in nodes.values())
    ),
    LEVELS: lambda order, everyone, nodes: (
        order in (_levels(nodes), _levels(nodes, -1))
    ),
    LEVELS_TURNED: lambda order, everyone, nodes: (
        order[::-1] in (_levels(nodes), _levels(nodes, -1))
    ),
    DISCOVERY: lambda order, everyone, nodes: (
        _complete(order, everyone) and order[0] == everyone[-1]
    ),
    DISCOVERY_TURNED: lambda order, everyone, nodes: (
        _complete(order, everyone) and order[-1] == everyone[-1]
    ),
}


def _children_of_root(nodes):
    names = {id(node): name for name, node in nodes.items()}
    return [names[id(child)] for child in _root_of(nodes).children]


def _used_twice(nodes):
    """Whether a walk that remembers nothing meets a node twice."""
    used = [id(child) for node in nodes.values() for child in node.children]
    return len(set(used)) < len(used)


topological_order.wrong_edit(
    "parents first",
    PARENTS_FIRST,
    ("return order", "return order[::-1]"),
)
topological_order.wrong_edit(
    "a shared node listed twice",
    LISTED_TWICE,
    ("seen.add(node)", "pass"),
)
topological_order.wrong_edit(
    "the order of discovery",
    DISCOVERY,
    ("            order.append(node)\n", ""),
    ("seen.add(node)", "seen.add(node)\n            order.append(node)"),
)
topological_order.wrong_edit(
    "the order of discovery, turned round",
    DISCOVERY_TURNED,
    ("            order.append(node)\n", ""),
    ("seen.add(node)", "seen.add(node)\n            order.insert(0, node)"),
)
topological_order.wrong_edit(
    "the leaves are left out",
    NO_LEAVES,
    (
        "            order.append(node)",
        "            if node.children:\n                order.append(node)",
    ),
)
topological_order.wrong_edit(
    "the root is left out",
    NO_ROOT,
    ("return order", "return order[:-1]"),
)
topological_order.wrong_edit(
    "only one child is followed",
    ONE_CHILD,
    (
        "                visit(child)\n",
        "                visit(child)\n                break\n",
    ),
)
topological_order.wrong_edit(
    "at most two children are followed",
    TWO_CHILDREN,
    ("in node.children:", "in node.children[:2]:"),
)
topological_order.wrong_edit(
    "nodes told apart by their numbers",
    BY_NUMBER,
    ("if node not in seen", "if node.data not in seen"),
    ("seen.add(node)", "seen.add(node.data)"),
)
topological_order.wrong_edit(
    "numbers in place of nodes",
    "The order is right, but the list holds numbers. Whoever reads it needs the nodes, "
    "with their grads and children.",
    ("order.append(node)", "order.append(node.data)"),
)
topological_order.wrong_edit(
    "a list that remembers the last call",
    FROM_LAST_CALL,
    ("topological_order(root)", "topological_order(root, order=[])"),
    ("order, seen = [], set()", "seen = set()"),
)
topological_order.wrong_edit(
    "a memory that outlives the call",
    SECOND_CALL,
    ("topological_order(root)", "topological_order(root, seen=set())"),
    ("order, seen = [], set()", "order = []"),
)
topological_order.wrong_edit(
    "a walk along every path",
    EVERY_PATH,
    ("seen.add(node)", "pass"),
    ("return order", "return list(dict.fromkeys(order))"),
)
topological_order.wrong_edit(
    "sorted by their numbers",
    SORTED,
    ("return order", "return sorted(order, key=lambda node: node.data)"),
)
topological_order.wrong_edit(
    "a generator where a list was needed",
    "A generator came back. It can be read once, from its beginning; the list is read "
    "from its end. Put the nodes into a list.",
    ("return order", "return (node for node in order)"),
)
topological_order.wrong_edit(
    "reversed() where a list was needed",
    "What came back is not a list but something that will read one backwards, once. "
    "`list(...)` makes a list of it; and does it begin with the leaves?",
    ("return order", "return reversed(order[::-1])"),
)


@topological_order.wrong("level by level", LEVELS)
def _(root):
    order = [root]
    for node in order:
        for child in node.children:
            if child not in order:
                order.append(child)
    return order


@topological_order.wrong("level by level, turned round", LEVELS_TURNED)
def _(root):
    order = [root]
    for node in order:
        for child in node.children:
            if child not in order:
                order.append(child)
    return order[::-1]


@topological_order.wrong("one level only", ONE_LEVEL)
def _(root):
    order = []
    for child in root.children:
        if child not in order:
            order.append(child)
    return [*order, root]


@topological_order.right("into a list that is turned round and made anew")
def _(root):
    order, seen, waiting = [], set(), [root]
    uses = {}
    while waiting:
        node = waiting.pop()
        for child in node.children:
            uses[id(child)] = uses.get(id(child), 0) + 1
            if id(child) not in seen:
                seen.add(id(child))
                waiting.append(child)
    ready = [root]
    while ready:
        node = ready.pop(0)
        order.append(node)
        for child in node.children:
            uses[id(child)] -= 1
            if not uses[id(child)]:
                ready.append(child)
    return list(reversed(order))


@topological_order.right("with a stack of its own, without recursion")
def _(root):
    order, seen, waiting = [], set(), [(root, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            for child in node.children:
                waiting.append((child, False))
    return order


@topological_order.right("the list itself says what was seen")
def _(root):
    order = []

    def walk(node):
        for child in node.children:
            if child not in order:
                walk(child)
        order.append(node)

    walk(root)
    return order


@topological_order.right("ever again, whoever has all children on the list")
def _(root):
    nodes = [root]
    for node in nodes:
        nodes.extend(child for child in node.children if child not in nodes)
    order = []
    while nodes:
        for node in nodes:
            if all(child in order for child in node.children):
                order.append(node)
        nodes = [node for node in nodes if node not in order]
    return order


@topological_order.right("a node met again moves to the front")
def _(root):
    order = [root]
    for node in order:
        for child in node.children:
            if child in order[order.index(node) :]:
                order.remove(child)
            order.append(child)
    order.reverse()
    return list(dict.fromkeys(order))


@topological_order.right("counting how often each node is used")
def _(root):
    uses, found = {root: 0}, [root]
    for node in found:
        for child in node.children:
            if child not in uses:
                uses[child] = 0
                found.append(child)
            uses[child] += 1
    order, ready = [], [root]
    while ready:
        node = ready.pop()
        order.append(node)
        for child in node.children:
            uses[child] -= 1
            if uses[child] == 0:
                ready.append(child)
    return order[::-1]


@topological_order.right("with the standard library")
def _(root):
    from graphlib import TopologicalSorter

    sorter, found = TopologicalSorter(), [root]
    for node in found:
        sorter.add(node, *node.children)
        found += [child for child in node.children if child not in found]
    return tuple(sorter.static_order())


# --- own_value --------------------------------------------------------------------


class MyValue:
    """A number that remembers how it was made."""

    def __init__(self, data, children=(), local_grads=(), op=""):
        self.data = data
        self.grad = 0.0
        self.children = children
        self.local_grads = local_grads
        self.op = op

    def __add__(self, other):
        other = other if isinstance(other, MyValue) else MyValue(other)
        return MyValue(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        other = other if isinstance(other, MyValue) else MyValue(other)
        slopes = (other.data, self.data)
        return MyValue(self.data * other.data, (self, other), slopes, "*")

    def __pow__(self, n):
        return MyValue(self.data**n, (self,), (n * self.data ** (n - 1),), f"**{n}")

    def exp(self):
        e = math.exp(self.data)
        return MyValue(e, (self,), (e,), "exp")

    def log(self):
        return MyValue(math.log(self.data), (self,), (1 / self.data,), "log")

    def tanh(self):
        t = math.tanh(self.data)
        return MyValue(t, (self,), (1 - t**2,), "tanh")

    def relu(self):
        return MyValue(max(0.0, self.data), (self,), (float(self.data > 0),), "relu")

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
    MyValue,
    module=__name__,
    name="own_value",
    title="A Value of your own",
    task=(
        "Write the class MyValue: a number that remembers how it was made. "
        "MyValue(data, children=(), local_grads=(), op='') keeps these four, and a "
        "grad that starts at 0. It needs +, *, ** with a number, negation, - and /, "
        "also with a plain number on either side; exp, log, tanh and relu, with their "
        "slopes by the rules and not by a nudge; and backward(), for any number of "
        "children. Once it passes, it can train the micro-GPT."
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
        class MyValue:
            """A number that remembers how it was made."""

            def __init__(self, data, children=(), local_grads=(), op=""): ...

            def __add__(self, other): ...

            def __mul__(self, other): ...

            def __pow__(self, other): ...

            def exp(self): ...

            def log(self): ...

            def tanh(self): ...

            def relu(self): ...

            def backward(self): ...
    ''',
    cases=[
        Case("", (), shown="backward() on small records that were made by hand"),
    ]
    + [
        Case(text, numbers, shown=f"{text} for {', '.join(shown)}")
        for text, numbers in (
            ("a + b", (2.0, -3.0)),
            ("a * b", (2.0, -3.0)),
            ("a + a", (3.0,)),
            ("a * a * a", (1.5,)),
            ("a ** 3", (2.0,)),
            ("a ** 3", (-2.0,)),
            ("a ** 2", (-3.0,)),
            ("a ** 2", (0.0,)),
            ("a ** -0.5", (4.0,)),
            ("-a", (2.0,)),
            ("a - b", (2.0, 5.0)),
            ("a / b", (3.0, 2.0)),
            ("a + 1", (2.0,)),
            ("a * 3", (2.0,)),
            ("a - 1", (2.0,)),
            ("a / 2", (3.0,)),
            ("1 + a", (2.0,)),
            ("2 * a", (2.0,)),
            ("1 - a", (2.0,)),
            ("1 / a", (4.0,)),
            ("6 / a", (4.0,)),
            ("a.exp()", (0.5,)),
            ("a.exp()", (-1.5,)),
            ("a.log()", (2.5,)),
            ("a.log()", (0.3,)),
            ("a.tanh()", (0.8,)),
            ("a.tanh()", (-1.2,)),
            ("a.relu()", (1.5,)),
            ("a.relu()", (0.25,)),
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
    ]
    + [
        Case(
            "type(a)(a.data * b.data, (a, b), (b.data, a.data), 'by hand') + a",
            (2.0, 3.0),
            shown="a node made from outside, MyValue(6.0, (a, b), (3.0, 2.0), "
            "'by hand'), plus a, for a = 2, b = 3",
        )
    ],
    provided="course_lib.scalar:Value",
    after="Its .data and .grad agree everywhere. It can train the micro-GPT.",
)


@own_value.probe
def _value_and_slopes(cls, expression, numbers):
    """Return the data of an expression and the grad of each of its leaves.

    A known mistake of backward() is found from small records, however it was written,
    and is then the answer to every case.
    """
    try:
        cls(0.0, (), (), "leaf")
    except TypeError:
        raise ProbeError(
            "The class takes data, children, local_grads and op, in this order; the "
            "last three may be left out."
        ) from None
    if mistake := _backward_mistake(cls):
        raise ProbeError(mistake)
    if not expression:
        return "every share of the blame arrives"
    leaves = {name: cls(x) for name, x in zip("abc", numbers, strict=False)}
    root = eval(expression, dict(leaves))
    for node in (root, *leaves.values()):
        for attribute in ("data", "grad"):
            if not hasattr(node, attribute):
                kind = type(node).__name__
                raise ProbeError(f"A {kind} came out, and it has no .{attribute}.")
    if not hasattr(root, "backward"):
        raise ProbeError(f"{expression} gave a result, but it has no backward() yet.")
    root.backward()
    return {"data": root.data} | {f"{n}.grad": x.grad for n, x in leaves.items()}


@functools.lru_cache(maxsize=1)
def _backward_mistake(cls):
    """Return the message of the mistake that backward() makes on small records, or "".

    The records are made with the constructor, so that no operation is needed yet.
    """
    if not hasattr(cls, "backward") or not hasattr(cls(1.0), "grad"):
        return ""
    if not any(_get(cls(1.0, (), (), MARK), name) == MARK for name in dir(cls(1.0))):
        return DROPPED
    return (
        chain_mistake(cls)
        or sharing_mistake(cls)
        or second_call_mistake(cls)
        or _cost_mistake(cls)
        or _operation_mistake(cls)
    )


MARK = "made by hand"


def _get(node, name):
    try:
        return getattr(node, name)
    except Exception:
        return None


def _record(cls, plan):
    """Return the nodes of a plan such as "a; b 2a; c 3b 1a", by name, root last."""
    nodes = {}
    for part in plan.split("; "):
        name, *shares = part.split(" ")
        slopes = tuple(float(share[:-1]) for share in shares)
        children = tuple(nodes[share[-1]] for share in shares)
        nodes[name] = cls(1.0, children, slopes, MARK)
    return nodes


def _grads(cls, plan):
    """Return the grads by name after backward()."""
    nodes = _record(cls, plan)
    _root_of(nodes).backward()
    return {name: node.grad for name, node in nodes.items()}


def chain_mistake(cls):
    """Return the mistake that backward() makes on a chain of four, or ""."""
    nodes = _record(cls, "a; b 3a; c 2b; d 2c")
    nodes["d"].backward()
    a, b, c, d = (nodes[name].grad for name in "abcd")
    if (a, b, c) == (12, 4, 2):
        return ""
    if (a, b, c, d) == (0, 0, 0, 0):
        return NO_SEED
    if (a, b, c, d) == (0, 0, 0, 1):
        return UNUSED if _passes_on_a_sum(cls) else NOBODY
    if (a, b, c) == (0, 0, 2):
        nodes["d"].backward()
        return ONE_STEP if nodes["b"].grad == 0 else LEAVES_FIRST
    if (a, b, c) == (0, 4, 2):
        return WIPED_OUT
    if (a, b, c) == (1, 1, 1) and _grads(cls, "a; b 3a; c 2a; d 1b 1c")["a"] == 2:
        return NO_SLOPES
    mistakes = {(3, 2, 2): CUT, (3, 1, 1): RESTARTED, (1, 1, 1): RESTARTED}
    return mistakes.get((a, b, c), "")


def _passes_on_a_sum(cls):
    try:
        a, b = cls(2.0), cls(3.0)
        (a + b).backward()
        return a.grad == 1
    except Exception:
        return False


def sharing_mistake(cls):
    """Return the mistake that backward() makes where paths meet, or ""."""
    shares = _grads(cls, "a; b 2a; c 3a; d 1b 1c")["a"]
    if shares in (2, 3):
        return OVERWRITTEN
    if _grads(cls, "a; b 2a 3a")["a"] in (2, 3):
        return CHILD_ONCE
    three = _grads(cls, "a; b; c; d 2a 3b 4c")
    if 0 in [three[name] for name in "abc"]:
        return THIRD_CHILD
    found = [
        (_grads(cls, plan)["a"], right)
        for plan, right in (
            ("a; b 2a; c 3b; d 1b 1c", 8),
            ("a; b 2a; c 3b; d 1c 1b", 8),
            ("a; b 2a; c 3b; d 1c; e 1b 1d 1a", 9),
            ("a; b 2a; c 3b; d 1c; e 1a 1d 1b", 9),
            ("a; b 2a; c 1b 1a; d 2c 1b; e 1a 1b 1c 1d", 14),
        )
    ]
    if all(grad == right for grad, right in found):
        return ""
    return TOO_EARLY if any(grad < right for grad, right in found) else AGAIN


def second_call_mistake(cls):
    """Return the mistake that a second backward() makes, or ""."""
    nodes = _record(cls, "a; b 2a; c 3b; d 1b 1c")
    nodes["d"].backward()
    for node in nodes.values():
        node.grad = 0.0
    nodes["d"].backward()
    if nodes["a"].grad != 8:
        return OLD_BLAME if nodes["a"].grad > 8 else SECOND_BACKWARD
    leaf = nodes["a"]
    leaf.grad = 0.0
    cls(1.0, (leaf,), (5.0,), MARK).backward()
    return "" if leaf.grad == 5 else OLD_BLAME if leaf.grad > 5 else SECOND_BACKWARD


def _operation_mistake(cls):
    """Return the message for a changed input or a nudge; "" for what is not there."""
    for expression in ("a + b", "a * b", "a ** 3", "a.exp()", "a.log()", "a.tanh()"):
        a, b = cls(0.7), cls(0.4)
        try:
            eval(expression, {"a": a, "b": b}).backward()
            if (a.data, b.data) != (0.7, 0.4):
                return CHANGED
            x, y = Value(0.7), Value(0.4)
            eval(expression, {"a": x, "b": y}).backward()
            if _is_nudged([float(a.grad)], [x.grad]):
                return NUDGED
        except Exception:  # the cases will say what is missing
            continue
    return ""


def _cost_mistake(cls):
    p, q = cls(1.0), cls(1.0)
    for _ in range(16):
        p, q = (cls(1.0, (p, q), slopes, MARK) for slopes in ((0.5, 0.5), (1.0, -1.0)))
    root = cls(1.0, (p, q), (1.0, 1.0), MARK)
    _, few_lines = _count_lines(root.backward)
    return "" if few_lines else WALKS_EVERY_PATH


DROPPED = (
    "`op` is given to the constructor and kept nowhere. It is the name of the "
    "operation: the maps of this page are drawn with it."
)
NO_SEED = (
    "Every grad is 0: the blame is passed on from the root, but the root has none. How "
    "far does the root move when the root moves?"
)
NOBODY = (
    "The root has its blame, and nobody else has any. Each node, from the root down, "
    "hands to each of its children the local slope times its own grad."
)
UNUSED = (
    "Your own operations pass blame on, but a node made from outside does not. Its "
    "slopes were given to the constructor: does backward look there? The GPT of "
    "notebook 06 makes such nodes."
)
ONE_STEP = (
    "The children of the root have their shares, and the children of those have none. "
    "What brings the walk to the next level?"
)
WIPED_OUT = (
    "The leaves end with a grad of 0: their share arrived and was wiped out again. "
    "When is a grad set to 0: before the walk, or on the way?"
)
LEAVES_FIRST = (
    "A node passed its blame on before any of it had arrived: the walk begins at the "
    "leaves. Where does the blame begin?"
)
CUT = (
    "These are local derivatives alone. A child's share is its slope times the blame "
    "of the node that hands it over."
)
RESTARTED = (
    "Every node starts with a blame of 1 of its own. Only the root does; the others "
    "pass on what has arrived."
)
NO_SLOPES = (
    "Every child gets all the blame of its parent. What stands between a node's blame "
    "and its child's share?"
)
OVERWRITTEN = (
    "Every grad of a number that is used once is right. a + a uses a twice: what "
    "happens to the first share of the blame when the second arrives?"
)
CHILD_ONCE = (
    "In a * a the same number is a child twice, with a slope each time. A set, or a "
    "test whether it is there already, keeps it once, and a share of the blame is lost."
)
THIRD_CHILD = (
    "A node with three children passes blame on to two of them only. The sums of "
    "products of notebook 06 have 32 children and more: does your walk take them all?"
)
TOO_EARLY = (
    "Where paths of different lengths meet again, a node passes its blame on before "
    "all of it has arrived. A node may come only after everything that was made from "
    "it."
)
AGAIN = (
    "Where paths meet again, a node hands over once for each path, and each time all "
    "it has so far: the first share goes down twice. A node should hand over once, "
    "when its blame is complete."
)
SECOND_BACKWARD = (
    "The first backward() is right; a second one passes nothing on, although every "
    "grad was set to 0 in between. What does the first leave behind: a mark on the "
    "nodes, or a set that is made only once?"
)
OLD_BLAME = (
    "The first backward() is right; in a second one, old blame is passed on again, "
    "although every grad was set to 0. Which list still holds the nodes of the first?"
)
WALKS_EVERY_PATH = (
    "The slopes are right, but the way there is long: blame is carried down every "
    "path by itself, and paths multiply. A record of 35 numbers can have 131,072 of "
    "them, and the GPT's has tens of thousands of numbers. Let each node hand over "
    "once, when its blame is complete."
)
CHANGED = (
    "An operation changed the number it was applied to. a + b is a new MyValue; a and "
    "b stay as they are, since others may use them too."
)
BACKWARD = """        order, seen, waiting = [], set(), [(self, False)]
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
"""

own_value.wrong_edit(
    "= where += was needed",
    OVERWRITTEN,
    ("child.grad += slope", "child.grad = slope"),
)
own_value.wrong_edit(
    "grads set to 0 on the way",
    WIPED_OUT,
    (
        "        for node in reversed(order):\n",
        "        for node in reversed(order):\n            if not node.children:\n"
        "                node.grad = 0.0\n",
    ),
)
own_value.wrong_edit(
    "wrong topological order",
    LEAVES_FIRST,
    ("for node in reversed(order):", "for node in order:"),
)
own_value.wrong_edit(
    "blame passed on too early",
    TOO_EARLY,
    ("waiting.append((node, True))", "order.insert(0, node)"),
)
own_value.wrong_edit(
    "blame passed on again for every path",
    AGAIN,
    (
        BACKWARD,
        """        self.grad = 1.0
        waiting = [self]
        while waiting:
            node = waiting.pop()
            for child, slope in zip(node.children, node.local_grads, strict=True):
                child.grad += slope * node.grad
                waiting.append(child)
""",
    ),
)
own_value.wrong_edit(
    "a walk down every path",
    WALKS_EVERY_PATH,
    ("def backward(self):", "def backward(self, blame=1.0):"),
    (
        BACKWARD,
        """        self.grad += blame
        for child, slope in zip(self.children, self.local_grads, strict=True):
            child.backward(blame * slope)
""",
    ),
)
own_value.wrong_edit(
    "blame stops after one step",
    ONE_STEP,
    (
        BACKWARD,
        """        self.grad = 1.0
        for child, slope in zip(self.children, self.local_grads, strict=True):
            child.grad += slope * self.grad
""",
    ),
)
own_value.wrong_edit(
    "blame that goes nowhere",
    NOBODY,
    (BACKWARD, "        self.grad = 1.0\n"),
)
own_value.wrong_edit(
    "the chain is cut",
    CUT,
    ("child.grad += slope * node.grad", "child.grad += slope"),
)
own_value.wrong_edit(
    "every node starts with a blame of 1",
    RESTARTED,
    (
        BACKWARD,
        """        self.grad = 1.0
        for child, slope in zip(self.children, self.local_grads, strict=True):
            child.grad += slope * self.grad
            child.backward()
""",
    ),
)
own_value.wrong_edit(
    "blame collected, slopes forgotten",
    NO_SLOPES,
    ("child.grad += slope * node.grad", "child.grad += node.grad"),
)
own_value.wrong_edit(
    "children kept once each",
    CHILD_ONCE,
    (
        "        self.children = children\n        self.local_grads = local_grads\n",
        "        pairs = dict(zip(children, local_grads, strict=True))\n"
        "        self.children = tuple(pairs)\n"
        "        self.local_grads = tuple(pairs.values())\n",
    ),
)
own_value.wrong_edit(
    "at most two children",
    THIRD_CHILD,
    (
        "for child, slope in zip(node.children, node.local_grads, strict=True):",
        "for child, slope in list(zip(node.children, node.local_grads))[:2]:",
    ),
)
own_value.wrong_edit(
    "a memory that outlives the call",
    SECOND_BACKWARD,
    ("def backward(self):", "def backward(self, seen=set()):"),
    ("order, seen, waiting = [], set(), [", "order, waiting = [], ["),
)
own_value.wrong_edit(
    "old blame passed on again",
    OLD_BLAME,
    ("def backward(self):", "def backward(self, order=[]):"),
    ("order, seen, waiting = [], set(), [", "seen, waiting = set(), ["),
)
own_value.wrong_edit(
    "the operation is not kept",
    DROPPED,
    ("        self.op = op\n", ""),
)
own_value.wrong_edit(
    "a number changed by an operation",
    CHANGED,
    (
        'return MyValue(self.data + other.data, (self, other), (1.0, 1.0), "+")',
        'result = MyValue(self.data + other.data, (self, other), (1.0, 1.0), "+")\n'
        "        self.data += other.data\n        return result",
    ),
)
own_value.wrong_edit(
    "a slope found by a nudge",
    NUDGED,
    (
        "(1 / self.data,)",
        "((math.log(self.data + 1e-6) - math.log(self.data - 1e-6)) / 2e-6,)",
    ),
)
own_value.wrong_edit(
    "the slopes of a product exchanged",
    "Look at the product. When a moves by a little, what decides how far a * b moves?",
    ("slopes = (other.data, self.data)", "slopes = (self.data, other.data)"),
)
own_value.wrong_edit(
    "the root's slope with respect to itself is missing",
    NO_SEED,
    ("self.grad = 1.0", "self.grad = 0.0"),
)
own_value.wrong_edit(
    "the power rule without its exponent in front",
    "Look at **. The slope of a ** 3 at a = 2 is 12, not 4: what came down?",
    ("(n * self.data ** (n - 1),)", "(self.data ** (n - 1),)"),
)
own_value.wrong_edit(
    "exp treated as a power",
    "Look at exp. It is the one function that is its own slope.",
    ('(e,), "exp"', '(self.data * math.exp(self.data - 1),), "exp"'),
)
own_value.wrong_edit(
    "derivative of tanh taken at the wrong place",
    "Look at tanh. Its slope is 1 minus the square of a number: of the input, or of "
    "what came out?",
    ("1 - t**2", "1 - self.data**2"),
)
own_value.wrong_edit(
    "the slope of log is not that of exp",
    "Look at log. It climbs fast near 0 and ever more slowly after: which simple "
    "function of the data does that?",
    ("(1 / self.data,)", "(math.log(self.data),)"),
)
own_value.wrong_edit(
    "relu lets the blame through where it is off",
    "Look at relu. Below 0 its output does not move when the input is nudged.",
    ("(float(self.data > 0),)", "(1.0,)"),
)
own_value.wrong_edit(
    "the given local_grads are not used",
    UNUSED,
    (
        "for node in reversed(order):",
        "for node in reversed(order):\n            if node.op == 'made by hand':\n"
        "                continue",
    ),
)
own_value.wrong_edit(
    "a plain number on the left",
    "Value + 1 works and 1 + Value does not: Python then asks the Value on the right, "
    "by the names __radd__, __rmul__, __rsub__ and __rtruediv__.",
    ("    def __radd__(self, other):\n        return self + other\n\n", ""),
)
own_value.wrong_edit(
    "a plain number on the left of a product",
    "a * 3 works and 3 * a does not: Python then asks the MyValue on the right, by the "
    "name __rmul__.",
    ("    def __rmul__(self, other):\n        return self * other\n\n", ""),
)
own_value.wrong_edit(
    "a plain number on the left of a difference",
    "a - 1 works and 1 - a does not: Python then asks the MyValue on the right, by the "
    "name __rsub__.",
    ("    def __rsub__(self, other):\n        return -self + other\n\n", ""),
)
own_value.wrong_edit(
    "a plain number on the left of a quotient",
    "a / 2 works and 1 / a does not: Python then asks the MyValue on the right, by the "
    "name __rtruediv__.",
    ("    def __rtruediv__(self, other):\n        return self**-1 * other\n\n", ""),
)
own_value.wrong_edit(
    "no minus sign yet",
    "-a asks for __neg__. It needs no rule of its own: what times a is -a?",
    ("    def __neg__(self):\n        return self * -1\n\n", ""),
    ("return self + -other", "return self + other * -1"),
    ("return -self + other", "return self * -1 + other"),
)
own_value.wrong_edit(
    "no difference yet",
    "a - b asks for __sub__. It needs no rule of its own: it is a sum with -b.",
    ("    def __sub__(self, other):\n        return self + -other\n\n", ""),
)
own_value.wrong_edit(
    "no quotient yet",
    "a / b asks for __truediv__. It needs no rule of its own: it is a product with b "
    "to the power of -1.",
    ("    def __truediv__(self, other):\n        return self * other**-1\n\n", ""),
)
own_value.wrong_edit(
    "a plain number in a sum",
    "a + 1: the 1 is a plain number, with no data and no grad. Make a MyValue of it "
    "first.",
    (
        """def __add__(self, other):
        other = other if isinstance(other, MyValue) else MyValue(other)
""",
        "def __add__(self, other):\n",
    ),
)
own_value.wrong_edit(
    "a plain number in a product",
    "a * 3: the 3 is a plain number, with no data and no grad. Make a MyValue of it "
    "first.",
    (
        """def __mul__(self, other):
        other = other if isinstance(other, MyValue) else MyValue(other)
""",
        "def __mul__(self, other):\n",
    ),
    ("return self * -1\n", "return self * MyValue(-1)\n"),
)
own_value.wrong_edit(
    "a difference with the slopes of a sum",
    "Look at a - b. When b grows, the difference shrinks: what does that say about the "
    "sign of its slope?",
    (
        "return self + -other",
        """other = other if isinstance(other, MyValue) else MyValue(other)
        return MyValue(self.data - other.data, (self, other), (1.0, 1.0), "-")""",
    ),
)
own_value.wrong_edit(
    "a quotient with the sign of one slope lost",
    "Look at a / b. When b grows, the quotient shrinks (for a above 0).",
    (
        "return self * other**-1",
        """b = other if isinstance(other, MyValue) else MyValue(other)
        slopes = (1 / b.data, self.data / b.data**2)
        return MyValue(self.data / b.data, (self, b), slopes, "/")""",
    ),
)
own_value.wrong_edit(
    "a minus sign without its slope",
    "Look at -a. When a grows, -a shrinks, just as fast.",
    ("return self * -1", 'return MyValue(-self.data, (self,), (1.0,), "neg")'),
)
own_value.wrong_edit(
    "the order of computation in the power",
    "Look at **. Python computes ** first, then *, then -. What is one taken from in "
    "n * x ** n - 1: from the exponent, or from the whole?",
    ("n * self.data ** (n - 1),)", "n * self.data**n - 1,)"),
)
own_value.wrong_edit(
    "the power rule with the old exponent",
    "Look at **. One factor of the data is used up when the exponent comes down.",
    ("n * self.data ** (n - 1),)", "n * self.data**n,)"),
)
own_value.wrong_edit(
    "the power divided by the number",
    "Look at ** where the data is 0: the slope of a ** 2 is 0 there, and nothing has "
    "to be divided.",
    ("n * self.data ** (n - 1),)", "n * self.data**n / self.data,)"),
)
own_value.wrong_edit(
    "the sign of the base lost",
    "Look at ** where the data is negative: a ** 2 falls there. What does abs do to "
    "its slope?",
    ("n * self.data ** (n - 1),)", "n * abs(self.data) ** (n - 1),)"),
)
own_value.wrong_edit(
    "the square forgotten in the slope of tanh",
    "Look at tanh. Its slope at -a is that at a: what makes it so?",
    ("1 - t**2", "1 - t"),
)
own_value.wrong_edit(
    "the slope of the sigmoid instead of that of tanh",
    "Look at tanh. t * (1 - t) belongs to a curve that runs from 0 to 1.",
    ("1 - t**2", "t * (1 - t)"),
)
own_value.wrong_edit(
    "the slope of log differentiated once more",
    "Look at log. Its slope is above 0 everywhere: log climbs. Yours is the slope of "
    "its slope.",
    ("(1 / self.data,)", "(-1 / self.data**2,)"),
)
own_value.wrong_edit(
    "a logarithm with another base",
    "Look at log. Its base is e, as in notebook 01: log of 2.718 is 1.",
    ("MyValue(math.log(self.data)", "MyValue(math.log10(self.data)"),
)
own_value.wrong_edit(
    "relu with its output as its slope",
    "Look at relu. Above 0 the output moves exactly as far as the input does: how much "
    "is that per unit?",
    ("(float(self.data > 0),)", "(max(0.0, self.data),)"),
)
own_value.wrong_edit(
    "relu that forgets its input",
    "Look at relu. Its result is a MyValue with a record, like that of every other "
    "operation.",
    ("(self,), (float(self.data > 0),)", "(), ()"),
)
own_value.wrong_edit(
    "subtraction the wrong way round",
    "Look at 1 - a and a - 1. Which of the two numbers is taken away?",
    ("return -self + other", "return self + -other"),
)
own_value.right_edit(
    "a stored list of pairs in place of zip",
    (
        "for child, slope in zip(node.children, node.local_grads, strict=True):\n"
        "                child.grad",
        "for i in range(len(node.children)):\n"
        "                child, slope = node.children[i], node.local_grads[i]\n"
        "                child.grad",
    ),
)
own_value.right_edit(
    "division with a rule of its own",
    (
        "return self * other**-1",
        "b = other if isinstance(other, MyValue) else MyValue(other)\n"
        "        slopes = (1 / b.data, -self.data / b.data**2)\n"
        "        return MyValue(self.data / b.data, (self, b), slopes, '/')",
    ),
)
own_value.right_edit(
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


# --- find_the_bug -----------------------------------------------------------------


class Suspect(Value):
    """A Value with three mistakes. Find them, and correct them."""

    def __add__(self, other):
        return Suspect(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        a, b = self.data, other.data
        return Suspect(a * b, (self, other), (b, a), "*")

    def __pow__(self, n):
        slope = n * self.data ** (n - 1)
        return Suspect(self.data**n, (self,), (slope,), f"**{n}")

    def tanh(self):
        out = math.tanh(self.data)
        return Suspect(out, (self,), (1 - out**2,), "tanh")

    def backward(self):
        self.grad = 1.0
        for node in backward_order(self):
            for child, slope in zip(node.children, node.local_grads, strict=True):
                child.grad += slope * node.grad


find_the_bug = Exercise(
    Suspect,
    module=__name__,
    name="find_the_bug",
    title="Find the bugs",
    task=(
        "The class Suspect is a Value with some methods of its own, and three "
        "mistakes in them. Every value comes out right; some slopes do not. Find the "
        "mistakes, with triangulate, a nudge or a sharp eye, and correct them."
    ),
    hints=(
        "Let the four witnesses speak about one operation at a time: "
        "print(triangulate('a ** 3', {'a': 2.0}, number=Suspect)), then 'tanh(a)'. "
        "Last, an expression that uses a more than once, such as 'a * a + a'.",
        "The mistakes are in the slope of **, in the slope of tanh, and in backward; "
        "the sum and the product are right. In which order does Python compute "
        "n * x**n - 1?",
        "The exponent of the slope needs brackets: (n - 1). The slope of tanh is taken "
        "at the result. A child's blame is added to, not replaced.",
    ),
    stub='''
    class Suspect(Value):
        """A Value with three mistakes. Find them, and correct them."""

        def __add__(self, other):
            return Suspect(self.data + other.data, (self, other), (1.0, 1.0), "+")

        def __mul__(self, other):
            a, b = self.data, other.data
            return Suspect(a * b, (self, other), (b, a), "*")

        def __pow__(self, n):
            slope = n * self.data**n - 1
            return Suspect(self.data**n, (self,), (slope,), f"**{n}")

        def tanh(self):
            out = math.tanh(self.data)
            return Suspect(out, (self,), (1 - self.data**2,), "tanh")

        def backward(self):
            self.grad = 1.0
            for node in backward_order(self):
                for child, slope in zip(node.children, node.local_grads, strict=True):
                    child.grad = slope * node.grad
    ''',
    cases=[
        Case(text, numbers, shown=f"{text} for {shown}")
        for text, numbers, shown in (
            ("a ** 3", (2.0,), "a = 2"),
            ("a ** -2", (0.5,), "a = 0.5"),
            ("a ** 2", (-3.0,), "a = -3"),
            ("a ** 2", (0.0,), "a = 0"),
            ("a * b + b", (2.0, 3.0), "a = 2, b = 3"),
            ("a.tanh()", (0.8,), "a = 0.8"),
            ("(a * b).tanh()", (0.5, -1.5), "a = 0.5, b = -1.5"),
            ("a * a + a", (3.0,), "a = 3"),
            ("a * b", (2.0, 3.0), "a = 2, b = 3"),
            ("(s := a * b) * s.tanh() + a ** 2", (0.4, 1.5), "a = 0.4, b = 1.5"),
            (
                "type(a)(7.0, (a, b, a), (2.0, 3.0, 4.0), 'by hand')",
                (2.0, 3.0),
                "a node made from outside, Suspect(7.0, (a, b, a), (2.0, 3.0, 4.0), "
                "'by hand')",
            ),
        )
    ],
    after="Three wrong lines, no crash, no warning: only a second witness finds these.",
)


@find_the_bug.probe
def _slopes(cls, expression, numbers):
    """Return the data of an expression, and the slope of each of its numbers."""
    leaves = {name: cls(x) for name, x in zip("ab", numbers, strict=False)}
    root = eval(expression, dict(leaves))
    root.backward()
    if _operation_mistake(cls) == NUDGED:
        raise ProbeError(NUDGED)
    if mistake := _cost_mistake(cls):
        raise ProbeError(mistake)
    return {"data": root.data} | {f"{n}.grad": x.grad for n, x in leaves.items()}


POWER = ("self.data ** (n - 1)", "self.data**n - 1")
TANH = ("1 - out**2", "1 - self.data**2")
COLLECT = ("child.grad += slope", "child.grad = slope")
TWO_LEFT = "One is fixed, two are left. "
ONE_LEFT = "Two are fixed, one is left. "

find_the_bug.wrong_edit(
    "all three mistakes are still there",
    "Begin with the first slope that is off. Which method made that node?",
    POWER,
    TANH,
    COLLECT,
)
find_the_bug.wrong_edit(
    "the power and tanh are still wrong",
    TWO_LEFT + "Blame is collected now. Put a nudge to ** and to tanh.",
    POWER,
    TANH,
)
find_the_bug.wrong_edit(
    "the power and backward are still wrong",
    TWO_LEFT + "tanh is right now. Put a nudge to **, and to a number used twice.",
    POWER,
    COLLECT,
)
find_the_bug.wrong_edit(
    "tanh and backward are still wrong",
    TWO_LEFT + "The power is right now. Put a nudge to tanh, and to a number that is "
    "used twice.",
    TANH,
    COLLECT,
)
find_the_bug.wrong_edit(
    "the order of computation in the power",
    ONE_LEFT + "The slope of a ** 3 at a = 2 should be 12. What does Python compute "
    "first in n * x**n - 1?",
    POWER,
)
find_the_bug.wrong_edit(
    "derivative of tanh taken at the wrong place",
    ONE_LEFT + "At a = 2 the slope of tanh is small but positive. Is yours? Look at "
    "what is squared.",
    TANH,
)
find_the_bug.wrong_edit(
    "= where += was needed",
    ONE_LEFT + "Every number that is used once has the right slope. What becomes of "
    "the first share when a second one arrives?",
    COLLECT,
)
find_the_bug.wrong_edit(
    "the power rule without its exponent in front",
    "The brackets are right now, but something else got lost. The slope of a ** 3 at "
    "a = 2 is 12, not 4.",
    ("n * self.data ** (n - 1)", "self.data ** (n - 1)"),
)
find_the_bug.wrong_edit(
    "the square forgotten in the slope of tanh",
    "The slope of tanh is taken at the right place now. But the slope at -a should be "
    "that at a: what makes it so?",
    ("1 - out**2", "1 - out"),
)
find_the_bug.wrong_edit(
    "the product changed, which was not broken",
    "Every change needs a witness. Put a nudge to a * b, and compare with the slope "
    "that was there before.",
    ('(b, a), "*"', '(a, b), "*"'),
)
find_the_bug.wrong_edit(
    "blame stops after one step",
    "The children of the result have their shares, and nobody below them has any. In "
    "which order does the walk go, and does it go on to the end?",
    ("backward_order(self)", "reversed(backward_order(self))"),
)
find_the_bug.wrong_edit(
    "a walk down every path",
    WALKS_EVERY_PATH,
    ("def backward(self):", "def backward(self, blame=1.0):"),
    (
        """        self.grad = 1.0
        for node in backward_order(self):
            for child, slope in zip(node.children, node.local_grads, strict=True):
                child.grad += slope * node.grad
""",
        """        self.grad += blame
        for child, slope in zip(self.children, self.local_grads, strict=True):
            Suspect.backward(child, blame * slope)
""",
    ),
)
find_the_bug.wrong_edit(
    "blame stops at the first child",
    "Only the first child of the result gets its share. What ends the loop so early: "
    "does a return stand inside it?",
    (
        "child.grad += slope * node.grad\n",
        "child.grad += slope * node.grad\n                return\n",
    ),
)
find_the_bug.wrong_edit(
    "the power divided by the number",
    "That works until the data is 0. The slope of a ** 2 at 0 is 0, and nothing has to "
    "be divided: the exponent of the slope needs brackets.",
    ("n * self.data ** (n - 1)", "n * self.data**n / self.data"),
)
find_the_bug.wrong_edit(
    "the sign of the base lost",
    "Look at ** where the data is negative: a ** 2 falls there. What does abs do to "
    "its slope?",
    ("n * self.data ** (n - 1)", "n * abs(self.data) ** (n - 1)"),
)
find_the_bug.wrong_edit(
    "the power rule with the old exponent",
    "The order is right now. But one factor of the data is used up when the exponent "
    "comes down: the slope of a ** 3 at a = 2 is 12, not 24.",
    ("n * self.data ** (n - 1)", "n * self.data**n"),
)
find_the_bug.wrong_edit(
    "the brackets around the whole",
    "The brackets stand round the wrong piece: what is one taken from, the exponent or "
    "the power?",
    ("n * self.data ** (n - 1)", "n * (self.data**n - 1)"),
)
find_the_bug.wrong_edit(
    "a slope found by a nudge",
    NUDGED,
    (
        "1 - out**2",
        "(math.tanh(self.data + 1e-6) - math.tanh(self.data - 1e-6)) / 2e-6",
    ),
)
find_the_bug.wrong_edit(
    "blame collected, slopes forgotten",
    "Blame is added up now, but every child gets all of it. What stands between a "
    "node's blame and its child's share?",
    ("slope * node.grad", "node.grad"),
)
find_the_bug.right_edit(
    "the result times itself, and the sum written out",
    ("1 - out**2", "1 - out * out"),
    ("child.grad += slope * node.grad", "child.grad = child.grad + node.grad * slope"),
)
find_the_bug.right_edit(
    "with cosh and math.pow",
    ("1 - out**2", "1 / math.cosh(self.data) ** 2"),
    ("self.data ** (n - 1)", "math.pow(self.data, n - 1)"),
)
find_the_bug.right_edit(
    "the result named first, tanh squared by hand",
    ("n * self.data ** (n - 1)", "self.data ** (n - 1) * n"),
    ("1 - out**2", "(1 - out) * (1 + out)"),
)
find_the_bug.right_edit(
    "the package's own backward",
    (
        """    def backward(self):
        self.grad = 1.0
        for node in backward_order(self):
            for child, slope in zip(node.children, node.local_grads, strict=True):
                child.grad += slope * node.grad
""",
        "",
    ),
)
find_the_bug.right_edit(
    "with an index in place of zip",
    (
        """for child, slope in zip(node.children, node.local_grads, strict=True):
                child.grad += slope""",
        """for i in range(len(node.children)):
                child, slope = node.children[i], node.local_grads[i]
                child.grad += slope""",
    ),
)
find_the_bug.right_edit(
    "the class found by type(self)",
    (
        'Suspect(out, (self,), (1 - out**2,), "tanh")',
        'type(self)(out, (self,), (1 - math.tanh(self.data) ** 2,), "tanh")',
    ),
)
