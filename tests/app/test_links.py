"""`course links`: the forms that each service documents, and bad input."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from course_lib.app import links
from course_lib.app.cli import main
from course_lib.app.links import Repository

ROOT = Path(__file__).resolve().parent.parent.parent
FORK = "https://github.com/ada/my-course"
TARGET = re.compile(r"\]\((https://[^)]+)\)")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["links", *arguments]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_the_links_are_those_of_the_documentation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hub = "https://hub.example.org/"
    found = TARGET.findall(printed(capsys, FORK, "--branch", "spring/a", "--hub", hub))
    binder, pull, first = (
        next(link for link in found if f"//{host}" in link and ".svg" not in link)
        for host in ("mybinder.org/v2", "hub.example.org", "colab.research.google.com")
    )
    page = "notebooks/00_start_here.ipynb"
    assert urlsplit(binder).path == "/v2/gh/ada/my-course/spring%2Fa"
    assert parse_qs(urlsplit(binder).query) == {"urlpath": [f"lab/tree/{page}"]}
    assert urlsplit(pull).path == "/hub/user-redirect/git-pull"
    assert parse_qs(urlsplit(pull).query) == {
        "repo": [FORK],
        "branch": ["spring/a"],
        "urlpath": [f"lab/tree/my-course/{page}"],
    }
    assert urlsplit(first).path == f"/github/ada/my-course/blob/spring/a/{page}"


def test_every_notebook_has_a_link_to_colab(capsys: pytest.CaptureFixture[str]) -> None:
    told = printed(capsys, FORK)
    pages = sorted(p.stem for p in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    assert re.findall(r"^\| (\d\w+) \|", told, re.M) == pages
    assert len(re.findall(r"\(https://colab\S+/blob/main/notebooks/\S+\)", told)) == 10
    assert "git-pull" not in told


@pytest.mark.parametrize(
    "address",
    [FORK + "/", FORK + ".git", "http://www.GitHub.com/ada/my-course"],
)
def test_an_address_may_be_written_as_people_do(address: str) -> None:
    assert Repository.parse(address) == Repository("ada", "my-course", "main")
    assert Repository.parse(address).address == FORK


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["github.com/ada/my-course"], "no address such as https://HOST/PATH: "),
        (["git@github.com:ada/my-course.git"], "no address such as"),
        (["https://gitlab.com/ada/my-course"], "not at github.com, as Colab needs it"),
        (["https://github.com.evil.org/ada/x"], "not at github.com"),
        (["https://user@github.com/ada/x"], "no address such as"),
        (["https://github.com/ada"], "no repository, such as https://github.com/NAME"),
        (["https://github.com/ada/x/tree/main"], "no repository"),
        (["https://github.com/ada/../x"], "no repository"),
        (["https://github.com/ada/x)](y"], "no address such as"),
        (["https://github.com/ada/x\ny"], "no address such as"),
        (["https://[github.com/ada/x"], "no address such as"),
        ([FORK, "--branch", "a b"], "no name of a branch: 'a b'"),
        ([FORK, "--branch", "../x"], "no name of a branch"),
        ([FORK, "--branch", "a/../b"], "no name of a branch"),
        ([FORK, "--branch", "-x"], "no name of a branch"),
        ([FORK, "--branch", ""], "--branch"),
        ([FORK, "--hub", "hub.example.org"], "no address such as"),
        ([FORK, "--hub", "https://hub.example.org/?x=1"], "no address such as"),
        ([FORK, "--hub", "https://hub.example.org/a|b"], "no address such as"),
        ([FORK, "--hub", "https://hub.example.org/é"], "no address such as"),
        ([FORK, "--hub", "https://hub.example.org:65536"], "no address such as"),
        ([""], "URL"),
        ([], "URL"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["links", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert len(err.splitlines()) == 1


@given(st.text() | st.text().map("https://github.com/{}".format))
def test_what_is_taken_makes_links_without_a_break(address: str) -> None:
    said, found = "", []
    try:
        repository = Repository.parse(address)
        found = [links.binder(repository), links.colab(repository, "a.ipynb")]
    except ValueError as error:
        said = str(error)
    assert len(said.splitlines()) == (0 if found else 1)
    for link in found:
        assert re.fullmatch(r"https://[A-Za-z0-9._/?=%&-]+", link)


# --- Colab --------------------------------------------------------------------------


def test_the_first_cell_replaces_neither_jax_nor_numpy() -> None:
    cell = links.colab_cell(Repository("ada", "my-course", "spring"))
    installs = [line.strip() for line in cell.splitlines() if "%pip" in line]
    assert installs == [
        "%pip install --quiet --no-deps git+https://github.com/ada/my-course@spring",
        '%pip install --quiet {" ".join(missing)}',
    ]
    ast.parse(re.sub(r"%pip.*", "pass", cell))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {Requirement(line).name for line in project["project"]["dependencies"]}
    missing = set(links.MAY_BE_MISSING)
    assert missing <= needed - {"jax", "numpy", "ipywidgets", "matplotlib", "pillow"}


def test_no_page_of_ours_loads_a_badge() -> None:
    texts = [*ROOT.glob("*.md"), *(ROOT / "workshop").rglob("*.md")]
    texts += (ROOT / "notebooks" / "source").glob("*.py")
    for text in texts:
        for badge in links.BADGES.values():
            assert badge not in text.read_text(encoding="utf-8"), text
