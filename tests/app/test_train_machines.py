"""Four processes on four machines: network namespaces on a switch of their own.

Nothing outside them is touched, and with them all goes that was made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from course_lib.app.cli import main
from tests.app.test_train_processes import LOST, launch, losses, until

pytestmark = pytest.mark.usefixtures("some_names")
N = 4
SWITCH = "switch"
SMALL = "--n-embd 8 --n-head 2 --block-size 5 --batch-size 4 --steps 100000"


def ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def why_none() -> str | None:
    """Return why no namespace can be made here, or None."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if not shutil.which("ip"):
        return "the command ip (iproute2) is not installed"
    trial = "ip link add {0} type bridge && ip link add v type veth peer name w"
    inside = ["unshare", "--net", "--uts", "sh", "-c", trial.format(SWITCH)]
    done = subprocess.run(inside, capture_output=True, text=True)
    return f"no network of our own: {done.stderr.strip()}" if done.returncode else None


class Machines:
    """N namespaces, named by the process that tests; addresses 10.77.0.1 and on."""

    def __init__(self, undo: ExitStack) -> None:
        self.switch, *self.names = (f"course{os.getpid()}-{i}" for i in range(N + 1))
        for name in (self.switch, *self.names):
            ip("netns", "add", name)
            undo.callback(ip, "netns", "del", name)
        ip("-n", self.switch, "link", "add", SWITCH, "type", "bridge")
        ip("-n", self.switch, "link", "set", SWITCH, "up")
        for i, name in enumerate(self.names):
            cable = ("link", "add", f"port{i}", "type", "veth", "peer", "name", "eth0")
            ip("-n", self.switch, *cable, "netns", name)
            ip("-n", self.switch, "link", "set", f"port{i}", "master", SWITCH, "up")
            ip("-n", name, "address", "add", f"{self.address(i)}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")

    @staticmethod
    def address(i: int) -> str:
        return f"10.77.0.{i + 1}"

    def start(self, i: int, options: str) -> subprocess.Popen[str]:
        """Start process i on machine i, whose name is its address: Gloo tells it on."""
        named = f'hostname {self.address(i)} && exec "$@"'
        machine = ["ip", "netns", "exec", self.names[i], "unshare", "--uts"]
        team = f"--coordinator {self.address(0)}:12345 --num-processes {N}"
        options = f"{team} --process-id {i} {options}"
        return launch(options, {}, *machine, "sh", "-c", named, "sh")

    def cut(self, i: int) -> None:
        ip("-n", self.switch, "link", "set", f"port{i}", "down")


@pytest.fixture
def machines() -> Iterator[Machines]:
    if why := why_none():
        pytest.skip(why)
    with ExitStack() as undo:
        yield Machines(undo)


@pytest.mark.parametrize("fate", ["killed", "cut off"])
def test_when_one_machine_is_lost_all_others_end_with_one_line(
    fate: str, machines: Machines
) -> None:
    options = f"--data names.txt {SMALL} --save-every 0.1"
    options += " --checkpoint run --log run.csv"
    lost, log = 1, Path("run.csv")
    with ExitStack() as undo:
        all_four = [machines.start(i, options) for i in range(N)]
        for process in all_four:
            undo.callback(process.communicate)
            undo.callback(process.kill)
        until(lambda: log.exists() and log.read_text().count("\n") > 10)
        if fate == "killed":
            all_four[lost].kill()
        else:
            machines.cut(lost)
        end = time.monotonic() + 30
        said = [p.communicate(timeout=end - time.monotonic()) for p in all_four]
    for i, (process, (out, err)) in enumerate(zip(all_four, said, strict=True)):
        if i == lost and fate == "killed":
            continue
        assert process.returncode == 1
        assert err.startswith(f"course: process {i} of {N}: {LOST}")
        assert err.count("\n") == 1
        assert "Traceback" not in out
    kept = losses("run.csv")
    assert len(kept) >= 10
    alone = f"train --data names.txt {SMALL} --log one.csv"
    assert main(f"{alone} --stop-after {len(kept)}".split()) == 0
    assert kept == pytest.approx(losses("one.csv"), rel=1e-5)
