# mypy: ignore-errors
# ruff: noqa: N801
"""The exercises of 06_micro_gpt. Answers are written as learners write: untyped."""

from __future__ import annotations

import math

import numpy as np

from course_lib.exercises.core import Case, Exercise, ProbeError, exercise

# --- encode_decode ----------------------------------------------------------------


class MyTokenizer:
    """Text to tokens and back, one token per character."""

    def __init__(self, chars):
        self.chars = chars
        self.bos = len(chars)

    def encode(self, text):
        return [self.chars.index(char) for char in text]

    def decode(self, tokens):
        return "".join(self.chars[token] for token in tokens if token != self.bos)


encode_decode = Exercise(
    MyTokenizer,
    module=__name__,
    name="encode_decode",
    title="Encode and decode",
    task=(
        "Write a class MyTokenizer. It is made with chars, a string of all characters "
        "it knows; the token of a character is its place in chars, counted from 0. "
        "encode(text) returns the list of tokens. decode(tokens) returns the text; "
        "the token bos, whose number is len(chars), is left out of it, wherever it "
        "stands."
    ),
    hints=(
        "encode asks, for each character of the text: where in chars does it stand? "
        "decode asks the reverse: which character stands at this place?",
        "chars.index(c) gives the place of a character, and chars[i] the character at "
        "a place. ''.join(list_of_characters) makes one string of many.",
        "encode: [self.chars.index(c) for c in text]. decode: the same with "
        "self.chars[t], only where t is not len(self.chars), joined to one string.",
    ),
    stub='''
        class MyTokenizer:
            """Text to tokens and back, one token per character."""

            def __init__(self, chars): ...

            def encode(self, text): ...

            def decode(self, tokens): ...
    ''',
    cases=[
        Case(
            chars, text, tokens, shown=f"{chars!r}: encode({text!r}), decode({tokens})"
        )
        for chars, text, tokens in (
            ("abc", "a", [2]),
            ("abc", "abba", [1, 0, 1]),
            ("abcdefghijklmnopqrstuvwxyz", "clara", [26, 2, 11, 0, 17, 0, 26]),
            (" -'xyz", "xy-z", [3, 6, 2, 5]),
            ("zyx", "xyz", [2, 1, 3, 0]),
            (" ab", " ab a ", [3, 0, 1, 0, 2, 0, 3]),  # spaces at both ends
            (".aAbB|", "AaB.|b", [0, 2, 6, 5, 0, 6]),
            ("10", "0110", [1, 0, 2, 2]),
        )
    ],
    after="Now there and back again changes nothing, and a model can read.",
)


@encode_decode.probe
def _there_and_back(cls, chars, text, tokens):
    """Return what a tokenizer makes of a text, and of some tokens."""
    try:
        tokenizer = cls(chars)
    except TypeError:
        if cls.__init__ is object.__init__:
            raise ProbeError(
                "MyTokenizer(chars) takes one argument: write __init__(self, chars)."
            ) from None
        raise
    cls("~" + chars[::-1])  # another one, with other numbers, at the same time
    results = {}
    for name, given in (("encode", text), ("decode", tokens)):
        results[name] = getattr(tokenizer, name)(given)
        if results[name] is None:
            raise ProbeError(f"Nothing came back from {name}: is there a return?")
        if str(getattr(tokenizer, name)(given)) != str(results[name]):
            raise ProbeError(
                f"{name} gave something else when it was called a second time."
            )
    return results


encode_decode.wrong_edit(
    "counted from 1",
    "The first character of chars should have the token 0. Where do Python's own "
    "counts begin?",
    ("self.chars.index(char)", "self.chars.index(char) + 1"),
    ("self.chars[token]", "self.chars[token - 1]"),
)
encode_decode.wrong_edit(
    "bos looked up among the characters",
    "There is no character at the place len(chars): that number is bos. decode meets "
    "it, and should leave it out.",
    (" if token != self.bos", ""),
)
encode_decode.wrong_edit(
    "bos taken for the number 0",
    "0 is the first character here. bos comes after all of them: which number is that?",
    ("token != self.bos", "token != 0"),
    ("self.chars[token] for", "(self.chars + '?')[token] for"),
)
encode_decode.wrong_edit(
    "bos turned into a visible character",
    "The model needs bos, the reader does not. It should not appear in the decoded "
    "text.",
    (
        "self.chars[token] for token in tokens if token != self.bos",
        "(self.chars + '.')[token] for token in tokens",
    ),
)
encode_decode.wrong_edit(
    "reading stops at the first bos",
    "A text that begins with bos comes out empty here. It should be left out, and what "
    "stands behind it kept.",
    (
        "token in tokens if token != self.bos",
        "token in [*tokens, self.bos][: [*tokens, self.bos].index(self.bos)]",
    ),
)
encode_decode.wrong_edit(
    "bos added by encode",
    "A document has bos before it and after it, but encode turns a text into just its "
    "own tokens: one for each character.",
    (
        "[self.chars.index(char) for char in text]",
        "[self.bos, *map(self.chars.index, text), self.bos]",
    ),
)
encode_decode.wrong_edit(
    "a list of characters in place of a text",
    "All characters are there, and in order. The text is one string: which method of "
    "strings joins them?",
    (
        '"".join(self.chars[token] for token in tokens if token != self.bos)',
        "[self.chars[token] for token in tokens if token != self.bos]",
    ),
)
encode_decode.wrong_edit(
    "a separator between the characters",
    "Something stands between the characters. Look at the string in front of .join.",
    ('"".join', '" ".join'),
)
encode_decode.wrong_edit(
    "the alphabet's numbers in place of those of chars",
    "These are places in the computer's own alphabet, where a is 97. Here a token is a "
    "place in chars, and that may begin with any character.",
    ("self.chars.index(char)", "ord(char) - 97"),
    ("self.chars[token]", "chr(token + 97)"),
)
encode_decode.wrong_edit(
    "numbers given by the text in place of chars",
    "The same character gets other numbers in other texts here, and the model could "
    "learn nothing about it. Only chars decides.",
    ("self.chars.index(char)", "sorted(set(text)).index(char)"),
)
encode_decode.wrong_edit(
    "each character only once",
    "A text may use a character twice: clara has two a's. Here the second is lost.",
    ("for char in text]", "for char in dict.fromkeys(text)]"),
)
encode_decode.wrong_edit(
    "chars put in another order",
    "The characters have been sorted on the way. Their order in chars is their number: "
    "keep it.",
    ("self.chars = chars", "self.chars = ''.join(sorted(chars))"),
)
encode_decode.wrong_edit(
    "tokens as text in place of numbers",
    "The places are right, but they are strings of digits. The model looks up row 2, "
    "not row '2'.",
    ("[self.chars.index(char)", "[str(self.chars.index(char))"),
)
encode_decode.wrong_edit(
    "spaces at the ends lost",
    "A space is a character like any other, at the ends of a text too.",
    ("for char in text]", "for char in text.strip()]"),
    ("if token != self.bos)", "if token != self.bos).strip()"),
)
encode_decode.wrong_edit(
    "spaces lost from the decoded text",
    "Only bos should be left out. A space that stands among the tokens is part of the "
    "text.",
    ("if token != self.bos)", "if token != self.bos).strip()"),
)
encode_decode.wrong_edit(
    "first and last token cut off",
    "Tokens need not begin and end with bos, and bos may stand inside. Ask of each "
    "token whether it is bos.",
    ("token in tokens if token != self.bos", "token in tokens[1:-1]"),
)
encode_decode.wrong_edit(
    "bos made a character, and that character removed",
    "The character that you use for bos may be one of chars, and then it is removed "
    "from the text as well.",
    (
        "self.chars[token] for token in tokens if token != self.bos)",
        "(self.chars + '.')[token] for token in tokens).replace('.', '')",
    ),
)
encode_decode.wrong_edit(
    "all spaces left out",
    "A space is a character like any other, and has a token of its own.",
    ("for char in text]", "for char in text if char != ' ']"),
)
encode_decode.wrong_edit(
    "a space in place of bos",
    "bos should be left out, and a space is a character of the text.",
    (
        "self.chars[token] for token in tokens if token != self.bos",
        "(self.chars + ' ')[token] for token in tokens",
    ),
)
encode_decode.wrong_edit(
    "the last character of chars taken for bos",
    "bos is len(chars), one more than the place of the last character.",
    ("self.bos = len(chars)", "self.bos = len(chars) - 1"),
    ("self.chars[token] for", "(self.chars + '?')[token] for"),
)
encode_decode.wrong_edit(
    "each token decoded only once",
    "A token may come more than once in a text. Decode each of them.",
    ("for token in tokens if", "for token in dict.fromkeys(tokens) if"),
)
encode_decode.wrong_edit(
    "capital letters made small",
    "A and a are two characters, and may both stand in chars.",
    ("for char in text]", "for char in text.lower()]"),
)
encode_decode.wrong_edit(
    "one table shared by all tokenizers",
    "When a second tokenizer is made, the first one forgets its characters. Keep them "
    "in self.",
    ("self.chars = chars", "type(self).chars = chars"),
    ("self.bos = len(chars)", "type(self).bos = len(chars)"),
)
encode_decode.wrong_edit(
    "decode gives back what encode was given",
    "decode should make the text from the tokens that it gets, whatever was encoded "
    "before.",
    ("        return [self", "        self.text = text\n        return [self"),
    (
        '"".join(self.chars[token] for token in tokens if token != self.bos)',
        "self.text",
    ),
)
encode_decode.right_edit(
    "with find, and a filter",
    ("self.chars.index(char)", "self.chars.find(char)"),
    (
        "self.chars[token] for token in tokens if token != self.bos",
        "map(self.chars.__getitem__, filter(lambda t: t < self.bos, tokens))",
    ),
)


@encode_decode.right("with two dictionaries")
class _:
    def __init__(self, chars):
        self.token_of = {c: i for i, c in enumerate(chars)}
        self.char_of = dict(enumerate(chars))

    def encode(self, text):
        return [self.token_of[c] for c in text]

    def decode(self, tokens):
        return "".join([self.char_of.get(t, "") for t in tokens])


@encode_decode.right("in loops")
class _:
    def __init__(self, chars):
        self.chars = list(chars)

    def encode(self, text):
        tokens = []
        for c in text:
            for i in range(len(self.chars)):
                if self.chars[i] == c:
                    tokens.append(i)
        return tokens

    def decode(self, tokens):
        text = ""
        for t in tokens:
            if t == len(self.chars):
                continue
            text += self.chars[t]
        return text


@encode_decode.right("with NumPy")
class _:
    def __init__(self, chars):
        self.chars = np.array(list(chars))

    def encode(self, text):
        same = self.chars == np.array(list(text))[:, None]
        return same.argmax(axis=1)

    def decode(self, tokens):
        tokens = np.asarray(tokens)
        return "".join(self.chars[tokens[tokens < len(self.chars)]])


@encode_decode.right("an empty character for bos")
class _:
    def __init__(self, chars):
        self.chars = [*chars, ""]

    def encode(self, text):
        return tuple(map(self.chars.index, text))

    def decode(self, tokens):
        return "".join(self.chars[t] for t in tokens)


@encode_decode.right("a dictionary, turned round to decode")
class _:
    def __init__(self, chars):
        self.numbers = dict(zip(chars, range(len(chars)), strict=True))

    def encode(self, text):
        return list(map(self.numbers.get, text))

    def decode(self, tokens):
        back = {number: char for char, number in self.numbers.items()}
        return "".join(back[t] for t in tokens if t in back)


# --- causal_mask ------------------------------------------------------------------


@exercise(
    title="The causal mask",
    task=(
        "Write a function that takes a NumPy array of scores (T, T): row i holds how "
        "well position i likes each position. It returns a new array in which every "
        "score of a later position is -inf and all others stand as they were."
    ),
    hints=(
        "In row i, which columns lie in the future? Write down the row and column of "
        "each for T = 3: there are three.",
        "np.tri(T, dtype=bool) is True where the column is at most the row. "
        "np.where(condition, a, b) takes from a where it holds, and from b elsewhere.",
        "np.where(np.tri(len(scores), dtype=bool), scores, -np.inf)",
    ),
    cases=[
        (np.array([[1.5, -0.5], [0.25, 2.0]]),),
        (np.array([[0.5]]),),
        (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),),
        (np.array([[-1.0, 0.0, -2.0], [0.5, -3.0, 0.0], [0.0, 0.0, -1.0]]),),
        (np.array([[0.1 * i - 0.3 * j for j in range(4)] for i in range(4)]),),
    ],
    array_needed=True,
    after="After softmax, the future gets a weight of exactly zero.",
)
def causal_mask(scores):
    """Return the scores (T, T) with -inf at every later position."""
    past = np.tri(len(scores), dtype=bool)
    return np.where(past, scores, -np.inf)


causal_mask.wrong_edit(
    "mask off by one: a position cannot see itself",
    "Look at the diagonal. A position may look at itself, or the first one would have "
    "nowhere to look at all.",
    ("np.tri(len(scores), dtype=bool)", "np.tri(len(scores), k=-1, dtype=bool)"),
)
causal_mask.wrong_edit(
    "mask off by one: the next position can be seen",
    "Look just right of the diagonal. That is the token to be guessed, and here its "
    "position can be read.",
    ("np.tri(len(scores), dtype=bool)", "np.tri(len(scores), k=1, dtype=bool)"),
)
causal_mask.wrong_edit(
    "mask as 0 instead of -inf",
    "e to the power of 0 is 1: after softmax such a position still gets a share. Which "
    "score becomes exactly nothing?",
    ("-np.inf", "0.0"),
)
causal_mask.wrong_edit(
    "the past masked, not the future",
    "Here position 0 sees everything, and the last position sees only itself. Which "
    "half of the square is the future?",
    ("np.where(past, scores", "np.where(past.T, scores"),
)
causal_mask.wrong_edit(
    "the mask turned inside out",
    "What should stay is masked, and what should be masked has stayed. Look at the "
    "condition.",
    ("np.where(past, scores, -np.inf)", "np.where(past, -np.inf, scores)"),
)
causal_mask.wrong_edit(
    "plus infinity",
    "An infinite score draws all attention to the future. Look at the sign.",
    ("-np.inf", "np.inf"),
)
causal_mask.wrong_edit(
    "a large negative number instead of -inf",
    "That nearly works. But a score may be as low as that too, and then the future "
    "can be seen. Is there a number below all others?",
    ("-np.inf", "-1e9"),
)
causal_mask.wrong_edit(
    "the lowest number of a float instead of -inf",
    "That is the lowest finite number, and softmax usually makes 0 of it. There is one "
    "below it for which it always does.",
    ("-np.inf", "np.finfo(float).min"),
)
causal_mask.wrong_edit(
    "not a number in place of -inf",
    "nan spreads: every sum that holds one is nan too. Which score becomes a weight of "
    "exactly 0?",
    ("-np.inf", "np.nan"),
)
causal_mask.wrong_edit(
    "scores of 0 taken for masked ones",
    "A score of 0 in the past should stay. Ask for the place of a score, not for its "
    "value.",
    (
        "return np.where(past, scores, -np.inf)",
        "kept = scores * past\n    return np.where(kept == 0, -np.inf, kept)",
    ),
)
causal_mask.wrong_edit(
    "only the next position masked",
    "The position just after is hidden, those after it are not. All of them lie in the "
    "future.",
    (
        "past = np.tri(len(scores), dtype=bool)",
        "past = ~np.eye(len(scores), k=1, dtype=bool)",
    ),
)
causal_mask.wrong_edit(
    "the past masked as well",
    "Here a position sees only itself. It should see all that came before, too.",
    ("np.tri(len(scores), dtype=bool)", "np.eye(len(scores), dtype=bool)"),
)
causal_mask.wrong_edit(
    "-inf added to the past as well",
    "Everything became -inf, so there is nothing left to look at. Only later positions "
    "are masked.",
    ("np.where(past, scores, -np.inf)", "np.full(scores.shape, -np.inf)"),
)
causal_mask.wrong_edit(
    "the mask without the scores",
    "The infinities stand where they should. But what became of the scores?",
    ("np.where(past, scores, -np.inf)", "np.where(past, 0.0, -np.inf)"),
)
causal_mask.wrong_edit(
    "True and False in place of scores",
    "This says where the past is. One step is missing: take the scores there, and -inf "
    "elsewhere.",
    ("np.where(past, scores, -np.inf)", "past"),
)
causal_mask.wrong_edit(
    "zero times infinity",
    "0 * -inf is not 0: it is not a number. Choose between two values instead of "
    "multiplying.",
    ("np.where(past, scores, -np.inf)", "scores + (1 - past) * -np.inf"),
)
causal_mask.wrong_edit(
    "the last position only",
    "Each row has a future of its own: for row 0 it is everything but column 0.",
    (
        "past = np.tri(len(scores), dtype=bool)",
        "past = np.ones(scores.shape, bool)\n    past[:-1, -1] = False",
    ),
)
causal_mask.wrong_edit(
    "the softmax already taken",
    "The mask is right, and the softmax after it was not asked for: return the masked "
    "scores.",
    (
        "return np.where(past, scores, -np.inf)",
        "exps = np.exp(np.where(past, scores, -np.inf))\n"
        "    return exps / exps.sum(axis=1, keepdims=True)",
    ),
)


@causal_mask.wrong(
    "input mutated",
    "The scores are right, but they were written into the caller's own array. Work on "
    "a copy.",
)
def _(scores):
    scores[np.triu_indices(len(scores), 1)] = -np.inf
    return scores


@causal_mask.wrong(
    "a list where an array was needed",
    "The numbers are right. The next step is a softmax over rows, and a list of lists "
    "cannot do that: make it an array.",
)
def _(scores):
    rows = range(len(scores))
    return [[scores[i][j] if j <= i else -math.inf for j in rows] for i in rows]


@causal_mask.right("with two loops over a copy")
def _(scores):
    masked = scores.copy()
    for i in range(len(scores)):
        for j in range(i + 1, len(scores)):
            masked[i, j] = -np.inf
    return masked


@causal_mask.right("with the indices of the upper triangle")
def _(scores):
    masked = np.array(scores)
    masked[np.triu_indices(len(masked), k=1)] = float("-inf")
    return masked


@causal_mask.right("as a sum")
def _(scores):
    return scores + np.triu(np.full(scores.shape, -np.inf), k=1)


@causal_mask.right("comparing rows and columns")
def _(scores):
    row, column = np.indices(scores.shape)
    return np.where(column > row, -np.inf, scores)


@causal_mask.right("in float32")
def _(scores):
    masked = np.full(scores.shape, -np.inf, np.float32)
    for i, row in enumerate(scores):
        masked[i, : i + 1] = row[: i + 1]
    return masked


@causal_mask.right("with JAX")
def _(scores):
    import jax.numpy as jnp

    past = jnp.tri(scores.shape[0], dtype=bool)
    return jnp.where(past, scores, -jnp.inf)


@causal_mask.right("a list of lists, made an array")
def _(scores):
    rows = range(len(scores))
    return np.array(
        [[scores[i][j] if j <= i else -math.inf for j in rows] for i in rows]
    )


# --- attention_head ---------------------------------------------------------------


def _block(rows, columns, seed):
    """Return numbers (rows, columns) with one digit, drawn around 0."""
    return np.random.default_rng(seed).normal(0, 1.5, (rows, columns)).round(1) + 0.0


@exercise(
    title="One attention head",
    task=(
        "Write a function that takes the queries, keys and values of one head, three "
        "NumPy arrays (T, d), and returns what the head passes on, an array (T, d): "
        "scores q.k / sqrt(d), masked, softmax over each row, and with these weights "
        "a mean of the values."
    ),
    hints=(
        "Four steps: scores (T, T), mask, weights (T, T), output (T, d). Row i of the "
        "scores holds the dot products of query i with every key.",
        "q @ k.T gives all dot products at once. The mask comes before the softmax. "
        "For the softmax, divide np.exp(scores) by its sum over axis 1, with "
        "keepdims=True.",
        "scores = q @ k.T / np.sqrt(d); np.where(np.tri(T, dtype=bool), scores, "
        "-np.inf); exps = np.exp(...); weights = exps / exps.sum(axis=1, "
        "keepdims=True); return weights @ v.",
    ),
    cases=[
        Case(*(_block(T, d, seed) for seed in (T, T + 10, T + 20)))
        for T, d in ((1, 2), (2, 3), (3, 4), (4, 2), (6, 4))
    ]
    + [
        Case(  # scores of exactly 0, and a value that is 0
            np.array([[1.0, 0.5], [0.0, 0.0], [0.5, -1.0]]),
            np.array([[0.5, 1.0], [1.0, -1.0], [2.0, 1.0]]),
            np.array([[1.0, 0.0], [0.0, 2.0], [3.0, -1.0]]),
        ),
        Case(  # the same key three times
            np.array([[0.5, 1.0], [1.0, 1.0], [-2.0, 0.5]]),
            np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]),
            np.array([[1.0, 5.0], [2.0, 5.0], [4.0, -3.0]]),
        ),
    ],
    array_needed=True,
    after="Four of these side by side are the attention of the micro-GPT.",
)
def attention_head(q, k, v):
    """Return (T, d): for each position a weighted mean of the values up to it."""
    T, d = q.shape
    scores = q @ k.T / np.sqrt(d)
    scores = np.where(np.tri(T, dtype=bool), scores, -np.inf)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = exps / exps.sum(axis=1, keepdims=True)
    return weights @ v


MASKED = "scores = np.where(np.tri(T, dtype=bool), scores, -np.inf)"

attention_head.wrong_edit(
    "missing scale",
    "The longer the vectors, the larger their dot products, and the sharper the "
    "softmax. Which part of the formula keeps them in bounds?",
    (" / np.sqrt(d)", ""),
)
attention_head.wrong_edit(
    "divided by d, not by its root",
    "The scores come out too small. A sum of d random products grows like the root of "
    "d, not like d.",
    ("np.sqrt(d)", "d"),
)
attention_head.wrong_edit(
    "multiplied by the root of d",
    "The scale should make the scores smaller; here it makes them larger. Look at the "
    "operator.",
    ("/ np.sqrt(d)", "* np.sqrt(d)"),
)
attention_head.wrong_edit(
    "the root of T in place of the root of d",
    "The scale depends on how many products are added up in one score: that is the "
    "length of a vector, not the number of positions.",
    ("np.sqrt(d)", "np.sqrt(T)"),
)
attention_head.wrong_edit(
    "no mask",
    "Only the last position comes out right: it has no future. The others can see "
    "theirs. What hides it?",
    (MASKED, "pass"),
)
attention_head.wrong_edit(
    "neither scale nor mask",
    "The softmax and the mixing are there. Two parts of the formula are not: one calms "
    "the scores, the other hides the future.",
    (" / np.sqrt(d)", ""),
    (MASKED, "pass"),
)
attention_head.wrong_edit(
    "mask after the softmax",
    "The weights of the past no longer sum to 1, since the future took its share "
    "before it was masked. Which comes first?",
    (MASKED, "past = np.tri(T)"),
    ("return weights", "return (weights * past)"),
)
attention_head.wrong_edit(
    "mask as 0 instead of -inf",
    "A score of 0 is a score like any other: e to the power of 0 is 1, so the future "
    "still gets a share.",
    ("scores, -np.inf)", "scores, 0.0)"),
)
attention_head.wrong_edit(
    "mask off by one: a position cannot see itself",
    "The first row has nothing to look at, and its weights are 0 / 0. May a position "
    "look at itself?",
    ("np.tri(T, dtype=bool)", "np.tri(T, k=-1, dtype=bool)"),
)
attention_head.wrong_edit(
    "mask off by one: the next position can be seen",
    "Each row sees one position too many: the very one to be guessed.",
    ("np.tri(T, dtype=bool)", "np.tri(T, k=1, dtype=bool)"),
)
attention_head.wrong_edit(
    "softmax over the wrong axis",
    "Here each column sums to 1. Each row belongs to one position that spreads its "
    "attention: which axis runs along a row?",
    ("exps.sum(axis=1, keepdims=True)", "exps.sum(axis=0, keepdims=True)"),
    ("scores.max(axis=1, keepdims=True)", "scores[0, 0]"),
)
attention_head.wrong_edit(
    "one softmax over the whole table",
    "Here all rows together sum to 1. Each row by itself should.",
    ("exps.sum(axis=1, keepdims=True)", "exps.sum()"),
    ("scores.max(axis=1, keepdims=True)", "scores.max()"),
)
attention_head.wrong_edit(
    "queries and keys exchanged",
    "Row i should hold the scores of query i with every key. Here it holds those of "
    "key i with every query.",
    ("q @ k.T", "k @ q.T"),
)
attention_head.wrong_edit(
    "the weights in place of the mixed values",
    "These are the shares of attention, and they are right. The head passes on "
    "something else: what is mixed in these shares?",
    ("return weights @ v", "return weights"),
)
attention_head.wrong_edit(
    "keys mixed instead of values",
    "The shares are right. But a key only says what a position offers; what it hands "
    "over is another vector.",
    ("weights @ v", "weights @ k"),
)
attention_head.wrong_edit(
    "scores used as weights",
    "Scores may be negative, and -inf times a value is no share. What turns a row of "
    "scores into shares of 1?",
    ("weights = exps / exps.sum(axis=1, keepdims=True)", "weights = scores"),
    ("scores, -np.inf)", "scores, 0.0)"),
)
attention_head.wrong_edit(
    "powers that are not divided by their sum",
    "The proportions are right, but each row of weights should sum to 1.",
    ("exps / exps.sum(axis=1, keepdims=True)", "np.exp(scores)"),
)


attention_head.wrong_edit(
    "scores of 0 taken for masked ones",
    "A score of 0 in the past is a score like any other. Mask by the place of a score, "
    "not by its value.",
    (MASKED, "scores = np.where(np.tril(scores) == 0, -np.inf, scores)"),
)
attention_head.wrong_edit(
    "queries scored against queries",
    "The keys do not appear in your scores. Row i holds query i with every key.",
    ("q @ k.T", "q @ q.T"),
)
attention_head.wrong_edit(
    "keys scored against keys",
    "The queries do not appear in your scores. Row i holds query i with every key.",
    ("q @ k.T", "k @ k.T"),
)
attention_head.wrong_edit(
    "weights transposed",
    "Row i of the weights says how position i mixes the values. Here the columns are "
    "used.",
    ("weights @ v", "weights.T @ v"),
)
attention_head.wrong_edit(
    "queries mixed instead of values",
    "The weights are right. What is mixed with them is the values.",
    ("weights @ v", "weights @ q"),
)
attention_head.wrong_edit(
    "the value itself added",
    "The residual connection is added outside the head. Return the mixed values alone.",
    ("weights @ v", "v + weights @ v"),
)
attention_head.wrong_edit(
    "a finite score that is not low enough",
    "-1 is a score like any other. Which one becomes a weight of exactly 0?",
    ("-np.inf", "-1.0"),
)
attention_head.wrong_edit(
    "an even mean of the past",
    "Here every position before counts the same. The scores should say how much each "
    "one counts.",
    ("scores = q @ k.T / np.sqrt(d)", "scores = np.zeros((T, T))"),
)
attention_head.wrong_edit(
    "the sum of the past's values, unweighted",
    "The values up to each position are added as they are. Their weights come from the "
    "scores.",
    ("return weights @ v", "return np.tri(T) @ v"),
)
attention_head.wrong_edit(
    "the likeliest position alone",
    "Each position takes over one single value here. The softmax mixes them all.",
    (
        "weights = exps / exps.sum(axis=1, keepdims=True)",
        "weights = np.eye(T)[exps.argmax(axis=1)]",
    ),
)
attention_head.wrong_edit(
    "the scale after the softmax",
    "The weights of a row should sum to 1, and here they sum to less. Divide the "
    "scores, before the softmax.",
    (" / np.sqrt(d)", ""),
    ("return weights @ v", "return weights @ v / np.sqrt(d)"),
)
attention_head.wrong_edit(
    "the mask turned inside out",
    "Each position looks only at what comes later, and the last one at nothing.",
    ("scores, -np.inf)", "-np.inf, scores)"),
    (
        "exps / exps.sum(axis=1, keepdims=True)",
        "np.nan_to_num(exps / exps.sum(axis=1, keepdims=True))",
    ),
)
attention_head.wrong_edit(
    "one softmax weight for all positions",
    "Every position gets the output of the last one. Each has a row of weights of its "
    "own.",
    ("return weights @ v", "return np.tile(weights[-1] @ v, (T, 1))"),
)


@attention_head.wrong(
    "products element by element",
    "q * k multiplies each entry with the one at the same place. A score is a dot "
    "product, for every pair of a query and a key.",
)
def _(q, k, v):
    scores = q * k / np.sqrt(q.shape[1])
    exps = np.exp(scores)
    return exps / exps.sum(axis=1, keepdims=True) * v


@attention_head.right("row by row, over the past alone")
def _(q, k, v):
    out = np.zeros_like(v)
    for t in range(len(q)):
        scores = k[: t + 1] @ q[t] / q.shape[1] ** 0.5
        weights = np.exp(scores) / np.exp(scores).sum()
        out[t] = weights @ v[: t + 1]
    return out


@attention_head.right("with lists and math alone, made an array")
def _(q, k, v):
    rows = []
    for t, query in enumerate(q.tolist()):
        scores = [
            sum(a * b for a, b in zip(query, key, strict=True)) / math.sqrt(len(query))
            for key in k[: t + 1].tolist()
        ]
        exps = [math.exp(s) for s in scores]
        shares = [e / sum(exps) for e in exps]
        columns = zip(*v[: t + 1].tolist(), strict=True)
        rows.append(
            [sum(s * x for s, x in zip(shares, c, strict=True)) for c in columns]
        )
    return np.array(rows)


@attention_head.right("with a large negative number as the mask")
def _(q, k, v):
    scores = (q @ k.T) / np.sqrt(k.shape[1])
    scores[np.triu_indices(len(q), 1)] = -1e9
    weights = np.exp(scores - scores.max())
    return (weights / weights.sum(1)[:, None]).dot(v)


@attention_head.right("with SciPy")
def _(q, k, v):
    from scipy.special import softmax

    scores = q.dot(k.T) / math.sqrt(q.shape[1])
    return softmax(scores + np.triu(np.full_like(scores, -np.inf), 1), axis=1) @ v


@attention_head.right("with einsum, in float32")
def _(q, k, v):
    q, k, v = (np.asarray(x, np.float32) for x in (q, k, v))
    scores = np.einsum("td,sd->ts", q, k) * np.float32(q.shape[-1] ** -0.5)
    scores += np.triu(np.full(scores.shape, -np.inf, np.float32), 1)
    weights = np.exp(scores)
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("ts,sd->td", weights, v)


@attention_head.right("the powers masked before they are divided")
def _(q, k, v):
    exps = np.exp(q @ k.T / np.sqrt(len(q[0]))) * np.tri(len(q))
    return (exps @ v) / exps.sum(axis=1)[:, None]


@attention_head.right("the queries scaled first, and everything transposed")
def _(q, k, v):
    scores = k @ (q / math.sqrt(q.shape[1])).T
    scores = np.where(np.tri(len(q), dtype=bool).T, scores, -np.inf)
    weights = np.exp(scores) / np.exp(scores).sum(axis=0)
    return (v.T @ weights).T


@attention_head.right("with JAX")
def _(q, k, v):
    import jax
    import jax.numpy as jnp

    scores = jnp.asarray(q) @ k.T / jnp.sqrt(q.shape[-1])
    past = jnp.tri(len(q), dtype=bool)
    return jax.nn.softmax(jnp.where(past, scores, -jnp.inf)) @ v


# --- cross_entropy_over_positions -------------------------------------------------


@exercise(
    title="Cross-entropy over positions",
    task=(
        "Write a function that takes a NumPy array of logits (T, vocab_size), one row "
        "for each token that was read, and the document, T + 1 tokens. Row t guesses "
        "the token at place t + 1. Return the mean of -ln of the probability that "
        "each of these next tokens got, in nats. It should work for logits of 1000 "
        "and of -1000 too."
    ),
    hints=(
        "The first T tokens were read, the last T are the targets. Which slice of the "
        "document is that?",
        "For one row: the log of the sum of e to the power of each logit, minus the "
        "logit of the target. Take the largest logit out of the sum, and add it back "
        "after the log.",
        "targets = document[1:]; for each row and target: top = row.max(), "
        "top + np.log(np.exp(row - top).sum()) - row[target]. Return the mean.",
    ),
    cases=[
        (np.zeros((2, 4)), np.array([3, 1, 2])),
        (np.array([[2.0, -1.0, 0.5], [0.5, 1.5, -1.0]]), np.array([2, 0, 1])),
        (
            np.array(
                [[1.0, 3.0, -2.0], [0.5, 0.0, 2.5], [-1.0, 2.0, 1.0], [0.0, 1.0, 3.0]]
            ),
            np.array([2, 1, 0, 0, 2]),
        ),
        (np.array([[1.2, -0.7, 0.1]]), np.array([2, 1])),
        (np.array([[1000.0, 999.0]]), np.array([0, 1])),
        (np.array([[0.0, 1000.0], [1000.0, 998.0]]), np.array([1, 0, 1])),
        # rows of very different height
        (np.array([[800.0, 799.0], [-800.0, -801.0]]), np.array([0, 1, 0])),
        (np.array([[-1000.0, 1000.0], [1000.0, -1000.0]]), np.array([0, 1, 1])),
        # equal costs, and a cost of exactly 0
        (np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 3.0]]), np.array([1, 0, 1, 1])),
        (np.array([[1000.0, 0.0], [0.0, 1.0]]), np.array([1, 0, 0])),
        (np.array([[3.0, -500.0, 2.0]]), np.array([0, 1])),
        (np.array([[0.0, 800.0], [-900.0, 0.0]]), np.array([0, 1, 1])),
    ],
    after="This is the altitude that the walker of this page goes down.",
)
def cross_entropy_over_positions(logits, document):
    """Return the mean of -ln p(next token) over all positions, in nats."""
    targets = document[1:]
    costs = []
    for row, target in zip(logits, targets, strict=True):
        top = row.max()
        log_sum = top + np.log(np.exp(row - top).sum())
        costs.append(log_sum - row[target])
    return np.mean(costs)


cross_entropy_over_positions.wrong_edit(
    "the token just read instead of the next",
    "Here the model is asked for the token that it has just read, so there is nothing "
    "to guess. Which token should row 0 predict?",
    ("document[1:]", "document[:-1]"),
)
cross_entropy_over_positions.wrong_edit(
    "the guesses shifted as well",
    "Row 0 already stands for the guess of token 1. Here the rows are moved too, and "
    "the first guess is dropped.",
    ("document[1:]", "document[1:-1]"),
    ("zip(logits, targets", "zip(logits[1:], targets"),
)
cross_entropy_over_positions.wrong_edit(
    "sum instead of mean",
    "A long name costs more than a short one here, however good the guesses. What "
    "turns a sum into a mean?",
    ("np.mean(costs)", "np.sum(costs)"),
)
cross_entropy_over_positions.wrong_edit(
    "divided by the length of the document",
    "A document of T + 1 tokens asks for T guesses. How many costs did you add up?",
    ("np.mean(costs)", "np.sum(costs) / len(document)"),
)
cross_entropy_over_positions.wrong_edit(
    "divided by the size of the vocabulary too",
    "Each position has one cost, the one of its target. The mean is over positions "
    "alone.",
    ("np.mean(costs)", "np.mean(costs) / logits.shape[1]"),
)
cross_entropy_over_positions.wrong_edit(
    "log base 2",
    "Four equal logits should cost ln 4 = 1.3863. Yours are bits.",
    ("log_sum - row[target]", "(log_sum - row[target]) / np.log(2)"),
)
cross_entropy_over_positions.wrong_edit(
    "log base 10",
    "Four equal logits should cost ln 4 = 1.3863. Which function is the natural "
    "logarithm?",
    ("log_sum - row[target]", "(log_sum - row[target]) / np.log(10)"),
)
cross_entropy_over_positions.wrong_edit(
    "sign flipped",
    "The log of a probability is negative, and a cost should be positive.",
    ("log_sum - row[target]", "row[target] - log_sum"),
)
cross_entropy_over_positions.wrong_edit(
    "scores too large for exp",
    "e to the power of 1000 is too large for a float. What may you take out of the "
    "sum, and put back after the log?",
    ("top = row.max()", "top = 0.0"),
)
cross_entropy_over_positions.wrong_edit(
    "one largest logit for all rows",
    "The rows may stand at very different heights. Subtract from each row its own "
    "largest logit.",
    ("top = row.max()", "top = logits.max()"),
)
cross_entropy_over_positions.wrong_edit(
    "the first logit subtracted, not the largest",
    "Where the first logit is far below the largest, e to the power of the difference "
    "is still too large for a float.",
    ("top = row.max()", "top = row[0]"),
)
cross_entropy_over_positions.wrong_edit(
    "the mean logit subtracted, not the largest",
    "Where the largest logit is far above the mean, e to the power of the difference "
    "is still too large for a float.",
    ("top = row.max()", "top = row.mean()"),
)
cross_entropy_over_positions.wrong_edit(
    "the lowest logit subtracted, not the largest",
    "Which difference makes np.exp overflow: one far above 0, or one far below?",
    ("top = row.max()", "top = row.min()"),
)
cross_entropy_over_positions.wrong_edit(
    "every token's cost, not only the target's",
    "Only the token that came is paid for. Here all tokens of the row are.",
    ("log_sum - row[target]", "np.mean(log_sum - row)"),
)
cross_entropy_over_positions.wrong_edit(
    "the worst guess only",
    "All guesses count, the good ones as well.",
    ("np.mean(costs)", "max(costs)"),
)
cross_entropy_over_positions.wrong_edit(
    "a probability not allowed below 1e-12",
    "A cost of 1000 becomes about 28 here. Work with the log from the start, and no "
    "probability is ever rounded to 0.",
    (
        "log_sum - row[target]",
        "-np.log(max(np.exp(row[target] - top) / np.exp(row - top).sum(), 1e-12))",
    ),
)
cross_entropy_over_positions.wrong_edit(
    "logits clipped",
    "Clipping changes the answer: a difference of 1000 is a cost of 1000. Subtract the "
    "largest logit instead.",
    ("top = row.max()", "row = np.clip(row, -500, 500)\n        top = 0.0"),
)
cross_entropy_over_positions.wrong_edit(
    "a probability of 0 replaced by a small one",
    "A cost of 1000 becomes about 20 here. Work with the log from the start, and no "
    "probability is ever rounded to 0.",
    (
        "log_sum - row[target]",
        "-np.log(np.exp(row[target] - top) / np.exp(row - top).sum() + 1e-9)",
    ),
)
cross_entropy_over_positions.wrong_edit(
    "equal costs counted once",
    "Two guesses may cost the same, and both count. A set keeps only one of them.",
    ("np.mean(costs)", "np.mean(list({float(cost) for cost in costs}))"),
)
cross_entropy_over_positions.wrong_edit(
    "costs of 0 left out",
    "A guess that cost nothing is still a guess, and belongs in the mean.",
    ("np.mean(costs)", "np.mean([cost for cost in costs if cost] or [0.0])"),
)
cross_entropy_over_positions.wrong_edit(
    "the log of the mean probability",
    "The mean of the logs is not the log of the mean. Take the log of each "
    "probability first.",
    ("np.mean(costs)", "-np.log(np.mean(np.exp(-np.array(costs))))"),
)
cross_entropy_over_positions.wrong_edit(
    "perplexity in place of the loss",
    "e to the power of the loss is the perplexity. Return the loss itself.",
    ("np.mean(costs)", "np.exp(np.mean(costs))"),
)
cross_entropy_over_positions.wrong_edit(
    "the median in place of the mean",
    "One very bad guess should count in full, and a median hides it.",
    ("np.mean(costs)", "np.median(costs)"),
)
cross_entropy_over_positions.wrong_edit(
    "the last guess left out",
    "The last token is a guess like the others: the model has to say where a name "
    "ends.",
    ("np.mean(costs)", "np.mean(costs[:-1] or costs)"),
)
cross_entropy_over_positions.wrong_edit(
    "the largest logit not added back",
    "Inside the sum the largest logit was subtracted. After the log, it has to come "
    "back.",
    ("top + np.log", "np.log"),
)
cross_entropy_over_positions.wrong_edit(
    "log of a probability that became 0",
    "A small probability is rounded to 0, and its log is infinite. Can you take the "
    "log before anything is rounded?",
    (
        "log_sum - row[target]",
        "-np.log(np.exp(row[target] - top) / np.exp(row - top).sum())",
    ),
)
cross_entropy_over_positions.wrong_edit(
    "a softmax that overflows",
    "Where the logits are small, all is right. e to the power of 1000 is too large for "
    "a float, and infinity over infinity is no number. Which form of the cost needs no "
    "probability?",
    ("log_sum - row[target]", "-np.log(np.exp(row[target]) / np.exp(row).sum())"),
)
cross_entropy_over_positions.wrong_edit(
    "missing probability instead of its log",
    "A guess that was sure and wrong costs 1 at most here. Where is the logarithm?",
    ("log_sum - row[target]", "1 - np.exp(row[target] - log_sum)"),
)
cross_entropy_over_positions.wrong_edit(
    "the last guess only",
    "One name is not one guess but several. The earlier ones count as well.",
    ("np.mean(costs)", "costs[-1]"),
)
cross_entropy_over_positions.wrong_edit(
    "the first guess only",
    "A return inside the loop ends it in the first round. The other guesses count as "
    "well.",
    ("costs.append(log_sum - row[target])", "return log_sum - row[target]"),
)
cross_entropy_over_positions.wrong_edit(
    "the likeliest instead of the target",
    "Here the loss is low whenever the model is sure, even if it is wrong. Which token "
    "came?",
    ("row[target]", "row.max()"),
)
cross_entropy_over_positions.wrong_edit(
    "the costs, not yet averaged",
    "There is one cost for each position, and they are right. One step is missing.",
    ("np.mean(costs)", "np.array(costs)"),
)


@cross_entropy_over_positions.wrong(
    "softmax over the wrong axis",
    "Here each column sums to 1. Each position, a row, shares out its probability "
    "among the tokens: which axis runs along a row?",
)
def _(logits, document):
    log_probs = logits - np.logaddexp.reduce(logits, axis=0, keepdims=True)
    return -np.mean(log_probs[np.arange(len(logits)), document[1:]])


@cross_entropy_over_positions.wrong(
    "every target's column in every row",
    "logits[:, targets] takes all of these columns from each row. Asked for is one "
    "number from each row: pair the rows with the targets.",
)
def _(logits, document):
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -np.mean(log_probs[:, document[1:]])


@cross_entropy_over_positions.right("with NumPy and paired indices")
def _(logits, document):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_probs[np.arange(len(logits)), document[1:]].mean()


@cross_entropy_over_positions.right("with np.logaddexp")
def _(logits, document):
    chosen = np.take_along_axis(logits, document[1:, None], axis=1)[:, 0]
    return np.average(np.logaddexp.reduce(logits, axis=-1) - chosen)


@cross_entropy_over_positions.right("with lists and math alone")
def _(logits, document):
    total, rows = 0.0, logits.tolist()
    for t in range(len(rows)):
        target = rows[t][document[t + 1]]
        top = max(rows[t])
        exps = [math.exp(x - top) for x in rows[t]]
        total += top - target + math.log(sum(exps))
    return total / len(rows)


@cross_entropy_over_positions.right("in float32")
def _(logits, document):
    z = np.asarray(logits, np.float32)
    z = z - z.max(-1, keepdims=True)
    log_probs = z - np.log(np.exp(z).sum(-1, keepdims=True))
    return -np.mean([row[t] for row, t in zip(log_probs, document[1:], strict=True)])


@cross_entropy_over_positions.right("with one-hot rows")
def _(logits, document):
    one_hot = np.eye(logits.shape[1])[document[1:]]
    top = logits.max(axis=1)
    log_sums = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return (log_sums - (one_hot * logits).sum(axis=1)).sum() / len(one_hot)


@cross_entropy_over_positions.right("with JAX")
def _(logits, document):
    import jax

    log_probs = jax.nn.log_softmax(logits)
    return -log_probs[np.arange(len(logits)), document[1:]].mean()


# --- with_temperature -------------------------------------------------------------


@exercise(
    title="Temperature",
    task=(
        "Write a function that takes the logits of one position, a NumPy array (n,), "
        "and a temperature, and returns the probabilities (n,): softmax of the logits "
        "divided by the temperature. At 0 the likeliest token gets everything. A low "
        "temperature must not overflow."
    ),
    hints=(
        "One of the two numbers changes before the softmax; after it, nothing is "
        "touched. And nobody can divide by 0: that case needs a line of its own.",
        "At 0, return an array of zeros with a 1 at logits.argmax(). Otherwise divide, "
        "subtract the largest, take np.exp, and divide by the sum.",
        "scaled = logits / temperature; exps = np.exp(scaled - scaled.max()); "
        "return exps / exps.sum().",
    ),
    cases=[
        (np.array([1.0, 2.0, 0.5]), 1.0),
        (np.array([1.0, 2.0, 0.5]), 0.5),
        (np.array([3.0, 1.0, 0.0, -1.0]), 2.0),
        (np.array([0.5, -1.0, 1.5]), 0.1),
        (np.array([398.0, 400.0, 399.0]), 0.5),
        (np.array([5.0, 6.0, 4.0]), 0.001),
        (np.array([1.0, 3.0, 2.0]), 0),
        (np.array([-3.0, -1.0, -2.0, -4.0]), 0.0),
        (np.array([2.0, 0.0, 2.0, -1.0]), 0.5),  # equal logits
        (np.array([0.0, 1.0, -2.0, 0.5]), 1.5),
        (np.array([-900.0, -901.0, -905.0]), 0.8),
        (np.array([0.0, 0.0, 0.0]), 3),
    ],
    after="The order of the tokens never changes, only their contrast.",
)
def with_temperature(logits, temperature):
    """Return one probability for each logit, bolder or calmer by the temperature."""
    if temperature == 0:
        return (np.arange(len(logits)) == logits.argmax()).astype(float)
    scaled = logits / temperature
    exps = np.exp(scaled - scaled.max())
    return exps / exps.sum()


NO_CASE_FOR_0 = (
    "    if temperature == 0:\n"
    "        return (np.arange(len(logits)) == logits.argmax()).astype(float)\n",
    "",
)

with_temperature.wrong_edit(
    "temperature multiplied instead of divided",
    "At 2 the contrast grew, and at 0.5 it shrank. It should be the other way round.",
    ("logits / temperature", "logits * temperature"),
)
with_temperature.wrong_edit(
    "temperature applied after softmax",
    "The shares are divided, so they no longer sum to 1, and their ratios are what "
    "they were. What should be divided, and when?",
    ("logits / temperature", "logits"),
    ("exps / exps.sum()", "exps / exps.sum() / temperature"),
)
with_temperature.wrong_edit(
    "temperature without effect",
    "At every temperature the same probabilities come out. Adding to every logit, or "
    "dividing every probability, is taken out again by the sum. What changes the "
    "contrast?",
    ("logits / temperature", "logits"),
)
with_temperature.wrong_edit(
    "temperature multiplied, and no case for 0",
    "At 2 the contrast grew, and at 0.5 it shrank. It should be the other way round, "
    "and then 0 needs a line of its own.",
    ("logits / temperature", "logits * temperature"),
    NO_CASE_FOR_0,
)
with_temperature.wrong_edit(
    "numbers too large for exp, and no case for 0",
    "Temperatures of about 1 come out right. For very low ones, what may you subtract "
    "before np.exp, so that nothing overflows? For 0 itself there is nothing to divide "
    "by: it needs a line of its own.",
    ("scaled - scaled.max()", "scaled"),
    NO_CASE_FOR_0,
)
with_temperature.wrong_edit(
    "temperature without effect, and no case for 0",
    "At every temperature the same probabilities come out. What changes their "
    "contrast? And what should come out at 0?",
    ("logits / temperature", "logits"),
    NO_CASE_FOR_0,
)
with_temperature.wrong_edit(
    "division by zero",
    "At temperature 0 there is nothing to divide by. What should happen then? It needs "
    "a line of its own.",
    NO_CASE_FOR_0,
)
with_temperature.wrong_edit(
    "equal shares at temperature 0",
    "As the temperature falls towards 0, the likeliest token takes more and more. What "
    "is left for the others at 0?",
    (
        "(np.arange(len(logits)) == logits.argmax()).astype(float)",
        "np.full(len(logits), 1 / len(logits))",
    ),
)
with_temperature.wrong_edit(
    "temperature 0 taken for 1",
    "At 0 the plain softmax comes out. Writing a name at 0 should give the same name "
    "every time.",
    (
        "return (np.arange(len(logits)) == logits.argmax()).astype(float)",
        "temperature = 1.0",
    ),
)
with_temperature.wrong_edit(
    "a token in place of probabilities at 0",
    "You found the likeliest token. But the caller expects probabilities, one for each "
    "token, at 0 as well.",
    (
        "(np.arange(len(logits)) == logits.argmax()).astype(float)",
        "int(logits.argmax())",
    ),
)
with_temperature.wrong_edit(
    "True and False at temperature 0",
    "At 0 the right token is found, but the answer says True and False. The caller "
    "expects probabilities, which are numbers: `.astype(float)` makes them so.",
    (".astype(float)", ""),
)
with_temperature.wrong_edit(
    "the first logit subtracted, not the largest",
    "Where the first logit is far below the largest, e to the power of the difference "
    "is too large for a float.",
    ("scaled.max()", "scaled[0]"),
)
with_temperature.wrong_edit(
    "the root of the temperature",
    "At 1 all is well, at 2 the contrast is still too strong. Divide by the "
    "temperature itself.",
    ("logits / temperature", "logits / np.sqrt(temperature)"),
)
with_temperature.wrong_edit(
    "powers of 2 in place of e",
    "The softmax takes powers of e = 2.718…: which NumPy function does?",
    ("np.exp(scaled - scaled.max())", "2.0 ** (scaled - scaled.max())"),
)
with_temperature.wrong_edit(
    "powers of the probabilities that no longer sum to 1",
    "Raising the probabilities to the power 1 / temperature is right, and then they "
    "have to be divided by their sum once more.",
    ("logits / temperature", "logits"),
    ("exps / exps.sum()", "(exps / exps.sum()) ** (1 / temperature)"),
)
with_temperature.wrong_edit(
    "logits raised to a power",
    "The probabilities may be raised to the power 1 / temperature, the logits may not: "
    "some are negative.",
    ("logits / temperature", "logits ** (1 / temperature)"),
)
with_temperature.wrong_edit(
    "the lowest logit subtracted, not the largest",
    "Which difference makes np.exp overflow: one far above 0, or one far below?",
    ("scaled.max()", "scaled.min()"),
)
with_temperature.wrong_edit(
    "rounded",
    "The probabilities are right, but for what the rounding took away.",
    ("exps / exps.sum()", "(exps / exps.sum()).round(3)"),
)
with_temperature.wrong_edit(
    "all zeros at 0",
    "At 0 the likeliest token gets everything, and all together sum to 1.",
    ("logits.argmax()", "-1"),
)
with_temperature.wrong_edit(
    "logits clipped before np.exp",
    "Clipping makes different logits equal. Subtract the largest instead: nothing "
    "overflows, and the differences stay.",
    ("scaled - scaled.max()", "np.clip(scaled, -500, 500)"),
)
with_temperature.wrong_edit(
    "a large probability clipped",
    "No probability may be cut off and the others left as they are: at a low "
    "temperature the likeliest token may get all but everything.",
    ("return exps / exps.sum()", "return np.minimum(exps / exps.sum(), 0.99)"),
)
with_temperature.wrong_edit(
    "the lowest temperature raised to 0.1",
    "Between 0 and 0.1 every temperature gives the same here. Only 0 needs a line of "
    "its own.",
    ("logits / temperature", "logits / max(temperature, 0.1)"),
)
with_temperature.wrong_edit(
    "greedy below a temperature of 1",
    "Every temperature below 1 gives all to the likeliest token. Only 0 should.",
    ("temperature == 0", "temperature < 1"),
)
with_temperature.wrong_edit(
    "everything to the least likely token at 0",
    "At 0 the lowest logit wins. Which one should?",
    ("logits.argmax()", "logits.argmin()"),
)
with_temperature.wrong_edit(
    "the largest logit by size, whatever its sign",
    "-4 is larger than -1 only in size. The likeliest token has the highest logit.",
    ("logits.argmax()", "np.abs(logits).argmax()"),
)
with_temperature.wrong_edit(
    "the logits themselves divided by their sum",
    "Logits may be negative, so their shares can be too. What makes every score "
    "positive first?",
    ("exps = np.exp(scaled - scaled.max())", "exps = scaled"),
)
with_temperature.wrong_edit(
    "sorted",
    "The probabilities are right, but not in the order of the tokens.",
    ("return exps / exps.sum()", "return np.sort(exps / exps.sum())[::-1]"),
)
with_temperature.wrong_edit(
    "one token drawn, in place of the probabilities",
    "This is one choice made with these probabilities. Return the probabilities.",
    (
        "(np.arange(len(logits)) == logits.argmax()).astype(float)",
        "int(logits.argmax())",
    ),
    ("return exps / exps.sum()", "return int((exps / exps.sum()).argmax())"),
)
with_temperature.wrong_edit(
    "everything to the first token at 0",
    "At 0 the first token wins, whatever the logits are. Which one should?",
    ("logits.argmax()", "0"),
)
with_temperature.wrong_edit(
    "scores too large for exp",
    "At 0.001 a logit of 6 becomes 6000, and e to the power of that is too large for a "
    "float. What may you subtract from all of them?",
    ("scaled - scaled.max()", "scaled"),
)
with_temperature.wrong_edit(
    "the largest logit subtracted before it was divided",
    "The largest of the divided logits should become 0. Which array do you take the "
    "largest from?",
    ("scaled.max()", "logits.max()"),
)
with_temperature.wrong_edit(
    "powers that are not divided by their sum",
    "The proportions are right. What must probabilities add up to?",
    ("exps / exps.sum()", "exps"),
)
with_temperature.wrong_edit(
    "the square of the temperature",
    "At 1 all is well, at 2 it is too calm. How often do you divide?",
    ("logits / temperature", "logits / temperature / temperature"),
)
with_temperature.wrong_edit(
    "divided logits in place of probabilities",
    "The logits are divided, and that is the first step. Negative numbers are no "
    "probabilities yet.",
    ("return exps / exps.sum()", "return scaled"),
)


@with_temperature.wrong(
    "input mutated",
    "The probabilities are right, but /= wrote into the caller's logits. Divide into a "
    "new array.",
)
def _(logits, temperature):
    if temperature == 0:
        return np.eye(len(logits))[logits.argmax()]
    logits /= temperature
    exps = np.exp(logits - logits.max())
    return exps / exps.sum()


@with_temperature.right("with lists and math alone")
def _(logits, temperature):
    top = max(logits)
    if not temperature:
        return [1.0 if z == top else 0.0 for z in logits]
    exps = [math.exp((z - top) / temperature) for z in logits]
    return [e / sum(exps) for e in exps]


@with_temperature.right("a temperature of almost 0")
def _(logits, temperature):
    z = (logits - np.max(logits)) / max(temperature, 1e-6)
    return np.exp(z) / np.exp(z).sum()


@with_temperature.right("in place, on copies")
def _(logits, temperature):
    z = logits - logits.max()
    if temperature == 0:
        z[:] = z == 0
        return z
    z /= temperature
    np.exp(z, out=z)
    return z / z.sum()


@with_temperature.right("with SciPy, and an int array at 0")
def _(logits, temperature):
    from scipy.special import softmax

    if temperature == 0:
        return np.where(logits == np.max(logits), 1, 0)
    return softmax(logits / temperature)


@with_temperature.right("zeros with a single one")
def _(logits, temperature):
    if temperature == 0:
        p = np.zeros(len(logits))
        p[np.argmax(logits)] = 1
        return p
    p = np.exp(logits / temperature - np.max(logits / temperature))
    p /= p.sum()
    return p


@with_temperature.right("in float32")
def _(logits, temperature):
    z = np.asarray(logits, np.float32)
    if temperature == 0:
        return np.eye(len(z), dtype=np.float32)[z.argmax()]
    p = np.exp((z - z.max()) / np.float32(temperature))
    return p / p.sum()


@with_temperature.right("with log-sum-exp")
def _(logits, temperature):
    if temperature == 0:
        return (logits == logits.max()) * 1.0
    z = logits / temperature
    return np.exp(z - np.logaddexp.reduce(z))


@with_temperature.right("as a power of the plain softmax")
def _(logits, temperature):
    shares = np.exp(logits - logits.max())
    if temperature == 0:
        return np.floor(shares)
    sharpened = shares ** (1 / temperature)
    return sharpened / sharpened.sum()


@with_temperature.right("with JAX")
def _(logits, temperature):
    import jax

    if temperature == 0:
        return jax.nn.one_hot(logits.argmax(), len(logits))
    return jax.nn.softmax(logits / temperature)
