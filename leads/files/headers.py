"""Which of the first rows is the header, if any is."""

from __future__ import annotations

import re
from collections import Counter

FURTHEST = 40
LONGEST_NAME = 200

_NUMBER = re.compile(r"[-+(]?[\d.,'\s%€$£]*\d[\d.,'\s%€$£)]*(?:[eE][-+]?\d+)?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
_YEAR = re.compile(r"(19|20)\d\d")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|https?://\S+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}", re.IGNORECASE)


def find_header(rows: list[tuple[int, list[str]]]) -> tuple[int | None, int]:
    """Index of the header among `rows` (None if there is none) and the number of columns."""
    widths = Counter(len(_trimmed(cells)) for _line, cells in rows)
    usual = max(widths, key=lambda width: (widths[width], width))
    for at, (_line, cells) in enumerate(rows[:FURTHEST]):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if not filled or (usual > 2 and len(filled) * 2 <= usual):
            continue
        if _reads_like_names(filled) and not _comes_again(at, rows):
            return at, max(len(_trimmed(cells)), 1) if len(_trimmed(cells)) >= usual else max(len(cells), 1)
        if len(filled) * 2 > usual:
            break
    return None, usual


def pads_short_rows(widths: list[int], width: int) -> bool:
    """Do most rows leave out the empty cells at their end?"""
    return bool(widths) and sum(found < width for found in widths) * 2 >= len(widths)


def looks_like_data(cell: str) -> bool:
    """Is it a number, a date, an address, an id: a thing no column is called?"""
    text = cell.strip()
    return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text) or _ADDRESS.fullmatch(text))


def _trimmed(cells: list[str]) -> list[str]:
    last = len(cells)
    while last and not cells[last - 1].strip():
        last -= 1
    return cells[:last]


def _reads_like_names(filled: list[str]) -> bool:
    data = [cell for cell in filled if looks_like_data(cell)]
    if data and all(_YEAR.fullmatch(cell) for cell in data) and not looks_like_data(filled[0]) and len(data) > 1:
        data = []
    if data or any(len(cell) > LONGEST_NAME for cell in filled):
        return False
    distinct = {cell.casefold() for cell in filled}
    return len(distinct) * 2 > len(filled)


def _comes_again(at: int, rows: list[tuple[int, list[str]]]) -> bool:
    """A row whose words stand again in the rows below, in the same columns, is a row like them."""
    header = rows[at][1]
    below = [cells for _line, cells in rows[at + 1 : at + 51]]
    if not below:
        return False
    named = [(column, cell) for column, cell in enumerate(header) if cell.strip()]
    return all(any(cell == row[column] for row in below if column < len(row)) for column, cell in named)
