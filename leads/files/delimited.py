"""Rows of delimited text, one after the other: any line end, quotes over lines, memory bounded by one record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from .shape import LONGEST_RECORD, FileShape, RowError

csv.field_size_limit(2 * LONGEST_RECORD)

MOST_RESTARTS = 20


class _TooLong(Exception):
    """The record that began last is longer than any honest one."""


class _Lines:
    """Lines of a text file for the csv reader, with their numbers and a limit on what one record may take."""

    def __init__(self, text: io.TextIOWrapper, number: int) -> None:
        self.text = text
        self.number = number
        self.taken = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.text.readline(LONGEST_RECORD)
        if not line:
            raise StopIteration
        self.taken += len(line)
        if line[-1] in "\r\n":
            self.number += 1
        elif len(line) >= LONGEST_RECORD:
            raise _TooLong
        else:
            self.number += 1
        if self.taken > LONGEST_RECORD:
            raise _TooLong
        return line

    def skip_rest_of_line(self) -> None:
        while line := self.text.readline(LONGEST_RECORD):
            if line[-1] in "\r\n":
                break
        self.number += 1


def open_text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The file as text with its line ends kept. Bytes that are no text become marks that `has_broken_bytes` finds."""
    stream.seek(0)
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")


def dialect_options(delimiter: str, quote: str) -> dict[str, object]:
    if not quote:
        return {"delimiter": delimiter, "quoting": csv.QUOTE_NONE, "skipinitialspace": True}
    return {"delimiter": delimiter, "quotechar": quote, "doublequote": True, "skipinitialspace": True}


def raw_records(stream: BinaryIO, shape: FileShape, from_line: int) -> Iterator[tuple[int, list[str] | RowError]]:
    """Every record that begins at or after `from_line`, blank ones left out, with the line it begins on."""
    restarts = 0
    start = 1
    quote = shape.quote
    while True:
        text = open_text(stream, shape.encoding)
        lines = _Lines(text, 0)
        try:
            for _ in range(start - 1):
                lines.skip_rest_of_line()
            broken_at = 0
            for line, record in _records(lines, shape.delimiter, quote):
                if line == 0:
                    broken_at = int(record[0]) if isinstance(record, list) else 0
                    break
                if line >= from_line:
                    yield line, record
        finally:
            text.detach()
        if not broken_at:
            return
        if broken_at >= from_line:
            yield (
                broken_at,
                RowError(
                    "unclosed_quote",
                    f"A quote that opens in line {broken_at} is never closed. Close it or double it, and send the row again.",
                ),
            )
        restarts += 1
        start = broken_at + 1
        if restarts >= MOST_RESTARTS:
            quote = ""


def _records(lines: _Lines, delimiter: str, quote: str) -> Iterator[tuple[int, list[str] | RowError]]:
    """Records with their first line; line 0 with [n] when the record that began in line n swallowed the rest."""
    options = dialect_options(delimiter, quote)
    reader = csv.reader(lines, **options)  # type: ignore[arg-type]
    while True:
        first, lines.taken = lines.number + 1, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            if lines.number < first:
                lines.skip_rest_of_line()
                if quote and _quote_is_open(lines, first):
                    pass
                yield first, _too_long(first)
            else:
                yield 0, [str(first)]
                return
            reader = csv.reader(lines, **options)  # type: ignore[arg-type]
            continue
        except csv.Error as fault:
            yield first, RowError("broken_row", f"Line {first} cannot be taken apart ({fault}). Check its quotes.")
            continue
        if lines.number > first and quote and _ends_inside_quote(lines, cells):
            yield 0, [str(first)]
            return
        if any(cells) and any(cell.strip() for cell in cells):
            yield first, checked(cells)
