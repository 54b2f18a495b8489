"""The worker process: run an answer on the cases and report what it did.

The supervisor sends requests, one JSON object a line, and reads the replies; this side
judges nothing. Each answer gets a new process, so that whatever it does to this one
(endless loops, exits, patched modules) ends with it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import io
import json
import os
import queue
import sys
import threading
import traceback
import warnings
from typing import Any, TextIO

from course_lib.exercises.core.codec import decode, encode
from course_lib.exercises.core.extract_source import (
    ANSWER_FILE,
    AnswerSource,
    run_source,
)

MAX_PRINTED = 1000  # characters of printed text that are kept
MAX_MESSAGE = 300
KILL_DELAY = 1.0  # seconds after the limit at which this process ends itself


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

    def send(self, **message: Any) -> None:
        """Write one reply, marked with the token, which the answer does not know."""
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
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(
        target=forward_requests, args=(requests, lines), daemon=True
    ).start()
    channel.send(ready=True)
    while True:
        request = json.loads(lines.get())
        channel.token = request["token"]
        faulthandler.dump_traceback_later(
            request["limit"] + KILL_DELAY, exit=True, file=2
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
    for name in request["imports"]:
        importlib.import_module(name)
    channel.send(begin=True)
    with limited_memory(request["memory"]), redirected_streams(printed):
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


def find_probe(place: str | None) -> Any:
    """Return the probe of the exercise at 'module:name', or None."""
    if place is None:
        return None
    module, name = place.split(":")
    return getattr(importlib.import_module(module), name).probe_function


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
def limited_memory(megabytes: int) -> Any:
    """Limit the data segment where the system can; the supervisor watches as well."""
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
