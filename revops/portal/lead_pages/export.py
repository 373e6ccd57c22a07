"""Writes leads as CSV, row by row, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from leads.models import Lead
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, User

CHUNK = 2000
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")

COLUMNS = (
    "id", "stage", "tier", "priority", "fit", "intent", "timing", "first_name", "last_name", "email", "phone", "title",
    "company", "domain", "industry", "employees", "country", "source", "campaign", "owner", "received_at",
    "last_signal_at", "rejections", "is_history", "need",
)  # fmt: skip


def safe_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula; an apostrophe stands before what it could (also after spaces)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_DANGEROUS) else text


def csv_lines(leads: QuerySet[Lead]) -> Iterator[str]:
    """The header and one line per lead, read in chunks, so that memory does not grow with the file."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield "\ufeff" + writer.writerow(COLUMNS)
    rows = leads.select_related("person", "account", "source", "campaign", "owner", "score")
    for lead in rows.iterator(chunk_size=CHUNK):
        yield writer.writerow([safe_cell(value) for value in _cells(lead)])


def record_export(user: User, filters: dict[str, list[str]], count: int, *, now: datetime) -> None:
    """Writes into the ledger who took how many leads out, and by which filters (never what was searched for)."""
    shown = {key: value for key, value in filters.items() if key != "q"}
    what = {"count": count, "filters": shown}
    entry = LedgerEntry(occurred_at=now, actor=user, action="leads.exported", subject_kind="lead", after=what)
    ledger.record([entry])


class _Echo:
    """A file that gives back what is written."""

    def write(self, text: str) -> str:
        return text


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
