"""Reason × something: the counts, what stands out, and the rejections behind each number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, QuerySet

from feedback.metrics import Period
from feedback.models import Disposition, DispositionKind, RootCause
from feedback.rejections.dimensions import COUNTRY, By, Cell, condition_of, key_name_of, key_of, name_of, value_of
from feedback.reviews.building import rejections_in
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
    """Counts of every reason in every column. Two queries."""
    cells: dict[tuple[str, str], int] = {}
    rows: dict[str, dict[str, Any]] = {}
    counted = (
        rejections_in(period)
        .annotate(key=key_of(by))
        .order_by()
        .values("reason_id", "reason__label", "reason__family__label", "reason__root_cause", "reason__mended_by", "key")
        .annotate(n=Count("id"))
    )
    per_reason: Counter[str] = Counter()
    for row in counted:
        cells[row["reason_id"], value_of(by, row["key"])] = row["n"]
        per_reason[row["reason_id"]] += row["n"]
        rows[row["reason_id"]] = dict(row)
    columns = _columns(period, by)
    rejected = sum(per_reason.values())
    answered = sum(column.answered for column in columns)
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
        answered=answered,
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
    return name_of(cell.by, *named) if named else cell.value


def _columns(period: Period, by: By) -> list[Column]:
    """Every column with the answers that stand in the period; columns of the same name are told apart. One query."""
    rows = (
        Disposition.objects.filter(
            kind__in=[DispositionKind.ACCEPTED, DispositionKind.REJECTED, DispositionKind.RETURNED],
            is_history=False,
            undone_by__isnull=True,
            decided_at__gte=period.start,
            decided_at__lt=period.end,
            lead__is_history=False,
            lead__withdrawn_at__isnull=True,
        )
        .annotate(key=key_of(by), key_name=key_name_of(by))
        .order_by()
        .values_list("key", "key_name")
        .annotate(answered=Count("id"), rejected=Count("id", filter=Q(kind=DispositionKind.REJECTED)))
    )
    found = [
        Column(value_of(by, key), name_of(by, key, name), answered, rejected) for key, name, answered, rejected in rows
    ]
    return _told_apart(found)


def _told_apart(columns: Sequence[Column]) -> list[Column]:
    by_name: defaultdict[str, list[Column]] = defaultdict(list)
    for column in columns:
        by_name[column.name].append(column)
    return [
        replace(column, name=f"{column.name} ({number})") if len(same) > 1 else column
        for same in by_name.values()
        for number, column in enumerate(sorted(same, key=lambda one: one.value), start=1)
    ]


def _row(row: dict[str, Any], n: int) -> Row:
    return Row(
        row["reason_id"],
        row["reason__label"],
        row["reason__family__label"],
        row["reason__root_cause"],
        row["reason__mended_by"],
        n,
    )
