"""The next token and the attention of notebook 06, without a browser."""

from __future__ import annotations

import random
from collections.abc import Iterator

import jax
import numpy as np
import pytest

from course_lib import array, training, widgets
from course_lib.data import load_names
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training import ArrayEngine, ScalarEngine
from course_lib.widgets.figure import MEMORY
from tests.widgets.checks import check_figure, click, ends, handles, places_of

TOKENIZER = CharTokenizer(load_names())
CONFIG = array.GPTConfig(TOKENIZER.vocab_size)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Each test begins anew."""
    with jax.numpy_rank_promotion("allow"):
        MEMORY.clear()
        yield
        MEMORY.clear()


@pytest.fixture(scope="module")
def model() -> ArrayEngine:
    """A model that has learned a little."""
    with jax.numpy_rank_promotion("allow"):
        engine = ArrayEngine.start(random.Random(42), CONFIG)
        list(training.train(engine, page_rows(), training.linear(0.01, 500), 500))
    return engine


def page_rows() -> np.ndarray:
    """The names of the page, in its order."""
    names = load_names()
    random.Random(42).shuffle(names)
    return training.pack(training.split(names, 0.1)[0], TOKENIZER, 16)


# --- the next token -----------------------------------------------------------------


def test_the_next_token(model: ArrayEngine) -> None:
    figure = widgets.next_token(model)
    check_figure(figure)
    figure.select(text="mar", temperature=20)
    assert figure.values["temperature"] == 1.0
    logits = array.next_logits(model.params, [26, 12, 0, 17], CONFIG)
    shares = array.probabilities(logits)
    top = TOKENIZER.chars[shares.argmax()]
    assert figure.summary.startswith(
        f"After mar, at temperature 1, {top} is likeliest ({100 * shares.max():.0f} %)"
    )
    unsure = np.exp(-(shares * np.log(shares)).sum())
    assert figure.summary.endswith(f"among {unsure:.1f} equal tokens.")
    rng = np.random.default_rng(0)
    drawn = [
        array.generate(rng, model.params, CONFIG, [26, 12, 0, 17]) for _ in range(6)
    ]
    assert sorted(figure.text.split()) == sorted(map(TOKENIZER.decode, drawn))
    before = figure.text
    figure.select(seed=1)
    assert figure.text != before
    figure.select(seed=0)
    assert figure.text == before


def test_hollow_bars_stay_those_of_temperature_1(model: ArrayEngine) -> None:
    figure = widgets.next_token(model)
    figure.select(text="mar", temperature=40)
    logits = array.next_logits(model.params, [26, 12, 0, 17], CONFIG)
    [hollow] = figure._renderer.axes.lines
    heights = np.reshape(hollow.get_ydata(), (-1, 5))[:, 1]
    np.testing.assert_allclose(heights, array.probabilities(logits), rtol=1e-6)


def test_at_temperature_0_it_writes_one_name(model: ArrayEngine) -> None:
    figure = widgets.next_token(model)
    figure.select(text="mar", temperature=0)
    assert figure.summary.startswith("After mar, at temperature 0, always ")
    assert figure.summary.endswith("As unsure as among 1.0 equal tokens.")
    assert len(set(figure.text.split())) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mar", "unknown character 'M': this vocabulary has 'abc"),
        ("x" * 16, f"'{'x' * 16}' has 16 letters: this model reads 15 at most."),
    ],
)
def test_what_cannot_be_read_gets_one_line(
    model: ArrayEngine, text: str, said: str
) -> None:
    figure, look = widgets.next_token(model), widgets.attention(model)
    figure.select(text=text)
    look.select(word=text)
    assert figure.problem.startswith(said)
    assert look.problem.startswith(said)
    figure.select(text="x" * 15)
    look.select(word="x" * 15)
    assert figure.problem == look.problem == ""


def test_models_of_both_engines_and_a_console_will_do(model: ArrayEngine) -> None:
    by_hand = ScalarEngine.restore(model.state(), CONFIG)
    assert widgets.next_token(by_hand).summary == widgets.next_token(model).summary
    untrained = widgets.next_token(widgets.training_console())
    assert float(untrained.summary.split()[-3]) == pytest.approx(27, abs=3)


# --- attention ----------------------------------------------------------------------


def test_attention(model: ArrayEngine) -> None:
    figure = widgets.attention(model)
    check_figure(figure)
    tokens = TOKENIZER.document("clara")[:-1]
    figure.select(word="clara", head=2, read=4)
    row = array.attention_maps(model.params, tokens, CONFIG)[0, 2, 4, :5]
    assert figure.summary.startswith("Head 3: letter 4, r, looks at ")
    assert f"({100 * row.max():.0f} %)" in figure.summary
    names = ["bos", "letter 1, c", "letter 2, l", "letter 3, a", "itself"]
    best, next_best = (names[i] for i in np.argsort(-row)[:2])
    assert f"looks at {best} (" in figure.summary
    assert f"then {next_best} (" in figure.summary
    figure.select(word="")
    assert figure.problem == "there is nothing to read: type a name, such as clara."


def test_a_click_on_a_bar_appends_its_token(model: ArrayEngine) -> None:
    figure = widgets.next_token(model)
    figure.select(text="ma")
    for letter in "zra":  # the bars stand at the same places after each
        bar = TOKENIZER.chars.index(letter)
        (handle,) = handles(figure)
        x = places_of(handle["sets"][0])[bar, 0]
        assert handle["sets"][0]["names"][bar] == f"append {letter}"
        before = figure.values["text"]
        click(figure, x, handle["area"][1] + handle["area"][3] - 2)  # on the letter
        assert figure.values["text"] == before + letter
    (handle,) = handles(figure)
    click(figure, places_of(handle["sets"][0])[-1, 0], handle["area"][1] + 5)
    assert figure.values["text"] == ""
    figure.select(text="x" * 15)  # as long as the model reads: it can only end
    (handle,) = handles(figure)
    assert handle["sets"][0]["states"] == [""]
    assert figure.problem == ""


def test_positions_after_the_last_letter_show_the_last(model: ArrayEngine) -> None:
    figure = widgets.attention(model)
    assert ends(figure) == {"read": 5}
    at_the_end, said = figure.strokes, figure.summary
    assert said.startswith("Head 1: letter 5, a, looks at ")
    figure.select(read=5)
    assert (figure.strokes, figure.summary) == (at_the_end, said)
    figure.select(word="yu")
    assert figure.summary.startswith("Head 1: letter 2, u, looks at ")


def test_a_letter_is_read_under_the_pointer_and_a_row_when_clicked(
    model: ArrayEngine,
) -> None:
    figure = widgets.attention(model)
    letters, rows = handles(figure)
    assert letters["hover"]
    left, top, width, height = letters["area"]
    for k in (0, 3, 5):
        middle = left + (k + 0.5) / 6 * width  # of its column of the map
        click(figure, middle, top + 5)
        assert figure.values["read"] == k
    bottom = top + height  # where the map begins
    assert rows["area"][:3] == pytest.approx([left, top, width], abs=0.1)
    for k in (5, 1, 0):
        click(figure, left + 5, bottom + (k + 0.5) / 6 * (rows["area"][3] - height))
        assert figure.values["read"] == k


def test_attention_of_several_layers() -> None:
    deep = array.GPTConfig(27, n_layer=2, n_head=2, n_embd=8)
    figure = widgets.attention(ArrayEngine.start(random.Random(0), deep))
    check_figure(figure)
    assert list(figure._controls["head"].options) == [  # type: ignore[attr-defined]
        "layer 1, head 1",
        "layer 1, head 2",
        "layer 2, head 1",
        "layer 2, head 2",
    ]
