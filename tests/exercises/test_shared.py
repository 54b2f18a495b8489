"""What a learner shares: verdicts and no answers; and nothing believed that arrives."""

from __future__ import annotations

import ast
import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from course_lib.bounds import BOUNDS, has_control
from course_lib.exercises import core, journal, shared
from course_lib.exercises.core.diagnose import GENERAL
from course_lib.exercises.journal import Entry
from course_lib.exercises.shared import Standing, check_nickname, parse, standings
from tests.exercises.a_class import NOW, exercises, standing, thirty
from tests.exercises.a_class import shared as share

KNOWN = {one.id: one for one in exercises()}


def entry(exercise: str, outcome: str, misconception: str = "", day: int = 20) -> Entry:
    time = f"2026-11-{day}T10:00:00.000000Z"
    return Entry(exercise, outcome, time, "0.1.0", "f", "SECRET = 1", misconception)


@pytest.mark.usefixtures("home")
def test_a_check_keeps_the_name_of_the_mistake() -> None:
    (direction,) = exercises("gradient.predict_the_direction")
    results = [direction.check(answer) for answer in ("NE", "elsewhere", "S")]
    kept = [(one.outcome, one.misconception) for one in journal.entries()[0]]
    assert kept == [(one.outcome, one.misconception) for one in results]
    assert kept[0][1] in direction.misconceptions()
    assert kept[2] == ("correct", "")


def test_a_line_without_a_mistake_is_one_that_an_older_course_reads() -> None:
    plain, named = entry("loss.mse", "correct"), entry("loss.mse", "error", "infinity")
    assert json.loads(plain.line())["format"] == 1
    assert "misconception" not in json.loads(plain.line())
    assert json.loads(named.line())["format"] == 2
    data = f"{plain.line()}\n{named.line()}\n".encode()
    assert journal.parse(data, "j") == ([plain, named], [])
    changed = named.line().replace("infinity", "infinite").encode()
    assert "changed or damaged" in journal.parse(changed, "j")[1][0]


def test_the_general_mistakes_are_those_that_the_checks_name() -> None:
    """Every constant that is the name of a Finding, wherever one is made."""
    named = set()
    for module in ("diagnose", "judge", "feedback"):
        file = Path(core.__file__).with_name(f"{module}.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                named |= (
                    {node.args[0].value} if hasattr(node.args[0], "value") else set()
                )
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "name":
                named |= {getattr(node.value, "value", "")}
    assert {one for one in named if isinstance(one, str)} - {""} == set(GENERAL)


def test_the_last_mistake_counts_until_the_exercise_is_solved() -> None:
    entries = [
        entry("loss.mse", "incorrect", "sum instead of mean", 20),
        entry("loss.mse", "error", "", 21),
        entry("loss.softmax", "incorrect", "sign flipped", 20),
        entry("loss.softmax", "correct", "", 21),
        entry("loss.softmax", "incorrect", "sign flipped", 22),
        entry("gradient.mse_gradient", "incorrect", "my own private name", 20),
        entry("later.unknown", "correct"),
    ]
    assert standings(entries, KNOWN.values()) == {
        "loss.mse": Standing("error", 2, "2026-11-21"),
        "loss.softmax": Standing("correct", 3, "2026-11-22"),
        "gradient.mse_gradient": Standing("incorrect", 1, "2026-11-20"),
    }
    assert standings(entries[:1], KNOWN.values())["loss.mse"].misconception == (
        "sum instead of mean"
    )


def test_no_code_and_nothing_but_a_nickname_is_shared() -> None:
    found = standings([entry("loss.mse", "incorrect", "sign flipped")], KNOWN.values())
    content = json.loads(shared.share("Ada", "0" * 32, found, NOW).data())
    assert set(content) == {
        "format", "nickname", "key", "written", "course", "exercises", "sum",
    }  # fmt: skip
    assert set(content["exercises"]["loss.mse"]) == {
        "outcome", "checks", "day", "misconception",
    }  # fmt: skip
    assert "SECRET" not in json.dumps(content)


def test_what_is_shared_comes_back_as_it_was() -> None:
    for one in thirty():
        assert parse(one.data(), KNOWN, NOW) == one
        assert (
            parse(b"\xef\xbb\xbf" + one.data(), KNOWN, NOW) == one
        )  # by a mail program


def test_whatever_a_journal_holds_can_be_read_by_the_class() -> None:
    entries = [
        entry("loss.mse", "correct", "sign flipped"),  # by another program
        replace(entry("loss.softmax", "error"), time="2031-01-01T10:00:00Z"),
    ]
    one = shared.share("Ada", "0" * 32, standings(entries, KNOWN.values()), NOW)
    assert parse(one.data(), KNOWN, NOW) == one


GOOD = "Ada L.", "Zoë", "李雷", "राम", "O'Neil", "x" * 40, "4you", "a-b_c"
BAD = (
    "", " ", "x" * 41, "x" * 10_000, "a\x1b[2Jb", "a\nb\x00", "<b>ada</b>", "a/b", "..",
    "ada\u202e", "ada&amp;", "\ud800", "'quoted'", "-rf", "a\\b", "C:", "\u0301a",
)  # fmt: skip


@pytest.mark.parametrize("nickname", GOOD)
def test_a_nickname_is_in_letters_of_any_language(nickname: str) -> None:
    assert check_nickname(f" {nickname} ") == nickname


@pytest.mark.parametrize("nickname", BAD)
def test_any_other_nickname_is_refused_in_one_line(nickname: str) -> None:
    with pytest.raises(ValueError, match="a nickname") as refused:
        check_nickname(nickname)
    line = str(refused.value)
    assert "\n" not in line
    assert not has_control(line)
    assert len(line) < 200


def forged(**changes: Any) -> bytes:
    """A file with other fields and a right checksum; of loss.mse: outcome=…"""
    content = json.loads(share("Ada", loss__mse=standing("incorrect")).data())
    del content["sum"]
    for name, value in changes.items():
        if name in content:
            content[name] = value
        else:
            content["exercises"]["loss.mse"][name] = value
    return json.dumps({**content, "sum": shared.checksum(content)}).encode()


FORGED = [
    ({"nickname": "<script>"}, "a nickname"),
    ({"nickname": "a\x1b[2J"}, "a nickname"),
    ({"nickname": " Ada"}, "not written as usual"),
    ({"nickname": 3}, "wrong type"),
    ({"nickname": "x" * 90_000}, "too long"),
    ({"key": "../../etc"}, "its key is none"),
    ({"course": ["0.1.0"]}, "wrong type"),
    ({"written": "2026-12-02T12:00:00Z"}, "in the future"),
    ({"written": "2026-13-41T99:00:00Z"}, "none in UTC"),
    ({"written": "yesterday"}, "none in UTC"),
    ({"exercises": [1]}, "exercises are missing"),
    ({"exercises": {"loss.mse": 3}}, "a field is missing"),
    ({"exercises": {"loss.<b>": {}}}, "no exercise of this course"),
    ({"exercises": {"\x1b]0;": {}}, "course": "9.0"}, "perhaps of course '9.0'"),
    ({"outcome": "brilliant"}, "no check says 'brilliant'"),
    ({"outcome": ["correct"]}, "no check says"),
    ({"outcome": "not attempted"}, "no check says"),
    ({"outcome": "correct", "misconception": "sign flipped"}, "ends correct names"),
    ({"misconception": "buy at example.com"}, "names 'buy at example.com'"),
    ({"misconception": ["sign flipped"]}, "no check that ends"),
    ({"misconception": None}, "no check that ends"),
    ({"checks": 0}, "must be a whole number from 1"),
    ({"checks": 20_001}, "must be a whole number"),
    ({"checks": True}, "must be a whole number"),
    ({"checks": 1e99}, "must be a whole number"),
    ({"checks": float("nan")}, "must be a whole number"),
    ({"day": "2026-12-01"}, "after the file was written"),
    ({"day": "someday"}, "is no day"),
    ({"day": 20261130}, "is no day"),
    ({"answer": "def f(): ..."}, "one too many"),
]


@pytest.mark.parametrize(("changes", "said"), FORGED)
def test_what_no_check_can_have_said_is_refused(changes: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        parse(forged(**changes), KNOWN, NOW)
    line = str(refused.value)
    assert "\n" not in line
    assert not has_control(line)
    assert len(line) < 250


def test_what_a_check_can_say_passes() -> None:
    for changes in ({}, {"checks": 20_000}, {"written": "2026-12-01T12:00:00Z"}):
        assert parse(forged(**changes), KNOWN, NOW).nickname == "Ada"
    later = NOW - timedelta(days=1)  # a clock that is a day behind
    assert parse(forged(), KNOWN, later).nickname == "Ada"
    with pytest.raises(ValueError, match="in the future"):
        parse(forged(), KNOWN, later - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not progress that a learner shared"),
        (b"null", "not progress"),
        (b"[" * 90_000, "not progress"),
        (b'{"format": 1}', "a journal with answers"),
        (b'{"format": "1"}', "not progress"),
        (b"\xff\xfe\x00", "not progress"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not progress"),
        (b'{"format": 1, "a": 2}\n{"format": 1}\n', "a journal with answers"),
        (forged()[:-30], "not progress"),
        (forged().replace(b"incorrect", b"correct"), "changed or damaged"),
    ],
)
def test_damaged_files_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(data, KNOWN, NOW)


def test_every_cut_and_every_flipped_bit_is_noticed() -> None:
    one = share("Ada", loss__mse=standing("incorrect", "sign flipped"))
    whole = one.data().rstrip()
    for place in range(0, len(whole), 3):
        flipped = bytearray(whole)
        flipped[place] ^= 4
        for data in (whole[:place], bytes(flipped)):
            with contextlib.suppress(ValueError):
                assert parse(data, KNOWN, NOW) == one  # only white space was changed


def test_the_whole_course_fits_into_one_file() -> None:
    longest = {
        name: standing("incorrect", max(one.misconceptions(), key=len))
        for name, one in KNOWN.items()
    }
    data = shared.share("x" * 40, "0" * 32, longest, NOW).data()
    assert len(data) < BOUNDS["shared progress"][0] / 2
