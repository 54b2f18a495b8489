"""General mistakes, recognised from the outputs: wrong type or shape, sign, factor."""

from __future__ import annotations

import math
from typing import NamedTuple

from course_lib.exercises.core.codec import Encoded
from course_lib.exercises.core.compare import (
    Numbers,
    Tolerance,
    close,
    is_array,
    matches,
    numbers,
    sequence_items,
)
from course_lib.exercises.core.formatting import describe_type, format_number

GENERAL = (  # the names of the mistakes that need no list; here and in the judge
    "a missing return",
    "unfinished",
    "a single number where an array was needed",
    "a single number where several were needed",
    "a list where an array was needed",
    "several numbers where one was needed",
    "rows and columns exchanged",
    "wrong shape",
    "a float where a whole number was needed",
    "not a number (NaN)",
    "infinity",
    "wrong type",
    "sign flipped",
    "sum instead of mean",
    "mean instead of sum",
    "a constant factor",
    "input changed",
)


class Finding(NamedTuple):
    """A mistake: its name, and a sentence that says what to look at."""

    name: str
    message: str


def diagnose(
    expected: list[Encoded],
    got: list[Encoded],
    sizes: list[set[int]],
    tolerance: Tolerance,
    array_needed: bool,
) -> Finding | None:
    """Name the mistake that explains the outputs of all cases, if it is a general one.

    ``sizes[i]`` are the axis lengths found among the inputs of case i.
    """
    wrong = [
        i
        for i, (want, have) in enumerate(zip(expected, got, strict=True))
        if not matches(want, have, tolerance, array_needed)
    ]
    if not wrong:
        return None
    first = wrong[0]
    return _wrong_kind(expected[first], got[first], array_needed) or _wrong_numbers(
        expected, got, sizes, tolerance
    )


def _wrong_kind(want: Encoded, have: Encoded, array_needed: bool) -> Finding | None:
    if have is None:
        return Finding(
            "a missing return",
            "Your function came back with None: it has no return, or not on every way "
            "through it.",
        )
    if isinstance(have, dict) and have["t"] == "ellipsis":
        return Finding("unfinished", "Somewhere the placeholder `...` is still there.")
    wanted, had = numbers(want), numbers(have)
    if wanted is None or had is None:
        if describe_type(want) == describe_type(have) or _same_length(want, have):
            return None
        return _type_mismatch(want, have)
    if wanted.kind == "bool" or had.kind == "bool":
        return None if wanted.kind == had.kind else _type_mismatch(want, have)
    if wanted.shape and not had.shape:
        name = "a single number where an array was needed"
        if not array_needed and isinstance(want, list | dict):
            name = "a single number where several were needed"
        return Finding(name, f"Expected {describe_type(want)}, got one number.")
    if array_needed and not is_array(have):
        return Finding(
            "a list where an array was needed",
            f"Expected {describe_type(want)}, got {describe_type(have)}.",
        )
    if not wanted.shape and had.shape:
        return Finding(
            "several numbers where one was needed",
            f"Expected one number, got {describe_type(have)}. Is a sum or a mean over "
            "it missing, or an index?",
        )
    if wanted.shape != had.shape:
        if wanted.shape == had.shape[::-1]:
            return Finding(
                "rows and columns exchanged",
                f"Expected the shape {wanted.shape}, got {had.shape}: transposed.",
            )
        return Finding(
            "wrong shape", f"Expected the shape {wanted.shape}, got {had.shape}."
        )
    if wanted.kind == "int" and had.kind == "float":
        return Finding(
            "a float where a whole number was needed",
            f"Expected {describe_type(want)}, got {describe_type(have)}.",
        )
    if any(map(math.isnan, had.flat)) and not any(map(math.isnan, wanted.flat)):
        return Finding(
            "not a number (NaN)",
            "A NaN came out. Look for 0 / 0, inf - inf or the log of a negative "
            "number on the way.",
        )
    if any(map(math.isinf, had.flat)) and not any(map(math.isinf, wanted.flat)):
        return Finding(
            "infinity",
            "An infinite number came out. Look for a division by 0, log(0) or an exp "
            "that overflows on the way.",
        )
    return None


def _same_length(want: Encoded, have: Encoded) -> bool:
    """Whether both are sequences of one length: their values differ, not their type."""
    one, two = sequence_items(want), sequence_items(have)
    return one is not None and two is not None and len(one) == len(two)


def _type_mismatch(want: Encoded, have: Encoded) -> Finding:
    return Finding(
        "wrong type", f"Expected {describe_type(want)}, got {describe_type(have)}."
    )


def _wrong_numbers(
    expected: list[Encoded],
    got: list[Encoded],
    sizes: list[set[int]],
    tolerance: Tolerance,
) -> Finding | None:
    pairs = []
    for want, have in zip(map(numbers, expected), map(numbers, got), strict=True):
        if want is None or have is None or want.shape != have.shape:
            return None
        pairs.append((want, have))
    if _equal_up_to(pairs, [-1.0] * len(pairs), tolerance):
        return Finding(
            "sign flipped", "Every number has the right size and the wrong sign."
        )
    if all(len(w.shape) == 2 and w.shape[0] == w.shape[1] for w, _ in pairs):
        turned = [
            (want, have._replace(flat=_transposed(have.flat, want.shape[0])))
            for want, have in pairs
        ]
        if _equal_up_to(turned, [1.0] * len(pairs), tolerance):
            return Finding(
                "rows and columns exchanged", "The numbers are right, but transposed."
            )
    factors = [_factor(want, have) for want, have in pairs]
    if any(factor is None for factor in factors):
        return None
    known = [factor for factor in factors if factor is not None]
    if not _equal_up_to(pairs, known, tolerance) or all(
        abs(f - 1) < 1e-9 for f in known
    ):
        return None
    if all(_is_length(f, s) for f, s in zip(known, sizes, strict=True)):
        return Finding(
            "sum instead of mean",
            "Each result is as many times too large as there are examples.",
        )
    if all(_is_length(1 / f, s) for f, s in zip(known, sizes, strict=True)):
        return Finding(
            "mean instead of sum",
            "Each result is as many times too small as there are examples.",
        )
    if all(math.isclose(f, known[0], rel_tol=1e-3) for f in known) and len(known) > 1:
        return Finding(
            "a constant factor",
            f"Every number is {format_number(known[0], 4)} times what it should be.",
        )
    return None


def _equal_up_to(
    pairs: list[tuple[Numbers, Numbers]], factors: list[float], tolerance: Tolerance
) -> bool:
    return all(
        close(want * factor, have, h.precision, tolerance)
        for (w, h), factor in zip(pairs, factors, strict=True)
        for want, have in zip(w.flat, h.flat, strict=True)
    )


def _factor(want: Numbers, have: Numbers) -> float | None:
    """Return got / expected at the largest expected number, 1 if all are 0."""
    index = max(range(len(want.flat)), key=lambda i: abs(want.flat[i]), default=None)
    if index is None:
        return None
    if want.flat[index] == 0:
        return 1.0 if not any(have.flat) else None
    factor = have.flat[index] / want.flat[index]
    return factor if math.isfinite(factor) and factor != 0 else None


def _is_length(factor: float, sizes: set[int]) -> bool:
    """Whether the factor is one of the axis lengths (and not 1, which says nothing)."""
    return any(n > 1 and math.isclose(factor, n, rel_tol=1e-3) for n in sizes)


def _transposed(flat: list[float], n: int) -> list[float]:
    return [flat[column * n + row] for row in range(n) for column in range(n)]


def axis_lengths(encoded_values: list[Encoded]) -> set[int]:
    """Return the lengths of all axes, and the sizes, of the lists and arrays given."""
    found: set[int] = set()
    for encoded in encoded_values:
        known = numbers(encoded)
        if known is not None:
            found |= set(known.shape) | {len(known.flat)}
    return found
