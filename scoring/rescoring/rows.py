"""Scores as rows of COPY's binary format, thousands at a time without touching one. Pure but for the writing."""

from __future__ import annotations

import struct
from datetime import date
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

from scoring.engine import NEVER, Evaluation
from scoring.engine.frame import day_of
from scoring.rules import Axis

COLUMNS = "lead_id, decision_id, fit, intent, timing, tier, priority, reasons, reevaluate_at"
"""What is written, in the order of a row."""

_NUMBERS = {"decision": ">i8", "fit": ">i4", "intent": ">i4", "timing": ">i4", "tier": ">i2", "priority": ">i4"}
_FIELDS = 9
_ROW = [("fields", ">i2"), ("lead_size", ">i4"), ("lead", "V16")]
for _name, _type in _NUMBERS.items():
    _ROW += [(f"{_name}_size", ">i4"), (_name, _type)]
"""A row, every field with its size before it, but for its reasons and its end."""

_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END = struct.pack(">h", -1)
_FIRST_DAY = day_of(date(2000, 1, 1))
_DAY = 86_400_000_000
"""Microseconds: PostgreSQL counts them from 2000 on."""


def rows_of(
    found: Evaluation,
    reasons: NDArray[np.void],
    ids: NDArray[np.uint64],
    decisions: NDArray[np.int64],
    places: NDArray[np.intp],
) -> bytes:
    """The scores at these places, whose leads stand on these decisions so far.

    A row that time alone will change ends with when; that of any other with a size of −1.
    """
    again = found.reevaluate_day[places]
    will_change = again != NEVER
    columns: dict[str, NDArray[Any]] = {
        "decision": decisions, "fit": found.axes[Axis.FIT][places], "intent": found.axes[Axis.INTENT][places],
        "timing": found.axes[Axis.TIMING][places], "tier": found.tier[places], "priority": found.priority[places],
    }  # fmt: skip
    reasons = reasons[places]
    size = reasons.dtype.itemsize
    usual = [*_ROW, ("reasons_size", ">i4"), ("reasons", f"V{size}"), ("again_size", ">i4")]
    leads = ids[places].astype(">u8").view("V16").reshape(-1)

    def written(chosen: NDArray[np.bool_], row: list[tuple[str, str]]) -> NDArray[Any]:
        rows = np.empty(int(np.count_nonzero(chosen)), dtype=row)
        rows["reasons_size"], rows["reasons"] = size, reasons[chosen]
        rows["fields"], rows["lead_size"], rows["lead"] = _FIELDS, 16, leads[chosen]
        for name, column in columns.items():
            rows[f"{name}_size"], rows[name] = np.dtype(_NUMBERS[name]).itemsize, column[chosen]
        return rows

    never, later = written(~will_change, usual), written(will_change, [*usual, ("again", ">i8")])
    never["again_size"], later["again_size"] = -1, 8
    later["again"] = (again[will_change] - _FIRST_DAY) * _DAY
    return never.tobytes() + later.tobytes()


def write_rows(table: str, rows: bytes) -> None:
    """One COPY into a table that this transaction created: its rows are frozen at once, nobody has to look again."""
    if not rows:
        return
    connection.ensure_connection()
    statement = f"COPY {table} ({COLUMNS}) FROM STDIN (FORMAT binary, FREEZE)"
    with psycopg.Cursor(connection.connection) as cursor, cursor.copy(statement) as copy:
        copy.write(_HEAD)
        copy.write(rows)
        copy.write(_END)
