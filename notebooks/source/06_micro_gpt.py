# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 06 · Can I train a GPT with what I have built?
#
# Yes. In notebook 04 you built an engine that finds the slope of every number in a
# computation. Here it meets the machine that made such engines famous. The model is
# tiny, 4,192 parameters, but it has every part of its big relatives: embeddings,
# attention, an MLP, residual connections, Adam. It reads given names, one letter at a
# time, and learns to invent new ones. Remember the walker in fog: altitude is the loss,
# the slope underfoot is the gradient. Today the walker has 4,192 joints.

# %% [markdown]
# ## What you will be able to do
#
# - say what a token is, and what a language model is asked to do with it
# - follow a name through embeddings, attention, MLP and logits, and say what each adds
# - train a GPT with the scalar engine, then the same one with JAX, and compare
# - steer what it writes with temperature and prompts, and read its attention
# - tell from two curves whether a model is random, learning, good or overfitting
#
# **Time:** 75 minutes, and about 45 more for the five exercises.
#
# Run the setup cell first. After it, each section runs on its own. No section waits for
# an exercise: what you leave open is provided.

# %% tags=["setup"]
import inspect
import math
import random
import time
from functools import cache

import jax
import numpy as np

from course_lib import array, plots, scalar, training, widgets
from course_lib.array.gpt import embed, rms_norm
from course_lib.data import load_names
from course_lib.data.tokenizer import CharTokenizer
from course_lib.exercises import micro_gpt as exercise

names = load_names()
random.Random(42).shuffle(names)
tokenizer, pieces = CharTokenizer(names), ["bos", *"clara"]  # clara is our example
config = array.GPTConfig(tokenizer.vocab_size)
parts = training.split(names, 0.1)  # most to learn from, a tenth kept aside
rows, kept_rows = (training.pack(part, tokenizer, 16) for part in parts)
levels = {"knows nothing": math.log(27), "letters": 2.90, "letter pairs": 2.59}


@cache
def trained():
    """Train the micro-GPT for 10,000 steps, once: a few seconds with JAX."""
    engine = training.ArrayEngine.start(random.Random(42), config)
    list(training.train(engine, rows, training.linear(0.01, 10_000), 10_000))
    return engine


# %% [markdown]
# ## The whole game is to guess the next character
#
# A language model has one skill. Given a text so far, it gives every possible
# continuation a probability. A model sees no letters, only numbers, so the text is
# first cut into pieces, the **tokens**, and each kind of piece gets a number. Large
# models cut text into parts of words: GPT-2 knew 50,257 of them (OpenAI, 2019). We cut
# into single letters, and add one more token, `bos`, the *beginning of sequence*. It
# stands before each name, and after it, so that the model can also learn when to stop.

# %% tags=["nbval-check-output"]
print(f"{len(names):,} names, such as", ", ".join(names[:5]))
print(f"{tokenizer.vocab_size} tokens:", *tokenizer.chars, "bos")

# %% [markdown]
# The names come with the course; its makers typed them, from many languages. The
# tokenizer sorts the letters it meets and numbers them from 0. Under each piece of the
# name below stands the number that the model will see. Nothing else about a letter is
# known at the start, not even that *a* and *e* have something in common. Keep that in
# mind: near the end we will look at what the model made of those two.

# %%
numbers = tokenizer.document("clara")
plots.show(
    plots.token_strip([*pieces, "bos"], numbers),
    alt="The name clara as seven tokens: bos is 26, "
    "c is 2, l is 11, a is 0, r is 17, a is 0, and bos again.",
)

# %% [markdown]
# ### Exercise: encode and decode
#
# Write the tokenizer. It is made with `chars`, a string of all characters that it
# knows; the token of a character is its place in `chars`, counted from 0. `encode`
# returns the list of tokens of a text. `decode` returns the text of some tokens; `bos`,
# whose number is `len(chars)`, leaves no trace in it. If you are stuck,
# `exercise.encode_decode.hint()` helps, and `exercise.encode_decode.solution()` shows
# an answer.


# %%
class MyTokenizer:
    """Text to tokens and back, one token per character."""

    def __init__(self, chars): ...

    def encode(self, text): ...

    def decode(self, tokens): ...


exercise.encode_decode.check(MyTokenizer)

# %% [markdown]
# One name is not one guess but several. The model reads the beginning, guesses what
# comes next, is told the answer, reads on. A name of five letters asks for six guesses,
# since the end is guessed too. Each window on the left is an example, each box on the
# right its label. Nobody had to write the labels: the text is its own teacher. This is
# why a model can learn from as much text as can be found.

# %%
plots.show(
    plots.guessing_game([*pieces, "bos"]),
    alt="Six rows. Each shows the start of the name clara "
    "that the model reads, one letter longer each time, and the token that comes next.",
)

# %% [markdown]
# Before any network, try to beat this game by counting. Go through all the training
# names and note, for each token, which token follows. This table of pairs is already a
# language model, a very short-sighted one.
#
# **Predict first.** Which tokens follow *q*, and how often? In English the answer is
# easy. These names come from many languages: write your guess down, then run the cell.

# %%
now, after = rows[:, :-1], rows[:, 1:]
pairs = np.zeros((27, 27))  # row: a token; column: the token that followed it
np.add.at(pairs, (now[after >= 0], after[after >= 0]), 1)
q = pairs[tokenizer.encode("q")[0]]
title = f"after q ({q.sum():.0f} times)"
labels = [*tokenizer.chars, "end"]
ax = plots.next_token_bars(q / q.sum(), labels, title, meaning="data")
plots.show(
    ax, alt="What follows q: u in less than half of the cases, then a, i, the end."
)

# %% [markdown]
# English habits mislead here. A model does not know what is usual in the world; it
# knows what was usual in its data.
#
# Now a score. The loss is the cross-entropy of notebook 01, in nats: minus the
# logarithm of the probability given to the token that came.
#
# **Predict first.** A model that knows nothing gives each of 27 tokens the same
# probability. What is its loss? Then estimate the other two: letters by their overall
# frequency, and the table of pairs.


# %% tags=["nbval-check-output"]
def loss_of_table(table):
    """Return the mean loss on names that were not counted; every count starts at 1."""
    shares = (table + 1) / (table + 1).sum(axis=1, keepdims=True)
    now, after = kept_rows[:, :-1], kept_rows[:, 1:]
    return -np.log(shares[now[after >= 0], after[after >= 0]]).mean()


tables = {
    "knows nothing": np.zeros((27, 27)),
    "letters": np.tile(pairs.sum(axis=0), (27, 1)),  # whatever came before
    "letter pairs": pairs,
}
measured = {name: loss_of_table(table) for name, table in tables.items()}
print(*(f"{name:14} {loss:.3f}" for name, loss in measured.items()), sep="\n")
assert all(abs(measured[name] - levels[name]) <= 0.005 for name in levels)

# %% [markdown]
# These are our marks on the mountain: $\ln 27$ is where every walk starts, and a model
# that cannot get below the table of pairs has learned nothing that counting would not
# give. The setup cell keeps them as `levels`. All three were measured on names set
# aside for this purpose, one in ten, which no model on this page trains on.

# %% [markdown]
# ## Each token becomes a vector that can look back
#
# A table of pairs sees one letter. To use more of the past, the model turns every token
# into a **vector**, a list of 16 numbers, and lets the vectors exchange what they hold.
# The first step looks two lists up and adds them: one says *which token* this is
# (matrix `wte`), the other *at which place* it stands (`wpe`). Both are parameters: at
# the start they are random, and training moves them.

# %%
print(inspect.getsource(embed))

# %% [markdown]
# The last operation, `rms_norm`, divides each vector by its typical size, so that no
# vector shouts: $x_i \,/\, \sqrt{\frac{1}{n}\sum_j x_j^2 + 10^{-5}}$, where $n$ is the
# number of entries $x_j$ (Zhang & Sennrich, 2019). Afterwards the mean of the squares
# is one. Below, the word *clara* on the way in: orange are parameters, green is what
# flows forward. The two rows marked *a* share a token vector, and yet end up different,
# because they stand at different places.

# %%
start = array.from_scalar(scalar.init_gpt(random.Random(42), config))
tokens = np.array(tokenizer.document("clara")[:-1])
parts = {"which token": start["wte"][tokens], "which place": start["wpe"][:6]}
parts["added, then normed"] = embed(start, tokens)
axes = plots.panels(1, 3, width=9.5, height=3)
for ax, (title, part) in zip(axes, parts.items()):
    meaning = "value" if "added" in title else "parameter"
    plots.number_grid(part, pieces, title, meaning=meaning, ax=ax)
plots.show(
    axes,
    alt="Three grids of 6 rows and 16 columns: the token vectors, the place "
    "vectors, and their normed sum.",
)

# %% [markdown]
# **Attention** is the part that made these models famous (Vaswani and others, 2017).
# Each position makes three vectors from its own: a *query* $q$, what am I looking for;
# a *key* $k$, what do I offer; a *value* $v$, what I pass on if asked. A dot product of
# query and key says how well two positions fit:
#
# $$\text{weights} = \text{softmax}\!\left(\frac{q \cdot k}{\sqrt{d}}\right), \qquad
# \text{output} = \sum \text{weights} \times v$$
#
# Here $d$ is the length of $q$ and $k$. The 16 numbers are split among four **heads**
# of $d = 4$, each free to look for something of its own. One head, step by step:

# %%
x = rms_norm(embed(start, tokens))  # (6, 16)
q = x @ start["layer0.attn_wq"][:4].T  # (6, 4): the first head's part
k = x @ start["layer0.attn_wk"][:4].T  # (6, 4)
scores = np.asarray(q @ k.T) / math.sqrt(4)  # (6, 6)
print(np.round(scores, 2))

# %% [markdown]
# Row 2, column 5 (counted from 0) is how much the *l* likes the last *a*. That is a
# problem: when the model guesses what follows *l*, that *a* lies in the future. All
# positions are trained at once, so a model that could look ahead would read the answer
# instead of learning to guess it, and be helpless when it has to write on its own. The
# remedy is the **mask**: scores of later positions become $-\infty$, and softmax turns
# that into exactly zero.
#
# ### Exercise: the causal mask
#
# Write `causal_mask`. It gets an array of scores like the one above, for any number of
# positions, and returns a new one: `-np.inf` at every later position, the scores as
# they were elsewhere. The page goes on with yours once it is right, and with the
# course's own until then.


# %%
def causal_mask(scores):
    """Return the scores (T, T) with -inf at every later position."""
    ...


exercise.causal_mask.check(causal_mask)

# %%
causal_mask = exercise.causal_mask.yours_or_ours()

# %% [markdown]
# With the mask on, and softmax over each row, this is where the untrained head looks:

# %%
masked = np.asarray(causal_mask(scores))
weights = np.exp(masked) / np.exp(masked).sum(axis=1, keepdims=True)
plots.show(
    plots.attention_map(weights, pieces, "one head, before training"),
    alt="A triangle of attention weights: each row spreads its attention almost evenly "
    "over itself and what came before; later positions are masked.",
)

# %% [markdown]
# It spreads its attention almost evenly; it has no taste yet.
#
# ### Exercise: one attention head
#
# Now the whole head in one function. It gets the queries, keys and values of all
# positions, three arrays (T, d), and returns what the head passes on, an array (T, d):
# scores, divided by $\sqrt{d}$; the mask; softmax over each row; and with these weights
# the mean of the values.


# %%
def attention_head(q, k, v):
    """Return (T, d): for each position a weighted mean of the values up to it."""
    ...


exercise.attention_head.check(attention_head)

# %% [markdown]
# Does the mask hold for the whole model? Test it like an engineer: change the last
# letter and see which predictions move.

# %% tags=["nbval-check-output"]
gpt = jax.jit(array.gpt, static_argnums=2)  # the model, compiled: more on this below
clara = np.asarray(gpt(start, tokens, config))  # (6, 27)
claro = np.asarray(gpt(start, np.array([*tokens[:-1], 14]), config))
for piece, change in zip(pieces, np.abs(clara - claro).max(axis=1)):
    print(f"after {piece:>3}: {'changed' if change > 0 else 'the same'}")

# %% [markdown]
# ## 4,192 numbers make the whole model
#
# Attention moves information between positions. The second part, the **MLP**, lets each
# position think about what it gathered: widen 16 numbers to 64, keep the positive ones
# (ReLU), narrow to 16 again. Neither part replaces the vector. Each *adds* to it, which
# is called a **residual connection**: a stream flows through, and every part may pour
# something in. On the way back, an addition passes blame on unchanged, so even the
# first layer gets its share. Here is the model, whole:

# %%
for part in (array.block, array.gpt):
    print(inspect.getsource(part))

# %% [markdown]
# The last line turns each vector into 27 scores, the **logits**, one per possible next
# token; softmax makes probabilities of them. The design and every size follow
# Karpathy's *microgpt* (2026): one layer, four heads, width 16, a context of 16 tokens,
# no biases. It descends from GPT-2, which stacked 48 such layers in its largest form
# (OpenAI, 2019). Where are the parameters? Guess which block holds most of them.

# %%
plots.show(
    plots.model_diagram(config.shapes()),
    alt="A stream of 16 numbers per position. "
    "Token and place embeddings (432 and 256 parameters) are added; attention (1,024) "
    "and MLP (2,048) each branch off and add back; lm_head (432) gives 27 logits. "
    "4,192 parameters in all.",
)

# %% [markdown]
# Half of all numbers sit in the MLP; within a layer it is always two thirds, $8n^2$
# against the $4n^2$ of attention, at any width $n$. What is the loss of this model
# before any training? Small random weights make small logits, so every token gets
# nearly the same probability. You have predicted the number already, almost.

# %% tags=["nbval-check-output"]
untrained = training.ArrayEngine.start(random.Random(42), config)
print(f"untrained micro-GPT {training.mean_loss(untrained, kept_rows):.2f}")
print(f"ln 27               {math.log(27):.2f}")

# %% [markdown]
# A little worse than knowing nothing: random weights are random opinions, and an
# opinion without knowledge costs. Training will first have to unlearn them.
#
# ### Exercise: the loss of a whole name
#
# One name is several guesses, and its loss is their mean. `logits` has one row for each
# token read, `document` has one token more: row $t$ guesses token $t + 1$. Return the
# mean of $-\ln$ of the probability that each next token got. As in notebook 01, it
# should survive logits of 1000.


# %%
def cross_entropy_over_positions(logits, document):
    """Return the mean of -ln p(next token) over all positions, in nats."""
    ...


exercise.cross_entropy_over_positions.check(cross_entropy_over_positions)

# %% [markdown]
# ## Can the engine you built train it?
#
# Everything the model does is additions, multiplications and a few functions, and
# `Value` knows the slope of each. Take one name, go forward, go backward: one number of
# loss, and the blame of every parameter for it. How many `Value` objects does that
# take?

# %% tags=["nbval-check-output"]
params = scalar.init_gpt(random.Random(42), config)
loss = scalar.loss_fn(params, tokenizer.document("clara"), config)
loss.backward()
print(f"loss {loss.data:.4f}, made in {len(scalar.backward_order(loss)):,} operations")
steepest = max(scalar.parameters(params), key=lambda p: abs(p.grad))
print(f"steepest slope of all 4,192: {steepest.grad:.4f}")

# %% [markdown]
# One pass back gave 4,192 slopes. A step of Adam then moves all 4,192 joints of the
# walker together, each by its own stride. Training repeats this: one name, one step,
# the learning rate sinking in a straight line to zero. The heart of the package's loop
# is one method, the same six steps you met in notebook 00:

# %%
print(inspect.getsource(training.ScalarEngine.train_step))

# %% [markdown]
# Nothing in the model asks for *our* `Value`. The weights may be of any class that
# keeps a number, what it was made from, and the slopes. So the engine may be **yours**:
# if your `MyValue` of notebook 04 has passed its check, the next cell fetches it from
# your saved progress. If there is none yet, it takes the package's, and says so. Either
# way it first walks five steps beside the package's own, against the clock.


# %%
from course_lib.exercises import autograd as exercise04


def five_steps(number):
    """Train a little with this class; return the losses and the seconds per step."""
    params = scalar.init_gpt(random.Random(42), config, number)
    engine = training.ScalarEngine(params, config)
    began = time.process_time()
    records = list(training.train(engine, rows, training.linear(0.01, 500), 5))
    return [record.loss for record in records], (time.process_time() - began) / 5


Engine = exercise04.own_value.yours_or_ours()
walked, seconds = five_steps(Engine)
expected, our_seconds = five_steps(scalar.Value)
print(f"{1000 * seconds:.1f} ms per step, the package's {1000 * our_seconds:.1f} ms")
if seconds > 10 * our_seconds or not np.allclose(walked, expected):
    Engine = scalar.Value
    print("Too slow for 500 steps, or another walk: the package's takes them.")

# %% tags=["nbval-check-output"]
for i, pair in enumerate(zip(walked, expected), 1):
    print("step {}: this engine {:.6f}, the package's {:.6f}".format(i, *pair))

# %% [markdown]
# The same numbers, whoever wrote the class: the slopes of a computation are facts, and
# two engines that get them right have nothing to disagree about. So let it train.
#
# **Predict first.** 500 steps, so 500 names, each seen once. Where will the loss end:
# above the mark of the letters, between, or below that of the pairs? Watch the samples.

# %%
by_hand = training.ScalarEngine(
    scalar.init_gpt(random.Random(42), config, Engine), config
)
losses = []
for record in training.train(by_hand, rows, training.linear(0.01, 500), 500):
    losses.append(record.loss)
    if record.step % 100 == 0:
        rng = random.Random(record.step)
        drawn = [
            scalar.generate(rng, by_hand.params, config, [tokenizer.bos], 0.5)
            for _ in range(4)
        ]
        said = ", ".join(tokenizer.decode(name) for name in drawn)
        print(f"step {record.step}  loss {np.mean(losses[-100:]):.2f}  {said}")

# %%
plots.show(
    plots.loss_curve(losses, levels),
    alt="The loss over 500 steps: single names "
    "scatter widely, their mean falls from about 3.3, fast at first, then slowly, to "
    "about the level of counting letter pairs.",
)

# %% [markdown]
# A dot is one name: some are easy, some strange. The line is the walk itself, steep at
# first and then flat, as the walks of notebook 03 were. But a loss on names just being
# learned can flatter. Ask the names that were kept aside, all of them. That would be
# slow by hand, so the trained numbers move into the JAX engine of the next section: a
# model is its numbers, and does not care who multiplies them.

# %% tags=["nbval-check-output"]
moved = training.ArrayEngine.restore(by_hand.state(), config)
kept_loss = training.mean_loss(moved, kept_rows)
print(f"first 10 names    {np.mean(losses[:10]):.2f}")
print(f"last 100 names    {np.mean(losses[-100:]):.2f}")
print(f"names kept aside  {kept_loss:.2f}")
assert kept_loss < levels["letter pairs"]

# %% [markdown]
# So the engine you built trains a GPT, and if it was your own class, then every slope
# on this walk came out of lines that you wrote. It read 500 names, and already plays a
# little better than the table that counted thousands: it has found habits of letters,
# not a list.
#
# Now take the controls yourself. *Start* takes the same 500 steps again, while the page
# stays free for other cells; *Pause / Resume* holds the walker, *Stop* ends the walk.
#
# **Predict first.** The other engine in the list, JAX, will walk the same way from the
# same weights. How long will it need for 500 steps? And if it takes 100,000, how far
# below the mark of the pairs will the line come?

# %%
console = widgets.training_console(Engine)
console

# %% [markdown]
# Over 500 steps both engines draw the same curve. The long run meets every name about
# twenty times, and its line still sinks a little. Whether that helps with names it has
# never met is a question for the end of this page. What you train here stays at hand in
# `console.params`; no other cell waits for it.

# %% [markdown]
# ## JAX takes the same steps in a fraction of the time
#
# The scalar engine treats each number as an object. JAX treats a whole matrix as one.
# The twin in `course_lib.array` is the same model, line by line. Three tools make it
# fast: `value_and_grad` is `backward()` for arrays; `scan` says *repeat this step over
# these documents*; `jit` compiles the whole walk into one program of machine code.

# %%
from course_lib.optimizers import adam, apply_updates

optimizer = adam(lambda step: 0.01 * (1 - step / 1000), b1=0.85, b2=0.99)


def step(state, document):
    params, opt_state = state
    loss, grads = jax.value_and_grad(array.loss_fn)(params, document, config)
    updates, opt_state = optimizer.update(grads, opt_state)
    return (apply_updates(params, updates), opt_state), loss


walk = jax.jit(lambda state, documents: jax.lax.scan(step, state, documents))

# %% [markdown]
# Three contestants start from the same weights, and read the same names in the same
# order. Two are scalar: ours, and a purer one. Ours computes a whole dot product as one
# node, as you saw in notebook 04. The purer one makes a `Value` of every product and of
# every sum, as *microgpt* does; for three steps we swap in its dot products.
#
# **Predict first.** JAX against ours, JAX against the pure one: how many times faster,
# per step? 10, 100, 1,000? Write down two numbers.

# %%
from unittest.mock import patch


def plain_dot(weights, inputs):
    return sum((w * x for w, x in zip(weights, inputs)), scalar.Value(0.0))


def plain_dots(rows, vectors):
    return [[plain_dot(row, vector) for row in rows] for vector in vectors]


def race(steps):
    """Return the loss of each step, and the seconds that one step took."""
    engine = training.ScalarEngine.start(random.Random(42), config)
    began = time.perf_counter()
    records = list(training.train(engine, rows, training.linear(0.01, 1000), steps))
    return [record.loss for record in records], (time.perf_counter() - began) / steps


scalar_losses, ours = race(50)
with patch("course_lib.scalar.gpt.dots", plain_dots):
    _, pure = race(3)

# %%
start = array.from_scalar(scalar.init_gpt(random.Random(42), config))
state = start, optimizer.init(start)
_, fast_losses = walk(state, rows[:1000])  # the first call compiles, then runs
began = time.perf_counter()
walk(state, rows[:1000])[1].block_until_ready()
one_program = (time.perf_counter() - began) / 1000

# %% [markdown]
# Speed is worth nothing if the answer differs. The two engines share no line of
# arithmetic; one works in 64-bit numbers, the other in 32-bit arrays. They should walk
# the same path:

# %% tags=["nbval-check-output"]
for i in (0, 1, 2, 49):
    print(f"step {i + 1:2}: scalar {scalar_losses[i]:.4f}  jax {fast_losses[i]:.4f}")
gap = np.abs(np.array(scalar_losses) - fast_losses[:50]).max()
print("equal to four decimals, all 50:", bool(gap < 5e-5))
assert gap < 5e-5

# %% [markdown]
# The same losses, to four decimals. Now the clock. One more contestant shows where the
# time goes: JAX with the step compiled, but called from Python once per name.

# %%
one_step = jax.jit(step)
state, _ = one_step(state, rows[0])  # compiles
began = time.perf_counter()
for row in rows[1:201]:
    state, loss = one_step(state, row)
loss.block_until_ready()
one_call = (time.perf_counter() - began) / 200
print(f"ours {ours * 1e3:.1f} ms per step, JAX {one_program * 1e6:.0f} µs per step")
print(f"JAX against ours {ours / one_program:,.0f} times faster")
print(f"JAX against the pure one {pure / one_program:,.0f} times faster")
seconds = {"scalar, every product a Value": pure, "scalar, dot as one node": ours}
fast = {"JAX, one call per step": one_call, "JAX, all steps in one call": one_program}
ax = plots.step_times(seconds | fast, comparison=list(fast))
plots.show(ax, alt="Four bars on a logarithmic scale, each shorter than the one above.")

# %% [markdown]
# Read the bars from the top; each removes one burden. From the first to the second:
# fewer objects, the same arithmetic. To the third: no Python inside a step. To the
# last: no Python between steps. The multiplications that the model needs are in all
# four bars, and they fit into the shortest. The rest is bookkeeping. The mathematics
# did not change at all, which is why what you learned on one number holds for billions.
# Notebook 08 goes on from here.

# %% [markdown]
# ## Temperature decides how boldly it speaks
#
# With JAX, 10,000 steps take seconds; `trained()` from the setup cell takes them. To
# write a name, the model starts from `bos`, gets 27 probabilities, and draws one token.
# That token joins the text, and the game repeats until `bos` is drawn. How to draw is
# our choice. The logits $z$ are divided by a **temperature** $T$ before softmax:
# $p_i \propto e^{z_i / T}$.
#
# ### Exercise: temperature
#
# Write `with_temperature`. It gets the logits of one position and a temperature, and
# returns the probabilities. At temperature 0 the likeliest token gets everything. Very
# low temperatures make very large numbers: see that nothing overflows.


# %%
def with_temperature(logits, temperature):
    """Return one probability for each logit, bolder or calmer by the temperature."""
    ...


exercise.with_temperature.check(with_temperature)

# %%
with_temperature = exercise.with_temperature.yours_or_ours()

# %% [markdown]
# **Predict first.** After *mar*, what will a temperature of 0.1 do to the bars below,
# and what will 2 do?

# %%
params = trained().params
prompt = [tokenizer.bos, *tokenizer.encode("mar")]
logits = array.next_logits(params, prompt, config)
axes, labels = plots.panels(3, 1, height=5.6), [*tokenizer.chars, "end"]
for ax, temperature in zip(axes, (0.1, 1, 2)):
    title = f"after mar, temperature {temperature}"
    plots.next_token_bars(with_temperature(logits, temperature), labels, title, ax=ax)
    ax.set(ylim=(0, 1.25), yticks=(0, 0.5, 1))  # one scale for all three
plots.show(axes, alt="After mar: at 0.1 one bar takes almost all, at 2 they are flat.")

# %% [markdown]
# A low temperature takes the likeliest token nearly always; a high one lets rare tokens
# through. At exactly 0 there is no chance left, which is called *greedy*: the model
# says the same name for ever. The order of the bars never changes, only their contrast.


# %%
def write(text="", temperature=0.7, count=6, seed=0):
    """Return names that the trained model makes of a beginning."""
    rng = np.random.default_rng(seed)
    settings = [tokenizer.bos, *tokenizer.encode(text)], temperature
    model = trained().params, config
    drawn = (array.generate(rng, *model, *settings) for _ in range(count))
    return "  ".join(tokenizer.decode(name) or "(empty)" for name in drawn)


for temperature in (0, 0.1, 0.5, 1, 2):
    print(f"temperature {temperature:3}: {write(temperature=temperature)}")

# %% [markdown]
# Somewhere between 0.5 and 1 the names sound plausible: in the style of the data, yet
# mostly not in it. Below that the model repeats itself, above it babbles. The dial does
# not make a model more truthful or more creative. It only trades the likely for the
# rare.
#
# A **prompt** is a beginning that you choose. The model does not know that it did not
# write it; it continues.

# %%
for beginning in ("mar", "chr", "sve", "yu", "q"):
    print(f"{beginning + '…':5} {write(beginning)}")

# %% [markdown]
# Now type a beginning of your own, perhaps your own name, one letter more at a time.
# **Predict first:** after which letters is the model nearly sure, and after which does
# it hardly know? Then drag the temperature through both ends and watch the solid bars
# leave the hollow ones.

# %%
widgets.next_token(trained())

# %% [markdown]
# At the very start nearly everything is possible; after *q* or *m* only a few letters
# are. But after *mar* the model knows less than after *m*: more text does not always mean
# less doubt. The doubt lies in the names; the temperature only hides or inflates it.

# %% [markdown]
# ## What did it learn that nobody told it?
#
# Nothing in the code speaks of vowels, syllables or endings. Whatever the model knows
# of them, it found because it lowered the loss. Two places can be opened. First the
# attention of its four heads, while it reads one name: each row is a position, each
# column what it looks at.


# %%
def attention(tokens):
    """Return what the trained model's heads look at: (..., n_head, T, T)."""
    maps = array.attention_maps(trained().params, tokens, config)
    return maps[..., 0, :, :, :]  # its one layer


axes = plots.panels(2, 2, width=8.4, height=8)
maps = attention(tokenizer.document("clara")[:-1])
for i, ax in enumerate(axes.flat):
    plots.attention_map(maps[i], pieces, f"head {i + 1}", ax=ax)
plots.show(
    axes, alt="Attention of the four trained heads, reading clara: each has its own."
)

# %% [markdown]
# The even spread is gone. Read along: type a name, choose a head, and play the slider
# from the first position to the last. Can you find a head that likes the letter just
# before, and one that turns back to the beginning?

# %%
widgets.attention(trained())

# %% [markdown]
# One name is an anecdote, though. Average over 500 names that
# the model never trained on: how much of its attention does each head give to the
# letter itself, to the letters before, to the opening `bos`? (The first three positions
# are left out: there these groups overlap.)

# %%
documents, t = kept_rows[:500], np.arange(3, 16)
maps = attention(np.maximum(documents[:, :-1], 0))  # (500, 4, 16, 16)
real = documents[:, 4:] >= 0  # (500, 13): a token follows position t
print(" " * 10, *(f"  head {i}" for i in (1, 2, 3, 4)))
looked_at = {"itself": t, "one before": t - 1, "two before": t - 2, "bos": 0 * t}
for name, column in looked_at.items():
    shares = maps[:, :, t, column].swapaxes(1, 2)[real].mean(axis=0)  # (4,)
    print(f"{name:10}", *(f"{share:8.0%}" for share in shares))

# %% [markdown]
# The heads differ, and nobody assigned their roles. Read an attention map as a hint,
# not as an explanation: it says where information was taken from, not what was done
# with it.
#
# Now the token vectors in `wte`. Each letter is a point in 16 dimensions. To see them
# on paper, take the two directions along which they spread most: principal component
# analysis, which is one call of the singular value decomposition. (Letters that would
# cover each other are drawn a little apart.)

# %%
vowels, consonants = "aeiou", "bcdfghjklmnpqrstvwxz"
letters = [*vowels, *consonants, "y"]
vectors = np.asarray(trained().params["wte"])[[tokenizer.encode(c)[0] for c in letters]]
centred = vectors - vectors.mean(axis=0)
directions = np.linalg.svd(centred, full_matrices=False)[2]  # rows: widest spread first
groups = {"vowels": vowels, "consonants": consonants, "y": "y"}
plots.show(
    plots.embedding_map(centred @ directions[:2].T, letters, groups),
    alt="The letters "
    "as points in the two widest directions: the five vowels stand together on one "
    "side, the consonants on the other, y between them.",
)

# %% [markdown]
# It has found the vowels. Nobody told it. Vowels stand between consonants, consonants
# between vowels, so a model that treats the vowels alike guesses better, and training
# walks toward better guesses. But a flat picture of 16 dimensions can flatter. Measure
# the distances in all of them, and ask how often five letters drawn at random lie as
# close together as the five vowels do.

# %%
gaps = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)  # (26, 26)


def spread(group):
    """Return the mean distance between the members of a group of letters."""
    return gaps[np.ix_(group, group)].sum() / (len(group) * (len(group) - 1))


kin, strangers = spread(range(5)), gaps[:5, 5:25].mean()
print(f"vowel to vowel          {kin:.1f}")
print(f"consonant to consonant  {spread(range(5, 25)):.1f}")
print(f"vowel to consonant      {strangers:.1f}")
print(f"vowel to y              {gaps[:5, 25].mean():.1f}")
rng = np.random.default_rng(0)
fives = [spread(rng.choice(26, 5, replace=False)) for _ in range(10_000)]
print(f"five random letters are as close in {np.mean(fives <= kin):.2%} of the draws")
assert kin < strangers

# %% [markdown]
# The picture did not flatter. Vowels are much closer to each other than to consonants,
# and chance hardly ever draws a group as close. Consonants keep together too, but less:
# there are more of them, and they behave less alike. And *y*, a vowel in some spellings
# and a consonant in others, is nearer to the vowels than consonants usually are. All
# this from guessing the next letter.

# %% [markdown]
# ## Bigger learns more, until it memorises
#
# One layer of width 16 is a sketch. Take two layers of width 64, and let each step look
# at 32 names at once, a **batch**: the slope is averaged over all of them, so it is
# steadier. The code stays the same; only numbers change. While it trains we measure two
# losses: on names it trains on, and on names it never sees. The second one is the
# honest one; it is called the **validation loss**.

# %%
big = array.GPTConfig(tokenizer.vocab_size, n_layer=2, n_embd=64)


def run(rows, steps, every):
    """Train the bigger model; return it and (step, training loss, validation loss)."""
    engine = training.ArrayEngine.start(random.Random(42), big)

    def measure(step):
        return step, *(training.mean_loss(engine, r) for r in (rows[:320], kept_rows))

    curve, schedule = [measure(0)], training.linear(0.005, 500)
    for record in training.train(engine, rows, schedule, steps, 32, every):
        if record.step % every == 0:
            curve.append(measure(record.step))
    return engine, np.array(curve)


large, curve = run(rows, steps=500, every=50)
times = big.n_params / config.n_params
print(f"{big.n_params:,} parameters, {times:.0f} times as many")
ax = plots.learning_curves(*curve.T, levels=levels)
plots.show(ax, alt="Both losses fall past the mark of the pairs; then a gap opens.")

# %% [markdown]
# Both fall past all our marks. Then a gap opens: the names of the training set become
# easier than new ones. Compare the three players of the game on names that none of them
# trained on. The last column makes a loss tangible: a loss of $\ln n$ means being as
# unsure as with a fair choice among $n$ tokens.

# %%
scores = {"counting letter pairs": levels["letter pairs"]}
scores["micro-GPT, 10,000 steps"] = training.mean_loss(trained(), kept_rows)
scores["bigger, 500 steps of 32"] = training.mean_loss(large, kept_rows)
for player, loss in scores.items():
    print(f"{player}  loss {loss:.2f}  unsure among {math.exp(loss):4.1f}")


def invent(engine, count=8):
    """Return names made at temperature 0.8."""
    rng = np.random.default_rng(1)
    settings = engine.params, engine.config, [tokenizer.bos], 0.8
    return [tokenizer.decode(array.generate(rng, *settings)) for _ in range(count)]


print("micro-GPT:", *invent(trained()))
print("bigger:   ", *invent(large))

# %% [markdown]
# Read both lines aloud. Which sounds more like names? Eight samples and a human ear are
# a weak test. The validation loss judges every guess on hundreds of names, so trust it
# more: the bigger model is better, but not by much for all its parameters.
#
# What holds it back? Perhaps not its size but its data. Test the suspicion: give the
# same model only 1,000 names, round and round. **Predict first.** What will the two
# curves do, and will more steps help?


# %%
def report(curve):
    """Say in a word, for each measurement, how the run stands."""
    words = []
    for i, (_, _, unseen) in enumerate(curve):
        if unseen > curve[: i + 1, 2].min() + 0.05:
            words.append("overfitting")  # it has been better before
        elif unseen > levels["letters"]:
            words.append("random")
        else:
            words.append("good" if unseen < levels["letter pairs"] else "learning")
    return words


crammed, crammed_curve = run(rows[:1000], steps=300, every=20)
ax = plots.learning_curves(*crammed_curve.T, report(crammed_curve), levels)
plots.show(
    ax,
    alt="The training loss falls to the end; the validation loss turns and climbs. "
    "Words above: random, learning, good, overfitting.",
)

# %%
words = report(crammed_curve)
for i in (0, 1, 2, 6, 10, 15):
    at, seen, unseen = crammed_curve[i]
    print(f"step {at:3.0f}  training {seen:.2f}  validation {unseen:.2f}  {words[i]}")

# %% [markdown]
# That is a run report in words, and it needs only the two curves. *Random*: no better
# than the mark of the letters. *Learning*: past that mark, not yet past the pairs.
# *Good*: past all of them. *Overfitting*: it has been better before. The training loss
# goes on falling, and the walker believes the valley is near; but the altitude that
# matters rises. The model has begun to learn the 1,000 names by heart instead of
# learning names. Its best moment was also worse than with all the data. The cures are
# those of notebook 05: more data, a smaller model, or stopping at the lowest point of
# the validation curve.

# %% [markdown]
# Last, the claim of this page in code: from the same weights, both engines find the
# same loss and a gradient of the same length, step after step; training beats counting;
# and the bigger model is better on names that neither has seen.


# %% tags=["claim", "nbval-check-output"]
def three_steps(kind):
    """Return what happened in three steps of an engine of this kind."""
    engine = kind.start(random.Random(42), config)
    return training.train(engine, rows, training.linear(0.01, 500), 3)


hand, fast = map(three_steps, (training.ScalarEngine, training.ArrayEngine))
assert config.n_params == 4192
for one, other in zip(hand, fast, strict=True):
    assert abs(one.loss - other.loss) < 5e-5
    assert abs(one.grad_norm - other.grad_norm) < 5e-5
small = training.mean_loss(trained(), kept_rows)
big_loss = training.mean_loss(large, kept_rows)
assert big_loss < small < measured["letter pairs"] < math.log(27)
print("Two engines, one walk; and at its end the model knows more than counting does.")

# %% [markdown]
# ## Three sentences to remember
#
# - A language model is trained to guess the next token, and the text itself is the
#   label.
# - A GPT is embeddings, attention to the past, an MLP and residual additions: a
#   computation like any other, so the autograd you built can train it.
# - Watch the loss on text the model never saw: that number, not the training loss, says
#   whether it learned or memorised.

# %% [markdown]
# ## Where next
#
# Notebook 07 takes this model into the laboratory and measures what training cannot do,
# and what it costs. Notebook 08 asks why graphics cards, and what changes when one
# machine is not enough. Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
#
# To train on a list of your own, one name per line, in a terminal:
#
# ```
# course train --data my_names.txt --engine jax --steps 10000 --checkpoint my_run
# course sample --checkpoint my_run --prompt mar
# ```
