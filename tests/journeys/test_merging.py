"""In a real browser: two leads of one person are merged by keys, the old address leads on, and it is taken back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.matching.sweeping import sweep_all
from leads.models import Lead, PersonMerge
from tests.accounts.test_pages import act, lead_at
from tests.portal.desk import open_office

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def check_accessible(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert found.violations_count == 0, found.generate_report()


def test_a_merge_and_its_undo(open_page: Callable[..., Page]) -> None:
    office = open_office()
    first = lead_at(office, "ada@acme-works.com", company="Acme Works")
    second = lead_at(office, "ada.lovelace@acme-works.com", company="Acme Works", title="CFO", need="", signals=[])
    sweep_all(now=timezone.now())
    page = open_page(office.marketer)
    page.goto("/merges/")
    check_accessible(page)
    page.get_by_role("link", name=re.compile("Ada Lovelace · Ada Lovelace")).click()
    expect(page.get_by_role("heading", name="Are these two the same?")).to_be_visible()
    check_accessible(page)
    page.get_by_role("radio", name="CFO").check()
    page.get_by_role("heading", name="Are these two the same?").click()
    page.keyboard.press("m")
    expect(page.get_by_text("Merged. You can take it back")).to_be_visible()
    done = PersonMerge.objects.get()
    kept, gone = (first, second) if done.kept_lead_id == first.pk else (second, first)
    expect(page).to_have_url(re.compile(kept.public_id))
    expect(page.get_by_text("Merged: Ada Lovelace is the same person")).to_be_visible()
    page.goto(f"/leads/{gone.public_id}/")
    expect(page.get_by_text("This lead was merged into another one")).to_be_visible()
    check_accessible(page)
    page.get_by_role("link", name="Open the lead it goes on in").click()
    expect(page).to_have_url(re.compile(kept.public_id))
    page.goto("/merges/?state=merged")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back. Both are as they were.")).to_be_visible()
    page.goto(f"/leads/{gone.public_id}/")
    expect(page.get_by_text("This lead was merged into another one")).to_have_count(0)
    assert Lead.objects.shown().count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_of_accounts_can_be_used_by_everybody(
    open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    office = open_office()
    leads = [
        lead_at(office, f"{name}@acme-works.com", first_name=name, company="Acme Works") for name in ("Ada", "Bea")
    ]
    act(office, leads[0])
    account = leads[0].account
    assert account is not None
    page = open_page(office.admin, width=width, color_scheme=scheme)
    for path in ("", f"{account.public_id}/", f"{account.public_id}/edit/", "surges/", "?q=nobody"):
        page.goto(f"/accounts/{path}")
        check_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
