# mypy: ignore-errors
"""The exercises of 08_scale. Answers are written as learners write: untyped."""

from __future__ import annotations

import numpy as np

from course_lib.exercises.core import exercise

# --- count_parameters ---------------------------------------------------------------


@exercise(
    title="Count the parameters",
    task=(
        "Write a function that returns the number of parameters of this course's GPT. "
        "It has two tables of vocab_size rows, the token embedding and lm_head, and "
        "one of block_size rows, the positions; every row holds n_embd numbers. Each "
        "of its n_layer layers has four matrices of n_embd by n_embd for attention, "
        "and two for the feed-forward network: from n_embd to 4 * n_embd, and back. "
        "Nothing has a bias, and the norms have no parameters."
    ),
    hints=(
        "Count apart what is there once, the tables, and what is there once for each "
        "layer. A table or matrix holds rows times columns.",
        "One layer: four matrices of n_embd * n_embd, one of n_embd * 4 * n_embd and "
        "one of 4 * n_embd * n_embd.",
        "(2 * vocab_size + block_size) * n_embd for the tables, and n_layer * 12 * "
        "n_embd ** 2 for the layers.",
    ),
    cases=[
        (27, 16, 1, 16),
        (27, 16, 2, 16),
        (11, 7, 3, 6),
        (5, 9, 1, 1),
        (100, 3, 4, 10),
        (50257, 1024, 12, 768),
    ],
    after=(
        "A layer grows with the square of the width, a table only with the width: the "
        "wider a model, the more of it lies in its layers."
    ),
)
def count_parameters(vocab_size, block_size, n_layer, n_embd):
    """Return the number of parameters of the GPT."""
    tables = (2 * vocab_size + block_size) * n_embd
    attention = 4 * n_embd**2
    feed_forward = 8 * n_embd**2
    return tables + n_layer * (attention + feed_forward)


count_parameters.wrong_edit(
    "one table of the vocabulary",
    "Some models use one table to read a token and to score it. This one has a token "
    "embedding and an lm_head.",
    ("2 * vocab_size", "vocab_size"),
)
count_parameters.wrong_edit(
    "positions forgotten",
    "Does a longer context change your count? Each position has a row in a table of "
    "its own.",
    (" + block_size", ""),
)
count_parameters.wrong_edit(
    "one table of the vocabulary, and no positions",
    "One table is here. Two have vocab_size rows, and a third has block_size rows.",
    ("2 * vocab_size + block_size", "vocab_size"),
)
count_parameters.wrong_edit(
    "tables forgotten",
    "These are the layers. With what does the model look up a token, and score the "
    "next one?",
    ("tables + ", ""),
)
count_parameters.wrong_edit(
    "layers forgotten",
    "These are the tables. The layers between them have matrices too.",
    (" + n_layer * (attention + feed_forward)", ""),
)
count_parameters.wrong_edit(
    "one layer, however many there are",
    "A second layer has matrices of its own. Does your count grow with n_layer?",
    ("n_layer * (", "("),
)
count_parameters.wrong_edit(
    "feed-forward of one layer only",
    "Attention grows with n_layer here, the feed-forward network does not. Look at "
    "your brackets.",
    ("(attention + feed_forward)", "attention + feed_forward"),
)
count_parameters.wrong_edit(
    "attention of one layer only",
    "The feed-forward network grows with n_layer here, attention does not. Look at "
    "your brackets.",
    ("n_layer * (attention + feed_forward)", "attention + n_layer * feed_forward"),
)
count_parameters.wrong_edit(
    "tables in every layer",
    "The tables are there once: before the first layer, and after the last.",
    (
        "tables + n_layer * (attention + feed_forward)",
        "n_layer * (tables + attention + feed_forward)",
    ),
)
count_parameters.wrong_edit(
    "positions in every layer",
    "The positions are added once, before the first layer. How many tables of them "
    "are there?",
    ("block_size)", "n_layer * block_size)"),
)
count_parameters.wrong_edit(
    "feed-forward matrices of n_embd by n_embd",
    "The hidden layer of the feed-forward network is wider than the model. How many "
    "numbers has a matrix from n_embd to 4 * n_embd?",
    ("8 * n_embd", "2 * n_embd"),
)
count_parameters.wrong_edit(
    "a third of each layer missing",
    "Each layer should be half as large again. Are all four matrices of attention in "
    "it, and of the feed-forward network the way back as well?",
    ("8 * n_embd", "4 * n_embd"),
)
count_parameters.wrong_edit(
    "feed-forward matrices of 4 n_embd by 4 n_embd",
    "Only one side of each feed-forward matrix is 4 * n_embd.",
    ("8 * n_embd", "32 * n_embd"),
)
count_parameters.wrong_edit(
    "feed-forward twice",
    "The feed-forward network should be half of this. It has two matrices, and neither "
    "is 4 * n_embd both high and wide.",
    ("8 * n_embd", "16 * n_embd"),
)
count_parameters.wrong_edit(
    "feed-forward forgotten",
    "After attention, each layer has a feed-forward network, and most of its "
    "parameters lie there.",
    ("attention + feed_forward)", "attention)"),
)
count_parameters.wrong_edit(
    "three matrices of attention",
    "Queries, keys and values make three. Through which matrix goes what the heads "
    "have mixed?",
    ("4 * n_embd", "3 * n_embd"),
)
count_parameters.wrong_edit(
    "one matrix of attention",
    "Attention has more than one matrix: queries, keys and values differ.",
    ("4 * n_embd", "n_embd"),
)
count_parameters.wrong_edit(
    "the width not squared",
    "A matrix of n_embd by n_embd: with 16, how many numbers are in it?",
    ("4 * n_embd**2", "4 * n_embd"),
    ("8 * n_embd**2", "8 * n_embd"),
)
count_parameters.wrong_edit(
    "the width of the feed-forward network not squared",
    "A matrix from n_embd to 4 * n_embd: with 16 and 64, how many numbers are in it?",
    ("8 * n_embd**2", "8 * n_embd"),
)
count_parameters.wrong_edit(
    "tables without their width",
    "These are the rows of the tables. How many numbers stand in each row?",
    ("(2 * vocab_size + block_size) * n_embd", "2 * vocab_size + block_size"),
)
count_parameters.wrong_edit(
    "a table of block_size by block_size",
    "The scores between all positions are computed anew for each text. What is stored "
    "of a position is one row of n_embd numbers.",
    (
        "(2 * vocab_size + block_size) * n_embd",
        "2 * vocab_size * n_embd + block_size**2",
    ),
)
count_parameters.wrong_edit(
    "biases of the layers counted",
    "These are more than there are: no matrix of this GPT has a bias beside it.",
    ("feed_forward = 8 * n_embd**2", "feed_forward = 8 * n_embd**2 + 9 * n_embd"),
)
count_parameters.wrong_edit(
    "biases of the layers and of lm_head counted",
    "These are more than there are: neither a layer nor lm_head has a bias here.",
    ("feed_forward = 8 * n_embd**2", "feed_forward = 8 * n_embd**2 + 9 * n_embd"),
    ("return tables", "return vocab_size + tables"),
)
count_parameters.wrong_edit(
    "biases of the feed-forward network counted",
    "These are more than there are: the feed-forward network of this GPT has no bias.",
    ("feed_forward = 8 * n_embd**2", "feed_forward = 8 * n_embd**2 + 5 * n_embd"),
)
count_parameters.wrong_edit(
    "biases of attention counted, or norms",
    "These are more than there are: attention has no bias here, and a norm learns "
    "nothing.",
    ("feed_forward = 8 * n_embd**2", "feed_forward = 8 * n_embd**2 + 4 * n_embd"),
)
count_parameters.wrong_edit(
    "biases and norms counted",
    "These are more than there are: in this GPT no matrix has a bias, and a norm "
    "learns nothing.",
    ("feed_forward = 8 * n_embd**2", "feed_forward = 8 * n_embd**2 + 13 * n_embd"),
    ("return tables", "return 2 * n_embd + tables"),
)
count_parameters.wrong_edit(
    "a bias of lm_head counted",
    "This is one number too many for each token: lm_head has no bias here.",
    ("return tables", "return vocab_size + tables"),
)
count_parameters.wrong_edit(
    "norms counted",
    "These are more than there are. In other models a norm learns a factor for each "
    "number; here it learns nothing.",
    ("feed_forward = 8 * n_embd**2", "feed_forward = 8 * n_embd**2 + 2 * n_embd"),
)
count_parameters.wrong_edit(
    "norms counted, the last one too",
    "These are more than there are. In other models a norm learns a factor for each "
    "number; here it learns nothing.",
    ("feed_forward = 8 * n_embd**2", "feed_forward = 8 * n_embd**2 + 2 * n_embd"),
    ("return tables", "return n_embd + tables"),
)
count_parameters.wrong_edit(
    "one more token",
    "vocab_size counts all tokens, the one for the beginning of a text included.",
    ("2 * vocab_size", "2 * (vocab_size + 1)"),
)
count_parameters.wrong_edit(
    "one more position",
    "block_size positions are read: that many rows has their table.",
    ("block_size)", "block_size + 1)"),
)
count_parameters.wrong_edit(
    "three counts in place of their sum",
    "The three parts are right. Return their sum.",
    (
        "tables + n_layer * (attention + feed_forward)",
        "[tables, n_layer * attention, n_layer * feed_forward]",
    ),
)


@count_parameters.right("matrix by matrix, in a loop")
def _(vocab_size, block_size, n_layer, n_embd):
    shapes = [(vocab_size, n_embd), (block_size, n_embd), (vocab_size, n_embd)]
    for _layer in range(n_layer):
        shapes += [(n_embd, n_embd)] * 4
        shapes += [(4 * n_embd, n_embd), (n_embd, 4 * n_embd)]
    total = 0
    for rows, columns in shapes:
        total += rows * columns
    return total


@count_parameters.right("the course's own count")
def _(vocab_size, block_size, n_layer, n_embd):
    from course_lib.scalar import GPTConfig

    return GPTConfig(vocab_size, block_size, n_layer, 1, n_embd).n_params


@count_parameters.right("the shapes of the course's own matrices")
def _(vocab_size, block_size, n_layer, n_embd):
    import math

    from course_lib.scalar import GPTConfig

    config = GPTConfig(vocab_size, block_size, n_layer, n_head=1, n_embd=n_embd)
    return sum(math.prod(shape) for shape in config.shapes().values())


@count_parameters.right("in one line")
def _(vocab_size, block_size, n_layer, n_embd):
    return n_embd * (vocab_size * 2 + block_size + n_layer * n_embd * 12)


@count_parameters.right("as a dot product in NumPy")
def _(vocab_size, block_size, n_layer, n_embd):
    rows = np.array([vocab_size, block_size, n_layer * n_embd])
    return np.array([2, 1, 12]) @ rows * n_embd


@count_parameters.right("with a helper for a matrix")
def _(vocab_size, block_size, n_layer, n_embd):
    def matrix(n_out, n_in):
        return n_out * n_in

    hidden = 4 * n_embd
    attention = sum(matrix(n_embd, n_embd) for _name in ("q", "k", "v", "o"))
    layer = attention + matrix(hidden, n_embd) + matrix(n_embd, hidden)
    tables = matrix(vocab_size, n_embd) * 2 + matrix(block_size, n_embd)
    return sum([tables] + n_layer * [layer])


# --- count_flops --------------------------------------------------------------------


@exercise(
    title="Count the operations",
    task=(
        "Write a function that returns how many operations the matrix products take "
        "in the training on one token of a text of n_read tokens, forward and "
        "backward. Each weight that the token is multiplied with takes two: a product "
        "and a sum. The weights are 12 * n_embd ** 2 in each layer, and lm_head, "
        "vocab_size by n_embd. In each layer the token's query, n_embd numbers, is "
        "also compared with n_read keys, and n_read values are mixed, as long as the "
        "query; masked ones are computed too. Backward takes twice as much as "
        "forward. Rows of a table that are looked up take nothing."
    ),
    hints=(
        "Count the forward way first, in products of two numbers: the weights, then "
        "attention. A product and a sum are two operations; backward comes last.",
        "Attention in one layer: n_read * n_embd products to compare the query with "
        "all keys, and as many to mix all values.",
        "forward = 2 * (12 * n_layer * n_embd ** 2 + vocab_size * n_embd + 2 * n_layer "
        "* n_read * n_embd). Forward once and backward twice as much: three times it.",
    ),
    cases=[
        (27, 1, 16, 16),
        (27, 2, 16, 5),
        (10, 3, 4, 1),
        (7, 4, 3, 100),
        (500, 2, 8, 20),
        (50257, 12, 768, 1024),
    ],
    after=(
        "Without attention's part this is the rule of 6: six operations for each "
        "weight and token. The longer the text, the more attention adds to each token."
    ),
)
def count_flops(vocab_size, n_layer, n_embd, n_read):
    """Return the operations of one token of training, forward and back."""
    weights = 12 * n_layer * n_embd**2 + vocab_size * n_embd
    attention = 2 * n_layer * n_read * n_embd
    forward = 2.0 * (weights + attention)
    return 3 * forward


count_flops.wrong_edit(
    "one operation for a product and its sum",
    "A matrix product adds up what it multiplies. How many operations is one product "
    "with its sum?",
    ("2.0 * (weights + attention)", "weights + attention"),
)
count_flops.wrong_edit(
    "backward forgotten",
    "This is the way forward, as in writing a text. Training also goes back.",
    ("3 * forward", "forward"),
)
count_flops.wrong_edit(
    "twice the forward way",
    "Backward, each product becomes two: one for the slopes of the weights and one for "
    "those of the inputs. Are both in your sum, and the forward way as well?",
    ("3 * forward", "2 * forward"),
)
count_flops.wrong_edit(
    "backward three times the forward way",
    "Three times the forward way is all of it. How much of that is the way back?",
    ("3 * forward", "4 * forward"),
)
count_flops.wrong_edit(
    "forward, counted as one operation for each weight",
    "Two things are missing: the sum beside each product, and the way back.",
    ("2.0 * (weights + attention)", "weights + attention"),
    ("3 * forward", "forward"),
)
count_flops.wrong_edit(
    "token embedding counted",
    "The row of a token in the embedding is looked up, not multiplied. What does that "
    "cost? Only lm_head is a product.",
    ("vocab_size * n_embd", "2 * vocab_size * n_embd"),
)
count_flops.wrong_edit(
    "token embedding counted, attention forgotten",
    "Six for each parameter is a rule of thumb. The embedding is looked up, not "
    "multiplied, and attention compares and mixes, without weights.",
    ("vocab_size * n_embd", "2 * vocab_size * n_embd"),
    ("weights + attention", "weights"),
)
count_flops.wrong_edit(
    "lm_head forgotten",
    "Does a larger vocabulary cost you anything? At the end every token gets a score.",
    (" + vocab_size * n_embd", ""),
)
count_flops.wrong_edit(
    "lm_head in every layer",
    "The tokens are scored once, after the last layer. Look at your brackets.",
    (
        "12 * n_layer * n_embd**2 + vocab_size * n_embd",
        "n_layer * (12 * n_embd**2 + vocab_size * n_embd)",
    ),
)
count_flops.wrong_edit(
    "attention forgotten",
    "Does a longer text cost you anything for each token? It has more to compare "
    "itself with.",
    ("weights + attention", "weights"),
)
count_flops.wrong_edit(
    "lm_head and attention forgotten",
    "These are the weights of the layers. The scores of the next token and the looking "
    "at other tokens are products too.",
    (" + vocab_size * n_embd", ""),
    ("weights + attention", "weights"),
)
count_flops.wrong_edit(
    "half of attention",
    "Attention should be twice this. Are keys and values in it, the masked ones too, "
    "and a sum beside each product?",
    ("2 * n_layer * n_read", "n_layer * n_read"),
)
count_flops.wrong_edit(
    "attention twice",
    "Attention should be half of this. Is the sum beside each product counted once?",
    ("2 * n_layer * n_read", "4 * n_layer * n_read"),
)
count_flops.wrong_edit(
    "masked tokens left out",
    "On average a token may look at about half of the text. But what the mask hides "
    "is computed here as well.",
    ("2 * n_layer * n_read", "n_layer * (n_read + 1)"),
)
count_flops.wrong_edit(
    "attention of the whole text",
    "n_read squared is what all queries of the text take. This is about one token.",
    ("n_read * n_embd", "n_read**2 * n_embd"),
)
count_flops.wrong_edit(
    "the whole text in place of one token",
    "This is the training on all n_read tokens. How much of it is one token's?",
    ("3 * forward", "3 * n_read * forward"),
)
count_flops.wrong_edit(
    "attention in one layer only",
    "Each layer has an attention of its own. Does yours grow with n_layer?",
    ("2 * n_layer * n_read", "2 * n_read"),
)
count_flops.wrong_edit(
    "one layer, however many there are",
    "A second layer has matrices of its own. Do the weights grow with n_layer?",
    ("12 * n_layer * n_embd**2", "12 * n_embd**2"),
)
count_flops.wrong_edit(
    "one layer with one attention, however many there are",
    "Does a second layer cost you anything? It has weights and an attention of its "
    "own.",
    ("12 * n_layer * n_embd**2", "12 * n_embd**2"),
    ("2 * n_layer * n_read", "2 * n_read"),
)
count_flops.wrong_edit(
    "the width not squared",
    "A matrix of n_embd by n_embd: with 16, how many numbers are in it?",
    ("n_embd**2", "n_embd"),
)
count_flops.wrong_edit(
    "attention with the width squared",
    "A query and a key are n_embd numbers each: how many products does it take to "
    "compare the two?",
    ("n_read * n_embd", "n_read * n_embd**2"),
)
count_flops.wrong_edit(
    "attention without its width",
    "To compare a query with one key takes more than one product: how long are they?",
    ("n_read * n_embd", "n_read"),
)
count_flops.wrong_edit(
    "attention without its way back",
    "The way back goes through attention too. What does it take there?",
    ("3 * forward", "6 * weights + 2 * attention"),
)
count_flops.wrong_edit(
    "attention without the sums of its products",
    "The weights take two operations each, a product and a sum. So does each product "
    "of attention, and it goes back as well.",
    ("3 * forward", "6 * weights + attention"),
)
count_flops.wrong_edit(
    "lm_head without the sums of its products",
    "The layers take two operations for each weight, a product and a sum. So does "
    "lm_head: look at your brackets.",
    ("vocab_size * n_embd", "vocab_size * n_embd / 2"),
)
count_flops.wrong_edit(
    "attention's matrices alone in place of whole layers",
    "4 * n_embd ** 2 weights are those of attention. The feed-forward network has "
    "twice as many.",
    ("12 * n_layer", "4 * n_layer"),
)
count_flops.wrong_edit(
    "a third of each layer missing",
    "Each layer should have half as many weights again. Are all matrices of attention "
    "and of the feed-forward network among them?",
    ("12 * n_layer", "8 * n_layer"),
)
count_flops.wrong_edit(
    "forward and backward apart",
    "The two ways are right. Return their sum.",
    ("3 * forward", "forward, 2 * forward"),
)


@count_flops.right("in whole numbers")
def _(vocab_size, n_layer, n_embd, n_read):
    layer = 12 * n_embd * n_embd + 2 * n_read * n_embd
    return 6 * (n_layer * layer + vocab_size * n_embd)


@count_flops.right("product by product, in a loop")
def _(vocab_size, n_layer, n_embd, n_read):
    def product(n, k, m):
        return 2 * n * k * m

    forward = product(1, n_embd, vocab_size)
    for _layer in range(n_layer):
        for _matrix in range(4):
            forward += product(1, n_embd, n_embd)
        forward += product(1, n_embd, n_read)
        forward += product(1, n_read, n_embd)
        forward += product(1, n_embd, 4 * n_embd)
        forward += product(1, 4 * n_embd, n_embd)
    backward = 2 * forward
    return forward + backward


@count_flops.right("the whole text, shared by its tokens")
def _(vocab_size, n_layer, n_embd, n_read):
    matrices = n_layer * 12 * n_embd**2 + n_embd * vocab_size
    whole = 2 * n_read * matrices + 4 * n_layer * n_read**2 * n_embd
    return (whole + 2 * whole) / n_read


@count_flops.right("the rule of 6, and attention")
def _(vocab_size, n_layer, n_embd, n_read):
    from course_lib.lessons.costs import training_flops
    from course_lib.scalar import GPTConfig

    n_params = GPTConfig(vocab_size, 1, n_layer, 1, n_embd).n_params
    looked_up = (vocab_size + 1) * n_embd
    attention = 12 * n_layer * n_read * n_embd
    return training_flops(n_params - looked_up, 1) + attention


@count_flops.right("as a dot product in NumPy")
def _(vocab_size, n_layer, n_embd, n_read):
    widths = np.array([n_embd * n_embd, n_read * n_embd], dtype=float)
    return 6 * (n_layer * np.dot([12, 2], widths) + vocab_size * n_embd)


@count_flops.right("in float32")
def _(vocab_size, n_layer, n_embd, n_read):
    width = np.float32(n_embd)
    forward = 2 * width * (n_layer * (12 * width + 2 * n_read) + vocab_size)
    return forward * np.float32(3)


# --- mean_over_devices --------------------------------------------------------------


@exercise(
    title="The loss of eight devices",
    task=(
        "Write a function that takes two NumPy arrays with one entry for each device: "
        "the mean loss over the targets in its rows, and how many targets these are "
        "(tokens to be predicted that are not padding). It returns the mean loss over "
        "all targets of all devices. A device without targets reports nan or 0 as its "
        "loss, and must not count; at least one device has targets."
    ),
    hints=(
        "A device with 100 targets says more about the whole batch than one with 10. "
        "What is the sum of the losses of all targets of one device?",
        "Mean times count is the sum of one device. Add these sums, and divide by the "
        "number of all targets. nan * 0 is nan: leave such a device out first.",
        "has = counts > 0; then (losses[has] * counts[has]).sum() / counts.sum().",
    ),
    cases=[
        (np.array([2.0, 3.0]), np.array([30, 10])),
        (
            np.array([3.3, 2.9, 3.1, 2.7, 3.0, 2.8, 3.2, 2.6]),
            np.array([16, 12, 7, 16, 3, 9, 16, 1]),
        ),
        (np.array([2.5]), np.array([4])),
        (np.array([2.0, np.nan, 1.0]), np.array([6, 0, 2])),
        (np.array([4.0, 0.0, 2.0]), np.array([5, 0, 3])),  # reports 0, has no targets
        (np.array([0.0, 3.0, 1.5]), np.array([4, 2, 6])),  # targets without any loss
        (np.array([5.0, 1.0]), np.array([1, 99])),
        (np.array([1.0, 2.0, 6.0]), np.array([8, 8, 8])),
        (np.array([0.5, np.nan, 0.0, np.nan, 2.25]), np.array([3, 0, 1, 0, 7])),
        (np.array([np.nan, 1.25]), np.array([0, 4])),
    ],
    after=(
        "Weighted like this, eight devices report what one device would report for "
        "the whole batch. In a mean of means, a target counts the more, the fewer "
        "there are on its device."
    ),
)
def mean_over_devices(losses, counts):
    """Return the mean loss per target of the whole batch."""
    total = targets = 0
    for loss, count in zip(losses, counts, strict=True):
        if count > 0:
            total += loss * count
            targets += count
    return total / targets


mean_over_devices.wrong_edit(
    "nan from a device without targets",
    "nan times 0 is nan, and a sum with nan in it is nan. Leave out a device without "
    "targets before you multiply.",
    ("if count > 0", "if True"),
)
mean_over_devices.wrong_edit(
    "sum over all targets",
    "Twice as many devices would give twice this loss. By how many targets is the sum "
    "to be shared?",
    ("total / targets", "total"),
)
mean_over_devices.wrong_edit(
    "weighted, then divided by the number of devices",
    "The losses of single targets are added up here. How many of them are in the sum?",
    ("total / targets", "total / len(losses)"),
)
mean_over_devices.wrong_edit(
    "weighted, then divided by the number of devices with targets",
    "The losses of single targets are added up here. How many of them are in the sum?",
    ("total / targets", "total / sum(counts > 0)"),
)
mean_over_devices.wrong_edit(
    "padding counted as targets",
    "This divides as if each device had as many targets as the fullest one. Padding is "
    "no target.",
    ("total / targets", "total / (len(counts) * max(counts))"),
)
mean_over_devices.wrong_edit(
    "rounded down",
    "A loss is no whole number. Which division rounds down?",
    ("total / targets", "total // targets"),
)
mean_over_devices.wrong_edit(
    "a loss of 0 taken for a device without targets",
    "A device may have targets and a loss of 0: all were predicted with certainty. "
    "Which array says whether there are targets?",
    ("count > 0", "loss > 0"),
)
mean_over_devices.wrong_edit(
    "a loss of 0 left out, and nan not",
    "A loss of 0 may belong to many targets, and nan is not 0: it passes such a test. "
    "Which array says whether there are targets?",
    ("count > 0", "loss"),
)
mean_over_devices.wrong_edit(
    "a single target left out",
    "A device with one target has a target: it counts, if only a little.",
    ("count > 0", "count > 1"),
)
mean_over_devices.wrong_edit(
    "stopped at a device without targets",
    "Behind a device without targets there may be others that have some. Go on to the "
    "end.",
    (
        "        if count > 0:\n",
        "        if count == 0:\n            break\n        else:\n",
    ),
)
mean_over_devices.wrong_edit(
    "mean over the devices with targets",
    "Devices without targets are left out, and all others count alike. Try 100 targets "
    "on one and 1 on another.",
    ("total += loss * count", "total += loss"),
    ("targets += count", "targets += 1"),
)
mean_over_devices.wrong_edit(
    "losses without their weights, divided by all targets",
    "What is added up should be the losses of all targets of a device. Its mean is "
    "that sum divided by what?",
    ("total += loss * count", "total += loss"),
)
mean_over_devices.wrong_edit(
    "divided by the count instead of multiplied",
    "A device with more targets counts less here. A mean times how many gives the sum?",
    ("loss * count", "loss / count"),
)
mean_over_devices.wrong_edit(
    "the last device alone",
    "Your sum keeps only what came last. What should happen to what was there?",
    ("total += loss * count", "total = loss * count"),
    ("targets += count", "targets = count"),
)
mean_over_devices.wrong_edit(
    "the mean of the first device with targets",
    "Your function returns within the loop, at the first device. Go on to the end.",
    (
        "            targets += count\n    return",
        "            targets += count\n            return",
    ),
)
mean_over_devices.wrong_edit(
    "sum and count in place of the mean",
    "Both numbers are right. Return one divided by the other.",
    ("return total / targets", "return total, targets"),
)


@mean_over_devices.wrong(
    "a share for each device in place of one loss",
    "These are the shares of the devices in the mean. Asked for is one number, their "
    "sum.",
)
def _(losses, counts):
    return np.nan_to_num(losses) * counts / sum(counts)


@mean_over_devices.wrong(
    "mean of means, with nan in it",
    "Try 100 targets on one device and 1 on another: should both count alike? And one "
    "nan makes the whole mean nan.",
)
def _(losses, counts):
    return np.mean(losses)


@mean_over_devices.wrong(
    "mean of means",
    "Try 100 targets on one device and 1 on another: should both count alike?",
)
def _(losses, counts):
    return np.nanmean(losses)


@mean_over_devices.wrong(
    "mean of means, nan as 0",
    "A device without targets lowers the loss here: it is no device with a loss of 0. "
    "And should 100 targets and 1 count alike?",
)
def _(losses, counts):
    return np.mean(np.nan_to_num(losses))


@mean_over_devices.wrong(
    "sum of means",
    "With more devices this loss grows, for the same model. What turns a sum into a "
    "mean, and which devices count more?",
)
def _(losses, counts):
    return np.nansum(losses)


@mean_over_devices.wrong(
    "the middle loss",
    "The middle of the sorted losses forgets how many targets each stands for.",
)
def _(losses, counts):
    return np.median(losses[counts > 0])


@mean_over_devices.wrong(
    "the device with the most targets",
    "This is the loss of one device. The others have targets too.",
)
def _(losses, counts):
    return losses[np.argmax(counts)]


@mean_over_devices.wrong(
    "the worst device",
    "This is the highest loss of all. Asked for is a mean, over all targets.",
)
def _(losses, counts):
    return np.nanmax(losses)


@mean_over_devices.right("with a mask in NumPy")
def _(losses, counts):
    has = counts > 0
    return (losses[has] * counts[has]).sum() / counts.sum()


@mean_over_devices.right("with np.average")
def _(losses, counts):
    return np.average(np.nan_to_num(losses), weights=counts)


@mean_over_devices.right("with nansum")
def _(losses, counts):
    return np.nansum(losses * counts) / np.sum(counts)


@mean_over_devices.right("with np.where, as a dot product")
def _(losses, counts):
    return np.where(counts, losses, 0) @ (counts / counts.sum())


@mean_over_devices.right("every target in a list of its own")
def _(losses, counts):
    from statistics import fmean

    single = []
    for i in range(len(counts)):
        single += [float(losses[i])] * int(counts[i])
    return fmean(single)


@mean_over_devices.right("leaving out with continue")
def _(losses, counts):
    import math

    total = 0
    for loss, count in zip(losses, counts, strict=True):
        if math.isnan(loss):
            continue
        total += loss * count
    return total / sum(counts)


@mean_over_devices.right("a mean that is mended device by device")
def _(losses, counts):
    mean, seen = 0.0, 0
    for loss, count in zip(losses.tolist(), counts.tolist(), strict=True):
        if count:
            seen += count
            mean += (loss - mean) * count / seen
    return mean


@mean_over_devices.right("in float32")
def _(losses, counts):
    losses = np.nan_to_num(losses).astype(np.float32)
    return np.sum(losses * counts.astype(np.float32)) / np.float32(counts.sum())


# --- bytes_per_device ---------------------------------------------------------------


@exercise(
    title="What lies on each device",
    task=(
        "Write a function that returns how many bytes a training with Adam keeps on "
        "each of n_devices: the parameters, a gradient for each, and Adam's two "
        "moments. All of them take bytes_per_number for one number. If sharded is "
        "False, each device holds everything. If it is True, each holds its part of "
        "the parameters, rounded up to whole parameters, and what belongs to them."
    ),
    hints=(
        "Two questions: how many parameters are on this device, and how many numbers "
        "are kept for each of them?",
        "With each parameter stand a gradient and two moments: four numbers. To round "
        "up there is math.ceil(a / b), or -(-a // b).",
        "here = -(-n_params // n_devices) if sharded else n_params; then 4 * here * "
        "bytes_per_number.",
    ),
    cases=[
        (4192, 8, 4, False),
        (4192, 8, 4, True),
        (4193, 8, 4, True),
        (4199, 8, 2, True),
        (10, 3, 2, True),
        (10, 3, 2, False),
        (3, 8, 4, True),
        (1000, 1, 4, True),
        (1000, 1, 8, False),
        (8_000_000_000, 64, 2, True),
    ],
    after=(
        "Shared out, a model may be larger than any one device. The price: at every "
        "step the devices send each other what they lack."
    ),
)
def bytes_per_device(n_params, n_devices, bytes_per_number, sharded):
    """Return the bytes of training state on one device."""
    held = -(-n_params // n_devices) if sharded else n_params
    return 4 * held * bytes_per_number


bytes_per_device.wrong_edit(
    "three numbers for each parameter",
    "One kind of number is missing. Go through a step of Adam: what does it read, and "
    "what does it keep for the next step?",
    ("4 * held", "3 * held"),
)
bytes_per_device.wrong_edit(
    "two numbers for each parameter",
    "Two kinds of numbers are missing. Gradient descent needs a parameter and its "
    "slope. What else does Adam keep?",
    ("4 * held", "2 * held"),
)
bytes_per_device.wrong_edit(
    "one number for each parameter",
    "This is enough to write with the model. What is kept beside the parameters to "
    "train it?",
    ("4 * held", "held"),
)
bytes_per_device.wrong_edit(
    "five numbers for each parameter",
    "That is one number too many: the parameter itself, its gradient and two moments.",
    ("4 * held", "5 * held"),
)
bytes_per_device.wrong_edit(
    "sharded the wrong way round",
    "If sharded is True, each device holds a part. Here it holds everything.",
    ("if sharded", "if not sharded"),
)
bytes_per_device.wrong_edit(
    "never shared out",
    "Does sharded change your result? Eight devices that share hold less each.",
    ("-(-n_params // n_devices) if sharded else n_params", "n_params"),
)
bytes_per_device.wrong_edit(
    "always shared out",
    "If sharded is False, nothing is shared: each device holds a whole copy.",
    (" if sharded else n_params", ""),
)
bytes_per_device.wrong_edit(
    "rounded down",
    "10 parameters, 3 devices: with 3 on each, one is nowhere.",
    ("-(-n_params // n_devices)", "n_params // n_devices"),
)
bytes_per_device.wrong_edit(
    "rounded to the nearest",
    "10 parameters, 3 devices: with 3 on each, one is nowhere. Which way is to be "
    "rounded?",
    ("-(-n_params // n_devices)", "round(n_params / n_devices)"),
)
bytes_per_device.wrong_edit(
    "not rounded",
    "10 parameters, 3 devices: none of them can hold a third of a parameter.",
    ("-(-n_params // n_devices)", "n_params / n_devices"),
)
bytes_per_device.wrong_edit(
    "divided without rounding, by 1 as well",
    "10 parameters, 3 devices: none of them can hold a third of a parameter. And what "
    "/ gives back is no whole number, even where nothing is left over.",
    (
        "-(-n_params // n_devices) if sharded else n_params",
        "n_params / (n_devices if sharded else 1)",
    ),
)
bytes_per_device.wrong_edit(
    "one parameter too many where nothing is left over",
    "Where n_devices divides n_params, there is nothing to round.",
    ("-(-n_params // n_devices)", "(n_params // n_devices + 1)"),
)
bytes_per_device.wrong_edit(
    "rounded up to numbers, not to parameters",
    "A parameter moves with its gradient and moments. What has to be whole: the "
    "numbers, or the parameters?",
    (
        "return 4 * held * bytes_per_number",
        "n = n_devices if sharded else 1\n"
        "    return -(-4 * n_params // n) * bytes_per_number",
    ),
)
bytes_per_device.wrong_edit(
    "rounded up to bytes, not to parameters",
    "What is shared out are whole parameters, not bytes. Do you round first, or last?",
    (
        "return 4 * held * bytes_per_number",
        "n = n_devices if sharded else 1\n"
        "    return -(-4 * n_params * bytes_per_number // n)",
    ),
)
bytes_per_device.wrong_edit(
    "numbers shared out, and rounded down",
    "A parameter moves with its gradient and moments: only whole parameters are shared "
    "out. And where something is left over, which way is to be rounded?",
    (
        "return 4 * held * bytes_per_number",
        "n = n_devices if sharded else 1\n"
        "    return 4 * n_params // n * bytes_per_number",
    ),
)
bytes_per_device.wrong_edit(
    "bytes shared out, and rounded down",
    "What is shared out are whole parameters, not bytes. And where something is left "
    "over, which way is to be rounded?",
    (
        "return 4 * held * bytes_per_number",
        "n = n_devices if sharded else 1\n"
        "    return 4 * n_params * bytes_per_number // n",
    ),
)
bytes_per_device.wrong_edit(
    "one of the four shared out",
    "Only one kind of number is shared out here. Gradients and moments lie where their "
    "parameters lie.",
    ("4 * held", "(held + 3 * n_params)"),
)
bytes_per_device.wrong_edit(
    "two of the four shared out",
    "Two kinds of numbers lie whole on each device here. That is done in practice too, "
    "but asked for is that all four are shared out.",
    ("4 * held", "2 * (held + n_params)"),
)
bytes_per_device.wrong_edit(
    "three of the four shared out",
    "One kind of number lies whole on each device here. That is done in practice too, "
    "but asked for is that all four are shared out.",
    ("4 * held", "(3 * held + n_params)"),
)
bytes_per_device.wrong_edit(
    "bits in place of bytes",
    "This is eight times too much. What is bytes_per_number given in?",
    ("bytes_per_number\n", "bytes_per_number * 8\n"),
)
bytes_per_device.wrong_edit(
    "numbers in place of bytes",
    "That is how many numbers there are. How many bytes does each take?",
    (" * bytes_per_number", ""),
)
bytes_per_device.wrong_edit(
    "always four bytes for a number",
    "A number may be kept in 2 bytes or in 8. Who says so?",
    (" * bytes_per_number", " * 4"),
)
bytes_per_device.wrong_edit(
    "all devices together",
    "This is what all devices hold. Asked for is one of them.",
    ("4 * held", "4 * n_devices * held"),
)
bytes_per_device.wrong_edit(
    "all devices together where nothing is shared",
    "Each device holds a copy of everything. Asked for is one of them, not the sum.",
    ("else n_params", "else n_params * n_devices"),
)
bytes_per_device.wrong_edit(
    "megabytes in place of bytes",
    "This is a million times too small. Asked for are bytes.",
    ("bytes_per_number\n", "bytes_per_number / 1e6\n"),
)


@bytes_per_device.right("with math.ceil")
def _(n_params, n_devices, bytes_per_number, sharded):
    import math

    if sharded:
        n_params = math.ceil(n_params / n_devices)
    return n_params * bytes_per_number * 4


@bytes_per_device.right("with a remainder")
def _(n_params, n_devices, bytes_per_number, sharded):
    held, left = n_params, 0
    if sharded:
        held, left = divmod(n_params, n_devices)
    if left > 0:
        held = held + 1
    parameters = gradients = first_moments = second_moments = held * bytes_per_number
    return parameters + gradients + first_moments + second_moments


@bytes_per_device.right("rounded up by adding first")
def _(n_params, n_devices, bytes_per_number, sharded):
    parts = n_devices if sharded else 1
    return 4 * ((n_params + parts - 1) // parts) * bytes_per_number


@bytes_per_device.right("dealt out like cards")
def _(n_params, n_devices, bytes_per_number, sharded):
    if not sharded:
        return sum([n_params] * 4) * bytes_per_number
    whole, rest = n_params // n_devices, n_params % n_devices
    held = [whole + (device < rest) for device in range(n_devices)]
    return max(held) * 4 * bytes_per_number


@bytes_per_device.right("with NumPy")
def _(n_params, n_devices, bytes_per_number, sharded):
    held = np.where(sharded, np.ceil(n_params / n_devices), n_params).astype(np.int64)
    return np.full(4, held).sum() * bytes_per_number


@bytes_per_device.right("with fractions")
def _(n_params, n_devices, bytes_per_number, sharded):
    import math
    from fractions import Fraction

    share = Fraction(1, n_devices) if sharded else 1
    return math.ceil(n_params * share) * 4 * bytes_per_number


# --- count_compilations -------------------------------------------------------------


@exercise(
    title="How often is it compiled?",
    task=(
        "Write a function that takes the shapes of the arrays with which a function "
        "under jax.jit is called, one after the other: a list of tuples. All arrays "
        "are float32. It returns how often JAX compiles: once for each new shape, "
        "because what has been compiled is kept. () is the shape of a single number."
    ),
    hints=(
        "When a shape comes back, the program for it is there already, however long "
        "ago that was. So of which shapes do you need to keep a note?",
        "Two shapes are the same if all their entries are, in order. A list or a set "
        "of those seen will do: tuples can be compared and put into a set.",
        "len(set(shapes)) is all of it; in a loop: if a shape is not in the list of "
        "those seen, append it.",
    ),
    cases=[
        ([(8, 17), (8, 17), (8, 17)],),
        ([(8, 17), (8, 12), (8, 17), (8, 9)],),
        ([(2, 3), (3, 2), (6,), (2, 3)],),
        ([],),
        ([()],),
        ([(), (4,), (), (4,), (1,), (1, 1)],),
        ([(4, 5), (3, 5), (2, 5), (1, 5)],),
        ([(5, 4), (5, 3), (5, 2)],),
        ([(2,), (2, 2), (2, 2, 2), (2, 2)],),
        ([(7,), (9,), (7,), (9,), (7,), (8,)],),
        ([(3, 1), (1, 3), (3,), (3,), (1, 3, 1)],),
        ([(4, 6), (6, 4), (4, 6)],),
        ([(1, 5), (2, 4), (3, 3), (2, 4)],),
        ([(16, 32), (16, 64), (16, 64), (12, 64), (16, 32), (4, 64), (16, 32)],),
    ],
    after=(
        "To compile takes longer than to run a small function once. A function "
        "that gets texts padded to one length is compiled once."
    ),
)
def count_compilations(shapes):
    """Return how often a jitted function is compiled for calls with these shapes."""
    compiled = []
    for shape in shapes:
        if shape not in compiled:
            compiled.append(shape)
    return len(compiled)


count_compilations.wrong_edit(
    "every call counted",
    "Call it twice with the same shape: what is there to compile the second time?",
    ("if shape not in compiled", "if True"),
)
count_compilations.wrong_edit(
    "every change of shape counted",
    "Two shapes that take turns: the program of the first is still there when it comes "
    "back.",
    ("if shape not in compiled", "if compiled[-1:] != [shape]"),
)
count_compilations.wrong_edit(
    "sizes in place of shapes",
    "(2, 3) and (6,) hold six numbers each. Can one program read both?",
    ("in shapes:", "in [math.prod(one) for one in shapes]:"),
    ("    compiled = []", "    import math\n\n    compiled = []"),
)
count_compilations.wrong_edit(
    "the order of the axes ignored",
    "(2, 3) and (3, 2): rows and columns differ, so the loops of the program do.",
    ("in shapes:", "in [sorted(one) for one in shapes]:"),
)
count_compilations.wrong_edit(
    "numbers of axes in place of shapes",
    "(8, 17) and (8, 12) both have two axes. Is a row of one as long as a row of the "
    "other?",
    ("in shapes:", "in [len(one) for one in shapes]:"),
)
count_compilations.wrong_edit(
    "the first axis alone",
    "(8, 17) and (8, 12) begin alike. Compare the whole shape.",
    ("in shapes:", "in [one[:1] for one in shapes]:"),
)
count_compilations.wrong_edit(
    "the last axis alone",
    "(4, 5) and (3, 5) end alike. Compare the whole shape.",
    ("in shapes:", "in [one[-1:] for one in shapes]:"),
)
count_compilations.wrong_edit(
    "lengths of the axes added up",
    "In (1, 5) and (2, 4) the lengths add up to 6. Can one program read both?",
    ("in shapes:", "in [sum(one) for one in shapes]:"),
)
count_compilations.wrong_edit(
    "the first axis alone, where there may be none",
    "The shape of a single number is (): it has no first axis. And (8, 17) and (8, 12) "
    "begin alike. Compare whole shapes.",
    ("in shapes:", "in [one[0] for one in shapes]:"),
)
count_compilations.wrong_edit(
    "the last axis alone, where there may be none",
    "The shape of a single number is (): it has no last axis. And (4, 5) and (3, 5) "
    "end alike. Compare whole shapes.",
    ("in shapes:", "in [one[-1] for one in shapes]:"),
)
count_compilations.wrong_edit(
    "changes of shape, without the first call",
    "The first call has no program yet. And what if an old shape comes back: is its "
    "program lost?",
    (
        "return len(compiled)",
        "return sum(a != b for a, b in zip(shapes, shapes[1:], strict=False))",
    ),
)
count_compilations.wrong_edit(
    "changes of shape, and one more",
    "Two shapes that take turns: the program of the first is still there when it comes "
    "back. And what if there is no call at all?",
    (
        "return len(compiled)",
        "return 1 + sum(a != b for a, b in zip(shapes, shapes[1:], strict=False))",
    ),
)
count_compilations.wrong_edit(
    "the first axis ignored",
    "Another number of rows is another shape as well: JAX compiles for that too.",
    ("in shapes:", "in [one[1:] for one in shapes]:"),
)
count_compilations.wrong_edit(
    "axes of length 1 ignored",
    "(3,), (3, 1) and (1, 3) hold the same three numbers. Are they one shape?",
    ("in shapes:", "in [[n for n in one if n != 1] for one in shapes]:"),
)
count_compilations.wrong_edit(
    "compiled once and for all",
    "One program reads arrays of one shape. What if a second shape comes?",
    ("if shape not in compiled", "if not compiled"),
)
count_compilations.wrong_edit(
    "a single number ignored",
    "A single number has a shape too, one without axes: (). A function that gets one "
    "is compiled for it.",
    ("if shape not", "if shape and shape not"),
)
count_compilations.wrong_edit(
    "compiled only for what is larger",
    "A short text after a long one is another shape as well. Does the program of the "
    "long one fit it?",
    (
        "if shape not in compiled",
        "if all(math.prod(shape) > math.prod(one) for one in compiled)",
    ),
    ("    compiled = []", "    import math\n\n    compiled = []"),
)
count_compilations.wrong_edit(
    "stopped at the first repetition",
    "After a shape that came before, new ones may come. Go on to the end.",
    (
        "            compiled.append(shape)",
        "            compiled.append(shape)\n        else:\n            break",
    ),
)
count_compilations.wrong_edit(
    "repetitions in place of compilations",
    "These are the calls that found their program ready. Asked for are the others.",
    ("return len(compiled)", "return len(shapes) - len(compiled)"),
)
count_compilations.wrong_edit(
    "the first shape not counted",
    "The first call has no program yet. Is it compiled too?",
    ("return len(compiled)", "return len(compiled) - 1"),
)
count_compilations.wrong_edit(
    "compiled before the first call",
    "jax.jit alone compiles nothing: it does not know a shape yet. How often is it "
    "compiled if there is no call?",
    ("return len(compiled)", "return max(len(compiled), 1)"),
)
count_compilations.wrong_edit(
    "one compilation too many",
    "jax.jit alone compiles nothing: it does not know a shape yet. How often is it "
    "compiled if there is no call?",
    ("return len(compiled)", "return len(compiled) + 1"),
)
count_compilations.wrong_edit(
    "the shapes in place of their number",
    "These are the shapes that are compiled. Asked for is how many there are.",
    ("return len(compiled)", "return compiled"),
)
count_compilations.wrong_edit(
    "only the last two programs kept",
    "All programs are kept, not the last two alone. What if an old shape comes back?",
    ("not in compiled", "not in compiled[-2:]"),
)


@count_compilations.wrong(
    "shapes that come only once",
    "A shape that comes back was compiled as well, when it came first.",
)
def _(shapes):
    return sum(1 for shape in set(shapes) if shapes.count(shape) == 1)


@count_compilations.wrong(
    "shapes that come more than once",
    "A shape is compiled when it first comes, whether it comes back or not.",
)
def _(shapes):
    return sum(1 for shape in set(shapes) if shapes.count(shape) > 1)


@count_compilations.wrong(
    "calls with the most frequent shape",
    "That is how often one program is run. How often is one made?",
)
def _(shapes):
    return max((shapes.count(shape) for shape in shapes), default=0)


@count_compilations.right("with a set")
def _(shapes):
    return len(set(shapes))


@count_compilations.right("a counter beside a set")
def _(shapes):
    seen, count = set(), 0
    for shape in shapes:
        if shape in seen:
            continue
        seen.add(shape)
        count += 1
    return count


@count_compilations.right("by the place of the first")
def _(shapes):
    return sum(shapes.index(shape) == i for i, shape in enumerate(shapes))


@count_compilations.right("with a dictionary of programs")
def _(shapes):
    programs = {}
    for shape in shapes:
        programs.setdefault(shape, f"a program for {shape}")
    return len(programs)


@count_compilations.right("sorted, then the changes")
def _(shapes):
    from itertools import groupby

    return len([shape for shape, _group in groupby(sorted(shapes))])


@count_compilations.right("shapes as text, with NumPy")
def _(shapes):
    return np.unique([str(shape) for shape in shapes]).size


@count_compilations.right("with a cache")
def _(shapes):
    from functools import cache

    @cache
    def program(shape):
        return f"a program for {shape}"

    for shape in shapes:
        program(shape)
    return program.cache_info().misses


@count_compilations.right("asking JAX")
def _(shapes):
    import jax

    traced = []

    @jax.jit
    def total(array):
        traced.append(array.shape)
        return array.sum()

    for shape in shapes:
        total(np.zeros(shape, np.float32))
    return len(traced)
