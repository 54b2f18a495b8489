"""The arithmetic of costs: the rule of 6, prices as assumptions, sources by name."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.lessons import costs

SIZES = st.floats(0, 1e15, allow_nan=False)


def test_training_counts_six_and_generation_two_for_each_parameter_and_token() -> None:
    assert costs.training_flops(4192, 1000) == 6 * 4192 * 1000
    assert costs.generation_flops(4192, 1000) == 2 * 4192 * 1000


def test_the_rule_agrees_with_what_two_papers_say_of_their_runs() -> None:
    runs = {run.name: run.flops for run in costs.PUBLISHED}
    assert runs["GPT-3 175B"] == pytest.approx(3.14e23, rel=0.01)  # their table D.1
    assert runs["Llama 3.1 405B"] == pytest.approx(3.8e25, rel=0.01)


@given(SIZES, SIZES)
def test_twice_the_tokens_is_twice_the_work(n_params: float, n_tokens: float) -> None:
    once = costs.training_flops(n_params, n_tokens)
    assert costs.training_flops(n_params, 2 * n_tokens) == pytest.approx(2 * once)


@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf])
def test_a_size_that_cannot_be_is_refused_in_one_line(wrong: float) -> None:
    for call in (
        lambda: costs.training_flops(wrong, 1),
        lambda: costs.training_flops(1, wrong),
        lambda: costs.generation_flops(1, wrong),
        lambda: costs.device_hours(wrong),
        lambda: costs.bill(1, wrong),
        lambda: costs.bill(1, runs=wrong),  # type: ignore[arg-type]
        lambda: costs.Prices(per_device_hour=wrong),
        lambda: costs.Prices(per_person_hour=wrong),
    ):
        with pytest.raises(
            ValueError, match=r"must be a number of 0 or more: "
        ) as said:
            call()
        assert "\n" not in str(said.value)


def test_every_published_run_names_year_and_source_and_gpt_4_only_its_price() -> None:
    for run in costs.PUBLISHED:
        assert run.source
        assert 2020 <= run.year <= 2026
        assert run.device is None or run.device in costs.PEAK_FLOPS
        assert run.flops or run.dollars
    (gpt4,) = (run for run in costs.PUBLISHED if run.name == "GPT-4")
    assert gpt4.dollars == 100e6
    assert gpt4.flops is None


def test_published_hours_fit_the_rule() -> None:
    timed = [run for run in costs.PUBLISHED if run.device_hours]
    assert len(timed) >= 4
    for run in timed:
        assert 0.2 < costs.utilisation(run) < 0.65, run.name


def test_llama_3_70b_took_the_hours_of_its_model_card() -> None:
    (run,) = (run for run in costs.PUBLISHED if run.name == "Llama 3 70B")
    assert (run.device_hours, run.device, run.year) == (6_400_000, "H100", 2024)


def test_utilisation_needs_hours() -> None:
    with pytest.raises(ValueError, match="not all were published"):
        costs.utilisation(costs.PublishedRun("secret", 2025, "a rumour", 1e9, 1e9))


def test_a_device_at_half_its_peak_needs_twice_the_hours() -> None:
    full = costs.device_hours(989e12 * 3600, costs.Prices(utilisation=1))
    half = costs.device_hours(989e12 * 3600, costs.Prices(utilisation=0.5))
    assert full == pytest.approx(1)
    assert half == pytest.approx(2)


def test_a_bill_adds_computing_of_all_runs_and_people_once() -> None:
    prices = costs.Prices("A100", 0.5, per_device_hour=3, per_person_hour=50)
    found = costs.bill(312e12 * 3600, person_hours=10, prices=prices, runs=4)
    assert found.compute == pytest.approx(4 * 2 * 3)
    assert found.people == pytest.approx(500)
    assert found.total == pytest.approx(524)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"device": "abacus"}, "device must be one of A100, H100: 'abacus'"),
        ({"utilisation": 0}, "utilisation must be above 0"),
        ({"utilisation": 1.2}, "at most 1: 1.2"),
    ],
)
def test_prices_that_cannot_be_are_refused(options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        costs.Prices(**options)


def test_prices_are_changed_by_making_new_ones() -> None:
    cheap = dataclasses.replace(costs.Prices(), per_device_hour=0)
    assert costs.bill(1e20, 0, cheap).total == 0
    assert costs.bill(1e20).total > 0


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        ({}, "a prompt"),
        ({"prompt_is_enough": True, "facts_change": True}, "a prompt"),
        ({"facts_change": True}, "retrieval"),
        ({"must_cite": True}, "retrieval"),
        ({"must_cite": True, "own_manner": True, "examples": 10}, "retrieval"),
        (
            {"must_cite": True, "own_manner": True, "examples": 200},
            "retrieval and fine-tuning",
        ),
        ({"own_manner": True, "examples": 199}, "examples first"),
        ({"own_manner": True, "examples": 200}, "fine-tuning"),
        ({"unlike_any_text": True, "own_tokens": 2e10}, "from scratch"),
        ({"unlike_any_text": True, "own_tokens": 1e9}, "examples first"),
        ({"unlike_any_text": True, "own_tokens": 1e9, "examples": 500}, "fine-tuning"),
        ({"own_tokens": 1e13}, "a prompt"),
    ],
)
def test_advice_is_the_cheapest_that_can_do_it(facts: dict, advice: str) -> None:
    found, reason = costs.advise(**facts)
    assert found == advice
    assert reason.endswith(".")


def test_a_device_of_ones_own_costs_the_same_whether_anybody_asks_or_not() -> None:
    prices = costs.Prices(utilisation=0.1, per_device_hour=2.5)
    idle, some = (costs.monthly_bill(8e9, n, 2000, prices) for n in (0, 1_000_000))
    assert idle == some == costs.Bill(1825, 0)


def test_more_devices_are_rented_when_one_cannot_answer_all() -> None:
    prices = costs.Prices(utilisation=0.1, per_device_hour=2.5)
    hours = costs.device_hours(costs.generation_flops(8e9, 2e10), prices)
    assert 730 < hours < 2 * 730
    assert costs.monthly_bill(8e9, 1e7, 2000, prices).compute == 2 * 1825
    assert costs.monthly_bill(8e9, 1e3, 2000, prices, devices=3).compute == 3 * 1825
    assert costs.monthly_bill(8e9, 1e3, 2000, person_hours=20).people == 1400
    with pytest.raises(ValueError, match="questions must be a number of 0 or more"):
        costs.monthly_bill(8e9, -1, 2000)
