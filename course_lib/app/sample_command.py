"""The command ``course sample``."""

from __future__ import annotations

from typing import Any

import click

from course_lib.app.console import Text, print_note, print_text
from course_lib.app.requests import given_options, option, reported_errors

__all__ = ["sample"]


@click.command()
@click.option(
    "--checkpoint", type=Text(), required=True, metavar="DIR", help="Where it was saved"
)
@click.option("--prompt", default="", metavar="TEXT", help="How each sample begins")
@option("--temperature", float, "T", "0: the likeliest; 1: as learned  [0.5]")
@option("--count", int, "N", "How many  [20]")
@option("--seed", int, "S", "Another seed, other samples  [42]")
@click.option(
    "--best", is_flag=True, help="Of the lowest validation loss, not the last"
)
def sample(checkpoint: str, best: bool, prompt: str, **chosen: Any) -> None:
    """Let a trained model speak, one sample per line."""
    from course_lib.training.checkpoints import load_best, load_checkpoint
    from course_lib.training.sampling import samples

    with reported_errors():
        if best:
            saved = load_best(checkpoint)
        else:
            saved = load_checkpoint(checkpoint, on_message=print_note)
        for text in samples(saved, prompt, **given_options(chosen)):
            print_text(text)
