"""The shipped sets, their cards, and what the loaders say about bad input."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import math
import os
import random
import re
import subprocess
import sys
import textwrap
import threading
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

import course_lib.data as data
from course_lib.bounds import BOUNDS
from course_lib.data import DataError, card, files, load_lines, sets
from course_lib.data.lines import MAX_LINE, text_lines
from course_lib.data.texts import load_documents
from tools import assistant_data
from tools.assistant_text import documents

FOLDER = Path(data.__file__).parent
Said = Callable[..., str]


@pytest.fixture
def said() -> Said:
    """The one line that loading a source ends in."""

    def call(source: object, sha256: str | None = None) -> str:
        with pytest.raises(DataError) as caught:
            load_lines(source, sha256)  # type: ignore[arg-type]
        message = str(caught.value)
        assert message.splitlines() == [message]
        assert "expected" in message
        assert len(message) < 600
        return message

    return call


# --- the sets -------------------------------------------------------------------


def test_names_are_many_distinct_sorted_and_plain() -> None:
    names = data.load_names()
    assert len(names) >= 3000
    assert names == sorted(set(names))
    assert all(re.fullmatch("[a-z]{2,12}", name) for name in names)
    assert {"anna", "mary", "yuki", "wei", "fatima", "kwame", "zoe"} <= set(names)
    assert (FOLDER / "names.txt").read_text() == "\n".join(names) + "\n"


def test_names_are_from_everywhere() -> None:
    rows = table(card("names"), "origin")
    women, men = (sum(int(row[i]) for row in rows.values()) for i in (0, 1))
    assert len(rows) >= 25
    assert abs(women - men) <= 0.05 * (women + men)
    assert women + men == len(data.load_names())
    starts = Counter(name[0] for name in data.load_names())
    assert len(starts) == 26
    assert max(starts.values()) < 0.15 * len(data.load_names())


SENTENCE = re.compile(r"(an?) ([a-z ]+) is (an?) ([a-z ]+)")
SAID_WITH_A = {"ukulele", "unicycle"}  # begin with the sound of "you"


def test_things_are_distinct_sentences_of_one_form() -> None:
    things = data.load_things()
    parsed = [SENTENCE.fullmatch(sentence) for sentence in things]
    assert all(parsed)
    subjects = [match[2] for match in parsed if match]
    assert len(things) >= 400
    assert subjects == sorted(set(subjects))  # one kind for each thing
    assert max(map(len, things)) <= 48
    assert "a wheel is a machine part" in things
    assert "an apple is a fruit" in things
    assert (FOLDER / "things.txt").read_text() == "\n".join(things) + "\n"


def test_things_have_the_right_article() -> None:
    for sentence in data.load_things():
        match = SENTENCE.fullmatch(sentence)
        assert match
        for article, words in [(match[1], match[2]), (match[3], match[4])]:
            vowel = words[0] in "aeiou" and words not in SAID_WITH_A
            assert article == ("an" if vowel else "a"), sentence


def test_things_are_balanced_over_their_kinds() -> None:
    kinds = Counter(kind_of(sentence) for sentence in data.load_things())
    assert len(kinds) >= 20
    assert min(kinds.values()) >= 20
    assert max(kinds.values()) <= 1.5 * min(kinds.values())


SPEAKER = re.compile("[A-Z]{2}[A-Z ]+")  # alone on a line
HEADING = re.compile(r"(ACT|SCENE) [IV]+\..*")


def speeches() -> list[tuple[str, str]]:
    """Who speaks and what is said, for each speech of the play."""
    blocks = [block.partition("\n") for block in data.load_play().strip().split("\n\n")]
    return [(first, rest) for first, _, rest in blocks if SPEAKER.fullmatch(first)]


def test_the_play_is_one_text_of_one_form() -> None:
    text = data.load_play()
    assert text.startswith("ACT I.\n\nSCENE I. Athens.")
    assert text.endswith("And Robin shall restore amends.\n\n[Exit.]\n")
    assert text.isascii()
    assert not re.search(r"\n\n\n|^ | $|  |[^\n -~]", text, re.MULTILINE)
    for block in text[:-1].split("\n\n"):
        first, _, rest = block.partition("\n")
        stage = re.fullmatch(r"\[[^][]+\]", block)
        assert stage or HEADING.fullmatch(block) or SPEAKER.fullmatch(first), block
        assert not SPEAKER.fullmatch(first) or rest, block
        assert not any(map(SPEAKER.fullmatch, rest.split("\n"))), block


def test_the_play_holds_no_word_of_those_who_handed_it_on() -> None:
    text = data.load_play().lower()
    for word in ("gutenberg", "etext", "ebook", "copyright", "http", "&", "_"):
        assert word not in text
    assert not re.search(r"\d", text)  # of pages or lines


def test_the_play_is_its_file_and_is_taken_for_one_text() -> None:
    text = data.load_play()
    assert (FOLDER / "play.txt").read_bytes() == text.encode()
    assert len(text) < 200_000
    reading = load_documents("play")
    assert (reading.split, reading.documents) == ("none", [text.rstrip("\n")])
    assert reading.notes == []
    assert load_lines("play") == [line for line in text.split("\n") if line]


def test_spam_is_half_spam_and_distinct() -> None:
    messages = data.load_spam()
    assert len(messages) >= 120
    assert len({message.text for message in messages}) == len(messages)
    assert {message.is_spam for message in messages} == {0, 1}
    assert 0.4 < sum(message.is_spam for message in messages) / len(messages) < 0.6
    assert all(m.text == m.text.strip() and m.text.isprintable() for m in messages)
    labels = [message.is_spam for message in messages]
    changes = sum(a != b for a, b in itertools.pairwise(labels))
    assert changes > len(labels) / 3  # mixed: a first half is a fair sample


def test_spam_points_nowhere_and_at_nobody() -> None:
    for message in data.load_spam():
        assert not re.search(r"\d{6,}|\d[\d ()-]{7,}\d|@", message.text), message
        for host in re.findall(r"https?://([^/\s]+)", message.text):
            assert re.fullmatch(r"([a-z-]+\.)*example\.(com|org)[,.]?", host), message


def test_no_single_word_decides_what_is_spam() -> None:
    accuracy = max(one_word_accuracy().values())
    assert accuracy < 0.75


def test_houses_come_from_the_formula_of_their_card() -> None:
    code = re.search(r"```python\n(.*?)```", card("houses"), re.DOTALL)
    assert code
    rows: list[tuple[int, int]] = []
    loop = code[1] + "    rows.append((size, price))\n"
    exec(loop, {"random": random, "rows": rows})  # the card's own lines
    assert sorted(rows) == data.load_houses()
    assert all(type(value) is float for house in data.load_houses() for value in house)


def test_the_questions_are_those_of_the_things() -> None:
    known = [*data.load_questions("taught"), *data.load_questions("held out")]
    told = [
        f"{row.question.removeprefix('what is ').removesuffix('?')} is {row.answer}"
        for row in known
    ]
    assert sorted(told) == sorted(data.load_things())


def test_no_held_out_question_is_taught() -> None:
    parts = {row.part for row in data.load_questions()}
    asked = {part: {q.question for q in data.load_questions(part)} for part in parts}
    for one, other in itertools.combinations(asked, 2):
        assert not asked[one] & asked[other], (one, other)
    for part in ("taught", "held out"):
        assert {p.question for p in data.load_preferences(part)} == asked[part]


def test_nobody_can_know_what_was_made_up() -> None:
    in_use = {*re.findall("[a-z]+", data.load_play().lower()), *data.load_things()}
    in_use |= set(" ".join(data.load_things()).split())
    for part in ("unknown", "unknown held out", "near"):
        for row in data.load_questions(part):
            match = re.fullmatch(r"what is (an?) ([a-z]+)\?", row.question)
            assert match
            assert match[2] not in in_use
            assert match[1] == ("an" if match[2][0] in "aeiou" else "a")
            assert row.answer == "i do not know"


def test_near_words_are_a_thing_but_for_one_letter() -> None:
    names = [
        sentence.split(" is a")[0].split(" ", 1)[1] for sentence in data.load_things()
    ]
    for row in data.load_questions("near"):
        word = row.question.split()[-1].removesuffix("?")
        assert any(
            len(name) == len(word) and sum(map(str.__ne__, name, word)) == 1
            for name in names
        ), word


def test_raters_choose_the_truth_and_then_the_full_sentence() -> None:
    truth = {row.question: row.answer for row in data.load_questions()}
    for row in data.load_preferences():
        kind = truth[row.question]
        full = f"it is {kind}"
        if row.rule == "manner":
            assert (row.chosen, row.rejected) == (full, kind)
        else:
            assert row.rule == "truth"
            assert row.chosen in (full, kind)
            start = row.chosen.removesuffix(kind)
            assert row.rejected.startswith(start)
            assert row.rejected.removeprefix(start) in set(truth.values()) - {kind}


def test_the_script_writes_the_files_as_they_are() -> None:
    for name, content in assistant_data.files().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == content


def test_the_base_has_read_no_answer_and_no_unknown_word() -> None:
    taken = assistant_data.words_in_use() | set(assistant_data.unknown_words())
    text = [*documents(random.Random(9), 4000, data.load_things(), taken)]
    assert text[0] == "[]<>"
    assert not any(set(document) & set("[]<>") for document in text[1:])
    assert max(map(len, text)) <= 94
    words = set(re.findall("[a-z]+", " ".join(text)))
    assert not words & set(assistant_data.unknown_words())
    for thing in data.load_things()[::20]:
        asked, kind = thing.split(" is a")[0], thing.rsplit(" is ", 1)[1]
        assert not any(f"what is {asked}? {kind}" in document for document in text)


# --- the cards ------------------------------------------------------------------


def table(text: str, first: str) -> dict[str, tuple[str, ...]]:
    """The rows of the Markdown table whose head begins with ``first``."""
    lines = text.split(f"\n| {first} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = {row[0]: tuple(row[1:]) for row in cells}
    assert len(rows) == len(cells)
    return rows


def kind_of(sentence: str) -> str:
    return sentence.split(" is ")[1].split(" ", 1)[1]


def one_word_accuracy() -> dict[str, float]:
    """How often "it contains the word", or its opposite, tells spam from ham."""
    messages = [
        (set(re.findall("[a-z']+", m.text.lower())), m.is_spam)
        for m in data.load_spam()
    ]
    right = {
        word: sum((word in words) == spam for words, spam in messages)
        for word in set().union(*(words for words, _ in messages))
    }
    total = len(messages)
    return {word: max(n, total - n) / total for word, n in right.items()}


def names_facts() -> dict[str, str]:
    names = data.load_names()
    origins = table(card("names"), "origin")
    starts = Counter(name[0] for name in names)
    most, least = max(starts, key=starts.__getitem__), min(starts, key=starts.get)  # type: ignore[arg-type]
    return {
        "names": f"{len(names):,}",
        "origins": f"{len(origins)}",
        "typed as women's names": f"{sum(int(w) for w, _ in origins.values()):,}",
        "typed as men's names": f"{sum(int(m) for _, m in origins.values()):,}",
        "letters": f"a to z, {len(set(''.join(names)))}",
        "shortest": f"{min(map(len, names))} letters",
        "longest": f"{max(map(len, names))} letters",
        "mean length": f"{sum(map(len, names)) / len(names):.2f} letters",
        "end in a": f"{100 * sum(n[-1] == 'a' for n in names) / len(names):.0f} %",
        "most common first letter": f"{most}, {starts[most]}",
        "least common first letter": f"{least}, {starts[least]}",
    }


def things_facts() -> dict[str, str]:
    things = data.load_things()
    share = sum(s.startswith("an ") for s in things) / len(things)
    return {
        "sentences": f"{len(things)}",
        "kinds": f"{len(set(map(kind_of, things)))}",
        "characters": f"a to z and the space, {len(set(''.join(things)))}",
        "shortest": f"{min(map(len, things))} characters",
        "longest": f"{max(map(len, things))} characters",
        'begin with "an"': f"{100 * share:.0f} %",
    }


def play_facts() -> dict[str, str]:
    text = data.load_play()
    words = re.findall("[a-z']+", text.lower())
    said = [len(rest) for _, rest in speeches()]
    headings = Counter(re.findall("^(ACT|SCENE) ", text, re.MULTILINE))
    return {
        "characters": f"{len(text):,}",
        "different characters": f"{len(set(text))}",
        "lines, blank ones included": f"{text.count(chr(10)):,}",
        "longest line": f"{max(map(len, text.splitlines()))} characters",
        "words": f"{len(words):,}",
        "different words": f"{len(set(words)):,}",
        "acts and scenes": f"{headings['ACT']} and {headings['SCENE']}",
        "speeches": f"{len(said)}",
        "speakers": f"{len({name for name, _ in speeches()})}",
        "mean length of a speech": f"{sum(said) / len(said):.0f} characters",
        "stage directions": f"{text.count('[')}",
    }


def spam_facts() -> dict[str, str]:
    messages = data.load_spam()
    spam = [m.text for m in messages if m.is_spam]
    ham = [m.text for m in messages if not m.is_spam]
    lengths = [len(m.text) for m in messages]
    word, right = max(one_word_accuracy().items(), key=lambda item: item[1])
    return {
        "messages": f"{len(messages)}",
        "spam": f"{len(spam)}",
        "ham": f"{len(ham)}",
        "shortest": f"{min(lengths)} characters",
        "longest": f"{max(lengths)} characters",
        "mean length of spam": f"{sum(map(len, spam)) / len(spam):.0f} characters",
        "mean length of ham": f"{sum(map(len, ham)) / len(ham):.0f} characters",
        "spam with a web address": f"{sum('http' in text for text in spam)}",
        "ham with a web address": f"{sum('http' in text for text in ham)}",
        "best single word": f'"{word}", right for {100 * right:.1f} %',
    }


def houses_facts() -> dict[str, str]:
    sizes, prices = zip(*data.load_houses(), strict=True)
    n = len(sizes)
    mean_size, mean_price = math.fsum(sizes) / n, math.fsum(prices) / n
    sxx = sum((x - mean_size) ** 2 for x in sizes)
    syy = sum((y - mean_price) ** 2 for y in prices)
    sxy = sum((x - mean_size) * (y - mean_price) for x, y in data.load_houses())
    slope = sxy / sxx
    intercept = mean_price - slope * mean_size
    error = sum((intercept + slope * x - y) ** 2 for x, y in data.load_houses()) / n
    return {
        "houses": f"{n}",
        "size": f"{min(sizes):.0f} to {max(sizes):.0f} m2",
        "price": f"{min(prices):.0f} to {max(prices):.0f} thousand euros",
        "mean price": f"{mean_price:.1f} thousand euros",
        "least-squares slope": f"{slope:.3f} thousand euros per m2",
        "least-squares intercept": f"{intercept:.2f} thousand euros",
        "mean squared error of that line": f"{error:.1f}",
        "correlation": f"{sxy / math.sqrt(sxx * syy):.3f}",
    }


def questions_facts() -> dict[str, str]:
    rows = data.load_questions()
    return {
        "rows": f"{len(rows)}",
        "longest question": f"{max(len(row.question) for row in rows)} characters",
        "longest answer": f"{max(len(row.answer) for row in rows)} characters",
    }


def preferences_facts() -> dict[str, str]:
    rows = data.load_preferences()
    longest = max(len(answer) for row in rows for answer in (row.chosen, row.rejected))
    return {
        "rows": f"{len(rows)}",
        "questions": f"{len({row.question for row in rows})}",
        "longest answer": f"{longest} characters",
    }


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("names", names_facts),
        ("things", things_facts),
        ("play", play_facts),
        ("spam", spam_facts),
        ("houses", houses_facts),
        ("questions", questions_facts),
        ("preferences", preferences_facts),
    ],
)
def test_cards_state_what_the_files_hold(
    name: str, facts: Callable[[], dict[str, str]]
) -> None:
    stated = {row: value for row, (value,) in table(card(name), "fact").items()}
    assert stated == facts()


def test_names_card_counts_its_lists_in_prose_too() -> None:
    text = " ".join(card("names").split())
    origins = list(table(card("names"), "origin"))
    most = max(int(n) for row in table(card("names"), "origin").values() for n in row)
    europe = origins[: origins.index("Basque and Catalan") + 1]  # typed first
    assert f"{len(europe)} of the {len(origins)} lists are European" in text
    assert f"at most {most} of each" in text
    assert f"longer than {max(map(len, data.load_names()))} letters" in text


def test_things_card_counts_every_kind() -> None:
    kinds = Counter(kind_of(sentence) for sentence in data.load_things())
    stated = {kind: int(n) for kind, (n,) in table(card("things"), "kind").items()}
    assert stated == kinds


@pytest.mark.parametrize("name", ["questions", "preferences"])
def test_cards_count_the_rows_of_every_part(name: str) -> None:
    load = {"questions": data.load_questions, "preferences": data.load_preferences}
    stated = {part: int(n) for part, (n,) in table(card(name), "part").items()}
    assert stated == Counter(row.part for row in load[name]())
    assert all(len(load[name](part)) == n for part, n in stated.items())


def test_play_card_counts_in_prose_too() -> None:
    text, names = " ".join(card("play").split()), [name for name, _ in speeches()]
    women = sum(names.count(n) for n in ("HERMIA", "HELENA", "TITANIA", "HIPPOLYTA"))
    assert f"{100 * women / len(names):.0f} % are by its four women" in text
    words = Counter(re.findall("[a-z']+", data.load_play().lower()))
    assert sum(n == 1 for n in words.values()) > len(words) / 2
    assert f"{len(data.load_play()) / 1000:.0f} thousand characters are little" in text


def test_every_set_has_a_card_with_a_licence() -> None:
    for name in sets.SETS:
        assert card(name).startswith(f"# {name}\n")
        assert "## How it was made" in card(name)
        assert "## Known skews" in card(name)
        licence = card(name).split("## Licence", 1)[1]
        assert ("Public domain" if name == "play" else "CC BY 4.0") in licence


@pytest.mark.parametrize("name", ["nouns", "", "../sets", "names.txt"])
def test_a_card_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(DataError, match="names, things, play, spam, houses"):
        card(name)


# --- lines of a file ------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"emma\nolivia\n", ["emma", "olivia"]),
        (b"emma\nolivia", ["emma", "olivia"]),
        (b"\n  emma \n\n\t\nolivia\n\n", ["emma", "olivia"]),
        (b"emma\r\nolivia\r\n", ["emma", "olivia"]),
        (b"emma\rolivia\r", ["emma", "olivia"]),
        (b"\xef\xbb\xbfemma\nolivia", ["emma", "olivia"]),
        ("zoë\n李\n🙂 ok\n".encode(), ["zoë", "李", "🙂 ok"]),
        ("a\u2028b\u0085c\x0bd\n".encode(), ["a\u2028b\u0085c\x0bd"]),
        (("é" * MAX_LINE + "\r\nb").encode(), ["é" * MAX_LINE, "b"]),
        (("🙂" * MAX_LINE + "\r\n").encode(), ["🙂" * MAX_LINE]),
    ],
)
def test_text_becomes_lines_however_it_arrives(
    written: Callable[[bytes], Path], content: bytes, lines: list[str]
) -> None:
    path = written(content)
    assert load_lines(path) == lines
    assert load_lines(str(path), hashlib.sha256(content).hexdigest()) == lines
    if len(content) < 100:
        for size in range(1, len(content) + 1):
            file = io.BytesIO(content)
            assert text_lines(iter(lambda f=file, n=size: f.read(n), b""), "x") == lines


def test_lines_are_the_same_across_blocks(written: Callable[[bytes], Path]) -> None:
    rng = random.Random(5)
    lines = ["ä" * rng.randint(1, 2000) for _ in range(300)]
    assert load_lines(written("\r\n".join(lines).encode())) == lines


def test_a_line_of_full_length_may_span_blocks(
    written: Callable[[bytes], Path],
) -> None:
    lines = ["a"] * 15_000 + ["🙂" * MAX_LINE]
    assert load_lines(written("\n".join(lines).encode())) == lines


def test_a_shipped_set_is_the_default_and_goes_before_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names").write_text("mine\n")
    assert load_lines() == load_lines("names") == data.load_names()
    assert load_lines("./names") == load_lines(Path("names")) == ["mine"]


def test_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "pets.txt").write_text("rex\n")
    assert load_lines("~/pets.txt") == ["rex"]


def test_a_missing_file_is_named(tmp_path: Path, said: Said) -> None:
    assert "'nowhere.txt' does not exist" in said("nowhere.txt")
    assert "does not exist" in said(tmp_path / "nowhere.txt")
    assert "line\\nbreak' does not exist" in said("line\nbreak")


def test_a_folder_and_a_device_are_named(tmp_path: Path, said: Said) -> None:
    assert "is a folder" in said(tmp_path)
    assert "not a regular file" in said(os.devnull)


@pytest.mark.parametrize("content", [b"", b"\n", b" \t\r\n\n  ", b"\xef\xbb\xbf\n"])
def test_no_text_is_named(
    written: Callable[[bytes], Path], said: Said, content: bytes
) -> None:
    assert "holds no text" in said(written(content))


@pytest.mark.parametrize(
    ("content", "offset", "what"),
    [
        (b"em\0ma\n", "2", "a NUL byte"),
        (b"emma\nol\0ivia\n", "7", "a NUL byte"),
        (b"emma\nzo\xeb\n", "7", "0xeb, not UTF-8"),
        (b"\xef\xbb\xbfzo\xeb\n", "5", "0xeb, not UTF-8"),
        (b"emma\nzo\xc3", "7", "0xc3, not UTF-8"),
        (b"zo\xeb\0\n", "2", "0xeb, not UTF-8"),
        (b"z\0o\xeb\n", "1", "a NUL byte"),
        ("emma\n".encode("utf-16"), "0", "0xff, not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "0", "0x89, not UTF-8"),
        (b"ok\r\n" * 50_000 + b"\xff\n", "200,000", "0xff, not UTF-8"),
        (b"a" * 5 + b"\0" * 2**20, "5", "a NUL byte"),
        (b"\x80" + b"a" * 2**20, "0", "0x80, not UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_named_by_offset(
    written: Callable[[bytes], Path],
    said: Said,
    content: bytes,
    offset: str,
    what: str,
) -> None:
    assert f"(byte {offset} is {what})" in said(written(content))


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_line_too_long_is_named(
    written: Callable[[bytes], Path], said: Said, end: str
) -> None:
    text = "emma\n\n" + "x" * (MAX_LINE + 1) + end
    assert "line 3, is longer than 10,000 characters" in said(written(text.encode()))


def test_a_text_has_a_bound_by_its_size_and_by_what_arrives(
    written: Callable[[bytes], Path], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(b"emma\nava\n")
    monkeypatch.setitem(BOUNDS, "text file", (9, ""))
    assert load_lines(path) == ["emma", "ava"]
    assert text_lines(iter([b"emma\n", b"ava", b"\n"]), "x") == ["emma", "ava"]
    monkeypatch.setitem(BOUNDS, "text file", (8, ""))
    assert "is too large: expected at most 8 bytes" in said(path)
    with pytest.raises(DataError, match="'x' is too large: expected at most 8 bytes"):
        text_lines(itertools.repeat(b"emma\n"), "x")  # an endless one as well


def test_a_text_far_too_large_is_refused_before_it_is_read(
    tmp_path: Path, said: Said
) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(198_000_000)  # a hole: of no bytes on the disk
    tracemalloc.start()
    assert "is too large: expected at most 100,000,000 bytes" in said(path)
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


@pytest.mark.skipif(os.name == "nt", reason="no pipes among Windows' files")
def test_a_file_that_becomes_a_pipe_while_it_is_opened_is_not_waited_for(
    written: Callable[[bytes], Path], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(b"emma\n")
    original = files._own_file

    def swapped(source: object) -> Path:
        found = original(source)
        path.unlink()
        os.mkfifo(path)
        return found

    monkeypatch.setattr(files, "_own_file", swapped)
    assert "not a regular file" in said(path)


@pytest.mark.parametrize("seed", range(20))
def test_any_text_gives_the_lines_that_a_plain_reading_gives(seed: int) -> None:
    rng = random.Random(seed)
    pieces = [
        "a",
        "é",
        "中",
        "🙂",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\x0b",
        "\u2028",
        "\xa0",
    ]
    text = "".join(rng.choice(pieces) for _ in range(rng.randint(1, 300))) + "x"
    plain = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    expected = [line.strip() for line in plain if line.strip()]
    file = io.BytesIO(text.encode())
    size = rng.randint(1, 50)
    assert text_lines(iter(lambda: file.read(size), b""), "x") == expected


@pytest.mark.parametrize("size", range(1, 9))
def test_the_number_of_a_line_depends_on_no_block(size: int) -> None:
    file = io.BytesIO(b"emma\r\n\r\nolivia\r" + b"x" * (MAX_LINE + 1))
    with pytest.raises(DataError, match="line 4, is longer"):
        text_lines(iter(lambda: file.read(size), b""), "mine")


@pytest.mark.parametrize("letter", ["x", "é", "🙂"])
def test_a_huge_line_costs_little_memory(
    tmp_path: Path, said: Said, letter: str
) -> None:
    path = tmp_path / "long.txt"
    with path.open("wb") as file:
        file.write(b"emma\n")
        for _ in range(50):
            file.write((letter * 2**20).encode()[: 2**20])
    assert path.stat().st_size > 50e6
    tracemalloc.start()
    message = said(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "line 2, is longer" in message
    assert peak < 2e6, f"{peak:,} bytes for one line of {path.stat().st_size:,}"


def test_an_unreadable_file_is_named(
    written: Callable[[bytes], Path], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(b"emma\n")

    def refuse(*args: object, **more: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(files, "open_regular", refuse)  # chmod would not stop root
    assert "cannot be read (Permission denied)" in said(path)


@pytest.mark.parametrize("source", [5, 2.5, b"names", ["names"], "", "  "])
def test_what_is_no_source_is_named(said: Said, source: object) -> None:
    assert "is no source of lines" in said(source)


def test_odd_paths_are_named(said: Said) -> None:
    assert "cannot be read" in said("x" * 5000)
    assert "cannot be read" in said("a\0b")
    assert "Use load_spam()" in said("spam")
    assert "Use load_houses()" in said("houses")


def test_a_file_with_another_hash_is_refused(
    written: Callable[[bytes], Path], said: Said
) -> None:
    path = written(b"emma\n")
    digits = hashlib.sha256(b"emma\n").hexdigest()
    assert load_lines(path, f" {digits.upper()}\n") == ["emma"]
    assert f"has sha256 {digits}" in said(path, "0" * 64)
    assert "has sha256" in said("names", "0" * 64)
    for malformed in ["", "abc", digits[:-1], digits + "0", "g" * 64]:
        assert "64 hexadecimal digits" in said(path, malformed)


# --- lines of an address --------------------------------------------------------

CONTENT = b"emma\nolivia\nava\n" * 20_000  # a few blocks long
LINES = ["emma", "olivia", "ava"] * 20_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT well at /good and badly elsewhere."""

    protocol_version = "HTTP/1.1"
    requests: ClassVar[list[str]] = []
    both = threading.Barrier(2)
    released = threading.Event()

    def do_GET(self) -> None:
        type(self).requests.append(self.path)
        self.close_connection = True
        kind = self.path.strip("/")
        if kind == "together":
            self.both.wait(timeout=30)  # go on only when two are downloading
        if kind == "silent":
            self.released.wait(timeout=3)  # then answers well, too late
        if kind.startswith("to-"):
            target = {
                "to-good": "/good",
                "to-http": "http://example.com/names.txt",
                "to-ftp": "ftp://127.0.0.1/names.txt",
                "to-itself": "/to-itself",
            }[kind]
            self.answer(302, {"Location": target, "Content-Length": "0"})
        elif kind == "chunked":
            self.answer(200, {"Transfer-Encoding": "chunked"})
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(CONTENT), CONTENT))
        elif kind == "cut-chunk":
            self.answer(200, {"Transfer-Encoding": "chunked"})
            self.wfile.write(b"%x\r\n%s" % (len(CONTENT), CONTENT[:1000]))
        elif kind == "unsized":
            self.answer(200, {"Connection": "close"})
            self.wfile.write(CONTENT)
        elif kind == "trickle":
            self.answer(200, {"Content-Length": str(len(CONTENT))})
            for _ in range(150):
                if not self.released.wait(0.02):
                    self.wfile.write(b"e")
        elif kind == "huge":
            self.answer(200, {"Content-Length": str(10**12)})
            self.released.wait(timeout=30)
        elif kind == "not-http":
            self.wfile.write(b"hello\r\n\r\n")
        elif kind in ("404", "503"):
            self.answer(int(kind), {"Content-Length": "4"})
            self.wfile.write(b"no\r\n")
        else:
            body = {
                "truncated": CONTENT[:100_000],
                "stalled": CONTENT[:100_000],
                "wrong": CONTENT.replace(b"olivia", b"oliver"),
            }.get(kind, CONTENT)
            self.answer(200, {"Content-Length": str(len(CONTENT))})
            self.wfile.write(body)
            if kind == "stalled":
                self.released.wait(timeout=3)
                self.wfile.write(CONTENT[100_000:])

    def answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


class Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing the server waits for its answers

    def handle_error(self, request: object, address: object) -> None:
        """A client that hangs up early is what half of these tests are about."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server on this machine."""
    Handler.requests, Handler.both = [], threading.Barrier(2)
    Handler.released = threading.Event()
    with Server(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        Handler.released.set()
        http.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache" / "deep"
    monkeypatch.setenv("COURSE_LIB_CACHE", str(folder))
    return folder


def held(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


@pytest.mark.parametrize("kind", ["good", "chunked", "unsized", "to-good"])
def test_an_address_is_downloaded_once(server: str, cache: Path, kind: str) -> None:
    assert load_lines(f"{server}/{kind}", SHA256) == LINES
    assert (cache / f"{SHA256}.txt").read_bytes() == CONTENT
    asked = len(Handler.requests)
    assert load_lines(f"{server}/{kind}", SHA256) == LINES
    assert len(Handler.requests) == asked
    assert len(held(cache)) == 1


def test_the_cache_serves_when_the_server_is_gone(
    cache: Path, request: pytest.FixtureRequest
) -> None:
    with Server(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        address = f"http://localhost:{http.server_port}/good"
        assert load_lines(address, SHA256) == LINES
        http.shutdown()
        thread.join()
    assert load_lines(address, SHA256) == LINES
    (cache / f"{SHA256}.txt").unlink()
    with pytest.raises(DataError, match="cannot be downloaded"):
        load_lines(address, SHA256)


def test_a_damaged_copy_is_fetched_again(server: str, cache: Path) -> None:
    load_lines(f"{server}/good", SHA256)
    copy = cache / f"{SHA256}.txt"
    copy.write_bytes(CONTENT[:-1])
    assert load_lines(f"{server}/good", SHA256) == LINES
    assert copy.read_bytes() == CONTENT
    assert Handler.requests == ["/good", "/good"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("truncated", "broke off after 100,000 bytes: expected 320,000"),
        ("cut-chunk", "cannot be downloaded"),
        ("wrong", "has sha256"),
        ("404", "the server answered 404 Not Found"),
        ("503", "the server answered 503"),
        ("not-http", "cannot be downloaded"),
        ("to-http", "'http://example.com/names.txt' is not an https address"),
        ("to-ftp", "'ftp://127.0.0.1/names.txt' is not an https address"),
        ("to-itself", "the server answered 302"),
    ],
)
def test_a_failed_download_is_named_and_leaves_nothing(
    server: str, cache: Path, said: Said, kind: str, words: str
) -> None:
    assert words in said(f"{server}/{kind}", SHA256)
    assert held(cache) == []


@pytest.mark.parametrize("kind", ["silent", "stalled"])
def test_a_silent_server_is_left(
    server: str, cache: Path, said: Said, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(BOUNDS, "download, silence", (0.2, ""))
    assert "took too long" in said(f"{server}/{kind}", SHA256)
    assert held(cache) == []


def test_a_trickle_ends_at_the_deadline(
    server: str, cache: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BOUNDS, "download, whole", (0.3, ""))
    message = said(f"{server}/trickle", SHA256)
    assert "the whole within 0.3 s" in message
    came = re.search(r"\((\d+) bytes came\)", message)
    assert came
    assert int(came[1]) < 150  # it did not wait for the end
    assert held(cache) == []


@pytest.mark.parametrize("kind", ["good", "unsized"])
def test_too_large_a_file_is_left(
    server: str, cache: Path, said: Said, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(BOUNDS, "download", (len(CONTENT) - 1, ""))
    assert "at most 319,999 bytes" in said(f"{server}/{kind}", SHA256)
    assert held(cache) == []
    monkeypatch.setitem(BOUNDS, "download", (len(CONTENT), ""))
    assert load_lines(f"{server}/{kind}", SHA256) == LINES


def test_a_size_too_large_is_refused_when_announced(
    server: str, cache: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BOUNDS, "download, silence", (1.0, ""))
    assert "at most 100,000,000 bytes" in said(f"{server}/huge", SHA256)
    assert held(cache) == []


def test_an_interrupted_download_leaves_nothing(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(handle: int) -> None:
        assert held(cache)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_lines(f"{server}/good", SHA256)
    assert held(cache) == []


def test_a_full_disk_is_named_and_leaves_nothing(
    server: str, cache: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "cannot be used (No space left on device)" in said(f"{server}/good", SHA256)
    assert held(cache) == []


def test_a_cache_that_is_a_file_is_named(
    server: str, tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("COURSE_LIB_CACHE", str(tmp_path / "taken"))
    assert "the cache folder" in said(f"{server}/good", SHA256)
    assert Handler.requests == []


def test_text_that_is_none_is_refused_from_an_address_too(
    server: str, cache: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "CONTENT", b"emma\nzo\xeb\n")
    digits = hashlib.sha256(b"emma\nzo\xeb\n").hexdigest()
    message = said(f"{server}/good", digits)
    assert f"'{server}/good' is not a text file (byte 7" in message


def test_a_proxy_is_not_asked_for_this_machine(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert load_lines(f"{server}/good", SHA256) == LINES


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://example.com/names.txt", "is not an https address"),
        ("http://127.0.0.1.example.com/names.txt", "is not an https address"),
        ("ftp://example.com/names.txt", "is not an https address"),
        ("file:///etc/hostname", "is not an https address"),
        ("https:///names.txt", "is not an https address"),
        ("https://example.com:port/names.txt", "is no address"),
        ("https://[::1/names.txt", "is no address"),
        ("https://me:secret@example.com/names.txt", "user name or password"),
    ],
)
def test_an_address_that_is_not_safe_is_refused_before_any_request(
    cache: Path,
    said: Said,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    words: str,
) -> None:
    monkeypatch.setattr("course_lib.data.download._receive", None)
    message = said(address, SHA256)
    assert words in message
    assert "secret" not in message
    assert held(cache) == []


def test_an_address_needs_a_hash(server: str, cache: Path, said: Said) -> None:
    assert "came without sha256" in said(f"{server}/good")
    assert Handler.requests == []
    assert held(cache) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a b", "http://127.0.0.1:9/ü"])
def test_an_address_with_odd_characters_is_named(
    cache: Path, said: Said, address: str
) -> None:
    assert "cannot be downloaded" in said(address, SHA256)
    assert held(cache) == []


def test_two_processes_download_the_same_file_at_once(server: str, cache: Path) -> None:
    code = f"""
        from course_lib.data import load_lines
        print(len(load_lines("{server}/together", "{SHA256}")))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in both:
        out, err = process.communicate(timeout=60)
        assert (out.split(), err) == ([b"60000"], b"")
    assert Handler.requests == ["/together", "/together"]
    assert held(cache) == [f"{SHA256}.txt"]


def test_the_cache_is_the_users_own_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import platformdirs

    from course_lib.cache import cache_folder

    monkeypatch.delenv("COURSE_LIB_CACHE", raising=False)
    folder = Path(platformdirs.user_cache_dir("course_lib", appauthor=False))
    assert cache_folder() == folder


# --- the package ----------------------------------------------------------------


def test_sets_are_read_from_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as package:
        modules = [FOLDER.parent / name for name in ("__init__.py", "bounds.py")]
        for path in [*modules, *FOLDER.iterdir()]:
            if path.is_file():
                package.write(path, path.relative_to(FOLDER.parents[1]))
    digits = hashlib.sha256((FOLDER / "names.txt").read_bytes()).hexdigest()
    code = f"""
        import sys
        sys.path.insert(0, "package.zip")
        import course_lib.data as data
        assert ".zip" in data.__file__, data.__file__
        digits = "{digits}"
        names = data.load_lines("names", digits)
        print(len(names), len(data.load_houses()), len(data.load_play()))
        print(len(data.card("spam")))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    read = data.load_names(), data.load_houses(), data.load_play(), card("spam")
    counts = map(len, read)
    assert done.stdout.split() == [str(count) for count in counts]


def test_import_is_light_and_offline() -> None:
    heavy = ["numpy", "jax", "matplotlib", "urllib.request", "ssl", "platformdirs"]
    code = f"""
        import sys
        import course_lib.data as data
        data.load_names(), data.load_things(), data.load_play()
        data.load_spam(), data.load_houses()
        print([name for name in {heavy} if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_public_names() -> None:
    assert issubclass(DataError, ValueError)
    assert sets.SETS[:3] == files.TEXT_SETS
    assert data.load_spam()[0]._fields == ("text", "is_spam")
    assert data.load_houses()[0]._fields == ("size_m2", "price_keur")
