"""The pictures of notebook 08 that answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from course_lib import widgets
from course_lib.lessons import costs, scale
from course_lib.plots.parts import duration, percent
from course_lib.widgets.figure import InteractiveFigure
from tests.widgets.checks import check_figure, drag


def choose(figure: InteractiveFigure, **values: object) -> None:
    """Choose by value."""
    stops = {k: figure._controls[k].selected_for(v) for k, v in values.items()}
    figure.select(**stops)
    assert figure.values == {**figure.values, **values}


@pytest.mark.parametrize(
    "make",
    [widgets.pipeline, widgets.where_the_time_goes, widgets.memory_by_part],
    ids=lambda make: make.__name__,
)
def test_the_picture_stands_at_the_ends_of_every_control(
    make: Callable[[], InteractiveFigure],
) -> None:
    check_figure(make())


@pytest.mark.parametrize("devices", [2, 8])
@pytest.mark.parametrize("microbatches", [1, 2, 16])
def test_a_pipeline_says_how_long_a_device_waits(
    devices: int, microbatches: int
) -> None:
    figure = widgets.pipeline()
    choose(figure, devices=devices, microbatches=microbatches)
    tasks = scale.pipeline_schedule(devices, microbatches)
    busy = 3 * microbatches / max(task.end for task in tasks)
    assert f"{devices} devices, {microbatches} microbatch" in figure.summary
    assert f"waits for {percent(1 - busy)} of the step" in figure.summary
    after = figure.summary.split("more microbatches: ")[1]
    more = scale.bubble(devices, 2 * microbatches)
    assert after == f"with {2 * microbatches} it is {percent(more)}."


def test_a_pipeline_of_one_device_never_waits() -> None:
    figure = widgets.pipeline()
    choose(figure, devices=1, microbatches=1)
    assert "never waits" in figure.summary
    assert "1 microbatch comes" in figure.summary


def test_the_time_of_a_step_is_that_of_the_arithmetic() -> None:
    figure = widgets.where_the_time_goes()
    model, link = scale.MODELS["GPT-3 6.7B"], scale.LINKS["Ethernet, 10 Gbit/s"]
    choose(figure, model=model, tokens=2**20, link=link, devices=256)
    rate = 0.4 * costs.PEAK_FLOPS["H100"]
    alone = sum(scale.step_seconds(model, 2**20, 1, rate, link))
    computing, messages = scale.step_seconds(model, 2**20, 256, rate, link)
    step = computing + messages
    assert figure.summary == (
        f"256 devices: {duration(step)} for a step of 1,048,576 tokens, "
        f"{percent(messages / step)} of it messages. That is {alone / step:.2g} times "
        "as fast as one device, not 256."
    )


def test_one_device_sends_nothing() -> None:
    figure = widgets.where_the_time_goes()
    choose(figure, devices=1)
    assert figure.summary.startswith("One device: ")
    assert figure.summary.endswith("and no messages.")


def test_the_dots_stand_at_the_devices_chosen() -> None:
    figure = widgets.where_the_time_goes()
    choose(figure, devices=512)
    *curves, here = figure._renderer.axes.lines
    assert list(here.get_xdata()) == [512, 512]
    for curve in curves:
        [place] = curve.get_markevery()
        assert curve.get_xdata()[place] == 512


def test_the_number_of_devices_is_dragged() -> None:
    figure = widgets.where_the_time_goes()
    drag(figure, "another number of devices", figure._renderer.axes, (250, 1))
    assert figure.values["devices"] == 256


def test_the_axis_of_time_stays_while_tokens_link_and_devices_change() -> None:
    figure = widgets.where_the_time_goes()
    ax = figure._renderer.axes
    for model in scale.MODELS.values():
        choose(figure, model=model)
        ends = ax.get_ylim()
        for tokens in (2**15, 2**23):
            for link in scale.LINKS.values():
                choose(figure, tokens=tokens, link=link, devices=4096)
                assert ax.get_ylim() == ends
                drawn = [y for line in ax.lines[:3] for y in line.get_ydata()]
                assert all(ends[0] < y < ends[1] for y in drawn if y == y)


@pytest.mark.parametrize(
    ("sharded", "again", "fits"),
    [(False, False, False), (True, False, False), (True, True, True)],
)
def test_a_memory_fits_or_not(sharded: bool, again: bool, fits: bool) -> None:
    figure = widgets.memory_by_part()
    model = scale.MODELS["GPT-3 6.7B"]
    choose(figure, model=model, devices=8, texts=4, sharded=sharded, again=again)
    parts = [
        *scale.state_bytes(model.n_params, 8, sharded).values(),
        scale.activation_bytes(model, 4, again),
    ]
    assert (sum(parts) <= 80e9) is fits
    assert figure.summary.startswith("It fits: " if fits else "It does not fit: ")
    assert "each of 8 devices has 80 GB" in figure.summary
    bars = [bar.get_width() for bar in figure._renderer.axes.patches]
    assert bars == pytest.approx([*parts, *parts])  # each alone, and together


def test_the_summary_says_what_each_part_takes() -> None:
    figure = widgets.memory_by_part()
    choose(
        figure, model=scale.MODELS["GPT-3 6.7B"], devices=1, sharded=True, again=True
    )
    assert figure.summary == (
        "It does not fit: one device has 80 GB, and this takes 112 GB: weights "
        "26.6 GB, gradients 26.6 GB, Adam's moments 53.3 GB, activations 5.97 GB."
    )


def test_copies_take_as_much_on_every_number_of_devices() -> None:
    figure = widgets.memory_by_part()
    said = set()
    for devices in (2, 1024):
        choose(figure, devices=devices, sharded=False)
        said.add(figure.summary.split("takes")[1])
    assert len(said) == 1
