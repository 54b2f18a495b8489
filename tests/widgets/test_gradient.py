"""The pictures of notebook 02 that answer."""

from __future__ import annotations

import pytest

from course_lib import widgets
from course_lib.lessons import descent, landscapes
from course_lib.widgets import InteractiveFigure
from tests.widgets.checks import check_figure, drag, handles

VALLEYS, CANYON, PLATEAU = 0, 1, 2
TO_THE_FLOOR = "ssssww"  # to the floor of the nearer valley
ALL_THE_WAY = "ssss" + 12 * "w"


def in_the_fog(keys: str, land: int = VALLEYS) -> InteractiveFigure:
    figure = widgets.walk_in_fog()
    figure.select(keys=keys, name=land, lifted=False)
    return figure


def test_nudge_size_holds_at_every_end() -> None:
    check_figure(widgets.nudge_size())


def test_nudge_size_names_the_error_that_rules_and_measures_it() -> None:
    figure = widgets.nudge_size()
    stops = figure._controls["h"].stops
    assert (stops[0], stops[-1]) == (pytest.approx(1e-16), 1.0)
    ruled = []
    for h in range(len(stops)):
        figure.select(h=h, way=0)
        ruled.append(
            "curve" if "the curve is larger" in figure.summary else "round-off"
        )
    turn = ruled.index("curve")
    assert ruled == ["round-off"] * turn + ["curve"] * (len(stops) - turn)
    assert 1e-9 < stops[turn] < 1e-7
    figure.select(h=len(stops) - 1)  # slope: 3.63 + 3.3 + 1
    assert figure.summary.startswith("Nudge 1: slope 7.93, off by 4.3.")
    figure.select(way=1)
    assert figure.summary.startswith("Nudge 1: slope 4.63, off by 1.")
    figure.select(h=0)
    assert "slope 0, off by 3.6" in figure.summary, "1.1 + 1e-16 is 1.1 again"


def test_the_nudge_is_dragged_on_its_curve() -> None:
    figure = widgets.nudge_size()
    drag(figure, "another size of the nudge", figure._renderer.axes[1], (1e-8, 1))
    assert figure.values["h"] == pytest.approx(1e-8)


def test_walk_in_fog_holds_at_every_end() -> None:
    check_figure(widgets.walk_in_fog())


def test_a_walk_says_what_the_walker_feels() -> None:
    figure = in_the_fog("ssw")
    here = descent.compass_steps(landscapes.two_valleys, (1.4, 0.8), "ssw", 0.2)[-1]
    said = f"Step 3: altitude {here.loss:.2f}, the ground is "
    assert figure.summary.startswith(said + descent.describe_gradient(here))


def test_only_without_fog_is_it_known_whether_the_walk_arrived() -> None:
    for keys, verdict in (
        (TO_THE_FLOOR, "But the deepest valley lies 0.61 below you."),
        (ALL_THE_WAY, "You have arrived: no valley is deeper."),
        ("ss", "You fall short: the lowest place is 1.81 below you."),
    ):
        figure = in_the_fog(keys)
        floor = "All around it is higher: a valley floor."
        assert (floor in figure.summary) == (keys != "ss")
        assert not any(word in figure.summary for word in ("deepe", "short", "arrived"))
        assert not figure._renderer.axes.texts[:-1], "no mark shines through the fog"
        figure.select(lifted=True)
        assert figure.summary.endswith(verdict)


def test_each_land_has_its_own_kind_of_place() -> None:
    assert "a saddle" in in_the_fog("ssss" + 7 * "w").summary
    assert "a plateau" in in_the_fog("", PLATEAU).summary
    figure = in_the_fog(7 * "s" + 13 * "w", CANYON)
    figure.select(lifted=True)
    assert "You have arrived" in figure.summary


def test_a_click_on_the_ground_is_a_step_towards_it() -> None:
    figure = in_the_fog("")
    for place, keys in (((-1, 0.9), "w"), ((1.2, -1), "ws"), ((1.21, 0.61), "ws")):
        drag(figure, "a step towards the pointer", figure._renderer.axes, place)
        assert figure.selected["keys"] == keys
    for keys in ("", 9 * "n", 150 * "ns"):
        figure.select(keys=keys)
        (given,) = handles(figure)[0]["sets"]
        offered = {word.removeprefix(keys) for word in given["states"]}
        assert "n" not in offered or keys == "", "no step leaves the map"
        assert offered <= {"", *"nesw"}


def test_a_step_off_the_map_is_kindly_not_taken() -> None:
    figure = in_the_fog(9 * "n")
    assert figure.problem == ""
    assert figure.summary.startswith("Step 1:")
    assert figure.summary.endswith("The map ends here: that step was not taken.")
    figure.select(keys=9 * "n" + "s")  # and the way back is open at once
    assert figure.summary.startswith("Step 2:")
    assert "map ends" not in figure.summary


def test_a_walk_of_too_many_keys_says_so() -> None:
    figure = in_the_fog(200 * "ns")
    assert figure.summary.endswith("300 keys are the most: start again.")
