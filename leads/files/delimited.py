"""Records of delimited text, one after the other: any line end, quotes over lines, memory bounded by one record."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import Any, BinaryIO

from .shape import LONGEST_RECORD, RowError

csv.field_size_limit(2 * LONGEST_RECORD)


class _TooLong(Exception):
    """The record that was begun last is longer than any honest one."""


class _Lines:
    """Lines of a text for the csv reader. Remembers those of the record being read, so that they can be put back."""

    def __init__(self, text: io.TextIOBase) -> None:
        self.text = text
        self.number = 0
        self.put_back: deque[str] = deque()
        self.record: list[str] = []
        self.taken = 0
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.put_back.popleft() if self.put_back else self.text.readline(LONGEST_RECORD)
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.taken += len(line)
        self.record.append(line)
        if self.taken >= LONGEST_RECORD:
            raise _TooLong
        return line

    def begin_record(self) -> int:
        """Forget the record before; the line the next one begins on."""
        self.record.clear()
        self.taken, self.ended = 0, False
        return self.number + 1

    def give_up_record(self) -> None:
        """Leave only the first line of the record behind; the rest is read again as records of their own."""
        first, rest = self.record[0], self.record[1:]
        if len(first) >= LONGEST_RECORD and first[-1] not in "\r\n":
            while more := self.text.readline(LONGEST_RECORD):
                if more[-1] in "\r\n":
                    break
        elif rest and len(rest[-1]) >= LONGEST_RECORD and rest[-1][-1] not in "\r\n":
            rest[-1] += "\n"
        self.put_back.extendleft(reversed(rest))
        self.number -= len(rest)


def open_text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The file as text with its line ends kept. Bytes that are no text become lone surrogates or U+FFFD."""
    stream.seek(0)
    errors = "surrogateescape" if encoding in {"utf-8", "utf-8-sig"} else "replace"
    return io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")


def csv_options(delimiter: str, quote: str) -> dict[str, Any]:
    """Arguments of csv.reader; an empty `quote` means that quotes are ordinary signs."""
    if not quote:
        return {"delimiter": delimiter, "quoting": csv.QUOTE_NONE, "skipinitialspace": delimiter != " "}
    return {"delimiter": delimiter, "quotechar": quote, "skipinitialspace": delimiter != " "}


def records(text: io.TextIOBase, delimiter: str, quote: str) -> Iterator[tuple[int, list[str] | RowError]]:
    """Every record with the line it begins on; records of nothing but empty cells are left out."""
    lines = _Lines(text)
    options = csv_options(delimiter, quote)
    reader = csv.reader(lines, **options)
    while True:
        line = lines.begin_record()
        fault: RowError | None = None
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            fault = _unclosed(line) if len(lines.record) > 1 else _too_long(line)
        except csv.Error as problem:
            fault = RowError("broken_row", f"Line {line} cannot be taken apart: {problem}. Check its quotes.")
        if fault is None and lines.ended:
            fault = _unclosed(line)
        if fault is not None:
            yield line, RowError(fault.code, fault.words, (lines.record[0][:2_000],))
            lines.give_up_record()
            reader = csv.reader(lines, **options)
        elif any(cell and not cell.isspace() for cell in cells):
            yield line, cells


def _too_long(line: int) -> RowError:
    return RowError(
        "row_too_long",
        f"Line {line} is longer than {LONGEST_RECORD:,} characters. Shorten its long cell and send the row again.",
    )


def _unclosed(line: int) -> RowError:
    return RowError(
        "unclosed_quote",
        f"A quote that opens in line {line} is not closed. Close it or write it twice, and send the row again.",
    )
