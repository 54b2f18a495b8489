"""The floors of course_lib: imports only go down, and heavy packages stay upstairs."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib

ROOT = Path(course_lib.__file__).parent
FLOORS = [  # from the ground up; a part may use the parts of lower floors and its own
    "config losses landscapes optimizers strides tokenizer data costs progress doctor "
    "fresh diagnostic collector server",
    "scalar array",
    "robot gradients walk race",
    "plots exercises training",
    "widgets cli cli_progress",
    "__main__",
]
FLOOR = {part: level for level, parts in enumerate(FLOORS) for part in parts.split()}
FLOOR["course_lib"] = -1  # the package's root: its version, below everything
LOWEST = {"matplotlib": "plots", "ipywidgets": "widgets", "IPython": "widgets"}


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


def part_of(module: str) -> str:
    """The part a module belongs to: of course_lib.scalar.gpt, scalar."""
    return module.split(".")[1] if "." in module else module


def problems(root: Path) -> list[str]:
    """Every import that breaks the floors below `root`, and every circle of files."""
    found, graph = [], {}
    for file in sorted(root.rglob("*.py")):
        names = file.relative_to(root).with_suffix("").parts
        here = "course_lib" if names == ("__init__",) else names[0]
        if here not in FLOOR:
            found.append(f"{here}: has no floor; give it one in tests/test_layers.py")
            continue
        for module in sorted(imports(file, root)):
            top, part = module.split(".")[0], part_of(module)
            where = f"{'/'.join(names)} imports {module}"
            if top == "course_lib":
                if FLOOR.get(part, -1) > FLOOR[here]:
                    found.append(f"{where}: up a floor")
                me = ".".join(("course_lib", *names)).removesuffix(".__init__")
                graph.setdefault(me, set()).add(module)
            elif top in LOWEST and FLOOR[here] < FLOOR[LOWEST[top]]:
                found.append(f"{where}: below {LOWEST[top]}")
            elif here == "scalar" and top not in sys.stdlib_module_names:
                found.append(f"{where}: scalar is pure Python")
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        found.append(f"a circle: {' > '.join(error.args[1])}")
    return found


def test_imports_only_go_down() -> None:
    assert problems(ROOT) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"losses.py": "import course_lib.scalar"}, "up a floor"),
        ({"losses.py": "def f():\n    from course_lib import plots"}, "up a floor"),
        ({"losses.py": "from .array.gpt import gpt"}, "up a floor"),
        ({"array/gpt.py": "from ..training import loop"}, "up a floor"),
        ({"__init__.py": "from . import losses"}, "up a floor"),
        ({"scalar/value.py": "import numpy as np"}, "scalar is pure Python"),
        ({"scalar/value.py": "from jax import grad"}, "scalar is pure Python"),
        ({"gradients.py": "import matplotlib.pyplot as plt"}, "below plots"),
        ({"plots/base.py": "from IPython.display import display"}, "below widgets"),
        ({"plots/base.py": "import ipywidgets"}, "below widgets"),
        ({"cloud.py": ""}, "no floor"),
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
        "import matplotlib\nfrom . import base\nfrom .. import losses, __version__\n"
        "from course_lib.scalar.value import Value\n"
    )
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("course_lib", ["jax", "matplotlib", "numpy", "ipywidgets", "IPython"]),
        ("course_lib.scalar", ["jax", "matplotlib", "numpy"]),
    ],
)
def test_import_stays_light(module: str, heavy: list[str]) -> None:
    code = f"import {module}, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
