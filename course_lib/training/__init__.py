"""Training of the micro-GPT: from documents to a trained model and sampled texts.

=================  ================================================================
``settings``       the hyperparameters of a run
``proposals``      sizes that fit a text
``schedules``      the learning rate as a function of the step
``documents``      a text of many documents, and their order
``batches``        documents, or their windows, packed into rows of tokens
``loop``           the training loop, and the protocol of its engines
``scalar_engine``  one number at a time
``array_engine``   a chunk of steps in one compiled program
``run``            a run as a whole, and a session that saves and logs it
``checkpoints``    the state of a run on disk
``folder_lock``    one run at a time in a folder
``validation``     when its validation loss is measured, and early stopping
``report``         how it stands, in a word
``processes``      a run in several processes
``logs``           its losses in a CSV file
``sampling``       texts from a trained model
``thread``         a run in the background, while the notebook responds
=================  ================================================================

``ArrayEngine`` loads JAX when it is first asked for; everything else does without.
"""

from typing import TYPE_CHECKING, Any

from course_lib.training.batches import count_targets, pack, split, take, unpad
from course_lib.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    load_best,
    load_checkpoint,
    read_checkpoint,
    save_best,
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
from course_lib.training.report import counting_losses, verdict
from course_lib.training.run import Run, Session
from course_lib.training.sampling import sample_parts, sample_texts, samples
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
    "counting_losses",
    "linear",
    "load_best",
    "load_checkpoint",
    "mean_loss",
    "pack",
    "read_checkpoint",
    "sample_parts",
    "sample_texts",
    "samples",
    "save_best",
    "save_checkpoint",
    "split",
    "take",
    "train",
    "unpad",
    "verdict",
    "warmup",
    "write_checkpoint",
]


def __getattr__(name: str) -> Any:
    if name == "ArrayEngine":
        from course_lib.training.array_engine import ArrayEngine

        return ArrayEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
