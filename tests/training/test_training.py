"""The loop, its batches, schedules and engines: the reference run, to the digit."""

from __future__ import annotations

import gc
import inspect
import math
import random
import subprocess
import sys
import tracemalloc
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest

from course_lib import array, scalar
from course_lib.bounds import BOUNDS
from course_lib.data.tokenizer import CharTokenizer
from course_lib.training import (
    ArrayEngine,
    DivergedError,
    Engine,
    Record,
    Run,
    ScalarEngine,
    Settings,
    constant,
    cosine,
    count_targets,
    linear,
    mean_loss,
    pack,
    sample_parts,
    sample_texts,
    samples,
    split,
    take,
    train,
    unpad,
    warmup,
)
from course_lib.training.run import memory_needed
from course_lib.training.sampling import CUT, first_tokens

SOME_NAMES = (
    "ada alan alonzo barbara blaise charles claude dennis donald dorothy edsger "
    "frances geoffrey grace hedy ida jean john katherine ken kurt leslie margaret "
    "marvin niklaus radia rosalind seymour sophie tim yann yoshua"
)
NAMES = SOME_NAMES.split()


@pytest.fixture(autouse=True, scope="module")
def _broadcasting() -> Iterator[None]:
    """Let a batch of documents meet the one table of positions."""
    with jax.numpy_rank_promotion("allow"):
        yield


def losses(run: Run, stop_after: int | None = None) -> list[float]:
    return [record.loss for record in run.records(stop_after)]


# Batches and schedules


def test_rows_are_documents_between_two_bos_cut_or_filled_up() -> None:
    tokenizer = CharTokenizer(["abc"])
    rows = pack(["ab", "", "abcabc"], tokenizer, block_size=4)
    assert rows.tolist() == [[3, 0, 1, 3, -1], [3, 3, -1, -1, -1], [3, 0, 1, 2, 0]]
    assert rows.dtype == np.int32
    assert count_targets(rows).tolist() == [3, 1, 4]
    assert unpad(rows[0]) == tokenizer.document("ab")


def test_a_document_that_just_fits_keeps_its_end() -> None:
    tokenizer = CharTokenizer(["abc"])
    assert pack(["abc"], tokenizer, block_size=4).tolist() == [[3, 0, 1, 2, 3]]


def test_each_step_takes_the_next_rows_and_wraps_around() -> None:
    rows = np.arange(5)[:, None] * np.ones((1, 3), int)
    assert take(rows, range(4, 7))[:, :, 0].tolist() == [[4], [0], [1]]
    batches = take(rows, [0, 1, 2], batch_size=2)
    assert batches.shape == (3, 2, 3)
    assert batches[:, :, 0].tolist() == [[0, 1], [2, 3], [4, 0]]


def test_validation_documents_come_from_the_end() -> None:
    assert split("abcdefghij", 0.2) == ("abcdefgh", "ij")
    assert split("abc", 0) == ("abc", "")
    with pytest.raises(ValueError, match="no document to train on"):
        split("abc", 0.9)
    with pytest.raises(ValueError, match="no document for validation"):
        split("abc", 0.1)


def test_schedules() -> None:
    assert [constant(0.1, 4)(step) for step in range(4)] == [0.1] * 4
    assert [linear(0.01, 4)(step) for step in (0, 1, 2)] == [0.01, 0.0075, 0.005]
    assert [cosine(1.0, 4)(step) for step in (0, 2)] == pytest.approx([1.0, 0.5])
    rates = [warmup(1.0, 100)(step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * n for n in range(1, 11)])
    assert max(rates) == rates[9] == rates[10] == 1.0
    assert sorted(rates[10:], reverse=True) == rates[10:]
    assert rates[-1] < 0.001
    assert warmup(1.0, 1)(0) == 1.0


# The reference


def test_the_run_is_made_as_the_reference_makes_it() -> None:
    run = Run(NAMES, Settings(engine="scalar"))
    rng = random.Random(42)
    documents = list(NAMES)
    rng.shuffle(documents)
    tokenizer = CharTokenizer(NAMES)
    config = scalar.GPTConfig(tokenizer.vocab_size)
    params = scalar.init_gpt(rng, config)
    assert [unpad(row) for row in run.rows] == [
        tokenizer.document(document) for document in documents
    ]
    drawn = [weight.data for weight in scalar.parameters(params)]
    assert [weight.data for weight in run.engine.weights] == drawn
    assert run.settings.learning_rates()(3) == 0.01 * (1 - 3 / 1000)


def test_the_first_step_is_adam_on_the_loss_of_the_first_document() -> None:
    run = Run(NAMES, Settings(engine="scalar"))
    rng = random.Random(42)
    documents = list(NAMES)
    rng.shuffle(documents)
    params = scalar.init_gpt(rng, run.config)
    weights = scalar.parameters(params)
    document = run.tokenizer.document(documents[0])
    loss = scalar.loss_fn(params, document, run.config)
    loss.backward()
    length = math.sqrt(sum(weight.grad**2 for weight in weights))
    scalar.adam_update(weights, scalar.adam_init(weights), 0.01, 0.85, 0.99, 1e-8)
    record = next(run.records())
    assert record == (
        1,
        loss.data,
        0.01,
        pytest.approx(length),
        len(document) - 1,
        None,
    )
    assert [w.data for w in run.engine.weights] == [w.data for w in weights]


def test_the_losses_of_the_reference_run_on_a_short_list() -> None:
    shown = [f"{loss:.4f}" for loss in losses(Run(NAMES), 5)]
    assert shown == ["3.1204", "3.2186", "3.2033", "2.9707", "3.0695"]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(steps=40),
        Settings(steps=8, n_layer=2, n_head=2, n_embd=8, block_size=5, batch_size=3),
        Settings(steps=4, schedule="warmup", n_embd=4, block_size=5, batch_size=7),
    ],
    ids=["reference", "other sizes", "larger batch than documents"],
)
def test_both_engines_tell_the_same_story(settings: Settings) -> None:
    names = NAMES if settings.batch_size < 7 else NAMES[:5]
    by_array = list(Run(names, settings).records())
    by_hand = list(Run(names, _scalar(settings)).records())
    assert [r.step for r in by_array] == list(range(1, settings.steps + 1))
    for a, b in zip(by_array, by_hand, strict=True):
        assert (a.step, a.learning_rate, a.tokens) == (
            b.step,
            b.learning_rate,
            b.tokens,
        )
        assert a.loss == pytest.approx(b.loss, abs=2e-5)
        assert a.grad_norm == pytest.approx(b.grad_norm, abs=2e-4)


def _scalar(settings: Settings) -> Settings:
    return Settings(**{**vars(settings), "engine": "scalar"})


def test_a_batch_counts_every_token_once() -> None:
    run = Run(NAMES, Settings(engine="scalar", batch_size=3))
    first = run.rows[:3]
    each = [run.engine.loss(row[None]) for row in first]
    tokens = count_targets(first)
    expected = float(np.average(each, weights=tokens))
    assert run.engine.loss(first) == pytest.approx(expected, rel=1e-12)
    assert next(run.records()).loss == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_it_learns(engine: str) -> None:
    run = Run(["anna"], Settings(steps=60, engine=engine))
    heard = losses(run)
    assert heard[0] == pytest.approx(math.log(3), abs=0.3)
    assert heard[-1] < 0.3


# The loop


def test_it_works_only_when_asked() -> None:
    run = Run(NAMES, Settings(engine="scalar"))
    records = run.records()
    assert run.engine.step == 0
    for expected in (1, 2, 3):
        assert next(records).step == run.engine.step == expected
    records.close()
    assert [record.step for record in run.records(5)] == [4, 5]


def test_at_multiples_of_every_the_engine_is_where_the_record_is() -> None:
    run = Run(NAMES, Settings(steps=47))
    ahead = []
    for record in run.records(every=10):
        ahead.append(run.engine.step - record.step)
        if record.step % 10 == 0 or record.step == 47:
            assert run.engine.step == record.step
    assert max(ahead) > 0


def test_the_chunk_size_changes_no_bit() -> None:
    rows, settings = Run(NAMES).rows, Settings(steps=30)

    def losses_in_chunks_of(chunk_size: int) -> list[float]:
        engine = Run(NAMES, settings).engine
        heard = []
        while engine.step < 30:
            engine.chunk_size = chunk_size
            stop = min(engine.step + chunk_size, 30)
            heard += [r.loss for r in train(engine, rows, linear(0.01, 30), stop)]
        return heard

    assert losses_in_chunks_of(1) == losses_in_chunks_of(7) == losses_in_chunks_of(30)


def test_chunks_grow_while_they_are_short_and_shrink_when_they_are_long() -> None:
    engine = Run(NAMES).engine
    seen = [
        (engine._adapt_chunk_size(0.01, 100), engine.chunk_size)[1] for _ in range(9)
    ]
    assert seen == [2, 4, 8, 16, 32, 64, 100, 100, 100]
    seen = [
        (engine._adapt_chunk_size(3.0, 100), engine.chunk_size)[1] for _ in range(8)
    ]
    assert seen == [50, 25, 12, 6, 3, 1, 1, 1]
    engine._adapt_chunk_size(0.2, 100)
    assert engine.chunk_size == 1


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_a_loss_that_is_no_number_stops_the_run(engine: str) -> None:
    run = Run(NAMES, Settings(engine=engine, block_size=4))
    too_long = constant(1e200 if engine == "scalar" else 1e30, 9)
    with pytest.raises(DivergedError) as caught:
        list(train(run.engine, run.rows, too_long, 9))
    record = caught.value.record
    assert not (record.loss <= 1000 and math.isfinite(record.grad_norm))
    message = str(caught.value)
    for part in (
        "the gradient became" if record.loss <= 1000 else "the loss became",
        f"step {record.step}",
        f"learning rate {record.learning_rate:.4g}",
        f"gradient norm {record.grad_norm:.4g}",
        "ten times smaller",
    ):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_a_huge_loss_is_a_diverged_run(engine: str) -> None:
    run = Run(NAMES, Settings(engine=engine, learning_rate=1e6))
    with pytest.raises(DivergedError, match="the loss became") as caught:
        list(run.records())
    assert caught.value.record.loss > BOUNDS["loss"][0]


def test_the_bound_of_the_loss_holds_inside_a_chunk_and_on_both_sides() -> None:
    most = BOUNDS["loss"][0]

    class Steep(ScalarEngine):
        chunk_size = 3

        def train_steps(self, *_: object) -> list[tuple[float, float]]:
            return [(most, 1.0), (math.nextafter(most, 2 * most), 1.0), (3.0, 1.0)]

    run = Run(NAMES, new_engine=lambda config: Steep.start(random.Random(0), config))
    heard = train(run.engine, run.rows, constant(0.1, 9), 9)
    assert next(heard).loss == most
    with pytest.raises(DivergedError, match=r"the loss became .* at step 2"):
        next(heard)


def test_a_gradient_that_is_no_number_stops_it_too() -> None:
    class Steep(ScalarEngine):
        chunk_size = 2

        def train_steps(self, *_: object) -> list[tuple[float, float]]:
            return [(3.0, 1.0), (2.9, math.inf)]

    run = Run(NAMES, new_engine=lambda config: Steep.start(random.Random(0), config))
    heard = train(run.engine, run.rows, constant(0.1, 9), 9)
    assert next(heard).step == 1
    with pytest.raises(DivergedError, match="the gradient became inf at step 2"):
        next(heard)


def test_the_message_names_what_is_no_number_and_the_step_before() -> None:
    before = Record(6, 2.5, 0.1, 1.25, 4)
    lost = DivergedError(Record(7, math.inf, 0.1, math.nan, 4), before)
    assert str(lost).startswith(
        "the loss became inf at step 7: learning rate 0.1, gradient norm nan "
        "(before: loss 2.5, norm 1.25); try"
    )
    lost = DivergedError(Record(1, 2.0, 0.1, math.inf, 4), None)
    assert str(lost).startswith("the gradient became inf at step 1: learning rate 0.1,")


def test_the_collector_rests_during_a_step_and_is_left_as_it_was() -> None:
    run = Run(NAMES, Settings(engine="scalar"))
    records = run.records()
    gc.collect()
    before = sum(stat["collections"] for stat in gc.get_stats())
    next(records)
    assert gc.isenabled()
    assert sum(stat["collections"] for stat in gc.get_stats()) - before <= 1
    gc.disable()
    try:
        next(records)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_weights_of_a_learners_own_class_train_as_well() -> None:
    class Mine(scalar.Value):
        pass

    rng = random.Random(42)
    rng.shuffle(list(NAMES))
    mine = Run(NAMES, new_engine=lambda config: ScalarEngine.start(rng, config, Mine))
    assert losses(mine, 2) == losses(Run(NAMES, Settings(engine="scalar")), 2)
    assert all(type(weight) is Mine for weight in mine.engine.weights)


def test_a_checkpoint_has_its_own_weights_and_asks_for_no_new_engine() -> None:
    run = Run(NAMES, Settings(engine="scalar"))
    losses(run, 2)
    resumed = Run(NAMES, checkpoint=run.checkpoint(), new_engine=pytest.fail)
    assert losses(resumed, 3) == losses(run, 3)


@pytest.mark.parametrize("kind", [ScalarEngine, ArrayEngine])
def test_an_engine_has_all_that_its_protocol_names(kind: type) -> None:
    engine = kind.start(random.Random(0), Run(NAMES).config)
    named = {name for name in vars(Engine) if not name.startswith("_")}
    assert named == {
        *("config", "step", "chunk_size", "n_devices"),
        *("train_steps", "share", "total", "loss", "generate", "state"),
    }
    for name in named:
        member = vars(Engine)[name]
        if callable(member):
            expected, ours = map(inspect.signature, (member, vars(kind)[name]))
            assert ours == expected
        else:
            assert hasattr(engine, name)


# Validation, precision, sampling


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_validation_reads_every_document_once_and_learns_nothing(engine: str) -> None:
    run = Run(NAMES, Settings(engine=engine, val_fraction=0.25))
    assert (len(run.rows), len(run.val_rows)) == (24, 8)
    before = run.engine.state()
    by_hand = Run(NAMES, Settings(engine="scalar", val_fraction=0.25)).engine
    each = [by_hand.loss(row[None]) for row in run.val_rows]
    expected = np.average(each, weights=count_targets(run.val_rows[:]))
    assert run.val_loss() == pytest.approx(expected, abs=1e-5)
    spread = [0, 2, 5]  # of eight
    three = np.average(
        [each[i] for i in spread], weights=count_targets(run.val_rows[spread])
    )
    assert run.val_loss(3) == pytest.approx(three, abs=1e-5)
    split_up = mean_loss(run.engine, run.val_rows, batch_size=3)
    assert split_up == pytest.approx(expected, abs=1e-5)
    after = run.engine.state()
    assert all(np.array_equal(before.params[k], after.params[k]) for k in before.params)


def test_bfloat16_computes_roughly_and_keeps_precisely() -> None:
    rough = Run(NAMES, Settings(steps=30, precision="bfloat16"))
    exact = Run(NAMES, Settings(steps=30))
    a, b = losses(rough), losses(exact)
    assert a == pytest.approx(b, abs=0.05)
    assert a != pytest.approx(b, abs=1e-4)
    assert {m.dtype for m in rough.engine.state().params.values()} == {
        np.dtype(np.float32)
    }


@pytest.fixture(scope="module")
def trained() -> Run:
    run = Run(["anna", "hannah"], Settings(steps=150, block_size=8))
    losses(run)
    return run


def test_samples_continue_a_prompt(trained: Run) -> None:
    texts = list(samples(trained.checkpoint(), "h", temperature=0, count=2))
    assert texts == ["hannah", "hannah"]
    drawn = list(samples(trained.checkpoint(), count=10, seed=1))
    assert drawn == list(samples(trained.checkpoint(), count=10, seed=1))
    assert drawn != list(samples(trained.checkpoint(), count=10, seed=2))
    assert {text[0] for text in drawn} == {"a", "h"}


def test_texts_are_those_of_each_twins_own_sampler_from_one_stream(
    trained: Run,
) -> None:
    array_engine = trained.engine
    scalar_engine = ScalarEngine.restore(array_engine.state(), trained.config)
    prompt = [trained.tokenizer.bos, *trained.tokenizer.encode("h")]
    for engine, generate, rng in (
        (array_engine, array.generate, np.random.default_rng(5)),
        (scalar_engine, scalar.generate, random.Random(5)),
    ):
        drawn = [
            generate(rng, engine.params, trained.config, prompt, 1.5) for _ in range(6)
        ]
        expected = [trained.tokenizer.decode(tokens) for tokens in drawn]
        texts = sample_texts(engine, trained.tokenizer, "h", 1.5, 6, seed=5)
        assert [*texts] == expected
        assert len(set(expected)) > 1


def test_either_engines_weights_give_the_same_samples(trained: Run) -> None:
    checkpoint = trained.checkpoint()
    settings = Settings(steps=150, block_size=8, engine="scalar")
    by_hand = Run(["anna", "hannah"], settings, checkpoint).checkpoint()
    assert by_hand.state.params["wte"].dtype == np.float64
    assert list(samples(by_hand, "a")) == list(samples(checkpoint, "a"))


@pytest.mark.parametrize("engine", ["jax", "scalar"])
def test_either_engine_samples_as_many_characters_as_asked_for(engine: str) -> None:
    settings = Settings(block_size=4, n_embd=4, n_head=1, seed=1, engine=engine)
    run = Run(["abcdefghijkl"], settings)  # untrained: it ends one text in thirteen
    tokens = run.tokenizer
    for prompt in ("", "a", "abcdefghijkl"):
        texts = [*sample_texts(run.engine, tokens, prompt, count=50, length=9)]
        assert all(text.startswith(prompt) for text in texts)
        sizes = {len(text) - len(prompt) for text in texts}
        assert max(sizes) == 9
        assert len(sizes) > 3
    (text,) = sample_texts(run.engine, tokens, "abc", 0, length=6)
    assert [*sample_texts(run.engine, tokens, text[:6], 0, length=3)] == [text]


def test_a_sample_comes_in_parts_and_says_if_it_was_cut() -> None:
    run = Run(["abcdefghijkl"], Settings(block_size=4, n_embd=4, n_head=1, seed=1))
    request = run.engine, run.tokenizer, "abc", 1.0, 40, 0, 20
    samples = [[*parts] for parts in sample_parts(*request)]
    cut = [parts for parts in samples if parts[-1] == CUT]
    assert 0 < len(cut) < len(samples)
    for parts in samples:
        assert parts[0] == "abc"
        text = "".join(parts).removesuffix(CUT)
        assert (len(text) == 3 + 20) == (parts in cut)
    assert max(map(len, samples)) > 3
    whole = ["".join(parts).removesuffix(CUT) for parts in samples]
    assert [*sample_texts(*request)] == whole


def test_a_cut_is_told_where_the_context_is_full() -> None:
    run = Run(["abcdefghijkl"], Settings(block_size=4, n_embd=4, n_head=1, seed=1))
    for parts in sample_parts(run.engine, run.tokenizer, count=40):
        text = "".join(parts)
        assert text.endswith(CUT) == (len(text.removesuffix(CUT)) == 4)


def test_where_a_sample_starts() -> None:
    lines, plain = CharTokenizer(["a\nb"]), CharTokenizer(["ab"])  # \n is 0; a is 0
    assert first_tokens(lines, "ab") == [3, 1, 2]
    assert first_tokens(lines, "") == [3]
    assert first_tokens(lines, "ab", one_text=True) == [1, 2]
    assert first_tokens(lines, "", one_text=True) == [0]
    assert first_tokens(plain, "", one_text=True) == [2]
    with pytest.raises(ValueError, match="unknown character 'c'"):
        first_tokens(plain, "c")


def test_a_model_of_one_text_is_not_asked_to_begin_one() -> None:
    run = Run(["ab\nba"], Settings(block_size=4, n_embd=4, n_head=1))
    seen = []

    class Watched:
        config = run.config

        @staticmethod
        def generate(tokens: Any, *args: Any) -> Iterator[Any]:
            seen.append(tokens)
            return run.engine.generate(tokens, *args)

    for prompt in ("", "ba"):
        request = Watched, run.tokenizer, prompt, 1.0, 1, 0, 5
        (text,) = sample_texts(*request, one_text=True)
        assert text.startswith(prompt)
    assert seen == [[0], [2, 1]]


@pytest.mark.parametrize(("last", "count", "length"), [("\n", 1, 300), ("z", 20, 3)])
def test_texts_of_several_lines_are_long_and_one_is_enough(
    last: str, count: int, length: int
) -> None:
    texts = [f"abcdefghijklmnopqrstuvwxy{last}"]
    run = Run(texts, Settings(block_size=4, n_embd=4, n_head=1, seed=1))
    settings = run.checkpoint(), "a", 0  # greedy, it does not end
    assert [len(text) for text in samples(*settings)] == [1 + length] * count
    assert [len(text) for text in samples(*settings, count=2, length=7)] == [8, 8]


def test_a_model_of_one_text_goes_on_and_does_not_begin() -> None:
    text = "ab\ncd\n" * 9
    settings = Settings(split="none", block_size=4, n_embd=8, steps=1, engine="scalar")
    run = Run([text], settings)
    checkpoint, bos = run.checkpoint(), run.tokenizer.bos
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "course_lib.training.array_engine.stream",
            lambda rng, params, config, prompt, *rest: seen.append(prompt) or iter(()),
        )
        for split in ("none", "lines"):
            of = replace(checkpoint, settings=replace(settings, split=split))
            assert [list(samples(of, "ab", length=3)), list(samples(of, length=3))]
        fields = replace(settings, split="lines", field="text")
        assert list(samples(replace(checkpoint, settings=fields), length=3)) == [""]
    line_feed, a, b = run.tokenizer.encode("\nab")
    assert seen == [[a, b], [line_feed], [bos, a, b], [bos], [bos]]


def test_a_prompt_typed_in_two_parts_is_one() -> None:
    run = Run(["zoé", "léa"], Settings(steps=1, n_embd=4, n_head=1, engine="scalar"))
    checkpoint = run.checkpoint()
    decomposed = unicodedata.normalize("NFD", "zoé")
    assert len(decomposed) == 4
    apart, at_once = (
        list(samples(checkpoint, prompt, count=3)) for prompt in (decomposed, "zoé")
    )
    assert apart == at_once
    with pytest.raises(ValueError, match="unknown character 'ö'"):
        samples(checkpoint, unicodedata.normalize("NFD", "ö"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"prompt": "xa"}, "unknown character 'x'"),
        ({"temperature": -1.0}, "temperature must be"),
        ({"temperature": math.nan}, "temperature must be"),
        ({"temperature": 1e-9}, "temperature must be"),
        ({"count": 0}, "count must be"),
        ({"seed": -1}, "seed must be"),
        ({"length": 0}, "length must be a whole number from 1 to 1,000,000: 0"),
        ({"length": 10**6 + 1}, "length must be"),
    ],
)
def test_samples_refuse_at_once(trained: Run, wrong: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        samples(trained.checkpoint(), **wrong)


# Settings and the whole run


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": 0}, "steps must be a whole number from 1"),
        ({"steps": 1.5}, "steps must be a whole number from 1"),
        ({"steps": True}, "steps must be a whole number from 1"),
        ({"batch_size": -1}, "batch_size must be a whole number from 1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"n_layer": 0}, "n_layer must be"),
        ({"n_head": 3}, "n_head must divide n_embd"),
        ({"block_size": 0}, "block_size must be"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"learning_rate": math.nan}, "learning_rate must be above 0"),
        ({"learning_rate": math.inf}, "learning_rate must be above 0"),
        ({"learning_rate": "fast"}, "learning_rate must be a number"),
        ({"val_fraction": 1.0}, "val_fraction must be at least 0 and less than 1"),
        ({"val_fraction": math.nan}, "val_fraction must be at least 0"),
        ({"schedule": "steep"}, "schedule must be one of linear, cosine"),
        ({"engine": "torch"}, "engine must be one of jax, scalar"),
        ({"precision": "float16"}, "precision must be one of float32, bfloat16"),
        ({"engine": "scalar", "precision": "float32"}, "precision is for the jax"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        Settings(**wrong)
    assert str(caught.value).startswith(next(reversed(wrong)))
    assert "\n" not in str(caught.value)


def test_a_run_goes_on_only_as_the_run_it_was() -> None:
    run = Run(NAMES, Settings(engine="scalar"))
    checkpoint = run.checkpoint()
    for change, said in (
        ({"n_embd": 8}, "n_embd is 16 in the checkpoint and 8 here"),
        ({"seed": 1}, "seed is 42 in the checkpoint and 1 here"),
        ({"learning_rate": 0.1}, "learning_rate is 0.01 in the checkpoint and 0.1"),
    ):
        with pytest.raises(ValueError, match=said):
            Run(NAMES, Settings(**change), checkpoint)
    with pytest.raises(ValueError, match="data are not what"):
        Run(NAMES[1:], None, checkpoint)
    with pytest.raises(ValueError, match="for sampling"):
        Run(NAMES, None, checkpoint.weights_only())


def test_a_run_of_another_length_follows_its_schedule_from_the_step_reached() -> None:
    run = Run(NAMES, Settings(steps=6, engine="scalar"))
    records = list(run.records())
    longer = replace(run.settings, steps=10)
    resumed = list(Run(NAMES, longer, run.checkpoint()).records())
    assert [r.step for r in resumed] == [7, 8, 9, 10]
    rates = [r.learning_rate for r in (*records[-1:], *resumed)]
    expected = [0.01 / 6, 0.01 * 0.4, 0.01 * 0.3, 0.01 * 0.2, 0.01 * 0.1]
    assert rates == pytest.approx(expected)
    assert not list(Run(NAMES, run.settings, run.checkpoint()).records())
    with pytest.raises(
        ValueError, match=r"^steps must be 6 or more, as the checkpoint"
    ):
        Run(NAMES, replace(longer, steps=5), run.checkpoint())


def test_memory_grows_with_every_size() -> None:
    for engine in ("jax", "scalar"):
        usual = memory_needed(Settings(engine=engine), 1000, 27)
        assert 10**5 < usual < 10**8
        for more in ("n_layer", "n_embd", "block_size", "batch_size"):
            larger = Settings(engine=engine, **{more: 1_000})
            assert memory_needed(larger, 1000, 27) > 5 * usual


def test_memory_and_sizes_are_judged_without_making_anything() -> None:
    most = {name: int(most) for name, (most, _) in BOUNDS.items()}
    for name, bound, least in (
        ("steps", "steps", 1),
        ("batch_size", "batch", 1),
        ("seed", "seed", 0),
        ("n_layer", "layers", 1),
    ):
        limits = {"n_embd": 4, "n_head": 1, name: most[bound]}
        assert memory_needed(Settings(**limits), 10, 27) > 0
        for number in (most[bound] + 1, 10**30, 10**5000, least - 1):
            with pytest.raises(
                ValueError, match=f"^{name} must be a whole number"
            ) as e:
                Settings(**{**limits, name: number})
            assert len(str(e.value)) < 200
    tracemalloc.start()
    with pytest.raises(ValueError, match="n_layer"):
        memory_needed(Settings(n_layer=10**9), 10, 27)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**6


def test_training_loads_jax_only_for_its_engine() -> None:
    code = (
        "import sys, course_lib.training as t; before = 'jax' in sys.modules; "
        "t.ArrayEngine; print(before, 'jax' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
    assert ArrayEngine.__name__ == "ArrayEngine"
