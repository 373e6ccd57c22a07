"""Nurtures leads that did not respond to sales, for as long as the agreement says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from feedback.models import Disposition, NurturePeriod, NurtureTrack
from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import Move, move_leads
from revops.foundation import ledger
from revops.foundation.ids import new_ids
from revops.foundation.models import LedgerEntry, User
from sla.queries import live_target

NO_RESPONSE = "no_response"
CLAUSE, USUAL_DAYS = "nurture_unresponsive", 30


@dataclass(frozen=True, slots=True)
class Nurtured:
    """Periods that began, and in words why the other leads have none."""

    started: list[NurturePeriod]
    refused: dict[UUID, str]


def unresponsive() -> QuerySet[Disposition]:
    """“No response” rejections that stand and that nobody nurtures yet, oldest first."""
    return (
        Disposition.objects.filter(
            reason_id=NO_RESPONSE,
            kind="rejected",
            is_history=False,
            undone_by__isnull=True,
            nurture_period__isnull=True,
            lead__withdrawn_at__isnull=True,
            lead__stage__in=[Stage.REJECTED, Stage.NURTURE],
        )
        .exclude(Exists(_later_rejection()))
        .select_related("lead__person", "lead__account", "user")
        .order_by("decided_at", "id")
    )


def _later_rejection() -> QuerySet[Disposition]:
    return Disposition.objects.filter(
        lead=OuterRef("lead"), kind="rejected", decided_at__gt=OuterRef("decided_at"), undone_by__isnull=True
    )


def start_nurture(lead_ids: Sequence[UUID], *, by: User, now: datetime, track: NurtureTrack | None = None) -> Nurtured:
    """Begins the promised days of nurture for leads that did not respond, and moves them there.

    A constant number of queries, whatever the number of leads.
    """
    leads = {lead.pk: lead for lead in Lead.objects.filter(pk__in=lead_ids).order_by("pk").select_for_update()}
    asked = {row.lead_id: row for row in unresponsive().filter(lead__in=leads)}
    refused = {
        pk: _("This lead is not waiting for nurture: sales did not give it up for no response, or it is nurtured.")
        for pk in lead_ids
        if pk not in asked
    }
    days = int(live_target(CLAUSE) or USUAL_DAYS)
    rows = [
        NurturePeriod(
            id=pk, lead_id=answer.lead_id, disposition=answer, track=track, started_at=now,
            until=now + timedelta(days=days), started_by=by,
        )
        for (answer, pk) in zip(asked.values(), new_ids(len(asked), now), strict=True)
    ]  # fmt: skip
    NurturePeriod.objects.bulk_create(rows)
    move_leads(
        [
            Move(row.lead_id, Stage.REJECTED, Stage.NURTURE, now, "nurture", str(row.pk), by.pk)
            for row in rows
            if leads[row.lead_id].stage == Stage.REJECTED
        ],
        now=now,
    )
    return Nurtured(rows, refused)


def stop_nurture(lead_id: UUID, *, by: User, reason: str, now: datetime) -> NurturePeriod:
    """Ends nurture before its time, with the reason; the promise is then not kept.

    Raises ValueError without a reason, NurturePeriod.DoesNotExist if the lead is not nurtured now.
    """
    if not reason.strip():
        raise ValueError(_("Say why nurture ends before its time."))
    running = NurturePeriod.objects.filter(lead=lead_id, stopped_at__isnull=True, until__gt=now)
    period = running.select_for_update().latest("started_at")
    period.stopped_at, period.stopped_by, period.stop_reason = now, by, reason.strip()[:200]
    period.save(update_fields=["stopped_at", "stopped_by", "stop_reason"])
    entry = LedgerEntry(
        occurred_at=now, action="nurture.stopped", subject_kind="lead", subject_id=lead_id, actor=by,
        after={"until": period.until.isoformat()},
    )  # fmt: skip
    ledger.record([entry])
    return period
