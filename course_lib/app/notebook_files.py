"""Notebook files: read strictly, and written as Jupyter writes them.

nbformat is imported where it is used: that takes seconds.
"""

from __future__ import annotations

import json
from typing import Any

from course_lib.app.notebook_merge import with_unique_ids
from course_lib.bounds import BOUNDS, shown

__all__ = ["read_notebook", "write_notebook"]

MOST_CELLS = int(BOUNDS["cells"][0])
NEWEST_MINOR = 5  # of nbformat 4: cells have ids


def read_notebook(data: bytes) -> dict[str, Any]:
    """Return a notebook of nbformat 4, with texts in one piece and ids that differ.

    Raises ValueError, with a reason that follows the file's name, for what is none.
    """
    import nbformat

    try:
        notebook = json.loads(data)
        _check_form(notebook)
        cells = with_unique_ids(notebook["cells"])
        notebook |= {"cells": cells, "nbformat_minor": NEWEST_MINOR}
        nbformat.validate(notebook)
        found: dict[str, Any] = nbformat.v4.to_notebook(notebook)
    except nbformat.ValidationError as error:
        raise ValueError(f"is not a valid notebook ({shown(error.message)})") from None
    except RecursionError:
        raise ValueError("is nested too deeply for a notebook") from None
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
            raise ValueError("is damaged: it is not JSON") from None
        raise
    return found


def _check_form(notebook: object) -> None:
    """Raise ValueError for what has not the form of a notebook that can be merged."""
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise ValueError("is not a notebook")
    if notebook["nbformat"] != 4:
        version = shown(notebook["nbformat"])
        raise ValueError(f"is of nbformat {version}: open and save it in JupyterLab")
    minor = notebook.get("nbformat_minor")
    if type(minor) is not int or not 0 <= minor <= NEWEST_MINOR:
        raise ValueError(f"is of nbformat 4.{shown(minor)}, which is not known here")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        raise ValueError("is not a valid notebook (its cells are damaged)")
    if len(cells) > MOST_CELLS:
        raise ValueError(f"has more than {MOST_CELLS:,} cells")


def _is_cell(cell: object) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return all(isinstance(line, str) for line in lines)


def write_notebook(notebook: dict[str, Any]) -> bytes:
    """Return a notebook as the bytes of a file."""
    import nbformat

    node = nbformat.from_dict(notebook)
    nbformat.validate(node)
    text: str = nbformat.v4.writes(node)
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError:  # half of a character, in some output
        return f"{nbformat.v4.writes(node, ensure_ascii=True)}\n".encode()
