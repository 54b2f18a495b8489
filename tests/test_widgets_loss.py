"""The pictures of notebook 01 that answer."""

from __future__ import annotations

import pytest

from course_lib import widgets
from tests.labs import hold


def test_confidence() -> None:
    lab = widgets.confidence()
    hold(lab)
    lab.choose(p=183)
    assert lab.values["p"] == pytest.approx(0.92)
    assert lab.summary == "The truth was given 92.0%. That costs 0.083 nats."
