"""Reading a notebook's text source (jupytext's py:percent format).

The one reader of the course: `course reset` needs it, and a learner's installation has
no jupytext; the build of the notebooks uses it too. A test compares it with jupytext.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
CELL_MARKER = re.compile(r"^# %%( \[markdown\])?(?: tags=(\[.*\]))?\s*$")


def read_source(text: str) -> dict[str, Any]:
    """Return the notebook (nbformat 4.5) that a text source describes, not yet run."""
    cells: list[dict[str, Any]] = []
    lines: list[str] = []
    taken: set[str] = set()
    for line in [*text.splitlines(), "# %%"]:  # a last marker ends the last cell
        marker = CELL_MARKER.match(line)
        if marker is None:
            lines.append(line)
            continue
        if cells:
            cells[-1] |= _content(cells[-1]["cell_type"], lines)
            cells[-1]["id"] = _cell_id(cells[-1], taken)
        tags = json.loads(marker[2]) if marker[2] else []
        cells.append(
            {
                "cell_type": "markdown" if marker[1] else "code",
                "metadata": {"tags": tags} if tags else {},
            }
        )
        lines = []
    return {
        "cells": cells[:-1],
        "metadata": METADATA,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _content(cell_type: str, lines: list[str]) -> dict[str, Any]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if cell_type == "markdown":
        lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
        return {"source": "\n".join(lines)}
    return {"source": "\n".join(lines), "execution_count": None, "outputs": []}


def _cell_id(cell: dict[str, Any], taken: set[str]) -> str:
    """Return an id made from the cell's text, so that it stays when others move."""
    for repeat in range(1000):
        name = cell_id(cell["cell_type"], cell["source"], repeat)
        if name not in taken:
            taken.add(name)
            return name
    raise ValueError("more than a thousand equal cells in one notebook")


def cell_id(cell_type: str, source: str, repeat: int = 0) -> str:
    """Return the id of a cell of the course: a digest of its text.

    A cell whose id is not the digest of its text has been edited. ``repeat``: how many
    equal cells stand before it.
    """
    text = f"{cell_type}\n{repeat}\n{source}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
