"""A run in several processes, on one machine or on many.

Each process has devices of its own, and all take the same steps. Process 0 is where
they meet (the coordinator); it alone writes checkpoints and the log. Whatever depends
on a clock or on a key press is agreed on, or one process would wait for the others in
a step that they do not take.
"""

from __future__ import annotations

import hashlib
import socket
import sys
from collections.abc import Callable, Iterator
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

PATIENCE = 300  # seconds that processes wait for each other: a cluster starts slowly
SOON = 10  # seconds after which one that waits says so
HEARTBEAT = 10  # seconds of silence after which a process counts as ended
ROOT = Path(__file__).parent.parent


class LostPeerError(RuntimeError):
    """Another process of the run has ended."""


@dataclass(frozen=True)
class Team:
    """The processes of a run: where process 0 is, how many there are, which is this.

    ``Team()`` is that of a cluster: JAX finds out all three when they ``join``.

    Raises ValueError, in one line that begins with the name, for what cannot be.
    """

    coordinator: str | None = None
    num_processes: int = 0
    process_id: int = 0

    def __post_init__(self) -> None:
        if self.coordinator is None:
            return
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
        host, _, port = (self.coordinator or "").rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def lost(self) -> str:
        """What to say when another process is gone."""
        if not self.num_processes:
            return (
                f"the processes of the cluster have not met within {PATIENCE} seconds, "
                "or one of them has ended: start all of them again"
            )
        return (
            f"process {self.process_id} of {self.num_processes}: another process has "
            "ended or cannot be reached; what was saved is kept: start all of "
            "them again with --resume"
        )


def join(team: Team, on_message: Callable[[str], object] = print) -> Team:
    """Meet the other processes, and return the team, whose place is then known.

    From here on JAX sees the devices of all. ``on_message`` gets one line if process 0
    does not answer soon.

    Raises ValueError if JAX finds no cluster, or if process 0 cannot have its port or
    does not answer. What fails later in JAX's own C++ ends this process by SIGABRT: let
    another one watch it.
    """
    if team.coordinator is None:
        return _join_cluster()
    if team.process_id == 0:
        _check_free(team.address[1])
    else:
        _await(team, on_message)
    _initialize("deactivate", team.coordinator, team.num_processes, team.process_id)
    return team


def leave() -> None:
    """Wait until all processes are done."""
    import jax

    jax.distributed.shutdown()
    if mpi := sys.modules.get("mpi4py.MPI"):  # else mpirun takes the end for a crash
        mpi.Finalize()


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


def _join_cluster() -> Team:
    """Take the place that the environment names, as JAX reads it.

    MPI is found by mpi4py where JAX does not know the variables of its launcher.
    """
    import jax

    faults = []
    for method in (None, "mpi4py"):
        try:
            _initialize(method)
        except Exception as error:  # whatever numbers, mpi4py or a server say
            faults.append(f"{error}".rstrip("."))
            continue
        return Team(None, jax.process_count(), jax.process_index())
    raise ValueError(
        f"cluster: JAX finds none here ({faults[0]}); it looks for Slurm "
        "(SLURM_JOB_ID, SLURM_STEP_NODELIST, SLURM_NTASKS, SLURM_PROCID, "
        "SLURM_LOCALID), Open MPI 4 (OMPI_MCA_orte_hnp_uri), the package mpi4py, TPUs "
        "(TPU_WORKER_HOSTNAMES), and Kubernetes (KUBERNETES_SERVICE_HOST, and the "
        "package kubernetes)"
    )


def _initialize(
    method: str | None,
    coordinator: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> None:
    import jax

    jax.distributed.initialize(
        coordinator,
        num_processes,
        process_id,
        cluster_detection_method=method,
        initialization_timeout=PATIENCE,
        heartbeat_timeout_seconds=HEARTBEAT,
        shutdown_timeout_seconds=HEARTBEAT,
    )


def _await(team: Team, on_message: Callable[[str], object]) -> None:
    start, told = monotonic(), False
    while True:
        try:
            socket.create_connection(team.address, timeout=5).close()
            return
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            silent = f"coordinator {team.coordinator} does not answer ({why})"
            waited = monotonic() - start
            if waited > PATIENCE:
                line = f"{silent}: start process 0, or give its address"
                raise ValueError(line) from error
            if waited > SOON and not told:
                on_message(f"{silent}: waiting for it, {PATIENCE} seconds at most")
                told = True
        sleep(0.2)


def _code() -> str:
    """Return a digest of the code that the steps depend on."""
    import jax

    sha256 = hashlib.sha256(jax.__version__.encode())
    for file in sorted([*ROOT.glob("*.py"), *ROOT.glob("[at]r*/*.py")]):
        sha256.update(file.read_bytes())
    return sha256.hexdigest()
