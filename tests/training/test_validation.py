"""Validation during a run: it changes nothing, the best is kept, and early stopping."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from course_lib.training import (
    CheckpointError,
    LossLog,
    Record,
    Run,
    Session,
    Settings,
    checkpoints,
    counting_losses,
    load_best,
    load_checkpoint,
    pack,
    samples,
    save_best,
    save_checkpoint,
    verdict,
)
from course_lib.training.batches import evenly
from course_lib.training.validation import Best, Validation
from tests.training.test_checkpoints import MOMENTS, Killed, deadly

SOME_NAMES = "ada alan bea clara grace hedy ida jean kurt lise radia tim"
NAMES = SOME_NAMES.split()
SMALL = {"n_embd": 4, "n_head": 2, "block_size": 5, "val_fraction": 0.25}


@pytest.fixture(autouse=True, scope="module")
def _broadcasting() -> Iterator[None]:
    """Let a batch of documents meet the one table of positions."""
    with jax.numpy_rank_promotion("allow"):
        yield


def small_run(engine: str = "scalar", steps: int = 40, **more: Any) -> Run:
    return Run(NAMES, Settings(steps=steps, engine=engine, **{**SMALL, **more}))


def measured(records: list[Record]) -> dict[int, float]:
    return {r.step: r.val_loss for r in records if r.val_loss is not None}


Script = Callable[..., list[int]]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Let the next validation losses be given ones; return where they are asked for."""

    def give(*losses: float) -> list[int]:
        left, asked = list(losses), []

        def val_loss(run: Run, at_most: int | None = None) -> float:
            asked.append(run.engine.step)
            return left.pop(0)

        monkeypatch.setattr(Run, "val_loss", val_loss)
        return asked

    return give


# When it is measured, and on what


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_the_training_is_the_same_with_and_without(engine: str) -> None:
    settings = small_run(engine, steps=50).settings
    losses = [r.loss for r in Run(NAMES, settings).records()]
    for every in (1, 7, 50):
        run = Run(NAMES, settings)
        records = list(Session(run, val_every=every).records())
        found = [r.loss for r in records]
        if engine == "scalar":
            assert found == losses
        else:  # XLA promises the same bits on one thread only: see test_checkpoints
            assert found == pytest.approx(losses, abs=1e-5)
        assert [*measured(records)] == [*range(every, 50, every), 50]


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_it_is_that_of_the_weights_after_the_step(engine: str) -> None:
    found = measured(list(Session(small_run(engine), val_every=15).records()))
    assert [*found] == [15, 30, 40]
    for step, loss in found.items():
        run = small_run(engine)
        list(run.records(step))
        assert loss == pytest.approx(run.val_loss(), abs=1e-5)


def test_ten_times_in_a_run_unless_told_otherwise() -> None:
    assert [*measured(list(Session(small_run()).records()))] == [*range(4, 41, 4)]
    assert [*measured(list(Session(small_run(steps=3)).records()))] == [1, 2, 3]
    none = Session(small_run(val_fraction=0.0, steps=3))
    assert none.validation is None
    assert measured(list(none.records())) == {}


def test_a_stop_on_the_way_adds_no_measurement() -> None:
    run = small_run()
    records = list(Session(run, val_every=10).records(stop_after=15))
    records += Session(run, val_every=10).records()
    assert [*measured(records)] == [10, 20, 30, 40]


def test_few_rows_are_chosen_once_from_all_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert evenly(10, 3).tolist() == [0, 3, 6]
    assert evenly(3, 10).tolist() == [0, 1, 2]
    assert evenly(0, 10).tolist() == []
    assert len({*evenly(10**6, 200).tolist()}) == 200
    asked: list[int] = []
    monkeypatch.setattr(
        Run, "val_loss", lambda run, at_most: asked.append(at_most) or 1.0
    )
    for engine, most in (("jax", 200), ("scalar", 40)):
        asked.clear()
        list(Session(small_run(engine), val_every=20).records())
        assert asked == [most, most]


@pytest.mark.parametrize("name", ["val_every", "patience"])
def test_without_rows_to_validate_on_there_is_nothing_to_measure(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} needs a val_fraction above 0"):
        Session(small_run(val_fraction=0.0), **{name: 2})


# The best checkpoint


def test_the_lowest_is_kept_beside_the_newest(tmp_path: Path, script: Script) -> None:
    run = small_run()
    script(3.0, 2.0, 2.5, math.nan)
    session = Session(run, tmp_path, source="names", val_every=10)
    seen = []
    for record in session.records():
        if record.val_loss is not None:
            best = load_best(tmp_path)
            seen.append((record.step, best.step, best.val_loss))
    assert seen[:3] == [(10, 10, 3.0), (20, 20, 2.0), (30, 20, 2.0)]
    assert seen[3] == (40, 20, 2.0)
    assert session.validation is not None
    assert session.validation.best == Best(20, 2.0)
    best, reference = load_best(tmp_path), small_run()
    list(reference.records(20))
    weights = reference.engine.state().params
    assert all(
        np.array_equal(best.state.params[name], weights[name]) for name in weights
    )
    assert best.state.mu == {}
    assert (best.data, best.val_rows) == ("names", 40)
    assert next(samples(best)) is not None
    newest = load_checkpoint(tmp_path)
    assert (newest.step, newest.val_loss, newest.val_rows) == (40, None, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.safetensors",
        "checkpoint.safetensors",
        "previous.safetensors",
    ]


def resumed(folder: Path, **options: Any) -> Session:
    checkpoint = load_checkpoint(folder)
    settings = replace(checkpoint.settings, steps=40)
    return Session(Run(NAMES, settings, checkpoint), folder, **options)


def test_a_resumed_run_knows_the_lowest(tmp_path: Path, script: Script) -> None:
    script(3.0, 2.0)
    list(Session(small_run(), tmp_path, val_every=10).records(stop_after=20))
    before = (tmp_path / "best.safetensors").read_bytes()
    script(2.0, 2.1)
    session = resumed(tmp_path, val_every=10)
    list(session.records())
    assert session.validation is not None
    assert session.validation.best == Best(20, 2.0)
    assert (tmp_path / "best.safetensors").read_bytes() == before
    save_checkpoint(tmp_path, _stopped_at(20))
    script(1.5, 1.9)
    list(resumed(tmp_path, val_every=10).records())
    assert (load_best(tmp_path).step, load_best(tmp_path).val_loss) == (30, 1.5)


def _stopped_at(step: int) -> checkpoints.Checkpoint:
    run = small_run()
    list(run.records(step))
    return run.checkpoint()


def test_a_resumed_run_measures_on_as_many_rows(tmp_path: Path) -> None:
    list(Session(small_run(), tmp_path, val_every=10).records(stop_after=20))
    best = replace(load_best(tmp_path), val_rows=2, val_loss=9.0)
    save_best(tmp_path, best)
    session = resumed(tmp_path, val_every=10)
    found = measured(list(session.records(stop_after=30)))
    assert found == {30: session.run.val_loss(2)}
    assert load_best(tmp_path).val_rows == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("moment", [*MOMENTS[:2], *MOMENTS[3:]])
def test_a_save_of_the_best_cut_short_leaves_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, when: str
) -> None:
    run = small_run()
    best = replace(run.checkpoint().weights_only(), val_loss=2.0, val_rows=3)
    save_best(tmp_path, best)
    name, number = moment.split()
    calls, dead = [], []
    for call in ("fsync", "replace", "mkdir", "unlink"):
        monkeypatch.setattr(
            os, call, deadly(call, name, int(number), when, calls, dead)
        )
    with pytest.raises(Killed):
        save_best(tmp_path, replace(best, val_loss=1.0))
    monkeypatch.undo()
    assert load_best(tmp_path).val_loss in (1.0, 2.0)
    save_best(tmp_path, replace(best, val_loss=0.5))
    assert [path.name for path in tmp_path.iterdir()] == ["best.safetensors"]


def test_a_full_disk_is_one_line_and_the_earlier_best_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    best = replace(small_run().checkpoint(), val_loss=2.0, val_rows=3)
    save_best(tmp_path, best)
    for call in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, full)
            with pytest.raises(CheckpointError, match="no space left on device"):
                save_best(tmp_path, replace(best, val_loss=1.0))
        assert load_best(tmp_path).val_loss == 2.0
        assert [path.name for path in tmp_path.iterdir()] == ["best.safetensors"]


def test_a_damaged_best_is_said_and_replaced(tmp_path: Path, script: Script) -> None:
    script(1.0)
    list(Session(small_run(), tmp_path, val_every=10).records(stop_after=10))
    path = tmp_path / "best.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"best\.safetensors is damaged"):
        load_best(tmp_path)
    told: list[str] = []
    script(3.0)
    list(resumed(tmp_path, val_every=10, on_message=told.append).records(20))
    (line,) = told
    assert line.startswith(f"{path} is damaged")
    assert line.endswith("; the next one takes its place")
    assert (load_best(tmp_path).step, load_best(tmp_path).val_loss) == (20, 3.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": Settings(steps=40, engine="scalar", **{**SMALL, "seed": 7})},
         "seed is 7 in the checkpoint"),
        ({"data_sha256": "0"}, "it learned from other data"),
        ({"val_loss": None, "val_rows": None}, "it has no val_loss"),
    ],
)  # fmt: skip
def test_the_best_of_another_run_is_left_alone(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    best = replace(_stopped_at(3).weights_only(), val_loss=9.0, val_rows=3)
    save_best(tmp_path, replace(best, **change))
    before = (tmp_path / "best.safetensors").read_bytes()
    with pytest.raises(CheckpointError, match=f"is of another run: {said}") as caught:
        list(Session(small_run(), tmp_path, val_every=10).records())
    assert "\n" not in str(caught.value)
    assert (tmp_path / "best.safetensors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["best.safetensors"]


def test_no_best_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no best\.safetensors in"):
        load_best(tmp_path)
    save_best(tmp_path, replace(_stopped_at(3), val_loss=2.0, val_rows=3))
    with pytest.raises(CheckpointError, match=r"but best\.safetensors, which is for"):
        load_checkpoint(tmp_path)


# Early stopping


@pytest.mark.parametrize(
    ("best", "step", "stalled"),
    [
        (None, 20, False),
        (None, 30, True),
        (Best(10, 2.0), 30, False),
        (Best(10, 2.0), 39, False),
        (Best(10, 2.0), 40, True),
        (Best(25, 2.0), 49, False),  # the end of a run that was then made longer
        (Best(25, 2.0), 50, True),
        (Best(90, 2.0), 50, False),  # the run goes on from an earlier checkpoint
    ],
)
def test_patience_counts_measurements(
    best: Best | None, step: int, stalled: bool
) -> None:
    assert Validation(10, 5, 3, best).has_stalled(step) == stalled
    assert not Validation(10, 5, None, best).has_stalled(step)


def test_only_a_lower_loss_is_an_improvement() -> None:
    validation = Validation(10, 5)
    assert not validation.improves(10, math.nan)
    assert not validation.improves(10, math.inf)
    assert validation.improves(20, 2.0)
    assert not validation.improves(30, 2.0)
    assert not validation.improves(40, math.nan)
    assert validation.improves(50, 1.5)
    assert validation.best == Best(50, 1.5)


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_a_run_that_stopped_early_can_go_on(
    tmp_path: Path, script: Script, engine: str
) -> None:
    whole = [r.loss for r in small_run(engine).records()]
    log = tmp_path / "loss.csv"
    asked = script(3.0, 2.0, 2.1, 2.0)
    session = Session(
        small_run(engine), tmp_path, LossLog(log), val_every=5, patience=2
    )
    first = list(session.records())
    assert session.stopped_early
    assert asked == [5, 10, 15, 20]
    assert load_checkpoint(tmp_path).step == first[-1].step == 20
    script(*[2.5] * 4)
    session = resumed(tmp_path, log=LossLog(log, 20), val_every=5)
    rest = list(session.records())
    assert not session.stopped_early
    assert [r.loss for r in first + rest] == pytest.approx(whole, abs=1e-5)
    assert log.read_text().count("\n") == 41
    assert load_best(tmp_path).step == 10


def test_patience_goes_on_counting_when_a_run_is_resumed(
    tmp_path: Path, script: Script
) -> None:
    options = {"val_every": 5, "patience": 3}
    script(2.0, 3.0, 3.0)
    list(Session(small_run(), tmp_path, **options).records(stop_after=15))
    script(3.0)
    session = resumed(tmp_path, **options)
    assert [r.step for r in session.records()] == [16, 17, 18, 19, 20]
    assert session.stopped_early


def test_the_end_of_a_run_is_no_early_stop(script: Script) -> None:
    script(1.0, 2.0)
    session = Session(small_run(steps=10), val_every=5, patience=1)
    assert len(list(session.records())) == 10
    assert not session.stopped_early


# The report


@pytest.mark.parametrize(
    ("val_loss", "lowest", "word"),
    [
        (3.3, 3.3, "random"),
        (math.nan, 3.0, "random"),
        (2.9, 2.9, "learning"),
        (2.6, 2.6, "learning"),
        (2.59, 2.59, "good"),
        (2.5, 2.46, "good"),
        (2.5, 2.44, "overfitting"),
        (3.5, 2.44, "overfitting"),
    ],
)
def test_a_verdict(val_loss: float, lowest: float, word: str) -> None:
    assert verdict(val_loss, lowest, characters=2.9, pairs=2.6) == word


def test_counting_is_the_table_of_the_page() -> None:
    run = small_run()
    train_rows, val_rows = run.rows[:], run.val_rows[:]
    size = run.config.vocab_size
    table = np.zeros((size, size))
    now, after = train_rows[:, :-1], train_rows[:, 1:]
    np.add.at(table, (now[after >= 0], after[after >= 0]), 1)

    def loss_of_table(table: np.ndarray) -> float:
        shares = (table + 1) / (table + 1).sum(axis=1, keepdims=True)
        now, after = val_rows[:, :-1], val_rows[:, 1:]
        return float(-np.log(shares[now[after >= 0], after[after >= 0]]).mean())

    expected = loss_of_table(np.tile(table.sum(axis=0), (size, 1)))
    found = counting_losses(run.rows, val_rows, size)
    assert found == pytest.approx((expected, loss_of_table(table)))


def test_counting_a_large_vocabulary_takes_little_memory() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 5_000)))
    run = Run([text, text], Settings(n_embd=4, n_head=1, engine="scalar"))
    rows = pack([text[:9]], run.tokenizer, 16)
    characters, pairs = counting_losses(run.rows, rows, run.config.vocab_size)
    assert 0 < pairs < characters < math.log(5_001) + 1
