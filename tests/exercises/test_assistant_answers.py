"""Answers to the exercises of 09, written apart from those listed there.

Each names the misconception that it must earn; "" is a right answer, and "-" any
verdict but "correct". What the solutions say is compared with the course's own code.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course_lib.array import GPTConfig, chat
from course_lib.data import load_questions, load_things
from course_lib.data.tokenizer import CharTokenizer
from course_lib.exercises import assistant
from course_lib.exercises.core.extract_source import AnswerSource
from course_lib.exercises.core.supervisor import Worker
from course_lib.lessons import calibration, retrieval
from course_lib.lessons.assistant import Chat, prompt
from tests.exercises.verdicts import check_name, error_types

LAST = "last = len(tokens) - 1 - tokens[::-1].index(mark)\n    "
MASKS = (
    ("", LAST + "return [i >= last and tokens[i + 1] != -1\n"
     "            for i in range(len(tokens) - 1)]"),
    ("", "t = np.array(tokens)\n    mask = t[1:] > -1\n"
     "    mask[:np.where(t == mark)[0].max()] = False\n    return mask"),
    ("", "out, seen = [], False\n    for t in reversed(tokens[1:]):\n"
     "        seen = seen or t == mark\n        out.insert(0, not seen and t >= 0)\n"
     "    return out"),
    ("the first mark in place of the last",
     "i = tokens.index(mark)\n"
     "    return [False] * i + [t >= 0 for t in tokens[i + 1:]]"),
    ("padding counted, from the first mark on",
     "i = tokens.index(mark)\n    return [k >= i for k in range(len(tokens) - 1)]"),
    ("padding counted", LAST + "return [k >= last for k in range(len(tokens) - 1)]"),
    ("the mark counted to the answer",
     LAST + "return [k >= last - 1 and tokens[k + 1] >= 0\n"
     "            for k in range(len(tokens) - 1)]"),
    ("what is read in place of the targets",
     LAST + "return [k > last and tokens[k] >= 0 for k in range(len(tokens) - 1)]"),
    ("the first token of the answer left out",
     LAST + "return [k > last and tokens[k + 1] >= 0\n"
     "            for k in range(len(tokens) - 1)]"),
    ("the tokens in place of the targets",
     LAST + "return [k > last and t >= 0 for k, t in enumerate(tokens)]"),
    ("the end forgotten",
     LAST + "end = len(tokens) - 1 - tokens[::-1].index(tokens[0])\n"
     "    return [last < k < end for k in range(1, len(tokens))]"),
    ("0 taken for padding", LAST + "return [k > last and tokens[k] > 0\n"
     "            for k in range(1, len(tokens))]"),
    ("all after the first mark but the marks",
     "on, out = False, []\n    for t in tokens:\n        out.append(on and t >= 0)\n"
     "        if t == mark:\n            on, out[-1] = True, False\n"
     "    return out[1:]"),
    ("padding dropped", LAST + "real = [t for t in tokens if t >= 0]\n"
     "    return [k >= last for k in range(len(real) - 1)]"),
    ("one place in place of True and False", LAST + "return last"),
    ("1 and 0 in place of True and False",
     LAST + "return [1 if k > last and tokens[k] >= 0 else 0\n"
     "            for k in range(1, len(tokens))]"),
    ("-", "return [t == mark for t in tokens[:-1]]"),
)  # fmt: skip
GAP = "z = b * ((c - r) - (rc - rr))\n    "
PREFERENCES = (
    ("", GAP + "return np.log(1 + np.exp(-z))"),
    ("", GAP + "return -np.log(np.exp(z) / (1 + np.exp(z)))"),
    ("", "p, q = np.exp(b * (c - rc)), np.exp(b * (r - rr))\n"
     "    return float(-np.log(p / (p + q)))"),
    ("chosen and rejected exchanged", GAP + "return math.log(1 + math.exp(z))"),
    ("the reference ignored", "return np.logaddexp(0, -b * (c - r))"),
    ("beta forgotten", "return np.logaddexp(0, -(c - r - rc + rr))"),
    ("beta outside of the sigmoid", "return b * np.logaddexp(0, -(c - r - rc + rr))"),
    ("beta for the model alone", "return np.logaddexp(0, -b * (c - r) + rc - rr)"),
    ("the sign of the logarithm", GAP + "return -np.logaddexp(0, -z)"),
    ("the probability in place of its logarithm", GAP + "return 1 / (1 + np.exp(-z))"),
    ("the two references exchanged", "return np.logaddexp(0, -b * (c - r + rc - rr))"),
    ("the gains added", "return np.logaddexp(0, -b * (c + r - rc - rr))"),
    ("log base 2", GAP + "return np.log2(1 + np.exp(-z))"),
    ("minus the margin in place of a loss", GAP + "return -z"),
    ("divided by beta", "return math.log(1 + math.exp(-(c - r - rc + rr) / b))"),
    ("ratios in place of their logarithms",
     "return np.logaddexp(0, -b * (math.exp(c - rc) - math.exp(r - rr)))"),
    ("the cost of the chosen answer", "return -c"),
    ("a logarithm without a sigmoid", GAP + "return -math.log(z)"),
    ("a missing return", GAP + "np.log(1 + np.exp(-z))"),
    ("-", "return 0.0"),
)  # fmt: skip
COUNTS = "a = Counter(q.split())\n    b = [Counter(s.split()) for s in ss]\n    "
DOTS = COUNTS + "d = [sum(a[w] * x[w] for w in a) for x in b]\n    "
NORMS = DOTS + "n = [sum(v * v for v in x.values()) ** 0.5 for x in b]\n    "
SEARCHES = (
    ("", NORMS + "return ss[int(np.argmax(np.array(d) / n))]"),
    ("", NORMS + "c = [x / y for x, y in zip(d, n)]\n    return ss[c.index(max(c))]"),
    ("", NORMS + "best = 0\n    for i in range(len(ss)):\n"
     "        if d[i] / n[i] > d[best] / n[best]: best = i\n    return ss[best]"),
    ("the dot product alone", DOTS + "return ss[d.index(max(d))]"),
    ("the last of equals", NORMS + "best = 0\n    for i in range(len(ss)):\n"
     "        if d[i] / n[i] >= d[best] / n[best]: best = i\n    return ss[best]"),
    ("the last of equals in the alphabet",
     NORMS + "return max((x / y, s) for x, y, s in zip(d, n, ss))[1]"),
    ("the place in place of the sentence",
     NORMS + "return int(np.argmax(np.array(d) / n))"),
    ("the cosine in place of the sentence",
     NORMS + "m = sum(v * v for v in a.values()) ** 0.5\n"
     "    return max(x / y / m for x, y in zip(d, n))"),
    ("different words in place of counts",
     "a = set(q.split())\n    c = [len(a & set(s.split())) / len(set(s.split())) ** 0.5"
     " for s in ss]\n    return ss[c.index(max(c))]"),
    ("words shared, however long the sentence",
     "c = [len(set(q.split()) & set(s.split())) for s in ss]\n"
     "    return ss[c.index(max(c))]"),
    ("shared words divided by all words",
     "a = set(q.split())\n    c = [len(a & set(s.split())) / len(a | set(s.split()))"
     " for s in ss]\n    return ss[c.index(max(c))]"),
    ("divided by the number of words",
     DOTS + "c = [x / len(s.split()) for x, s in zip(d, ss)]\n"
     "    return ss[c.index(max(c))]"),
    ("divided by the squared length",
     NORMS + "c = [x / y ** 2 for x, y in zip(d, n)]\n    return ss[c.index(max(c))]"),
    ("the farthest sentence",
     NORMS + "c = [x / y for x, y in zip(d, n)]\n    return ss[c.index(min(c))]"),
    ("the length over the shared words alone",
     DOTS + "n = [math.sqrt(sum(x[w] ** 2 for w in a)) for x in b]\n"
     "    c = [x / y for x, y in zip(d, n)]\n    return ss[c.index(max(c))]"),
    ("letters in place of words",
     "def f(s):\n        d = sum(n * s.count(w) for w, n in Counter(q).items())\n"
     "        return d / math.sqrt(sum(n * n for n in Counter(s).values()))\n"
     "    return max(ss, key=f)"),
    ("-", "return q"),
)  # fmt: skip
FORM = "g = lambda t: ' '.join(t.lower().split())\n    "
LEAKS = (
    ("", FORM + "return [q for q, a in exam\n"
     "            if any(g(t[1:].split('>')[0]) == g(q) for t in texts)]"),
    ("", FORM + "known = [g(t.replace('<', '').split('>')[0]) for t in texts]\n"
     "    return list(filter(lambda q: g(q) in known, [e[0] for e in exam]))"),
    ("", FORM + "out = []\n    for q, a in exam:\n"
     "        for t in texts:\n            if g(t[1:t.find('>')]) == g(q):\n"
     "                if q not in out: out.append(q)\n    return out"),
    ("character for character",
     "return [q for q, a in exam if q in [t[1:t.index('>')] for t in texts]]"),
    ("whole exchanges compared, character for character",
     "return [q for q, a in exam if '<' + q + '>' + a in texts]"),
    ("nothing ever found", "return [q for q, a in exam if q in texts]"),
    ("nothing ever found",
     FORM + "k = [g(t.split('>')[0]) for t in texts]\n"
     "    return [q for q, a in exam if g(q) in k]"),
    ("capitals compared",
     "k = [t[1:t.index('>')].split() for t in texts]\n"
     "    return [q for q, a in exam if q.split() in k]"),
    ("spaces between words compared",
     "k = [t[1:t.index('>')].strip().lower() for t in texts]\n"
     "    return [q for q, a in exam if q.strip().lower() in k]"),
    ("doubled spaces replaced only once",
     "g = lambda t: t.lower().replace('  ', ' ').strip()\n"
     "    k = {g(t[1:t.index('>')]) for t in texts}\n"
     "    return [q for q, a in exam if g(q) in k]"),
    ("all spaces taken out",
     "g = lambda t: t.replace(' ', '').lower()\n"
     "    k = {g(t[1:t.index('>')]) for t in texts}\n"
     "    return [q for q, a in exam if g(q) in k]"),
    ("sought anywhere in an exchange",
     FORM + "k = [g(t.replace('<', ' ').replace('>', ' ')) for t in texts]\n"
     "    return [q for q, a in exam if any(g(q) in one for one in k)]"),
    ("the order of training, and repetitions",
     FORM + "return [q for t in texts for q, a in exam\n"
     "            if g(t[1:t.index('>')]) == g(q)]"),
    ("named as often as it stands in training",
     FORM + "return [q for q, a in exam for t in texts\n"
     "            if g(t[1:t.index('>')]) == g(q)]"),
    ("the order of the alphabet",
     FORM + "k = {g(t[1:t.index('>')]) for t in texts}\n"
     "    return sorted(q for q, a in exam if g(q) in k)"),
    ("questions in their plain form",
     FORM + "k = {g(t[1:t.index('>')]) for t in texts}\n"
     "    return [g(q) for q, a in exam if g(q) in k]"),
    ("a count in place of questions",
     FORM + "k = {g(t[1:t.index('>')]) for t in texts}\n"
     "    return sum(g(q) in k for q, a in exam)"),
    ("pairs in place of questions",
     FORM + "k = {g(t[1:t.index('>')]) for t in texts}\n"
     "    return [pair for pair in exam if g(pair[0]) in k]"),
    ("answers compared as well",
     FORM + "k = {(g(t[1:t.index('>')]), t.split('>')[1]) for t in texts}\n"
     "    return [q for q, a in exam if (g(q), a) in k]"),
    ("-", "return exam"),
)  # fmt: skip
MASKED = (
    "e = 0\n    for i in range(n):\n        m = ({}) & ({})\n{}"
    "        if m.any():\n            e += {}\n    return e"
)
LOW, HIGH = "c > i / n", "c <= (i + 1) / n"
ZERO = "        if i == 0: m |= c == 0\n"
MEAN_GAP = "m.mean() * abs(y[m].mean() - c[m].mean())"
ERRORS = (
    ("", MASKED.format(LOW, HIGH, ZERO, MEAN_GAP)),
    ("", MASKED.format(LOW, HIGH, ZERO, "abs((y[m] - c[m]).sum()) / len(c)")),
    ("", "k = np.searchsorted(np.arange(1, n) / n, c)\n"
     "    return sum(abs(sum((y - c)[k == i])) for i in range(n)) / len(y)"),
    ("0 left out", MASKED.format(LOW, HIGH, "", MEAN_GAP)),
    ("the lower bound counted, and 1 left out",
     MASKED.format("c >= i / n", "c < (i + 1) / n", "", MEAN_GAP)),
    ("the lower bound of a bin counted to it",
     MASKED.format("c >= i / n", "c < (i + 1) / n",
                   "        if i == n - 1: m |= c == 1\n", MEAN_GAP)),
    ("the lower bound of a bin counted to it",
     "k = np.clip((c * n).astype(int), 0, n - 1)\n"
     "    return sum(abs(sum((y - c)[k == i])) for i in range(n)) / len(y)"),
    ("both bounds counted",
     MASKED.format("c >= i / n", HIGH, "", MEAN_GAP)),
    ("neither bound counted", MASKED.format(LOW, "c < (i + 1) / n", "", MEAN_GAP)),
    ("nan from an empty bin",
     "import warnings\n    warnings.simplefilter('ignore')\n    e = 0\n"
     "    for i in range(n):\n        m = (c > i / n) & (c <= (i + 1) / n)\n"
     "        if i == 0: m |= c == 0\n        e += " + MEAN_GAP + "\n    return e"),
    ("an unweighted mean, empty bins counted",
     MASKED.format(LOW, HIGH, ZERO, "abs(y[m].mean() - c[m].mean()) / n")),
    ("weighted by numbers in place of shares",
     MASKED.format(LOW, HIGH, ZERO, "m.sum() * abs(y[m].mean() - c[m].mean())")),
    ("gaps with their signs",
     MASKED.format(LOW, HIGH, ZERO, "m.mean() * (y[m].mean() - c[m].mean())")),
    ("the sign taken away at the end", "return abs(y.mean() - c.mean())"),
    ("squared gaps",
     MASKED.format(LOW, HIGH, ZERO, "m.mean() * (y[m].mean() - c[m].mean()) ** 2")),
    ("the largest gap",
     MASKED.format(LOW, HIGH, ZERO, "max(0, abs(y[m].mean() - c[m].mean()) - e)")),
    ("the squared error of each answer", "return ((c - y) ** 2).mean()"),
    ("each answer by itself", "return abs(c - y).mean()"),
    ("one bin too few, and 1 in a bin of its own",
     "k = np.digitize(c, np.linspace(0, 1, n))\n"
     "    return sum(abs(sum((y - c)[k == i])) for i in range(n + 1)) / len(y)"),
    ("always ten bins",
     "k = np.maximum(np.ceil(c * 10), 1)\n"
     "    return sum(abs(sum((y - c)[k == i])) for i in set(k)) / len(y)"),
    ("-", "return 0.0"),
)  # fmt: skip
ANSWERS = {
    "answer_mask": ("tokens, mark", MASKS),
    "dpo_loss": ("c, r, rc, rr, b", PREFERENCES),
    "search": ("q, ss", SEARCHES),
    "leaked": ("exam, texts", LEAKS),
    "expected_calibration_error": ("c, y, n", ERRORS),
}
HEAD = "import math\nfrom collections import Counter\nimport numpy as np\n"


@pytest.mark.parametrize(
    ("name", "arguments", "expected", "body"),
    [(name, args, *one) for name, (args, all_) in ANSWERS.items() for one in all_],
)
def test_every_answer_earns_its_name(
    name: str, arguments: str, expected: str, body: str, worker: Worker
) -> None:
    code = f"{HEAD}def f({arguments}):\n    {body}\n"
    result = getattr(assistant, name).check_source(AnswerSource(code, "f"), worker)
    check_name(result, expected)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_known_wrong_answer_runs_unless_its_mistake_is_an_error(
    name: str, worker: Worker
) -> None:
    one = getattr(assistant, name)
    assert error_types(one, worker) <= {None, "ZeroDivisionError", "ValueError"}


EXCHANGES = [
    "<what is a wheel?>a machine part",
    "[a robin is a bird]<what is a robin?>a bird",
    "<what is a wheel?>a machine part<what is a car?>a vehicle",
    "<what is a snunk?>",
]


def test_the_mask_is_that_of_fine_tuning() -> None:
    tokenizer = CharTokenizer(EXCHANGES)
    size = max(map(len, EXCHANGES)) + 1
    lab = Chat(tokenizer, GPTConfig(tokenizer.vocab_size, block_size=size))
    lengths = set()
    for text, row in zip(EXCHANGES, lab.rows(EXCHANGES).tolist(), strict=True):
        mask = assistant.answer_mask.answer(row, lab.mark)
        assert mask == chat.answer_mask(row, lab.mark).tolist()
        assert sum(mask) == len(text.rpartition(">")[2]) + 1  # and the end
        lengths.add(sum(token < 0 for token in row))
    assert 0 in lengths  # one of them without padding
    assert len(lengths) > 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=9), st.integers(0, 3))
def test_the_mask_is_that_of_fine_tuning_wherever_the_marks_are(
    between: list[int], n_padding: int
) -> None:
    tokens = [4, 3, *between, 4, *[-1] * n_padding]  # 3 is the mark, 4 is bos
    expected = chat.answer_mask(tokens, 3).tolist()
    assert assistant.answer_mask.answer(tokens, 3) == expected


def test_the_loss_of_a_preference_is_that_of_the_training() -> None:
    rng = np.random.default_rng(0)
    for *logs, beta in rng.uniform([-20, -20, -20, -20, 0], [0, 0, 0, 0, 1], (20, 5)):
        expected = float(chat.preference_loss(*logs, beta))
        assert assistant.dpo_loss.answer(*logs, beta) == pytest.approx(expected, 1e-4)


def test_the_search_is_that_of_the_page() -> None:
    rng = random.Random(0)
    store = [one for one in load_things() if one.replace(" ", "").isalpha()]
    questions = [row.question.rstrip("?") for row in rng.sample(load_questions(), 40)]
    found = []
    for question in questions:
        rng.shuffle(store)
        [expected] = retrieval.search(question, store)
        found.append(assistant.search.answer(question, store))
        assert found[-1] == expected.sentence
    assert len(set(found)) > 10


def test_no_question_of_the_exam_has_leaked_until_one_does() -> None:
    taught, held_out = load_questions("taught"), load_questions("held out")
    exam = [(row.question, row.answer) for row in held_out]
    training = [prompt(row.question) + row.answer for row in taught]
    assert assistant.leaked.answer(exam, training) == []
    for row in held_out[40], held_out[7]:
        training.insert(9, prompt(f"  {row.question.title()} ") + "a planted answer")
    planted = [held_out[7].question, held_out[40].question]
    assert assistant.leaked.answer(exam, training) == planted


@settings(max_examples=60, deadline=None)
@given(
    answers=st.lists(st.tuples(st.integers(0, 64), st.booleans()), min_size=1),
    n_bins=st.sampled_from([1, 2, 4, 8, 16]),
)
@example(answers=[(0, True), (9, False), (64, False), (60, True)], n_bins=4)
def test_the_calibration_error_is_that_of_the_page(
    answers: list[Any], n_bins: int
) -> None:
    sure = np.array([n / 64 for n, _ in answers])  # many of them on a bound
    right = np.array([correct for _, correct in answers])
    expected = calibration.expected_calibration_error(sure, right, n_bins)
    answered = assistant.expected_calibration_error.answer(sure, right, n_bins)
    assert answered == pytest.approx(expected, abs=1e-12)
