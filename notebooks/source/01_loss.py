# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 01 · Loss: how far off the mark am I, right now?
#
# A walker stands on a mountain in thick fog and wants to reach the valley. She has no
# map and no view. One instrument works: an altimeter. It shows one number, which says
# how far up she still is.
#
# A model that learns is such a walker. Its altimeter is called the **loss**: one number
# that says how wrong the model is, right now, on the examples at hand. Training is the
# attempt to make it smaller. This notebook is about how the number is computed.

# %% [markdown]
# ## What you will be able to do
#
# - Say what supervised learning is, with the words example, label, model and parameter.
# - Measure how wrong a line is (mean squared error) and how wrong a probability is
#   (cross-entropy).
# - Explain why a model is trained on its loss, and not on its accuracy.
# - Say what loss a model that knows nothing must have, before you run it.
# - Read a picture of a loss landscape.
#
# **Time:** 40 minutes, and about 40 more for the exercises; the optional sections take
# another 5.
#
# **Two-hour path:** *Learning starts from examples, not from rules*, *One number can
# say how wrong a line is*, *A confident mistake should cost the most*.
#
# Run the setup cell first. After it, each section runs on its own.

# %% tags=["setup"]
import math
import re

import numpy as np

from course_lib import losses, plots, widgets
from course_lib.data import load_houses, load_spam
from course_lib.exercises import loss as exercise

sizes, prices = np.array(load_houses()).T  # m², thousands of euros
messages = load_spam()
is_spam = np.array([m.is_spam for m in messages])  # 1 spam, 0 not

CLUES = "account card claim click euros fee free http money now pay send today win"


def count_clues(text):
    return sum(word in CLUES.split() for word in re.findall("[a-z]+", text.lower()))


clues = np.array([count_clues(m.text) for m in messages])

# %% [markdown] tags=["path"]
# ## Learning starts from examples, not from rules
#
# Is a message spam? Before machines learned, people wrote rules. Here is a first one:
# *a message that contains the word "free" is spam*.
#
# We have 200 short messages to try it on, written for this course. A person has given
# each of them a **label**: 1 for spam, 0 for a message that is wanted. Half of them are
# spam, so tossing a coin gets 50 % right.
#
# **Predict first.** What share does the rule get right?

# %% tags=["nbval-check-output"]
says_spam = np.array(["free" in m.text.lower() for m in messages])
print(f"{len(messages)} messages, {is_spam.sum()} of them spam")
print(f"the rule is right for {np.mean(says_spam == is_spam):.1%}")

# %% [markdown]
# Hardly better than the coin, and spammers soon find a way around any rule that you
# add.
#
# **Supervised learning** reverses the order. You do not write the rule. You give
# examples with labels (the *training data*) and a **model**: a computation with some
# numbers still to be set. These numbers are the **parameters**. Learning means setting
# them so that the answers come close to the labels.
#
# Our model is tiny. It counts the clue words in a message, such as "pay", "click" or
# "win"; there are fourteen of them. Then it computes a *score*,
# $s = w \cdot \text{clues} - 1$. The weight $w$ is its one parameter. The 1 that is
# subtracted makes a message without any clue word count as wanted. Last, the score is
# squashed into a probability between 0 and 1:
#
# $$p = \frac{1}{1 + e^{-s}}$$
#
# This squashing function is called the **sigmoid**. In it, $e$ is Euler's number,
# 2.718… Let us turn the dial $w$ and see what happens to three messages.


# %% tags=["nbval-check-output"]
def spam_probability(w, clues):
    return 1 / (1 + np.exp(-(w * clues - 1)))


for i in (62, 1, 83):
    low, high = (spam_probability(w, clues[i]) for w in (0.05, 1.15))
    start = messages[i].text[:36]
    print(
        f"label {is_spam[i]}, {clues[i]} clues   {low:4.0%} -> {high:4.0%}   {start}…"
    )

# %% [markdown]
# At $w = 0.05$ the model gives the first message, which is spam, a probability of 30 %.
# At $w = 1.15$ it gives 92 %, which is better. The second message has no clue words, so
# the dial does not change it. The third is wanted, has one clue word ("today"), and is
# now taken for spam, which is worse.
#
# (One warning. The clue words were chosen by someone who was looking at these same 200
# messages. Results on the data that a model was made from are flattering; notebook 05
# tests on new data.)
#
# So is the model better on all 200 messages, and by how much? To learn, a machine needs
# the answer as one number. We begin where this is easiest: where the prediction is a
# number itself.

# %% [markdown] tags=["path"]
# ## One number can say how wrong a line is
#
# Here are forty houses, with floor area and price in thousands of euros. They are made
# up: the price is 60 plus 2.4 for each square metre, plus a random part, typically 30
# up or down. The model is a line with two parameters:
#
# $$\text{guess} = b + w \cdot (\text{size} - 100)$$
#
# Here $b$ is the price of a house of 100 m², and $w$ the price of each further square
# metre. The **error** of a guess is guess minus price.
#
# Take the laziest line of all: $w = 0$, and for $b$ the mean price. Every house gets
# the same guess. **Predict first.** What is the mean of its errors?

# %% tags=["nbval-check-output"]
guesses = np.full(len(prices), prices.mean())
errors = guesses - prices
print(f"mean error            {abs(errors.mean()):9,.1f}")
print(f"mean size of an error {np.abs(errors).mean():9,.1f}")
print(f"mean squared error    {(errors**2).mean():9,.1f}")

# %% [markdown]
# The mean error is 0, because guesses that are too high and too low cancel. A loss must
# not let one mistake hide another. Squaring removes the sign. So does taking the size of
# each error, as in the second row. Why is the square usually preferred? Compare two
# models, with four misses each.

# %% tags=["nbval-check-output"]
misses = {"steady": np.array([50, 50, 50, 50]), "wild": np.array([0, 0, 0, 200])}
for name, errors in misses.items():
    mean_size, mean_square = np.abs(errors).mean(), (errors**2).mean()
    print(f"{name:7} mean size {mean_size:.0f}   mean square {mean_square:6,.0f}")

# %% [markdown]
# The mean size cannot tell them apart. The square can: twice the error costs four times
# as much, so one miss of 200 weighs as much as sixteen misses of 50.
#
# This is the **mean squared error** (MSE), with $n$ the number of examples:
#
# $$\text{loss} = \frac{1}{n} \sum_{i=1}^{n} (\text{guess}_i - \text{price}_i)^2$$
#
# Below are eight of the houses and a poor line. Each error is the side of a square, and
# the loss is the area of the average square.


# %%
def line(w, b, sizes):
    return b + w * (sizes - 100)


eight = slice(2, None, 5)
w, b = 1.2, 250  # try others
guesses = line(w, b, sizes[eight])
loss = np.mean((guesses - prices[eight]) ** 2)
plots.show(
    plots.residual_squares(sizes[eight], prices[eight], guesses, loss),
    alt="Eight houses and a line that is too flat. Each error is the side of a square; "
    f"the squares at the large houses are huge. A gauge shows the mean: {loss:,.0f}.",
)

# %% [markdown]
# The column on the right is the altimeter of our walker. Two squares account for most of
# the loss: the line is too flat, and its guesses for the two largest houses are far too
# low. With a better line the large squares almost vanish.

# %%
guesses = line(2.2, 290, sizes[eight])
loss = np.mean((guesses - prices[eight]) ** 2)
plots.show(
    plots.residual_squares(sizes[eight], prices[eight], guesses, loss),
    alt="The same houses with a steeper line that passes close to all of them. The "
    "squares are tiny, and the gauge stands near the bottom.",
)

# %% [markdown]
# Now turn the dials yourself, with the same eight houses: drag a ring to turn or to lift
# the line, or use the sliders. On the map every line is a point: $w$ is east, $b$ is
# north, darker is a higher loss. Drag the orange disc, too: it is the line you see.
#
# **Predict first.** Leave $b$ at 250 and look for the best $w$. Will it still be the
# best once $b$ may move as well?

# %%
widgets.line_fit()

# %% [markdown]
# It is not. At $b = 250$ the best $w$ is 2.5, and the loss stays above 1,500. Move both,
# and 2.3 with 288 brings it down to 184. The best value of one parameter depends on
# where the other stands.
#
# The unit of an MSE is thousands of euros, *squared*. So people often report its square
# root, the **RMSE** (root mean squared error), a typical error. Here it is
# $\sqrt{184} \approx 14$ thousand euros. For training it makes no difference.
#
# The MSE has a weakness. Drag a house far up or down: the best line, now dashed, runs
# after it. Suppose that one of the forty prices is entered as 4,700 in place of 470.
# `np.polyfit` finds the line with the lowest MSE.

# %% tags=["nbval-check-output"]
typo = prices.copy()
typo[37] *= 10
for name, noted in {"all prices right": prices, "one zero too many": typo}.items():
    w, b = np.polyfit(sizes - 100, noted, 1)
    print(f"{name:17}   w {w:.2f}   b {b:.0f}")

# %% [markdown]
# One wrong price of forty has more than doubled the slope. Look for such values far from
# all the others, **outliers**, before you trust a loss with squares. A loss that uses
# the size of the errors is pulled much less.
#
# ### Exercise: mean squared error
#
# Write `mse`. It gets two NumPy arrays of one length and returns one number. If you are
# stuck, `exercise.mse.hint()` helps, and `exercise.mse.solution()` shows an answer.


# %%
def mse(predictions, targets):
    """Return the mean of the squared errors."""
    ...


exercise.mse.check(mse)

# %% [markdown] tags=["path"]
# ## A confident mistake should cost the most
#
# Back to the spam. The first message *was* spam, and the model had said 30 %, then 92 %.
# How wrong was each? Nearly everyone uses the same measure: minus the natural logarithm
# of the probability given to **what happened**.
#
# $$\text{cost} = -\ln p$$
#
# **Predict first.** Being sure of the truth, $p = 1$, costs nothing, since $\ln 1 = 0$.
# A fifty-fifty guess costs 0.69. What does a model pay that gave the truth one chance in
# a thousand?

# %% tags=["nbval-check-output"]
for p in (0.92, 0.5, 0.30, 0.1, 0.01, 0.001):
    print(f"probability of the truth {p:6.1%}   cost {-math.log(p):.3f}")

# %% [markdown]
# The 92 % cost 0.083, the 30 % cost 1.20, and one in a thousand costs 6.9. The unit is
# called a **nat**. There is no upper limit: to be nearly certain and wrong is very
# expensive.

# %%
p = np.linspace(0.005, 1, 400)
marks = {q: -math.log(q) for q in (0.30, 0.92)}
plots.show(
    plots.cost_of_confidence(p, -np.log(p), marks),
    alt="Cost against the probability given to what happened: 0 at 100 %, 0.083 at "
    "92 %, 1.20 at 30 %, and rising steeply without end towards 0 %.",
)

# %% [markdown]
# Now you are the filter. Drag the border between *spam* and *wanted*, or use the slider:
# the bars say what each outcome costs you. A coin pays 0.693 either way.
#
# **Predict first.** You said 90 %. Say 99 % instead: what do you save if you are right,
# and how much more do you pay if you are wrong?

# %%
widgets.confidence()

# %% [markdown]
# You save 0.095, and risk 2.303 more. Wherever you start, a tenth of the probability
# costs $\ln 10 = 2.303$ more, and a half of it $\ln 2 = 0.693$. The curve is steep on
# the left because there small changes halve the probability.
#
# Why a logarithm? The probabilities of independent events *multiply*, and logarithms
# turn a product into a sum. Suppose that a model gave the truth 90 %, 80 % and 70 % on
# three unrelated messages. Then it gave the whole outcome their product, and minus the
# logarithm of this is the sum of the three costs.

# %% tags=["nbval-check-output"]
truths = [0.9, 0.8, 0.7]
costs = [-math.log(p) for p in truths]
product = math.prod(truths)
print(f"product {product:.3f}, minus its log {-math.log(product):.3f}")
print(f"sum of the costs             {sum(costs):.3f}")

# %% [markdown]
# So the model with the lowest total cost is the one that gave the data the highest
# probability: the one that was least surprised. The mean of the costs over all examples
# is the **cross-entropy**. With a label of 1 the probability of what happened is $p$;
# with a label of 0 it is $1 - p$.
#
# ### Exercise: binary cross-entropy
#
# *Binary* means two outcomes. Write the function for arrays of probabilities and labels.


# %%
def binary_cross_entropy(probabilities, labels):
    """Return the mean of -ln(probability given to what happened)."""
    ...


exercise.binary_cross_entropy.check(binary_cross_entropy)

# %% [markdown]
# ## Why not count the mistakes?
#
# People want a spam filter that makes few mistakes. So why not use the **accuracy**, the
# share of right answers, as the altimeter? Let us turn the dial $w$ by a tiny bit, from
# 0.700 to 0.701, and read both instruments on all 200 messages.
#
# **Predict first.** Which of the two will move?


# %% tags=["nbval-check-output"]
def accuracy(w):
    p = 1 / (1 + np.exp(1 - w * clues))
    return np.mean((p > 0.5) == is_spam)


def spam_loss(w):
    p = 1 / (1 + np.exp(1 - w * clues))
    return np.mean(-np.log(np.where(is_spam == 1, p, 1 - p)))


for w in (0.700, 0.701):
    print(f"w {w:.3f}   accuracy {accuracy(w):.4f}   loss {spam_loss(w):.4f}")

# %% [markdown]
# The accuracy stays the same: no message crossed the 50 % mark. The loss has changed,
# because the probability of every message with a clue word shifted a little. It fell, so
# the dial should go up. Over the whole range of the dial, it looks like this:

# %%
dial = np.linspace(0, 3, 1501)
slope = (spam_loss(0.701) - spam_loss(0.700)) / 0.001
left, right = plots.panels(1, 2, width=9.4, height=3.8)
title, shares = "accuracy: a staircase", [accuracy(w) for w in dial]
axis = {"xlabel": "w, score per clue word"}
look = {"meaning": "ink", "ylabel": "accuracy", "percent": True}
plots.slope_underfoot(dial, shares, 0.7, 0.0, title, **axis, **look, ax=left)
title, heights = "cross-entropy: a slope", [spam_loss(w) for w in dial]
plots.slope_underfoot(dial, heights, 0.7, slope, title, **axis, ax=right)
plots.show(
    left,
    alt="Accuracy against w is a staircase: at w = 0.7 it is flat, with no direction. "
    "Cross-entropy is a smooth valley: at w = 0.7 it slopes down to the right.",
)

# %% [markdown]
# Accuracy is a staircase. On a step of the staircase the walker, the orange disc, feels
# no slope in any direction, and at its edge there is a cliff. Cross-entropy is a
# hillside: the slope, drawn in blue, says at every place which way is down, and how
# steep it is.
#
# Look also at the right end. From $w = 1$ on, the accuracy no longer changes, but the
# loss falls a little further and then climbs. Where is its lowest point?

# %% tags=["nbval-check-output"]
dial = np.linspace(0, 3, 301)
best = min(dial, key=spam_loss)
for w in (1.1, best, 3.0):
    print(f"w {w:.2f}   accuracy {accuracy(w):.1%}   loss {spam_loss(w):.3f}")

# %% [markdown]
# The share of right answers is the same in all three rows; what differs is the
# confidence. Beyond the valley floor the model also becomes surer of its mistakes, and
# pays for that. So remember: **report the accuracy, steer by the loss.**

# %% [markdown]
# ## What if there are more than two outcomes?
#
# A language model does not choose between two labels. It chooses the next **token**, a
# piece of text, from a whole vocabulary. In notebook 06, where a small GPT invents
# names, there are 27 tokens: 26 letters, and one that marks where a name ends. Large
# models have many thousands. For each possible token the model computes a score, called
# a **logit**. A score can be any number, even a negative one.
#
# Scores become probabilities in two steps. First raise $e$ to the power of each score,
# which makes all of them positive. Then divide each by the sum of all. This is the
# **softmax**, with $z_i$ the score of outcome $i$:
#
# $$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# A name begins with *clar*. What comes next, *a*, *e* or *o*? Suppose that a model gives
# them the scores 2, 1 and −1.


# %%
def naive_softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


scores = np.array([2.0, 1.0, -1.0])
axes = plots.panels(1, 3, width=8.6, height=2.9)
plots.share_bars("aeo", scores, "1. scores", ax=axes[0])
plots.share_bars("aeo", np.exp(scores), "2. e to that power", ax=axes[1])
shares = naive_softmax(scores)
plots.share_bars("aeo", shares, "3. shares of the sum", percent=True, ax=axes[2])
plots.show(
    axes,
    alt="Three bar charts for a, e, o. Scores 2, 1, -1; their powers of e 7.39, 2.72, "
    "0.37; their shares 70.5 %, 25.9 % and 3.5 %.",
)

# %% [markdown]
# Of two outcomes, the one whose score is higher by 1 is $e \approx 2.72$ times as likely.
# Only differences count: raise all scores by 5, and nothing changes. And with two
# outcomes, one of them with score 0, the softmax *is* the sigmoid that you know.

# %% tags=["nbval-check-output"]
raised = naive_softmax(scores + 5)
print("raised by 5, same shares:", np.allclose(raised, shares))

sigmoid = 1 / (1 + np.exp(-1.3))
print("sigmoid is a softmax:    ", np.isclose(naive_softmax([1.3, 0.0])[0], sigmoid))

# %% [markdown]
# The loss stays what it was: minus the logarithm of the probability given to the token
# that came. How the rest is shared among the other tokens does not count: any
# probability they take is probability that the right one loses.
#
# **Predict first.** A model that knows nothing treats all tokens alike. What is its loss
# with 2 possible tokens? With 27? With the 50,257 of GPT-2 (OpenAI 2019)? Put a number
# for the 27 into the first line.

# %% tags=["nbval-check-output"]
my_guess = None  # your number here

for n_tokens in (2, 27, 50_257):
    p = naive_softmax(np.zeros(n_tokens))[0]
    print(f"{n_tokens:6,} tokens   loss {-math.log(p):6.3f}")
if my_guess is not None:
    print(f"you are off by {my_guess - math.log(27):+.3f}")

# %% [markdown]
# The loss of a model that knows nothing is $\ln$ of the number of choices, whatever
# comes: $\ln 27 = 3.296$. The GPT of notebook 06 begins near this height. A few tenths
# above it are normal, because random scores are not all equal. But as a rule of thumb, a
# new model that starts at twice this loss is broken: it is confidently wrong before it
# has seen anything.
#
# You can also read a loss backwards. $e^{\text{loss}}$ is called the **perplexity**: the
# number of equally likely choices that would be as hard. A loss of 2.2 is a perplexity
# of 9. Papers about language models often report this number. It can be compared only
# between models that cut text into the same tokens.
#
# Below, three models predict the next of 27 tokens, and the letter *a* comes.

# %%
letters = [*"abcdefghijklmnopqrstuvwxyz", "end"]
axes = plots.panels(1, 3, width=9.2, height=2.5)
opinions = {"knows nothing": (0, 0.0), "leans to a": (0, 3.0), "is sure of e": (4, 6.0)}
for ax, (name, (favourite, score)) in zip(axes, opinions.items(), strict=True):
    scores = np.zeros(27)
    scores[favourite] = score
    p = naive_softmax(scores)
    title = f"{name}: loss {-math.log(p[0]):.2f}"
    look = {"target": 0, "percent": True, "top": 1, "xlabel": "27 tokens"}
    plots.share_bars(letters, p, title, **look, ax=ax)
plots.show(
    axes,
    alt="Three bar charts over 27 tokens where a is right. Even shares: 3.7 % for a, "
    "loss 3.30. Leaning to a: 43.6 %, loss 0.83. Sure of e: 0.2 %, loss 6.06.",
)

# %% [markdown]
# ## Every setting of the parameters has an altitude
#
# Back to the houses, this time all forty. Choose any $w$ and $b$, and you have a line,
# and the line has a loss. So every *pair of numbers* is a place with an altitude. Here
# are three settings. (On other houses a line has another loss: the one with $w = 2.2$
# and $b = 290$ had 206 on the eight houses above.)
#
# **Predict first.** Line 1 falls from left to right, line 2 climbs but runs too low,
# line 3 fits. Which of the first two stands higher on the mountain?


# %% tags=["nbval-check-output"]
def altitude(w, b):
    return np.mean((b + w * (sizes - 100) - prices) ** 2)


settings = [(-0.5, 400), (1.0, 200), (2.2, 290)]
for number, (w, b) in enumerate(settings, 1):
    print(f"line {number}: w {w:4.1f}, b {b}   altitude {altitude(w, b):9,.1f}")

# %% [markdown]
# With only two parameters we can do what the walker cannot: measure the altitude
# everywhere, on a grid of 61 by 61 places, and draw the whole landscape. **A line on the
# left is a point on the right.** A point further east is a line that climbs more; a
# point further north is a line that lies higher.

# %%
ws, bs = np.linspace(-1.5, 5.5, 61), np.linspace(100, 480, 61)
altitudes = np.array([[altitude(w, b) for w in ws] for b in bs])  # (b, w)
names = {"xlabel": "w, thousand € per m²", "ylabel": "b, thousand €"}
axes = plots.panels(1, 2, width=9.6, height=4.4)
lines = [b + w * (sizes - 100) for w, b in settings]
plots.numbered_lines(sizes, prices, lines, "three lines", ax=axes[0])
plots.landscape_map(
    ws, bs, altitudes, settings, "their places on the map", **names, ax=axes[1]
)
plots.show(
    axes,
    alt="Left: houses and three numbered lines. Right: a map of the loss over w and b "
    "with oval lines of equal altitude. Points 1 and 2 lie on the slopes, 3 near the "
    "lowest place.",
)

# %% [markdown]
# Places on one oval have the same loss: different lines, equally wrong. As a surface,
# seen from the south, the map is a bowl:

# %%
points = [(w, b, altitude(w, b)) for w, b in settings]
plots.show(
    plots.landscape_surface(ws, bs, altitudes, points, **names),
    alt="The same landscape as a surface, seen from the south: a wide bowl. Points 1 "
    "and 2 stand on its sides, point 3 at the bottom.",
)

# %% [markdown]
# The valley floor is not at 0, because part of each price is random, and no line can
# follow that. What is the lowest altitude? The grid gives an answer, and for a line
# there is also an exact formula, *least squares*, which `np.polyfit` uses.

# %% tags=["nbval-check-output"]
lowest, w, b = min((altitude(w, b), w, b) for w in ws for b in bs)
print(f"of {altitudes.size:,} places  w {w:.2f}, b {b:.1f}, altitude {lowest:.1f}")
w, b = np.polyfit(sizes - 100, prices, 1)
print(f"least squares    w {w:.2f}, b {b:.1f}, altitude {altitude(w, b):.1f}")

# %% [markdown]
# (The random part is typically 30, and $30^2 = 900$. The best line gets a little lower,
# because it also fits some of the randomness.)
#
# With two parameters, looking everywhere is easy. The GPT of notebook 06 has 4,192
# parameters, and large models have billions. **Predict first.** With 61 marks for each
# of 4,192 parameters, how many places does the grid have? How many digits does that
# number have?

# %% tags=["nbval-check-output"]
digits = math.floor(4192 * math.log10(61)) + 1
print(f"61 to the power of 4,192 has {digits:,} digits")

# %% [markdown]
# Our map had 3,721 places, a number of four digits. This one has 7,485 digits, and nobody
# will ever see that landscape. This is the fog. What remains is to stand somewhere, read
# the altitude, and feel which way the ground slopes.

# %% [markdown]
# ## What happens at probability zero? (optional)
#
# This section is for those who will write a loss themselves. On paper, a softmax never
# gives exactly 0, so a cost is never infinite. On a computer it can be.
# Floating-point numbers have a largest one, near $10^{308}$, and $e^{710}$ is beyond it.
# Scores of this size do occur, for example when training goes wrong. That is exactly
# when you need an altimeter that works.


# %% tags=["nbval-check-output"]
def naive_softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


with np.errstate(all="ignore"):  # NumPy would warn, and rightly
    for scores in ([1.0, 0.0], [800.0, 0.0], [-800.0, -801.0]):
        print(f"{scores!s:16} {naive_softmax(np.array(scores))}")

# %% [markdown]
# `nan` means "not a number": infinity divided by infinity, or 0 by 0. It spreads: one
# `nan` turns the loss into `nan`, then every parameter, and the run is lost.
#
# The cure follows from what you have seen: only differences between scores count. So
# first subtract the largest score from all of them. The largest becomes 0, all others
# lie below, and no power is above 1. The shares stay as they were.
#
# ### Exercise: a softmax that survives
#
# Write `softmax` for one array of scores, so that scores of 1000 and −1000 cause no
# trouble.


# %%
def softmax(logits):
    """Return one probability for each score."""
    ...


exercise.softmax.check(softmax)

# %% [markdown]
# One trap is left. With scores of 1000 and 0, the second outcome has the probability
# $e^{-1000}$, about $10^{-434}$. Even a careful softmax returns 0 there, and the cost
# becomes $-\ln 0$, infinite. The true cost is 1000: a large number, but a usable one.
#
# The way out is never to compute the probability. Write $t$ for the right outcome, the
# *target*, and take the logarithm on paper first:
#
# $$-\ln \frac{e^{z_t}}{\sum_j e^{z_j}} = \ln \sum_j e^{z_j} - z_t$$
#
# The first part is called the **log-sum-exp**. It is made safe in the same way: subtract
# the largest score $m$ first, and add it back after the logarithm.


# %% tags=["nbval-check-output"]
def cost(scores, target):
    m = scores.max()
    log_sum_exp = m + np.log(np.exp(scores - m).sum())
    return log_sum_exp - scores[target]


for scores in ([1.0, 0.0], [800.0, 0.0], [1000.0, 0.0]):
    print(f"scores {scores}: the second one costs {cost(np.array(scores), 1):.3f}")

# %% [markdown]
# How early does the naive way break? That depends on the precision. NumPy uses 64 bits
# for each number; on graphics cards 32 bits or fewer are usual.

# %%
gaps, naive = np.arange(0.0, 1001.0), {}
with np.errstate(all="ignore"):
    for bits in (64, 32):
        powers = np.exp(gaps.astype(f"float{bits}"))
        naive[f"naive, {bits} bits"] = -np.log(1 / (1 + powers))
safe = [cost(np.array([gap, 0.0]), 1) for gap in gaps]
plots.show(
    plots.naive_and_safe(gaps, safe, naive),
    alt="Cost against the gap between scores. With log-sum-exp it is a straight line "
    "to 1,000. The naive way ends at 88 in 32 bits, and at 709 in 64 bits.",
)

# %% [markdown]
# ### Exercise: cross-entropy from scores
#
# Now for many examples at once. `logits` is an array with one row of scores for each
# example, `targets` holds the index of the right column for each row. Return the mean
# cost. This function is the altimeter of language models, large and small.


# %%
def cross_entropy(logits, targets):
    """Return the mean of -ln softmax(row)[target] over the rows."""
    ...


exercise.cross_entropy.check(cross_entropy)

# %% [markdown]
# The package's own version, `losses.cross_entropy`, trains the GPT of notebook 06. It is
# written with **JAX**, an array library whose functions have the names you know from
# NumPy.
#
# Finally, the claims of this page, as code.

# %% tags=["claim", "nbval-check-output"]
assert round(-math.log(0.30), 2) == 1.20
assert round(-math.log(0.92), 3) == 0.083

knows_nothing = losses.cross_entropy(np.zeros((5, 27)), np.arange(5))
assert math.isclose(knows_nothing, math.log(27), rel_tol=1e-6)
assert math.isclose(losses.cross_entropy([[1000.0, 0.0]], [1]), 1000.0)

w, b = np.polyfit(sizes - 100, prices, 1)
floor = np.mean((b + w * (sizes - 100) - prices) ** 2)
for seed in range(10):  # no line found by chance lies lower
    for dw, db in np.random.default_rng(seed).normal(0, (0.5, 20), (100, 2)):
        assert np.mean((b + db + (w + dw) * (sizes - 100) - prices) ** 2) > floor
print(f"ln 27 = {math.log(27):.3f}, and 1,000 other lines lie above {floor:.1f}.")

# %% [markdown]
# ## Three sentences to remember
#
# - A loss is one number for how wrong a model is: the mean of the squared errors if it
#   predicts a number; the mean of $-\ln p$ if it predicts probabilities, with $p$ the
#   one it gave to what happened.
# - Report the accuracy, but steer by the loss, because the loss changes with every small
#   turn of a dial.
# - Each setting of the parameters is a place, and its loss is the altitude there; a model
#   that knows nothing starts near $\ln$ of the number of choices.

# %% [markdown]
# ## Where next
#
# You can now read the altimeter. [Notebook 02](02_gradient.ipynb) asks the question that
# moves the walker: if I nudge this parameter, does the loss go up or down, and by how
# much? The answer is the slope under her feet, the gradient.
#
# Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
