"""Learns from sales which addresses bounce: a lead rejected for its e-mail address closes the gate to that address."""

from __future__ import annotations

from datetime import datetime, timedelta

from feedback.models import Disposition
from leads.gate import Bounce, remember_bounces
from leads.models import Person
from leads.models.hygiene import BounceOrigin

REASON = "wrong_email"
LOOKS_BACK = timedelta(days=2)
"""The sweep runs every few minutes; looking back further costs nothing and survives a weekend without workers."""

SETTLED_AFTER = timedelta(minutes=10)
"""Younger answers are often taken back."""


def learn_bounces(*, now: datetime) -> int:
    """Takes over the addresses of leads that sales rejected because mail came back. Returns how many are new.

    Answers that were undone do not count.
    """
    answers = Disposition.objects.filter(
        kind="rejected",
        reason_id=REASON,
        is_history=False,
        undone_by__isnull=True,
        recorded_at__gt=now - LOOKS_BACK,
        recorded_at__lte=now - SETTLED_AFTER,
    )
    when = {person: at or now for person, at in answers.values_list("lead__person_id", "decided_at")}
    addresses = Person.objects.filter(pk__in=when, email__isnull=False).values_list("pk", "email")
    return remember_bounces([Bounce(str(email), when[pk]) for pk, email in addresses], BounceOrigin.SALES, None)
