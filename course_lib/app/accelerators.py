"""GPUs and TPUs in this machine, whether or not JAX can use them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Accelerator", "find_accelerator"]

GOOGLE = "0x1ae0"  # a vendor on the PCI bus
STORAGE, NETWORK = "0x01", "0x02"  # classes of its devices that are no TPU
SECONDS = 10  # that nvidia-smi may take


@dataclass(frozen=True)
class Accelerator:
    """A kind of processor that JAX computes on, and what it needs for that.

    platform: its name in JAX. extra: the extra of jax to install. plugins: packages
    that extras bring, one of which is enough.
    """

    name: str
    platform: str
    extra: str
    plugins: tuple[str, ...]


NVIDIA = Accelerator(
    "an NVIDIA GPU", "gpu", "cuda13", ("jax-cuda13-plugin", "jax-cuda12-plugin")
)
AMD = Accelerator("an AMD GPU", "gpu", "rocm7-local", ("jax-rocm7-plugin",))
TPU = Accelerator("a TPU", "tpu", "tpu", ("libtpu",))


def find_accelerator(root: Path = Path("/")) -> Accelerator | None:
    """Return what this machine has, as its drivers tell; None if they tell of nothing.

    The extras of jax are for Linux (on Windows: in WSL2), and so are these places.
    """
    looks: dict[Accelerator, Callable[[Path], bool]] = {
        NVIDIA: _has_nvidia,
        AMD: _has_amd,
        TPU: _has_tpu,
    }
    return next((kind for kind, has in looks.items() if has(root)), None)


def _has_nvidia(root: Path) -> bool:
    if any(root.glob("proc/driver/nvidia/gpus/*")):
        return True
    command = shutil.which("nvidia-smi")  # in WSL2 it is the only sign
    if command is None:
        return False
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(
            [command, "-L"], capture_output=True, text=True, timeout=SECONDS
        )
        return listed.returncode == 0 and listed.stdout.startswith("GPU ")
    return False


def _has_amd(root: Path) -> bool:
    """Whether a node of AMD's driver has arithmetic units; a processor has none."""
    for node in root.glob("sys/class/kfd/kfd/topology/nodes/*/properties"):
        fields = dict(line.split(maxsplit=1) for line in _read(node).splitlines())
        if fields.get("simd_count", "0").strip() != "0":
            return True
    return False


def _has_tpu(root: Path) -> bool:
    for vendor in root.glob("sys/bus/pci/devices/*/vendor"):
        kind = _read(vendor.with_name("class"))
        if _read(vendor).strip() == GOOGLE and not kind.startswith((STORAGE, NETWORK)):
            return True
    return False


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
