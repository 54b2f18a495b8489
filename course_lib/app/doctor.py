"""Diagnosis of an installation: what works, what does not, and how to fix it.

``examine()`` returns structured results, ``report()`` the same as text. Neither needs
the network, and neither waits longer than ``JAX_SECONDS`` for a library that hangs.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import course_lib
from course_lib.app.accelerators import find_accelerator
from course_lib.app.packages import (
    Shadow,
    import_problem,
    installed_version,
    reinstall,
    requirements,
    shadows,
)
from course_lib.exercises.journal import data_folder

__all__ = ["Check", "available_memory", "examine", "report"]

OK, WARNING, BROKEN = "ok", "warning", "broken"
JAX_SECONDS = 60
TESTED = ((3, 11), (3, 12), (3, 13))
GB, MB = 10**9, 10**6
MANAGER = "@jupyter-widgets/jupyterlab-manager"
FRONT_END_OF = {8: 5, 7: 3}  # ipywidgets' major version: that of its front end
WIDGETS = {  # the kernel's half: JupyterLab's half, what it draws, what brings both
    "ipywidgets": (MANAGER, "sliders", '"ipywidgets>=8.1.5,<9" jupyterlab_widgets'),
    "anywidget": ("anywidget", "interactive figures", '"anywidget>=0.9.18,<1"'),
}


TRY_JAX = """
import json
for name in ("numpy", "ml_dtypes", "scipy", "jaxlib", "jax"):  # in order of need
    try:
        __import__(name)
    except BaseException:
        print(f"\\ndoes not import: {name}", flush=True)
        raise
import jax
assert float(jax.jit(lambda x: 2 * x)(21.0)) == 42.0
kinds = [device.device_kind for device in jax.devices()]
print(json.dumps([jax.__version__, jax.default_backend(), kinds]))
"""


@dataclass(frozen=True)
class Check:
    """The result of one check; its status is ``ok``, ``warning`` or ``broken``."""

    name: str
    status: str
    found: str
    fix: str = ""

    @property
    def mark(self) -> str:
        """The status in a word for the reader: OK, NOTE or FIX."""
        return {OK: "OK", WARNING: "NOTE", BROKEN: "FIX"}[self.status]

    @property
    def code(self) -> str:
        """What is wrong, in a word to send to somebody: jax-fix, memory-note."""
        return f"{self.name}-{self.mark}".lower()

    def __str__(self) -> str:
        return f"{self.mark:5} {self.name}: {self.found}" + (
            f". {self.fix}" if self.fix else ""
        )


def examine() -> Iterator[Check]:
    """Run the checks one after the other; about a second in all."""
    for name, look in LOOKS.items():
        try:
            status, found, fix = look()
        except Exception as error:  # a failed check is a warning, never a traceback
            message = " ".join(str(error).split())[:200]
            status, found = WARNING, f"could not look: {type(error).__name__} {message}"
            fix = "If the notebooks work, all is well"
            if problem := import_problem(error):
                status, found, fix = BROKEN, problem, ""
        yield Check(name, status, found, fix)


def report(checks: Iterable[Check] | None = None) -> str:
    """Return one line for each check, and a summary."""
    checks = list(examine() if checks is None else checks)
    return "\n".join([*map(str, checks), summary(checks)])


def summary(checks: Iterable[Check]) -> str:
    """Return a line that says whether the course can start."""
    found = [check.status for check in checks]
    if BROKEN in found:
        return "Not ready yet: mend the lines marked FIX, then run the doctor again."
    if WARNING in found:
        return "Ready. The lines marked NOTE may matter later."
    return "Ready: everything works."


def code_to_send(checks: Iterable[Check]) -> str:
    """Return a line to send to an instructor; workshop/README.md says what it means."""
    codes = [check.code for check in checks if check.status != OK]
    return f"Code to send, if you are asked for one: {' '.join(codes) or 'ready'}"


Finding = tuple[str, str, str]  # status, what was found, what to do


def look_at_python() -> Finding:
    """The version of Python."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] not in TESTED:
        return WARNING, found, "The course is tested with Python 3.11 to 3.13"
    return OK, found, ""


def look_at_packages() -> Finding:
    """What Python imports, against the requirements of the course."""
    if hidden := _shadows():
        fixes = dict.fromkeys(shadow.fix for shadow in hidden)
        return BROKEN, "; ".join(map(str, hidden)), "; ".join(fixes)
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in requirements()]
    wanted = [w for w in wanted if not w.marker or w.marker.evaluate({"extra": ""})]
    installed = {w.name: installed_version(w.name) for w in wanted}
    missing = [w for w in wanted if not installed[w.name]]
    unfit = [
        w for w in wanted if w not in missing and installed[w.name] not in w.specifier
    ]
    found = ", ".join(f"{n} {v}" for n, v in sorted(installed.items()) if v)
    found = f"course_lib {course_lib.__version__}, {found}"
    if not missing and not unfit:
        return OK, found, ""
    install = " ".join(f'"{w}"' for w in [*missing, *unfit])
    fix = f"Run: python -m pip install {install}"
    if missing:
        return BROKEN, f"missing: {', '.join(w.name for w in missing)}", fix
    odd = ", ".join(f"{w.name} {installed[w.name]}" for w in unfit)
    return WARNING, f"not the versions the course is tested with: {odd}", fix


def _shadows() -> list[Shadow]:
    """Return what hides a package in a notebook of the working folder."""
    return shadows([str(Path.cwd()), *sys.path])


def look_at_widgets() -> Finding:
    """Both halves of the widgets: in the kernel, and in JupyterLab."""
    kernel = {package: installed_version(package) for package in WIDGETS}
    missing = [package for package, version in kernel.items() if not version]
    if missing:
        fix = f"Run: python -m pip install {' '.join(WIDGETS[p][2] for p in missing)}"
        return BROKEN, f"{' and '.join(missing)} missing", fix
    findings = [_halves(package, version) for package, version in kernel.items()]
    unwell = [finding for finding in findings if finding[0] != OK]
    return unwell[0] if unwell else (OK, "; ".join(f[1] for f in findings), "")


def _halves(package: str, kernel: str) -> Finding:
    """Whether JupyterLab has a package's front end, enabled and compatible."""
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    extension, drawn, wanted = WIDGETS[package]
    install = f"Run: python -m pip install --upgrade {wanted}; restart JupyterLab"
    folder, front_end = _front_end(extension, jupyter_path("labextensions"))
    if not front_end:
        return WARNING, f"JupyterLab here has no part that draws {drawn}", install
    if _switched_off(extension, jupyter_config_path()):
        fix = f"Run: jupyter labextension enable {extension}"
        return WARNING, f"the part that draws {drawn} is switched off", fix
    found = f"{package} {kernel} in the kernel, {front_end} in JupyterLab"
    if _fit(package, kernel, front_end):
        return OK, f"{package} {kernel} with its part in the page, {front_end}", ""
    if not folder.is_relative_to(sys.prefix):  # it hides what pip would bring
        install = f"Remove the folder {folder}; restart JupyterLab"
    return WARNING, f"{found} do not fit each other", install


def look_at_jax() -> Finding:
    """JAX and its devices, in a subprocess, as JAX could hang or crash."""
    command = [sys.executable, "-W", "ignore", "-c", TRY_JAX]
    variables = {
        **os.environ,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # a kernel may hold the GPU
        "JAX_TRACEBACK_FILTERING": "off",  # then the last line is the error's own
    }
    fix = 'Run: python -m pip install --upgrade "jax>=0.10,<0.13"'
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=JAX_SECONDS, env=variables
        )
    except subprocess.TimeoutExpired:
        fix = "Set the environment variable JAX_PLATFORMS=cpu, and try again"
        return BROKEN, f"no answer within {JAX_SECONDS} seconds", fix
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        why = lines[-1] if lines else f"it stopped with code {done.returncode}"
        if hidden := _shadows():
            return BROKEN, f"does not work: {hidden[0]}", hidden[0].fix
        below = re.search(r"^does not import: (\w+)$", done.stdout, re.MULTILINE)
        if below and below[1] != "jax":
            fix = reinstall(below[1])
            return BROKEN, f"needs {below[1]}, which does not work: {why[:200]}", fix
        return BROKEN, f"does not work: {why[:200]}", fix
    version, backend, kinds = json.loads(done.stdout.splitlines()[-1])
    plural = "s" if len(kinds) > 1 else ""
    named = ", ".join(dict.fromkeys(kinds))
    kind = "" if named == backend else f" ({named})"
    found = f"{version} on {len(kinds)} {backend} device{plural}{kind}"
    if backend != "cpu" or os.environ.get("JAX_PLATFORMS"):  # or CPU is what is wanted
        return OK, found, ""
    return _with_accelerator(found)


def _with_accelerator(found: str) -> Finding:
    """JAX on the CPU, and what brings it onto an accelerator of this machine."""
    unused = find_accelerator()
    if unused is None:
        return OK, found, ""
    found = f"{found}, and not on {unused.name} that is in this machine"
    if any(map(installed_version, unused.plugins)):
        ask = f"import jax; jax.devices('{unused.platform}')"
        return WARNING, found, f'To see why, run: python -c "{ask}"'
    install = f'"jax[{unused.extra}]>=0.10,<0.13"'
    return WARNING, found, f"To use it, run: python -m pip install -U {install}"


def look_at_memory() -> Finding:
    """The available memory; a notebook that trains a GPT takes about 0.5 GB."""
    free = available_memory()
    if free is None:
        return OK, "unknown; a notebook needs up to 0.7 GB", ""
    found, fix = f"{free / GB:.1f} GB free", "Close other notebooks and programs"
    if free < 0.3 * GB:
        return BROKEN, found, fix
    if free < 1 * GB:
        return WARNING, found, fix
    return OK, found, ""


def look_at_folders() -> Finding:
    """The folders of progress and downloads, and whether they are writable."""
    from course_lib.data.download import cache_folder

    for folder in (data_folder(), cache_folder()):
        try:
            with tempfile.TemporaryFile(dir=_nearest(folder)) as file:
                file.write(b"1")
        except OSError as error:
            fix = "Make it writable, or set XDG_DATA_HOME and XDG_CACHE_HOME elsewhere"
            return BROKEN, f"cannot write to {folder}: {error.strerror}", fix
    return OK, "progress and downloads can be kept", ""


def look_at_disk() -> Finding:
    """The free disk space in the working folder and in the data folder."""
    places = (Path.cwd(), _nearest(data_folder()))
    free = min(shutil.disk_usage(place).free for place in places)
    found = f"{free / GB:.1f} GB free"
    if free < 20 * MB:
        return BROKEN, found, "Free some space: checkpoints and progress need 20 MB"
    if free < 500 * MB:
        return WARNING, found, "Free some space"
    return OK, found, ""


LOOKS: dict[str, Callable[[], Finding]] = {
    "Python": look_at_python,
    "Packages": look_at_packages,
    "Widgets": look_at_widgets,
    "JAX": look_at_jax,
    "Memory": look_at_memory,
    "Folders": look_at_folders,
    "Disk": look_at_disk,
}


def available_memory() -> int | None:
    """Return the memory available to this process in bytes, None if unknown."""
    limits = [_free_of_container(Path("/sys/fs/cgroup"))]
    with contextlib.suppress(ImportError):
        import psutil  # comes with JupyterLab's kernel

        limits.append(psutil.virtual_memory().available)
    return min((limit for limit in limits if limit is not None), default=None)


def _free_of_container(root: Path) -> int | None:
    """Return the memory a cgroup limit leaves, with the inactive page cache."""
    for most, used, kept, group in (
        ("memory.max", "memory.current", "inactive_file", root),
        (
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
            root / "memory",
        ),
    ):
        try:
            limit = int((group / most).read_text())
            in_use = int((group / used).read_text())
            stat = (group / "memory.stat").read_text()
        except (OSError, ValueError):  # no container, or one without a limit ("max")
            continue
        cached = re.search(rf"^{kept} (\d+)$", stat, re.MULTILINE)
        return max(0, limit - in_use + (int(cached[1]) if cached else 0))
    return None


def _front_end(extension: str, folders: Iterable[str]) -> tuple[Path, str]:
    """Return the folder and version of a labextension, as JupyterLab finds it.

    The first folder counts. The version is empty if there is none.
    """
    for folder in folders:
        place = Path(folder, extension)
        try:
            text = (place / "package.json").read_text(encoding="utf-8")
            return place, str(json.loads(text)["version"])
        except (OSError, ValueError, KeyError):
            continue
    return Path(), ""


def _switched_off(extension: str, folders: Iterable[str]) -> bool:
    """Whether JupyterLab's page config disables an extension."""
    for folder in folders:
        try:
            page = Path(folder, "labconfig", "page_config.json").read_text("utf-8")
            disabled = json.loads(page).get("disabledExtensions", {})
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(disabled, list) and extension in disabled:
            return True
        if isinstance(disabled, dict) and disabled.get(extension) is True:
            return True
    return False


def _fit(package: str, kernel: str, front_end: str) -> bool:
    """Whether the two versions are compatible."""
    if package == "anywidget":  # major and minor version must agree
        return kernel.split(".")[:2] == front_end.split(".")[:2]
    return FRONT_END_OF.get(_major(kernel)) in (None, _major(front_end))


def _major(version: str) -> int:
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0


def _nearest(folder: Path) -> Path:
    """Return the folder, or its nearest existing parent."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder
