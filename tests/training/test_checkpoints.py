"""A loadable checkpoint is always there, and damage is named."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import pickle
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import safetensors.numpy

from course_lib.bounds import BOUNDS, has_control
from course_lib.training import (
    Checkpoint,
    CheckpointError,
    LossLog,
    Record,
    Run,
    Settings,
    checkpoints,
    load_checkpoint,
    read_checkpoint,
    samples,
    save_checkpoint,
    write_checkpoint,
)
from course_lib.training.logs import LogError
from course_lib.training.run import Session

SOME_NAMES = "ada alan bea clara grace hedy ida jean kurt lise radia tim"
NAMES = SOME_NAMES.split()
SMALL = {"n_embd": 4, "n_head": 2, "block_size": 5}


@pytest.fixture(autouse=True, scope="module")
def _broadcasting() -> Iterator[None]:
    """Let a batch of documents meet the one table of positions."""
    with jax.numpy_rank_promotion("allow"):
        yield


def small_run(engine: str = "scalar", steps: int = 40, **more: Any) -> Run:
    return Run(NAMES, Settings(steps=steps, engine=engine, **SMALL, **more))


def losses(run: Run, stop_after: int | None = None) -> list[float]:
    return [record.loss for record in run.records(stop_after)]


def same(a: Checkpoint, b: Checkpoint) -> bool:
    left, right = a.state.tensors(), b.state.tensors()
    return (
        left.keys() == right.keys()
        and all(left[k].dtype == right[k].dtype for k in left)
        and all(left[k].tobytes() == right[k].tobytes() for k in left)
        and (a.step, a.settings, a.chars, a.data, a.data_sha256)
        == (b.step, b.settings, b.chars, b.data, b.data_sha256)
    )


# Round trips and resuming


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_what_is_saved_comes_back_bit_for_bit(tmp_path: Path, engine: str) -> None:
    run = small_run(engine, schedule="cosine", learning_rate=0.02)
    losses(run, 7)
    checkpoint = run.checkpoint("names")
    save_checkpoint(tmp_path / "deep" / "er", checkpoint)
    back = load_checkpoint(tmp_path / "deep" / "er")
    assert same(back, checkpoint)
    assert back.step == 7
    assert back.tokenizer.chars == run.tokenizer.chars
    assert back.config == run.config


@pytest.mark.parametrize("engine", ["jax", "scalar"])
@pytest.mark.parametrize("stops", [[1], [7], [39], [3, 4, 20]])
def test_a_resumed_run_tells_the_same_losses(
    tmp_path: Path, engine: str, stops: list[int]
) -> None:
    whole = small_run(engine)
    expected = losses(whole)
    heard, checkpoint = [], None
    for stop in [*stops, 40]:
        run = Run(NAMES, small_run(engine).settings, checkpoint)
        heard += losses(run, stop)
        save_checkpoint(tmp_path, run.checkpoint())
        checkpoint = load_checkpoint(tmp_path)
    if engine == "scalar":
        assert heard == expected
        assert same(checkpoint, whole.checkpoint())
    else:  # XLA promises the same bits on one thread only
        assert heard == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("first", "second"), [("jax", "scalar"), ("scalar", "jax")])
def test_either_engine_goes_on_from_the_other(first: str, second: str) -> None:
    expected = losses(small_run("scalar"))
    run = small_run(first)
    heard = losses(run, 15)
    run = Run(NAMES, small_run(second).settings, run.checkpoint())
    assert heard + losses(run) == pytest.approx(expected, abs=5e-5)


PINNED = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from tests.training.test_checkpoints import NAMES, losses, small_run, Run, Session
expected = losses(small_run("jax", steps=300))
for stop in (1, 2, 150, 299):
    run = small_run("jax", steps=300)
    heard = losses(run, stop)
    run = Run(NAMES, None, run.checkpoint())
    assert heard + losses(run) == expected, stop
expected = losses(small_run("jax", val_fraction=0.25))
for every in (1, 7):
    session = Session(small_run("jax", val_fraction=0.25), val_every=every)
    assert [record.loss for record in session.records()] == expected, every
"""


def test_on_one_thread_jax_resumes_and_validates_bit_for_bit() -> None:
    root = Path(__file__).parent.parent.parent
    variables = {**os.environ, "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
    variables.pop("JAX_NUMPY_RANK_PROMOTION", None)
    subprocess.run(
        [sys.executable, "-c", PINNED], check=True, cwd=root, env=variables, timeout=300
    )


def test_weights_only_are_a_third_and_can_be_shipped(tmp_path: Path) -> None:
    run = small_run()
    losses(run, 3)
    whole, light = tmp_path / "whole.safetensors", tmp_path / "light.safetensors"
    write_checkpoint(whole, run.checkpoint())
    write_checkpoint(light, run.checkpoint().weights_only())
    back = read_checkpoint(light)
    assert back.state.mu == back.state.nu == {}
    assert np.array_equal(back.state.params["wte"], run.engine.state().params["wte"])
    assert light.stat().st_size < 0.6 * whole.stat().st_size


def test_others_can_read_the_safetensors_file(
    tmp_path: Path,
) -> None:
    save_checkpoint(tmp_path, small_run().checkpoint("names"))
    tensors = safetensors.numpy.load_file(tmp_path / "checkpoint.safetensors")
    assert tensors["params.wte"].shape == (len(set("".join(NAMES))) + 1, 4)
    assert {name.split(".")[0] for name in tensors} == {"params", "mu", "nu"}
    with safetensors.safe_open(tmp_path / "checkpoint.safetensors", "numpy") as file:
        about = json.loads(file.metadata()["course_lib"])
    assert about["settings"]["n_embd"] == 4
    assert about["data"] == "names"


def test_weights_that_are_no_numbers_are_not_saved(tmp_path: Path) -> None:
    run = small_run()
    save_checkpoint(tmp_path, run.checkpoint())
    losses(run, 1)
    run.engine.weights[3].data = float("nan")
    with pytest.raises(CheckpointError, match="step 1: its weights hold nan or inf"):
        save_checkpoint(tmp_path, run.checkpoint())
    assert load_checkpoint(tmp_path).step == 0


# Two files, and at each moment a whole one


def saved_at(folder: Path, *steps: int) -> Run:
    run = small_run()
    for step in steps:
        losses(run, step)
        save_checkpoint(folder, run.checkpoint())
    return run


def test_the_newest_and_the_one_before_are_kept(tmp_path: Path) -> None:
    saved_at(tmp_path, 1, 2, 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint.safetensors",
        "previous.safetensors",
    ]
    assert read_checkpoint(tmp_path / "checkpoint.safetensors").step == 5
    assert read_checkpoint(tmp_path / "previous.safetensors").step == 2


class Killed(BaseException):
    """Stands for the end of the process."""


MOMENTS = ["fsync 1", "replace 1", "replace 2", "fsync 2", "mkdir 1", "unlink 1"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_save_cut_short_anywhere_leaves_a_whole_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, when: str
) -> None:
    run = saved_at(tmp_path, 1, 2)
    losses(run, 3)
    name, number = moment.split()
    calls, dead = [], []
    for call in ("fsync", "replace", "mkdir", "unlink"):
        monkeypatch.setattr(
            os, call, deadly(call, name, int(number), when, calls, dead)
        )
    with pytest.raises(Killed):
        save_checkpoint(tmp_path, run.checkpoint())
    monkeypatch.undo()
    told: list[str] = []
    assert load_checkpoint(tmp_path, told.append).step in (2, 3)
    assert told == []
    losses(run, 4)  # and the next save works as ever
    save_checkpoint(tmp_path, run.checkpoint())
    assert load_checkpoint(tmp_path).step == 4
    assert not list(tmp_path.glob("*.part"))


def deadly(
    call: str, name: str, number: int, when: str, calls: list[str], dead: list[int]
) -> Callable[..., Any]:
    """Wrap a system call: at the given moment, and ever after, nothing happens."""
    real = getattr(os, call)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls.append(call)
        last = call == name and calls.count(call) == number
        if dead or (last and when == "before"):
            dead.append(1)
            raise Killed
        try:
            return real(*args, **kwargs)
        finally:
            if last:
                dead.append(1)
                raise Killed

    return wrapped


@pytest.mark.parametrize("failing", ["open", "write", "fsync", "replace"])
def test_a_full_disk_is_one_line_and_the_earlier_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    run = saved_at(tmp_path, 1, 2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    losses(run, 3)

    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    class FullFile(io.FileIO):
        write = full

    if failing in ("open", "write"):
        opener = full if failing == "open" else FullFile
        monkeypatch.setattr(checkpoints, "open", opener, raising=False)
    else:
        monkeypatch.setattr(os, failing, full)
    with pytest.raises(CheckpointError, match="no space left on device") as caught:
        save_checkpoint(tmp_path, run.checkpoint())
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("mine")
    with pytest.raises(CheckpointError, match="it is a file, not a folder"):
        save_checkpoint(place, small_run().checkpoint())
    with pytest.raises(CheckpointError, match="it is a file, not a folder"):
        save_checkpoint(place / "below", small_run().checkpoint())
    with pytest.raises(CheckpointError, match="there is no checkpoint in"):
        load_checkpoint(place)
    assert place.read_text() == "mine"


# Damage


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("good")
    saved_at(folder, 2)
    return (folder / "checkpoint.safetensors").read_bytes()


def test_every_shortened_file_is_named(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "checkpoint.safetensors"
    lengths = {0, 1, 7, 8, 9, len(good) - 1, *range(10, len(good), len(good) // 40)}
    for length in sorted(lengths):
        path.write_bytes(good[:length])
        with pytest.raises(CheckpointError, match="damaged or cut short") as caught:
            load_checkpoint(tmp_path)
        assert "\n" not in str(caught.value)


def test_every_flipped_bit_is_named(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "checkpoint.safetensors"
    header = 8 + int.from_bytes(good[:8], "little")
    rng = random.Random(0)
    places = [(at, rng.randrange(8)) for at in range(0, header, 3)]
    places += [(rng.randrange(header, len(good)), rng.randrange(8)) for _ in range(300)]
    for at, bit in places:
        damaged = bytearray(good)
        damaged[at] ^= 1 << bit
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(tmp_path)
        assert re.search("damaged|not a checkpoint", str(caught.value)), (at, bit)
        assert "\n" not in str(caught.value)


def test_the_one_before_is_taken_and_said(tmp_path: Path) -> None:
    run = saved_at(tmp_path, 3, 6)
    newest = tmp_path / "checkpoint.safetensors"
    damaged = bytearray(newest.read_bytes())
    damaged[-1] ^= 1
    newest.write_bytes(damaged)
    told: list[str] = []
    assert load_checkpoint(tmp_path, told.append).step == 3
    assert len(told) == 1
    assert "checksum" in told[0]
    assert "going back to the one before it, of step 3" in told[0]
    save_checkpoint(tmp_path, run.checkpoint())  # must not push out the good one
    assert read_checkpoint(tmp_path / "previous.safetensors").step == 3
    assert load_checkpoint(tmp_path).step == 6


def test_when_both_are_damaged_both_are_named(tmp_path: Path) -> None:
    saved_at(tmp_path, 3, 6)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(tmp_path)
    assert str(caught.value).count(" is damaged") == 2
    assert "previous.safetensors" in str(caught.value)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, ("exploded",))


def test_what_is_no_checkpoint_is_refused_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(CheckpointError, match="there is no checkpoint in"):
        load_checkpoint(tmp_path)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError, match="no safetensors file"):
        load_checkpoint(tmp_path)
    assert not (tmp_path / "exploded").exists()
    safetensors.numpy.save_file({"weights": np.zeros((2, 2))}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint of this course"):
        load_checkpoint(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(CheckpointError, match="is not a regular file"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "its format is 2"),
        ({"chars": "abc"}, "matrices do not fit"),
        ({"chars": ""}, "at least one character"),
        ({"step": None}, "does not fit this version"),
        ({"step": math.inf}, "no JSON|its step must be a whole number"),
        ({"step": -1}, "its step must be a whole number"),
        ({"step": True}, "its step must be a whole number"),
        ({"step": 10**30}, "its step must be a whole number"),
        ({"step": 1.0}, "its step must be a whole number"),
        ({"format": True}, "its format is True"),
        ({"format": 1.0}, "its format is 1.0"),
        ({"more": 1}, "unknown field: 'more'"),
        ({"\x1b[2J\n": 1}, "unknown field"),
        ({"chars": ["a", "b"]}, "its chars must be text"),
        ({"chars": ["ab"]}, "its chars must be text"),
        ({"chars": "aa"}, "distinct"),
        ({"chars": "ba"}, "in order"),
        ({"chars": "\x1bab"}, "its chars holds"),
        ({"chars": "ab\ud800"}, "its chars holds"),
        ({"data": "\x1b[31m"}, "its data holds"),
        ({"data": "\udcff"}, "its data holds"),
        ({"data": 5}, "its data must be text"),
        ({"data_sha256": None}, "its data_sha256 must be text"),
        ({"settings": "\x1b"}, "its settings must be an object"),
        ({"settings": {}}, "its settings lacks batch_size"),
        ({"set n_embd": 8}, "matrices do not fit"),
        ({"set n_layer": 2}, "matrices do not fit"),
        ({"set n_embd": -4}, "n_embd must be"),
        ({"set n_layer": 10**8}, "n_layer must be"),
        ({"set n_layer": 10**30}, "n_layer must be"),
        ({"set n_layer": True}, "n_layer must be"),
        ({"set n_dreams": 4}, "unknown field: 'n_dreams'"),
        ({"set seed": -1}, "seed must be"),
        ({"set schedule": "\x1b[2J"}, "schedule must be one of"),
        ({"set schedule": ["linear"]}, "schedule must be one of"),
        ({"set schedule": {}}, "schedule must be one of"),
        ({"set engine": "\ud800"}, "engine must be one of"),
        ({"set precision": 5}, "precision must be one of"),
        ({"set learning_rate": 10**400}, "learning_rate must be"),
        ({"set learning_rate": True}, "learning_rate must be"),
        ({"settings": 7}, "does not fit this version"),
        ({"val_loss": 2.5}, "its val_rows must be a whole number from 1"),
        ({"val_rows": 40}, "its val_loss must be a number"),
        ({"val_rows": 40, "val_loss": math.nan}, "its val_loss must be a number from"),
        ({"val_rows": 40, "val_loss": -1}, "its val_loss must be a number from 0"),
        ({"val_rows": 40, "val_loss": 1e9}, "its val_loss must be a number from 0"),
        ({"val_rows": 40, "val_loss": True}, "its val_loss must be a number"),
        ({"val_rows": 40, "val_loss": "2.5"}, "its val_loss must be a number"),
        ({"val_rows": 0, "val_loss": 2.5}, "its val_rows must be a whole number"),
        ({"val_rows": 4.0, "val_loss": 2.5}, "its val_rows must be a whole number"),
        ({"val_rows": 10**30, "val_loss": 2.5}, "its val_rows must be a whole number"),
    ],
)
def test_parts_that_do_not_fit_are_named(
    tmp_path: Path, good: bytes, change: dict[str, Any], said: str
) -> None:
    about, tensors = parts_of(tmp_path, good)
    for name, value in change.items():
        word, _, setting = name.partition(" ")
        if word == "set":
            about["settings"][setting] = value
        else:
            about[name] = value
    refused(tmp_path, json.dumps(about), tensors, said)


def parts_of(folder: Path, good: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The description and the tensors of a checkpoint."""
    path = folder / "good.safetensors"
    path.write_bytes(good)
    with safetensors.safe_open(path, "numpy") as file:
        about = json.loads(file.metadata()["course_lib"])
    return about, safetensors.numpy.load_file(path)


def refused(folder: Path, text: str, tensors: dict[str, Any], said: str) -> None:
    """A file with these parts, and a checksum that is right, is refused in one line."""
    path = folder / "forged.safetensors"
    metadata = {"course_lib": text, "sha256": checkpoints._digest(text, tensors)}
    safetensors.numpy.save_file(tensors, path, metadata)
    with pytest.raises(CheckpointError, match=said) as caught:
        read_checkpoint(path)
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert not has_control(message)
    assert len(message) < 700


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 10**5, '{"a":' * 10**5, "[]", "7", "null", '"x"', "", "{", "{}"),
        *('{"step": 1e999}', "9" * 5000, '{"format": 1}'),
    ],
    ids=range(12),
)
def test_a_description_that_is_none_is_named(
    tmp_path: Path, good: bytes, text: str
) -> None:
    refused(tmp_path, text, parts_of(tmp_path, good)[1], "its description")


def test_a_description_has_a_bound(
    tmp_path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    about, tensors = parts_of(tmp_path, good)
    text = json.dumps(about)
    monkeypatch.setitem(BOUNDS, "checkpoint, description", (len(text) - 1, ""))
    refused(tmp_path, text, tensors, "its description is longer than")
    monkeypatch.setitem(BOUNDS, "checkpoint, description", (len(text), ""))
    assert read_checkpoint(tmp_path / "forged.safetensors").step == 2


def test_a_file_has_a_bound_and_must_be_regular(
    tmp_path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(good)
    monkeypatch.setitem(BOUNDS, "checkpoint", (len(good), ""))
    assert read_checkpoint(path).step == 2
    monkeypatch.setitem(BOUNDS, "checkpoint", (len(good) - 1, ""))
    with pytest.raises(CheckpointError, match="is too large: expected at most"):
        read_checkpoint(path)
    path.unlink()
    with pytest.raises(CheckpointError, match="is not a regular file"):
        read_checkpoint(tmp_path)
    if os.name != "nt":
        os.mkfifo(path)
        for place in (path, Path("/dev/zero"), Path("/dev/null")):
            with pytest.raises(CheckpointError, match="is not a regular file"):
                read_checkpoint(place)


def with_all(value: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda matrix: np.full_like(matrix, value)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("params.wte", with_all(math.nan), "nan or inf"),
        ("params.wte", with_all(-math.inf), "nan or inf"),
        ("params.wte", with_all(1e300), "too large for float32"),
        ("params.wte", with_all(-1.1e6), "are larger than 1,000,000 in size"),
        ("mu.wpe", with_all(1e300), "too large for float32"),
        ("nu.lm_head", with_all(math.nan), "nan or inf"),
        ("nu.lm_head", with_all(-1e-9), "must not be negative"),
        ("params.wte", lambda m: m.astype(np.float32), "its numbers must all be"),
        ("params.wte", lambda m: m.astype(np.float16), "its numbers must all be"),
        ("params.wte", lambda m: m.astype(np.int64), "its numbers must all be"),
        ("params.wte", lambda m: m.astype(bool), "its numbers must all be"),
        ("params.wte", lambda m: m[:-1].copy(), "do not fit its sizes"),
        ("params.wte", lambda m: m.ravel(), "do not fit its sizes"),
        ("params.more", lambda m: np.zeros((1, 1)), "do not fit its sizes"),
        ("\x1b[2J\n", lambda m: np.zeros((1, 1)), "none of its own"),
    ],
)
def test_numbers_that_cannot_be_are_named(
    tmp_path: Path, good: bytes, name: str, change: Any, said: str
) -> None:
    about, tensors = parts_of(tmp_path, good)
    tensors[name] = change(tensors.get(name))
    refused(tmp_path, json.dumps(about), tensors, said)


def test_adams_moments_come_both_or_not_at_all(tmp_path: Path, good: bytes) -> None:
    about, tensors = parts_of(tmp_path, good)
    without = {name: m for name, m in tensors.items() if not name.startswith("nu.")}
    refused(tmp_path, json.dumps(about), without, "one of Adam's moments without")


def test_the_largest_weight_is_read_and_sampled_from_or_refused(
    tmp_path: Path, good: bytes
) -> None:
    about, tensors = parts_of(tmp_path, good)
    rng = np.random.default_rng(1)
    for name in tensors:
        if name.startswith("params."):
            signs = rng.choice([-1.0, 1.0], tensors[name].shape)
            tensors[name] = BOUNDS["weight"][0] * signs
    path = tmp_path / "large.safetensors"
    text = json.dumps(about)
    metadata = {"course_lib": text, "sha256": checkpoints._digest(text, tensors)}
    safetensors.numpy.save_file(tensors, path, metadata)
    try:  # scores of 10^13 are rounded to 10^6 in float32: exp of that is inf
        assert len(list(samples(read_checkpoint(path), count=2))) == 2
    except ValueError as error:
        assert "the weights are too large" in str(error)  # noqa: PT017
    tensors["params.layer0.attn_wq"] *= 0
    text = json.dumps(about)
    metadata = {"course_lib": text, "sha256": checkpoints._digest(text, tensors)}
    safetensors.numpy.save_file(tensors, path, metadata)
    assert len(list(samples(read_checkpoint(path), count=2))) == 2


@pytest.mark.parametrize("data", ["a\x1b[2Jb", "caf\udce9.txt", "two\nlines"])
def test_what_a_run_saves_can_be_read_wherever_its_text_came_from(
    tmp_path: Path, data: str
) -> None:
    save_checkpoint(tmp_path, small_run().checkpoint(data))
    assert not has_control(load_checkpoint(tmp_path).data)


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x85", "\ud800"])
def test_text_that_no_checkpoint_may_hold_is_refused_before_any_work(char: str) -> None:
    with pytest.raises(ValueError, match="the text holds") as caught:
        Run(["emma", f"a{char}va"], Settings(engine="scalar", **SMALL))
    assert not has_control(str(caught.value))


def test_marks_of_direction_are_part_of_a_text(tmp_path: Path) -> None:
    run = Run(["\u200fשלום", "a\tb\u2028"], Settings(engine="scalar", **SMALL))
    save_checkpoint(tmp_path, run.checkpoint())
    assert "\u200f" in load_checkpoint(tmp_path).chars


# The log


def record(step: int) -> Record:
    return Record(step, 1 / step, 0.01, 1.0, 5)


def test_a_log_has_one_row_per_step(tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    with LossLog(path) as log:
        assert path.read_text() == "step,loss\n"
        for step in (1, 2, 3):
            log.write(record(step))
        log.flush()
        assert path.read_text().count("\n") == 4
    assert path.read_text() == (
        "step,loss\n1,1.000000000\n2,0.500000000\n3,0.333333333\n"
    )


@pytest.mark.parametrize(
    ("found", "step", "kept"),
    [
        ("step,loss\n1,1.0\n2,0.5\n3,0.3\n", 2, "step,loss\n1,1.0\n2,0.5\n"),
        ("step,loss\n1,1.0\n2,0.5\n3,0.", 2, "step,loss\n1,1.0\n2,0.5\n"),
        ("step,loss\n1,1.0\n2,0.5\n3,0.3\n4,0.25\n", 0, "step,loss\n"),
        ("step,loss\n5,1.0\n6,0.5\n", 5, "step,loss\n5,1.0\n"),
        ("step,loss\n5,1.0\n6,0.5\n", 2, "step,loss\n"),
        ("step,loss\n", 2, "step,loss\n"),
        ("step,lo", 0, "step,loss\n"),
        ("", 4, "step,loss\n"),
    ],
)
def test_a_log_goes_on_where_the_checkpoint_stands(
    tmp_path: Path, found: str, step: int, kept: str
) -> None:
    path = tmp_path / "loss.csv"
    path.write_text(found)
    log = LossLog(path, step)
    assert path.read_text() == found  # nothing is written before it is opened
    with log:
        log.write(record(step + 1))
    assert path.read_text() == f"{kept}{step + 1},{1 / (step + 1):.9f}\n"


@pytest.mark.parametrize(
    ("found", "step", "said"),
    [
        ("my thesis\n", 0, "is no loss log"),
        ("Step,Loss\n", 3, "is no loss log"),
        ("step,loss\n1,1.0\n2,0.5\n", 3, "ends at step 2 and the checkpoint is at 3"),
        ("step,loss\n1,1.0\n2,0.5\n3,0.", 3, "ends at step 2"),
        ("step,loss\n1,1.0\n3,0.5\n", 3, "step 3 follows step 1"),
    ],
)
def test_a_log_that_does_not_fit_is_left_alone(
    tmp_path: Path, found: str, step: int, said: str
) -> None:
    path = tmp_path / "loss.csv"
    path.write_text(found)
    with pytest.raises(LogError, match=said.replace(" at 3", " at step 3")) as caught:
        LossLog(path, step)
    assert path.read_text() == found
    assert "\n" not in str(caught.value)


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="there is no folder"):
        LossLog(tmp_path / "missing" / "loss.csv")
    with pytest.raises(LogError, match="it is not a file"):
        LossLog(tmp_path)
    LossLog(tmp_path / "soon" / "loss.csv", new_folder=tmp_path / "soon")


# Sessions


def test_a_session_saves_first_by_the_clock_and_at_the_end(tmp_path: Path) -> None:
    run = small_run(steps=6)
    session = Session(run, tmp_path, source="names", save_every=0)
    on_disk = []
    for _ in session.records():
        on_disk.append(load_checkpoint(tmp_path).step)
    assert on_disk == [0, 1, 2, 3, 4, 5]  # each record comes before its save
    assert load_checkpoint(tmp_path).step == session.saved_step == 6
    assert load_checkpoint(tmp_path).data == "names"


def test_a_session_that_is_asked_to_stop_is_saved_where_it_stopped(
    tmp_path: Path,
) -> None:
    run = small_run()
    session = Session(run, tmp_path, LossLog(tmp_path / "loss.csv"), save_every=1e9)
    heard = []
    for record in session.records(asked_to_stop=lambda: len(heard) == 4):
        heard.append(record.loss)
    assert load_checkpoint(tmp_path).step == 4
    assert (tmp_path / "loss.csv").read_text().count("\n") == 5
    assert heard == losses(small_run(), 4)


@pytest.mark.parametrize("stop_after", [1, 3, 6, 11])
def test_when_jax_is_ahead_the_session_waits_for_the_end_of_its_chunk(
    tmp_path: Path, stop_after: int
) -> None:
    run = small_run("jax")
    session = Session(run, tmp_path, LossLog(tmp_path / "loss.csv"), save_every=0)
    heard: list[int] = []
    for record in session.records(asked_to_stop=lambda: heard[-1] >= stop_after):
        heard.append(record.step)
    rows = (tmp_path / "loss.csv").read_text().count("\n") - 1
    assert load_checkpoint(tmp_path).step == rows == run.engine.step >= stop_after
    assert run.engine.step < 2 * stop_after + 2


# kill -9


def command(folder: Path, data: Path, *more: str) -> list[str]:
    sizes = "--steps 60 --n-embd 4 --n-head 2 --block-size 5 --save-every 0"
    return [
        *(sys.executable, "-m", "course_lib", "train", "--data", str(data)),
        *sizes.split(),
        *("--checkpoint", str(folder), "--log", str(folder / "loss.csv"), *more),
    ]


def rows_of(folder: Path) -> list[tuple[int, float]]:
    lines = (folder / "loss.csv").read_text().splitlines()
    assert lines[0] == "step,loss"
    return [(int(a), float(b)) for a, b in (line.split(",") for line in lines[1:])]


def kill_and_resume(tmp_path: Path, engine: str, times: int, seed: int) -> list[int]:
    """Kill a run `times` times, resuming each time; return the steps it had reached."""
    data, folder = tmp_path / "data.txt", tmp_path / "run"
    data.write_text("\n".join(NAMES))
    rng = random.Random(seed)
    expected = losses(small_run(engine, steps=60))
    survived: list[int] = []
    while len(survived) < times:
        if not survived or survived[-1] >= 55:  # begin a new run
            shutil.rmtree(folder, ignore_errors=True)
            arguments, at_least = command(folder, data, "--engine", engine), 0
        else:
            arguments, at_least = command(folder, data, "--resume"), survived[-1]
        with subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            while said and not said.splitlines()[-1].startswith("step"):
                said += process.stdout.readline()  # until training has begun
            time.sleep(rng.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
            said += process.stdout.read()
        assert "course:" not in said
        told: list[str] = []
        step = load_checkpoint(folder, told.append).step
        assert told == []
        assert step >= at_least
        survived.append(step)
    done = subprocess.run(
        command(folder, data, "--resume"), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert load_checkpoint(folder).step == 60
    rows = rows_of(folder)
    assert [step for step, _ in rows] == list(range(1, 61))
    assert [loss for _, loss in rows] == pytest.approx(expected, abs=1e-5)
    return survived


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of Unix")
def test_six_kills_lose_little_and_the_log_is_whole(tmp_path: Path) -> None:
    survived = kill_and_resume(tmp_path, "scalar", times=6, seed=0)
    assert len(set(survived)) > 1


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of Unix")
@pytest.mark.parametrize(("engine", "times"), [("scalar", 40), ("jax", 10)])
def test_fifty_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, times: int
) -> None:
    monkeypatch.delenv("JAX_NUMPY_RANK_PROMOTION")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    survived = kill_and_resume(tmp_path, engine, times, seed=1)
    print(f"{times} kills of the {engine} engine, seed 1, at steps {survived}")


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
from course_lib.app.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of file size are Unix's")
def test_a_real_limit_on_file_size_is_one_line(tmp_path: Path) -> None:
    data, folder = tmp_path / "data.txt", tmp_path / "run"
    data.write_text("\n".join(NAMES))
    begin = command(folder, data, "--engine", "scalar", "--stop-after", "3")
    subprocess.run(begin, check=True, capture_output=True)
    before = (folder / "checkpoint.safetensors").read_bytes()
    arguments = command(folder, data, "--resume")[3:]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("course: cannot save a checkpoint in")
    assert (folder / "checkpoint.safetensors").read_bytes() == before
