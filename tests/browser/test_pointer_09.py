"""The pictures of notebook 09, held by a pointer, and driven alike by keyboard."""

from __future__ import annotations

from tests.browser.pointing import Pair

CODE = """from course_lib import widgets
from course_lib.array import GPTConfig
from course_lib.data.sets import Exchange
from course_lib.data.tokenizer import CharTokenizer
from course_lib.lessons.assistant import Chat, Drift

store = ["a fox is a mammal", "an oak is a tree", "a robin is a bird", "a wheel is red"]
asked = [Exchange("taught", "what is a fox?", "a mammal")]
runs = {
    beta: [Drift(0, 0.0, 0.0, 0.8, "a"), Drift(5, 3 / beta, 0.9, 1 - beta, "b")]
    for beta in (0.05, 0.5)
}
tokenizer = CharTokenizer(["abcdefghijklmnopqrstuvwxyz ?<>[]"])
lab = Chat(tokenizer, GPTConfig(tokenizer.vocab_size, block_size=64, n_embd=16))
model = lab.train(store, 3, seed=1)"""
FIGURES = (
    "widgets.fine_tune_mask(lab, {'base model': model}, asked)",
    "widgets.reward_against_drift(runs)",
    "widgets.editable_store(lab, model, store, 'what is a fox?')",
)


def test_a_character_under_the_mouse_is_looked_at(shown: dict[str, Pair]) -> None:
    mask = shown["fine_tune_mask"]
    words = mask.root.locator("pre")
    mask.point(*mask.place(0, 4), press=False)
    assert mask.shows("token") == "5"
    by_mouse = words.inner_text()
    assert by_mouse.splitlines()[0].endswith("“<wha”")
    mask.point(*mask.place(0, 7))
    assert mask.focused() == "token"
    mask.press("ArrowLeft", "ArrowLeft", "-")
    assert (mask.shows("token"), words.inner_text()) == ("5", by_mouse)


def test_a_point_of_a_run_is_clicked(shown: dict[str, Pair]) -> None:
    runs = shown["reward_against_drift"]
    first = runs.summary
    assert first.startswith("β = 0.5, step 0: ")
    runs.point(*runs.place(0, 3))  # the end of the other run
    clicked = runs.summary
    assert clicked.startswith("β = 0.05, step 5: ")
    beta = runs.control("beta").locator("select")
    assert beta.evaluate("select => select.selectedOptions[0].text") == "0.05"
    assert runs.shows("step") == "5"
    runs.slide("step", "Home")
    runs.slide("step", "End")
    assert runs.summary == clicked


def test_a_sentence_is_asked_about(shown: dict[str, Pair]) -> None:
    store = shown["editable_store"]
    first = store.summary
    question = store.control("question").locator("input")
    asked = store.handles()[0]["sets"][0]["names"]
    store.point(*store.place(0, 2))
    assert question.input_value() == asked[2]
    assert asked[2].removeprefix("what is ")[:-1] in store.summary
    question.fill("what is a fox?")
    question.press("Tab")
    store.page.wait_for_timeout(400)
    store.wait_for_response()
    assert store.summary == first
