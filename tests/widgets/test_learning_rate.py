"""The pictures of notebook 03 that answer: strides in a bowl, and the race."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np
import pytest

from course_lib import optimizers, widgets
from course_lib.lessons import contraction
from course_lib.lessons import optimizer_race as race
from course_lib.widgets.figure import InteractiveFigure
from course_lib.widgets.learning_rate import MOMENTS
from tests.widgets.checks import check_figure, drag


@pytest.fixture(autouse=True)
def exact() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


# --- strides --------------------------------------------------------------------------


def stops(figure: InteractiveFigure, **values: float) -> dict[str, int]:
    """The stops at which the sliders have these values."""
    return {
        name: list(figure._controls[name].stops).index(value)  # type: ignore[attr-defined]
        for name, value in values.items()
    }


@pytest.fixture
def bowl() -> InteractiveFigure:
    return widgets.stride_lab()


def test_strides_answer_at_every_end(bowl: InteractiveFigure) -> None:
    check_figure(bowl)


@pytest.mark.parametrize(
    ("rate", "curvature", "word", "factor"),
    [
        (0.01, 4.0, "crawls", "0.96"),
        (0.15, 4.0, "arrives", "0.40"),
        (0.25, 4.0, "lands in one step", "0.00"),
        (0.45, 4.0, "swings and arrives", "−0.80"),
        (0.5, 4.0, "swings for ever", "−1.00"),
        (0.4, 5.0, "swings for ever", "−1.00"),
        (0.52, 4.0, "flies off", "−1.08"),
        (0.8, 8.0, "flies off", "−5.40"),
    ],
)
def test_the_regime_and_its_factor_are_said(
    bowl: InteractiveFigure, rate: float, curvature: float, word: str, factor: str
) -> None:
    bowl.select(**stops(bowl, rate=rate, curvature=curvature))
    assert f"= {factor}: the walker {word}. " in bowl.summary
    assert f"The edge 2/k is at {2 / curvature:.3f}." in bowl.summary
    valley, distance, factors = bowl._renderer.axes
    assert valley.get_title(loc="left").endswith(f": {word}")
    walked = np.abs(contraction.quadratic_descent(rate, curvature, 1.0, 20))
    inside = walked > 1e-100
    drawn = distance.lines[0].get_ydata()
    np.testing.assert_allclose(drawn[inside], walked[inside], rtol=1e-12)
    edge = f"the edge, $2 / k$ = {2 / curvature:.3g}"
    assert edge in [text.get_text() for text in factors.texts]


def test_the_distance_left_is_that_of_the_walk(bowl: InteractiveFigure) -> None:
    bowl.select(**stops(bowl, rate=0.04, curvature=3.0, start=0.5))
    left = contraction.quadratic_descent(0.04, 3.0, 0.5, 20)[-1]
    assert f"in 20 steps: from 0.50 to {left:.3f}. " in bowl.summary


def test_no_word_of_the_regimes_stands_on_another(bowl: InteractiveFigure) -> None:
    for curvature in range(0, 56, 5):
        bowl.select(curvature=curvature)
        factors = bowl._renderer.axes[2]
        boxes = [
            text.get_window_extent(bowl._renderer.canvas.get_renderer())
            for text in factors.texts
            if text.get_text()
        ]
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:i]), curvature


def test_the_pointer_drops_the_walker_and_moves_rate_and_edge(
    bowl: InteractiveFigure,
) -> None:
    valley, _, factors = bowl._renderer.axes
    drag(bowl, "drop her here", valley, (-0.5, 3))
    assert bowl.values["start"] == -0.5
    assert "from 0.50 to" in bowl.summary
    drag(bowl, "another learning rate", factors, (0.42, 0.3))
    assert bowl.values["rate"] == 0.42
    drag(bowl, "move the edge: another bowl", factors, (0.4, 1.7))
    assert bowl.values["curvature"] == 5.0
    drag(bowl, "another learning rate", factors, (0.8, 1))
    drag(bowl, "move the edge: another bowl", factors, (0.25, 1))
    assert "flies off" in bowl.summary


# --- the race -------------------------------------------------------------------------


@pytest.fixture
def five() -> InteractiveFigure:
    return widgets.optimizer_race()


def test_the_race_answers_at_every_end(five: InteractiveFigure) -> None:
    check_figure(five)


def test_it_starts_with_the_best_rates_of_the_gorge(five: InteractiveFigure) -> None:
    five.select(step=len(MOMENTS) - 1)
    for who, make in race.OPTIMIZERS.items():
        entry = race.best_run(
            make, *race.TEST_FUNCTIONS["gorge"][:3], race.LEARNING_RATES
        )
        assert f"{who} arrived at step {entry.steps}" in five.summary


@pytest.mark.parametrize("i", range(5))
def test_the_button_gives_each_its_best_rate(five: InteractiveFigure, i: int) -> None:
    five.select(mountain=i, step=len(MOMENTS) - 1)
    five.press("best")
    at = list(race.TEST_FUNCTIONS.values())[i]
    for who, make in race.OPTIMIZERS.items():
        entry = race.best_run(make, *at[:3], race.LEARNING_RATES)
        came = f"{who} arrived at step {entry.steps}"
        high = f"{who} {entry.losses[-1]:.3f} above the floor"
        assert (came if entry.steps else high) in five.summary


def test_before_its_arrival_a_runner_is_where_the_walk_is(
    five: InteractiveFigure,
) -> None:
    rate = race.LEARNING_RATES[five.selected["descent"]]
    at = race.TEST_FUNCTIONS["gorge"]
    walk = race.trajectories(optimizers.sgd, at.loss, at.start, rate, 1000)[0]
    for stop in (0, 7, 60):
        five.select(step=stop)
        place = walk[MOMENTS[stop]]
        assert f"plain descent {at.loss(*place):.3f} above" in five.summary
        left, _ = five._renderer.axes
        heads = [line for line in left.lines if line.get_markersize() == 10]
        np.testing.assert_allclose(heads[0].get_xydata()[0], place)


def test_the_step_is_dragged_along_the_curves(five: InteractiveFigure) -> None:
    drag(five, "another step", five._renderer.axes[1], (20, 1))
    assert five.values["step"] == 20


def test_who_flies_off_is_said_to(five: InteractiveFigure) -> None:
    five.select(descent=20, step=40)
    assert "plain descent flew off;" in five.summary
    assert five.problem == ""


def test_a_moved_slider_waits_for_no_walk(
    five: InteractiveFigure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(*_: object) -> None:
        raise AssertionError("a walk was walked while a slider moved")

    monkeypatch.setattr(race, "trajectories", compiled)
    for name in ("step", "descent", "momentum", "adam"):
        five.select(**{name: 3})
        assert five.problem == ""
