# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 09 · How does a model that continues text become one that answers?
#
# The model of notebook 06 continues a text. A chat product answers a question. Between
# the two lie a fine-tune, the choices of people and often a search, and the gradient
# that drives them is the one you know. On this page you take a small model all the way,
# and ask at each step what it has learned, when, and from whom. The model can say of a
# thing what kind of thing it is, and nothing else. That is little, but it can be
# checked.

# %% [markdown]
# ## What you will be able to do
#
# - tell a base model from one that was fine-tuned to answer, and say what each learned
# - fine-tune with the loss on the answers alone, and examine the result fairly
# - measure whether a model knows when it does not know
# - train on preferences, and see what goes wrong when a reward is pushed too far
# - have a model read a fact that it finds in a store
#
# **Time:** 45 minutes, and about 50 more for the exercises.
#
# **Two-hour path:** *It continues, and does not answer*, *A few hundred examples make it
# answer*, *New facts come from a store, not from the weights*, *What stands behind a
# chat product?*.
#
# Run the setup cell first. After it, each section runs on its own. `lab` is an
# experiment as in notebook 07, for models that answer. `SEED` decides all that is
# random here.

# %% tags=["setup"]
import inspect
import math
import random
from collections import Counter
from functools import cache

import numpy as np

from course_lib import array, plots, widgets
from course_lib.array import chat
from course_lib.data import load_preferences, load_questions, load_things
from course_lib.exercises import assistant as exercise
from course_lib.lessons import calibration, retrieval
from course_lib.lessons.assistant import exchanges, grade, load_base, pairs, prompt
from course_lib.plots.parts import percent

SEED = 0
lab, base = load_base()
taught, held_out = load_questions("taught"), load_questions("held out")
random.Random(SEED).shuffle(taught)


@cache
def fine_tuned(n_examples, steps=100):
    """Fine-tune the base model on so many of the questions that may be taught."""
    return lab.fine_tune(base, exchanges(taught[:n_examples]), steps, SEED)


# %% [markdown] tags=["path"]
# ## It continues, and does not answer
#
# Our **base model** is a GPT as in 06, with two layers. It was trained to predict the
# next token, here the next character. This is called *pre-training*, and it took ten
# minutes. The text was made for it: sentences about 716
# things, such as *a fox is a mammal*, in some twenty wordings; lists of questions which
# nobody answers; and statements that stand twice, most of them about made-up words.
# Does it know what a fox is?

# %%
print(f"{lab.config.n_params:,} parameters, context of {lab.config.block_size} tokens")
for beginning in ("a fox is ", "so a wheel is "):
    (said,) = lab.answer(base, [beginning])
    print(beginning + "|" + said.text)

# %% [markdown]
# It knows both, and runs on into other sentences, some of them wrong. Now ask, as in a
# chat product.
#
# **Predict first.** What will it write after *what is a fox?*

# %%
for said in lab.answer(base, ["what is a fox?"] * 4, temperature=1, seed=SEED):
    print("what is a fox?" + said.text)

# %% [markdown]
# It goes on as the texts went on that it has read: after a question came another
# question, or nothing. That is not a fault. A base model continues, and nobody has
# shown it that somebody is waiting for an answer.
#
# A chat product tells its model who is speaking, with marks that no other text holds.
# Ours are four: `<` opens a question, `>` ends it and gives the word to the model, and
# two brackets will be needed later. Put a question between the marks, and let the base
# model take an exam of 216 questions. An answer is right if it is the true kind, alone
# or as *it is a mammal*.


# %%
(said,) = lab.answer(base, [prompt("what is a fox?")])
print(prompt("what is a fox?") + said.text)
untaught = lab.examine(base, held_out)
print("right in the exam:", percent(untaught.right))

# %% [markdown]
# That is hardly anything. Let the same model complete sentences about the same things:


# %%
known = lab.knowledge(base, held_out)
print("right when it completes such sentences:", percent(known))

# %% [markdown]
# The knowledge is there and the manner is missing. This is the usual division of labour:
# most of what a large model knows it has from pre-training, and what comes after is
# about how it speaks (the superficial alignment hypothesis of Zhou and others, 2023).

# %% [markdown] tags=["path"]
# ## A few hundred examples make it answer
#
# **Supervised fine-tuning** continues the training with examples of what we want:
# questions together with their answers. One thing changes. The loss counts the tokens
# of the answer and no others, because the questions will be written by somebody else.
# Which tokens count is said by a **mask**:


# %%
text = prompt("what is a fox?") + "a mammal"
characters, counted, losses = lab.targets(base, text)
plots.show(
    plots.loss_mask(characters, counted, losses, highest=8),
    alt="The exchange character by character, a bar for the loss of each. Those of the "
    "question are grey; those of the answer and the end are in colour.",
)

# %% [markdown]
# ### Exercise: the mask
#
# Write `answer_mask`. It gets one exchange as a list of T + 1 tokens, which begins and
# ends with `bos` (notebook 06) and may be padded with -1, and `mark`, the number of the
# token `>`. Return a list of T values, one for each target, `tokens[1:]`: `True` if it
# belongs to the answer. The answer is what comes after the *last* `>`, with the `bos`
# that ends it. The `>` itself and padding do not belong to it.


# %%
def answer_mask(tokens, mark):
    """Return a list of T values: whether each target belongs to the answer."""
    ...


exercise.answer_mask.check(answer_mask)

# %% [markdown]
# Now fine-tune: 100 steps with 16 exchanges each, drawn from 500. None of the five
# questions below is among them.

# %%
assistant = fine_tuned(500)
names = ("fox", "wheel", "mandolin", "piranha", "cucumber")
asked = [f"what is a {name}?" for name in names]
for question, said in zip(asked, lab.answer(assistant, [*map(prompt, asked)])):
    print(f"{question} {said.text}, {percent(said.probability)} sure")

# %% [markdown]
# It answers. Pre-training took 7,000 steps with 32 texts each; the fine-tune read
# 1,600 exchanges, less than a hundredth. How many examples does it need?
# **Predict first.** Take 10, 100 or 500 questions with their answers, and the
# same 100 steps each time. What part of the exam will be right?

# %%
sizes = (10, 100, 500)
exams = {f"{n} examples": lab.examine(fine_tuned(n), held_out) for n in sizes}
plots.show(
    plots.exam_bars({"base model": lab.examine(base, held_out), **exams}),
    alt="The right answers grow with the number of examples, steeply at first and "
    "slowly after a hundred.",
)

# %% [markdown]
# Ten examples, each read 160 times, teach the form of an answer, and most answers are
# wrong. More examples help; a longer training does not. Train twice as long on all 500:

# %%
longer = fine_tuned(500, steps=200)
for name, model in {"100 steps": assistant, "200 steps": longer}.items():
    shares = [lab.examine(model, rows).right for rows in (taught[:200], held_out)]
    print(f"{name}: taught {percent(shares[0])}, exam {percent(shares[1])} right")

# %% [markdown]
# On the questions that it was taught it is now all but perfect, and in the exam it got
# worse: it overfits. (The 100 steps were chosen with an eye on this exam, so its score
# flatters a little.) If questions of the exam slip into the examples, its score says
# nothing. It happens: the makers of GPT-3 found many questions of their tests in its
# training text, with little effect on most scores (Brown and others, 2020, section 4).
#
# ### Exercise: find the leaked questions
#
# Write `leaked`. It gets the exam, a list of pairs of a question and its answer, and the
# training texts, such as `<what is a fox?>a mammal`. Return the list of the questions
# of the exam that also stand in a training text, between `<` and `>`, as the exam
# writes them and in its order. Capitals do not matter, nor do spaces at the ends, nor
# whether there are one or more between two words.


# %%
def leaked(exam, training):
    """Return the list of the exam's questions that also stand in training."""
    ...


exercise.leaked.check(leaked)

# %% [markdown]
# What did the fine-tune cost? Complete sentences again, as the base model did:

# %%
left = {"base model": lab.knowledge(base, held_out)}
left |= {f"{n} examples": lab.knowledge(fine_tuned(n), held_out) for n in sizes}
for name, share in left.items():
    print(f"{name:12} completes {percent(share):>5} of the sentences rightly")

# %% [markdown]
# It completes fewer of them, fewest after ten examples. What it knew is lost, or harder
# to reach. This is the forgetting of notebook 07.
#
# Now look into it. Below you can choose a question, the mask and the temperature: the
# bars show the loss of each token (point at one to see what the model expected there),
# and how likely the model finds its answers.
# **Predict first.** With the loss on all tokens, which bars will be lower?

# %%
unmasked = lab.fine_tune(base, exchanges(taught), 100, SEED, after="<")
print("loss on everything:", percent(lab.examine(unmasked, held_out).right), "right")
choices = {
    "base model": base,
    "loss on everything": unmasked,
    "loss on the answer": assistant,
}
widgets.fine_tune_mask(lab, choices, [row for row in held_out if row.question in asked])

# %% [markdown]
# Those of the question: that model has also learned to ask. For the answers it makes
# little difference here. In a conversation, users write much of the text, and the model
# need not imitate them.

# %% [markdown]
# ## Can it learn to say that it does not know?
#
# Ask the fine-tuned model about three words that were made up. There are no such things,
# and it has never seen an answer that admits it.

# %%
assistant = fine_tuned(500)
unknown, unknown_exam, near = map(
    load_questions, ("unknown", "unknown held out", "near")
)
for row in unknown_exam[:3]:
    (said,) = lab.answer(assistant, [prompt(row.question)])
    print(f"{row.question} {said.text}, {percent(said.probability)} sure")

# %% [markdown]
# So it needs examples of that, too: 200 made-up words, each with the answer *i do not
# know*, mixed with the 500 questions about things. **Predict first.** Will it decline
# to answer about *other* made-up words? Will it decline about things that it knows? And
# about words such as *guitac*, one letter from a real thing?

# %%
honest = lab.fine_tune(base, exchanges([*taught, *unknown]), 150, SEED)
groups = {"things": held_out, "made-up words": unknown_exam, "one letter off": near}
table = {}
for name, rows in groups.items():
    table[f"{name}, before"] = lab.examine(assistant, rows)
    table[f"{name}, after"] = lab.examine(honest, rows)
plots.show(
    plots.exam_bars(table),
    alt="Before, nothing is declined. After, most made-up words are, and some of the "
    "things; of the words that are one letter off nearly none.",
)

# %% [markdown]
# It declines most words that it has never met, and pays for it: it also declines some
# of the things that it would have answered rightly. Of words that look like a thing it
# still says what they are. Perhaps it has learned what a made-up word looks like,
# perhaps it declines where nothing familiar comes to mind. This exam cannot tell.
#
# Can its sureness be trusted? Notebook 07 drew how often answers are right against how
# sure the model was. The mean gap between the two, over all bins, weighted by the
# number of answers in them, is the **expected calibration error** (Naeini and others,
# 2015; Guo and others, 2017). For a made-up word, *i do not know* is right.


# %%
def sure_and_right(model, rows):
    """Return how sure the model was of each answer, and whether it was right."""
    answers = lab.answer(model, [prompt(row.question) for row in rows])
    right = [said.text == row.answer for said, row in zip(answers, rows)]
    return np.array([said.probability for said in answers]), np.array(right)


# %%
two = {"before": assistant, "after": honest}
everything = [row for rows in groups.values() for row in rows]
curves = {name: sure_and_right(model, everything) for name, model in two.items()}
ece = calibration.expected_calibration_error
plots.show(
    plots.calibration(
        curves, 10, ece={name: ece(*curve) for name, curve in curves.items()}
    ),
    alt="How often the answers to all three kinds of questions were right, by how sure "
    "the model was, before and after; after, the curve lies nearer to the diagonal.",
)

# %% [markdown]
# One number for all questions can hide what happens to each kind:

# %%
errors = {}
for name, rows in groups.items():
    shares = [sure_and_right(model, rows) for model in two.values()]
    errors[name] = [ece(*pair) for pair in shares]
    sure, right = (percent(part.mean()) for part in shares[-1])
    means = f"{sure} sure, {right} right"
    before, after = (f"{error:.2f}" for error in errors[name])
    print(f"{name:15} before {before}, after {after}: {means}")

# %% [markdown]
# On made-up words the error is about half as large. On things it has hardly changed,
# and on words that look like things it is still large: there the model is far surer
# than it has a right to be. Which of your own questions are of that kind can only be
# found by an exam that holds some.

# %% [markdown]
# ### Exercise: the expected calibration error
#
# Write it yourself, for two NumPy arrays: how sure each answer was, and whether it was
# right. Cut the range from 0 to 1 into `n_bins` bins of equal width; the upper bound
# belongs to a bin, and 0 to the first. For each bin that has answers, take the gap
# between its mean confidence and its share of right answers, without its sign. Return
# the mean of the gaps, each weighted by the number of answers in its bin.


# %%
def expected_calibration_error(confidences, correct, n_bins):
    """Return the mean gap between confidence and accuracy, from 0 to 1."""
    ...


exercise.expected_calibration_error.check(expected_calibration_error)

# %% [markdown]
# ## Raters choose, and the model drifts
#
# Examples need somebody who can write the best answer. It is easier to choose between
# two. Companies ask people which of several answers is better, many thousand times
# (Ouyang and others, 2022), and today they let models and programs judge as well. Our
# raters are a rule: *of two answers the true one; of two true ones the full sentence*.
# First a model that can give both kinds of answer, short ones and full sentences:

# %%
array.forget_programs()  # gives back the memory of what was compiled
coin = random.Random(SEED)
speech = [
    prompt(row.question) + coin.choice(["", "it is "]) + row.answer for row in taught
]
policy = lab.fine_tune(base, speech, 100, SEED)
questions = [prompt(row.question) for row in held_out]
for question, said in zip(questions, lab.answer(policy, questions[:4], 1, SEED)):
    print(question + said.text)

# %%
for row in load_preferences("taught")[:4]:
    print(f"{row.rule:7} {row.question} {row.chosen} > {row.rejected}")

# %% [markdown]
# A **reward model** learns to predict the choice. It gives each answer a number $r$, and
# the probability that a rater prefers answer $a$ to answer $b$ is taken to be
# $\sigma(r_a - r_b)$ (Bradley and Terry, 1952). Its loss is the cross-entropy of that, as
# for spam in notebook 01. Christiano and others (2017) showed that deep networks can
# learn from rewards that were learned from choices.
#
# **Predict first.** The raters look at manner and at truth, equally often. How often
# will the reward model choose as they do, on questions that it has not seen?

# %%
judge = lab.reward_model(policy, *pairs(load_preferences("taught")), 60, SEED)
agreement = {}
for rule in ("manner", "truth"):
    new = [row for row in load_preferences("held out") if row.rule == rule]
    better, worse = (lab.rewards(judge, texts) for texts in pairs(new))
    agreement[rule] = np.mean(better > worse)
    print(f"{rule:7} {percent(agreement[rule])} of {len(new)} choices as the raters")

# %% [markdown]
# It has learned what a good answer *looks* like, perfectly. About what is *true* it is
# hardly better than a coin: these choices did not bring it to use what the model knows.
# A larger one may do better. Keep it in mind; the reward model is about to be trusted.
#
# The usual way from here is to let the model write, and to make likelier what the
# reward model likes (*reinforcement learning*). A shorter one aims at the same goal with
# no reward model, **direct preference optimisation** or DPO (Rafailov and others, 2023):
# widen the gap between the log-probabilities of the chosen and the rejected answer,
# measured against a frozen copy of the model, the **reference**:
#
# $$-\ln\sigma\!\left(\beta\left[\ln\frac{\pi(\text{chosen})}{\pi_\text{ref}(\text{chosen})}
# -\ln\frac{\pi(\text{rejected})}{\pi_\text{ref}(\text{rejected})}\right]\right)$$
#
# Here $\pi$ is the probability of a whole answer, given its question. It is the loss of
# the reward model once more: $\beta$ times the logarithm of how much likelier an answer
# has become takes the place of the reward.

# %% [markdown]
# ### Exercise: the loss of one pair
#
# Write `dpo_loss` for one pair of answers, from the formula. You get four
# log-probabilities, in nats: of the chosen and of the rejected answer, given by the
# model and by the reference. $\beta$ times the bracket lies between -20 and 20, so
# nothing overflows.


# %%
def dpo_loss(chosen, rejected, reference_chosen, reference_rejected, beta):
    """Return the loss of one pair, in nats, from four log-probabilities."""
    ...


exercise.dpo_loss.check(dpo_loss)

# %% [markdown]
# The code that runs here does the same for a whole batch of pairs:

# %%
for part in (chat.preference_loss, chat.dpo_loss):
    head, _, body = inspect.getsource(part).split('"""')
    print(head.rstrip() + body)

# %% [markdown]
# How far may the model go from its reference? That is measured by the **drift**, the
# KL divergence: the mean, over answers that the model writes, of the logarithm of how
# much likelier they have become. A large $\beta$ is satisfied with a small gain, so
# training ends near the reference; a small one keeps pulling.
#
# **Predict first.** Three values of $\beta$, 20 steps each. Who learns the manner? Who
# keeps the knowledge?

# %%
from course_lib.lessons.assistant import Drift

array.forget_programs()
pauses, betas, some = (5, 10, 20), (0.03, 0.3, 3), held_out[:128]


def measure(model, step):
    """Return drift, share of full sentences, share right, and an example."""
    asked = [prompt(row.question) for row in some]
    said = [answer.text for answer in lab.answer(model, asked)]
    full = np.mean([text.startswith("it is ") for text in said])
    right = grade(said, [row.answer for row in some]).right
    drift = lab.drift(model, policy, asked[:64], SEED)
    return Drift(step, drift, full, right, asked[0] + said[0])


# %%
raters = pairs(load_preferences("taught"))
at_first = measure(policy, 0)
runs = {beta: [at_first] for beta in betas}
for beta, run in runs.items():
    models = lab.preferring(policy, *raters, beta, pauses, SEED)
    run += [measure(model, step) for model, step in zip(models, pauses)]

# %% [markdown]
# The picture shows each run as a path from left to right: further right is further from
# the reference.

# %%
sides = plots.panels(1, 2, width=9.6, height=3.4)
manners = {beta: [(m.kl, m.manner) for m in run] for beta, run in runs.items()}
truths = {beta: [(m.kl, m.right) for m in run] for beta, run in runs.items()}
plots.reward_against_drift(manners, what="full sentences", ax=sides[0])
plots.reward_against_drift(truths, what="right answers", ax=sides[1])
plots.show(
    sides,
    alt="All three runs soon give full sentences at a small drift. The run with the "
    "smallest beta goes on to a drift several times as large, and loses most of its "
    "right answers on the way.",
)

# %% [markdown]
# Go along a run: click a point, or use the slider.

# %%
widgets.reward_against_drift(runs)

# %% [markdown]
# All three learn the manner within five steps. Then the smallest $\beta$ goes on
# pulling, the drift grows, and fewer and fewer answers are right. With the largest, most
# of the knowledge stays; some is lost in every run. The reference and $\beta$ are the
# leash.
#
# Now let go of the leash on purpose. A judge chooses alone: in each round the model
# writes two answers to 64 questions, the judge picks one of the two, and the model is
# trained on these choices, with itself as the new reference.
#
# **Predict first.** The judge is our reward model. What will happen to the reward, and
# what to the truth?


# %%
def a_round(model, number, score):
    """Return the model after a round in which a score has chosen its answers."""
    asked = [prompt(row.question) for row in taught[:64]]
    said = [lab.answer(model, asked, 1, 2 * number + i) for i in (1, 2)]
    texts = [[q + a.text for q, a in zip(asked, answers)] for answers in said]
    scores = [score(one) for one in texts]
    chosen, rejected = [], []
    for a, b, score_a, score_b in zip(*texts, *scores):
        if a != b:
            chosen.append(a if score_a > score_b else b)
            rejected.append(b if score_a > score_b else a)
    return lab.prefer(model, chosen, rejected, 0.1, 10, SEED, learning_rate=0.0003)


# %%
def play(score, rounds=4):
    """Return reward, share right and length of answers, before and after each round."""
    game, model = [], policy
    for number in range(rounds + 1):
        model = a_round(model, SEED + number, score) if number else policy
        said = [answer.text for answer in lab.answer(model, questions)]
        reward = lab.rewards(judge, [q + a for q, a in zip(questions, said)]).mean()
        right = grade(said, [row.answer for row in held_out]).right
        game.append((number, reward, right, np.mean([len(text) for text in said])))
        print(f"round {number}: reward {reward:5.2f}, {percent(right)} right:", said[0])
    return game


# %% [markdown]
# First, the judge is the reward model:

# %%
game = play(lambda texts: lab.rewards(judge, texts))
plots.show(
    plots.gamed_reward(*zip(*game)),
    alt="In the first round the mean reward jumps and answers get longer. Then both "
    "stay, while the share of right answers falls from round to round.",
)

# %% [markdown]
# The reward jumps as soon as all answers are full sentences, and stays high while the
# truth goes. Who looks at the reward alone thinks that all is well. Did the reward
# model drive the truth away? Let a coin choose in its place:

# %%
coin = np.random.default_rng(SEED)
by_lot = play(lambda texts: coin.random(len(texts)))

# %% [markdown]
# With a coin the truth goes as well. Training on one's own answers wears away what was
# known, and a judge that does not see the truth does not stop it. *When a measure
# becomes a target, it ceases to be a good measure* is how Strathern (1997) put
# Goodhart's law; Gao, Schulman and Hilton (2022) measured it for reward models of many
# sizes. What helps is a short leash, new choices by people, and an exam that no reward
# has seen.

# %% [markdown] tags=["path"]
# ## New facts come from a store, not from the weights
#
# Tomorrow a fact will change. A fine-tune for each change would be slow, and would
# forget. The other way is to look the fact up and put it into the prompt, **retrieval**.
# Notebook 07 stopped at the sentence that was found. Our model can learn to read it,
# from examples in which the answer stands in brackets before the question. In these the
# kind is drawn at random, so that knowledge is no help and only reading is. Questions
# without a sentence are mixed in.

# %%
from course_lib.lessons.assistant import facts, fingerprint

array.forget_programs()
lot = random.Random(SEED)
kinds = sorted({row.answer for row in taught})
lessons = []
for row in taught:
    kind = lot.choice(kinds)
    lessons.append(prompt(row.question, f"{row.thing} is {kind}") + kind)
print(lessons[0])
lessons += exchanges(taught[:250])
reader = lab.fine_tune(base, lessons, 120, SEED, learning_rate=0.0015)
frozen = fingerprint(reader.params)

# %% [markdown]
# The store holds the 716 sentences. The search drops punctuation, counts words and
# compares the angles between the counts (Salton and others, 1975): the cosine is 1 for
# the same words and 0 for none in common. Products often compare vectors that a model
# has learned, but the principle is this one.

# %%
store = load_things()
found = retrieval.search("what is a fox?", store, k=5)
plots.show(
    plots.found_sentences("what is a fox?", found),
    alt="The five nearest sentences with their cosines; the one about the fox leads.",
)

# %% [markdown]
# ### Exercise: search by cosine
#
# Write `search`. It gets a question and a list of sentences, all in lower case; the
# punctuation has been taken out. Return the sentence whose counts of words have the
# largest cosine with those of the question: the sum, over the words that both have, of
# one count times the other, divided by both lengths. A length is the root of the sum of
# the squares of all counts. If several are equally near, return the first of them.


# %%
def search(question, sentences):
    """Return the sentence that is nearest to the question."""
    ...


exercise.search.check(search)


# %% [markdown]
# Now the exam in four forms: with the store as it is; with each fact of the exam
# changed; with facts about words that are new; and with the fact missing.


# %%
def look_up(asked, sentences):
    """Return the exam of the reader when it may search the sentences."""
    found = [retrieval.search(row.question, sentences)[0].sentence for row in asked]
    prompts = [prompt(row.question, text) for row, text in zip(asked, found)]
    answers = [said.text for said in lab.answer(reader, prompts)]
    return grade(answers, [row.answer for row in asked])


rows = held_out[:128]
changed = [row._replace(answer=lot.choice(kinds)) for row in rows]
new = [r._replace(answer=lot.choice(kinds)) for r in load_questions("unknown held out")]
others = [text for text in store if text not in set(facts(rows))]

# %%
searched = {
    "as it is": look_up(rows, store),
    "facts changed": look_up(changed, [*others, *facts(changed)]),
    "new words": look_up(new, [*store, *facts(new)]),
    "fact missing": look_up(rows, others),
}
print("weights unchanged:", fingerprint(reader.params) == frozen)
plots.show(
    plots.exam_bars(searched),
    alt="With the fact in the store nearly all answers are right, also when it was "
    "changed or is new. Without it, nearly all are wrong.",
)

# %% [markdown]
# Nearly always the model says what the store says, and no weight has moved. Whoever may
# write into the store decides what it answers. When the search misses, it repeats a
# sentence about something else: nobody has taught this one to decline.
#
# **Predict first.** What will it answer when the fox becomes a dessert? And when the
# search is switched off? A click on a sentence asks about it.

# %%
widgets.editable_store(lab, reader, store, "what is a fox?")

# %% [markdown] tags=["path"]
# ## What stands behind a chat product?
#
# A product has more parts than a model, and most of what looks like learning while you
# talk to it is none. (If you are on the two-hour path: *preferences* means that raters
# choose between answers, and training makes the chosen kind likelier.)

# %%
plots.show(
    plots.chat_product(),
    alt="Eight parts of a chat product: system prompt, retrieval, tokenizer; base "
    "model, fine-tune and preferences, which train one set of weights; tools, filters. "
    "Beside each stands when it learns, and from whom.",
)

# %% [markdown]
# So when a product behaves differently today, ask which part was changed. A **system
# prompt** is text that its makers put before every conversation. **Tools** are programs
# that the model may ask to run: it writes the call, the product runs it and puts the
# result into the prompt. **Filters** look at questions and answers.
# The weights change when somebody trains them, and in between they are frozen (07).
# What you write may be used for a later training: the contract says whether.
#
# What a model of this size cannot show: conversations of several turns, instructions
# that it has never met, reasoning, or what people prefer when they disagree. Our
# raters never err; trained people agreed with each other in 73 % of comparisons (Ouyang
# and others, 2022). The numbers of this page do not carry over to large models. The
# order of the steps is theirs, and the works that are named here found these failures
# in models of their size.
#
# Finally, the claims of this page in code; they need the whole page. They held for ten
# different values of `SEED`, which all start from the same base model.

# %% tags=["claim", "nbval-check-output"]
assert untaught.right < 0.15  # it knows, and does not answer
assert known > 0.95
assert exams["500 examples"].right > 0.7
assert exams["10 examples"].right < exams["100 examples"].right - 0.15
assert lab.examine(longer, held_out).right < exams["500 examples"].right  # it overfits
assert left["500 examples"] < left["base model"] - 0.05  # it forgets
assert table["made-up words, after"].abstained > 0.5
assert table["one letter off, after"].abstained < 0.4
before, after = errors["made-up words"]
assert after < 0.75 * before
assert errors["one letter off"][1] > 0.3
assert agreement["manner"] > 0.95
assert agreement["truth"] < 0.65
ends = {beta: run[-1] for beta, run in runs.items()}
assert ends[3].manner > 0.9
assert ends[0.03].kl > 2 * ends[3].kl
assert ends[0.03].right < ends[3].right < exams["500 examples"].right
assert game[-1][1] > game[0][1] + 1  # the reward rises
assert game[-1][2] < 0.75 * game[0][2]  # and the truth falls
assert min(searched[n].right for n in searched if n != "fact missing") > 0.75
assert searched["fact missing"].right < 0.3
print("It answers, declines, pleases and looks up: each from examples, each measured.")

# %% [markdown]
# ## Three sentences to remember
#
# - A base model continues; a few hundred examples with the loss on the answers make it
#   answer, and cost some of what it knew.
# - Preferences teach how an answer should look: here manner was learned at once and
#   truth was not, and the reward stayed high while the truth went.
# - Facts that change belong in a store that the model reads; the weights learn only when
#   somebody trains them.

# %% [markdown]
# ## Where next
#
# This was the last page. You have seen one number called loss carry a model from noise
# to answers. Take a hundred questions from your own work with answers that you know to
# be right. Never publish them, and put them only to models whose makers may not train
# on what you ask. They are your exam for all that you will be offered.
#
# Unsure of a word, or in search of a source? Both stand in the
# [glossary](../docs/GLOSSARY.md).
