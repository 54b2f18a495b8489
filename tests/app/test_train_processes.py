"""Several real processes train together: the losses of one, a line for each fault."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest

from course_lib.app.cli import main
from course_lib.training import load_best, load_checkpoint, processes, take
from course_lib.training.batches import PADDING
from course_lib.training.processes import Team, join

ROOT = Path(__file__).parent.parent.parent
SMALL = "--n-embd 8 --n-head 2 --block-size 5 --batch-size 5 --val-fraction 0.2"
LOST = "another process has ended or cannot be reached"


pytestmark = pytest.mark.usefixtures("some_names")


@pytest.fixture
def port() -> int:
    return free_port()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def start(port: int, i: int, options: str, n: int = 2) -> subprocess.Popen:
    team = f"--coordinator 127.0.0.1:{port} --num-processes {n} --process-id {i}"
    return launch(f"{team} {options}", {})


def launch(
    options: str, variables: dict[str, str], *inside: str
) -> subprocess.Popen[str]:
    """Start to train; ``inside`` is a command that runs the one after it."""
    ours = {"JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*inside, sys.executable, "-m", "course_lib", "train", *options.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **ours, **variables},
    )


def together(*options: str) -> list[tuple[int, str, str]]:
    """Run a process with each of the options; return (code, stdout, stderr) of each."""
    port = free_port()
    started = [start(port, i, each, len(options)) for i, each in enumerate(options)]
    said = [process.communicate(timeout=300) for process in started]
    return [(p.returncode, *lines) for p, lines in zip(started, said, strict=True)]


def in_slurm(i: int) -> dict[str, str]:
    """Return what srun sets for task i of two."""
    return {
        "SLURM_JOB_ID": "77",
        "SLURM_STEP_NODELIST": "127.0.0.1",
        "SLURM_NTASKS": "2",
        "SLURM_PROCID": f"{i}",
        "SLURM_LOCALID": f"{i}",
    }


def in_open_mpi(i: int) -> dict[str, str]:
    """Return what mpirun of Open MPI 4 sets for rank i of two."""
    return {
        "OMPI_MCA_orte_hnp_uri": "1531576320.0;tcp://127.0.0.1:34911",
        "OMPI_COMM_WORLD_SIZE": "2",
        "OMPI_COMM_WORLD_RANK": f"{i}",
        "OMPI_COMM_WORLD_LOCAL_RANK": f"{i}",
    }


def in_tpu_slice(i: int) -> dict[str, str]:
    """Return what GKE sets on host i of two, and what makes JAX believe in TPUs.

    The last three spare JAX the question to Google's metadata server.
    """
    return {
        "JAX_FORCE_TPU_INIT": "1",
        "TPU_WORKER_HOSTNAMES": "127.0.0.1,127.0.0.1",
        "TPU_WORKER_ID": f"{i}",
        "MEGASCALE_COORDINATOR_ADDRESS": "127.0.0.1",
        "MEGASCALE_NUM_SLICES": "1",
        "MEGASCALE_SLICE_ID": "0",
    }


MPI4PY = """
from os import environ as of
Get_rank = lambda: int(of["RANK"])
Get_size = lambda: 2
bcast = lambda ours, root: "127.0.0.1:" + of["JAX_COORDINATOR_PORT"]
Split_type = lambda kind: COMM_WORLD
COMM_TYPE_SHARED = 0
Finalize = lambda: open("end" + of["RANK"], "x").close()
import sys
COMM_WORLD = sys.modules[__name__]
"""


def in_mpi(i: int) -> dict[str, str]:
    """Return what lets process i of two import an mpi4py of ours."""
    folder = Path("packages", "mpi4py")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("__init__.py", ""), ("MPI.py", MPI4PY)):
        (folder / name).write_text(text)
    return {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder.parent}", "RANK": f"{i}"}


def losses(path: str) -> list[float]:
    lines = Path(path).read_text().splitlines()
    assert lines[0] == "step,loss"
    assert [line.split(",")[0] for line in lines[1:]] == [
        str(step) for step in range(1, len(lines))
    ]
    return [float(line.split(",")[1]) for line in lines[1:]]


def until(done: Callable[[], bool], seconds: float = 200) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_two_processes_have_the_losses_of_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = f"train --data names.txt {SMALL} --steps 40 --log one.csv"
    whole += " --checkpoint one"
    assert main(whole.split()) == 0
    said = capsys.readouterr().out.splitlines()
    validation = [line for line in said if line.startswith("validation loss")]
    expected = losses("one.csv")
    half = f"--data names.txt {SMALL} --steps 40 --stop-after 20"
    half += " --checkpoint run --log run.csv"
    first, second = together(half, half)
    assert (first[0], first[2], second) == (0, "", (0, "", ""))
    assert "jax engine on 2 devices" in first[1]
    # The weights in parts, one in each process; neither has them all.
    rest = "--data names.txt --checkpoint run --resume --log run.csv --fsdp 2"
    first, second = together(rest, rest)
    assert (first[0], first[2], second) == (0, "", (0, "", ""))
    assert losses("run.csv") == pytest.approx(expected, rel=1e-5)
    assert load_checkpoint("run").step == 40
    assert not Path("run", "checkpoint.lock").exists()
    assert load_best("run").step == load_best("one").step
    said = first[1].splitlines()
    assert [line for line in said if line in validation] == validation


@pytest.mark.parametrize("killed", [0, 1])
def test_when_one_is_killed_the_others_end_with_one_line_and_the_run_goes_on(
    killed: int, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    options = f"--data names.txt {SMALL} --steps 100000 --save-every 0.1"
    options += " --checkpoint run --log run.csv"
    both = [start(port, i, options) for i in (0, 1)]
    newest = Path("run", "checkpoint.safetensors")
    until(lambda: newest.exists() and load_checkpoint("run").step > 20)
    both[killed].kill()
    end = time.monotonic() + 30
    out, err = both[1 - killed].communicate(timeout=30)
    assert time.monotonic() < end
    both[killed].communicate(timeout=30)
    assert both[1 - killed].returncode == 1
    assert err.startswith(f"course: process {1 - killed} of 2: {LOST}")
    assert err.count("\n") == 1
    assert "Traceback" not in out
    stop = load_checkpoint("run", on_message=str).step + 20
    again = f"--data names.txt --checkpoint run --resume --stop-after {stop}"
    assert main(f"train {again} --log run.csv".split()) == 0
    whole = f"train --data names.txt {SMALL} --steps 100000 --stop-after {stop}"
    assert main(f"{whole} --log one.csv".split()) == 0
    assert losses("run.csv") == pytest.approx(losses("one.csv"), rel=1e-4)


@pytest.mark.parametrize("variables", [in_slurm, in_open_mpi, in_tpu_slice, in_mpi])
def test_a_cluster_names_the_places_of_its_processes(
    variables: Callable[[int], dict[str, str]], port: int
) -> None:
    options = f"--data names.txt {SMALL} --steps 5"
    both = [
        launch(
            f"--cluster {options} --checkpoint run --log run.csv",
            {**variables(i), "JAX_COORDINATOR_PORT": f"{port}"},
        )
        for i in (0, 1)
    ]
    first, second = (process.communicate(timeout=300) for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert (first[1], second) == ("", ("", ""))
    assert "jax engine on 2 devices" in first[0]
    assert "[" not in first[0]  # what is between the worker and its watcher
    assert variables is not in_mpi or {Path("end0"), Path("end1")} <= {
        *Path().iterdir()
    }
    assert main(f"train {options} --log one.csv".split()) == 0
    assert losses("run.csv") == pytest.approx(losses("one.csv"), rel=1e-5)


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({}, "coordinator_address should be defined"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "coordinator_address should be"),
        ({**in_slurm(0), "SLURM_NTASKS": "two"}, "invalid literal for int() with base"),
    ],
)
def test_no_cluster_is_one_line(variables: dict[str, str], why: str) -> None:
    process = launch(f"--cluster --data names.txt {SMALL}", variables)
    out, err = process.communicate(timeout=200)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"course: --cluster: JAX finds none here ({why}")
    assert "it looks for Slurm (SLURM_JOB_ID, " in err
    assert err.endswith("(KUBERNETES_SERVICE_HOST, and the package kubernetes)\n")


@pytest.mark.skipif(os.name == "nt", reason="core files are a matter of Unix")
def test_a_worker_that_crashes_leaves_one_line_and_no_core_file(port: int) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        options = f"--data names.txt {SMALL} --steps 100000 --checkpoint run"
        command = start(port, 0, options, n=1)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
    until(Path("run", "checkpoint.safetensors").exists)
    (worker,) = psutil.Process(command.pid).children()
    if psutil.LINUX:
        assert worker.rlimit(psutil.RLIMIT_CORE) == (0, before[1])
    worker.send_signal(signal.SIGABRT)
    _, err = command.communicate(timeout=200)
    assert (command.returncode, err.count("\n")) == (1, 1)
    assert err.startswith(f"course: process 0 of 1: {LOST}")
    assert not [*Path().glob("core*")]


def test_other_data_on_one_side_is_one_line_in_all_processes() -> None:
    Path("other.txt").write_text(Path("names.txt").read_text().replace("tim", "tom"))
    options = f"{SMALL} --steps 9 --checkpoint run"
    said = together(f"--data names.txt {options}", f"--data other.txt {options}")
    line = "process 1 has data other than process 0: give the same to all"
    assert said == [(2, "", f"course: {line}\n")] * 2
    assert not Path("run").exists()


def test_the_scalar_engine_is_refused_in_one_line(port: int) -> None:
    options = "--data names.txt --engine scalar --checkpoint run"
    for name, process in (
        ("--coordinator", start(port, 0, options)),
        ("--cluster", launch(f"--cluster {options}", {})),
    ):
        out, err = process.communicate(timeout=200)
        assert (process.returncode, out, err.count("\n")) == (2, "", 1)
        assert f"{name} is for the jax engine" in err
    assert not Path("run").exists()


def test_a_port_that_is_taken_is_one_line() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(port, 0, f"--data names.txt {SMALL} --checkpoint run")
        out, err = process.communicate(timeout=200)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert f"process 0 cannot have port {port} of this machine" in err
    assert not Path("run").exists()


def test_a_coordinator_that_is_not_there_is_one_line(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    monkeypatch.setattr(processes, "SOON", 0)
    line = f"coordinator 127.0.0.1:{port} does not answer (connection refused)"
    said: list[str] = []
    with pytest.raises(ValueError, match=f"^{re.escape(line)}: start process 0, or"):
        join(Team(f"127.0.0.1:{port}", 2, 1), said.append)
    assert said == [f"{line}: waiting for it, 0.5 seconds at most"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--cluster --process-id 0", "leave these three out, or --cluster"),
        ("--coordinator 10.0.0.1:1234", "go together: give all three, or none"),
        ("--num-processes 2 --process-id 0", "go together: give all three, or none"),
        ("--coordinator here --num-processes 2 --process-id 0", "as HOST:PORT, such"),
        ("--coordinator a:0 --num-processes 2 --process-id 0", "as HOST:PORT, such"),
        ("--coordinator a:99999 --num-processes 2 --process-id 0", "as HOST:PORT, su"),
        (
            "--coordinator a:1 --num-processes 2 --process-id 2",
            "--process-id must be less than --num-processes, 2, as it counts from 0: 2",
        ),
        ("--coordinator a:1 --num-processes 2 --process-id -1", "--process-id must be"),
        ("--coordinator a:1 --num-processes 0 --process-id 0", "--num-processes must"),
    ],
)
def test_a_team_that_cannot_be_is_one_line(
    options: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *options.split()]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_each_process_takes_its_share_of_the_rows() -> None:
    rows = np.arange(8)[:, None] + np.zeros((1, 3), int)  # (8, 3): row i is all i
    shares = [
        take(rows, [0, 1], 5, np.array(share)) for share in ([0, 1, 2], [3, 4, 5])
    ]
    assert shares[0][..., 0].tolist() == [[0, 1, 2], [5, 6, 7]]
    assert shares[1][..., 0].tolist() == [[3, 4, PADDING], [0, 1, PADDING]]
