"""Notebooks of a few cells, for a browser to open."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser

from course_lib.app import notebook_source
from tools import browser as driver
from tools.browser import Page


def notebook(*cells: str) -> NotebookNode:
    nb = new_notebook(cells=[new_code_cell(code) for code in cells])
    nb.metadata = nbformat.from_dict(notebook_source.METADATA)
    return nb


def write(folder: Path, name: str, *cells: str) -> str:
    """Write a notebook of these cells, and return its name."""
    nbformat.write(notebook(*cells), folder / name)
    return name


@contextlib.contextmanager
def opened(chromium: Browser, folder: Path, *cells: str) -> Iterator[Page]:
    """Run these cells in a JupyterLab of their own; nothing may go wrong meanwhile."""
    with driver.jupyterlab(folder) as server:
        page = Page(chromium, server)
        page.open(write(folder, "scratch.ipynb", *cells))
        page.run_all()
        yield page
        assert page.errors() == []
        assert page.console_errors == []
        page.close()
