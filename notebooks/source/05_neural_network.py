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
# The walker in the fog has an altimeter, the loss, and a way to find the slope of every
# parameter at once, autograd. What is missing is a model worth training. This notebook
# builds it from **neurons**, set side by side in layers, one layer after the other.
#
# Neurons of this kind were put on paper in 1943, by McCulloch and Pitts. Networks of a
# few layers learned early: one read handwritten digits in 1989 (LeCun and others). But
# networks of many plain layers refused to learn until about 2010. One reason was that
# the slope died on its way back through the layers. You will measure how, and what put
# it right. The other reasons, data and computers, come below.

# %% [markdown]
# ## What you will be able to do
#
# - Take a neuron apart: inputs, weights, sum, activation, output.
# - Run a network forward by hand, train it with an engine like yours, and show that JAX
#   takes the very same steps.
# - Measure how a gradient fades with depth, and name the two things that keep it alive.
# - Tell from two curves whether a network learns, memorises, or stands still, and say
#   what training, validation and test data are for.
#
# **Time:** 65 minutes, and about 35 more for the exercises; the optional sections take
# another 10.
#
# **Two-hour path:** nothing on this page.
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
from course_lib.lessons import mlp
from course_lib.lessons.mlp import gradient_norms, init_deep_mlp, mlp_loss, train_mlp
from course_lib.optimizers import adam, apply_updates, sgd

points, labels = two_moons(np.random.default_rng(0), 100)
unseen = two_moons(np.random.default_rng(1), 1000)
across, up = np.linspace(-2, 3, 64), np.linspace(-1.5, 2, 48)
places = np.stack(np.meshgrid(across, up), axis=-1)  # (48, 64, 2)


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
# them a **bias** $b$, which says how ready the neuron is before it has seen any input.
# Then an **activation** bends the sum: here the sigmoid $\sigma$ of notebook 01, which
# turns it into a number between 0 and 1.
#
# $$z = w_1 x_1 + w_2 x_2 + \dots + b, \qquad a = \sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# Here is a neuron that watches for spam. It reads how much a message speaks of money,
# presses for haste, and sounds like a friend.

# %%
inputs, weights, bias = [0.9, 0.4, 0.2], [2.0, 1.5, -3.0], -1.0
z = sum(w * x for w, x in zip(weights, inputs, strict=True)) + bias
names = ["money", "haste", "friend"]
plots.show(
    plots.neuron_anatomy(inputs, weights, bias, z, mlp.sigmoid(z), names=names),
    alt="A neuron: inputs, weights, bias, the sum 0.8, the activation, output 0.69.",
)

# %% [markdown]
# Read it from left to right. Money and haste speak for spam, a friendly tone speaks
# against it: its weight is negative, and its arrow dashed. What is orange can be
# learned: three weights and a bias. This is the spam model of notebook 01, where one
# weight served all clues.
#
# ### Exercise: a neuron
#
# Write it for any number of inputs. Inputs and weights are plain lists of numbers.


# %%
def neuron(inputs, weights, bias):
    """Return the sigmoid of the weighted sum of the inputs, bias included."""
    ...


exercise.neuron.check(neuron)

# %% [markdown]
# What do $w$ and $b$ do? Take one input, and turn one dial at a time. A dot marks where
# the output passes one half, which is where $w x + b = 0$.

# %%
x = np.linspace(-4, 4, 201)
left, right = plots.panels(1, 2, width=9, height=3.3)
sharper = {f"w = {w}".replace("-", "−"): mlp.sigmoid(w * x) for w in (0.5, 1, 4, -4)}
plots.neuron_curves(x, sharper, "the weight: how sharply, and which way", ax=left)
shifted = {f"b = {b}".replace("-", "−"): mlp.sigmoid(4 * x + b) for b in (-8, 0, 8)}
plots.neuron_curves(x, shifted, "the bias: where (w = 4)", ax=right)
plots.show(
    left,
    alt="Left: output against input for four weights; larger ones are steeper, a "
    "negative one falls. Right: three biases shift the curve to 2, 0 and -2.",
)

# %% [markdown]
# Now fit one yourself: drag its rings, or use the sliders. **Predict first.** The ten
# points ask for a neuron that says 1 for small $x$ and 0 for large, and changes its
# mind at about $x = 1$: what sign must $w$ have, and what sign $b$?

# %%
widgets.neuron()

# %% [markdown]
# The sum is a straight line, and the activation bends it. The sum is 0 at $x = -b/w$,
# so any $w$ below 0 with $b = -w$ will do; the farther both are from 0, the sharper the
# change. Pulled across the border, the curve turns round: $w$ changes its sign.
#
# With two inputs, the places where $z = 0$ form a straight line. On one side of it the
# neuron says *more likely 1*, on the other *more likely 0*. Drawn as an arrow, the
# weights stand at right angles to the line and point to the side of 1. In the maps
# below, triangles are points with the label 1, circles those with 0; the next section
# is about them.
#
# **Predict first.** The first panel shows a neuron with $w = (1, -2)$ and $b = 0.3$. In
# the second all three numbers are doubled. Does the line turn, move, or stay?

# %%
settings = [((1, -2), 0.3), ((2, -4), 0.6), ((1, -2), -1.5)]
titles = ["w = (1, −2), b = 0.3", "all three doubled", "b = −1.5"]
axes = plots.panels(1, 3, width=9.6, height=2.9)
for ax, (w, b), title in zip(axes, settings, titles, strict=True):
    sides = across, up, mlp.sigmoid(places @ np.array(w) + b), points, labels
    plots.decision_map(*sides, title, weights=w, bias=b, small=True, ax=ax)
plots.show(
    axes,
    alt="Three maps of what one neuron says, divided by a straight line. Doubling all "
    "numbers keeps the line and sharpens the change; another bias shifts the line.",
)

# %% [markdown]
# The line stays. Doubling only makes the neuron more certain on both sides. So the
# *direction* of the weights turns the line, the bias shifts it, and the *size* of all
# three numbers together says how sure the neuron is. Whatever you do, the line remains
# straight.
#
# Try to separate the points: drag the line, and turn it by its arrow, or use the
# sliders. How few can you leave on the wrong side? And does another activation, tanh or
# ReLU, move the line? Predict it before you choose one.

# %%
widgets.neuron_line()

# %% [markdown]
# Some points stay circled, however you turn the line. The activation changes the
# colours and never the line: the line is where the *sum* is 0.

# %% [markdown]
# ## Can one neuron separate two moons?
#
# The points in the pictures are our data: a hundred of them, on two half circles that
# reach into each other, each point shifted a little by chance. A point has two inputs
# and a label, 0 for the upper moon and 1 for the lower.
#
# **Predict first.** What share of the points will a trained neuron get right? We train
# one by plain descent. The slope of the cross-entropy with respect to $z$ is a simple
# subtraction: output minus label.

# %% tags=["nbval-check-output"]
w, b = np.zeros(2), 0.0
for _ in range(2000):
    blame = (mlp.sigmoid(points @ w + b) - labels) / len(labels)  # slope for each z
    w, b = w - points.T @ blame, b - blame.sum()  # learning rate 1

right = np.sum((points @ w + b > 0) == labels)
print(f"w = ({w[0]:.2f}, {w[1]:.2f}), b = {b:.2f}: {right} of 100 right")

# %%
said = mlp.sigmoid(places @ w + b)
plots.show(
    plots.decision_map(across, up, said, points, labels, "one trained neuron"),
    alt="Two moons of points and the straight line of a trained neuron: it cuts off "
    "the inner tips of both moons.",
)

# %% [markdown]
# Good, but stuck: the tips of the moons lie on the wrong side. Is there a better line?
# The neuron was trained for the lowest cross-entropy, and that is not the same as the
# most points right, as notebook 01 showed. So let us try lines by the thousand: 2,000
# directions, and in each of them every place for the border.

# %% tags=["nbval-check-output"]
angles = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
along = points @ [np.cos(angles), np.sin(angles)]  # (100, 2000)
sides = labels[np.argsort(along, axis=0)]  # in the order of their place
ones_after = sides.sum(axis=0) - np.cumsum(sides, axis=0)
right = np.cumsum(1 - sides, axis=0) + ones_after  # for a border after each point
print(f"the best of {right.size:,} lines gets {right.max()} of 100 right")

# %% [markdown]
# A few more, and no line that we tried does better. What helps is a second row of
# neurons that votes on the answers of the first. Each neuron of the first **layer**
# draws a line of its own. The next layer reads *on which side of each line are we?* and
# combines the answers.
#
# Such a network is called a multilayer perceptron, **MLP**. Here is one that is small
# enough to draw. The layers between inputs and scores are called *hidden*.

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
# activation is $\tanh$, which runs from −1 to 1, so that a neuron can push the next
# layer down as well as up. And the last layer has none: it gives one score for each
# label, and softmax turns the scores into probabilities.
#
# Why an activation at all? Leave it out, and see what becomes of two layers.

# %% tags=["nbval-check-output"]
rng = np.random.default_rng(0)
first, second = rng.normal(size=(4, 2)), rng.normal(size=(2, 4))
one_layer = second @ first  # (2, 2)

x = np.array([0.5, -0.2])
print("two layers:", np.round(second @ (first @ x), 4))
print("one layer: ", np.round(one_layer @ x, 4))

# %% [markdown]
# Without a bend between them, two layers can do no more than one, nor can a hundred: a
# straight line of a straight line is a straight line. The activation is what makes
# depth useful, and we will come back to its shape.
#
# ### Exercise: the forward pass
#
# Write the forward pass. Each layer is a pair: its weights, one row for each neuron,
# and its biases, one for each neuron. All of them are plain lists of numbers.


# %%
def mlp_forward(layers, inputs):
    """Return the scores of the last layer; all others squash their sums with tanh."""
    ...


exercise.mlp_forward.check(mlp_forward)

# %% [markdown]
# ## Training bends the line
#
# Our network has two hidden layers of 16 neurons. Everything it will ever know is
# stored in its parameters, and at the start they are drawn at random. What does such a
# network answer? Ask not one, but 300 of them.
#
# **Predict first.** Will each be right for about half of the points? Or some for nearly
# all, and some for nearly none?


# %% tags=["nbval-check-output"]
def untrained(seed):
    return array.init_mlp(np.random.default_rng(seed), 2, [16, 16, 2])


chances = [chance(untrained(seed), points) for seed in range(300)]
shares = np.mean((np.array(chances) > 0.5) == labels, axis=1)  # (300,)
percent = 100 * shares
print(f"right answers: from {percent.min():.0f} % to {percent.max():.0f} %")
print(f"mean of 300 networks: {percent.mean():.0f} %")

# %%
plots.show(
    plots.shares_of_right(shares),
    alt="How often 300 untrained networks are right: from a tenth to nine tenths. Most "
    "are near a quarter or near 80 percent, few near the mean of one half.",
)

# %% [markdown]
# On average they are as good as a coin. A single one has an opinion without knowledge:
# it draws some line, and whether the moons lie on the right sides of it is luck. Most
# are far above or far below one half; few come near it.
#
# Now the training. Each step is the one you know: forward, loss, backward, update, with
# every number a `Value`. `scalar_loss`, in the setup cell, is the mean cross-entropy of
# notebook 01, and `adam_update` the Adam of notebook 03, which also sets every `grad`
# back to 0. We keep the weights of six moments.

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
    right = np.sum((chance(weights, points) > 0.5) == labels)
    title = f"step {step}: loss {loss:.2f}, {right} % right"
    said = chance(weights, places)
    plots.decision_map(across, up, said, points, labels, title, small=True, ax=ax)
plots.show(
    axes,
    alt="Six maps during training. The border starts in a random place, becomes a "
    "straight line between the moons, then bends round their tips.",
)

# %% [markdown]
# Here is the whole training, a step at a time, in networks of three sizes. **Predict
# first.** With only 4 neurons in a layer, or 2: will the border still get round the
# tips? Press play, and watch the loss as the border begins to bend. Drag along the loss
# to go to any step.

# %%
widgets.decision_boundary()

# %% [markdown]
# First the network finds a nearly straight line: the loss falls fast, then slows. It
# falls fast again when the line begins to bend, and in the end the line follows the
# moons. With 4 neurons the loss rests on a plateau before the bend is found; with 2 it
# is still on the plateau after 160 steps.
#
# Nobody told it that there are moons. And the bend is put together from the straight
# lines of the first layer. Here is the line of each of its 16 neurons, where its own
# $z$ is 0.

# %%
last = moments[60][1]
weights, bias = np.asarray(last["layer0.weights"]), np.asarray(last["layer0.bias"])
ax = plots.decision_map(across, up, chance(last, places), points, labels)
plots.neuron_lines(weights, bias, ax=ax)
plots.show(ax, alt="The bent border, and the straight lines of 16 neurons across it.")

# %% [markdown]
# ### Paint your own points
#
# Here the points are yours: click to add one, drag to move it. At every change the
# network is trained anew up to the step shown, so its border answers at once. The small
# maps show what each hidden neuron adds, blue for circles and pink for triangles. Their
# sum, with a bias, makes the large map.
#
# **Find out.** Choose the points called *circles*, and move the step to the end. How
# few neurons close the border round the inner points, and in which shape? And what
# becomes of it with the activation *none*?

# %%
widgets.playground()

# %% [markdown]
# Three: each draws a line, and three lines close a triangle, with round corners. Two
# leave it open. Without an activation the border is straight, however many neurons
# there are.

# %% [markdown]
# ## JAX takes the same steps in a fraction of the time (optional)
#
# The same network exists a second time, with arrays: `course_lib.array` holds a whole
# layer in one matrix, and sends all points through it in one multiplication.

# %%
array.forget_programs()
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
# Now ten steps of Adam with each. The scalar engine counts in 64 bits and JAX in 32, so
# we ask for five decimals.


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
# The same path, step by step. What remains is the time. `jax.jit` compiles the step
# into one program of machine code. And `train_mlp` of the package puts *all* steps into
# one program, and notes the loss on other points along the way. The rest of this page
# trains with it.
#
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
    alt="Three times on a logarithmic scale: the scalar engine is slowest, JAX with "
    "all steps in one program fastest.",
)

# %% [markdown]
# Your numbers will differ; the order hardly will. The arithmetic is nearly the same in
# all three (the scalar time leaves out the update). The scalar engine makes an object
# of every number. The second makes one call from Python for each step. The third makes
# one call for all of them.

# %% [markdown]
# ## Why did deep networks refuse to learn?
#
# If two hidden layers bend a line, thirty should do wonders. For a long time they did
# nothing: the loss stood still. To see why, follow the blame on its way back. At each
# layer it is multiplied by the weights, and by the **slope of the activation**. Here
# are the three best-known activations with their slopes. ReLU, the *rectified linear
# unit*, keeps what is positive and makes 0 of the rest.

# %%
z = np.linspace(-5, 5, 201)
a, t = mlp.sigmoid(z), np.tanh(z)
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
# Write it for one number $z$. The shortest answer needs only the sigmoid's own output.


# %%
def sigmoid_derivative(z):
    """Return d sigmoid(z) / dz."""
    ...


exercise.sigmoid_derivative.check(sigmoid_derivative)

# %% [markdown]
# Even where it is steepest, the sigmoid passes on only a quarter. After two layers at
# most a quarter of a quarter is left.
#
# **Predict first.** What is left after 30 layers, at best?

# %% tags=["nbval-check-output"]
for layers in (1, 2, 10, 30):
    print(f"{layers:2} layers: {0.25**layers:.1e}")

# %% [markdown]
# A step that small achieves nothing. This is the **vanishing gradient**, described by
# Hochreiter in 1991. But so far it is arithmetic on a single path. Weights may be
# larger than 1, and there are many paths. So measure. `gradient_norms` sends the points
# forward through a whole network and the blame back. It returns how long the gradient
# of each layer is: the root of the sum of its squared slopes.
#
# We draw the weights as our package does, with standard deviation $1/\sqrt{n}$ for $n$
# inputs.
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
    first_layer[f"{kind}: each further layer leaves {100 * left:.0f} %"] = slopes

title = "gradient of the first layer, weights of deviation 1/√n"
plots.show(
    plots.gradient_norms(depths, first_layer, title, xlabel="hidden layers"),
    alt="Gradient of the first layer against depth, logarithmic. tanh stays near 0.1, "
    "ReLU falls to about a millionth, the sigmoid to about 1e-20.",
)

# %% [markdown]
# With the sigmoid, each additional layer leaves less than a quarter: at a depth of 30
# the first layer gets almost nothing. That was expected. But ReLU fades too, and tanh
# keeps its gradient, although it squashes! People like to say that ReLU put it right;
# that is half of the truth. The other half is where the weights start.

# %% [markdown]
# ## Where the weights start matters as much
#
# Follow a signal forward. A neuron adds $n$ products. If the weights have deviation
# $g/\sqrt{n}$, the sum is about $g$ times as large as the inputs. With a **gain** $g$
# of 1 and tanh, whose slope is 1 near 0, the size is roughly kept. Below 1 the signal
# fades, layer by layer, and so does the blame on its way back. ReLU cuts off one half
# of the sums, so it needs more: $g = \sqrt{2}$.
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
# The slope of a weight is blame times input. With tanh and ReLU both fade alike, the
# input on its way forward and the blame on its way back. An early layer has strong
# input and faint blame, a late one the reverse, so every layer gets about the same
# gradient; the start decides whether it is a healthy one. The sigmoid's outputs do not
# fade, so its line is tilted, whatever the start: the early layers always get least.
# (An open triangle marks a gradient too small for the picture.)
#
# Try other starts: take the gradient of layer 1 by its ring and lift it, or use the
# sliders. **Predict first.** At a depth of 30, is there a gain that brings the
# sigmoid's first layer back to life? And what happens to ReLU above 1.41?

# %%
widgets.vanishing_gradient()

# %% [markdown]
# No gain up to 2 wakes the sigmoid. ReLU needs its 1.41 rather exactly: below it the
# gradient fades, above it *explodes*, and a single step can throw the weights far away.
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
# close to zero that the walker believes she is on a plain. Note that tanh is among the
# losers *and* among the winners: the same activation, another start. (The spikes of
# tanh with gain 1 are steps that were too long.) Adam divides each slope by its usual
# size and so can rescue a faded one; the residual connections and norms of notebook 06
# are a cure as well.
#
# **What happened in 2012.** ReLU met two more things that had been missing: data and
# fast machines. A network called AlexNet (Krizhevsky and others, 2012) had 60 million
# parameters, ReLU, and 1.2 million labelled photographs. It was trained in five to six
# days on two graphics cards, made for video games. The ImageNet competition asks for
# the kind of thing in a photograph, one of 1,000, and allows five guesses. Several such
# networks together missed the right kind for 15.3 % of the test photographs; the next
# best entry, for 26.2 %. A graphics processor, **GPU**, does thousands of
# multiplications at the same time. That is just what a layer asks for: no neuron has to
# wait for another.

# %% [markdown]
# ## A ReLU can fall silent, and some fall silent for good (optional)
#
# Half of ReLU's curve is flat. A neuron whose sum is negative outputs exactly 0. For
# that point it is silent, and no blame passes through it. How often does that happen?
# Take a network with one hidden layer of 32 neurons.


# %%
def active(params):
    weights, bias = map(np.asarray, (params["layer0.weights"], params["layer0.bias"]))
    return (points @ weights.T + bias).T > 0  # (32 neurons, 100 points)


start = init_deep_mlp(np.random.default_rng(0), 1, gain=2**0.5)
print(f"before training {100 * active(start).mean():.0f} % of the outputs are above 0")
calm, _ = train_mlp(start, (points, labels), unseen, 0.01, 300, "relu")
print(f"after training  {100 * active(calm).mean():.0f} %")

# %% [markdown]
# About half, as one would expect of random weights. This is called **sparsity**. It is
# no fault: each point is handled by only some of the neurons. (It saves work only where
# the software skips zeros; an ordinary GPU multiplies them like any other number.) But
# what about a neuron that is silent for *all* points? Its slope is 0, so in this
# network, whose points never change, no step will move it again. It is **dead**. In a
# deeper layer it may come back, because its inputs change as the layers before it
# learn.
#
# **Predict first.** Train it again, with a learning rate 100 times as high. How many of
# its 32 neurons will die?

# %%
wild, _ = train_mlp(start, (points, labels), unseen, 1.0, 300, "relu")
order = np.argsort(points[:, 0])  # the columns run from the left point to the right one
axes = plots.panels(1, 2, width=9.4, height=4.2)
runs = {"learning rate 0.01": calm, "learning rate 1": wild}
for ax, (title, params) in zip(axes, runs.items(), strict=True):
    plots.unit_activity(active(params)[:, order], title, ax=ax)
plots.show(
    axes,
    alt="Which of 32 neurons are above 0 for which of 100 points. With a learning rate "
    "of 0.01 none is 0 for all of them. With 1, many rows are: dead.",
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
# Exactly zero: the lower learning rate came too late. A long step had thrown the
# neurons to where every sum is negative, and nothing in the loss can call them back. If
# a ReLU network learns worse than it should, count its silent rows first. A lower
# learning rate makes dead neurons rarer. An activation with a slope on the left
# prevents them, such as the *leaky* ReLU, which keeps a hundredth of what is negative;
# the GELU of GPT-2 (Hendrycks and Gimpel, 2016) has one for sums just below 0.

# %% [markdown]
# ## Has it learned, or has it memorised?
#
# A network with many parameters can fit points that should not be fitted. Here are
# moons with more than twice the noise, so that no rule can get all of them right. The
# network sees 40 of them, the **training** set. A thousand others are the
# **validation** set: it never learns from them, we only watch the loss there.

# %% tags=["nbval-check-output"]
fresh = two_moons(np.random.default_rng(1), 1000, noise=0.35)


def fit(n_points, sizes, seed=0, rate=0.01, how=("relu", adam)):
    """Train on noisy moons; return the points, the network, and both curves."""
    seen = two_moons(np.random.default_rng(100 + seed), n_points, noise=0.35)
    start = array.init_mlp(np.random.default_rng(seed), 2, sizes)
    params, curves = train_mlp(start, seen, fresh, rate, 600, *how)
    return seen, params, np.array(curves)


seen, params, curves = fit(40, [32, 32, 2])
print(f"{sum(numbers.size for numbers in params.values()):,} parameters, 40 points")

# %%
array.forget_programs()
left, right = plots.panels(1, 2, width=9.6, height=3.6)
said = chance(params, places, "relu")
plots.decision_map(across, up, said, *seen, "what it says, and its 40 points", ax=left)
plots.fitting_curves(*curves, "losses on seen and unseen points", ax=right)
plots.show(
    left,
    alt="Left: a border with bays and an island around single points. Right: the "
    "training loss falls to 0 while the validation loss turns early and climbs.",
)

# %% [markdown]
# On its 40 points its loss is close to 0: the border has a bay or an island for every
# odd point. On new points it gets worse and worse after the first few steps, since it
# grows *surer* of what was noise. That is **overfitting**: the curves part, and the
# altitude that the walker reads is no longer the altitude that counts.
#
# Three cures can be tried here. **More data**: among many points one odd one counts for
# little. **A smaller network**: it cannot draw so many bays. **Early stopping**: keep
# the weights from the step where the validation loss was lowest, as in the last column
# of the table below.

# %%
cases = {
    "40 points, 32 + 32 neurons": (40, [32, 32, 2]),
    "1,000 points": (1000, [32, 32, 2]),
    "4 neurons": (40, [4, 2]),
}
print(f"{'validation, median of 5 runs':28} {'at the end':>10} {'at its best':>12}")
for name, case in cases.items():
    runs = np.array([fit(*case, seed)[2][1] for seed in range(5)])  # (5, steps)
    end, best = np.median(runs[:, -1]), np.median(runs.min(axis=1))
    print(f"{name:28} {end:10.2f} {best:12.2f}")

# %% [markdown]
# On 40 points the big network is at its best early, and then gets worse and worse. The
# small one ends far better, though its best is no better. Stopping early keeps either
# of them at its best. More data helps twice: the best is better, and the end is near
# the best.
#
# One question remains. Early stopping looks at the validation loss and picks the
# lowest. **Predict first.** Is that lowest value an honest forecast for points that
# were never looked at, or is it too low, or too high? Split the thousand points into 25
# groups of 40. Let each group in turn choose the step at which to stop, and ask the
# other 960, the **test** set, about the same step.

# %%
steps, _ = mlp.record_mlp_training(
    array.init_mlp(np.random.default_rng(0), 2, [32, 32, 2]), seen, 0.01, 600, "relu"
)
scores = jax.lax.map(lambda params: array.mlp(params, fresh[0], "relu"), steps)
losses = -np.asarray(jax.nn.log_softmax(scores))[:, np.arange(1000), fresh[1]]

chosen, honest = [], []
for part in np.split(np.arange(1000), 25):  # 40 points each; losses: (steps, points)
    stop = losses[:, part].mean(axis=1).argmin()
    chosen.append(losses[stop, part].mean())
    honest.append(np.delete(losses[stop], part).mean())
print(f"validation {np.mean(chosen):.2f}, test {np.mean(honest):.2f}")

# %% [markdown]
# Too low: the step was chosen because it suited those 40 points. The fewer points and
# the more candidates, the larger the gap. That is why there are three sets:
# **training** to learn, **validation** to choose, **test** for the figure that you
# report, opened once, when every choice has been made. Ask of every result you are
# shown: *was this data used for any choice?*
#
# Three more cures are in everyday use. **Weight decay** pulls every weight a little
# towards 0 at each step. **Dropout** silences random neurons during training, so that
# none can rely on another (Srivastava and others, 2014). **Data augmentation** makes
# new examples from old ones, such as a photograph and its mirror image.
#
# Here are the borders that the first three cures draw.

# %%
stop = int(curves[1].argmin())
seen = two_moons(np.random.default_rng(100), 40, noise=0.35)
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
    alt="Three maps. With 1,000 points the border follows the moons, with islands "
    "round a few points. With 4 neurons, or stopped early, it hardly bends.",
)

# %% [markdown]
# More data does not cure everything: with 1,000 points and 600 steps the network still
# draws islands around a few of them. Cures can be combined.
#
# ### Exercise: diagnose four runs
#
# Four real runs, two curves each. Choose a word for each of them. A word may be used
# more than once, or not at all:
#
# - `"fine"`: validation is low, and both curves have levelled out;
# - `"stuck"`: nothing has moved since the start;
# - `"train longer"`: both curves still fall at the last step;
# - `"overfitting"`: training falls while validation climbs;
# - `"long strides"`: the curves jump up and down, the learning rate is too high.

# %%
few, many = (40, [32, 32, 2]), (1000, [32, 32, 2])
deep = init_deep_mlp(np.random.default_rng(0), 12, 1.0, 16), (points, labels), unseen
runs = {
    "A": fit(*few, seed=2)[2],
    "B": np.array(train_mlp(*deep, 0.03, 500, "sigmoid", sgd)[1]),
    "C": fit(*many, rate=2.0, how=("tanh", sgd))[2],
    "D": fit(*many, rate=0.0001)[2],
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
# Finally, the claims of this page in code, each for five seeds: the two engines find
# the same slopes; a deep sigmoid starves its first layer where ReLU with a good start
# feeds it; and a large network on few points ends worse than it was at its best.

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
# - A neuron is a weighted sum with a bend at its end; it draws one straight line, and
#   layers of neurons bend it.
# - Blame is multiplied at every layer on its way back, so the shape of the activation
#   and the size of the first weights decide whether a deep network learns at all.
# - A falling training loss proves nothing; what counts is the loss on points that were
#   used neither to learn nor to choose.

# %% [markdown]
# ## Where next
#
# You have a network and a way to train it. Notebook 06 puts neurons, embeddings and
# attention together to make a GPT, and trains it with what you have built. There the
# curves of training and validation come back, on names instead of moons.
#
# Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
