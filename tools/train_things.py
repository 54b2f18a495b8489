"""Train the model that notebook 00 shows, and write its weights into course_lib/data.

``python -m tools.train_things`` takes about a minute. The weights are shipped, so that
the notebook can show a trained model at once; it also trains one on the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from course_lib.data import load_things
from course_lib.training import Run, Settings, samples, write_checkpoint

TARGET = Path(__file__).resolve().parent.parent / "course_lib/data/things.safetensors"
SETTINGS = Settings(
    steps=4000,
    block_size=48,
    n_layer=2,
    n_embd=48,
    batch_size=32,
    learning_rate=0.006,
    schedule="cosine",
)


def main() -> int:
    """Train, save without Adam's memory, and let the model speak."""
    things = load_things()
    the_things = ["the " + sentence.split(" ", 1)[1] for sentence in things]
    run = Run([*things, *the_things], SETTINGS)
    for record in run.records():
        if record.step % 500 == 0:
            print(f"step {record.step}  loss {record.loss:.3f}", flush=True)
    checkpoint = run.checkpoint("things").weights_only()
    write_checkpoint(TARGET, checkpoint)
    print(*samples(checkpoint, "the wheel is a", count=5), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
