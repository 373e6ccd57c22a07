"""The twelve journeys of docs/journeys.md, each by keyboard alone and without script, with what each costs in keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as portal
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from feedback.findings import open_findings
from feedback.metrics import Week, organisation_zone
from feedback.models import Contest, Disposition, Review, ReviewDecision
from feedback.reviews import record_decision
from leads.models import Attempt, HygieneRule, ImportRun, Lead
from revops.foundation import jobs
from revops.foundation.models import Job, User
from revops.portal import journey
from scoring.models import Rulebook
from sla.models import Absence, Agreement, Clock, HandOff
from sla.pool import offer_handoffs
from tests.factories import item
from tests.feedback.company import found_company
from tests.journeys.hands import SLOW, Hands, Keys, Plain
from tests.portal.desk import Office, open_office
from tests.portal.learning import in_last_week, last_week

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BUDGETS = {
    "J1": 1, "J2": 4, "J3": 6, "J4": 15, "J5": 4, "J6": 12, "J7": 4, "J8": 9, "J9": 4, "J10": 10, "J11": 10, "J12": 5,
}  # fmt: skip
"""Keys of each journey by keyboard alone: a field that is filled in is one, and Tab is none. A new dialog breaks it."""


@pytest.fixture(params=["keys", "plain"])
def hands(request: pytest.FixtureRequest, open_page: Callable[..., Page]) -> Hands:
    """By keyboard alone, then without script."""
    return (Keys if request.param == "keys" else Plain)(open_page)


@pytest.fixture
def office(transactional_db: None) -> Office:
    return open_office()


def costs(hands: Hands, name: str) -> None:
    """What the journey took is what it may take."""
    if hands.has_script:
        assert hands.strokes == BUDGETS[name], f"{name} took {hands.strokes} keys; say why, and tell docs/journeys.md"


def said(page: Page, words: str) -> None:
    """The page says so, as a message or a toast."""
    expect(page.locator("#toasts, #messages, .alert").filter(has_text=words).first).to_be_attached(timeout=SLOW)


def card(page: Page, name: str) -> None:
    """The card of this company is open."""
    expect(page.locator(".card-ahead")).to_have_count(0, timeout=SLOW)
    expect(page.locator("#detail .lead-title h2:visible")).to_have_text(name, timeout=SLOW)


def fold(page: Page, words: str) -> Locator:
    """What opens a sheet or a part of it."""
    return page.locator("summary:visible", has_text=words).first


def overdue(office: Office, count: int) -> list[Lead]:
    """So many leads of the rep, the most urgent first."""
    now = timezone.now()
    return [office.lead(number, at=now - timedelta(days=10, minutes=60 - number)) for number in range(1, count + 1)]


def test_the_budgets_are_those_of_the_document() -> None:
    text = (Path(portal.BASE_DIR) / "docs" / "journeys.md").read_text()
    written = {name: int(keys) for name, keys in re.findall(r"^\| (J\d+) \|.*\| (\d+) \|$", text, re.MULTILINE)}
    assert written == BUDGETS


def test_j1_a_lead_is_accepted(office: Office, hands: Hands) -> None:
    overdue(office, 2)
    page = hands.at(office.rep, "/queue/")
    card(page, "Company 1")
    hands.key(page, "a", otherwise=page.get_by_role("button", name="Accept"))
    card(page, "Company 2")
    said(page, "Accepted Company 1")
    assert Disposition.objects.get().kind == "accepted"
    costs(hands, "J1")


def test_j2_a_lead_is_rejected_with_a_reason_and_its_evidence(office: Office, hands: Hands) -> None:
    overdue(office, 2)
    page = hands.at(office.rep, "/queue/")
    card(page, "Company 1")
    hands.key(page, "x", otherwise=fold(page, "Reject"))
    hands.key(page, "2", otherwise=fold(page, "Wrong person"))
    form = page.locator("form.code", has=page.locator("#evidence-not_decision_maker"))
    hands.say(page.locator("#evidence-not_decision_maker"), "Grace Hopper, CTO", send=form.get_by_role("button"))
    card(page, "Company 2")
    said(page, "Rejected Company 1")
    row = Disposition.objects.get()
    assert (row.reason_id, row.evidence) == ("not_decision_maker", "Grace Hopper, CTO")
    costs(hands, "J2")


def test_j3_a_lead_is_put_off_and_an_answer_taken_back(office: Office, hands: Hands) -> None:
    overdue(office, 2)
    page = hands.at(office.rep, "/queue/")
    card(page, "Company 1")
    hands.key(page, "h", otherwise=fold(page, "Snooze"))
    form = page.locator("form.code:visible").nth(4)
    reason = form.locator("input[name=reason]")
    if hands.has_script:
        hands.key(page, "5", otherwise=reason)
    hands.say(reason, "Budget opens then", send=form.get_by_role("button"))
    card(page, "Company 2")
    hands.key(page, "a", otherwise=page.get_by_role("button", name="Accept"))
    said(page, "Accepted Company 2")
    expect(page.get_by_text("Queue clear").first).to_be_visible(timeout=SLOW)
    hands.key(page, "z", otherwise=page.get_by_role("button", name="Undo").first)
    said(page, "Taken back: Company 2")
    assert HandOff.objects.filter(snoozed_until__isnull=False, snooze_reason="Budget opens then").count() == 1
    assert HandOff.objects.open().count() == 2
    costs(hands, "J3")


def test_j4_six_attempts_then_no_response(office: Office, hands: Hands) -> None:
    overdue(office, 1)
    page = hands.at(office.rep, "/queue/")
    for number, (key, name) in enumerate([("1", "Call: No answer"), ("7", "Message: Sent")] * 3, 1):
        card(page, "Company 1")
        hands.key(page, "l", otherwise=fold(page, "Log attempt"))
        hands.key(page, key, otherwise=page.get_by_role("button", name=name))
        said(page, f"Attempt {number} of 6.")
    card(page, "Company 1")
    hands.key(page, "x", otherwise=fold(page, "Reject"))
    hands.key(page, "7", otherwise=fold(page, "Cannot be reached"))
    form = page.locator("form.code", has=page.locator("input[value=no_response]"))
    hands.key(page, "1", otherwise=form.get_by_role("button"))
    said(page, "Rejected Company 1: No response after six attempts")
    assert Attempt.objects.count() == 6
    assert Disposition.objects.get().reason_id == "no_response"
    costs(hands, "J4")


def test_j5_the_next_lead_is_taken_and_is_a_duplicate(office: Office, hands: Hands) -> None:
    (lead,) = overdue(office, 1)
    with transaction.atomic():
        offer_handoffs([HandOff.objects.get().pk], reason="Nobody answered it in time", now=timezone.now())
    page = hands.at(office.colleague, "/queue/")
    hands.press(page.get_by_role("button", name="Get next"))
    said(page, "Company 1 is yours now.")
    card(page, "Company 1")
    if hands.has_script:
        hands.key(page, "d", otherwise=page.get_by_role("button", name="Accept"))
    else:
        hands.press(fold(page, "Reject"))
        hands.press(fold(page, "Duplicate"))
    field = page.locator("#evidence-duplicate_of")
    form = page.locator("form", has=field)
    hands.say(field, "lead of last May, Ada Lovelace", send=form.get_by_role("button", name="Reject").last)
    said(page, "Rejected Company 1")
    assert (lead.pk, "duplicate_of") == Disposition.objects.values_list("lead", "reason")[0]
    costs(hands, "J5")


FILE = "Mail,Full Name,Company,Country\nann@acme-corp.com,Ann Lee,Acme Corp,DE\nnot an address,Cem Oz,Gamma,FR\n"


def work(run: ImportRun, name: str) -> None:
    """What a worker does when the bell rings."""
    run.refresh_from_db()
    assert jobs.run(getattr(run, name), timezone.now) == "done"


def test_j6_a_file_is_mended_and_imported(office: Office, hands: Hands, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    (tmp_path / "leads.csv").write_text(FILE)
    page = hands.at(office.marketer, "/imports/new/")
    hands.upload(page.get_by_label("File"), tmp_path / "leads.csv")
    hands.press(page.get_by_role("button", name="Upload and look at it"))
    hands.press(page.get_by_role("button", name="Yes, map the columns"))
    hands.press(page.get_by_role("button", name="Use this mapping"))
    hands.choose(page.locator("select[name=source]"), "Website")
    hands.check(page.get_by_label("They gave their consent"))
    hands.press(page.get_by_role("button", name="Go on to the dry run"))
    hands.press(page.get_by_role("button", name="Try it without writing"))
    expect(page.get_by_text("Waiting for a worker")).to_be_visible(timeout=SLOW)
    run = ImportRun.objects.get()
    work(run, "dry_run_id")
    if not hands.has_script:
        page.reload()
    hands.press(page.get_by_role("link", name="Mend them here"))
    hands.fill(page.locator("#cell-3-0"), "cem@gamma-oz.com")
    if hands.has_script:
        page.keyboard.press("Tab")  # leaving the cell keeps it
    else:
        hands.press(page.get_by_role("button", name="Keep the corrections"))
    expect(page.locator("#row-3")).to_contain_text("mended", timeout=SLOW)
    hands.press(page.get_by_role("button", name="Check the rows again"))
    expect(page.get_by_text("Waiting for a worker")).to_be_visible(timeout=SLOW)
    work(run, "dry_run_id")
    if not hands.has_script:
        page.reload()
    hands.press(page.get_by_role("button", name="Import 2 rows"))
    expect(page.get_by_text("Waiting for a worker")).to_be_visible(timeout=SLOW)
    work(run, "job_id")
    if not hands.has_script:
        page.reload()
    page.get_by_role("button", name="Undo this import").wait_for()
    assert Lead.objects.count() == 2
    costs(hands, "J6")


def test_j7_what_the_gate_held_is_let_in(office: Office, hands: Hands) -> None:
    HygieneRule.objects.filter(pk="competitor").update(terms=["rival"])
    sent = item(office.source, "ada@rival-bakery.com", name="Ada Baker", company="Rival Bakery")
    journey.admit([sent], now=timezone.now())
    page = hands.at(office.admin, "/submissions/")
    hands.press(page.get_by_role("link", name="Quarantine", exact=True))
    hands.press(page.get_by_role("row").filter(has_text="Ada Baker").get_by_role("link").first)
    hands.fill(page.get_by_label("Why it is let in"), "a bakery, not a competitor")
    hands.press(page.get_by_role("button", name="Release, and never hold “rival bakery” again"))
    expect(page.get_by_text("From now on the gate lets pass: rival bakery.")).to_be_visible(timeout=SLOW)
    assert Lead.objects.get().person.email == "ada@rival-bakery.com"
    costs(hands, "J7")


def test_j8_a_rule_is_changed_signed_and_published(office: Office, hands: Hands) -> None:
    page = hands.at(office.marketer, "/rules/")
    hands.press(page.get_by_role("link", name="Propose a change"))
    hands.press(page.get_by_role("button", name="Draft from the live rules"))
    line = page.locator("li.rule-line:has(input[value=asked_for_sales])")
    hands.fill(line.locator(".rule-points input"), "25")
    hands.press(page.get_by_role("button", name="Save draft").first)
    expect(page.get_by_text("Saved as revision 2.").first).to_be_visible(timeout=SLOW)
    version = Rulebook.objects.latest("version").version
    page = hands.at(office.marketer, f"/rules/versions/{version}/")
    hands.fill(page.get_by_label("What changes, and why, in one sentence"), "A request is worth 25 points, not 30.")
    hands.press(page.get_by_role("button", name="Request review"))
    said(page, "Asked to read and sign")
    page = hands.at(office.sales_head, f"/rules/versions/{version}/")
    hands.press(page.get_by_role("button", name="Sign for Sales"))
    said(page, "You signed")
    page = hands.at(User.objects.get(role="marketing_manager"), f"/rules/versions/{version}/")
    hands.press(page.get_by_role("button", name="Sign for Marketing"))
    hands.press(page.get_by_role("button", name="Publish version"))
    said(page, "is live")
    assert Rulebook.objects.get(version=version).state == "live"
    assert Job.objects.filter(kind="rescore").exists()
    costs(hands, "J8")


def test_j9_a_pattern_of_rejections_is_read_and_answered(transactional_db: None, hands: Hands) -> None:
    company = found_company(in_last_week())
    for lead in company.hand_off(5):
        company.reject(lead)
    (finding,) = open_findings(last_week(), now=timezone.now())
    page = hands.at(company.marketing_head, "/rejections/")
    hands.press(page.locator("table a", has_text="5").first)
    expect(page.get_by_text("3000 EUR").first).to_be_visible(timeout=SLOW)
    page = hands.at(company.marketing_head, "/findings/")
    hands.press(page.get_by_role("link", name=finding.reason.label))
    hands.fill(page.get_by_label("Your answer"), "The form asks for the budget from Monday on.")
    hands.press(page.get_by_role("button", name="Answer", exact=True))
    expect(page.get_by_role("heading", name="The answer")).to_be_visible(timeout=SLOW)
    finding.refresh_from_db()
    assert finding.answered_at is not None
    costs(hands, "J9")


def test_j10_both_heads_sign_and_a_breach_is_contested(office: Office, hands: Hands) -> None:
    overdue(office, 1)
    clock = Clock.objects.get(clause__code="first_contact")
    week = Week.of(clock.due_at, organisation_zone())
    marketing = User.objects.get(role="marketing_manager")
    page = hands.at(office.rep, f"/sla/?week={week.name}")
    hands.press(page.locator("a[href*='/sla/clauses/first_contact/'][href*='part=late']").first)
    hands.press(page.locator(f"a[href*='{clock.public_id}']").first)
    hands.press(page.locator("summary", has_text="Contest this breach"))
    hands.press(page.get_by_role("button", name="It was done in time, elsewhere"))
    expect(page.get_by_text("Mia Head decides until")).to_be_visible(timeout=SLOW)
    page = hands.at(marketing, f"/contests/{Contest.objects.get().public_id}/")
    hands.fill(page.get_by_label("Why?"), "The mail shows it.")
    hands.press(page.get_by_role("button", name="Uphold"))
    expect(page.get_by_text("Upheld. Both teams were told.")).to_be_visible(timeout=SLOW)

    page = hands.at(marketing, "/sla/agreement/new/")
    hands.fill(page.get_by_label("Number of “Try to reach every tier-1 lead within 4 business hours”"), "3")
    hands.press(page.get_by_role("button", name="Write the draft"))
    hands.press(page.get_by_role("button", name="Sign for Marketing"))
    page = hands.at(office.sales_head, "/sla/agreement/?version=2")
    hands.press(page.get_by_role("button", name="Sign for Sales"))
    expect(page.get_by_text("Agreement v2 is in effect from now on.")).to_be_visible(timeout=SLOW)
    assert Agreement.objects.get(version=2).state == "live"
    costs(hands, "J10")


def test_j11_the_weekly_review_is_held_and_closed(transactional_db: None, hands: Hands) -> None:
    company = found_company(in_last_week())
    week, head = last_week(), company.sales_head
    record_decision(
        week.plus(-1), text="Call within two hours", owner=head, due_on=week.monday, metric_key="contact_rate",
        direction="up", author=head, now=timezone.now() - timedelta(days=14),
    )  # fmt: skip
    page = hands.at(head, f"/review/{week.name}/")
    hands.press(page.get_by_role("button", name="Freeze this week"))
    said(page, "are frozen")
    hands.press(page.locator("#earlier").get_by_role("button", name="Done", exact=True))
    said(page, "Answered: Call within two hours")
    hands.check(page.locator("#sla").get_by_label(company.marketing_head.name))
    hands.press(page.get_by_role("button", name="Write down"))
    said(page, "Written down who takes part.")
    hands.fill(page.locator("#id_text"), "Ask for the budget in the form")
    hands.choose(page.get_by_label("Owner"), company.marketing_head.name)
    hands.choose(page.get_by_label("Number that should move"), "Acceptance rate")
    hands.choose(page.get_by_label("It should go"), "Up")
    hands.press(page.get_by_role("button", name="Record decision"))
    said(page, "Decision recorded.")
    hands.key(page, "c", otherwise=page.get_by_role("button", name="Close the review"))
    said(page, "is closed")
    assert Review.objects.get().closed_by == head
    assert ReviewDecision.objects.count() == 2
    costs(hands, "J11")


def test_j12_an_absence_is_planned_and_routing_says_so(office: Office, hands: Hands) -> None:
    page = hands.at(office.rep, "/absences/")
    today = timezone.localdate()
    hands.day(page.get_by_label("First day"), today)
    hands.day(page.get_by_label("Last day"), today + timedelta(days=1))
    hands.press(page.get_by_role("button", name="Plan it"))
    expect(page.get_by_text("away now")).to_be_visible(timeout=SLOW)
    page = hands.at(office.sales_head, "/routing/rules/")
    hands.fill(page.locator("#question").get_by_label("Country"), "Germany")
    hands.press(page.locator("#question").get_by_role("button").first)
    expect(page.locator("#answer")).to_contain_text("absent", timeout=SLOW)
    assert Absence.objects.get().user == office.rep
    costs(hands, "J12")
