"""Rows of an Excel workbook, streamed, after a look at whether the archive is honest."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from openpyxl import load_workbook

from .shape import LONGEST_CELL, MOST_COLUMNS, RowError, UnreadableFile

LARGEST_UNPACKED = 2 * 1024 * 1024 * 1024
LARGEST_STRINGS = 256 * 1024 * 1024
DENSEST = 250
"""Honest sheets pack to a tenth or a twentieth; a bomb packs to a thousandth."""


def check_archive(stream: BinaryIO) -> None:
    """Raise UnreadableFile unless this is a plain, honest .xlsx."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "mimetype" in names and "content.xml" in names:
                raise UnreadableFile("ods", "This is an OpenDocument sheet. Save it as .xlsx or CSV and upload that.")
            if not any(name.startswith("xl/workbook.") for name in names):
                raise UnreadableFile("zip", "This is a ZIP archive. Unpack it and upload the file inside.")
            if "xl/workbook.bin" in names:
                raise UnreadableFile("xlsb", "This is a binary workbook (.xlsb). Save it as .xlsx and upload that.")
            if any(part.flag_bits & 1 for part in parts):
                raise UnreadableFile("encrypted", "This workbook has a password. Save a copy without it.")
            unpacked = sum(part.file_size for part in parts)
            dense = any(
                part.file_size > 20_000_000 and part.file_size > DENSEST * max(1, part.compress_size) for part in parts
            )
            strings = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
            if unpacked > LARGEST_UNPACKED or dense or strings > LARGEST_STRINGS or len(parts) > 10_000:
                raise UnreadableFile(
                    "zip_bomb",
                    f"This workbook would unpack to {unpacked // 1_000_000:,} MB, far more than its rows can need. "
                    "It was not opened. Save the sheet as CSV and upload that.",
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as content:
                        if b"<!DOCTYPE" in content.read(4_096):
                            raise UnreadableFile(
                                "xml_entities",
                                "This workbook holds XML declarations Excel never writes. Save it anew as .xlsx.",
                            )
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as problem:
        raise UnreadableFile(
            "damaged_workbook", "This workbook is damaged or was cut off. Open it in Excel, save it again, upload that."
        ) from problem


def sheet_names(stream: BinaryIO) -> list[str]:
    """Names of the sheets that can be seen, in order; all of them if every one is hidden."""
    book = _open(stream)
    try:
        sheets = list(book.worksheets)
        shown = [sheet.title for sheet in sheets if sheet.sheet_state == "visible"]
        return shown or [sheet.title for sheet in sheets]
    finally:
        book.close()


def workbook_records(stream: BinaryIO, sheet: str) -> Iterator[tuple[int, list[str] | RowError]]:
    """Rows of one sheet with their row number; empty rows left out. Formulas give the value Excel saw last."""
    book = _open(stream)
    if sheet not in book.sheetnames:
        book.close()
        raise UnreadableFile("no_sheet", f"The workbook has no sheet called “{sheet}”. Choose one that it has.")
    try:
        table = book[sheet]
        table.reset_dimensions()
        for number, row in enumerate(_quietly(table.iter_rows(values_only=True)), start=1):
            if all(value is None or value == "" for value in row):
                continue
            cells = [cell_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if len(cells) > MOST_COLUMNS:
                yield number, RowError("too_many_cells", f"Row {number} has {len(cells):,} cells.", tuple(cells[:50]))
            elif any(len(cell) > LONGEST_CELL for cell in cells):
                yield (
                    number,
                    RowError("cell_too_long", f"Row {number} holds a cell of over {LONGEST_CELL:,} characters."),
                )
            elif any(not cell.isspace() for cell in cells if cell):
                yield number, cells
    except Exception as problem:  # the XML of a damaged sheet fails in many ways
        raise UnreadableFile(
            "damaged_workbook", "This workbook is damaged. Open it in Excel, save it again, and upload that."
        ) from problem
    finally:
        book.close()


def cell_text(value: Any) -> str:
    """What a cell says, as text: ISO dates, plain numbers, yes/no."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            at_midnight = value.time() == time()
            return value.date().isoformat() if at_midnight else value.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return str(value)


def _quietly(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows without openpyxl's warnings about features that do not concern us."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            some = list(islice(rows, 200))
        if not some:
            return
        yield from some


def _open(stream: BinaryIO) -> Any:
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except Exception as problem:  # openpyxl lets many kinds through for a damaged file
        raise UnreadableFile(
            "damaged_workbook", "This workbook is damaged. Open it in Excel, save it again, and upload that."
        ) from problem
