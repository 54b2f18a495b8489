"""Values as JSON, with their exact types: what passes between check and helper.

Only exact types are taken as numbers, strings or containers, so that an object of a
class of its own (one that claims to equal everything, say) stays what it is: other.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

Wire: TypeAlias = Any  # what json.dumps takes: plain values, lists, tagged dicts

MOST_ELEMENTS = 20_000
MOST_CHARACTERS = 10_000
MOST_BITS = 4096
MOST_DEPTH = 30


class Code:
    """A function given to the learner's code as an argument: its source text.

    ``Code("lambda x: x ** 2")``. The names np and math are known in it.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def __repr__(self) -> str:
        return self.source

    def function(self) -> Any:
        """Return the function itself, made anew."""
        import math

        import numpy as np

        return eval(self.source, {"np": np, "math": math})


class _Room:
    """How many elements may still be encoded."""

    def __init__(self, elements: int) -> None:
        self.left = elements

    def take(self, elements: int) -> bool:
        self.left -= elements
        return self.left >= 0


def encode(value: Any, room: _Room | None = None, depth: int = 0) -> Wire:
    """Return `value` as JSON, tagged where JSON has no such type; never raises."""
    room = room or _Room(MOST_ELEMENTS)
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is int:
        small = int.bit_length(value) <= MOST_BITS
        return value if small else _other("int", "a whole number too large to show")
    if kind is str:
        short = len(value) <= MOST_CHARACTERS
        return value if short else _other("str", "too long to compare")
    if value is ...:
        return {"t": "ellipsis"}
    if kind is complex:
        return {"t": "complex", "v": [value.real, value.imag]}
    if isinstance(value, Code) and kind is Code:
        return {"t": "code", "v": value.source}
    if depth > MOST_DEPTH:
        return _other(type_name(kind), "nested too deeply")
    if kind in (list, tuple, set, frozenset) or _is_named_tuple(kind):
        if not room.take(len(value)):
            return _other(type_name(kind), "too long to compare")
        base = kind if kind in (list, tuple, set, frozenset) else tuple
        items = [encode(item, room, depth + 1) for item in base.__iter__(value)]
        if kind is list:
            return items
        return {"t": "set" if base in (set, frozenset) else "tuple", "v": items}
    if kind is dict:
        if not room.take(len(value)):
            return _other("dict", "too long to compare")
        pairs = [
            [encode(key, room, depth + 1), encode(item, room, depth + 1)]
            for key, item in dict.items(value)
        ]
        return {"t": "dict", "v": pairs}
    return _encode_array(value, room) or _encode_node(value) or _other(type_name(kind))


def _encode_array(value: Any, room: _Room) -> Wire:
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
        return _other(f"array of {value.dtype.name}")
    if not room.take(value.size):
        return _other("array", f"of shape {value.shape}, too large to compare")
    return {
        "t": "array",
        "lib": lib,
        "dtype": value.dtype.name,
        "shape": list(value.shape),
        "v": value.ravel().tolist(),
        "scalar": scalar,
    }


def _encode_node(value: Any) -> Wire:
    """Encode one of the course's own Values: its number and its slope."""
    module = sys.modules.get("course_lib.scalar.value")
    if module is None or type(value) is not module.Value:
        return None
    return {"t": "Value", "data": value.data, "grad": value.grad}


def _is_named_tuple(kind: type) -> bool:
    return issubclass(kind, tuple) and "_fields" in vars(kind)


def _other(name: str, note: str = "") -> Wire:
    return {"t": "other", "type": name[:80], "note": note}


def type_name(kind: type) -> str:
    """Return the name of a class, even of one that hides it."""
    return str(type.__getattribute__(kind, "__name__"))


def decode(wire: Wire) -> Any:
    """Return the value that was encoded, made anew."""
    if isinstance(wire, list):
        return [decode(item) for item in wire]
    if not isinstance(wire, dict):
        return wire
    tag = wire["t"]
    if tag == "tuple":
        return tuple(decode(item) for item in wire["v"])
    if tag == "set":
        return {decode(item) for item in wire["v"]}
    if tag == "dict":
        return {decode(key): decode(item) for key, item in wire["v"]}
    if tag == "complex":
        return complex(*wire["v"])
    if tag == "ellipsis":
        return ...
    if tag == "code":
        return Code(wire["v"]).function()
    if tag == "Value":
        from course_lib.scalar import Value

        return Value(wire["data"])
    if tag == "array":
        return _decode_array(wire)
    raise ValueError(f"a {wire.get('type')} cannot be sent")


def _decode_array(wire: Wire) -> Any:
    import numpy as np

    array = np.array(wire["v"], dtype=wire["dtype"]).reshape(wire["shape"])
    if wire["scalar"]:
        return array[()]
    if wire["lib"].startswith("jax"):
        import jax.numpy as jnp

        dtype = "bfloat16" if "bfloat16" in wire["lib"] else wire["dtype"]
        return jnp.asarray(array, dtype=dtype)
    return array
