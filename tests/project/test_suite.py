"""What `make test` remembers between runs hides no failure, and mends itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import jobs, suite
from tools.environment import Environment

COMPILE = """
import jax
jax.jit(lambda x: x * 2 + 1)(3.0).block_until_ready()
"""


@pytest.fixture(autouse=True)
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test's own."""
    monkeypatch.setenv("COURSE_SUITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_jax_finds_what_it_compiled_and_a_damaged_entry_is_mended() -> None:
    def compile_it() -> str:
        variables = suite.compile_cache()
        done = subprocess.run(
            [sys.executable, "-c", COMPILE],
            env={**dict(jobs.os.environ), **variables},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stderr

    compile_it()
    entries = sorted((suite.folder() / "jax").glob("jit*-cache"))
    assert entries
    right = entries[0].read_bytes()
    entries[0].write_bytes(right[:50])
    assert "Error reading" not in compile_it()
    assert entries[0].read_bytes()[50:] != b"", "compiled anew"


def test_a_part_is_left_out_only_as_it_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    monkeypatch.setattr(suite, "CODE", ("code",))
    monkeypatch.setattr(suite, "CHECKS", ("checks",))
    pages = tmp_path / "notebooks" / "solutions"
    pages.mkdir(parents=True)
    (pages / "01.ipynb").write_text("1")
    for name in ("code", "checks"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("x = 1")
    parts = suite.long_parts()
    page = "notebooks/solutions/01.ipynb"
    assert list(parts) == [page, suite.HOSTILE]
    assert suite.unchanged(parts) == []
    suite.remember_passed(parts)
    assert suite.unchanged(parts) == [page, suite.HOSTILE]
    (tmp_path / "code" / "a.py").write_text("x = 2")
    assert suite.unchanged(suite.long_parts()) == [suite.HOSTILE]
    (tmp_path / "checks" / "b.py").write_text("")
    assert suite.unchanged(suite.long_parts()) == []
    suite.remember_passed(parts)  # what ran was not what is here now
    assert suite.unchanged(suite.long_parts()) == []


def test_the_suite_holds_every_file_but_what_is_left_out() -> None:
    env = Environment(suite.ROOT / ".venv", sys.executable)
    everything = jobs.whole_suite(env, [])
    parts = [*suite.solved_pages(), suite.HOSTILE]
    less = jobs.whole_suite(env, parts)
    assert {*everything} - {*less} == {*suite.solved_pages()}
    assert {*less} - {*everything} == {f"--deselect={suite.HOSTILE}"}
    for folder in ("tests", "notebooks"):
        for file in (suite.ROOT / folder).rglob("*.ipynb"):
            assert file.relative_to(suite.ROOT).as_posix() in everything
    for file in (suite.ROOT / "tests").rglob("test_*.py"):
        assert file.relative_to(suite.ROOT).as_posix() in everything


def test_the_longest_begins_first_and_the_table_adds_up() -> None:
    cases = "".join(
        f'<testcase file="{file}" time="{seconds}"/>'
        for file, seconds in (("a.py", 1), ("b.py", 2.5), ("a.py", 2), ("c.py", 0.25))
    )
    (suite.folder() / suite.REPORT).write_text(f"<testsuites>{cases}</testsuites>")
    table = suite.where_the_time_went(most=2).splitlines()
    assert table[0].startswith("Where 6 seconds of tests went")
    assert [line.split() for line in table[1:]] == [
        ["3.0", "a.py"],
        ["2.5", "b.py"],
        ["0.2", "1", "others"],
    ]
    assert suite.longest_first(["b.py", "c.py", "new.py", "a.py"]) == [
        "new.py",
        "a.py",
        "b.py",
        "c.py",
    ]


def test_without_a_report_there_is_a_line_and_an_old_one_does_not_count() -> None:
    report = suite.folder() / suite.REPORT
    report.write_text('<testsuites><testcase file="a.py" time="1"/></testsuites>')
    suite.report_to()
    assert suite.where_the_time_went() == "No report of where the time went."
    report.write_text("<testsuites><testcase")
    assert suite.where_the_time_went() == "No report of where the time went."
