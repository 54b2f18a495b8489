"""Run the benchmarks: ``python -m benchmarks [NAME …]``; all of them write RESULTS.md.

Names are those of the scripts, such as scalar_gpt.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks import results
from benchmarks.timing import Claim

SCRIPTS = (
    "import_time",
    "scalar_gpt",
    "scalar_mlp",
    "jax_gpt",
    "jax_against_torch",
    "step_split",
    "sampling",
    "growth",
    "large_text",
    "sharding",
    "run_all",
    "pictures",
)
PACKAGES = ("jax", "jaxlib", "numpy", "torch", "micrograd")


def main(arguments: list[str]) -> int:
    """Run what is named, or everything; return 1 if an aim was missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the library against its peers.",
    )
    parser.add_argument("names", nargs="*", choices=[[], *SCRIPTS], metavar="NAME")
    names = parser.parse_args(arguments).names or SCRIPTS
    claims = []
    for name in names:
        start = time.perf_counter()
        for claim in import_module(f"benchmarks.{name}").run():
            print(line(claim), flush=True)
            claims.append(claim)
        print(f"    ({name}: {time.perf_counter() - start:.0f} s)\n", flush=True)
    if tuple(names) == SCRIPTS:
        results.record(results.FIRST, page(claims))
        print(f"Written to benchmarks/{results.RESULTS.name}.")
    return 0 if all(claim.reached for claim in claims) else 1


def line(claim: Claim) -> str:
    """Return a claim as text for a terminal."""
    verdict = "reached" if claim.reached else "MISSED"
    against = f", against {claim.peer}" if claim.peer else ""
    return (
        f"{claim.what}{against}\n"
        f"    {claim.measured}; aim: {claim.reach}, {verdict}\n    {claim.detail}"
    )


def page(claims: list[Claim]) -> str:
    """Return the table, each claim in detail, and how it was measured."""
    table = [
        f"| {c.what} | {c.peer or '-'} | {c.reach} | {c.measured} "
        f"| {'yes' if c.reached else '**no**'} |"
        for c in claims
    ]
    details = [f"- **{c.what}**: {c.detail}" for c in claims]
    return "\n".join(
        [
            "Ratios, measured against a peer in the same run on the same machine, by",
            "turns (A B A B …). Each is a median; the smallest and the largest stand",
            "in brackets. More is better; 20x means the peer took 20 times as long.",
            "Every script first checks that both sides compute the same numbers.",
            "",
            "| what | peer | aim | measured | reached |",
            "| --- | --- | --- | --- | --- |",
            *table,
            "",
            *details,
            "",
            "### Measured on",
            "",
            *[f"- {fact}" for fact in machine()],
            "",
            "Measured again by `make bench`, which writes this part.",
            "",
        ]
    )


def machine() -> list[str]:
    """Return what a reader needs to know about this machine, without its name."""
    versions = [f"{package} {version(package)}" for package in PACKAGES]
    facts = [
        f"{processor()}, {os.cpu_count()} cores",
        f"{platform.system()}, Python {platform.python_version()}",
        ", ".join(versions),
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, by `make bench`",
    ]
    if hasattr(os, "getloadavg"):
        busy = os.getloadavg()[2]
        facts.append(f"programs that wanted a core in the last 15 minutes: {busy:.1f}")
    return facts


def version(package: str) -> str:
    """Return the version of an installed package, without its build."""
    try:
        return importlib.metadata.version(package).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """Return the model of the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [row.partition(":")[2] for row in text.splitlines() if "model name" in row]
    return names[0].strip() if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
