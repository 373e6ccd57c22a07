"""Writes leads as CSV, row by row, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from leads.files import BYTE_ORDER_MARK, csv_lines
from leads.models import Lead
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, User

CHUNK = 2000

COLUMNS = (
    "id", "stage", "tier", "priority", "fit", "intent", "timing", "first_name", "last_name", "email", "phone", "title",
    "company", "domain", "industry", "employees", "country", "source", "campaign", "owner", "received_at",
    "last_signal_at", "rejections", "is_history", "need",
)  # fmt: skip


def lead_lines(leads: QuerySet[Lead]) -> Iterator[str]:
    """The header and one line per lead, read in chunks, so that memory does not grow with the file."""
    rows = leads.select_related("person", "account", "source", "campaign", "owner", "score")
    yield BYTE_ORDER_MARK
    yield from csv_lines([COLUMNS])
    yield from csv_lines(_cells(lead) for lead in rows.iterator(chunk_size=CHUNK))


def record_export(user: User, filters: dict[str, list[str]], count: int, *, now: datetime) -> None:
    """Writes into the ledger who took how many leads out, and by which filters (never what was searched for)."""
    shown = {key: value for key, value in filters.items() if key != "q"}
    what = {"count": count, "filters": shown}
    entry = LedgerEntry(occurred_at=now, actor=user, action="leads.exported", subject_kind="lead", after=what)
    ledger.record([entry])


def _cells(lead: Lead) -> list[Any]:
    person, account, score = lead.person, lead.account, getattr(lead, "score", None)
    axes = [score.fit / 1000, score.intent / 1000, score.timing / 1000] if score else ["", "", ""]
    return [
        lead.public_id, lead.stage, score.tier if score else "", score.priority if score else "", *axes,
        person.first_name, person.last_name, person.email, person.phone, person.title,
        account.name if account else "", account.domain if account else "", account.industry if account else "",
        account.employees if account else "", person.country, lead.source.key,
        lead.campaign.key if lead.campaign else "", lead.owner.email if lead.owner else "",
        lead.received_at.isoformat(), lead.last_signal_at.isoformat() if lead.last_signal_at else "",
        lead.rejections, "yes" if lead.is_history else "no", lead.need,
    ]  # fmt: skip
