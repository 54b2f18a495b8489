"""Loaded by Jupyter Server (the package installs the setting): sets TCP_NODELAY.

What JupyterLab saves as HTML has figures that answer (``widgets/html_export.py``).

No module of the course imports this one; the setting that names it is in
``etc/jupyter/jupyter_server_config.d/course_lib.json``.

By default TCP holds a small message back until the one before it is acknowledged, and
the browser's side delays that for up to 40 ms (Linux; 200 ms on Windows). A kernel
answers in several small messages, so a dragged slider would wait at each step.
"""

from __future__ import annotations

from typing import Any

__all__ = ["without_delay"]

FIGURES = "course_lib.widgets.html_export.RecordedFigures"
CONNECTION = "kernel_websocket_connection_class"  # its name among the server's settings


def without_delay(connection: type[Any]) -> type[Any]:
    """Return a subclass of a kernel's websocket connection with TCP_NODELAY set."""

    class WithoutDelay(connection):
        async def connect(self) -> Any:
            self.websocket_handler.set_nodelay(True)
            return await super().connect()

    return WithoutDelay


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course_lib.app.jupyter_extension"}]


def _load_jupyter_server_extension(app: Any) -> None:
    app.config.HTMLExporter.preprocessors.append(FIGURES)
    settings = app.web_app.settings
    settings[CONNECTION] = without_delay(settings[CONNECTION])
