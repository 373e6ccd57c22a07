"""Writes CSV that spreadsheets open safely and that comes back in as it went out."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

BYTE_ORDER_MARK = "\ufeff"
"""Stands first in a file, so that spreadsheets read it as UTF-8."""

_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠|%]")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*")
_DEFUSED = re.compile(r"'(?=[\s\x00-\x1f]*[=+\-@＝＋－＠|%])")


class _Line:
    """A file that hands back what was written last."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """CSV lines of rows, formulas defused; streamed."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    for row in rows:
        yield writer.writerow(["" if cell is None else defused(str(cell)) for cell in row])


def defused(cell: str) -> str:
    """A cell that no spreadsheet calculates: formulas, also after spaces and line breaks, get an apostrophe."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def undefused(cell: str) -> str:
    """The cell as it was before `defused`; anything else unchanged."""
    return cell[1:] if _DEFUSED.match(cell) else cell
