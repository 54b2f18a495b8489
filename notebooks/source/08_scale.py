# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 08 · Why GPUs, and what changes when one machine is not enough?
#
# In notebook 06 JAX took a training step more than a hundred times faster than our own
# engine, with the same losses. This page shows where that speed comes from, and how far
# it goes: from one number at a time to matrices, from one device to eight, from one
# process to two, and from there, on paper, to clusters of thousands. The model is the
# one you know. What changes is where its numbers lie, and what has to travel.

# %% [markdown]
# ## What you will be able to do
#
# - say why a GPU suits a neural network, and when it has nothing to do
# - predict when `jit` compiles, and what `grad`, `vmap` and `scan` cost
# - spread a batch and a model over several devices, and check that the loss stays the
#   same
# - train in two processes, lose one, and go on from the last checkpoint
# - estimate the operations, the memory and the time of a training run
#
# **Time:** 50 minutes, and about 50 more for the exercises.
#
# **Two-hour path:** nothing on this page.
#
# Run the setup cell first. After it, each section runs on its own. Three lines in it
# are new. They keep JAX to this computer's processor, have it play eight devices, so
# that you can see what programs for eight do, and compile everything anew. The eight
# share the processor's cores, so they are not faster.

# %% tags=["setup"]
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from course_lib import array, optimizers, plots, training, widgets
from course_lib.data import load_names
from course_lib.data.tokenizer import CharTokenizer
from course_lib.exercises import scale as exercise
from course_lib.lessons import costs, scale
from course_lib.lessons.stopwatch import best_rate, seconds
from course_lib.training.array_engine import global_norm, train_step

SEED = 0
jax.config.update("jax_platforms", "cpu")  # also where there is a GPU
jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_enable_compilation_cache", False)  # to see what it costs
names = load_names()
vocab = CharTokenizer(names)
rows = training.pack(names, vocab, 16)  # (5113, 17): a name a row, padded with -1
rows = np.random.default_rng(SEED).permutation(rows)
config = array.GPTConfig(vocab.vocab_size)  # the micro-GPT of notebook 06
start = array.init_gpt(np.random.default_rng(SEED), config)
batches = rows[: 200 * 16].reshape(200, 16, 17)
optimizer = optimizers.adam(0.01)
step = jax.jit(train_step, static_argnames=("config", "precision", "mesh"))

# %% [markdown]
# ## A layer is one multiplication of matrices
#
# A neuron multiplies each input by a weight and adds up the products. All neurons of a
# layer do the same with the same inputs, so their weights form a matrix. All examples
# of a batch go through the same layer, so they form a matrix too. Here is the same
# layer, computed in three ways: one product at a time, one example at a time, and
# whole.


# %%
def by_product(weights, inputs):
    """Every product by itself, in Python; weights and inputs are lists of lists."""
    return [
        [sum(w * x for w, x in zip(neuron, example)) for neuron in weights]
        for example in inputs
    ]


def by_example(weights, inputs):
    """One example after the other: a matrix times a vector."""
    return np.array([weights @ example for example in inputs])


def whole(weights, inputs):
    """All at once: a matrix times a matrix."""
    return inputs @ weights.T


# %% [markdown]
# With $n$ neurons, $n$ inputs and $n$ examples there are $n^3$ products and as many
# sums, $2\,n^3$ **operations**. Divide them by the time, and you have a rate that can
# be compared: operations a second, also called *FLOP/s*, from *floating-point
# operations*. Two helpers measure on this page: `seconds` gives the time of the fastest
# of some calls, after a first one that is not counted, `best_rate` what the largest
# products reach on this machine.
#
# **Predict first.** How much faster is the whole than one product at a time: 10 times,
# 100 times, 1,000 times? And does that depend on $n$?

# %%
sizes, ways = [8, 16, 32, 64, 128, 256, 512, 1024], (by_product, by_example, whole)
rates = {way: np.full(len(sizes), np.nan) for way in ways}
for i, n in enumerate(sizes):
    w, x = np.random.default_rng(SEED).normal(size=(2, n, n)).astype(np.float32)
    rates[by_example][i] = 2 * n**3 / seconds(by_example, w, x)
    rates[whole][i] = 2 * n**3 / seconds(whole, w, x)
    if n <= 64:
        w, x = w.tolist(), x.tolist()
        rates[by_product][i] = 2 * n**3 / seconds(by_product, w, x, calls=2)
labels = ("one product at a time", "one example at a time", "all at once")
plots.show(
    plots.rates(sizes, dict(zip(labels, rates.values())), best_rate()),
    alt="Three rates against the size, on logarithmic axes: single products stay at "
    "the bottom, examples rise, whole matrices rise highest and level off.",
)

# %%
for i, n in ((0, 8), (3, 64)):
    faster = rates[whole][i] / rates[by_product][i]
    print(f"n = {n}: the whole is {faster:,.0f} times faster than single products")
print(f"the best rate here: {best_rate():.1e} operations a second")

# %% [markdown]
# The products are the same in all three ways. Three things are saved. Python decides
# anew for each product what `*` means; the matrix product asks once. Each number has to
# be fetched from memory: for one example, a weight is fetched and used once; in the
# whole it is used for all examples while it is at hand. And the processor takes several
# products in one instruction, on all its cores. With small matrices the call itself
# takes longer than the arithmetic. The larger the product, the less the call matters
# and the more often a fetched number is used, so the two upper curves rise until the
# machine can do no more. It reaches its speed only on large products, and that is why
# models are built of them.

# %% [markdown]
# ## Why did GPUs change the field?
#
# A product of matrices has another property: none of its $n^2$ results waits for
# another one. A processor has a few cores that are quick at one thing after the other.
# A GPU has hundreds or thousands of simpler ones, made to compute the points of a
# picture, which do not wait for each other either. How many independent results does
# our little GPT offer? Take more and more names per step, and time the step. (`step` of
# the setup cell takes the parameters, Adam's state, some rows, a learning rate and the
# config. It returns both states after the step, the loss before it and the length of
# the gradient.)

# %%
batch_sizes = [1, 4, 16, 64, 256]


def timed_step(n_names):
    """Return the time of one training step on so many names."""
    array.forget_programs()  # gives back the memory of what was compiled
    state = start, optimizer.init(start)
    return seconds(lambda: step(*state, rows[:n_names], 0.01, config), calls=10)


step_times = [timed_step(n) for n in batch_sizes]
plots.show(
    plots.time_by_batch(batch_sizes, step_times),
    alt="Time of a step against the names in it: nearly flat at first, later it rises "
    "towards the dashed line, along which twice the names take twice the time.",
)

# %%
for i in (1, 4):
    ratio = step_times[i] / step_times[0]
    print(f"{batch_sizes[i]:3} names take {ratio:.1f} times as long as 1")

# %% [markdown]
# The first few names cost little: each step has a fixed price, which one name pays as
# well. Later every name costs. On a GPU the flat part is far longer, because thousands
# of results are computed side by side. There is another side to that: with a model of
# this size, and one name at a time, a GPU would wait nearly all the time.
#
# The top speeds on paper, in operations a second. They count numbers of different
# length: 32 bits for the first two, 16 for the others.

# %%
gtx_580 = 512 * 2 * 1.544e9  # cores, a product and a sum each, clock: NVIDIA, 2010
print(f"{'this machine, measured':24}{best_rate():9.1e}")
for name, peak in {"GTX 580 (2010)": gtx_580, **costs.PEAK_FLOPS}.items():
    print(f"{name:24}{peak:9.1e}  {peak / best_rate():8,.0f} times this machine")
days = 5.5 * 2 * gtx_580 / best_rate()
print(f"what two GTX 580 do in 5.5 days: {days:,.0f} days, all at top speed")

# %% [markdown]
# Two GTX 580, cards for video games, trained AlexNet in five to six days (Krizhevsky
# and others, 2012; see notebook 05). The last line says what that is on the machine you
# are at, and a study needs many trainings. Since then the chips have grown, and work
# with shorter numbers. They also have units that do nothing but multiply small matrices
# (*tensor cores*), and fast memory. The program stays as it is: JAX runs the functions
# of this course on a GPU, or on a TPU, Google's chip for the same work. The digits
# change a little, because there it multiplies 32-bit numbers with fewer of them unless
# told otherwise. Only this page keeps to the processor (see the setup cell), so that
# there are eight devices on every machine:

# %%
print(len(jax.devices()), "devices, the first one:", jax.devices()[0])

# %% [markdown]
# `course doctor` in a terminal says what JAX sees on this machine, and what to install
# if there is a GPU that it does not see.

# %% [markdown]
# ## When does jit compile, and when again?
#
# `jax.jit` turns a function into one program. It calls the function once with
# placeholders instead of numbers, **traces** what happens to them, and compiles that.
# To see it happen, put a `print` into the function: it belongs to the tracing, not to
# the program.


# %% tags=["nbval-check-output"]
@jax.jit
def loss_of(params, documents):
    print("traced for", documents.shape)
    return array.loss_fn(params, documents, config)


for documents in (rows[:4], rows[4:8], rows[:5], rows[:4]):
    print(f"called with {documents.shape}")
    loss_of(start, documents)

# %% [markdown]
# Four calls, two traces. Other numbers in an array of the same shape use the program
# that is there; another shape needs another one. So do another type of number, another
# value of what is named in `static_argnames`, and other places on devices. What was
# compiled is kept, so the last call finds it. Elsewhere in this course it is kept on
# disk, too, for the next start; this page does without, to show the price:

# %%
fresh = jax.jit(partial(array.loss_fn, config=config))
began = time.perf_counter()
fresh(start, rows[:4]).block_until_ready()
first_call = time.perf_counter() - began
later = seconds(fresh, start, rows[:4])
print(f"first call {first_call * 1e3:.0f} ms, later {later * 1e3:.2f} ms")

# %% [markdown]
# If every name came with a shape of its own, the program would be compiled once for
# each new length. That is why the names were padded to 17 tokens in the setup cell: one
# shape, one program. The padding costs operations, and saves compilations.
#
# ### Exercise: how often is it compiled?
#
# Write `count_compilations`. It gets the shapes of the arrays with which a function was
# called, as a list of tuples in the order of the calls; all hold numbers of one type.
# It returns how often `jax.jit` had to compile.


# %%
def count_compilations(shapes):
    """Return how often a jitted function is compiled for calls with these shapes."""
    ...


exercise.count_compilations.check(count_compilations)

# %%
count_compilations = exercise.count_compilations.yours_or_ours()
lengths = [(len(name) + 2,) for name in names]  # with bos at both ends
print(f"{len(names):,} names, one at a time:", end=" ")
print(count_compilations(lengths), "compilations; padded, 1")

# %% [markdown]
# ## What do grad, vmap and scan cost?
#
# `grad` and `vmap` take a function and return another one, `scan` runs one again and
# again, and `jit` makes one program of what comes out. `grad` gives the slopes of a
# loss. **Predict first:** the loss of 256 names takes some time. How much longer does
# it take with the slope of each of the 4,192 parameters?

# %%
forward = jax.jit(partial(array.loss_fn, config=config))
both = jax.jit(jax.value_and_grad(partial(array.loss_fn, config=config)))
backward_ratio = seconds(both, start, rows[:256]) / seconds(forward, start, rows[:256])
print(f"loss and all slopes take {backward_ratio:.1f} times as long as the loss")

# %% [markdown]
# A few times, whatever the number of parameters, as with the robot of notebook 04. In a
# product of matrices each product on the way forward becomes two on the way back, one
# for the slopes of the weights and one for those of the inputs. That makes three times;
# what is measured beyond it is fetching and storing what lies between.
#
# `vmap` turns a function of one example into a function of many. Here it measures how
# much a model that knows nothing would learn from each of 64 names: the length of the
# gradient, name by name.


# %%
def gradient_norm(params, document):
    """Return the length of the gradient of one document's loss."""
    return global_norm(jax.grad(array.loss_fn)(params, document, config))


one = jax.jit(gradient_norm)
many = jax.jit(jax.vmap(gradient_norm, in_axes=(None, 0)))  # one params, many rows
one_by_one = seconds(lambda: [one(start, row) for row in rows[:64]])
print(f"64 names in a loop {one_by_one * 1e3:.1f} ms", end=", ")
print(f"with vmap {seconds(many, start, rows[:64]) * 1e3:.1f} ms")
gap = np.abs(many(start, rows[:64]) - np.array([one(start, row) for row in rows[:64]]))
print("the same lengths to four decimals:", bool(gap.max() < 5e-5))

# %% [markdown]
# The function says nothing of batches. `vmap` gave every array in it one axis more, so
# that the products for one name became larger products for 64: the first section again.
#
# `scan` repeats a step inside the program. A `for` loop in a jitted function works too,
# but it is traced turn by turn, so the program grows with the number of turns.


# %%
def turn(params, row):
    """Take one step downhill; return the weights after it, and the loss before it."""
    loss, slopes = jax.value_and_grad(array.loss_fn)(params, row[None], config)
    return jax.tree.map(lambda w, slope: w - 0.1 * slope, params, slopes), loss


@jax.jit
def with_scan(params, batch):
    return jax.lax.scan(turn, params, batch)


@jax.jit
def unrolled(params, batch):
    losses = []
    for row in batch:
        params, loss = turn(params, row)
        losses.append(loss)
    return params, jnp.array(losses)


# %%
array.forget_programs()
for program in (with_scan, unrolled):
    began = time.perf_counter()
    _, turn_losses = program(start, rows[:5])
    turn_losses.block_until_ready()
    compile_time = time.perf_counter() - began
    print(f"{program.__name__:10} first call {compile_time:.1f} s", end=", ")
    print(f"last loss {turn_losses[-1]:.4f}")

# %% [markdown]
# The losses are the same. With a thousand steps instead of five the unrolled program
# would be a thousand steps long, and `scan` would compile no longer than here. The
# training of notebook 06 was one such program.

# %% [markdown]
# ## How many digits does learning need?
#
# On this page numbers have had 32 bits, that is seven digits. Chips are faster with
# shorter ones, and more of them fit into memory. **bfloat16** is half as long. It
# reaches as far as float32, to $10^{38}$, but keeps only two to three digits. What does
# that do to a step?

# %% tags=["nbval-check-output"]
for dtype in (jnp.float32, jnp.bfloat16):
    weight = jnp.array(1, dtype)
    for _ in range(1000):
        weight = weight + jnp.array(0.001, dtype)
    print(f"{dtype.dtype.name:9} 1 and a thousand steps of 0.001: {weight:.3f}", end="")
    print(f"; after 1 comes {1 + jnp.finfo(dtype).eps:.7f}")

# %% [markdown]
# In bfloat16 the next number after 1 is 1.0078. A step of 0.001 is rounded away, a
# thousand times. The weight has not moved at all, and no error was raised.
#
# The usual cure is **mixed precision**: the long weights are kept, rounded copies of
# them do the multiplications, and the small steps are added to the long ones
# (Micikevicius and others, 2017, arXiv 1710.03740; they used another 16-bit number,
# which reaches only to 65,504). **Predict first.** How much worse does the model
# become?


# %%
@partial(jax.jit, static_argnames="precision")
def losses_in(batches, precision):
    """Train on the batches in order; return the loss of each."""

    def one_step(state, batch):
        *state, loss, _ = train_step(*state, batch, 0.01, config, precision)
        return tuple(state), loss

    return jax.lax.scan(one_step, (start, optimizer.init(start)), batches)[1]


array.forget_programs()
by_precision = {p: losses_in(batches, p)[-50:].mean() for p in ("float32", "bfloat16")}
for precision, loss in by_precision.items():
    print(f"{precision:9} mean loss of the last 50 of 200 steps {loss:.3f}", end="")
    print(f", all steps in {seconds(losses_in, batches, precision, calls=2):.2f} s")

# %% [markdown]
# Hardly: the steps point nearly the same way. On a chip that is built for 16 bits they
# also take less time: by their data sheets, an A100 and an H100 do twice as many
# operations with them as with TF32, which keeps only three digits of each 32-bit number
# for the product. How your processor does with them is in the two lines above.

# %% [markdown]
# ## Eight devices find the loss of one
#
# Now spread the work. The simplest way is **data parallelism**: every device has a copy
# of the model and some rows of each batch. It computes the gradient of its rows; the
# gradients of all are added up, which is called an *all-reduce*; every device takes the
# same step. The second way cuts the model too. With `fsdp=4`, *fully sharded data
# parallelism* (Rajbhandari and others, 2019), each device keeps a quarter of every
# matrix, and borrows the rest when it is needed.
#
# In JAX you say where the numbers are to lie, and `jit` makes one program for all of
# the devices, with the messages between them. The devices stand in a grid, the *mesh*,
# here 2 by 4: along the 4 each matrix is cut into quarters, along the 2 it is copied. A
# *shard* is the piece that lies on one device.

# %%
mesh = array.device_mesh(fsdp=4)  # 2 x 4 devices
batch = array.shard_batches(rows[:16], mesh)
params = array.shard_params(start, mesh)
places = [shard.index[0] for shard in batch.addressable_shards]
plots.show(
    plots.device_grid(8, [range(16)[place] for place in places], parts=4),
    alt="Eight devices: each has two of the sixteen rows of the batch, and one of the "
    "four parts of the weights.",
)

# %% [markdown]
# The batch has 16 rows and each device two of them. Two devices hold each quarter of
# the weights. Now train with `step` of the setup cell. All that it is told of devices
# is the mesh, so that the parts of a weight can be put together before it is used; the
# rest follows from where its inputs lie:

# %%
array.forget_programs()
results = {}
for name, mesh_or_none in (("one device", None), ("eight devices", mesh)):
    params = array.shard_params(start, mesh_or_none)
    zeros = jax.tree.map(jnp.zeros_like, params)  # sharded as the weights are
    state = params, optimizers.AdamState(0, zeros, zeros)
    results[name] = []
    for rows_of_step in batches[:30]:
        batch = array.shard_batches(rows_of_step, mesh_or_none)
        *state, loss, _ = step(*state, batch, 0.01, config, mesh=mesh_or_none)
        results[name].append(float(loss))
    print(f"{name:13}", *(f"{results[name][i]:.6f}" for i in (0, 9, 19, 29)))
gap = np.abs(np.subtract(*results.values())).max()
print(f"largest difference in 30 steps: {gap:.0e}")

# %% [markdown]
# The losses agree to about six digits. They need not agree to the last one: eight
# devices add up in another order than one, and each sum of 32-bit numbers is rounded.
# The steps carry such differences on, so two long runs may part.
#
# ### Exercise: the loss of eight devices
#
# There is a trap. Names differ in length, so the rows of one device may hold more
# targets than those of another. Write `mean_over_devices`. It gets two NumPy arrays, the
# mean loss of each device and its number of targets, and returns the mean over all the
# targets of the batch. A device that has only padding has no targets, and reports `nan`.


# %%
def mean_over_devices(losses, counts):
    """Return the mean loss per target of the whole batch."""
    ...


exercise.mean_over_devices.check(mean_over_devices)

# %% [markdown]
# Of all the bugs that one can make with many devices, this is a quiet one: the mean of
# means looks like a loss, falls like a loss, and gives the wrong gradient. That is why
# the test is always the same: *the loss of one device*.
#
# And what does cutting the weights save?

# %%
everywhere = sum(matrix.nbytes for matrix in start.values())
here = sum(m.addressable_shards[0].data.nbytes for m in state[0].values())
print(f"weights {everywhere:,} bytes; on the first device {here:,} between two steps")

# %% [markdown]
# During a step this program puts all matrices together and adds up whole gradients, so
# it needs more for a while. Large systems borrow one layer at a time, and leave each
# device only its part of the sum. Either way there are more messages than with copies.
#
# ### Exercise: what lies on each device
#
# Training keeps four numbers for each parameter: the parameter, its gradient, and the
# two moments of Adam. Write `bytes_per_device`. If the state is not sharded, each
# device has all of it. If it is, each device has an equal share of the parameters,
# whole ones only; if they do not divide evenly, count for a device with the larger
# share.


# %%
def bytes_per_device(n_params, n_devices, bytes_per_number, sharded):
    """Return the bytes of training state on one device."""
    ...


exercise.bytes_per_device.check(bytes_per_device)

# %% [markdown]
# ## Two processes, one run, and one of them dies
#
# The eight devices above live in one process. In a cluster each machine runs its own
# process with its own devices, and they meet over the network. You can try that here:
# two processes on this computer, which talk to each other as if they were far apart.
# First a run in a single process, to compare with.

# %%
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())  # for checkpoints and logs
options = ["--steps", "600", "--batch-size", "16", "--save-every", "0.1"]  # seconds


def train_with(name, *more):
    """Start `course train` as a process of its own; return it."""
    places = ["--checkpoint", folder / name, "--log", folder / f"{name}.csv"]
    command = [sys.executable, "-m", "course_lib", "train", *options, *places, *more]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    on_cpu = {**os.environ, "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen([str(part) for part in command], env=on_cpu, **pipes)


def log_of(name):
    """Return the losses in the log of a run, step by step."""
    with (folder / f"{name}.csv").open() as lines:
        return [float(row["loss"]) for row in csv.DictReader(lines)]


said, _ = train_with("alone").communicate()
print(*[line for line in said.splitlines() if line.startswith("step")][-1:])

# %% [markdown]
# Now the same in two processes (only the first one writes the files). They need an
# address at which to meet, how many they are, and each its number. As soon as step 200
# is done, we kill the second one without a warning, as a power cut would.
#
# **Predict first.** What will the first one do: go on alone, wait for ever, or stop?

# %%
import socket

with socket.socket() as free:  # a port that nobody uses
    free.bind(("127.0.0.1", 0))
    address = f"127.0.0.1:{free.getsockname()[1]}"
team = ["--coordinator", address, "--num-processes", "2", "--process-id"]
first, second = train_with("pair", *team, 0), train_with("pair", *team, 1)
for line in first.stdout:
    if line.startswith("step 200"):
        second.kill()
        break
_, last_words = first.communicate()
second.communicate()
print(last_words.strip())
print("exit status:", first.returncode)

# %% [markdown]
# It stops, and says so. (The message and the kill took a moment, so the pair had come
# some steps further.) It cannot go on: every step needs the gradients of both. What it
# must not do is hang, because a cluster that waits costs as much as one that works. So
# the last checkpoint decides how much is lost. A run started again goes on from there,
# with two processes, or with one:

# %%
print("the last checkpoint is of step", training.load_checkpoint(folder / "pair").step)
train_with("pair", "--resume").communicate()
both_runs = np.array([log_of("alone"), log_of("pair")])
process_gap = np.abs(both_runs[0] - both_runs[1]).max()
print(f"{both_runs.shape[1]} losses of each; largest difference {process_gap:.0e}")

# %% [markdown]
# Six hundred losses, the first ones by two processes, the rest by one, and they are
# those of the run that nobody disturbed, but for rounding: two halves are added up in
# another order, and on some processors the difference grows from step to step. In real
# clusters this is daily work. When Llama 3 405B was trained on 16,384 GPUs, 419
# unexpected interruptions were counted in 54 days of it, one in about three hours
# (Llama Team, 2024, arXiv 2407.21783, section 3.3.4).
#
# On a cluster the address and the numbers come from its scheduler. Files to start from,
# for Slurm and for Kubernetes, are in [docs/cluster](../docs/cluster/README.md).

# %% [markdown]
# ## What does a training run need?
#
# All of it can be worked out before the first step: parameters, operations, bytes,
# days.
#
# ### Exercise: count the parameters
#
# Write `count_parameters` for our GPT: a table of `vocab_size` vectors of width
# `n_embd` at the entrance and another one at the exit, a vector for each of the
# `block_size` positions. In every layer attention has four matrices of `n_embd` by
# `n_embd`; the feed-forward part leads to four times the width and back. There are no
# biases.


# %%
def count_parameters(vocab_size, block_size, n_layer, n_embd):
    """Return the number of parameters of the GPT."""
    ...


exercise.count_parameters.check(count_parameters)

# %% [markdown]
# ### Exercise: count the operations
#
# A matrix of `n` by `k` numbers times a vector takes `2 * n * k` operations. Write
# `count_flops`, for one token of training. On the way forward the token's vector meets
# every matrix once, but for the tables at the entrance, where a row is looked up. In
# each layer it is also compared with all `n_read` tokens of the text, later ones too:
# `n_embd` products for each, every one with its sum. Mixing their values takes as many
# again. The way back takes twice as many operations as the way forward.


# %%
def count_flops(vocab_size, n_layer, n_embd, n_read):
    """Return the operations of one token of training, forward and back."""
    ...


exercise.count_flops.check(count_flops)

# %%
count_parameters = exercise.count_parameters.yours_or_ours()
count_flops = exercise.count_flops.yours_or_ours()
print("layers x width  parameters  operations   ratio")
for n_layer, n_embd in ((1, 16), (4, 128), (12, 768), (96, 12_288)):
    n_params = count_parameters(50_257, 1024, n_layer, n_embd)
    flops = count_flops(50_257, n_layer, n_embd, 1024)
    print(
        f"{n_layer:5} x {n_embd:6}{n_params:12.1e}{flops:12.1e}{flops / n_params:8.2f}"
    )

# %% [markdown]
# For large models the ratio comes near 6: this is the rule of thumb of notebook 07,
# *six operations for each parameter and token*: a product and a sum, three times. In
# small models the table at the entrance, which costs no operations, holds half of the
# parameters; attention adds a little, as long as a text is short against six times the
# width. Hold it against the clock. A model of four layers, 128 wide, learns from texts
# of 64 tokens, twelve at a time:

# %%
array.forget_programs()
larger = array.GPTConfig(vocab.vocab_size, 64, n_layer=4, n_head=4, n_embd=128)
weights = array.init_gpt(np.random.default_rng(SEED), larger)
texts = np.random.default_rng(SEED).integers(0, 27, (12, 65))
state = weights, optimizer.init(weights)
step_time = seconds(lambda: step(*state, texts, 0.01, larger), calls=10)
done = 12 * 64 * scale.flops_per_token(larger, 64)
used = done / step_time / best_rate()
print(f"{larger.n_params:,} parameters, {12 * 64 / step_time:,.0f} tokens a second")
print(
    f"{done / step_time:.1e} operations a second, {100 * used:.0f} % of the best rate"
)

# %% [markdown]
# The rest goes to products too small for the best rate, and to what is no product:
# norms, softmax, the optimizer, numbers fetched and put back. In the trade such a share
# is called **model FLOPs utilisation**, MFU (Chowdhery and others, 2022), but there it
# is a share of the peak on the data sheet, which no product quite reaches. By the
# figures of notebook 07, published runs lie between a quarter and somewhat more than a
# half. Llama 3 405B reached 38 to 43 % while it ran (Llama Team, 2024, table 4); the 35
# % of notebook 07 divides by all its hours.
#
# ### Memory: four numbers for each parameter, and the activations
#
# Four numbers of four bytes are sixteen bytes for each parameter. The way back also
# needs what the way forward computed, so these numbers, the **activations**, stay in
# memory until then. They grow with the batch; the other parts do not. JAX can say what
# a compiled step needs:

# %%
compiled = step.lower(*state, texts, 0.01, larger).compile().memory_analysis()
by_rule = scale.state_bytes(larger.n_params)
kept = by_rule["weights"] + by_rule["Adam's moments"]
print(f"weights and moments   {kept:12,.0f} bytes by the rule")
print(
    f"what the step is given{compiled.argument_size_in_bytes:12,} bytes, batch included"
)
print(f"what it gives back    {compiled.output_size_in_bytes:12,} bytes")
print(f"what it needs besides {compiled.temp_size_in_bytes:12,} bytes")
print(f"of that for gradients {by_rule['gradients']:12,.0f} bytes by the rule")

# %% [markdown]
# Weights and moments are as the rule says. The new ones lie beside the old ones here;
# JAX can let them take the same place (`donate_argnums`). Of what the step needs
# besides, gradients are a tenth; most of the rest is activations. For large models they
# can be estimated (Korthikanti and others, 2022). **Predict first.** Can a GPU with 80
# GB train a GPT-3 of 6.7 billion parameters, one text of 2,048 tokens at a time? And
# with the state cut into parts, on 8 of them, or on 64?

# %%
model = scale.MODELS["GPT-3 6.7B"]
bars = {
    words: scale.state_bytes(model.n_params, n_devices, sharded=True)
    | {"activations": scale.activation_bytes(model, n_texts=1)}
    for words, n_devices in (("on 1 device", 1), ("on 8", 8), ("on 64", 64))
}
plots.show(
    plots.memory_parts(bars, limit=80e9),
    alt="On one device 137 GB, above the 80 of an H100. On eight 44 GB each, on 64 "
    "hardly more than the activations.",
)

# %% [markdown]
# On one it cannot, by far. Cut into eight parts it can, if weights are borrowed one
# layer at a time, and from there on most of the memory goes to activations. They can be
# had for less. Most of them are the scores of attention, which newer programs do not
# store (*FlashAttention*; Dao and others, 2022). Or keep only what goes into each
# layer, and compute the rest again on the way back, for a third more operations (Chen
# and others, 2016). Now choose *GPT-3 175B* and one text at a time: on how many devices
# does it fit, with activations kept, and with activations computed again?

# %%
widgets.memory_by_part()

# %% [markdown]
# With activations kept it fits on no number of them: those of a single text are 275 GB,
# and each device has a text. Computed again, layer by layer, it fits on 64.
#
# ### Time: what is divided, and what is not
#
# More devices share the computing, but the messages stay: each device has to receive
# the sum of all gradients, however many devices there are. **Predict first.** 1,024
# devices instead of one: is a step 1,024 times as fast? On which network? Drag along
# the curves.

# %%
widgets.where_the_time_goes()

# %% [markdown]
# Over InfiniBand, with the largest batch, it is about 640 times as fast. The fastest
# link would give more, but joins only the few devices of one machine. With a slow
# network or a small batch the messages are soon all that is left; real systems hide a
# part of them by sending while they compute. And a batch cannot grow for ever: beyond
# some size, more examples per step hardly improve the step (notebook 03).
#
# ### A pipeline of devices (optional)
#
# If a model is too large for a device, its layers can also be laid out along a row of
# devices. Then the later ones wait for the earlier ones, and on the way back the
# earlier ones wait. Cut the batch into more *microbatches*, and watch the waiting
# shrink. Then each product is smaller, though. A third way cuts each matrix, and the
# devices of a machine compute each product together (*tensor parallelism*). Large runs
# combine all three.

# %%
widgets.pipeline()

# %% [markdown]
# ### From this page to a cluster, on paper
#
# Now the whole way. For each run: how long would this machine take at its best rate,
# and how long would a number of H100 take at 40 % of their peak? Llama used 16,384; the
# other two numbers are ours. *GPT-2 124M again* is the repetition that you met in
# notebook 07.

# %%
cluster = {"GPT-2 124M again": 8, "GPT-3 175B": 1024, "Llama 3.1 405B": 16_384}
print(f"{'years here':>31}{'hours':>10}  on so many H100")
for run in costs.PUBLISHED:
    if run.name in cluster:
        years = run.flops / best_rate() / (365 * 24 * 3600)
        n = cluster[run.name]
        hours = run.flops / (n * 0.4 * costs.PEAK_FLOPS["H100"]) / 3600
        print(f"{run.name:17}{years:14,.0f}{hours:10,.1f}{n:17,}")

# %% [markdown]
# By its model card Llama took 30.84 million hours, 1,882 for each device if all worked
# all the time: more than the table says, which assumes 40 % throughout and nothing that
# goes wrong. It is the same loop, the same loss, the same rule of blame. Between the
# first row and the last lie chips, a network, checkpoints, and a great deal of money.
#
# Finally, the claims of this page in code. They held for ten values of `SEED`.

# %% tags=["claim", "nbval-check-output"]
assert rates[whole][3] > 10 * rates[by_product][3]  # 64 x 64
assert first_call > 5 * later
assert abs(by_precision["float32"] - by_precision["bfloat16"]) < 0.05
assert gap < 1e-4  # eight devices, one loss
assert here * 4 < everywhere * 1.01
assert first.returncode == 1  # it noticed, and did not hang
assert process_gap < 0.1  # rounding that grows for 600 steps
assert np.isclose(scale.flops_per_token(larger, 64), count_flops(27, 4, 128, 64))
print(
    "Large products, few programs, one loss: on one device, on eight, in two processes."
)

# %% [markdown]
# ## Three sentences to remember
#
# - A network is large products of matrices with independent results, which is what GPUs
#   are built for; small ones leave them idle.
# - Many devices must find the loss of one: work is divided, but gradients have to
#   travel, and one lost process stops all, so checkpoints decide how much is lost.
# - Parameters, operations (six for each parameter and token), bytes (sixteen for each
#   parameter, and activations) and days can be worked out before the first step.

# %% [markdown]
# ## Where next
#
# You have seen the loop run on one number, on matrices, on eight devices and in two
# processes. To train on your own machines, start with `course train --help` and
# [docs/cluster](../docs/cluster/README.md). How a model that continues texts becomes one
# that answers questions is the subject of [09 assistant](09_assistant.ipynb). Unsure of
# a word? It stands in the [glossary](../docs/GLOSSARY.md).
