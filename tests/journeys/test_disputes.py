"""A breach is seen, opened, contested and judged by the other team; a rep says how to be told, and the bell counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from feedback.metrics import Week, organisation_zone
from feedback.models import Contest
from revops.foundation import outbox
from revops.foundation.models import Notice, NoticeSetting, User
from revops.portal import journey
from sla.models import Clock, HandOff
from sla.pool import offer_handoffs
from tests.portal.desk import Office, open_office

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


@pytest.fixture
def office(transactional_db: None) -> Office:
    office = open_office()
    office.lead(1, at=timezone.now() - timedelta(days=10))
    return office


def late_number(page: Page) -> Any:
    """The number of broken first-contact promises on the board: a link to exactly those."""
    return page.locator("a[href*='/sla/clauses/first_contact/'][href*='part=late']").first


@pytest.mark.parametrize("width", [1280, 390])
def test_a_breach_is_contested_and_the_other_team_decides(office: Office, open_page: OpenPage, width: int) -> None:
    clock = Clock.objects.get(clause__code="first_contact")
    week = Week.of(clock.due_at, organisation_zone())
    rep = open_page(office.rep, width=width)
    rep.goto(f"/sla/?week={week.name}")
    expect(late_number(rep)).to_contain_text("1")
    late_number(rep).click()
    rep.locator(f"a[href*='{clock.public_id}']").first.click()
    expect(rep.get_by_role("heading", name="What happened")).to_be_visible()
    rep.locator("summary", has_text="Contest this breach").click()
    rep.get_by_label("In your words (optional)").fill("The mail is in the thread.")
    rep.get_by_role("button", name="It was done in time, elsewhere").click()
    expect(rep.get_by_text("Mia Head decides until")).to_be_visible()
    expect(rep.get_by_text("What the portal knows")).to_be_visible()
    assert rep.evaluate("document.documentElement.scrollWidth") <= width

    outbox.deliver_due(timezone.now())
    judge = open_page(User.objects.get(role="marketing_manager"), width=width)
    judge.goto("/notices/")
    expect(judge.locator(".bell-count")).to_contain_text("1")
    judge.get_by_role("button", name="Rita Rep contests the breach of Company 1").click()
    expect(judge.get_by_text("The mail is in the thread.")).to_be_visible()
    judge.get_by_label("Why?").fill("The mail shows it.")
    judge.get_by_role("button", name="Uphold").click()
    expect(judge.get_by_text("Upheld. Both teams were told.")).to_be_visible()
    assert Contest.objects.get().verdict.effects == ["breach_excused"]

    rep.goto(f"/sla/?week={week.name}")
    expect(rep.locator("a[href*='/sla/clauses/first_contact/'][href*='part=late']")).to_have_count(0)
    rep.goto(f"/sla/clocks/{clock.public_id}/")
    expect(rep.get_by_text("This breach does not count")).to_be_visible()
    expect(rep.get_by_role("heading", name="What happened")).to_be_visible()
    rep.goto("/contests/?state=upheld")
    expect(rep.get_by_role("link", name="Company 1")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_rep_says_how_to_be_told_and_the_bell_counts(office: Office, open_page: OpenPage, width: int) -> None:
    page = open_page(office.rep, width=width)
    page.goto("/me/notifications/")
    page.get_by_label("A new lead is yours, E-mail").select_option(label="Hourly digest")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. It holds from the next notice on.")).to_be_visible()
    assert NoticeSetting.objects.get().cadence == "hourly"
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    journey.escalate(now=timezone.now())
    outbox.deliver_due(timezone.now() + timedelta(days=4))
    assert Notice.objects.filter(user=office.rep, read_at=None).exists()
    page.goto("/notices/")
    expect(page.locator(".bell-count b")).to_be_visible()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".bell-count b")).to_have_count(0)
    assert not Notice.objects.filter(user=office.rep, read_at=None).exists()


def test_get_next_gives_a_lead_that_others_left(office: Office, open_page: OpenPage) -> None:
    with transaction.atomic():
        offer_handoffs([HandOff.objects.get().pk], reason="Nobody answered it in time", now=timezone.now())
    page = open_page(office.colleague)
    page.goto("/queue/")
    page.get_by_role("button", name="Get next").click()
    expect(page.get_by_text("Company 1 is yours now.")).to_be_visible()
    assert HandOff.objects.get().owner == office.colleague
