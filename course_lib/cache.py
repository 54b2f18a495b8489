"""The cache folder: what can be fetched or made again, kept to save time.

Two things lie in it: downloads (``course_lib.data``), and the programs that JAX
compiled (``course_lib.array`` has it keep them). A program is machine code, so that
part of the folder must be the user's own. It may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import time
import warnings
import zlib
from itertools import takewhile
from pathlib import Path
from typing import Any

from course_lib.bounds import BOUNDS

__all__ = ["cache_folder", "keep_compiled", "mend"]

OLDEST_JAXLIB = (0, 10, 2)  # before, its loader complained of each program on stderr
DAY = 86_400.0  # seconds
CLOCK = 2.0  # seconds by which the clock of a file system may be coarse
ZSTANDARD = b"\x28\xb5\x2f\xfd"  # how a packed file of that kind begins


def cache_folder() -> Path:
    """COURSE_LIB_CACHE if set, else the folder this system keeps for caches."""
    if folder := os.environ.get("COURSE_LIB_CACHE"):
        return Path(os.path.expanduser(folder))
    import platformdirs

    return Path(platformdirs.user_cache_dir("course_lib", appauthor=False))


def keep_compiled() -> Path | None:
    """Have JAX keep what it compiles, for the next start; never raises.

    Returns the folder, or None where nothing is kept: with
    JAX_ENABLE_COMPILATION_CACHE=0, with a cache of the user's own
    (JAX_COMPILATION_CACHE_DIR), with a jaxlib that is too old, and where there can be
    no folder in which the user alone may write.
    """
    import jax
    import jaxlib.version

    settings: Any = jax.config
    if not settings.jax_enable_compilation_cache or settings.jax_compilation_cache_dir:
        return None
    if jaxlib.version.__version_info__ < OLDEST_JAXLIB:
        return None
    try:
        everything = own_folder()
        folder = everything / processor()
        folder.mkdir(exist_ok=True)
        mend(everything, int(BOUNDS["compiled programs"][0]))
    except OSError:  # no room, or a folder that is read-only
        return None
    # Another process may be writing the entry that is read, or the disk be full: then
    # JAX compiles, as without a cache, and there is nothing to tell.
    said = "Error (reading|writing) persistent compilation cache entry"
    warnings.filterwarnings("ignore", said, UserWarning)
    settings.update("jax_compilation_cache_dir", str(folder))
    settings.update("jax_persistent_cache_min_compile_time_secs", 0)
    settings.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


def own_folder() -> Path:
    """Return the folder of compiled programs; made if it is not there.

    Raises OSError if it cannot be made, or if others than the user may write in it.
    """
    folder = cache_folder() / "compiled"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if os.name != "nt" and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
        raise PermissionError(f"others may write in {folder}")
    return folder


def processor() -> str:
    """Return a name for this kind of processor, whose every instruction is used.

    Another kind may see the same folder: in a home on a network, or in an image.
    """
    facts = [platform.machine(), os.environ.get("PROCESSOR_IDENTIFIER", "")]
    telling = ("model name", "flags", "Features", "CPU part")
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        first = takewhile(str.strip, file)  # one of several cores
        facts += [line for line in first if line.startswith(telling)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def mend(folder: Path, most: int) -> list[str]:
    """Remove compiled programs that cannot be read, and the oldest of too many bytes.

    JAX writes an entry straight to its name and never replaces it: one that was cut
    short would be refused, with a warning, at every start. So what was written since
    the last time is read whole, and once a day everything is. Returns the names of
    what went.
    """
    stamp, now = folder / "checked", time.time()
    last = _written(stamp)
    if not now - DAY < last <= now:
        last = 0.0
    entries = sorted(folder.rglob("*-cache"), key=_written, reverse=True)
    removed, size = [], 0
    for entry in entries:
        try:
            size += entry.stat().st_size
            is_new = _written(entry) > last - CLOCK
            if size > most or (is_new and not is_whole(entry.read_bytes())):
                entry.unlink()
                removed.append(entry.name)
        except OSError:  # another process removed it, or (Windows) has it open
            continue
    with contextlib.suppress(OSError):
        stamp.touch()
        os.utime(stamp, (now, now))
    return removed


def _written(path: Path) -> float:
    """Return when a file was written, in seconds; 0 if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def is_whole(data: bytes) -> bool:
    """Whether an entry can be unpacked; zlib's checksum covers every byte.

    JAX packs with Zstandard where the package zstandard is installed; where it is not,
    such an entry is believed, as nobody reads it.
    """
    if data.startswith(ZSTANDARD):
        try:
            import zstandard
        except ImportError:
            return True
        try:
            return bool(zstandard.ZstdDecompressor().decompress(data))
        except zstandard.ZstdError:
            return False
    try:
        return bool(zlib.decompress(data))
    except zlib.error:
        return False
