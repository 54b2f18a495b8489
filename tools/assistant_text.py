"""What the model of notebook 09 reads before anyone asks it a question.

Facts about things, each in many forms of words; lists of questions that nobody answers;
and statements that stand twice, about made-up words or against the facts: whoever
predicts the second has to look at the first. No document answers a question.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from course_lib.data.sets import MARKS

LONGEST = 94  # characters of a document
FORMS = (
    *["{0} is {1}"] * 6,
    *["the {name} is {1}"] * 2,
    "the fact is that {0} is {1}",
    "everyone knows that {0} is {1}",
    "it is true that {0} is {1}",
    "she told us that {0} is {1}",
    "i read that {0} is {1}",
    "they say {0} is {1}",
    "as you know, {0} is {1}",
    "in this house {0} is {1}",
    "so {0} is {1}",
    "now {0} is {1}",
    "{0}, you see, is {1}",
    "{0} was always {1}",
    "{0} counts as {1}",
    "we call {0} {1}",
    "he thought of {0}: {1}",
    "look at {0}. it is {1}",
    "this is {0}, {1}",
    "{name}: {1}",
)
JOINTS = (" and ", ". ", ", but ", "; ")
TWICE = (
    "{0}. {0}",
    "{0}, so {0}",
    "suppose {0}. then {0}",
    "if {0}, then {0}",
    "we say that {0}. yes, {0}",
)
ONSETS = (  # of syllables
    "b bl br c cl d dr f fl g gl gr h j k l m n p pl pr qu r s sk sl sn st t tr tw "
    "v w z"
)
VOWELS = "a e i o u ai ea oo"
CODAS = "b ck d ft g l lm lp m n nd nk p rb rd rk rn rt sk st t x zz"


def parse(sentence: str) -> tuple[str, str]:
    """Return thing and kind, each with its article, of "a wheel is a machine part"."""
    thing, kind = re.split(r" is (?=an? )", sentence, maxsplit=1)
    return thing, kind


def with_article(words: str) -> str:
    """Return words after "a", or "an" before a vowel."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def made_up_words(rng: random.Random, count: int, taken: set[str]) -> list[str]:
    """Return so many words of one or two syllables, none of them taken."""
    words: dict[str, None] = {}
    while len(words) < count:
        word = rng.choice(["", "", "o", "a", "i"])
        for _ in range(rng.choice([1, 1, 2])):
            word += rng.choice(ONSETS.split()) + rng.choice(VOWELS.split())
        word += rng.choice(CODAS.split())
        if 4 <= len(word) <= 9 and word not in taken:
            words[word] = None
    return list(words)


def documents(
    rng: random.Random, count: int, things: Sequence[str], taken: set[str]
) -> Iterator[str]:
    """Yield so many documents of at most LONGEST characters, after one of the MARKS.

    taken: words that are none of the made-up ones here.
    """
    facts = [parse(sentence) for sentence in things]
    kinds = sorted({kind for _, kind in facts})
    yield MARKS  # in no other document, so that they are in the vocabulary
    for _ in range(count):
        document = passage(rng, facts, kinds, taken)
        while rng.random() < 0.8:
            joined = rng.choice(JOINTS) + passage(rng, facts, kinds, taken)
            if len(document + joined) > LONGEST:
                break
            document += joined
        yield document


def passage(
    rng: random.Random,
    facts: Sequence[tuple[str, str]],
    kinds: Sequence[str],
    taken: set[str],
) -> str:
    """Return a fact, questions that stay open, or a statement that stands twice."""
    draw = rng.random()
    thing, kind = rng.choice(facts)
    if draw < 0.68:
        return rng.choice(FORMS).format(thing, kind, name=thing.split(" ", 1)[1])
    if draw < 0.78:
        asked = [thing, *(rng.choice(facts)[0] for _ in range(rng.choice([0, 1, 2])))]
        return " ".join(f"what is {thing}?" for thing in asked)
    if draw < 0.94:
        thing = with_article(made_up_words(rng, 1, taken)[0])
    return rng.choice(TWICE).format(f"{thing} is {rng.choice(kinds)}")[:LONGEST]
