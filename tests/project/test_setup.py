"""Setting up from nothing: quick when done, whole when interrupted, plain when not."""

from __future__ import annotations

import ast
import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import tasks
from course_lib.app import jupyterlab
from tools import environment, jobs
from tools.environment import Environment, SetupError, fingerprint

ROOT = Path(__file__).parent.parent.parent
posix = pytest.mark.skipif(os.name == "nt", reason="the fakes are shell scripts")


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


# --- finding a Python -------------------------------------------------------------


def test_any_python_3_can_read_the_front() -> None:
    tree = ast.parse((ROOT / "tasks.py").read_text(encoding="utf-8"))
    modern = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred, ast.Match)
    assert not any(isinstance(node, modern) for node in ast.walk(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            arguments = node.args.args + node.args.kwonlyargs + node.args.posonlyargs
            assert node.returns is None
            assert not node.args.kwonlyargs
            assert not node.args.posonlyargs
            assert all(a.annotation is None for a in arguments)


def test_an_old_python_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as stopped:
        tasks.main(["test"])
    assert stopped.value.code == 2
    said = one_line(capsys.readouterr().err)
    assert "Python 3.9, which is too old" in said
    assert "3.11, 3.12 or 3.13" in said


def test_a_python_that_is_too_new_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for version, refused in (((3, 14, 0), False), ((3, 15, 1), True)):
        monkeypatch.setattr(sys, "version_info", version)
        if not refused:
            assert tasks.suitable_python() == [sys.executable]
            assert "3.14 is newer than" in one_line(capsys.readouterr().out)
            continue
        with pytest.raises(SystemExit) as stopped:
            tasks.main(["lab"])
        assert stopped.value.code == 2
        said = one_line(capsys.readouterr().err)
        assert "Python 3.15, which is too new" in said
        assert "conda or Binder" in said


def test_an_intel_mac_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(tasks.platform, "machine", lambda: "x86_64")
    with pytest.raises(SystemExit) as stopped:
        tasks.main(["lab"])
    assert stopped.value.code == 2
    assert "Intel Macs" in one_line(capsys.readouterr().err)
    monkeypatch.setattr(tasks.platform, "machine", lambda: "arm64")
    tasks.refuse_intel_mac()


PLATFORMS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)


@pytest.mark.slow  # asks the package registry
@pytest.mark.parametrize("system", PLATFORMS)
@pytest.mark.parametrize(("version", "ready"), [("3.14", True), ("3.15", False)])
def test_every_locked_package_has_a_wheel(
    tmp_path: Path, version: str, ready: bool, system: str
) -> None:
    """When 3.15 is ready, TOO_NEW in tasks.py can go up."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--no-deps"]
    command += ["--python-version", version, "--python-platform", system]
    command += ["--only-binary", ":all:", "--target", str(tmp_path)]
    command += ["-r", str(ROOT / environment.LOCKS["learn"])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode == 0) == ready, done.stderr


@posix
def test_an_old_python_hands_over_to_a_newer_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    answer = f'[ "$1" = -c ] && echo "3 12" || {{ echo "$@" >{log}; exit 7; }}\n'
    script(tmp_path / "python3.12", answer)
    script(tmp_path / "python3.13", "exit 1\n")  # a shim for one that is not installed
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert tasks.main(["test", "--", "-k", "x"]) == 7
    assert log.read_text().split()[1:] == ["test", "--", "-k", "x"]


@posix
@pytest.mark.parametrize("name", ["my python", "py -3.12", "3.12"])
def test_a_named_python_is_any_path_or_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    for file in ("my python", "py", "python3.12"):
        script(tmp_path / file, 'echo "3 12"\n')
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    if " " in name and "py -" not in name:
        name = str(tmp_path / name)
    command = tasks.named_python(name)
    assert tasks.version_of(command) == (3, 12)


@posix
def test_a_named_python_that_will_not_do_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    script(tmp_path / "python3.9", 'echo "3 9"\n')
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    for name, said in [("python3.9", "is Python 3.9"), ("python9", "does not start")]:
        with pytest.raises(SystemExit) as stopped:
            tasks.main(["test", "--python", name])
        assert stopped.value.code == 2
        assert said in one_line(capsys.readouterr().err)


def test_a_named_python_has_an_environment_of_its_own() -> None:
    version = "{}.{}".format(*sys.version_info)
    assert Environment.choose(own=True).folder.name == f".venv-{version}"
    assert Environment.choose(own=False).folder.name == ".venv"


@posix
@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_without_python_gets_one_line(tmp_path: Path) -> None:
    script(tmp_path / "nothing", "")
    make = str(shutil.which("make"))
    done = subprocess.run(
        [make, "-s", "lab", "SHELL=/bin/sh"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("No python3 found. Install Python")


def test_help_lists_every_task_on_one_screen() -> None:
    lines = tasks.HELP.splitlines()
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80
    named = re.findall(r"^  make ([\w-]+)  ", tasks.HELP, re.MULTILINE)
    assert named == list(jobs.JOBS)
    targets = re.search(r"^TASKS := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert targets
    assert set(targets.group(1).split()) == {"help", *jobs.JOBS}


def test_an_unknown_task_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert tasks.main(["tset"]) == 2
    assert "no task 'tset'" in one_line(capsys.readouterr().err)


# --- the environment, with steps that only pretend ----------------------------------


class Steps:
    """Stands for `Environment._step`: notes each command, installs nothing."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.before: Callable[[str], None] = lambda what: None

    def __call__(self, env: Environment, what: str, command: list[object]) -> None:
        self.done.append(what)
        self.before(what)
        if what == "making the environment":
            Path(env.python).parent.mkdir(parents=True)
            os.symlink(sys.executable, env.python)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    steps = Steps()
    monkeypatch.setattr(Environment, "_step", lambda *args: steps(*args))
    return steps


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(tmp_path / ".venv", sys.executable)


FRESH = 4  # environment, installer, packages, the course


@posix
def test_a_second_call_does_nothing(steps: Steps, env: Environment) -> None:
    env.prepare("learn")
    assert len(steps.done) == FRESH
    env.prepare("learn")
    assert len(steps.done) == FRESH


@posix
def test_the_test_set_holds_the_learners(steps: Steps, env: Environment) -> None:
    env.prepare("learn")
    env.prepare("test")
    assert len(steps.done) == 2 * FRESH - 1  # added to the same environment
    env.prepare("learn")
    assert len(steps.done) == 2 * FRESH - 1


@posix
def test_new_locks_update_what_was_installed(
    steps: Steps, env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    env.prepare("test")
    monkeypatch.setattr(environment, "fingerprint", lambda wanted: "new " + wanted)
    env.prepare("learn")
    assert len(steps.done) == 2 * FRESH - 1
    assert env.stamp()["set"] == "test"  # it does not fall back to the smaller set


@posix
@pytest.mark.parametrize("error", [KeyboardInterrupt, SetupError])
def test_an_interrupted_set_up_starts_afresh(
    steps: Steps, env: Environment, error: type[BaseException]
) -> None:
    def interrupt(what: str) -> None:
        if what == "installing the course":
            raise error

    steps.before = interrupt
    with pytest.raises(error):
        env.prepare("learn")
    assert not env.folder.exists()
    steps.before = lambda what: None
    env.prepare("learn")
    assert env.stamp()["set"] == "learn"


def unfinished(folder: Path) -> None:
    (folder / environment.STAMP).unlink()  # killed before the last step


def half_written(folder: Path) -> None:
    (folder / environment.STAMP).write_text('{"set": "le')


def without_its_python(folder: Path) -> None:
    shutil.rmtree(folder / "bin")


def of_another_version(folder: Path) -> None:
    (folder / "bin" / "python").unlink()
    script(folder / "bin" / "python", "echo 3.9\n")


def copied_from_elsewhere(folder: Path) -> None:
    stamp = folder / environment.STAMP
    stamp.write_text(stamp.read_text().replace(str(folder), "/elsewhere/.venv"))


@posix
@pytest.mark.parametrize(
    "damage",
    [
        unfinished,
        half_written,
        without_its_python,
        of_another_version,
        copied_from_elsewhere,
    ],
)
def test_a_damaged_environment_is_made_anew(
    steps: Steps, env: Environment, damage: Callable[[Path], None]
) -> None:
    env.prepare("learn")
    damage(env.folder)
    env.prepare("learn")
    assert len(steps.done) == 2 * FRESH
    assert env.stamp()["set"] == "learn"


@posix
def test_two_set_ups_at_once_take_turns(steps: Steps, env: Environment) -> None:
    inside = threading.Semaphore(1)
    overlaps = []

    def enter(what: str) -> None:
        overlaps.append(not inside.acquire(blocking=False))
        threading.Event().wait(0.05)
        inside.release()

    steps.before = enter
    threads = [threading.Thread(target=env.prepare, args=["learn"]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(steps.done) == FRESH  # the second found everything in place
    assert not any(overlaps)


@posix
def test_a_package_that_has_gone_is_noticed_and_installed_again(
    steps: Steps, env: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = env.folder / "lib" / "python3.11" / "site-packages"

    def install(what: str) -> None:
        if what == "installing the course":
            for name in ("alpha", "beta"):
                (packages / name).mkdir(parents=True, exist_ok=True)
                info = packages / f"{name}-1.0.dist-info"
                info.mkdir(exist_ok=True)
                (info / "RECORD").write_text(f"{name}/a.py,,\n../../bin/{name},,\n")

    steps.before = install
    env.prepare("learn")
    assert env.missing() == []
    shutil.rmtree(packages / "alpha")
    assert env.missing() == ["alpha"]
    env.prepare("learn")
    assert len(steps.done) == 2 * FRESH
    shutil.rmtree(packages / "beta-1.0.dist-info")
    assert env.missing() == ["beta-1.0"]
    env.prepare("learn")
    assert len(steps.done) == 3 * FRESH
    env.prepare("learn")
    assert len(steps.done) == 3 * FRESH
    assert "beta-1.0 is missing in .venv.\n" in capsys.readouterr().err


SLOW_STEP = '''
import sys
from pathlib import Path
from tools.environment import Environment
env = Environment(Path(sys.argv[1]) / ".venv", sys.executable)
code = """import os, pathlib, time
pathlib.Path({!r}, "pid").write_text(str(os.getpid()))
time.sleep(600)"""
env._step("waiting", [sys.executable, "-c", code.format(sys.argv[1])])
'''


@posix
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_set_up_that_is_killed_leaves_nobody_behind(
    tmp_path: Path, end: signal.Signals
) -> None:
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    parent = subprocess.Popen(
        [sys.executable, "-c", f"{start}\n{SLOW_STEP}", str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    note = tmp_path / "pid"
    while not (note.exists() and note.read_text()):
        assert parent.poll() is None
        threading.Event().wait(0.01)
    child = psutil.Process(int(note.read_text()))
    parent.send_signal(end)
    parent.wait(timeout=60)
    child.wait(timeout=60)
    assert not child.is_running()


def test_a_fingerprint_follows_the_files() -> None:
    assert fingerprint("learn") != fingerprint("test")
    assert fingerprint("") == ""


# --- what goes wrong gets one line ----------------------------------------------------


@posix
@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("error: failed to write: No space left on device (os error 28)", "full"),
        ("The virtual environment was not created: ensurepip is not available", "venv"),
        ("/usr/bin/python3: No module named venv", "sudo apt install python3"),
        ("error: client error (Connect): Connection refused", "no network"),
        ("WARNING: Retrying (Retry(total=1)) after [Errno -2]", "no network"),
        ("line\nerror: jaxlib has no wheel for this machine\n", "jaxlib has no wheel"),
        ("", "said nothing"),
    ],
)
def test_a_failed_step_is_explained_in_one_line(
    tmp_path: Path, env: Environment, output: str, said: str
) -> None:
    maker = script(tmp_path / "python", f"cat <<'X'\n{output}\nX\nexit 1\n")
    with pytest.raises(SetupError, match=re.escape(said)) as failed:
        Environment(env.folder, str(maker)).prepare("learn")
    one_line(f"{failed.value}\n")
    assert not env.folder.exists()


@posix
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EACCES, "No permission to write"),
        (errno.EROFS, "No permission to write"),
        (errno.EIO, "Set-up failed"),
    ],
)
def test_a_refusal_of_the_system_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    env: Environment,
    number: int,
    said: str,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Environment, "choose", lambda own: env)
    monkeypatch.setattr(Environment, "_step", refuse)
    monkeypatch.chdir(ROOT)
    assert jobs.main("lint", [], own_environment=False) == 2
    assert said in one_line(capsys.readouterr().err.split("needed only once.\n")[1])


@posix
def test_no_network_is_one_line(tmp_path: Path) -> None:
    for name in ("tasks.py", "pyproject.toml", *environment.LOCKS.values()):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copy(ROOT / environment.INSTALLER_LOCK, tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    closed = "http://127.0.0.1:9/simple"  # nothing listens there
    away = {name for name in os.environ if name.startswith(("PIP_", "UV_"))}
    offline = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": closed,
        "PIP_NO_CACHE_DIR": "1",
        "UV_DEFAULT_INDEX": closed,
        "NO_PROXY": "*",
    }
    kept = {name: value for name, value in os.environ.items() if name not in away}
    done = subprocess.run(
        [sys.executable, "tasks.py", "lint"],
        cwd=tmp_path,
        env={**kept, **offline},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    *progress, last = done.stderr.splitlines()
    assert "no network" in last
    assert all(line.startswith(("Setting up .venv", "  ")) for line in progress)
    assert not (tmp_path / ".venv").exists()
    assert "Retry" in (tmp_path / ".venv.log").read_text()


# --- make lab ---------------------------------------------------------------------

LAB = """
import sys
from pathlib import Path
from tools import environment, jobs

class Prepared(environment.Environment):
    prepare = lambda self, wanted: None
    python = property(lambda self: sys.executable)

sys.exit(jobs.lab(Prepared(Path(sys.argv[1]), sys.executable), sys.argv[2:]))
"""


HOSTILE_SETTINGS = """
c.ServerApp.root_dir = "/nowhere"
c.ServerApp.preferred_dir = "/nowhere/else"
c.ServerApp.base_url = "/hidden/"
c.ServerApp.port = 1
c.ServerApp.password = "argon2:..."
c.ServerApp.token = "theirs"
c.ServerApp.certfile = "/nowhere/cert.pem"
c.ServerApp.contents_manager_class = "nowhere.Manager"
c.ServerApp.extra_template_paths = ["/nowhere/templates"]
c.ServerApp.tornado_settings = {"headers": {"X-Theirs": "yes"}}
c.ServerApp.jpserver_extensions = {"jupyterlab": False}
c.LabApp.collaborative = True
c.LabApp.app_dir = "/nowhere/app"
c.LabApp.default_url = "/tree"
"""


@contextlib.contextmanager
def ended_with_its_group(process: subprocess.Popen[str]) -> Iterator[None]:
    """A test that fails leaves no server behind."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


A_SERVER_THAT_IS_SLOW_TO_LISTEN = """
import json, os, socket, sys, time
from pathlib import Path

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
note = {"url": "u", "hostname": "127.0.0.1", "port": listener.getsockname()[1]}
Path(sys.argv[1], f"jpserver-{os.getpid()}.json").write_text(json.dumps(note))
time.sleep(0.5)
Path(sys.argv[1], "listens").touch()
listener.listen()
time.sleep(600)
"""


def test_an_address_is_said_once_it_answers(tmp_path: Path) -> None:
    """JupyterLab writes its note before it opens its port."""
    command = [sys.executable, "-c", A_SERVER_THAT_IS_SLOW_TO_LISTEN, str(tmp_path)]
    with subprocess.Popen(command) as server:
        try:
            found = jupyterlab.wait_for_address(server, tmp_path, seconds=600)
            assert found is not None
            assert found["url"] == "u"
            assert (tmp_path / "listens").exists()
        finally:
            server.kill()
    assert jupyterlab.wait_for_address(server, tmp_path) is None


@posix
@pytest.mark.parametrize("settings", ["", HOSTILE_SETTINGS])
def test_lab_without_a_display_prints_an_address_that_answers(
    tmp_path: Path, settings: str
) -> None:
    theirs = tmp_path / "home" / ".jupyter"
    theirs.mkdir(parents=True)
    for name in ("jupyter_server_config.py", "jupyter_lab_config.py"):
        (theirs / name).write_text(settings)
    kept = {k: v for k, v in os.environ.items() if "DISPLAY" not in k}
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{start}\n{LAB}", str(tmp_path), "--port=0"],
        cwd=ROOT,
        env={**kept, "HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # as from a terminal: Ctrl-C reaches the whole group
    )
    assert process.stdout
    with ended_with_its_group(process), process.stdout:
        lines = iter(process.stdout.readline, "")
        address = next(line for line in lines if "http://" in line).strip()
        assert "/lab" in address
        assert "token=" in address
        with urllib.request.urlopen(address, timeout=600) as page:
            assert page.status == 200
            text = page.read().decode()
            assert "JupyterLab" in text
            assert f'"serverRoot": "{ROOT}"' in text
            assert "X-Theirs" not in page.headers
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=600) == 0
