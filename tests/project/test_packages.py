"""One set of packages, named alike for pip, conda and Binder; locks; the wheel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import hatchling.build
import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler.exceptions import InvalidMatchSpecError
from repo2docker.buildpacks import CondaBuildPack

from course_lib.app import pages

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LEARN, TEST, UV, BOOK = (
    ROOT / f"requirements{kind}.lock" for kind in ("", "-test", "-uv", "-book")
)
CONDA_NAMES = {"matplotlib-base": "matplotlib"}  # without the Qt that nobody here needs


def stated(entries: list[str]) -> dict[str, SpecifierSet]:
    return {r.name: r.specifier for r in map(Requirement, entries)}


NEEDED = stated(PROJECT["project"]["dependencies"])
BUILD = stated(PROJECT["build-system"]["requires"])
FOR_TESTS = stated(PROJECT["project"]["optional-dependencies"]["test"])
FOR_BOOK = stated(PROJECT["dependency-groups"]["book"])


# --- conda and Binder -----------------------------------------------------------


def conda_entries() -> list[str]:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    entries: list[str] = environment["dependencies"]
    return entries


def test_conda_names_the_same_packages_with_the_same_ranges() -> None:
    entries = [e for e in conda_entries() if e not in ("python=3.11", "pip")]
    assert len(entries) == len(conda_entries()) - 2
    conda = {CONDA_NAMES.get(n, n): spec for n, spec in stated(entries).items()}
    assert conda == NEEDED | BUILD


@pytest.mark.parametrize("entry", conda_entries())
def test_conda_entry_is_strictly_valid(entry: str) -> None:
    assert rattler.MatchSpec(entry, strict=True).version is not None or entry == "pip"


def test_a_loose_conda_entry_is_refused() -> None:
    with pytest.raises(InvalidMatchSpecError, match="incompatible"):
        rattler.MatchSpec("numpy=2.4.*", strict=True)


def test_binder_has_the_same_environment() -> None:
    here, binder = (ROOT / d / "environment.yml" for d in (".", "binder"))
    assert here.read_bytes() == binder.read_bytes()


def dockerfile() -> str:
    pack = CondaBuildPack(base_image="base")
    pack.platform = "linux/amd64"
    assert pack.detect()
    assert pack.python_version == "3.11"
    rendered: str = pack.render({"REPO_DIR": "/home/learner"})
    return rendered


def test_binder_builds_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = dockerfile()
    assert "environment-2epy-2d3-2e11-2dlinux-2d64-2elock" in text
    assert '--file "binder/environment.yml"' in text
    assert "RUN ./binder/postBuild" in text
    assert (ROOT / "binder" / "postBuild").stat().st_mode & 0o111


@pytest.mark.skipif(os.name == "nt", reason="Binder runs Linux")
def test_what_binder_starts_shares_arenas_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in dockerfile()
    code = "import os, sys; print(os.environ['MALLOC_ARENA_MAX'], sys.argv[1])"
    command = [ROOT / "binder" / "start", sys.executable, "-c", code, "two words"]
    assert subprocess.check_output(command, text=True) == "2 two words\n"


def test_post_build_installs_the_course_alone() -> None:
    script = (ROOT / "binder" / "postBuild").read_text(encoding="utf-8")
    (pip,) = re.findall(r"^python -m pip install .*$", script, re.MULTILINE)
    assert "--no-deps" in pip
    assert "--no-build-isolation" in pip  # hatchling comes from environment.yml


# --- locks ----------------------------------------------------------------------


def locked(path: Path) -> dict[str, set[str]]:
    """Package: the versions a lock file gives it (one per range of Pythons)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.+!]+)", path.read_text(), re.M):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("path", [LEARN, TEST, UV, BOOK], ids=lambda p: p.name)
def test_lock_holds_hashes_and_no_addresses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=sha256:", ""), re.MULTILINE)
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+==\S+", entry)
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize(
    ("path", "asked"),
    [(LEARN, NEEDED | BUILD), (TEST, NEEDED | BUILD | FOR_TESTS), (BOOK, FOR_BOOK)],
    ids=["learn", "test", "book"],
)
def test_lock_answers_pyproject(path: Path, asked: dict[str, SpecifierSet]) -> None:
    given = locked(path)
    for name, specifier in asked.items():
        assert name in given, f"{name}: make lock"
        assert all(v in specifier for v in given[name]), f"{name}: make lock"


def test_both_locks_agree() -> None:
    learn, test = locked(LEARN), locked(TEST)
    assert {name: test.get(name) for name in learn} == learn


def test_learners_install_no_test_tools() -> None:
    jupyterlab_needs = {"mistune", "nbclient", "pygments", "pyyaml"}
    own = set(FOR_TESTS) - jupyterlab_needs
    assert own & set(locked(LEARN)) == set()
    assert "torch" not in locked(TEST)
    assert {"sphinx", "myst-nb"} & set(locked(TEST)) == set()


# --- the wheel ------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        name = hatchling.build.build_wheel(str(folder))
    return zipfile.ZipFile(folder / name)


def test_wheel_holds_the_code_its_data_and_the_pages(wheel: zipfile.ZipFile) -> None:
    here = (p for p in (ROOT / "course_lib").rglob("*") if p.is_file())
    files = {p.relative_to(ROOT).as_posix() for p in here if p.suffix != ".pyc"}
    in_wheel = {n for n in wheel.namelist() if not n.startswith("course_lib-")}
    carried = [*pages.files(), *recordings()]
    assert in_wheel == files | {f"course_lib/pages/{name}" for name in carried}
    assert any(name.startswith("course_lib/data/") for name in files)
    for name in carried:
        assert wheel.read(f"course_lib/pages/{name}") == (ROOT / name).read_bytes()


def recordings() -> list[str]:
    """The recorded figures, which nbconvert shows, by their paths."""
    found = (ROOT / "notebooks" / "recordings").glob("*.strokes")
    return [path.relative_to(ROOT).as_posix() for path in found]


def test_what_a_page_links_to_comes_with_it() -> None:
    files = set(pages.files())
    for name in filter(pages.is_page, files):
        cells = json.loads((ROOT / name).read_text("utf-8"))["cells"]
        prose = (c["source"] for c in cells if c["cell_type"] == "markdown")
        text = re.sub(r"`[^`\n]*`", "", "\n".join(map("".join, prose)))
        for link in re.findall(r"\]\((?!\w+:)([^)#]+)", text):
            assert os.path.normpath(f"notebooks/{link}") in files, (name, link)


def test_the_source_distribution_gives_the_same_wheel(
    wheel: zipfile.ZipFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    name = hatchling.build.build_sdist(str(tmp_path))
    with tarfile.open(tmp_path / name) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path / name.removesuffix(".tar.gz"))
    again = zipfile.ZipFile(tmp_path / hatchling.build.build_wheel(str(tmp_path)))
    contents = [{n: file.read(n) for n in file.namelist()} for file in (wheel, again)]
    assert contents[0] == contents[1]


def test_wheel_holds_the_settings_of_jupyter(wheel: zipfile.ZipFile) -> None:
    settings = ROOT / "tools" / "jupyter"
    here = (p for p in settings.rglob("*") if p.suffix in (".json", ".py"))
    files = {p.relative_to(settings).as_posix() for p in here}
    data = "course_lib-0.1.0.data/data/"
    names = {n.removeprefix(data) for n in wheel.namelist() if n.startswith(data)}
    assert names == files
    assert any(name.startswith("etc/jupyter/") for name in files)


def test_wheel_says_who_it_is(wheel: zipfile.ZipFile) -> None:
    info = "course_lib-0.1.0.dist-info"
    points = wheel.read(f"{info}/entry_points.txt").decode()
    assert points.splitlines() == [
        "[console_scripts]",
        "course = course_lib.__main__:main",
        "course-lib = course_lib.__main__:main",  # the one that uvx looks for
    ]
    metadata: Any = wheel.read(f"{info}/METADATA").decode()
    assert "License-Expression: MIT AND CC-BY-4.0" in metadata
    assert f"{info}/licenses/LICENSE" in wheel.namelist()
