"""Two learners with accounts of their own on a real hub: neither sees the other's work.

Run by ``make slow``, as root, after ``make workshop-demo PYTHON=/usr/bin/python3``: the
accounts must be able to run that Python. The hub, its accounts and files are removed.
``python -m benchmarks.hub_isolation`` makes a table of what is noted as tried.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if os.name == "nt":
    pytest.skip("JupyterHub does not run on Windows", allow_module_level=True)

import psutil
import requests
import websocket

from tools.hub import Hub, hub
from tools.hub_client import Kernel, Learner, Refused
from tools.notebooks import ROOT

pytestmark = pytest.mark.slow

PAGE = "course/notebooks/01_loss.ipynb"
CHECK = "exercise.mse.check(mse)"
RIGHT = f"""
def mse(predictions, targets):
    return sum((p - t) ** 2 for p, t in zip(predictions, targets)) / len(targets)

{CHECK}
"""
TRY = """
try:
    print("got in:", {})
except OSError as error:
    print(type(error).__name__)
"""
LISTEN = """
import zmq
with zmq.Context() as context, context.socket(zmq.SUB) as ear:
    ear.connect("tcp://127.0.0.1:{}")
    ear.subscribe(b"")
    ear.linger = 0
    print("heard" if ear.poll(6000) else "silence")
"""
LYING_OPEN = """
import os
for top in ("/tmp", "/var/tmp", "/dev/shm"):
    for folder, _, names in os.walk(top):
        for path in (os.path.join(folder, name) for name in names):
            if os.stat(path, follow_symlinks=False).st_uid == {} and os.access(path, 4):
                print(path)
"""


Tried = Callable[[str, str, object], None]


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Tried:
    """Note who tried what, and what came back."""
    return lambda *row: record_property("tried", json.dumps([str(x) for x in row]))


def runs_for_everybody(python: Path) -> bool:
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = subprocess.run([*command, str(python), "-c", ""], capture_output=True)
    return done.returncode == 0


def python_of_the_hub() -> str:
    """Return a Python with JupyterHub that every account can run, or skip."""
    if os.geteuid() != 0:
        pytest.skip("only root can make the accounts")
    if not shutil.which("useradd") or not shutil.which("setpriv"):
        pytest.skip("this system lacks useradd or setpriv")
    found = sorted((ROOT / "build").glob("hub-venv*/bin/jupyterhub"))
    pythons = [path.with_name("python") for path in found]
    fit = [str(python) for python in pythons if runs_for_everybody(python)]
    if not fit:
        pytest.skip(
            "no JupyterHub that every account can run: "
            "make workshop-demo PYTHON=/usr/bin/python3"
        )
    return fit[0]


@pytest.fixture(scope="module")
def running() -> Iterator[Hub]:
    with hub(accounts=True, python=python_of_the_hub()) as one:
        yield one


@pytest.fixture(scope="module")
def ada(running: Hub) -> Learner:
    return started(running, "ada")


@pytest.fixture(scope="module")
def bob(running: Hub) -> Learner:
    return started(running, "bob")


def started(running: Hub, name: str) -> Learner:
    own = f"{name}-{secrets.token_hex(3)}"
    learner = Learner(running.url, own, running.password)
    learner.log_in()
    learner.start_server()
    return learner


def journal(running: Hub, learner: Learner) -> Path:
    return running.home(learner.name) / ".local/share/course_lib/progress.jsonl"


def solve(kernel: Kernel, learner: Learner) -> str:
    """Run the page's cells up to the exercise, and answer it."""
    cells = learner.cells(PAGE)
    setup = next(cell for cell in cells if " as exercise" in cell)
    assert kernel.run(setup).error == ""
    return kernel.run(RIGHT).text


def test_a_server_runs_as_its_learner(running: Hub, ada: Learner, tried: Tried) -> None:
    with ada.kernel(PAGE) as kernel:
        told = kernel.run("import os; print(os.getuid())").text
    assert int(told) == running.home(ada.name).stat().st_uid != 0
    tried("Ada's kernel", "ask whose account it runs under", "Ada's own, not root's")


def test_home_and_new_files_are_the_learners_alone(
    running: Hub, ada: Learner, tried: Tried
) -> None:
    with ada.kernel(PAGE) as kernel:
        assert kernel.run("open('new.txt', 'w').write('mine')").error == ""
        solve(kernel, ada)
    home = running.home(ada.name)
    new = {"a new file": home / "course/notebooks/new.txt"}
    new |= {"her journal": journal(running, ada)}
    assert home.stat().st_mode & 0o777 == 0o700
    tried("anybody", "look at the mode of Ada's home", "0700")
    for what, path in new.items():
        mode = path.stat().st_mode & 0o777
        assert mode & 0o077 == 0, path
        tried("anybody", f"look at the mode of {what}", f"{mode:04o}")


def test_nobody_reads_files_or_progress_of_another(
    running: Hub, ada: Learner, bob: Learner, tried: Tried
) -> None:
    with ada.kernel(PAGE) as kernel:
        solve(kernel, ada)
    kept, home = journal(running, ada), running.home(ada.name)
    assert "loss.mse" in kept.read_text("utf-8")
    homes, log = home.parent, running.state / "private" / "hub.log"
    attempts = {
        "read Ada's progress": f"open({str(kept)!r}).read()",
        "list Ada's home": f"__import__('os').listdir({str(home)!r})",
        "list the folder of all homes": f"__import__('os').listdir({str(homes)!r})",
        "write into Ada's home": f"open({str(home / 'left.txt')!r}, 'w')",
        "read the hub's log": f"open({str(log)!r}).read()",
    }
    with bob.kernel(PAGE) as kernel:
        for what, attempt in attempts.items():
            said = kernel.run(TRY.format(attempt)).text.strip()
            assert said == "PermissionError", what
            tried("Bob's kernel", what, said)
        open_files = kernel.run(LYING_OPEN.format(home.stat().st_uid)).text
    assert open_files == ""
    where = "read what Ada has in /tmp, /var/tmp and /dev/shm"
    tried("Bob's kernel", where, "nothing there that he may read")


def test_the_hub_refuses_the_server_of_another(
    running: Hub, ada: Learner, bob: Learner, tried: Tried
) -> None:
    for path in ("lab", "api/contents", f"files/{PAGE}", "api/kernels"):
        code = bob.get(f"{ada.server}{path}").status_code
        assert code == 403, path
        tried("Bob's browser", f"{path} of Ada's server", code)
    for path, codes in (("spawn/Ada", (403, 404)), ("admin", (403,))):
        address = f"{running.url}hub/{path.replace('Ada', ada.name)}"
        code = bob.get(address).status_code
        assert code in codes, path
        tried("Bob's browser", f"the hub's page {path}", code)
    for method, path in (
        ("GET", "users/Ada"),
        ("DELETE", "users/Ada/server"),
        ("POST", "users/Ada/tokens"),
        ("GET", "users"),
        ("POST", "shutdown"),
    ):
        code = bob.hub_api(method, path.replace("Ada", ada.name)).status_code
        assert code in (403, 404), path
        tried("Bob's browser", f"the hub's API, {method} {path}", code)
    assert ada.get(f"{ada.server}lab").status_code == 200  # it still runs


def test_a_server_refuses_another_without_the_proxy(
    running: Hub, ada: Learner, bob: Learner, tried: Tried
) -> None:
    uid = running.home(ada.name).stat().st_uid
    mine = [p for p in psutil.process_iter() if p.uids().real == uid]
    asked = 0
    for process in mine:
        for listening in process.net_connections("tcp"):
            if listening.status != psutil.CONN_LISTEN:
                continue
            assert listening.laddr.ip == "127.0.0.1"
            address = f"http://127.0.0.1:{listening.laddr.port}/user/{ada.name}/"
            try:
                got = bob.browser.get(f"{address}api/contents", timeout=10)
            except requests.RequestException:  # of a kernel, which speaks no HTTP
                continue
            asked += 1
            assert got.status_code == 403
    assert asked
    tried("Bob's browser", "Ada's server at its own port, past the proxy", 403)


def test_the_socket_of_a_kernel_refuses_another(
    ada: Learner, bob: Learner, tried: Tried
) -> None:
    with ada.kernel(PAGE):
        [kernel, *_] = ada.server_api("GET", "kernels").json()
        address = ada.server.replace("http", "ws", 1)
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            websocket.create_connection(
                f"{address}api/kernels/{kernel['id']}/channels",
                cookie=bob._cookies(),
                timeout=10,
            )
    assert refused.value.status_code == 403
    tried("Bob's browser", "the socket of Ada's kernel", refused.value.status_code)


def test_nobody_hears_what_the_kernel_of_another_says(
    running: Hub, ada: Learner, bob: Learner, tried: Tried
) -> None:
    """What a kernel publishes is not signed for, so it must be encrypted."""
    with ada.kernel(PAGE) as hers, bob.kernel(PAGE) as his:
        files = running.home(ada.name).glob(
            ".local/share/jupyter/runtime/kernel-*.json"
        )
        newest = max(files, key=lambda path: path.stat().st_mtime)
        port = json.loads(newest.read_text("utf-8"))["iopub_port"]
        heard: list[str] = []
        ear = threading.Thread(
            target=lambda: heard.append(his.run(LISTEN.format(port)).text.strip())
        )
        ear.start()
        while ear.is_alive():
            assert hers.run("print('for me alone')").text == "for me alone\n"
            ear.join(0.3)
    assert heard == ["silence"]
    tried("Bob's kernel", "listen at the port on which Ada's kernel speaks", *heard)


def test_a_server_that_is_ended_loses_no_checked_answer(
    running: Hub, ada: Learner
) -> None:
    with ada.kernel(PAGE) as kernel:
        solve(kernel, ada)
        kernel.run("open('mine.txt', 'w').write('kept')")
    before = journal(running, ada).read_text("utf-8")
    ada.stop_server()
    assert journal(running, ada).read_text("utf-8") == before
    ada.start_server()
    with ada.kernel(PAGE) as kernel:
        assert kernel.run("print(open('mine.txt').read())").text == "kept\n"
        told = kernel.run("!course progress show").text
    assert "Mean squared error" in told or "mse" in told


def test_an_instructor_ends_servers_and_enters_none(
    running: Hub, bob: Learner, tried: Tried
) -> None:
    """As on Kubernetes; The Littlest JupyterHub makes its administrators root."""
    instructor = Learner(running.url, "instructor", running.password)
    instructor.log_in()
    assert instructor.get(f"{bob.server}lab").status_code == 403
    tried("the instructor's browser", "lab of Bob's server", 403)
    assert instructor.get(f"{running.url}hub/admin").status_code == 200
    names = [one["name"] for one in instructor.hub_api("GET", "users").json()]
    assert bob.name in names
    tried("the instructor's browser", "see who is there", "200, as it should")
    ended = instructor.hub_api("DELETE", f"users/{bob.name}/server")
    assert ended.status_code in (202, 204)
    told = f"{ended.status_code}, as it should"
    tried("the instructor's browser", "end Bob's server", told)


def test_an_account_of_the_machine_is_no_learner(running: Hub, tried: Tried) -> None:
    stranger = Learner(running.url, "daemon", running.password)
    stranger.log_in()
    with pytest.raises(Refused):
        stranger.start_server()
    who = "`daemon`, an account of the machine"
    tried(who, "log in, and start a server", "no server")
