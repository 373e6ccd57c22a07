"""Rows of a file as items for the journey, each with the key that makes sending it twice change nothing."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from leads.files import FileShape, RowError, read_rows
from leads.intake import Item
from leads.mapping import CompiledMapping, MappedRow, MappingError, Trouble
from leads.models import ImportRun, Submission
from leads.models.submissions import Channel

CHUNK = 2_000
SAMPLE = 1_000
"""Rows spread over the whole file by which it is judged before any is let in."""

MENDABLE = frozenset({"too_many_cells", "too_few_cells", "nul_byte", "broken_bytes", "cell_too_long"})
"""Faults of a row that correcting its cells takes away."""

Cells = list[str] | RowError
"""The cells of a row, or why it has none."""

Edits = Mapping[int, Mapping[str, str]]
"""Corrected cells: line → column → value."""


@dataclass(slots=True)
class FileRow:
    """One row on its way: its cells as in the file, or why it cannot be read; its key; what the mapping made of it."""

    line: int
    cells: list[str]
    key: str
    item: Item
    fault: RowError | None = None
    troubles: list[Trouble] = field(default_factory=list)


class RowReader:
    """Reads one file for one import: rows in chunks, with keys that count how often the same row came before.

    Cells that a person corrected (`edits`) take the place of those in the file.
    """

    def __init__(self, run: ImportRun, path: Path, shape: FileShape, edits: Edits | None = None) -> None:
        self.run = run
        self.path = path
        self.shape = shape
        self.mapping = CompiledMapping(mapping_of(run), shape.headers)
        if run.source_id is None:
            raise MappingError(["Choose the source first."])
        self.source_id: UUID = run.source_id
        self.edits = edits or {}
        self.sample: list[FileRow] = []
        self._headers = list(shape.headers)
        self._sorted = sorted((name, place) for place, name in enumerate(shape.headers))
        self._first_key = hashlib.sha256(f"{self.source_id}\n0\n".encode())
        self._twice: frozenset[int] = frozenset()
        self._seen: Counter[int] = Counter()

    def count(self) -> int:
        """How many rows the file has. Reads it once, notes which rows come more than once (8 bytes a row), and keeps
        a sample of them."""
        marks = array("Q")
        sample: list[tuple[int, Cells, Cells, bytes]] = []
        step = 1
        for line, cells, original in self._read():
            canonical = self._canonical(cells)
            if len(marks) % step == 0:
                sample.append((line, cells, original, canonical))
                if len(sample) == 2 * SAMPLE:
                    sample, step = sample[::2], 2 * step
            marks.append(_mark(canonical))
        self.sample = [
            self._file_row(line, cells, original, self._key(canonical, 0))
            for line, cells, original, canonical in sample
        ]
        found, times = np.unique(np.frombuffer(marks, dtype=np.uint64), return_counts=True)
        self._twice = frozenset(int(mark) for mark in found[times > 1])
        return len(marks)

    def chunks(self, after_line: int) -> Iterator[list[FileRow]]:
        """Rows that begin after a line, up to CHUNK at a time. Call `count` before."""
        self._seen.clear()
        rows = self._rows(after_line)
        while chunk := list(islice(rows, CHUNK)):
            yield chunk

    def _rows(self, after_line: int) -> Iterator[FileRow]:
        for line, cells, original in self._read():
            canonical = self._canonical(cells)
            ordinal = self._ordinal(canonical)
            if line > after_line:
                yield self._file_row(line, cells, original, self._key(canonical, ordinal))

    def _read(self) -> Iterator[tuple[int, Cells, Cells]]:
        """Every row as corrected, and as it stands in the file."""
        edits = self.edits
        for line, cells in read_rows(self.path, self.shape):
            yield line, corrected(cells, edits[line], self._headers) if line in edits else cells, cells

    def _key(self, canonical: bytes, ordinal: int) -> str:
        if ordinal:
            return hashlib.sha256(f"{self.source_id}\n{ordinal}\n".encode() + canonical).hexdigest()
        digest = self._first_key.copy()
        digest.update(canonical)
        return digest.hexdigest()

    def _ordinal(self, canonical: bytes) -> int:
        if not self._twice:
            return 0
        mark = _mark(canonical)
        if mark not in self._twice:
            return 0
        self._seen[mark] += 1
        return self._seen[mark] - 1

    def _canonical(self, cells: Cells) -> bytes:
        if isinstance(cells, RowError):
            return orjson.dumps([cells.code, *cells.cells])
        return orjson.dumps({name: cell for name, place in self._sorted if (cell := cells[place])})

    def _file_row(self, line: int, cells: Cells, original: Cells, key: str) -> FileRow:
        as_sent = list(original.cells) if isinstance(original, RowError) else original
        if isinstance(cells, RowError):
            return FileRow(line, as_sent, key, self._refused(line, cells, key), cells)
        mapped = self.mapping.apply(cells)
        return FileRow(line, as_sent, key, self._item(line, mapped, key), None, mapped.errors)

    def _item(self, line: int, mapped: MappedRow, key: str) -> Item:
        payload = mapped.payload
        at = payload.pop("occurred_at", None)
        history = payload.get("history")
        if history and "outcome_id" in history:
            history["external_id"] = history.pop("outcome_id")
        external_id = str(payload.pop("external_id", ""))
        if not external_id and self.run.is_history and not (payload.get("email") or payload.get("phone")):
            external_id = _known_by_deal(history)
        return Item(
            source_id=self.source_id,
            channel=Channel.IMPORT,
            payload=payload,
            external_id=external_id[:200],
            dedupe_key=key,
            occurred_at=datetime.fromisoformat(at) if at else None,
            is_history=self.run.is_history,
            job_id=self.run.job_id,
            line=line,
            sender_id=self.run.created_by_id,
            campaign_key=str(payload.pop("campaign", "") or self.run.campaign)[:120],
        )

    def _refused(self, line: int, fault: RowError, key: str) -> Item:
        return Item(
            source_id=self.source_id,
            channel=Channel.IMPORT,
            payload=None,
            raw=orjson.dumps(list(fault.cells)).decode(),
            refusal=fault.words,
            dedupe_key=key,
            is_history=self.run.is_history,
            job_id=self.run.job_id,
            line=line,
            sender_id=self.run.created_by_id,
        )


def _known_by_deal(history: Any) -> str:
    """What a past deal without a person is known by: its own id, apart from the ids of people. Empty if it has none."""
    deal = (history or {}).get("external_id")
    return f"deal:{deal}" if deal else ""


def corrected(cells: Cells, edits: Mapping[str, str], headers: list[str]) -> Cells:
    """A row with its corrected cells; a row that could not be read becomes one where that is all it lacked."""
    if isinstance(cells, RowError):
        if cells.code not in MENDABLE:
            return cells
        cells = [*cells.cells[: len(headers)], *[""] * (len(headers) - len(cells.cells))]
    return [edits.get(header, cell) for header, cell in zip(headers, cells, strict=True)]


def mapping_of(run: ImportRun) -> dict[str, Any]:
    """The mapping of an import; for outcomes its key column becomes the id of the lead."""
    mapping = dict(run.mapping)
    if run.key_column:
        columns = dict(mapping.get("columns") or {})
        columns[run.key_column] = {"to": "external_id"}
        mapping["columns"] = columns
    return mapping


def drop_known(rows: list[FileRow], run: ImportRun) -> tuple[list[FileRow], int]:
    """Rows that were never imported from this source, and how many were. What an undone import brought comes again.

    One query, or a few more where imports of this source were undone.
    """
    undone = set(ImportRun.objects.filter(source=run.source, undone_at__isnull=False).values_list("job_id", flat=True))
    fresh: list[FileRow] = []
    unchanged = 0
    waiting = rows
    while waiting:
        keys = [row.key for row in waiting]
        known = dict(
            Submission.objects.filter(source=run.source, dedupe_key__in=keys).values_list("dedupe_key", "job_id")
        )
        again = []
        for row in waiting:
            if row.key not in known:
                fresh.append(row)
            elif known[row.key] in undone:
                again.append(_with_next_key(row))
            else:
                unchanged += 1
        waiting = again
    fresh.sort(key=lambda row: row.line)
    return fresh, unchanged


def _with_next_key(row: FileRow) -> FileRow:
    """The same row under the key it has after one more undo."""
    key = hashlib.sha256(f"again {row.key}".encode()).hexdigest()
    return replace(row, key=key, item=replace(row.item, dedupe_key=key))


def _mark(canonical: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(canonical, digest_size=8).digest(), "little")
