"""The helper process: it runs a learner's code and reports what it did.

It decides nothing. The check sends source text and inputs, one JSON object a line,
and compares what comes back. A fresh process for every answer: whatever the answer
does to this one (endless loops, exits, patched modules) ends with it.
"""

from __future__ import annotations
import __future__

import builtins
import contextlib
import faulthandler
import importlib
import io
import json
import linecache
import os
import queue
import sys
import threading
import traceback
import types
import warnings
from typing import Any, TextIO

from course_lib.exercises.core.codec import decode, encode

FILE = "<your answer>"
MODULE = "your_answer"
MOST_PRINTED = 1000  # characters of printed text that are kept
MOST_MESSAGE = 300
GRACE = 1.0  # seconds after the limit at which this process ends itself


class Misfit(Exception):
    """Raised by a probe: the answer cannot be used, and the message says why."""


class Printed(io.TextIOBase):
    """Standard output of the learner's code: the first characters, and a count."""

    def __init__(self) -> None:
        self.text, self.characters = "", 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if len(self.text) < MOST_PRINTED:
            self.text += text[: MOST_PRINTED - len(self.text)]
        self.characters += len(text)
        return len(text)


class NoKeyboard(io.TextIOBase):
    """Standard input of the learner's code: there is nobody to ask."""

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        raise EOFError("a check cannot ask for input(): use the arguments instead")


class Channel:
    """The way back to the check: a descriptor of our own and a word per request."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.word = descriptor, ""

    def send(self, **message: Any) -> None:
        """Write one line; what the learner's code prints never comes this way."""
        data = f"{self.word} {json.dumps(message)}\n".encode()
        while data:
            data = data[os.write(self.descriptor, data) :]


def main() -> None:
    """Serve requests until the check's end of the pipe closes."""
    requests, channel = take_over_streams()
    warnings.simplefilter("ignore")
    with contextlib.suppress(ImportError):
        import numpy  # noqa: F401  most answers use it, and importing takes time
    if "--jax" in sys.argv:
        import jax.numpy  # noqa: F401
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=read, args=(requests, lines), daemon=True).start()
    channel.send(ready=True)
    while True:
        request = json.loads(lines.get())
        channel.word = request["word"]
        faulthandler.dump_traceback_later(
            request["limit"] + GRACE, exit=True, file=2
        )  # ends this process even where no other thread gets a turn
        serve(request, channel)
        faulthandler.cancel_dump_traceback_later()


def take_over_streams() -> tuple[int, Channel]:
    """Keep the pipes for ourselves; descriptors 0, 1 and 2 lead nowhere."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return requests, Channel(replies)


def read(descriptor: int, lines: queue.Queue[bytes]) -> None:
    """Pass requests on; when the other end is gone, so are we."""
    with os.fdopen(descriptor, "rb") as stream:
        for line in stream:
            lines.put(line)
    os._exit(0)


def serve(request: dict[str, Any], channel: Channel) -> None:
    """Run one answer on every case and report each; the last line says end."""
    printed = Printed()
    probe = find_probe(request["probe"])
    for name in request["imports"]:
        importlib.import_module(name)
    channel.send(begin=True)
    with limited_memory(request["memory"]), streams(printed):
        try:
            answer = load(request["source"], request["name"])
        except BaseException as error:
            channel.send(definition=describe(error))
            answer = None
        else:
            for case in request["cases"]:
                seen = observe(answer, probe, case)
                channel.send(**seen, printed=report(printed))
                if "error" in seen:
                    break  # one error is enough to think about
    channel.send(end=True, printed=report(printed))


def find_probe(place: str | None) -> Any:
    """Return the probe of the exercise at 'module:name', if it has one."""
    if place is None:
        return None
    module, name = place.split(":")
    return getattr(importlib.import_module(module), name).probe_function


def report(printed: Printed) -> list[Any]:
    """Return the beginning of what was printed, and how much it was."""
    return [printed.text, printed.characters]


def load(source: str, name: str) -> Any:
    """Run the source text in a module of its own and return what `name` means."""
    lines = source.splitlines(keepends=True)
    linecache.cache[FILE] = (len(source), None, lines, FILE)
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module
    flags = __future__.annotations.compiler_flag
    exec(compile(source, FILE, "exec", flags, dont_inherit=True), vars(module))
    return vars(module)[name] if name in vars(module) else getattr(builtins, name)


def observe(answer: Any, probe: Any, case: list[Any]) -> dict[str, Any]:
    """Call the answer once on fresh copies; say what came back and what changed."""
    arguments = [decode(argument) for argument in case]
    before = [encode(argument) for argument in arguments]
    try:
        if probe is None:
            output = answer(*arguments)
        else:
            output = probe(answer, *arguments)
        seen: dict[str, Any] = {"output": encode(output)}
    except Misfit as misfit:
        seen = {"misfit": str(misfit)[:MOST_MESSAGE]}
    except BaseException as error:
        seen = {"error": describe(error)}
    after = [encode(argument) for argument in arguments]
    changed = [i for i, old in enumerate(before) if not identical(old, after[i])]
    return {**seen, "changed": [[i, after[i]] for i in changed]}


def identical(one: Any, two: Any) -> bool:
    """Whether two encoded values are the same, NaN being the same as NaN."""
    return json.dumps(one) == json.dumps(two)


def describe(error: BaseException) -> dict[str, Any]:
    """Say what went wrong: the kind, the message, the learner's own line."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == FILE]
    line, function = ((own[-1].line or "").strip(), own[-1].name) if own else ("", "")
    try:
        message = str(error)
    except BaseException:
        message = ""
    if isinstance(error, SyntaxError) and error.filename == FILE:
        message, line = error.msg, (error.text or "").strip()
    return {
        "type": type(error).__name__[:80],
        "message": message[:MOST_MESSAGE],
        "line": line[:200],
        "function": function if function.isidentifier() else "",
    }


@contextlib.contextmanager
def streams(printed: TextIO | Printed) -> Any:
    """Catch what the learner's code prints, whatever it does to sys.stdout."""
    kept = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = NoKeyboard(), printed, printed
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept


@contextlib.contextmanager
def limited_memory(megabytes: int) -> Any:
    """Let the system refuse memory where it can; the check watches everywhere."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as numbers:
            data_pages = int(numbers.read().split()[5])
        held = data_pages * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = held + megabytes * 2**20
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    except (ImportError, OSError, ValueError):  # macOS, Windows
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
