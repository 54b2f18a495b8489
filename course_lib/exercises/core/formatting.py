"""Encoded values in words: what is their type, and how are they written."""

from __future__ import annotations

import math

from course_lib.exercises.core.codec import Encoded
from course_lib.exercises.core.compare import numbers


def describe_type(encoded: Encoded) -> str:
    """Return the type of a value in words: a list of 3, an array of shape (2, 3)."""
    if encoded is None:
        return "None"
    if isinstance(encoded, bool):
        return "a bool"
    if isinstance(encoded, int):
        return "a whole number"
    if isinstance(encoded, float):
        return "a number"
    if isinstance(encoded, str):
        return "a string"
    if isinstance(encoded, list):
        return f"a list of {len(encoded)}"
    tag = encoded["t"]
    if tag == "array":
        lib = "JAX" if encoded["lib"].startswith("jax") else "NumPy"
        if not encoded["shape"]:
            return f"a {lib} {encoded['dtype']}"
        return f"a {lib} array of shape {_format_shape(encoded['shape'])}"
    if tag in ("tuple", "set", "dict"):
        return f"a {tag} of {len(encoded['v'])}"
    if tag == "ellipsis":
        return "the placeholder ..."
    if tag == "other":
        note = f" {encoded['note']}" if encoded.get("note") else ""
        return f"an object of type {encoded['type']}{note}"
    return {"Value": "a Value", "complex": "a complex number"}.get(tag, f"a {tag}")


def describe_kind(encoded: Encoded) -> str:
    """Return the type of a value in words without its size: a number, a list."""
    block = numbers(encoded)
    if block is not None:
        number = "a bool" if block.kind == "bool" else "a number"
        return number if not block.shape else "a list of numbers"
    return describe_type(encoded).partition(" of ")[0]


def format_value(encoded: Encoded, digits: int = 6, most: int = 320) -> str:
    """Return the repr of an encoded value, with at most `digits` digits a number."""
    whole = _format(encoded, digits)
    if len(whole) <= most:
        return whole
    return f"{whole[: most - 20]} … ({len(whole):,} characters)"


def _format(encoded: Encoded, digits: int) -> str:
    if isinstance(encoded, float):
        return format_number(encoded, digits)
    if isinstance(encoded, list):
        return f"[{', '.join(_format(item, digits) for item in encoded)}]"
    if not isinstance(encoded, dict):
        return repr(encoded)
    tag = encoded["t"]
    if tag == "tuple":
        items = [_format(item, digits) for item in encoded["v"]]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if tag == "set":
        return f"{{{', '.join(_format(item, digits) for item in encoded['v'])}}}"
    if tag == "dict":
        pairs = (f"{_format(k, digits)}: {_format(v, digits)}" for k, v in encoded["v"])
        return f"{{{', '.join(pairs)}}}"
    if tag == "array":
        return _format_array(encoded, digits)
    if tag == "complex":
        return repr(complex(*encoded["v"]))
    if tag == "Value":
        return f"Value({format_number(encoded['data'], digits)})"
    if tag == "code":
        return str(encoded["v"])
    if tag == "ellipsis":
        return "..."
    return describe_type(encoded)


def _format_array(encoded: Encoded, digits: int) -> str:
    if encoded["scalar"] or not encoded["shape"]:
        return _format(encoded["v"][0], digits)

    def block(start: int, shape: list[int]) -> str:
        size = math.prod(shape[1:])
        if len(shape) == 1:
            items = [_format(v, digits) for v in encoded["v"][start : start + shape[0]]]
        else:
            items = [block(start + i * size, shape[1:]) for i in range(shape[0])]
        return f"[{', '.join(items)}]"

    return f"array({block(0, encoded['shape'])})"


def format_number(number: float, digits: int = 6) -> str:
    """Return a float with at most `digits` digits, always with a point or exponent."""
    short = f"{number:.{digits}g}"
    return short if any(c in short for c in ".einf") else short + ".0"


def _format_shape(shape: list[int]) -> str:
    return str(tuple(shape))
