"""The hyperparameters of a training run."""

from __future__ import annotations

from dataclasses import dataclass, fields

from course_lib.bounds import BOUNDS, check_whole, refuse_spoiled, shown
from course_lib.config import GPTConfig
from course_lib.data.texts import SPLITS
from course_lib.training.schedules import SCHEDULES, Schedule

__all__ = ["ENGINES", "PRECISIONS", "Settings"]

ENGINES = ("jax", "scalar")
PRECISIONS = ("float32", "bfloat16")
MAY_CHANGE = ("engine", "precision", "fsdp", "steps")  # when a run is resumed


@dataclass(frozen=True)
class Settings:
    """The hyperparameters that, with the text, decide every number of a run.

    split says what parts the text into documents: "lines", "blank" (lines) or "none";
    field, of which field of records they were taken. Lines longer than block_size are
    cut; all other documents are read in windows (see ``batches``).

    engine, precision and fsdp say how to compute; all others say what. precision and
    fsdp are for the jax engine: the scalar engine has Python's float64 and one core.
    fsdp is the number of parts that the weights are cut into, one for each device.

    Raises ValueError, in one line that begins with the name, for a choice that cannot
    work.
    """

    steps: int = 1000
    seed: int = 42
    n_layer: int = 1
    n_head: int = 4
    n_embd: int = 16
    block_size: int = 16
    batch_size: int = 1
    learning_rate: float = 0.01
    schedule: str = "linear"
    val_fraction: float = 0.0
    engine: str = "jax"
    precision: str | None = None
    split: str = "lines"
    field: str = ""
    fsdp: int = 1

    def __post_init__(self) -> None:
        for name, least, bound in (
            ("steps", 1, "steps"),
            ("batch_size", 1, "batch"),
            ("seed", 0, "seed"),
            ("fsdp", 1, "devices"),
        ):
            check_whole(name, getattr(self, name), least, BOUNDS[bound][0])
        _a_number("learning_rate", self.learning_rate)
        if not 0 < self.learning_rate <= 1e30:  # float32 ends at 3e38
            raise ValueError(
                "learning_rate must be above 0, and no more than 1e30: "
                f"{shown(self.learning_rate)}"
            )
        _a_number("val_fraction", self.val_fraction)
        if not 0 <= self.val_fraction < 1:
            raise ValueError(
                "val_fraction must be at least 0 and less than 1, such as 0.1: "
                f"{shown(self.val_fraction)}"
            )
        _one_of("schedule", self.schedule, tuple(SCHEDULES))
        _one_of("engine", self.engine, ENGINES)
        _one_of("split", self.split, SPLITS)
        if not isinstance(self.field, str) or len(self.field) > BOUNDS["name"][0]:
            raise ValueError(f"field must be a short text: {shown(self.field)}")
        refuse_spoiled(self.field, "field")
        if self.field and self.split != "lines":
            raise ValueError(
                "field and split exclude each other: the text in a record's field is a "
                "document; leave one of them out"
            )
        if self.precision is not None:
            _one_of("precision", self.precision, PRECISIONS)
            if self.engine == "scalar":
                raise ValueError(
                    "precision is for the jax engine: the scalar engine computes in "
                    "Python's own float64; leave it out"
                )
        if self.fsdp > 1 and self.engine == "scalar":
            raise ValueError(
                "fsdp is for the jax engine: the scalar engine computes on one core; "
                "leave it out"
            )
        self.config(vocab_size=2)  # checks the sizes

    def refuse_another_run(self, saved: Settings) -> None:
        """Raise ValueError, naming the difference, if saved is another run.

        The engine and its devices may change, and the run may become longer or shorter.
        """
        for field in fields(self):
            before, now = getattr(saved, field.name), getattr(self, field.name)
            if before != now and field.name not in MAY_CHANGE:
                before = "not given" if before == "" else before
                raise ValueError(
                    f"{field.name} is {before} in the checkpoint and {now} here: leave "
                    "it out to go on, or train anew in another folder"
                )

    @property
    def in_windows(self) -> bool:
        """Whether documents longer than block_size are read in windows, and not cut."""
        return bool(self.field) or self.split != "lines"

    def config(self, vocab_size: int) -> GPTConfig:
        """Return the sizes of the model for a vocabulary."""
        return GPTConfig(
            vocab_size, self.block_size, self.n_layer, self.n_head, self.n_embd
        )

    def learning_rates(self) -> Schedule:
        """Return the learning rate as a function of the step, counted from 0."""
        return SCHEDULES[self.schedule](self.learning_rate, self.steps)


def _a_number(name: str, number: object) -> None:
    if type(number) not in (int, float):
        raise ValueError(f"{name} must be a number: {shown(number)}")


def _one_of(name: str, chosen: object, choices: tuple[str, ...]) -> None:
    if chosen not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}: {shown(chosen)}")
