# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 07 · What can training not do, and what does it cost?
#
# In notebook 06 the walker came down the mountain, and a model wrote names. This page
# is a laboratory for what lies beyond that valley. Eight limits of language models,
# each of them a headline somewhere, are measured here on models so small that they
# train in seconds. A tiny model is not a large one. But each of these limits comes from
# the way of training, not from the size, and that way is the same.

# %% [markdown]
# ## What you will be able to do
#
# - show that a model in use does not learn, and name the questions that follow from it
# - measure a cut-off, a bias, a confident invention and a copied text
# - say why no model beats the noise in its data, and what a fine-tune makes it forget
# - estimate what a training run costs, from a laptop to a data centre
# - decide whether a problem needs a prompt, retrieval, a fine-tune or a new model
#
# **Time:** 60 minutes, and about 20 more for the three exercises.
#
# Run the setup cell first. After it, each section runs on its own. An `Experiment` trains
# small GPTs of one size: `train` makes one, `answers` gives the probabilities of
# endings, `sample` lets it write. Chance hangs on `SEED`: change it, run all again, and
# see which findings stand.

# %% tags=["setup"]
import hashlib
import random
import time
from functools import cache, partial

import numpy as np

from course_lib import array, plots, training, widgets
from course_lib.data import load_names, load_things
from course_lib.data.tokenizer import CharTokenizer
from course_lib.exercises import limits as exercise
from course_lib.lessons import costs
from course_lib.lessons.experiments import Experiment

SEED = 0
names, things = load_names(), load_things()
for texts in (names, things):
    random.Random(SEED).shuffle(texts)
tokenizer = CharTokenizer(["abcdefghijklmnopqrstuvwxyz 0123456789"])
lab = Experiment(
    tokenizer, array.GPTConfig(tokenizer.vocab_size, block_size=32, n_embd=32)
)


@cache
def names_model():
    """Train on 2,000 names for 1,000 steps of 16, once."""
    return lab.train(names[:2000], 1000, SEED)


# %% [markdown]
# ## It learns nothing from your questions
#
# A belief first: *the more I talk to it, the better it knows me*. Take a
# **fingerprint** of the model. SHA-256 turns all its parameters into one short number;
# if a single bit of a single weight changes, the fingerprint becomes a different one.


# %%
def fingerprint(model):
    """Return the SHA-256 of every weight, in the order of their names."""
    digest = hashlib.sha256()
    for name, weights in sorted(model.params.items()):
        digest.update(name.encode() + np.asarray(weights).tobytes())
    return digest.hexdigest()


print(f"{lab.config.n_params:,} parameters:", fingerprint(names_model())[:16], "…")

# %% [markdown]
# Now use the model as users do. A thousand times it gets the same beginning, and each
# time it goes on from it.
#
# **Predict first.** How many of the weights will have moved, and by how much?

# %% tags=["nbval-check-output"]
before = fingerprint(names_model())
written = lab.sample(names_model(), 1000, prompt="zelmi", seed=SEED)
after = fingerprint(names_model())
print(len(written), "answers written; fingerprint unchanged:", after == before)
assert after == before

# %% [markdown]
# None. To answer is to run forward: numbers go in, probabilities come out, the weights
# are only read. Learning needs the other direction, a loss, a gradient and a step. One
# step is enough to become another model:

# %% tags=["nbval-check-output"]
moved = lab.train(["zelmira"], 1, SEED, start=names_model(), learning_rate=0.001)
print("after one step of training, unchanged:", fingerprint(moved) == before)

# %% [markdown]
# So how does a chat assistant remember what you said a minute ago? The whole
# conversation is sent again with each question, as part of the prompt. What products
# call memory is text kept in a store and put into the prompt. The weights stay. Whoever
# wants them to change must retrain, and that leads to questions a buyer may ask:
#
# | ask the vendor | because |
# |---|---|
# | Who retrains it, and how often? | between two trainings it stands still |
# | On which data, up to which date? | it knows nothing else, as you will see |
# | Do my questions become training data? | not today, but perhaps next time |
# | Who pays, and who tests the new one? | a new model is another model |

# %% [markdown]
# ## It knows the past, not the future
#
# Invent a small world: each year from 1960 to 2039, one of eight towns wins a cup, by
# lot. A model reads the results up to 2019. That is its **cut-off**. Then ask it about
# all eighty years. A lottery has no pattern, so about 2020 and later nothing can be
# known; one in eight is the best anyone can hope for.

# %%
towns = ["arla", "bolu", "cimra", "dena", "etofa", "farim", "gozo", "hanu"]
years = range(1960, 2040)


def cup_world(seed):
    """Return the winner of each year, and a model that read them up to 2019."""
    lot = random.Random(seed)
    won = {year: lot.choice(towns) for year in years}
    read = [f"in {year} the cup went to {won[year]}" for year in years if year < 2020]
    return won, lab.train(read, 800, seed)


won, model = cup_world(SEED)
for year in (1987, 2019, 2020, 2031):
    (answer,) = lab.sample(model, 1, f"in {year} the cup went to ", temperature=0)
    print(answer, "- right" if answer.endswith(won[year]) else "- wrong")

# %% [markdown]
# Fluent each time: the grammar is right, the towns exist. (A right answer after 2019
# would be luck.) Now ask about every year, and
# note two things: whether the likeliest answer was right, and how sure the model was of
# it, which is the probability it gave.
#
# **Predict first.** How sure will it be about years that it cannot know?


# %%
def ask(won, model):
    """Return for each year whether the likeliest town was right, and how sure."""
    prompts = [f"in {year} the cup went to " for year in years]
    chances = lab.answers(model, prompts, towns)  # (years, towns)
    right = np.array([towns[i] for i in chances.argmax(1)]) == list(won.values())
    return right, chances.max(axis=1)


right, sureness = ask(won, model)
ax = plots.cutoff(years, sureness, right, last_year=2019)
plots.show(
    ax,
    alt="Up to 2019 nearly all answers are right and sure; after it most are wrong, "
    "and many are as sure as before.",
)

# %% [markdown]
# One world is one draw. Repeat it with three lotteries and three models, and average.

# %%
worlds = [ask(*cup_world(seed)) for seed in range(SEED, SEED + 3)]
cup_right, cup_sure = np.mean(worlds, axis=0)  # (80,) each
for name, part in {"1960 to 2019": slice(0, 60), "2020 to 2039": slice(60, 80)}.items():
    print(
        f"{name}: right {cup_right[part].mean():.0%}, sure {cup_sure[part].mean():.0%}"
    )

# %% [markdown]
# Before the cut-off it is a perfect almanac. After it, it is right about as often as a
# die with eight faces, as far as sixty questions can tell, and still sounds far surer
# than a die. Nothing in it marks the border: 2020 looks much like 2019, so it answers
# as if it knew. A model does not know that time has passed. Someone has
# to tell it, in the prompt, together with the newer facts.

# %% [markdown]
# ## It says what its data says
#
# A skewed world next. Five jobs, forty sentences each; the share of *she* is chosen by
# us: 90 % of the nurses, 10 % of the smiths. We know the skew exactly, so we can
# measure what becomes of it.

# %%
shares = {"nurse": 0.9, "baker": 0.75, "clerk": 0.5, "pilot": 0.3, "smith": 0.1}
skewed = [
    f"the {job} said {'she' if i < round(40 * share) else 'he'} was late"
    for job, share in shares.items()
    for i in range(40)
]
echo = lab.train(skewed, 500, SEED)
prompts = [f"the {job} said " for job in shares]
chances = lab.answers(echo, prompts, ["she was late", "he was late"])  # (5, 2)
said = chances[:, 0] / chances.sum(axis=1)
for job, share in zip(shares, said):
    print(f"{job}: {shares[job]:.0%} she in the data, {share:.0%} in what it says")

# %% [markdown]
# It returns the skew to within a few percent. That is no malice and no bug: the
# cross-entropy is lowest when the probabilities equal the frequencies of the data. Bias
# in, bias out.
#
# **Predict first.** Assistants often write at a temperature below 1, to be more
# reliable. Will a lower temperature make the skew smaller, leave it, or enlarge it?


# %%
def at_temperature(share, temperature):
    """Return the share of she when the model writes at a temperature."""
    she, he = share ** (1 / temperature), (1 - share) ** (1 / temperature)
    return she / (she + he)


curves = {f"temperature {t:g}": at_temperature(said, t) for t in (1, 0.5, 0.2)}
ax = plots.share_in_and_out(list(shares.values()), curves)
plots.show(
    ax,
    alt="At temperature 1 the points lie on the diagonal. Lower temperatures "
    "bend the curve: majorities grow towards 100 %, minorities towards 0.",
)

# %% [markdown]
# It enlarges it. A low temperature favours what is likelier, so a majority of 75 %
# becomes an even larger one: the model says what is usual more often than it is usual.
# The curve is arithmetic; count real samples to see that it holds.

# %%
for temperature in (1, 0.5, 0.2):
    texts = lab.sample(echo, 100, "the baker said ", temperature, seed=SEED)
    share = np.mean(["she was" in text for text in texts])
    print(f"baker, temperature {temperature}: {share:.0%} she in 100 samples")

# %% [markdown]
# What to do? Look at the data before the model. Balanced examples gave balanced speech:
# see the clerk. And measure on the answers that will be given, at the temperature that
# will be used.

# %% [markdown]
# ## Can it say that it does not know?
#
# Now the sentences about things that come with the course: *a wheel is a machine part*.
# 300 are for training, the rest is kept aside. The question is always the kind, one of
# 26. Then ask about a thing that does not exist.

# %%
kind_of = dict(thing.split(" is ", 1) for thing in things if len(thing) < 32)
known, unknown = list(kind_of)[:300], list(kind_of)[300:600]
kinds = sorted(set(kind_of.values()))
learned = lab.train([f"{thing} is {kind_of[thing]}" for thing in known], 2000, SEED)
chances = lab.answers(learned, ["a blorf is "], kinds)[0]
ax = plots.answer_bars(kinds, chances, "a blorf is …", most=6)
plots.show(
    ax, alt="Bars: how likely the model finds each of the six likeliest kinds of blorf."
)

# %% [markdown]
# There is no blorf. The model has an opinion all the same, because softmax must share
# out 100 % among what can follow, and what can follow is what followed in the data.
# (What the 26 kinds leave over are misspelt ones: this model is small.)
#
# **Predict first.** How likely is it to write that it does not know?

# %%
honest = "a thing i do not know"
(modest,) = lab.answers(learned, ["a blorf is "], [honest])[0]
print(f"'a blorf is {honest}': probability {modest:.0e}")
for word in ("a zumple", "a grent", "an ostil", "a parlip"):
    answer = lab.answers(learned, [f"{word} is "], kinds)[0]
    print(f"{word} is {kinds[answer.argmax()]} ({answer.max():.0%})")

# %% [markdown]
# It never saw anyone say so, so it cannot. These made-up things have no right answer.
# The things kept aside do have one, and the model has not seen it. Compare how sure it
# is with how often it is right, on things it was taught and on those it was not.


# %%
def sure_and_right(questions):
    """Return how sure the model is on average, and how often it is right."""
    chances = lab.answers(learned, [f"{thing} is " for thing in questions], kinds)
    right = [kinds[i] == kind_of[t] for i, t in zip(chances.argmax(1), questions)]
    return chances.max(axis=1).mean(), np.mean(right)


groups = {"taught": sure_and_right(known), "not taught": sure_and_right(unknown)}
plots.show(
    plots.sure_and_right(groups),
    alt="On things it was taught the model is sure and right. On others it is rarely "
    "right, and still sure.",
)

# %% [markdown]
# On what it was taught, its confidence is earned. On the rest it is several times as
# sure as it has reason to be. (Better than
# one in 26 it is: *-berry* and *-fish* are hints.) The number that it reports as a
# probability is a statement about its data, not about the world. Inventions of this
# kind are called hallucinations. They are not a fault of the machine; they are the
# machine, working, where there is nothing to know.

# %% [markdown]
# ## Too few examples are learned by heart
#
# Notebook 06 showed a model that overfits a thousand names. Here is the extreme: twenty
# names, again and again. Two losses are measured, on the twenty and on 300 others.

# %%
others = names[-300:]
watched = {"seen": names[:20], "unseen": others}
parrot, curve = lab.learning_curve(names[:20], 120, watched, every=5, seed=SEED)
ax = plots.learning_curves(*curve.T)
ax.get_legend().set_loc("center right")
plots.show(
    ax,
    alt="The loss on the twenty names falls and stays low. That on other names falls "
    "for a moment, then climbs far above where it started.",
)

# %% [markdown]
# The validation loss turns up after a handful of steps and climbs far above its start:
# about new names the trained model is *worse* than one that knows nothing, because it
# has come to exclude them.
#
# **Predict first.** Let such a model write 200 names. How many will be copies? And if
# it had read 60 names, or 200, or 2,000, for just as many steps?


# %%
@cache
def share_copied(n_names, seed):
    """Return which share of 200 inventions stands word for word in the data."""
    model = lab.train(names[:n_names], 300, seed)
    return np.mean([text in names[:n_names] for text in lab.sample(model, 200)])


sizes, seeds = (20, 60, 200, 2000), range(SEED, SEED + 3)
copied = np.array([[share_copied(n, seed) for n in sizes] for seed in seeds])
plots.show(
    plots.copies_by_size(sizes, copied),
    alt="With twenty names nearly all it writes are copies, with 2,000 almost none. "
    "Three seeds agree.",
)

# %% [markdown]
# The same model, the same number of steps. With few examples the cheapest way down is
# to store them; with many, each is read too rarely to be stored, and it pays to find
# what they share.
#
# Watch it happen. **Predict first.** With twenty names: do the copies come before the
# loss on unseen names turns up, or after? Then press ▶ or drag the step, and read what
# it writes. Do it again with 200 names, and with 2,000.

# %%
widgets.memorise_or_generalise(lab, names)

# %% [markdown]
# After. The loss on unseen names warns first: whoever watches it can stop in time. With
# 200 names it turns as well, only later; with 2,000 both losses come down together.
#
# Large models do both: common knowledge is generalised, a rare text that was read often
# enough is stored. That has a price. Hide one secret among 200 lines, each of which is
# read 32 times:

# %%
leaky = lab.train([*names[:199], "my code is 7291"], 400, SEED)
codes = [f"{code:04}" for code in range(0, 10_000, 9)]  # among them no 7291
secret = lab.answers(leaky, ["my code is "], ["7291"])[0, 0]
guesses = lab.answers(leaky, ["my code is "], codes)[0]
print(f"probability of 7291: {secret:.1%}; of the likeliest other: {guesses.max():.2%}")
print("at temperature 0 it writes:", *lab.sample(leaky, 1, "my code is ", 0))

# %% [markdown]
# One line among two hundred, and whoever asks gets it. What must not come out must not
# go in: after training there is no row to delete.
#
# ### Exercise: find the memorised samples
#
# Write `find_the_memorised_sample`. It gets what a model wrote and the texts it was
# trained on, both lists of strings. It returns the samples that are copies, word for
# word, in the order written, each one once.


# %%
def find_the_memorised_sample(samples, training):
    """Return the samples that stand in training, in their order, each once."""
    ...


exercise.find_the_memorised_sample.check(find_the_memorised_sample)

# %% [markdown]
# ## No size beats the noise in the data
#
# How good could a model become? For names nobody knows. So take a source whose answer
# is known: a machine that writes six letters, each drawn by weights that depend on the
# two before. This is a Markov chain of order two. Whoever knows its weights predicts as
# well as anyone can, and is still surprised, since the next letter is drawn by lot.

# %%
rng = np.random.default_rng(100)  # one source; SEED decides about the models
chain = rng.dirichlet(np.full(6, 0.4), size=(6, 6))  # two letters, then the next


def write_chain(count, length=32):
    """Return texts of the source, as tokens: (count, length + 1)."""
    text = rng.integers(6, size=(count, 2))
    for _ in range(20 + length):  # the first 20 only wash the start away
        steps = chain[text[:, -2], text[:, -1]].cumsum(axis=1)
        drawn = (rng.random((count, 1)) > steps[:, :-1]).sum(axis=1, keepdims=True)
        text = np.concatenate([text, drawn], axis=1)
    return text[:, -length - 1 :].astype(np.int32)


lessons, exam = write_chain(16_000), write_chain(1000)
print("the source writes", "".join("abcdef"[i] for i in exam[0]))

# %% [markdown]
# Its average surprise, $-\ln p$ of the letter that came, is the **entropy** of the
# source. No prediction does better on average (Shannon, 1948). We measure it on the
# exam itself, with the source's own weights. (The first letter of each text has only
# one before it, so there the source, too, knows only the pairs.)

# %%
pairs = np.ones((6, 6))
np.add.at(pairs, (lessons[:, :-1], lessons[:, 1:]), 1)
pairs = -np.log(pairs / pairs.sum(axis=1, keepdims=True))[exam[:, :-1], exam[:, 1:]]
rest = -np.log(chain[exam[:, :-2], exam[:, 1:-1], exam[:, 2:]])  # (1000, 31)
floor, by_pairs = np.c_[pairs[:, :1], rest].mean(), pairs.mean()
print(f"the source itself {floor:.3f}, counting pairs {by_pairs:.3f}, in nats a letter")

# %% [markdown]
# Five GPTs, from width 2 to width 32, each larger than the one before. All read 12,800
# texts, each once, so that none can memorise.
#
# **Predict first.** Draw the curve: loss against the number of parameters. Where does
# it end?


# %%
def loss_of_width(width):
    """Return the parameters of a GPT of this width, and its loss on the exam."""
    config = array.GPTConfig(6, block_size=32, n_head=2, n_embd=width)
    engine = training.ArrayEngine.start(random.Random(SEED), config)
    list(training.train(engine, lessons, training.linear(0.02, 800), 800, 16))
    return config.n_params, training.mean_loss(engine, exam)


n_params, losses = zip(*map(loss_of_width, (2, 4, 8, 16, 32)))
marks = {"counting pairs": by_pairs, "knowing nothing": np.log(6)}
plots.show(
    plots.loss_by_size(n_params, losses, floor, marks),
    alt="The loss falls with size, then flattens just above the source's own surprise.",
)

# %%
for n, loss in zip(n_params, losses):
    print(f"{n:6,} parameters: {loss - floor:.3f} above the floor")
print("below the floor:", sum(loss < floor for loss in losses), "models")

# %% [markdown]
# At first size pays: the small ones cannot hold the table. Then the curve lies down on
# the floor, and four times the parameters buy almost nothing. The walker has reached
# bedrock. Real text has a floor too, though nobody knows how deep; and where a task is
# mostly noise, such as tomorrow's prices, the floor is high and close. Ask of every
# promise of a larger model: is there anything left to learn in the data?

# %% [markdown]
# ## To learn the new, it forgets the old
#
# A general model is adapted to a special task by training it a little more on examples
# of that task: a **fine-tune**. Ours knows names. Teach it things, from the weights it
# has, and watch both losses, always on texts it was not trained on.

# %%
new, kept = things[:600], {"names": names[-300:], "things": things[600:]}
tune = partial(lab.learning_curve, steps=200, watched=kept, every=20, seed=SEED)
tuned, table = tune(new, start=names_model(), learning_rate=0.005)
steps, on_names, on_things = table.T
print(f"things: {on_things[0]:.2f} before, {on_things[-1]:.2f} after")

# %% [markdown]
# It learned the new. **Predict first.** The fine-tune never spoke about names. What
# happened to the loss on names: nothing, a little, much?
#
# And a remedy to try beside it: the same steps, but half of the examples are names it
# already knew. This is called *replay*.

# %%
_, replay = tune([*new, *names[:600]], start=names_model(), learning_rate=0.005)
curves = {"things": on_things, "names": on_names, "names, with replay": replay[:, 1]}
plots.show(
    plots.forgetting(steps, curves, {"knowing nothing": np.log(38)}),
    alt="While the loss on things falls, the loss on names climbs far above its start. "
    "With replay it climbs a little and stays.",
)

# %%
print("the model of names:   ", *lab.sample(names_model(), 5, seed=1))
print("after the fine-tune:  ", *lab.sample(tuned, 3, "m", 0.5, seed=1), sep="  ")
print(f"names  before {on_names[0]:.2f}  after {on_names[-1]:.2f}", end="  ")
print(f"with replay {replay[-1, 1]:.2f}")
print(f"things without replay {on_things[-1]:.2f}  with {replay[-1, 2]:.2f}")

# %% [markdown]
# The old skill is gone within a few dozen steps: the loss on names passes $\ln 38 =
# 3.64$, that of knowing nothing. This is *catastrophic forgetting*
# (McCloskey & Cohen, 1989). Every step follows the slope of the new loss alone; nothing
# in it protects the old valley. Replay keeps most of the old, and pays with a slightly
# worse result on the new, because half of its steps went elsewhere. Large models have
# more room and are tuned more gently, but the habit to keep is the same: after a
# fine-tune, measure the old skills again.

# %% [markdown]
# ## What does it cost, and do you need it?
#
# One rule of thumb carries far. Training takes about $C = 6\,N\,D$ operations, with $N$
# parameters and $D$ tokens: for each parameter and token one product and one sum on the
# way forward, and twice that on the way back (Kaplan and others, 2020, arXiv
# 2001.08361). Measure it on our own model:

# %%
names_model.cache_clear()
began = time.perf_counter()
names_model()  # its steps are compiled only where no section before did so
seconds = time.perf_counter() - began
n_tokens = 1000 * 16 * np.mean([len(name) + 1 for name in names[:2000]])
ours = costs.training_flops(lab.config.n_params, n_tokens)
print(
    f"{lab.config.n_params:,} parameters, {n_tokens:,.0f} tokens: {ours:.1e} operations"
)
print(f"{seconds:.1f} s here: {ours / seconds:.0e} useful operations a second")

# %% [markdown]
# Now the same rule for runs whose makers published parameters and tokens. The sources
# stand in `costs.PUBLISHED`, and one line checks the rule: where the hours are
# published too, it says which part of the chips' peak was reached. A result of 3 % or
# 300 % would speak against the rule.

# %% tags=["nbval-check-output"]
for run in costs.PUBLISHED:
    if run.device_hours:
        share = f"{costs.utilisation(run):.0%} of the peak"
        print(f"{run.name:16} {run.device_hours:12,.0f} {run.device} hours, {share}")

# %%
ladder = {f"{run.name} ({run.year})": run.flops for run in costs.PUBLISHED if run.flops}
ladder["this page's model of names"] = ours
plots.show(
    plots.cost_ladder(ladder, ours=["this page's model of names"]),
    alt="Training runs on a logarithmic axis. Our model needs about ten to the tenth "
    "operations, Llama 3.1 405B nearly ten to the 26th.",
)

# %% [markdown]
# The axis needs more than fifteen powers of ten. Llama 3 70B took 6.4 million H100
# hours (Meta's model card, 2024). Of GPT-4 no size was published; its maker said in
# April 2023 that training had cost *more than* 100 million dollars. The loop that all
# of them ran is the one you ran.
#
# For money we need prices, and prices change. Those on this page are assumptions, not
# quotations: put in yours. **Predict first.** A budget of 1,000 euros, 20 tokens for
# each parameter: how large a model can you train? Then find it.

# %%
widgets.cost_calculator(lab.config.n_params, n_tokens)

# %% [markdown]
# About two billion parameters on 40 billion tokens. Ten times the parameters with ten
# times the tokens cost a hundred times as much.
#
# Now three ways to a model for one company, people's time included:

# %% tags=["nbval-check-output"]
prices = costs.Prices(utilisation=0.35, per_device_hour=2.5, per_person_hour=70)
flops = costs.training_flops
ways = {  # operations, hours of people's work, runs until it works
    "retrieval": costs.bill(costs.generation_flops(1e8, 1e8), 40, prices),
    "fine-tune": costs.bill(flops(8e9, 3 * 1e7), 40, prices, runs=5),
    "from scratch": costs.bill(flops(8e9, 1.6e11), 4000, prices, runs=2),
}
for way, bill in ways.items():
    parts = f"computing {bill.compute:10,.2f}, people {bill.people:9,.0f}"
    print(f"{way:12} {parts}, total {bill.total:9,.0f} euros")
hours = 6.4e6 * prices.per_device_hour
print(f"Llama 3 70B, its hours at this price: {hours / 1e6:.0f} million euros")

# %%
both = {way: (bill.compute, bill.people) for way, bill in ways.items()}
plots.show(
    plots.bills(both),
    alt="On a logarithmic axis of euros: retrieval and fine-tune cost thousands, "
    "nearly all of it people's time; from scratch costs hundreds of thousands.",
)

# %% [markdown]
# The fine-tune assumes a model of 8 billion parameters, 10 million tokens read three
# times, five attempts, a week of work. The new model has 8 billion parameters and 20
# tokens for each, as Hoffmann and others advise (2022, arXiv 2203.15556), far fewer
# than today's models read. Retrieval passes 100 million tokens through a small model to
# make a search index. Look where the money goes: a fine-tune is hundreds to thousands
# of euros, and hardly any of them buys computing.
#
# ### Exercise: budget a fine-tune
#
# Write `budget_a_fine_tune`: the euros for computing, paid by the hour, and for people.
# `runs` are all attempts, each of `epochs` passes over `n_tokens`.


# %%
def budget_a_fine_tune(
    n_params,
    n_tokens,
    epochs,
    runs,
    flops_per_second,
    euros_per_hour,
    person_hours,
    euros_per_person_hour,
):
    """Return the cost in euros: computing by the hour, and people's time."""
    ...


exercise.budget_a_fine_tune.check(budget_a_fine_tune)

# %% [markdown]
# And which of them does a problem need? The limits of this page decide, not the budget.
# Facts that change, or that must be cited, do not belong into frozen weights: look them
# up and put them into the prompt, which is **retrieval**. A manner, a form, a jargon
# can be learned from examples: fine-tune. Only data unlike any text, and billions of
# tokens of it, speak for starting from scratch. `costs.advise` asks in this order:

# %% tags=["nbval-check-output"]
problems = {
    "answers from our price list": {"facts_change": True, "must_cite": True},
    "letters in our tone": {"own_manner": True, "examples": 800},
    "letters, three samples": {"own_manner": True, "examples": 3},
    "cited answers, our tone": {"must_cite": True, "own_manner": True, "examples": 500},
    "summaries of meetings": {"prompt_is_enough": True},
    "a language of sensors": {"unlike_any_text": True, "own_tokens": 1e11},
}
for problem, facts in problems.items():
    print(f"{problem:27} {': '.join(costs.advise(**facts))}")

# %% [markdown]
# ### Exercise: spot the false claim
#
# A sheet of a vendor, nine claims. One of them contradicts what you measured. Which?
#
# - **A** Your questions do not change the model. A new version is trained twice a year.
# - **B** It knows nothing after its cut-off; newer facts are looked up for the prompt.
# - **C** Where its data is skewed, so are its answers. We publish where we measured it.
# - **D** Rare texts in the data could come out word for word, so we removed secrets.
# - **E** On your sensor log a model ten times larger was no better: the rest is noise.
# - **F** Answers given with more than 90 % probability are true and need no check.
# - **G** After each fine-tune we repeat the tests of the earlier skills.
# - **H** In a small fine-tune, good examples cost more than computing.
# - **I** A low temperature makes the usual answer more frequent than in the data.

# %%
spot_the_false_claim = ...  # one letter, such as "A"

exercise.spot_the_false_claim.check(spot_the_false_claim)

# %% [markdown]
# Last, the claims of this page in code. They leave room for chance: they held for five
# different values of `SEED`.

# %% tags=["claim", "nbval-check-output"]
assert fingerprint(names_model()) != fingerprint(moved)  # by a single step
assert cup_right[:60].mean() > 0.9
assert cup_right[60:].mean() < 0.4
assert cup_sure[60:].mean() > cup_right[60:].mean() + 0.2  # sure without a reason
assert np.abs(said - list(shares.values())).max() < 0.06  # bias in, bias out
assert groups["not taught"][0] > groups["not taught"][1] + 0.1
assert copied[:, 0].min() > 0.9
assert copied[:, -1].max() < 0.1
assert curve[-1, 2] > curve[:, 2].min() + 1  # the validation loss turned up
assert min(losses) > floor
assert min(losses) < floor + 0.05 < by_pairs
assert on_things[-1] < on_things[0] - 1
assert on_names[-1] > on_names[0] + 0.5
assert replay[-1, 1] < on_names[-1]
print("Frozen, dated, skewed, sure, forgetful, and never below the noise: measured.")

# %% [markdown]
# ## Three sentences to remember
#
# - A model in use does not learn; it repeats what its data held, up to its date, with
#   its skews, and as sure where it cannot know as where it can.
# - More size helps until the model meets the noise in the data, and new training
#   overwrites the old: measure both before and after.
# - Look facts up, fine-tune a manner, and train from scratch only what no open model
#   has seen the like of.

# %% [markdown]
# ## Where next
#
# Notebook 08 asks how the large runs of the ladder are possible at all: matrices,
# compilers, accelerators, and many of them at once.
#
# Unsure of a word, or in search of a source? Both stand in the
# [glossary](../docs/GLOSSARY.md).
