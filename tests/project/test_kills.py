"""The doors for runs that are killed find what a kill can do, and here it does none."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from course_lib.training import Run, Settings, save_checkpoint
from course_lib.training.checkpoints import save_best

pytest.importorskip("resource", reason="kill -9 is a matter of Unix")

from tools.doors import Fault
from tools.kills import EVERY, Kills, check_end, check_lost, what_is_left

LOST = "course: process 1 of 2: another process has ended or cannot be reached; …\n"


def write_log(folder: Path, losses: list[float]) -> None:
    rows = [f"{i},{loss:.9f}\n" for i, loss in enumerate(losses, start=1)]
    (folder / "loss.csv").write_text("".join(["step,loss\n", *rows]))


def a_run(folder: Path, seed: int = 1) -> Path:
    """A folder as a run leaves it: two checkpoints, both of step 0, a best, a log."""
    settings = Settings(
        steps=2, n_embd=4, n_head=1, block_size=4, engine="scalar", seed=seed
    )
    checkpoint = Run(["emma", "ava"], settings).checkpoint()
    for save in (save_checkpoint, save_checkpoint, save_best):
        save(folder, checkpoint)
    write_log(folder, [3.0] * EVERY)
    return folder


def test_what_a_kill_may_leave(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    assert what_is_left(run) == (False, EVERY)
    (run / "checkpoint.safetensors").rename(run / "checkpoint.safetensors.part")
    assert what_is_left(run) == (True, EVERY)  # the one before it is there
    write_log(run, [])
    assert what_is_left(run) == (True, 0)
    assert what_is_left(tmp_path / "nothing") == (False, 0)  # before the first save


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: write_log(run, [3.0] * (EVERY + 1)), "the log ends at step 11"),
        (lambda run: damage(run / "checkpoint.safetensors"), "is damaged"),
        (lambda run: damage(run / "best.safetensors"), "is damaged"),
        (lambda run: [*map(Path.unlink, run.glob("*.safe*"))], "no checkpoint is left"),
    ],
)
def test_what_a_kill_may_not_leave(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    spoil(a_run(tmp_path / "run"))
    with pytest.raises(Exception, match=said):
        what_is_left(tmp_path / "run")


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("exact", [True, False])
def test_a_resumed_run_ends_as_if_nobody_had_disturbed_it(
    tmp_path: Path, exact: bool
) -> None:
    whole, run = a_run(tmp_path / "whole"), a_run(tmp_path / "run")
    check_end(run, whole, exact)
    for name in ("checkpoint.lock", "best.safetensors.part"):
        (run / name).touch()
        with pytest.raises(Fault, match=name):
            check_end(run, whole, exact)
        (run / name).unlink()
    write_log(run, [3.0] * (EVERY - 1) + [3.001])
    with pytest.raises(Fault, match="loss"):
        check_end(run, whole, exact)
    write_log(run, [3.0] * (EVERY - 1) + [3.0001])
    if exact:
        with pytest.raises(Fault, match=r"loss\.csv is not"):
            check_end(run, whole, exact)
    else:
        check_end(run, whole, exact)
    write_log(run, [3.0] * (EVERY - 1))
    with pytest.raises(Fault, match=r"log|loss\.csv"):
        check_end(run, whole, exact)


@pytest.mark.parametrize("name", ["checkpoint.safetensors", "best.safetensors"])
def test_other_weights_at_the_end_are_a_fault(tmp_path: Path, name: str) -> None:
    whole, run = a_run(tmp_path / "whole"), a_run(tmp_path / "run")
    shutil.copy(a_run(tmp_path / "other", seed=2) / name, run / name)
    with pytest.raises(Fault, match=f"{name} is not what it is without a kill"):
        check_end(run, whole, exact=True)


def test_the_other_process_ends_with_one_line() -> None:
    check_lost(1, 1, "step 1\n", LOST)
    for code, out, err in [
        (0, "", LOST),
        (-6, "", ""),
        (1, "", LOST * 2),
        (1, "", "course: a mistake of ours\n"),
        (1, "Traceback", LOST),
    ]:
        with pytest.raises(Fault, match="process 1"):
            check_lost(1, code, out, err)


@pytest.mark.slow
@pytest.mark.parametrize("team", [False, True])
def test_two_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, team: bool) -> None:
    monkeypatch.delenv("JAX_NUMPY_RANK_PROMOTION")
    kills = Kills(team)
    for _, kill in islice(kills.trials(random.Random(1), tmp_path), 2):
        kill()
    assert kills.sentence().startswith("2 kills of ")
