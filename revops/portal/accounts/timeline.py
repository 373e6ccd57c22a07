"""What all people of an account did and what we did with them, on one timeline, in pages."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from feedback.models import Disposition, Outcome
from leads.models import Account, Attempt, Lead, LifecycleEvent, Person, Signal
from revops.foundation.ids import encode
from revops.portal.lead_pages.timeline import KINDS, Event, Timeline

PAGE = 30
SHOWN = ("signal", "stage", "attempt", "answer", "outcome")
"""What concerns the company; how each lead was judged and routed stands on its own page."""
_ROWS: Mapping[str, tuple[Any, str, tuple[str, ...]]] = {
    "signal": (Signal, "occurred_at", ("kind", "source")),
    "stage": (LifecycleEvent, "occurred_at", ("actor",)),
    "attempt": (Attempt, "occurred_at", ("user",)),
    "answer": (Disposition, "decided_at", ("reason", "user")),
    "outcome": (Outcome, "occurred_at", ("recorded_by",)),
}
_TELL = {kind.code: kind.tell for kind in KINDS}


def account_timeline(
    account: Account, visible: QuerySet[Lead], cursor: str = "", kind: str = "", size: int = PAGE
) -> Timeline:
    """A page of dated events of all leads of an account, the newest first. A fixed number of queries.

    Events of a lead in `visible` link to it; of the others only who and what is told.
    """
    kinds = [one for one in SHOWN if kind in ("", one)]
    before = _read(cursor)
    found: list[tuple[datetime, str, str, UUID, Event]] = []
    for one in kinds:
        found += _events(one, account, before, size)
    found.sort(key=lambda entry: entry[:3], reverse=True)
    page = found[:size]
    names = _names({entry[3] for entry in page})
    seen = set(visible.filter(pk__in=[entry[3] for entry in page]).values_list("pk", flat=True))
    events = [
        replace(
            event,
            by=" · ".join(filter(None, [names.get(lead, ""), event.by])),
            url=f"/leads/{encode('lead', lead)}/" if lead in seen else "",
        )
        for _at, _kind, _pk, lead, event in page
    ]
    return Timeline(events, _write(page[-1]) if len(found) > size else "")


def _events(
    kind: str, account: Account, before: tuple[datetime, str, str] | None, size: int
) -> Iterable[tuple[datetime, str, str, UUID, Event]]:
    model, at, related = _ROWS[kind]
    shown = Q(lead__withdrawn_at__isnull=True) | Q(lead__merged_into__isnull=False)
    rows = model.objects.filter(shown, lead__account=account, **{f"{at}__isnull": False}).select_related(*related)
    if before is not None:
        rows = rows.filter(**{f"{at}__lte": before[0]})
    found = []
    for row in rows.order_by(f"-{at}", "-pk")[: 2 * size + 1]:
        key = (getattr(row, at), kind, f"{row.pk!s:>36}")
        if before is None or key < before:
            found.append((*key, row.lead_id, _TELL[kind](row)))
    return found[: size + 1]


def _names(lead_ids: set[UUID]) -> dict[UUID, str]:
    people = Person.objects.filter(leads__in=lead_ids).values_list("leads", "first_name", "last_name", "email")
    return {lead: Person(first_name=a, last_name=b, email=c).name for lead, a, b, c in people if lead in lead_ids}


def _write(entry: tuple[datetime, str, str, UUID, Event]) -> str:
    text = "|".join([entry[0].isoformat(), entry[1], entry[2].strip()])
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, str, str] | None:
    try:
        at, kind, pk = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
        return datetime.fromisoformat(at), kind, f"{pk:>36}"
    except ValueError:
        return None
