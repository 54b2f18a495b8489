"""The worker process: run an answer on the cases and report what it did.

The supervisor sends requests, one JSON object a line, and reads the replies; this side
judges nothing. Each answer gets a new process, so that whatever it does to this one
(endless loops, exits, patched modules) ends with it.
"""

from __future__ import annotations

import ast
import contextlib
import faulthandler
import importlib
import importlib.util
import io
import json
import math
import os
import queue
import sys
import sysconfig
import threading
import traceback
import warnings
from pathlib import Path
from typing import Any, TextIO

from course_lib.cache import keep_compiled
from course_lib.exercises.core.codec import decode, encode
from course_lib.exercises.core.extract_source import (
    ANSWER_FILE,
    AnswerSource,
    run_source,
)

MAX_PRINTED = 1000  # characters of printed text that are kept
MAX_MESSAGE = 300
KILL_DELAY = 1.0  # seconds after each limit at which this process ends itself


class ProbeError(Exception):
    """Raised by a probe for an answer it cannot use; the message says why."""


class CapturedOutput(io.TextIOBase):
    """Standard output of the learner's code: its first characters, and their count."""

    def __init__(self) -> None:
        self.text, self.characters = "", 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if len(self.text) < MAX_PRINTED:
            self.text += text[: MAX_PRINTED - len(self.text)]
        self.characters += len(text)
        return len(text)


class NoInput(io.TextIOBase):
    """Standard input of the learner's code: every read raises EOFError."""

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        raise EOFError("a check cannot ask for input(): use the arguments instead")


class ReplyChannel:
    """The pipe for replies: a private file descriptor, and a secret token a request."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.token = descriptor, ""
        self.owner = os.getpid()

    def send(self, **message: Any) -> None:
        """Write one reply, marked with the token, which the answer does not know."""
        if os.getpid() != self.owner:  # an answer forked and came back twice
            os._exit(0)
        data = f"{self.token} {json.dumps(message)}\n".encode()
        while data:
            data = data[os.write(self.descriptor, data) :]


def main() -> None:
    """Serve requests until the supervisor closes its end of the pipe."""
    requests, channel = take_over_streams()
    warnings.simplefilter("ignore")
    with contextlib.suppress(ImportError):
        import numpy  # noqa: F401  most answers use it, and importing takes time
    if "--jax" in sys.argv:
        import jax.numpy  # noqa: F401

        keep_compiled()
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(
        target=forward_requests, args=(requests, lines), daemon=True
    ).start()
    channel.send(ready=True)
    while True:
        request = json.loads(lines.get())
        channel.token = request["token"]
        faulthandler.dump_traceback_later(
            request["clock_limit"] + KILL_DELAY, exit=True, file=2
        )  # ends this process even where no other thread gets a turn
        serve(request, channel)
        faulthandler.cancel_dump_traceback_later()


def take_over_streams() -> tuple[int, ReplyChannel]:
    """Duplicate the pipes, and point descriptors 0, 1 and 2 to os.devnull."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return requests, ReplyChannel(replies)


def forward_requests(descriptor: int, lines: queue.Queue[bytes]) -> None:
    """Queue the request lines; at the end of the stream, end this process."""
    with os.fdopen(descriptor, "rb") as stream:
        for line in stream:
            lines.put(line)
    os._exit(0)


def serve(request: dict[str, Any], channel: ReplyChannel) -> None:
    """Run one answer on every case, with a reply for each; the last one says end."""
    printed = CapturedOutput()
    probe = find_probe(request["probe"])
    import_packages(request["source"])
    channel.send(begin=True)
    with (
        limited(request["memory"], request["limit"]),
        redirected_streams(printed),
    ):
        try:
            source = AnswerSource(request["source"], request["name"])
            answer = run_source(source)
        except BaseException as error:
            channel.send(definition=describe_error(error))
            answer = None
        else:
            for case in request["cases"]:
                observation = run_case(answer, probe, case)
                channel.send(**observation, printed=printed_so_far(printed))
                if "error" in observation:
                    break  # one error is enough to think about
    channel.send(end=True, printed=printed_so_far(printed))


def import_packages(source: str) -> None:
    """Import the installed packages that an answer imports, before its time begins.

    A module of the learner's own, beside the notebook, is part of the answer.
    """
    folders = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")]
    folders.append(str(Path(__file__).parents[2]))  # the course's own package
    for name in imported_modules(source):
        with contextlib.suppress(BaseException):
            spec = importlib.util.find_spec(name.partition(".")[0])
            place = spec.origin if spec else None
            if place and any(Path(place).is_relative_to(folder) for folder in folders):
                importlib.import_module(name)


def imported_modules(source: str) -> list[str]:
    """Return the modules that a piece of code imports, anywhere in it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found[node.module] = None
            for alias in node.names:  # from jax import numpy: a module, maybe
                found[f"{node.module}.{alias.name}"] = None
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "__import__":
            names = [a.value for a in node.args if isinstance(a, ast.Constant)]
            found.update({name: None for name in names if isinstance(name, str)})
    return list(found)


def find_probe(place: str | None) -> Any:
    """Return the function at 'module:name', or the probe of the exercise there."""
    if place is None:
        return None
    module, name = place.split(":")
    found = getattr(importlib.import_module(module), name)
    return getattr(found, "probe_function", found)


def printed_so_far(printed: CapturedOutput) -> list[Any]:
    """Return the first printed characters, and how many were printed in all."""
    return [printed.text, printed.characters]


def run_case(answer: Any, probe: Any, case: list[Any]) -> dict[str, Any]:
    """Call the answer on copies of the arguments; report output and changes."""
    arguments = [decode(argument) for argument in case]
    before = [encode(argument) for argument in arguments]
    try:
        if probe is None:
            output = answer(*arguments)
        else:
            output = probe(answer, *arguments)
        observation: dict[str, Any] = {"output": encode(output)}
    except ProbeError as error:
        observation = {"probe_error": str(error)[:MAX_MESSAGE]}
    except BaseException as error:
        observation = {"error": describe_error(error)}
    after = [encode(argument) for argument in arguments]
    changed = [i for i, old in enumerate(before) if not identical(old, after[i])]
    return {**observation, "changed": [[i, after[i]] for i in changed]}


def identical(one: Any, two: Any) -> bool:
    """Whether two encoded values are identical; NaN equals NaN."""
    return json.dumps(one) == json.dumps(two)


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return an exception's type and message, and the learner's line it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    in_answer = [frame for frame in frames if frame.filename == ANSWER_FILE]
    line = function = ""
    if in_answer:
        line, function = (in_answer[-1].line or "").strip(), in_answer[-1].name
    try:
        message = str(error)
    except BaseException:
        message = ""
    if isinstance(error, SyntaxError) and error.filename == ANSWER_FILE:
        message, line = error.msg, (error.text or "").strip()
    return {
        "type": type(error).__name__[:80],
        "message": message[:MAX_MESSAGE],
        "line": line[:200],
        "function": function if function.isidentifier() else "",
    }


@contextlib.contextmanager
def redirected_streams(printed: TextIO | CapturedOutput) -> Any:
    """Redirect the standard streams, whatever the learner's code does to them."""
    original = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = NoInput(), printed, printed
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = original


@contextlib.contextmanager
def limited(megabytes: int, seconds: float) -> Any:
    """Limit data and processor time where the system can; the supervisor watches too.

    This also ends an answer that lets no other thread run, once the kernel is gone.
    """
    before: dict[int, tuple[int, int]] = {}
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        computed = used.ru_utime + used.ru_stime
        wanted = {resource.RLIMIT_CPU: math.ceil(computed + seconds + KILL_DELAY)}
        wanted[resource.RLIMIT_CORE] = 0
        with contextlib.suppress(OSError), open("/proc/self/statm") as numbers:
            held = int(numbers.read().split()[5]) * resource.getpagesize()
            wanted[resource.RLIMIT_DATA] = held + megabytes * 2**20
        before = {kind: resource.getrlimit(kind) for kind in wanted}
        for kind, limit in wanted.items():
            hard = before[kind][1]
            lowest = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (lowest, hard))
    except (ImportError, OSError, ValueError):
        pass  # Windows, or the system will not
    try:
        yield
    finally:
        for kind, limits in before.items():
            resource.setrlimit(kind, limits)
