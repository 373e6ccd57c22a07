"""Writes calendar versions, and keeps those in use worked out in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import holidays
from django.db import transaction
from django.db.models import Max

from revops.foundation.models import User
from sla.business_time import BusinessHours, NoBusinessHours, next_open
from sla.calendar_spec import CalendarError
from sla.models import Calendar, CalendarVersion

YEARS_BACK, YEARS_AHEAD = 3, 6
"""How many years of public holidays a version is given when it is made."""

Absences = tuple[tuple[datetime, datetime], ...]

_MOST_KEPT = 2000
_hours: dict[tuple[UUID, int, Absences], BusinessHours] = {}
_versions: dict[tuple[UUID, int], CalendarVersion] = {}
"""Kept by calendar and version id: neither is ever used again, and a version never changes."""


@transaction.atomic
def write_calendar(
    name: str,
    *,
    zone: str,
    week: Mapping[str, Sequence[Sequence[str]]],
    now: datetime,
    country: str = "",
    region: str = "",
    days_off: Mapping[str, str] | None = None,
    own: Mapping[str, Mapping[str, Any]] | None = None,
    by: User | None = None,
) -> CalendarVersion:
    """The next version of the calendar `name`, which is made if it is missing. Clocks that run keep theirs.

    Public holidays of `country` are worked out now and stored. `days_off` and `own` (half days, see `CalendarSpec`)
    come on top. Raises CalendarError with words for the writer.
    """
    days = {day: {"name": words, "windows": []} for day, words in (days_off or {}).items()} | dict(own or {})
    spec = {"week": week, "holidays": _public_holidays(country, region, now), "own": days}
    _check_opens(BusinessHours.read(zone, spec), now)
    calendar, _ = Calendar.objects.select_for_update().get_or_create(name=name)
    latest = calendar.versions.aggregate(latest=Max("version"))["latest"] or 0
    return CalendarVersion.objects.create(
        calendar=calendar,
        version=latest + 1,
        zone=zone,
        spec=spec,
        country=country,
        region=region,
        created_at=now,
        created_by=by,
    )


def last_holiday(version: CalendarVersion) -> date | None:
    """The last public holiday a version knows; None if it has none."""
    days = [date.fromisoformat(day) for day in version.spec.get("holidays") or ()]
    return max(days, default=None) if version.country else None


def newest_versions(calendar_ids: Iterable[UUID]) -> dict[UUID, CalendarVersion]:
    """The version of each calendar that counts now. One query."""
    versions = (
        CalendarVersion.objects.filter(calendar_id__in=set(calendar_ids))
        .order_by("calendar_id", "-version")
        .distinct("calendar_id")
    )
    return {version.calendar_id: version for version in versions}


def versions_of(keys: Iterable[tuple[UUID, int]]) -> dict[tuple[UUID, int], CalendarVersion]:
    """Versions by (calendar id, version id); those seen before are kept. One query if there is a new one."""
    wanted = set(keys)
    if missing := [version_id for key, version_id in wanted if (key, version_id) not in _versions]:
        if len(_versions) >= _MOST_KEPT:
            _versions.clear()
            missing = [version_id for _, version_id in wanted]
        for version in CalendarVersion.objects.filter(pk__in=missing):
            _versions[version.calendar_id, version.pk] = version
    return {key: _versions[key] for key in wanted}


def hours_of(version: CalendarVersion, absences: Absences = ()) -> BusinessHours:
    """The business hours of a calendar version, for somebody with these absences. Kept: a version never changes."""
    key = (version.calendar_id, version.pk, absences)
    known = _hours.get(key)
    if known is None:
        if len(_hours) >= _MOST_KEPT:
            _hours.clear()
        known = hours_of(version).without(absences) if absences else BusinessHours.read(version.zone, version.spec)
        _hours[key] = known
    return known


def _check_opens(hours: BusinessHours, now: datetime) -> None:
    try:
        next_open(now, hours)
    except NoBusinessHours as error:
        raise CalendarError(
            "This calendar never opens. Give at least one day a window, like 09:00 to 17:00."
        ) from error


def _public_holidays(country: str, region: str, now: datetime) -> dict[str, str]:
    if not country:
        return {}
    years = range(now.year - YEARS_BACK, now.year + YEARS_AHEAD + 1)
    try:
        days = holidays.country_holidays(country, subdiv=region or None, years=years)
    except NotImplementedError as error:
        raise CalendarError(
            f"The public holidays of “{country} {region}”".rstrip() + " are not known. Enter the days off yourself."
        ) from error
    return {day.isoformat(): name for day, name in sorted(days.items())}
