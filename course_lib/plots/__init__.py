"""Every figure of the course: pure drawing, matplotlib only.

Each function takes ``ax=None`` and returns the Axes it drew on.
"""

from course_lib.plots.show import Picture, show
from course_lib.plots.style import COLOURS, panels

__all__ = ["COLOURS", "Picture", "panels", "show"]
