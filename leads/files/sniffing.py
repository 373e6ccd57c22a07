"""What an unknown file is: format by content, encoding, separator, quotes, header. Its name is not asked."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from .delimited import open_text, records
from .encodings import CHOICES, detect_encoding
from .headers import find_header, pads_short_rows
from .json_lines import json_headers, json_records
from .reading import printable
from .shape import LARGEST_FILE, MOST_COLUMNS, FileShape, RowError, UnreadableFile, clean_headers
from .workbook import check_archive, sheet_names, workbook_records

DELIMITERS = [",", ";", "\t", "|"]
SAMPLE_CHARACTERS = 256 * 1024
SAMPLE_ROWS = 300
PREVIEW_ROWS = 5

MAGIC = [
    (b"%PDF", "pdf", "This is a PDF. Export the table as CSV or .xlsx and upload that."),
    (b"\xd0\xcf\x11\xe0", "old_excel", "This is an old Excel file (.xls). Save it as .xlsx or CSV and upload that."),
    (b"\x1f\x8b", "gzip", "This file is packed with gzip. Unpack it and upload the file inside."),
    (b"7z\xbc\xaf", "seven_zip", "This is a 7z archive. Unpack it and upload the file inside."),
    (b"Rar!", "rar", "This is a RAR archive. Unpack it and upload the file inside."),
    (b"\x89PNG", "picture", "This is a picture. Upload the table itself, as CSV or .xlsx."),
    (b"\xff\xd8\xff", "picture", "This is a picture. Upload the table itself, as CSV or .xlsx."),
    (b"GIF8", "picture", "This is a picture. Upload the table itself, as CSV or .xlsx."),
    (b"SQLite format 3", "database", "This is a database file. Export the table as CSV and upload that."),
    (b"PAR1", "parquet", "This is a Parquet file. Export it as CSV and upload that."),
    (b"{\\rtf", "rtf", "This is a text document. Save the table as CSV or .xlsx and upload that."),
]


def sniff(
    file: Path | str | BinaryIO,
    *,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    header_line: int | None = None,
) -> FileShape:
    """The shape of a file, for a person to confirm. What is given is believed, the rest is found out.

    `header_line` 0 means that there is no header. Raises UnreadableFile with words that say what to do.
    """
    if isinstance(file, Path | str):
        with Path(file).open("rb") as stream:
            return sniff(stream, encoding=encoding, delimiter=delimiter, sheet=sheet, header_line=header_line)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(64 * 1024)
    _check_head(head, size)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_workbook(file, size, sheet, header_line)
    notes: list[tuple[str, str]] = []
    if encoding and encoding not in CHOICES:
        raise UnreadableFile(
            "unknown_encoding", f"“{encoding}” is no encoding we know. Use one of {', '.join(CHOICES)}."
        )
    if not encoding:
        encoding, notes = detect_encoding(file)
    sample = _sample(file, encoding)
    _check_text(sample)
    first = sample.lstrip()[:1]
    if first == "{" and not delimiter:
        return _sniff_json(file, size, encoding, sample, notes)
    if first == "[" and sample.lstrip()[1:].lstrip()[:1] in {"{", "]", "["}:
        raise UnreadableFile("json_array", "This is a JSON list. Write one object per line (NDJSON), or use CSV.")
    if re.match(r"\s*<(!doctype|html|table|\?xml|[a-z]+[ >])", sample, re.IGNORECASE):
        raise UnreadableFile("markup", "This is a web page or XML, whatever its name says. Save it as CSV or .xlsx.")
    return _sniff_delimited(file, size, encoding, sample, delimiter, header_line, notes)


def _check_head(head: bytes, size: int) -> None:
    if size > LARGEST_FILE:
        limit = LARGEST_FILE // (1024 * 1024)
        raise UnreadableFile("too_large", f"The file is over {limit} MB. Split it and import the parts.")
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise UnreadableFile("empty", "The file is empty. Export it again and check that it has rows.")
    for magic, code, words in MAGIC:
        if head.startswith(magic):
            raise UnreadableFile(code, words)


def _sample(stream: BinaryIO, encoding: str) -> str:
    text = open_text(stream, encoding)
    try:
        return text.read(SAMPLE_CHARACTERS)
    except UnicodeError as problem:
        raise UnreadableFile(
            "wrong_encoding", f"The file is not {CHOICES[encoding]}. Choose another encoding."
        ) from problem
    finally:
        text.detach()


def _check_text(sample: str) -> None:
    control = sum(1 for sign in sample if sign < " " and sign not in "\t\r\n\f\v\x1a\x1c\x1d\x1e\x1f")
    if control > max(8, 0.02 * len(sample)):
        raise UnreadableFile("binary", "This is not a text file. Upload CSV, TSV, NDJSON or .xlsx.")


def _sniff_json(stream: BinaryIO, size: int, encoding: str, sample: str, notes: list[tuple[str, str]]) -> FileShape:
    text = open_text(stream, encoding)
    try:
        rows = list(islice((row for _line, row in json_records(text)), 20))
        if not any(isinstance(row, dict) for row in rows):
            raise UnreadableFile(
                "bad_json", "The file begins like JSON, but no line of it is one. Write one object a line."
            )
        stream.seek(0)
    finally:
        text.detach()
    text = open_text(stream, encoding)
    try:
        names = json_headers(text)
    finally:
        text.detach()
    preview = [tuple(printable(row.get(name, "")) for name in names) for row in rows if isinstance(row, dict)]
    return FileShape(
        format="ndjson",
        headers=tuple(names),
        encoding=encoding,
        delimiter="",
        quote="",
        line_end=_line_end(sample),
        header_line=1,
        first_line=1,
        size=size,
        preview=tuple(preview[:PREVIEW_ROWS]),
        notes=tuple(notes),
    )


def _sniff_delimited(
    stream: BinaryIO,
    size: int,
    encoding: str,
    sample: str,
    delimiter: str,
    header_line: int | None,
    notes: list[tuple[str, str]],
) -> FileShape:
    delimiter = delimiter or _delimiter(sample)
    quote = _quote(sample, delimiter)
    is_whole = len(sample) < SAMPLE_CHARACTERS
    text = open_text(stream, encoding)
    try:
        rows = [
            (line, cells)
            for line, cells in islice(records(text, delimiter, quote), SAMPLE_ROWS)
            if not isinstance(cells, RowError)
        ]
    finally:
        text.detach()
    return _shaped(
        FileShape(
            format="csv",
            headers=(),
            encoding=encoding,
            delimiter=delimiter,
            quote=quote,
            line_end=_line_end(sample),
            size=size,
            notes=tuple(notes),
        ),
        rows,
        header_line,
        is_whole=is_whole,
    )


def _sniff_workbook(stream: BinaryIO, size: int, sheet: str, header_line: int | None) -> FileShape:
    check_archive(stream)
    names = sheet_names(stream)
    for name in [sheet] if sheet else names:
        rows = [
            (line, cells)
            for line, cells in islice(workbook_records(stream, name), SAMPLE_ROWS)
            if not isinstance(cells, RowError)
        ]
        if rows or name == names[-1] or sheet:
            told = (("sheet", f"The workbook has {len(names)} sheets; “{name}” is read."),) if len(names) > 1 else ()
            shape = FileShape(
                format="xlsx", headers=(), delimiter="", quote="", sheet=name, sheets=tuple(names), size=size,
                notes=told,
            )  # fmt: skip
            return _shaped(shape, rows, header_line, is_whole=len(rows) < SAMPLE_ROWS)
    raise UnreadableFile("empty", "The workbook has no sheet with rows. Save the sheet that has some and upload that.")


def _shaped(
    shape: FileShape, rows: list[tuple[int, list[str]]], header_line: int | None, *, is_whole: bool
) -> FileShape:
    """The shape with header, first line and preview filled in from its first rows."""
    if not rows:
        raise UnreadableFile("empty", "The file has no rows. Export it again and check that it has some.")
    notes = list(shape.notes)
    at, width = find_header(rows) if header_line is None else _header_as_told(rows, header_line)
    if width > MOST_COLUMNS:
        raise UnreadableFile(
            "too_many_columns",
            f"The file has {width:,} columns; at most {MOST_COLUMNS:,} can be read. Leave out what you do not need.",
        )
    if at is None:
        body = [row for row in rows if len(row[1]) * 2 > width or width == 1]
        found_line, first_line = 0, body[0][0] if body else rows[0][0]
        notes.append(
            (
                "no_header",
                "No header was found, so the columns are called “Column n”. Map them, or name them and upload again.",
            )
        )
        names = [f"Column {number}" for number in range(1, width + 1)]
    else:
        found_line = rows[at][0]
        body = rows[at + 1 :]
        first_line = found_line + 1
        names, changed = clean_headers([printable(cell) for cell in rows[at][1]] + [""] * (width - len(rows[at][1])))
        notes += changed
        if at:
            notes.append(("preamble", f"The header is in line {found_line}; the {at} rows above it are not imported."))
        if not body and is_whole:
            raise UnreadableFile(
                "no_rows", "The file has a header and no rows under it. Export it again with its rows."
            )
    if any(cell.startswith("=") and len(cell) > 1 for _line, row in body for cell in row):
        notes.append(("formulas", "Some cells look like formulas. They are kept as text and never calculated."))
    pads = shape.format != "csv" or pads_short_rows([len(cells) for _line, cells in body], len(names))
    wide = tuple(tuple(printable(cell)[:300] for cell in cells[: len(names)]) for _line, cells in body[:PREVIEW_ROWS])
    return FileShape(
        **{
            **shape.as_json(),
            "headers": tuple(names),
            "header_line": found_line,
            "first_line": first_line,
            "pads_short_rows": pads,
            "preview": wide,
            "notes": tuple(notes),
            "sheets": shape.sheets,
        }
    )


def _header_as_told(rows: list[tuple[int, list[str]]], header_line: int) -> tuple[int | None, int]:
    if header_line == 0:
        return None, Counter(len(cells) for _line, cells in rows).most_common(1)[0][0]
    for at, (line, cells) in enumerate(rows):
        if line == header_line:
            return at, len(cells)
    raise UnreadableFile(
        "no_such_line",
        f"There is no header in line {header_line}; that line is empty or too far down. "
        "Choose the line with the names of the columns.",
    )


def _line_end(sample: str) -> str:
    counts = Counter({"\r\n": sample.count("\r\n")})
    counts["\n"] = sample.count("\n") - counts["\r\n"]
    counts["\r"] = sample.count("\r") - counts["\r\n"]
    return max(counts, key=lambda end: counts[end]) if any(counts.values()) else "\n"


def _delimiter(sample: str) -> str:
    """The separator that cuts the rows into the most even, widest pieces."""
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = Counter(_widths(sample, delimiter))
        total = sum(widths.values())
        if not total:
            continue
        width, times = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        score = (times / total) * (1 - 1 / width) + 0.02 * (width > 1) * (delimiter != "|")
        if width > 1 and score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


def _widths(sample: str, delimiter: str) -> Iterator[int]:
    for _line, cells in islice(records(io.StringIO(sample, newline=""), delimiter, '"'), SAMPLE_ROWS):
        if not isinstance(cells, RowError):
            yield len(cells)


def _quote(sample: str, delimiter: str) -> str:
    """The quote sign: double unless single quotes alone wrap cells that hold the separator."""
    mark = re.escape(delimiter)
    if re.search(rf'(?:^|{mark}) *"', sample, re.MULTILINE):
        return '"'
    wrapped = re.findall(rf"(?:^|{mark})'[^'\r\n]*{mark}[^'\r\n]*'(?=$|{mark})", sample, re.MULTILINE)
    return "'" if len(wrapped) > 1 else '"'
