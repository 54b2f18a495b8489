"""Training: from documents to a trained micro-GPT, one record per step.

``ArrayEngine`` loads JAX when it is first asked for; everything else does without.
"""

from typing import TYPE_CHECKING, Any

from course_lib.training.batches import count_targets, pack, split, take, unpad
from course_lib.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
    write_checkpoint,
)
from course_lib.training.logs import LossLog
from course_lib.training.loop import (
    DivergedError,
    Engine,
    Record,
    TrainState,
    mean_loss,
    train,
)
from course_lib.training.run import Run, Session
from course_lib.training.sampling import sample_texts, samples
from course_lib.training.scalar_engine import ScalarEngine
from course_lib.training.schedules import constant, cosine, linear, warmup
from course_lib.training.settings import Settings
from course_lib.training.thread import TrainingThread

if TYPE_CHECKING:
    from course_lib.training.array_engine import ArrayEngine

__all__ = [
    "ArrayEngine",
    "Checkpoint",
    "CheckpointError",
    "DivergedError",
    "Engine",
    "LossLog",
    "Record",
    "Run",
    "ScalarEngine",
    "Session",
    "Settings",
    "TrainState",
    "TrainingThread",
    "constant",
    "cosine",
    "count_targets",
    "linear",
    "load_checkpoint",
    "mean_loss",
    "pack",
    "read_checkpoint",
    "sample_texts",
    "samples",
    "save_checkpoint",
    "split",
    "take",
    "train",
    "unpad",
    "warmup",
    "write_checkpoint",
]


def __getattr__(name: str) -> Any:
    if name == "ArrayEngine":
        from course_lib.training.array_engine import ArrayEngine

        return ArrayEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
