"""The pictures of notebook 09 that answer."""

from __future__ import annotations

import math
from collections.abc import Iterator

import jax
import numpy as np
import pytest
from matplotlib.colors import to_hex

from course_lib import widgets
from course_lib.array import GPTConfig
from course_lib.data.sets import Exchange
from course_lib.data.tokenizer import CharTokenizer
from course_lib.lessons.assistant import Chat, Drift, fingerprint, prompt
from course_lib.plots.parts import cut, fine_percent
from course_lib.plots.style import COLOURS
from course_lib.training import ArrayEngine
from course_lib.widgets import assistant
from course_lib.widgets.controls import Choice, Field
from course_lib.widgets.figure import InteractiveFigure
from tests.widgets.checks import check_figure, click, ends, handles, places_of

STORE = [
    *("a fox is a mammal", "an oak is a tree", "a robin is a bird"),
    *("a canoe is a boat", "a wheel is a machine part", "a daisy is a flower"),
]
ASKED = [
    Exchange("taught", f"what is {s.partition(' is ')[0]}?", s.partition(" is ")[2])
    for s in STORE[:4]
]
EXCHANGES = [prompt(row.question) + row.answer for row in ASKED]
RUNS = {
    0.02: [
        Drift(0, 0.0, 0.0, 0.78, "<what is a fox?>a mammal"),
        Drift(8, 24.6, 0.9, 0.7, "<what is a fox?>it is a mammal"),
        Drift(64, 142.7, 0.17, 0.0, "<what is a fox?>iit is a itie is a mit is a mit"),
    ],
    0.1: [
        Drift(0, 0.0, 0.0, 0.78, "<what is a fox?>a mammal"),
        Drift(8, 3.4, 0.4, 0.76, "<what is a fox?>a mammal"),
        Drift(64, 34.9, 0.97, 0.69, "<what is a fox?>it is a mammal"),
    ],
}


@pytest.fixture(autouse=True, scope="module")
def rank_promotion() -> Iterator[None]:
    """The taught model adds its positions to every row of a batch."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(scope="module")
def lab() -> Chat:
    tokenizer = CharTokenizer(["abcdefghijklmnopqrstuvwxyz ?<>[]"])
    config = GPTConfig(tokenizer.vocab_size, block_size=64, n_head=2, n_embd=16)
    return Chat(tokenizer, config)


@pytest.fixture(scope="module")
def models(lab: Chat) -> dict[str, ArrayEngine]:
    base = lab.train(STORE, 40, seed=1)
    return {
        "base model": base,
        "loss on everything": lab.train(EXCHANGES, 80, 1, base),
        "loss on the answer": lab.fine_tune(base, EXCHANGES, 80, 1, 0.02),
    }


@pytest.fixture(scope="module")
def reader(lab: Chat) -> ArrayEngine:
    texts = [
        prompt(row.question, f"{row.question[8:-1]} is {other.answer}") + other.answer
        for row in ASKED
        for other in ASKED
    ]
    return lab.fine_tune(lab.train(STORE, 40, seed=1), texts, 150, 1, 0.02)


@pytest.fixture
def mask(lab: Chat, models: dict[str, ArrayEngine]) -> InteractiveFigure:
    return widgets.fine_tune_mask(lab, models, ASKED)


@pytest.fixture
def store(lab: Chat, reader: ArrayEngine) -> InteractiveFigure:
    return widgets.editable_store(lab, reader, STORE, "what is a fox?")


def choose(figure: InteractiveFigure, **values: object) -> None:
    """Choose by value."""
    stops = {k: figure._controls[k].selected_for(v) for k, v in values.items()}
    figure.select(**stops)
    assert figure.values == {**figure.values, **values}


def words(figure: InteractiveFigure, panel: int) -> list[str]:
    return [text.get_text() for text in figure._renderer.axes[panel].texts]


# --- what a fine-tune learned from ----------------------------------------------------


def test_masks_and_answers(mask: InteractiveFigure) -> None:
    check_figure(mask)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("base model", ["read, not learned", "read, not learned"]),
        ("loss on everything", ["learned", "learned"]),
        ("loss on the answer", ["read, not learned", "learned"]),
    ],
)
def test_each_model_has_the_mask_of_its_name(
    mask: InteractiveFigure, model: str, said: list[str]
) -> None:
    choose(mask, model=model)
    turns = [text.split(": ")[1] for text in words(mask, 0) if ": " in text]
    assert turns == said
    assert mask.summary.startswith(model.capitalize())


@pytest.mark.parametrize("name", ["base model", "loss on the answer"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_shares_are_the_probabilities_of_the_model(
    lab: Chat,
    models: dict[str, ArrayEngine],
    mask: InteractiveFigure,
    temperature: float,
    name: str,
) -> None:
    """Against the share of as many samples, and at 1 the log-probability itself."""
    row, model = ASKED[2], models[name]
    choose(mask, model=name, question=2, temperature=temperature)
    drawn = lab.answer(model, [prompt(row.question)] * 512, temperature, seed=4)
    texts = [answer.text for answer in drawn]
    found = assistant._candidates(lab, model, ASKED)[2]
    shares = dict(
        zip(found.answers, assistant._shares(found, temperature), strict=True)
    )
    for answer, share in shares.items():
        deviation = np.sqrt(share * (1 - share) / 512)
        assert texts.count(answer) / 512 == pytest.approx(
            share, abs=4.5 * deviation + 1e-3
        )
    assert sum(shares.values()) < 1 + 1e-6
    if temperature == 1:  # log_probs counts from the last mark on
        plain = [answer for answer in shares if ">" not in answer]
        given = [prompt(row.question) + answer for answer in plain]
        exact = np.exp(lab.log_probs(model, given))
        ours = [shares[answer] for answer in plain]
        assert ours == pytest.approx([*exact], rel=2e-3, abs=1e-12)
    right = mask.summary.split("the right one has ")[-1]
    best = max(shares, key=lambda answer: shares[answer])
    assert f"“{best}” is likeliest" in mask.summary
    assert ("which is right" in right) is (best == row.answer)


def test_at_temperature_0_one_answer_has_all(
    lab: Chat, models: dict[str, ArrayEngine], mask: InteractiveFigure
) -> None:
    for name, model in models.items():
        choose(mask, model=name, question=1, temperature=0.0)
        (said,) = lab.answer(model, [prompt(ASKED[1].question)])
        shown = words(mask, 1)
        assert shown[0] == "100 %"
        assert len(shown) == 4  # it, and all others together
        assert (
            f"“{cut(said.text, assistant.LONGEST)}” is likeliest (100 %)"
            in mask.summary
        )


def test_the_right_answer_has_the_colour(mask: InteractiveFigure) -> None:
    choose(mask, model="loss on the answer", question=0, temperature=1.0)
    shown = words(mask, 1)[1::2]
    (bars,) = mask._renderer.axes[1].collections
    faces = [to_hex(face).upper() for face in bars.get_facecolor()]
    assert [face == COLOURS["value"] for face in faces] == [
        answer == "a mammal" for answer in shown
    ]
    assert COLOURS["value"] in faces


def test_losses_are_those_of_the_right_exchange(
    lab: Chat, models: dict[str, ArrayEngine], mask: InteractiveFigure
) -> None:
    choose(mask, model="loss on everything", question=3)
    each = assistant._right_losses(
        assistant._candidates(lab, models["loss on everything"], ASKED)[3]
    )
    assert len(each) == len(EXCHANGES[3]) + 1
    assert each.mean() == pytest.approx(
        lab.loss(models["loss on everything"], EXCHANGES[3:4]), rel=1e-3
    )
    mean = each[-len(ASKED[3].answer) - 1 :].mean()
    assert mask.summary.endswith(f"right answer: {mean:.2f} nats per character.")


def test_a_character_under_the_pointer_says_what_was_expected(
    lab: Chat, models: dict[str, ArrayEngine], mask: InteractiveFigure
) -> None:
    choose(mask, model="loss on everything", question=1)
    (look,) = handles(mask)
    assert look["hover"]
    places = places_of(look["sets"][0])
    targets = [*EXCHANGES[1], "bos"]
    assert len(places) == len(targets) == ends(mask)["token"] + 1
    some = assistant._candidates(lab, models["loss on everything"], ASKED)[1]
    losses = assistant._right_losses(some)
    for k in (0, 9, len(targets) - 1):
        click(mask, *places[k])
        assert mask.values["token"] == k
        after, expects, gives = mask.text.splitlines()
        before = "".join(targets[:k])
        assert after.split("  ")[-1].strip() == (f"“{before}”" if before else "nothing")
        assert gives.endswith(f"{losses[k]:.2f} nats")
        name = {" ": "the space", "bos": "the end"}.get(targets[k], targets[k])
        assert f" {name} {fine_percent(math.exp(-losses[k]))}:" in gives
        if losses[k] < 0.1:
            assert expects.startswith(f"it expects  {name} ")


def test_tokens_beyond_the_end_are_the_end(mask: InteractiveFigure) -> None:
    last = len(mask._controls["token"].spec()["texts"]) - 1
    shortest = min(range(len(ASKED)), key=lambda i: len(EXCHANGES[i]))
    mask.select(question=shortest, token=last)
    assert ends(mask)["token"] == len(EXCHANGES[shortest]) < last
    seen = mask.strokes, mask.text
    mask.select(token=len(EXCHANGES[shortest]))
    assert (mask.strokes, mask.text) == seen


def test_a_model_without_a_mask_is_refused(
    lab: Chat, models: dict[str, ArrayEngine]
) -> None:
    with pytest.raises(ValueError, match="no mask for 'mine': expected 'base model', "):
        widgets.fine_tune_mask(lab, {"mine": models["base model"]}, ASKED)


# --- preferences ----------------------------------------------------------------------


def test_beta_and_step() -> None:
    check_figure(widgets.reward_against_drift(RUNS))


def test_the_summary_has_the_numbers_of_the_run() -> None:
    figure = widgets.reward_against_drift(RUNS)
    choose(figure, beta=0.02, step=64)
    assert figure.summary == (
        "β = 0.02, step 64: drift 142.7 nats per answer, 17 % in the manner asked for, "
        "0 % right. It answers: “<what is a fox?>iit is a itie is a mit is a mit”."
    )


def test_both_dots_stand_at_the_step_chosen() -> None:
    figure = widgets.reward_against_drift(RUNS)
    choose(figure, beta=0.1, step=8)
    dots = [ax.lines[-1] for ax in figure._renderer.axes]
    at = [(*dot.get_xdata(), *dot.get_ydata()) for dot in dots]
    assert at == [(3.4, 0.4), (3.4, 0.76)]


def test_the_axes_stay_while_beta_and_step_change() -> None:
    figure = widgets.reward_against_drift(RUNS)
    seen = set()
    for beta in RUNS:
        for step in (0, 8, 64):
            choose(figure, beta=beta, step=step)
            seen |= {(*ax.get_xlim(), *ax.get_ylim()) for ax in figure._renderer.axes}
    assert len(seen) == 1


def test_a_point_of_a_run_sets_beta_and_step() -> None:
    figure = widgets.reward_against_drift(RUNS)
    for panel in (0, 1):
        for beta, run in RUNS.items():
            for row in (1, 2):
                handle = handles(figure)[panel]
                places = figure._renderer.axes[panel].transData.transform(
                    (run[row].kl, (run[row].manner, run[row].right)[panel])
                )
                height = figure.picture["size"][1]
                given = places_of(handle["sets"][0])
                near = np.hypot(*(given - [places[0], height - places[1]]).T)
                assert near.min() < 0.2
                click(figure, places[0], height - places[1])
                assert figure.values == {"beta": beta, "step": run[row].step}
    for beta in RUNS:  # all begin at one point: there the run stays as it is
        choose(figure, beta=beta, step=64)
        start = places_of(handles(figure)[1]["sets"][0])[0]
        click(figure, *start)
        assert figure.values == {"beta": beta, "step": 0}


def test_runs_must_be_measured_at_the_same_steps() -> None:
    for runs in ({}, {0.1: RUNS[0.1], 0.5: RUNS[0.1][:2]}):
        with pytest.raises(ValueError, match="at the same steps"):
            widgets.reward_against_drift(runs)


# --- a store of facts -----------------------------------------------------------------


def test_a_store_is_edited(store: InteractiveFigure) -> None:
    check_figure(store)


def test_a_changed_fact_changes_the_answer_and_no_weight(
    store: InteractiveFigure, reader: ArrayEngine
) -> None:
    weights = fingerprint(reader.params)[:8]
    said = f"The weights have not moved: their fingerprint is {weights}."
    assert store.summary.startswith(
        "It reads “a fox is a mammal” and answers “a mammal” ("
    )
    assert store.summary.endswith(said)
    choose(store, kind="a boat")
    assert store.summary.startswith("It reads “a fox is a boat” and answers “a boat” (")
    assert store.summary.endswith(said)
    assert words(store, 0)[1] == "a fox is a boat"
    assert words(store, 1)[0] == "[a fox is a boat]<what is a fox?>"
    assert store.text.splitlines() == [
        "the store says   a fox is a boat",
        "it said before   a fox is a mammal",
    ]


def test_the_fact_that_changes_is_the_one_asked_for(
    store: InteractiveFigure,
) -> None:
    choose(store, question="what is an oak?", kind="a boat")
    assert store.summary.startswith("It reads “an oak is a boat” and answers “")
    assert store.text.splitlines() == [
        "the store says   an oak is a boat",
        "it said before   an oak is a tree",
    ]
    choose(store, kind="as it stands")
    assert store.text == "the store says   an oak is a tree"


def test_a_click_on_a_sentence_asks_about_it(store: InteractiveFigure) -> None:
    for row in (1, 3, 2):
        shown = words(store, 0)[2 * row + 1]
        (ask,) = handles(store)
        click(store, *places_of(ask["sets"][0])[row])
        assert store.values["question"] == f"what is {shown.partition(' is ')[0]}?"
        assert words(store, 0)[1] == shown  # now the nearest
    store.select(added="what a day")  # says nothing about anything
    (ask,) = handles(store)
    assert len(ask["sets"][0]["states"]) in (4, 5)
    assert not store.problem
    choose(store, searching=False)
    assert handles(store) == []


def test_without_a_search_nothing_is_read(
    store: InteractiveFigure, lab: Chat, reader: ArrayEngine
) -> None:
    choose(store, kind="a boat", searching=False)
    (said,) = lab.answer(reader, ["<what is a fox?>"])
    assert store.summary.startswith(f"It reads no fact and answers “{said.text}” (")
    assert words(store, 0) == ["nothing is searched: it answers from its weights"]
    assert words(store, 1)[0] == "<what is a fox?>"


def test_the_answer_and_its_probability_are_those_of_the_lesson(
    store: InteractiveFigure, lab: Chat, reader: ArrayEngine
) -> None:
    for row in ASKED:
        choose(store, question=row.question)
        given = words(store, 1)[0]
        (said,) = lab.answer(reader, [given])
        assert words(store, 1)[1] == said.text
        share = fine_percent(said.probability)
        assert f"“{said.text}” ({share})" in store.summary


def test_an_added_fact_is_found_first(store: InteractiveFigure) -> None:
    store.select(question="what is a snunk?", added="a snunk is a tree")
    assert store.summary.startswith("It reads “a snunk is a tree” and answers “")
    assert store.text.endswith("it says as well  a snunk is a tree")
    store.select(question="what is a fox?", added="a fox is a tree")
    assert "a fox is a tree" in store.summary  # as near as the other, which is older


def test_a_question_with_no_word_in_common_finds_nothing(
    store: InteractiveFigure,
) -> None:
    for question in ("", "xyz"):
        store.select(question=question)
        assert not store.problem
        assert store.summary.startswith("It reads no fact")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("question", "What is a fox?", "unknown character 'W': this vocabulary has"),
        ("added", "a fox is 1", "unknown character '1': this vocabulary has"),
        ("question", "what is <", "'<' marks the turns of an exchange: write without"),
        ("added", "a ] is a", "']' marks the turns of an exchange: write without"),
        ("added", "a > is a", "'>' marks the turns of an exchange: write without"),
        ("added", "a [ is a", "'[' marks the turns of an exchange: write without"),
        ("question", "a" * 41, "question: at most 40 characters."),
    ],
)
def test_what_cannot_be_read_gets_one_line(
    store: InteractiveFigure, field: str, text: str, said: str
) -> None:
    before = store.summary
    store.select(**{field: text})
    assert store.problem.startswith(said)
    assert "\n" not in store.problem
    assert store.summary == before


def test_a_prompt_without_room_for_an_answer_gets_one_line(
    store: InteractiveFigure,
) -> None:
    store.select(question="what is a " + "fox " * 7, added="a fox is a " + "fox " * 6)
    assert store.problem == (
        "this prompt has 77 characters and leaves no room for an answer: it must be "
        "shorter than 64."
    )


def test_weights_that_moved_are_not_said_to_stay(
    lab: Chat, reader: ArrayEngine
) -> None:
    moving = ArrayEngine(dict(reader.params), lab.config)
    figure = widgets.editable_store(lab, moving, STORE, "what is a fox?")
    moving.params["wpe"] = moving.params["wpe"] + 1
    figure.redraw()
    assert "The weights have moved" in figure.summary


def test_the_kinds_of_the_store_are_the_choice(store: InteractiveFigure) -> None:
    kinds = store._controls["kind"]
    assert isinstance(kinds, Choice)
    assert list(kinds.options)[1:] == sorted(s.partition(" is ")[2] for s in STORE)
    asked = store._controls["question"]
    assert isinstance(asked, Field)
    assert "what is a fox?" not in asked.examples
