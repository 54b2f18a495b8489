"""A JupyterHub for a class, on this machine: ``make workshop-demo``.

Run by the environment of the hub (build/hub-venv), or told which Python that has:

    with hub(accounts=True) as running:
        ada = Learner(running, "ada")

Everything lies in a folder of its own that goes when the hub ends, the learners' files
and accounts as well. It listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.environment import ROOT

CONFIG = ROOT / "workshop" / "hub" / "demo_config.py"
VENV = ROOT / "build" / "hub-venv"
WAIT = 60.0  # seconds for the hub to answer


@dataclass(frozen=True)
class Hub:
    """A hub that runs: its address, the password of the class, folder and process."""

    url: str
    password: str
    state: Path
    pid: int

    def home(self, name: str) -> Path:
        """Return the home of a learner."""
        return self.state / "home" / name


class HubError(Exception):
    """The hub cannot run; the reason in one line."""


@contextlib.contextmanager
def hub(
    *, accounts: bool = False, port: int = 0, python: str = sys.executable
) -> Iterator[Hub]:
    """Run a hub until the block ends; ``accounts``: of the system, one per learner.

    Raises HubError when it cannot.
    """
    refuse_unfit(accounts, port, python)
    with _state() as state:
        ports = [port or free_port(), free_port(), free_port()]
        password = secrets.token_urlsafe(9)
        process = _start(python, state, ports, password, accounts)
        running = Hub(f"http://127.0.0.1:{ports[0]}/", password, state, process.pid)
        try:
            _wait(process, running)
            yield running
        finally:
            _stop(process)


def refuse_unfit(accounts: bool, port: int, python: str) -> None:
    """Raise HubError for what cannot be run here."""
    if os.name == "nt":
        raise HubError(
            "JupyterHub does not run on Windows; use WSL or another machine."
        )
    if accounts and os.geteuid() != 0:
        raise HubError("--accounts makes accounts of the system, so it needs root.")
    if not Path(python).with_name("jupyterhub").exists():
        raise HubError("JupyterHub is not installed: run make workshop-demo once.")
    if port and not _is_free(port):
        raise HubError(f"Port {port} is taken; name another with --port.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _state() -> Iterator[Path]:
    """Make the folder of a hub, and clear it away: files and accounts."""
    state = Path(tempfile.mkdtemp(prefix="course_hub_"))
    try:
        state.chmod(0o711)  # a learner passes through, and cannot look around
        (state / "home").mkdir()
        (state / "home").chmod(0o711)
        (state / "private").mkdir(mode=0o700)
        yield state
    finally:
        _remove_accounts(state / "home")
        shutil.rmtree(state, ignore_errors=True)


def _remove_accounts(homes: Path) -> None:
    """Remove the accounts whose home the hub made, with what they still run."""
    import pwd  # not on Windows

    for account in [one for one in pwd.getpwall() if Path(one.pw_dir).parent == homes]:
        _end_all_of(account.pw_uid)
        subprocess.run(["userdel", account.pw_name], check=False)


def _end_all_of(uid: int) -> None:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == uid:
                os.kill(int(folder.name), signal.SIGKILL)


def _start(
    python: str, state: Path, ports: list[int], password: str, accounts: bool
) -> subprocess.Popen[bytes]:
    scripts = str(Path(python).parent)
    own = {
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")]),
        "COURSE_HUB_STATE": str(state),
        "COURSE_HUB_PORTS": " ".join(map(str, ports)),
        "COURSE_HUB_PASSWORD": password,
        "COURSE_HUB_ACCOUNTS": "1" if accounts else "",
    }
    away = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "COURSE_LIB_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in away}
    with _log(state).open("wb") as log:
        return subprocess.Popen(
            [python, "-m", "jupyterhub", "-f", str(CONFIG)],
            cwd=state / "private",
            env={**kept, **own},
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C comes to us, and we end it in order
        )


def _log(state: Path) -> Path:
    return state / "private" / "hub.log"


def _wait(process: subprocess.Popen[bytes], running: Hub) -> None:
    until = time.monotonic() + WAIT
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{running.url}hub/health", timeout=5)
            return
        time.sleep(0.2)
    said = _log(running.state).read_text("utf-8", "replace").strip().splitlines()
    raise HubError(f"JupyterHub did not start: {said[-1] if said else 'no word'}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the hub, which ends the servers and the proxy."""
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def port(text: str) -> int:
    """Read the number of a port."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def main(arguments: list[str]) -> int:
    """Run a hub until Ctrl-C; return 2 with one line when that cannot be."""
    about = "Run a JupyterHub for a class on this machine, until Ctrl-C."
    parser = argparse.ArgumentParser(prog="make workshop-demo", description=about)
    parser.add_argument("--port", type=port, default=8000, help="8000 unless told")
    parser.add_argument(
        "--accounts",
        action="store_true",
        help="give each learner an account of this system (needs root)",
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with hub(accounts=options.accounts, port=options.port) as running:
            greet(running, options.accounts)
            signal.pause()
    except HubError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nThe hub has ended; the files of its learners are gone.")
    return 0


def greet(running: Hub, accounts: bool) -> None:
    """Say where the hub is, how to come in, and what it does not protect."""
    print(f"JupyterHub runs at {running.url}")
    print(f"    Log in under any name; the password is {running.password}")
    if not accounts:
        print("    All learners share one account of this system: for a look only.")
    print("Ctrl-C ends it, and removes the learners' files.", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
