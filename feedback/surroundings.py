"""Reads what goes on around leads that somebody wants to reject: active colleagues, and their own latest moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max

from feedback.second_look import WITHIN, Colleague, Surroundings
from leads.models import Lead, Person, Signal
from leads.models.signals import Strength
from sla.models import HandOff

STRONG = (Strength.HAND_RAISE, Strength.HIGH)


def surroundings_of(
    leads: Sequence[Lead], handoffs: Mapping[UUID, HandOff], *, now: datetime
) -> dict[UUID, Surroundings]:
    """What goes on around each lead. Three queries, however many leads.

    An act of low strength (an opened e-mail, a page) makes nobody active. What the buyer did up to the hand-off is
    why the lead is here; only strong acts after it are moves.
    """
    since = now - WITHIN
    accounts = {lead.account_id for lead in leads if lead.account_id}
    active = list(
        Signal.objects.filter(lead__account_id__in=accounts, lead__withdrawn_at__isnull=True)
        .filter(occurred_at__gte=since, occurred_at__lte=now)
        .exclude(kind__strength=Strength.LOW)
        .order_by()
        .values("lead__account_id", "person_id")
        .annotate(acts=Count("pk"), last_at=Max("occurred_at"))
    )
    people = {person.pk: person for person in Person.objects.filter(pk__in={row["person_id"] for row in active})}
    colleagues: dict[UUID, list[tuple[datetime, UUID, Colleague]]] = {}
    for row in active:
        one = Colleague(people[row["person_id"]].name, row["acts"], row["last_at"].date())
        colleagues.setdefault(row["lead__account_id"], []).append((row["last_at"], row["person_id"], one))
    moves = _moves(leads, handoffs, since)
    return {
        lead.pk: Surroundings(
            colleagues=tuple(
                one
                for _at, person_id, one in sorted(
                    colleagues.get(lead.account_id, []) if lead.account_id else [],
                    key=lambda entry: entry[0],
                    reverse=True,
                )
                if person_id != lead.person_id
            ),
            moves=moves.get(lead.pk, ()),
        )
        for lead in leads
    }


def _moves(leads: Sequence[Lead], handoffs: Mapping[UUID, HandOff], since: datetime) -> dict[UUID, tuple[str, ...]]:
    """The strong acts of each lead's person after its hand-off, the most frequent first. One query."""
    acts: dict[UUID, Counter[str]] = {}
    rows = Signal.objects.filter(
        lead_id__in=[lead.pk for lead in leads], occurred_at__gt=since, kind__strength__in=STRONG
    ).values_list("lead_id", "kind__name", "occurred_at")
    for lead_id, name, at in rows:
        handoff = handoffs.get(lead_id)
        if handoff is not None and at > handoff.handed_off_at:
            acts.setdefault(lead_id, Counter())[f"{name[:1].lower()}{name[1:]}"] += 1
    return {
        lead_id: tuple(f"{name} ×{times}" if times > 1 else name for name, times in found.most_common())
        for lead_id, found in acts.items()
    }
