"""Neural networks with JAX arrays: the twins of ``course_lib.scalar``.

Importing it has JAX keep what it compiles (``course_lib.cache``), and give back the
memory that compiling took (``memory``).
"""

from course_lib.array.decoding import generate, stream
from course_lib.array.gpt import (
    attention_maps,
    block,
    from_scalar,
    gpt,
    init_gpt,
    loss_fn,
    next_logits,
    probabilities,
    token_losses,
)
from course_lib.array.memory import (
    forget_programs,
    give_back_after_cells,
    give_back_after_compiling,
)
from course_lib.array.nn import init_mlp, mlp, mlp_from_scalar
from course_lib.array.sharding import (
    collect,
    device_mesh,
    gather,
    rows_here,
    shard,
    shard_batches,
    shard_params,
)
from course_lib.cache import keep_compiled
from course_lib.config import GPTConfig

__all__ = [
    "GPTConfig",
    "attention_maps",
    "block",
    "collect",
    "device_mesh",
    "forget_programs",
    "from_scalar",
    "gather",
    "generate",
    "gpt",
    "init_gpt",
    "init_mlp",
    "loss_fn",
    "mlp",
    "mlp_from_scalar",
    "next_logits",
    "probabilities",
    "rows_here",
    "shard",
    "shard_batches",
    "shard_params",
    "stream",
    "token_losses",
]

keep_compiled()
give_back_after_compiling()
give_back_after_cells()
