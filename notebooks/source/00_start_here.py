# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 00 · Start here: what will I build, and does my machine work?
#
# Welcome. Imagine a walker on a mountain in thick fog. She wants to go down to the
# valley, but she sees only the ground under her feet. So she feels which way it slopes,
# takes a step downhill, and feels again. A neural network learns in the same way, and
# this walk is the story of the whole course.

# %% [markdown]
# ## What you will be able to do
#
# - name the five steps that a neural network repeats while it learns
# - see what training changes: the same model before and after
# - know that your machine has what the course needs
# - use the exercises: check, hint, solution, and keep your progress
#
# **Time:** 20 minutes, and about 10 more for the exercises.
#
# **Two-hour path:** *Learning is a walk downhill in fog*, *Learning is one loop,
# repeated thousands of times*, *A model that knows nothing makes noise*, *One step
# makes the right answer more likely*. If you have only two hours for the whole course,
# read just the sections that each page names here.
#
# To run a cell, click into it and press Shift and Enter together. *Run All Cells* in the
# menu *Run* runs the whole page. Begin with the cell below; it loads what this page uses.

# %% tags=["setup"]
import math
import random
from importlib.resources import files

import jax
import numpy as np

from course_lib import plots, widgets
from course_lib.app import doctor
from course_lib.array import token_losses
from course_lib.data import load_things
from course_lib.exercises import start_here as exercise
from course_lib.lessons import quiz
from course_lib.training import Run, Settings, read_checkpoint, samples

things = load_things()
shipped = read_checkpoint(str(files("course_lib.data") / "things.safetensors"))

# %% [markdown] tags=["path"]
# ## Learning is a walk downhill in fog
#
# Four words in this picture come back on every page.

# %%
plots.show(
    plots.mountain(),
    alt="A walker on the side of a mountain. Fog hides all but the ground around her. "
    "A gauge shows her altitude, which is the loss. A blue arrow, the gradient, "
    "points uphill; an orange arrow is her step downhill. A valley lies in the fog.",
)

# %% [markdown]
# - Her altitude is the **loss**: one number that says how wrong the model is.
# - The place where she stands is given by the **parameters**, the numbers in the model
#   that training may change. Each parameter is one direction in which she can step.
# - The slope under her feet is the **gradient**. The pictures of this course draw it in
#   blue; as an arrow, it points *uphill*.
# - Her step, an orange arrow, goes the other way. The **learning rate** sets how long
#   it is.
#
# An orange disc marks where she is now; in later pictures, a small hollow ring marks
# where she started. A real model has thousands or billions of directions, and needs the
# slope in every one: **autograd** computes all of them in one go.

# %% [markdown] tags=["path"]
# ## Learning is one loop, repeated thousands of times
#
# A neural network is a function that contains numbers, its parameters. Learning means
# changing them until the function is useful. It takes five steps, over and over.

# %%
plots.show(
    plots.learning_loop(),
    alt="Five boxes in a ring. 1, examples: take a few from the data. 2, forward pass: "
    "the model makes a prediction. 3, loss: how wrong was it, as one number. 4, "
    "backward pass: the slope of the loss for every parameter. 5, update: every "
    "parameter takes a small step downhill. From there an arrow leads back to 1.",
)

# %% [markdown]
# Colours keep their meaning through the whole course: sky blue for the data, green for
# what flows forward, vermilion for the loss, blue for slopes, which flow backward, and
# orange for the parameters.
#
# The next notebooks open these boxes one by one. In notebook 04 you write the fourth
# box yourself, and in notebook 06 your code trains a small **GPT**: the kind of model
# behind ChatGPT.

# %% [markdown] tags=["path"]
# ## A model that knows nothing makes noise
#
# A tiny GPT reads sentences letter by letter and learns to continue them. These are some
# of the sentences, all written for this course:

# %% tags=["nbval-check-output"]
for sentence in random.Random(7).sample(things, 5):
    print(sentence)
print(f"… {len(things)} in all")

# %% [markdown]
# **Predict first.** We give a model the beginning *"the wheel is a"* and let it go on.
# Its parameters are random numbers: nobody has trained it. What will it write?
#
# (Notebook 06 explains each entry of `Settings`.)

# %% tags=["nbval-check-output"]
beginning = "the wheel is a"
with_the = ["the " + thing.split(" ", 1)[1] for thing in things]  # "the" for "a"
all_things = [*things, *with_the]
settings = Settings(steps=1200, block_size=48, n_layer=2, n_embd=48, batch_size=32)
newborn = Run(all_things, settings).checkpoint()  # the model as it is now
for text in samples(newborn, beginning, count=2):
    print(text)

# %% [markdown]
# Noise. Random parameters give every letter nearly the same chance. Now the same kind
# of model, with the same number of parameters, after 4,000 turns of the loop. It comes
# with the course as a file of numbers.

# %% tags=["nbval-check-output"]
for start in (beginning, "a hammer is a", "the zebra is a"):
    for text in samples(shipped, start, count=1):
        print(text)
print(f"({shipped.config.n_params:,} parameters)")

# %% [markdown]
# Nothing was added to the program between these two cells: no grammar, no list of
# categories. Only numbers inside the model changed, a little at a time. Try other
# beginnings. What does it say of things that it has never read about? That is a question
# for notebook 07.

# %%
your_beginning = "the robin is a"
for text in samples(shipped, your_beginning, count=1):
    print(text)

# %% [markdown]
# Don't take a file's word for it. The next cell trains a model in front of you, from
# random numbers, for 1,200 turns instead of 4,000. This can take a minute or two. Watch
# the loss go down.

# %%
student = Run(all_things, settings)
moments, losses = {0: student.checkpoint()}, []
for record in student.records(every=25):
    losses.append(record.loss)
    if record.step % 25 == 0:  # keep the model as it is now, for later
        moments[record.step] = student.checkpoint()
    if record.step in (1, 50, 100, 200, 400, 800, 1200):
        print(f"step {record.step:5}   loss {record.loss:.2f}")

# %%
plots.show(
    plots.training_curve(losses),
    alt="The loss of each of the 1,200 steps: it falls steeply during the first "
    "hundred, then slowly and with a jitter, to a small part of its start.",
)

# %% [markdown]
# The first hundred steps do more than all the others together. The line jitters because
# each step looks at different sentences, 32 at a time. (Notebook 01 explains the nat,
# the unit of the loss.) What does the model write now?

# %%
for text in samples(student.checkpoint(), beginning, count=1):
    print(text)

# %% [markdown]
# This is no longer noise: the model writes real words in a sentence of the right form.
# But in the run shown here, the category is wrong. A wheel is a machine part.

# %% [markdown] tags=["path"]
# ## One step makes the right answer more likely
#
# Let us correct it, with a single turn of the loop on the right sentence. The five lines
# marked below are the five boxes. `grad` comes from **JAX**, the library that does the
# computing in this course; you need not understand the code yet.
#
# **Predict first.** How likely is the right answer before the step, and after it?


# %%
def surprise(params, sentence, start):
    tokens = [student.tokenizer.bos, *student.tokenizer.encode(sentence)]
    costs = token_losses(params, np.array(tokens), student.config)  # 2 forward pass
    return costs[len(start) :].sum()  # 3 loss: of all that comes after the start


surprise = jax.jit(surprise, static_argnums=(1, 2))  # compiled, see notebook 08
right, zebra = "the wheel is a machine part", "the zebra is a mammal"  # 1 examples
before = student.engine.params
slopes = jax.grad(surprise)(before, right, beginning)  # 4 backward pass
for learning_rate in (0, 0.0003, 0.01):
    after = {k: before[k] - learning_rate * slopes[k] for k in before}  # 5 update
    wheel = math.exp(-surprise(after, right, beginning))
    other = math.exp(-surprise(after, zebra, "the zebra is a"))
    print(f"learning rate {learning_rate:<6}  wheel {wheel:4.0%}   zebra {other:4.0%}")

# %% [markdown]
# The first line is the model as it was. In the second it has taken one small step, and
# the right end of the sentence about the wheel is about three times as likely. Another
# sentence, about the zebra, has hardly changed.
#
# In the last line the step was over thirty times as long: too far. The wheel has gained
# next to nothing, and the zebra is forgotten. How long a step may be is the subject of
# notebook 03.

# %% [markdown]
# ## Does your machine have what the course needs?
#
# The next cell looks at Python, the packages, the interactive figures (*widgets*), JAX,
# memory and disk. Each line says OK, or tells you what to do. The same check runs in a
# terminal as `course doctor`. You do not need a graphics card.

# %%
print(doctor.report())

# %% [markdown]
# The doctor cannot see your browser, so the last test is yours. Below is an interactive
# figure, the first of many. It replays the training above. Press ▶, or drag the slider.
# Without a mouse: press Shift+Enter to run the cell, then Shift+Tab until the slider has
# focus; the arrow keys move it, and Esc leaves it.
#
# After how many steps do you see the first real word?

# %%
widgets.first_words(moments, losses, beginning)

# %% [markdown]
# If the curve and the sentences follow your hand, so will every figure of the course. An
# interactive figure needs the Python process behind the page, the *kernel*. After a
# restart, or when you open the page again, choose *Run All Cells* once more. If you see
# only a line of text, look at what the doctor says about widgets.

# %% [markdown]
# ## Is there anything you would like to refresh first?
#
# Here are five questions. Nobody sees your answers and nothing depends on them. They
# only point you to a few lines that may save you trouble later.

# %%
print(quiz.questions())

# %% [markdown]
# Replace each question mark with a letter and run the cell. Leave the mark where you are
# not sure.

# %%
answers = {1: "?", 2: "?", 3: "?", 4: "?", 5: "?"}
print(quiz.advice(answers))

# %% [markdown]
# ## How do exercises work, and where are my answers kept?
#
# Every answer that you check is written to a journal on your machine, so a crash or a
# closed browser loses nothing. (`course progress` in a terminal says where it is.) Every
# exercise has the same form: a task, a cell to complete, and a check. Replace the
# dots `...` with your code and run the cell. You can skip any exercise: the page runs
# without it.
#
# ### Exercise: a warm-up
#
# Write a function that returns the mean of a list of numbers. First make a mistake on
# purpose, such as returning the sum, and read what the check says.


# %%
def mean(numbers):
    """Return the mean of a list of numbers."""
    ...


exercise.mean.check(mean)

# %% [markdown]
# Stuck? Each call of `exercise.mean.hint()` tells you a little more, and
# `exercise.mean.solution()` shows an answer. Neither is cheating: a check is feedback,
# not a grade. The check runs your function in a process of its own, so even an endless
# loop in it cannot harm the notebook.

# %%
exercise.mean.hint()

# %% [markdown]
# This card shows how far you are. Its buttons save your answers as a file, and bring in
# such a file from another machine. On Binder, a web service that can run the course for
# you, nothing is kept after you leave, so download before you go.

# %%
widgets.progress_panel()

# %% [markdown]
# Save the notebooks themselves with Ctrl+S (Cmd+S on a Mac). In a terminal,
# `course update` brings newer pages into the folder that `course start` made, and keeps
# what you wrote. `course reset 00_start_here` gives you a fresh copy of a notebook and
# keeps yours beside it. In a class, `course progress share` shows your teacher which
# exercises you have solved, and none of your code.
#
# If something does not work, run the doctor first. When a cell turns red, read its last
# line first. And *Restart Kernel and Run All Cells*, in the menu *Kernel*, fixes a
# surprising number of problems.

# %% [markdown]
# ## Where does the path lead?
#
# | notebook | the question it answers |
# |---|---|
# | [01 loss](01_loss.ipynb) | How far off the mark am I, right now? |
# | [02 gradient](02_gradient.ipynb) | If I nudge this number, does the error go up or down, and by how much? |
# | [03 learning rate](03_learning_rate.ipynb) | How long should each step be? |
# | [04 autograd](04_autograd.ipynb) | How can one pass give the slope of every parameter at once? |
# | [05 neural network](05_neural_network.ipynb) | What is a neuron, and why did deep networks refuse to learn? |
# | [06 micro-GPT](06_micro_gpt.ipynb) | Can I train a GPT with what I have built? |
# | [07 limits](07_limits.ipynb) | What can training not do, and what does it cost? |
# | [08 scale](08_scale.ipynb) | Why GPUs, and what changes when one machine is not enough? |
#
# They build on each other, but each runs on its own. New words are explained where they
# first occur, and again in the [glossary](../docs/GLOSSARY.md). Sections marked
# *(optional)* can be skipped: nothing later needs them.
#
# Finally, as on every page, code checks what the page claims. The untrained model and the
# one from the file each complete *"the wheel is a"* a hundred times, in rounds of ten.
# The first never writes a sentence of the data; the second writes at least eight in
# every round. And one step on the right sentence makes it more likely.

# %% tags=["claim", "nbval-check-output"]
known = set(all_things)


def finished(model, seed):
    """Count how many of ten completions are sentences of the data."""
    return sum(text in known for text in samples(model, beginning, count=10, seed=seed))


for seed in range(10):
    assert finished(newborn, seed) == 0
    assert finished(shipped, seed) >= 8
stepped = {k: before[k] - 0.0003 * slopes[k] for k in before}
assert surprise(stepped, right, beginning) < surprise(before, right, beginning)
print("Untrained: noise. Trained: 'the wheel is a machine part'.")

# %% [markdown]
# ## Three sentences to remember
#
# - A neural network is a function that contains numbers, its parameters, and learning
#   changes only these numbers.
# - It learns in a loop: examples, forward pass, loss, backward pass, update, and again.
# - The walker sees only the slope under her feet, and that is enough to go down.

# %% [markdown]
# ## Where next
#
# Open [01 loss](01_loss.ipynb). It answers the first question on the mountain: how high am I?
