"""The list of mutants fits the code, and planting one is noticed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import mutants
from tools.mutants import Mutant, read_mutants, workspace

ALL = read_mutants()
PACKAGE = mutants.ROOT / "course_lib"


def test_there_are_enough_and_each_is_another() -> None:
    assert len(ALL) == len(set(ALL)) >= 60
    assert {mutant.file for mutant in ALL} == set(mutants.TESTS)


@pytest.mark.parametrize("mutant", ALL, ids=str)
def test_each_fits_the_code_exactly_once(mutant: Mutant, tmp_path: Path) -> None:
    file = tmp_path / mutant.file
    file.parent.mkdir(exist_ok=True)
    right = (PACKAGE / mutant.file).read_text(encoding="utf-8")
    file.write_text(right, encoding="utf-8")
    mutant.plant(tmp_path)
    planted = file.read_text(encoding="utf-8")
    assert planted != right
    ast.parse(planted)


def test_a_mutant_that_no_longer_fits_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\ny = 1\n")
    for right, times in [("= 1", 2), ("z", 0)]:
        with pytest.raises(
            ValueError, match=f"occurs {times} times in course_lib/a.py"
        ):
            Mutant("a.py", right, "?").plant(tmp_path)
    assert (tmp_path / "a.py").read_text() == "x = 1\ny = 1\n"


MENDED = "self.bos = len(self.chars)\n"


def test_a_mutant_is_killed_and_the_file_mended_after() -> None:
    mutant = Mutant("data/tokenizer.py", MENDED, "self.bos = len(self.chars) - 1\n")
    with workspace() as folder:
        planted = folder / "course_lib" / mutant.file
        right = planted.read_bytes()
        killed, why = mutants.verdict(mutant, folder)
        assert killed
        assert why == "test_characters_are_sorted_and_bos_comes_last"
        assert planted.read_bytes() == right
    assert MENDED in (PACKAGE / mutant.file).read_text(encoding="utf-8")


def test_a_change_without_effect_survives() -> None:
    mutant = Mutant("data/tokenizer.py", MENDED, "self.bos = len(list(self.chars))\n")
    with workspace() as folder:
        assert mutants.verdict(mutant, folder) == (False, "every test passed")


def test_a_mutant_that_cannot_run_is_not_called_killed() -> None:
    mutant = Mutant("data/tokenizer.py", "class CharTokenizer:", "class Tokenizer:")
    with workspace() as folder:
        killed, why = mutants.verdict(mutant, folder)
    assert not killed
    assert "pytest ended with status" in why


def test_no_such_file_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["nowhere.py"]) == 2
    out = capsys.readouterr().out
    assert out.startswith("no mutant of a file like 'nowhere.py': scalar/value.py")
    assert out.count("\n") == 1
