"""Checks in a real kernel, where answers are defined in cells."""

from __future__ import annotations

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

CELLS = [
    "from course_lib.exercises import autograd as exercise\n"
    "import numpy as np, math as m",
    "def slope(t): return 1 - t * t",
    """
def local_derivatives(a, b):
    e = np.exp(a)
    return np.array([b, b * a ** (b - 1), e, slope(m.tanh(a))])
exercise.local_derivatives.check(local_derivatives)
""",
    "exercise.local_derivatives.check(lambda a, b: (b, b * a ** (b - 1), m.exp(a), 1))",
    "class Value:\n    kind = 'no methods'\nexercise.own_value.check(Value)",
    "class Value(Value):\n"
    "    def __init__(self, data, children=(), slopes=(), op=''):\n"
    "        self.data, self.grad, self.op = data, 0, op\n"
    "        self.children, self.local_grads = children, slopes\n"
    "        self.kids = list(zip(children, slopes))",
    """
def add(self, other):
    return Value(self.data + other.data, (self, other), (1, 1))
def backward(self):
    self.grad = 1
    for child, slope in self.kids:
        child.grad += slope
Value.__add__, Value.backward = add, backward
exercise.own_value.check(Value)
""",
    "def f(a, b):\n    ...\nexercise.local_derivatives.check(f)",
    "def f(a, b):\n    import os; os._exit(1)\nexercise.local_derivatives.check(f)",
    "print('alive')\nlocal_derivatives = exercise.local_derivatives.yours_or_ours()",
    """%%time
def derivatives_of(a, b):
    e = np.exp(a)
    return np.array([b, b * a ** (b - 1), e, shifted(a)])
shifted = lambda a: slope(m.tanh(a))
""",
    "exercise.local_derivatives.check(derivatives_of)",
    """%%time
class Mine(Value):
    def __mul__(self, other):
        return Mine(self.data * other.data, (self, other), (other.data, self.data))
exercise.own_value.check(Mine)
""",
    """%%capture held
def in_capture(a, b): return derivatives_of(a, b)
""",
    "exercise.local_derivatives.check(in_capture)",
    """
def with_commands(a, b):
    !echo one
    %timeit -n 1 -r 1 a
    return b, a
exercise.local_derivatives.check(with_commands)
""",
    "import os, psutil\nprint(os.getpid(), len(psutil.Process().children()))",
]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("kernel")
    nb = new_notebook(cells=[new_code_cell(source.strip("\n")) for source in CELLS])
    client = NotebookClient(nb, timeout=120, resources={"metadata": {"path": folder}})
    client.create_kernel_manager().transport_encryption = "auto"  # else it warns
    client.execute()
    nbformat.validate(nb)
    return ["".join(map(shown, cell.outputs)) for cell in nb.cells]


def shown(output: nbformat.NotebookNode) -> str:
    return output.text if "text" in output else output.data["text/plain"]


def test_answers_of_cells_are_judged(said: list[str]) -> None:
    first = [text.partition("\n")[0] for text in said]
    assert first[2] == "✓ Correct"
    assert first[3] == "✗ Incorrect"
    assert first[4] == "✗ Incorrect"
    assert "data, children, local_grads" in said[4]
    assert first[6] == "✗ Incorrect: blame stops after one step"
    assert first[7] == "○ Not attempted"
    assert "ended the Python process" in said[8]


def test_answers_below_the_magics_of_a_cell_are_found(said: list[str]) -> None:
    assert said[11].startswith("✓ Correct")
    assert "cannot be found" not in said[12]
    assert "✗ Incorrect: blame stops after one step" in said[12]
    assert said[14].startswith("✓ Correct")


def test_commands_of_the_notebook_are_refused_by_name(said: list[str]) -> None:
    assert "`with_commands` gives a command to the notebook (with % or !)" in said[15]


def test_the_kernel_lives_and_the_answer_is_used(said: list[str]) -> None:
    used = "local_derivatives: your own answer is used, the last one that passed.\n"
    assert said[9] == f"alive\n{used}"


def test_at_most_one_helper_waits_and_it_ends_with_the_kernel(said: list[str]) -> None:
    kernel, helpers = map(int, said[-1].split())
    assert helpers <= 1  # it may just be starting
    assert not psutil.pid_exists(kernel)


def test_nothing_else_is_written(said: list[str]) -> None:
    assert said[0] == said[1] == said[5] == ""
