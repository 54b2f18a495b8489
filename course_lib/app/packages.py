"""The packages that the course needs: what Python imports, from where, and why not.

Python's own modules alone are imported here, so that a missing package can be named.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
import traceback
from functools import cache
from importlib import machinery, metadata, util
from pathlib import Path
from typing import NamedTuple

import course_lib

__all__ = [
    "Shadow",
    "import_problem",
    "installed_version",
    "reinstall",
    "requirements",
    "shadows",
]

MODULE_OF = {"pillow": "PIL"}  # a package whose module has another name
UNDER_JAX = ("scipy", "ml_dtypes", "jaxlib")  # what the course imports through JAX


class Shadow(NamedTuple):
    """A module that Python takes from elsewhere than from the installed package."""

    module: str
    file: str
    installed: str  # the installed package and its version, or "Python's own"
    cause: str  # the place that stands before it on Python's path
    fix: str

    def __str__(self) -> str:
        return f"{self.module} is {self.file} and not {self.installed}: {self.cause}"


def requirements() -> list[str]:
    """Return the requirements of the package, installed or in its source folder."""
    try:
        wanted = metadata.requires("course-lib") or []
    except metadata.PackageNotFoundError:
        source = Path(course_lib.__file__).parent.parent / "pyproject.toml"
        project = tomllib.loads(source.read_text(encoding="utf-8"))["project"]
        wanted = list(project["dependencies"])
    return [text for text in wanted if "extra ==" not in text]


def installed_version(package: str) -> str:
    """Return the version of an installed package, or nothing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def import_problem(error: BaseException, path: list[str] | None = None) -> str | None:
    """Return what package is missing or broken, and the fix, in one line.

    None if the error has another cause. ``path``: see shadows.
    """
    if found := shadows(path):
        return f"{found[0]}. {found[0].fix}"
    if isinstance(error, ImportError | AttributeError):
        missing = [package for package in _packages() if _is_missing(package)]
        if isinstance(error, ModuleNotFoundError) and error.name:
            module = error.name.partition(".")[0]
            if module == "course_lib":
                return f"the course is incomplete ({error}): install it again"
            if _is_missing(module):
                missing = sorted({*missing, _package_of(module)})
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            return f"{' and '.join(missing)} {verb} missing. {_install(missing)}"
    broken = _importing(error)
    if broken is None:
        return None
    package = _package_of(broken)
    why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    named = f"{package} {installed_version(package)}".rstrip()
    return f"{named} does not work ({why}). {reinstall(package)}"


def _is_missing(package: str) -> bool:
    """Whether there is no such module, or nothing but an empty folder of its name."""
    try:
        spec = util.find_spec(_module_of(package))
    except ImportError:
        return True
    except ValueError:  # it is being imported
        return False
    return spec is None or (spec.origin is None and spec.loader is not None)


def shadows(path: list[str] | None = None) -> list[Shadow]:
    """Return every module on Python's path that hides the installed or Python's own.

    ``path``: another one than that of this process.
    """
    path = sys.path if path is None else path
    found = [_shadow_of(package, path) for package in (*_packages(), *UNDER_JAX)]
    found += [
        _shadow_of_own(module, path) for module in sorted(sys.stdlib_module_names)
    ]
    return [shadow for shadow in found if shadow is not None]


def _shadow_of(package: str, path: list[str]) -> Shadow | None:
    module = _module_of(package)
    try:
        installed = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return None
    file = _first_on(path, module)
    home = Path(str(installed.locate_file(""))).resolve()
    if file is None or file.resolve().is_relative_to(home):
        return None
    return _shadow(module, file, f"the installed {package} {installed.version}")


def _shadow_of_own(module: str, path: list[str]) -> Shadow | None:
    """The same for a module of Python itself, such as a learner's own random.py."""
    if module in sys.builtin_module_names or machinery.FrozenImporter.find_spec(module):
        return None  # found before any file is looked for
    file = _first_on(path, module)
    homes = (sys.base_prefix, sys.base_exec_prefix, sys.prefix)
    if file is None or any(
        file.resolve().is_relative_to(Path(home).resolve()) for home in homes
    ):
        return None
    return _shadow(module, file, "Python's own")


def _first_on(path: list[str], module: str) -> Path | None:
    """Return the file that a module would be imported from, or None.

    A folder without __init__.py hides nothing: Python looks further.
    """
    try:
        spec = machinery.PathFinder.find_spec(module, path)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None


def _shadow(module: str, file: Path, installed: str) -> Shadow:
    """Say which place on Python's path a file comes from, and what to do."""
    top = file.parent.parent if file.stem == "__init__" else file.parent
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if any(_same(top, folder) for folder in named if folder):
        cause, fix = f"PYTHONPATH names {top}", "Unset PYTHONPATH"
    elif _same(top, os.getcwd()):
        cause, fix = "it stands in the working folder", f"Rename {file}"
    else:
        cause, fix = f"{top} stands first on Python's path", f"Rename or remove {file}"
    return Shadow(module, str(file), installed, cause, fix)


def _same(one: Path, two: str) -> bool:
    try:
        return os.path.samefile(one, two)
    except OSError:
        return False


def _importing(error: BaseException) -> str | None:
    """Return the installed package whose import an error ended, or None."""
    files = [
        frame.filename
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.name == "<module>"
    ]
    if isinstance(error, SyntaxError) and error.filename:
        files.append(error.filename)
    if isinstance(error, ImportError) and error.path:
        files.append(error.path)
    for file in reversed(files):
        for folder in map(Path, sys.path):
            if "-packages" in folder.name and Path(file).is_relative_to(folder):
                return Path(file).relative_to(folder).parts[0].partition(".")[0]
    return None


@cache
def _packages() -> list[str]:
    return [re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in requirements()]


def _module_of(package: str) -> str:
    return MODULE_OF.get(package, package.replace("-", "_"))


def _package_of(module: str) -> str:
    return next((p for p in _packages() if _module_of(p) == module), module)


def reinstall(package: str) -> str:
    """Return what to run to bring a package in order again."""
    return _install([package], "--force-reinstall ")


def _install(packages: list[str], how: str = "") -> str:
    wanted = {
        package: text.partition(";")[0].strip()
        for package, text in zip(_packages(), requirements(), strict=True)
    }
    names = " ".join(f'"{wanted.get(package, package)}"' for package in packages)
    return f"Run: python -m pip install {how}{names}"
