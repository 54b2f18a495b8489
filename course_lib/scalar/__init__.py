"""Neural networks by hand, one number at a time, in pure Python."""

from course_lib.config import GPTConfig
from course_lib.scalar.adam import AdamState, adam_init, adam_update
from course_lib.scalar.fused import cross_entropy, dot
from course_lib.scalar.gpt import (
    block,
    generate,
    gpt,
    init_gpt,
    loss_fn,
    parameters,
    token_losses,
)
from course_lib.scalar.nn import MLP, Layer, Neuron
from course_lib.scalar.value import Value, backward_order

__all__ = [
    "MLP",
    "AdamState",
    "GPTConfig",
    "Layer",
    "Neuron",
    "Value",
    "adam_init",
    "adam_update",
    "backward_order",
    "block",
    "cross_entropy",
    "dot",
    "generate",
    "gpt",
    "init_gpt",
    "loss_fn",
    "parameters",
    "token_losses",
]
