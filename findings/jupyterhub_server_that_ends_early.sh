#!/bin/sh
# JupyterHub 5.5.4: a server that ends while the hub waits for it is not reported as such.
#
# Seen in November 2026 on Python 3.11. A learner's server starts, and ends a few seconds
# later with status 1, before it has answered. After slow_spawn_timeout the hub sees that
# the process has ended and means to say so ("Spawner failed to start [status=1]"), but
# asks the future of the spawn for its exception before that future is done. That raises
# InvalidStateError, so the request fails with a plain "Internal Server Error", and the
# spawn stays pending until http_timeout: the page of the learner waits as long, and the
# log then blames a server that is slow, not one that has ended.
#
# What to do meanwhile: a short http_timeout, and the log of the server itself.
set -eu
here=$(mktemp -d)
hub=
trap 'test -z "$hub" || kill "$hub" 2>/dev/null; rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  jupyterhub==5.5.4 configurable-http-proxy==0.4.0
cd "$here"
cat >ports.py <<'PYTHON'
import socket

free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in free))
PYTHON
read -r public private api <<PORTS
$(venv/bin/python ports.py)
PORTS
cat >config.py <<PYTHON
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:$public"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:$private"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:$api"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "$here/homes/{username}"
c.Spawner.cmd = ["sh", "-c", "sleep 3; exit 1"]
c.Spawner.http_timeout = 30
c.JupyterHub.services = [{"name": "asks", "api_token": "0123456789abcdef" * 2}]
c.JupyterHub.load_roles = [
    {"name": "asks", "services": ["asks"], "scopes": ["admin:users", "admin:servers"]}
]
PYTHON
PATH="$here/venv/bin:$PATH" venv/bin/jupyterhub -f config.py >log.txt 2>&1 &
hub=$!
cat >ask.py <<'PYTHON'
import json
import sys
import time
import urllib.error
import urllib.request

API = f"http://127.0.0.1:{sys.argv[1]}/hub/api/"


def ask(method, path):
    headers = {"Authorization": "token " + "0123456789abcdef" * 2}
    request = urllib.request.Request(API + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.loads(reply.read() or "null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


for _ in range(120):
    try:
        ask("GET", "")
        break
    except (OSError, ValueError):  # not there yet, or the proxy does not know it
        time.sleep(0.5)
ask("POST", "users/ada")
status, reply = ask("POST", "users/ada/server")
print("start:", status, reply["message"])
_, user = ask("GET", "users/ada")
print("after it, the spawn is", user["servers"][""]["pending"])
while ask("GET", "users/ada")[1]["servers"].get("", {}).get("pending"):
    time.sleep(0.5)
PYTHON
{
  venv/bin/python ask.py "$public"
  grep -o 'InvalidStateError: Exception is not set' log.txt | sort -u
  grep -o "ada's server never showed up.*seconds\. Giving up" log.txt |
    sed 's/ at [^ ]* / /' | sort -u
  echo "lines that say that it ended: $(grep -c 'Spawner failed to start' log.txt || true)"
} >seen.txt
cat seen.txt
cat >expected.txt <<'TEXT'
start: 500 Internal Server Error
after it, the spawn is spawn
InvalidStateError: Exception is not set
ada's server never showed up after 30 seconds. Giving up
lines that say that it ended: 0
TEXT
diff expected.txt seen.txt && echo "As it was."
