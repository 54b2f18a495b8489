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
# is a laboratory for what training does not give you. Seven limits that you know from
# the news are measured here, on models so small that they train in seconds. A tiny
# model is not a large one, so some sections also say what is known about large ones.
# At the end you work out what a model costs, and what to ask somebody who sells one.

# %% [markdown]
# ## What you will be able to do
#
# - show that a model in use does not learn, and name the questions that follow from it
# - measure a cut-off, a bias, a confident invention and a copied text
# - say where overconfidence comes from, and what teaching a model to abstain achieves
# - estimate what a model costs to make and to run, in a low, a middle and a high case
# - decide whether a problem needs a prompt, retrieval, a fine-tune or a new model
#
# **Time:** 60 minutes, and about 30 more for the exercises; the optional sections take
# another 5.
#
# **Two-hour path:** *It learns nothing from your questions*, *It knows the past, not
# the future*, *It says what its data says*, *Can it say that it does not know?*, *Too
# few examples are learned by heart*, *To learn the new, it forgets the old*, *What does
# it cost, and do you need it?*.
#
# Run the setup cell first. After it, each section runs on its own. An `Experiment`
# trains small GPTs of one size: `train` makes one, `answers` gives the probabilities of
# endings, `sample` lets it write. `SEED` decides nearly all that is random here: change
# it, run everything again, and see which findings stand.

# %% tags=["setup"]
import hashlib
import random
import time
from functools import cache, partial

import numpy as np

from course_lib import array, plots, widgets
from course_lib import training as trainer
from course_lib.data import load_names, load_things
from course_lib.data.tokenizer import CharTokenizer
from course_lib.exercises import limits as exercise
from course_lib.lessons import costs
from course_lib.lessons.experiments import Experiment

SEED = 0
names, things = load_names(), load_things()
for texts in (names, things):
    random.Random(SEED).shuffle(texts)
vocab = CharTokenizer(["abcdefghijklmnopqrstuvwxyz 0123456789"])
lab = Experiment(vocab, array.GPTConfig(vocab.vocab_size, block_size=32, n_embd=32))


def percent(share):
    """Return a share in words: 0.5 is 50 %."""
    return f"{100 * share:.0f} %"


@cache
def names_model():
    """Train on 2,000 names for 1,000 steps of 16, once."""
    return lab.train(names[:2000], 1000, SEED)


# %% [markdown] tags=["path"]
# ## It learns nothing from your questions
#
# Many people believe that *the more I talk to it, the better it knows me*. Test it with
# a **fingerprint** of the model. SHA-256 turns all its parameters into one short
# number; if a single bit of a single weight changes, so does the fingerprint.


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
# time it writes a continuation.
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
# are only read. Learning needs a loss, a gradient and a step. One step is enough to
# make another model:

# %% tags=["nbval-check-output"]
moved = lab.train(["zelmira"], 1, SEED, start=names_model(), learning_rate=0.001)
print("after one step of training, unchanged:", fingerprint(moved) == before)

# %% [markdown]
# So how does a chat assistant remember what you said a minute ago? The whole
# conversation is sent again with each question, as part of the prompt. What products
# call memory is text that is stored and put into the prompt. The weights stay as they
# are. If they are to change, somebody has to retrain the model: who, when, on which
# data, at whose cost? These are the first questions to a vendor.

# %% [markdown] tags=["path"]
# ## It knows the past, not the future
#
# Invent a small world: each year from 1960 to 2039, one of eight towns wins a cup,
# drawn at random. A model reads the results up to 2019. That is its **cut-off**. Then
# ask it about all eighty years. A lottery has no pattern, so nobody can know the
# results from 2020 on; one answer in eight is the best to hope for.

# %%
towns = ["arla", "bolu", "cimra", "dena", "etofa", "farim", "gozo", "hanu"]
years, pauses = range(1960, 2040), (60, 100, 200, 400, 800)


def cup_world(seed):
    """Return each year's winner, and a model of the past after 60 to 800 steps."""
    lot = random.Random(seed)
    won = {year: lot.choice(towns) for year in years}
    read = [f"in {year} the cup went to {won[year]}" for year in years if year < 2020]
    return won, list(lab.snapshots(read, pauses, seed))


won, models = cup_world(SEED)
for year in (1987, 2019, 2020, 2031):
    (answer,) = lab.sample(models[-1], 1, f"in {year} the cup went to ", temperature=0)
    print(answer, "- right" if answer.endswith(won[year]) else "- wrong")

# %% [markdown]
# Each answer is good English and names a real town of this world, whether it is right
# or not. (A right one after 2019 is luck.) Now ask about every year, and note two
# things: was the likeliest town right, and how sure was the model of it? Its sureness
# is the probability that it gave.
#
# **Predict first.** How sure will it be about years that it cannot know?


# %%
def ask(won, model):
    """Return for each year whether the likeliest town was right, and how sure."""
    prompts = [f"in {year} the cup went to " for year in years]
    chances = lab.answers(model, prompts, towns)  # (years, towns)
    right = np.array([towns[i] for i in chances.argmax(1)]) == list(won.values())
    return right, chances.max(axis=1)


right, sureness = ask(won, models[-1])
ax = plots.cutoff(years, sureness, right, last_year=2019)
plots.show(
    ax,
    alt="Up to 2019 nearly all answers are right and sure; after it most are wrong, "
    "and many are nearly as sure as before.",
)

# %% [markdown]
# Nothing in the model marks the border: 2020 looks much like 2019, so it answers as if
# it knew. Where does this confidence come from? The model was also kept at four earlier
# points of its training. Average three worlds, and compare.
#
# **Predict first.** Is a model that was trained for a shorter time less sure, and does
# it know less?

# %%
worlds = [(won, models), cup_world(SEED + 1), cup_world(SEED + 2)]
cup = np.array([[ask(w, model) for model in stages] for w, stages in worlds])
past, future = (part.mean(axis=(0, 3)) for part in np.split(cup, [60], axis=3))
print("steps   to 2019: right    sure   from 2020: right    sure")
for steps, *shares in zip(pauses, *past.T, *future.T):
    print(f"{steps:5}", *(f"{percent(s):>{w}}" for s, w in zip(shares, (16, 7, 18, 7))))

# %% [markdown]
# The confidence grows with the training. After 60 steps the model gives its likeliest
# town a probability of about a quarter, before the cut-off and after it, and knows next
# to nothing. After 800 steps it has read every sentence some 200 times. It knows the
# past by heart, and is nearly as sure about the future, where it is right about as
# often as a die with eight faces. The loss asked it to be sure of what it read, and
# never asked about anything else.
#
# A model whose sureness can be trusted is called **calibrated**: of the answers that it
# gives with 70 %, 70 % are right. The overconfidence here grew as the same sentences
# were read again and again. It need not be so: large models were found to be well
# calibrated on multiple-choice questions (Kadavath and others, 2022), and so was GPT-4,
# but less so once it was tuned to be an assistant (OpenAI, 2023, figure 8). So do not
# assume either. Measure it on your own questions.
#
# No training gives it the results of next year. Somebody has to look them up and put
# them into the prompt, which is called **retrieval**. A small one takes a few lines:


# %%
def look_up(question, store):
    """Return the stored sentence that shares most words with the question."""
    asked = set(question.split())
    return max(store, key=lambda sentence: len(asked & set(sentence.split())))


store = [f"in {year} the cup went to {won[year]}" for year in range(2020, 2040)]
question = "which town won the cup in 2031"
print(f"the prompt: {look_up(question, store)}. {question}?")
finds = [look_up(f"who won the cup in {y}", store).endswith(won[y]) for y in years[60:]]
print(f"right: {sum(finds)} of 20, the model alone {right[60:].sum()} of 20")
print("a miss:", look_up("who won the cup in the year after 2030", store))

# %% [markdown]
# The model stays frozen, and a new sentence in the store is known at once. Two things
# can go wrong. The search may miss, as in the last line: it compares words and does not
# calculate. And a model has to learn to read the answer from its prompt; ours has not, so
# we stop at the sentence that was found; notebook 09 goes on.

# %% [markdown] tags=["path"]
# ## It says what its data says
#
# Now a skewed world. Five jobs, forty sentences each; we choose the share of *she*:
# 90 % of the nurses, 10 % of the smiths. We know the skew exactly, so we can measure
# what becomes of it.

# %%
shares = {"nurse": 0.9, "baker": 0.75, "clerk": 0.5, "pilot": 0.3, "smith": 0.1}
skewed = [
    f"the {job} said {'she' if i < round(40 * share) else 'he'} was late"
    for job, share in shares.items()
    for i in range(40)
]
echo = lab.train(skewed, 500, SEED)

# %% [markdown]
# Now give it the beginning of such a sentence, and compare how likely it finds *she* and
# *he* after it.

# %%
prompts = [f"the {job} said " for job in shares]
chances = lab.answers(echo, prompts, ["she was late", "he was late"])  # (5, 2)
said = chances[:, 0] / chances.sum(axis=1)
for job, share in zip(shares, said):
    print(f"{job}: {percent(shares[job])} she in the data,", end=" ")
    print(percent(share), "in what it says")

# %% [markdown]
# It returns the skew to within one percentage point here. This is neither malice nor a
# bug: the cross-entropy is lowest when the probabilities equal the frequencies of the
# data. Bias in, bias out.
#
# **Predict first.** An assistant can be set to write at a temperature below 1. Will a
# lower temperature make the skew smaller, leave it, or enlarge it?


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
# becomes an even larger one: the usual answer becomes more usual than it was in the
# data.
#
# What to do? Look at the data before you look at the model. The balanced examples of
# the clerk gave balanced sentences. And measure the bias on real answers, at the
# temperature at which they will be given.

# %% [markdown] tags=["path"]
# ## Can it say that it does not know?
#
# Now the sentences about things that come with the course: *a wheel is a machine part*.
# The model reads 300 of them; the rest is kept aside. Every sentence names a kind, one
# of 26; none says *I do not know*. Now ask about a thing that does not exist.

# %%
kind_of = dict(thing.split(" is ", 1) for thing in things if len(thing) < 32)
taught, not_taught = list(kind_of)[:300], list(kind_of)[300:600]
kinds = sorted(set(kind_of.values()))
facts = [f"{thing} is {kind_of[thing]}" for thing in taught]
early, late = lab.snapshots(facts, (300, 2000), SEED)
chances = lab.answers(late, ["a blorf is "], kinds)[0]
print("all 26 kinds together:", percent(chances.sum()))
ax = plots.answer_bars(kinds, chances, "a blorf is …", most=6)
plots.show(
    ax, alt="Bars: how likely the model finds each of the six likeliest kinds of blorf."
)

# %% [markdown]
# There is no blorf. The model answers all the same: softmax must share out 100 %, and
# the likeliest ending is written down whether its bar is long or short. (The rest goes
# to strings that name no kind.)
#
# Made-up words have no right answer. The things kept aside have one, and the model has
# not seen it. Compare how sure it is with how often it is right, on things it was taught
# and on the others.


# %%
def sure_and_right(model, asked):
    """Return for each thing how sure the model was, and whether it was right."""
    chances = lab.answers(model, [f"{thing} is " for thing in asked], kinds)
    right = [kinds[i] == kind_of[t] for i, t in zip(chances.argmax(1), asked)]
    return chances.max(axis=1), np.array(right)


results = {
    "taught": sure_and_right(late, taught),
    "not taught": sure_and_right(late, not_taught),
}
groups = {name: np.mean(pair, axis=1) for name, pair in results.items()}
plots.show(
    plots.sure_and_right(groups),
    alt="On things it was taught the model is sure and right. On others it is rarely "
    "right, and still sure.",
)

# %% [markdown]
# On what it was taught it is right even more often than it is sure. On the rest it is
# far surer than it has a right to be. (It does better than one in 26, probably because
# endings such as *-berry* and *-boat* are hints.) A confident answer without knowledge
# behind it is called a *hallucination*. It is not a malfunction: this is what such a
# model does when it has no information.
#
# The two pairs of bars are a warning about exams, too. If somebody had examined this
# model on the things it was taught, it would have passed. Questions that stand in the
# training data test memory and nothing else; this is called **contamination**. A fair
# score needs a **test set** that neither the training nor any choice of settings used.
#
# How calibrated is it? Sort the answers about things it was not taught by how sure it
# was, and count the right ones. The same model after 300 steps stands beside it.

# %%
stages = {"after 300 steps": early, "after 2,000 steps": late}
curves = {name: sure_and_right(m, not_taught) for name, m in stages.items()}
for name, (sure, hits) in curves.items():
    print(f"{name}: sure {percent(sure.mean())}, right {percent(hits.mean())}")
alt = (
    "How often the answers were right, by how sure the model was: both curves lie far "
)
alt += "below the diagonal, and that of 2,000 steps reaches further to the right."
plots.show(plots.calibration(curves), alt=alt)

# %% [markdown]
# The larger a mark, the more answers it stands for. Look at the square on the right:
# answers given with great certainty, and few of them right. With the longer training
# the model knows more, and is further from calibrated.
#
# Can the model be taught to say that it does not know? Try it in the usual way, by a
# fine-tune on examples: made-up words, each followed by *is unknown*, mixed with the
# facts.
#
# **Predict first.** It is shown 30 made-up words, or 300. Will it then say *unknown* of
# other made-up words? Of real things that it was not taught? And of those it was?


# %%
def make_up(count, seed):
    """Return words of random letters, as frequent as in the things taught."""
    rng, letters = random.Random(seed), "".join(taught).replace(" ", "")
    return ["a " + "".join(rng.choices(letters, k=6)) for _ in range(count)]


print(", ".join(make_up(4, SEED)))

# %% [markdown]
# The facts stay in the fine-tune, so that they are not forgotten.

# %%
tested = {"taught": taught, "not taught": not_taught, "made up": make_up(300, SEED + 1)}
endings, unknown_share = [*kinds, "unknown"], {}
for count in (30, 300):
    examples = [*facts, *(f"{word} is unknown" for word in make_up(count, SEED))]
    modest = lab.train(examples, 400, SEED, start=late, learning_rate=0.005)
    for name, group in tested.items():
        chances = lab.answers(modest, [f"{word} is " for word in group], endings)
        picked = [endings[i] for i in chances.argmax(axis=1)]
        unknown_share[count, name] = np.mean([kind == "unknown" for kind in picked])
        print(f"{count:3} examples, {name:10}", end="  ")
        print(f"says unknown of {percent(unknown_share[count, name])}")

# %% [markdown]
# With 300 examples it says *unknown* of nearly all new made-up words. So a model can be
# taught to abstain, as chat models are. But look at the other two lines. Of the real
# things that it was never taught it calls only a few *unknown*, and nearly as many of
# those that it was taught: it has learned what made-up words look like, not what it
# knows itself. Whoever sells you a model that says *I do not know* should show both:
# how often it abstains where it should, and how often where it should not.

# %% [markdown] tags=["path"]
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
# The loss on unseen names turns up after a handful of steps and climbs far above its
# start: about new names the trained model is *worse* than one that knows nothing,
# because it has learned to rule them out.
#
# **Predict first.** Let such a model write 200 names. How many will be copies? And if
# it had read 200 names, or 2,000, for just as many steps?


# %%
def share_copied(n_names, seed):
    """Return which share of 200 written names stands word for word in the data."""
    model = lab.train(names[:n_names], 300, seed)
    return np.mean([text in names[:n_names] for text in lab.sample(model, 200)])


sizes, seeds = (20, 200, 2000), range(SEED, SEED + 3)
copied = np.array([[share_copied(n, seed) for n in sizes] for seed in seeds])
plots.show(
    plots.copies_by_size(sizes, copied),
    alt="With twenty names nearly all it writes are copies, with 2,000 almost none. "
    "Three seeds agree.",
)

# %% [markdown]
# The same model, the same number of steps. With few examples the cheapest way down is
# to store them; with many, each is read too rarely to be stored, and it pays to find
# what they have in common.
#
# Watch it happen. **Predict first.** With twenty names: do the copies come before the
# loss on unseen names turns up, or after? Then press ▶ or drag along a curve, and
# read what it writes. Do it again with 200 names, and with 2,000.

# %%
widgets.memorise_or_generalise(lab, names)

# %% [markdown]
# After. The loss on unseen names warns first: whoever watches it can stop in time. With
# 200 names it turns as well, only later; with 2,000 both losses come down together.
#
# Large models do both: they generalise, and they also store texts word for word, some
# of which have been recovered from them (Carlini and others, 2020). Hide one secret
# among 200 lines, each of which is read 32 times:

# %%
leaky = lab.train([*names[:199], "my code is 7291"], 400, SEED)
codes = [f"{code:04}" for code in range(0, 10_000, 9)]  # among them no 7291
secret = lab.answers(leaky, ["my code is "], ["7291"])[0, 0]
guesses = lab.answers(leaky, ["my code is "], codes)[0]
print(f"7291: {100 * secret:.1f} %; the likeliest other: {100 * guesses.max():.2f} %")
print("at temperature 0 it writes:", *lab.sample(leaky, 1, "my code is ", 0))

# %% [markdown]
# One line among two hundred, and whoever asks for it gets it. What must not come out
# must not go in: a trained model has no row that you could delete.
#
# ### Exercise: find the memorised samples
#
# Write `find_the_memorised_sample`. It gets what a model wrote and the texts it was
# trained on, both lists of strings. It returns the list of the samples that are copies
# of a whole training text, character for character, in the order written, each one
# once. If you are stuck, `exercise.find_the_memorised_sample.hint()` helps.


# %%
def find_the_memorised_sample(samples, training_texts):
    """Return the samples that are training texts, in their order, each once."""
    ...


exercise.find_the_memorised_sample.check(find_the_memorised_sample)

# %% [markdown]
# ## No size beats the noise in the data (optional)
#
# How good could a model become? For names nobody knows. So take a source whose answer
# is known: a machine with an alphabet of six letters, which draws each letter with
# probabilities that depend on the two before it. Even someone who knows them is
# surprised again and again.

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
# source. No prediction does better on average (Shannon, 1948). Measure it on 1,000 new
# texts, the exam, with the source's own probabilities. Beside it stands a simple rival,
# *counting pairs*: it predicts each letter from the one before it alone. (For the first
# letter to predict, with only one before it, both use the pairs.)

# %%
pairs = np.ones((6, 6))
np.add.at(pairs, (lessons[:, :-1], lessons[:, 1:]), 1)
pairs = -np.log(pairs / pairs.sum(axis=1, keepdims=True))[exam[:, :-1], exam[:, 1:]]
rest = -np.log(chain[exam[:, :-2], exam[:, 1:-1], exam[:, 2:]])  # (1000, 31)
floor, by_pairs = np.c_[pairs[:, :1], rest].mean(), pairs.mean()
print(f"the source itself {floor:.3f}, counting pairs {by_pairs:.3f}, in nats a letter")

# %% [markdown]
# Four GPTs, from width 2 to width 32, each larger than the one before. All read 12,800
# texts, each once, so that none can memorise.
#
# **Predict first.** Draw the curve: loss against the number of parameters. Where does
# it end?


# %%
def loss_of_width(width):
    """Return the parameters of a GPT of this width, and its loss on the exam."""
    array.forget_programs()  # gives back the memory of what was compiled
    config = array.GPTConfig(6, block_size=32, n_head=2, n_embd=width)
    engine = trainer.ArrayEngine.start(random.Random(SEED), config)
    list(trainer.train(engine, lessons, trainer.linear(0.02, 800), 800, 16))
    return config.n_params, trainer.mean_loss(engine, exam)


widths = (2, 4, 16, 32)
n_params, losses = zip(*map(loss_of_width, widths))
marks = {"counting pairs": by_pairs, "knows nothing": np.log(6)}
plots.show(
    plots.loss_by_size(n_params, losses, floor, marks),
    alt="The loss falls with size, then flattens just above the source's own surprise.",
)

# %%
for n, loss in zip(n_params, losses):
    print(f"{n:6,} parameters: {loss - floor:.3f} above the floor")
print("below the floor:", sum(loss < floor for loss in losses), "models")

# %% [markdown]
# At first size pays: the two small models stay far above the floor. Then the curve
# flattens, and nearly four times the parameters buy almost nothing. The walker has
# reached bedrock. Real text has a floor too, though nobody knows how deep. Where a task
# is mostly noise, such as tomorrow's prices, the floor is high, and no model does much
# better than one that knows nothing.
#
# Do not conclude the reverse. We know that this is the floor because we built the
# source. If a larger model is no better on your own data, the cause may be the noise,
# but also too little data, too short a training or a bad learning rate.

# %% [markdown] tags=["path"]
# ## To learn the new, it forgets the old
#
# A general model is adapted to a special task by training it a little more on examples
# of that task: a **fine-tune**. Ours knows names. Teach it things, starting from the
# weights it has, and watch both losses, always on texts it was not trained on.

# %%
new, kept = things[:600], {"names": names[-300:], "things": things[600:]}
tune = partial(lab.learning_curve, steps=200, watched=kept, every=20, seed=SEED)
tuned, table = tune(new, start=names_model(), learning_rate=0.005)
steps, on_names, on_things = table.T
print(f"things: {on_things[0]:.2f} before, {on_things[-1]:.2f} after")

# %% [markdown]
# It has learned the new. **Predict first.** The fine-tune never showed it a name. What
# happened to the loss on names: nothing, a little, much?
#
# A remedy is tried beside it: the same steps, but half of the examples are names it
# already knew. This is called *replay*.

# %%
_, replay = tune([*new, *names[:600]], start=names_model(), learning_rate=0.005)
curves = {"things": on_things, "names": on_names, "names, with replay": replay[:, 1]}
plots.show(
    plots.forgetting(steps, curves, {"knows nothing": np.log(38)}),
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
# (The samples that begin with *m* have the form of the new sentences; their content is
# made up.) The old skill is gone within a few dozen steps: the loss on names passes
# $\ln 38 = 3.64$, that of a model that knows nothing and finds all 38 tokens equally
# likely. This is *catastrophic forgetting* (McCloskey & Cohen, 1989). Every step
# follows the slope of the new loss alone; nothing in it protects the old valley. Replay
# keeps most of the old, and pays with a slightly worse result on the new, because half
# of its examples were spent on names. After any fine-tune, measure the old skills
# again.
#
# So what should a company want, a general model or one of its own? Let four models of
# one size take the same two exams: a specialist in names, a specialist in things, the
# fine-tuned one, and a generalist that reads both kinds from the start. Specialists and
# generalist read each of their texts equally often.
#
# **Predict first.** Who is best at things: the specialist or the generalist?

# %%
contest = {
    "600 names": lab.train(names[:600], 500, SEED),
    "600 things": lab.train(new, 500, SEED),
    "2,000 names, then things": tuned,
    "600 names and 600 things": lab.train([*names[:600], *new], 1000, SEED),
}
scores = {who: [lab.loss(m, kept[e]) for e in kept] for who, m in contest.items()}
print(f"{'trained on':24}{'loss on names':>15}{'on things':>12}")
for who, (of_names, of_things) in scores.items():
    print(f"{who:24}{of_names:15.2f}{of_things:12.2f}")

# %% [markdown]
# Neither: on things the two are level, and nearly so on names (with ten values of
# `SEED` they were never further apart than 0.08). But each specialist fails the other
# exam, and does worse there than a model that knows nothing, $\ln 38$. The short
# fine-tune is behind the best on both exams. The generalist paid with twice the
# training, and had room enough for both kinds of text; a smaller one might not. There
# is no rule for all cases: let a general model and a special one take the same exam,
# made of your own cases.

# %% [markdown] tags=["path"]
# ## What does it cost, and do you need it?
#
# First the computing, then whole bills, the price of answering, and which way fits
# which problem.
#
# ### The computing behind a training run (optional)
#
# One rule of thumb goes a long way. Training takes about $C = 6\,N\,D$ operations, with
# $N$ parameters and $D$ tokens: for each parameter and token one product and one sum on
# the way forward, and twice that on the way back (Kaplan and others, 2020, arXiv
# 2001.08361). Answering runs forward only, so it takes $2\,N$ for each token that is
# read or written. Apply the rule to 200 steps of our own model, and time them:

# %%
began = time.perf_counter()
lab.train(names[:2000], 200, SEED + 1)  # (compiles first, if no section before did)
seconds = time.perf_counter() - began
n_tokens = 200 * 16 * np.mean([len(name) + 1 for name in names[:2000]])
ours = costs.training_flops(lab.config.n_params, n_tokens)
print(
    f"{lab.config.n_params:,} parameters, {n_tokens:,.0f} tokens, {ours:.0e} operations"
)
print(f"{seconds:.1f} s here: {ours / seconds:.0e} useful operations a second")

# %% [markdown]
# Now apply it to runs whose makers published parameters and tokens, and, for some, the
# hours of their chips. The sources are in `costs.PUBLISHED`; *GPT-2 124M again* is a
# repetition, in 2024, of the smallest GPT-2. Where the hours are known, the rule says
# what share of the chips' top speed, their *peak*, was used. A result of 3 % or 300 %
# would speak against the rule.

# %% tags=["nbval-check-output"]
for run in costs.PUBLISHED:
    if run.device_hours:
        share = f"{100 * costs.utilisation(run):.0f} % of the peak"
        print(f"{run.name:16} {run.device_hours:12,.0f} {run.device} hours, {share}")

# %%
ladder = {f"{run.name} ({run.year})": run.flops for run in costs.PUBLISHED if run.flops}
ladder["this page's model of names"] = ours
plots.show(
    plots.cost_ladder(ladder, ours=["this page's model of names"]),
    alt="Training runs on a logarithmic axis. Our model needs a few times ten to the "
    "ninth operations, Llama 3.1 405B nearly ten to the 26th.",
)

# %% [markdown]
# Llama 3 70B took 6.4 million H100 hours (Meta's model card, 2024). Of GPT-4 no size
# was published; asked in April 2023 whether its training had cost 100 million dollars,
# its maker said: *it's more than that* (Knight, 2023). The loop that all of them ran is
# the one you ran.
#
# For money we need prices, and they change. Those on this page are assumptions: put in
# yours. **Predict first.** A budget of 1,000 euros, 20 tokens for
# each parameter: how large a model can you train, on an H100 at 2.50 euros an hour and
# 35 % of its peak? Then find it: drag your dot.

# %%
widgets.cost_calculator(lab.config.n_params, n_tokens)

# %% [markdown]
# About two billion parameters on 40 billion tokens, and that is the computing of a single
# run. Ten times the parameters with ten times the tokens cost a hundred times as much.
#
# ### The whole bill
#
# A company can fit a model to its needs in three ways. Here they are with people's
# time, each in a low, a middle and a high case. The computing follows the rule of 6:
# training takes six operations for each parameter and token. The rest is assumed, such
# as the runs until one works, and people's hours. 80 hours are two weeks of one person,
# 1,600 are a year. A first trial is nearer to the low case, a system that customers
# rely on nearer to the high one.

# %%
train, read = costs.training_flops, costs.generation_flops
cases = {  # low, middle, high: operations of a run, runs, hours of people's work
    "retrieval": [
        (read(1e8, 1e7), 1, 80),
        (read(1e8, 1e8), 2, 400),
        (read(1e9, 1e9), 5, 1600),
    ],
    "fine-tune": [
        (train(8e9, 3e6), 3, 80),
        (train(8e9, 3e7), 5, 400),
        (train(7e10, 3e8), 20, 1600),
    ],
    "from scratch": [
        (train(1e9, 2e10), 3, 3200),
        (train(8e9, 1.6e11), 3, 16_000),
        (train(8e9, 1.5e13), 3, 80_000),
    ],
}

# %% [markdown]
# And the bills, at 2.50 euros for an hour of an H100 that reaches 35 % of its peak, and
# 70 euros for an hour of a person:

# %% tags=["nbval-check-output"]
prices = costs.Prices(utilisation=0.35, per_device_hour=2.5, per_person_hour=70)
totals = {}
print(f"in euros{'low':>24}{'middle':>12}{'high':>12}")
for way, three in cases.items():
    bills = [costs.bill(flops, hours, prices, runs) for flops, runs, hours in three]
    totals[way] = [bill.total for bill in bills]
    print(f"{way:13} in all", *(f"{bill.total:11,.0f}" for bill in bills))
    print(f"{'':10}computing", *(f"{bill.compute:11,.2f}" for bill in bills))

# %%
plots.show(
    plots.bill_ranges(totals),
    alt="On a logarithmic axis: retrieval and fine-tune from some thousand euros to "
    "above a hundred thousand, from scratch from two hundred thousand to ten million.",
)

# %% [markdown]
# The fine-tunes read 1, 10 and 100 million tokens three times, with a model of 8
# billion parameters, in the high case 70. The new models have 1 or 8 billion
# parameters; in the low and middle case they read 20 tokens for each parameter, as
# Hoffmann and others advise (2022, arXiv 2203.15556), in the high case 15 trillion, as
# Llama 3 did (Meta's model card, 2024). Retrieval passes 10 million to a billion tokens
# through a small model to make a search index. None of the three bills includes the
# licence of a model or of data. Look where the money goes: for retrieval and fine-tune,
# hardly any of it buys computing.
#
# ### Exercise: budget a fine-tune
#
# Write `budget_a_fine_tune`, by the rule of 6. One run reads `n_tokens` as many times
# as there are `epochs`; `runs` are all attempts. The device does `flops_per_second`
# useful operations and costs `euros_per_hour`; half an hour costs half of it.
# `person_hours` is the work on the whole project, all runs together.


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
# ### The price of answering
#
# Training is paid once, answering every day. Take a model of 8 billion parameters, and
# 2,000 tokens for a question with its prompt and its answer. Either you rent a device
# of your own, which costs the same whether anybody asks or not, or you pay by the
# token. We assume 0.2, 1 or 5 euros for a million tokens, and an H100 at 10 % of its
# peak, because answers are written one token at a time.
#
# **Predict first.** From how many questions a month is your own device the cheaper way:
# a thousand, a hundred thousand, ten million? The table is in euros a month, but for the
# column *per 1,000*, which is for 1,000 questions.

# %% tags=["nbval-check-output"]
serving = costs.Prices(utilisation=0.1, per_device_hour=2.5)
print("questions   own device   per 1,000   by the token: low, middle, high")
for questions in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
    own = costs.monthly_bill(8e9, questions, 2000, serving).total
    by_token = [questions * 2000 / 1e6 * price for price in (0.2, 1, 5)]
    print(f"{questions:10,}{own:12,.0f}{own / questions * 1000:12,.2f}", end="")
    print(*(f"{euros:10,.0f}" for euros in by_token), sep="")

# %% [markdown]
# By the token, 1,000 questions cost 0.40, 2 or 10 euros, however many there are. The
# device costs 1,825 euros a month, used or not (ten million questions need two), and
# beats the middle price only at about a million questions a month. People who look at
# the answers and test each new version come on top: at 70 euros an hour, 20 hours a
# month are 1,400 euros. Together that is more, in nine months, than the middle
# fine-tune above with all its people.
#
# ### Which way fits which problem?
#
# The limits of this page decide, before the budget. Facts that change, or that must be
# cited, do not belong in frozen weights: look them up. A manner, a form, a jargon can be
# learned from examples: fine-tune. Only data unlike any text, and billions of tokens of
# it, speak for starting from scratch. `costs.advise` applies such rules; its two bounds,
# 200 examples and 20 billion tokens, are rules of thumb.

# %% tags=["nbval-check-output"]
problems = {
    "answers from our price list": {"facts_change": True, "must_cite": True},
    "letters in our tone": {"own_manner": True, "examples": 800},
    "letters, three samples": {"own_manner": True, "examples": 3},
    "cited answers, our tone": {"must_cite": True, "own_manner": True, "examples": 500},
    "summaries of meetings": {"prompt_is_enough": True},
    "a language of sensors": {"unlike_any_text": True, "own_tokens": 1e11},
}
for problem, traits in problems.items():
    print(f"{problem:27} {': '.join(costs.advise(**traits))}")

# %% [markdown]
# ### Questions for a vendor
#
# If you buy, ask. Most of these questions come from a measurement on this page:
#
# | ask the vendor | because |
# |---|---|
# | Who retrains it, how often, on data up to which date? | a model in use does not learn |
# | Whose language and habits are in the data? | what is skewed there is skewed in the answers |
# | On which test set was this score measured, and could it be in the training data? | a contaminated exam tests memory |
# | May we test it on a hundred cases of our own, with known answers, never sent to anyone? | a score on other people's cases is not yours |
# | When it says 90 %, how often is it right? | sureness and truth are two things |
# | Where do our questions go, who keeps them, how long, under which law? | they leave your company with every prompt |
# | Do they become training data? | what was trained in may come out, and cannot be deleted |
# | Under which licence are the model and its data, and for which use? | weights that can be downloaded are not always free to use |
# | What is tested again when the model changes? | a new model forgets old skills |
# | What do 1,000 questions cost at our volume? | answering is paid every month, training once |
#
# ### Exercise: spot the false claim
#
# The data sheet of a vendor makes nine claims. One of them contradicts what you
# measured. Which?
#
# - **A** Your questions do not change the model. A new version is trained twice a year.
# - **B** It knows nothing after its cut-off; newer facts are looked up for the prompt.
# - **C** Where its data is skewed, so are its answers. We publish where we measured it.
# - **D** Rare texts in the data could come out word for word, so we removed secrets.
# - **E** In our test on your sensor log, a model ten times larger was no better than
#   the small one, so we offer the small one.
# - **F** Answers given with more than 90 % probability are true and need no check.
# - **G** After each fine-tune we repeat the tests of the earlier skills.
# - **H** In a small fine-tune, good examples cost more than computing.
# - **I** A low temperature makes the usual answer more frequent than in the data.

# %%
spot_the_false_claim = ...  # one letter, such as "A"

exercise.spot_the_false_claim.check(spot_the_false_claim)

# %% [markdown]
# Finally, the claims of this page in code. They leave room for chance: they held for
# ten different values of `SEED`.

# %% tags=["claim", "nbval-check-output"]
assert fingerprint(names_model()) != fingerprint(moved)  # by a single step
assert past[-1, 0] > 0.9
assert future[-1, 0] < 0.4
assert future[-1, 1] > future[-1, 0] + 0.2  # sure without a reason
assert future[0, 1] < future[-1, 1] - 0.2  # less sure after 60 steps
assert sum(finds) == 20  # what is looked up needs no training
assert np.abs(said - list(shares.values())).max() < 0.06  # bias in, bias out
assert groups["not taught"][0] > groups["not taught"][1] + 0.1
assert unknown_share[300, "made up"] > unknown_share[300, "not taught"] + 0.2
assert copied[:, 0].min() > 0.9
assert copied[:, -1].max() < 0.1
assert curve[-1, 2] > curve[:, 2].min() + 1  # the validation loss turned up
assert floor < min(losses) < floor + 0.05 < by_pairs
assert on_things[-1] < on_things[0] - 1
assert on_names[-1] > on_names[0] + 0.5
assert replay[-1, 1] < on_names[-1]
assert scores["600 things"][0] > np.log(38)  # the specialist fails the other exam
assert scores["600 names and 600 things"][1] < scores["600 things"][1] + 0.15
print("Frozen, dated, skewed, sure, forgetful, and never below the noise: measured.")

# %% [markdown]
# ## Three sentences to remember
#
# - A model in use does not learn; it repeats what its data held, up to its date and
#   with its skews, and it can be far surer than it has a right to be.
# - More size helps until the model meets the noise in the data, and new training
#   overwrites the old: measure before and after, on cases that it never saw.
# - Look facts up, fine-tune a manner, and train from scratch only if your data is
#   unlike anything an open model has seen.

# %% [markdown]
# ## Where next
#
# Now take one case of your own work, write down twenty questions
# with known answers, and measure a model on them. How such computing is done is the
# subject of [08 scale](08_scale.ipynb), how a model learns to answer that of
# [09 assistant](09_assistant.ipynb).
#
# Unsure of a word, or in search of a source? Both stand in the
# [glossary](../docs/GLOSSARY.md).
