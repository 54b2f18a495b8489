"""Formulas as MathML, which browsers draw by themselves, without a script."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

# What docutils cannot read, in words that it can.
SPELLINGS = {r"\dots": r"\ldots", "…": r"\ldots ", r"\mathrel{+}=": r"\;\text{+=}\;"}

logger = logging.getLogger(__name__)


def mathml(node: Any, *, block: bool) -> str:
    """Return the MathML of a formula; one that cannot be read is a warning."""
    formula = node.astext()
    for one, other in SPELLINGS.items():
        formula = formula.replace(one, other)
    try:
        return str(tex2mathml(formula, as_block=block))
    except Exception as error:
        logger.warning("formula %r: %s", formula, error, location=node)
        return ""


def visit_inline(self: Any, node: Any) -> None:
    """Write a formula in a line of text."""
    self.body.append(mathml(node, block=False))
    raise nodes.SkipNode


def visit_block(self: Any, node: Any) -> None:
    """Write a formula that has lines of its own."""
    focusable = 'tabindex="0" role="group" aria-label="formula"'  # a wide one scrolls
    formula = mathml(node, block=True)
    self.body.append(f'<div class="math-block" {focusable}>{formula}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer."""
    inline, block = (visit_inline, None), (visit_block, None)
    app.add_html_math_renderer("mathml", inline, block)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
