# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 · Autograd: one pass back, every slope at once
#
# The walker in the fog has a problem. On a hill with two directions it was easy to
# find the slope: nudge one parameter, then the other. A model has thousands of
# parameters, or billions, and each is one more direction in which she can step. Nobody
# can nudge a billion parameters one by one before every step.
#
# This notebook answers one question: **how can a single pass give the slope of every
# parameter at once?** The answer is bookkeeping. Write down each operation while the
# loss is computed, then read the list from its end to its start. The method is called
# *backpropagation*; a program that does it for you is called **autograd**.

# %% [markdown]
# ## What you will be able to do
#
# - Draw the record of a computation, and walk it forwards and backwards by hand.
# - Build an autograd engine of your own, good enough to train the GPT of notebook 06.
# - Recognise three classic mistakes by the wrong slopes they give.
# - Check any slope in four ways, and name the operation that is wrong.
# - Say what one gradient costs, in time and in memory, and why that price made large
#   models possible.
#
# **Time:** 55 minutes, and about 85 more for the exercises; the optional sections take
# another 5.
#
# **Two-hour path:** *A computation leaves a trail*, *Blame flows backwards along the
# trail*.
#
# Run the setup cell first. After it, each section runs on its own. No section waits for
# an exercise: what you leave open is provided.

# %% tags=["setup"]
import inspect
import math
import random
import timeit
import tracemalloc
from functools import partial
from time import process_time

import jax

from course_lib import plots, widgets
from course_lib.config import GPTConfig
from course_lib.exercises import autograd as exercise
from course_lib.gradients import finite_difference, triangulate
from course_lib.lessons import robot
from course_lib.plots import computation_graph, graph_replay, panels, show
from course_lib.scalar import (
    Value,
    backward_order,
    dot,
    init_gpt,
    loss_fn,
    parameters,
)

# %% [markdown] tags=["path"]
# ## A computation leaves a trail
#
# Take the smallest model that can be wrong: a line through the houses of notebook 01,
# $\text{guess} = w \cdot \text{size} + b$, and one house whose price it should hit.
# To keep the numbers small, the size is 3 and the price 10. The loss is the squared
# error, $(\text{guess} - \text{price})^2$.
#
# We compute it with `Value` instead of `float`. A `Value` holds one number, and it
# remembers where the number came from.

# %% tags=["nbval-check-output"]
w, b = Value(2.0), Value(1.0)  # parameters: learning may change them
size, price = Value(3.0), Value(10.0)  # data: given, never changed
guess = w * size + b
error = guess - price
loss = error**2
print(f"guess {guess.data:g}, error {error.data:g}, loss {loss.data:g}")

# %% [markdown]
# The arithmetic is ordinary. What is new is what the objects keep: each result knows
# its **children** (the numbers it was made from), the operation, and one **local
# derivative** per child. That is the slope of this one step: how much the result moves
# per unit when that child moves a tiny bit and everything else stands still. Numbers
# that were given, not computed, such as $w$ and the price, have no children. They are
# the leaves.

# %% tags=["nbval-check-output"]
names = {"guess": guess, "error": error, "loss": loss}
for name, node in names.items():
    made_from = [child.data for child in node.children]
    print(f"{name:6} = {node.data:3g}   by {node.op:4}", end=" ")
    print(f"from {made_from}, local derivatives {node.local_grads}")

# %% [markdown]
# Each local derivative is a rule from notebook 02, applied on the spot. A sum moves as
# much as each of its parts: 1. A difference moves against the part that is subtracted:
# −1. A square moves by twice what is squared: $2 \cdot (-3) = -6$. No step knows about
# the others, and none needs to.
#
# Drawn from left to right, the record is a map of the computation. Here it is at two
# moments: after the first operation, and after the last.

# %%
names |= {"w": w, "size": size, "b": b, "price": price}
steps = {1: "1. The product is known", 4: "2. Sum, difference and square follow"}
show(
    graph_replay(loss, names, [w, b], steps=steps),
    alt="A map: w times the size, plus b, gives the guess 7; minus the price gives "
    "the error -3; squared, the loss 9. Each line carries a local derivative.",
)

# %% [markdown]
# Orange boxes are parameters, sky-blue ones are data, and the loss is vermilion, as
# everywhere in this course. Green numbers flow forward. Follow the lines from $w$ to
# the loss and read what you pass: 3, 1, 1, −6. Keep these four numbers in mind.
#
# ### Exercise: four local derivatives
#
# Replace the `...`: return four slopes, each with respect to $a$: those of $a\,b$, of
# $a^b$, of $e^a$ and of $\tanh a$. The rules of the first three stand in notebook 02.
# $\tanh$ is a curve that squashes any number to between −1 and 1; its slope is
# $1 - \tanh^2 a$. (And that of $\ln a$, which you will need further down, is $1/a$.)
#
# Run the cell and it tells you how you did. If you are stuck,
# `exercise.local_derivatives.hint()` in a cell of its own gives the first of three
# hints, and `exercise.local_derivatives.solution()` shows an answer.


# %%
def local_derivatives(a, b):
    """Return d(a * b)/da, d(a ** b)/da, d(exp a)/da and d(tanh a)/da."""
    ...


exercise.local_derivatives.check(local_derivatives)

# %% [markdown] tags=["path"]
# ## Blame flows backwards along the trail
#
# The loss is 9. Which number is to blame for that, and by how much? A number's share of
# the blame is the slope of the loss with respect to it. The **gradient** is the list of
# all these slopes; the slope of one number is called *its* gradient, too. (The shares
# do not add up to 9: each says how fast the loss moves with its number.)
#
# **Predict first.** If $w$ goes up from 2 to 2.001, does the loss go up or down? By
# roughly how much? Use the four numbers on the way from $w$ to the loss. Commit to an
# answer, then run the cell.


# %% tags=["nbval-check-output"]
def squared_error(w, size, b, price):
    return (w * size + b - price) ** 2


before = squared_error(2.0, 3.0, 1.0, 10.0)
after = squared_error(2.001, 3.0, 1.0, 10.0)
print(f"loss {before:.6f} -> {after:.6f}, slope {(after - before) / 0.001:.3f}")

# %% [markdown]
# The slope is −18, apart from a tiny error that the curvature makes, and the four
# numbers give the same: $3 \cdot 1 \cdot 1 \cdot (-6) = -18$. That is the **chain
# rule**: along a path, local derivatives multiply. A nudge of $w$ grows threefold at
# the product, passes the sum and the difference unchanged, and is multiplied by −6 at
# the square.
#
# To get the slope of *every* number, start at the other end. The slope of the loss with
# respect to itself is 1. Then every node hands its blame to its children, times the
# local derivative:
#
# $$\text{child's blame} \mathrel{+}= \text{local slope} \times \text{node's blame}$$

# %%
w, size, b, price = Value(2.0), Value(3.0), Value(1.0), Value(10.0)
loss = squared_error(w, size, b, price)
names = {"w": w, "size": size, "b": b, "price": price, "loss": loss}
steps = {
    5: "1. The loss starts with a blame of 1",
    7: "2. The square and the difference have passed theirs on",
    9: "3. Two more steps, and every share is known",
}
show(
    graph_replay(loss, names, [w, b], steps=steps),
    alt="Three states of the same map. First only the loss has a gradient, 1. Then the "
    "error has -6, the price 6. At the end w has -18, the size -12 and b -6.",
)

# %% [markdown]
# Four hand-overs, and all four slopes are known. In these maps blue arrows carry blame,
# so they point backwards, from the loss to the leaves.
#
# Now step through a record yourself. The interactive figure shows $\tanh(a\,b + c)$
# after one forward and one backward pass. Press the triangle, or click a node: its upper
# part leads to its step forward, its lower part to its step backward. Drag an input up
# or down. **Predict first:** what happens to the shares of $a$ and
# $b$ when you push $c$ up to 4? Then type an expression of your own: `(a*b + c - 10)**2`
# is the line from above, and at $a = 2$, $b = 3$, $c = 1$ it has the shares you know.

# %%
widgets.graph_stepper()

# %% [markdown]
# Far from 0, $\tanh$ is flat. Its local derivative is close to 0, so almost no blame
# reaches the nodes before it. Notebook 05 meets this again, in deep networks.
#
# `loss.backward()` does what the pictures show and leaves each share in `grad`. Then
# the walker can take a step: every parameter moves against its own slope, all at the
# same time, and the loss is computed again.

# %% tags=["nbval-check-output"]
w, size, b, price = Value(2.0), Value(3.0), Value(1.0), Value(10.0)
squared_error(w, size, b, price).backward()
print(f"slopes: w {w.grad:g}, b {b.grad:g}, size {size.grad:g}, price {price.grad:g}")

w.data -= 0.01 * w.grad  # 0.01 is the learning rate
b.data -= 0.01 * b.grad
after = squared_error(w, size, b, price)
print(f"w {w.data:.2f}, b {b.data:.2f}: loss {after.data:.2f}")

# %% [markdown]
# ## A few dozen lines are enough to build it
#
# Now build it. `MiniValue` has the same constructor as the package's `Value`, and gets
# its operations one at a time. First the object: a number, room for its blame, and the
# record. `wrap` turns a plain number into a `MiniValue`, so that `2 * x` works.


# %%
class MiniValue:
    def __init__(self, data, children=(), local_grads=(), op=""):
        self.data = data
        self.grad = 0.0
        self.children = children
        self.local_grads = local_grads
        self.op = op


def wrap(number):
    return number if isinstance(number, MiniValue) else MiniValue(number)


# %% [markdown]
# Every operation has the same form: the result, what it came from, and the slope for
# each of those. In a product $a\,b$, nudging $a$ moves the result $b$ times as much,
# and nudging $b$ moves it $a$ times as much. So the local derivatives are the two
# numbers, **swapped**.


# %% tags=["nbval-check-output"]
def mul(self, other):
    a, b = self, wrap(other)
    return MiniValue(a.data * b.data, (a, b), (b.data, a.data), "*")


MiniValue.__mul__ = MiniValue.__rmul__ = mul

product = MiniValue(3.0) * MiniValue(-4.0)
print(product.data, product.local_grads)
assert product.local_grads == (-4.0, 3.0)

# %% [markdown]
# ### Exercise: the way back through a product
#
# That was forward. Now the other way, for this one operation: `out` is the product of
# the nodes `a` and `b`, and its own blame, `out.grad`, is complete. Pass it on: write
# to `a.grad` and `b.grad`, and return nothing. `a` and `b` may be the same node, and
# either may already have some blame from elsewhere.


# %%
def mul_backward(a, b, out):
    """Add to a.grad and b.grad their shares of out.grad."""
    ...


exercise.mul_backward.check(mul_backward)

# %% [markdown]
# Back to the engine. Sum, power and tanh have the same form as the product.
# Subtraction needs no rule of its own: it is a sum with a product by −1. The slope
# $1 - \tanh^2$ uses the result, which has just been computed.


# %%
def add(self, other):
    a, b = self, wrap(other)
    return MiniValue(a.data + b.data, (a, b), (1.0, 1.0), "+")


def power(self, n):
    slope = n * self.data ** (n - 1)
    return MiniValue(self.data**n, (self,), (slope,), f"**{n}")


def tanh(self):
    out = math.tanh(self.data)
    return MiniValue(out, (self,), (1 - out**2,), "tanh")


MiniValue.__add__ = MiniValue.__radd__ = add
MiniValue.__sub__ = lambda self, other: self + wrap(other) * -1
MiniValue.__pow__, MiniValue.tanh = power, tanh

# %% [markdown]
# Test on the spot: never trust a derivative that you have not checked with a nudge. For
# each operation, the stored local derivative stands beside a finite difference.

# %% tags=["nbval-check-output"]
operations = {
    "5 * a": lambda a: 5 * a,
    "a + 5": lambda a: a + 5,
    "a ** 3": lambda a: a**3,
    "tanh(a)": lambda a: a.tanh(),
}
for name, f in operations.items():
    given = f(MiniValue(0.7)).local_grads[0]
    (nudged,) = finite_difference(lambda t, f=f: f(MiniValue(t)).data, 0.7)
    print(f"{name:8} given {given:.6f}   nudged {nudged:.6f}")

# %% [markdown]
# What is missing is the backward pass. Blame must be complete before it is passed on: a
# node may hand over only after every node that used it has handed over to it. So list
# every node after all of its children: a **topological** order. Read from its end, the
# list starts at the loss and keeps the rule.
#
# ### Exercise: an order in which blame may be passed on
#
# Write `topological_order`. It gets the last node of a computation and returns a list
# of all nodes that went into it, itself included: each of them once, and after all of
# its `children`, however many there are. The engine needs this list, so the line below
# the exercise takes yours once it is right, and the course's own until then.


# %%
def topological_order(root):
    """Return every node below root once, children first; root comes last."""
    ...


exercise.topological_order.check(topological_order)

# %%
topological_order = exercise.topological_order.yours_or_ours()

# %% [markdown]
# With the order, all of backpropagation is a loop within a loop: for each node from the
# loss down, for each child, add the local derivative times the blame.
#
# The test is the loss of a neuron, which notebook 05 takes apart: a weighted input plus
# $b$, squashed by tanh. Our slopes stand beside those of the package.


# %% tags=["nbval-check-output"]
def backward(self):
    self.grad = 1.0
    for node in reversed(topological_order(self)):
        for child, slope in zip(node.children, node.local_grads, strict=True):
            child.grad += slope * node.grad


MiniValue.backward = backward

for number in (MiniValue, Value):
    w, x, b, target = number(0.5), number(2.0), number(-0.3), number(1.0)
    (((w * x + b).tanh() - target) ** 2).backward()
    print(f"{number.__name__:9} w {w.grad:.6f}, x {x.grad:.6f}, b {b.grad:.6f}")

# %% [markdown]
# They agree to the last digit printed. Count the lines, if you like: some forty. That
# is an autograd engine. The large frameworks do the same with arrays in place of single
# numbers, and with many more operations. The idea is all here.
#
# ### Exercise: a Value of your own
#
# Now all of it in one class. `MyValue` keeps what its constructor is given, and a
# `grad` that starts at 0. Besides the methods below it needs `-` and `/`, a minus sign
# in front, and plain numbers on either side: `2 * x` asks for `__rmul__`, `1 - x` for
# `__rsub__`. An exponent is always a plain number. `relu` returns what is above 0
# unchanged and 0 otherwise, so its slope is 1 or 0. Take what you like from the cells
# above, and start small: the check names the first thing that is missing. A `MyValue`
# that passes is saved with your progress, and **trains the GPT of notebook 06**.


# %%
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


exercise.own_value.check(MyValue)

# %% [markdown]
# ## Three small mistakes give three wrong slopes
#
# A wrong autograd does not crash. It returns a number, the walker trusts it, and the
# loss refuses to fall for no visible reason. So it pays to see the three classic
# mistakes once, each made on purpose.
#
# **Mistake one: `=` in place of `+=`.** Take $a \cdot a + a$ at $a = 3$. Here $a$ is
# used three times. **Predict first:** its slope is $2a + 1 = 7$. What will the broken
# version say?


# %% tags=["nbval-check-output"]
def overwriting_backward(root):
    root.grad = 1.0
    for node in backward_order(root):
        for child, slope in zip(node.children, node.local_grads, strict=True):
            child.grad = slope * node.grad  # the mistake: = where += belongs


a = Value(3.0)
overwriting_backward(a * a + a)
print(f"slope of a: {a.grad:g}, where 7 is right")

# %% [markdown]
# Only the share that came last survived. A value that is used three times is to blame
# three times, and the shares add up: in the map below, three blue arrows arrive at $a$.

# %%
a = Value(3.0)
result = a * a + a
result.backward()
show(
    computation_graph(result, {"a": a, "result": result}, [a]),
    alt="The map of a * a + a: arrows bring blame 3, 3 and 1 to a; its gradient is 7.",
)

# %% [markdown]
# **Mistake two: passing blame on too early.** Take $b = a^2$, $c = b^2$ and
# $\text{result} = b + c$. The node $b$ gets blame from the result and from $c$. The
# function below handles nodes in the order in which it meets them, so $b$ hands over
# before the blame from $c$ has arrived.


# %% tags=["nbval-check-output"]
def hasty_backward(root):
    root.grad, queue = 1.0, [root]
    for node in queue:  # the mistake: first met, first served
        for child, slope in zip(node.children, node.local_grads, strict=True):
            child.grad += slope * node.grad
            if child not in queue:
                queue.append(child)


for run in (hasty_backward, Value.backward):
    a = Value(2.0)
    b = a**2
    run(b + b**2)
    print(f"{run.__name__:15} says {a.grad:g}")

# %% [markdown]
# The right slope is $2a + 4a^3 = 36$. In the upper picture below, $b$ comes second and
# passes on a blame of 1. Another 8 comes from $c$ afterwards and is never passed on. In
# the lower one $b$ waits until its blame is complete, and passes on 9.

# %%
runs = {"123": hasty_backward, "132": Value.backward}
axes = panels(2, 1, width=8.6, height=4.4)
for ax, (turns, run) in zip(axes, runs.items(), strict=True):
    a = Value(2.0)
    b = a**2
    c = b**2
    result = b + c
    run(result)
    names = {"a": a, "b": b, "c": c, "result": result}
    badges = dict(zip(["result", "b", "c"], turns, strict=True))
    title = run.__name__
    computation_graph(result, names, [a], badges=badges, title=title, key=False, ax=ax)
show(
    axes,
    alt="One map twice, numbered by turns. Above, b goes second and a ends with 4. "
    "Below, b goes last and a has 36.",
)

# %% [markdown]
# **Mistake three: old blame is not cleared.** Because `+=` collects, `grad` must be set
# back to 0 before the next step. Otherwise each step repeats all earlier steps as well.
# The cell walks down a simple valley twice, with clearing and without.


# %% tags=["nbval-check-output"]
def descend(zeroing, steps=30, learning_rate=0.01):
    w, losses = Value(2.0), []
    for _ in range(steps):
        loss = (3.0 * w + 1.0 - 10.0) ** 2
        loss.backward()
        losses.append(loss.data)
        w.data -= learning_rate * w.grad
        if zeroing:
            w.grad = 0.0
    return losses


zeroed, forgotten = descend(zeroing=True), descend(zeroing=False)
print(f"last loss, grad zeroed: {zeroed[-1]:.4f}, never zeroed: {forgotten[-1]:.4f}")

# %%
show(
    plots.with_and_without_zeroing(zeroed, forgotten),
    alt="Loss against step. With grad set to zero it falls smoothly to 0. Without, it "
    "swings between 0 and its starting height and never settles.",
)

# %% [markdown]
# Without zeroing, the walker behaves like a ball without friction: she races through
# the valley, climbs the far side to the old height, and comes back. PyTorch has
# `zero_grad()` for this reason. JAX has no such call, since `jax.grad` returns fresh
# slopes every time.

# %% [markdown]
# ## What does a version for real work add? (optional)
#
# The package's `Value` is the same idea, made safe and fast enough to train a GPT. If
# you only want to know how autograd works, skip to the next section.
#
# Here is its backward pass. Two things are new. `order` holds only the inner nodes, and
# they start from 0 at every call, so that a second `backward()` does not pass on the
# blame of the first; the leaves go on collecting, until you zero them. And nothing
# calls itself, so that depth is no danger.

# %%
print(inspect.getsource(Value.backward).split('"""')[2])

# %% [markdown]
# Where does the order come from? **Each `Value` notes when it was made.** A number can
# only be made from numbers that exist already, so a result is always younger than its
# children. Sorted from the youngest to the oldest, the nodes stand in an order in which
# blame may be passed on.
#
# A function that calls itself for every child goes one call deeper with every level,
# and by default Python allows about a thousand. Your `MyValue` may do that: the record
# of the GPT of notebook 06 is only a few dozen levels deep. This chain of 100,000
# products would be too much for it.

# %% tags=["nbval-check-output"]
x = Value(1.0)
product = x
for _ in range(100_000):
    product = product * 1.00001
product.backward()
print(f"slope through 100,000 steps: {x.grad:.4f}, by hand {1.00001**100_000:.4f}")

# %% [markdown]
# Python raises three different errors for $\ln 0$, $1/0$ and $e^{1000}$. `Value` does
# as NumPy does: it returns infinity or "not a number" (nan), and the loss shows it.
# Whatever would silently lose the derivative is refused, with a line that says what to
# write instead.

# %% tags=["nbval-check-output"]
edges = {
    "log(0)": lambda: Value(0.0).log(),
    "1 / 0": lambda: 1 / Value(0.0),
    "exp(1000)": lambda: Value(1000.0).exp(),
    "(-8) ** 0.5": lambda: Value(-8.0) ** 0.5,
    "math.exp": lambda: math.exp(Value(1.0)),
    "max": lambda: max(Value(0.0), Value(1.0)),
}
for name, compute in edges.items():
    try:
        print(f"{name:12} {compute().data}")
    except TypeError as refusal:
        print(f"{name:12} refused: {refusal}")

# %% [markdown]
# The most dangerous mistake is a quiet one: change a parameter *after* the loss was
# computed, then go backward. The record then holds slopes of numbers that are gone.
# `Value` knows when its data was last written, and refuses.

# %% tags=["nbval-check-output"]
w = Value(2.0)
loss = (w * 3.0 - 10.0) ** 2
w.data = 5.0
try:
    loss.backward()
except RuntimeError as refusal:
    print(refusal)

# %% [markdown]
# One more idea makes the engine fast, and it reaches beyond this course: **an
# operation is whatever you know the derivative of.** Nothing says that a node must be a
# plus or a times. A sum of products, $\sum_i w_i x_i$, has known slopes: $x_i$ for
# $w_i$, and $w_i$ for $x_i$. So `dot` makes it one node, computed in one go.
#
# **Predict first.** A weighted sum of 64 inputs: how many nodes does it take with plain
# `*` and `+`, leaves not counted? How many with `dot`?


# %% tags=["nbval-check-output"]
def one_by_one(weights, inputs):
    products = [w * x for w, x in zip(weights, inputs, strict=True)]
    return sum(products[1:], products[0])


for combine in (one_by_one, dot):
    weights, inputs = [[Value(i / 64) for i in range(64)] for _ in range(2)]
    result = combine(weights, inputs)
    result.backward()
    nodes = len(backward_order(result))
    print(f"{combine.__name__:10} {nodes:3} nodes, last slope {weights[-1].grad:.4f}")

# %% [markdown]
# Same values, same slopes, fewer nodes. In the GPT of notebook 06 most of the work is
# sums of products. The large frameworks go further in the same direction: their basic
# operation is the product of two whole matrices, one node for millions of
# multiplications. (Merging several operations into one is called *fusing*.)

# %% [markdown]
# ## Four witnesses should tell one story
#
# How do you know that a slope is right? Ask four witnesses who work in different ways:
# the rules **by hand**, a **finite difference**, **`Value`**, and JAX, an array library
# with an autograd of its own. `triangulate` puts them in one table. By hand, with
# $t = \tanh(w x + b)$, the slope of $(t - y)^2$ with respect to $w$ is
# $2\,(t - y)(1 - t^2)\,x$.

# %% tags=["nbval-check-output"]
inputs = {"w": 0.5, "x": 2.0, "b": -0.3, "y": 1.0}
t = math.tanh(0.5 * 2.0 - 0.3)
shared = 2 * (t - 1.0) * (1 - t**2)
by_hand = {"w": shared * 2.0, "x": shared * 0.5, "b": shared, "y": -2 * (t - 1.0)}
print(triangulate("(tanh(w * x + b) - y) ** 2", inputs, by_hand))

# %% [markdown]
# Now plant a mistake: a product whose local derivatives are *not* swapped. `Slip` is
# `Value` except for that one line. The finite difference and JAX still agree with each
# other. `triangulate` then checks the local derivative of every node with a nudge, and
# names the first that fails.


# %% tags=["nbval-check-output"]
class Slip(Value):
    def __mul__(self, other):
        a, b = self.data, other.data
        return Value(a * b, (self, other), (a, b), "*")  # should be (b, a)


print(triangulate("(tanh(w * x + b) - y) ** 2", inputs, number=Slip))

# %% [markdown]
# The slopes of $b$ and $y$ are right, because their paths avoid the bad node. The
# slopes of $w$ and $x$ are wrong, and the node is named: the product, whose value is 1.
# Keep the method: whenever you write an operation, check it with a nudge and with a
# second engine before you train.
#
# ### Exercise: find the bugs
#
# `Suspect` is a `Value` with some methods of its own, and there are three mistakes in
# them. It never crashes, and every value comes out right. Some slopes do not. Question
# the witnesses, for instance with
# `print(triangulate("a ** 3", {"a": 2.0}, number=Suspect))` in a cell of its own, and
# correct the three lines.


# %%
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


exercise.find_the_bug.check(Suspect)

# %% [markdown]
# ## One gradient moves fourteen joints
#
# So far each parameter was a direction on a map. Now the walker gets a body: a robot
# with fourteen joints, from the ankles to the neck. Its parameters are fourteen angles.
# Each is measured from the limb before it, so a turn of the shoulder takes the elbow
# and the wrist along.
#
# Its loss is the mean squared distance between the ends of its limbs and those of a
# runner going uphill, both measured from the hip, plus a penalty for leaning off
# balance. Lengths are in decimetres (1 dm is 10 cm), so the loss is in dm².
#
# Positions come from angles by cosine and sine, and `Value` has neither. That is no
# obstacle: an operation is whatever you know the derivative of. The slope of the sine
# is the cosine, and that of the cosine is minus the sine.
#
# We start from fourteen random angles: the body is a heap on the ground.
#
# **Predict first.** Which joint has a steeper slope here, the spine or the left wrist?
# Why?
#
# One backward pass gives all fourteen. `jax.grad` gets the same loss function and
# answers beside it. Then every joint takes one step against its own slope, all at the
# same time.

# %% tags=["nbval-check-output"]
heap = robot.random_angles(random.Random(45))
joints = [Value(angle) for angle in heap]
loss = robot.robot_loss(joints)
loss.backward()
slopes, by_jax = [j.grad for j in joints], jax.grad(robot.robot_loss)(heap)
assert all(abs(a - b) < 1e-3 for a, b in zip(slopes, by_jax, strict=True))
print(f"{len(slopes)} slopes from one pass, and JAX agrees with each of them")

moved = [angle - 0.01 * slope for angle, slope in zip(heap, slopes, strict=True)]
print(f"one step: loss {loss.data:.1f} -> {robot.robot_loss(moved):.1f}")

# %%
show(
    plots.joint_slopes(robot.JOINTS, slopes, [float(slope) for slope in by_jax]),
    alt="A bar for the slope of each of fourteen joints, by Value, and a ring by "
    "jax.grad at the end of every bar. Longest is the spine's; the left wrist's is "
    "among the shortest.",
)

# %% [markdown]
# Every ring sits on the end of its bar. The spine has the steepest slope: the neck, the
# head and both arms hang on it. But anatomy is only half of the story. The right knee
# carries no more than a shin and a foot, yet comes close to the spine; the hips carry
# whole legs, and have less than half of the knee's slope. A slope also depends on how
# far the limbs beyond the joint are from where they should be. How often does the spine
# win? Try 200 heaps.

# %% tags=["nbval-check-output"]
steepest, steeper = 0, 0
for seed in range(200):
    others = [Value(angle) for angle in robot.random_angles(random.Random(seed))]
    robot.robot_loss(others).backward()
    sizes = {j: abs(v.grad) for j, v in zip(robot.JOINTS, others, strict=True)}
    steepest += max(sizes, key=sizes.get) == "spine"
    steeper += sizes["spine"] > sizes["left wrist"]
print(f"in 200 heaps the spine is the steepest joint {steepest} times,")
print(f"and steeper than the left wrist {steeper} times")

# %% [markdown]
# In fewer than half of the heaps, though it is nearly always steeper than the wrist.
# Nobody told the engine which joints matter. It follows from the record.
#
# Now repeat the step. `learn_the_pose` takes 300 of them with Adam, the method of
# notebook 03, and makes one backward pass before each. The pose error is the mean
# distance between the ends of the limbs and where the runner has them.

# %% tags=["nbval-check-output"]
walk = robot.learn_the_pose(robot.random_angles(random.Random(45)))
for step in (0, 20, 300):
    error = robot.pose_error(walk[step].angles)
    print(f"step {step:3}: loss {walk[step].loss:9.4f} dm², pose error {error:.2f} dm")

# %%
moments = {0: "a heap", 20: "getting up", 300: "in the runner's pose"}
runner = robot.body_points(robot.RUNNING)
axes = panels(1, 3, width=10.5, height=3.9)
for ax, (step, name) in zip(axes, moments.items(), strict=True):
    points = robot.body_points(walk[step].angles)
    plots.robot(points, runner, f"step {step}: {name}", ax=ax)
show(
    axes,
    alt="The robot on a slope, three times, over the grey shape of a runner. At step 0 "
    "it lies on its back, limbs in a tangle; at step 20 it is half up, in a "
    "crouch; at step 300 it covers the grey.",
)

# %% [markdown]
# The error falls from nearly 80 centimetres to a fraction of a millimetre. No joint
# ever waits for another: each follows its own slope, and together they stand up. Now
# watch all of it. Press the triangle or drag along the curve, then click a joint: the
# dashed line shows where its limb would point if the joint were straight. **Predict
# first:** does a joint's slope only shrink on the way, or can it change its sign?

# %%
widgets.robot()

# %% [markdown]
# It can. The slope of the right shoulder starts above 0 and is below 0 twenty steps
# later: by then the joint has turned too far. A slope holds only for the place where
# you stand, with all other joints as they are; after every step all slopes have to be
# computed again.
#
# The robot found a posture; it did not learn to run. The loss knows nothing of muscles,
# and all it knows of gravity is the penalty for leaning. What a loss does not mention,
# no gradient can teach.

# %%
losses = [moment.loss for moment in walk]
show(
    plots.loss_of_the_walk(losses, moments),
    alt="Loss against step on a logarithmic axis: from 74 in the heap to about 7 at "
    "step 20 and below 0.001 at step 300.",
)

# %% [markdown]
# ### You against autograd
#
# Now you. Another heap hangs by its hip. Drag the end of a limb, or choose a joint and
# turn it with the arrow keys. Each blue arrow shows which way that joint's blame would
# have it turned. Take a minute; if it is too easy, hide the runner. Then let autograd
# try, with your `MyValue` if you have one. **Predict first:** who ends with less loss,
# and who needs fewer turns?

# %%
Engine = exercise.own_value.yours_or_ours()
widgets.you_against_autograd(Engine)

# %% [markdown]
# A hand turns one joint, looks, and turns the next. A gradient turns all fourteen at
# once, each by its own slope. Spoil a rule of your `MyValue` on purpose, such as the
# `+=`, and give it to the game: the robot stumbles, and the line below says which rule
# it suspects, and why.

# %% [markdown]
# ## Why not nudge every parameter?
#
# The last question is the price. The unit is one forward pass: computing the loss once.
# Nudging $P$ parameters takes $P + 1$ of them. A backward pass visits each line of the
# map once, with one multiplication and one addition; the forward pass does about as
# much. So a gradient should cost a small multiple of one forward pass, **whatever $P$
# is**. We measure it on small GPTs of six widths, built like the one of notebook 06.
# They read the name *emma*: a number for each letter, and 26 as a mark at both ends.

# %%
emma = [26, 4, 12, 12, 0, 26]  # a name, as tokens


def model(width, document=emma):
    config = GPTConfig(vocab_size=27, n_embd=width, n_head=1)
    params = init_gpt(random.Random(42), config)
    return parameters(params), lambda: loss_fn(params, document, config)


def seconds(work, repeats=3):
    return min(timeit.repeat(work, timer=process_time, repeat=repeats, number=1))


def measure(width):
    weights, compute_loss = model(width)
    there_and_back = seconds(lambda: compute_loss().backward())
    return len(weights), seconds(compute_loss), there_and_back


widths = [2, 4, 8, 16, 32, 64]
n_params, forward, both = zip(*[measure(width) for width in widths], strict=True)
for p, f, fb in zip(n_params, forward, both, strict=True):
    print(f"{p:6,} parameters: forward {1000 * f:5.1f} ms, both {fb / f:.1f} x that")

# %% [markdown]
# Your times will differ. The last column rises from about one and a half to about
# three, while the number of parameters grows nearly 300 times; with 800,000 we measured
# between two and four. Now the other way. `nudge_all` finds the same gradient by
# nudging each weight once. For the three smallest models we do it in full and time it.
# For the others we count $P + 1$ passes and spare ourselves the wait.


# %%
def nudge_all(weights, compute_loss, nudge=1e-5):
    start, slopes = compute_loss().data, []
    for weight in weights:
        weight.data += nudge
        slopes.append((compute_loss().data - start) / nudge)
        weight.data -= nudge
    return slopes


nudging = [p + 1 for p in n_params]
for i in range(3):
    nudging[i] = seconds(partial(nudge_all, *model(widths[i])), repeats=1) / forward[i]
going_back = [fb / f for fb, f in zip(both, forward, strict=True)]
show(
    plots.gradient_cost(n_params, going_back, nudging, n_measured=3),
    alt="Cost of a gradient against parameters, both axes logarithmic. Nudging rises "
    "in step with the parameters; going back stays nearly flat, near 2.",
)

# %% [markdown]
# At every size the backward pass costs about as much as one or two forward passes, so
# the blue line stays nearly flat. The other line climbs with the number of parameters:
# 4,193 forward passes for the 4,192 parameters of notebook 06, against two or three.
# The gap between the lines is what makes it possible to train large models at all.
#
# **Predict first.** GPT-3 has 175 billion parameters (Brown et al. 2020, arXiv
# 2005.14165). Suppose one forward pass took a thousandth of a second. How long would
# one single gradient take by nudging?

# %% tags=["nbval-check-output"]
passes = 175_000_000_000 + 1
years = passes * 0.001 / (365.25 * 24 * 3600)
print(f"one gradient by nudging: {years:.1f} years of nonstop forward passes")

# %% [markdown]
# That is for one step of the walker, and training takes many thousands of them.
#
# Time is half of the price. The other half is **memory**. Going back needs the children
# and local derivatives of every node, so the whole record must be kept until the
# backward pass is done. We let Python count the bytes, for one name and for one as long
# as the GPT of notebook 06 can read.

# %%
for document in (emma, [26, *range(15), 26]):
    weights, compute_loss = model(16, document)
    tracemalloc.start()
    loss = compute_loss()
    record, _ = tracemalloc.get_traced_memory()  # bytes
    tracemalloc.stop()
    size = f"{len(document) - 1:2} tokens, {len(backward_order(loss)):5,} nodes"
    print(f"{size}: {record / 1e6:.1f} MB, {record / len(weights):.0f} bytes a weight")

# %% [markdown]
# A weight itself is a number of 8 bytes. The record takes about thirty times as much
# for the short name and a hundred times for the long one: it grows with the length of
# the text, and with the number of examples in a step. Frameworks keep arrays, not
# objects, and need far less per number, but they too keep what the way back asks for.
# Someone who only uses a finished model can forget each result as soon as the next is
# computed. This is one reason why training takes so much more memory than use.
#
# The method is older than its fame. Seppo Linnainmaa described it in 1970, in his
# master's thesis in Helsinki, to follow rounding errors. Rumelhart, Hinton and Williams
# (1986, *Nature* 323, 533–536) made it famous under the name *back-propagation*: what
# they sent back through the network is what this page calls blame, and it taught the
# inner layers what to look for.
#
# Finally, the claim of this page as code: one backward pass gives the slopes of all
# 4,192 parameters, and twenty of them, picked at random, agree with a nudge.

# %% tags=["claim", "nbval-check-output"]
weights, compute_loss = model(width=16)
compute_loss().backward()

picked = random.Random(4).sample(weights, 20)
nudged = nudge_all(picked, compute_loss)
worst = max(abs(p.grad - n) for p, n in zip(picked, nudged, strict=True))
assert len(weights) == 4192
assert worst < 1e-4
print(f"{len(weights):,} slopes from one pass; {len(picked)} nudged, and they agree.")

# %% [markdown]
# ## Three sentences to remember
#
# - A computation can record itself: each number keeps what it was made from, and the
#   local derivative for each of those.
# - Read backwards, the record shares out the blame: multiply along a path, add where
#   paths meet, and hand over only when your own share is complete.
# - A gradient costs two or three forward passes, however many parameters there are, and
#   the memory for the whole record.

# %% [markdown]
# ## Where next
#
# You have an engine that gives every parameter its slope at once. Notebook 05 gives it
# something to move: neurons, layers, and the reason why deep networks were so hard to
# train for so long. Notebook 06 then trains a GPT with it, on the very operations you
# built here.
#
# Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
