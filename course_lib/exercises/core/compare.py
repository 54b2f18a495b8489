"""Comparison of encoded values, within tolerances that depend on the precision.

Pure Python: it uses no library that a notebook may have patched.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from course_lib.exercises.core.codec import Encoded


class Tolerance(NamedTuple):
    """The largest accepted difference: relative to the number, or absolute."""

    relative: float = 1e-4
    absolute: float = 1e-6


PRECISION_TOLERANCE = {  # for answers computed in less than float64
    "float32": Tolerance(5e-4, 1e-5),
    "float16": Tolerance(2e-2, 1e-2),
    "bfloat16": Tolerance(2e-2, 1e-2),
}


class Numbers(NamedTuple):
    """A block of numbers, from a number, a list, a tuple or an array."""

    shape: tuple[int, ...]
    flat: list[float]
    kind: str  # "bool", "int" or "float"
    precision: str  # "float64", "float32", "bfloat16" …


def numbers(encoded: Encoded) -> Numbers | None:
    """Return the numbers of an encoded value, or None if it is something else."""
    if isinstance(encoded, bool):
        return Numbers((), [encoded], "bool", "float64")
    if isinstance(encoded, int):
        return Numbers((), [encoded], "int", "float64")
    if isinstance(encoded, float):
        return Numbers((), [encoded], "float", "float64")
    items = encoded
    if isinstance(encoded, dict):
        if encoded["t"] == "array":
            return _array(encoded)
        if encoded["t"] == "Value":
            return Numbers((), [encoded["data"]], "float", "float64")
        if encoded["t"] != "tuple":
            return None
        items = encoded["v"]
    if not isinstance(items, list):
        return None
    parts = [numbers(item) for item in items]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    if len({part.shape for part in known}) > 1:
        return None
    kinds = {part.kind for part in known}
    if "bool" in kinds and len(kinds) > 1:
        return None
    inner = known[0].shape if known else ()
    kind = max(kinds, default="float", key=["bool", "int", "float"].index)
    coarser = [p.precision for p in known if p.precision in PRECISION_TOLERANCE]
    flat = [number for part in known for number in part.flat]
    return Numbers(
        (len(known), *inner), flat, kind, coarser[0] if coarser else "float64"
    )


def _array(encoded: Encoded) -> Numbers:
    dtype = encoded["dtype"]
    kind = "bool" if dtype == "bool" else "float" if "float" in dtype else "int"
    precision = "bfloat16" if "bfloat16" in encoded["lib"] else dtype
    return Numbers(tuple(encoded["shape"]), encoded["v"], kind, precision)


def same(expected: Encoded, got: Encoded, tolerance: Tolerance) -> bool:
    """Whether two encoded values are equal within the tolerance."""
    want, have = numbers(expected), numbers(got)
    if want is not None:
        return have is not None and _same_numbers(want, have, tolerance)
    if isinstance(expected, list) or (
        isinstance(expected, dict) and expected["t"] == "tuple"
    ):
        one, two = sequence_items(expected), sequence_items(got)
        return (
            two is not None
            and one is not None
            and len(one) == len(two)
            and all(same(a, b, tolerance) for a, b in zip(one, two, strict=True))
        )
    if isinstance(expected, dict) and expected["t"] == "dict":
        if not isinstance(got, dict) or got["t"] != "dict":
            return False
        old, new = _by_key_text(expected), _by_key_text(got)
        return old.keys() == new.keys() and all(
            same(old[key], new[key], tolerance) for key in old
        )
    if isinstance(expected, dict) and expected["t"] == "set":
        if not isinstance(got, dict) or got["t"] != "set":
            return False
        return sorted(map(repr, expected["v"])) == sorted(map(repr, got["v"]))
    if isinstance(expected, dict):
        return bool(expected == got) and expected["t"] != "other"
    return type(expected) is type(got) and bool(expected == got)


def matches(
    expected: Encoded, got: Encoded, tolerance: Tolerance, array_needed: bool
) -> bool:
    """Whether the values are equal and, where an array is needed, both are arrays."""
    right_kind = not array_needed or not is_array(expected) or is_array(got)
    return right_kind and same(expected, got, tolerance)


def is_array(encoded: Encoded) -> bool:
    """Whether an array was encoded."""
    return isinstance(encoded, dict) and encoded["t"] == "array"


def sequence_items(encoded: Encoded) -> list[Encoded] | None:
    """Return the items of a list or tuple, None for anything else."""
    if isinstance(encoded, dict):
        return list(encoded["v"]) if encoded["t"] == "tuple" else None
    return encoded if isinstance(encoded, list) else None


def _by_key_text(encoded: Encoded) -> dict[str, Encoded]:
    return {repr(key): value for key, value in encoded["v"]}


def _same_numbers(want: Numbers, have: Numbers, tolerance: Tolerance) -> bool:
    if want.shape != have.shape or (want.kind == "bool") != (have.kind == "bool"):
        return False
    if want.kind == "int" and have.kind == "float" and want.flat:
        return False
    return all(
        close(a, b, have.precision, tolerance)
        for a, b in zip(want.flat, have.flat, strict=True)
    )


def close(want: float, have: float, precision: str, tolerance: Tolerance) -> bool:
    """Whether two numbers are equal within the tolerance; NaN equals NaN alone."""
    if math.isnan(want) or math.isnan(have):
        return math.isnan(want) and math.isnan(have)
    coarser = PRECISION_TOLERANCE.get(precision, tolerance)
    return want == have or math.isclose(
        want,
        have,
        rel_tol=max(tolerance.relative, coarser.relative),
        abs_tol=max(tolerance.absolute, coarser.absolute),
    )
