"""Changes calendars that are in use: a new version, and clocks that still run worked out anew; closed ones stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from revops.foundation.models import Team, User
from sla.calendars import last_holiday, newest_versions, write_calendar
from sla.models import Calendar, CalendarVersion, RepProfile, TeamCalendar
from sla.recomputing import Change, recompute_open_clocks

RENEW_BEFORE = timedelta(days=3 * 365)
"""A calendar whose public holidays are known for less than so long ahead gets a new version."""


@transaction.atomic
def change_calendar(
    name: str,
    *,
    zone: str,
    week: Mapping[str, Sequence[Sequence[str]]],
    now: datetime,
    by: User | None,
    country: str = "",
    region: str = "",
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> CalendarVersion:
    """A new version of a calendar, or a new calendar. Clocks that run in it are worked out anew, as one audited event.

    Raises CalendarError with words for the writer.
    """
    version = write_calendar(name, zone=zone, week=week, now=now, country=country, region=region, own=own, by=by)
    if version.version > 1:
        recompute_open_clocks(Change("calendar", version.calendar_id, by), now=now, calendar_ids=[version.calendar_id])
    return version


@transaction.atomic
def add_own_days(
    calendar: Calendar, days: Mapping[str, Mapping[str, Any]], *, now: datetime, by: User | None
) -> CalendarVersion:
    """A new version with these days on top of those it has."""
    newest = newest_versions([calendar.pk])[calendar.pk]
    return change_calendar(
        calendar.name,
        zone=newest.zone,
        week=newest.spec["week"],
        now=now,
        by=by,
        country=newest.country,
        region=newest.region,
        own={**(newest.spec.get("own") or {}), **days},
    )


@transaction.atomic
def give_to_team(team: Team, calendar: Calendar, *, now: datetime, by: User | None) -> int:
    """The hours of a team: of everybody in it now who takes leads, and of whoever joins. Answers how many changed."""
    TeamCalendar.objects.update_or_create(team=team, defaults={"calendar": calendar, "updated_at": now})
    profiles = RepProfile.objects.filter(user__team=team).exclude(calendar=calendar)
    people = list(profiles.values_list("user_id", flat=True))
    profiles.update(calendar=calendar, updated_at=now)
    if people:
        recompute_open_clocks(Change("calendar", calendar.pk, by), now=now, user_ids=people)
    return len(people)


def calendar_of_team(team_id: Any) -> Calendar | None:
    """The hours of a team, if it has its own."""
    found = TeamCalendar.objects.filter(team=team_id).select_related("calendar").first() if team_id else None
    return found.calendar if found else None


def renew_calendars(*, now: datetime) -> list[CalendarVersion]:
    """New versions of calendars whose public holidays end within three years: nobody should be surprised by one."""
    newest = newest_versions(Calendar.objects.values_list("pk", flat=True))
    renewed = []
    for version in newest.values():
        end: date | None = last_holiday(version)
        if end is not None and end < (now + RENEW_BEFORE).date():
            renewed.append(
                change_calendar(
                    Calendar.objects.get(pk=version.calendar_id).name,
                    zone=version.zone,
                    week=version.spec["week"],
                    now=now,
                    by=None,
                    country=version.country,
                    region=version.region,
                    own=version.spec.get("own"),
                )
            )
    return renewed
