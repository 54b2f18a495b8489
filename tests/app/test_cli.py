"""The command: what it prints, and one line for whatever it cannot do."""

from __future__ import annotations

import errno
import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

import course_lib
from course_lib import __main__ as entry_point
from course_lib.app import interrupts as interrupts_module
from course_lib.app import train_command, train_progress, train_text
from course_lib.app.cli import main
from course_lib.training import (
    DivergedError,
    Record,
    Run,
    Settings,
    load_best,
    load_checkpoint,
    samples,
    save_checkpoint,
)

SOME_NAMES = "ada alan bea clara grace hedy ida jean kurt lise radia tim"
SMALL = ["--n-embd", "4", "--n-head", "2", "--block-size", "5", "--engine", "scalar"]
UNIX = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of Unix")


pytestmark = pytest.mark.usefixtures("home")  # what other tests saved is not here


@pytest.fixture(autouse=True, scope="module")
def _broadcasting() -> Iterator[None]:
    """Let a batch of documents meet the one table of positions."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder that holds some names."""
    monkeypatch.delenv("JAX_NUMPY_RANK_PROMOTION")
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("\n".join(SOME_NAMES.split()))


def train(*more: str) -> int:
    return main(["train", "--data", "names.txt", *SMALL, *more])


def rows(path: str = "loss.csv") -> list[tuple[int, float]]:
    lines = Path(path).read_text().splitlines()
    assert lines[0] == "step,loss"
    return [(int(a), float(b)) for a, b in (line.split(",") for line in lines[1:])]


def shell(*arguments: str, **options: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "course_lib", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


# What it says


def test_no_subcommand_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == bare
    for name in ("doctor", "train", "sample"):
        assert re.search(rf"^  {name} ", bare, re.MULTILINE)


NOT_THE_SETTINGS = {
    "precision": "float32",
    "val_fraction": 0,
    "split": "detected",
    "field": "the only text",
}


def test_help_states_the_defaults_that_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    settings = Settings()
    for name in Settings.__dataclass_fields__:
        option = f"--{name.replace('_', '-')}"
        said = re.search(rf"{option} [A-Z]+ .*?\[(.*?)\]", text)
        value = NOT_THE_SETTINGS.get(name, getattr(settings, name))
        assert said, option
        assert said[1] == str(value), option


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"course {course_lib.__version__}\n"


def test_help_needs_no_heavy_package() -> None:
    code = (
        "import sys; from course_lib.app.cli import main; main(['train', '--help']);"
        "print([m for m in ('jax', 'numpy', 'tqdm') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_train_prints_losses_and_logs_each(
    engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", "names.txt", "--engine", engine, "--log", "loss.csv"]
    assert main(["train", *arguments, "--steps", "12"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert re.fullmatch(r"[\d,]+ parameters, \d+ tokens, 12 documents, .+", lines[0])
    pattern = r"step +(\d+) of 12: loss (\d\.\d{4})"
    shown = [re.fullmatch(pattern, line) for line in lines[1:6]]
    logged = dict(rows())
    assert [int(line[1]) for line in shown] == [1, 2, 5, 10, 12]
    assert [line[2] for line in shown] == [
        f"{logged[step]:.4f}" for step in (1, 2, 5, 10, 12)
    ]
    assert list(logged) == list(range(1, 13))
    assert re.fullmatch(r"mean loss of the last 12 steps: \d\.\d{4}", lines[6])


def test_the_logs_of_both_engines_agree() -> None:
    for engine in ("jax", "scalar"):
        arguments = ["--engine", engine, "--steps", "30", "--log", f"{engine}.csv"]
        assert main(["train", "--data", "names.txt", *arguments]) == 0
    by_array, by_hand = rows("jax.csv"), rows("scalar.csv")
    assert len(by_array) == 30
    for (step, loss), (same_step, same_loss) in zip(by_array, by_hand, strict=True):
        assert step == same_step
        assert loss == pytest.approx(same_loss, abs=2e-5)


def test_validation_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--steps", "3", "--val-fraction", "0.25") == 0
    lines = capsys.readouterr().out.splitlines()
    pattern = r"validation loss: \d\.\d{4} \(on 3 documents it has not seen\)"
    assert any(re.fullmatch(pattern, line) for line in lines)


def test_validation_on_the_way_is_on_its_steps_and_changes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["--steps", "12", "--val-fraction", "0.25"]
    assert train(*more, "--val-every", "4", "--log", "loss.csv") == 0
    out = capsys.readouterr().out
    steps = re.findall(
        r"^step +(\d+) of 12: loss \S+(, validation \d\.\d{4})?$", out, re.M
    )
    assert [int(step) for step, _ in steps] == [1, 2, 4, 5, 8, 10, 12]
    assert [int(step) for step, said in steps if said] == [4, 8, 12]
    assert train(*more, "--val-every", "12", "--log", "other.csv") == 0
    assert rows() == rows("other.csv")


def test_the_best_is_kept_named_and_sampled_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = iter([2.0, 3.0, 4.0, 4.0, 4.0] * 2)
    monkeypatch.setattr(Run, "val_loss", lambda run, at_most: next(given))
    more = ["--steps", "12", "--val-fraction", "0.25"]
    assert train(*more, "--val-every", "4", "--checkpoint", "run") == 0
    out = capsys.readouterr().out
    best = load_best("run")
    assert (best.step, best.val_loss) == (4, 2.0)
    command = "course sample --checkpoint run --best"
    assert (
        "\nlowest validation loss on the way: 2.0000 at step 4; "
        f"sample from it with: {command}\n"
    ) in out
    assert main([*command.split()[1:], "--count", "5"]) == 0
    expected = list(samples(best, count=5))
    shown = capsys.readouterr().out.splitlines()
    assert [line.removesuffix("…") for line in shown] == expected
    assert main([*command.split()[1:-1], "--count", "5"]) == 0
    assert capsys.readouterr().out.splitlines() != expected
    assert train(*more, "--val-every", "4") == 0
    assert (
        "; with --checkpoint DIR its weights would be kept" in capsys.readouterr().out
    )


def test_patience_ends_a_run_that_can_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = iter([2.5, 2.0, 2.1, 2.2, *[2.3] * 20])
    monkeypatch.setattr(Run, "val_loss", lambda run, at_most: next(given))
    more = ["--steps", "20", "--val-fraction", "0.25", "--val-every", "2"]
    kept = ["--checkpoint", "run", "--log", "loss.csv"]
    assert train(*more, *kept, "--patience", "2") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    command = "course train --checkpoint run --resume --log loss.csv --val-every 2"
    assert last == (
        "Stopped early at step 8 of 20: no lower validation loss at 2 measurements in "
        f"a row; go on with: {command}"
    )
    assert load_checkpoint("run").step == 8
    assert main(command.split()[1:]) == 0
    assert len(rows()) == 20
    assert load_best("run").step == 4


def test_going_on_is_said_with_what_is_not_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["--val-fraction", "0.25", "--val-every", "5", "--patience", "3"]
    assert train("--steps", "9", "--stop-after", "1", *more, "--checkpoint", "run") == 0
    command = "course train --checkpoint run --resume --val-every 5 --patience 3"
    assert capsys.readouterr().out.endswith(f"; go on with: {command}\n")


def test_a_best_that_is_left_is_not_overwritten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train("--steps", "4", "--val-fraction", "0.25", "--checkpoint", "run") == 0
    for name in ("checkpoint", "previous"):
        Path(f"run/{name}.safetensors").unlink()
    before = snapshot(Path("run"))
    capsys.readouterr()
    assert train("--steps", "4", "--val-fraction", "0.25", "--checkpoint", "run") == 2
    assert "run holds a checkpoint already" in capsys.readouterr().err
    assert main(["train", "--checkpoint", "run", "--resume"]) == 2
    assert "no checkpoint in run but best.safetensors" in capsys.readouterr().err
    assert snapshot(Path("run")) == before


def test_a_damaged_best_is_said_and_the_run_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["--steps", "4", "--val-fraction", "0.25", "--checkpoint", "run"]
    assert train(*more, "--stop-after", "2") == 0
    best = Path("run/best.safetensors")
    best.write_bytes(best.read_bytes()[:-9])
    capsys.readouterr()
    assert main(["train", "--checkpoint", "run", "--resume"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("course: run/best.safetensors is damaged")
    assert load_best("run").step > 2


def test_the_best_of_another_run_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["--steps", "4", "--val-fraction", "0.25", "--stop-after", "2"]
    for seed in ("1", "2"):
        assert train(*more, "--checkpoint", seed, "--seed", seed) == 0
    Path("1/best.safetensors").replace("2/best.safetensors")
    before = snapshot(Path("2"))
    capsys.readouterr()
    assert main(["train", "--checkpoint", "2", "--resume"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "the best checkpoint in 2 is of another run: " in line
    assert snapshot(Path("2")) == before


@pytest.mark.parametrize(
    ("val_losses", "word"),
    [
        ([9.0, 9.0], "random (no better than counting characters)"),
        ([0.1, 0.2], "overfitting (its validation loss has been lower before)"),
        ([0.2, 0.1], "good (better than counting pairs of characters)"),
    ],
)
def test_the_report_in_words_names_its_figures(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    val_losses: list[float],
    word: str,
) -> None:
    given = iter([*val_losses, *val_losses[-1:] * 2])
    monkeypatch.setattr(Run, "val_loss", lambda run, at_most: next(given))
    more = ["--val-every", "2", "--val-fraction", "0.25", "--log", "loss.csv"]
    assert train("--steps", "4", *more) == 0
    verdict, figures = capsys.readouterr().out.splitlines()[-2:]
    assert verdict == f"in a word: {word}"
    losses = [loss for _, loss in rows()]
    assert figures.startswith(
        f"judged by: loss {losses[0]:.4f} at step 1, where knowing nothing scores "
        f"ln 19 = 2.9444; training loss {sum(losses) / 4:.4f} at the end; "
        f"validation loss {val_losses[-1]:.4f} on 3 rows, at best "
        f"{min(val_losses):.4f}; "
        "counting characters "
    )


def test_by_its_training_loss_alone_no_run_is_called_good(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("names.txt").write_text("ada\nida\n")
    assert train("--steps", "200", "--learning-rate", "0.05") == 0
    verdict, figures = capsys.readouterr().out.splitlines()[-2:]
    loss, pairs = (
        float(re.search(rf"{name} (\d\.\d+)", figures)[1])
        for name in ("training loss", "pairs of them")
    )
    assert loss < pairs  # or the next line proves nothing
    assert verdict.startswith("in a word: learning (")


def test_without_validation_the_report_says_what_it_cannot_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = ["--checkpoint", "run"]
    assert train("--steps", "9", "--stop-after", "4", *kept) == 0
    said = capsys.readouterr().out.splitlines()
    how = r"\(by its training loss; with --val-fraction 0\.1 more could be said\)"
    assert re.fullmatch(rf"in a word: (random|learning) {how}", said[-3])
    assert said[-2].startswith("judged by: loss 2.9")
    assert "validation" not in said[-2]
    assert main(["train", "--resume", *kept]) == 0  # step 1 is not of this command
    assert re.search(r"^judged by: training loss", capsys.readouterr().out, re.M)


def test_the_courses_own_names_are_the_default(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", *SMALL, "--steps", "1"]) == 0
    shown = capsys.readouterr().out
    assert main(["train", *SMALL, "--steps", "1", "--data", "names"]) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(
    ("text", "block_size", "share"),
    [
        ("emma", 4, None),
        ("emma", 3, "75 %"),
        ("emma\nava\n" + "a" * 9_993, 2, "0 %"),
        ("a\n" * 5000 + "ab", 1, "99.9 %"),
    ],
)
def test_what_is_cut_is_said(
    capsys: pytest.CaptureFixture[str], text: str, block_size: int, share: str | None
) -> None:
    Path("mine.txt").write_text(text)
    arguments = ["--data", "mine.txt", "--steps", "1", "--split", "lines"]
    size = ["--block-size", str(block_size)]
    assert main(["train", *SMALL, *arguments, *size]) == 0
    err = capsys.readouterr().err
    if share is None:
        assert err == ""
        return
    longest = max(map(len, text.splitlines()))
    assert err == (
        f"course: {share} of the text is read, the first {block_size} characters "
        f"of each line: --block-size {longest} reads it all, and so does --split "
        "none, in windows\n"
    )
    assert main(["train", *SMALL, *arguments, "--block-size", str(longest)]) == 0
    assert capsys.readouterr().err == ""


PLAY = "HAMLET.\nTo be, or not to be, that is it:\nThe rest is silence.\n"
OWN = {  # what a person brings: its options, its documents in words, and its vocabulary
    "play.txt": (f"{PLAY}\n{PLAY}", [], "1 document in 16 windows of 8 characters"),
    "prose.txt": ("He went on, and on,\nfar from home.", [], "1 document in 5 windows"),
    "code.py": ("def f(x):\n    return x\n", [], "1 document in 3 windows"),
    "chat.log": ("Anna: hi there Ben\nBen: hi\n", [], "1 document in 4 windows"),
    "haiku.txt": (
        "an old pond there\na frog\n\n" * 3,
        [],
        "3 documents in 12 windows",
    ),
    "names.txt": ("ada\nida\n", [], "2 documents, one on each line"),
    "two.txt": ("ada\nx\n\nida\n", ["--split", "blank"], "2 documents, between blank"),
    "one.txt": ("ada\nida", ["--split", "none"], "1 document, whole"),
    "rows.jsonl": (
        '{"id": 1, "text": "ada"}\n{"id": 2, "text": "ida\\nb"}\n',
        [],
        "2 documents, from the field 'text'",
    ),
    "rows.csv": (
        'id,title,text\n1,A,"ada ada ada"\n2,B,"ida,\nida"\n',
        ["--field", "text"],
        "2 documents in 4 windows of 8 characters",
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_a_text_of_ones_own_is_read_whole_and_goes_on(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, options, said = OWN[name]
    Path(name).write_text(text)
    command = ["train", *SMALL, "--block-size", "8", "--steps", "4", "--data", name]
    command += ["--checkpoint", "run", *options]
    assert main([*command, "--log", "whole.csv"]) == 0
    out, err = capsys.readouterr()
    assert said in out
    assert "% of the text" not in err
    chars = load_checkpoint("run").chars
    texts = text if name.endswith(("txt", "py", "log")) else "adaida\n, b"
    assert set(chars) <= set(texts)
    assert set(texts) - set(chars) <= {"\n", "b", " ", ","}
    sample = ["sample", "--checkpoint", "run", "--length", "20", "--count", "2"]
    assert main([*sample, "--prompt", chars[-1]]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert ("\n---\n" in out) == ("\n" in chars)
    assert set(out) <= {*chars, "\n", "-", "…"}
    assert out.startswith(chars[-1])

    halves = [part if part != "run" else "halves" for part in command]
    halves += ["--log", "halves.csv"]
    assert main([*halves, "--stop-after", "2"]) == 0
    capsys.readouterr()
    resume = ["train", "--resume", "--checkpoint", "halves", "--log", "halves.csv"]
    assert main(resume) == 0
    assert said in capsys.readouterr().out
    assert Path("halves.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_how_a_text_was_read_is_said_and_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("play.txt").write_text(f"{PLAY}\n{PLAY}")
    command = ["train", *SMALL, "--data", "play.txt", "--steps", "1"]
    assert main([*command, "--checkpoint", "run"]) == 0
    err = capsys.readouterr().err.splitlines()
    assert "taken for one text: --split blank" in err[0]
    assert re.search(r"1 steps? read \d.* % of the windows: --steps \d+ reads", err[1])
    again = ["train", "--resume", "--checkpoint", "run", "--steps", "1"]
    assert main([*again, "--split", "lines"]) == 2
    assert "--split is none in the checkpoint and lines" in capsys.readouterr().err
    assert main([*again, "--field", "text"]) == 2
    assert "--field and split exclude each other" in capsys.readouterr().err


def test_sizes_that_fit_are_proposed_unless_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("long.txt").write_text("a wheel is a machine part\nan apple is a fruit\n")
    command = ["train", "--data", "long.txt", "--steps", "1"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert err == "course: to fit this text: --block-size 32 --batch-size 16\n"
    assert "2 documents, one on each line" in out
    assert main([*command, "--block-size", "25", "--batch-size", "1"]) == 0
    assert capsys.readouterr().err == ""
    assert main([*command, "--block-size", "8"]) == 0
    err = capsys.readouterr().err
    assert "to fit this text: --batch-size 16\n" in err
    assert "the first 8 characters of each line" in err
    scalar = ["--engine", "scalar", "--n-embd", "4", "--n-head", "2"]
    assert main(["train", *scalar, "--data", "things", "--steps", "1"]) == 0
    assert capsys.readouterr().err == "course: to fit this text: --block-size 48\n"
    half = [*scalar, "--data", "long.txt", "--block-size", "8", "--steps", "2"]
    assert main(["train", *half, "--stop-after", "1", "--checkpoint", "run"]) == 0
    capsys.readouterr()
    assert main(["train", "--resume", "--checkpoint", "run"]) == 0
    assert "to fit" not in capsys.readouterr().err


def test_what_takes_long_to_load_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told, print_note = threading.Event(), train_text.print_note

    def told_note(line: str) -> None:
        print_note(line)
        told.set()

    monkeypatch.setattr(train_text, "print_note", told_note)
    with train_text.said_if_slow("loading", 0.01):
        assert told.wait(30)
    with train_text.said_if_slow("never said", 600):
        pass
    assert capsys.readouterr().err == "course: loading\n"


def test_reading_a_large_file_is_shown_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    Path("names.txt").write_bytes(b"ada\n" * 250_000)
    monkeypatch.setattr(train_text, "BAR_AFTER", 0.0)
    for terminal in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", terminal)
        read = train_text.read_text("names.txt", None, None, None)
        assert len(read.documents) == 250_000
        shown = "reading" in terminal.getvalue() and "1.00M" in terminal.getvalue()
        assert shown == terminal.isatty()


def test_one_of_a_thing_is_singular(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.txt").write_text("a\nb")
    more = ["--val-fraction", "0.5", "--data", "mine.txt", "--steps", "1"]
    assert main(["train", *SMALL, *more]) == 0
    out = capsys.readouterr().out
    assert "mean loss of the last step: " in out
    assert "(on 1 document it has not seen)" in out
    Path("mine.txt").write_text("a")
    assert main(["train", *SMALL, "--data", "mine.txt", "--steps", "1"]) == 0
    assert " tokens, 1 document, one on each line, scalar" in capsys.readouterr().out


def test_sample_speaks_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--steps", "3", "--checkpoint", "run") == 0
    capsys.readouterr()
    arguments = ["sample", "--checkpoint", "run", "--prompt", "al", "--count", "3"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line[:2] for line in out.splitlines()] == ["al"] * 3
    assert main([*arguments, "--seed", "42", "--temperature", "0.5"]) == 0
    assert capsys.readouterr().out == out
    assert main([*arguments, "--seed", "1", "--temperature", "2"]) == 0
    assert capsys.readouterr().out != out


def test_a_sample_that_was_cut_ends_with_a_mark(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train("--steps", "3", "--checkpoint", "run") == 0
    capsys.readouterr()
    arguments = ["sample", "--checkpoint", "run", "--prompt", "alanturing"[:4]]
    for length, given in [(7, ["--length", "7"]), (1, [])]:  # the block is 5
        assert main([*arguments, "--temperature", "2", "--count", "60", *given]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 60
        for line in lines:
            assert line.startswith("alan")
            assert (len(line) == 4 + length + 1) == line.endswith("…")
            assert len(line) <= 4 + length + 1
        assert {line.endswith("…") for line in lines} == {True, False}


def test_samples_of_several_lines_are_set_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = Settings(block_size=4, n_embd=4, n_head=1, steps=1)
    save_checkpoint("run", Run(["ab\nba"], settings).checkpoint())
    arguments = ["sample", "--checkpoint", "run", "--prompt", "b\na"]
    assert main([*arguments, "--count", "9", "--length", "3"]) == 0
    texts = capsys.readouterr().out.removesuffix("\n").split("\n---\n")
    assert len(texts) == 9
    assert all(text.startswith("b\na") for text in texts)
    assert main(arguments) == 0
    assert "---" not in capsys.readouterr().out


@UNIX
def test_a_long_sample_is_seen_as_it_comes_and_can_be_stopped() -> None:
    settings = Settings(block_size=4, n_embd=4, n_head=1, steps=1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    save_checkpoint("run", Run([letters], settings).checkpoint())
    more = ["--length", "1000000", "--temperature", "0"]  # greedy, it does not end
    with shell("sample", "--checkpoint", "run", *more) as process:
        seen = process.stdout.read(200)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert len(seen) == 200
    assert len(out) < 900_000
    assert err.strip() == "course: stopped"
    assert process.returncode == 130


# Stopping and going on


def test_stop_after_and_resume_continue_the_same_losses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train("--steps", "20", "--log", "whole.csv") == 0
    kept = ["--checkpoint", "run", "--log", "run/loss.csv"]
    assert train("--steps", "20", "--stop-after", "7", *kept) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    command = "course train --checkpoint run --resume --log run/loss.csv"
    assert said == f"Step 7 of 20; go on with: {command}"
    assert len(rows("run/loss.csv")) == 7
    assert main([*command.split()[1:], "--stop-after", "8"]) == 0
    assert main(command.split()[1:]) == 0
    assert rows("run/loss.csv") == rows("whole.csv")
    assert load_checkpoint("run").step == 20
    capsys.readouterr()
    assert main(command.split()[1:]) == 0
    assert capsys.readouterr().out.endswith(
        "Nothing to do: the checkpoint is at step 20.\n"
    )


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("linear", "a linear run of 20, 0.005 here instead of 0"),
        ("cosine", "a cosine run of 20, 0.005 here instead of 0"),
        ("warmup", "a warmup run of 20, 0.00587 here instead of 0"),
        ("constant", "the learning rate stays at 0.01"),
    ],
)
def test_a_finished_run_goes_on_for_more_steps(
    schedule: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ["--checkpoint", "run", "--log", "loss.csv"]
    assert train("--steps", "10", "--schedule", schedule, *kept) == 0
    first = rows()
    capsys.readouterr()
    assert main(["train", "--resume", *kept, "--steps", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("20 steps now, not 10: ")
    assert lines[1].endswith(said)
    assert re.match(r"step 20 of 20: loss", lines[2])
    assert rows()[:10] == first
    assert [step for step, _ in rows()] == list(range(1, 21))
    assert load_checkpoint("run").settings.steps == 20


def test_a_run_can_be_given_another_length_on_the_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = ["--checkpoint", "run", "--log", "loss.csv"]
    assert train("--steps", "20", "--stop-after", "6", *kept) == 0
    assert main(["train", "--resume", *kept, "--steps", "8"]) == 0
    assert "0.0025 here instead of 0.007\n" in capsys.readouterr().out
    assert [step for step, _ in rows()] == list(range(1, 9))
    assert main(["train", "--resume", *kept, "--steps", "8"]) == 0
    assert "Nothing to do: the checkpoint is at step 8" in capsys.readouterr().out
    assert main(["train", "--resume", *kept, "--steps", "9"]) == 0
    assert [step for step, _ in rows()] == list(range(1, 10))


def test_another_engine_may_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--steps", "20", "--log", "whole.csv") == 0
    kept = ["--checkpoint", "run", "--log", "loss.csv"]
    assert train("--steps", "20", "--stop-after", "7", *kept) == 0
    for engine, stop in (("jax", "14"), ("scalar", "20")):
        arguments = ["--resume", *kept, "--engine", engine, "--stop-after", stop]
        assert main(["train", *arguments]) == 0
        assert load_checkpoint("run").settings.engine == engine
    expected = [loss for _, loss in rows("whole.csv")]
    assert [loss for _, loss in rows()] == pytest.approx(expected, abs=5e-5)


def test_a_precision_is_left_behind_with_its_engine() -> None:
    kept = ["--checkpoint", "run", "--stop-after", "1"]
    assert train("--engine", "jax", "--precision", "bfloat16", *kept) == 0
    assert load_checkpoint("run").settings.precision == "bfloat16"
    more = ["--checkpoint", "run", "--engine", "scalar", "--stop-after", "2"]
    assert main(["train", "--resume", *more]) == 0
    assert load_checkpoint("run").settings.precision is None


def test_damage_is_said_and_the_one_before_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = ["--checkpoint", "run", "--log", "loss.csv"]
    assert train("--steps", "9", "--stop-after", "3", *kept) == 0
    assert main(["train", "--resume", *kept, "--stop-after", "6"]) == 0
    newest = Path("run/checkpoint.safetensors")
    newest.write_bytes(newest.read_bytes()[:-9])
    capsys.readouterr()
    assert main(["sample", "--checkpoint", "run", "--count", "2"]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 2
    assert err.startswith("course: run/checkpoint.safetensors is damaged")
    assert main(["train", "--resume", *kept]) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.startswith("course: run/checkpoint.safetensors is damaged")
    assert err.endswith("of step 3\n")
    assert train("--steps", "9", "--log", "whole.csv") == 0
    assert rows() == rows("whole.csv")


def wait_for_line(process: subprocess.Popen, start: str) -> None:
    for line in process.stdout:
        if line.startswith(start):
            return
    pytest.fail(f"no line that starts with {start!r}: {process.stderr.read()}")


@UNIX
@pytest.mark.parametrize(
    ("signals", "more"),
    [
        ([signal.SIGINT], ["--checkpoint", "run"]),
        ([signal.SIGTERM], ["--checkpoint", "run"]),
        ([signal.SIGINT, signal.SIGINT], ["--checkpoint", "run"]),
        ([signal.SIGINT], []),
    ],
    ids=["Ctrl-C", "SIGTERM", "Ctrl-C twice", "no checkpoint"],
)
def test_ctrl_c_saves_and_says_how_to_go_on(
    signals: list[signal.Signals], more: list[str]
) -> None:
    arguments = ["--steps", "1000000", "--data", "names.txt", "--log", "loss.csv"]
    with shell("train", *SMALL, *arguments, *more) as process:
        wait_for_line(process, "step        10 of")
        for number in signals:
            process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.count("\n") == 1
    step = int(re.match(r"course: stopped at step (\d+) of 1,000,000; ", err)[1])
    assert [row[0] for row in rows()] == list(range(1, step + 1))
    if not more:
        assert "nothing was saved" in err
        return
    command = "go on with: course train --checkpoint run --resume --log loss.csv\n"
    assert err.endswith(command)
    assert load_checkpoint("run").step == step


@UNIX
def test_ctrl_c_stops_jax_as_well() -> None:
    arguments = ["--steps", "100000000", "--data", "names.txt", "--checkpoint", "run"]
    with shell("train", *SMALL, "--engine", "jax", *arguments) as process:
        wait_for_line(process, "step")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    step = re.match(r"course: stopped at step ([\d,]+) of", err)[1]
    assert load_checkpoint("run").step == int(step.replace(",", ""))


@pytest.fixture
def _sigint_raises() -> Iterator[None]:
    """Handle SIGINT as a terminal's process does: in the background it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_sigint_raises")
def test_impatience_is_heard_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    now = [100.0]
    monkeypatch.setattr(interrupts_module.os, "_exit", left.append)
    monkeypatch.setattr(interrupts_module, "monotonic", lambda: now[0])
    with interrupts_module.noted_interrupts() as interrupts:
        for seconds in (100.0, 100.9, 101.1):
            now[0] = seconds
            signal.raise_signal(signal.SIGINT)
            assert interrupts.wanted
            assert left == ([130] if seconds > 101 else [])
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_before_the_training_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train_command, "read_text", slow)
    monkeypatch.setattr(sys, "argv", ["course", "train", "--data", "names.txt"])
    assert entry_point.main() == 130
    assert capsys.readouterr().err.strip() == "course: stopped"


@pytest.mark.usefixtures("_sigint_raises")
def test_ctrl_c_during_a_test_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever calls the command from Python has to stop as well."""

    def pressed(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(train_progress.Progress, "update", pressed)
    with pytest.raises(KeyboardInterrupt, match=r"stopped at step 1 of 9; .*saved"):
        train("--steps", "9")
    monkeypatch.setattr(train_command, "read_text", pressed)
    with pytest.raises(KeyboardInterrupt, match=r"^stopped$"):
        train("--steps", "9")


@UNIX
@pytest.mark.parametrize("command", ["sample", "train"])
def test_a_reader_that_leaves_gets_no_complaint(command: str) -> None:
    assert train("--steps", "1", "--checkpoint", "run") == 0
    arguments = {
        "sample": ["--checkpoint", "run", "--count", "100000"],
        "train": ["--data", "names.txt", *SMALL, "--steps", "100000", "--log", "l.csv"],
    }[command]
    with shell(command, *arguments) as process:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=60)
    assert err == ""
    assert process.returncode == 1


@UNIX
def test_a_terminal_sees_a_bar() -> None:
    import pty
    import termios

    terminal, its_other_end = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 90))
    command = [sys.executable, "-m", "course_lib", "train", "--data", "names.txt"]
    with subprocess.Popen(
        [*command, *SMALL, "--steps", "400", "--val-fraction", "0.25"],
        stdout=subprocess.PIPE,
        stderr=its_other_end,
        text=True,
    ) as process:
        os.close(its_other_end)
        seen = b""
        while chunk := read(terminal):
            seen += chunk
        out = process.stdout.read()
    os.close(terminal)
    assert process.returncode == 0
    assert "step   1 of 400: loss" in out
    assert "tokens/s" not in out
    bar = r"100%.*400/400 steps, 00:00 left, loss \d\.\d+, validation \d\.\d+, "
    bar += r"[\d,]+ tokens/s"
    assert re.search(bar, seen.decode())


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def test_a_long_silence_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train_progress, "LINE_INTERVAL", 0.0)
    assert train("--steps", "9") == 0
    assert capsys.readouterr().out.count("\nstep ") == 9


# What it refuses

LONG = "x" * 300

REFUSED = [
    ("train --data missing.txt", "does not exist"),
    ("train --data empty.txt", "holds no text"),
    ("train --data binary.bin", "not a text file"),
    ("train --data endless.txt --split lines", "longer than 10,000 characters"),
    ("train --data empty.txt --split none", "holds no text"),
    ("train --data binary.bin --split none", "byte 0 is a NUL byte"),
    ("train --data ahead.csv --field words", "no text in a field 'words'"),
    ("train --data ahead.csv", "fields 'step', 'loss'"),
    ("train --data names.txt --split words", "--split must be one of lines, blank"),
    ("train --data names.txt --split none --field text", "exclude each other"),
    ("train --data empty.txt --split", "requires an argument"),
    ("train --data .", "is a folder"),
    (
        "train --data spam",
        "--data spam is a table, not a text: give names, things, play,",
    ),
    ("train --data https://example.org/x.txt", "x.txt needs --sha256 as well"),
    ("train --data names.txt --sha256 abc", "64 hexadecimal digits"),
    (f"train --data names.txt --sha256 {'0' * 64}", "has sha256"),
    ("train --data names.txt --engine torch", "--engine must be one of jax, scalar"),
    ("train --data names.txt --steps 0", "--steps must be"),
    ("train --data names.txt --steps -5", "--steps must be"),
    ("train --data names.txt --steps many", "'--steps'"),
    ("train --data names.txt --steps 1e3", "'--steps'"),
    ("train --data names.txt --seed -1", "--seed must be"),
    ("train --data names.txt --n-layer 0", "--n-layer must be"),
    ("train --data names.txt --n-head -4", "--n-head must be"),
    ("train --data names.txt --n-head 3", "--n-head must divide --n-embd"),
    ("train --data names.txt --n-embd 0", "--n-embd must be"),
    ("train --data names.txt --block-size 0", "--block-size must be"),
    ("train --data names.txt --batch-size 0", "--batch-size must be"),
    ("train --data names.txt --n-embd 1000000", "--n-embd must be"),
    ("train --data names.txt --batch-size 1000000000", "--batch-size must be"),
    ("train --data names.txt --block-size 1000000000", "--block-size must be"),
    ("train --data names.txt --engine scalar --n-embd 8192", "GB of memory"),
    ("train --data names.txt --block-size 9999 --batch-size 99999", "GB of memory"),
    ("train --data names.txt --n-layer 1000000000", "--n-layer must be"),
    (f"train --data names.txt --seed {10**30}", "--seed must be"),
    ("train --data names.txt --learning-rate 0", "--learning-rate must be"),
    ("train --data names.txt --learning-rate -0.1", "--learning-rate must be"),
    ("train --data names.txt --learning-rate nan", "--learning-rate must be"),
    ("train --data names.txt --learning-rate inf", "--learning-rate must be"),
    ("train --data names.txt --schedule steep", "--schedule must be one of"),
    ("train --data names.txt --val-fraction 1", "--val-fraction must be"),
    ("train --data names.txt --val-fraction -0.1", "--val-fraction must be"),
    ("train --data names.txt --val-fraction nan", "--val-fraction must be"),
    ("train --data names.txt --val-fraction 0.99", "no document to train on"),
    ("train --data names.txt --val-fraction 0.01", "no document for validation"),
    ("train --data names.txt --precision float16", "--precision must be one of"),
    (
        "train --data names.txt --engine scalar --precision bfloat16",
        "--precision is for",
    ),
    ("train --data names.txt --val-every 5", "--val-every needs a --val-fraction"),
    ("train --data names.txt --patience 5", "--patience needs a --val-fraction"),
    ("train --data names.txt --val-fraction 0.5 --val-every 0", "--val-every must be"),
    ("train --data names.txt --val-fraction 0.5 --val-every x", "'--val-every'"),
    ("train --data names.txt --val-fraction 0.5 --patience 0", "--patience must be"),
    (
        "train --data names.txt --val-fraction 0.5 --patience -1 --checkpoint new",
        "--patience must be",
    ),
    ("train --resume --checkpoint run --patience 2", "--patience needs a"),
    ("train --data names.txt --stop-after 0", "--stop-after must be"),
    ("train --data names.txt --save-every -1", "--save-every must be"),
    ("train --data names.txt --save-every nan", "--save-every must be"),
    ("train --data names.txt --resume", "--resume needs --checkpoint"),
    ("train --data names.txt --resume --checkpoint none", "no checkpoint in none"),
    ("train --data names.txt --checkpoint names.txt", "is a file, not a folder"),
    ("train --data names.txt --checkpoint names.txt/x", "is a file, not a folder"),
    ("train --data names.txt --checkpoint /proc/x", "cannot save a checkpoint"),
    ("train --data names.txt --checkpoint run", "holds a checkpoint already"),
    ("train --data names.txt --log none/loss.csv", "no folder none"),
    ("train --data names.txt --log .", "not a file"),
    ("train --data names.txt --log names.txt", "is no loss log"),
    ("train --data names.txt --log names.txt --checkpoint new", "is no loss log"),
    ("train --resume --checkpoint run --n-embd 8", "--n-embd is 4 in the checkpoint"),
    ("train --resume --checkpoint run --seed 1", "--seed is 42 in the checkpoint"),
    ("train --resume --checkpoint run --steps 2", "--steps must be 3 or more, as the"),
    ("train --resume --checkpoint run --steps 0", "--steps must be a whole number"),
    ("train --resume --checkpoint run --schedule cosine", "--schedule is linear in"),
    ("train --resume --checkpoint run --data things", "data are not what"),
    ("train --resume --checkpoint run --log ahead.csv", "ends at step 1"),
    ("train --resume --checkpoint damaged", "is damaged"),
    *(
        (f"train --data names.txt --{option}=", f"'--{option}': it is empty")
        for option in ("data", "checkpoint", "log", "sha256", "engine", "schedule")
    ),
    ("train --data names.txt --precision=", "'--precision': it is empty"),
    ("train --data names.txt --steps=", "'--steps'"),
    ("train --data names.txt --resume --checkpoint=", "'--checkpoint': it is empty"),
    ("sample --checkpoint=", "'--checkpoint': it is empty"),
    (f"train --data {LONG}", "ile name too long"),
    (f"train --data names.txt --checkpoint {LONG}", "ile name too long"),
    (f"train --data names.txt --log {LONG}", "ile name too long"),
    (f"sample --checkpoint {LONG}", "ile name too long"),
    (f"progress import {LONG}", "ile name too long"),
    (f"progress export {LONG}", "nothing to write"),
    (f"reset {LONG}", "ile name too long"),
    ("train --speed 9", "--speed"),
    ("train --data", "'--data' requires an argument"),
    ("train names.txt", "names.txt"),
    ("fly", "No such command 'fly'"),
    ("--fly", "--fly"),
    ("doctor now", "now"),
    ("sample", "'--checkpoint'"),
    ("sample --checkpoint none", "no checkpoint in none"),
    (
        "sample --checkpoint run --best",
        "no best.safetensors in run: a run keeps one if",
    ),
    ("sample --checkpoint none --best", "no best.safetensors in none"),
    ("sample --checkpoint damaged", "is damaged"),
    ("sample --checkpoint run --prompt Zoë", "unknown character 'Z', 'o', 'ë'"),
    ("sample --checkpoint run --temperature -1", "--temperature must be"),
    ("sample --checkpoint run --temperature nan", "--temperature must be"),
    ("sample --checkpoint run --count 0", "--count must be"),
    ("sample --checkpoint run --length 0", "--length must be"),
    ("sample --checkpoint run --length 1000001", "--length must be"),
    ("sample --checkpoint run --length few", "'--length'"),
    ("sample --checkpoint run --seed -1", "--seed must be"),
]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("saved")
    data = folder / "names.txt"
    data.write_text("\n".join(SOME_NAMES.split()))
    arguments = ["--data", str(data), "--steps", "9", "--stop-after", "3"]
    assert main(["train", *SMALL, *arguments, "--checkpoint", str(folder / "run")]) == 0
    return (folder / "run" / "checkpoint.safetensors").read_bytes()


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(("line", "said"), REFUSED)
def test_bad_input_gets_one_line_and_nothing_is_written(
    line: str,
    said: str,
    saved: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("empty.txt").write_text("\n \n")
    Path("binary.bin").write_bytes(bytes(range(256)))
    with open("endless.txt", "wb") as file:
        file.truncate(0)
        file.write(b"a" * 100_000)
    Path("ahead.csv").write_text("step,loss\n1,3.0\n")
    for folder, content in (("run", saved), ("damaged", saved[:-1])):
        Path(folder).mkdir()
        Path(folder, "checkpoint.safetensors").write_bytes(content)
    before = snapshot(tmp_path)
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert err.startswith("course: ")
    assert err.count("\n") == 1
    assert len(err) < 600
    assert said in err
    assert "Traceback" not in out + err
    assert snapshot(tmp_path) == before


def test_a_file_of_one_gigabyte_in_one_line_is_refused_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open("huge.txt", "wb") as file:
        file.write(b"a" * 70_000)
        file.truncate(10**9)  # holes of zeros, on any disk
    assert main(["train", "--data", "huge.txt"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def denied(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    assert train("--checkpoint", "run", "--log", "loss.csv") == 2
    err = capsys.readouterr().err
    assert err == "course: cannot save a checkpoint in run: permission denied\n"
    assert not Path("loss.csv").exists()


def test_a_disk_that_fills_up_is_one_line_and_the_checkpoint_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ["--checkpoint", "run", "--log", "run/loss.csv"]
    assert train("--steps", "9", "--stop-after", "3", *kept) == 0
    before = Path("run/checkpoint.safetensors").read_bytes()
    capsys.readouterr()

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert main(["train", "--resume", *kept]) == 1
    err = capsys.readouterr().err
    assert err == "course: cannot write run/loss.csv: no space left on device\n"
    assert Path("run/checkpoint.safetensors").read_bytes() == before
    assert main(["train", "--resume", *kept]) == 0
    assert [step for step, _ in rows("run/loss.csv")] == list(range(1, 10))


def test_a_loss_that_is_no_number_ends_with_what_to_try(
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["--engine", "jax", "--learning-rate", "1e30", "--checkpoint", "run"]
    never = ["--save-every", "1e9"]  # on a busy machine step 1 takes long
    assert train(*more, *never, "--log", "loss.csv") == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert re.match(
        r"course: the \w+ became nan at step 2: learning rate 9.99e\+29, "
        r"gradient norm nan \(before: loss \S+, norm \S+\); try a learning rate .*; "
        "the checkpoint of step 0 is kept$",
        err,
    )
    assert load_checkpoint("run").state.is_finite()
    assert [step for step, _ in rows()] == [1]


@pytest.mark.parametrize("engine", ["jax", "scalar"])
@pytest.mark.parametrize(
    "more",
    [
        ["--steps", "1"],
        ["--steps", "1", "--checkpoint", "run"],
        ["--steps", "9", "--checkpoint", "run", "--save-every", "0"],  # not the last
    ],
)
def test_a_last_update_that_spoils_the_weights_is_no_success(
    engine: str, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The loss is measured before each update: of the last one nothing is measured."""
    rate = ["--engine", engine, "--learning-rate", "1e7", *more]
    assert train(*rate) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "weights are larger than 1,000,000 in size" in line
    assert "step 1" in line
    if "--checkpoint" in more:
        assert load_checkpoint("run").step == 0


def test_a_loss_that_is_no_number_without_a_checkpoint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def diverge(*arguments: object) -> Iterator[Record]:
        raise DivergedError(Record(1, float("inf"), 0.5, float("nan"), 4), None)

    monkeypatch.setattr("course_lib.training.run.Session.records", diverge)
    assert train() == 1
    err = capsys.readouterr().err
    assert "the loss became inf at step 1: learning rate 0.5, gradient norm nan;" in err
    assert "is kept" not in err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "out of memory"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (
            ZeroDivisionError("one\ntwo"),
            "a mistake of ours: ZeroDivisionError: one two",
        ),
    ],
)
def test_whatever_happens_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    said: str,
) -> None:
    def broken(*arguments: object) -> None:
        raise error

    monkeypatch.delenv("COURSE_TRACEBACK", raising=False)
    monkeypatch.setattr(train_command, "train_with_progress", broken)
    assert train() == 1
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    monkeypatch.setenv("COURSE_TRACEBACK", "1")
    if isinstance(error, ZeroDivisionError):
        with pytest.raises(ZeroDivisionError):
            train()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errno.ENOSPC, 1), (errno.EIO, 1), (errno.EMFILE, 1),
        (errno.ENAMETOOLONG, 2), (errno.EACCES, 2), (errno.EROFS, 2), (None, 1),
    ],
)  # fmt: skip
def test_one_rule_of_exit_codes(
    monkeypatch: pytest.MonkeyPatch, error: int | None, code: int
) -> None:
    def broken(*arguments: object) -> None:
        raise OSError(error, os.strerror(error)) if error else OSError("strange")

    monkeypatch.setattr(train_command, "train_with_progress", broken)
    assert train() == code


def test_many_steps_are_asked_for_and_begin_at_once() -> None:
    assert train("--steps", "1000000000", "--stop-after", "1", "--log", "l.csv") == 0
    assert rows("l.csv")[0][0] == 1


def test_one_of_a_thing_is_said_in_the_singular(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("names.txt").write_text("ada\nida\n")
    assert train("--steps", "1", "--val-fraction", "0.5") == 0
    out = capsys.readouterr().out
    assert "(on 1 document it has not seen)" in out
    Path("names.txt").write_text("ada\n")
    assert train("--steps", "1") == 0
    assert ", 1 document, " in capsys.readouterr().out
    assert not re.search(r"\b1 \w+s\b", out)


CLEAR = "\x1b[2J"  # a terminal that gets it is wiped


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--data", CLEAR],
        ["train", "--data", "names.txt", "--log", f"{CLEAR}/x"],
        ["train", "--data", "names.txt", "--engine", CLEAR],
        ["train", "--data", "names.txt", "--steps", CLEAR],
        ["sample", "--checkpoint", CLEAR],
        ["sample", "--checkpoint", "run", "--prompt", CLEAR],
        ["progress", "import", CLEAR],
        ["progress", "export", f"{CLEAR}/x"],
        ["reset", CLEAR],
        [CLEAR],
        [f"--{CLEAR}"],
    ],
)
def test_no_control_character_reaches_the_terminal(
    arguments: list[str], saved: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("run").mkdir()
    Path("run", "checkpoint.safetensors").write_bytes(saved)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "\x1b" not in err
    assert "\\x1b" in err or "nothing to write" in err
    assert err.count("\n") == 1


def test_what_a_run_says_of_its_files_is_escaped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train("--steps", "9", "--stop-after", "1", "--checkpoint", CLEAR) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[2J" in out.splitlines()[-1]


def test_a_long_complaint_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x" * 9000]) == 2
    assert len(capsys.readouterr().err) < 600


def test_a_terminal_that_lacks_a_letter_gets_an_escape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stderr", latin)
    assert main(["Ζωή"]) == 2
    latin.flush()
    assert b"\\u0396" in latin.buffer.getvalue()
