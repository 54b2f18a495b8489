"""Sharding: one training step spread over several devices.

The devices stand in a mesh, a grid with two axes. Each device has rows of its own of
every batch. Along the axis "fsdp" the weights and Adam's moments are cut into parts,
one for each device; along the axis "data" they are copied. Between two steps this is
fully sharded data parallelism (ZeRO; Rajbhandari et al., 2019); within a step each
device has all weights, and on CPUs whole gradients.

Nothing here computes. It says where numbers lie, and ``jax.jit`` makes one program for
all devices, with the messages between them: the gradients of all rows are summed
(all-reduce), and a weight in parts is put together before it is used (all-gather).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jax.typing import ArrayLike

from course_lib.bounds import BOUNDS, check_whole

__all__ = [
    "collect",
    "device_mesh",
    "gather",
    "rows_here",
    "shard",
    "shard_batches",
    "shard_params",
]

Params = dict[str, Array]
AXES = ("data", "fsdp")


def device_mesh(fsdp: int = 1) -> Mesh | None:
    """Return the mesh of all devices, (data, fsdp); None if there is only one device.

    fsdp: how many parts each matrix is cut into. Raises ValueError unless it divides
    the number of devices.
    """
    check_whole("fsdp", fsdp, 1, BOUNDS["devices"][0])
    n_devices = jax.device_count()
    if n_devices % fsdp:
        raise ValueError(
            f"fsdp must divide the number of devices, and JAX sees {n_devices}: {fsdp} "
            "does not; 1 always works"
        )
    if n_devices == 1:
        return None
    shape = n_devices // fsdp, fsdp
    return jax.make_mesh(shape, AXES, axis_types=(AxisType.Auto, AxisType.Auto))


def shard_batches(batches: np.ndarray, mesh: Mesh | None) -> Array:
    """Give each device its rows of every batch: (..., batch_size, T + 1).

    The number of devices must divide batch_size. Of several processes each has the rows
    of its own devices (``rows_here``), and gives them.
    """
    if mesh is None:
        return jax.device_put(batches)
    rows = PartitionSpec(*[None] * (batches.ndim - 2), AXES)
    return jax.make_array_from_process_local_data(NamedSharding(mesh, rows), batches)


def rows_here(batch_size: int, mesh: Mesh) -> np.ndarray:
    """Return which rows of a batch are for the devices of this process.

    batch_size is rounded up to a multiple of the number of devices.
    """
    n_rows = -(-batch_size // mesh.size) * mesh.size
    rows = NamedSharding(mesh, PartitionSpec(AXES))
    places = rows.addressable_devices_indices_map((n_rows,)).values()
    return np.sort(np.concatenate([np.arange(n_rows)[place] for place in places]))


def shard_params(params: Mapping[str, ArrayLike], mesh: Mesh | None) -> Params:
    """Give each device its part of every matrix."""
    return {name: shard(matrix, mesh) for name, matrix in params.items()}


def shard(array: ArrayLike, mesh: Mesh | None) -> Array:
    """Cut an array along its first axis that the length of "fsdp" divides.

    If there is no such axis, each device has the whole array.
    """
    parts = mesh.shape["fsdp"] if mesh else 1
    for axis, length in enumerate(np.shape(array)):
        if parts > 1 and length % parts == 0:
            return _place(array, mesh, PartitionSpec(*[None] * axis, "fsdp"))
    return _place(array, mesh, PartitionSpec())


def gather(params: Params, mesh: Mesh | None) -> Params:
    """Put every matrix together from its parts, on each device, for a computation."""
    if mesh is None:
        return params
    whole = NamedSharding(mesh, PartitionSpec())
    return {
        name: jax.lax.with_sharding_constraint(matrix, whole)
        for name, matrix in params.items()
    }


def collect(params: Params) -> dict[str, np.ndarray]:
    """Return every matrix as a whole; all processes must ask for it together."""
    return {name: np.asarray(_whole(matrix)) for name, matrix in params.items()}


def _whole(matrix: Array) -> Any:
    if matrix.is_fully_addressable or matrix.is_fully_replicated:
        return matrix
    from jax.experimental.multihost_utils import process_allgather

    return process_allgather(matrix, tiled=True)  # parts are in other processes


def _place(array: ArrayLike, mesh: Mesh | None, spec: PartitionSpec) -> Array:
    return jax.device_put(array, NamedSharding(mesh, spec) if mesh else None)
