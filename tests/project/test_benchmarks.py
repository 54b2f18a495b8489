"""The benchmarks: peers that compute the same numbers, and honest arithmetic.

Nothing here is timed. What needs PyTorch or micrograd runs where they are installed,
after `make bench`.
"""

from __future__ import annotations

import collections
import functools
import math
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from benchmarks import __main__ as program
from benchmarks import (
    earlier,
    gpu,
    growth,
    jax_gpt,
    pictures,
    results,
    run_all,
    sampling,
    scalar_gpt,
    scalar_mlp,
    sharding,
    step_split,
    updates,
)
from benchmarks import jax_against_torch as against_torch
from benchmarks.plain_engine import make_trainer
from benchmarks.setting import STEPS, plain_run, reference, schedule
from benchmarks.timing import (
    Claim,
    Contender,
    Spread,
    at_least,
    check_same,
    race,
    ratios,
    short,
)
from course_lib.config import GPTConfig
from course_lib.scalar import backward_order
from course_lib.training import linear


@pytest.fixture
def rank_promotion() -> Iterator[None]:
    """Allow positions (T, n_embd) to be added to batches (B, T, n_embd)."""
    with jax.numpy_rank_promotion("allow"):
        yield


# --- the peers compute the same numbers


def test_the_reference_run_is_the_documented_one() -> None:
    run = reference()
    assert run.config == GPTConfig(27)
    assert (run.config.n_params, len(run.names), STEPS) == (4192, 1000, 1000)
    assert run.rows().shape == (1000, 17)
    for row, document in zip(run.rows(), run.documents(), strict=True):
        assert row[row >= 0].tolist() == document
    assert [schedule(step) for step in (0, 500, 1000)] == [0.01, 0.005, 0.0]


def test_the_unfused_engine_and_ours_have_the_same_losses() -> None:
    ours, peer = scalar_gpt.make_ours(), make_trainer(*plain_run())
    losses, plain = ours(2) + ours(4), peer(2) + peer(4)
    assert len(losses) == 4
    assert losses == pytest.approx(plain, abs=1e-9)
    assert losses[0] == pytest.approx(math.log(27), abs=0.3)


@pytest.mark.usefixtures("rank_promotion")
def test_the_jax_run_has_the_losses_of_the_unfused_engine() -> None:
    losses = jax_gpt.make_ours()(4)
    assert len(losses) == STEPS
    assert losses[:4] == pytest.approx(make_trainer(*plain_run())(4), abs=5e-6)


def test_micrograd_and_ours_have_the_same_gradients() -> None:
    pytest.importorskip("micrograd")
    ours, peer = scalar_mlp.make_ours(), scalar_mlp.make_peer()
    first = ours()
    assert ours() == first  # gradients start from 0
    (our_loss, our_grads), (loss, grads) = first, peer()
    assert our_loss == pytest.approx(loss, rel=1e-12)
    assert len(our_grads) == 2 * 16 + 16 * 16 + 16 + 16 + 16 + 1
    assert our_grads == pytest.approx(grads, rel=1e-9, abs=1e-13)


@pytest.mark.usefixtures("rank_promotion")
@pytest.mark.parametrize(("make_task", "n"), [("reference_task", 5), ("wide_task", 2)])
@pytest.mark.parametrize("form", [("fused", "fused"), ("plain", "foreach")], ids=str)
def test_pytorch_and_jax_have_the_same_losses(
    make_task: str, n: int, form: tuple[str, str]
) -> None:
    torch = pytest.importorskip("torch")
    from benchmarks.torch_gpt import TorchGPT

    few = functools.partial(getattr(against_torch, make_task), n)
    task = few()
    batches = np.split(task.rows[: n * task.batch_size], n)
    lengths = [(rows >= 0).sum(axis=1).max() for rows in batches]
    tensors = [
        torch.tensor(rows[:, :length]).long()
        for rows, length in zip(batches, lengths, strict=True)
    ]
    model = TorchGPT(task.weights, task.config, *form)
    losses = model.train(tensors, [task.learning_rate(step) for step in range(n)])
    assert losses == pytest.approx(against_torch.make_ours(few)(), abs=2e-5)


def test_the_operations_of_a_step_are_counted_as_by_hand() -> None:
    config = GPTConfig(5, block_size=3, n_layer=2, n_head=1, n_embd=2)
    rows = np.zeros((2, 4), np.int32)  # two documents, three tokens to read
    task = against_torch.Task(config, rows, {}, 2, 1, linear(1.0, 1), 1, 0.0)
    forward = 0
    for _ in range(2 * 3):  # each token, at 2 operations per multiply-add
        forward += 2 * (5 * 2)  # logits
        for _ in range(2):  # layers: 4 square matrices, two of 2 x 8, attention
            forward += 2 * (4 * 2 * 2 + 2 * 2 * 8) + 2 * (2 * 3 * 2)
    assert task.flops() == 3 * forward


def test_the_growing_graph_has_as_many_operations_as_it_says() -> None:
    for n_nodes in (1_000, 10_000):
        assert len(backward_order(growth.build(n_nodes))) == n_nodes


# --- the parts of a step


@pytest.mark.usefixtures("rank_promotion")
def test_every_product_of_a_step_is_found_in_the_compiled_program() -> None:
    task = against_torch.wide_task(2)
    start, steps = against_torch.start_and_steps(task)
    parts = step_split.parts_of(steps.lower(*start).compile().as_text())
    counts = collections.Counter(parts.values())
    layers = task.config.n_layer  # a layer: q, k and v in one; wo, fc1 and fc2
    assert counts["matrix products", "forward"] == 4 * layers + 1
    assert counts["matrix products", "backward"] == 2 * (4 * layers + 1)
    assert counts["attention's products", "forward"] == 2 * layers
    assert counts["attention's products", "backward"] == 4 * layers
    assert counts["the rest", "optimizer"] > 0
    assert {where for what, where in counts if what != "the rest"} == {
        "forward",
        "backward",
    }


def test_a_part_takes_the_medians_of_its_operations() -> None:
    products, rest = ("matrix products", "forward"), ("the rest", "optimizer")
    parts = {"dot": products, "fusion.1": products, "add": rest}
    calls = [("dot", 1.0), ("dot", 3.0), ("dot", 500.0), ("dot", 2.0), ("dot", 2.5)]
    calls += [("fusion.1", 4.0), ("add", 8.0), ("add", 8.0), ("nobody knows", 9.0)]
    assert step_split.medians(calls, parts, 2) == {
        products: (5 * 2.5 + 4.0) / 2,
        rest: 8.0,
    }


def test_the_parts_of_a_step_are_told_in_milliseconds() -> None:
    seconds = {
        ("matrix products", "forward"): 0.012,
        ("matrix products", "backward"): 0.024,
        ("attention's products", "forward"): 0.004,
        ("the rest", "optimizer"): 0.010,
    }
    told = step_split.claim(seconds, 0.052, 4e9, 1e11)
    assert told.measured == "products 80 %"
    assert "matrix products: forward 12, backward 24;" in told.detail
    assert "the rest: optimizer 10. Together 50; untraced 52" in told.detail
    assert told.detail.endswith("100 thousand million a second: 40.")


# --- the arithmetic of results


def test_an_exponent_is_the_slope_on_log_axes() -> None:
    sizes = [10.0, 100.0, 1000.0]
    assert growth.exponent(sizes, [3 * n**1.5 for n in sizes]) == pytest.approx(1.5)


def test_ratios_are_taken_turn_by_turn() -> None:
    spread = ratios([20.0, 60.0, 90.0], [1.0, 2.0, 1.0])
    assert spread == Spread(median=30.0, low=20.0, high=90.0)
    assert spread.text("x") == "30 (20 to 90)x"
    assert Spread.of([0.0123456]).text(" ms", scale=1e3) == "12.3 (12.3 to 12.3) ms"


@pytest.mark.parametrize(
    ("number", "text"),
    [(2345.6, "2,346"), (123.4, "123"), (12.34, "12.3"), (0.5, "0.5")],
)
def test_numbers_are_written_to_three_digits(number: float, text: str) -> None:
    assert short(number) == text


def test_a_difference_between_the_peers_stops_the_benchmark() -> None:
    assert check_same([1.0, 2.0], [1.0, 2.25], 0.5, "a loss") == 0.25
    for wrong in (2.75, math.nan):
        with pytest.raises(AssertionError, match=r"differ in a loss: 2\.0 and"):
            check_same([1.0, 2.0], [1.0, wrong], 0.5, "a loss")
    with pytest.raises(ValueError, match="zip"):
        check_same([1.0, 2.0], [1.0], 0.5, "a loss")


def test_a_claim_is_reached_by_its_median() -> None:
    low, high = Spread(19.0, 1.0, 99.0), Spread(20.0, 1.0, 99.0)
    assert [at_least("a", "b", 20, s, "").reached for s in (low, high)] == [False, True]


# --- sampling


def test_what_is_counted_are_the_tokens_drawn() -> None:
    assert sampling.drawn([[26, 1, 2], [26], [26, 5]]) == 3


def test_the_samplers_of_the_benchmark_draw_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = {"block_size": 9, "n_layer": 1, "n_head": 1, "n_embd": 4}
    monkeypatch.setattr(sampling, "SIZES", small)
    monkeypatch.setattr(sampling, "MORE", 4)
    ours, peer = sampling.make_ours()(1), sampling.make_uncached()(1)
    assert (len(ours), len(peer)) == (8, 2)
    assert ours[:2] == peer
    assert all(peer)


@pytest.mark.parametrize(("commit", "there"), [("HEAD", True), ("nowhere", False)])
def test_an_earlier_build_is_taken_from_the_history(commit: str, there: bool) -> None:
    if not (earlier.ROOT / ".git").exists():
        pytest.skip("this is no clone of the repository")
    with earlier.earlier_build(commit) as folder:
        assert (folder is not None) == there
        if folder:
            assert (folder / "course_lib" / "scalar" / "value.py").is_file()
    assert folder is None or not folder.exists()


def test_the_earlier_build_must_be_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(RuntimeError, match="this is not the library of"):
        sampling.make_earlier(str(tmp_path))


def test_samplers_that_differ_stop_the_benchmark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    makers = []
    for last in (5, 5, 6):

        def make(last: int = last) -> Any:
            return lambda seed: [[26, 1, last]]

        makers.append(make)
    ours, same, other = makers

    class Here:
        """A contender in this process."""

        def __init__(self, make: Any) -> None:
            self.run = make()

        def __call__(self, seed: int) -> tuple[float, Any]:
            return 0.5, self.run(seed)

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr(sampling, "Contender", Here)
    monkeypatch.setattr(sampling, "make_ours", ours)
    assert sampling.claim("a peer", 3, same).measured == "1 (1 to 1)x"
    with pytest.raises(AssertionError, match="draw different tokens"):
        sampling.claim("a peer", 3, other)


# --- contenders


def test_contenders_work_by_turns_and_answer() -> None:
    with Contender(functools.partial, pow, 2) as a, Contender(lambda_free, 3) as b:
        answers = race([a, b], [(5,), (6,)])
    (seconds, first), (_, second) = answers[0]
    assert (first, second) == (32, 64)
    assert [result for _, result in answers[1]] == [8, 9]
    assert 0 <= seconds < 10


lambda_free: Any = functools.partial(functools.partial, int.__add__)


def test_what_goes_wrong_in_a_contender_is_told() -> None:
    with Contender(functools.partial, int) as parse:
        assert parse("7")[1] == 7
        with pytest.raises(RuntimeError, match="invalid literal for int"):
            parse("x")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        Contender(divmod, 1, 0)
    with Contender(functools.partial, os._exit) as leave:  # noqa: SIM117
        with pytest.raises(RuntimeError, match="ended with code 3"):
            leave(3)


# --- sharding


def test_the_cost_of_sharding_is_told_against_one_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {
        kind: {n: [0.01 * n, 0.02] for n in counts}
        for kind, counts in sharding.COUNTS.items()
    }
    devices, cut, processes = (
        sharding.claim(kind, times, 2e-6) for kind, times in seconds.items()
    )
    assert "on 8 devices of one machine, rows sharded" in devices.what
    assert "on 8 devices of one machine, rows and weights sharded" in cut.what
    assert "on 4 processes of one machine, rows sharded" in processes.what
    assert cut.measured == "4.5 (1 to 8)x the time"
    assert "4 devices 30 (20 to 40), 2.50x the time" in cut.detail
    assert "4 processes 30 (20 to 40), 2.50x the time" in processes.detail
    assert "differ by 2e-06 at most" in processes.detail
    monkeypatch.setattr(sharding, "PLOT", tmp_path / "plot.png")
    sharding.draw(seconds)
    assert (tmp_path / "plot.png").stat().st_size > 10_000


# --- on a GPU


def tiny_task():
    return gpu.make_task(GPTConfig(50, 16, 2, 2, 32), batch_size=2, steps=4)


@pytest.mark.usefixtures("rank_promotion")
def test_the_benchmark_of_gpus_trains_in_bfloat16_on_any_device() -> None:
    losses = gpu.make_ours(tiny_task)()
    assert losses[0] == pytest.approx(math.log(50), abs=0.1)
    assert len(set(losses)) == 4


@pytest.mark.usefixtures("rank_promotion")
def test_on_a_gpu_both_sides_would_have_the_same_losses() -> None:
    pytest.importorskip("torch")
    peer = gpu.make_peer(tiny_task, device="cpu", compiled=False)
    assert gpu.make_ours(tiny_task)() == pytest.approx(peer(), abs=0.02)


def test_what_a_gpu_reaches_is_told_as_a_share_of_its_peak() -> None:
    task = tiny_task()
    one_second = [4.0, 4.0], [6.0, 8.0]
    faster, share = gpu.claims(task, *one_second, 1e-3, "NVIDIA H200")
    assert faster.measured == "1.75 (1.5 to 2)x"
    assert faster.reached
    assert "2 turns of 4 steps of 2 x 16 tokens" in faster.detail
    assert share.measured.startswith(short(100 * task.flops() / 989e12))
    (unknown,) = gpu.claims(task, [2.0], [1.0], 0.0, "Something New")
    assert not unknown.reached


def test_without_a_gpu_one_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    if not gpu.missing():
        pytest.skip("there is a GPU here")
    assert gpu.main() == 2
    assert capsys.readouterr().err.count("\n") == 1


# --- the program


CLAIM = Claim("walking", "running", "1x", "0.5 (0.4 to 0.6)x", False, "Slow.")


def test_the_page_tells_what_was_measured_and_where() -> None:
    page = program.page([CLAIM])
    assert "| walking | running | 1x | 0.5 (0.4 to 0.6)x | **no** |" in page
    assert "- **walking**: Slow." in page
    assert f"Python {platform.python_version()}" in page
    assert "make bench" in page


def test_the_page_does_not_name_the_machine() -> None:
    words = set("\n".join(program.machine()).replace(",", " ").split())
    assert platform.node() not in words


def test_only_a_whole_run_writes_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    class Script:
        @staticmethod
        def run() -> list[Claim]:
            return [CLAIM]

    monkeypatch.setattr(results, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(program, "import_module", lambda name: Script)
    assert program.main(["growth"]) == 1  # a missed aim
    assert not results.RESULTS.exists()
    assert program.main([]) == 1
    table = results.RESULTS.read_text(encoding="utf-8")
    assert table.count("| walking |") == len(program.SCRIPTS)
    assert "aim: 1x, MISSED" in capsys.readouterr().out


def test_each_command_writes_its_own_part_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path / "RESULTS.md")
    results.record("What was tried", "one")
    results.record(results.FIRST, "fast\n\n### Measured on\n\nhere")
    results.record("The suite", "long")
    results.record("What was tried", "two")
    assert results.RESULTS.read_text(encoding="utf-8") == (
        "# How fast it is\n\nfast\n\n### Measured on\n\nhere\n\n"
        "## What was tried\n\ntwo\n\n## The suite\n\nlong\n"
    )


def test_the_page_in_the_repository_has_these_parts() -> None:
    parts = results._parts(results.RESULTS.read_text(encoding="utf-8"))
    assert {results.FIRST, "What was tried to break it"} <= parts.keys()


def test_an_unknown_script_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        program.main(["nothing"])
    assert refused.value.code == 2
    assert "invalid choice: 'nothing'" in capsys.readouterr().err


def test_every_script_can_be_run() -> None:
    folder = results.RESULTS.parent
    with_run = {p.stem for p in folder.glob("*.py") if "\ndef run(" in p.read_text()}
    assert with_run == set(program.SCRIPTS)


# --- Run All


def test_a_start_is_compared_with_the_earlier_one_of_the_same_turn() -> None:
    Start = run_all.Start

    def turn(scale: float) -> run_all.Turn:
        """Both pages take half the time now, and the setup cells a quarter."""
        return {
            "05_a": {
                "first": Start(6 * scale, 2, 900),
                "second": Start(4 * scale, 1, 500),
                "earlier": Start(8 * scale, 4, 600),
            },
            "06_b": {
                "first": Start(3 * scale, 2, 300),
                "second": Start(2 * scale, 1, 900),
                "earlier": Start(4 * scale, 4, 500),
            },
        }

    whole, setup, first, peak = run_all.claims([turn(1), turn(2), turn(3)])
    assert [c.measured for c in (whole, setup)] == [
        "0.5 (0.5 to 0.5)",
        "0.25 (0.25 to 0.25)",
    ]
    assert (whole.reached, setup.reached) == (True, True)
    assert whole.what == "second start: Run All, notebooks 05, 06"
    assert "05 8 (4 to 12) s against 16 (8 to 24) s; 06 4 (2 to 6) s" in whole.detail
    assert (first.measured[:4], first.reached) == ("0.75", False)
    assert (peak.measured[:3], peak.reached) == ("1.5", False)  # the largest of each


# --- pictures


def test_the_slow_answers_decide_about_a_picture() -> None:
    before = pictures.Answers([], [80.0] * 20, [40_000, 90_000, 400_000])
    quick = pictures.Answers([5.0] * 99 + [90.0], [40.0] * 20, [900, 4_000, 70_000])
    row = pictures.claim("01_loss.ipynb", "confidence", quick, before)
    assert row.reached
    assert row.measured == "at hand 5 ms, drawn 40 ms, 4.0 kB"
    assert row.peer == "pixels: 80 ms, 90.0 kB"
    assert "`confidence` (01)" in row.what
    assert "100 answers at hand, 20 drawn" in row.detail
    for slow in (
        quick._replace(at_hand=[5.0] * 90 + [20.0] * 10),
        quick._replace(drawn=[60.0] * 20),
        quick._replace(messages=[6_000]),
    ):
        assert not pictures.claim("01_loss.ipynb", "confidence", slow, None).reached


# --- what an update loses


def test_every_kind_of_loss_is_counted_and_an_update_of_ours_has_none() -> None:
    cases = [*updates.single(), *updates.several(20)]
    names = updates.COLUMNS[1:]
    rows = updates.counted(cases, updates.ours(cases))
    assert updates.total(rows)[updates.COLUMNS[0]] == 2 * len(cases)
    assert [updates.total(rows)[name] for name in names] == [0, 0, 0]
    replaced = updates.counted(cases, [[case.new["cells"]] for case in cases])
    kept = updates.counted(cases, [[case.mine["cells"]] for case in cases])
    both = updates.counted(
        cases, [[[*case.mine["cells"], *case.new["cells"]]] for case in cases]
    )
    for name, wrong in zip(names, (replaced, kept, both), strict=True):
        assert updates.total(wrong)[name] >= 20, name
