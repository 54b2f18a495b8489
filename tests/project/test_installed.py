"""The wheel as a learner installs it: the course in a folder, with no checkout near."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import hatchling.build
import pytest

ROOT = Path(__file__).parent.parent.parent
FIRST = "neural-network-course/notebooks/00_start_here.ipynb"
COMMAND = "import sys; from course_lib.__main__ import main; sys.exit(main())"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's package: pure Python, so unpacked is installed."""
    folder = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        name = hatchling.build.build_wheel(str(folder))
    with zipfile.ZipFile(folder / name) as wheel:
        wheel.extractall(folder / "packages")
    return folder / "packages"


def course(installed: Path, folder: Path, *arguments: str) -> str:
    """Run the installed command in a folder; return what it says.

    -S: without the editable installation of the checkout; the other packages stay.
    """
    others = sysconfig.get_path("purelib")
    done = subprocess.run(
        [sys.executable, "-S", "-c", COMMAND, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), others])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_start_answer_update_and_reset(installed: Path, tmp_path: Path) -> None:
    where = "import course_lib; print(course_lib.__file__)"
    assert str(installed) in subprocess.run(
        [sys.executable, "-S", "-c", where],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    ).stdout.replace("\n", "")
    assert "The course is in" in course(installed, tmp_path, "start", "--no-lab")
    page = tmp_path / FIRST
    assert (tmp_path / "neural-network-course/docs/GLOSSARY.md").is_file()

    answered = json.loads(page.read_text("utf-8"))
    stub = next(c for c in answered["cells"] if ".mean.check(" in "".join(c["source"]))
    stub["source"] = "mean = lambda numbers: 7\n\nexercise.mean.check(mean)"
    page.write_text(json.dumps(answered), encoding="utf-8")
    assert "Nothing to update" in course(installed, tmp_path, "update")

    shipped = installed / "course_lib/pages/notebooks" / page.name
    old = shipped.read_text("utf-8")
    newer = json.loads(old)
    newer["cells"][0]["source"] = ["# A newer title"]
    newer["cells"][0]["id"] = "newtitle"
    try:
        shipped.write_text(json.dumps(newer), encoding="utf-8")
        said = course(installed, tmp_path, "update")
    finally:
        shipped.write_text(old, encoding="utf-8")
    assert (
        "00_start_here.ipynb: 1 new cell, 1 removed; as it was: 00_start_here_before"
        in said
    )
    cells = json.loads(page.read_text("utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    assert texts[0] == "# A newer title"
    assert stub["source"] in texts
    assert len(cells) == len(answered["cells"])

    assert "is fresh" in course(installed, tmp_path, "reset", FIRST)
    assert page.read_text("utf-8") == old
    notebooks = page.parent
    (notebooks / "01_loss.ipynb").write_text("mine")
    laid_out = notebooks.parent
    assert "is fresh" in course(installed, laid_out, "reset", "01_loss")
    assert course(installed, notebooks, "reset", "all").count("is fresh") == 10


def test_lab_finds_the_page_and_the_installed_course(
    installed: Path, tmp_path: Path
) -> None:
    """The environment that JupyterLab is started with, up to the server itself."""
    fake = tmp_path / "jupyterlab"
    fake.mkdir()
    (fake / "__init__.py").write_text("")
    (fake / "__main__.py").write_text("import sys; print('LAB', sys.argv[1:])")
    others = sysconfig.get_path("purelib")
    path = os.pathsep.join([str(tmp_path), str(installed), others])
    done = subprocess.run(
        [sys.executable, "-S", "-c", COMMAND, "start", "my course", "--no-browser"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    root = tmp_path / "my course"
    assert f"--ServerApp.root_dir={root}" in done.stdout
    assert str(root / "notebooks" / "00_start_here.ipynb") in done.stdout
    assert "--no-browser" in done.stdout
