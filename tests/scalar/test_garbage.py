"""The collector rests while anyone asks for it, and wakes after the last."""

from __future__ import annotations

import gc

from course_lib.scalar.garbage import gc_disabled


def test_it_rests_in_the_block_and_wakes_after_it() -> None:
    assert gc.isenabled()
    with gc_disabled():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_pauses_that_overlap_end_with_the_last() -> None:
    training, drawing = gc_disabled(), gc_disabled()
    training.__enter__()
    drawing.__enter__()
    training.__exit__(None, None, None)  # as two threads do: not nested
    assert not gc.isenabled()
    drawing.__exit__(None, None, None)
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with gc_disabled():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
