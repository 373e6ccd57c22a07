"""Everything that is held of a person as files they can read: one JSON document, or a table each as CSV in a zip."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from typing import Any

from leads.files import BYTE_ORDER_MARK, csv_lines
from revops.foundation.erasing import Subject, rows_held
from revops.portal.privacy.holdings import HOLDINGS


def export_of(subject: Subject, now: datetime) -> dict[str, Any]:
    """All rows that are about somebody, by table, each table with a word on what it is. One query a table."""
    tables = []
    for holding in HOLDINGS:
        rows = rows_held(holding, subject, now)
        if rows:
            tables.append({"table": holding.table, "what": str(holding.what), "rows": [_readable(row) for row in rows]})
    return {
        "made_at": now.isoformat(),
        "about": {"emails": list(subject.emails), "phones": list(subject.phones),
                  "names": [" ".join(name) for name in subject.names]},
        "tables": tables,
    }  # fmt: skip


def as_csv_zip(export: dict[str, Any]) -> bytes:
    """The same as a zip of CSV files that spreadsheets open safely."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in export["tables"]:
            names = list(table["rows"][0])
            lines = [names, *([_cell(row.get(name)) for name in names] for row in table["rows"])]
            archive.writestr(f"{table['table']}.csv", BYTE_ORDER_MARK + "".join(csv_lines(lines)))
        contents = [["file", "what"], *([f"{one['table']}.csv", one["what"]] for one in export["tables"])]
        archive.writestr("contents.csv", BYTE_ORDER_MARK + "".join(csv_lines(contents)))
    return packed.getvalue()


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what is stored as bytes: it is repeated elsewhere as text."""
    return {name: value for name, value in row.items() if not (isinstance(value, str) and value.startswith("\\x"))}


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
