"""Rows of any readable file by its confirmed shape: each row as wide as the header, or the reason why it cannot be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .delimited import open_text, records
from .json_lines import json_records
from .shape import LONGEST_CELL, FileShape, RowError
from .workbook import workbook_records

Row = tuple[int, list[str] | RowError]


def read_rows(path: Path | str, shape: FileShape, start_line: int = 0) -> Iterator[Row]:
    """The data rows that begin after line `start_line`, as (line, cells) or (line, RowError). Never raises for a row.

    Lines are those of the file (rows of the sheet for a workbook), header included, from 1.
    """
    width = len(shape.headers)
    after = max(start_line, shape.first_line - 1)
    with Path(path).open("rb") as stream:
        for line, cells in _records(stream, shape):
            if line > after:
                yield line, cells if isinstance(cells, RowError) else _checked(cells, width, line, shape)


def count_rows(path: Path | str, shape: FileShape) -> int:
    """How many rows `read_rows` will give. Reads the file once."""
    return sum(1 for _row in read_rows(path, shape))


def _records(stream: BinaryIO, shape: FileShape) -> Iterator[Row]:
    if shape.format == "xlsx":
        yield from workbook_records(stream, shape.sheet)
        return
    with _text_of(stream, shape.encoding) as text:
        if shape.format == "ndjson":
            for line, row in json_records(text):
                yield line, row if isinstance(row, RowError) else [row.get(name, "") for name in shape.headers]
        else:
            yield from records(text, shape.delimiter, shape.quote)


@contextmanager
def _text_of(stream: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    text = open_text(stream, encoding)
    try:
        yield text
    finally:
        text.detach()


def _checked(cells: list[str], width: int, line: int, shape: FileShape) -> list[str] | RowError:
    """The row as wide as the header, or what is wrong with it."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    fault = _fault(cells, width, line, shape)
    if fault is not None:
        return RowError(*fault, tuple(printable(cell)[:2_000] for cell in cells[: width + 20]))
    return cells + [""] * (width - len(cells))


def _fault(cells: list[str], width: int, line: int, shape: FileShape) -> tuple[str, str] | None:
    if len(cells) > width:
        return "too_many_cells", (
            f"Line {line} has {len(cells)} cells, the header has {width} columns. "
            "Put quotes around a cell that holds the separator."
        )
    if len(cells) < width and shape.format == "csv" and not shape.pads_short_rows:
        return "too_few_cells", (
            f"Line {line} has {len(cells)} cells, the header has {width} columns. "
            "A line break inside a cell needs quotes around the cell; missing cells need their separators."
        )
    joined = "".join(cells)
    if "\0" in joined:
        return "nul_byte", f"Line {line} holds a NUL byte, which is not text. Remove it and send the row again."
    if not joined.isascii() and (not _is_text(joined) or ("\ufffd" in joined and _replaces(shape))):
        return "broken_bytes", (
            f"Line {line} holds bytes that are not {shape.encoding}. Save it as UTF-8, or choose another encoding."
        )
    if len(joined) > LONGEST_CELL and any(len(cell) > LONGEST_CELL for cell in cells):
        return "cell_too_long", f"Line {line} holds a cell of over {LONGEST_CELL:,} characters. Shorten it."
    return None


def printable(text: str) -> str:
    """Text a database and a page can hold: NUL shown as ␀, broken bytes as �."""
    return text.replace("\0", "\u2400").encode("utf-8", "replace").decode("utf-8")


def _replaces(shape: FileShape) -> bool:
    """Does U+FFFD in a row stand for bytes that could not be decoded? In UTF-8 it was written by the sender."""
    return shape.format == "csv" and not shape.encoding.startswith("utf-8")


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
