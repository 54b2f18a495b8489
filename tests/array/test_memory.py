"""The memory of compiled programs."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import pytest

from course_lib import array
from course_lib.array import memory

GLIBC = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")


def test_what_was_compiled_is_forgotten_and_compiled_again() -> None:
    double = jax.jit(lambda x: 2 * x)
    assert double(jnp.arange(3)).tolist() == [0, 2, 4]
    assert double._cache_size() == 1
    array.forget_programs()
    assert double._cache_size() == 0
    assert double(jnp.arange(3)).tolist() == [0, 2, 4]


def test_a_system_without_such_a_call_does_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert memory.give_back() == GLIBC
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert not memory.give_back()
    array.forget_programs()


@pytest.mark.skipif(not GLIBC, reason="only glibc keeps so much")
def test_what_compiling_took_is_given_back() -> None:
    """Two processes compile the same program; one of them gives nothing back."""
    code = """
        import sys
        import numpy as np
        from course_lib import array, optimizers
        from course_lib.array import memory
        from course_lib.training.array_engine import train_step
        import jax
        jax.config.update("jax_enable_compilation_cache", False)
        if sys.argv[1] == "keep":
            memory.give_back = lambda: False
        memory.PAUSE = 0.0
        config = array.GPTConfig(27)
        params = array.init_gpt(np.random.default_rng(0), config)
        state = params, optimizers.adam(0.01).init(params)
        step = jax.jit(train_step, static_argnames=("config", "precision", "mesh"))
        step(*state, np.zeros((1, 17), np.int32), 0.01, config)[2].block_until_ready()
        with open("/proc/self/statm") as numbers:
            print(int(numbers.read().split()[1]) * 4096)
    """
    plain = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}

    def size(how: str) -> int:
        command = [sys.executable, "-c", textwrap.dedent(code), how]
        return int(subprocess.check_output(command, text=True, env=plain))

    sizes = {how: size(how) for how in ("give back", "keep")}
    assert sizes["give back"] < sizes["keep"] - 30e6, sizes


def test_in_a_notebook_memory_is_given_back_after_each_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    calls: list[str] = []
    monkeypatch.setattr(memory, "give_back", lambda: not calls.append(""))
    memory.give_back_after_cells()
    assert not calls  # here is no notebook
    shell = InteractiveShell.instance()
    try:
        memory.give_back_after_cells()
        before = len(calls)
        shell.run_cell("one = 1")
        assert len(calls) == before + 1
    finally:
        InteractiveShell.clear_instance()
