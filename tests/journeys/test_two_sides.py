"""Two sides in a real browser: an agreement both heads sign, an absence routing avoids, somebody who leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Lead
from revops.foundation.ids import encode
from revops.foundation.models import User
from revops.portal import journey
from sla.models import Agreement, HandOff
from tests.factories import item
from tests.portal.desk import READY, Office, open_office

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


@pytest.fixture
def office(transactional_db: None) -> Office:
    return open_office()


def arrive(office: Office, number: int) -> Lead:
    """A sales-ready lead that routing gives to whoever can take it."""
    sent = item(office.source, f"ada@firm-{number}.com", **{**READY, "company": f"Firm {number}"})
    (receipt,) = journey.admit([sent], now=timezone.now())
    return Lead.objects.select_related("owner").get(pk=receipt.lead_id)


def test_both_heads_draft_and_sign_the_next_agreement(office: Office, open_page: OpenPage) -> None:
    marketing_head = User.objects.get(name="Mia Head")
    page = open_page(marketing_head)
    page.goto("/sla/agreement/")
    page.get_by_role("link", name="Draft a new version").click()
    number = page.get_by_label("Number of “Try to reach every tier-1 lead within 4 business hours”")
    number.fill("3")
    page.get_by_label("Why this version").fill("Faster first calls")
    page.get_by_role("button", name="Write the draft").click()
    expect(page.get_by_text("Changed: Try to reach every tier-1 lead within 3 business hours.")).to_be_visible()
    page.get_by_role("button", name="Sign for Marketing").click()
    expect(page.get_by_text("It takes effect when the other side has signed too.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign for")).to_have_count(0)

    other = open_page(office.sales_head, width=390)
    other.goto("/sla/agreement/?version=2")
    other.get_by_role("button", name="Sign for Sales").click()
    expect(other.get_by_text("Agreement v2 is in effect from now on.")).to_be_visible()
    assert Agreement.objects.get(version=2).state == "live"
    assert Agreement.objects.get(version=1).state == "superseded"


def test_an_absence_is_set_and_routing_avoids_it_and_says_so(office: Office, open_page: OpenPage) -> None:
    page = open_page(office.rep)
    page.goto("/absences/")
    today = timezone.localdate()
    page.get_by_label("First day").fill(str(today))
    page.get_by_label("Last day").fill(str(today + timedelta(days=1)))
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_text("away now")).to_be_visible()
    leads = [arrive(office, number) for number in range(3)]
    assert {lead.owner for lead in leads} == {office.colleague}

    manager = open_page(office.sales_head)
    manager.goto("/routing/rules/?tier=1&country=Germany#question")
    answer = manager.locator("#answer")
    expect(answer).to_contain_text("Carl Colleague")
    expect(answer).to_contain_text("absent")


def test_a_dry_run_shows_the_split_and_leaving_moves_the_leads(office: Office, open_page: OpenPage) -> None:
    for number in range(4):
        arrive(office, number)
    page = open_page(office.admin)
    page.goto("/routing/try/?what=open")
    expect(page.get_by_text("Somebody could take each of them.")).to_be_visible()
    mine = HandOff.objects.filter(owner=office.rep).count()
    assert mine

    page.goto(f"/people/{encode('user', office.rep.pk)}/hand-over/")
    page.get_by_label("routed anew, in turn").check()
    page.get_by_role("button", name="Show who would have which").click()
    expect(page.locator("#preview strong")).to_have_text(["Carl Colleague"] * mine)
    page.goto(f"/people/{encode('user', office.rep.pk)}/#leaving")
    page.get_by_label("routed anew, in turn").check()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("leads changed hands")).to_be_visible()
    assert set(HandOff.objects.values_list("owner", flat=True)) == {office.colleague.pk}


def test_pages_of_routing_and_time_please_axe(office: Office, open_page: OpenPage) -> None:
    arrive(office, 1)
    addresses = ("/routing/", "/routing/waiting/", "/routing/rules/", "/routing/rules/new/", "/routing/try/?what=open",
                 "/calendars/", "/calendars/new/", "/absences/", "/sla/agreement/", "/sla/agreement/new/",
                 f"/people/{encode('user', office.rep.pk)}/hand-over/?how=route")  # fmt: skip
    for width in (390, 1280):
        page = open_page(office.sales_head, width=width)
        page.set_default_timeout(40_000)
        for address in addresses:
            page.goto(address)
            found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
            assert [(address, one["id"]) for one in found.response["violations"]] == []
            wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not wide, f"{address} scrolls sideways at {width}"
