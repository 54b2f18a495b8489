"""Programs that JAX compiled are kept, mended, bounded, and nobody else's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace

import jaxlib.version
import pytest

from course_lib import cache

PROGRAM = """
import sys
import jax
from course_lib import array
found = []
jax.monitoring.register_event_listener(
    lambda event, **_: found.append(event) if "/cache_" in event else None)
exec(sys.argv[1] if sys.argv[1:] else "")
jax.jit(lambda x: 2 * x + 1)(3.0).block_until_ready()
jax.jit(lambda x: x ** 3 - x)(3.0).block_until_ready()
misses = sum(event.endswith("misses") for event in found)
print(misses, "compiled,", len(found) - misses, "found")
"""
COMPILED, FOUND = "2 compiled, 0 found\n", "0 compiled, 2 found\n"
NEITHER = "0 compiled, 0 found\n"
WHOLE = zlib.compress(bytes(range(256)))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of compiled programs of one test; it does not exist yet."""
    monkeypatch.setenv("COURSE_LIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)  # the suite's
    return tmp_path / "cache" / "compiled"


def begin(meanwhile: str = "") -> subprocess.Popen[str]:
    """Start a Python that compiles two programs, where every warning is an error."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, meanwhile]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def start(meanwhile: str = "") -> str:
    """Return what such a Python prints; it must say nothing else."""
    python = begin(meanwhile)
    printed, said = python.communicate()
    assert (python.returncode, said) == (0, "")
    return printed


def kept(folder: Path) -> dict[str, bytes]:
    """Return the compiled programs in a folder."""
    return {path.name: path.read_bytes() for path in folder.rglob("*-cache")}


def test_the_next_start_finds_what_was_compiled(folder: Path) -> None:
    assert start() == COMPILED
    before = kept(folder)
    assert len(before) == 2
    assert os.name == "nt" or folder.stat().st_mode & 0o777 == 0o700
    assert start() == FOUND
    assert kept(folder) == before


def test_a_damaged_entry_is_told_to_nobody_and_mended_at_the_next_start(
    folder: Path,
) -> None:
    assert start() == COMPILED
    first, second = sorted(folder.rglob("*-cache"))
    flipped = bytearray(first.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    first.write_bytes(flipped)
    second.write_bytes(second.read_bytes()[:100])
    assert start() == COMPILED
    assert all(map(cache.is_whole, kept(folder).values()))
    assert start() == FOUND


def test_an_entry_that_is_cut_while_the_course_runs_is_told_to_nobody(
    folder: Path,
) -> None:
    assert start() == COMPILED
    cut = f"import pathlib; [p.write_bytes(b'') for p in pathlib.Path({str(folder)!r})"
    assert start(f"{cut}.rglob('*-cache')]") == COMPILED
    assert start() == COMPILED  # JAX let them be; the next start did not
    assert start() == FOUND


def test_several_at_once_share_the_folder(folder: Path) -> None:
    together = [begin() for _ in range(3)]
    for python in together:
        assert python.communicate()[1] == ""
        assert python.returncode == 0
    assert all(map(cache.is_whole, kept(folder).values()))
    assert start() == FOUND


LIMIT = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of file size are Unix's")
def test_a_full_disk_is_told_to_nobody_and_leaves_nothing_for_long(
    folder: Path,
) -> None:
    assert start(LIMIT) == COMPILED
    assert [len(data) for data in kept(folder).values()] == [1000, 1000]
    assert start() == COMPILED
    assert all(map(cache.is_whole, kept(folder).values()))


def test_without_a_folder_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_LIB_CACHE", str(tmp_path / "file"))
    assert start() == NEITHER


def test_the_switch_turns_it_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "0")
    assert start() == NEITHER
    assert not folder.exists()


def test_a_cache_of_ones_own_and_an_old_jaxlib_are_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SimpleNamespace(
        jax_enable_compilation_cache=True, jax_compilation_cache_dir="mine"
    )
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(config=settings))
    assert cache.keep_compiled() is None
    settings.jax_compilation_cache_dir = None
    monkeypatch.setattr(jaxlib.version, "__version_info__", (0, 10, 1))
    assert cache.keep_compiled() is None
    assert not folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="users and modes are those of Unix")
@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_is_refused(folder: Path, mode: int) -> None:
    cache.own_folder().chmod(mode)
    with pytest.raises(PermissionError, match="others may write"):
        cache.own_folder()
    (folder / "planted-cache").write_bytes(WHOLE)
    assert start() == NEITHER


@pytest.mark.skipif(os.name == "nt", reason="users are those of Unix")
def test_a_folder_of_someone_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.own_folder()
    another = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: another)
    with pytest.raises(PermissionError, match="others may write"):
        cache.own_folder()


def test_each_kind_of_processor_has_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = cache.processor()
    assert re.fullmatch("[0-9a-f]{16}", here)
    assert cache.processor() == here
    monkeypatch.setenv("PROCESSOR_IDENTIFIER", "another")
    assert cache.processor() != here


# --- mending


def put(folder: Path, name: str, data: bytes, age: float = 0.0) -> Path:
    """Write an entry, some seconds ago."""
    path = folder / f"{name}-cache"
    path.write_bytes(data)
    written = path.stat().st_mtime - age
    os.utime(path, (written, written))
    return path


def test_damaged_entries_go_and_whole_ones_stay(tmp_path: Path) -> None:
    flipped = bytearray(WHOLE)
    flipped[len(WHOLE) // 2] ^= 1
    put(tmp_path, "whole", WHOLE)
    put(tmp_path, "cut", WHOLE[:-5])
    put(tmp_path, "flipped", bytes(flipped))
    put(tmp_path, "empty", b"")
    gone = cache.mend(tmp_path, 10**6)
    assert sorted(gone) == ["cut-cache", "empty-cache", "flipped-cache"]
    assert list(kept(tmp_path)) == ["whole-cache"]
    assert cache.mend(tmp_path, 10**6) == []


def test_the_oldest_of_too_many_go(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        put(tmp_path, name, WHOLE, age * 1000.0)
    assert cache.mend(tmp_path, 2 * len(WHOLE)) == ["old-cache"]
    assert cache.mend(tmp_path, 0) == ["new-cache", "middle-cache"]


def test_what_was_read_is_read_again_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a", WHOLE, 1000.0)
    cache.mend(tmp_path, 10**6)
    put(tmp_path, "a", WHOLE[:-5], 1000.0)  # by a fault of the disk: its time is old
    assert cache.mend(tmp_path, 10**6) == []
    now = cache.time.time()
    monkeypatch.setattr(cache, "time", SimpleNamespace(time=lambda: now + 90_000.0))
    assert cache.mend(tmp_path, 10**6) == ["a-cache"]


def test_an_entry_that_another_process_removes_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = put(tmp_path, "a", b"")
    monkeypatch.setattr(cache, "is_whole", lambda data: entry.unlink() or False)
    assert cache.mend(tmp_path, 10**6) == []


def test_zstandard_is_asked_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class ZstdError(Exception):
        pass

    class ZstdDecompressor:
        def decompress(self, data: bytes) -> bytes:
            if not data.endswith(b"end"):
                raise ZstdError
            return data

    monkeypatch.setitem(sys.modules, "zstandard", None)  # not installed
    assert cache.is_whole(cache.ZSTANDARD)
    fake = SimpleNamespace(ZstdError=ZstdError, ZstdDecompressor=ZstdDecompressor)
    monkeypatch.setitem(sys.modules, "zstandard", fake)
    assert cache.is_whole(cache.ZSTANDARD + b"end")
    assert not cache.is_whole(cache.ZSTANDARD)
