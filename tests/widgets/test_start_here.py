"""The picture of notebook 00 that answers."""

from __future__ import annotations

import jax

from course_lib import widgets
from course_lib.training import Run, Settings, samples
from tests.widgets.checks import check_figure

TEXTS = ["a wheel is a part", "a robin is a bird"] * 4


def test_a_training_is_scrubbed_through() -> None:
    settings = Settings(steps=20, block_size=20, n_head=1, n_embd=8, batch_size=4)
    with jax.numpy_rank_promotion("allow"):  # the taught model adds its positions
        run = Run(TEXTS, settings)
        moments, losses = {0: run.checkpoint()}, []
        for record in run.records(every=10):
            losses.append(record.loss)
            if record.step % 10 == 0:
                moments[record.step] = run.checkpoint()
        figure = widgets.first_words(moments, losses, "a w")
        check_figure(figure)
        assert figure.summary.startswith(
            f"After 0 steps the loss is {losses[0]:.2f}: “a w"
        )
        figure.select(step=1)
        texts = list(samples(moments[10], "a w", count=4))
        assert figure.summary.endswith(f" {losses[10]:.2f}: “{texts[0]}”.")
        assert figure.text.splitlines()[2:] == texts
        figure.select(step=2)
        assert figure.summary.startswith(f"After 20 steps the loss is {losses[-1]:.2f}")
