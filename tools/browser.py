"""A real JupyterLab, and a real browser on it: for tests and for latencies.

    with jupyterlab(folder) as server, chromium() as browser:
        page = Page(browser, server)
        page.open("01_loss.ipynb")
        page.run_all()
        for figure in page.figures():
            figure.slide("w", "End")

Needs Playwright (in the test requirements) and a Chromium of the system's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    WebSocket,
    sync_playwright,
)

from course_lib.app.jupyterlab import wait_for_address

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 1000.0  # in milliseconds, the unit of Playwright
MEASURE_LATENCIES = """figure => {
  if (figure.latencies) return;
  figure.latencies = [];
  let since = 0;
  const press = event => { since = event.timeStamp; };
  figure.addEventListener('keydown', press, true);
  figure.addEventListener('pointerdown', press, true);
  const painted = () => requestAnimationFrame(() => {
    const { source = '' } = figure.querySelector('canvas').dataset;
    if (since) figure.latencies.push([performance.now() - since, source]);
    since = 0;
  });
  new MutationObserver(painted).observe(
    figure.querySelector('canvas'), { attributeFilter: ['data-painted'] });
}"""
RUN_CELLS = """async numbers => {
  const { commands, shell } = window.jupyterapp;
  for (const number of numbers) {
    shell.currentWidget.content.activeCellIndex = number;
    commands.execute('notebook:run-cell');
  }
}"""
WAIT_FOR_FRAME = """(figure, [before, ms]) => new Promise(done => {
  const canvas = figure.querySelector('canvas'), until = performance.now() + ms;
  const look = () => {
    const ready = Number(canvas.dataset.painted || 0) > before && !figure.ariaBusy;
    if (ready || performance.now() > until) done();
    else requestAnimationFrame(look);
  };
  look();
})"""
PICTURE_MARKS = (b'"picture"', b'"prepared"', b'"tile_diff"')
SET_SLIDER = """(range, value) => {
  range.value = value;
  range.dispatchEvent(new Event('input'));
}"""
SESSION = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session"


def find_chromium() -> str | None:
    """Return where Chromium (or Chrome, or Edge) is, or None."""
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, COMMANDS), *PATHS]
    return next((path for path in found if path and Path(path).exists()), None)


class Server(NamedTuple):
    """A JupyterLab that runs: its address, and what opens it."""

    url: str
    token: str


@contextlib.contextmanager
def jupyterlab(folder: Path) -> Iterator[Server]:
    """Run JupyterLab on a folder, with settings and progress of nobody."""
    with tempfile.TemporaryDirectory(prefix="course_browser_") as home:
        token = secrets.token_hex(16)
        names = ["JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"]
        names += ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR"]
        own = {name: str(Path(home) / name.lower()) for name in names}
        own |= {"COURSE_LIB_HOME": str(Path(home) / "progress")}
        own |= {"JAX_PLATFORMS": "cpu", "JUPYTER_TOKEN": token}
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0"]
        command += ["--LabApp.expose_app_in_browser=True", "--ServerApp.port_retries=9"]
        command += ["--KernelManager.transport_encryption=auto", "--log-level=ERROR"]
        command += [f"--ServerApp.root_dir={folder}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        server = subprocess.Popen(command, env={**os.environ, **own})
        try:
            yield Server(_address(server, Path(own["JUPYTER_RUNTIME_DIR"])), token)
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()  # a request that was cut off left a thread (AnyIO 4.16)
                server.wait()


def _address(server: subprocess.Popen[bytes], runtime: Path) -> str:
    found = wait_for_address(server, runtime, seconds=60)
    if found is None:
        raise RuntimeError("JupyterLab did not start")
    return str(found["url"])


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS
        )
        try:
            yield browser
        finally:
            browser.close()


class Page:
    """One notebook, open in JupyterLab, with the errors of the browser's console."""

    def __init__(
        self, browser: Browser, server: Server, width: int = 1280, height: int = 900
    ) -> None:
        self.server = server
        size: Any = {"width": width, "height": height}
        self.page = browser.new_page(viewport=size)
        self.page.set_default_timeout(30 * SECONDS)
        self.console_errors: list[str] = []
        self.page.on("console", self._listen)
        self.picture_bytes: list[int] = []  # of every message that held a picture
        self.page.on("websocket", self._listen_to_kernel)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)

    def _listen_to_kernel(self, socket: WebSocket) -> None:
        def received(payload: str | bytes) -> None:
            data = payload.encode() if isinstance(payload, str) else payload
            if any(mark in data for mark in PICTURE_MARKS):
                self.picture_bytes.append(len(data))

        socket.on("framereceived", received)

    def open(self, name: str) -> None:
        """Open a notebook of the server's folder, and wait for its kernel."""
        url, token = self.server
        self.page.goto(
            f"{url}lab/workspaces/{Path(name).stem}/tree/{name}?token={token}&reset"
        )
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the page has a kernel that is free."""
        self.page.wait_for_function(
            f"() => {SESSION}?.kernel?.status === 'idle'", timeout=120 * SECONDS
        )

    def run_all(self, seconds: float = 180.0) -> None:
        """Run every cell, and wait until all are done."""
        self.page.evaluate(
            "window.jupyterapp.commands.execute('notebook:run-all-cells')"
        )
        self._wait_for_cells("cells.map((cell, i) => i)", seconds)

    def run_cells(self, numbers: Sequence[int], seconds: float = 180.0) -> None:
        """Run some cells, by number, and wait until all are done."""
        self.page.evaluate(RUN_CELLS, list(numbers))
        self._wait_for_cells(str(list(numbers)), seconds)

    def _wait_for_cells(self, numbers: str, seconds: float) -> None:
        self.page.wait_for_timeout(500)
        self.page.wait_for_function(
            f"""() => {{
                const cells = window.jupyterapp.shell.currentWidget.content.widgets;
                return {SESSION}?.kernel?.status === 'idle' &&
                  ({numbers}).map(i => cells[i]).every(
                    cell => cell.model.type !== 'code' || cell.model.executionCount ||
                      !cell.model.sharedModel.getSource().trim())
                  && !document.querySelector('.jp-mod-executing');
            }}""",
            timeout=seconds * SECONDS,
        )
        self.page.wait_for_timeout(300)

    def errors(self) -> list[str]:
        """Return every error and every line on stderr among the cells' outputs."""
        outputs = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.model.toJSON()
                 .cells.flatMap(cell => cell.outputs || [])"""
        )
        found = [o["evalue"] for o in outputs if o["output_type"] == "error"]
        return found + [
            "".join(o["text"]) for o in outputs if o.get("name") == "stderr"
        ]

    def figures(self) -> list[Figure]:
        """Return the interactive figures, from top to bottom, each once painted."""
        roots = self.page.locator(".course-figure")
        found = [Figure(self, roots.nth(i)) for i in range(roots.count())]
        for figure in found:
            figure.show()
        return found

    def close(self) -> None:
        """Shut the kernel down, and close the page."""
        with contextlib.suppress(Exception):
            self.page.evaluate(f"() => {SESSION}?.shutdown()")
        self.page.close()


class Figure:
    """One interactive figure on a page; ``root`` is its outermost element."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page, self.root = page.page, root
        self.canvas = root.locator("canvas")
        self.name = str(root.get_attribute("data-name"))

    def show(self) -> None:
        """Scroll it into view, and wait for its first frame."""
        self.root.scroll_into_view_if_needed()
        self.canvas.and_(self.page.locator("[data-painted]")).wait_for()

    @property
    def controls(self) -> list[tuple[str, str]]:
        """(kind, name) of each control."""
        found = self.root.locator(".control").all()
        kinds = [str(box.get_attribute("class")).split()[1] for box in found]
        names = [str(box.get_attribute("data-name")) for box in found]
        return list(zip(kinds, names, strict=True))

    def control(self, name: str) -> Locator:
        """Return the element of one control."""
        return self.root.locator(f'.control[data-name="{name}"]')

    @property
    def summary(self) -> str:
        """The text of the live region under the canvas."""
        return self.root.locator(".summary").inner_text()

    @property
    def problem(self) -> str:
        """The text of the alert; "" if there is none."""
        alert = self.root.locator(".problem")
        return alert.inner_text() if alert.is_visible() else ""

    @property
    def painted(self) -> int:
        """The number of frames painted so far."""
        return int(self.canvas.get_attribute("data-painted") or 0)

    def fingerprint(self) -> str:
        """Return a hash of the canvas's pixels."""
        data = self.canvas.evaluate("canvas => canvas.toDataURL()")
        return hashlib.sha256(data.encode()).hexdigest()[:12]

    def wait_for_frame(self, before: int, seconds: float = 10.0) -> None:
        """Wait for more than ``before`` frames, and until nothing is asked for."""
        self.root.evaluate(WAIT_FOR_FRAME, [before, seconds * SECONDS])

    def wait_for_response(self, seconds: float = 10.0) -> None:
        """Wait until the kernel has answered what was asked, if anything was."""
        self.wait_for_frame(-1, seconds)

    def slide(self, name: str, key: str) -> tuple[str, str]:
        """Press a key on a slider; return the new frame's fingerprint and summary."""
        handle = self.control(name).locator("input[type=range]")
        handle.focus()
        handle.press(key)  # at an end already, it asks for nothing
        self.wait_for_response()
        return self.fingerprint(), self.summary

    def latencies(self, presses: int = 20) -> list[tuple[float, str]]:
        """Return ms from many events to the frame after paint, each with its source.

        The source is "browser" for what was prepared, "kernel" for what was drawn then.
        Every slider jumps a few times, then moves to and fro in the middle of its
        range; every pad is pressed. The times are those of the browser's own clock.
        """
        self.root.evaluate(MEASURE_LATENCIES)
        for kind, name in self.controls:
            box = self.control(name)
            if kind == "slider":
                handle = box.locator("input[type=range]")
                if handle.is_disabled():
                    continue
                last = int(handle.get_attribute("max") or 0)
                for key in ("End", "Home", "PageUp", "PageUp"):
                    self._wait_for_response(partial(handle.press, key))
                handle.evaluate(SET_SLIDER, last // 3)
                self.wait_for_response()
                self.page.wait_for_timeout(1500)  # the stops near it are prepared
                up = min(presses // 2, last - last // 3)  # at an end, no key answers
                down = min(presses - up, last // 3 + up)
                for key in ["ArrowRight"] * up + ["ArrowLeft"] * down:
                    self._wait_for_response(partial(handle.press, key))
            elif kind == "pad":
                buttons = box.locator("button[data-letter]").all()
                for i in range(presses):
                    self._wait_for_response(buttons[i % len(buttons)].click)
        times: list[tuple[float, str]] = self.root.evaluate(
            "figure => { const t = figure.latencies; figure.latencies = []; return t; }"
        )
        return times

    def _wait_for_response(self, act: Callable[[], object]) -> None:
        """Act, and leave the browser alone until it must have painted."""
        before = self.painted
        act()
        self.page.wait_for_timeout(150)
        self.wait_for_frame(before, 2.0)
