# mypy: ignore-errors
"""The exercises of 03_learning_rate. Answers are written as learners write: untyped."""

from __future__ import annotations

import contextlib
import math

import numpy as np

from course_lib.exercises.core import Case, Code, ProbeError, exercise

# --- largest_stable_rate --------------------------------------------------------------


@exercise(
    title="Find the largest stable rate",
    task=(
        "Somewhere in the fog lies a bowl; you know neither its curvature k nor where "
        "its floor is. You get slope, a function that tells the slope at any place, "
        "and one place x. Return the learning rate at the edge, 2 / k."
    ),
    hints=(
        "The curvature k is how fast the slope changes. Ask for the slope at two "
        "places.",
        "slope(x + 1) - slope(x) is how much it changes over one unit of the way.",
        "curvature = slope(x + 1) - slope(x), and the edge is 2 / curvature.",
    ),
    cases=[
        (Code("lambda x: 4 * x"), 3.0),
        (Code("lambda x: 0.5 * (x - 6)"), 2.0),
        (Code("lambda x: 10 * x + 30"), -3.0),
        (Code("lambda x: 0.02 * (x + 100)"), 0.0),
    ],
    after="Two slopes are enough: the second says how fast the first one changes.",
)
def largest_stable_rate(slope, x):
    """Return the learning rate beyond which descent on this bowl flies off."""
    curvature = slope(x + 1) - slope(x)
    return 2 / curvature


largest_stable_rate.wrong_edit(
    "the rate that arrives in one step",
    "With this rate the first step lands on the floor. How much further can you go "
    "before the walker ends as high on the other side as it began?",
    ("2 / curvature", "1 / curvature"),
)
largest_stable_rate.wrong_edit(
    "a quarter of the edge",
    "Try your rate on the bowl with the slope 4 * x: by what does one step multiply "
    "the distance? At the edge it is -1.",
    ("2 / curvature", "1 / (2 * curvature)"),
)
largest_stable_rate.wrong_edit(
    "the curvature in place of the rate",
    "This is how fast the slope changes. A bowl that is twice as curved asks for steps "
    "half as long.",
    ("2 / curvature", "curvature"),
)
largest_stable_rate.wrong_edit(
    "turned upside down",
    "On a more curved bowl your rate is larger. Should it be?",
    ("2 / curvature", "curvature / 2"),
)
largest_stable_rate.wrong_edit(
    "multiplied in place of divided",
    "The edge is where the rate times the curvature is 2. Solve that for the rate.",
    ("2 / curvature", "2 * curvature"),
)
largest_stable_rate.wrong_edit(
    "the slope in place of the curvature",
    "The slope depends on where you stand: on the floor it is 0. The edge is the same "
    "for every start. What is the same everywhere on a bowl?",
    ("slope(x + 1) - slope(x)", "slope(x)"),
)
largest_stable_rate.wrong_edit(
    "the floor taken to be at 0",
    "slope(x) / x is the curvature only if the floor is at x = 0, and nobody told you "
    "where it is.",
    ("slope(x + 1) - slope(x)", "slope(x) / x"),
)
largest_stable_rate.wrong_edit(
    "two slopes divided",
    "The curvature is how much the slope changes from one place to the other: a "
    "difference. Yours depends on where the floor is.",
    ("slope(x + 1) - slope(x)", "slope(x + 1) / slope(x)"),
)
largest_stable_rate.wrong_edit(
    "compared with the slope at 0",
    "At x = 0 you ask twice at the same place, and the slope does not change. Take a "
    "second place that is always another one, such as x + 1.",
    ("slope(x + 1) - slope(x)", "(slope(x) - slope(0)) / x"),
)
largest_stable_rate.wrong_edit(
    "sign flipped",
    "A negative rate walks uphill. Which of the two slopes comes first in the "
    "subtraction?",
    ("slope(x + 1) - slope(x)", "slope(x) - slope(x + 1)"),
)
largest_stable_rate.wrong_edit(
    "the way between the places forgotten",
    "The slope changed by this much over a tenth of a unit. How much is that for a "
    "whole unit?",
    ("slope(x + 1) - slope(x)", "slope(x + 0.1) - slope(x)"),
)
largest_stable_rate.wrong_edit(
    "divided by the place",
    "Divide the change of the slope by how far the two places lie apart, not by where "
    "the second one lies.",
    ("slope(x + 1) - slope(x)", "(slope(x + 2) - slope(x)) / (x + 2)"),
)
largest_stable_rate.wrong_edit(
    "the place after the step",
    "This is where a step with that rate would lead. Asked for is the rate itself.",
    ("return 2 / curvature", "return x - 2 / curvature * slope(x)"),
)
largest_stable_rate.right_edit(
    "two far places", ("slope(x + 1) - slope(x)", "(slope(x + 7) - slope(x)) / 7")
)
largest_stable_rate.right_edit(
    "a small nudge, both ways",
    ("slope(x + 1) - slope(x)", "(slope(x + 1e-3) - slope(x - 1e-3)) / 2e-3"),
)
largest_stable_rate.right_edit(
    "backwards", ("slope(x + 1) - slope(x)", "slope(x) - slope(x - 1)")
)


@largest_stable_rate.right("a line through three slopes, with NumPy")
def _(slope, x):
    places = np.array([x - 1, x, x + 1])
    return 2 / np.polyfit(places, [slope(place) for place in places], 1)[0]


@largest_stable_rate.right("in float32")
def _(slope, x):
    x = np.float32(x)
    return np.float32(2) / np.float32(slope(x + 1) - slope(x))


@largest_stable_rate.right("by trying: does one step make the slope smaller?")
def _(slope, x):
    start = x + 1 if slope(x) == 0 else x
    low, high = 0.0, 1e6
    for _ in range(100):
        rate = (low + high) / 2
        if abs(slope(start - rate * slope(start))) < abs(slope(start)):
            low = rate
        else:
            high = rate
    return low


# --- momentum -------------------------------------------------------------------------


@exercise(
    title="One step with momentum",
    task=(
        "Write one step of momentum. The new velocity is decay times the old one, plus "
        "the slope; the step is the learning rate times the new velocity, downhill. "
        "Return the new params and the new velocity. They are numbers or NumPy arrays; "
        "the same line serves both."
    ),
    hints=(
        "Two lines: first the new velocity, then the new params, which need it.",
        "velocity = decay * velocity + grads makes a new object and leaves the old "
        "one alone.",
        "Then return params - learning_rate * velocity, velocity.",
    ),
    cases=[
        (2.0, 0.0, 4.0, 0.1, 0.9),
        (1.0, 5.0, -2.0, 0.05, 0.9),
        (np.array([2.5, 0.5]), np.array([1.0, -3.0]), np.array([2.5, 50.0]), 0.01, 0.5),
        (np.array([0.0, 1.0, -1.0]), np.zeros(3), np.array([0.5, 0.0, -2.0]), 0.2, 0.0),
        (np.array([3, -2]), np.array([1, 4]), np.array([4, 2]), 0.25, 0.5),
    ],
    after="With a decay of 0 it is plain descent; the nearer to 1, the heavier the "
    "ball.",
)
def momentum(params, velocity, grads, learning_rate, decay):
    """Return the new params and the new velocity, one step on."""
    velocity = decay * velocity + grads
    return params - learning_rate * velocity, velocity


momentum.wrong_edit(
    "a step with the old velocity",
    "At the first step the velocity is 0, and nothing moves. Which velocity should the "
    "step use?",
    ("    velocity = decay * velocity + grads\n", ""),
    (
        "return params - learning_rate * velocity, velocity",
        "return params - learning_rate * velocity, decay * velocity + grads",
    ),
)
momentum.wrong_edit(
    "a step uphill",
    "The velocity is a sum of slopes, and slopes point up. Which way should the step "
    "go?",
    ("params - learning_rate", "params + learning_rate"),
)
momentum.wrong_edit(
    "learning rate not applied",
    "The params moved by the whole velocity. Which argument says how long a stride is?",
    ("learning_rate * velocity", "velocity"),
)
momentum.wrong_edit(
    "no decay",
    "Nothing is ever forgotten here: a ball without friction. Where does decay come "
    "in?",
    ("decay * velocity + grads", "velocity + grads"),
)
momentum.wrong_edit(
    "a mean instead of a sum",
    "Some libraries weigh the slope by 1 - decay. Here it comes in whole: on a steady "
    "slope the velocity grows to 1 / (1 - decay) times the slope.",
    ("+ grads", "+ (1 - decay) * grads"),
)
momentum.wrong_edit(
    "the decay on the wrong term",
    "What should fade, the memory of old slopes or the slope felt right now?",
    ("decay * velocity + grads", "velocity + decay * grads"),
)
momentum.wrong_edit(
    "the slope left out",
    "The velocity only fades. What pushes the ball?",
    ("decay * velocity + grads", "decay * velocity"),
)
momentum.wrong_edit(
    "plain descent",
    "The velocity is kept, but the step does not use it.",
    ("params - learning_rate * velocity", "params - learning_rate * grads"),
)
momentum.wrong_edit(
    "learning rate counted twice",
    "The learning rate went into the velocity, and then into the step once more.",
    ("+ grads", "+ learning_rate * grads"),
)
momentum.wrong_edit(
    "learning rate inside the velocity",
    "The params are right as long as the rate never changes. But the velocity that "
    "comes back is in steps, and it was asked for in slopes.",
    ("+ grads", "+ learning_rate * grads"),
    ("- learning_rate * velocity", "- velocity"),
)
momentum.wrong_edit(
    "one look further ahead",
    "This is Nesterov's version, which adds the slope once more. Asked for is the "
    "plain rolling ball.",
    (
        "params - learning_rate * velocity",
        "params - learning_rate * (decay * velocity + grads)",
    ),
)
momentum.wrong_edit(
    "the new slope fades as well",
    "What should fade is the memory of the old slopes. The slope felt right now comes "
    "in whole.",
    ("decay * velocity + grads", "decay * (velocity + grads)"),
)
momentum.wrong_edit(
    "a velocity that points downhill",
    "The new velocity is decay times the old one, plus the slope: like the slope it "
    "points uphill. The minus stands in the step.",
    ("decay * velocity + grads", "decay * velocity - grads"),
    ("params - learning_rate", "params + learning_rate"),
)
momentum.wrong_edit(
    "a velocity that is a step",
    "Some books write it so: the learning rate and the minus go into the velocity. In "
    "this task the velocity is a sum of slopes, and both stand in the step.",
    ("decay * velocity + grads", "decay * velocity - learning_rate * grads"),
    ("params - learning_rate * velocity", "params + velocity"),
)
momentum.wrong_edit(
    "the velocity keeps the rest",
    "decay is the share that the velocity keeps, not the share that it loses.",
    ("decay * velocity + grads", "(1 - decay) * velocity + grads"),
)
momentum.wrong_edit(
    "a decay of its own",
    "The velocity always keeps 0.9 here. The last argument says how much it should.",
    ("decay * velocity + grads", "0.9 * velocity + grads"),
)
momentum.wrong_edit(
    "the slope taken away",
    "The new velocity is decay times the old one, plus the slope. The minus stands in "
    "the step.",
    ("decay * velocity + grads", "decay * velocity - grads"),
)
momentum.wrong_edit(
    "the step in place of the new place",
    "The velocity is right. In place of the new params, the step to them came back.",
    ("return params - learning_rate", "return -learning_rate"),
)


@momentum.wrong(
    "everything changed in place",
    "*=, += and -= change the arrays that came in, and an array of whole numbers "
    "cannot take in 2.5. Make new ones: velocity = decay * velocity + …",
)
def _(params, velocity, grads, learning_rate, decay):
    velocity *= decay
    velocity += grads
    params -= learning_rate * velocity
    return params, velocity


momentum.wrong_edit(
    "decay on the params",
    "The params shrink as well. decay belongs to the velocity alone.",
    ("return params", "return decay * params"),
)
momentum.wrong_edit(
    "the old velocity returned",
    "The params are right. The next step needs the velocity that you just computed, "
    "not the one that came in.",
    (
        "    velocity = decay * velocity + grads\n",
        "    new = decay * velocity + grads\n",
    ),
    ("learning_rate * velocity, velocity", "learning_rate * new, velocity"),
)


@momentum.wrong(
    "decimals cut off in an array of whole numbers",
    "An array made like params holds whole numbers where params does, so 2.5 becomes "
    "2. Compute new arrays in place of filling one.",
)
def _(params, velocity, grads, learning_rate, decay):
    if np.ndim(params) == 0:
        velocity = decay * velocity + grads
        return params - learning_rate * velocity, velocity
    moved, faster = np.zeros_like(params), np.zeros_like(params)
    for i in range(len(params)):
        faster[i] = decay * velocity[i] + grads[i]
        moved[i] = params[i] - learning_rate * faster[i]
    return moved, faster


@momentum.wrong(
    "a step forced into an array of whole numbers",
    "An array of whole numbers cannot take in 2.5. Write velocity = decay * velocity + "
    "…, which makes a new array, in place of *= and +=.",
)
def _(params, velocity, grads, learning_rate, decay):
    velocity = np.array(velocity)
    velocity *= decay
    velocity += grads
    return params - learning_rate * velocity, velocity


momentum.wrong_edit(
    "results exchanged",
    "Both numbers are right, in the wrong order: params first, then the velocity.",
    (
        "params - learning_rate * velocity, velocity",
        "velocity, params - learning_rate * velocity",
    ),
)
momentum.wrong_edit(
    "velocity not returned",
    "The next step needs the velocity too. Return both.",
    ("learning_rate * velocity, velocity", "learning_rate * velocity"),
)
momentum.wrong_edit(
    "input mutated",
    "The numbers are right, but *= and += changed the array that came in. Make a new "
    "one.",
    (
        "    velocity = decay * velocity + grads\n",
        "    velocity *= decay\n    velocity += grads\n",
    ),
)
momentum.right_edit(
    "as a list, and from the slope on",
    ("decay * velocity + grads", "grads + velocity * decay"),
    (
        "return params - learning_rate * velocity, velocity",
        "return [params - velocity * learning_rate, velocity]",
    ),
)


@momentum.right("with NumPy")
def _(params, velocity, grads, learning_rate, decay):
    faster = np.add(np.multiply(decay, velocity), grads)
    return np.subtract(params, learning_rate * faster), faster


@momentum.right("in float32")
def _(params, velocity, grads, learning_rate, decay):
    params, velocity, grads = (np.float32(a) for a in (params, velocity, grads))
    velocity = np.float32(decay) * velocity + grads
    return params - np.float32(learning_rate) * velocity, velocity


@momentum.right("one number at a time")
def _(params, velocity, grads, learning_rate, decay):
    if np.ndim(params) == 0:
        new = decay * velocity + grads
        return params - learning_rate * new, new
    moved, faster = [], []
    for p, v, g in zip(params, velocity, grads, strict=True):
        faster.append(decay * v + g)
        moved.append(p - learning_rate * faster[-1])
    return moved, faster


@momentum.right("copies changed in place")
def _(params, velocity, grads, learning_rate, decay):
    params, velocity = np.array(params, float), np.array(velocity, float)
    velocity *= decay
    velocity += grads
    params -= learning_rate * velocity
    return params, velocity


@momentum.right("by the package's own")
def _(params, velocity, grads, learning_rate, decay):
    from course_lib import optimizers

    optimizer = optimizers.momentum(learning_rate, decay)
    state = optimizers.MomentumState(0, velocity)
    updates, state = optimizer.update(grads, state)
    return optimizers.apply_updates(params, updates), state.velocity


# --- adam -----------------------------------------------------------------------------


@exercise(
    title="Adam, for one parameter",
    task=(
        "One parameter gets the given gradients, one at each step. Return the list of "
        "its updates. An update is what is added to the parameter (new = old + "
        "update): minus the learning rate, times the corrected mean mu_hat, divided by "
        "the root of the corrected mean square nu_hat plus eps. Both means start at 0."
    ),
    hints=(
        "A loop over the gradients. Before it, mu and nu are 0. In it, first bring "
        "both up to date: mu = b1 * mu + (1 - b1) * g, and nu in the same way with "
        "b2 and the square of g.",
        "At step 1, 2, 3 … the corrected values are mu / (1 - b1**step) and "
        "nu / (1 - b2**step). enumerate(gradients, start=1) counts for you. Keep mu "
        "and nu themselves for the next step.",
        "Append -learning_rate * mu_hat / (nu_hat**0.5 + eps). eps stands outside the "
        "root.",
    ),
    cases=[
        ([4.0, 4.0, 4.0], 0.1),
        ([1.0, -2.0, 0.5, 3.0], 0.01),
        ([2.0, 0.5, -1.0], 0.5, 0.8, 0.9, 0.1),
        ([0.0, 0.001], 0.1),
        ([3, -1, 2, -1], 0.25),
        ([1e-7, -2e-7], 0.1),
    ],
    after="The first update is always one learning rate long, however large the slope.",
)
def adam(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    """Return the update of one parameter for each gradient in turn."""
    mu, nu, updates = 0.0, 0.0, []
    for step, g in enumerate(gradients, start=1):
        mu = b1 * mu + (1 - b1) * g
        nu = b2 * nu + (1 - b2) * g**2
        mu_hat = mu / (1 - b1**step)
        nu_hat = nu / (1 - b2**step)
        updates.append(-learning_rate * mu_hat / (nu_hat**0.5 + eps))
    return updates


adam.wrong_edit(
    "no bias correction",
    "Look at the first update: it should be one learning rate long. Both means started "
    "at 0, so they are too small at first, and not by the same share.",
    ("mu / (1 - b1**step)", "mu"),
    ("nu / (1 - b2**step)", "nu"),
)
adam.wrong_edit(
    "bias correction of the mean alone",
    "The first update is about 30 times too long: what is too small stands below the "
    "line. The mean of the squares started at 0 too.",
    ("nu / (1 - b2**step)", "nu"),
)
adam.wrong_edit(
    "bias correction of the squares alone",
    "The first update is ten times too short. The mean of the slopes started at 0 too.",
    ("mu / (1 - b1**step)", "mu"),
)
adam.wrong_edit(
    "steps counted from 0",
    "The first step divides by 0. Count the steps from 1: with a power of 0 the share "
    "is 1 - 1.",
    ("enumerate(gradients, start=1)", "enumerate(gradients)"),
)
adam.wrong_edit(
    "corrected values carried on",
    "The first update is right, the later ones are not. Keep mu and nu as they are for "
    "the next step, and give the corrected ones names of their own.",
    ("mu_hat = mu / (1 - b1**step)", "mu_hat = mu = mu / (1 - b1**step)"),
    ("nu_hat = nu / (1 - b2**step)", "nu_hat = nu = nu / (1 - b2**step)"),
)
adam.wrong_edit(
    "multiplied in place of a power",
    "At step 2 the old zero has faded by b1 twice: b1 times b1, not 2 times b1.",
    ("b1**step", "b1 * step"),
    ("b2**step", "b2 * step"),
)
adam.wrong_edit(
    "correction with the power 1 at every step",
    "The first update is right. Does the correction fade as the steps go on?",
    ("b1**step", "b1"),
    ("b2**step", "b2"),
)
adam.wrong_edit(
    "numbers of its own in place of b1, b2 and eps",
    "With b1 = 0.9, b2 = 0.999 and eps = 1e-8 all is well. The caller may choose "
    "others: look at the case that does.",
    ("b1 * mu + (1 - b1) * g", "0.9 * mu + 0.1 * g"),
    ("b2 * nu + (1 - b2) * g**2", "0.999 * nu + 0.001 * g**2"),
    ("1 - b1**step", "1 - 0.9**step"),
    ("1 - b2**step", "1 - 0.999**step"),
    ("+ eps)", "+ 1e-8)"),
)
adam.wrong_edit(
    "a learning rate of its own",
    "The updates have the same length whatever rate is given. The second argument says "
    "how long they should be.",
    ("-learning_rate", "-0.1"),
)
adam.wrong_edit(
    "b1 in both corrections",
    "The mean of the squares fades with b2, so its share is another one.",
    ("1 - b2**step", "1 - b1 ** step"),
)
adam.wrong_edit(
    "b2 in both corrections",
    "The mean of the slopes fades with b1, so its share is another one.",
    ("1 - b1**step", "1 - b2 ** step"),
)
adam.wrong_edit(
    "the division left out",
    "A mean of the slopes, corrected: that is momentum. Adam divides it by the usual "
    "size of the slopes.",
    (" / (nu_hat**0.5 + eps)", ""),
)
adam.wrong_edit(
    "steps counted from 2",
    "The first update should be one learning rate long. Which number does the first "
    "step have in your correction?",
    ("start=1", "start=2"),
)
adam.wrong_edit(
    "the square of the mean",
    "nu is a mean of the squared slopes. A mean first and a square then is something "
    "else: where the slopes change their sign, it is too small.",
    ("(1 - b2) * g**2", "(1 - b2) * mu**2"),
)
adam.wrong_edit(
    "the correction multiplied in place of divided",
    "Both means are too small at first. Dividing by a share below 1 makes them larger.",
    ("mu / (1 - b1**step)", "mu * (1 - b1**step)"),
    ("nu / (1 - b2**step)", "nu * (1 - b2**step)"),
)
adam.wrong_edit(
    "root forgotten",
    "nu is a mean of squares. To compare it with a slope, what has to be undone?",
    ("nu_hat**0.5 + eps", "nu_hat + eps"),
)
adam.wrong_edit(
    "square forgotten",
    "A slope of +2 and one of -2 cancel in your nu. It should tell how large slopes "
    "are, whatever their sign.",
    ("g**2", "g"),
)
adam.wrong_edit(
    "eps under the root",
    "Look at the case with eps = 0.1: it is added after the root is taken.",
    ("nu_hat**0.5 + eps", "(nu_hat + eps) ** 0.5"),
)
adam.wrong_edit(
    "eps forgotten",
    "A slope of exactly 0 at the first step, and there is 0 below the line. eps is "
    "there for that.",
    ("nu_hat**0.5 + eps", "nu_hat**0.5"),
)
adam.wrong_edit(
    "the two memories exchanged",
    "b1 belongs to the mean of the slopes and b2 to the mean of their squares.",
    ("b1 * mu + (1 - b1) * g", "b2 * mu + (1 - b2) * g"),
    ("b2 * nu + (1 - b2) * g**2", "b1 * nu + (1 - b1) * g**2"),
    ("1 - b1**step", "1 - b2 ** step"),
    ("nu / (1 - b2**step)", "nu / (1 - b1**step)"),
)
adam.wrong_edit(
    "a step uphill",
    "The mean of the slopes points up. An update goes down.",
    ("-learning_rate", "learning_rate"),
)
adam.wrong_edit(
    "learning rate not applied",
    "Each update is about 1 long. Which argument says how long it should be?",
    ("-learning_rate * mu_hat", "-mu_hat"),
)
adam.wrong_edit(
    "the slope in place of its mean",
    "The lower half is right. In the upper half stands the slope of this one step, "
    "with no memory of those before.",
    ("* mu_hat", "* g"),
)
adam.wrong_edit(
    "sums in place of means",
    "Old and new must share out a weight of 1: b1 for the old, and what is left for "
    "the new.",
    ("(1 - b1) * g\n", "g\n"),
    ("(1 - b2) * g**2", "g**2"),
)
adam.wrong_edit(
    "memory lost at every step",
    "mu and nu start anew inside the loop, so nothing is remembered.",
    ("    mu, nu, updates = 0.0, 0.0, []\n", "    updates = []\n"),
    ("start=1):\n", "start=1):\n        mu = nu = 0.0\n"),
)
adam.wrong_edit(
    "only the last update",
    "One update for each gradient is asked for, as a list.",
    ("return updates", "return updates[-1]"),
)


@adam.wrong(
    "a memory kept from one call to the next",
    "The first run is right. In the next one the means of the first are still there: "
    "start both at 0 inside the function.",
)
def _(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8, memory=[0.0, 0.0, 0]):  # noqa: B006
    updates = []
    for g in gradients:
        memory[0] = b1 * memory[0] + (1 - b1) * g
        memory[1] = b2 * memory[1] + (1 - b2) * g**2
        memory[2] += 1
        size = (memory[1] / (1 - b2 ** memory[2])) ** 0.5 + eps
        updates.append(-learning_rate * memory[0] / (1 - b1 ** memory[2]) / size)
    return updates


@adam.wrong(
    "steps counted by value",
    "Equal slopes get the same number here, however many steps lie between them: "
    "gradients.index(g) finds the first. enumerate counts.",
)
def _(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    mu, nu, updates = 0.0, 0.0, []
    for g in gradients:
        step = gradients.index(g) + 1
        mu = b1 * mu + (1 - b1) * g
        nu = b2 * nu + (1 - b2) * g**2
        mu_hat = mu / (1 - b1**step)
        nu_hat = nu / (1 - b2**step)
        updates.append(-learning_rate * mu_hat / (nu_hat**0.5 + eps))
    return updates


@adam.wrong(
    "decimals cut off in an array of whole numbers",
    "An array made like gradients holds whole numbers where gradients does, so -0.25 "
    "becomes 0. Append to a list, or make the array with np.zeros(len(gradients)).",
)
def _(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    mu, nu, updates = 0.0, 0.0, np.zeros_like(gradients)
    for i, g in enumerate(gradients):
        mu = b1 * mu + (1 - b1) * g
        nu = b2 * nu + (1 - b2) * g**2
        size = (nu / (1 - b2 ** (i + 1))) ** 0.5 + eps
        updates[i] = -learning_rate * mu / (1 - b1 ** (i + 1)) / size
    return updates


@adam.wrong(
    "where the parameter stands in place of its updates",
    "You added the updates up. Return each of them by itself.",
)
def _(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    mu, nu, x, places = 0.0, 0.0, 0.0, []
    for step, g in enumerate(gradients, start=1):
        mu = b1 * mu + (1 - b1) * g
        nu = b2 * nu + (1 - b2) * g**2
        x -= (
            learning_rate * (mu / (1 - b1**step)) / ((nu / (1 - b2**step)) ** 0.5 + eps)
        )
        places.append(x)
    return places


adam.right_edit("math.sqrt", ("nu_hat**0.5", "__import__('math').sqrt(nu_hat)"))
adam.right_edit(
    "powers kept by multiplying",
    ("mu, nu, updates = 0.0, 0.0, []", "mu, nu, p1, p2, updates = 0.0, 0.0, 1, 1, []"),
    ("        mu_hat", "        p1, p2 = p1 * b1, p2 * b2\n        mu_hat"),
    ("b1**step", "p1"),
    ("b2**step", "p2"),
)


@adam.right("in float32")
def _(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    one = np.float32
    m = v = one(0)
    updates = np.zeros(len(gradients), dtype=one)
    for i, g in enumerate(np.array(gradients, dtype=one)):
        m = one(b1) * m + one(1 - b1) * g
        v = one(b2) * v + one(1 - b2) * g * g
        m_hat, v_hat = m / one(1 - b1 ** (i + 1)), v / one(1 - b2 ** (i + 1))
        updates[i] = -one(learning_rate) * m_hat / (np.sqrt(v_hat) + one(eps))
    return updates


@adam.right("weights written out, with NumPy")
def _(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    gradients, updates = np.array(gradients), []
    for n in range(1, len(gradients) + 1):
        age = np.arange(n)[::-1]
        mean = np.average(gradients[:n], weights=b1**age)
        square = np.average(gradients[:n] ** 2, weights=b2**age)
        updates.append(-learning_rate * mean / (np.sqrt(square) + eps))
    return updates


@adam.right("a generator, the memory in a tuple")
def _(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    def updates():
        memory = (0.0, 0.0)
        for t, g in enumerate(gradients, 1):
            memory = (
                memory[0] + (1 - b1) * (g - memory[0]),
                memory[1] + (1 - b2) * (g * g - memory[1]),
            )
            size = math.sqrt(memory[1] / (1 - b2**t)) + eps
            yield -learning_rate * memory[0] / (1 - b1**t) / size

    return list(updates())


@adam.right("by the package's own")
def _(gradients, learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    from course_lib import optimizers

    optimizer = optimizers.adam(learning_rate, b1, b2, eps)
    state, updates = optimizer.init(0.0), []
    for g in gradients:
        update, state = optimizer.update(g, state)
        updates.append(float(update))
    return np.array(updates, dtype=np.float32)


# --- fix_a_diverging_run --------------------------------------------------------------

BOWL = (
    Code("lambda x: 2 * (x - 0.3) * (x - 0.3)"),
    Code("lambda x: 4 * (x - 0.3)"),
)
FLAT = (
    Code("lambda x: 0.25 * (x + 2) * (x + 2)"),
    Code("lambda x: 0.5 * (x + 2)"),
)
STEEP = (
    Code("lambda x: 500 * (x - 7.4) * (x - 7.4)"),
    Code("lambda x: 1000 * (x - 7.4)"),
)
WALLS = (Code("lambda x: x * x * x * x"), Code("lambda x: 4 * x * x * x"))
LOPSIDED = (  # eight times as curved on the left as on the right
    Code("lambda x: (4 if x < 1 else 0.5) * (x - 1) * (x - 1)"),
    Code("lambda x: (8 if x < 1 else 1) * (x - 1)"),
)


@exercise(
    title="Fix a diverging run",
    task=(
        "This run flies off where the learning rate is too large. Teach it to notice "
        "and to recover: compare the loss before and after a step, and change the rate "
        "when it is too large for this mountain. The mountains differ, so no rate that "
        "you choose beforehand suits them all. From any rate above the edge, the run "
        "should end at the floor. You may ask for the loss and the slope at any place."
    ),
    hints=(
        "How does a walker notice that a step was too long? It stands higher than "
        "before. Compare the loss before and after the step.",
        "When a step would lead uphill, do not take it: stay, and make the learning "
        "rate smaller.",
        "new = x - learning_rate * slope(x). If loss(new) < loss(x), then x = new; "
        "else halve learning_rate.",
    ),
    stub='''
    def fix_a_diverging_run(loss, slope, x, learning_rate, steps):
        """Return where the run ends: at the floor, though the rate is too large."""
        for _ in range(steps):
            x = x - learning_rate * slope(x)
        return x
    ''',
    cases=[
        Case(*BOWL, 2.9, 3.0, 200, shown="a bowl with k = 4, start 2.9, rate 3"),
        Case(*FLAT, 5.0, 4.5, 200, shown="a bowl with k = 0.5, start 5, rate 4.5"),
        Case(*STEEP, 8.0, 1.0, 200, shown="a bowl with k = 1000, start 8, rate 1"),
        Case(*WALLS, 10.0, 0.1, 200, shown="x ** 4, start 10, rate 0.1"),
        Case(
            *LOPSIDED,
            0.0,
            0.9,
            200,
            shown="a bowl with k = 8 left of its floor and 1 right of it, start 1 to "
            "the left, rate 0.9",
        ),
    ],
    after="Take back the bad step, then shorten the stride: that rescues a large run "
    "too.",
)
def fix_a_diverging_run(loss, slope, x, learning_rate, steps):
    """Return where the run ends: at the floor, though the rate is too large."""
    for _ in range(steps):
        new = x - learning_rate * slope(x)
        if loss(new) < loss(x):
            x = new
        else:
            learning_rate = learning_rate / 2
    return x


@fix_a_diverging_run.probe
def _arrives(function, loss, slope, x, learning_rate, steps):
    """Return in words where a run ends; the floors all have the loss 0."""
    asked = []

    def watched_loss(place):
        asked.append(place)
        return loss(place)

    end = function(watched_loss, slope, x, learning_rate, steps)
    if end is None:
        return None
    try:
        end = float(end)
    except (TypeError, ValueError):
        raise ProbeError(
            "Return the place where the run ends, one number. This came back: "
            f"{type(end).__name__}."
        ) from None
    if math.isfinite(end) and loss(end) <= 1e-3 * loss(x):
        return "at the floor"
    blind = "" if asked else "; it never asked for the loss"
    if not math.isfinite(end) or loss(end) > 100 * loss(x):
        return f"flew off{blind}"
    place = f"{round(end, 3) + 0.0:g}"
    return f"ended at x = {place}, where the loss is {loss(end):.3g}{blind}"


fix_a_diverging_run.wrong_edit(
    "the bad step kept",
    "The rate is halved, but too late: the walker already stands where the bad step "
    "led. On x ** 4 the walls get steeper faster than the rate gets smaller.",
    ("            x = new\n        else:\n", "            pass\n        else:\n"),
    ("learning_rate / 2\n", "learning_rate / 2\n        x = new\n"),
)
fix_a_diverging_run.wrong_edit(
    "the run given up",
    "When a step would lead uphill, the run stays where it is for good. The place is "
    "fine, it is the rate that is wrong: which way should it change?",
    ("learning_rate = learning_rate / 2", "break"),
)
fix_a_diverging_run.wrong_edit(
    "another number in place of the place",
    "What came back is not where the walker stands. Is it the loss, or the rate? Asked "
    "for is the place: return x.",
    ("return x", "return loss(x)"),
)
fix_a_diverging_run.wrong_edit(
    "the comparison turned round",
    "Steps are taken if they lead up, and refused if they lead down.",
    ("loss(new) < loss(x)", "loss(new) > loss(x)"),
)
fix_a_diverging_run.wrong_edit(
    "a step uphill",
    "The new place lies up the slope, so it is always higher, and never taken.",
    ("x - learning_rate", "x + learning_rate"),
    ("learning_rate = learning_rate / 2", "x = x + 1e-3 * slope(x)"),
)


@fix_a_diverging_run.wrong(
    "the lowest place met",
    "The run still flies off, and you return the lowest place it passed, mostly its "
    "start. Nothing brings it down: when a step leads up, change the rate and try "
    "again.",
)
def _(loss, slope, x, learning_rate, steps):
    lowest = x
    for _ in range(steps):
        x = x - learning_rate * slope(x)
        if loss(x) < loss(lowest):
            lowest = x
    return lowest


@fix_a_diverging_run.wrong(
    "the run as it was",
    "Nothing was changed that matters: the run still flies off. How could it notice?",
)
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        x = x - learning_rate * slope(x)
    return x


@fix_a_diverging_run.wrong(
    "one small rate for every mountain",
    "It no longer flies off. But look at the flat bowl: how far does it get in 200 "
    "steps? The rate should be small only where it has to be.",
)
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        x = x - 0.001 * slope(x)
    return x


@fix_a_diverging_run.wrong(
    "a rate planned beforehand",
    "On the gentle bowls the rate is small enough, on the steep ones it is not. No "
    "plan made beforehand suits every mountain: let the loss tell.",
)
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        x = x - min(learning_rate, 0.1) * slope(x)
    return x


@fix_a_diverging_run.wrong(
    "a smaller rate, and a blind run",
    "The run still flies off. The rate gets smaller, but not when it needs to: how "
    "would the run notice that a step led up?",
)
def _(loss, slope, x, learning_rate, steps):
    learning_rate = learning_rate / 2
    for _ in range(steps):
        x = x - learning_rate * slope(x)
    return x


@fix_a_diverging_run.wrong(
    "the rate halved at every step",
    "Soon the steps are too short to get anywhere. Halve it only when there is a "
    "reason to.",
)
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        x = x - learning_rate * slope(x)
        learning_rate = learning_rate / 2
    return x


@fix_a_diverging_run.wrong(
    "steps cut to one length",
    "Cut to length 1, a step cannot fly off; it cannot settle either. It jumps to and "
    "fro over the floor.",
)
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        step = learning_rate * slope(x)
        x = x - max(-1.0, min(1.0, step))
    return x


@fix_a_diverging_run.wrong(
    "the slope cut to one length",
    "A slope cut to 1 cannot throw the walker far. But the rate is still too large "
    "near the floor, and it jumps to and fro over it. What must shrink is the rate.",
)
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        x = x - learning_rate * max(-1.0, min(1.0, slope(x)))
    return x


@fix_a_diverging_run.wrong(
    "only the sign of the slope",
    "Every step is one learning rate long, near the floor as well as far from it.",
)
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        x = x - learning_rate * ((slope(x) > 0) - (slope(x) < 0))
    return x


@fix_a_diverging_run.wrong(
    "momentum added",
    "A ball that is thrown too hard is not stopped by being heavier.",
)
def _(loss, slope, x, learning_rate, steps):
    velocity = 0.0
    for _ in range(steps):
        velocity = 0.9 * velocity + slope(x)
        x = x - learning_rate * velocity
    return x


fix_a_diverging_run.right_edit(
    "divided by ten", ("learning_rate / 2", "learning_rate / 10")
)


@fix_a_diverging_run.right("tries until a step leads down")
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        for _ in range(60):
            if loss(x - learning_rate * slope(x)) < loss(x):
                break
            learning_rate /= 3
        else:
            return x
        x -= learning_rate * slope(x)
    return x


@fix_a_diverging_run.right("back to the best place seen")
def _(loss, slope, x, learning_rate, steps):
    best, lowest = x, loss(x)
    for _ in range(steps):
        x = x - learning_rate * slope(x)
        height = loss(x)
        if height < lowest:
            best, lowest = x, height
        else:
            x, learning_rate = best, learning_rate * 0.4
    return best


@fix_a_diverging_run.right("measures the curvature at every step")
def _(loss, slope, x, learning_rate, steps):
    for _ in range(steps):
        curvature = (slope(x + 1e-4) - slope(x - 1e-4)) / 2e-4
        if curvature > 0:
            x = x - min(learning_rate, 1 / curvature) * slope(x)
    return x


@fix_a_diverging_run.right("a run for each rate, the lowest end wins")
def _(loss, slope, x, learning_rate, steps):
    ends = []
    for halvings in range(30):
        place, rate = x, learning_rate / 2**halvings
        for _ in range(steps):
            place -= rate * slope(place)
        ends.append(place)
    return min(ends, key=lambda end: loss(end) if math.isfinite(end) else math.inf)


@fix_a_diverging_run.right("in float32, with NumPy")
def _(loss, slope, x, learning_rate, steps):
    x, rate = np.float32(x), np.float32(learning_rate)
    for _ in range(steps):
        new = x - rate * np.float32(slope(x))
        better = loss(new) < loss(x)
        x = np.where(better, new, x)
        rate = rate if better else rate / np.float32(2)
    return x


# --- sgd ------------------------------------------------------------------------------

MEAN = Code("lambda p, batch: 2 * (p - sum(batch) / len(batch))")
CENTRE = Code("lambda p, batch: p - batch.mean(axis=0)")


@exercise(
    title="Stochastic gradient descent",
    task=(
        "Write one pass over the data: for each batch in turn, one step of descent "
        "with the slope of that batch. gradient(params, batch) returns the slope: "
        "the mean over the batch. params is a number or an array. Return the last "
        "params."
    ),
    hints=(
        "A loop over the batches. In each round, ask for the slope at the place where "
        "the walker stands now, not where it started.",
        "params = params - … makes a new object. Write it so in the loop, and return "
        "after the loop.",
        "for batch in batches: params = params - learning_rate * gradient(params, "
        "batch)",
    ),
    cases=[
        (MEAN, 0.0, [[1.0, 3.0], [2.0], [5.0, 1.0, 0.0]], 0.25),
        (MEAN, 10.0, [[4.0, 4.0, 1.0, 3.0], [8.0, -2.0]], 0.1),
        (
            CENTRE,
            np.array([1.0, -1.0]),
            [np.array([[2.0, 0.0], [4.0, 6.0]]), np.array([[-1.0, 5.0]])],
            0.5,
        ),
        (MEAN, 2.0, [[1.0, 0.0]], 0.3),
        (MEAN, 0.0, [[9.0], [-3.0], [4.0], [9.0], [0.5, 1.0], [-7.0], [2.0]], 0.4),
        (
            CENTRE,
            np.array([1, -2]),
            [np.array([[2.0, 0.0], [5.0, 6.0]]), np.array([[-1.0, 5.0]])],
            0.25,
        ),
    ],
    after="This loop trains most networks there are; only the gradient gets longer.",
)
def sgd(gradient, params, batches, learning_rate):
    """Return the params after one step for each batch."""
    for batch in batches:
        params = params - learning_rate * gradient(params, batch)
    return params


@sgd.probe
def _in_turn(function, gradient, params, batches, learning_rate):
    """Return the last params; name an order of batches that is not the given one."""
    numbers = [np.ravel(batch).tolist() for batch in batches]
    asked = []

    def watched(place, batch):
        with contextlib.suppress(Exception):
            asked.append(np.ravel(batch).tolist())
        return gradient(place, batch)

    end = function(watched, params, batches, learning_rate)
    if asked != numbers and sorted(asked) == sorted(numbers):
        raise ProbeError(
            "Every batch had its step, but not in the order in which they came. Each "
            "step begins where the one before it ended, so the order counts."
        )
    return end


sgd.wrong_edit(
    "every slope felt at the start",
    "The walker moves on after every batch. Where does it stand when it feels the next "
    "slope?",
    ("    for batch", "    start = params\n    for batch"),
    ("gradient(params, batch)", "gradient(start, batch)"),
)
sgd.wrong_edit(
    "only the first batch",
    "The return stands inside the loop, so the pass ends after one step.",
    ("    return params", "        return params"),
)
sgd.wrong_edit(
    "only the last batch counts",
    "Each step sets out from the start again, and the steps before are lost.",
    ("    for batch", "    start = params\n    for batch"),
    (
        "params = params - learning_rate * gradient(params",
        "params = start - learning_rate * gradient(start",
    ),
)
sgd.wrong_edit(
    "a step uphill",
    "The slope points up. Which way does descent go?",
    ("params - learning_rate", "params + learning_rate"),
)
sgd.wrong_edit(
    "learning rate not applied",
    "Each step is as long as the slope itself. Which argument is left over?",
    ("learning_rate * gradient", "gradient"),
)
sgd.wrong_edit(
    "divided by the size of the batch once more",
    "gradient returns the mean over the batch already.",
    ("gradient(params, batch)", "gradient(params, batch) / len(batch)"),
)
sgd.wrong_edit(
    "multiplied by the size of the batch",
    "gradient returns the mean over the batch, whatever its size. The step needs no "
    "other factor than the rate.",
    ("gradient(params, batch)", "gradient(params, batch) * len(batch)"),
)
sgd.wrong_edit(
    "the params divided by the number of batches",
    "The walk is right, and its end was divided. Return the params as they are.",
    ("return params", "return params / len(batches)"),
)
sgd.wrong_edit(
    "divided by the number of batches",
    "Each batch gets a step of its own, and a whole one.",
    ("gradient(params, batch)", "gradient(params, batch) / len(batches)"),
)
sgd.wrong_edit(
    "the rate shrinks from batch to batch",
    "A schedule is a good idea, but not asked for here: every step has the same rate.",
    ("    for batch in batches:", "    for i, batch in enumerate(batches):"),
    ("learning_rate * gradient", "learning_rate / (i + 1) * gradient"),
)
sgd.wrong_edit(
    "two passes",
    "One pass is asked for: every batch once.",
    ("in batches:", "in [*batches, *batches]:"),
)
sgd.wrong_edit(
    "another order of the batches",
    "Every batch had its step, but not in the order in which they came. Each step "
    "begins where the one before it ended, so the order counts.",
    ("in batches:", "in batches[::-1]:"),
)
sgd.wrong_edit(
    "the last batch left out",
    "The last batch gets no step. Where does your loop end?",
    ("in batches:", "in batches[:-1]:"),
)
sgd.wrong_edit(
    "the first batch left out",
    "The first batch gets no step. Where does your loop begin?",
    ("in batches:", "in batches[1:]:"),
)
sgd.wrong_edit(
    "equal batches taken once",
    "The same batch may come twice, and each time it gets a step.",
    ("in batches:", "in {str(b): b for b in batches}.values():"),
)
sgd.wrong_edit(
    "a step for each example",
    "Each batch gets one step, with the mean slope of all its examples.",
    (
        "    for batch in batches:",
        "    for batch in [b[i : i + 1] for b in batches for i in range(len(b))]:",
    ),
)
sgd.wrong_edit(
    "every place in place of the last",
    "Each place on the way came back. Asked for is the last one.",
    ("    for batch", "    places = []\n    for batch"),
    ("batch)\n", "batch)\n        places.append(params)\n"),
    ("return params", "return places"),
)
sgd.wrong_edit(
    "the arguments of gradient exchanged",
    "gradient wants the params first and then the batch; look at the error and at the "
    "order in your call.",
    ("gradient(params, batch)", "gradient(batch, params)"),
)
sgd.wrong_edit(
    "the step in place of the new place",
    "You keep the step and forget where it set out from.",
    ("params = params - learning_rate", "params = -learning_rate"),
)


@sgd.wrong(
    "a step forced into an array of whole numbers",
    "params may hold whole numbers, and then its copy cannot take in 1.5. Write "
    "params = params - …, which makes a new array.",
)
def _(gradient, params, batches, learning_rate):
    params = np.array(params) if np.ndim(params) else params
    for batch in batches:
        params -= learning_rate * gradient(params, batch)
    return params


sgd.wrong_edit(
    "input mutated",
    "With an array, -= changes the params that came in. The caller may still need "
    "them: make new ones.",
    ("params = params - learning_rate", "params -= learning_rate"),
)


@sgd.wrong(
    "one step with the mean slope",
    "You asked every batch before you took one step. That is plain descent; here the "
    "walker goes a step after each batch.",
)
def _(gradient, params, batches, learning_rate):
    slopes = [gradient(params, batch) for batch in batches]
    return params - learning_rate * sum(slopes) / len(slopes)


@sgd.wrong(
    "all batches thrown together",
    "All examples in one batch make one exact step. The point is to take many rough "
    "ones.",
)
def _(gradient, params, batches, learning_rate):
    together = np.concatenate(batches)
    return params - learning_rate * gradient(params, together)


@sgd.right("functools.reduce")
def _(gradient, params, batches, learning_rate):
    import functools

    return functools.reduce(
        lambda p, batch: p - learning_rate * gradient(p, batch), batches, params
    )


@sgd.right("every place kept in a list")
def _(gradient, params, batches, learning_rate):
    places = [params]
    for i in range(len(batches)):
        slope = gradient(places[i], batches[i])
        places.append(places[i] - slope * learning_rate)
    return places[-1]


@sgd.right("in float32")
def _(gradient, params, batches, learning_rate):
    params = np.float32(params)
    for batch in batches:
        params = params - np.float32(learning_rate) * np.float32(
            gradient(params, batch)
        )
    return params


@sgd.right("it calls itself for the rest")
def _(gradient, params, batches, learning_rate):
    def rest(p, left):
        if not left:
            return p
        return rest(p - learning_rate * gradient(p, left[0]), left[1:])

    return rest(params, list(batches))


@sgd.right("a copy changed in place")
def _(gradient, params, batches, learning_rate):
    params = np.array(params, dtype=float)
    for batch in batches:
        params -= learning_rate * gradient(params, batch)
    return params


@sgd.right("with the package's optimizer")
def _(gradient, params, batches, learning_rate):
    from course_lib import optimizers

    optimizer = optimizers.sgd(learning_rate)
    state = optimizer.init(params)
    for batch in batches:
        updates, state = optimizer.update(gradient(params, batch), state)
        params = optimizers.apply_updates(params, updates)
    return params
