"""The command ``course sample``."""

from __future__ import annotations

from typing import Any

import click

from course_lib.app.console import Text, print_note, print_part, print_text
from course_lib.app.requests import given_options, option, reported_errors

__all__ = ["sample"]

BETWEEN = "---"  # a line between samples that may have several lines themselves


@click.command()
@click.option(
    "--checkpoint", type=Text(), required=True, metavar="DIR", help="Where it was saved"
)
@click.option("--prompt", default="", metavar="TEXT", help="How each sample begins")
@option("--temperature", float, "T", "0: the likeliest; 1: as learned  [0.5]")
@option("--count", int, "N", "How many  [20; of texts with line feeds: 1]")
@option("--length", int, "N", "Characters after the prompt, at most  [see below]")
@option("--seed", int, "S", "Another seed, other samples  [42]")
@click.option(
    "--best", is_flag=True, help="Of the lowest validation loss, not the last"
)
def sample(checkpoint: str, best: bool, prompt: str, **chosen: Any) -> None:
    """Let a trained model speak, one sample per line.

    A sample that ends with … was cut before the model ended it: after --length
    characters or, where that is not given, when the context is full. With --length a
    model writes on beyond its context: it goes on from the newest half of it.

    A model whose texts have several lines writes 300 characters unless --length is
    given, and its samples are set apart by a line ---.
    """
    from course_lib.training.checkpoints import load_best, load_checkpoint
    from course_lib.training.sampling import samples_in_parts

    with reported_errors():
        if best:
            saved = load_best(checkpoint)
        else:
            saved = load_checkpoint(checkpoint, on_message=print_note)
        texts = samples_in_parts(saved, prompt, **given_options(chosen))
        for number, parts in enumerate(texts):
            if number and "\n" in saved.tokenizer.chars:
                print_text(BETWEEN)
            try:
                for part in parts:
                    print_part(part)
            except ValueError:
                print_text("")  # the error gets a line of its own
                raise
            print_text("")
