"""Adversarial tests of every exercise: ``python -m tools.hostile_answers``.

Each hostile answer must get a verdict within five seconds, never "correct", show at
most 10 kB, and leave this process and the next check unharmed.
"""

from __future__ import annotations

import argparse
import itertools
import linecache
import os
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from course_lib.exercises.core import Exercise, Result, all_exercises, supervisor
from course_lib.exercises.core.extract_source import AnswerSource
from course_lib.exercises.core.supervisor import reusable_worker

MAX_SECONDS, MAX_SHOWN = 5.0, 10_000

# Bodies of a function, or of the constructor of a class. The first group kills or
# corrupts its process, or never ends; each of these runs in a process of its own.
DESTRUCTIVE = {
    "endless loop": "while True: pass",
    "endless loop in C": "sum(iter(int, 1))",
    "sleep": "import time\ntime.sleep(1000)",
    "endless printing": "while True: print('<b>' * 1000)",
    "gigabytes of memory": "x = []\nwhile True: x.append(bytearray(10**7))",
    "gigabytes at once": "return bytearray(10**11)",
    "os._exit": "import os\nos._exit(0)",
    "recursion past the stack": (
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return f([n])\nreturn f(0)"
    ),
    "patches numpy and math": """
        import math, numpy as np
        for name in dir(np):
            try:
                setattr(np, name, lambda *a, **k: True)
            except Exception:
                pass
        math.isclose = math.isnan = math.isfinite = lambda *a, **k: True
        return True
    """,
    "patches json and builtins": """
        import builtins, json
        json.dumps = lambda *a, **k: '{"end": true}'
        builtins.len = builtins.type = builtins.isinstance = lambda *a, **k: 0
        return True
    """,
    "closes every file": "import os\nos.closerange(0, 64)",
    "writes a verdict everywhere": """
        import os
        for descriptor in range(64):
            for line in (b'{"output": 1, "changed": []}\\n', b' {"end": true}\\n'):
                try:
                    os.write(descriptor, line * 100)
                except OSError:
                    pass
    """,
    "message that never ends": """
        class Loop(Exception):
            def __str__(self):
                while True: pass
        raise Loop
    """,
    "exit handlers and threads": """
        import atexit, threading, time
        atexit.register(time.sleep, 1000)
        threading.Thread(target=time.sleep, args=(1000,)).start()
        raise SystemExit
    """,
}
MISBEHAVING = {
    "raises": "raise ValueError('<script>alert(1)</script>' * 1000)",
    "SystemExit": "raise SystemExit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "recursion without end": "def f(): return f()\nreturn f()",
    "much printing": "for _ in range(10_000): print('<b>' * 100)\nraise ValueError",
    "asks for input": "return input('Is this right?')",
    "wrong type": "return object()",
    "a string": "return 'correct'",
    "a bool": "return True",
    "wrong shape": "import numpy as np\nreturn np.zeros((7, 3, 2))",
    "an empty list": "return []",
    "a large array": "import numpy as np\nreturn np.zeros(10**7)",
    "NaN": "return float('nan')",
    "infinity": "return float('inf')",
    "a huge number": "return 10**100_000",
    "None": "pass; x = 1",
    "generator": "return (i for i in iter(int, 1))",
    "a list that holds itself": "x = []\nx.append(x)\nreturn x",
    "changes its input": """
        for a in arguments:
            for change in (lambda: a.fill(0), lambda: a.clear(), lambda: a.sort()):
                try:
                    change()
                except Exception:
                    pass
        return 0.0
    """,
    "equal to everything": """
        class Anything:
            def __getattr__(self, name): return self
            def __call__(self, *a, **k): return self
            def __iter__(self): return iter([self, self])
            def __hash__(self): return 0
            def yes(self, *a): return True
            __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __bool__ = yes
            def __float__(self): return 0.0
            def one(self, *a): return 1
            __len__ = __index__ = __int__ = one
            def __array__(self, *a, **k): raise SystemExit
        return Anything()
    """,
    "a number that lies": """
        class Lie(float):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0.0
            __rsub__ = __sub__
            __hash__ = float.__hash__
        return Lie(1)
    """,
}


class _Anything:
    """An object equal to everything, which raises SystemExit at every attribute."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        raise SystemExit

    def __repr__(self) -> str:
        raise SystemExit


class _Lie(float):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


def objects() -> Iterator[tuple[str, Any]]:
    """Yield answers that are checked as they are: most are no functions."""
    itself: list[Any] = []
    itself.append(itself)
    yield from (
        ("an object equal to everything", _Anything()),
        ("a list of such objects", [_Anything()] * 4),
        ("a number that lies", _Lie(1)),
        ("NaN", float("nan")),
        ("nothing", None),
        ("a list that holds itself", itself),
        ("an endless generator", itertools.count()),
        ("a long list", [0.0] * 10**6),
        ("a long string", "x" * 10**6),
        ("a huge number", 10**100_000),
        ("the exercise module", os),
        ("print", print),
        ("eval", eval),
        ("type", type),
        ("object", object),
        ("a function that loops", _loops),
    )


def _loops(*arguments: object) -> None:
    while True:
        pass


@dataclass(frozen=True)
class Trial:
    """The outcome of one hostile answer to one exercise."""

    exercise: str
    answer: str
    outcome: str
    seconds: float
    shown: int

    def problem(self, max_seconds: float = MAX_SECONDS) -> str | None:
        """Return what is wrong with the verdict, or None."""
        if self.outcome == "correct":
            return f"{self.exercise}, {self.answer}: accepted"
        if self.seconds > max_seconds:
            return f"{self.exercise}, {self.answer}: {self.seconds:.1f} s"
        if self.shown > MAX_SHOWN:
            return f"{self.exercise}, {self.answer}: {self.shown} characters shown"
        return None


def source(kind: str, body: str) -> str:
    """Return the source of a function, or class, named hostile, with this body."""
    body = textwrap.dedent(body).strip("\n")
    if kind != "class":
        return f"def hostile(*arguments):\n{textwrap.indent(body, '    ')}\n"
    body = body.replace("return ", "self.data = self.grad = ")
    inner = textwrap.indent(body, " " * 8)
    return (
        "class hostile:\n    def __init__(self, *arguments, **more):\n"
        f"        self.data = self.grad = 0.0\n{inner}\n"
        "    def __add__(self, *a): return self\n"
        "    __mul__ = __pow__ = __sub__ = __neg__ = __truediv__ = __radd__ = __add__\n"
        "    def backward(self): pass\n"
    )


def cell(text: str, name: str = "hostile") -> Any:
    """Execute `text` as a cell of a notebook and return the value of `name`."""
    file = f"/cells/ipykernel_1/{abs(hash(text))}.py"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, file, "exec"), names)
    return names[name]


def trials(exercise: Exercise) -> list[Trial]:
    """Give every hostile answer to one exercise."""
    found = [_trial(exercise, name, answer) for name, answer in objects()]
    if exercise.kind == "value":
        return found
    exercise.code_judge.expected_outputs()  # once, not by each thread
    with ThreadPoolExecutor(2) as pool:
        answers = [(n, cell(source(exercise.kind, b))) for n, b in DESTRUCTIVE.items()]
        found += pool.map(lambda pair: _trial(exercise, *pair), answers)
    for name, body in MISBEHAVING.items():
        answer = AnswerSource(source(exercise.kind, body), "hostile")
        with reusable_worker(exercise.jax) as worker:
            begin = time.monotonic()
            result = exercise.check_source(answer, worker, supervisor.TIME_LIMIT)
            seconds = time.monotonic() - begin
        found.append(_seen(exercise, name, result, seconds))
    return found


def _trial(exercise: Exercise, name: str, answer: Any) -> Trial:
    begin = time.monotonic()
    result = exercise.check(answer)
    return _seen(exercise, name, result, time.monotonic() - begin)


def _seen(exercise: Exercise, name: str, result: Result, seconds: float) -> Trial:
    shown = sum(map(len, result._repr_mimebundle_().values()))
    return Trial(exercise.id, name, result.outcome, seconds, shown)


def main(arguments: list[str] | None = None) -> int:
    """Print one line for each exercise; return 1 if any verdict is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapters", nargs="*", help="such as autograd; without: all")
    chosen = parser.parse_args(arguments).chapters
    exercises = [e for e in all_exercises() if not chosen or e.chapter in chosen]
    count, problems = 0, []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_LIB_HOME"] = folder
        for exercise in exercises:
            found = trials(exercise)
            count += len(found)
            bad = [line for trial in found if (line := trial.problem())]
            problems += bad
            slowest = max(trial.seconds for trial in found)
            print(
                f"{exercise.id:<36} {len(found):>3} answers, {len(bad)} problems, "
                f"slowest {slowest:.1f} s",
                flush=True,
            )
    print("\n".join(problems), end="\n" if problems else "")
    print(
        f"{len(problems)} problems in {count} hostile answers to {len(exercises)} "
        f"exercises (limit {supervisor.TIME_LIMIT:g} s)."
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
