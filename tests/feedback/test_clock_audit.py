"""Every clock worked out again from raw facts, by a second way that shares nothing with the first."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from feedback.clock_audit import audit_clocks
from leads.attempts import Try, log_attempts
from leads.models import Attempt, Lead
from revops.portal import journey
from sla.calendars import write_calendar
from sla.clocks import meet_clocks, pause_clocks, resume_clocks
from sla.handoffs import HandOffAnswer, answer_handoffs, complete_details, hand_off_leads, reassign_handoffs
from sla.models import Absence, Clock, HandOff
from sla.recomputing import Change, recompute_open_clocks
from sla.starter import NINE_TO_FIVE, publish_starter_agreement, save_rep_profile
from tests.conftest import NOW
from tests.feedback.company import Company
from tests.sla.conftest import make_leads, make_user, requests_for

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOCKS = int(os.environ.get("AUDITED_CLOCKS", "900"))
"""How many clocks the long run makes; AUDITED_CLOCKS=100000 is the whole of it."""
pytestmark = pytest.mark.django_db


def differences() -> dict[str, str]:
    return {one.what: one.clause for one in audit_clocks(now=NOW + 30 * DAY).differences}


@pytest.fixture
def eventful(company: Company) -> Company:
    """Clocks that went through everything: pauses, absences, an undo, somebody else, a new calendar."""
    tried, paused, undone, moved, waiting, left = company.hand_off(6)
    incomplete = company.hand_off(1, title="", last_name="Nobody")[0]
    for hours, grade in ((1, "C"), (2, "A")):
        at = NOW + hours * HOUR
        journey.log_tries([Try(tried.pk, company.owner_of(tried).pk, "call", "contact", at - HOUR / 2, grade)], now=at)
    clocks = list(Clock.objects.filter(lead=paused).values_list("pk", flat=True))
    pause_clocks(clocks, at=NOW + HOUR, reason="test")
    Absence.objects.create(user=company.reps[0], starts_at=NOW + DAY, ends_at=NOW + 2 * DAY, created_at=NOW)
    resume_clocks(clocks, at=NOW + 3 * HOUR)
    company.undo(company.accept(undone).pk, at=NOW + HOUR)
    company.accept(left, at=NOW + DAY)
    other = next(rep for rep in company.reps if rep != company.owner_of(moved))
    with transaction.atomic():
        reassign_handoffs([moved.handoffs.get().pk], other.pk, by_id=company.admin.pk, reason="x", now=NOW + HOUR)
    version = write_calendar(
        company.reps[0].rep_profile.calendar.name,
        zone="UTC",
        week=NINE_TO_FIVE,
        now=NOW,
        days_off={"2026-03-05": "Off"},
    )
    recompute_open_clocks(Change("calendar", version.calendar_id), now=NOW + 2 * HOUR)
    complete_details({incomplete.pk: NOW + 20 * HOUR}, now=NOW + 20 * HOUR)
    assert Clock.objects.filter(events__isnull=False).exists()
    assert Clock.objects.filter(lead=waiting).exists()
    return company


def test_whatever_happened_the_slow_way_comes_to_the_same(eventful: Company) -> None:
    audit = audit_clocks(now=NOW + 30 * DAY)
    assert audit.differences == []
    assert (audit.checked, audit.n_differences) == (Clock.objects.count(), 0)
    assert audit.kept > 5
    assert audit.late > 3
    assert audit_clocks(now=NOW, sample=5).checked == 5


def test_a_deadline_that_was_tampered_with_is_found(eventful: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE sla_clock DISABLE TRIGGER USER")
        cursor.execute("UPDATE sla_clock SET due_at = due_at + interval '1 day' WHERE met_at > due_at")
        cursor.execute("ALTER TABLE sla_clock ENABLE TRIGGER USER")
    assert differences().keys() == {"due_at", "verdict"}


def test_a_breach_turned_green_is_found(eventful: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE sla_clock DISABLE TRIGGER USER")
        cursor.execute("UPDATE sla_clock SET met_at = started_at WHERE met_by_kind IN ('attempt', 'answer')")
        cursor.execute("ALTER TABLE sla_clock ENABLE TRIGGER USER")
    assert "met_at" in differences()


def test_an_attempt_that_met_no_clock_is_found(company: Company) -> None:
    (lead,) = company.hand_off(1)
    attempt = Try(lead.pk, company.owner_of(lead).pk, "call", "contact", NOW + HOUR)
    log_attempts([attempt], now=NOW + HOUR)
    assert differences() == {"evidence": "first_contact"}


def test_the_command_says_so_and_ends_with_one(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    (lead,) = company.hand_off(1)
    said = StringIO()
    call_command("audit_clocks", "--json", stdout=said)
    assert json.loads(said.getvalue()) | {"kept": 0, "late": 0, "other": 0} == {
        "checked": 3, "kept": 0, "late": 0, "other": 0, "differences": 0, "first": [],
    }  # fmt: skip
    log_attempts([Try(lead.pk, company.owner_of(lead).pk, "call", "contact", NOW + HOUR)], now=NOW + HOUR)
    words = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("audit_clocks", stdout=words)
    assert "1 differences." in words.getvalue()


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC")
SHIFTS = (
    NINE_TO_FIVE,
    {day: [["08:30", "12:00"], ["13:15", "17:45"]] for day in ("mon", "tue", "wed", "thu", "sat")},
    {day: [["22:00", "06:00"]] for day in ("fri", "sat", "sun")},
)


@pytest.mark.slow
def test_many_clocks_over_zones_shifts_holidays_and_changes_of_the_clock() -> None:
    """The season in which these zones change their clocks, with absences, pauses, attempts and answers by chance."""
    rng, begin = Random(7), datetime(2025, 3, 1, tzinfo=UTC)
    publish_starter_agreement(
        make_user("Mara", "marketing_manager"), make_user("Sam", "sales_manager"), begin, country="DE"
    )
    reps = []
    for number, zone in enumerate(ZONES * len(SHIFTS)):
        shift = SHIFTS[number % len(SHIFTS)]
        country = "DE" if zone.startswith("Europe") else "US"
        version = write_calendar(f"{zone} {number}", zone=zone, week=shift, now=begin, country=country)
        reps.append(make_user(f"Rep{number}"))
        save_rep_profile(reps[-1], version.calendar, now=begin)
        since = begin + timedelta(hours=rng.randrange(24 * 60))
        Absence.objects.create(user=reps[-1], starts_at=since, ends_at=since + 30 * HOUR, created_at=begin)
    batch = 1000
    for first in range(0, CLOCKS // 3, batch):
        at = begin + timedelta(minutes=rng.randrange(60 * 24 * 60), seconds=rng.randrange(60))
        leads = make_leads(min(batch, CLOCKS // 3 - first), at)
        requests = [
            request
            for lead in leads
            for request in requests_for(
                [lead], at + timedelta(seconds=rng.randrange(86400)), details_complete=rng.random() < 0.8
            )
        ]
        with transaction.atomic():
            handoffs = hand_off_leads(requests, now=at)
            _work(handoffs, rng)
    audit = audit_clocks(now=begin + 120 * DAY)
    assert audit.differences[:3] == []
    assert audit.checked >= CLOCKS - 3
    assert min(audit.kept, audit.late) > CLOCKS / 20


def _work(handoffs: list[HandOff], rng: Random) -> None:
    """What reps and marketing do with a batch, by chance."""
    told = [handoff for handoff in handoffs if rng.random() < 0.5]
    late = max(handoff.handed_off_at for handoff in handoffs)
    complete_details({one.lead_id: late + rng.random() * DAY for one in told}, now=late + DAY)
    tried = [
        Attempt(
            lead_id=one.lead_id,
            user_id=one.owner_id,
            channel="call",
            result="contact",
            grade=rng.choice("ABC"),
            occurred_at=one.handed_off_at + rng.random() * 3 * DAY,
            recorded_at=one.handed_off_at + 3 * DAY + rng.random() * DAY,
            is_automatic=rng.random() < 0.1,
        )
        for one in handoffs
        if one.owner_id and rng.random() < 0.7
    ]
    Attempt.objects.bulk_create(tried)
    meet_clocks("first_contact", tried, now=late + 10 * DAY)
    paused = Clock.objects.open().filter(handoff__in=rng.sample(handoffs, len(handoffs) // 10), paused_at__isnull=True)
    ids = list(paused.values_list("pk", flat=True))
    pause_clocks(ids, at=late + 2 * DAY)
    resume_clocks(ids, at=late + 2 * DAY + rng.random() * 3 * DAY)
    answers = [
        HandOffAnswer(one.pk, "withdrawn", one.owner_id, one.handed_off_at + rng.random() * 4 * DAY)
        for one in rng.sample(handoffs, len(handoffs) // 10)
        if one.owner_id
    ]
    answer_handoffs(answers, now=late + 10 * DAY)
    assert Lead.objects.exists()
