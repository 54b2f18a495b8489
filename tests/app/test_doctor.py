"""The doctor: structured results, a fix for whatever is wrong, and never ill itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course_lib.app import accelerators, doctor
from course_lib.app.cli import main
from course_lib.app.doctor import BROKEN, OK, WARNING, Check, examine, report
from course_lib.app.packages import requirements


def test_this_machine_is_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    names = [line.split(":")[0].split()[1] for line in lines[:-2]]
    assert names == list(doctor.LOOKS)
    assert {line.split()[0] for line in lines[:-2]} <= {"OK", "NOTE"}
    assert re_jax(lines)
    assert lines[-2].startswith("Ready")
    assert lines[-1].startswith("Code to send, if you are asked for one: ")


def re_jax(lines: list[str]) -> bool:
    import jax

    return any(
        line.startswith(f"OK    JAX: {jax.__version__} on {jax.device_count()} ")
        for line in lines
    )


def test_nothing_heavy_is_loaded_into_this_process() -> None:
    code = (
        "import sys; from course_lib.app.doctor import examine; list(examine());"
        "print([m for m in ('jax', 'matplotlib', 'ipywidgets') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def only(monkeypatch: pytest.MonkeyPatch, *findings: tuple[str, str, str]) -> None:
    looks = {f"Thing {i}": lambda f=finding: f for i, finding in enumerate(findings)}
    monkeypatch.setattr(doctor, "LOOKS", looks)


@pytest.mark.parametrize(
    ("statuses", "code", "last"),
    [
        ([OK, OK], 0, "Ready: everything works."),
        ([OK, WARNING], 0, "Ready. The lines marked NOTE may matter later."),
        ([WARNING, BROKEN], 1, "Not ready yet: mend the lines marked FIX"),
    ],
)
def test_the_exit_code_says_whether_the_course_can_start(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    statuses: list[str],
    code: int,
    last: str,
) -> None:
    only(monkeypatch, *[(status, "seen", "Do this") for status in statuses])
    assert main(["doctor"]) == code
    *lines, code_line = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith(last)
    assert report() == "\n".join(lines)
    marks = {WARNING: "note", BROKEN: "fix"}
    codes = [f"thing {i}-{marks[one]}" for i, one in enumerate(statuses) if one != OK]
    assert code_line.endswith(f": {' '.join(codes) or 'ready'}")


def test_a_line_is_ok_or_a_fix_in_words() -> None:
    assert str(Check("Disk", OK, "9.0 GB free")) == "OK    Disk: 9.0 GB free"
    assert str(Check("Disk", WARNING, "0.4 GB free", "Free some space")) == (
        "NOTE  Disk: 0.4 GB free. Free some space"
    )
    assert str(Check("JAX", BROKEN, "gone", "Get it")) == "FIX   JAX: gone. Get it"


def test_a_package_that_the_doctor_needs_itself_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ill() -> None:
        raise ModuleNotFoundError("No module named 'packaging'", name="no_packaging")

    monkeypatch.setattr(doctor, "LOOKS", {"Packages": ill})
    (check,) = examine()
    assert check.status == BROKEN
    assert check.found.startswith("no_packaging is missing. Run: python -m pip install")


def test_the_doctor_never_falls_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    def ill() -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(doctor, "LOOKS", {"Nerves": ill})
    (check,) = examine()
    assert (check.status, check.found) == (
        WARNING,
        "could not look: RuntimeError two lines",
    )


# Python and packages


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 11, 0), OK), ((3, 13, 9), OK), ((3, 14, 0), WARNING), ((3, 10, 2), WARNING)],
)
def test_python(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], status: str
) -> None:
    monkeypatch.setattr(doctor.sys, "version_info", version)
    assert doctor.look_at_python()[0] == status


def install(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    monkeypatch.setattr(
        doctor, "installed_version", lambda name: versions.get(name, "")
    )


def require(monkeypatch: pytest.MonkeyPatch, *requirements: str) -> None:
    monkeypatch.setattr(doctor, "requirements", lambda: list(requirements))


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    require(monkeypatch, "jax>=0.10,<0.13", "numpy>=2.1", 'pytest>=9; extra == "test"')
    install(monkeypatch, jax="0.10.2", numpy="2.4.6")
    status, found, fix = doctor.look_at_packages()
    assert (status, fix) == (OK, "")
    assert "jax 0.10.2, numpy 2.4.6" in found
    assert "course_lib" in found
    assert "pytest" not in found
    install(monkeypatch, jax="0.9.1", numpy="2.4.6")
    status, found, fix = doctor.look_at_packages()
    assert status == WARNING
    assert found.endswith("tested with: jax 0.9.1")
    assert fix == 'Run: python -m pip install "jax<0.13,>=0.10"'
    install(monkeypatch, jax="0.9.1")
    status, found, fix = doctor.look_at_packages()
    assert (status, found) == (BROKEN, "missing: numpy")
    assert '"numpy>=2.1"' in fix
    assert '"jax' in fix


@pytest.mark.parametrize("name", ["numpy.py", "random.py"])
def test_a_file_of_the_working_folder_that_hides_a_package_is_the_cause(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook there would import it, and JAX is not to blame."""
    file = tmp_path / name
    file.write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    module = name.removesuffix(".py")
    for look in (doctor.look_at_packages, doctor.look_at_jax):
        status, found, fix = look()
        assert (status, fix) == (BROKEN, f"Rename {file}")
        assert f"{module} is {file} and not " in found


def test_jax_is_not_blamed_for_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = doctor.TRY_JAX.replace('"scipy"', '"no_scipy"')
    monkeypatch.setattr(doctor, "TRY_JAX", broken)
    status, found, fix = doctor.look_at_jax()
    assert status == BROKEN
    assert found.startswith("needs no_scipy, which does not work: ModuleNotFoundError")
    assert fix == 'Run: python -m pip install --force-reinstall "no_scipy"'


# Widgets


@pytest.fixture
def jupyter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Return a function that makes Jupyter folders with the given versions."""
    folders: list[str] = []
    config = tmp_path / "config"
    (config / "labconfig").mkdir(parents=True)
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: folders)
    monkeypatch.setattr("jupyter_core.paths.jupyter_config_path", lambda: [str(config)])

    def make(managers: list[str], answering: list[str], page: str = "{}") -> None:
        for name, versions in ((doctor.MANAGER, managers), ("anywidget", answering)):
            for number, version in enumerate(versions):
                folder = tmp_path / str(number) / name
                folder.mkdir(parents=True)
                (folder / "package.json").write_text(json.dumps({"version": version}))
        folders.extend(str(tmp_path / str(number)) for number in range(2))
        (config / "labconfig" / "page_config.json").write_text(page)

    return make


def test_widgets_that_fit(
    monkeypatch: pytest.MonkeyPatch, jupyter: Callable[..., None]
) -> None:
    jupyter(["5.0.15", "3.1.0"], ["0.11.3", "0.9.0"])  # JupyterLab takes the first
    install(monkeypatch, ipywidgets="8.1.9", anywidget="0.11.0")
    assert doctor.look_at_widgets() == (
        OK,
        "ipywidgets 8.1.9 with its part in the page, 5.0.15; "
        "anywidget 0.11.0 with its part in the page, 0.11.3",
        "",
    )


OFF = '{"disabledExtensions": {"%s": true}}'


@pytest.mark.parametrize(
    ("kernel", "managers", "answering", "page", "status", "said"),
    [
        ("8.1.9 0.11.0", "3.1.0 5.0.15", "0.11.0", "{}", WARNING, "do not fit each"),
        ("7.8.1 0.11.0", "5.0.15", "0.11.0", "{}", WARNING, "5.0.15 in JupyterLab do"),
        ("8.1.9 0.11.0", "5.0.15", "0.9.21", "{}", WARNING, "0.9.21 in JupyterLab do"),
        ("8.1.9 0.9.18", "5.0.15", "0.11.0", "{}", WARNING, "anywidget 0.9.18 in the"),
        ("8.1.9 1.0.0", "5.0.15", "0.11.0", "{}", WARNING, "do not fit each other"),
        ("8.1.9 0.11.0", "", "0.11.0", "{}", WARNING, "no part that draws sliders"),
        (
            "8.1.9 0.11.0",
            "5.0.15",
            "",
            "{}",
            WARNING,
            "no part that draws interactive figures",
        ),
        ("- 0.11.0", "5.0.15", "0.11.0", "{}", BROKEN, "ipywidgets missing"),
        ("8.1.9 -", "5.0.15", "0.11.0", "{}", BROKEN, "anywidget missing"),
        ("- -", "", "", "{}", BROKEN, "ipywidgets and anywidget missing"),
        ("8.1.9 0.11.0", "5.0.1", "0.11.0", OFF % doctor.MANAGER, WARNING, "sliders"),
        ("8.1.9 0.11.0", "5.0.1", "0.11.0", OFF % "anywidget", WARNING, "figures"),
        (
            "8.1.9 0.11.0",
            "5.0.1",
            "0.11.0",
            '{"disabledExtensions": ["anywidget"]}',
            WARNING,
            "the part that draws interactive figures is switched off",
        ),
        (
            "8.1.9 0.11.0",
            "5.0.1",
            "0.11.0",
            '{"disabledExtensions": {"anywidget": false}}',
            OK,
            "8.1.9",
        ),
        ("8.1.9 0.11.0", "5.0.1", "0.11.0", "[]", OK, "8.1.9"),
        ("8.1.9 0.11.0", "5.0.1", "0.11.0", "{", OK, "8.1.9"),
    ],
)
def test_widgets_that_do_not(
    monkeypatch: pytest.MonkeyPatch,
    jupyter: Callable[..., None],
    kernel: str,
    managers: str,
    answering: str,
    page: str,
    status: str,
    said: str,
) -> None:
    jupyter(managers.split(), answering.split(), page)
    packages = dict(zip(("ipywidgets", "anywidget"), kernel.split(), strict=True))
    install(monkeypatch, **{p: v for p, v in packages.items() if v != "-"})
    found = doctor.look_at_widgets()
    assert found[0] == status
    assert said in found[1]
    assert bool(found[2]) == (status != OK)
    assert "\n" not in str(Check("Widgets", *found))


def test_the_fix_brings_the_half_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, jupyter: Callable[..., None]
) -> None:
    jupyter(["5.0.15"], [])
    install(monkeypatch, ipywidgets="8.1.9", anywidget="0.11.0")
    fix = doctor.look_at_widgets()[2]
    assert fix.startswith('Run: python -m pip install --upgrade "anywidget>=0.9.18,<1"')
    assert "ipywidgets" not in fix
    install(monkeypatch, ipywidgets="8.1.9")
    fix = 'Run: python -m pip install "anywidget>=0.9.18,<1"'
    assert doctor.look_at_widgets()[2] == fix


def test_a_front_end_that_hides_a_newer_one_is_named_by_its_place(
    monkeypatch: pytest.MonkeyPatch, jupyter: Callable[..., None], tmp_path: Path
) -> None:
    """Pip brings both halves at once, so upgrading would not help there."""
    jupyter(["5.0.15"], ["0.9.21", "0.11.0"])
    install(monkeypatch, ipywidgets="8.1.9", anywidget="0.11.0")
    hidden = f"Remove the folder {tmp_path / '0' / 'anywidget'}; restart JupyterLab"
    assert doctor.look_at_widgets()[2] == hidden
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path))
    assert doctor.look_at_widgets()[2].startswith("Run: python -m pip install")


def test_what_the_doctor_installs_is_what_the_course_needs() -> None:
    needed = [text.replace(" ", "") for text in doctor.requirements()]
    for package, (_, _, wanted) in doctor.WIDGETS.items():
        (asked,) = [text for text in needed if text.startswith(package)]
        limits = set(asked.removeprefix(package).split(","))
        assert set(wanted.split('"')[1].removeprefix(package).split(",")) == limits


# JAX


def test_a_jax_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "JAX_SECONDS", 0.001)
    status, found, fix = doctor.look_at_jax()
    assert (status, found) == (BROKEN, "no answer within 0.001 seconds")
    assert "JAX_PLATFORMS=cpu" in fix


def test_a_jax_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", "abacus")
    status, found, fix = doctor.look_at_jax()
    assert status == BROKEN
    assert "abacus" in found
    assert "pip install" in fix


def answer(monkeypatch: pytest.MonkeyPatch, **done: Any) -> None:
    result = subprocess.CompletedProcess([], **done)
    monkeypatch.setattr(doctor.subprocess, "run", lambda *a, **k: result)


def test_a_jax_that_crashes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, returncode=-4, stdout="", stderr="")
    assert doctor.look_at_jax()[:2] == (
        BROKEN,
        "does not work: it stopped with code -4",
    )


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (["0.10.2", "cpu", ["cpu"]], "0.10.2 on 1 cpu device"),
        (["0.12.0", "gpu", ["Fast 9000"] * 2], "0.12.0 on 2 gpu devices (Fast 9000)"),
        (
            ["0.12.0", "gpu", ["Fast 9", "Old 7"]],
            "0.12.0 on 2 gpu devices (Fast 9, Old 7)",
        ),
        (
            ["0.12.0", "tpu", ["TPU v5 lite"] * 8],
            "0.12.0 on 8 tpu devices (TPU v5 lite)",
        ),
    ],
)
def test_devices_are_counted(
    monkeypatch: pytest.MonkeyPatch, answered: list[Any], said: str
) -> None:
    noise = "a library that greets\n"
    answer(monkeypatch, returncode=0, stdout=noise + json.dumps(answered), stderr="")
    monkeypatch.setattr(doctor, "find_accelerator", lambda: None)
    assert doctor.look_at_jax() == (OK, said, "")


@pytest.mark.parametrize(
    ("kind", "extra", "plugin", "platform"),
    [
        (accelerators.NVIDIA, "cuda13", "jax-cuda12-plugin", "gpu"),
        (accelerators.AMD, "rocm7-local", "jax-rocm7-plugin", "gpu"),
        (accelerators.TPU, "tpu", "libtpu", "tpu"),
    ],
)
def test_an_accelerator_that_jax_does_not_see_is_named_with_what_helps(
    monkeypatch: pytest.MonkeyPatch,
    kind: accelerators.Accelerator,
    extra: str,
    plugin: str,
    platform: str,
) -> None:
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    answered = json.dumps(["0.12.0", "cpu", ["cpu"]])
    answer(monkeypatch, returncode=0, stdout=answered, stderr="")
    monkeypatch.setattr(doctor, "find_accelerator", lambda: kind)
    install(monkeypatch)
    status, found, fix = doctor.look_at_jax()
    assert (status, found) == (
        WARNING,
        f"0.12.0 on 1 cpu device, and not on {kind.name} that is in this machine",
    )
    wanted = f'"jax[{extra}]>=0.10,<0.13"'
    assert fix == f"To use it, run: python -m pip install -U {wanted}"
    (asked,) = [r for r in requirements() if r.startswith("jax")]
    assert set(wanted.strip('"').partition("]")[2].split(",")) == {
        *asked.removeprefix("jax").replace(" ", "").split(",")
    }
    install(monkeypatch, **{plugin: "0.12.0"})  # then installing it again is no help
    why = f"import jax; jax.devices('{platform}')"
    assert doctor.look_at_jax()[2] == f'To see why, run: python -c "{why}"'
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")  # that is what was asked for
    assert doctor.look_at_jax() == (OK, "0.12.0 on 1 cpu device", "")


def place(root: Path, **files: str) -> Path:
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


CPU_NODE, GPU_NODE = "cpu_cores_count 8\nsimd_count 0\n", "simd_count 304\nmax 2\n"


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({}, None),
        ({"proc__driver__nvidia__version": "580"}, None),  # a driver, and no GPU
        ({"proc__driver__nvidia__gpus__0": "GPU"}, accelerators.NVIDIA),
        ({"sys__class__kfd__kfd__topology__nodes__0__properties": CPU_NODE}, None),
        (
            {"sys__class__kfd__kfd__topology__nodes__1__properties": GPU_NODE},
            accelerators.AMD,
        ),
        (
            {
                "sys__bus__pci__devices__a__vendor": "0x1ae0\n",
                "sys__bus__pci__devices__a__class": "0x020000\n",  # a network card
            },
            None,
        ),
        (
            {
                "sys__bus__pci__devices__a__vendor": "0x1ae0\n",
                "sys__bus__pci__devices__a__class": "0xff0000\n",
            },
            accelerators.TPU,
        ),
    ],
)
def test_accelerators_are_found_by_what_their_drivers_tell(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    kind: accelerators.Accelerator | None,
) -> None:
    monkeypatch.setattr(accelerators.shutil, "which", lambda name: None)
    assert accelerators.find_accelerator(place(tmp_path, **files)) == kind


@pytest.mark.skipif(os.name == "nt", reason="a script for sh")
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("echo 'GPU 0: Fast 9000'", accelerators.NVIDIA),
        ("echo 'No devices were found'", None),
        ("echo 'GPU 0: lost'; exit 9", None),
        ("exec sleep 60", None),
    ],
)
def test_nvidia_smi_is_asked_and_not_waited_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    kind: accelerators.Accelerator | None,
) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(accelerators, "SECONDS", 0.5 if "sleep" in script else 10)
    assert accelerators.find_accelerator(tmp_path / "empty") == kind


# Memory, folders, disk


@pytest.mark.parametrize(
    ("free", "status"),
    [(None, OK), (8e9, OK), (0.9e9, WARNING), (0.2e9, BROKEN)],
)
def test_memory(
    monkeypatch: pytest.MonkeyPatch, free: float | None, status: str
) -> None:
    monkeypatch.setattr(doctor, "available_memory", lambda: free)
    assert doctor.look_at_memory()[0] == status


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    assert doctor._free_of_container(tmp_path) is None
    (tmp_path / "memory.max").write_text("2000000000\n")
    (tmp_path / "memory.current").write_text("900000000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 100000000\n")
    assert doctor._free_of_container(tmp_path) == 1_200_000_000
    (tmp_path / "memory.current").write_text("3000000000\n")
    assert doctor._free_of_container(tmp_path) == 0
    (tmp_path / "memory.max").write_text("max\n")
    assert doctor._free_of_container(tmp_path) is None
    old = tmp_path / "memory"
    old.mkdir()
    (old / "memory.limit_in_bytes").write_text("1000")
    (old / "memory.usage_in_bytes").write_text("400")
    (old / "memory.stat").write_text("total_inactive_file 50\n")
    assert doctor._free_of_container(tmp_path) == 650


def test_this_machines_memory_is_known() -> None:
    free = doctor.available_memory()
    assert free is not None
    assert 10**7 < free < 10**14


def test_a_folder_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "new" / "data"))
    assert doctor.look_at_folders()[0] == OK
    assert list(tmp_path.iterdir()) == []  # looking leaves nothing behind

    def denied(**options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", denied)
    status, found, fix = doctor.look_at_folders()
    assert status == BROKEN
    assert "Permission denied" in found
    assert "XDG_DATA_HOME" in fix


@pytest.mark.parametrize(
    ("free", "status"), [(5e9, OK), (0.3e9, WARNING), (1e6, BROKEN)]
)
def test_disk(monkeypatch: pytest.MonkeyPatch, free: float, status: str) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: usage(free))
    assert doctor.look_at_disk()[0] == status
