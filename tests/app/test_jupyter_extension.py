"""The extension of the Jupyter server: installed with the course, loaded, at work."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.services.kernels.connection.channels import (
    ZMQChannelsWebsocketConnection,
)
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from course_lib.app import jupyter_extension


def test_the_course_installs_it_and_the_server_loads_it() -> None:
    command = [sys.executable, "-m", "jupyter", "server", "extension", "list"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    listed = done.stdout + done.stderr
    assert "course_lib.app.jupyter_extension" in listed.replace("\x1b[0m", "")
    after = listed.partition("Validating course_lib.app.jupyter_extension")[2]
    assert "OK" in after.splitlines()[0] + after.splitlines()[1], listed


def test_the_setting_that_the_package_installs_names_this_module() -> None:
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    installed = {to: root / place for place, to in wheel["shared-data"].items()}
    file = installed["etc"] / "jupyter" / "jupyter_server_config.d" / "course_lib.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    loaded = settings["ServerApp"]["jpserver_extensions"]
    assert loaded == {jupyter_extension.__name__: True}


def test_no_news_pop_up_in_jupyterlab() -> None:
    from jupyterlab.commands import get_app_dir

    path = f"{get_app_dir()}/settings/overrides.json"
    with open(path, encoding="utf-8") as file:
        settings = json.load(file)
    news = settings["@jupyterlab/apputils-extension:notification"]
    assert news["fetchNews"] == "false"


def test_a_connection_sends_at_once_before_it_says_anything() -> None:
    done: list[Any] = []

    class Connection:
        websocket_handler = SimpleNamespace(set_nodelay=done.append)

        async def connect(self) -> str:
            done.append("connected")
            return "what it returned"

    made = jupyter_extension.without_delay(Connection)()
    assert asyncio.run(made.connect()) == "what it returned"
    assert done == [True, "connected"]


def test_it_keeps_the_class_that_was_set() -> None:
    [point] = jupyter_extension._jupyter_server_extension_points()
    assert point["module"] == jupyter_extension.__name__
    settings = {jupyter_extension.CONNECTION: ZMQChannelsWebsocketConnection}
    app = SimpleNamespace(web_app=SimpleNamespace(settings=settings), config=Config())
    jupyter_extension._load_jupyter_server_extension(app)
    assert issubclass(
        settings[jupyter_extension.CONNECTION], ZMQChannelsWebsocketConnection
    )


@pytest.mark.parametrize(
    "own", [[], ["nbconvert.preprocessors.ClearOutputPreprocessor"]]
)
def test_pages_saved_as_html_have_figures_that_answer(own: list[str]) -> None:
    config = Config({"HTMLExporter": {"preprocessors": [*own]}} if own else {})
    settings = {jupyter_extension.CONNECTION: ZMQChannelsWebsocketConnection}
    web_app = SimpleNamespace(settings=settings)
    app = SimpleNamespace(web_app=web_app, config=config)
    jupyter_extension._load_jupyter_server_extension(app)
    exporter = HTMLExporter(config=config)
    assert exporter.preprocessors == [*own, jupyter_extension.FIGURES]


def test_what_it_relies_on_is_in_this_jupyter_server() -> None:
    assert hasattr(ZMQChannelsWebsocketConnection, "connect")
    assert hasattr(ZMQChannelsWebsocketConnection, "websocket_handler")
    assert hasattr(KernelWebsocketHandler, "set_nodelay")
    name = "kernel_websocket_connection_class"
    assert isinstance(KernelWebsocketHandler.__dict__[name], property)
    assert name == jupyter_extension.CONNECTION
