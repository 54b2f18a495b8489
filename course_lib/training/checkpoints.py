"""Checkpoints: a training run on disk, safe from a crash, a full disk or a bad byte.

A checkpoint is one safetensors file: the weights, Adam's moments, and a text (JSON)
that says what they belong to. Reading one runs no code. A folder holds the newest
checkpoint and the one before it, and at every moment at least one of them is whole.
Beside them may stand the best: weights alone, of the lowest validation loss.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from course_lib.bounds import (
    BOUNDS,
    check_number,
    check_whole,
    escaped,
    open_regular,
    refuse_spoiled,
    shown,
)
from course_lib.config import GPTConfig
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training.loop import Arrays, TrainState
from course_lib.training.settings import Settings

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "cannot_save",
    "has_best",
    "has_checkpoint",
    "load_best",
    "load_checkpoint",
    "read_checkpoint",
    "save_best",
    "save_checkpoint",
    "write_checkpoint",
]

NEWEST, PREVIOUS = "checkpoint.safetensors", "previous.safetensors"
BEST = "best.safetensors"
FORMAT = 1
MAX_LINE = 600  # characters of an error
DTYPES = ("float32", "float64")
Pathlike = str | os.PathLike[str]


VALIDATION = frozenset({"val_loss", "val_rows"})  # in the description of the best
DESCRIPTION = VALIDATION | {
    "format",
    "step",
    "settings",
    "chars",
    "data",
    "data_sha256",
}
SETTINGS = frozenset(field.name for field in fields(Settings))
LATER = frozenset({"split", "field", "fsdp"})  # earlier versions did not write them
MAX_TENSORS = 3 * (3 + 6 * int(BOUNDS["layers"][0]))  # weights and both moments


class CheckpointError(Exception):
    """A checkpoint cannot be read or written; the message says why, in one line."""

    def __init__(self, message: str) -> None:
        line = escaped(message.replace("\n", "\\n"))
        super().__init__(line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}…")


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training run, and what it belongs to.

    chars: the characters of the vocabulary. data: where the text came from;
    data_sha256: which text it was. Without Adam's moments (state.mu and state.nu empty)
    it can be sampled from, but not trained further. The best of a run also has its
    val_loss, in nats per token, and val_rows, the number of rows it was measured on.
    """

    state: TrainState
    settings: Settings
    chars: str
    data: str = ""
    data_sha256: str = ""
    val_loss: float | None = None
    val_rows: int | None = None

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return self.state.step

    @property
    def tokenizer(self) -> CharTokenizer:
        """The vocabulary that the weights belong to."""
        return CharTokenizer([self.chars])

    @property
    def config(self) -> GPTConfig:
        """The sizes of the model."""
        return self.settings.config(self.tokenizer.vocab_size)

    def weights_only(self) -> Checkpoint:
        """Return it without the optimizer's state: a third of the size, to sample."""
        return replace(self, state=self.state._replace(mu={}, nu={}))


def save_checkpoint(folder: Pathlike, checkpoint: Checkpoint) -> None:
    """Save a checkpoint as the newest of a folder, and keep the one before.

    Raises CheckpointError if it cannot be written; what was there is then intact.
    """
    _replace(Path(folder), NEWEST, checkpoint, PREVIOUS)


def save_best(folder: Pathlike, checkpoint: Checkpoint) -> None:
    """Save a checkpoint as the best of a folder, in place of the one before.

    Raises CheckpointError if it cannot be written; what was there is then intact.
    """
    _replace(Path(folder), BEST, checkpoint)


def _replace(
    folder: Path, name: str, checkpoint: Checkpoint, previous: str | None = None
) -> None:
    """Write a checkpoint beside its place and move it there; keep the one before."""
    place, unfinished = folder / name, folder / f"{name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_checkpoint(unfinished, checkpoint)
        if previous and _is_whole(place):  # a damaged one must not push out a good one
            os.replace(place, folder / previous)
        os.replace(unfinished, place)
        _sync_folder(folder)
    except OSError as error:
        raise cannot_save(folder, error) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def load_checkpoint(
    folder: Pathlike, on_message: Callable[[str], object] = print
) -> Checkpoint:
    """Return the newest checkpoint of a folder that is whole.

    ``on_message`` gets one line when the newest is damaged and the one before it is
    taken instead. Raises CheckpointError if there is none, or none that is whole.
    """
    if not isinstance(folder, str | os.PathLike):
        raise ValueError(f"the path of a folder must be text: {shown(folder)}")
    newest, previous = Path(folder) / NEWEST, Path(folder) / PREVIOUS
    if not has_checkpoint(folder):
        if has_best(folder):
            raise CheckpointError(
                f"there is no checkpoint in {folder} but {BEST}, which is for sampling"
            )
        raise CheckpointError(f"there is no checkpoint in {folder}")
    if not newest.exists():  # a save was cut short between its two last moves
        return read_checkpoint(previous)
    try:
        return read_checkpoint(newest)
    except CheckpointError as error:
        if not previous.exists():
            raise
        damage = error
    try:
        checkpoint = read_checkpoint(previous)
    except CheckpointError as error:
        raise CheckpointError(f"{damage}; {error}") from error
    on_message(f"{damage}; going back to the one before it, of step {checkpoint.step}")
    return checkpoint


def has_checkpoint(folder: Pathlike) -> bool:
    """Whether a folder holds a checkpoint, whole or not."""
    return any((Path(folder) / name).exists() for name in (NEWEST, PREVIOUS))


def load_best(folder: Pathlike) -> Checkpoint:
    """Return the checkpoint of a folder that had the lowest validation loss.

    Raises CheckpointError if there is none, or if it is not whole.
    """
    path = Path(folder) / BEST
    if not has_best(folder):
        raise CheckpointError(
            f"there is no {BEST} in {folder}: a run keeps one if its val_fraction is "
            "above 0"
        )
    return read_checkpoint(path)


def has_best(folder: Pathlike) -> bool:
    """Whether a folder holds the best checkpoint of a run, whole or not."""
    return (Path(folder) / BEST).exists()


def write_checkpoint(path: Pathlike, checkpoint: Checkpoint) -> None:
    """Write a checkpoint to one file, and wait until the disk has it.

    Raises CheckpointError if the weights are unfit to go on from, if it could not be
    read again, or if the disk refuses.
    """
    if fault := checkpoint.state.fault():
        raise CheckpointError(
            f"nothing was saved at step {checkpoint.step}: its weights {fault}"
        )
    tensors = {
        name: np.ascontiguousarray(matrix)
        for name, matrix in checkpoint.state.tensors().items()
    }
    description = {
        "format": FORMAT,
        "step": checkpoint.step,
        "settings": asdict(checkpoint.settings),
        "chars": checkpoint.chars,
        "data": checkpoint.data,
        "data_sha256": checkpoint.data_sha256,
    }
    if checkpoint.val_loss is not None:
        description["val_loss"] = checkpoint.val_loss
        description["val_rows"] = checkpoint.val_rows
    about = json.dumps(description)
    try:
        _checkpoint(about, tensors)
    except ValueError as error:
        raise CheckpointError(
            f"nothing was saved at step {checkpoint.step}: {error}"
        ) from error
    metadata = {"course_lib": about, "sha256": _digest(about, tensors)}
    content = safetensors.numpy.save(tensors, metadata)
    try:
        with open(path, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_save(path, error) from error


def read_checkpoint(path: Pathlike) -> Checkpoint:
    """Read a checkpoint from one file; nothing in it is run.

    Raises CheckpointError, in one line, for a file that is missing, damaged or not
    a checkpoint.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"the path of a checkpoint must be text: {shown(path)}")
    try:  # says in words why it cannot be read
        open_regular(Path(path), int(BOUNDS["checkpoint"][0])).close()
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {_reason(error)}") from error
    except ValueError as error:
        raise CheckpointError(f"{error}") from error
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = file.keys()[: MAX_TENSORS + 1]  # one too many fits no sizes
            tensors = {name: file.get_tensor(name) for name in names}
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {_reason(error)}") from error
    except Exception as error:  # safetensors names damage in many ways
        raise CheckpointError(
            f"{path} is damaged or cut short, or is no safetensors file"
        ) from error
    about = metadata.get("course_lib")
    if about is None:
        raise CheckpointError(f"{path} is not a checkpoint of this course")
    if metadata.get("sha256") != _digest(about, tensors):
        raise CheckpointError(f"{path} is damaged: its checksum does not fit")
    try:
        return _checkpoint(about, tensors)
    except ValueError as error:
        raise CheckpointError(
            f"{path} does not fit this version of the course: {error}"
        ) from error


def _checkpoint(about: str, tensors: Arrays) -> Checkpoint:
    """Return the checkpoint that a file held; its parts must fit each other.

    Nothing is believed: a checksum that is right says only that nothing was damaged.
    Raises ValueError.
    """
    described = _described(about)
    if type(described["format"]) is not int or described["format"] != FORMAT:
        raise ValueError(f"its format is {shown(described['format'])}, not {FORMAT}")
    check_whole("its step", described["step"], 0, BOUNDS["steps"][0])
    for name in ("chars", "data", "data_sha256"):
        if not isinstance(described[name], str):
            raise ValueError(f"its {name} must be text: {shown(described[name])}")
        refuse_spoiled(described[name], f"its {name}", marks=name != "data_sha256")
    chars = described["chars"]
    if list(chars) != sorted(set(chars)):
        raise ValueError("its chars must be distinct, and in order")
    if VALIDATION & described.keys():
        val_loss, val_rows = described.get("val_loss"), described.get("val_rows")
        check_number("its val_loss", val_loss, 0, BOUNDS["loss"][0])
        check_whole("its val_rows", val_rows, 1, BOUNDS["batch"][0])
    settings = Settings(**_fields("settings", described["settings"], SETTINGS, LATER))
    parts: dict[str, Arrays] = {"params": {}, "mu": {}, "nu": {}}
    for name, matrix in tensors.items():
        part, _, rest = name.partition(".")
        if part not in parts:
            raise ValueError(f"it holds a tensor that is none of its own: {name!a:.60}")
        parts[part][rest] = matrix
    checkpoint = Checkpoint(
        TrainState(described["step"], **parts),
        settings,
        chars,
        described["data"],
        described["data_sha256"],
        described.get("val_loss"),
        described.get("val_rows"),
    )
    _check_state(checkpoint.state, checkpoint.config)
    return checkpoint


def _described(about: str) -> dict[str, Any]:
    """Return the description of a checkpoint, with the fields that it must have."""
    most = BOUNDS["checkpoint, description"][0]
    if len(about) > most:
        raise ValueError(f"its description is longer than {most:,} characters")
    try:
        found = json.loads(about)
    except (ValueError, RecursionError):
        raise ValueError("its description is no JSON that can be read") from None
    return _fields("description", found, DESCRIPTION, VALIDATION)


def _fields(
    what: str,
    found: object,
    names: frozenset[str],
    optional: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return a dict that has exactly these fields; the optional ones may be missing."""
    if not isinstance(found, dict):
        raise ValueError(f"its {what} must be an object of JSON: {shown(found)}")
    if missing := sorted(names - optional - found.keys()):
        raise ValueError(f"its {what} lacks {', '.join(missing)}")
    if unknown := sorted(found.keys() - names):
        raise ValueError(f"its {what} has an unknown field: {shown(unknown[0])}")
    return found


def _check_state(state: TrainState, config: GPTConfig) -> None:
    """Raise ValueError unless the matrices are those of a model of these sizes."""
    shapes = config.shapes()
    for part in (state.params, state.mu, state.nu):
        if {name: m.shape for name, m in part.items()} not in (shapes, {}):
            raise ValueError("its matrices do not fit its sizes")
    if not state.params:
        raise ValueError("it holds no weights")
    if bool(state.mu) != bool(state.nu):
        raise ValueError("it holds one of Adam's moments without the other")
    kinds = {matrix.dtype.name for matrix in state.tensors().values()}
    if len(kinds) > 1 or not kinds <= {*DTYPES}:
        raise ValueError(
            f"its numbers must all be {' or all '.join(DTYPES)}: they are "
            f"{', '.join(sorted(kinds))}"
        )
    if fault := state.fault():
        raise ValueError(f"its weights {fault}")
    if any(m.min() < 0 for m in state.nu.values()):
        raise ValueError("Adam's second moment must not be negative")


def _digest(about: str, tensors: Arrays) -> str:
    """Return the sha256 of a whole checkpoint: safetensors itself keeps none."""
    sha256 = hashlib.sha256(about.encode())
    for name, matrix in sorted(tensors.items()):
        sha256.update(f"{name} {matrix.dtype} {matrix.shape}".encode())
        sha256.update(matrix.tobytes())
    return sha256.hexdigest()


def _is_whole(path: Path) -> bool:
    try:
        read_checkpoint(path)
    except CheckpointError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's new names (Windows has no such call)."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def cannot_save(place: Pathlike, error: OSError) -> CheckpointError:
    """Return the error for a folder or a file that cannot be written to."""
    return CheckpointError(f"cannot save a checkpoint in {place}: {_reason(error)}")


def _reason(error: OSError) -> str:
    """Return the system's reason, in lower case: no space left on device."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "it is a file, not a folder"
    words = error.strerror or str(error) or type(error).__name__
    return words[:1].lower() + words[1:]
