"""When people work: now, or when they begin next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sla.business_time import BusinessHours, NoBusinessHours, next_open
from sla.calendars import Absences, hours_of, newest_versions
from sla.models import Absence, Agreement, AgreementState, RepProfile
from sla.routing import Hours


def works_at(user_ids: Iterable[UUID], now: datetime) -> Mapping[UUID, datetime]:
    """When each of these people works next: `now` if they work now. Four queries at most.

    Their own calendar counts, else that of the live agreement; absences close it. Whoever has neither is left out,
    and so is whoever is away for good.
    """
    wanted = list(user_ids)
    if not wanted:
        return {}
    own = dict(RepProfile.objects.filter(user__in=wanted).values_list("user", "calendar"))
    usual = Agreement.objects.filter(state=AgreementState.LIVE).values_list("calendar", flat=True).first()
    versions = newest_versions([pk for pk in (*own.values(), usual) if pk is not None])
    away = absences_from(wanted, now)
    found = {}
    for user_id in wanted:
        version = versions.get(own.get(user_id) or usual or _NONE)
        at = next_work(hours_of(version, away.get(user_id, ())), now) if version else None
        if at is not None:
            found[user_id] = at
    return found


def hours_for(user_id: UUID, now: datetime) -> Hours | None:
    """In whose hours a promise of this person runs: their own, else those of the live agreement; None without either.

    Three queries.
    """
    own = RepProfile.objects.filter(user=user_id).values_list("calendar", flat=True).first()
    usual = Agreement.objects.filter(state=AgreementState.LIVE).values_list("calendar", flat=True).first()
    calendar = own or usual
    if calendar is None:
        return None
    version = newest_versions([calendar])[calendar]
    return Hours(version, hours_of(version, absences_from([user_id], now).get(user_id, ())))


def absences_from(user_ids: Iterable[UUID], since: datetime) -> dict[UUID, Absences]:
    """Absences of people that end after `since`, in order. One query."""
    found: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = Absence.objects.filter(user__in=list(user_ids), ends_at__gt=since).order_by("starts_at", "pk")
    for user_id, starts_at, ends_at in rows.values_list("user", "starts_at", "ends_at"):
        found[user_id].append((starts_at, ends_at))
    return {user_id: tuple(spans) for user_id, spans in found.items()}


def next_work(hours: BusinessHours, now: datetime) -> datetime | None:
    """`now` if these hours are open, else when they open next; None if they never do."""
    try:
        return next_open(now, hours)
    except NoBusinessHours:
        return None


_NONE = UUID(int=0)
