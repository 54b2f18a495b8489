"""JupyterLab on a folder of the course: `make lab` and `course start` open it.

Standard library only: `make lab` imports this before anything is installed.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["open_lab", "wait_for_address"]


def open_lab(
    python: str,
    root: Path,
    page: str,
    variables: Mapping[str, str],
    arguments: Sequence[str] = (),
) -> int:
    """Run JupyterLab on a folder until it ends, and say at which address it is.

    python: the Python that has it. page: the page to open, its path below the folder,
    or nothing. arguments: more of them for JupyterLab. Returns its exit status.
    """
    command = [python, "-m", "jupyterlab"]
    command += ["--LabApp.log_level=WARN", "--ServerApp.log_level=WARN"]
    command += [f"--ServerApp.root_dir={root}", "--ServerApp.base_url=/"]
    command += ["--ServerApp.answer_yes=True"]  # one Ctrl-C stops it
    command += ["--KernelManager.transport_encryption=auto"]  # else kernels warn
    command += [str(Path(root, page))] if page else []
    if not _has_display():
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there is no other user
    with tempfile.TemporaryDirectory(prefix="course_") as own:
        own_variables = _variables(variables, Path(own))
        return _serve([*command, *arguments], own_variables, page)


def _variables(variables: Mapping[str, str], own: Path) -> dict[str, str]:
    """The variables of the server, whose settings are the course's.

    Settings of the person's own for servers could hide the course (another folder,
    another address), so they are not read; those of JupyterLab (its theme) are.
    """
    theirs = os.environ.get("JUPYTER_CONFIG_DIR") or Path.home() / ".jupyter"
    found = dict(variables) | {
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "JUPYTER_TOKEN": os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(16),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    # glibc: the threads that compile in a kernel share two arenas: some 75 MB less.
    found.setdefault("MALLOC_ARENA_MAX", "2")
    for name, kept in (("SETTINGS", "user-settings"), ("WORKSPACES", "workspaces")):
        found.setdefault(f"JUPYTERLAB_{name}_DIR", str(Path(theirs, "lab", kept)))
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH", "JUPYTER_NO_CONFIG"):
        found.pop(name, None)
    return found


def _serve(command: list[str], variables: dict[str, str], page: str) -> int:
    """Run the server until it ends; say its address once it listens."""
    server = subprocess.Popen(command, env=variables)
    try:
        address = wait_for_address(server, Path(variables["JUPYTER_RUNTIME_DIR"]))
        if address:
            place = f"/tree/{page}" if page else ""
            token = variables["JUPYTER_TOKEN"]
            print("JupyterLab runs. If no browser window opens, go to this address:\n")
            print(f"    {address['url']}lab{place}?token={token}\n")
            print("Ctrl-C in this window stops it.", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        server.wait()
        return 0


def _has_display() -> bool:
    """Whether a browser window can open here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def wait_for_address(
    server: subprocess.Popen[bytes], runtime: Path, seconds: float = float("inf")
) -> dict[str, Any] | None:
    """What a server writes about itself, once it listens.

    server: the process of `python -m jupyterlab`. runtime: its runtime folder.
    Returns None if it ended, or did not come in time.
    """
    note, end = runtime / f"jpserver-{server.pid}.json", time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        try:
            found: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
            socket.create_connection((found["hostname"], found["port"]), 1.0).close()
        except (OSError, ValueError):  # no note yet, or half of it, or no open port
            time.sleep(0.1)
        else:
            return found
    return None
