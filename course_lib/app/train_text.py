"""The text of a training: how it is read, what of it, and the sizes that fit it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import floor
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any, NamedTuple

from course_lib.app.console import counted, print_note
from course_lib.app.requests import CommandError

if TYPE_CHECKING:
    from course_lib.training.documents import Documents
    from course_lib.training.run import Run
    from course_lib.training.settings import Settings

BAR_AFTER = 0.5  # seconds of reading: no bar for a small file
DETECTED = {
    "lines": "",
    "blank": "each block between blank lines is taken for a document of its own: "
    "--split none reads one text, --split lines takes each line for a document",
    "none": "this is taken for one text: --split blank takes each block between blank "
    "lines for a document, --split lines each line",
}


class TrainingText(NamedTuple):
    """The documents to train on, how they were found, and what to say about them."""

    documents: Documents
    split: str
    field: str
    notes: list[str]


def read_text(
    source: str, sha256: str | None, split: str | None, field: str | None
) -> TrainingText:
    """Return the text of a file, a URL or a data set of the course."""
    from course_lib.data.files import TEXT_SETS
    from course_lib.data.sets import SETS
    from course_lib.data.texts import load_documents
    from course_lib.training.documents import Documents

    if "://" in source and sha256 is None:
        raise CommandError(
            f"--data {source} needs --sha256 as well, the 64 hexadecimal digits that "
            "`sha256sum FILE` prints, so that what arrives is what was meant"
        )
    if source in SETS and source not in TEXT_SETS:
        raise CommandError(
            f"--data {source} is a table, not a text: give "
            f"{', '.join(TEXT_SETS)}, or a text file (./{source} for one so called)"
        )
    with said_if_slow("loading the text …"), progress_of_reading(source) as on_read:
        read = load_documents(source, sha256, split, field, on_read)
        found = read.documents
        documents = (
            Documents.of_lines(found) if isinstance(found, str) else Documents.of(found)
        )
    notes = read.notes
    if split is None and not read.field and DETECTED[read.split]:
        notes = [DETECTED[read.split], *notes]
    return TrainingText(documents, read.split, read.field, notes)


@contextmanager
def progress_of_reading(source: str) -> Iterator[Callable[[int], object]]:
    """Show how much of a large file is read, on a terminal; yield what to call."""
    from tqdm import tqdm

    size = None
    with suppress(OSError, ValueError):
        size = Path(source).expanduser().stat().st_size
    with tqdm(
        total=size,
        desc="reading",
        unit="B",
        unit_scale=True,
        delay=BAR_AFTER,
        disable=None,  # unless stderr is a terminal
        leave=False,
    ) as bar:
        yield bar.update


@contextmanager
def said_if_slow(line: str, seconds: float = 1.0) -> Iterator[None]:
    """Print a line on stderr if what follows takes longer than so many seconds.

    Not on a terminal, where a progress bar tells more.
    """
    timer = Timer(seconds, print_note, [line])
    timer.daemon = True
    if not sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if timer.ident:
            timer.join()


def sizes_to_fit(
    text: TrainingText, settings: Settings, options: dict[str, Any]
) -> dict[str, Any]:
    """Return the sizes that fit a text and were not given; note which."""
    from course_lib.app.doctor import available_memory
    from course_lib.training.proposals import proposed_sizes

    free = available_memory()
    memory = float("inf") if free is None else free
    sizes = proposed_sizes(text.documents, settings, memory)
    sizes = {name: size for name, size in sizes.items() if name not in options}
    if sizes:
        fitting = " ".join(f"--{n.replace('_', '-')} {s}" for n, s in sizes.items())
        text.notes.append(f"to fit this text: {fitting}")
    return sizes


def in_words(text: TrainingText, run: Run) -> str:
    """Return how many documents there are, and how they are read."""
    number = counted(len(text.documents), "document")
    rows = len(run.rows) + len(run.val_rows)
    if rows > len(text.documents):
        size = run.settings.block_size
        return f"{number} in {rows:,} windows of {size:,} characters"
    how = {"lines": "one on each line", "blank": "between blank lines", "none": "whole"}
    where = f"from the field {text.field!r}" if text.field else how[text.split]
    return f"{number}, {where}"


def what_is_not_read(documents: Documents, run: Run) -> Iterator[str]:
    """Yield a line for what the model will not see: cut lines, too few steps."""
    settings, rows = run.settings, len(run.rows)
    if not settings.in_windows:
        share = documents.share_within(settings.block_size)
        if share < 1:
            longest = int(documents.lengths().max())
            yield (
                f"{in_percent(share)} of the text is read, the first "
                f"{settings.block_size} characters of each line: --block-size "
                f"{longest} reads it all, and so does --split none, in windows"
            )
    elif settings.steps * settings.batch_size < rows:
        share = settings.steps * settings.batch_size / rows
        all_steps, steps = -(-rows // settings.batch_size), settings.steps
        yield (
            f"{counted(steps, 'step')} read {in_percent(share)} of the windows: "
            f"--steps {all_steps} reads each of them once"
        )


def in_percent(share: float) -> str:
    """Return a share below 1 in percent, rounded down: 22.3 %."""
    return f"{floor(1000 * share) / 10:g} %"


def check_memory(settings: Settings, documents: Documents) -> None:
    """Raise ValueError for a run that needs more memory than is available."""
    from course_lib.app.doctor import available_memory
    from course_lib.training.run import memory_needed

    needed = memory_needed(settings, len(documents), len(documents.chars) + 1)
    free = available_memory()
    if free is not None and needed > free:
        raise ValueError(
            f"this run needs {needed / 1e9:,.1f} GB of memory or more, and "
            f"{free / 1e9:,.1f} GB are free: use smaller sizes or a smaller batch"
        )
