"""A rule changes in the open: drafted beside the past, signed by two sides, live, read on the card, taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from feedback.dispositions import Answer
from revops.foundation import jobs
from revops.foundation.models import Job, User
from revops.portal import journey
from scoring.backtest import pack_everything
from scoring.models import Rulebook
from scoring.publishing import PublishingRefused, sign_rulebook
from tests.browser import Console
from tests.portal.desk import Office, open_office, signed_in

pytestmark = [pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
LINE = "li.rule-line:has(input[value=asked_for_sales])"


@pytest.fixture
def office(transactional_db: None) -> Office:
    return open_office()


def points_of(page: Page) -> str:
    return f"{LINE} .rule-points input"


def test_a_change_of_the_rules_from_the_draft_to_the_card_and_back(
    office: Office, open_page: OpenPage, console: Console
) -> None:
    leads = [office.lead(number) for number in range(3)]
    journey.decide(
        [Answer(lead.pk, office.rep.pk, "accepted", timezone.now()) for lead in leads[:2]], now=timezone.now()
    )
    pack_everything(now=timezone.now())

    # A marketer drafts, and sees the past move while typing.
    marketer = open_page(office.marketer)
    marketer.goto("/rules/")
    marketer.get_by_role("link", name="Propose a change").click()
    marketer.get_by_role("button", name="Draft from the live rules").click()
    panel = marketer.locator("#backtest")
    expect(panel).to_contain_text("No lead changes its tier")
    marketer.fill(points_of(marketer), "1")
    expect(panel).to_contain_text("leads change their tier")
    expect(marketer.locator(LINE)).to_contain_text("+1 intent")
    expect(marketer.locator(LINE)).to_contain_text("changed")
    marketer.fill(points_of(marketer), "25")
    expect(panel).to_contain_text("No lead changes its tier")
    marketer.get_by_role("button", name="Save draft").first.click()
    expect(marketer.get_by_text("Saved as revision 2.").first).to_be_visible()
    version = Rulebook.objects.latest("version").version
    marketer.goto(f"/rules/versions/{version}/")
    marketer.get_by_label("What changes, and why, in one sentence").fill("A request is worth 25 points, not 30.")
    marketer.get_by_role("button", name="Request review").click()
    expect(marketer.locator("#messages")).to_contain_text("Asked to read and sign")

    # The author cannot sign; the two heads can, each for one side.
    expect(marketer.get_by_role("button", name="Sign for")).to_have_count(0)
    sales = open_page(office.sales_head)
    sales.goto(f"/rules/versions/{version}/")
    expect(sales.get_by_text("+25 intent").first).to_be_visible()
    sales.get_by_role("button", name="Sign for Sales").click()
    expect(sales.locator("#messages")).to_contain_text("You signed")
    marketing = open_page(User.objects.get(role="marketing_manager"))
    marketing.goto(f"/rules/versions/{version}/")
    marketing.get_by_role("button", name="Sign for Marketing").click()
    marketing.get_by_role("button", name="Publish version").click()
    expect(marketing.locator("#messages")).to_contain_text("is live")
    jobs.run(Job.objects.get(kind="rescore").pk, timezone.now)

    # The rep reads the new sentence on the card, and says what they think of it.
    rep = open_page(office.rep)
    rep.goto(f"/leads/{leads[2].public_id}/")
    expect(rep.get_by_text(f"Rulebook v{version}").first).to_be_visible()
    expect(rep.locator("[title*='+25 intent']").first).to_be_visible()
    rep.locator("#summary").get_by_role("button", name="This reason helped").first.click()
    expect(rep.locator("#summary button[aria-pressed=true]").first).to_be_visible()

    # And it is taken back, as a new version.
    sales.goto("/rules/")
    sales.get_by_text("Bring the version before back").first.click()
    sales.get_by_label("Why? Everybody will read it.").fill("Fewer requests reached us")
    sales.get_by_role("button", name="Bring the version before back").click()
    expect(sales.locator("#messages")).to_contain_text(f"Version {version + 1} is live")
    sales.goto("/rules/changes/")
    expect(sales.get_by_text("Fewer requests reached us").first).to_be_visible()


def test_the_author_cannot_sign_by_page_or_service(office: Office) -> None:
    head = office.sales_head
    client: Client = signed_in(head)
    client.post("/rules/draft/", {"begin": "live"})
    book = Rulebook.objects.latest("version")
    client.post(f"/rules/versions/{book.version}/sign/", {"side": "sales", "content_hash": book.content_hash})
    assert not book.signatures.exists()
    with pytest.raises(PublishingRefused, match="author cannot sign"):
        sign_rulebook(book, head, "sales", timezone.now())


def test_conditions_are_built_in_the_browser(office: Office, open_page: OpenPage, console: Console) -> None:
    page = open_page(office.marketer)
    page.goto("/rules/draft/")
    page.get_by_role("button", name="Draft from the live rules").click()
    page.locator("#add-intent").select_option("distinct")
    page.get_by_role("button", name="Add rule").nth(1).click()
    line = page.locator("li.rule-line", has_text="Not finished")
    expect(line).to_be_visible()
    line.locator(".blank-many > summary").first.click()
    line.get_by_label("Visited the pricing page").check()
    line.get_by_label("Used the ROI calculator").check()
    expect(page.locator("li.rule-line", has_text="at least 2 different acts").first).to_be_visible()
    page.get_by_role("button", name="Save draft").first.click()
    expect(page.get_by_text("Saved as revision").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("li.rule-line", has_text="at least 2 different acts")).to_have_count(0)
