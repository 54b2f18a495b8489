"""The reference recipe: names, shuffled, then weights, from one random.Random(seed)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.config import GPTConfig
from course_lib.data.tokenizer import CharTokenizer
from course_lib.scalar import init_gpt
from course_lib.scalar.gpt import Params

SOME_NAMES = (
    "ada ahmed aiko amara anders astrid bao beatriz bilal carmen chidi dario dmitri "
    "elif emeka esra fatima felix freya giulia hana hugo imani ines ivan jakub joana "
    "kofi kwame lars leila lucia mei miguel nadia nikos olga omar priya quentin rafael "
    "ravi sakura selma sven tariq thandi ulla valentina viktor wanjiru xiomara yara "
    "yusuf zainab zofia"
)
NAMES = SOME_NAMES.split()


@dataclass
class Reference:
    """What a run starts from: documents of at most block_size + 1 tokens, weights."""

    tokenizer: CharTokenizer
    config: GPTConfig
    documents: list[list[int]]
    params: Params


def reference(seed: int = 42, names: Sequence[str] = NAMES, **sizes: int) -> Reference:
    rng = random.Random(seed)
    names = list(names)
    rng.shuffle(names)
    tokenizer = CharTokenizer(names)
    config = GPTConfig(tokenizer.vocab_size, **sizes)
    documents = [tokenizer.document(name)[: config.block_size + 1] for name in names]
    return Reference(tokenizer, config, documents, init_gpt(rng, config))
