"""The files of docs/cluster: valid, at one with each other and the command, and run."""

from __future__ import annotations

import copy
import json
import math
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import hatchling.build
import jsonschema
import pytest
import yaml

from course_lib.app.train_command import train

ROOT = Path(__file__).parent.parent.parent
CLUSTER = ROOT / "docs" / "cluster"
SBATCH = CLUSTER / "slurm.sbatch"
SCHEMA = json.loads(Path(__file__).with_name("jobset.schema.json").read_text("utf-8"))
MANIFESTS = ["jobset.yaml", "tpu-slice.yaml"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="clusters run no Windows")


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((CLUSTER / name).read_text(encoding="utf-8")))


def the_job(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the JobSet of a manifest, and the only job that is repeated in it."""
    (jobset,) = (d for d in documents(name) if d["kind"] == "JobSet")
    (job,) = jobset["spec"]["replicatedJobs"]
    return jobset, job


def the_container(job: dict[str, Any]) -> dict[str, Any]:
    (container,) = job["template"]["spec"]["template"]["spec"]["containers"]
    return dict(container)


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


# --- the manifests of Kubernetes ----------------------------------------------------


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_has_the_fields_of_its_kinds(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    there = documents(name)
    assert [d["kind"] for d in there] == ["PersistentVolumeClaim", "JobSet"]
    for document in there:
        jsonschema.validate(document, SCHEMA)


def with_misspelt_policy(jobset: dict[str, Any], job: dict[str, Any]) -> None:
    jobset["spec"]["failurepolicy"] = jobset["spec"].pop("failurePolicy")


def with_the_first_version(jobset: dict[str, Any], job: dict[str, Any]) -> None:
    jobset["apiVersion"] = "jobset.x-k8s.io/v1alpha1"


def without_index(jobset: dict[str, Any], job: dict[str, Any]) -> None:
    del job["template"]["spec"]["completionMode"]


def with_restarts_of_one_pod(jobset: dict[str, Any], job: dict[str, Any]) -> None:
    job["template"]["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"


def with_limits_beside(jobset: dict[str, Any], job: dict[str, Any]) -> None:
    container = job["template"]["spec"]["template"]["spec"]["containers"][0]
    container["limits"] = container["resources"].pop("limits")


@pytest.mark.parametrize("name", MANIFESTS)
@pytest.mark.parametrize(
    "spoil",
    [
        with_misspelt_policy,
        with_the_first_version,
        without_index,
        with_restarts_of_one_pod,
        with_limits_beside,
    ],
)
def test_a_spoiled_manifest_is_refused(
    name: str, spoil: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    jobset = copy.deepcopy(the_job(name)[0])
    spoil(jobset, jobset["spec"]["replicatedJobs"][0])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(jobset, SCHEMA)


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_run_lies_on_the_volume_that_is_claimed(name: str) -> None:
    claim, jobset = documents(name)
    pod = jobset["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    (volume,) = pod["volumes"]
    (mount,) = pod["containers"][0]["volumeMounts"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert mount["name"] == volume["name"]
    (script,) = pod["containers"][0]["args"]
    paths = re.findall(r"(?<![\w.])/\S+", script)
    assert paths
    assert all(path.startswith(mount["mountPath"]) for path in paths)


def parsed(name: str, tmp_path: Path, index: int) -> dict[str, Any]:
    """Run a pod's command with a course that notes its options; return them."""
    container = the_container(the_job(name)[1])
    (mount,) = container["volumeMounts"]
    noted = tmp_path / "noted"
    program(tmp_path / "bin", "course", f'printf "%s\\n" "$@" > {noted}')
    (script,) = container["args"]
    subprocess.run(
        [*container["command"], script.replace(mount["mountPath"], str(tmp_path))],
        check=True,
        env={
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "JOB_COMPLETION_INDEX": f"{index}",
        },
    )
    command, *arguments = noted.read_text().splitlines()
    assert command == "train"
    return train.make_context("train", arguments).params


@pytest.mark.parametrize("name", MANIFESTS)
@pytest.mark.parametrize("saved", [None, "checkpoint", "previous"])
def test_a_restarted_pod_resumes(name: str, saved: str | None, tmp_path: Path) -> None:
    if saved:
        (tmp_path / f"{saved}.safetensors").touch()
    options = parsed(name, tmp_path, 0)
    assert options["resume"] == bool(saved)
    assert options["checkpoint"] == str(tmp_path)


def test_the_pods_of_the_jobset_are_the_processes_of_the_run(tmp_path: Path) -> None:
    jobset, job = the_job("jobset.yaml")
    spec, name = job["template"]["spec"], jobset["metadata"]["name"]
    assert spec["parallelism"] == spec["completions"]
    n_pods = job["replicas"] * spec["parallelism"]
    asked = [parsed("jobset.yaml", tmp_path, i) for i in range(n_pods)]
    assert [options["process_id"] for options in asked] == [*range(n_pods)]
    # JobSet names a pod <set>-<job>-<job's index>-<pod's index>.<set>.
    host = f"{name}-{job['name']}-0-0.{name}"
    for options in asked:
        assert options["num_processes"] == n_pods
        assert options["coordinator"].split(":")[0] == host
        assert not options["cluster"]


def test_the_pods_of_the_slice_are_its_machines(tmp_path: Path) -> None:
    _, job = the_job("tpu-slice.yaml")
    spec = job["template"]["spec"]
    selector = spec["template"]["spec"]["nodeSelector"]
    assert selector.keys() == {
        "cloud.google.com/gke-tpu-accelerator",
        "cloud.google.com/gke-tpu-topology",
    }
    topology = selector["cloud.google.com/gke-tpu-topology"]
    n_chips = math.prod(int(side) for side in topology.split("x"))
    on_each = the_container(job)["resources"]["limits"]["google.com/tpu"]
    assert job["replicas"] == 1  # each job is a slice; JAX counts the machines of one
    assert spec["parallelism"] * on_each == n_chips
    assert spec["completions"] == spec["parallelism"]
    assert parsed("tpu-slice.yaml", tmp_path, 0)["cluster"]


def test_a_command_line_with_a_misspelt_option_is_refused() -> None:
    with pytest.raises(click.NoSuchOption):
        train.make_context("train", ["--num-process", "4", "--clusters"])


# --- the image ----------------------------------------------------------------------


def test_the_image_gets_all_that_the_package_is_built_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (CLUSTER / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (.*)$", text, re.M):
        *sources, target = line.split()
        for source in sources:
            place = tmp_path / target.lstrip("/")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place)
            else:
                place.mkdir(exist_ok=True)
                shutil.copy(ROOT / source, place)
    monkeypatch.chdir(tmp_path / "course")
    assert hatchling.build.build_wheel(str(tmp_path)).endswith(".whl")
    for kind in ("jax[$JAX]", "-r /course/requirements.lock"):
        assert kind in text
    built = re.findall(r"--build-arg JAX=(\w+) -t (\S+)", text)
    named = [the_container(the_job(name)[1])["image"] for name in MANIFESTS]
    assert [image for _, image in built] == named


# --- the script of Slurm ------------------------------------------------------------


def settings_of_sbatch() -> dict[str, str]:
    lines = re.findall(r"^#SBATCH --(\S+)$", SBATCH.read_text("utf-8"), re.M)
    return dict(line.partition("=")[::2] for line in lines)


def run_script(
    tmp_path: Path, srun: str, *options: str, restarts: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run the script with an srun of ours, and with a scontrol that notes its call."""
    python = shlex.join([sys.executable, "-m", "course_lib"])
    program(tmp_path / "bin", "course", f'exec {python} "$@"')
    program(tmp_path / "bin", "srun", srun)
    program(tmp_path / "bin", "scontrol", f'echo "$@" >> {tmp_path}/scontrol')
    return subprocess.run(
        ["bash", SBATCH, *options],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
        env={
            **os.environ,
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "JAX_PLATFORMS": "cpu",
            "COURSE_RUN": str(tmp_path / "run"),
            "SLURM_JOB_ID": "77",
            "SLURM_RESTART_COUNT": f"{restarts}",
        },
    )


def test_the_script_is_bash_and_asks_for_what_it_says() -> None:
    subprocess.run(["bash", "-n", SBATCH], check=True)
    asked = settings_of_sbatch()
    assert {"requeue", "open-mode", "time", "nodes"} <= asked.keys()
    assert asked["gpus-per-node"] == asked["ntasks-per-node"]  # a process for each
    assert "gpus-per-task" not in asked


def test_the_script_trains_two_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAX_NUMPY_RANK_PROMOTION")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("JAX_COORDINATOR_PORT", str(probe.getsockname()[1]))
    (tmp_path / "names.txt").write_text("\n".join(["ada", "bea", "clara", "grace"]))
    srun = """export SLURM_STEP_NODELIST=127.0.0.1 SLURM_NTASKS=2
SLURM_PROCID=0 SLURM_LOCALID=0 "$@" & first=$!
SLURM_PROCID=1 SLURM_LOCALID=1 "$@" & second=$!
wait $first && wait $second"""
    options = "--data names.txt --n-embd 8 --n-head 2 --block-size 5 --steps 2"
    done = run_script(tmp_path, srun, *options.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "jax engine on 2 devices" in done.stdout
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()
    assert (tmp_path / "run" / "loss.csv").read_text().count("\n") == 3
    assert not (tmp_path / "scontrol").exists()


@pytest.mark.parametrize(
    ("code", "restarts", "again"),
    [
        (0, 0, False),
        (1, 0, True),
        (1, 9, True),
        (1, 10, False),
        (2, 0, False),
        (130, 0, False),
        (137, 0, True),  # killed: too little memory
    ],
)
def test_the_script_begins_again_only_after_what_may_pass(
    tmp_path: Path, code: int, restarts: int, again: bool
) -> None:
    done = run_script(tmp_path, f"exit {code}", restarts=restarts)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
    noted = tmp_path / "scontrol"
    assert noted.exists() == again
    assert not again or noted.read_text() == "requeue 77\n"


@pytest.mark.parametrize("saved", [None, "checkpoint", "previous"])
def test_a_restarted_script_resumes(tmp_path: Path, saved: str | None) -> None:
    (tmp_path / "run").mkdir()
    if saved:
        (tmp_path / "run" / f"{saved}.safetensors").touch()
    done = run_script(tmp_path, 'printf "%s\\n" "$@"', "--steps", "9")
    command, name, *arguments = done.stdout.splitlines()
    assert (command, name) == ("course", "train")
    options = train.make_context("train", arguments).params
    assert options["resume"] == bool(saved)
    assert (options["cluster"], options["steps"]) == (True, 9)
