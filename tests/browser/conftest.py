"""What all tests in a real browser share. Skipped with one line where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.pointing import Pair, pairs
from tools import browser as driver

HERE = Path(__file__).parent
MARKS = (
    pytest.mark.skipif(
        driver.find_chromium() is None,
        reason="no Chromium found: install one, or name it in the variable CHROMIUM",
    ),
    # Playwright's loop and its pipes live until the process ends
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; pytest hands over those of all folders."""
    for item in items:
        if HERE in item.path.parents:
            for mark in MARKS:
                item.add_marker(mark)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with driver.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def shown(
    request: pytest.FixtureRequest,
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Pair]]:
    """The FIGURES of a test's module, made after its CODE, each with its twin."""
    folder, module = tmp_path_factory.mktemp("pointer"), request.module
    with pairs(chromium, folder, module.CODE, module.FIGURES) as opened:
        yield opened
