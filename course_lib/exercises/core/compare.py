"""Whether what came back is what was expected, and in which familiar way it is not.

Pure Python on encoded values: no library that a notebook may have patched takes part.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from course_lib.exercises.core.codec import Wire


class Tolerance(NamedTuple):
    """Largest difference that is forgiven: a part of the number, or this much."""

    relative: float = 1e-4
    absolute: float = 1e-6


ROUGH = {  # what the precision of the answer's own arithmetic costs
    "float32": Tolerance(5e-4, 1e-5),
    "float16": Tolerance(2e-2, 1e-2),
    "bfloat16": Tolerance(2e-2, 1e-2),
}


class Numbers(NamedTuple):
    """Numbers laid out in a block, whatever held them: a list, a tuple, an array."""

    shape: tuple[int, ...]
    flat: list[float]
    kind: str  # "bool", "int" or "float"
    precision: str  # "float64", "float32", "bfloat16" …


def numbers(wire: Wire) -> Numbers | None:
    """Return the numbers of an encoded value, or None if it is something else."""
    if isinstance(wire, bool):
        return Numbers((), [wire], "bool", "float64")
    if isinstance(wire, int):
        return Numbers((), [wire], "int", "float64")
    if isinstance(wire, float):
        return Numbers((), [wire], "float", "float64")
    items = wire
    if isinstance(wire, dict):
        if wire["t"] == "array":
            return _array(wire)
        if wire["t"] == "Value":
            return Numbers((), [wire["data"]], "float", "float64")
        if wire["t"] != "tuple":
            return None
        items = wire["v"]
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
    rough = [p.precision for p in known if p.precision in ROUGH]
    flat = [number for part in known for number in part.flat]
    return Numbers((len(known), *inner), flat, kind, rough[0] if rough else "float64")


def _array(wire: Wire) -> Numbers:
    dtype = wire["dtype"]
    kind = "bool" if dtype == "bool" else "float" if "float" in dtype else "int"
    precision = "bfloat16" if "bfloat16" in wire["lib"] else dtype
    return Numbers(tuple(wire["shape"]), wire["v"], kind, precision)


def same(expected: Wire, got: Wire, tolerance: Tolerance) -> bool:
    """Whether two encoded values agree, within what rounding may change."""
    want, have = numbers(expected), numbers(got)
    if want is not None:
        return have is not None and _same_numbers(want, have, tolerance)
    if isinstance(expected, list) or (
        isinstance(expected, dict) and expected["t"] == "tuple"
    ):
        one, two = _items(expected), _items(got)
        return (
            two is not None
            and one is not None
            and len(one) == len(two)
            and all(same(a, b, tolerance) for a, b in zip(one, two, strict=True))
        )
    if isinstance(expected, dict) and expected["t"] == "dict":
        if not isinstance(got, dict) or got["t"] != "dict":
            return False
        old, new = _by_key(expected), _by_key(got)
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


def agrees(expected: Wire, got: Wire, tolerance: Tolerance, array_needed: bool) -> bool:
    """Whether the values agree and, if it matters, an array holds them."""
    right_kind = not array_needed or not _is_array(expected) or _is_array(got)
    return right_kind and same(expected, got, tolerance)


def _items(wire: Wire) -> list[Wire] | None:
    if isinstance(wire, dict):
        return list(wire["v"]) if wire["t"] == "tuple" else None
    return wire if isinstance(wire, list) else None


def _by_key(wire: Wire) -> dict[str, Wire]:
    return {repr(key): value for key, value in wire["v"]}


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
    """Whether two numbers agree; NaN agrees with NaN alone, inf with inf."""
    if math.isnan(want) or math.isnan(have):
        return math.isnan(want) and math.isnan(have)
    rough = ROUGH.get(precision, tolerance)
    return want == have or math.isclose(
        want,
        have,
        rel_tol=max(tolerance.relative, rough.relative),
        abs_tol=max(tolerance.absolute, rough.absolute),
    )


# --- in words ---------------------------------------------------------------------


def kind_in_words(wire: Wire) -> str:
    """Return what a value is: a number, a list of 3, an array of shape (2, 3)."""
    if wire is None:
        return "None"
    if isinstance(wire, bool):
        return "a bool"
    if isinstance(wire, int):
        return "a whole number"
    if isinstance(wire, float):
        return "a number"
    if isinstance(wire, str):
        return "a string"
    if isinstance(wire, list):
        return f"a list of {len(wire)}"
    tag = wire["t"]
    if tag == "array":
        lib = "JAX" if wire["lib"].startswith("jax") else "NumPy"
        if not wire["shape"]:
            return f"a {lib} {wire['dtype']}"
        return f"a {lib} array of shape {_tuple_text(wire['shape'])}"
    if tag in ("tuple", "set", "dict"):
        return f"a {tag} of {len(wire['v'])}"
    if tag == "ellipsis":
        return "the placeholder ..."
    if tag == "other":
        note = f" {wire['note']}" if wire.get("note") else ""
        return f"an object of type {wire['type']}{note}"
    return {"Value": "a Value", "complex": "a complex number"}.get(tag, f"a {tag}")


def text(wire: Wire, digits: int = 6, most: int = 320) -> str:
    """Return an encoded value as Python would show it, with few digits."""
    whole = _text(wire, digits)
    if len(whole) <= most:
        return whole
    return f"{whole[: most - 20]} … ({len(whole):,} characters)"


def _text(wire: Wire, digits: int) -> str:
    if isinstance(wire, float):
        return number_text(wire, digits)
    if isinstance(wire, list):
        return f"[{', '.join(_text(item, digits) for item in wire)}]"
    if not isinstance(wire, dict):
        return repr(wire)
    tag = wire["t"]
    if tag == "tuple":
        items = [_text(item, digits) for item in wire["v"]]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if tag == "set":
        return f"{{{', '.join(_text(item, digits) for item in wire['v'])}}}"
    if tag == "dict":
        pairs = (f"{_text(k, digits)}: {_text(v, digits)}" for k, v in wire["v"])
        return f"{{{', '.join(pairs)}}}"
    if tag == "array":
        return _array_text(wire, digits)
    if tag == "complex":
        return repr(complex(*wire["v"]))
    if tag == "Value":
        return f"Value({number_text(wire['data'], digits)})"
    if tag == "code":
        return str(wire["v"])
    if tag == "ellipsis":
        return "..."
    return kind_in_words(wire)


def _array_text(wire: Wire, digits: int) -> str:
    if wire["scalar"] or not wire["shape"]:
        return _text(wire["v"][0], digits)

    def block(start: int, shape: list[int]) -> str:
        size = math.prod(shape[1:])
        if len(shape) == 1:
            items = [_text(v, digits) for v in wire["v"][start : start + shape[0]]]
        else:
            items = [block(start + i * size, shape[1:]) for i in range(shape[0])]
        return f"[{', '.join(items)}]"

    return f"array({block(0, wire['shape'])})"


def number_text(number: float, digits: int = 6) -> str:
    """Return a float in at most `digits` digits, recognisable as a float."""
    short = f"{number:.{digits}g}"
    return short if any(c in short for c in ".einf") else short + ".0"


def _tuple_text(shape: list[int]) -> str:
    return str(tuple(shape))


# --- the familiar ways to be off ---------------------------------------------------


class Finding(NamedTuple):
    """The name of what went wrong, and a sentence that says what to look at."""

    name: str
    message: str


def diagnose(
    expected: list[Wire],
    got: list[Wire],
    sizes: list[set[int]],
    tolerance: Tolerance,
    array_needed: bool,
) -> Finding | None:
    """Name the way in which the outputs of all cases are off, if it is a known one.

    ``sizes[i]`` are the lengths found among the inputs of case i.
    """
    wrong = [
        i
        for i, (want, have) in enumerate(zip(expected, got, strict=True))
        if not agrees(want, have, tolerance, array_needed)
    ]
    if not wrong:
        return None
    first = wrong[0]
    return _wrong_kind(expected[first], got[first], array_needed) or _wrong_numbers(
        expected, got, sizes, tolerance
    )


def _wrong_kind(want: Wire, have: Wire, array_needed: bool) -> Finding | None:
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
        if kind_in_words(want) == kind_in_words(have) or _alike(want, have):
            return None
        return _kinds(want, have)
    if wanted.kind == "bool" or had.kind == "bool":
        return None if wanted.kind == had.kind else _kinds(want, have)
    if wanted.shape and not had.shape:
        name = "a single number where an array was needed"
        if not array_needed and isinstance(want, list | dict):
            name = "a single number where several were needed"
        return Finding(name, f"Expected {kind_in_words(want)}, got one number.")
    if array_needed and not _is_array(have):
        return Finding(
            "a list where an array was needed",
            f"Expected {kind_in_words(want)}, got {kind_in_words(have)}.",
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
            f"Expected {kind_in_words(want)}, got {kind_in_words(have)}.",
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


def _is_array(wire: Wire) -> bool:
    return isinstance(wire, dict) and wire["t"] == "array"


def _alike(want: Wire, have: Wire) -> bool:
    """Whether both are sequences, so that the values differ and not the type."""
    one, two = _items(want), _items(have)
    return one is not None and two is not None and len(one) == len(two)


def _kinds(want: Wire, have: Wire) -> Finding:
    return Finding(
        "wrong type", f"Expected {kind_in_words(want)}, got {kind_in_words(have)}."
    )


def _wrong_numbers(
    expected: list[Wire], got: list[Wire], sizes: list[set[int]], tolerance: Tolerance
) -> Finding | None:
    pairs = []
    for want, have in zip(map(numbers, expected), map(numbers, got), strict=True):
        if want is None or have is None or want.shape != have.shape:
            return None
        pairs.append((want, have))
    if _scaled(pairs, [-1.0] * len(pairs), tolerance):
        return Finding(
            "sign flipped", "Every number has the right size and the wrong sign."
        )
    if all(len(w.shape) == 2 and w.shape[0] == w.shape[1] for w, _ in pairs):
        turned = [
            (want, have._replace(flat=_transposed(have.flat, want.shape[0])))
            for want, have in pairs
        ]
        if _scaled(turned, [1.0] * len(pairs), tolerance):
            return Finding(
                "rows and columns exchanged", "The numbers are right, but transposed."
            )
    factors = [_factor(want, have) for want, have in pairs]
    if any(factor is None for factor in factors):
        return None
    known = [factor for factor in factors if factor is not None]
    if not _scaled(pairs, known, tolerance) or all(abs(f - 1) < 1e-9 for f in known):
        return None
    if all(_among(f, s) for f, s in zip(known, sizes, strict=True)):
        return Finding(
            "sum instead of mean",
            "Each result is as many times too large as there are examples.",
        )
    if all(_among(1 / f, s) for f, s in zip(known, sizes, strict=True)):
        return Finding(
            "mean instead of sum",
            "Each result is as many times too small as there are examples.",
        )
    if all(math.isclose(f, known[0], rel_tol=1e-3) for f in known) and len(known) > 1:
        return Finding(
            "a constant factor",
            f"Every number is {number_text(known[0], 4)} times what it should be.",
        )
    return None


def _scaled(
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


def _among(factor: float, sizes: set[int]) -> bool:
    """Whether the factor is one of the lengths (and not 1, which says nothing)."""
    return any(n > 1 and math.isclose(factor, n, rel_tol=1e-3) for n in sizes)


def _transposed(flat: list[float], n: int) -> list[float]:
    return [flat[column * n + row] for row in range(n) for column in range(n)]


def lengths(wires: list[Wire]) -> set[int]:
    """Return every length found in some inputs: of lists, and of arrays' axes."""
    found: set[int] = set()
    for wire in wires:
        known = numbers(wire)
        if known is not None:
            found |= set(known.shape) | {len(known.flat)}
    return found
