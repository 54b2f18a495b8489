"""A learner at a JupyterHub, as a browser would be: log in, start, run a notebook.

ada = Learner(url, "ada", password)
ada.log_in()
ada.start_server()
with ada.kernel("course/notebooks/01_loss.ipynb") as kernel:
    kernel.run("1 + 1")
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import websocket

PATIENCE = 300.0  # seconds for a server to start, or for a cell


class Refused(Exception):
    """The hub, or a server, did not do what was asked; says what and the status."""


@dataclass
class Answer:
    """What a cell came to: its error or "", all text that it showed, its seconds."""

    error: str = ""
    text: str = ""
    seconds: float = 0.0


class Learner:
    """Somebody who uses the hub, with the cookies of one browser."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self.url, self.name, self.password = url, name, password
        self.browser = requests.Session()
        self.server = f"{url}user/{name}/"

    def log_in(self) -> None:
        """Fill in the form of the login page. Raises Refused."""
        page = self.browser.get(f"{self.url}hub/login", timeout=PATIENCE)
        form = {"username": self.name, "password": self.password}
        form["_xsrf"] = self._token("/hub/")
        sent = self.browser.post(
            f"{self.url}hub/login?next=%2Fhub%2Fhome", data=form, timeout=PATIENCE
        )
        if page.status_code != 200 or sent.status_code != 200:
            raise Refused(f"login: {page.status_code}, {sent.status_code}")
        if "login" in urlsplit(sent.url).path:
            raise Refused("login: the password was refused")

    def start_server(self) -> None:
        """Start the learner's server, and enter it. Raises Refused."""
        self.browser.get(f"{self.url}hub/spawn/{self.name}", timeout=PATIENCE)
        until = time.monotonic() + PATIENCE
        while not self._server_is_ready():
            if time.monotonic() > until:
                raise Refused("spawn: not ready in time")
            time.sleep(0.5)
        entered = self.get(f"{self.server}lab")
        if entered.status_code != 200 or "/hub/" in urlsplit(entered.url).path:
            raise Refused(f"server: {entered.status_code} at {entered.url}")

    def _server_is_ready(self) -> bool:
        known = self.hub_api("GET", f"users/{self.name}")
        if known.status_code != 200:
            raise Refused(f"spawn: the hub answers {known.status_code}")
        server = known.json()["servers"].get("", {})
        if server.get("pending") is None and not server.get("ready"):
            raise Refused("spawn: it failed")
        return bool(server.get("ready"))

    def stop_server(self) -> None:
        """End the server, as the service does that ends idle ones."""
        self.hub_api("DELETE", f"users/{self.name}/server")

    def hub_api(self, method: str, path: str) -> requests.Response:
        """Ask the hub's interface for programs."""
        url = f"{self.url}hub/api/{path}"
        return self._send(method, url, self._token("/hub/"))

    def get(self, url: str) -> requests.Response:
        """Open an address, and follow where it leads."""
        return self.browser.get(url, timeout=PATIENCE)

    def server_api(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Ask the learner's own server."""
        token = self._token(f"/user/{self.name}/")
        return self._send(method, f"{self.server}api/{path}", token, body)

    def _send(
        self, method: str, url: str, token: str, body: Any = None
    ) -> requests.Response:
        headers = {"X-XSRFToken": token, "Referer": f"{self.url}hub/home"}
        return self.browser.request(
            method, url, json=body, headers=headers, timeout=PATIENCE
        )

    def _token(self, path: str) -> str:
        cookies = [one for one in self.browser.cookies if one.name == "_xsrf"]
        return next((str(one.value) for one in cookies if one.path == path), "")

    def cells(self, path: str) -> list[str]:
        """Return the text of a notebook's code cells, as the server has them."""
        found = self.server_api("GET", f"contents/{path}")
        if found.status_code != 200:
            raise Refused(f"{path}: {found.status_code}")
        cells = found.json()["content"]["cells"]
        return [cell["source"] for cell in cells if cell["cell_type"] == "code"]

    @contextlib.contextmanager
    def kernel(self, path: str) -> Iterator[Kernel]:
        """Open a notebook: a session with a kernel, and the socket to it."""
        body = {"path": path, "type": "notebook", "name": path}
        session = self.server_api("POST", "sessions", body | {"kernel": {}})
        if session.status_code != 201:
            raise Refused(f"kernel: {session.status_code} {session.text[:100]}")
        identity = session.json()["kernel"]["id"]
        address = self.server.replace("http", "ws", 1)
        cookies = self._cookies()
        socket = websocket.create_connection(
            f"{address}api/kernels/{identity}/channels",
            cookie=cookies,
            timeout=PATIENCE,
        )
        try:
            yield Kernel(socket)
        finally:
            socket.close()

    def _cookies(self) -> str:
        mine = (one for one in self.browser.cookies if self._is_sent(one.path))
        return "; ".join(f"{one.name}={one.value}" for one in mine)

    def _is_sent(self, path: str) -> bool:
        return f"/user/{self.name}/".startswith(path)


@dataclass
class Kernel:
    """A kernel, at the other end of a socket."""

    socket: websocket.WebSocket
    session: str = field(default_factory=lambda: secrets.token_hex(8))

    def run(self, source: str) -> Answer:
        """Run a cell, and wait until the kernel has said all of it."""
        began = time.monotonic()
        number = self._send(source)
        answer, replied, idle = Answer(), False, False
        while not (replied and idle):
            message = self._receive()
            if message.get("parent_header", {}).get("msg_id") != number:
                continue
            kind, content = message["msg_type"], message["content"]
            replied |= kind == "execute_reply"
            idle |= kind == "status" and content["execution_state"] == "idle"
            note(answer, kind, content)
        answer.seconds = time.monotonic() - began
        return answer

    def _send(self, source: str) -> str:
        number = secrets.token_hex(8)
        header = {
            "msg_id": number,
            "msg_type": "execute_request",
            "username": "",
            "session": self.session,
            "version": "5.3",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": {"code": source, "silent": False, "allow_stdin": False},
            "channel": "shell",
            "buffers": [],
        }
        self.socket.send(json.dumps(message))
        return number

    def _receive(self) -> dict[str, Any]:
        data = self.socket.recv()
        if isinstance(data, bytes):  # with buffers: their number and offsets, then JSON
            count = int.from_bytes(data[:4], "big")
            ends = [data[4 + 4 * i : 8 + 4 * i] for i in range(count)]
            offsets = [int.from_bytes(end, "big") for end in ends]
            data = data[offsets[0] : [*offsets, len(data)][1]].decode("utf-8")
        if not data:
            raise Refused("kernel: the socket was closed")
        message: dict[str, Any] = json.loads(data)
        return message


def note(answer: Answer, kind: str, content: dict[str, Any]) -> None:
    """Add to an answer what a message of the kernel shows."""
    if kind == "error":
        answer.error = f"{content['ename']}: {content['evalue']}"
    elif kind == "stream":
        answer.text += content["text"]
    elif kind in ("display_data", "execute_result"):
        answer.text += content["data"].get("text/plain", "")
