"""The filters of the ledger."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from revops.foundation.ids import decode
from revops.foundation.models import LedgerEntry

FILTERS = ("who", "action", "kind", "subject", "from", "to")


def filtered(entries: QuerySet[LedgerEntry], asked: QueryDict) -> QuerySet[LedgerEntry]:
    """Entries by who acted, what was done, to what, and on which days (in the viewer's zone)."""
    if who := asked.get("who", "").strip():
        entries = entries.filter(actor_label__icontains=who)
    if action := asked.get("action", "").strip():
        entries = entries.filter(action__startswith=action)
    if kind := asked.get("kind"):
        entries = entries.filter(subject_kind=kind)
    if subject := asked.get("subject", "").strip():
        pk = _subject(subject)
        entries = entries.filter(subject_id=pk) if pk else entries.filter(request_id=subject)
    if first := _day(asked.get("from", "")):
        entries = entries.filter(occurred_at__gte=first)
    if last := _day(asked.get("to", "")):
        entries = entries.filter(occurred_at__lt=last + timedelta(days=1))
    return entries


def active_filters(asked: QueryDict) -> dict[str, Any]:
    """The filters that are set, as the ledger may keep them."""
    return {name: asked[name] for name in FILTERS if asked.get(name) and name != "who"}


def _subject(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return decode(text.partition("_")[0], text)
    except ValueError:
        return None


def _day(text: str) -> datetime | None:
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(text), time()))
    except ValueError:
        return None
