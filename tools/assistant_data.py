"""Write the questions and the preferences of notebook 09 into course_lib/data.

``python -m tools.assistant_data`` makes both from things.txt, with one fixed seed.
"""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from string import ascii_lowercase

from course_lib.data import Exchange, Preference, load_play, load_things
from course_lib.lessons.assistant import UNKNOWN
from tools.assistant_text import made_up_words, parse, with_article

FOLDER = Path(__file__).resolve().parent.parent / "course_lib/data"
SEED = 9
TAUGHT = 500  # things whose question may be taught; the others are for the exam
MADE_UP = 300  # words, of which two thirds are for teaching "i do not know"
NEAR = 100  # words that are one letter away from a thing


def words_in_use() -> set[str]:
    """Return words that exist: those of the things and of the play."""
    letters = "".join(c if c.isalpha() else " " for c in load_play().lower())
    return {*" ".join(load_things()).split(), *letters.split()}


def unknown_words() -> list[str]:
    """Return the made-up words of the questions; no other text holds one of them."""
    return made_up_words(random.Random(SEED), MADE_UP, words_in_use())


def questions() -> Iterator[Exchange]:
    """Yield every question with its answer, part by part."""
    rng = random.Random(SEED)
    facts = [parse(sentence) for sentence in load_things()]
    rng.shuffle(facts)
    for i, (thing, kind) in enumerate(facts):
        yield Exchange("taught" if i < TAUGHT else "held out", ask(thing), kind)
    for i, word in enumerate(unknown_words()):
        part = "unknown" if i < MADE_UP * 2 // 3 else "unknown held out"
        yield Exchange(part, ask(with_article(word)), UNKNOWN)
    names = [thing.split(" ", 1)[1] for thing, _ in facts]
    for word in near(rng, [name for name in names if " " not in name]):
        yield Exchange("near", ask(with_article(word)), UNKNOWN)


def preferences() -> Iterator[Preference]:
    """Yield every pair: of two true answers, and of a true one and a false one."""
    rng = random.Random(SEED)
    known = [row for row in questions() if row.part in ("taught", "held out")]
    kinds = sorted({row.answer for row in known})
    for part, question, kind in known:
        false = rng.choice([other for other in kinds if other != kind])
        full = f"it is {kind}"
        yield Preference(part, "manner", question, full, kind)
        if rng.random() < 0.5:
            yield Preference(part, "truth", question, kind, false)
        else:
            yield Preference(part, "truth", question, full, f"it is {false}")


def ask(thing: str) -> str:
    """Return the question about a thing."""
    return f"what is {thing}?"


def near(rng: random.Random, names: Sequence[str]) -> list[str]:
    """Return words that are a name but for one letter, and no word in use."""
    found: dict[str, None] = {}
    taken = {*words_in_use(), *unknown_words()}
    while len(found) < NEAR:
        name = rng.choice(names)
        i = rng.randrange(1, len(name))  # the first letter stays, and with it "a", "an"
        word = name[:i] + rng.choice(ascii_lowercase) + name[i + 1 :]
        if word not in taken and len(name) > 3:
            found[word] = None
    return list(found)


def as_csv(fields: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as the text of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([fields, *rows])
    return text.getvalue()


def files() -> dict[str, str]:
    """Return the content of each file, by its name."""
    return {
        "questions.csv": as_csv(Exchange._fields, questions()),
        "preferences.csv": as_csv(Preference._fields, preferences()),
    }


def main() -> int:
    """Write both files."""
    for name, content in files().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
        print(f"{name}: {content.count(chr(10)) - 1} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
