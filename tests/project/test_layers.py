"""The rooms of course_lib: imports only go down, and heavy packages stay upstairs."""

from __future__ import annotations

import ast
import graphlib
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib

ROOT = Path(course_lib.__file__).parent
MAY_IMPORT = {  # each room, from the ground up, and the rooms below that it may use
    "bounds": "",
    "cache": "bounds",
    "config": "bounds",
    "data": "bounds cache",
    "late": "",
    "losses": "",
    "optimizers": "",
    "scalar": "config",
    "array": "bounds cache config losses",
    "gradients": "scalar",
    "training": "bounds config data scalar array optimizers",
    "lessons": "bounds config data losses optimizers scalar array gradients training",
    "plots": "late lessons",
    "exercises": "bounds cache losses optimizers scalar gradients lessons",
    "widgets": "bounds config data late losses scalar array gradients training lessons "
    "plots exercises",
    "app": "bounds data training exercises",
    "__main__": "bounds app",
}
ROOMS_WITH = {  # who else may import what is heavy
    "matplotlib": {"plots", "widgets"},
    "ipywidgets": {"widgets"},
    "IPython": {"widgets"},
}


def imports(file: Path, root: Path) -> set[str]:
    """Every module that a file imports, wherever in the file, by its full name."""
    package = ["course_lib", *file.relative_to(root).parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            up = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*up, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:  # from course_lib import losses: a module or not
                module = f"{base}.{alias.name}"
                inside = root.joinpath(*module.split(".")[1:])
                is_module = inside.with_suffix(".py").exists() or inside.is_dir()
                found.add(module if base == "course_lib" or is_module else base)
    return found


def room_of(module: str) -> str:
    """The room a module belongs to: of course_lib.scalar.gpt, scalar."""
    return module.split(".")[1] if "." in module else module


def problems(root: Path) -> list[str]:
    """Every import below `root` that its room may not have, and a circle of files."""
    found, graph = [], {}
    for file in sorted(root.rglob("*.py")):
        names = file.relative_to(root).with_suffix("").parts
        here = "course_lib" if names == ("__init__",) else names[0]
        if here not in {"course_lib", *MAY_IMPORT}:
            found.append(
                f"{here}: no such room; add it to tests/project/test_layers.py"
            )
            continue
        allowed = {here, *MAY_IMPORT.get(here, "").split()}
        for module in sorted(imports(file, root)):
            top, room = module.split(".")[0], room_of(module)
            where = f"{'/'.join(names)} imports {module}"
            if top == "course_lib":
                if room in MAY_IMPORT and room not in allowed:
                    found.append(f"{where}: {here} may not")
                me = ".".join(("course_lib", *names)).removesuffix(".__init__")
                graph.setdefault(me, set()).add(module)
            elif here not in ROOMS_WITH.get(top, {here}):
                found.append(f"{where}: {here} may not")
            elif here == "scalar" and top not in sys.stdlib_module_names:
                found.append(f"{where}: scalar is pure Python")
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        found.append(f"a circle: {' > '.join(error.args[1])}")
    return found


def test_imports_only_go_down() -> None:
    assert problems(ROOT) == []
    built: set[str] = set()
    for room, below in MAY_IMPORT.items():
        assert set(below.split()) <= built, f"{room} stands on what comes after it"
        built.add(room)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"losses.py": "import course_lib.scalar"}, "losses may not"),
        ({"losses.py": "def f():\n    from course_lib import plots"}, "losses may not"),
        ({"losses.py": "from .array.gpt import gpt"}, "losses may not"),
        ({"array/gpt.py": "from ..training import loop"}, "array may not"),
        ({"__init__.py": "from . import losses"}, "course_lib may not"),
        ({"scalar/value.py": "import numpy as np"}, "scalar is pure Python"),
        ({"scalar/value.py": "from jax import grad"}, "scalar is pure Python"),
        ({"gradients.py": "import matplotlib.pyplot as plt"}, "gradients may not"),
        ({"plots/base.py": "from IPython.display import display"}, "plots may not"),
        ({"plots/base.py": "import ipywidgets"}, "plots may not"),
        ({"cloud.py": ""}, "no such room"),
        (
            {
                "scalar/gpt.py": "import course_lib.array.gpt",
                "array/gpt.py": "from course_lib.scalar import gpt",
            },
            "a circle",
        ),
    ],
)
def test_a_bad_import_is_named(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    for name, source in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    assert any(said in line for line in problems(tmp_path))


def test_imports_down_and_beside_pass(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "loss.py").write_text(
        "import matplotlib\nfrom . import base\nfrom .. import lessons, __version__\n"
        "from course_lib.lessons.robot import BODY\n"
    )
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("course_lib", ["jax", "matplotlib", "numpy", "ipywidgets", "IPython"]),
        ("course_lib.scalar", ["jax", "matplotlib", "numpy"]),
        ("course_lib.plots", ["matplotlib", "jax", "numpy"]),
        ("course_lib.widgets", ["matplotlib", "jax", "ipywidgets", "IPython"]),
        ("course_lib.training", ["jax", "matplotlib"]),
    ],
)
def test_import_stays_light(module: str, heavy: list[str]) -> None:
    code = f"import {module}, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("room", ["course_lib.plots", "course_lib.widgets"])
def test_a_room_that_loads_late_has_what_it_names(room: str) -> None:
    package = importlib.import_module(room)
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    names = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(room)
        for alias in node.names
    }
    assert sorted(names) == sorted(package.__all__)
    assert {f"{room}.{module}" for module in package.MODULES} == set(names.values())
    for name, module in names.items():
        assert getattr(package, name) is getattr(importlib.import_module(module), name)
    assert {*names} <= {*dir(package)}
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing
