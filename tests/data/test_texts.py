"""What a person brings, read whole: how it is parted, and what is said of it."""

from __future__ import annotations

import io
import json
import random
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib import data
from course_lib.bounds import BOUNDS
from course_lib.data import DataError
from course_lib.data.lines import whole_text
from course_lib.data.texts import HEAD, detect_split, load_documents, part

PLAY = """ACT I. A room.

HAMLET.
To be, or not to be, that is the question:
Whether it is nobler in the mind to suffer

OPHELIA.
Good my lord.

HAMLET.
I thank you; well, well, well.
"""
PROSE = """It was late when the train came in, and the platform was empty
but for a porter who slept. Nobody had told him of the change.

"You are the new one," he said when he woke. He took the bag and
went before me, and we did not speak again.
"""
PARAGRAPHS = (
    "It was late when the train came in, and the platform was empty. " * 6
    + "\n\n"
    + "Nobody had told him of the change. " * 12
)
POEM = """Who has seen the wind?
Neither I nor you:
But when the leaves hang trembling,
The wind is passing through.
"""
CODE = "def add(a, b):\n    return a + b\n\n\nclass Point:\n\tx = 0\n\n\ty = 1\n"
CHAT = "Anna: are you in?\nBen Li: yes, wait a moment\nAnna: take your time\n"
QUATRAINS = "\n\n".join(
    f"the first line of number {i}\nthe second\nthe third\nthe last" for i in range(9)
)
QUESTIONS = "\n\n".join(f"what is {i} and {i}?\nit is {2 * i}." for i in range(9))
NAMES = "Emma\nOlivia\nAva\n"
LONG_NAMES = "Bartholomew-Alexander\nMaria Magdalena\nWolfgang Amadeus\n"
SENTENCES = "a wheel is a machine part\nan apple is a fruit\na lion is an animal\n"


@pytest.mark.parametrize(
    ("text", "split"),
    [
        (PLAY, "none"),
        (PROSE, "none"),
        (PROSE.replace("\n\n", "\n"), "none"),
        (PARAGRAPHS, "none"),
        ("He took the bag and went before me to the very end of it.\n\n" * 3, "none"),
        (POEM, "none"),
        (CODE, "none"),
        (CODE.replace("\n\n", "\n"), "none"),
        (CHAT, "none"),
        ("Anna: hello to you\nBen: hello all\nAnna: good day\n", "none"),
        ("the roses all are red,\nthe violets are blue,\nand so it goes\n", "none"),
        ("two lines in this block\nand two in the next\n\nit may be\nchance\n", "none"),
        ("x" * 300, "none"),
        ("one line, of a few more words than a name has", "none"),
        (QUATRAINS, "blank"),
        ("an old pond\na frog leaps in\n\n" * 3, "blank"),
        (QUESTIONS, "blank"),
        (NAMES, "lines"),
        (NAMES.replace("\n", "\n\n"), "lines"),
        (LONG_NAMES, "lines"),
        (LONG_NAMES.replace("\nM", "\n\nM"), "lines"),
        (SENTENCES, "lines"),
        (SENTENCES.replace("\n", "\n\n"), "lines"),
        ("Anna Li.\nBen Ray.\nI saw them both.\n", "lines"),
        ("\n".join(data.load_names()), "lines"),
        ("\n".join(data.load_things()), "lines"),
        ("emma", "lines"),
        ("", "lines"),
    ],
)
def test_what_a_text_is_is_told_from_its_form(text: str, split: str) -> None:
    assert detect_split(text) == split
    assert detect_split(f"\n\n{text}\n\n") == split


def test_the_end_of_a_text_that_goes_on_does_not_count() -> None:
    assert detect_split(f"{QUATRAINS}\n\nand one that is cut", cut=True) == "blank"
    assert detect_split(f"{SENTENCES}{'x' * 300}", cut=True) == "lines"


@pytest.mark.parametrize("text", [PLAY, PROSE, POEM, CODE, CHAT, QUATRAINS])
def test_one_text_loses_nothing_but_blank_lines_around_it(
    written: Callable[[bytes], Path], text: str
) -> None:
    read = load_documents(written(f"\n \n{text}\n\n".encode()), split="none")
    assert read.documents == [text.rstrip()]
    assert (read.split, read.field, read.notes) == ("none", "", [])


def test_blank_lines_part_documents_that_keep_their_indentation() -> None:
    assert part(f"\n  \n{CODE}", "blank") == [
        "def add(a, b):\n    return a + b",
        "class Point:\n\tx = 0",
        "\ty = 1",
    ]
    assert part("  a\n \t \n\n  b\n", "blank") == ["  a", "  b"]
    assert part(CODE, "lines")[:2] == ["def add(a, b):", "return a + b"]
    assert part(" \n\n", "blank") == part("\n", "none") == part("", "lines") == []


def test_lines_that_come_late_are_read_whole_as_well(
    written: Callable[[bytes], Path],
) -> None:
    names = "emma and olivia\n" * (HEAD // 16)
    read = load_documents(written((names + "x" * 257).encode()))
    assert read.split == "none"
    assert read.documents[0].endswith("x" * 257)
    read = load_documents(written((names + "x" * 256).encode()))
    assert read.split == "lines"
    assert isinstance(read.documents, str)
    assert read.documents.endswith("x" * 256)


@pytest.mark.parametrize("text", [NAMES, SENTENCES])
def test_lines_are_those_of_load_lines(
    written: Callable[[bytes], Path], text: str
) -> None:
    path = written(text.replace("\n", " \r\n\r\n").encode())
    read = load_documents(path)
    assert read.documents == "\n".join(data.load_lines(path))
    assert load_documents(path, split="lines") == read


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\f"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_whole_text_is_the_same_across_blocks(end: str, size: int) -> None:
    raw = ("\ufeff" + PLAY + "é🙂").replace("\n", end).encode()
    file = io.BytesIO(raw)
    assert whole_text(iter(lambda: file.read(size), b""), "x") == PLAY + "é🙂"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"one\n\ntw\0o", r"byte 7 is a NUL"),
        (b"one\n\n\xffo", r"byte 5 is 0xff"),
        ("é".encode() + b"\xc3", r"byte 2 is 0xc3"),
        (b"\xef\xbb\xbfab\xe2\x82", r"byte 5 is 0xe2"),
    ],
)
def test_bytes_of_a_whole_text_that_are_none_are_named(
    raw: bytes, said: str, size: int
) -> None:
    file = io.BytesIO(raw)
    with pytest.raises(DataError, match=said):
        whole_text(iter(lambda: file.read(size), b""), "x")


def test_a_whole_text_has_the_bound_of_all_texts(
    monkeypatch: pytest.MonkeyPatch, written: Callable[[bytes], Path]
) -> None:
    monkeypatch.setitem(BOUNDS, "text file", (10, "bytes"))
    assert load_documents(written(b"a b\n\nc d e"), split="none").documents
    with pytest.raises(DataError, match="too large"):
        load_documents(written(b"a b\n\nc d ef"), split="none")
    with pytest.raises(DataError, match="too large"):
        whole_text(iter([b"abcdef"] * 2), "x")


@pytest.mark.parametrize("split", ["lines", "blank", "none", None])
def test_composed_and_decomposed_letters_are_one(
    written: Callable[[bytes], Path], split: str | None
) -> None:
    composed = "Zoé Noël\nÅsa Söder\n"
    decomposed = unicodedata.normalize("NFD", composed)
    apart = load_documents(written(decomposed.encode()), split=split)
    at_once = load_documents(written(composed.encode()), split=split)
    assert apart.documents == at_once.documents
    assert at_once.notes == []
    assert ["NFC" in note for note in apart.notes] == [True]


RECORDS = [
    {
        "id": 1,
        "label": "0.5",
        "text": "what is a wheel?\r\na part",
        "by": {"who": "Li"},
    },
    {"id": 2, "text": 'hello, "you"', "parts": [{"t": "a"}, {"t": "b"}, {}]},
    {"id": 3, "text": None, "tags": ["x", "y"]},
    {"id": 4, "text": " \n"},
]


def as_json_lines() -> str:
    return "\n\n".join(json.dumps(record) for record in RECORDS)


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, "utf-8")
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", as_json_lines()),
        ("a.ndjson", as_json_lines()),
        ("a.json", json.dumps(RECORDS)),
        ("a.json", json.dumps(RECORDS, indent=1)),
        ("a.json", as_json_lines()),
        ("a.txt", as_json_lines()),
    ],
)
def test_json_gives_the_texts_of_a_field(
    recorded: Callable[[str, str], Path], name: str, text: str
) -> None:
    path = recorded(name, text)
    read = load_documents(path, field="text")
    assert read.documents == ["what is a wheel?\na part", 'hello, "you"']
    assert (read.split, read.field) == ("lines", "text")
    assert read.notes == [
        "2 of 4 records hold no text in the field 'text' and are left out"
    ]
    only = load_documents(path)
    assert only.documents == read.documents
    assert "only one that holds text" in only.notes[0]
    assert load_documents(path, field="by.who").documents == ["Li"]
    assert load_documents(path, field="parts.t").documents == ["a\nb"]
    assert load_documents(path, field="tags").documents == ["x\ny"]
    assert load_documents(path, field="id").documents == ["1", "2", "3", "4"]


def test_a_list_of_one_json_object_over_lines_is_read(
    recorded: Callable[[str, str], Path],
) -> None:
    path = recorded("a.json", json.dumps({"text": "hello"}, indent=1))
    assert load_documents(path).documents == ["hello"]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_gives_the_texts_of_a_field(
    recorded: Callable[[str, str], Path], name: str, delimiter: str
) -> None:
    rows = [
        "id,title,text",
        '1,One,"Hello, ""you""\n\n  all"',
        "2,Two,plain",
        "3,Three,",
        "4,Four",
    ]
    text = "\n".join(row.replace(",", delimiter, 2) for row in rows)
    read = load_documents(recorded(name, f"\ufeff{text}"), field="text")
    hello = f'Hello{delimiter} "you"\n\n  all' if delimiter == "," else 'Hello, "you"'
    assert read.documents[0].startswith(hello[:5])
    assert read.documents[0].endswith('"you"\n\n  all')
    assert read.documents[1:] == ["plain"]
    assert "2 of 4 records" in read.notes[0]


@pytest.mark.parametrize(
    ("name", "text", "field", "said"),
    [
        ("a.jsonl", as_json_lines(), "words", r"no text in a field 'words': .*'text'"),
        ("a.jsonl", as_json_lines(), "by", r"objects in its field 'by': .*'by\.who'"),
        ("a.jsonl", '{"a": "x", "b": "y"}', None, r"fields 'a', 'b': .*--field"),
        ("a.jsonl", '{"a": 1, "b": 2}', None, r"fields 'a', 'b': .*--field"),
        ("a.jsonl", '{"a": "x"}\n{"a": ', None, r"line 2, is no JSON \(Expecting"),
        ("a.jsonl", '{"a": "x"}\n[1]', None, r"line 2, is no object"),
        ("a.jsonl", "[" * 99_999, None, r"no JSON \(nested too deeply"),
        ("a.json", '[{"a": "x"}, 5]', None, r"item 2, is no object"),
        ("a.json", '[{"a": "x"}', None, r"is no JSON"),
        ("a.json", "{}", None, r"fields none: .*--field"),
        ("a.json", "[]", "a", r"no text in a field 'a'"),
        ("a.csv", 'a,b\n1,"x\n', "b", r"line \d, is no CSV"),
        ("a.csv", "a,b\n1,2\n", "c", r"no text in a field 'c': .*'a', 'b'"),
        ("a.csv", "a,b\n", "a", r"no text in a field 'a'"),
        ("a.csv", "a;b\nx;y\n", None, r"fields 'a', 'b': .*--field"),
        ("a.csv", "\n", "a", r"no text in a field 'a'"),
        ("a.txt", "just a text\n", "text", r"no text in a field 'text'"),
    ],
)
def test_records_that_cannot_be_read_are_named(
    recorded: Callable[[str, str], Path],
    name: str,
    text: str,
    field: str | None,
    said: str,
) -> None:
    with pytest.raises(DataError, match=said) as refusal:
        load_documents(recorded(name, text), field=field)
    assert "\n" not in str(refusal.value)


def test_records_may_be_read_as_plain_text(
    recorded: Callable[[str, str], Path],
) -> None:
    path = recorded("a.jsonl", '{"a": "x", "b": "y"}\n')
    assert load_documents(path, split="none").documents == ['{"a": "x", "b": "y"}']
    assert load_documents(path, split="lines").documents == '{"a": "x", "b": "y"}'


def test_splits_that_are_none_are_named(written: Callable[[bytes], Path]) -> None:
    with pytest.raises(DataError, match="split must be one of lines, blank, none"):
        load_documents(written(b"x"), split="words")
    with pytest.raises(DataError, match="exclude each other"):
        load_documents(written(b"x"), split="none", field="text")
    for split in ("blank", "none"):
        with pytest.raises(DataError, match="holds no text"):
            load_documents(written(b" \n\n\t\n"), split=split)


@pytest.mark.parametrize("seed", range(20))
def test_any_text_is_parted_as_a_plain_reading_parts_it(seed: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choices("ab \t\n\n", k=60))
    blocks: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            blocks[-1].append(line)
        else:
            blocks.append([])
    expected = ["\n".join(block) for block in blocks if block]
    found = part(text, "blank")
    assert [block.rstrip() for block in found] == [e.rstrip() for e in expected]
    assert all(text.strip() in whole for whole in part(text, "none"))
