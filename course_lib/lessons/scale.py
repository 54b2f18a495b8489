"""The arithmetic of training: operations, bytes and seconds, on one device and many.

Nothing here is measured, and nothing is overlapped: while devices send messages, none
computes. Real systems hide a part of that time.
"""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.scalar import GPTConfig

__all__ = [
    "H100_BYTES",
    "LINKS",
    "MODELS",
    "Published",
    "Task",
    "activation_bytes",
    "all_reduce_seconds",
    "bubble",
    "flops_per_token",
    "pipeline_schedule",
    "state_bytes",
    "step_seconds",
]

NUMBERS = {"weights": 1, "gradients": 1, "Adam's moments": 2}  # for each parameter
BYTES = 4  # of a number; in mixed precision a parameter takes 16 as well, see below


@dataclass(frozen=True)
class Published:
    """The sizes of a published GPT, which may be larger than this course can make."""

    block_size: int
    n_layer: int
    n_head: int
    n_embd: int
    vocab_size: int = 50_257

    @property
    def n_params(self) -> int:
        """Number of parameters; the first and the last table are one (tied)."""
        tables = self.vocab_size + self.block_size
        return self.n_embd * (tables + 12 * self.n_layer * self.n_embd)


MODELS = {  # Radford et al. (2019); Brown et al. (2020, arXiv 2005.14165, table 2.1)
    "GPT-2 124M": Published(1024, 12, 12, 768),
    "GPT-2 1.5B": Published(1024, 48, 25, 1600),
    "GPT-3 6.7B": Published(2048, 32, 32, 4096),
    "GPT-3 175B": Published(2048, 96, 96, 12_288),
}

LINKS = {  # bytes a second, one way, from one device to the next
    "NVLink 4, inside a machine": 450e9,  # NVIDIA's data sheet of the H100
    "InfiniBand, 400 Gbit/s": 50e9,
    "Ethernet, 10 Gbit/s": 1.25e9,
}

H100_BYTES = 80e9  # memory of one, SXM; NVIDIA's data sheet


def flops_per_token(config: GPTConfig | Published, n_read: int) -> int:
    """Return the operations of the matrix products for one token of training.

    n_read: tokens in the text that it stands in; it is compared with each of them, the
    later ones too, whose weights are then set to 0. A product of (n, k) by (k, m) is
    2 n k m operations. The way back takes twice those of the way forward.
    """
    width = config.n_embd
    matrices = 12 * config.n_layer * width**2 + config.vocab_size * width
    attention = 2 * config.n_layer * n_read * width  # scores, and what is mixed
    return 3 * 2 * (matrices + attention)


def state_bytes(
    n_params: float, n_devices: int = 1, sharded: bool = False
) -> dict[str, float]:
    """Return what a device holds from step to step, in bytes, part by part.

    Four numbers of 4 bytes for each parameter. In mixed precision it is 16 bytes as
    well: weight and gradient in 16 bits, and a master weight and two moments in 32
    (Rajbhandari et al., 2019). sharded: each device has its share of them only.
    """
    shares = n_devices if sharded else 1
    return {part: n * BYTES * n_params / shares for part, n in NUMBERS.items()}


def activation_bytes(config: Published, n_texts: int, again: bool = False) -> float:
    """Estimate what the way back needs of the way forward, in bytes, on one device.

    For texts of block_size tokens and numbers of 16 bits, by the formula of
    Korthikanti et al. (2022, arXiv 2205.05198) for a usual GPT that stores the scores
    of its attention. again: only the input of each layer is kept, and one layer at a
    time is computed a second time (Chen et al., 2016).
    """
    numbers = n_texts * config.block_size * config.n_embd
    scores = 5 * config.n_head * config.block_size / config.n_embd
    layer = numbers * (34 + scores)
    return 2 * numbers * config.n_layer + layer if again else config.n_layer * layer


def all_reduce_seconds(n_bytes: float, n_devices: int, bandwidth: float) -> float:
    """Return how long devices in a ring take until each has the sum of all.

    n_bytes: what each has to add, as large as the sum; bandwidth: bytes a second from
    one to the next. Each sends 2 (n - 1) / n of it (Patarasuk & Yuan, 2009).
    """
    return 2 * (n_devices - 1) / n_devices * n_bytes / bandwidth


def step_seconds(
    config: Published,
    n_tokens: float,
    n_devices: int,
    flops_per_second: float,
    bandwidth: float,
) -> tuple[float, float]:
    """Return the seconds of a data-parallel step: of computing, and of messages.

    The batch of n_tokens is divided among the devices. flops_per_second: what one
    device reaches. Each gives its gradients, in 16 bits, to the sum.
    """
    flops = n_tokens * flops_per_token(config, config.block_size)
    computing = flops / (n_devices * flops_per_second)
    return computing, all_reduce_seconds(2 * config.n_params, n_devices, bandwidth)


@dataclass(frozen=True)
class Task:
    """What one device of a pipeline does in one piece: from start, for so long."""

    device: int
    microbatch: int
    forward: bool
    start: int
    length: int = 1

    @property
    def end(self) -> int:
        """When it is done."""
        return self.start + self.length


def pipeline_schedule(n_devices: int, n_microbatches: int) -> list[Task]:
    """Return all tasks of one step when each device has some of the layers.

    A batch is cut into microbatches, and each goes through all devices and back before
    the weights move (GPipe; Huang et al., 2018). A task takes 1 on the way forward and
    2 on the way back.
    """
    last, tasks = n_devices - 1, []
    turn = n_devices + n_microbatches - 1  # the way forward is done
    for device in range(n_devices):
        for m in range(n_microbatches):
            tasks.append(Task(device, m, True, device + m))
            back = turn + 2 * (last - device + m)
            tasks.append(Task(device, n_microbatches - 1 - m, False, back, 2))
    return tasks


def bubble(n_devices: int, n_microbatches: int) -> float:
    """Return the share of a step in which a device of a pipeline waits."""
    return (n_devices - 1) / (n_microbatches + n_devices - 1)
