"""A run in several processes, on one machine or on many.

Each process has devices of its own, and all take the same steps. Process 0 is where
they meet (the coordinator); it alone writes checkpoints and the log. Whatever depends
on a clock or on a key press is agreed on, or one process would wait for the others in
a step that they do not take.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import numpy as np

from course_lib.bounds import BOUNDS, check_whole, shown
from course_lib.training.settings import Settings

__all__ = [
    "LostPeerError",
    "Team",
    "agree",
    "check_alike",
    "each_says",
    "join",
    "leave",
    "peers",
]

PATIENCE = 30  # seconds that processes wait for each other at the start
HEARTBEAT = 10  # seconds of silence after which a process counts as ended
ROOT = Path(__file__).parent.parent


class LostPeerError(RuntimeError):
    """Another process of the run has ended."""


@dataclass(frozen=True)
class Team:
    """The processes of a run: where process 0 is, how many there are, which is this.

    Raises ValueError, in one line that begins with the name, for what cannot be.
    """

    coordinator: str
    num_processes: int
    process_id: int

    def __post_init__(self) -> None:
        host, colon, port = self.coordinator.rpartition(":")
        if not (host and colon and port.isdecimal() and 0 < int(port) < 65_536):
            raise ValueError(
                "coordinator must be the address of process 0 as HOST:PORT, such as "
                f"10.0.0.1:12345: {shown(self.coordinator)}"
            )
        check_whole("num_processes", self.num_processes, 1, BOUNDS["devices"][0])
        check_whole("process_id", self.process_id, 0, BOUNDS["devices"][0])
        if self.process_id >= self.num_processes:
            raise ValueError(
                f"process_id must be less than num_processes, {self.num_processes}, as "
                f"it counts from 0: {self.process_id}"
            )

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port of process 0."""
        host, _, port = self.coordinator.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def lost(self) -> str:
        """What to say when another process is gone."""
        return (
            f"process {self.process_id} of {self.num_processes}: another process has "
            "ended or cannot be reached; the last checkpoint is kept: start all of "
            "them again with --resume"
        )


def join(team: Team) -> None:
    """Meet the other processes; from here on JAX sees the devices of all.

    Raises ValueError if process 0 cannot have its port, or does not answer. What fails
    later in JAX's own C++ ends this process by SIGABRT: let another one watch it.
    """
    import jax

    if team.process_id == 0:
        _check_free(team.address[1])
    else:
        _await(team)
    jax.distributed.initialize(
        team.coordinator,
        team.num_processes,
        team.process_id,
        cluster_detection_method="deactivate",
        initialization_timeout=PATIENCE,
        heartbeat_timeout_seconds=HEARTBEAT,
        shutdown_timeout_seconds=HEARTBEAT,
    )


def leave() -> None:
    """Wait until all processes are done."""
    import jax

    jax.distributed.shutdown()


def check_alike(settings: Settings, data_sha256: str, step: int, last: int) -> None:
    """Raise ValueError, in all processes, if they are not at the same work.

    step: of the checkpoint, 0 without one. last: the step to stop after.
    """
    parts = {
        "settings": f"{settings} {last}",
        "data": data_sha256,
        "a checkpoint": str(step),
        "a version of the course": _code(),
    }
    digests = [hashlib.sha256(text.encode()).digest() for text in parts.values()]
    everyone = each_says(np.array([[*digest] for digest in digests], np.uint8))
    for i, name in enumerate(parts):
        for process, ours in enumerate(everyone):
            if (ours[i] != everyone[0, i]).any():
                leave()  # together: none may find another one gone
                raise ValueError(
                    f"process {process} has {name} other than process 0: give the same "
                    "to all"
                )


def agree(*wishes: bool) -> list[bool]:
    """Return for each wish whether any process has it."""
    everyone = each_says(np.array(wishes))  # (n_processes, n_wishes)
    return [bool(wish.any()) for wish in everyone.T]


def each_says(ours: np.ndarray) -> np.ndarray:
    """Return what each process gives: (n_processes, ...); all must ask together."""
    from jax.experimental.multihost_utils import process_allgather

    with peers():
        return np.asarray(process_allgather(ours))


@contextmanager
def peers() -> Iterator[None]:
    """Raise LostPeerError for what JAX raises when another process is gone.

    It may be a ValueError; its own text says only which connection broke.
    """
    import jax

    try:
        yield
    except (ValueError, jax.errors.JaxRuntimeError) as error:
        if jax.process_count() == 1:
            raise
        raise LostPeerError(f"{error}") from error


def _check_free(port: int) -> None:
    with closing(socket.socket(socket.AF_INET6)) as tried:
        tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("::", port))
        except OSError as error:
            raise ValueError(
                f"coordinator: process 0 cannot have port {port} of this machine "
                f"({(error.strerror or str(error)).lower()}): give another one to all"
            ) from error


def _await(team: Team) -> None:
    until = monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(team.address, timeout=5).close()
            return
        except OSError as error:
            if monotonic() > until:
                raise ValueError(
                    f"coordinator {team.coordinator} does not answer "
                    f"({(error.strerror or str(error)).lower()}): start process 0, or "
                    "give its address"
                ) from error
        sleep(0.2)


def _code() -> str:
    """Return a digest of the code that the steps depend on."""
    import jax

    sha256 = hashlib.sha256(jax.__version__.encode())
    for file in sorted([*ROOT.glob("*.py"), *ROOT.glob("[at]r*/*.py")]):
        sha256.update(file.read_bytes())
    return sha256.hexdigest()
