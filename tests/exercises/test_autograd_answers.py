"""Answers to the exercises of 04, written apart from those listed there.

Each names the misconception that it must earn, whichever way it is written; "" is a
right answer, and "-" any verdict but "correct".
"""

from __future__ import annotations

import textwrap

import pytest

from course_lib.exercises import autograd
from course_lib.exercises.core import Exercise
from course_lib.exercises.core.extract_source import AnswerSource
from course_lib.exercises.core.supervisor import Worker

CLASS = """
import math

class MyValue:
    def __init__(self, data, children=(), local_grads=(), op=""):
        self.data = data
        self.grad = 0.0
        self.children = children
        self.local_grads = local_grads
        self.op = op

    def __add__(self, other):
        if not isinstance(other, MyValue): other = MyValue(other)
        return MyValue(self.data + other.data, (self, other), (1, 1), "+")

    def __mul__(self, other):
        if not isinstance(other, MyValue): other = MyValue(other)
        slopes = (other.data, self.data)
        return MyValue(self.data * other.data, (self, other), slopes, "*")

    def __pow__(self, n):
        return MyValue(self.data ** n, (self,), (n * self.data ** (n - 1),), "**")

    def exp(self):
        return MyValue(math.exp(self.data), (self,), (math.exp(self.data),), "exp")

    def log(self):
        return MyValue(math.log(self.data), (self,), (1.0 / self.data,), "log")

    def tanh(self):
        t = math.tanh(self.data)
        return MyValue(t, (self,), (1 - t * t,), "tanh")

    def relu(self):
        on = self.data > 0
        return MyValue(self.data if on else 0.0, (self,), (1.0 if on else 0.0,), "relu")

    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __neg__(self): return self * -1.0
    def __sub__(self, other): return self + (-1.0) * other
    def __rsub__(self, other): return (-self) + other
    def __truediv__(self, other): return self * other ** -1
    def __rtruediv__(self, other): return other * self ** -1
"""

BACKWARD = """
def backward(self):
    topo, seen = [], set()
    def build(v):
        if v not in seen:
            seen.add(v)
            for c in v.children: build(c)
            topo.append(v)
    build(self)
    self.grad = 1.0
    for v in reversed(topo):
        for c, g in zip(v.children, v.local_grads):
            c.grad += g * v.grad
"""

EDITS = (  # the misconception earned, then what is exchanged in BACKWARD
    (
        "= where += was needed",
        ("c.grad += g * v.grad", "c.grad = g * v.grad"),
    ),
    (
        "= where += was needed",
        ("for c in v.children: build(c)", "for c in reversed(v.children): build(c)"),
        ("c.grad += g * v.grad", "c.grad = g * v.grad"),
    ),
    (
        "the root's slope with respect to itself is missing",
        ("self.grad = 1.0", "pass"),
    ),
    (
        "wrong topological order",
        ("for v in reversed(topo):", "for v in topo:"),
    ),
    (
        "blame passed on again for every path",
        ("if v not in seen:", "if True:"),
    ),
    (
        "-",
        (
            "for c, g in zip(v.children, v.local_grads):\n"
            "            c.grad += g * v.grad",
            "if v.children:\n"
            "            a, b = v.children\n"
            "            a.grad += v.local_grads[0] * v.grad\n"
            "            b.grad += v.local_grads[1] * v.grad",
        ),
    ),
    (
        "a memory that outlives the call",
        (
            "if v not in seen:\n            seen.add(v)",
            'if not getattr(v, "done", False):\n            v.done = True',
        ),
    ),
    (
        "",
        (
            "build(self)",
            "build(self)\n\n    for v in topo:\n        if v.children: v.grad = 0.0",
        ),
    ),
    (
        "grads set to 0 on the way",
        (
            "for v in reversed(topo):",
            "for v in reversed(topo):\n        if not v.children: v.grad = 0.0",
        ),
    ),
)

BACKWARDS = (  # the misconception earned, then the code
    (
        "blame passed on too early",
        """
        def backward(self):
            self.grad, queue = 1.0, [self]
            for node in queue:
                for child, slope in zip(node.children, node.local_grads):
                    child.grad += slope * node.grad
                    if child not in queue:
                        queue.append(child)
        """,
    ),
    (
        "blame passed on too early",
        """
        def backward(self):
            self.grad = 1.0
            stack, seen = [self], {self}
            while stack:
                node = stack.pop()
                for child, slope in zip(node.children, node.local_grads):
                    child.grad += slope * node.grad
                    if child not in seen:
                        seen.add(child); stack.append(child)
        """,
    ),
    (
        "= where += was needed",
        """
        def backward(self):
            self.grad, queue = 1.0, [self]
            for node in queue:
                for child, slope in zip(node.children, node.local_grads):
                    child.grad = slope * node.grad
                    queue.append(child)
        """,
    ),
    (
        "blame passed on again for every path",
        """
        def backward(self):
            self.grad, queue = 1.0, [self]
            for node in queue:
                for child, slope in zip(node.children, node.local_grads):
                    child.grad += slope * node.grad
                    queue.append(child)
        """,
    ),
    (
        "a walk down every path",
        """
        def backward(self, blame=1.0):
            self.grad += blame
            for child, slope in zip(self.children, self.local_grads):
                child.backward(blame * slope)
        """,
    ),
    (
        "a walk down every path",
        """
        def backward(self):
            stack = [(self, 1.0)]
            while stack:
                node, blame = stack.pop()
                node.grad += blame
                for child, slope in zip(node.children, node.local_grads):
                    stack.append((child, blame * slope))
        """,
    ),
    (
        "= where += was needed",
        """
        def backward(self, blame=1.0):
            self.grad = blame
            for child, slope in zip(self.children, self.local_grads):
                child.backward(blame * slope)
        """,
    ),
    (
        "blame passed on again for every path",
        """
        def backward(self, first=True):
            if first: self.grad = 1.0
            for child, slope in zip(self.children, self.local_grads):
                child.grad += slope * self.grad
                child.backward(False)
        """,
    ),
    (
        "every node starts with a blame of 1",
        """
        def backward(self):
            self.grad = 1.0
            for child, slope in zip(self.children, self.local_grads):
                child.grad += slope * self.grad
                child.backward()
        """,
    ),
    (
        "at most two children",
        """
        def backward(self):
            topo, seen = [], set()
            def build(v):
                if v not in seen:
                    seen.add(v)
                    for c in v.children: build(c)
                    topo.append(v)
            build(self)
            self.grad = 1.0
            for v in reversed(topo):
                if len(v.children) == 1:
                    v.children[0].grad += v.local_grads[0] * v.grad
                elif len(v.children) == 2:
                    a, b = v.children
                    a.grad += v.local_grads[0] * v.grad
                    b.grad += v.local_grads[1] * v.grad
        """,
    ),
    (
        "-",
        """
        pass
        """,
    ),
    (
        "the root's slope with respect to itself is missing",
        """
        def backward(self): ...
        """,
    ),
    (
        "",
        """
        def backward(self):
            order = []
            seen = {}
            def go(n):
                if id(n) in seen: return
                seen[id(n)] = n
                [go(c) for c in n.children]
                order.insert(0, n)
            go(self)
            self.grad = 1
            for n in order:
                for i in range(len(n.children)):
                    n.children[i].grad += n.local_grads[i] * n.grad
        """,
    ),
    (
        "",
        """
        def backward(self):
            count, todo = {}, [self]
            seen = {self}
            while todo:
                n = todo.pop()
                for c in n.children:
                    count[c] = count.get(c, 0) + 1
                    if c not in seen:
                        seen.add(c); todo.append(c)
            self.grad = 1.0
            ready = [self]
            while ready:
                n = ready.pop()
                for c, g in zip(n.children, n.local_grads):
                    c.grad += g * n.grad
                    count[c] -= 1
                    if count[c] == 0: ready.append(c)
        """,
    ),
    (
        "",
        """
        def backward(self):
            depth = {self: 0}
            changed = True
            while changed:
                changed = False
                for n in list(depth):
                    for c in n.children:
                        if depth.get(c, -1) < depth[n] + 1:
                            depth[c] = depth[n] + 1
                            changed = True
            self.grad = 1.0
            for n in sorted(depth, key=depth.get):
                for c, g in zip(n.children, n.local_grads):
                    c.grad += g * n.grad
        """,
    ),
    (
        "",
        """
        def backward(self):
            order, seen = [], set()
            stack = [self]
            while stack:
                v = stack[-1]
                todo = [c for c in v.children if c not in seen]
                if v in seen: stack.pop()
                elif todo: stack.extend(todo)
                else:
                    seen.add(v); order.append(v); stack.pop()
            self.grad = 1
            for v in order[::-1]:
                for c, g in zip(v.children, v.local_grads): c.grad += g * v.grad
        """,
    ),
)

OPERATIONS = (  # the misconception earned, then what is exchanged in the class
    ("", "1.0 / self.data", "self.data ** -1"),
    ("", "1.0 / self.data", "__import__('numpy').float64(1) / self.data"),
    ("", "1.0 / self.data", "float(__import__('numpy').float32(1 / self.data))"),
    ("", "1 - t * t", "1 / math.cosh(self.data) ** 2"),
    ("", "self.children = children", "self.children = list(children)"),
    (
        "",
        "class MyValue:",
        "class MyValue:\n"
        "    __slots__ = 'data', 'grad', 'children', 'local_grads', 'op'",
    ),
    (
        "a slope found by a nudge",
        "(1.0 / self.data,)",
        "((math.log(self.data + 1e-5) - math.log(self.data - 1e-5)) / 2e-5,)",
    ),
    (
        "a slope found by a nudge",
        "(1.0 / self.data,)",
        "((math.log(self.data + 1e-7) - math.log(self.data)) / 1e-7,)",
    ),
    (
        "a slope found by a nudge",
        "n * self.data ** (n - 1)",
        "((self.data + 1e-5) ** n - (self.data - 1e-5) ** n) / 2e-5",
    ),
    (
        "the order of computation in the power",
        "n * self.data ** (n - 1)",
        "n * self.data ** n - 1",
    ),
    (
        "the power divided by the number",
        "n * self.data ** (n - 1)",
        "n * self.data ** n / self.data",
    ),
    ("derivative of tanh taken at the wrong place", "1 - t * t", "1 - self.data**2"),
    ("relu lets the blame through where it is off", "1.0 if on else 0.0", "1.0"),
    ("children kept once each", "= children", "= set(children)"),
    ("the operation is not kept", "        self.op = op\n", ""),
    (
        "a number changed by an operation",
        'return MyValue(self.data + other.data, (self, other), (1, 1), "+")',
        "self.data += other.data; return self",
    ),
    (
        "the slopes of a product exchanged",
        "slopes = (other.data, self.data)",
        "slopes = (self.data, other.data)",
    ),
)

ORDERS = (  # the misconception earned, then the code
    (
        "",
        """
        def f(root):
            out=[]
            def go(n):
                for c in n.children:
                    if c not in out: go(c)
                if n not in out: out.append(n)
            go(root)
            return out
        """,
    ),
    (
        "-",
        """
        def f(root):
            out=[]
            def go(n):
                if n in out: return
                if n.children:
                    go(n.children[0])
                    go(n.children[1])
                out.append(n)
            go(root)
            return out
        """,
    ),
    (
        "at most two children are followed",
        """
        def f(root):
            out=[]
            def go(n):
                if n in out: return
                if len(n.children)>0: go(n.children[0])
                if len(n.children)>1: go(n.children[1])
                out.append(n)
            go(root)
            return out
        """,
    ),
    (
        "a walk along every path",
        """
        def f(root):
            def go(n):
                r=[]
                for c in n.children: r+=go(c)
                return r+[n]
            out=[]
            for n in go(root):
                if n not in out: out.append(n)
            return out
        """,
    ),
    (
        "a generator where a list was needed",
        """
        def f(root):
            seen=set()
            def go(n):
                if n in seen: return
                seen.add(n)
                for c in n.children: yield from go(c)
                yield n
            return go(root)
        """,
    ),
    (
        "-",
        """
        def f(root):
            s=set()
            def go(n):
                for c in n.children: go(c)
                s.add(n)
            go(root)
            return s
        """,
    ),
    (
        "a memory that outlives the call",
        """
        def f(root):
            out=[]
            def go(n):
                if getattr(n,'visited',False): return
                n.visited=True
                for c in n.children: go(c)
                out.append(n)
            go(root)
            return out
        """,
    ),
    (
        "a memory that outlives the call",
        """
        def f(root):
            out=[]
            def go(n):
                if n in f.seen: return
                f.seen.add(n)
                for c in n.children: go(c)
                out.append(n)
            go(root)
            return out
        f.seen=set()
        """,
    ),
    (
        "a memory that outlives the call",
        """
        def f(root):
            out=[]
            def go(n):
                kids=list(n.children)
                n.children=()
                for c in kids:
                    go(c)
                if n not in out: out.append(n)
            go(root)
            return out
        """,
    ),
    (
        "the order of discovery, turned round",
        """
        def f(root):
            out=[]
            def go(n):
                if n not in out:
                    out.append(n)
                    for c in reversed(n.children): go(c)
            go(root)
            return out[::-1]
        """,
    ),
    (
        "a walk along every path",
        """
        def f(root):
            q=[root]
            for n in q: q.extend(n.children)
            out=[]
            for n in reversed(q):
                if n not in out: out.append(n)
            return out
        """,
    ),
    (
        "the leaves are left out",
        """
        def f(root):
            out=[]
            def go(n):
                if n not in out and n.children:
                    for c in n.children: go(c)
                    out.append(n)
            go(root)
            return out
        """,
    ),
    (
        "",
        """
        from collections import deque
        def f(root):
            out=deque(); seen=set()
            def go(n):
                if n in seen: return
                seen.add(n)
                for c in n.children: go(c)
                out.append(n)
            go(root)
            return out
        """,
    ),
    (
        "",
        """
        def f(root):
            def nodes(r):
                seen=[r]
                for n in seen:
                    seen+= [c for c in dict.fromkeys(n.children) if c not in seen]
                return seen
            h={}
            todo=nodes(root)
            while todo:
                for n in list(todo):
                    if all(c in h for c in n.children):
                        h[n]=1+max((h[c] for c in n.children),default=0)
                        todo.remove(n)
            return sorted(h,key=h.get)
        """,
    ),
    (
        "a walk along every path",
        """
        def f(root):
            def height(n): return 1+max((height(c) for c in n.children),default=0)
            seen=[root]
            for n in seen:
                seen+= [c for c in dict.fromkeys(n.children) if c not in seen]
            return sorted(seen,key=height)
        """,
    ),
    (
        "a missing return",
        """
        def f(root):
            out=[]
            def go(n):
                for c in n.children: go(c)
                out.append(n)
            go(root)
        """,
    ),
    (
        "numbers in place of nodes",
        """
        def f(root):
            out=[]
            def go(n):
                for c in n.children: go(c)
                if n.data not in out: out.append(n.data)
            go(root)
            return out
        """,
    ),
    (
        "",
        """
        def f(root):
            out=()
            seen=set()
            def go(n):
                nonlocal out
                if id(n) in seen: return
                seen.add(id(n))
                for c in n.children: go(c)
                out+=(n,)
            go(root)
            return out
        """,
    ),
    (
        "-",
        """
        def f(root):
            seen=[root]
            for n in seen:
                for c in n.children:
                    if c not in seen: seen.append(c)
            return sorted(seen,key=lambda n:-n.data)
        """,
    ),
)


def earned(exercise: Exercise, code: str, name: str, worker: Worker) -> str:
    """Return the misconception that an answer earns, "-" for an unnamed one."""
    result = exercise.check_source(AnswerSource(code, name), worker)
    return "" if result else result.misconception or "-"


def class_with(backward: str) -> str:
    return CLASS + "\n" + textwrap.indent(textwrap.dedent(backward), "    ")


def exchanged(text: str, *edits: tuple[str, str]) -> str:
    """Return a text with pieces of it replaced, each of which stands there once."""
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_the_answer_that_is_edited_is_right(worker: Worker) -> None:
    code = class_with(BACKWARD)
    assert earned(autograd.own_value, code, "MyValue", worker) == ""


def test_every_way_to_pass_blame_back_earns_its_name(worker: Worker) -> None:
    edited = [(expected, exchanged(BACKWARD, *edits)) for expected, *edits in EDITS]
    for expected, code in [*edited, *BACKWARDS]:
        found = earned(autograd.own_value, class_with(code), "MyValue", worker)
        assert found == expected or (expected == "-" and found), code


@pytest.mark.parametrize(("expected", "old", "new"), OPERATIONS)
def test_every_operation_earns_its_name(
    expected: str, old: str, new: str, worker: Worker
) -> None:
    code = exchanged(class_with(BACKWARD), (old, new))
    assert earned(autograd.own_value, code, "MyValue", worker) == expected


def test_every_order_earns_its_name(worker: Worker) -> None:
    for expected, code in ORDERS:
        found = earned(autograd.topological_order, textwrap.dedent(code), "f", worker)
        assert found == expected or (expected == "-" and found), code
