"""Who is away today and who will be soon, so that routing has somebody to pass over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from revops.foundation.models import User
from revops.portal.demo.people import HIGHLIGHTED
from sla.absences import AbsenceRefused, plan_absence, whole_days
from sla.models import AbsenceKind, HandOff

_LEAVE, _TRAINING = AbsenceKind.LEAVE, AbsenceKind.TRAINING
_AHEAD = ((9, 3, _LEAVE), (4, 1, _TRAINING), (16, 10, _LEAVE), (23, 2, _LEAVE))
"""In how many days, how many days, and why: one for each of the next reps."""


def plan_absences(users: Mapping[str, User], now: datetime) -> int:
    """One rep is ill today, an afternoon is taken, some leaves are planned. Answers how many absences were planned."""
    reps = [user for login, user in sorted(users.items()) if login.startswith("rep") and login not in HIGHLIGHTED]
    busy = set(HandOff.objects.filter(handed_off_at__gte=now - timedelta(days=1)).values_list("owner", flat=True))
    reps.sort(key=lambda rep: rep.pk in busy)  # whoever got nothing today can have been away all day
    planned = 0
    for place, rep in enumerate(reps):
        today = now.astimezone(ZoneInfo(rep.timezone)).date()
        if place == 0:
            planned += _plan(rep, today, 2, AbsenceKind.SICK, now, since=now if rep.pk in busy else None)
        elif place <= len(_AHEAD):
            days, length, kind = _AHEAD[place - 1]
            planned += _plan(rep, today + timedelta(days=days), length, kind, now)
    return planned


def _plan(rep: User, first: date, length: int, kind: str, now: datetime, since: datetime | None = None) -> int:
    start, end = whole_days(rep, first, first + timedelta(days=length - 1))
    if kind == _TRAINING:
        start = datetime.combine(first, time(13), ZoneInfo(rep.timezone))
    try:
        plan_absence(rep, since or start, end, kind=kind, by=rep, now=now)
    except AbsenceRefused:  # away then already
        return 0
    return 1
