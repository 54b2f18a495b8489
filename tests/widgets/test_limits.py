"""The pictures of notebook 07 that answer."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import pytest

from course_lib import widgets
from course_lib.lessons import costs
from course_lib.widgets import limits
from course_lib.widgets.controls import Choice, Slider
from course_lib.widgets.figure import InteractiveFigure
from tests.widgets.checks import check_figure, drag


@pytest.fixture(scope="module")
def replay() -> Iterator[InteractiveFigure]:
    with jax.numpy_rank_promotion("allow"):  # the taught model adds its positions
        yield widgets.memorise_or_generalise()


def choose(figure: InteractiveFigure, **values: object) -> None:
    """Choose by value, the nearest stop."""
    stops = {k: figure._controls[k].selected_for(v) for k, v in values.items()}
    figure.select(**stops)


def test_a_training_is_replayed(replay: InteractiveFigure) -> None:
    check_figure(replay)


def test_few_names_are_learned_by_heart_and_many_are_not(
    replay: InteractiveFigure,
) -> None:
    choose(replay, size="20", step=300)
    assert replay.summary.startswith("Step 300 of 300: loss 0.")
    assert 12 <= replay.text.count("* ") - 1 <= 16  # one stands in the heading
    choose(replay, size="2,000", step=300)
    assert replay.text.count("* ") - 1 <= 2


@pytest.mark.parametrize("size", [20, 200])
def test_the_copies_said_are_those_marked_and_stand_in_the_data(
    replay: InteractiveFigure, size: int
) -> None:
    names = set(limits._shuffled_names()[:size])
    for step in limits.PAUSES:
        choose(replay, size=str(size), step=step)
        rows = replay.text.splitlines()[2:]
        cells = [row[i : i + 18].strip() for row in rows for i in range(0, 72, 18)]
        copies = [cell[2:] for cell in cells if cell.startswith("* ")]
        assert set(copies) <= names
        assert not {cell for cell in cells if not cell.startswith("* ")} & names
        assert f"Copies: {len(copies)} of 16." in replay.summary


def test_the_loss_on_other_names_turns_up_before_the_first_copy(
    replay: InteractiveFigure,
) -> None:
    """What the page says of twenty names."""
    others, copies = [], []
    for step in limits.PAUSES:
        choose(replay, size="20", step=step)
        others.append(float(replay.summary.split(" on others")[0].split()[-1]))
        copies.append(int(replay.summary.split("Copies: ")[1].split()[0]))
    lowest = others.index(min(others))
    first = next(i for i, count in enumerate(copies) if count)
    assert lowest < first
    assert others[first] > others[0]


def test_the_losses_are_those_of_the_experiment(replay: InteractiveFigure) -> None:
    experiment, names = limits._experiment(), limits._shuffled_names()
    with jax.numpy_rank_promotion("allow"):
        model = experiment.train(names[:20], 300)
        seen = experiment.loss(model, names[:20])
        unseen = experiment.loss(model, names[-64:])
    choose(replay, size="20", step=300)
    assert f"loss {seen:.2f} on its 20 names, {unseen:.2f} on" in replay.summary


def test_a_click_on_either_curve_is_a_step(replay: InteractiveFigure) -> None:
    for ax in replay._renderer.axes:
        drag(replay, "another step of the training", ax, (75, 1))
        assert replay.values["step"] == 75
        replay.select(step=0)


def test_your_dot_is_dragged_and_a_published_run_chosen() -> None:
    figure = widgets.cost_calculator()
    ax = figure._renderer.axes
    drag(figure, "more or fewer training tokens", ax, (6 * 8e9 * 2e12, 0))
    assert figure.values["n_tokens"] == 2e12
    assert figure.values["n_params"] == 8e9
    (gpt3,) = [run for run in costs.PUBLISHED if run.name == "GPT-3 175B"]
    drag(figure, "start from GPT-3 175B", ax, (1e23, 3))
    assert figure.values["n_params"] == gpt3.n_params
    assert figure.values["n_tokens"] == gpt3.n_tokens


def test_a_training_run_is_calculated() -> None:
    check_figure(widgets.cost_calculator())


def test_the_calculator_says_what_the_arithmetic_says() -> None:
    figure = widgets.cost_calculator()
    choose(figure, n_params=7e9, n_tokens=2e12, share=0.4, price=3.0)
    prices = costs.Prices("H100", 0.4, 3.0)
    bill = costs.bill(costs.training_flops(7e9, 2e12), 0, prices)
    assert bill.compute == pytest.approx(177_000, rel=0.01)
    assert figure.summary == (
        "6 × 7 billion parameters × 2 trillion tokens = 8.4 × 10²² operations: "
        "58,980 hours of one H100, 180,000 euros for computing."
    )


def test_a_thousand_euros_buy_what_the_page_says() -> None:
    figure = widgets.cost_calculator()
    euros = []
    for size in (2e9, 2.5e9):
        choose(figure, n_params=size, n_tokens=20 * size)
        euros.append(
            float(figure.summary.split(", ")[-1].split(" euros")[0].replace(",", ""))
        )
    assert euros[0] < 1000 < euros[1]


@pytest.mark.parametrize(
    "run", [r for r in costs.PUBLISHED if r.device_hours], ids=lambda run: run.name
)
def test_a_published_run_takes_its_published_hours(run: costs.PublishedRun) -> None:
    figure = widgets.cost_calculator()
    preset = figure._controls["preset"]
    assert isinstance(preset, Choice)
    figure.select(preset=list(preset.options).index(run.name))
    hours = float(f"{run.device_hours:.4g}")
    assert f"{hours:,.0f} hours of one {run.device}" in figure.summary
    assert figure.values["n_params"] == run.n_params


def test_every_published_run_stands_with_year_and_source() -> None:
    figure = widgets.cost_calculator()
    said = " ".join(figure.text.split())
    for run in costs.PUBLISHED:
        assert f"{run.name} {run.year}" in said
        assert run.source in said
    assert max(map(len, figure.text.splitlines())) <= 100  # a page is that wide


def test_the_stops_are_many_and_rise() -> None:
    figure = widgets.cost_calculator()
    for control in figure._controls.values():
        if isinstance(control, Slider):
            assert 50 <= len(control.stops) <= 200
            assert list(control.stops) == sorted(set(control.stops))
            texts = control.spec()["texts"]
            assert len(set(texts)) == len(texts), control.name


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (8.8e-9, "32 millionths of a second"),
        (1.47e-7, "530 millionths of a second"),
        (1.2e-9, "4.3 millionths of a second"),
        (0.001, "3.6 s"),
        (0.5, "30 minutes"),
        (1.25, "1.2 hours"),
        (12, "12 hours"),
        (6.4e6, "6,400,000 hours"),
    ],
)
def test_a_time_is_said_in_a_unit_that_fits(hours: float, said: str) -> None:
    assert limits._hours(hours) == said


@pytest.mark.parametrize(
    ("euros", "said"),
    [
        (2e-8, "less than a cent"),
        (0.4, "0.40 euros"),
        (29.7, "29.70 euros"),
        (30_815, "31,000 euros"),
        (7.7e7, "77 million euros"),
    ],
)
def test_an_amount_is_said_with_two_figures(euros: float, said: str) -> None:
    assert limits._money(euros) == said
