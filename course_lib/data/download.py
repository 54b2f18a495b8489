"""Downloads of text files, verified by SHA-256 and cached."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ipaddress
import os
import queue
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.parse import urlsplit

from course_lib.bounds import BOUNDS, escaped
from course_lib.cache import cache_folder
from course_lib.data.digest import sha256_of
from course_lib.data.lines import DataError, show

_BLOCK = 64 * 1024
_LOCAL_COPY = "or download it by other means and give the path of the file"


def cached(address: str, sha256: str | None) -> Path:
    """The path of a verified local copy, downloaded only when there is none.

    The copy is named by its content, so two addresses of one file share it, and
    processes that download at once each replace it by the same bytes.
    Raises DataError; a failed download leaves nothing behind.
    """
    _allowed(address)
    if sha256 is None:
        raise DataError(
            f"{show(address)} came without sha256: expected load_lines(address, "
            "sha256=...), so that what arrives is what was meant."
        )
    copy = cache_folder() / f"{sha256}.txt"
    try:
        if copy.is_file():
            with copy.open("rb") as file:
                if sha256_of(file) == sha256:
                    return copy
            copy.unlink(missing_ok=True)  # damaged since: fetch it again
        copy.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix="part-", dir=copy.parent)
    except OSError as error:
        raise _cache_error(error) from None
    try:
        with os.fdopen(handle, "wb") as received:
            _download(address, sha256, received)
        os.replace(part, copy)
    except OSError as error:
        raise _cache_error(error) from None
    finally:
        Path(part).unlink(missing_ok=True)  # gone already when all went well
    return copy


def _download(address: str, sha256: str, file: BinaryIO) -> None:
    """Writes what arrives to ``file``, if its sha256 is the expected one."""
    digest = hashlib.sha256()
    for block in _receive(address):
        digest.update(block)
        file.write(block)
    if digest.hexdigest() != sha256:
        raise DataError(
            f"{show(address)} has sha256 {digest.hexdigest()}: expected {sha256}. "
            "The file there has changed; check the address and the sha256."
        )
    file.flush()
    os.fsync(file.fileno())


def _receive(address: str) -> Iterator[bytes]:
    """Blocks of bytes from an address; what goes wrong on the way is a DataError."""
    received, most = 0, BOUNDS["download"][0]
    with _Watchdog(BOUNDS["download, whole"][0]) as watchdog:
        try:
            silence = BOUNDS["download, silence"][0]
            with _opener(address, watchdog).open(address, timeout=silence) as response:
                size = response.length  # from Content-Length; None when not announced
                if size is not None and size > most:
                    raise _too_large(address)
                while block := response.read1(_BLOCK):
                    received += len(block)
                    if received > most:
                        raise _too_large(address)
                    yield block
        except DataError:
            raise
        except urllib.error.HTTPError as error:
            error.close()
            if watchdog.expired:
                raise _lost(address, received, TimeoutError()) from None
            raise DataError(
                f"{show(address)} was not delivered (the server answered "
                f"{error.code} {_words(error.reason)}): expected a file. "
                "Check the address."
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            lost = TimeoutError() if watchdog.expired else error
            raise _lost(address, received, lost) from None
        if watchdog.expired:  # which looks like the end of what has no size
            raise _lost(address, received, TimeoutError())
    if size is not None and received < size:
        raise DataError(
            f"{show(address)} broke off after {received:,} bytes: expected {size:,}. "
            f"Try again, {_LOCAL_COPY}."
        )


class _Watchdog:
    """A thread that shuts the socket of a download at the deadline.

    A timeout of the socket counts anew with every byte that comes; this ends whatever
    waits for more: a status line, headers, chunks, trailers, the answer of a proxy.
    """

    def __init__(self, seconds: float) -> None:
        self.deadline, self.expired = time.monotonic() + seconds, False
        self._lock, self._socket = threading.Lock(), None
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> _Watchdog:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        self._timer.join()

    def timeout(self) -> float:
        """Return how long one call may wait. Raises TimeoutError after the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            self.expired = True
            raise TimeoutError
        return min(left, BOUNDS["download, silence"][0])

    def watch(self, sock: Any) -> Any:
        """Shut this socket at the deadline, in place of the one before."""
        with self._lock:
            self._socket = sock
            if self.expired:
                self._shut()
        return sock

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            self._shut()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):  # closed already
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)


class _Watched:
    """A connection whose socket is watched from its first moment."""

    timeout: float | None

    def __init__(self, *arguments: Any, watchdog: _Watchdog, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.watchdog = watchdog
        self._create_connection = self._create_watched

    def connect(self) -> None:
        self.timeout = self.watchdog.timeout()
        super().connect()  # type: ignore[misc]
        self.watchdog.watch(self.sock)  # type: ignore[attr-defined]  # TLS has another

    def _create_watched(self, address: tuple[str, int], *more: Any) -> Any:
        host, port = address
        failed: OSError | None = None
        for number in _look_up(host, port, self.watchdog.timeout()):
            try:
                made = socket.create_connection((number, port), *more)
            except OSError as error:
                failed = error
            else:
                return self.watchdog.watch(made)
        raise failed or OSError("the name has no address")


def _look_up(host: str, port: int, timeout: float) -> list[str]:
    """Return the numeric addresses of a host; raises TimeoutError where none comes.

    The system's look-up cannot be stopped and has no timeout: it is left behind.
    """
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([str(place[0]) for *_, place in found])
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer


class _Connection(_Watched, http.client.HTTPConnection):
    pass


class _SecureConnection(_Watched, http.client.HTTPSConnection):
    pass


class _Handler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens addresses by watched connections."""

    def __init__(self, watchdog: _Watchdog) -> None:
        super().__init__()
        self.watchdog = watchdog

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Connection, watchdog=self.watchdog), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_SecureConnection, watchdog=self.watchdog), req)


def _lost(address: str, received: int, error: Exception) -> DataError:
    """The error for a connection that failed or fell silent."""
    reason = getattr(error, "reason", error)  # URLError wraps the real one
    if isinstance(reason, TimeoutError):
        silence, whole = BOUNDS["download, silence"][0], BOUNDS["download, whole"][0]
        return DataError(
            f"{show(address)} took too long ({received:,} bytes came): expected an "
            f"answer within {silence:g} s and the whole within {whole:g} s. "
            f"Try again, {_LOCAL_COPY}."
        )
    return DataError(
        f"{show(address)} cannot be downloaded ({_words(reason)}): expected a server "
        f"that answers. Check the connection and the address, {_LOCAL_COPY}."
    )


def _words(reason: object) -> str:
    """The reason of an error in its own words, on one line and short."""
    words = escaped(" ".join(str(reason).split())[:120])
    return words or type(reason).__name__


def _too_large(address: str) -> DataError:
    return DataError(
        f"{show(address)} is too large: expected at most "
        f"{BOUNDS['download'][0]:,} bytes. Give a smaller file."
    )


def _cache_error(error: OSError) -> DataError:
    return DataError(
        f"the cache folder {show(cache_folder())} cannot be used "
        f"({error.strerror or error}): expected a folder with room to write. "
        "Mend it, or set COURSE_LIB_CACHE to another folder."
    )


def _allowed(address: str) -> None:
    """Raise DataError unless the address is https, or http on this machine."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # port raises when it is no number
    except ValueError as error:
        raise DataError(
            f"{show(address)} is no address ({error}): expected "
            "https://host/file. Correct it."
        ) from None
    if not host or not (
        parts.scheme == "https" or (parts.scheme == "http" and _loopback(host))
    ):
        raise DataError(
            f"{show(address)} is not an https address: expected https://host/file. "
            f"Use https, {_LOCAL_COPY}."
        )
    if "@" in parts.netloc:
        raise DataError(
            f"the address at {host} holds a user name or password: expected a public "
            f"https address. Leave them out, {_LOCAL_COPY}."
        )


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where a first request could have gone."""

    max_redirections = int(BOUNDS["download, redirects"][0])

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        fp.close()  # what comes with a redirect is read by nobody, however long
        _allowed(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(address: str, watchdog: _Watchdog) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [_SafeRedirects(), _Handler(watchdog)]
    if _loopback(urlsplit(address).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))  # no proxy knows this machine
    return urllib.request.build_opener(*handlers)
