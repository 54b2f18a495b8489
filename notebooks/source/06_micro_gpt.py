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
# computation. Here it trains a GPT, the kind of model that stands behind ChatGPT. Ours
# is tiny, 4,192 parameters, but it has every kind of part that large ones have:
# embeddings, attention, an MLP and residual connections. It reads given names, one
# letter at a time, and learns to invent new ones. Remember the walker in fog: altitude
# is the loss, the slope underfoot is the gradient. Today she can step in 4,192
# directions.

# %% [markdown]
# ## What you will be able to do
#
# - say what a token is, and what a language model is asked to do with it
# - follow a name through embeddings, attention, MLP and logits, and say what each adds
# - train a GPT with the scalar engine, then the same one with JAX, and compare
# - steer what it writes with temperature and prompts, and read its attention
# - tell from two curves whether a model is random, learning, good or overfitting
#
# **Time:** 50 minutes, and about 50 more for the exercises; the optional sections take
# another 25.
#
# **Two-hour path:** nothing on this page.
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
vocab, pieces = CharTokenizer(names), ["bos", *"clara"]  # clara is our example
config = array.GPTConfig(vocab.vocab_size)
parts = training.split(names, 0.1)  # most to learn from, a tenth kept aside
train_rows, kept_rows = (training.pack(part, vocab, 16) for part in parts)
levels = {"knows nothing": math.log(27), "letters": 2.90, "letter pairs": 2.59}


@cache
def trained():
    """Train the micro-GPT for 10,000 steps, once: a few seconds with JAX."""
    engine = training.ArrayEngine.start(random.Random(42), config)
    list(training.train(engine, train_rows, training.linear(0.01, 10_000), 10_000))
    return engine


# %% [markdown]
# ## The whole game is to guess the next character
#
# A language model has one skill: it reads a text so far and gives a probability to
# everything that could come next. It sees no letters, only numbers, so the text is
# first cut into pieces, the **tokens**, and each kind of piece gets a number. Large
# models cut text into parts of words: GPT-2 knew 50,257 of them (OpenAI, 2019). We cut
# into single letters, and add one more token, `bos`, the *beginning of sequence*. It
# stands before each name, and also after it, so that the model can learn when to stop.

# %% tags=["nbval-check-output"]
print(f"{len(names):,} names, such as", ", ".join(names[:5]))
print(f"{vocab.vocab_size} tokens:", *vocab.chars, "bos")

# %% [markdown]
# The names come with the course, from many languages. The tokenizer, here called
# `vocab`, sorts the letters that it meets and numbers them from 0. Below each piece of
# the name stands the number that the model will see. It knows nothing else about a
# letter at the start, not even that *a* and *e* have something in common.

# %%
numbers = vocab.document("clara")
plots.show(
    plots.token_strip([*pieces, "bos"], numbers),
    alt="The name clara as seven tokens: bos is 26, "
    "c is 2, l is 11, a is 0, r is 17, a is 0, and bos again.",
)

# %% [markdown]
# ### Exercise: encode and decode
#
# Write the tokenizer. Its constructor gets `chars`, a string of all characters that it
# knows; the token of a character is its place in `chars`, counted from 0. `encode`
# returns the list of tokens of a text. `decode` returns the text of some tokens; `bos`,
# whose number is `len(chars)`, is left out of it. If you are stuck,
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
# comes next, is told the answer and reads on. A name of five letters asks for six
# guesses, since the end is guessed too. Below, each row is one of them: on the left what
# the model reads, on the right the label.

# %%
plots.show(
    plots.guessing_game([*pieces, "bos"]),
    alt="Six rows. Each shows the start of the name clara "
    "that the model reads, one letter longer each time, and the token that comes next.",
)

# %% [markdown]
# Nobody had to write the labels: the text itself holds them. This is called
# **self-supervised** learning, and it is why a model can learn from as much text as can
# be found. For a large model this first, long training is its **pre-training**. It makes
# a model that continues texts, not yet one that answers. Two shorter trainings turn it
# into an assistant: *instruction tuning* goes on with examples of questions and good
# answers, and *human feedback* moves the model towards those of its answers that people
# preferred (Ouyang and others, 2022). This page is about the first training.
#
# Before any network, play the game by counting. Go through all the training names and
# note, for each token, which token follows. This table of pairs is already a language
# model, a very short-sighted one. (A row of `train_rows` is one name, filled up with -1.)
#
# **Predict first.** Which tokens follow *q*, and how often? In English the answer is
# easy. These names come from many languages: write your guess down, then run the cell.

# %%
now, after = train_rows[:, :-1], train_rows[:, 1:]
pairs = np.zeros((27, 27))  # row: a token; column: the token that followed it
np.add.at(pairs, (now[after >= 0], after[after >= 0]), 1)
q = pairs[vocab.encode("q")[0]]
title = f"after q ({q.sum():.0f} times)"
labels = [*vocab.chars, "end"]
ax = plots.next_token_bars(q / q.sum(), labels, title, meaning="data")
plots.show(
    ax, alt="What follows q: u in less than half of the cases, then a, i, the end."
)

# %% [markdown]
# In English nearly every *q* is followed by *u*; in these names fewer than half of them
# are. A model does not know what is usual in the world, only what was usual in its data.
#
# Now a score. The loss is the cross-entropy of notebook 01, in nats: the mean of minus
# the logarithm of the probability given to the token that came.
#
# **Predict first.** A model that knows nothing gives each of 27 tokens the same
# probability. What is its loss? Then guess how much lower the other two are: letters by
# their overall frequency, and the table of pairs.


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
# These are our marks on the mountain. Every walk starts near $\ln 27$, and a model that
# does not get below the table of pairs has learned nothing that counting would not
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
#
# The last operation below, `rms_norm`, divides each vector by its typical size, so that no
# vector dominates: $x_i \,/\, \sqrt{\frac{1}{n}\sum_j x_j^2 + 10^{-5}}$, where $n$ is the
# number of entries $x_j$ (Zhang & Sennrich, 2019). Afterwards the mean of the squares
# is one. Under the code is the name *clara* on its way in. Parameters are orange, what flows
# forward is green; negative numbers are grey. The two rows marked *a* share a token vector, and yet end up
# different, because they stand at different places.

# %%
print(inspect.getsource(embed))
start = array.from_scalar(scalar.init_gpt(random.Random(42), config))
tokens = np.array(vocab.document("clara")[:-1])
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
# Each position makes three vectors from its own, by three learned matrices `wq`, `wk`
# and `wv`: a *query* $q$, what am I looking for; a *key* $k$, what do I offer; a *value*
# $v$, what do I pass on. The dot product of a query and a key says how well the two fit:
#
# $$\text{weights} = \text{softmax}\!\left(\frac{q \cdot k}{\sqrt{d}}\right), \qquad
# \text{output} = \sum \text{weights} \times v$$
#
# Here $d$ is the length of $q$ and $k$. Dividing by its root keeps the scores moderate:
# with large ones, softmax would give everything to one position and leave hardly any
# slope. The 16 numbers are split among four **heads** of $d = 4$, each free to look for
# something of its own; a fourth matrix, `wo`, mixes what they pass on into one vector of
# 16 again. One head, step by step:

# %%
x = rms_norm(embed(start, tokens))  # (6, 16); normed again, as before each part
q = x @ start["layer0.attn_wq"][:4].T  # (6, 4): the first head's part
k = x @ start["layer0.attn_wk"][:4].T  # (6, 4)
head_scores = np.asarray(q @ k.T) / math.sqrt(4)  # (6, 6)
print(np.round(head_scores, 2))

# %% [markdown]
# Row 2, column 5 (counted from 0) says how well the last *a* fits what the *l* looks
# for. That is a problem: when the model guesses what follows *l*, that *a* lies in the
# future. All positions are trained at once, so a model that could look ahead would read
# the answer instead of learning to guess it, and would be helpless when it has to write
# on its own. The remedy is the **mask**: scores of later positions become $-\infty$, and
# softmax turns that into exactly zero.
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
masked = np.asarray(causal_mask(head_scores))
weights = np.exp(masked) / np.exp(masked).sum(axis=1, keepdims=True)
plots.show(
    plots.attention_map(weights, pieces, "one head, before training"),
    alt="A triangle of attention weights: each row spreads its attention almost evenly "
    "over itself and what came before; later positions are masked.",
)

# %% [markdown]
# It spreads its attention almost evenly; it has no preferences yet.
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
gpt = jax.jit(array.gpt, static_argnums=2)  # the model, compiled
clara = np.asarray(gpt(start, tokens, config))  # (6, 27)
claro = np.asarray(gpt(start, np.array([*tokens[:-1], *vocab.encode("o")]), config))
for piece, change in zip(pieces, np.abs(clara - claro).max(axis=1)):
    print(f"after {piece:>3}: {'changed' if change > 0 else 'the same'}")

# %% [markdown]
# ### 4,192 numbers make the whole model
#
# Attention moves information between positions. The second part, the **MLP**, works on
# each position alone, with what it has gathered: 16 numbers become 64, the negative ones
# are set to 0 (ReLU), and the 64 become 16 again. Neither part replaces the vector. Each
# *adds* to it, which is called a **residual connection**. On the way back, an addition
# passes blame on unchanged, so even the first layer gets its share. Here is the whole
# model:

# %%
for part in (array.block, array.gpt):
    print(inspect.getsource(part))

# %% [markdown]
# The last line turns each vector into 27 scores, the **logits**, one per possible next
# token; softmax makes probabilities of them. The design and every size follow
# Karpathy's *microgpt* (2026): one layer, four heads, width 16, a context of 16 tokens,
# no biases. It descends from GPT-2, which stacked 48 such layers in its largest form
# (OpenAI, 2019), with biases, and with an activation and a norm that differ in detail.
# Where are the parameters? Guess which holds most of them: the token
# vectors, the place vectors, attention, the MLP or `lm_head`.

# %%
plots.show(
    plots.model_diagram(config.shapes()),
    alt="A stream of 16 numbers per position. "
    "Token and place embeddings (432 and 256 parameters) are added; attention (1,024) "
    "and MLP (2,048) each branch off and add back; lm_head (432) gives 27 logits. "
    "4,192 parameters in all.",
)

# %% [markdown]
# Nearly half of all numbers are in the MLP. Within a layer it is two thirds at any width
# $n$: $8n^2$, against $4n^2$ for the four matrices of attention.
#
# **Predict first.** What is the loss of this model before any training? Small random
# weights make small logits, so every token gets nearly the same probability.

# %% tags=["nbval-check-output"]
untrained = training.ArrayEngine.start(random.Random(42), config)
print(f"untrained micro-GPT {training.mean_loss(untrained, kept_rows):.2f}")
print(f"ln 27               {math.log(27):.2f}")

# %% [markdown]
# It is a little worse than knowing nothing: random weights make some tokens a little
# likelier than others, for no reason, and that costs.
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
# `Value` knows the slope of each. Take one name, go forward, go backward: that gives the
# loss, and the blame of every parameter for it. How many operations does it take, if a
# whole dot product counts as one, as in notebook 04? Then take one step.

# %% tags=["nbval-check-output"]
params = scalar.init_gpt(random.Random(42), config)
loss = scalar.loss_fn(params, vocab.document("clara"), config)
loss.backward()
print(f"loss {loss.data:.4f}, made in {len(scalar.backward_order(loss)):,} operations")
weights = scalar.parameters(params)
steepest = max(weights, key=lambda p: abs(p.grad))
print(f"steepest slope of all {len(weights):,}: {steepest.grad:.4f}")

scalar.adam_update(weights, scalar.adam_init(weights), 0.01, 0.85, 0.99)
again = scalar.loss_fn(params, vocab.document("clara"), config)
print(f"loss after one step of Adam: {again.data:.4f}")

# %% [markdown]
# One pass back gave all 4,192 slopes. Those of letters and places that *clara* does not
# use are zero, and these numbers stay. All others moved at once, each by almost exactly
# the learning rate, since this is Adam's first step (notebook 03). The loss on *clara*
# fell.
#
# Training repeats this: one name, forward, backward, one step, and on to the next name,
# with a learning rate that falls linearly to zero. `training.train` does it.
#
# Nothing in the model asks for *our* `Value`. The weights may be of any class that keeps
# a number, what it was made from, and the slopes. So the engine may be **yours**: if
# your `MyValue` of notebook 04 has passed its check, the next cell fetches it from your
# saved progress, and compares its first five steps with those of the package's own. If
# there is none yet, it takes the package's, and says so.


# %%
from course_lib.exercises import autograd as exercise04


def five_steps(number):
    """Train a little with this class; return the losses and the seconds per step."""
    params = scalar.init_gpt(random.Random(42), config, number)
    engine = training.ScalarEngine(params, config)
    began = time.process_time()
    records = list(training.train(engine, train_rows, training.linear(0.01, 500), 5))
    return [record.loss for record in records], (time.process_time() - began) / 5


Engine = exercise04.own_value.yours_or_ours()
expected, our_seconds = five_steps(scalar.Value)
walked, seconds = five_steps(Engine)
if seconds > 10 * our_seconds or not np.allclose(walked, expected):
    Engine = scalar.Value
    print("Too slow for 500 steps, or other losses: the package's is used.")

# %% tags=["nbval-check-output"]
for i, pair in enumerate(zip(walked, expected), 1):
    print("step {}: this engine {:.6f}, the package's {:.6f}".format(i, *pair))

# %% [markdown]
# If your own class walked here, you see that it does not matter who wrote it: engines
# that get the slopes right take the same walk. So let it train.
#
# **Predict first.** 500 steps, so 500 names, each seen once. Where will the loss end:
# above the mark of the letters, between the two, or below that of the pairs? Watch the
# samples.

# %%
by_hand = training.ScalarEngine(
    scalar.init_gpt(random.Random(42), config, Engine), config
)
losses = []
for record in training.train(by_hand, train_rows, training.linear(0.01, 500), 500):
    losses.append(record.loss)
    if record.step % 100 == 0:
        rng = random.Random(record.step)
        drawn = [
            scalar.generate(rng, by_hand.params, config, [vocab.bos], 0.5)
            for _ in range(4)
        ]
        said = ", ".join(vocab.decode(name) for name in drawn)
        print(f"step {record.step}  loss {np.mean(losses[-100:]):.2f}  {said}")

# %%
plots.show(
    plots.loss_curve(losses, levels),
    alt="The loss over 500 steps: single names "
    "scatter widely, their mean falls from about 3.4, fast at first, then slowly, to "
    "below the level of counting letter pairs.",
)

# %% [markdown]
# A dot is one name: some are easy, some strange. The line is the mean of 50, steep at first
# and then flat, as the walks of notebook 03 were. Now measure the loss on the names that
# were kept aside, all of them. One number at a time that would be slow, so the trained
# weights move into the JAX engine of the next section: a model is its numbers, whichever
# program multiplies them.

# %% tags=["nbval-check-output"]
moved = training.ArrayEngine.restore(by_hand.state(), config)
kept_loss = training.mean_loss(moved, kept_rows)
print(f"first 10 names    {np.mean(losses[:10]):.2f}")
print(f"last 100 names    {np.mean(losses[-100:]):.2f}")
print(f"names kept aside  {kept_loss:.2f}")
assert kept_loss < levels["letter pairs"]

# %% [markdown]
# So a scalar engine trains a GPT, and if it was your own class, every slope on this walk
# came out of lines that you wrote. It read 500 names, and does a little better on new
# ones than the table that counted thousands (with ten other seeds, by 0.03 to 0.07). It
# can only do so by using more than the letter before.
#
# Now take the controls yourself. *Start* takes the same 500 steps again, and you can run
# other cells meanwhile. *Pause / Resume* and *Stop* do what they say.
#
# **Predict first.** The other engine in the list, JAX, starts from the same weights. How
# long will it need for 500 steps? And if it takes 100,000, how far below the mark of the
# pairs will the line come?

# %%
console = widgets.training_console(Engine)
console

# %% [markdown]
# JAX takes the 500 steps before you have looked up, once it has compiled them, and both
# engines draw the same curve. The long run meets every name about twenty times, and its
# line still sinks a little. Whether that helps with names it has
# never met is a question for the end of this page.

# %% [markdown]
# ## JAX takes the same steps in a fraction of the time (optional)
#
# In the scalar engine each number is an object; in JAX a whole matrix is. The model in
# `course_lib.array` is the same, line by line. Three tools make it fast:
# `value_and_grad` is `backward()` for arrays; `scan` says *repeat this step over these
# documents*; `jit` compiles the whole walk into one program of machine code.

# %%
from course_lib.optimizers import adam, apply_updates

array.forget_programs()  # gives back the memory of what was compiled
optimizer = adam(lambda step: 0.01 * (1 - step / 1000), b1=0.85, b2=0.99)


def step(state, document):
    params, opt_state = state
    loss, grads = jax.value_and_grad(array.loss_fn)(params, document, config)
    updates, opt_state = optimizer.update(grads, opt_state)
    return (apply_updates(params, updates), opt_state), loss


walk = jax.jit(lambda state, documents: jax.lax.scan(step, state, documents))

# %% [markdown]
# Three contestants start from the same weights, and read the same names in the same
# order. Two are scalar: ours, and a plain one. Ours computes a whole dot product as one
# node, as you saw in notebook 04. The plain one makes a `Value` of every product and of
# every sum, as *microgpt* does; for three steps we swap in its dot products.
#
# **Predict first.** JAX against ours, JAX against the plain one: how many times faster
# is a step? 10, 100, 1,000? Write down two numbers.

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
    records = list(
        training.train(engine, train_rows, training.linear(0.01, 1000), steps)
    )
    return [record.loss for record in records], (time.perf_counter() - began) / steps


scalar_losses, ours = race(50)
with patch("course_lib.scalar.gpt.dots", plain_dots):
    _, plain = race(3)

# %% [markdown]
# Speed is worth nothing if the answer differs. The two engines share no line of
# arithmetic; one works with 64-bit numbers, the other with 32-bit arrays. Let JAX walk
# too, and compare the losses:

# %% tags=["nbval-check-output"]
start = array.from_scalar(scalar.init_gpt(random.Random(42), config))
state = start, optimizer.init(start)
_, fast_losses = walk(state, train_rows[:1000])  # the first call compiles, then runs
began = time.perf_counter()
walk(state, train_rows[:1000])[1].block_until_ready()
one_program = (time.perf_counter() - began) / 1000
for i in (0, 1, 2, 49):
    print(f"step {i + 1:2}: scalar {scalar_losses[i]:.4f}  jax {fast_losses[i]:.4f}")
gap = np.abs(np.array(scalar_losses) - fast_losses[:50]).max()
print("equal to four decimals, all 50:", bool(gap < 5e-5))
assert gap < 5e-5

# %% [markdown]
# They agree to four decimals. Now the clock. One more contestant shows where the time
# goes: JAX with the step compiled, but called from Python once per name.

# %%
one_step = jax.jit(step)
state, _ = one_step(state, train_rows[0])  # compiles
began = time.perf_counter()
for row in train_rows[1:201]:
    state, loss = one_step(state, row)
loss.block_until_ready()
one_call = (time.perf_counter() - began) / 200
print(f"ours {ours * 1e3:.1f} ms per step, JAX {one_program * 1e6:.0f} µs per step")
print(f"JAX against ours {ours / one_program:,.0f} times faster")
print(f"JAX against the plain one {plain / one_program:,.0f} times faster")
seconds = {"scalar, every product a Value": plain, "scalar, dot as one node": ours}
fast = {"JAX, one call per step": one_call, "JAX, all steps in one call": one_program}
ax = plots.step_times(seconds | fast, comparison=list(fast))
plots.show(ax, alt="Four times on a logarithmic axis, each shorter than the one above.")

# %% [markdown]
# Read the dots from the top; each removes one burden. From the first to the second:
# fewer objects, the same arithmetic. To the third: no Python inside a step. To the last:
# no Python between steps. All four do the multiplications that the model needs; what
# the others take beyond the time of the last is bookkeeping. The mathematics did not
# change: the losses are the same.

# %% [markdown]
# ## Temperature decides how boldly it speaks
#
# With JAX, 10,000 steps take seconds; `trained()` from the setup cell takes them. To
# write a name, the model starts from `bos`, gets 27 probabilities, and draws one token.
# That token joins the text, and this is repeated until `bos` is drawn. How we draw is up
# to us. The logits $z$ are divided by a **temperature** $T$ before softmax:
# $p_i$ is proportional to $e^{z_i / T}$.
#
# ### Exercise: temperature
#
# Write `with_temperature`. It gets the logits of one position, a NumPy array, and a
# temperature, and returns the probabilities. At temperature 0 the likeliest token gets
# everything. Very low temperatures make very large numbers: nothing should overflow.


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
prompt = [vocab.bos, *vocab.encode("mar")]
logits = array.next_logits(params, prompt, config)
axes, labels = plots.panels(3, 1, height=5.6), [*vocab.chars, "end"]
for ax, temperature in zip(axes, (0.1, 1, 2)):
    title = f"after mar, temperature {temperature}"
    plots.next_token_bars(with_temperature(logits, temperature), labels, title, ax=ax)
    ax.set(ylim=(0, 1.25), yticks=(0, 0.5, 1))  # one scale for all three
plots.show(axes, alt="After mar: at 0.1 one bar takes almost all, at 2 they are flat.")

# %% [markdown]
# A low temperature takes the likeliest token nearly always; a high one lets rare tokens
# through. At exactly 0 nothing is left to chance, which is called *greedy*: the model
# writes the same name every time. The order of the bars never changes, only their
# contrast.


# %%
def write(text="", temperature=0.7, count=6, seed=0):
    """Return names that the trained model makes of a beginning."""
    rng = np.random.default_rng(seed)
    settings = [vocab.bos, *vocab.encode(text)], temperature
    model = trained().params, config
    drawn = (array.generate(rng, *model, *settings) for _ in range(count))
    return "  ".join(vocab.decode(name) or "(empty)" for name in drawn)


for temperature in (0, 0.1, 0.5, 1, 2):
    print(f"temperature {temperature:3}: {write(temperature=temperature)}")

# %% [markdown]
# Somewhere between 0.5 and 1 the names sound plausible. Below, the model repeats itself;
# above, it babbles. The temperature does not make a model more truthful: it only trades
# the likely for the rare.
#
# A **prompt** is a beginning that you choose. The model continues it as if it had
# written it.

# %%
for beginning in ("mar", "chr", "sve", "yu", "q"):
    print(f"{beginning + '…':5} {write(beginning)}")

# %% [markdown]
# Now type a beginning of your own, perhaps your own name, one letter more at a time, or
# click a bar to append its letter. **Predict first:** after which letters is the model
# nearly sure, and after which does it hardly know? Then drag the temperature to both
# ends, and compare the solid bars with the hollow ones.

# %%
widgets.next_token(trained())

# %% [markdown]
# At the very start nearly everything is possible; after *q* or *m* only a few letters
# are. But after *mar* the model knows less than after *m*: more text does not always
# mean less uncertainty. The uncertainty is in the data; the temperature only hides or
# inflates it.

# %% [markdown]
# ## What did it learn that nobody told it? (optional)
#
# Nothing in the code speaks of vowels, syllables or endings. Whatever the model knows
# of them, it found because it lowered the loss. Two of its parts can be looked into.
# First the attention of its four heads, while it reads one name: each row is a position,
# each column what it looks at.


# %%
def attention(tokens):
    """Return what the trained model's heads look at: (..., n_head, T, T)."""
    maps = array.attention_maps(trained().params, tokens, config)
    return maps[..., 0, :, :, :]  # its one layer


axes = plots.panels(2, 2, width=8.4, height=8)
maps = attention(vocab.document("clara")[:-1])
for i, ax in enumerate(axes.flat):
    plots.attention_map(maps[i], pieces, f"head {i + 1}", ax=ax)
plots.show(
    axes, alt="Attention of the four trained heads, reading clara: each has its own."
)

# %% [markdown]
# The even spread is gone. Read along: type a name, choose a head, and move the pointer
# along the letters, or play the slider: the arcs show what each letter looks at. Can you
# find a head that looks most at the letter just before, and one that looks at the
# beginning?

# %%
widgets.attention(trained())

# %% [markdown]
# One name proves little. Average over 500 names that the model never trained on: how
# much of its attention does each head give to the letter itself, to the letters before,
# to the opening `bos`? (The first three positions are left out: there these groups
# overlap.)

# %%
documents, t = kept_rows[:500], np.arange(3, 16)
maps = attention(np.maximum(documents[:, :-1], 0))  # (500, 4, 16, 16)
real = documents[:, 4:] >= 0  # (500, 13): a token follows position t
print(" " * 10, *(f"  head {i}" for i in (1, 2, 3, 4)))
looked_at = {"itself": t, "one before": t - 1, "two before": t - 2, "bos": 0 * t}
for name, column in looked_at.items():
    shares = maps[:, :, t, column].swapaxes(1, 2)[real].mean(axis=0)  # (4,)
    print(f"{name:10}", *(f"{100 * share:6.0f} %" for share in shares))

# %% [markdown]
# The heads differ: find the one that looks back by one letter, and those that look at
# `bos`. (What is missing to 100 % went to letters further back.) Nobody assigned these
# roles. Read an attention map as a hint,
# not as an explanation: it says where information was taken from, not what was done
# with it.
#
# Now the token vectors in `wte`. Each letter is a point in 16 dimensions. To see them on
# paper, take the two directions along which they spread most, a standard way to flatten
# 16 numbers to two. (Letters that would cover each other are drawn a little apart.)

# %%
vowels, consonants = "aeiou", "bcdfghjklmnpqrstvwxz"
letters = [*vowels, *consonants, "y"]
vectors = np.asarray(trained().params["wte"])[[vocab.encode(c)[0] for c in letters]]
centred = vectors - vectors.mean(axis=0)
directions = np.linalg.svd(centred, full_matrices=False)[2]  # rows: widest spread first
groups = {"vowels": vowels, "consonants": consonants, "y": "y"}
plots.show(
    plots.embedding_map(centred @ directions[:2].T, letters, groups),
    alt="The letters "
    "as points in the two widest directions: the five vowels stand together on one "
    "side, the consonants on the other, y at their edge.",
)

# %% [markdown]
# It has found the vowels. Vowels often stand between consonants, and consonants between
# vowels, so a model that treats the vowels alike guesses better. But a flat picture of 16
# dimensions can mislead. Measure the distances in all of them, and ask how often five
# letters drawn at random lie as close together as the five vowels do.

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
share = 100 * np.mean(fives <= kin)
print(f"five random letters are as close in {share:.2f} % of the draws")
assert kin < strangers

# %% [markdown]
# The picture did not mislead. Vowels are much closer to each other than to consonants,
# and five letters drawn at random are hardly ever as close. And *y*, a vowel in some
# spellings and a consonant in others, is nearer to the vowels than consonants usually
# are. All this came from guessing the next letter.

# %% [markdown]
# ## Bigger learns more, until it memorises
#
# Take two layers of width 64, and let each step look at 32 names at once, a **batch**:
# the slope is averaged over all of them, so it is steadier. The code stays the same;
# only numbers change. While it trains we measure two losses: on names it trains on, and
# on names it never sees. The second one, the **validation loss**, says what it has
# learned about names in general.

# %%
array.forget_programs()
big = array.GPTConfig(vocab.vocab_size, n_layer=2, n_embd=64)


def run(rows, steps, every, size=big, rate=0.005):
    """Train; return the model and (step, training, validation loss) at times."""
    engine = training.ArrayEngine.start(random.Random(42), size)

    def measure(step):
        some = rows[:: len(rows) // 320]  # from all over the training set
        return step, *(training.mean_loss(engine, r) for r in (some, kept_rows))

    curve, schedule = [measure(0)], training.linear(rate, 500)
    for record in training.train(engine, rows, schedule, steps, 32, every):
        if record.step % every == 0:
            curve.append(measure(record.step))
    return engine, np.array(curve)


large, curve = run(train_rows, steps=500, every=50)
times = big.n_params / config.n_params
print(f"{big.n_params:,} parameters, {times:.0f} times as many")
ax = plots.learning_curves(*curve.T, levels=levels)
plots.show(ax, alt="Both losses fall past the mark of the pairs; then a gap opens.")

# %% [markdown]
# Both fall past all our marks. Then a gap opens: the names of the training set become
# easier than new ones. Is it the size that helped? For a fair comparison the micro-GPT
# reads the same names as the bigger model, 32 at a step, at the learning rate that
# suits it. Compare on names that no model trained on. The last column is the perplexity
# of notebook 01: a loss of $\ln n$ means being as unsure as with a fair choice among
# $n$ tokens.

# %%
same, _ = run(train_rows, 500, 500, config, 0.01)
scores = {
    "counting letter pairs": levels["letter pairs"],
    "micro-GPT, 10,000 steps": training.mean_loss(trained(), kept_rows),
    "micro-GPT, 500 steps of 32": training.mean_loss(same, kept_rows),
    "bigger, 500 steps of 32": training.mean_loss(large, kept_rows),
}
for player, loss in scores.items():
    print(f"{player:27} loss {loss:.2f}  unsure among {math.exp(loss):4.1f}")


def invent(engine, count=8):
    """Return names made at temperature 0.8."""
    settings = np.random.default_rng(1), engine.params, engine.config, [vocab.bos], 0.8
    return [vocab.decode(array.generate(*settings)) for _ in range(count)]


print("micro-GPT:", *invent(trained()))
print("bigger:   ", *invent(large))

# %% [markdown]
# Read both lines aloud. Which sounds more like names? Eight samples and a human ear are
# a weak test. The validation loss judges every guess on hundreds of names, so trust it
# more: the bigger model is better, but not by much for 25 times the parameters (with ten
# other seeds, by 0.03 to 0.05).
#
# What holds it back? Perhaps not its size but its data. Test it: give the same model
# only 1,000 names, again and again. **Predict first.** What will the two curves do, and
# will more steps help?


# %%
def report(curve):
    """Say in a word, for each measurement, how the run stands."""
    marks, words = (levels["letters"], levels["letter pairs"]), []
    for i, (_, _, unseen) in enumerate(curve):
        lowest = curve[: i + 1, 2].min()  # so far
        words.append(training.verdict(unseen, lowest, *marks))
    return words


crammed, crammed_curve = run(train_rows[:1000], steps=300, every=20)
words = report(crammed_curve)
for i in (0, 1, 2, 6, 10, 15):
    at, seen, unseen = crammed_curve[i]
    print(f"step {at:3.0f}  training {seen:.2f}  validation {unseen:.2f}  {words[i]}")
ax = plots.learning_curves(*crammed_curve.T, words, levels)
plots.show(
    ax,
    alt="The training loss falls to the end; the validation loss turns and climbs. "
    "Words above: random, learning, good, overfitting.",
)

# %% [markdown]
# That is a run report in words. *Random*: no better than the mark of the letters.
# *Learning*: past that mark, not yet past the pairs. *Good*: past all of them.
# *Overfitting*: it has been lower before, by more than 0.05. All four judge the
# validation loss. (The marks belong to these names. Another task needs marks of its own,
# such as what counting, or last year's model, achieves.)
#
# The training loss goes on falling while the loss that matters rises: the model has
# begun to learn the 1,000 names by heart. Even at its best it was worse than with all
# the data. The cures are those of notebook 05, among them more data, a smaller model,
# and stopping at the lowest point of the validation curve.

# %% [markdown]
# ## A text of your own is read through a window (optional)
#
# The names are a list: each line is a document, whole by itself, and the order of the
# lines means nothing. A play is another kind of text. Who speaks, what is said, the
# blank line before the next speaker: only together, and in order, do its lines make
# a play. So the whole text is one document, far longer than any context. It is cut into
# **windows** as long as the context, and where one ends the next begins.
#
# Below is the beginning of *A Midsummer Night's Dream*, which comes with the course,
# and then its first windows, for a context of 8. What is filled is read. The hollow
# token is only predicted, and the next window reads it first: each character is
# predicted exactly once. (A bent arrow is the end of a line, an empty box a space.)
#
# To train on a text of your own, put the file beside this notebook, write its name in
# place of `play`, and in place of `HERMIA` the words with which the samples shall begin.
# Then run this section again.

# %%
from course_lib.data import load_documents

source = "play"  # or "my_text.txt"
opening = "HERMIA\n"  # how the samples begin
text = load_documents(source, split="none").documents[0]
print(f"{len(text):,} characters, {len(set(text))} different ones\n\n{text[:428]}")
ax = plots.text_windows(["bos", *text[:24]], 8)
plots.show(ax, alt="Three windows of 8 tokens; the last of one begins the next.")

# %% [markdown]
# The price is paid where a window begins: there the model knows nothing of what came
# before. A longer context pays less and computes more; here it is 48 tokens. The windows
# are shuffled, as the names were, but the last tenth of the text is kept aside: the
# validation loss is measured where the model has never read.
#
# **Predict first.** There are more than twice as many tokens to choose from as in the
# names. Will the next one be harder to guess?

# %%
sizes = {"n_layer": 2, "n_embd": 48, "block_size": 48, "batch_size": 8}
rates = {"steps": 2400, "learning_rate": 0.012, "val_fraction": 0.1}
array.forget_programs()
settings = training.Settings(split="none", seed=42, **sizes, **rates)
writer, batch_losses = training.Run([text], settings), []
vocab_size = writer.config.vocab_size
marks = training.counting_losses(writer.rows, writer.val_rows, vocab_size)
print(f"knows nothing: ln {vocab_size} = {math.log(vocab_size):.2f}")
print("counts characters: {:.2f}; counts pairs: {:.2f}".format(*marks))
for record in writer.records(every=600):
    batch_losses.append(record.loss)
    if record.step % 600 == 0:
        seen, unseen = np.mean(batch_losses[-100:]), writer.val_loss()
        print(f"step {record.step:,}  training {seen:.2f}  validation {unseen:.2f}")

# %% [markdown]
# The next character is easier to guess than in a name: the rest of a word is often sure,
# and so is what follows a speaker. The loss is below both marks of counting, which were
# measured anew for this text. A gap opens because the text was read about eleven times:
# one play is little. Now let it write, and for longer than its context: of what it has
# written it reads only the newest 48 characters at most.


# %%
def write_on(count, temperature=0.6, length=1000, seed=0):
    """Return texts that the model makes of the beginning."""
    drawn = temperature, count, seed, length
    model = writer.engine, writer.tokenizer
    return list(training.sample_texts(*model, opening, *drawn, one_text=True))


print(write_on(1, length=700)[0])

# %% [markdown]
# At a glance it is a play. Now measure, in ten such texts. How many speeches begin with
# the name of someone in the play, alone on its line? How many of the words stand in the
# play? And how long is the longest stretch that was copied, letter by letter?

# %%
import re

speakers = set(re.findall(r"^[A-Z]{2}[A-Z ]+$", text, re.MULTILINE))
lexicon, texts, copied = set(re.findall(r"[\w']+", text)), write_on(10), 0
blocks = [block for drawn in texts for block in drawn.split("\n\n")[1:-1]]
named = [b.split("\n")[0] in speakers for b in blocks if not b.startswith("[")]
known = [word in lexicon for drawn in texts for word in re.findall(r"[\w']+", drawn)]
for drawn in texts:
    for i in range(len(drawn)):
        while i + copied < len(drawn) and drawn[i : i + copied + 1] in text:
            copied += 1  # a longer stretch of the text
share = sum(named) / max(len(named), 1)
print(f"{100 * share:.0f} % of {len(named)} speeches begin with a name")
print(f"{100 * np.mean(known):.0f} % of the words are words of the text")
print(f"the longest copy has {copied} characters")
assert source != "play" or (unseen < marks[1] and share > 0.5 and np.mean(known) > 0.6)

# %% [markdown]
# Names, verses, blank lines: nobody told it of any, and most of the words that it wrote,
# letter by letter, are words of the play. The longest copy is short: it has not learned
# the play by heart. What it has is *form*, which is near and frequent: nearly every
# window shows it. What is missing is sense. No speech answers the one before, and few
# sentences arrive where they set out for. Sense needs a longer view and far more
# examples: large models have longer contexts, more parameters and, above all, more text.

# %% [markdown]
# Finally, the claim of this page in code (run *Bigger learns more* before it, if you
# have not): from the same weights, both engines find the
# same loss and a gradient of the same length, step after step; training beats counting;
# and the bigger model is better on names that neither has seen.


# %% tags=["claim", "nbval-check-output"]
def three_steps(kind):
    """Return what happened in three steps of an engine of this kind."""
    engine = kind.start(random.Random(42), config)
    return training.train(engine, train_rows, training.linear(0.01, 500), 3)


hand, fast = map(three_steps, (training.ScalarEngine, training.ArrayEngine))
assert config.n_params == 4192
for one, other in zip(hand, fast, strict=True):
    assert abs(one.loss - other.loss) < 5e-5
    assert abs(one.grad_norm - other.grad_norm) < 5e-5
losses = (training.mean_loss(model, kept_rows) for model in (large, same, trained()))
big_loss, fair, small = losses
assert big_loss < fair < levels["letter pairs"] < math.log(27)
assert big_loss < small < levels["letter pairs"]
print("Two engines, one walk; and at its end the model knows more than counting does.")

# %% [markdown]
# ## Three sentences to remember
#
# - A language model is trained to guess the next token, and the text itself is the
#   label.
# - A GPT is embeddings, attention to the past, an MLP and residual additions: a
#   computation like any other, so the autograd you built can train it.
# - Watch the loss on text that the model never saw: that number, not the training loss,
#   says whether it learned or memorised.

# %% [markdown]
# ## Where next
#
# Notebook 07 takes such models into the laboratory and measures what training cannot do,
# and what it costs. Unsure of a word? See the [glossary](../docs/GLOSSARY.md).
#
# To train on a text of your own in a terminal, a list of names or anything longer:
#
# ```
# course train --data my_text.txt --val-fraction 0.1 --steps 10000 --checkpoint my_run
# course sample --checkpoint my_run --best
# ```
#
# The first command ends with a run report in words, as in *Bigger learns more*; `--best`
# samples from the weights that had the lowest validation loss.
