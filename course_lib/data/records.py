"""The texts in one field of JSON lines, of a JSON list, or of CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePath
from typing import Any

from course_lib.bounds import BOUNDS
from course_lib.data.lines import DataError, show

__all__ = ["field_texts", "kind_of_records"]

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
LOOKED_AT = 100  # records, to see which fields hold text


def kind_of_records(source: object, start: str) -> str:
    """Return "csv", "jsonl" or "json" for records, "" for a text of another kind.

    source: its name may end in one of the usual ways. start: how the text begins.
    """
    suffix = PurePath(str(source)).suffix.lower()
    kind = SUFFIXES.get(suffix, "")
    first = start.lstrip()
    if kind == "json" and not first.startswith("["):
        kind = "jsonl"  # one object, or one on each line
    if not kind and first.startswith("{") and _is_object(first.split("\n", 1)[0]):
        kind = "jsonl"
    return kind


def field_texts(
    text: str, kind: str, field: str | None, source: object
) -> tuple[str, list[str], list[str]]:
    """Return the name of the field, its texts, and what to say about them.

    Records whose field is missing or blank are left out, and counted. A list in a field
    is one text, an item on each line; numbers are written as text.

    Raises DataError, one line, for text that is no such records, and for a field that
    is in none of them.
    """
    records = _csv if kind == "csv" else _json_lines if kind == "jsonl" else _json_list
    notes = []
    if field is None:
        field = _only_field(records(text, source), source)
        notes.append(
            f"the text is in the field {field!r}, the only one that holds text: "
            "--field NAME takes another one"
        )
    texts, left_out = [], 0
    for record in records(text, source):
        found = _text_at(record, field, source).strip("\n")
        if found.strip():
            texts.append(found)
        else:
            left_out += 1
    if not texts:
        names = _names(islice(records(text, source), LOOKED_AT))
        raise DataError(
            f"{show(source)} holds no text in a field {field!r}: expected one of its "
            f"fields, {_listed(names)}. Name one with --field."
        )
    if left_out:
        notes.append(
            f"{left_out:,} of {left_out + len(texts):,} records hold no text in the "
            f"field {field!r} and are left out"
        )
    return field, texts, notes


def _csv(text: str, source: object) -> Iterator[dict[str, Any]]:
    header = text.lstrip("\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)  # in Europe often ;
    usual = csv.field_size_limit(int(BOUNDS["text file"][0]))
    try:
        reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
        yield from reader
    except csv.Error as error:
        raise DataError(
            f"{show(source)}, line {reader.line_num:,}, is no CSV ({error}): expected "
            "a header and rows as a spreadsheet saves them. Save it again as CSV."
        ) from None
    finally:
        csv.field_size_limit(usual)


def _json_lines(text: str, source: object) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == 1:  # one object over many lines
                yield from _json_list(text, source)
                return
            raise _no_json(f"{show(source)}, line {number:,},", error) from None
        yield _object(record, f"{show(source)}, line {number:,},")


def _json_list(text: str, source: object) -> Iterator[dict[str, Any]]:
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_json(show(source), error) from None
    for number, record in enumerate(
        records if isinstance(records, list) else [records], start=1
    ):
        yield _object(record, f"{show(source)}, item {number:,},")


def _no_json(where: str, error: Exception) -> DataError:
    reason = getattr(error, "msg", "") or "nested too deeply, or a number too long"
    return DataError(
        f"{where} is no JSON ({reason}): expected one object on each line, or a list "
        "of them. Mend it, or give --split lines to read it as plain text."
    )


def _object(record: object, where: str) -> dict[str, Any]:
    if isinstance(record, dict):
        return record
    raise DataError(
        f"{where} is no object: expected fields with names, as in "
        '{"text": "hello"}. Give --split lines to read it as plain text.'
    )


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _text_at(record: dict[str, Any], field: str, source: object) -> str:
    """Return the text of a record's field, or "" if it has none."""
    if field in record:
        return _as_text(record[field], field, source)
    first, _, rest = field.partition(".")
    inner = record.get(first) if rest else None
    if isinstance(inner, dict):
        return _text_at(inner, rest, source)
    if isinstance(inner, list):
        texts = (_text_at(i, rest, source) for i in inner if isinstance(i, dict))
        return "\n".join(text for text in texts if text.strip())
    return ""


def _as_text(value: object, field: str, source: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(_as_text(item, field, source) for item in value)
    if isinstance(value, dict):
        raise DataError(
            f"{show(source)} holds objects in its field {field!r}: expected text. Name "
            f"one of their fields, {_listed(list(value), f'{field}.')}, with --field."
        )
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def _only_field(records: Iterable[dict[str, Any]], source: object) -> str:
    """Return the only field that holds text in the first records."""
    looked_at = list(islice(records, LOOKED_AT))
    names = _names(looked_at)
    holding = [
        name
        for name in names
        if any(_is_words(record.get(name)) for record in looked_at)
    ]
    if len(holding) == 1:
        return holding[0]
    raise DataError(
        f"{show(source)} holds records, with the fields {_listed(holding or names)}: "
        "expected to be told which one is the text. Name it with --field."
    )


def _is_words(value: object) -> bool:
    """Whether a value is text, and no number written as text."""
    if not isinstance(value, str) or not value.strip():
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def _names(records: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of all fields, in the order in which they come."""
    return [name for name in dict.fromkeys(k for r in records for k in r) if name]


def _listed(names: list[str], prefix: str = "") -> str:
    shown = ", ".join(repr(f"{prefix}{name}")[:60] for name in names[:8])
    return f"{shown or 'none'}{' …' if len(names) > 8 else ''}"
