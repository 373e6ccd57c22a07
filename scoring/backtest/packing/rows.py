"""A case that waits to be packed, as one row, and everything that a rulebook could ask of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple, cast
from uuid import UUID

from leads.models import SignalKind
from scoring.backtest.labels import CaseLabel
from scoring.engine import CompiledRulebook
from scoring.rules.attributes import ATTRIBUTES


class CaseRow(NamedTuple):
    """A case that waits. `as_of` and `rulebook_id` are those of its decision."""

    pk: int
    kind: int
    lead_id: UUID
    decision_id: int | None
    at: datetime | None
    source_id: UUID
    rep_id: UUID | None
    answer: int
    reason: str
    was_met: bool
    has_opportunity: bool
    result: int
    pipeline: Decimal
    revenue: Decimal
    was_shown: bool


def label_of(row: CaseRow, *, is_narrow: bool) -> CaseLabel:
    """What became of it."""
    return CaseLabel(
        row.pk, row.kind, row.at.astimezone(UTC).date() if row.at else None, row.source_id, row.rep_id, row.answer,
        row.reason, row.was_met, row.has_opportunity, row.result, row.was_shown, is_narrow, row.pipeline, row.revenue,
    )  # fmt: skip


class _Wanted(NamedTuple):
    """Everything a rulebook could ask: what `load_facts` reads for a case."""

    attributes: tuple[str, ...]
    signal_kinds: tuple[str, ...]
    account_kinds: tuple[str, ...]


def everything() -> CompiledRulebook:
    """For `load_facts`: all that there is to ask. One query."""
    kinds = tuple(SignalKind.objects.order_by("code").values_list("code", flat=True))
    return cast(CompiledRulebook, _Wanted(tuple(ATTRIBUTES), kinds, kinds))


FIELDS = (
    "id, kind, lead_id, decision_id, at, source_id, rep_id, answer, reason, was_met, has_opportunity, result,"
    " pipeline, revenue, was_shown"
)
