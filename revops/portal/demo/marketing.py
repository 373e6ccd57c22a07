"""What marketing does by hand in the demo company: it finds out the role of people who came without one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from leads.models import Person
from leads.titles import function_of, seniority_of
from revops.portal.demo.behaviour import Prospect, title_of
from sla.handoffs import complete_details


def lateness(rng: Random, at: datetime, now: datetime) -> timedelta:
    """How long marketing takes: mostly within the hour it promised, longer in its own bad fortnight and at weekends."""
    minutes = rng.lognormvariate(3.4, 0.75)
    if now - timedelta(days=72) <= at < now - timedelta(days=58):
        minutes *= 6
    if at.weekday() >= 5:
        minutes += 60 * rng.uniform(0, 20)
    return timedelta(minutes=minutes)


def complete_roles(found: Sequence[tuple[Prospect, datetime]], end: datetime) -> int:
    """Writes the roles that were found out and keeps marketing's promise about the details. Returns how many."""
    told = {}
    with transaction.atomic():
        for prospect, at in found:
            title = title_of(prospect.buyer)
            Person.objects.filter(pk=prospect.person_id, title="").update(
                title=title, seniority=seniority_of(title), function=function_of(title), updated_at=at
            )
            told[prospect.lead_id] = at
        return len(complete_details(told, now=end))
