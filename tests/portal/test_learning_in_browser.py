"""The learning pages in a real browser: no complaint, nothing wider than the screen, readable by everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.feedback.company import found_company
from tests.portal.learning import in_last_week, last_week

pytestmark = pytest.mark.django_db(transaction=True)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_learning_pages_are_sound_at_any_width(open_page: Callable[..., Page], width: int, scheme: str) -> None:
    company = found_company(in_last_week())
    leads = company.hand_off(30)
    for number, lead in enumerate(leads):
        if number % 3:
            company.accept(lead)
        else:
            company.reject(lead, "no_need", "Bought ours already")
    week = last_week().name
    page = open_page(company.sales_head, width=width, color_scheme=scheme)
    for address in (f"/review/{week}/", "/review/", "/rejections/", "/rejections/leads/", f"/sla/?week={week}",
                    "/sla/clauses/decision/", "/sla/agreement/", "/routing/"):  # fmt: skip
        page.goto(address)
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
        assert [rule["id"] for rule in found] == [], address


def test_a_week_is_closed_in_a_meeting(open_page: Callable[..., Page]) -> None:
    """A manager follows a number to its leads and back, decides, freezes and closes, with the page alone."""
    company = found_company(in_last_week())
    company.accept(company.hand_off(1)[0])
    page = open_page(company.sales_head)
    page.goto(f"/review/{last_week().name}/")
    page.locator("tr", has_text="Hand-offs that a rep accepted").get_by_role("link", name="1", exact=True).click()
    page.get_by_text("These are the leads behind that number.").wait_for()
    page.go_back()
    page.get_by_role("textbox", name="Decision").fill("Ask for the role on the form")
    page.get_by_role("combobox", name="Owner").select_option(label=company.marketing_head.name)
    page.get_by_label("Number that should move").select_option(label="Acceptance rate")
    page.get_by_label("It should go").select_option(label="Up")
    page.get_by_role("button", name="Record decision").click()
    page.get_by_text("Decision recorded.").wait_for()
    page.get_by_role("button", name="Freeze this week").click()
    page.get_by_text("are frozen.").wait_for()
    page.get_by_role("button", name="Close the review").click()
    page.get_by_text("is closed.").wait_for()
    assert page.get_by_role("button", name="Record decision").count() == 0
