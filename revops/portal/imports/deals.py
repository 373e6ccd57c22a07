"""Joins deals and other outcomes from a second file to the leads they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from feedback.history import OUTCOME_KINDS, read_money
from feedback.outcomes import Result
from leads.models import ImportRun, Lead
from revops.portal import journey
from revops.portal.imports.rows import FileRow
from revops.portal.imports.tally import Ending


def take_deals(run: ImportRun, rows: Sequence[FileRow]) -> list[Ending]:
    """Records the outcome of each row on the lead its key names; what each came to, in order."""
    keys = {row.item.external_id for row in rows if row.item.external_id}
    leads = leads_by_key(run.source.key if run.source else "", keys)
    endings: dict[int, Ending] = {}
    results: list[Result] = []
    lines: list[int] = []
    for row in rows:
        refusal = _refusal(row, leads)
        if refusal:
            endings[row.line] = Ending("refused", refusal)
        else:
            results.append(_result(row, *leads[row.item.external_id]))
            lines.append(row.line)
    for line, recorded in zip(lines, journey.conclude(results, now=timezone.now()), strict=True):
        if recorded.is_repeat:
            endings[line] = Ending("unchanged")
        elif recorded.outcome is None:
            endings[line] = Ending("refused", recorded.refusal)
        else:
            endings[line] = Ending("recorded", lead_id=recorded.result.lead_id)
    return [endings[row.line] for row in rows]


def leads_by_key(system: str, keys: set[str]) -> dict[str, tuple[UUID, bool]]:
    """The newest lead (and whether it is history) of each person the source knows by one of these ids. One query."""
    found = (
        Lead.objects.shown()
        .filter(person__identities__system=system, person__identities__value__in=keys)
        .order_by("received_at", "pk")
        .values_list("person__identities__value", "pk", "is_history")
    )
    return {value: (pk, is_history) for value, pk, is_history in found if value in keys}


def _refusal(row: FileRow, leads: dict[str, tuple[UUID, bool]]) -> str:
    if row.fault is not None:
        return row.fault.words
    item = row.item
    if not item.external_id:
        return _("The column with the id of the lead is empty.")
    if item.external_id not in leads:
        words = _("No lead of this source has the id “%(key)s”. Import the leads first, or check the key column.")
        return words % {"key": item.external_id[:60]}
    history = (item.payload or {}).get("history") or {}
    if history.get("outcome") not in OUTCOME_KINDS:
        return _("The row does not say what became of the lead (won, lost, opportunity or meeting).")
    return ""


def _result(row: FileRow, lead_id: UUID, is_history: bool) -> Result:
    payload = row.item.payload or {}
    history = payload["history"]
    at = history.get("outcome_at")
    amount, currency = read_money(history)
    return Result(
        lead_id=lead_id,
        kind=history["outcome"],
        occurred_at=datetime.fromisoformat(at) if at else None,
        amount=amount,
        currency=currency,
        reason=str(history.get("reason_evidence") or "")[:300],
        external_id=str(history.get("external_id") or row.key)[:200],
        attributes=payload.get("attributes") or {},
        user_id=row.item.sender_id,
        is_history=is_history,
        job_id=row.item.job_id,
        line=row.line,
    )
