"""Settings of the web site (Sphinx); tools/book.py lays out what it is built from."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # formulas.py

project = "How a neural network learns"
author = "The course authors"
project_copyright = "The course authors. Code: MIT. Text and figures: CC BY 4.0"
language = "en"

extensions = ["myst_nb", "sphinx_copybutton", "formulas"]
nb_execution_mode = "off"  # the pages are stored with their outputs
nb_code_prompt_show = "Show the setup cell"
nb_code_prompt_hide = "Hide the setup cell"
myst_enable_extensions = ["attrs_block", "colon_fence", "dollarmath"]
suppress_warnings = [
    "myst.header"
]  # RESULTS.md, as written by make bench, skips a level
myst_heading_anchors = 3
html_math_renderer = "mathml"  # formulas.py

html_theme = "sphinx_book_theme"
html_title = project
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_favicon = "static/favicon.svg"
templates_path = ["templates"]
html_sidebars = {
    "**": ["site-name.html", "search-button-field.html", "sbt-sidebar-nav.html"]
}
html_static_path = ["static", "../build/book/static"]
html_css_files = ["figures.css", "course.css"]
html_js_files = [("figures.js", {"defer": "defer"})]
html_extra_path = ["../build/book/extra"]
html_copy_source = False
html_show_sourcelink = False

repository = os.environ.get("COURSE_REPOSITORY", "").rstrip("/")
html_theme_options: dict[str, Any] = {
    "max_navbar_depth": 1,
    "show_navbar_depth": 1,
    "use_download_button": False,
    "use_sidenotes": False,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if repository:
    html_theme_options |= {
        "repository_url": repository,
        "repository_branch": os.environ.get("COURSE_BRANCH", "main"),
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    }


def without_empty_headings(
    app: Any, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Make a cell of a table's head that says nothing an ordinary cell."""
    if "body" in context:
        empty = '<th class="head"><p></p></th>'
        context["body"] = context["body"].replace(empty, "<td></td>")


def setup(app: Any) -> None:
    """Register what is done to each page."""
    app.connect("html-page-context", without_empty_headings)
