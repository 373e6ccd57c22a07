"""Rows of NDJSON: one JSON object a line, nested objects flattened with dots."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import orjson

from .shape import LONGEST_RECORD, MOST_COLUMNS, RowError, UnreadableFile

DEEPEST = 8


def json_records(text: io.TextIOBase) -> Iterator[tuple[int, dict[str, str] | RowError]]:
    """Every object with its line; blank lines left out."""
    number = 0
    while line := text.readline(LONGEST_RECORD):
        number += 1
        if line[-1] not in "\r\n" and len(line) >= LONGEST_RECORD:
            while more := text.readline(LONGEST_RECORD):
                if more[-1] in "\r\n":
                    break
            words = f"Line {number} is longer than {LONGEST_RECORD:,} characters. Shorten it and send it again."
            yield number, RowError("row_too_long", words, (line[:2_000],))
        elif line.strip():
            yield number, _row(line, number)


def json_headers(text: io.TextIOBase) -> list[str]:
    """Every key used anywhere in the file, in order of first sight. Reads the whole file."""
    seen: dict[str, None] = {}
    for _line, row in json_records(text):
        if isinstance(row, dict):
            seen.update(dict.fromkeys(row))
            if len(seen) > MOST_COLUMNS:
                raise UnreadableFile(
                    "too_many_columns",
                    f"The objects use more than {MOST_COLUMNS:,} different keys. Leave out what you do not need.",
                )
    return list(seen)


def _row(line: str, number: int) -> dict[str, str] | RowError:
    try:
        found = orjson.loads(line)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as problem:
        return RowError("bad_json", f"Line {number} is not JSON: {problem}.", (line[:2_000],))
    if not isinstance(found, dict):
        return RowError("bad_json", f"Line {number} is not a JSON object in braces.", (line[:2_000],))
    flat: dict[str, str] = {}
    _flatten(found, "", flat, 1)
    return flat


def _flatten(found: dict[str, Any], prefix: str, flat: dict[str, str], depth: int) -> None:
    for key, value in found.items():
        name = f"{prefix}{key}".strip() or "Column"
        if isinstance(value, dict) and value and depth < DEEPEST:
            _flatten(value, f"{name}.", flat, depth + 1)
        else:
            flat[name] = _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return "; ".join(_text(item) for item in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else str(value)
