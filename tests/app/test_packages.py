"""A package that is missing, broken or hidden: one line that names it and the fix."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.app import packages

ROOT = Path(packages.__file__).parent.parent.parent
MISSING = """
import sys
missing = sys.argv.pop(1)
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from course_lib.__main__ import main
sys.exit(main())
"""
TRAIN = ("train", "--steps", "1", "--n-embd", "4")


def course(folder: Path, *arguments: str, path: object = "") -> tuple[int, str]:
    """Run the command in a folder; return its exit code and stderr, one line."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": f"{ROOT}:{path}", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("click", ("--version",)),
        ("platformdirs", ("progress",)),
        ("numpy", TRAIN),
        ("jax", TRAIN),
        ("tqdm", TRAIN),
        ("safetensors", ("sample", "--checkpoint", "run")),
    ],
)
def test_a_missing_package_is_one_line(
    module: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    code, said = course(tmp_path, "-c", MISSING, module, *arguments)
    assert code == 1
    told = f'course: {module} is missing. Run: python -m pip install "{module}'
    assert said.startswith((f"{told}>=", f"{told}<"))  # with its range


@pytest.mark.parametrize(
    "name", ["numpy.py", "numpy/__init__.py", "random.py", "re.py"]
)
@pytest.mark.parametrize("place", ["working folder", "PYTHONPATH"])
def test_a_file_that_hides_a_module_is_named(
    name: str, place: str, tmp_path: Path
) -> None:
    file = tmp_path / "hidden" / name
    file.parent.mkdir(parents=True)
    file.write_text("x = 1\n")
    here = file.relative_to(tmp_path).parts[0]
    folder = tmp_path / here if place == "working folder" else tmp_path
    path = "" if place == "working folder" else tmp_path / here
    code, said = course(folder, "-m", "course_lib", *TRAIN, path=path)
    assert code == 1
    module = name.partition("/")[0].removesuffix(".py")
    assert said.startswith(f"course: {module} is {file} and not ")
    fix = f"Rename {file}" if place == "working folder" else "Unset PYTHONPATH"
    assert said.endswith(f"{fix}\n")


def test_a_package_that_is_broken_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that cannot be imported the file tells whose it is."""
    broken = tmp_path / "site-packages" / "no_package"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("from . import gone\n")
    monkeypatch.syspath_prepend(broken.parent)
    with pytest.raises(ImportError) as caught:
        importlib.import_module("no_package")
    said = packages.import_problem(caught.value)
    assert said is not None
    assert said.startswith("no_package does not work (ImportError: cannot import name")
    assert said.endswith('Run: python -m pip install --force-reinstall "no_package"')


def test_every_other_error_has_another_cause() -> None:
    assert packages.shadows() == []
    for error in (ValueError("x"), AttributeError("x"), ImportError("x")):
        assert packages.import_problem(error) is None


def test_what_is_needed_is_stated_by_the_source_folder_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = packages.requirements()

    def missing(name: str) -> None:
        raise packages.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(packages.metadata, "requires", missing)
    assert any(text.startswith("jax") for text in packages.requirements())
    assert len(packages.requirements()) == len(known)
