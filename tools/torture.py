"""Thousands of inputs that nobody should give, at every door: ``make torture``.

A door is where something from outside comes in: the command, a checkpoint, a journal, a
text, a download, a widget's message, an expression, an answer; for a training run, a
kill (kills.py). Every input is made by a seeded generator, so a fault can be met again:

    python -m tools.torture                       all doors, a table at the end
    python -m tools.torture --door checkpoint --seed 3 --count 500

A fault is: an exception that the door does not promise, a message of more than one line
or with control characters in it, "a mistake of ours", a call that lasts longer than its
deadline, and whatever a door's own check finds lost or changed.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import socket
import sys
import tempfile
import textwrap
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.results import record
from tools.doors import CONTROL, Door, Fault, Hang, Trial, judge, spoiled
from tools.environment import ROOT
from tools.kills import Kills

# --- what people and accidents come up with ---------------------------------------

NUMBERS = (
    *("", " ", "0", "-0", "1", "-1", "2", "3", "1.5", "1e3", "1e9", "1e-9", "1e308"),
    *("1e400", "-1e400", "nan", "inf", "-inf", "0x10", "1_000", "٣", "½", "1,5", "--"),
    *("1000000000", "100000000000000000000", "9" * 4400, "true", "None", "[1]", "\t4"),
    *("4\n", "-1e6", "1e6", "1e30", "0.5", "1.0", "😀", "\x1b[31m1", "1" * 300),
)
TEXTS = (
    *("", " ", "a", "ab\ncd", "\x00", "\x1b[2J", "\ud800", "é", "e\u0301", "\u202eabc"),
    *("😀" * 50, "a" * 100_000, "../../etc", "~", "$HOME", "%s%n", "{}", "-", "--help"),
    *("\ufeff", "\u2028", "ａ", "\r", "NaN", "<script>", "'; --", "a\tb", "\x7f"),
)


def any_text(rng: random.Random) -> str:
    """Return a text: one of those above, or random characters of every kind."""
    if rng.random() < 0.5:
        return rng.choice(TEXTS)
    kinds = (
        "abc xyz",
        "\x00\x01\x1b\x7f\x9b",
        "äßñ",
        "中文",
        "😀🎉",
        "\ud800\udfff",
        "\n\r",
    )
    return "".join(rng.choice(rng.choice(kinds)) for _ in range(rng.randint(0, 40)))


def any_json(rng: random.Random, depth: int = 0) -> Any:
    """Return a random value of the kinds that JSON has."""
    kind = rng.randrange(9 if depth < 4 else 7)
    if kind == 7:
        return [any_json(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    if kind == 8:
        return {any_text(rng)[:20]: any_json(rng, depth + 1) for _ in range(3)}
    numbers = (0, -1, 1, 2**31, 2**63, 10**30, -(10**30))
    floats = (0.5, -0.5, 1e300, 1e-300, float("nan"), float("inf"), -float("inf"))
    return rng.choice(
        [None, True, False, rng.choice(numbers), rng.choice(floats), any_text(rng), ""]
    )


def mangled(rng: random.Random, data: bytes) -> bytes:
    """Return bytes as an accident leaves them: flipped, cut, doubled, zeroed."""
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 50))):
        at = rng.randrange(len(broken) + 1)
        match rng.randrange(6):
            case 0 if broken:
                broken[min(at, len(broken) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                del broken[at:]
            case 2:
                broken[at:at] = rng.randbytes(rng.choice((1, 8, 1000)))
            case 3:
                broken[at : at + rng.choice((1, 8, 4096))] = bytes(rng.choice((1, 8)))
            case 4:
                broken += broken[at : at + 1000]
            case 5:
                del broken[at : at + rng.choice((1, 8, 1000))]
    return bytes(broken)


def files_of_every_kind(folder: Path) -> dict[str, Path]:
    """Make one of everything that a path can lead to."""
    made = {
        name: folder / name for name in ("missing", "empty", "folder", "link", "loop")
    }
    made["empty"].write_bytes(b"")
    made["folder"].mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        made["link"].symlink_to(folder / "missing")
        made["loop"].symlink_to(made["loop"])
        os.mkfifo(folder / "pipe")
    made |= {"pipe": folder / "pipe", "null": Path("/dev/null")}
    made |= {"zero": Path("/dev/zero"), "full": Path("/dev/full")}
    made |= {"memory": Path("/proc/self/mem"), "below": made["empty"] / "file"}
    made |= {"long": folder / ("x" * 300), "deep": folder.joinpath(*["d"] * 600)}
    return {
        name: path
        for name, path in made.items()
        if name in ("missing", "long", "deep", "below", "link", "loop") or path.exists()
    }


# --- the command ------------------------------------------------------------------


def run_command(arguments: list[str], allowed: tuple[int, ...] = (0, 1, 2)) -> None:
    """Run ``course`` in this process; raise Fault for what must not be."""
    from course_lib.app import cli

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(arguments)
    said = err.getvalue()
    if code not in allowed:
        raise Fault(f"exit code {code}: {said[:200]!r}")
    if "mistake of ours" in said or "Traceback" in said + out.getvalue():
        raise Fault(f"a mistake of ours: {said[:300]!r}")
    if code == 2 and (wrong := spoiled(said.removesuffix("\n"))):
        raise Fault(wrong)
    if CONTROL.search(out.getvalue() + said):
        raise Fault(f"control characters: {(out.getvalue() + said)[:200]!r}")


SMALL = ["--engine", "scalar", "--steps", "1", "--n-embd", "4", "--n-head", "1"]
INTEGERS = ("steps", "seed", "n-layer", "n-head", "n-embd", "block-size", "batch-size")
NUMBERED = ("val-fraction", "val-every", "patience", "save-every", "stop-after")
PATH_VERBS = (["progress", "export"], ["progress", "import"], ["reset"], ["update"])
OPTIONS = (*INTEGERS, "learning-rate", *NUMBERED)
WORDS = ("engine", "schedule", "precision", "sha256", "data", "log", "checkpoint")


TAKES_MINUTES = {  # by hand, and that is what was asked for
    (option, "1_000") for option in ("n-layer", "n-embd", "batch-size")
}


def make_course(folder: Path) -> None:
    """Let ``course reset`` find a course of one notebook here, and no other."""
    from course_lib.app import reset

    (folder / "source").mkdir(parents=True)
    (folder / "source" / "00_page.py").write_text("# %%\n1 + 1\n")
    (folder / "00_page.ipynb").write_text("mine")
    reset.COURSE = folder


def save_an_answer() -> None:
    """Put an answer into the journal, so that there is something to lose."""
    from course_lib.exercises import journal

    if problem := journal.save_answer("loss.mse", "correct", "x = 1", "x"):
        raise Fault(problem)


def command_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Every option with every number, then several at once, and every kind of path."""
    (folder / "names.txt").write_text("emma\nava\nolivia\n")
    os.chdir(folder)
    odd = files_of_every_kind(folder)
    base = ["train", "--data", "names.txt", *SMALL, "--stop-after", "1"]
    base += ["--val-fraction", "0.4"]
    make_course(folder / "notebooks")

    def trial(*arguments: str) -> Trial:
        shown = tuple(argument[:40] for argument in arguments)
        return f"course {' '.join(map(ascii, shown))}", lambda: run_command(
            [*arguments]
        )

    for option in OPTIONS:
        for value in NUMBERS:
            if (option, value) not in TAKES_MINUTES:
                yield trial(*base, f"--{option}", value)
    for option in WORDS:
        for value in (*TEXTS, *map(str, odd.values())):
            yield trial(*base, f"--{option}", value)
    save_an_answer()
    for path in odd.values():
        for verb in (*PATH_VERBS, ["start", "--no-lab"]):
            yield trial(*verb, str(path))
        for option in ("--checkpoint", "--prompt"):
            yield trial("sample", option, str(path), "--count", "1")
    for text in TEXTS:
        for verb in (*PATH_VERBS, []):
            yield trial(*verb, text)
    for action in ("show", "repair", "reset", "show", "repair"):
        yield trial("progress", action)
    yield trial("reset", "all")
    while True:
        some = rng.sample([*OPTIONS, *WORDS], rng.randint(1, 3))
        values = [
            any_text(rng) if name in WORDS else rng.choice(NUMBERS) for name in some
        ]
        if TAKES_MINUTES & {*zip(some, values, strict=True)} or "stop-after" in some:
            continue
        pairs = zip((f"--{name}" for name in some), values, strict=True)
        yield trial(*base, *(part for pair in pairs for part in pair))


def sample_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """A model that was trained, and prompts and numbers that it cannot have meant."""
    (folder / "names.txt").write_text("emma\nava\nolivia\n")
    os.chdir(folder)
    run_command(["train", "--data", "names.txt", *SMALL, "--checkpoint", "run"])
    base = ["sample", "--checkpoint", "run", "--count", "1"]
    while True:
        option = rng.choice(("prompt", "temperature", "count", "length", "seed"))
        value = any_text(rng) if option == "prompt" else rng.choice(NUMBERS)
        if option == "count" and value in ("1000000000", "1e9"):
            continue  # so many samples are what was asked for
        given = [*base, f"--{option}", value]
        yield f"course {given[5:]}"[:80], partial(run_command, given)


ADDRESSES = (  # of a copy of the course, whole
    *("https://github.com/ada/course", "https://github.com/ada/course/"),
    *("http://www.GitHub.com/ada/course.git", "https://hub.example.org:8000/hub"),
)
PIECES = (  # of addresses, put together as they come
    *("https://", "http://", "HTTPS://", "git@", "ssh://", "file:///", "javascript:"),
    *("github.com", "www.github.com", "github.com.evil.org", "ada@", "ada:x@", ":443"),
    *(":99999999", ":99999", ":", "[::1]", "[", "]", "/", "//", "/ada", "/course"),
    *(".git", "/..", "/.", "/tree/main", "?x=1", "#y", "%2e%2e", "%00", "%", "\\"),
    *(" ", "\t", "\n", ")", "](", "|", "`", "<", '"', "'", "é", "ｇithub", "\u202e"),
    *("a" * 300, "\x00", "\ud800", "٣"),
)
LINK = re.compile(r"\]\(([^)]*)\)")
SAFE = re.compile(r"https?://[A-Za-z0-9.:_/?=%&+~$!*',;-]+")  # what ends no link


def links_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Addresses of a repository and a hub, and branches, that are none or are traps."""
    from course_lib.app import cli

    def bring(url: str, options: list[str]) -> None:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(["links", *options, "--", url])
        said, told = err.getvalue(), out.getvalue()
        if (code, bool(told), bool(said)) not in ((0, True, False), (2, False, True)):
            raise Fault(f"exit code {code}: {said[:200]!r}, {told[:200]!r}")
        if code and (wrong := spoiled(said.removesuffix("\n"))):
            raise Fault(wrong)
        if CONTROL.search(told):
            raise Fault(f"control characters: {told[:200]!r}")
        found = LINK.findall(told)
        if broken := [link for link in found if not SAFE.fullmatch(link)]:
            raise Fault(f"a link that is none: {broken[0]!r}")
        hub = told.partition("[Open on ")[2].partition("](")[0]
        if hub and not SAFE.fullmatch(hub):
            raise Fault(f"a hub that ends its link: {hub!r}")

    def address() -> str:
        match rng.randrange(4):
            case 0:
                return any_text(rng)
            case 1:
                text = rng.choice(ADDRESSES)
                at = rng.randrange(len(text) + 1)
                return text[:at] + rng.choice(PIECES) + text[at:]
            case 2:
                return rng.choice(ADDRESSES)
            case _:
                return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 6)))

    while True:
        options = [f"--hub={address()}"] * rng.choice((0, 0, 1))
        branch = rng.choice((any_text(rng), "".join(rng.sample(PIECES, 2)), "spring/a"))
        options += [f"--branch={branch}"] * rng.choice((0, 0, 1))
        url = address()
        yield f"{ascii(url)[:60]} {ascii(options)[:60]}", partial(bring, url, options)


# --- files that others wrote ------------------------------------------------------


def checkpoint_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Checkpoints that were damaged on the way."""
    from course_lib.training import read_checkpoint

    whole, path = _checkpoint_bytes(folder), folder / "damaged.safetensors"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        before = path.read_bytes()
        read_checkpoint(path)
        if path.read_bytes() != before:
            raise Fault("the file was changed")
        if data != whole:
            raise Fault("damage was not noticed")

    while True:
        data = mangled(rng, whole)
        if data != whole:
            yield f"{len(data)} bytes", partial(read, data)


def _checkpoint_bytes(folder: Path) -> bytes:
    from course_lib.training import Run, Settings, save_checkpoint

    settings = Settings(steps=2, n_embd=4, n_head=1, block_size=4, engine="scalar")
    save_checkpoint(folder / "run", Run(["emma", "ava"], settings).checkpoint())
    return (folder / "run" / "checkpoint.safetensors").read_bytes()


def forged_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Checkpoints whose checksum is right and whose content cannot be."""
    import numpy as np
    import safetensors
    import safetensors.numpy

    from course_lib.training import checkpoints, read_checkpoint, samples

    _checkpoint_bytes(folder)
    source, path = (
        folder / "run" / "checkpoint.safetensors",
        folder / "forged.safetensors",
    )
    with safetensors.safe_open(source, framework="numpy") as file:
        about = json.loads(file.metadata()["course_lib"])
        about |= {"val_loss": 2.5, "val_rows": 1}  # as the best of a run has them
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

    def read(text: str, given: dict[str, Any]) -> None:
        metadata = {"course_lib": text, "sha256": checkpoints._digest(text, given)}
        path.write_bytes(safetensors.numpy.save(given, metadata))
        checkpoint = read_checkpoint(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for text in samples(checkpoint, count=1):
                if CONTROL.search(text):
                    raise Fault(f"control characters in a sample: {text!r}")

    odd = (np.nan, np.inf, -1.0, 1e300, 1e-300, 0.0, 3e38, -1e30, 1e6, 2e6)
    texts = (
        *("", "[]", "null", "7", "{", "[" * 100_000, '{"a":' * 100_000, "9" * 5_000),
        *('{"step": 1e999}', '"\\ud800"', " " * 2_000_000, json.dumps([about] * 3)),
    )
    for text in texts:
        yield ascii(text)[:60], partial(read, text, tensors)
    for name in ("n_layer", "n_embd", "n_head", "block_size", "steps", "seed"):
        for number in (10**8, 10**9, 10**30, 1e9, True, -1, 0, "4", None):
            forged = {**about, "settings": {**about["settings"], name: number}}
            text = json.dumps(forged)
            yield f"{name} {number!r}", partial(read, text, tensors)
    while True:
        changed, given = json.loads(json.dumps(about)), dict(tensors)
        for _ in range(rng.choice((1, 1, 2))):
            match rng.randrange(5):
                case 0:
                    changed[rng.choice([*changed, "more"])] = any_json(rng)
                case 1:
                    changed["settings"][rng.choice([*changed["settings"], "x"])] = (
                        any_json(rng)
                    )
                case 2:
                    name = rng.choice([*given])
                    given[name] = np.full_like(given[name], rng.choice(odd))
                case 3:
                    name = rng.choice([*given])
                    kind = rng.choice(("float16", "int8", "bool", "float32"))
                    given[name] = given[name].astype(kind)
                case 4:
                    name = rng.choice([*given])
                    if rng.random() < 0.5:
                        del given[name]
                    else:
                        given[
                            any_text(rng).encode("utf-8", "replace").decode() or "x"
                        ] = np.zeros(
                            rng.choice(
                                ((0,), (2, 3), (1, 1, 1)),
                            )
                        )
            if not isinstance(changed.get("settings"), dict):
                break
        text = json.dumps(changed)
        shown = f"{text[:60]}…"
        yield shown, partial(read, text, given)


def journal_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Progress files: damaged, forged, of another time, of another program."""
    from course_lib.exercises import journal, progress

    entry = journal.Entry(
        "loss.mse", "correct", "2026-11-20T10:00:00.000000Z", "0.1.0", "mse", "x = 1"
    )
    line = entry.line()

    def bring(data: bytes) -> None:
        before = len(journal.entries()[0])
        try:
            imported = journal.import_bytes(data, "given.jsonl")
        except ValueError:
            if len(journal.entries()[0]) != before:
                raise Fault("refused, and yet something was added") from None
            raise
        for told in (*imported.damaged, imported.what_runs()):
            if wrong := spoiled(told):
                raise Fault(f"a line that tells of an import: {wrong}")
        known, broken = journal.entries()
        if broken or len(known) != before + imported.added:
            raise Fault(f"the journal holds {len(known)} entries, {broken[:1]}")
        look()
        if known:
            carry(known)

    def look() -> None:
        shown = repr(progress.card()) + progress.card().html()
        if CONTROL.search(shown.replace("\n", "")):
            raise Fault(f"control characters in the table: {shown[:200]!r}")

    def carry(known: list[journal.Entry]) -> None:
        there = folder / "export.jsonl"
        there.unlink(missing_ok=True)
        journal.export_to(there)
        if journal.parse(there.read_bytes(), "")[0] != known:
            raise Fault("an export does not hold what the journal holds")

    def smuggle(data: bytes) -> None:
        """Damage the journal itself: what is whole is shown, and a repair keeps it."""
        path = journal.journal_path()
        path.parent.mkdir(exist_ok=True)
        before = path.read_bytes() if path.exists() else b""
        path.write_bytes(before + data)
        try:
            known, _ = journal.entries()
            look()
            _, copy = journal.repair(datetime.now().astimezone())
            if copy is not None and copy.read_bytes() != before + data:
                raise Fault("the copy beside a repaired journal is not what it was")
            if journal.entries()[0] != known:
                raise Fault("a repair lost an entry")
        finally:
            path.write_bytes(before)

    while True:
        content = json.loads(line)
        kind = rng.randrange(8)
        if kind == 0:
            data = mangled(rng, (line + "\n").encode() * rng.randint(1, 5))
        elif kind == 1:
            content[rng.choice([*content])] = any_json(rng)
            data = json.dumps(content).encode()
        elif kind == 2:  # the sum is right
            name = rng.choice((*journal.SHORT_FIELDS, "source"))
            forged = {**entry.__dict__, name: any_text(rng)}
            data = journal.Entry(**forged).line().encode("utf-8", "surrogatepass")
        elif kind == 3:
            data = json.dumps(any_json(rng)).encode()
        elif kind == 4:  # of a newer course, after a byte-order mark, or both
            content["format"] = rng.choice((1, 2, 3, 10**30, True, 1.5, "2"))
            data = rng.choice((b"", b"\xef\xbb\xbf")) + json.dumps(content).encode()
        elif kind == 5:  # much of little
            piece = rng.choice((b"x\n", b"{\n", b"{}\n", b"\n", b"\x00", b"[" * 999))
            data = piece * rng.choice((10_000, 30_000, 6_000_000))
        else:
            data = rng.randbytes(rng.randint(0, 300))
        yield (
            f"{data[:60]!r}",
            partial(smuggle, data[:100_000])
            if rng.random() < 0.2
            else partial(bring, data),
        )


def shared_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """What learners share with a class: damaged, forged, of another program."""
    from course_lib.app.class_page import page
    from course_lib.exercises import shared
    from course_lib.exercises.class_view import class_view
    from course_lib.exercises.core import all_exercises

    exercises, now = all_exercises(), datetime.now().astimezone()
    known = {exercise.id: exercise for exercise in exercises}
    day = f"{now:%Y-%m-%d}"
    standing = shared.Standing("incorrect", 2, day, "sign flipped")
    whole = shared.share("Ada", "0" * 32, {"loss.softmax": standing}, now)

    def bring(data: bytes) -> None:
        one = shared.parse(data, known, now)
        view = class_view([one], exercises, now.date())
        told = page(view)
        if CONTROL.search(f"{view}{told}".replace("\n", "")):
            raise Fault(f"control characters in the view of a class: {view!s:.200}")
        if re.search(r"<(script|img|a|iframe)\b|https?:", told):
            raise Fault("the page of a class holds what a learner wrote into it")

    def forge() -> bytes:
        """Change a field, and set the sum right."""
        content = json.loads(whole.data())
        del content["sum"]
        place = rng.choice((content, content["exercises"]["loss.softmax"]))
        name = rng.choice([*place])
        place[name] = rng.choice((any_text, any_json, lambda _: "<script>"))(rng)
        return json.dumps({**content, "sum": shared.checksum(content)}).encode()

    while True:
        kind = rng.randrange(4)
        if kind == 0:
            data = mangled(rng, whole.data())
        elif kind == 1:
            data = json.dumps(any_json(rng)).encode()
        else:
            data = forge()
        yield f"{data[:60]!r}", partial(bring, data)


def data_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Texts that are none."""
    from course_lib.data import load_lines

    path = folder / "text.txt"
    text = "emma\nava\nolivia\n\nsophia\r\nmia\rzoë\n".encode()

    def load(data: bytes) -> None:
        path.write_bytes(data)
        for line in load_lines(path):
            line.encode("utf-8")
            if not line.strip():
                raise Fault("an empty line came out")

    for place in files_of_every_kind(folder).values():
        yield str(place)[:60], partial(load_lines, place)
    while True:
        match rng.randrange(4):
            case 0:
                data = mangled(rng, text)
            case 1:
                data = any_text(rng).encode(
                    "utf-16" if rng.random() < 0.5 else "latin-1", "replace"
                )
            case 2:
                data = any_text(rng).encode("utf-8", "surrogatepass") * rng.randint(
                    1, 9
                )
            case _:
                data = rng.randbytes(rng.randint(0, 500))
        yield f"{data[:60]!r}", partial(load, data)


def own_text_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Texts and records that a person may bring, whole and damaged, read in any way."""
    from course_lib.data import SPLITS, load_documents
    from course_lib.training import Run, Settings

    whole = {
        "play.txt": "HAMLET.\nTo be, or not to be:\n  aside\n\nOPHELIA.\nMy lord.\n",
        "code.py": "def f(x):\n\treturn x\n\n\f\nclass A:\n    pass\n",
        "rows.jsonl": '{"id": 1, "text": "a"}\n{"id": 2, "text": ["b", {"c": 1}]}\n',
        "rows.json": '[{"text": {"who": "zo\\u00e9"}}, {"text": null}]',
        "rows.csv": 'id,text\n1,"a, ""b"""\n2,"c\nd"\n3\n4,e,f\n',
    }

    def read(name: str, data: bytes, split: str | None, field: str | None) -> None:
        path = folder / name
        path.write_bytes(data)
        documents = load_documents(path, split=split, field=field).documents
        if isinstance(documents, str):
            documents = documents.split("\n")
        if not documents or not all(document.strip() for document in documents):
            raise Fault("an empty document came out")
        settings = Settings(
            engine="scalar", split="none", n_embd=4, n_head=1, block_size=4, steps=1
        )
        run = Run(documents, settings)
        if sum(len(d) + 1 for d in documents) != int((run.rows[:][:, 1:] >= 0).sum()):
            raise Fault("a character is read twice, or not at all")

    while True:
        name = rng.choice([*whole])
        data = whole[name].encode()
        match rng.randrange(4):
            case 0:
                data = mangled(rng, data)
            case 1:
                data = mangled(rng, data * 20)
            case 2:
                data = any_text(rng).encode("utf-8", "surrogatepass") * rng.randint(
                    1, 9
                )
        split = rng.choice((None, *SPLITS, any_text(rng)))
        field = rng.choice((None, "text", "text.who", any_text(rng)))
        yield (
            f"{name} {split!a:.20} {field!a:.20} {data[:40]!r}",
            partial(read, rng.choice((name, "text.txt")), data, split, field),
        )


def download_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Servers that answer with anything, at once or a byte at a time for ever."""
    from course_lib.bounds import BOUNDS
    from course_lib.data import load_lines

    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nemma\nava\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked += b"9\r\nemma\nava\n\r\n0\r\n\r\n"
    redirect = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
    again = b"HTTP/1.1 100 Continue\r\n\r\n"
    places = (b"/", b"//", b"https://", b"file:///etc/passwd", b"http://[", b"\x1b[2J")
    digits = hashlib.sha256(b"emma\nava\n").hexdigest()
    given = [b"", b""]  # what comes at once, and what then comes again and again
    ended = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):  # the listener is shut at the end
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):  # the client may leave
                    connection.settimeout(5)
                    connection.recv(65536)
                    connection.sendall(given[0])
                    while given[1] and not ended.wait(0.02):
                        connection.sendall(given[1])

    def load(first: bytes, more: bytes) -> None:
        given[:] = first, more
        shutil.rmtree(folder / "cache", ignore_errors=True)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/names.txt"
        if load_lines(address, digits) != ["emma", "ava"]:
            raise Fault("other lines came out")

    kept = dict(BOUNDS)
    BOUNDS["download, whole"] = (0.4, "seconds")
    BOUNDS["download, silence"] = (0.2, "seconds")
    os.environ["COURSE_LIB_CACHE"] = str(folder / "cache")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, daemon=True)
        server.start()
        try:
            while True:
                first = rng.choice((whole, chunked, again, redirect, b""))
                if first == redirect:
                    first = first % rng.choice(places)
                elif rng.random() < 0.7:
                    first = mangled(rng, first)
                more = b""
                if rng.random() < 0.3:
                    first = first[: rng.randint(0, len(first))]
                    more = rng.choice((b"x", b"0", b"\r\n", b"X: y\r\n", again))
                shown = f"{first[:60]!r} {more!r}"
                yield shown, partial(load, first, more)
        finally:
            BOUNDS.update(kept)
            del os.environ["COURSE_LIB_CACHE"]
            ended.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            server.join()


# --- what a page and its reader say -----------------------------------------------


def widget_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Messages that no browser of ours sends."""
    from course_lib import widgets

    figures = [
        *(widgets.confidence(), widgets.line_fit(), widgets.nudge_size()),
        *(widgets.walk_in_fog(), widgets.stride_lab(), widgets.graph_stepper()),
        *(widgets.neuron(), widgets.neuron_line(), widgets.cost_calculator()),
    ]

    def tell(figure: Any, state: dict[str, Any], message: Any) -> None:
        figure.set_state(state)
        figure._handle_custom_msg(message, [])
        if wrong := figure.problem and spoiled(figure.problem):
            raise Fault(wrong)
        if "could not be drawn" in figure.problem:
            raise Fault(figure.problem[:200])

    while True:
        figure = rng.choice(figures)
        synced = [name for name in figure.keys if not name.startswith("_")]
        state = {name: any_json(rng) for name in rng.sample(synced, rng.randint(0, 2))}
        if rng.random() < 0.7:
            selected = next(n for n in ("selected", "chosen") if n in synced)
            state[selected] = {
                **getattr(figure, selected),
                rng.choice([*figure._controls, "no such control"]): any_json(rng),
            }
        counter = next(n for n in ("request_id", "asked") if n in synced)
        state[counter] = getattr(figure, counter) + 1
        message = rng.choice(({}, {"press": any_json(rng)}, any_json(rng)))
        shown = f"{figure.name}: {ascii(state)[:100]} {ascii(message)[:60]}"
        yield shown, partial(tell, figure, state, message)


def value_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Values among things that they are none of, and functions that people try."""
    import math

    import numpy as np

    from course_lib.scalar import Value

    others: tuple[Any, ...] = (
        None,
        True,
        "2",
        [1.0],
        {},
        1j,
        np.array([1.0]),
        object(),
        10**400,
    )
    numbers = (0, -0.0, 1, -1, 2.5, 1e308, -1e308, 1e-320, math.inf, math.nan, 710.0)
    two: dict[str, Callable[[Any, Any], Any]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "**": lambda a, b: a**b,
        "==": lambda a, b: a == b,
        "<": lambda a, b: a < b,
        "//": lambda a, b: a // b,
        "%": lambda a, b: a % b,
        "max": max,
        "np.maximum": np.maximum,
        "math.pow": math.pow,
    }
    one: dict[str, Callable[[Any], Any]] = {
        **{
            f"math.{f}": getattr(math, f)
            for f in ("exp", "log", "tanh", "sqrt", "floor")
        },
        **{f"np.{f}": getattr(np, f) for f in ("exp", "log", "tanh", "sqrt", "abs")},
        **{f.__name__: f for f in (float, int, bool, abs, round, str, repr, hash)},
        "exp": lambda a: a.exp(),
        "log": lambda a: a.log(),
        "relu": lambda a: a.relu(),
        "backward": lambda a: a.backward(),
        "format": lambda a: f"{a:.2f}",
    }
    promised = (TypeError, ValueError, ArithmeticError, AttributeError)

    def do(call: Callable[[], Any]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                out = call()
            except promised as error:
                if wrong := spoiled(str(error)):
                    raise Fault(wrong) from error
                return
        if isinstance(out, complex):
            raise Fault("a complex number came out")
        if isinstance(out, Value):
            out.backward()

    while True:
        value = Value(rng.choice(numbers))
        if rng.random() < 0.3:
            name, act = rng.choice([*one.items()])
            yield f"{name}({value})", partial(do, partial(act, value))
            continue
        other = rng.choice((*others, *numbers, Value(rng.choice(numbers))))
        name, both = rng.choice([*two.items()])
        pair = (value, other) if rng.random() < 0.5 else (other, value)
        yield (
            f"{pair[0]!r:.30} {name} {pair[1]!r:.30}",
            partial(do, partial(both, *pair)),
        )


def expression_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Expressions as they are typed by mistake, and some that look like programs."""
    from course_lib.gradients import evaluate, value_functions
    from course_lib.scalar import Value

    pieces = (
        *(
            "a",
            "b",
            "c",
            "+",
            "-",
            "*",
            "/",
            "**",
            "(",
            ")",
            "tanh(",
            "exp(",
            "log(",
            "2",
        ),
        *("0.5", "1e999", "a.b", "a[0]", "lambda", ":", ",", "'x'", "__import__", "@"),
        *(
            "if",
            "else",
            "==",
            "and",
            "not",
            "9" * 50,
            "é",
            "\n",
            "\x00",
            ".tanh()",
            "~",
        ),
    )

    def compute(text: str) -> None:
        leaves = {name: Value(2.0) for name in "abc"}
        evaluate(text, leaves, value_functions())

    while True:
        text = " ".join(rng.choice(pieces) for _ in range(rng.randint(1, 12)))
        if rng.random() < 0.05:
            text = "(" * rng.choice((50, 400)) + "a" + ")" * rng.choice((50, 400))
        yield ascii(text)[:80], partial(compute, text)


def answer_trials(rng: random.Random, folder: Path) -> Iterator[Trial]:
    """Answers to questions, functions that are none, and what a function may say."""
    from course_lib.exercises.core import Result, all_exercises
    from course_lib.exercises.core.extract_source import AnswerSource

    exercises = all_exercises()
    odd: tuple[Any, ...] = (
        *(None, 0, -1, 1.5, "", "a" * 10_000, [], {}, (), set(), object(), type, print),
        *(float("nan"), float("inf"), 10**400, 1j, b"x", ..., range(3), [[[]]] * 3),
        *(lambda: None, "\ud800", "\x1b[31m", [float("nan")] * 3, {"a": {}}, int),
    )
    texts = (*("\x1b[2J", "\ud800", "\x00", "\x9b", "\u202e", "\r", "é"), "a\n" * 999)
    bodies = (
        *("print({0!r})\n    return 1", "raise ValueError({0!r})", "return {0!r}"),
        *(
            "return [{0!r}]",
            "return {{{0!r}: {0!r}}}",
            "raise type({0!r}, (Exception,), {{}})",
        ),
        *("import sys\n    sys.stdout.write({0!r})", "return object()  # {0!r}"),
    )

    def judged(exercise: Any, source: AnswerSource) -> None:
        show(exercise.check_source(source))

    def check(exercise: Any, answer: Any) -> None:
        show(exercise.check(answer))

    def show(result: Result) -> None:
        said = str(result) + result.html()
        if result.outcome == "correct":
            raise Fault("called correct")
        if "our mistake" in said:
            raise Fault(said[:300])
        if CONTROL.search(said.replace("\n", "")):
            raise Fault(f"control characters: {said[:200]!r}")

    while True:
        exercise, answer = rng.choice(exercises), rng.choice(odd)
        if exercise.kind == "function" and rng.random() < 0.3:
            text = rng.choice(bodies).format(rng.choice(texts))
            source = AnswerSource(f"def f(*arguments):\n    {text}\n", "f")
            yield (
                f"{exercise.id}: {ascii(text)[:60]}",
                partial(judged, exercise, source),
            )
            continue
        if exercise.kind == "value" and isinstance(answer, int | float | str):
            continue  # it may be right
        shown = f"{exercise.id}: {ascii(answer)[:60]}"
        yield shown, partial(check, exercise, answer)


def doors() -> list[Door]:
    """Return every door, with how many inputs it gets."""
    from course_lib.data import DataError
    from course_lib.training import CheckpointError

    return [
        Door("command", command_trials, 1100),
        Door("sample", sample_trials, 200),
        Door("links", links_trials, 1000),
        Door("damaged checkpoint", checkpoint_trials, 1000, (CheckpointError,)),
        Door("forged checkpoint", forged_trials, 700, (CheckpointError, ValueError)),
        Door("progress file", journal_trials, 1000, (ValueError,)),
        Door("shared progress", shared_trials, 1000, (ValueError,)),
        Door("text", data_trials, 500, (DataError,)),
        Door("own text", own_text_trials, 500, (DataError, ValueError)),
        Door("download", download_trials, 300, (DataError,)),
        Door("widget message", widget_trials, 500),
        Door("Value", value_trials, 700),
        Door("expression", expression_trials, 700, (ValueError, OverflowError)),
        Door("answer", answer_trials, 200),
        killed("killed run", Kills(), 50),
        killed("killed team", Kills(team=True), 20),
    ]


def killed(name: str, kills: Kills, count: int) -> Door:
    """Return a door for runs that are killed."""
    return Door(name, kills.trials, count, deadline=600, figures=kills.sentence)


def torture(door: Door, seed: int, count: int) -> None:
    """Try ``count`` inputs at a door, in a folder that is thrown away."""
    rng, before = random.Random(f"{door.name} {seed}"), Path.cwd()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="course_torture_") as place:
        os.environ["COURSE_LIB_HOME"] = str(Path(place) / "home")
        try:
            for label, call in door.trials(rng, Path(place).resolve()):
                door.tried += 1
                if wrong := judge(door, label, call):
                    door.faults.append(
                        f"{door.name}, input {door.tried}: {label}: {wrong}"
                    )
                    print(f"FAULT {door.faults[-1]!a}", flush=True)
                if door.tried >= count:
                    break
        finally:
            os.chdir(before)
    door.seconds = time.monotonic() - began


def table(tried: list[Door], seed: int) -> str:
    """Return what was tried and found, as Markdown."""
    lines = ["| door | inputs | faults | seconds |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {d.name} | {d.tried:,} | {len(d.faults)} | {d.seconds:.0f} |" for d in tried
    ]
    total, faults = sum(d.tried for d in tried), sum(len(d.faults) for d in tried)
    lines += [f"| all, seed {seed} | {total:,} | {faults} | |"]
    figures = textwrap.fill(" ".join(door.figures() for door in tried).strip(), 88)
    return "\n".join([*lines, "", figures] if figures else lines)


def main(arguments: list[str] | None = None) -> int:
    """Torture every door, print the table; 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--door", choices=[door.name for door in doors()])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, help="inputs at each door")
    parser.add_argument(
        "--record", action="store_true", help="write the table into RESULTS.md"
    )
    given = parser.parse_args(arguments)

    def too_long(number: int, frame: FrameType | None) -> None:
        raise Hang

    signal.signal(signal.SIGALRM, too_long)
    faulthandler.enable()
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    chosen = [door for door in doors() if given.door in (None, door.name)]
    for door in chosen:
        torture(door, given.seed, given.count or door.count)
        print(
            f"{door.name}: {door.tried:,} inputs, {len(door.faults)} faults", flush=True
        )
    print("\n" + table(chosen, given.seed))
    if given.record:
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        record(
            "What was tried to break it",
            "Made-up bad inputs at every door: each must end in one clear line, within "
            "its\ntime, with nothing lost. Training runs that are killed: each must be "
            "resumed to the\nend as if nobody had disturbed it. `make torture "
            f"ARGS=--record`, {day}:\n\n{table(chosen, given.seed)}",
        )
    return 1 if any(door.faults for door in chosen) else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
