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
# # 02 · Which way is down? The gradient
#
# You stand on a mountain in thick fog. You want to reach the valley, and you cannot see
# it. But you can feel the ground: tap with one foot to the east, with the other to the
# north, and you know how it slopes where you stand. That is enough for one step down.
# Then you feel again.
#
# This is how every neural network learns. The altitude is the loss of notebook 01. The
# slope under the feet has a name, the **gradient**, and this notebook is about one
# question: **if I nudge this number, does the error go up or down, and by how much?**

# %% [markdown]
# ## What you will be able to do
#
# - Measure the slope of any function with a nudge, and choose the size of the nudge.
# - Find the slopes of sums, products and chains with three rules, and check them.
# - Read a gradient as an arrow: uphill along it, downhill against it, level across it.
# - Fit a line to data by walking downhill, and name three places that stop a walker.
# - Say what nudging costs when a model has billions of parameters.
#
# **Time:** 40 minutes for the core, and 30 more with every exercise.
#
# Run the setup cell first. After it, each section runs on its own.

# %% tags=["setup"]
import math

import jax
import numpy as np

from course_lib import plots, widgets
from course_lib.data import load_houses
from course_lib.exercises import gradient as exercise
from course_lib.gradients import finite_difference
from course_lib.lessons import descent, landscapes

jax.config.update("jax_enable_x64", True)  # numbers as exact as Python's own
sizes, prices = np.array(load_houses()).T / 100  # 100 square metres, 100,000 euros


def house_loss(w, b):
    """Return the mean squared error of the line: price = w * size + b."""
    return ((w * sizes + b - prices) ** 2).mean()


# %% [markdown]
# ## One nudge tells you which way is down
#
# Here are the forty houses of notebook 01 again, floor area and price. Only the units
# are new: hundreds of square metres, hundreds of thousands of euros. That makes all
# numbers about as large as 1, so that one stride fits both parameters. The model is a
# line, $\text{price} = w \cdot \text{size} + b$. For now $b$ stays at 0.7, so there is
# one number to choose: $w$, the price of 100 square metres more.
#
# Suppose someone set $w = 1$. How wrong is that, and should $w$ be larger or smaller?
# Try it: nudge $w$ up a little, and look at the loss.

# %% tags=["nbval-check-output"]
before = house_loss(1.0, 0.7)
after = house_loss(1.3, 0.7)
print(f"w = 1.0: loss {before:.3f}")
print(f"w = 1.3: loss {after:.3f}")
print(f"the loss answered {after - before:+.3f} to a nudge of +0.3")

# %% [markdown]
# The loss went down, so $w$ should be larger. That is the sign. The size says more:
# divide the answer by the nudge, and you know how strongly the loss listens to $w$
# here.
#
# $$\text{slope} \approx \frac{L(w + h) - L(w)}{h}$$
#
# Here $L$ is the loss and $h$ the nudge. A slope of −3 means: each unit of $w$ takes
# three units off the loss, as long as the slope lasts.

# %%
ws = np.linspace(0, 4, 200)
curve = [house_loss(w, 0.7) for w in ws]
nudged = plots.Nudge(1.0, 1.3, before, after)
plots.show(
    plots.nudge(ws, curve, nudged, title="A nudge, and the answer of the loss"),
    alt="The loss over w is a valley with its floor near 2.2. At w = 1, a nudge of 0.3 "
    "to the right makes the loss fall by about 0.9; a line through both points slopes "
    "down at about 3.",
)

# %% [markdown]
# This is all a **finite difference** is: nudge, look, divide. It needs no formula and
# no theory, only a loss that you can compute twice. On the other side of the valley the
# same nudge would raise the loss, the slope would be positive, and $w$ should go down.
# In both cases the rule is the same: **move against the sign of the slope**.

# %% [markdown]
# ## How small should a nudge be?
#
# The line in the figure cuts through the curve. It tells the mean slope over the whole
# nudge, not the slope at the point. Make the nudge smaller, and the line turns. Does it
# settle?

# %% tags=["nbval-check-output"]
for nudge in (1.0, 0.1, 0.01, 0.001, 0.0001):
    rise = house_loss(1.0 + nudge, 0.7) - house_loss(1.0, 0.7)
    print(f"nudge {nudge:<7} slope {rise / nudge:.4f}")

# %% [markdown]
# The numbers settle near −3.59. What they settle on is the **derivative**: the slope of
# the curve at that one point, once the nudge is too small to matter. It is written
# $\frac{dL}{dw}$. In the picture, the blue line turns until it lies on the dashed one,
# which only touches the curve.

# %%
ws = np.linspace(0.2, 3.8, 200)
curve = [house_loss(w, 0.7) for w in ws]
tangent = (house_loss(1.0001, 0.7) - house_loss(0.9999, 0.7)) / 0.0002
axes = plots.panels(1, 3, width=9.6, height=3.6)
for ax, h in zip(axes, (1.5, 0.8, 0.2)):
    nudged = plots.Nudge(1.0, 1.0 + h, house_loss(1.0, 0.7), house_loss(1.0 + h, 0.7))
    plots.nudge(ws, curve, nudged, tangent=tangent, beside=False, name="w", ax=ax)
plots.show(
    axes,
    alt="Three nudges of w, each smaller than the last. The line through both points "
    "turns until it lies on the dashed line that touches the curve at w = 1.",
)

# %% [markdown]
# So smaller is better? There is also a second way to nudge: once up and once down, and
# divide by the whole way, $2h$. What the bend of the curve adds on one side, it takes
# off on the other.
#
# To see the error of both, take a function whose slope is known: the volume of a cube,
# $x^3$, with the slope $3x^2$. (Make a cube a little larger, and three of its faces get
# a thin new layer.)
#
# **Predict first.** The nudge shrinks from 1 to $10^{-15}$. Does the error shrink all
# the way? Write down the nudge that you think is best, then run both cells.

# %%
my_prediction = None  # the best nudge, such as 1e-15


def cube(x):
    return x * x * x


# %%
x, slope = 1.1, 3 * 1.1**2
nudges = 10.0 ** np.arange(-15, 0.1, 0.25)
one_way = [(cube(x + h) - cube(x)) / h - slope for h in nudges]
both_ways = [(cube(x + h) - cube(x - h)) / (2 * h) - slope for h in nudges]
errors = {"nudged up": np.abs(one_way), "nudged up and down": np.abs(both_ways)}
plots.show(
    plots.nudge_errors(nudges, errors),
    alt="Error against the size of the nudge, both axes logarithmic. Each way to nudge "
    "makes a V. Nudging up is best near 1e-8, up and down near 3e-6; to the left of "
    "that the error climbs again and jumps about.",
)

# %% [markdown]
# Two enemies meet here. From the right, the *curve*: it bends away from the line, so a
# large nudge is wrong. From the left, the *computer*: it keeps about 16 digits of each
# number. When $h$ is tiny, the two losses agree in nearly all of them, the subtraction
# wipes those out, and what is left is mostly **round-off**. Divided by a tiny $h$,
# that remainder becomes large.
#
# The package nudges up and down, by $10^{-5}$. Now you know why.

# %% tags=["nbval-check-output"]
for h in (1e-1, 1e-5, 1e-10, 1e-16):
    print(f"nudge {h:.0e}: slope {(cube(x + h) - cube(x - h)) / (2 * h):.8f}")
print(f"true slope:   {slope:.8f}")

# %% [markdown]
# The last nudge is so small that $1.1 + h$ is 1.1 again: nothing moved, and the slope
# comes out as 0. A walker who taps too gently feels nothing.
#
# Now shrink the nudge yourself. On the left is the cube with the line through both
# points, on the right the place of its error on the V. At 0.01 the eye can no longer
# tell the blue line from the dashed one. **Predict first:** how small can the nudge get
# before the two part again?

# %%
widgets.nudge_size()

# %% [markdown]
# Down to about $10^{-15}$. There the blue line begins to tilt this way and that, and at
# $10^{-16}$ it lies flat. The line under the picture names the enemy that rules. For a
# nudge up they change places near $10^{-8}$; for up and down already near $10^{-5}$,
# since the curve does so little harm there.

# %% [markdown]
# ## Three rules save you the nudging
#
# For most functions the slope can be written down. Two facts come first: the slope of
# $x^n$ is $n\,x^{n-1}$, and $e^x$ is its own slope. Everything larger is built from
# small pieces with three rules. In them, $u$ and $v$ are things that depend on $x$, and
# $u'$, $v'$ are their slopes.
#
# - **Sum:** the slope of $u + v$ is $u' + v'$. Both answers arrive, and they add up.
# - **Product:** the slope of $u \cdot v$ is $u' v + u\,v'$.
# - **Chain:** the slope of $u(v(x))$ is $u'(v) \cdot v'(x)$. If $v$ moves three times
#   as fast as $x$, and $u$ twice as fast as $v$, then $u$ moves six times as fast as
#   $x$. Like gears, they multiply.
#
# The product rule surprises many people, who would expect $u' v'$. Draw the product as
# an area, and it explains itself.

# %%
plots.show(
    plots.product_rectangle(3.0, 1.8, 0.5, 0.35),
    alt="A rectangle u by v. When both sides grow a little, it gains a strip v times "
    "du on the right and a strip u times dv on top; the corner is tiny times tiny.",
)

# %% [markdown]
# Two strips are gained, one for each side that grew. The corner is a small number times
# a small number: with a nudge of 0.001 it is a millionth, and it vanishes from the
# slope.
#
# Take no rule on trust. Here is each of them beside a finite difference, at $x = 1.5$.

# %% tags=["nbval-check-output"]
x, e = 1.5, math.exp(1.5)
rules = {  # name: (the function, its slope at x by the rule)
    "power    x^2": (lambda x: x**2, 2 * x),
    "sum      x^2 + e^x": (lambda x: x**2 + math.exp(x), 2 * x + e),
    "product  x^2 * e^x": (lambda x: x**2 * math.exp(x), 2 * x * e + x**2 * e),
    "chain    e^(x^2)": (lambda x: math.exp(x**2), math.exp(x**2) * 2 * x),
}
for name, (function, by_rule) in rules.items():
    (nudged,) = finite_difference(function, x)
    print(f"{name:20} by rule {by_rule:9.5f}   nudged {nudged:9.5f}")

# %% [markdown]
# Now the case that matters. One house of size $x$ and price $y$ costs the line $L = (w
# x + b - y)^2$. Read it from the inside: first the error $e = w x + b - y$, then its
# square. When $w$ moves, $e$ moves $x$ times as far; when $e$ moves, its square moves
# $2e$ times as far. By the chain rule,
#
# $$\frac{dL}{dw} = 2\,e \cdot x$$
#
# And there is a third way. JAX is an array library that knows these rules, and follows
# them through any function you write. `jax.grad` takes a function and returns another
# one: its slope.

# %% tags=["nbval-check-output"]
x, y, b = 1.2, 3.1, 0.7  # one house, and the height of the line


def one_house(w):
    return (w * x + b - y) ** 2


print(f"by the chain rule  {2 * (1.0 * x + b - y) * x:.12f}")
print(f"by a nudge         {finite_difference(one_house, 1.0)[0]:.12f}")
print(f"by jax.grad        {jax.grad(one_house)(1.0):.12f}")

# %% [markdown]
# The same number, exactly, from one call. The nudge comes close and then fails: its
# last digits are the floor of the V. How `jax.grad` does it, for any function, is the
# subject of notebook 04, where you build one yourself.

# %% [markdown]
# ## The gradient points straight uphill
#
# A line has two parameters, so a nudge must say which one it means. Hold $y$ still and
# nudge $x$: that is the slope to the east. Hold $x$ still and nudge $y$: the slope to
# the north. Put the slopes in a list, one for each parameter, and you have the
# **gradient**, written $\nabla L$.
#
# Our practice ground is a landscape with two valleys, $(x^2 - 1)^2 + 0.3\,x + y^2$,
# from `course_lib.lessons.landscapes`.

# %% tags=["nbval-check-output"]
place = (0.5, 0.8)
gradient = np.array(finite_difference(landscapes.two_valleys, *place))
exact = jax.grad(landscapes.two_valleys, argnums=(0, 1))(*place)
print(f"nudged:   east {gradient[0]:+.6f}   north {gradient[1]:+.6f}")
print(f"jax.grad: east {exact[0]:+.6f}   north {exact[1]:+.6f}")

# %% [markdown]
# To the east it goes down, to the north it goes up.
#
# **Exercise.** Write `numerical_gradient`, for any number of parameters. It gets a
# function `f` that takes a list of numbers, such a list, and the size of the nudge. It
# returns the list of slopes: each number nudged up and down by `nudge`, while the
# others stand still. Stuck? `exercise.numerical_gradient.hint()`.


# %%
def numerical_gradient(f, point, nudge):
    """Return the slope of f for each number of the point, nudged up and down."""
    ...


exercise.numerical_gradient.check(numerical_gradient)

# %% [markdown]
# The list has a meaning of its own: it is an **arrow**. From our place on the two
# valleys, take one short step in each of 360 directions, and note how much the altitude
# changes.
#
# **Predict first.** The gradient is an arrow to the north-west. In which direction is
# the climb steepest? In which two directions does the altitude not change at all?

# %%
degrees = np.arange(0, 360, 0.1)
steps = 0.001 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
here = landscapes.two_valleys(*place)
rises = landscapes.two_valleys(place[0] + steps[0], place[1] + steps[1]) - here
uphill = math.degrees(math.atan2(gradient[1], gradient[0])) % 360
plots.show(
    plots.directions(degrees, rises, uphill),
    alt="Change of altitude against the direction of a short step: a wave, highest in "
    "the direction of the gradient, 127 degrees, lowest opposite to it, and zero at "
    "right angles to it.",
)

# %% tags=["nbval-check-output"]
level = degrees[np.diff(np.sign(rises), append=np.sign(rises[0])) != 0]
across = np.radians(level)
dots = gradient[0] * np.cos(across) + gradient[1] * np.sin(across)
print(f"steepest climb at {degrees[rises.argmax()]:.0f}°, gradient at {uphill:.0f}°")
print("level at", *(f"{angle:.0f}°" for angle in level))
print("dot product with the gradient:", *(f"{abs(dot):.2f}" for dot in dots))

# %% [markdown]
# The steps found it without knowing the gradient: steepest up lies *along* it, steepest
# down *against* it, and level ground *across* it. The **dot product** says the same in
# one line. A small step, $s_x$ to the east and $s_y$ to the north, changes the altitude
# by
#
# $$\nabla L \cdot s = \frac{\partial L}{\partial x}\, s_x
# + \frac{\partial L}{\partial y}\, s_y$$
#
# The curly $\partial$ says that the other parameter stands still. The sum is largest
# when both arrows point the same way, and 0 when they stand at a right angle.
#
# On a map, the line of level ground is the contour. So each arrow should cross its
# contour squarely.

# %%
terrain = descent.loss_grid(landscapes.two_valleys, (-1.8, 1.8), (-1.2, 1.2))
xs, ys = (-1.39, -0.48, -0.21, 0.38, 0.72, 1.3), (-0.63, 0, 0.63)
places = [(x, y) for x in xs for y in ys]
slopes = [finite_difference(landscapes.two_valleys, *place) for place in places]
levels = [-0.2, 0.05, 0.45, 0.85, 1.25, 2, 3]
title = "Each arrow is a gradient: uphill, and square to its contour"
plots.show(
    plots.gradient_arrows(terrain, places, slopes, levels=levels, title=title),
    alt="A map of two valleys with contour lines. Blue arrows point uphill everywhere, "
    "each at a right angle to the contour it starts on; they are long where contours "
    "are close and almost vanish on the valley floors.",
)

# %% [markdown]
# Read the lengths too: long where the contours crowd, almost nothing on the floors of
# the valleys and on the pass between them. To go down, turn each arrow around. That is
# the whole of **gradient descent**.
#
# Now a place where the answer is not what most people say. A walker stands in a canyon,
# at (2, 0.4) on $(x^2 + 25 y^2) / 2$. The lowest point is the cross.
#
# **Exercise, and predict first:** in which of the eight directions does gradient
# descent step? Decide by looking, then compute the two slopes, then check.

# %%
canyon = descent.loss_grid(landscapes.canyon, (-3, 3), (-1, 1))
walker = descent.iterate_at(landscapes.canyon, (2, 0.4))
plots.show(
    plots.walk_map(canyon, [walker], marks={"lowest": (0, 0)}, compass=True),
    alt="A long, narrow canyon from west to east. The lowest point is in the middle; "
    "the walker stands to the east of it, a little up the northern wall.",
)

# %%
predict_the_direction = ...  # one of "N", "NE", "E", "SE", "S", "SW", "W", "NW"

exercise.predict_the_direction.check(predict_the_direction)

# %% [markdown]
# ## What can you know in the fog?
#
# The gradient knows the steepest way down from here. It does not know where the lowest
# point is, and neither does the walker: a map is a luxury. To draw one, we computed the
# loss at ten thousand places; with a thousand parameters in place of two, no computer
# could. Learning happens without a map. All that a walker has is what it feels where it
# stands: its position, its altitude, the slope, and how many steps it took.

# %% tags=["nbval-check-output"]
walker = descent.iterate_at(landscapes.two_valleys, (1.4, 0.8))
x, y = walker.position
print(f"position ({x}, {y}), altitude {walker.loss:.2f}, steps {walker.step}")
print(f"slope {walker.gradient[0]:+.2f} east, {walker.gradient[1]:+.2f} north")

# %% [markdown]
# Be the walker. Each letter of `my_walk` is a step of 0.2 to the north, east, south or
# west. Run the cell, feel the slope (the blue arrow points downhill), add letters, run
# it again. How low can you get?

# %%
my_walk = "s w w s"  # your letters here
walked = descent.compass_steps(landscapes.two_valleys, (1.4, 0.8), my_walk, 0.2)
terrain = descent.loss_grid(landscapes.two_valleys, (-1.8, 1.8), (-1.2, 1.2))
title = f"Altitude {walked[-1].loss:.2f} after {walked[-1].step} steps"
plots.show(
    plots.walk_map(terrain, walked, fog=1.0, arrow=0.3, title=title),
    alt="A map hidden by fog, but for a small disc around the walker. Four footprints "
    "lead to it, and an arrow points downhill.",
)

# %% [markdown]
# Walking is easier with the keys: click the picture, or reach a button with Tab, and use
# the arrow keys. A step leads as far as one letter did, and "Undo" takes it back. The
# line below says what you feel. Go on until all around you is higher, and leave the fog
# where it is for now.

# %%
widgets.walk_in_fog()

# %% [markdown]
# A walker who wants to be quick does not choose among four letters. It goes straight
# against the gradient, and far where the ground is steep:
#
# $$\text{new position} = \text{position} - \eta \cdot \nabla L$$
#
# Here $\eta$ (eta) is the **learning rate**, the stride of the walker. Notebook 03 is
# about nothing else; today it is a small number that works.
#
# **Exercise.** Write `gradient_descent_step`: from a list of parameters, the list of
# their slopes and a learning rate, make the new list of parameters.


# %%
def gradient_descent_step(params, grads, learning_rate):
    """Return new parameters, one step downhill."""
    ...


exercise.gradient_descent_step.check(gradient_descent_step)

# %% [markdown]
# Here is the course's walker, at three moments of thirty steps. This is all it ever
# sees.

# %%
descended = descent.gradient_descent(landscapes.two_valleys, (1.4, 0.8), 0.06, steps=30)
foggy = {"fog": 1.0, "sight": 0.35, "arrow": 0.6}
axes = plots.panels(1, 3, width=9.6, height=2.6)
for ax, n in zip(axes, (0, 3, 30)):
    title = f"step {n}: altitude {descended[n].loss:.2f}"
    plots.walk_map(terrain, descended[: n + 1], title=title, ax=ax, **foggy)
plots.show(
    axes,
    alt="Three maps in fog. The walker goes west, then south, in ever shorter steps, "
    "and stands still at altitude 0.29.",
)

# %% [markdown]
# After thirty steps the ground is as good as level. The walker has every reason to
# think that it has arrived.
#
# **Predict first.** Has it? And have you, on your own walk? Then lift the fog, here and
# in your picture above.

# %%
marks = {"altitude 0.29": (0.96, 0), "altitude −0.31": (-1.036, 0)}
axes = plots.panels(1, 2, width=9.6, height=3.6)
for ax, name, path in zip(axes, ("You", "The course's walker"), (walked, descended)):
    title = f"{name}: altitude {path[-1].loss:.2f}"
    plots.walk_map(terrain, path, marks=marks, title=title, ax=ax)
plots.show(
    axes,
    alt="Both walks on the whole map. The course's ended on the floor of the eastern "
    "valley; the western valley, beyond a pass, is deeper.",
)

# %% [markdown]
# The course's walker stands in a **local minimum**: lower than everything near, but not
# lowest. From the inside, the two floors feel the same. Two more places can hold a
# walker up. On a **plateau** the ground is so flat that the steps hardly move. At a
# **saddle**, the top of a pass, it is level too, but the ground falls on two sides.
# (Your picture above has a plateau to walk on, and a canyon. Choose another landscape
# there, and the fog comes down again.)

# %%
start_on = {  # name: (landscape, start, learning rate, half of the map)
    "local minimum": (landscapes.two_valleys, (1.4, 0.8), 0.06, (1.8, 1.2)),
    "plateau": (landscapes.plateau, (5.5, 4.0), 0.5, (7, 5)),
    "saddle": (landscapes.two_valleys, (0.0754, 1.1), 0.1, (1.8, 1.2)),
}
axes = plots.panels(2, 3, width=9.6, height=5.6)
for (name, (land, start, rate, (x, y))), column in zip(start_on.items(), axes.T):
    steps = descent.gradient_descent(land, start, rate, steps=60)
    ground = descent.loss_grid(land, (-x, x), (-y, y))
    plots.walk_map(ground, steps, title=name, ax=column[0])
    heights = [walker.loss for walker in steps]
    plots.altitude_by_step(heights, lowest=ground.losses.min(), ax=column[1])
plots.show(
    axes,
    alt="Three walks and their altitudes over 60 steps. The first settles above the "
    "lowest point. The second hardly moves. The third stalls on a pass for a dozen "
    "steps, then falls into the deeper valley.",
)

# %% [markdown]
# Look at the third. Its altitude lies still for a dozen steps, as if training were
# over, and then it falls again. A loss that has stopped falling is not always a loss
# that is done. How to tell? Look around: probe a small ring of ground, and see whether
# it lies higher or lower than the middle.

# %% tags=["nbval-check-output"]
for name, n in {"local minimum": 60, "plateau": 60, "saddle": 18}.items():
    land, start, rate, _ = start_on[name]
    walker = descent.gradient_descent(land, start, rate, n)[-1]
    place = descent.classify_point(land, walker.position)
    print(f"{name:14} steepness {walker.gradient_norm:.3f}, all around: {place}")

# %% [markdown]
# With two parameters, a ring is easy to probe. With millions it is not, and nobody
# does. It matters less than one might fear: for a point to be a floor, the ground must
# rise in *every* direction, and with millions of directions most level places should be
# saddles, which have a way down (Dauphin and others, 2014, arXiv 1406.2572).

# %% [markdown]
# ## Step by step, the line finds its best fit
#
# Back to the houses, now with both parameters free. The landscape is real: $w$ to the
# east, $b$ to the north, and the loss of forty houses as the altitude. The loss is a
# mean of squares, so by the sum rule its slope is the mean of the slopes.
#
# **Exercise.** You have seen the chain rule for one house and for $w$. Write
# `mse_gradient` for all houses, and for $b$ as well: no nudges, only rules.


# %%
def mse_gradient(w, b, sizes, prices):
    """Return the slopes of the mean squared error for w and for b."""
    ...


exercise.mse_gradient.check(mse_gradient)

# %% [markdown]
# Then walk. We start from a line that says every house is free, $w = b = 0$, and nudge
# our way down. For a line the best answer can also be solved for exactly; that is
# called least squares, and NumPy has it. The walker knows nothing of it.

# %% tags=["nbval-check-output"]
w, b = 0.0, 0.0
for _ in range(600):
    slope_w, slope_b = finite_difference(house_loss, w, b)
    w, b = w - 0.2 * slope_w, b - 0.2 * slope_b

columns = np.stack([sizes, np.ones_like(sizes)], axis=1)  # (40, 2)
best_w, best_b = np.linalg.lstsq(columns, prices, rcond=None)[0]
print(f"600 steps      w {w:.6f}   b {b:.6f}   loss {house_loss(w, b):.6f}")
print(f"least squares  w {best_w:.6f}   b {best_b:.6f}")

# %% [markdown]
# The same line, to six digits, found by feeling the ground. In plain units: about 2,240
# euros for each square metre, on top of 69,600 euros. (The houses were made with 2,400
# and 60,000, and a lot of chance; forty houses cannot tell more.) The figure shows the
# line on its way.

# %%
path = descent.gradient_descent(house_loss, (0, 0), learning_rate=0.2, steps=600)
lines = {f"step {n}": path[n].position for n in (0, 1, 600)}
plots.show(
    plots.fitted_lines(sizes, prices, lines, best=(best_w, best_b)),
    alt="Forty houses as points, price against floor area. The line starts flat at "
    "zero, jumps up in one step, and ends on the dotted least-squares line.",
)

# %%
terrain = descent.loss_grid(house_loss, (-0.3, 3.5), (-0.4, 2.6))
marks = {"least squares": (best_w, best_b)}
names = ("w: price of 100 m² more", "b: price of no house at all")
title = "The same 600 steps, seen from above"
plots.show(
    plots.walk_map(terrain, path, marks=marks, names=names, title=title),
    alt="A long, narrow valley in the plane of w and b. The walker drops to its floor "
    "in two steps, then follows it slowly to the least-squares answer.",
)

# %% [markdown]
# Two things to notice. The steps shrink on their own, because the slope does: nobody
# told the walker to slow down. And most of the 600 steps creep along the floor of a
# narrow valley, where the slope is small. A longer stride would help there, and be
# thrown from wall to wall elsewhere. Notebook 03 is about that.

# %% [markdown]
# ## Who pays for a billion nudges?
#
# So far nudging was free. Now count. The unit is one **forward pass**: computing the
# loss once. Nudging each parameter up takes one pass for each, and one for the place
# where you stand.


# %%
def loss_of(params):
    calls.append(len(params))  # keep a note of every forward pass
    return (params**2).sum()


def nudge_each(f, params, nudge=1e-5):
    start, slopes = f(params), []
    for i in range(len(params)):
        nudged = params.copy()
        nudged[i] += nudge
        slopes.append((f(nudged) - start) / nudge)
    return np.array(slopes)


# %% tags=["nbval-check-output"]
for n_params in (2, 100, 4192):
    calls = []
    nudged = nudge_each(loss_of, np.ones(n_params))
    print(f"{n_params:5,} parameters: {len(calls):5,} forward passes")

# %% [markdown]
# 4,192 is no accident: that many parameters has the GPT that you will train in notebook
# 06, a very small one. The others in the figure are its famous relatives: GPT-2, with
# 1.5 billion (Radford and others, 2019), GPT-3, with 175 billion (Brown and others,
# 2020, arXiv 2005.14165), and the largest Llama 3.1, with 405 billion (Llama Team,
# 2024, arXiv 2407.21783).

# %%
counted = {"our line": (2, 3), "micro-GPT of notebook 06": (4192, 4193)}
models = {
    "GPT-2, 1.5 billion (2019)": 1.5e9,
    "GPT-3, 175 billion (2020)": 175e9,
    "Llama 3.1, 405 billion (2024)": 405e9,
}
ax = plots.passes_needed(counted, models)
plots.show(
    ax,
    alt="Forward passes against parameters, both axes logarithmic: a straight line. "
    "Counted here for 2 and 4,192 parameters; by the same rule, hundreds of "
    "billions of passes for the largest models.",
)

# %% [markdown]
# Hundreds of billions of forward passes, for **one** step. And a training run takes
# many thousands of steps. If nudging were the only way, there would be no large models.
#
# **Predict first.** `jax.grad` finds the same 4,192 slopes. How often does it call our
# function?

# %% tags=["nbval-check-output"]
calls = []
exact = jax.grad(loss_of)(np.ones(4192))
print(f"{len(exact):,} slopes, {len(calls)} call")
print(f"largest difference to the nudges: {np.abs(exact - nudged).max():.0e}")

# %% [markdown]
# Once. One call, every slope, and none of the error of a nudge. That looks like magic,
# and it is bookkeeping: the three rules of this page, applied in the right order.
# Notebook 04 opens the box.
#
# Last, the claim of this page as code. At twenty places drawn at random, the nudges
# agree with `jax.grad`, and a small step against the gradient goes down. And the walker
# found the least-squares line.

# %% tags=["claim", "nbval-check-output"]
land, rng = landscapes.two_valleys, np.random.default_rng(2)
for place in rng.uniform(-1.5, 1.5, (20, 2)):
    walker = descent.iterate_at(land, place)
    exact = jax.grad(land, argnums=(0, 1))(*place)
    assert np.allclose(walker.gradient, exact, atol=1e-6)
    assert descent.gradient_step(land, walker, 0.01).loss < walker.loss

fitted = descent.gradient_descent(house_loss, (0, 0), 0.2, steps=600)[-1].position
assert np.allclose(fitted, np.polyfit(sizes, prices, 1), atol=1e-6)
print("Nudges agree with jax.grad, every step went down, the line is the best one.")

# %% [markdown]
# ## Three sentences to remember
#
# - The gradient is a list of slopes, one for each parameter: how much the loss answers
#   when that parameter is nudged and the others stand still.
# - It points the steepest way up, at a right angle to the contour, so a small step
#   against it goes down.
# - A nudge finds any slope, but it costs a forward pass for each parameter, and it is
#   never quite exact.

# %% [markdown]
# ## Where next
#
# You can feel the slope; you do not know yet how far to step. Notebook 03 takes the
# same slope with strides of five lengths, from a crawl to an explosion. Notebook 04
# then answers the question left open here: how can one pass give every slope at once?
#
# Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
