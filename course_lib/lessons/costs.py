"""The cost of training: operations, published runs with their sources, prices.

Nothing here is measured. Counts of operations follow Kaplan et al. (2020, arXiv
2001.08361): about 6 for each parameter and each token of training, 2 to read or write
a token. Prices are assumptions: change them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = [
    "HOURS_A_MONTH",
    "PEAK_FLOPS",
    "PUBLISHED",
    "Bill",
    "Prices",
    "PublishedRun",
    "advise",
    "bill",
    "device_hours",
    "generation_flops",
    "monthly_bill",
    "training_flops",
    "utilisation",
]

PEAK_FLOPS = {  # operations a second, 16-bit, without sparsity: NVIDIA's data sheets
    "A100": 312e12,  # 2020
    "H100": 989e12,  # SXM, 2022; the sheet prints 1,979e12, which is with sparsity
}
TOKENS_PER_PARAMETER = 20  # Hoffmann et al. (2022, arXiv 2203.15556), rounded
SMALLEST_NEW_MODEL = 1e9  # parameters; below it, an open model is the better start
FEW_EXAMPLES = 200  # fewer are hardly enough for a fine-tune; a rule of thumb
HOURS_A_MONTH = 730  # 365 * 24 / 12


@dataclass(frozen=True)
class PublishedRun:
    """A training run as its makers published it; None where they did not say."""

    name: str
    year: int
    source: str
    n_params: float | None = None  # those that work on a token
    n_tokens: float | None = None
    device: str | None = None  # a key of PEAK_FLOPS
    device_hours: float | None = None
    dollars: float | None = None

    @property
    def flops(self) -> float | None:
        """Operations of the training by the rule of 6; None if not published."""
        if self.n_params is None or self.n_tokens is None:
            return None
        return training_flops(self.n_params, self.n_tokens)


PUBLISHED = (
    PublishedRun(
        "GPT-2 124M again",
        2024,
        "Karpathy, llm.c, discussion 481 (May 2024), rounded",
        124e6,
        10e9,
        "A100",
        8 * 1.5,
        20,
    ),
    PublishedRun(
        "GPT-3 175B",
        2020,
        "Brown et al., arXiv 2005.14165, table 2.1",
        175e9,
        300e9,
    ),
    PublishedRun(
        "LLaMA 65B",
        2023,
        "Touvron et al., arXiv 2302.13971, tables 2 and 15",
        65.2e9,
        1.4e12,
        "A100",
        1_022_362,
    ),
    PublishedRun(
        "Llama 2 70B",
        2023,
        "Meta, model card, and Touvron et al., arXiv 2307.09288",
        70e9,
        2e12,
        "A100",
        1_720_320,
    ),
    PublishedRun(
        "Llama 3 70B",
        2024,
        "Meta, model card (April 2024)",
        70e9,
        15e12,  # "15T+"
        "H100",
        6_400_000,
    ),
    PublishedRun(
        "Llama 3.1 405B",
        2024,
        "Meta, model card (hours) and arXiv 2407.21783 (tokens)",
        405e9,
        15.6e12,
        "H100",
        30_840_000,
    ),
    PublishedRun(
        "GPT-4",
        2023,
        'its maker, April 2023: "more than" 100 million dollars (Wired)',
        dollars=100e6,
    ),
)


def training_flops(n_params: float, n_tokens: float) -> float:
    """Estimate the operations that training takes: 6 * n_params * n_tokens.

    Two for each parameter on the way forward (a product and a sum), four on the way
    back (Kaplan et al., 2020). Raises ValueError for a negative number.
    """
    return 6 * _size("n_params", n_params) * _size("n_tokens", n_tokens)


def generation_flops(n_params: float, n_tokens: float) -> float:
    """Estimate the operations that inference takes: 2 * n_params * n_tokens."""
    return 2 * _size("n_params", n_params) * _size("n_tokens", n_tokens)


@dataclass(frozen=True)
class Prices:
    """Assumed prices and utilisation of a training run; money is in euros."""

    device: str = "H100"  # a key of PEAK_FLOPS
    utilisation: float = 0.35  # the part of the peak that a real run reaches
    per_device_hour: float = 2.5
    per_person_hour: float = 70.0

    def __post_init__(self) -> None:
        if self.device not in PEAK_FLOPS:
            known = ", ".join(PEAK_FLOPS)
            raise ValueError(f"device must be one of {known}: {self.device!r}")
        if not 0 < self.utilisation <= 1:
            raise ValueError(
                f"utilisation must be above 0 and at most 1: {self.utilisation}"
            )
        _size("per_device_hour", self.per_device_hour)
        _size("per_person_hour", self.per_person_hour)


@dataclass(frozen=True)
class Bill:
    """The cost of a project, in euros."""

    compute: float
    people: float

    @property
    def total(self) -> float:
        """The sum of both."""
        return self.compute + self.people


def device_hours(flops: float, prices: Prices | None = None) -> float:
    """Return the hours that one device takes for so many operations."""
    prices = prices or Prices()
    useful = PEAK_FLOPS[prices.device] * prices.utilisation  # a second
    return _size("flops", flops) / useful / 3600


def bill(
    flops: float, person_hours: float = 0.0, prices: Prices | None = None, runs: int = 1
) -> Bill:
    """Return the cost of ``runs`` runs of so many operations, and of people's time."""
    prices = prices or Prices()
    hours = _size("runs", runs) * device_hours(flops, prices)
    people = _size("person_hours", person_hours) * prices.per_person_hour
    return Bill(hours * prices.per_device_hour, people)


def monthly_bill(
    n_params: float,
    questions: float,
    tokens_per_question: float,
    prices: Prices | None = None,
    devices: int = 1,
    person_hours: float = 0.0,
) -> Bill:
    """Return the cost of a month of answering with devices of one's own.

    ``devices`` are rented for the whole month, used or not; more are rented if they
    cannot read and write all the tokens of the questions and answers.
    """
    prices = prices or Prices()
    tokens = _size("questions", questions) * _size(
        "tokens_per_question", tokens_per_question
    )
    hours = device_hours(generation_flops(n_params, tokens), prices)
    rented = max(_size("devices", devices), math.ceil(hours / HOURS_A_MONTH))
    people = _size("person_hours", person_hours) * prices.per_person_hour
    return Bill(rented * HOURS_A_MONTH * prices.per_device_hour, people)


def utilisation(run: PublishedRun) -> float:
    """Return the utilisation of a published run: its share of the devices' peak.

    Raises ValueError if its makers did not publish what that takes.
    """
    if run.flops is None or run.device is None or run.device_hours is None:
        raise ValueError(
            f"{run.name}: parameters, tokens, device and hours are needed, and not "
            "all were published; choose another run"
        )
    return run.flops / (run.device_hours * 3600 * PEAK_FLOPS[run.device])


def advise(
    *,
    prompt_is_enough: bool = False,
    facts_change: bool = False,
    must_cite: bool = False,
    own_manner: bool = False,
    examples: int = 0,
    unlike_any_text: bool = False,
    own_tokens: float = 0.0,
) -> tuple[str, str]:
    """Return the cheapest method that can solve a problem, and why.

    own_manner: a form, tone or task that instructions do not bring about; examples:
    how many good answers you have to show. unlike_any_text: data that no open model
    has seen the like of; own_tokens: how much of it there is.
    """
    enough = TOKENS_PER_PARAMETER * SMALLEST_NEW_MODEL
    if prompt_is_enough:
        return "a prompt", "It works already: do not train what you can ask for."
    if unlike_any_text and own_tokens >= enough:
        return "from scratch", "Nothing to start from, and enough data to start with."
    known = facts_change or must_cite
    if known and own_manner and examples >= FEW_EXAMPLES:
        return (
            "retrieval and fine-tuning",
            "Facts are looked up; weights hold the manner.",
        )
    if known:
        return "retrieval", "What changes or must be cited is looked up, not learned."
    if (own_manner or unlike_any_text) and examples >= FEW_EXAMPLES:
        return (
            "fine-tuning",
            "A manner is learned from examples, and you have them.",
        )
    if own_manner or unlike_any_text:
        return (
            "examples first",
            f"Collect at least {FEW_EXAMPLES} good answers; put some into the prompt.",
        )
    return "a prompt", "Nothing named here needs training: try instructions first."


def _size(name: str, number: float) -> float:
    """Return the number; raises ValueError unless it is finite and 0 or more."""
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{name} must be a number of 0 or more: {number}")
    return number
