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
# # 03 · How long should each step be?
#
# The walker in the fog feels the slope under her feet and knows which way is down. One
# thing is still missing: the **stride**. If it is too short, night falls before she is
# near the valley. If it is too long, she leaps from wall to wall, higher each time,
# until she flies off the map.
#
# The stride is set by the **learning rate**. If you have time to tune only one number,
# tune this one, advise Goodfellow, Bengio and Courville (*Deep Learning*, 2016, chapter
# 11). This notebook is about finding it, about changing it on the way, and about
# walkers clever enough to adapt it for every parameter.

# %% [markdown]
# ## What you will be able to do
#
# - Say which learning rates crawl, arrive, swing or fly off, and where the edge lies
#   on a bowl.
# - Explain why steps shrink by themselves, and when they need a schedule to do so.
# - Write momentum and Adam, and say what each of them is good for.
# - Compare optimizers fairly, and name a mountain on which Adam loses (optional).
# - Find a good rate for a real model, and say what a larger batch buys.
#
# **Time:** 55 minutes, and about 50 more for the exercises; the optional sections take
# another 10.
#
# **Two-hour path:** nothing on this page.
#
# Run the setup cell first. After it, each section runs on its own.

# %% tags=["setup"]
import timeit
from string import ascii_lowercase

import jax
import numpy as np

from course_lib import optimizers, plots, widgets
from course_lib.data import load_houses, load_spam
from course_lib.exercises import learning_rate as exercise
from course_lib.lessons import descent, landscapes
from course_lib.lessons import optimizer_race as race
from course_lib.lessons.landscapes import gorge
from course_lib.training import schedules

jax.config.update("jax_enable_x64", True)  # numbers as exact as Python's own
texts, is_spam = zip(*load_spam())
is_spam = np.array(is_spam)  # 1 spam, 0 not
letters = np.array([[text.lower().count(a) for a in ascii_lowercase] for text in texts])
scaled = (letters - letters.mean(axis=0)) / letters.std(axis=0)
scaled = np.hstack([scaled, np.ones((200, 1))])  # (200, 27), the last for a bias


def predict(inputs, w):
    """Return the probability of spam: a sigmoid, as in notebook 01."""
    return 1 / (1 + np.exp(-np.clip(inputs @ w, -30, 30)))  # clipped: no overflow


def spam_loss(p):
    """Return the cross-entropy of probabilities of spam for all 200 messages."""
    return -np.log(np.where(is_spam, p, 1 - p)).mean()


# %% [markdown]
# ## One number decides whether you arrive
#
# Begin with one parameter, $x$, and a valley that is a perfect bowl:
#
# $$\text{loss} = \frac{k}{2}\,x^2, \qquad \text{slope} = k\,x$$
#
# The number $k$ is the **curvature**: how much the slope changes when $x$ changes by 1.
# Our bowl has $k = 4$. Five walkers start at $x = 1$, all with the same slope under
# their feet. Only their learning rates $\eta$ (eta) differ.
#
# **Predict first.** Which of the five end up within 0.02 of the floor after 20 steps?

# %% tags=["nbval-check-output"]
my_prediction = []  # their learning rates, such as [0.01, 0.15]

k, rates = 4.0, [0.01, 0.15, 0.25, 0.45, 0.52]
paths = np.ones((21, 5))  # one column for each walker
for step in range(20):
    paths[step + 1] = paths[step] - rates * (k * paths[step])
for rate, path in zip(rates, paths.T):
    print(f"rate {rate:.2f}: x = 1, {path[1]:5.2f}, {path[2]:5.2f} … {path[20]:6.3f}")

# %%
places = np.linspace(-1.6, 1.6, 101)
names = ["crawls", "arrives", "lands in one step", "swings, arrives", "flies off"]
axes = plots.panels(2, 3, width=9.6, height=5.8)
for ax, name, rate, path in zip(axes.flat, names, rates, paths.T):
    bowl, heights = k / 2 * places**2, k / 2 * path**2
    title = f"rate {rate}: {name}"
    plots.stride_walk(places, bowl, path, heights, title=title, ax=ax)
far = {f"{rate}": abs(path) for rate, path in zip(rates, paths.T)}
style = {"limits": (1e-4, 9), "legend": "ends", "title": "all five"}
plots.curves_by_step(far, ylabel="distance to the floor", ax=axes.flat[5], **style)
plots.show(
    axes,
    alt="Five walks in one bowl. With rate 0.01 the steps are tiny; with 0.15 they "
    "reach the floor; with 0.25 the first step lands on it; with 0.45 the walker "
    "swings from wall to wall and comes closer; with 0.52 it swings further each time. "
    "The sixth panel shows the distances: straight lines on a log axis.",
)

# %% [markdown]
# Three of the five arrive. Now look at the last panel: on a log axis the distances are
# straight lines, so every step multiplies the distance by the same number. (With 0.25
# the line drops straight down: the walker is at 0 after one step.) What number is that?
# Put the slope $k x$ into the rule of descent:
#
# $$x \leftarrow x - \eta \cdot k x = (1 - \eta k)\,x$$
#
# On a bowl, the factor $1 - \eta k$ decides everything:
#
# - Just below 1, the distance hardly shrinks: the walker crawls.
# - Between 1 and 0, she arrives from one side. At exactly 0, when $\eta = 1/k$, one
#   step is enough.
# - Between 0 and −1, she oversteps the floor each time, but by less and less.
# - Below −1, each step ends higher than it began.
#
# So the edge is where $1 - \eta k = -1$, which is $\eta = 2/k$. That is the derivation.
# Now measure: by what was the distance multiplied on each of the five walks?

# %%
many = np.linspace(0, 0.65, 200)
measured = {rate: abs(path[1] / path[0]) for rate, path in zip(rates, paths.T)}
plots.show(
    plots.shrink_factors(many, abs(1 - many * k), 2 / k, measured),
    alt="The factor |1 - rate times k| against the rate is a V: from 1 at rate 0 down "
    "to 0 at 0.25 and up again. It crosses 1 at the edge, 0.5. Five measured dots lie "
    "on it, the last of them beyond the edge.",
)

# %% [markdown]
# Five rates are not many. Here you choose the rate, the bowl and the start: drag the
# rings, or use the sliders.
#
# **Predict first.** If the bowl is twice as curved, where does the edge go? And what
# changes if the walker starts closer to the floor? Then drag, or press ▶ and watch one
# rate after another. In which bowl does a rate of 0.4 swing for ever?

# %%
widgets.stride_lab()

# %% [markdown]
# Twice the curvature, half the edge. The start changes where the walker is, but never
# the factor: no start saves a rate that is too large. (The bowl asked for is the one
# with $k = 2 / 0.4 = 5$.)
#
# How sharp is the edge? Take a rate just below it, one exactly on it, and one just
# above, and give them a thousand steps.

# %% tags=["nbval-check-output"]
for rate in (0.499, 0.5, 0.501):
    x = 1.0
    for _ in range(1000):
        x = x - rate * k * x
    print(f"rate {rate:.3f}: distance to the floor after 1,000 steps {abs(x):7.3f}")

# %% [markdown]
# On a bowl, a change of 0.4 % in the rate decides whether a run arrives or flies off.
# On the edge itself the walker jumps between the same two places for ever.
#
# In a real network the edge is not that clean, because the curvature changes as the
# model learns. In many networks it grows until the edge comes down to the rate in use,
# and then the run hovers there for a long time without flying off (Cohen and others,
# 2021, arXiv 2103.00065). So take $2/k$ as a first guess. Further down we measure a
# model in which the curvature falls.
#
# ### Exercise: find the largest stable rate
#
# In the fog nobody tells you $k$, or where the floor is. But you can feel the slope at
# any place you choose. Write `largest_stable_rate`. It gets a function, `slope`, and a
# place `x`. Stuck? `exercise.largest_stable_rate.hint()`.


# %%
def largest_stable_rate(slope, x):
    """Return the learning rate beyond which descent on this bowl flies off."""
    ...


exercise.largest_stable_rate.check(largest_stable_rate)

# %% [markdown]
# ## Steps shrink by themselves on the way down
#
# Now two parameters, and a real loss: the forty houses of notebooks 01 and 02. Here $b$
# is the price of a house of 100 m², and $w$ the price of 50 m² more, both in thousands
# of euros. The walker starts high up and takes four steps with a learning rate of 0.22.
# We number the five places where she stands.
#
# **Predict first.** The learning rate is the same at every step. Are the steps equally
# long?


# %% tags=["nbval-check-output"]
def house_loss(w, b):
    return ((w * z + b - prices) ** 2).mean()


def house_slope(w, b):
    error = w * z + b - prices
    return 2 * np.array([(error * z).mean(), error.mean()])


sizes, prices = np.array(load_houses()).T
z = (sizes - 100) / 50
path = [np.array([260.0, 540.0])]
for _ in range(4):
    path.append(path[-1] - 0.22 * house_slope(*path[-1]))
best = np.polyfit(z, prices, 1)  # the floor, by least squares

print("point      loss   slope   step from here")
for i, place in enumerate([*path, best]):
    steep, name = np.hypot(*house_slope(*place)), i + 1 if i < 5 else "floor"
    print(f"{name:5} {house_loss(*place):9,.0f} {steep:7.1f} {0.22 * steep:7.1f}")

# %%
terrain = descent.loss_grid(house_loss, (20, 300), (220, 580), n=61)
names = ("w: price of 50 m² more, 1,000 €", "b: price of 100 m², 1,000 €")
heights = [house_loss(*place) for place in path]
plots.show(
    plots.five_point_descent(terrain, path, heights, floor=best, names=names),
    alt="Five numbered points on the loss of the houses, on a surface and on a map. "
    "Point 1 stands high on the wall with a long step to point 2; the steps to 3, 4 "
    "and 5 are shorter and shorter; 5 is on the valley floor.",
)

# %% [markdown]
# Keep this picture in mind. Point 1 is high up, the loss is large and the ground is
# steep: a long step. At 2 she is lower, and the step is less than half as long. At 3
# and 4 it is shorter still. At 5 she is close to the floor, where the ground is nearly
# level.
#
# Nobody told the walker to slow down. A step is the learning rate *times the slope*,
# and the slope becomes smaller near the floor, so she comes to rest by herself. (The
# floor is not at 0, but at a loss of 794: no line passes through all the houses.)
#
# So one constant rate below the edge is enough to arrive, as long as the mountain is
# round and the slopes are exact. The next section leaves the round mountains, and the
# end of the page leaves the exact slopes.

# %% [markdown]
# ## Why does one stride fit neither canyon nor plain?
#
# With two parameters there is a curvature in every direction. In a gorge such as
# $\frac{1}{2}(x^2 + 100\,y^2)$ it is 1 along the gorge and 100 across. But there
# is one learning rate for both, and the more curved direction sets the edge: $2 / 100 =
# 0.02$. Along the gorge, each step then covers at most 2 % of the way that is left.
#
# **Predict first.** A walker starts 2.5 from the floor along the gorge, and 0.5 across,
# with a rate just below the edge. How far is she from the floor after 100 steps?

# %% tags=["nbval-check-output"]
rates = [0.002, 0.0195, 0.0205]
walked = race.trajectories(optimizers.sgd, gorge, (2.5, 0.5), rates, steps=100)
for rate, path in zip(rates, walked):
    x, y = abs(path[-1])
    print(
        f"rate {rate:<6}  along {x:.2f}   across {y:6.3f}   loss {gorge(x, y):11,.3f}"
    )

# %% [markdown]
# (`race.trajectories` is a helper that walks with several rates at once;
# `optimizers.sgd` is plain descent. An **optimizer** is a rule that makes steps from
# slopes.) The first rate is quiet across, and hardly moves along. The second swings
# across at every step, and still has 0.35 to go along. The third flies off across, and
# is *still* too slow along.
#
# A plateau has the opposite problem. Far out the ground is almost level, so the steps
# are tiny. And the rate cannot be raised at will, because in the middle of this plateau
# there is a hole with steep walls.

# %% tags=["nbval-check-output"]
for place in ((5.5, 4), (0.5, 0.3)):
    slope = descent.iterate_at(landscapes.plateau, place).gradient_norm
    print(f"slope at {place}: {slope:.4f}")
(path,) = race.trajectories(optimizers.sgd, landscapes.plateau, (5.5, 4), 0.5, 500)
for steps in (0, 100, 500):
    print(f"after {steps:3} steps: altitude {landscapes.plateau(*path[steps]):.3f}")

# %% [markdown]
# Five hundred steps, and next to nothing gained. On both mountains the walker lacks the
# same thing: a **memory**. In the gorge it would tell her that her steps across undo
# each other, and on the plateau that she has been going the same way for a long time.
#
# **Momentum** gives her one (Polyak, 1964). Let a ball roll in place of the walker. The
# ball has a velocity $v$. At every step it keeps most of it, and the slope is added:
#
# $$v \leftarrow \beta v + \nabla \text{loss}, \qquad
# \theta \leftarrow \theta - \eta\, v$$
#
# The share that is kept is $\beta$ (beta), the **decay**, usually 0.9. What does this
# do to a slope that never changes, and to one that changes its sign at every step?

# %% tags=["nbval-check-output"]
steady = swinging = 0.0
for step in range(100):
    steady = 0.9 * steady + 1.0
    swinging = 0.9 * swinging + (-1.0) ** step
print(f"slopes +1, +1, +1 … velocity {steady:.2f}")
print(f"slopes +1, -1, +1 … velocity {abs(swinging):.2f}")

# %% [markdown]
# A steady slope becomes ten times as strong, which is $1/(1-\beta)$. One that keeps
# changing its sign is halved. Faster along, calmer across: that is what both mountains
# need. Here are walker and ball: in the gorge each with a rate that suits it, on the
# plateau both with 0.5.

# %%
trips = {  # name: (landscape, start, size of the map, rates, steps)
    "gorge": (gorge, (2.5, 0.5), (3.2, 0.7), (0.0195, 0.004), 100),
    "plateau": (landscapes.plateau, (5.5, 4.0), (7, 5), (0.5, 0.5), 250),
}
axes = plots.panels(2, 2, width=9.6, height=6.0)
for (name, (land, start, (x, y), pair, n)), column in zip(trips.items(), axes.T):
    runs = {
        "plain descent": race.trajectories(optimizers.sgd, land, start, pair[0], n)[0],
        "momentum": race.trajectories(optimizers.momentum, land, start, pair[1], n)[0],
    }
    ground = descent.loss_grid(land, (-x, x), (-y, y))
    plots.paths_map(ground, runs, title=name, legend="", equal=False, ax=column[0])
    heights = {name: land(*path.T) for name, path in runs.items()}
    plots.curves_by_step(heights, ylabel="loss", limits=(1e-5, 20), ax=column[1])
plots.show(
    axes,
    alt="Two maps and the losses below them. In the gorge plain descent zigzags across "
    "and creeps along; momentum swings wide at first and reaches the floor. On the "
    "plateau plain descent stays at its start; momentum rolls into the hole.",
)

# %% [markdown]
# One drawback of a ball is that it cannot stop on the floor. It rolls through, climbs
# the other side, and comes back. This is **overshoot**, and the more velocity a ball
# keeps, the further it goes. Four balls in a bowl with $k = 1$, all with a rate of 0.1:

# %%
rolled = {}
for decay in (0.0, 0.5, 0.9, 0.99):
    x, v, path = 1.0, 0.0, [1.0]
    for _ in range(80):
        v = decay * v + x  # the slope of this bowl is x
        x = x - 0.1 * v
        path.append(x)
    rolled[f"decay {decay}"] = path
style = {"log": False, "legend": "above", "goal": {"the floor": 0.0}}
plots.show(
    plots.curves_by_step(rolled, ylabel="position x, from the floor", **style),
    alt="Position by step for four decays. Without decay a smooth approach; 0.5 is "
    "faster; 0.9 swings through the floor and settles; 0.99 keeps swinging.",
)

# %% [markdown]
# With the usual decay of 0.9 this ball needs some seventy steps to come to rest, in a
# bowl that plain descent can cross in a single step, at a rate of 1.
#
# ### Exercise: momentum
#
# Write one step of it. `params`, `velocity` and `grads` are numbers or NumPy arrays. The
# caller keeps the first two between the steps, so you return both.


# %%
def momentum(params, velocity, grads, learning_rate, decay):
    """Return the new params and the new velocity, one step on."""
    ...


exercise.momentum.check(momentum)

# %% [markdown]
# ## Adam gives every parameter a stride of its own
#
# Momentum still has one learning rate for all parameters. In the gorge that hurts, and
# a network has a great many directions, some steep and some flat. Adam (Kingma and Ba,
# 2014, arXiv 1412.6980) also remembers *how large* the slopes of each parameter have
# been, and divides by that. We build it in three steps. Let $g$ be the slope of one
# parameter.
#
# **Step one: a mean of the slopes.** It is like the velocity, but the new slope counts
# only $1 - \beta_1$, so that a steady slope of 1 leads to a mean of 1:
# $\mu \leftarrow \beta_1 \mu + (1 - \beta_1)\, g$, with $\beta_1 = 0.9$.
#
# **Step two: a mean of their squares.**
# $\nu \leftarrow \beta_2 \nu + (1 - \beta_2)\, g^2$, with $\beta_2 = 0.999$. Its root is
# the typical size of a slope, as the RMSE of notebook 01 is that of an error. (A mean of
# the slopes themselves would not do: +2 and −2 would cancel. In squares, the sign is
# gone.) The step is the learning rate times $\mu / \sqrt{\nu}$.
#
# Let three parameters have steady slopes of very different sizes.

# %% tags=["nbval-check-output"]
g = np.array([0.001, 1.0, 1000.0])
mu = nu = np.zeros(3)
for step in (1, 2, 3):
    mu = 0.9 * mu + 0.1 * g
    nu = 0.999 * nu + 0.001 * g**2
    print(f"step {step}: mu / root of nu = {(mu / np.sqrt(nu)).round(2)}")

# %% [markdown]
# The sizes are gone. A slope of a thousandth and one of a thousand lead to the same
# stride: each parameter has its own scale.
#
# But something is off. For a steady slope the stride should be 1, and it is 3 and
# growing. The cause: both means start at 0, so both are too small at first. $\mu$ has
# caught up after some twenty steps. $\nu$ has a longer memory and takes thousands, and
# it is $\nu$ that we divide by.
#
# **Step three: bias correction.** After $t$ steps of a steady slope, $\mu$ holds the
# share $1 - \beta_1^t$ of it. So divide $\mu$ by this share, and $\nu$ by
# $1 - \beta_2^t$. Here is all of Adam; `slope` is any function that returns slopes, and
# the tiny `1e-8` prevents a division by 0.


# %%
def adam_walk(slope, start, rate, steps, corrected=True):
    """Return the positions of Adam, the start included."""
    path, mu, nu = [np.array(start)], 0.0, 0.0
    for t in range(1, steps + 1):
        g = slope(path[-1])
        mu = 0.9 * mu + 0.1 * g
        nu = 0.999 * nu + 0.001 * g**2
        share_mu, share_nu = (1 - 0.9**t, 1 - 0.999**t) if corrected else (1, 1)
        stride = (mu / share_mu) / (np.sqrt(nu / share_nu) + 1e-8)
        path.append(path[-1] - rate * stride)
    return np.array(path)


# %% [markdown]
# **Predict first.** A slope that is 1 for ever, a learning rate of 1. With correction,
# every stride should be 1. Without it, how long is the longest?

# %% tags=["nbval-check-output"]
for name, corrected in (("with correction", True), ("without", False)):
    strides = -np.diff(adam_walk(np.ones_like, 0.0, 1.0, 1000, corrected))
    first, longest, last = strides[[0, top := strides.argmax(), -1]]
    print(f"{name:15}  first {first:.2f}, 1,000th {last:.2f}", end=", ")
    print(f"longest {longest:.2f} at step {top + 1}")

# %% [markdown]
# Without correction, one stride is six and a half times as long as it should be, and it
# comes at step 12, when the walker knows little.
#
# Three checks in the gorge, from a start where the slope across is twenty times the
# slope along. Is the first step the same in both directions? Is the walk the same when
# the loss is a million times as high? Does the course's own Adam, `optimizers.adam`,
# walk the same way?

# %% tags=["nbval-check-output"]
ours = adam_walk(lambda p: p * (1, 100), (2.5, 0.5), 0.1, 60)
higher = adam_walk(lambda p: 1e6 * p * (1, 100), (2.5, 0.5), 0.1, 60)
(package,) = race.trajectories(optimizers.adam, gorge, (2.5, 0.5), 0.1, steps=60)
print("first step:", (ours[1] - ours[0]).round(3))
print("a million times as high, same walk:", np.allclose(ours, higher, atol=1e-6))
print("the course's own, same walk:", np.allclose(ours, package, atol=1e-6))

# %% [markdown]
# ### Exercise: Adam
#
# Write it for one parameter. You get its gradients, one for each step, and return the
# list of its updates. An update is what is *added* to the parameter: new = old +
# update. `b1` and `b2` are $\beta_1$ and $\beta_2$; `eps` is the tiny number added to
# the root, as above.


# %%
def adam(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    """Return the update of one parameter for each gradient in turn."""
    ...


exercise.adam.check(adam)

# %% [markdown]
# ## Who wins the race, and where does Adam lose? (optional)
#
# Three runners, five mountains: the bowl, the gorge, the plateau, the two valleys of
# notebook 02, and one that Howard Rosenbrock made in 1960 to be hard: a valley that is
# narrow, curved, and almost level.
#
# To be fair, all get the same start, the same budget of 1,000 steps, and the same 21
# rates from 0.0001 to 10, four in each factor of ten. On each mountain every runner may
# take the best of its 21 walks. The target is an altitude within 0.001 of the lowest,
# reached *and not left again*.
#
# **Predict first.** Who is fastest on the bowl? Who on Rosenbrock's valley? And does
# anyone reach the deeper of the two valleys, starting in the wrong one?

# %%
entries = {
    name: {
        who: race.best_run(make, at.loss, at.start, at.minimum, race.LEARNING_RATES)
        for who, make in race.OPTIMIZERS.items()
    }
    for name, at in race.TEST_FUNCTIONS.items()
}

# %% tags=["nbval-check-output"]
print("steps to the target (with the rate)")
print(" " * 12, *(f"{who:>15}" for who in race.OPTIMIZERS))
for name, row in entries.items():
    cells = [f"{e.steps or 'no':>7} ({e.learning_rate:.4f})"[:16] for e in row.values()]
    print(f"{name:12}", *cells)
bowl = race.TEST_FUNCTIONS["bowl"][:3]
slower = race.best_run(optimizers.sgd, *bowl, race.LEARNING_RATES[:16])
rate = slower.learning_rate
print(f"bowl, plain descent, next rate down: {slower.steps} ({rate:.4f})")

# %% [markdown]
# "no" means not within 1,000 steps; the rate is then the one that came lowest. The maps
# show the best walks: plain descent in black, momentum in grey, Adam in pink.

# %%
axes = plots.panels(2, 3, width=9.6, height=6.2)
for ax, (name, row) in zip(axes.flat, entries.items()):
    at = race.TEST_FUNCTIONS[name]
    ground = descent.loss_grid(at.loss, at.x_range, at.y_range)
    runs = {who: e.trajectory[: (e.steps or 300) + 1] for who, e in row.items()}
    plots.paths_map(ground, runs, title=name, legend="", equal=False, ax=ax)
needed = {n: {who: e.steps for who, e in row.items()} for n, row in entries.items()}
plots.steps_needed(needed, 1000, ax=axes.flat[5])
plots.show(
    axes,
    alt="Maps of five mountains with the best walk of each runner, and a chart of the "
    "steps needed. Plain descent needs 1 step on the bowl and never arrives on two of "
    "them. The others need 67 to 137; on Rosenbrock momentum 164, Adam 341.",
)

# %% [markdown]
# **Adam loses twice.** On the bowl plain descent needs one step, because the rate 1 is
# among the 21 and the bowl has $k = 1$, so that it is exactly $1/k$. Even with the next
# rate down it needs only six. Adam, which divides the size of the slope away, needs 67,
# and momentum 74. On Rosenbrock's valley Adam takes twice as long as momentum. It wins
# clearly on the plateau, where its strides stay long on level ground, and narrowly in
# the gorge.
#
# In the two valleys both fast runners got out of the wrong one, and plain descent did
# not. That was luck more than skill: only a few of their rates threw them far enough.
#
# Those were the best walks. In the interactive figure the rates are yours. It opens in
# the gorge, with the best rate for each. One stop of a slider is a factor of 1.8. Drag
# along the curves to go through the steps.
#
# **Predict first.** Raise the rates stop by stop. Who is the first to fly off, and who
# never does? Then choose another mountain and see what the old rates are worth there.

# %%
widgets.optimizer_race()

# %% [markdown]
# In the gorge, one stop up throws plain descent out. Momentum survives three stops, and
# Adam all seven that are left, up to a rate of 10. Count how many of the 21 rates
# arrive on each mountain.

# %%
print("rates that reach the target, of 21")
print(" " * 12, *(f"{who:>15}" for who in race.OPTIMIZERS))
for name, row in entries.items():
    print(f"{name:12}", *(f"{e.n_good:15}" for e in row.values()))

# %% [markdown]
# (On the plateau and in the two valleys a count may differ by one on your machine. Near
# an edge, the rounding of the last digit decides.)
#
# In the gorge 3 rates of 21 suit plain descent, 8 suit momentum, and 14 suit Adam,
# which has the widest choice on four of these five mountains. **Adam is not always the
# fastest, but here it is the most forgiving.** These are toys with two parameters, so
# do not expect the same numbers elsewhere. But when one run costs a day you cannot try
# 21 rates, and that is one reason why many people begin with Adam.

# %% [markdown]
# ## Which rate for a mountain that nobody can draw?
#
# Back to real data: the 200 messages of notebook 01, half of them spam. This model sees
# no words at all. It counts how often each of the 26 letters occurs, gives every letter
# a weight, and squashes the sum into a probability with a sigmoid. One more weight, the
# *bias*, is added to every sum. That makes 27 parameters: *logistic regression*. The
# loss is cross-entropy.
#
# Nobody can draw a landscape over 27 parameters. So try rates: from the same start, 100
# steps with each, and note the loss at the end. This is a **learning-rate range test**.
# (Leslie Smith's version, 2015, arXiv 1506.01186, raises the rate in a single run.)
#
# We run it twice: on the counts as they are, and on counts *scaled*, so that each
# letter has mean 0 and standard deviation 1.


# %%
def spam_slope(inputs, w):
    """Return the gradient of the cross-entropy: the mean of (p - label) * input."""
    return inputs.T @ (predict(inputs, w) - is_spam) / 200


def short_run(inputs, rate, steps=100):
    """Return the weights after a short run; inputs is (200, 27)."""
    w = np.zeros(27)
    for _ in range(steps):
        w = w - rate * spam_slope(inputs, w)
    return w


tables = {"counts": np.hstack([letters, np.ones((200, 1))]), "scaled counts": scaled}
rates = 10.0 ** np.arange(-4, 1.51, 0.25)
tests = {
    name: [spam_loss(predict(inputs, short_run(inputs, rate))) for rate in rates]
    for name, inputs in tables.items()
}

# %% [markdown]
# Beyond some rate the loss must shoot up. Can the rule of the bowl, $2/k$, foretell
# that edge? We need the curvature in the most curved direction, and we can ask the
# ground for it. Take a tiny step in any direction and see how the slope changes. The
# change leans towards the most curved direction. So take the next tiny step in the
# direction *of the change*, and look again. After a few rounds this settles on the most
# curved one.
#
# **Predict first.** Will scaling the inputs move the edge? Up or down, and how far?


# %% tags=["nbval-check-output"]
def largest_curvature(inputs, w):
    """Return the largest curvature at w, by following the change of the slope."""
    change = np.ones(27)
    for _ in range(30):
        nudge = 1e-3 * change / np.linalg.norm(change)
        change = (spam_slope(inputs, w + nudge) - spam_slope(inputs, w)) / 1e-3
    return np.linalg.norm(change)


edges = {n: 2 / largest_curvature(x, np.zeros(27)) for n, x in tables.items()}
for name, losses in tests.items():
    best = int(np.argmin(losses))
    print(f"{name:13} edge 2/k at the start {edges[name]:.4f}")
    print(f"{'':13} best rate tried {rates[best]:.4f}, loss {losses[best]:.3f}")

# %%
plots.show(
    plots.range_test(rates, tests, start=np.log(2), edges=edges),
    alt="Loss after 100 steps against the learning rate. With raw counts it falls to "
    "0.51 at a rate near 0.03 and shoots up right after. With scaled counts there is a "
    "wide valley from 0.2 to 6 at a loss of 0.36. Dotted lines mark 2/k for both.",
)

# %% [markdown]
# Both curves have one shape: level where rates are too small to matter, a slope, a
# valley, and a cliff. For the raw counts the valley is narrow, and the best rate lies
# right at the cliff. For the scaled counts it is wide: any rate from 0.3 to 6 is almost
# equally good. **A rule of thumb: find the cliff, and take a rate several times
# smaller.** If the valley is as narrow as the black one, look at your inputs first.
#
# Was the forecast good? And did scaling only make the run faster, or does it reach a
# place that the raw counts never reach? Measure both.

# %% tags=["nbval-check-output"]
for steps in (0, 10, 100):
    k = largest_curvature(scaled, short_run(scaled, 2.0, steps))
    print(f"scaled counts after {steps:3} steps: k = {k:.2f}, edge 2/k = {2 / k:.1f}")
raw = tables["counts"]
for steps in (100, 10_000):
    loss = spam_loss(predict(raw, short_run(raw, 0.03, steps)))
    print(f"raw counts after {steps:6,} steps: loss {loss:.3f}")

# %% [markdown]
# For the raw counts the cliff is where $2/k$ says. For the scaled ones it comes later.
# As this model grows sure of its answers, its mountain becomes less curved, and the
# edge moves up. In a deep network it often moves the other way, as said above. So $2/k$
# at the start is a first guess, not a promise.
#
# The raw counts are on their way to the same floor, but with a hundred times the steps
# they are still above what the scaled ones reach in 100. Within 100 steps, no rate
# that we tried makes up for the scaling.
#
# ### Exercise: fix a diverging run
#
# In practice a run flies off, and somebody must rescue it. Below is such a run. Teach
# it to notice that a step led up, and to recover. It will be tried on mountains of very
# different curvature, with rates beyond their edge. So a small rate chosen beforehand
# will not do: use the loss.


# %%
def fix_a_diverging_run(loss, slope, x, learning_rate, steps):
    """Return where the run ends: at the floor, though the rate is too large."""
    for _ in range(steps):
        x = x - learning_rate * slope(x)
    return x


exercise.fix_a_diverging_run.check(fix_a_diverging_run)

# %% [markdown]
# ## What is a slope from four messages worth?
#
# So far every slope was exact: the mean over all examples. With billions of examples
# nobody can wait for that. So take a few at random, a **mini-batch**, and use the mean
# of *their* slopes. That is less work. What is it worth?
#
# At the start of the spam filter all weights are 0, and every message gets the
# probability 0.5. Then the slope of a single message is (0.5 − label) · input, and a
# nudge would confirm it. Here are sixty batches of each of three sizes. Of the 27
# slopes we draw two, those for the letters *y* and *a*. The bold arrow is the exact
# slope.

# %%
each = scaled * (0.5 - is_spam)[:, None]  # (200, 27): one slope for each message
full = each.mean(axis=0)
rng, y_and_a = np.random.default_rng(3), [24, 0]
axes = plots.panels(1, 3, width=9.6, height=3.5)
for ax, size in zip(axes, (4, 16, 64)):
    picks = rng.integers(0, 200, (60, size))  # drawn with replacement
    slopes = each[picks].mean(axis=1)[:, y_and_a]
    style = {"names": ("slope for y", "slope for a"), "title": f"batches of {size}"}
    plots.arrow_cloud(slopes, full[y_and_a], reach=0.75, ax=ax, **style)
plots.show(
    axes,
    alt="Three clouds of sixty arrows and one bold arrow. In batches of 4 they point "
    "in many directions, some of them backwards; in batches of 16 most point roughly "
    "right; in batches of 64 they lie close around the bold arrow.",
)

# %% [markdown]
# A batch of four mostly points roughly the right way, and sometimes the opposite way.
# But no cloud leans to one side of the bold arrow. The errors cancel on average, and so
# many rough steps can do the work of a few exact ones.
#
# **Predict first.** To halve the *noise*, the typical error of a batch's slope, how
# many times as many messages do you need?

# %% tags=["nbval-check-output"]
sizes, noise = (1, 4, 16, 64, 256), []
rng = np.random.default_rng(0)
for size in sizes:
    off = each[rng.integers(0, 200, (1000, size))].mean(axis=1) - full
    noise.append(np.sqrt((off**2).sum(axis=1).mean()))
    print(
        f"batch {size:3}: error {noise[-1]:.2f}, times the root of the size "
        f"{noise[-1] * size**0.5:.1f}"
    )
print(f"length of the exact slope: {np.linalg.norm(full):.2f}")

# %%
plots.show(
    plots.noise_by_batch(sizes, noise, np.linalg.norm(full)),
    alt="Typical error of a batch's slope against the batch size, both axes "
    "logarithmic. Measured dots lie on a line that falls with the square root. At 16 "
    "messages the error is as long as the exact slope itself.",
)

# %% [markdown]
# Four times as many, each time: the noise falls with the **square root** of the batch
# size. At 16 messages it is as long as the slope itself. With 256 it is a quarter of
# that. Counted in *examples*, a large batch is a poor bargain: for the same 256
# messages you could have sixteen steps with batches of 16 in place of one.
#
# But you pay for time, not for examples. How long does one step take on this machine?


# %%
def batch_slope(inputs, labels):
    """Return the slope of one batch at the start, where all weights are 0."""
    return inputs.T @ (predict(inputs, np.zeros(27)) - labels) / len(labels)


rng, seconds = np.random.default_rng(0), {}
for size in (1, 16, 256, 4096):
    pick = rng.integers(0, 200, size)
    batch = {"inputs": scaled[pick], "labels": is_spam[pick], "slope": batch_slope}
    runs = timeit.repeat("slope(inputs, labels)", number=100, globals=batch)
    seconds[size] = min(runs) / 100
    micro, ratio = 1e6 * seconds[size], seconds[size] / seconds[1]
    print(f"batch {size:5,}: {micro:6.1f} microseconds, {ratio:5.1f} times that of 1")

# %% [markdown]
# A batch of 256 takes nowhere near 256 times as long as one of 1: the processor works
# through the numbers of an array side by side. A graphics card does so with thousands
# of numbers at once. Until it is busy everywhere, a larger batch costs almost no extra
# time, and a small one leaves most of the card idle.
#
# So judge a batch size by the **time** to reach a loss, on your hardware: fill the
# hardware first. Beyond some size, less noise no longer makes up for fewer steps; where
# that is depends on the task (McCandlish and others, 2018, arXiv 1812.06162). It can be
# large: GPT-3 was trained with 3.2 million tokens a step (Brown and others, 2020, arXiv
# 2005.14165). Descent with mini-batches of any size is called *stochastic gradient
# descent*, SGD.
#
# ### Exercise: stochastic gradient descent
#
# Write one pass over the data: for each batch in turn, one step.
# `gradient(params, batch)` returns the slope of a batch.


# %%
def sgd(gradient, params, batches, learning_rate):
    """Return the params after one step for each batch."""
    ...


exercise.sgd.check(sgd)

# %% [markdown]
# ## When slopes are noisy, who makes the steps shrink?
#
# Near the floor the exact slope fades. The noise does not, as long as the messages
# disagree about the best weights, and here they do: the lowest loss that plain descent
# finds, the last line below, is far from 0. (Where a model can fit every example, the
# noise fades as well.) So a walker with a constant rate never comes to rest: each batch
# pushes her to another side.
#
# The cure is to lower the rate on the way, by a **schedule**: a function from the step
# to the rate. Two are common. With $T$ steps in all and $\eta$ the highest rate, at
# step $t$ they are
#
# $$\text{linear: } \eta \left(1 - \frac{t}{T}\right) \qquad
# \text{cosine: } \frac{\eta}{2} \left(1 + \cos \frac{\pi t}{T}\right)$$
#
# The second is due to Loshchilov and Hutter (2016, arXiv 1608.03983). A third schedule
# **warms up**: its rate rises over the first tenth of the steps, and then falls as a
# cosine. We train the spam filter for 1,000 steps with batches of 8. The floor, for
# reference, is found by plain descent on all messages.
#
# **Predict first.** With a rate of 0.5 and the same noise, how many times closer to the
# floor does a schedule end than a constant rate: twice, ten times, a hundred times?


# %%
def train(schedule, seed, steps=1000, size=8):
    """Return the loss over all messages at every step of a noisy run."""
    rng, w, losses = np.random.default_rng(seed), np.zeros(27), []
    for step in range(steps):
        losses.append(spam_loss(predict(scaled, w)))
        pick = rng.integers(0, 200, size) if size < 200 else slice(None)
        x, labels = scaled[pick], is_spam[pick]
        w = w - schedule(step) * x.T @ (predict(x, w) - labels) / size
    return np.array(losses)


def above_floor(name, rate, seeds=range(5)):
    """Return the height above the floor at every step, mean of several runs."""
    schedule = schedules.SCHEDULES[name](rate, 1000)
    return np.mean([train(schedule, seed) - floor for seed in seeds], axis=0)


floor = train(schedules.constant(2.0, 1000), 0, size=200)[-1]

# %% tags=["nbval-check-output"]
names = ("constant", "linear", "cosine", "warmup")
runs = {name: above_floor(name, 0.5) for name in names}
print("highest rate", *(f"{name:>9}" for name in runs))
for rate in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
    ends = (above_floor(name, rate)[-1] for name in names)
    print(f"{rate:12}", *(f"{end:9.4f}" for end in ends))
print(f"the floor: {floor:.2f}")

# %% [markdown]
# The table shows how high above the floor the runs end, as the mean of five. The figure
# shows the runs with a rate of 0.5.

# %%
steps = range(1000)
shapes = {n: [schedules.SCHEDULES[n](0.5, 1000)(t) for t in steps] for n in runs}
left, right = plots.panels(1, 2, width=9.6, height=3.8)
style = {"log": False, "ylabel": "learning rate", "limits": (0, 0.75)}
plots.curves_by_step(shapes, title="the schedules", ax=left, **style)
plots.curves_by_step(runs, ylabel="loss above the floor", title="the runs", ax=right)
plots.show(
    left,
    alt="Left: four schedules: constant; linear and cosine, down to 0; warm-up, which "
    "rises first. Right: the loss above the floor. With the constant rate it stays "
    "near 0.06; with the others it goes on falling to about 0.006.",
)

# %% [markdown]
# At a rate of 0.5 the schedules end ten times closer to the floor than the constant
# rate. Part of that is the rate: at its best, 0.05, a constant rate ends below 0.01
# too. But it is the only one of the six that does. With a schedule, every rate from 0.1
# to 1 does. (A rate that is too small is better left constant: a schedule makes it
# smaller still.) That is what a schedule buys you: **you need not know the right rate
# so exactly.** A large rate is for travelling, a small one for arriving, and a schedule
# has both. Linear or cosine hardly matters here.
#
# The warm-up changes nothing on this small mountain. It is used for large models, where
# a full stride at the start can throw the walker out, and where Adam's first estimates
# rest on few slopes (Liu and others, 2019, arXiv 1908.03265). GPT-3 was trained with
# Adam, a warm-up, and a cosine down to a tenth of the highest rate (Brown and others,
# 2020).
#
# Finally, the claims of this page as code, with ten seeds wherever chance has a part.

# %% tags=["claim", "nbval-check-output"]
rates = [0.0199, 0.0201]
inside, outside = race.trajectories(optimizers.sgd, gorge, (2.5, 0.5), rates, 1000)
assert abs(inside[-1, 1]) < 0.001 < 1000 < abs(outside[-1, 1])
bowl = (landscapes.bowl, (2.5, 1.5), 0.0, [0.1, 0.3, 1.0])
plain, adapted = (race.best_run(o, *bowl) for o in (optimizers.sgd, optimizers.adam))
assert plain.steps < adapted.steps

each = scaled * (0.5 - is_spam)[:, None]
for seed in range(10):
    rng, noise = np.random.default_rng(seed), []
    for size in (4, 64):
        noise.append(each[rng.integers(0, 200, (1000, size))].mean(1).std(0).mean())
    assert 3.7 < noise[0] / noise[1] < 4.3  # the root of 64 / 4 is 4
    constant, cosine = (above_floor(n, 0.5, [seed])[-1] for n in ("constant", "cosine"))
    assert cosine < constant / 3
print("The edge is 2/k, Adam can lose, noise falls with the root, schedules settle.")

# %% [markdown]
# ## Three sentences to remember
#
# - On a bowl of curvature $k$ every learning rate below $2/k$ arrives and every one
#   above it flies off; on a real mountain the curvature changes on the way, and $2/k$
#   at the start is a first guess.
# - Momentum remembers the way, and Adam also the size of the slopes, so that every
#   parameter gets a stride of its own; no optimizer is best on every mountain.
# - Steps shrink by themselves as an exact slope fades; with mini-batches, whose noise
#   falls only with the square root of their size, a schedule must shrink the steps.

# %% [markdown]
# ## Where next
#
# The walker knows which way and how far. One bill is still open, from the end of
# notebook 02: a nudge for every parameter is too expensive when there are billions of
# them. Notebook 04 builds the machine that finds every slope in one pass.
#
# Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
