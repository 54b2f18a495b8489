"""For nbconvert: interactive figures of the course answer in HTML, too."""

from typing import Any

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821
c.HTMLExporter.preprocessors.append("course_lib.widgets.html_export.RecordedFigures")
