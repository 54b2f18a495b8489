"""Every notebook in a real JupyterLab, in a real browser, with a hand on every control.

Needs Chromium (or Chrome, or Edge); skipped with one line where there is none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.scratch import write
from tools import browser as driver
from tools import notebooks
from tools.browser import Figure, Page, Server

PAGES = sorted(notebooks.FOLDER.glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner's copy of the notebooks."""
    copy = tmp_path_factory.mktemp("course")
    for page in PAGES:
        shutil.copyfile(page, copy / page.name)
    return copy


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with driver.jupyterlab(folder) as running:
        yield running


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    opened = Page(chromium, server)
    yield opened
    opened.close()


# --- the course -------------------------------------------------------------------


@pytest.mark.parametrize("name", [p.name for p in PAGES])
def test_a_page_runs_and_its_pictures_answer(page: Page, name: str) -> None:
    page.open(name)
    page.run_cells(cells_of_figures(name))
    assert page.errors() == []
    assert page.figures()
    for figure in page.figures():
        move_everything(figure)
        assert violations(page, figure) == [], figure.name
    ids = page.page.evaluate(
        "[...document.querySelectorAll('.course-figure [id]')].map(part => part.id)"
    )
    assert len(ids) == len(set(ids)), "a label belongs to its own control"
    assert page.console_errors == []


def cells_of_figures(name: str) -> list[int]:
    """Return the cells that a page's interactive figures need: its sections, so far.

    Each section runs on its own after the setup cell, where a page says so; of another
    page all cells are needed. That all of a page runs is seen by nbval, too.
    """
    cells = nbformat.read(notebooks.FOLDER / name, 4).cells
    words = " ".join(" ".join(cell.source.split()) for cell in cells)
    if "each section runs on its own" not in words:
        return [i for i, cell in enumerate(cells) if cell.cell_type == "code"]
    needed: set[int] = set()
    section: list[int] = []
    for i, cell in enumerate(cells):
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            section = []
        elif cell.cell_type == "code":
            section.append(i)
            if "setup" in cell.metadata.get("tags", []) or "widgets." in cell.source:
                needed |= {*section}
    return sorted(needed)


def move_everything(figure: Figure) -> None:
    """Take every control to both ends: the picture and the words must change."""
    figure.show()  # words out of view are not rendered
    assert figure.problem == ""
    sliders_first = sorted(figure.controls, key=lambda control: control[0] != "slider")
    for kind, name in sliders_first:  # at its start, a training is the same for all
        box = figure.control(name)
        seen: set[Seen] = set()
        if kind == "slider" and box.locator("input").is_enabled():
            for key in ("Home", "End", "PageDown"):
                figure.slide(name, key)
                seen.add(look(figure))
        elif kind == "choice" and box.locator("select").is_enabled():
            select = box.locator("select")
            first = select.input_value()
            seen = {look(figure)}
            for i in map(str, range(select.locator("option").count())):
                if i != first:
                    seen.add(after(figure, partial(select.select_option, i)))
            after(figure, partial(select.select_option, first))
        elif kind == "toggle" and box.locator("input").is_enabled():
            seen = {after(figure, box.locator("input").click) for _ in range(2)}
        elif kind == "pad":
            seen = {
                after(figure, key.click) for key in box.locator("[data-letter]").all()
            }
            after(figure, box.get_by_text("Start again").click)
        else:  # a field, a button: they have tests of their own; or at rest
            continue
        where = f"{figure.name}, {name}"
        assert figure.problem == "", where
        assert len({(one.pixels, one.text) for one in seen}) > 1, where
        assert len({(one.summary, one.text) for one in seen}) > 1, where


class Seen(NamedTuple):
    """A figure as it stands: its picture, its words, and the longer text below."""

    pixels: str
    summary: str
    text: str


def look(figure: Figure) -> Seen:
    text = figure.root.locator(".text").text_content() or ""
    return Seen(figure.fingerprint(), figure.summary, text)


def after(figure: Figure, act: Any) -> Seen:
    """Act; return what is seen once it stands still."""
    before = figure.painted
    act()
    figure.wait_for_frame(before, 10.0)
    return look(figure)


def violations(page: Page, figure: Figure) -> list[str]:
    """Return what axe-core finds wrong with a figure, one line each."""
    found = Axe().run(
        page.page,
        context=[f'.course-figure[data-name="{figure.name}"]'],
        options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    )
    return [
        f"{problem['id']}: {problem['help']} {problem['nodes'][0]['html'][:120]}"
        for problem in found.response["violations"]
    ]


# --- the frame of every picture -----------------------------------------------------

SMALL = """\
from course_lib.plots import panels
from course_lib.widgets import InteractiveFigure
from course_lib.widgets.controls import Button, Choice, Field, Pad, Slider, Toggle

heard = []

def draw(ax, slope, colour, dashed, name, walk):
    if not name.isalpha():
        raise ValueError(f"{name!r} is no name: letters only, such as emma")
    style = "--" if dashed else "-"
    ax.plot([0, 1], [0, slope], style, color=colour, lw=4)
    ax.set(xlim=(0, 1), ylim=(-10, 10), title=f"{name} {walk}")
    return f"{name} goes {slope}, {colour}, {style}, {walk or 'nowhere'}, {len(heard)}."

controls = [
    Slider("slope", "slope of the line", list(range(-10, 11)), 1, play=True),
    Choice("colour", "its colour", {"blue": "blue", "red": "red"}, "blue"),
    Toggle("dashed", "dashed"),
    Field("name", "its name", "emma", examples=("ava",)),
    Pad("walk", "a walk", {"n": ("North", "ArrowUp"), "e": ("East", "ArrowRight")}),
    Button("go", "Go", lambda: heard.append(1)),
]
axes = panels(width=5, height=2)
figure = InteractiveFigure("small", "A small figure", draw, controls, axes)
figure
"""


@pytest.fixture
def small(page: Page, folder: Path) -> Figure:
    """A figure with one control of each kind."""
    page.open(write(folder, "small.ipynb", SMALL))
    page.run_all()
    assert page.errors() == []
    [figure] = page.figures()
    return figure


def test_every_kind_of_control_answers(page: Page, small: Figure) -> None:
    move_everything(small)
    assert violations(page, small) == []
    go = small.control("go").locator("button")
    assert after(small, go.click)[1].endswith(", 1.")
    assert page.console_errors == []


def test_a_field_answers_what_was_typed_and_names_what_is_wrong(small: Figure) -> None:
    field = small.control("name").locator("input")
    before = small.fingerprint()
    field.fill("4")
    small.root.locator(".problem").wait_for()
    assert small.problem == "'4' is no name: letters only, such as emma."
    assert small.fingerprint() == before
    field.fill("olivia")
    small.root.get_by_text("olivia goes").wait_for()
    assert small.problem == ""


def test_keys_press_a_pad_and_undo(small: Figure) -> None:
    small.canvas.focus()
    for key in ("ArrowUp", "ArrowRight", "ArrowUp", "Backspace"):
        after(small, partial(small.canvas.press, key))
    assert ", ne, " in small.summary


FOCUSED = """() => {
  const at = document.activeElement, figure = at.closest('.course-figure');
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  const cell = cells.findIndex(cell => cell.node.contains(at));
  const name = at.getAttribute('aria-label') || (at.labels?.[0] || at).textContent;
  const whole = at === cells[cell]?.node;
  return `${cell} ${figure ? name : whole ? 'cell' : 'elsewhere'}`;
}"""
RUNS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .map(cell => cell.model.executionCount).join()"""


def test_keys_alone_lead_in_and_out(page: Page, folder: Path) -> None:
    page.open(write(folder, "keys.ipynb", SMALL, "print(1)", "print(2)", "print(3)"))

    def press(*keys: str) -> str:
        for key in keys:
            page.page.keyboard.press(key)
            page.page.wait_for_timeout(200)
        return str(page.page.evaluate(FOCUSED))

    assert press("Shift+Enter") == "1 cell"
    page.page.locator(".course-figure").wait_for()
    page.figures()
    assert press("ArrowUp") == "0 cell"
    for _ in range(5):  # past the cell's own buttons
        if press("Tab").startswith("0 Play"):
            break
    assert press("Tab") == "0 slope of the line"
    [small] = page.figures()
    before = small.painted
    assert press("ArrowRight", "ArrowDown", "ArrowUp") == "0 slope of the line"
    small.wait_for_frame(before)
    assert small.summary.startswith("emma goes 2,")
    assert press("Escape") == "0 cell"
    assert press("ArrowDown") == "1 cell"
    page.page.set_viewport_size({"width": 1280, "height": 660})
    small.root.evaluate("figure => figure.querySelector('button').scrollIntoView()")
    assert press("Shift+Tab") == "0 Go"
    at = small.canvas.bounding_box()
    assert at is not None
    assert at["y"] > 90, "the picture is in view, not only its control"
    assert press("Tab") == "1 cell", "not the end of the notebook"
    assert press("Shift+Tab", "Shift+Tab", "Shift+Enter") == "1 cell"
    page.page.wait_for_function(f"() => ({RUNS})().startsWith('2')")
    assert page.page.evaluate(RUNS) == "2,,,", "run, and only this"
    [small] = page.figures()
    assert small.summary.startswith("emma goes 2,"), "what was chosen stays"
    assert page.errors() == []
    assert page.console_errors == []


def test_a_slider_plays_to_its_end_and_stops(small: Figure) -> None:
    small.control("slope").get_by_role("button").click()
    small.root.get_by_text("emma goes 10").wait_for()
    small.page.wait_for_timeout(300)
    button = small.control("slope").get_by_role("button")
    assert button.get_attribute("aria-label") == "Play: slope of the line"


def test_a_figure_that_lost_its_kernel_says_so_and_rests(
    page: Page, small: Figure
) -> None:
    places = small.root.locator(".controls").bounding_box()
    handle = small.control("slope").locator("input")
    page.page.evaluate(f"() => {driver.SESSION}.kernel.restart()")
    page.wait_for_kernel()
    small.root.get_by_text("is gone: run this cell again").wait_for()
    assert handle.is_disabled()
    assert small.root.locator(".controls").bounding_box() == places, "nothing moved"
    page.run_all()
    [again] = page.figures()
    assert again.slide("slope", "End")[1].startswith("emma goes 10")


def test_a_busy_kernel_is_waited_for(page: Page, small: Figure) -> None:
    page.page.evaluate(
        f"() => void {driver.SESSION}.kernel.requestExecute("
        "{ code: 'import ctypes; ctypes.PyDLL(None).sleep(9)' })"  # no thread runs
    )
    handle = small.control("slope").locator("input")
    handle.focus()
    handle.press("End")
    small.root.get_by_text("The kernel is busy").wait_for()
    small.root.get_by_text("emma goes 10").wait_for()
    small.root.locator(".waiting").wait_for(state="hidden")
    assert handle.is_enabled()


DIRTY = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"


def test_the_notebooks_own_commands_work_from_within(page: Page, small: Figure) -> None:
    small.slide("slope", "End")
    page.page.wait_for_function(DIRTY)  # the outputs of its cells are new
    small.control("slope").locator("input").press("Control+s")
    page.page.wait_for_function(f"() => !({DIRTY})()")
    assert "elsewhere" not in page.page.evaluate(FOCUSED)
    assert page.page.evaluate(FOCUSED).endswith("slope of the line")


def test_a_drag_builds_no_queue(small: Figure) -> None:
    handle = small.control("slope").locator("input")
    before = small.painted
    handle.evaluate(
        """(range) => { for (let i = 0; i < 200; i++) {
            range.value = i % 20; range.dispatchEvent(new Event('input')); } }"""
    )
    small.root.get_by_text("emma goes 9,").wait_for()
    small.wait_for_frame(small.painted, 0.5)
    assert small.painted - before <= 3  # the first, and the last
    assert "emma goes 9," in small.summary


COMPILES = """\
import time
from course_lib.widgets import InteractiveFigure
from course_lib.widgets.controls import Slider
n_drawn = 0

def draw(ax, n):
    global n_drawn
    n_drawn += 1
    if 2 < n_drawn < 6:  # not the first two, of the cell itself
        time.sleep(0.3)
    ax.plot([0, n])
    return f"n is {n}"

InteractiveFigure("compiles", "Compiles", draw, [Slider("n", "n", range(9), 4)])"""
AT_HAND = "canvas => canvas.dataset.source"


def test_a_slow_first_drawing_does_not_end_the_preparing(
    page: Page, folder: Path
) -> None:
    page.open(write(folder, "compiles.ipynb", COMPILES))
    page.run_all()
    [figure] = page.figures()
    figure.slide("n", "ArrowRight")
    page.page.wait_for_timeout(3000)
    figure.slide("n", "End")
    assert figure.summary == "n is 8"
    assert figure.canvas.evaluate(AT_HAND) == "browser"


def test_running_again_keeps_what_was_chosen(page: Page, small: Figure) -> None:
    _, words = small.slide("slope", "End")
    page.run_all()
    page.page.wait_for_timeout(500)
    [again] = page.figures()
    assert again.summary == words
    assert again.control("slope").locator("input").input_value() == "20"


SAVE = """
from course_lib.plots.style import styled
figure.redraw()
with styled():
    figure._renderer.figure.savefig("now.png", dpi=96)"""

# Which share of the places, of 3 by 3 pixels, is not as Matplotlib itself draws it.
DIFFERENCE = f"""figure => {driver.SESSION}.kernel.requestExecute({{ code: `{SAVE}` }})
  .done.then(() => fetch('/files/now.png?' + Math.random()))
  .then(answer => answer.blob()).then(createImageBitmap).then(image => {{
    const places = (drawn) => {{
      const small = document.createElement('canvas');
      [small.width, small.height] = [image.width / 3, image.height / 3].map(Math.floor);
      const context = small.getContext('2d');
      Object.assign(context, {{ imageSmoothingQuality: 'high' }});
      context.drawImage(drawn, 0, 0, small.width, small.height);
      return context.getImageData(0, 0, small.width, small.height).data;
    }};
    const [ours, theirs] = [places(figure.querySelector('canvas')), places(image)];
    const far = ours.filter((value, i) => Math.abs(value - theirs[i]) > 60);
    return far.length / ours.length;
  }})"""


def test_the_browser_draws_what_matplotlib_draws(page: Page, small: Figure) -> None:
    for name in ("slope", "slope", "walk", "dashed", "slope"):
        if name == "slope":
            small.slide(name, "PageUp")
        else:
            box = small.control(name).locator("button, input").first
            after(small, box.click)
        assert small.root.evaluate(DIFFERENCE) < 0.002, name


ALL_KINDS = """\
import numpy as np
from course_lib.plots import panels
from course_lib.plots.parts import HALO, smooth_image
from course_lib.widgets import InteractiveFigure
from course_lib.widgets.controls import Slider

def draw(axes, n):
    curves, maps, words = axes
    x = np.linspace(0, 6, 300)
    curves.plot(x, np.sin(n * x), "--", lw=3)
    curves.fill_between(x, 0, np.cos(x), alpha=0.3, hatch="//")
    curves.plot(x[::20], np.cos(x[::20]), "s", ms=8, mfc="white", mew=2)
    curves.scatter(x[::30], np.sin(x[::30]), c=x[::30], s=90, cmap="viridis", zorder=3)
    curves.set_yscale("symlog")
    grid = np.add.outer(np.arange(6.0), np.arange(8.0) * n)
    maps.imshow(grid, interpolation="none", cmap="magma")
    colours = np.zeros((4, 4, 4), np.uint8)
    colours[..., 3], colours[..., 0], colours[::2, ::2, 1] = 200, 250, 255
    smooth_image(maps, colours, extent=(0, 4, 0, 4))
    maps.contour(grid, levels=5, colors="white")
    maps.set(xlim=(-0.5, 7.5), ylim=(-0.5, 5.5))
    words.text(0.05, 0.8, r"$\\frac{\\partial L}{\\partial w} = \\sqrt{2} x^{%d}$" % n)
    words.text(0.1, 0.4, "with a halo", path_effects=HALO, size=16, weight="bold")
    words.text(0.7, 0.1, "upright", rotation=90)
    words.annotate("there", (0.9, 0.9), (0.5, 0.6), arrowprops={"arrowstyle": "-|>"})
    words.axvspan(0, 0.4, color="tab:blue", alpha=0.2)
    return f"n is {n}"

axes = panels(1, 3, width=9, height=3)
n = Slider("n", "n", [1, 2, 3], 1)
figure = InteractiveFigure("kinds", "Kinds", draw, [n], axes)
figure
"""


def test_every_kind_of_stroke_looks_as_matplotlib_draws_it(
    page: Page, folder: Path
) -> None:
    page.page.set_viewport_size({"width": 1700, "height": 900})
    page.open(write(folder, "kinds.ipynb", ALL_KINDS))
    page.run_all()
    [figure] = page.figures()
    figure.wait_for_response()
    assert page.errors() == []
    for _ in range(2):
        assert figure.root.evaluate(DIFFERENCE) < 0.004
        figure.slide("n", "ArrowRight")
        page.page.wait_for_timeout(600)  # the kernel is told of it a little later
    assert page.console_errors == []


def test_a_page_opened_anew_shows_the_picture_as_it_stands(
    page: Page, small: Figure
) -> None:
    seen = small.slide("slope", "End")
    page.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.page.wait_for_timeout(500)
    page.page.reload()
    page.wait_for_kernel()
    page.page.locator(".course-figure").wait_for()
    [again] = page.figures()
    again.wait_for_frame(0)
    assert (again.fingerprint(), again.summary) == seen
    assert again.slide("slope", "Home") != seen
    assert again.root.evaluate(DIFFERENCE) < 0.002


def test_dark_theme(page: Page, small: Figure) -> None:
    page.page.evaluate(
        """window.jupyterapp.commands.execute('apputils:change-theme',
             { theme: 'JupyterLab Dark' })"""
    )
    page.page.wait_for_timeout(1500)
    assert violations(page, small) == []


PIXELS = "canvas => [canvas.width, canvas.getBoundingClientRect().width]"


def test_a_picture_is_drawn_for_the_room_it_has(page: Page, folder: Path) -> None:
    code = "from course_lib.widgets import nudge_size\nnudge_size()"
    page.open(write(folder, "wide.ipynb", code))
    page.run_all()
    [figure] = page.figures()
    for width, least, most in ((1700, 998, 998), (1300, 700, 950), (700, 300, 360)):
        page.page.set_viewport_size({"width": width, "height": 900})
        page.page.wait_for_timeout(1500)
        figure.show()
        drawn, shown = figure.canvas.evaluate(PIXELS)
        assert drawn == pytest.approx(shown, abs=0.5), "a pixel for a pixel"
        assert least <= drawn <= most
        wider = figure.root.evaluate("root => root.scrollWidth > root.clientWidth")
        assert not wider
        assert figure.problem == ""
    seen = figure.canvas.bounding_box()
    assert seen is not None
    assert seen["height"] > seen["width"], "one panel below the other"
    assert page.console_errors == []


def test_the_controls_stay_where_they_are_when_the_words_change(
    page: Page, folder: Path
) -> None:
    code = """\
from course_lib.widgets import InteractiveFigure
from course_lib.widgets.controls import Slider
n = Slider("n", "n", [9, 90, 10], 9)
InteractiveFigure("words", "Words", lambda ax, n: "word " * n, [n])"""
    page.open(write(folder, "words.ipynb", code))
    page.run_all()
    [figure] = page.figures()
    controls = figure.root.locator(".controls")
    places = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Home"):
        figure.slide("n", key)
        where = controls.bounding_box()
        at = figure.canvas.bounding_box()
        assert where is not None
        assert at is not None
        places.append(where["y"] - at["y"])
    assert len(set(places)) == 1, "as soon as there was room for the longest"


def test_without_a_widget_front_end_a_still_stands_and_no_error(
    chromium: Browser, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write(folder, "plain.ipynb", SMALL)
    off = {"disabledExtensions": {"@jupyter-widgets/jupyterlab-manager": True}}
    settings = tmp_path / "etc" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "page_config.json").write_text(json.dumps(off))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "etc"))
    with driver.jupyterlab(folder) as server:
        page = Page(chromium, server)
        page.open(name)
        page.run_all()
        assert page.errors() == []
        assert page.page.locator(".course-figure").count() == 0
        line = page.page.get_by_text("A small figure: an interactive figure")
        line.wait_for()
        still = page.page.locator("figure img[alt^='A small figure. ']")
        assert still.evaluate("one => one.naturalWidth") > 300
        assert page.page.locator(".jp-RenderedText", has_text="Error").count() == 0
        page.close()


# --- the progress panel -------------------------------------------------------------


def test_answers_are_downloaded_and_uploaded_and_other_files_refused(
    page: Page, folder: Path, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    home = "import os; os.environ['COURSE_LIB_HOME'] = {!r}"
    answer = "journal.save_answer('loss.mse', 'correct', 'x = 1', 'x')"
    first = f"from course_lib.exercises import journal; {answer}"
    panel = "from course_lib import widgets; widgets.progress_panel()"
    cells = [home.format(str(here)), first, panel, home.format(str(there)), panel]
    page.open(write(folder, "progress.ipynb", *cells))
    page.run_cells([0, 1, 2, 4])
    shown = page.page.locator(".course-progress").first
    saved: list[object] = []
    page.page.on("download", lambda one: saved.append(one))
    said = shown.get_by_role("status")
    with page.page.expect_download() as download:
        shown.get_by_role("button", name="Download progress").click()
    mine = tmp_path / "mine.jsonl"
    download.value.save_as(mine)
    assert download.value.suggested_filename.startswith("course-progress-20")
    assert mine.read_bytes() == (here / "progress.jsonl").read_bytes() != b""
    page.run_cells([3])
    assert not there.exists()

    def upload(name: str, data: bytes, told: str) -> None:
        file = tmp_path / name
        file.write_bytes(data)
        with page.page.expect_file_chooser() as chooser:
            shown.get_by_role("button", name="Upload progress").click()
        chooser.value.set_files(file)
        expect(said).to_contain_text(f"{name}{told}")

    upload("huge.jsonl", bytes(50_000_000), " is too large for a progress file")
    upload("photo.jsonl", b"\x89PNG", " is not a progress file: no entry found in it.")
    upload("cut.jsonl", mine.read_bytes()[:-30], " holds no entry that can be used")
    assert not there.exists()
    shown.get_by_role("button", name="Download progress").click()
    expect(said).to_have_text(
        "There is nothing to save: no answer has been checked yet."
    )
    upload("mine.jsonl", mine.read_bytes(), "")
    expect(said).to_contain_text("1 answer added from mine.jsonl.")
    assert (there / "progress.jsonl").read_bytes() == mine.read_bytes()
    for panel_shown in page.page.locator(".course-progress").all():
        row = panel_shown.locator("tr", has_text="01_loss")
        expect(row).to_contain_text("1 of ")
    assert len(saved) == 1, "two cells show the panel, and one was asked"
    found = Axe().run(page.page, context=[".course-progress"])
    assert [one["id"] for one in found.response["violations"]] == []
    page.run_cells([4])  # the kernel is still there
    assert page.errors() == []
    assert page.console_errors == []
