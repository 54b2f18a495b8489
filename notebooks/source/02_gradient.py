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
# The walker stands on a mountain in thick fog. She wants to reach the valley, and she
# cannot see it. But she can feel the ground: she taps with one foot to the east, with
# the other to the north, and knows how it slopes where she stands. That is enough for
# one step down. Then she feels again.
#
# This is how neural networks learn. The altitude is the loss of notebook 01. The slope
# under her feet has a name, the **gradient**, and this notebook is about one question:
# **if I nudge this number, does the loss go up or down, and by how much?**

# %% [markdown]
# ## What you will be able to do
#
# - Measure the slope of any function with a nudge.
# - Find the slopes of sums, products and chains with three rules, and check them.
# - Read a gradient as an arrow: uphill along it, downhill against it, level across it.
# - Fit a line to data by walking downhill, and name three places that stop a walker.
# - Say what nudging costs when a model has billions of parameters.
#
# **Time:** 50 minutes, and about 35 more for the exercises; the optional sections take
# another 5.
#
# **Two-hour path:** *One nudge tells you which way is down*, *What can you know in the
# fog?*.
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
house_sizes, house_prices = np.array(load_houses()).T / 100  # 100 m², 100,000 euros


def house_loss(w, b):
    """Return the mean squared error of the line: price = w * size + b."""
    return ((w * house_sizes + b - house_prices) ** 2).mean()


# %% [markdown] tags=["path"]
# ## One nudge tells you which way is down
#
# Here are the forty houses of notebook 01 again. Two things are new. Sizes now count in
# hundreds of square metres and prices in hundreds of thousands of euros, which makes
# all numbers about as large as 1. And the line is written as
# $\text{price} = w \cdot \text{size} + b$. So $w$ is now the price of 100 m² more, and
# $b$ the price at size 0, where no house stands.
#
# Keep $b$ at 0.7 for now. Suppose someone set $w = 1$. How wrong is that, and should
# $w$ be larger or smaller? Try it: nudge $w$ up a little, and look at the loss.

# %% tags=["nbval-check-output"]
before = house_loss(1.0, 0.7)
after = house_loss(1.3, 0.7)
print(f"w = 1.0: loss {before:.3f}")
print(f"w = 1.3: loss {after:.3f}")
print(f"nudge +0.3, change in loss {after - before:+.3f}")

# %% [markdown]
# The loss went down, so $w$ should be larger. That is what the sign says. The size says
# more: divide the change in loss by the nudge, and you know how strongly the loss
# reacts to $w$ here. With a nudge of size $h$:
#
# $$\text{slope} \approx \frac{\text{loss}(w + h) - \text{loss}(w)}{h}$$
#
# A slope of −3 means that the loss falls by three for each unit that $w$ grows, as long
# as the slope stays the same.

# %%
ws = np.linspace(0, 4, 200)
curve = [house_loss(w, 0.7) for w in ws]
nudged = plots.Nudge(1.0, 1.3, before, after)
names = ("w: price of 100 m² more, 100,000 €", "loss, (100,000 €)²")
title = "A nudge, and how the loss reacts"
plots.show(
    plots.nudge(ws, curve, nudged, names=names, title=title),
    alt="The loss over w is a valley with its floor near 2.2. At w = 1, a nudge of 0.3 "
    "to the right makes the loss fall by about 0.9; a line through both points slopes "
    "down at about 3.",
)

# %% [markdown]
# This is called a **finite difference**: nudge, look, divide. It needs no formula and
# no theory, only a loss that you can compute twice. On the other side of the valley the
# same nudge would raise the loss, the slope would be positive, and $w$ should become
# smaller. The rule is the same on both sides: **move against the sign of the slope**.
#
# The blue line in the figure cuts through the curve. It shows the mean slope over the
# whole nudge, not the slope at the point. What happens when the nudge gets smaller?

# %% tags=["nbval-check-output"]
for nudge in (1.0, 0.1, 0.01, 0.001, 0.0001):
    rise = house_loss(1.0 + nudge, 0.7) - house_loss(1.0, 0.7)
    print(f"nudge {nudge:<7} slope {rise / nudge:.4f}")

# %% [markdown]
# The numbers settle near −3.59. This limit is the **derivative**: the slope of the
# curve at that one point. It is written $\frac{d\,\text{loss}}{dw}$. In the picture
# below, the blue line turns towards the dashed one, which only touches the curve.

# %%
ws = np.linspace(0.2, 3.8, 200)
curve = [house_loss(w, 0.7) for w in ws]
tangent = (house_loss(1.0001, 0.7) - house_loss(0.9999, 0.7)) / 0.0002
style = {"names": ("w, 100,000 €", "loss, (100,000 €)²"), "beside": False}
axes = plots.panels(1, 3, width=9.6, height=3.6)
for ax, h in zip(axes, (1.5, 0.8, 0.2)):
    nudged = plots.Nudge(1.0, 1.0 + h, house_loss(1.0, 0.7), house_loss(1.0 + h, 0.7))
    title = f"nudge {h}, slope {nudged.slope:.2f}".replace("-", "−")
    plots.nudge(ws, curve, nudged, tangent=tangent, title=title, ax=ax, **style)
plots.show(
    axes,
    alt="Three nudges of w, each smaller than the last. The line through both points "
    "turns towards the dashed line that touches the curve at w = 1.",
)

# %% [markdown]
# The helper `finite_difference` of the course nudges by 0.00001, once up and once down,
# and divides by the whole way, $2h$. An optional section near the end explains why it
# goes both ways, and why a smaller nudge would not be better.

# %% [markdown]
# ## Three rules save you the nudging
#
# For most functions the slope can be written down. A few basic slopes come first:
#
# | function | slope | why |
# |---|---|---|
# | a constant | $0$ | it does not change |
# | $c\,x$ | $c$ | a factor stretches every rise |
# | $x^n$ | $n\,x^{n-1}$ | by the product rule below: $x^2 = x \cdot x$, and so on |
# | $e^x$ | $e^x$ | $e = 2.718…$ is the number for which this is so |
# | $\ln x$ | $1 / x$ | it undoes $e^x$, so rise and run change places: $1 / e^{\ln x} = 1 / x$ |
# | $\tanh x$ | $1 - \tanh^2 x$ | an S-shaped curve; notebooks 04 and 05 use it |
#
# Larger functions are built from small pieces with three rules. In them, $u$ and $v$
# are things that depend on $x$, and $u'$, $v'$ are their slopes.
#
# - **Sum:** the slope of $u + v$ is $u' + v'$. The two changes add up.
# - **Product:** the slope of $u \cdot v$ is $u' v + u\,v'$.
# - **Chain:** the slope of $u(v(x))$ is $u'(v) \cdot v'(x)$. If $v$ moves three times
#   as fast as $x$, and $u$ twice as fast as $v$, then $u$ moves six times as fast as
#   $x$. Like gears, they multiply.
#
# Why is the product rule not simply $u' v'$? Draw the product as an area, and you see
# it.

# %%
plots.show(
    plots.product_rectangle(3.0, 1.8, 0.5, 0.35),
    alt="A rectangle u by v. When both sides grow a little, it gains a strip v times "
    "du on the right and a strip u times dv on top; the corner is tiny times tiny.",
)

# %% [markdown]
# The area gains two strips, one for each side that grew. The corner is a small number
# times a small number. If both sides grow by 0.001, it is a millionth: still next to
# nothing after we divide by the nudge, so it vanishes from the slope.
#
# Never trust a rule that you have not checked with a nudge. Here they are side by side,
# at $x = 1.5$.

# %% tags=["nbval-check-output"]
x, exp = 1.5, math.exp
rules = {  # name: (the function, its slope at x by the rule)
    "power    x^2": (lambda x: x**2, 2 * x),
    "log      ln x": (math.log, 1 / x),
    "tanh     tanh x": (math.tanh, 1 - math.tanh(x) ** 2),
    "sum      x^2 + e^x": (lambda x: x**2 + exp(x), 2 * x + exp(x)),
    "product  x^2 * e^x": (lambda x: x**2 * exp(x), 2 * x * exp(x) + x**2 * exp(x)),
    "chain    e^(x^2)": (lambda x: exp(x**2), exp(x**2) * 2 * x),
}
for name, (function, by_rule) in rules.items():
    (nudged,) = finite_difference(function, x)
    print(f"{name:20} by rule {by_rule:9.5f}   nudged {nudged:9.5f}")

# %% [markdown]
# Now the case that matters. For one house, the loss of the line is
# $(w \cdot \text{size} + b - \text{price})^2$. Read it from the inside: first the error,
# $\text{error} = w \cdot \text{size} + b - \text{price}$, then its square. When $w$
# moves, the error moves $\text{size}$ times as far. When the error moves, its square
# moves $2 \cdot \text{error}$ times as far. By the chain rule,
#
# $$\frac{d\,\text{loss}}{dw} = 2 \cdot \text{error} \cdot \text{size}$$
#
# There is a third way. JAX is an array library that knows these rules and follows them
# through a function that you write. `jax.grad` takes a function and returns another
# one: its slope.

# %% tags=["nbval-check-output"]
size, price, b = 1.2, 3.1, 0.7  # one house, and the height of the line


def one_house(w):
    return (w * size + b - price) ** 2


print(f"by the chain rule  {2 * (1.0 * size + b - price) * size:.12f}")
print(f"by a nudge         {finite_difference(one_house, 1.0)[0]:.12f}")
print(f"by jax.grad        {jax.grad(one_house)(1.0):.12f}")

# %% [markdown]
# `jax.grad` gives what the rule gives, to the last digit shown. The nudge comes close,
# and its last digits are off, because a computer rounds every number. How `jax.grad`
# does it is the subject of notebook 04, where you build one yourself.

# %% [markdown]
# ## The gradient points straight uphill
#
# On a map there are two numbers to nudge: $x$, how far to the east, and $y$, how far to
# the north. Hold $y$ still and nudge $x$: that is the slope to the east. Hold $x$ still
# and nudge $y$: the slope to the north. Put the slopes in a list, one for each number,
# and you have the **gradient**, written $\nabla \text{loss}$.
#
# Our practice ground is a landscape with two valleys. Its altitude is
# $(x^2 - 1)^2 + 0.3\,x + y^2$.

# %% tags=["nbval-check-output"]
place = (0.5, 0.8)
gradient = np.array(finite_difference(landscapes.two_valleys, *place))
exact = jax.grad(landscapes.two_valleys, argnums=(0, 1))(*place)
print(f"nudged:   east {gradient[0]:+.6f}   north {gradient[1]:+.6f}")
print(f"jax.grad: east {exact[0]:+.6f}   north {exact[1]:+.6f}")

# %% [markdown]
# At this place the ground falls to the east and rises to the north.
#
# **Exercise.** Write `numerical_gradient`, for any number of parameters. It gets a
# function `f` of a list of numbers; `point`, such a list; and `nudge`, the size of the
# nudge. It returns the list of slopes at `point`: each number is nudged up and down,
# while the others stand still. Stuck? `exercise.numerical_gradient.hint()`.


# %%
def numerical_gradient(f, point, nudge):
    """Return the slope of f for each number of the point, nudged up and down."""
    ...


exercise.numerical_gradient.check(numerical_gradient)

# %% [markdown]
# You can draw this list as an **arrow**: so far to the east, so far to the north. What
# does the arrow show? Take one short step from the same place in each of 3,600
# directions, and note how much the altitude changes.
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

# %% [markdown]
# The steepest way up lies *along* the gradient, here at 127°, counted from the east.
# The steepest way down lies *against* it, and level ground *across* it, at 37° and
# 217°. The **dot product** says the same in one line. A small step, $s_x$ to the east
# and $s_y$ to the north, changes the altitude by
#
# $$\nabla \text{loss} \cdot s = \frac{\partial\,\text{loss}}{\partial x}\, s_x
# + \frac{\partial\,\text{loss}}{\partial y}\, s_y
# = \text{steepness} \cdot \text{length of the step} \cdot \cos(\text{angle})$$
#
# Here *steepness* is the length of the gradient arrow. The curly $\partial$ says that
# the other number stands still. The angle is the one between gradient and step. Its
# cosine is the wave in the figure: 1 when both point the same way, 0 at a right angle,
# and −1 when they are opposite.
#
# On a map, level ground runs along the contour lines. So the gradient should cross each
# contour at a right angle.

# %%
terrain = descent.loss_grid(landscapes.two_valleys, (-1.8, 1.8), (-1.2, 1.2))
xs, ys = (-1.39, -0.48, -0.21, 0.38, 0.72, 1.3), (-0.63, 0, 0.63)
places = [(x, y) for x in xs for y in ys]
slopes = [finite_difference(landscapes.two_valleys, *place) for place in places]
levels = [-0.2, 0.05, 0.45, 0.85, 1.25, 2, 3]
title = "Each arrow is a gradient: uphill, at a right angle to its contour"
plots.show(
    plots.gradient_arrows(terrain, places, slopes, levels=levels, title=title),
    alt="A map of two valleys with contour lines. Blue arrows point uphill everywhere, "
    "each at a right angle to the contour it starts on; they are long where contours "
    "are close and short near the valley floors and the pass.",
)

# %% [markdown]
# The arrows are long where the contours lie close together, and short near the floors
# of the valleys and near the pass between them. In the whole course **a blue arrow is a
# gradient and points uphill; an orange arrow is a step of the walker and points
# downhill.** To get the step, turn the gradient around. That is **gradient descent**.
#
# Now a place where the answer may surprise you. A walker stands in a canyon, at
# (2, 0.4) on $(x^2 + 25 y^2) / 2$. The cross marks the lowest point.
#
# **Exercise, and predict first:** which of the eight directions is nearest to the step
# of gradient descent? Decide by looking, then compute the two slopes, then check.

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

# %% [markdown] tags=["path"]
# ## What can you know in the fog?
#
# The gradient tells the steepest way down from here. It does not tell where the lowest
# point is, and the walker does not know it either.

# %%
plots.show(
    plots.mountain(labels=("altitude", "slope", "step", "fog")),
    alt="The walker on the side of a mountain in fog. A blue arrow at her feet points "
    "uphill, the gradient; an orange one points downhill, her next step.",
)

# %% [markdown]
# A map is a luxury. For each of ours we computed the loss at ten thousand places, a
# hundred values for each of two parameters. For a thousand parameters that would be a
# 1 with 2,000 zeros: no computer can do it. Learning happens without a map. All that
# the walker has is what she feels where she stands.
#
# Be the walker. Each letter of `my_walk` is a step of 0.2 to the north, east, south or
# west. Run the cell, look at the arrows (blue is the gradient, orange the way down),
# add letters, run it again. How low can you get?

# %%
my_walk = "s w w s"  # your letters here
walked = descent.compass_steps(landscapes.two_valleys, (1.4, 0.8), my_walk, 0.2)
terrain = descent.loss_grid(landscapes.two_valleys, (-1.8, 1.8), (-1.2, 1.2))
title = f"Altitude {walked[-1].loss:.2f} after {walked[-1].step} steps"
plots.show(
    plots.walk_map(terrain, walked, fog=1.0, arrow=0.3, uphill=True, title=title),
    alt="A map hidden by fog, but for a small disc around the walker. Four steps "
    "lead to her; a blue arrow points uphill, an orange one downhill.",
)

# %% [markdown]
# Easier: click the ground for a step that way, or use the arrow keys (Tab reaches the
# buttons). "Undo" takes a step back. The line below the figure says what you
# feel. Go on until the ground is higher all around you. Do not lift the fog yet.

# %%
widgets.walk_in_fog()

# %% [markdown]
# Gradient descent does not choose among four letters. It steps straight against the
# gradient, and the steeper the ground, the longer the step. Write $\theta$ (theta) for
# all parameters together, here the position, and $\eta$ (eta) for the **learning
# rate**, which sets the stride:
#
# $$\theta \leftarrow \theta - \eta\, \nabla \text{loss}(\theta)$$
#
# In words: the new parameters are the old ones, less the learning rate times the
# gradient. Notebook 03 is about this rate; here it is a small number that works.
#
# **Exercise.** Write `gradient_descent_step`: from a list of parameters, the list of
# their slopes and a learning rate, make the new list of parameters.


# %%
def gradient_descent_step(params, grads, learning_rate):
    """Return new parameters, one step downhill."""
    ...


exercise.gradient_descent_step.check(gradient_descent_step)

# %% [markdown]
# Let the rule walk, from the same start as yours, with a learning rate of 0.06.

# %% tags=["nbval-check-output"]
descended = descent.gradient_descent(landscapes.two_valleys, (1.4, 0.8), 0.06, steps=30)
for n in (0, 3, 10, 30):
    walker = descended[n]
    print(
        f"step {n:2}: altitude {walker.loss:.2f}, steepness {walker.gradient_norm:.3f}"
    )

# %% [markdown]
# After thirty steps the ground is almost level, and the walker has every reason to
# think that she has arrived.
#
# **Predict first.** Has she? And have you, on your own walk? Then lift the fog: run the
# next cell, and press *lift the fog* in the figure above.

# %%
marks = {"altitude 0.29": (0.96, 0), "altitude −0.31": (-1.036, 0)}
axes = plots.panels(1, 2, width=9.6, height=3.6)
for ax, name, path in zip(axes, ("You", "Gradient descent"), (walked, descended)):
    title = f"{name}: altitude {path[-1].loss:.2f}"
    plots.walk_map(terrain, path, marks=marks, title=title, ax=ax)
plots.show(
    axes,
    alt="Both walks on the whole map. Gradient descent ended on the floor of the "
    "eastern valley; the western valley, beyond a pass, is deeper.",
)

# %% [markdown]
# Gradient descent stopped in a **local minimum**: lower than everything near it, but
# not the lowest place. In the fog the two valley floors feel the same. Two more places
# can hold a walker up. On a **plateau** the ground is so flat that the steps are tiny.
# At a **saddle**, the top of a pass, the ground is level too, but it falls on two
# sides.

# %%
start_on = {  # name: (landscape, start, learning rate, half of the map)
    "local minimum": (landscapes.two_valleys, (1.4, 0.8), 0.06, (1.8, 1.2)),
    "plateau": (landscapes.plateau, (5.5, 4.0), 0.5, (7.2, 4.8)),
    "saddle": (landscapes.two_valleys, (0.0754, 1.1), 0.1, (1.8, 1.2)),
}
axes = plots.panels(2, 3, width=9.6, height=5.4)
for (name, (land, start, rate, (x, y))), column in zip(start_on.items(), axes.T):
    steps = descent.gradient_descent(land, start, rate, steps=60)
    ground = descent.loss_grid(land, (-x, x), (-y, y))
    plots.walk_map(ground, steps, title=name, ax=column[0])
    heights = [walker.loss for walker in steps]
    low, limits = ground.losses.min(), (-0.7, 2.4)
    plots.altitude_by_step(heights, lowest=low, limits=limits, ax=column[1])
plots.show(
    axes,
    alt="Three walks and their altitudes over 60 steps. The first settles above the "
    "lowest point. The second hardly moves. The third stalls on a pass for a dozen "
    "steps, then falls into the deeper valley.",
)

# %% [markdown]
# Look at the third walk. Its altitude stays the same for a dozen steps, as if training
# were over, and then it falls again. So a loss that has stopped falling need not be at
# its lowest. (The interactive figure above has a plateau and a canyon as well. Choose
# another landscape there, and the fog comes down again.)
#
# How bad is this in a real network? There is a rule of thumb, no more. At a valley
# floor the ground must rise in *every* direction. With millions of directions that
# should be rare, so most level places should be saddles, which have a way down (Dauphin
# and others, 2014, arXiv 1406.2572). Still, plateaus and poor minima do occur, and
# people restart such runs from another random start or change the learning rate.

# %% [markdown]
# ## Step by step, the line finds its best fit
#
# Back to the houses, now with both parameters free. This landscape comes from real
# parameters: $w$ to the east, $b$ to the north, and the loss of forty houses as the
# altitude. The loss is a mean of squares, so by the sum rule its slope is the mean of
# the slopes.
#
# **Exercise.** You have seen the chain rule for one house and for $w$. Write
# `mse_gradient` for all houses, and for $b$ as well. `sizes` and `prices` are NumPy
# arrays. Use the rules, no nudges.


# %%
def mse_gradient(w, b, sizes, prices):
    """Return the slopes of the mean squared error for w and for b."""
    ...


exercise.mse_gradient.check(mse_gradient)

# %% [markdown]
# Then walk. We start from a line that says every house is free, $w = b = 0$, and nudge
# our way down. For a line there is also an exact solution, called least squares, and
# NumPy can compute it. The walker knows nothing of it.

# %% tags=["nbval-check-output"]
w, b = 0.0, 0.0
for _ in range(600):
    slope_w, slope_b = finite_difference(house_loss, w, b)
    w, b = w - 0.2 * slope_w, b - 0.2 * slope_b

columns = np.stack([house_sizes, np.ones_like(house_sizes)], axis=1)  # (40, 2)
best_w, best_b = np.linalg.lstsq(columns, house_prices, rcond=None)[0]
print(f"600 steps      w {w:.6f}   b {b:.6f}   loss {house_loss(w, b):.6f}")
print(f"least squares  w {best_w:.6f}   b {best_b:.6f}")

# %% [markdown]
# The same line, to six digits, found by feeling the ground. In plain units: about 2,240
# euros for each square metre, on top of 69,600 euros. (The data were made by a formula
# with 2,400 and 60,000 and a large random part. Forty houses are too few to recover
# these numbers exactly.)

# %%
path = descent.gradient_descent(house_loss, (0, 0), learning_rate=0.2, steps=600)
lines = {f"step {n}": path[n].position for n in (0, 1, 600)}
plots.show(
    plots.fitted_lines(house_sizes, house_prices, lines, best=(best_w, best_b)),
    alt="Forty houses as points, price against floor area. The line starts flat at "
    "zero, jumps up in one step, and ends on the dotted least-squares line.",
)

# %%
terrain = descent.loss_grid(house_loss, (-0.3, 3.5), (-0.4, 2.6))
marks = {"least squares": (best_w, best_b)}
names = ("w: price of 100 m² more, 100,000 €", "b: price at size 0, 100,000 €")
title = "The same 600 steps, seen from above"
plots.show(
    plots.walk_map(terrain, path, marks=marks, names=names, title=title),
    alt="A long, narrow valley in the plane of w and b. The walker drops to its floor "
    "in two steps, then follows it slowly to the least-squares answer.",
)

# %% [markdown]
# Two things to notice. The steps become shorter by themselves, because the slope
# becomes smaller. And most of the 600 steps creep along the floor of a narrow valley.
#
# The valley is narrow because $b$ is the price at size 0, far from all the houses. If
# $w$ goes up a little and $b$ down a little, the line hardly moves where the houses
# are, and the loss hardly changes. Notebook 03 measures sizes from 100 m², near the
# middle of the houses, and there the valley is almost round. It also says more about
# narrow valleys.

# %% [markdown]
# ## How small may a nudge be? (optional)
#
# This section is for those who will use finite differences themselves, for instance to
# check a formula. So far, the smaller the nudge, the better the slope. And nudging both
# up and down is better than up alone: what the bend of the curve adds on one side, it
# takes off on the other.
#
# To see the error of both, take a function whose slope is known: $x^3$, the volume of a
# cube, with the slope $3x^2$.
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
# Two effects work against each other. On the right it is the *curve*: it bends away
# from the line, so a large nudge gives a wrong slope. On the left it is the *computer*:
# it keeps about 16 digits of each number. When $h$ is tiny, the two values agree in
# nearly all of them. The subtraction removes those, and what is left is mostly
# **round-off**, which then gets divided by a tiny $h$ and becomes large.
#
# See it for yourself: drag the orange mark along its curve. The left picture is a
# magnifier: it shows every nudge at the same size. **Predict first:** what will the
# curve look like at $10^{-15}$?

# %%
widgets.nudge_size()

# %% [markdown]
# First the curve straightens, and near $10^{-15}$ it falls apart into steps: between
# two neighbouring numbers that the computer can hold there is nothing. At $10^{-16}$
# nothing moves at all, and the slope comes out as 0. That is why the course nudges up
# and down by $10^{-5}$: near the bottom of the V.

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
# Why 4,192? The small GPT of notebook 06 has exactly that many parameters. The others
# in the figure are its famous relatives: GPT-2, with 1.5 billion (Radford and others,
# 2019), GPT-3, with 175 billion (Brown and others, 2020, arXiv 2005.14165), and the
# largest Llama 3.1, with 405 billion (Llama Team, 2024, arXiv 2407.21783).

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
# Once. Behind that one call there is more work than a single forward pass: JAX records
# the forward pass and then goes through the record once backward. Notebook 04 measures
# what that costs: about as much as one or two more forward passes, however many
# parameters there are. It looks like magic, and it is bookkeeping: the rules of this
# page, applied in the right order. Notebook 04 shows how.
#
# Finally, the claims of this page as code. At twenty random places, the nudges agree
# with `jax.grad`, a small step against the gradient goes down, and a small step across
# it changes the altitude far less. And the walker finds the least-squares line.

# %% tags=["claim", "nbval-check-output"]
land, rng = landscapes.two_valleys, np.random.default_rng(2)
for place in rng.uniform(-1.5, 1.5, (20, 2)):
    walker = descent.iterate_at(land, place)
    exact = jax.grad(land, argnums=(0, 1))(*place)
    assert np.allclose(walker.gradient, exact, atol=1e-6)
    assert descent.gradient_step(land, walker, 0.01).loss < walker.loss
    east, north = 1e-4 * np.array(walker.gradient) / walker.gradient_norm
    along = land(place[0] + east, place[1] + north) - walker.loss
    across = land(place[0] - north, place[1] + east) - walker.loss
    assert abs(across) < abs(along) / 10

fitted = descent.gradient_descent(house_loss, (0, 0), 0.2, steps=600)[-1].position
assert np.allclose(fitted, np.polyfit(house_sizes, house_prices, 1), atol=1e-6)
print("Nudges agree with jax.grad, every step went down, the line is the best one.")

# %% [markdown]
# ## Three sentences to remember
#
# - The gradient is a list of slopes, one for each parameter: how much the loss changes
#   when that parameter is nudged and the others stand still.
# - It points the steepest way up, at a right angle to the contour, so a small step
#   against it goes down.
# - A nudge finds any slope, but it costs a forward pass for each parameter, and it is
#   only nearly exact.

# %% [markdown]
# ## Where next
#
# You can feel the slope, and you do not know yet how far to step. Notebook 03 walks
# down one slope with strides of five lengths, from a crawl to an explosion. Notebook 04
# then answers the question left open here: how can one pass give every slope at once?
#
# Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
