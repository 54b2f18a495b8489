"""An extension of the Jupyter server: what a kernel says reaches the browser at once.

By default TCP holds a small message back until the one before it is acknowledged, and
the browser's side waits with that for up to 40 ms (Linux; 200 ms on Windows). A kernel
answers in several small messages, so a dragged slider would wait at each step. The
installed package carries the setting that loads this.
"""

from __future__ import annotations

from typing import Any

__all__ = ["without_delay"]

CONNECTION = "kernel_websocket_connection_class"  # its name among the settings


def without_delay(connection: type[Any]) -> type[Any]:
    """Return the class of a kernel's connection, changed so that it sends at once."""

    class WithoutDelay(connection):
        async def connect(self) -> Any:
            self.websocket_handler.set_nodelay(True)
            return await super().connect()

    return WithoutDelay


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course_lib.app.jupyter_extension"}]


def _load_jupyter_server_extension(app: Any) -> None:
    settings = app.web_app.settings
    settings[CONNECTION] = without_delay(settings[CONNECTION])
