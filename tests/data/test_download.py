"""The deadline of a download holds in every phase of it, and so do its bounds."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from course_lib.bounds import BOUNDS, has_control
from course_lib.data import DataError, load_lines

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PHASES = {  # what comes at once, and what then comes again and again, for ever
    "TLS": (b"\x16\x03\x03\x40\x00", b"\x00"),
    "status line": (b"", b"H"),
    "status line, later": (b"HTTP/1.1 200 ", b"O"),
    "100-continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers of 100-continue": (b"HTTP/1.1 100 Continue\r\nX: ", b"x"),
    "headers": (OK + b"X: ", b"x"),
    "chunk size": (CHUNKED, b"0"),
    "chunk extension": (CHUNKED + b"1;", b"x"),
    "chunk": (CHUNKED + b"fffff\r\n", b"x"),
    "small chunks": (CHUNKED, b"1\r\nx\r\n"),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", b"X: y\r\n"),
    "trailer": (CHUNKED + b"1\r\nx\r\n0\r\nX: ", b"y"),
    "body": (OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "body without a size": (OK + b"\r\n", b"x"),
    "headers of a redirect": (b"HTTP/1.1 302 Found\r\nLocation: ", b"/"),
    "headers of an error": (b"HTTP/1.1 404 Not Found\r\nX: ", b"x"),
}


@contextmanager
def serving(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that answers each connection in a thread; yields host and port."""
    ended, threads = threading.Event(), []

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the other side may leave
            connection.settimeout(30)
            answer(connection, ended)

    def accept() -> None:
        with suppress(OSError):  # the listener is shut at the end
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=one, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            for thread in [accepting, *threads]:
                thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSE_LIB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def said(address: str) -> str:
    with pytest.raises(DataError) as caught:
        load_lines(address, "0" * 64)
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert not has_control(message)
    return message


def trickling(
    first: bytes, again: bytes
) -> Callable[[socket.socket, threading.Event], None]:
    def answer(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(first)
        while not ended.wait(0.02):
            connection.sendall(again)

    return answer


@pytest.mark.parametrize("phase", PHASES)
def test_a_server_that_trickles_is_left_at_the_deadline(
    phase: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BOUNDS, "download, whole", (0.5, ""))
    began = monotonic()
    with serving(trickling(*PHASES[phase])) as place:
        scheme = "https" if phase == "TLS" else "http"
        message = said(f"{scheme}://{place}/names.txt")
        took = monotonic() - began
    assert "took too long" in message
    assert "the whole within 0.5 s" in message
    assert took < 8  # a busy machine; the trickle itself would never end
    assert list(cache.iterdir()) == []


def test_a_chain_of_redirects_shares_one_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(BOUNDS, "download, whole", (0.5, ""))
    asked = []

    def answer(connection: socket.socket, ended: threading.Event) -> None:
        asked.append(connection.recv(65536))
        ended.wait(0.15)
        head = b"HTTP/1.1 302 Found\r\nLocation: /%d\r\n" % len(asked)
        connection.sendall(head + b"Content-Length: 0\r\n\r\n")

    with serving(answer) as place:
        assert "took too long" in said(f"http://{place}/")
    assert len(asked) < BOUNDS["download, redirects"][0]


def test_redirects_have_a_bound() -> None:
    asked = []

    def answer(connection: socket.socket, ended: threading.Event) -> None:
        asked.append(connection.recv(65536))
        head = b"HTTP/1.1 302 Found\r\nLocation: /%d\r\n" % len(asked)
        connection.sendall(head + b"Content-Length: 0\r\n\r\n")

    with serving(answer) as place:
        assert "the server answered 302" in said(f"http://{place}/")
    assert len(asked) == BOUNDS["download, redirects"][0] + 1


def test_what_comes_with_a_redirect_is_not_read() -> None:
    sent = []

    def answer(connection: socket.socket, ended: threading.Event) -> None:
        if b"/next" in connection.recv(65536):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n")
        while len(sent) < 1000 and not ended.is_set():
            connection.sendall(bytes(2**20))
            sent.append(1)

    with serving(answer) as place:
        assert "the server answered 404" in said(f"http://{place}/")
    assert len(sent) < 100


@pytest.mark.parametrize("head", [OK + b"\r\n", CHUNKED])
def test_size_is_what_arrives(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BOUNDS, "download", (10**6, ""))
    sent = []

    def answer(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(head)
        while len(sent) < 1000 and not ended.is_set():
            chunk = b"10000\r\n" + bytes(2**16) + b"\r\n"
            connection.sendall(chunk if head == CHUNKED else bytes(2**16))
            sent.append(1)

    with serving(answer) as place:
        assert "at most 1,000,000 bytes" in said(f"http://{place}/")
    assert len(sent) < 1000


def test_what_a_server_says_reaches_no_terminal_as_it_is() -> None:
    def answer(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 404 \x1b[2J\x9b31m\r\nContent-Length: 0\r\n\r\n")

    with serving(answer) as place:
        assert "answered 404 \\x1b[2J" in said(f"http://{place}/")


@pytest.mark.skipif(sys.platform != "linux", reason="what a full queue does differs")
def test_a_server_that_does_not_accept_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(BOUNDS, "download, whole", (0.5, ""))
    with ExitStack() as open_ones:
        listener = open_ones.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):  # fill the queue of connections
            waiting = open_ones.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        began = monotonic()
        assert "took too long" in said(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        assert monotonic() - began < 8


def test_a_name_that_is_never_found_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BOUNDS, "download, whole", (0.5, ""))
    ended = threading.Event()

    def hang(*arguments: object, **more: object) -> list[object]:
        ended.wait(120)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        assert "took too long" in said("https://example.invalid/names.txt")
        assert not ended.is_set()
    finally:
        ended.set()


def test_a_name_that_does_not_exist_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **more: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    message = said("https://example.invalid/names.txt")
    assert "cannot be downloaded" in message
    assert "Name or service not known" in message


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 404 It answers\r\nContent-Length: 0\r\n\r\n")

    real = socket.getaddrinfo
    with serving(answer) as place:
        port = int(place.partition(":")[2])

        def both(host: str, *arguments: Any, **more: Any) -> Any:
            if host == "localhost":  # nobody listens at the first
                return [(2, 1, 6, "", (a, port)) for a in ("127.0.0.2", "127.0.0.1")]
            return real(host, *arguments, **more)

        monkeypatch.setattr(socket, "getaddrinfo", both)
        assert "answered 404 It answers" in said(f"http://localhost:{port}/")
