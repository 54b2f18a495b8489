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
# valley, and sees nothing but the ground under her feet. So she feels which way it
# slopes, takes a step downhill, and feels again. That is the whole course.
#
# The altitude is the **loss**: one number that says how wrong a model is. The slope
# under the feet is the **gradient**. The stride is the **learning rate**. And because
# a model has thousands or billions of joints that must all move at once, there is
# **autograd**, which tells every joint its own slope in one go.

# %% [markdown]
# ## What you will be able to do
#
# - name the six steps that every neural network repeats while it learns
# - see what training changes: the same model before and after
# - know that your machine has what the course needs
# - use the exercises: check, hint, solution, and keep your progress
#
# **Time:** 15 minutes, and 10 more if you do the five questions and the warm-up.
#
# To run a cell, click into it and press Shift and Enter together. The menu *Run* has
# *Run All Cells*. Begin with the cell below; it fetches what this page uses.

# %% tags=["setup"]
import random
from importlib.resources import files

from course_lib import plots, widgets
from course_lib.app import doctor
from course_lib.data import load_things
from course_lib.exercises import progress
from course_lib.exercises import start_here as exercise
from course_lib.lessons import quiz
from course_lib.training import Run, Settings, read_checkpoint, samples

things = load_things()
shipped = read_checkpoint(str(files("course_lib.data") / "things.safetensors"))

# %% [markdown]
# ## Learning is one loop, taken again and again
#
# A neural network is a function with numbers in it that can be changed, its
# **parameters**. Learning means changing them until the function is useful. However
# large the network, it happens in six steps, and then they begin anew.

# %%
plots.show(
    plots.learning_loop(),
    alt="Six boxes in a ring: take an example; forward pass, the model makes a "
    "prediction; loss, how wrong was it; backward pass, the slope of the loss for "
    "every parameter; update, a small step downhill; next example, and once more.",
)

# %% [markdown]
# The colours keep their meaning through the whole course. Sky blue is what was given,
# the data. Green flows forward: values and predictions. Vermilion is the loss. Blue
# flows backward: slopes. Orange are the parameters, which learning changes.
#
# Each of the next notebooks opens one of these boxes. In notebook 04 you write the
# fourth box yourself, and in notebook 06 it trains a small GPT.

# %% [markdown]
# ## A model that knows nothing can only make noise
#
# Here is where you are going. A tiny GPT reads sentences, one letter at a time, and
# learns to continue them. It was trained on sentences like these, typed for this
# course:

# %% tags=["nbval-check-output"]
for sentence in random.Random(7).sample(things, 5):
    print(sentence)
print(f"… {len(things)} in all")

# %% [markdown]
# **Predict first.** We give a model the beginning *"the wheel is a"* and let it write
# on. Its parameters are random numbers: nobody has trained it. What will it say?

# %% tags=["nbval-check-output"]
beginning = "the wheel is a"
settings = Settings(steps=1200, block_size=48, n_layer=2, n_embd=48, batch_size=32)
all_things = [*things, *("the " + thing.split(" ", 1)[1] for thing in things)]
newborn = Run(all_things, settings).checkpoint()
for text in samples(newborn, beginning, count=4):
    print(text)

# %% [markdown]
# Noise. Random parameters give every letter nearly the same chance. Now the same kind
# of model, with the same number of parameters, after 4,000 turns of the loop above. It
# comes with the course as a file of numbers.

# %% tags=["nbval-check-output"]
for text in samples(shipped, beginning, count=4):
    print(text)
print(f"({shipped.config.n_params:,} parameters)")

# %% [markdown]
# Nothing was added to the program between these two cells: no grammar, no list of
# categories. Only the numbers inside changed, 60,288 of them, each a little at a time.
# Try other beginnings, such as *"a hammer is a"* or *"the zebra is a"*. It has read
# those sentences. What it does with things it has never read is a question for
# notebook 07, and the answer is instructive.

# %%
your_beginning = "the robin is a"
for text in samples(shipped, your_beginning, count=4):
    print(text)

# %% [markdown]
# You need not take a file's word for it. The next cell trains a model from random
# numbers in front of you, for 1,200 turns instead of 4,000. That takes some seconds.
# Watch the loss go down.

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
    "hundred, then slowly, trembling, to a small part of its start.",
)

# %% [markdown]
# Steeply at first, then slowly: the first hundred steps do more than the next five
# hundred. The line trembles because each step looks at other sentences. What does the
# model say now?

# %%
for text in samples(student.checkpoint(), beginning, count=4):
    print(text)

# %% [markdown]
# Not noise any more: letters have become words, and words a sentence of the right
# form. With a third of the training, the category is not always the right one. More
# turns of the same loop would improve it.

# %% [markdown]
# ## Does your machine have what the course needs?
#
# The next cell looks at Python, the packages, the widgets, JAX, memory and disk. Each
# line says OK, or what to do. The same check runs in a terminal as `course doctor`.

# %%
print(doctor.report())

# %% [markdown]
# A graphics card is not needed. Every notebook runs in less than a minute of machine
# time on two ordinary cores.
#
# The doctor cannot see your browser, so the last test is yours. Below is a picture that
# answers, as there are many in this course. It replays the training above. Press ▶, or
# drag the slider. (Without a mouse: after Shift+Enter, press Shift+Tab until the slider
# is framed; the arrow keys move it, and Escape leads out.) After how many steps do you
# see the first real words?

# %%
widgets.first_words(moments, losses, beginning)

# %% [markdown]
# Within the first hundred. If the curve and the sentences follow your hand, so will
# every picture of the course. If there is only a line of text, see what the doctor says
# about widgets, reload the page and run it again.

# %% [markdown]
# ## Is there anything you would like to refresh first?
#
# Five questions, a minute or two. Nobody sees your answers, nothing depends on them,
# and every notebook explains what it uses. They only point you to a few lines that may
# save you trouble later.

# %%
print(quiz.questions())

# %% [markdown]
# Put a letter in place of each question mark and run the cell. Leave the mark where
# you are not sure.

# %%
answers = {1: "?", 2: "?", 3: "?", 4: "?", 5: "?"}
print(quiz.advice(answers))

# %% [markdown]
# ## How do exercises work, and is anything ever lost?
#
# Every exercise has the same form: a task, a cell with a beginning, and a check. You
# replace the dots `...` with your code and run the cell. As long as it is untouched,
# the check says so and the page goes on; you can skip any exercise.
#
# ### Exercise: a warm-up
#
# Write a function that returns the mean of a list of numbers. Make a mistake on
# purpose first, such as returning the sum, and read what the check says.


# %%
def mean(numbers):
    """Return the mean of a list of numbers."""
    ...


exercise.mean.check(mean)

# %% [markdown]
# Stuck? Each call of `exercise.mean.hint()` says a little more, and
# `exercise.mean.solution()` shows an answer. Neither is cheating. A check is feedback,
# not a grade: your code runs in a process of its own, so not even an endless loop can
# harm the notebook.

# %%
exercise.mean.hint()

# %% [markdown]
# Every answer that you check is written to a journal on your machine, so a crash or a
# closed browser loses nothing. This card shows where you stand:

# %%
progress.card()

# %% [markdown]
# The notebooks themselves are saved with Control and S (Command and S on a Mac). In a
# terminal, `course progress export my_progress.jsonl` writes the journal to a file that
# you can carry to another machine and `import` there. On Binder, where nothing is kept
# after you leave, do that before you go. `course reset 00_start_here` gives a fresh
# copy of a notebook and keeps yours beside it.
#
# If something does not work, run the doctor first. A red cell tells most in its last
# line. And *Kernel*, *Restart Kernel and Run All Cells* mends surprisingly much.

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
#
# They build on each other, but each runs on its own. Words that are new are explained
# where they first occur, and once more in the [glossary](../docs/GLOSSARY.md).
#
# Last, as on every page, the claim in code: the trained model finishes the sentence as
# in its data, and the newborn one never does.

# %% tags=["claim", "nbval-check-output"]
known = set(all_things)


def finished(model, seed):
    """Count how many of ten completions are sentences of the data."""
    return sum(text in known for text in samples(model, beginning, count=10, seed=seed))


for seed in range(5):
    assert finished(newborn, seed) == 0
    assert finished(shipped, seed) >= 8
print("Untrained: noise. Trained: 'the wheel is a machine part'.")

# %% [markdown]
# ## Three sentences to remember
#
# - A neural network is a function with numbers in it, and learning changes only the
#   numbers.
# - It learns in a loop: example, forward pass, loss, backward pass, update, next
#   example.
# - The walker sees only the slope under her feet, and that is enough to go down.

# %% [markdown]
# ## Where next
#
# Open [01 loss](01_loss.ipynb). It answers the first question on the mountain: how high am I?
