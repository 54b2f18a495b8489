"""Sizes that fit a text, for a run that was not told any."""

from __future__ import annotations

from dataclasses import replace

from course_lib.training.documents import Documents
from course_lib.training.run import memory_needed
from course_lib.training.settings import Settings

__all__ = ["proposed_sizes"]

WINDOW, LONGEST = 64, 256  # characters: of a window, and of a line to be read whole
BATCH = 16  # rows


def proposed_sizes(
    documents: Documents, settings: Settings, memory: float = float("inf")
) -> dict[str, int]:
    """Return block_size and batch_size for a text, where others than usual fit better.

    Documents as short as names need none: the usual sizes hold them whole. Longer lines
    get a block that holds the longest, up to 256 characters; longer documents are read
    in windows of 64, whatever their length. The scalar engine, which is slow, keeps its
    batch, and its windows. memory: bytes that are free; half of them are used at most.
    """
    longest = int(documents.lengths().max(initial=0))
    if longest <= settings.block_size:
        return {}
    room = 8 * (longest // 8 + 1)  # for the characters, and the end after them
    block_size = min(room, WINDOW if settings.in_windows else LONGEST)
    if settings.engine == "scalar":
        return {} if settings.in_windows else {"block_size": block_size}
    sizes = {"block_size": block_size, "batch_size": BATCH}

    def needed() -> int:
        return memory_needed(
            replace(settings, **sizes),  # type: ignore[arg-type] # whole numbers all
            len(documents),
            len(documents.chars) + 1,
        )

    while sizes["batch_size"] > 1 and needed() > memory / 2:
        sizes["batch_size"] //= 2
    while sizes["block_size"] > settings.block_size and needed() > memory / 2:
        sizes["block_size"] //= 2
    return sizes
