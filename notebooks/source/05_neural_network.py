# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 05 · What is a neuron, and why did deep networks refuse to learn?
#
# The walker in the fog has an altimeter, the loss. It has a way to feel the slope of
# every joint at once, autograd. What it does not have yet is a body. In this notebook
# it gets one: **neurons**, set side by side in layers, and layers one behind the other.
#
# Such networks were drawn on paper in 1943, by McCulloch and Pitts. Deep ones could
# hardly be trained until about 2010. The slope died on its way back through the layers.
# You will measure how, and what put it right.

# %% [markdown]
# ## What you will be able to do
#
# - Take a neuron apart: inputs, weights, sum, threshold, output.
# - Run a network forward by hand, train it with your own kind of engine, and show that
#   JAX takes the very same steps.
# - Measure how a gradient fades with depth, and name the two things that keep it alive.
# - Tell from two curves whether a network learns, memorises, or stands still.
#
# **Time:** 55 minutes, and about 30 more for the four exercises.
#
# Run the setup cell first. After it, each section runs on its own.

# %% tags=["setup"]
import inspect
import random
import timeit
from functools import partial

import jax
import numpy as np

from course_lib import array, plots, scalar, widgets
from course_lib.data.moons import two_moons
from course_lib.exercises import neural_network as exercise
from course_lib.lessons.mlp import gradient_norms, init_deep_mlp, mlp_loss, train_mlp
from course_lib.optimizers import adam, apply_updates, sgd

points, labels = two_moons(np.random.default_rng(0), 100)
unseen = two_moons(np.random.default_rng(1), 1000)
across, up = np.linspace(-2, 3, 64), np.linspace(-1.5, 2, 48)
places = np.stack(np.meshgrid(across, up), axis=-1)  # (48, 64, 2)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def scalar_loss(model):
    pairs = zip(points.tolist(), labels.tolist(), strict=True)
    costs = [scalar.cross_entropy(model(x), label) for x, label in pairs]
    return sum(costs[1:], costs[0]) / len(costs)


@partial(jax.jit, static_argnames="activation")
def chance(params, inputs, activation="tanh"):
    """Return a network's probability of label 1, for inputs (..., 2)."""
    return jax.nn.softmax(array.mlp(params, inputs, activation))[..., 1]


# %% [markdown]
# ## A neuron weighs its inputs and takes a side
#
# A **neuron** is a small vote. Each input $x_i$ is a number. Each has a **weight**
# $w_i$: how much it counts, and in which direction. The products are added up, and with
# them a **bias** $b$, which says how ready the neuron is before it has heard anything:
#
# $$z = w_1 x_1 + w_2 x_2 + \dots + b$$
#
# Then comes a **threshold**, a soft one: the sigmoid $\sigma$ of notebook 01 makes a
# number between 0 and 1 of the sum. Here is a neuron that watches for spam. It reads
# how much a message speaks of money, presses for haste, and sounds like a friend.

# %%
inputs, weights, bias = [0.9, 0.4, 0.2], [2.0, 1.5, -3.0], -1.0
z = sum(w * x for w, x in zip(weights, inputs, strict=True)) + bias
names = ["money", "haste", "friend"]
plots.show(
    plots.neuron_anatomy(inputs, weights, bias, z, sigmoid(z), names=names),
    alt="A neuron: inputs, weights, a bias, their sum 0.8, a threshold, output 0.69.",
)

# %% [markdown]
# Read it from left to right. Money speaks for spam, haste too, a friendly tone against
# it. What is orange can be learned: three weights and a bias. This is the spam model of
# notebook 01, where one weight served all clues.
#
# ### Exercise: a neuron
#
# Write it for any number of inputs, without NumPy if you like.


# %%
def neuron(inputs, weights, bias):
    """Return the sigmoid of the weighted sum of the inputs, bias included."""
    ...


exercise.neuron.check(neuron)

# %% [markdown]
# What do $w$ and $b$ do? Take one input, and turn one dial at a time. A dot marks the
# **threshold**: where the output passes one half, which is where $w x + b = 0$.

# %%
x = np.linspace(-4, 4, 201)
left, right = plots.panels(1, 2, width=9, height=3.3)
sharper = {f"w = {w}".replace("-", "−"): sigmoid(w * x) for w in (0.5, 1, 4, -4)}
plots.neuron_curves(x, sharper, "the weight: how sharply, and which way", ax=left)
shifted = {f"b = {b}".replace("-", "−"): sigmoid(4 * x + b) for b in (-8, 0, 8)}
plots.neuron_curves(x, shifted, "the bias: where (w = 4)", ax=right)
plots.show(
    left,
    alt="Left: output against input for four weights; larger ones are steeper, a "
    "negative one falls. Right: three biases shift the threshold to 2, 0 and -2.",
)

# %% [markdown]
# Now turn the dials yourself. **Predict first.** You want a neuron that says 1 for small
# $x$ and 0 for large, and changes its mind at $x = 1$: which sign has $w$, which $b$?

# %%
widgets.neuron()

# %% [markdown]
# The sum is a straight line, and the threshold bends it. It is passed at $x = -b/w$, so
# any $w$ below 0 with $b = -w$ will do; the larger both are, the firmer the change.
#
# With two inputs, the places where $z = 0$ form a straight line. On one side of it the
# neuron says *more likely 1*, on the other *more likely 0*. The weights are an arrow
# that stands upright on the line and points to the side of 1.
#
# **Predict first.** The first panel shows a neuron with $w = (1, -2)$ and $b = 0.3$. In
# the second all three numbers are doubled. Does the line turn, move, or stay?

# %%
settings = [((1, -2), 0.3), ((2, -4), 0.6), ((1, -2), -1.5)]
titles = ["w = (1, −2), b = 0.3", "all three doubled", "b = −1.5"]
axes = plots.panels(1, 3, width=9.6, height=2.9)
for ax, (w, b), title in zip(axes, settings, titles, strict=True):
    sides = across, up, sigmoid(places @ np.array(w) + b), points, labels
    plots.decision_map(*sides, title, weights=w, bias=b, small=True, ax=ax)
plots.show(
    axes,
    alt="Three maps of what one neuron says. A straight line parts the plane. Doubling "
    "all numbers keeps the line and sharpens it; another bias shifts it.",
)

# %% [markdown]
# The line stays. Doubling makes the neuron more certain on both sides, no more. So the
# *direction* of the weights turns the line, the bias shifts it, and the *length* of the
# weights says how sure the neuron is. Whatever you do, it remains straight.
#
# Try to part the points with it. How many are left on the wrong side at best? And does
# another threshold, tanh or ReLU, move the line? Say so before you choose it.

# %%
widgets.neuron_line()

# %% [markdown]
# Some points stay circled, however you turn the line. The threshold changes the colours
# and never the line: that is where the *sum* is 0.

# %% [markdown]
# ## Can one neuron part two moons?
#
# The points in the pictures are our data: a hundred of them, on two half circles that
# reach into each other, each shifted a little by chance. A point has two inputs and a
# label, 0 for the upper moon and 1 for the lower.
#
# **Predict first.** The best neuron there is: what share of the points will it get
# right? We train one by plain descent. The slope of the cross-entropy for $z$ is a
# subtraction, output minus label, as you saw in notebook 04.

# %% tags=["nbval-check-output"]
w, b = np.zeros(2), 0.0
for _ in range(2000):
    blame = (sigmoid(points @ w + b) - labels) / len(labels)  # slope for each z
    w, b = w - points.T @ blame, b - blame.sum()  # learning rate 1

share = np.mean((points @ w + b > 0) == labels)
print(f"w = ({w[0]:.2f}, {w[1]:.2f}), b = {b:.2f}: {share:.0%} right")

# %%
said = sigmoid(places @ w + b)
plots.show(
    plots.decision_map(across, up, said, points, labels, "the best single neuron"),
    alt="Two moons of points and the straight line of the best neuron: it cuts off the "
    "inner tips of both moons.",
)

# %% [markdown]
# Good, and stuck. The tips of the moons lie on the wrong side, and no straight line
# will have them. What helps is a second row of neurons that votes on the answers of the
# first. Each neuron of the first **layer** draws a line of its own. The next layer
# reads *on which side of each line are we?* and combines that.
#
# Such a network is called a multilayer perceptron, **MLP**. Here is one that is small
# enough to read every number. The layers between inputs and scores are called *hidden*.

# %%
small = scalar.MLP(2, [4, 4, 2], random.Random(3))
values, matrices = [[0.5, -0.2]], []
for layer in small.layers:
    values.append([output.data for output in layer(values[-1])])
    matrices.append([[w.data for w in neuron.weights] for neuron in layer.neurons])
titles = ["2 inputs", "4 neurons", "4 neurons", "2 scores"]
plots.show(
    plots.layer_diagram(values, matrices, titles),
    alt="A network of two inputs, two hidden layers of four neurons and two scores. "
    "Every neuron is joined to all of the layer before; each shows its output.",
)

# %% [markdown]
# Read it from left to right: this is the **forward pass**. A thick line is a large
# weight, a dashed one is negative. Two things differ from our first neuron. The
# threshold is $\tanh$, which runs from −1 to 1, so that a neuron can also say *no*. And
# the last layer has none: it gives one score for each label, and softmax makes
# probabilities of them.
#
# In the package this is three short methods, one inside the other. `dots` is the sum of
# products, for every neuron of a layer.

# %%
for method in (scalar.Neuron.activate, scalar.Layer.__call__, scalar.MLP.__call__):
    head, _, body = inspect.getsource(method).split('"""')
    print(f"{method.__qualname__}\n{head.rstrip()}{body.partition('  #')[0]}\n")

# %% [markdown]
# Why the threshold at all? Leave it out, and look what becomes of two layers.

# %% tags=["nbval-check-output"]
rng = np.random.default_rng(0)
first, second = rng.normal(size=(4, 2)), rng.normal(size=(2, 4))
one_layer = second @ first  # (2, 2)

x = np.array([0.5, -0.2])
print("two layers:", np.round(second @ (first @ x), 4))
print("one layer: ", np.round(one_layer @ x, 4))

# %% [markdown]
# Without a bend between them, two layers are one, and a hundred layers are one as well.
# A line of a line is a line. The threshold is what makes depth worth having, and we
# will come back to its shape.
#
# ### Exercise: the forward pass
#
# Write the forward pass for layers given as pairs of weights and biases.


# %%
def mlp_forward(layers, inputs):
    """Return the scores of the last layer; all others squash their sums with tanh."""
    ...


exercise.mlp_forward.check(mlp_forward)

# %% [markdown]
# ## Training bends the line
#
# Our network has two hidden layers of 16 neurons. All that it will ever know stands in
# its parameters: they are its knots of knowledge. At the start they are drawn by
# chance. What does such a network answer? Ask not one, but 300 of them.
#
# **Predict first.** Will each be right for about half of the points? Or some for nearly
# all, and some for nearly none?


# %% tags=["nbval-check-output"]
def untrained(seed):
    return array.init_mlp(np.random.default_rng(seed), 2, [16, 16, 2])


chances = [chance(untrained(seed), points) for seed in range(300)]
shares = np.mean((np.array(chances) > 0.5) == labels, axis=1)  # (300,)
print(f"shares right from {min(shares):.0%} to {max(shares):.0%}")
print(f"mean of 300 networks: {shares.mean():.0%}")

# %%
plots.show(
    plots.shares_of_right(shares),
    alt="How often 300 untrained networks are right: anything from a tenth to nine "
    "tenths, spread evenly around a mean of one half.",
)

# %% [markdown]
# On average they flip a coin. A single one is an opinion without knowledge: it draws
# some line, and whether the moons happen to lie on its proper sides is luck.
#
# Now the walk. Each step is the one you know: forward, loss, backward, update, with
# every number a `Value`. `scalar_loss`, in the setup cell, is the mean cross-entropy of
# notebook 01, and `adam_update` the Adam of notebook 03. We keep the weights of six
# moments.

# %%
model = scalar.MLP(2, [16, 16, 2], random.Random(2))
params = model.parameters()
state, moments = scalar.adam_init(params), {}
for step in range(61):
    loss = scalar_loss(model)
    if step in (0, 5, 10, 20, 40, 60):
        moments[step] = loss.data, array.mlp_from_scalar(model)
    loss.backward()
    state = scalar.adam_update(params, state, learning_rate=0.03)

# %% [markdown]
# **Predict first.** Which shape does the border take on its way: does it bend a little
# more at every step, or does something else come first?

# %%
axes = plots.panels(2, 3, width=9.6, height=5.4)
for ax, (step, (loss, weights)) in zip(axes.flat, moments.items(), strict=True):
    share = np.mean((chance(weights, points) > 0.5) == labels)
    title = f"step {step}: loss {loss:.2f}, {share:.0%} right"
    said = chance(weights, places)
    plots.decision_map(across, up, said, points, labels, title, small=True, ax=ax)
plots.show(
    axes,
    alt="Six maps during training. The border starts in a random place, becomes a "
    "straight line between the moons, then bends round their tips.",
)

# %% [markdown]
# Here is the whole walk, a step at a time, in networks of three sizes. **Predict first.**
# With only 4 neurons in a layer, or 2: will the border still get round the tips? Press
# play, and watch the loss as the border begins to bend.

# %%
widgets.decision_boundary()

# %% [markdown]
# First the network finds the straight line, as the single neuron did; that is the steep
# part of the walk. Then the line begins to bend, and in the end it follows the moons.
# With 4 neurons it rests on a plateau before it finds the bend; with 2 it is still
# there after 160 steps.
#
# Nobody told it that there are moons. And the bend is not painted freely: it is put
# together from the lines of the first layer. Here is each of its 16 neurons, where its
# own $z$ is 0.

# %%
last = moments[60][1]
weights, bias = np.asarray(last["layer0.weights"]), np.asarray(last["layer0.bias"])
ax = plots.decision_map(across, up, chance(last, places), points, labels)
plots.neuron_lines(across, up, places @ weights.T + bias, ax=ax)
plots.show(ax, alt="The bent border, and the straight lines of 16 neurons across it.")

# %% [markdown]
# ## JAX takes the same steps in a fraction of the time
#
# The twin in `course_lib.array` holds a whole layer in one matrix, and sends all points
# through it in one multiplication. Same names, same order, no loop over neurons.

# %%
head, _, body = inspect.getsource(array.mlp).split('"""')
print(head.rstrip() + body)

# %% [markdown]
# Is it the same network? Put the same weights into both, then compare the loss and the
# slope of every one of the 354 parameters.

# %% tags=["nbval-check-output"]
model = scalar.MLP(2, [16, 16, 2], random.Random(2))
start = array.mlp_from_scalar(model)
by_hand, by_jax = scalar_loss(model), mlp_loss(start, points, labels)
print(f"loss by hand {by_hand.data:.5f}, by JAX {by_jax:.5f}")

by_hand.backward()
grads = jax.jit(jax.grad(mlp_loss))(start, points, labels)
layers = (
    np.column_stack([grads[f"layer{i}.weights"], grads[f"layer{i}.bias"]])
    for i in (0, 1, 2)
)
twins = np.concatenate([layer.ravel() for layer in layers])
gaps = np.abs(twins - [p.grad for p in model.parameters()])
assert gaps.max() < 5e-7
print(f"{len(gaps)} slopes, equal to six decimals")

# %% [markdown]
# Now ten steps of Adam with each. The scalar engine counts in 64 bits and JAX, unless
# told otherwise, in 32, so we ask for five decimals.


# %%
optimizer = adam(0.03)


def step(params, opt_state):
    loss, grads = jax.value_and_grad(mlp_loss)(params, points, labels)
    updates, opt_state = optimizer.update(grads, opt_state)
    return apply_updates(params, updates), opt_state, loss


compiled = jax.jit(step)

# %% tags=["nbval-check-output"]
model = scalar.MLP(2, [16, 16, 2], random.Random(2))
state = scalar.adam_init(model.parameters())
params, opt_state = array.mlp_from_scalar(model), optimizer.init(start)
for number in range(10):
    loss = scalar_loss(model)
    loss.backward()
    state = scalar.adam_update(model.parameters(), state, learning_rate=0.03)
    params, opt_state, twin = compiled(params, opt_state)
    assert abs(loss.data - twin) < 5e-6
    if number in (0, 1, 9):
        print(f"step {number + 1:2}: by hand {loss.data:.4f}, by JAX {twin:.4f}")

# %% [markdown]
# The same walk, step by step. What remains is the time. `jax.jit` compiles the step
# into one program of machine code. And the package has a function that puts *all* steps
# into one program, and notes the loss on points never seen along the way. The rest of
# this page trains with it:

# %%
print(inspect.getsource(train_mlp.__wrapped__).split('"""')[2])

# %% [markdown]
# **Predict first.** By what factor is one program faster than the scalar engine, per
# step: 10, 100, 1,000?


# %%
def seconds_per_step(work, steps):
    jax.block_until_ready(work())  # once before, so that compiling does not count
    runs = timeit.repeat(lambda: jax.block_until_ready(work()), number=1, repeat=5)
    return min(runs) / steps


state = start, optimizer.init(start)
walk = start, (points, labels), (points[:1], labels[:1]), 0.03, 500
seconds = {
    "scalar engine": seconds_per_step(lambda: scalar_loss(model).backward(), 1),
    "JAX, one call per step": seconds_per_step(lambda: compiled(*state), 1),
    "JAX, all steps in one call": seconds_per_step(lambda: train_mlp(*walk), 500),
}
print(f"{seconds['scalar engine'] / min(seconds.values()):,.0f} times faster")

# %%
plots.show(
    plots.step_times(seconds, comparison=list(seconds)[1:]),
    alt="Three bars on a logarithmic scale: the scalar engine is slowest, JAX with all "
    "steps in one program fastest.",
)

# %% [markdown]
# Your numbers will differ; the order hardly will. The arithmetic is the same in all
# three. The scalar engine makes an object of every number. The second bar makes one
# call from Python for each step. In the third not even that is left.

# %% [markdown]
# ## Why did deep networks refuse to learn?
#
# If two hidden layers bend a line, thirty should do wonders. For a long time they did
# nothing: the loss stood still. To see why, follow the blame on its way back. At each
# layer it is multiplied by the weights, and by the **slope of the activation**, as the
# threshold is also called. Here are the three best-known activations with their slopes.
# ReLU, the *rectified linear unit*, keeps what is positive and cuts off the rest.

# %%
z = np.linspace(-5, 5, 201)
a, t = sigmoid(z), np.tanh(z)
curves = {
    "sigmoid": (a, a * (1 - a)),
    "tanh": (t, 1 - t**2),
    "ReLU": (np.maximum(z, 0), np.where(z > 0, 1.0, 0.0)),
}
axes = plots.panels(1, 3, width=9.4, height=3.1)
for ax, (name, (outputs, slopes)) in zip(axes, curves.items(), strict=True):
    plots.activation_and_slope(z, outputs, slopes, name, key=ax is axes[0], ax=ax)
plots.show(
    axes,
    alt="Sigmoid, tanh and ReLU with their slopes. The sigmoid's is at most 0.25, that "
    "of tanh 1 at the middle only, that of ReLU 1 on the whole right half.",
)

# %% [markdown]
# ### Exercise: the slope of the sigmoid
#
# Write it. The shortest answer needs the sigmoid's own output and nothing else.


# %%
def sigmoid_derivative(z):
    """Return d sigmoid(z) / dz."""
    ...


exercise.sigmoid_derivative.check(sigmoid_derivative)

# %% [markdown]
# At its very steepest, the sigmoid passes on a quarter. In the second layer from the
# top a quarter of a quarter is left.
#
# **Predict first.** What is left after 30 layers, at best?

# %% tags=["nbval-check-output"]
for layers in (1, 2, 10, 30):
    print(f"{layers:2} layers: {0.25**layers:.1e}")

# %% [markdown]
# A step of such a size is no step. This is the **vanishing gradient**, described by
# Hochreiter in 1991. But it is arithmetic on one path. Weights may be larger than 1,
# and there are many paths. So measure. In the code below a whole layer goes forward in
# one line, and the blame comes back in one line: times the weights, times the slope.

# %%
source = inspect.getsource(gradient_norms)
print(source[source.index("    signals =") :])

# %% [markdown]
# We draw the weights as our package does, with deviation $1/\sqrt{n}$ for $n$ inputs.
#
# **Predict first.** Look at the *first* layer, the one farthest from the loss. As the
# network gets deeper, which of the three activations keeps its gradient?


# %%
def first_slope(activation, depth):
    start = init_deep_mlp(np.random.default_rng(0), depth, gain=1.0)
    return gradient_norms(start, points, labels, activation)[0]


depths, first_layer = np.array([2, 5, 10, 20, 30]), {}
for kind in ("tanh", "relu", "sigmoid"):
    slopes = [first_slope(kind, depth) for depth in depths]
    left = (slopes[-1] / slopes[0]) ** (1 / (depths[-1] - depths[0]))
    first_layer[f"{kind}: each layer more leaves {left:.0%}"] = slopes

title = "gradient of the first layer, weights of deviation 1/√n"
plots.show(
    plots.gradient_norms(depths, first_layer, title, xlabel="hidden layers"),
    alt="Gradient of the first layer against depth, logarithmic. tanh stays near 0.1, "
    "ReLU falls to about a millionth, the sigmoid to about 1e-20.",
)

# %% [markdown]
# With the sigmoid, each layer more leaves less than a quarter: at a depth of 30 the
# first layer gets nothing. That was expected. But ReLU fades too, and tanh keeps its
# gradient, although it squashes! The story "ReLU put it right" is half of the truth.
# The other half is where the weights start.

# %% [markdown]
# ## Where the weights start matters as much
#
# Follow a signal forward. A neuron adds $n$ products. If the weights have deviation
# $g/\sqrt{n}$, the sum is about $g$ times as large as the inputs. With a **gain** $g$
# of 1 and tanh, whose slope is 1 near 0, the size is kept. Below 1 the signal fades,
# layer by layer, and so does the blame on its way back. ReLU cuts off one half of the
# sums, so it needs more: $g = \sqrt{2}$.
#
# In the past many drew weights evenly between $-1/\sqrt{n}$ and $1/\sqrt{n}$, which is
# a gain of 0.58. Glorot and Bengio (2010) found what that does and proposed 1; He and
# others (2015) derived the $\sqrt{2}$. Three starts, three activations, 30 hidden
# layers, every layer measured.

# %%
gains = {"gain 0.58": 3**-0.5, "gain 1 (Glorot)": 1.0, "gain 1.41 (He)": 2**0.5}
axes = plots.panels(1, 3, width=9.8, height=3.8)
for ax, kind in zip(axes, ("sigmoid", "tanh", "relu"), strict=True):
    norms = {}
    for name, gain in gains.items():
        start = init_deep_mlp(np.random.default_rng(0), 30, gain)
        norms[name] = gradient_norms(start, points, labels, kind)[:30]
    plots.gradient_norms(np.arange(1, 31), norms, kind, key=kind == "relu", ax=ax)
    ax.label_outer()
plots.show(
    axes,
    alt="Gradient per layer at depth 30. Sigmoid: every start falls towards layer 1. "
    "Tanh: flat, tiny at gain 0.58, healthy at 1. ReLU: healthy at 1.41 only.",
)

# %% [markdown]
# With tanh and ReLU every layer of a network gets about the same gradient; the start
# decides whether it is a healthy one. With the sigmoid the line is tilted, whatever the
# start: the early layers always get least. (What is below $10^{-22}$ lies on the floor
# of the picture.)
#
# Try other starts. **Predict first.** At a depth of 30, is there a gain that brings the
# sigmoid's first layer back to life? And what happens to ReLU above 1.41?

# %%
widgets.vanishing_gradient()

# %% [markdown]
# No gain up to 2 wakes the sigmoid. ReLU needs its 1.41 rather exactly: below it the
# gradient fades, above it *explodes*, and the first step throws every weight away.
#
# Does it matter for learning? Twelve hidden layers, plain descent with one learning
# rate for all, and four ways to start.


# %%
def descend(kind, gain):
    start = init_deep_mlp(np.random.default_rng(0), 12, gain, width=16)
    _, (losses, _) = train_mlp(start, (points, labels), unseen, 0.03, 500, kind, sgd)
    return np.asarray(losses)


runs = {
    "sigmoid, gain 1": descend("sigmoid", 1.0),
    "tanh, gain 0.58": descend("tanh", 3**-0.5),
    "tanh, gain 1": descend("tanh", 1.0),
    "ReLU, gain 1.41": descend("relu", 2**0.5),
}
plots.show(
    plots.losses_compared(runs, ("knows nothing: ln 2 = 0.69", np.log(2))),
    alt="Loss against step for four networks of twelve hidden layers. Sigmoid and tanh "
    "at gain 0.58 stay at 0.69; tanh at gain 1 and ReLU at 1.41 learn.",
)

# %% [markdown]
# Two of the four stand still at $\ln 2$, the loss of knowing nothing. Their slope is so
# close to zero that the walker believes it stands on a plain. Note that tanh is among
# the losers *and* among the winners: same activation, another start. (Its spikes are
# strides that were too long for a moment.)
#
# Adam divides each slope by its usual size, and so can rescue a faded one: exchange
# `sgd` for `adam` in `descend`, and see whom it helps. The residual connections and
# norms of notebook 06 are a cure as well.

# %% [markdown]
# ## A ReLU can fall silent, and some fall silent for ever
#
# Half of ReLU's curve is flat. A neuron whose sum is negative outputs exactly 0. For
# that point it is silent, and no blame passes through it. How often does that happen?


# %%
def active(params):
    """Return whether each hidden neuron speaks for each point: (32, 100)."""
    weights, bias = map(np.asarray, (params["layer0.weights"], params["layer0.bias"]))
    return (points @ weights.T + bias).T > 0


start = init_deep_mlp(np.random.default_rng(0), 1, gain=2**0.5)
print(f"before training {active(start).mean():.0%} of the outputs are above 0")
calm, _ = train_mlp(start, (points, labels), unseen, 0.01, 300, "relu")
print(f"after training  {active(calm).mean():.0%}")

# %% [markdown]
# About half, as chance would have it. This is called **sparsity**. It is no fault: each
# point is handled by some of the neurons only, and what is 0 need not be computed. But
# what of a neuron that is silent for *all* points? Its slope is 0 everywhere, so no
# step will ever move it again. It is **dead**.
#
# **Predict first.** We train the same network again, with strides 100 times as long.
# How many of its 32 neurons will die?

# %%
wild, _ = train_mlp(start, (points, labels), unseen, 1.0, 300, "relu")
order = np.argsort(points[:, 0])  # the columns run from the left point to the right one
axes = plots.panels(1, 2, width=9.4, height=4.2)
runs = {"learning rate 0.01": calm, "learning rate 1": wild}
for ax, (title, params) in zip(axes, runs.items(), strict=True):
    plots.unit_activity(active(params)[:, order], title, ax=ax)
plots.show(
    axes,
    alt="Which of 32 neurons speak for which of 100 points. With a learning rate of "
    "0.01 all speak for some. With 1, many rows are silent for every point: dead.",
)

# %%
dead = ~active(wild).any(axis=1)
later, _ = train_mlp(wild, (points, labels), unseen, 0.01, 300, "relu")
before, after = (np.asarray(net["layer0.weights"])[dead] for net in (wild, later))
moved = np.abs(after - before).max()
print(f"{dead.sum()} of {len(dead)} are dead; 300 more steps moved them by {moved:g}")
assert dead.sum() >= 5
assert moved == 0

# %% [markdown]
# Exactly zero, and these steps were of the calm kind. One long stride had thrown the
# neurons to where every sum is negative, and nothing in the loss can call them back. If
# a ReLU network learns worse than it should, count its silent rows first. Shorter
# strides prevent it; so do activations that are not quite flat on the left, such as the
# GELU of GPT-2 (Hendrycks and Gimpel, 2016).

# %% [markdown]
# ## Has it learned, or has it memorised?
#
# A network with many parameters can fit points that were never meant to be fitted. Here
# are moons with more than twice the noise, so that no rule can get all of them right.
# The network sees 40 of them. A thousand others, the **validation** set, it never
# learns from.


# %% tags=["nbval-check-output"]
def fit(n_points, sizes, seed=0, learning_rate=0.01, how=("relu", adam)):
    """Train on noisy moons; return the points, the network, and both curves."""
    seen = two_moons(np.random.default_rng(100 + seed), n_points, noise=0.35)
    fresh = two_moons(np.random.default_rng(1), 1000, noise=0.35)
    start = array.init_mlp(np.random.default_rng(seed), 2, sizes)
    params, curves = train_mlp(start, seen, fresh, learning_rate, 600, *how)
    return seen, params, np.array(curves)


seen, params, curves = fit(40, [32, 32, 2])
print(f"{sum(numbers.size for numbers in params.values()):,} parameters, 40 points")

# %%
left, right = plots.panels(1, 2, width=9.6, height=3.6)
said = chance(params, places, "relu")
plots.decision_map(across, up, said, *seen, "what it says, and its 40 points", ax=left)
plots.fitting_curves(*curves, "losses on seen and unseen points", ax=right)
plots.show(
    left,
    alt="Left: a border that winds around every single point. Right: the training loss "
    "falls to 0 while the validation loss turns early and climbs.",
)

# %% [markdown]
# On its 40 points it is perfect. Each odd point got a bay of its own in the border. On
# new points it gets worse and worse after the first few steps: it grows *surer*, of
# noise. That is **overfitting**: the curves part, and the altitude the walker reads is
# no longer the altitude that counts.
#
# Three cures. **More data**: bays do not pay where many points disagree. **A smaller
# network**: it cannot draw bays. **Early stopping**: keep the weights from where the
# validation curve was lowest. Over five draws of points and weights (early stopping
# keeps what stands in the last column):

# %%
cases = {
    "40 points, 32 + 32 neurons": (40, [32, 32, 2]),
    "1,000 points": (1000, [32, 32, 2]),
    "4 neurons": (40, [4, 2]),
}
print(f"{'median of 5 runs':28} {'at the end':>10} {'at its best':>12}")
for name, case in cases.items():
    runs = np.array([fit(*case, seed)[2][1] for seed in range(5)])  # (5, steps)
    end, best = np.median(runs[:, -1]), np.median(runs.min(axis=1))
    print(f"{name:28} {end:10.2f} {best:12.2f}")

# %% [markdown]
# On 40 points the big network is at its best early, and then it ruins itself. The small
# one ends far better, though its best is no better. To stop early saves what either
# had. More data helps twice: the best is better, and the end is near the best.
#
# Now see the border of each.

# %%
stop = int(curves[1].argmin())
seen, fresh = two_moons(np.random.default_rng(100), 40, 0.35), unseen
start = array.init_mlp(np.random.default_rng(0), 2, [32, 32, 2])
early, _ = train_mlp(start, seen, fresh, 0.01, stop, "relu")
borders = {
    "1,000 points": fit(1000, [32, 32, 2])[:2],
    "4 neurons": fit(40, [4, 2])[:2],
    f"stopped at step {stop}": (seen, early),
}
axes = plots.panels(1, 3, width=9.6, height=2.9)
for ax, (title, (seen, params)) in zip(axes, borders.items(), strict=True):
    said = chance(params, places, "relu")
    plots.decision_map(across, up, said, *seen, title, small=True, ax=ax)
plots.show(
    axes,
    alt="Three maps. With 1,000 points the border follows the moons; with 4 neurons or "
    "stopped early it hardly bends. None has bays for single points.",
)

# %% [markdown]
# ### Exercise: diagnose four runs
#
# Four real runs, two curves each. Put a word to each of them: `"fine"`, `"stuck"`,
# `"train longer"`, `"overfitting"` or `"long strides"`.

# %%
few, many = (40, [32, 32, 2]), (1000, [32, 32, 2])
deep = init_deep_mlp(np.random.default_rng(0), 12, 1.0, 16), (points, labels), unseen
runs = {
    "A": fit(*few, seed=2)[2],
    "B": np.array(train_mlp(*deep, 0.03, 500, "sigmoid", sgd)[1]),
    "C": fit(*many, learning_rate=2.0, how=("tanh", sgd))[2],
    "D": fit(*many, learning_rate=0.0001)[2],
}
axes = plots.panels(2, 2, width=9.4, height=5.6)
for ax, (name, curves) in zip(axes.flat, runs.items(), strict=True):
    start, key = curves[:, :500], name == "A"
    plots.fitting_curves(*start, name, best=False, key=key, ax=ax)
plots.show(
    axes,
    alt="Four pairs of training and validation curves. A: training falls to 0, "
    "validation climbs. B: both flat at 0.69. C: both jump. D: both still fall.",
)

# %%
diagnose_curves = ...  # a list of four words, for A, B, C and D

exercise.diagnose_curves.check(diagnose_curves)

# %% [markdown]
# Last, the claims of this page in code, each for five seeds: the two engines find the
# same slopes; a deep sigmoid starves its first layer where ReLU with a good start feeds
# it; and a large network on few points ends worse than it had been.

# %% tags=["claim", "nbval-check-output"]
slopes = jax.jit(jax.grad(mlp_loss))
for seed in range(5):
    model = scalar.MLP(2, [4, 2], random.Random(seed))
    twin = slopes(array.mlp_from_scalar(model), points[:9], labels[:9])
    pairs = zip(points[:9].tolist(), labels[:9].tolist(), strict=True)
    sum(scalar.cross_entropy(model(x), y) / 9 for x, y in pairs).backward()
    rows = [[w.grad for w in neuron.weights] for neuron in model.layers[0].neurons]
    assert np.allclose(twin["layer0.weights"], rows, atol=1e-6)

    data, rng = (points, labels), np.random.default_rng(seed)
    starved = gradient_norms(init_deep_mlp(rng, 20, 1.0), *data, "sigmoid")[0]
    fed = gradient_norms(init_deep_mlp(rng, 20, 2**0.5), *data, "relu")[0]
    assert starved < 1e-6 * fed

    few = two_moons(np.random.default_rng(100 + seed), 40, noise=0.35)
    fresh = two_moons(np.random.default_rng(1), 1000, noise=0.35)
    start = array.init_mlp(rng, 2, [32, 32, 2])
    _, (_, validation) = train_mlp(start, few, fresh, 0.01, 600, "relu")
    assert validation[-1] > validation.min() + 0.1
print("Same slopes, a starved layer, and a turn for the worse: five seeds of five.")

# %% [markdown]
# ## Three sentences to remember
#
# - A neuron is a weighted sum with a soft threshold, it draws one straight line, and
#   layers of them bend it.
# - Blame is multiplied at every layer on its way back, so the shape of the activation
#   and the size of the first weights decide whether a deep network learns at all.
# - A falling training loss proves nothing; what counts is the loss on points that the
#   network has never seen.

# %% [markdown]
# ## Where next
#
# You have a body and a way to move it. Notebook 06 puts neurons, embeddings and
# attention together to a GPT, and trains it with what you have built. There the curves
# of training and validation come back, on names instead of moons.
#
# Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
