"""Train the model that notebook 09 starts from, and write its weights into course_lib.

``python -m tools.train_assistant`` takes about ten minutes on two cores. What it reads
is in ``tools.assistant_text``: no document answers a question.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from course_lib.data import load_things
from course_lib.training import Run, Settings, samples, write_checkpoint
from tools.assistant_data import unknown_words, words_in_use
from tools.assistant_text import LONGEST, documents

TARGET = (
    Path(__file__).resolve().parent.parent / "course_lib/data/assistant.safetensors"
)
DOCUMENTS, SEED = 100_000, 9
SETTINGS = Settings(
    steps=7000,
    block_size=LONGEST + 1,
    n_layer=2,
    n_embd=80,
    batch_size=32,
    learning_rate=0.005,
    schedule="warmup",
)


def main() -> int:
    """Train, save without Adam's memory, and let the model go on with a question."""
    taken = words_in_use() | set(unknown_words())
    text = documents(random.Random(SEED), DOCUMENTS, load_things(), taken)
    run = Run(list(text), SETTINGS)
    for record in run.records():
        if record.step % 500 == 0:
            print(f"step {record.step}  loss {record.loss:.3f}", flush=True)
    checkpoint = run.checkpoint("things").weights_only()
    write_checkpoint(TARGET, checkpoint)
    print(*samples(checkpoint, "what is a wheel?", count=5), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
