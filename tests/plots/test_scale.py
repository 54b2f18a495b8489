"""Figures of scale: they draw what they are given, where they are told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.patches import FancyBboxPatch, Rectangle

from course_lib import plots
from course_lib.lessons.scale import pipeline_schedule, state_bytes
from course_lib.plots import parts, scale
from course_lib.plots.picture import png
from course_lib.plots.style import COLOURS

FIGURES: dict[str, Callable[..., Axes]] = {
    "device_grid": lambda **k: plots.device_grid(
        6, [[2 * i, 2 * i + 1] for i in range(6)], 2, **k
    ),
    "memory_parts": lambda **k: plots.memory_parts(
        {"whole": state_bytes(1e9), "cut": state_bytes(1e9, 4, True)}, 80e9, **k
    ),
    "pipeline": lambda **k: plots.pipeline(pipeline_schedule(3, 2), **k),
    "rates": lambda **k: plots.rates(
        [16, 64, 256],
        {"a row": [2e7, 3e8, 9e8], "a number": [1e7, np.nan, np.nan]},
        4e9,
        **k,
    ),
    "step_parts": lambda **k: plots.step_parts([1, 2, 4], [8, 4, 2], [0, 1, 1.5], **k),
    "time_by_batch": lambda **k: plots.time_by_batch(
        [1, 4, 16], [1e-3, 2e-3, 8e-3], **k
    ),
}


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def colours(faces: np.ndarray) -> list[str]:
    return [to_hex(face).upper() for face in faces]


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_draws_on_a_new_or_a_given_axes(name: str) -> None:
    alone = FIGURES[name]()
    assert len(png(alone.get_figure(root=True))) > 2_000
    left, right = plots.panels(1, 2)
    assert FIGURES[name](ax=left) is left
    assert left.has_data()
    assert not right.has_data()


def test_every_figure_of_the_module_is_tested_here() -> None:
    assert set(scale.__all__) == set(FIGURES)


def test_rates_are_named_from_the_highest_down_and_gaps_stay_gaps() -> None:
    ax = plots.rates([8, 32], {"slow": [1e6, np.nan], "fast": [1e8, 1e9]}, 5e9)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["fast", "slow"]
    slow = next(line for line in ax.lines if line.get_label() == "slow")
    np.testing.assert_array_equal(slow.get_ydata(), [1e6, np.nan])
    assert words(ax) == ["the best rate measured"]
    assert ax.get_ylim()[0] < 1e6
    assert ax.get_ylim()[1] > ax.texts[0].get_position()[1] > 5e9


def test_without_a_limit_no_line_is_drawn_for_it() -> None:
    assert words(plots.rates([8, 32], {"fast": [1e8, 1e9]})) == []


def test_times_in_proportion_go_through_the_last_time() -> None:
    ax = plots.time_by_batch([1, 2, 8], [3.0, 3.5, 8.0])
    lines = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert lines["in proportion to the batch"] == [1, 2, 8]
    assert lines["measured"] == [3, 3.5, 8]
    assert ax.get_ylim()[0] < 1
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_many_sizes_have_some_of_them_as_ticks() -> None:
    sizes = [2**i for i in range(13)]
    ax = plots.time_by_batch(sizes, np.ones(13))
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert ticks == ["1", "4", "16", "64", "256", "1,024", "4,096"]


def test_a_device_has_its_rows_and_its_part() -> None:
    ax = plots.device_grid(3, [[0], [1, 2], [3, 5]], 2)
    assert words(ax) == [
        *("device 0", "row 0", "1/2 of weights"),
        *("device 1", "rows 1 to 2", "1/2 of weights"),
        *("device 2", "rows 3, 5", "1/2 of weights"),
    ]
    bars = [p for p in ax.patches if isinstance(p, Rectangle)]
    held = [to_hex(p.get_facecolor()).upper() == COLOURS["parameter"] for p in bars]
    assert held == [True, False, False, True, True, False]


def test_devices_with_all_weights_have_one_full_bar() -> None:
    ax = plots.device_grid(2, [[0], [1]], 1)
    assert words(ax).count("all weights") == 2
    bars = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert colours([p.get_facecolor() for p in bars]) == 2 * [COLOURS["parameter"]]


def test_rows_for_other_devices_than_there_are_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        plots.device_grid(4, [[0], [1]], 1)


def test_devices_stand_inside_the_picture_in_rows_of_four() -> None:
    ax = plots.device_grid(6, [[i] for i in range(6)], 1)
    boxes = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
    for box in boxes:
        extents = box.get_bbox()
        assert 0 <= extents.x0 < extents.x1 <= 4
        assert -1 <= extents.y0 < extents.y1 <= 1
    assert ax.get_xlim() == (0, 4)
    assert ax.get_ylim() == (-1, 1)


def test_bars_are_stacked_and_their_sums_stand_beside_them() -> None:
    ax = plots.memory_parts({"a": {"weights": 2e9, "gradients": 1e9}})
    first, second = ax.patches
    assert (first.get_x(), first.get_width()) == (0, 2e9)
    assert (second.get_x(), second.get_width()) == (2e9, 1e9)
    assert words(ax) == ["3 GB"]
    assert ax.get_xlabel() == "memory, GB"
    assert ax.get_legend() is not None


def test_parts_with_bars_of_their_own_need_no_key() -> None:
    bars = {"weights": {"weights": 5.0}, "both": {"weights": 5.0}}
    assert plots.memory_parts(bars).get_legend() is None


@pytest.mark.parametrize(
    ("n_bytes", "unit"),
    [(500, "bytes"), (3e4, "kB"), (3e7, "MB"), (7e8, "MB"), (4e13, "TB")],
)
def test_a_memory_has_a_unit_that_fits(n_bytes: float, unit: str) -> None:
    ax = plots.memory_parts({"a": {"weights": n_bytes}})
    assert ax.get_xlabel() == f"memory, {unit}"
    last = float(ax.get_xticklabels()[-1].get_text().replace(",", ""))
    assert 1 < last <= 2000


@pytest.mark.parametrize("total", [1e9, 4e10, 7.4e10, 7.9e10, 8e10, 8.1e10, 3e12])
def test_words_of_a_memory_stand_on_no_line(total: float) -> None:
    """On the right of the bar, in the picture, and clear of the limit."""
    ax = plots.memory_parts({"a": {"weights": total}}, 80e9, "a device")
    beside, above = ax.texts
    assert above.get_text() == "80 GB of a device"
    page = ax.get_figure(root=True)
    page.canvas.draw()
    line = ax.transData.transform((80e9, 0))[0]
    bar = ax.transData.transform((total, 0))[0]
    for text in (beside, above):
        box = text.get_window_extent()
        assert not box.x0 <= line <= box.x1
        assert ax.bbox.x0 < box.x0 < box.x1 < ax.bbox.x1
    assert beside.get_window_extent().x0 > bar


def test_a_pipeline_has_a_box_for_each_task_in_its_lane() -> None:
    tasks = pipeline_schedule(2, 3)
    ax = plots.pipeline(tasks)
    boxes, numbers = ax.collections
    assert isinstance(boxes, PolyCollection)
    assert isinstance(numbers, PathCollection)
    spans = [path.get_extents() for path in boxes.get_paths()]
    assert [span.x1 for span in spans[:2]] == [12, 12]  # the lanes
    assert [(span.x0, span.x1) for span in spans[2:]] == [
        (t.start, t.end) for t in tasks
    ]
    assert [round((span.y0 + span.y1) / 2) for span in spans[2:]] == [
        task.device for task in tasks
    ]
    assert colours(boxes.get_facecolors())[2:] == [
        COLOURS["value" if task.forward else "gradient"] for task in tasks
    ]
    assert ax.yaxis_inverted()


def test_numbers_stand_in_the_middle_of_their_boxes() -> None:
    tasks = pipeline_schedule(2, 3)
    numbers = plots.pipeline(tasks).collections[1]
    assert numbers.get_offsets().tolist() == [
        [task.start + task.length / 2, task.device] for task in tasks
    ]
    wide = [path.get_extents().width for path in numbers.get_paths()]
    assert 0 < min(wide) < max(wide) < scale.NUMBER_SIZE


def test_numbers_without_room_are_left_out() -> None:
    tasks = pipeline_schedule(4, 12)
    numbers = plots.pipeline(tasks).collections[1]
    back = [task for task in tasks if not task.forward]  # twice as long
    assert len(numbers.get_offsets()) == len(back) == 48
    assert numbers.get_offsets()[0][1] == 0
    wider = plots.pipeline(tasks, ax=plots.panels(width=20)).collections[1]
    assert len(wider.get_offsets()) == 96


def test_the_step_is_the_sum_and_no_messages_have_no_place() -> None:
    ax = FIGURES["step_parts"]()
    step, computing, messages = (list(line.get_ydata()) for line in ax.lines)
    assert step == [8, 5, 3.5]
    assert computing == [8, 4, 2]
    assert np.isnan(messages[0])
    assert messages[1:] == [1, 1.5]
    low, high = ax.get_ylim()
    assert low < 1 < 8 < high


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(7.5e-5, "75 µs"), (0.0123, "12 ms"), (0.99999, "1 s"), (2249, "2,200 s")],
)
def test_a_duration_has_two_figures_and_a_unit(seconds: float, said: str) -> None:
    assert parts.duration(seconds) == said


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [
        (12, "12 bytes"),
        (62_976, "63 kB"),
        (4.977e8, "498 MB"),
        (9.999e8, "1 GB"),
        (2.8e12, "2.8 TB"),
        (1.9e15, "1,900 TB"),
    ],
)
def test_a_number_of_bytes_has_three_figures_and_a_unit(
    n_bytes: float, said: str
) -> None:
    assert parts.byte_size(n_bytes) == said
