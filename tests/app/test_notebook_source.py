"""The reader of text sources agrees with jupytext."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
import pytest

from course_lib.app.notebook_source import read_source
from tools import notebooks

SOURCES = sorted(notebooks.SOURCES.glob("[0-9][0-9]_*.py"))
PERCENT = '''\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # A page
#
# Text with  two spaces and # signs.

# %% tags=["setup"]
import math


def f(x):
    """Say.

    # not a heading
    """
    return x

# %%
# only a comment

# %%
1 + 1

# %%
1 + 1
'''


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_every_source_is_read_as_jupytext_reads_it(source: Path) -> None:
    same_notebook(source)


def test_an_odd_source_is_read_as_jupytext_reads_it(tmp_path: Path) -> None:
    (tmp_path / "00_page.py").write_text(PERCENT)
    same_notebook(tmp_path / "00_page.py")


def same_notebook(source: Path) -> None:
    theirs = jupytext.read(source, fmt="py:percent")
    ours = nbformat.from_dict(read_source(source.read_text(encoding="utf-8")))
    nbformat.validate(ours)
    for one, two in zip(ours.cells, theirs.cells, strict=True):
        assert one.cell_type == two.cell_type
        assert one.source == two.source
        assert one.metadata.get("tags") == two.metadata.get("tags")


def test_a_cell_keeps_its_id_when_others_move_and_no_two_are_equal() -> None:
    ids = [cell["id"] for cell in read_source(PERCENT)["cells"]]
    assert len(set(ids)) == len(ids) == 5
    moved = PERCENT.replace("# %%\n# only a comment", "# %%\n2 + 2\n\n# %%\n# only")
    assert [cell["id"] for cell in read_source(moved)["cells"]][4:] == ids[3:]
