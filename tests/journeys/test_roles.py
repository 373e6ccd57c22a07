"""Everybody at work by keyboard alone: a rep answers five leads, and each role sees the numbers move and opens them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from feedback.models import Disposition
from leads.models import Attempt
from revops.foundation.models import User
from sla.models import HandOff
from tests.factories import UserFactory
from tests.portal.desk import Office, open_office

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]
ACCEPTED, REJECTED = "Hand-offs that a rep accepted", "Rejections by sales that stand"
ROLES = ["sales_manager", "marketing_manager", "marketer", "executive", "admin"]


@pytest.fixture
def office(transactional_db: None, settings: Any) -> Office:
    """An office whose sign-in page offers everybody with one click, and six leads that are overdue."""
    settings.DEMO_MODE = True
    office = open_office()
    UserFactory.create(role="executive", name="Eva Executive")
    now = timezone.now()
    for number in range(1, 7):
        office.lead(number, at=now - timedelta(days=10, minutes=60 - number))
    return office


def tab_to(page: Page, target: Locator) -> None:
    """Presses Tab until the focus is where a person without a mouse wants it."""
    expect(target).to_be_visible()
    for _ in range(400):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {target}")


def sign_in(open_page: OpenPage, user: User, width: int) -> Page:
    """A page on which this person signed in with the one-click button, by Tab and Enter."""
    page = open_page(width=width, height=844 if width < 500 else 800)
    page.goto("/")
    tab_to(page, page.locator(f"button[name=email][value='{user.email}']"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    return page


def go(page: Page, keys: str, title: str) -> None:
    """Opens a page of the navigation by its shortcut, once the page at hand listens to keys."""
    page.wait_for_load_state("load")
    for key in keys:
        page.keyboard.press(key)
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)


def number_of(page: Page, metric: str) -> Locator:
    """The number of this week in a row of the review."""
    return page.locator("tr", has_text=metric).locator("td.num").first


def open_number(page: Page, metric: str, count: int) -> None:
    """Follows a number of the review to its leads, which are as many."""
    tab_to(page, number_of(page, metric).get_by_role("link", name=str(count), exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_text("These are the leads behind that number.")).to_be_visible()
    expect(page.locator("nav.pager")).to_contain_text(f"{count} of {count} lead")
    expect(page.locator("tbody [data-list-item]")).to_have_count(count)


def card(page: Page, name: str) -> None:
    """Waits for the real card of this company, not the picture of it that is shown while the answer is sent."""
    expect(page.locator(".card-ahead")).to_have_count(0)
    expect(page.locator("#detail .lead-title h2:visible")).to_have_text(name)
    page.wait_for_load_state("load")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def answer_five_leads(page: Page) -> None:
    """Accepts (and takes it back, and accepts again), rejects, snoozes, tries and accepts, gives back."""
    page.wait_for_load_state("load")
    card(page, "Company 1")
    press(page, "a")
    card(page, "Company 2")
    press(page, "z")
    card(page, "Company 1")
    press(page, "a")
    card(page, "Company 2")
    press(page, "x", "2", "1")
    expect(page.locator("#evidence-not_decision_maker")).to_be_focused()
    page.keyboard.type("Grace Hopper, CTO")
    press(page, "Enter")
    card(page, "Company 3")
    press(page, "h", "5")
    page.keyboard.type("Budget opens then")
    press(page, "Enter")
    card(page, "Company 4")
    press(page, "l", "1")
    expect(page.get_by_text("Call logged: no answer. Attempt 1 of 6.").first).to_be_attached()
    card(page, "Company 4")
    press(page, "a")
    card(page, "Company 5")
    press(page, "n", "Enter")
    card(page, "Company 6")


@pytest.mark.parametrize("width", [1280, 390])
def test_five_leads_move_the_numbers_that_every_role_opens(office: Office, open_page: OpenPage, width: int) -> None:
    manager = sign_in(open_page, office.sales_head, width)
    go(manager, "gw", "Revenue review")
    assert number_of(manager, ACCEPTED).inner_text().split()[0] == "0"
    go(manager, "gs", "SLA board")
    expect(manager.get_by_text("0 of 40", exact=True)).to_be_visible()

    rep = sign_in(open_page, office.rep, width)
    answer_five_leads(rep)
    for _ in range(100):  # the next card comes before the answer to the last one is stored
        if Disposition.objects.filter(kind="returned").exists():
            break
        rep.wait_for_timeout(100)
    kinds = Disposition.objects.order_by("recorded_at").values_list("kind", flat=True)
    assert list(kinds) == ["accepted", "undone", "accepted", "rejected", "accepted", "returned"]
    assert Disposition.objects.get(kind="rejected").evidence == "Grace Hopper, CTO"
    assert (HandOff.objects.filter(snoozed_until__isnull=False).count(), Attempt.objects.count()) == (1, 1)

    go(manager, "gl", "Leads")
    go(manager, "gs", "SLA board")
    expect(manager.get_by_text("2 of 40", exact=True)).to_be_visible()
    tab_to(manager, manager.get_by_role("link", name="accepted leads of this month"))
    press(manager, "Enter")
    expect(manager.get_by_role("navigation", name="Pages")).to_contain_text("of 2")
    expect(manager.locator("main tbody tr")).to_have_count(2)

    for role in ROLES:
        page = manager if role == "sales_manager" else sign_in(open_page, User.objects.get(role=role), width)
        go(page, "gw", "Revenue review")
        open_number(page, ACCEPTED, 2)
        go(page, "gw", "Revenue review")
        open_number(page, REJECTED, 1)
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
