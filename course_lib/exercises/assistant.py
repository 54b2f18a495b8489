# mypy: ignore-errors
"""The exercises of 09_assistant. Answers are written as learners write: untyped."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from course_lib.exercises.core import exercise

# --- answer_mask --------------------------------------------------------------------


@exercise(
    title="Which targets are the answer?",
    task=(
        "Write a function that takes one exchange, a list of T + 1 tokens, and the "
        "token of the mark `>`. The exchange begins and ends with `bos`, has one mark "
        "or more, and may be followed by padding, -1. Return a list of T values, True "
        "or False, one for each target, tokens[1:]: does it belong to the answer? The "
        "answer is what comes after the last mark, and the `bos` that ends it. The "
        "mark itself and padding do not belong to it."
    ),
    hints=(
        "Two questions for each target: does it stand behind the last mark, and is it "
        "a token at all, or padding?",
        "First find the place of the last mark, in a loop or from the end of the list. "
        "Then go through all places of tokens, and leave the first one out at the end.",
        "last = max(i for i, t in enumerate(tokens) if t == mark); then i > last and "
        "t >= 0 for each i and t of enumerate(tokens), without the first.",
    ),
    cases=[
        ([9, 6, 1, 2, 7, 3, 4, 9], 7),
        ([9, 6, 1, 7, 3, 5, 9, -1, -1], 7),
        ([9, 6, 2, 7, 9], 7),  # an answer without a word
        ([9, 6, 1, 7, 3, 6, 2, 7, 4, 4, 9], 7),  # two questions, two answers
        ([9, 6, 1, 7, 3, 2, 6, 7, 5, 9, -1, -1, -1], 7),
        ([5, 3, 0, 2, 4, 0, 1, 0, 5, -1], 4),  # 0 is a token
        ([4, 2, 1, 0, 3, 1, 3, 4], 0),
        ([9, 6, 1, 7, 7, 3, 9], 7),  # two marks, one after the other
        ([9, 6, 1, 7, 2, 7, 9, -1], 7),  # the last answer has no word
        ([8, 7, 2, 1, 8], 7),  # a question without a word
        ([30, 26, 3, 14, 27, 3, 14, 15, 30, -1, -1, -1, -1, -1], 27),
    ],
    after=(
        "Fine-tuning for chat commonly counts like this: what people write is read, "
        "and the loss falls on the model's own turn, its end included. A model that "
        "has never learned to end goes on talking."
    ),
)
def answer_mask(tokens, mark):
    """Return a list of T values: whether each target belongs to the answer."""
    last = max(place for place, token in enumerate(tokens) if token == mark)
    inside = [place > last and token >= 0 for place, token in enumerate(tokens)]
    return inside[1:]  # the first token is read, and never a target


answer_mask.wrong_edit(
    "the mark counted to the answer",
    "Whoever asks also writes the mark. With what does the model's turn begin?",
    ("place > last", "place >= last"),
)
answer_mask.wrong_edit(
    "the first token of the answer left out",
    "The first token after the mark is the model's own already.",
    ("place > last", "place > last + 1"),
)
answer_mask.wrong_edit(
    "what is read in place of the targets",
    "Entry 0 is about tokens[1], the first target. Yours is about tokens[0], which is "
    "read: so the answer begins one place too late, and ends too late as well.",
    ("inside[1:]", "inside[:-1]"),
)
answer_mask.wrong_edit(
    "everything one place too early",
    "Entry 0 is about tokens[1], the first target. Which token is yours about? See "
    "where the mark is, and where the end.",
    ("inside[1:]", "[*inside[2:], False]"),
)
answer_mask.wrong_edit(
    "the tokens in place of the targets",
    "The first token is read, and nobody has to predict it. Of T + 1 tokens, how many "
    "are targets?",
    ("inside[1:]", "inside"),
)
answer_mask.wrong_edit(
    "the targets without the last",
    "Of T + 1 tokens, all but the first are targets. Yours are one too few.",
    ("inside[1:]", "inside[1:-1]"),
)
answer_mask.wrong_edit(
    "the first mark in place of the last",
    "There may be two questions. What stands between the two marks was not all said by "
    "the model: the second question is there too.",
    ("max(", "min("),
)
answer_mask.wrong_edit(
    "all after the first mark but the marks",
    "There may be two questions. The second one stands behind the first mark, but it "
    "was not said by the model.",
    ("max(", "min("),
    ("token >= 0", "token not in (-1, mark)"),
)
answer_mask.wrong_edit(
    "the end forgotten",
    "When the answer is over, the model has to say so. By which token?",
    ("token >= 0", "0 <= token != tokens[0]"),
)
answer_mask.wrong_edit(
    "the last target left out, padding or not",
    "Without padding the last target ends the answer, and the model has to learn when "
    "to stop.",
    ("inside[1:]", "[*inside[1:-1], False]"),
)
answer_mask.wrong_edit(
    "padding counted",
    "Padding fills the row up; the model has nothing to predict there. By what do you "
    "know it?",
    (" and token >= 0", ""),
)
answer_mask.wrong_edit(
    "padding counted, and the mark",
    "Two things: whoever asks also writes the mark, and padding is nothing that the "
    "model has to predict.",
    ("place > last and token >= 0", "place >= last"),
)
answer_mask.wrong_edit(
    "padding counted, from the first mark on",
    "Two things: there may be two questions, and padding is nothing that the model has "
    "to predict.",
    ("max(", "min("),
    (" and token >= 0", ""),
)
answer_mask.wrong_edit(
    "padding counted, and the first token of the answer not",
    "Two things: the first token after the mark is the model's own, and padding is "
    "nothing that it has to predict.",
    ("place > last and token >= 0", "place > last + 1"),
)
answer_mask.wrong_edit(
    "padding counted, and the end not",
    "It is the other way round: the token that ends the answer has to be predicted, "
    "and padding is nothing that the model could predict.",
    ("token >= 0", "token != tokens[0]"),
)
answer_mask.wrong_edit(
    "one place of padding counted",
    "The answer is over with the token that ends it. Is the place behind it in yours?",
    ("token >= 0", "(token >= 0 or tokens[place - 1] >= 0)"),
)
answer_mask.wrong_edit(
    "0 taken for padding",
    "0 is the number of a token like any other. Which numbers are padding?",
    ("token >= 0", "token > 0"),
)
answer_mask.wrong_edit(
    "the question in place of the answer",
    "These are the targets of the question. The loss should be on the others.",
    ("place > last", "place <= last"),
)
answer_mask.wrong_edit(
    "turned inside out",
    "True where it should be False, at every place. What does True stand for?",
    ("place > last and token >= 0", "place <= last or token < 0"),
)
answer_mask.wrong_edit(
    "all targets but padding",
    "This is how a text is learned: all of it. Here only the answer is, and where does "
    "the question end?",
    ("place > last and token >= 0", "token >= 0"),
)
answer_mask.wrong_edit(
    "the first token of the answer alone",
    "The answer goes on to its end. Is one token of it enough?",
    ("place > last and token >= 0", "place == last + 1"),
)
answer_mask.wrong_edit(
    "the end alone",
    "This is where the model has to stop. What it says before belongs to its answer "
    "too.",
    ("token >= 0", "token == tokens[0]"),
)
answer_mask.wrong_edit(
    "the mark alone",
    "The model speaks behind the mark. Asked for is what it says there.",
    ("place > last and token >= 0", "place == last"),
)
answer_mask.wrong_edit(
    "padding dropped",
    "A mask has one entry for each target, those that are padding too: there it says "
    "False.",
    (
        "return inside[1:]",
        "return inside[1 : sum(token >= 0 for token in tokens)]",
    ),
)
answer_mask.wrong_edit(
    "1 and 0 in place of True and False",
    "The places are right. Return True and False in place of 1 and 0.",
    ("return inside[1:]", "return [int(one) for one in inside[1:]]"),
)
answer_mask.wrong_edit(
    "places in place of True and False",
    "These are the places of the answer. Asked for is True or False for every target.",
    ("return inside[1:]", "return [i for i, one in enumerate(inside[1:]) if one]"),
)
answer_mask.wrong_edit(
    "places among the tokens in place of True and False",
    "These are the places of the answer. Asked for is True or False for every target.",
    ("return inside[1:]", "return [i for i, one in enumerate(inside) if one]"),
)
answer_mask.wrong_edit(
    "the tokens of the answer in place of True and False",
    "These are the tokens of the answer. Asked for is True or False for every target.",
    (
        "return inside[1:]",
        "return [t for t, one in zip(tokens, inside, strict=True) if one]",
    ),
)
answer_mask.wrong_edit(
    "a count in place of True and False",
    "That is how many targets belong to the answer. Asked for is which.",
    ("return inside[1:]", "return sum(inside)"),
)
answer_mask.wrong_edit(
    "one place in place of True and False",
    "That is where the answer begins. Asked for is True or False for every target.",
    ("return inside[1:]", "return last"),
)


@answer_mask.right("in a loop that starts anew at each mark")
def _(tokens, mark):
    mask, speaks = [], False
    for i in range(len(tokens) - 1):
        if tokens[i] == mark:
            mask, speaks = [False] * i, True
        mask.append(speaks and tokens[i + 1] != -1)
    return mask


@answer_mask.right("from the end of the list")
def _(tokens, mark):
    behind = tokens[::-1].index(mark)
    before = len(tokens) - 1 - behind
    mask = [False] * before
    for token in tokens[before + 1 :]:
        mask.append(token >= 0)
    return mask


@answer_mask.right("walking backwards")
def _(tokens, mark):
    mask = [False] * (len(tokens) - 1)
    place = len(tokens) - 1
    while tokens[place] != mark:
        if tokens[place] != -1:
            mask[place - 1] = True
        place -= 1
    return mask


@answer_mask.right("no mark in what follows")
def _(tokens, mark):
    ahead = range(1, len(tokens))
    return [mark not in tokens[i:] and tokens[i] >= 0 for i in ahead]


@answer_mask.right("with flatnonzero in NumPy")
def _(tokens, mark):
    tokens = np.array(tokens)
    last = np.flatnonzero(tokens == mark)[-1]
    return (np.arange(len(tokens) - 1) >= last) & (tokens[1:] >= 0)


@answer_mask.right("with cumsum in NumPy")
def _(tokens, mark):
    marks = np.cumsum(np.equal(tokens, mark))
    answer = marks[:-1] == marks[-1]
    answer[np.less(tokens[1:], 0)] = False
    return answer.tolist()


@answer_mask.right("with two slices")
def _(tokens, mark):
    def last_place(wanted):
        return max(i for i in range(len(tokens)) if tokens[i] == wanted)

    start, stop = last_place(mark), last_place(tokens[0])
    n_padding = len(tokens) - 1 - stop
    return start * [False] + (stop - start) * [True] + n_padding * [False]


@answer_mask.right("with JAX")
def _(tokens, mark):
    import jax.numpy as jnp

    tokens = jnp.array(tokens)
    marks_to_come = jnp.cumsum((tokens == mark)[::-1])[::-1]
    return jnp.where(tokens < 0, False, marks_to_come == 0)[1:]


# --- dpo_loss -----------------------------------------------------------------------


@exercise(
    title="The loss of a preference",
    task=(
        "Write a function that returns the loss of direct preference optimisation for "
        "one pair of answers. Given are four log-probabilities: of the chosen and of "
        "the rejected answer, from the model and from the reference. The gain of an "
        "answer is its log-probability less that of the reference. The loss is "
        "-ln sigmoid(beta * (gain of the chosen - gain of the rejected)). beta times "
        "that difference lies between -20 and 20, so nothing overflows."
    ),
    hints=(
        "Three steps: two gains, their difference times beta, and then minus the "
        "logarithm of a sigmoid.",
        "sigmoid(z) = 1 / (1 + math.exp(-z)), and math.log is the natural logarithm. "
        "beta stands inside the sigmoid.",
        "z = beta * ((chosen - reference_chosen) - (rejected - reference_rejected)); "
        "then -math.log(1 / (1 + math.exp(-z))).",
    ),
    cases=[
        (-5.0, -7.0, -6.0, -6.5, 0.1),
        (-3.0, -2.0, -3.0, -2.0, 0.5),  # nothing learned yet
        (-12.5, -20.0, -11.0, -14.0, 1.0),  # both have become less likely
        (-8.0, -4.0, -5.0, -6.5, 2.0),  # the rejected one has gained
        (-1.0, -9.0, -4.0, -2.0, 0.0),
        (-2.25, -30.0, -2.5, -10.0, 0.3),
        (-10.0, -10.0, -4.0, -7.0, 0.2),
        (-0.5, -6.0, -1.0, -2.0, 0.7),
        (-7, -9, -8, -12, 2),  # whole numbers
    ],
    after=(
        "Nobody wrote down a right answer: it is enough that somebody chose one of "
        "two. So a product learns what its raters like, be it true or only pleasant."
    ),
)
def dpo_loss(chosen, rejected, reference_chosen, reference_rejected, beta):
    """Return the loss of one pair, in nats, from four log-probabilities."""
    chosen_gain = chosen - reference_chosen
    rejected_gain = rejected - reference_rejected
    margin = beta * (chosen_gain - rejected_gain)
    probability = 1 / (1 + math.exp(-margin))  # that the chosen one is preferred
    return -math.log(probability)


dpo_loss.wrong_edit(
    "the reference ignored",
    "An answer that was likely from the beginning has learned nothing. With what is "
    "the model compared?",
    ("chosen - reference_chosen\n", "chosen\n"),
    ("rejected - reference_rejected\n", "rejected\n"),
)
dpo_loss.wrong_edit(
    "the model ignored",
    "These are the reference's preferences, which never change. What the model says is "
    "missing.",
    ("= chosen - reference_chosen\n", "= reference_chosen\n"),
    ("= rejected - reference_rejected\n", "= reference_rejected\n"),
)
dpo_loss.wrong_edit(
    "the reference of the chosen one ignored",
    "Both answers have a reference, the chosen one too.",
    ("chosen - reference_chosen\n", "chosen\n"),
)
dpo_loss.wrong_edit(
    "the reference of the rejected one ignored",
    "Both answers have a reference, the rejected one too.",
    ("rejected - reference_rejected\n", "rejected\n"),
)
dpo_loss.wrong_edit(
    "chosen and rejected exchanged",
    "This loss is small where the rejected answer has gained. Look at what is "
    "subtracted from what, and at the sign in the exponent.",
    ("chosen_gain - rejected_gain", "rejected_gain - chosen_gain"),
)
dpo_loss.wrong_edit(
    "the two references exchanged",
    "Each answer is compared with itself: how likely was this very answer before?",
    ("chosen - reference_chosen\n", "chosen - reference_rejected\n"),
    ("rejected - reference_rejected\n", "rejected - reference_chosen\n"),
)
dpo_loss.wrong_edit(
    "beta for the rejected answer alone",
    "Look at your brackets: beta is for both gains.",
    ("beta * (chosen_gain - rejected_gain)", "chosen_gain - beta * rejected_gain"),
)
dpo_loss.wrong_edit(
    "the gains added",
    "The chosen answer should win over the rejected one. Does a sum of their gains say "
    "by how much it does?",
    ("chosen_gain - rejected_gain", "chosen_gain + rejected_gain"),
)
dpo_loss.wrong_edit(
    "the rejected answer ignored",
    "A choice is between two. Does the rejected answer change your loss?",
    ("chosen_gain - rejected_gain", "chosen_gain"),
)
dpo_loss.wrong_edit(
    "the chosen answer ignored",
    "A choice is between two. Does the chosen answer change your loss?",
    ("chosen_gain - rejected_gain", "-rejected_gain"),
)
dpo_loss.wrong_edit(
    "a sigmoid for each answer",
    "There is one sigmoid, of one difference: it is the probability of one choice "
    "between the two.",
    (
        "return -math.log(probability)",
        "p, q = beta * chosen_gain, -beta * rejected_gain\n"
        "    return math.log((1 + math.exp(-p)) * (1 + math.exp(-q)))",
    ),
)
dpo_loss.wrong_edit(
    "the two losses subtracted",
    "There is one sigmoid, of one difference. A difference of two losses is something "
    "else.",
    (
        "return -math.log(probability)",
        "p, q = beta * chosen_gain, beta * rejected_gain\n"
        "    return math.log((1 + math.exp(-p)) / (1 + math.exp(-q)))",
    ),
)
dpo_loss.wrong_edit(
    "beta outside of the sigmoid",
    "Where the brackets close matters: with beta = 0, every choice has the probability "
    "1/2. What does that cost?",
    ("beta * (chosen_gain", "(chosen_gain"),
    ("return -math.log(probability)", "return -beta * math.log(probability)"),
)
dpo_loss.wrong_edit(
    "beta inside and outside",
    "beta stands in the formula once.",
    ("return -math.log(probability)", "return -beta * math.log(probability)"),
)
dpo_loss.wrong_edit(
    "beta forgotten",
    "Try beta = 0.1 and beta = 1: is the loss the same?",
    ("beta * (chosen_gain", "(chosen_gain"),
)
dpo_loss.wrong_edit(
    "beta for the chosen answer alone",
    "Look at your brackets: beta is for both gains.",
    ("(chosen_gain - rejected_gain)", "chosen_gain - rejected_gain"),
)
dpo_loss.wrong_edit(
    "beta for the model alone",
    "Look at your brackets: beta is for the reference's log-probabilities too.",
    (
        "beta * (chosen_gain - rejected_gain)",
        "beta * (chosen - rejected) - (reference_chosen - reference_rejected)",
    ),
)
dpo_loss.wrong_edit(
    "beta for the reference alone",
    "Look at your brackets: beta is for the model's log-probabilities too.",
    (
        "beta * (chosen_gain - rejected_gain)",
        "(chosen - rejected) - beta * (reference_chosen - reference_rejected)",
    ),
)
dpo_loss.wrong_edit(
    "divided by beta",
    "The smaller beta is here, the larger becomes the margin. Is it divided by beta, "
    "or multiplied?",
    ("beta * (chosen_gain - rejected_gain)", "(chosen_gain - rejected_gain) / beta"),
)
dpo_loss.wrong_edit(
    "the sign of the logarithm",
    "The logarithm of a probability is negative, or 0. A loss is the less, the better.",
    ("return -math", "return math"),
)
dpo_loss.wrong_edit(
    "the probability in place of its logarithm",
    "This is the probability of the choice, which should become large. What makes a "
    "loss of it?",
    ("return -math.log(probability)", "return probability"),
)
dpo_loss.wrong_edit(
    "minus the probability",
    "This is minus the probability of the choice. What is its logarithm?",
    ("return -math.log(probability)", "return -probability"),
)
dpo_loss.wrong_edit(
    "the probability of the other choice",
    "This is how likely the other choice is. Asked for is minus the logarithm of the "
    "sigmoid.",
    ("return -math.log(probability)", "return 1 - probability"),
)
dpo_loss.wrong_edit(
    "the margin in place of a loss",
    "This is what goes into the sigmoid. Two steps are left.",
    ("return -math.log(probability)", "return margin"),
)
dpo_loss.wrong_edit(
    "minus the margin in place of a loss",
    "This has no end: the loss could always fall further. Which function bends it, so "
    "that a choice that is safe already counts little?",
    ("return -math.log(probability)", "return -margin"),
)
dpo_loss.wrong_edit(
    "a logarithm without a sigmoid",
    "The difference of the gains may be negative or 0, and then it has no logarithm. "
    "Which function makes a probability of it first?",
    ("math.log(probability)", "math.log(margin)"),
)
dpo_loss.wrong_edit(
    "a hinge in place of a sigmoid",
    "A hinge is another loss. Asked for is minus the logarithm of a sigmoid.",
    ("return -math.log(probability)", "return max(0.0, 1 - margin)"),
)
dpo_loss.wrong_edit(
    "the squared error of the probability",
    "Squares suit distances. What does a probability cost, in nats?",
    ("return -math.log(probability)", "return (1 - probability) ** 2"),
)
dpo_loss.wrong_edit(
    "the size of the margin alone",
    "It matters which of the two answers has gained more. Does it matter in yours?",
    ("-math.log(probability)", "math.log(1 + math.exp(-abs(margin)))"),
)
dpo_loss.wrong_edit(
    "log base 2",
    "Nothing learned costs ln 2 = 0.6931 nats. Yours are bits.",
    ("-math.log(", "-math.log2("),
)
dpo_loss.wrong_edit(
    "log base 10",
    "Nothing learned costs ln 2 = 0.6931. Which function is the natural logarithm?",
    ("-math.log(", "-math.log10("),
)
dpo_loss.wrong_edit(
    "probabilities subtracted in place of their logarithms",
    "The gain is a difference of log-probabilities, and those are given: no exp is "
    "needed before the sigmoid.",
    ("chosen - reference_chosen\n", "math.exp(chosen) - math.exp(reference_chosen)\n"),
    (
        "rejected - reference_rejected\n",
        "math.exp(rejected) - math.exp(reference_rejected)\n",
    ),
)
dpo_loss.wrong_edit(
    "ratios in place of their logarithms",
    "This is how many times likelier an answer has become. The gain is its logarithm, "
    "and a difference of logarithms is one already.",
    ("chosen - reference_chosen\n", "math.exp(chosen - reference_chosen)\n"),
    ("rejected - reference_rejected\n", "math.exp(rejected - reference_rejected)\n"),
)
dpo_loss.wrong_edit(
    "log-probabilities divided by each other",
    "The logarithm of a ratio is a difference of logarithms. Which operator belongs "
    "between them?",
    ("chosen - reference_chosen\n", "chosen / reference_chosen\n"),
    ("rejected - reference_rejected\n", "rejected / reference_rejected\n"),
)
dpo_loss.wrong_edit(
    "the cost of the chosen answer",
    "This is the loss of fine-tuning on the chosen answer. The other answer, the "
    "reference and beta play no part in it.",
    ("return -math.log(probability)", "return -chosen"),
)
dpo_loss.wrong_edit(
    "probability and loss",
    "Both numbers are right. Return the loss alone.",
    ("return -math.log(probability)", "return probability, -math.log(probability)"),
)


@dpo_loss.right("in one line")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    gap = chosen - rejected - reference_chosen + reference_rejected
    return math.log(1 + math.exp(-beta * gap))


@dpo_loss.right("with log1p")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    reference = reference_chosen - reference_rejected
    return math.log1p(math.exp(beta * (reference - (chosen - rejected))))


@dpo_loss.right("two rewards and a softmax")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    rewards = [
        beta * (chosen - reference_chosen),
        beta * (rejected - reference_rejected),
    ]
    powers = [math.exp(reward) for reward in rewards]
    return math.log(sum(powers)) - rewards[0]


@dpo_loss.right("ratios of probabilities, to the power of beta")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    win = (math.exp(chosen) / math.exp(reference_chosen)) ** beta
    lose = (math.exp(rejected) / math.exp(reference_rejected)) ** beta
    return -math.log(win / (win + lose))


@dpo_loss.right("with a helper that never overflows")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    def log_sigmoid(z):
        if z >= 0:
            return -math.log1p(math.exp(-z))
        return z - math.log1p(math.exp(z))

    after = beta * (chosen - rejected)
    before = beta * (reference_chosen - reference_rejected)
    return -log_sigmoid(after - before)


@dpo_loss.right("with NumPy")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    policy = np.array([chosen, rejected])
    reference = np.array([reference_chosen, reference_rejected])
    chosen_reward, rejected_reward = beta * (policy - reference)
    return np.logaddexp(0, rejected_reward - chosen_reward)


@dpo_loss.right("in float32")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    signs = np.array([1, -1, -1, 1], np.float32)
    given = np.array(
        [chosen, rejected, reference_chosen, reference_rejected], np.float32
    )
    z = np.float32(beta) * np.sum(signs * given)
    return -np.log(1 / (1 + np.exp(-z)))


@dpo_loss.right("with SciPy")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    from scipy.special import log_expit

    chosen -= reference_chosen
    rejected -= reference_rejected
    return -log_expit(beta * (chosen - rejected))


@dpo_loss.right("with JAX")
def _(chosen, rejected, reference_chosen, reference_rejected, beta):
    from jax.nn import log_sigmoid

    gains = chosen - reference_chosen, rejected - reference_rejected
    return -log_sigmoid(1.0 * beta * (gains[0] - gains[1]))


# --- search -------------------------------------------------------------------------


@exercise(
    title="Find the sentence to read",
    task=(
        "Write a function that takes a question and a list of sentences, and returns "
        "the sentence that is nearest to the question. The vectors are the counts of "
        "their words. The nearest has the largest cosine: the dot product of both "
        "vectors, divided by both their lengths. If several sentences are equally "
        "near, return the first of them, also where no word is shared. The texts have "
        "only small letters and spaces: text.split() gives their words, at least one."
    ),
    hints=(
        "Three steps: count the words of the question, give every sentence a number "
        "that says how near it is, and return the sentence with the largest.",
        "Counter(text.split()) counts, and a word that it does not hold counts 0. The "
        "dot product is a sum over words; a length is the root of the sum of squares.",
        "The dot product is sum(a[word] * b[word] for word in a), and the length of b "
        "math.sqrt(sum(n * n for n in b.values())). max(sentences, key=cosine) keeps "
        "the first of equals.",
    ),
    cases=[
        (
            "what is a wheel",
            [
                "a robin is a bird",
                "a wheel is a machine part",
                "an oak is a tree",
                "a car has a wheel and a door and a seat",
            ],
        ),
        ("what is a hen", ["is", "a robin is a robin and a bird is a bird", "a hen"]),
        ("who let the dog out", ["the cat sat", "a dog ran out", "the dog ran off"]),
        ("red fox", ["blue sky", "green sea", "a car"]),  # no word is shared
        ("the car", ["carpet and theatre", "a carthorse", "car"]),
        ("tea", ["tea tea milk", "tea milk", "milk tea", "coffee"]),
        ("a b c", ["c b a", "a b c", "b c a d"]),
        ("big big dog", ["big dog", "big big cat", "dog"]),
        ("one", ["two two", "one two three", "zero one one"]),
        ("a a a b", ["a b", "a a a", "b b b a"]),
        (
            "is the dog a wolf or the cat",
            [
                "a cow is a cow is a cow",
                "the hen is a bird and the cow is an animal",
                "the bird in the tree",
                "a dog and a cat and a cow",
            ],
        ),
        (
            "what is a bird and what is an animal",
            [
                "the bird in the tree",
                "the dog and the cow and the hen",
                "the cat is in the tree",
            ],
        ),
        (
            "is a robin a bird",
            ["a cow is a cow is a cow", "is a bird an animal", "a hen"],
        ),
        ("a big dog", ["a cow is a cow is a cow", "a wheel is a machine part"]),
        ("is the cow an animal", ["a bird is an animal", "an animal"]),
    ],
    after=(
        "Assistants that read before they answer begin with such a search. Their "
        "vectors mostly come from a network, in which words of like meaning lie close "
        "together; the cosine is the same. What the search misses, the model cannot "
        "read."
    ),
)
def search(question, sentences):
    """Return the sentence that is nearest to the question."""

    def dot(a, b):
        return sum(a[word] * b[word] for word in a)

    def cosine(a, b):
        return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))

    asked = Counter(question.split())
    return max(sentences, key=lambda one: cosine(asked, Counter(one.split())))


FOUND = "max(sentences, key=lambda one: cosine(asked, Counter(one.split())))"
LENGTHS = " / math.sqrt(dot(a, a) * dot(b, b))"

search.wrong_edit(
    "the dot product alone",
    "A long sentence repeats many words, and so its dot product is large. By what does "
    "the cosine divide it?",
    (LENGTHS, ""),
)
search.wrong_edit(
    "words shared, however long the sentence",
    "A sentence that holds nearly every word would win every time. By what does the "
    "cosine divide?",
    ("a[word] * b[word] for word in a", "word in b for word in a"),
    (LENGTHS, ""),
)
search.wrong_edit(
    "different words in place of counts",
    "A word that stands in a text twice counts twice. Does it in yours?",
    ("Counter(question.split())", "Counter(set(question.split()))"),
    ("Counter(one.split())", "Counter(set(one.split()))"),
)
search.wrong_edit(
    "different words of the sentence in place of counts",
    "The words of the question are counted, those of the sentences are not: a word may "
    "stand in a sentence twice.",
    ("Counter(one.split())", "Counter(set(one.split()))"),
)
search.wrong_edit(
    "different words of the question in place of counts",
    "The words of the sentences are counted, those of the question are not: a word may "
    "stand in it twice.",
    ("Counter(question.split())", "Counter(set(question.split()))"),
)
search.wrong_edit(
    "shared words divided by all words",
    "The share of words that two texts have in common is another measure. A cosine has "
    "a dot product, and two lengths.",
    (
        f"return dot(a, b){LENGTHS}",
        "return len(a.keys() & b.keys()) / len(a.keys() | b.keys())",
    ),
)
search.wrong_edit(
    "divided by the number of words",
    "The length of a vector is not the sum of its numbers. How long is the arrow from "
    "(0, 0) to (3, 4)?",
    (LENGTHS, " / sum(b.values())"),
)
search.wrong_edit(
    "divided by the number of different words",
    "The length of a vector is not how many numbers it has. How long is the arrow from "
    "(0, 0) to (3, 4)?",
    (LENGTHS, " / len(b)"),
)
search.wrong_edit(
    "divided by the number of letters",
    "The length is that of the vector of counts, not of the text. How long is the "
    "arrow from (0, 0) to (3, 4)?",
    (
        "cosine(asked, Counter(one.split()))",
        "dot(asked, Counter(one.split())) / len(one)",
    ),
)
search.wrong_edit(
    "divided by the squared length",
    "Is the root in your length? The arrow from (0, 0) to (3, 4) is 5 long, not 25.",
    (LENGTHS, " / (dot(a, a) * dot(b, b))"),
)
search.wrong_edit(
    "the lengths added",
    "The dot product is divided by both lengths, so by their product. Yours divides by "
    "their sum.",
    (LENGTHS, " / (math.sqrt(dot(a, a)) + math.sqrt(dot(b, b)))"),
)
search.wrong_edit(
    "multiplied by the lengths",
    "The longer a sentence, the nearer it is here. Is the dot product divided by the "
    "lengths, or multiplied?",
    (LENGTHS, " * math.sqrt(dot(a, a) * dot(b, b))"),
)
search.wrong_edit(
    "the length over the shared words alone",
    "All words of the sentence belong to its length, those that the question lacks as "
    "well. And without a shared word there would be nothing to divide by.",
    ("dot(b, b)", "sum(b[word] ** 2 for word in a)"),
)
search.wrong_edit(
    "the distance in place of the angle",
    "The distance between the tips of two arrows grows with their length. Asked for is "
    "the cosine of the angle between them.",
    (
        f"return dot(a, b){LENGTHS}",
        "return -math.sqrt(sum((a[word] - b[word]) ** 2 for word in a | b))",
    ),
)
search.wrong_edit(
    "the farthest sentence",
    "The cosine of an angle is the larger, the smaller the angle. Which one do you "
    "look for?",
    ("max(sentences", "min(sentences"),
)
search.wrong_edit(
    "the last of equals",
    "Of sentences that are equally near, the first is asked for. Look at >= and >, or "
    "at the end from which you take it.",
    ("max(sentences", "max(sentences[::-1]"),
)
search.wrong_edit(
    "the last of equals in the alphabet",
    "Where the numbers of two pairs are equal, their texts are compared. Asked for is "
    "the one that comes first in the list.",
    (
        "one: cosine(asked, Counter(one.split()))",
        "one: (cosine(asked, Counter(one.split())), one)",
    ),
)
search.wrong_edit(
    "the first of equals in the alphabet",
    "Where the numbers of two pairs are equal, their texts are compared. Asked for is "
    "the one that comes first in the list.",
    ("max(sentences", "max(sorted(sentences)"),
)
search.wrong_edit(
    "letters in place of words",
    "A text in a Counter is counted letter by letter. What makes words of it?",
    ("Counter(question.split())", "Counter(question)"),
    ("Counter(one.split())", "Counter(one)"),
)
search.wrong_edit(
    "the place in place of the sentence",
    "That is where the sentence stands in the list. Return the sentence itself.",
    (f"return {FOUND}", f"return sentences.index({FOUND})"),
)
search.wrong_edit(
    "the cosine in place of the sentence",
    "That is how near the nearest sentence is. Return the sentence itself.",
    (
        f"return {FOUND}",
        "return max(cosine(asked, Counter(one.split())) for one in sentences)",
    ),
)
search.wrong_edit(
    "sentence and cosine",
    "Both are right. Return the sentence alone.",
    (
        f"return {FOUND}",
        f"best = {FOUND}\n    return best, cosine(asked, Counter(best.split()))",
    ),
)
search.wrong_edit(
    "cosine and sentence",
    "Both are right. Return the sentence alone.",
    (
        f"return {FOUND}",
        f"best = {FOUND}\n    return cosine(asked, Counter(best.split())), best",
    ),
)
search.wrong_edit(
    "a list with one sentence",
    "The sentence is right. Return it without a list around it.",
    (f"return {FOUND}", f"return [{FOUND}]"),
)
search.wrong_edit(
    "all sentences, sorted",
    "The first of your list is the answer. Return it alone.",
    (
        f"return {FOUND}",
        "return sorted(sentences, key=lambda s: -cosine(asked, Counter(s.split())))",
    ),
)
search.wrong_edit(
    "a list of cosines",
    "These say how near each sentence is. Which of them is the largest, and which "
    "sentence does it belong to?",
    (
        f"return {FOUND}",
        "return [cosine(asked, Counter(one.split())) for one in sentences]",
    ),
)
search.wrong_edit(
    "the words of the sentence",
    "These are the words of the right sentence. Return it as it stands in the list.",
    (f"return {FOUND}", f"return {FOUND}.split()"),
)
search.wrong_edit(
    "the first sentence that shares a word",
    'A word such as "a" is in many sentences. Compare all of them before you choose.',
    (
        FOUND,
        "next((s for s in sentences if dot(asked, Counter(s.split()))), sentences[0])",
    ),
)
search.wrong_edit(
    "the first sentence, whatever is asked",
    "Does the question change your result? Compare all sentences with it.",
    (FOUND, "sentences[0]"),
)
search.wrong_edit(
    "the last sentence in the alphabet",
    "max without a key compares texts by the alphabet. By what should it compare them?",
    (FOUND, "max(sentences)"),
)
search.wrong_edit(
    "the shortest sentence that shares a word",
    "A short sentence has a short vector, and yet the words that it shares count too.",
    (
        FOUND,
        "max(sentences, key=lambda one: (dot(asked, Counter(one.split())) > 0) "
        "/ len(one.split()))",
    ),
)
search.wrong_edit(
    "nothing where no word is shared",
    "Where no word is shared, all sentences are equally near. Which one is asked for "
    "then?",
    (
        f"return {FOUND}",
        f"best = {FOUND}\n"
        "    return best if dot(asked, Counter(best.split())) else None",
    ),
)
search.wrong_edit(
    "an empty text where no word is shared",
    "Where no word is shared, all sentences are equally near. Which one is asked for "
    "then?",
    (
        f"return {FOUND}",
        f'best = {FOUND}\n    return best if dot(asked, Counter(best.split())) else ""',
    ),
)


@search.wrong(
    "parts of words found",
    'Is "car" a word of "carpet and theatre"? Compare whole words.',
)
def _(question, sentences):
    def score(sentence):
        hits = sum(sentence.count(word) for word in question.split())
        counts = Counter(sentence.split()).values()
        return hits / math.sqrt(sum(n * n for n in counts))

    return max(sentences, key=score)


@search.wrong(
    "parts of words counted, without any length",
    'Is "car" a word of "carpet and theatre"? And should a long sentence be near '
    "because it is long?",
)
def _(question, sentences):
    return max(sentences, key=lambda one: sum(one.count(w) for w in question.split()))


@search.right("with all counts in loops")
def _(question, sentences):
    def count(text):
        counts = {}
        for word in text.split():
            counts[word] = counts.get(word, 0) + 1
        return counts

    asked = count(question)
    best, nearest = sentences[0], 0.0
    for sentence in sentences:
        found = count(sentence)
        dot = length = 0
        for word, n in found.items():
            length += n**2
            dot += n * asked.get(word, 0)
        cosine = dot / length**0.5
        if cosine > nearest:
            best, nearest = sentence, cosine
    return best


@search.right("a matrix of counts in NumPy")
def _(question, sentences):
    words = sorted(set(" ".join([question, *sentences]).split()))
    table = np.array([[s.split().count(w) for w in words] for s in sentences])
    asked = np.array([question.split().count(w) for w in words])
    lengths = np.linalg.norm(table, axis=1) * np.linalg.norm(asked)
    return sentences[np.argmax(table @ asked / lengths)]


@search.right("an array of sentences")
def _(question, sentences):
    asked = Counter(question.split())
    near = np.zeros(len(sentences))
    for i, sentence in enumerate(sentences):
        words = sentence.split()
        length = np.linalg.norm(list(Counter(words).values()))
        near[i] = sum(asked[word] for word in words) / length
    return np.array(sentences)[near.argmax()]


@search.right("in float32")
def _(question, sentences):
    place = {
        w: i for i, w in enumerate({*question.split(), *" ".join(sentences).split()})
    }

    def vector(text):
        v = np.zeros(len(place), np.float32)
        for word in text.split():
            v[place[word]] += 1
        return v / np.sqrt((v**2).sum())

    near = [float(vector(one) @ vector(question)) for one in sentences]
    return sentences[near.index(max(near))]


@search.right("sorted, the nearest first")
def _(question, sentences):
    asked = Counter(question.split())

    def distance(sentence):
        found = Counter(sentence.split())
        dot = sum(found[word] for word in asked.elements())
        return -dot / math.hypot(*found.values()) / math.hypot(*asked.values())

    return sorted(sentences, key=distance)[0]


@search.right("pairs with the place to break ties")
def _(question, sentences):
    ranked = []
    for i, sentence in enumerate(sentences):
        a, b = Counter(question.split()), Counter(sentence.split())
        shared = set(a) & set(b)
        dot = sum(a[w] * b[w] for w in shared)
        norms = [math.sqrt(sum(n * n for n in one.values())) for one in (a, b)]
        ranked.append((dot / math.prod(norms), -i))
    return sentences[-max(ranked)[1]]


@search.right("pairs of words compared")
def _(question, sentences):
    def pairs(one, two):
        return sum(a == b for a in one.split() for b in two.split())

    def squared_cosine(text):
        return pairs(question, text) ** 2 / pairs(text, text)

    return max(sentences, key=squared_cosine)


@search.right("the course's own search")
def _(question, sentences):
    from course_lib.lessons import retrieval

    return retrieval.search(question, sentences)[0].sentence


# --- leaked -------------------------------------------------------------------------


@exercise(
    title="Find the leaked test question",
    task=(
        "Write a function that takes an exam, a list of pairs (question, answer), and "
        "training, a list of exchanges such as `<what is a wheel?>a machine part`. It "
        "returns the list of those questions of the exam that also stand in training, "
        "between `<` and `>`: as they are written in the exam, and in its order. "
        "Capitals do not matter, nor do spaces at the ends, nor whether there are one "
        "or more between two words. Every exchange begins with `<`. No question stands "
        "in the exam twice."
    ),
    hints=(
        "Two jobs: cut the question out of an exchange, and bring two ways to write "
        "one question into one form, in which you can compare them.",
        'exchange.index(">") says where the question ends. " ".join(text.split()) '
        "leaves one space between words and none at the ends, and lower() takes the "
        "capitals away.",
        "Put the plain form of all questions in training into a set. Then keep the "
        "questions of the exam whose plain form is in the set.",
    ),
    cases=[
        (
            [("what is a wheel?", "a machine part"), ("what is a robin?", "a bird")],
            ["<what is an oak?>a tree", "<what is a wheel?>a machine part"],
        ),
        (
            [
                ("what is a fork?", "a tool"),
                ("what is a hen?", "a bird"),
                ("what is a yew?", "a tree"),
            ],
            ["<What is a Hen?>a bird", "< what  is a fork? >a tool"],
        ),
        (
            [
                (" What is an Elk?", "an animal"),
                ("what is   a spoon?", "a tool"),
                ("WHAT IS A CUP?", "a container"),
                ("what is a jug?", "a container"),
            ],
            [
                "<what is an elk?>an animal",
                "<what is a spoon?>a tool",
                "<what is a cup?>a bowl",
            ],
        ),
        (  # leaked with another answer; and a known answer to another question
            [("what is a bat?", "an animal"), ("what is a mole?", "an animal")],
            ["<what is a bat?>a piece of wood", "<what is a mouse?>an animal"],
        ),
        ([("what is a fig?", "a fruit")], ["<what is a pea?>a vegetable"]),
        ([("what is a fig?", "a fruit")], []),
        ([], ["<what is a pea?>a vegetable"]),
        (
            [
                ("what is tin?", "a metal"),
                ("what is ash?", "a tree"),
                ("what is hail?", "weather"),
            ],
            [
                "<what is ash?>a tree",
                "<what is hail?>weather",
                "<what is ash?>what a fire leaves",
                "<what is tin?>a metal",
            ],
        ),
        (  # in an answer, and as a part of another question
            [
                ("what is it?", "a game"),
                ("and what is oil?", "a liquid"),
                ("is it ice?", "no"),
            ],
            [
                "<how does it go?>what is it?",
                "<what is oil?>a liquid",
                "<so is it ice?>no",
            ],
        ),
        (
            [("what is a nice cube?", "a toy"), ("is a man a good dog?", "no")],
            ["<what is an ice cube?>frozen water", "<is a good man a dog?>no"],
        ),
        (
            [
                ("what is rye?", "a grain"),
                ("  Is RYE  a grain? ", "yes"),
                ("what is oat?", "a grain"),
                ("What is corn?", "a grain"),
            ],
            [
                "<is rye a  Grain?>yes",
                "<what is corn?>a grain",
                "<What  is RYE?>a grain",
            ],
        ),
        (
            [("what is soap?", "a product"), ("what is lime? ", "a fruit")],
            ["< what is lime?>a fruit", "<what is soap?>a product"],
        ),
    ],
    after=(
        "A test says little about questions that the model has read. Ask a vendor how "
        "they looked for leaks: a question in other words would pass a search like "
        "this one."
    ),
)
def leaked(exam, training):
    """Return the list of the exam's questions that also stand in training."""

    def plain(text):
        return " ".join(text.lower().split())

    read = {plain(exchange[1 : exchange.index(">")]) for exchange in training}
    return [question for question, _answer in exam if plain(question) in read]


KEPT = "[question for question, _answer in exam if plain(question) in read]"
READ = '{plain(exchange[1 : exchange.index(">")]) for exchange in training}'
PLAIN = '" ".join(text.lower().split())'

leaked.wrong_edit(
    "capitals compared",
    '"What is a Hen?" and "what is a hen?" are one question.',
    ("text.lower()", "text"),
)
leaked.wrong_edit(
    "spaces compared",
    "Two spaces between two words, or one at an end, make no other question.",
    (PLAIN, "text.lower()"),
)
leaked.wrong_edit(
    "spaces between words compared",
    "The spaces at the ends are gone. There may also be two of them between two words.",
    (PLAIN, "text.lower().strip()"),
)
leaked.wrong_edit(
    "spaces at the ends compared",
    "Between the words there is one space now. There may also be some at the ends.",
    (f"return {PLAIN}", 'import re\n\n        return re.sub(" +", " ", text.lower())'),
)
leaked.wrong_edit(
    "doubled spaces replaced only once",
    "Of three spaces, two are left here. Repeat the step, or let split find the words.",
    (PLAIN, 'text.lower().strip().replace("  ", " ")'),
)
leaked.wrong_edit(
    "all spaces taken out",
    'Without any space "a nice cube" and "an ice cube" are the same. What should be '
    "left between two words?",
    (PLAIN, '"".join(text.lower().split())'),
)
leaked.wrong_edit(
    "character for character",
    "Capitals and spaces at the ends, or doubled ones, make no other question. Bring "
    "both sides into one form before you compare them.",
    (PLAIN, "text"),
)
leaked.wrong_edit(
    "capitals and spaces between words compared",
    "The spaces at the ends are gone. Two things are left: capitals, and more than one "
    "space between words.",
    (PLAIN, "text.strip()"),
)
leaked.wrong_edit(
    "the exam as it is written",
    "Training has a plain form here, the exam has not. Its questions may have capitals "
    "and spaces as well.",
    ("plain(question)", "question"),
)
leaked.wrong_edit(
    "training as it is written",
    "The exam has a plain form here, training has not. Its questions may have capitals "
    "and spaces as well.",
    ("plain(exchange[", "(exchange["),
)
leaked.wrong_edit(
    "capitals of the exam compared",
    "In training the capitals are gone. The exam may have some too.",
    ("plain(question) in", '" ".join(question.split()) in'),
)
leaked.wrong_edit(
    "capitals of training compared",
    "In the exam the capitals are gone. Training may have some too.",
    (READ, '{" ".join(one[1 : one.index(">")].split()) for one in training}'),
)
leaked.wrong_edit(
    "words in any order",
    '"Is a man a good dog?" and "is a good man a dog?" have the same words. Are they '
    "one question?",
    (PLAIN, '" ".join(sorted(text.lower().split()))'),
)
leaked.wrong_edit(
    "nothing ever found",
    "No question is found here, however it is written. Print what you compare: is "
    "there a `<`, a `>` or an answer on one side alone?",
    (READ, "{plain(exchange) for exchange in training}"),
)
leaked.wrong_edit(
    "sought anywhere in an exchange",
    "A question may also stand in an answer, or at the end of a longer question. "
    "Compare it with what is between `<` and `>`, the whole of it.",
    ("in read]", "in str(sorted(read))]"),
    (READ, "{plain(exchange) for exchange in training}"),
)
leaked.wrong_edit(
    "sought as a part of a question",
    '"Is it ice?" stands in "so is it ice?", and yet it is another question. Compare '
    "whole questions.",
    ("in read]", "in str(sorted(read))]"),
)
leaked.wrong_edit(
    "a question that holds one of training",
    '"And what is oil?" holds "what is oil?", and yet it is another question. Compare '
    "whole questions.",
    ("if plain(question) in read", "if any(one in plain(question) for one in read)"),
)
leaked.wrong_edit(
    "the order of training",
    "The questions are right. They should stand in the order of the exam, not in that "
    "of training.",
    ("{plain", "[plain"),
    ("training}", "training]"),
    (
        KEPT,
        "sorted([q for q, _ in exam if plain(q) in read], "
        "key=lambda q: read.index(plain(q)))",
    ),
)
leaked.wrong_edit(
    "the order of training, and repetitions",
    "A question may stand in training twice. Go through the exam, and ask of each of "
    "its questions whether it is there.",
    ("{plain", "[plain"),
    ("training}", "training]"),
    (KEPT, "[q for one in read for q, _ in exam if plain(q) == one]"),
)
leaked.wrong_edit(
    "named as often as it stands in training",
    "A question may stand in training twice. It has leaked, and is to be named once.",
    ("{plain", "[plain"),
    ("training}", "training]"),
    (KEPT, "[q for q, _ in exam for one in read if plain(q) == one]"),
)
leaked.wrong_edit(
    "the order of the alphabet",
    "The questions are right. Leave them in the order of the exam.",
    (KEPT, f"sorted({KEPT})"),
)
leaked.wrong_edit(
    "back to front",
    "The questions are right. They stand in the opposite order.",
    (KEPT, f"{KEPT}[::-1]"),
)
leaked.wrong_edit(
    "the questions that did not leak",
    "These are the questions that the exam may keep. Asked for are the others.",
    ("plain(question) in read", "plain(question) not in read"),
)
leaked.wrong_edit(
    "all questions of the exam",
    "These are all questions. Which of them stand in training?",
    (" if plain(question) in read", ""),
)
leaked.wrong_edit(
    "a count in place of questions",
    "That is how many have leaked. Asked for is which.",
    (KEPT, f"len({KEPT})"),
)
leaked.wrong_edit(
    "a share in place of questions",
    "That is the share of the exam that has leaked. Asked for is which questions.",
    (KEPT, f"len({KEPT}) / max(len(exam), 1)"),
)
leaked.wrong_edit(
    "yes or no in place of questions",
    "This says whether anything has leaked. Asked for is what.",
    (KEPT, f"bool({KEPT})"),
)
leaked.wrong_edit(
    "True and False in place of questions",
    "This says of each question whether it has leaked. Asked for are those that have.",
    (KEPT, "[plain(question) in read for question, _answer in exam]"),
)
leaked.wrong_edit(
    "places in place of questions",
    "These are the places of the leaked questions in the exam. Return the questions.",
    (KEPT, "[i for i, (q, _) in enumerate(exam) if plain(q) in read]"),
)
leaked.wrong_edit(
    "a set in place of a list",
    "These are the right questions, but a set keeps no order. Asked for is a list, in "
    "the order of the exam.",
    (KEPT, f"set({KEPT})"),
)
leaked.wrong_edit(
    "pairs in place of questions",
    "The right ones, with their answers. Return the questions alone.",
    (KEPT, "[(q, a) for q, a in exam if plain(q) in read]"),
)
leaked.wrong_edit(
    "answers in place of questions",
    "These are the answers to the leaked questions. Return the questions.",
    (KEPT, "[a for q, a in exam if plain(q) in read]"),
)
leaked.wrong_edit(
    "one text in place of a list",
    "These are the right questions, joined to one text. Return a list of them.",
    (KEPT, f'", ".join({KEPT})'),
)
leaked.wrong_edit(
    "questions in their plain form",
    "The right ones, but not as they are written in the exam: whoever looks for them "
    "there should find them.",
    ("[question for", "[plain(question) for"),
)
leaked.wrong_edit(
    "the first leaked question alone",
    "More than one may have leaked. Go on to the end of the exam.",
    (KEPT, f"{KEPT}[:1]"),
)
leaked.wrong_edit(
    "the last leaked question alone",
    "More than one may have leaked. Keep what you have found before.",
    (KEPT, f"{KEPT}[-1:]"),
)
leaked.wrong_edit(
    "the first leaked question, as a text",
    "Asked for is a list, with one entry, more or none. And more than one question may "
    "have leaked.",
    (KEPT, f"next(iter({KEPT}), None)"),
)
leaked.wrong_edit(
    "only what stands in training once",
    "A question that stands in training twice has leaked as well.",
    ("{plain", "[plain"),
    ("training}", "training]"),
    ("plain(question) in read", "read.count(plain(question)) == 1"),
)


@leaked.wrong(
    "answers compared as well",
    "A question may stand in training with another answer. Has the model read it then?",
)
def _(exam, training):
    def plain(text):
        return " ".join(text.lower().split())

    read = [[plain(part) for part in one[1:].split(">")] for one in training]
    return [q for q, a in exam if [plain(q), plain(a)] in read]


@leaked.wrong(
    "whole exchanges compared",
    "A question may stand in training with another answer. Has the model read it then? "
    "And inside its marks it may have spaces at its ends.",
)
def _(exam, training):
    def plain(text):
        return " ".join(text.lower().split())

    read = [plain(one) for one in training]
    return [q for q, a in exam if plain(f"<{plain(q)}>{a}") in read]


@leaked.wrong(
    "whole exchanges compared, character for character",
    "A question may stand in training with another answer. Has the model read it then? "
    "And what about capitals and spaces?",
)
def _(exam, training):
    return [q for q, a in exam if f"<{q}>{a}" in training]


@leaked.wrong(
    "answers in place of questions compared",
    "Many questions have one answer: it has not leaked if another question has it too.",
)
def _(exam, training):
    answers = [one.partition(">")[2].strip().lower() for one in training]
    return [q for q, a in exam if a.strip().lower() in answers]


@leaked.wrong(
    "questions of training in place of those of the exam",
    "The right ones, but as training has them, and in its order. Return what is "
    "written in the exam.",
)
def _(exam, training):
    def plain(text):
        return " ".join(text.lower().split())

    asked = [plain(q) for q, _ in exam]
    found = dict.fromkeys(one[1 : one.index(">")] for one in training)
    return [q for q in found if plain(q) in asked]


@leaked.right("in two loops")
def _(exam, training):
    found = []
    for question, _answer in exam:
        for exchange in training:
            trained = exchange[1:].split(">")[0]
            if trained.lower().split() == question.lower().split():
                found.append(question)
                break
    return found


@leaked.right("lists of words in place of texts")
def _(exam, training):
    read = [one.strip("<").partition(">")[0].casefold().split() for one in training]
    return [pair[0] for pair in exam if pair[0].casefold().split() in read]


@leaked.right("with regular expressions")
def _(exam, training):
    import re

    def normal(text):
        return re.sub(r"\s+", " ", text.strip()).upper()

    asked = {normal(re.match(r"<(.*?)>", one).group(1)) for one in training}
    return [q for q, _ in exam if normal(q) in asked]


@leaked.right("doubled spaces replaced until none is left")
def _(exam, training):
    def tidy(text):
        text = text.strip().lower()
        while "  " in text:
            text = text.replace("  ", " ")
        return text

    questions = []
    for exchange in training:
        end = exchange.find(">")
        questions.append(tidy(exchange[1:end]))
    return [entry[0] for entry in exam if questions.count(tidy(entry[0])) > 0]


@leaked.right("a dictionary from the plain form to the question")
def _(exam, training):
    asked = {" ".join(q.lower().split()): q for q, _ in exam}
    found = set()
    for one in training:
        key = " ".join(one[1 : one.find(">")].lower().split())
        found.add(asked.get(key))
    return [q for q in asked.values() if q in found]


@leaked.right("with filter, as a tuple")
def _(exam, training):
    def key(text):
        return tuple(text.lower().split())

    read = frozenset(key(one[1:].rsplit(">", 1)[0]) for one in training)
    return tuple(filter(lambda q: key(q) in read, (q for q, _ in exam)))


@leaked.right("letter by letter")
def _(exam, training):
    def words(text):
        all_words, word = [], ""
        for letter in text + " ":
            if letter != " ":
                word += letter.lower()
            elif word:
                all_words.append(word)
                word = ""
        return all_words

    read = [words(one[1 : one.index(">")]) for one in training]
    return [q for q, _answer in exam if words(q) in read]


# --- expected_calibration_error -----------------------------------------------------


@exercise(
    title="How far off is its confidence?",
    task=(
        "Write a function that takes two NumPy arrays, the confidences of a model and "
        "whether each answer was correct, and returns the expected calibration error "
        "with n_bins bins of equal width from 0 to 1. In each bin, the gap is the "
        "difference between the share of correct answers and the mean confidence, "
        "without its sign. Return the mean of the gaps, each weighted by the share of "
        "all answers that lie in its bin. The upper bound of a bin belongs to it, and "
        "0 to the first one; empty bins do not count."
    ),
    hints=(
        "For each bin three numbers: its share of all answers, its mean confidence, "
        "and its share of correct answers. The mean of True and False is a share.",
        "Bin i of n_bins holds the confidences above i / n_bins and up to "
        "(i + 1) / n_bins: a mask in NumPy. np.ceil(confidences * n_bins) numbers the "
        "bins from 1, but gives 0 to a confidence of 0.",
        "for each bin with inside.any(): error += inside.mean() * abs("
        "correct[inside].mean() - confidences[inside].mean()).",
    ),
    cases=[
        (
            np.array([0.95, 0.85, 0.92, 0.65, 0.35, 0.61]),
            np.array([True, False, True, False, False, True]),
            10,
        ),
        (
            np.array([0.95, 0.85, 0.92, 0.65, 0.35, 0.61]),
            np.array([True, False, True, False, False, True]),
            1,
        ),
        (np.array([1.0, 0.0, 1.0, 0.0]), np.array([True, False, True, False]), 10),
        (np.array([1.0]), np.array([False]), 5),
        (  # on the bounds
            np.array([0.25, 0.5, 0.75, 0.5, 0.3, 0.25]),
            np.array([True, True, False, False, True, False]),
            4,
        ),
        (
            np.array([0.5, 0.5, 0.75, 0.25, 1.0]),
            np.array([True, True, False, True, True]),
            2,
        ),
        (  # 0 and 1 among others
            np.array([0.0, 0.2, 0.9, 1.0, 0.1, 0.8]),
            np.array([True, False, True, False, False, True]),
            4,
        ),
        (np.array([0.0, 0.0, 1.0]), np.array([True, False, True]), 1),
        (
            np.array([0.72, 0.78, 0.74, 0.71, 0.77, 0.31, 0.36]),
            np.array([True, True, True, True, False, False, True]),
            10,
        ),
        (
            np.array([0.91, 0.93, 0.97, 0.99, 0.58, 0.44, 0.13, 0.86, 0.67, 0.02]),
            np.array([True, False, True, True, False, True, False, True, True, False]),
            5,
        ),
    ],
    after=(
        "Measure this on your own questions before a product shows its confidence to "
        "anyone. A small error does not say that a model knows much: one that always "
        "names its share of correct answers has none at all."
    ),
)
def expected_calibration_error(confidences, correct, n_bins):
    """Return the mean gap between confidence and accuracy, from 0 to 1."""
    bins = np.maximum(np.ceil(confidences * n_bins), 1)  # 0 belongs to the first
    error = 0.0
    for number in np.unique(bins):
        inside = bins == number
        gap = correct[inside].mean() - confidences[inside].mean()
        error += inside.mean() * abs(gap)  # weighted by the share of all answers
    return error


BINS = "np.maximum(np.ceil(confidences * n_bins), 1)"
WEIGHTED = "inside.mean() * abs(gap)"

expected_calibration_error.wrong_edit(
    "an unweighted mean over the bins",
    "A bin with one answer counts here as much as one with a hundred. Which share of "
    "all answers lies in each?",
    (WEIGHTED, "abs(gap) / len(np.unique(bins))"),
)
expected_calibration_error.wrong_edit(
    "an unweighted mean, empty bins counted",
    "An empty bin has no gap, and one with a hundred answers counts more than one with "
    "a single answer. By what should each gap be weighted?",
    (WEIGHTED, "abs(gap) / n_bins"),
)
expected_calibration_error.wrong_edit(
    "the sum of the gaps",
    "This may be more than 1. What turns a sum of gaps into a mean, in which many "
    "answers count more than few?",
    (WEIGHTED, "abs(gap)"),
)
expected_calibration_error.wrong_edit(
    "weighted by numbers in place of shares",
    "With twice as many answers of the same kind this would be twice as large. By what "
    "is it to be divided?",
    (WEIGHTED, "inside.sum() * abs(gap)"),
)
expected_calibration_error.wrong_edit(
    "weighted, then divided by the number of bins",
    "The shares of the bins sum to 1: the sum of the weighted gaps is a mean already.",
    ("return error", "return error / n_bins"),
)
expected_calibration_error.wrong_edit(
    "weighted, then divided by the bins with answers",
    "The shares of the bins sum to 1: the sum of the weighted gaps is a mean already.",
    ("return error", "return error / len(np.unique(bins))"),
)
expected_calibration_error.wrong_edit(
    "gaps with their signs",
    "A bin that is too sure and one that is not sure enough cancel each other here. Is "
    "such a model calibrated?",
    ("abs(gap)", "gap"),
)
expected_calibration_error.wrong_edit(
    "gaps with their signs, confidence first",
    "A bin that is too sure and one that is not sure enough cancel each other here. Is "
    "such a model calibrated?",
    ("abs(gap)", "-gap"),
)
expected_calibration_error.wrong_edit(
    "the sign taken away at the end",
    "Bins that are too sure and bins that are not sure enough have cancelled each "
    "other before. Where does the sign have to go?",
    ("abs(gap)", "gap"),
    ("return error", "return abs(error)"),
)
expected_calibration_error.wrong_edit(
    "squared gaps",
    "A square takes the sign away, and makes small gaps smaller. Asked for is the gap "
    "itself, without its sign.",
    ("abs(gap)", "gap**2"),
)
expected_calibration_error.wrong_edit(
    "the root of the mean of squared gaps",
    "This is another measure, in which large gaps count more. Asked for is the mean of "
    "the gaps themselves, without their signs.",
    ("abs(gap)", "gap**2"),
    ("return error", "return np.sqrt(error)"),
)
expected_calibration_error.wrong_edit(
    "the largest gap",
    "This is the worst bin. Asked for is a mean over all of them.",
    (f"error += {WEIGHTED}", "error = max(error, abs(gap))"),
)
expected_calibration_error.wrong_edit(
    "the gaps that are too sure alone",
    "A model that is not sure enough is off as well: both kinds of gaps count.",
    ("abs(gap)", "max(-gap, 0)"),
)
expected_calibration_error.wrong_edit(
    "the gaps that are not sure enough alone",
    "A model that is too sure is off as well: both kinds of gaps count.",
    ("abs(gap)", "max(gap, 0)"),
)
expected_calibration_error.wrong_edit(
    "the last bin alone",
    "Your error keeps only what came last. What should happen to what was there?",
    ("error += inside", "error = inside"),
)
expected_calibration_error.wrong_edit(
    "the first bin with answers alone",
    "Your function returns within the loop, at the first bin. Go on to the end.",
    ("    return error", "        return error"),
)
expected_calibration_error.wrong_edit(
    "the middle of the bin in place of the mean confidence",
    "The confidences of a bin need not lie around its middle. What is their mean?",
    ("confidences[inside].mean()", "(number - 0.5) / n_bins"),
)
expected_calibration_error.wrong_edit(
    "the upper bound in place of the mean confidence",
    "The confidences of a bin lie at its upper bound or below. What is their mean?",
    ("confidences[inside].mean()", "number / n_bins"),
)
expected_calibration_error.wrong_edit(
    "the lower bound of a bin counted to it",
    "With two bins, to which does 0.5 belong? Upper bounds belong to their bins, lower "
    "ones do not.",
    (BINS, "np.minimum(np.floor(confidences * n_bins), n_bins - 1)"),
)
expected_calibration_error.wrong_edit(
    "the lower bound counted, and 1 in a bin of its own",
    "Rounding down gives 1 a number that no bin has, and 0.5 to the upper of two bins. "
    "Which of its bounds belongs to a bin?",
    (BINS, "np.floor(confidences * n_bins)"),
)
expected_calibration_error.wrong_edit(
    "0 in a bin of its own",
    "A confidence of 0 belongs to the first bin. Which number does it get in yours?",
    (BINS, "np.ceil(confidences * n_bins)"),
)
expected_calibration_error.wrong_edit(
    "0 left out",
    "A confidence of 0 is above no lower bound. It belongs to the first bin all the "
    "same.",
    (WEIGHTED, f"{WEIGHTED} * (confidences[inside] > 0).mean()"),
    (
        "gap = correct[inside].mean()",
        "seen = inside & (confidences > 0)\n"
        "        if not seen.any():\n            continue\n"
        "        gap = correct[seen].mean()",
    ),
    ("- confidences[inside].mean()", "- confidences[seen].mean()"),
)
expected_calibration_error.wrong_edit(
    "the lower bound counted, and 1 left out",
    "A confidence of 1 is below no upper bound, and it counts too. Which of its bounds "
    "belongs to a bin?",
    (BINS, "np.floor(confidences * n_bins)"),
    ("abs(gap)", "abs(gap) * (number < n_bins)"),
)
expected_calibration_error.wrong_edit(
    "both bounds counted",
    "A confidence on the bound between two bins counts twice here. Which of the two "
    "does it belong to?",
    (
        f"bins = {BINS}",
        "lower = np.arange(n_bins)[:, None] / n_bins\n"
        "    inside_of = (confidences >= lower) & (confidences <= lower + 1 / n_bins)",
    ),
    ("in np.unique(bins)", "in range(n_bins)"),
    (
        "inside = bins == number",
        "inside = inside_of[number]\n"
        "        if not inside.any():\n            continue",
    ),
)
expected_calibration_error.wrong_edit(
    "neither bound counted",
    "A confidence on the bound between two bins, or of 0 or 1, counts nowhere here. "
    "Which bin does it belong to?",
    (
        f"bins = {BINS}",
        "lower = np.arange(n_bins)[:, None] / n_bins\n"
        "    inside_of = (confidences > lower) & (confidences < lower + 1 / n_bins)",
    ),
    ("in np.unique(bins)", "in range(n_bins)"),
    (
        "inside = bins == number",
        "inside = inside_of[number]\n"
        "        if not inside.any():\n            continue",
    ),
)
expected_calibration_error.wrong_edit(
    "rounded to the nearest bin",
    "round gives a bin also what lies up to half a width above it. What is above its "
    "lower bound and up to its upper one belongs to a bin.",
    (BINS, "np.round(confidences * n_bins)"),
)
expected_calibration_error.wrong_edit(
    "one bin too few",
    "n_bins bins have n_bins + 1 bounds, with 0 and 1. How many bounds are yours?",
    (
        f"bins = {BINS}",
        "edges = np.linspace(0, 1, n_bins)\n"
        "    bins = np.searchsorted(edges, confidences)\n"
        "    bins = np.maximum(bins, 1)",
    ),
    ("    return error", "    return error if n_bins > 1 else 0.0"),
)
expected_calibration_error.wrong_edit(
    "one bin too few, and 1 in a bin of its own",
    "n_bins bins have n_bins + 1 bounds, with 0 and 1. How many bounds are yours? And "
    "which of its bounds belongs to a bin?",
    (BINS, "np.digitize(confidences, np.linspace(0, 1, n_bins))"),
)
expected_calibration_error.wrong_edit(
    "one bin too many",
    "n_bins bins have n_bins + 1 bounds, with 0 and 1. How many bins are yours?",
    (BINS, "np.maximum(np.ceil(confidences * (n_bins + 1)), 1)"),
)
expected_calibration_error.wrong_edit(
    "always ten bins",
    "Does n_bins change your result? Whoever calls the function says how many bins it "
    "has.",
    (BINS, "np.maximum(np.ceil(confidences * 10), 1)"),
)
expected_calibration_error.wrong_edit(
    "bins from the smallest to the largest confidence",
    "The bins go from 0 to 1, whatever the confidences are.",
    (
        f"bins = {BINS}",
        "edges = np.linspace(min(confidences), max(confidences), n_bins + 1)\n"
        "    bins = np.maximum(np.searchsorted(edges, confidences), 1)",
    ),
)
expected_calibration_error.wrong_edit(
    "bins with equally many answers",
    "The bins are equally wide, and so some have more answers than others.",
    (
        f"bins = {BINS}",
        "ranks = np.argsort(np.argsort(confidences, kind='stable'))\n"
        "    bins = ranks * n_bins // len(ranks)",
    ),
)
expected_calibration_error.wrong_edit(
    "confidence against all correct answers",
    "Both sides of a gap are about one bin. Is your share of correct answers that of "
    "the bin, or of all?",
    ("correct[inside].mean()", "correct.mean()"),
)
expected_calibration_error.wrong_edit(
    "accuracy against all confidences",
    "Both sides of a gap are about one bin. Is your mean confidence that of the bin, "
    "or of all?",
    ("confidences[inside].mean()", "confidences.mean()"),
)
expected_calibration_error.wrong_edit(
    "accuracy without confidence",
    "This is the share of correct answers. With what is it compared in each bin?",
    (" - confidences[inside].mean()", ""),
)
expected_calibration_error.wrong_edit(
    "confidence without accuracy",
    "This is the mean confidence. With what is it compared in each bin?",
    ("correct[inside].mean() - ", ""),
)
expected_calibration_error.wrong_edit(
    "numbers of correct answers in place of shares",
    "In a bin with three correct answers the share is at most 1. What do you compare "
    "the confidence with?",
    ("correct[inside].mean()", "correct[inside].sum()"),
)
expected_calibration_error.wrong_edit(
    "the share of wrong answers in place of correct ones",
    "Where a model is sure and right, the gap is small. What is it in yours?",
    ("correct[inside].mean()", "(~correct[inside]).mean()"),
)
expected_calibration_error.wrong_edit(
    "1 minus the error",
    "This is 1 where a model is calibrated. Asked for is the error, which is 0 there.",
    ("return error", "return 1 - error"),
)
expected_calibration_error.wrong_edit(
    "percent",
    "This is a hundred times too large. Asked for is a number from 0 to 1.",
    ("return error", "return 100 * error"),
)
expected_calibration_error.wrong_edit(
    "error and number of bins",
    "The error is right. Return it alone.",
    ("return error", "return error, n_bins"),
)


@expected_calibration_error.wrong(
    "nan from an empty bin",
    "The mean of nothing is nan, and a sum with nan in it is nan. Leave out a bin "
    "without answers before you take means.",
)
def _(confidences, correct, n_bins):
    bins = np.maximum(np.ceil(confidences * n_bins), 1)
    error = 0.0
    for number in range(1, n_bins + 1):
        n_inside = np.sum(bins == number)
        if not n_inside:
            return math.nan
        gap = (correct[bins == number] - confidences[bins == number]).mean()
        error += abs(gap) * n_inside / len(bins)
    return error


@expected_calibration_error.wrong(
    "a division by 0 in an empty bin",
    "In a bin without answers there is nothing to divide. Leave it out before you take "
    "means.",
)
def _(confidences, correct, n_bins):
    bins = np.maximum(np.ceil(confidences * n_bins), 1).tolist()
    error = 0.0
    for number in range(1, n_bins + 1):
        inside = [i for i, one in enumerate(bins) if one == number]
        sure = sum(float(confidences[i]) for i in inside) / len(inside)
        right = sum(bool(correct[i]) for i in inside) / len(inside)
        error += abs(right - sure) * len(inside) / len(bins)
    return error


@expected_calibration_error.wrong(
    "each answer by itself",
    "An answer that is right with 0.7 is no mistake of 0.3: of ten such answers seven "
    "should be right. Which answers are to be looked at together?",
)
def _(confidences, correct, n_bins):
    return np.mean(np.abs(correct - confidences))


@expected_calibration_error.wrong(
    "the squared error of each answer",
    "This is the Brier score, which looks at each answer by itself. Which answers are "
    "to be looked at together?",
)
def _(confidences, correct, n_bins):
    return np.mean((correct - confidences) ** 2)


@expected_calibration_error.wrong(
    "gaps in place of their mean",
    "These are the gaps of the bins. Asked for is one number, their weighted mean.",
)
def _(confidences, correct, n_bins):
    bins = np.maximum(np.ceil(confidences * n_bins), 1)
    gaps = []
    for number in np.unique(bins):
        inside = bins == number
        gaps.append(abs(correct[inside].mean() - confidences[inside].mean()))
    return gaps


@expected_calibration_error.right("bin by bin with masks")
def _(confidences, correct, n_bins):
    total = 0
    for i in range(n_bins):
        lower, upper = i / n_bins, (i + 1) / n_bins
        mask = (confidences > lower) & (confidences <= upper)
        if i == 0:
            mask |= confidences == 0
        if mask.any():
            gap = np.abs(np.mean(correct[mask]) - np.mean(confidences[mask]))
            total += gap * mask.sum()
    return total / len(confidences)


@expected_calibration_error.right("lists and loops alone")
def _(confidences, correct, n_bins):
    contents = [[] for _bin in range(n_bins)]
    for confidence, right in zip(confidences.tolist(), correct.tolist(), strict=True):
        place = 0
        while confidence > (place + 1) / n_bins:
            place += 1
        contents[place].append((confidence, right))
    error = 0.0
    for pairs in contents:
        if not pairs:
            continue
        mean = sum(pair[0] for pair in pairs) / len(pairs)
        accuracy = sum(pair[1] for pair in pairs) / len(pairs)
        error += len(pairs) / len(confidences) * abs(accuracy - mean)
    return error


@expected_calibration_error.right("one sum for each bin")
def _(confidences, correct, n_bins):
    sums = Counter()
    for confidence, right in zip(confidences, correct, strict=True):
        sums[max(math.ceil(confidence * n_bins), 1)] += right - confidence
    return sum(abs(one) for one in sums.values()) / len(correct)


@expected_calibration_error.right("with digitize and bincount")
def _(confidences, correct, n_bins):
    edges = np.linspace(0, 1, n_bins + 1)
    bins = np.digitize(confidences, edges, right=True).clip(1) - 1
    sure = np.bincount(bins, weights=confidences, minlength=n_bins)
    right = np.bincount(bins, weights=correct, minlength=n_bins)
    return np.abs(right - sure).sum() / confidences.size


@expected_calibration_error.right("sorted and grouped")
def _(confidences, correct, n_bins):
    from itertools import groupby
    from statistics import fmean

    def number(pair):
        return max(1, math.ceil(pair[0] * n_bins))

    pairs = sorted(zip(confidences.tolist(), correct.tolist(), strict=True))
    error = 0.0
    for _number, group in groupby(pairs, key=number):
        sure, right = zip(*group, strict=True)
        error += abs(fmean(right) - fmean(sure)) * len(sure) / len(pairs)
    return error


@expected_calibration_error.right("a table of who is in which bin")
def _(confidences, correct, n_bins):
    lower = np.arange(n_bins)[:, None] / n_bins
    member = (confidences > lower) & (confidences <= lower + 1 / n_bins)
    member[0] |= confidences == 0
    return np.abs(member @ (correct - confidences)).sum() / len(confidences)


@expected_calibration_error.right("in float32")
def _(confidences, correct, n_bins):
    sure, right = confidences.astype(np.float32), correct.astype(np.float32)
    bins = np.maximum(np.ceil(sure * n_bins), 1)
    parts = [(right - sure)[bins == b].sum() for b in range(1, n_bins + 1)]
    return np.float32(np.abs(parts).sum() / len(sure))


@expected_calibration_error.right("the course's own")
def _(confidences, correct, n_bins):
    from course_lib.lessons import calibration

    return calibration.expected_calibration_error(confidences, correct, n_bins)
