"""What a new company starts with: calendars, an agreement from the template, people who can take leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from revops.foundation.models import User
from sla.agreement_words import BY_CODE, TEMPLATE
from sla.agreements import draft_from_template, publish_agreement, sign_agreement
from sla.calendars import write_calendar
from sla.models import Agreement, Calendar, CalendarVersion, ClauseSide, RepProfile
from sla.routing import open_balance

NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
STANDARD_CALENDAR = "Standard office hours"
REVIEW_AFTER = timedelta(days=180)


@transaction.atomic
def publish_starter_agreement(
    marketing_head: User,
    sales_head: User,
    now: datetime,
    *,
    zone: str = "UTC",
    country: str = "",
    accepted_a_month: int | None = None,
) -> Agreement:
    """The template, signed by both heads and in effect, over standard office hours in `zone`.

    `accepted_a_month` is the volume marketing promises; the template's number if it is not given.
    """
    calendar = standard_calendar(now, zone=zone, country=country)
    clauses = [
        BY_CODE["volume"].draft(accepted_a_month) if accepted_a_month and clause.code == "volume" else clause
        for clause in TEMPLATE
    ]
    agreement = draft_from_template(calendar, now=now, review_on=(now + REVIEW_AFTER).date(), clauses=clauses)
    sign_agreement(agreement, ClauseSide.MARKETING, marketing_head, now=now)
    sign_agreement(agreement, ClauseSide.SALES, sales_head, now=now)
    return publish_agreement(agreement, now=now)


def standard_calendar(now: datetime, *, zone: str = "UTC", country: str = "") -> Calendar:
    """Office hours nine to five; written once."""
    known = Calendar.objects.filter(name=STANDARD_CALENDAR).first()
    return known or _write(STANDARD_CALENDAR, zone, country, "", now).calendar


def write_office_hours(now: datetime, *, zone: str, country: str = "", region: str = "") -> Calendar:
    """Monday to Friday, nine to five in `zone`, without the public holidays of `country`; written once."""
    name = " ".join(filter(None, (zone.rpartition("/")[2].replace("_", " "), country, region, "office hours")))
    known = Calendar.objects.filter(name=name).first()
    return known or _write(name, zone, country, region, now).calendar


@transaction.atomic
def save_rep_profile(
    user: User,
    calendar: Calendar,
    *,
    now: datetime,
    weight: int = 1,
    capacity: int | None = None,
    is_routable: bool = True,
    countries: Sequence[str] = (),
    tiers: Sequence[int] = (),
) -> RepProfile:
    """Lets somebody take leads, or changes how. They start with a balance of zero: neither owed turns nor ahead."""
    profile, _ = RepProfile.objects.update_or_create(
        user=user,
        defaults={
            "weight": weight,
            "capacity": capacity,
            "calendar": calendar,
            "is_routable": is_routable,
            "countries": sorted({country.upper() for country in countries}),
            "tiers": sorted(set(tiers)),
            "updated_at": now,
        },
    )
    open_balance(user, now=now)
    return profile


def _write(name: str, zone: str, country: str, region: str, now: datetime) -> CalendarVersion:
    return write_calendar(name, zone=zone, week=NINE_TO_FIVE, now=now, country=country, region=region)
