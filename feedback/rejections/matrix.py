"""Reason × something: the counts, what stands out, and the rejections behind each number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet

from feedback.metrics import Period
from feedback.models import Disposition, DispositionKind, ReasonCode, RootCause
from feedback.rejections.counting import counted_anew, counted_by, standing_answers
from feedback.rejections.dimensions import (
    COUNTRY,
    By,
    Cell,
    condition_of,
    heads_of,
    key_name_of,
    key_of,
    lasting_key_of,
    name_of,
    value_of,
)
from feedback.reviews.building import rejections_in
from leads.names import country_name
from revops.foundation.statistics import stands_out


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the matrix: its value in addresses, its name, and the answers sales gave to leads of it."""

    value: str
    name: str
    answered: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Row:
    """One reason of the matrix with all its rejections of the period."""

    reason: str
    label: str
    family: str
    root_cause: str
    mended_by: str
    n: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """Reason × something. `cells` is keyed by (reason, column value); `marked` are those that stand out.

    `columns` are those with most rejections; `left_out` says how many there are besides.
    """

    by: By
    rows: list[Row]
    columns: list[Column]
    cells: dict[tuple[str, str], int]
    marked: frozenset[tuple[str, str]]
    answered: int
    rejected: int
    left_out: int = 0

    @property
    def rate(self) -> float | None:
        return self.rejected / self.answered if self.answered else None

    @property
    def root_causes(self) -> list[tuple[RootCause, int]]:
        """How many rejections each cause explains, in the fixed order of causes."""
        counted: Counter[str] = Counter()
        for row in self.rows:
            counted[row.root_cause] += row.n
        return [(cause, counted[cause]) for cause in RootCause]


def rejection_matrix(period: Period, by: By, most_columns: int = 16) -> Matrix:
    """Counts of every reason in every column. At most four queries; by country, which no fact of ours marks, three."""
    cells: Counter[tuple[str, str]] = Counter()
    per_reason: Counter[str] = Counter()
    answered: Counter[Any] = Counter()
    refused: Counter[Any] = Counter()
    counts = _counts(period, by)
    heads = heads_of(by, {lasting for lasting, _kind, _reason in counts})
    for (lasting, kind, reason), n in counts.items():
        head = heads[lasting]
        answered[head] += n
        if kind == DispositionKind.REJECTED:
            refused[head] += n
            cells[reason, value_of(by, head[0])] += n
            per_reason[reason] += n
    columns = _told_apart(
        [
            Column(value_of(by, key), name_of(by, key, name), n, refused[key, name])
            for (key, name), n in answered.items()
        ]
    )
    rows = ReasonCode.objects.select_related("family").in_bulk(list(per_reason))
    rejected = sum(per_reason.values())
    of_column = {column.value: column.rejected for column in columns}
    marked = frozenset(
        (reason, value)
        for (reason, value), n in cells.items()
        if stands_out(n, per_reason[reason] * of_column[value] / rejected)
    )
    concerned = [column for column in columns if column.rejected]
    shown = _in_order(by, concerned)[:most_columns]
    return Matrix(
        by=by,
        rows=[_row(rows[reason], n) for reason, n in sorted(per_reason.items(), key=lambda pair: (-pair[1], pair[0]))],
        columns=sorted(shown, key=lambda one: one.value) if by is By.WEEK else shown,
        cells=cells,
        marked=marked,
        answered=answered.total(),
        rejected=rejected,
        left_out=len(concerned) - len(shown),
    )


def _in_order(by: By, columns: Sequence[Column]) -> list[Column]:
    """Most rejections first; weeks the newest first."""
    if by is By.WEEK:
        return sorted(columns, key=lambda one: one.value, reverse=True)
    return sorted(columns, key=lambda one: (-one.rejected, -one.answered, one.name))


def rejected(cell: Cell) -> QuerySet[Disposition]:
    """The rejections behind a number of the matrix, newest first, with what a list shows. An unknown value: none."""
    rows = rejections_in(cell.period)
    if cell.reason:
        rows = rows.filter(Q(reason=cell.reason) | Q(reason__family=cell.reason))
    if cell.by is not None and cell.value:
        condition = condition_of(cell.by, cell.value)
        rows = rows.annotate(key_country=COUNTRY).filter(condition) if condition is not None else rows.none()
    return rows.select_related(
        "reason__family", "user", "lead__person", "lead__account", "lead__source", "lead__campaign"
    ).order_by("-decided_at", "-pk")


def column_name(cell: Cell) -> str:
    """The column value of a cell in words, for the heading of its list. One query."""
    if cell.by is None or not cell.value:
        return ""
    rows = rejected(replace(cell, reason="")).annotate(key=key_of(cell.by), key_name=key_name_of(cell.by))
    named = rows.values_list("key", "key_name").first()
    if named is None:
        return country_name(cell.value) if cell.by is By.COUNTRY else cell.value
    return name_of(cell.by, *named)


def _counts(period: Period, by: By) -> Counter[tuple[Any, str, str]]:
    """Answers that stand in the period, by the key of their column, kind and reason."""
    rows = standing_answers(DispositionKind.ACCEPTED, DispositionKind.REJECTED, DispositionKind.RETURNED)
    columns, found = ("key", "kind", "reason_id"), Counter[tuple[Any, str, str]]()
    if by is By.WEEK:
        for start, counts in counted_by("answers", rows, columns[1:], period).items():
            found.update({(start, kind, reason): n for (kind, reason), n in counts.items()})
        return found
    rows = rows.annotate(key=lasting_key_of(by))
    counted = (
        counted_anew(rows, columns, period)
        if by is By.COUNTRY
        else counted_by(f"answers by {by}", rows, columns, period)
    )
    for counts in counted.values():
        found.update(counts)
    return found


def _told_apart(columns: Sequence[Column]) -> list[Column]:
    by_name: defaultdict[str, list[Column]] = defaultdict(list)
    for column in columns:
        by_name[column.name].append(column)
    return [
        replace(column, name=f"{column.name} ({number})") if len(same) > 1 else column
        for same in by_name.values()
        for number, column in enumerate(sorted(same, key=lambda one: one.value), start=1)
    ]


def _row(reason: ReasonCode, n: int) -> Row:
    return Row(reason.pk, reason.label, reason.family.label, reason.root_cause, reason.mended_by, n)
