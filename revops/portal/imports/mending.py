"""Corrects cells of an import before it runs: one by one, many alike at once, or from a mended file. The file stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from leads.cleaning import clean
from leads.files import RowError, UnreadableFile, read_rows, sniff, undefused
from leads.gate import rules_for
from leads.hygiene import judge
from leads.mapping import CompiledMapping, Trouble
from leads.models import ImportEdit, ImportRowError, ImportRun
from revops.foundation.models import User
from revops.portal.imports.holding import forget_findings
from revops.portal.imports.rows import MENDABLE, Edits, FileRow, corrected, mapping_of
from revops.portal.imports.uploads import shape_of

LONGEST_VALUE = 5_000
MOST_COLUMNS = 40
RULE_TARGETS: dict[str, tuple[str, ...]] = {
    "unidentified": ("email", "phone", "external_id"),
    "unknown_domain": ("email",),
    "disposable": ("email",),
    "bounced": ("email",),
    "own_employee": ("email",),
    "competitor": ("email", "company"),
    "student": ("title", "email"),
    "spam": ("need",),
    "refused": ("external_id", "outcome"),
    "test_data": ("email", "first_name", "last_name", "name", "company"),
}
"""Where a person looks when a rule of the gate stopped a row."""


class CannotMend(Exception):
    """The correction cannot be taken; the words say why."""


@dataclass(slots=True)
class Cell:
    """One cell to correct: `words` say what is wrong with it; empty for one that may help."""

    number: int
    column: str
    value: str
    words: str = ""
    is_edited: bool = False


@dataclass(slots=True)
class RowToMend:
    """One bad row: what is wrong with it as a whole, the cells to correct, and the rest of it for orientation."""

    line: int
    words: list[str]
    cells: list[Cell]
    others: list[str]
    is_mendable: bool = True
    is_stopped: bool = False
    is_edited: bool = False

    @property
    def is_mended(self) -> bool:
        return self.is_edited and not self.words and not any(cell.words for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows whose cell of one column holds the same unusable value."""

    column: str
    code: str
    value: str
    words: str
    rows: int


@dataclass(slots=True)
class _Reading:
    """How the rows of one import are read."""

    headers: list[str]
    mapping: CompiledMapping
    is_history: bool

    @classmethod
    def of(cls, run: ImportRun) -> _Reading:
        headers = list(shape_of(run).headers)
        return cls(headers, CompiledMapping(mapping_of(run), headers), run.is_history)


def edits_of(run: ImportRun, lines: Sequence[int] | None = None) -> Edits:
    """The corrected cells of an import by line. One query."""
    found = ImportEdit.objects.filter(run=run)
    if lines is not None:
        found = found.filter(line__in=lines)
    edits: dict[int, dict[str, str]] = {}
    for line, column, value in found.values_list("line", "column", "value"):
        edits.setdefault(line, {})[column] = value
    return edits


def unread_cells(row: FileRow, mapping: CompiledMapping) -> list[Trouble]:
    """Facts of a row that were stated and cannot be understood, such as a country nobody knows, by column."""
    payload = row.item.payload
    if payload is None:
        return []
    known = {trouble.column for trouble in row.troubles}
    found = [
        Trouble(column, f"unreadable_{name}", words)
        for name, words in clean(payload).problems.items()
        for column in mapping.columns_of(name)[:1]
    ]
    return [trouble for trouble in found if trouble.column not in known]


def rows_to_mend(run: ImportRun, after_line: int, limit: int) -> list[RowToMend]:
    """Bad rows in the order of the file, as they stand with their corrections. Four queries."""
    bad = ImportRowError.objects.filter(run=run, is_dry_run=True, line__gt=after_line)
    lines = list(bad.order_by("line").values_list("line", flat=True).distinct()[:limit])
    return _rows(run, lines)


def row_to_mend(run: ImportRun, line: int) -> RowToMend:
    """One bad row as it stands now. Raises CannotMend if the dry run found nothing wrong with it."""
    rows = _rows(run, [line])
    if not rows:
        raise CannotMend(_("The dry run found nothing wrong with line %(n)s.") % {"n": line})
    return rows[0]


def _rows(run: ImportRun, lines: Sequence[int]) -> list[RowToMend]:
    reading, edits = _Reading.of(run), edits_of(run, lines)
    errors = ImportRowError.objects.filter(run=run, is_dry_run=True, line__in=lines).order_by("line", "pk")
    rows = []
    for line, found in groupby(errors, key=lambda error: error.line):
        several = list(found)
        own = edits.get(line, {})
        row = _untouched(several, reading) if not own else _edited(several, own, reading)
        row.is_stopped = any(error.stops for error in several)
        rows.append(row)
    return rows


def _untouched(errors: list[ImportRowError], reading: _Reading) -> RowToMend:
    """A row as the dry run found it."""
    fault = next((error for error in errors if error.stops and error.code in _FAULTS), None)
    cells = _filled_up(errors[0].original, len(reading.headers))
    if fault is not None:
        return RowToMend(
            fault.line, [fault.message], _all_cells(cells, {}, reading) if fault.code in MENDABLE else [], [],
            is_mendable=fault.code in MENDABLE,
        )  # fmt: skip
    words = {error.column: error.message for error in errors if error.column}
    stopped = [error for error in errors if error.stops]
    return _row(errors[0].line, cells, words, [(error.code, error.message) for error in stopped], {}, reading)


def _edited(errors: list[ImportRowError], edits: Mapping[str, str], reading: _Reading) -> RowToMend:
    """A row with corrections, judged anew."""
    line, original = errors[0].line, errors[0].original
    fault = next((error for error in errors if error.stops and error.code in _FAULTS), None)
    before: list[str] | RowError = _filled_up(original, len(reading.headers))
    if fault is not None:
        before = RowError(fault.code, fault.message, tuple(original))
    cells = corrected(before, edits, reading.headers)
    if isinstance(cells, RowError):
        return RowToMend(line, [cells.words], [], [], is_mendable=False)
    mapped = reading.mapping.apply(cells)
    words = {trouble.column: trouble.words for trouble in mapped.errors}
    facts = clean(mapped.payload)
    for name, why in facts.problems.items():
        for column in reading.mapping.columns_of(name)[:1]:
            words.setdefault(column, why)
    has_id = bool(mapped.payload.get("external_id"))
    verdict = judge(facts, rules_for([facts.email]), has_external_id=has_id, only_flags=reading.is_history)
    stopped = [(verdict.rule, verdict.detail)] if verdict.action else []
    row = _row(line, cells, words, stopped, edits, reading)
    if fault is not None:
        row.cells = _all_cells(cells, edits, reading, words)
    row.is_edited = True
    return row


def _row(
    line: int,
    cells: list[str],
    words: Mapping[str, str],
    stopped: list[tuple[str, str]],
    edits: Mapping[str, str],
    reading: _Reading,
) -> RowToMend:
    shown = {column: why for column, why in words.items() if column in reading.headers}
    for code, _detail in stopped:
        for target in RULE_TARGETS.get(code, ("email",)):
            for column in reading.mapping.columns_of(target):
                shown.setdefault(column, "")
    for column in edits:
        shown.setdefault(column, "")
    places = {header: place for place, header in enumerate(reading.headers)}
    to_mend = [
        Cell(places[column], column, cells[places[column]], why, column in edits)
        for column, why in sorted(shown.items(), key=lambda pair: places[pair[0]])
        if column in places
    ]
    taken = {cell.column for cell in to_mend}
    others = [cell for header, cell in zip(reading.headers, cells, strict=True) if cell.strip() and header not in taken]
    return RowToMend(line, [detail for _code, detail in stopped], to_mend, others[:4], is_edited=bool(edits))


_FAULTS = MENDABLE | {"unclosed_quote", "broken_row", "bad_json", "row_too_long"}


def _filled_up(cells: Sequence[str], width: int) -> list[str]:
    return [*map(str, cells[:width]), *[""] * (width - len(cells))]


def _all_cells(
    cells: list[str], edits: Mapping[str, str], reading: _Reading, words: Mapping[str, str] | None = None
) -> list[Cell]:
    return [
        Cell(place, header, cell, (words or {}).get(header, ""), header in edits)
        for place, (header, cell) in enumerate(zip(reading.headers[:MOST_COLUMNS], cells, strict=False))
    ]


def alike(run: ImportRun, most: int = 12) -> list[Alike]:
    """Values that stand in several rows and cannot be used, those in most rows first."""
    headers = list(shape_of(run).headers)
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, [headers, run.pk, most])
        return [Alike(*row) for row in cursor.fetchall()]


_ALIKE = """
SELECT e."column", e.code, e.original->>(h.place::int - 1) AS said, min(e.message), count(*)
FROM leads_importrowerror e
JOIN unnest(%s::text[]) WITH ORDINALITY AS h (name, place) ON h.name = e."column"
LEFT JOIN leads_importedit edit ON edit.run_id = e.run_id AND edit.line = e.line AND edit."column" = e."column"
WHERE e.run_id = %s AND e.is_dry_run AND edit.id IS NULL
GROUP BY e."column", e.code, said HAVING count(*) > 1
ORDER BY count(*) DESC, e."column", said LIMIT %s
"""


def correct_cells(run: ImportRun, cells: Mapping[tuple[int, str], str], user: User | None, now: datetime) -> int:
    """Keeps corrections of cells, (line, column) → value; what equals the file takes a correction back.

    The findings of the dry run stay on show and must be checked again before the import. Returns how many cells
    changed. Raises CannotMend.
    """
    _check_open(run)
    headers = {header: place for place, header in enumerate(shape_of(run).headers)}
    originals = dict(
        ImportRowError.objects.filter(run=run, is_dry_run=True, line__in={line for line, _column in cells})
        .order_by("line", "-pk")
        .values_list("line", "original")
    )
    before, changed = edits_of(run, list(originals)), []
    gone = []
    for (line, column), value in cells.items():
        if column not in headers or line not in originals:
            raise CannotMend(_("The dry run found nothing to mend in line %(n)s.") % {"n": line})
        if len(value) > LONGEST_VALUE or "\0" in value:
            raise CannotMend(_("“%(column)s” takes at most %(n)s characters.") % {"column": column, "n": LONGEST_VALUE})
        original = _filled_up(originals[line], len(headers))[headers[column]]
        current = before.get(line, {}).get(column, original)
        if value == current:
            continue
        if value == original:
            gone.append((line, column))
        changed.append(ImportEdit(run=run, line=line, column=column, value=value, edited_by=user, edited_at=now))
    kept = [edit for edit in changed if (edit.line, edit.column) not in gone]
    with transaction.atomic():
        for line, column in gone:
            ImportEdit.objects.filter(run=run, line=line, column=column).delete()
        ImportEdit.objects.bulk_create(
            kept,
            update_conflicts=True,
            unique_fields=["run", "line", "column"],
            update_fields=["value", "edited_by", "edited_at"],
        )
        if changed:
            _make_stale(run)
    return len(changed)


def correct_alike(
    run: ImportRun, column: str, code: str, value: str, instead: str, user: User | None, now: datetime
) -> int:
    """Writes the same correction into every bad row whose cell holds the same value. Returns how many."""
    headers = list(shape_of(run).headers)
    if column not in headers:
        raise CannotMend(_("There is no column “%(column)s”.") % {"column": column})
    bad = ImportRowError.objects.filter(run=run, is_dry_run=True, column=column, code=code)
    place = headers.index(column)
    lines = [
        line for line, cells in bad.values_list("line", "original") if place < len(cells) and cells[place] == value
    ]
    return correct_cells(run, {(line, column): instead for line in lines}, user, now)


def correct_from_file(run: ImportRun, path: Path, user: User | None, now: datetime) -> int:
    """Takes the corrections out of a mended errors.csv. Returns how many cells changed. Raises CannotMend."""
    try:
        shape = sniff(path)
    except UnreadableFile as problem:
        raise CannotMend(problem.words) from problem
    headers = list(shape_of(run).headers)
    if "_line" not in shape.headers or not set(headers) & set(shape.headers):
        raise CannotMend(
            _("This is not the file of rows to mend: it needs the column “_line” and those of the import.")
        )
    bad = set(ImportRowError.objects.filter(run=run, is_dry_run=True).values_list("line", flat=True))
    cells: dict[tuple[int, str], str] = {}
    for _number, row in read_rows(path, shape):
        if isinstance(row, RowError):
            raise CannotMend(row.words)
        named = dict(zip(shape.headers, row, strict=True))
        line = named["_line"].strip()
        if line.isdecimal() and int(line) in bad:
            values = {header: undefused(named[header]) for header in headers if header in named}
            cells |= {(int(line), header): value for header, value in values.items()}
    return correct_cells(run, cells, user, now)


def forget_corrections(run: ImportRun, lines: Iterable[int]) -> int:
    """Takes all corrections of some lines back."""
    _check_open(run)
    with transaction.atomic():
        gone, _kinds = ImportEdit.objects.filter(run=run, line__in=list(lines)).delete()
        if gone:
            _make_stale(run)
    return gone


def _make_stale(run: ImportRun) -> None:
    """What the dry run counted no longer holds; the rows it found stay listed until it is run again."""
    run.save(update_fields=forget_findings(run))


def _check_open(run: ImportRun) -> None:
    if run.job_id is not None or run.cancelled_at is not None:
        raise CannotMend(_("This import was started or put away; its rows cannot be corrected any more."))
