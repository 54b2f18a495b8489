"""JupyterHub on this machine, for a look and for tests: see ``make workshop-demo``.

The settings of the class come from ``course_hub.py``; here stands what a real
deployment brings along: addresses, login, spawner, and what ends idle servers.
"""

import os
import pwd
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATE = Path(os.environ["COURSE_HUB_STATE"])
HOMES = STATE / "home"
PROXY, HUB, API = (int(n) for n in os.environ["COURSE_HUB_PORTS"].split())

c = get_config()  # noqa: F821 - JupyterHub provides it
load_subconfig("course_hub.py", path=str(HERE))  # noqa: F821 - the same

c.JupyterHub.bind_url = f"http://127.0.0.1:{PROXY}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{HUB}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{API}"
c.ConfigurableHTTPProxy.command = [
    str(Path(sys.executable).with_name("configurable-http-proxy"))
]
c.JupyterHub.log_level = "WARN"

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["COURSE_HUB_PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = "[a-z][a-z0-9-]{0,30}"

c.JupyterHub.services = [
    {
        "name": "cull-idle",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            "--timeout=3600",
            "--cull-every=300",
        ],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "cull-idle",
        "services": ["cull-idle"],
        "scopes": [
            "list:users",
            "read:users:activity",
            "read:servers",
            "delete:servers",
        ],
    },
    {
        "name": "instructor",  # as on Kubernetes: enters no server
        "users": ["instructor"],
        "scopes": ["admin-ui", "list:users", "read:users", "read:servers", "servers"],
    },
]


def create_account(spawner):
    """Make an account for a learner, in the folder of the demo."""
    name = spawner.user.name
    try:
        there = Path(pwd.getpwnam(name).pw_dir)
    except KeyError:
        command = ["useradd", "--create-home", "--base-dir", str(HOMES), name]
        subprocess.run(command, check=True)
    else:
        if there.parent != HOMES:  # root, for one
            raise RuntimeError(f"{name} is an account of this machine")


if os.environ.get("COURSE_HUB_ACCOUNTS"):  # each learner an account of the system
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
    c.Spawner.pre_spawn_hook = create_account
else:  # all learners share ours
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(HOMES / "{username}")
    if os.geteuid() == 0:
        c.Spawner.args = ["--allow-root"]  # in a container there is no other user
