"""The settings of a hub for a class agree with each other, and with what is said."""

from __future__ import annotations

import json
import math
import os
import re
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

if os.name == "nt":
    pytest.skip("JupyterHub does not run on Windows", allow_module_level=True)

from traitlets.config.loader import Config, PyFileConfigLoader

from benchmarks import hub_load
from tools import hub as demo
from tools.hub_client import Answer, Kernel, note
from tools.notebooks import ROOT

HUB = ROOT / "workshop" / "hub"
README = (HUB / "README.md").read_text("utf-8")
IDLE = 3600  # seconds after which a server, or a kernel without a page, is ended
AUTOSAVE = "@jupyterlab/docmanager-extension/plugin.json"
GIGABYTE = 1000  # MB


def config(name: str) -> Config:
    """Load a configuration as JupyterHub does."""
    return PyFileConfigLoader(name, path=str(HUB)).load_config()


def values() -> dict[str, Any]:
    return dict(yaml.safe_load((HUB / "values.yaml").read_text("utf-8")))


def text_of(name: str) -> str:
    return (HUB / name).read_text("utf-8")


# --- one server, Kubernetes, demo: the same settings ------------------------------


def test_kubernetes_has_the_settings_of_one_server() -> None:
    spawner, single = config("course_hub.py").Spawner, values()["singleuser"]
    assert single["memory"]["limit"] == spawner.mem_limit
    assert single["cpu"]["limit"] == spawner.cpu_limit
    assert single["defaultUrl"] == spawner.default_url
    assert single["startTimeout"] == spawner.start_timeout
    assert spawner.cmd == [str(HUB / "start-learner")]
    assert single["cmd"] == ["/usr/local/bin/start-learner"]
    assert "\nCOPY workshop/hub/start-learner /usr/local/bin/\n" in text_of(
        "Dockerfile"
    )
    assert single["extraEnv"] == spawner.environment


def test_the_demo_has_the_settings_of_one_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_HUB_STATE", str(tmp_path))
    monkeypatch.setenv("COURSE_HUB_PORTS", "1 2 3")
    monkeypatch.setenv("COURSE_HUB_PASSWORD", "not-a-secret")
    monkeypatch.delenv("COURSE_HUB_ACCOUNTS", raising=False)
    ours = config("demo_config.py")
    for name, setting in config("course_hub.py").Spawner.items():
        assert ours.Spawner[name] == setting, name
    assert ours.JupyterHub.bind_url == "http://127.0.0.1:1"
    roles = {role["name"]: role["scopes"] for role in ours.JupyterHub.load_roles}
    instructor = values()["hub"]["loadRoles"]["instructor"]["scopes"]
    assert roles["instructor"] == instructor
    assert not any("access:servers" in scope for scope in instructor)


def test_an_idle_server_is_ended_after_the_same_time_everywhere() -> None:
    cull = values()["cull"]
    assert (cull["timeout"], cull["every"]) == (IDLE, 300)
    assert f"services.cull.timeout {IDLE}\n" in text_of("tljh.sh")
    assert f'"--timeout={IDLE}"' in text_of("demo_config.py")
    assert f"cull_idle_timeout={IDLE} " in text_of("start-learner")
    assert f"({IDLE} s)" in README


def test_jupyterhub_has_one_version() -> None:
    [pinned] = re.findall(r"^jupyterhub==\S+", text_of("requirements.txt"), re.M)
    assert pinned in text_of("Dockerfile")
    assert pinned.replace("jupyterhub==", "JupyterHub ") in README


def test_no_file_holds_a_secret() -> None:
    for name in ("values.yaml", "login-github.yaml", "login-shared.yaml"):
        for key, value in re.findall(r"(\w*(?:secret|password)): *(.*)", text_of(name)):
            assert value.startswith('""'), (name, key)


def test_nobody_administers_the_hub_on_kubernetes() -> None:
    hub = values()["hub"]
    assert "admin_users" not in hub["config"]["Authenticator"]
    assert set(hub["loadRoles"]["instructor"]["users"]) <= set(
        hub["config"]["Authenticator"]["allowed_users"]
    )


# --- what the page says -------------------------------------------------------------


def test_the_size_of_the_machine_follows_from_the_guarantee() -> None:
    megabytes = int(values()["singleuser"]["memory"]["guarantee"].rstrip("M"))
    assert f"needs {megabytes} MB for each learner" in README.replace("\n", " ")
    found = re.findall(r"^\| (\d+) \| (\d+) GB \| (\d+) GB \|", README, re.M)
    assert [int(row[0]) for row in found] == [10, 30, 100]
    for learners, needed, machine in found:
        need = math.ceil(int(learners) * megabytes / GIGABYTE + 1)
        assert int(needed) == need <= int(machine)


def test_the_figures_are_those_of_the_results() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    part = results.split(f"## {hub_load.PART}\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| ([a-z].*?) \| (\S+ \w+) \|", part, re.M))
    for what in (
        "memory of a JupyterLab server",
        "memory of a kernel after 01",
        "all cells of 01",
        "start a server, and lay out the course",
    ):
        assert rows[what] in README, what
    assert "**Finished**: 30 of 30" in part


def test_jupyterlab_saves_as_often_as_the_page_says() -> None:
    schemas = Path(sysconfig.get_path("data"), "share/jupyter/lab/schemas")
    schema = json.loads((schemas / AUTOSAVE).read_text("utf-8"))
    seconds = schema["properties"]["autosaveInterval"]["default"]
    assert f"{seconds} s at most" in README


# --- the start of a learner's server ------------------------------------------------


@pytest.fixture
def learner(tmp_path: Path) -> dict[str, str]:
    """The environment of a learner whose home is new, and of a server that is none."""
    home, scripts = tmp_path / "home", tmp_path / "bin"
    for folder in (home, scripts):
        folder.mkdir()
    course = f'#!/bin/sh\nexec {sys.executable} -m course_lib "$@"\n'
    server = '#!/bin/sh\numask > "$HOME/umask"\necho "$@"\n'
    for name, text in (("course", course), ("jupyterhub-singleuser", server)):
        (scripts / name).write_text(text)
        (scripts / name).chmod(0o755)
    path = os.pathsep.join([str(scripts), os.environ["PATH"]])
    return {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT)}


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(HUB / "start-learner"), "--port=1"],
        env=environment,
        capture_output=True,
        text=True,
    )


def test_a_first_start_lays_the_course_out(learner: dict[str, str]) -> None:
    done = start(learner)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("--port=1\n")
    assert "transport_encryption=auto" in done.stdout
    home = Path(learner["HOME"])
    first = config("course_hub.py").Spawner.default_url.removeprefix("/lab/tree/")
    assert (home / first).is_file()
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / first).stat().st_mode & 0o077 == 0
    assert (home / "umask").read_text().strip() in ("077", "0077")


def test_a_later_start_leaves_the_pages_alone(learner: dict[str, str]) -> None:
    page = Path(learner["HOME"], "course", "notebooks", "01_loss.ipynb")
    page.parent.mkdir(parents=True)
    page.write_text("the learner's")
    assert start(learner).returncode == 0
    assert page.read_text() == "the learner's"
    assert [path.name for path in page.parent.iterdir()] == [page.name]


def test_without_a_course_the_server_starts_and_says_so(
    learner: dict[str, str],
) -> None:
    Path(learner["PATH"].split(os.pathsep)[0], "course").write_text(
        "#!/bin/sh\nfalse\n"
    )
    done = start(learner)
    assert done.returncode == 0
    assert "The course could not be put into" in done.stderr
    assert done.stdout.endswith("--port=1\n")


# --- The Littlest JupyterHub --------------------------------------------------------


@pytest.fixture
def tljh(tmp_path: Path) -> Path:
    """A place that looks like its installation, and notes what it is told."""
    prefix = tmp_path / "tljh"
    (prefix / "config").mkdir(parents=True)
    for name in ("hub/bin/tljh-config", "user/bin/python"):
        script = prefix / name
        script.parent.mkdir(parents=True)
        script.write_text(f'#!/bin/sh\necho "$@" >> {prefix}/told\n')
        script.chmod(0o755)
    return prefix


def set_up(prefix: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(HUB / "tljh.sh"), *words],
        env={**os.environ, "TLJH_INSTALL_PREFIX": str(prefix)},
        capture_output=True,
        text=True,
    )


def test_one_server_is_set_up(tljh: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("ada\ngrace\n")
    done = set_up(tljh, "hub.example.org", "me@example.org", "teacher", str(names))
    assert (done.returncode, done.stderr) == (0, "")
    told = (tljh / "told").read_text("utf-8").splitlines()
    for line in (
        f"-m pip install --quiet --require-hashes -r {ROOT}/requirements.lock",
        "set https.enabled true",
        "set https.letsencrypt.email me@example.org",
        "add-item https.letsencrypt.domains hub.example.org",
        "add-item users.admin teacher",
        "add-item users.allowed ada",
        "add-item users.allowed grace",
    ):
        assert line in told
    assert told[-2:] == ["reload", "reload proxy"]
    link = tljh / "config" / "jupyterhub_config.d" / "course_hub.py"
    assert link.resolve() == HUB / "course_hub.py"
    found = PyFileConfigLoader(link.name, path=str(link.parent)).load_config()
    assert found == config("course_hub.py")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (None, "There is no file"),
        ("", "without names, anybody could log in"),
        ("ada\n\n", "one name a line"),
        ("Ada Lovelace\n", "one name a line"),
        ("ada; reboot\n", "one name a line"),
    ],
)
def test_a_bad_list_of_names_changes_nothing(
    names: str | None, reason: str, tljh: Path, tmp_path: Path
) -> None:
    file = tmp_path / "names.txt"
    if names is not None:
        file.write_text(names)
    done = set_up(tljh, "hub.example.org", "me@example.org", "teacher", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tljh / "told").exists()


def test_too_few_words_are_one_line_of_usage(tljh: Path) -> None:
    done = set_up(tljh, "hub.example.org")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "usage" in done.stderr


def test_before_its_installation_nothing_is_done(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("ada\n")
    done = set_up(tmp_path / "none", "host", "mail", "teacher", str(names))
    assert (done.returncode, done.stderr) == (
        2,
        "Install The Littlest JupyterHub first.\n",
    )


# --- the demo, and its client -------------------------------------------------------


def python_beside_a_jupyterhub(folder: Path) -> str:
    (folder / "jupyterhub").write_text("")
    return str(folder / "python")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        python = python_beside_a_jupyterhub(tmp_path)
        with pytest.raises(demo.HubError, match=f"Port {port} is taken"):
            demo.refuse_unfit(accounts=False, port=port, python=python)


def test_accounts_need_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    python = python_beside_a_jupyterhub(tmp_path)
    with pytest.raises(demo.HubError, match="needs root"):
        demo.refuse_unfit(accounts=True, port=0, python=python)


def test_without_jupyterhub_the_demo_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(demo.HubError, match="make workshop-demo"):
        demo.refuse_unfit(accounts=False, port=0, python=str(tmp_path / "python"))


@pytest.mark.parametrize("words", [["--port", "0"], ["--port", "x"], ["--nonsense"]])
def test_bad_options_of_the_demo_end_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        demo.main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize("number", ["0", "-1", "61", "many", "²"])
def test_a_class_has_a_bounded_number_of_learners(number: str) -> None:
    with pytest.raises(SystemExit) as ended:
        hub_load.main([f"--learners={number}"])
    assert ended.value.code == 2


class Socket:
    """What a kernel sends, one message after the other."""

    def __init__(self) -> None:
        self.waiting: list[str | bytes] = []

    def send(self, text: str) -> None:
        parent = {"msg_id": json.loads(text)["header"]["msg_id"]}
        self.say("stream", {"text": "of another"}, {"msg_id": "0"})
        self.say("stream", {"text": "Correct\n"}, parent, buffers=True)
        self.say("error", {"ename": "ValueError", "evalue": "no"}, parent)
        self.say("status", {"execution_state": "idle"}, parent)
        self.say("execute_reply", {}, parent)

    def say(
        self,
        kind: str,
        content: dict[str, str],
        parent: dict[str, str],
        buffers: bool = False,
    ) -> None:
        message = {"msg_type": kind, "content": content, "parent_header": parent}
        text = json.dumps(message)
        head = [2, 12, 12 + len(text)]
        packed = b"".join(n.to_bytes(4, "big") for n in head) + text.encode() + b"\0"
        self.waiting.append(packed if buffers else text)

    def recv(self) -> str | bytes:
        return self.waiting.pop(0)


def test_a_cell_has_its_own_text_and_error() -> None:
    kernel: Any = Kernel(Socket())  # type: ignore[arg-type]
    answer = kernel.run("check()")
    assert (answer.text, answer.error) == ("Correct\n", "ValueError: no")


def test_what_is_shown_is_text() -> None:
    answer = Answer()
    note(answer, "display_data", {"data": {"text/plain": "Correct", "text/html": "x"}})
    note(answer, "comm_open", {"data": {}})
    assert answer.text == "Correct"


def test_the_answer_goes_into_the_cell_of_its_exercise() -> None:
    page = json.loads((ROOT / "notebooks" / "01_loss.ipynb").read_text("utf-8"))
    cells = ["".join(c["source"]) for c in page["cells"] if c["cell_type"] == "code"]
    answered = hub_load.cells_with_an_answer(cells)
    changed = [new for old, new in zip(cells, answered, strict=True) if old != new]
    assert len(changed) == 1
    assert hub_load.CHECK in changed[0]
    assert "..." not in changed[0]


def test_the_95th_percentile() -> None:
    assert hub_load.percentile_95(range(1, 101)) == 95
    assert hub_load.percentile_95(range(1, 31)) == 29
    assert hub_load.percentile_95([3.0]) == 3.0


def test_a_failure_is_told_and_not_counted() -> None:
    well = hub_load.Lesson("ada", 1.0, 2.0, 0.1, [0.5, 1.5], "Correct")
    ill = hub_load.Lesson("bob", failure="Refused: spawn")
    sample = {("ada", "server"): 100.0, ("ada", "kernel"): 200.0}
    memory = hub_load.Memory([{("ada", "server"): 350.0}, sample])
    text = hub_load.page([well, ill], memory, 12.0)
    assert "**Finished**: 1 of 2" in text
    assert "**Failed**: bob: Refused: spawn" in text
    assert "| all cells of 01 | 2 s | 2 s |" in text
    assert "| a learner at the largest | 350 MB | 350 MB |" in text


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_memory_is_proportional() -> None:
    assert 1 < hub_load.proportional(os.getpid()) < 10_000
    assert sum(hub_load.memory_now(os.getpid()).values()) > 1
