"""What nbconvert does with interactive figures: in HTML they answer from a recording.

No module of the course imports this one. Settings that the package installs name it:
``etc/jupyter/jupyter_nbconvert_config.py`` for the command, and for JupyterLab's menu
``course_lib.app.jupyter_extension``.
"""

from __future__ import annotations

from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from course_lib.widgets import recorded_page

__all__ = ["RecordedFigures"]

VIEW = "application/vnd.jupyter.widget-view+json"


class RecordedFigures(Preprocessor):
    """Puts recordings into the page, each where the still of its figure stands.

    A figure without a recording stays a still. Nothing is loaded from another host:
    the views of these figures go, and with the last view the state of all widgets.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Change the outputs of a notebook that is about to become HTML."""
        if resources.get("output_extension") != ".html":
            return nb, resources
        outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
        shown: set[str] = set()
        for data in (output.get("data", {}) for output in outputs):
            still = recorded_page.STILL.fullmatch("".join(data.get("text/html", "")))
            if not still:
                continue
            data.pop(VIEW, None)
            recording = recorded_page.find(still["name"])
            if recording is None:
                continue
            parts = [recorded_page.answering(still[0], still["name"])]
            if still["name"] not in shown:
                script = recorded_page.data_script(still["name"], recording)
                parts.append(f"<script>{script}</script>")
            if not shown:
                parts.append(f"<style>{recorded_page.style()}</style>")
                parts.append(f"<script>{recorded_page.script()}</script>")
            shown.add(still["name"])
            data["text/html"] = "".join(parts)
        if not any(VIEW in output.get("data", {}) for output in outputs):
            nb.metadata.pop("widgets", None)
        return nb, resources
