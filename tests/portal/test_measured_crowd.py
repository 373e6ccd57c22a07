"""The crowd that pages are measured among is one the portal knows: its rows fit together, and every page answers."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from feedback.models import Disposition, Outcome
from leads.models import Lead, Signal
from revops.foundation.models import Role, User
from revops.portal.benchmarking import pages
from revops.portal.benchmarking.crowd import fill
from revops.portal.benchmarking.crowd_work import EVENTS_OF_ONE, EVERY, work_through
from scoring.models import LeadScore
from sla.models import HandOff
from tests.portal.desk import Office, open_office

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LEADS, ACTS = 240, 3


@pytest.fixture
def office(transactional_db: None) -> Office:
    office = open_office()
    now = timezone.now()
    fill(LEADS, now=now, acts=ACTS)
    work_through(LEADS, [office.colleague], now=now)
    return office


def test_the_rows_of_a_crowd_fit_together_and_every_measured_page_answers(office: Office) -> None:
    assert Signal.objects.filter(source=office.source).count() >= LEADS * ACTS + EVENTS_OF_ONE
    assert HandOff.objects.filter(owner=office.colleague).count() == LEADS // EVERY
    answered = HandOff.objects.exclude(state="open").filter(owner=office.colleague)
    assert Disposition.objects.count() == answered.count() == LEADS // EVERY * 3 // 4
    assert Outcome.objects.filter(kind="won").exists()
    for lead in Lead.objects.filter(handoffs__owner=office.colleague).prefetch_related("handoffs"):
        ends = {"accepted", "opportunity", "won", "lost"}
        state = lead.handoffs.get().state
        kind = "accepted" if lead.stage in ends else {"nurture": "returned", "handed_off": "open"}.get(lead.stage)
        assert state == (kind or lead.stage)
    assert not LeadScore.objects.exclude(decision__tier=F("tier")).exists()
    with connection.cursor() as cursor:  # what was copied without being asked is asked now
        cursor.execute("SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f'")
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} ALTER CONSTRAINT "{name}" NOT ENFORCED')
            cursor.execute(f'ALTER TABLE {table} ALTER CONSTRAINT "{name}" ENFORCED')

    people = {"rep": office.colleague, "sales_manager": User.objects.get(role=Role.SALES_MANAGER)}
    for page in pages.pages(people):
        if page.path != "/bare/":  # the baseline's table is only in a measured database
            client = Client(headers=dict(header.split(": ") for header in page.headers))
            client.force_login(people[page.role])
            assert client.get(page.path, follow=True).status_code == 200, page.path
