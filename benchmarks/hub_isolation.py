"""Who tried to read what of whom on a hub: ``python -m benchmarks.hub_isolation``.

Runs ``tests/workshop/test_hub_isolation.py``, as root, and makes a table of what it
tried. ``--record`` writes it into RESULTS.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import subprocess
import sys
import tempfile
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from benchmarks import results

ROOT = Path(__file__).parents[1]
TESTS = "tests/workshop/test_hub_isolation.py"
PART = "Who can read what on a hub"
WIDTH = 88


def tried(report: Path) -> tuple[list[list[str]], int]:
    """Return the rows of a report of pytest, and how many tests passed."""
    rows, passed = [], 0
    for case in ET.parse(report).iter("testcase"):
        passed += not {"failure", "error", "skipped"} & {part.tag for part in case}
        for one in case.iter("property"):
            if one.get("name") == "tried":
                rows.append(json.loads(one.get("value", "")))
    return rows, passed


def page(rows: Sequence[Sequence[str]], passed: int) -> str:
    """Return the part of RESULTS.md."""
    versions = (ROOT / "workshop/hub/requirements.txt").read_text("utf-8")
    hub = next(line for line in versions.splitlines() if line.startswith("jupyterhub="))
    head = (
        f"Tried on {datetime.datetime.now(datetime.UTC):%Y-%m-%d} by `python -m "
        f"benchmarks.hub_isolation --record`, which runs `{TESTS}` "
        f"({passed} tests passed): {platform.system()}, JupyterHub "
        f"{hub.partition('==')[2]} with the settings of `workshop/hub/course_hub.py`, "
        "an account for each learner, homes 0700, umask 077, and what server and "
        "kernel say to each other encrypted. Ada and Bob are learners, each with a "
        "server and a kernel; a number is a status of HTTP, 403 for forbidden. The "
        "demo without `--accounts` protects nobody."
    )
    table = [f"| {' | '.join(row)} |" for row in rows]
    names = "| who | tried | came back |\n|---|---|---|"
    return "\n".join([textwrap.fill(head, WIDTH), "", names, *table])


def main(arguments: list[str]) -> int:
    """Run the tests, print the table; return 1 if one failed, 2 if none could run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hub_isolation")
    parser.add_argument("--record", action="store_true", help="write RESULTS.md")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-m", "slow", TESTS]
        more = [f"--junitxml={report}", "--override-ini=junit_family=xunit1"]
        failed = subprocess.run([*command, *more], cwd=ROOT).returncode
        rows, passed = tried(report)
    if failed or not rows:
        return 1 if failed else 2
    text = page(rows, passed)
    print(text)
    if options.record:
        results.record(PART, text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
