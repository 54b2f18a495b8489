"""What an exercise shows: a result, hint, solution or task, as HTML and as text."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from course_lib.bounds import escaped

Outcome = Literal["correct", "incorrect", "error", "not attempted"]
SIGN = {"correct": "✓", "incorrect": "✗", "error": "!", "not attempted": "○"}
COLOUR = {  # JupyterLab's own, light and dark; elsewhere one legible on both
    "correct": "var(--jp-success-color1, #2e8b57)",
    "incorrect": "var(--jp-warn-color1, #d9822b)",
    "error": "var(--jp-error-color1, #d9534f)",
    "not attempted": "var(--jp-layout-color4, #8a8a8a)",
    "hint": "var(--jp-info-color1, #4c8fd6)",
}
MAX_SHOWN = 4500  # characters of each rendering; two of them stay under 10 kB
CODE = "font-family: var(--jp-code-font-family, monospace); font-size: 0.93em"


class Shown:
    """An object with two representations: HTML in a notebook, text elsewhere."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": str(self)}

    def __repr__(self) -> str:
        return str(self)

    def html(self) -> str:
        """Return the rendering for a notebook."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Result(Shown):
    """The result of a check.

    ``outcome`` is correct, incorrect, error or not attempted; a Result is true when it
    is correct. ``misconception`` names what went wrong, where it is a known thing.
    """

    exercise: str
    outcome: Outcome
    message: str
    misconception: str = ""
    facts: tuple[tuple[str, str], ...] = ()  # ("Input", "mse([1.0], [2.0])"), …
    printed: str = ""
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.outcome == "correct"

    def with_note(self, note: str) -> Result:
        """Return the same result with one more line under it."""
        return dataclasses.replace(self, notes=(*self.notes, note))

    def headline(self) -> str:
        """Return the outcome, and the name of the misconception if it has one."""
        word = self.outcome.capitalize()
        return f"{word}: {self.misconception}" if self.misconception else word

    def __post_init__(self) -> None:
        """Escape what an answer printed or raised: a page or terminal may obey it."""
        for name in ("message", "misconception", "printed"):
            object.__setattr__(self, name, escaped(getattr(self, name)))
        facts = tuple((label, escaped(fact)) for label, fact in self.facts)
        object.__setattr__(self, "facts", facts)
        object.__setattr__(self, "notes", tuple(map(escaped, self.notes)))

    def __str__(self) -> str:
        lines = [f"{SIGN[self.outcome]} {self.headline()}", self.message]
        width = max((len(label) for label, _ in self.facts), default=0) + 1
        lines += [f"  {label + ':':<{width}} {fact}" for label, fact in self.facts]
        if self.printed:
            lines.append("  Printed by your code:")
            lines.append(textwrap.indent(self.printed, "    "))
        return _bounded("\n".join([*(line for line in lines if line), *self.notes]))

    def html(self) -> str:
        """Return the rendering for a notebook, every text in it escaped."""
        whole = self._html(self.printed)
        if len(whole) <= MAX_SHOWN:
            return whole
        short = max(0, len(self.printed) - (len(whole) - MAX_SHOWN) - 60)
        whole = self._html(self.printed[:short] + " …" if short else "")
        return whole if len(whole) <= MAX_SHOWN else self._plain_html()

    def _html(self, printed: str) -> str:
        parts = [_headline(SIGN[self.outcome], self.headline(), self.outcome)]
        parts += [_paragraph(self.message)] if self.message else []
        if self.facts:
            rows = "".join(
                '<tr style="background: none"><th scope="row" style="text-align: left; '
                "vertical-align: top; padding: 1px 1em 1px 0; font-weight: 600; "
                f'white-space: nowrap">{escape(label)}</th>'
                f'<td style="text-align: left; padding: 1px 0; white-space: pre-wrap; '
                f'overflow-wrap: anywhere; {CODE}">{escape(fact)}</td></tr>'
                for label, fact in self.facts
            )
            parts.append(
                '<table style="margin: 4px 0 2px; border: none; '
                f'border-collapse: collapse; font-size: inherit">{rows}</table>'
            )
        if printed:
            parts.append(_paragraph("Printed by your code:") + _pre(printed))
        parts += [_paragraph(note) for note in self.notes]
        return _card(parts, self.outcome)

    def _plain_html(self) -> str:
        text = str(self)[: MAX_SHOWN // 6]
        return _card([_pre(text)], self.outcome)


@dataclass(frozen=True, repr=False)
class Hint(Shown):
    """One hint of several."""

    text: str
    number: int
    count: int

    def __str__(self) -> str:
        return f"Hint {self.number} of {self.count}: {self.text}{self._after()}"

    def _after(self) -> str:
        last = self.number == self.count
        return (
            " (This was the last one; `.solution()` shows an answer.)" if last else ""
        )

    def html(self) -> str:
        """Return the rendering for a notebook."""
        head = _headline("→", f"Hint {self.number} of {self.count}", "hint")
        return _card([head, _paragraph(self.text + self._after())], "hint")


@dataclass(frozen=True, repr=False)
class Solution(Shown):
    """The course's own answer, as text to read and to copy."""

    source: str
    note: str = ""

    def __str__(self) -> str:
        return self.source + (f"\n\n{self.note}" if self.note else "")

    def html(self) -> str:
        """Return the rendering for a notebook."""
        parts = [_headline("→", "One solution", "hint"), _pre(self.source)]
        return _card([*parts, _paragraph(self.note)] if self.note else parts, "hint")


@dataclass(frozen=True, repr=False)
class Task(Shown):
    """An exercise as it shows itself: what to do, and the three verbs."""

    name: str
    title: str
    task: str

    def __str__(self) -> str:
        return f"{self.title}\n{textwrap.fill(self.task, 88)}\n{self._verbs()}"

    def _verbs(self) -> str:
        return f".check({self.name})   .hint()   .solution()"

    def html(self) -> str:
        """Return the rendering for a notebook."""
        parts = [_headline("○", self.title, "not attempted"), _paragraph(self.task)]
        return _card([*parts, _pre(self._verbs())], "not attempted")


def _card(parts: list[str], outcome: str) -> str:
    return (
        f'<div role="status" style="border-left: 5px solid {COLOUR[outcome]}; '
        "padding: 4px 0 6px 12px; margin: 2px 0; max-width: 62em; "
        'line-height: 1.45">' + "".join(parts) + "</div>"
    )


def _headline(sign: str, text: str, outcome: str) -> str:
    return (
        f'<div style="font-weight: 700"><span aria-hidden="true" style="color: '
        f'{COLOUR[outcome]}; display: inline-block; width: 1.3em">{sign}</span>'
        f"{escape(text)}</div>"
    )


def _paragraph(text: str) -> str:
    whole = re.sub(
        "`([^`]+)`",
        rf'<code style="background: none; padding: 0; {CODE}">\1</code>',
        escape(text, quote=False),
    )
    return f'<div style="margin: 3px 0">{whole}</div>'


def _pre(text: str) -> str:
    return (
        f'<pre style="margin: 3px 0; padding: 0; background: none; white-space: '
        f'pre-wrap; overflow-wrap: anywhere; {CODE}">{escape(text, quote=False)}</pre>'
    )


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 2] + " …"
