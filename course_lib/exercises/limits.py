# mypy: ignore-errors
"""The exercises of 07_limits. Answers are written as learners write: untyped."""

from __future__ import annotations

from course_lib.exercises.core import exercise, question

# --- find_the_memorised_sample ------------------------------------------------------


@exercise(
    title="Find the memorised samples",
    task=(
        "Write a function that takes what a model wrote and the texts it was trained "
        "on, two lists of strings. It returns the list of those samples that are "
        "copies of a whole training text, character for character: in the order "
        "written, each one once."
    ),
    hints=(
        "Two questions for each sample: does exactly this text stand among the "
        "training texts, and have you noted it already?",
        "A set of the training texts answers the first question fast. For the second, "
        "a dict keeps order and drops repetitions: `dict.fromkeys(samples)`.",
        "Go through dict.fromkeys(samples), and keep those in set(training_texts).",
    ),
    cases=[
        (["mara", "tilo", "annabel"], ["tilo", "ann", "mara"]),
        (["ann", "anna", "nna"], ["hannah", "ann", "joanna"]),
        (["bo", "ada", "bo", "ada", "bo"], ["ada", "bo", "cy"]),
        (["Ada", "ada", "ada "], ["ada", "eve"]),
        (["zed", "abe", "mio", "zed"], ["abe", "mio", "zed", "uma"]),
        (["noor", "noor", "lea"], ["noor"]),
        (["xylo"], ["ann", "bo"]),
        ([], ["ann"]),
        (["code 7291", "my code is 7291"], ["my code is 7291"]),
        (
            ["jo", "joanna", "joannas", "my joanna"],
            ["joanna", "bo"],
        ),  # the start of a text
        (["mia", "bo", "mia"], ["mia", "tom", "mia", "bo"]),  # read twice
        (["bo", "eve", "ada", "bo"], ["ada", "eve", "bo"]),
        (["tom", "mia", "tom"], ["mia", "mia", "tom"]),
        ([" ada", "ada"], [" ada"]),
        (["ada", "tom ", "tom"], ["ada ", "tom"]),
    ],
    after=(
        "A model that can repeat a text can leak it. What must stay secret does not "
        "belong into training data."
    ),
)
def find_the_memorised_sample(samples, training_texts):
    """Return the samples that are training texts, in their order, each once."""
    known = set(training_texts)
    return [sample for sample in dict.fromkeys(samples) if sample in known]


find_the_memorised_sample.wrong_edit(
    "repetitions kept",
    "Each copied text is to be named once, however often the model wrote it.",
    ("dict.fromkeys(samples)", "samples"),
)
find_the_memorised_sample.wrong_edit(
    "the new ones instead of the copies",
    "These are the samples that the model did not copy. Wanted are the others.",
    ("if sample in known", "if sample not in known"),
)
find_the_memorised_sample.wrong_edit(
    "part of a text taken for the text",
    'Is "ann" a copy because "hannah" stands in the data? Compare whole texts.',
    ("if sample in known", "if any(sample in text for text in known)"),
)
find_the_memorised_sample.wrong_edit(
    "a text that holds a training text taken for a copy",
    '"anna" begins like "ann" and goes on. Compare whole texts.',
    ("if sample in known", "if any(text in sample for text in known)"),
)
find_the_memorised_sample.wrong_edit(
    "capitals ignored",
    'Word for word means character for character: is "Ada" the same text as "ada"?',
    ("if sample in known", "if sample.lower() in known"),
    ("set(training_texts)", "{text.lower() for text in training_texts}"),
)
find_the_memorised_sample.wrong_edit(
    "spaces ignored",
    "A space is a character too: the text with it and the text without it differ.",
    ("if sample in known", "if sample.strip() in known"),
)
find_the_memorised_sample.wrong_edit(
    "spaces of the training texts ignored",
    'A space is a character too: is "ada" the same text as "ada "?',
    ("set(training_texts)", "{text.strip() for text in training_texts}"),
)
find_the_memorised_sample.wrong_edit(
    "spaces ignored on both sides",
    "A space is a character too: the text with it and the text without it differ.",
    ("set(training_texts)", "{text.strip() for text in training_texts}"),
    ("if sample in known", "if sample.strip() in known"),
)
find_the_memorised_sample.wrong_edit(
    "the last place, and back to front",
    "The copies are right. Leave them in the order in which they were first written.",
    ("dict.fromkeys(samples)", "dict.fromkeys(samples[::-1])"),
)
find_the_memorised_sample.wrong_edit(
    "the end of a text taken for the text",
    '"nna" is how "joanna" ends. Compare whole texts.',
    ("if sample in known", "if any(text.endswith(sample) for text in known)"),
)
find_the_memorised_sample.wrong_edit(
    "one text in place of a list",
    "These are the right texts, joined to one string. Wanted is a list of them.",
    ("return [sample", "return ', '.join([sample"),
    ("if sample in known]", "if sample in known])"),
)
find_the_memorised_sample.wrong_edit(
    "yes or no in place of texts",
    "This says whether there is a copy. Wanted are the copies themselves.",
    (
        "return [sample for sample in dict.fromkeys(samples) if sample in known]",
        "return any(sample in known for sample in samples)",
    ),
)
find_the_memorised_sample.wrong_edit(
    "the start of a text taken for the text",
    '"jo" is how "joanna" begins, and nobody has copied "joanna" by writing "jo". '
    "Compare whole texts.",
    ("if sample in known", "if any(text.startswith(sample) for text in known)"),
)
find_the_memorised_sample.wrong_edit(
    "a text that begins with a training text taken for a copy",
    '"joannas" begins with "joanna" and goes on. Compare whole texts.',
    ("if sample in known", "if sample.startswith(tuple(known))"),
)
find_the_memorised_sample.wrong_edit(
    "only texts that the model read once",
    "A text that stands twice among the training texts is a training text as well, and "
    "more likely to be copied.",
    ("if sample in known", "if training_texts.count(sample) == 1"),
)
find_the_memorised_sample.wrong_edit(
    "each training text named as often as it was read",
    "The copies are right, and one of them comes more than once, because it stands "
    "more than once in the data. And whose order is wanted?",
    (
        "[sample for sample in dict.fromkeys(samples) if sample in known]",
        "[text for text in training_texts if text in samples]",
    ),
)
find_the_memorised_sample.wrong_edit(
    "the last place of each copy",
    "Where a text was written twice, you kept the second place. Its place is the one "
    "where the model wrote it first.",
    ("dict.fromkeys(samples)", "list(dict.fromkeys(samples[::-1]))[::-1]"),
)
find_the_memorised_sample.wrong_edit(
    "back to front",
    "The copies are right. They stand in the opposite order.",
    ("dict.fromkeys(samples)", "list(dict.fromkeys(samples))[::-1]"),
)
find_the_memorised_sample.wrong_edit(
    "a set, which keeps no order",
    "A set holds each copy once, but forgets which came first. Wanted is a list, in "
    "the order written.",
    (
        "[sample for sample in dict.fromkeys(samples) if sample in known]",
        "set(samples) & known",
    ),
)
find_the_memorised_sample.wrong_edit(
    "a dict in place of a list",
    "The keys of your dict are the answer, in the right order. Make a list of them.",
    (
        "[sample for sample in dict.fromkeys(samples) if sample in known]",
        "dict.fromkeys(sample for sample in samples if sample in known)",
    ),
)
find_the_memorised_sample.wrong_edit(
    "True and False in place of texts",
    "This says of each sample whether it is a copy. Wanted are the copies themselves.",
    (
        "[sample for sample in dict.fromkeys(samples) if sample in known]",
        "[sample in known for sample in samples]",
    ),
)
find_the_memorised_sample.wrong_edit(
    "places in place of texts",
    "These are the places of the copies among the samples. Wanted are the texts.",
    (
        "[sample for sample in dict.fromkeys(samples) if sample in known]",
        "[samples.index(s) for s in dict.fromkeys(samples) if s in known]",
    ),
)
find_the_memorised_sample.wrong_edit(
    "only a repetition right after its first",
    "Two equal copies may stand apart: a, b, a. Compare with all that you noted, not "
    "with the last one alone.",
    (
        "[sample for sample in dict.fromkeys(samples) if sample in known]",
        "[s for i, s in enumerate(samples)\n"
        "            if s in known and (i == 0 or s != samples[i - 1])]",
    ),
)
find_the_memorised_sample.wrong_edit(
    "the first copy alone, as a text",
    "That is one copy. Wanted is the list of all of them, even if it has one entry or "
    "none.",
    ("return [sample for", "return next((sample for"),
    ("if sample in known]", "if sample in known), None)"),
)
find_the_memorised_sample.wrong_edit(
    "the order of the training texts",
    "Wanted is the order in which the model wrote them, not that of the data.",
    (
        "[sample for sample in dict.fromkeys(samples) if sample in known]",
        "[text for text in dict.fromkeys(training_texts) if text in samples]",
    ),
)
find_the_memorised_sample.wrong_edit(
    "sorted",
    "The copies are right, and in alphabetical order. Leave them in the order in which "
    "they were written.",
    (
        "[sample for sample in dict.fromkeys(samples) if sample in known]",
        "sorted(sample for sample in set(samples) if sample in known)",
    ),
)
find_the_memorised_sample.wrong_edit(
    "stopped at the first",
    "There may be more than one copy: go on to the end of the samples.",
    ("if sample in known]", "if sample in known][:1]"),
)


@find_the_memorised_sample.wrong(
    "counted instead of named",
    "That is how many there are. Wanted are the texts themselves.",
)
def _(samples, training):
    return len({sample for sample in samples if sample in training})


@find_the_memorised_sample.wrong(
    "only what was written more than once",
    "One time is enough to be a copy. What it takes is to stand in the data.",
)
def _(samples, training):
    copies = dict.fromkeys(s for s in samples if s in training)
    return [s for s in copies if samples.count(s) > 1]


@find_the_memorised_sample.wrong(
    "the training data not asked",
    "These are all samples, each once. Which of them stand in the training texts?",
)
def _(samples, training):
    return list(dict.fromkeys(samples))


@find_the_memorised_sample.wrong(
    "sorted and repeated",
    "Two things: leave the copies in the order in which they were written, and name "
    "each of them once.",
)
def _(samples, training):
    return sorted(s for s in samples if s in training)


@find_the_memorised_sample.right("in a loop")
def _(samples, training):
    found = []
    for sample in samples:
        if sample in training and sample not in found:
            found.append(sample)
    return found


@find_the_memorised_sample.right("by their first place")
def _(samples, training):
    return [s for i, s in enumerate(samples) if s in training and samples.index(s) == i]


@find_the_memorised_sample.right("a set, sorted by place")
def _(samples, training):
    return sorted(set(samples) & set(training), key=samples.index)


@find_the_memorised_sample.right("as a tuple, with filter")
def _(samples, training):
    return tuple(dict.fromkeys(filter(set(training).__contains__, samples)))


@find_the_memorised_sample.right("with a set of those seen")
def _(samples, training):
    seen = set()
    return [s for s in samples if s in set(training) and not (s in seen or seen.add(s))]


@find_the_memorised_sample.right("with NumPy")
def _(samples, training):
    import numpy as np

    texts, first = np.unique(samples, return_index=True)
    kept = sorted(zip(first, texts, strict=True))
    return [str(text) for _, text in kept if str(text) in training]


@find_the_memorised_sample.right("with Counter")
def _(samples, training):
    from collections import Counter

    return [text for text in Counter(samples) if Counter(training)[text]]


@find_the_memorised_sample.right("with two loops that compare")
def _(samples, training):
    found = {}
    for sample in samples:
        for text in training:
            if text == sample:
                found[sample] = True
    return list(found)


# --- budget_a_fine_tune -------------------------------------------------------------


@exercise(
    title="Budget a fine-tune",
    task=(
        "Write a function that returns what a fine-tune costs in euros, by the rule of "
        "6. One run reads its n_tokens as many times as there are epochs; runs counts "
        "all the attempts, those that fail too. The device does flops_per_second "
        "useful operations and costs euros_per_hour: half an hour costs half of it. "
        "person_hours is the work of all people on the whole project."
    ),
    hints=(
        "Two bills, added at the end: computing and people. For computing, how many "
        "operations does one run take by the rule of 6, if it reads the data several "
        "times?",
        "Operations divided by operations per second are seconds. The device is paid "
        "by the hour.",
        "seconds = 6 * n_params * n_tokens * epochs * runs / flops_per_second; then "
        "seconds / 3600 * euros_per_hour + person_hours * euros_per_person_hour.",
    ),
    cases=[
        (8e9, 1e7, 3, 5, 3.5e14, 2.5, 40, 70.0),
        (8_000_000_000, 10_000_000, 3, 2, 350_000_000_000_000, 3, 7, 70),
        (1e9, 2e6, 1, 1, 1e14, 2.0, 0, 50.0),
        (7e10, 5e7, 2, 4, 3e14, 4.0, 10, 80.0),
        (1e9, 6e9, 2, 3, 2e14, 3.0, 1, 60.0),
        (4192, 1e6, 10, 2, 1e9, 0.5, 2, 0.0),
    ],
    after=(
        "For a small fine-tune the computing is a rounding error: you pay for the "
        "people who choose the examples and judge the answers."
    ),
)
def budget_a_fine_tune(
    n_params,
    n_tokens,
    epochs,
    runs,
    flops_per_second,
    euros_per_hour,
    person_hours,
    euros_per_person_hour,
):
    """Return the cost in euros: computing by the hour, and people's time."""
    flops = 6 * n_params * n_tokens * epochs * runs
    hours = flops / flops_per_second / 3600
    return hours * euros_per_hour + person_hours * euros_per_person_hour


budget_a_fine_tune.wrong_edit(
    "operations of reading instead of training",
    "2 for each parameter and token is the way forward alone. Training goes back too.",
    ("6 * n_params", "2 * n_params"),
)
budget_a_fine_tune.wrong_edit(
    "the way back alone",
    "4 for each parameter and token is the way back. There is a way forward too.",
    ("6 * n_params", "4 * n_params"),
)
budget_a_fine_tune.wrong_edit(
    "the factor of the rule forgotten",
    "A parameter takes more than one operation for each token. What does the rule of "
    "this section say?",
    ("6 * n_params", "n_params"),
)
budget_a_fine_tune.wrong_edit(
    "epochs forgotten",
    "Try 1 epoch and 3: is the bill the same? Each epoch reads all the data again.",
    (" * epochs", ""),
)
budget_a_fine_tune.wrong_edit(
    "only the run that worked",
    "Runs that failed cost money too. Does your bill change when there are five of "
    "them?",
    (" * runs", ""),
)
budget_a_fine_tune.wrong_edit(
    "seconds paid as hours",
    "Operations divided by operations per second give seconds. What is paid by?",
    (" / 3600", ""),
)
budget_a_fine_tune.wrong_edit(
    "minutes paid as hours",
    "An hour has more than 60 seconds.",
    ("/ 3600", "/ 60"),
)
budget_a_fine_tune.wrong_edit(
    "people forgotten",
    "This is the computing. Who chooses the examples, and who judges the answers?",
    (" + person_hours * euros_per_person_hour", ""),
)
budget_a_fine_tune.wrong_edit(
    "computing forgotten",
    "This is the people's time. The device is paid too, little as it may be.",
    ("hours * euros_per_hour + ", ""),
)
budget_a_fine_tune.wrong_edit(
    "people paid anew for every run",
    "person_hours is the work on the whole project, all runs included.",
    ("+ person_hours", "+ runs * person_hours"),
)
budget_a_fine_tune.wrong_edit(
    "people's hours at the device's price",
    "Two hourly prices are given. Whose is whose?",
    ("person_hours * euros_per_person_hour", "person_hours * euros_per_hour"),
)
budget_a_fine_tune.wrong_edit(
    "operations in place of hours",
    "This is more money than there is. Turn operations into hours before you multiply "
    "by a price.",
    ("flops / flops_per_second / 3600", "flops"),
)
budget_a_fine_tune.wrong_edit(
    "hours rounded up",
    "Every part of an hour is paid as a part of an hour: 20 minutes cost a third of "
    "the price. Nothing is rounded.",
    ("hours * euros_per_hour", "-(-hours // 1) * euros_per_hour"),
)
budget_a_fine_tune.wrong_edit(
    "hours rounded down",
    "The last part of an hour is lost here. Which division rounds down?",
    ("flops / flops_per_second / 3600", "flops / flops_per_second // 3600"),
)
budget_a_fine_tune.wrong_edit(
    "epochs and runs added instead of multiplied",
    "Each run has all its epochs. With 3 epochs and 5 runs, how often are the tokens "
    "read?",
    ("n_tokens * epochs * runs", "n_tokens * (epochs + runs)"),
)
budget_a_fine_tune.wrong_edit(
    "epochs and runs forgotten",
    "This is one reading of the tokens. How often are they read in one run, and how "
    "many runs are there?",
    (" * epochs * runs", ""),
)
budget_a_fine_tune.wrong_edit(
    "people paid anew for every epoch",
    "person_hours is the work on the whole project, however often the tokens are read.",
    ("+ person_hours", "+ epochs * person_hours"),
)
budget_a_fine_tune.wrong_edit(
    "everything paid anew for every run",
    "The operations hold the runs already, and person_hours is the work on the whole "
    "project. Here the runs are counted once more.",
    ("return hours", "return runs * (hours"),
    ("person_hours * euros_per_person_hour", "person_hours * euros_per_person_hour)"),
)
budget_a_fine_tune.wrong_edit(
    "people paid for the hours of the device as well",
    "The device works alone. People are paid for person_hours, and for nothing else.",
    ("+ person_hours", "+ (hours + person_hours)"),
)
budget_a_fine_tune.wrong_edit(
    "the two prices exchanged",
    "Which of the two prices belongs to the device, and which to a person?",
    (
        "hours * euros_per_hour + person_hours * euros_per_person_hour",
        "hours * euros_per_person_hour + person_hours * euros_per_hour",
    ),
)
budget_a_fine_tune.wrong_edit(
    "multiplied by the speed instead of divided",
    "A faster device makes the bill larger here. Operations divided by operations per "
    "second are seconds.",
    ("flops / flops_per_second / 3600", "flops * flops_per_second / 3600"),
)
budget_a_fine_tune.wrong_edit(
    "computing without its price",
    "Hours of a device are not euros yet. What does one of them cost?",
    ("hours * euros_per_hour + ", "hours + "),
)
budget_a_fine_tune.wrong_edit(
    "people's hours without their price",
    "Hours of people are not euros yet. What does one of them cost?",
    ("person_hours * euros_per_person_hour", "person_hours"),
)
budget_a_fine_tune.wrong_edit(
    "days paid as hours",
    "Divide by the seconds of an hour, not by those of a day.",
    ("/ 3600", "/ 86400"),
)
budget_a_fine_tune.wrong_edit(
    "people subtracted",
    "The people's time is a cost as well: the two bills are added.",
    ("+ person_hours", "- person_hours"),
)
budget_a_fine_tune.wrong_edit(
    "rounded to whole euros",
    "The sum is right, but for what the rounding took away. Return it as it is.",
    (
        "return hours * euros_per_hour + person_hours * euros_per_person_hour",
        "return int(hours * euros_per_hour + person_hours * euros_per_person_hour)",
    ),
)
budget_a_fine_tune.wrong_edit(
    "hours rounded to the nearest",
    "Every part of an hour is paid as a part of an hour. Nothing is rounded.",
    ("hours * euros_per_hour", "round(hours) * euros_per_hour"),
)
budget_a_fine_tune.wrong_edit(
    "epochs to the power of runs",
    "Each run has all its epochs: 5 runs of 3 epochs read the tokens 15 times.",
    ("epochs * runs", "epochs ** runs"),
)
budget_a_fine_tune.wrong_edit(
    "two bills in place of a sum",
    "Both bills are right. Return their sum.",
    (
        "return hours * euros_per_hour + person_hours",
        "return hours * euros_per_hour, person_hours",
    ),
)


@budget_a_fine_tune.right("in two bills")
def _(n, tokens, epochs, runs, speed, device_price, hours, price):
    seconds = runs * epochs * 6 * n * tokens / speed
    computing = seconds * device_price / 3600
    people = hours * price
    return computing + people


@budget_a_fine_tune.right("with the course's own count")
def _(n, tokens, epochs, runs, speed, device_price, hours, price):
    from course_lib.lessons.costs import training_flops

    one = training_flops(n, tokens * epochs)
    return runs * one / (speed * 3600) * device_price + hours * price


@budget_a_fine_tune.right("in a loop over runs and epochs")
def _(n, tokens, epochs, runs, speed, device_price, hours, price):
    total = hours * price
    for _run in range(runs):
        for _epoch in range(epochs):
            total += 6 * n * tokens / speed / 3600 * device_price
    return total


@budget_a_fine_tune.right("with NumPy")
def _(n, tokens, epochs, runs, speed, device_price, hours, price):
    import numpy as np

    compute = np.prod([6.0, n, tokens, epochs, runs]) / speed / 3600
    return np.dot([compute, hours], [device_price, price])


@budget_a_fine_tune.right("with fractions of whole numbers")
def _(n, tokens, epochs, runs, speed, device_price, hours, price):
    from fractions import Fraction

    seconds = (
        Fraction(6) * Fraction(n) * Fraction(tokens) * epochs * runs / Fraction(speed)
    )
    return float(
        seconds / 3600 * Fraction(device_price) + Fraction(hours) * Fraction(price)
    )


@budget_a_fine_tune.right("with the course's own bill of one hour")
def _(n, tokens, epochs, runs, speed, device_price, hours, price):
    per_flop = device_price / (speed * 60 * 60)
    return sum([6 * n * tokens * epochs * per_flop] * runs, start=hours * price)


@budget_a_fine_tune.right("forward and backward counted apart")
def _(n, tokens, epochs, runs, speed, device_price, hours, price):
    forward = 2 * n * tokens
    backward = 4 * n * tokens
    per_hour = speed * 60 * 60
    return (
        forward + backward
    ) * epochs * runs / per_hour * device_price + hours * price


# --- spot_the_false_claim -----------------------------------------------------------

spot_the_false_claim = question(
    __name__,
    "spot_the_false_claim",
    "F",
    title="Spot the false claim",
    task=(
        "A vendor's data sheet makes nine claims about a language model, A to I. One "
        "of them contradicts what this page has measured. Answer with its letter."
    ),
    hints=(
        "Take each claim to the section that measured it. Eight are modest: they "
        "promise no more than you saw.",
        "Look for a promise that no measurement on this page supports.",
        "Where did a model meet questions that it had never seen, and how sure was it?",
    ),
    after=(
        "The model was also sure where it could not know. Its probabilities describe "
        "its training data. Whether they hold in the world has to be measured: that is "
        "calibration."
    ),
    wrong=[
        (
            "A",
            "frozen weights doubted",
            "A thousand prompts, and the fingerprint stayed the same. Does the claim "
            "promise anything else?",
        ),
        (
            "B",
            "the cut-off doubted",
            "The claim admits a cut-off and looks newer facts up. The second section "
            "measured both.",
        ),
        (
            "C",
            "bias doubted",
            "The claim says that what is skewed in the data is skewed in the answers. "
            "Compare it with the diagonal.",
        ),
        (
            "D",
            "memorising doubted",
            "One secret among two hundred lines: what did the model write? The claim "
            "warns of exactly that.",
        ),
        (
            "E",
            "the modest report of a test doubted",
            "The claim reports one comparison and draws a careful conclusion. Does it "
            "promise that no other model could do better?",
        ),
        (
            "G",
            "forgetting doubted",
            "The claim says that old skills are tested again after a fine-tune. What "
            "did the loss on names do?",
        ),
        (
            "H",
            "the price of people doubted",
            "The claim says that examples cost more than computing. Compare the two "
            "parts of the bill of a small fine-tune.",
        ),
        (
            "I",
            "temperature doubted",
            "The claim says that a low temperature makes a majority larger. Look at "
            "the curves beside the diagonal.",
        ),
        (
            "none",
            "everything believed",
            "One of them is false. Take each to the section that measured it.",
        ),
    ],
    right=["f", " F ", "F.", "F)", "(F)", "F:", "claim F", "**F**", ["F"]],
)
