"""Rooms whose modules are loaded when something in them is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

__all__ = ["load_late"]


def load_late(
    room: str, names: Sequence[str], modules: Sequence[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package (PEP 562).

    room: its full name; names: what it offers; modules: those of the package that hold
    it, each name in the ``__all__`` of one.
    """

    def get(name: str) -> Any:
        if name in names:
            for module in modules:
                found = import_module(f"{room}.{module}")
                if name in found.__all__:
                    return getattr(found, name)
        raise AttributeError(f"module {room!r} has no attribute {name!r}")

    return get, lambda: sorted({*vars(import_module(room)), *names})
