"""Values encoded as JSON with their exact types, for the pipe to a worker process.

Only exact types are encoded as numbers, strings or containers: an instance of any
other class (one that claims to equal everything, say) is tagged as unsupported.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

Encoded: TypeAlias = Any  # what json.dumps takes: plain values, lists, tagged dicts

MAX_ELEMENTS = 20_000
MAX_CHARACTERS = 10_000
MAX_BITS = 1023  # what a float can hold, roughly: larger ones are not compared
MAX_DEPTH = 30


class Code:
    """A function as an argument of the learner's code, given as source text.

    ``Code("lambda x: x ** 2")``. The names np and math are known in it.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def __repr__(self) -> str:
        return self.source

    def function(self) -> Any:
        """Evaluate the source text and return the function."""
        import math

        import numpy as np

        return eval(self.source, {"np": np, "math": math})


class _ElementBudget:
    """The number of elements that may still be encoded."""

    def __init__(self, elements: int) -> None:
        self.left = elements

    def take(self, elements: int) -> bool:
        self.left -= elements
        return self.left >= 0


def encode(value: Any, budget: _ElementBudget | None = None, depth: int = 0) -> Encoded:
    """Encode a value as JSON, tagged where JSON has no such type; never raises."""
    budget = budget or _ElementBudget(MAX_ELEMENTS)
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is int:
        small = int.bit_length(value) <= MAX_BITS
        return (
            value if small else _unsupported("int", "a whole number too large to show")
        )
    if kind is str:
        short = len(value) <= MAX_CHARACTERS
        return value if short else _unsupported("str", "too long to compare")
    numpy = sys.modules.get("numpy")
    if numpy is not None and kind is numpy.str_:  # an entry of an array of texts
        return encode(str(value))
    if value is ...:
        return {"t": "ellipsis"}
    if kind is complex:
        return {"t": "complex", "v": [value.real, value.imag]}
    if isinstance(value, Code) and kind is Code:
        return {"t": "code", "v": value.source}
    if depth > MAX_DEPTH:
        return _unsupported(type_name(kind), "nested too deeply")
    if kind in (list, tuple, set, frozenset) or _is_named_tuple(kind):
        if not budget.take(len(value)):
            return _unsupported(type_name(kind), "too long to compare")
        base = kind if kind in (list, tuple, set, frozenset) else tuple
        items = [encode(item, budget, depth + 1) for item in base.__iter__(value)]
        if kind is list:
            return items
        return {"t": "set" if base in (set, frozenset) else "tuple", "v": items}
    if kind is dict:
        if not budget.take(len(value)):
            return _unsupported("dict", "too long to compare")
        pairs = [
            [encode(key, budget, depth + 1), encode(item, budget, depth + 1)]
            for key, item in dict.items(value)
        ]
        return {"t": "dict", "v": pairs}
    return (
        _encode_array(value, budget)
        or _encode_value(value)
        or _unsupported(type_name(kind))
    )


def _encode_array(value: Any, budget: _ElementBudget) -> Encoded:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    lib = "numpy"
    jax = sys.modules.get("jax")
    ours = str(type.__getattribute__(type(value), "__module__")).startswith("jax")
    if jax is not None and ours and isinstance(value, jax.Array):
        lib, value = "jax", numpy.asarray(value)
        if value.dtype.name == "bfloat16":
            value = value.astype("float32")
            lib = "jax bfloat16"
    scalar = issubclass(type(value), numpy.generic)
    if scalar:
        value = numpy.asarray(value)
    if type(value) is not numpy.ndarray:
        return None
    if value.dtype.kind not in "biuf":
        return _unsupported(f"array of {value.dtype.name}")
    if value.dtype.kind == "f" and value.dtype.itemsize > 8:
        value = value.astype("float64")  # what JSON, and a comparison, can take
    if not budget.take(value.size):
        return _unsupported("array", f"of shape {value.shape}, too large to compare")
    return {
        "t": "array",
        "lib": lib,
        "dtype": value.dtype.name,
        "shape": list(value.shape),
        "v": value.ravel().tolist(),
        "scalar": scalar,
    }


def _encode_value(value: Any) -> Encoded:
    """Encode a Value of the course: its data and its gradient."""
    module = sys.modules.get("course_lib.scalar.value")
    if module is None or type(value) is not module.Value:
        return None
    return {"t": "Value", "data": value.data, "grad": value.grad}


def _is_named_tuple(kind: type) -> bool:
    return issubclass(kind, tuple) and "_fields" in vars(kind)


def _unsupported(name: str, note: str = "") -> Encoded:
    return {"t": "other", "type": name[:80], "note": note}


def type_name(kind: type) -> str:
    """Return the name of a class, even where its metaclass hides it."""
    return str(type.__getattribute__(kind, "__name__"))


def decode(encoded: Encoded) -> Any:
    """Decode a value into a new object; raises ValueError for an unsupported one."""
    if isinstance(encoded, list):
        return [decode(item) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    tag = encoded["t"]
    if tag == "tuple":
        return tuple(decode(item) for item in encoded["v"])
    if tag == "set":
        return {decode(item) for item in encoded["v"]}
    if tag == "dict":
        return {decode(key): decode(item) for key, item in encoded["v"]}
    if tag == "complex":
        return complex(*encoded["v"])
    if tag == "ellipsis":
        return ...
    if tag == "code":
        return Code(encoded["v"]).function()
    if tag == "Value":
        from course_lib.scalar import Value

        return Value(encoded["data"])
    if tag == "array":
        return _decode_array(encoded)
    raise ValueError(f"a {encoded.get('type')} cannot be sent")


def _decode_array(encoded: Encoded) -> Any:
    import numpy as np

    array = np.array(encoded["v"], dtype=encoded["dtype"]).reshape(encoded["shape"])
    if encoded["scalar"]:
        return array[()]
    if encoded["lib"].startswith("jax"):
        import jax.numpy as jnp

        dtype = "bfloat16" if "bfloat16" in encoded["lib"] else encoded["dtype"]
        return jnp.asarray(array, dtype=dtype)
    return array
