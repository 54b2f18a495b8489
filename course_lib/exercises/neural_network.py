# mypy: ignore-errors
"""The exercises of 05_neural_network, with answers as learners write them."""

from __future__ import annotations

import math

import numpy as np

from course_lib.exercises.core import Case, exercise, question

# --- neuron -----------------------------------------------------------------------


@exercise(
    title="One neuron",
    task=(
        "Write a function that takes a list of inputs, a list of as many weights, and "
        "a bias. It returns the output of a neuron with the sigmoid as its activation: "
        "one number between 0 and 1."
    ),
    hints=(
        "Two steps. First the weighted sum z: each input times its weight, all added "
        "up, and the bias once. Then the sigmoid of z.",
        "zip(weights, inputs) gives the pairs. The sigmoid is 1 / (1 + np.exp(-z)).",
        "z = sum(w * x for w, x in zip(weights, inputs)) + bias; then return the "
        "sigmoid of z.",
    ),
    cases=[
        ([1.0], [2.0], 0.0),
        ([0.5, -1.0], [2.0, 3.0], 0.7),
        ([1.0, 2.0, 3.0], [0.5, -0.25, 1.0], -2.0),
        ([0.0, 0.0], [4.0, -1.0], 1.5),
        ([-2.0, 1.5], [0.8, 1.2], -0.4),
        ([0.5, 0.5, 1.0], [1.0, -2.0, 1.0], 0.2),
        ([1, 2, 1], [2, -1, 1], 1),
    ],
    after="This is all that one neuron does. A network is many of them.",
)
def neuron(inputs, weights, bias):
    """Return the sigmoid of the weighted sum of the inputs, bias included."""
    z = sum(w * x for w, x in zip(weights, inputs, strict=True)) + bias
    return 1 / (1 + np.exp(-z))


neuron.wrong_edit(
    "bias forgotten",
    "With inputs of 0 this neuron always says 0.5. Which parameter is unused?",
    (" + bias", ""),
)
neuron.wrong_edit(
    "bias added once for each input",
    "With one input it comes out right. With three, how often is the bias added?",
    ("w * x for", "w * x + bias for"),
    (" + bias\n", "\n"),
)
neuron.wrong_edit(
    "bias subtracted",
    "Raise the bias, and this neuron fires less. It should fire more easily.",
    (" + bias", " - bias"),
)
neuron.wrong_edit(
    "bias added after the activation",
    "An output above 1, or below 0? The bias shifts the sum before it is squashed.",
    (" + bias", ""),
    ("np.exp(-z))", "np.exp(-z)) + bias"),
)
neuron.wrong_edit(
    "the sum without the activation",
    "This is z, the weighted sum, and it is right. One step is missing: what squashes "
    "it to between 0 and 1?",
    ("1 / (1 + np.exp(-z))", "z"),
)
neuron.wrong_edit(
    "a hard step instead of a soft one",
    "A step from 0 to 1 is flat everywhere else, so it has no slope to follow. The "
    "sigmoid bends instead.",
    ("1 / (1 + np.exp(-z))", "1.0 if z > 0 else 0.0"),
)
neuron.wrong_edit(
    "sign flipped in the exponent",
    "For a large z the output should be near 1. Try z = 5 in your last line.",
    ("np.exp(-z)", "np.exp(z)"),
)
neuron.wrong_edit(
    "tanh instead of the sigmoid",
    "tanh squashes too, but to between -1 and 1. For z = 0 the output should be 0.5.",
    ("1 / (1 + np.exp(-z))", "np.tanh(z)"),
)
neuron.wrong_edit(
    "ReLU instead of the sigmoid",
    "This cuts off what is negative and leaves the rest as it is. The sigmoid never "
    "goes above 1.",
    ("1 / (1 + np.exp(-z))", "max(z, 0.0)"),
)
neuron.wrong_edit(
    "weights added instead of multiplied",
    "An input of 0 should count for nothing, whatever its weight. Here it counts.",
    ("w * x for", "w + x for"),
)
neuron.wrong_edit(
    "each product squashed on its own",
    "The neuron adds first and squashes once, at the end. Here every product is "
    "squashed before the sum.",
    ("w * x for", "1 / (1 + np.exp(-w * x)) for"),
    ("1 / (1 + np.exp(-z))", "z"),
)
neuron.wrong_edit(
    "mean instead of sum",
    "Twice as many inputs should weigh twice as much. Here the sum is divided by their "
    "number.",
    (") + bias", ") / len(inputs) + bias"),
)
neuron.wrong_edit(
    "activation applied twice",
    "The result never leaves the range from 0.5 to 0.73. How often is it squashed?",
    (
        "return 1 / (1 + np.exp(-z))",
        "z = 1 / (1 + np.exp(-z))\n    return 1 / (1 + np.exp(-z))",
    ),
)


@neuron.wrong(
    "weights looked up by the value of the input",
    "Two inputs may be the same number, and each has a weight of its own. index() "
    "always finds the first. Ask for the place, or use zip.",
)
def _(inputs, weights, bias):
    z = bias
    for x in inputs:
        z += weights[inputs.index(x)] * x
    return 1 / (1 + np.exp(-z))


@neuron.wrong(
    "inputs looked up by the value of the weight",
    "Two weights may be the same number, and each belongs to another input. index() "
    "always finds the first. Ask for the place, or use zip.",
)
def _(inputs, weights, bias):
    z = bias
    for w in weights:
        z += w * inputs[weights.index(w)]
    return 1 / (1 + np.exp(-z))


@neuron.wrong(
    "inputs and weights in a dictionary",
    "A dictionary keeps each key once. Two inputs may be the same number, and then one "
    "of the weights is lost.",
)
def _(inputs, weights, bias):
    pairs = dict(zip(inputs, weights, strict=True))
    z = sum(w * x for x, w in pairs.items()) + bias
    return 1 / (1 + np.exp(-z))


@neuron.wrong(
    "the sums multiplied",
    "Each input has a weight of its own. Here all inputs are added up first, and all "
    "weights, so nobody knows which belongs to which.",
)
def _(inputs, weights, bias):
    z = sum(inputs) * sum(weights) + bias
    return 1 / (1 + np.exp(-z))


@neuron.wrong(
    "only the last input",
    "With one input it comes out right. With more, the earlier products are "
    "overwritten: what should happen to them?",
)
def _(inputs, weights, bias):
    for w, x in zip(weights, inputs, strict=True):
        z = w * x
    return 1 / (1 + np.exp(-(z + bias)))


@neuron.right("in a loop that starts from the bias")
def _(inputs, weights, bias):
    z = bias
    for i in range(len(inputs)):
        z += weights[i] * inputs[i]
    return 1 / (1 + math.exp(-z))


@neuron.right("with NumPy")
def _(inputs, weights, bias):
    return 1 / (1 + np.exp(-(np.dot(weights, inputs) + bias)))


@neuron.right("in float32")
def _(inputs, weights, bias):
    z = np.float32(weights) @ np.float32(inputs) + np.float32(bias)
    return np.float32(1) / (np.float32(1) + np.exp(-z))


@neuron.right("with tanh, which is a stretched sigmoid")
def _(inputs, weights, bias):
    z = math.fsum([*(w * x for w, x in zip(weights, inputs, strict=True)), bias])
    return (1 + math.tanh(z / 2)) / 2


@neuron.right("with the powers the other way round")
def _(inputs, weights, bias):
    power = math.exp(bias)
    for w, x in zip(weights, inputs, strict=True):
        power *= math.exp(w * x)
    return power / (1 + power)


@neuron.right("with Value")
def _(inputs, weights, bias):
    from course_lib.scalar import Value

    z = Value(bias)
    for w, x in zip(weights, inputs, strict=True):
        z = z + Value(w) * x
    return z.sigmoid().data


# --- mlp_forward ------------------------------------------------------------------


@exercise(
    title="The forward pass of a network",
    task=(
        "Write a function that takes the layers of a network and a list of inputs, and "
        "returns the list of scores. Each layer is a pair: its weights, one row for "
        "each neuron, and its biases, one for each neuron. Every layer but the last "
        "squashes its sums with tanh; the last one leaves them as they are."
    ),
    hints=(
        "Go through the layers in order. What a layer gives out is what the next one "
        "reads, so one name can hold both.",
        "The sum of one neuron: its row times the inputs, added up, plus its bias. Do "
        "this for every row. Then np.tanh on each, unless the layer is the last.",
        "for i, (weights, biases) in enumerate(layers): make the list of sums; "
        "if i < len(layers) - 1: squash it; then inputs = that list.",
    ),
    cases=[
        Case(
            [([[0.5, -1.0], [2.0, 0.25]], [0.1, -0.3])],
            [1.0, 2.0],
            shown="one layer of 2 neurons (the last, so no tanh), inputs [1, 2]",
        ),
        Case(
            [
                ([[0.5, -1.0], [1.0, 0.25]], [0.1, -0.3]),
                ([[1.5, -0.5], [0.7, 2.0]], [0.2, 0.4]),
            ],
            [0.8, -0.6],
            shown="two layers of 2 neurons each, inputs [0.8, -0.6]",
        ),
        Case(
            [
                ([[1.0, 0.5], [-0.5, 0.3], [0.2, -1.2]], [0.0, 0.1, -0.2]),
                ([[0.6, -0.4, 1.1]], [0.5]),
            ],
            [0.3, 0.9],
            shown="a layer of 3 neurons, then one of 1 neuron, inputs [0.3, 0.9]",
        ),
        Case(
            [
                ([[0.9, -0.7], [0.4, 0.8]], [0.3, 0.0]),
                ([[-1.1, 0.6], [0.5, 0.5]], [-0.1, 0.2]),
                ([[0.3, 1.0], [-0.8, 0.2]], [0.0, -0.5]),
            ],
            [-0.4, 1.0],
            shown="three layers of 2 neurons each, inputs [-0.4, 1]",
        ),
        Case(
            [
                ([[0.5, 1.5], [-1.0, 0.5]], [0.2, 0.2]),
                ([[0.5, 1.5], [-1.0, 0.5]], [0.2, 0.2]),
                ([[0.5, 1.5], [-1.0, 0.5]], [0.2, 0.2]),
            ],
            [0.6, 0.6],
            shown="three layers of 2 neurons that hold the same numbers, inputs "
            "[0.6, 0.6]",
        ),
        Case(
            [
                ([[1.0, -0.5, 0.5], [1.0, -0.5, 0.5]], [0.3, -0.4]),
                ([[0.8, 0.1], [0.8, 0.8], [-0.6, 0.2], [0.1, 0.1]], [0.1, 0.1, 0.0, 1]),
                ([[0.5, -1.0, 0.5, 2.0]], [0.25]),
            ],
            [0.2, 0.2, -0.7],
            shown="layers of 2, 4 and 1 neurons, some of them with equal weights, "
            "inputs [0.2, 0.2, -0.7]",
        ),
        Case(
            [([[1, -1], [0, 1]], [0, 1]), ([[1, 2], [2, -1]], [1, 0])],
            [2, 1],
            shown="two layers of 2 neurons, all in whole numbers, inputs [2, 1]",
        ),
    ],
    after="A prediction is no more than this: layer after layer, up to the scores.",
)
def mlp_forward(layers, inputs):
    """Return the scores of the last layer; all others squash their sums with tanh."""
    for i, (weights, biases) in enumerate(layers):
        sums = []
        for row, bias in zip(weights, biases, strict=True):
            sums.append(sum(w * x for w, x in zip(row, inputs, strict=True)) + bias)
        last = i == len(layers) - 1
        inputs = sums if last else [np.tanh(z) for z in sums]
    return inputs


mlp_forward.wrong_edit(
    "the last layer squashed too",
    "Scores may be any number: softmax comes after them. Here they all lie between -1 "
    "and 1. Which layer should not squash?",
    ("sums if last else [np.tanh(z) for z in sums]", "[np.tanh(z) for z in sums]"),
)
mlp_forward.wrong_edit(
    "no activation at all",
    "Without a squash between them, many layers are worth one: a line of a line is a "
    "line. Where does tanh come in?",
    ("sums if last else [np.tanh(z) for z in sums]", "sums"),
)
mlp_forward.wrong_edit(
    "tanh on the last layer only",
    "It is the other way round: the layers before the last squash, the last does not.",
    ("sums if last else", "sums if not last else"),
)
mlp_forward.wrong_edit(
    "the bias forgotten",
    "With inputs of 0 every neuron says 0 here. What is added to each sum?",
    (" + bias)", ")"),
)
mlp_forward.wrong_edit(
    "ReLU instead of tanh",
    "What is negative is cut off here. tanh lets it through, squashed.",
    ("np.tanh(z) for", "max(z, 0.0) for"),
)
mlp_forward.wrong_edit(
    "sigmoid instead of tanh",
    "The sigmoid gives 0.5 for a sum of 0. Which squashing function is asked for?",
    ("np.tanh(z) for", "1 / (1 + np.exp(-z)) for"),
)
mlp_forward.wrong_edit(
    "the layers taken from the last to the first",
    "The first layer reads the inputs. In which order do you go through the layers?",
    ("enumerate(layers)", "enumerate(layers[::-1])"),
)
mlp_forward.wrong_edit(
    "the first layer is the only one",
    "One layer comes out right, and then the function ends. Should return stand inside "
    "the loop?",
    (
        "        inputs = sums if last else [np.tanh(z) for z in sums]\n",
        "        inputs = sums if last else [np.tanh(z) for z in sums]\n"
        "        return inputs\n",
    ),
)
mlp_forward.wrong_edit(
    "the inputs squashed as well",
    "The inputs are data. Only sums are squashed.",
    (
        "    for i, (weights",
        "    inputs = [np.tanh(x) for x in inputs]\n    for i, (weights",
    ),
)
mlp_forward.wrong_edit(
    "each product squashed before the sum",
    "A neuron adds first and squashes once. Here every product is squashed.",
    ("w * x for", "np.tanh(w * x) for"),
    ("sums if last else [np.tanh(z) for z in sums]", "sums"),
)
mlp_forward.wrong_edit(
    "the bias added after the squash",
    "The bias shifts the sum, so it has to be in it when tanh is taken.",
    (" + bias)", ")"),
    (
        "sums if last else [np.tanh(z) for z in sums]",
        "[(z if last else np.tanh(z)) + b for z, b in zip(sums, biases, strict=True)]",
    ),
)


@mlp_forward.wrong(
    "every layer reads the first inputs",
    "The second layer should read what the first one gave out. Here every layer starts "
    "from the inputs of the whole network.",
)
def _(layers, inputs):
    for i, (weights, biases) in enumerate(layers):
        sums = [
            sum(w * x for w, x in zip(row, inputs, strict=False)) + bias
            for row, bias in zip(weights, biases, strict=True)
        ]
        outputs = sums if i == len(layers) - 1 else [np.tanh(z) for z in sums]
    return outputs


@mlp_forward.wrong(
    "columns read as rows",
    "A row holds the weights of one neuron, one for each input. Here the matrix is "
    "read down its columns.",
)
def _(layers, inputs):
    for i, (weights, biases) in enumerate(layers):
        sums = [
            sum(w * x for w, x in zip(column, inputs, strict=False)) + bias
            for column, bias in zip(zip(*weights, strict=True), biases, strict=False)
        ]
        inputs = sums if i == len(layers) - 1 else [np.tanh(z) for z in sums]
    return inputs


@mlp_forward.wrong(
    "inputs overwritten while they are still read",
    "The first neuron of a layer comes out right. The second one reads a list in which "
    "the first has already written its answer. Collect the answers in a new list.",
)
def _(layers, inputs):
    inputs = list(inputs)
    for i, (weights, biases) in enumerate(layers):
        for k, (row, bias) in enumerate(zip(weights, biases, strict=True)):
            z = sum(w * x for w, x in zip(row, inputs, strict=False)) + bias
            z = z if i == len(layers) - 1 else np.tanh(z)
            inputs[k : k + 1] = [z]
    return inputs[: len(layers[-1][1])]


@mlp_forward.wrong(
    "the last layer known by its numbers",
    "Two layers may hold the same numbers. Ask which place a layer has, not whether "
    "it equals the last one.",
)
def _(layers, inputs):
    for layer in layers:
        weights, biases = layer
        sums = []
        for row, bias in zip(weights, biases, strict=True):
            sums.append(sum(w * x for w, x in zip(row, inputs, strict=True)) + bias)
        inputs = sums if layer == layers[-1] else [np.tanh(z) for z in sums]
    return inputs


@mlp_forward.wrong(
    "the place of a layer looked up by its numbers",
    "Two layers may hold the same numbers, and index() always finds the first. "
    "enumerate gives the place without a search.",
)
def _(layers, inputs):
    for layer in layers:
        weights, biases = layer
        sums = []
        for row, bias in zip(weights, biases, strict=True):
            sums.append(sum(w * x for w, x in zip(row, inputs, strict=True)) + bias)
        last = layers.index(layer) == len(layers) - 1
        inputs = sums if last else [np.tanh(z) for z in sums]
    return inputs


@mlp_forward.wrong(
    "the bias looked up by the weights",
    "Two neurons may have the same weights and different biases. index() always finds "
    "the first. Use zip, or the place.",
)
def _(layers, inputs):
    for i, (weights, biases) in enumerate(layers):
        sums = []
        for row in weights:
            z = sum(w * x for w, x in zip(row, inputs, strict=True))
            sums.append(z + biases[weights.index(row)])
        inputs = sums if i == len(layers) - 1 else [np.tanh(z) for z in sums]
    return inputs


@mlp_forward.wrong(
    "the weight looked up by the input",
    "Two inputs may be the same number, and each has a weight of its own. index() "
    "always finds the first.",
)
def _(layers, inputs):
    for i, (weights, biases) in enumerate(layers):
        sums = []
        for row, bias in zip(weights, biases, strict=True):
            sums.append(sum(row[inputs.index(x)] * x for x in inputs) + bias)
        inputs = sums if i == len(layers) - 1 else [np.tanh(z) for z in sums]
    return inputs


@mlp_forward.wrong(
    "outputs kept in an array of whole numbers",
    "Whole numbers went in, and the array made for the outputs holds whole numbers "
    "only: what tanh gives is cut off there. Make it of floats.",
)
def _(layers, inputs):
    x = np.array(inputs)
    for i, (weights, biases) in enumerate(layers):
        outputs = np.zeros(len(biases), dtype=x.dtype)
        for k in range(len(biases)):
            z = np.dot(weights[k], x) + biases[k]
            outputs[k] = z if i == len(layers) - 1 else np.tanh(z)
        x = outputs
    return x


mlp_forward.wrong_edit(
    "the bias of the first neuron for all",
    "Each neuron has a bias of its own. Here the whole layer shares the first.",
    (" + bias)", " + biases[0])"),
)
mlp_forward.wrong_edit(
    "only the first neuron of each layer",
    "One neuron comes out of each layer, and then the loop over the rows ends. Does a "
    "line stand too far in?",
    (
        "inputs, strict=True)) + bias)\n",
        "inputs, strict=False)) + bias)\n            break\n",
    ),
)


@mlp_forward.right("with NumPy")
def _(layers, inputs):
    x = np.asarray(inputs)
    for i, (weights, biases) in enumerate(layers):
        x = np.asarray(weights) @ x + np.asarray(biases)
        if i < len(layers) - 1:
            x = np.tanh(x)
    return x


@mlp_forward.right("in float32")
def _(layers, inputs):
    x = np.float32(inputs)
    *hidden, (weights, biases) = layers
    for w, b in hidden:
        x = np.tanh(np.float32(w) @ x + np.float32(b))
    return np.float32(weights) @ x + np.float32(biases)


@mlp_forward.right("the last layer apart")
def _(layers, inputs):
    def sums(layer, x):
        return [
            math.fsum(w * v for w, v in zip(row, x, strict=True)) + b
            for row, b in zip(*layer, strict=True)
        ]

    for layer in layers[:-1]:
        inputs = [math.tanh(z) for z in sums(layer, inputs)]
    return tuple(sums(layers[-1], inputs))


@mlp_forward.right("in a loop with indices")
def _(layers, inputs):
    for i in range(len(layers)):
        weights, biases = layers[i]
        outputs = [0.0] * len(biases)
        for k in range(len(biases)):
            z = biases[k]
            for j in range(len(inputs)):
                z += weights[k][j] * inputs[j]
            outputs[k] = z if i + 1 == len(layers) else math.tanh(z)
        inputs = outputs
    return inputs


@mlp_forward.right("as one fold over the layers")
def _(layers, inputs):
    from functools import reduce

    def onward(x, layer):
        weights, biases = layer
        return np.dot(weights, np.tanh(x)) + biases

    (weights, biases), *rest = layers
    return reduce(onward, rest, np.dot(weights, inputs) + biases).tolist()


@mlp_forward.right("with Value")
def _(layers, inputs):
    from course_lib.scalar import Value

    values = [Value(x) for x in inputs]
    for i, (weights, biases) in enumerate(layers):
        outputs = []
        for row, bias in zip(weights, biases, strict=True):
            z = Value(bias)
            for w, x in zip(row, values, strict=True):
                z = z + x * w
            outputs.append(z.tanh() if i + 1 < len(layers) else z)
        values = outputs
    return [value.data for value in values]


# --- sigmoid_derivative -----------------------------------------------------------


@exercise(
    title="The derivative of the sigmoid",
    task=(
        "Write a function that takes a weighted sum z, one number, and returns the "
        "slope of the sigmoid there: how much sigmoid(z) moves when z moves by a tiny "
        "bit."
    ),
    hints=(
        "Compute a = sigmoid(z) first. The slope can be said with a alone. It is "
        "largest at z = 0, where a is 0.5, and nearly 0 where a is near 0 or near 1.",
        "A product of two factors does this: one is small when a is near 0, the other "
        "when a is near 1.",
        "a = 1 / (1 + np.exp(-z)); the factors are a and what is left of 1.",
    ),
    cases=[(0.0,), (1.0,), (-2.0,), (0.5,), (4.0,), (-6.0,)],
    after="It is never above 0.25. Keep that number in mind.",
)
def sigmoid_derivative(z):
    """Return d sigmoid(z) / dz."""
    a = 1 / (1 + np.exp(-z))
    return a * (1 - a)


sigmoid_derivative.wrong_edit(
    "derivative taken at the wrong place",
    "The form is right, but it wants the output of the sigmoid, not its input. At "
    "z = 0 the slope is 0.25.",
    ("a * (1 - a)", "z * (1 - z)"),
)
sigmoid_derivative.wrong_edit(
    "the derivative of tanh",
    "1 minus the square belongs to tanh, which runs from -1 to 1. The sigmoid runs "
    "from 0 to 1.",
    ("a * (1 - a)", "1 - a**2"),
)
sigmoid_derivative.wrong_edit(
    "the value instead of the slope",
    "This is how high the curve is. How steep is it there? Far to the right it is "
    "high, and flat.",
    ("a * (1 - a)", "a"),
)
sigmoid_derivative.wrong_edit(
    "one factor missing",
    "Far to the left the sigmoid is flat, so its slope should be near 0. Here it is "
    "near 1.",
    ("a * (1 - a)", "1 - a"),
)
sigmoid_derivative.wrong_edit(
    "the square of the output",
    "Far to the right the sigmoid is flat. Here the slope goes to 1.",
    ("a * (1 - a)", "a * a"),
)
sigmoid_derivative.wrong_edit(
    "sign flipped",
    "The sigmoid climbs everywhere. Can its slope be negative?",
    ("a * (1 - a)", "a * (a - 1)"),
)
sigmoid_derivative.wrong_edit(
    "one factor from the input",
    "One factor is the output, the other is made from z. Both want the output.",
    ("a * (1 - a)", "a * (1 - z)"),
)
sigmoid_derivative.wrong_edit(
    "the factors added",
    "a and what is left of 1 always add up to 1. How else can you put them together?",
    ("a * (1 - a)", "a + (1 - a)"),
)
sigmoid_derivative.wrong_edit(
    "the sigmoid taken twice",
    "The output is squashed a second time before the slope is taken. Once is enough.",
    (
        "return a * (1 - a)",
        "a = 1 / (1 + np.exp(-a))\n    return a * (1 - a)",
    ),
)
sigmoid_derivative.wrong_edit(
    "the slope at 0, everywhere",
    "0.25 is the steepest place. Away from z = 0 the curve is flatter: which numbers "
    "in your formula depend on z?",
    ("a * (1 - a)", "0.25"),
)
sigmoid_derivative.wrong_edit(
    "the slope of the power alone",
    "exp(-z) is one piece of the sigmoid. The chain rule wants the pieces around it "
    "too: at z = 0 the slope is 0.25.",
    ("a * (1 - a)", "np.exp(-z)"),
)


@sigmoid_derivative.wrong(
    "a nudge that is not divided",
    "This is how far the output moves for your nudge, and so it is tiny. The slope is "
    "that, per unit of nudge.",
)
def _(z):
    h = 1e-4
    return 1 / (1 + np.exp(-(z + h))) - 1 / (1 + np.exp(-z))


@sigmoid_derivative.right("from the quotient rule")
def _(z):
    power = math.exp(-z)
    return power / (1 + power) ** 2


@sigmoid_derivative.right("with NumPy")
def _(z):
    a = 1 / (1 + np.exp(-np.asarray(z)))
    return a - a**2


@sigmoid_derivative.right("in float32")
def _(z):
    a = np.float32(1) / (np.float32(1) + np.exp(-np.float32(z)))
    return a * (np.float32(1) - a)


@sigmoid_derivative.right("by nudging from both sides")
def _(z):
    def sigmoid(t):
        return 1 / (1 + math.exp(-t))

    h = 1e-5
    return (sigmoid(z + h) - sigmoid(z - h)) / (2 * h)


@sigmoid_derivative.right("as a product of two sigmoids")
def _(z):
    return 1 / (1 + math.exp(-z)) / (1 + math.exp(z))


@sigmoid_derivative.right("from autograd itself")
def _(z):
    from course_lib.scalar import Value

    z = Value(z)
    z.sigmoid().backward()
    return z.grad


# --- diagnose_curves --------------------------------------------------------------

# The runs are those of the notebook: A learns few points by heart, B is deep and
# squashed, C takes strides that are too long, D ends too early.
RIGHT = A, B, C, D = "overfitting", "stuck", "long strides", "train longer"

MISREAD = (  # for each picture: a word, the misconception, and what to look at
    (
        (
            "fine",
            "judged by the training curve",
            "In A the training loss is splendid. Which curve says how the network does "
            "on points it has not seen, and where does that one go?",
        ),
        (
            B,
            "overfitting taken for standing still",
            "In A the training loss falls to 0, so something was learned. What does "
            "the other curve do meanwhile?",
        ),
        (
            C,
            "overfitting taken for jumps",
            "In A nothing jumps: one curve falls and one climbs, both calmly. What "
            "does a gap that widens mean?",
        ),
        (
            D,
            "more steps as the cure for a gap",
            "In A the validation loss has been climbing for most of the run. What "
            "would more steps do to it?",
        ),
    ),
    (
        (
            "fine",
            "a steady curve taken for a good one",
            "B is steady, at a loss of 0.69. What does a network score that knows "
            "nothing of two classes?",
        ),
        (
            D,
            "patience with a run that stands still",
            "B has not moved since its first step. Does anything in the picture "
            "promise that it will?",
        ),
        (
            A,
            "standing still taken for overfitting",
            "Overfitting is a gap between the curves. In B they lie on each other, "
            "from the first step to the last.",
        ),
        (
            C,
            "standing still taken for jumps",
            "Strides that are too long leave a curve that jumps. Does B move at all?",
        ),
    ),
    (
        (
            "fine",
            "jumps taken for progress",
            "C comes down now and then, and jumps up again. Would you use the network "
            "of its last step?",
        ),
        (
            A,
            "jumps taken for overfitting",
            "In C both curves jump together, so there is no gap between them. What "
            "makes a walker leap from one wall of a canyon to the other?",
        ),
        (
            B,
            "jumps taken for standing still",
            "C does not stand still; it leaps, and gets nowhere. What is too long?",
        ),
        (
            D,
            "more steps as the cure for jumps",
            "C has leapt about from its first step to its last. What would have to be "
            "shorter before more of them help?",
        ),
    ),
    (
        (
            "fine",
            "stopped while it still falls",
            "D looks healthy, and it is. But look at its last steps: has it arrived?",
        ),
        (
            B,
            "slow taken for stuck",
            "D is slow, but it moves: compare its first and its last loss. B does not.",
        ),
        (
            A,
            "slow taken for overfitting",
            "Overfitting is a gap between the curves. In D they fall together, to the "
            "last step.",
        ),
        (
            C,
            "slow taken for jumps",
            "D comes down smoothly, and slowly. Its strides may be anything but too "
            "long.",
        ),
    ),
)

diagnose_curves = question(
    __name__,
    "diagnose_curves",
    [A, B, C, D],
    title="Diagnose four runs",
    task=(
        "Look at the four pictures A, B, C and D. For each, in this order, choose one "
        'of "fine", "stuck", "train longer", "overfitting" and "long strides". Answer '
        "with a list of four of these words. A word may be used more than once, or not "
        "at all."
    ),
    hints=(
        "Look at the training curve first: is it flat from the start, falling, at the "
        "bottom, or jumping? Then ask where the validation curve goes meanwhile.",
        "A gap that widens means that something was learned by heart. Both curves flat "
        "at ln 2 = 0.69 mean that nothing was learned. Both falling to the last step "
        "mean that there is more to come.",
        "Jumps up and down mean a learning rate beyond the edge. Now name each one.",
    ),
    after=(
        "Each has its own cure: more data or an earlier stop; another activation and "
        "start; shorter strides; more steps."
    ),
    wrong=[
        *[
            ([word if k == i else right for k, right in enumerate(RIGHT)], label, said)
            for i, pairs in enumerate(MISREAD)
            for word, label, said in pairs
        ],
        (
            [D, B, C, A],
            "overfitting and an early end confused",
            "In A one curve falls while the other rises; in D both still fall. Which "
            "of the two would gain from more steps?",
        ),
        (
            [A, D, C, B],
            "a flat run and a falling one confused",
            "Look at B and D again: which of them is flat, and which still falls?",
        ),
        (
            [A, C, B, D],
            "a flat run and a jumping one confused",
            "Look at B and C again: which of them is flat, and which one jumps?",
        ),
        (
            [C, B, A, D],
            "a gap and jumps confused",
            "Look at A and C again: in which of them do the two curves part, and in "
            "which do they jump together?",
        ),
        (
            [B, A, C, D],
            "a gap and a flat run confused",
            "Look at A and B again: in which of them do the two curves part, and in "
            "which does nothing move?",
        ),
        (
            [A, A, A, A],
            "everything called overfitting",
            "Overfitting is a gap: training falls, validation climbs. In which of the "
            "four do the curves part?",
        ),
        (
            ["fine"] * 4,
            "everything called fine",
            "None of the four is as it should be. Which curve says how the network "
            "does on points it has not seen?",
        ),
        (
            ["memorising", B, C, D],
            "a word of your own for A",
            "You saw it in A, but the check knows five words only. Which of them is "
            "meant?",
        ),
        (
            [A, B, "learning rate too high", D],
            "a word of your own for C",
            "You saw it in C, but the check knows five words only. Which of them is "
            "meant?",
        ),
        (
            [A, B, C, "underfitting"],
            "a word of your own for D",
            "You saw it in D, but the check knows five words only. Which of them is "
            "meant?",
        ),
        (
            [A, B, C],
            "three words for four pictures",
            "There are four pictures, so four words are needed, in the order A, B, C, "
            "D.",
        ),
        (
            [A],
            "one word for four pictures",
            "There are four pictures, so four words are needed, in the order A, B, C, "
            "D.",
        ),
    ],
    right=[
        (A, B, C, D),
        [word.capitalize() for word in (A, B, C, D)],
        [f" {word.upper()} " for word in (A, B, C, D)],
        {"A": A, "B": B, "C": C, "D": D},
        [("A", A), ("B", B), ("C", C), ("D", D)],
        [word.replace(" ", "_") for word in (A, B, C, D)],
        [word.replace(" ", "-") for word in (A, B, C, D)],
        f"{A}, {B}, {C}, {D}",
        f"{A} {B} {C} {D}",
        f"A: {A}, B: {B}, C: {C}, D: {D}",
    ],
)
