"""Founds the demo company before its first lead: people, calendars, agreement, rulebook, sources, forms, spend."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from leads.models import HygieneRule, LeadForm, SignalKind, Source, Spend
from revops.foundation.api_keys import create_api_key
from revops.foundation.models import Team, User
from revops.foundation.policy import SCOPES
from revops.portal.demo.behaviour import CONSENT
from revops.portal.demo.catalogue import COMPETITOR_DOMAINS, COMPETITORS, PROFILES, PURCHASED
from revops.portal.demo.content import describe_campaigns, register_assets
from revops.portal.demo.desk import Rep
from revops.portal.demo.people import COMPANY, DOMAIN, OFFICES, PASSWORD, STAFF, Office
from revops.portal.demo.places import REGIONS
from revops.portal.demo.seasons import YEAR
from revops.portal.demo.two_sides import draw_territories
from scoring.models import SigningSide
from scoring.publishing import create_draft, keep_rulebook, publish_rulebook, sign_rulebook
from scoring.starter import STARTER_DEFINITION, publish_starter
from sla.calendars import hours_of, write_calendar
from sla.models import Absence, CalendarVersion
from sla.starter import publish_starter_agreement, save_rep_profile

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
OWN_MAIL_DOMAIN = "tarnwell-software.com"
SECOND_RULEBOOK_AFTER = timedelta(days=215)
NEWS_CONSENT = f"{COMPANY} may send me its letter by e-mail. I can withdraw this at any time."


@dataclass(frozen=True, slots=True)
class Company:
    """The founded company; users by login, sources by key, reps by user id."""

    users: Mapping[str, User]
    sources: Mapping[str, Source]
    reps: Mapping[UUID, Rep]
    calendars: Mapping[str, CalendarVersion]
    api_key: str


def found_company(now: datetime, rng: Random, leads: int) -> Company:
    """Everything that must stand a year before `now`, when the first of about `leads` leads knocks."""
    begins = now - YEAR - timedelta(days=1)
    users = _hire(begins)
    calendars = {office.name: _calendar(office, begins) for office in OFFICES if office.side != "revops"}
    absences = {login: _absences(rng, users[login], login, now) for login in users if login.startswith("rep")}
    Absence.objects.bulk_create([absence for rows in absences.values() for absence in rows])
    reps = {}
    for member in STAFF:
        if member.role != "rep":
            continue
        user, version = users[member.login], calendars[member.team]
        save_rep_profile(
            user, version.calendar, now=begins, weight=member.weight, capacity=120, countries=_countries(member.team)
        )
        away = tuple((row.starts_at, row.ends_at) for row in absences[member.login])
        reps[user.pk] = Rep(
            user.pk, member.team, member.pace, member.strict, member.diligence, hours_of(version).without(away)
        )
    draw_territories(users, begins)
    publish_starter_agreement(
        users["marketing-manager"],
        users["manager1"],
        begins,
        zone="Europe/Berlin",
        country="DE",
        accepted_a_month=max(leads * 2 // 100, 1),  # about what a good month of this company brings
    )
    publish_starter(users["admin"], users["marketing-manager"], users["manager1"], begins)
    sources = _register_sources(users, begins)
    _state_spend(sources, now)
    _open_forms(sources, begins)
    _teach_the_gate()
    _, key = create_api_key("Demo key: every scope", users["integration"], SCOPES, now, created_by=users["admin"])
    return Company(users, sources, reps, calendars, key)


def publish_second_rulebook(company: Company, now: datetime) -> None:
    """What the spring reviews led to: a contact box that somebody else ticked is no longer enough by itself."""
    definition = deepcopy(STARTER_DEFINITION)
    for rule in definition["rules"]:
        if rule["key"] == "asked_for_contact":
            rule["points"] = 16_000
    users = company.users
    draft = create_draft(
        definition,
        users["marketer1"],
        name="Contact box needs a second act",
        summary="A ticked contact box gives 16 points, not 20: most people of syndication never ticked it themselves.",
        now=now,
        review_by_on=(now + YEAR / 2).date(),
    )
    keep_rulebook(
        users["manager2"], "Holds up, but for the contact box: see the proposal.", (now + YEAR / 4).date(), now
    )
    sign_rulebook(draft, users["manager2"], SigningSide.SALES, now)
    sign_rulebook(draft, users["marketing-manager"], SigningSide.MARKETING, now)
    publish_rulebook(draft, now)


def _hire(begins: datetime) -> dict[str, User]:
    password = make_password(PASSWORD)
    teams = {
        office.name: Team.objects.create(name=office.name, side=office.side, timezone=office.zone) for office in OFFICES
    }
    users = {
        member.login: User.objects.create(
            email=member.email,
            name=member.name,
            role=member.role,
            team=teams.get(member.team),
            timezone=member.zone,
            password=password,
            date_joined=begins + timedelta(minutes=number),
        )
        for number, member in enumerate(STAFF)
    }
    for office in OFFICES:
        Team.objects.filter(pk=teams[office.name].pk).update(manager=users[office.manager])
    return users


def _calendar(office: Office, begins: datetime) -> CalendarVersion:
    windows = [[office.opens, office.closes]]
    return write_calendar(
        f"{office.name} hours",
        zone=office.zone,
        week=dict.fromkeys(WEEKDAYS, windows),
        country=office.country,
        now=begins,
    )


def _countries(team: str) -> list[str]:
    return [country.code for region in REGIONS if region.team == team for country in region.countries]


def _absences(rng: Random, user: User, login: str, now: datetime) -> list[Absence]:
    """Two weeks in summer, days around New Year, a few sick days; rep3 leaves for a fortnight soon."""
    zone, first = ZoneInfo(user.timezone), (now - YEAR).date()
    spans: list[tuple[date, int, str]] = []
    summer = _date_after(first, 7, 1) + timedelta(days=rng.randrange(0, 50))
    spans.append((summer, 14, "leave"))
    if rng.random() < 0.6:
        spans.append((_date_after(first, 12, 22) + timedelta(days=rng.randrange(0, 6)), rng.randrange(5, 10), "leave"))
    spans += [
        (first + timedelta(days=rng.randrange(10, 340)), rng.randrange(1, 4), "sick")
        for _ in range(rng.randrange(1, 4))
    ]
    if rng.random() < 0.4:
        spans.append((first + timedelta(days=rng.randrange(30, 330)), 2, "training"))
    if login == "rep3":
        spans.append((now.date() + timedelta(days=6), 14, "leave"))
    rows: list[Absence] = []
    taken: list[datetime] = []
    for day, length, kind in sorted(spans):
        starts = datetime.combine(day, time(), zone).astimezone(UTC)
        ends = datetime.combine(day + timedelta(days=length), time(), zone).astimezone(UTC)
        is_near_now = starts < now + timedelta(days=4) and ends > now - timedelta(days=4)
        if is_near_now or any(starts < other_end for other_end in taken):
            continue
        taken.append(ends)
        rows.append(Absence(user=user, starts_at=starts, ends_at=ends, kind=kind, created_at=now - YEAR))
    return rows


def _date_after(first: date, month: int, day: int) -> date:
    """The next such day of the calendar from `first` on."""
    this_year = date(first.year, month, day)
    return this_year if this_year >= first else date(first.year + 1, month, day)


def _register_sources(users: Mapping[str, User], begins: datetime) -> dict[str, Source]:
    sources = {
        profile.key: Source(
            key=profile.key,
            name=profile.name,
            kind=profile.kind,
            owner=users[f"marketer{1 + number % 3}"],
            readiness=profile.readiness,
            allowed_tiers=list(profile.tiers),
            note=profile.note,
            created_at=begins,
        )
        for number, profile in enumerate((*PROFILES, PURCHASED))
    }
    Source.objects.bulk_create(sources.values())
    describe_campaigns((*PROFILES, PURCHASED), sources, users, begins)
    register_assets(users, begins)
    return sources


def _state_spend(sources: Mapping[str, Source], now: datetime) -> None:
    """Monthly, in EUR; fairs cost when they are on, social money grows before quarters end."""
    first = (now - YEAR).date().replace(day=1)
    months = [first]
    while months[-1] < now.date().replace(day=1):
        months.append((months[-1] + timedelta(days=32)).replace(day=1))
    rows = []
    for profile in PROFILES:
        for month in months:
            factor = 1.25 if month.month % 3 == 0 else 0.6 if month.month == 8 else 1.0
            cents = 100 * round(profile.monthly_spend * factor)
            rows.append(Spend(source=sources[profile.key], month_on=month, amount_minor=cents))
    rows.append(Spend(source=sources[PURCHASED.key], month_on=months[len(months) // 2], amount_minor=480_000))
    Spend.objects.bulk_create(rows)


def _open_forms(sources: Mapping[str, Source], begins: datetime) -> None:
    kinds = {kind.code: kind for kind in SignalKind.objects.all()}
    for slug, title, intro, source, kind, fields in _FORMS:
        LeadForm.objects.create(
            slug=slug,
            title=title,
            intro=intro,
            source=sources[source],
            signal_kind=kinds[kind],
            topic="planning",
            fields=[{"name": name, "required": required} for name, required in fields],
            consent_text=NEWS_CONSENT if slug == "news" else CONSENT,
            consent_purpose="news" if slug == "news" else "contact",
            needs_confirmation=slug == "news",
            asks_next=slug == "guide",
            allowed_sites=["https://www.tarnwell-software.com"],
            thanks="Thank you. Somebody who knows your industry will be in touch.",
            created_at=begins,
        )


def _teach_the_gate() -> None:
    HygieneRule.objects.filter(code="own_employee").update(terms=[DOMAIN, OWN_MAIL_DOMAIN])
    HygieneRule.objects.filter(code="competitor").update(terms=[*COMPETITOR_DOMAINS, *map(str.lower, COMPETITORS)])


_FORMS: tuple[tuple[str, str, str, str, str, tuple[tuple[str, bool], ...]], ...] = (
    ("demo", "See it with your own routes", "Thirty minutes, your data, no slides.", "website-demo", "demo_request",
     (("email", True), ("first_name", True), ("last_name", True), ("company", True), ("title", False),
      ("purchasing_role", False), ("employees", False), ("country", True), ("phone", False), ("need", False))),
    ("contact", "Talk to us", "Tell us what you plan today, and how.", "pricing-page", "contact_request",
     (("email", True), ("name", True), ("company", False), ("phone", False), ("need", True))),
    ("guide", "The planning guide", "Forty pages on planning field teams without spreadsheets.", "organic",
     "content_download", (("email", True), ("first_name", False), ("last_name", False), ("company", True),
                          ("title", False))),
    ("news", "Our letter, once a month", "What other teams changed, with their numbers.", "organic", "form_submission",
     (("email", True), ("first_name", False))),
)  # fmt: skip
"""(slug, title, intro, source, signal kind, fields with whether they are required)."""
